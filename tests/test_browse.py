"""The page of ``browse``: its file, and what a real browser makes of it."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chromium import PROGRAM, Chromium, url_of
from conftest import ROOT, SAMPLE, Cli
from PIL import Image
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from cocosurgeon.browse.file_data import FileData
from cocosurgeon.browse.page import make_page
from cocosurgeon.browse.thumbnails import SIDE, thumbnail
from cocosurgeon.dataset.io import read
from cocosurgeon.draw.marks import color_at
from cocosurgeon.findings.codes import CODES
from cocosurgeon.loaders import LOADERS

IMAGES = ROOT / "sample_data/sample2017"
RESULTS = ROOT / "sample_data/detections_sample2017.json"
DOCUMENT = json.loads(SAMPLE.read_bytes())

SIDES = {"width": 20, "height": 20}
in_browser = pytest.mark.skipif(PROGRAM is None, reason="no chromium is installed")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    """A browser for all tests."""
    browser = Chromium()
    yield browser
    browser.close()


@pytest.fixture
def browser(chromium: Chromium) -> Iterator[Chromium]:
    """The browser; a test in which it prints an error fails."""
    yield chromium
    errors, chromium.errors = chromium.errors, []
    assert not errors


def write_page(folder: Path, document: object, images: Path, **options: Any) -> Path:
    """Write a page for a document."""
    ann_file, page = folder / "instances.json", folder / "page.html"
    ann_file.write_text(json.dumps(document))
    file = FileData.of(read(ann_file), images)
    loaders = options.pop("loaders", ["mmdet3", "yolox"])
    options = {"link_from": folder, **options}
    page.write_bytes(b"".join(make_page(file, loaders, **options).pieces()))
    return page


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the sample data, with detections."""
    folder = tmp_path_factory.mktemp("page")
    return write_page(folder, DOCUMENT, IMAGES, loaders=list(LOADERS), against=RESULTS)


def shown(browser: Chromium) -> list[int]:
    """Ids of the images that pass the filters."""
    return list(map(int, browser.run("shown.map((i) => images.id[i])")))


def choose(browser: Chromium, field: str, value: str) -> None:
    browser.run(f"by({field!r}).value = {value!r}; by({field!r}).dispatchEvent(new Event('input'))")


def drawn(browser: Chromium) -> int:
    """Number of pixels that are drawn on the opened image."""
    return int(
        browser.run(
            "(c => { const { data } = c.getContext('2d').getImageData(0, 0, c.width, c.height);"
            "let n = 0; for (let k = 3; k < data.length; k += 4) n += data[k] > 0; return n })"
            "(by('over'))"
        )
    )


# ---- filters


@in_browser
def test_filters_show_what_the_json_says(browser: Chromium, sample: Path) -> None:
    by_image: dict[int, list[Any]] = {image["id"]: [] for image in DOCUMENT["images"]}
    for annotation in DOCUMENT["annotations"]:
        by_image[annotation["image_id"]].append(annotation)
    person = next(c["id"] for c in DOCUMENT["categories"] if c["name"] == "person")

    def having(condition: Any) -> list[int]:
        return [i for i, objects in by_image.items() if any(map(condition, objects))]

    browser.open(url_of(sample))
    assert shown(browser) == list(by_image)
    choose(browser, "cat", str(person))
    assert shown(browser) == having(lambda a: a["category_id"] == person)
    choose(browser, "size", "small")
    wanted = having(lambda a: a["category_id"] == person and a["area"] < 32**2 and not a["iscrowd"])
    assert 0 < len(wanted) < len(by_image)
    assert shown(browser) == wanted
    browser.click("#reset")
    choose(browser, "has", "crowd")
    assert shown(browser) == having(lambda a: a["iscrowd"])
    choose(browser, "has", "empty")
    assert shown(browser) == [i for i, objects in by_image.items() if not objects]
    choose(browser, "load", "yolox")
    choose(browser, "has", "dropped")
    assert set(having(lambda a: a["iscrowd"])) <= set(shown(browser))
    assert len(shown(browser)) < len(by_image)
    choose(browser, "has", "empty")
    assert browser.run("by('count').textContent") == "10 of 128 images"


