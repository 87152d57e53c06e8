"""Label of each category under each loader, by the loaders' rules."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cocosurgeon.dataset.category_list import CategoryList
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.ids import Id
from cocosurgeon.errors import LoaderError
from cocosurgeon.loaders import LOADERS, NothingLeftError, View, load
from cocosurgeon.loaders.loader import MODES
from cocosurgeon.loaders.settings import Setting, settings_for

_SIDE = 1000
_BOX = (10.0, 10.0, 100.0, 100.0)
_POLYGON = (10.0, 10.0, 110.0, 10.0, 110.0, 110.0, 10.0, 110.0)


@dataclass(frozen=True)
class Labels:
    """Labels of categories, as some loaders give them.

    Attributes:
        loaders: their names; with the mode where another one gives other labels.
        of_ids: label by category id; none for a category that gets none.
        problem: the error that they raise instead.
    """

    loaders: tuple[str, ...]
    of_ids: Mapping[Id, Id]
    problem: str | None = None


def labels_of(
    dataset: Dataset, used: Collection[Id], loaders: Sequence[str] | None = None
) -> tuple[Labels, ...]:
    """Return the labels under each loader in its usual configuration; equal ones together.

    Loaders that take class names get those of the file. The file is represented by its categories,
    and one plain object of each category in use.

    Args:
        used: ids of the categories in use.
        loaders: those that are asked; None: all.
    """
    if not dataset.categories:
        return ()
    document = _document(dataset, used)
    found: dict[tuple[tuple[tuple[Id, Id], ...], str | None], list[str]] = {}
    for name, labels, problem in _each(dataset, document, loaders or tuple(LOADERS)):
        found.setdefault((tuple(labels.items()), problem), []).append(name)
    return tuple(
        Labels(tuple(names), dict(labels), problem) for (labels, problem), names in found.items()
    )


def _each(
    dataset: Dataset, document: str, loaders: Sequence[str]
) -> Iterator[tuple[str, dict[Id, Id], str | None]]:
    names = tuple(c.name for c in dataset.categories if c.name is not None)
    path = "" if dataset.source.path is None else str(dataset.source.path)
    listed = list(dict.fromkeys(c.id for c in dataset.categories if c.id is not None))
    for name in loaders:
        settings = settings_for(name, MODES, names, ann_file=path)
        results = [_asked(setting, document, listed) for setting in settings]
        if all(result == results[0] for result in results):
            yield name, *results[0]
            continue
        for setting, result in zip(settings, results, strict=True):
            yield f"{name} ({setting.mode})", *result


def _asked(
    setting: Setting, document: str, listed: Sequence[Id]
) -> tuple[dict[Id, Id], str | None]:
    parsed = json.loads(document)  # a loader may change what it is given
    try:
        view: View = load(setting.loader, parsed, setting.options)
    except NothingLeftError as error:
        view = error.view
    except LoaderError as error:
        return {}, f"raises {error.exception}: {error.what}"
    if not view.cat2label:
        return {cat_id: cat_id for cat_id in listed}, None  # the label is the id itself
    return {i: view.cat2label[i] for i in listed if i in view.cat2label}, None


def _document(dataset: Dataset, used: Collection[Id]) -> str:
    records = dataset.index.category_records
    listing = dataset.category_list or CategoryList.of(dataset.index)
    texts = [] if records is None else listing.texts(records)
    image: dict[str, Any] = {"id": 1, "file_name": "1.jpg", "width": _SIDE, "height": _SIDE}
    annotations = [
        {
            "id": number,
            "image_id": 1,
            "category_id": cat_id,
            "bbox": _BOX,
            "iscrowd": 0,
            "area": _BOX[2] * _BOX[3],
            "segmentation": [_POLYGON],
        }
        for number, cat_id in enumerate(used, 1)
    ]
    categories = [json.loads(text) for text in texts]
    return json.dumps({"images": [image], "annotations": annotations, "categories": categories})
