"""Counts as one page of HTML that needs no other file and no network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from cocosurgeon.page import page, table, text
from cocosurgeon.stats.drift import drifts, name_notes, total_drift
from cocosurgeon.stats.objects import MEDIUM, SMALL
from cocosurgeon.stats.report import (
    class_table,
    drift_table,
    facts,
    label_notes,
    measure_table,
    objects_by_image,
    overview_table,
    pair_table,
)
from cocosurgeon.stats.statistics import GRID, Stats

_PAIRS = 50
_CELL = 8
"""Side of a cell in the map of box centers, in pixels."""
_STYLE = """
.charts { display: flex; flex-wrap: wrap; gap: 2em; } figure { margin: 0; }
figcaption { color: var(--soft); } svg text { fill: var(--ink); font-size: 11px; }
svg rect.bar { fill: var(--bar); } svg rect.map { fill: var(--bar); }
svg rect.frame { fill: none; stroke: var(--line); }
"""


def page_of(files: Sequence[Stats]) -> str:
    """Return the page of a file, or of two that are compared."""
    title = " and ".join(stats.name for stats in files)
    body = [f"<h1>{text(title)}</h1>"]
    if len(files) > 1:
        body += _comparison(*files)
    for stats in files:
        body += _file(stats, is_one=len(files) == 1)
    return page(title, body, _STYLE)


def _comparison(first: Stats, second: Stats) -> Iterator[str]:
    found = drifts(first, second)
    yield f"<p>First: {text(first.name)}. Second: {text(second.name)}.</p>"
    yield from (f"<p>{text(note)}</p>" for note in name_notes(first, second))
    yield table(overview_table(first, second), texts=(0,))
    yield f"<h2>Classes, the largest drift first ({total_drift(found):.2%} in all)</h2>"
    yield table(drift_table(found), texts=(0,), bars=[abs(each.change) for each in found])


def _file(stats: Stats, *, is_one: bool) -> Iterator[str]:
    if not is_one:
        yield f"<h1>{text(stats.name)}</h1>"
    yield "<dl>"
    for label, value in facts(stats):
        yield f"<dt>{text(label)}</dt><dd>{text(value)}</dd>"
    yield '</dl>\n<div class="charts">'
    yield _chart("Objects per image", objects_by_image(stats))
    yield _chart("Root of the area, pixels (small below 32, large from 96)", _areas(stats))
    yield _map(stats)
    yield "</div>"
    if stats.names:
        yield "<h2>Classes</h2>"
        counts = stats.counts["instances"].tolist()
        yield table(class_table(stats), texts=(1,), bars=counts)
        yield from (f"<p>{text(line)}</p>" for line in label_notes(stats))
    yield "<h2>Measures</h2>"
    yield table(measure_table(stats), texts=(0,))
    if stats.class_pairs:
        yield "<h2>Classes together in an image</h2>"
        yield table(pair_table(stats, _PAIRS), texts=(0, 1))
    yield "<h2>Keys</h2>"
    rows = [
        (k.level, k.name, f"{k.count:,}", f"{k.of:,}", "extra" if k.is_extra else "")
        for k in stats.record_keys
    ]
    yield table([("level", "key", "records", "of", ""), *rows], texts=(0, 1, 4))


def _areas(stats: Stats) -> Mapping[str, int]:
    edges = [0, 4, 8, 16, round(SMALL**0.5), 64, round(MEDIUM**0.5), 192, 384, 768]
    sides = np.sqrt(stats.objects.area[~np.isnan(stats.objects.area)])
    counts, _ = np.histogram(sides, [*edges, np.inf])
    return {f"{low}+": count for low, count in zip(edges, counts.tolist(), strict=True)}


def _chart(title: str, counts: Mapping[str, int]) -> str:
    """Return a chart of upright bars."""
    height, step = 120, 46
    width = step * len(counts)
    most = max(counts.values(), default=0) or 1
    bars = []
    for place, (name, count) in enumerate(counts.items()):
        tall = height * count / most
        middle = place * step + step / 2
        bars.append(
            f'<rect class="bar" x="{place * step + 3}" y="{15 + height - tall:.1f}" '
            f'width="{step - 6}" height="{tall:.1f}"><title>{name}: {count:,}</title></rect>'
            f'<text x="{middle}" y="{height + 30}" text-anchor="middle">{name}</text>'
        )
    svg = f'<svg width="{width}" height="{height + 36}" role="img">{"".join(bars)}</svg>'
    return f"<figure><figcaption>{title}</figcaption>{svg}</figure>"


def _map(stats: Stats) -> str:
    """Return the map of box centers."""
    most = int(stats.centers.max()) or 1
    cells = [
        f'<rect class="map" x="{x * _CELL}" y="{y * _CELL}" width="{_CELL}" height="{_CELL}" '
        f'fill-opacity="{stats.centers[y, x] / most:.3f}"/>'
        for y, x in np.argwhere(stats.centers).tolist()
    ]
    side = GRID * _CELL
    frame = f'<rect class="frame" width="{side}" height="{side}"/>'
    svg = f'<svg width="{side}" height="{side}" role="img">{"".join(cells)}{frame}</svg>'
    caption = f"Box centers in their images ({most:,} boxes where most are)"
    return f"<figure><figcaption>{caption}</figcaption>{svg}</figure>"
