"""Classes of MMDetection that derive from CocoDataset and read files in their own way.

Each one may sort the categories, rename images and skip some; for the rest CocoDataset's rules
apply. Lines are those of 3.3.0 and, in brackets, of 2.28.2.
"""

from __future__ import annotations

import json
import os.path
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from cocosurgeon.errors import RequestError
from cocosurgeon.loaders.index import Index
from cocosurgeon.loaders.view import Id, Record, Rule, fail, failure

ClassName: TypeAlias = Literal[
    "CocoDataset",
    "Objects365V1Dataset",
    "Objects365V2Dataset",
    "LVISV05Dataset",
    "LVISV1Dataset",
]
"""Name of a class whose rules are known."""

_NAMES = Path(__file__).parents[1] / "categories/classes/coco.json"
_OF_COCO: Mapping[str, str] = json.loads(_NAMES.read_bytes())
COCO: tuple[str, ...] = tuple(_OF_COCO.values())
"""CocoDataset's own classes: ``mmdet/datasets/coco.py``, METAINFO (3.x) and CLASSES (2.x)."""
COCO_IDS: tuple[int, ...] = tuple(map(int, _OF_COCO))
"""Their ids in COCO's own files."""

_MISSING = (
    "patch16/objects365_v2_00908726.jpg",
    "patch6/objects365_v1_00320532.jpg",
    "patch6/objects365_v1_00320534.jpg",
)
"""Images of Objects365 V2 that have annotations and no file: objects365.py:13 [9]."""
_URL = "http://images.cocodataset.org/"

MISSING_IMAGE = Rule(
    "objects365-missing",
    "Objects365V2Dataset skips the 3 images that have annotations and no file",
    "mmdet/datasets/objects365.py:288 [224]",
)
MIXED_IDS = Rule(
    "mixed-category-ids",
    "Objects365V1Dataset sorts category ids, and they are numbers and text: TypeError",
    "mmdet/datasets/objects365.py:115 [100]",
)
NO_URL = Rule(
    "no-coco-url", "LVISV1Dataset reads `coco_url`: KeyError", "mmdet/datasets/lvis.py:617 [736]"
)


@dataclass(frozen=True)
class DatasetClass:
    """A class.

    Attributes:
        new_name: returns the file name of an image; None where the record's own one stays.
        name_key: key of the record that ``new_name`` takes.
        takes_all: True where it takes all categories of the file, whatever ``classes`` says.
        skipped: file names of images that it skips.
        sorts_categories: True where it sorts them by id.
    """

    new_name: Callable[[str], str] | None = None
    name_key: str = "file_name"
    takes_all: bool = False
    skipped: tuple[str, ...] = ()
    sorts_categories: bool = False

    def cat_ids(self, index: Index, classes: Sequence[str]) -> tuple[Id, ...]:
        """Return the category ids that it takes, in order."""
        taken = _sorted(index) if self.sorts_categories else index
        return taken.cat_ids(() if self.takes_all else classes)

    def image(self, index: Index, row: int) -> Record:
        """Return an image's record with the file name that the class gives it.

        Raises:
            LoaderError: the record has no name that can be read.
        """
        image = index.images[row]
        if self.new_name is None:
            return image
        try:
            return {**image, "file_name": self.new_name(image[self.name_key])}
        except (KeyError, TypeError, AttributeError) as error:
            raise failure(error, "images", row, image, [self.name_key]) from error

    def skips(self, image: Record) -> bool:
        """Return whether it skips an image."""
        return bool(self.skipped) and image.get("file_name") in self.skipped


def _sorted(index: Index) -> Index:
    """Sort the categories by id: objects365.py:114-118 [98-104]."""
    listed = index.listed_categories()
    try:
        return replace(index, categories=sorted(listed, key=lambda category: category["id"]))
    except TypeError as error:
        fail("TypeError", MIXED_IDS.name, f"category ids cannot be sorted: {error}")


def _in_last_folder(name: str) -> str:
    """objects365.py:284 [220]"""
    folder, file = os.path.split(name)
    return os.path.join(os.path.split(folder)[-1], file)  # noqa: PTH118 - as the framework does


def _of_2014(name: str) -> str:
    """lvis.py:302 [291]"""
    return name[-16:] if name.startswith("COCO") else name


CLASSES: Mapping[ClassName, DatasetClass] = {
    "CocoDataset": DatasetClass(),
    "Objects365V1Dataset": DatasetClass(sorts_categories=True),
    "Objects365V2Dataset": DatasetClass(_in_last_folder, skipped=_MISSING),
    "LVISV05Dataset": DatasetClass(_of_2014, takes_all=True),
    "LVISV1Dataset": DatasetClass(
        lambda url: url.replace(_URL, ""), name_key="coco_url", takes_all=True
    ),
}
assert set(CLASSES) == set(get_args(ClassName))


def default_classes(kind: ClassName) -> tuple[str, ...]:
    """Return the class names that a class has by itself.

    Raises:
        RequestError: they are not known here.
    """
    if kind != "CocoDataset":
        raise RequestError(
            f"the class names of {kind} are not known here", hint="name them: --classes A,B,..."
        )
    return COCO


def class_of(options: Mapping[str, object]) -> ClassName:
    """Return the class whose rules apply to the dataset of a dump; CocoDataset's where the dump
    does not name another one.

    Args:
        options: of the dump's header.
    """
    found = options.get("rules", "CocoDataset")
    return next((name for name in CLASSES if name == found), "CocoDataset")


def has_rules(options: Mapping[str, object]) -> bool:
    """Return whether rules are known for the dataset of a dump.

    Args:
        options: of the dump's header.
    """
    return options.get("rules", "CocoDataset") in CLASSES
