"""Two loaders of one file: differences that a rule explains, and those that no rule explains."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PureWindowsPath
from posixpath import normpath

from cocosurgeon.findings.finding import Finding, of_image
from cocosurgeon.loaders import LOADERS, Id, Instance, Sample, View
from cocosurgeon.loaders.settings import Setting
from cocosurgeon.probe.dump import Dump, DumpInstance, DumpSample
from cocosurgeon.text import plural
from cocosurgeon.verify.boxes import (
    Box,
    Nearness,
    Placed,
    absolute,
    corners_in_dump,
    corners_in_file,
    pair_boxes,
)
from cocosurgeon.verify.masks import pixels_apart
from cocosurgeon.verify.read_again import PlainFile
from cocosurgeon.verify.rule_outcomes import NoRules, Outcomes, outcomes_of
from cocosurgeon.verify.values import key_of, same
from cocosurgeon.verify.verification import Assumed, Verification

_LOOKED_AT = 200
"""Images, and objects of each, that are checked to recognize a dump after random transforms."""
_ROUNDED = 0.01
"""Pixels by which a mirrored box may differ, because it was computed in float32."""

NameOf = Callable[[str, object], str | None]
"""Returns the class name of a label in a named label space."""


def verify_against(
    file: PlainFile, setting: Setting, view: View, dump: Dump, name_of: NameOf, tolerance: float
) -> Verification:
    """Compare the output of a loader for a file with a dump of another loader.

    Boxes are compared as absolute corners, labels by class names. If the dump is of another file,
    only images of both are compared.

    Args:
        setting: mode and options of the loader.
        view: output of the loader.
        name_of: returns the class name of a label in the dump's label space.
        tolerance: pixels by which numbers of boxes may differ.

    Raises:
        FormatError: the dump's options are not options of the loader that it names.
    """
    comparison = _Comparison(file, setting, view, dump, name_of, tolerance)
    comparison.run()
    explained = [f"{rule}: {n:,}" for rule, n in sorted(comparison.explained.items())]
    by_rules = f"; explained by rules: {', '.join(explained)}" if explained else ""
    dumped = dump.header.framework, dump.header.version
    text = (
        f"{view.loader} against a dump of {' '.join(filter(None, dumped))} "
        f"({plural(len(comparison.dumped), 'sample')}, "
        f"{plural(comparison.matched, 'object')} alike, boxes to within {tolerance:g} pixels"
        f"{' and float32' if comparison.nearness.rounds else ''}"
        f"{by_rules})"
    )
    return Verification(
        file.name,
        (text,),
        tuple(comparison.findings),
        comparison.notes(),
        assumed=(Assumed.of([setting]),),
        is_proven=not dump.header.is_by_rules,
    )


@dataclass
class _Comparison:
    """A comparison, with its findings so far.

    Attributes:
        explained: number of differences by the rule that explains them.
        matched: number of matched objects.
        alone: number of images that only this file has, if the dump is of another file.
    """

    file: PlainFile
    setting: Setting
    view: View
    dump: Dump
    name_of: NameOf
    tolerance: float
    findings: list[Finding] = field(default_factory=list)
    explained: Counter[str] = field(default_factory=Counter)
    matched: int = 0
    alone: int = 0

    @cached_property
    def is_of_file(self) -> bool:
        """True unless the dump's header has the hash of another file."""
        return self.dump.header.sha256 in (None, self.file.sha256)

    @cached_property
    def dumped(self) -> Sequence[DumpSample]:
        """Samples of the dump for images of this file."""
        if self.is_of_file:
            return self.dump.samples
        ids = {key_of(r.value.get("id")) for r in self.file.lists.get("images", ())}
        return [s for s in self.dump.samples if key_of(s.img_id) in ids]

    @cached_property
    def nearness(self) -> Nearness:
        """Rule by which boxes are alike."""
        header = self.dump.header
        rounds = self.view.single or header.single or header.normalised
        return Nearness(self.tolerance, rounds)

    def notes(self) -> tuple[str, ...]:
        """Return notes about the comparison."""
        if self.is_of_file:
            return ()
        return (
            f"the dump was made of another file ({self.dump.header.ann_file}): the "
            f"{len(self.dumped):,} images of both are compared; only in the dump: "
            f"{len(self.dump.samples) - len(self.dumped):,}, only in this file: {self.alone:,}",
        )

    def run(self) -> None:
        """Compare image by image, by id."""
        header = self.dump.header
        self.own = Outcomes.of(self.view)
        self.other = outcomes_of(header, self.file, is_of_file=self.is_of_file)
        self.names = _category_names(self.file)
        self.names_there = dict[object, str](enumerate(header.classes)) or self.names
        here = {s.img_id: s for s in self.view.samples}
        there = {s.img_id: s for s in self.dumped}
        if len(there) < len(self.dumped):
            twice = plural(len(self.dumped) - len(there), "image")
            text = f"the dump has {twice} more than once"
            self.findings.append(Finding("sample-added", text, self.view.loader))
        if self.dump.samples and not self.dumped:
            count = len(self.dump.samples)
            text = f"nothing is compared: none of the dump's {count:,} images is in this file"
            self.findings.append(Finding("unexplained", text, self.view.loader))
        for img_id in here:
            if img_id not in there:
                self._missing(img_id, self.other, header.loader or header.framework)
        for img_id in there:
            if img_id not in here:
                self._missing(img_id, self.own, self.view.loader)
        orders = [[i for i in side if i in here and i in there] for side in (here, there)]
        if orders[0] != orders[1]:
            self._disorder(orders)
        both = [(here[img_id], there[img_id]) for img_id in orders[0]]
        looked = both[:_LOOKED_AT]
        resized = sum(map(_is_resized, looked))
        mirrored = sum(map(self._is_mirrored, looked))
        if resized + mirrored >= max(2, len(looked) / 2):
            text = (
                f"of {plural(len(looked), 'image')} {resized:,} have another size than in the "
                f"file, and of {mirrored:,} the boxes are mirrored: no object is compared"
            )
            self.findings.append(Finding("augmented", text, self.view.loader))
            return
        for mine, theirs in both:
            self._image(mine, theirs)

    def _is_mirrored(self, pair: tuple[Sample, DumpSample]) -> bool:
        """Return True if boxes fit only after they are mirrored from left to right."""
        here, there = pair
        width = here.width if isinstance(here.width, (int, float)) else there.width
        if not isinstance(width, (int, float)) or not here.instances:
            return False
        few = slice(_LOOKED_AT)
        mine = [Placed(absolute(i.box, self.view.box_format)) for i in here.instances[few]]
        boxes = [corners_in_dump(i, there, self.dump.header, here) for i in there.instances[few]]
        if any(len(box) != 4 for box in boxes):
            return False
        turned = [(width - x2, y1, width - x1, y2) for x1, y1, x2, y2 in boxes]
        near = Nearness(max(self.tolerance, _ROUNDED), rounds=True)
        plain, mirrored = (
            len(pair_boxes(mine, list(map(Placed, each)), near)) for each in (boxes, turned)
        )
        return mirrored > plain

    def _missing(self, img_id: Id, rules: Outcomes | NoRules, who: str) -> None:
        rule = rules.images.get(img_id) if isinstance(rules, Outcomes) else None
        if rule is not None:
            self.explained[f"image skipped by {who}, {rule}"] += 1
        elif rules is self.other and not self.is_of_file:
            self.alone += 1  # the dump's file may not have the image
        else:
            hint = rules.hint if isinstance(rules, NoRules) else None
            self._report(f"image {img_id!r} is not loaded by {who}", img_id, hint)

    def _image(self, here: Sample, there: DumpSample) -> None:
        img_id = here.img_id
        for what in ("height", "width"):
            a, b = getattr(here, what), getattr(there, what)
            if a is not None and b is not None and not _equal(a, b):
                self._report(f"image {img_id!r}: {what} is {a!r} and {b!r}", img_id)
        self._paths(here, there.img_path)
        mine, theirs = here.instances, there.instances
        boxes = [corners_in_dump(i, there, self.dump.header, here) for i in theirs]
        placed = [Placed(b, (self._name(i), i.ignore)) for b, i in zip(boxes, theirs, strict=True)]
        pairs = pair_boxes(
            [self._placed(absolute(i.box, self.view.box_format), i) for i in mine],
            placed,
            self.nearness,
        )
        lost = [n for n in range(len(mine)) if n not in pairs]
        left = _without(range(len(theirs)), pairs.values())
        changed = self._changed([mine[n] for n in lost], [placed[n] for n in left])
        pairs |= {lost[n]: left[place] for n, place in changed.items()}
        self.matched += len(pairs)
        for n, place in sorted(pairs.items()):
            self._labels(mine[n], theirs[place], here, there)
        for n in lost:
            if n not in pairs:
                self._lost(mine[n], img_id)
        left = _without(left, pairs.values())
        self._extra([theirs[n] for n in left], [boxes[n] for n in left], img_id)

    def _placed(self, box: Box, mine: Instance) -> Placed:
        return Placed(box, (self._own_name(mine), mine.ignore))

    def _paths(self, here: Sample, there: str | None) -> None:
        """Return paths relative to the image root; only file names if one path has its root."""
        if there is None:
            return
        path = self.setting.path_in_root(str(here.img_path))
        a, b = normpath(path), normpath(there)
        if _is_absolute(a) or _is_absolute(b):
            a, b = (PureWindowsPath(each).name for each in (a, b))
        if a != b:
            text = f"image {here.img_id!r}: img_path is {path!r} and {there!r}"
            self._report(text, here.img_id)

    def _disorder(self, orders: list[list[Id]]) -> None:
        mine, theirs = LOADERS[self.view.loader].order, self.dump.header.order
        if theirs != mine:
            self.explained[f"order of images ({theirs} in the dump)"] += 1
            return
        place = next(n for n, (a, b) in enumerate(zip(*orders, strict=True)) if a != b)
        text = f"sample {place} is image {orders[0][place]!r}, in the dump {orders[1][place]!r}"
        self.findings.append(Finding("sample-order", text, self.view.loader))

    def _labels(self, mine: Instance, other: DumpInstance, here: Sample, there: DumpSample) -> None:
        img_id = here.img_id
        names = self._own_name(mine), self._name(other)
        where = f"image {img_id!r}, annotation {mine.ann_id!r}"
        if mine.ignore != other.ignore:
            text = f"{where}: not as in the dump"
            self.findings.append(Finding("ignore", text, self.view.loader, record=of_image(img_id)))
        if apart := _masks_apart(mine.mask, other.mask, here, there):
            text = f"{where}: not as in the dump: {apart}"
            self.findings.append(Finding("mask", text, self.view.loader, record=of_image(img_id)))
        if names == (None, None) and _equal(mine.label, other.label):
            return  # neither has a label, or both have the same id that the file does not list
        if mine.label is None or other.label is None:
            if mine.ignore and other.ignore:
                self.explained["crowds without a label"] += 1
            else:
                self._report(f"{where}: label {mine.label!r}, in the dump {other.label!r}", img_id)
        elif None in names:
            self._report(f"{where}: {mine.label!r} or {other.label!r} has no name", img_id)
        elif names[0] != names[1] or (
            self._numbers_alike and not _equal(mine.label, _whole(other.label))
        ):
            text = (
                f"{where}: label {mine.label!r} ({names[0]}), in the dump {other.label!r} "
                f"({names[1]})"
            )
            loader, record = self.view.loader, of_image(img_id)
            self.findings.append(
                Finding("label-shift", text, loader, record=record, hint=self._shift_hint)
            )
        elif not _equal(mine.label, other.label):
            self.explained["same class name, another label number"] += 1

    @cached_property
    def _numbers_alike(self) -> bool:
        """Return True if one loader made both with one numbering, so that numbers must agree.

        If the categories in use decide the numbers, two files may differ in them. With any other
        loader, another number comes from other options or from another list.
        """
        header, numbering = self.dump.header, LOADERS[self.view.loader].numbering_by_use
        if numbering is None or header.loader != self.view.loader:
            return False
        sides = (self.setting, header.setting())
        return all(setting.options.sorts_categories for setting in sides)

    @cached_property
    def _shift_hint(self) -> str | None:
        """Return advice for labels that differ because other categories are in use."""
        numbering, there = LOADERS[self.view.loader].numbering_by_use, self.dump.header.cat2label
        if numbering is None or not self._numbers_alike or not there:
            return None
        categories = [dict(r.value) for r in self.file.lists.get("categories", ())]
        return numbering.advice(categories, self.view.cat2label, there)

    def _changed(self, mine: Sequence[Instance], theirs: Sequence[Placed]) -> dict[int, int]:
        """Return objects whose boxes a rule of either loader changes, each with its partner."""
        if isinstance(self.other, NoRules):
            return {}
        boxes = self.other.boxes
        rows = [n for n, each in enumerate(mine) if each.row in boxes]
        placed = [self._placed(boxes[mine[n].row], mine[n]) for n in rows]
        pairs = {rows[n]: place for n, place in pair_boxes(placed, theirs, self.nearness).items()}
        for n in pairs:
            box = absolute(mine[n].box, self.view.box_format)
            in_file = self._box_in_file(mine[n].row)
            is_ours = in_file is not None and not self.nearness.alike(box, in_file)
            who = self.view.loader if is_ours else self.dump.header.loader
            self.explained[f"box changed by {who} (clipped, or rounded)"] += 1
        return pairs

    def _lost(self, mine: Instance, img_id: Id) -> None:
        """Report an object that the dump lacks, unless a rule of its loader drops it."""
        if isinstance(self.other, Outcomes) and mine.row in self.other.annotations:
            rule = self.other.annotations[mine.row]
            self.explained[f"dropped by {self.dump.header.loader}, {rule}"] += 1
            return
        text = f"image {img_id!r}: annotation {mine.ann_id!r} is not in the dump"
        self._report(text, img_id, self._hint)

    def _extra(self, others: Sequence[DumpInstance], boxes: Sequence[Box], img_id: Id) -> None:
        """Report objects that only the dump has, unless a rule of the loader drops them."""
        left = list(range(len(others)))
        rows: Sequence[int] = self.own.rows.get(img_id, ()) if left else ()
        for box_of in (self._box_in_file, self._box_there):
            dropped = [(row, box) for row in rows if (box := box_of(row)) is not None]
            theirs = [Placed(box) for _, box in dropped]
            pairs = pair_boxes([Placed(boxes[n]) for n in left], theirs, self.nearness)
            for place in pairs.values():
                rule = self.own.annotations[dropped[place][0]]
                self.explained[f"dropped by {self.view.loader}, {rule}"] += 1
            rows = _without(rows, (dropped[place][0] for place in pairs.values()))
            left = [n for i, n in enumerate(left) if i not in pairs]
        for n in left:
            text = f"image {img_id!r}: the dump has {list(boxes[n])} ({self._name(others[n])})"
            self._report(text, img_id, self._hint)

    def _box_in_file(self, row: int) -> Box | None:
        return corners_in_file(self.file.lists["annotations"][row].value.get("bbox"))

    def _box_there(self, row: int) -> Box | None:
        return self.other.boxes.get(row) if isinstance(self.other, Outcomes) else None

    @property
    def _hint(self) -> str | None:
        """Return advice for a difference that a rule of the dump's loader may explain."""
        return self.other.hint if isinstance(self.other, NoRules) else None

    def _name(self, other: DumpInstance) -> str | None:
        space = self.dump.header.label_space
        if space is not None:
            return self.name_of(space, _whole(other.label))
        return self.names_there.get(other.label)

    def _own_name(self, mine: Instance) -> str | None:
        if self.view.cat2label:
            return self.view.name_of(mine.label)
        return self.names.get(mine.label)

    def _report(self, text: str, img_id: Id, hint: str | None = None) -> None:
        self.findings.append(
            Finding("unexplained", text, self.view.loader, record=of_image(img_id), hint=hint)
        )


