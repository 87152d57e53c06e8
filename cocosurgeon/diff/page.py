"""A difference as one page of HTML that needs no other file and no network."""

from __future__ import annotations

from collections.abc import Iterator

from cocosurgeon.diff.report import KINDS, Difference
from cocosurgeon.loaders.labels import LabelEffect
from cocosurgeon.page import page, table, text

_SHOWN = 2_000
"""Most changes of a kind on a page; more would make it slow to open."""


def page_of(difference: Difference) -> str:
    """Return the page."""
    return page(f"{difference.before} and {difference.after}", _body(difference))


def _body(difference: Difference) -> Iterator[str]:
    yield f"<h1>{text(difference.before)} &rarr; {text(difference.after)}</h1>"
    yield table(difference.count_rows(), texts=(0,))
    for note in difference.notes():
        yield f"<p>{text(note)}</p>"
    for kind, title in KINDS.items():
        of_kind = [c for c in difference.changes if c.kind == kind]
        if not of_kind:
            continue
        yield f"<h2>{text(title.capitalize())} ({len(of_kind):,})</h2>"
        rows = [(c.list, "" if c.id is None else str(c.id), c.words()) for c in of_kind[:_SHOWN]]
        yield table([("list", "id", "change"), *rows], texts=(0, 1, 2))
        if len(of_kind) > _SHOWN:
            yield f"<p>{len(of_kind) - _SHOWN:,} more: --json has all</p>"
    if difference.changes and difference.labels is not None:
        yield "<h2>Labels, by each loader's rules</h2>"
        yield from label_tables(difference.labels)


def label_tables(effect: LabelEffect) -> Iterator[str]:
    """Yield a table of the labels that shift, for each group of loaders."""
    for shift in effect.shifts:
        yield f"<p>{text(', '.join(shift.loaders))}</p>"
        moved = [(name, _cell(old), _cell(new)) for name, old, new in shift.moved]
        yield table([("category", "before", "after"), *moved], texts=(0,))
    rest = [line for line in effect.lines() if " shift" not in line]
    yield from (f"<p>{text(line)}</p>" for line in rest)


def _cell(label: object) -> str:
    return "none" if label is None else str(label)
