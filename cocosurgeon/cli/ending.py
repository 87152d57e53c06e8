"""How a command ends: what it says, its exit code, and nothing half done."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn, TextIO

INTERRUPTED = 130
REFUSED = 2


def prepare_streams() -> None:
    """Make standard streams that can be written to, whatever they were handed as."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) < 3:
        pass  # a closed stream is nowhere; no file that is opened later may take its number
    os.close(descriptor)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115, PTH123 - for good
    # What a file says may hold characters that no terminal shows.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C, a termination and a hang-up end the command in good order, once."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup sets it
            signal.signal(number, _interrupt)
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt:
        _leave("interrupted", INTERRUPTED)
    except BrokenPipeError:
        silence(sys.stdout)
    except OSError as error:
        silence(sys.stdout)
        _leave(f"error: cannot write to standard output: {error.strerror}", REFUSED)


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
        _leave("error: not enough memory", REFUSED)
    except BrokenPipeError:
        silence(sys.stdout)
        raise SystemExit(0) from None
    except OSError as error:
        silence(sys.stdout)
        _leave(f"error: cannot write to standard output: {error.strerror}", REFUSED)


def say(text: str, stream: TextIO) -> None:
    """Print lines; what a file says reaches the terminal without control characters.

    That nobody can hear what is said on stderr stops no work.
    """
    put("".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text), stream)


def put(text: str, stream: TextIO) -> None:
    """Print lines as they are; see ``say``."""
    try:
        print(text, file=stream)
        stream.flush()
    except OSError:
        if stream is not sys.stderr:
            raise
        silence(stream)


def silence(stream: TextIO) -> None:
    """Let what is still buffered for a stream go nowhere, quietly."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _leave(message: str, code: int) -> NoReturn:
    say(f"cocosurgeon: {message}", sys.stderr)
    raise SystemExit(code)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, lambda *_: None)  # the first one is being seen to
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + number)
