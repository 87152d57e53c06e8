"""Pictures of the docs that are drawn from facts: make_reference.py writes them.

staircase   how far a label is from the category id, in three label spaces
mistakes    the mAP of a perfect detector after each mistake of mistakes.md
drops       what becomes of unusual records in each loader
ranks       eight processes that ask the cache for the same subset
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from cocosurgeon import find_space
from cocosurgeon.errors import LoaderError
from cocosurgeon.loaders import LOADERS, load

DOCS = Path(__file__).parent
_STYLE = """text { font: 14px system-ui, sans-serif; fill: #57606a; }
.title { font-size: 15px; font-weight: 600; }
polyline { fill: none; stroke-width: 3; }
line { stroke: #8c959f; stroke-width: 1; }
.a { stroke: #0072b2; } .b { stroke: #d55e00; } .c { stroke: #009e73; }
.small { font-size: 12px; } .name { font-size: 11px; } .cell { font-size: 12px; fill: #1f2328; }
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


_SIDE = 100
_CROWD: dict[str, Any] = {
    "iscrowd": 1,
    "segmentation": {"size": [_SIDE, _SIDE], "counts": [1000, 400, 8600]},
}
_OTHER: dict[str, Any] = {"bbox": [1.0, 40.0, 20.0, 30.0], "area": 600.0}
UNUSUAL: Mapping[str, dict[str, Any]] = {
    "crowd": {"object": _CROWD},
    "ignore: 1": {"object": {"ignore": 1}},
    "box of width 0": {"object": {"bbox": [10.0, 10.0, 0.0, 20.0]}},
    "box below 1 pixel": {"object": {"bbox": [10.0, 10.0, 0.5, 0.5]}},
    "box outside the image": {"object": {"bbox": [200.0, 10.0, 20.0, 20.0]}},
    "box over the edge": {"object": {"bbox": [90.0, 10.0, 20.0, 20.0]}},
    "area 0": {"object": {"area": 0}},
    "no area": {"object": {"area": ...}},
    "no iscrowd": {"object": {"iscrowd": ...}},
    "category not listed": {"object": {"category_id": 3}},
    "same box twice": {"object": _OTHER},
    "image without objects": {"alone": True},
    "image with side of 31": {"object": {"bbox": [5.0, 5.0, 9.0, 9.0]}, "image": {"width": 31}},
}
"""An object (or image) with one unusual value each; ``...`` removes a key."""
_COLORS = {
    "loaded": "#b4dfb9",
    "clipped": "#d9e8a5",
    "ignored": "#b6d7f2",
    "dropped": "#f7c98b",
    "no image": "#f0a35e",
    "raises": "#ee9a98",
}


def _document(unusual: Mapping[str, Any]) -> dict[str, Any]:
    """Return a file with an image that has the unusual object, or is unusual, and a usual one."""
    usual: dict[str, Any] = {
        "category_id": 1,
        "bbox": [10.0, 10.0, 20.0, 20.0],
        "area": 400.0,
        "iscrowd": 0,
    }
    changed = {"id": 1, "image_id": 1} | usual | unusual.get("object", {})
    records: list[dict[str, Any]] = [{"id": 2, "image_id": 2} | usual]
    if not unusual.get("alone"):
        records += [{"id": 3, "image_id": 1} | usual | _OTHER]
        records += [{k: v for k, v in changed.items() if v is not ...}]
    for record in records:
        x, y, wide, high = record["bbox"]
        corners = [x, y, x + wide, y, x + wide, y + high, x, y + high]
        record.setdefault("segmentation", [corners])
    size = {"width": _SIDE, "height": _SIDE}
    first = {"id": 1, "file_name": "1.jpg"} | size | unusual.get("image", {})
    return {
        "images": [first, {"id": 2, "file_name": "2.jpg"} | size],
        "annotations": records,
        "categories": [{"id": 1, "name": "person"}, {"id": 2, "name": "car"}],
    }


def outcome(name: str, unusual: Mapping[str, Any]) -> str:
    """Return what a loader, as it is used in training, makes of something unusual.

    Args:
        name: of the loader.
        unusual: a value of ``UNUSUAL``.
    """
    loader, document = LOADERS[name], _document(unusual)
    mode = loader.modes[0]
    try:
        view = load(name, document, loader.options.usual(mode, ("person", "car")))
    except LoaderError:
        return "raises"
    of_image = [sample.instances for sample in view.samples if sample.img_id == 1]
    if not of_image:
        return "no image"
    if unusual.get("alone"):
        return "loaded"
    if not (found := [i for i in of_image[0] if document["annotations"][i.row]["id"] == 1]):
        return "dropped"
    left, width = found[0].box[0], found[0].box[2]
    if view.box_format == "xyxy":
        width -= left
    elif view.box_format == "cxcywh":
        width *= _SIDE
    x, _, wide, _ = next(a for a in document["annotations"] if a["id"] == 1)["bbox"]
    if x + wide > _SIDE > x and abs(width - wide) > 1:
        return "clipped"
    return "ignored" if found[0].ignore else "loaded"


def drops() -> str:
    """Return what becomes of unusual records in each loader, as SVG. Loaders that agree in all
    share a column."""
    columns: dict[tuple[str, ...], list[str]] = {}
    for name in LOADERS:
        columns.setdefault(tuple(outcome(name, u) for u in UNUSUAL.values()), []).append(name)
    left, row = 158, 26
    wide, top = (_WIDTH - left) / len(columns), 40 + 15 * max(map(len, columns.values()))
    title = "What each loader makes of one unusual object or image"
    lines = [f'<text class="title" x="0" y="20">{title}</text>']
    for number, case in enumerate(UNUSUAL):
        lines += [f'<text x="0" y="{top + row * number + 17}">{escape(case)}</text>']
    for place, (outcomes, names) in enumerate(columns.items()):
        x = left + place * wide
        for number, name in enumerate(reversed(names)):
            y, middle = top - 8 - 15 * number, x + wide / 2
            text = f'x="{middle:.1f}" y="{y}" text-anchor="middle"'
            lines += [f'<text class="name" {text}>{name}</text>']
        for number, made in enumerate(outcomes):
            y = top + row * number
            box = f'x="{x + 1:.1f}" y="{y}" width="{wide - 2:.1f}" height="{row - 2}"'
            text = f'x="{x + wide / 2:.1f}" y="{y + 16}" text-anchor="middle"'
            lines += [f'<rect fill="{_COLORS[made]}" {box}/>']
            lines += [f'<text class="cell" {text}>{made}</text>']
    return _svg(top + row * len(UNUSUAL), lines)


RANKS = 8


def ranks() -> str:
    """Return a time line of eight processes that ask for the same subset, as SVG."""
    left, top, row, built, later = 60, 64, 24, 300, 430
    lines = ['<text class="title" x="0" y="20">Eight ranks ask for the same subset</text>']
    parts = {"build": (left, built - left, "dropped"), "load": (built, 110, "loaded")}
    for rank in range(RANKS):
        y = top + row * rank
        lines += [f'<text class="small" x="0" y="{y + 15}">rank {rank}</text>']
        waiting = parts if rank == 0 else {"wait for the lock": (left, built - left, ""), **parts}
        if rank:
            del waiting["build"]
        for text, (x, wide, kind) in waiting.items():
            color = _COLORS.get(kind, "#e7eaee")
            lines += [f'<rect fill="{color}" x="{x}" y="{y}" width="{wide - 2}" height="20"/>']
            lines += [f'<text class="cell" x="{x + 8}" y="{y + 14}">{text}</text>']
    lines += [
        f'<text class="small" x="{left}" y="48">read the source, cut, write whole</text>',
        f'<text class="small" x="{built}" y="48">all ranks load the same file</text>',
        f'<text class="small" x="{later}" y="{top + 90}">The next run starts here:</text>',
        f'<text class="small" x="{later}" y="{top + 108}">found in less than 20 ms,</text>',
        f'<text class="small" x="{later}" y="{top + 126}">the source is not read.</text>',
    ]
    return _svg(top + row * RANKS, lines)


def _svg(height: int, lines: list[str]) -> str:
    head = f'viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" role="img"'
    style = f"<style>{_STYLE}</style>"
    return "\n".join(
        [f'<svg xmlns="http://www.w3.org/2000/svg" {head}>', style, *lines, "</svg>\n"]
    )


def pictures() -> dict[Path, str]:
    """Return each picture by its path."""
    drawn = (staircase, mistakes, drops, ranks)
    return {DOCS / f"{picture.__name__}.svg": picture() for picture in drawn}
