"""``lint``: each fault is found by its own code, real files have no errors, and what is plain is
plain."""

from __future__ import annotations

import contextlib
import copy
import io
import json
import os
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from conftest import ROOT, SAMPLE, THOROUGH, Cli, examples, wild_files
from hypothesis import given
from hypothesis import strategies as st
from odd_documents import changed_usual, documents
from PIL import Image

from cocosurgeon.errors import CocosurgeonError, RequestError, UnknownNameError
from cocosurgeon.findings.codes import CODES
from cocosurgeon.lint.annotation_file import AnnotationFile
from cocosurgeon.lint.check import Check, all_checks
from cocosurgeon.lint.effects import correct_for, effects_of, example_of
from cocosurgeon.lint.example import correct
from cocosurgeon.lint.page import page_of
from cocosurgeon.lint.report import LintReport
from cocosurgeon.lint.run import Choice, lint, lint_codes, lint_pair
from cocosurgeon.loaders import load

Put = Callable[..., Path]
IMAGES = ROOT / "sample_data/sample2017"
NOT_BY_VALUE = {"key-duplicated", "record-key-duplicated", "images-empty"}
"""Codes whose example is no parsed document."""
CHECKS = {
    f"{each.code}-{n}": each for n, each in enumerate(all_checks()) if each.code not in NOT_BY_VALUE
}


def report_of(document: Any, loaders: Any = None, **how: Any) -> LintReport:
    with TemporaryDirectory() as folder:
        path = Path(folder, "in.json")
        text = document if isinstance(document, str) else json.dumps(document)
        path.write_text(text)
        return lint(path, loaders=loaders, **how)


def loaders_for(check: Check) -> list[str] | None:
    """The usual loaders; for a check that is made only for others one of them."""
    return [effects_of(check.code)[-1].loader] if check.is_for_hurt else None


def codes(report: LintReport, *severities: str) -> set[str]:
    return {
        tally.code
        for tally in report.tallies.values()
        if tally.severity in severities or not severities
    }


# ---- each check


def test_a_correct_file_has_nothing_but_empty_images() -> None:
    assert codes(report_of(correct())) == {"images-empty"}


@pytest.mark.parametrize("name", CHECKS)
def test_a_fault_is_named_by_its_code_and_no_other_error(name: str) -> None:
    check = CHECKS[name]
    loaders = loaders_for(check)
    before = report_of(correct_for(check), loaders)
    assert check.code not in before.tallies
    assert not codes(before, "error")
    after = report_of(example_of(check), loaders)
    assert check.code in after.tallies
    assert codes(after, "error") <= {check.code}


@pytest.mark.parametrize("name", CHECKS)
def test_with_each_loader_it_is_an_error_where_that_is_hurt(name: str) -> None:
    check = CHECKS[name]
    if not check.is_judged:
        return
    hurt = {effect.loader for effect in effects_of(check.code)}
    for loader in ("yolox", "detr", "torchvision", "mmdet3", "rtdetr", "rfdetr", "ultralytics"):
        tally = report_of(example_of(check), [loader]).tallies.get(check.code)
        assert (tally is not None and tally.severity == "error") == (loader in hurt), loader
        assert tally is not None or check.is_for_hurt


def test_categories_that_are_not_those_of_coco() -> None:
    document = correct()
    assert not codes(report_of(document, ["ultralytics"]), "error")
    for loader in ("rtdetr", "dfine", "deim"):
        assert codes(report_of(document, [loader]), "error") == {"category-names-foreign"}
    document["categories"].append({"id": 12, "name": "emu"})
    assert codes(report_of(document, ["ultralytics"]), "error") == set()
    document["annotations"][0]["category_id"] = 12
    assert codes(report_of(document, ["ultralytics"]), "error") == {"category-ids-foreign"}
    assert "category-ids-foreign" in codes(report_of(document, ["rtdetr"]), "error")
    assert not codes(report_of(document, ["yolox", "detr"]), "error")
    document["categories"][2]["id"] = 0
    document["annotations"][2]["category_id"] = 0
    assert "category-id-zero" in codes(report_of(document, ["rtdetr"]), "error")


