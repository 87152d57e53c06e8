"""A layout as text and as values."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from cocosurgeon.layout.annotations import AnnotationFile
from cocosurgeon.layout.layout import Layout
from cocosurgeon.layout.presence import Presence
from cocosurgeon.layout.wording import one_line

_HEADS = ("annotation file", "kind", "images", "annotations", "categories", "space", "images found")
_TO_THE_RIGHT = frozenset({2, 3, 4})


def layout_lines(layout: Layout, *, notes: bool = True) -> list[str]:
    """A layout for people: tables, then what is wrong, then what else to know."""
    root = layout.root
    lines = []
    if layout.files:
        rows = [_HEADS, *(_row(f, root) for f in layout.files)]
        lines += [*_table(rows, _TO_THE_RIGHT), ""]
    if layout.folders:
        counts = [(_short(f.path, root) + "/", f"{f.images:,}") for f in layout.folders]
        lines += [*_table([("folder", "images"), *counts], frozenset({1})), ""]
    for each in layout.frameworks:
        lacking = ", ".join(each.lacking)
        lines.append(f"{each.framework}: {f'lacks {lacking}' if lacking else 'all is there'}")
    if layout.frameworks:
        lines.append("")
    lines += [line for finding in layout.findings for line in finding.lines()]
    if notes:
        lines += [one_line(f"note: {note}") for note in layout.notes]
    if not layout.findings:
        files, folders = len(layout.files), len(layout.folders)
        lines.append(f"{root}: no findings (annotation files: {files:,}, folders: {folders:,})")
    return lines


def layout_fields(layout: Layout) -> dict[str, object]:
    """A layout for machines."""
    return {
        "root": str(layout.root),
        "files": [_file_fields(f) for f in layout.files],
        "unreadable": [{"path": str(f.path), "error": f.error.what} for f in layout.unreadable],
        "folders": [{"path": str(f.path), "images": f.images} for f in layout.folders],
        "frameworks": [asdict(each) for each in layout.frameworks],
        "findings": [asdict(finding) for finding in layout.findings],
        "notes": layout.notes,
    }


def _file_fields(file: AnnotationFile) -> dict[str, object]:
    return {
        "path": str(file.path),
        "kind": file.kind,
        "images": file.images,
        "annotations": file.annotations,
        "categories": file.categories,
        "spaces": file.spaces,
        "nameless": file.names.nameless,
        "on_disk": _presence_fields(file.on_disk),
        "pngs": _presence_fields(file.pngs),
    }


def _presence_fields(presence: Presence | None) -> dict[str, object] | None:
    if presence is None:
        return None
    return {
        "folder": None if presence.folder is None else str(presence.folder),
        "names": presence.names,
        "found": presence.found,
        "missing": len(presence.missing),
        "missing_names": presence.missing,
        "elsewhere": {str(p): n for p, n in presence.elsewhere.items()},
        "tied": [str(p) for p in presence.tied],
        "other_names": presence.spelled,
        "dangling": presence.dangling,
        "absolute": presence.absolute,
    }


def _row(file: AnnotationFile, root: Path) -> tuple[str, ...]:
    return (
        _short(file.path, root),
        file.kind,
        f"{file.images:,}",
        f"{file.annotations:,}",
        f"{file.categories:,}",
        file.spaces[0] if file.spaces else "-",
        "; ".join(_found(p, root) for p in (file.on_disk, file.pngs) if p is not None) or "-",
    )


def _found(presence: Presence, root: Path) -> str:
    if not presence.found:
        return "none"
    of = "all" if not presence.missing else f"{presence.found:,}"
    if presence.folder is None:
        return f"{of} by absolute names"
    return f"{of} in {_short(presence.folder, root)}/"


def _short(path: Path, root: Path) -> str:
    """A path relative to the root, where it is below it."""
    short = os.path.relpath(path, root)
    return str(path) if short.startswith("..") else short


def _table(rows: Sequence[Sequence[str]], right: frozenset[int]) -> list[str]:
    rows = [[one_line(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(
            cell.rjust(w) if i in right else cell.ljust(w)
            for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
