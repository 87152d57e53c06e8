"""Images that have no object which a loader would train on."""

from __future__ import annotations

import json

import numpy as np

from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.ids import Id
from cocosurgeon.dataset.mask import Mask
from cocosurgeon.loaders import LOADERS, find_loader, load

PREFIX = "effective:"


def require_loader(definition: str) -> str:
    """Return the name of the loader that ``effective:LOADER`` names.

    Raises:
        UnknownNameError: there is no such loader.
    """
    return find_loader(definition.removeprefix(PREFIX)).name


def is_effectively_empty(dataset: Dataset, loader: str) -> Mask:
    """Return which kept images have no object that a loader would train on, one bool an image.

    Annotations that the loader drops, and those that it marks to be ignored (crowds), do not count
    (``mmdet/datasets/coco.py``, ``parse_data_info``). Its filter of images is not applied: that
    counts records, usable or not. The loader reads what is kept so far, as JSON.

    Raises:
        LoaderError: the loader raises on the file.
    """
    document = json.loads(b"".join(dataset.text()).decode("utf-8-sig"))
    names = tuple(c.name for c in dataset.categories if c.name is not None)
    view = load(loader, document, LOADERS[loader].options.every_image(names))
    usable: set[Id] = {s.img_id for s in view.samples if any(not i.ignore for i in s.instances)}
    ids = dataset.img_ids
    return np.fromiter((i not in usable for i in ids), dtype=np.bool_, count=len(ids))
