"""Text of a document with records of other documents at the end of lists, and with other keys.

Records are copied with the requested changes. Records of other documents are separated like the
document's own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from cocosurgeon.annfile.document import Document, Records, record_spans
from cocosurgeon.annfile.rewrite import Rewrite
from cocosurgeon.annfile.source import Source
from cocosurgeon.annfile.splice import Cut, pieces
from cocosurgeon.annfile.walk import value_end

_PIECE = 1 << 20


@dataclass(frozen=True, eq=False)
class Part:
    """Records of a list, for a list of another document.

    Attributes:
        records: the list.
        cut: its rows, and their changes.
    """

    records: Records
    cut: Cut


NewValue: TypeAlias = bytes | Sequence[Part]
"""Text of a value, or the records of a list."""


@dataclass(frozen=True, eq=False)
class _Style:
    before: bytes
    between: bytes
    after: bytes

    @classmethod
    def of(cls, lists: Iterable[Records]) -> _Style:
        """Return the separators of the first list with two records, else of one with one."""
        found = [records.separators() for records in lists if records.count]
        found.sort(key=lambda each: each[1] is None)  # a stable sort: the first list wins
        before, between, after = found[0] if found else (b"", None, b"")
        if between is None:
            between = b"," + before if b"\n" in before else b", "
        return cls(before, between, after)


def joined(
    document: Document,
    rewrites: Mapping[Records, Rewrite],
    more: Mapping[Records, Sequence[Part]],
    replaced: Mapping[str, bytes],
    added: Mapping[str, NewValue],
) -> Iterator[bytes]:
    """Return the text of a document with records of others, in pieces.

    Args:
        document: the document, in which no key appears twice.
        rewrites: changes of its own records, by list.
        more: records that follow its own ones, by list.
        replaced: new values by top-level key.
        added: values of new top-level keys, which come last.

    Raises:
        SourceChangedError: a source has changed since it was scanned; discard all pieces.
    """
    source = document.source
    own = list(document.lists.values())
    spots: list[tuple[int, int, Records | bytes]] = [
        (records.start, records.stop, records) for records in {**rewrites, **more}
    ]
    spots += [(m.start, m.stop, replaced[m.key]) for m in document.members if m.key in replaced]
    at = 0
    for start, stop, new in sorted(spots, key=lambda spot: spot[0]):
        yield from _copied(source, at, start)
        if isinstance(new, bytes):
            yield new
        else:
            yield from _list_text(new, rewrites.get(new), more.get(new, ()), own)
        at = stop
    if added:
        end = document.members[-1].stop
        yield from _copied(source, at, end)
        separator, colon = _member_style(document)
        for key, value in added.items():
            yield separator + json.dumps(key).encode() + colon
            if isinstance(value, bytes):
                yield value
            else:
                yield from _new_list(value, own)
        at = end
    yield from _copied(source, at, source.size)
    for each in {source, *(part.records.source for parts in more.values() for part in parts)}:
        each.require_unchanged()


def with_members(
    document: Document,
    edits: Mapping[Records, Cut | bytes],
    replaced: Mapping[str, bytes],
    dropped: Iterable[str],
) -> Iterator[bytes]:
    """Return the text of a document with edits, as ``pieces`` does, and with other top-level keys.

    Args:
        edits: edits of lists; see ``pieces``.
        replaced: new values by top-level key.
        dropped: top-level keys to remove.
    """
    gone = set(dropped)
    keys = [_key_start(document, place) for place in range(len(document.members))]
    spots: list[tuple[int, int, bytes]] = []
    is_first = True
    for place, member in enumerate(document.members):
        if member.key not in gone:
            is_first = False
            if member.key in replaced:
                spots.append((member.start, member.stop, replaced[member.key]))
        elif not is_first:
            spots.append((document.members[place - 1].stop, member.stop, b""))
        else:
            following = keys[place + 1] if place + 1 < len(keys) else member.stop
            spots.append((keys[place], following, b""))
    staying = {records: edit for records, edit in edits.items() if records.name not in gone}
    return pieces(document, staying, spots)


def _list_text(
    records: Records, rewrite: Rewrite | None, parts: Sequence[Part], own: Sequence[Records]
) -> Iterator[bytes]:
    parts = [part for part in parts if len(part.cut.rows)]
    if not records.count:
        yield from _new_list(parts, own) if parts else [b"[]"]
        return
    style = _Style.of([records])
    source = records.source
    yield source.read(records.start, records.start + 1) + style.before
    for number, text in enumerate(_own_texts(records, rewrite)):
        yield text if number else text.lstrip(b", \t\r\n")
    for part in parts:
        for text in _texts(part, style.between):
            yield style.between + text
    yield style.after + b"]"


def _new_list(parts: Sequence[Part], own: Sequence[Records]) -> Iterator[bytes]:
    parts = [part for part in parts if len(part.cut.rows)]
    if not parts:
        yield b"[]"
        return
    has_own = any(records.count for records in own)
    style = _Style.of(own if has_own else [part.records for part in parts])
    separator = b"[" + style.before
    for part in parts:
        for text in _texts(part, style.between):
            yield separator + text
            separator = style.between
    yield style.after + b"]"


def _own_texts(records: Records, rewrite: Rewrite | None) -> Iterator[bytes]:
    """Yield the text of all records, with the text between them."""
    first, last = int(records.blocks.starts[0]), int(records.blocks.stops[-1])
    if rewrite is None:
        yield from _copied(records.source, first, last)
        return
    rows = records.rows
    done = 0
    for run in records.runs(rows, _PIECE):
        text = records.source.read(run.start, run.stop)
        yield rewrite(text, rows[done : done + run.n])
        done += run.n


def _texts(part: Part, between: bytes) -> Iterator[bytes]:
    """Yield the text of the records of a part, separated like those of the target list."""
    records, rows, rewrite = part.records, part.cut.rows, part.cut.rewrite
    done = 0
    for run in records.runs(rows, _PIECE):
        text = records.source.read(run.start, run.stop)
        text = text[text.index(b"{") :]
        text = between.join([text[start:stop] for start, stop in record_spans(text, run.n)])
        yield rewrite(text, rows[done : done + run.n]) if rewrite else text
        done += run.n


def _member_style(document: Document) -> tuple[bytes, bytes]:
    """Return the text between two members, and between a key and its value."""
    place = min(1, len(document.members) - 1)
    member = document.members[place]
    before = document.members[place - 1].stop if place else document.source.text_start
    text = document.source.read(before, member.start)
    key = text.index(b'"')
    end = value_end(text, key)
    assert end is not None, "text that was scanned before"
    lead = text[:key] if place else b"," + text[text.index(b"{") + 1 : key]
    return (lead if lead != b"," or place else b", "), text[end:]


def _key_start(document: Document, place: int) -> int:
    """Return the offset of the key of a member."""
    before = document.members[place - 1].stop if place else document.source.text_start
    text = document.source.read(before, document.members[place].start)
    return before + text.index(b'"')


def _copied(source: Source, start: int, stop: int) -> Iterator[bytes]:
    for at in range(start, stop, _PIECE):
        yield source.read(at, min(at + _PIECE, stop))
