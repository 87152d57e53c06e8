"""A file read by the standard library, record by record, with the text of each.

Nothing here shares code with the readers of the rest of cocosurgeon, so that a mistake in one is
found by the other.
"""

from __future__ import annotations

import codecs
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cocosurgeon.errors import EncodingError, FormatError, JSONSyntaxError
from cocosurgeon.files import is_gzip, open_unpacked
from cocosurgeon.progress import Progress

_decoder = json.JSONDecoder()
_BLANKS = frozenset(" \t\n\r")

HasText = Callable[[str, int, Mapping[str, object]], bool]
"""Takes list, row and values of a record; returns True if its text is needed."""


@dataclass(frozen=True, slots=True)
class Record:
    """An element of a top-level list.

    Attributes:
        row: place in the list, from 0.
        value: the decoded element.
        text: the JSON text; empty if it was not needed.
    """

    row: int
    value: Mapping[str, object]
    text: str


@dataclass(frozen=True, eq=False)
class PlainFile:
    """A file read by the standard library.

    Attributes:
        name: name of the file.
        keys: top-level keys in file order, each once.
        lists: lists of objects by key; the list of a results file has the key ``""``.
        others: JSON text of every other value, by key.
        values: these values, decoded.
        is_bare: True if the file is a list itself, as results files are.
        repeated: top-level keys that appear more than once.
        sha256: SHA-256 of the JSON text.
        is_packed: True if the file is compressed.
        has_mark: True if the text begins with a byte-order mark.
        omitted: number of records that were not read, because they do not matter.
    """

    name: str
    keys: tuple[str, ...]
    lists: Mapping[str, tuple[Record, ...]]
    others: Mapping[str, str]
    values: Mapping[str, object]
    is_bare: bool = False
    repeated: tuple[str, ...] = ()
    sha256: str = ""
    is_packed: bool = False
    has_mark: bool = False
    omitted: int = 0

    def document(self) -> Any:
        """Return the file as ``json.load`` returns it."""
        document = {
            key: [record.value for record in self.lists[key]]
            if key in self.lists
            else self.values[key]
            for key in self.keys
        }
        return document[""] if self.is_bare else document


def record_of(
    key: str, row: int, value: dict[str, object], text: str, has_text: HasText | None
) -> Record:
    """Return a record; if its text is not needed, without text and ``segmentation``."""
    if has_text is None or has_text(key, row, value):
        return Record(row, value, text)
    value.pop("segmentation", None)
    return Record(row, value, "")


def read_again(
    path: Path, progress: Progress | None = None, has_text: HasText | None = None
) -> PlainFile:
    """Read a file.

    Args:
        has_text: selects the records to read whole. In all others, ``segmentation``, which is most
            of a file, is skipped. None: all records.

    Raises:
        SourceUnavailableError: the file cannot be opened.
        FormatError: the standard library cannot read it.
    """
    try:
        with open_unpacked(path) as file:
            data = file.read()
        text = data.decode("utf-8-sig")
        found = read_text(str(path), text, progress, has_text)
        return replace(
            found,
            sha256=hashlib.sha256(data).hexdigest(),
            is_packed=is_gzip(path),
            has_mark=data.startswith(codecs.BOM_UTF8),
        )
    except UnicodeDecodeError as error:
        raise EncodingError(
            f"not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start}",
            where=f"{path}, byte {error.start}",
            hint="convert it: iconv -f ENCODING -t UTF-8 OLD > NEW (CP1252, GB18030, ...)",
            offset=error.start,
        ) from error
    except IndexError as error:
        raise _syntax_error(
            path, json.JSONDecodeError("the file is truncated", text, len(text))
        ) from error
    except json.JSONDecodeError as error:
        raise _syntax_error(path, error) from error
    except (ValueError, RecursionError) as error:
        what = "nested too deeply" if isinstance(error, RecursionError) else error
        raise FormatError(
            f"Python's json cannot read it, so no loader can: {what}",
            where=str(path),
            hint="export it again",
        ) from error


