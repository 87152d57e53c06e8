"""Text of a document with lists cut or changed: spans of the source, joined again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from cocosurgeon.annfile.columns import Numbers
from cocosurgeon.annfile.document import Document, Records
from cocosurgeon.annfile.rewrite import Rewrite
from cocosurgeon.annfile.source import Source

_PIECE = 1 << 20


@dataclass(frozen=True, eq=False)
class Cut:
    """Rows of a list that stay.

    Attributes:
        rows: the rows that stay, ascending.
        rewrite: changes the text of those; None: they are copied unchanged.
    """

    rows: Numbers
    rewrite: Rewrite | None = None


def pieces(document: Document, edits: Mapping[Records, Cut | bytes]) -> Iterator[bytes]:
    """Return the text of the document, in pieces.

    Args:
        edits: what becomes of each list that does not stay as it is: what stays of it, or its
            new text.

    Raises:
        SourceChangedError: the source is no longer what was scanned; what came before is void.
    """
    source = document.source
    at = 0
    for records in sorted(edits, key=lambda r: r.start):
        edit = edits[records]
        if isinstance(edit, Cut) and edit.rewrite is None and len(edit.rows) == records.count:
            continue
        yield from _copy(source, at, records.start)
        if isinstance(edit, bytes):
            yield edit
        else:
            yield from _cut_list(records, edit)
        at = records.stop
    yield from _copy(source, at, source.size)
    source.require_unchanged()


def _copy(source: Source, start: int, stop: int) -> Iterator[bytes]:
    for at in range(start, stop, _PIECE):
        yield source.read(at, min(at + _PIECE, stop))


def _cut_list(records: Records, cut: Cut) -> Iterator[bytes]:
    """A list with only these rows; each keeps the white space and comma that stood before it."""
    rows = cut.rows
    if not records.count:
        yield from _copy(records.source, records.start, records.stop)
        return
    if not len(rows):
        yield b"[]"
        return
    blocks = records.blocks
    yield from _copy(records.source, records.start, blocks[0].start)
    block_of_row = np.searchsorted([b.first_row for b in blocks], rows, side="right") - 1
    first_in_block = np.flatnonzero(np.diff(block_of_row, prepend=-1))
    for start, block_rows in zip(first_in_block, np.split(rows, first_in_block[1:]), strict=True):
        text = _cut_block(records, int(block_of_row[start]), block_rows, follows=bool(start))
        yield cut.rewrite(text, block_rows) if cut.rewrite else text
    yield from _copy(records.source, blocks[-1].stop, records.stop)


def _cut_block(records: Records, index: int, rows: Numbers, follows: bool) -> bytes:
    """Rows of one block, after the separator to the record before where there is one."""
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
