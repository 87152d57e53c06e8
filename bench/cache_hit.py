"""How long a config waits for a subset that is kept already: whole processes, medians.

python bench/cache_hit.py
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from make_train2017 import DATA

_RUNS = 21
_CODE = """
import sys, time
started = time.perf_counter()
from cocosurgeon.config import ann_file
imported = time.perf_counter()
ann_file(sys.argv[1], first=100, having=["person", "dog"], cache=sys.argv[2])
print(imported - started, time.perf_counter() - imported)
"""


def main() -> None:
    """Build once, and find it again and again."""
    sources = sorted(DATA.glob("instances_*.json"))
    if not sources:
        sys.exit("no file to measure with: python bench/make_train2017.py")
    with tempfile.TemporaryDirectory() as cache:
        first = _asked(sources[-1], cache)[1]
        times = [_asked(sources[-1], cache) for _ in range(_RUNS)]
    imports, hits = ([1000 * t for t in column] for column in zip(*times, strict=True))
    print(f"{sources[-1].name}: {sources[-1].stat().st_size:,} bytes")
    print(f"build   {first:6.1f} s")
    print(f"import  {statistics.median(imports):6.1f} ms  (at most {max(imports):.1f})")
    print(f"hit     {statistics.median(hits):6.1f} ms  (at most {max(hits):.1f})")


def _asked(source: Path, cache: str) -> tuple[float, float]:
    """Seconds for the import, and for the call, in a new process."""
    done = subprocess.run(
        [sys.executable, "-c", _CODE, source, cache], capture_output=True, text=True, check=True
    )
    imported, called = map(float, done.stdout.split())
    return imported, called


if __name__ == "__main__":
    main()
