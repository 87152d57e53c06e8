"""What a real loader emits for one file after another; run where its framework is installed.

    python real_loaders.py FRAMEWORK

It says the framework's version, and answers each line of stdin, [annotation file, options], by one
of stdout: what is emitted, or the built-in type of what was raised. All is JSON. Nothing of
cocosurgeon is imported.
"""

from __future__ import annotations

import ast
import gc
import json
import os
import sys
import tempfile
import types
from collections.abc import Callable, Iterable, Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any


def mmdet3(ann_file: str, options: dict[str, Any]) -> dict[str, Any]:
    """CocoDataset of 3.x, or a class derived from it, by ``get_data_info``."""
    from mmdet import datasets  # type: ignore[import-not-found]

    kind = options.pop("type", "CocoDataset")
    dataset = getattr(datasets, kind)(ann_file, pipeline=[], **options)
    samples = []
    for place in range(len(dataset)):
        found = dataset.get_data_info(place)
        instances = [
            [i["bbox"], i["bbox_label"], bool(i["ignore_flag"]), i.get("mask")]
            for i in found["instances"]
        ]
        size = found["height"], found["width"]
        samples.append([found["img_id"], found["img_path"], *size, instances])
    return {
        "classes": list(dataset.metainfo["classes"]),
        "cat_ids": dataset.cat_ids,
        "cat2label": list(dataset.cat2label.items()),
        "samples": samples,
    }


def mmdet2(ann_file: str, options: dict[str, Any]) -> dict[str, Any]:
    """CocoDataset of 2.x, or a class derived from it, by ``get_ann_info``."""
    from mmdet import datasets

    kind = options.pop("type", "CocoDataset")
    dataset = getattr(datasets, kind)(ann_file, pipeline=[], **options)
    samples = []
    for place, info in enumerate(dataset.data_infos):
        found = dataset.get_ann_info(place)
        img_id = dataset.img_ids[place]
        if kind == "Objects365V2Dataset":  # its ids count images that it skips, too
            img_id = next(i for i in dataset.coco.imgs if i == info["id"])
        columns = found["bboxes"].tolist(), found["labels"].tolist(), found["masks"]
        instances = [[box, label, False, mask] for box, label, mask in zip(*columns, strict=True)]
        instances += [[box, None, True, None] for box in found["bboxes_ignore"].tolist()]
        path = os.path.join(dataset.img_prefix, info["filename"])  # noqa: PTH118 (as it does)
        samples.append([img_id, path, info.get("height"), info.get("width"), instances])
    return {
        "classes": list(dataset.CLASSES),
        "cat_ids": dataset.cat_ids,
        "cat2label": list(dataset.cat2label.items()),
        "samples": samples,
    }


class Picture:
    """Stands in for an image that is opened."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.size = (0, 0)
        self.shape = (3, 0, 0)
        self.device = "cpu"

    def convert(self, mode: str) -> Picture:
        """The image itself."""
        return self


class FilePicture(Picture):
    """Stands in for an image that is opened, if there is a file of it."""

    def __init__(self, path: str) -> None:
        if not os.path.isfile(path):  # noqa: PTH113
            raise FileNotFoundError(path)
        super().__init__(path)


def torchvision(ann_file: str, options: dict[str, Any]) -> dict[str, Any]:
    """torchvision's CocoDetection, by its items."""
    import torchvision.datasets.coco as real  # type: ignore[import-not-found,import-untyped,unused-ignore]

    real.Image.open = Picture
    dataset = real.CocoDetection(options.get("root", ""), ann_file)
    samples = []
    for place, img_id in enumerate(dataset.ids):
        picture, target = dataset[place]
        samples.append([img_id, picture.path, target])
    return {"samples": samples}


def detr(ann_file: str, options: dict[str, Any]) -> dict[str, Any]:
    """torchvision's items, put through the descendant of DETR's conversion that RF-DETR ships."""
    import torchvision.datasets.coco as real

    real.Image.open = Picture
    dataset = real.CocoDetection(options.get("img_folder", ""), ann_file)
    return _converted(dataset, ((place, *dataset[place]) for place in range(len(dataset))))


def dfine(ann_file: str, options: dict[str, Any]) -> dict[str, Any]:
    """The same on faster-coco-eval in place of pycocotools, as D-FINE and DEIM have it."""
    import faster_coco_eval  # type: ignore[import-not-found]

    faster_coco_eval.init_as_pycocotools()
    return detr(ann_file, options)


