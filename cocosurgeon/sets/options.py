"""Options of a merge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from cocosurgeon.categories.policy import Pairs
from cocosurgeon.errors import RequestError

Collisions = Literal["error", "offset", "renumber"]
Duplicates = Literal["error", "first", "keep"]


@dataclass(frozen=True, repr=False, eq=False)
class MergeOptions:
    """Options of a merge.

    Attributes:
        aliases: pairs of a category name in a later file and the name that it gets; empty: a class
            of its own, however similar its name is to another one.
        ids: ``error``, ``offset`` or ``renumber``, for ids that collide.
        prefixes: pairs of a file and the prefix of its ``file_name`` values.
        on_duplicate: ``error``, ``first`` or ``keep``, for an image that two files have.
        images: the image root, to compare images by content; None: by ``file_name``.
        source_key: key of images for the name of their file; None: no such key.
        info, licenses: path of a JSON file with the value; None: that of the first file.
        follow: path of a merged annotation file, for results files of its sources: they get its
            ids. None: ids stay.
    """

    aliases: Pairs = ()
    ids: Collisions = "error"
    prefixes: Pairs = ()
    on_duplicate: Duplicates = "error"
    images: str | None = None
    source_key: str | None = None
    info: str | None = None
    licenses: str | None = None
    follow: str | None = None

    def __post_init__(self) -> None:
        for value, kind in ((self.ids, Collisions), (self.on_duplicate, Duplicates)):
            if value not in get_args(kind):
                raise RequestError(f"expected {' or '.join(get_args(kind))}, not {value!r}")
        if self.source_key == "":
            raise RequestError("the source key is empty", hint="name it: --source-key source")
