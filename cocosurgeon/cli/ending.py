"""How a command ends: what it says, its exit code, and nothing half done."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn, TextIO

INTERRUPTED = 130


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C, a termination and a hang-up end the command in good order."""
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, _terminate)
    try:
        yield
    except KeyboardInterrupt:
        _leave("interrupted", INTERRUPTED)


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Tell an error of ours in its own words, with its exit code, and no traceback.

    A reader that closes the pipe early has what it wanted: that is success.
    """
    from cocosurgeon.errors import CocosurgeonError

    try:
        yield
        sys.stdout.flush()
    except CocosurgeonError as error:
        _leave(f"error: {error}", error.exit_code)
    except KeyboardInterrupt:
        _leave("interrupted", INTERRUPTED)
    except MemoryError:
        _leave("error: not enough memory", 2)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None


def say(text: str, stream: TextIO) -> None:
    """Print lines; what a file says reaches the terminal without control characters."""
    visible = (c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)
    print("".join(visible), file=stream)


def _leave(message: str, code: int) -> NoReturn:
    with contextlib.suppress(OSError):
        say(f"cocosurgeon: {message}", sys.stderr)
    raise SystemExit(code)


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)
