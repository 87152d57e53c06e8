"""Remapping: only values of category ids change, all of them, and they change back."""

from __future__ import annotations

import itertools
import json
import random
from pathlib import Path
from typing import Any

import pytest
from conftest import SAMPLE, THOROUGH, WILD, Cli, examples, wild_files
from generated import Made, annotation_files, results_files
from hypothesis import given
from rawtext import records
from test_laws import opened, text_of

from cocosurgeon import (
    Classes,
    Dataset,
    First,
    Having,
    InCategory,
    Like,
    Merge,
    Plan,
    Recipe,
    Remap,
    Rename,
    SortCategories,
    ToSpace,
    read,
    summarize,
)
from cocosurgeon.categories.category_map import CategoryMap
from cocosurgeon.categories.inventory import Inventory
from cocosurgeon.categories.spaces import find_space, spaces
from cocosurgeon.errors import DataError, RequestError

COCO_FILES = (
    *("coco_mini_val", "coco_mini_val_keypoints", "coco_panoptic_examples", "coco_val2014_100"),
    *("coco_val2014_100_fakebbox_results", "lvis_val_100", "pedestrian_ignore"),
    "mixed_str_int_image_id",
    "mmtrack_cocovid",  # its list is in no order of COCO's, and goes by names
)


def written(doc: Any, tmp_path: Path, name: str = "in.json") -> Dataset:
    path = tmp_path / name
    path.write_text(json.dumps(doc, ensure_ascii=False))
    return read(path)


def loaded(dataset: Dataset) -> Any:
    return json.loads(text_of(dataset).decode("utf-8-sig"))


def category_ids(dataset: Dataset) -> list[Any]:
    """Every id of the file, listed or used."""
    return list(dict.fromkeys([*(c.id for c in dataset.categories), *Inventory.of(dataset).used]))


# ---- there and back


@given(annotation_files)
@examples(300)
def test_a_bijective_map_and_its_inverse_give_the_identical_file(made: Made) -> None:
    _there_and_back(made)


@given(results_files)
@examples(100)
def test_so_they_do_on_detections(made: Made) -> None:
    _there_and_back(made)


def _there_and_back(made: Made) -> None:
    whole = opened(made.text)
    ids = category_ids(whole)
    rng = random.Random(len(made.text))
    numbers = [i for i in ids if not isinstance(i, str)]
    new = iter(rng.sample([*numbers, 0, 5, 1000, 10**20], len(ids)))
    # A number that is written 3.0 cannot come back from a string, which has no place for the .0.
    cat_map = CategoryMap([(i, next(new)) for i in ids])
    there = text_of(Remap(cat_map).apply(whole))
    assert text_of(Remap(cat_map.inverse()).apply(opened(there))) == made.text
    assert text_of(Plan(Remap(cat_map), Remap(cat_map.inverse())).apply(whole)) == made.text


@pytest.mark.skipif(not WILD.is_dir(), reason="the folder of real annotation files is not at hand")
@pytest.mark.parametrize("name", COCO_FILES)
def test_all_pairs_of_spaces_there_and_back(name: str, tmp_path: Path) -> None:
    """Every pair in which no class is lost; files with fillers among the sources.

    From the file's own space all of it goes, from any other the first images. An eighth of
    the pairs is tried with each file, another one with the next; all in a thorough run.
    """
    share = COCO_FILES.index(name)
    if not THOROUGH and share % 2:
        pytest.skip("every second file; all of them in a thorough run")
    whole = read(WILD / f"{name}.json")
    tried = 0
    for number, source in enumerate(spaces()):
        start = _in_space(whole.first(3) if number else whole, source)
        if start is None:
            continue
        text = text_of(start)
        (tmp_path / "start.json").write_bytes(text)
        begun = read(tmp_path / "start.json")
        for at, target in enumerate(spaces()):
            if not THOROUGH and tried and (number + at + share) % 8:
                continue
            try:
                there = ToSpace(target, from_=source).apply(begun)
            except RequestError:
                continue
            (tmp_path / "there.json").write_bytes(text_of(there))
            back = ToSpace(source, from_=target).apply(read(tmp_path / "there.json"))
            assert text_of(back) == text, (source, target)
            tried += 1
    assert tried >= (4 if THOROUGH else 1)


