"""The terminal: streams, messages, progress bars, signals, exit codes."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING, NoReturn, TextIO

if TYPE_CHECKING:
    from tqdm import tqdm

    from cocosurgeon.annfile.source import Progress

INTERRUPTED = 130
REFUSED = 2


def prepare_streams() -> None:
    """Make standard streams writable, whatever the process was started with."""
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
def reporting_errors() -> Iterator[None]:
    """Print errors of ours in their own words, with their exit code and no traceback.

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


def print_text(text: str, stream: TextIO) -> None:
    """Print lines without the control characters that a file may have in its names.

    A stderr that nobody reads stops no work.
    """
    clean = "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)
    print_raw(clean, stream)


def print_raw(text: str, stream: TextIO) -> None:
    """Print lines as they are; see ``print_text``."""
    try:
        print(text, file=stream)
        stream.flush()
    except OSError:
        if stream is not sys.stderr:
            raise
        silence(stream)


def silence(stream: TextIO) -> None:
    """Discard what is still buffered for a stream."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@dataclass(frozen=True, kw_only=True)
class Console:
    """Messages of a command, on stderr.

    Attributes:
        quiet: print nothing but errors and results.
        as_json: print reports as JSON, and nothing else.
    """

    quiet: bool
    as_json: bool

    def info(self, *lines: str) -> None:
        """Print lines for people."""
        if not self.quiet and not self.as_json:
            for line in lines:
                print_text(f"cocosurgeon: {line}", sys.stderr)

    def block(self, lines: list[str]) -> None:
        """Print lines that are meant to be copied."""
        if lines and not self.quiet and not self.as_json:
            print_text("\n".join(lines), sys.stderr)

    def report(self, fields: Mapping[str, object], lines: list[str]) -> None:
        """Print a report: its fields as JSON, or its lines."""
        if self.as_json:
            print_json(fields, sys.stderr)
        else:
            self.info(*lines)

    @contextlib.contextmanager
    def bar(self, what: str) -> Iterator[tqdm[NoReturn] | None]:
        """Show a progress bar over bytes, for a terminal; None elsewhere."""
        if self.quiet or self.as_json or not sys.stderr.isatty():
            yield None
            return
        from tqdm import tqdm

        with tqdm(desc=what, unit="B", unit_scale=True, leave=False, delay=0.3) as bar:
            yield bar

    @contextlib.contextmanager
    def progress(self, what: str) -> Iterator[Progress | None]:
        """Show a progress bar that a source advances."""
        with self.bar(what) as bar:
            if bar is None:
                yield None
                return

            def advance(done: int, total: int) -> None:
                bar.total = total
                bar.update(done - bar.n)

            yield advance


def print_json(fields: Mapping[str, object], stream: TextIO) -> None:
    """Print a report as JSON."""
    import orjson

    print_raw(orjson.dumps(_in_utf8(fields), option=orjson.OPT_INDENT_2).decode(), stream)


def _in_utf8(value: object) -> object:
    """Return a value that UTF-8 can hold: names may have half a surrogate."""
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    if isinstance(value, Mapping):
        return {_in_utf8(k): _in_utf8(v) for k, v in value.items()}
    return [_in_utf8(v) for v in value] if isinstance(value, (list, tuple)) else value


def _leave(message: str, code: int) -> NoReturn:
    print_text(f"cocosurgeon: {message}", sys.stderr)
    raise SystemExit(code)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, lambda *_: None)  # the first one is being handled
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + number)
