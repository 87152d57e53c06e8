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

from cocosurgeon.mmdet.subset import Subset, classes_message


@DATASETS.register_module()
class CocoSubset(CocoDataset):  # type: ignore[misc]
    """``CocoDataset`` on a subset of its annotation file.

    Args:
        ann_file: the whole file; joined with ``data_root`` as ``CocoDataset`` does.
        steps: filters and remaps of the command line, a dict for each, in order.
        cache: the folder in which the subset is kept; see ``cocosurgeon.config.ann_file``.
        metainfo: where it gives no classes and a step changes categories, those of the subset are
            used, and the log says so; not where they are CocoDataset's own.
        others: arguments of ``CocoDataset``.
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
        subset = Subset.of(named, steps, cache)
        is_given = "classes" in (metainfo or {})
        if subset.classes not in (None, self.METAINFO["classes"]) and not is_given:
            print_log(classes_message(subset.classes), "current")
            metainfo = {"palette": None, **(metainfo or {}), "classes": subset.classes}
        super().__init__(ann_file=subset.ann_file, metainfo=metainfo, data_root=data_root, **others)


@METRICS.register_module()
class CocoSubsetMetric(CocoMetric):  # type: ignore[misc]
    """``CocoMetric`` on a subset of its annotation file.

    Args:
        ann_file: the whole file; not joined with any ``data_root``, as in ``CocoMetric``.
        steps: steps of the dataset.
        cache: cache of the dataset.
        others: arguments of ``CocoMetric``.
    """

    def __init__(
        self,
        ann_file: str,
        steps: Sequence[Mapping[str, Any]],
        *,
        cache: str | None = None,
        **others: Any,
    ) -> None:
        super().__init__(ann_file=Subset.of(ann_file, steps, cache).ann_file, **others)
