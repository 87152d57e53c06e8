"""Counts as a picture: classes, sizes, objects per image, box centers."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from cocosurgeon.errors import RequestError
from cocosurgeon.stats.drift import drifts
from cocosurgeon.stats.objects import MEDIUM, SMALL
from cocosurgeon.stats.report import objects_by_image
from cocosurgeon.stats.statistics import Stats
from cocosurgeon.text import one_line, plural

SUFFIXES = (".png", ".svg")
_COLORS = ("#0072B2", "#E69F00")
"""Blue and orange of Okabe and Ito, which color-blind people distinguish."""
_MAP = "cividis"
_WIDTH, _ROW, _TOP = 14.0, 0.17, 4.2
"""Width of the picture, height of a class, height of the panels above the classes; in inches."""
_IN_A_COLUMN, _COLUMNS = 40, 4
_LONGEST_NAME = 22
_DPI = 110


def require_plot(path: Path) -> None:
    """Raise RequestError for a suffix other than .png and .svg, or without matplotlib."""
    if path.suffix not in SUFFIXES:
        raise RequestError(
            f"a picture is .png or .svg, not {path.suffix or 'without a suffix'}", where=str(path)
        )
    if find_spec("matplotlib") is None:
        raise RequestError(
            "pictures need matplotlib, which is not installed",
            hint="pip install 'cocosurgeon[plot]'",
        )


def picture_of(files: Sequence[Stats], suffix: str) -> bytes:
    """Return the picture of a file, or of two files next to each other, as bytes of its format.

    Args:
        suffix: ``.png`` or ``.svg``.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    names, values = _classes(files)
    columns = min(_COLUMNS, max(1, math.ceil(len(names) / _IN_A_COLUMN)))
    rows = math.ceil(len(names) / columns)
    below = rows * _ROW * (1.25 if len(files) > 1 else 1) + 1.0 if names else 0.0
    settings = {"svg.hashsalt": "cocosurgeon", "font.size": 9, "svg.fonttype": "path"}
    with rc_context(settings), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # names in letters of other fonts
        figure = Figure(figsize=(_WIDTH, _TOP + below), layout="constrained")
        heights = [_TOP, below] if names else [_TOP]
        parts = figure.subfigures(len(heights), 1, squeeze=False, height_ratios=heights)
        _panels(parts[0, 0], files)
        if names:
            _bars(parts[1, 0], names, values, files, columns)
        stream = io.BytesIO()
        undated: dict[str, Any] = {"Date": None} if suffix == ".svg" else {}
        figure.savefig(stream, format=suffix[1:], dpi=_DPI, metadata=undated)
    return stream.getvalue()


def _classes(files: Sequence[Stats]) -> tuple[list[str], list[list[float]]]:
    """Return names of classes in use, the largest first, and for each file their counts; for two
    files, their shares in percent."""
    if len(files) == 1:
        [stats] = files
        counts = stats.counts["instances"].tolist()
        named = [str(cat_id if name is None else name) for cat_id, name in stats.names.items()]
        ranked = sorted(zip(named, counts, strict=True), key=lambda item: -item[1])
        used = [(name, float(count)) for name, count in ranked if count]
        return [name for name, _ in used], [[count for _, count in used]]
    found = sorted((d for d in drifts(*files) if any(d.counts)), key=lambda d: -max(d.shares))
    return [str(d.name) for d in found], [[100 * d.shares[n] for d in found] for n in (0, 1)]


