"""A file lock that one process holds.

The process that holds the lock removes its file. A process that waited for a removed file has no
lock and tries again (filelock does this). So the holder may remove everything that the lock
protects, and only a killed process leaves a lock file.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from cocosurgeon.errors import OutputError

_MESSAGE_AFTER = 5.0
"""Seconds of waiting before a message."""


@contextlib.contextmanager
def hold(path: Path, timeout: float, print_line: Callable[[str], None]) -> Iterator[None]:
    """Hold a lock for a block; the system releases it when the process ends, even if killed.

    Without locks, a message is printed and the block runs anyway: its files appear whole, and
    processes that run it at once write the same files.

    Args:
        timeout: seconds to wait for the lock.
        print_line: prints a message.

    Raises:
        OutputError: another process held the lock all the time.
    """
    lock = FileLock(str(path), fallback_to_soft=False)
    try:
        _acquire(lock, path, timeout, print_line)
    except (OSError, NotImplementedError) as error:
        print_line(f"locks do not work here ({error}): other processes may do the same work")
    with _releasing(lock, path):
        yield


@contextlib.contextmanager
def try_hold(path: Path) -> Iterator[bool]:
    """Hold a lock for a block without waiting; yield False if another process holds it."""
    lock = FileLock(str(path), fallback_to_soft=False)
    is_free = True
    try:
        lock.acquire(timeout=0)
    except Timeout:
        is_free = False
    except (OSError, NotImplementedError):
        pass  # a file system without locks
    with _releasing(lock, path):
        yield is_free


@contextlib.contextmanager
def _releasing(lock: FileLock, path: Path) -> Iterator[None]:
    try:
        yield
    finally:
        if lock.is_locked:
            with contextlib.suppress(OSError):
                path.unlink()
        lock.release()


def _acquire(lock: FileLock, path: Path, timeout: float, print_line: Callable[[str], None]) -> None:
    silent = min(_MESSAGE_AFTER, timeout)
    try:
        lock.acquire(timeout=silent)
    except Timeout:
        if timeout > silent:
            print_line(
                f"waiting for another process, which builds this subset ({timeout:g} s at most): "
                f"{path}"
            )
        try:
            lock.acquire(timeout=timeout - silent)
        except Timeout:
            raise OutputError(
                f"another process has been building this subset for {timeout:g} s",
                where=str(path),
                hint="wait for it, end it (lsof on that file names it), or set a longer "
                "timeout=SECONDS",
            ) from None
