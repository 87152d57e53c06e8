"""Label maps of TensorFlow's Object Detection API: text protobuf with the name of each label."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from cocosurgeon.errors import FormatError
from cocosurgeon.files import reading
from cocosurgeon.formats.objects import Class

LABEL_MAP = "label_map.pbtxt"

_TOKEN = re.compile(
    r"""#.*|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|[\w.+-]+|[{}<>]""", re.MULTILINE
)
_ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|(.))", re.DOTALL)
_ESCAPED = {b"n": b"\n", b"t": b"\t", b"r": b"\r"}


def label_map_of(classes: Sequence[Class]) -> bytes:
    """Return a label map: labels are from 1, since 0 is the background."""
    items = (
        f"item {{\n  id: {label}\n  name: {_quoted(each.name)}\n}}\n"
        for label, each in enumerate(classes, 1)
    )
    return "".join(items).encode("utf-8", "surrogatepass")


def read_label_map(path: Path) -> dict[int, tuple[str, ...]]:
    """Return the names of each label of a label map: the one that is shown is first.

    Raises:
        SourceUnavailableError: the system refuses.
        FormatError: an item has no id or name; the error names the line.
    """
    with reading(path, "the label map"):
        text = path.read_text("utf-8", "surrogateescape")
    found: dict[int, tuple[str, ...]] = {}
    for fields, start in _items(text):
        names = tuple(_unquoted(fields[k]) for k in ("display_name", "name") if k in fields)
        number = fields.get("id", "")
        if not names or not number.isdecimal() or int(number) in found:
            raise FormatError(
                "an item has no id of its own, or no name",
                where=f"{path}, line {text.count(chr(10), 0, start) + 1}",
                hint='an item is: item { id: 1 name: "person" }',
            )
        found[int(number)] = names
    return found


def _items(text: str) -> Iterator[tuple[dict[str, str], int]]:
    """Yield the fields of each item, and where it begins; messages in an item are skipped."""
    depth, start = 0, 0
    fields: dict[str, str] = {}
    key: str | None = None
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token in ("{", "<"):
            depth += 1
            key = None
            if depth == 1:
                fields, start = {}, match.start()
        elif token in ("}", ">"):
            depth -= 1
            if depth == 0:
                yield fields, start
        elif depth == 1 and not token.startswith("#"):
            if key is None:
                key = token
            else:
                fields[key] = token if match.lastindex is None else match[match.lastindex]
                key = None


def _unquoted(text: str) -> str:
    """Return a string of a text protobuf: its escapes are bytes."""

    def byte(match: re.Match[bytes]) -> bytes:
        octal, hexadecimal, char = match.groups()
        if char is not None:
            return _ESCAPED.get(char, char)
        return bytes([int(octal, 8) & 0xFF if octal else int(hexadecimal, 16)])

    escaped = text.encode("utf-8", "surrogateescape")
    return _ESCAPE.sub(byte, escaped).decode("utf-8", "surrogateescape")


def _quoted(text: str) -> str:
    """Return a string of a text protobuf; bytes that may not be in it are escaped."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda m: f"\\{ord(m[0]):03o}", escaped) + '"'
