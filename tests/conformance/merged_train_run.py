"""Train a small detector for one step on an annotation file; print what it was trained on as JSON.

Arguments: the annotation file, the folder of the images. Runs where torchvision is.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import torch  # type: ignore[import-not-found,unused-ignore]
from torchvision import datasets  # type: ignore[import-not-found,unused-ignore]
from torchvision.models import detection  # type: ignore[import-not-found,unused-ignore]
from torchvision.transforms import v2  # type: ignore[import-not-found,unused-ignore]


def detector(num_classes: int) -> Any:
    """Return a detector of one convolution, randomly initialized; training it needs no C++ ops."""
    backbone = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 16, stride=16), torch.nn.ReLU())
    backbone.out_channels = 8
    anchors = detection.anchor_utils.AnchorGenerator(((16, 32),), ((0.5, 1.0),))
    return detection.RetinaNet(
        backbone, num_classes, anchor_generator=anchors, min_size=48, max_size=64
    )


def main(ann_file: str, images: str) -> None:
    """Do one step with all images in one batch."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    to_tensor = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])
    dataset = datasets.wrap_dataset_for_transforms_v2(
        datasets.CocoDetection(images, ann_file, transforms=to_tensor),
        target_keys=("boxes", "labels"),
    )
    batch = [dataset[n] for n in range(len(dataset))]
    model = detector(1 + max(int(t["labels"].max()) for _, t in batch)).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    before = [p.detach().clone() for p in model.parameters()]
    losses = model([image for image, _ in batch], [target for _, target in batch])
    sum(losses.values()).backward()
    optimizer.step()
    print(
        json.dumps(
            {
                "labels": [t["labels"].tolist() for _, t in batch],
                "losses": {name: float(loss) for name, loss in losses.items()},
                "moved": sum(
                    bool((a != b).any())
                    for a, b in zip(before, model.parameters())  # noqa: B905 - as old Pythons do
                ),
            }
        )
    )


main(*sys.argv[1:])
