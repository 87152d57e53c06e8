"""Annotations that a loader drops: for faults of the file, or by its filters."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from cocosurgeon.findings.finding import Finding, of_annotation, of_image
from cocosurgeon.loaders import LOADERS, Dropped, Id, View
from cocosurgeon.loaders.loader import Mode
from cocosurgeon.loaders.view import Rule
from cocosurgeon.text import are, plural
from cocosurgeon.verify.values import key_of, of_other_type

_SHOWN = 5


@dataclass(frozen=True, eq=False)
class Listed:
    """Ids that a document lists, which other records may name."""

    document: Mapping[str, object]
    _records: dict[str, Sequence[Mapping[str, object]]] = field(default_factory=dict)

    @cached_property
    def images(self) -> Collection[object]:
        """Ids of images."""
        return self._ids("images")

    @cached_property
    def categories(self) -> Collection[object]:
        """Ids of categories."""
        return self._ids("categories")

    @cached_property
    def repeated(self) -> Collection[object]:
        """Ids that more than one annotation has."""
        counts = Counter(key_of(r.get("id")) for r in self.records("annotations"))
        return {key for key, count in counts.items() if count > 1}

    @property
    def annotations(self) -> Sequence[Mapping[str, object]]:
        """The annotations."""
        return self.records("annotations")

    def image(self, img_id: object) -> Mapping[str, object]:
        """Return the record of an image; an empty one if it is missing."""
        return self._images_by_id.get(key_of(img_id), {})

    @cached_property
    def _images_by_id(self) -> Mapping[object, Mapping[str, object]]:
        return {key_of(r.get("id")): r for r in self.records("images")}

    @cached_property
    def _by_id(self) -> Mapping[object, Mapping[str, object]]:
        return {key_of(r.get("id")): r for r in self.records("annotations")}

    def annotation(self, row: int) -> Mapping[str, object]:
        """Return the annotation of a row."""
        return self.records("annotations")[row]

    def copied(self, other: Mapping[str, object]) -> Mapping[str, object] | None:
        """Return the annotation here of which another document has a copy, by its id."""
        return self._by_id.get(key_of(other.get("id")))

    def has_fault_of(self, code: str, copied: Mapping[str, object]) -> bool:
        """Return True if the annotation of a copy in another document has the fault here, too."""
        own = self.copied(copied)
        return own is not None and self.has_fault(code, own)

    def has_fault(self, code: str, record: Mapping[str, object]) -> bool:
        """Return True if an annotation with these ids would have the fault in this document."""
        if code == "annotation-shadowed":
            return key_of(record.get("id")) in self.repeated
        field, listed = self.reference(code)
        return key_of(record.get(field)) not in listed

    def reference(self, code: str) -> tuple[str, Collection[object]]:
        """Return the field of a fault, and the ids that the field may have."""
        if code == "category-unlisted":
            return "category_id", self.categories
        return "image_id", self.images

    def _ids(self, key: str) -> Collection[object]:
        return {key_of(r.get("id")) for r in self.records(key)} - {None}

    def records(self, key: str) -> Sequence[Mapping[str, object]]:
        """Return the records of a list; none without such a list."""
        if key not in self._records:  # made once: each annotation needs it
            found = self.document.get(key)
            records = [r for r in found if isinstance(r, dict)] if isinstance(found, list) else []
            self._records[key] = records
        return self._records[key]


def faults_in(
    view: View, mine: Listed, theirs: Listed | None, mode: Mode | None
) -> Iterator[Finding]:
    """Yield the annotations with a fault for which a loader drops them, each with its cause.

    If labels are ids, an unlisted category is a fault, too: no output of a model means it.

    Args:
        theirs: ids that the source lists, whose faults are no errors of the subset; None without
            a source.
    """
    for row, code in _suspects(view, mine):
        record = mine.annotation(row)
        if not mine.has_fault(code, record):
            continue
        mismatch = _type_mismatch(code, record, mine)
        yield Finding(
            code,
            f"annotation {record.get('id')!r} of image {record.get('image_id')!r}: "
            f"{mismatch or _cause(code, record, mine)}",
            view.loader,
            mode,
            of_annotation(record.get("id")),
            hint=_ONE_TYPE if mismatch else None,
            is_in_source=theirs is not None and theirs.has_fault_of(code, record),
        )


def images_lost(view: View, source: View | None, mode: Mode | None) -> Iterator[Finding]:
    """Yield the images that a loader drops for one of their annotations.

    Args:
        source: output of the loader for the source; None without a source.
    """
    too = set() if source is None else {key_of(d.img_id) for d, _ in _images_lost(source)}
    for dropped, code in _images_lost(view):
        text = f"image {dropped.img_id!r}: {dropped.rule}, {dropped.reason}"
        record, is_old = of_image(dropped.img_id), key_of(dropped.img_id) in too
        yield Finding(code, text, view.loader, mode, record, is_in_source=is_old)


def _images_lost(view: View) -> Iterator[tuple[Dropped, str]]:
    faults = {rule.name: rule.fault for rule in LOADERS[view.loader].rules}
    for dropped in view.dropped:
        if dropped.reason and (code := faults[dropped.rule]) is not None:
            yield dropped, code


def _suspects(view: View, mine: Listed) -> Iterator[tuple[int, str]]:
    """Yield rows of annotations that may have a fault, each with the fault's code."""
    for dropped, rule in _annotations(view):
        if rule.fault is not None:
            yield dropped.row, rule.fault
    if not view.cat2label and mine.categories:  # labels are ids, and no rule drops an unlisted one
        for sample in view.samples:
            for instance in sample.instances:
                yield instance.row, "category-unlisted"


