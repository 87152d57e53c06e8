"""Lists of ids and names as text: in an option, parted by commas; in a file, one a line.

What stands in double quotes is a JSON string: ``"139"`` is the string, ``139`` the number, and
``"a,b"`` is one name.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from cocosurgeon.dataset.ids import Id, as_key
from cocosurgeon.errors import EncodingError, RequestError, SourceUnavailableError

_TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[^,]*)\s*(?:,|$)')
_PAIR = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[^="]+?)\s*=(.*\S.*)')


def split_list(text: str) -> list[str]:
    """The parts between commas, with their quotes.

    Raises:
        RequestError: nothing in it, or quotes that do not match.
    """
    found: list[str] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise RequestError(
                f"cannot read the list {text!r}", hint="put quotes around a whole name only"
            )
        found.append(match[1].strip())
        at = match.end()
    found = [token for token in found if token]
    if not found:
        raise RequestError(f"an empty list: {text!r}")
    return found


def split_pair(text: str) -> tuple[str, str]:
    """What stands before and after ``=``; a name with a ``=`` in it stands in quotes.

    Raises:
        RequestError: there is no ``=``, or nothing on one side of it.
    """
    match = _PAIR.fullmatch(text)
    if match is None:
        raise RequestError(f"expected NEW=OLD or OLD=NEW, not {text!r}")
    return unquoted(match[1].strip()), match[2].strip()


def split_alias(text: str) -> tuple[str, str]:
    """What stands before and after ``=``; nothing after it is allowed, too."""
    return (unquoted(text[:-1].strip()), "") if text.endswith("=") else split_pair(text)


def names_in(text: str) -> tuple[str, ...]:
    """The names in a list."""
    return tuple(unquoted(token) for token in split_list(text))


def read_lines(where: str) -> list[str]:
    """The lines of a file (``-``: standard input) that are not blank.

    Raises:
        SourceUnavailableError, EncodingError: it cannot be read.
    """
    try:
        text = sys.stdin.buffer.read() if where == "-" else Path(where).read_bytes()
        lines = text.decode("utf-8-sig").splitlines()
    except OSError as error:
        raise SourceUnavailableError(
            f"cannot read the list of ids: {error.strerror}", where=where
        ) from error
    except UnicodeDecodeError as error:
        raise EncodingError(
            f"the list of ids is not UTF-8: byte 0x{text[error.start]:02x} at offset {error.start}",
            where=where,
            hint="one id a line, as --ids-out writes them",
        ) from error
    return [line.strip() for line in lines if line.strip()]


def unquoted(token: str) -> str:
    """What a token stands for as a string."""
    if token.startswith('"'):
        try:
            return str(json.loads(token))
        except ValueError:
            return token
    return token


def parse_ids(tokens: Iterable[str], known: Sequence[Id | None]) -> list[Id]:
    """The ids that tokens stand for, in a file that has these ids.

    A token that reads as a number is one, unless the file has it as a string only, or has strings
    only.
    """
    ids = set(known)
    has_numbers = any(isinstance(i, (int, float)) for i in ids)
    parsed: list[Id] = []
    for token in tokens:
        number = _number(token)
        if number is None:
            parsed.append(unquoted(token))
        elif number not in ids and (token in ids or not has_numbers):
            parsed.append(token)
        else:
            parsed.append(number)
    return parsed


def plain_id(token: str) -> Id:
    """The id that a token stands for where no file says what ids there are."""
    number = _number(token)
    return unquoted(token) if number is None else number


def format_id(i: Id) -> str:
    """An id as a line that is read as that very id, in any file that has it."""
    if not isinstance(i, str):
        return str(i)
    plain = i.isprintable() and i == i.strip() and i != "" and not i.startswith('"')
    return i if plain and _number(i) is None else json.dumps(i)


def _number(token: str) -> Id | None:
    try:
        value = json.loads(token)
    except ValueError:
        return None
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return as_key(value) if is_number else None
