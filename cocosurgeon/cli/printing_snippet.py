"""A snippet, and what is to be known beside it."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from cocosurgeon.cli.console import Console, print_raw
from cocosurgeon.snippet import require_framework, snippet_for, subject_of


def show(
    subset: str, framework: str, splits: Sequence[str], img_prefix: str | None, *, quiet: bool
) -> None:
    """Print a snippet to stdout; what no line of it can print_text, to stderr."""
    require_framework(framework)
    console = Console(quiet=quiet, as_json=False)
    with console.progress("reading") as progress:
        subject = subject_of(subset, img_prefix, splits, progress)
    found = snippet_for(framework, subject)
    print_raw("\n".join(found.lines), sys.stdout)
    console.info(*subject.notes, *found.notes)
