"""Layouts and copies, as text and as JSON values."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path

from cocosurgeon.findings.finding import finding_fields, finding_lines
from cocosurgeon.layout.check import Layout
from cocosurgeon.layout.copy_tree import How
from cocosurgeon.layout.gather import FilesToCopy
from cocosurgeon.layout.presence import AnnotationFile, FilesOnDisk
from cocosurgeon.text import byte_count, one_line, plural, table_lines

_HEADS = ("annotation file", "kind", "images", "annotations", "categories", "space", "images found")
_TO_THE_RIGHT = frozenset({2, 3, 4})


def layout_lines(layout: Layout, *, notes: bool = True, width: int | None = None) -> list[str]:
    """Return a layout as lines of text: tables, then findings, then notes."""
    root = layout.root
    lines = [f"kind: {layout.kind.name}", ""] if layout.kind else []
    if layout.files:
        rows = [_HEADS, *(_row(f, root) for f in layout.files)]
        lines += [*table_lines(rows, _TO_THE_RIGHT, width), ""]
    if layout.folders:
        counts = [(_short(p, root) + "/", f"{n:,}") for p, n in layout.folders.items()]
        lines += [*table_lines([("folder", "images"), *counts], frozenset({1}), width), ""]
    for each in layout.frameworks:
        lacking = ", ".join(each.lacking)
        lines.append(f"{each.framework}: {f'lacks {lacking}' if lacking else 'all is there'}")
    if layout.frameworks:
        lines.append("")
    lines += finding_lines(layout.findings)
    if notes:
        lines += [one_line(f"note: {note}") for note in layout.notes]
    if not layout.findings:
        files, folders = len(layout.files), len(layout.folders)
        lines.append(f"{root}: no findings (annotation files: {files:,}, folders: {folders:,})")
    return lines


def layout_fields(layout: Layout) -> dict[str, object]:
    """Return a layout as JSON values."""
    return {
        "root": str(layout.root),
        "kind": layout.kind and layout.kind.name,
        "files": [_file_fields(f) for f in layout.files],
        "unreadable": [{"path": str(p), "error": e.what} for p, e in layout.unreadable.items()],
        "folders": [{"path": str(p), "images": n} for p, n in layout.folders.items()],
        "frameworks": [asdict(each) for each in layout.frameworks],
        "findings": finding_fields(layout.findings),
        "notes": layout.notes,
    }


def copy_lines(files: FilesToCopy, how: How) -> list[str]:
    """Return copied or linked files as lines of text."""
    lines = []
    for per_file in files.per_ann_file:
        missing = per_file.all_missing
        where = f"images in {per_file.data_prefix or '.'}/"
        if per_file.seg_prefix is not None:
            where += f", PNGs in {per_file.seg_prefix}/"
        count = f"{per_file.names - len(missing):,} of {per_file.names:,} files"
        lines.append(f"{per_file.ann_file.name}: {count}, {where}")
        if missing:
            lines.append(f"missing: {len(missing):,}, such as {missing[0]}")
        if per_file.repeated:
            lines.append(
                f"records that name the same file as another record: {per_file.repeated:,}"
            )
    if files.alike:
        pair = " and ".join(files.alike[0])
        lines.append(f"names that are the same file on macOS and Windows: {pair}")
    if files.outside:
        first = files.outside[0]
        lines.append(
            f"links that lead out of the image folder: {len(files.outside):,}, such as "
            f"{first.target} to {first.source}"
        )
    done = "copied (--link makes links)" if how == "copy" else "linked: keep the originals"
    lines.append(f"{plural(len(files.files), 'file')}, {byte_count(files.image_bytes)}, {done}")
    return [one_line(line) for line in lines]


def copy_fields(files: FilesToCopy, how: How) -> dict[str, object]:
    """Return copied or linked files as JSON values."""
    return {
        "how": how,
        "files": len(files.files),
        "bytes": files.image_bytes,
        "alike": files.alike,
        "outside": [str(file.source) for file in files.outside],
        "annotation_files": [
            _without("copy", {**vars(f), "ann_file": str(f.ann_file), "bytes": f.copy.size})
            for f in files.per_ann_file
        ],
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


def _found(on_disk: FilesOnDisk, root: Path) -> str:
    if not on_disk.found:
        return "none"
    count = "all" if not on_disk.missing else f"{on_disk.found:,}"
    if on_disk.folder is None:
        return f"{count} by absolute names"
    return f"{count} in {_short(on_disk.folder, root)}/"


def _short(path: Path, root: Path) -> str:
    """Return a path relative to the root, if it is inside."""
    short = os.path.relpath(path, root)
    return str(path) if short.startswith("..") else short


def _file_fields(file: AnnotationFile) -> dict[str, object]:
    on_disk = {key: _on_disk_fields(getattr(file, key)) for key in ("on_disk", "pngs")}
    fields = {**vars(file), "path": str(file.path), "nameless": file.names.nameless, **on_disk}
    return _without("names", fields)


def _on_disk_fields(files: FilesOnDisk | None) -> dict[str, object] | None:
    if files is None:
        return None
    return {
        **vars(files),
        "folder": None if files.folder is None else str(files.folder),
        "found": files.found,
        "missing": len(files.missing),
        "missing_names": files.missing,
        "in_other_folders": {str(p): n for p, n in files.in_other_folders.items()},
        "ambiguous": [str(p) for p in files.ambiguous],
    }


def _without(key: str, fields: dict[str, object]) -> dict[str, object]:
    return {k: v for k, v in fields.items() if k != key}
