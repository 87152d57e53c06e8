"""Remapping as steps: what a plan can do to category ids, names and their order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, cast, get_args

from cocosurgeon.categories.category_map import CategoryMap, Changes, Names, Unmapped
from cocosurgeon.categories.entries import filled, misplaced, moved_entries, with_fillers
from cocosurgeon.categories.relabel import list_of, names_of, relabelled
from cocosurgeon.categories.source_space import only_space, require_names
from cocosurgeon.categories.space import Space
from cocosurgeon.categories.table import find_space
from cocosurgeon.category_list import Entry
from cocosurgeon.content import Category
from cocosurgeon.dataset import Dataset
from cocosurgeon.errors import RequestError, UnknownNameError
from cocosurgeon.identity import Id
from cocosurgeon.nearest import did_you_mean
from cocosurgeon.plan import Step

BY_NAMES = "names"
"""In place of a space: what the file's own names say."""

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, repr=False)
class Remap(Step):
    """Change category ids by a map; the list keeps its order, merged entries become the first.

    Attributes:
        pairs: id before, id after (None: dropped).
        unmapped: what becomes of other ids.
        refused: ids that are an error even so.
    """

    pairs: tuple[tuple[Id, Id | None], ...]
    unmapped: Unmapped = "error"
    refused: tuple[Id, ...] = ()

    def __init__(
        self,
        pairs: CategoryMap | Changes,
        unmapped: Unmapped = "error",
        refused: Iterable[Id] = (),
    ) -> None:
        made = (
            pairs
            if isinstance(pairs, CategoryMap)
            else CategoryMap(pairs, unmapped, refused=refused)
        )
        object.__setattr__(self, "pairs", made.pairs)
        object.__setattr__(self, "unmapped", made.unmapped)
        object.__setattr__(self, "refused", tuple(sorted(made.refused, key=str)))

    @property
    def map(self) -> CategoryMap:
        """The map."""
        return CategoryMap(self.pairs, self.unmapped, refused=self.refused)

    def apply(self, dataset: Dataset) -> Dataset:
        cat_map = self.map
        return relabelled(dataset, cat_map, moved_entries(dataset, cat_map), meant=repr(self))


@dataclass(frozen=True, repr=False)
class ToSpace(Step):
    """Bring category ids into a space: ``ToSpace("mmdet80")``.

    Only ids change. Where the space is a head with unused rows (``detr91``), the list gets an
    entry for every row, in order, so that place == id: a loader that numbers labels by the list,
    as MMDetection's (``mmdet/datasets/coco.py``, ``load_data_list``), then emits label == id.

    Attributes:
        to: the space.
        from_: the space that the file is in; ``names``: what its own names say; None: told by its
            ids and names, where they fit one only.
        start: what the first index becomes, in a space that counts positions; None: as it is.
        unmapped: what becomes of ids that the map does not mention.
        aliases: names in the file that stand for other names.
    """

    to: str
    from_: str | None = None
    start: int | None = None
    unmapped: Unmapped = "error"
    aliases: Pairs = ()

    def __post_init__(self) -> None:
        space = find_space(self.to)
        if self.from_ is not None and self.from_ != BY_NAMES:
            find_space(self.from_)
        if self.start is not None and not space.index.startswith("position"):
            raise RequestError(
                f"--start renumbers positions, and an index of {space} is the {space.index}",
                hint="leave --start out, or name a space of positions such as mmdet80",
            )
        _require_policy(self.unmapped)

    def apply(self, dataset: Dataset) -> Dataset:
        target = find_space(self.to)
        shift = 0 if self.start is None else self.start - min(target.classes)
        cat_map, source = self._map(dataset, target)
        if shift:
            pairs = [
                (old, new + shift if isinstance(new, int) else new) for old, new in cat_map.pairs
            ]
            cat_map = CategoryMap(pairs, self.unmapped)
        entries = moved_entries(dataset, cat_map)
        if target.has_gaps and list_of(dataset).entries:
            entries, notes = filled(entries, target)
        else:
            notes = misplaced(entries, target, shift)
        meant = f"{source} -> {target}"
        return relabelled(dataset, cat_map, entries, meant=meant, notes=(meant, *notes))

    def _map(self, dataset: Dataset, target: Space) -> tuple[CategoryMap, str]:
        if self.from_ == BY_NAMES:
            made = _by_names(dataset, names_of(dataset), target.classes, self)
            return with_fillers(made, dataset, None, target), BY_NAMES
        source = find_space(self.from_) if self.from_ else only_space(dataset, target)
        require_names(dataset, source, dict(self.aliases))
        made = CategoryMap.between(source, target, self.unmapped)
        return with_fillers(made, dataset, source, target), source.name


