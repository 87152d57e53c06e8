"""Boxes of two recordings in one frame, and which box is which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cocosurgeon.parity.arrays import Array
from cocosurgeon.parity.record_steps import BOX_FORMATS, FRAMES


@dataclass(frozen=True)
class BoxForm:
    """Meaning of the numbers of a box.

    Attributes:
        box_format: xyxy, xywh or cxcywh.
        normalised: divided by the width and height of the frame.
        frame: original, resized or padded.
    """

    box_format: str
    normalised: bool
    frame: str

    @classmethod
    def of(cls, header: Mapping[str, Any]) -> BoxForm:
        """Return the form that a header names; xyxy of the resized image where it names none."""
        return cls(
            header.get("box_format") or "xyxy",
            bool(header.get("normalised")),
            header.get("frame") or "resized",
        )

    def __str__(self) -> str:
        divided = "divided by the size of" if self.normalised else "in pixels of"
        return f"{self.box_format} {divided} the {self.frame} image"


FORMS = [
    BoxForm(box_format, normalised, frame)
    for box_format in BOX_FORMATS
    for normalised, frame in (
        (False, "resized"),
        (False, "original"),
        *((True, frame) for frame in FRAMES),
    )
]
"""All forms that differ; pixels of the padded image are those of the resized one."""


@dataclass(frozen=True)
class Sizes:
    """Height and width of an image in each frame; None where it was not recorded."""

    original: Array | None
    resized: Array | None
    padded: Array | None

    @classmethod
    def of(cls, batch: Mapping[str, Any], place: int) -> Sizes:
        """Return the sizes of an image of a batch."""
        images = batch.get("images")
        whole = np.array(images.shape[-2:]) if isinstance(images, np.ndarray) else None
        padded = batch.get("batch_input_shape", whole)
        original, own = (_row(batch, key, place) for key in ("ori_shape", "img_shape"))
        return cls(original, own, None if padded is None else np.asarray(padded, dtype="float64"))

    def of_frame(self, frame: str) -> Array | None:
        """Return height and width of a frame."""
        found: Array | None = getattr(self, frame)
        return found


def _row(batch: Mapping[str, Any], key: str, place: int) -> Array | None:
    rows = batch.get(key)
    return None if rows is None else np.asarray(rows[place], dtype="float64")[:2]


def absolute(boxes: Array, form: BoxForm, sizes: Sizes, to: str) -> Array | None:
    """Return boxes as xyxy in pixels of a frame; None where a size that is needed is missing.

    Args:
        to: ``original`` or ``resized``.
    """
    boxes = np.asarray(boxes, dtype="float64").reshape(-1, 4)
    first, second = boxes[:, :2], boxes[:, 2:]
    if form.box_format == "cxcywh":
        first, second = first - second / 2, first + second / 2
    elif form.box_format == "xywh":
        second = first + second
    corners = np.concatenate([first, second], axis=1)
    if form.normalised:
        size = sizes.of_frame(form.frame)
        if size is None:
            return None
        corners = corners * np.tile(size[::-1], 2)
    is_original = form.frame == "original"
    if is_original == (to == "original"):
        return corners
    if sizes.original is None or sizes.resized is None:
        return None
    ratio = np.tile((sizes.resized / sizes.original)[::-1], 2)
    return corners * ratio if is_original else corners / ratio


def matched(
    a: Array, b: Array, labels: tuple[Array, Array] | None = None, tolerance: float = 0.0
) -> list[tuple[int, int, float]]:
    """Return which box of B is which of A, the nearest first: places, and the largest difference.

    Args:
        labels: of the boxes of A and of B. Of boxes in one place those of one label go together;
            boxes in different places are the same only after all of one label are.
        tolerance: pixels, up to which two boxes are in one place.
    """
    if not len(a) or not len(b):
        return []
    one, other = a[:, None], b[None]
    apart = np.nan_to_num(np.abs(one - other), nan=np.inf, posinf=np.inf)
    apart[(one == other) | (np.isnan(one) & np.isnan(other))] = 0.0
    distances = apart.max(axis=2)
    order = distances.copy()
    if labels is not None:
        others = labels[0][:, None] != labels[1][None]
        farther = np.where(distances > tolerance, 1 + distances.max(), 1e-3)
        order = order + np.where(others, farther, 0.0)
    pairs = []
    used_a, used_b = set(), set()
    for flat in np.argsort(order, axis=None, kind="stable"):
        i, j = divmod(int(flat), len(b))
        if i not in used_a and j not in used_b:
            used_a.add(i)
            used_b.add(j)
            pairs.append((i, j, float(distances[i, j])))
            if len(pairs) == min(len(a), len(b)):
                break
    return pairs


def other_form(
    samples: list[tuple[Array, Array, Sizes]], a_form: BoxForm, tolerance: float
) -> BoxForm | None:
    """Return the form in which all boxes of B are those of A; None if there is none.

    Args:
        samples: boxes of an image in A and in B, as recorded, and its sizes.
        tolerance: pixels.
    """
    return next((form for form in FORMS if _fits(samples, a_form, form, tolerance)), None)


def _fits(
    samples: list[tuple[Array, Array, Sizes]], a_form: BoxForm, form: BoxForm, tolerance: float
) -> bool:
    differences = list(_differences(samples, a_form, form))
    return bool(differences) and all(d is not None and d <= tolerance for d in differences)


def _differences(
    samples: list[tuple[Array, Array, Sizes]], a_form: BoxForm, form: BoxForm
) -> Iterator[float | None]:
    for a, b, sizes in samples:
        if not len(a) and not len(b):
            continue
        pixels = "original" if a_form.frame == "original" else "resized"
        one, other = absolute(a, a_form, sizes, pixels), absolute(b, form, sizes, pixels)
        if one is None or other is None or len(one) != len(other):
            yield None
        else:
            yield max((d for _, _, d in matched(one, other)), default=0.0)
