"""One tree of errors: each says what, where, and what to do next.

CocosurgeonError
├── RequestError            the request cannot be met (exit code 2)
│   ├── UnknownIdError          an id that the file does not have
│   ├── UnknownNameError        a category, column, file or list name that the file does not have
│   ├── LevelError              a filter of images where one of annotations belongs, or a mix
│   ├── ExpressionError         a ``where`` expression with more than columns and arithmetic
│   ├── SourceUnavailableError  the source is missing, unreadable, or a folder
│   └── OutputError             the output exists, is the source, or cannot be written
└── DataError               the input is not what it claims to be (exit code 3)
    ├── EncodingError           bytes that are not UTF-8
    ├── FormatError             not JSON text at all: empty, an archive, an image, ...
    ├── JSONSyntaxError         broken JSON: truncated, trailing bytes, control characters
    ├── StructureError          JSON, but neither an annotation file nor a list of detections
    ├── SourceChangedError      the source changed while it was read
    ├── LoaderError             a framework's loader raises on this file
    └── ProbeError              a real loader cannot be asked, or raises
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

_COMMAND = re.compile(r"(`[^`]*`|\bcocosurgeon [a-z].*)", re.DOTALL)
_OUTPUT = re.compile(r" (?:\(-o\)|with -o\b)")
_OPTION = re.compile(
    r"--(?P<name>[a-z][a-z-]*)"
    r"(?: (?P<value>'[^']*'=(?:'[^']*')?|\w+(?:\|\w+)+|[\w.]+=[\w.,=]*"
    r"|[A-Z][A-Z_.,|]*\b|-?\d+(?:[.,]\d+)*|'[^']*'|[\w.]+(?=[,;)]|$)"
    r"|(?:drop|file_name|first|id|keep|mean|names?|offset|position|renumber)\b))?"
)
_NAME = re.compile(r"(?<![\w'\"-])--([a-z][a-z-]*)")
_FLAGS = {"allow-loss", "allow-missing", "force", "forward", "link", "renumber", "reverse"}
_RESERVED = {"from": "from_", "except": "except_"}
_FIELDS = {
    "alias": "aliases",
    "match-by": "by",
    "merge-alias": "aliases",
    "merge-ids": "ids",
    "merge-images": "images",
    "merge-info": "info",
    "merge-licenses": "licenses",
    "merge-prefix": "prefixes",
}
"""Keywords of steps in Python, by options that have another name."""


def in_python(hint: str, fields: Mapping[str, str] = _FIELDS) -> str:
    """Return advice about options of the command line as advice about keywords of Python.

    A whole command stays: it can be run as it is.

    Args:
        fields: keywords by options that have another name; none in a config.
    """
    given = partial(_given, fields=fields)
    return _outside_commands(hint, lambda text: _OPTION.sub(given, _OUTPUT.sub("", text)))


@contextmanager
def for_config() -> Iterator[None]:
    """Let errors suggest keywords of a config, which are named as the options are."""
    try:
        yield
    except CocosurgeonError as error:
        error.is_in_config = True
        raise


def _outside_commands(text: str, change: Callable[[str], str]) -> str:
    parts = _COMMAND.split(text)
    parts[::2] = map(change, parts[::2])
    return "".join(parts)


def _keyword(name: str, fields: Mapping[str, str]) -> str:
    return fields.get(name) or _RESERVED.get(name, name.replace("-", "_"))


def _given(option: re.Match[str], fields: Mapping[str, str]) -> str:
    name, value = option["name"], option["value"]
    keyword = _keyword(name, fields)
    if value is None:
        return f"{keyword}={name in _FLAGS or '...'}"
    value = value.replace("'", "")
    if re.fullmatch(r"-?\d+(\.\d+)?(,-?\d+(\.\d+)?)*", value):
        return f"{keyword}=({value.replace(',', ', ')})" if "," in value else f"{keyword}={value}"
    if re.fullmatch(r"\d+(\|\d+)+", value):
        return f"{keyword}={value.replace('|', ' or ')}"
    if keyword in ("aliases", "prefixes") and "=" in value:
        return f"{keyword}=({tuple(value.split('=', 1))},)".replace("'", '"')
    return f'{keyword}="{value}"'


class CocosurgeonError(Exception):
    """Root of every error that cocosurgeon raises on purpose.

    Attributes:
        what: the problem, in one sentence.
        where: file, record and byte offset, as far as they are known.
        hint: what to do next, on the command line; ``str(error)`` has it for Python.
        python: what to do next in Python, if no keyword is the option; None: as ``hint``.
        is_in_config: True if ``str(error)`` is for a config.
        exit_code: what the command line returns for it.
    """

    exit_code = 2
    is_in_config = False

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        hint: str | None = None,
        python: str | None = None,
    ) -> None:
        self.what = what
        self.where = where
        self.hint = hint
        self.python = python
        super().__init__(what)

    def fields(self) -> dict[str, object]:
        """Return the error as JSON values."""
        facts = {"kind": type(self).__name__, "what": self.what, "where": self.where}
        offset = getattr(self, "offset", None)
        return {**facts, "byte": offset, "next": self.hint, "exit_code": self.exit_code}

    def __str__(self) -> str:
        """Return the error as Python shows it: keywords for options."""
        fields = {} if self.is_in_config else _FIELDS
        named = partial(_NAME.sub, lambda option: _keyword(option[1], fields))
        hint = None if self.is_in_config else self.python
        hint = hint or (self.hint and in_python(self.hint, fields))
        return self._text(_outside_commands(self.what, named), hint)

    def for_terminal(self) -> str:
        """Return the error as the command line prints it."""
        return self._text(self.what, self.hint)

    def _text(self, what: str, hint: str | None) -> str:
        lines = [what]
        if self.where:
            lines.append(f"  in: {self.where}")
        if hint:
            lines.append(f"  next: {hint}")
        return "\n".join(lines)


@contextmanager
def naming(place: str, *, instead_of: str) -> Iterator[None]:
    """Name another folder in errors, instead of a temporary one."""
    try:
        yield
    except CocosurgeonError as error:
        error.where = error.where and error.where.replace(instead_of, place)
        raise


class RequestError(CocosurgeonError):
    """The request cannot be met."""


class UnknownIdError(RequestError):
    """An image id, annotation id or category id that the file does not have."""


class UnknownNameError(RequestError):
    """A name (category, column, file name, top-level list) that the file does not have."""


class LevelError(RequestError, TypeError):
    """Filters of images and of annotations were mixed."""


class ExpressionError(RequestError):
    """An expression has more than columns, literals, comparisons and arithmetic."""


class SourceUnavailableError(RequestError):
    """The source cannot be opened or read."""


class OutputError(RequestError):
    """The output cannot be written; nothing was left behind."""


class DataError(CocosurgeonError):
    """The input data is broken; ``offset`` is the byte offset in the JSON text, where known."""

    exit_code = 3

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        hint: str | None = None,
        python: str | None = None,
        offset: int | None = None,
    ) -> None:
        self.offset = offset
        super().__init__(what, where=where, hint=hint, python=python)


class EncodingError(DataError):
    """The text is not UTF-8."""


class FormatError(DataError):
    """The file does not hold JSON text."""


_JSON_FAULTS = {
    "Invalid control character at": "a string has a raw control character, such as a line break",
    "Invalid control character": "a string has a raw control character, such as a line break",
    "Expecting value": "a value is missing, or is none (as after a trailing comma)",
    "Illegal trailing comma before end of object": "a comma is followed by the end of an object",
    "Illegal trailing comma before end of array": "a comma is followed by the end of a list",
    "Expecting property name enclosed in double quotes": "a key in double quotes is missing (as "
    "after a trailing comma)",
    "Expecting ',' delimiter": "a comma is missing",
    "Expecting ':' delimiter": "a colon is missing",
    "Unterminated string starting at": "a string has no end",
    "Invalid \\escape": "a string has an escape that JSON does not have",
    "Invalid \\uXXXX escape": "a string has an incomplete \\u escape",
    "Extra data": "something follows the value",
}
"""Sentences by the beginnings of the messages of Python's ``json``."""