def _in_space(whole: Dataset, space: str) -> Dataset | None:
    """The file in a space; None where that is not possible without losing a class."""
    own = "coco91" if whole.index.is_results else None
    if [c.name for c in whole.categories] == ["car", "person"]:
        own = "names"
    try:
        return ToSpace(space, from_=own).apply(whole)
    except RequestError:
        return None


@pytest.mark.skipif(not WILD.is_dir(), reason="the folder of real annotation files is not at hand")
@pytest.mark.parametrize("path", wild_files(), ids=lambda p: p.stem)
def test_wild_files_with_any_ids_there_and_back(path: Path, tmp_path: Path) -> None:
    try:
        whole = read(path)
        ids = category_ids(whole)
        shifted = CategoryMap({i: n + 7 for n, i in enumerate(reversed(ids))})
        there = text_of(Remap(shifted).apply(whole))
    except DataError as error:
        assert path.stem in {
            "gbk_encoded_invalid_utf8",
            "invalid_control_char",
            "via_export_invoice",
        }, error
        return
    (tmp_path / "there.json").write_bytes(there)
    source = path.read_bytes()
    assert (there == source) == (not ids)
    assert text_of(Remap(shifted.inverse()).apply(read(tmp_path / "there.json"))) == source


# ---- what changes, and what not


def test_every_place_that_names_a_category_changes_and_no_other(tmp_path: Path) -> None:
    text = (
        '{"categories": [ {"name":"a", "id": 1} ,\n {"id":2.0,"name":"b","keypoints":[1,2]}],'
        '"annotations": [{"id": 1, "category_id":1, "image_id": 1, "note": "\\"category_id\\": 1"},'
        '{"category_id" : 2, "id": 2, "image_id": 1, "attributes": {"category_id": 1}},'
        '{"category_id": 9, "category_id": 1, "id": 3, "image_id": 1},'
        '{"\\u0063ategory_id": 2.00, "id": 4, "image_id": 1, "x\\"category_id": 1},'
        '{"id": 5, "image_id": 1}, {"id": 6, "image_id": 1, "category_id": null}],'
        '"tracks": [{"id": 1, "category_id": 2}],'
        '"images": [{"id": 1, "neg_category_ids": [ 1,2 ], "not_exhaustive_category_ids": [],'
        '"category_ids": [1]}]}'
    )
    expected = (
        text.replace('"id": 1} ,', '"id": 12} ,')
        .replace('{"id":2.0,', '{"id":1.0,')
        .replace('"category_id":1, "image_id"', '"category_id":12, "image_id"')
        .replace('"category_id" : 2,', '"category_id" : 1,')
        .replace('"category_id": 9, "category_id": 1,', '"category_id": 9, "category_id": 12,')
        .replace('ategory_id": 2.00', 'ategory_id": 1.00')
        .replace('"category_id": 2}]', '"category_id": 1}]')
        .replace("[ 1,2 ]", "[ 12,1 ]")
        .replace('"category_ids": [1]', '"category_ids": [12]')
    )
    path = tmp_path / "odd.json"
    path.write_text(text)
    there = text_of(Remap({1: 12, 2: 1}).apply(read(path))).decode()
    assert there == expected
    path.write_text(there)
    assert text_of(Remap({12: 1, 1: 2}).apply(read(path))).decode() == text


def test_panoptic_ids_change_inside_segments(tmp_path: Path) -> None:
    doc: dict[str, Any] = {
        "images": [{"id": 1}],
        "annotations": [
            {"image_id": 1, "segments_info": [{"id": 5, "category_id": 1}, {"category_id": 2}]},
            {"image_id": 1, "segments_info": []},
            {"image_id": 1, "segments_info": None, "category_id": 2},
        ],
        "categories": [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}],
    }
    new = loaded(Remap({1: 3, 2: 4}).apply(written(doc, tmp_path)))
    assert [s["category_id"] for s in new["annotations"][0]["segments_info"]] == [3, 4]
    assert new["annotations"][2]["category_id"] == 4
    with pytest.raises(RequestError, match="1 segments are of categories that would be dropped"):
        Remap({1: 3, 2: None}).apply(
            written(doc | {"annotations": doc["annotations"][:2]}, tmp_path)
        )


