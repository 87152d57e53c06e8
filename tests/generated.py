"""Annotation files of every kind and layout, and plans for them, made from randomness."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from cocosurgeon import (
    Area,
    Cascade,
    Crowd,
    Empty,
    FileName,
    First,
    Having,
    Ids,
    InCategory,
    Last,
    Plan,
    Remap,
    Skip,
)

NASTY = (
    "plain.jpg",
    "dir/plain.jpg",
    "back\\slash.jpg",
    '}, {"id": 1',
    '}],"images":[{',
    '"category_id": 1, ',
    'quote " inside',
    "ends with backslash \\",
    "café 鳥 🚀.png",
    "\u2028 \x7f [ ] { }",
    "",
    "tab\tnewline\n",
)
HUGE = (2**63, -(2**70), 10**30, 2**53 + 1)


@dataclass(frozen=True)
class Layout:
    """How JSON text is laid out."""

    colon: str
    comma: str
    inside: str
    ascii_only: bool
    mark: bytes
    end: str


LAYOUTS = (
    Layout(": ", ", ", "", True, b"", ""),
    Layout(":", ",", "", True, b"", ""),
    Layout(": ", ",\n  ", "\n  ", False, b"", "\n"),
    Layout(" : ", " ,\r\n\t", "\r\n", False, b"", "\r\n"),
    Layout(": ", ", ", " ", False, b"\xef\xbb\xbf", "\n\n"),
    Layout(": ", "chaos", "chaos", False, b"", "  \n\t "),
)


class Writer:
    """Writes JSON text in a layout; numbers in several spellings of the same value."""

    def __init__(self, rng: random.Random, layout: Layout) -> None:
        self.rng = rng
        self.layout = layout

    def text(self, value: Any) -> str:
        if isinstance(value, dict):
            items = [f"{self.string(k)}{self.layout.colon}{self.text(v)}" for k, v in value.items()]
            return self.wrapped("{", items, "}")
        if isinstance(value, list):
            return self.wrapped("[", [self.text(v) for v in value], "]")
        if isinstance(value, str):
            return self.string(value)
        if isinstance(value, float) and value == value and abs(value) < 1e15:
            return self.rng.choice([repr(value), f"{value!r}0", f"{value!r}e0", f"{value!r}E+00"])
        return json.dumps(value)

    def wrapped(self, opening: str, items: list[str], closing: str) -> str:
        if not items:
            return f"{opening}{self.space(self.layout.inside)}{closing}"
        body = items[0]
        for item in items[1:]:
            comma = self.layout.comma
            body += f"{self.space('chaos')},{self.space('chaos')}" if comma == "chaos" else comma
            body += item
        inside = self.space(self.layout.inside)
        return f"{opening}{inside}{body}{inside}{closing}"

    def space(self, kind: str) -> str:
        if kind != "chaos":
            return kind
        return "".join(self.rng.choices(" \t\r\n", k=self.rng.choice([0, 0, 1, 3])))

    def string(self, value: str) -> str:
        text = json.dumps(value, ensure_ascii=self.layout.ascii_only)
        return text.replace("/", "\\/") if self.rng.random() < 0.2 else text


@dataclass(frozen=True)
class Made:
    """An annotation file: its text, what the standard library makes of it, and a plan for it."""

    text: bytes
    doc: Any
    plan: Plan


def _ids(rng: random.Random, n: int) -> list[Any]:
    kind = rng.choice(["ints", "ints", "strings", "mixed", "huge", "floats", "repeated"])
    plain = rng.sample(range(1, 60), n)
    if kind == "strings":
        return [str(i) for i in plain]
    if kind == "mixed":
        return [rng.choice([i, str(i), float(i), f"img{i}"]) for i in plain]
    if kind == "huge":
        return [rng.choice([i, *HUGE]) for i in plain]
    if kind == "floats":
        return [float(i) for i in plain]
    if kind == "repeated":
        return [rng.choice(plain) for _ in plain]
    return plain


def _image(rng: random.Random, image_id: Any) -> dict[str, Any]:
    record = {
        "id": image_id,
        "file_name": rng.choice(NASTY),
        "width": rng.randint(1, 700),
        "height": rng.randint(1, 700),
        "extra": rng.choice([None, True, {"a": [{"id": 1}, {"id": 2}]}, [], {}, 1e300]),
    }
    if rng.random() < 0.05:
        del record["id"]
    return _shuffled(rng, record)


def _annotation(rng: random.Random, row: int, ids: list[Any], cats: list[Any]) -> dict[str, Any]:
    owner = rng.choice(ids) if ids and rng.random() < 0.9 else rng.choice([999, "999", None, 1.5])
    if isinstance(owner, int) and abs(owner) < 100 and rng.random() < 0.1:
        owner = rng.choice([str(owner), float(owner)])
    record = {
        "segmentation": rng.choice(
            [[[1.5, 2, 3, 4, 5, 6.25]], {"counts": [1, 2], "size": [3, 4]}, [], None, [None]]
        ),
        "area": rng.choice([0, 1.5, 100, 2e4, -3, None, "12", float("nan"), float("inf")]),
        "iscrowd": rng.choice([0, 0, 1, True, False, "0"]),
        "image_id": owner,
        "bbox": rng.choice([[0, 0, 5, 5], [1.5, 2.25, 3, 4e2], [], None]),
        "category_id": rng.choice([*cats, 77]),
        "id": rng.choice([row, row, 3, 10**25]),
        "attributes": rng.choice(
            [{}, {"id": 1, "image_id": 2}, [{"id": 1}, {"category_id": 1}], {"category_id": 2}]
        ),
    }
    for key in ("area", "iscrowd", "id", "image_id"):
        if rng.random() < 0.05:
            del record[key]
    return _shuffled(rng, record) if rng.random() < 0.3 else record


def _shuffled(rng: random.Random, record: dict[str, Any]) -> dict[str, Any]:
    items = list(record.items())
    rng.shuffle(items)
    return dict(items)


def _document(rng: random.Random) -> Any:
    ids = _ids(rng, rng.randint(0, 7))
    names = rng.sample(["person", "dog", "tv monitor", "鳥", "a,b", '"q"'], rng.randint(1, 5))
    cats = rng.sample([1, 2, 18, 90, "7", 3.0], len(names))
    doc: dict[str, Any] = {
        "images": [_image(rng, i) for i in ids],
        "annotations": [_annotation(rng, r, ids, cats) for r in range(rng.randint(0, 25))],
        "categories": [{"id": i, "name": n} for i, n in zip(cats, names, strict=True)],
        "info": rng.choice([{"year": 2017, "note": rng.choice(NASTY)}, None, [], "x", 3.5, {}]),
        "matrix": rng.choice([[[1, 2], [3]], [1, "a", None], [{}], [{"id": 1}, 2], []]),
        "scenes": [
            {"image_id": rng.choice([*ids, 999]), "scene": s} for s in range(rng.randint(1, 6))
        ],
    }
    for key in ("info", "matrix"):
        if rng.random() < 0.3:
            del doc[key]
    if rng.random() < 0.1:
        del doc["annotations"]
    if rng.random() < 0.2:
        doc["tracks"] = [{"id": i, "category_id": rng.choice(cats)} for i in range(3)]
    if rng.random() < 0.2:
        for record in doc["images"]:
            record["neg_category_ids"] = rng.sample(cats, rng.randint(0, len(cats)))
    return _shuffled(rng, doc)


def _detections(rng: random.Random) -> Any:
    ids = _ids(rng, rng.randint(1, 5))
    return [
        {"image_id": rng.choice(ids), "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5}
        for _ in range(rng.randint(0, 12))
    ]


def _plan(rng: random.Random, doc: Any) -> Plan:
    results = isinstance(doc, list)
    records, key = (doc, "image_id") if results else (doc["images"], "id")
    ids = [r[key] for r in records if key in r]
    n = rng.randint(0, 6)
    makers: list[Any] = [
        lambda: First(n),
        lambda: Last(n),
        lambda: Skip(rng.randint(0, 3)),
        lambda: Last(rng.choice(["50%", "12.5%", "99%"])),
        lambda: Skip(rng.choice(["10%", "33.3%"])),
        lambda: Ids(rng.sample(ids, rng.randint(0, len(ids)))),
        lambda: ~Ids(rng.sample(ids, rng.randint(0, len(ids)))),
    ]
    if len({type(i) for i in ids}) == 1 and len(ids) == len(records):
        makers.append(lambda: First(n, "id"))
    if not results:
        anns = doc.get("annotations", [])
        names = [c["name"] for c in doc["categories"]]
        wanted = rng.sample(names, rng.randint(1, len(names)))
        makers += [
            lambda: Empty(),
            lambda: ~Empty(),
            lambda: Empty("category", tuple(wanted)),
            lambda: Empty("category"),
            lambda: Having(InCategory(*wanted)),
            lambda: InCategory(*wanted),
            lambda: ~InCategory(*wanted),
            lambda: Crowd(),
            lambda: ~Crowd() | InCategory(*wanted),
            lambda: Having(~Crowd() & InCategory(*wanted)),
            lambda: Cascade("scenes"),
        ]
        speaking = {repr(r.get("id", n)): r for n, r in enumerate(records)}.values()
        if any(r["file_name"] == "dir/plain.jpg" for r in speaking):
            makers += [lambda: FileName(rng.choice(["*.jpg", "dir/*", "pl?in.*"])) | Empty()]
        if any("area" in a for a in anns):
            makers += [lambda: Area(min=1), lambda: ~Area(max=200), lambda: Having(Area(0, 2e4))]
    steps = [rng.choice(makers)() for _ in range(rng.randint(0, 4))]
    if rng.random() < 0.5:
        remap = Remap(_table(rng, doc))
        targets = [new for _, new in remap.pairs]
        loses_names = None in targets or len(set(targets)) < len(targets)
        steps.insert(len(steps) if loses_names else rng.randint(0, len(steps)), remap)
    return Plan(*steps)


def _table(rng: random.Random, doc: Any) -> dict[Any, Any]:
    """What becomes of every category id that a generated file can have."""
    table: dict[Any, Any] = dict.fromkeys((1, 2, 18, 90, "7", 3, 77))
    kind = rng.choice(["apart", "apart", "merge", "drop"])
    targets = rng.sample([0, 1, 2, 3, 18, 80, "7", "x", 10**20], len(table))
    if kind == "merge":
        targets = [rng.choice(targets[:3]) for _ in targets]
    table = dict(zip(table, targets, strict=True))
    if kind == "drop" and not isinstance(doc, list) and "tracks" not in doc:
        table |= {rng.choice([1, 2, 18]): None}
    return table


def made(rng: random.Random, results: bool) -> Made:
    layout = rng.choice(LAYOUTS)
    doc = _detections(rng) if results else _document(rng)
    writer = Writer(rng, layout)
    text = layout.mark + (writer.space("chaos") + writer.text(doc) + layout.end).encode()
    doc = json.loads(text.decode("utf-8-sig"))
    return Made(text, doc, _plan(rng, doc))


# Seeds, not drawn choices: a file takes a thousand of them. A failure prints the file and the plan.
_seeds = st.integers(0, 2**32 - 1)

annotation_files = _seeds.map(lambda seed: made(random.Random(seed), results=False))
results_files = _seeds.map(lambda seed: made(random.Random(seed), results=True))
