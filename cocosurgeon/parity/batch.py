"""Batches compared: images, boxes, labels, masks and sizes, image by image."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np

from cocosurgeon.parity.arrays import Array
from cocosurgeon.parity.batch_form import as_array, batch_values
from cocosurgeon.parity.boxes import BoxForm, Sizes, absolute, matched, other_form
from cocosurgeon.parity.entry import Entry
from cocosurgeon.parity.images import image_entry
from cocosurgeon.parity.labels import label_entry
from cocosurgeon.parity.recorded import Checkpoint
from cocosurgeon.parity.tolerances import Tolerances
from cocosurgeon.text import first_few, plural

_CORNERS = ("x1", "y1", "x2", "y2")
_OF_OBJECTS = ("images", "img_ids", "boxes", "labels", "masks")


def batch_entries(
    a: Checkpoint,
    b: Checkpoint,
    headers: tuple[Mapping[str, Any], Mapping[str, Any]],
    tolerances: Tolerances,
) -> list[Entry]:
    """Return the compared entries of two batches; images are found by their ids."""
    return list(_Batches(a, b, headers, tolerances).entries())


@dataclass(frozen=True)
class _Batches:
    a: Checkpoint
    b: Checkpoint
    headers: tuple[Mapping[str, Any], Mapping[str, Any]]
    tolerances: Tolerances

    def entries(self) -> Iterator[Entry]:
        x, y = self.values
        for name, (_, faults) in zip("AB", self._checked, strict=True):
            for key, fault in faults.items():
                yield Entry(key, None, self._of(key), "parity-malformed", f"{name} {fault}")
        yield from self._ids()
        compared: dict[str, Callable[[], Entry | None]] = {
            "images": self._image,
            "boxes": self._boxes,
            "labels": lambda: label_entry(self._labels(), self.headers),
            "masks": self._masks,
            **{key: partial(self._other, key) for key in x if key not in _OF_OBJECTS},
        }
        has_boxes = "boxes" in x and "boxes" in y
        for key, entry_of in compared.items():
            if key not in x or key not in y or (key in ("labels", "masks") and not has_boxes):
                continue
            try:
                entry = entry_of()
            except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
                # Of a form that nobody thought of: the other entries are compared.
                words = f"its values cannot be compared: {error}"
                entry = Entry(key, None, self._of(key), "parity-malformed", words)
            if entry is not None:
                yield entry

    @cached_property
    def _checked(self) -> list[tuple[Mapping[str, Any], Mapping[str, str]]]:
        return [batch_values(side) for side in (self.a, self.b)]

    @property
    def values(self) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        return self._checked[0][0], self._checked[1][0]

    @cached_property
    def places(self) -> list[tuple[int, int]]:
        """Return where each image is in both batches."""
        here, there = self.a.img_ids, self.b.img_ids
        if not here or not there:
            count = min(_count(self.values[0]), _count(self.values[1]))
            return [(i, i) for i in range(count)]
        return places_of(here, there)

    @cached_property
    def forms(self) -> tuple[BoxForm, BoxForm]:
        return BoxForm.of(self.headers[0]), BoxForm.of(self.headers[1])

    def _of(self, key: str) -> float:
        return self.tolerances.of("batch", key)

    def _ids(self) -> Iterator[Entry]:
        here, there = self.a.img_ids, self.b.img_ids
        if here and there:
            yield ids_entry(here, there)

    def _image(self) -> Entry:
        x, y = (self._images(batch, side) for side, batch in enumerate(self.values))
        return image_entry(x, y, self._inside(), self._of("images"))

    def _images(self, batch: Mapping[str, Any], side: int) -> Array:
        images: Array = np.asarray(batch["images"])[[pair[side] for pair in self.places]]
        return images

    def _inside(self) -> Array | None:
        """Return which pixels are no padding, N x height x width; None where that is not known."""
        x = self.values[0]
        if "img_shape" not in x:
            return None
        height, width = x["images"].shape[-2:]
        inside = np.zeros((len(self.places), height, width), dtype=bool)
        for row, (i, _) in enumerate(self.places):
            own = np.asarray(x["img_shape"][i]).astype(int)
            inside[row, : own[0], : own[1]] = True
        return inside if inside.any() else None

    @cached_property
    def samples(self) -> list[tuple[Array, Array, Sizes]]:
        x, y = self.values
        found = []
        for i, j in self.places:
            sizes, others = Sizes.of(x, i), Sizes.of(y, j)
            known = (
                mine if mine is not None else other
                for mine, other in (
                    (sizes.original, others.original),
                    (sizes.resized, others.resized),
                    (sizes.padded, others.padded),
                )
            )
            found.append((_four(x["boxes"][i]), _four(y["boxes"][j]), Sizes(*known)))
        return found

    @cached_property
    def other_form(self) -> BoxForm | None:
        """Return the form that boxes of B have, if it is another than its header says."""
        if all(d <= self._of("boxes") for pairs in self.matches for *_, d in pairs):
            return None
        return other_form(self.samples, self.forms[0], self._of("boxes"))

    @cached_property
    def pixels(self) -> list[tuple[Array, Array]]:
        """Return the boxes of each image in pixels of one frame; as recorded without its size."""
        one, other = self.forms
        to = "original" if one.frame == "original" else "resized"
        found = []
        for a, b, sizes in self.samples:
            here, there = absolute(a, one, sizes, to), absolute(b, other, sizes, to)
            found.append((a, b) if here is None or there is None else (here, there))
        return found

    @cached_property
    def matches(self) -> list[list[tuple[int, int, float]]]:
        """Return for each image which boxes are the same."""
        found = []
        for (i, j), (here, there) in zip(self.places, self.pixels, strict=True):
            labels = None
            if all("labels" in batch for batch in self.values):
                x, y = self.values
                labels = np.asarray(x["labels"][i]), np.asarray(y["labels"][j])
            found.append(matched(here, there, labels, self._of("boxes")))
        return found

    def _boxes(self) -> Entry:
        tolerance = self._of("boxes")
        counts = [(len(a), len(b)) for a, b, _ in self.samples]
        total = f"{plural(sum(a for a, _ in counts), 'box', 'boxes')}"
        unequal = [
            f"image {self._name(row)}: {a} and {b}" for row, (a, b) in enumerate(counts) if a != b
        ]
        largest = [max((d for *_, d in pairs), default=0.0) for pairs in self.matches]
        worst = max(largest, default=0.0)
        if unequal:
            return Entry("boxes", None, tolerance, "parity-box-count", first_few(unequal, 3))
        if worst <= tolerance:
            return Entry("boxes", worst, tolerance, None, total)
        if self.other_form is not None:
            message = f"equal to A's if B's are {self.other_form}; its header says {self.forms[1]}"
            return Entry("boxes", worst, tolerance, "parity-box-frame", message)
        a, b = (
            sum(int((~np.isfinite(boxes[side])).sum()) for boxes in self.pixels) for side in (0, 1)
        )
        if a != b:
            numbers = plural(a, "number"), plural(b, "number")
            message = f"infinite or NaN: {numbers[0]} of A, {numbers[1]} of B"
            return Entry("boxes", worst, tolerance, "parity-box", message)
        far = sum(d > tolerance for pairs in self.matches for *_, d in pairs)
        image = self._name(largest.index(worst))
        known = self._offset() or self._swapped()
        message = known or f"{far:,} of {total}, by up to {worst:.3g} pixels (image {image})"
        return Entry("boxes", worst, tolerance, "parity-box", message)

    def _offset(self) -> str | None:
        """Return by how much all boxes differ; None unless it is the same for all."""
        offsets = np.array(
            [
                there[j] - here[i]
                for (here, there), pairs in zip(self.pixels, self.matches, strict=True)
                for i, j, _ in pairs
            ]
        )
        # A spread that is NaN is no offset either.
        if len(offsets) < 2 or not np.ptp(offsets, axis=0).max() <= self._of("boxes"):
            return None
        known = zip(_CORNERS, offsets.mean(axis=0), strict=True)
        return "all by the same value: " + ", ".join(f"{name} {by:+.3g}" for name, by in known)

    def _swapped(self) -> str | None:
        """Return which axes change places in B; None unless all boxes are those of A then."""
        form, turned, divided = self.forms[1], [], []
        for (here, there), (_, _, sizes) in zip(self.pixels, self.samples, strict=True):
            turned.append((here, there[:, [1, 0, 3, 2]]))
            size = sizes.of_frame(form.frame) if form.normalised else None
            if size is not None:
                divided.append((here, there * np.tile(size / size[::-1], 2)))
        for words, pairs in (
            ("x and y are swapped in B", turned),
            ("B divides x by the height and y by the width", divided),
        ):
            apart = [d for a, b in pairs for *_, d in matched(a, b)]
            if apart and max(apart) <= self._of("boxes"):
                return words
        return None

    def _labels(self) -> list[tuple[Any, Any]]:
        """Return the labels of each object in both.

        Boxes in another form cannot be matched; theirs are compared by place.
        """
        x, y = self.values
        found: list[tuple[Any, Any]] = []
        for (i, j), pairs in zip(self.places, self.matches, strict=True):
            one, other = np.asarray(x["labels"][i]), np.asarray(y["labels"][j])
            if self.other_form is not None:
                pairs = [(n, n, 0.0) for n in range(min(len(one), len(other)))]
            found += [(one[m].item(), other[n].item()) for m, n, _ in pairs]
        return found

    def _masks(self) -> Entry:
        x, y = self.values
        tolerance, worst = self._of("masks"), 0.0
        for row, ((i, j), pairs) in enumerate(zip(self.places, self.matches, strict=True)):
            one, other = np.asarray(x["masks"][i]), np.asarray(y["masks"][j])
            if one.shape[1:] != other.shape[1:]:
                message = f"image {self._name(row)}: {one.shape[1:]} and {other.shape[1:]}"
                return Entry("masks", None, tolerance, "parity-mask", message)
            shares = [float((one[m] != other[n]).mean()) for m, n, _ in pairs]
            worst = max([worst, *shares])
        if worst <= tolerance:
            return Entry("masks", worst, tolerance)
        message = f"up to {worst:.2%} of the pixels of a mask"
        return Entry("masks", worst, tolerance, "parity-mask", message)

    def _other(self, key: str) -> Entry | None:
        tolerance = self._of(key)
        try:
            x, y = (as_array(batch[key], "float64") for batch in self.values)
        except (TypeError, ValueError):
            return None  # text, or lists of different lengths: nothing that has a tolerance
        counts = tuple(map(_count, self.values))
        if key != "batch_input_shape" and (x.shape[:1], y.shape[:1]) == (counts[:1], counts[1:]):
            x, y = x[[i for i, _ in self.places]], y[[j for _, j in self.places]]
        if x.shape != y.shape:
            return Entry(key, None, tolerance, "parity-batch", f"{x.shape} and {y.shape}")
        is_same = (x == y) | (np.isnan(x) & np.isnan(y))
        apart = np.where(is_same, 0.0, np.nan_to_num(np.abs(y - x), nan=np.inf, posinf=np.inf))
        finite = np.abs(x[np.isfinite(x)])
        error = float(apart.max(initial=0.0)) / (float(finite.max(initial=0.0)) or 1.0)
        if error <= tolerance:
            return Entry(key, error, tolerance)
        row = int(apart.reshape(len(x) if x.ndim else 1, -1).max(axis=1).argmax())
        message = f"{_short(x, row)} and {_short(y, row)}"
        return Entry(key, error, tolerance, "parity-batch", message)

    def _name(self, row: int) -> object:
        ids = self.a.img_ids
        return ids[self.places[row][0]] if ids else self.places[row][0]


def places_of(here: Sequence[Any], there: Sequence[Any]) -> list[tuple[int, int]]:
    """Return where each image that both have is in the first list and in the second."""
    free: dict[Any, list[int]] = {}
    for place, img_id in enumerate(there):
        free.setdefault(img_id, []).append(place)
    return [(i, free[img_id].pop(0)) for i, img_id in enumerate(here) if free.get(img_id)]


def ids_entry(here: list[Any], there: list[Any], others: Collection[Any] = ()) -> Entry:
    """Return the compared image ids of two batches.

    Args:
        others: ids of the images of all steps of B.
    """
    if here == there:
        return Entry("img_ids", 0.0, 0.0, None, plural(len(here), "image"))
    message = f"images {first_few(here, show=repr)} and {first_few(there, show=repr)}"
    is_shuffled = len(here) == len(there) and len(places_of(here, there)) == len(here)
    if is_shuffled or (others and all(img_id in others for img_id in here)):
        if not is_shuffled:
            message += "; A's images are in other steps of B"
        return Entry("img_ids", None, 0.0, "parity-sample-order", message)
    return Entry("img_ids", None, 0.0, "parity-samples", message)


def _count(batch: Mapping[str, Any]) -> int:
    """Return how many images a batch has."""
    return next((len(batch[key]) for key in ("images", "boxes", "labels") if key in batch), 0)


def _four(boxes: Any) -> Array:
    return np.asarray(boxes, dtype="float64").reshape(-1, 4)


def _short(array: Array, row: int) -> str:
    shown = array[row] if array.ndim else array
    return np.array2string(np.asarray(shown), precision=5, threshold=8)
