"""A tensor of a checkpoint: its name, type and shape, and its bytes, read when they are needed."""

from __future__ import annotations

import math
import os
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from cocosurgeon.errors import SourceChangedError
from cocosurgeon.files import reading, require_file
from cocosurgeon.weights.dtypes import DTYPES, Array, decode

PIECE = 1 << 23
"""Bytes that are read at a time."""


MOST_AXES = 32
"""Axes of a tensor at most: those that numpy 1 can have."""
LONGEST_NAME = 4096
"""Characters of a name at most: each prefix of it that is looked at takes the time of the rest."""
AGAIN = "copy or download the file again, or save it again"
"""What to do about a damaged file."""


def fits(shape: Sequence[int], dtype: str) -> bool:
    """Return whether numpy can have an array of a shape: also one with an axis of 0."""
    size = math.prod(max(each, 1) for each in shape) * DTYPES[dtype].itemsize
    return len(shape) <= MOST_AXES and size < 1 << 62


class Elements(Protocol):
    """Elements of a tensor, in the order of its last axis first (C order)."""

    def chunks(self, size: int) -> Iterator[memoryview]:
        """Yield their little-endian bytes, ``size`` at a time."""


@dataclass(frozen=True)
class Tensor:
    """A tensor: what a checkpoint says of it, and its bytes on demand.

    Attributes:
        name: its key.
        dtype: its type by torch's name, as in ``float32``; a key of ``dtypes.DTYPES``.
        shape: its shape.
        elements: reads or computes its bytes.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    elements: Elements = field(repr=False)

    @classmethod
    def of(cls, name: str, array: Array) -> Tensor:
        """Return a tensor of a numpy array, of a type that numpy has."""
        return cls.made(name, array.dtype.name, array.shape, lambda: array)

    @classmethod
    def made(
        cls, name: str, dtype: str, shape: tuple[int, ...], make: Callable[[], Array]
    ) -> Tensor:
        """Return a tensor whose array is computed when it is needed, each time again.

        Args:
            make: returns the array, as ``array`` would: raw bits for types that numpy lacks.
        """
        return cls(name, dtype, shape, _Made(make, shape, np.dtype(DTYPES[dtype].numpy)))

    @property
    def storage(self) -> tuple[Elements, str]:
        """Return what is equal for tied tensors: those that are the same bytes of a file."""
        return self.elements, self.dtype

    @property
    def count(self) -> int:
        """Return the number of elements."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Return the bytes of all elements."""
        return self.count * DTYPES[self.dtype].itemsize

    def renamed(self, name: str) -> Tensor:
        """Return the tensor under another name."""
        return replace(self, name=name)

    def chunks(self, size: int = PIECE) -> Iterator[memoryview]:
        """Yield its little-endian bytes in C order, at most ``size`` at a time.

        A piece is valid until the next one is asked for. All but the last have the same length, a
        multiple of the bytes of an element.

        Raises:
            SourceChangedError: the file is not what it was.
        """
        itemsize = DTYPES[self.dtype].itemsize
        return self.elements.chunks(max(size // itemsize, 1) * itemsize)

    def array(self) -> Array:
        """Return its array: raw bits for types that numpy lacks (see ``dtypes.decode``).

        Raises:
            SourceChangedError: the file is not what it was.
        """
        array = np.empty(self.count, DTYPES[self.dtype].numpy)
        raw, at = array.view(np.uint8).data, 0
        for piece in self.chunks():
            raw[at : at + len(piece)] = piece
            at += len(piece)
        return array.reshape(self.shape)

    def values(self) -> Array:
        """Return its array with the values as numbers: float32 for types that numpy lacks."""
        return decode(self.array(), self.dtype)

    def blocks(self, count: int) -> Iterator[Array]:
        """Yield its values in C order as flat arrays, ``count`` elements at a time."""
        kind = DTYPES[self.dtype]
        for piece in self.chunks(count * kind.itemsize):
            yield decode(np.frombuffer(piece, kind.numpy), self.dtype)


class OpenFile:
    """A file that stays open for reading while anything refers to it."""

    def __init__(self, path: Path) -> None:
        require_file(path)
        self.path = path
        with reading(path):
            self._descriptor = os.open(path, os.O_RDONLY)
            weakref.finalize(self, os.close, self._descriptor)
            status = os.fstat(self._descriptor)
        self.size = status.st_size
        self._changed = status.st_mtime_ns

    def read(self, offset: int, count: int) -> bytes:
        """Return bytes; fewer at the end of the file, and none outside of it."""
        if not 0 <= offset < self.size:
            return b""
        with reading(self.path):
            return os.pread(self._descriptor, min(count, self.size - offset), offset)

    def fill(self, buffer: memoryview, offset: int) -> None:
        """Read bytes into a buffer.

        Raises:
            SourceChangedError: the file has changed since it was opened.
        """
        with reading(self.path):
            status = os.fstat(self._descriptor)
            while buffer and (status.st_mtime_ns, status.st_size) == (self._changed, self.size):
                done = os.preadv(self._descriptor, [buffer], offset)
                if not done:
                    break
                buffer, offset = buffer[done:], offset + done
        if buffer:
            raise SourceChangedError(
                "the file changed while it was read", where=str(self.path), hint="try again"
            )


@dataclass(frozen=True)
class Stored:
    """Elements that are bytes of a file, one after the other.

    Attributes:
        file: the file.
        offset: the byte of the first element.
        size: bytes.
    """

    file: OpenFile
    offset: int
    size: int

    def chunks(self, size: int) -> Iterator[memoryview]:
        """Yield the bytes."""
        buffer = memoryview(bytearray(min(size, self.size)))
        for at in range(0, self.size, size):
            piece = buffer[: min(size, self.size - at)]
            self.file.fill(piece, self.offset + at)
            yield piece


@dataclass(frozen=True)
class Strided:
    """Elements that lie in a file in another order, or apart.

    Attributes:
        span: the bytes from the first one to the last one.
        shape: of the tensor; no axis is 0.
        strides: for each axis, the elements from one to the next.
        numpy: the type of elements in numpy.
    """

    span: Stored
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    numpy: str

    def chunks(self, size: int) -> Iterator[memoryview]:
        """Yield the bytes in C order; the span is read as a whole."""
        flat = np.empty(self.span.size // np.dtype(self.numpy).itemsize, self.numpy)
        self.span.file.fill(flat.view(np.uint8).data, self.span.offset)
        strides = tuple(stride * flat.itemsize for stride in self.strides)
        view = np.lib.stride_tricks.as_strided(flat, self.shape, strides, writeable=False)
        count = size // flat.itemsize
        for at in range(0, view.size, count):
            yield view.flat[at : at + count].view(np.uint8).data


@dataclass(frozen=True, eq=False)
class _Made:
    make: Callable[[], Array]
    shape: tuple[int, ...]
    numpy: np.dtype[np.generic]

    def chunks(self, size: int) -> Iterator[memoryview]:
        array = self.make()
        if array.shape != self.shape or array.dtype != self.numpy:
            raise ValueError(f"made {array.dtype} {array.shape}, not {self.numpy} {self.shape}")
        raw = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        for at in range(0, len(raw), size):
            yield raw[at : at + size].data
