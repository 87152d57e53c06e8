"""A few images of each class: ``--per-class K``, against the same thing done naively."""

from __future__ import annotations

import json
import random
import tempfile
from collections import Counter
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pytest
from conftest import SAMPLE, Cli, examples
from generated import Made, annotation_files
from hypothesis import given
from hypothesis import strategies as st
from naive import usable

from cocosurgeon import (
    Crowd,
    Dataset,
    Having,
    InCategory,
    Keep,
    PerClass,
    Plan,
    Recipe,
    RequestError,
    read,
)
from cocosurgeon.config import ann_file
from cocosurgeon.steps.naming import slug

Put = Callable[..., Path]


def opened(doc: Any) -> Dataset:
    text = doc if isinstance(doc, bytes) else json.dumps(doc).encode()
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        file.write(text)
        file.flush()
        return read(file.name)


def classes_of_images(doc: Any) -> dict[Any, set[Any]]:
    """The category ids of each image that has an id, by parsed JSON."""
    found: dict[Any, set[Any]] = {i["id"]: set() for i in doc["images"] if usable(i.get("id"))}
    for annotation in doc.get("annotations", []):
        owner = annotation.get("image_id")
        if usable(owner) and owner in found:
            found[owner].add(annotation["category_id"])
    return found


def naive(doc: Any, k: int, seed: int) -> list[Any]:
    """The images in the order in which they are chosen."""
    classes = classes_of_images(doc)
    there = Counter(name for of_image in classes.values() for name in of_image)
    have: Counter[Any] = Counter()
    salt = blake2b(str(seed).encode(), digest_size=16).digest()

    def lot(image: Any) -> bytes:
        whole = isinstance(image, float) and image.is_integer()
        text = ascii(int(image) if whole else image).encode()
        return blake2b(text, digest_size=16, salt=salt).digest()

    chosen: list[Any] = []
    for level in range(1, k + 1):
        while needed := {c for c in there if have[c] < min(level, there[c])}:
            left = [i for i in classes if i not in chosen]
            best = min(left, key=lambda i: (-len(classes[i] & needed), -len(classes[i]), lot(i)))
            chosen.append(best)
            have.update(classes[best])
    return chosen


@given(annotation_files, st.integers(1, 4), st.integers(-2, 2))
@examples(250)
def test_it_is_what_it_is_on_parsed_json(made: Made, k: int, seed: int) -> None:
    kept = PerClass(k, seed).apply(opened(made.text))
    expected = naive(made.doc, k, seed)
    assert set(kept.img_ids) == set(expected)
    classes = classes_of_images(made.doc)
    there = Counter(name for of_image in classes.values() for name in of_image)
    have = Counter(name for image in kept.img_ids for name in classes[image])
    assert all(have[name] >= min(k, there[name]) for name in there)
    every = {*there, *(c["id"] for c in made.doc["categories"])}
    few = [name for name in every if 0 < there[name] < k]
    assert any("fewer than" in note for note in kept.notes) == bool(few)
    assert any("no image" in note for note in kept.notes) == any(not there[name] for name in every)
    assert set(kept.img_ids) <= set(PerClass(k + 1, seed).apply(opened(made.text)).img_ids)


@given(st.integers(0, 10**6))
@examples(20)
def test_the_order_of_the_file_says_nothing(seed: int) -> None:
    doc = json.loads(SAMPLE.read_bytes())
    before = set(PerClass(2, 1).apply(opened(doc)).img_ids)
    for name in ("images", "annotations", "categories"):
        random.Random(seed).shuffle(doc[name])
    assert set(PerClass(2, 1).apply(opened(doc)).img_ids) == before


def test_few_images_suffice() -> None:
    whole = read(SAMPLE)
    assert [len(PerClass(k).apply(whole).img_ids) for k in (1, 2)] == [31, 58]
    assert PerClass(1, 1).apply(whole).img_ids != PerClass(1).apply(whole).img_ids
    every = PerClass(10**9).apply(whole)
    assert (
        every.img_ids
        == whole.keep(Having(InCategory(*(c.name for c in whole.categories if c.name)))).img_ids
    )