def _bars(
    figure: Any, names: list[str], values: list[list[float]], files: Sequence[Stats], columns: int
) -> None:
    rows = math.ceil(len(names) / columns)
    axes = figure.subplots(1, columns, squeeze=False, sharex=True)[0]
    height = 0.8 / len(values)
    for column, axis in enumerate(axes):
        shown = slice(column * rows, (column + 1) * rows)
        places = np.arange(len(names[shown]))
        for number, of_file in enumerate(values):
            bars = axis.barh(
                places + (number - (len(values) - 1) / 2) * height,
                of_file[shown],
                height,
                color=_COLORS[number],
                label=_short(files[number].name, 40),
            )
            if len(values) == 1:
                axis.bar_label(bars, [f"{v:,.0f}" for v in of_file[shown]], padding=2, fontsize=6)
        axis.set_yticks(places, [_short(n, _LONGEST_NAME) for n in names[shown]], parse_math=False)
        axis.tick_params(axis="y", labelsize=7, length=0)
        axis.set_ylim(rows - 0.4, -0.6)
        axis.grid(axis="x", alpha=0.3)
        axis.set_axisbelow(True)
        _without_frame(axis)
    positive = [v for of_file in values for v in of_file if v > 0]
    if positive and max(positive) > 50 * float(np.median(positive)):
        axes[0].set_xscale("log")
    of = "share of objects, %" if len(files) > 1 else "objects"
    classes = plural(len(names), "class", "classes")
    figure.supxlabel(f"{of} ({classes} in use, the most frequent first)", fontsize=9)


def _panels(figure: Any, files: Sequence[Stats]) -> None:
    axes = figure.subplots(1, 2 + len(files))
    _sizes(axes[0], files)
    _objects_per_image(axes[1], files)
    for axis, stats in zip(axes[2:], files, strict=True):
        shown = axis.imshow(stats.centers, cmap=_MAP, extent=(0, 1, 1, 0), aspect="auto")
        of = f" of {_short(stats.name, 24)}" if len(files) > 1 else ""
        axis.set_title(f"Box centers{of}", parse_math=False)
        axis.set_xticks([0, 1], ["left", "right"])
        axis.set_yticks([0, 1], ["top", "bottom"])
        figure.colorbar(shown, ax=axis, label="boxes")
    if len(files) > 1:
        for text in axes[0].legend(loc="upper right", fontsize=7).get_texts():
            text.set_parse_math(False)


def _sizes(axis: Any, files: Sequence[Stats]) -> None:
    edges = 2.0 ** np.arange(0, 12.25, 0.5)
    for number, stats in enumerate(files):
        sides = np.sqrt(stats.objects.area[stats.objects.area > 0])
        counts, _ = np.histogram(np.clip(sides, edges[0], edges[-1]), edges)
        heights = 100 * counts / max(len(sides), 1) if len(files) > 1 else counts
        axis.stairs(
            heights,
            edges,
            fill=len(files) == 1,
            color=_COLORS[number],
            linewidth=2,
            label=_short(stats.name, 40),
        )
    for bound in (SMALL, MEDIUM):
        axis.axvline(math.sqrt(bound), color="0.4", linestyle="--", linewidth=1)
    axis.set_xscale("log", base=2)
    axis.set_xticks(edges[::4], [f"{edge:g}" for edge in edges[::4]])
    axis.set_title("Size: root of the area, pixels")
    axis.set_ylabel("% of objects" if len(files) > 1 else "objects")
    axis.set_xlabel("dashed: 32 and 96, COCO's bounds")
    _without_frame(axis)


def _objects_per_image(axis: Any, files: Sequence[Stats]) -> None:
    height = 0.8 / len(files)
    for number, stats in enumerate(files):
        counts = objects_by_image(stats)
        values = np.array(list(counts.values()), np.float64)
        if len(files) > 1:
            values *= 100 / max(values.sum(), 1)
        places = np.arange(len(values)) + (number - (len(files) - 1) / 2) * height
        axis.bar(places, values, height, color=_COLORS[number])
        axis.set_xticks(np.arange(len(counts)), list(counts), rotation=45)
    axis.set_title("Objects per image")
    axis.set_ylabel("% of images" if len(files) > 1 else "images")
    _without_frame(axis)


def _without_frame(axis: Any) -> None:
    axis.spines[["top", "right"]].set_visible(False)


def _short(name: str, longest: int) -> str:
    name = one_line(name)
    return name if len(name) <= longest else f"{name[: longest - 1]}…"
