"""A dataset and an evaluator of MMDetection's that load a subset, registered under their names.

    custom_imports = dict(imports=["cocosurgeon.mmdet"])
    train_dataloader = dict(dataset=dict(type="CocoSubset", steps=[dict(first=100)]))

Importing this imports the line of MMDetection that is installed.

subset      the subset that is loaded instead of the file that a config names
mmdet2      the dataset of MMDetection 2.x
mmdet3      the dataset and the evaluator of MMDetection 3.x
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

__all__ = ["CocoSubset"]

if find_spec("mmdet.registry") is not None:  # 3.x has it
    from cocosurgeon.mmdet.mmdet3 import CocoSubset as CocoSubset
    from cocosurgeon.mmdet.mmdet3 import CocoSubsetMetric as CocoSubsetMetric

    __all__ += ["CocoSubsetMetric"]
else:
    from cocosurgeon.mmdet.mmdet2 import CocoSubset as CocoSubset  # type: ignore[assignment]


def __getattr__(name: str) -> Any:
    if name == "CocoSubsetMetric":
        raise ImportError(  # Python prints its message; that of an AttributeError is lost
            "CocoSubsetMetric is for MMDetection 3.x; in 2.x the dataset evaluates by itself: "
            "type='CocoSubset' in data.val and data.test is all"
        )
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
