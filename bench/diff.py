"""Compare ``diff`` of two files with what ``json.load`` of one takes.

    python bench/diff.py

Exit codes: 0 diff of files with one edit takes at most a fifth of its CPU time; 1 it takes longer.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from pathlib import Path

from make_train2017 import Shape, make
from measure import Runs, pin, run
from run import relative_table
from tqdm import tqdm

LIMIT = 0.2
BASE = "json.load of one file"
_BOX = re.compile(rb'"bbox": \[([^,]+),')
_ANNOTATION_ID = re.compile(rb'"id": (\d+)\}')


def main() -> int:
    """Measure in turn, print, and give the exit code."""
    parser = argparse.ArgumentParser(description="Time diff next to json.load.")
    parser.add_argument("--runs", type=int, default=3, help="runs of each (default: 3)")
    runs: int = parser.parse_args().runs
    pin()
    source = make(Shape())
    with tempfile.TemporaryDirectory() as folder:
        edited, numbered = _edited(source, Path(folder))
        load = f"import json; json.load(open({str(source)!r}, encoding='utf-8'))"
        commands = {
            BASE: [sys.executable, "-c", load],
            "diff, one edit": _diff(source, edited),
            "diff, all annotations renumbered": _diff(source, numbered),
        }
        turns = [name for _ in range(runs) for name in commands]
        done = [(n, run(commands[n])) for n in tqdm(turns, disable=None, leave=False)]
    found = {name: Runs(tuple(r for n, r in done if n == name)) for name in commands}
    print(relative_table(found, BASE))
    return int(found["diff, one edit"].cpu > LIMIT * found[BASE].cpu)


def _diff(source: Path, other: Path) -> list[str]:
    """Return the command; it succeeds where the files differ."""
    command = [sys.executable, "-m", "cocosurgeon", "diff", str(source), str(other), "--quiet"]
    return ["sh", "-c", '"$@"; test $? -eq 1', "sh", *command]


def _edited(source: Path, folder: Path) -> tuple[Path, Path]:
    """Write the source with a box in the middle moved, and with other annotation ids."""
    text = source.read_bytes()
    box = _BOX.search(text, len(text) // 2)
    assert box is not None
    edited, numbered = folder / "edited.json", folder / "numbered.json"
    edited.write_bytes(text[: box.start(1)] + b"1.25" + text[box.end(1) :])
    head, mark, annotations = text.partition(b'"annotations"')
    others = _ANNOTATION_ID.sub(lambda m: b'"id": %d}' % (int(m[1]) + 1), annotations)
    numbered.write_bytes(head + mark + others)
    return edited, numbered


if __name__ == "__main__":
    sys.exit(main())