def dino(ann_file: str, options: dict[str, Any]) -> dict[str, Any]:
    """The same with the next item for one that raises, as DINO has it: datasets/coco.py:351."""
    import torchvision.datasets.coco as real

    folder = options.get("img_folder", "")
    real.Image.open = FilePicture if folder else Picture
    dataset = real.CocoDetection(folder, ann_file)

    def items() -> Iterator[tuple[int, Any, Any]]:
        for place in range(len(dataset)):
            try:
                found = (place, *dataset[place])
            except Exception:
                found = (place + 1, *dataset[place + 1])
            yield found

    return _converted(dataset, items())


def _converted(dataset: Any, items: Iterable[tuple[int, Any, Any]]) -> dict[str, Any]:
    prepare = _conversion()
    samples = []
    for place, picture, target in items:
        img_id = dataset.ids[place]
        info = dataset.coco.loadImgs(img_id)[0]
        picture.size = info["width"], info["height"]
        _, found = prepare(picture, {"image_id": img_id, "annotations": target})
        boxes = (found["boxes"] + 0.0).tolist()  # -0.0 becomes 0.0
        instances = list(zip(boxes, found["labels"].tolist(), strict=True))
        samples.append([found["image_id"].item(), picture.path, instances])
    return {"samples": samples}


def rfdetr(ann_file: str, options: dict[str, Any]) -> dict[str, Any]:
    """RF-DETR's CocoDetection, built as for a folder of splits or for COCO, by its items."""
    names = _of_rfdetr()
    names["decode_pil_image"] = lambda path, _: (Picture(str(path)), (1.0, 1.0))
    root = options.get("dataset_dir")
    dataset = names["CocoDetection"](
        options.get("img_folder", ""),
        ann_file,
        transforms=None,
        remap_category_ids=options.get("mode", "folder") == "folder",
        cat2label=names["_train_split_cat2label"](Path(root)) if root else None,
    )
    paths = []
    decode = dataset._decode_image

    def decoded(img_id: Any) -> Any:
        picture, scale = decode(img_id)
        info = dataset.coco.loadImgs(img_id)[0]
        picture.size = info["width"], info["height"]
        paths.append(picture.path)
        return picture, scale

    dataset._decode_image = decoded
    samples = []
    for place in range(len(dataset)):
        _, found = dataset[place]
        boxes = (found["boxes"] + 0.0).tolist()  # -0.0 becomes 0.0
        instances = list(zip(boxes, found["labels"].tolist(), strict=True))
        samples.append([found["image_id"].item(), paths[-1], instances])
    return {"cat2label": list((dataset.cat2label or {}).items()), "samples": samples}


def _conversion() -> Any:
    """ConvertCoco, as it converts without a mapping of categories."""
    return _of_rfdetr()["ConvertCoco"]()


@cache
def _of_rfdetr() -> dict[str, Any]:
    """What RF-DETR's datasets/coco.py defines, without its imports, which want much more."""
    folder = next(Path(p) for p in sys.path if (Path(p) / "rfdetr").is_dir())
    tree = ast.parse((folder / "rfdetr/datasets/coco.py").read_text())
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AnnAssign)
    wanted = [n for n in tree.body if isinstance(n, kinds)]
    head = ast.parse(_HEAD).body
    names: dict[str, Any] = {"__name__": "rfdetr.datasets.coco"}
    exec(compile(ast.Module([*head, *wanted], []), "rfdetr/datasets/coco.py", "exec"), names)
    return names


_HEAD = """from __future__ import annotations
import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, cast
import torch
import torchvision.datasets
from torch import Tensor
logger = logging.getLogger("rfdetr")
logger.disabled = True
"""


