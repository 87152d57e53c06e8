"""``diff``: what changed between two files, and what it does to labels."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import KERNELS, SAMPLE, THOROUGH, Cli, examples, wild_files
from hypothesis import given
from hypothesis import strategies as st
from test_laws import opened

from cocosurgeon import DataError, RequestError, read
from cocosurgeon.annfile.listscan import ScanOptions
from cocosurgeon.annfile.scan import scan
from cocosurgeon.annfile.source import source_of
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.index import AnnotationIndex
from cocosurgeon.diff import diff
from cocosurgeon.diff.report import Difference

Doc = dict[str, Any]
Edit = Callable[[Doc], object]


def base() -> Doc:
    """Three images, five objects and a crowd, four categories of which one is not used."""
    rle = {"size": [80, 100], "counts": [10, 20, 7970]}

    def obj(n: int, img_id: int, cat_id: int, x: float, **more: Any) -> Doc:
        square = [[10.0, 10.0, 30.0, 10.0, 30.0, 30.0, 10.0, 30.0]]
        box = {"bbox": [x, 10.0, 20.0, 20.0], "area": 400.0, "iscrowd": 0, "segmentation": square}
        return {"id": n, "image_id": img_id, "category_id": cat_id, **box, **more}

    return {
        "info": {"year": 2017, "version": "1.0", "contributor": {"name": "c"}},
        "licenses": [{"id": 1, "name": "A"}, {"id": 2, "name": "B"}],
        "images": [
            {"id": n, "file_name": f"{n}.jpg", "width": 100, "height": 80, "license": 1}
            for n in (7, 8, 9)
        ],
        "annotations": [
            obj(101, 7, 1, 10.0),
            obj(102, 7, 2, 60.0),
            obj(103, 8, 2, 10.0, attributes={"occluded": False, "pose": [1, 2]}),
            obj(104, 8, 3, 50.0),
            obj(105, 9, 1, 10.0, segmentation=rle, iscrowd=1),
        ],
        "categories": [
            {"id": n, "name": name, "supercategory": "s"}
            for n, name in ((1, "dog"), (2, "cat"), (3, "bird"), (5, "unused"))
        ],
    }


def compared(before: Any, after: Any, **how: Any) -> Difference:
    one, other = (
        opened(x if isinstance(x, bytes) else json.dumps(x).encode()) for x in (before, after)
    )
    return diff(one, other, **how)


def edited(edit: Edit) -> Doc:
    document = base()
    edit(document)
    return document


def images(document: Doc, n: int) -> Any:
    return document["images"][n]


def objects(document: Doc, n: int) -> Any:
    return document["annotations"][n]


def shifted_images(document: Doc, by: int) -> None:
    for image in document["images"]:
        image["id"] += by
    for annotation in document["annotations"]:
        annotation["image_id"] += by


def numbered_categories(document: Doc) -> None:
    new = {c["id"]: n for n, c in enumerate(document["categories"])}
    for category in document["categories"]:
        category["id"] = new[category["id"]]
    for annotation in document["annotations"]:
        annotation["category_id"] = new[annotation["category_id"]]


def as_text(document: Doc) -> None:
    for image in document["images"]:
        image["id"] = str(image["id"])
    for annotation in document["annotations"]:
        annotation["image_id"] = str(annotation["image_id"])


Case = tuple[Edit, str, str, object, str]
IMG, ANN, CAT = "images", "annotations", "categories"
SINGLE: dict[str, Case] = {
    "image removed": (lambda d: d[IMG].pop(2), "removed", IMG, 9, "image 9 (9.jpg)"),
    "image added": (
        lambda d: d[IMG].append({"id": 10, "file_name": "10.jpg"}),
        *("added", IMG, 10, "image 10 (10.jpg)"),
    ),
    "width": (lambda d: images(d, 0).update(width=99), "changed", IMG, 7, "width 100 -> 99"),
    "height": (lambda d: images(d, 1).update(height=1), "changed", IMG, 8, "height 80 -> 1"),
    "file name": (
        lambda d: images(d, 1).update(file_name="x.jpg"),
        *("changed", IMG, 8, 'file_name "8.jpg" -> "x.jpg"'),
    ),
    "folder": (
        lambda d: images(d, 1).update(file_name="a/8.jpg"),
        *("changed", IMG, 8, 'file_name "8.jpg" -> "a/8.jpg"'),
    ),
    "license": (lambda d: images(d, 2).update(license=2), "changed", IMG, 9, "license 1 -> 2"),
    "image key gone": (
        lambda d: images(d, 2).pop("license"),
        *("changed", IMG, 9, "license is gone, was 1"),
    ),
    "image key new": (
        lambda d: images(d, 2).update(flickr="u"),
        *("changed", IMG, 9, 'flickr is new: "u"'),
    ),
    "image id": (
        lambda d: (images(d, 2).update(id=12), objects(d, 4).update(image_id=12)),
        *("ids", IMG, 9, "image ids differ (1 of 3): 9 -> 12"),
    ),
    "image ids shifted": (
        lambda d: shifted_images(d, 1),
        *("ids", IMG, 7, "image ids shifted by +1 (3 of 3)"),
    ),
    "image ids as text": (as_text, "ids", IMG, 7, "image ids are text, were numbers (3 of 3)"),
    "image order": (lambda d: d[IMG].reverse(), "order", IMG, 8, "2 of 3 are in another place"),
    "annotation removed": (
        lambda d: d[ANN].pop(1),
        *("removed", ANN, 102, "annotation 102 (of image 7)"),
    ),
    "annotation added": (
        lambda d: d[ANN].append({**objects(d, 0), "id": 200, "bbox": [70, 50, 9, 9]}),
        *("added", ANN, 200, "annotation 200 (of image 7)"),
    ),
    "annotation twice": (
        lambda d: d[ANN].append(dict(objects(d, 0))),
        *("added", ANN, 101, "annotation 101 (of image 7)"),
    ),
    "box moved": (
        lambda d: objects(d, 0).update(bbox=[12.0, 10.0, 20.0, 19.5]),
        *("changed", ANN, 101, "bbox x +2.00, height -0.50 px"),
    ),
    "box moved far": (
        lambda d: objects(d, 0).update(bbox=[70.0, 50.0, 5.0, 5.0]),
        *("changed", ANN, 101, "bbox x +60.00, y +40.00, width -15.00, height -15.00 px"),
    ),
    "box null": (lambda d: objects(d, 0).update(bbox=None), "changed", ANN, 101, "-> null"),
    "box gone": (lambda d: objects(d, 0).pop("bbox"), "changed", ANN, 101, "bbox is gone"),
    "category of an object": (
        lambda d: objects(d, 3).update(category_id=2),
        *("changed", ANN, 104, "category_id 3 (bird) -> 2 (cat)"),
    ),
    "image of an object": (
        lambda d: objects(d, 3).update(image_id=9),
        *("changed", ANN, 104, "image_id 8 -> 9"),
    ),
    "area": (lambda d: objects(d, 3).update(area=1.5), "changed", ANN, 104, "area 400.0 -> 1.5"),
    "iscrowd": (lambda d: objects(d, 3).update(iscrowd=1), "changed", ANN, 104, "iscrowd 0 -> 1"),
    "iscrowd true": (
        lambda d: objects(d, 4).update(iscrowd=True),
        *("changed", ANN, 105, "iscrowd 1 -> true"),
    ),
    "point moved": (
        lambda d: objects(d, 0)["segmentation"][0].__setitem__(2, 33.0),
        *("changed", ANN, 101, "segmentation points moved, by 3.00 px at most"),
    ),
    "point removed": (
        lambda d: objects(d, 0)["segmentation"][0].__delitem__(slice(2)),
        *("changed", ANN, 101, "1 polygon of 4 points -> 1 polygon of 3 points"),
    ),
    "mask to polygons": (
        lambda d: objects(d, 4).update(segmentation=[[1, 1, 2, 1, 2, 2]]),
        *("changed", ANN, 105, "RLE of [80, 100] -> 1 polygon of 3 points"),
    ),
    "run length": (
        lambda d: objects(d, 4)["segmentation"]["counts"].__setitem__(0, 11),
        *("changed", ANN, 105, "segmentation RLE"),
    ),
    "attribute": (
        lambda d: objects(d, 2)["attributes"].update(occluded=True),
        *("changed", ANN, 103, "attributes.occluded false -> true"),
    ),
    "attribute gone": (
        lambda d: objects(d, 2)["attributes"].pop("pose"),
        *("changed", ANN, 103, "attributes.pose is gone, was [1, 2]"),
    ),
    "annotation id": (
        lambda d: objects(d, 2).update(id=999),
        *("ids", ANN, 103, "annotation ids differ (1 of 5): 103 -> 999"),
    ),
    "annotation ids from 1": (
        lambda d: [a.update(id=n) for n, a in enumerate(d[ANN], 1)],
        *("ids", ANN, 101, "annotation ids shifted by -100 (5 of 5)"),
    ),
    "annotation order": (
        lambda d: d[ANN].insert(0, d[ANN].pop()),
        *("order", ANN, 105, "1 of 5 are in another place"),
    ),
    "category removed": (lambda d: d[CAT].pop(), "removed", CAT, 5, "category 5 (unused)"),
    "category added": (
        lambda d: d[CAT].append({"id": 6, "name": "fish"}),
        *("added", CAT, 6, "category 6 (fish)"),
    ),
    "category renamed": (
        lambda d: d[CAT][1].update(name="kitten"),
        *("changed", CAT, 2, 'name "cat" -> "kitten"'),
    ),
    "supercategory": (
        lambda d: d[CAT][1].update(supercategory="none"),
        *("changed", CAT, 2, 'supercategory "s" -> "none"'),
    ),
    "category order": (
        lambda d: d[CAT].insert(0, d[CAT].pop(2)),
        *("order", CAT, 3, "1 of 4 are in another place"),
    ),
    "category ids": (
        numbered_categories,
        *("ids", CAT, 1, "category ids renumbered from 0 on (4 of 4)"),
    ),
    "images swapped, objects stay": (
        lambda d: (images(d, 0).update(id=8), images(d, 1).update(id=7)),
        *(
            "stale",
            ANN,
            101,
            "image_id 7 is unchanged, but means '8.jpg', was '7.jpg' (and 3 more)",
        ),
    ),
    "image ids shifted, objects stay": (
        lambda d: [i.update(id=i["id"] + 50) for i in d[IMG]],
        *(
            "stale",
            ANN,
            101,
            "image_id 7 is unchanged, but is not listed, was '7.jpg' (and 4 more)",
        ),
    ),
    "categories swapped, objects stay": (
        lambda d: (d[CAT][0].update(id=2), d[CAT][1].update(id=1)),
        *("stale", ANN, 101, "category_id 1 is unchanged, but means 'cat', was 'dog' (and 3 more)"),
    ),
    "info": (lambda d: d["info"].update(year=1), "changed", "info", None, "info.year 2017 -> 1"),
    "info inside": (
        lambda d: d["info"]["contributor"].update(name="x"),
        *("changed", "info", None, 'info.contributor.name "c" -> "x"'),
    ),
    "top-level key gone": (
        lambda d: d.pop("info"),
        *("removed", "info", None, "the top-level key 'info'"),
    ),
    "top-level key new": (
        lambda d: d.update(extra=[1]),
        *("added", "extra", None, "the top-level key 'extra'"),
    ),
    "license name": (
        lambda d: d["licenses"][1].update(name="x"),
        *("changed", "licenses", 2, 'name "B" -> "x"'),
    ),
    "license gone": (lambda d: d["licenses"].pop(), "removed", "licenses", 2, "licenses entry 2"),
    "no annotations": (lambda d: d.pop(ANN), "removed", ANN, None, "the list 'annotations'"),
}


@pytest.mark.parametrize("name", SINGLE)
def test_each_single_change_is_named(name: str) -> None:
    edit, kind, key, record, words = SINGLE[name]
    found = compared(base(), edited(edit))
    # what cannot change alone: ids in use by others, and objects of what is gone
    of_kind = [c for c in found.changes if c.kind == kind and c.list == key]
    others = [c for c in found.changes if c not in of_kind]
    assert len(of_kind) == 1
    assert [c.kind for c in others] == (["ids"] if kind == "stale" else [])
    assert of_kind[0].id == record
    assert words in of_kind[0].words()
    assert any(words in line for line in found.lines())
    # the way back is one change, too
    back = compared(edited(edit), base())
    assert len([c for c in back.changes if c.list == key]) == 1
    assert back.is_difference


def test_a_category_with_another_name_and_id_is_one_change() -> None:
    after = base()
    after[CAT][1].update(id=9, name="feline")
    for annotation in after[ANN][1:3]:
        annotation["category_id"] = 9
    for renumbered in (0, 1000):  # ids of annotations do not count
        for annotation in after[ANN]:
            annotation["id"] += renumbered
        found = compared(base(), after)
        [change] = [c for c in found.changes if c.list == CAT]
        assert (change.kind, change.id) == ("changed", 2)
        assert {f.key: (f.before, f.after) for f in change.fields} == {
            "id": (2, 9),
            "name": ("cat", "feline"),
        }
        assert change.words() == (
            "category 2 (cat): treated as one category, by 2 of 2 annotations; "
            'name "cat" -> "feline"; id 2 -> 9'
        )
        assert [c.kind for c in found.changes if c.list == ANN] == ["ids"] * bool(renumbered)
        back = compared(after, base())
        assert [(c.kind, c.id) for c in back.changes if c.list == CAT] == [("changed", 9)]
    after[ANN][1]["bbox"] = [1.0, 1.0, 5.0, 5.0]  # half of them are not enough
    kinds = {c.kind for c in compared(base(), after).changes if c.list == CAT}
    assert kinds == {"removed", "added"}
    assert {c.kind for c in compared(base(), after, by="id").changes} >= kinds


def test_categories_that_exchange_their_names_and_ids() -> None:
    after = base()
    for place, new in ((0, 2), (1, 1)):
        after[CAT][place].update(id=new, name=f"new {place}")
    for annotation in after[ANN]:
        annotation["category_id"] = {1: 2, 2: 1}.get(annotation["category_id"], 3)
    found = compared(base(), after)
    assert {(c.kind, c.list, c.id) for c in found.changes} == {
        ("changed", CAT, 1),
        ("changed", CAT, 2),
    }
    names = [f.after for c in found.changes for f in c.fields if f.key == "name"]
    assert names == ["new 0", "new 1"]


def test_a_changed_segmentation_is_whole_in_json(monkeypatch: pytest.MonkeyPatch) -> None:
    after = base()
    masks = [[[1.0, 1.0, 9.0, 1.0, 9.0, 9.0]], {"size": [80, 100], "counts": [8000]}]
    objects(after, 0)["segmentation"], objects(after, 4)["segmentation"] = masks
    del objects(after, 1)["segmentation"]
    found = compared(base(), after)
    fields: list[Any] = [c["fields"] for c in json.loads(json.dumps(found.fields()))["changes"]]
    before = [objects(base(), n)["segmentation"] for n in (0, 1, 4)]
    assert [f[0].get("before") for f in fields] == before
    assert [f[0].get("after") for f in fields] == [masks[0], None, masks[1]]
    assert found.fields()["segmentations_in_words"] == 0
    assert "1 polygon of 4 points -> 1 polygon of 3 points" in str(found)
    assert "segmentation is gone, was 1 polygon of 4 points" in str(found)
    monkeypatch.setattr("cocosurgeon.diff.run._MOST_BYTES", 400)  # of one pair of records
    short = compared(base(), after)
    assert str(short) == str(found)
    fields = [c.json_fields()["fields"] for c in short.changes]
    assert [f[0].get("in_words", False) for f in fields] == [False, True, True]
    assert fields[2][0]["after"] == "RLE of [80, 100]"
    assert short.fields()["segmentations_in_words"] == 2


TEXTS: dict[str, Callable[[str], str]] = {
    "a number": lambda text: text.replace("60.0,", "60.000,", 1),
    "an exponent": lambda text: text.replace("400.0,", "4e2,", 1),
    "whole or not": lambda text: text.replace('"width": 100', '"width": 100.0', 1),
    "order of keys": lambda text: text.replace(
        '"width": 100, "height": 80', '"height": 80, "width": 100', 1
    ),
    "spacing in a record": lambda text: text.replace('"width": 100', '"width":100', 1),
    "an escape": lambda text: text.replace('"7.jpg"', '"\\u0037.jpg"', 1),
    "spacing between records": lambda text: text.replace("}, {", "},\n{"),
    "spacing at the end": lambda text: text + "\n",
    "info": lambda text: text.replace("2017", "2017.0"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_text_that_differs_is_a_note(name: str) -> None:
    before = json.dumps(base())
    after = TEXTS[name](before)
    assert after != before
    found = compared(before.encode(), after.encode())
    assert not found.is_difference
    [note] = found.notes()
    assert "differs" in note


def test_equal_files() -> None:
    found = compared(base(), base())
    assert list(found.notes()) == ["the files are equal, byte for byte"]
    assert not found.is_difference


def test_an_id_spelled_as_a_fraction_is_a_change() -> None:
    text = json.dumps(base())
    found = compared(text.encode(), text.replace('"image_id": 9', '"image_id": 9.0').encode())
    assert [c.words() for c in found.changes] == ["annotation 105 (of image 9): image_id 9 -> 9.0"]


def test_numbers_within_the_tolerance_are_passed_over_and_counted() -> None:
    def nudge(document: Doc) -> None:
        objects(document, 0).update(bbox=[10.4, 10.0, 20.0, 20.0])
        objects(document, 1).update(area=401.0)

    found = compared(base(), edited(nudge), tolerance=0.5)
    assert [c.id for c in found.changes] == [102]
    assert list(found.notes()) == ["1 record differs by no more than 0.5"]
    shifted = compared(base(), edited(lambda d: shifted_images(d, 1)), tolerance=5.0)
    assert [c.kind for c in shifted.changes] == ["ids"]


def test_only_some_keys() -> None:
    def change(document: Doc) -> None:
        images(document, 0).update(width=1)
        objects(document, 0).update(area=1.0, iscrowd=1)
        document["categories"].pop()

    def kinds(*keys: str) -> list[tuple[str, str, list[str]]]:
        found = compared(base(), edited(change), only=keys)
        return [(c.kind, c.list, [f.key for f in c.fields]) for c in found.changes]

    assert kinds("area") == [("changed", ANN, ["area"])]
    assert kinds("images.width", "categories") == [
        ("changed", IMG, ["width"]),
        ("removed", CAT, []),
    ]
    assert kinds("bbox") == []
    with pytest.raises(RequestError, match="a key 'bbx'") as error:
        kinds("bbx")
    assert "did you mean 'bbox'" in str(error.value)


def test_labels_under_each_loader() -> None:
    found = compared(base(), edited(lambda d: d[CAT].pop(0) and d[ANN].pop(0) and d[ANN].pop()))
    assert found.labels is not None
    moved = {loader: s.moved for s in found.labels.shifts for loader in s.loaders}
    assert moved["mmdet3"] == (("cat", 1, 0), ("bird", 2, 1), ("unused", 3, 2))
    assert {"detr", "torchvision"} <= set(found.labels.same)
    kept = compared(base(), edited(lambda d: d[ANN].pop())).labels
    assert kept is not None
    assert "no loader reads other labels" in list(kept.lines())


def test_matching_by_id_and_by_content() -> None:
    """A file whose ids were given anew is all removed and added by ids, and the same by content."""

    def renumber(document: Doc) -> None:
        shifted_images(document, 100)
        for n, annotation in enumerate(reversed(document[ANN])):
            annotation["id"] = n + 1

    after = edited(renumber)
    assert {c.kind for c in compared(base(), after, by="id").changes} == {"removed", "added"}
    for by in ("auto", "content"):
        found = compared(base(), after, by=by)
        assert {(c.kind, c.list) for c in found.changes} == {("ids", IMG), ("ids", ANN)}


def detections() -> list[Doc]:
    return [
        {"image_id": i, "category_id": c, "bbox": [10.0 * n, 5.0, 9.0, 9.0], "score": 0.5}
        for n, (i, c) in enumerate([(7, 1), (7, 2), (8, 1), (9, 3)])
    ]


def test_results() -> None:
    after = copy.deepcopy(detections())
    after[1]["score"] = 0.25
    found = compared(detections(), after)
    assert [(c.kind, c.row, c.fields[0].words()) for c in found.changes] == [
        ("changed", 1, "score 0.5 -> 0.25")
    ]
    assert "annotation at place 1 (of image 7)" in found.changes[0].words()
    fewer = compared(detections(), after[1:])
    assert [(c.kind, c.row) for c in fewer.changes] == [("removed", 0), ("changed", 1)]
    with pytest.raises(RequestError, match="a list of detections, the other an annotation file"):
        compared(base(), detections())


# ---- ids that are new, and objects that are much alike


def kinds(found: Difference) -> list[tuple[str, str]]:
    return [(c.kind, c.list) for c in found.changes]


def crowded(n: int) -> Doc:
    """One image, with boxes of one class that overlap, some of them equal but for their area."""
    document = base()
    document[ANN] = [
        {"id": i, "image_id": 7, "category_id": 1, "bbox": [i // 2, 0, 20, 20], "area": i}
        for i in range(1, n + 1)
    ]
    return document


def captions(n: int) -> Doc:
    document = {"images": base()[IMG], ANN: []}
    document[ANN] = [{"id": i, "image_id": 7 + i % 3, "caption": f"text {i}"} for i in range(n)]
    return document


def unlisted(n: int) -> Doc:
    document = crowded(n)
    for annotation in document[ANN]:
        annotation["image_id"] = 1000 + annotation["id"] % 3
    return document


@pytest.mark.parametrize("make", [crowded, captions, unlisted])
@pytest.mark.parametrize("by", [1, -1, 100])
def test_other_annotation_ids_are_one_change(make: Callable[[int], Doc], by: int) -> None:
    before, after = make(40), make(40)
    for annotation in after[ANN]:
        annotation["id"] += by
    found = compared(before, after)
    assert [c.words() for c in found.changes] == [f"annotation ids shifted by {by:+d} (40 of 40)"]
    assert found.changes[0].json_fields()["pairs"][0] == [  # type: ignore[index]
        before[ANN][0]["id"],
        after[ANN][0]["id"],
    ]
    del after[ANN][7]
    assert sorted(kinds(compared(before, after))) == [("ids", ANN), ("removed", ANN)]


def test_what_has_no_box_and_no_id_can_change() -> None:
    def panoptic(area: int) -> Doc:
        segments = [{"id": n, "category_id": 1, "area": area} for n in (1, 2)]
        return {**base(), ANN: [{"image_id": i, "segments_info": segments} for i in (7, 8, 9)]}

    after = panoptic(10)
    after[ANN][1]["segments_info"] = [{"id": 5, "category_id": 1, "area": 11}]
    [change] = compared(panoptic(10), after).changes
    assert (change.kind, change.row, change.fields[0].key) == ("changed", 1, "segments_info")
    for by in ("auto", "id", "content"):
        assert not compared(panoptic(10), panoptic(10), by=by).is_difference
    spaced = json.dumps(panoptic(10), indent=1).encode()
    assert not compared(panoptic(10), spaced, by="id").is_difference


def test_ids_with_a_fraction_are_other_ids() -> None:
    def float_ids(document: Doc) -> None:
        for annotation in document[ANN]:
            annotation["id"] = float(annotation["id"])

    [change] = compared(base(), edited(float_ids)).changes
    assert "annotation ids are written with a fraction: 101 -> 101.0 (5 of 5)" in change.words()


def test_numbers_of_hundreds_of_digits() -> None:
    for key, value in (("bbox", [10**400, 1, 2, 3]), ("segmentation", [[10**400, 1, 2, 3, 4, 5]])):
        after = edited(lambda d, k=key, v=value: objects(d, 0).update({k: v}))  # type: ignore[misc]
        assert [c.id for c in compared(base(), after).changes] == [101]
        assert [c.id for c in compared(after, base()).changes] == [101]


def test_words() -> None:
    found = compared(base(), edited(lambda d: d["licenses"].reverse()))
    assert not found.is_difference
    found = compared(base(), edited(lambda d: d[ANN].pop()), only=["bbox"])
    assert list(found.notes()) == ["no difference in bbox"]
    assert not compared(detections(), detections(), only=["score"]).is_difference
    lines = list(compared(base(), edited(lambda d: d.pop(CAT))).lines())
    assert "  the list 'categories'" in lines
    assert "labels: not compared, because a file has no category list" in lines
    points = {"keypoints": [1, 2, 2] * 17}
    before = edited(lambda d: objects(d, 0).update(points))
    after = copy.deepcopy(before)
    objects(after, 0)["keypoints"] = [*points["keypoints"][:-2], 9, 2]
    [change] = compared(before, after).changes
    assert change.fields[0].words() == "keypoints 1 of 51 numbers differ: 2 -> 9"


def test_detections_in_another_order_are_the_same() -> None:
    twins = [{**detections()[0], "category_id": c} for c in (1, 2)]
    assert kinds(compared(twins, twins[::-1])) == [("order", ANN)]


# ---- made files


@st.composite
def edits(draw: st.DrawFn) -> tuple[Doc, Doc, set[tuple[str, str, object]]]:
    """A file, the file with random changes, and what changed."""
    before, expected = base(), set()
    after = copy.deepcopy(before)
    rows = draw(st.lists(st.integers(0, 4), unique=True, max_size=5))
    for row in sorted(rows, reverse=True):
        annotation = after[ANN][row]
        if draw(st.booleans()):
            del after[ANN][row]
            expected.add(("removed", ANN, annotation["id"]))
        else:
            key = draw(st.sampled_from(["area", "iscrowd", "extra"]))
            annotation[key] = draw(st.sampled_from([-1, 2.5, "x", None, [1]]))
            expected.add(("changed", ANN, annotation["id"]))
    for n in range(draw(st.integers(0, 2))):
        new = {"id": 300 + n, "image_id": 8, "category_id": 5, "bbox": [n, n * 60, 3, 3]}
        after[ANN].append(new)
        expected.add(("added", ANN, 300 + n))
    if draw(st.booleans()):
        shifted_images(after, draw(st.integers(1, 50)))
        expected.add(("ids", IMG, 7))
    if draw(st.booleans()):
        numbered_categories(after)
        expected.add(("ids", CAT, 1))
    return before, after, expected


@examples(300)
@given(edits())
def test_made_changes_are_found_and_nothing_else(
    made: tuple[Doc, Doc, set[tuple[str, str, object]]],
) -> None:
    before, after, expected = made
    found = compared(before, after)
    assert {(c.kind, c.list, c.id) for c in found.changes} == expected
    assert len(found.changes) == len(expected)


@pytest.mark.parametrize("path", wild_files(), ids=lambda p: p.name)
def test_a_real_file_equals_itself_written_again(path: Path) -> None:
    if path.stat().st_size > 200_000 and not THOROUGH:
        pytest.skip("large: in the thorough run")
    try:
        before = read(path)
    except DataError:
        pytest.skip("broken")
    assert not diff(before, before).is_difference
    document = json.loads(path.read_bytes().decode("utf-8-sig"))
    again = opened(json.dumps(document, indent=1, ensure_ascii=False).encode("utf-8", "replace"))
    found = diff(before, again)
    assert not found.is_difference, found.changes[:3]


@pytest.mark.parametrize("kernel", KERNELS)
def test_with_and_without_the_kernel(kernel: bool) -> None:
    document = json.loads(SAMPLE.read_bytes())
    document[ANN][17]["bbox"][2] += 1
    del document[ANN][300]
    texts = (SAMPLE.read_bytes(), json.dumps(document).encode())
    sources = (source_of([text], "x") for text in texts)
    documents = (scan(source, options=ScanOptions(kernel=kernel)) for source in sources)
    one, other = (Dataset.whole(AnnotationIndex.of(document)) for document in documents)
    assert [c.kind for c in diff(one, other).changes] == ["removed", "changed"]


# ---- the verb


def test_the_verb(cli: Cli, tmp_path: Path) -> None:
    for name, document in (("a.json", base()), ("b.json", edited(SINGLE["width"][0]))):
        (tmp_path / name).write_text(json.dumps(document))
    same, differs = cli("diff", "a.json", "a.json"), cli("diff", "a.json", "b.json")
    assert (same.code, differs.code) == (0, 1)
    assert "  image 7 (7.jpg): width 100 -> 99\n" in differs.out
    report = json.loads(cli("diff", "a.json", "b.json", "--json").out)
    [change] = report["changes"]
    assert change["fields"] == [{"key": "width", "before": 100, "after": 99}]
    assert base()["images"][0]["id"] == change["id"]
    assert (tmp_path / "a.json").read_bytes()[change["byte"] :].startswith(b'{"id": 7,')
    for options, what in {
        ("--match", "name"): "one of auto, id, content",
        ("--tolerance", "-1"): "a number from 0 on",
        ("--only", " "): "--only names no key",
        ("--only", "widht"): "did you mean 'width'?",
    }.items():
        done = cli("diff", "a.json", "b.json", *options)
        assert (done.code, what in done.err) == (2, True), done.err
    assert cli("diff", "a.json", "none.json").code == 2
    assert cli("diff", "a.json", "b.json", "--html", "a.json").code == 2
    assert cli("diff", "-", "-").code == 2


def test_the_page(cli: Cli, tmp_path: Path) -> None:
    def rename(document: Doc) -> None:
        document[CAT][0]["name"] = "<script>alert(1)</script>"
        del document[CAT][1]

    for name, document in (("a.json", base()), ("b.json", edited(rename))):
        (tmp_path / name).write_text(json.dumps(document))
    assert cli("diff", "a.json", "b.json", "--html", "page.html").code == 1
    page = (tmp_path / "page.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "category 2 (cat)" in page
    assert "http" not in page
    (tmp_path / "page.html").write_text("mine")
    refused = cli("diff", "a.json", "b.json", "--html", "page.html")
    assert (refused.code, (tmp_path / "page.html").read_text()) == (2, "mine")
    assert cli("diff", "a.json", "b.json", "--html", "page.html", "--force").code == 1
