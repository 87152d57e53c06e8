"""Sample data: an annotation file and its images, in a clone or in an installed package."""

from __future__ import annotations

from pathlib import Path

ROOTS = (Path(), Path(__file__).parent, Path(__file__).parents[1])
"""Folders that may have the sample data: the current one, a wheel's package, a clone."""

ANN_FILES = tuple(root / "sample_data/annotations/instances_sample2017.json" for root in ROOTS)
IMAGE_FOLDERS = tuple(root / "sample_data/sample2017" for root in ROOTS)


def is_of_sample(ann_file: Path) -> bool:
    """Return True if a file has the name of the sample data, or of a result made from them."""
    return ann_file.name.startswith(ANN_FILES[0].stem)
