"""Draw bench/speed.svg from bench/results.json, which ``bench/run.py --json`` writes.

python bench/chart.py
"""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median
from typing import Any
from xml.sax.saxutils import escape

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
OUT = HERE / "speed.svg"
OWN = "cocosurgeon"

WIDTH, ROW, LEFT, RIGHT, TOP = 720, 34, 200, 70, 44
STYLE = """text { font: 14px system-ui, sans-serif; fill: #57606a; }
.title { font-size: 15px; font-weight: 600; }
rect { fill: #8c959f; }
.own { fill: #1a7f37; }
@media (prefers-color-scheme: dark) { text { fill: #c9d1d9; } .own { fill: #3fb950; } }"""


def chart(results: dict[str, Any]) -> str:
    """Return the bars as SVG: median seconds of whole processes, the fastest first."""
    bars = sorted((median(c["seconds"]), c["name"], c["version"]) for c in results["contenders"])
    longest = bars[-1][0]
    size = results["file"]["bytes"] / 1e6
    height = TOP + ROW * len(bars) + 8
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img">',
        f"<style>{STYLE}</style>",
        f'<text class="title" x="0" y="20">Seconds to cut a {size:.0f} MB annotation file '
        "(whole process, two cores)</text>",
    ]
    for row, (seconds, name, version) in enumerate(bars):
        y = TOP + ROW * row
        is_own = version.startswith(OWN)
        label = f"{OWN} {name}" if is_own else version if name in version else f"{name}, {version}"
        wide = (WIDTH - LEFT - RIGHT) * seconds / longest
        lines += [
            f'<text x="{LEFT - 10}" y="{y + 17}" text-anchor="end">{escape(label)}</text>',
            f'<rect class="{"own" if is_own else "other"}" x="{LEFT}" y="{y}" '
            f'width="{wide:.1f}" height="24" rx="3"/>',
            f'<text x="{LEFT + wide + 8:.1f}" y="{y + 17}">{seconds:.2f}</text>',
        ]
    return "\n".join([*lines, "</svg>\n"])


if __name__ == "__main__":
    OUT.write_text(chart(json.loads(RESULTS.read_text())), encoding="utf-8")
