"""The entry point of the command line."""

from __future__ import annotations

from cocosurgeon.cli.console import interruptible, prepare_streams


def main() -> None:
    """Run ``cocosurgeon``."""
    prepare_streams()
    with interruptible():
        from cocosurgeon.cli.app import app

        app(prog_name="cocosurgeon")


if __name__ == "__main__":
    main()
