"""Make an annotation file with the shape of COCO's ``instances_train2017.json``.

Key order, spacing, record counts, the mix of polygons and crowds and the order of the records are
those of the official file; the values are drawn by a seed. With the same numpy the same shape
gives the same bytes.

    python bench/make_train2017.py
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

Numbers = npt.NDArray[np.int64]

DATA = Path(__file__).parent / "data"

_CATEGORIES = {
    "person": "person",
    "vehicle": "bicycle,car,motorcycle,airplane,bus,train,truck,boat",
    "outdoor": "traffic light,fire hydrant,stop sign,parking meter,bench",
    "animal": "bird,cat,dog,horse,sheep,cow,elephant,bear,zebra,giraffe",
    "accessory": "backpack,umbrella,handbag,tie,suitcase",
    "sports": "frisbee,skis,snowboard,sports ball,kite,baseball bat,baseball glove,skateboard,"
    "surfboard,tennis racket",
    "kitchen": "bottle,wine glass,cup,fork,knife,spoon,bowl",
    "food": "banana,apple,sandwich,orange,broccoli,carrot,hot dog,pizza,donut,cake",
    "furniture": "chair,couch,potted plant,bed,dining table,toilet",
    "electronic": "tv,laptop,mouse,remote,keyboard,cell phone",
    "appliance": "microwave,oven,toaster,sink,refrigerator",
    "indoor": "book,clock,vase,scissors,teddy bear,hair drier,toothbrush",
}
_IDS_LEFT_OUT = {12, 26, 29, 30, 45, 66, 68, 69, 71, 83}
_CATEGORY_IDS = [i for i in range(1, 91) if i not in _IDS_LEFT_OUT]

_LARGEST_IMAGE_ID = 581_929
_LARGEST_ANNOTATION_ID = 2_300_000
_FIRST_CROWD_ID = 900_100_000_000
_IDS_OF_A_SHARD = 10_000_000
_SIZES = np.array([(480, 640), (640, 480), (427, 640), (640, 427), (375, 500)])
_CROWD_RUNS = 3_300
_CHUNK = 20_000

_HUNDREDTHS = np.array([repr(i / 100) for i in range(64_001)], dtype=object)
"""Text of each coordinate by its hundredths of a pixel: looked up far faster than formatted."""

_encode = json.JSONEncoder(separators=(",", ": ")).encode


@dataclass(frozen=True)
class Shape:
    """What decides the bytes of a file.

    Attributes:
        images, annotations: how many records.
        points: mean number of points of a polygon.
        crowds: share of the annotations that are crowds (uncompressed RLE).
        empty: share of the images that have no annotation.
        shard: number of the file among several whose ids differ.
    """

    images: int = 118_287
    annotations: int = 860_005
    points: int = 24
    crowds: float = 0.012
    empty: float = 0.009
    seed: int = 2017
    shard: int = 0

    @property
    def empty_images(self) -> int:
        """How many images have no annotation."""
        return round(self.images * self.empty)

    @property
    def file_name(self) -> str:
        """A name that differs between shapes."""
        parts = (self.images, self.annotations, self.points, self.crowds, self.empty, self.seed)
        shard = f"_shard{self.shard:03}" if self.shard else ""
        return f"instances_{'_'.join(map(str, parts))}{shard}.json"


@dataclass(frozen=True, eq=False)
class _Images:
    """Ids, shape (images,), and sizes, shape (images, 2): height and width."""

    ids: Numbers
    sizes: Numbers


def make(shape: Shape, folder: Path = DATA) -> Path:
    """Write the file of that shape, unless it is there.

    Returns:
        Its path.
    """
    path = folder / shape.file_name
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".part")
        with draft.open("w", encoding="ascii", newline="") as file:
            file.writelines(_text(shape))
        draft.replace(path)
    return path


def _text(shape: Shape) -> Iterator[str]:
    rng = np.random.default_rng(shape.seed)
    images = _Images(
        rng.permutation(max(_LARGEST_IMAGE_ID, shape.images))[: shape.images]
        + (1 + shape.shard * _IDS_OF_A_SHARD),
        rng.choice(_SIZES, size=shape.images),
    )
    yield f'{{"info": {_encode(_INFO)},"licenses": {_encode(_LICENSES)},"images": ['
    yield ",".join(map(_image, images.ids.tolist(), images.sizes.tolist()))
    yield '],"annotations": ['
    yield from _annotations(shape, images, rng)
    yield f'],"categories": {_encode(_categories())}}}'


_INFO = {
    "description": "The shape of COCO 2017, and none of its content",
    "url": "http://cocodataset.org",
    "version": "1.0",
    "year": 2017,
    "contributor": "nobody",
    "date_created": "2017/09/01",
}
_LICENSES = [
    {"url": f"http://example.org/licenses/{i}/", "id": i, "name": f"License {i}"}
    for i in range(1, 9)
]


def _categories() -> list[dict[str, object]]:
    named = [(kind, name) for kind, names in _CATEGORIES.items() for name in names.split(",")]
    return [
        {"supercategory": kind, "id": i, "name": name}
        for i, (kind, name) in zip(_CATEGORY_IDS, named, strict=True)
    ]


def _image(image_id: int, size: tuple[int, int]) -> str:
    name = f"{image_id:012}.jpg"
    return _encode(
        {
            "license": image_id % 8 + 1,
            "file_name": name,
            "coco_url": f"http://images.cocodataset.org/train2017/{name}",
            "height": size[0],
            "width": size[1],
            "date_captured": "2013-11-14 11:18:45",
            "flickr_url": f"http://farm9.staticflickr.com/8186/{image_id:010}_4e622c8349_z.jpg",
            "id": image_id,
        }
    )


def _annotations(shape: Shape, images: _Images, rng: np.random.Generator) -> Iterator[str]:
    """The annotations in chunks; crowds come last, as in the official file."""
    owners = _owners(shape, rng)
    ids = rng.permutation(max(_LARGEST_ANNOTATION_ID, shape.annotations))[: shape.annotations] + 1
    polygons = shape.annotations - round(shape.annotations * shape.crowds)
    ids[polygons:] = _FIRST_CROWD_ID + np.arange(shape.annotations - polygons)
    ids += shape.shard * _IDS_OF_A_SHARD
    starts = [*range(0, polygons, _CHUNK), *range(polygons, shape.annotations, _CHUNK)]
    stops = [*starts[1:], shape.annotations]
    for start, stop in zip(tqdm(starts, "making the file", disable=None), stops, strict=True):
        owner = owners[start:stop]
        is_crowd = start >= polygons
        outlines = _crowds if is_crowd else _polygons
        segmentations, boxes = outlines(images.sizes[owner], shape.points, rng)
        areas = boxes[:, 2] * boxes[:, 3] / 1e4 * rng.random(len(owner))
        records = zip(
            segmentations,
            areas.tolist(),
            images.ids[owner].tolist(),
            _HUNDREDTHS[boxes].tolist(),
            rng.choice(_CATEGORY_IDS, size=len(owner)).tolist(),
            ids[start:stop].tolist(),
            strict=True,
        )
        text = ",".join(
            f'{{"segmentation": {segmentation},"area": {area},"iscrowd": {is_crowd:d},'
            f'"image_id": {image_id},"bbox": [{",".join(box)}],"category_id": {category_id},'
            f'"id": {annotation_id}}}'
            for segmentation, area, image_id, box, category_id, annotation_id in records
        )
        yield f",{text}" if start else text


def _owners(shape: Shape, rng: np.random.Generator) -> Numbers:
    """The image of each annotation, by its place, in no order; every image but the empty ones."""
    count = shape.images - shape.empty_images
    owning = rng.permutation(shape.images)[:count]
    more = rng.choice(owning, size=shape.annotations - count)
    return rng.permutation(np.concatenate([owning, more]))


def _polygons(
    sizes: Numbers, mean_points: int, rng: np.random.Generator
) -> tuple[list[str], Numbers]:
    """One polygon in each image of these sizes, and their boxes (x, y, w, h in hundredths)."""
    lengths = 2 + rng.geometric(1 / (mean_points - 2), size=len(sizes))
    stops = np.cumsum(lengths)
    starts = stops - lengths
    corners = np.repeat(sizes[:, ::-1] * 100, lengths, axis=0)
    points = rng.integers(0, corners, endpoint=True)
    low = np.minimum.reduceat(points, starts)
    high = np.maximum.reduceat(points, starts)
    texts = _HUNDREDTHS[points.ravel()].tolist()
    spans = zip((2 * starts).tolist(), (2 * stops).tolist(), strict=True)
    return [f"[[{','.join(texts[a:b])}]]" for a, b in spans], np.hstack([low, high - low])


def _crowds(sizes: Numbers, _: int, rng: np.random.Generator) -> tuple[list[str], Numbers]:
    """One uncompressed mask over each image of these sizes, and their boxes."""
    boxes = np.hstack([np.zeros_like(sizes), sizes[:, ::-1] * 100])
    return [_crowd(height, width, rng) for height, width in sizes.tolist()], boxes


def _crowd(height: int, width: int, rng: np.random.Generator) -> str:
    ends = np.unique(rng.integers(1, height * width, size=_CROWD_RUNS))
    counts = np.diff(ends, prepend=0, append=height * width)
    return _encode({"counts": counts.tolist(), "size": [height, width]})


if __name__ == "__main__":
    print(make(Shape()))
