"""Dumps: what a loader emitted, as JSON lines. docs/probe.md describes the format."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal, TypeAlias, cast

from cocosurgeon.errors import FormatError, SourceUnavailableError
from cocosurgeon.loaders.view import BoxFormat, Id
from cocosurgeon.probe.record import BOX_FORMATS, ORDERS, VERSION, end_of, header_of, line_of

Order: TypeAlias = Literal["file", "id", "unknown"]
Mode: TypeAlias = Literal["train", "test"]

AGAIN = "write the dump again; nothing of a part of one is used"


@dataclass(frozen=True)
class DumpHeader:
    """Where a dump is from, and how it is to be read. None or empty: not known.

    Attributes:
        framework, version: what emitted it.
        loader: its name here.
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


@dataclass(frozen=True)
class OpenDump:
    """A dump that is being read: its samples are there once, and end in an error if it is cut."""

    header: DumpHeader
    samples: Iterator[DumpSample]


def read_dump(path: Path) -> Dump:
    """Read all of a dump.

    Raises:
        SourceUnavailableError: it cannot be opened or read.
        FormatError: it is no dump, of another version, cut short, or a line of it is broken.
    """
    with open_dump(path) as dump:
        return Dump(dump.header, tuple(dump.samples))


@contextmanager
def open_dump(path: Path) -> Iterator[OpenDump]:
    """Read a dump sample by sample.

    Raises:
        SourceUnavailableError, FormatError: as ``read_dump``; also while samples are taken.
    """
    with _opened(path) as stream:
        lines = _Lines(path, stream)
        header = lines.next(_header)
        yield OpenDump(header, lines.samples())


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


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        raw = path.open("rb")
    except OSError as error:
        raise SourceUnavailableError(
            f"the dump cannot be opened: {error.strerror}", where=str(path)
        ) from error
    with raw:
        is_packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        yield cast("IO[bytes]", gzip.GzipFile(fileobj=raw, mode="rb")) if is_packed else raw


class _BrokenError(Exception):
    """What is wrong with a line."""


class _Lines:
    """The lines of a dump, each with its number."""

    def __init__(self, path: Path, stream: IO[bytes]) -> None:
        self._path = path
        self._stream = stream
        self._number = 0

    def next(self, parse: Callable[[dict[str, Any]], Any]) -> Any:
        """The next line, parsed."""
        line = self._line()
        if not line and self._number == 1:
            raise self._error("the file is empty")
        if not line:
            raise self._error("the dump is cut short: its last line is missing")
        if not line.endswith(b"\n"):
            raise self._error("the dump is cut short within this line")
        try:
            return parse(_object(line))
        except _BrokenError as error:
            raise self._error(str(error)) from error

    def samples(self) -> Iterator[DumpSample]:
        """All samples; then the end has to come, and has to tell their number."""
        count = instances = 0
        while True:
            found = self.next(_sample_or_end)
            if not isinstance(found, DumpSample):
                break
            yield found
            count += 1
            instances += len(found.instances)
        if found != (count, instances):
            raise self._error(
                f"the last line tells {found[0]} samples and {found[1]} instances, but the dump "
                f"has {count} and {instances}"
            )
        if self._line():
            raise self._error("something follows the last line")

    def _line(self) -> bytes:
        self._number += 1
        try:
            return self._stream.readline()
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise self._error(f"the dump is cut short or damaged: {error}") from error
        except OSError as error:
            raise SourceUnavailableError(
                f"the dump cannot be read: {error.strerror}", where=str(self._path)
            ) from error

    def _error(self, what: str) -> FormatError:
        return FormatError(what, where=f"{self._path}, line {self._number}", hint=AGAIN)


def _object(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _BrokenError(f"the line is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise _BrokenError("the line is no JSON object")
    if "error" in value:
        raise _BrokenError(
            "the dump ends with an error of the program that wrote it: "
            f"{value.get('exception')}: {value.get('message')}"
        )
    return value


def _header(value: dict[str, Any]) -> DumpHeader:
    if "dump" not in value:
        raise _BrokenError("this is no dump: the first line has no 'dump'")
    if value["dump"] != VERSION:
        raise _BrokenError(f"the dump is of version {value['dump']!r}; this reads {VERSION}")
    texts = ("version", "loader", "python", "label_space", "ann_file", "sha256")
    return DumpHeader(
        framework=_text(value, "framework"),
        box_format=_choice(value, "box_format", BOX_FORMATS),
        order=_choice(value, "order", ORDERS),
        mode=_choice(value, "mode", (None, "train", "test")),
        pipeline=_choice(value, "pipeline", (None, "own", "plain")),
        normalised=_of(value, "normalised", bool),
        single=_of(value, "single", bool),
        classes=tuple(_of(value, "classes", list)),
        cat_ids=tuple(_of(value, "cat_ids", list)),
        cat2label=_pairs(value),
        options=_of(value, "options", dict),
        packages=_of(value, "packages", dict),
        transforms=tuple(_of(value, "transforms", list)),
        random=tuple(_of(value, "random", list)),
        seed=value.get("seed"),
        **{key: None if value.get(key) is None else _text(value, key) for key in texts},
    )


def _pairs(value: dict[str, Any]) -> dict[Id, int]:
    try:
        return dict(_of(value, "cat2label", list))
    except (TypeError, ValueError) as error:
        raise _BrokenError("'cat2label' is no list of pairs") from error


def _sample_or_end(value: dict[str, Any]) -> DumpSample | tuple[Any, Any]:
    if value.get("end") is True:
        return value.get("samples"), value.get("instances")
    packed = value.get("packed")
    if not isinstance(packed, (dict, type(None))):
        raise _BrokenError("'packed' is no object")
    return DumpSample(
        img_id=_id(value, "img_id"),
        img_path=None if value.get("img_path") is None else _text(value, "img_path"),
        height=None if value.get("height") is None else _id(value, "height"),
        width=None if value.get("width") is None else _id(value, "width"),
        instances=tuple(_instance(i) for i in _of(value, "instances", list)),
        packed=packed,
    )


def _instance(value: Any) -> DumpInstance:
    if not isinstance(value, dict):
        raise _BrokenError("an instance is no object")
    box = _of(value, "box", list)
    if not all(isinstance(number, (int, float)) for number in box):
        raise _BrokenError("a 'box' holds something else than numbers")
    return DumpInstance(
        box=tuple(box),
        label=None if value.get("label") is None else _id(value, "label"),
        ignore=_of(value, "ignore", bool),
        mask=value.get("mask"),
    )


def _of(value: dict[str, Any], key: str, kind: type[Any]) -> Any:
    found = value.get(key)
    if not isinstance(found, kind):
        raise _BrokenError(f"{key!r} is missing or no {kind.__name__}")
    return found


def _text(value: dict[str, Any], key: str) -> str:
    found: str = _of(value, key, str)
    return found


def _id(value: dict[str, Any], key: str) -> Id:
    found = value.get(key)
    if isinstance(found, bool) or not isinstance(found, (int, float, str)):
        raise _BrokenError(f"{key!r} is missing, or neither a number nor text")
    return found


def _choice(value: dict[str, Any], key: str, known: Iterable[str | None]) -> Any:
    found = value.get(key)
    if found not in known:
        raise _BrokenError(f"{key!r} is {found!r}, which this version does not know")
    return found
