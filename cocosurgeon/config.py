"""Plain functions for dataset config scripts: plain values in and out.

    from cocosurgeon.config import ann_file

    _subset = ann_file("data/coco/annotations/instances_train2017.json", first=100)

No class is imported here, and no module that takes long: a config whose names are functions,
strings, numbers and lists can be printed, written down and read again.
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
"""What mmengine and mmcv put in the place of ``{{_base_.name}}`` until a config is read."""


def ann_file(
    source: str | os.PathLike[str],
    *,
    steps: Sequence[Mapping[str, object]] | None = None,
    cache: str | os.PathLike[str] | None = None,
    timeout: float | None = None,
    **options: object,
) -> str:
    """Return the absolute path of an annotation file that holds only what the options keep.

    It is built once and kept; the next process, and the next run, find it. The process that builds
    it prints a summary on stderr.

    Args:
        source: the annotation file; where it is relative, to the current folder (not to
            ``data_root``). Without any option, its own absolute path is given back.
        steps: the options of each step in a dict of its own, in order: what may stand more than
            once.
        cache: the folder in which it is kept; ``"beside"``: in ``cocosurgeon-cache`` next to the
            source; None: $COCOSURGEON_CACHE, else the user's cache.
        timeout: seconds to wait for another process that builds it; None: 1800.
        options: steps of the command line by their names, ``_`` for ``-``; they apply in the order
            given. ``from_`` is ``--from``, ``except_`` is ``--except``.

    Raises:
        RequestError: it cannot be done: an unknown option, name or id, no such file, no room.
        DataError: the source is broken.
    """
    from cocosurgeon.cache.build import TIMEOUT, get_or_build
    from cocosurgeon.errors import RequestError
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
    plan = plan_of_options(options) if steps is None else plan_of_steps(steps)
    return str(get_or_build(_absolute(source), plan, cache=cache, timeout=seconds))


def classes_for(
    ann_file: str | os.PathLike[str], *, cache: str | os.PathLike[str] | None = None
) -> list[str]:
    """Return class names in the order in which MMDetection numbers its labels.

    It is the order of ``categories``.

    Args:
        ann_file: the file that will be loaded.
        cache: the folder in which it is remembered; see ``ann_file``.

    Raises:
        StructureError: MMDetection cannot number them so: there are none, one has no name or no
            id, or two have one id.
    """
    from cocosurgeon.cache.build import class_names

    return class_names(_absolute(ann_file), cache)


def num_classes_for(
    ann_file: str | os.PathLike[str], *, cache: str | os.PathLike[str] | None = None
) -> int:
    """Return the number of labels that MMDetection numbers; see ``classes_for``."""
    return len(classes_for(ann_file, cache=cache))


def metainfo_for(
    ann_file: str | os.PathLike[str], *, cache: str | os.PathLike[str] | None = None
) -> dict[str, object]:
    """Return ``metainfo`` for a dataset of MMDetection 3.x: the classes, see ``classes_for``.

    And no palette: that of the base config or of CocoDataset may have fewer colors than there are
    classes, which the visualizer fails on. It draws random ones, the same in every run.
    """
    return {"classes": classes_for(ann_file, cache=cache), "palette": None}


def _absolute(where: str | os.PathLike[str]) -> Path:
    """Return a path as it was given, made absolute.

    Raises:
        RequestError: it is no path, or one that cannot be known yet.
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
