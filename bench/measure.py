"""Whole processes: how long they take, and how much private memory they hold."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

CORES = 2
MIB = 1 << 20

_SECONDS_BETWEEN_LOOKS = 0.01
_RSS_ANON = re.compile(r"^RssAnon:\s+(\d+) kB$", re.MULTILINE)
_IMPORTED = re.compile(r"^import time:.*\| +(\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Run:
    """One process.

    Attributes:
        seconds: from its start to its end.
        cpu: seconds that processors worked for it and for its children.
        private: the most private memory that it was seen to hold, in bytes; 0 where the system does
            not report it.
    """

    seconds: float
    cpu: float
    private: int


@dataclass(frozen=True)
class Runs:
    """Runs of the same command."""

    runs: tuple[Run, ...]

    @property
    def seconds(self) -> float:
        """Median wall time."""
        return median(r.seconds for r in self.runs)

    @property
    def cpu(self) -> float:
        """Median of the processors' seconds."""
        return median(r.cpu for r in self.runs)

    @property
    def fastest(self) -> float:
        """Shortest wall time."""
        return min(r.seconds for r in self.runs)

    @property
    def slowest(self) -> float:
        """Longest wall time."""
        return max(r.seconds for r in self.runs)

    @property
    def private(self) -> int:
        """Most private memory of any run, in bytes."""
        return max(r.private for r in self.runs)


def pin() -> None:
    """Keep this process, and all that it starts, on the same two cores (where that can be)."""
    if sys.platform == "linux":
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])


def memory_available() -> int:
    """Memory that a new process can have, in bytes; without end where that is not known."""
    with suppress(OSError):
        found = re.search(r"MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text())
        if found:
            return int(found[1]) * 1024
    return sys.maxsize


def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Run:
    """Run a command to its end.

    Args:
        environment: variables in addition to those of this process.

    Raises:
        subprocess.CalledProcessError: it failed; carries what it printed.
    """
    started = time.perf_counter()
    with subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environment or {})},
    ) as process:
        assert process.stderr
        looks: list[int] = []
        ended = threading.Event()
        watch = threading.Thread(target=_watch, args=(process.pid, looks, ended))
        watch.start()
        try:
            printed = process.stderr.read()
            _, status, used = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - started
            process.returncode = os.waitstatus_to_exitcode(status)
        finally:
            ended.set()
            watch.join()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, stderr=printed)
    return Run(seconds, used.ru_utime + used.ru_stime, max(looks, default=0))


def imported(command: Sequence[str]) -> frozenset[str]:
    """The top-level modules that a command of this Python loads."""
    python, *rest = command
    done = subprocess.run(
        [python, "-X", "importtime", *rest], capture_output=True, text=True, check=True
    )
    return frozenset(name.partition(".")[0] for name in _IMPORTED.findall(done.stderr))


def _watch(pid: int, looks: list[int], ended: threading.Event) -> None:
    while not ended.is_set():
        looks.append(_private(pid))
        ended.wait(_SECONDS_BETWEEN_LOOKS)


def _private(pid: int) -> int:
    """Private memory of a process and of its children in bytes; 0 when it is gone."""
    folder = Path("/proc", str(pid))
    try:
        own = _RSS_ANON.search((folder / "status").read_text())
        children = [
            int(child)
            for task in (folder / "task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    except OSError:
        return 0
    return (int(own[1]) * 1024 if own else 0) + sum(map(_private, children))
