"""The first 100 images with hotcoco, whose ids come sorted.

Usage: with_hotcoco.py FILE OUT
"""

from __future__ import annotations

import sys

from hotcoco import COCO


def main(ann_file: str, out: str) -> None:
    """Load, filter, save."""
    coco = COCO(ann_file)
    coco.filter(img_ids=coco.get_img_ids()[:100], drop_empty_images=False).save(out)


if __name__ == "__main__":
    main(*sys.argv[1:])
