"""Ctrl-C and termination, while workers of Dask are started, run and stopped on this machine."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def interrupts_later() -> Iterator[None]:
    """Let Ctrl-C and termination wait until a block ends: Dask cannot start or stop by halves."""
    came: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    own = {n: h for n in numbers if (h := signal.getsignal(n)) is not signal.SIG_IGN}
    for number in own:
        signal.signal(number, lambda number, _: came.append(number))
    try:
        yield
    finally:
        for number, handler in own.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])


@contextmanager
def loop_without_interrupts() -> Iterator[Any]:
    """Give a loop whose thread, and the processes that it starts, do not receive Ctrl-C.

    A terminal sends it to all processes. This one ends the others; their tracebacks say nothing.
    """
    from multiprocessing.resource_tracker import ensure_running

    from distributed.utils import LoopRunner

    ensure_running()  # it would let signals through again where it is started
    runner = LoopRunner()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        runner.start()
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    try:
        yield runner.loop
    finally:
        runner.stop()
