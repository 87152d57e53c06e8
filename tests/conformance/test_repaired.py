"""Broken files that MMDetection cannot train or evaluate with, before and after ``fix``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mmdet_line
import pytest
from conftest import SAMPLE
from mmdet_line import LINE_IDS, LINES, Line
from test_mistakes import both, written
from trained import Outcome, detections, document, laid_out, put, trained

from cocosurgeon import Fix, Plan, ToSpace, read, write

Break = Callable[[Any], None]


def image_ids_as_text(whole: Any) -> None:
    for annotation in whole["annotations"]:
        annotation["image_id"] = str(annotation["image_id"])


def iscrowd_null(whole: Any) -> None:
    for annotation in whole["annotations"]:
        annotation["iscrowd"] = annotation["iscrowd"] or None


def ids_from_zero(whole: Any) -> None:
    for number, annotation in enumerate(whole["annotations"]):
        annotation["id"] = number


def category_ids_as_text(whole: Any) -> None:
    for annotation in whole["annotations"]:
        annotation["category_id"] = str(annotation["category_id"])


def without_area(whole: Any) -> None:
    for annotation in whole["annotations"]:
        del annotation["area"], annotation["iscrowd"]


BROKEN: dict[str, Break] = {
    each.__name__: each
    for each in (
        *(image_ids_as_text, iscrowd_null, ids_from_zero, category_ids_as_text, without_area),
    )
}


@pytest.fixture(scope="module", params=LINES, ids=LINE_IDS)
def outcomes(request: pytest.FixtureRequest, tmp_path_factory: Any) -> dict[str, Outcome]:
    """What comes of each broken file, as it is (``NAME``) and repaired (``NAME, fixed``)."""
    line: Line = request.param
    mmdet_line.require(line.overlay)
    folder: Path = laid_out(line, tmp_path_factory.mktemp("fix"))
    right = json.loads(b"".join(read(SAMPLE).first(20).text()))
    right["annotations"] = [a for a in right["annotations"] if not a["iscrowd"]]
    perfect = detections(right)
    configs: dict[str, Path] = {}
    for name, break_it in BROKEN.items():
        whole = json.loads(json.dumps(right))
        break_it(whole)
        broken = written(whole, folder / f"{name}.json")
        plan = Plan(Fix(("safe",)), ToSpace("mmdet80"))
        fixed = write(plan.apply(read(broken)), folder / f"{name}_fixed.json")
        for what, path in ((name, broken), (f"{name}, fixed", fixed)):
            configs[what] = put(line, folder, what.replace(", ", "_"), both(line, path), perfect)
    assert {c["id"] for c in document(fixed)["categories"]} == set(range(80))
    return trained(line, folder, configs)


@pytest.mark.parametrize("name", BROKEN)
def test_what_failed_scores_a_perfect_detector_fully(
    name: str, outcomes: dict[str, Outcome]
) -> None:
    before, after = outcomes[name], outcomes[f"{name}, fixed"]
    assert before.error is not None or before.score != 1.0
    assert (after.error, after.score) == (None, 1.0)
    assert after.trained
