"""Compare workers of Dask with one process, on shards of train2017's shape.

    python bench/scale.py                                # 20 shards of 540 MB, 2 workers of 1 GB
    python bench/scale.py --shards 4 --images 2000 --no-bar    # a minute

Shards are drawn by a seed into a folder that is removed at the end. Each command runs in one
process, then on the workers of a scheduler, then (the last one) on workers of which one is killed
halfway. One process reads with all cores, too: ``--one-core`` times it on one core as well.

Exit codes: 0 all results are the same, and no worker is restarted for its memory; with a bar also:
workers take at most 0.6 of the time; 1 some are not.
"""

from __future__ import annotations

import argparse
import filecmp
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from distributed import Client, LocalCluster
from make_train2017 import Shape, make
from measure import MIB, pin
from run import table
from tqdm import tqdm

LIMIT = 0.6
COMMANDS = {
    "subset --sample 1000": ("subset", "shards", "--sample", "1000", "-o"),
    "subset --having person": ("subset", "shards", "--having", "person", "-o"),
    "stats": ("stats", "shards", "--json"),
    "lint": ("lint", "shards"),
}
KILLED = "subset --having person"
_BETWEEN_LOOKS = 0.05


@dataclass(frozen=True)
class Measured:
    """One run of a command.

    Attributes:
        seconds: wall time.
        out: its output folder, or the file that has its report.
    """

    seconds: float
    out: Path


def main() -> int:
    """Measure, print, and give the exit code."""
    parser = argparse.ArgumentParser(description="Time workers of Dask next to one process.")
    usual = Shape()
    parser.add_argument("--shards", type=int, default=20, help="number of files (default: 20)")
    parser.add_argument("--images", type=int, default=usual.images, help="images of each")
    parser.add_argument("--workers", type=int, default=2, help="number of workers (default: 2)")
    parser.add_argument("--memory", default="1GB", help="memory of each (default: 1GB)")
    parser.add_argument("--folder", type=Path, help="where the shards are made, or are already")
    parser.add_argument("--only", action="append", help="run only commands that begin so")
    parser.add_argument("--one-core", action="store_true", help="time one core, too")
    parser.add_argument("--no-bar", action="store_true", help="only compare results and memory")
    args = parser.parse_args()
    pin()
    with _folder(args.folder) as folder:
        shards = folder / "shards"
        _make(shards, args.shards, args.images)
        size = sum(path.stat().st_size for path in shards.iterdir())
        print(f"{args.shards} shards, {size / 1e9:.1f} GB; {args.workers} workers of {args.memory}")
        wanted = tuple(args.only or [""])
        names = [name for name in COMMANDS if name.startswith(wanted)]
        rows = [_compared(name, args, folder) for name in names]
    print(table(_HEAD, [row for row, _, _ in rows]))
    is_good = all(good for _, good, _ in rows)
    return int(not is_good or not (args.no_bar or all(ratio <= LIMIT for *_, ratio in rows)))


_HEAD = (
    *("command", "one process s", "one core s", "workers s", "ratio", "of one core"),
    *("MiB of a worker", "killed s", "same"),
)


