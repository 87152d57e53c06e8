"""Annotation files that meet every rule and trap of the loaders, made from randomness."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

NAMES = ["person", "dog", "cat", "car", "Person", "dog ", "hot dog", "zebra", "thing"]
NAN, INF = float("nan"), float("inf")


@dataclass(frozen=True)
class Nasty:
    """Makes one file.

    Attributes:
        rng: what is chosen.
        odd: how often a value is one that a loader can live with, but takes its own way.
        broken: how often a value makes some loader raise.
    """

    rng: random.Random
    odd: float
    broken: float

    def pick(self, usual: list[Any], odd: list[Any], broken: list[Any]) -> Any:
        """A value: usual, odd or broken."""
        chance = self.rng.random()
        if chance < self.broken and broken:
            return self.rng.choice(broken)
        return self.rng.choice(odd if chance < self.broken + self.odd and odd else usual)

    def document(self) -> Any:
        """A whole file."""
        if self.rng.random() < self.broken / 4:
            return self.rng.choice(
                [[], [{"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4]}], 5]
            )
        ids = self._image_ids()
        cats = self.rng.sample([1, 2, 3, 18, 90, 7], self.rng.randint(1, 5))
        if self.rng.random() < 0.5:
            cats.sort()
        images = [self._image(i) for i in ids]
        if images and self.rng.random() < self.odd:
            images.append(self._image(self.rng.choice(ids)))
        count = self.rng.choice([0, 8, 16, 24])
        annotations = [self._annotation(row, ids, cats) for row in range(count)]
        if self.rng.random() < self.odd:
            for annotation in annotations[:: self.rng.choice([1, 5])]:
                del annotation["iscrowd"]
        self._repeat_ids(annotations)
        doc: dict[str, Any] = {
            "images": images,
            "annotations": annotations,
            "categories": self._categories(cats),
        }
        for key in doc:
            if self.rng.random() < self.broken / 4:
                doc[key] = self.rng.choice([None, {}, {"id": 1}, [5], [[]], ["text"], 7, "", []])
            if self.rng.random() < self.broken / 4:
                doc = {k: v for k, v in doc.items() if k != key}
        return doc

    def _image_ids(self) -> list[Any]:
        ids: list[Any] = self.rng.sample(range(10), self.rng.choice([0, 2, 4, 6, 6]))
        kind = self.pick(["int"], ["int", "letters", "zero"], ["float", "text", "mixed", "huge"])
        if kind == "letters":
            return [str(i) for i in ids] + ([f"{ids[0]}{ids[1]}"] if ids[1:] else [])
        if kind == "float":
            return [float(i) for i in ids]
        if kind == "text":
            return [self.rng.choice([f"{i}", f"img{i}", ""]) for i in ids]
        if kind == "mixed":
            return [self.rng.choice([i, str(i), None, True, i + 0.5]) for i in ids]
        if kind == "huge":
            return [i + 2**63 for i in ids]
        return ids

    def _image(self, img_id: Any) -> dict[str, Any]:
        sizes = [33, 64, 100]
        odd, broken = [32, 31, 1, 64.5, 16], ["64", None, 0, -5, NAN, INF, [64]]
        record = {
            "id": img_id,
            "file_name": self.pick(["a.jpg"], ["d/é.jpg", "/abs.jpg", "", "none"], [None, 5]),
            "width": self.pick(sizes, odd, broken),
            "height": self.pick(sizes, odd, broken),
        }
        return self._without(record, "id file_name width height")

    def _annotation(self, row: int, ids: list[Any], cats: list[Any]) -> dict[str, Any]:
        owners = ids or [0]
        strange = [999, *(str(i) for i in owners), *(float(i) for i in owners if type(i) is int)]
        other = [77, *(str(c) for c in cats), *(float(c) for c in cats)]
        record: dict[str, Any] = {
            "id": self.pick([row + 1], [row, str(row), row + 0.5], [None, [1]]),
            "image_id": self.pick(owners, strange, [None, [1], {}]),
            "category_id": self.pick(cats, cats if self.rng.random() < 0.7 else other, [None, [1]]),
            "bbox": self._box(),
            "area": self.pick([5, 100.5], [0, -1, 0.0, NAN, INF, True], [None, "5", [5]]),
            "iscrowd": self.pick([0], [1, True, False, 0.5], ["0", None, ""]),
        }
        if self.rng.random() < self.odd:
            record["ignore"] = self.rng.choice([0, 0, False, "", None, 1, "0", True])
        if self.rng.random() < 0.8:
            record["segmentation"] = self.pick(
                [[[1.5, 2, 3, 4, 5, 6.25]], {"counts": "abc", "size": [3, 4]}],
                [[], None, [[]], [[1, 2, 3, 4]], [[1, 2, 3, 4], [1, 2, 3, 4, 5, 6]], {}],
                [[None], [1, 2, 3, 4, 5, 6], "text", 5, {"counts": [1, 2]}],
            )
        if self.rng.random() < self.broken:
            record["keypoints"] = [1, 2, 2]
        return self._without(record, "id image_id category_id bbox area")

    def _box(self) -> Any:
        edge = self.pick(["in"], ["left", "right", "out", "tiny", "odd", "odd"], ["broken"])
        x, y = self.rng.choice([0, 1, 2.5, 10.1]), self.rng.choice([0, 3, 7.7])
        w, h = self.rng.choice([1, 5, 20.3]), self.rng.choice([1, 8.1, 16])
        if edge == "left":
            return [-x - 1, y - 5, w, h]
        if edge == "right":
            return [x + 28, y, w + 90, h]
        if edge == "out":
            return self.rng.choice([[-30, y, 5, h], [x, -9, w, 8], [500, y, w, h], [100, 0, 9, 9]])
        if edge == "tiny":
            return [x, y, self.rng.choice([0, 0.5, 0.999, w]), self.rng.choice([0, 0.25, h])]
        if edge == "odd":
            values = [x, y, w, h]
            odd = [NAN, INF, -INF, -3, 1e300, 1e-300, 16777217, 2**60, True, 0.1 + 0.2, 1e39]
            values[self.rng.randrange(4)] = self.rng.choice(odd)
            return values
        if edge == "broken":
            numbers = [[], [x, y, w], [x, y, w, h, 1], [2**1500] * 4]
            others = [["1", 2, 3, 4], [x, None, w, h], [x, y, "5", h], [x, y, [w], h]]
            no_lists = [None, "abcd", 5, {"x": 1, "y": 2, "w": 3, "h": 4}]
            return self.rng.choice([*numbers, *others, *no_lists])
        return [x, y, w, h]

    def _categories(self, cats: list[Any]) -> list[dict[str, Any]]:
        names = self.rng.sample(NAMES, len(cats))
        records = [{"id": i, "name": n} for i, n in zip(cats, names, strict=True)]
        if self.rng.random() < self.odd / 2:
            records.append({"id": self.rng.choice(cats), "name": "person"})
        if self.rng.random() < self.odd / 2:
            records.append({"id": 50, "name": self.rng.choice(names)})
        if self.rng.random() < self.broken:
            records.append({"id": self.rng.choice(["1", None, [1], 4.5]), "name": "cat"})
        if self.rng.random() < self.broken:
            records.append({"id": 60, "name": self.rng.choice([None, 5, ["dog"]])})
        return [self._without(r, "id name") for r in records]

    def _repeat_ids(self, annotations: list[dict[str, Any]]) -> None:
        if len(annotations) < 2 or self.rng.random() > self.odd:
            return
        one, other = self.rng.sample(annotations, 2)
        if "id" in one:
            other["id"] = one["id"]
        if self.rng.random() < 0.85:
            self.rng.choice([one, other])["image_id"] = 999

    def _without(self, record: dict[str, Any], keys: str) -> dict[str, Any]:
        gone = [key for key in keys.split() if self.rng.random() < self.broken / 4]
        return {k: v for k, v in record.items() if k not in gone}


def nasty(seed: int) -> Any:
    """The file of a seed; a third of them cannot break any loader by a single value."""
    rng = random.Random(seed)
    return Nasty(rng, rng.choice([0.05, 0.2, 0.4]), rng.choice([0, 0, 0.004, 0.01])).document()
