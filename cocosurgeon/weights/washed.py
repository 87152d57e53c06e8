"""A checkpoint without what only training needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path

from cocosurgeon.atomic import refuse_same_file
from cocosurgeon.errors import RequestError
from cocosurgeon.text import byte_count, did_you_mean, first_few, one_line, plural
from cocosurgeon.weights.checkpoint import Checkpoint, read_checkpoint
from cocosurgeon.weights.inert import Global, NotRead
from cocosurgeon.weights.tensor import Tensor
from cocosurgeon.weights.wrappers import COUNTERS, copies_in, flat_averages, wrapper_of
from cocosurgeon.weights.write import is_whole_file, left_out, write_checkpoint

_META = "meta"
"""The entry that inference needs, too: MMDetection finds the classes in it."""
_PLAIN = (str, int, float, bool, type(None), bytes)


@dataclass(frozen=True)
class Dropped:
    """A part of a checkpoint that is dropped.

    Attributes:
        what: its place, or the prefix of its names.
        why: what it is.
        tensors, nbytes: how many tensors it has, and their bytes.
    """

    what: str
    why: str
    tensors: int
    nbytes: int

    def line(self) -> str:
        """Return it for people."""
        size = f", {plural(self.tensors, 'tensor')}, {byte_count(self.nbytes)}"
        return one_line(f"dropped {self.what}: {self.why}{size if self.tensors else ''}")


@dataclass(frozen=True)
class Washed:
    """Parts of a checkpoint that are kept, and those that are not.

    Attributes:
        tensors: what is kept, under its new names.
        metadata: plain values that are kept.
        where: the place of the state dict in a .pth.
        kept: the copy of the weights that is kept: a place, and a prefix.
        prefix: what was stripped from every name.
        dropped: everything else.
        source: the file.
    """

    tensors: tuple[Tensor, ...] = field(repr=False)
    metadata: Mapping[str, object] = field(repr=False)
    where: str
    kept: str
    prefix: str
    dropped: tuple[Dropped, ...]
    source: Checkpoint = field(repr=False)

    def write(
        self,
        output: str | PathLike[str],
        *,
        force: bool = False,
        notice: Callable[[str], object] = lambda _: None,
    ) -> None:
        """Write what is kept.

        Args:
            output, force, notice: as in ``write_checkpoint``.

        Raises:
            OutputError: the output is the source, another file is there, or the system refuses.
        """
        refuse_same_file(Path(output), self.source.path)
        gone = self.left_out(output)
        metadata = {} if gone is not None else self.metadata
        write_checkpoint(
            output, self.tensors, metadata, where=self.where, force=force, notice=notice
        )

    def left_out(self, output: str | PathLike[str]) -> list[str] | None:
        """Return the metadata that an output has no place for; None where it has one."""
        is_lost = self.source.format == "safetensors" and is_whole_file(output, self.where)
        return left_out(self.metadata) if is_lost else None

    @property
    def nbytes(self) -> int:
        """Return the bytes of the tensors that are kept."""
        return sum(tensor.nbytes for tensor in self.tensors)


def copies_of(checkpoint: Checkpoint) -> list[str]:
    """Return every copy of the weights: places, and places with a prefix as in ``a:teacher``."""
    return [
        copy
        for place, state in checkpoint.states.items()
        for copy in (place, *(f"{place}:{word}" for word in copies_in(state)))
    ]


def wash(
    file: str | PathLike[str] | Checkpoint,
    output: str | PathLike[str] | None = None,
    *,
    keep: str | None = None,
    force: bool = False,
) -> Washed:
    """Keep what inference needs of a checkpoint.

    The weights of one copy of the model stay, without the prefixes of wrappers, and the metadata.
    Optimizers, schedulers, logs and other copies are dropped.

    Args:
        file: the checkpoint.
        output: a .safetensors, .pth or .pt file; None: nothing is written.
        keep: the copy to keep: a place such as ``ema_state_dict``, or a prefix such as ``teacher``;
            None: the model's own.
        force: replace an existing file.

    Raises:
        RequestError: there is no such copy, there are several and ``keep`` does not say which, or
            the output cannot be written.
        DataError: the file is no checkpoint.
    """
    washed = _washed(file if isinstance(file, Checkpoint) else read_checkpoint(file), keep)
    if output is not None:
        washed.write(output, force=force)
    return washed


def _washed(checkpoint: Checkpoint, keep: str | None) -> Washed:
    place, word = _copy_to_keep(checkpoint, keep)
    state = checkpoint.states[place]
    dropped = [
        _dropped(other or "the top level", "another copy of the weights", tensors.values())
        for other, tensors in checkpoint.states.items()
        if other != place
    ]
    for other, names in copies_in(state).items():
        if other != word:
            gone, state = _divided(state, set(names))
            dropped.append(_dropped(f"{other}.*", "another copy of the weights", gone))
    if word:
        others = {name for name in state if not name.startswith(f"{word}.")}
        gone, state = _divided(state, others)
        if gone:
            dropped.append(_dropped(f"all but {word}.*", "no part of this copy", gone))
    gone, state = _divided(state, set(flat_averages(state)))
    if gone:
        dropped.append(_dropped("ema_*", "averages of parameters, as buffers", gone))
    prefix = f"{word}." if word else ""
    prefix += wrapper_of([name.removeprefix(prefix) for name in state])
    gone, state = _divided(state, set(COUNTERS if prefix else ()))
    if gone:
        dropped.append(_dropped(", ".join(t.name for t in gone), "counters of an average", gone))
    tensors = [tensor.renamed(name.removeprefix(prefix)) for name, tensor in state.items()]
    if checkpoint.format == "safetensors":
        metadata = dict(checkpoint.entries)
    else:
        metadata = {}
        for key, value in checkpoint.entries.items():
            if key == _META:
                metadata[key] = _plain(value, key, dropped)
            else:
                dropped.append(_dropped(key, _kind(value), _tensors_in(value)))
    return Washed(
        tuple(tensors), metadata, checkpoint.where,
        f"{place}:{word}" if word else place, prefix, tuple(dropped), checkpoint,
    )  # fmt: skip


def _copy_to_keep(checkpoint: Checkpoint, keep: str | None) -> tuple[str, str]:
    """Return the place of a state dict, and the prefix of the copy in it."""
    copies = copies_of(checkpoint)
    chosen = checkpoint.where if keep is None else keep
    if chosen not in copies:
        chosen = f"{checkpoint.where}:{chosen}"
    if chosen not in copies:
        names = [copy.removeprefix(f"{checkpoint.where}:") for copy in copies if copy]
        raise RequestError(
            f"there is no copy {keep!r} of the weights",
            where=str(checkpoint.path),
            hint=did_you_mean(keep or "", names) or f"there is {first_few(names) or 'only one'}",
        )
    place, _, word = chosen.partition(":")
    found = list(copies_in(checkpoint.states[place]))
    if not word and len(found) > 1:
        raise RequestError(
            f"the file has {len(found)} copies of the model: "
            f"{', '.join(f'{each}.*' for each in found)}",
            where=str(checkpoint.path),
            hint=f"choose one: --keep {found[0]}, or --keep {found[1]}",
        )
    return place, word


def _divided(
    state: Mapping[str, Tensor], names: Set[str]
) -> tuple[list[Tensor], dict[str, Tensor]]:
    """Return the tensors with some names, and a state dict of the others."""
    gone = [tensor for name, tensor in state.items() if name in names]
    return gone, {name: tensor for name, tensor in state.items() if name not in names}


def _dropped(what: str, why: str, tensors: Iterable[Tensor]) -> Dropped:
    sizes = [tensor.nbytes for tensor in tensors]
    return Dropped(what, why, len(sizes), sum(sizes))


def _kind(value: object) -> str:
    if isinstance(value, (NotRead, Global)):
        return f"an object of {value.name}"
    if isinstance(value, (dict, list, tuple, set)):
        return f"{type(value).__name__} of {plural(len(value), 'value')}"
    return type(value).__name__


def _tensors_in(value: object) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _tensors_in(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _tensors_in(inner)


def _plain(value: object, where: str, dropped: list[Dropped]) -> object:
    """Return a value without what is not plain, which is noted as dropped."""
    if isinstance(value, dict):
        kept = {k: v for k, v in value.items() if _is_kept(v, f"{where}.{k}", dropped)}
        return {k: _plain(v, f"{where}.{k}", dropped) for k, v in kept.items()}
    if isinstance(value, (list, tuple)):
        items = [_plain(v, where, dropped) for v in value if _is_kept(v, where, dropped)]
        return items if isinstance(value, list) else tuple(items)
    return value


def _is_kept(value: object, where: str, dropped: list[Dropped]) -> bool:
    is_kept = isinstance(value, (*_PLAIN, dict, list, tuple))
    if not is_kept:
        dropped.append(_dropped(where, _kind(value), _tensors_in(value)))
    return is_kept
