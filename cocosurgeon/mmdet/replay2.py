"""Recorded batches in place of the data pipeline of MMDetection 2.x."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch  # type: ignore[import-not-found,unused-ignore]
from mmcv.runner import HOOKS, Hook  # type: ignore[import-not-found]
from mmcv.utils import print_log  # type: ignore[import-not-found]
from mmdet.core import BitmapMasks  # type: ignore[import-not-found]

from cocosurgeon.mmdet.batches import Batches, replaced
from cocosurgeon.parity.conversion import Batch, Sample


@contextmanager
def replay(
    model: Any,
    path: str,
    *,
    classes: Sequence[str] | None = None,
    label_space: str | None = None,
    pad_size_divisor: int | None = None,
) -> Iterator[Batches]:
    """Train a detector on recorded batches in this block: each ``train_step`` takes the next one.

    The data that are passed to ``train_step`` are ignored. The model gets the images as recorded.

    Args:
        model: a detector, or a wrapper of one.
        path: path of the recording.
        classes: class names in the order of the model's labels.
        label_space: label space of the model's labels, in place of ``classes``; without either,
            ``model.CLASSES`` is used.
        pad_size_divisor: that of ``Pad`` in the model's pipeline, 1 without one. It is needed if
            images are smaller than their batch and their ``pad_shape`` is not recorded.

    Raises:
        CocosurgeonError: the recording cannot be read, or a batch cannot be converted.
    """
    detector = getattr(model, "module", model)
    if classes is None and label_space is None:
        classes = getattr(detector, "CLASSES", None)
    batches = Batches(
        path,
        detector,
        classes=classes,
        label_space=label_space,
        pad_size_divisor=pad_size_divisor,
        mask_shape="pad_shape",
    )
    train_step = detector.train_step

    def replayed(data: Any, *args: Any, **kwargs: Any) -> Any:
        return train_step(_data(batches.take(), detector), *args, **kwargs)

    print_log(f"cocosurgeon: {batches}", "mmdet")
    with replaced(detector, "train_step", replayed):
        yield batches


@HOOKS.register_module()
class ReplayBatches(Hook):  # type: ignore[misc]
    """Hook that trains on recorded batches in place of those of ``data.train``.

    Args:
        path, classes, label_space, pad_size_divisor: see ``replay``.
    """

    def __init__(
        self,
        path: str,
        *,
        classes: Sequence[str] | None = None,
        label_space: str | None = None,
        pad_size_divisor: int | None = None,
    ) -> None:
        self._path = path
        self._options: dict[str, Any] = {
            "classes": classes,
            "label_space": label_space,
            "pad_size_divisor": pad_size_divisor,
        }
        self._replay = ExitStack()

    def before_run(self, runner: Any) -> None:
        """Start to replay."""
        self._replay.enter_context(replay(runner.model, self._path, **self._options))

    def after_run(self, runner: Any) -> None:
        """Restore ``train_step`` of the model."""
        self._replay.close()


def _data(batch: Batch, detector: Any) -> dict[str, Any]:
    """Return a batch in the form that ``train_step`` takes."""
    like = next(detector.parameters())
    samples = batch.samples

    def tensors(each: Iterable[Any]) -> list[Any]:
        return [torch.from_numpy(array).to(like.device) for array in each]

    data = {
        "img": torch.from_numpy(batch.images).to(like),
        "img_metas": [_meta(sample, batch.images.shape[1]) for sample in samples],
        "gt_bboxes": tensors(sample.boxes for sample in samples),
        "gt_labels": tensors(sample.labels for sample in samples),
    }
    if any(len(sample.ignored_boxes) for sample in samples):  # some detectors refuse the argument
        data["gt_bboxes_ignore"] = tensors(sample.ignored_boxes for sample in samples)
    masks = [sample.masks for sample in samples if sample.masks is not None]
    if masks:
        data["gt_masks"] = [BitmapMasks(each, *each.shape[1:]) for each in masks]
    return data


def _meta(sample: Sample, channels: int) -> dict[str, Any]:
    meta: dict[str, Any] = {
        "img_id": sample.img_id,
        "img_shape": (*sample.img_shape, channels),
        "pad_shape": (*sample.pad_shape, channels),
        "flip": sample.flip,
        "flip_direction": "horizontal" if sample.flip else None,
    }
    if sample.ori_shape is not None:
        meta["ori_shape"] = (*sample.ori_shape, channels)
    if sample.scale_factor is not None:
        meta["scale_factor"] = np.array(sample.scale_factor * 2, np.float32)
    return meta