def _is_resized(pair: tuple[Sample, DumpSample]) -> bool:
    here, there = pair
    sizes = ((here.height, there.height), (here.width, there.width))
    return any(a is not None and b is not None and not _equal(a, b) for a, b in sizes)


def _category_names(file: PlainFile) -> Mapping[object, str]:
    entries = [r.value for r in file.lists.get("categories", ())]
    return {e.get("id"): n for e in entries if isinstance(n := e.get("name"), str)}


def _without(places: Iterable[int], gone: Iterable[int]) -> list[int]:
    taken = set(gone)
    return [n for n in places if n not in taken]


def _equal(a: object, b: object) -> bool:
    """Return True if numbers or texts are equal; NaN equals NaN."""
    return a == b or (a != a and b != b)


def _whole(label: Id | None) -> Id | None:
    """Return a label; a whole float as an integer."""
    return int(label) if isinstance(label, float) and label.is_integer() else label


def _is_absolute(path: str) -> bool:
    return path.startswith("/") or PureWindowsPath(path).is_absolute()


def _masks_apart(a: object, b: object, here: Sample, there: DumpSample) -> str | None:
    """Return the difference between two masks; None if they agree or one of them is missing.

    Masks of different forms (polygons, RLE, compressed RLE) are compared by their pixels.
    """
    if a is None or b is None or same(a, b) or (isinstance(a, list) and a == b):
        return None
    if isinstance(a, list) and isinstance(b, list):
        return "other polygons"
    try:
        height, width = _size((a, b), here, there)
        count = pixels_apart(a, b, height, width)
    except Exception as error:  # pycocotools raises a plain Exception
        return f"one of them cannot be drawn ({error})"
    return f"drawn, they differ in {count:,} of {height * width:,} pixels" if count else None


def _size(masks: Iterable[object], here: Sample, there: DumpSample) -> tuple[int, int]:
    """Return height and width (pixels) of an image; if needed, from a mask."""
    for sample in (here, there):
        if isinstance(sample.height, int) and isinstance(sample.width, int):
            return sample.height, sample.width
    height, width = next(mask["size"] for mask in masks if isinstance(mask, dict))
    return height, width
