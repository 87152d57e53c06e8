"""Losses: what a format cannot hold of a dataset, counted before anything is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from cocosurgeon.convert.adapt import Adaptation
from cocosurgeon.convert.lump import NO_LABEL, Lump, is_size, pictures_of
from cocosurgeon.convert.pictures import Pictures
from cocosurgeon.formats.format import MASKS, Crowds, Format
from cocosurgeon.formats.objects import Id, Object, Picture
from cocosurgeon.formats.outlines import box_of, has_pixels, outline
from cocosurgeon.text import plural

_IMAGE_KEYS = frozenset(("id", "file_name", "width", "height"))
_ANNOTATION_KEYS = frozenset(
    ("id", "image_id", "category_id", "bbox", "segmentation", "area", "iscrowd", "ignore")
)
_KEYPOINT_KEYS = frozenset(("keypoints", "num_keypoints"))
_LISTS = frozenset(("images", "annotations", "categories"))

_APART = 0.01
"""Pixels by which a box may differ from that around its mask."""
_AREA = 0.01
"""Pixels by which an area may differ from the box's without being a value of its own."""

_WORDS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "crowd": ("crowd", "crowds", "written as ordinary objects"),
        "ignored": ("object to be ignored", "objects to be ignored", "written as ordinary objects"),
        "mask": ("mask", "masks", "only the boxes are written"),
        "polygons": ("mask of polygons", "masks of polygons", "written as pixels"),
        "run-lengths": ("run-length mask", "run-length masks", "written as polygons"),
        "parts": ("mask of several parts", "masks of several parts", "joined by lines"),
        "holes": ("mask with holes", "masks with holes", "holes joined to the edge by lines"),
        "broken-mask": ("unusable mask", "unusable masks", "only the boxes are written"),
        "box": (
            "box that differs from its mask's box",
            "boxes that differ from their masks' boxes",
            "a row has the mask only",
        ),
        "keypoints": ("object with keypoints", "objects with keypoints", "keypoints dropped"),
        "area": (
            "area that differs from its box's",
            "areas that differ from their boxes'",
            "dropped",
        ),
        "over-edge": ("box over the image's edge", "boxes over the image's edge", "cut off there"),
        "outside": ("box outside the image", "boxes outside the image", "dropped"),
        "no-box": (
            "annotation without a usable box",
            "annotations without usable boxes",
            "dropped",
        ),
        "no-label": (
            "annotation of no listed category",
            "annotations of no listed category",
            "dropped",
        ),
        "no-image": ("annotation of no listed image", "annotations of no listed image", "dropped"),
    }
)
"""The noun of each feature, its plural, and what becomes of it."""


@dataclass(frozen=True)
class Loss:
    """Something that a format cannot hold.

    Attributes:
        kind: a word.
        count: of the objects, images, ... that have it.
        what: the sentence.
    """

    kind: str
    count: int
    what: str


@dataclass(frozen=True)
class DrawnMask:
    """A mask that becomes one polygon.

    Attributes:
        ann_id: id of its annotation.
        iou: overlap of the polygon with the mask.
        parts, holes: their number.
    """

    ann_id: Id | None
    iou: float
    parts: int
    holes: int


@dataclass(frozen=True)
class Survey:
    """Counts of what images and their objects have.

    Attributes:
        features: by feature; also ``no-box`` and ``no-label``.
        image_keys, annotation_keys: further keys of records.
        remarks: what readers of the format may not take as it is.
        sizes_read: images whose size was read from their file.
        objects: objects that are written.
        masks: masks that are no single polygon, and become one.
    """

    features: Counter[str] = field(default_factory=Counter)
    image_keys: Counter[str] = field(default_factory=Counter)
    annotation_keys: Counter[str] = field(default_factory=Counter)
    remarks: Counter[str] = field(default_factory=Counter)
    sizes_read: int = 0
    objects: int = 0
    masks: tuple[DrawnMask, ...] = ()

    def __add__(self, other: Survey) -> Survey:
        return Survey(
            self.features + other.features,
            self.image_keys + other.image_keys,
            self.annotation_keys + other.annotation_keys,
            self.remarks + other.remarks,
            self.sizes_read + other.sizes_read,
            self.objects + other.objects,
            self.masks + other.masks,
        )

    def mask_lines(self) -> list[str]:
        """Return how well the masks are kept that become one polygon."""
        if not self.masks:
            return []
        overlaps = [mask.iou for mask in self.masks]
        exact = sum(iou == 1 for iou in overlaps)
        count, mean = len(overlaps), sum(overlaps) / len(overlaps)
        line = f"{plural(count, 'mask')} made one polygon: {exact:,} with the same pixels"
        if exact < count:
            line += f"; IoU {mean:.4f} on average, {min(overlaps):.4f} at least"
        return [line]


