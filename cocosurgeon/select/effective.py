"""Images of which a loader has nothing to use."""

from __future__ import annotations

import json

import numpy as np

from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.ids import Id
from cocosurgeon.dataset.mask import Mask
from cocosurgeon.loaders import find_loader, load, mmdet2, mmdet3

PREFIX = "effective:"


def require_loader(definition: str) -> str:
    """The loader that ``effective:LOADER`` names.

    Raises:
        UnknownNameError: there is none of that name.
    """
    return find_loader(definition.removeprefix(PREFIX)).name


def is_effectively_empty(dataset: Dataset, loader: str) -> Mask:
    """Which kept images have no object that a loader would train on.

    What the loader drops, and what it marks to be ignored (crowds), is nothing to train on
    (``mmdet/datasets/coco.py``, ``parse_data_info``). Its filter of images is left out of it: that
    goes by records, whether they can be used or not. The loader reads what is kept by now, as JSON.

    Raises:
        LoaderError: the loader raises on the file.
    """
    document = json.loads(b"".join(dataset.text()).decode("utf-8-sig"))
    names = tuple(c.name for c in dataset.categories if c.name is not None)
    options: object = None
    if loader == "mmdet3":
        options = mmdet3.Options(metainfo={"classes": names}, test_mode=True, serialize_data=False)
    elif loader == "mmdet2":
        options = mmdet2.Options(classes=names, test_mode=True)
    view = load(loader, document, options)
    usable: set[Id] = {s.img_id for s in view.samples if any(not i.ignore for i in s.instances)}
    ids = dataset.img_ids
    return np.fromiter((i not in usable for i in ids), dtype=np.bool_, count=len(ids))
