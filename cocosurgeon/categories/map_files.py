"""Category maps in files: CSV (``before,after``) or JSON."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cocosurgeon.categories.category_map import CategoryMap, Unmapped
from cocosurgeon.dataset.ids import Id, as_key
from cocosurgeon.errors import FormatError, RequestError, SourceUnavailableError


def read_map(path: str | os.PathLike[str], unmapped: Unmapped = "error") -> CategoryMap:
    """Read a map from a file.

    CSV: a line ``before,after``, then a line for each id; nothing after the comma drops it. JSON:
    an object ``{"1": 0, "90": null}`` (its keys are numbers where they read as such), or a list of
    pairs ``[[1, 0], ["a", 2], [90, null]]``.

    Raises:
        SourceUnavailableError: it cannot be read.
        FormatError: it is neither; the message names the line.
        RequestError: an id is mapped twice.
    """
    try:
        text = Path(path).read_text("utf-8-sig")
    except OSError as error:
        raise SourceUnavailableError(
            f"cannot open the map: {error.strerror}", where=str(path)
        ) from error
    except UnicodeDecodeError as error:
        raise FormatError("the map is not UTF-8", where=f"{path}, byte {error.start}") from error
    try:
        pairs = _of_json(text) if text.lstrip()[:1] in ("{", "[") else _of_csv(text)
        return CategoryMap(list(pairs), unmapped)
    except (ValueError, RecursionError, csv.Error) as error:
        raise FormatError(
            f"not a map of category ids: {error}",
            where=str(path),
            hint='a CSV with the header before,after, or JSON: {"1": 0, "90": null}',
        ) from error
    except RequestError as error:
        raise RequestError(error.what, where=str(path), hint=error.hint) from error


def _of_json(text: str) -> Iterator[tuple[Id, Id | None]]:
    value: object = json.loads(text, object_pairs_hook=_Pairs)
    if isinstance(value, _Pairs):
        for key, after in value:
            yield _number_or_text(key), after
        return
    for pair in value if isinstance(value, list) else [value]:
        if not isinstance(pair, list) or len(pair) != 2:
            raise ValueError(f"expected a pair [before, after], found {pair!r}")
        yield pair[0], pair[1]


class _Pairs(list[tuple[str, Any]]):
    """A JSON object with all its keys, those that stand twice, too."""

    def __repr__(self) -> str:
        return "an object"


def _of_csv(text: str) -> Iterator[tuple[Id, Id | None]]:
    for number, line in enumerate(text.splitlines(), 1):
        if "\0" in line:  # of which csv before Python 3.11 does not say where it is
            raise ValueError(f"line {number}: a NUL character")
    first: Id | None = None
    reader = csv.reader(text.splitlines(), skipinitialspace=True)
    is_first = True
    for row in reader:
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        is_header, is_first = is_first and cells == ["before", "after"], False
        if is_header:
            continue
        if len(cells) != 2 or not cells[0]:
            raise ValueError(f"line {reader.line_num}: expected before,after, found {row!r}")
        before = _number_or_text(cells[0])
        first = before if first is None else first
        if isinstance(first, str) and not isinstance(before, str):
            raise ValueError(
                f"the first id is {first!r}, a string, and line {reader.line_num} has a number "
                "(a header is before,after)"
            )
        yield before, _number_or_text(cells[1]) if cells[1] else None


def _number_or_text(text: str) -> Id:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    key = as_key(value)
    return text if key is None or isinstance(value, (bool, str)) else key
