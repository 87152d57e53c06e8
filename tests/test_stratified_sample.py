"""Samples in which each class keeps its share: ``--sample N --stratify``, ``--nested``."""

from __future__ import annotations

import json
import random
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import SAMPLE, Cli, examples
from generated import Made, annotation_files
from hypothesis import given
from hypothesis import strategies as st

from cocosurgeon import Dataset, Empty, Having, InCategory, PerClass, Plan, Recipe, Sample, read
from cocosurgeon.config import ann_file
from cocosurgeon.steps.naming import slug

KINDS = (False, True)


def opened(doc: Any) -> Dataset:
    text = doc if isinstance(doc, bytes) else json.dumps(doc).encode()
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        file.write(text)
        file.flush()
        return read(file.name)


def deviation(whole: Dataset, kept: Dataset) -> float:
    """Mean over classes of how far their share of objects is from that of images."""
    there = Counter(whole.annotation_columns("category_id")[0].tolist())
    left = Counter(kept.annotation_columns("category_id")[0].tolist())
    share = len(kept.img_ids) / len(whole.img_ids)
    return float(np.mean([abs(left[name] / there[name] - share) for name in there]))


@given(annotation_files, st.integers(-1, 1), st.booleans())
@examples(100)
def test_sizes_are_exact_and_nested_samples_contain_each_other(
    made: Made, seed: int, nested: bool
) -> None:
    whole = opened(made.text)
    there = len(whole.image_indices)
    before: set[int] = set()
    for n in range(there + 2):
        kept = Sample(n, seed, True, nested).apply(whole)
        assert len(kept.image_indices) == min(n, there)
        if nested:
            assert before <= set(kept.image_indices.tolist())
            before = set(kept.image_indices.tolist())


@pytest.mark.parametrize("seed", range(3))
def test_every_size_of_the_sample_data_contains_the_smaller_ones(seed: int) -> None:
    whole = read(SAMPLE)
    before: set[Any] = set()
    for n in (0, 1, 2, 10, 13, 31, 64, 65, 100, 127, 128):
        ids = set(Sample(n, seed, stratify=True, nested=True).apply(whole).img_ids)
        assert len(ids) == n
        assert before <= ids
        before = ids


@pytest.mark.parametrize("nested", KINDS)
def test_the_order_of_the_file_says_nothing(nested: bool) -> None:
    doc = json.loads(SAMPLE.read_bytes())
    step = Sample(26, 1, stratify=True, nested=nested)
    before = set(step.apply(opened(doc)).img_ids)
    for name in ("images", "annotations", "categories"):
        random.Random(name).shuffle(doc[name])
    assert set(step.apply(opened(doc)).img_ids) == before


@pytest.mark.parametrize("nested", KINDS)
def test_shares_are_nearer_than_those_of_a_plain_sample(nested: bool) -> None:
    whole = read(SAMPLE)
    plain, ours = [], []
    for seed in range(5):
        plain.append(deviation(whole, Sample(26, seed).apply(whole)))
        ours.append(deviation(whole, Sample(26, seed, True, nested).apply(whole)))
    assert np.mean(ours) < 0.85 * np.mean(plain)


def test_every_class_is_there_where_so_few_images_can_have_all() -> None:
    whole = read(SAMPLE)
    for seed in range(5):
        n = len(PerClass(1, seed).apply(whole).img_ids) + 1  # and one without objects
        kept = Sample(n, seed, stratify=True).apply(whole)
        assert kept.notes == ()
        classes = set(kept.annotation_columns("category_id")[0].tolist())
        assert classes == set(whole.annotation_columns("category_id")[0].tolist())
        assert kept.keep(Empty()).img_ids
    [note] = Sample(2, 0, stratify=True).apply(whole).notes
    assert " of 76 classes have no object in the sample: " in note


def test_steps_before_it_count() -> None:
    whole = read(SAMPLE)
    people = whole.keep(Having(InCategory("person")))
    kept = Plan(Having(InCategory("person")), Sample("50%", 2, stratify=True)).apply(whole)
    assert set(kept.img_ids) < set(people.img_ids)
    assert kept.notes[0] == "sample of 50% of 70 images: 35"


def test_a_file_without_objects(small: Any) -> None:
    small["annotations"] = []
    kept = Sample(2, 3, stratify=True).apply(opened(small))
    assert len(kept.img_ids) == 2
    assert kept.notes == ("nothing to stratify by: there is no object of a category",)


def test_every_way_to_ask_gives_the_same_bytes(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COCOSURGEON_CACHE", str(tmp_path / "cache"))
    args = ("--sample", "25%", "--stratify", "--nested", "--seed", 5)
    done = cli("subset", SAMPLE, *args, "--recipe", "r.json", "-o", "o.json")
    assert done.code == 0, done.err
    made = (tmp_path / "o.json").read_bytes()
    assert cli("apply", "r.json", SAMPLE, "-o", "again.json").code == 0
    assert (tmp_path / "again.json").read_bytes() == made
    asked = ann_file(SAMPLE, sample="25%", stratify=True, nested=True, seed=5)
    assert Path(asked).read_bytes() == made
    plan = Plan(Sample("25%", 5, stratify=True, nested=True))
    assert Recipe.from_json((tmp_path / "r.json").read_bytes(), "r").plan == plan
    assert slug(plan) == "sample25pct-stratified-nested-seed5"
    assert slug(Plan(Sample(3, 5, stratify=True))) == "sample3-stratified-seed5"


def test_nested_says_nothing_new_where_every_sample_is(cli: Cli) -> None:
    assert Sample(3, nested=True) == Sample(3)
    for args in (("--sample", 9), ("--per-class", 1)):
        command = ("subset", SAMPLE, *args, "-o", "-", "--quiet")
        one, other = cli(*command), cli(*command, "--nested")
        assert one.code == other.code == 0
        assert one.out == other.out
    done = cli("subset", SAMPLE, "--first", 3, "--nested")
    assert "--nested has no effect without --per-class or --sample" in done.err


def long_tailed(images: int) -> dict[str, Any]:
    """A file with 40 classes, from everywhere to a handful of images."""
    rng = random.Random(0)
    weights = [1 / (1 + name) for name in range(40)]
    doc: dict[str, Any] = {
        "images": [
            {"id": i, "file_name": f"{i}.jpg", "width": 640, "height": 480} for i in range(images)
        ],
        "annotations": [],
        "categories": [{"id": name, "name": f"class {name}"} for name in range(40)],
    }
    for image in range(images):
        for name in rng.choices(range(40), weights, k=rng.randint(0, 9)):
            doc["annotations"].append(
                {
                    "id": len(doc["annotations"]),
                    "image_id": image,
                    "category_id": name,
                    "bbox": [1, 2, 30, 40],
                    "area": 1200,
                    "iscrowd": 0,
                }
            )
    return doc


def test_a_debug_set_of_one_percent_with_every_class(cli: Cli, put: Any) -> None:
    put(long_tailed(2000))
    done = cli("subset", "in.json", "--sample", "1%", "--stratify", "-o", "debug.json")
    assert done.code == 0, done.err
    assert "sample of 1% of 2,000 images: 20" in done.err
    assert "no object in the sample" not in done.err
    made = cli("verify", "debug.json", "--source", "in.json")
    assert made.code == 0, made.out
    kept = json.loads(cli("subset", "debug.json", "-o", "-", "--quiet").out)
    assert len(kept["images"]) == 20
    assert {a["category_id"] for a in kept["annotations"]} == set(range(40))
    assert len(kept["categories"]) == 40
