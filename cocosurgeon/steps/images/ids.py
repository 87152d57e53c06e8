"""Images by id."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from cocosurgeon.dataset.keys import Id, as_key
from cocosurgeon.dataset.mask import FilterResult, Mask, WarningNote
from cocosurgeon.errors import RequestError, UnknownIdError
from cocosurgeon.files import read_lines
from cocosurgeon.select.filter import ImageFilter
from cocosurgeon.select.plan import Except, Keep, Step, Unbound
from cocosurgeon.steps.arguments import IDS, PATHS, Typed, resolve_ids
from cocosurgeon.steps.naming import with_ids
from cocosurgeon.steps.registry import Option
from cocosurgeon.text import are, did_you_mean, first_few, has, plural

if TYPE_CHECKING:
    from cocosurgeon.dataset.dataset import Dataset
    from cocosurgeon.progress import Progress

Unknown = Literal["error", "ignore"]
_NULLS = frozenset(("", "null", "NULL", "None", "NaN", "nan", "NA", "<NA>"))


@dataclass(frozen=True, repr=False, eq=False)
class Ids(ImageFilter):
    """Images with these ids: ``Ids([139, 285])``.

    Attributes:
        ids: numbers or strings; a string never equals a number, ``139.0`` equals ``139``.
        unknown: ``error`` or ``ignore``, for an id that the source does not have.
        notes: facts about the search, for the summary; no part of the filter.
        are_detected: True if the ids are the images of a results file. A warning then counts
            images with objects but without detections.
    """

    ids: tuple[Id, ...]
    unknown: Unknown = "error"
    notes: tuple[str, ...] = field(default=(), compare=False, repr=False)
    are_detected: bool = False

    def __init__(
        self,
        ids: Iterable[Id],
        unknown: Unknown = "error",
        notes: tuple[str, ...] = (),
        are_detected: bool = False,
    ) -> None:
        numpy = sys.modules.get("numpy")  # if it is not loaded, no id is of its types
        values = ids.tolist() if numpy is not None and isinstance(ids, numpy.ndarray) else list(ids)
        if numpy is not None:
            values = [i.item() if isinstance(i, numpy.generic) else i for i in values]
        keys = tuple(map(as_key, values))
        if None in keys or isinstance(ids, str):
            raise RequestError("Ids takes a list of ids (numbers or strings)")
        if unknown not in ("error", "ignore"):
            raise RequestError(f"unknown={unknown!r}: use 'error' or 'ignore'")
        object.__setattr__(self, "ids", tuple(dict.fromkeys(keys)))
        object.__setattr__(self, "unknown", unknown)
        object.__setattr__(self, "notes", notes)
        object.__setattr__(self, "are_detected", are_detected)

    def evaluate(self, dataset: Dataset) -> FilterResult:
        from cocosurgeon.dataset.ids import UNKNOWN, isin, objects

        images = dataset.index.images
        numbers = images.numbers(objects(self.ids)).tolist()
        missing = [i for i, n in zip(self.ids, numbers, strict=True) if n == UNKNOWN]
        if missing and self.unknown == "error":
            raise _unknown_ids(missing, dataset)
        note = f"{len(missing):,} of {len(self.ids):,} ids are not in the file"
        mask = isin(images.ids[dataset.image_indices], self.ids)
        notes = [*self.notes, *([note] if missing else [])]
        notes += [] if self.ids else ["the list of ids is empty"]
        if self.are_detected:
            notes += _undetected(dataset, mask)
        return FilterResult(mask, tuple(notes))

    def words(self) -> str | None:
        return self._words("ids")

    def negated_words(self) -> str | None:
        return self._words("except-ids")

    def _words(self, word: str) -> str | None:
        return with_ids(word, self.ids) if self.unknown == "error" and self.ids else None


def _undetected(dataset: Dataset, is_kept: Mask) -> Iterator[str]:
    """Yield a warning if images with objects, other than crowds, are dropped.

    Their objects would count as missed; without these images, AP is higher.
    """
    import numpy as np

    records = dataset.index.annotation_records
    if records is None:
        return
    crowds = records.column("iscrowd").array[dataset.annotation_rows].tolist()
    owners = dataset.index.image_of_annotation[dataset.annotation_rows]
    owners = owners[np.array([not crowd for crowd in crowds], np.bool_)]
    has_objects = np.isin(dataset.image_indices, owners)
    if lost := int(np.count_nonzero(has_objects & ~is_kept)):
        yield WarningNote(
            f"{lost:,} of {plural(int(has_objects.sum()), 'image')} with objects {has(lost)} no "
            "detection: AP on only the other images is higher; choose images by the ground truth, "
            "then cut the detections with --match"
        )


@dataclass(frozen=True, repr=False, eq=False)
class GivenIds(Unbound):
    """Ids as typed: ``7`` is a number or a string, as the file's ids are."""

    ids: tuple[Id, ...]

    def bind(self, dataset: Dataset, progress: Progress | None = None) -> Step:
        known = dataset.index.images.ids.tolist()
        ids = resolve_ids(self.ids, known)
        typed = (i for i, given in zip(ids, self.ids, strict=True) if isinstance(given, Typed))
        texts = {str(i): i for i in typed if not isinstance(i, str)}
        both = [texts[each] for each in texts.keys() & set(known) - set(ids)]
        note = (
            f"{plural(len(both), 'id')} of the list {are(len(both))} a number and also a text in "
            f"the file: {first_few(sorted(both), 3)}; the number was taken (a text has quotes: "
            f'"{min(both, default=0)}")'
        )
        return Keep(Ids(ids, notes=(note,) if both else ()))

    def words(self) -> str | None:
        return with_ids("ids", self.ids)


