"""MMDetection 3.x: CocoDataset, read in 3.3.0 with mmengine 0.10.7.

Order of work: load everything, filter (train mode, and only with a ``filter_cfg``), ``indices``,
serialize.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cache
from typing import Any, get_type_hints

from cocosurgeon.loaders import mmdet
from cocosurgeon.loaders.derived import (
    CLASSES,
    COCO,
    MISSING_IMAGE,
    MIXED_IDS,
    NO_URL,
    ClassName,
    class_of,
    default_classes,
)
from cocosurgeon.loaders.dropped import Drops, wanted_of
from cocosurgeon.loaders.index import Index, indexed
from cocosurgeon.loaders.loader import MODES, Loader, LoaderOptions, Mode
from cocosurgeon.loaders.view import (
    NOTHING_LEFT,
    Id,
    Instance,
    NothingLeftError,
    Record,
    Rule,
    Sample,
    View,
    fail,
    failure,
)

INDICES = Rule(
    "indices",
    "`indices` skips it: an int takes the first ones (after the filter), a list picks",
    "mmengine/dataset/base_dataset.py:728",
)
RULES = (*mmdet.RULES, MISSING_IMAGE, INDICES)
ERRORS = (
    *mmdet.ERRORS,
    MIXED_IDS,
    NO_URL,
    Rule(
        "bad-name",
        "a category's name is not text, and `classes` is one text: TypeError",
        "pycocotools/coco.py:171",
    ),
    Rule(
        "bad-class-file",
        "`classes` is a file that cannot be read: UnicodeDecodeError, ...",
        "mmengine/dataset/base_dataset.py:502",
    ),
    Rule("no-img-prefix", "`data_prefix` has no `img`: KeyError", "mmdet/datasets/coco.py:117"),
    Rule(
        "indices-out-of-range",
        "`indices` names a sample that is not there: IndexError",
        "mmengine/dataset/base_dataset.py:739",
    ),
    Rule(
        NOTHING_LEFT,
        "no sample is left to serialize: ValueError",
        "mmengine/dataset/base_dataset.py:768",
    ),
)


@dataclass(frozen=True)
class FilterCfg:
    """``filter_cfg``, with the defaults that its keys have."""

    filter_empty_gt: bool = False
    min_size: float = 0


BASE_FILTER = FilterCfg(filter_empty_gt=True, min_size=32)
"""Filter of ``configs/_base_/datasets/coco_detection.py``, for training."""

_OF_FILTER = tuple(f.name for f in fields(FilterCfg))


@dataclass(frozen=True)
class Options(LoaderOptions):
    """CocoDataset's own arguments and defaults; but ``data_prefix`` has an ``img``, without which
    it raises. The keys of ``filter_cfg`` are set one by one.

    Attributes:
        type: the class: CocoDataset, or one that derives from it.
        metainfo: only ``classes`` is read: names; or one text, which is a file of names if there is
            one, and is searched for each category's name if not.
        filter_cfg: None filters nothing, in train mode either; ``BASE_FILTER`` is the usual one.
    """

    metainfo: Mapping[str, Sequence[str] | str | None] | None = None
    data_prefix: Mapping[str, str] = field(default_factory=lambda: {"img": ""})
    filter_cfg: FilterCfg | None = None
    indices: int | Sequence[int] | None = None
    serialize_data: bool = True
    test_mode: bool = False
    type: ClassName = "CocoDataset"

    @classmethod
    def usual(cls, mode: Mode, classes: Sequence[str]) -> Options:
        is_test = mode == "test"
        cfg = None if is_test else BASE_FILTER
        return cls(metainfo={"classes": tuple(classes)}, filter_cfg=cfg, test_mode=is_test)

    @classmethod
    def every_image(cls, classes: Sequence[str]) -> Options:
        return replace(cls.usual("test", classes), serialize_data=False)

    @classmethod
    def from_dump(cls, mode: Mode, classes: Sequence[str], options: Mapping[str, Any]) -> Options:
        import msgspec

        cfg, text = options.get("filter_cfg"), options.get("classes")
        if isinstance(cfg, Mapping):
            min_size = msgspec.convert(cfg.get("min_size", 0), float | int)
            cfg = FilterCfg(bool(cfg.get("filter_empty_gt", False)), min_size)
        given = text if isinstance(text, str) else classes
        return cls(
            metainfo={"classes": None if options.get("has_no_classes") else given},
            filter_cfg=cfg if isinstance(cfg, FilterCfg) else None,
            indices=msgspec.convert(options.get("indices"), int | list[int] | None),
            serialize_data=bool(options.get("serialize_data", True)),
            test_mode=mode == "test",
            type=class_of(options),
        )

    @classmethod
    @cache
    def settable(cls) -> dict[str, Any]:
        types = get_type_hints(cls) | get_type_hints(FilterCfg)
        derived = ("metainfo", "filter_cfg", "test_mode")
        return {name: kind for name, kind in types.items() if name not in derived}

    def with_own(self, own: Mapping[str, Any]) -> Options:
        of_filter = {name: own[name] for name in own if name in _OF_FILTER}
        others = {name: own[name] for name in own if name not in _OF_FILTER}
        cfg = replace(self.filter_cfg or FilterCfg(), **of_filter) if of_filter else self.filter_cfg
        return replace(self, filter_cfg=cfg, **others)

    def for_framework(self) -> dict[str, Any]:
        cfg = {} if self.filter_cfg is None else {"filter_cfg": asdict(self.filter_cfg)}
        return super().for_framework() | cfg

    @property
    def sorts_categories(self) -> bool:
        return CLASSES[self.type].sorts_categories

    @property
    def picks_by_place(self) -> bool:
        return self.indices is not None

    def chosen_classes(self) -> tuple[str, ...] | str | None:
        classes = (self.metainfo or {}).get("classes", ())
        return classes if isinstance(classes, str) else tuple(classes or ())


def view(document: object, options: Options, only: Collection[Id | None] | None = None) -> View:
    """Return what 3.x loads from a parsed file; see ``registry.load``."""
    return loaded(LOADER.name, document, options, only)


def loaded(
    name: str, document: object, options: Options, only: Collection[Id | None] | None
) -> View:
    """Return what CocoDataset loads.

    Args:
        name: of the loader.
    """
    classes = _classes(options)
    kind = CLASSES[options.type]
    index = indexed(document)
    # None is one name that no category has: pycocotools/coco.py:166, getCatIds
    cat_ids = () if classes is None else kind.cat_ids(index, classes)
    cat2label = {cat_id: label for label, cat_id in enumerate(cat_ids)}
    wanted = wanted_of(index, only)
    drops = Drops()
    loaded: dict[int, Sample] = {}
    rows: mmdet.Rows = []
    for img_id, row in index.image_rows.items():
        image = kind.image(index, row)
        is_wanted = wanted is None or img_id in wanted
        if kind.skips(image):
            drops.drop_image(row, index.rows(img_id), MISSING_IMAGE.name)
            continue
        rows.append((img_id, row))
        path, height, width = _path_and_size(options, row, image)
        instances = _instances(index, img_id, image, cat2label, drops, is_wanted)
        if is_wanted:
            loaded[row] = Sample(img_id, path, height, width, tuple(instances))
    mmdet.require_unique_ids(index)
    rows = _filtered(index, rows, options, cat_ids, drops)
    kept = _picked(index, options, rows, drops)
    samples = [loaded[row] for _, row in kept if row in loaded]
    found = View(
        loader=name,
        classes=tuple(classes or ()),
        cat_ids=cat_ids,
        cat2label=cat2label,
        box_format="xyxy",
        single=False,
        samples=tuple(samples),
        dropped=drops.dropped(index, samples),
    )
    if options.serialize_data and not kept:
        what = "need at least one array to concatenate"
        raise NothingLeftError(what, exception="ValueError", view=found)
    return found


def _classes(options: Options) -> Sequence[str] | None:
    """``_load_metainfo``: mmengine/dataset/base_dataset.py:477."""
    metainfo = options.metainfo or {}
    classes = metainfo["classes"] if "classes" in metainfo else default_classes(options.type)
    if isinstance(classes, str):
        try:
            return mmdet.names_in(classes)
        except FileNotFoundError:
            return classes
        except (OSError, ValueError) as error:
            fail(type(error).__name__, "bad-class-file", f"class names cannot be read: {error}")
    return classes


def _path_and_size(options: Options, row: int, image: Record) -> tuple[str, Any, Any]:
    """``parse_data_info`` up to the annotations: mmdet/datasets/coco.py:117-128."""
    if "img" not in options.data_prefix:
        fail("KeyError", "no-img-prefix", "data_prefix has no key 'img'")
    try:
        path = posixpath.join(options.data_prefix["img"], image["file_name"])
        return path, image["height"], image["width"]
    except (KeyError, TypeError) as error:
        fields = ["file_name", "height", "width"]
        raise failure(error, "images", row, image, fields) from error


def _instances(
    index: Index,
    img_id: Id,
    image: Record,
    cat2label: Mapping[Id, int],
    drops: Drops,
    is_wanted: bool,
) -> list[Instance]:
    """``parse_data_info``: mmdet/datasets/coco.py:136-163."""
    instances = []
    for row in index.rows(img_id):
        if rule := mmdet.rule_for(index, row, image, cat2label):
            drops.annotations[row] = rule
        elif is_wanted:
            ann = index.annotations[row]
            x, y, w, h = ann["bbox"]
            box = (x, y, x + w, y + h)
            ignore = bool(ann.get("iscrowd", False))
            label = cat2label[ann["category_id"]]
            mask = ann.get("segmentation") or None
            instances.append(Instance(ann["id"], box, label, ignore, mask, row))
    return instances


def _filtered(
    index: Index, found: mmdet.Rows, options: Options, cat_ids: Collection[Id], drops: Drops
) -> mmdet.Rows:
    """``filter_data``: mmdet/datasets/coco.py:166-201."""
    cfg = options.filter_cfg
    if options.test_mode or cfg is None:
        return found
    non_empty = mmdet.non_empty(index, cat_ids) if cfg.filter_empty_gt else None
    return mmdet.filtered(index, found, non_empty, cfg.min_size, drops)


def _picked(index: Index, options: Options, found: mmdet.Rows, drops: Drops) -> mmdet.Rows:
    """``_get_unserialized_subset``: mmengine/dataset/base_dataset.py:714-743."""
    indices = options.indices
    if indices is None:
        return found
    if isinstance(indices, int):
        kept = found[:indices] if indices >= 0 else found[indices:]
    else:
        try:
            kept = [found[i] for i in indices]
        except IndexError:
            what = f"indices names a sample beyond the {len(found)} that there are"
            fail("IndexError", "indices-out-of-range", what)
    rows = {row for _, row in kept}
    for img_id, row in found:
        if row not in rows:
            drops.drop_image(row, index.rows(img_id), INDICES.name)
    return kept


LOADER = Loader(
    name="mmdet3",
    title="MMDetection 3.x, CocoDataset",
    version="3.3.0",
    options=Options,
    rules=RULES,
    errors=ERRORS,
    turns_by_exif=True,
    view=view,
    modes=MODES,
    image_root="data_prefix",
    default_classes=COCO,
    real=mmdet.LIBRARY,
    is_usual=True,
    traps={
        NOTHING_LEFT: "the filter of the training dataset drops every image: set "
        "filter_cfg=dict(filter_empty_gt=False, min_size=0) there"
    },
)
