"""Fix: repair the faults of some codes, one code after the other."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
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
from cocosurgeon.lint.repairable import repairs, require_repairable
from cocosurgeon.lint.run import find_faults
from cocosurgeon.text import plural


_SLOW = {
    *ON_DISK_REPAIRS,
    *(check.code for check in all_checks() if check.of.startswith("every-")),
}
"""Codes that are looked for only once, when it is their turn."""


def fix(dataset: Dataset, codes: Sequence[str], images: str | None = None) -> Dataset:
    """Return a dataset without the faults of some codes, as far as they can be repaired.

    Each code is looked for in what the ones before it made.

    Args:
        images: the folder that ``file_name`` begins in.

    Raises:
        As ``require_repairable`` and ``Dataset.rewritten``; RequestError: it is a results file.
    """
    require_repairable(codes, has_images=images is not None)
    if dataset.index.is_results:
        raise RequestError(
            "a results file: repairs are for annotation files", where=dataset.source.name
        )
    known, left, notes = repairs(), list(codes), dataset.notes
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
        left: how many stay as they are, though they have the fault.
    """

    dataset: Dataset
    code: str
    repair: Repair
    images: str | None
    values: defaultdict[str, dict[int, Values]] = field(default_factory=lambda: defaultdict(dict))
    dropped: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    left: int = 0

    def run(self, file: AnnotationFile) -> Dataset:
        """Return the repaired dataset."""
        for key, row, outcome in self._outcomes(file):
            if outcome is None:
                self.left += 1
            elif outcome == DROP:
                self.dropped[key].append(row)
            else:
                self.values[key][row] = outcome
        dataset = self.dataset
        if self.values or self.dropped:
            rows = {key: np.unique(rows) for key, rows in self.dropped.items()}
            kept = _without(dataset, rows)
            values = {
                key: {row: v for row, v in of.items() if row not in set(self.dropped[key])}
                for key, of in list(self.values.items())
            }
            dataset = dataset.rewritten(Rewriting(self.code, kept, values, rows))
        note = self._note()
        return replace(dataset, notes=(*dataset.notes, note)) if note else dataset

    def _outcomes(self, file: AnnotationFile) -> Iterator[RecordOutcome]:
        if self.code in ON_DISK_REPAIRS:
            yield from self.repair.find(file, Path(str(self.images)))
            return
        if self.repair.of_file:
            yield from self.repair.find(file)
            return
        checks = [check for check in all_checks() if check.code == self.code]
        for _, fault, located in find_faults(file, checks):
            assert fault.list is not None and located is not None
            yield RecordOutcome(fault.list, fault.row, self.repair.find(located.value, file))

    def _note(self) -> str | None:
        changed = sum(map(len, self.values.values()))
        dropped = {key: len(set(rows)) for key, rows in self.dropped.items() if rows}
        done = [f"{plural(changed, 'record')} changed"] if changed else []
        done += [
            f"{plural(count, key.removesuffix('s'))} dropped" for key, count in dropped.items()
        ]
        if self.left:
            done.append(f"{self.left:,} left as they are: {self.repair.left}")
        return f"{self.code}: {', '.join(done)}" if done else None


def _without(dataset: Dataset, rows: Mapping[str, Any]) -> Dataset:
    """Return a dataset without some images, their annotations, and without some annotations."""
    if "annotations" in rows:
        stay = np.setdiff1d(dataset.annotation_rows, rows["annotations"])
        dataset = replace(dataset, annotation_rows=stay)
    if "images" in rows:
        images = dataset.index.images
        going = np.isin(np.arange(len(images.image_of_row)), rows["images"])
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


def left_to_repair(dataset: Dataset) -> Mapping[str, int]:
    """Return the number of faults of each code whose repair is not safe."""
    codes = [code for code, repair in repairs().items() if not repair.is_safe]
    found = _count_faults(AnnotationFile(dataset.index.document), codes)
    return {code: found[code] for code in codes if found[code]}


def _count_faults(file: AnnotationFile, codes: Sequence[str]) -> Counter[str]:
    checks = [check for check in all_checks() if check.code in codes]
    return Counter(check.code for check, _, _ in find_faults(file, checks))


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
