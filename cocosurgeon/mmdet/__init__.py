"""A dataset and an evaluator of MMDetection's that load a subset, registered under their names.

    custom_imports = dict(imports=["cocosurgeon.mmdet"])
    train_dataloader = dict(dataset=dict(type="CocoSubset", steps=[dict(first=100)]))

Of whichever line of MMDetection is installed; importing this imports it.

subset      the file that is loaded in the place of one that a config names
line2       the dataset of MMDetection 2.x
line3       the dataset and the evaluator of MMDetection 3.x
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

__all__ = ["CocoSubset"]

if find_spec("mmdet.registry") is not None:  # 3.x has it
    from cocosurgeon.mmdet.line3 import CocoSubset as CocoSubset
    from cocosurgeon.mmdet.line3 import CocoSubsetMetric as CocoSubsetMetric

    __all__ += ["CocoSubsetMetric"]
else:
    from cocosurgeon.mmdet.line2 import CocoSubset as CocoSubset  # type: ignore[assignment]


def __getattr__(name: str) -> Any:
    if name == "CocoSubsetMetric":
        raise ImportError(  # whose words reach those who import it; an AttributeError's do not
            "CocoSubsetMetric is for MMDetection 3.x; in 2.x the dataset evaluates by itself: "
            "type='CocoSubset' in data.val and data.test is all"
        )
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
