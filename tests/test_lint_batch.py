"""``lint`` judges many records at once: it finds what it finds record by record."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from conftest import examples
from hypothesis import given
from hypothesis import strategies as st
from odd_documents import documents
from pycocotools import mask as masks
from test_lint import report_of

from cocosurgeon.annfile import kernel
from cocosurgeon.errors import CocosurgeonError
from cocosurgeon.lint import batch, run
from cocosurgeon.lint.annotation_file import AnnotationFile
from cocosurgeon.lint.check import all_checks
from cocosurgeon.lint.example import correct

HEIGHT, WIDTH = 80, 100
CROSSED = [-9, 1, 40, 40, 40, 1, -9, 40]
ODD: list[Any] = [
    *(None, [], {}, "x", 7, [[]], [[1, 2]], [[1, 2, 3, 4, 5]], [[1, 2, 3, 4, 5, 6, 7]], [None]),
    *([[1, 2, 3, 4, None, 6]], [["1", 2, 3, 4, 5, 6]], [[1, 2, 3, 4, 5, 6], []], [[True] * 6]),
    *([[1, 2, 3, 10**400, 5, 6]], [[0, 0, 2**60, 0, 0, 2**60 + 1]], [[0, 0, 1e300, 0, 1e300, 9]]),
    *(
        [[110, 1, 120, 1, 120, 9]],
        [[-9, 1, 0, 1, 0, 9]],
        [[110, 1, 120, 1, 120, 9], [1, 1, 9, 1, 9, 9]],
    ),
    *({"size": [HEIGHT, WIDTH], "counts": [810, 400, 6790]}, {"size": [9, 9], "counts": [81]}),
    *([[0, 0, 1e5, 0, 1e5, 1e5]], [[5, 5, 5, 5, 5, 5]], {"size": [HEIGHT, WIDTH], "counts": "x"}),
]


@contextmanager
def one_by_one() -> Iterator[None]:
    """Have every check look at every record itself."""
    checks = tuple(replace(check, decide=None) for check in all_checks())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "all_checks", lambda: checks)
        patch.setattr(AnnotationFile, "odd_rows", lambda file, key: np.arange(file.count(key)))
        yield


def require_same(document: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail where the findings of records together differ from those one by one."""
    try:
        with one_by_one():
            slow = report_of(document, keep=None)
    except CocosurgeonError:
        return
    counts = {code: tally.count for code, tally in slow.tallies.items()}
    for is_in_use in {kernel.IS_IN_USE, False}:
        monkeypatch.setattr(kernel, "IS_IN_USE", is_in_use)
        quick = report_of(document, keep=None)
        assert quick.fields() == slow.fields() | {"file": quick.file}
        counted = report_of(document, keep=1)
        assert {code: tally.count for code, tally in counted.tallies.items()} == counts
        assert list(counted.tallies) == list(counts)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have several batches in a file."""
    monkeypatch.setattr(batch, "_SIZE", 2000)


Points = Callable[[random.Random, int], list[float]]
POINTS: dict[str, Points] = {
    "anywhere": lambda rng, n: [round(rng.uniform(-20, 120), 2) for _ in range(2 * n)],
    "within": lambda rng, n: [round(rng.uniform(0, 80), 1) for _ in range(2 * n)],
    "whole": lambda rng, n: [rng.randint(-3, 90) for _ in range(2 * n)],
    "round": lambda rng, n: [
        part
        for turn in range(n)
        for part in (
            round(50 + rng.uniform(10, 30) * np.cos(6.28 * turn / n), 2),
            round(40 + rng.uniform(10, 30) * np.sin(6.28 * turn / n), 2),
        )
    ],
    "thin": lambda rng, n: [rng.choice([10, 10.4, 60.5]) for _ in range(2 * n)],
}


def polygon(rng: random.Random) -> list[float]:
    return POINTS[rng.choice(sorted(POINTS))](rng, rng.randint(3, 12))


def areas_of(mask: list[list[float]]) -> list[float]:
    """Return areas that are near the limits of what is right for a mask."""
    x, y = np.array(mask[0]).reshape(-1, 2).T
    own = float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)
    drawn = int(masks.area(masks.merge(masks.frPyObjects(mask, HEIGHT, WIDTH))))
    outline = float(np.maximum(abs(x - np.roll(x, -1)), abs(y - np.roll(y, -1))).sum())
    near = [own, drawn, own + outline / 2, drawn - outline, drawn + outline]
    return [each * share for each in near for share in (1, 0.9, 1.1, 0.8, 1 / 1.1)]


def boxes_of(mask: list[list[float]], rng: random.Random) -> list[float]:
    x, y = np.array(mask[0]).reshape(-1, 2).T
    box = [x.min(), y.min(), np.ptp(x), np.ptp(y)]
    return [float(side) + rng.choice([0, 0, 0, 1, 2, 2.0001, -2, -3, 7]) for side in box]


@given(st.randoms(use_true_random=True))
@examples(60)
def test_masks_are_judged_as_one_by_one(rng: random.Random) -> None:
    document = correct()
    document["images"][1].update(
        width=rng.choice([WIDTH, WIDTH, 99.5, None, True, "9", 0, 10**400])
    )
    first = document["annotations"][0]
    for number in range(40):
        mask: Any = [polygon(rng) for _ in range(rng.choice([1, 1, 1, 2, 3]))]
        area: Any = rng.choice(areas_of(mask))
        bbox: Any = boxes_of(mask, rng)
        if rng.random() < 0.3:
            mask = rng.choice(ODD)
        if rng.random() < 0.1:
            area = rng.choice([None, "9", 0, -5, 1e308, 10**400, True])
            bbox = rng.choice([None, [], [1, 2, 3], bbox, [1e308] * 4, [0, 0, True, 2**60]])
        more = {"area": area, "bbox": bbox, "image_id": rng.choice([1, 1, 1, 2, 99, None])}
        flags = {"id": 100 + number, "iscrowd": rng.choice([0, 0, 0, 1, True, None, "1"])}
        document["annotations"].append({**first, **more, **flags, "segmentation": mask})
        for key in ("segmentation", "bbox", "area", "iscrowd"):
            if rng.random() < 0.02:
                del document["annotations"][-1][key]
    with pytest.MonkeyPatch.context() as patch:
        require_same(document, patch)


@given(documents())
@examples(60)
def test_odd_files_are_judged_as_one_by_one(document: Any) -> None:
    with pytest.MonkeyPatch.context() as patch:
        require_same(document, patch)


KEYS = ['{"id": 9, "image_id": 1, "a": 1, "a": 2}', '{"id": 9, "k\\":": 1}', '{"id" : 9, "id" : 9}']


@pytest.mark.parametrize("record", [*KEYS, '{"id": 9, "b": {"c": 1, "c": 2}}', '{"id": NaN}'])
def test_repeated_keys_are_found_as_one_by_one(
    record: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = json.dumps(correct()).replace('"annotations": [', f'"annotations": [{record}, ')
    require_same(text, monkeypatch)


@pytest.mark.parametrize(
    ("size", "area"), [((0, 80), 669), ((-5, 80), 669), ((10**5, 10**5), 0), ((None, 80), 669)]
)
def test_a_mask_is_measured_on_an_image_of_an_odd_size(
    size: tuple[int | None, int], area: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a side is 0 or negative pycocotools crashes; above 2**32 pixels it draws others."""
    document = correct()
    document["images"][0].update(width=size[0], height=size[1])
    document["annotations"][0].update(segmentation=[CROSSED] * 2, area=4000)
    require_same(document, monkeypatch)
    found = report_of(document).tallies["area-not-of-mask"].findings
    assert f"the mask's about {area:.2f}" in found[0].message


@pytest.mark.skipif(not kernel.IS_IN_USE, reason="the compiled kernel is not in use")
@given(st.randoms(use_true_random=True))
@examples(100)
def test_the_kernel_counts_the_pixels_that_pycocotools_draws(rng: random.Random) -> None:
    polygons = [polygon(rng) for _ in range(30)]
    sizes = [(rng.randint(1, 90), rng.randint(1, 110)) for _ in polygons]
    packed = (
        np.concatenate(polygons).tobytes(),
        np.array([len(each) // 2 for each in polygons], np.int64).tobytes(),
        np.array(sizes, np.int64).tobytes(),
    )
    drawn = [
        int(masks.area(masks.frPyObjects([each], *size))[0])
        for each, size in zip(polygons, sizes, strict=True)
    ]
    for step in (1, 3, 8, 9):
        least, most = np.frombuffer(kernel.pixels(*packed, step), np.int64).reshape(-1, 2).T
        assert (least <= drawn).all()
        assert (most >= drawn).all()
        assert step > 1 or (least == most).all()
