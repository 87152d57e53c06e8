"""Options of a loader's own, as they are written: ``filter_empty_gt=false``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from cocosurgeon.errors import RequestError
from cocosurgeon.verify.settings import own_options

_PYTHON = {"True": True, "False": False, "None": None}


def loader_options(written: Sequence[str] | None) -> Mapping[str, object]:
    """Values by name: JSON, Python's own three words, or else text.

    Raises:
        RequestError: no ``NAME=VALUE``, or a name twice.
    """
    found: dict[str, object] = {}
    for text in written or ():
        name, mark, value = text.partition("=")
        if not mark or not name.strip():
            raise RequestError(f"expected NAME=VALUE, not {text!r}")
        if name.strip() in found:
            raise RequestError(f"the option {name.strip()!r} is given twice")
        found[name.strip()] = _value(value.strip())
    return found


def options_of_each(
    loaders: Sequence[str], chosen: Mapping[str, object]
) -> Mapping[str, Mapping[str, object]]:
    """The options for each loader.

    Raises:
        RequestError: one of them does not have it.
    """
    return {loader: own_options(loader, chosen) for loader in loaders}


def _value(text: str) -> object:
    if text in _PYTHON:
        return _PYTHON[text]
    try:
        return json.loads(text)
    except ValueError:
        return text
