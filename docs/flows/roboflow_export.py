"""Make a small export as Roboflow lays it out, of the sample data's cats, dogs and horses.

python docs/flows/roboflow_export.py
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

NAMES = ("cat", "dog", "horse")
SAMPLE = Path("sample_data")
OUT = Path("export/train/_annotations.coco.json")


def main() -> None:
    full = json.loads((SAMPLE / "annotations/instances_sample2017.json").read_bytes())
    names = {category["id"]: category["name"] for category in full["categories"]}
    annotations = [
        {**each, "category_id": NAMES.index(names[each["category_id"]]) + 1}
        for each in full["annotations"]
        if names[each["category_id"]] in NAMES
    ]
    img_ids = {each["image_id"] for each in annotations}
    images = [each for each in full["images"] if each["id"] in img_ids]
    parent = {"id": 0, "name": "animals", "supercategory": "none"}
    classes = [
        {"id": number, "name": name, "supercategory": "animals"}
        for number, name in enumerate(NAMES, 1)
    ]
    OUT.parent.mkdir(parents=True)
    for each in images:
        shutil.copy(SAMPLE / "sample2017" / each["file_name"], OUT.parent)
    document = {"categories": [parent, *classes], "images": images, "annotations": annotations}
    OUT.write_text(json.dumps(document))
    print(OUT)


if __name__ == "__main__":
    main()
