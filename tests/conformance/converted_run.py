"""What other readers make of converted datasets, as JSON on the last line of stdout.

    python converted_run.py READER FOLDER [SPLIT]

Run by an interpreter that has the reader, and nothing of cocosurgeon.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any


def ultralytics(folder: Path, split: str) -> Any:
    """Of each image: the file, its rows, the number of polygons, and what is wrong."""
    from ultralytics.data import utils  # type: ignore[import-not-found]

    names = utils.check_det_dataset(str(folder / "data.yaml"), autodownload=False)["names"]
    images = sorted(str(path) for path in (folder / "images" / split).rglob("*.jpg"))
    found = []
    for image, labels in zip(images, utils.img2label_paths(images), strict=True):
        checked = utils.verify_image_label((image, labels, "", False, len(names), 0, 0, False))
        rows, segments, message = checked[1], checked[3], checked[-1]
        found.append([os.path.basename(image), rows.tolist(), len(segments), message])  # noqa: PTH119
    return {"names": [names[label] for label in sorted(names)], "images": found}


def mmdet2(folder: Path, split: str) -> Any:
    """Of each image: its name, with the box and label of each object; ignored ones last."""
    from mmdet.datasets import XMLDataset  # type: ignore[import-not-found]

    dataset = XMLDataset(
        ann_file=str(folder / f"ImageSets/Main/{split}.txt"),
        pipeline=[],
        classes=_classes(folder),
        img_prefix=str(folder),
        test_mode=True,
    )
    found = []
    for place, info in enumerate(dataset.data_infos):
        ann = dataset.get_ann_info(place)
        kept = zip(ann["bboxes"].tolist(), ann["labels"].tolist(), strict=True)
        ignored = zip(ann["bboxes_ignore"].tolist(), ann["labels_ignore"].tolist(), strict=True)
        found.append(
            [info["id"], [[b, lb, 0] for b, lb in kept] + [[b, lb, 1] for b, lb in ignored]]
        )
    return found


def mmdet3(folder: Path, split: str) -> Any:
    """Of each image: its name, with the box and label of each object; ignored ones last."""
    from mmdet.datasets import XMLDataset

    dataset = XMLDataset(
        ann_file=str(folder / f"ImageSets/Main/{split}.txt"),
        data_prefix={"sub_data_root": str(folder)},
        metainfo={"classes": _classes(folder)},
        pipeline=[],
        test_mode=True,
    )
    found = []
    for place in range(len(dataset)):
        info = dataset.get_data_info(place)
        rows = [[i["bbox"], i["bbox_label"], i["ignore_flag"]] for i in info["instances"]]
        found.append([info["img_id"], sorted(rows, key=lambda row: bool(row[2]))])
    return found


def torchvision(folder: Path, split: str) -> Any:
    """Of each image: its size, and of each object name, difficult and box, as texts."""
    from torchvision.datasets import VOCDetection  # type: ignore[import-not-found]

    found = []
    for image, target in VOCDetection(str(folder), year="2012", image_set=split):
        objects = target["annotation"].get("object", [])
        rows = [[o["name"], o["difficult"], o["bndbox"]] for o in objects]
        found.append([target["annotation"]["filename"], image.size, rows])
    return found


def tfrecord(folder: Path, split: str) -> Any:
    """Of each image: name, sizes, labels, texts, crowds and boxes, by the index files."""
    from tfrecord.reader import tfrecord_loader  # type: ignore[import-not-found]

    found = []
    for path in sorted(folder.glob(f"{split}-*.tfrecord")):
        index = str(path.with_suffix(".tfindex"))
        every = [*tfrecord_loader(str(path), index, None, shard=(0, 1))]
        for record in every:
            size = record["image/width"].tolist() + record["image/height"].tolist()
            columns = [record[f"image/object/{key}"] for key in ("class/label", "is_crowd")]
            texts = record["image/object/class/text"]
            boxes = [record[f"image/object/bbox/{c}"] for c in ("xmin", "ymin", "xmax", "ymax")]
            found.append(
                [
                    record["image/filename"].decode(),
                    size,
                    *(column.tolist() for column in columns),
                    [t.decode() for t in ([texts] if isinstance(texts, bytes) else texts)],
                    [column.tolist() for column in boxes],
                ]
            )
    return found


def _classes(folder: Path) -> list[str]:
    return (folder / "labels.txt").read_text().splitlines()


if __name__ == "__main__":
    reader, place, part = sys.argv[1:]
    print(json.dumps(globals()[reader](Path(place), part)))
