"""Compare ``stats`` with what ``json.load`` takes.

    python bench/stats.py

Exit codes: 0 it takes at most a fifth of the CPU time of ``json.load``, and at most 300 MB of
private memory; 1 it takes more.
"""

from __future__ import annotations

import argparse
import sys

from make_train2017 import Shape, make
from measure import Runs, pin, run
from run import relative_table
from tqdm import tqdm

LIMIT = 0.2
LIMIT_OF_MEMORY = 300e6
BASE = "json.load"


def main() -> int:
    """Measure in turn, print, and give the exit code."""
    parser = argparse.ArgumentParser(description="Time stats next to json.load.")
    parser.add_argument("--runs", type=int, default=3, help="runs of each (default: 3)")
    runs: int = parser.parse_args().runs
    pin()
    source = str(make(Shape()))
    load = f"import json; json.load(open({source!r}, encoding='utf-8'))"
    commands = {
        BASE: [sys.executable, "-c", load],
        "stats": [sys.executable, "-m", "cocosurgeon", "stats", source],
    }
    turns = [name for _ in range(runs) for name in commands]
    done = [(n, run(commands[n])) for n in tqdm(turns, disable=None, leave=False)]
    found = {name: Runs(tuple(r for n, r in done if n == name)) for name in commands}
    print(relative_table(found, BASE))
    stats = found["stats"]
    is_slow = stats.cpu > LIMIT * found[BASE].cpu
    return int(is_slow or stats.private > LIMIT_OF_MEMORY)


if __name__ == "__main__":
    sys.exit(main())
