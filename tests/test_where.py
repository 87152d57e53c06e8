"""Counts and lists in ``--where``: by hand, and against plain counting on parsed JSON."""

from __future__ import annotations

import json
import operator
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli, examples
from generated import Made, annotation_files
from hypothesis import given
from hypothesis import strategies as st
from naive import usable
from test_laws import opened

from cocosurgeon import (
    AnnotationWhere,
    Dataset,
    ExpressionError,
    ImageWhere,
    InCategory,
    Plan,
    Recipe,
    Remap,
    UnknownIdError,
    UnknownNameError,
    read,
)
from cocosurgeon.steps.images.where import GivenWhere

Put = Callable[..., Path]


@pytest.fixture
def whole(small: dict[str, Any], put: Put) -> Dataset:
    """The small file, read."""
    return read(put(small))


@pytest.mark.parametrize(
    ("expression", "ids"),
    [
        ("count(person) == 1", [30, 10, 20]),
        ("count('dog') == 1", [30, 10]),
        ('count("dog") + count(person) == 2', [30, 10]),
        ("count(18) >= 1 and width > 500", [30]),
        ("not count(person) > 0", [50, 40]),
        ("objects == 0", [40]),
        ("objects <= 1", [20, 50, 40]),
        ("0 < objects < 3", [10, 20, 50]),
        ("count() == objects", [30, 10, 20, 50, 40]),
        ("categories >= 2", [30, 10]),
        ("categories == objects", [30, 10, 20, 50, 40]),
        ("objects / width > 0.0045", [30]),
        ("id in (10, 30.0)", [30, 10]),
        ("id in [10]", [10]),
        ("id not in (10, 30)", [20, 50, 40]),
        ("id in (-1, +20)", [20]),
        ("not (id in (10, 20) or objects in (0, 3))", [50]),
        ("file_name in ('a/10.jpg', 'x')", [10]),
        ("width % 100 in (0, 40)", [30, 10, 50]),
        ("count(person) not in (0, 2)", [30, 10, 20]),
    ],
)
def test_counts_and_lists(expression: str, ids: list[int], whole: Dataset) -> None:
    assert whole.keep(ImageWhere(expression)).img_ids == ids
    assert whole.keep(~ImageWhere(expression)).img_ids == [i for i in whole.img_ids if i not in ids]


def test_names_with_blanks_and_ids(small: Any, put: Put) -> None:
    small["categories"][1]["name"] = "traffic light"
    small["categories"][2]["name"] = "18"
    whole = read(put(small))
    assert whole.keep(ImageWhere("count('traffic light') == 1")).img_ids == [30, 10]
    assert whole.keep(ImageWhere("count(18) == 1")).img_ids == [30, 10]
    assert whole.keep(ImageWhere("count('18') == 1")).img_ids == [30, 50]
    with pytest.raises(UnknownNameError, match="did you mean 'traffic light'"):
        whole.keep(ImageWhere("count('trafic light') == 1"))
    with pytest.raises(UnknownIdError, match="no category has the id 17"):
        whole.keep(ImageWhere("count(17) == 1"))