def _compared(name: str, args: argparse.Namespace, folder: Path) -> tuple[list[str], bool, float]:
    """Return the row of a command, whether results and memory are good, and the times' ratio."""
    words = COMMANDS[name]
    one = _run(words, folder, "one")
    alone = _run(words, folder, "core", before=_use_one_core) if args.one_core else None
    cluster = LocalCluster(
        n_workers=args.workers,
        threads_per_worker=1,
        memory_limit=args.memory,
        dashboard_address=":0",
        local_directory=str(folder),
        silence_logs=50,
    )
    with cluster, Client(cluster) as client:
        address = ("--scheduler", cluster.scheduler_address)
        with _watched(client) as watch:
            many = _run(words, folder, "many", address)
        results = [many]
        killed = None
        if name == KILLED:
            timer = threading.Timer(many.seconds / 2, partial(_kill, client))
            timer.start()
            killed = _run(words, folder, "killed", address)
            timer.join()
            results.append(killed)
    is_same = all(_is_same(one.out, each.out) for each in results)
    for each in (one, *results, *([alone] if alone else [])):
        shutil.rmtree(each.out) if each.out.is_dir() else each.out.unlink()
    ratio = many.seconds / one.seconds
    row = [
        name,
        f"{one.seconds:.1f}",
        f"{alone.seconds:.1f}" if alone else "-",
        f"{many.seconds:.1f}",
        f"{ratio:.2f}",
        f"{many.seconds / alone.seconds:.2f}" if alone else "-",
        f"{watch.most / MIB:,.0f}" + (f" ({watch.ended} restarted)" if watch.ended else ""),
        f"{killed.seconds:.1f}" if killed else "-",
        "yes" if is_same else "NO",
    ]
    return row, is_same and not watch.ended, ratio


def _run(
    words: Sequence[str],
    folder: Path,
    name: str,
    more: Sequence[str] = (),
    before: Callable[[], None] | None = None,
) -> Measured:
    """Run a command; of one with ``-o`` the output folder is named."""
    out, report = folder / name, folder / f"{name}.txt"
    outputs = [name] if words[-1] == "-o" else []
    command = [sys.executable, "-m", "cocosurgeon", *words, *outputs, *more, "--quiet"]
    started = time.perf_counter()
    with report.open("wb") as stream:
        done = subprocess.run(command, cwd=folder, stdout=stream, preexec_fn=before, check=False)
    if done.returncode not in (0, 1):  # 1: lint finds something
        raise SystemExit(f"failed: {' '.join(command)}")
    if outputs:
        report.unlink()
    return Measured(time.perf_counter() - started, out if outputs else report)


def _use_one_core() -> None:
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])


class _Watch:
    """Most resident memory of any worker in bytes, and how many ended."""

    def __init__(self, client: Any) -> None:
        self.pids: list[int] = list(client.run(os.getpid).values())
        self.most = self.ended = 0

    def look(self, ended: threading.Event) -> None:
        """Look until an event is set."""
        while not ended.wait(_BETWEEN_LOOKS):
            for pid in self.pids:
                with suppress(OSError):
                    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
                    self.most = max(self.most, pages * os.sysconf("SC_PAGE_SIZE"))
        self.ended = sum(not Path(f"/proc/{pid}").exists() for pid in self.pids)


@contextmanager
def _watched(client: Any) -> Iterator[_Watch]:
    watch, ended = _Watch(client), threading.Event()
    thread = threading.Thread(target=watch.look, args=(ended,))
    thread.start()
    try:
        yield watch
    finally:
        ended.set()
        thread.join()


def _kill(client: Any) -> None:
    os.kill(next(iter(client.run(os.getpid).values())), signal.SIGKILL)


def _is_same(one: Path, other: Path) -> bool:
    if one.is_file():
        return filecmp.cmp(one, other, shallow=False)
    names = sorted(path.name for path in one.iterdir())
    same, _, _ = filecmp.cmpfiles(one, other, names, shallow=False)
    return sorted(path.name for path in other.iterdir()) == names == sorted(same)


@contextmanager
def _folder(named: Path | None) -> Iterator[Path]:
    if named is not None:
        named.mkdir(parents=True, exist_ok=True)
        yield named.resolve()
        return
    data = Path(__file__).parent / "data"
    data.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=data) as folder:
        yield Path(folder)


def _make(folder: Path, count: int, images: int) -> None:
    """Make shards that are not there."""
    usual = Shape()
    annotations = usual.annotations * images // usual.images
    shapes = [Shape(images, annotations, seed=usual.seed + n, shard=n) for n in range(1, count + 1)]
    with ProcessPoolExecutor(2) as pool:
        made = pool.map(partial(make, folder=folder), shapes)
        list(tqdm(made, "making shards", total=count, disable=None))


if __name__ == "__main__":
    sys.exit(main())
