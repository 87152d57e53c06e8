"""A second process that scans the latter half of a list while this one scans the first.

Where the half begins is a guess. It counts only when the first half ends there exactly; otherwise,
and when anything goes wrong, its work is thrown away and the scan simply goes on.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from contextlib import suppress

from cocosurgeon.annfile.listscan import ListScan, Part, ScanOptions, Seam
from cocosurgeon.annfile.source import Source

_SERVE = (
    "import sys; sys.path[:] = sys.argv[1:]; from cocosurgeon.annfile.second import serve; serve()"
)


class SecondScan:
    """The scan of a list from a place on, by a process of its own."""

    def __init__(
        self,
        source: Source,
        name: str,
        columns: tuple[str, ...],
        options: ScanOptions,
        start: int,
        seam: Seam,
    ) -> None:
        # The new interpreter finds modules where this one does, whatever the current folder is.
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", _SERVE, *map(str, filter(None, sys.path))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=[source.descriptor],
        )
        task = (source.descriptor, source.name, name, columns, options, start, seam)
        assert self._process.stdin
        with suppress(BrokenPipeError), self._process.stdin as pipe:
            pickle.dump(task, pipe)

    def part(self) -> Part | None:
        """What it found; None when it failed."""
        assert self._process.stdout
        with suppress(EOFError, pickle.UnpicklingError):
            part: Part = pickle.load(self._process.stdout)
            return part
        return None

    def end(self) -> None:
        """Make sure that nothing of it is left."""
        self._process.kill()
        assert self._process.stdout
        self._process.stdout.close()
        self._process.wait()


def serve() -> None:
    """The process: read a task from standard input, write the part to standard output."""
    descriptor, path, name, columns, options, start, seam = pickle.load(sys.stdin.buffer)
    with os.fdopen(descriptor, "rb") as file:
        source = Source(file, path, None)
    part = ListScan(source, name, columns, options).records(start, seam)
    pickle.dump(part, sys.stdout.buffer, protocol=pickle.HIGHEST_PROTOCOL)
    sys.stdout.flush()


def can_share() -> bool:
    """Whether there are two processors, and a Python to start (a frozen program is none)."""
    if not sys.executable or getattr(sys, "frozen", False):
        return False
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) > 1
    return (os.cpu_count() or 1) > 1
