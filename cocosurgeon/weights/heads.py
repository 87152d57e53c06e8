"""Classification heads of a checkpoint: recognized by name, with the label spaces of their rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cocosurgeon.categories.spaces import spaces
from cocosurgeon.text import plural
from cocosurgeon.weights.tensor import Tensor

_PARAMETER = re.compile(r"(?:(?P<module>.*)\.)?(?:weight|bias)")
_EMBEDDING = re.compile(r"label_(enc|embed|embedding)|(dn|denoising)_class_embed(ding)?")
_HEAD = re.compile(
    r"(?:.*_)?(?:cls|class(?:es)?|classifier|classification|scores?|logits|labels?)s?(?:_.*)?"
)
_ANCHORS = (2, 3, 4, 5, 6, 9)
"""Boxes at a place of the heads that predict each class for several."""


@dataclass(frozen=True)
class Head:
    """A tensor with a row for each class.

    Attributes:
        key: its name.
        kind: head, or label embedding.
        rows: its rows.
        spaces: label spaces that the rows may be in, and how often each class has a row.
    """

    key: str
    kind: str
    rows: int
    spaces: dict[str, int]

    def line(self) -> str:
        """Return it for people."""
        listed = [name if n == 1 else f"{n} x {name}" for name, n in self.spaces.items()]
        spaces = ", ".join(listed) or "no known label space"
        return f"{self.kind} {self.key}: {plural(self.rows, 'row')}: {spaces}"


def is_label_embedding(key: str) -> bool:
    """Return whether a key is named as label embeddings of denoising queries are."""
    return bool(_EMBEDDING.fullmatch(last_word(key)))


def is_class_head(key: str) -> bool:
    """Return whether a key is named as weights and biases of classification heads are."""
    return not is_label_embedding(key) and bool(_HEAD.fullmatch(last_word(key)))


def find_heads(tensors: Iterable[Tensor]) -> Iterator[Head]:
    """Yield the weights that are named as a head's, or as a label embedding.

    A label embedding may have one row more than there are classes, for no class.
    """
    for tensor in tensors:
        if not tensor.name.endswith("weight") or len(tensor.shape) < 2:
            continue
        rows = tensor.shape[0]
        if is_label_embedding(tensor.name):
            fitting = {
                space.name: 1 for space in spaces().values() if space.outputs in (rows, rows - 1)
            }
            yield Head(tensor.name, "label embedding", rows, fitting)
        elif is_class_head(tensor.name):
            fitting = dict.fromkeys(head_spaces(rows), 1)
            for anchors in () if fitting else _ANCHORS:
                if not rows % anchors:
                    fitting |= dict.fromkeys(head_spaces(rows // anchors), anchors)
            if fitting or rows != tensor.shape[1]:  # as many in as out: a hidden layer
                yield Head(tensor.name, "head", rows, fitting)


def head_spaces(rows: int) -> list[str]:
    """Return the label spaces of heads with so many rows."""
    known = spaces().values()
    return [each.name for each in known if each.outputs == rows and not each.is_of_embedding]


def last_word(key: str) -> str:
    """Return the last part of a module's name that is no number."""
    found = _PARAMETER.fullmatch(key)
    parts = (found["module"] or "").split(".") if found else []
    return next((part for part in reversed(parts) if part and not part.isdigit()), "")