def _unknown_ids(missing: list[Id], dataset: Dataset) -> UnknownIdError:
    null = next((each for each in missing if each in _NULLS), None)
    shown = ", ".join(map(repr, missing[:5])) + (", ..." if len(missing) > 5 else "")
    count = f"{len(missing):,} image ids are" if len(missing) > 1 else "this image id is"
    known: list[Id] = [i for i in dataset.index.images.ids.tolist() if i is not None]
    return UnknownIdError(
        f"{count} not in the file: {shown}",
        where=dataset.source.name,
        hint=_nearest_id(missing[0], known)
        if null is None
        else f"{null!r} is a null of a query: drop nulls there (dropna, IS NOT NULL)",
    )


def _nearest_id(missing: Id, known: list[Id]) -> str | None:
    other_type = [k for k in known if str(k) == str(missing)]
    if other_type:
        kind = "a string" if isinstance(other_type[0], str) else "a number"
        return f"the file has {other_type[0]!r} as {kind}; a string never equals a number"
    if isinstance(missing, str):
        return did_you_mean(missing, (k for k in known if isinstance(k, str)), "its ids:")
    numbers = [k for k in known if isinstance(k, (int, float))]
    if not numbers:
        return None
    return f"the nearest id is {min(numbers, key=lambda k: abs(k - missing))}"


@dataclass(frozen=True, repr=False, eq=False)
class IdsFile(Unbound):
    """Keep images whose ids are in text files, one a line (``-``: standard input).

    Attributes:
        paths: paths of the files.
    """

    paths: tuple[str, ...]

    @property
    def files(self) -> tuple[str, ...]:
        return self.paths

    def bind(self, dataset: Dataset, progress: Progress | None = None) -> Step:
        hint = "write one id per line, as --ids-out does"
        lines = (line for path in self.paths for line in read_lines(path, "the list of ids", hint))
        return GivenIds(tuple(map(Typed, lines))).bind(dataset)


OPTIONS = (
    Option(
        "ids",
        IDS,
        "Keep only images with these ids. '\"1\"' is a string.",
        GivenIds,
        "114743,4868",
        is_joined=True,
    ),
    Option(
        "ids-file",
        PATHS,
        "Keep only images whose ids are in this file, one per line. - is stdin.",
        IdsFile,
        is_joined=True,
    ),
    Option(
        "except-ids",
        IDS,
        "Drop images with these ids. '\"1\"' is a string.",
        lambda ids: Except(GivenIds(ids)),
        "114743,4868",
        is_joined=True,
    ),
    Option(
        "except-ids-file",
        PATHS,
        "Drop images whose ids are in this file, one per line. - is stdin.",
        lambda paths: Except(IdsFile(paths)),
        is_joined=True,
    ),
)
