"""Counts as text, JSON values and CSV."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from string import ascii_lowercase, ascii_uppercase

import numpy as np

from cocosurgeon.categories.guess import Guess
from cocosurgeon.dataset.ids import Id
from cocosurgeon.stats.drift import Drift, drifts, name_notes, total_drift
from cocosurgeon.stats.statistics import COUNTS, QUANTILES, Quantiles, Stats
from cocosurgeon.text import first_few, one_line, plural, table_lines

_SIZES = 3
_PAIRS = 10
_LETTERS = ascii_uppercase + ascii_lowercase
"""Names of columns of labels; there are more letters than modes of loaders."""
_BUCKETS = (0, 1, 2, 3, 6, 11, 21, 51, 101)
"""Lower edges of the histogram of objects per image."""

Row = tuple[str, ...]


def lines_of(files: Sequence[Stats], width: int | None = None) -> list[str]:
    """Return the counts of a file, or the comparison of two files, as lines of text.

    Args:
        files: one file, or two.
        width: most characters of a line; None: no limit.
    """
    lines = _lines(*files, width=width) if len(files) == 1 else _drift_lines(*files, width=width)
    return list(map(one_line, lines))


def fields_of(files: Sequence[Stats]) -> dict[str, object]:
    """Return the counts of a file, or of two with their comparison, as JSON values."""
    each = [_fields(stats) for stats in files]
    if len(files) == 1:
        return each[0]
    found = drifts(*files)
    changes = [asdict(drift) | {"change": drift.change} for drift in found]
    return {"files": each, "drift": changes, "total_drift": total_drift(found)}


def csv_of(files: Sequence[Stats]) -> str:
    """Return the table of classes, or the shares in two files, as CSV."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    if len(files) == 1:
        columns = files[0].class_columns
        writer.writerow(columns)
        writer.writerows(zip(*map(_plain, columns.values()), strict=True))
    else:
        writer.writerow(("class", *("count", "share"), *("count 2", "share 2"), "change"))
        for d in drifts(*files):
            (one, two), (first, second) = d.counts, d.shares
            writer.writerow((d.name, one, first, two, second, d.change))
    return stream.getvalue()


# ---- text


def _lines(stats: Stats, *, width: int | None) -> list[str]:
    lines = [f"{label}: {text}" for label, text in facts(stats)]
    if stats.names:
        rows = class_table(stats)
        numbers = frozenset(range(len(rows[0]))) - {1}
        lines += ["", *table_lines(rows, numbers, width)]
        lines += ["", *label_notes(stats)]
    lines += ["", *table_lines(measure_table(stats), frozenset(range(1, 10)), width)]
    if stats.class_pairs:
        lines += ["", *table_lines(pair_table(stats, _PAIRS), frozenset({2}), width)]
        if (more := len(stats.class_pairs) - _PAIRS) > 0:
            lines.append(f"... {more:,} more")
    return lines


def _drift_lines(first: Stats, second: Stats, *, width: int | None) -> list[str]:
    found = drifts(first, second)
    lines = [f"first: {first.name}", f"second: {second.name}", *name_notes(first, second), ""]
    lines += table_lines(overview_table(first, second), frozenset({1, 2}), width)
    if found:
        lines += ["", *table_lines(drift_table(found), frozenset(range(1, 6)), width), ""]
        lines.append(f"drift in all: {total_drift(found):.2%} (half the sum of all changes)")
    return lines


def facts(stats: Stats) -> Iterator[tuple[str, str]]:
    """Yield the facts of a file that take one line each."""
    empty = stats.empty  # computed first: it needs the most memory, for a short time
    is_results = stats.dataset.index.is_results
    kind = "results file (a list of detections)" if is_results else "annotation file"
    yield "file", f"{stats.name}, {kind}"
    images = plural(len(stats.objects_per_image), "image")
    sides = "" if is_results else f" ({_image_sizes(stats)})"
    yield "images", f"{images}{sides}"
    if empty:
        yield "empty images", ", ".join(f"{name} {_number(n)}" for name, n in empty.items())
    yield "objects", ", ".join(_of_objects(stats))
    counts = objects_by_image(stats)
    per_image = ", ".join(f"{name}: {n:,}" for name, n in counts.items() if n)
    yield "objects per image", per_image or "no images"
    boxes = {name: n for name, n in stats.boxes.items() if n}
    yield "boxes", ", ".join(f"{name} {n:,}" for name, n in boxes.items()) or "none"
    masks = ", ".join(f"{kind} {n:,}" for kind, n in stats.masks.items())
    yield "segmentations", masks or "none"
    if stats.with_keypoints:
        yield "keypoints", plural(stats.with_keypoints, "object")
    yield "label space", space_text(stats.space)
    for each in stats.id_fields:
        types = ", ".join(f"{kind} {n:,}" for kind, n in each.types.items())
        between = "" if each.lowest is None else f", {each.lowest} to {each.highest}"
        yield f"ids, {each.field}", f"{types}; {each.distinct:,} different{between}"
    for level, keys in groupby(stats.record_keys, key=lambda key: key.level):
        extra = [
            k.name if k.count == k.of else f"{k.name} ({k.count:,})" for k in keys if k.is_extra
        ]
        if extra:
            yield f"extra keys, {level}", ", ".join(extra)


