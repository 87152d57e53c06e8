"""Spaces as text and JSON."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Mapping
from dataclasses import fields
from math import isfinite

from cocosurgeon.categories.guess import guess_space
from cocosurgeon.categories.heads import head_rows
from cocosurgeon.categories.inventory import Inventory
from cocosurgeon.categories.spaces import Space, compare_spaces, find_space
from cocosurgeon.categories.spaces import spaces as all_spaces
from cocosurgeon.cli.console import Console, print_json, print_text
from cocosurgeon.dataset.io import read
from cocosurgeon.errors import RequestError

Report = tuple[Mapping[str, object], list[str]]
"""The same for machines and for people."""


def show(
    *,
    space: str | None,
    compare: tuple[str, str] | None,
    guess: str | None,
    rows: tuple[str, str] | None,
    fill: float | None,
    as_json: bool,
) -> None:
    """Answer one question about spaces, on stdout."""
    console = Console(quiet=False, as_json=as_json)
    if space is not None:
        found = find_space(space)
        report: Report = _fields(found), _described(found)
    elif compare is not None:
        report = _compared(*compare)
    elif guess is not None:
        report = _guessed(guess, console)
    elif rows is not None:
        report = _rows(*rows, fill, console)
    else:
        known = list(all_spaces().values())
        report = {"spaces": [_fields(s) for s in known]}, _listed(known)
    machine, people = report
    if as_json:
        print_json(machine, sys.stdout)
    else:
        print_text("\n".join(people), sys.stdout)


def _fields(space: Space) -> dict[str, object]:
    values = {f.name: getattr(space, f.name) for f in fields(space)}
    return {k: _plain(v) if isinstance(v, Mapping) else v for k, v in values.items()}


def _plain(table: Mapping[int, str]) -> dict[str, str]:
    return {str(index): name for index, name in table.items()}


def _listed(known: list[Space]) -> list[str]:
    rows = [("space", "outputs", "classes", "index", "background", "unused", "whose")]
    for s in known:
        outputs, background = ("-" if v is None else str(v) for v in (s.outputs, s.background))
        rows.append(
            (
                s.name,
                outputs,
                str(len(s.classes)),
                s.index,
                background,
                str(len(s.unused)),
                s.framework,
            )
        )
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(
            cell.rjust(w) if 1 <= i <= 5 and i != 3 else cell.ljust(w)
            for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _described(space: Space) -> list[str]:
    names = ", ".join(f"{i} {name}" for i, name in space.classes.items())
    holes = ", ".join(f"{i} {why}" for i, why in space.unused.items())
    facts = {
        "whose": space.framework,
        "aliases": ", ".join(space.aliases),
        "defined in": space.defined_in,
        "outputs": "-, numbers in annotation files"
        if space.outputs is None
        else str(space.outputs),
        "index": space.index,
        "background": "none" if space.background is None else str(space.background),
        f"unused ({len(space.unused)})": holes or "none",
        f"classes ({len(space.classes):,})": names if space.is_named else "by number",
        "note": space.note,
    }
    lines = [space.name]
    for what, text in facts.items():
        if text:
            lines += textwrap.wrap(
                f"{what}: {text}", 96, initial_indent="  ", subsequent_indent="    "
            )
    return lines


def _compared(left: str, right: str) -> Report:
    found = compare_spaces(find_space(left), find_space(right))
    machine = {
        "left": found.left,
        "right": found.right,
        "common": found.common,
        "agreeing": found.agreeing,
        "classes": [
            {"name": r.name, "left": r.left, "right": r.right, "mistaken_for": r.mistaken_for}
            for r in found.rows
        ],
    }
    return machine, found.lines()


def _guessed(file: str, console: Console) -> Report:
    with console.progress("reading") as progress:
        dataset = read(file, progress)
    found = guess_space(Inventory.of(dataset))
    told = found.fitting[0].spaces[0] if len(found.fitting) == 1 else None
    machine = {
        "file": dataset.source.name,
        "space": told,
        "ids": found.ids,
        "candidates": [
            {"spaces": c.spaces, "fits": c.fits, "evidence": c.evidence} for c in found.candidates
        ],
        "by_name": found.by_name,
    }
    return machine, found.lines()


def _rows(before: str, after: str, fill: float | None, console: Console) -> Report:
    found = head_rows(before, after)
    if fill is not None and not found.unfilled:
        raise RequestError(f"nothing to fill: {before} has every row of {after}")
    line = found.numpy_line(fill)
    machine = {
        "before": found.before,
        "after": found.after,
        "rows": found.rows,
        "unfilled": _plain(found.unfilled),
        "discarded": _plain(found.discarded),
        "fill": fill if fill is None or isfinite(fill) else str(fill),
        "numpy": line,
    }
    if found.discarded:
        names = ", ".join(found.discarded.values())
        console.info(f"rows of {found.before} that {found.after} has no place for: {names}")
    return machine, [line]
