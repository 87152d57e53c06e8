"""Real models of MMDetection 3.x and checkpoints; the answer is JSON on the last line of stdout.

    python weights_run.py shapes CONFIG [OVERRIDES]      keys and shapes of a model
    python weights_run.py load CONFIG FILE [OVERRIDES]   load a checkpoint, every key of it
    python weights_run.py refused CONFIG FILE            what load_state_dict says of a checkpoint
    python weights_run.py logits BEFORE AFTER ROWS       DETR's logits before and after a head moved

CONFIG is a path below mmdet's own configs; OVERRIDES and ROWS are JSON. Run by an interpreter that
has MMDetection, and nothing of cocosurgeon.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import mmdet  # type: ignore[import-not-found]
import torch  # type: ignore[import-not-found]
from mmdet.registry import MODELS  # type: ignore[import-not-found]
from mmdet.utils import register_all_modules  # type: ignore[import-not-found]
from mmengine.config import Config  # type: ignore[import-not-found]

DETR = "detr/detr_r50_8xb2-150e_coco.py"


def built(config: str, overrides: Any) -> Any:
    """A model as its config says, without pretrained weights."""
    folder = Path(mmdet.__file__).parent / ".mim/configs"
    cfg = Config.fromfile(folder / config)
    cfg.merge_from_dict({"model.backbone.init_cfg": None, **overrides})
    return MODELS.build(cfg.model).eval()


def loaded(config: str, file: str, overrides: Any) -> Any:
    """A model with the weights of a checkpoint, every key of it."""
    model = built(config, overrides)
    model.load_state_dict(torch.load(file, weights_only=True)["state_dict"], strict=True)
    return model


def logits(file: str, num_classes: int) -> tuple[Any, Any]:
    """What DETR says of a random image: logits and boxes of its last layer."""
    model = loaded(DETR, file, {"model.bbox_head.num_classes": num_classes})
    torch.manual_seed(0)
    batch = torch.randn(1, 3, 96, 128)
    sample = mmdet.structures.DetDataSample(
        metainfo={"img_shape": (96, 128), "batch_input_shape": (96, 128)}
    )
    with torch.no_grad():
        classes, boxes = model.forward(batch, [sample], mode="tensor")
    return classes[-1], boxes[-1]


def main(question: str, *args: str) -> Any:
    if question == "shapes":
        model = built(args[0], json.loads(args[1] if len(args) > 1 else "{}"))
        return {key: list(value.shape) for key, value in model.state_dict().items()}
    if question == "load":
        return len(loaded(args[0], args[1], json.loads(args[2])).state_dict())
    if question == "refused":
        try:
            loaded(args[0], args[1], {})
        except RuntimeError as error:
            return str(error)
    before, after = logits(args[0], 91), logits(args[1], 80)
    moved = before[0][..., json.loads(args[2])]
    return {
        "shapes": [list(before[0].shape), list(after[0].shape)],
        "spread": float(before[0].std(dim=1).min()),
        "equal": torch.equal(moved, after[0]),
        "boxes": torch.equal(before[1], after[1]),
    }


if __name__ == "__main__":
    register_all_modules()
    torch.set_num_threads(1)
    print(json.dumps(main(*sys.argv[1:])))
