"""The order of records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from cocosurgeon.findings.finding import Finding
from cocosurgeon.verify.reading import Record


def disorder(code: str, rows: Sequence[int], records: Sequence[Record]) -> Iterator[Finding]:
    """A finding where rows of the source do not ascend."""
    for before, after in pairwise(rows):
        if after < before:
            first, second = records[before].value.get("id"), records[after].value.get("id")
            yield Finding(code, f"{second!r} stands behind {first!r}, in the source before it")
            return
