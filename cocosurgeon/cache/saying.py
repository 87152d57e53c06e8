"""What is said on stderr while a config is read."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable

Tell = Callable[[str], None]
"""Says a line."""


def tell(line: str) -> None:
    """Say a line on stderr, without control characters; that nobody can hear it stops no work."""
    shown = "".join(c if c.isprintable() else repr(c)[1:-1] for c in line)
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(f"cocosurgeon: {shown}\n")
        sys.stderr.flush()