@dataclass(frozen=True, repr=False)
class WithNames(Step):
    """Make these the categories, in this order: ``WithNames(("person", "car"))``.

    Attributes:
        names: names in the file, or what its names stand for.
        start: the first one's id.
        unmapped: what becomes of the others; kept ones stand behind, with their ids.
        aliases: names in the file that stand for other names.
    """

    names: tuple[str, ...]
    start: int = 0
    unmapped: Unmapped = "error"
    aliases: Pairs = ()

    def __post_init__(self) -> None:
        if not self.names or len(set(self.names)) < len(self.names):
            raise RequestError(f"names of categories, each once: {', '.join(self.names)}")
        _require_policy(self.unmapped)

    def apply(self, dataset: Dataset) -> Dataset:
        aliases = dict(self.aliases)
        known = {i: aliases.get(name, name) for i, name in names_of(dataset).items()}
        for name in self.names:
            _require_known(name, known.values(), dataset)
        after = dict(enumerate(self.names, self.start))
        chosen = {i: n for i, n in names_of(dataset).items() if known[i] in self.names}
        made = with_fillers(_by_names(dataset, chosen, after, self), dataset, None, None)
        moved = {e.category.id: e for e in moved_entries(dataset, made)}
        ordered = [*(moved.pop(i) for i in after), *moved.values()]
        return relabelled(dataset, made, ordered, meant=f"categories {', '.join(self.names)}")


@dataclass(frozen=True, repr=False)
class Merge(Step):
    """Make several categories one: ``Merge("vehicle", ("car", "bus", "truck"))``.

    It takes the place and the id of the first of them in the list.
    """

    name: str
    of: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.of:
            raise RequestError(f"nothing to merge into {self.name!r}")

    def apply(self, dataset: Dataset) -> Dataset:
        known = names_of(dataset)
        for name in self.of:
            _require_known(name, known.values(), dataset)
        if self.name in known.values() and self.name not in self.of:
            raise RequestError(
                f"the file has a category {self.name!r} of its own",
                where=dataset.source.name,
                hint=f"name it among those that are merged: {self.name}={self.name},...",
            )
        ids = [i for i, name in known.items() if name in self.of]
        made = CategoryMap(dict.fromkeys(ids, ids[0]), "keep")
        entries = [
            e.named(self.name) if e.category.id == ids[0] else e
            for e in moved_entries(dataset, made)
        ]
        return relabelled(dataset, made, entries, meant=repr(self))


@dataclass(frozen=True, repr=False)
class Rename(Step):
    """Give a category another name: ``Rename("tv", "television")``."""

    old: str
    new: str

    def apply(self, dataset: Dataset) -> Dataset:
        known = names_of(dataset)
        _require_known(self.old, known.values(), dataset)
        if self.new in known.values() and self.new != self.old:
            raise RequestError(
                f"the file has a category {self.new!r} already",
                where=dataset.source.name,
                hint=f"--merge {self.new}={self.new},{self.old} makes them one",
            )
        entries = [
            e.named(self.new) if e.category.name == self.old else e
            for e in list_of(dataset).entries
        ]
        return relabelled(dataset, CategoryMap({}, "keep"), entries, meant=repr(self))


By = Literal["id", "name"]


