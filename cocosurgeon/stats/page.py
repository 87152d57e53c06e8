"""Counts as one page of HTML, which needs no other file and no network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import TypeAlias

import numpy as np

from cocosurgeon.stats.drift import drifts, total_drift
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
from cocosurgeon.text import one_line

_PAIRS = 50
_CELL = 8
"""Pixels of a cell of the map of box centers."""
_STYLE = """
:root { color-scheme: light dark; --ink: #1f2328; --paper: #fff; --line: #d1d9e0; --soft: #59636e;
  --bar: #0072b2; --map: 0, 114, 178; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --paper: #0d1117; --line: #3d444d;
  --soft: #9198a1; --bar: #56b4e9; --map: 86, 180, 233; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 1100px; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.5em; overflow-wrap: anywhere; } h2 { font-size: 1.2em; margin-top: 2em; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2em 1em; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .15em .7em; border-bottom: 1px solid var(--line); text-align: right; }
th { position: sticky; top: 0; background: var(--paper); color: var(--soft); font-weight: 600; }
th.text, td.text { text-align: left; overflow-wrap: anywhere; min-width: 9em; }
td.bar { min-width: 100px; text-align: left; }
td.bar div { height: .8em; background: var(--bar); }
.charts { display: flex; flex-wrap: wrap; gap: 2em; } figure { margin: 0; }
figcaption { color: var(--soft); } svg text { fill: var(--ink); font-size: 11px; }
svg rect.bar { fill: var(--bar); } svg rect.map { fill: rgb(var(--map)); }
svg rect.frame { fill: none; stroke: var(--line); }
"""

Row: TypeAlias = tuple[str, ...]


def page_of(files: Sequence[Stats]) -> str:
    """Return the page of a file, or of two that are compared."""
    title = " and ".join(_text(stats.name) for stats in files)
    body = [f"<h1>{title}</h1>"]
    if len(files) > 1:
        body += _comparison(*files)
    for stats in files:
        body += _file(stats, is_one=len(files) == 1)
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>",
            *body,
            "</body>\n</html>\n",
        ]
    )


def _comparison(first: Stats, second: Stats) -> Iterator[str]:
    found = drifts(first, second)
    yield f"<p>First: {_text(first.name)}. Second: {_text(second.name)}.</p>"
    yield _table(overview_table(first, second), texts=(0,))
    yield f"<h2>Classes, the largest drift first ({total_drift(found):.2%} in all)</h2>"
    yield _table(drift_table(found), texts=(0,), bars=[abs(each.change) for each in found])


def _file(stats: Stats, *, is_one: bool) -> Iterator[str]:
    if not is_one:
        yield f"<h1>{_text(stats.name)}</h1>"
    yield "<dl>"
    for label, text in facts(stats):
        yield f"<dt>{_text(label)}</dt><dd>{_text(text)}</dd>"
    yield '</dl>\n<div class="charts">'
    yield _chart("Objects per image", objects_by_image(stats))
    yield _chart("Root of the area, pixels (small below 32, large from 96)", _areas(stats))
    yield _map(stats)
    yield "</div>"
    if stats.names:
        yield "<h2>Classes</h2>"
        counts = stats.counts["instances"].tolist()
        yield _table(class_table(stats), texts=(1,), bars=counts)
        yield from (f"<p>{_text(line)}</p>" for line in label_notes(stats))
    yield "<h2>Measures</h2>"
    yield _table(measure_table(stats), texts=(0,))
    if stats.class_pairs:
        yield "<h2>Classes together in an image</h2>"
        yield _table(pair_table(stats, _PAIRS), texts=(0, 1))
    yield "<h2>Keys</h2>"
    rows = [
        (k.level, k.name, f"{k.count:,}", f"{k.of:,}", "extra" if k.is_extra else "")
        for k in stats.record_keys
    ]
    yield _table([("level", "key", "records", "of", ""), *rows], texts=(0, 1, 4))


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


def _table(rows: Sequence[Row], texts: Iterable[int], bars: Sequence[float] = ()) -> str:
    """Return a table.

    Args:
        rows: cells; the first row is the head.
        texts: columns that are no numbers.
        bars: a number for each row, drawn as a bar behind it.
    """
    left = set(texts)

    def cells(tag: str, row: Row) -> str:
        marks = (' class="text"' if place in left else "" for place in range(len(row)))
        return "".join(f"<{tag}{m}>{_text(c)}</{tag}>" for m, c in zip(marks, row, strict=True))

    most = max(bars, default=0) or 1
    drawn = [f'<td class="bar"><div style="width:{100 * v / most:.1f}%"></div></td>' for v in bars]
    head = cells("th", rows[0]) + ("<th></th>" if bars else "")
    body = [cells("td", row) for row in rows[1:]]
    if bars:
        body = [row + bar for row, bar in zip(body, drawn, strict=True)]
    lines = "\n".join(f"<tr>{row}</tr>" for row in body)
    return (
        f'<div class="wide"><table><thead><tr>{head}</tr></thead>\n'
        f"<tbody>{lines}</tbody></table></div>"
    )


def _text(text: str) -> str:
    return escape(one_line(text))
