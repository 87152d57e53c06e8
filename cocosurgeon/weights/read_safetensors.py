"""Tensors of a .safetensors file: its header, checked before anything else is read.

The header is JSON with the place of each tensor. As the format asks for, tensors fill the rest of
the file without gaps and without sharing bytes.
"""

from __future__ import annotations

from typing import Annotated, NoReturn

import msgspec

from cocosurgeon.errors import FormatError
from cocosurgeon.text import byte_count, one_line
from cocosurgeon.weights.dtypes import OF_CODE
from cocosurgeon.weights.tensor import (
    AGAIN,
    LONGEST_NAME,
    MOST_AXES,
    OpenFile,
    Stored,
    Tensor,
    fits,
)

_LONGEST_HEADER = 32 << 20
METADATA = "__metadata__"
_Number = Annotated[int, msgspec.Meta(ge=0)]


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    dtype: str
    shape: Annotated[list[_Number], msgspec.Meta(max_length=MOST_AXES)]
    data_offsets: tuple[_Number, _Number]


def read_safetensors(file: OpenFile) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return the tensors of a file by name, in its order, and its metadata.

    Raises:
        FormatError: the file is no checkpoint, or it is damaged.
    """
    length = int.from_bytes(file.read(0, 8), "little")
    if file.size < 10 or file.read(8, 1) != b"{":
        raise FormatError(
            "neither a .safetensors file nor one that torch.save wrote",
            where=str(file.path),
            hint="name a checkpoint (.safetensors, .pth, .pt, .bin, .ckpt)",
        )
    if length > file.size - 8:
        _refuse(file, f"the header has {length:,} bytes, and the file {file.size:,}")
    if length > _LONGEST_HEADER:
        _refuse(file, f"the header has {byte_count(length)}, at most {byte_count(_LONGEST_HEADER)}")
    try:
        raw = msgspec.json.decode(file.read(8, length), type=dict[str, msgspec.Raw])
        metadata = msgspec.json.decode(raw.pop(METADATA, b"{}"), type=dict[str, str])
        entries = {name: msgspec.json.decode(text, type=_Entry) for name, text in raw.items()}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        _refuse(file, f"the header is broken: {error}")
    start = 8 + length
    tensors = {}
    for name, entry in entries.items():
        if len(name) > LONGEST_NAME:
            _refuse(file, f"a tensor has a name of {len(name):,} characters")
        kind = OF_CODE.get(entry.dtype)
        if kind is None:
            _refuse(file, f"{one_line(name)}: the type {entry.dtype!r} is not known")
        begin, end = entry.data_offsets
        elements = Stored(file, start + begin, end - begin)
        tensor = Tensor(name, kind.name, tuple(entry.shape), elements)
        if not fits(entry.shape, kind.name):
            _refuse(file, f"{one_line(name)}: the shape {entry.shape} is too large")
        if tensor.nbytes != end - begin:
            shape = f"{kind.name} {entry.shape} has {tensor.nbytes:,} bytes"
            _refuse(file, f"{one_line(name)}: {shape}, and {end - begin:,} are given to it")
        tensors[name] = tensor
    at = 0
    for begin, end, name in sorted((*e.data_offsets, name) for name, e in entries.items()):
        if begin != at:
            fault = "shares bytes with another tensor" if begin < at else "begins after a gap"
            _refuse(file, f"{one_line(name)}: {fault}, at byte {begin:,} of the data")
        at = end
    if at != file.size - start:
        _refuse(file, f"the tensors end at byte {start + at:,}, the file at {file.size:,}")
    return tensors, metadata


def _refuse(file: OpenFile, fault: str) -> NoReturn:
    raise FormatError(
        f"broken .safetensors file: {fault}",
        where=str(file.path),
        hint=AGAIN,
    )
