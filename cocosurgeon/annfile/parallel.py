"""Long lists, scanned in parts by several processors.

The start of a part is a guess. It counts only if the part before ends there exactly; otherwise, and
after any error, the part is discarded and scanned again. Threads scan the parts with the kernel,
which releases the interpreter's lock; without the kernel, a second process does.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import zip_longest
from threading import Event, Thread
from typing import Protocol

from cocosurgeon.annfile.listscan import ListScan, ScannedPart, ScanOptions, Separator
from cocosurgeon.annfile.source import Source
from cocosurgeon.errors import CocosurgeonError
from cocosurgeon.progress import Progress

_SERVE = (
    "import sys; sys.path[:] = sys.argv[1:]\n"
    "from cocosurgeon.annfile.parallel import serve; serve()"
)

# A second process has to start first, so its share is the smaller one.
_SHARE_OF_THE_FIRST = 0.54


_is_only_one: ContextVar[bool] = ContextVar("is_only_one", default=False)


class Helper(Protocol):
    """A thread or process that scans one part of a list.

    Attributes:
        start: the guessed start of the part.
    """

    start: int

    def done(self) -> int:
        """Return the number of scanned bytes; 0 if unknown."""

    def part(self) -> ScannedPart | None:
        """Wait for the helper and return its part; None if it failed."""

    def end(self) -> None:
        """Stop the helper and wait for its end."""


def scan_list(
    source: Source,
    name: str,
    columns: tuple[str, ...],
    at: int,
    options: ScanOptions,
    progress: Progress | None = None,
) -> list[ScannedPart]:
    """Scan the records of a list, and return consecutive parts, of which the last one is closed.

    Args:
        name: the list's key, for messages.
        columns: names of the columns to read in the same pass.
        at: offset of the first record.

    Raises:
        StructureError: an element is no object.
        EncodingError, JSONSyntaxError: the text is broken; the message has the place.
    """
    task = _Task(source, name, columns, options)
    separator = None
    helpers: list[Helper] = []
    if source.size - at >= options.parallel_from and processors() > 1:
        separator = task.scan().first_separator(at)
        if separator is not None:
            helpers = task.helpers(at, separator)

    def went_on(now: int, size: int) -> None:
        if progress:
            progress(now + sum(helper.done() for helper in helpers), size)

    scan = task.scan(went_on if progress else None)
    try:
        parts = [scan.records(at, separator, until=helpers[0].start if helpers else None)]
        for helper in helpers:
            if parts[-1].closed or parts[-1].after != helper.start:
                break
            part = helper.part()
            if part is None:
                break
            parts.append(part)
    finally:
        for helper in helpers:
            helper.end()
    if not parts[-1].closed:
        row = sum(part.blocks.count for part in parts)
        parts.append(task.scan(progress).records(parts[-1].after, separator, row=row))
    return parts


@dataclass(frozen=True)
class _Task:
    source: Source
    name: str
    columns: tuple[str, ...]
    options: ScanOptions

    def scan(self, progress: Progress | None = None) -> ListScan:
        return ListScan(self.source, self.name, self.columns, self.options, progress)

    def helpers(self, at: int, separator: Separator) -> list[Helper]:
        """Start a helper for each part except the first one."""
        share = self.source.size - at
        if not self.options.kernel:
            if not sys.executable or getattr(sys, "frozen", False):
                return []  # there is no interpreter to start
            start = self.scan().next_start(at + int(share * _SHARE_OF_THE_FIRST), separator)
            try:
                return [_Process(self, start, separator)] if start is not None else []
            except OSError:  # the system starts no further process
                return []
        # A part has at least the size from which a list is shared.
        parts = min(processors(), share // max(self.options.parallel_from, 1) + 1)
        guesses = (at + share * part // parts for part in range(1, parts))
        found = (self.scan().next_start(guess, separator) for guess in guesses)
        starts = sorted({start for start in found if start is not None})
        helpers: list[Helper] = []
        with suppress(RuntimeError):  # the system starts no further thread
            for start, until in zip_longest(starts, starts[1:]):
                helpers.append(_Thread(self, start, separator, until))
        return helpers


class _EndedError(Exception):
    """Raised in a helper whose part is no longer needed."""


class _Thread:
    def __init__(self, task: _Task, start: int, separator: Separator, until: int | None) -> None:
        self.start = start
        self._at = start
        self._ended = Event()
        self._part: ScannedPart | None = None

        def run() -> None:
            # An error may come from a wrong guess. The scan in order reports it if it is real.
            with suppress(_EndedError, CocosurgeonError):
                self._part = task.scan(self._went_on).records(start, separator, until)

        self._thread = Thread(target=run, daemon=True)
        self._thread.start()

    def _went_on(self, at: int, _size: int) -> None:
        if self._ended.is_set():
            raise _EndedError
        self._at = at

    def done(self) -> int:
        return self._at - self.start

    def part(self) -> ScannedPart | None:
        self._thread.join()
        return self._part

    def end(self) -> None:
        self._ended.set()
        self._thread.join()


class _Process:
    def __init__(self, task: _Task, start: int, separator: Separator) -> None:
        self.start = start
        # The new interpreter must find modules in the same places, not in the current folder.
        with task.source.opened() as descriptor:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-c", _SERVE, *map(str, filter(None, sys.path))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                pass_fds=[descriptor],
            )
        source = (descriptor, task.source.name)
        assert self._process.stdin
        with suppress(BrokenPipeError), self._process.stdin as pipe:
            pickle.dump((source, task.name, task.columns, task.options, start, separator), pipe)

    def done(self) -> int:
        return 0

    def part(self) -> ScannedPart | None:
        assert self._process.stdout
        with suppress(EOFError, pickle.UnpicklingError):
            part: ScannedPart = pickle.load(self._process.stdout)
            return part
        return None

    def end(self) -> None:
        self._process.kill()
        assert self._process.stdout
        self._process.stdout.close()
        self._process.wait()


def serve() -> None:
    """Read a task from standard input and write its part to standard output: the second process."""
    (descriptor, path), name, columns, options, start, separator = pickle.load(sys.stdin.buffer)
    with os.fdopen(descriptor, "rb") as file:
        source = Source(file, path, None)
    part = ListScan(source, name, columns, options).records(start, separator)
    pickle.dump(part, sys.stdout.buffer, protocol=pickle.HIGHEST_PROTOCOL)
    sys.stdout.flush()


@contextmanager
def one_processor() -> Iterator[None]:
    """Use one processor in this block: others have work of their own."""
    token = _is_only_one.set(True)
    try:
        yield
    finally:
        _is_only_one.reset(token)


def processors() -> int:
    """Return the number of processors that this process may use."""
    if _is_only_one.get():
        return 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
