"""A detector of two layers in plain numpy, with hand-written gradients, that records its steps.

It is written twice, in other operations, so that the numbers of both differ by rounding alone.
``Deviation`` is what one of them does otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cocosurgeon.parity.record_steps import StepRecorder

Array = np.ndarray[Any, Any]
CLASSES = ("cat", "dog", "bird")
CHANNELS, PADDED = 8, (16, 24)
MEAN = np.array([123.675, 116.28, 103.53], dtype="float32")
STD = np.array([58.395, 57.12, 57.375], dtype="float32")
NORM = "backbone.norm"


@dataclass(frozen=True)
class Deviation:
    """What a port does otherwise; the defaults are those of the original."""

    eps: float = 1e-5
    init_seed: int = 0
    init_scale: float = 1.0
    reduction: str = "boxes"
    box_frame: str = "resized"
    label_offset: int = 0
    bgr: bool = False
    align_corners: bool = False
    backbone_factor: float = 0.1
    dropout: float = 0.2
    seed: int = 7
    order: tuple[int, ...] = (0, 1, 2, 3, 4, 5)
    half: bool = False
    mean: tuple[float, ...] = (123.675, 116.28, 103.53)
    box_offset: float = 0.0
    box_step: int = 1


@dataclass(frozen=True)
class Sample:
    """An image with its objects, as a data set loads them: RGB pixels, xyxy in pixels."""

    img_id: int
    pixels: Array
    boxes: Array
    labels: Array


def samples() -> list[Sample]:
    """Return six small images; one has no object."""
    random = np.random.default_rng(3)
    found = []
    for place, count in enumerate((2, 1, 3, 0, 2, 4)):
        corner = random.uniform(0, 8, (count, 2))
        boxes = np.concatenate([corner, corner + random.uniform(3, 7, (count, 2))], axis=1)
        pixels = random.integers(0, 256, (14, 18, 3)).astype("float32")
        found.append(Sample(100 + 7 * place, pixels, boxes, random.integers(0, 3, count)))
    return found


def batch_of(chosen: list[Sample], how: Deviation) -> dict[str, Any]:
    """Return a batch as the model gets it: normalized, padded, boxes as cxcywh of the image."""
    images = np.zeros((len(chosen), 3, *PADDED), dtype="float32")
    boxes = []
    for place, sample in enumerate(chosen):
        height, width = sample.pixels.shape[:2]
        pixels = sample.pixels[:, :, ::-1] if how.bgr else sample.pixels
        normalized = (pixels - np.array(how.mean, dtype="float32")) / STD
        images[place, :, :height, :width] = normalized.transpose(2, 0, 1)
        corners = sample.boxes[:: how.box_step] + np.array([0, 0, 1, 1]) * how.box_offset
        first, second = corners[:, :2], corners[:, 2:]
        size = (width, height) if how.box_frame == "resized" else PADDED[::-1]
        centers = np.concatenate([(first + second) / 2, second - first], axis=1)
        boxes.append((centers / np.tile(size, 2)).astype("float32"))
    shapes = np.array([sample.pixels.shape[:2] for sample in chosen])
    return {
        "images": images,
        "img_ids": [sample.img_id for sample in chosen],
        "boxes": boxes,
        "labels": [sample.labels[:: how.box_step] + how.label_offset for sample in chosen],
        "img_shape": shapes,
        "ori_shape": shapes,
        "batch_input_shape": np.array(PADDED),
    }


def initial(how: Deviation) -> dict[str, Array]:
    """Return the parameters before the first step."""
    random = np.random.default_rng(how.init_seed)
    shapes = {
        "backbone.conv.weight": (CHANNELS, 3, 3, 3),
        "backbone.norm.weight": (CHANNELS,),
        "backbone.norm.bias": (CHANNELS,),
        "head.cls.weight": (len(CLASSES) + 2, CHANNELS),
        "head.cls.bias": (len(CLASSES) + 2,),
        "head.box.weight": (4, CHANNELS),
        "head.box.bias": (4,),
    }
    found = {n: 0.2 * random.standard_normal(s).astype("float32") for n, s in shapes.items()}
    found["backbone.norm.weight"] += 1
    found["backbone.conv.weight"] *= np.float32(how.init_scale)
    return found


def targets_of(batch: dict[str, Any], count: int) -> tuple[Array, Array]:
    """Return the class of each pixel (the last one is background) and its box."""
    height, width = PADDED
    classes = np.full((len(batch["boxes"]), height, width), count, dtype=int)
    boxes = np.zeros((len(batch["boxes"]), 4, height, width), dtype="float32")
    for place, (of_image, labels) in enumerate(zip(batch["boxes"], batch["labels"], strict=True)):
        for (cx, cy, w, h), label in zip(of_image, labels, strict=True):
            rows = slice(int((cy - h / 2) * height), int((cy + h / 2) * height) + 1)
            columns = slice(int((cx - w / 2) * width), int((cx + w / 2) * width) + 1)
            classes[place, rows, columns] = label
            boxes[place, :, rows, columns] = np.array([cx, cy, w, h])[:, None, None]
    return classes, boxes


def resizer(size: int, align_corners: bool) -> Array:
    """Return the matrix that resizes an axis bilinearly to twice its length."""
    wide = 2 * size
    at = (
        np.arange(wide) * ((size - 1) / (wide - 1)) if align_corners else np.arange(wide) / 2 - 0.25
    )
    at = np.clip(at, 0, size - 1)
    low = np.minimum(at.astype(int), size - 2)
    matrix = np.zeros((wide, size))
    matrix[np.arange(wide), low] = 1 - (at - low)
    matrix[np.arange(wide), low + 1] += at - low
    return matrix.astype("float32")


class Detector:
    """Convolution, normalization, ReLU, resize, dropout, two heads; a loss and its gradients."""

    def __init__(self, how: Deviation, is_port: bool) -> None:
        self.how, self.is_port = how, is_port
        self.state = initial(how)
        self.random = np.random.default_rng(how.seed)

    def step(self, batch: dict[str, Any], add: Callable[[str, Any], None]) -> None:
        """Do one step of training: forward, loss, gradients, one step of SGD."""
        how, state = self.how, self.state
        columns = _columns(batch["images"])
        z = self._product(state["backbone.conv.weight"].reshape(CHANNELS, 27), columns)
        add("forward/backbone.conv", z)
        mean, variance = z.mean(axis=(0, 2, 3), keepdims=True), z.var(axis=(0, 2, 3), keepdims=True)
        deviation = np.sqrt(variance + np.float32(how.eps))
        normal = (z - mean) / deviation
        n = normal * _wide(state["backbone.norm.weight"]) + _wide(state["backbone.norm.bias"])
        add("forward/backbone.norm", n)
        r = np.maximum(n, 0)
        rows, cols = (resizer(s, how.align_corners) for s in r.shape[2:])
        u = rows @ r @ cols.T if not self.is_port else np.einsum("ah,nchw,bw->ncab", rows, r, cols)
        add("forward/neck.upsample", u)
        kept = self.random.random(u.shape) >= how.dropout
        mask = (kept / (1 - how.dropout)).astype("float32")
        d = u * mask
        add("forward/neck.dropout", d)
        flat = d.reshape(len(d), CHANNELS, -1)
        logits = self._product(state["head.cls.weight"], flat, d) + _wide(state["head.cls.bias"])
        add("forward/head.cls", logits)
        boxes = self._product(state["head.box.weight"], flat, d) + _wide(state["head.box.bias"])
        add("forward/head.box", boxes)

        classes, wanted = targets_of(batch, len(CLASSES) + 1)
        inside = classes <= len(CLASSES)
        total = max(sum(map(len, batch["boxes"])), 1)
        divisor = np.float32(total if how.reduction == "boxes" else len(batch["boxes"]))
        shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
        chances = shifted / shifted.sum(axis=1, keepdims=True)
        own = np.take_along_axis(chances, classes[:, None], axis=1)
        apart = (boxes - wanted) * inside[:, None]
        losses = {
            "loss_cls": -np.log(own).sum() / divisor,
            "loss_bbox": np.abs(apart).sum() / total,
        }
        add("loss", losses)

        d_logits = chances.copy()
        np.put_along_axis(d_logits, classes[:, None], own - 1, axis=1)
        d_logits, d_boxes = d_logits / divisor, np.sign(apart) / np.float32(total)
        gradient = {
            "head.cls.weight": np.einsum("nkhw,nchw->kc", d_logits, d),
            "head.cls.bias": d_logits.sum(axis=(0, 2, 3)),
            "head.box.weight": np.einsum("nkhw,nchw->kc", d_boxes, d),
            "head.box.bias": d_boxes.sum(axis=(0, 2, 3)),
        }
        d_d = np.einsum("kc,nkhw->nchw", state["head.cls.weight"], d_logits)
        d_d = d_d + np.einsum("kc,nkhw->nchw", state["head.box.weight"], d_boxes)
        d_n = (rows.T @ (d_d * mask) @ cols) * (n > 0)
        gradient["backbone.norm.weight"] = (d_n * normal).sum(axis=(0, 2, 3))
        gradient["backbone.norm.bias"] = d_n.sum(axis=(0, 2, 3))
        d_normal = d_n * _wide(state["backbone.norm.weight"])
        centered = d_normal - d_normal.mean(axis=(0, 2, 3), keepdims=True)
        along = (d_normal * normal).mean(axis=(0, 2, 3), keepdims=True)
        d_z = (centered - normal * along) / deviation
        of_conv = np.einsum("nkp,ncp->kc", d_z.reshape(len(d), CHANNELS, -1), columns)
        gradient["backbone.conv.weight"] = of_conv.reshape(CHANNELS, 3, 3, 3)
        add("gradient", gradient)

        rates = {name: 1e-3 * (how.backbone_factor if "backbone" in name else 1) for name in state}
        add("optimizer", {"lr": rates})
        for name, rate in rates.items():
            state[name] = state[name] - np.float32(rate) * gradient[name].astype("float32")
        add("parameters", state)

    def _product(self, weight: Array, flat: Array, like: Array | None = None) -> Array:
        """Multiply channels: (K, C) by (N, C, pixels) is (N, K, height, width)."""
        if self.how.half:
            weight, flat = weight.astype("float16"), flat.astype("float16")
        if self.is_port:
            found = np.stack([(image.T @ weight.T).T for image in flat])
        else:
            found = np.einsum("kc,ncp->nkp", weight, flat)
        height, width = (like.shape[2:]) if like is not None else (PADDED[0] // 2, PADDED[1] // 2)
        return found.astype("float32").reshape(len(flat), len(weight), height, width)


def _columns(images: Array) -> Array:
    """Return the patches of a 3 x 3 convolution with stride 2 and padding 1: (N, 27, pixels)."""
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))
    patches = [
        padded[:, :, i : i + PADDED[0] : 2, j : j + PADDED[1] : 2]
        for i in range(3)
        for j in range(3)
    ]
    stacked = np.stack(patches, axis=2)
    return stacked.reshape(len(images), 27, -1)


def _wide(values: Array) -> Array:
    return values[:, None, None]


def record(
    folder: Path, how: Deviation, is_port: bool = False, skipped: tuple[str, ...] = ()
) -> None:
    """Train for three steps of two images, and record them."""
    recorder = StepRecorder(
        folder,
        "port" if is_port else "original",
        seed=how.seed,
        box_format="cxcywh",
        normalised=True,
        frame="resized",
        classes=list(CLASSES),
    )
    model, data = Detector(how, is_port), samples()
    for step in range(3):
        if step == 0:
            recorder.record_step(0, "initialization", model.state)
        batch = batch_of([data[i] for i in how.order[2 * step : 2 * step + 2]], how)
        recorder.record_step(step, "batch", batch)

        def add(name: str, values: Any) -> None:
            if name.partition("/")[0] not in skipped:
                recorder.add(name, values)

        model.step(batch, add)
