"""DINO: CocoDetection, DETR's but for images that cannot be read.

Read, not run, in IDEA-Research/DINO at faa8520, ``datasets/coco.py``. It catches whatever
torchvision raises for an image, and loads the next one in its place, which then comes twice
(``:351-357``).
"""

from __future__ import annotations

import os.path
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from cocosurgeon.errors import LoaderError
from cocosurgeon.loaders import detr, torchvision
from cocosurgeon.loaders.dropped import SHADOWED, UNLISTED, Drops
from cocosurgeon.loaders.index import Index, indexed, sorted_ids
from cocosurgeon.loaders.loader import Loader
from cocosurgeon.loaders.view import Id, Rule, View, fail

_FILE = "datasets/coco.py"
UNREADABLE = Rule(
    "unreadable",
    "its `file_name` or its file is missing (files are looked for in `img_folder`, if given): the "
    "next image by id is loaded instead",
    f"{_FILE}:351",
)
RULES = (
    SHADOWED,
    UNLISTED,
    replace(detr.CROWD, source=f"{_FILE}:401"),
    replace(detr.DEGENERATE, source=f"{_FILE}:425"),
    UNREADABLE,
)
ERRORS = (
    *torchvision.ERRORS,
    Rule(
        "no-file", "the files of two images in a row are missing: FileNotFoundError", f"{_FILE}:356"
    ),
    Rule("no-next-image", "the last image by id cannot be read: IndexError", f"{_FILE}:356"),
    *detr.conversion_errors(
        _FILE,
        img_id=397,
        bbox=403,
        box="405,425",
        cat_id=410,
        label=411,
        segmentation=414,
        mask=375,
        keypoints=419,
        keypoint="420,423",
        area=443,
    ),
)


@dataclass(frozen=True)
class Options(detr.Options):
    """CocoDetection's ``img_folder`` and ``return_masks``.

    Attributes:
        img_folder: where the files of images are looked for; empty: they are not.
    """

    @property
    def picks_by_place(self) -> bool:
        return True

    @property
    def note(self) -> str:
        if self.img_folder:
            return "for an image whose file is missing, the next image is loaded, and comes twice"
        return (
            "image files are not looked for (a missing one is replaced by the next image): set "
            "--option img_folder=FOLDER"
        )

    def note_on(self, view: View) -> str | None:
        return self.note if any(d.rule == UNREADABLE.name for d in view.dropped) else None


def view(document: object, options: Options, only: Collection[Id | None] | None = None) -> View:
    """Return what DINO loads from a parsed file; see ``registry.load``."""
    index, drops = indexed(document), Drops()
    items = detr.integer_items(_items(index, options.img_folder, drops))
    prepare = detr.preparation(options.return_masks)
    samples, dropped = detr.converted(index, items, only, detr.conversion(prepare), drops)
    return View(
        loader=LOADER.name, box_format="xyxy", single=True, samples=samples, dropped=dropped
    )


def _items(index: Index, img_folder: str, drops: Drops) -> Iterator[detr.Item]:
    """``__getitem__``: datasets/coco.py:351-357."""
    img_ids = sorted_ids(index.image_rows, "image")
    for place, img_id in enumerate(img_ids):
        try:
            item = _item(index, img_folder, img_id)
        except LoaderError as error:
            if place + 1 == len(img_ids):
                what = f"the last image cannot be read, and there is no next one: {error.what}"
                fail("IndexError", "no-next-image", what, error.where)
            item = _item(index, img_folder, img_ids[place + 1])
            rows = index.rows(img_id)
            drops.drop_image(index.image_rows[img_id], rows, UNREADABLE.name)
        yield item


def _item(index: Index, img_folder: str, img_id: Id) -> detr.Item:
    found = torchvision.item(index, img_folder, img_id)
    if img_folder and not os.path.isfile(found[2]):  # noqa: PTH113
        fail("FileNotFoundError", "no-file", f"there is no file {found[2]!r}")
    return found


LOADER = Loader(
    name="dino",
    title="DINO, CocoDetection",
    version="faa8520",
    options=Options,
    rules=RULES,
    errors=ERRORS,
    view=view,
    object_fields=("keypoints",),
    order="id",
    image_root="img_folder",
)
