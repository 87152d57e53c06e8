"""The pure-Python loaders emit what the real ones emit, and raise where they raise.

Made files are the same ones in each run; ``COCOSURGEON_EXAMPLES=5000`` makes so many new ones.
"""

from __future__ import annotations

import json
import os
import random
import sys
import types
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

import mmdet_line
import pytest
from conftest import ROOT, SAMPLE, wild_files
from hypothesis import given, settings
from hypothesis import strategies as st
from mmdet_line import FORK, MMDET2, MMDET3, Line
from odd_documents import GONE, NAN, USUAL, changed_usual, documents
from worker import Worker, WorkerEndedError, working

from cocosurgeon.errors import LoaderError
from cocosurgeon.loaders import (
    LOADERS,
    Instance,
    LoaderOptions,
    View,
    load,
    mmdet2,
    mmdet3,
    onedl,
    torchvision2,
    transformers,
    ultralytics,
    yolox,
)

SCRIPT = Path(__file__).with_name("real_loaders.py")
FRESH = os.environ.get("COCOSURGEON_EXAMPLES")
NO_FILE = "no/such/file"
NAMES_FILE = str(Path(__file__).with_name("class_names.txt"))
NO_TEXT = str(next((ROOT / "sample_data/sample2017").glob("*.jpg")))
CHANGED_BY_RFDETR = {"bad-area", "no-keypoints", "bad-keypoints"}
"""Where it raises otherwise than DETR: areas are float32 there, and keypoints are not required."""
CONVERTED = ("detr", "dino", "dfine")
NOT_IN_RFDETR = frozenset({"no-segmentation", "bad-segmentation", "bad-keypoints"})
"""It makes an empty mask there, and no tensor of keypoints."""
FOLDER = TemporaryDirectory()
"""Files of some images: those of 1, 4 and 6 are missing."""
for _name in ("0", "2", "3", "5", "7", "8", "9"):
    Path(FOLDER.name, f"{_name}.jpg").touch()

EXAMPLES = (
    settings(max_examples=int(FRESH), derandomize=False, print_blob=True)
    if FRESH
    else settings(max_examples=600)
)

Options: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Real:
    """A real loader and how to tell what it emits.

    Attributes:
        loader: name of the pure-Python one.
        line: where it is installed.
        choices: settings; the first two go with each file.
        options: a setting as the pure-Python loader's options.
        told: what the pure-Python loader emits, told as the real one's is.
        by_hand: files and settings that are met in any case, beyond those for all loaders.
        drawn: settings with which masks are drawn: of made files only, whose images are small.
        opens_images: whether it takes sizes from the images, which have to have one then.
        unmet: rules that no file and no setting here can meet, each for a reason.
        script: its name in the script; empty for the loader's.
    """

    loader: str
    line: Line
    choices: Sequence[Options]
    options: Callable[[Options], LoaderOptions | None]
    told: Callable[[View, Options], Mapping[str, Any]]
    by_hand: Sequence[tuple[Any, Options]] = ()
    drawn: Sequence[Options] = ()
    opens_images: bool = False
    unmet: frozenset[str] = frozenset()
    script: str = ""


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
    """Zeros have no sign: whether torch keeps it depends on how many there are."""
    return {
        "samples": [
            [s.img_id, s.img_path, [[[v + 0.0 for v in i.box], i.label] for i in s.instances]]
            for s in view.samples
        ]
    }


def rfdetr_told(view: View, options: Options) -> Mapping[str, Any]:
    samples = detr_told(view, options)["samples"]
    return {
        "cat2label": list(view.cat2label.items()),
        "samples": [[img_id, str(Path(path)), objects] for img_id, path, objects in samples],
    }


def integers_told(view: View, options: Options) -> Mapping[str, Any]:
    """Image ids are integers there; here they are those of the file."""
    told = detr_told(view, options)
    return {"samples": [[int(img_id), *rest] for img_id, *rest in told["samples"]]}


