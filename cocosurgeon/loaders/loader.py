"""Loader: all facts of a framework's loader; and the options that every loader has."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cache
from typing import Any, Literal, TypeAlias, get_type_hints

from cocosurgeon.loaders.view import Id, Record, Rule, View

Mode: TypeAlias = Literal["train", "test"]
Order: TypeAlias = Literal["file", "id", "path"]
MODES: tuple[Mode, ...] = ("train", "test")


@dataclass(frozen=True)
class LoaderOptions:
    """Arguments of a framework's loader, under its own names and with its own defaults.

    Each loader's ``Options`` derives from this and replaces the methods for which its framework
    differs.
    """

    @classmethod
    def usual(cls, mode: Mode, classes: Sequence[str]) -> LoaderOptions:
        """Return the options of the framework's usual configuration in a mode.

        Args:
            classes: class names, for loaders that take them.
        """
        return cls()

    @classmethod
    def every_image(cls, classes: Sequence[str]) -> LoaderOptions:
        """Return options with which no filter drops images, and no image at all is no error."""
        return cls.usual("test", classes)

    @classmethod
    def from_dump(
        cls, mode: Mode, classes: Sequence[str], options: Mapping[str, Any]
    ) -> LoaderOptions:
        """Return the options that a dump's header has.

        Raises:
            TypeError, ValueError, msgspec.ValidationError: an option is none of this loader.
        """
        return cls.usual(mode, classes)

    @classmethod
    @cache
    def settable(cls) -> dict[str, Any]:
        """Return the types of the options that ``--option`` sets, by name; evaluated once."""
        return get_type_hints(cls)

    def with_own(self, own: Mapping[str, Any]) -> LoaderOptions:
        """Return these options with some that a user chose."""
        return replace(self, **own) if own else self

    def of_file(self, ann_file: str) -> LoaderOptions:
        """Return the options for a file; themselves, where its path does not matter."""
        return self

    @property
    def sorts_categories(self) -> bool:
        """True where labels follow the order of category ids, whatever order the list has."""
        return False

    @property
    def needs_masks(self) -> bool:
        """True where a record without its mask makes it raise."""
        return False

    @property
    def picks_by_place(self) -> bool:
        """True where an image is loaded or not by its place in the file."""
        return False

    @property
    def names_hint(self) -> str:
        """Advice where its names for labels are not those of the file."""
        return (
            "sort the list by id, as the loader numbers labels: `cocosurgeon remap FILE --sort id`"
        )

    @property
    def note(self) -> str | None:
        """A note on what is not looked at; None for nothing."""
        return None

    def note_on(self, view: View) -> str | None:
        """Return the note if it concerns the one image of a view."""
        return self.note

    def for_framework(self) -> dict[str, Any]:
        """Return the arguments of a real dataset besides classes and mode, without defaults."""
        default = type(self)()
        settable = self.settable()
        found = {f.name: getattr(self, f.name) for f in fields(self) if f.name in settable}
        return {n: value for n, value in found.items() if value != getattr(default, n)}

    def chosen_classes(self) -> tuple[str, ...] | str | None:
        """Return the class names that the loader is given; a text where one takes their place;
        None where it is given none."""
        return None


@dataclass(frozen=True)
class RealLibrary:
    """Library of a loader, which can be run to see what it loads.

    Attributes:
        module: what an interpreter has to import.
        script: the module of ``cocosurgeon/probe/script`` that builds and reads the dataset.
        has_configs: whether datasets are built by config files, with a pipeline of transforms.
        is_common: whether environments of other libraries usually have it, too.
        package: the package that has to be installed, for a fork that has another one's module.
    """

    module: str
    script: str
    has_configs: bool = False
    is_common: bool = False
    package: str | None = None

    @property
    def name(self) -> str:
        """Its package, or its module."""
        return self.package or self.module


@dataclass(frozen=True)
class NumberingByUse:
    """Labels that depend on which categories have annotations, not on the category list alone.

    Attributes:
        reads: whether the framework numbers so for a file at this path.
        takes_others: whether a file at this path gets its labels from another file.
        labels: takes the category list, the category ids of all annotations and the file's path;
            returns label by category id. It raises LoaderError where the framework raises.
        advice: takes the source's category list, the labels, and those of the source; returns what
            to do about labels that differ, None where use is not the reason.
    """

    reads: Callable[[str], bool]
    takes_others: Callable[[str], bool]
    labels: Callable[[Sequence[Record], Collection[Id], str], Mapping[Id, int]]
    advice: Callable[[Sequence[Record], Mapping[Id, int], Mapping[Id, int]], str | None]


@dataclass(frozen=True, kw_only=True)
class Loader:
    """A framework's loader.

    Attributes:
        name: its name here, which is that of its module.
        title: framework and class.
        version: the one in which its rules were read.
        options: a frozen dataclass: the framework's own arguments, with its defaults.
        rules: why images and annotations are dropped; names are those of ``Dropped.rule``.
        errors: why it raises; names are those of ``LoaderError.rule``.
        view: takes a parsed file, options, and the images that matter (None: all); returns what is
            loaded of these at least.
        modes: those in which it loads something else; one of them for a loader without modes.
        order: of images: as in the file, by id, or by their paths.
        image_root: name of the option for the folder of images; None without one.
        default_classes: class names that it has by itself; None where it takes none.
        real: the library to be asked; None where that cannot be done.
        is_usual: whether files are checked for it where no loader is named.
        object_fields: fields of an annotation, besides its ids, box, area, `iscrowd` and `ignore`,
            that decide whether it is loaded.
        traps: rule of an error -> what to do about it in a config, or by an option.
        numbering_by_use: how it numbers labels, where that depends on the categories in use.
        is_width_first: whether ``orig_size`` of a target is (width, height), unlike DETR's. The
            recorder (``probe/record.py``), a script of its own, lists these loaders again.
        mixes_records: whether other records decide what is loaded of an image, such as one with
            the same file name; and one object may be the reason that others are dropped.
        turns_by_exif: whether it turns an image by its EXIF tag, as OpenCV and detectron2's
            ``read_image`` do. Pillow alone does not.
        tree_format: name of the format of ``convert`` that it trains on; empty for none.
        tree_options: its options for such a tree, of which category ids are class numbers, from 1.
    """

    name: str
    title: str
    version: str
    options: type[LoaderOptions]
    rules: tuple[Rule, ...]
    errors: tuple[Rule, ...]
    view: Callable[[object, Any, Collection[Id | None] | None], View]
    modes: tuple[Mode, ...] = ("test",)
    order: Order = "file"
    image_root: str | None = None
    default_classes: tuple[str, ...] | None = None
    real: RealLibrary | None = None
    is_usual: bool = False
    object_fields: tuple[str, ...] = ()
    traps: Mapping[str, str] = field(default_factory=dict)
    numbering_by_use: NumberingByUse | None = None
    is_width_first: bool = False
    turns_by_exif: bool = False
    tree_format: str = ""
    tree_options: tuple[str, ...] = ()
    mixes_records: bool = False

    @property
    def major(self) -> str:
        """The first number of its version, where loaders of several share a library; else empty."""
        return self.version.partition(".")[0] if self.real and self.real.has_configs else ""

    @property
    def has_modes(self) -> bool:
        """True if it loads something else for training than for testing."""
        return len(self.modes) > 1

    @property
    def takes_classes(self) -> bool:
        """True if class names can be given to it."""
        return self.default_classes is not None
