"""Format: how a format is read and written, and what it cannot hold."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, get_args

from cocosurgeon.annfile.source import Source
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.formats.objects import Class, Picture

Crowds = Literal["drop", "keep", "ignore"]
"""What becomes of crowds: they are dropped, written, or written as objects to be ignored."""

Feature = Literal[
    "crowd",
    "ignored",
    "mask",
    "polygons",
    "run-lengths",
    "parts",
    "holes",
    "keypoints",
    "area",
    "over-edge",
    "outside",
    "annotation-keys",
    "image-keys",
    "lists",
    "no-box",
]
"""What a format may hold or not; ``convert/losses.py`` has the words for each."""

Sizes = Mapping[str, tuple[int, int]]
"""Width and height in pixels, by file name."""

FEATURES: frozenset[Feature] = frozenset(get_args(Feature))
MASKS: frozenset[Feature] = frozenset(("mask", "polygons", "run-lengths", "parts", "holes"))


@dataclass(frozen=True)
class Part:
    """A part of a dataset to write: the images of one annotation file.

    Attributes:
        name: of the split.
        names: file name of each image, with slashes.
        sizes: bytes of each image file; 0 where there is none. Empty for formats without images.
        labels: the class numbers in use.
    """

    name: str
    names: Sequence[str]
    sizes: Sequence[int] = ()
    labels: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Found:
    """Dataset that was read from a format.

    Attributes:
        classes: by class number.
        pictures: images, in order; an iterator reads on as it goes.
        notes: what was assumed or skipped.
        further: top-level keys of an annotation file, other than its lists.
    """

    classes: tuple[Class, ...]
    pictures: Iterable[Picture]
    notes: list[str] = field(default_factory=list)
    further: Mapping[str, Any] = field(default_factory=dict)


def option(
    help: str,
    *,
    metavar: str = "",
    values: Sequence[str] | Mapping[str, str] = (),
    make: Callable[[str], object] = str,
    default: Any = MISSING,
) -> Any:
    """Return a field of a format that becomes an option of ``convert``.

    Args:
        help: begins with a verb.
        metavar: of its value.
        values: the values that it may have, as text; as a mapping, with their meanings.
        make: makes the value of its text; raises ValueError for one that it cannot have.
        default: without one, it has to be given. False makes it a flag.
    """
    shown = {"help": help, "metavar": metavar or "|".join(values), "values": values, "make": make}
    return field(default=default, metadata=shown, kw_only=True)


@dataclass(frozen=True)
class Format(ABC):
    """A format with its options, which are the fields of its class.

    Attributes:
        name: as in ``--to`` and ``--from``.
        title: what it is, in a few words.
        holds: what it can hold, with these options.
        crowds: what may become of crowds; the first is the default.
        is_folder: whether its output is a folder; otherwise it is one file.
        suffix: of that file.
        wants_images: what it does with image files: they are ``linked`` into the folder (or
            copied), ``read`` into its files, ``named`` in it, or not looked for.
        needs_sizes: whether every image has to have a width and a height.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    crowds: ClassVar[tuple[Crowds, ...]] = ("keep", "drop")
    is_folder: ClassVar[bool] = True
    suffix: ClassVar[str] = ""
    needs_sizes: ClassVar[bool] = True
    wants_images: ClassVar[Literal["linked", "read", "named", "no"]] = "no"

    @property
    def holds(self) -> frozenset[Feature]:
        """Features that it can hold, with these options."""
        return frozenset()

    def held_keys(self, record: Mapping[str, Any]) -> Iterable[str]:
        """Return further keys of an annotation that it can hold with their values."""
        return ()

    def remarks(self, picture: Picture) -> Iterator[str]:
        """Yield what readers of the format may not take as it is: a sentence for each time."""
        yield from ()

    @classmethod
    def recognizes(cls, path: Path) -> bool:
        """Return whether a folder or file looks like this format."""
        return False

    # ---- write

    def image_place(self, part: str, file_name: str) -> str | None:
        """Return the path of an image file in the folder; None: none is put there."""
        return None

    def label_place(self, part: str, file_name: str) -> str | None:
        """Return the path of the file of an image's objects in the folder; None: it has none."""
        return None

    def units(self, part: Part) -> Iterator[tuple[str, int, int]]:
        """Yield the units of a part that are written at once: a name, first and last image + 1.

        Several processes write units at the same time.
        """
        for first in range(0, len(part.names), _UNIT):
            yield str(first), first, min(first + _UNIT, len(part.names))

    @abstractmethod
    def write_unit(
        self,
        out: Path,
        part: str,
        unit: str,
        pictures: Iterable[Picture],
        classes: Sequence[Class],
    ) -> bytes:
        """Write the files of some images, or return their text.

        Args:
            out: the folder of the output; of a format of one file, it has no meaning.
            part: name of the split.
            unit: the name that ``units`` gave.
            pictures: the images; each has a path where images are ``read``.
            classes: by class number.

        Returns:
            The text of a format of one file; its pieces are written in order.
        """

    def text_of(self, dataset: Dataset, changes: Counter[str]) -> Iterator[bytes] | None:
        """Yield the text of a format of one file that is not made image by image.

        Args:
            changes: takes counts of what is changed.

        Returns:
            None: it is made image by image.
        """
        return None

    def head(self, classes: Sequence[Class]) -> bytes:
        """Return what is before the images in a format of one file."""
        return b""

    def extras(self, parts: Sequence[Part], classes: Sequence[Class]) -> Mapping[str, bytes]:
        """Return the files that are not of single images, such as a list of classes.

        Returns:
            The text of each by its path in the folder; in a format of one file, by what is put in
            the place of the suffix of that file.
        """
        return {}

    # ---- read

    @abstractmethod
    def read(self, path: Path, images: Path | None, part: str | None, known: Sizes) -> Found:
        """Read a dataset.

        Args:
            path: of it, as it was given.
            images: the folder of the images; None: they are looked for.
            part: the split; None: the only one.
            known: sizes of images that a manifest has; their files need not be there.

        Raises:
            FormatError: it is broken; the error names file and line.
            RequestError: it has several parts, and none is named.
        """


class WholeFormat(Format):
    """A format that holds an annotation file as it is, byte for byte: a folder without images."""

    needs_sizes: ClassVar[bool] = False

    @property
    def holds(self) -> frozenset[Feature]:
        return FEATURES

    @abstractmethod
    def write_whole(self, dataset: Dataset, out: Path) -> None:
        """Write what is kept of a dataset into a folder, which is empty."""

    @abstractmethod
    def open_whole(self, where: str) -> Source:
        """Open the text that was written to a path, or copied to a URL.

        Raises:
            FormatError: it is broken, or no longer what was written.
        """

    def write_unit(
        self,
        out: Path,
        part: str,
        unit: str,
        pictures: Iterable[Picture],
        classes: Sequence[Class],
    ) -> bytes:
        raise NotImplementedError  # write_whole does

    def read(self, path: Path, images: Path | None, part: str | None, known: Sizes) -> Found:
        raise NotImplementedError  # open_whole does


_UNIT = 512
