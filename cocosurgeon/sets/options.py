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
    """Options of a merge, as they are given.

    Attributes:
        aliases: names of categories in later files, and the names that they get; empty: a class
            of its own, however similar its name is to another one.
        ids: what to do with ids that collide.
        prefixes: what comes before each ``file_name`` of a file, by its name.
        on_duplicate: what to do with an image that two files have.
        images: the folder of the images, to compare them by content; None: by ``file_name``.
        source_key: a key that says which file an image is from; None: nothing does.
        info, licenses: a JSON file with the value; None: the first file's.
        follow: a merged annotation file; results files of its sources get its ids.
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