@pytest.mark.parametrize(
    ("bbox", "is_found"),
    [
        ([-30, 10, 40, 20], True),
        ([-5, 10, 20, 20], False),
        ([-11, 10, 20, 20], False),
        ([10, 72, 20, 20], True),
        ([-5, 10, 110, 20], True),
    ],
    ids=str,
)
def test_boxes_by_which_ultralytics_loses_an_image(bbox: list[int], is_found: bool) -> None:
    document = correct()
    document["annotations"][0]["bbox"] = bbox
    report = report_of(document, ["ultralytics"])
    assert codes(report, "error") == ({"box-center-outside"} if is_found else set())
    lost = len(load("ultralytics", document).samples) < 3
    assert lost == is_found
    assert "box-center-outside" not in report_of(document).tallies


def test_boxes_that_overflow_are_judged_without_a_warning() -> None:
    document = correct()
    for annotation in document["annotations"]:
        annotation["bbox"] = [1e308, 1e308, 1.7e308, 1.7e308]
    assert "box-outside" in codes(report_of(document))
    for key in ("width", "height"):
        document["images"][0][key] = 10**400
    document["annotations"][0] |= {"bbox": [0, 0, 5, 5], "segmentation": [[10**400, 0, 1, 1, 2, 2]]}
    assert "polygon-unusable" in codes(report_of(document))


def test_names_with_a_folder_images() -> None:
    document = correct()
    document["images"][1]["file_name"] = "a/images/b.jpg"
    [finding] = report_of(document, ["ultralytics"]).tallies["file-name-images"].findings
    assert finding.message == "'a/images/b.jpg'"
    assert "file-name-images" not in report_of(document).tallies


def test_keys_twice() -> None:
    text = json.dumps(correct())
    twice = text.replace('"info"', '"categories": [], "info"', 1)
    assert codes(report_of(twice), "error", "warning") == {"key-duplicated"}
    twice = text.replace('"area": 400,', '"area": 400, "area": 400,', 1)
    report = report_of(twice)
    assert codes(report, "error", "warning") == {"record-key-duplicated"}
    [finding] = report.tallies["record-key-duplicated"].findings
    assert finding.message == "'area' twice"
    apart = text.replace('"area": 400,', '"area" : 400, "area": 400,', 1)
    assert codes(report_of(apart), "error", "warning") == {"record-key-duplicated"}
    nested = text.replace('"bird", ', '"bird", "x": {"a\\": ": 1, "b": [{"c": 1, "c": 2}]}, ', 1)
    assert "record-key-duplicated" not in report_of(nested).tallies  # of a category
    text = text.replace('"iscrowd": 0, ', '"iscrowd": 0, "x": {"b": [{"c": 1, "c": 2}]}, ', 1)
    assert codes(report_of(text), "error", "warning") == {"record-key-duplicated"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"category_id": "1"}, "category_id is '1', the list has 1"),
        ({"image_id": 9}, "image_id 9 is not in the list"),
        ({"bbox": [1, 2, 3]}, "bbox [1, 2, 3]"),
        ({"bbox": [90, 10, 20, 20]}, "bbox [90, 10, 20, 20], 10.00 px over the edge of 100 x 80"),
        ({"iscrowd": "0"}, "iscrowd is text: COCOeval ignores the object, or raises ValueError"),
        ({"area": 0}, "area is 0"),
        ({"iscrowd": 2}, "iscrowd is 2"),
    ],
    ids=str,
)
def test_messages(change: dict[str, Any], message: str) -> None:
    document = correct()
    document["annotations"][1].update(change)
    report = report_of(document)
    [finding] = [f for t in report.tallies.values() for f in t.findings if f.message == message]
    assert finding.record is not None
    assert (finding.record.list, finding.record.id) == ("annotations", 2)
    text = json.dumps(document)
    assert finding.record.byte is not None
    assert text[finding.record.byte :].startswith('{"id": 2,')


