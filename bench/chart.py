"""Draw bench/speed.svg from bench/results.json, which ``bench/run.py --json`` writes.

python bench/chart.py
"""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median
from typing import Any
from xml.sax.saxutils import escape

from run import CHART, WHOLE

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
OUT = HERE / "speed.svg"
OWN = "cocosurgeon"

WIDTH, ROW, RIGHT, TOP = 720, 34, 70, 44
LETTER = 8.5  # width of a letter, in pixels
STYLE = """text { font: 14px system-ui, sans-serif; fill: #57606a; }
.title { font-size: 15px; font-weight: 600; }
rect { fill: #8c959f; }
.own { fill: #1a7f37; }
@media (prefers-color-scheme: dark) { text { fill: #c9d1d9; } .own { fill: #3fb950; } }"""


def shown(results: dict[str, Any]) -> list[dict[str, Any]]:
    """Return those that cut the first images out of the file of train2017's own size."""
    return [c for c in results["sizes"][WHOLE]["contenders"] if c["name"] in CHART]


def chart(results: dict[str, Any]) -> str:
    """Return the bars as SVG: median seconds of whole processes, the fastest first."""
    bars = sorted((median(c["seconds"]), _label(c["name"], c["version"])) for c in shown(results))
    longest = bars[-1][0]
    left = 10 + LETTER * max(len(label) for _, label in bars)
    size = results["sizes"][WHOLE]["file"]["bytes"] / 1e6
    height = TOP + ROW * len(bars) + 8
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img">',
        f"<style>{STYLE}</style>",
        f'<text class="title" x="0" y="20">Seconds to cut a {size:.0f} MB annotation file '
        "(whole process, two cores)</text>",
    ]
    for row, (seconds, label) in enumerate(bars):
        y = TOP + ROW * row
        is_own = label.split()[0] == OWN
        wide = (WIDTH - left - RIGHT) * seconds / longest
        lines += [
            f'<text x="{left - 10:.0f}" y="{y + 17}" text-anchor="end">{escape(label)}</text>',
            f'<rect class="{"own" if is_own else "other"}" x="{left:.0f}" y="{y}" '
            f'width="{wide:.1f}" height="24" rx="3"/>',
            f'<text x="{left + wide + 8:.1f}" y="{y + 17}">{seconds:.2f}</text>',
        ]
    return "\n".join([*lines, "</svg>\n"])


def _label(name: str, version: str) -> str:
    return version if version.split()[0] in (OWN, name) else f"{name}, {version}"


if __name__ == "__main__":
    OUT.write_text(chart(json.loads(RESULTS.read_text())), encoding="utf-8")
