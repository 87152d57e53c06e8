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


def choose(named: str | None) -> tuple[str, str | None]:
    """The annotation file, and why it was taken (None when it was named).

    Raises:
        SourceUnavailableError: none was named, and none is in the usual places.
    """
    if named is not None:
        return named, None
    if variable := os.environ.get(VARIABLE):
        return variable, f"from {VARIABLE}"
    for path in _USUAL:
        if path.is_file():
            return str(path), "found below the current folder"
    for root in (Path(), Path(__file__).parents[2]):
        if (root / _SAMPLE).is_file():
            return str(root / _SAMPLE), "the sample data, since no other file was named or found"
    raise SourceUnavailableError(
        "no annotation file named, and none in the usual places",
        hint=f"name one, set {VARIABLE}, or run where {_USUAL[0].parent} is",
    )
