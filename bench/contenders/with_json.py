"""The first 100 images with the standard library.

Usage: with_json.py FILE OUT
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main(ann_file: str, out: str) -> None:
    """Load all, filter, dump."""
    with Path(ann_file).open() as file:
        data = json.load(file)
    data["images"] = data["images"][:100]
    ids = {image["id"] for image in data["images"]}
    data["annotations"] = [a for a in data["annotations"] if a["image_id"] in ids]
    with Path(out).open("w") as file:
        json.dump(data, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
