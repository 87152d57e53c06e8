"""Ids that several files have, and new ids for those of later files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from cocosurgeon.annfile.chunks import EXACT_IN_FLOAT
from cocosurgeon.annfile.columns import Array
from cocosurgeon.dataset.ids import Id, as_keys, objects
from cocosurgeon.dataset.mask import WarningNote
from cocosurgeon.dataset.references import References
from cocosurgeon.errors import RequestError
from cocosurgeon.sets.id_change import IdChange, texts_of
from cocosurgeon.sets.merged_file import MergedFile, lists_with_ids
from cocosurgeon.sets.options import Collisions
from cocosurgeon.text import are, first_few, plural


def change_ids(files: Sequence[MergedFile], how: Collisions) -> list[str]:
    """Replace ids of later files that an earlier file has, and return notes.

    Args:
        how: ``error``, ``offset`` or ``renumber``.

    Raises:
        RequestError: ids collide, with ``error``; an id is no number, with ``offset``.
    """
    notes: list[str] = []
    errors: list[str] = []
    targets = lists_with_ids(files)
    named = [_named_ids(file, targets) for file in files]
    for target in targets:
        taken: list[Array] = [files[0].own_ids(target)]
        used = [column for of in named for column in of[target]]
        used += [file.own_ids(target) for file in files]
        highest = max(_highest(column, EXACT_IN_FLOAT) for column in used)
        for file, of in zip(files[1:], named[1:], strict=True):
            ids = file.own_ids(target)
            collide = _common(ids, taken)
            own = [ids, *of[target]]
            if collide and how == "error":
                them = f"{target.removesuffix('s')} id"
                errors.append(
                    f"{plural(len(collide), them)} of {file.label} {are(len(collide))} taken: "
                    f"{first_few(collide, show=repr)}"
                )
            elif collide:
                if how == "offset":
                    change, note = _moved(file, target, own, taken)
                    highest = max(highest, max(map(_highest, own)) + change.offset)
                else:
                    change, note = _renumbered(file, target, collide, highest)
                    highest += len(collide)
                notes.append(note)
                file.ids[target] = change
                ids = objects(None if i is None else change.new(i) for i in ids.tolist())
            taken.append(as_keys(ids))
    if errors:
        raise RequestError(
            "; ".join(errors),
            where=" and ".join(file.where for file in files),
            hint="--merge-ids offset adds one number to all ids of the list, --merge-ids renumber "
            "changes only shared ids",
        )
    return notes


def _moved(
    file: MergedFile, target: str, own: Sequence[Array], taken: Sequence[Array]
) -> tuple[IdChange, str]:
    """Return the change that adds one number to all ids of a list, and a note.

    Args:
        own: ids of the list, and ids of it that other records name.
        taken: ids of earlier files.
    """
    what = f"{target.removesuffix('s')} ids"
    distinct = _distinct(own)
    odd = next((i for i in distinct if not isinstance(i, int)), None)
    if odd is not None:
        raise RequestError(
            f"--merge-ids offset needs whole numbers, and {odd!r} is among the {what}",
            where=file.where,
            hint="use --merge-ids renumber",
        )
    lowest = min(distinct)
    assert isinstance(lowest, int)
    offset = max(map(_highest, taken)) + 1 - min(lowest, 1)
    return IdChange(file.where, offset), f"{what} of {file.label}: each plus {offset:,}"


def _renumbered(
    file: MergedFile, target: str, collide: Sequence[Id], highest: int
) -> tuple[IdChange, str]:
    """Return the change of ids to the numbers after the highest one, and a note."""
    changed: dict[Id, Id] = {
        old: str(number) if isinstance(old, str) else number
        for number, old in enumerate(collide, highest + 1)
    }
    pairs = first_few(list(changed.items()), shown=3, show=lambda p: f"{p[0]!r} -> {p[1]!r}")
    what = f"{target.removesuffix('s')} ids of {file.label} that change"
    texts = texts_of(file.lists[target], changed)
    return IdChange(file.where, changed=changed, texts=texts), f"{what}: {len(changed):,}: {pairs}"


def require_apart(files: Sequence[MergedFile]) -> None:
    """Raise RequestError if a record names an unlisted id that is a record of another file."""
    targets = lists_with_ids(files)
    final = {target: [_final_ids(f, target) for f in files] for target in (*targets, "categories")}
    for place, file in enumerate(files):
        for name, target, references in file.references(targets):
            unknown = _outside(_kept_ids(file, name, references), file.own_ids(target))
            change = file.change_of(target)
            others = [ids for other, ids in enumerate(final[target]) if other != place]
            moved = {change.new(i) if change else i: i for i in unknown}
            if met := _common(objects(moved), others):
                olds = first_few([moved[i] for i in met], show=repr)
                raise RequestError(
                    f"{references.key} in {name!r} of {file.label} names {olds}, which "
                    f"{file.label} does not list in {target!r}, but another file does",
                    where=file.where,
                    hint="they would mean the other file's record: repair that file first "
                    "(cocosurgeon lint)",
                )


def type_warnings(files: Sequence[MergedFile]) -> Iterator[WarningNote]:
    """Yield a warning for each list whose ids are numbers in one file and text in another."""
    for target in (*lists_with_ids(files), "categories"):
        types = [_types(file.own_ids(target)) for file in files]
        if len(set().union(*types)) < 2 or any(len(each) > 1 for each in types):
            continue
        if len(set().union(*(_types(_final_ids(file, target)) for file in files))) > 1:
            pairs = zip(types, files, strict=True)
            shown = ", ".join(f"{kind} in {file.label}" for of, file in pairs for kind in of)
            yield WarningNote(
                f"ids of {target} are {shown}: loaders that sort ids raise an error for the result"
            )


def _types(ids: Array) -> set[str]:
    if ids.dtype == np.int64:
        return {"numbers"} if len(ids) else set()
    return {"text" if isinstance(i, str) else "numbers" for i in ids.tolist() if i is not None}


def _named_ids(file: MergedFile, targets: Sequence[str]) -> dict[str, list[Array]]:
    """Return the ids of each list that records name."""
    found: dict[str, list[Array]] = {target: [] for target in targets}
    for name, target, references in file.references(targets):
        if target in found:
            found[target].append(_kept_ids(file, name, references))
    return found


def _kept_ids(file: MergedFile, name: str, references: References) -> Array:
    """Return the ids that the kept records of a list name."""
    rows, ids = references.pairs()
    if name not in file.rows:
        return ids
    return ids[np.isin(rows, file.rows[name])]


def _final_ids(file: MergedFile, target: str) -> Array:
    change = file.change_of(target)
    ids = file.own_ids(target)
    if not change:
        return ids
    return as_keys(objects(None if i is None else change.new(i) for i in ids.tolist()))


def _highest(ids: Array, below: int | None = None) -> int:
    """Return the highest whole number of a column, also in text; at least 0.

    Args:
        below: ignore numbers from this one on; None: ignore none.
    """
    if ids.dtype == np.int64:
        ids = ids if below is None else ids[ids < below]
        return max(int(ids.max()), 0) if len(ids) else 0
    numbers = (
        int(i) if isinstance(i, str) else i
        for i in ids.tolist()
        if isinstance(i, int) or (isinstance(i, str) and i.isascii() and i.isdigit())
    )
    return max((0, *(number for number in numbers if below is None or number < below)))


def _distinct(columns: Sequence[Array]) -> list[Id]:
    """Return the different ids of several columns."""
    if all(ids.dtype == np.int64 for ids in columns):
        found: list[Id] = np.unique(np.concatenate(columns)).tolist()
        return found
    return [i for i in dict.fromkeys(i for ids in columns for i in ids.tolist()) if i is not None]


def _outside(values: Array, listed: Array) -> list[Id]:
    """Return the different ids, in order, that are not listed."""
    if values.dtype == listed.dtype == np.int64:
        found: list[Id] = np.unique(values[~np.isin(values, listed)]).tolist()
        return found
    known = {None, *listed.tolist()}
    return [i for i in dict.fromkeys(values.tolist()) if i not in known]


def _common(ids: Array, taken: Sequence[Array]) -> list[Id]:
    """Return the different ids, in order, that are taken."""
    ids = as_keys(ids)
    if ids.dtype == np.int64 and all(each.dtype == np.int64 for each in taken):
        found = np.isin(ids, np.concatenate([ids[:0], *taken]))
        return list(dict.fromkeys(ids[found].tolist()))
    known = {i for each in taken for i in each.tolist()} - {None}
    return [i for i in dict.fromkeys(ids.tolist()) if i in known]
