"""What MMDetection's datasets open below a data root, as JSON on the last line of stdout.

    python opened.py ROOT ANN_FILE IMG_PREFIX [PANOPTIC_FILE SEG_PREFIX]

Names are relative to ROOT, as in configs. The panoptic file is for 3.x: 2.x needs panopticapi for
it. Run by an interpreter that has MMDetection, and nothing of cocosurgeon.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import mmdet  # type: ignore[import-not-found]
from mmdet.datasets import CocoDataset, CocoPanopticDataset  # type: ignore[import-not-found]

LOAD = [{"type": "LoadImageFromFile"}]


def opened2(root: str, ann_file: str, img_prefix: str) -> list[dict[str, Any]]:
    """What 2.x opens."""
    dataset = CocoDataset(
        data_root=root, ann_file=ann_file, img_prefix=img_prefix, pipeline=LOAD, test_mode=True
    )
    loaded = [dataset[i] for i in range(len(dataset))]
    return [{"image": r["filename"], "shape": r["img_shape"][:2]} for r in loaded]


def opened3(kind: Any, root: str, ann_file: str, **prefixes: str) -> list[dict[str, Any]]:
    """What 3.x opens."""
    from mmdet.utils import register_all_modules  # type: ignore[import-not-found]

    register_all_modules()
    dataset = kind(
        data_root=root, ann_file=ann_file, data_prefix=prefixes, pipeline=LOAD, test_mode=True
    )
    infos = [dataset.get_data_info(i) for i in range(len(dataset))]
    return [
        {
            "image": info["img_path"],
            "png": info["seg_map_path"],
            "shape": dataset[i]["img_shape"],
        }
        for i, info in enumerate(infos)
    ]


def main() -> None:
    """Do what the command line says."""
    root, ann_file, img_prefix, *panoptic = sys.argv[1:]
    found: dict[str, Any] = {"panoptic": []}
    if mmdet.__version__.startswith("2."):
        found["instances"] = opened2(root, ann_file, img_prefix)
    else:
        found["instances"] = opened3(CocoDataset, root, ann_file, img=img_prefix)
        if panoptic:
            prefixes = {"img": img_prefix, "seg": panoptic[1]}
            found["panoptic"] = opened3(CocoPanopticDataset, root, panoptic[0], **prefixes)
    print()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