@in_browser
def test_findings_are_filtered_by_code(browser: Chromium, tmp_path: Path) -> None:
    document = {**DOCUMENT, "images": DOCUMENT["images"][:9]}
    ids = {image["id"] for image in document["images"]}
    first, *others = (a for a in DOCUMENT["annotations"] if a["image_id"] in ids)
    document["annotations"] = [{**first, "bbox": [9e3, 9e3, 9, 9]}, *others]
    page = write_page(tmp_path, document, IMAGES, loaders=[])
    browser.open(url_of(page, "find=box-outside"))
    assert shown(browser) == [first["image_id"]]
    browser.press("Enter")
    text = browser.run("document.querySelector('#objects .warn').textContent")
    assert text == f"box-outside: {CODES['box-outside'].meaning}"
    choose(browser, "find", "")
    assert len(shown(browser)) == 9


@in_browser
def test_search_by_keys_finds_ids_and_file_names(browser: Chromium, sample: Path) -> None:
    browser.open(url_of(sample))
    for key in "/52154":
        browser.press(key)
    assert shown(browser) == [52154]
    browser.press("Escape")
    choose(browser, "q", "000000289338.JPG")
    assert shown(browser) == [289338]
    choose(browser, "q", "no such")
    assert browser.run("by('nothing').hidden") is False


# ---- one image


@in_browser
def test_a_click_opens_an_image_and_keys_go_on(browser: Chromium, sample: Path) -> None:
    ids = [image["id"] for image in DOCUMENT["images"]]
    browser.open(url_of(sample))
    browser.click(".tile:nth-child(2)")
    assert browser.run("location.hash") == f"#img={ids[1]}"
    browser.wait("by('full').complete && by('full').naturalWidth > 0")
    assert browser.run("by('full').src").endswith(DOCUMENT["images"][1]["file_name"])
    boxes = drawn(browser)
    assert boxes > 0
    browser.press("m")
    assert drawn(browser) > boxes
    browser.press("m")
    browser.click("#names")
    assert drawn(browser) > boxes
    browser.click("#names")
    browser.press("b")
    assert drawn(browser) == 0
    browser.press("b")
    browser.press("ArrowRight")
    assert browser.run("location.hash") == f"#img={ids[2]}"
    browser.press("Escape")
    assert browser.run("by('viewer').hidden && location.hash") == ""
    browser.press("Enter")
    browser.run("history.back()")
    browser.wait("by('viewer').hidden")


@in_browser
def test_an_address_opens_the_image_with_its_filters(browser: Chromium, sample: Path) -> None:
    browser.open(url_of(sample, "has=crowd&img=289338&load=yolox&theme=dark"))
    assert browser.run("by('viewer').hidden") is False
    assert browser.run("by('has').value + by('load').value") == "crowdyolox"
    assert len(shown(browser)) == 8
    text = browser.run("document.querySelector('#objects .dropped').textContent")
    rule = next(r for r in LOADERS["yolox"].rules if r.name == "crowd")
    assert "bird 901600289338 crowd" in text
    assert f"dropped by yolox (crowd: {rule.what} [{rule.source}])" in text
    dark = browser.run("getComputedStyle(document.body).backgroundColor")
    browser.press("t")
    browser.press("t")
    assert dark != browser.run("getComputedStyle(document.body).backgroundColor")
    browser.run("set('load', 'mmdet3 train'), open(linked('85096'))")  # it drops the whole image
    assert "Image dropped by mmdet3 train (min_size" in browser.run("by('facts').textContent")
    assert browser.run("by('objects').firstElementChild.className") == "dropped"


@in_browser
def test_only_rows_in_view_are_in_the_document(browser: Chromium, sample: Path) -> None:
    browser.open(url_of(sample))
    last = DOCUMENT["images"][-1]["file_name"]
    names = "[...document.querySelectorAll('.tile')].map((tile) => tile.title.split('\\n')[0])"
    assert 5 < len(browser.run(names)) < 60
    assert last not in browser.run(names)
    browser.press("End")
    browser.wait(f"{names}.includes({last!r})")
    assert len(browser.run(names)) < 60
    assert browser.run("document.querySelector('.tile.current').title").startswith(last)


