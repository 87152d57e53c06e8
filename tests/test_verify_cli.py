"""``verify``, ``explain`` and ``dump`` as commands."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import SAMPLE, Cli


@pytest.fixture
def first(cli: Cli, tmp_path: Path) -> Path:
    """The first 30 images of the sample data."""
    assert cli("subset", SAMPLE, "--first", "30", "-o", "first.json", "--quiet").code == 0
    return tmp_path / "first.json"


def pruned(path: Path) -> None:
    doc = json.loads(path.read_bytes())
    used = {a["category_id"] for a in doc["annotations"]}
    doc["categories"] = [c for c in doc["categories"] if c["id"] in used]
    path.write_text(json.dumps(doc))


def test_a_clean_subset_is_one_line_that_says_what_was_compared(cli: Cli, first: Path) -> None:
    done = cli("verify", first, "--source", SAMPLE, "--loader", "mmdet3", "--loader", "mmdet2")
    assert (done.code, done.err) == (0, "")
    *notes, last = done.out.splitlines()
    assert all("are skipped by filter_empty_gt" in note for note in notes)
    assert "30 images and 146 annotations" in last and "byte for byte" in last
    assert "mmdet3 (rules of 3.3.0)" in last and "mmdet2 (rules of 2.28.2)" in last


def test_a_label_shift_is_found(cli: Cli, first: Path) -> None:
    pruned(first)
    done = cli("verify", first, "--source", SAMPLE, "--json")
    assert done.code == 1
    found = json.loads(done.out)
    codes = {f["code"] for f in found["findings"]}
    assert codes == {"category-lost", "classes", "classes-default", "label-shift"}
    details = [d for f in found["findings"] if f["loaders"] for d in f["details"]]
    assert {d.split(":")[0] for d in details} == {"mmdet3"}  # the same in both modes
    people = cli("verify", first, "--source", SAMPLE)
    assert people.code == 1
    assert "label-shift: objects get another label" in people.out
    assert "compared 30 images and 146 annotations with " in people.out.splitlines()[-1]
    assert "byte for byte" not in people.out
    assert cli("lint", "--explain", "label-shift").out.startswith("# label-shift")


def test_alone_it_is_loaded_only(cli: Cli, first: Path) -> None:
    done = cli("verify", first, "--mode", "test")
    assert done.code == 0
    assert "mmdet3 (rules of 3.3.0): test 30 samples, 146 objects" in done.out


@pytest.mark.parametrize(
    "options",
    [
        ["--to", "mmdet80"],
        ["--to", "detr91", "--first", "9"],
        ["--only", "person,dog"],
        ["--having", "dog", "--no-crowd", "--to", "mmdet80", "--start", "1"],
        ["--sample", "12", "--to", "torchvision91", "--drop", "person"],
    ],
)
def test_a_recipe_says_what_was_meant(cli: Cli, tmp_path: Path, options: list[str]) -> None:
    made = cli("subset", SAMPLE, *options, "-o", "out.json", "--recipe", "how.json", "--quiet")
    assert made.code == 0, made.err
    done = cli("verify", "out.json", "--source", SAMPLE, "--recipe", "how.json", "--mode", "test")
    assert done.code == 0, done.out + done.err
    if "--first" not in options:
        assert cli("verify", "out.json", "--source", SAMPLE, "--mode", "test").code == 1
    doc = json.loads((tmp_path / "out.json").read_bytes())
    doc["annotations"][0]["category_id"] += 1
    (tmp_path / "out.json").write_text(json.dumps(doc))
    done = cli("verify", "out.json", "--source", SAMPLE, "--recipe", "how.json", "--mode", "test")
    assert done.code == 1
    assert "annotation-category" in done.out


def test_results_are_held_against_theirs(cli: Cli, tmp_path: Path) -> None:
    truth = json.loads(SAMPLE.read_bytes())
    found = [
        {k: a[k] for k in ("image_id", "category_id", "bbox")} | {"score": 0.5}
        for a in truth["annotations"]
    ]
    (tmp_path / "dt.json").write_text(json.dumps(found))
    assert cli("subset", "dt.json", "--first", "5", "-o", "dt5.json", "--quiet").code == 0
    assert cli("verify", "dt5.json", "--source", "dt.json").code == 0
    few = json.loads((tmp_path / "dt5.json").read_bytes())
    few[0]["category_id"] += 1
    (tmp_path / "dt5.json").write_text(json.dumps(few))
    done = cli("verify", "dt5.json", "--source", "dt.json")
    assert done.code == 1 and "annotation-category" in done.out


def test_a_broken_file_is_bad_input_on_either_side(cli: Cli, first: Path) -> None:
    broken = first.with_name("broken.json")
    broken.write_bytes(first.read_bytes()[:-10])
    for args in ((broken, "--source", SAMPLE), (first, "--source", broken)):
        done = cli("verify", *args)
        assert (done.code, done.out) == (3, "")
        assert f"in: {broken}, line 1, column " in done.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--loader", "mmdet4"], "did you mean 'mmdet"),
        (["--mode", "both"], "unknown mode 'both'"),
        (["--recipe", "how.json"], "name it (--source)"),
        (["--source", "none.json"], "No such file"),
        (["--split", "val"], "--split has no effect without --config"),
        (["--against", "none.gz"], "cannot read the dump"),
        (["--against", ""], "--against is empty"),
        (["--source", ""], "--source is empty"),
        (["--source", str(SAMPLE), "--recipe", ""], "--recipe is empty"),
        (
            ["--loader", "none", "--loader", "mmdet3"],
            "--loader none cannot be used with other loaders",
        ),
        (["--loader", "none", "--samples", "3"], "not for --loader none"),
        (["--loader", "detr", "--classes", "person"], "detr takes no class names"),
        (["--classes", ""], "an empty list"),
        (["--option", "min_size"], "expected NAME=VALUE"),
        (["--option", "min_siz=0"], "did you mean 'min_size'?"),
        (["--option", "min_size=big"], "mmdet3 does not take min_size='big'"),
        (["--option", "min_size=1", "--option", "min_size=2"], "is given twice"),
        (["--option", "min_size=0", "--loader", "mmdet2"], "mmdet2 has no option 'min_size'"),
        (["--loader", "none", "--classes", "person"], "has no effect with --loader none"),
        (["--loader", "none", "--python", "python3"], "not for --loader none"),
        (["--loader", "detr", "--mode", "train"], "detr has no modes"),
        (["--config", "c.py", "--mode", "train"], "has no effect with --config"),
        (["--config", "c.py", "--classes", "person"], "has no effect with --config"),
        (["--config", "c.py", "--loader", "detr"], "--config builds one dataset"),
        (["--against", "d.gz", "--mode", "train", "--mode", "test"], "a dump has one mode"),
    ],
)
def test_requests_that_cannot_be_met(
    cli: Cli, first: Path, options: list[str], message: str
) -> None:
    done = cli("verify", first, *options)
    assert (done.code, done.out) == (2, "")
    assert message in done.err


def test_an_interpreter_that_is_not_there_is_asked_for_again(cli: Cli, first: Path) -> None:
    done = cli("verify", first, "--python", "no-such-python")
    assert (done.code, done.out) == (2, "")
    assert "--python EXE" in done.err


def test_of_an_empty_only_subset_the_trap_is_told(cli: Cli) -> None:
    assert cli("empty-only", SAMPLE, "-o", "empty.json", "--quiet").code == 0
    done = cli("verify", "empty.json", "--source", SAMPLE)
    assert done.code == 0, done.out
    assert "no image is left, so it raises ValueError" in done.out
    assert "filter_cfg=dict(filter_empty_gt=False, min_size=0)" in done.out
    assert "10 images are skipped by filter_empty_gt: " in done.out
    found = json.loads(cli("verify", "empty.json", "--source", SAMPLE, "--json").out)
    [filtered] = found["skipped"]
    assert (filtered["kind"], len(filtered["ids"])) == ("image", 10)
    kept = cli(
        *("verify", "empty.json", "--source", SAMPLE, "--quiet"),
        *("--option", "filter_empty_gt=false", "--option", "min_size=0"),
    )
    assert kept.code == 0
    assert "train 10 samples, 0 objects, test 10 samples, 0 objects" in kept.out
    assert "raises" not in kept.out


def test_the_text_alone(cli: Cli, first: Path) -> None:
    done = cli("verify", first, "--source", SAMPLE, "--loader", "none")
    assert (done.code, done.err) == (0, "")
    assert "byte for byte (" in done.out and "mmdet" not in done.out


@pytest.mark.parametrize(
    ("classes", "expected"),
    [
        ("person,dog", []),
        ("dog,person", ["label 0 is 'dog' by the class names, and 'person' in the file"]),
        ("person,unicorn,dog", ["label 1 is 'unicorn' by the class names, and 'dog' in the file"]),
        ("person,unicorn", ["the file has no category 'unicorn'"]),
    ],
)
def test_class_names_that_do_not_fit(
    cli: Cli, first: Path, classes: str, expected: list[str]
) -> None:
    done = cli("verify", first, "--classes", classes, "--mode", "test", "--json")
    found = json.loads(done.out)
    assert {f["code"] for f in found["findings"]} <= {"classes-unfit"}
    texts = [d.removeprefix("mmdet3 test: ") for f in found["findings"] for d in f["details"]]
    assert [text for text in expected if text not in texts] == []
    assert bool(texts) == bool(expected)
    assert done.code == bool(texts)
    assert any("of categories that are not among the class names" in n for n in found["notes"])


def test_a_report_can_be_read_a_year_later(cli: Cli, first: Path) -> None:
    pruned(first)
    done = cli("verify", first, "--source", SAMPLE, "--json")
    found = json.loads(done.out)
    assert found["cocosurgeon"] and found["python"] and "T" in found["date"]
    source = hashlib.sha256(SAMPLE.read_bytes()).hexdigest()
    assert source in found["sha256"].values() and len(found["sha256"]) == 2
    for finding in found["findings"]:
        assert finding["message"] and finding["next"]
    assert source[:12] in cli("verify", first, "--source", SAMPLE).out


def test_a_key_that_stands_twice_is_found(cli: Cli, first: Path) -> None:
    first.write_bytes(b'{"info": {}, ' + first.read_bytes()[1:])
    done = cli("verify", first, "--source", SAMPLE, "--json", "--loader", "none")
    assert done.code == 1
    assert [f["code"] for f in json.loads(done.out)["findings"]] == ["key-duplicated"]


def test_what_no_framework_reads_is_said(cli: Cli, first: Path, tmp_path: Path) -> None:
    (tmp_path / "first.json.gz").write_bytes(gzip.compress(first.read_bytes()))
    done = cli("verify", "first.json.gz", "--source", SAMPLE)
    assert done.code == 0
    assert "the file is compressed, which no framework reads" in done.out
    first.write_bytes(b"\xef\xbb\xbf" + first.read_bytes())
    done = cli("verify", first, "--source", SAMPLE, "--json")
    [finding] = json.loads(done.out)["findings"]
    assert (done.code, finding["code"]) == (1, "loader-error")
    assert "byte-order mark" in finding["details"][0]
    (tmp_path / "marked.json").write_bytes(b"\xef\xbb\xbf" + SAMPLE.read_bytes())
    done = cli("verify", first, "--source", "marked.json")
    assert done.code == 0 and "so does the source" in done.out


def test_a_source_that_raises_elsewhere_is_compared_for_these_images(
    cli: Cli, first: Path, tmp_path: Path
) -> None:
    doc = json.loads(SAMPLE.read_bytes())
    del doc["images"][-1]["width"]
    (tmp_path / "broken.json").write_text(json.dumps(doc))
    assert cli("subset", "broken.json", "--first", "30", "-o", "some.json").code == 0
    done = cli("verify", "some.json", "--source", "broken.json", "--quiet")
    assert done.code == 0
    assert "it raises on the source, KeyError (no-width)" in done.out
    assert "compared with its records of these images" in done.out
    assert "test 30 samples, 146 objects" in done.out
    pruned(tmp_path / "some.json")
    done = cli("verify", "some.json", "--source", "broken.json", "--json")
    assert "label-shift" in {f["code"] for f in json.loads(done.out)["findings"]}


def test_a_source_that_raises_on_these_images_is_not_compared(cli: Cli, tmp_path: Path) -> None:
    doc = json.loads(SAMPLE.read_bytes())
    del doc["images"][0]["width"]
    (tmp_path / "broken.json").write_text(json.dumps(doc))
    done = cli("verify", "broken.json", "--source", "broken.json", "--quiet", "--mode", "test")
    assert done.code == 0
    assert "not compared" in done.out and "test raises KeyError" in done.out


@pytest.mark.parametrize("loader", ["mmdet3", "detectron2"])
def test_a_file_without_images_loads_nowhere(cli: Cli, tmp_path: Path, loader: str) -> None:
    doc = json.loads(SAMPLE.read_bytes()) | {"images": [], "annotations": []}
    (tmp_path / "none.json").write_text(json.dumps(doc))
    done = cli("verify", "none.json", "--loader", loader, "--mode", "train")
    assert done.code == 1
    assert "loader-error" in done.out and "filter_cfg=dict" not in done.out


def test_of_detectron2_the_same_trap_is_told(cli: Cli, tmp_path: Path) -> None:
    doc = json.loads(SAMPLE.read_bytes())
    kept = {a["image_id"] for a in doc["annotations"]}
    doc["images"] = [i for i in doc["images"] if i["id"] not in kept]
    doc["annotations"] = []
    (tmp_path / "empty.json").write_text(json.dumps(doc))
    done = cli("verify", "empty.json", "--loader", "detectron2")
    assert done.code == 0
    assert "10 images are skipped by filter_empty" in done.out
    assert "no image is left, so it raises AssertionError" in done.out


def test_annotations_without_their_images(cli: Cli, first: Path) -> None:
    doc = json.loads(first.read_bytes())
    doc["images"] = []
    first.write_text(json.dumps(doc))
    done = cli("verify", first, "--source", SAMPLE, "--json", "--loader", "none")
    assert {f["code"] for f in json.loads(done.out)["findings"]} >= {"annotation-orphaned"}
    assert "annotation-added" not in done.out


@pytest.mark.parametrize("number", ["NaN", "1e400", "-Infinity"])
def test_reports_are_json_for_strict_readers(cli: Cli, first: Path, number: str) -> None:
    text = first.read_text()
    img_id = json.loads(text)["images"][0]["id"]
    assert text.count(f'"id": {img_id}}}') == 1
    first.write_text(text.replace(f'"id": {img_id}}}', f'"id": {number}}}'))

    def refuse(name: str) -> None:
        raise AssertionError(name)

    done = cli("verify", first, "--source", SAMPLE, "--json")
    assert done.code == 1
    assert json.loads(done.out, parse_constant=refuse)["findings"]


def test_a_reader_that_leaves_has_not_heard_that_all_is_well(first: Path) -> None:
    pruned(first)
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "cocosurgeon", "verify", str(first), "--source", str(SAMPLE)],
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.parametrize(("loader", "field"), [("detr", "width"), ("yolox", "bbox")])
def test_numbers_beyond_floats(cli: Cli, tmp_path: Path, loader: str, field: str) -> None:
    doc = json.loads(SAMPLE.read_bytes())
    img_id = doc["annotations"][0]["image_id"]
    if field == "width":
        next(i for i in doc["images"] if i["id"] == img_id)["width"] = 10**400
    else:
        doc["annotations"][0]["bbox"] = [10**400, 2, 0.5, 3.5]
    (tmp_path / "huge.json").write_text(json.dumps(doc))
    done = cli("verify", "huge.json", "--loader", loader)
    assert done.code == (0 if loader == "detr" else 1)
    assert loader == "detr" or "OverflowError (bad-bbox)" in done.out


def test_a_class_name_that_stands_twice(cli: Cli, first: Path) -> None:
    done = cli("verify", first, "--classes", "person,person", "--mode", "test")
    assert done.code == 1
    assert "'person' appears more than once" in done.out


def test_a_dump_of_what_does_not_load_says_where(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "none.json").write_text('{"images": [], "annotations": [], "categories": []}')
    done = cli("dump", "none.json", "--loader", "mmdet3")
    assert done.code == 3
    assert "mmdet3 raises ValueError on this file" in done.err and "in: none.json" in done.err
    assert cli("dump", "", "--loader", "mmdet3").code == 2


def test_detections_were_not_cut_from_annotations(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "dt.json").write_text('[{"image_id": 1, "category_id": 1, "score": 1}]')
    done = cli("verify", "dt.json", "--source", SAMPLE)
    assert (done.code, done.out) == (2, "")
    assert "a results file was not cut from an annotation file" in done.err


def test_a_recipe_of_another_file_is_said(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "other.json").write_bytes(SAMPLE.read_bytes() + b" ")
    assert (
        cli("subset", "other.json", "--first", "3", "--recipe", "r.json", "-o", "o.json").code == 0
    )
    done = cli("verify", "o.json", "--source", SAMPLE, "--recipe", "r.json")
    assert "the recipe was made for another file: other.json" in done.out


def test_another_spelling_in_a_remapped_list_is_found(cli: Cli, tmp_path: Path) -> None:
    made = cli("subset", SAMPLE, "--to", "mmdet80", "-o", "o.json", "--recipe", "r.json")
    assert made.code == 0
    text = (tmp_path / "o.json").read_text()
    (tmp_path / "o.json").write_text(text.replace('"name": "person"', '"name":  "person"', 1))
    done = cli("verify", "o.json", "--source", SAMPLE, "--recipe", "r.json", "--json")
    assert [f["code"] for f in json.loads(done.out)["findings"]] == ["text-differs"]


def test_explain_shows_one_image_through_all_loaders(cli: Cli) -> None:
    truth = json.loads(SAMPLE.read_bytes())
    crowd = next(a for a in truth["annotations"] if a["iscrowd"])
    done = cli("explain", SAMPLE, "--image", crowd["image_id"])
    assert done.code == 0
    assert f"drops annotation {crowd['id']}: crowd" in done.out
    told: dict[str, Any] = json.loads(
        cli("explain", SAMPLE, "--image", crowd["image_id"], "--loader", "detr", "--json").out
    )
    [detr] = told["loaders"]
    assert [d["id"] for d in detr["drops"] if d["rule"] == "crowd"] == [crowd["id"]]
    assert all(d["source"] for d in detr["drops"])
    assert "orig_size" not in detr
    assert cli("explain", SAMPLE, "--image", "1").code == 2


def test_explain_prints_one_table(cli: Cli) -> None:
    lines = cli("explain", SAMPLE, "--image", 289338).out.splitlines()
    head, *rows = [re.split(r"  +", line.strip()) for line in lines[:6]]
    assert head == ["annotation", "in the file", "x, y, width, height", *"ABCDEF"]
    assert rows[1][1:] == [
        *("bird, crowd", "27.00, 119.00, 161.00, 91.00", "14, ignored", "crowd", "crowd"),
        *("no label, ignored", "16, ignored", "16"),
    ]
    assert "A: mmdet3, onedl: loads 5 objects" in lines  # both modes
    assert sum(line.startswith("boxes: ") for line in lines) == 1
    assert len(lines) < 30
    clipped = cli("explain", SAMPLE, "--image", 64412).out
    assert "another box: annotation 1622605: [276.52, 141.71, 320.00, 194.23] in deim" in clipped


def test_several_codes_are_counted_before_the_first_example(cli: Cli, tmp_path: Path) -> None:
    cut = json.loads(SAMPLE.read_bytes())
    cut["categories"].pop()
    cut["annotations"][0]["bbox"][0] += 3
    (tmp_path / "cut.json").write_text(json.dumps(cut))
    lines = cli("verify", "cut.json", "--source", SAMPLE).out.splitlines()
    assert lines[0].split() == ["code", "severity", "count", "loaders"]
    table = [line.split() for line in lines[1 : lines.index("")]]
    assert ["category-lost", "error", "1", "-"] in table
    counts = [int(each[2]) for each in table]
    examples = [line for line in lines if re.match(r"(error|warning): [a-z-]+: .*\(\d+\)$", line)]
    assert [int(line.rpartition("(")[2][:-1]) for line in examples] == counts


def test_explain_prints_only_notes_on_the_image(cli: Cli, tmp_path: Path) -> None:
    document = json.loads(SAMPLE.read_bytes())
    taken = {a["image_id"] for a in document["annotations"]}
    without = next(i for i in document["images"] if i["id"] not in taken)
    full = next(i for i in document["images"] if i["id"] in taken)
    document["images"].append(full)
    (tmp_path / "twice.json").write_text(json.dumps(document))
    loaders = "--loader", "torchvision2", "--loader", "dino"
    shown = cli("explain", tmp_path / "twice.json", "--image", full["id"], *loaders).out
    assert f"drops an earlier record of image {full['id']}: shadowed" in shown
    assert "note:" not in shown
    shown = cli("explain", tmp_path / "twice.json", "--image", without["id"], *loaders).out
    assert "note: torchvision2: the target of an image without annotations" in shown
    assert "note: dino" not in shown


def test_explain_names_loaders_whose_targets_begin_with_the_width(cli: Cli) -> None:
    args = "explain", SAMPLE, "--image", json.loads(SAMPLE.read_bytes())["images"][0]["id"]
    named = [arg for name in ("rtdetr", "detr", "deim", "dfine") for arg in ("--loader", name)]
    shown = cli(*args, *named).out
    assert "note: rtdetr, deim, dfine: `orig_size` of a target is (width, height)" in shown
    found = json.loads(cli(*args, *named, "--json").out)["loaders"]
    order = ["width", "height"]
    assert [each.get("orig_size") for each in found] == [order, None, order, order]


def test_dumps_of_two_loaders_differ_by_rules_alone(cli: Cli, tmp_path: Path) -> None:
    for one, other in (("detr", "mmdet3"), ("mmdet3", "detr"), ("torchvision", "mmdet2")):
        dump = cli("dump", SAMPLE, "--loader", one, "-o", f"{one}.jsonl.gz")
        assert (dump.code, dump.out) == (0, f"{one}.jsonl.gz\n"), dump.err
        done = cli("verify", SAMPLE, "--loader", other, "--against", f"{one}.jsonl.gz")
        assert done.code == 0, done.out
        assert "explained by rules: " in done.out
    again = cli("dump", SAMPLE, "--loader", "detr", "-o", "detr.jsonl.gz")
    assert (again.code, "unchanged" in again.err) == (0, True)
    assert cli("dump", SAMPLE, "--loader", "yolox", "-o", "detr.jsonl.gz").code == 2  # another


def test_a_file_that_is_no_dump(cli: Cli) -> None:
    done = cli("verify", SAMPLE, "--loader", "detr", "--against", SAMPLE)
    assert (done.code, "not a dump" in done.err) == (3, True)
    assert "next: `cocosurgeon dump FILE --loader NAME -o DUMP` writes one" in done.err


def test_a_changed_dump_is_unexplained(cli: Cli, tmp_path: Path) -> None:
    assert cli("dump", SAMPLE, "--loader", "detr", "-o", "detr.jsonl").code == 0
    head, *lines, end = (tmp_path / "detr.jsonl").read_text().splitlines()
    sample = json.loads(lines[0])
    sample["instances"][0]["box"][0] += 0.5
    sample["instances"][1]["label"] = 90 - sample["instances"][1]["label"]
    text = "\n".join([head, json.dumps(sample), *lines[1:], end, ""])
    with gzip.open(tmp_path / "changed.gz", "wt") as file:
        file.write(text)
    done = cli("verify", SAMPLE, "--loader", "mmdet3", "--against", "changed.gz", "--json")
    assert done.code == 1
    counts = {f["code"]: f["count"] for f in json.loads(done.out)["findings"]}
    assert counts == {"label-shift": 1, "unexplained": 2}
    near = cli(
        *("verify", SAMPLE, "--loader", "mmdet3", "--against", "changed.gz", "--json"),
        *("--tolerance", "0.6"),
    )
    assert [f["code"] for f in json.loads(near.out)["findings"]] == ["label-shift"]


def test_a_dump_of_the_source_is_held_against_the_subset(cli: Cli, first: Path) -> None:
    assert cli("dump", SAMPLE, "--loader", "detr", "-o", "detr.jsonl.gz").code == 0
    done = cli("verify", first, "--source", SAMPLE, "--against", "detr.jsonl.gz")
    assert done.code == 0, done.out
    assert "the dump was made of another file" in done.out
    assert "byte for byte" in done.out and "(rules of 3.3.0) against the source" in done.out


def test_what_train_mode_leaves_out_is_explained(cli: Cli) -> None:
    made = cli("dump", SAMPLE, "--loader", "mmdet3", "--mode", "train", "-o", "train.jsonl")
    assert made.code == 0
    done = cli("verify", SAMPLE, "--loader", "detr", "--against", "train.jsonl")
    assert done.code == 0, done.out
    assert "image skipped by mmdet3, filter_empty_gt: 10" in done.out


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda s: s["instances"][0].update(ignore=True), "ignore"),
        (lambda s: s["instances"][0].update(mask=[[1, 2, 3, 4, 5, 6]]), "mask"),
        (lambda s: s["instances"][0].update(label=None), "unexplained"),
        (lambda s: s.update(img_path="other.jpg"), "unexplained"),
        (lambda s: s.update(width=1), "unexplained"),
        (lambda s: s["instances"].append(s["instances"][0]), "unexplained"),
    ],
)
def test_what_is_changed_in_a_dump_is_found(
    cli: Cli, tmp_path: Path, change: Any, code: str
) -> None:
    assert cli("dump", SAMPLE, "--loader", "mmdet3", "-o", "m.jsonl").code == 0
    head, *lines, end = (tmp_path / "m.jsonl").read_text().splitlines()
    sample = json.loads(lines[0])
    change(sample)
    objects = sum(len(json.loads(line)["instances"]) for line in lines[1:])
    last = json.loads(end) | {"instances": objects + len(sample["instances"])}
    text = "\n".join([head, json.dumps(sample), *lines[1:], json.dumps(last), ""])
    (tmp_path / "changed.jsonl").write_text(text)
    done = cli("verify", SAMPLE, "--against", "changed.jsonl", "--json")
    assert [f["code"] for f in json.loads(done.out)["findings"]] == [code]


def test_samples_in_another_order_are_found(cli: Cli, tmp_path: Path) -> None:
    assert cli("dump", SAMPLE, "--loader", "mmdet3", "-o", "m.jsonl").code == 0
    head, one, two, *rest = (tmp_path / "m.jsonl").read_text().splitlines()
    (tmp_path / "swapped.jsonl").write_text("\n".join([head, two, one, *rest, ""]))
    done = cli("verify", SAMPLE, "--against", "swapped.jsonl", "--json")
    assert [f["code"] for f in json.loads(done.out)["findings"]] == ["sample-order"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--tolerance", "5"], "--tolerance has no effect without --against"),
        (["--samples", "3"], "--python EXE"),
        (["--samples", "-3"], "--samples takes a number above 0"),
        (["--loader", "detr", "--python", "python3"], "the real detr cannot be run"),
    ],
)
def test_nothing_that_was_asked_for_is_passed_over(
    cli: Cli, first: Path, options: list[str], message: str
) -> None:
    done = cli("verify", first, *options)
    assert (done.code, done.out) == (2, "")
    assert message in done.err


def test_detections_alone_cannot_be_verified(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "dt.json").write_text('[{"image_id": 1, "category_id": 1, "score": 1}]')
    done = cli("verify", "dt.json")
    assert done.code == 2 and "--source" in done.err


def test_ids_of_any_size_in_reports(cli: Cli, tmp_path: Path) -> None:
    doc = json.loads(SAMPLE.read_bytes())
    doc["images"] = [doc["images"][0] | {"id": 10**30}]
    doc["annotations"] = []
    (tmp_path / "huge.json").write_text(json.dumps(doc))
    done = cli("verify", "huge.json", "--source", SAMPLE, "--json", "--mode", "test")
    assert done.code == 1
    assert str(10**30) in done.out
    assert json.loads(done.out)["cocosurgeon"]
