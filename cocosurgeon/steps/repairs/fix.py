"""Repairs of what lint finds."""

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

SAFE = "safe"

IMAGES = Modifier(
    "images",
    "images",
    PATH.called("DIR"),
    "Look for the image files in this folder, for --fix image-file-missing and image-file-size.",
)


@dataclass(frozen=True, repr=False, eq=False)
class Fix(Step):
    """Repair the faults of some codes, one after the other: ``Fix(("area-missing",))``.

    Only the values in question change. Steps after it see the repaired file.

    Attributes:
        codes: codes of ``cocosurgeon lint``; ``safe`` stands for all whose repair is safe.
        images: the folder that ``file_name`` begins in, where a code is about image files.
    """

    codes: tuple[str, ...]
    images: str | None = None

    def __post_init__(self) -> None:
        if not self.codes:
            raise RequestError("Fix takes codes of lint, or 'safe'")

    @property
    def columns(self) -> Columns:
        from cocosurgeon.lint.annotation_file import COLUMNS

        return COLUMNS

    def bind(self, dataset: Dataset, progress: Progress | None = None) -> Step:
        from cocosurgeon.lint.repairable import require_repairable, safe_codes

        each = ((code,) if code != SAFE else safe_codes() for code in self.codes)
        codes = tuple(dict.fromkeys(code for some in each for code in some))
        require_repairable(codes, has_images=self.images is not None)
        return Fix(codes, self.images)

    def apply(self, dataset: Dataset) -> Dataset:
        from cocosurgeon.lint.fix import fix

        bound = self.bind(dataset)
        assert isinstance(bound, Fix)
        return fix(dataset, bound.codes, bound.images)

    def words(self) -> str | None:
        from cocosurgeon.lint.repairable import safe_codes

        if self.images is not None:
            return None
        if self.codes in ((SAFE,), safe_codes()):
            return "fixed"
        return f"fix-{self.codes[0]}" if len(self.codes) == 1 else None


OPTIONS = (
    Option(
        "fix",
        NAMES.called("CODES"),
        "Repair what `cocosurgeon lint` finds under these codes; safe: all that lose nothing.",
        lambda codes, images=None: Fix(codes, images),
        "iscrowd-missing,area-missing",
        (IMAGES,),
    ),
)
