"""``show``: images drawn with what files and loaders say of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import SAMPLE, Cli
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cocosurgeon import InCategory, RequestError, read, show_images, show_panels
from cocosurgeon.draw.canvas import Size, drawn
from cocosurgeon.draw.fonts import font_of
from cocosurgeon.draw.marks import Drawing, Mark, as_loaded, as_recorded, color_at
from cocosurgeon.draw.rle import Rle
from cocosurgeon.draw.show import MOST, encoded
from cocosurgeon.loaders import LOADERS
from cocosurgeon.loaders.explain import explain
from cocosurgeon.report.explanation import explanation_lines

Put = Callable[..., Path]
FIRST = color_at(0)
PLAIN = Size(None, 10)


def canvas(*marks: Mark, facts: tuple[str, ...] = ()) -> Image.Image:
    """Marks on a black image of 200 x 100; what is above the image is cut off."""
    whole = drawn(Image.new("RGB", (200, 100)), Drawing("title", marks, facts), 1.0, PLAIN)
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
    square = np.array([(20.0, 20.0), (120.0, 20.0), (120.0, 80.0), (20.0, 80.0)])
    filled = colors(canvas(Mark(FIRST, "", polygons=(square,))), (30, 30, 110, 70))
    assert len(filled) == 1
    assert filled != {(0, 0, 0)}
    hatched = canvas(Mark(FIRST, "", (20, 20, 120, 80), is_crowd=True))
    assert colors(hatched, (30, 30, 110, 70)) == {(0, 0, 0), FIRST}


def test_what_is_ignored_is_dashed() -> None:
    dashed = canvas(Mark(FIRST, "", (20, 30, 180, 80), style="ignored"))
    assert colors(dashed, (25, 30, 175, 31)) == {FIRST, (0, 0, 0)}
    plain = canvas(Mark(FIRST, "", (20, 30, 180, 80)))
    assert colors(plain, (25, 30, 175, 31)) == {FIRST}


def test_an_ignored_crowd_is_hatched_and_dashed() -> None:
    both = canvas(Mark(FIRST, "", (20, 30, 180, 80), is_crowd=True, style="ignored"))
    assert colors(both, (30, 40, 170, 70)) == {(0, 0, 0), FIRST}
    crowd = canvas(Mark(FIRST, "", (20, 30, 180, 80), is_crowd=True))
    assert colors(crowd, (25, 30, 175, 31)) == {FIRST}
    assert len(colors(both, (25, 30, 175, 31))) > 1


@given(st.lists(st.tuples(*[st.integers(-300, 500)] * 2), min_size=3, max_size=7))
@settings(max_examples=20)
def test_a_mask_that_leaves_the_image_keeps_its_shape(points: list[tuple[int, int]]) -> None:
    mask = Mark(FIRST, "", polygons=(np.array(points, float),))
    whole = Mark(FIRST, "", polygons=(np.array(points, float) + 300,))
    size, black = Size(None, 10), Image.new("RGB", (800, 800))
    large = drawn(black, Drawing("", (whole,)), 1.0, size)
    top = large.height - 500
    part = np.asarray(large.crop((300, top, 500, top + 100)))
    differs = (part != np.asarray(canvas(mask))).any(axis=2)
    assert differs.mean() < 0.02  # corners of the cut polygon are rounded


def test_a_bone_to_a_point_far_outside_has_its_direction() -> None:
    points = ((0.0, 0.0, True), (1e8, 0.5e8, True))
    image = canvas(Mark(FIRST, "", points=points, bones=((0, 1),)))
    assert all(image.getpixel((x, x // 2)) == FIRST for x in (20, 100, 190))


def test_marks_far_outside_and_names_at_the_edge_do_no_harm() -> None:
    canvas(Mark(FIRST, "name " * 20, (-1e8, -1e8, 1e8, 1e8)))
    canvas(Mark(FIRST, "name", (300, 300, 400, 400)), facts=("a fact " * 40,))
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
    assert mark.rle is not None
    pixels = mark.rle.at(np.arange(3), np.arange(4))
    assert pixels.astype(int).tolist() == [[0, 0, 0], [0, 1, 0], [0, 1, 0], [0, 1, 0]]
    assert mark.rle.bounds == (1.0, 1.0, 2.0, 4.0)


@given(st.data(), st.integers(1, 9), st.integers(1, 9))
@settings(max_examples=50)
def test_run_lengths_are_looked_up_as_they_decode(data: Any, height: int, width: int) -> None:
    flat = np.array(data.draw(st.lists(st.booleans(), min_size=(n := height * width), max_size=n)))
    ends = np.flatnonzero(np.diff(np.concatenate([[0], flat, [2]])))
    rle = Rle.of({"size": [height, width], "counts": np.diff(ends, prepend=0).tolist()})
    assert rle is not None
    mask = flat.reshape(width, height).T
    assert (rle.at(np.arange(width), np.arange(height)) == mask).all()
    if rle.bounds is None:
        assert not mask.any()
    else:
        x1, y1, x2, y2 = map(int, rle.bounds)
        assert mask[y1:y2, x1:x2].sum() == mask.sum()
        assert mask[:, x1].any() and mask[:, x2 - 1].any()


def test_a_huge_mask_is_drawn_without_being_decoded() -> None:
    side = 10**9
    half = {"size": [side, side], "counts": [side**2 // 2, side**2 // 2]}
    record = {"id": 1, "category_id": 3, "segmentation": half}
    drawing = as_recorded([record], [{"id": 3}], {"width": side, "height": side})
    image = drawn(Image.new("RGB", (200, 200)), drawing, 200 / side, PLAIN)
    low = image.height - 100
    assert image.getpixel((90, low)) == (0, 0, 0) != image.getpixel((110, low))
    huge = {"size": [10**10, 10**10], "counts": [10**20]}
    [note] = as_recorded([{"id": 1, "segmentation": huge}], [], {}).notes[:1]
    assert (note.what, note.why) == ("mask not drawn", "it has too many pixels")


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
        {"segmentation": [[0, 0, 2e9, 0, 5, 5]]},
        {"segmentation": [[10**400, 0, 5, 5, 10, 10]]},
        {"bbox": [10**400, 0, 5, 5]},
        {"bbox": None},
        {"keypoints": ["a"]},
        {"keypoints": [1, 2, 2, 3]},
        {"segments_info": [{"id": 1}, {"id": 2}]},
        {"category_id": [1]},
        {"id": {"a": 1}, "iscrowd": "yes", "bbox": 0},
    ],
)
def test_what_cannot_be_drawn_is_noted(record: dict[str, Any], put: Put) -> None:
    usual = {"id": 5, "image_id": 1, "category_id": 3, "bbox": [1, 1, 9, 9]}
    shown = show_images(read(put(small({**usual, **record}))), longest=240)
    assert shown.image.width == 240
    whole = " ".join(shown.notes)
    assert ("not drawn" in whole) == ("category_id" not in record)
    assert "drawn gray" in whole


def test_notes_that_say_the_same_are_one_with_a_count(put: Put) -> None:
    document = small()
    document["images"] = [{"id": n, "file_name": f"{n}.png", "height": 9} for n in range(5)]
    document["annotations"] = [
        {"id": n, "image_id": n % 5, "category_id": 3, "bbox": [n]} for n in range(3)
    ]
    shown = show_images(read(put(document)))
    assert shown.notes == (
        "5 images (0, 1, 2, and 2 more): drawn gray, without a usable recorded size: "
        "no folder has its file (--images DIR)",
        "3 annotations: box not drawn: 0: [0]; 1: [1]; 2: [2]",
    )


def test_a_name_that_no_font_has_is_noted(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cocosurgeon.draw.fonts._FILES", ())
    document = small({"id": 1, "image_id": 1, "category_id": 3, "bbox": [1, 1, 9, 9]})
    assert "empty boxes" not in " ".join(show_images(read(put(document))).notes)
    document["categories"][0]["name"] = "\u732b"
    assert "drawn with empty boxes" in " ".join(show_images(read(put(document))).notes)
    assert [font_of(name, 11)[1] for name in ("dog", "\u732b", "d \u0301")] == [True, False, True]


# ---- images


def pixels_of(values: Any, folder: Path, **image: Any) -> Image.Image:
    """The picture of an image file with these values, without what is above it."""
    Image.fromarray(values).save(folder / "1.png")
    (folder / "a.json").write_text(json.dumps(small(**image)))
    shown = show_images(read(folder / "a.json"), folder, longest=240)
    return shown.image.crop((0, shown.image.height - 120, *shown.image.size))


def test_more_than_8_bits_are_spread(tmp_path: Path) -> None:
    values = np.arange(20000, dtype=np.uint16).reshape(100, 200) + 30000
    got = pixels_of(values, tmp_path).convert("L")
    low, high = (got.crop(box).getextrema() for box in ((0, 0, 240, 5), (0, 115, 240, 120)))
    assert max(map(float, low)) < 20  # type: ignore[arg-type]
    assert min(map(float, high)) > 235  # type: ignore[arg-type]


def test_large_images_are_drawn_and_too_large_ones_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100_000)  # Pillow raises at twice as many
    values = np.full((1000, 2000, 3), (9, 200, 9), np.uint8)
    image = {"width": 2000, "height": 1000}
    assert colors(pixels_of(values, tmp_path, **image), (0, 0, 240, 120)) == {(9, 200, 9)}
    assert Image.MAX_IMAGE_PIXELS == 100_000
    monkeypatch.setattr("cocosurgeon.draw.pixels._MOST", 100)
    [note] = show_images(read(tmp_path / "a.json"), tmp_path).notes
    assert note == "image 1: drawn gray: 2,000 x 1,000 pixels are too many"


@pytest.mark.parametrize(
    ("size", "shape"),
    [
        ((None, None), (640, 900)),
        ((640.0, 900.5), (640, 900)),
        ((10**12, 2 * 10**12), (640, 1280)),
        ((10**400, 5), (640, 900)),
        ((True, 5), (640, 900)),
    ],
)
def test_a_gray_image_is_as_large_as_recorded_or_as_its_boxes(
    size: tuple[Any, Any], shape: tuple[int, int], put: Put
) -> None:
    box = {"id": 1, "image_id": 1, "category_id": 3, "bbox": [500, 700, 100, 200]}
    document = small(box, width=size[0], height=size[1])
    shown = show_images(read(put(document)), longest=600)
    width = shown.image.width
    assert width == pytest.approx(600 * shape[0] / shape[1], abs=1)
    is_known = shape == (640, 1280) or size[0] == 640.0
    assert ("without a usable recorded size" in shown.notes[0]) != is_known
    if shape[1] == 900:  # the box is in the corner
        corner = width - round(40 / 1.5) - 1, shown.image.height - 2
        assert shown.image.getpixel(corner) != (128, 128, 128)


def test_a_narrow_picture_has_room_for_its_caption(put: Put) -> None:
    box = {"id": 1, "image_id": 1, "category_id": 3, "bbox": [0, 0, 3, 500]}
    shown = show_images(read(put(small(box, width=3, height=900))))
    assert 240 <= shown.image.width < 300
    assert color_at(0) in colors(shown.image, (10, 30, 240, 70))  # behind the whole name


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


def test_boxes_that_differ_by_rounding_share_a_panel(put: Put) -> None:
    box = [166.0, 256.4, 8.85, 18.45]  # ends at 174.85 x 274.85, in float32 a little off
    record = {"id": 1, "image_id": 1, "category_id": 3, "iscrowd": 0, "bbox": box, "area": 99}
    full = read(put(small(record, height=480, width=640)))
    one, both = (
        show_panels(full, 1, {name: {} for name in names}, columns=9).image.width
        for names in (["mmdet3"], ["mmdet3", "mmdet2"])
    )
    assert both == one


def test_every_loader_has_a_panel_or_shares_one() -> None:
    shown = show_panels(read(SAMPLE), first_id(), {name: {} for name in LOADERS})
    assert shown.img_ids == (first_id(),)
    assert shown.notes == ()


def test_a_panel_names_the_record_at_which_a_loader_raises(put: Put) -> None:
    document = small({"id": 7, "image_id": 1, "category_id": 3})
    path = put(document)
    [found] = explain(document, 1, {"torchvision2": {}}, ["dog", "cat"])
    drawing = as_loaded(found, dict(enumerate(document["annotations"])), document["categories"])
    [fact] = drawing.facts
    assert (fact.startswith("raises KeyError: "), fact[-25:]) == (True, ", in annotations[0], id 7")
    assert fact[-25:] in explanation_lines([found], {}, {})[0]
    assert found.fields()["raises"]["where"] == "annotations[0], id 7"  # type: ignore[index]
    assert show_panels(read(path), 1, {"torchvision2": {}}).img_ids == (1,)


def test_what_is_dropped_or_loaded_without_a_box_is_counted() -> None:
    document = small({"id": 7, "image_id": 1, "category_id": 3, "area": 9, "iscrowd": 1})
    annotations = dict(enumerate(document["annotations"]))
    facts: list[str] = []
    for name in LOADERS:
        for found in explain(document, 1, {name: {}}, ["dog", "cat"]):
            facts += as_loaded(found, annotations, document["categories"]).facts
    assert any("drops 1 object without a box" in fact for fact in facts), facts


def test_limits() -> None:
    full = read(SAMPLE)
    with pytest.raises(RequestError, match="128 images are more"):
        show_images(full)
    with pytest.raises(RequestError, match="no image to show"):
        show_images(full.first(0))
    with pytest.raises(RequestError, match="no image has the id"):
        show_panels(full, -5, {"detr": {}})
    assert len(full.first(MOST).img_ids) == MOST
    with pytest.raises(RequestError, match="a picture cannot be written as"):
        encoded(Image.new("RGB", (1, 1)), ".gif")
    with pytest.raises(RequestError, match="20,000 x 1 pixels is too large for WEBP"):
        encoded(Image.new("RGB", (20_000, 1)), ".webp")
    results = read(SAMPLE.parents[1] / "detections_sample2017.json")
    for show in (show_images, lambda of: show_panels(of, 1, {"detr": {}})):
        with pytest.raises(RequestError, match="the file lists no images"):
            show(results)


# ---- in a notebook, and the verb


def test_a_notebook_shows_pictures(put: Put) -> None:
    full = read(SAMPLE)
    assert full.show(first_id()).size == show_images(full.first(1)).image.size
    html = full._repr_html_()
    assert html.count("<img ") == 1
    assert "128 of 128 images" in html
    assert "<img" not in read(put(small()))._repr_html_()
    assert "<script" not in read(put(small(), "<script>.json"))._repr_html_()


def test_standard_input_and_output_and_columns(cli: Cli, tmp_path: Path) -> None:
    document = small({"id": 1, "image_id": 1, "category_id": 3, "bbox": [1, 1, 9, 9]})
    text = json.dumps(document).encode()
    done = cli("show", "-", "--columns", 2, stdin=text)
    assert done.out == "stdin_1.png\n"
    assert "--columns has no effect: there is one image" in done.err
    for verb in (("show", "-"), ("explain", SAMPLE, "--image", 1)):
        done = cli(*verb, "-o", "-", stdin=text)
        assert (done.code, "not written to standard output" in done.err) == (2, True)
    sizes = []
    for columns in (1, 2):
        more = ("--panels", "--loader", "detr", "--columns", columns, "-f")
        done = cli("show", "-", *more, stdin=text)
        with Image.open(tmp_path / done.out.strip()) as picture:
            sizes.append(picture.width)
    assert sizes == [496, 984]


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
        ("--first", "1", "-o", "a.txt"): "a picture cannot be written as '.txt'",
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


def test_colors_of_categories_differ() -> None:
    assert len(set(map(color_at, range(200)))) == 200
    near = [(color_at(n), color_at(n + step)) for n in range(80) for step in (1, 2, 3)]
    assert all(sum(abs(a - b) for a, b in zip(*pair, strict=True)) > 60 for pair in near)
    no_id: list[dict[str, Any]] = [{"name": "none"}, {"id": 3, "name": "dog"}]
    marks = as_recorded([{"id": 1, "category_id": 3}, {"id": 2}], no_id, {}).marks
    assert [mark.color for mark in marks] == [color_at(1), color_at(None)]
    assert [mark.text for mark in marks] == ["dog 1", "no category 2"]
    for order, place in ((["cat", "fox", "dog"], 2), (["cat"], 2)):
        [mark] = as_recorded([{"id": 1, "category_id": 3}], no_id, {}, order).marks
        assert mark.color == color_at(place)


@pytest.mark.parametrize("verb", ["lint", "verify"])
def test_findings_on_a_page(verb: str, cli: Cli, tmp_path: Path) -> None:
    document = json.loads(SAMPLE.read_bytes())
    document["images"] = document["images"][:9]
    ids = {image["id"] for image in document["images"]}
    document["annotations"] = [a for a in document["annotations"] if a["image_id"] in ids]
    (tmp_path / "full.json").write_text(json.dumps(document))
    document["annotations"].pop(20)
    document["annotations"][5]["bbox"][0] += 1000
    document["categories"][0]["name"] = "<script>alert(1)</script>"
    (tmp_path / "a.json").write_text(json.dumps(document))
    images = SAMPLE.parents[1] / "sample2017"
    more = ["--images", str(images), *(["--source", "full.json"] if verb == "verify" else [])]
    assert cli(verb, "a.json", *more, "--html", "page.html").code == 1
    page = (tmp_path / "page.html").read_text()
    assert "<script" not in page
    assert (
        f"<li>annotation{'s' if verb == 'lint' else ''} {document['annotations'][5]['id']}" in page
    )
    assert "data:image/jpeg;base64," in page
    assert ("annotation-changed" if verb == "verify" else "box-outside") in page
    assert ("Labels, by each loader" in page) == (verb == "verify")
    assert ("annotation-lost" in page) == (verb == "verify")
    assert page.count("<figcaption>source</figcaption>") == page.count("<figcaption>result</fig")
    assert cli(verb, "a.json", "--html", "a.json").code == 2
    (tmp_path / "page.html").write_text("mine")
    assert cli(verb, "a.json", *more, "--html", "page.html").code == 2
    assert (tmp_path / "page.html").read_text() == "mine"


def test_a_line_break_in_a_name_is_shown_in_one_line(put: Put) -> None:
    document = small({"id": 1, "image_id": 1, "category_id": 3, "bbox": [1, 1, 9, 9]})
    document["images"][0]["file_name"] = document["categories"][0]["name"] = "a\nb"
    assert show_images(read(put(document))).image.width == 1000


def test_an_absolute_path_and_a_missing_name_are_named(put: Put, tmp_path: Path) -> None:
    gone = str(tmp_path / "gone.jpg")
    [note] = show_images(read(put(small(file_name=gone)))).notes
    assert note == f"image 1: drawn gray: no such file: {gone}"
    assert as_recorded([], [], {"id": 7, "file_name": None}).title == "image 7"
