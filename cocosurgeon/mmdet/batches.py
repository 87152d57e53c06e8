"""The batches of a recording, one for each training step, for detectors of 2.x and 3.x."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch  # type: ignore[import-not-found,unused-ignore]

from cocosurgeon.errors import DataError, RequestError
from cocosurgeon.parity.conversion import Batch, Conversion, MaskShape, form_of
from cocosurgeon.parity.label_map import LabelMap, model_classes, recorded_classes
from cocosurgeon.parity.recorded import read_recording
from cocosurgeon.text import plural


class Batches:
    """Recorded batches, in the order of their steps; each training step takes the next one.

    Attributes:
        header: header of the recording.
    """

    def __init__(
        self,
        path: str,
        detector: Any,
        *,
        classes: Sequence[str] | None,
        label_space: str | None,
        pad_size_divisor: int | None,
        mask_shape: MaskShape,
    ) -> None:
        """Open a recording.

        Args:
            path: the recording.
            detector: the detector to train.
            classes, label_space: meaning of the detector's labels; see ``replay``.
            pad_size_divisor: see ``Conversion``.
            mask_shape: the shape of masks, if the detector takes masks.

        Raises:
            CocosurgeonError: the recording cannot be read, has no batches, or lacks data that the
                detector needs.
        """
        _require_one_process()
        if (need := _further_need(detector)) is not None:
            raise RequestError(
                f"{type(detector).__name__} is also trained on {need}, which recordings do not have"
            )
        recording = read_recording(path)
        self.header = recording.header
        self._where = str(recording.folder)
        if recording.unreadable:
            raise DataError(
                f"{plural(len(recording.unreadable), 'checkpoint')} cannot be read",
                where=str(recording.unreadable[0]),
                hint="record again; a batch in them would be skipped",
            )
        named = (c for c in recording.checkpoints if c.plain_name == "batch")
        self._left = deque(named)
        self._count = len(self._left)
        if not self._left:
            raise RequestError(
                "no batch is recorded", where=self._where, hint="record_step(step, 'batch', {...})"
            )
        self._conversion = Conversion(
            form=form_of(self.header, self._where),
            labels=LabelMap(
                before=recorded_classes(self.header, self._where),
                after=model_classes(label_space, classes),
                outputs=_outputs(detector),
            ),
            pad_size_divisor=pad_size_divisor,
            masks=mask_shape if _takes_masks(detector) else None,
        )

    def __len__(self) -> int:
        return self._count

    def __str__(self) -> str:
        count = plural(len(self), "recorded batch", "recorded batches")
        return f"{count} of {self._where} instead of the data pipeline: {self._conversion}"

    def take(self) -> Batch:
        """Return the next batch.

        Raises:
            RequestError: no batch is left, or it cannot be converted.
        """
        if not self._left:
            raise RequestError(
                f"all recorded batches are used: {plural(len(self), 'batch', 'batches')}",
                where=self._where,
                hint=f"train for {plural(len(self), 'iteration')}",
            )
        batch = self._left.popleft()  # removed: its arrays are large
        return self._conversion.convert(batch.values, f"{self._where}, step {batch.step}")


@contextmanager
def replaced(owner: Any, name: str, value: object) -> Iterator[None]:
    """Replace a method of an object in this block."""
    before = vars(owner).get(name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        if before is None:
            delattr(owner, name)
        else:
            setattr(owner, name, before)


def _require_one_process() -> None:
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        count = torch.distributed.get_world_size()
        if count > 1:
            raise RequestError(
                f"a recording is replayed in one process, and there are {count}",
                hint="train on one GPU, with the whole batch",
            )


def _further_need(detector: Any) -> str | None:
    """Return the data that a detector needs in addition to boxes, labels and masks, if any."""
    roi_head = getattr(detector, "roi_head", None)
    panoptic_head = getattr(detector, "panoptic_head", None)
    if (
        getattr(roi_head, "with_semantic", False)
        or getattr(detector, "with_semantic_head", False)
        or getattr(panoptic_head, "num_stuff_classes", 0)
    ):
        return "semantic segmentation"
    if roi_head is not None and not getattr(detector, "with_rpn", True):
        return "proposals"
    return "text" if hasattr(detector, "language_model") else None


def _takes_masks(detector: Any) -> bool:
    return bool(detector.with_mask or hasattr(detector, "panoptic_head"))


def _outputs(detector: Any) -> int | None:
    """Return the number of classes of a detector's head; None if unknown."""
    roi_head = getattr(detector, "roi_head", None)
    for owner, name in (
        (detector, "bbox_head"),
        (roi_head, "bbox_head"),
        (detector, "mask_head"),
        (detector, "panoptic_head"),
    ):
        head = getattr(owner, name, None)
        if isinstance(head, torch.nn.ModuleList):
            head = head[0]
        if head is not None and hasattr(head, "num_classes"):
            return int(head.num_classes)
    return None
