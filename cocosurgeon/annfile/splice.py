"""The text of a document with only some of its records: spans of the source, joined anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from cocosurgeon.annfile.columns import Numbers
from cocosurgeon.annfile.document import Document
from cocosurgeon.annfile.records import Records
from cocosurgeon.annfile.source import Source

_PIECE = 1 << 20


def pieces(document: Document, kept: Mapping[Records, Numbers]) -> Iterator[bytes]:
    """The text of the document, in pieces.

    Args:
        kept: for each list that is cut, the rows that stay, ascending; lists not named stay whole.

    Raises:
        SourceChangedError: the source is no longer what was scanned; what came before is void.
    """
    source = document.source
    at = 0
    cut = [r for r in kept if len(kept[r]) < r.count]
    for records in sorted(cut, key=lambda r: r.start):
        yield from _copy(source, at, records.start)
        yield from _cut_list(records, kept[records])
        at = records.stop
    yield from _copy(source, at, source.size)
    source.require_unchanged()


def _copy(source: Source, start: int, stop: int) -> Iterator[bytes]:
    for at in range(start, stop, _PIECE):
        yield source.read(at, min(at + _PIECE, stop))


def _cut_list(records: Records, rows: Numbers) -> Iterator[bytes]:
    """A list with only these rows; each keeps the white space and comma that stood before it."""
    if not len(rows):
        yield b"[]"
        return
    blocks = records.blocks
    yield from _copy(records.source, records.start, blocks[0].start)
    block_of_row = np.searchsorted([b.first_row for b in blocks], rows, side="right") - 1
    first_in_block = np.flatnonzero(np.diff(block_of_row, prepend=-1))
    for start, here in zip(first_in_block, np.split(rows, first_in_block[1:]), strict=True):
        yield _cut_block(records, int(block_of_row[start]), here, follows=bool(start))
    yield from _copy(records.source, blocks[-1].stop, records.stop)


def _cut_block(records: Records, index: int, rows: Numbers, follows: bool) -> bytes:
    """Numbers of one block, behind the seam to the record before when there is one."""
    block = records.blocks[index]
    before = records.blocks[index - 1].stop if follows else block.start
    if len(rows) == block.count:
        return records.source.read(before, block.stop)
    text, spans = records.located(index)
    parts: list[bytes] = []
    for place in (rows - block.first_row).tolist():
        start, stop = spans[place]
        if place and (parts or follows):
            start = spans[place - 1][1]
        elif follows:
            parts.append(records.source.read(before, block.start))
        parts.append(text[start:stop])
    return b"".join(parts)
