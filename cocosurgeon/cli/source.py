"""Which annotation file is meant when none is named."""

from __future__ import annotations

import os
from pathlib import Path

from cocosurgeon.errors import SourceUnavailableError

VARIABLE = "COCOSURGEON_ANN_FILE"

_USUAL = (
    Path("data/coco/annotations/instances_train2017.json"),
    Path("data/coco/annotations/instances_val2017.json"),
)
_SAMPLE = Path("sample_data/annotations/instances_sample2017.json")
_NOT_FOUND = "no annotation file named, and none in the usual places"


def choose(named: str | None, of_recipe: tuple[str, Path] | None = None) -> tuple[str, str | None]:
    """The annotation file, and why it was taken (None when it was named).

    Args:
        named: the file that was named.
        of_recipe: the name of the file that a recipe was made for, and the recipe's folder: no
            file of another name is taken.

    Raises:
        SourceUnavailableError: none was named, and none is in the usual places.
    """
    if named is not None:
        return named, None
    if variable := os.environ.get(VARIABLE):
        return variable, f"from {VARIABLE}"
    places = [(path, "found below the current folder") for path in _USUAL]
    sample = "the sample data, since no other file was named or found"
    places += [(root / _SAMPLE, sample) for root in (Path(), Path(__file__).parents[2])]
    if of_recipe is not None:
        name, folder = of_recipe
        beside = [(folder / name, "beside the recipe"), (Path(name), "in the current folder")]
        places = beside + [(path, why) for path, why in places if path.name == name]
    for path, why in places:
        if os.path.isfile(path):  # noqa: PTH113 - says no where Path.is_file raises
            return str(path), why
    wanted = f"the recipe was made for {of_recipe[0]}; " if of_recipe else ""
    raise SourceUnavailableError(
        f"{wanted}{_NOT_FOUND}",
        hint=f"name one, set {VARIABLE}, or run where {_USUAL[0].parent} is",
    )
