"""Checks of the file as a whole."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from cocosurgeon.lint.annotation_file import AnnotationFile, Located
from cocosurgeon.lint.batch import CLEAN, UNSURE, Batch, Verdicts
from cocosurgeon.lint.check import Fault, check

_APART = re.compile(rb'"[ \t\r\n]+:')
"""A key, and its colon apart from it."""
_LISTS = ("images", "annotations", "categories")


@check(
    "list-missing",
    "file",
    lambda document: document.pop("annotations"),
    group="file",
    meaning="a top-level list is missing",
    arises="only a part was written, or keys have other names",
    next="add the list; an empty one, where there is nothing to list",
)
def list_missing(file: AnnotationFile) -> Iterator[Fault]:
    annotations = file.lists.get("annotations")
    has_captions = annotations is not None and "caption" in annotations.first_keys()
    for key in _LISTS:
        if key not in file.lists and not (key == "categories" and has_captions):
            known = ", ".join(repr(m.key) for m in file.document.members[:8])
            yield Fault(f"no list {key!r} (there are: {known or 'no keys'})")


@check("key-duplicated", "file", lambda document: None)
def key_duplicated(file: AnnotationFile) -> Iterator[Fault]:
    for key in file.document.repeated_keys:
        yield Fault(f"{key!r}; the last value counts")


@check(
    "nonfinite-number",
    "file",
    lambda document: document["annotations"][0].update(score=float("nan")),
    group="file",
    meaning="the file has NaN or Infinity, which JSON does not have",
    arises="a computed value was not checked; Python writes and reads such values",
    next="write null or remove the key; other readers (jq, JavaScript, Rust) refuse the file",
)
def nonfinite_number(file: AnnotationFile) -> Iterator[Fault]:
    if count := file.document.nonfinite:
        yield Fault(f"NaN or Infinity {'once' if count == 1 else f'{count:,} times'}")


@check("info-missing", "file", lambda document: document.pop("info"), is_judged=False)
def info_missing(file: AnnotationFile) -> Iterator[Fault]:
    if not any(member.key == "info" for member in file.document.members):
        yield Fault("loadRes of pycocotools 2.0.9 and 2.0.10 raises KeyError: 'info'")


def _decide_keys(batch: Batch) -> Verdicts:
    """Count all keys at once: where each has a colon right behind it, none has fewer colons."""
    text = b",".join(batch.texts)
    is_flat = text.count(b"{") == len(batch)
    keys = sum(map(len if is_flat else _key_count, batch.values))
    are_single = text.count(b'":') == keys and not _APART.search(text)
    return batch.verdicts(CLEAN if are_single else UNSURE)


@check(
    "record-key-duplicated",
    "every-record",
    lambda document: None,
    group="file",
    meaning="a record has a key twice",
    arises="a text was edited, or a writer appended a key that was already there",
    next="keep one of them: Python and most readers take the last, some the first",
    decide=_decide_keys,
)
def record_key_duplicated(located: Located, _: AnnotationFile) -> str | None:
    text = located.text
    if text.count(b'":') == _key_count(located.value) and not _APART.search(text):
        return None
    seen: list[str] = []

    def collect(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            keys = [key for key, _ in pairs]
            seen.extend(dict.fromkeys(key for key in keys if keys.count(key) > 1))
        return found

    json.loads(text, object_pairs_hook=collect)
    return f"{', '.join(map(repr, seen))} twice" if seen else None


def _key_count(value: object) -> int:
    """Return the number of keys in a value, those of values in it included."""
    if isinstance(value, dict):
        return len(value) + sum(
            _key_count(v) for v in value.values() if type(v) is dict or type(v) is list
        )
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return sum(map(_key_count, value))
    return 0