def test_ids_written_in_no_usual_way_are_refused_not_rewritten(tmp_path: Path) -> None:
    path = tmp_path / "odd.json"
    for odd in ("true", "10e-1"):
        path.write_text(
            '{"images": [{"id": 1}], "annotations": [{"image_id": 1, "category_id": '
            f'{odd}}}], "categories": [{{"id": 1, "name": "a"}}]}}'
        )
        with pytest.raises(DataError, match=f"a category id is written {odd}"):
            text_of(Remap({1: 2}).apply(read(path)))


# ---- steps


@pytest.fixture
def zoo(tmp_path: Path) -> Dataset:
    names = ["person", "cat", "dog", "car", "bus"]
    doc = {
        "images": [{"id": 1}, {"id": 2}],
        "annotations": [
            {"id": n, "image_id": 1 + n % 2, "category_id": c}
            for n, c in enumerate([1, 1, 17, 18, 3, 6, 6])
        ],
        "categories": [
            {"supercategory": "s", "id": i, "name": n}
            for i, n in zip([1, 17, 18, 3, 6], names, strict=True)
        ],
    }
    return written(doc, tmp_path, "zoo.json")


def listed(dataset: Dataset) -> dict[Any, Any]:
    return {c["id"]: c["name"] for c in loaded(dataset)["categories"]}


def used(dataset: Dataset) -> list[Any]:
    return [a["category_id"] for a in loaded(dataset)["annotations"]]


def test_to_a_contiguous_space(zoo: Dataset) -> None:
    there = ToSpace("mmdet80").apply(zoo)
    assert list(listed(there)) == [0, 15, 16, 2, 5]
    assert used(there) == [0, 0, 15, 16, 2, 5, 5]
    assert any("whose id is not their place" in note for note in there.notes)
    assert list(listed(ToSpace("mmdet80", start=1).apply(zoo))) == [1, 16, 17, 3, 6]
    with pytest.raises(RequestError, match="start renumbers positions"):
        ToSpace("coco91", start=1)


def test_a_head_with_unused_rows_gets_an_entry_for_each(zoo: Dataset) -> None:
    there = ToSpace("detr91").apply(zoo)
    categories = loaded(there)["categories"]
    assert [c["id"] for c in categories] == list(range(91))
    assert [c["name"] for c in categories] == find_space("detr91").names_in_list()
    assert sum(c["name"] == "N/A" for c in categories) == 11
    assert [c["id"] for c in categories if "supercategory" in c] == [1, 3, 6, 17, 18]
    assert used(there) == used(zoo)
    assert any("reordered" in note for note in there.notes)
    assert categories[0]["order"] == [0, 3, 4, 1, 2]
    assert summarize(there).config_lines()[-1] == "num_classes = 91"


def test_a_filler_that_is_used_is_none(zoo: Dataset, tmp_path: Path) -> None:
    doc = loaded(ToSpace("detr91").apply(zoo))
    doc["annotations"][0]["category_id"] = 12
    with pytest.raises(RequestError, match=r"not mapped .*: 12 \('N/A', 1 object\)"):
        ToSpace("coco91", from_="detr91").apply(written(doc, tmp_path))


def test_filters_behind_a_remap_ask_about_the_new_ids(zoo: Dataset) -> None:
    plan = Plan(ToSpace("mmdet80"), InCategory(16), First(2))
    assert used(plan.apply(zoo)) == [16]
    assert used(Plan(InCategory(18), ToSpace("mmdet80")).apply(zoo)) == [16]
    assert Plan(ToSpace("mmdet80"), Having(InCategory("bus"))).apply(zoo).img_ids == [1, 2]
    frame = ToSpace("mmdet80").apply(zoo).annotations
    assert frame["category_id"].tolist() == [0, 0, 15, 16, 2, 5, 5]
    assert sorted(ToSpace("mmdet80").apply(zoo).to_coco().cats) == [0, 2, 5, 15, 16]


