"""A snippet, and what is to be known beside it."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from cocosurgeon.cli.ending import put
from cocosurgeon.cli.voice import Voice
from cocosurgeon.snippet import require_framework, snippet_for, subject_of


def show(
    subset: str, framework: str, splits: Sequence[str], img_prefix: str | None, *, quiet: bool
) -> None:
    """Print a snippet to stdout; what no line of it can say, to stderr."""
    require_framework(framework)
    voice = Voice(quiet=quiet, as_json=False)
    with voice.progress("reading") as progress:
        subject = subject_of(subset, img_prefix, splits, progress)
    found = snippet_for(framework, subject)
    put("\n".join(found.lines), sys.stdout)
    voice.tell(*subject.notes, *found.notes)