def scored(document: Any) -> float | str:
    """What the real COCOeval gives for perfect detections, or raises."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    keys = ("image_id", "category_id", "bbox")
    annotations = document.get("annotations", [])
    found = [{k: a[k] for k in keys} | {"score": 1} for a in annotations if set(keys) <= set(a)]
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            truth = COCO()
            truth.dataset = copy.deepcopy(document)
            truth.createIndex()
            evaluation = COCOeval(truth, truth.loadRes(found), "bbox")
            evaluation.evaluate()
            evaluation.accumulate()
            evaluation.summarize()
        except Exception as error:
            return type(error).__name__
    return round(float(evaluation.stats[0]), 2)


@pytest.mark.parametrize("name", CHECKS)
def test_where_the_real_evaluation_raises_it_is_an_error(name: str) -> None:
    check = CHECKS[name]
    if isinstance(scored(correct_for(check)), str):
        return  # panoptic
    outcome = scored(example_of(check))
    if isinstance(outcome, str):
        assert (
            report_of(example_of(check), loaders_for(check)).tallies[check.code].severity == "error"
        ), outcome
    said = check.further.get("pycocotools", "")
    if "raises" in said and "keypoints" not in said:
        assert isinstance(outcome, str)
        assert outcome in said or "another error" in said


def test_images_are_empty_by_three_meanings() -> None:
    document = correct()
    document["annotations"][2].update(category_id=9)
    document["annotations"][3].update(category_id=9)
    document["annotations"][0].update(iscrowd=1)
    document["annotations"][1].update(bbox=[50, 20, 0.5, 40])
    report = report_of(document)
    [raw] = report.tallies["images-empty"].findings
    assert raw.message == "1 of 3 images; 2 have none of a listed category"
    [effective] = report.tallies["images-ineffective"].findings
    assert effective.message == "2 images, by the rules of mmdet3"


# ---- generated files


def grown(rng: random.Random, count: int) -> Any:
    """The correct file with further plain records before its own."""
    document = correct()
    images, annotations = [], []
    for n in range(count):
        w, h = rng.randint(20, 900), rng.randint(20, 900)
        images.append({"id": 1000 + n, "file_name": f"x/{n}.png", "width": w, "height": h})
        for k in range(rng.randint(1, 3)):
            bw, bh = rng.randint(2, w - 1), rng.randint(2, h - 1)
            x, y = rng.randint(0, w - bw), rng.randint(0, h - bh)
            annotations.append(
                {
                    "id": 1000 + 10 * n + k,
                    "image_id": 1000 + n,
                    "category_id": rng.choice((1, 2, 3)),
                    "bbox": [x, y, bw, bh],
                    "area": bw * bh,
                    "iscrowd": 0,
                    "segmentation": [[x, y, x + bw, y, x + bw, y + bh, x, y + bh]],
                }
            )
    document["images"][:0] = images
    document["annotations"] += annotations
    return document


# Its example is of images of one size.
GROWING = sorted(name for name, each in CHECKS.items() if each.code != "boxes-normalized")


@given(st.sampled_from(GROWING), st.randoms(use_true_random=False), st.integers(0, 30))
@examples(150)
def test_a_fault_in_a_generated_file_is_found(name: str, rng: random.Random, count: int) -> None:
    check = CHECKS[name]
    document = grown(rng, count)
    assert not codes(report_of(document), "error", "warning") - {"annotation-copied"}
    if check.code == "image-repeated":
        document["images"][:count] = []
        document["annotations"][4:] = []
    check.base(document)
    check.example(document)
    assert check.code in report_of(document, loaders_for(check)).tallies


def require_plain_is_plain(document: Any) -> None:
    """Fail where records that count as plain have findings."""
    try:
        quick = report_of(document, keep=None)
    except CocosurgeonError:
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AnnotationFile, "odd_rows", lambda file, key: np.arange(file.count(key)))
        slow = report_of(document, keep=None)
    assert slow.fields() == quick.fields() | {"file": slow.file}


@given(documents())
@examples(150)
def test_what_is_plain_has_no_findings(document: Any) -> None:
    require_plain_is_plain(document)


def test_what_is_plain_has_no_findings_either() -> None:
    for document in changed_usual()[:: 1 if THOROUGH else 9]:
        require_plain_is_plain(document)
    for check in CHECKS.values():
        require_plain_is_plain(example_of(check))
    odd: dict[str, list[Any]] = {
        "file_name": [
            "a b.jpg",
            "C:\\x.jpg",
            "d:/x.jpg",
            "x",
            "é.jpg",
            "a//b.jpg",
            ".jpg",
            "a.jpg ",
        ],
        "width": [1, 0.5, 100.0, True, 10**30],
        "id": [0, -1, 2**53],
    }
    for key, values in odd.items():
        for value in values:
            document = correct()
            document["images"][2][key] = value
            require_plain_is_plain(document)
    for bbox in ([0, 0, 100, 80], [0, 0, 1, 1], [0, 0, 100.4, 80], [99.5, 1, 0.5, 1]):
        document = correct()
        document["annotations"][0]["bbox"] = bbox
        require_plain_is_plain(document)


# ---- real files


def test_the_sample_data_have_no_error() -> None:
    assert not codes(lint(SAMPLE), "error")


@pytest.mark.parametrize("path", wild_files(), ids=lambda path: path.stem)
def test_wild_files(path: Path) -> None:
    try:
        report = lint(path, keep=None)
    except CocosurgeonError as error:
        assert error.hint
        return
    json.dumps(report.fields(), default=str)
    assert report.lines()
    if path.stem in ("coco_mini_val", "coco_val2014_100", "coco_mini_val_keypoints"):
        assert not codes(report, "error")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("duplicate-ids/per_image.json", "annotation-repeated"),
        ("unlisted/gt.json", "category-unlisted"),
        ("string-category/gt.json", "category-id-type"),
        ("no-info/gt.json", "info-missing"),
        ("no-ann-id/gt.json", "annotation-id-missing"),
    ],
)
def test_cases(name: str, expected: str) -> None:
    path = ROOT.parent / "shared/cases" / name
    if not path.is_file():
        pytest.skip("the folder of cases is not at hand")
    assert expected in lint(path).tallies


# ---- images


def drawn(path: Path, size: tuple[int, int] = (100, 80), color: int = 0, **how: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (color, 9, 9)).save(path, **how)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The three images of the correct file."""
    for color, name in enumerate("abc"):
        drawn(tmp_path / "images" / f"{name}.jpg", color=80 * color)
    return tmp_path / "images"


