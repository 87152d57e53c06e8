"""A list without unused categories (``--drop-unused``), and the labels that it shifts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli, examples
from generated import Made, annotation_files
from hypothesis import given
from naive import applied, same
from test_laws import opened, text_of
from test_loaders import VEHICLES, ann, categories, doc, image
from test_remap import category_ids

from cocosurgeon import DropUnused, First, Plan, Recipe, Remap, RequestError, Shift, read, summarize
from cocosurgeon.categories.inventory import Inventory
from cocosurgeon.dataset.ids import as_other_type
from cocosurgeon.loaders import LOADERS, load
from cocosurgeon.loaders.labels import LabelShift
from cocosurgeon.loaders.settings import settings_for
from cocosurgeon.report.label_shift import effect_warnings

Put = Callable[..., Path]
DROP = Plan(DropUnused())


def zoo(*used: Any, **changes: Any) -> dict[str, Any]:
    """An image and an object of each id that is used; five categories by COCO's ids."""
    named = [(1, "person"), (17, "cat"), (18, "dog"), (3, "car"), (6, "bus")]
    objects = [ann(n, image_id=n, category_id=i) for n, i in enumerate(used, 1)]
    images = [image(n) for n in range(1, len(used) + 1)]
    return doc(*objects, images=images, categories=categories(*named)) | changes


def dropped(document: Any) -> Any:
    return json.loads(text_of(DropUnused().apply(opened(json.dumps(document).encode()))))


# ---- the step


@given(annotation_files)
@examples(150)
def test_only_categories_without_objects_go(made: Made) -> None:
    whole = opened(made.text)
    before = Inventory.of(whole)
    listed = [e.category.id for e in before.listing.entries]
    used = {i if i in listed else as_other_type(i) for i in before.objects}
    if not used.intersection(listed):
        with pytest.raises(RequestError, match=r"no category list|the list would be empty"):
            DropUnused().apply(whole)
        return
    once = text_of(DropUnused().apply(whole))
    unused = {i for i in listed if i not in used}
    table = [(i, None if i in unused else i) for i in category_ids(whole)]
    assert same(json.loads(once), applied(json.loads(made.text), Plan(Remap(table))))
    assert text_of(DropUnused().apply(opened(once))) == once


def test_the_others_keep_ids_order_and_bytes() -> None:
    document = zoo(18, 6)
    kept = [c for c in document["categories"] if c["id"] in (18, 6)]
    assert dropped(document) == document | {"categories": kept}
    twin = zoo("18", 6)
    assert dropped(twin) == twin | {"categories": kept}
    crowd = doc(ann(1, category_id=17, iscrowd=1))
    assert [c["id"] for c in dropped(crowd)["categories"]] == [17]


def test_annotations_that_are_kept_count() -> None:
    whole = opened(json.dumps(zoo(18, 6, 3)).encode())
    found = json.loads(text_of(Plan(First(1), DropUnused()).apply(whole)))
    assert [c["name"] for c in found["categories"]] == ["dog"]
    found = json.loads(text_of(Plan(DropUnused(), First(1)).apply(whole)))
    assert [c["name"] for c in found["categories"]] == ["dog", "car", "bus"]


def test_segments_count_and_lists_of_absent_categories_do_not() -> None:
    panoptic = zoo()
    panoptic["annotations"] = [{"image_id": 1, "segments_info": [{"id": 1, "category_id": 3}]}]
    assert [c["id"] for c in dropped(panoptic)["categories"]] == [3]
    absent = zoo(3, images=[image(1, neg_category_ids=[6, 3], not_exhaustive_category_ids=[17])])
    result = DropUnused().apply(opened(json.dumps(absent).encode()))
    found = json.loads(text_of(result))
    assert found["images"][0]["neg_category_ids"] == [3]
    assert found["images"][0]["not_exhaustive_category_ids"] == []
    assert "dropped from 'neg_category_ids': 1 id" in result.notes


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (zoo(), "the list would be empty"),
        (zoo(99), "the list would be empty"),
        (zoo(1, categories=[]), "has no category list"),
        ([ann(1)], "has no category list"),
    ],
)
def test_an_empty_list_is_refused(document: Any, says: str) -> None:
    with pytest.raises(RequestError, match=says):
        DropUnused().apply(opened(json.dumps(document).encode()))


# ---- the labels


def effect(document: Any, plan: Plan) -> Any:
    return summarize(plan.apply(opened(json.dumps(document).encode()))).list_effect


