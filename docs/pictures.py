"""Pictures of the docs that are drawn from facts: make_reference.py writes them.

staircase   how far a label is from the category id, in three label spaces
mistakes    the mAP of a perfect detector after each mistake of mistakes.md
"""

from __future__ import annotations

from html import escape
from pathlib import Path

from cocosurgeon import find_space

DOCS = Path(__file__).parent
_STYLE = """text { font: 14px system-ui, sans-serif; fill: #57606a; }
.title { font-size: 15px; font-weight: 600; }
polyline { fill: none; stroke-width: 3; }
line { stroke: #8c959f; stroke-width: 1; }
.a { stroke: #0072b2; } .b { stroke: #d55e00; } .c { stroke: #009e73; }
.bar { fill: #8c959f; } .right { fill: #1a7f37; }
@media (prefers-color-scheme: dark) { text { fill: #c9d1d9; } .right { fill: #3fb950; } }"""
_WIDTH = 720


def staircase() -> str:
    """Return category id minus label, over the ids of COCO's 80 classes, as SVG."""
    left, top, right, high = 40, 40, 200, 220
    names = find_space("coco91").classes
    wide, unit = (_WIDTH - left - right) / 90, high / 12
    spaces = {"a": ("mmdet80", "MMDetection: the place")}
    spaces["b"] = ("ultralytics91", "Ultralytics' table: id - 1")
    spaces["c"] = ("detr91", "DETR, DINO: the id")
    lines = ['<text class="title" x="0" y="20">Category id minus label</text>']
    for step in (0, 1, 11):
        y = top + high - step * unit
        lines += [f'<text x="{left - 8}" y="{y + 5:.1f}" text-anchor="end">{step}</text>']
        lines += [f'<line x1="{left}" x2="{_WIDTH - right}" y1="{y:.1f}" y2="{y:.1f}"/>']
    for cat_id in (1, 13, 90):
        x = left + (cat_id - 1) * wide
        text = f"{cat_id} {escape(names[cat_id])}"
        anchor = "end" if cat_id == 90 else "start"
        lines.append(
            f'<text x="{x:.1f}" y="{top + high + 20}" text-anchor="{anchor}">{text}</text>'
        )
    for css, (space, title) in spaces.items():
        label_of = {name: label for label, name in find_space(space).classes.items()}
        heights = [(i, i - label_of[name]) for i, name in sorted(names.items())]
        points = " ".join(
            f"{left + (i - 1 + side) * wide:.1f},{top + high - n * unit:.1f}"
            for i, n in heights
            for side in (0, 1)
        )
        y = top + high - heights[-1][1] * unit + 5
        lines.append(f'<polyline class="{css}" points="{points}"/>')
        lines.append(f'<text x="{_WIDTH - right + 8}" y="{y:.1f}">{escape(title)}</text>')
    return _svg(top + high + 30, lines)


MAP = {
    "everything right": 1.0,
    "the evaluator reads the full file": 0.151,
    "indices= cuts the loader alone": 0.151,
    "classes=('hot dog') without its comma": 0.0,
}
"""Figures of mistakes.md, which a test compares."""


def mistakes() -> str:
    """Return the mAP of a perfect detector after each mistake, as SVG."""
    left, row = 290, 34
    lines = ['<text class="title" x="0" y="20">mAP of a detector that finds every object</text>']
    for number, (title, score) in enumerate(MAP.items()):
        y, wide = 44 + row * number, (_WIDTH - left - 60) * score
        css = "bar right" if score == 1 else "bar"
        lines += [
            f'<text x="{left - 10}" y="{y + 17}" text-anchor="end">{escape(title)}</text>',
            f'<rect class="{css}" x="{left}" y="{y}" width="{max(wide, 2):.1f}" height="24"/>',
            f'<text x="{left + wide + 10:.1f}" y="{y + 17}">{score:.3f}</text>',
        ]
    return _svg(44 + row * len(MAP), lines)


def _svg(height: int, lines: list[str]) -> str:
    head = f'viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" role="img"'
    style = f"<style>{_STYLE}</style>"
    return "\n".join(
        [f'<svg xmlns="http://www.w3.org/2000/svg" {head}>', style, *lines, "</svg>\n"]
    )


def pictures() -> dict[Path, str]:
    """Return each picture by its path."""
    return {DOCS / "staircase.svg": staircase(), DOCS / "mistakes.svg": mistakes()}