def on_disk(folder: Path, document: Any = None) -> dict[str, list[str]]:
    report = report_of(correct() if document is None else document, images=folder)
    assert all(CODES[code].group for code in report.tallies)
    return {
        code: [finding.message for finding in tally.findings]
        for code, tally in report.tallies.items()
        if code.startswith("image-file-")
    }


def test_images_that_are_as_the_file_says(folder: Path) -> None:
    assert on_disk(folder) == {}


def test_a_missing_image(folder: Path) -> None:
    (folder / "a.jpg").rename(folder / "A.JPG")
    assert on_disk(folder) == {"image-file-missing": ["'a.jpg': no such file; there is 'A.JPG'"]}


def test_sizes_and_exif(folder: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    drawn(folder / "b.jpg", (80, 100), exif=exif)
    drawn(folder / "c.jpg", (50, 40), 9)
    assert on_disk(folder) == {
        "image-file-size": [
            "'b.jpg': 80 x 100 pixels, the record says 100 x 80: turned by EXIF (orientation 6)",
            "'c.jpg': 50 x 40 pixels, the record says 100 x 80",
        ]
    }


def test_broken_images(folder: Path) -> None:
    whole = (folder / "a.jpg").read_bytes()
    (folder / "a.jpg").write_bytes(whole[:-20])
    (folder / "b.jpg").write_text("<html>not found</html>")
    (folder / "c.jpg").write_bytes(b"")
    assert on_disk(folder) == {
        "image-file-truncated": [f"'a.jpg': JPEG without its end, {len(whole) - 20} bytes"],
        "image-file-unreadable": [
            "'b.jpg': no image that Pillow knows",
            "'c.jpg': an empty file",
        ],
    }


def test_copies_and_case(folder: Path) -> None:
    shutil.copy(folder / "a.jpg", folder / "c.jpg")
    drawn(folder / "X.png")
    drawn(folder / "x.png")
    found = on_disk(folder)
    assert found["image-file-copied"] == ["'c.jpg' is 'a.jpg'"]
    assert found.get("image-file-case", ["'X.png' and 'x.png'"]) == ["'X.png' and 'x.png'"]


def test_many_images_are_read_in_processes(tmp_path: Path) -> None:
    drawn(tmp_path / "images" / "a.jpg")
    document = correct()
    document["images"] = [{**document["images"][0], "id": n} for n in range(1, 2500)]
    document["images"][7] = {**document["images"][7], "width": 5}
    assert list(on_disk(tmp_path / "images", document)) == ["image-file-size"]


def test_what_is_no_fault(folder: Path) -> None:
    with (folder / "a.jpg").open("ab") as file:
        file.write(b"a video" * 2000)  # as phones append them
    Image.new("1", (20000, 20000)).save(folder / "large.png")
    document = correct()
    document["images"].append({"id": 4, "file_name": "large.png", "width": 20000, "height": 20000})
    assert on_disk(folder, document) == {}


def test_names_that_no_file_has(folder: Path) -> None:
    os.mkfifo(folder / "pipe.jpg")
    (folder / "d.jpg").mkdir()
    (folder / "gone.jpg").symlink_to("nowhere")
    document = correct()
    names = ("pipe.jpg", "d.jpg", "gone.jpg", "a\0.jpg", "\ud800.jpg")
    for number, name in enumerate(names, 4):
        document["images"].append({"id": number, "file_name": name, "width": 9, "height": 9})
    found = on_disk(folder, document)
    assert len(found["image-file-unreadable"]) == 2
    assert len(found["image-file-missing"]) == 3
    assert "there is" not in "".join(found["image-file-missing"])


# ---- two files


def pair(one: Any, other: Any, put: Put, images: Path | None = None) -> dict[str, list[str]]:
    report = lint_pair(put(one, "train.json"), put(other, "val.json"), images=images)
    return {c: [f.message for f in t.findings] for c, t in report.tallies.items()}


def renumbered(document: Any) -> Any:
    """The document as of other images."""
    changed = copy.deepcopy(document)
    for each in changed["images"]:
        each.update(id=each["id"] + 100, file_name=f"v/{each['file_name']}")
    for each in changed["annotations"]:
        each.update(id=each["id"] + 100, image_id=each["image_id"] + 100)
    return changed


def test_two_files_that_have_nothing_in_common(put: Put) -> None:
    assert pair(correct(), renumbered(correct()), put) == {}


def test_two_files_with_other_categories(put: Put) -> None:
    other = renumbered(correct())
    other["categories"].reverse()
    assert pair(correct(), other, put) == {
        "split-categories": ["another order: place 0 is 'cat' in the first, 'bird' in the second"]
    }
    other["categories"][0].update(id=7)
    other["categories"][1].update(name="Dog")
    [text] = pair(correct(), other, put)["split-categories"]
    assert text.split("; ") == [
        "only the first has 'dog'",
        "'bird' is 3 in the first, 7 in the second",
        "only the second has 'Dog'",
    ]


def test_two_files_that_share_images(put: Put, folder: Path) -> None:
    other = renumbered(correct())
    other["images"][0].update(id=2, file_name="c.jpg")
    other["annotations"][0].update(id=3)
    assert pair(correct(), other, put) == {
        "split-image-id": ["1 image id: 2"],
        "split-file-name": ["1 file_name: 'c.jpg'"],
        "split-annotation-id": ["1 annotation id: 3"],
    }
    (folder / "v").mkdir()
    shutil.copy(folder / "a.jpg", folder / "v/a.jpg")
    drawn(folder / "v/b.jpg", color=44)
    drawn(folder / "v/c.jpg", color=45)
    assert pair(correct(), renumbered(correct()), put, folder) == {
        "split-content": ["'a.jpg' is 'v/a.jpg'"]
    }


# ---- the command


def test_exit_codes_and_the_table(cli: Cli, put: Put) -> None:
    document = correct()
    path = put(document)
    ended = cli("lint", path)
    assert (ended.code, ended.out.splitlines()[0].split()) == (
        0,
        ["code", "severity", "count", "known", "affects"],
    )
    document["categories"][2]["name"] = "bird "
    put(document)
    assert cli("lint", path).code == 0
    assert cli("lint", path, "--strict").code == 1
    document["annotations"][0]["bbox"] = [200, 10, 20, 20]
    put(document)
    ended = cli("lint", path)
    assert ended.code == 1
    assert "error: box-outside: a box is wholly outside of its image (1)" in ended.out
    assert "bbox [200.00, 10.00, 20.00, 20.00], the image is 100 x 80" in ended.out
    assert cli("lint", path, "--ignore", "boxes", "--ignore", "masks").code == 0
    assert cli("lint", path, "--select", "images").code == 0
    assert cli("lint", path, "--loader", "torchvision").code == 0


def test_json_and_a_baseline(cli: Cli, put: Put, tmp_path: Path) -> None:
    document = correct()
    for row in range(3):
        document["annotations"][row].update(iscrowd=None)
    path = put(document)
    ended = cli("lint", path, "--json")
    report = json.loads(ended.out)
    [found] = [f for f in report["findings"] if f["code"] == "iscrowd-unusable"]
    assert (ended.code, found["severity"], found["count"], len(found["records"])) == (
        1,
        "error",
        3,
        3,
    )
    assert found["effects"]["pycocotools"] == "COCOeval raises TypeError for null"
    (tmp_path / "known.json").write_text(ended.out)
    again = cli("lint", path, "--baseline", "known.json")
    assert again.code == 0
    assert "known" in again.out.splitlines()[-1]
    document["annotations"][3].update(iscrowd=None)
    put(document)
    again = cli("lint", path, "--baseline", "known.json")
    assert again.code == 1
    assert "whose" not in again.err
    assert "iscrowd-unusable  error         4      3" in again.out
    assert cli("lint", path, "--baseline", path).code == 3


def test_a_baseline_counts_records_without_an_id(cli: Cli, put: Put, tmp_path: Path) -> None:
    document = correct()
    del document["annotations"][0]["id"]
    (tmp_path / "known.json").write_text(cli("lint", put(document), "--json").out)
    assert cli("lint", put(document), "--baseline", "known.json").code == 0
    del document["annotations"][1]["id"]
    assert cli("lint", put(document), "--baseline", "known.json").code == 1


def test_all_of_one_code(cli: Cli, put: Put) -> None:
    document = grown(random.Random(1), 20)
    for each in document["annotations"]:
        del each["area"]
    path = put(document)
    count = len(document["annotations"])
    short, long = cli("lint", path), cli("lint", path, "--code", "area-missing")
    assert short.out.count("no 'area'") == 5
    assert f"... {count - 5} more (--code area-missing)" in short.out
    assert long.out.count("no 'area'") == count
    assert cli("lint", path, "--code", "area-missing", "--select", "boxes").code == 2


def test_for_github(cli: Cli, put: Put) -> None:
    document = correct()
    document["annotations"][0]["id"] = 0
    path = put(document)
    ended = cli("lint", path, "--format", "github")
    assert ended.code == 1
    [line] = [line for line in ended.out.splitlines() if line.startswith("::error")]
    assert line.startswith(
        f"::error file={path},title=annotation-id-zero::an annotation has the id 0"
    )


def test_refused(cli: Cli, put: Put) -> None:
    path = put(correct())
    ended = cli("lint", path, "--select", "boxs")
    assert (ended.code, "did you mean 'boxes'" in ended.err) == (2, True)
    assert cli("lint", put([{"image_id": 1, "category_id": 1}], "dt.json")).code == 2
    assert cli("lint", path, "--loader", "mmdet4").code == 2
    assert cli("lint", path, "--images", "no/such/folder").code == 2
    assert "did you mean 'box-outside'" in cli("lint", "--explain", "box-outsid").err
    assert "/docs/findings.md lists all codes" in cli("lint", "--explain", "foo").err
    assert cli("lint", path, "--format", "xml").code == 2
    assert cli("lint", path, "--code", "image-file-missing").code == 2
    assert cli("lint", path, "--select", "split").code == 2
    with pytest.raises(UnknownNameError):
        Choice(("nothing",))
    with pytest.raises(RequestError):
        lint(put([{"image_id": 1}], "dt.json"))


def test_the_page_of_a_code(cli: Cli) -> None:
    ended = cli("lint", "--explain", "box-outside")
    assert ended.code == 0
    assert ended.out.rstrip("\n") == page_of("box-outside").rstrip("\n")
    assert "| mmdet3 | loses 1 object |" in ended.out


def test_effects_in_a_report_have_no_numbers_of_the_example() -> None:
    for code in lint_codes():
        for effect in effects_of(code):
            assert not re.search(r"(loses|gives) \d", effect.what), code
    numbers = {effect.loader: effect.in_example for effect in effects_of("annotations-empty")}
    assert numbers["mmdet2"] == "loses 2 images"


def test_every_code_has_a_page_that_says_what_to_do() -> None:
    lint_codes()
    for code in CODES:
        page = page_of(code)
        assert page.startswith(f"# {code}\n")
        assert "What to do: " in page


def test_several_files(cli: Cli, put: Put, tmp_path: Path) -> None:
    one, two = put(correct(), "train.json"), put(renumbered(correct()), "val.json")
    ended = cli("lint", one, two, "--json")
    assert ended.code == 0
    files = json.loads(ended.out)["files"]
    assert [each["file"] for each in files] == [str(one), str(two), f"{one} and {two}"]
    other = renumbered(correct())
    other["categories"].reverse()
    put(other, "val.json")
    ended = cli("lint", one, two, "--json")
    assert ended.code == 1
    (tmp_path / "known.json").write_text(ended.out)
    assert cli("lint", one, two, "--baseline", "known.json").code == 0
    assert cli("lint", one, two, "--ignore", "split").code == 0
    assert cli("lint", one, two, one).code == 0
    assert cli("lint", one, two, "--select", "split").code == 1
