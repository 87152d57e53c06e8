"""Progress of long work.

Nothing is shown unless the caller sets a function that shows it, as the command line does on a
terminal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar

Progress = Callable[[int, int], None]
"""Takes the amount that is done and the whole amount, in any unit."""

ShowProgress = Callable[[str], AbstractContextManager["Progress | None"]]
"""Shows the progress of a part of the work, by its name."""


def _show_nothing(_name: str) -> AbstractContextManager[None]:
    return nullcontext()


_show: ContextVar[ShowProgress] = ContextVar("show", default=_show_nothing)


@contextmanager
def shown_by(show: ShowProgress) -> Iterator[None]:
    """Show the progress of what is done in this block."""
    token = _show.set(show)
    try:
        yield
    finally:
        _show.reset(token)


def progress_of(name: str) -> AbstractContextManager[Progress | None]:
    """Return the progress of a part of the work; None where it is not shown."""
    return _show.get()(name)
