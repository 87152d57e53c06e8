"""``lint_file``, ``verify_file`` and ``diff_files`` do in Python what their verbs do."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from cocosurgeon import (
    Empty,
    First,
    OutputError,
    Plan,
    Recipe,
    RequestError,
    ToSpace,
    UnknownNameError,
    convert_to,
    diff_files,
    lint_file,
    read,
    trace_plan,
    verify_file,
    write,
)

Put = Any


def document(**changes: object) -> dict[str, Any]:
    names = ("person", "bicycle", "car")
    return {
        "info": {},
        "images": [{"id": n, "file_name": f"{n}.jpg", "width": 64, "height": 64} for n in (1, 2)],
        "annotations": [
            {
                "id": n,
                "image_id": 1 + n % 2,
                "category_id": 1 + n % 3,
                "bbox": [n, 2, 40, 40],
                "area": 1600,
                "iscrowd": 0,
                **changes,
            }
            for n in range(1, 9)
        ],
        "categories": [{"id": 1 + n, "name": name} for n, name in enumerate(names)],
    }


@pytest.fixture
def put(tmp_path: Path) -> Put:
    def write_document(name: str, content: object) -> Path:
        path = tmp_path / name
        path.write_text(json.dumps(content))
        return path

    return write_document


def test_lint_counts_all_findings_and_keeps_as_many_as_asked(put: Put) -> None:
    path = put("far.json", document(bbox=[500, 2, 40, 40]))
    report = lint_file(path, select="box-outside")
    assert [(t.code, t.count, len(t.findings)) for t in report.tallies.values()] == [
        ("box-outside", 8, 5)
    ]
    assert '... 3 more (select="box-outside", keep=None)' in repr(report)
    assert (
        len(lint_file(path, select="box-outside", keep=None).tallies["box-outside"].findings) == 8
    )
    assert not lint_file(path, ignore=["boxes", "annotations"]).is_failure(strict=False)
    assert lint_file(path, loader=("pycocotools", "detr")).loaders == ["pycocotools", "detr"]


def test_reports_go_to_other_processes(put: Put) -> None:
    path = put("a.json", document(bbox=[500, 2, 40, 40]))
    for found in (lint_file(path), verify_file(path), diff_files(path, path)):
        assert repr(pickle.loads(pickle.dumps(found))) == repr(found)


@pytest.mark.parametrize("keep", ["x", -1, 2.5])
def test_lint_refuses_amounts_of_findings(put: Put, keep: Any) -> None:
    with pytest.raises(RequestError, match="keep cannot be"):
        lint_file(put("a.json", document()), keep=keep)


def test_lint_looks_at_image_files(put: Put, tmp_path: Path) -> None:
    report = lint_file(put("a.json", document()), images=tmp_path)
    assert report.tallies["image-file-missing"].count == 2


@pytest.mark.parametrize("name", ["loader", "select", "ignore"])
def test_lint_refuses_unknown_names(put: Put, name: str) -> None:
    named: dict[str, Any] = {name: "nope"}
    with pytest.raises(UnknownNameError, match="nope"):
        lint_file(put("a.json", document()), **named)


def test_verify_proves_a_subset_and_finds_shifted_labels(put: Put, tmp_path: Path) -> None:
    source = put("source.json", document())
    subset = write(read(source).first(1), tmp_path / "subset.json")
    proven = verify_file(subset, source, loader=("mmdet3", "detr"))
    assert proven.is_proven and not proven.findings
    assert repr(proven).startswith(f"verified {subset}: 1 image and 4 annotations against")
    assert [each.loader for each in proven.assumed] == ["mmdet3", "detr"]
    shifted = put("shifted.json", document(category_id=2))
    found = verify_file(shifted, source, mode="test")
    assert found.status(strict=False) == "failed"
    assert "category_id" in repr(found)


def test_verify_takes_one_name_as_text(put: Put) -> None:
    path = put("a.json", document(category_id=1))
    assert verify_file(path, path, loader="none").status(strict=True) == "verified"
    alone = put("one.json", document(category_id=1) | {"categories": [{"id": 1, "name": "person"}]})
    proven = verify_file(alone, alone, classes="person", mode="test")
    assert proven.status(strict=True) == "verified", proven


def test_what_is_skipped_is_named_in_python(put: Put) -> None:
    images = [{"id": n, "file_name": f"{n}.jpg", "width": 9, "height": 9} for n in range(20)]
    empty = put("empty.json", document() | {"images": images, "annotations": []})
    shown = repr(verify_file(empty, empty))
    assert "20 images are skipped" in shown and ", ... (.skipped)" in shown
    assert "json=" not in shown and "--" not in shown


def test_verify_expects_what_a_recipe_changes(put: Put, tmp_path: Path) -> None:
    source = put("source.json", document())
    plan = Plan(ToSpace("mmdet80"))
    subset = write(plan.apply(read(source)), tmp_path / "labels.json")
    recipe = tmp_path / "recipe.json"
    recipe.write_bytes(Recipe.of(plan, read(source)).to_json())
    assert verify_file(subset, source, recipe=recipe).status(strict=True) == "verified"
    assert verify_file(subset, source).status(strict=False) == "failed"


def test_errors_name_keywords(put: Put, tmp_path: Path) -> None:
    path = put("a.json", document())
    with pytest.raises(RequestError) as caught:
        verify_file(path, recipe=tmp_path / "recipe.json")
    assert str(caught.value) == "recipe needs the source: name it (source)"
    with pytest.raises(RequestError) as caught:
        verify_file(path, loader="none", mode="train")
    assert "--" not in str(caught.value)


def test_diff_names_changes(put: Put) -> None:
    before, after = put("a.json", document()), put("b.json", document(area=1601))
    assert not diff_files(before, before).is_difference
    changes = diff_files(before, after, only="area").changes
    assert {(c.kind, c.list) for c in changes} == {("changed", "annotations")}
    assert not diff_files(before, after, tolerance=1).is_difference
    with pytest.raises(RequestError, match="nope"):
        diff_files(before, after, only=["nope"])
    for wrong in ({"match": "nope"}, {"tolerance": "nope"}, {"tolerance": -1}):
        named: dict[str, Any] = wrong
        with pytest.raises(RequestError, match=f"^{next(iter(wrong))} cannot be"):
            diff_files(before, after, **named)


def test_one_step_or_filter_is_a_plan(put: Put) -> None:
    dataset = read(put("a.json", document()))
    for one in (First(1), Empty()):
        assert trace_plan(one, dataset).lines() == trace_plan(Plan(one), dataset).lines()
        assert Recipe.of(one, dataset) == Recipe.of(Plan(one), dataset)


def test_files_are_not_written_to_urls(put: Put, tmp_path: Path) -> None:
    dataset, url = read(put("a.json", document())), f"file://{tmp_path}/out"
    with pytest.raises(OutputError, match="not written to a URL"):
        write(dataset, url)
    with pytest.raises(OutputError, match="not written to a URL"):
        convert_to(dataset, "coco", url)
    assert not list(tmp_path.glob("out*"))