def read_text(
    name: str, text: str, progress: Progress | None = None, has_text: HasText | None = None
) -> PlainFile:
    """Read the text of a file; see ``read_again``.

    Raises:
        FormatError: it is no annotation file.
        ValueError, IndexError, RecursionError: the standard library cannot read it.
    """
    return _Reader(name, text, progress, has_text).read()


def _syntax_error(path: Path, error: json.JSONDecodeError) -> JSONSyntaxError:
    mark = len(codecs.BOM_UTF8) if path.read_bytes().startswith(codecs.BOM_UTF8) else 0
    offset = mark + len(error.doc[: error.pos].encode())
    return JSONSyntaxError.at(str(path), offset, (error.lineno, error.colno), error.msg)


class _Reader:
    def __init__(
        self, name: str, text: str, progress: Progress | None, has_text: HasText | None
    ) -> None:
        self.name = name
        self.text = text
        self.progress = progress
        self.has_text = has_text
        self.at = 0

    def read(self) -> PlainFile:
        lists: dict[str, tuple[Record, ...]] = {}
        others: dict[str, str] = {}
        values: dict[str, object] = {}
        order: dict[str, None] = {}
        repeated: dict[str, None] = {}
        self._skip()
        if self.text[self.at] in '"-tfn0123456789':
            json.loads(self.text)
            raise FormatError(
                "its JSON is neither an object nor a list",
                where=self.name,
                hint="name another file",
            )
        is_bare = self.text[self.at] == "["
        for key in [""] if is_bare else self._keys():
            for known in (lists, others, values):
                known.pop(key, None)
            if key in order:
                repeated[key] = None
            order[key] = None
            start = self.at
            records = self._records(key) if self.text[start] == "[" else None
            if records is not None:
                lists[key] = tuple(records)
            else:
                values[key], self.at = _decoder.raw_decode(self.text, start)
                others[key] = self.text[start : self.at]
        self._skip()
        if self.at != len(self.text):
            raise json.JSONDecodeError("Extra data", self.text, self.at)
        keys, twice = tuple(order), tuple(repeated)
        return PlainFile(self.name, keys, lists, others, values, is_bare, twice)

    def _keys(self) -> Iterator[str]:
        """Yield the keys of the top-level object; the caller moves to the end of each value."""
        self._expect("{")
        if self._next() == "}":
            self.at += 1
            return
        while True:
            key, self.at = _decoder.raw_decode(self.text, self.at)
            if not isinstance(key, str):
                raise json.JSONDecodeError("a key is not a string", self.text, self.at)
            self._expect(":")
            self._skip()
            yield key
            if self._next() == "}":
                self.at += 1
                return
            self._expect(",")
            self._skip()

    def _records(self, key: str) -> list[Record] | None:
        """Return the elements of a list of objects; None, without reading, for any other list."""
        start = self.at
        self._expect("[")
        records: list[Record] = []
        if self._next() == "]":
            self.at += 1
            return records
        text, has_text, decode = self.text, self.has_text, _decoder.raw_decode
        while True:
            first = self.at
            value, self.at = decode(text, first)
            if not isinstance(value, dict):
                self.at = start
                return None
            element = text[first : self.at]
            records.append(record_of(key, len(records), value, element, has_text))
            if self.progress is not None and len(records) % 4096 == 0:
                self.progress(self.at, len(text))
            if self._next() == "]":
                self.at += 1
                return records
            self._expect(",")
            self._skip()

    def _skip(self) -> None:
        text, at = self.text, self.at
        while text[at : at + 1] in _BLANKS and at < len(text):
            at += 1
        self.at = at

    def _next(self) -> str:
        self._skip()
        return self.text[self.at]

    def _expect(self, mark: str) -> None:
        self._skip()
        if self.text[self.at] != mark:
            raise json.JSONDecodeError(f"Expecting {mark!r} delimiter", self.text, self.at)
        self.at += 1
