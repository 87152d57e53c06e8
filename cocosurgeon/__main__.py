"""The entry point of the command line."""

from __future__ import annotations

import io
import sys

from cocosurgeon.cli.ending import interruptible


def main() -> None:
    """Run ``cocosurgeon``."""
    with interruptible():
        from cocosurgeon.cli.app import app

        # What a file says may hold characters that no terminal shows.
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")

        app(prog_name="cocosurgeon")


if __name__ == "__main__":
    main()
