"""``fix``: what lint finds is gone afterwards, and nothing else is changed."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from conftest import SAMPLE, Cli, examples, wild_files
from hypothesis import given
from hypothesis import strategies as st
from naive_repair import repaired as naively_repaired
from PIL import Image

from cocosurgeon import Plan, read
from cocosurgeon.annfile import kernel
from cocosurgeon.annfile.edit import edited_record
from cocosurgeon.checks.verified import expectation_of
from cocosurgeon.config import ann_file
from cocosurgeon.errors import CocosurgeonError, RequestError
from cocosurgeon.findings.finding import is_failure
from cocosurgeon.lint.check import check_of
from cocosurgeon.lint.effects import correct_for, example_of
from cocosurgeon.lint.example import correct
from cocosurgeon.lint.fix import fix
from cocosurgeon.lint.on_disk import ON_DISK_REPAIRS
from cocosurgeon.lint.repairable import repairable, repairs
from cocosurgeon.lint.run import lint
from cocosurgeon.steps.recipe import RecipeEffect
from cocosurgeon.verify.read_again import read_again
from cocosurgeon.verify.repairs import RULES, repaired
from cocosurgeon.verify.verification import verify_copy

Put = Callable[..., Path]
OF_FILE = [code for code in repairs() if code not in ON_DISK_REPAIRS]
DROPS_ONLY = {
    *("annotation-copied", "annotation-imageless", "annotation-orphaned", "category-unlisted"),
    *("box-outside", "image-file-missing"),
}


def fixed(text: str | bytes, *codes: str) -> bytes:
    """Return the text that repairs make, after verify has compared it with the source."""
    with TemporaryDirectory() as folder:
        path, out = Path(folder, "in.json"), Path(folder, "out.json")
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        result = fix(read(path), codes)
        made = b"".join(result.text())
        out.write_bytes(made)
        assert not findings(path, out, result)
        return made


def findings(path: Path, out: Path, result: Any) -> Any:
    expectation = expectation_of(RecipeEffect.of(result))
    source = repaired(read_again(path), expectation.repairs)
    return verify_copy(read_again(out), source, expectation).findings


def fixed_document(document: Any, *codes: str) -> Any:
    return json.loads(fixed(json.dumps(document), *codes))


def codes_of(path: Path) -> set[str]:
    return set(lint(path).tallies)


# ---- each repair


@pytest.mark.parametrize("code", OF_FILE)
def test_what_a_check_finds_is_gone(code: str, put: Put, cli: Cli, tmp_path: Path) -> None:
    check = check_of(code)
    assert check is not None
    path, out, recipe = put(example_of(check)), tmp_path / "out.json", "r.json"
    assert code in codes_of(path)
    done = cli("fix", path, "--select", code, "-o", out, "--recipe", recipe)
    assert (done.code, f"cocosurgeon: {code}: " in done.err) == (0, True)
    after = codes_of(out)
    assert code not in after
    assert after <= codes_of(path) | codes_of(put(correct_for(check), "right.json"))
    assert cli("verify", out, "--source", path, "--recipe", recipe, "--loader", "none").code == 0


def test_each_repair_has_a_rule_in_verify() -> None:
    assert set(RULES) - {"--strip-folder", "--prefix"} == set(repairs()) - DROPS_ONLY


def test_a_file_without_faults_is_the_same() -> None:
    text = SAMPLE.read_bytes()
    assert fixed(text, "safe") == text
    text = json.dumps(correct()).encode()
    assert fixed(text, *OF_FILE) == text


@pytest.mark.parametrize("path", wild_files(), ids=lambda path: path.stem)
def test_wild_files(path: Path, tmp_path: Path) -> None:
    try:
        dataset = read(path)
        result = fix(dataset, OF_FILE)
    except CocosurgeonError:
        return
    out = tmp_path / "out.json"
    out.write_bytes(b"".join(result.text()))
    assert not findings(path, out, result)
    again = fix(read(out), OF_FILE)
    assert not again.rewritings, "nothing is left that can be repaired"


# ---- against a naive repair of parsed JSON

POLYGON = [[10, 10, 30.5, 10, 30.5, 40, 10, 40]]
RLE = {"size": [80, 100], "counts": [810, 400, 6790]}
IDS = st.sampled_from([1, 2, 3, 1.0, 2.0, "1", "2", "3", "a", 0, None, 9, "7"])
USED = IDS.filter(lambda i: i is not None)
VALUES: dict[str, list[Any]] = {
    "bbox": [
        *([10, 10, 20.5, 30], [-0.4, 10.3, 20, 20], [95.3, 70.1, 20, 20], [10, 10, 0, 20]),
        *([-0.1, 0, 100.1, 80], [-5, 0, 105.0, 80], None, [], [1, 2]),
        *([110, 10, 20, 20], [40, 10, -20, 20], [10, 10, math.nan, 20], [0.1, 0.2, 99.95, 3]),
    ],
    "area": [615.0, 400, 9999, None, "3", "3.5", "x", 0, -5, math.nan],
    "iscrowd": [0, 1, None, "0", "1", "1.0", "x", ""],
    "segmentation": [POLYGON, RLE, [[1, 2, 3, 4]]],
}


@st.composite
def faulty(draw: st.DrawFn) -> Any:
    """A document with any faults that there are repairs for."""
    names = draw(st.lists(st.sampled_from(["a.jpg", "b\\c.jpg", "é/d.jpg"]), max_size=3))
    images = [
        {
            "id": draw(IDS.filter(lambda i: i is not None)),
            "file_name": n,
            "width": 100,
            "height": 80,
        }
        for n in names
    ]
    annotations: list[Any] = []
    for _ in range(draw(st.integers(0, 6))):
        record: dict[str, Any] = {"id": draw(IDS), "image_id": draw(IDS), "category_id": draw(IDS)}
        for key, values in VALUES.items():
            if draw(st.integers(0, 3)):
                record[key] = draw(st.sampled_from(values))
        for key in draw(st.lists(st.sampled_from(list(record)), max_size=2)):
            record.pop(key, None)
        annotations.append(record)
    has_copy = draw(st.booleans())
    if annotations and has_copy:
        annotations.append({**annotations[0], "id": 77})
    cat_ids = draw(st.lists(USED, max_size=3))
    return {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": i, "name": str(n)} for n, i in enumerate(cat_ids)],
    }


STYLES = [{}, {"indent": 1}, {"separators": (",", ":")}, {"ensure_ascii": False}]


@given(
    faulty(), st.lists(st.sampled_from(OF_FILE), min_size=1, max_size=4), st.sampled_from(STYLES)
)
@examples(600)
def test_any_repairs_are_as_naive_ones(document: Any, codes: list[str], style: Any) -> None:
    expected = document
    for code in repairable(codes, has_images=False):
        expected = naively_repaired(expected, code)
    made = json.loads(fixed(json.dumps(document, **style), *codes))
    assert_close(made, expected)


def assert_close(made: Any, expected: Any, at: str = "") -> None:
    """Equal, with equal types; floats to rounding."""
    assert type(made) is type(expected) or {type(made), type(expected)} == {int, float}, at
    if isinstance(made, dict):
        assert made.keys() == expected.keys(), at
        for key in made:
            assert_close(made[key], expected[key], f"{at}.{key}")
    elif isinstance(made, list):
        assert len(made) == len(expected), at
        for n, (a, b) in enumerate(zip(made, expected, strict=True)):
            assert_close(a, b, f"{at}[{n}]")
    elif isinstance(made, float) and isinstance(expected, (int, float)):
        assert made == pytest.approx(expected, rel=1e-9, nan_ok=True), at
    else:
        assert made == expected, at


# ---- text


@pytest.mark.parametrize(
    ("record", "values", "expected"),
    [
        ('{"a": 1}', {("b",): 0}, '{"a": 1, "b": 0}'),
        ('{"a":1}', {("b",): [1, 2.5]}, '{"a":1,"b":[1,2.5]}'),
        ('{ "a" : 1 }', {("b",): 0}, '{ "a" : 1, "b" : 0 }'),
        ('{\n  "a": 1\n}', {("b",): 0}, '{\n  "a": 1,\n  "b": 0\n}'),
        ("{}", {("b",): 0}, '{"b": 0}'),
        ('{"a": "\\"b\\": ", "b": 1}', {("b",): 2}, '{"a": "\\"b\\": ", "b": 2}'),
        ('{"a": {"b": 1}, "b": 1}', {("b",): 2}, '{"a": {"b": 1}, "b": 2}'),
        ('{"a": [1, 2 ,3]}', {("a", 1): 5}, '{"a": [1, 5 ,3]}'),
        ('{"s": [{"c": "1"}, {"c":"2"}]}', {("s", 1, "c"): 2}, '{"s": [{"c": "1"}, {"c":2}]}'),
        ('{"a": "é"}', {("a",): "è"}, '{"a": "è"}'),
        ('{"a": "\\u00e9"}', {("a",): "è"}, '{"a": "\\u00e8"}'),
        ('{"a": "é"}', {("a",): "\ud800"}, '{"a": "\\ud800"}'),
        ('{"b": 1, "b": 2}', {("b",): 3}, '{"b": 1, "b": 3}'),
    ],
    ids=str,
)
def test_records_are_edited_where_values_stand(
    record: str, values: dict[Any, object], expected: str
) -> None:
    assert edited_record(record.encode(), values).decode() == expected


def test_only_the_bytes_in_question_change() -> None:
    text = """{"images": [{"id": 1 , "file_name": "a\\\\b.jpg", "width":100, "height":80}],
      "annotations" : [ {"id":1,"image_id":1,"category_id":1e0,"bbox":[90.0,10,2E1,20],
        "area":400.00 , "iscrowd" :null}
      ],  "x": [1 ,2], "categories": [{"id": 1, "name": "cat"}] }\n"""
    expected = text.replace("a\\\\b", "a/b").replace("2E1", "10.0").replace(":null", ":0")
    assert fixed(text, "file-name-backslash", "box-beyond", "iscrowd-unusable") == expected.encode()


def test_without_the_kernel_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    document = json.dumps(example_of(check_of("iscrowd-missing")))  # type: ignore[arg-type]
    with_kernel = fixed(document, "iscrowd-missing")
    monkeypatch.setattr(kernel, "IS_IN_USE", False)
    assert fixed(document, "iscrowd-missing") == with_kernel


# ---- cases by hand


def with_annotations(*changes: dict[str, Any], **images: Any) -> Any:
    """The correct document, its first annotations changed; None takes a key away."""
    document = correct()
    for annotation, change in zip(document["annotations"], changes, strict=False):
        annotation.update(change)
        for key in [key for key, value in change.items() if value is ...]:
            del annotation[key]
    document["images"][0].update(images)
    return document


def test_area_is_of_the_mask_or_else_of_the_box() -> None:
    made = fixed_document(
        with_annotations(
            {"area": ...},
            {"area": ..., "segmentation": ...},
            {"area": ..., "segmentation": {"size": [80, 100], "counts": [810, 400, 6790]}},
            {"area": ..., "segmentation": [[1, 2]], "bbox": [1, 1, 0, 5]},
        ),
        "area-missing",
    )
    assert [a.get("area") for a in made["annotations"]] == [400.0, 1200, 400, None]


BOWTIE = [[0, 0, 60, 60, 60, 0, 0, 60]]
TWICE = [[0, 0, 60, 0, 60, 60, 0, 60]] * 2
HOLE = [[0, 0, 60, 0, 60, 60, 0, 60], [20, 20, 40, 20, 40, 40, 20, 40]]


def test_what_polygons_draw_counts_where_their_sum_does_not() -> None:
    """Of a polygon that crosses itself the sum is 0, of the same one twice it is double."""
    right = [{"area": 1800}, {"area": 3600}, {"area": 3600}]
    masks = [{"segmentation": mask, "bbox": [0, 0, 60, 60]} for mask in (BOWTIE, TWICE, HOLE)]
    same = with_annotations(*({**a, **b} for a, b in zip(right, masks, strict=True)))
    assert fixed_document(same, "all") == same
    made = fixed_document(with_annotations(*({**m, "area": ...} for m in masks)), "area-missing")
    areas = [a["area"] for a in made["annotations"][:3]]
    assert areas == pytest.approx([1800, 3600, 3600], rel=0.05)
    made = fixed_document(with_annotations({"area": 9000, **masks[0]}), "area-not-of-mask")
    assert made["annotations"][0]["area"] == pytest.approx(1800, rel=0.05)


def test_values_as_text_are_kept_as_numbers() -> None:
    document = with_annotations(
        {"area": "314.5"}, {"area": "1200"}, {"area": "big", "iscrowd": "1.0"}
    )
    made = fixed_document(document, "area-unusable", "iscrowd-unusable")["annotations"]
    assert [a["area"] for a in made[:3]] == [314.5, 1200, 1200]
    assert made[2]["iscrowd"] == 1


def test_what_is_not_known_stays() -> None:
    for change, code in (
        ({"area": ..., "segmentation": ..., "bbox": [0, 0, 1e200, 1e200]}, "area-missing"),
        ({"iscrowd": "maybe"}, "iscrowd-unusable"),
        ({"bbox": [1, 2]}, "box-malformed"),
        ({"bbox": ..., "segmentation": ...}, "box-missing"),
        ({"image_id": 1.5, "category_id": 1.0}, "annotation-ids-float"),
    ):
        document = with_annotations(change)
        assert fixed_document(document, code) == document


def test_ids_that_are_text_on_all_sides() -> None:
    document = correct()
    for key, name in (("images", "id"), ("categories", "id")):
        for each in document[key]:
            each[name] = f"{each[name]:03}"
    for each in document["annotations"]:
        for key in ("image_id", "category_id"):
            each[key] = f"{each[key]:03}"
    document["images"][0]["neg_category_ids"] = ["001", 2]
    document["captions"] = [{"image_id": "001", "caption": "a"}]
    made = fixed_document(document, "image-id-text", "category-id-text")
    assert [i["id"] for i in made["images"]] == [1, 2, 3]
    assert made["images"][0]["neg_category_ids"] == [1, 2]
    assert made["captions"][0]["image_id"] == 1
    assert made["annotations"] == correct()["annotations"]
    assert made["categories"] == correct()["categories"]


def test_segments_have_category_ids_too() -> None:
    document = correct()
    document["annotations"] = [
        {"image_id": 1, "file_name": "a.png", "segments_info": [{"id": 7, "category_id": "1"}]}
    ]
    made = fixed_document(document, "category-id-type", "annotation-id-missing")
    assert made["annotations"][0]["segments_info"] == [{"id": 7, "category_id": 1}]
    document["annotations"][0]["segments_info"][0]["category_id"] = 99
    assert fixed_document(document, "category-unlisted") == document


@pytest.mark.parametrize("ids", [(1, "1", 3), ("1", "2", "img_3"), ("1", "01", 3)], ids=str)
def test_all_ids_become_numbers_or_none(ids: Any) -> None:
    document = correct()
    for image, img_id in zip(document["images"], ids, strict=True):
        image["id"] = img_id
    assert fixed_document(document, "images") == document


def test_text_that_meant_another_id_is_not_joined() -> None:
    document = with_annotations({"image_id": "0001"})
    for image in document["images"]:
        image["id"] = str(image["id"])
    for annotation in document["annotations"][1:]:
        annotation["image_id"] = str(annotation["image_id"])
    assert fixed_document(document, "image-id-text") == document


def test_neighbors_in_a_video_follow() -> None:
    document = correct()
    for image in document["images"]:
        image.update(id=str(image["id"]), prev_image_id="1", next_image_id="3")
    made = fixed_document(document, "image-id-text")
    assert {(i["prev_image_id"], i["next_image_id"]) for i in made["images"]} == {(1, 3)}


def test_there_is_no_number_beyond_64_bits() -> None:
    document = with_annotations({"id": 2**63 - 1}, {"id": None})
    assert fixed_document(document, "annotation-id-missing") == document


def test_annotations_are_numbered_above_all_others() -> None:
    made = fixed_document(
        with_annotations({"id": 4}, {"id": "8"}, {"id": None}, {"id": 4}),
        *("annotation-id-missing", "annotation-repeated", "annotation-id-text"),
    )
    assert [a["id"] for a in made["annotations"]] == [4, 8, 9, 10]


def test_only_copies_of_everything_are_dropped() -> None:
    document = correct()
    first = document["annotations"][0]
    document["annotations"] += [{**first, "id": 8}, {**first, "id": 9, "area": 401}]
    made = fixed_document(document, "annotation-copied")
    assert [a["id"] for a in made["annotations"]] == [1, 2, 3, 4, 9]


def test_a_box_over_the_edge_by_rounding_is_inside_afterwards() -> None:
    document = with_annotations({"bbox": [33.3, 10, 66.70000000000002, 20]})
    [x, _, w, _] = fixed_document(document, "box-over-edge")["annotations"][0]["bbox"]
    assert x + w <= 100
    assert w == pytest.approx(66.7)


@pytest.mark.parametrize(
    ("code", "names", "expected"),
    [
        ("file-name-backslash", ("a\\b.jpg", "a/b.jpg", "c\\d.jpg"), "c/d.jpg"),
        (
            "file-name-url",
            ("http://[x/a.jpg", "https://x.org", "https://x.org/y/c.jpg?z=1"),
            "c.jpg",
        ),
    ],
)
def test_names_that_cannot_be_right_stay(code: str, names: Any, expected: str) -> None:
    document = correct()
    for image, name in zip(document["images"], names, strict=True):
        image["file_name"] = name
    made = [i["file_name"] for i in fixed_document(document, code)["images"]]
    assert made[2] == expected
    assert made[1] == names[1]


def test_a_name_that_two_images_would_have_stays() -> None:
    document = correct()
    names = ("/x/a.jpg", "/y/a.jpg", "C:\\z\\c.jpg")
    for image, name in zip(document["images"], names, strict=True):
        image["file_name"] = name
    made = fixed_document(document, "file-name-absolute")
    assert [i["file_name"] for i in made["images"]] == ["/x/a.jpg", "/y/a.jpg", "c.jpg"]


# ---- steps


def test_later_steps_see_the_repaired_file(put: Put, cli: Cli, tmp_path: Path) -> None:
    document = with_annotations({"area": ..., "image_id": "1"}, {"area": 1200})
    path, out = put(document), tmp_path / "out.json"
    how = ["--fix", "image-id-type,area-missing", "--min-area", "500", "--first", "1"]
    done = cli("subset", path, *how, "--to", "coco91", "-o", out, "--recipe", "r.json")
    assert done.code != 0  # cat, dog, bird: in COCO all of them
    done = cli("subset", path, *how, "--renumber", "-o", out, "--recipe", "r.json", "-f")
    assert done.code == 0, done.err
    made = json.loads(out.read_bytes())
    assert [a["id"] for a in made["annotations"]] == [2]
    assert "images       1 of 3 kept, 2 dropped" in done.err
    assert cli("verify", out, "--source", path, "--recipe", "r.json", "-q").code == 0
    again = cli("apply", "r.json", path, "-o", out)
    assert (again.code, "unchanged" in again.err) == (0, True)


def test_steps_before_it(put: Put, cli: Cli, tmp_path: Path) -> None:
    document = with_annotations({"id": 3, "area": ...}, {"id": 3}, {"area": ...})
    path, out = put(document), tmp_path / "out.json"
    how = ["--last", "2", "--fix", "safe", "-o", out, "--recipe", "r.json"]
    assert cli("subset", path, *how).code == 0
    made = json.loads(out.read_bytes())
    assert [(a["id"], a["area"]) for a in made["annotations"]] == [(3, 1200), (4, 600)]
    assert cli("verify", out, "--source", path, "--recipe", "r.json", "-q").code == 0
    done = cli("subset", path, "--renumber", "--fix", "safe", "-o", out, "-f")
    assert (done.code, "repair first, then change categories" in done.err) == (2, True)


def test_in_a_config(put: Put, tmp_path: Path) -> None:
    path = put(with_annotations({"iscrowd": None}))
    made = Path(ann_file(path, fix=["iscrowd-unusable"], first=1, cache=tmp_path / "c"))
    assert json.loads(made.read_bytes())["annotations"][0]["iscrowd"] == 0
    same = ann_file(path, fix="iscrowd-unusable", first=1, cache=tmp_path / "c")
    assert Path(same) == made


def test_values_that_are_wrong_are_found_by_verify(put: Put, tmp_path: Path) -> None:
    document = with_annotations({"area": ...}, {"iscrowd": ...}, {"bbox": [95, 5, 40, 30]})
    path, out = put(document), tmp_path / "out.json"
    result = fix(read(path), ("area-missing", "iscrowd-missing", "box-beyond"))
    text = b"".join(result.text()).decode()
    out.write_text(text)
    assert not findings(path, out, result)
    for right, wrong in (
        ('"area": 400.0', '"area": 400.1'),
        ('"iscrowd": 0}, {"id": 3', '"iscrowd": 1}, {"id": 3'),
        ("[95, 5, 5, 30]", "[95, 5, 6, 30]"),
        ("[95, 5, 5, 30]", "[95, 5, 40, 30]"),
        ('"id": 4', '"id": 5'),
    ):
        assert text.count(right) == 1, right
        out.write_text(text.replace(right, wrong))
        assert is_failure(findings(path, out, result), strict=False), wrong


# ---- image files


def drawn(folder: Path, name: str, size: tuple[int, int], **how: Any) -> None:
    Image.new("RGB", size).save(folder / name, **how)


def test_sizes_are_swapped_where_files_prove_it(put: Put, cli: Cli, tmp_path: Path) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    images = tmp_path / "images"
    images.mkdir()
    drawn(images, "a.jpg", (80, 100))
    drawn(images, "b.jpg", (50, 50))
    drawn(images, "c.jpg", (80, 100), exif=turned)
    path, out = put(correct()), tmp_path / "out.json"
    how = ["--select", "image-file-size", "--images", images, "-o", out, "--recipe", "r.json"]
    done = cli("fix", path, *how)
    assert "image-file-size: 1 record changed, 2 are unchanged" in done.err
    sizes = [(i["width"], i["height"]) for i in json.loads(out.read_bytes())["images"]]
    assert sizes == [(80, 100), (100, 80), (100, 80)]
    assert cli("verify", out, "--source", path, "--recipe", "r.json", "-q").code == 0


def test_images_that_are_not_there_go(put: Put, cli: Cli, tmp_path: Path) -> None:
    images = tmp_path / "images"
    images.mkdir()
    for name in ("a.jpg", "c.jpg"):
        drawn(images, name, (100, 80))
    path, out = put(correct()), tmp_path / "out.json"
    how = ["--fix", "image-file-missing", "--images", images, "-o", out]
    done = cli("subset", path, *how)
    assert "image-file-missing: 1 image and 2 annotations dropped" in done.err
    made = json.loads(out.read_bytes())
    assert [i["id"] for i in made["images"]] == [1, 3]
    assert [a["image_id"] for a in made["annotations"]] == [1, 1]
    assert "annotations  2 of 4 kept" in done.err
    document = correct()
    document["images"].append({**document["images"][0], "file_name": "gone.jpg"})
    done = cli("fix", put(document), "--images", images, "-o", out, "-f")
    assert "because not selected: image-file-missing (2)" in done.err
    done = cli("fix", put(document), "--select", "image-files", "--images", images, "-o", out, "-f")
    assert "image-file-missing: 1 image and 2 annotations dropped, 1 is unchanged" in done.err


def test_names_of_image_files(put: Put, cli: Cli, tmp_path: Path) -> None:
    document = correct()
    for image, name in zip(document["images"], ("x/a.jpg", "y\\b.jpg", "c.jpg"), strict=True):
        image["file_name"] = name
    path, out = put(document), tmp_path / "out.json"
    how = ["--strip-folder", "--prefix", "new/", "-o", out, "--recipe", "r.json"]
    for verb in ("fix", "subset"):
        done = cli(verb, path, *how, "-f")
        names = [i["file_name"] for i in json.loads(out.read_bytes())["images"]]
        assert names == ["new/a.jpg", "new/b.jpg", "new/c.jpg"]
        assert "--strip-folder: 2 names changed" in done.err
        assert cli("verify", out, "--source", path, "--recipe", "r.json", "-q").code == 0
    document["images"][2]["file_name"] = "z/a.jpg"
    done = cli("fix", put(document), "--strip-folder", "-o", out, "-f")
    assert (done.code, "'x/a.jpg' and 'z/a.jpg' would be 'a.jpg'" in done.err) == (2, True)


# ---- the verb


BOTH = ((["fix"], "--select"), (["subset"], "--fix"))


def test_the_order_of_codes_does_not_matter(put: Put, cli: Cli) -> None:
    path = put(with_annotations({"bbox": [30, 30, -5, -5], "area": ..., "segmentation": ...}))
    for (verb, how), codes in itertools.product(
        BOTH, ("area-missing,box-negative", "box-negative,area-missing")
    ):
        made = json.loads(cli(*verb, path, how, codes, "-o", "-").out)
        assert made["annotations"][0]["area"] == 25


def test_unsafe_repairs_are_asked_for(put: Put, cli: Cli, tmp_path: Path) -> None:
    document = with_annotations({"iscrowd": None}, {"bbox": [95, 10, 20, 20]}, {"image_id": 9})
    path, out = put(document), tmp_path / "out.json"
    done = cli("fix", path, "-o", out)
    assert "iscrowd-unusable: 1 record changed" in done.err
    left = "not repaired, because not selected: box-beyond (1), annotation-orphaned (1)"
    assert left in done.err
    done = cli("fix", path, "--select", "boxes", "-o", out, "-f")
    assert json.loads(out.read_bytes())["annotations"][1]["bbox"] == [95, 10, 5, 20]
    assert "iscrowd-unusable: " not in done.err
    done = cli("fix", path, "--unsafe", "-o", out, "-f")
    assert "annotation-orphaned: 1 annotation dropped" in done.err
    assert "not repaired" not in done.err
    for names in ("boxes", "safe"):
        texts = [cli(*verb, path, how, names, "-o", "-").out for verb, how in BOTH]
        assert texts[0] == texts[1] != path.read_text()


def test_json_lists_each_change(put: Put, cli: Cli, tmp_path: Path) -> None:
    document = with_annotations({"iscrowd": ...}, {"bbox": [95, 10, 20, 20]}, {"image_id": 9})
    done = cli("fix", put(document), "--unsafe", "-o", tmp_path / "out.json", "--json")
    head = {"list": "annotations"}
    assert json.loads(done.out)["changes"] == [
        {"code": "box-beyond", **head, "id": 2, "key": "bbox[2]", "before": 20, "after": 5},
        {"code": "annotation-orphaned", **head, "id": 3, "dropped": True},
        {"code": "iscrowd-missing", **head, "id": 1, "key": "iscrowd", "after": 0},
    ]


def test_nothing_to_repair(cli: Cli, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    done = cli("fix", SAMPLE, "-o", out)
    assert (done.code, "nothing to repair" in done.err) == (0, True)
    assert out.read_bytes() == SAMPLE.read_bytes()


def test_refused(put: Put, cli: Cli, tmp_path: Path) -> None:
    path, out = put(correct()), tmp_path / "out.json"
    for how, message in (
        (["--select", "area-mising"], "no repair of 'area-mising'"),
        (["--select", "categories-empty"], "no repair of 'categories-empty'"),
        (["--select", "image-file-size"], "name their folder: --images DIR"),
        (["--select", "image-files"], "name their folder: --images DIR"),
        (["--unsafe", "--images", tmp_path / "nowhere"], "no such folder of images"),
    ):
        done = cli("fix", path, *how, "-o", out)
        assert (done.code, message in done.err, out.exists()) == (2, True, False), done.err
    results = put([{"image_id": 1, "category_id": 1, "bbox": [1, 1, 2, 2], "score": 1}], "r.json")
    done = cli("fix", results, "-o", out)
    assert (done.code, "a results file" in done.err) == (2, True)


def test_verify_takes_any_value_for_an_image_id(put: Put, tmp_path: Path) -> None:
    path, out = put(with_annotations({"image_id": [1], "area": ...})), tmp_path / "out.json"
    result = fix(read(path), ["area-missing"])
    out.write_bytes(b"".join(result.text()))
    assert not findings(path, out, result)


def test_python() -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "in.json")
        path.write_text(json.dumps(with_annotations({"iscrowd": None})))
        from cocosurgeon import Fix

        result = Plan(Fix(("iscrowd-unusable",))).apply(read(path))
        assert result.annotations["iscrowd"].tolist() == [0, 0, 0, 0]
        with pytest.raises(RequestError, match="Fix takes codes"):
            Fix(())