def test_unmapped_is_an_error_unless_spelled_out(zoo: Dataset) -> None:
    names = ("dog", "person")
    with pytest.raises(RequestError, match=r"3 category ids are not mapped .*17 \('cat', 1 obj"):
        Classes(names).apply(zoo)
    dropped = Classes(names, unmapped="drop").apply(zoo)
    assert (listed(dropped), used(dropped)) == ({0: "dog", 1: "person"}, [1, 1, 0])
    assert any("dropped with their objects: 17 ('cat', 1" in note for note in dropped.notes)
    kept = Classes(names, unmapped="keep").apply(zoo)
    assert listed(kept) == {0: "dog", 1: "person", 17: "cat", 3: "car", 6: "bus"}
    with pytest.raises(RequestError, match=r"kept category 3 \('car', 1 object\) would be"):
        Classes(names, start=2, unmapped="keep").apply(zoo)


def test_merge_rename_and_sort(zoo: Dataset) -> None:
    merged = Merge("vehicle", ("bus", "car")).apply(zoo)
    assert listed(merged) == {1: "person", 17: "cat", 18: "dog", 3: "vehicle"}
    assert used(merged) == [1, 1, 17, 18, 3, 3, 3]
    assert not any("not mapped" in note for note in merged.notes)
    with pytest.raises(RequestError, match="has a category 'cat' of its own"):
        Merge("cat", ("dog", "bus")).apply(zoo)
    renamed = Rename("car", "Auto ä").apply(zoo)
    assert listed(renamed)[3] == "Auto ä"
    assert text_of(Plan(Rename("car", "x"), Rename("x", "car")).apply(zoo)) == text_of(zoo)
    with pytest.raises(RequestError, match="has a category 'dog' already"):
        Rename("cat", "dog").apply(zoo)
    with pytest.raises(RequestError, match="did you mean 'person'"):
        Rename("Person", "human").apply(zoo)
    assert list(listed(SortCategories("id").apply(zoo))) == [1, 3, 6, 17, 18]
    by_name = listed(SortCategories("name").apply(zoo))
    assert list(by_name.values()) == ["bus", "car", "cat", "dog", "person"]
    assert by_name == listed(zoo)


def test_like_brings_another_files_ids_and_order(zoo: Dataset, tmp_path: Path) -> None:
    doc = loaded(zoo)
    doc["categories"] = [
        {"id": 10 + n, "name": c["name"], "from": "other"}
        for n, c in enumerate([*reversed(doc["categories"]), {"name": "kite"}])
    ]
    doc["annotations"] = []
    other = written(doc, tmp_path, "other.json")
    there = Like.of(other).apply(zoo)
    assert list(listed(there).items()) == list(listed(other).items())
    assert used(there) == [14, 14, 13, 12, 11, 10, 10]
    assert loaded(there)["categories"][-1] == {"id": 15, "name": "kite", "from": "other"}
    assert any("entries added" in note and "kite" in note for note in there.notes)
    with pytest.raises(RequestError, match="not mapped"):
        Like.of(zoo).apply(there)  # there is a kite now
    back = Like.of(zoo, unmapped="drop").apply(there)
    assert text_of(back) == text_of(zoo)


def test_what_is_merged_cannot_come_back() -> None:
    merged = CategoryMap({3: 3, 6: 3, 8: 3}, before={3: "car", 6: "bus", 8: "truck"})
    with pytest.raises(RequestError, match=r"3 \(car\), 6 \(bus\), 8 \(truck\) -> 3"):
        merged.inverse()


