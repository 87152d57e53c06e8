"""Files of an entry that take their places together."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from cocosurgeon.cache.entry import Entry


@contextlib.contextmanager
def drafts_of(entry: Entry) -> Iterator[list[BinaryIO]]:
    """The subset, its recipe and how it was made, to write; they are placed when all are whole.

    A draft has a name of its own, so that two processes do no harm to each other where locks do not
    work, and one that begins with the entry's, so that what a killed process leaves is known for
    its own. Whatever stands in a place is replaced itself: nothing is written through a link.

    Raises:
        OSError: the system refuses; nothing is placed.
    """
    places = [entry.subset, entry.recipe, entry.made]
    drafts = [entry.draft() for _ in places]
    placed: list[Path] = []
    try:
        with contextlib.ExitStack() as stack:
            opened = (stack.enter_context(draft.open("xb")) for draft in drafts)
            files = [cast(BinaryIO, file) for file in opened]
            yield files
            for file in files:
                file.flush()
                os.fsync(file.fileno())
        for draft, place in zip(drafts, places, strict=True):
            draft.replace(place)
            placed.append(place)
    except BaseException:
        for place in placed:
            _discard(place)
        raise
    finally:
        for draft in drafts:
            _discard(draft)


def _discard(path: Path) -> None:
    with contextlib.suppress(OSError):  # it may never have been there
        path.unlink()
