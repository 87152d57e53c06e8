"""Class names of an annotation file, in the order in which MMDetection numbers its labels."""

from __future__ import annotations

import os
from pathlib import Path

from cocosurgeon.cache.contents import remembered
from cocosurgeon.cache.place import place_for


def class_names(path: Path, cache: str | os.PathLike[str] | None) -> list[str]:
    """Names of ``categories`` in file order; read only where they are not remembered.

    Args:
        path: the annotation file, absolute.
        cache: see ``place_for``.

    Raises:
        StructureError: MMDetection cannot number them so.
    """
    folder = place_for(cache, path).folder
    return remembered(folder, path, "classes", _as_names, lambda: _read(path))


def _as_names(told: object) -> list[str] | None:
    if not isinstance(told, list) or not told or not all(isinstance(name, str) for name in told):
        return None
    return told


def _read(path: Path) -> list[str]:
    from cocosurgeon.dataset.io import read
    from cocosurgeon.errors import StructureError

    categories = read(path).categories
    if not categories:
        raise StructureError("the file lists no categories", where=str(path))
    places: dict[object, int] = {}
    names = []
    for place, category in enumerate(categories):
        if category.id is None or category.name is None:
            missing = "id" if category.id is None else "name"
            raise StructureError(
                f"categories[{place}] has no {missing}: MMDetection cannot number it",
                where=str(path),
                hint=f"give it a {missing} in the source",
            )
        if category.id in places:
            raise StructureError(
                f"categories[{places[category.id]}] and categories[{place}] have one id, "
                f"{category.id!r}: MMDetection gives two labels to it, and uses the last",
                where=str(path),
                hint="give one of them another id in the source",
            )
        places[category.id] = place
        names.append(category.name)
    return names
