"""Lists of classes: a text file with a name a line, whose place is the class number."""

from __future__ import annotations

from pathlib import Path

from cocosurgeon.errors import EncodingError
from cocosurgeon.files import reading
from cocosurgeon.formats.objects import Class


def read_class_file(path: Path) -> tuple[Class, ...]:
    """Return the classes of a list. An empty line has a number, too, but for those at the end.

    Raises:
        SourceUnavailableError, EncodingError: it cannot be read.
    """
    with reading(path, "the list of classes"):
        data = path.read_bytes()
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise EncodingError(
            f"the list of classes is not UTF-8: byte 0x{data[error.start]:02x}",
            where=f"{path}, line {data.count(10, 0, error.start) + 1}",
            hint="save it as UTF-8",
            offset=error.start,
        ) from error
    while lines and not lines[-1].strip():
        lines.pop()
    return tuple(Class(line.strip()) for line in lines)
