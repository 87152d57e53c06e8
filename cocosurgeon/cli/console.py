"""The terminal: streams, messages, progress bars, signals, exit codes."""

from __future__ import annotations

import contextlib
import io
import math
import os
import re
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING, NoReturn, TextIO

if TYPE_CHECKING:
    from tqdm import tqdm

    from cocosurgeon.progress import Progress

INTERRUPTED = 130
REFUSED = 2

_COLUMNS = 80
_ROWS = 24
_STYLES = {"error": "1;31", "warning": "1;33", "note": "36", "path": "1"}
_MORE = re.compile(r"^((?:cocosurgeon: )? *(?:\.\.\.|and) [\d,]+ (?:\w+ )?more)$", re.MULTILINE)
_LABEL = re.compile(r"^(cocosurgeon: )?(error|warning|note): ", re.MULTILINE)
_WHERE = re.compile(r"(?<=^  in: ).*$", re.MULTILINE)


class StdoutError(OSError):
    """Standard output cannot be written."""


def prepare_streams() -> None:
    """Make standard streams writable, even if they are closed or not UTF-8."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) < 3:
        pass  # fill the numbers of closed streams, so that no file opened later gets one
    os.close(descriptor)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115, PTH123 - for good
    # Names in a file may have characters that cannot be encoded.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """End the command in good order on Ctrl-C, termination and hang-up."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup ignores SIGHUP
            signal.signal(number, _interrupt)
    try:
        try:
            yield
        finally:
            _flush()
    except KeyboardInterrupt:
        _leave("interrupted", INTERRUPTED)
    except BrokenPipeError:
        silence(sys.stdout)
    except OSError as error:
        _leave(_words_of(error), REFUSED)


@contextlib.contextmanager
def reporting_errors() -> Iterator[None]:
    """Print errors of this package without a traceback, and end with their exit code.

    If the reader closes the pipe early, the exit code is 0.
    """
    from cocosurgeon.errors import CocosurgeonError

    try:
        yield
        _flush()
    except CocosurgeonError as error:
        _leave(f"error: {error.for_terminal()}", error.exit_code, error.fields())
    except KeyboardInterrupt:
        _leave("interrupted", INTERRUPTED)
    except MemoryError:
        _leave("error: not enough memory", REFUSED)
    except BrokenPipeError:
        silence(sys.stdout)
        raise SystemExit(0) from None
    except OSError as error:
        _leave(_words_of(error), REFUSED)


@contextlib.contextmanager
def reporting_usage() -> Iterator[None]:
    """Print errors in a command line, as click does; with ``--json`` as JSON."""
    try:
        yield
    except Exception as error:
        # typer may have its own copy of click: recognize errors by their method
        show = getattr(error, "show", None)
        if show is None:
            raise
        if not _is_json_wanted():
            show()
            raise SystemExit(getattr(error, "exit_code", REFUSED)) from None
        _leave(f"error: {error.format_message()}", REFUSED)  # type: ignore[attr-defined]


def print_text(text: str, stream: TextIO) -> None:
    """Print lines without control characters, which names in a file may have.

    A line about more items names the option that prints them.

    A closed stderr is ignored.
    """
    clean = "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)
    clean = _MORE.sub(r"\1 (--json)", clean)
    if stream.isatty():
        clean = _LABEL.sub(lambda m: f"{m[1] or ''}{_styled(m[2], m[2], stream)}: ", clean)
        clean = _WHERE.sub(lambda m: _styled(m[0], "path", stream), clean)
    print_raw(clean, stream)


def print_raw(text: str, stream: TextIO) -> None:
    """Print lines unchanged; see ``print_text``."""
    try:
        print(text, file=stream)
        stream.flush()
    except BrokenPipeError:
        if stream is not sys.stderr:
            raise
        silence(stream)
    except OSError as error:
        if stream is not sys.stderr:
            raise StdoutError(error.errno, error.strerror) from error
        silence(stream)


