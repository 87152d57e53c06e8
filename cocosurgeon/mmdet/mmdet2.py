"""The dataset of MMDetection 2.x, which evaluates by itself."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from mmcv.utils import print_log  # type: ignore[import-not-found]
from mmdet.datasets import DATASETS, CocoDataset  # type: ignore[import-not-found]

from cocosurgeon.mmdet.subset import classes_message, find_subset


@DATASETS.register_module()
class CocoSubset(CocoDataset):  # type: ignore[misc]
    """``CocoDataset`` on a subset of its annotation file.

    Args:
        ann_file: the whole file; joined with ``data_root`` as in ``CocoDataset``.
        pipeline: argument of ``CocoDataset``.
        steps: one dict of options for each step, in order; see ``cocosurgeon.config.ann_file``.
        cache: the cache folder; see ``cocosurgeon.config.ann_file``.
        classes: argument of ``CocoDataset``. Without it, if a step changes categories, the classes
            of the subset are used, and the log has a line about it.
        others: further arguments of ``CocoDataset``.
    """

    def __init__(
        self,
        ann_file: str,
        pipeline: Sequence[Mapping[str, Any]],
        steps: Sequence[Mapping[str, Any]],
        *,
        cache: str | None = None,
        classes: Sequence[str] | str | None = None,
        data_root: str | None = None,
        **others: Any,
    ) -> None:
        is_joined = data_root is not None and not os.path.isabs(ann_file)  # noqa: PTH117 - its own
        named = os.path.join(data_root or "", ann_file) if is_joined else ann_file  # noqa: PTH118
        subset, changed = find_subset(named, steps, cache)
        if changed is not None and classes is None:
            print_log(classes_message(changed), "mmdet")
            classes = changed
        super().__init__(subset, pipeline, classes=classes, data_root=data_root, **others)
