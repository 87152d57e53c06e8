"""Two loaders of one file: what differs, by which rule, and what no rule explains."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cocosurgeon.loaders import Id, Instance, Sample, View
from cocosurgeon.probe.dump import Dump, DumpInstance, DumpSample
from cocosurgeon.verify.corners import Box, absolute, alike, corners_in_dump, corners_in_file
from cocosurgeon.verify.finding import Finding
from cocosurgeon.verify.outcomes import Outcomes, outcomes_of
from cocosurgeon.verify.reading import Reading
from cocosurgeon.verify.settings import order_of
from cocosurgeon.verify.values import same
from cocosurgeon.verify.verification import Verification

NameOf = Callable[[str, object], str | None]
"""The name of a label in a named space."""


def verify_against(
    file: Reading, view: View, dump: Dump, name_of: NameOf, tolerance: float
) -> Verification:
    """Compare what a loader emits for a file with a dump of what another one emitted.

    Boxes are compared as absolute corners, labels by the names that they stand for.

    Args:
        view: the loader's.
        name_of: names of labels in the dump's label space.
        tolerance: pixels by which numbers of boxes may differ.
    """
    comparison = _Comparison(file, view, dump, name_of, tolerance)
    comparison.run()
    explained = [f"{rule}: {n:,}" for rule, n in sorted(comparison.explained.items())]
    by_rules = f"; explained by rules: {', '.join(explained)}" if explained else ""
    header = dump.header
    text = (
        f"{view.loader} against a dump of {header.framework} {header.version or ''} "
        f"({len(dump.samples):,} samples, {comparison.matched:,} objects alike, boxes to within "
        f"{tolerance:g} pixels{' and float32' if comparison.rounds else ''}{by_rules})"
    )
    return Verification(file.name, (text,), tuple(comparison.findings))


@dataclass
class _Comparison:
    """The work, and what it found so far."""

    file: Reading
    view: View
    dump: Dump
    name_of: NameOf
    tolerance: float
    findings: list[Finding] = field(default_factory=list)
    explained: Counter[str] = field(default_factory=Counter)
    matched: int = 0

    def run(self) -> None:
        """Compare image by image, by id."""
        header = self.dump.header
        self.own = Outcomes.of(self.view)
        self.other = outcomes_of(header, self.file)
        self.names = _category_names(self.file)
        here = {s.img_id: s for s in self.view.samples}
        there = {s.img_id: s for s in self.dump.samples}
        if len(there) < len(self.dump.samples):
            text = f"the dump has {len(self.dump.samples) - len(there):,} images more than once"
            self.findings.append(Finding("sample-added", text, self.view.loader))
        for img_id in here.keys() - there.keys():
            self._missing(img_id, self.other, header.loader or header.framework)
        for img_id in there.keys() - here.keys():
            self._missing(img_id, self.own, self.view.loader)
        orders = [[i for i in side if i in here and i in there] for side in (here, there)]
        if orders[0] != orders[1]:
            self._disorder(orders)
        for img_id in orders[0]:
            self._image(here[img_id], there[img_id])

    def _missing(self, img_id: Id, rules: Outcomes | None, who: str) -> None:
        rule = rules.images.get(img_id) if rules else None
        if rule is not None:
            self.explained[f"image left out by {who}, {rule}"] += 1
        else:
            self._report(f"image {img_id!r} is not emitted by {who}", img_id)

    def _image(self, here: Sample, there: DumpSample) -> None:
        img_id = here.img_id
        for what in ("height", "width", "img_path"):
            a, b = getattr(here, what), getattr(there, what)
            if what == "img_path" and a is not None and b is not None:
                a, b = (str(path).rpartition("/")[2] for path in (a, b))
            if a is not None and b is not None and a != b:
                self._report(f"image {img_id!r}: {what} is {a!r} and {b!r}", img_id)
        left = [(i, corners_in_dump(i, there, self.dump.header, here)) for i in there.instances]
        lost: list[Instance] = []
        for mine in here.instances:
            box = absolute(mine.box, self.view.box_format)
            place = self._place(box, mine, left)
            if place is None:
                lost.append(mine)
            else:
                other, _ = left.pop(place)
                self.matched += 1
                self._labels(mine, other, img_id)
        for mine in lost:
            self._lost(mine, img_id, left)
        for other, box in left:
            self._extra(other, box, img_id)

    def _place(self, box: Box, mine: Instance, left: list[tuple[DumpInstance, Box]]) -> int | None:
        places = [n for n, (_, b) in enumerate(left) if self._alike(box, b)]
        same_name = [n for n in places if self._name(left[n][0]) == self._own_name(mine)]
        return next(iter([*same_name, *places]), None)

    def _disorder(self, orders: list[list[Id]]) -> None:
        mine, theirs = order_of(self.view.loader), self.dump.header.order
        if theirs not in (mine, "unknown"):
            self.explained[f"order of images ({theirs} in the dump)"] += 1
            return
        place = next(n for n, (a, b) in enumerate(zip(*orders, strict=True)) if a != b)
        text = f"sample {place} is image {orders[0][place]!r}, in the dump {orders[1][place]!r}"
        self.findings.append(Finding("sample-order", text, self.view.loader))

    def _labels(self, mine: Instance, other: DumpInstance, img_id: Id) -> None:
        names = self._own_name(mine), self._name(other)
        where = f"image {img_id!r}, annotation {mine.ann_id!r}"
        for code, a, b in (("ignore", mine.ignore, other.ignore), ("mask", mine.mask, other.mask)):
            if a is not None and b is not None and not same(a, b):
                text = f"{where}: not as in the dump"
                self.findings.append(Finding(code, text, self.view.loader, None, img_id))
        if mine.label is None or other.label is None:
            if mine.ignore and other.ignore:
                self.explained["crowds without a label"] += 1
            else:
                self._report(f"{where}: label {mine.label!r}, in the dump {other.label!r}", img_id)
        elif names == (None, None) and same(mine.label, other.label):
            return  # both hand on an id that the file does not list
        elif None in names:
            self._report(f"{where}: {mine.label!r} or {other.label!r} has no name", img_id)
        elif names[0] != names[1]:
            text = (
                f"image {img_id!r}, annotation {mine.ann_id!r}: label {mine.label!r} ({names[0]}), "
                f"in the dump {other.label!r} ({names[1]})"
            )
            self.findings.append(Finding("label-shift", text, self.view.loader, None, img_id))

    def _lost(self, mine: Instance, img_id: Id, left: list[tuple[DumpInstance, Box]]) -> None:
        """An object of ours without one of theirs: dropped there, or changed by a rule there?"""
        who = self.dump.header.loader or self.dump.header.framework
        if self.other is not None and mine.row in self.other.annotations:
            self.explained[f"dropped by {who}, {self.other.annotations[mine.row]}"] += 1
            return
        if self.other is not None and mine.row in self.other.boxes:
            place = self._place(self.other.boxes[mine.row], mine, left)
            if place is not None:
                other, _ = left.pop(place)
                self.matched += 1
                self.explained[f"box changed by {who} (clipped, or rounded)"] += 1
                self._labels(mine, other, img_id)
                return
        self._report(f"image {img_id!r}: annotation {mine.ann_id!r} is not in the dump", img_id)

    def _extra(self, other: DumpInstance, box: Box, img_id: Id) -> None:
        """An object of theirs without one of ours: dropped by a rule of ours?"""
        for row in self.own.rows.get(img_id, ()):
            if self._is_from(row, box):
                self.own.rows[img_id].remove(row)
                self.explained[f"dropped by {self.view.loader}, {self.own.annotations[row]}"] += 1
                return
        self._report(f"image {img_id!r}: the dump has {list(box)} ({self._name(other)})", img_id)

    def _is_from(self, row: int, box: Box) -> bool:
        candidates = [corners_in_file(self.file.lists["annotations"][row].value.get("bbox"))]
        if self.other is not None:
            candidates.append(self.other.boxes.get(row))
        return any(c is not None and self._alike(c, box) for c in candidates)

    def _alike(self, a: Box, b: Box) -> bool:
        return alike(a, b, self.tolerance, rounds=self.rounds)

    @property
    def rounds(self) -> bool:
        """Whether either side computes in float32."""
        header = self.dump.header
        return self.view.single or header.single or header.normalised

    def _name(self, other: DumpInstance) -> str | None:
        header = self.dump.header
        label = other.label
        if header.label_space is not None:
            return self.name_of(header.label_space, label)
        if header.classes and isinstance(label, int) and 0 <= label < len(header.classes):
            return header.classes[label]
        return self.names.get(label)

    def _own_name(self, mine: Instance) -> str | None:
        if self.view.cat2label:
            return self.view.name_of(mine.label)
        return self.names.get(mine.label)

    def _report(self, text: str, img_id: Id) -> None:
        self.findings.append(Finding("unexplained", text, self.view.loader, None, img_id))


def _category_names(file: Reading) -> Mapping[object, str]:
    entries = [r.value for r in file.lists.get("categories", ())]
    return {e.get("id"): n for e in entries if isinstance(n := e.get("name"), str)}
