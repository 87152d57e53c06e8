"""The pure-Python loaders emit what the real ones emit, and raise where they raise."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

import mmdet_line
import pytest
from conftest import SAMPLE, wild_files
from mmdet_line import MMDET2, MMDET3, Line
from nasty import nasty

from cocosurgeon.errors import LoaderError
from cocosurgeon.loaders import LOADERS, Instance, View, load, mmdet2, mmdet3, yolox

SCRIPT = Path(__file__).with_name("real_loaders.py")
FILES = 600
NO_FILE = "no/such/file"
CHANGED_BY_RFDETR = {"bad-area", "no-keypoints"}
"""Where it raises otherwise than DETR: areas are float32 there, and keypoints are not required."""

Options: TypeAlias = dict[str, Any]
Case: TypeAlias = tuple[Path, Options]


@dataclass(frozen=True)
class Real:
    """A real loader and how to tell what it emits.

    Attributes:
        line: where it is installed.
        choices: settings, one of which goes with each made file, and all with each other file.
        options: a setting as the pure-Python loader's options.
        told: what the pure-Python loader emits, told as the real one's is.
    """

    line: Line
    choices: Sequence[Options]
    options: Callable[[Options], object]
    told: Callable[[View, Options], Mapping[str, Any]]


def mmdet_told(view: View, _: Options) -> Mapping[str, Any]:
    return {
        "classes": list(view.classes),
        "cat_ids": list(view.cat_ids),
        "cat2label": list(view.cat2label.items()),
        "samples": [
            [s.img_id, s.img_path, s.height, s.width, [_mmdet_instance(i) for i in s.instances]]
            for s in view.samples
        ],
    }


def _mmdet_instance(instance: Instance) -> list[Any]:
    return [list(instance.box), instance.label, instance.ignore, instance.mask]


def torchvision_told(view: View, options: Options) -> Mapping[str, Any]:
    """Records are handed on untouched: by their rows, those of the file itself."""
    records = options["document"]["annotations"] if any(s.instances for s in view.samples) else []
    return {
        "samples": [
            [s.img_id, s.img_path, [records[i.row] for i in s.instances]] for s in view.samples
        ]
    }


def detr_told(view: View, _: Options) -> Mapping[str, Any]:
    return {
        "samples": [
            [s.img_id, s.img_path, [[list(i.box), i.label] for i in s.instances]]
            for s in view.samples
        ]
    }


def yolox_told(view: View, options: Options) -> Mapping[str, Any]:
    """Boxes are scaled at once there."""
    high, wide = options.get("img_size", (416, 416))
    samples = []
    for s in view.samples:
        assert s.height is not None and s.width is not None
        scale = min(high / s.height, wide / s.width)
        labels = [[*(v * scale for v in i.box), float(i.label or 0)] for i in s.instances]
        samples.append([s.img_id, s.img_path, s.height, s.width, labels])
    return {"classes": list(view.classes), "cat_ids": list(view.cat_ids), "samples": samples}


def _mmdet3_options(options: Options) -> mmdet3.Options:
    cfg = options.get("filter_cfg")
    cfg = None if cfg is None else mmdet3.FilterCfg(**cfg)
    return mmdet3.Options(**{"data_prefix": {"img_path": ""}, **options, "filter_cfg": cfg})


def _chosen(key: Callable[[Any], Options], choices: Iterable[Any]) -> list[Options]:
    return [key(choice) for choice in choices]


CLASSES: list[Any] = [["dog", "person"], [], ["Person", "hot dog", "zebra", "nothing"]]
IMG = {"data_prefix": {"img": ""}}
TRAIN = {"filter_cfg": {"filter_empty_gt": True, "min_size": 32}}

REAL = {
    "mmdet3": Real(
        MMDET3,
        [
            IMG | TRAIN,
            IMG | {"test_mode": True},
            IMG | TRAIN | {"serialize_data": False},
            IMG | TRAIN | {"test_mode": True},
            IMG | {"filter_cfg": {"min_size": 33}},
            IMG | {"filter_cfg": {"filter_empty_gt": True}, "indices": 2},
            IMG | {"filter_cfg": {}, "indices": [1, 0, -1]},
            {"data_prefix": {"img": "root/x"}, "indices": -1},
            IMG | {"indices": 1000, "metainfo": {"CLASSES": ["dog"]}},
            {},
            *({**IMG, **TRAIN, "metainfo": {"classes": c}} for c in CLASSES),
            *({**IMG, "test_mode": True, "metainfo": {"classes": c}} for c in CLASSES),
            IMG | TRAIN | {"metainfo": {"classes": "hotdogs"}},
        ],
        _mmdet3_options,
        mmdet_told,
    ),
    "mmdet2": Real(
        MMDET2,
        [
            {},
            {"test_mode": True},
            {"filter_empty_gt": False},
            {"img_prefix": "root"},
            {"classes": NO_FILE},
            *({"classes": c} for c in CLASSES),
            *({"classes": c, "test_mode": True} for c in CLASSES),
        ],
        lambda options: mmdet2.Options(**options),
        mmdet_told,
    ),
    "torchvision": Real(
        Line("0.28.0+cu130", "tv", False, False),
        [{}, {"root": "root"}],
        lambda options: LOADERS["torchvision"].options(**options),
        torchvision_told,
    ),
    "detr": Real(
        Line("1.11.2", "tv", False, False),
        [{}],
        lambda options: LOADERS["detr"].options(**options),
        detr_told,
    ),
    "yolox": Real(
        Line("0.3.0", "tv", False, False),
        [{}, {"img_size": (640, 480)}],
        lambda options: yolox.Options(**options),
        yolox_told,
    ),
}


@pytest.fixture(scope="module", params=list(REAL))
def name(request: pytest.FixtureRequest) -> str:
    """A loader of which there is a real one."""
    mmdet_line.require()
    chosen: str = request.param
    return chosen


def outcomes(name: str, cases: Sequence[Case], folder: Path) -> list[dict[str, Any]]:
    """What the real loader makes of all cases, in one run of its interpreter."""
    listed, out = folder / "cases.json", folder / "out.jsonl"
    listed.write_text(json.dumps([[str(path), options] for path, options in cases]))
    version = REAL[name].line.run(SCRIPT, name, listed, out)
    assert version == REAL[name].line.version
    return [json.loads(line) for line in out.read_text().splitlines()]


def predicted(name: str, case: Case) -> tuple[dict[str, Any], set[str]]:
    """What the pure-Python loader makes of a case; the rules that it named."""
    real, (path, options) = REAL[name], case
    try:
        document = parsed(path)
    except ValueError as error:
        types = type(error).__mro__
        return {"raises": next(t.__name__ for t in types if t.__module__ == "builtins")}, set()
    try:
        view = load(name, document, real.options(options))
    except LoaderError as error:
        assert error.rule in {rule.name for rule in LOADERS[name].errors}, error.rule
        return {"raises": error.exception}, {error.rule}
    require_complete(view, document)
    told = real.told(view, options | {"document": document})
    return json.loads(json.dumps(told)), {dropped.rule for dropped in view.dropped}


@lru_cache(maxsize=1)
def parsed(path: Path) -> Any:
    """A file's JSON."""
    return json.loads(path.read_bytes().decode())


