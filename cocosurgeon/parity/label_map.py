"""Labels of recorded batches, brought into those of a model by the names of their classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cocosurgeon.categories.category_map import CategoryMap
from cocosurgeon.categories.spaces import find_space
from cocosurgeon.errors import RequestError
from cocosurgeon.parity.arrays import Array
from cocosurgeon.parity.labels import names_of
from cocosurgeon.text import did_you_mean

_SAID = "{} with label_space='{}', another of `cocosurgeon spaces`, or classes=[...] in label order"


def recorded_classes(header: Mapping[str, Any], where: str) -> Mapping[Any, str]:
    """Return class names by label, as a recording's header gives them.

    Raises:
        UnknownNameError: there is no such label space.
        RequestError: it gives neither a label space nor classes.
    """
    names = names_of(header)
    if not names:
        raise RequestError(
            "it is not known which classes the recorded labels mean",
            where=where,
            hint=_SAID.format("record", "detr91"),
        )
    return names


def model_classes(label_space: str | None, classes: Sequence[str] | None) -> Mapping[int, str]:
    """Return class names by label: those of a label space, or of a list.

    Raises:
        UnknownNameError: there is no such label space.
        RequestError: neither is given.
    """
    if label_space is not None:
        return find_space(label_space).classes
    if not classes:
        raise RequestError(
            "it is not known which classes the model's labels mean",
            hint=_SAID.format("replay", "mmdet80"),
        )
    return dict(enumerate(classes))


@dataclass(frozen=True)
class LabelMap:
    """Recorded label -> label of the model.

    Attributes:
        before, after: class names by label.
        outputs: number of classes of the model's head; None where it is not known.
    """

    before: Mapping[Any, str]
    after: Mapping[int, str]
    outputs: int | None = None

    def __str__(self) -> str:
        return (
            f"labels of {len(self.before):,} classes become labels of {len(self.after):,}, by name"
        )

    def convert(self, labels: Array, where: str) -> Array:
        """Return labels of the model, in int64.

        Raises:
            RequestError: a label is no recorded class; its class is none of the model's, or beyond
                its head.
        """
        used, places = np.unique(labels, return_inverse=True)
        names: dict[int, str] = {}
        for label in used.tolist():
            if label not in self.before:
                raise RequestError(
                    f"label {label!r} is not a class in the recorded label space",
                    where=where,
                    hint="the header's label space or classes must match the recorded labels",
                )
            names[int(label)] = self.before[int(label)]
        try:
            known = CategoryMap.by_names(names, self.after, "drop")
        except RequestError as error:  # its hint is for the command line
            raise RequestError(
                error.what, where=where, hint="give it the same name in both"
            ) from None
        after = [known.get(label) for label in names]
        for (label, name), new in zip(names.items(), after, strict=True):
            if new is None:
                raise RequestError(
                    f"label {label} ({name!r}) has no counterpart: the model has no such class",
                    where=where,
                    hint=did_you_mean(name, self.after.values())
                    or "check the model's list of classes",
                )
            if self.outputs is not None and not 0 <= int(new) < self.outputs:
                raise RequestError(
                    f"label {label} ({name!r}) becomes {new}, and the model's head has "
                    f"{self.outputs} classes",
                    where=where,
                    hint="the model's num_classes must fit its list of classes",
                )
        return np.array(after, np.int64)[places].reshape(len(labels))
