"""The dataset and the evaluator of MMDetection 3.x."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mmdet.datasets import CocoDataset  # type: ignore[import-not-found]
from mmdet.evaluation import CocoMetric  # type: ignore[import-not-found]
from mmdet.registry import DATASETS, METRICS  # type: ignore[import-not-found]
from mmengine.fileio import join_path  # type: ignore[import-not-found]
from mmengine.logging import print_log  # type: ignore[import-not-found]
from mmengine.utils import is_abs  # type: ignore[import-not-found]

from cocosurgeon.mmdet.subset import classes_message, find_subset


@DATASETS.register_module()
class CocoSubset(CocoDataset):  # type: ignore[misc]
    """``CocoDataset`` on a subset of its annotation file.

    Args:
        ann_file: the whole file; joined with ``data_root`` as in ``CocoDataset``.
        steps: one dict of options for each step, in order; see ``cocosurgeon.config.ann_file``.
        cache: the cache folder; see ``cocosurgeon.config.ann_file``.
        metainfo: argument of ``CocoDataset``. Without classes, if a step changes categories, the
            classes of the subset are used unless they are CocoDataset's own, and the log has a
            line about it.
        others: further arguments of ``CocoDataset``.
    """

    def __init__(
        self,
        ann_file: str,
        steps: Sequence[Mapping[str, Any]],
        *,
        cache: str | None = None,
        metainfo: Mapping[str, Any] | None = None,
        data_root: str | None = "",
        **others: Any,
    ) -> None:
        named = ann_file if is_abs(ann_file) or not data_root else join_path(data_root, ann_file)
        subset, changed = find_subset(named, steps, cache)
        is_given = "classes" in (metainfo or {})
        if changed not in (None, self.METAINFO["classes"]) and not is_given:
            print_log(classes_message(changed), "current")
            metainfo = {"palette": None, **(metainfo or {}), "classes": changed}
        super().__init__(ann_file=subset, metainfo=metainfo, data_root=data_root, **others)


@METRICS.register_module()
class CocoSubsetMetric(CocoMetric):  # type: ignore[misc]
    """``CocoMetric`` on a subset of its annotation file.

    Args:
        ann_file: the whole file; not joined with any ``data_root``, as in ``CocoMetric``.
        steps, cache: the same as for the dataset.
        others: further arguments of ``CocoMetric``.
    """

    def __init__(
        self,
        ann_file: str,
        steps: Sequence[Mapping[str, Any]],
        *,
        cache: str | None = None,
        **others: Any,
    ) -> None:
        super().__init__(ann_file=find_subset(ann_file, steps, cache)[0], **others)
