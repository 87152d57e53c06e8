"""Values that the shell completes."""

from __future__ import annotations

from collections.abc import Callable, Iterable


def completing(words: Callable[[], Iterable[str]]) -> Callable[[str], list[str]]:
    """Return the function that completes a value in the shell.

    Args:
        words: returns all values.
    """

    def complete(incomplete: str) -> list[str]:
        return [word for word in words() if word.startswith(incomplete)]

    return complete


def _spaces() -> Iterable[str]:
    from cocosurgeon.categories.spaces import spaces

    return spaces()


def _loaders() -> Iterable[str]:
    from cocosurgeon.loaders import LOADERS

    return (*LOADERS, "none")


def _formats() -> Iterable[str]:
    from cocosurgeon.formats.registry import all_formats

    return all_formats()


complete_space = completing(_spaces)
complete_format = completing(_formats)
complete_loader = completing(_loaders)
complete_mode = completing(lambda: ("train", "test"))
complete_split = completing(lambda: ("train", "val", "test"))
