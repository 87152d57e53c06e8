"""Split: the request for parts of a file; imports nothing heavy."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from cocosurgeon.dataset.keys import Id
from cocosurgeon.dataset.order import as_whole
from cocosurgeon.errors import RequestError
from cocosurgeon.text import did_you_mean, plural

if TYPE_CHECKING:
    from fractions import Fraction

REST = "rest"
USUAL_RATIOS = (0.8, 0.2)
_USUAL_NAMES = ("train", "val", "test")

Sizes = tuple[int | Literal["rest"], ...]
Earlier = tuple[tuple[str, tuple[Id, ...]], ...]


@dataclass(frozen=True)
class Split:
    """A request for parts of a file: ``Split(ratios=(0.8, 0.2))``.

    Attributes:
        ratios: share of the images of each part; their sum is 1. Default: 0.8 and 0.2, unless sizes
            or folds are given.
        sizes: number of images of each part; ``rest`` for one of them.
        folds: number of folds K. In pair i, fold i is ``val`` and all others are ``train``, as in
            scikit-learn's KFold; pairs are numbered from 0.
        parts: names of the parts. Default: train, val and test, or part1, part2, ...
        seed: any whole number.
        stratify: True to give each part its share of the objects of each class.
        group_by: key of image records, or a regular expression with one group for ``file_name``;
            images with the same value stay together.
        against: ids of images of an earlier split, by the part in which they stay.
    """

    ratios: tuple[float, ...] = ()
    sizes: Sizes = ()
    folds: int = 0
    parts: tuple[str, ...] = ()
    seed: int = 0
    stratify: bool = False
    group_by: str = ""
    against: Earlier = ()

    def __post_init__(self) -> None:
        if sum(map(bool, (self.ratios, self.sizes, self.folds))) > 1:
            raise RequestError("give only one of ratios, sizes and folds")
        if not (self.ratios or self.sizes or self.folds):
            object.__setattr__(self, "ratios", USUAL_RATIOS)
        object.__setattr__(self, "seed", as_whole(self.seed))
        _require_ratios(self.ratios)
        _require_sizes(self.sizes)
        if self.folds and self.folds < 2:
            raise RequestError(f"folds: expected 2 or more, not {self.folds}")
        if self.folds and self.parts:
            raise RequestError("folds have fixed names", hint="use parts with ratios or sizes")
        _require_names(self.parts, self.cells)
        if self.group_by:
            group_pattern(self.group_by)
        for name, _ in self.against:
            self.require_earlier(name)

    @property
    def cells(self) -> int:
        """Number of sets that the images are distributed over."""
        return len(self.ratios) or len(self.sizes) or self.folds

    @cached_property
    def cells_of_part(self) -> Mapping[str, tuple[int, ...]]:
        """Sets of each part, by name of the part, in order."""
        every = range(self.cells)
        if not self.folds:
            few = self.cells <= len(_USUAL_NAMES)
            usual = _USUAL_NAMES if few else [f"part{number + 1}" for number in every]
            return {(self.parts or usual)[number]: (number,) for number in every}
        pairs: dict[str, tuple[int, ...]] = {}
        for fold in every:
            pairs[f"fold{fold}_train"] = tuple(other for other in every if other != fold)
            pairs[f"fold{fold}_val"] = (fold,)
        return pairs

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parts, in order."""
        return tuple(self.cells_of_part)

    @property
    def apart(self) -> tuple[str, ...]:
        """Names of parts that have each image exactly once: all, or the val of each fold."""
        return tuple(name for name, own in self.cells_of_part.items() if len(own) == 1)

    def require_part(self, name: str) -> None:
        """Raise RequestError if no part has this name."""
        if name not in self.cells_of_part:
            raise RequestError(
                f"no part is named {name!r}",
                hint=did_you_mean(name, self.names) or f"the parts are {', '.join(self.names)}",
            )

    def require_earlier(self, name: str) -> None:
        """Raise RequestError if images of an earlier split cannot stay in a part of this name."""
        if self.folds:
            raise RequestError(
                "folds cannot keep images of an earlier split",
                hint="use against with ratios or sizes",
            )
        self.require_part(name)

    def wanted(self, images: int, held: Sequence[int]) -> list[int]:
        """Return the size of each set; their sum is the number of images.

        Args:
            images: number of images.
            held: number of images of an earlier split in each set. A set that has more than its
                share keeps them, and the others share the rest.

        Raises:
            RequestError: sizes have another sum, or there are fewer images than folds.
        """
        weights = self._weights(images)
        full: set[int] = set()
        while True:
            others = [cell for cell in range(self.cells) if cell not in full]
            rest = images - sum(held[cell] for cell in full)
            shares = _shares(rest, [weights[cell] for cell in others])
            sizes = {
                **{cell: held[cell] for cell in full},
                **dict(zip(others, shares, strict=True)),
            }
            over = [cell for cell in others if sizes[cell] < held[cell]]
            if not over:
                return [sizes[cell] for cell in range(self.cells)]
            full.update(over)

    def _weights(self, images: int) -> list[Fraction]:
        from fractions import Fraction

        if self.folds:
            if self.folds > images:
                what = f"{self.folds} folds of {plural(images, 'image')}"
                raise RequestError(what, hint=f"make at most {images}")
            return [Fraction(1)] * self.folds
        if self.ratios:
            return [Fraction(repr(ratio)) for ratio in self.ratios]
        given = sum(size for size in self.sizes if isinstance(size, int))
        rest = images - given
        if rest < 0 or (rest and REST not in self.sizes):
            raise RequestError(
                f"the sizes add up to {given:,}; the file has {plural(images, 'image')}",
                hint=None if rest < 0 else f"name one of them {REST}, or `subset` the file first",
            )
        return [Fraction(rest if size == REST else size) for size in self.sizes]


