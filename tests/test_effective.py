"""``effective:LOADER``: a loader asked about some images, in blocks, answers as about all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from conftest import SAMPLE, THOROUGH, examples, wild_files
from hypothesis import given
from odd_documents import USUAL, changed_usual, documents

from cocosurgeon import First, InCategory, Plan, ToSpace, read
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.errors import CocosurgeonError, LoaderError
from cocosurgeon.loaders import LOADERS
from cocosurgeon.progress import shown_by
from cocosurgeon.select import effective


@pytest.fixture(autouse=True, scope="module")
def small_blocks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(effective, "_BLOCK", 2)
        yield


def outcome(ask: Any, dataset: Dataset, loader: str) -> object:
    try:
        return ask(dataset, loader).tolist()
    except CocosurgeonError as error:
        return str(error)


def require_same(dataset: Dataset) -> None:
    for loader in LOADERS:
        whole = outcome(effective._is_empty, dataset, loader)
        assert outcome(effective.is_effectively_empty, dataset, loader) == whole, loader


def has_truth_as_id(document: Any) -> bool:
    """True for a file with an image id that is true or false: here it is 1 or 0."""
    return any(i.get("id") is truth for i in document["images"] for truth in (True, False))


def require_same_for(document: Any) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "in.json")
        path.write_text(json.dumps(document))
        try:
            dataset = read(path)
        except CocosurgeonError:
            return  # no annotation file
        if not dataset.index.is_results and not has_truth_as_id(document):
            require_same(dataset)


@given(documents())
@examples(200)
def test_any_file(document: Any) -> None:
    require_same_for(document)


def test_each_oddity() -> None:
    for document in changed_usual()[:: 1 if THOROUGH else 4]:
        require_same_for(document)


@pytest.mark.parametrize(
    "segmentation",
    [
        *([], [[1, 1, 2, 2]], [[1, 1, 2, 2, 3]], [[1, 1, 2, 2, 3, 3]], [[1, 1, 2, 2, 3, 3], []]),
        *({"counts": "x", "size": [9, 9]}, {"counts": [1, 2]}, {"counts": [1, 2], "size": [9, 9]}),
        *([7], [None], 7, "text", None, [{}], {}, ["abcdef"]),
    ],
    ids=str,
)
def test_masks(segmentation: Any) -> None:
    document = json.loads(json.dumps(USUAL))
    for row in (0, 2):
        document["annotations"][row]["segmentation"] = segmentation
    document["annotations"][1]["segmentation"] = [[1, 1, 5, 1, 5, 5]]
    require_same_for(document)


@pytest.mark.parametrize("fields", [{}, {"category_id": []}, {"bbox": 7}], ids=str)
def test_records_of_no_image(fields: dict[str, Any]) -> None:
    document = json.loads(json.dumps(USUAL))
    stray = {"id": 99, "image_id": 999, "category_id": 1, "bbox": [1, 1, 5, 5], "area": 25}
    stray |= {"iscrowd": 0, **fields}
    if not fields:
        del stray["category_id"]
    document["annotations"].append(stray)
    require_same_for(document)


@pytest.mark.parametrize("area", [2**63, 10**29, -(2**63) - 1])
def test_areas_that_no_tensor_holds(area: int) -> None:
    document = json.loads(json.dumps(USUAL))
    document["annotations"][1]["area"] = area
    require_same_for(document)


def test_keypoints() -> None:
    document = json.loads(json.dumps(USUAL))
    for keypoints in ([1, 2, 2], [1, 2], None):
        document["annotations"][1]["keypoints"] = keypoints
        require_same_for(document)


def test_what_earlier_steps_kept() -> None:
    dataset = read(SAMPLE)
    for plan in (Plan(First(40)), Plan(InCategory("person")), Plan(ToSpace("mmdet80"), First(60))):
        require_same(plan.apply(dataset))


def test_wild_files() -> None:
    for path in wild_files():
        try:
            dataset = read(path)
        except CocosurgeonError:
            continue
        if not dataset.index.is_results:
            require_same(dataset.first(40))


def test_of_a_plain_file_few_images_are_asked_about() -> None:
    dataset = read(SAMPLE).keep(~InCategory("person"))
    asked = effective._is_asked(dataset, "mmdet3")
    assert asked is not None
    assert asked.sum() < len(asked) / 2


def test_progress_is_shown_to_who_asks_for_it() -> None:
    seen: list[Any] = []

    @contextmanager
    def show(name: str) -> Iterator[Any]:
        seen.append(name)
        yield lambda done, total: seen.append((done, total))

    with shown_by(show):
        effective.is_effectively_empty(read(SAMPLE), "mmdet3")
    name, *steps = seen
    assert name == "asking mmdet3"
    assert steps[-1][0] == steps[-1][1] > 2
    assert steps == sorted(steps)


def test_an_error_names_the_place_in_the_file(tmp_path: Path) -> None:
    document = json.loads(SAMPLE.read_bytes())
    del document["annotations"][300]["bbox"]
    path = tmp_path / "in.json"
    path.write_text(json.dumps(document))
    with pytest.raises(LoaderError, match=r"annotations\[300\]"):
        effective.is_effectively_empty(read(path), "mmdet3")
