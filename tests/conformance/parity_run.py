"""A detector of PyTorch, written twice, whose training steps are recorded; run where torch is.

The original is made of torch's own layers; the port computes the same by other operations. The
recorder is a copy next to this file: nothing of cocosurgeon is imported.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import torch  # type: ignore[import-not-found,unused-ignore]
import torch.nn.functional as F  # type: ignore[import-not-found,unused-ignore] # noqa: N812
from record_steps import (  # type: ignore[import-not-found,unused-ignore]
    StepRecorder,
    optimizer_values,
)
from torch import nn

CLASSES, CHANNELS, SIZE = 4, 8, (32, 40)
MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
How = dict[str, Any]

USUAL: How = {
    "eps": 1e-5,
    "init_seed": 0,
    "reduction": "boxes",
    "box_size": "resized",
    "label_offset": 0,
    "bgr": False,
    "align_corners": False,
    "backbone_factor": 0.1,
    "dropout": 0.1,
    "seed": 7,
    "order": [0, 1, 2, 3, 4, 5],
    "autocast": False,
}


class Backbone(nn.Module):  # type: ignore[misc,unused-ignore]
    def __init__(self, how: How) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, CHANNELS, 3, 2, 1)
        self.bn1 = nn.BatchNorm2d(CHANNELS, eps=how["eps"])
        self.conv2 = nn.Conv2d(CHANNELS, CHANNELS, 3, 2, 1)
        self.bn2 = nn.GroupNorm(2, CHANNELS)

    def forward(self, x: Any) -> Any:
        return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))


class Neck(nn.Module):  # type: ignore[misc,unused-ignore]
    def __init__(self, how: How) -> None:
        super().__init__()
        self.align_corners = how["align_corners"]

    def forward(self, x: Any) -> Any:
        return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=self.align_corners)


class Head(nn.Module):  # type: ignore[misc,unused-ignore]
    def __init__(self, how: How) -> None:
        super().__init__()
        self.dropout = nn.Dropout(how["dropout"])
        self.cls = nn.Conv2d(CHANNELS, CLASSES + 2, 1)
        self.box = nn.Conv2d(CHANNELS, 4, 1)

    def forward(self, x: Any) -> Any:
        x = self.dropout(x)
        return {"cls": self.cls(x), "box": self.box(x).sigmoid()}


class PortedConv(nn.Conv2d):  # type: ignore[misc,unused-ignore]
    """A convolution by patches and a product of matrices."""

    def forward(self, x: Any) -> Any:
        height, width = (-(-n // self.stride[0]) for n in x.shape[2:])
        patches = F.unfold(x, self.kernel_size, padding=self.padding, stride=self.stride)
        found = self.weight.flatten(1) @ patches + self.bias[:, None]
        return found.unflatten(2, (height, width))


class PortedNorm(nn.BatchNorm2d):  # type: ignore[misc,unused-ignore]
    """Batch normalization by its formula."""

    def forward(self, x: Any) -> Any:
        mean, variance = x.mean((0, 2, 3)), x.var((0, 2, 3), correction=0)
        scale = self.weight / (variance + self.eps).sqrt()
        return x * scale[:, None, None] + (self.bias - mean * scale)[:, None, None]


class Detector(nn.Module):  # type: ignore[misc,unused-ignore]
    def __init__(self, how: How, is_port: bool) -> None:
        super().__init__()
        self.backbone, self.neck, self.head = Backbone(how), Neck(how), Head(how)
        if is_port:
            self.backbone.conv1 = PortedConv(3, CHANNELS, 3, 2, 1)
            self.backbone.bn1 = PortedNorm(CHANNELS, eps=how["eps"])
        random = torch.Generator().manual_seed(how["init_seed"])
        for name, parameter in self.named_parameters():
            with torch.no_grad():
                parameter.normal_(
                    1.0 if "bn" in name and "weight" in name else 0.0, 0.2, generator=random
                )

    def forward(self, x: Any) -> Any:
        return self.head(self.neck(self.backbone(x)))


def samples() -> list[Any]:
    random = torch.Generator().manual_seed(3)
    found = []
    for place, count in enumerate((2, 1, 3, 0, 2, 4)):
        corner = 14 * torch.rand(count, 2, generator=random)
        boxes = torch.cat([corner, corner + 4 + 8 * torch.rand(count, 2, generator=random)], 1)
        pixels = torch.randint(0, 256, (3, 28, 32), generator=random).float()
        labels = torch.randint(0, CLASSES, (count,), generator=random)
        found.append((100 + place, pixels, boxes, labels))
    return found


def batch_of(chosen: list[Any], how: How) -> dict[str, Any]:
    images, boxes = torch.zeros(len(chosen), 3, *SIZE), []
    for place, (_, pixels, corners, _) in enumerate(chosen):
        read = pixels.flip(0) if how["bgr"] else pixels
        normal = (read - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]
        images[place, :, : normal.shape[1], : normal.shape[2]] = normal
        size = normal.shape[1:] if how["box_size"] == "resized" else SIZE
        centers = torch.cat(
            [(corners[:, :2] + corners[:, 2:]) / 2, corners[:, 2:] - corners[:, :2]], 1
        )
        boxes.append(centers / torch.tensor([size[1], size[0]] * 2))
    return {
        "images": images,
        "img_ids": [sample[0] for sample in chosen],
        "boxes": boxes,
        "labels": [sample[3] + how["label_offset"] for sample in chosen],
        "img_shape": [sample[1].shape[1:] for sample in chosen],
    }


def losses_of(
    found: dict[str, Any], batch: dict[str, Any], how: How, is_port: bool
) -> dict[str, Any]:
    logits, boxes = found["cls"].float(), found["box"].float()
    height, width = logits.shape[2:]
    classes = torch.full((len(logits), height, width), CLASSES + 1)
    wanted = torch.zeros(len(logits), 4, height, width)
    for place, (of_image, labels) in enumerate(zip(batch["boxes"], batch["labels"])):  # noqa: B905
        for box, label in zip(of_image, labels):  # noqa: B905
            x, y, w, h = (n.item() for n in box)
            rows = slice(int((y - h / 2) * height), int((y + h / 2) * height) + 1)
            columns = slice(int((x - w / 2) * width), int((x + w / 2) * width) + 1)
            classes[place, rows, columns] = label
            wanted[place, :, rows, columns] = box[:, None, None]
    inside = (classes <= CLASSES)[:, None]
    total = max(sum(map(len, batch["boxes"])), 1)
    divisor = total if how["reduction"] == "boxes" else len(logits)
    if is_port:
        chances = logits - logits.logsumexp(1, keepdim=True)
        loss_cls = -chances.gather(1, classes[:, None]).sum() / divisor
        loss_bbox = ((boxes - wanted).abs() * inside).sum() / total
    else:
        loss_cls = F.cross_entropy(logits, classes, reduction="sum") / divisor
        loss_bbox = F.l1_loss(boxes * inside, wanted, reduction="sum") / total
    return {"loss_cls": loss_cls, "loss_bbox": loss_bbox}


def train(
    folder: str, changed: How, is_port: bool, wrap: Callable[[Any], Any] = lambda model: model
) -> None:
    how = {**USUAL, **changed}
    inner = Detector(how, is_port)
    model, data = wrap(inner), samples()
    groups = [
        {"params": inner.backbone.parameters(), "lr": 0.01 * how["backbone_factor"]},
        {"params": inner.head.parameters()},
    ]
    optimizer = torch.optim.SGD(groups, lr=0.01, momentum=0.9)
    recorder = StepRecorder(
        folder,
        "port" if is_port else "original",
        seed=how["seed"],
        box_format="cxcywh",
        normalised=True,
        frame="resized",
    )
    recorder.watch(model, "backbone.*", "neck", "head.dropout", "head")
    torch.manual_seed(how["seed"])
    recorder.record_step(0, "initialization", inner.state_dict())
    for step in range(3):
        batch = batch_of([data[i] for i in how["order"][2 * step : 2 * step + 2]], how)
        recorder.record_step(step, "batch", batch)
        with torch.autocast("cpu", torch.bfloat16, enabled=how["autocast"]):
            found = model(batch["images"])
        losses = losses_of(found, batch, how, is_port)
        recorder.add("loss", losses)
        optimizer.zero_grad()
        sum(losses.values()).backward()
        recorder.add("gradient", {n: p.grad for n, p in inner.named_parameters()})
        recorder.add("optimizer", optimizer_values(inner, optimizer))
        optimizer.step()
        recorder.add("parameters", dict(inner.named_parameters()))
    recorder.close()


def distributed(folder: str) -> None:
    torch.distributed.init_process_group("gloo")
    train(folder, {}, False, nn.parallel.DistributedDataParallel)
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    torch.set_num_threads(1)
    if sys.argv[1:2] == ["distributed"]:
        distributed("ranks")
    else:
        for name, (changed, is_port) in json.load(sys.stdin).items():
            train(name, changed, is_port)