@in_browser
def test_ids_are_copied_as_lines(browser: Chromium, sample: Path) -> None:
    browser.open(url_of(sample, "has=empty"))
    browser.run("navigator.clipboard.writeText = async (text) => { window.copied = text }")
    browser.click("#copy")
    browser.wait("window.copied")
    assert browser.run("copied") == "".join(f"{i}\n" for i in shown(browser))
    assert browser.run("by('toast').textContent") == "10 ids copied, for --ids-file"


# ---- detections


@in_browser
@pytest.mark.parametrize(("score", "iou"), [(0.0, 0.5), (0.45, 0.75), (0.3, 0.05)])
def test_detections_match_as_in_pycocotools(
    browser: Chromium, sample: Path, score: float, iou: float
) -> None:
    kept = [d for d in json.loads(RESULTS.read_bytes()) if d["score"] >= score]
    truth = COCO(str(SAMPLE))
    evaluation = COCOeval(truth, truth.loadRes(kept), "bbox")
    evaluation.params.iouThrs = np.array([iou])
    evaluation.params.areaRng, evaluation.params.areaRngLbl = [[0, 1e10]], ["all"]
    evaluation.evaluate()
    expected: dict[int, list[int]] = {i: [0, 0, 0] for i in truth.getImgIds()}
    for found in filter(None, evaluation.evalImgs):
        counted = ~found["dtIgnore"][0]
        matched = found["dtMatches"][0] > 0
        missed = (found["gtMatches"][0] == 0) & (np.array(found["gtIgnore"]) == 0)
        counts = ((matched & counted).sum(), missed.sum(), (~matched & counted).sum())
        for place, count in enumerate(counts):
            expected[found["image_id"]][place] += int(count)
    browser.open(url_of(sample, f"score={score}&iou={iou}"))
    pages = browser.run(
        "images.id.map((id, i) => { const m = matchesOf(i);"
        "const count = (of, status) => [...of.values()].filter((s) => s === status).length;"
        "return [id, [count(m.detections, MATCHED), count(m.objects, FALSE),"
        "count(m.detections, FALSE)]] })"
    )
    assert {int(i): counts for i, counts in pages} == expected
    choose(browser, "match", "missed")
    assert sorted(shown(browser)) == sorted(i for i, (_, n, _) in expected.items() if n)
    choose(browser, "match", "false")
    assert sorted(shown(browser)) == sorted(i for i, (*_, n) in expected.items() if n)


