"""Text of a document with lists cut or changed, joined from spans of the source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from cocosurgeon.annfile.columns import Numbers
from cocosurgeon.annfile.document import Document, Records, Run
from cocosurgeon.annfile.rewrite import Rewrite
from cocosurgeon.annfile.source import Source

_PIECE = 1 << 20
_ONE_READ = 1 << 17


@dataclass(frozen=True, eq=False)
class Cut:
    """Rows of a list that stay.

    Attributes:
        rows: the kept rows, ascending.
        rewrite: change of their text; None: they are copied unchanged.
    """

    rows: Numbers
    rewrite: Rewrite | None = None


def pieces(
    document: Document,
    edits: Mapping[Records, Cut | bytes],
    spots: Iterable[tuple[int, int, bytes]] = (),
) -> Iterator[bytes]:
    """Return the text of the document, in pieces.

    Args:
        edits: kept rows, or new text, by list; other lists are copied unchanged.
        spots: start, stop and new text of further places; a list inside is replaced as a whole.

    Raises:
        SourceChangedError: the source has changed since it was scanned; discard all pieces.
    """
    source = document.source
    at = 0
    changes: list[tuple[int, int, Records | bytes]] = [(r.start, r.stop, r) for r in edits]
    for start, stop, new in sorted([*spots, *changes], key=lambda change: change[0]):
        edit = new if isinstance(new, bytes) else edits[new]
        if isinstance(edit, Cut) and isinstance(new, Records):
            is_whole = edit.rewrite is None and len(edit.rows) == new.count
            if start < at or is_whole:
                continue
        yield from _copy(source, at, start)
        if isinstance(edit, bytes):
            yield edit
        elif isinstance(new, Records):
            yield from _cut_list(new, edit)
        at = stop
    yield from _copy(source, at, source.size)
    source.require_unchanged()


def _copy(source: Source, start: int, stop: int) -> Iterator[bytes]:
    for at in range(start, stop, _PIECE):
        yield source.read(at, min(at + _PIECE, stop))


def _cut_list(records: Records, cut: Cut) -> Iterator[bytes]:
    """Yield the text of a list with only these rows, each with the text before it."""
    source, rows = records.source, cut.rows
    if not records.count:
        yield from _copy(source, records.start, records.stop)
        return
    if not len(rows):
        yield b"[]"
        return
    starts, stops = records.blocks.starts, records.blocks.stops
    yield from _copy(source, records.start, int(starts[0]))
    done = 0
    for runs in _near(records.runs(rows, _PIECE)):
        begin = runs[0].start
        window = source.read(begin, runs[-1].stop)
        text = b"".join([window[start - begin : stop - begin] for start, stop, _ in runs])
        if not done and rows[0]:  # the first kept record has no separator before it
            text = text[text.index(b"{") :]
        count = sum(run.n for run in runs)
        yield cut.rewrite(text, rows[done : done + count]) if cut.rewrite else text
        done += count
    yield from _copy(source, int(stops[-1]), records.stop)


def _near(runs: Iterable[Run]) -> Iterator[list[Run]]:
    """Yield groups of runs that are so near each other that one read is faster than many."""
    group: list[Run] = []
    for run in runs:
        if group and run.stop - group[0].start > _ONE_READ:
            yield group
            group = []
        group.append(run)
    yield group
