"""Checkpoints as torch.save writes them, put together by hand, opcode by opcode."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

ORDERED = b"ccollections\nOrderedDict\n)R"
REBUILD = b"ctorch._utils\n_rebuild_tensor_v2\n"


def text(value: str) -> bytes:
    raw = value.encode()
    return b"X" + struct.pack("<I", len(raw)) + raw


def number(value: int) -> bytes:
    raw = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(raw)]) + raw


def numbers(values: Sequence[int]) -> bytes:
    return b"(" + b"".join(map(number, values)) + b"t"


def name(dotted: str) -> bytes:
    module, _, attribute = dotted.rpartition(".")
    return f"c{module}\n{attribute}\n".encode()


def call(dotted: str, *args: bytes) -> bytes:
    return name(dotted) + b"(" + b"".join(args) + b"tR"


def storage(
    count: int, key: str = "0", cls: str = "torch.FloatStorage", tail: bytes = b""
) -> bytes:
    return (
        b"(" + text("storage") + name(cls) + text(key) + text("cpu") + number(count) + tail + b"tQ"
    )


def tensor(
    shape: Sequence[int],
    strides: Sequence[int],
    stored: bytes,
    offset: int = 0,
) -> bytes:
    view = number(offset) + numbers(shape) + numbers(strides)
    return REBUILD + b"(" + stored + view + b"\x89" + ORDERED + b"tR"


def mapping(items: Mapping[str, bytes], kind: bytes = b"}") -> bytes:
    return kind + b"(" + b"".join(text(key) + value for key, value in items.items()) + b"u"


def pickle(content: bytes) -> bytes:
    return b"\x80\x02" + content + b"."


def zipped(
    content: bytes,
    storages: Mapping[str, bytes] | None = None,
    *,
    method: int = zipfile.ZIP_STORED,
    others: Sequence[tuple[str, bytes]] = (),
) -> bytes:
    """Return a .pth: a pickle of some content, its storages, and other members."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        archive.writestr("archive/data.pkl", pickle(content))
        for key, raw in (storages or {}).items():
            archive.writestr(f"archive/data/{key}", raw)
        for member, raw in others:
            archive.writestr(member, raw)
    return stream.getvalue()


def legacy(content: bytes, storages: Mapping[str, bytes], itemsize: int = 4) -> bytes:
    """Return a file as torch before 1.6 wrote it."""
    magic = 0x1950A86A20F9469CFC6C
    keys = b"](" + b"".join(map(text, storages)) + b"e"
    heads = [number(magic), number(1001), mapping({"little_endian": b"\x88"}), content, keys]
    data = (struct.pack("<q", len(r) // itemsize) + r for r in storages.values())
    return b"".join(map(pickle, heads)) + b"".join(data)


def state_of(arrays: Mapping[str, np.ndarray]) -> tuple[bytes, dict[str, bytes]]:
    """Return the content and the storages of a state dict of float32 arrays."""
    items, storages = {}, {}
    for place, (key, array) in enumerate(arrays.items()):
        strides = [step // array.itemsize for step in array.strides]
        items[key] = tensor(array.shape, strides, storage(array.size, str(place)))
        storages[str(place)] = array.tobytes()
    return mapping(items, ORDERED), storages


def write_pth(path: Path, arrays: Mapping[str, np.ndarray], **entries: bytes) -> Path:
    """Write a .pth with a state dict, and other entries."""
    state, storages = state_of(arrays)
    path.write_bytes(zipped(mapping({"state_dict": state, **entries}), storages))
    return path