@pytest.mark.parametrize("plan", [Plan(DropUnused()), Plan(First(2), DropUnused(), Shift(1))])
@pytest.mark.parametrize("list_of", [zoo(18, 6, 17)["categories"], VEHICLES])
def test_the_effect_is_what_each_loader_loads(plan: Plan, list_of: Any, put: Put) -> None:
    """Against the loaders' rules on the whole files."""
    used = [c["id"] for c in list_of[:3]]
    document = zoo(*used, categories=list_of)
    result = plan.apply(read(put(document)))
    after = json.loads(text_of(result))
    found = summarize(result).list_effect
    assert found is not None
    labels = {name: shift.moved for shift in found.shifts for name in shift.loaders}
    assert {*labels, *found.same, *found.raising} == set(LOADERS)
    for name in set(LOADERS) - {*found.raising}:
        sides = []
        for side in (document, after):
            names = [c["name"] for c in side["categories"]]
            [setting, *_] = settings_for(name, ("train",), names)
            view = load(name, side, setting.options)
            sides.append({i.ann_id: i.label for s in view.samples for i in s.instances})
        called = {c["id"]: c["name"] for c in after["categories"]}
        moved = {
            (called[a["category_id"]], sides[0].get(a["id"]), sides[1].get(a["id"]))
            for a in after["annotations"]
            if sides[0].get(a["id"]) != sides[1].get(a["id"])
        }
        assert moved == set(labels.get(name, ())), name


def test_loaders_with_the_same_shift_are_one_line() -> None:
    found = effect(zoo(18, 6), Plan(DropUnused()))
    by_list = LabelShift(("mmdet3", "mmdet2", "onedl"), (("dog", 2, 0), ("bus", 4, 1)))
    by_id = LabelShift(("detectron2", "rfdetr", "yolox"), (("dog", 4, 1), ("bus", 2, 0)))
    assert found.shifts == (by_list, by_id)
    assert list(found.lines())[:2] == [
        "2 labels shift in mmdet3, mmdet2, onedl: dog 2 -> 0, bus 4 -> 1",
        "2 labels shift in detectron2, rfdetr, yolox: dog 4 -> 1, bus 2 -> 0",
    ]
    assert set(found.same) == set(LOADERS) - {*by_list.loaders, *by_id.loaders}
    many = LabelShift(("a",), tuple((str(n), n, None) for n in range(6)))
    assert many.line().endswith("2 2 -> none, 3 3 -> none, and 2 more")


def test_no_loader_reads_other_labels() -> None:
    found = effect(zoo(1, 17, categories=categories((1, "a"), (17, "b"), (18, "c"))), DROP)
    assert list(found.lines()) == ["no loader reads other labels"]
    assert not list(effect_warnings(found))
    assert effect(zoo(1, 17), Plan(First(1))) is None
    raising = effect(doc(ann(1, category_id=200), categories=categories((200, "a"))), DROP)
    assert list(raising.lines())[-1].startswith("labels not compared, because the loader raises: ")
    assert "rtdetr" in raising.raising


def test_every_way_to_ask_gives_the_same_bytes(put: Put, cli: Cli, tmp_path: Path) -> None:
    source = put(zoo(18, 6))
    done = cli("remap", "in.json", "--drop-unused", "--recipe", "r.json")
    assert (done.code, done.out) == (0, "in_drop-unused.json\n")
    assert "onedl: dog 2 -> 0, bus 4 -> 1" in done.err
    assert "warning: labels shift in mmdet3, mmdet2" in done.err
    made = (tmp_path / "in_drop-unused.json").read_bytes()
    assert cli("apply", "r.json", "-o", "again.json").code == 0
    assert (tmp_path / "again.json").read_bytes() == made
    quiet = cli("subset", "in.json", "--drop-unused", "-o", "quiet.json", "--quiet")
    assert "dog 2" not in quiet.err and "warning: labels shift in mmdet3" in quiet.err
    as_json = json.loads(cli("remap", "in.json", "--drop-unused", "-o", "j.json", "--json").out)
    assert as_json["list_effect"]["shifts"][0]["moved"] == [["dog", 2, 0], ["bus", 4, 1]]
    assert as_json["warnings"] == list(effect_warnings(effect(zoo(18, 6), DROP)))
    assert "dog 2 -> 0" in cli("remap", "in.json", "--drop-unused", "--dry-run").out
    plan = Recipe.from_json(Recipe.of(DROP, read(source)).to_json(), "r").plan
    assert plan.steps == DROP.steps
    proof = "--source", "in.json", "--recipe", "r.json", "--loader", "none"
    proven = cli("verify", "in_drop-unused.json", *proof)
    assert proven.code == 0, proven.out
    shown = cli("remap", "--check", "in.json", "in_drop-unused.json")
    assert shown.code == 1
    assert shown.out.count("only the first has") == 3