@dataclass(frozen=True, repr=False)
class SortCategories(Step):
    """Bring the category list into the order of ids, or of names; ids stay."""

    by: By = "id"

    def __post_init__(self) -> None:
        if self.by not in get_args(By):
            raise RequestError(f"cannot sort categories by {self.by!r}", hint="id or name")

    def apply(self, dataset: Dataset) -> Dataset:
        entries = list(list_of(dataset).entries)
        if not entries:
            raise RequestError("the file has no category list to sort", where=dataset.source.name)
        kinds = {isinstance(e.category.id, str) for e in entries}
        if self.by == "id" and len(kinds) > 1:
            raise RequestError(
                "numbers and strings among the category ids have no order",
                where=dataset.source.name,
                hint="--sort name",
            )
        if self.by == "name":
            names_of(dataset)  # refuses what has none
            entries.sort(key=lambda e: str(e.category.name))
        else:
            entries.sort(key=lambda e: cast(int, e.category.id))
        return relabelled(
            dataset,
            CategoryMap({}, "keep"),
            entries,
            meant=repr(self),
            notes=(f"category list sorted by {self.by}",),
        )


@dataclass(frozen=True, repr=False)
class Like(Step):
    """Bring categories into another file's ids and order, by their names.

    An entry that only the other file has is added, as it stands there.

    Attributes:
        like: the other file's list: id, name and the JSON of each entry.
        unmapped: what becomes of categories that the other file does not have.
        aliases: names in the file that stand for names in the other.
    """

    like: tuple[tuple[Id, str, str], ...]
    unmapped: Unmapped = "error"
    aliases: Pairs = ()

    def __post_init__(self) -> None:
        _require_policy(self.unmapped)

    @classmethod
    def of(cls, other: Dataset, unmapped: Unmapped = "error", aliases: Pairs = ()) -> Like:
        """The step that makes categories like another file's.

        Raises:
            RequestError, StructureError: it has no categories, or not each with a name of its own.
        """
        names_of(other)
        listing = list_of(other)
        records = other.content.category_records
        assert records is not None, "names_of refuses such"
        texts = listing.texts(records)
        named = zip(listing.categories, texts, strict=True)
        return cls(
            tuple(
                (c.id, c.name, t.decode())
                for c, t in named
                if c.id is not None and c.name is not None
            ),
            unmapped,
            aliases,
        )

    def apply(self, dataset: Dataset) -> Dataset:
        other = {cat_id: name for cat_id, name, _ in self.like}
        made = _by_names(dataset, names_of(dataset), other, self)
        made = with_fillers(made, dataset, None, None)
        moved = {e.category.id: e for e in moved_entries(dataset, made)}
        added = [n for i, n, _ in self.like if i not in moved]
        ordered = [
            moved.pop(i) if i in moved else Entry.added(Category(i, name), text.encode())
            for i, name, text in self.like
        ]
        notes = (
            (f"categories added, as the other file has them: {', '.join(added)}",) if added else ()
        )
        return relabelled(
            dataset,
            made,
            [*ordered, *moved.values()],
            meant="another file's categories",
            notes=notes,
        )


# ---- how


def _by_names(
    dataset: Dataset, before: Names, after: Names, step: ToSpace | WithNames | Like
) -> CategoryMap:
    """``CategoryMap.by_names`` for a step, with errors that name the file."""
    try:
        return CategoryMap.by_names(before, after, step.unmapped, dict(step.aliases))
    except RequestError as error:
        raise type(error)(error.what, where=dataset.source.name, hint=error.hint) from error


def _require_known(name: str, known: Iterable[str], dataset: Dataset) -> None:
    names = list(known)
    if name not in names:
        raise UnknownNameError(
            f"no category is named {name!r}",
            where=dataset.source.name,
            hint=did_you_mean(name, names),
        )


def _require_policy(unmapped: str) -> None:
    if unmapped not in get_args(Unmapped):
        raise RequestError(
            f"unknown way with unmapped ids: {unmapped!r}", hint="error, drop or keep"
        )
