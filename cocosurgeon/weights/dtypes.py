"""Types of tensor elements: their names in torch and in safetensors files, and their values.

numpy has no bfloat16 and no 8-bit floats: an array of those holds their raw bits (uint16, uint8).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class DType:
    """Type of elements.

    Attributes:
        name: its name in torch, as in ``float32``.
        code: its name in safetensors files; None: those cannot hold it.
        numpy: the numpy type that holds it, little-endian; of raw bits where ``bits`` is set.
        storage: its storage class in torch; None where torch has none.
        bits: of a float that numpy lacks: bits of the exponent and of the fraction, the exponent's
            bias, and what the largest exponent holds.
    """

    name: str
    code: str | None
    numpy: str
    storage: str | None = None
    bits: tuple[int, int, int, str] | None = None

    @property
    def itemsize(self) -> int:
        """Return the bytes of an element."""
        return np.dtype(self.numpy).itemsize

    @property
    def is_float(self) -> bool:
        """Return whether elements are real floats."""
        return self.bits is not None or np.dtype(self.numpy).kind == "f"


DTYPES = {
    each.name: each
    for each in (
        DType("float64", "F64", "<f8", "DoubleStorage"),
        DType("float32", "F32", "<f4", "FloatStorage"),
        DType("float16", "F16", "<f2", "HalfStorage"),
        DType("bfloat16", "BF16", "<u2", "BFloat16Storage", (8, 7, 127, "ieee")),
        DType("float8_e4m3fn", "F8_E4M3", "u1", None, (4, 3, 7, "fn")),
        DType("float8_e5m2", "F8_E5M2", "u1", None, (5, 2, 15, "ieee")),
        DType("float8_e4m3fnuz", "F8_E4M3FNUZ", "u1", None, (4, 3, 8, "fnuz")),
        DType("float8_e5m2fnuz", "F8_E5M2FNUZ", "u1", None, (5, 2, 16, "fnuz")),
        DType("float8_e8m0fnu", "F8_E8M0", "u1", None, (8, 0, 127, "scale")),
        DType("int64", "I64", "<i8", "LongStorage"),
        DType("int32", "I32", "<i4", "IntStorage"),
        DType("int16", "I16", "<i2", "ShortStorage"),
        DType("int8", "I8", "i1", "CharStorage"),
        DType("uint64", "U64", "<u8"),
        DType("uint32", "U32", "<u4"),
        DType("uint16", "U16", "<u2"),
        DType("uint8", "U8", "u1", "ByteStorage"),
        DType("bool", "BOOL", "?", "BoolStorage"),
        DType("complex64", "C64", "<c8", "ComplexFloatStorage"),
        DType("complex128", None, "<c16", "ComplexDoubleStorage"),
    )
}
"""Types by their names in torch."""

OF_CODE = {each.code: each for each in DTYPES.values() if each.code}
OF_STORAGE = {each.storage: each for each in DTYPES.values() if each.storage}


def decode(array: Array, dtype: str) -> Array:
    """Return the values of raw bits as float32; other arrays as they are.

    Args:
        array: as ``Tensor.array`` returns it.
        dtype: the name of the type.
    """
    kind = DTYPES[dtype]
    if kind.bits is None:
        return array
    if dtype == "bfloat16":
        return (array.astype(np.uint32) << 16).view(np.float32)
    return _values(dtype)[array]


def encode(values: npt.ArrayLike, dtype: str) -> Array:
    """Return values as an array of a type, rounded to the nearest; see ``decode``.

    Of two values that are equally near, the one with an even fraction is taken.
    """
    kind = DTYPES[dtype]
    if kind.bits is None:
        numbers = np.asarray(values)
        is_whole = np.dtype(kind.numpy).kind in "iu"
        return (np.rint(numbers) if is_whole else numbers).astype(kind.numpy)
    exact = np.asarray(values, np.float32)
    if dtype == "bfloat16":
        raw = exact.view(np.uint32).astype(np.uint64)
        rounded = (raw + 0x7FFF + ((raw >> 16) & 1)) >> 16
        return np.where(np.isnan(exact), 0x7FC0, rounded).astype(np.uint16)
    table = _values(dtype)
    places = np.flatnonzero(np.isfinite(table))
    # bits of equal values (both zeros): the first; an even fraction is the lower bit pattern
    order = places[np.lexsort((places & 1, table[places]))]
    known = table[order]
    after = np.clip(np.searchsorted(known, exact), 1, len(known) - 1)
    below, above = known[after - 1], known[after]
    nearer = (exact - below > above - exact) | (
        (exact - below == above - exact) & (order[after] & 1 == 0)
    )
    bits = np.where(nearer, order[after], order[after - 1]).astype(np.uint8)
    nans = np.flatnonzero(np.isnan(table))
    return np.where(np.isnan(exact), nans[0], bits).astype(np.uint8)


@cache
def _values(dtype: str) -> npt.NDArray[np.float32]:
    """Return the values of all 256 bit patterns of an 8-bit float."""
    bits = DTYPES[dtype].bits
    assert bits is not None
    exponent_bits, fraction_bits, bias, top = bits
    values = np.empty(256, np.float32)
    for raw in range(256):
        fraction = raw & ((1 << fraction_bits) - 1)
        exponent = (raw >> fraction_bits) & ((1 << exponent_bits) - 1)
        sign = -1.0 if raw >> (exponent_bits + fraction_bits) & 1 else 1.0
        is_top = exponent == (1 << exponent_bits) - 1
        if top == "scale":
            value = float("nan") if is_top else 2.0 ** (exponent - bias)
        elif (top == "fnuz" and raw == 0x80) or (
            top == "fn" and is_top and fraction == (1 << fraction_bits) - 1
        ):
            value = float("nan")
        elif top == "ieee" and is_top:
            value = float("nan") if fraction else sign * float("inf")
        elif exponent == 0:
            value = sign * fraction * 2.0 ** (1 - bias - fraction_bits)
        else:
            value = sign * (1 + fraction / (1 << fraction_bits)) * 2.0 ** (exponent - bias)
        values[raw] = value
    return values
