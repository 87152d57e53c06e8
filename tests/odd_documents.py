"""COCO documents that meet every rule and trap of the loaders: a hypothesis strategy.

A document is a usual one, made otherwise in some places. It shrinks to few records and few changes.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from hypothesis import strategies as st

NAN, INF = float("nan"), float("inf")
GONE = object()
"""The value of a field that a record has not."""


@dataclass(frozen=True)
class Change:
    """Something that a document has otherwise than usual.

    Attributes:
        kind: the list one record of which is changed; ``whole`` for the document itself.
        fields: what that then has; ``GONE`` for what it has no more.
    """

    kind: Literal["images", "annotations", "categories", "whole"]
    fields: Mapping[str, Any]

    def made(self, document: Mapping[str, Any], row: int) -> dict[str, Any]:
        """A document so changed; as it is where it has no such record.

        Args:
            document: is not changed itself.
            row: which record; counted around where there are fewer.
        """
        changed = copy.deepcopy(dict(document))
        record: Any = changed
        if self.kind != "whole":
            records = changed.get(self.kind)
            record = records[row % len(records)] if isinstance(records, list) and records else None
        if isinstance(record, dict):
            record.update(self.fields)
            for key in [key for key, value in self.fields.items() if value is GONE]:
                del record[key]
        return changed


def _each(kind: Any, **values: Sequence[Any]) -> list[Change]:
    return [Change(kind, {key: value}) for key, some in values.items() for value in some]


ODD = [
    *_each(
        "images",
        id=[0, 1, 2, 3],
        file_name=["d/é.jpg", "/abs.jpg", "", "none"],
        width=[32, 31, 1, 64.5, 16, 100],
        height=[32, 31, 1, 64.5, 16, 100],
    ),
    *_each(
        "annotations",
        id=[0, 1, 2, "1", 1.5, -1],
        image_id=[999, "0", "1", 1.0, 0.0, True],
        category_id=[77, "18", 18.0, 1.0, True, 50],
        area=[0, -1, 0.0, NAN, INF, True, 1e-300],
        iscrowd=[1, True, False, 0.5, GONE],
        ignore=[1, "0", True, 0, False, "", None],
        segmentation=[
            *([[1.5, 2, 3, 4, 5, 6.25]], {"counts": "abc", "size": [3, 4]}, [], None, [[]], {}),
            *([[1, 2, 3, 4]], [[1, 2, 3, 4], [1, 2, 3, 4, 5, 6]], GONE),
        ],
        bbox=[
            *([-30, 5, 5, 8], [5, -9, 20, 8], [500, 3, 5, 8], [100, 0, 9, 9]),  # no overlap
            *([-5, 5, 5, 8], [-5, 5, 5.1, 8], [64, 0, 9, 9], [5, 48, 9, 9], [63.9, 47.9, 9, 9]),
            *([5, 5, 0.999, 8], [5, 5, 8, 0.999], [5, 5, 0, 8], [5, 5, 1, 1], [5, 5, 8, -3]),
            *([NAN, 5, 8, 8], [5, NAN, 8, 8], [5, 5, NAN, 8], [5, 5, 8, NAN], [5, 5, INF, 8]),
            *([-INF, 5, INF, 8], [1e300, 5, 8, 8], [5, 5, 1e39, 8], [5, 5, 1e-300, 8]),
            *([16777217, 5, 8, 8], [5, 5, 2**60, 8], [True, 5, True, 8], [0.1 + 0.2, 5, 1, 8]),
        ],
    ),
    *_each(
        "categories",
        id=[1, 18, 50],
        name=["person", "dog", "Person", "dog ", "hot dog"],
        supercategory=["person", "dog", "cat", "car", "none", "", None, 5],
    ),
    # stands for the record of another image, or is stood for by it
    *(Change("annotations", {"id": i, "image_id": image}) for i in (1, 2, 3) for image in (999, 1)),
    Change("annotations", {"id": 1, "image_id": 999, "iscrowd": 1}),
    Change("annotations", {"bbox": [5, 5, 0.5, 8], "area": 0, "category_id": 77}),
    Change("annotations", {"bbox": [500, 5, 0.5, 8], "area": 0, "ignore": 1}),
]
"""What each loader can live with, but takes its own way."""

NOT_A_LIST: list[Any] = [None, {}, {"id": 1}, [5], [[]], ["text"], 7, "", [], GONE]
BROKEN = [
    *_each(
        "images",
        id=["1", "img", "", None, 1.0, 1.5, True, [1], 2**63, GONE],
        file_name=[None, 5, GONE],
        width=["64", None, 0, -5, NAN, INF, [64], GONE],
        height=["64", None, 0, -5, NAN, INF, [64], GONE],
    ),
    *_each(
        "annotations",
        id=[None, [1], GONE],
        image_id=[None, [1], {}, GONE],
        category_id=[None, [1], GONE, 2**63, 1e30],
        bbox=[
            *([], [5, 5, 8], [5, 5, 8, 8, 1], [2**1500] * 4, ["1", 2, 3, 4], [5, None, 8, 8]),
            *([5, 5, "5", 8], [5, 5, [8], 8], None, "abcd", 5, GONE),
            {"x": 1, "y": 2, "w": 3, "h": 4},
        ],
        area=[None, "5", [5], 2**1500, GONE],
        iscrowd=["0", None, ""],
        segmentation=[[None], [1, 2, 3, 4, 5, 6], "text", 5, {"counts": [1, 2]}],
        keypoints=[[1, 2, 2]],
    ),
    *_each(
        "categories",
        id=["1", None, [1], 4.5, GONE],
        name=[None, 5, ["dog"], GONE],
        supercategory=[["dog"], {}],
    ),
    *_each("whole", images=NOT_A_LIST, annotations=NOT_A_LIST, categories=NOT_A_LIST),
]
"""What makes some loader raise."""

NO_OBJECTS: list[Any] = [[], [{"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4]}], 5]
NAMES = ["person", "dog", "cat", "car", "Person", "dog ", "hot dog", "zebra", "thing"]

USUAL: dict[str, Any] = {
    "images": [{"id": i, "file_name": f"{i}.jpg", "width": 64, "height": 48} for i in (1, 0, 2, 3)],
    "annotations": [
        {
            "id": row + 1,
            "image_id": img_id,
            "category_id": cat_id,
            "bbox": [5, 5, 20.5, 8],
            "area": 100.5,
            "iscrowd": 0,
        }
        for row, (img_id, cat_id) in enumerate([(1, 18), (1, 1), (0, 18), (3, 90), (1, 90)])
    ],
    "categories": [{"id": i, "name": n} for i, n in ((18, "dog"), (1, "person"), (90, "cat"))],
}
"""A document that every loader takes."""


def changed_usual() -> list[Any]:
    """The usual document with each change in turn; by hand, so that each is surely met."""
    changed = [change.made(USUAL, row) for change in ODD + BROKEN for row in (0, 2, 4)]
    lettered = _renumbered(USUAL, {i: str(i) for i in range(3)} | {3: "12"})
    letters = _renumbered(USUAL, dict(enumerate("abcd")))
    twice = [*USUAL["categories"], {"id": 1, "name": "zebra"}]
    return [*NO_OBJECTS, USUAL, *changed, lettered, letters, {**USUAL, "categories": twice}]


@st.composite
def documents(draw: st.DrawFn) -> Any:
    """Any JSON value, mostly a document of a few images."""
    document = _renumbered(draw(_usual()), draw(st.sampled_from(_NUMBERINGS)))
    for change in draw(st.lists(st.sampled_from(ODD), max_size=10)):
        document = change.made(document, draw(st.integers(0, 9)))
    for change in draw(_FEW_BROKEN):
        document = change.made(document, draw(st.integers(0, 9)))
    return document


@st.composite
def _usual(draw: st.DrawFn) -> dict[str, Any]:
    img_ids = draw(st.lists(st.integers(0, 9), unique=True, max_size=6))
    cat_ids = draw(st.lists(st.sampled_from([1, 18, 2, 3, 90, 7]), unique=True, max_size=5))
    listed = [*cat_ids, *draw(st.lists(st.sampled_from(cat_ids or [1]), max_size=1))]
    names = draw(st.permutations(NAMES))
    sizes = st.sampled_from([64, 33, 100, 48])
    found = {
        "image_id": st.sampled_from(img_ids or [0]),
        "category_id": st.sampled_from(cat_ids or [1]),
        "bbox": st.lists(_COORDINATES, min_size=4, max_size=4),
        "area": st.sampled_from([5, 100.5]),
        "iscrowd": st.just(0),
    }
    annotations = draw(st.lists(st.fixed_dictionaries(found), max_size=12))
    return {
        "images": [
            {"id": i, "file_name": f"{i}.jpg", "width": draw(sizes), "height": draw(sizes)}
            for i in img_ids
        ],
        "annotations": [{"id": row + 1} | record for row, record in enumerate(annotations)],
        "categories": [
            {"id": i, "name": n} for i, n in zip(listed, names[: len(listed)], strict=True)
        ],
    }


_COORDINATES = st.one_of(
    st.sampled_from([5, 1, 2.5, 10.1, 20.3, 33, 64, 100, 0, 0.999]),
    st.floats(-40, 120, allow_nan=False),
)
_FEW_BROKEN = st.one_of(
    st.just(()),
    st.just(()),
    st.lists(st.sampled_from(BROKEN), min_size=1, max_size=2),
)
_NUMBERINGS: list[dict[Any, Any]] = [
    *[{}] * 6,  # the usual ones
    {i: str(i) for i in range(10)},
    {i: str(i) for i in range(9)} | {9: "12"},
    dict(enumerate("abcdefghij")),
    {i: float(i) for i in range(10)},
    {0: "0", 1: None, 2: True, 3: 3.5},
    {i: i + 2**63 for i in range(10)},
]
"""What image ids become."""


def _renumbered(document: Mapping[str, Any], numbering: Mapping[Any, Any]) -> dict[str, Any]:
    """A document with other image ids."""
    return dict(document) | {
        "images": [i | {"id": numbering.get(i["id"], i["id"])} for i in document["images"]],
        "annotations": [
            a | {"image_id": numbering.get(a["image_id"], a["image_id"])}
            for a in document["annotations"]
        ],
    }