def test_all_steps_survive_a_recipe(zoo: Dataset) -> None:
    plan = Plan(
        ToSpace("mmdet80", "coco91", None, "error", (("Person", "person"),)),
        Merge("vehicle", ("car", "bus")),
        Rename("cat", "kitten"),
        SortCategories("name"),
        Classes(("dog", "person"), 1, "keep"),
        Remap({1: 100, 2: 200}, "drop"),
        Like.of(ToSpace("detr91").apply(zoo), "drop", (("dog", "dog"),)),
    )
    again = Recipe.from_json(Recipe.of(plan, zoo).to_json(), "recipe").plan
    assert again == plan
    plan = Plan(*plan.steps[1:6])
    assert text_of(Plan(*again.steps[1:6]).apply(zoo)) == text_of(plan.apply(zoo))


# ---- lists that are not in order, fillers, lists of ids


def test_the_way_back_restores_an_order_that_was_not_that_of_ids(
    zoo: Dataset, tmp_path: Path
) -> None:
    text = text_of(zoo)
    for space in ("detr91", "ultralytics91", "torchvision91"):
        (tmp_path / "there.json").write_bytes(text_of(ToSpace(space).apply(zoo)))
        there = read(tmp_path / "there.json")
        assert text_of(ToSpace("coco91", from_=space).apply(there)) == text
        (tmp_path / "on.json").write_bytes(text_of(ToSpace("dino92", from_=space).apply(there)))
        on = ToSpace("coco91", from_="dino92").apply(read(tmp_path / "on.json"))
        assert text_of(on) == text
        assert text_of(Plan(ToSpace(space), ToSpace("coco91", from_=space)).apply(zoo)) == text


def test_fillers_of_others_stay_as_they_are(zoo: Dataset, tmp_path: Path) -> None:
    doc = loaded(ToSpace("detr91").apply(zoo))
    for entry in doc["categories"]:
        if entry["name"] == "N/A":
            entry.pop("filler"), entry.pop("order", None)
            entry["supercategory"] = "N/A"
    dataset = written(doc, tmp_path)
    assert text_of(ToSpace("detr91").apply(dataset)) == text_of(dataset)


def test_a_used_filler_is_a_class(zoo: Dataset, tmp_path: Path) -> None:
    doc = loaded(zoo)
    doc["categories"][0]["name"] = "__background__"
    with pytest.raises(RequestError, match="label space; nearest is coco91: 1 of 5 names"):
        ToSpace("mmdet80").apply(written(doc, tmp_path))


def test_what_breaks_place_and_id_is_said(zoo: Dataset) -> None:
    merged = Plan(ToSpace("detr91"), Merge("vehicle", ("car", "bus"))).apply(zoo)
    assert any("ids no longer equal places in the category list" in n for n in merged.notes)


def test_like_a_list_with_fillers(zoo: Dataset, tmp_path: Path) -> None:
    (tmp_path / "91.json").write_bytes(text_of(ToSpace("detr91").apply(zoo)))
    like = Like.of(read(tmp_path / "91.json"))
    assert listed(like.apply(zoo)) == listed(ToSpace("detr91").apply(zoo))
    assert text_of(like.apply(read(tmp_path / "91.json"))) == (tmp_path / "91.json").read_bytes()


def test_ids_in_lists_of_any_record(zoo: Dataset, tmp_path: Path) -> None:
    dataset = written(
        broken(
            zoo,
            videos=[{"neg_category_ids": [3, 6], "not_exhaustive_category_ids": [[3], {"id": 3}]}],
        ),
        tmp_path,
    )
    [video] = loaded(ToSpace("mmdet80").apply(dataset))["videos"]
    assert video["neg_category_ids"] == [2, 5]
    assert video["not_exhaustive_category_ids"] == [[3], {"id": 3}]
    merged = Merge("vehicle", ("car", "bus")).apply(dataset)
    assert loaded(merged)["videos"][0]["neg_category_ids"] == [3]
    assert any("a category that is absent as one of them" in note for note in merged.notes)
    dropped = Classes(("person", "car"), unmapped="drop").apply(dataset)
    assert loaded(dropped)["videos"][0]["neg_category_ids"] == [1]
    assert not any("without a category id" in note for note in dropped.notes)


