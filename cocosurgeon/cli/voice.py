"""What a command says while and after it works: lines, JSON, progress bars; all on stderr, but for
what was asked for on stdout."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, TextIO

from cocosurgeon.annfile.source import Progress
from cocosurgeon.cli.ending import put, say

if TYPE_CHECKING:
    from tqdm import tqdm


@dataclass(frozen=True, kw_only=True)
class Voice:
    """How much a command says.

    Attributes:
        quiet: nothing but errors and what was asked for.
        as_json: reports as JSON, and nothing else.
    """

    quiet: bool
    as_json: bool

    def tell(self, *lines: str) -> None:
        """Say lines to people."""
        if not self.quiet and not self.as_json:
            for line in lines:
                say(f"cocosurgeon: {line}", sys.stderr)

    def show(self, lines: list[str]) -> None:
        """Show lines that are meant to be copied."""
        if lines and not self.quiet and not self.as_json:
            say("\n".join(lines), sys.stderr)

    def report(self, fields: Mapping[str, object], lines: list[str]) -> None:
        """Give a report: to machines the fields, to people the lines."""
        if self.as_json:
            print_json(fields, sys.stderr)
        else:
            self.tell(*lines)

    @contextlib.contextmanager
    def bar(self, what: str) -> Iterator[tqdm[NoReturn] | None]:
        """A progress bar over bytes, for a terminal; None where nobody looks."""
        if self.quiet or self.as_json or not sys.stderr.isatty():
            yield None
            return
        from tqdm import tqdm

        with tqdm(desc=what, unit="B", unit_scale=True, leave=False, delay=0.3) as bar:
            yield bar

    @contextlib.contextmanager
    def progress(self, what: str) -> Iterator[Progress | None]:
        """A progress bar, as a source tells its progress."""
        with self.bar(what) as bar:
            if bar is None:
                yield None
                return

            def advance(done: int, total: int) -> None:
                bar.total = total
                bar.update(done - bar.n)

            yield advance


def print_json(fields: Mapping[str, object], stream: TextIO) -> None:
    """Print a report for machines."""
    import orjson

    put(orjson.dumps(_in_utf8(fields), option=orjson.OPT_INDENT_2).decode(), stream)


def _in_utf8(value: object) -> object:
    """A value with nothing in it that UTF-8 cannot hold: names may have half a surrogate."""
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    if isinstance(value, Mapping):
        return {_in_utf8(k): _in_utf8(v) for k, v in value.items()}
    return [_in_utf8(v) for v in value] if isinstance(value, (list, tuple)) else value
