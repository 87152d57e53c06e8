"""Setting: a loader as it is set up, in train or in test mode, with class names and options."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from cocosurgeon.errors import FormatError, RequestError
from cocosurgeon.loaders.loader import LoaderOptions, Mode
from cocosurgeon.loaders.registry import LOADERS, find_loader
from cocosurgeon.text import did_you_mean

_PYTHON = {"True": True, "False": False, "None": None}


@dataclass(frozen=True)
class Setting:
    """A loader as it is set up.

    Attributes:
        loader: its name.
        mode: train or test.
        options: an ``Options`` of its own.
        has_own_classes: whether a user chose the class names, so that they may not fit.
    """

    loader: str
    mode: Mode
    options: LoaderOptions
    has_own_classes: bool = False

    @property
    def named_mode(self) -> Mode | None:
        """The mode; None for a loader that has none."""
        return self.mode if LOADERS[self.loader].has_modes else None

    @property
    def text_for_classes(self) -> str | None:
        """The text that is given in place of class names; None for names."""
        classes = self.options.chosen_classes()
        return classes if isinstance(classes, str) else None

    @property
    def classes(self) -> tuple[str, ...] | None:
        """The class names that the loader is given; None where it is given none."""
        classes = self.options.chosen_classes()
        return classes if isinstance(classes, tuple) and classes else None

    def path_in_root(self, path: str) -> str:
        """Return an image's path without the image root that the loader joins before it."""
        root = getattr(self.options, LOADERS[self.loader].image_root or "", None)
        if isinstance(root, Mapping):
            root = root.get("img")
        if not isinstance(root, str) or not root:
            return path
        return path.removeprefix(root if root.endswith("/") else f"{root}/")


def settings_for(
    loader: str,
    modes: Sequence[Mode],
    classes: Sequence[str],
    own: Mapping[str, object] | None = None,
    *,
    ann_file: str = "",
    has_own_classes: bool = False,
) -> list[Setting]:
    """Return a loader's usual settings: one for each mode in which it loads something else.

    Args:
        ann_file: path of the annotation file.
        modes: the modes that are asked for; a loader without modes has one setting in any case.
        classes: class names, for loaders that take them.
        own: further options, as ``own_options`` returns them.
        has_own_classes: whether a user chose ``classes``.
    """
    entry, own = LOADERS[loader], own or {}
    has_own_classes = has_own_classes and entry.takes_classes
    return [
        Setting(
            loader,
            m,
            entry.options.usual(m, classes).with_own(own).of_file(ann_file),
            has_own_classes,
        )
        for m in (modes if entry.has_modes else entry.modes)
    ]


def own_options(loader: str, texts: Sequence[str] | None) -> Mapping[str, object]:
    """Return the options that a user chose, checked, by name.

    Args:
        texts: ``NAME=VALUE`` each, by the framework's own names; a value is JSON, one of Python's
            ``True``, ``False`` and ``None``, or else text.

    Raises:
        RequestError: a text is no ``NAME=VALUE``; a name is given twice; the loader has no such
            option, or takes no such value.
    """
    import msgspec

    chosen: dict[str, object] = {}
    for text in texts or ():
        name, mark, value = (part.strip() for part in text.partition("="))
        if not mark or not name:
            raise RequestError(f"expected NAME=VALUE, not {text!r}")
        if name in chosen:
            raise RequestError(f"the option {name!r} is given twice")
        chosen[name] = _value(value)
    types = find_loader(loader).options.settable() if chosen else {}
    for name, found in chosen.items():
        if name not in types:
            raise RequestError(
                f"{loader} has no option {name!r} to set",
                hint=did_you_mean(name, types) or f"it has {', '.join(types)}",
            )
        try:
            chosen[name] = msgspec.convert(found, types[name])
        except msgspec.ValidationError as error:
            values = get_args(types[name]) if get_origin(types[name]) is Literal else ()
            raise RequestError(
                f"{loader} does not take {name}={found!r}: {error}",
                hint=f"use one of {', '.join(map(str, values))}" if values else None,
            ) from error
    return chosen


def _value(text: str) -> object:
    if text in _PYTHON:
        return _PYTHON[text]
    try:
        return json.loads(text)
    except ValueError:
        return text


def setting_from_dump(
    loader: str, mode: Mode | None, classes: Sequence[str], options: Mapping[str, Any]
) -> Setting:
    """Return the setting that a dump's header has.

    Raises:
        FormatError: the options are none of that loader.
    """
    import msgspec

    mode = mode or "test"
    try:
        chosen = LOADERS[loader].options.from_dump(mode, classes, options)
    except (TypeError, ValueError, msgspec.ValidationError) as error:
        raise FormatError(f"the dump's options do not fit {loader}: {error}") from error
    return Setting(loader, mode, chosen, has_own_classes=True)
