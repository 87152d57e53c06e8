"""Dumps read again, sample by sample or whole; a part of one is an error."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import IO, Any, cast

from cocosurgeon.errors import FormatError, SourceUnavailableError
from cocosurgeon.loaders.view import Id
from cocosurgeon.probe.dump import Dump, DumpHeader, DumpInstance, DumpSample
from cocosurgeon.probe.record import VERSION, is_id, wrong_in_header

AGAIN = "write the dump again; nothing of a part of one is used"


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
    wrong = wrong_in_header(value)
    if wrong is not None:
        raise _BrokenError(wrong)
    told: dict[str, Any] = {f.name: value.get(f.name) for f in fields(DumpHeader)}
    for key in ("classes", "cat_ids", "transforms", "random"):
        told[key] = tuple(told[key])
    told["cat2label"] = dict(told["cat2label"])
    return DumpHeader(**told)


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
    if not is_id(found):
        raise _BrokenError(f"{key!r} is missing, or neither a number nor text")
    return cast("Id", found)