_ONE_TYPE = "write ids as numbers in both lists, or as text in both: 1 and '1' never match"


def _cause(code: str, record: Mapping[str, object], mine: Listed) -> str:
    if code == "annotation-shadowed":
        return "another annotation has the same id"
    field, _ = mine.reference(code)
    return f"{field} {record.get(field)!r} is not in the list"


def _type_mismatch(code: str, record: Mapping[str, object], mine: Listed) -> str | None:
    """Return text on an id that differs from a listed one only in type; None for any other id."""
    field, listed = mine.reference(code)
    value = record.get(field)
    other = of_other_type(value)
    if code == "annotation-shadowed" or other is None or other not in listed:
        return None
    kinds = ("text", "numbers") if isinstance(value, str) else ("a number", "text")
    return f"{field} is {kinds[0]} ({value!r}), the list has {kinds[1]}"


@dataclass(frozen=True)
class Skipped:
    """Images or annotations that a filter of a loader skips, which is no fault.

    Attributes:
        kind: ``image`` or ``annotation``.
        loader, mode: the loader and its mode; None for all modes.
        rule: rule of the loader.
        ids: ids of the images or annotations.
    """

    kind: Literal["image", "annotation"]
    loader: str
    mode: Mode | None
    rule: str
    ids: tuple[Id | None, ...]

    def line(self, all_in: str) -> str:
        """Return a line with their number and the first ids.

        Args:
            all_in: where all of them are, for the reader.
        """
        shown = ", ".join(map(repr, self.ids[:_SHOWN]))
        more = f", ... ({all_in})" if len(self.ids) > _SHOWN else ""
        who = " ".join(filter(None, (self.loader, self.mode)))
        count = len(self.ids)
        return (
            f"{who}: {plural(count, self.kind)} {are(count)} skipped by {self.rule}: {shown}{more}"
        )


def skipped_in(view: View, mine: Listed, mode: Mode | None) -> tuple[Skipped, ...]:
    """Return images and annotations that a loader skips for no fault of the file."""
    found: defaultdict[tuple[Literal["image", "annotation"], str], list[Id | None]]
    found = defaultdict(list)
    for dropped in view.dropped:
        if dropped.kind == "image" and not dropped.reason:
            found["image", dropped.rule].append(dropped.img_id)
    # Annotations of a dropped image are not counted again.
    images = {d.img_id for d in view.dropped if d.kind == "image"}
    for dropped, rule in _annotations(view):
        is_fault = rule.fault and mine.has_fault(rule.fault, mine.annotation(dropped.row))
        if dropped.img_id not in images and not is_fault:
            found["annotation", rule.name].append(dropped.id)
    return tuple(
        Skipped(kind, view.loader, mode, rule_name, tuple(ids))
        for (kind, rule_name), ids in found.items()
    )


def _annotations(view: View) -> Iterator[tuple[Dropped, Rule]]:
    rules = {rule.name: rule for rule in LOADERS[view.loader].rules}
    return ((d, rules[d.rule]) for d in view.dropped if d.kind == "annotation")