def transformers_told(view: View, options: Options) -> Mapping[str, Any]:
    """Zeros have no sign, as above; of masks there is one for each object."""
    with_masks = bool(options.get("return_segmentation_masks"))
    samples = []
    for s in view.samples:
        instances = [[[v + 0.0 for v in i.box], i.label, int(i.ignore)] for i in s.instances]
        samples.append([s.img_id, s.img_path, len(instances) * with_masks, instances])
    return {"samples": samples}


def torchvision2_told(view: View, options: Options) -> Mapping[str, Any]:
    """Fields that are passed on unchanged are those of the file itself."""
    keys = torchvision2.Options(**options_of(options, "root", "target_keys")).keys
    samples = []
    for s in view.samples:
        records = [options["document"]["annotations"][i.row] for i in s.instances]
        made = sorted(keys & {"boxes", "labels", "masks"}) if records else []
        copied: Options = {
            key: [record[key] for record in records if key in record]
            for key in keys - {"boxes", "labels", "masks", "image_id"}
            if records
        }
        if "image_id" in keys or not records:
            copied["image_id"] = s.img_id
        boxes = [list(i.box) for i in s.instances if i.box]
        labels = [i.label for i in s.instances if i.label is not None]
        masks = sum("segmentation" in record for record in records) if "masks" in made else 0
        samples.append([s.img_id, s.img_path, made, masks, sorted(copied.items()), boxes, labels])
    return {"samples": samples}


def options_of(options: Options, *names: str) -> Options:
    return {name: options[name] for name in names if name in options}


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


def ultralytics_told(view: View, _: Options) -> Mapping[str, Any]:
    return {
        "samples": [[s.img_path, [[i.label, *i.box] for i in s.instances]] for s in view.samples]
    }


def _mmdet3_options(options: Options) -> mmdet3.Options:
    cfg = options.get("filter_cfg")
    cfg = None if cfg is None else mmdet3.FilterCfg(**cfg)
    return mmdet3.Options(**{"data_prefix": {"img_path": ""}, **options, "filter_cfg": cfg})


def _onedl_options(options: Options) -> onedl.Options:
    return onedl.Options(**vars(_mmdet3_options(options)))


def _made(name: str, options: Options) -> LoaderOptions:
    return LOADERS[name].options(**options)


def _with(document: Mapping[str, Any], **lists: Any) -> dict[str, Any]:
    return {**document, **lists}


CLASSES: list[Any] = [["dog", "person"], [], ["Person", "hot dog", "zebra", "nothing"]]
IMG = {"data_prefix": {"img": ""}}
TRAIN = {"filter_cfg": {"filter_empty_gt": True, "min_size": 32}}

TRAIN_FILES = Path(__file__).with_name("train_files")
"""Folders whose train split has a file of its own."""


def _rfdetr_options(options: Options) -> LoaderOptions:
    own = {key: value for key, value in options.items() if key != "dataset_dir"}
    if "dataset_dir" in options:
        own["train_file"] = f"{options['dataset_dir']}/train/_annotations.coco.json"
    return LOADERS["rfdetr"].options(**own)


def _categories(*entries: tuple[Any, Any, Any]) -> dict[str, Any]:
    """The usual file with categories of these ids, names and supercategories."""
    keys = ("id", "name", "supercategory")
    return _with(USUAL, categories=[dict(zip(keys, entry, strict=True)) for entry in entries])


