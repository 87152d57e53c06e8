"""Pages of HTML that need no other file and no network: head, style, tables, data for scripts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from html import escape
from typing import TypeAlias

from cocosurgeon.errors import in_python
from cocosurgeon.text import one_line

_STYLE = """
:root { color-scheme: light dark; --ink: light-dark(#1f2328, #e6edf3);
  --paper: light-dark(#fff, #0d1117); --line: light-dark(#d1d9e0, #3d444d);
  --soft: light-dark(#59636e, #9198a1); --bar: light-dark(#0072b2, #56b4e9); }
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
"""

Row: TypeAlias = tuple[str, ...]


class Report:
    """A result that Python prints as its lines, and a notebook as HTML."""

    def lines(self) -> Iterable[str]:
        """Return the result as lines of text."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return "\n".join(map(in_python, self.lines()))

    def _repr_html_(self) -> str:
        """Return HTML for a notebook."""
        return preformatted(map(in_python, self.lines()))


def page(title: str, body: Iterable[str], style: str = "") -> str:
    """Return a page, in light or dark as the reader's system is.

    Args:
        title: plain text.
        body: HTML.
        style: CSS, added to that of all pages.
    """
    return "\n".join([head(title, style), *body, END])


def head(title: str, style: str = "") -> str:
    """Return the beginning of a page; see ``page``. Its end is ``END``."""
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{text(title)}</title>\n<style>{_STYLE}{style}</style>\n</head>\n<body>",
        ]
    )


END = "</body>\n</html>\n"


def table(rows: Sequence[Row], texts: Iterable[int], bars: Sequence[float] = ()) -> str:
    """Return a table.

    Args:
        rows: cells; the first row is the head.
        texts: columns that are no numbers.
        bars: a number for each row, drawn as a bar behind it.
    """
    left = set(texts)

    def cells(tag: str, row: Row) -> str:
        marks = (' class="text"' if place in left else "" for place in range(len(row)))
        return "".join(f"<{tag}{m}>{text(c)}</{tag}>" for m, c in zip(marks, row, strict=True))

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


def preformatted(lines: Iterable[str]) -> str:
    """Return lines of plain text as HTML, as they are."""
    return f"<pre>{chr(10).join(map(text, lines))}</pre>"


def text(plain: str) -> str:
    """Return plain text as HTML."""
    return escape(one_line(plain))


def script_data(name: str, value: object) -> str:
    """Return a value as JSON in a script element; the value cannot end the element.

    The JSON is ASCII, so that a lone surrogate in a file name is kept.
    """
    encoded = json.dumps(value, separators=(",", ":"), allow_nan=False)
    safe = encoded.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return f'<script type="application/json" id="{name}">{safe}</script>'