def test_segments_among_plain_annotations(zoo: Dataset, tmp_path: Path) -> None:
    annotations = loaded(zoo)["annotations"]
    annotations[-1]["segments_info"] = [{"id": 1, "category_id": 3}, [{"category_id": 3}], None]
    annotations[-2]["segments_info"] = {"category_id": 3}
    there = ToSpace("mmdet80").apply(written(broken(zoo, annotations=annotations), tmp_path))
    *_, first, last = loaded(there)["annotations"]
    assert last["segments_info"] == [{"id": 1, "category_id": 2}, [{"category_id": 3}], None]
    assert first["segments_info"] == {"category_id": 3}


def test_what_is_no_id_is_left_alone_and_counted(zoo: Dataset, tmp_path: Path) -> None:
    annotations = [*loaded(zoo)["annotations"], {"image_id": 1, "category_id": [1, 3]}]
    there = ToSpace("mmdet80").apply(written(broken(zoo, annotations=annotations), tmp_path))
    assert used(there)[-1] == [1, 3]
    assert "records without a category id, unchanged: 1" in there.notes


# ---- bad input


def broken(zoo: Dataset, **changes: Any) -> Any:
    return loaded(zoo) | changes


@pytest.mark.parametrize(
    ("categories", "message"),
    [
        ([{"id": 1, "name": "a"}, {"id": 1, "name": "b"}], "two categories have the id 1: 'a' and"),
        ([{"id": 1, "name": "a"}, {"id": 2, "name": "a"}], "two categories are named 'a': 1 and 2"),
        ([{"name": "a"}], r"categories\[0\] \('a'\) has no id"),
        ([{"id": 1}], "category 1 has no name"),
        ([{"id": 1, "name": 5}], "category 1 has no name"),
        ([], "the file has no category names to match by"),
        ([{"id": "1", "name": "person"}], r"17 \(not in the category list, 1 object\)"),
    ],
)
def test_lists_that_cannot_be_gone_by(
    zoo: Dataset, tmp_path: Path, categories: Any, message: str
) -> None:
    dataset = written(broken(zoo, categories=categories), tmp_path)
    with pytest.raises((RequestError, DataError), match=message):
        ToSpace("mmdet80", from_="names").apply(dataset)


def test_a_name_that_contradicts_the_space_is_an_error_until_aliased(
    zoo: Dataset, tmp_path: Path
) -> None:
    doc = loaded(zoo)
    doc["categories"][0]["name"] = "Person"
    dataset = written(doc, tmp_path)
    with pytest.raises(RequestError, match=r"category 1 is 'Person' .* 'person' in coco91"):
        ToSpace("mmdet80", from_="coco91").apply(dataset)
    with pytest.raises(RequestError, match="'Person' is nearly 'person'"):
        ToSpace("mmdet80", from_="names").apply(dataset)
    with pytest.raises(RequestError, match="'Person' is nearly 'person'"):
        ToSpace("mmdet80", from_="names", unmapped="drop").apply(dataset)
    alias = (("Person", "person"),)
    for source in ("coco91", "names"):
        there = ToSpace("mmdet80", from_=source, aliases=alias).apply(dataset)
        assert listed(there)[0] == "Person"


def test_a_file_that_fits_no_space_or_several_is_asked_about(tmp_path: Path) -> None:
    detections = [{"image_id": 1, "category_id": i, "bbox": [0, 0, 1, 1]} for i in (1, 2, 3)]
    with pytest.raises(RequestError, match="fit the file's 3 category ids: coco91 or"):
        ToSpace("mmdet80").apply(written(detections, tmp_path))
    assert [
        d["category_id"]
        for d in loaded(ToSpace("mmdet80", from_="coco91").apply(written(detections, tmp_path)))
    ] == [0, 1, 2]
    detections[0]["category_id"] = 5000
    with pytest.raises(RequestError, match="label space; nearest is coco91: 1 of 3 ids"):
        ToSpace("mmdet80").apply(written(detections, tmp_path))


