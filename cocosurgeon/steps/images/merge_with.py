"""Images, annotations and categories of other files."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from cocosurgeon.errors import RequestError
from cocosurgeon.select.filter import Columns
from cocosurgeon.select.plan import Step
from cocosurgeon.sets.labels import without_suffix
from cocosurgeon.sets.options import MergeOptions
from cocosurgeon.steps.arguments import ALIAS as PAIRS
from cocosurgeon.steps.arguments import (
    PATH,
    PATHS,
    TEXT,
    Kind,
    choice,
    shown,
    split_list,
    split_pair,
)
from cocosurgeon.steps.registry import Modifier, Option

if TYPE_CHECKING:
    from cocosurgeon.dataset.dataset import Dataset
    from cocosurgeon.progress import Progress


def _parse_prefixes(text: str) -> tuple[tuple[str, str], ...]:
    return tuple(split_pair(token, "FILE=DIR/") for token in split_list(text))


def _convert_prefixes(value: object) -> tuple[tuple[str, str], ...]:
    if isinstance(value, str):
        return _parse_prefixes(value)
    if isinstance(value, dict) and value:
        return tuple(sorted((str(name), str(prefix)) for name, prefix in value.items()))
    raise RequestError(f"expected a dict of prefixes by file, not {shown(value)}")


PREFIXES = Kind("A=DIR/,B=DIR/", _parse_prefixes, _convert_prefixes)

IDS = Modifier(
    "merge-ids",
    "ids",
    choice("error", "offset", "renumber"),
    "Choose what to do with ids that two files share: offset adds one number to all ids of that "
    "list in the later file, renumber changes only shared ids.",
    default="error",
)
PREFIX = Modifier(
    "merge-prefix",
    "prefixes",
    PREFIXES,
    "Put a folder before each file_name of a file. Give the file by its path or file name.",
)
ALIAS = Modifier(
    "merge-alias",
    "aliases",
    PAIRS,
    "Treat the category name OLD of a later file as NEW. OLD= keeps it as a class of its own, "
    "even if another name is nearly the same.",
)
ON_DUPLICATE = Modifier(
    "on-duplicate",
    "on_duplicate",
    choice("error", "first", "keep"),
    "Choose what to do with an image that is in two files: first keeps only the first file's "
    "image and annotations, keep keeps both.",
    default="error",
)
IMAGES = Modifier(
    "merge-images",
    "images",
    PATH.called("DIR"),
    "Compare images by the content of their files, not by file_name. file_name, with its prefix, "
    "is relative to this folder.",
)
SOURCE_KEY = Modifier(
    "source-key",
    "source_key",
    TEXT.called("NAME"),
    "Store the source file of each image under this key. `cocosurgeon split --by-key` can then "
    "restore each file's records.",
)
INFO = Modifier(
    "merge-info", "info", PATH, "Take info from this JSON file, not from the first file."
)
LICENSES = Modifier(
    "merge-licenses",
    "licenses",
    PATH,
    "Take licenses from this JSON file, not from the first file.",
)
FOLLOW = Modifier(
    "follow",
    "follow",
    PATH.called("MERGED"),
    "Change the ids of results files as the merge of their annotation files did. MERGED is that "
    "merge, written with --source-key. Give one results file for each merged file, in the same "
    "order.",
)
MODIFIERS = (IDS, PREFIX, ALIAS, ON_DUPLICATE, IMAGES, SOURCE_KEY, INFO, LICENSES, FOLLOW)


@dataclass(frozen=True, repr=False, eq=False)
class MergeWith(MergeOptions, Step):
    """Add the images, annotations and categories of other files: ``MergeWith(paths=("b.json",))``.

    Results files are merged with results files. See docs/merge.md.

    Attributes:
        paths: paths of the other files, in order.
        sha256: SHA-256 of the other files when the step was bound.
        others: datasets of the other files, if they have been read.
    """

    paths: tuple[str, ...] = ()
    sha256: tuple[str, ...] = field(default=(), repr=False)
    others: tuple[Any, ...] = field(default=(), compare=False, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.paths:
            hint = 'MergeWith(paths=("b.json",))'
            raise RequestError("MergeWith takes the paths of other files", hint=hint)

    @property
    def files(self) -> tuple[str, ...]:
        more = (self.info, self.licenses, self.follow)
        return (*self.paths, *(path for path in more if path is not None))

    @property
    def columns(self) -> Columns:
        from cocosurgeon.dataset.references import CATEGORY_COLUMNS

        key = () if self.source_key is None else (self.source_key,)
        ids = ("id", "image_id", "annotation_id", "video_id", "track_id")
        return {
            "images": ("file_name", "license", *ids, *CATEGORY_COLUMNS, *key),
            "annotations": ("file_name", *ids, *CATEGORY_COLUMNS),
        }

    def bind(self, dataset: Dataset, progress: Progress | None = None) -> MergeWith:
        from cocosurgeon.dataset.io import read

        others = self.others
        for path in self.paths if not others else ():
            others = (*others, read(path, progress, self.columns))
            others[-1].source.release()
        sha256 = tuple(other.source.sha256() for other in others)
        if self.sha256 not in ((), sha256):
            wrong = [p for p, a, b in zip(self.paths, sha256, self.sha256, strict=True) if a != b]
            raise RequestError(
                f"files that differ from the recipe's: {', '.join(wrong)}",
                hint="restore them, or merge without the recipe",
            )
        return replace(self, others=others, sha256=sha256)

    def apply(self, dataset: Dataset) -> Dataset:
        from cocosurgeon.sets.merge import merge

        if not self.others:
            return self.bind(dataset).apply(dataset)
        return merge(dataset, self.others, self, (dataset.opened.name, *self.paths))

    def words(self) -> str | None:
        more = (self.aliases, self.prefixes, self.images, self.info, self.licenses, self.follow)
        if any(more):
            return None
        words = ["and", *(without_suffix(path) for path in self.paths)]
        words += [f"{self.ids}-ids"] if self.ids != "error" else []
        words += [f"{self.on_duplicate}-duplicates"] if self.on_duplicate != "error" else []
        return "-".join([*words, *([] if self.source_key is None else ["by", self.source_key])])


OPTIONS = (
    Option(
        "merge-with",
        PATHS.called("ANN_FILE"),
        "Add images, annotations and categories of this file, as `cocosurgeon merge` does.",
        lambda paths, **given: MergeWith(paths=paths, **given),
        modifiers=MODIFIERS,
        is_joined=True,
    ),
)
