"""Compare ``lint`` with what ``json.load`` takes, and with hotcoco's health check.

    python bench/lint.py

Of the file every polygon crosses itself, and nearly no area is that of the mask: the worst case.

Exit codes: 0 lint without masks and repeated keys takes at most a fifth of ``json.load``, all of
lint at most 2.5 times its CPU time and 800 MB, and a header of an image at most 0.1 ms; 1 not so.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from make_train2017 import Shape, make
from measure import Runs, pin, run
from run import relative_table
from tqdm import tqdm

from cocosurgeon.lint.on_disk import read_headers

LIMIT = 0.2
LIMIT_OF_ALL = 2.5
LIMIT_OF_MEMORY = 800_000_000
LIMIT_OF_HEADER = 0.1
"""Milliseconds."""
IMAGES = Path(__file__).parents[1] / "sample_data" / "sample2017"
COPIES = 40
BASE = "json.load"


def main() -> int:
    """Measure in turn, print, and give the exit code."""
    parser = argparse.ArgumentParser(description="Time lint next to json.load and hotcoco.")
    parser.add_argument("--runs", type=int, default=3, help="runs of each (default: 3)")
    runs: int = parser.parse_args().runs
    pin()
    source = str(make(Shape()))
    lint = [sys.executable, "-m", "cocosurgeon", "lint", source, "--quiet"]
    load = f"import json; json.load(open({source!r}, encoding='utf-8'))"
    quick = "lint, without masks and repeated keys"
    commands = {
        BASE: [sys.executable, "-c", load],
        quick: [*lint, "--ignore", "masks", "--ignore", "record-key-duplicated"],
        "lint": lint,
    }
    hotcoco = shutil.which("coco", path=str(Path(sys.executable).parent))
    if hotcoco is not None:
        commands["hotcoco, healthcheck"] = [hotcoco, "healthcheck", source]
    turns = [name for _ in range(runs) for name in commands]
    done = [(n, run(commands[n])) for n in tqdm(turns, disable=None, leave=False)]
    found = {name: Runs(tuple(r for n, r in done if n == name)) for name in commands}
    print(relative_table(found, BASE))
    header = _header()
    print(f"\nheader of an image: {header:.3f} ms")
    whole = found["lint"]
    is_slow = found[quick].seconds > LIMIT * found[BASE].seconds
    is_slow |= whole.cpu > LIMIT_OF_ALL * found[BASE].cpu
    return int(is_slow or whole.private > LIMIT_OF_MEMORY or header > LIMIT_OF_HEADER)


def _header() -> float:
    """Return how long reading a header takes, in milliseconds, of many in the system's cache."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [
            shutil.copy(image, Path(folder) / f"{n}_{image.name}")
            for n in range(COPIES)
            for image in sorted(IMAGES.iterdir())
        ]
        started = time.perf_counter()
        read_headers([str(path) for path in paths])
        return (time.perf_counter() - started) / len(paths) * 1000


if __name__ == "__main__":
    sys.exit(main())
