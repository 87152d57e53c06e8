"""ToSpace: bring category ids into a named space."""

from __future__ import annotations

from dataclasses import dataclass
from operator import index

from cocosurgeon.categories.by_names import BY_NAMES, Pairs, map_by_names, require_policy
from cocosurgeon.categories.category_map import CategoryMap, Unmapped
from cocosurgeon.categories.entries import (
    filled,
    misplaced,
    moved_entries,
    unfilled,
    with_fillers,
)
from cocosurgeon.categories.inventory import Inventory
from cocosurgeon.categories.relabel import relabelled
from cocosurgeon.categories.source_space import only_space, require_names
from cocosurgeon.categories.space import Space
from cocosurgeon.categories.table import find_space
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.errors import RequestError, UnknownNameError
from cocosurgeon.select.plan import Step
from cocosurgeon.text import did_you_mean


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
        aliases: names in the file that stand for other names; an empty one: for none.
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
        if self.start is not None:
            require_start(self.start)
            if not space.index.startswith("position"):
                raise RequestError(
                    f"--start renumbers positions, and an index of {space} is the {space.index}",
                    hint="leave --start out, or name a space of positions such as mmdet80",
                )
        require_policy(self.unmapped)

    def apply(self, dataset: Dataset) -> Dataset:
        before = Inventory.of(dataset)
        target = find_space(self.to)
        source = self._source(before, target)
        shift = 0 if self.start is None else self.start - min(target.classes)
        cat_map = self._map(before, source, target, shift)
        entries = moved_entries(before, cat_map)
        notes = _unlisted(dataset, target)
        if target.has_gaps and dataset.index.category_records is not None:
            entries, more = filled(before, entries, target)
        else:
            entries, more = unfilled(before, entries)
            more += misplaced(entries, target, shift)
        meant = f"{source.name if source else BY_NAMES} -> {target}"
        meanings = {**target.unused, **target.classes}
        return relabelled(
            dataset,
            before,
            cat_map,
            entries,
            meant=meant,
            notes=(meant, *notes, *more),
            taken={i + shift: f"{what} in {target}" for i, what in meanings.items()},
        )

    def _source(self, before: Inventory, target: Space) -> Space | None:
        """The space that the file is in; None: it goes by its own names."""
        if self.from_ == BY_NAMES:
            return None
        aliases = dict(self.aliases)
        source = find_space(self.from_) if self.from_ else only_space(before, target, aliases)
        require_names(before, source, aliases)
        return source

    def _map(
        self, before: Inventory, source: Space | None, target: Space, shift: int
    ) -> CategoryMap:
        if source is not None and not (source.is_named and target.is_named):
            # classes by number: no name is nearly another
            made = CategoryMap.between(source, target, self.unmapped)
            return with_fillers(made, before, source, target)
        if source is None:
            names, aliases = before.names(), dict(self.aliases)
        else:
            classes = source.classes
            names = {i: classes[i] for i in before.ids if isinstance(i, int) and i in classes}
            aliases = _still_needed(dict(self.aliases), names, before)
        made = map_by_names(before, names, target.classes, self.unmapped, aliases)
        if shift:
            pairs = ((i, n + shift if isinstance(n, int) else n) for i, n in made.pairs)
            made = CategoryMap(pairs, self.unmapped)
        return with_fillers(made, before, source, target)


def require_start(start: int) -> None:
    """Refuse a first id that is no whole number from 0 on."""
    try:
        number = index(start)
    except TypeError:
        raise RequestError(f"not a first id: {start!r}", hint="a whole number") from None
    if number < 0:
        raise RequestError(f"ids cannot begin with {number}", hint="a number from 0 on")


def _still_needed(
    aliases: dict[str, str], names: dict[int | float | str, str], before: Inventory
) -> dict[str, str]:
    """Aliases between the classes of two spaces; others stand for a name in the file.

    Raises:
        UnknownNameError: one is for a name that is in neither.
    """
    in_file = {n for n in before.classes.values() if n is not None}
    known = in_file | set(names.values())
    for old in aliases:
        if old not in known:
            raise UnknownNameError(
                f"the alias is for a name that is not there: {old!r}",
                where=before.where,
                hint=did_you_mean(old, known),
            )
    return {
        old: new
        for old, new in aliases.items()
        if old in names.values() and new not in names.values()
    }


def _unlisted(dataset: Dataset, target: Space) -> tuple[str, ...]:
    index = dataset.index
    if index.is_results or index.category_records is not None:
        return ()
    return (f"the file has no list 'categories': a loader cannot number the labels of {target}",)