@in_browser
def test_rle_is_drawn_as_pycocotools_decodes_it(browser: Chromium, tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    masks = [generator.random((37, 53)) < share for share in (0.02, 0.5, 0.97)]
    masks.append(np.kron(masks[1], np.ones((9, 7))) > 0)
    annotations: list[Any] = []
    for number, mask in enumerate(masks):
        rle = coco_mask.encode(np.asfortranarray(mask, np.uint8))
        flat = np.concatenate([[0], mask.flatten("F").astype(int), [2]])
        runs = np.diff(np.flatnonzero(np.diff(flat)), prepend=0).tolist()
        for counts in (rle["counts"].decode(), runs):
            segmentation = {"size": list(mask.shape), "counts": counts}
            annotations.append(
                {"id": len(annotations), "image_id": number, "category_id": 1, "iscrowd": 1}
                | {"bbox": [0, 0, 1, 1], "area": number, "segmentation": segmentation}
            )
    images = [
        {"id": n, "file_name": "a.jpg", "width": mask.shape[1], "height": mask.shape[0]}
        for n, mask in enumerate(masks)
    ]
    document = {"images": images, "annotations": annotations, "categories": []}
    browser.open(url_of(write_page(tmp_path, document, tmp_path)))
    for place, _ in enumerate(annotations):
        script = (
            f"(c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]"
            f".filter((_, k) => k % 4 === 3))(rleMask({place}, 'red', SX, SY))"
        )
        mask = masks[place // 2]
        for by in (1, 3):  # a mask larger than what is drawn is read at the pixels that are drawn
            shape = [round(side / by) for side in mask.shape]
            pixels = browser.run(script.replace("SX, SY", f"{1 / by}, {1 / by}"))
            rows, columns = (
                ((np.arange(n) + 0.5) * side / n).astype(int)
                for n, side in zip(shape, mask.shape, strict=True)
            )
            expected = mask[np.ix_(rows, columns)]
            assert (np.array(pixels).reshape(shape) > 0).tolist() == expected.tolist()


@in_browser
def test_what_show_draws_is_drawn_alike(browser: Chromium, tmp_path: Path) -> None:
    values = np.arange(400, dtype=np.uint16).reshape(20, 20) * 100
    Image.fromarray(values).save(tmp_path / "1.png")
    kinds: list[dict[str, Any]] = [{}, {"iscrowd": 1}, {"ignore": 1}, {"iscrowd": 1, "ignore": 1}]
    kinds += [{"iscrowd": 1, "segmentation": {"size": [20, 20], "counts": [0, 400]}}]
    kinds += [{"bbox": None, "keypoints": [4, 4, 2, 16, 16, 1, 0, 0, 0]}]
    kinds += [{"segments_info": [{}, {}]}, {"keypoints": [1], "segmentation": [[1, 2]]}]
    kinds += [{"segmentation": {"size": [10, 10], "counts": [0, 100]}}]  # of another size
    images = [{"id": n, "file_name": "1.png"} | SIDES for n, _ in enumerate(kinds)]
    images.append({"id": 99, "file_name": "none.png"})
    usual = {"category_id": 5, "bbox": [2, 2, 16, 16], "area": 1}
    annotations = [{**usual, "id": n, "image_id": n, **kind} for n, kind in enumerate(kinds)]
    annotations.append({**usual, "id": 99, "image_id": 99, "bbox": [900, 700, 100, 100]})
    skeleton = {"id": 5, "name": "dog", "skeleton": [[1, 2], [2, 3]]}
    document = {"images": images, "annotations": annotations, "categories": [{"name": 1}, skeleton]}
    results = tmp_path / "results.json"
    detection = {"image_id": 0, "category_id": 5, "bbox": [2, 2, 9, 9]}
    results.write_text(json.dumps([{**detection, "score": score} for score in (-3.25, 0.5, 1.5)]))
    page = write_page(tmp_path, document, tmp_path, loaders=[], against=results)
    browser.open(url_of(page))

    def pixels(place: int) -> int:
        browser.run(f"open({place})")
        return drawn(browser)

    browser.run("results.end.fill(0)")  # objects only
    plain, crowd, ignored, both, masked, bones = map(pixels, range(6))
    assert crowd > plain > ignored
    assert crowd > both > ignored
    assert masked == crowd
    assert 0 < bones < plain
    browser.press("m")
    assert 0.2 < pixels(4) / browser.run("by('over').width * by('over').height") < 0.75
    browser.press("m")
    browser.press("k")
    assert pixels(5) == 0
    assert browser.run("sizeOf(9)") == [1000, 800]
    colors = [f"#{bytes(color_at(place)).hex()}" for place in (0, 1)]
    assert browser.run("categories.color") == colors
    options = browser.run("[...by('cat').options].map((option) => option.text)")
    assert options == ["All categories", "dog (10)"]
    assert browser.run("[by('score').min, by('score').max]") == ["-3.25", "1.5"]
    choose(browser, "score", "-3.25")
    assert browser.run("by('score').nextElementSibling.textContent") == "-3.25"
    notes = browser.run("[...by('notes').children].map((line) => line.textContent)")
    assert notes[0] == f"{len(notes) - 1} notes"
    assert {
        "9 thumbnails of 16-bit images: values are rescaled",
        "2 panoptic segments not drawn",
        "1 annotation without a box: none is drawn",
        "2 masks not drawn: broken (see lint), or too large",
        "keypoints of 1 annotation not drawn: broken",
        "1 category without an id: no filter",
    } <= set(notes)


@in_browser
def test_names_are_above_the_masks_of_other_objects(browser: Chromium, tmp_path: Path) -> None:
    crowd = {"id": 2, "image_id": 1, "category_id": 2, "iscrowd": 1, "bbox": [0, 0, 200, 200]}
    crowd["segmentation"] = {"size": [200, 200], "counts": [0, 40000]}
    person = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [50, 100, 100, 90]}
    categories = [{"id": 1, "name": "person"}, {"id": 2, "name": "."}]
    image = {"id": 1, "file_name": "a.jpg", "width": 200, "height": 200}
    document = {"images": [image], "annotations": [person], "categories": categories}

    def name() -> list[int]:
        browser.open(url_of(write_page(tmp_path, document, tmp_path), "names=1&masks=1&img=1"))
        script = "c.getContext('2d').getImageData(c.width / 4 + 1, c.height / 2 - 14, 20, 12).data"
        pixels: list[int] = browser.run(f"(c => [...{script}])(by('over'))")
        return pixels

    alone = name()
    document["annotations"] = [person, crowd]
    assert any(alone)
    assert browser.run("by('count').textContent") == "1 image"
    assert name() == alone


# ---- names that would do harm, and odd values

HARMFUL = (
    "<script>window.hacked = 1</script>",
    "</script><img src=x onerror=window.hacked=1>",
    "<!--<script>",
    "line\u2028and\u2029paragraph \x00 & &amp; \"quoted\" 'quoted'",
    "half a character \ud83d",
)


@in_browser
def test_names_are_shown_as_text(browser: Chromium, tmp_path: Path) -> None:
    document = {
        "images": [{"id": name, "file_name": name, "width": 10, "height": 10} for name in HARMFUL],
        "annotations": [
            {"id": n, "image_id": name, "category_id": n, "bbox": [1, 1, 5, 5], "area": 25}
            for n, name in enumerate(HARMFUL)
        ],
        "categories": [{"id": n, "name": name} for n, name in enumerate(HARMFUL)],
    }
    browser.open(url_of(write_page(tmp_path, document, tmp_path), "names=1"))
    assert browser.run("COUNT") == len(HARMFUL)
    for place, name in enumerate(HARMFUL):
        browser.run(f"open({place})")
        is_whole = name.isprintable() or "\ud83d" not in name
        if is_whole:
            assert name in browser.run("by('title').textContent")
            assert name in browser.run("by('objects').textContent")
        assert browser.run(f"nameOf({place}) === {json.dumps(name)}")
        browser.open(url_of(tmp_path / "page.html", browser.run("location.hash.slice(1)")))
        assert browser.run("opened()") == place or not is_whole
    assert browser.run("window.hacked") is None
    assert browser.run("document.querySelectorAll('script:not([type])').length") == 2


@in_browser
def test_images_are_linked_from_the_folder_of_the_page(browser: Chromium, tmp_path: Path) -> None:
    names = ["a b#1?.jpg", "50%41.jpg", "c:d.jpg", "in/ü.jpg", "\\back.jpg", "<b>.jpg"]
    (tmp_path / "pictures/in").mkdir(parents=True)
    for name in names:
        Image.new("RGB", (40, 30), "red").save(tmp_path / "pictures" / name)
    images = [
        {"id": n, "file_name": name, "width": 40, "height": 30} for n, name in enumerate(names)
    ]
    document = {"images": images, "annotations": [], "categories": []}
    page = write_page(tmp_path, document, tmp_path / "pictures")
    assert str(tmp_path).encode() not in page.read_bytes()
    browser.open(url_of(page))
    for place in range(len(names)):
        browser.run(f"open({place})")
        browser.wait("by('full').complete && by('full').naturalWidth === 40")
        assert browser.run("by('full').src").startswith("file:")


@in_browser
def test_embedded_images_need_no_file(browser: Chromium, tmp_path: Path) -> None:
    Image.new("RGB", (40, 30), "red").save(tmp_path / "a.png")
    image = {"id": 1, "file_name": "a.png", "width": 40, "height": 30}
    document = {"images": [image], "annotations": [], "categories": []}
    page = write_page(tmp_path, document, tmp_path, link_from=None)
    (tmp_path / "a.png").unlink()
    browser.open(url_of(page, "img=1"))
    browser.wait("by('full').naturalWidth === 40")
    assert browser.run("by('full').src").startswith("data:image/png;base64,")


@in_browser
def test_odd_values_are_no_error(browser: Chromium, tmp_path: Path) -> None:
    odd: list[Any] = [None, "text", [], {}, [1, 2], [[1, 2, 3]], [["a"] * 6]]
    odd += [-1, 1e300, 2**60, True]
    named = ({"file_name": f"{n}.jpg", "width": v, "height": v} for n, v in enumerate(odd))
    images = [{"id": n, **fields} for n, fields in enumerate(named)]
    annotations = [
        {"id": v, "image_id": n, "category_id": v, "bbox": v, "area": v}
        | {"iscrowd": n % 2, "segmentation": v}
        for n, v in enumerate(odd)
    ]
    document = {"images": [*images, {}], "annotations": [*annotations, {}], "categories": [{}]}
    (tmp_path / "results.json").write_text(
        json.dumps([{"image_id": n, "category_id": v, "score": v} for n, v in enumerate(odd)])
    )
    page = write_page(tmp_path, document, tmp_path, against=tmp_path / "results.json")
    browser.open(url_of(page, "masks=1&names=1&match=false"))
    browser.click("#reset")
    for place in range(len(odd) + 1):
        browser.run(f"open({place})")
    assert browser.run("images.id[9]") == "9"


# ---- thumbnails


def test_thumbnails_of_all_kinds_of_files(tmp_path: Path) -> None:
    Image.new("RGB", (400, 200), "red").save(tmp_path / "wide.jpg")
    values = np.arange(60000, dtype=np.uint16).reshape(200, 300)
    Image.fromarray(values).save(tmp_path / "deep.png")
    Image.new("CMYK", (40, 30)).save(tmp_path / "print.jpg")
    Image.new("LA", (40, 30)).save(tmp_path / "gray.png")
    Image.new("P", (40, 30)).save(tmp_path / "palette.gif")
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (400, 200)).save(tmp_path / "turned.jpg", exif=exif)
    (tmp_path / "cut.jpg").write_bytes((tmp_path / "wide.jpg").read_bytes()[:400])
    (tmp_path / "text.jpg").write_text("no image")
    made = {path.stem: thumbnail(str(path)) for path in sorted(tmp_path.iterdir())}
    assert {name for name, t in made.items() if t.fault == "unreadable"} == {"cut", "text"}
    assert {name for name, t in made.items() if t.is_turned} == {"turned"}
    assert made["turned"].size == (200, 400)
    assert made["wide"].size == (400, 200)
    sizes = {}
    for name, each in made.items():
        if each.data is not None:
            with Image.open(io.BytesIO(each.data)) as image:
                sizes[name] = image.size
                if name == "deep":
                    assert image.convert("L").getextrema()[1] > 200
    assert sizes["wide"] == (SIDE, SIDE // 2)
    assert sizes["turned"] == (SIDE // 2, SIDE)
    assert thumbnail(str(tmp_path / "none.jpg")).fault == thumbnail(None).fault == "missing"


# ---- the command line


def data_of(page: Path) -> Any:
    """What the program of a page reads."""
    _, _, rest = page.read_text().partition('<script type="application/json" id="data">')
    return json.loads(rest.partition("</script>")[0])


def test_steps_choose_images_and_the_page_is_reported(cli: Cli, tmp_path: Path) -> None:
    done = cli("browse", SAMPLE, "--having", "dog", "--loader", "yolox", "-o", "dogs.html")
    assert (done.code, done.out) == (0, "dogs.html\n")
    assert "cocosurgeon: 3 images, " in done.err
    data = data_of(tmp_path / "dogs.html")
    dogs = [c["id"] for c in DOCUMENT["categories"] if c["name"] == "dog"]
    having = {a["image_id"] for a in DOCUMENT["annotations"] if a["category_id"] in dogs}
    assert set(map(int, data["images"]["id"])) == having
    assert [loader["name"] for loader in data["loaders"]] == ["yolox"]
    again = cli("browse", SAMPLE, "--having", "dog", "--loader", "yolox", "-o", "dogs.html")
    assert (again.code, "dogs.html: unchanged" in again.err) == (0, True)
    other = cli("browse", SAMPLE, "--having", "cat", "--loader", "yolox", "-o", "dogs.html")
    assert (other.code, "the output exists" in other.err) == (2, True)
    forced = cli("browse", SAMPLE, "--first", "2", "-o", "dogs.html", "--force", "--json")
    assert json.loads(forced.out)["images"] == 2
    assert len(data_of(tmp_path / "dogs.html")["images"]["id"]) == 2


def test_missing_images_are_gray_and_counted(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "few").mkdir()
    name = DOCUMENT["images"][1]["file_name"]
    (tmp_path / "few" / name).write_bytes((IMAGES / name).read_bytes())
    done = cli(
        *("browse", SAMPLE, "--first", "3", "--images", "few", "-o", "page.html", "--json"),
        *("--loader", "yolox"),
    )
    fields = json.loads(done.out)
    assert (fields["missing"], fields["output"]) == (2, "page.html")
    assert fields["notes"] == ["2 images are missing: a gray tile is shown"]
    images = data_of(tmp_path / "page.html")["images"]
    assert images["fault"] == ["missing", None, "missing"]
    assert images["link"] == [None, f"few/{name}", None]
    codes = {f["code"]: f["images"] for f in data_of(tmp_path / "page.html")["findings"]}
    assert codes["image-file-missing"] == [0, 2]


def test_results_from_standard_input(cli: Cli, tmp_path: Path) -> None:
    arguments = ("browse", SAMPLE, "--first", "2", "--loader", "yolox", "--against", "-")
    done = cli(*arguments, "-o", "page.html", "--json", stdin=RESULTS.read_bytes())
    assert done.code == 0, done.err
    assert json.loads(done.out)["detections"] > 0


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ((RESULTS, "-o", "p.html"), "a results file lists no images"),
        ((SAMPLE, "--images", "none", "-o", "p.html"), "no such folder of images"),
        ((SAMPLE, "--against", SAMPLE, "-o", "p.html"), "not a results file"),
        ((SAMPLE, "--against", "none.json", "-o", "p.html"), "none.json"),
        ((SAMPLE, "-o", "-"), "it needs a path"),
        ((SAMPLE, "-o", SAMPLE, "--force"), "the output is the source itself"),
        ((SAMPLE, "-o", "none/p.html"), "cannot write"),
        ((SAMPLE, "--loader", "yolo", "-o", "p.html"), "no loader is called"),
    ],
)
def test_what_cannot_be_done_leaves_no_page(
    cli: Cli, tmp_path: Path, arguments: tuple[Any, ...], what: str
) -> None:
    done = cli("browse", *arguments)
    assert done.code in (2, 3)
    assert what in done.err
    assert not list(tmp_path.iterdir())


