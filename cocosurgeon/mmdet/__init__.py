"""Classes for configs of MMDetection, registered under their names: a dataset and an evaluator that
load a subset, and a hook that trains on recorded batches.

    custom_imports = dict(imports=["cocosurgeon.mmdet"])
    train_dataloader = dict(dataset=dict(type="CocoSubset", steps=[dict(first=100)]))
    custom_hooks = [dict(type="ReplayBatches", path="runs/detr")]

Importing this imports the line of MMDetection that is installed.

subset      the subset that is loaded in place of a config's annotation file
mmdet2      the dataset of MMDetection 2.x
mmdet3      the dataset and the evaluator of MMDetection 3.x
batches     the batches of a recording, one for each training step
replay2     recorded batches in place of the data pipeline of MMDetection 2.x
replay3     recorded batches in place of the data pipeline of MMDetection 3.x
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

__all__ = ["CocoSubset", "ReplayBatches", "replay"]

if find_spec("mmdet.registry") is not None:  # 3.x
    from cocosurgeon.mmdet.mmdet3 import CocoSubset as CocoSubset
    from cocosurgeon.mmdet.mmdet3 import CocoSubsetMetric as CocoSubsetMetric
    from cocosurgeon.mmdet.replay3 import ReplayBatches as ReplayBatches
    from cocosurgeon.mmdet.replay3 import replay as replay

    __all__ += ["CocoSubsetMetric"]
else:
    from cocosurgeon.mmdet.mmdet2 import CocoSubset as CocoSubset  # type: ignore[assignment]
    from cocosurgeon.mmdet.replay2 import ReplayBatches as ReplayBatches
    from cocosurgeon.mmdet.replay2 import replay as replay


def __getattr__(name: str) -> Any:
    if name == "CocoSubsetMetric":
        raise ImportError(  # an import hides the message of an AttributeError
            "CocoSubsetMetric is for MMDetection 3.x; in 2.x the dataset evaluates itself: set "
            "only type='CocoSubset' in data.val and data.test"
        )
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