def test_steps_before_it_count() -> None:
    whole = read(SAMPLE)
    people = Plan(InCategory("person", "dog"), PerClass(3)).apply(whole)
    assert len(people.img_ids) <= 6
    assert len(people.keep(Having(InCategory("dog"))).img_ids) == 3
    assert people.notes[-1].startswith("78 of 80 classes have no image: bicycle, car, ")
    no_crowd = Keep(~Crowd())
    assert Plan(no_crowd, PerClass(1)).apply(whole).keep(Crowd()).ann_ids == []


def test_classes_without_a_name_or_a_list(small: Any) -> None:
    small["categories"] += [{"id": 7}, {"id": 8, "name": "N/A"}]
    assert PerClass(3).apply(opened(small)).notes == (
        "1 of 4 classes has no image: category_id 7",
        "2 of 4 classes have fewer than 3 images, all kept: dog (2), toothbrush (2)",
    )
    detections = [
        {"image_id": i, "category_id": c, "score": 1} for i, c in ((1, 1), (2, 2), (3, 1))
    ]
    kept = PerClass(1).apply(opened(detections))
    assert len(kept.img_ids) == 2
    assert 2 in kept.img_ids


@pytest.mark.parametrize("listed", [1, "1"])
def test_a_category_in_two_id_types_is_one_class(listed: int | str, cli: Cli, put: Put) -> None:
    doc = {
        "images": [{"id": n, "file_name": f"{n}.jpg"} for n in range(6)],
        "annotations": [
            {"id": n, "image_id": n // 2, "category_id": 1 if n % 2 else "1"} for n in range(6)
        ],
        "categories": [{"id": listed, "name": "dog"}],
    }
    assert len(PerClass(1).apply(opened(doc)).img_ids) == 1
    put(doc)
    report = json.loads(cli("split", "in.json", "--stratify", "--dry-run", "--json").out)
    [dog] = report["classes"]
    assert (dog["name"], dog["images"], dog["objects"]) == ("dog", 3, 6)
    doc["categories"] = [{"id": 1, "name": "dog"}, {"id": "1", "name": "cat"}]
    assert len(PerClass(2).apply(opened(doc)).img_ids) == 2
    assert not PerClass(3).apply(opened(doc)).notes  # two classes, each in 3 images


def test_every_way_to_ask_gives_the_same_bytes(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COCOSURGEON_CACHE", str(tmp_path / "cache"))
    done = cli(
        "subset", SAMPLE, "--per-class", 2, "--seed", 5, "--recipe", "r.json", "-o", "o.json"
    )
    assert done.code == 0, done.err
    assert (
        "6 of 80 classes have fewer than 2 images, all kept: elephant (1), zebra (1)"
    ) in done.err
    assert "4 of 80 classes have no image: giraffe, spoon, toaster, hair drier" in done.err
    made = (tmp_path / "o.json").read_bytes()
    assert cli("apply", "r.json", SAMPLE, "-o", "again.json").code == 0
    assert (tmp_path / "again.json").read_bytes() == made
    assert Path(ann_file(SAMPLE, per_class=2, seed=5)).read_bytes() == made
    plan = Plan(PerClass(2, 5))
    assert Recipe.from_json((tmp_path / "r.json").read_bytes(), "r").plan == plan
    assert slug(plan) == "per-class2-seed5"


def test_what_is_refused(cli: Cli) -> None:
    with pytest.raises(RequestError, match="expected at least one image of each class, not 0"):
        PerClass(0)
    done = cli("subset", SAMPLE, "--per-class", "10%")
    assert (done.code, done.out) == (2, "")
    assert "--per-class: expected a whole number, not '10%'" in done.err
