"""One process at a time.

The lock file goes with the lock: who has held it removes it. Who waited for a file that is gone
holds nothing, and tries again (the library sees to that): so what is in the folder may be removed
by who holds the lock, and no lock is left but those of killed processes.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from cocosurgeon.cache.saying import Tell
from cocosurgeon.errors import OutputError

_FIRST_WORD = 5.0
_FURTHER_WORDS = 60.0


@contextlib.contextmanager
def alone(lock: Path, timeout: float, tell: Tell) -> Iterator[None]:
    """Hold a lock for a block; the system takes it from a process that ends, however it ends.

    Where locks do not work, that is said, and the block runs all the same: what it places appears
    whole, and if several processes run it, each places the same.

    Args:
        timeout: seconds to wait for it.

    Raises:
        OutputError: another process held it all the time.
    """
    held = FileLock(str(lock), fallback_to_soft=False)
    try:
        _acquire(held, lock, timeout, tell)
    except (OSError, NotImplementedError) as error:
        tell(f"no lock to be had ({error}): other processes may do the same work")
    with _let_go(held, lock):
        yield


@contextlib.contextmanager
def alone_now(lock: Path) -> Iterator[bool]:
    """Hold a lock for a block; False where another process holds it."""
    held = FileLock(str(lock), fallback_to_soft=False)
    try:
        held.acquire(timeout=0)
        is_free = True
    except Timeout:
        is_free = False
    except (OSError, NotImplementedError):
        is_free = True
    with _let_go(held, lock):
        yield is_free


@contextlib.contextmanager
def _let_go(held: FileLock, lock: Path) -> Iterator[None]:
    try:
        yield
    finally:
        if held.is_locked:
            with contextlib.suppress(OSError):
                lock.unlink()
        held.release()


def _acquire(held: FileLock, lock: Path, timeout: float, tell: Tell) -> None:
    started = time.monotonic()
    word = _FIRST_WORD
    while True:
        waited = time.monotonic() - started
        try:
            held.acquire(timeout=max(min(word, timeout) - waited, 0))
            return
        except Timeout:
            waited = time.monotonic() - started
            if waited >= timeout:
                raise OutputError(
                    f"another process has been building this subset for {timeout:g} s",
                    where=str(lock),
                    hint="wait for it, or find and end it (lsof on that file names it); a longer "
                    "time is given with timeout=SECONDS",
                ) from None
            if waited >= word:
                tell(
                    f"waiting for another process, which builds this subset ({waited:.0f} s by "
                    f"now, {timeout:g} s at most): {lock}"
                )
                word += _FURTHER_WORDS
