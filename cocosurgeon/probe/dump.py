"""Dumps: images and objects that a loader loaded, as JSON lines. docs/probe.md has the format."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import IO, Any, Literal, TypeAlias, cast

from cocosurgeon.errors import FormatError, LoaderError
from cocosurgeon.files import open_unpacked
from cocosurgeon.loaders import LOADERS, Id, load
from cocosurgeon.loaders.loader import Mode
from cocosurgeon.loaders.settings import Setting, setting_from_dump
from cocosurgeon.loaders.view import BoxFormat, Instance, Sample, View
from cocosurgeon.probe.record import VERSION, end_of, header_of, line_of, wrong_in_header
from cocosurgeon.version import DOCS

_NO_ROW = -1

Order: TypeAlias = Literal["file", "id", "path", "unknown"]


@dataclass(frozen=True)
class DumpHeader:
    """Origin and format of a dump. None or empty: not known.

    Attributes:
        framework, version: the framework that loaded it.
        loader: the loader of this package whose rules explain the differences from another one.
        python: version of the interpreter.
        mode: ``train`` or ``test``.
        box_format: ``xyxy``, ``xywh`` or ``cxcywh``.
        normalised: True if boxes are divided by the image's size; else they are in pixels.
        single: True if boxes are rounded to float32.
        label_space: name of the label space of labels; see ``cocosurgeon spaces``.
        order: order of the images.
        ann_file, sha256: name of the annotation file, and SHA-256 of its JSON text.
        classes, cat_ids, cat2label: as in a ``View``.
        options: options of the loader, under the framework's own names.
        packages: versions of other packages.
        pipeline: the pipeline of packed samples: ``own`` (the config's) or ``plain``.
        transforms: transforms of the pipeline.
        random: transforms that draw random numbers; each sample begins with ``seed``.
        seed: the seed.
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

    @property
    def is_by_rules(self) -> bool:
        """True if no framework ran, and the dump has the prediction of a loader's rules."""
        loader = LOADERS.get(self.loader or "")
        return loader is not None and self.framework == loader.title

    def setting(self) -> Setting:
        """Return the setting of the loader that the header names, one of ``LOADERS``.

        Raises:
            FormatError: the options are not options of that loader.
        """
        return setting_from_dump(str(self.loader), self.mode, self.classes, self.options)


@dataclass(frozen=True, slots=True)
class DumpInstance:
    """One object as it was loaded.

    Attributes:
        box: four numbers in the header's box format. A broken box that a loader returns unchanged
            (torchvision) has another number of values.
        ignore: True if it is marked as ignored.
        label: training index, or category id if the loader returns that; None without one.
        mask: polygons or RLE; None without one.
    """

    box: tuple[int | float, ...]
    ignore: bool
    label: Id | None = None
    mask: object = None


@dataclass(frozen=True, slots=True)
class DumpSegment:
    """One segment of a panoptic image as it was loaded.

    Attributes:
        id: its id in the file.
        label: training index.
        is_thing: True if it is trained as an object.
    """

    id: Id
    label: Id
    is_thing: bool


@dataclass(frozen=True, slots=True)
class DumpSample:
    """One image as it was loaded.

    Attributes:
        img_id: id of the image.
        img_path: path within the image root; None if unknown.
        height, width: size in pixels that the loader returns; None without one.
        instances: objects, in the order of loading.
        packed: summary of the pipeline's output; None if no pipeline ran.
        segments: segments of a panoptic dataset, in the order of loading.
    """

    img_id: Id
    img_path: str | None
    height: Id | None
    width: Id | None
    instances: tuple[DumpInstance, ...]
    packed: Mapping[str, Any] | None = None
    segments: tuple[DumpSegment, ...] = ()


@dataclass(frozen=True)
class Dump:
    """A whole dump."""

    header: DumpHeader
    samples: tuple[DumpSample, ...]

    def view(self) -> View:
        """Return the dump as a loader's view.

        A dump has no ids of annotations: objects get their place, segments their id, instead.
        """
        header = self.header
        return View(
            loader=str(header.options.get("type", header.loader)),
            classes=header.classes,
            cat_ids=header.cat_ids,
            cat2label=header.cat2label,
            box_format=header.box_format,
            single=header.single,
            samples=tuple(map(_loaded, self.samples)),
            dropped=(),
        )


def _loaded(sample: DumpSample) -> Sample:
    objects = (
        Instance(f"number {place}", i.box, i.label, i.ignore, i.mask, _NO_ROW)
        for place, i in enumerate(sample.instances)
    )
    segments = (
        Instance(f"segment {s.id}", (), s.label, not s.is_thing, None, _NO_ROW)
        for s in sample.segments
    )
    size = cast("tuple[int | float | None, ...]", (sample.height, sample.width))
    path = sample.img_path or ""
    return Sample(sample.img_id, path, size[0], size[1], (*objects, *segments))


def dump_lines(header: DumpHeader, samples: Iterable[DumpSample]) -> Iterator[bytes]:
    """Yield the lines of a dump, uncompressed."""
    yield line_of(header_of(**vars(header) | {"cat2label": [*map(list, header.cat2label.items())]}))
    count = instances = 0
    for sample in samples:
        line = {name: getattr(sample, name) for name in ("img_id", "img_path", "height", "width")}
        line["instances"] = [
            {"box": list(i.box), "label": i.label, "ignore": i.ignore}
            | ({} if i.mask is None else {"mask": i.mask})
            for i in sample.instances
        ]
        yield line_of(line if sample.packed is None else line | {"packed": sample.packed})
        count += 1
        instances += len(sample.instances)
    yield line_of(end_of(count, instances))


def rule_lines(document: object, setting: Setting, ann_file: str, sha256: str) -> Iterator[bytes]:
    """Return the lines of a dump that predicts by rules what a loader loads from a file.

    Args:
        document: the parsed file, as ``json.load`` returns it.
        setting: loader, mode and options.
        ann_file, sha256: name of the annotation file, and SHA-256 of its JSON text.

    Raises:
        LoaderError: the framework raises.
    """
    loader = LOADERS[setting.loader]
    try:
        view = load(loader.name, document, setting.options)
    except LoaderError as error:
        raise LoaderError(
            f"{loader.name} raises {error.exception} on this file: {error.what}",
            exception=error.exception,
            rule=error.rule,
            where=f"{ann_file}, {error.where}" if error.where else ann_file,
            hint=f"see the rule {error.rule!r} in {DOCS}/loaders.md",
        ) from error
    header = DumpHeader(
        framework=loader.title,
        version=loader.version,
        loader=loader.name,
        python=platform.python_version(),
        mode=setting.mode,
        options=setting.options.for_framework(),
        box_format=view.box_format,
        single=view.single,
        order=loader.order,
        ann_file=ann_file,
        sha256=sha256,
        classes=view.classes,
        cat_ids=view.cat_ids,
        cat2label=view.cat2label,
    )
    samples = (
        DumpSample(
            s.img_id,
            setting.path_in_root(s.img_path),
            s.height,
            s.width,
            tuple(DumpInstance(i.box, i.ignore, i.label, i.mask) for i in s.instances),
        )
        for s in view.samples
    )
    return dump_lines(header, samples)


@dataclass(frozen=True)
class OpenDump:
    """A dump that is being read. Samples can be read once; a truncated dump raises FormatError."""

    header: DumpHeader
    samples: Iterator[DumpSample]


def read_dump(path: Path) -> Dump:
    """Read all of a dump.

    Raises:
        SourceUnavailableError: the file cannot be opened or read.
        FormatError: it is no dump, has another version, is truncated, or has a broken line.
    """
    with open_dump(path) as dump:
        return Dump(dump.header, tuple(dump.samples))


@contextmanager
def open_dump(path: Path) -> Iterator[OpenDump]:
    """Read a dump sample by sample.

    Raises:
        SourceUnavailableError, FormatError: see ``read_dump``; also raised while samples are read.
    """
    with open_unpacked(path, "the dump") as stream:
        lines = _Lines(path, stream)
        yield OpenDump(lines.next(_header), lines.samples())


_AGAIN = "write the dump again; an incomplete dump is not used"
_WRITE = "`cocosurgeon dump FILE --loader NAME -o DUMP` writes one"


class _BrokenError(Exception):
    """A fault of a line."""


class _Lines:
    """The lines of a dump, each with its number."""

    def __init__(self, path: Path, stream: IO[bytes]) -> None:
        self._path = path
        self._stream = stream
        self._number = 0

    def next(self, parse: Callable[[dict[str, Any]], Any]) -> Any:
        """Return the next line, parsed."""
        line = self._line()
        if not line and self._number == 1:
            raise self._error("the file is empty")
        if self._number == 1 and b'"dump"' not in line and b'"error"' not in line[:200]:
            raise self._error("not a dump: the first line has no 'dump'", _WRITE)
        if not line:
            raise self._error("the dump is incomplete: its last line is missing")
        if not line.endswith(b"\n"):
            raise self._error("the dump ends within this line")
        try:
            return parse(_object(line))
        except _BrokenError as error:
            raise self._error(str(error)) from error

    def samples(self) -> Iterator[DumpSample]:
        """Yield all samples; then check the last line, which has their number."""
        count = instances = 0
        while isinstance(found := self.next(_sample_or_end), DumpSample):
            yield found
            count += 1
            instances += len(found.instances)
        if found != (count, instances):
            raise self._error(
                f"the last line says {found[0]} samples and {found[1]} instances, but the dump "
                f"has {count} and {instances}"
            )
        if self._line():
            raise self._error("something follows the last line")

    def _line(self) -> bytes:
        self._number += 1
        return self._stream.readline()

    def _error(self, what: str, hint: str = _AGAIN) -> FormatError:
        return FormatError(what, where=f"{self._path}, line {self._number}", hint=hint)


def _object(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _BrokenError(f"the line is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise _BrokenError("the line is not a JSON object")
    if "error" in value:
        raise _BrokenError(
            "the dump ends with an error of the program that wrote it: "
            f"{value.get('exception')}: {value.get('message')}"
        )
    return value


def _header(value: dict[str, Any]) -> DumpHeader:
    if "dump" not in value:
        raise _BrokenError("this is not a dump: the first line has no 'dump'")
    if value["dump"] != VERSION:
        raise _BrokenError(f"the dump has version {value['dump']!r}; this program reads {VERSION}")
    wrong = wrong_in_header(value)
    if wrong is not None:
        raise _BrokenError(wrong)
    known: dict[str, Any] = {f.name: value.get(f.name) for f in fields(DumpHeader)}
    for key in ("classes", "cat_ids", "transforms", "random"):
        known[key] = tuple(known[key])
    known["cat2label"] = dict(known["cat2label"])
    return DumpHeader(**known)


_OPTIONAL = dict.fromkeys(("img_path", "height", "width"))


def _sample_or_end(value: dict[str, Any]) -> DumpSample | tuple[Any, Any]:
    import msgspec

    if value.get("end") is True:
        return value.get("samples"), value.get("instances")
    try:
        return msgspec.convert(_OPTIONAL | value, DumpSample)
    except msgspec.ValidationError as error:
        raise _BrokenError(f"the line is not a sample: {error}") from error
