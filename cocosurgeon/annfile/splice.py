"""Text of a document with lists cut or changed: spans of the source, joined again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from cocosurgeon.annfile.columns import Numbers
from cocosurgeon.annfile.document import Blocks, Document, Records
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
    if not records.count:
        yield from _copy(records.source, records.start, records.stop)
        return
    if not len(cut.rows):
        yield b"[]"
        return
    blocks = records.blocks
    yield from _copy(records.source, records.start, int(blocks.starts[0]))
    bounds = np.searchsorted(cut.rows, [*blocks.first_rows, records.count])
    at = 0
    while at < len(blocks):
        first, stop = bounds[at], bounds[at + 1]
        if stop - first == blocks.counts[at]:
            last = _last_whole(blocks, bounds, at)
            before = blocks.stops[at - 1] if first else blocks.starts[at]
            text = records.source.read(int(before), int(blocks.stops[last]))
            stop = bounds[last + 1]
        elif stop > first:
            last = at
            text = _cut_block(records, at, cut.rows[first:stop], follows=bool(first))
        else:
            at += 1
            continue
        yield cut.rewrite(text, cut.rows[first:stop]) if cut.rewrite else text
        at = last + 1
    yield from _copy(records.source, int(blocks.stops[-1]), records.stop)


def _last_whole(blocks: Blocks, bounds: Numbers, first: int) -> int:
    """Return the last of the blocks that are kept whole, from a first one on, in one piece."""
    last = first
    while (
        last + 1 < len(blocks)
        and bounds[last + 2] - bounds[last + 1] == blocks.counts[last + 1]
        and blocks.stops[last + 1] - blocks.starts[first] <= _PIECE
    ):
        last += 1
    return last


def _cut_block(records: Records, index: int, rows: Numbers, follows: bool) -> bytes:
    """Rows of one block, after the separator to the record before where there is one."""
    blocks = records.blocks
    text, spans = records.located(index)
    parts: list[bytes] = []
    for place in (rows - blocks.first_rows[index]).tolist():
        start, stop = spans[place]
        if place and (parts or follows):
            start = spans[place - 1][1]
        elif follows:
            before, here = int(blocks.stops[index - 1]), int(blocks.starts[index])
            parts.append(records.source.read(before, here))
        parts.append(text[start:stop])
    return b"".join(parts)
