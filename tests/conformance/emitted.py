"""What MMDetection's CocoDataset emits, 2.x or 3.x, as JSON on the last line of stdout.

    python emitted.py ANNOTATIONS [CLASSES]

CLASSES is a JSON list of names; without it, the dataset has its own. Run by an interpreter that has
MMDetection, and nothing of cocosurgeon.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import mmdet  # type: ignore[import-not-found]
from mmdet.datasets import CocoDataset  # type: ignore[import-not-found]


def instance(bbox: Any, label: int | None, ignored: bool) -> dict[str, Any]:
    """One emitted object; without a label where the dataset gives none."""
    return {"bbox": bbox, "label": label, "ignored": ignored}


def emitted2(ann_file: str, classes: list[str] | None) -> dict[str, Any]:
    """What 2.x emits."""
    dataset = CocoDataset(ann_file, pipeline=[], classes=classes, test_mode=True)
    images = []
    for place, img_id in enumerate(dataset.img_ids):
        found = dataset.get_ann_info(place)
        kept = zip(found["bboxes"].tolist(), found["labels"].tolist(), strict=True)
        instances = [instance(bbox, label, False) for bbox, label in kept]
        instances += [instance(bbox, None, True) for bbox in found["bboxes_ignore"].tolist()]
        images.append({"id": img_id, "instances": instances})
    return described(dataset, dataset.CLASSES, images)


def emitted3(ann_file: str, classes: list[str] | None) -> dict[str, Any]:
    """What 3.x emits."""
    dataset = CocoDataset(
        ann_file,
        metainfo=None if classes is None else {"classes": classes},
        data_prefix={"img": ""},
        pipeline=[],
        test_mode=True,
        serialize_data=False,
    )
    images = []
    for place in range(len(dataset)):
        found = dataset.get_data_info(place)
        instances = [
            instance(i["bbox"], i["bbox_label"], bool(i["ignore_flag"])) for i in found["instances"]
        ]
        images.append({"id": found["img_id"], "instances": instances})
    return described(dataset, dataset.metainfo["classes"], images)


def described(dataset: Any, classes: Any, images: list[dict[str, Any]]) -> dict[str, Any]:
    """The emitted images, and what the dataset made of the categories."""
    return {
        "version": mmdet.__version__,
        "classes": list(classes),
        "cat_ids": dataset.cat_ids,
        "cat2label": list(dataset.cat2label.items()),
        "images": images,
    }


if __name__ == "__main__":
    names = json.loads(sys.argv[2]) if len(sys.argv) > 2 else None
    emit = emitted2 if mmdet.__version__.startswith("2.") else emitted3
    print(json.dumps(emit(sys.argv[1], names)))
