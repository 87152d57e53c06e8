"""From the command line to a score: subsets, configs as documented, trained on and validated.

All is the real library's but the model, whose detections are made of the raw JSON of the whole
source: a label that shifts anywhere on the way shows in the score.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mmdet_line
import pytest
from conftest import SAMPLE, WILD
from mmdet_line import LINE_IDS, LINES, MMDET2, Line
from trained import VAL, Outcome, detections, document, laid_out, put, trained

MINI = WILD / "coco_mini_val.json"
IMAGES = {SAMPLE: SAMPLE.parents[1] / "sample2017", MINI: WILD / "images/coco_mini_val"}
NOTHING = "The testing results of the whole dataset is empty."
NO_BEST = "the behavior to save the best checkpoint will be skipped"
SMALLEST = 32
"""Pixels of a side below which 2.x does not train on an image, nor does the stock config of 3.x."""

Images = Sequence[tuple[Any, set[str]]]
"""Image records, and the names of each one's objects."""


@dataclass(frozen=True)
class Case:
    """A subset, and what is in it.

    Attributes:
        source: the whole file.
        keeps: those of its images that are kept, in order.
        command: makes it; the source and ``-o`` are added. None: the config does.
        by: how labels are numbered in it; see ``detections``.
    """

    source: Path
    keeps: Callable[[Images], Images]
    command: tuple[str, ...] | None = None
    by: str = "place"

    def images(self) -> list[Any]:
        """The records of the images that are kept."""
        whole = document(self.source)
        names = {c["id"]: c["name"] for c in whole["categories"]}
        objects: dict[Any, set[str]] = {image["id"]: set() for image in whole["images"]}
        for annotation in whole["annotations"]:
            objects[annotation["image_id"]].add(names[annotation["category_id"]])
        return [image for image, _ in self.keeps([(i, objects[i["id"]]) for i in whole["images"]])]

    def labels(self) -> dict[str, list[int]]:
        """Labels of each image's objects, those left out that MMDetection does not train on."""
        whole = document(self.source)
        whole["annotations"] = [
            a
            for a in whole["annotations"]
            if not a.get("ignore") and a["area"] > 0 and min(a["bbox"][2:]) >= 1
        ]
        found = detections(whole, self.by)
        return {name: sorted(int(row[4]) for row in rows) for name, rows in found.items()}


def ids(source: Path) -> str:
    """Ids of every seventh image as they are written on the command line, the last one first."""
    return ",".join(str(image["id"]) for image in document(source)["images"][::7][::-1])


def without(*names: str) -> Callable[[Images], Images]:
    """Images that have none of these objects."""
    return lambda images: [
        (image, objects) for image, objects in images if objects.isdisjoint(names)
    ]


def empty(images: Images) -> Images:
    """Images that have no object."""
    return [(image, objects) for image, objects in images if not objects]


ON_SAMPLE = {
    "first": Case(SAMPLE, lambda images: images[:20], ("subset", "--first", "20")),
    "ids": Case(SAMPLE, lambda images: images[::7], ("subset", "--ids", ids(SAMPLE))),
    "empty": Case(SAMPLE, empty, ("empty-only",)),
    "detr91": Case(SAMPLE, lambda images: images, ("remap", "--to", "detr91"), "id"),
    "detr91 by the config": Case(SAMPLE, lambda images: images[:30], by="id"),
    "empty by the config": Case(SAMPLE, empty),
}


def on_mini() -> dict[str, Case]:
    """The same of real photographs, where they are at hand."""
    if not MINI.is_file():
        return {}
    no_people = ("subset", "--only", "person,chair", "--empty", "--first", "10")
    remapped = ("subset", "--last", "12", "--to", "detr91")
    return {
        "mini first": Case(MINI, lambda images: images[:12], ("subset", "--first", "12")),
        "mini ids": Case(MINI, lambda images: images[::7], ("subset", "--ids", ids(MINI))),
        "mini empty": Case(MINI, lambda i: without("person", "chair")(i)[:10], no_people),
        "mini detr91": Case(MINI, lambda images: images[-12:], remapped, "id"),
    }


BY_CONFIG = {
    "mm3": {
        "detr91 by the config": f"""
from cocosurgeon.config import ann_file, metainfo_for
_subset = ann_file("{VAL}", steps=[dict(first=30), dict(to="detr91")])
_same = dict(ann_file=_subset, metainfo=metainfo_for(_subset))
train_dataloader = dict(dataset=dict(filter_cfg=dict(filter_empty_gt=False), **_same))
val_dataloader = dict(dataset=_same)
val_evaluator = dict(ann_file=_subset)
""",
        "empty by the config": f"""
from cocosurgeon.config import ann_file
_subset = ann_file("{VAL}", empty=True)
_filter = dict(filter_empty_gt=False)
train_dataloader = dict(dataset=dict(ann_file=_subset, filter_cfg=_filter))
val_dataloader = dict(dataset=dict(ann_file=_subset))
val_evaluator = dict(ann_file=_subset)
""",
    },
    "mm2": {
        "detr91 by the config": f"""
from cocosurgeon.config import ann_file, classes_for
_subset = ann_file("{VAL}", steps=[dict(first=30), dict(to="detr91")])
_same = dict(ann_file=_subset, classes=classes_for(_subset))
data = dict(train=dict(filter_empty_gt=False, **_same), val=_same)
""",
        "empty by the config": f"""
from cocosurgeon.config import ann_file
_subset = ann_file("{VAL}", empty=True)
data = dict(train=dict(ann_file=_subset, filter_empty_gt=False), val=dict(ann_file=_subset))
""",
    },
}
BY_CONFIG["fork"] = BY_CONFIG["mm3"]


