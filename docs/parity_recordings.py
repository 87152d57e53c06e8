"""Record one step as two training scripts do. They divide a loss by different counts.

python docs/parity_recordings.py
"""

from __future__ import annotations

from cocosurgeon.parity.record_steps import StepRecorder

BOXES = [[[1, 1, 5, 5], [2, 2, 6, 6], [2, 3, 4, 4]], [[0, 0, 4, 4]], []]
BATCH = {
    "images": [[[[0.5] * 8] * 8] * 3] * 3,
    "img_ids": [139, 285, 632],
    "boxes": BOXES,
    "labels": [[17, 18, 1], [1], []],
}
LOSSES = {"detr": 3.0, "mmdet": 4.0}


def main() -> None:
    for name, loss in LOSSES.items():
        recorder = StepRecorder(name, name, box_format="xyxy", frame="resized")
        recorder.record_step(0, "batch", BATCH)
        recorder.add("loss", {"loss_bbox": loss})
    print(*LOSSES)


if __name__ == "__main__":
    main()