INF = float("inf")
BY_SPLIT: list[Options] = [
    {"dataset_dir": str(TRAIN_FILES / name)} for name in ("usual", "without-names", "no")
]
_PLACEHOLDERS = [
    (1, "", "x"),
    (2, "none", ""),
    (3, "null", "none"),
    (4, None, "null"),
    (5, "a", None),
]
_SHADOWED = [{**USUAL["annotations"][0], "category_id": cat_id} for cat_id in (1, 18)]
RFDETR_BY_HAND: list[tuple[Any, Options]] = [
    *((USUAL, options) for options in BY_SPLIT),
    (USUAL, {"dataset_dir": str(TRAIN_FILES / "broken")}),
    (_categories((1, "a", "none"), (2, "p", "a"), (18, "b", "p"), (90, "c", "p")), {}),
    (_categories((90, "p", "p"), (18, "q", "p"), (1, "r", "q"), (5, "p", "p")), {}),
    (_categories(("18", "a", "b"), (1.5, "b", "c"), (90, "c", "a"), (1, "d", "d")), {}),
    (_categories((1, "a", None), (INF, "b", "")), {}),
    (_categories((1, "a", None), (None, "b", "")), {}),
    (_categories((1, "a", "b"), (2, ["b"], "b"), (18, "d", "d"), (90, "c", "d")), {}),
    (_with(_categories(*_PLACEHOLDERS), annotations=[]), {}),
    (_with(_categories((1, "p", ""), (18, "a", "p")), annotations=_SHADOWED), {}),
    (_with(_categories((1, "a", "b"), (18, "b", "b")), annotations=[]), {}),
    (_with(_categories((1, "a", "b"), (18, "b", "a")), annotations=[]), {}),
    (_with(USUAL, categories=[{"id": 1, "supercategory": "b"}, {"id": 18}]), {}),
    (_with(USUAL, categories=[{"id": 1}, {"id": 18}, {"id": 90}, {"id": 4.5}]), {}),
    (
        _with(USUAL, images=[{"id": 1}, {"id": "a"}], categories=[{"id": 1, "supercategory": "b"}]),
        {},
    ),
]


NAMES = ["dog", "person", "cat"]
OBJECTS365: list[Options] = [
    {"type": kind, **more}
    for kind in ("Objects365V1Dataset", "Objects365V2Dataset")
    for more in ({}, {"test_mode": True})
]
_IMAGE = {"id": 1, "width": 64, "height": 48}
_OF_V2 = [
    {**_IMAGE, "file_name": "images/v2/patch6/objects365_v1_00320532.jpg"},
    USUAL["images"][1],
]
_OF_2014 = [{**_IMAGE, "file_name": "COCO_val2014_000000000001.jpg"}]
_OF_LVIS = [{**_IMAGE, "coco_url": "http://images.cocodataset.org/val2017/000000000001.jpg"}]
_MIXED = [{"id": "1", "name": "dog"}, {"id": 1, "name": "person"}]
_BOX_THEN_NAME = _with(
    USUAL,
    images=[USUAL["images"][0], {**USUAL["images"][1], "file_name": 5}, *USUAL["images"][2:]],
    annotations=[
        {**USUAL["annotations"][0], "image_id": USUAL["images"][0]["id"], "bbox": 5},
    ],
)
_CATEGORY_THEN_NAME = _with(
    USUAL,
    categories=[{"id": 1}],
    images=[{**image, "file_name": 5, "coco_url": 5} for image in USUAL["images"]],
)
DERIVED: list[tuple[Any, Options]] = [
    (_with(USUAL, images=_OF_V2), {"type": "Objects365V2Dataset"}),
    (_with(USUAL, categories=_MIXED), {"type": "Objects365V1Dataset"}),
    (_with(USUAL, images=_OF_2014), {"type": "LVISV05Dataset"}),
    (_with(USUAL, images=_OF_LVIS), {"type": "LVISV1Dataset"}),
    (_with(USUAL, images=_OF_LVIS), {"type": "LVISV1Dataset", "test_mode": True}),
    (USUAL, {"type": "LVISV1Dataset"}),
    *(
        (file, {"type": kind})
        for file in (_BOX_THEN_NAME, _CATEGORY_THEN_NAME)
        for kind in ("Objects365V2Dataset", "LVISV05Dataset", "LVISV1Dataset")
    ),
]
"""Files for classes that derive from CocoDataset, with what they are given in both lines."""

_OBJECT = USUAL["annotations"][0] | {"segmentation": [[1, 2, 30, 4, 5, 26]]}


