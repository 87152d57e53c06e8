"""Images of a dataset one by one, each with its annotations, as Python objects."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from cocosurgeon.annfile.columns import Numbers

if TYPE_CHECKING:
    from cocosurgeon.dataset.dataset import Dataset

_AT_ONCE = 1000
"""Images whose text is parsed at once."""


class AnnotatedImage(NamedTuple):
    """An image with its annotations: ``for image, annotations in dataset``.

    Attributes:
        image: its record, the last one if its id is repeated; in a results file, only its id.
        annotations: its kept annotations, in the order of the file.
    """

    image: dict[str, Any]
    annotations: list[dict[str, Any]]


def annotated_images(dataset: Dataset, numbers: Numbers) -> Iterator[AnnotatedImage]:
    """Yield images of a dataset with their annotations, as ``json`` reads them.

    Args:
        numbers: a part of the dataset's ``image_indices``, ascending.
    """
    index = dataset.index
    for start in range(0, len(numbers), _AT_ONCE):
        part = dataset.with_images(numbers[start : start + _AT_ONCE])
        document = json.loads(b"".join(part.text()).decode("utf-8-sig"))
        found = {n: AnnotatedImage({}, []) for n in part.image_indices.tolist()}
        owners = index.image_of_annotation[part.annotation_rows].tolist()
        records = document if index.is_results else document.get("annotations", [])
        for owner, record in zip(owners, records, strict=True):
            found[owner].annotations.append(record)
        if index.image_records is None:
            images = dict(zip(found, ({"id": i} for i in part.img_ids), strict=True))
        else:
            rows = part.list_rows(index.image_records.name)
            images = dict(
                zip(index.images.image_of_row[rows].tolist(), document["images"], strict=True)
            )
        yield from (each._replace(image=images[n]) for n, each in found.items())