def silence(stream: TextIO) -> None:
    """Discard the buffer of a stream."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@dataclass(frozen=True, kw_only=True)
class Console:
    """Output of a command: results to stdout, everything else to stderr.

    Attributes:
        quiet: True to print no summary and no progress, only warnings and results.
        as_json: True to print one JSON document to stdout, and nothing else.
    """

    quiet: bool
    as_json: bool

    @property
    def width(self) -> int | None:
        """Characters of a line of stdout; None if it is no terminal."""
        return _columns(sys.stdout) if sys.stdout.isatty() else None

    def confirm(self, question: str) -> None:
        """Ask a question; end the command unless the answer is yes.

        Raises:
            RequestError: there is no terminal to ask on.
        """
        from cocosurgeon.errors import RequestError

        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise RequestError(f"{question} There is no terminal to ask on", hint="add --yes")
        print_text(f"cocosurgeon: {question} [y/N] ", sys.stderr)
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            _leave("nothing was removed", REFUSED)

    def info(self, *lines: str) -> None:
        """Print lines to stderr, unless quiet."""
        if not self.quiet and not self.as_json:
            for line in lines:
                print_text(f"cocosurgeon: {line}", sys.stderr)

    def block(self, lines: list[str]) -> None:
        """Print lines that a user may copy."""
        if lines and not self.quiet and not self.as_json:
            print_text("\n".join(lines), sys.stderr)

    def warn(self, *lines: str) -> None:
        """Print warnings about lost data, or about differences from the request."""
        for line in lines:
            print_text(f"cocosurgeon: warning: {line}", sys.stderr)

    def report(self, fields: Mapping[str, object], lines: Sequence[str]) -> None:
        """Print the report of a verb to stdout: as JSON, or as lines."""
        if self.as_json:
            print_json(fields, sys.stdout)
        else:
            print_text("\n".join(lines), sys.stdout)

    def summary(self, fields: Mapping[str, object], lines: Sequence[str]) -> None:
        """Print the summary of a verb: as JSON to stdout, or as lines to stderr."""
        if self.as_json:
            print_json(fields, sys.stdout)
        else:
            self.info(*lines)

    def written(
        self, path: str | os.PathLike[str] | Sequence[str], fields: Mapping[str, object]
    ) -> None:
        """Print the path of a written file to stdout, or with ``--json`` all fields.

        The file exists, so that a closed stdout is a warning, not an error.

        Args:
            path: path of the file; a list of paths is printed one a line.
            fields: JSON values of the result.
        """
        is_one = isinstance(path, (str, os.PathLike))
        names = [os.fsdecode(path)] if isinstance(path, (str, os.PathLike)) else list(path)
        try:
            if self.as_json:
                print_json({"output": names[0] if is_one else names, **fields}, sys.stdout)
            else:
                sys.stdout.buffer.write(b"".join(os.fsencode(name) + b"\n" for name in names))
                sys.stdout.flush()
        except OSError as error:
            silence(sys.stdout)
            if not isinstance(error, BrokenPipeError):
                self.warn(f"{names[0]} is written, but standard output cannot be: {error.strerror}")

    @contextlib.contextmanager
    def bar(self, what: str) -> Iterator[tqdm[NoReturn] | None]:
        """Show a progress bar over bytes on a terminal; yield None elsewhere."""
        if self.quiet or self.as_json or not sys.stderr.isatty():
            yield None
            return
        from tqdm import tqdm

        # tqdm prints nothing on a terminal that reports 0 columns or rows
        size = {"ncols": _columns(sys.stderr), "nrows": _ROWS}
        with tqdm(desc=what, unit="B", unit_scale=True, leave=False, delay=0.3, **size) as bar:
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


def _columns(stream: TextIO) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns or _COLUMNS
    except OSError:
        return _COLUMNS


def _styled(text: str, style: str, stream: TextIO) -> str:
    """Return a text in a color, if the terminal shows colors and they are not disabled."""
    plain = "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb" or not stream.isatty()
    return text if plain else f"\033[{_STYLES[style]}m{text}\033[0m"


def print_json(fields: Mapping[str, object], stream: TextIO) -> None:
    """Print a report as JSON."""
    import json

    text = json.dumps(_for_json(fields), indent=2, ensure_ascii=False, default=str)
    print_raw(text, stream)


def _for_json(value: object) -> object:
    """Return a value without lone surrogates (as in names) and NaN (as in boxes), for JSON."""
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    if isinstance(value, Mapping):
        return {str(_for_json(k)): _for_json(v) for k, v in value.items()}
    return [_for_json(v) for v in value] if isinstance(value, (list, tuple)) else value


def _flush() -> None:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise StdoutError(error.errno, error.strerror) from error


def _words_of(error: OSError) -> str:
    """Return the system's message, and its file."""
    if isinstance(error, StdoutError):
        silence(sys.stdout)
        return f"error: cannot write to standard output: {error.strerror}"
    where = f"\n  in: {os.fsdecode(error.filename)}" if error.filename else ""
    return f"error: {error.strerror or error}{where}"


def _is_json_wanted() -> bool:
    """Return True if the command line has ``--json``, even if it cannot be parsed."""
    return "--json" in sys.argv[1:]


def _leave(message: str, code: int, fields: Mapping[str, object] | None = None) -> NoReturn:
    """Print a message, or its fields as JSON, and exit."""
    if _is_json_wanted():
        usual = {"kind": "error", "what": message.removeprefix("error: "), "exit_code": code}
        print_json({"error": fields or usual}, sys.stderr)
    else:
        print_text(f"cocosurgeon: {message}", sys.stderr)
    raise SystemExit(code)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, lambda *_: None)  # the first one is being handled
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + number)
