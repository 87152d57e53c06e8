"""Compare ``split`` with other tools: sizes, classes absent, shares of objects, time.

    python bench/split.py

The others are installed into an environment of their own, in bench/data/. Exit codes: 0 ours meets
the bars below; 1 it misses one.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from make_train2017 import Shape, make
from measure import Run, pin, run
from run import table

BENCH = Path(__file__).parent
SAMPLE = BENCH.parent / "sample_data/annotations/instances_sample2017.json"
OTHERS = ("iterative-stratification==0.1.9", "hotcoco==1.3.0", "kwcoco==0.9.1")
OURS = "cocosurgeon --stratify"
SHARE = 0.2
SEEDS = 20
MOST_ABSENT, MOST_DEVIATION, MOST_SECONDS = 19, 0.132, 10.0
"""Of the sample data: classes absent from val, mean deviation; of 118,287 images: seconds."""


@dataclass(frozen=True)
class Quality:
    """What a split gives.

    Attributes:
        images: of val.
        absent: classes that the file has objects of, and val has not.
        deviation: mean over classes of the distance between val's share of the objects and 0.2.
    """

    images: int
    absent: int
    deviation: float

    @classmethod
    def of(cls, source: Path, val: Path) -> Quality:
        """Read both files, and compare."""
        whole, part = (json.loads(path.read_bytes()) for path in (source, val))
        objects, there = (
            Counter(a["category_id"] for a in d["annotations"]) for d in (whole, part)
        )
        apart = [abs(there[c] / count - SHARE) for c, count in objects.items()]
        return cls(len(part["images"]), sum(not there[c] for c in objects), sum(apart) / len(apart))


def main() -> int:
    """Measure, print, and give the exit code."""
    parser = argparse.ArgumentParser(description="Compare split with other tools.")
    parser.add_argument("--alone", action="store_true", help="measure ours only")
    alone: bool = parser.parse_args().alone
    pin()
    names = [OURS] if alone else [OURS, "iterative-stratification", "hotcoco", "kwcoco"]
    python = "" if alone else str(environment())
    sample = measure("sample data", SAMPLE, names, python)[OURS][0]
    measure("20,000 images", make(Shape(images=20_000, annotations=145_000)), names, python)
    whole = measure("118,287 images", make(Shape()), [OURS], python)[OURS][1]
    seeds = [split(SAMPLE, OURS, python, seed)[0] for seed in range(1, SEEDS + 1)]
    absent, apart = sorted(q.absent for q in seeds), sorted(q.deviation for q in seeds)
    print(
        f"\nsample data, seeds 1 to {SEEDS}: {absent[0]} to {absent[-1]} classes absent, "
        f"deviation {apart[0]:.3f} to {apart[-1]:.3f}"
    )
    is_met = (
        sample.images == 26
        and sample.absent <= MOST_ABSENT
        and sample.deviation <= MOST_DEVIATION
        and whole.seconds <= MOST_SECONDS
    )
    return int(not is_met)


def measure(
    title: str, source: Path, names: Sequence[str], python: str
) -> Mapping[str, tuple[Quality, Run]]:
    """Split a file with each tool, print a table, and return what was found."""
    found = {name: split(source, name, python) for name in names}
    head = ("ratios 0.8,0.2", "val images", "classes absent", "deviation", "seconds", "CPU s")
    rows = [
        [
            name,
            f"{quality.images:,}",
            str(quality.absent),
            f"{quality.deviation:.4f}",
            f"{done.seconds:.2f}",
            f"{done.cpu:.2f}",
        ]
        for name, (quality, done) in found.items()
    ]
    print(f"\n{title}\n\n{table(head, rows)}", flush=True)
    return found


def split(source: Path, name: str, python: str, seed: int = 0) -> tuple[Quality, Run]:
    """Split a file with a tool, as a whole process that writes both parts."""
    with tempfile.TemporaryDirectory() as folder:
        if name == OURS:
            ours = [sys.executable, "-m", "cocosurgeon", "split", str(source), "--stratify"]
            done = run([*ours, "--seed", str(seed), "--out-dir", folder, "--quiet"])
            val = Path(folder) / f"{source.stem}_val.json"
        else:
            script = BENCH / "contenders" / f"split_with_{name.replace('-', '_')}.py"
            done = run([python, str(script), str(source), folder])
            val = Path(folder) / "val.json"
        return Quality.of(source, val), done


def environment() -> Path:
    """Return a Python that has the other tools; make its environment where there is none."""
    folder = BENCH / "data" / "split-venv"
    python = folder / "bin/python"
    if not (folder / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *OTHERS], check=True)
        (folder / "complete").touch()
    return python


if __name__ == "__main__":
    sys.exit(main())