class JSONSyntaxError(DataError):
    """The JSON text is broken."""

    @classmethod
    def at(
        cls,
        name: str,
        offset: int,
        place: tuple[int, int],
        fault: str,
        within: str | None = None,
    ) -> JSONSyntaxError:
        """Return the error for a place in a file.

        Args:
            name: the file.
            offset: byte offset in the JSON text.
            place: line and column, in characters, both from 1.
            fault: what is wrong; a message of Python's ``json`` becomes a sentence.
            within: the record or value that the place is in.
        """
        known = next((s for msg, s in _JSON_FAULTS.items() if fault.startswith(msg)), fault)
        line, column = place
        return cls(
            f"broken JSON{f' in {within}' if within else ''}: {known}",
            where=f"{name}, line {line:,}, column {column:,}, byte {offset}",
            hint="fix the file at that place, or export it again",
            offset=offset,
        )


class StructureError(DataError):
    """The JSON is neither an annotation file nor a results file."""


class SourceChangedError(DataError):
    """The source changed between two reads."""


class LoaderError(DataError):
    """A framework's loader raises on this file.

    Attributes:
        exception: type name of the exception that the loader raises.
        rule: stable name of the loader rule that applies, such as ``no-categories``.
    """

    def __init__(
        self,
        what: str,
        *,
        exception: str,
        rule: str,
        where: str | None = None,
        hint: str | None = None,
    ) -> None:
        self.exception = exception
        self.rule = rule
        super().__init__(what, where=where, hint=hint)


class ProbeError(DataError):
    """A real loader could not be asked, or raised.

    Attributes:
        kind: missing (a module), version, config, dataset, pipeline, random, request, crash,
            killed, timeout, interpreter or silent (exit code 0, but no answer).
        exception: type name of the exception that the loader raised; None without one.
        message: text of that exception.
        tail: the last output of the program.
    """

    def __init__(
        self,
        what: str,
        *,
        kind: str,
        exception: str | None = None,
        message: str | None = None,
        tail: str = "",
        where: str | None = None,
        hint: str | None = None,
    ) -> None:
        self.kind = kind
        self.exception = exception
        self.message = message
        self.tail = tail
        super().__init__(what, where=where, hint=hint)
