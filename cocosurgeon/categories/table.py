"""The spaces that are known."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import cast

from cocosurgeon.categories.space import Index, Space
from cocosurgeon.errors import UnknownNameError
from cocosurgeon.text import did_you_mean

_HERE = files("cocosurgeon.categories")


@cache
def spaces() -> Mapping[str, Space]:
    """All known spaces by name, in the order of the table."""
    lines = _HERE.joinpath("spaces.txt").read_text("utf-8").splitlines()
    header, *rows = ([cell.strip() for cell in ln.split("|")] for ln in lines if ln[:1] != "#")
    known = [_space(dict(zip(header, row, strict=True))) for row in rows]
    return MappingProxyType({space.name: space for space in known})


def find_space(name: str) -> Space:
    """The space of that name or alias.

    Raises:
        UnknownNameError: there is none.
    """
    names = {alias: s for s in spaces().values() for alias in (s.name, *s.aliases)}
    if name not in names:
        hint = did_you_mean(name, names) or "`cocosurgeon spaces` lists them"
        raise UnknownNameError(f"there is no space {name!r}", hint=hint)
    return names[name]


def _space(row: Mapping[str, str]) -> Space:
    known = _classes(row["classes"])
    index = cast(Index, row["index"])
    classes = {_index(index, i, place): n for place, (i, n) in enumerate(sorted(known.items()))}
    outputs = None if row["outputs"] == "-" else int(row["outputs"])
    background = None if row["background"] == "-" else int(row["background"])
    everything = range(min(classes), max(classes)) if outputs is None else range(outputs)
    return Space(
        name=row["name"],
        aliases=tuple(filter(None, (a.strip() for a in row["aliases"].split(",")))),
        framework=row["framework"],
        defined_in=row["defined in"],
        outputs=outputs,
        index=index,
        background=background,
        classes=MappingProxyType(classes),
        unused=MappingProxyType(
            {
                i: _nothing(i + 1 if index == "id - 1" else i)
                for i in everything
                if i not in classes and i != background
            }
        ),
        is_named=".." not in row["classes"],
        note=row["note"],
    )


def _index(kind: Index, cat_id: int, place: int) -> int:
    return {"id": cat_id, "id - 1": cat_id - 1, "position": place, "position + 1": place + 1}[kind]


def _nothing(cat_id: int) -> str:
    """What would be there if a category without annotations had any."""
    return _classes("coco_unannotated").get(cat_id, f"no category has the id {cat_id}")


@cache
def _classes(which: str) -> Mapping[int, str]:
    """Names by original category id, of the files named (or ``NAME 1..N``)."""
    if ".." in which:
        name, _, last = which.partition(" 1..")
        return {i: f"{name} class {i}" for i in range(1, int(last) + 1)}
    texts = [(_HERE / "classes" / f"{name}.json").read_text("utf-8") for name in which.split()]
    return {int(i): name for text in texts for i, name in json.loads(text).items()}
