"""Images by file name."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import translate
from typing import TYPE_CHECKING, ClassVar

from cocosurgeon.dataset.mask import FilterResult
from cocosurgeon.errors import UnknownNameError
from cocosurgeon.select.filter import Columns, ImageFilter
from cocosurgeon.steps.arguments import TEXT
from cocosurgeon.steps.registry import Option

if TYPE_CHECKING:
    from cocosurgeon.dataset.dataset import Dataset


@dataclass(frozen=True, repr=False, eq=False)
class FileName(ImageFilter):
    """Images whose ``file_name`` matches a glob: ``FileName("val2017/*.jpg")``.

    ``*``, ``?`` and ``[...]`` work; case counts. A pattern without a slash is compared with the
    last part of the name. A backslash in names and patterns is a slash. A pattern that matches no
    image of the source is an error.

    Attributes:
        pattern: the glob.
    """

    recipe_name: ClassVar[str] = "names"

    pattern: str

    @property
    def columns(self) -> Columns:
        return {"images": ("file_name",)}

    def evaluate(self, dataset: Dataset) -> FilterResult:
        import numpy as np

        [names] = dataset.index.image_columns("file_name")
        everywhere = np.fromiter(map(self._matcher(), names), dtype=np.bool_, count=len(names))
        if len(names) and not everywhere.any():
            raise UnknownNameError(
                f"no image has a file_name that matches {self.pattern!r}",
                where=dataset.source.name,
                hint=f"the first one is {names[0]!r}",
            )
        return FilterResult(everywhere[dataset.image_indices])

    def _matcher(self) -> Callable[[object], bool]:
        pattern = self.pattern.replace("\\", "/")
        match = re.compile(translate(pattern)).match

        def matches(name: object) -> bool:
            if not isinstance(name, str):
                return False
            path = name.replace("\\", "/")
            return bool(match(path if "/" in pattern else path.rpartition("/")[2]))

        return matches


OPTIONS = (
    Option(
        "file-name",
        TEXT.called("GLOB"),
        "Keep only images whose file_name matches. Case matters.",
        FileName,
        "*4*.jpg",
    ),
)