def space_text(space: Guess | str) -> str:
    """Return text on the label space of a file."""
    if isinstance(space, str):
        return space
    if space.only is None:
        return space.lines()[-1]
    names = space.fitting[0].spaces
    return f"{names[0]} (or {first_few(names[1:], 4)})" if len(names) > 1 else names[0]


def objects_by_image(stats: Stats) -> Mapping[str, int]:
    """Return the number of images by their number of objects."""
    edges = [*_BUCKETS, max(int(stats.objects_per_image.max(initial=0)), _BUCKETS[-1]) + 1]
    counts, _ = np.histogram(stats.objects_per_image, edges)
    lasts = [str(edge - 1) for edge in _BUCKETS[1:]]
    names = [
        str(low) if str(low) == last else f"{low}-{last}"
        for low, last in zip(_BUCKETS, lasts, strict=False)
    ]
    return dict(zip([*names, f"{_BUCKETS[-1]}+"], counts.tolist(), strict=True))


def _of_objects(stats: Stats) -> Iterator[str]:
    objects, sizes = stats.objects, stats.objects.sizes
    yield f"{len(objects.images):,}"
    yield plural(int(np.count_nonzero(objects.is_crowd)), "crowd")
    for name, mask in sizes.items():
        yield f"{name.replace('_', ' ')} {int(np.count_nonzero(mask)):,}"
    if stats.on_bounds:
        yield f"area on a bound {stats.on_bounds:,}"
    if stats.without_category:
        yield f"without a category {stats.without_category:,}"
    if stats.unlisted and stats.dataset.categories:
        yield f"category ids that are not listed: {first_few(stats.unlisted)}"
    if stats.of_unknown_images:
        yield f"of images that are not listed {stats.of_unknown_images:,}"


def _image_sizes(stats: Stats) -> str:
    sizes = [f"{w:g} x {h:g}: {n:,}" for (w, h), n in stats.image_sizes.items()]
    without = len(stats.objects_per_image) - sum(stats.image_sizes.values())
    known = [first_few(sizes, _SIZES).replace("more", "more sizes")] if sizes else []
    return ", ".join([*known, *([f"without a size: {without:,}"] if without or not sizes else [])])


# ---- tables: cells of text, the first row is the head


def class_table(stats: Stats) -> list[Row]:
    """Return the table of classes; loaders that give the same labels share a column."""
    groups = [labels for labels in stats.labels if labels.problem is None]
    head = ("id", "name", *(f"label {_LETTERS[place]}" for place in range(len(groups))))
    columns = stats.class_columns
    rows: list[Row] = [(*head, *(n.replace("_", " ") for n in COUNTS), "share", "aspect")]
    numbers = (stats.counts[name].tolist() for name in COUNTS)
    shares, aspects = columns["share"], columns["median_aspect"]
    for (cat_id, name), share, aspect, *counts in zip(
        stats.names.items(), shares, aspects, *numbers, strict=True
    ):
        labels = (_cell(group.of_ids.get(cat_id)) for group in groups)
        cells = (*(f"{n:,}" for n in counts), f"{share:.2%}", _decimal(aspect))
        rows.append((str(cat_id), _cell(name), *labels, *cells))
    return rows


def label_notes(stats: Stats) -> list[str]:
    """Return lines with the loaders of each column of labels, and with those that raise."""
    groups = [labels for labels in stats.labels if labels.problem is None]
    return [
        *(
            f"label {letter}: {', '.join(labels.loaders)}"
            for letter, labels in zip(_LETTERS, groups, strict=False)
        ),
        *(
            f"no labels: {', '.join(labels.loaders)}: {labels.problem}"
            for labels in stats.labels
            if labels.problem is not None
        ),
    ]


def measure_table(stats: Stats) -> list[Row]:
    """Return the table of distributions."""
    head = ("measure", "count", "mean", *QUANTILES, "max")
    return [head, *(_measure(each) for each in stats.quantiles if each.count)]


def pair_table(stats: Stats, most: int) -> list[Row]:
    """Return the most frequent pairs of classes."""
    rows = [
        (_name(stats, first), _name(stats, second), f"{count:,}")
        for first, second, count in stats.class_pairs[:most]
    ]
    return [("class", "together with", "images"), *rows]


