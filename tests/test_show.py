"""``show``: images drawn with what files and loaders say of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from conftest import SAMPLE, Cli
from PIL import Image

from cocosurgeon import InCategory, RequestError, read, show_images, show_panels
from cocosurgeon.draw.canvas import Size, drawn
from cocosurgeon.draw.marks import COLORS, Drawing, Mark, as_recorded
from cocosurgeon.draw.show import MOST, encoded
from cocosurgeon.loaders import LOADERS

Put = Callable[..., Path]
FIRST, SECOND = COLORS[:2]
PLAIN = Size(None, 10)


def canvas(*marks: Mark, notes: tuple[str, ...] = ()) -> Image.Image:
    """Marks on a black image of 200 x 100; what is above the image is cut off."""
    whole = drawn(Image.new("RGB", (200, 100)), Drawing("title", marks, notes), 1.0, PLAIN)
    return whole.crop((0, whole.height - 100, 200, whole.height))


def colors(image: Image.Image, box: tuple[int, int, int, int]) -> set[Any]:
    return {pixel for _, pixel in image.crop(box).getcolors(100_000) or ()}


def small(*annotations: dict[str, Any], **image: Any) -> dict[str, Any]:
    size = {"id": 1, "file_name": "1.png", "width": 200, "height": 100}
    return {
        "images": [{**size, **image}],
        "annotations": list(annotations),
        "categories": [{"id": 3, "name": "dog"}, {"id": 1, "name": "cat"}],
    }


# ---- marks


def test_a_box_has_its_color_on_its_edges() -> None:
    image = canvas(Mark(FIRST, "", (20, 30, 120, 80)))
    for place in ((20, 50), (120, 50), (60, 30), (60, 80)):
        assert image.getpixel(place) == FIRST
    assert colors(image, (30, 40, 110, 70)) == {(0, 0, 0)}


def test_a_mask_is_filled_and_a_crowd_is_hatched() -> None:
    square = ((20.0, 20.0), (120.0, 20.0), (120.0, 80.0), (20.0, 80.0))
    filled = colors(canvas(Mark(FIRST, "", polygons=(square,))), (30, 30, 110, 70))
    assert len(filled) == 1
    assert filled != {(0, 0, 0)}
    hatched = canvas(Mark(FIRST, "", (20, 20, 120, 80), style="crowd"))
    assert colors(hatched, (30, 30, 110, 70)) == {(0, 0, 0), FIRST}


def test_what_is_ignored_is_dashed() -> None:
    dashed = canvas(Mark(FIRST, "", (20, 30, 180, 80), style="ignored"))
    assert colors(dashed, (25, 30, 175, 31)) == {FIRST, (0, 0, 0)}
    plain = canvas(Mark(FIRST, "", (20, 30, 180, 80)))
    assert colors(plain, (25, 30, 175, 31)) == {FIRST}


def test_marks_far_outside_and_names_at_the_edge_do_no_harm() -> None:
    canvas(Mark(FIRST, "name " * 20, (-1e8, -1e8, 1e8, 1e8)))
    canvas(Mark(FIRST, "name", (300, 300, 400, 400)), notes=("a note " * 40,))
    image = canvas(Mark(FIRST, "name", (195, 2, 199, 50)))
    assert FIRST in colors(image, (160, 0, 195, 20))  # the name is moved into the image


@pytest.mark.parametrize(
    ("rle", "height"),
    [
        ({"size": [4, 3], "counts": [5, 3, 4]}, 4),
        ({"size": [4, 3], "counts": "534"}, 4),
    ],
)
def test_run_lengths_go_down_the_columns(rle: Any, height: int) -> None:
    record = {"id": 1, "category_id": 3, "segmentation": rle}
    [mark] = as_recorded([record], [{"id": 3, "name": "dog"}], {"height": height, "width": 3}).marks
    assert mark.pixels is not None
    assert mark.pixels.astype(int).tolist() == [[0, 0, 0], [0, 1, 0], [0, 1, 0], [0, 1, 0]]


def test_keypoints_and_bones() -> None:
    keypoints = [50, 50, 2, 90, 50, 1, 0, 0, 0]
    category = {"id": 3, "name": "dog", "skeleton": [[1, 2], [2, 3], [9, 1]]}
    record = {"id": 1, "category_id": 3, "keypoints": keypoints}
    [mark] = as_recorded([record], [category], {}).marks
    assert mark.points == ((50.0, 50.0, True), (90.0, 50.0, False), None)
    image = canvas(mark)
    assert image.getpixel((70, 50)) == mark.color  # the bone
    assert image.getpixel((50, 50)) == mark.color


@pytest.mark.parametrize(
    "record",
    [
        {"bbox": [1, 2, 3]},
        {"bbox": [float("nan"), 0, 1, 1]},
        {"bbox": [0, 0, 1e300, 1]},
        {"bbox": "box"},
        {"segmentation": [[1, 2, 3]]},
        {"segmentation": {"counts": "!!", "size": [9, 9]}},
        {"keypoints": ["a"]},
        {"category_id": [1]},
        {"id": {"a": 1}, "iscrowd": "yes"},
    ],
)
def test_what_cannot_be_drawn_is_told(record: dict[str, Any], put: Put) -> None:
    usual = {"id": 5, "image_id": 1, "category_id": 3, "bbox": [1, 1, 9, 9]}
    shown = show_images(read(put(small({**usual, **record}))))
    assert shown.image.width == 1000
    told = " ".join(shown.notes)
    if {"bbox", "segmentation"} & record.keys():
        assert "not drawn" in told
    assert "drawn gray" in told


# ---- images


def first_id() -> Any:
    return read(SAMPLE).img_ids[0]


def test_the_image_file_lies_below() -> None:
    shown = show_images(read(SAMPLE).first(1))
    assert shown.notes == ()
    assert shown.folder is not None
    plain = show_images(read(SAMPLE).first(1).keep(InCategory("toaster")))
    [img_id] = plain.img_ids
    with Image.open(shown.folder / f"{img_id:012}.jpg") as file:
        below = file.convert("RGB").resize(
            (plain.image.width, 1000 * file.height // max(file.size))
        )
    got = plain.image.crop((0, plain.image.height - below.height, *plain.image.size))
    differs = [abs(a - b) for a, b in zip(got.tobytes(), below.tobytes(), strict=False)]
    assert sum(differs) / len(differs) < 12


@pytest.mark.parametrize(
    ("name", "red", "blue"),
    [("mmdet3", (376, 120), (376, 420)), ("detr", (596, 140), (896, 140))],
)
def test_an_image_is_turned_as_the_framework_turns_it(
    name: str, red: tuple[int, int], blue: tuple[int, int], tmp_path: Path
) -> None:
    """The left half is red; the EXIF tag turns it up."""
    stored = Image.new("RGB", (80, 40), (0, 0, 255))
    stored.paste((255, 0, 0), (0, 0, 40, 40))
    tag = stored.getexif()
    tag[0x0112] = 6
    stored.save(tmp_path / "1.jpg", exif=tag, quality=95)
    path = tmp_path / "a.json"
    path.write_text(json.dumps(small(file_name="1.jpg", width=40, height=80)))
    image = show_panels(read(path), 1, {name: {}}, tmp_path).image
    assert [image.getpixel(at)[0] > 128 for at in (red, blue)] == [True, False]  # type: ignore[index]


def test_what_a_loader_drops_is_gray_with_its_rule(put: Put) -> None:
    crowd = {"id": 1, "image_id": 1, "category_id": 3, "iscrowd": 1, "bbox": [20, 20, 60, 60]}
    path = put(small(crowd | {"area": 3600}))
    one, other = (show_panels(read(path), 1, {name: {}}).image for name in ("torchvision", "detr"))
    assert one.tobytes() != other.tobytes()
    both = show_panels(read(path), 1, {"torchvision": {}, "detr": {}, "dino": {}}).image
    assert both.width > one.width  # detr and dino share a panel


def test_every_loader_has_a_panel_or_shares_one() -> None:
    shown = show_panels(read(SAMPLE), first_id(), {name: {} for name in LOADERS})
    assert shown.img_ids == (first_id(),)
    assert shown.notes == ()


def test_limits() -> None:
    full = read(SAMPLE)
    with pytest.raises(RequestError, match="128 images are more"):
        show_images(full)
    with pytest.raises(RequestError, match="no image to show"):
        show_images(full.first(0))
    with pytest.raises(RequestError, match="no image has the id"):
        show_panels(full, -5, {"detr": {}})
    assert len(full.first(MOST).img_ids) == MOST
    with pytest.raises(RequestError, match="no picture is written as"):
        encoded(Image.new("RGB", (1, 1)), ".gif")


# ---- in a notebook, and the verb


def test_a_notebook_shows_pictures(put: Put) -> None:
    full = read(SAMPLE)
    assert full.show(first_id()).size == show_images(full.first(1)).image.size
    html = full._repr_html_()
    assert html.count("<img ") == 1
    assert "128 of 128 images" in html
    assert "<img" not in read(put(small()))._repr_html_()
    assert "<script" not in read(put(small(), "<script>.json"))._repr_html_()


def test_the_verb(cli: Cli, tmp_path: Path) -> None:
    img_id = str(read(SAMPLE).img_ids[0])
    done = cli("show", SAMPLE, "--image", img_id)
    assert (done.code, done.out) == (0, f"instances_sample2017_{img_id}.png\n")
    with Image.open(BytesIO((tmp_path / done.out.strip()).read_bytes())) as picture:
        assert picture.format == "PNG"
    done = cli("show", SAMPLE, "--first", 5, "--columns", 2, "-o", "sheet.webp", "--json")
    assert len(json.loads(done.out)["images"]) == 5
    done = cli("explain", SAMPLE, "--image", img_id, "--loader", "detr", "-o", "panels.png")
    assert (done.code, (tmp_path / "panels.png").read_bytes()[1:4]) == (0, b"PNG")
    for options, what in {
        ("--image", "5"): "not in the file: 5",
        ("--panels",): "--panels draws one image",
        ("--loader", "detr", "--first", "1"): "no effect without --panels",
        ("--first", "1", "-o", "a.txt"): "no picture is written as '.txt'",
        ("--first", "1", "-o", "sheet.webp"): "the output exists",
        (): "128 images are more than a picture shows",
    }.items():
        done = cli("show", SAMPLE, *options)
        assert (done.code, what in done.err) == (2, True), done.err


@pytest.mark.parametrize(
    "command",
    [
        ("show", SAMPLE, "--first", 1),
        ("browse", SAMPLE, "-o", "out"),
        ("explain", SAMPLE, "--image", 1, "-o", "out.png"),
        ("lint", SAMPLE, "--html", "out"),
        ("verify", SAMPLE, "--html", "out"),
    ],
)
def test_a_wrong_folder_of_images_is_an_error(
    command: tuple[Any, ...], cli: Cli, tmp_path: Path
) -> None:
    done = cli(*command, "--images", "none")
    assert (done.code, "no such folder of images" in done.err) == (2, True), done.err
    assert "next: name the folder" in done.err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("verb", ["explain", "verify"])
def test_a_folder_of_images_needs_a_picture_or_a_page(verb: str, cli: Cli) -> None:
    more = ["--image", 1] if verb == "explain" else []
    done = cli(verb, SAMPLE, *more, "--images", SAMPLE.parent)
    assert (done.code, "--images has no effect" in done.err) == (2, True), done.err


def test_a_category_has_its_color_in_every_file() -> None:
    dog, cat = {"id": 3, "name": "dog"}, {"id": 1, "name": "cat"}
    record = {"id": 1, "category_id": 3}
    one, other = (as_recorded([record], of, {}).marks[0] for of in ([dog, cat], [cat, dog]))
    assert one.color == other.color


@pytest.mark.parametrize("verb", ["lint", "verify"])
def test_findings_on_a_page(verb: str, cli: Cli, tmp_path: Path) -> None:
    document = json.loads(SAMPLE.read_bytes())
    moved = document["annotations"][5]
    moved["bbox"][0] += 1000
    document["categories"][0]["name"] = "<script>alert(1)</script>"
    (tmp_path / "a.json").write_text(json.dumps(document))
    images = SAMPLE.parents[1] / "sample2017"
    more = ["--source", SAMPLE] if verb == "verify" else ["--images", images]
    assert cli(verb, "a.json", *more, "--html", "page.html").code == 1
    page = (tmp_path / "page.html").read_text()
    assert "<script" not in page
    assert "data:image/jpeg;base64," in page
    assert ("annotation-changed" if verb == "verify" else "box-outside") in page
    assert ("Labels, by each loader" in page) == (verb == "verify")
    assert page.count("<figcaption>source</figcaption>") == page.count("<figcaption>result</fig")
    assert cli(verb, "a.json", "--html", "a.json").code == 2
    (tmp_path / "page.html").write_text("mine")
    assert cli(verb, "a.json", *more, "--html", "page.html").code == 2
    assert (tmp_path / "page.html").read_text() == "mine"


def test_a_line_break_in_a_name_is_shown_in_one_line(put: Put) -> None:
    document = small({"id": 1, "image_id": 1, "category_id": 3, "bbox": [1, 1, 9, 9]})
    document["images"][0]["file_name"] = document["categories"][0]["name"] = "a\nb"
    assert show_images(read(put(document))).image.width == 1000
