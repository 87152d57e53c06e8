"""Two files' categories, compared."""

from __future__ import annotations

import sys

import typer

from cocosurgeon.categories.check import check_categories
from cocosurgeon.cli.ending import say
from cocosurgeon.cli.voice import Voice, print_json
from cocosurgeon.dataset.io import read
from cocosurgeon.errors import RequestError

DIFFERENT = 1


def check_files(left: str, right: str, voice: Voice) -> None:
    """Compare, and say what differs on stdout; exit code 1 where something does."""
    if left == right == "-":
        raise RequestError("standard input can be read only once")
    with voice.progress("reading") as progress:
        found = check_categories(read(left, progress), read(right, progress))
    if voice.as_json:
        print_json(found.as_json(), sys.stdout)
    else:
        say("\n".join(found.lines()), sys.stdout)
    if found.differences:
        raise typer.Exit(DIFFERENT)
