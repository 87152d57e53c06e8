"""Checkpoints: the tensors of a file, and what else it holds, without running any code of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any, Literal

from cocosurgeon.errors import FormatError, UnknownNameError
from cocosurgeon.text import byte_count, did_you_mean
from cocosurgeon.weights.inert import NotRead
from cocosurgeon.weights.read_pth import is_legacy, is_zip, read_legacy, read_zip
from cocosurgeon.weights.read_safetensors import read_safetensors
from cocosurgeon.weights.tensor import OpenFile, Strided, Tensor
from cocosurgeon.weights.views import CONTIGUOUS, MOST_REPEATED

_USUAL = ("state_dict", "model_state_dict", "model", "module", "net", "network", "params")
_NO_WEIGHTS = ("optim", "scheduler", "scaler", "rng", "random")
_COPIES = ("teacher", "ema")
"""Words in names of entries that are not the weights of the model itself."""
_DEEPEST = 3
_MOST_TIMES = 16


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint file.

    Attributes:
        path: of the file.
        format: ``safetensors``, ``pth`` (a zip, torch 1.6 and later) or ``legacy`` (a pickle,
            torch before 1.6).
        size: bytes of the file.
        where: the place of the state dict that was chosen, as in ``ema.module``; empty: the top.
        states: every state dict of the file by its place.
        entries: everything else by its place, as plain values: numbers, text, lists, dicts,
            tensors, and a ``NotRead`` for each object of another kind. Those of a safetensors file
            are the texts of its metadata.
        not_read: classes of objects that are not read, and how many of each.
    """

    path: Path
    format: Literal["safetensors", "pth", "legacy"]
    size: int
    where: str
    states: Mapping[str, Mapping[str, Tensor]] = field(repr=False)
    entries: Mapping[str, object] = field(repr=False)
    not_read: Mapping[str, int]

    @property
    def tensors(self) -> Mapping[str, Tensor]:
        """Return the tensors of the state dict that was chosen, by name."""
        return self.states[self.where]


def read_checkpoint(path: str | PathLike[str], where: str | None = None) -> Checkpoint:
    """Read a checkpoint; its format is recognized by its bytes.

    Nothing of the file is executed: a pickle is read by an interpreter that knows tensors, numbers,
    text and containers. Tensors are read when they are needed.

    Args:
        path: a .safetensors file, or what ``torch.save`` wrote (.pth, .pt, .bin, .ckpt).
        where: the place of the state dict to choose, as in ``ema.module``; None: the one that
            is most likely the model's.

    Raises:
        SourceUnavailableError: the file cannot be read.
        FormatError: it is no checkpoint, it is damaged, or its pickle needs code to be run.
        UnknownNameError: it has no such state dict.
    """
    file = OpenFile(Path(path))
    kind: Literal["safetensors", "pth", "legacy"]
    if is_zip(file):
        kind, (root, not_read) = "pth", read_zip(file)
    elif is_legacy(file):
        kind, (root, not_read) = "legacy", read_legacy(file)
    else:
        tensors, metadata = read_safetensors(file)
        return Checkpoint(
            file.path, "safetensors", file.size, _chosen({"": tensors}, where), {"": tensors},
            metadata, {},
        )  # fmt: skip
    states = dict(_states(root, ""))
    if not states:
        raise FormatError(
            f"the file has no state dict: {_described(root)}",
            where=str(path),
            hint="save the model's state_dict(), a dict of names and tensors",
        )
    _require_possible(file, states)
    entries = dict(_others(root, "", states)) if isinstance(root, dict) else {}
    return Checkpoint(file.path, kind, file.size, _chosen(states, where), states, entries, not_read)


def _require_possible(file: OpenFile, states: Mapping[str, Mapping[str, Tensor]]) -> None:
    """Refuse tensors that share their storages so often that a copy would fill the disk.

    Or take hours: tensors of few elements that are far apart.
    """
    total = sum(_bytes_to_copy(tensor) for state in states.values() for tensor in state.values())
    if total > max(_MOST_TIMES * file.size, MOST_REPEATED):
        raise FormatError(
            f"a copy of the tensors takes {byte_count(total)}, more than {_MOST_TIMES} times "
            "the file",
            where=str(file.path),
            hint=CONTIGUOUS,
        )


def _bytes_to_copy(tensor: Tensor) -> int:
    span = tensor.elements.span.size if isinstance(tensor.elements, Strided) else 0
    return max(tensor.nbytes, span)


def _states(value: object, place: str) -> Iterator[tuple[str, dict[str, Tensor]]]:
    """Yield each state dict: a dict of names, at least half of whose values are tensors."""
    if not isinstance(value, dict):
        return
    names = [key for key in value if isinstance(key, str)]
    tensors = {k: value[k].renamed(k) for k in names if isinstance(value[k], Tensor)}
    if tensors and 2 * len(tensors) >= len(value) == len(names):
        yield place, tensors
    elif place.count(".") < _DEEPEST:
        for key in names:
            inner = value[key]
            if not any(word in key for word in _NO_WEIGHTS):
                yield from _states(inner, f"{place}.{key}" if place else key)


def _others(
    value: dict[Any, object], place: str, states: Mapping[str, object]
) -> Iterator[tuple[str, object]]:
    """Yield the items of a dict that are in no state dict, and what is in one and no tensor.

    Each has its place, as in ``ema.updates`` where ``ema.module`` is a state dict.
    """
    for key, inner in value.items():
        inside = f"{place}.{key}" if place else str(key)
        if place in states and isinstance(inner, Tensor):
            continue
        is_within = inside in states or any(each.startswith(f"{inside}.") for each in states)
        if isinstance(inner, dict) and is_within:
            yield from _others(inner, inside, states)
        else:
            yield inside, inner


def _chosen(states: Mapping[str, Mapping[str, Tensor]], where: str | None) -> str:
    if where is not None:
        if where not in states:
            raise UnknownNameError(
                f"the file has no state dict {where!r}",
                hint=did_you_mean(where, states) or f"it has {', '.join(map(repr, states))}",
            )
        return where
    usual = [place for place in ("", *_USUAL) if place in states]
    own = [place for place in states if not any(word in place for word in _COPIES)]
    return (usual or sorted(own or states, key=lambda place: -len(states[place])))[0]


def _described(root: object) -> str:
    if isinstance(root, NotRead):
        return f"it holds an object of {root.name}"
    if root == {}:
        return "its top level is an empty dict"
    if isinstance(root, dict):
        return f"its top level is a dict with {', '.join(repr(k)[:40] for k in list(root)[:8])}"
    return f"its top level is of type {type(root).__name__}"
