"""Measure what recording training steps costs: a step with the recorder, next to the same without.

    PYTHON bench/parity.py

PYTHON has torch, and for the RetinaNet torchvision, too. One thread, on the CPU. Each step is
trained without the recorder and with it, in turn.

Exit codes: 0 recording takes at most a fifth of each step; 1 it takes more.
"""

from __future__ import annotations

import argparse
import functools
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "cocosurgeon/parity"))

import torch  # type: ignore[import-not-found,unused-ignore]
from record_steps import (  # type: ignore[import-not-found,unused-ignore]
    StepRecorder,
    optimizer_values,
)
from torch import nn

LIMIT = 1.2
Record = Callable[[str, Any], object]
Step = Callable[[Record], None]


def tiny() -> tuple[nn.Module, Step, tuple[str, ...]]:
    """A network of 30 layers, each of which is watched."""
    layers: list[nn.Module] = []
    for place in range(10):
        layers += [nn.Conv2d(16 if place else 3, 16, 3, 1, 1), nn.BatchNorm2d(16), nn.ReLU()]
    model = nn.Sequential(*layers)
    images = torch.randn(2, 3, 96, 128)
    optimizer = torch.optim.SGD(model.parameters(), 1e-3)

    def step(record: Record) -> None:
        record("batch", {"images": images, "img_ids": [1, 2]})
        loss = model(images).square().mean()
        record("loss", {"loss": loss})
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return model, step, ("*",)


def retinanet() -> tuple[nn.Module, Step, tuple[str, ...]]:
    """A RetinaNet of torchvision, whose stages, neck and heads are watched."""
    from torchvision.models.detection import (  # type: ignore[import-not-found,unused-ignore]
        retinanet_resnet50_fpn,
    )

    model = retinanet_resnet50_fpn(
        weights=None, weights_backbone=None, min_size=320, max_size=416
    ).train()
    images = [torch.rand(3, 320, 416) for _ in range(2)]
    boxes = torch.tensor([[20.0, 30, 120, 160], [100, 50, 300, 250]])
    targets = [{"boxes": boxes, "labels": torch.tensor([1, 2])} for _ in images]
    optimizer = torch.optim.SGD(model.parameters(), 1e-4)

    def step(record: Record) -> None:
        record(
            "batch",
            {
                "images": torch.stack(images),
                "img_ids": [1, 2],
                "boxes": [each["boxes"] for each in targets],
                "labels": [each["labels"] for each in targets],
            },
        )
        losses = model(images, targets)
        record("loss", losses)
        optimizer.zero_grad()
        sum(losses.values()).backward()
        record("gradient", {n: p.grad for n, p in model.named_parameters()})
        record("optimizer", optimizer_values(model, optimizer))
        optimizer.step()
        record("parameters", model.state_dict())

    return model, step, ("backbone.body.layer?", "backbone.fpn.*_blocks.*", "head.*_head")


def measured(
    model: nn.Module, step: Step, patterns: tuple[str, ...], times: int
) -> tuple[int, float, float]:
    """Return the checkpoints of a step, and its median seconds without and with the recorder."""
    taken: dict[bool, list[float]] = {False: [], True: []}
    with tempfile.TemporaryDirectory() as folder:
        recorder = StepRecorder(folder, "bench", box_format="xyxy", frame="resized")
        for number in range(times + 1):
            for is_recorded in (False, True):
                if is_recorded:
                    recorder.watch(model, *patterns)
                record = functools.partial(recorder.record_step, number)
                begin = time.process_time()
                step(record if is_recorded else _ignored)
                taken[is_recorded].append(time.process_time() - begin)
                recorder.close()
        checkpoints = len(list(Path(folder).rglob("*.npz"))) // (times + 1)
    without, recorded = (statistics.median(taken[key][1:]) for key in (False, True))
    return checkpoints, without, recorded


def _ignored(name: str, values: Any) -> None:
    """Record nothing."""


def main() -> int:
    """Measure, print, and give the exit code."""
    parser = argparse.ArgumentParser(description="Time recorded training steps.")
    parser.add_argument("--times", type=int, default=15, help="steps of each (default: 15)")
    parser.add_argument("--only", help="tiny or retinanet")
    given = parser.parse_args()
    torch.set_num_threads(1)
    slow = False
    for make in (tiny, retinanet):
        if given.only not in (None, make.__name__):
            continue
        try:
            model, step, patterns = make()
        except ImportError as error:
            print(f"{make.__name__}: not measured: {error}")
            continue
        checkpoints, without, recorded = measured(model, step, patterns, given.times)
        ratio = recorded / without
        slow = slow or ratio > LIMIT
        print(
            f"{make.__name__}: {checkpoints} checkpoints, {without * 1e3:.1f} ms without and "
            f"{recorded * 1e3:.1f} ms with: {ratio:.2f}x"
        )
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