def _drawn(*changes: Mapping[str, Any]) -> dict[str, Any]:
    """One image, and its objects, each with a polygon."""
    anns = [
        {k: v for k, v in {**_OBJECT, "id": n, **change}.items() if v is not GONE}
        for n, change in enumerate(changes)
    ]
    return _with(USUAL, images=USUAL["images"][:1], annotations=anns)


def _with_polygons(document: Any) -> Any:
    """A document whose annotations have a polygon, if they have no mask."""
    anns = document.get("annotations") if isinstance(document, dict) else None
    if not isinstance(anns, list):
        return document
    polygon = {"segmentation": _OBJECT["segmentation"]}
    return _with(document, annotations=[polygon | a if isinstance(a, dict) else a for a in anns])


_RLE = {"counts": [64 * 48], "size": [48, 64]}
_WITHOUT_CATEGORY = [{"category_id": GONE}, {"category_id": GONE}]
_POINTS: list[Any] = [[1, 2, 2], [1, 2], [], 5, "x", None, [[1, 2, 2]], GONE]
KEYPOINTS = [
    _drawn({"keypoints": one}, {"keypoints": other, **more})["annotations"]
    for one in _POINTS
    for other in _POINTS
    for more in ({}, {"bbox": [70, 0, 5, 5]}, {"iscrowd": 1})
]
SEGMENTED: list[list[dict[str, Any]]] = [
    [{"segmentation": one}, {"segmentation": other}]
    for one in ([[1, 2, 30, 4, 5, 26]], _RLE, {"counts": [12], "size": [3, 4]})
    for other in (
        *(_RLE, {"counts": [12], "size": [3, 4]}, {"counts": "PPYo0", "size": [48, 64]}),
        *([], [[]], None, 5, "x", {}, {"counts": [1]}, [1, 2, 3, 4], [5, 5, 6, 6, 9, 4], GONE),
        *([[1, 2, 3]], [[1, 2, 3, 4]], [_RLE], {"counts": None, "size": [48, 64]}),
    )
]
_OUTSIDE = {"bbox": [70, 5, 9, 8]}
MASKED: list[list[dict[str, Any]]] = [
    [],
    [{}],
    [{}, _OUTSIDE],
    [_OUTSIDE],
    [{"segmentation": GONE}],
    *SEGMENTED,
    *([one, other | {"iscrowd": 1}] for one, other in SEGMENTED),
]
_BOXES: list[Any] = [
    *([1, 2, 3, 4], [1, 2.5, 3, 4], [True, True, True, True], [1, 2, 3], [1, 2], [1], [], 7, GONE),
    *([[1, 2, 3, 4]], None, "abcd", {}, [1, 2, 3, 4, 5], [2**63, 1, 2, 3], [0.5, 2**63, 1, 2]),
    *([2**62, 1, 2**62, 3], [0.5, 2**1500, 1, 2], [1e300, 1, 1, 1]),
]
BOXED = [
    _drawn({"bbox": one}, {"bbox": other})["annotations"] for one in _BOXES for other in _BOXES
]

CHOICES3: list[Options] = [
    IMG | TRAIN,
    IMG | {"test_mode": True},
    IMG | TRAIN | {"serialize_data": False},
    IMG | TRAIN | {"test_mode": True},
    IMG | {"filter_cfg": {"min_size": 33}},
    IMG | {"filter_cfg": {"filter_empty_gt": True}, "indices": 2},
    IMG | {"filter_cfg": {}, "indices": [1, 0, -1]},
    {"data_prefix": {"img": "root/x"}, "indices": -1},
    IMG | {"indices": 1000, "metainfo": {"CLASSES": ["dog"]}},
    *({**IMG, **TRAIN, "metainfo": {"classes": c}} for c in CLASSES),
    *({**IMG, "test_mode": True, "metainfo": {"classes": c}} for c in CLASSES),
    IMG | TRAIN | {"metainfo": {"classes": "hotdogs"}},
    IMG | {"test_mode": True, "metainfo": {"classes": NAMES_FILE}},
    *(IMG | TRAIN | {"metainfo": {"classes": NAMES}} | more for more in OBJECTS365),
]
BY_HAND3: list[tuple[Any, Options]] = [
    (USUAL, {}),
    (USUAL, IMG | {"indices": 0, "serialize_data": False}),
    (USUAL, IMG | {"indices": [9]}),
    (USUAL, IMG | {"metainfo": {"classes": NO_TEXT}}),
    (_with(USUAL, categories=[{"id": 1, "name": 5}]), IMG | {"metainfo": {"classes": "hotdogs"}}),
    *((file, IMG | TRAIN | {"metainfo": {"classes": NAMES}} | more) for file, more in DERIVED),
]