def survey(lump: Lump, kind: Format, adapt: Adaptation) -> Survey:
    """Count what some images and their objects have that a format may not hold.

    Args:
        adapt: makes of an image what is written.
    """
    found = Survey()
    sizes_read = objects = 0
    masks: list[DrawnMask] = []
    draws = "mask" in kind.holds and "parts" not in kind.holds
    paints = "mask" in kind.holds and "polygons" not in kind.holds
    for picture, labels in zip(pictures_of(lump, kind.needs_sizes), lump.labels, strict=True):
        with_label = len(labels) - labels.count(NO_LABEL)
        found.features["no-label"] += len(labels) - with_label
        without_box = with_label - len(picture.objects)
        found.features["no-box"] += without_box
        found.image_keys.update(picture.record.keys() - _IMAGE_KEYS)
        sizes_read += not all(is_size(picture.record.get(key)) for key in ("width", "height"))
        adapted = adapt(picture)
        objects += len(adapted.objects) + ("no-box" in kind.holds) * without_box
        found.remarks.update(kind.remarks(adapted))
        for each in picture.objects:
            found.features.update(_features(each, picture))
            if draws and each.segmentation is not None:
                drawn = outline(each.segmentation, picture.width, picture.height)
                found.features["broken-mask"] += drawn is None
                if drawn is not None:
                    around = zip(box_of(drawn.polygon), each.bbox, strict=True)
                    found.features["box"] += any(abs(a - b) > _APART for a, b in around)
                    if isinstance(each.segmentation, dict) or len(each.segmentation) > 1:
                        found.features["parts"] += drawn.parts > 1
                        found.features["holes"] += drawn.holes > 0
                        masks.append(DrawnMask(each.ann_id, drawn.iou, drawn.parts, drawn.holes))
            elif paints and each.segmentation is not None:
                is_drawn = has_pixels(each.segmentation, picture.width, picture.height)
                found.features["broken-mask"] += not is_drawn
            others = each.record.keys() - _ANNOTATION_KEYS - _KEYPOINT_KEYS
            found.annotation_keys.update(others.difference(kind.held_keys(each.record)))
    return replace(found, sizes_read=sizes_read, objects=objects, masks=tuple(masks))


def _features(each: Object, picture: Picture) -> Iterator[str]:
    """Yield what an object has."""
    x, y, width, height = each.bbox
    is_outside = x >= picture.width or y >= picture.height or x + width <= 0 or y + height <= 0
    if is_outside:
        yield "outside"
    elif x < 0 or y < 0 or x + width > picture.width or y + height > picture.height:
        yield "over-edge"
    if each.is_crowd:
        yield "crowd"
    if each.is_ignored:
        yield "ignored"
    if any(map(each.record.get, _KEYPOINT_KEYS)):
        yield "keypoints"
    if each.area is not None and abs(each.area - width * height) > _AREA:
        yield "area"
    if each.segmentation is None:
        return
    yield "mask"
    yield "run-lengths" if isinstance(each.segmentation, dict) else "polygons"


def losses_of(
    found: Survey, pictures: Pictures, kind: Format, crowds: Crowds | None, *, clip: bool
) -> Iterator[Loss]:
    """Yield what a format cannot hold of a dataset.

    Args:
        crowds: what becomes of crowds, where the user said so: then it is no loss.
        clip: whether the user wants boxes cut off at the edge: then those are no loss.
    """
    counts = Counter({**found.features, "no-image": pictures.unknown_images})
    asked = {"crowd": crowds is not None, "over-edge": clip, "outside": clip}
    for feature, (noun, nouns, what) in _WORDS.items():
        held = feature in kind.holds or asked.get(feature, False)
        if feature in MASKS - {"mask"} and "mask" not in kind.holds:
            held = True  # no mask is written at all
        if counts[feature] and not held:
            yield Loss(feature, counts[feature], f"{plural(counts[feature], noun, nouns)}: {what}")
    keys = {"image-keys": found.image_keys, "annotation-keys": found.annotation_keys}
    for feature, named in keys.items():
        if named and feature not in kind.holds:
            level = feature.removesuffix("-keys")
            listed = ", ".join(f"{key!r} ({named[key]:,})" for key in sorted(named))
            yield Loss(feature, sum(named.values()), f"further keys of {level}s, dropped: {listed}")
    members = pictures.dataset.index.document.members
    others = [m.key for m in members if m.key not in _LISTS]
    if others and "lists" not in kind.holds:
        listed = ", ".join(map(repr, others))
        yield Loss("lists", len(others), f"further top-level keys, dropped: {listed}")
