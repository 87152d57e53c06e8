"""The first 100 images with orjson.

Usage: with_orjson.py FILE OUT
"""

from __future__ import annotations

import sys
from pathlib import Path

import orjson


def main(ann_file: str, out: str) -> None:
    """Load all, filter, dump."""
    data = orjson.loads(Path(ann_file).read_bytes())
    data["images"] = data["images"][:100]
    ids = {image["id"] for image in data["images"]}
    data["annotations"] = [a for a in data["annotations"] if a["image_id"] in ids]
    Path(out).write_bytes(orjson.dumps(data))


if __name__ == "__main__":
    main(*sys.argv[1:])
