"""torchvision's CocoDetection, whose targets are the annotations of the file, unchanged."""

from __future__ import annotations

from typing import Any

from .dataset import RealDataset, instance
from .failure import Failure, needed, stage, version_of


def open_dataset(request: dict[str, Any]) -> RealDataset:
    """Return the dataset of an annotation file."""
    if request["config"] or not request["ann_file"]:
        raise Failure("request", "torchvision has no configs: give only the annotation file")
    options = dict(request["options"])
    root = options.pop("root", request["img_prefix"] or "")
    given = [key for key in ("classes", "mode") if request[key]] + list(options)
    if given:
        raise Failure("request", "CocoDetection takes no " + " and no ".join(given))
    datasets = needed("torchvision.datasets")
    with stage("dataset", where=request["ann_file"]):
        dataset = datasets.CocoDetection(root, request["ann_file"])
    return _CocoDetectionDataset(dataset, request["ann_file"])


class _CocoDetectionDataset(RealDataset):
    def __init__(self, dataset: Any, ann_file: str) -> None:
        self._dataset = dataset
        self._ann_file = ann_file

    def header(self) -> dict[str, Any]:
        return {
            "framework": "torchvision",
            "version": str(needed("torchvision").__version__),
            "loader": "torchvision",
            "box_format": "xywh",
            "order": "id",
            "ann_file": self._ann_file,
            "packages": version_of("torch", "pycocotools", "PIL"),
        }

    def __len__(self) -> int:
        return len(self._dataset)

    def img_id(self, index: int) -> Any:
        return self._dataset.ids[index]

    def sample(self, index: int) -> dict[str, Any]:
        img_id = self._dataset.ids[index]
        return {
            "img_id": img_id,
            "img_path": self._dataset.coco.loadImgs(img_id)[0]["file_name"],
            "height": None,
            "width": None,
            "instances": [_instance(target) for target in self._dataset._load_target(img_id)],
        }

    def steps(self, kind: str, index: int) -> list[Any]:
        if kind == "own":
            raise Failure("request", "CocoDetection has no pipeline of its own")
        return []

    def packed(self, kind: str, index: int) -> Any:
        image, targets = self._dataset[index]
        numpy = needed("numpy")
        return {
            "img": numpy.asarray(image).transpose(2, 0, 1),
            "gt_bboxes": numpy.array([t["bbox"] for t in targets], float).reshape(-1, 4),
            "gt_labels": numpy.array([t["category_id"] for t in targets]),
        }


def _instance(target: Any) -> dict[str, Any]:
    box, label = target.get("bbox"), target.get("category_id")
    is_sound = isinstance(box, list) and all(isinstance(number, (int, float)) for number in box)
    return instance(
        box if is_sound else [],
        label if isinstance(label, (int, float, str)) else None,
        bool(target.get("iscrowd", False)),
        target.get("segmentation"),
    )
