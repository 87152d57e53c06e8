"""The same plans, done naively on parsed JSON: what the laws hold the real thing against."""

from __future__ import annotations

import copy
import json
import math
from decimal import ROUND_HALF_UP, Decimal
from fnmatch import fnmatchcase
from typing import Any

import cocosurgeon
from cocosurgeon import Remap
from cocosurgeon.select.filter import And, Not, Or

Doc = Any


def applied(doc: Doc, steps: cocosurgeon.Plan) -> Doc:
    """A parsed annotation file (or list of detections) after a plan."""
    state = _State(doc)
    for step in steps.steps:
        state.apply(step)
    return state.result()


def same(a: Any, b: Any) -> bool:
    """Equal values of equal JSON types; NaN equals NaN, 1 differs from 1.0 and true."""
    return json.dumps(a) == json.dumps(b)


def usable(value: Any) -> bool:
    """Whether a JSON value can be an id."""
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, (int, str))


def renumbered(value: Any, table: dict[Any, Any]) -> Any:
    """What an id becomes; a number that was written with a fraction still is."""
    new = table[value]
    return float(new) if isinstance(value, float) and isinstance(new, int) else new


def renumbered_list(ids: list[Any], table: dict[Any, Any]) -> list[Any]:
    """A list of ids, where of two that become one the first stays."""
    made_of: dict[str, str] = {}
    kept = []
    for old in ids:
        new, text = renumbered(old, table), json.dumps(old)
        if new is not None and made_of.setdefault(json.dumps(new), text) == text:
            kept.append(new)
    return kept


