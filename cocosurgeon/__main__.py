"""The entry point of the command line."""

from __future__ import annotations

import sys

from cocosurgeon.cli.console import interruptible, prepare_streams, reporting_usage


def main() -> None:
    """Run ``cocosurgeon``."""
    prepare_streams()
    with interruptible():
        from cocosurgeon.cli.app import app

        with reporting_usage():
            sys.exit(app(prog_name="cocosurgeon", standalone_mode=False))


if __name__ == "__main__":
    main()
