"""Repairs of faults that lint finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cocosurgeon.errors import RequestError
from cocosurgeon.select.filter import Columns
from cocosurgeon.select.plan import Step
from cocosurgeon.steps.arguments import NAMES, PATH
from cocosurgeon.steps.registry import Modifier, Option

if TYPE_CHECKING:
    from cocosurgeon.dataset.dataset import Dataset
    from cocosurgeon.progress import Progress

IMAGES = Modifier(
    "images",
    "images",
    PATH.called("DIR"),
    "Look for image files in this folder, for --fix image-file-missing and image-file-size.",
)


@dataclass(frozen=True, repr=False, eq=False)
class Fix(Step):
    """Repair faults by their codes: ``Fix(("area-missing",))``.

    Only wrong values change. Later steps use the repaired file.

    Attributes:
        codes: codes or groups of ``cocosurgeon lint``, in any order; ``safe``: all codes with a
            safe repair; ``all``: all codes with a repair.
        images: the image root, for codes about image files.
    """

    codes: tuple[str, ...]
    images: str | None = None

    def __post_init__(self) -> None:
        if not self.codes:
            raise RequestError("Fix takes codes of lint, or 'safe'")
        object.__setattr__(self, "codes", tuple(self.codes))

    @property
    def columns(self) -> Columns:
        from cocosurgeon.lint.annotation_file import COLUMNS

        return COLUMNS

    def bind(self, dataset: Dataset, progress: Progress | None = None) -> Step:
        from cocosurgeon.lint.repairable import repairable

        return Fix(repairable(self.codes, has_images=self.images is not None), self.images)

    def apply(self, dataset: Dataset) -> Dataset:
        from cocosurgeon.lint.fix import fix

        return fix(dataset, self.codes, self.images)

    def words(self) -> str | None:
        from cocosurgeon.lint.repairable import SAFE, repairable

        if self.images is not None:
            return None
        if self.codes in ((SAFE,), repairable((SAFE,), has_images=False)):
            return "fixed"
        return f"fix-{self.codes[0]}" if len(self.codes) == 1 else None


OPTIONS = (
    Option(
        "fix",
        NAMES.called("CODES"),
        "Repair what `cocosurgeon lint` finds with these codes or groups. safe: run all repairs "
        "that lose nothing.",
        lambda codes, images=None: Fix(codes, images),
        "iscrowd-missing,area-missing",
        (IMAGES,),
    ),
)
