"""Plain functions for dataset config scripts: plain values in and out.

    from cocosurgeon.config import ann_file

    _subset = ann_file("data/coco/annotations/instances_train2017.json", first=100)

Importing it adds only functions to the config, no class and no module that is slow to load. So the
config can be printed, dumped and read again.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["ann_file", "classes_for", "metainfo_for", "num_classes_for"]

_PLACEHOLDER = r"_[\w.]+_[0-9a-f]{6}"
"""The text that mmengine and mmcv put in place of ``{{_base_.name}}`` until a config is read."""


def ann_file(
    source: str | os.PathLike[str],
    *,
    steps: Sequence[Mapping[str, object]] | None = None,
    cache: str | os.PathLike[str] | None = None,
    timeout: float | None = None,
    **options: object,
) -> str:
    """Return the absolute path of a subset of an annotation file, and build it if needed.

    The subset is built once in a cache. Later processes and runs use the same file. The process
    that builds it prints a summary on stderr.

    Args:
        source: path of the annotation file; relative to the current folder, not to ``data_root``.
            Without any step, its absolute path is returned.
        steps: one dict of options for each step, in order. Use it where an option occurs twice.
        cache: the cache folder; ``"beside"``: ``cocosurgeon-cache`` next to the source; None:
            $COCOSURGEON_CACHE, else the user's cache.
        timeout: seconds to wait for another process that builds the subset; None: 1800.
        options: steps by their option names on the command line, with ``_`` for ``-``, in the
            order in which they apply. ``from_`` is ``--from``, ``except_`` is ``--except``.

    Raises:
        RequestError: an option, name, id or file is unknown, or the subset cannot be written.
        DataError: the source is broken.
    """
    from cocosurgeon.cache.build import TIMEOUT, get_or_build
    from cocosurgeon.errors import RequestError, for_config
    from cocosurgeon.steps.arguments import number, shown
    from cocosurgeon.steps.from_config import plan_of_options, plan_of_steps

    if steps is not None and options:
        raise RequestError(
            f"steps and {', '.join(options)} are both given: their order is unknown",
            hint="put all of them into steps, one dict each",
        )
    seconds = TIMEOUT if timeout is None else number(timeout)
    if not seconds >= 0:
        raise RequestError(f"timeout: expected a number of seconds, not {shown(timeout)}")
    with for_config():
        plan = plan_of_options(options) if steps is None else plan_of_steps(steps)
        return str(get_or_build(_absolute(source), plan, cache=cache, timeout=seconds))


def classes_for(
    ann_file: str | os.PathLike[str], *, cache: str | os.PathLike[str] | None = None
) -> list[str]:
    """Return the class names in the order of labels in MMDetection: that of ``categories``.

    Args:
        ann_file: path of the file that will be loaded.
        cache: the cache folder, in which the names are stored; see ``ann_file``.

    Raises:
        RequestError: the file cannot be read.
        StructureError: MMDetection cannot number the categories: there are none, one has no name
            or no id, or two have one id.
    """
    from cocosurgeon.cache.build import class_names

    return class_names(_absolute(ann_file), cache)


def num_classes_for(
    ann_file: str | os.PathLike[str], *, cache: str | os.PathLike[str] | None = None
) -> int:
    """Return the number of classes, for ``num_classes`` of a head; see ``classes_for``."""
    return len(classes_for(ann_file, cache=cache))


def metainfo_for(
    ann_file: str | os.PathLike[str], *, cache: str | os.PathLike[str] | None = None
) -> dict[str, object]:
    """Return ``metainfo`` for a dataset of MMDetection 3.x: ``classes``, and ``palette=None``.

    The palette of a base config or of CocoDataset may have fewer colors than there are classes,
    and the visualizer fails on that. Without a palette it draws random colors, the same in every
    run. See ``classes_for``.
    """
    return {"classes": classes_for(ann_file, cache=cache), "palette": None}


def _absolute(where: str | os.PathLike[str]) -> Path:
    """Return a path made absolute, links not followed.

    Raises:
        RequestError: it is no path, or a placeholder that the config reader replaces later.
    """
    from pathlib import Path

    from cocosurgeon.errors import RequestError
    from cocosurgeon.steps.arguments import path_text, shown

    text = path_text(where)
    if text is None:
        raise RequestError(
            f"expected the path of an annotation file, not {shown(where)}",
            hint="give a string; in a new-style config, imported names have no values yet",
        )
    if text == "-":
        raise RequestError("a config does not read standard input", hint="name a file")
    where = Path(os.path.abspath(text))  # noqa: PTH100 - a name stays as it is where Path raises
    if re.match(_PLACEHOLDER, text) and not os.path.exists(where):  # noqa: PTH110 - never raises
        raise RequestError(
            f"{text!r} stands for a {{{{_base_.name}}}} that is put in only when the whole config "
            "has been read",
            hint="write _base_.name without braces (mmengine), or write the path out (mmcv 1.x)",
        )
    return where
