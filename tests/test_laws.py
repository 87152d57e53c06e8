"""The laws that every file and every plan obeys."""

from __future__ import annotations

import json
import tempfile
from hashlib import sha256
from pathlib import Path

import pytest
from conftest import KERNELS, SAMPLE, examples
from generated import Made, annotation_files, results_files
from hypothesis import given
from naive import applied, same, usable
from rawtext import records

from cocosurgeon import (
    Cascade,
    Crowd,
    Dataset,
    Empty,
    First,
    Having,
    InCategory,
    Keep,
    Plan,
    Recipe,
    Remap,
    read,
    read_recipe,
)
from cocosurgeon.annfile.columns import Numbers
from cocosurgeon.annfile.listscan import ScanOptions
from cocosurgeon.annfile.scan import scan
from cocosurgeon.annfile.source import open_source
from cocosurgeon.annfile.splice import pieces

EVERY_WAY = [
    *(ScanOptions(kernel=kernel) for kernel in KERNELS),
    *(ScanOptions(kernel=kernel, window=64) for kernel in KERNELS),
    *(ScanOptions(kernel=kernel, window=300) for kernel in KERNELS),
    *(ScanOptions(kernel=kernel, window=200, parallel_from=400) for kernel in KERNELS),
    ScanOptions(kernel=False, window=64, shortcut=False),
    ScanOptions(kernel=False, shortcut=False),
]


def opened(text: bytes) -> Dataset:
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        file.write(text)
        file.flush()
        return read(file.name)  # it stays readable: the source is held open


def text_of(dataset: Dataset) -> bytes:
    return b"".join(dataset.text())


@given(annotation_files)
@examples(250)
def test_keeping_everything_gives_the_identical_file(made: Made) -> None:
    assert text_of(opened(made.text)) == made.text


@given(annotation_files)
@examples(250)
def test_a_plan_does_what_it_does_on_parsed_json(made: Made) -> None:
    text = text_of(made.plan.apply(opened(made.text)))
    assert same(json.loads(text.decode("utf-8-sig")), applied(made.doc, made.plan))


@given(results_files)
@examples(250)
def test_a_plan_on_detections_does_what_it_does_on_parsed_json(made: Made) -> None:
    whole = opened(made.text)
    assert text_of(whole) == made.text
    text = text_of(made.plan.apply(whole))
    assert same(json.loads(text.decode("utf-8-sig")), applied(made.doc, made.plan))


@given(annotation_files)
@examples(250)
def test_records_that_stay_are_byte_identical_and_in_order(made: Made) -> None:
    source = made.text.decode("utf-8-sig")
    filters = Plan(*(step for step in made.plan.steps if not isinstance(step, Remap)))
    result = text_of(filters.apply(opened(made.text))).decode("utf-8-sig")
    for key in ("images", "annotations", "scenes", "categories"):
        remaining = iter(records(source, key))
        assert all(record in remaining for record in records(result, key)), key


@given(annotation_files)
@examples(120)
def test_how_a_scan_goes_about_it_changes_nothing(made: Made) -> None:
    seen = []
    for options in EVERY_WAY:
        with tempfile.NamedTemporaryFile(suffix=".json") as file:
            file.write(made.text)
            file.flush()
            document = scan(open_source(file.name), options=options)
        lists = {
            name: [
                (str(values.array.dtype), _plain(values.array.tolist()), values.present)
                for values in found.columns("id", "image_id", "category_id", "area", "bbox_x")
            ]
            for name, found in document.lists.items()
        }
        spans = {
            name: [places.tolist() for places in found.spans()]
            for name, found in document.lists.items()
        }
        seen.append(repr((lists, spans, document.nonfinite, document.repeated_keys)))
        assert b"".join(pieces(document, {})) == made.text
    assert len(set(seen)) == 1


@given(annotation_files)
@examples(250)
def test_a_question_and_its_opposite_part_the_records(made: Made) -> None:
    whole = opened(made.text)
    names = [c["name"] for c in made.doc["categories"]]
    for question in (Empty(), Having(InCategory(names[0])), Empty("category", (names[-1],))):
        yes, no = whole.keep(question), whole.keep(~question)
        assert _parts(yes.image_indices, no.image_indices, whole.image_indices)
        known = whole.annotation_rows[whole.index.image_of_annotation[whole.annotation_rows] >= 0]
        assert _parts(yes.annotation_rows, no.annotation_rows, known)
    for about in (InCategory(names[0]), Crowd()):
        yes, no = whole.keep(about), whole.keep(~about)
        assert _parts(yes.annotation_rows, no.annotation_rows, whole.annotation_rows)