NC, RAW = {"nc": 80}, {"cls91to80": False, "nc": 90}


def _annotations(*changes: dict[str, Any]) -> dict[str, Any]:
    """The usual file with the annotations of its first image changed."""
    return _with(USUAL, annotations=[{**USUAL["annotations"][0], **c} for c in changes])


def _images(*changes: dict[str, Any]) -> dict[str, Any]:
    records = [{**r, **c} for r, c in zip(USUAL["images"], changes, strict=False)]
    return _with(USUAL, images=[*records, *USUAL["images"][len(records) :]])


_NEAR = [{"bbox": [5, 5, 20.5, 8 + 1e-6]}, {}, {"bbox": [1, 5, 20.5, 8]}, {}]
BY_HAND_ULTRALYTICS: list[tuple[Any, Options]] = [
    *((_annotations({"category_id": i}), NC) for i in range(-93, 94)),
    *((_annotations({"category_id": i}), RAW) for i in (0, 1, 90, 91, 1.5, 2.0, NAN, 10**400)),
    *((_annotations(*_NEAR), options) for options in (NC, RAW)),
    *((_annotations({"bbox": [x, 5, 20, 8]}), NC) for x in (-10, -10.6, -10.7, -11, 54.6, 54.7)),
    *((_annotations({"bbox": [5, 5, w, 8]}), NC) for w in (64.6, 64.7, 1e-9, 1e-320)),
    *((_images({"file_name": n}), NC) for n in ("images/1.jpg", "a/images/1.jpg", "a.b.JPG")),
    *((_images({"file_name": n}), NC) for n in (".a/1.jpg", ".jpg", "../1.jpg", "./b//1.png")),
    *((_images({"file_name": n}), NC) for n in ("0.jpg", "0.png", "d/../0.jpg", "a\0.jpg", "1.")),
    (_images({"file_name": "a.jpg"}, {"file_name": "a.png"}), NC),
    *((_images({}, {}, {"width": side}), NC) for side in (0, 1, 9, 9.9, 10, 11)),
    (_annotations({"bbox": [[1], [2], [3], [4]]}), NC),
    (_annotations({"iscrowd": 1}), NC),
]

