"""Dumps: what a loader emitted, as JSON lines. docs/probe.md describes the format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from cocosurgeon.loaders.view import BoxFormat, Id
from cocosurgeon.probe.record import end_of, header_of, line_of

Order: TypeAlias = Literal["file", "id", "unknown"]
Mode: TypeAlias = Literal["train", "test"]


@dataclass(frozen=True)
class DumpHeader:
    """Where a dump is from, and how it is to be read. None or empty: not known.

    Attributes:
        framework, version: what emitted it.
        loader: its name here: whose rules explain what it emits otherwise than another.
        python: version of the interpreter.
        mode: whether the loader was set up for training.
        box_format: how boxes are given.
        normalised: whether boxes are divided by the image's size.
        single: whether boxes are rounded to float32.
        label_space: a name of ``cocosurgeon spaces`` for what a label means.
        order: that of the images.
        ann_file, sha256: name of the annotation file, and hash of its JSON text.
        classes, cat_ids, cat2label: as in a ``View``.
        options: what the loader was built with, under the framework's own names.
        packages: versions of what else took part.
        pipeline: which pipeline packed samples went through: ``own`` (the config's) or ``plain``.
        transforms: its steps.
        random: those that draw random numbers; each sample begins with ``seed``.
        seed: of these.
    """

    framework: str
    box_format: BoxFormat
    version: str | None = None
    loader: str | None = None
    python: str | None = None
    mode: Mode | None = None
    normalised: bool = False
    single: bool = False
    label_space: str | None = None
    order: Order = "unknown"
    ann_file: str | None = None
    sha256: str | None = None
    classes: tuple[str, ...] = ()
    cat_ids: tuple[Id, ...] = ()
    cat2label: Mapping[Id, int] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    packages: Mapping[str, str] = field(default_factory=dict)
    pipeline: Literal["own", "plain"] | None = None
    transforms: tuple[str, ...] = ()
    random: tuple[str, ...] = ()
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class DumpInstance:
    """One object as it was emitted.

    Attributes:
        box: four numbers in the header's box format; another count, or none, where a loader hands
            on a broken one as it stands (torchvision).
        label: training index, or category id where the loader hands that on; None without one.
        ignore: whether it is marked to be ignored.
        mask: polygons or RLE, None without one.
    """

    box: tuple[float, ...]
    label: Id | None
    ignore: bool
    mask: object = None


@dataclass(frozen=True, slots=True)
class DumpSample:
    """One image as it was emitted.

    Attributes:
        img_id: its id.
        img_path: its path behind the image root; None where it was not told.
        height, width: as the loader says; None where it does not.
        instances: in the order in which they were emitted.
        packed: what the pipeline made of it, None where none was run.
    """

    img_id: Id
    img_path: str | None
    height: Id | None
    width: Id | None
    instances: tuple[DumpInstance, ...]
    packed: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Dump:
    """A whole dump."""

    header: DumpHeader
    samples: tuple[DumpSample, ...]


def dump_lines(header: DumpHeader, samples: Iterable[DumpSample]) -> Iterator[bytes]:
    """The lines of a dump, not compressed."""
    known = {key: value for key, value in vars(header).items() if key not in _CONVERTED}
    yield line_of(
        header_of(
            **known,
            cat2label=[list(pair) for pair in header.cat2label.items()],
            options=dict(header.options),
            packages=dict(header.packages),
        )
    )
    count = instances = 0
    for sample in samples:
        yield line_of(_sample_object(sample))
        count += 1
        instances += len(sample.instances)
    yield line_of(end_of(count, instances))


_CONVERTED = ("cat2label", "options", "packages")


def _sample_object(sample: DumpSample) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "img_id": sample.img_id,
        "img_path": sample.img_path,
        "height": sample.height,
        "width": sample.width,
        "instances": [_instance_object(instance) for instance in sample.instances],
    }
    return fields if sample.packed is None else fields | {"packed": dict(sample.packed)}


def _instance_object(instance: DumpInstance) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "box": list(instance.box),
        "label": instance.label,
        "ignore": instance.ignore,
    }
    return fields if instance.mask is None else fields | {"mask": instance.mask}