def test_without_an_output_the_page_is_named_after_the_steps(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "some.json").write_bytes(SAMPLE.read_bytes())
    done = cli("browse", "some.json", "--first", "2", "--loader", "yolox", "-q")
    assert (done.out, done.err.count("missing")) == ("some_first2.html\n", 1)
    assert cli("browse", "some.json", "--loader", "yolox", "-q").out == "some.html\n"


def test_pictures_are_in_the_order_of_images(cli: Cli, tmp_path: Path) -> None:
    document = {
        "images": [{"id": n, "file_name": f"{n}.png", "width": 8, "height": 8} for n in range(300)],
        "annotations": [],
        "categories": [],
    }
    (tmp_path / "images").mkdir()
    for n in range(300):
        if n != 7:
            Image.new("L", (8, 8), n % 250).save(tmp_path / "images" / f"{n}.png")
    (tmp_path / "a.json").write_text(json.dumps(document))
    assert cli("browse", "a.json", "--loader", "yolox", "-o", "p.html").code == 0
    blocks = (tmp_path / "p.html").read_text().split('<script type="text/plain">')[1:]
    lines = [line for block in blocks for line in block.partition("</script>")[0].split("\n")]
    assert len(lines) == 300
    assert lines[7] == ""
    for n in (0, 6, 8, 249, 251, 299):
        with Image.open(io.BytesIO(base64.b64decode(lines[n]))) as image:
            assert abs(image.convert("L").getpixel((4, 4)) - n % 250) <= 8
