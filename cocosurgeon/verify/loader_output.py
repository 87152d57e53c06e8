"""The output of a loader for the subset, compared with its output for the source."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise

from cocosurgeon.findings.finding import Finding, of_image
from cocosurgeon.loaders import Instance, Sample, View
from cocosurgeon.verify.values import same, shown


def compare_output(subset: View, source: View, mode: str | None) -> list[Finding]:
    """Compare two outputs of a loader: classes, samples by image id, their objects in order.

    Args:
        subset: output for the subset.
        source: output for the subset's images of the source.
        mode: ``train`` or ``test``, for the findings; None for a loader without modes.
    """
    comparison = _Comparison(subset, source, mode)
    return [*comparison.classes(), *comparison.samples()]


class _Comparison:
    def __init__(self, subset: View, source: View, mode: str | None) -> None:
        self.subset = subset
        self.source = source
        self.mode = mode

    def classes(self) -> Iterator[Finding]:
        for what in ("classes", "cat_ids", "cat2label"):
            here, there = getattr(self.subset, what), getattr(self.source, what)
            if here != there or (what == "cat_ids" and not same(here, there)):
                text = f"{what}: {shown(here)}, in the source {shown(there)}"
                yield self._finding("classes", text)

    def samples(self) -> Iterator[Finding]:
        here = {s.img_id: s for s in self.subset.samples}
        there = {s.img_id: s for s in self.source.samples}
        for code, one, other, view in (
            ("sample-lost", there, here, self.subset),
            ("sample-added", here, there, self.source),
        ):
            rules = {d.img_id: d.rule for d in reversed(view.dropped) if d.kind == "image"}
            for img_id in one:
                if img_id not in other:
                    why = f" ({rules[img_id]})" if img_id in rules else ""
                    yield self._finding(code, f"image {img_id!r}{why}", img_id)
        both = [img_id for img_id in here if img_id in there]
        place = {img_id: n for n, img_id in enumerate(there)}
        for before, after in pairwise(both):
            if place[after] < place[before]:
                text = f"image {after!r} comes after {before!r}, in the source before it"
                yield self._finding("sample-order", text, after)
                break
        for img_id in both:
            yield from self._sample(here[img_id], there[img_id])

    def _sample(self, here: Sample, there: Sample) -> Iterator[Finding]:
        img_id = here.img_id
        for what in ("img_path", "height", "width"):
            a, b = getattr(here, what), getattr(there, what)
            if not same(a, b):
                text = f"image {img_id!r}: {what} is {a!r}, in the source {b!r}"
                yield self._finding("sample-changed", text, img_id)
        ids = [[i.ann_id for i in sample.instances] for sample in (here, there)]
        if ids[0] == ids[1]:
            pairs = list(zip(here.instances, there.instances, strict=True))
        else:
            pairs, findings = self._matched(here, there)
            yield from findings
        for mine, original in pairs:
            for code, text in _instance(mine, original, self.subset, self.source):
                where = f"image {img_id!r}, annotation {mine.ann_id!r}: {text}"
                yield self._finding(code, where, img_id)

    def _matched(
        self, here: Sample, there: Sample
    ) -> tuple[list[tuple[Instance, Instance]], list[Finding]]:
        """Return pairs of objects by annotation id, and findings for those without a partner."""
        img_id = here.img_id
        left: defaultdict[str, deque[int]] = defaultdict(deque)
        for place, original in enumerate(there.instances):
            left[json.dumps(original.ann_id)].append(place)
        pairs: list[tuple[Instance, Instance]] = []
        places: list[int] = []
        findings: list[Finding] = []
        for mine in here.instances:
            same_id = left[json.dumps(mine.ann_id)]
            if not same_id:
                text = f"image {img_id!r}: annotation {mine.ann_id!r}"
                why = _why(self._rules[1], mine.ann_id)
                findings.append(self._finding("instance-added", text + why, img_id))
                continue
            places.append(same_id.popleft())
            pairs.append((mine, there.instances[places[-1]]))
        for place in sorted(place for same_id in left.values() for place in same_id):
            original = there.instances[place]
            text = f"image {img_id!r}: annotation {original.ann_id!r}"
            why = _why(self._rules[0], original.ann_id)
            findings.append(self._finding("instance-lost", text + why, img_id))
        if places != sorted(places):
            text = f"image {img_id!r}: annotations {[m.ann_id for m, _ in pairs]!r}"
            findings.append(self._finding("instance-order", text, img_id))
        return pairs, findings

    @cached_property
    def _rules(self) -> list[dict[str, str]]:
        """By which rule annotations are dropped in the subset, and in the source; by id."""
        return [
            {json.dumps(d.id): d.rule for d in reversed(v.dropped) if d.kind == "annotation"}
            for v in (self.subset, self.source)
        ]

    def _finding(self, code: str, text: str, img_id: object = None) -> Finding:
        record = None if img_id is None else of_image(img_id)
        return Finding(code, text, self.subset.loader, self.mode, record)


def _why(rules: Mapping[str, str], ann_id: object) -> str:
    rule = rules.get(json.dumps(ann_id))
    return f" (dropped by {rule})" if rule else ""


def _instance(
    here: Instance, there: Instance, subset: View, source: View
) -> Iterator[tuple[str, str]]:
    if here.label != there.label or subset.name_of(here.label) != source.name_of(there.label):
        yield (
            "label-shift",
            (
                f"label {here.label} ({subset.name_of(here.label)}), in the source {there.label} "
                f"({source.name_of(there.label)})"
            ),
        )
    if not boxes_same(here.box, there.box):
        yield "box", f"{list(here.box)}, in the source {list(there.box)}"
    if here.ignore != there.ignore:
        yield "ignore", f"{here.ignore}, in the source {there.ignore}"
    if not same(here.mask, there.mask):
        yield "mask", f"{shown(here.mask)}, in the source {shown(there.mask)}"


def boxes_same(a: Sequence[float], b: Sequence[float], tolerance: float = 0.0) -> bool:
    """Return True if boxes agree, number by number; NaN equals NaN.

    Args:
        tolerance: pixels by which numbers may differ; must be 0 for integers beyond float64.
    """
    return len(a) == len(b) and all(
        x == y or (x != x and y != y) or (tolerance > 0 and abs(x - y) <= tolerance)
        for x, y in zip(a, b, strict=True)
    )
