"""Wrappers of datasets in configs: the dataset inside, and the number of samples in training."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .failure import Failure

WRAPPERS = ("RepeatDataset", "ClassBalancedDataset", "MultiImageMixDataset")


def innermost(dataset: Any, where: str, ann_file: str | None) -> tuple[Any, list[Any]]:
    """Return a dataset's config without its wrappers, and the wrappers' configs, outermost first.

    A wrapper of joined datasets keeps ``datasets``, with None for the one that is returned.

    Args:
        where: path of the config.
        ann_file: the annotation file that is verified; selects one of joined datasets.
    """
    wrappers: list[Any] = []
    while True:
        if isinstance(dataset, (list, tuple)):
            parts = list(dataset)
        elif not isinstance(dataset, Mapping):
            raise Failure("config", "the config's dataset is not a dict with a type", where=where)
        elif "datasets" in dataset:
            parts = list(dataset["datasets"])
        elif isinstance(dataset.get("ann_file"), (list, tuple)):
            parts = [_of_file(dataset, index) for index in range(len(dataset["ann_file"]))]
        elif type_name(dataset) in WRAPPERS and "dataset" in dataset:
            wrappers.append(dataset)
            dataset = dataset["dataset"]
            continue
        else:
            return copy.deepcopy(dataset), wrappers
        place = 0 if len(parts) == 1 else _place_of(ann_file, parts)
        if place is None or not isinstance(parts[place], Mapping):
            files = ", ".join(str(file) for part in parts for file in _files(part))
            raise Failure(
                "config",
                f"the config joins {len(parts)} datasets into one",
                hint=f"verify the file of one of them, by its own path: {files}",
                where=where,
            )
        joined = dict(dataset) if isinstance(dataset, Mapping) else {}
        joined = {key: joined[key] for key in ("ignore_keys", "separate_eval") if key in joined}
        others = [None if index == place else part for index, part in enumerate(parts)]
        wrappers.append(dict(joined, type="ConcatDataset", datasets=others))
        dataset = parts[place]


def _place_of(ann_file: str | None, parts: list[Any]) -> int | None:
    """Return the place of the joined dataset that reads an annotation file; None without one."""
    wanted = ann_file and os.path.realpath(ann_file)
    for index, part in enumerate(parts):
        if any(os.path.realpath(file) == wanted for file in _files(part)):
            return index
    return None


def _files(dataset: Any) -> Iterator[str]:
    """Yield the annotation files of a dataset's config, also inside wrappers."""
    if isinstance(dataset, (list, tuple)):
        for part in dataset:
            yield from _files(part)
    elif isinstance(dataset, Mapping):
        ann_file = dataset.get("ann_file")
        for file in ann_file if isinstance(ann_file, (list, tuple)) else [ann_file]:
            if isinstance(file, str):
                yield os.path.join(dataset.get("data_root") or "", file)  # noqa: PTH118
        for key in ("dataset", "datasets"):
            yield from _files(dataset.get(key))


def wrapped_length(config: Any, wrappers: list[Any], build: Callable[[Any], Any]) -> Any:
    """Return the length of a dataset with its wrappers, as in training; a text with the reason if
    they cannot be built; None without wrappers.

    Args:
        config: config of the dataset.
        build: builds a dataset from its config.
    """
    if not wrappers:
        return None
    for wrapper in reversed(wrappers):
        if "datasets" in wrapper:
            parts = [config if part is None else part for part in wrapper["datasets"]]
            config = dict(wrapper, datasets=parts)
        else:
            config = dict(wrapper, dataset=config)
    try:
        return len(build(config))
    except Exception as error:  # any error of a framework is only a line in the dump
        return f"{type(error).__name__}: {error}"


def _of_file(dataset: Any, index: int) -> Any:
    """Return the dataset of one of several annotation files, as in 2.x."""
    keys = ("ann_file", "img_prefix", "seg_prefix", "proposal_file")
    listed = [key for key in keys if isinstance(dataset.get(key), (list, tuple))]
    return dict(dataset, **{key: dataset[key][index] for key in listed})


def type_name(config: Any) -> str:
    """Return the name of the type that a config builds; newer configs have the class."""
    kind = config.get("type")
    return str(getattr(kind, "__name__", kind))
