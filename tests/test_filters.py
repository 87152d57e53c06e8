"""Each filter and each step by hand-made cases; questions mix only within their level."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cocosurgeon import (
    AnnotationWhere,
    Area,
    Cascade,
    Crowd,
    Dataset,
    Empty,
    ExpressionError,
    FileName,
    First,
    Having,
    Ids,
    ImageWhere,
    InCategory,
    Keep,
    LevelError,
    Plan,
    Recipe,
    RequestError,
    Sample,
    StructureError,
    UnknownIdError,
    UnknownNameError,
    read,
)
from cocosurgeon.steps.naming import slug

Put = Callable[..., Path]


@pytest.fixture
def whole(small: dict[str, Any], put: Put) -> Dataset:
    """The small file, read."""
    return read(put(small))


def ann_ids(dataset: Dataset) -> list[int]:
    found: list[int] = dataset.annotations["id"].tolist()
    return found


# ---- images


def test_positions(whole: Dataset) -> None:
    assert whole.first(2).img_ids == [30, 10]
    assert whole.first(2, order="id").img_ids == [10, 20]
    assert whole.last(2).img_ids == [50, 40]
    assert whole.last(2, order="id").img_ids == [50, 40]
    assert whole.last(0).img_ids == []
    assert whole.skip(3).img_ids == [50, 40]
    assert whole.skip(3, order="id").img_ids == [50, 40]
    assert whole.skip(9).img_ids == []
    assert ann_ids(whole.first(1)) == [1, 3, 7]
    with pytest.raises(RequestError):
        whole.first(-1)
    with pytest.raises(RequestError):
        First(-1)
    with pytest.raises(RequestError):
        First(1, "name")  # type: ignore[arg-type]


def test_more_than_there_are_is_said(whole: Dataset) -> None:
    kept = whole.first(100)
    assert kept.img_ids == whole.img_ids
    assert kept.notes == ("first 100 requested, 5 images there",)


def test_a_sample_depends_on_ids_and_seed_alone(whole: Dataset, small: Any, put: Put) -> None:
    drawn = set(whole.sample(3, seed=5).img_ids)
    assert len(drawn) == 3
    assert drawn < set(whole.sample(4, seed=5).img_ids)
    small["images"].reverse()
    assert set(read(put(small, "other.json")).sample(3, seed=5).img_ids) == drawn
    samples = {tuple(whole.sample(3, seed).img_ids) for seed in range(30)}
    assert len(samples) > 5
    assert set(whole.sample(2, seed=0).img_ids) == {10, 30}  # the same on every machine


def test_ids_keep_the_file_s_order(whole: Dataset) -> None:
    assert whole.keep(Ids([40, 30.0, 40])).img_ids == [30, 40]
    assert whole.keep(~Ids([40, 30])).img_ids == [10, 20, 50]
    assert whole.keep(Ids([])).img_ids == []


def test_unknown_ids_are_errors_with_the_nearest(whole: Dataset) -> None:
    with pytest.raises(UnknownIdError, match="the nearest id is 40"):
        whole.keep(Ids([41]))
    with pytest.raises(UnknownIdError, match="a string never equals a number"):
        whole.keep(Ids(["40"]))
    with pytest.raises(UnknownIdError, match="2 image ids are not in the file: 41, 42"):
        whole.keep(Ids([30, 41, 42]))
    with pytest.raises(RequestError):
        Ids([None])  # type: ignore[list-item]
    lenient = whole.keep(Ids([30, 41], unknown="ignore"))
    assert lenient.img_ids == [30]
    assert lenient.notes == ("1 of 2 ids are not in the file",)


def test_an_id_that_an_earlier_step_dropped_is_known(whole: Dataset) -> None:
    assert whole.first(1).keep(Ids([40])).img_ids == []


def test_names(whole: Dataset) -> None:
    assert whole.keep(FileName("*.jpg")).img_ids == [30, 10]
    assert whole.keep(FileName("b/*")).img_ids == [20, 50]
    assert whole.keep(FileName("?0.png")).img_ids == [20, 50, 40]
    assert whole.keep(FileName("[!1-3]0.*")).img_ids == [50, 40]
    assert whole.first(1).keep(FileName("*.png")).img_ids == []
    with pytest.raises(UnknownNameError, match="no image has a file_name"):
        whole.keep(FileName("*.JPG"))


def test_empty(whole: Dataset, small: Any, put: Put) -> None:
    assert whole.keep(Empty()).img_ids == [40]
    assert whole.keep(~Empty()).img_ids == [30, 10, 20, 50]
    assert whole.keep(Empty("category", ("dog",))).img_ids == [20, 50, 40]
    assert whole.keep(Empty("category", ("dog", "toothbrush"))).img_ids == [20, 40]
    small["annotations"].append({"id": 9, "image_id": 40, "category_id": 7})
    stray = read(put(small, "stray.json"))
    assert stray.keep(Empty()).img_ids == []
    assert stray.keep(Empty("category")).img_ids == [40]
    with pytest.raises(UnknownNameError):
        whole.keep(Empty("category", ("cat",)))
    with pytest.raises(UnknownNameError, match="no loader is called 'mmdet4'"):
        Empty("effective:mmdet4")
    with pytest.raises(RequestError, match="unknown definition"):
        Empty("nothing")


def test_effectively_empty(small: Any, put: Put) -> None:
    image = {"file_name": "x.jpg", "width": 64, "height": 64}
    small["images"] = [image | {"id": i} for i in range(6)]
    box = {"bbox": [1, 1, 8, 8], "area": 64, "category_id": 18, "iscrowd": 0}
    odd: list[dict[str, Any]] = [{}, {"iscrowd": 1}, {"area": 0}, {"bbox": [80, 1, 8, 8]}]
    odd.append({"ignore": 1})
    small["annotations"] = [box | change | {"id": n, "image_id": n} for n, change in enumerate(odd)]
    whole = read(put(small, "odd.json"))
    assert whole.keep(Empty("effective:mmdet3")).img_ids == [1, 2, 3, 4, 5]
    assert whole.keep(Empty("effective:mmdet2")).img_ids == [1, 2, 3, 4, 5]
    assert whole.keep(Empty("effective:detr")).img_ids == [1, 3, 5]
    assert whole.keep(Empty()).img_ids == [5]
    assert whole.keep(~Empty("effective:mmdet3")).img_ids == [0]
    # its filter of images, which raises where none is left, is not applied
    del small["annotations"][0], small["annotations"][-1]
    small["annotations"] = [a for a in small["annotations"] if a["iscrowd"]]
    crowds = read(put(small, "crowds.json"))
    assert crowds.keep(Empty("effective:detectron2")).img_ids == [0, 1, 2, 3, 4, 5]


def test_having_lifts(whole: Dataset) -> None:
    assert whole.keep(Having(InCategory("dog"))).img_ids == [30, 10]
    assert whole.keep(Having(InCategory("dog") & ~Crowd())).img_ids == [10]
    assert whole.keep(Having(Area(min=1e5))).img_ids == [50]
    assert whole.keep(Having(InCategory("dog")) & Having(InCategory(1))).img_ids == [30, 10]


# ---- annotations


def test_annotation_filters_remove_no_image(whole: Dataset) -> None:
    kept = whole.keep(InCategory("dog", 90))
    assert kept.img_ids == whole.img_ids
    assert ann_ids(kept) == [2, 3, 6, 7]
    assert ann_ids(whole.keep(~InCategory("dog"))) == [1, 4, 5, 6, 7]
    assert ann_ids(whole.keep(Area(min=25, max=400))) == [2, 3, 7]
    assert ann_ids(whole.keep(Area(max=4))) == [4]
    assert ann_ids(whole.keep(Crowd())) == [3]
    assert ann_ids(whole.keep(~Crowd())) == [1, 2, 4, 5, 6, 7]


def test_what_has_no_area_lies_in_no_range(small: Any, put: Put) -> None:
    del small["annotations"][0]["area"]
    small["annotations"][1]["area"] = None
    small["annotations"][2]["area"] = "100"
    whole = read(put(small))
    kept = whole.keep(Area())
    assert ann_ids(kept) == [4, 5, 6, 7]
    assert kept.notes == ("annotations without a number for an area: 3",)
    assert ann_ids(whole.keep(~Area())) == [1, 2, 3]


def test_crowd_is_what_loaders_take_for_one(small: Any, put: Put) -> None:
    values = [0, 1, True, False, "0", None]
    for annotation, value in zip(small["annotations"], values, strict=False):
        annotation["iscrowd"] = value
    del small["annotations"][6]["iscrowd"]
    assert ann_ids(read(put(small)).keep(Crowd())) == [2, 3, 5]


def test_unknown_categories_are_errors_with_the_nearest(whole: Dataset) -> None:
    for wanted, says in [
        ("Dog", "did you mean 'dog'"),
        ("tooth brush", "did you mean 'toothbrush'"),
        ("persn", "did you mean 'person'"),
        ("xyz", "the file's categories are person, dog, toothbrush"),
    ]:
        with pytest.raises(UnknownNameError, match=says):
            whole.keep(InCategory(wanted))
    with pytest.raises(UnknownIdError, match="no category has the id 2"):
        whole.keep(InCategory(2))
    with pytest.raises(RequestError):
        InCategory()


def test_a_file_without_what_is_asked(small: Any, put: Put) -> None:
    del small["categories"]
    for annotation in small["annotations"]:
        del annotation["area"]
    whole = read(put(small))
    with pytest.raises(UnknownNameError, match="no categories"):
        whole.keep(InCategory("dog"))
    with pytest.raises(UnknownNameError, match="no record of 'annotations' has 'area'"):
        whole.keep(Area(1))
    del small["annotations"]
    images = read(put(small, "images.json"))
    assert images.keep(Empty()).img_ids == whole.img_ids
    assert images.keep(~Empty()).img_ids == []
    with pytest.raises(UnknownNameError, match="no annotations"):
        images.keep(Area(1))


# ---- expressions


@pytest.mark.parametrize(
    ("expression", "ids"),
    [
        ("width > 640", []),
        ("width >= 640 and height > 200", [30]),
        ("width >= 640 or width == 16", [30, 50, 40]),
        ("not width >= 320", [40]),
        ("not (width >= 320 and height == 480)", [10, 20, 50, 40]),
        ("100 < width < 640", [10, 20]),
        ("width / height > 2", [50]),
        ("width * height == 256", [40]),
        ("(width - 16) % 2 != 0", []),
        ("width // 100 == 5", [10]),
        ("width ** 2 < 300", [40]),
        ("-width < -600", [30, 50]),
        ("file_name == 'a/10.jpg'", [10]),
        ('file_name != "a/10.jpg" and id < 35', [30, 20]),
        ("width == height", [40]),
        ("width > 100.5", [30, 10, 20, 50]),
        ("(width - 320) ** 2 < 4 * 1024 and not height == 240", []),
        ("(width - 300) ** 2 < 1000", [20]),
    ],
)
def test_expressions(expression: str, ids: list[int], whole: Dataset) -> None:
    assert whole.keep(ImageWhere(expression)).img_ids == ids


def test_expressions_over_annotations(whole: Dataset) -> None:
    assert ann_ids(whole.keep(AnnotationWhere("bbox_w < 6 or bbox_x > 100"))) == [4, 5, 7]
    assert ann_ids(whole.keep(AnnotationWhere("iscrowd == 1 and category_id != 1"))) == [3]


@pytest.mark.parametrize(
    "expression",
    [
        "__import__('os').system('true')",
        "width.__class__ > 1",
        "[w for w in width] == 1",
        "width[0] > 1",
        "@width > 1",
        "width > 1; height > 1",
        "(width := 3) > 1",
        "lambda: width",
        "width if height else id",
        "width > 1 & height > 1",
        "width is None",
        "width > None",
        "width > 1j",
        "width > b'x'",
        "f'{width}' == 'x'",
        "width in 1",
        "width in ()",
        "file_name in 'abc'",
        "width in {1, 2}",
        "width in [height, 2]",
        "width in [*width]",
        "width in [None]",
        "width in [-'a']",
        "width in [1, [2]]",
        "1 in (1, 2)",
        "1 < width in (1, 2)",
        "(width in (1, 2)) == 1",
        "-(width in (1, 2)) == 1",
        "width in range(3)",
        "count(person, dog) > 1",
        "count(person=1) > 1",
        "count(*person) > 1",
        "count(person.x) > 1",
        "count(count(person)) > 1",
        "count(True) > 1",
        "count(1.5) > 1",
        "count(None) > 1",
        "count(person)",
        "count(person) ** count(person) > 1",
        "count(traffic light) > 1",
        "counts(person) > 1",
        "{1: width} > 1",
        "width > ...",
        "9 ** 9 ** 9 ** 9 > width",
        "9 ** 64 > width",
        "width > 'x' * 999999999",
        "'%9999999999d' % 3 == width",
        "'a' == 'a' and width > 100",
        "width > 300 or not 1 == 1",
        "-(width > 200) == 0",
        "(width > 200) + (height > 300) == 2",
        "(width > 200) == (height > 200)",
        "width ** 1000000 > 1",
        "*width",
        "width >",
        "",
        "1 < 2",
        "(" * 500 + "width" + ")" * 500,
        "`width` > 1",
        "width\x00",
        "True",
    ],
)
def test_nothing_else_is_an_expression(expression: str) -> None:
    with pytest.raises(ExpressionError):
        ImageWhere(expression)


def test_expressions_that_do_not_fit(whole: Dataset) -> None:
    for expression in (
        "width > 'x'",
        "width",
        "file_name > 3",
        "width + height",
        "-file_name == 1",
        "file_name * 9 == file_name",
    ):
        with pytest.raises(ExpressionError):
            whole.keep(ImageWhere(expression))
    with pytest.raises(UnknownNameError, match="did you mean 'width'"):
        whole.keep(ImageWhere("widht > 3"))
    with pytest.raises(UnknownNameError):
        whole.keep(AnnotationWhere("width > 3"))


def test_missing_values_say_no(small: Any, put: Put) -> None:
    del small["images"][0]["width"]
    small["images"][1]["width"] = None
    whole = read(put(small))
    assert whole.keep(ImageWhere("width > 1")).img_ids == [20, 50, 40]
    assert whole.keep(ImageWhere("width <= 1")).img_ids == []
    assert whole.keep(ImageWhere("width == 320")).img_ids == [20]
    assert whole.keep(ImageWhere("width != 320")).img_ids == [30, 10, 50, 40]


def test_names_that_pandas_or_python_reserve_are_columns(small: Any, put: Put) -> None:
    for number, image in enumerate(small["images"]):
        image |= {"index": number, "sin": number, "e": 1, "column_0": number, "int": 7}
    whole = read(put(small))
    assert whole.keep(ImageWhere("index > 2 and sin < 4 and e == 1")).img_ids == [50]
    assert whole.keep(ImageWhere("int == 7 and column_0 == 0")).img_ids == [30]


# ---- levels and masks


def test_mixing_levels_is_a_type_error(whole: Dataset) -> None:
    with pytest.raises(LevelError):
        InCategory("dog") & Empty()  # type: ignore[operator]
    with pytest.raises(TypeError):
        Empty() | Crowd()  # type: ignore[operator]
    with pytest.raises(LevelError):
        Having(Empty())  # type: ignore[arg-type]
    with pytest.raises(LevelError):
        Plan("dog")  # type: ignore[arg-type]


def test_masks_from_pandas_are_filters(whole: Dataset) -> None:
    images, annotations = whole.images, whole.annotations
    assert whole.keep(images["width"] > 400).img_ids == [30, 10, 50]
    assert ann_ids(whole.keep(annotations["area"] < 100)) == [4, 7]
    assert whole.keep(Having(annotations["area"] < 100)).img_ids == [30, 20]
    both = InCategory(90) & (annotations["area"] < 100)
    assert ann_ids(whole.keep(both)) == [7]
    assert ann_ids(whole.keep((annotations["area"] < 100) | InCategory("dog"))) == [2, 3, 4, 7]
    plan = Plan(images["height"] > 300, annotations["iscrowd"] == 0)
    assert ann_ids(plan.apply(whole)) == [1, 2, 5, 7]
    per_image = annotations.groupby("image_id")["id"].count()
    many = images["id"].map(per_image).fillna(0) >= 2
    assert whole.keep(many).img_ids == [30, 10]


def test_a_mask_keeps_its_meaning_after_other_steps(whole: Dataset) -> None:
    mask = whole.annotations["area"] < 1000
    assert ann_ids(whole.first(1).keep(mask)) == [3, 7]
    few = whole.first(2)
    assert few.keep(few.images["width"] < 640).img_ids == [10]
    assert whole.keep(few.images["width"] < 640).img_ids == [10]


def test_a_mask_of_another_file_is_refused(whole: Dataset, small: Any, put: Put) -> None:
    other = read(put(small, "other.json"))
    for mask in (other.images["width"] > 400, (other.first(2).images["width"] > 1).sort_index()):
        with pytest.raises(RequestError, match="made from another file"):
            whole.keep(mask)
    again = read(whole.source.path or "")
    assert whole.keep(again.images["width"] > 400).img_ids == [30, 10, 50]


def test_masks_that_pandas_made_nullable(whole: Dataset) -> None:
    mask = (whole.images["width"] > 400).astype("boolean")
    assert whole.keep(mask).img_ids == [30, 10, 50]
    mask.iloc[0] = None
    with pytest.raises(LevelError):
        whole.keep(mask)


def test_what_is_no_mask_is_refused(whole: Dataset) -> None:
    import numpy as np
    import pandas as pd

    for thing in (
        whole.images["width"],
        pd.Series([True] * 5),
        np.array([True] * 5),
        whole.images,
        "dog",
        (whole.images["width"] > 3).reset_index(drop=True),
    ):
        with pytest.raises(LevelError):
            whole.keep(thing)  # type: ignore[arg-type]


def test_frames(whole: Dataset, put: Put, small: Any) -> None:
    assert list(whole.images.columns) == ["id", "file_name", "width", "height"]
    assert list(whole.annotations.columns) == [
        *("id", "image_id", "category_id", "area", "iscrowd"),
        *("bbox_x", "bbox_y", "bbox_w", "bbox_h"),
    ]
    assert whole.annotations["bbox_w"].tolist() == [100, 20, 10, 2, 30.5, 640, 5]
    assert whole.first(1).images["file_name"].tolist() == ["a/30.jpg"]
    assert whole.annotations_df("bbox").loc[0, "bbox"] == [10, 10, 100, 50]
    with pytest.raises(UnknownNameError):
        whole.images_df("widht")
    del small["annotations"]
    assert read(put(small, "images.json")).annotations.shape == (0, 0)


# ---- values


def test_values_show_themselves_as_they_are_written() -> None:
    question = Having(InCategory("person", "dog") & ~Crowd()) | Empty("category", ("person",))
    plan = Plan(First(100), question, Ids(range(9)), Area(min=3.5), Sample(3, 7))
    assert repr(plan) == (
        "Plan(First(100), Keep((Having((InCategory('person', 'dog') & ~Crowd())) | "
        "Empty(definition='category', categories=['person']))), "
        "Keep(Ids([0, 1, 2, 3, 4, 5, ... 3 more])), Keep(Area(min=3.5)), Sample(3, seed=7))"
    )
    assert Plan(First(1), Plan(Empty(), Plan())) == Plan(First(1), Keep(Empty()))
    assert len({Plan(First(1)), Plan(First(1)), Plan(First(2))}) == 2


def test_no_array_of_a_dataset_can_be_written(whole: Dataset) -> None:
    for array in (
        whole.image_indices,
        whole.annotation_rows,
        whole.index.images.ids,
        whole.index.document.lists["annotations"].column("area").array,
    ):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 9


def test_ids_as_numpy_gives_them(whole: Dataset) -> None:
    import numpy as np

    assert whole.keep(Ids(np.array([10, 40]))).img_ids == [10, 40]
    assert whole.keep(Ids([np.int64(10)])).img_ids == [10]
    assert whole.keep(Ids(whole.images["id"][:2])).img_ids == [30, 10]
    with pytest.raises(RequestError):
        Ids("10")


def test_large_integers_compare_exactly(put: Put) -> None:
    values = [2**53 + 1, 2**53, None, 10**30, 10**30 + 1]
    for kept in (values[:2], values[:3], values):
        whole = read(put({"images": [{"id": i, "n": n} for i, n in enumerate(kept)]}))
        assert whole.keep(ImageWhere(f"n == {2**53 + 1}")).img_ids == [0]
        more = [i for i, n in enumerate(kept) if n is not None and n > 2**53]
        assert whole.keep(ImageWhere(f"n > {2**53}")).img_ids == more
    assert whole.keep(ImageWhere(f"n == {10**30}")).img_ids == [3]
    with pytest.raises(ExpressionError, match="2\\*\\*53"):
        whole.keep(ImageWhere("n * 2 > 1"))


def test_whether_an_expression_fits_goes_by_the_whole_file(put: Put) -> None:
    doc = {"images": [{"id": 1, "file_name": None, "n": None}, {"id": 2, "file_name": "x", "n": 3}]}
    whole = read(put(doc))
    for kept in (whole, whole.first(1), whole.first(0)):
        wanted = [i for i in kept.img_ids if i == 2]
        assert kept.keep(ImageWhere("file_name == 'x'")).img_ids == wanted
        assert kept.keep(ImageWhere("n * 2 == 6.0")).img_ids == wanted
        with pytest.raises(ExpressionError):
            kept.keep(ImageWhere("n == 'x'"))
    none = read(put({"images": [{"id": 1, "file_name": None}, {"id": "1"}]}))
    assert none.keep(ImageWhere("file_name == 'x'")).img_ids == []


def test_numbers_as_numpy_gives_them(whole: Dataset) -> None:
    wide: Any = (whole.images["width"] > 400).sum()
    assert len(whole.first(wide).img_ids) == 3
    assert Plan(First(wide), Sample(wide)) == Plan(First(3), Sample(3))
    persons = whole.annotations["category_id"].unique()[:1]
    assert ann_ids(whole.keep(InCategory(*persons))) == [1, 4, 5]


def test_a_recipe_takes_a_mask_to_a_copy_of_its_file(whole: Dataset, put: Put, small: Any) -> None:
    recipe = Recipe.of(Plan(whole.images["width"] > 400), whole)
    assert recipe.apply(read(put(small, "copy.json"))).img_ids == [30, 10, 50]
    small["images"].pop()
    with pytest.raises(RequestError, match="marks rows"):
        recipe.apply(read(put(small, "other.json")))


def test_arithmetic_does_not_overflow(put: Put) -> None:
    whole = read(put({"images": [{"id": 1, "n": 10**10}, {"id": 2, "n": 3}]}))
    assert whole.keep(ImageWhere("n * 10000000000 > 1")).img_ids == [1, 2]
    assert whole.keep(ImageWhere("n ** 60 > 0")).img_ids == [1, 2]


def test_panoptic_is_told_by_any_record(put: Put) -> None:
    doc = {
        "images": [{"id": 1}, {"id": 2}],
        "annotations": [
            {"image_id": 1, "file_name": "x.png"},
            {"image_id": 2, "segments_info": [{"id": 1, "category_id": 5}]},
        ],
        "categories": [{"id": 5, "name": "p"}],
    }
    whole = read(put(doc))
    assert whole.keep(Having(InCategory("p"))).img_ids == [2]
    assert whole.keep(Empty("category")).img_ids == [1]


def test_a_dataset_shows_itself_in_a_line(whole: Dataset) -> None:
    shown = repr(whole.first(2))
    assert shown.endswith("in.json: 2 of 5 images, 5 of 7 annotations>")
    assert "\n" not in shown


def test_what_makes_no_sense_is_refused(whole: Dataset) -> None:
    for wrong in (
        lambda: whole.first(3, order="name"),  # type: ignore[arg-type]
        lambda: whole.last(2.5),  # type: ignore[arg-type]
        lambda: Sample(-1),
        lambda: Ids([1], unknown="eror"),  # type: ignore[arg-type]
        lambda: Empty(categories=("dog",)),
        lambda: InCategory(3.5),  # type: ignore[arg-type]
    ):
        with pytest.raises(RequestError):
            wrong()


def test_nothing_can_be_changed(whole: Dataset) -> None:
    import dataclasses

    for value in (whole, First(1), Plan(), Ids([1]), whole.index):
        with pytest.raises(dataclasses.FrozenInstanceError):
            value.n = 3  # type: ignore[union-attr, misc]
    before = whole.img_ids
    whole.first(1).keep(Empty())
    assert whole.img_ids == before


def test_ids_of_mixed_types_have_no_order(small: Any, put: Put) -> None:
    small["images"][0]["id"] = "x"
    with pytest.raises(StructureError, match="no order"):
        read(put(small)).first(2, order="id")


def test_slugs_tell_plans_apart() -> None:
    plans = [
        Plan(),
        Plan(First(3)),
        Plan(First(3, "id")),
        Plan(First(3), Empty()),
        Plan(Empty(), First(3)),
        Plan(Ids([1, 2])),
        Plan(Ids(range(1000))),
        Plan(Ids(range(1001))),
        Plan(FileName("*.jpg")),
        Plan(FileName("?.jpg")),
        Plan(InCategory("a b")),
        Plan(InCategory("a/b")),
        Plan(InCategory("a", "b")),
        Plan(InCategory("1")),
        Plan(InCategory(1)),
        Plan(InCategory("a") & (InCategory("b") | InCategory("c"))),
        Plan((InCategory("a") & InCategory("b")) | InCategory("c")),
        Plan(Cascade("scenes")),
        Plan(Area(min=1)),
        Plan(Area(min=1.0000001)),
        Plan(Area(min=1, max=2)),
        Plan(FileName("caf\udce9*")),
        Plan(Ids([1]), Ids([2])),
        Plan(Ids(["1"])),
        Plan(Empty("category")),
        Plan(Empty("category", ("a",))),
        Plan(Sample(3)),
        Plan(Sample(3, 1)),
        Plan(ImageWhere("width > 3")),
        Plan(ImageWhere("width < 3")),
    ]
    slugs = [slug(plan) for plan in plans]
    assert len(set(slugs)) == len(slugs)
    assert slugs[1] == "first3"
    assert slugs[3] == "first3_empty"
    assert all("/" not in slug and len(slug) < 80 for slug in slugs)
