"""Images that another annotation file has, too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cocosurgeon.select.plan import Keep, Step, Unbound
from cocosurgeon.steps.arguments import PATH
from cocosurgeon.steps.images.ids import Ids
from cocosurgeon.steps.registry import Option

if TYPE_CHECKING:
    from cocosurgeon.annfile.source import Progress
    from cocosurgeon.dataset.dataset import Dataset


@dataclass(frozen=True, repr=False)
class MatchFile(Unbound):
    """Keep images whose ids are in another annotation file.

    Attributes:
        path: of that file.
    """

    path: str

    @property
    def files(self) -> tuple[str, ...]:
        return (self.path,)

    def bind(self, dataset: Dataset, progress: Progress | None = None) -> Step:
        from cocosurgeon.dataset.io import read

        ids = [i for i in read(self.path, progress).img_ids if i is not None]
        return Keep(Ids(ids, unknown="ignore"))


OPTIONS = (
    Option(
        "match",
        PATH.called("ANN_FILE"),
        "Keep only images that are in this annotation file, too. Cuts results files.",
        MatchFile,
    ),
)