def cocosurgeon(*args: object) -> str:
    """What a command prints."""
    words = [*map(str, args), "--quiet"]
    done = mmdet_line.warm().run(words, b"", Path.cwd(), os.environ, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


@pytest.fixture(scope="module")
def subsets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The subsets that the command line makes."""
    mmdet_line.require()
    folder = tmp_path_factory.mktemp("subsets")

    def cut(name: str, case: Case) -> Path:
        assert case.command is not None
        verb, *rest = case.command
        path = folder / f"{name}.json"
        assert cocosurgeon(verb, case.source, *rest, "-o", path).strip() == str(path)
        return path

    wanted = {name: c for name, c in (ON_SAMPLE | on_mini()).items() if c.command is not None}
    return {name: cut(name, case) for name, case in wanted.items()}


@pytest.fixture(scope="module", params=LINES, ids=LINE_IDS)
def outcomes(
    request: pytest.FixtureRequest,
    subsets: dict[str, Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Line, dict[str, Outcome]]:
    """What came of every case with a line of MMDetection; one process does them all."""
    line: Line = request.param
    mmdet_line.require(line.overlay)
    return line, ran(line, subsets, laid_out(line, tmp_path_factory.mktemp(line.overlay)))


def ran(line: Line, subsets: dict[str, Path], folder: Path) -> dict[str, Outcome]:
    """What came of every case, and of detectors that are not perfect."""
    cases = ON_SAMPLE | on_mini()

    def snippet(name: str) -> str:
        images = IMAGES[cases[name].source]
        wanted = ("--for", line.loader, "--img-prefix", images)
        return cocosurgeon("snippet", subsets[name], *wanted)

    texts = {name: snippet(name) for name in subsets} | BY_CONFIG[line.overlay]
    perfect = {
        name: {} if "empty" in name else detections(document(case.source), case.by)
        for name, case in cases.items()
    }
    configs = {name: put(line, folder, name, texts[name], perfect[name]) for name in cases}
    shifted = {
        name: [[*box, label % 79 + 1] for *box, label in rows]
        for name, rows in perfect["first"].items()
    }
    somewhere = {image["file_name"]: [[1, 1, 9, 9, 0]] for image in document(SAMPLE)["images"]}
    configs["shifted"] = put(line, folder, "shifted", texts["first"], shifted)
    configs["seen in empty"] = put(line, folder, "seen in empty", texts["empty"], somewhere)
    return trained(line, folder, configs)


@pytest.mark.parametrize("name", [*ON_SAMPLE, *(f"mini {n}" for n in list(ON_SAMPLE)[:4])])
def test_a_subset_is_trained_on_and_scored(
    name: str, outcomes: tuple[Line, dict[str, Outcome]]
) -> None:
    line, ran = outcomes
    if name not in ran:
        pytest.skip("the folder of real annotation files is not at hand")
    case, outcome = (ON_SAMPLE | on_mini())[name], ran[name]
    assert outcome.error is None
    images = case.images()
    assert outcome.validated == [image["file_name"] for image in images]
    filtered = line is MMDET2 or case.command is None
    wanted = [
        image["file_name"]
        for image in images
        if not filtered or min(image["width"], image["height"]) >= SMALLEST
    ]
    labels = {} if "empty" in name else case.labels()
    assert outcome.trained == {image: labels.get(image, []) for image in wanted}
    assert len(wanted) >= 5
    if "empty" in name:  # no detection, no score
        assert outcome.scores == {}
        assert NOTHING in outcome.logged
        assert (NO_BEST in outcome.logged) == (line is not MMDET2)
    else:
        assert outcome.score == 1.0


def test_labels_that_shift_show_in_the_score(outcomes: tuple[Line, dict[str, Outcome]]) -> None:
    _, ran = outcomes
    assert ran["shifted"].error is None
    assert ran["shifted"].validated == ran["first"].validated
    assert ran["shifted"].score == 0.0


def test_where_nothing_is_to_be_found_whatever_is_seen_scores_minus_one(
    outcomes: tuple[Line, dict[str, Outcome]],
) -> None:
    _, ran = outcomes
    assert ran["seen in empty"].error is None
    assert set(ran["seen in empty"].scores.values()) == {-1.0}
    assert NOTHING not in ran["seen in empty"].logged
