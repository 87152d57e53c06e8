"""A split with iterative-stratification, by the classes that images have.

Usage: split_with_iterative_stratification.py FILE FOLDER
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from iterstrat.ml_stratifiers import MultilabelStratifiedShuffleSplit


def main(ann_file: str, folder: str) -> None:
    """Load, split, write."""
    document = json.loads(Path(ann_file).read_bytes())
    images, annotations = document["images"], document["annotations"]
    row = {image["id"]: number for number, image in enumerate(images)}
    column = {c: n for n, c in enumerate(sorted({a["category_id"] for a in annotations}))}
    has = np.zeros((len(images), len(column)), dtype=int)
    for annotation in annotations:
        has[row[annotation["image_id"]], column[annotation["category_id"]]] = 1
    method = MultilabelStratifiedShuffleSplit(n_splits=1, test_size=0.2, random_state=0)
    [(train, val)] = method.split(has, has)
    for name, rows in (("train", train), ("val", val)):
        kept = {images[number]["id"] for number in rows}
        part = {
            **document,
            "images": [image for image in images if image["id"] in kept],
            "annotations": [a for a in annotations if a["image_id"] in kept],
        }
        (Path(folder) / f"{name}.json").write_text(json.dumps(part))


if __name__ == "__main__":
    main(*sys.argv[1:])
