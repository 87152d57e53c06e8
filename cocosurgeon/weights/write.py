"""Checkpoints written whole or not at all, a piece of a tensor at a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import BinaryIO

from cocosurgeon.atomic import appearing
from cocosurgeon.errors import OutputError, RequestError
from cocosurgeon.progress import Progress, progress_of
from cocosurgeon.text import byte_count, first_few, one_line, plural
from cocosurgeon.weights.dtypes import DTYPES
from cocosurgeon.weights.read_safetensors import METADATA
from cocosurgeon.weights.tensor import Elements, Tensor
from cocosurgeon.weights.write_pth import write_zip

SUFFIXES = (".safetensors", ".pth", ".pt")


def require_format(path: Path) -> None:
    """Raise OutputError where a path's suffix names no format that can be written."""
    if path.suffix not in SUFFIXES:
        raise OutputError(
            f"a checkpoint is written as {', '.join(SUFFIXES)}, not "
            f"{path.suffix or 'without a suffix'}",
            where=str(path),
            hint="give the output one of these suffixes",
        )


def is_whole_file(path: str | PathLike[str], where: str) -> bool:
    """Return whether a state dict is all that a file has, as load_state_dict takes it.

    Args:
        path, where: as in ``write_checkpoint``.
    """
    return Path(path).suffix != ".safetensors" and not where


def left_out(metadata: Iterable[str]) -> list[str]:
    """Return the metadata of a .safetensors file that a .pth lacks, but its own ``format``."""
    return [key for key in metadata if key != "format"]


def tied_names(tensors: Iterable[Tensor]) -> list[list[str]]:
    """Return the names of each group of tied tensors: those that are the same bytes."""
    return [[tensor.name for tensor in group] for group in _tied(tensors)]


def _tied(tensors: Iterable[Tensor]) -> list[list[Tensor]]:
    groups: dict[object, list[Tensor]] = {}
    for tensor in tensors:
        if tensor.nbytes:
            groups.setdefault(tensor.storage, []).append(tensor)
    return [group for group in groups.values() if len(group) > 1]


def tied_lines(tensors: Iterable[Tensor], path: str | PathLike[str]) -> list[str]:
    """Return a line about tied tensors and what becomes of them in an output; or none."""
    groups = _tied(tensors)
    if not groups:
        return []
    again = [tensor for group in groups for tensor in group[1:]]
    first = f"{again[0].name} to {groups[0][0].name}"
    line = f"{plural(len(again), 'tensor')} tied to another one ({first})"
    if Path(path).suffix != ".safetensors":
        return [f"{line}: written once, and still tied"]
    size = byte_count(sum(tensor.nbytes for tensor in again))
    return [f"{line}: written in full, {size} more; a .safetensors file cannot share bytes"]


def write_checkpoint(
    path: str | PathLike[str],
    tensors: Iterable[Tensor],
    metadata: Mapping[str, object] | None = None,
    *,
    where: str = "",
    force: bool = False,
    notice: Callable[[str], object] = lambda _: None,
) -> None:
    """Write a checkpoint: .safetensors, or a .pth as ``torch.save`` writes it.

    Torch is needed for neither. Tensors are read or computed one after the other, in their order.
    Tied tensors stay tied in a .pth. A .safetensors file has each in full: its tensors cannot share
    bytes, and a model that does not tie them needs every one.

    Args:
        path: its suffix is the format.
        tensors: what to write; each has another name.
        metadata: plain values: for a .pth further top-level entries, for a .safetensors file
            texts next to ``format: pt``; other values become JSON.
        where: the key of the state dict in a .pth, as in ``state_dict``; empty: the top level.
        force: replace an existing file.
        notice: prints a line: the file is unchanged.

    Raises:
        OutputError: another file is there, or the system refuses.
        RequestError: the format cannot hold a type or a value.
    """
    final = Path(path)
    require_format(final)
    every = list(tensors)
    names = [tensor.name for tensor in every]
    if len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise RequestError(f"two tensors have the same name: {first_few(twice, 5, show=one_line)}")
    with (
        progress_of("writing") as progress,
        appearing([final], force=force, notice=notice) as [file],
    ):
        is_zip = final.suffix != ".safetensors"
        if progress is not None:
            written = {each.storage: each for each in every}.values() if is_zip else every
            every = list(_shown(every, progress, sum(each.nbytes for each in written)))
        if not is_zip:
            _write_safetensors(file, every, metadata or {})
        else:
            write_zip(file, every, metadata or {}, where)


def _shown(tensors: Sequence[Tensor], progress: Progress, total: int) -> Iterator[Tensor]:
    """Yield tensors that advance a progress bar when they have been read."""
    done = 0

    @dataclass(frozen=True)
    class Shown:
        elements: Elements

        def chunks(self, size: int) -> Iterator[memoryview]:
            nonlocal done
            for piece in self.elements.chunks(size):
                yield piece
                done += len(piece)
                progress(done, total)

    for tensor in tensors:
        yield replace(tensor, elements=Shown(tensor.elements))


def _json(key: str, value: object) -> str:
    try:
        return json.dumps(value)
    except (TypeError, ValueError) as error:
        raise RequestError(f"{key}: the value cannot be written as JSON: {error}") from error


def _write_safetensors(
    file: BinaryIO, tensors: Sequence[Tensor], metadata: Mapping[str, object]
) -> None:
    # transformers refuses a file that does not say so
    texts = {"format": "pt"}
    for key, value in metadata.items():
        texts[key] = value if isinstance(value, str) else _json(key, value)
    header: dict[str, object] = {METADATA: texts}
    at = 0
    for tensor in tensors:
        if tensor.name == METADATA:
            raise RequestError(
                f"a .safetensors file cannot hold a tensor named {METADATA}", hint="write a .pth"
            )
        code = DTYPES[tensor.dtype].code
        if code is None:
            raise RequestError(
                f"{tensor.name}: a .safetensors file cannot hold {tensor.dtype}",
                hint="write a .pth",
            )
        offsets = [at, at + tensor.nbytes]
        header[tensor.name] = {"dtype": code, "shape": tensor.shape, "data_offsets": offsets}
        at += tensor.nbytes
    try:
        text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise RequestError(f"a name or text is not UTF-8: {error}") from error
    text += b" " * (-len(text) % 8)  # the tensors begin at a multiple of 8 bytes
    file.write(len(text).to_bytes(8, "little") + text)
    for tensor in tensors:
        for piece in tensor.chunks():
            file.write(piece)
