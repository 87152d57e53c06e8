"""Labels of each category of a file, by groups of loaders that give the same labels."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from cocosurgeon.dataset.category_list import CategoryList
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.ids import Id
from cocosurgeon.loaders.labels import labels_by_loader


@dataclass(frozen=True)
class Labels:
    """Labels of categories that some loaders give.

    Attributes:
        loaders: names of the loaders, with the mode if another mode gives other labels.
        of_ids: labels by category id, without categories that get no label.
        problem: the error that these loaders raise instead; None without one.
    """

    loaders: tuple[str, ...]
    of_ids: Mapping[Id, Id]
    problem: str | None = None


def labels_of(
    dataset: Dataset, used: Collection[Id], loaders: Sequence[str] | None = None
) -> tuple[Labels, ...]:
    """Return the labels that each loader gives with its default options, equal ones together.

    Args:
        used: ids of the categories in use.
        loaders: names of the loaders; None: all.
    """
    records = dataset.index.category_records
    if records is None or not dataset.categories:
        return ()
    listing = dataset.category_list or CategoryList.of(dataset.index)
    categories = [json.loads(text) for text in listing.texts(records)]
    path = "" if dataset.source.path is None else str(dataset.source.path)
    found: dict[tuple[tuple[tuple[Id, Id], ...], str | None], list[str]] = {}
    for each in labels_by_loader(categories, used, path, loaders):
        labels = tuple((i, label) for i, label in each.labels.items() if label is not None)
        problem = None if each.error is None else f"raises {each.error}"
        found.setdefault((labels, problem), []).append(each.called)
    return tuple(
        Labels(tuple(names), dict(labels), problem) for (labels, problem), names in found.items()
    )