class _State:
    def __init__(self, doc: Doc) -> None:
        self.doc = doc
        self.results = isinstance(doc, list)
        self.anns = doc if self.results else doc.get("annotations", [])
        self.ann_rows = list(range(len(self.anns)))
        self.asked = False
        self.followed: dict[str, list[int]] = {}
        records = self.anns if self.results else doc["images"]
        key = "image_id" if self.results else "id"
        self.records: list[Any] = []
        self.speaker: dict[Any, Any] = {}
        for row, record in enumerate(records):
            value = record.get(key)
            if self.results and not usable(value):
                self.records.append(None)
                continue
            self.records.append(value if usable(value) else ("no id", row))
            self.speaker[self.records[-1]] = record
        self.images = list(self.speaker)

    # -- questions

    def owners(self, rows: list[int]) -> list[Any]:
        values = [self.anns[r].get("image_id") for r in rows]
        return [v if usable(v) and v in self.speaker else None for v in values]

    def answer(self, question: Any) -> list[bool]:
        f = cocosurgeon
        match question:
            case And() | Or():
                pairs = zip(self.answer(question.left), self.answer(question.right), strict=True)
                both = isinstance(question, And)
                return [(a and b) if both else (a or b) for a, b in pairs]
            case Not():
                return [not a for a in self.answer(question.of)]
            case f.Ids():
                return [image in question.ids for image in self.images]
            case f.FileName():
                return [self.name_matches(question.pattern, i) for i in self.images]
            case f.Empty(definition="raw"):
                owners = set(self.owners(self.ann_rows))
                return [i not in owners for i in self.images]
            case f.Empty():
                known = question.categories or [c.get("name") for c in self.doc["categories"]]
                inside = self.in_category(known)
                rows = [r for r, yes in zip(self.ann_rows, inside, strict=True) if yes]
                owners = set(self.owners(rows))
                return [i not in owners for i in self.images]
            case f.Having():
                inside = self.answer(question.of)
                rows = [r for r, yes in zip(self.ann_rows, inside, strict=True) if yes]
                owners = set(self.owners(rows))
                return [i in owners for i in self.images]
            case f.InCategory():
                return self.in_category(question.categories)
            case f.Area():
                return [self.area_inside(self.anns[r].get("area"), question) for r in self.ann_rows]
            case f.Crowd():
                return [bool(self.anns[r].get("iscrowd")) for r in self.ann_rows]
        raise NotImplementedError(question)

    def in_category(self, names: Any) -> list[bool]:
        categories = self.doc["categories"]
        ids = [c.get("id") for c in categories if c.get("name") in names and usable(c.get("id"))]
        answers = []
        for row in self.ann_rows:
            ann = self.anns[row]
            found = [ann.get("category_id")]
            if "segments_info" in ann and "category_id" not in ann:
                found = [s.get("category_id") for s in ann["segments_info"]]
            answers.append(any(usable(v) and v in ids for v in found))
        return answers

    def area_inside(self, area: Any, question: cocosurgeon.Area) -> bool:
        if not isinstance(area, (int, float)):
            return False
        low = -math.inf if question.min is None else question.min
        high = math.inf if question.max is None else question.max
        return low <= area <= high

    def name_matches(self, pattern: str, image: Any) -> bool:
        name = self.speaker[image].get("file_name")
        if not isinstance(name, str):
            return False
        name = name.replace("\\", "/")
        return fnmatchcase(name if "/" in pattern else name.split("/")[-1], pattern)

    # -- steps

    def apply(self, step: cocosurgeon.Step) -> None:
        match step:
            case cocosurgeon.Keep():
                answers = self.answer(step.filter)
                if step.filter.level == "images":
                    self.keep([i for i, a in zip(self.images, answers, strict=True) if a])
                else:
                    kept = zip(self.ann_rows, answers, strict=True)
                    self.ann_rows = [r for r, a in kept if a]
            case cocosurgeon.First(order="id"):
                self.keep(self.chosen(sorted(self.images)[: self.number(step.n)]))
            case cocosurgeon.First():
                self.keep(self.images[: self.number(step.n)])
            case cocosurgeon.Last():
                self.keep(self.images[max(len(self.images) - self.number(step.n), 0) :])
            case cocosurgeon.Skip():
                self.keep(self.images[self.number(step.n) :])
            case cocosurgeon.Cascade():
                rows = range(len(self.doc[step.name]))
                self.followed[step.name] = list(rows)
                if self.asked:
                    self.follow()
            case Remap():
                self.remap(dict(step.pairs))
            case _:
                raise NotImplementedError(step)

    def number(self, n: int | str) -> int:
        """A number of images, or a share of them as a number."""
        if isinstance(n, int):
            return n
        exact = Decimal(n.removesuffix("%")) * len(self.images) / 100
        return min(max(int(exact.to_integral_value(ROUND_HALF_UP)), 1), len(self.images))

    def remap(self, table: dict[Any, Any]) -> None:
        """Change every category id by a table that has all of them."""
        doc = copy.deepcopy(self.doc)
        lists = [doc] if self.results else [v for k, v in doc.items() if isinstance(v, list)]
        records = [r for each in lists for r in each if isinstance(r, dict)]
        for record in [*records, *(s for r in records for s in r.get("segments_info", []))]:
            if usable(record.get("category_id")):
                record["category_id"] = renumbered(record["category_id"], table)
            if "neg_category_ids" in record:
                record["neg_category_ids"] = renumbered_list(record["neg_category_ids"], table)
        if not self.results:
            entries: dict[Any, Any] = {}
            for entry in doc["categories"]:
                entry["id"] = renumbered(entry["id"], table)
                if entry["id"] is not None:
                    entries.setdefault(entry["id"], entry)
            doc["categories"] = list(entries.values())
        before = self.anns
        self.doc = doc
        self.anns = doc if self.results else doc.get("annotations", [])
        self.ann_rows = [r for r in self.ann_rows if not self.dropped(before[r], table)]

    def dropped(self, ann: Any, table: dict[Any, Any]) -> bool:
        value = ann.get("category_id")
        return usable(value) and table[value] is None

    def chosen(self, images: list[Any]) -> list[Any]:
        return [i for i in self.images if i in images]

    def keep(self, images: list[Any]) -> None:
        self.asked = True
        self.images = images
        owners = self.owners(self.ann_rows)
        kept = zip(self.ann_rows, owners, strict=True)
        self.ann_rows = [r for r, o in kept if o is not None and o in images]
        self.follow()

    def follow(self) -> None:
        for name, rows in self.followed.items():
            ids = [self.doc[name][r].get("image_id") for r in rows]
            kept = zip(rows, ids, strict=True)
            self.followed[name] = [r for r, i in kept if usable(i) and i in self.images]

    def result(self) -> Doc:
        if self.results:
            return [self.doc[r] for r in self.ann_rows]
        doc = copy.copy(self.doc)
        pairs = zip(self.doc["images"], self.records, strict=True)
        doc["images"] = [record for record, image in pairs if image in self.images]
        if "annotations" in doc:
            doc["annotations"] = [self.anns[r] for r in self.ann_rows]
        for name, rows in self.followed.items():
            doc[name] = [self.doc[name][r] for r in rows]
        return doc