REAL = {
    "mmdet3": Real("mmdet3", MMDET3, CHOICES3, _mmdet3_options, mmdet_told, BY_HAND3),
    "onedl": Real("onedl", FORK, CHOICES3, _onedl_options, mmdet_told, BY_HAND3, script="mmdet3"),
    "mmdet2": Real(
        "mmdet2",
        MMDET2,
        [
            {},
            {"test_mode": True},
            {"filter_empty_gt": False},
            {"img_prefix": "root"},
            {"classes": NAMES_FILE, "test_mode": True},
            *({"classes": c} for c in CLASSES),
            *({"classes": c, "test_mode": True} for c in CLASSES),
            *({"classes": NAMES} | more for more in OBJECTS365),
        ],
        lambda options: mmdet2.Options(**options),
        mmdet_told,
        [
            (USUAL, {"classes": NO_FILE}),
            (USUAL, {"classes": NO_TEXT}),
            *((file, {"classes": NAMES} | more) for file, more in DERIVED),
        ],
    ),
    "torchvision": Real(
        "torchvision",
        Line("0.28.0+cu130", "tv", False, False),
        [{}, {"root": "root"}],
        partial(_made, "torchvision"),
        torchvision_told,
    ),
    "detr": Real(
        "detr",
        Line("1.11.2", "tv", False, False),
        [{}],
        partial(_made, "detr"),
        detr_told,
        unmet=NOT_IN_RFDETR,
        opens_images=True,
    ),
    "dino": Real(
        "dino",
        Line("1.11.2", "tv", False, False),
        [{}, {"img_folder": FOLDER.name}],
        partial(_made, "dino"),
        detr_told,
        unmet=NOT_IN_RFDETR,
        opens_images=True,
    ),
    "dfine": Real(
        "dfine",
        Line("1.8.0", "fce:tv", False, False),
        [{}, {"img_folder": "root"}],
        partial(_made, "dfine"),
        integers_told,
        unmet=frozenset({"bad-keypoints", "not-of-coco"}),
        opens_images=True,
    ),
    "rfdetr": Real(
        "rfdetr",
        Line("1.11.2", "tv", False, False),
        [{}, {"mode": "coco"}, {"img_folder": "root"}, *BY_SPLIT],
        _rfdetr_options,
        rfdetr_told,
        RFDETR_BY_HAND,
        opens_images=True,
    ),
    "transformers": Real(
        "transformers",
        Line("5.24.0", "hf:tv", False, False),
        [{}, {"root": "root"}],
        lambda options: transformers.Options(**options),
        transformers_told,
        [
            *(
                (_with_polygons(file), {"return_segmentation_masks": True})
                for file in changed_usual()
            ),
            *((_with(USUAL, annotations=anns), {}) for anns in KEYPOINTS),
            *((_drawn(*anns), {"return_segmentation_masks": True}) for anns in MASKED),
        ],
        drawn=[{"return_segmentation_masks": True}],
        opens_images=True,
    ),
    "torchvision2": Real(
        "torchvision2",
        Line("0.28.0+cu130", "tv", False, False),
        [
            *({}, {"root": "root"}),
            *({"target_keys": keys} for keys in (["image_id", "iscrowd"], ["area"], [])),
        ],
        lambda options: torchvision2.Options(**options),
        torchvision2_told,
        [
            *((USUAL, {"target_keys": keys}) for keys in ("boxes", ["boxes", "no"])),
            *(
                (_drawn(*anns), {"target_keys": ["masks", *keys]})
                for keys in ([], ["boxes"], ["labels", "iscrowd", "area", "bbox"])
                for anns in MASKED
            ),
            *((_with(USUAL, annotations=anns), {}) for anns in BOXED),
            *(
                (_drawn({key: GONE}, {key: GONE}), {"target_keys": [key]})
                for key in ("area", "iscrowd")
            ),
            ({k: v for k, v in _drawn(*_WITHOUT_CATEGORY).items() if k != "categories"}, {}),
        ],
        drawn=[{"target_keys": keys} for keys in ("all", ["masks"], ["boxes", "labels", "masks"])],
        opens_images=True,
    ),
    "yolox": Real(
        "yolox",
        Line("0.3.0", "tv", False, False),
        [{}, {"img_size": (640, 480)}],
        lambda options: yolox.Options(**options),
        yolox_told,
    ),
    "ultralytics": Real(
        "ultralytics",
        Line("8.4.190", "ultra:tv", False, False),
        [{"nc": 80}, {"cls91to80": False, "nc": 90}, {"nc": 17}, {"cls91to80": False, "nc": 18}],
        lambda options: ultralytics.Options(**options),
        ultralytics_told,
        BY_HAND_ULTRALYTICS,
    ),
}


@pytest.fixture(scope="module", params=list(REAL))
def name(request: pytest.FixtureRequest) -> str:
    """A loader of which there is a real one."""
    chosen: str = request.param
    mmdet_line.require(REAL[chosen].line.overlay)
    return chosen


@pytest.fixture(scope="module")
def worker(name: str) -> Iterator[Worker]:
    """The process in which the real one answers."""
    real = REAL[name]
    with real.line.worker(SCRIPT, real.script or name) as started:
        assert started.said == real.line.version
        yield started


