"""Fix: repair the faults of some codes, one code after the other."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from cocosurgeon.annfile.edit import Place, Values
from cocosurgeon.dataset.dataset import Dataset, Rewriting
from cocosurgeon.dataset.ids import UNKNOWN
from cocosurgeon.errors import RequestError
from cocosurgeon.lint.annotation_file import AnnotationFile, Record
from cocosurgeon.lint.check import all_checks
from cocosurgeon.lint.on_disk import ON_DISK_REPAIRS
from cocosurgeon.lint.repair import DROP, RecordOutcome, Repair
from cocosurgeon.lint.repairable import repairable, repairs
from cocosurgeon.lint.run import find_faults
from cocosurgeon.text import plural

_SLOW = {
    *ON_DISK_REPAIRS,
    *(check.code for check in all_checks() if check.of.startswith("every-")),
}
"""Codes that are looked for only once, when it is their turn."""


def fix(dataset: Dataset, names: Sequence[str], images: str | None = None) -> Dataset:
    """Return a dataset without the faults of some codes, as far as they can be repaired.

    Each code is looked for in what the ones before it made.

    Args:
        names: codes, groups, ``safe`` or ``all``; their order does not matter.
        images: the folder that ``file_name`` begins in.

    Raises:
        As ``repairable`` and ``Dataset.rewritten``; RequestError: it is a results file.
    """
    left = list(repairable(names, has_images=images is not None))
    if dataset.index.is_results:
        raise RequestError(
            "a results file: repairs are for annotation files",
            where=dataset.source.name,
            hint="name the annotation file",
        )
    known, notes = repairs(), dataset.notes
    while left:
        dataset = _as_file(dataset, left[0])
        file = AnnotationFile(dataset.index.document)
        quick = [code for code in left if code not in _SLOW]
        found = _count_faults(file, quick)
        present = (code for code in left if code not in quick or found[code])
        code = next(present, None)
        if code is None:
            break
        left = left[left.index(code) + 1 :]
        dataset = _Fix(dataset, code, known[code], images).run(file)
    if dataset.notes == notes:
        return replace(dataset, notes=(*notes, "nothing to repair"))
    return dataset


def _as_file(dataset: Dataset, name: str) -> Dataset:
    """Return a dataset of the text that it would be written as, since checks see whole files."""
    kept = dataset.rows_kept()
    if all(len(rows) == records.count for records, rows in kept) and not dataset.category_list:
        return dataset
    return dataset.rewritten(Rewriting(name, dataset))


@dataclass
class _Fix:
    """Repair of one code.

    Attributes:
        values, dropped: what becomes of records, by list.
        changed: number of records that change, by what their values are taken from.
        left: how many stay as they are, though they have the fault.
    """

    dataset: Dataset
    code: str
    repair: Repair
    images: str | None
    values: defaultdict[str, dict[int, Values]] = field(default_factory=lambda: defaultdict(dict))
    dropped: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    changed: Counter[str] = field(default_factory=Counter)
    left: int = 0

    def run(self, file: AnnotationFile) -> Dataset:
        """Return the repaired dataset."""
        for key, row, outcome in self._outcomes(file):
            if outcome is None:
                self.left += 1
            elif outcome == DROP:
                self.dropped[key].add(row)
            else:
                self.values[key][row] = outcome
        dataset, dropped = self.dataset, {}
        if self.values or self.dropped:
            kept = _without(dataset, self.dropped)
            for name in ("images", "annotations") if self.dropped else ():
                dropped[name] = np.setdiff1d(dataset.list_rows(name), kept.list_rows(name))
            values = {key: _not_in(of, self.dropped[key]) for key, of in [*self.values.items()]}
            dataset = dataset.rewritten(Rewriting(self.code, kept, values, dropped))
        note = self._note({name: len(rows) for name, rows in dropped.items()})
        return replace(dataset, notes=(*dataset.notes, note)) if note else dataset

    def _outcomes(self, file: AnnotationFile) -> Iterator[RecordOutcome]:
        if self.code in ON_DISK_REPAIRS:
            yield from self.repair.find(file, Path(str(self.images)))
        elif self.repair.of_file:
            yield from self.repair.find(file)
        else:
            yield from self._of_records(file)

    def _of_records(self, file: AnnotationFile) -> Iterator[RecordOutcome]:
        checks = [check for check in all_checks() if check.code == self.code]
        for _, fault, located in find_faults(file, checks, lambda _: True):
            assert fault.list is not None and located is not None
            outcome = self.repair.find(located.value, file)
            if outcome not in (None, DROP) and self.repair.by is not None:
                self.changed[self.repair.by(located.value, file)] += 1
            yield RecordOutcome(fault.list, fault.row, outcome)

    def _note(self, dropped: Mapping[str, int]) -> str | None:
        changed = sum(map(len, self.values.values()))
        done = [f"{plural(changed, 'record')} changed"] if changed else []
        if len(self.changed) > 0:
            by = ", ".join(f"{count:,} {how}" for how, count in self.changed.items())
            done = [f"{done[0]} ({by})"]
        gone = [plural(n, name.removesuffix("s")) for name, n in dropped.items() if n]
        done += [f"{' and '.join(gone)} dropped"] if gone else []
        if self.left:
            is_one = self.left == 1
            stays = "is unchanged" if is_one else "are unchanged"
            done.append(f"{self.left:,} {stays}: {self.repair.left}")
        return f"{self.code}: {', '.join(done)}" if done else None


def _not_in(values: Mapping[int, Values], rows: Collection[int]) -> dict[int, Values]:
    return {row: new for row, new in values.items() if row not in rows}


def _without(dataset: Dataset, rows: Mapping[str, Collection[int]]) -> Dataset:
    """Return a dataset without some images, their annotations, and without some annotations."""
    if "annotations" in rows:
        stay = np.setdiff1d(dataset.annotation_rows, sorted(rows["annotations"]))
        dataset = replace(dataset, annotation_rows=stay)
    if "images" in rows:
        images = dataset.index.images
        going = np.isin(np.arange(len(images.image_of_row)), sorted(rows["images"]))
        stay = np.setdiff1d(dataset.image_indices, np.unique(images.image_of_row[going]))
        owners = dataset.index.image_of_annotation
        keeps = (owners == UNKNOWN) | np.isin(owners, stay)
        kept = dataset.annotation_rows[keeps[dataset.annotation_rows]]
        dataset = replace(dataset, image_indices=stay, annotation_rows=kept)
    return dataset


def changes(dataset: Dataset) -> Iterator[dict[str, object]]:
    """Yield each change of a value, and each record that was dropped, in order.

    A change has ``code``, ``list``, the record's ``id`` before it, ``key`` (``bbox[2]``),
    ``before`` (not there: the key is added) and ``after``; a dropped record ``dropped``.
    """
    for rewriting in dataset.rewritings:
        file = AnnotationFile(rewriting.before.index.document)
        for key in dict.fromkeys((*rewriting.values, *rewriting.dropped)):
            values = rewriting.values.get(key, {})
            gone = set(rewriting.dropped.get(key, ()))
            rows = np.array(sorted({*values, *gone}), dtype=np.int64)
            for each in file.records(key, rows):
                head = {"code": rewriting.name, "list": key, "id": each.value.get("id")}
                if each.row in gone:
                    yield {**head, "dropped": True}
                for place, after in values.get(each.row, {}).items():
                    before = _at(each.value, place)
                    was = {} if before is _ABSENT else {"before": before}
                    yield {**head, "key": _shown(place), **was, "after": after}


def left_to_repair(
    dataset: Dataset, chosen: Sequence[str], images: str | None = None
) -> Mapping[str, int]:
    """Return the number of faults of each code that has a repair, and was not chosen."""
    file = AnnotationFile(dataset.index.document)
    codes = [code for code in repairs() if code not in chosen and code not in _SLOW]
    found = _count_faults(file, codes)
    if images is not None:
        others = (code for code in ON_DISK_REPAIRS if code not in chosen)
        found.update(
            {c: sum(1 for _ in ON_DISK_REPAIRS[c].find(file, Path(images))) for c in others}
        )
    return {code: found[code] for code in repairs() if found[code]}


def _count_faults(file: AnnotationFile, codes: Sequence[str]) -> Counter[str]:
    checks = [check for check in all_checks() if check.code in codes]
    return Counter(check.code for check, _, _ in find_faults(file, checks, lambda _: True))


_ABSENT = object()


def _at(record: Record, place: Place) -> object:
    value: Any = record
    for part in place:
        if isinstance(part, str) and part not in value:
            return _ABSENT
        value = value[part]
    return value


def _shown(place: Place) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return text.removeprefix(".")
