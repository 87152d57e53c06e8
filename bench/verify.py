"""Compare ``verify`` of a first-100 subset with what ``json.load`` of its source takes.

    python bench/verify.py

Exit codes: 0 verify takes at most a quarter of that; 1 it takes longer.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from make_train2017 import Shape, make
from measure import Runs, pin, run
from run import relative_table
from tqdm import tqdm

LIMIT = 0.25
BASE = "json.load of the source"


def main() -> int:
    """Measure in turn, print, and give the exit code."""
    parser = argparse.ArgumentParser(description="Time verify next to json.load.")
    parser.add_argument("--runs", type=int, default=3, help="runs of each (default: 3)")
    runs: int = parser.parse_args().runs
    pin()
    source = make(Shape())
    with tempfile.TemporaryDirectory() as folder:
        subset = Path(folder) / "first100.json"
        cut = ["subset", str(source), "--first", "100", "-o", str(subset), "--quiet"]
        cocosurgeon = [sys.executable, "-m", "cocosurgeon"]
        subprocess.run([*cocosurgeon, *cut], check=True, stdout=subprocess.DEVNULL)
        load = f"import json; json.load(open({str(source)!r}, encoding='utf-8'))"
        commands = {
            BASE: [sys.executable, "-c", load],
            "verify, with the source": [
                *(*cocosurgeon, "verify", str(subset), "--source", str(source), "--quiet")
            ],
            "verify, alone": [*cocosurgeon, "verify", str(subset), "--quiet"],
        }
        turns = [name for _ in range(runs) for name in commands]
        done = [(n, run(commands[n])) for n in tqdm(turns, disable=None, leave=False)]
    found = {name: Runs(tuple(r for n, r in done if n == name)) for name in commands}
    print(relative_table(found, BASE))
    return int(found["verify, with the source"].seconds > LIMIT * found[BASE].seconds)


if __name__ == "__main__":
    sys.exit(main())
