"""A small correct file, into which each check puts its fault."""

from __future__ import annotations

from typing import Any


def correct() -> Any:
    """Return three images, four annotations and three categories, as a file should have them."""
    boxes = {
        1: (1, 1, [10, 10, 20, 20]),
        2: (1, 2, [50, 20, 30, 40]),
        3: (2, 3, [5, 5, 40, 30]),
        4: (2, 1, [60, 40, 20, 30]),
    }
    return {
        "info": {"description": "made by hand"},
        "licenses": [],
        "images": [
            {"id": n, "file_name": f"{name}.jpg", "width": 100, "height": 80}
            for n, name in enumerate("abc", 1)
        ],
        "annotations": [
            {
                "id": ann_id,
                "image_id": img_id,
                "category_id": cat_id,
                "bbox": box,
                "area": box[2] * box[3],
                "iscrowd": 0,
                "segmentation": [_rectangle(*box)],
            }
            for ann_id, (img_id, cat_id, box) in boxes.items()
        ],
        "categories": [
            {"id": n, "name": name, "supercategory": "animal"}
            for n, name in enumerate(("cat", "dog", "bird"), 1)
        ],
    }


def _rectangle(x: int, y: int, w: int, h: int) -> list[int]:
    return [x, y, x + w, y, x + w, y + h, x, y + h]