def require_complete(view: View, document: Any) -> None:
    """Every record is emitted, or dropped by a rule, and not both."""
    emitted = {i.row for s in view.samples for i in s.instances}
    dropped = [d.row for d in view.dropped if d.kind == "annotation"]
    assert len(set(dropped)) == len(dropped)
    assert emitted.isdisjoint(dropped)
    assert emitted.union(dropped) == set(range(len(document.get("annotations", ()))))
    gone = [d.row for d in view.dropped if d.kind == "image"]
    assert len({json.dumps(s.img_id) for s in view.samples}) + len(gone) == len(
        document.get("images", ())
    )
    known = {rule.name for rule in LOADERS[view.loader].rules}
    assert known.issuperset(d.rule for d in view.dropped)


def differences(name: str, cases: Sequence[Case], folder: Path) -> tuple[list[str], Counter[str]]:
    """Cases where the two differ; how often each outcome and each rule came."""
    found, counts = [], Counter[str]()
    for case, real in zip(cases, outcomes(name, cases, folder), strict=True):
        pure, rules = predicted(name, case)
        counts.update(rules)
        counts["raises" if "raises" in real else "emits"] += 1
        counts["samples"] += len(real.get("samples", ()))
        counts["instances"] += sum(len(sample[-1]) for sample in real.get("samples", ()))
        if name == "detr" and rules & CHANGED_BY_RFDETR:
            continue
        if json.dumps(pure) != json.dumps(real):
            path, options = case
            found.append(f"{path.name} {options}\n  pure {pure}\n  real {real}"[:1500])
    print(name, len(cases), "cases", dict(counts))
    return found, counts


def _is_sized(document: Any) -> bool:
    """Whether each image has a size: DETR's comes from the image, which there is none of."""
    images = document.get("images") if isinstance(document, dict) else None
    return not isinstance(images, list) or all(
        type(image.get(key)) is int
        for image in images
        if isinstance(image, dict)
        for key in ("width", "height")
    )


def test_sample_and_wild_files(name: str, tmp_path: Path) -> None:
    cases = list[Case]()
    always, others = REAL[name].choices[:2], REAL[name].choices[2:]
    for place, path in enumerate([SAMPLE, *wild_files()]):
        more = [o for o in others if o.get("classes") != NO_FILE]
        chosen = random.Random(place).sample(more, min(3, len(more)))
        cases += [(path, options) for options in (*always, *chosen)]
    found, _ = differences(name, cases, tmp_path)
    assert not found, f"{len(found)}\n" + "\n".join(found[:5])


def test_made_files(name: str, tmp_path: Path) -> None:
    cases = []
    for seed in range(FILES):
        document = nasty(seed)
        if name == "detr" and not _is_sized(document):
            continue
        path = tmp_path / f"{seed}.json"
        path.write_text(json.dumps(document))
        choices = REAL[name].choices
        chosen = random.Random(seed).sample(choices, min(4, len(choices)))
        cases += [(path, options) for options in chosen]
    found, counts = differences(name, cases, tmp_path)
    assert not found, f"{len(found)}\n" + "\n".join(found[:5])
    missed = {rule.name for rule in LOADERS[name].rules} - set(counts)
    assert not missed, "rules that no made file meets"
