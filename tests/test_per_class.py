"""A few images of each class: ``--per-class K``, against the same thing done naively."""

from __future__ import annotations

import json
import random
import tempfile
from collections import Counter
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
    few = [name for name in {*there, *(c["id"] for c in made.doc["categories"])} if there[name] < k]
    assert any("fewer than" in note for note in kept.notes) == bool(few)
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
    assert "78 of 80 classes have fewer than 3 images, all of which are kept" in people.notes[-1]
    no_crowd = Keep(~Crowd())
    assert Plan(no_crowd, PerClass(1)).apply(whole).keep(Crowd()).ann_ids == []


def test_classes_without_a_name_or_a_list(small: Any) -> None:
    small["categories"] += [{"id": 7}, {"id": 8, "name": "N/A"}]
    [note] = PerClass(3).apply(opened(small)).notes
    assert note == (
        "4 of 4 classes have fewer than 3 images, all of which are kept: "
        "category_id 7 (0), dog (2), toothbrush (2), person (3)"
    ).replace("4 of 4", "3 of 4").replace(", person (3)", "")
    detections = [
        {"image_id": i, "category_id": c, "score": 1} for i, c in ((1, 1), (2, 2), (3, 1))
    ]
    kept = PerClass(1).apply(opened(detections))
    assert len(kept.img_ids) == 2
    assert 2 in kept.img_ids


def test_every_way_to_ask_gives_the_same_bytes(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COCOSURGEON_CACHE", str(tmp_path / "cache"))
    done = cli(
        "subset", SAMPLE, "--per-class", 2, "--seed", 5, "--recipe", "r.json", "-o", "o.json"
    )
    assert done.code == 0, done.err
    assert (
        "10 of 80 classes have fewer than 2 images, all of which are kept: giraffe (0), spoon (0)"
    ) in done.err
    made = (tmp_path / "o.json").read_bytes()
    assert cli("apply", "r.json", SAMPLE, "-o", "again.json").code == 0
    assert (tmp_path / "again.json").read_bytes() == made
    assert Path(ann_file(SAMPLE, per_class=2, seed=5)).read_bytes() == made
    plan = Plan(PerClass(2, 5))
    assert Recipe.from_json((tmp_path / "r.json").read_bytes(), "r").plan == plan
    assert slug(plan) == "per-class2-seed5"


def test_what_is_refused(cli: Cli) -> None:
    with pytest.raises(RequestError, match="at least one image of each class, not 0"):
        PerClass(0)
    done = cli("subset", SAMPLE, "--per-class", "10%")
    assert (done.code, done.out) == (2, "")
    assert "--per-class: expected a whole number, not '10%'" in done.err
