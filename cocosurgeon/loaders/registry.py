"""The loaders by name: each is a module of this package that has a ``LOADER``.

A module is imported when its loader is first used; names alone import none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from cocosurgeon.errors import UnknownNameError
from cocosurgeon.loaders.dropped import restricted
from cocosurgeon.loaders.loader import Loader, LoaderOptions, RealLibrary
from cocosurgeon.loaders.view import Id, NothingLeftError, View
from cocosurgeon.text import did_you_mean

DEFAULT = "mmdet3"
"""The loader that is meant where none is named."""

NOT_LOADERS = frozenset(
    (
        "derived",
        "dropped",
        "explain",
        "index",
        "labels",
        "loader",
        "mmdet",
        "registry",
        "settings",
        "tensors",
        "view",
    )
)
"""Modules of this package that loaders share; each other one is a loader."""


class _Loaders(Mapping[str, Loader]):
    """Loaders by name: the default one first, the others by alphabet."""

    def __init__(self) -> None:
        found = {module.name for module in iter_modules([str(Path(__file__).parent)])} - NOT_LOADERS
        self._names = (DEFAULT, *sorted(found - {DEFAULT}))

    def __getitem__(self, name: str) -> Loader:
        if name not in self._names:
            raise KeyError(name)
        return _imported(name)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


@cache
def _imported(name: str) -> Loader:
    loader = import_module(f"{__package__}.{name}").LOADER
    assert isinstance(loader, Loader) and loader.name == name, f"{name}.LOADER is of another name"
    return loader


LOADERS: Mapping[str, Loader] = _Loaders()


def find_loader(name: str) -> Loader:
    """Return the loader of a name.

    Raises:
        UnknownNameError: there is none; with the nearest name.
    """
    if name not in LOADERS:
        raise UnknownNameError(
            f"no loader is called {name!r}",
            hint=did_you_mean(name, LOADERS) or f"there are: {', '.join(LOADERS)}",
        )
    return LOADERS[name]


def real_library(name: str) -> RealLibrary | None:
    """Return the library of a loader; None where it cannot be asked.

    Args:
        name: of a loader; or of a library's module (``mmdet``), for the loader of the release that
            is installed.
    """
    if name in LOADERS:
        return LOADERS[name].real
    libraries = (loader.real for loader in LOADERS.values())
    return next((real for real in libraries if real and real.module == name), None)


def loaders_by_script(script: str) -> tuple[str, ...]:
    """Return the names of the loaders that a script asks, forks first: they have another one's
    module."""
    found = {n: real for n, loader in LOADERS.items() if (real := loader.real)}
    names = [name for name, real in found.items() if real.script == script]
    return tuple(sorted(names, key=lambda name: found[name].package is None))


def probed_loaders() -> tuple[str, ...]:
    """Return the names of the loaders whose real library can be asked."""
    return tuple(name for name, loader in LOADERS.items() if loader.real)


def config_loaders() -> tuple[str, ...]:
    """Return the names of the loaders whose datasets are built by config files."""
    return tuple(n for n, loader in LOADERS.items() if loader.real and loader.real.has_configs)


def load(
    name: str,
    document: object,
    options: LoaderOptions | None = None,
    only: Collection[Id | None] | None = None,
) -> View:
    """Return what a loader loads from a parsed file.

    Args:
        name: a key of ``LOADERS``.
        document: what ``json.load`` gives for the annotation file, or ``indexed`` of it. It is not
            changed.
        options: the loader's own, its ``Options``; None for the framework's defaults.
        only: ids of images: return the samples of these only, and what is dropped of them;
            everything else (labels, duplicates, errors, order, filters) is decided on the whole
            file.

    Raises:
        UnknownNameError: for another name.
        LoaderError: where the framework raises.
    """
    loader = find_loader(name)
    chosen = loader.options() if options is None else options
    if not isinstance(chosen, loader.options):
        raise TypeError(f"options of {name} are a {loader.options.__module__}.Options")
    try:
        return restricted(loader.view(document, chosen, only), only)
    except NothingLeftError as error:
        error.view = restricted(error.view, only)
        raise
