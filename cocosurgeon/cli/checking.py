"""Two files' categories, compared."""

from __future__ import annotations

import sys
from dataclasses import asdict

import typer

from cocosurgeon.categories.check import check_categories
from cocosurgeon.cli.console import Console, print_json, print_text
from cocosurgeon.dataset.io import read
from cocosurgeon.errors import RequestError

DIFFERENT = 1


def check_files(left: str, right: str, console: Console) -> None:
    """Compare, and say what differs on stdout; exit code 1 where something does."""
    if left == right == "-":
        raise RequestError("standard input can be read only once")
    with console.progress("reading") as progress:
        found = check_categories(read(left, progress), read(right, progress))
    if console.as_json:
        print_json(asdict(found), sys.stdout)
    else:
        print_text("\n".join(found.lines()), sys.stdout)
    if found.differences:
        raise typer.Exit(DIFFERENT)
