"""Recorded batches in place of the data pipeline of MMDetection 3.x."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch  # type: ignore[import-not-found,unused-ignore]
from mmdet.models import DetDataPreprocessor  # type: ignore[import-not-found]
from mmdet.registry import HOOKS  # type: ignore[import-not-found]
from mmdet.structures import DetDataSample  # type: ignore[import-not-found]
from mmdet.structures.mask import BitmapMasks  # type: ignore[import-not-found]
from mmengine.hooks import Hook  # type: ignore[import-not-found]
from mmengine.logging import print_log  # type: ignore[import-not-found]
from mmengine.structures import InstanceData  # type: ignore[import-not-found]

from cocosurgeon.errors import RequestError
from cocosurgeon.mmdet.batches import Batches, replaced
from cocosurgeon.parity.conversion import Batch, Sample


@contextmanager
def replay(
    model: Any,
    path: str,
    *,
    classes: Sequence[str] | None = None,
    label_space: str | None = None,
) -> Iterator[Batches]:
    """Train a detector on recorded batches in this block: each ``train_step`` takes the next one.

    The data that are passed to ``train_step`` are ignored. The model gets the images as recorded:
    ``data_preprocessor`` does nothing. Validation and test are unchanged.

    Args:
        model: a detector, or a wrapper of one.
        path: path of the recording.
        classes: class names in the order of the model's labels.
        label_space: label space of the model's labels, in place of ``classes``; without either,
            ``model.dataset_meta`` is used.

    Raises:
        CocosurgeonError: the recording cannot be read, or a batch cannot be converted.
    """
    detector = getattr(model, "module", model)
    preprocessor = detector.data_preprocessor
    if type(preprocessor).forward is not DetDataPreprocessor.forward:
        raise RequestError(
            f"batches cannot be replayed through a {type(preprocessor).__name__}: it computes "
            "more than the batch",
            hint="only DetDataPreprocessor can be skipped",
        )
    if classes is None and label_space is None:
        classes = (getattr(detector, "dataset_meta", None) or {}).get("classes")
    batches = Batches(
        path,
        detector,
        classes=classes,
        label_space=label_space,
        pad_size_divisor=preprocessor.pad_size_divisor,
        mask_shape="batch_input_shape" if preprocessor.pad_mask else "img_shape",
    )
    forward = preprocessor.forward

    def replayed(data: Any, training: bool = False) -> Any:
        return _data(batches.take(), detector) if training else forward(data, training)

    print_log(f"cocosurgeon: {batches}", "current")
    for warning in _not_applied(preprocessor, batches.header):
        print_log(f"cocosurgeon: {warning}", "current", logging.WARNING)
    with replaced(preprocessor, "forward", replayed):
        yield batches


@HOOKS.register_module()
class ReplayBatches(Hook):  # type: ignore[misc]
    """Hook that trains on recorded batches in place of those of ``train_dataloader``.

    Args:
        path, classes, label_space: see ``replay``; without the last two, the classes of the
            training dataset are used.
    """

    def __init__(
        self, path: str, *, classes: Sequence[str] | None = None, label_space: str | None = None
    ) -> None:
        self._path = path
        self._classes = classes
        self._label_space = label_space
        self._replay = ExitStack()

    def before_train(self, runner: Any) -> None:
        """Start to replay."""
        classes = self._classes
        if classes is None and self._label_space is None:
            classes = runner.train_dataloader.dataset.metainfo.get("classes")
        self._replay.enter_context(
            replay(runner.model, self._path, classes=classes, label_space=self._label_space)
        )

    def after_train(self, runner: Any) -> None:
        """Restore ``data_preprocessor`` of the model."""
        self._replay.close()


def _not_applied(preprocessor: Any, header: Mapping[str, Any]) -> Iterator[str]:
    """Yield operations of the model's own pipeline that recorded images may lack."""
    if preprocessor.batch_augments is not None:
        yield "batch_augments of the data_preprocessor are not applied to recorded images"
    for key in ("mean", "std"):
        own = getattr(preprocessor, key, None)
        if own is None or header[key] is None:
            continue
        values = [round(value, 3) for value in own.flatten().tolist()]
        if not np.allclose(values, header[key], atol=0.01):
            yield (
                f"the images were normalized by the {key} {header[key]}, and the data_preprocessor "
                f"has {values}; they are replayed unchanged"
            )


def _data(batch: Batch, detector: Any) -> dict[str, Any]:
    """Return a batch in the form that ``data_preprocessor`` returns."""
    like = next(detector.parameters())
    return {
        "inputs": torch.from_numpy(batch.images).to(like),
        "data_samples": [_data_sample(sample, like.device) for sample in batch.samples],
    }


def _data_sample(sample: Sample, device: Any) -> Any:
    def instances(boxes: Any, **more: Any) -> Any:
        return InstanceData(bboxes=torch.from_numpy(boxes).to(device), **more)

    known = {
        "img_id": sample.img_id,
        "img_shape": sample.img_shape,
        "pad_shape": sample.pad_shape,
        "batch_input_shape": sample.batch_input_shape,
        "ori_shape": sample.ori_shape,
        "scale_factor": sample.scale_factor,
        "flip": sample.flip,
        "flip_direction": "horizontal" if sample.flip else None,
    }
    result = DetDataSample(metainfo={k: v for k, v in known.items() if v is not None})
    labels = torch.from_numpy(sample.labels).to(device)
    result.gt_instances = instances(sample.boxes, labels=labels)
    if sample.masks is not None:
        result.gt_instances.masks = BitmapMasks(sample.masks, *sample.masks.shape[1:])
    result.ignored_instances = instances(sample.ignored_boxes)
    return result