def test_a_kept_id_must_not_mean_something_else(tmp_path: Path) -> None:
    detections = [{"image_id": 1, "category_id": i, "bbox": [0, 0, 1, 1]} for i in (1, 12, 99)]
    dataset = written(detections, tmp_path)
    with pytest.raises(
        RequestError, match=r"kept category 12 .* would mean parking meter in mmdet"
    ):
        ToSpace("mmdet80", from_="coco91", unmapped="keep").apply(dataset)
    there = ToSpace("coco91", from_="coco91", unmapped="keep")
    with pytest.raises(RequestError, match="would mean street sign in coco91"):
        there.apply(dataset)
    del detections[1]
    kept = ToSpace("mmdet80", from_="coco91", unmapped="keep").apply(written(detections, tmp_path))
    assert [d["category_id"] for d in loaded(kept)] == [0, 99]
    assert any(note.startswith("kept, though not mapped: 99") for note in kept.notes)


def test_near_misses_between_spaces(tmp_path: Path) -> None:
    names = {1: "Person", 6: "Car", 2: "Sneakers"}
    doc = {
        "images": [{"id": 1}],
        "annotations": [{"id": i, "image_id": 1, "category_id": i} for i in names],
        "categories": [{"id": i, "name": n} for i, n in names.items()],
    }
    dataset = written(doc, tmp_path)
    drop = ToSpace("coco91", unmapped="drop")
    with pytest.raises(RequestError, match="'Person' is nearly 'person'"):
        drop.apply(dataset)
    aliases = (("Person", "person"), ("Car", "car"))
    there = ToSpace("coco91", unmapped="drop", aliases=aliases).apply(dataset)
    assert used(there) == [1, 3]
    none = (("Person", "person"), ("Car", ""))
    assert used(ToSpace("coco91", unmapped="drop", aliases=none).apply(dataset)) == [1]


def test_aliases_help_to_tell_the_space_and_must_name_something(
    zoo: Dataset, tmp_path: Path
) -> None:
    doc = loaded(zoo)
    doc["categories"][0]["name"] = "Person"
    there = ToSpace("mmdet80", aliases=(("Person", "person"),)).apply(written(doc, tmp_path))
    assert used(there) == [0, 0, 15, 16, 2, 5, 5]
    with pytest.raises(RequestError, match="the alias is for a name that is not there: 'foo'"):
        ToSpace("mmdet80", aliases=(("foo", "bar"),)).apply(zoo)


def test_nameless_categories_go_by_id_and_are_counted(zoo: Dataset, tmp_path: Path) -> None:
    doc = loaded(zoo)
    doc["categories"][1]["name"] = None
    there = ToSpace("mmdet80").apply(written(doc, tmp_path))
    assert "categories without a name, matched by id: 1" in there.notes
    assert summarize(there).config_lines()[0].startswith("# no metainfo: ")


def test_other_lists_cannot_lose_records(zoo: Dataset, tmp_path: Path) -> None:
    dataset = written(broken(zoo, tracks=[{"id": 1, "category_id": 17}]), tmp_path)
    with pytest.raises(RequestError, match="1 records of 'tracks' are of categories that would"):
        Classes(("person",), unmapped="drop").apply(dataset)


# ---- the command


def test_the_command_changes_ids_only(cli: Cli, tmp_path: Path) -> None:
    there = cli("remap", SAMPLE, "--to", "mmdet80", "-o", "there.json")
    assert (there.code, there.out) == (0, "there.json\n")
    assert "coco91 -> mmdet80" in there.err and "num_classes = 80" in there.err
    source = SAMPLE.read_text()
    text = (tmp_path / "there.json").read_text()
    ids = {c["id"]: n for n, c in enumerate(json.loads(source)["categories"])}
    for key in ("images", "licenses", "info"):
        if key != "info":
            assert records(text, key) == records(source, key)
    pairs = itertools.chain.from_iterable(
        zip(records(source, key), records(text, key), strict=True)
        for key in ("annotations", "categories")
    )
    for before, after in pairs:
        old, new = json.loads(before), json.loads(after)
        key = "category_id" if "category_id" in old else "id"
        assert new[key] == ids[old[key]]
        assert before.replace(f'"{key}": {old[key]},', f'"{key}": {new[key]},') == after
    back = cli("remap", "there.json", "--to", "coco91", "-o", "-", "--quiet")
    assert back.out == source