@dataclass
class Summary:
    """What was met: outcomes, samples, instances, and rules by their names."""

    met: Counter[str] = field(default_factory=Counter)

    def compare(self, name: str, worker: Worker, path: Path, options: Options) -> None:
        """Fail where the two differ about a file."""
        real = worker.evaluate([str(path), options])
        pure, rules = predicted(name, path, options)
        samples = real.get("samples", ())
        self.met.update(rules)
        self.met["raises" if "raises" in real else "emits"] += 1
        self.met["samples"] += len(samples)
        self.met["instances"] += sum(len(sample[-1]) for sample in samples)
        if name in CONVERTED and rules & CHANGED_BY_RFDETR:
            return
        told, seen = json.dumps(pure), json.dumps(real)
        assert told == seen, f"{path.name} {options}\n  pure {told[:900]}\n  real {seen[:900]}"


def predicted(name: str, path: Path, options: Options) -> tuple[dict[str, Any], set[str]]:
    """What the pure-Python loader makes of a file; the rules that it named."""
    real = REAL[name]
    try:
        document = parsed(path.read_bytes())
    except ValueError as error:
        types = type(error).__mro__
        return {"raises": next(t.__name__ for t in types if t.__module__ == "builtins")}, set()
    try:
        view = load(real.loader, document, real.options(options))
    except LoaderError as error:
        assert error.rule in {rule.name for rule in LOADERS[real.loader].errors}, error.rule
        return {"raises": error.exception}, {error.rule}
    require_complete(view, document)
    told = real.told(view, options | {"document": document})
    return json.loads(json.dumps(told)), {dropped.rule for dropped in view.dropped}


def _parsed(path: Path) -> Any:
    """The JSON of a file; None where it has none."""
    try:
        return parsed(path.read_bytes())
    except ValueError:
        return None


@lru_cache(maxsize=1)
def parsed(text: bytes) -> Any:
    """The JSON of a file."""
    return json.loads(text.decode())


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


def _is_sized(document: Any) -> bool:
    """Whether each image has a size that an image can have."""
    images = document.get("images") if isinstance(document, dict) else None
    return not isinstance(images, list) or all(
        type(image.get(key)) is int and image[key] > 0
        for image in images
        if isinstance(image, dict)
        for key in ("width", "height")
    )


def _is_below_its_folder(document: Any) -> bool:
    """Whether no image has an absolute name, by which a label file is written anywhere."""
    images = document.get("images") if isinstance(document, dict) else None
    records = [i for i in images if isinstance(i, dict)] if isinstance(images, list) else []
    return not any(str(i.get("file_name")).startswith("/") for i in records)


def test_sample_and_wild_files(name: str, worker: Worker) -> None:
    account = Summary()
    always, others = REAL[name].choices[:2], REAL[name].choices[2:]
    for place, path in enumerate([SAMPLE, *wild_files()]):
        if REAL[name].opens_images and not _is_sized(_parsed(path)):
            continue
        chosen = random.Random(place).sample(others, min(3, len(others)))
        for options in (*always, *chosen):
            account.compare(name, worker, path, options)
    print(name, dict(account.met))


@cache
def drawn_documents() -> list[Any]:
    """Made documents, the same for all loaders: to draw them takes longer than to load them."""
    drawn: list[Any] = []

    @EXAMPLES
    @given(documents())
    def draw(document: Any) -> None:
        drawn.append(document)

    draw()
    return drawn


def test_made_files(name: str, worker: Worker, tmp_path: Path) -> None:
    real, account, path = REAL[name], Summary(), tmp_path / "made.json"

    def same(document: Any, options: Options) -> None:
        if real.opens_images and not _is_sized(document):
            return
        if name == "ultralytics" and not _is_below_its_folder(document):
            return
        path.write_text(json.dumps(document))
        account.compare(name, worker, path, options)

    for document in changed_usual():
        for options in real.choices[:2]:
            same(document, options)
    for document, options in real.by_hand:
        same(document, options)

    def with_masks(document: Any, options: Options) -> None:
        same(_with_polygons(document) if options in real.drawn else document, options)

    every = [*real.choices, *real.drawn]
    try:
        for place, document in enumerate(drawn_documents()):
            with_masks(document, random.Random(place).choice(every))
    except AssertionError:
        EXAMPLES(given(documents(), st.sampled_from(every))(with_masks))()  # a smaller one
        raise
    print(name, dict(account.met))
    loader = LOADERS[real.loader]
    missed = {rule.name for rule in (*loader.rules, *loader.errors)} - set(account.met)
    assert missed == real.unmet, "rules that no made file meets"


