"""Which line of MMDetection is there, and what both lines share."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

from .emitter import Emitter
from .failure import Failure, needed

WRAPPERS = ("RepeatDataset", "ClassBalancedDataset", "MultiImageMixDataset")


def opened(request: dict[str, Any]) -> Emitter:
    """The dataset of the line that is there.

    Raises:
        Failure: there is none, or another one than was asked for; or it cannot be built.
    """
    version = str(getattr(needed("mmdet"), "__version__", "0"))
    line = version.partition(".")[0]
    wanted = request["loader"].replace("mmdet", "")
    if line not in ("2", "3") or wanted not in ("", line):
        raise Failure(
            "version",
            "that interpreter has MMDetection {}, but {} is wanted".format(
                version, wanted + ".x" if wanted else "2.x or 3.x"
            ),
            hint="name an interpreter that has it",
        )
    # only one of the two can be imported where one of them is installed
    if line == "3":
        from . import mmdet3

        return mmdet3.opened(request)
    from . import mmdet2

    return mmdet2.opened(request)


def classes_of(request: dict[str, Any]) -> Any:
    """The class names that the dataset is given; None for what it has by itself.

    ``file`` are the names of the file's own categories. Where the file does not have any, the
    dataset is to say so.
    """
    chosen = request["classes"]
    if chosen is None:
        chosen = "framework" if request["config"] else "file"
    if chosen == "framework":
        return None
    if chosen != "file":
        return tuple(chosen)
    try:
        with open(request["ann_file"], encoding="utf-8") as stream:  # noqa: PTH123
            return tuple(category["name"] for category in json.load(stream)["categories"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def innermost(dataset: Any) -> tuple[Any, list[str]]:
    """A dataset's config without what wraps it, and the wrappers, outermost first."""
    wrappers: list[str] = []
    while True:
        if isinstance(dataset, (list, tuple)):
            parts = list(dataset)
        elif not isinstance(dataset, Mapping):
            raise Failure("config", "the config's dataset is no dict with a type")
        elif "datasets" in dataset:
            parts = list(dataset["datasets"])
        elif isinstance(dataset.get("ann_file"), (list, tuple)):
            parts = list(dataset["ann_file"])
        elif type_name(dataset) in WRAPPERS and "dataset" in dataset:
            wrappers.append(type_name(dataset))
            dataset = dataset["dataset"]
            continue
        else:
            return copy.deepcopy(dataset), wrappers
        if len(parts) != 1 or not isinstance(parts[0], Mapping):
            raise Failure(
                "config",
                f"the config joins {len(parts)} datasets into one",
                hint="give a config with one of them, or the annotation file alone",
            )
        wrappers.append("ConcatDataset")
        dataset = parts[0]


def type_name(config: Any) -> str:
    """Name of what a config builds, which newer configs give as a class."""
    kind = config.get("type")
    return str(getattr(kind, "__name__", kind))


def pair_list(cat2label: Any) -> list[list[Any]]:
    """A dict as a list of pairs, as JSON has no other keys than text."""
    return [[cat_id, label] for cat_id, label in dict(cat2label or {}).items()]


def require_own_pipeline(wrappers: list[str]) -> None:
    """Refuse the pipeline of a dataset that mixes images."""
    if "MultiImageMixDataset" in wrappers:
        raise Failure(
            "random",
            "the config's pipeline mixes images that are drawn at random (MultiImageMixDataset)",
            hint="ask for the plain pipeline",
        )