def transformers(ann_file: str, options: dict[str, Any]) -> dict[str, Any]:
    """torchvision's items, put through what DetrImageProcessor does to annotations."""
    import torchvision.datasets.coco as real
    from transformers.models.detr import image_processing_detr  # type: ignore[import-not-found]

    real.Image.open = Picture
    processor = image_processing_detr.DetrImageProcessor()
    dataset = real.CocoDetection(options.get("root", ""), ann_file)
    with_masks = options.get("return_segmentation_masks")
    samples = []
    for place, img_id in enumerate(dataset.ids):
        picture, target = dataset[place]
        info = dataset.coco.loadImgs(img_id)[0]
        picture.shape = 3, info["height"], info["width"]
        target = {"image_id": img_id, "annotations": target}
        found = processor.prepare_annotation(picture, target, return_segmentation_masks=with_masks)
        assert found["orig_size"].tolist() == list(picture.shape[1:])
        if with_masks:
            processor.resize_annotation(found, (1, 1), (1, 1))  # raises where there is none
        boxes = (found["boxes"] + 0.0).tolist()  # -0.0 becomes 0.0
        columns = boxes, found["class_labels"].tolist(), found["iscrowd"].tolist()
        masks = len(found.get("masks", ()))
        samples.append(
            [found["image_id"].item(), picture.path, masks, list(zip(*columns, strict=True))]
        )
    return {"samples": samples}


def torchvision2(ann_file: str, options: dict[str, Any]) -> dict[str, Any]:
    """The wrapper's items, of images that are drawn."""
    import torchvision.datasets.coco as real
    from torchvision.datasets import (  # type: ignore[import-not-found,import-untyped,unused-ignore]
        wrap_dataset_for_transforms_v2,
    )

    _open_image()
    dataset = real.CocoDetection(options.get("root", ""), ann_file)
    wrapped = wrap_dataset_for_transforms_v2(dataset, target_keys=options.get("target_keys"))
    samples, paths = [], []

    def opened(path: str) -> Any:
        paths.append(path)
        return _drawn(info["width"], info["height"])

    real.Image.open = opened
    for place, img_id in enumerate(dataset.ids):
        info = dataset.coco.loadImgs(img_id)[0]
        _, target = wrapped[place]
        tensors = {k: target.pop(k) for k in ("boxes", "labels", "masks") & target.keys()}
        boxes = [box for box in tensors["boxes"].tolist() if box] if "boxes" in tensors else []
        labels = tensors["labels"].tolist() if "labels" in tensors else []
        masks = len(tensors.get("masks", ()))
        samples.append(
            [img_id, paths[-1], sorted(tensors), masks, sorted(target.items()), boxes, labels]
        )
    return {"samples": samples}


@cache
def _open_image() -> Any:
    """Pillow's own ``open``, before another takes its place."""
    from PIL import Image

    return Image.open


@lru_cache(maxsize=200)
def _drawn(width: int, height: int) -> Any:
    """An image of a size, from a file; a large one without pixels, which nothing looks at."""
    from PIL import Image

    if max(width, height) > 200:
        return _without_pixels()(width, height)
    with tempfile.TemporaryFile() as file:
        Image.new("L", (width, height)).save(file, "PNG")
        return _open_image()(file).convert("RGB")


@cache
def _without_pixels() -> Any:
    from PIL import Image

    class WithoutPixels(Image.Image):  # type: ignore[misc,unused-ignore]
        def __init__(self, width: int, height: int) -> None:
            super().__init__()
            self._size = width, height

        def convert(self, *_: Any) -> Any:
            return self

    return WithoutPixels


def yolox(ann_file: str, options: dict[str, Any]) -> dict[str, Any]:
    """YOLOX's COCODataset: its labels, and the paths that it opens."""
    import yolox.data.datasets.coco as real  # type: ignore[import-not-found]

    dataset = real.COCODataset(data_dir=str(Path(ann_file).parent), json_file=ann_file, **options)
    real.cv2.imread = lambda path: real.np.zeros((1, 1, 3))
    samples = []
    for place, img_id in enumerate(dataset.ids):
        dataset.load_image(place)
        _, size, _, file_name = dataset.annotations[place]
        samples.append([img_id, file_name, *size, dataset.load_anno(place).tolist()])
    return {"classes": list(dataset._classes), "cat_ids": dataset.class_ids, "samples": samples}


