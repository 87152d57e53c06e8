"""The category list, compared with that of the source."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from cocosurgeon.findings.finding import Finding
from cocosurgeon.verify.expected import Expectation
from cocosurgeon.verify.read_again import PlainFile
from cocosurgeon.verify.values import NONE, differ_in_type, difference, same

Entry: TypeAlias = Mapping[str, object]
Entries: TypeAlias = Sequence[Entry]


def compare_categories(
    subset: PlainFile, source: PlainFile, expectation: Expectation
) -> Iterator[Finding]:
    """Yield differences of the category list from the source's, or from the expected one."""
    if "categories" not in source.lists or "categories" not in subset.lists:
        return
    found = [r.value for r in subset.lists["categories"]]
    texts = expectation.categories
    if texts is None:
        texts = tuple(r.text for r in source.lists["categories"])
    if texts == tuple(r.text for r in subset.lists["categories"]):
        return
    expected = [json.loads(text) for text in texts]
    if json.dumps(found) == json.dumps(expected):
        yield Finding("text-differs", "the list 'categories'")
        return
    yield from _lists_differ(expected, found)


def _lists_differ(expected: Entries, found: Entries) -> Iterator[Finding]:
    missing, left = _unmatched(expected, found)
    if not missing and not left:
        yield Finding("category-order", _first_difference(expected, found))
        return
    for key in ("name", "id"):
        for entry in list(missing):
            twin = next((e for e in left if same(e.get(key, NONE), entry.get(key))), None)
            if twin is not None:
                missing.remove(entry)
                left.remove(twin)
                code = "category-changed"
                if differ_in_type(entry.get("id"), twin.get("id")):
                    code = "id-type"
                yield Finding(code, f"{_called(entry)}: {difference(entry, twin)}")
    for entry in missing:
        yield Finding("category-lost", _called(entry))
    for entry in left:
        yield Finding("category-added", _called(entry))


def _unmatched(expected: Entries, found: Entries) -> tuple[list[Entry], list[Entry]]:
    """Return the entries that only one of the lists has."""
    return _beyond(expected, found), _beyond(found, expected)


def _beyond(entries: Entries, others: Entries) -> list[Entry]:
    left = Counter(map(json.dumps, others))
    only: list[Entry] = []
    for entry in entries:
        text = json.dumps(entry)
        left[text] -= 1
        if left[text] < 0:
            only.append(entry)
    return only


def _first_difference(expected: Entries, found: Entries) -> str:
    place, (a, b) = next(
        (i, pair)
        for i, pair in enumerate(zip(expected, found, strict=True))
        if not same(pair[0], pair[1])
    )
    return f"place {place} is {_called(b)}, not {_called(a)}"


def _called(entry: Entry) -> str:
    return f"{entry.get('id')!r} {entry.get('name')!r}"
