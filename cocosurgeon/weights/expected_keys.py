"""Keys and shapes that a model expects, compared with a checkpoint's as load_state_dict does."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cocosurgeon.errors import FormatError
from cocosurgeon.files import reading
from cocosurgeon.text import plural
from cocosurgeon.weights.tensor import Tensor

Shapes = Mapping[str, Sequence[int]]


@dataclass(frozen=True)
class KeyCheck:
    """Tensors compared with what load_state_dict expects.

    Attributes:
        missing: keys that the model has, and the tensors lack.
        unexpected: keys that the model does not have.
        mismatched: keys with another shape: the tensor's, the model's.
    """

    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    mismatched: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]]

    @property
    def is_clean(self) -> bool:
        """True where load_state_dict would raise nothing."""
        return not (self.missing or self.unexpected or self.mismatched)

    def lines(self, shown: int = 8) -> list[str]:
        """Return it in the words of load_state_dict.

        Args:
            shown: so many keys of each kind are named.
        """
        lines = [
            f"{kind} key(s) in state_dict: {_listed(keys, shown)}"
            for kind, keys in (("Missing", self.missing), ("Unexpected", self.unexpected))
            if keys
        ]
        for key, (here, there) in list(self.mismatched.items())[:shown]:
            lines.append(
                f"size mismatch for {key}: copying a param with shape torch.Size({list(here)}) "
                f"from checkpoint, the shape in current model is torch.Size({list(there)})."
            )
        if (more := len(self.mismatched) - shown) > 0:
            lines.append(f"and {plural(more, 'more size mismatch', 'more size mismatches')}")
        return lines

    def fields(self) -> dict[str, object]:
        """Return it as JSON values."""
        return {
            "missing": list(self.missing),
            "unexpected": list(self.unexpected),
            "size_mismatches": {
                key: {"checkpoint": list(here), "model": list(there)}
                for key, (here, there) in self.mismatched.items()
            },
        }


def check_keys(tensors: Iterable[Tensor], expected: Shapes) -> KeyCheck:
    """Compare tensors with the keys and shapes that a model expects."""
    here = {tensor.name: tensor.shape for tensor in tensors}
    wanted = {key: tuple(shape) for key, shape in expected.items()}
    return KeyCheck(
        missing=tuple(key for key in wanted if key not in here),
        unexpected=tuple(key for key in here if key not in wanted),
        mismatched={
            key: (here[key], shape)
            for key, shape in wanted.items()
            if key in here and here[key] != shape
        },
    )


def read_shapes(path: str) -> Shapes:
    """Read keys and shapes from a JSON file: an object, or a list of pairs.

    Raises:
        SourceUnavailableError: it cannot be read.
        FormatError: it is something else.
    """
    with reading(path, "the list of keys"):
        data = Path(path).read_bytes()
    try:
        value = json.loads(data)
        pairs = value.items() if isinstance(value, dict) else value
        return {_text(key): tuple(map(_size, shape)) for key, shape in pairs}
    except (ValueError, TypeError, RecursionError) as error:
        raise FormatError(
            f"not a list of keys and shapes: {error}",
            where=path,
            hint='an object such as {"fc.weight": [80, 256]}; '
            "docs/weights-map.md has the three lines that write it",
        ) from error


def _text(key: object) -> str:
    if not isinstance(key, str):
        raise ValueError(f"{key!r} is not a key")
    return key


def _size(size: object) -> int:
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise ValueError(f"{size!r} is not a size")
    return size


def _listed(keys: tuple[str, ...], shown: int) -> str:
    more = f", and {len(keys) - shown:,} more" if len(keys) > shown else ""
    return ", ".join(f'"{key}"' for key in keys[:shown]) + f"{more}."