@pytest.mark.parametrize(
    ("expression", "hint"),
    [
        ("width in (10)", "a list of one value has brackets: in [10]"),
        ("file_name in ('a.jpg')", "a list of one value has brackets: in ['a.jpg']"),
        ("width in x", "width in (320, 640)"),
        ("count(traffic light) == 1", "in quotes: count('traffic light')"),
        ("width > 5 and count( t-shirt ) in (1, 2)", "in quotes: count('t-shirt')"),
        ("count(class) == 1", "in quotes: count('class')"),
        ("count(person) = 1", "== compares"),
        ("count(person, dog) == 1", "only columns, count(NAME)"),
        ("width > 5 and and count(person) == 1", "write it as in Python"),
    ],
)
def test_errors_say_how_to_write_it(expression: str, hint: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        ImageWhere(expression)
    assert hint in str(caught.value.hint)


def test_what_an_earlier_step_dropped_does_not_count(whole: Dataset) -> None:
    persons = whole.keep(InCategory("person"))
    assert persons.keep(ImageWhere("objects == 1")).img_ids == [30, 10, 20]
    assert persons.keep(ImageWhere("count(dog) > 0")).img_ids == []
    assert persons.keep(ImageWhere("categories == 0")).img_ids == [50, 40]
    merged = Remap({1: 1, 18: 1, 90: 90}).apply(whole)
    assert merged.keep(ImageWhere("categories == 2")).img_ids == [30]
    assert merged.keep(ImageWhere("count(person) == 2")).img_ids == [30, 10]


def test_missing_values_are_in_no_list(small: Any, put: Put) -> None:
    del small["images"][0]["width"]
    whole = read(put(small))
    assert whole.keep(ImageWhere("width in (640, 500)")).img_ids == [10, 50]
    assert whole.keep(ImageWhere("width not in (640, 500)")).img_ids == [30, 20, 40]


def test_large_integers_and_long_lists(put: Put) -> None:
    whole = read(put({"images": [{"id": 2**53 + n} for n in range(3)] + [{"id": 1}]}))
    assert whole.keep(ImageWhere(f"id in ({2**53 + 1}, 7)")).img_ids == [2**53 + 1]
    many = ", ".join(map(str, range(600)))
    assert whole.keep(ImageWhere(f"id in ({many})")).img_ids == [1]


def test_annotations_have_lists_but_no_counts(whole: Dataset) -> None:
    assert whole.keep(AnnotationWhere("category_id in (18, 90)")).ann_ids == [2, 3, 6, 7]
    assert GivenWhere("category_id not in (18, 90)").apply(whole).ann_ids == [1, 4, 5]
    for expression in ("count(person) == 1", "objects > 1", "categories > 1 and area > 1"):
        with pytest.raises(ExpressionError, match="counts objects of an image"):
            whole.keep(AnnotationWhere(expression))
    with pytest.raises(ExpressionError, match="mixes columns of images and of annotations"):
        GivenWhere("count(person) == 1 and area > 5").apply(whole)
    with pytest.raises(ExpressionError, match="no column 'objcts'") as caught:
        GivenWhere("objcts > 5").apply(whole)
    assert caught.value.hint == "did you mean 'objects'?"


def test_a_key_of_the_records_goes_before_a_count(small: Any, put: Put) -> None:
    for image in small["images"]:
        image["objects"] = 7
    whole = read(put(small))
    kept = whole.keep(ImageWhere("objects == 7 and count() == 0"))
    assert kept.img_ids == [40]
    assert kept.notes == (
        "--where: 'objects' is a key of the image records, not a count; count() counts objects",
    )
    small["annotations"][0]["objects"] = 1
    with pytest.raises(ExpressionError, match="images and annotations both have objects"):
        GivenWhere("objects == 7").apply(read(put(small)))
    for image in small["images"]:
        del image["objects"]
    whole = read(put(small))
    assert whole.keep(AnnotationWhere("objects == 1")).ann_ids == [1]
    with pytest.raises(ExpressionError, match="images and annotations both have objects"):
        GivenWhere("objects == 1").apply(whole)


def test_other_kinds_of_files(put: Put) -> None:
    detections = [{"image_id": i, "category_id": c} for i, c in ((1, 1), (1, 1), (2, 5), (1, 7))]
    results = read(put(detections, "dt.json"))
    assert results.keep(ImageWhere("objects == 3 and categories == 2")).img_ids == [1]
    assert results.keep(ImageWhere("objects == 3 or id == 2")).img_ids == [1, 2]
    with pytest.raises(UnknownNameError, match="no categories"):
        results.keep(ImageWhere("count(1) > 1"))
    images = read(put({"images": [{"id": 1}, {"id": 2}]}, "images.json"))
    assert images.keep(ImageWhere("objects == 0 and categories == 0")).img_ids == [1, 2]
    segments = [{"id": n, "category_id": c} for n, c in enumerate((5, 5, 6))]
    panoptic = {
        "images": [{"id": 1}, {"id": 2}],
        "annotations": [
            {"image_id": 1, "file_name": "1.png", "segments_info": segments},
            {"image_id": 2, "file_name": "2.png", "segments_info": []},
        ],
        "categories": [{"id": 5, "name": "sky"}, {"id": 6, "name": "sea"}],
    }
    whole = read(put(panoptic, "panoptic.json"))
    assert whole.keep(ImageWhere("count(sky) == 2 and objects == 3")).img_ids == [1]
    assert whole.keep(ImageWhere("objects == 0")).img_ids == [2]
    assert whole.keep(ImageWhere("categories == 2")).img_ids == [1]


def test_on_the_command_line(cli: Cli, put: Put, small: Any) -> None:
    path = put(small)
    args = ("--only", "person", "--where", "count(person) == 1 and width in (640, 320)")
    done = cli("subset", path, *args, "-o", "a.json", "--recipe", "r.json")
    assert done.code == 0, done.err
    assert [i["id"] for i in json.loads(path.with_name("a.json").read_bytes())["images"]] == [
        30,
        20,
    ]
    assert cli("apply", "r.json", path, "-o", "b.json").code == 0
    assert path.with_name("a.json").read_bytes() == path.with_name("b.json").read_bytes()
    checked = cli("verify", "a.json", "--source", path, "--recipe", "r.json")
    assert checked.code == 0, checked.err
    done = cli("subset", path, "--where", "objects <= 2", "-o", "-", "--quiet")
    assert done.out.count('"file_name"') == 4
    done = cli("subset", path, "--where", "annotations: count(dog) > 1", "-o", "-")
    assert (done.code, "of an image, not of an annotation" in done.err) == (2, True)
    whole = read(path)
    plan = Plan(ImageWhere("count('dog') in (1, 2)"))
    assert Recipe.from_json(Recipe.of(plan, whole).to_json(), "r").plan == plan


# ---- against plain counting


OPERATORS = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
Row = dict[str, int]
Test = Callable[[Row], bool]


def made_test(rng: random.Random, columns: list[str], depth: int = 2) -> tuple[str, Test]:
    """A random expression, and a function that answers it for a row of values."""
    kind = rng.choice(["and", "or", "not", "compare", "compare", "in", "in", "sum"])
    if depth and kind in ("and", "or"):
        (left, a), (right, b) = (made_test(rng, columns, depth - 1) for _ in range(2))
        both = kind == "and"
        return (
            f"({left}) {kind} ({right})",
            lambda row: (a(row) and b(row)) if both else (a(row) or b(row)),
        )
    if depth and kind == "not":
        text, inner = made_test(rng, columns, depth - 1)
        return f"not ({text})", lambda row: not inner(row)
    column, other = rng.choice(columns), rng.choice(columns)
    if kind == "in":
        values = [rng.randint(-1, 6) for _ in range(rng.randint(1, 4))]
        is_in = rng.random() < 0.6
        listed = f"{values}" if rng.random() < 0.5 else f"({', '.join(map(str, values))},)"
        return (
            f"{column} {'in' if is_in else 'not in'} {listed}",
            lambda row: (row[column] in values) == is_in,
        )
    sign, n = rng.choice(list(OPERATORS)), rng.randint(0, 6)
    compare = OPERATORS[sign]
    if kind == "sum":
        return f"{column} + 2 * {other} {sign} {n}", lambda row: bool(
            compare(row[column] + 2 * row[other], n)
        )
    return f"{column} {sign} {n}", lambda row: bool(compare(row[column], n))


def rows_of(doc: Any, categories: dict[str, Any], only: Any) -> list[Row]:
    """The counts of each distinct image, in order."""
    owned: dict[Any, tuple[Any, list[Any]]] = {}
    for number, image in enumerate(doc["images"]):
        key = image["id"] if usable(image.get("id")) else ("none", number)
        owned[key] = (image, owned[key][1] if key in owned else [])
    for annotation in doc.get("annotations", []):
        owner, category = annotation.get("image_id"), annotation["category_id"]
        if usable(owner) and owner in owned and only in (None, category):
            owned[owner][1].append(category)
    return [
        {
            "width": image["width"],
            "objects": len(found),
            "count()": len(found),
            "categories": len(set(found)),
            **{column: found.count(i) for column, i in categories.items()},
        }
        for image, found in owned.values()
    ]


@given(annotation_files, st.integers(0, 2**32 - 1))
@examples(150)
def test_counts_are_those_of_parsed_json(made: Made, seed: int) -> None:
    rng = random.Random(seed)
    categories = {f"count({c['name']!r})": c["id"] for c in made.doc["categories"]}
    categories |= {
        f"count({i})": i for i in categories.values() if isinstance(i, int) and rng.random() < 0.5
    }
    whole, only = opened(made.text), None
    if rng.random() < 0.5:
        chosen = rng.choice(made.doc["categories"])
        whole, only = whole.keep(InCategory(chosen["name"])), chosen["id"]
    columns = ["objects", "count()", "categories", *categories]
    if made.doc["images"]:
        columns.append("width")
    text, answer = made_test(rng, columns)
    rows = rows_of(made.doc, categories, only)
    wanted = [answer(row) for row in rows]
    assert ImageWhere(text).evaluate(whole).mask.tolist() == wanted, text
    first = whole.first(2)
    assert ImageWhere(text).evaluate(first).mask.tolist() == wanted[:2], text


TOKENS = (
    *("count", "(", ")", ",", "in", "not", "and", "or", "==", "<", "person", "'a b'", "1", "-1"),
    *("[", "]", "objects", "categories", "width", "*", ".", "=", "if", "else", "lambda", ":"),
    *("true", "None", "{", "}", "1.5", "**", "'", "\\", "count(person)", "(1, 2)"),
)


@given(st.lists(st.sampled_from(TOKENS), max_size=12).map(" ".join))
@examples(500)
def test_any_text_is_an_expression_or_an_error_of_ours(text: str) -> None:
    try:
        ImageWhere(text)
    except ExpressionError as error:
        assert error.what


def test_id_alone_is_that_of_images_and_a_note_says_so(cli: Cli, put: Put, small: Any) -> None:
    done = cli("subset", put(small), "--where", "id in (10, 30)", "-o", "a.json")
    assert "id is the image's id; 'annotations: id ...' is the other" in done.err
    named = cli("subset", "in.json", "--where", "images: id in (10, 30)", "-o", "b.json")
    assert "id is the image's id" not in named.err
    assert cli("diff", "a.json", "b.json").code == 0
    other = cli("subset", "in.json", "--where", "annotations: id in (1, 2)", "-o", "c.json")
    assert "2 of 7 kept" in other.err


def test_another_key_that_both_have_is_asked_about(cli: Cli, put: Put, small: Any) -> None:
    for record in (*small["images"], *small["annotations"]):
        record["both"] = 1
    done = cli("subset", put(small), "--where", "both == 1", "-o", "a.json")
    assert (done.code, "images and annotations both have both" in done.err) == (2, True)
    assert "--where 'images: both == 1' or --where 'annotations: both == 1'" in done.err
