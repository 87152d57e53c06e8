"""One part of a split."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING

from cocosurgeon.select.filter import Columns
from cocosurgeon.select.plan import Plan, Step, Unbound
from cocosurgeon.sets.split import REST, Earlier, Sizes, Split, group_pattern
from cocosurgeon.steps.arguments import (
    COUNT,
    NAMES,
    TEXT,
    list_of,
    number,
    path_pairs,
    plain_value,
)
from cocosurgeon.steps.images.sample import SEED, STRATIFY
from cocosurgeon.steps.registry import Modifier, Option

if TYPE_CHECKING:
    from cocosurgeon.dataset.dataset import Dataset
    from cocosurgeon.progress import Progress
    from cocosurgeon.sets.report import SplitReport


@dataclass(frozen=True, repr=False, eq=False)
class Part(Step):
    """Keep the images of one part of a split: ``Part("val", ratios=(0.8, 0.2))``.

    Steps for the other parts of the same split keep the other images, each exactly once.

    Attributes:
        part: name of the part.
        ratios, sizes, folds, parts, seed, stratify, group_by, against: see ``Split``.
        notes: facts about earlier parts, for the summary; no part of the step.
    """

    part: str
    ratios: tuple[float, ...] = ()
    sizes: Sizes = ()
    folds: int = 0
    parts: tuple[str, ...] = ()
    seed: int = 0
    stratify: bool = False
    group_by: str = ""
    against: Earlier = ()
    notes: tuple[str, ...] = field(default=(), compare=False, repr=False)

    def __post_init__(self) -> None:
        self.split.require_part(self.part)

    @property
    def split(self) -> Split:
        """Split that it is a part of."""
        return Split(**{each.name: getattr(self, each.name) for each in fields(Split)})

    @property
    def columns(self) -> Columns:
        if not self.group_by:
            return {}
        return {"images": ("file_name" if group_pattern(self.group_by) else self.group_by,)}

    def apply(self, dataset: Dataset) -> Dataset:
        return self.every(dataset)[self.part]

    def every(self, dataset: Dataset) -> dict[str, Dataset]:
        """Return all parts of the split, by name."""
        from cocosurgeon.sets.parts import parts_of

        return parts_of(replace(dataset, notes=(*dataset.notes, *self.notes)), self.split)

    def words(self) -> str | None:
        if self.group_by or self.against:
            return None
        asked: list[object] = [*self.split.ratios, *self.sizes]
        asked += [f"{self.folds}folds"] if self.folds else []
        how = ["stratified"] if self.stratify else []
        return "-".join(map(str, [self.part, "of", *asked, *self.parts, f"seed{self.seed}", *how]))


@dataclass(frozen=True, repr=False, eq=False)
class PartAgainst(Unbound):
    """``Part`` next to earlier parts, whose files are read when the step is bound.

    Attributes:
        of: the part, without the earlier ones.
        earlier: name and path of each earlier part.
        reader: reads a path as ``dataset.io.read`` does; None: that function.
    """

    of: Part
    earlier: tuple[tuple[str, str], ...]
    reader: Callable[..., Dataset] | None = None

    def __post_init__(self) -> None:
        for name, _ in self.earlier:
            self.of.split.require_earlier(name)

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(path for _, path in self.earlier)

    @property
    def columns(self) -> Columns:
        return {"images": ("file_name", *self.of.columns.get("images", ()))}

    def bind(self, dataset: Dataset, progress: Progress | None = None) -> Step:
        from cocosurgeon.dataset.io import read
        from cocosurgeon.sets.parts import earlier_ids

        columns = {"images": ("file_name",)}
        reader = self.reader or read
        read_ones = [(name, reader(path, progress, columns)) for name, path in self.earlier]
        against, notes = earlier_ids(dataset, read_ones)
        return replace(self.of, against=against, notes=notes)


def make_part(
    part: str | None, against: tuple[tuple[str, str], ...] = (), **asked: object
) -> Part | PartAgainst:
    """Return the step for values of options.

    Args:
        part: name of the part; None: the first one.
        against: name and path of each earlier part.
        asked: fields of ``Split``.
    """
    name = Split(**asked).names[0] if part is None else part  # type: ignore[arg-type]
    step = Part(name, **asked)  # type: ignore[arg-type]
    return PartAgainst(step, against) if against else step


def every_part(plan: Plan, dataset: Dataset) -> tuple[dict[str, tuple[Plan, Dataset]], SplitReport]:
    """Return each part of a split by its name, with the plan that makes it, and the report.

    Args:
        plan: a bound plan whose last step is a ``Part``.
    """
    from cocosurgeon.sets.report import SplitReport

    *before, part = plan.steps
    assert isinstance(part, Part)
    whole = Plan(*before).apply(dataset)
    parts = part.every(whole)
    plans = {name: Plan(*before, replace(part, part=name)) for name in parts}
    report = SplitReport.of(whole, part.split, parts)
    return {name: (plans[name], of) for name, of in parts.items()}, report


def _size(value: object) -> object:
    return REST if plain_value(value) == REST else COUNT.convert(value)


RATIOS = Modifier(
    "ratios",
    "ratios",
    list_of(number, "a list of ratios", "0.8,0.2"),
    "Give each part this share of the images. The shares add up to 1.",
    default="0.8,0.2",
)
SIZES = Modifier(
    "sizes",
    "sizes",
    list_of(_size, "a list of sizes", f"100,{REST}"),
    f"Give each part this many images; one of them may be {REST}.",
)
FOLDS = Modifier(
    "folds",
    "folds",
    COUNT.called("K"),
    "Make K pairs of parts: fold0_train and fold0_val, and so on. Each image is in one val.",
)
PARTS = Modifier("parts", "parts", NAMES, "Name the parts.", default="train,val,test")
GROUP_BY = Modifier(
    "group-by",
    "group_by",
    TEXT.called("KEY"),
    "Keep images with the same value of this key in one part. KEY may also be a regular expression "
    "with one group, matched against file_name: the text of the group is the value.",
)
AGAINST = Modifier(
    "against",
    "against",
    path_pairs("PART=FILE"),
    "Put all images of FILE (from an earlier split) into PART. On the command line, FILE may also "
    "be a folder or a glob.",
)

OPTIONS = (
    Option(
        "part",
        TEXT.called("NAME"),
        "Keep one part of a split: train, val, ... `cocosurgeon split` writes all parts at once.",
        make_part,
        "val",
        (RATIOS, SIZES, FOLDS, PARTS, SEED, STRATIFY, GROUP_BY, AGAINST),
    ),
)
