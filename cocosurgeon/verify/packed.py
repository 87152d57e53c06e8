"""Output of a real pipeline, compared with the rules, and for two files with each other."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cocosurgeon.findings.finding import Finding, of_image
from cocosurgeon.loaders import Instance, Sample
from cocosurgeon.probe.dump import Dump, DumpSample
from cocosurgeon.verify.masks import bitmaps_hash
from cocosurgeon.verify.values import same


def check_packed(ours: Sample, real: DumpSample) -> Iterator[str]:
    """Yield differences between the output of a plain pipeline (load, pack) and its sample.

    MMDetection packs boxes as float32 corners and labels as int64, and ignored objects separately
    (``mmdet/datasets/transforms/formatting.py``, ``PackDetInputs``).
    """
    packed = real.packed
    if packed is None:
        return
    if isinstance(raised := packed.get("raises"), Mapping):
        yield f"the pipeline raises {raised.get('exception')}: {raised.get('message')}"
        size = raised.get("size")
        if isinstance(size, Sequence) and not same(list(size), [ours.height, ours.width]):
            yield _of_another_size(size, ours)
        return
    if packed.get("nothing"):
        yield "the pipeline gives nothing: another image would be drawn in its place"
        return
    meta = packed.get("meta")
    size = meta.get("ori_shape") if isinstance(meta, Mapping) else None
    if isinstance(size, Sequence) and not same(list(size[:2]), [ours.height, ours.width]):
        yield _of_another_size(size, ours)
    groups = {
        "": [i for i in ours.instances if not i.ignore],
        "ignored_": [i for i in ours.instances if i.ignore],
    }
    for prefix, instances in groups.items():
        yield from _values(packed, f"{prefix}boxes", "float32", _boxes(instances))
        if prefix == "":
            yield from _values(packed, "labels", "int64", [i.label for i in instances])
    yield from _masks(packed, groups[""])


def _of_another_size(size: Sequence[object], ours: Sample) -> str:
    turned = list(size[1::-1]) == [ours.height, ours.width]
    return (
        f"the image file has {size[0]} rows and {size[1]} columns, its record {ours.height!r} and "
        f"{ours.width!r}" + (": it is turned by its EXIF tag, or the record is" if turned else "")
    )


def packed_alike(subset: Dump, source: Dump, loader: str) -> Iterator[Finding]:
    """Yield differences between the outputs of a pipeline for the same images of two files."""
    there = {s.img_id: s.packed for s in source.samples}
    for sample in subset.samples:
        if sample.packed is None:
            continue
        other = there.get(sample.img_id)
        if other is None:
            text = f"image {sample.img_id!r}: none of it comes from the source"
            yield Finding("packed", text, loader, subset.header.mode, of_image(sample.img_id))
            continue
        for key in sorted({*sample.packed, *other}):
            if not same(_placeless(sample.packed.get(key)), _placeless(other.get(key))):
                text = f"image {sample.img_id!r}: {key} differs from the source's"
                yield Finding("packed", text, loader, subset.header.mode, of_image(sample.img_id))


def _masks(packed: Mapping[str, Any], instances: Sequence[Instance]) -> Iterator[str]:
    masks = packed.get("masks")
    if not isinstance(masks, Mapping) or masks.get("kind") != "bitmap":
        return
    count, height, width = masks["shape"]
    if count != len(instances):
        yield f"masks: {count}, of {len(instances)} objects"
        return
    try:
        digest, sums = bitmaps_hash([i.mask for i in instances], height, width)
    except Exception as error:  # pycocotools raises many kinds on broken masks
        yield f"masks: no bitmaps of {height} by {width} can be drawn of them: {error}"
        return
    if sums != masks["sums"]:
        yield f"masks: {masks['sums']} pixels, drawn from its polygons {sums}"
    elif digest != masks["sha256"]:
        yield "masks: as many pixels as drawn from its polygons, but others"


def _placeless(value: object) -> object:
    """Return a value without the sample's place in the dataset, which differs in a subset.

    Keys are sorted, because MMDetection takes them from a set.
    """
    if not isinstance(value, Mapping):
        return value
    return {k: value[k] for k in sorted(value) if k != "sample_idx"}


def _boxes(instances: Sequence[Instance]) -> list[list[float]]:
    return [[_single(x) for x in i.box] for i in instances]


def _single(number: float) -> float:
    try:
        value: float = struct.unpack("f", struct.pack("f", number))[0]
    except OverflowError:
        return float("inf") if number > 0 else float("-inf")
    return value


def _values(
    packed: Mapping[str, Any], name: str, dtype: str, expected: Sequence[object]
) -> Iterator[str]:
    found = packed.get(name)
    if not isinstance(found, Mapping):
        # pipelines may leave ignored boxes unpacked
        if name in ("boxes", "labels"):
            yield f"{name}: nothing of this kind is packed"
        return
    if found.get("dtype") != dtype:
        yield f"{name}: {found.get('dtype')}, not {dtype}"
    if not same(found.get("values"), list(expected)):
        yield f"{name}: {found.get('values')}, by its rules {list(expected)}"