MUTATIONS = [
    ("rows[img_id] = row\n    return rows", "rows.setdefault(img_id, row)\n    return rows"),
    ('part.startswith(".")', 'part.startswith("..")'),
    ('and parts[0] != ""', ""),
    ("ending[2].lower()", "ending[2]"),
    ("elif files.setdefault(path, row) != row:", "elif False:"),
    ("1 <= side < _LEAST_SIDE", "1 <= side < _LEAST_SIDE - 1"),
    ("_LEAST_SIDE = 10", "_LEAST_SIDE = 11"),
    (".max() <= 1.01", ".max() <= 1.0"),
    ("least >= -0.01", "least >= -0.02"),
    ("least >= -0.01", "least > 0"),
    ("if not (table[:, 0] % 1 == 0).all()", "if False"),
    (".max() < most", ".max() <= most"),
    ('ann.get("iscrowd", False)', 'ann.get("iscrowd", 0) == 1'),
    ("box[2] <= 0 or box[3] <= 0", "box[2] < 0 or box[3] < 0"),
    ("if lines.setdefault(numbers, row) != row:", "if False:"),
    ("if len(set(map(tuple, rows))) == len(rows):", "if True:"),
    (":g}", ":.7g}"),
    (".astype(np.float32)", ""),
    ('.rsplit("/images/", 1)', '.split("/images/", 1)'),
    ("71, 83, 91", "71, 83"),
    ('"category_id"] - 1\n        except', '"category_id"]\n        except'),
    ("sorted(_files(", "iter(_files("),
    ("if img_id not in image_rows:", "if False:"),
    ("isinstance(img_id, (float, str))", "isinstance(img_id, float)"),
    ("(x + w / 2) / width", "x / width"),
]
"""Changes of the loader ``ultralytics``."""


@pytest.mark.parametrize(("old", "new"), MUTATIONS, ids=str)
def test_a_changed_rule_of_ultralytics_is_found(old: str, new: str) -> None:
    """Files that the real one has been asked about as well."""
    text = Path(ultralytics.__file__).read_text()
    assert old in text
    module = types.ModuleType("changed")
    sys.modules["changed"] = module  # where dataclasses look
    exec(compile(text.replace(old, new), "changed.py", "exec"), module.__dict__)
    asked = [*BY_HAND_ULTRALYTICS, *((d, o) for d in changed_usual() for o in (NC, RAW))]
    assert any(_outcome(ultralytics, *one) != _outcome(module, *one) for one in asked)


def _outcome(module: Any, document: Any, options: Options) -> str:
    try:
        view = module.view(document, module.Options(**options))
    except Exception as error:
        return f"{type(error).__name__} {getattr(error, 'exception', None)}"
    return json.dumps(ultralytics_told(view, {}))


def test_a_worker_that_ends_is_told() -> None:
    mmdet_line.require()
    ended = pytest.raises(WorkerEndedError, match=r"ended with 1(.|\n)*KeyError: 'keras'")
    with ended, MMDET3.worker(SCRIPT, "keras"):
        pass
    # a fork would live on for a moment, and could answer
    python = Path(os.environ["COCOSURGEON_MMDET"]).absolute() / "venv/bin/python"
    environment = REAL["torchvision"].line.environment()
    with working([python, SCRIPT, "torchvision"], environment) as worker:
        worker.process.kill()
        with pytest.raises(WorkerEndedError, match="ended with -9\nasked: "):
            worker.evaluate(["a.json", {}])
