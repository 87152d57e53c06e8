"""One image through loaders, as a table: annotations in rows, loaders in columns."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from string import ascii_uppercase
from typing import Any

from cocosurgeon.errors import LoaderError
from cocosurgeon.loaders.explain import Explanation, in_record
from cocosurgeon.loaders.registry import LOADERS
from cocosurgeon.loaders.view import Instance, View
from cocosurgeon.text import first_few, plural, table_lines

_ROWS = 40
"""Most annotations of a table."""
_LONGEST_HEAD = 16
_RIGHT = frozenset((0,))
"""Columns that are aligned to the right, and never folded."""
_BOXES = {
    "xyxy": "corners (x1, y1, x2, y2)",
    "xywh": "corner and size (x, y, width, height)",
    "cxcywh": "center and size, as shares of the image",
}
_WIDTH_FIRST = "`orig_size` of a target is (width, height); in DETR it is (height, width)"


def explanation_lines(
    found: Sequence[Explanation],
    annotations: Mapping[int, Mapping[str, Any]],
    names: Mapping[object, object],
    width: int | None = None,
) -> list[str]:
    """Return explanations of one image as lines of text.

    Loaders, or modes of a loader, that load the same share a column.

    Args:
        found: the explanation of each loader.
        annotations: annotations of the image, by row in the file's list.
        names: category names of the file, by id.
        width: most characters of a line; None: no limit.
    """
    loaded = [each for each in found if not isinstance(each.result, LoaderError)]
    rows = sorted({*annotations, *(row for each in loaded for row in _cells(each))})
    columns: dict[tuple[str, ...], list[Explanation]] = {}
    for each in loaded:
        of_row = _cells(each)
        is_loaded = str(bool(_view(each).samples))
        columns.setdefault((is_loaded, *(of_row.get(row, "-") for row in rows)), []).append(each)
    heads = [_loaders(group) for group in columns.values()]
    is_long = max(map(len, heads), default=0) > _LONGEST_HEAD
    has_letters = is_long and len(heads) <= len(ascii_uppercase)
    shown_heads = list(ascii_uppercase[: len(heads)]) if has_letters else heads
    lines: list[str] = []
    if rows and columns:
        table = [["annotation", "in the file", "x, y, width, height", *shown_heads]]
        for place, row in enumerate(rows[:_ROWS]):
            record = annotations.get(row, {})
            described = [str(record.get("id", "-")), _in_file(record, names)]
            made = [cells[1 + place] for cells in columns]
            table.append([*described, _short(record.get("bbox")), *made])
        text = table_lines(table, _RIGHT)
        if width is not None and max(map(len, text)) > width:  # drop the column of boxes
            text = table_lines([[*row[:2], *row[3:]] for row in table], _RIGHT, width)
        lines += text
        if len(rows) > _ROWS:
            lines.append(f"... {plural(len(rows) - _ROWS, 'annotation')} more")
        lines.append("")
    for letter, name, group in zip(shown_heads, heads, columns.values(), strict=True):
        head = f"{letter}: {name}" if has_letters else name
        lines.append(f"{head}: {_loads(group[0])}")
    raised: dict[str, list[Explanation]] = {}
    for each in found:
        if isinstance(error := each.result, LoaderError):
            what = f"raises {error.exception} ({error.what}{in_record(error)})"
            raised.setdefault(what, []).append(each)
    lines += [f"{_loaders(group)}: {what}" for what, group in raised.items()]
    lines += _drops(loaded)
    lines += _boxes(loaded, annotations)
    lines += _notes(loaded)
    return lines


def _view(each: Explanation) -> View:
    assert isinstance(each.result, View)
    return each.result


def _loads(each: Explanation) -> str:
    samples = _view(each).samples
    if not samples:
        return "does not load the image"
    return f"loads {plural(sum(len(s.instances) for s in samples), 'object')}"


def _loaders(group: Collection[Explanation]) -> str:
    """Return the names of loaders, with the mode unless all modes are among them."""
    modes: dict[str, list[str]] = {}
    for each in group:
        modes.setdefault(each.setting.loader, []).append(each.setting.named_mode or "")
    return ", ".join(
        name if len(of) > 1 or not of[0] else f"{name} {of[0]}" for name, of in modes.items()
    )


def _cells(each: Explanation) -> dict[int, str]:
    """Return the label, or the rule that drops it, of each annotation by row."""
    view = _view(each)
    cells = {d.row: d.rule for d in view.dropped if d.kind == "annotation"}
    loaded: dict[int, list[str]] = {}
    for sample in view.samples:
        for i in sample.instances:
            loaded.setdefault(i.row, []).append(_label(each, view, i))
    return cells | {row: ", ".join(labels) for row, labels in loaded.items()}


def _label(each: Explanation, view: View, i: Instance) -> str:
    called = view.name_of(i.label) if view.cat2label else None
    name = f" {called}" if called and called != each.names.get(i.row) else ""
    label = "no label" if i.label is None else f"{i.label}{name}"
    return f"{label}, ignored" if i.ignore else label


def _in_file(record: Mapping[str, Any], names: Mapping[object, object]) -> str:
    cat_id = record.get("category_id")
    is_key = isinstance(cat_id, (int, float, str))
    name = names.get(cat_id) if is_key else None
    text = str(name) if name is not None else f"category_id {cat_id!r}"
    return f"{text}, crowd" if record.get("iscrowd") else text


def _short(box: object) -> str:
    numbers = box if isinstance(box, (list, tuple)) else ()
    if not numbers or not all(isinstance(n, (int, float)) for n in numbers):
        return "-" if box is None else repr(box)[:40]
    return ", ".join(f"{n:.2f}" for n in numbers)


def _drops(loaded: Sequence[Explanation]) -> Iterator[str]:
    """Yield each rule that drops records, with these records, its loaders and its source lines."""
    found: dict[tuple[str, str, str], dict[str, list[Explanation]]] = {}
    for each in loaded:
        by_rule: dict[tuple[str, str], list[str]] = {}
        for d in _view(each).dropped:
            rule = each.rule_of(d)
            what = f"{d.reason} ({rule.what})" if d.reason else rule.what
            earlier = "an earlier record of " if rule.name == "shadowed" else ""
            by_rule.setdefault((rule.name, what), []).append(f"{earlier}{d.kind} {d.id}")
        for (name, what), ids in by_rule.items():
            source = next(r.source for r in LOADERS[each.setting.loader].rules if r.name == name)
            of_rule = found.setdefault((name, what, first_few(ids, 5)), {})
            of_rule.setdefault(source, []).append(each)
    for (name, what, shown), by_source in found.items():
        who = "; ".join(f"{_loaders(group)} [{source}]" for source, group in by_source.items())
        yield f"drops {shown}: {name}, {what}"
        yield f"  in {who}"


def _boxes(
    loaded: Sequence[Explanation], annotations: Mapping[int, Mapping[str, Any]]
) -> Iterator[str]:
    """Yield the box formats of the loaders, and boxes that differ from the file's."""
    formats: dict[str, list[Explanation]] = {}
    changed: dict[tuple[str, str], list[Explanation]] = {}
    for each in loaded:
        view = _view(each)
        instances = [i for sample in view.samples for i in sample.instances]
        if instances:
            formats.setdefault(view.box_format, []).append(each)
        for i in instances:
            own = _in_format(annotations.get(i.row, {}).get("bbox"), view.box_format)
            if own is not None and _short(own) != _short(i.box):
                changed.setdefault((str(i.ann_id), _short(i.box)), []).append(each)
    if formats:
        usual, *others = sorted(formats, key=lambda kind: -len(formats[kind]))
        rest = "".join(f"; in {_loaders(formats[kind])}: {_BOXES[kind]}" for kind in others)
        yield f"boxes: {_BOXES[usual]}{rest}"
    for (ann_id, box), loaders in changed.items():
        yield f"another box: annotation {ann_id}: [{box}] in {_loaders(loaders)}"


def _in_format(box: object, kind: str) -> tuple[float, ...] | None:
    if not isinstance(box, list) or len(box) != 4:
        return None
    if not all(isinstance(n, (int, float)) for n in box):
        return None
    x, y, w, h = box
    return {"xyxy": (x, y, x + w, y + h), "xywh": (x, y, w, h)}.get(kind)


def _notes(loaded: Sequence[Explanation]) -> Iterator[str]:
    notes: dict[str, list[Explanation]] = {}
    for each in loaded:
        if LOADERS[each.setting.loader].is_width_first and _view(each).samples:
            notes.setdefault(_WIDTH_FIRST, []).append(each)
        if (note := each.setting.options.note_on(_view(each))) is not None:
            notes.setdefault(note, []).append(each)
    for note, group in notes.items():
        yield f"note: {_loaders(group)}: {note}"
