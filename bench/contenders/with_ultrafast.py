"""The first 100 images with ultrafast-pycocotools, a drop-in for pycocotools.

Usage: with_ultrafast.py FILE OUT
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from ultrafast_pycocotools.coco import COCO


def main(ann_file: str, out: str) -> None:
    """Load and index, look up by the index, dump."""
    coco = COCO(ann_file)
    ids = list(coco.getImgIds())[:100]
    annotations = coco.loadAnns(coco.getAnnIds(imgIds=ids))
    kept = {"images": coco.loadImgs(ids), "annotations": annotations}
    with Path(out).open("w") as file:
        json.dump({**kept, "categories": coco.loadCats(coco.getCatIds())}, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
