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

from cocosurgeon.annfile.listscan import ListScan, ScannedPart, ScanOptions, Separator
from cocosurgeon.annfile.source import Source

_SERVE = (
    "import sys; sys.path[:] = sys.argv[1:]\n"
    "from cocosurgeon.annfile.parallel import serve; serve()"
)


class ParallelScan:
    """Scan of a list from a place on, by a process of its own."""

    def __init__(
        self,
        source: Source,
        name: str,
        columns: tuple[str, ...],
        options: ScanOptions,
        start: int,
        separator: Separator,
    ) -> None:
        # The new interpreter finds modules where this one does, whatever the current folder is.
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", _SERVE, *map(str, filter(None, sys.path))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=[source.descriptor],
        )
        task = (source.descriptor, source.name, name, columns, options, start, separator)
        assert self._process.stdin
        with suppress(BrokenPipeError), self._process.stdin as pipe:
            pickle.dump(task, pipe)

    def part(self) -> ScannedPart | None:
        """Return what it found; None when it failed."""
        assert self._process.stdout
        with suppress(EOFError, pickle.UnpicklingError):
            part: ScannedPart = pickle.load(self._process.stdout)
            return part
        return None

    def end(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        assert self._process.stdout
        self._process.stdout.close()
        self._process.wait()


def serve() -> None:
    """Read a task from standard input, write the part to standard output: the second process."""
    descriptor, path, name, columns, options, start, separator = pickle.load(sys.stdin.buffer)
    with os.fdopen(descriptor, "rb") as file:
        source = Source(file, path, None)
    part = ListScan(source, name, columns, options).records(start, separator)
    pickle.dump(part, sys.stdout.buffer, protocol=pickle.HIGHEST_PROTOCOL)
    sys.stdout.flush()


def has_second_processor() -> bool:
    """Return whether there is a second processor, and a Python to start on it.

    A frozen program is none.
    """
    if not sys.executable or getattr(sys, "frozen", False):
        return False
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) > 1
    return (os.cpu_count() or 1) > 1
