"""A random split with hotcoco.

Usage: split_with_hotcoco.py FILE FOLDER
"""

from __future__ import annotations

import sys

from hotcoco import COCO


def main(ann_file: str, folder: str) -> None:
    """Load, split, save."""
    train, val = COCO(ann_file).split(val_frac=0.2)
    train.save(f"{folder}/train.json")
    val.save(f"{folder}/val.json")


if __name__ == "__main__":
    main(*sys.argv[1:])
