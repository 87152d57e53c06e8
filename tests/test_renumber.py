"""Renumbering: the file's own categories counted from any number, whatever they are called."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from test_imports import loaded_by
from test_laws import opened, text_of

from cocosurgeon.categories.policy import Numbering
from cocosurgeon.categories.to_space import to_space
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.errors import RequestError, StructureError
from cocosurgeon.steps.categories.renumber import Renumber

Entries = Sequence[dict[str, Any]]

ZOO: Entries = (
    {"id": 7, "name": "zebra", "supercategory": "animal"},
    {"id": 3, "name": "dog"},
    {"id": 5, "name": "cat"},
)


def renumber(dataset: Dataset, *args: Any, **options: Any) -> Dataset:
    """The dataset after the step."""
    return Renumber(*args, **options).apply(dataset)


def annotation_file(categories: Entries, *used: object) -> bytes:
    """The text of a file with these categories, and an object of each id that is used."""
    document = {
        "images": [{"id": 1}],
        "annotations": [{"id": n, "image_id": 1, "category_id": i} for n, i in enumerate(used)],
        "categories": list(categories),
    }
    return json.dumps(document).encode()


def renumbered(text: bytes, *args: Any, **options: Any) -> tuple[list[Any], list[Any]]:
    """Ids and names of the list, and the ids that are used, after renumbering."""
    document = json.loads(text_of(renumber(opened(text), *args, **options)))
    listed = [(c["id"], c.get("name")) for c in document["categories"]]
    return listed, [a["category_id"] for a in document["annotations"]]


@pytest.mark.parametrize(
    ("sort", "listed", "used"),
    [
        ("list", [(0, "zebra"), (1, "dog"), (2, "cat")], [0, 2, 1, 0]),
        ("id", [(0, "dog"), (1, "cat"), (2, "zebra")], [2, 1, 0, 2]),
        ("name", [(0, "cat"), (1, "dog"), (2, "zebra")], [2, 0, 1, 2]),
    ],
)
def test_the_order_counts(sort: Numbering, listed: object, used: object) -> None:
    assert renumbered(annotation_file(ZOO, 7, 5, 3, 7), 0, sort) == (listed, used)


@pytest.mark.parametrize("start", [0, 1, 100])
def test_the_first_id_is_the_one_that_is_given(start: int) -> None:
    listed, used = renumbered(annotation_file(ZOO, 3), start)
    assert ([i for i, _ in listed], used) == ([start, start + 1, start + 2], [start + 1])


def test_nothing_else_changes() -> None:
    text = annotation_file(ZOO, 7)
    changed = text.replace(b'"id": 7, "name"', b'"id": 0, "name"')
    changed = changed.replace(b'"id": 3, "name"', b'"id": 1, "name"')
    changed = changed.replace(b'"id": 5, "name"', b'"id": 2, "name"')
    changed = changed.replace(b'"category_id": 7', b'"category_id": 0')
    assert text_of(renumber(opened(text))) == changed
    assert text_of(renumber(renumber(opened(text)))) == changed


def test_names_may_repeat_or_be_missing() -> None:
    categories = ({"id": 9, "name": "a"}, {"id": "x"}, {"id": 4, "name": "a"})
    listed, used = renumbered(annotation_file(categories, "x", 4, 9))
    assert (listed, used) == ([(0, "a"), (1, None), (2, "a")], [1, 2, 0])
    listed, _ = renumbered(annotation_file(categories[::2]), sort="name")
    assert listed == [(0, "a"), (1, "a")]


def test_placeholders_go() -> None:
    ids = dict(enumerate(json.loads(annotation_file(ZOO))["categories"]))
    categories = [{"id": 0, "name": "__background__"}, *ids.values(), {"id": 1, "name": "N/A"}]
    dataset = renumber(opened(annotation_file(categories, 3)))
    assert [(c.id, c.name) for c in dataset.categories] == [(0, "zebra"), (1, "dog"), (2, "cat")]
    assert any("dropped from the list, without objects: 0" in note for note in dataset.notes)
    assert "categories numbered from 0 to 2 in the order of the list" in dataset.notes


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (
            b'[{"image_id": 1, "category_id": 1, "score": 1}]',
            {},
            "use Like or Remap",
        ),
        (b'{"images": [], "annotations": []}', {}, "no category list to number"),
        (annotation_file(ZOO, 7, 8), {}, r"1 category id is not mapped .*: 8 \(not in the"),
        (annotation_file(ZOO), {"start": -1}, "ids cannot begin with -1"),
        (annotation_file(ZOO), {"start": 0.5}, "the first id cannot be 0.5"),
        (annotation_file(ZOO), {"sort": "size"}, "order of 'size'(?s:.*)list, id or name"),
        (annotation_file([*ZOO, {"id": "1", "name": "a"}]), {"sort": "id"}, "have no order"),
        (annotation_file([*ZOO, {"id": 1}]), {"sort": "name"}, "without a name have no order"),
        (annotation_file([*ZOO, *ZOO]), {}, "two categories have the id 7"),
        (annotation_file([{"name": "a"}]), {}, "has no id"),
    ],
)
def test_what_cannot_be_numbered(text: bytes, options: dict[str, Any], message: str) -> None:
    with pytest.raises((RequestError, StructureError), match=f"(?s){message}"):
        renumber(opened(text), **options)


def test_ids_that_are_not_listed_can_be_kept_or_dropped() -> None:
    text = annotation_file(ZOO, 7, 8)
    assert renumbered(text, unmapped="keep")[1] == [0, 8]
    assert renumbered(text, unmapped="drop")[1] == [0]
    with pytest.raises(RequestError, match=r"the kept category 8 .* would be one with 3 "):
        renumber(opened(text), start=7, unmapped="keep")


def test_a_file_that_is_in_the_space_already_is_reported() -> None:
    says = "nothing changes: the file is already in {}".format
    coco = annotation_file([{"id": 1, "name": "person"}, {"id": 13, "name": "stop sign"}], 13)
    assert says("coco91") in to_space(opened(coco), "coco91", "coco91").notes
    labels = to_space(opened(coco), "mmdet80", "coco91")
    assert not any("nothing changes" in note for note in labels.notes)
    again = to_space(opened(text_of(labels)), "mmdet80", "mmdet80", start=0)
    assert says("mmdet80") in again.notes
    assert text_of(again) == text_of(labels)
    shifted = to_space(opened(text_of(labels)), "mmdet80", "mmdet80", start=1)
    assert not any("nothing changes" in note for note in shifted.notes)
    from_one = to_space(opened(text_of(shifted)), "mmdet80", "names", start=1)
    assert says("mmdet80, ids from 1") in from_one.notes
    full = opened(text_of(to_space(opened(coco), "detr91", "coco91")))
    assert says("detr91") in to_space(full, "detr91", "detr91").notes


def test_checks_of_a_request_load_nothing_heavy() -> None:
    code = (
        "import cocosurgeon.categories.policy\nfrom cocosurgeon.categories.spaces import find_space"
    )
    loaded = loaded_by(f"{code}\nfind_space('mmdet80').require_positions()")
    assert not loaded & {"pandas", "pycocotools", "numpy", "msgspec", "orjson", "typer", "tqdm"}
