"""Labels of a category list under each loader."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from cocosurgeon.errors import LoaderError
from cocosurgeon.loaders.index import indexed
from cocosurgeon.loaders.loader import MODES, Mode
from cocosurgeon.loaders.registry import LOADERS, load
from cocosurgeon.loaders.settings import Setting, settings_for
from cocosurgeon.loaders.view import Id, NothingLeftError, Record
from cocosurgeon.text import first_few, plural

_SHOWN = 4


@dataclass(frozen=True, eq=False)
class Labels:
    """The labels that a loader gives to the categories of a list.

    Attributes:
        loader: its name.
        mode: its mode; None where both give the same labels.
        labels: label by category id; a category that is not loaded has none.
        error: what it raises; None where it loads the list.
    """

    loader: str
    mode: Mode | None
    labels: Mapping[Id, Id | None]
    error: str | None = None

    @property
    def called(self) -> str:
        """Return its name, with the mode where that matters."""
        return self.loader if self.mode is None else f"{self.loader} {self.mode}"


def labels_by_loader(
    categories: Sequence[Record],
    used: Collection[Id],
    ann_file: str = "",
    loaders: Sequence[str] | None = None,
) -> Iterator[Labels]:
    """Yield the labels that each loader gives to a category list, with the file's own names.

    Args:
        categories: entries of the list, as ``json.load`` gives them.
        used: ids of the categories that have annotations.
        ann_file: path of the file, for loaders that go by it.
        loaders: names of those that are asked; None: all.
    """
    listed = _listed(categories)
    # ids that are used and not listed make some loaders raise
    unlisted = sorted(set(used).difference(listed), key=str)
    by_use, of_all = (
        _Objects.of(categories, [*(i for i in listed if i in used or takes_all), *unlisted])
        for takes_all in (False, True)
    )
    for name in loaders or LOADERS:
        loader = LOADERS[name]
        objects = of_all if loader.numbering_by_use is None else by_use
        modes = MODES if loader.has_modes else loader.modes
        settings = settings_for(name, modes, objects.names, ann_file=ann_file)
        found = [objects.labels(setting) for setting in settings]
        if all((f.labels, f.error) == (found[0].labels, found[0].error) for f in found):
            yield Labels(name, None, found[0].labels, found[0].error)
        else:
            yield from found


def _listed(categories: Sequence[Record]) -> list[Id]:
    return [c["id"] for c in categories if isinstance(c.get("id"), (int, float, str))]


@dataclass(frozen=True, eq=False)
class _Objects:
    """A file with an object of each category, each in an image of its own.

    Attributes:
        categories: the list.
        cat_ids: of the objects.
        document: the file, indexed once for all loaders where that can be.
    """

    categories: Sequence[Record]
    cat_ids: Sequence[Id]
    document: object

    @classmethod
    def of(cls, categories: Sequence[Record], cat_ids: Sequence[Id]) -> _Objects:
        """Return the file with objects of these categories."""
        images = [
            {"id": n, "file_name": f"{n}.jpg", "width": 64, "height": 64}
            for n in range(1, len(cat_ids) + 1)
        ]
        square = {"bbox": [16, 16, 32, 32], "area": 1024, "iscrowd": 0}
        polygon = {"segmentation": [[16, 16, 48, 16, 48, 48, 16, 48]]}
        annotations = [
            {"id": n, "image_id": n, "category_id": i, **square, **polygon}
            for n, i in enumerate(cat_ids, 1)
        ]
        document: object = {
            "images": images,
            "annotations": annotations,
            "categories": list(categories),
        }
        with suppress(LoaderError):  # which each loader raises by itself
            document = indexed(document)
        return cls(categories, cat_ids, document)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names in the list."""
        return tuple(str(c.get("name")) for c in self.categories)

    def labels(self, setting: Setting) -> Labels:
        """Return the labels of the objects, and of what a loader numbers without one."""
        name, mode = setting.loader, setting.mode
        try:
            view = load(name, self.document, setting.options)
        except NothingLeftError as error:
            view = error.view
        except LoaderError as error:
            return Labels(name, mode, {}, f"{error.exception}: {error.what}")
        instances = (i for sample in view.samples for i in sample.instances)
        labels = {**view.cat2label, **{self.cat_ids[i.row]: i.label for i in instances}}
        order = dict.fromkeys([*_listed(self.categories), *self.cat_ids])
        return Labels(name, mode, {i: labels[i] for i in order if i in labels})


@dataclass(frozen=True)
class CategoryUse:
    """A category list, and what loaders look at beside it.

    Attributes:
        categories: its entries, as ``json.load`` gives them.
        used: ids of the categories that have annotations.
        ann_file: path of the file, for loaders that go by it.
    """

    categories: Sequence[Record]
    used: Collection[Id]
    ann_file: str = ""

    def labels(self) -> dict[str, Labels]:
        """Return the labels of each loader and mode, by both."""
        found = labels_by_loader(self.categories, self.used, self.ann_file)
        return {each.called: each for each in found}


@dataclass(frozen=True)
class LabelShift:
    """Labels that some loaders read otherwise from one list than from another.

    Attributes:
        loaders: their names.
        moved: category name, label before, label after; None where it is not loaded.
    """

    loaders: tuple[str, ...]
    moved: tuple[tuple[str, Id | None, Id | None], ...]

    def line(self) -> str:
        """Return the shift for people."""
        moved = [f"{name} {_or_none(old)} -> {_or_none(new)}" for name, old, new in self.moved]
        count = plural(len(moved), "label shifts", "labels shift")
        return f"{count} in {', '.join(self.loaders)}: {first_few(moved, _SHOWN)}"


@dataclass(frozen=True)
class LabelEffect:
    """The labels of categories in two lists, compared for each loader, by its rules.

    Attributes:
        shifts: what differs, one for all loaders with the same labels.
        same: loaders that read the same labels.
        raising: loaders that raise on one of the lists.
    """

    shifts: tuple[LabelShift, ...]
    same: tuple[str, ...]
    raising: tuple[str, ...]

    @classmethod
    def of(
        cls, before: CategoryUse, after: CategoryUse, pairs: Iterable[tuple[str, Id, Id]]
    ) -> LabelEffect:
        """Compare two lists.

        Args:
            pairs: name of each category that both have, its id before, and its id after.
        """
        pairs = list(pairs)
        there, here = before.labels(), after.labels()
        found: dict[tuple[tuple[str, Id | None, Id | None], ...], list[str]] = {}
        raising = []
        for called in dict.fromkeys([*there, *here]):
            old = there.get(called) or there.get(called.partition(" ")[0])
            new = here.get(called) or here.get(called.partition(" ")[0])
            if old is None or new is None:  # only the other list tells its modes apart
                continue
            if old.error or new.error:
                raising.append(called)
                continue
            labels = ((n, old.labels.get(a), new.labels.get(b)) for n, a, b in pairs)
            found.setdefault(tuple(m for m in labels if m[1] != m[2]), []).append(called)
        same = tuple(found.pop((), ()))
        shifts = (LabelShift(tuple(who), moved) for moved, who in found.items())
        return cls(tuple(shifts), same, tuple(raising))

    def lines(self) -> Iterator[str]:
        """Yield the effect for people."""
        yield from (shift.line() for shift in self.shifts)
        if not self.shifts:
            yield "no loader reads other labels"
        elif self.same:
            yield f"the same labels in {', '.join(self.same)}"
        if self.raising:
            yield f"labels not compared, because the loader raises: {', '.join(self.raising)}"


def _or_none(label: Id | None) -> str:
    return "none" if label is None else str(label)
