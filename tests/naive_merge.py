"""The same merge, done naively on parsed JSON."""

from __future__ import annotations

import copy
import math
from typing import Any

Doc = dict[str, Any]
LISTS_OF_CATEGORIES = ("neg_category_ids", "not_exhaustive_category_ids", "category_ids")


class RefusedError(Exception):
    """The files collide, and nothing says what to do."""


def merged(
    docs: list[Doc],
    ids: str = "error",
    prefixes: tuple[str, ...] = (),
    on_duplicate: str = "error",
    source: tuple[str, ...] = (),
) -> Doc:
    """Return the merged document; ``source`` are the names that images get under ``source``."""
    docs = copy.deepcopy(docs)
    for doc, prefix in zip(docs, prefixes, strict=False):
        for name in ("images", "annotations"):
            for record in doc.get(name, []):
                if isinstance(record.get("file_name"), str):
                    record["file_name"] = prefix + record["file_name"]
    drop_duplicates(docs, on_duplicate)
    tables, names = _categories(docs)
    changes = _id_changes(docs, ids)
    _require_apart(docs, tables, names, changes)
    for doc, table, change in zip(docs, tables, changes, strict=True):
        _rename(doc, table, change)
    for doc, label in zip(docs, source, strict=False):
        for image in doc["images"]:
            image["source"] = label
    first, *others = docs
    result = dict(first)
    mixed = {key for doc in docs for key in doc if key not in ("categories", *lists(doc))}
    for doc in others:
        for key, value in doc.items():
            if key not in result:
                result[key] = value
            elif key not in mixed:
                result[key] = result[key] + value
    return result


def is_list(value: Any, key: str) -> bool:
    """Return whether a top-level value is a list of records."""
    is_records = isinstance(value, list) and all(isinstance(r, dict) for r in value)
    return is_records and key not in ("info", "licenses", "categories")


def lists(doc: Doc) -> dict[str, list[Doc]]:
    """Return the lists of records of a document, without categories and licenses."""
    return {key: value for key, value in doc.items() if is_list(value, key)}


def usable(value: Any) -> bool:
    """Return whether a value can be an id."""
    return isinstance(value, (int, str)) or (isinstance(value, float) and math.isfinite(value))


def whole(value: Any) -> Any:
    """Return a float without a fraction as the number that it equals."""
    return int(value) if isinstance(value, (int, float)) and value == int(value) else value


def _singular(name: str) -> str:
    return name[:-3] + "y" if name.endswith("ies") else name.removesuffix("s")


def _references(doc: Doc, space: str) -> list[Any]:
    """Return the usable ids by which records name those of a list."""
    found = []
    for records in lists(doc).values():
        for record in records:
            found.append(record.get(f"{_singular(space)}_id"))
            if space == "categories":
                segments = record.get("segments_info") or []
                found += [s.get("category_id") for s in segments]
                for key in LISTS_OF_CATEGORIES:
                    found += record.get(key, [])
    return [whole(v) for v in found if usable(v)]


def _own(doc: Doc, space: str) -> list[Any]:
    records = doc.get("categories", []) if space == "categories" else lists(doc).get(space, [])
    return [whole(r["id"]) for r in records if usable(r.get("id"))]


def drop_duplicates(docs: list[Doc], on_duplicate: str) -> None:
    """Drop the images that an earlier document has, and what names them, where that is wanted."""
    seen: set[str] = set()
    for doc in docs:
        names = [
            n.replace("\\", "/").removeprefix("./") if isinstance(n, str) else None
            for n in (image.get("file_name") for image in doc["images"])
        ]
        twice = [n is not None and n in seen for n in names]
        seen |= {n for n in names if n is not None}
        if any(twice) and on_duplicate == "error":
            raise RefusedError("images")
        if on_duplicate != "first":
            continue
        pairs = list(zip(doc["images"], twice, strict=True))
        gone = {whole(r["id"]) for r, is_twice in pairs if is_twice and usable(r.get("id"))}
        doc["images"] = [
            r
            for r, is_twice in pairs
            if not (whole(r["id"]) in gone if usable(r.get("id")) else is_twice)
        ]
        for name, records in lists(doc).items():
            if name != "images":
                doc[name] = [
                    r
                    for r in records
                    if not usable(r.get("image_id")) or whole(r["image_id"]) not in gone
                ]