def group_pattern(text: str) -> re.Pattern[str] | None:
    """Return the pattern for ``file_name``; None for the key of an image record.

    A text with a group, in parentheses, is a pattern.

    Raises:
        RequestError: it is no regular expression, or has several groups.
    """
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise RequestError(
            f"neither a key nor a regular expression: {text!r}: {error}",
            hint=r"use a key of the image record, or a pattern such as '^(.+)_\d+\.jpg$'",
        ) from None
    if pattern.groups > 1:
        raise RequestError(
            f"{pattern.groups} groups in {text!r}: only one group can name the value",
            hint="write the other groups as (?:...)",
        )
    return pattern if pattern.groups else None


def _shares(count: int, weights: Sequence[Fraction]) -> list[int]:
    """Return whole numbers whose sum is a count, near their weights (largest remainder method)."""
    total = sum(weights)
    exact = [count * w / total if total else count * (w + 1) / len(weights) for w in weights]
    sizes = [int(share) for share in exact]
    by_remainder = sorted(range(len(exact)), key=lambda i: sizes[i] - exact[i])
    for place in by_remainder[: count - sum(sizes)]:
        sizes[place] += 1
    return sizes


def _require_ratios(ratios: tuple[float, ...]) -> None:
    is_whole = min(ratios, default=1) > 0 and abs(sum(ratios) - 1) <= 1e-6  # False for NaN
    if ratios and (not is_whole or len(ratios) < 2):
        raise RequestError(
            f"ratios {', '.join(map(repr, ratios))} add up to {sum(ratios):g}",
            hint="give one for each part, above 0, with a sum of 1: --ratios 0.8,0.1,0.1",
        )


def _require_sizes(sizes: Sizes) -> None:
    wrong = [s for s in sizes if s != REST and (not isinstance(s, int) or s < 0)]
    if sizes and (wrong or sizes.count(REST) > 1 or len(sizes) < 2):
        raise RequestError(
            f"not sizes of several parts: {', '.join(map(str, sizes))}",
            hint=f"give one for each part, 0 or more; one may be {REST}: --sizes 100,{REST}",
            python=f"give one for each part, 0 or more; one may be {REST!r}: sizes=(100, {REST!r})",
        )


def _require_names(names: tuple[str, ...], count: int) -> None:
    if names and len(names) != count:
        raise RequestError(
            f"{plural(len(names), 'name')} for {plural(count, 'part')}",
            hint="give as many ratios or sizes as parts: --ratios 0.8,0.1,0.1",
        )
    for name in names:
        if names.count(name) > 1:
            raise RequestError(f"two parts are named {name!r}")
        if not re.fullmatch(r"[\w.-]+", name, re.ASCII):
            raise RequestError(
                f"{name!r} cannot name a part",
                hint="use letters, digits, dots, hyphens and underscores: it is a part of the "
                "file's name",
            )