def drift_table(found: Iterable[Drift]) -> list[Row]:
    """Return the table of shares in two files."""
    rows = [
        (
            str(each.name),
            *(f"{n:,}" for n in each.counts),
            *(f"{share:.2%}" for share in each.shares),
            f"{each.change:+.2%}",
        )
        for each in found
    ]
    return [("class", "first", "second", "share", "share", "change"), *rows]


def overview_table(first: Stats, second: Stats) -> list[Row]:
    """Return numbers of two files next to each other."""
    columns = [_overview(stats) for stats in (first, second)]
    names = dict.fromkeys([*columns[0], *columns[1]])
    return [("", "first", "second"), *((n, *(c.get(n, "-") for c in columns)) for n in names)]


def _overview(stats: Stats) -> dict[str, str]:
    objects = stats.objects
    counts = {
        "images": len(stats.objects_per_image),
        "objects": len(objects.images),
        "crowds": int(np.count_nonzero(objects.is_crowd)),
        **{n.replace("_", " "): int(np.count_nonzero(m)) for n, m in objects.sizes.items()},
        "classes in use": int(np.count_nonzero(stats.counts["instances"])),
    }
    empty = {f"empty, {name}": _number(n) for name, n in stats.empty.items()}
    medians = {f"median {q.name}": _decimal(q.values["median"]) for q in stats.quantiles if q.count}
    return {**{name: f"{n:,}" for name, n in counts.items()}, **empty, **medians}


def _measure(of: Quantiles) -> Row:
    return (of.name, f"{of.count:,}", _decimal(of.mean), *map(_decimal, of.values.values()))


def _name(stats: Stats, cat_id: Id) -> str:
    return str(stats.names[cat_id] or cat_id)


def _cell(value: object) -> str:
    return "-" if value is None else str(value)


def _number(count: int | str) -> str:
    return f"not counted ({count})" if isinstance(count, str) else f"{count:,}"


def _decimal(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:,.2f}"


# ---- JSON


def _fields(stats: Stats) -> dict[str, object]:
    space = stats.space
    return {
        "file": stats.name,
        "kind": "results" if stats.dataset.index.is_results else "annotations",
        "images": len(stats.objects_per_image),
        "image_sizes": [
            {"width": w, "height": h, "images": n} for (w, h), n in stats.image_sizes.items()
        ],
        "empty": {n: c for n, c in stats.empty.items() if isinstance(c, int)},
        "empty_not_counted": {n: why for n, why in stats.empty.items() if isinstance(why, str)},
        "objects": len(stats.objects.images),
        "crowds": int(np.count_nonzero(stats.objects.is_crowd)),
        **{n: int(np.count_nonzero(mask)) for n, mask in stats.objects.sizes.items()},
        "area_on_a_bound": stats.on_bounds,
        "without_category": stats.without_category,
        "of_unknown_images": stats.of_unknown_images,
        "unlisted_categories": stats.unlisted,
        "objects_per_image": dict(Counter(sorted(stats.objects_per_image.tolist()))),
        "boxes": dict(stats.boxes),
        "segmentations": dict(stats.masks),
        "with_keypoints": stats.with_keypoints,
        "label_space": None if isinstance(space, str) else space.only,
        "label_space_note": space_text(space),
        "measures": [asdict(each) for each in stats.quantiles if each.count],
        "categories": _class_fields(stats),
        "labels": [
            {"loaders": labels.loaders, "problem": labels.problem} for labels in stats.labels
        ],
        "pairs": [{"ids": [a, b], "images": n} for a, b, n in stats.class_pairs],
        "keys": [asdict(key) | {"is_extra": key.is_extra} for key in stats.record_keys],
        "ids": [asdict(each) for each in stats.id_fields],
    }


def _class_fields(stats: Stats) -> list[dict[str, object]]:
    columns = stats.class_columns
    plain = [n for n in columns if not n.startswith("label ")]
    rows = zip(*(_plain(columns[name]) for name in plain), strict=True)
    labels = {
        name: labels.of_ids
        for labels in stats.labels
        for name in labels.loaders
        if not labels.problem
    }
    return [
        dict(zip(plain, row, strict=True))
        | {"labels": {name: of_ids.get(cat_id) for name, of_ids in labels.items()}}
        for row, cat_id in zip(rows, stats.names, strict=True)
    ]


def _plain(values: Iterable[object]) -> list[object]:
    """Return values as Python's own; None for NaN."""
    found = values.tolist() if isinstance(values, np.ndarray) else list(values)
    return [None if isinstance(v, float) and math.isnan(v) else v for v in found]