def ultralytics(ann_file: str, options: dict[str, Any]) -> dict[str, Any]:
    """Labels that convert_coco writes, as verify_image_label reads them, with drawn images.

    The label file of an image is missing, empty, or has lines; corrupt ones are not loaded.
    """
    from ultralytics.data import converter, utils  # type: ignore[import-not-found]

    count = options.pop("nc")
    with tempfile.TemporaryDirectory() as made:
        (folder := Path(made) / "json").mkdir()
        (folder / "instances_made.json").write_bytes(Path(ann_file).read_bytes())
        converter.convert_coco(str(folder), str(Path(made) / "coco"), **options)
        document = json.loads(Path(ann_file).read_text(encoding="utf-8"))
        images = Path(made) / "coco/images/made"
        images.mkdir()
        sizes = _draw({f"{image['id']:d}": image for image in document["images"]}, images)
        names = [os.path.relpath(path, images) for path in _image_files(images)]
        paths = [str(images / name) for name in names]
        samples = []
        for name, path, lb in zip(names, paths, utils.img2label_paths(paths), strict=True):
            found = utils.verify_image_label((path, lb, "", False, count, 0, 0, False))
            if found[1] is not None:
                objects = [_corners_of(line, *sizes[name]) for line in found[1].tolist()]
                samples.append([name, objects])
    return {"samples": samples}


def _draw(records: dict[str, Any], folder: Path) -> dict[str, tuple[float, float]]:
    """Draw the images of some records; return width and height of each, as its record has them.

    Sides of 32 pixels and more are all the same to what reads them.
    """
    from PIL import Image  # type: ignore[import-not-found,unused-ignore]

    sizes: dict[str, tuple[float, float]] = {}
    for record in records.values():
        name = record.get("file_name")
        if not isinstance(name, str) or os.path.isabs(name) or "\0" in name:  # noqa: PTH117
            continue
        path = Path(os.path.normpath(folder / name))
        if not path.is_relative_to(folder) or path == folder:
            continue
        size = record.get("width"), record.get("height")
        width, height = (int(v) if _is_number(v) and 1 <= v < 32 else 32 for v in size)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("1", (width, height)).save(path, "PNG")
            x, y = (float(v) if _is_number(v) else float("nan") for v in size)
            sizes[str(path.relative_to(folder))] = x, y
    return sizes


def _is_number(side: Any) -> bool:
    return isinstance(side, (int, float))


def _image_files(folder: Path) -> list[str]:
    """Paths of images, as its datasets list them."""
    from ultralytics.data.base import BaseDataset  # type: ignore[import-not-found]

    dataset = types.SimpleNamespace(prefix="", fraction=1.0)
    try:
        return list(BaseDataset.get_img_files(dataset, str(folder)))
    except FileNotFoundError:
        return []


def _corners_of(line: list[float], width: float, height: float) -> list[float]:
    label, x, y, w, h = line
    box = (x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width, (y + h / 2) * height
    return [int(label), *box]


VERSIONS: dict[str, Callable[[], str]] = {
    "mmdet2": lambda: str(__import__("mmdet").__version__),
    "mmdet3": lambda: str(__import__("mmdet").__version__),
    "torchvision": lambda: str(__import__("torchvision").__version__),
    "yolox": lambda: str(__import__("yolox").__version__),
    "detr": lambda: "1.11.2",
    "rfdetr": lambda: "1.11.2",
    "ultralytics": lambda: str(__import__("ultralytics").__version__),
    "dino": lambda: "1.11.2",
    "dfine": lambda: str(__import__("faster_coco_eval").__version__),
    "transformers": lambda: str(__import__("transformers").__version__),
    "torchvision2": lambda: str(__import__("torchvision").__version__),
}
EMIT = {
    "mmdet2": mmdet2,
    "mmdet3": mmdet3,
    "torchvision": torchvision,
    "yolox": yolox,
    "detr": detr,
    "rfdetr": rfdetr,
    "ultralytics": ultralytics,
    "dino": dino,
    "dfine": dfine,
    "transformers": transformers,
    "torchvision2": torchvision2,
}


def outcome(framework: str, ann_file: str, options: dict[str, Any]) -> dict[str, Any]:
    """What is emitted, or what is raised."""
    try:
        return EMIT[framework](ann_file, options)
    except Exception as error:
        types = type(error).__mro__
        return {"raises": next(t.__name__ for t in types if t.__module__ == "builtins")}


def main(framework: str) -> None:
    """Answer until there are no more requests."""
    gc.collect = lambda *_: 0  # mmengine collects for every dataset
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the libraries print
    print(json.dumps(VERSIONS[framework]()), file=answers, flush=True)
    for request in sys.stdin:
        ann_file, options = json.loads(request)
        print(json.dumps(outcome(framework, ann_file, options)), file=answers, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