def _plain(values: list[object]) -> list[object]:
    """Equal numbers alike: among other things, a column may hold 13 as 13.0."""
    return [int(v) if isinstance(v, float) and v.is_integer() else v for v in values]


def _parts(yes: Numbers, no: Numbers, both: Numbers) -> bool:
    return sorted([*yes.tolist(), *no.tolist()]) == sorted(both.tolist())


@given(annotation_files)
@examples(250)
def test_de_morgan_and_idempotence(made: Made) -> None:
    whole = opened(made.text)
    f, g = InCategory(made.doc["categories"][0]["name"]), Crowd()
    pairs = [(~(f & g), ~f | ~g), (~(f | g), ~f & ~g), (f & f, f), (f | f, f), (~~f, f)]
    for left, right in pairs:
        assert (left.evaluate(whole).mask == right.evaluate(whole).mask).all()
    assert f & f == f
    assert ~~f == f


@given(annotation_files)
@examples(250)
def test_a_recipe_repeats_its_plan(made: Made) -> None:
    whole = opened(made.text)
    recipe = Recipe.of(made.plan, whole)
    again = Recipe.from_json(recipe.to_json(), "recipe")
    assert again == recipe
    result = again.apply(whole)
    assert text_of(result) == text_of(made.plan.apply(opened(made.text)))
    assert not any("differs" in note for note in result.notes)
    other = opened(made.text + b" ")
    assert any("differs from the recipe's" in note for note in again.apply(other).notes)


@given(annotation_files)
@examples(250)
def test_doing_a_filter_twice_is_doing_it_once(made: Made) -> None:
    whole = opened(made.text)
    for step in made.plan.steps:
        once = step.apply(whole)
        if isinstance(step, (Keep, First, Cascade)):
            assert text_of(step.apply(once)) == text_of(once)


@given(annotation_files)
@examples(250)
def test_annotations_go_with_their_images(made: Made) -> None:
    kept = opened(made.text).first(2)
    ids = [i for i in kept.img_ids if i is not None]
    doc = json.loads(text_of(kept).decode("utf-8-sig"))
    for annotation in doc.get("annotations", []):
        owner = annotation["image_id"]
        assert usable(owner) and owner in ids


def test_steps_apply_in_the_order_written(small: dict[str, object], tmp_path: Path) -> None:
    path = tmp_path / "in.json"
    path.write_text(json.dumps(small))
    whole = read(path)
    assert Plan(First(4), Empty()).apply(whole).img_ids == []
    assert Plan(Empty(), First(4)).apply(whole).img_ids == [40]


@pytest.mark.parametrize("options", EVERY_WAY)
def test_no_text_that_looks_like_a_seam_deceives_the_scan(
    options: ScanOptions, tmp_path: Path
) -> None:
    trap = '}, {"id": 7, "image_id": 7}], "x": [{"id": 8'
    doc = {
        "images": [{"id": i, "file_name": trap, "l": [{"id": 1}, {"id": 2}]} for i in range(40)],
        "annotations": [{"id": i, "image_id": i % 40, "t": [trap, [trap]]} for i in range(90)],
    }
    path = tmp_path / "trap.json"
    path.write_text(json.dumps(doc))
    lists = scan(open_source(path), options=options).lists
    assert lists["images"].column("id").array.tolist() == list(range(40))
    assert lists["annotations"].column("id").array.tolist() == list(range(90))


RECIPES = {
    "filters": "5d2426a09f92061b6b065c22a8c7a463ad30e1d3442bd8d804a6268a5fba8d3a",
    "categories": "ad11a65e844abbdec0854e74d413d2879a89290f0bac04364bee024a153f8df5",
    "spaces": "bf62c39707d75d90d9ede1c6bc70fb54fb835cc8e1c1f655229f4f528d955069",
    "like": "27d504661b833e503d0d5540ca92dfef067bc713de10c5926065109174383fa4",
}


@pytest.mark.parametrize("name", RECIPES)
def test_recipes_of_version_0_1_give_the_same_bytes(name: str) -> None:
    recipe = read_recipe(Path(__file__).parent / "recipes" / f"{name}.json")
    result = recipe.apply(read(SAMPLE))
    assert not any("differs" in note for note in result.notes)
    assert sha256(b"".join(result.text())).hexdigest() == RECIPES[name]