def _categories(docs: list[Doc]) -> tuple[list[dict[Any, Any]], list[list[Any]]]:
    """Return new ids by old ones for each document, and the ids of its list; lists are cut."""
    unlisted = [set(_references(d, "categories")) - set(_own(d, "categories")) for d in docs]
    every = [*(i for of in unlisted for i in of), *(i for d in docs for i in _own(d, "categories"))]
    highest = max([0, *(i for i in every if isinstance(i, int) and i < 2**53)])
    known: dict[str, Any] = {}
    tables, listed = [], []
    for place, doc in enumerate(docs):
        taken = set(known.values())
        if place:
            taken |= {i for other, of in enumerate(unlisted) if other != place for i in of}
        table, fresh, new = {}, [], {}
        for entry in doc.get("categories", []):
            old = cat_id = whole(entry["id"])
            if entry["name"] in known:
                cat_id = known[entry["name"]]
            else:
                if cat_id in taken:
                    highest += 1
                    cat_id = str(highest) if isinstance(old, str) else highest
                taken.add(cat_id)
                new[entry["name"]] = cat_id
                fresh.append(entry)
            if cat_id != old:
                table[old] = cat_id
        listed.append(_own(doc, "categories"))
        tables.append(table)
        if "categories" in doc:
            doc["categories"] = fresh
        known |= new
    return tables, listed


def _id_changes(docs: list[Doc], how: str) -> list[dict[str, Any]]:
    changes: list[dict[str, Any]] = [{} for _ in docs]
    spaces = dict.fromkeys(n for d in docs for n, rs in lists(d).items())
    for space in [s for s in spaces if any("id" in r for d in docs for r in lists(d).get(s, []))]:
        used = [i for d in docs for i in (*_own(d, space), *_references(d, space))]
        highest = max([0, *(i for i in map(_number, used) if i < 2**53)])
        taken = _own(docs[0], space)
        for doc, change in zip(docs[1:], changes[1:], strict=True):
            own = _own(doc, space)
            collide = list(dict.fromkeys(i for i in own if i in set(taken)))
            if collide and how == "error":
                raise RefusedError(space)
            if collide and how == "offset":
                every = [*own, *_references(doc, space)]
                if not all(isinstance(i, int) for i in every):
                    raise RefusedError("no numbers")
                offset = _highest(taken) + 1 - min(1, *every)
                change[space] = {i: i + offset for i in every}
                highest = max(highest, _highest(every) + offset)
            elif collide:
                change[space] = {}
                for old in collide:
                    highest += 1
                    change[space][old] = str(highest) if isinstance(old, str) else highest
            taken = taken + [change.get(space, {}).get(i, i) for i in own]
    return changes


def _highest(ids: list[Any]) -> int:
    return max([0, *map(_number, ids)])


def _number(value: Any) -> int:
    is_whole = isinstance(value, int) or (isinstance(value, str) and value.isdigit())
    return int(value) if is_whole else 0


def _require_apart(
    docs: list[Doc], tables: list[Any], listed: list[Any], changes: list[Any]
) -> None:
    spaces = {n for d in docs for n, rs in lists(d).items() if any("id" in r for r in rs)}
    for space in sorted([*spaces, "categories"]):
        own = listed if space == "categories" else [_own(d, space) for d in docs]
        moves = tables if space == "categories" else [c.get(space, {}) for c in changes]
        final = [{m.get(i, i) for i in of} for of, m in zip(own, moves, strict=True)]
        for place, doc in enumerate(docs):
            unknown = set(_references(doc, space)) - set(own[place])
            others = set().union(*(f for other, f in enumerate(final) if other != place))
            if {moves[place].get(i, i) for i in unknown} & others:
                raise RefusedError("dangling")


def _rename(doc: Doc, table: dict[Any, Any], change: dict[str, Any]) -> None:
    for name, records in lists(doc).items():
        for record in records:
            for space, ids in change.items():
                for key in [f"{_singular(space)}_id", *(["id"] if space == name else [])]:
                    _replace(record, key, ids)
            for holder in [record, *(record.get("segments_info") or [])]:
                _replace(holder, "category_id", table)
            for key in LISTS_OF_CATEGORIES:
                if key in record:
                    record[key] = [_new(v, table) for v in record[key]]
    for entry in doc.get("categories", []):
        _replace(entry, "id", table)


def _replace(record: Doc, key: str, table: dict[Any, Any]) -> None:
    if usable(record.get(key)):
        record[key] = _new(record[key], table)


def _new(value: Any, table: dict[Any, Any]) -> Any:
    if whole(value) not in table:
        return value
    new = table[whole(value)]
    return float(new) if isinstance(value, float) and isinstance(new, int) else new
