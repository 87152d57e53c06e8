"""The last line of ``verify`` says what was compared: verified, checked or failed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from conftest import SAMPLE, SHARED, THOROUGH, Cli, wild_files

from cocosurgeon.loaders import LOADERS, load
from cocosurgeon.verify.drops import Listed, faults_in, skipped_in
from cocosurgeon.verify.usability import check_values

Put = Callable[..., Path]
Change = Callable[[Any], None]


def last(text: str) -> str:
    return text.splitlines()[-1]


def report(cli: Cli, *args: object) -> tuple[int, dict[str, Any]]:
    done = cli("verify", *args, "--json")
    return done.code, json.loads(done.out)


def codes(found: dict[str, Any], severity: str = "error") -> set[str]:
    return {f["code"] for f in found["findings"] if f["severity"] == severity}


def test_verified_is_what_was_compared_with_a_source(cli: Cli) -> None:
    assert cli("subset", SAMPLE, "--first", 5, "-o", "five.json").code == 0
    done = cli("verify", "five.json", "--source", SAMPLE)
    assert (done.code, last(done.out).split()[0]) == (0, "verified")
    assert report(cli, "five.json", "--source", SAMPLE)[1]["status"] == "verified"


def test_checked_is_a_file_alone_and_says_what_was_assumed(cli: Cli) -> None:
    done = cli("verify", SAMPLE)
    assert done.code == 0
    line = last(done.out)
    assert line.startswith("checked ")
    assert "assumed: mmdet3 3.3.0: classes as listed in the file" in line
    assert "train with filter_cfg={'filter_empty_gt': True, 'min_size': 32}" in line
    [assumed] = report(cli, SAMPLE)[1]["assumed"]
    assert (assumed["loader"], assumed["version"], assumed["classes"]) == ("mmdet3", "3.3.0", None)
    assert assumed["options"]["train"]["filter_cfg"] == {"filter_empty_gt": True, "min_size": 32}


def test_a_dump_of_rules_proves_nothing(cli: Cli) -> None:
    assert cli("dump", SAMPLE, "--loader", "detr", "-o", "d.jsonl").code == 0
    done = cli("verify", SAMPLE, "--against", "d.jsonl")
    assert (done.code, last(done.out).split()[0]) == (0, "checked")


def test_failed_is_what_the_exit_code_says(cli: Cli, put: Put, small: Any) -> None:
    path = put(small)  # three classes that are not COCO's first three: a warning
    for strict, code, word in ((), 0, "checked"), (("--strict",), 1, "failed"):
        done = cli("verify", path, *strict)
        assert (done.code, last(done.out).split()[0]) == (code, word)


def test_the_first_label_that_stock_classes_would_rename_is_a_warning(
    cli: Cli, put: Put, small: Any
) -> None:
    path = put(small)
    _, found = report(cli, path)
    assert codes(found, "warning") == {"classes-default"}
    [finding] = found["findings"]
    assert finding["details"] == [
        "mmdet3: with its 80 default classes, 'dog' is label 1, which is called 'bicycle'"
    ]
    _, found = report(cli, path, "--classes", "person,dog,toothbrush")
    assert found["findings"] == []
    assert found["assumed"][0]["classes"] == ["person", "dog", "toothbrush"]
    small["categories"][1]["name"] = "hound"
    _, found = report(cli, put(small))
    assert found["findings"][0]["details"][1:] == [
        "mmdet3: with its 80 default classes, objects of 'hound' are not loaded"
    ]


def _text_image_id(doc: Any) -> None:
    for ann in doc["annotations"]:
        ann["image_id"] = str(ann["image_id"])


def _text_image_list(doc: Any) -> None:
    for image in doc["images"]:
        image["id"] = str(image["id"])


def _text_category_id(doc: Any) -> None:
    for ann in doc["annotations"]:
        ann["category_id"] = str(ann["category_id"])


def _unlisted_category(doc: Any) -> None:
    doc["annotations"][0]["category_id"] = 7


def _unknown_image(doc: Any) -> None:
    doc["annotations"][0]["image_id"] = 31


FAULTS: dict[str, tuple[Change, str, str]] = {
    "text image_id": (_text_image_id, "annotation-orphaned", "image_id is text ('30'), the list"),
    "text in the list": (_text_image_list, "annotation-orphaned", "image_id is a number (30), the"),
    "text category_id": (_text_category_id, "category-unlisted", "category_id is text ('1'), the"),
    "no such category": (_unlisted_category, "category-unlisted", "category_id 7 is not in the"),
    "no such image": (_unknown_image, "annotation-orphaned", "image_id 31 is not in the list"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_annotations_dropped_for_a_fault_are_errors_with_their_cause(
    name: str, cli: Cli, put: Put, small: Any
) -> None:
    change, code, cause = FAULTS[name]
    change(small)
    exit_code, found = report(cli, put(small))
    assert exit_code == 1
    assert found["status"] == "failed"
    [finding] = [f for f in found["findings"] if f["code"] == code]
    assert cause in finding["details"][0]
    assert finding["records"][0] == {"list": "annotations", "id": 1}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_that_the_source_has_too_is_a_warning(
    name: str, cli: Cli, put: Put, small: Any
) -> None:
    change, code, _ = FAULTS[name]
    change(small)
    path = put(small)
    exit_code, found = report(cli, path, "--source", path)
    assert (exit_code, codes(found)) == (0, set())
    assert code in codes(found, "warning")
    if "text" in name:
        return
    clean = deepcopy(small)
    clean["annotations"][0] |= {"category_id": 1, "image_id": 30}
    exit_code, found = report(cli, path, "--source", put(clean, "clean.json"))
    assert exit_code == 1
    assert code in codes(found)


@pytest.mark.parametrize("loader", ["yolox", "detr", "torchvision"])
def test_an_annotation_that_a_repeated_id_hides_is_an_error(
    loader: str, cli: Cli, put: Put, small: Any
) -> None:
    small["annotations"][1]["id"] = 1
    code, found = report(cli, put(small), "--loader", loader)
    assert code == 1
    assert "annotation-shadowed" in codes(found)


def test_annotations_skipped_by_a_rule_are_listed_and_no_error(
    cli: Cli, put: Put, small: Any
) -> None:
    small["annotations"][3]["bbox"] = [1, 1, 0.5, 2]
    small["annotations"][6]["bbox"] = [700, 500, 5, 5]
    code, found = report(cli, put(small), "--classes", "person,dog,toothbrush")
    assert (code, codes(found)) == (0, set())
    of_annotations = {s["rule"]: s["ids"] for s in found["skipped"] if s["kind"] == "annotation"}
    assert of_annotations == {"tiny": [4], "outside": [7]}
    _, found = report(cli, put(small), "--loader", "detr")
    assert {"crowd": [3]}.items() <= {s["rule"]: s["ids"] for s in found["skipped"]}.items()


def test_nothing_to_train_on_is_an_error_but_of_an_empty_only_file(
    cli: Cli, put: Put, small: Any
) -> None:
    broken = deepcopy(small)
    _text_image_id(broken)
    code, found = report(cli, put(broken, "broken.json"), "--mode", "train")
    assert (code, codes(found)) == (1, {"loader-error", "annotation-orphaned"})
    code, found = report(cli, put(broken, "broken.json"), "--loader", "torchvision")
    assert "nothing-loaded" in codes(found)
    small["annotations"] = []
    code, found = report(cli, put(small, "empty.json"))
    assert (code, codes(found)) == (0, set())
    assert any("no image is left" in note for note in found["notes"])


def test_a_loader_that_raises_on_the_source_too_is_no_error(cli: Cli, put: Put, small: Any) -> None:
    del small["annotations"][0]["bbox"]
    path = put(small)
    assert report(cli, path)[0] == 1
    code, found = report(cli, path, "--source", path)
    assert (code, found["status"]) == (0, "verified")
    assert any("not compared" in note for note in found["notes"])


def test_yolox_names_that_stand_for_other_labels_are_flagged(
    cli: Cli, put: Put, small: Any
) -> None:
    small["categories"].reverse()
    path = put(small)
    code, found = report(cli, path, "--loader", "yolox")
    assert (code, codes(found)) == (1, {"classes-unfit"})
    explained = cli("explain", path, "--image", 30, "--loader", "yolox").out
    assert "person" in explained and "0 toothbrush" in explained
    assert report(cli, path, "--loader", "yolox", "--source", path)[0] == 0


def test_what_is_listed_twice_or_has_no_name_is_said(cli: Cli, put: Put, small: Any) -> None:
    small["images"].append({"id": 30, "file_name": "other.jpg", "width": 9, "height": 9})
    small["categories"].append({"id": 18, "name": "cow"})
    small["categories"][0]["name"] = None
    path = put(small)
    code, found = report(cli, path)
    assert code == 1
    details = {f["code"]: f["details"] for f in found["findings"]}
    assert details["image-repeated"] == [
        "image id 30 is listed 2 times ('a/30.jpg', 'other.jpg'): its annotations all go to the "
        "last one"
    ]
    assert details["category-repeated"] == ["category id 18 is listed 2 times ('dog', 'cow')"]
    assert details["category-nameless"] == ["category 1: its name is None"]
    assert report(cli, path, "--source", path)[0] == 0


@pytest.mark.parametrize("loader", ["detr", "torchvision"])
def test_an_unlisted_category_is_an_error_where_labels_are_ids_too(
    loader: str, cli: Cli, put: Put, small: Any
) -> None:
    small["annotations"][0]["category_id"] = 99
    code, found = report(cli, put(small), "--loader", loader)
    assert (code, codes(found)) == (1, {"category-unlisted"})


def test_explain_takes_classes_and_options(cli: Cli, put: Put, small: Any) -> None:
    path = put(small)
    plain = cli("explain", path, "--image", 40, "--loader", "mmdet3")
    assert "does not load the image" in plain.out
    assert "assumed: classes as listed in the file" in plain.out
    options = ("--option", "filter_empty_gt=false", "--option", "min_size=0")
    kept = cli("explain", path, "--image", 40, "--loader", "mmdet3", *options)
    assert "mmdet3: loads 0 objects" in kept.out
    named = cli("explain", path, "--image", 10, "--loader", "mmdet3", "--classes", "dog,person")
    assert "1 person" in named.out
    assert "assumed" not in named.out
    assert cli("explain", path, "--image", 10, "--option", "min_size=0").code == 2
    assert cli("explain", path, "--image", 10, "--loader", "detr", "--classes", "a").code == 2


def test_a_file_written_again_differs_in_its_text_only(cli: Cli, put: Put, small: Any) -> None:
    put(small, "full.json", indent=1)
    put(small, "again.json")
    code, found = report(cli, "again.json", "--source", "full.json")
    assert (code, codes(found)) == (1, {"text-differs"})
    [finding] = [f for f in found["findings"] if f["severity"] == "error"]
    assert finding["count"] == 5 + 7 + 1 + 1  # images, annotations, categories, info
    assert found["status"] == "failed"
    first = cli("verify", "again.json", "--source", "full.json").out.splitlines()[0]
    assert first == "the loader returns the same; the text differs"


FILES = [*wild_files(), *sorted((SHARED / "cases").rglob("*.json"))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_file_is_faithful_to_itself(path: Path, cli: Cli) -> None:
    if path.stat().st_size > (5_000_000 if THOROUGH else 500_000):
        pytest.skip("a large file, of which the parts are like those of others")
    done = cli("verify", path, "--source", path, "--quiet")
    if done.code == 3:
        pytest.skip("it cannot be read")
    assert done.code == 0, done.out
    assert last(done.out).startswith("verified ")


# ---- subset, remap, empty-only: what is lost by the types of ids


def test_annotations_lost_by_the_type_of_an_image_id_are_a_warning(
    cli: Cli, put: Put, small: Any
) -> None:
    _text_image_id(small)
    path = put(small)
    for verb in ("subset --skip 0", "empty-only", "subset --first 2 --to mmdet80 --unmapped drop"):
        done = cli(*verb.split()[:1], path, *verb.split()[1:], "-o", "out.json", "-f", "--quiet")
        assert done.code == 0
        assert (
            "warning: 7 of 7 annotations dropped, because the file does not list the image: "
            "image_id is text ('30'), the list has numbers\n" in done.err
        )


def test_a_category_id_of_another_type_is_a_warning(cli: Cli, put: Put, small: Any) -> None:
    _text_category_id(small)
    done = cli("subset", put(small), "--only", "dog", "-o", "out.json", "--quiet")
    assert done.code == 0
    assert "7 of 7 annotations of no listed category: category_id is text ('1')" in done.err
    small["annotations"][0]["image_id"] = 99
    for ann in small["annotations"]:
        ann["category_id"] = int(ann["category_id"])
    done = cli("subset", put(small), "--skip", 0, "-o", "out.json", "--quiet", "--force")
    assert "1 of 7 annotations dropped, because the file does not list the image\n" in done.err


def test_a_list_without_image_ids_is_no_results_file(cli: Cli, put: Put) -> None:
    tasks = [{"id": 1, "data": {}}, {"id": 2, "data": {}}]
    done = cli("subset", put(tasks), "--first", 1, "-o", "out.json")
    assert done.code == 3
    assert "no record has an 'image_id'" in done.err
    assert cli("subset", put([]), "--first", 1, "-o", "out.json").code == 0


class Walked(list[Any]):
    """A list that counts how often it is walked through."""

    walks = 0

    def __iter__(self) -> Iterator[Any]:
        self.walks += 1
        return super().__iter__()


def test_annotations_are_walked_through_a_few_times_not_once_for_each(small: Any) -> None:
    annotations = Walked(
        {**small["annotations"][0], "id": n, "image_id": 30 + n % 2, "category_id": n % 3}
        for n in range(60)
    )
    document = {**small, "annotations": annotations}
    for loader in ("detr", "mmdet3"):
        options = LOADERS[loader].options.usual("test", ("person", "dog", "toothbrush"))
        view = load(loader, {**small, "annotations": list(annotations)}, options)
        annotations.walks = 0
        listed = Listed(document)
        assert list(faults_in(view, listed, listed, "test"))
        assert skipped_in(view, listed, "test") is not None
        assert list(check_values(listed, listed)) is not None
        assert annotations.walks == 1