def test_the_metainfo_that_is_printed_is_python_and_is_the_list(cli: Cli, tmp_path: Path) -> None:
    done = cli("remap", SAMPLE, "--to", "detr91", "-o", "91.json")
    printed = done.err[done.err.index("metainfo = ") :]
    namespace: dict[str, Any] = {}
    exec(printed, namespace)
    categories = json.loads((tmp_path / "91.json").read_text())["categories"]
    assert list(namespace["metainfo"]["classes"]) == [c["name"] for c in categories]
    assert namespace["num_classes"] == 91
    as_json = json.loads(cli("remap", SAMPLE, "--to", "detr91", "-o", "92.json", "--json").out)
    assert as_json["classes"] == [c["name"] for c in categories]


def test_steps_apply_in_the_order_written_and_name_the_result(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "in.json").write_bytes(SAMPLE.read_bytes())
    done = cli(
        *("remap", "in.json", "--merge", "vehicle=car,bus,truck", "--rename", "tv=television"),
        *("--classes", "vehicle,television", "--start", "1", "--unmapped", "drop"),
    )
    assert done.code == 0, done.err
    name = done.out.strip()
    doc = json.loads((tmp_path / name).read_text())
    assert [(c["id"], c["name"]) for c in doc["categories"]] == [(1, "vehicle"), (2, "television")]
    assert {a["category_id"] for a in doc["annotations"]} == {1, 2}
    assert name.startswith("in_merge-car-bus-truck-to-vehicle_rename-tv-to-televis-")
    sub = cli("subset", "in.json", "--having", "dog", "--to", "detr91", "--first", "1")
    assert sub.out == "in_having-dog_detr91_first1.json\n"


def test_a_map_from_a_file(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "map.csv").write_text("before,after\n1,0\n18,\n")
    done = cli("remap", SAMPLE, "--map", "map.csv", "--unmapped", "keep", "-o", "out.json")
    assert done.code == 0, done.err
    doc = json.loads((tmp_path / "out.json").read_text())
    assert {0: "person"}.items() <= {c["id"]: c["name"] for c in doc["categories"]}.items()
    assert "dog" not in {c["name"] for c in doc["categories"]}
    assert "dropped with their objects: 18 ('dog'" in done.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "nothing to do"),
        (["--to", "mmdet8"], "no label space 'mmdet8'"),
        (["--to", "mmdet80", "--from", "mmdt80"], "no label space 'mmdt80'"),
        (["--to", "mmdet80", "--unmapped", "ignore"], "expected error or drop or keep"),
        (["--to", "mmdet80", "--from", "mmdet80"], "category 1 is 'person' in the file, and"),
        (["--classes", "persn"], "did you mean 'person'"),
        (["--classes", "person,person"], "each once"),
        (["--sort", "size"], "cannot sort categories by 'size'"),
        (["--merge", "car"], "expected NEW=OLD"),
        (["--rename", "car="], "expected NEW=OLD"),
        (["--merge", "a=person,dog", "--alias", "b=c"], "--alias has no effect without"),
        (["--from", "coco91", "--sort", "id"], "--from has no effect without --to"),
        (["--alias", "a=b", "--to", "coco91", "--map", "missing.csv"], "cannot read the map"),
        (["--like", "missing.json"], "missing.json"),
        (["--classes", "person"], "79 category ids are not mapped"),
    ],
)
def test_requests_that_cannot_be_met(
    cli: Cli, tmp_path: Path, options: list[str], message: str
) -> None:
    done = cli("remap", SAMPLE, *options, "-o", "out.json")
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert not list(tmp_path.iterdir())
