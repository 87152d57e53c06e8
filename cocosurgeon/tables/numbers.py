"""Long arrays of numbers in the text of records, apart from it as integers, and put back.

Digits are most of a file, and integers take far less room. An array is taken only where its text
can be made again from the integers: that is tried for each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice

import numpy as np
import pyarrow as pa
from pyarrow import compute

from cocosurgeon.annfile.columns import Array, Numbers
from cocosurgeon.annfile.document import Records

TYPE = pa.list_(pa.list_(pa.int32()))
_DECIMALS, _WHOLE = b"[]", b"[ ]"
"""What the text has in the place of an array: its integers are hundredths, or the numbers."""
_MARK = re.compile(rb"(\[ ?\])")
_LEAST = 6
"""Numbers of an array that is taken: of the shortest polygon."""
_MOST, _MOST_WHOLE = 1 << 20, 1 << 31
"""An array with a hundredth, or a whole number, that is so large stays in the text."""


@dataclass(frozen=True, eq=False)
class Arrays:
    """Arrays of numbers.

    Attributes:
        offsets: where the integers of each begin, and in the end their number.
        integers: of all arrays.
        are_whole: whether an array has whole numbers; else its integers are hundredths.
    """

    offsets: Numbers
    integers: Numbers
    are_whole: Array

    def texts(self, separator: str) -> pa.Array:
        """Return what is between the brackets of each array."""
        is_whole = np.repeat(self.are_whole, np.diff(self.offsets))
        hundredths = np.where(is_whole, 0, self.integers)
        count = 1 << int(np.abs(hundredths).max(initial=1)).bit_length()
        spelled = _spellings(count).take(pa.array(hundredths + count))
        if is_whole.any():
            whole = pa.array(self.integers).cast(pa.string())
            spelled = compute.if_else(pa.array(is_whole), whole, spelled)
        lists = pa.ListArray.from_arrays(pa.array(self.offsets, pa.int32()), spelled)
        return compute.binary_join(lists, separator)

    @classmethod
    def read(cls, texts: pa.Array, separator: str) -> Arrays:
        """Read arrays. Of one that cannot be written as these integers, they are other numbers.

        Raises:
            ArrowInvalid: something else is between separators.
        """
        lists = compute.split_pattern(texts, separator)
        offsets = lists.offsets.to_numpy().astype(np.int64)
        are_whole = ~compute.match_substring(texts, ".").to_numpy(zero_copy_only=False)
        is_whole = np.repeat(are_whole, np.diff(offsets))
        numbers = lists.values.cast(pa.float64()).to_numpy()
        numbers = np.where(is_whole, numbers, np.rint(numbers * 100))
        is_small = np.abs(numbers) < np.where(is_whole, _MOST_WHOLE, _MOST)
        return cls(offsets, np.where(is_small, numbers, 0).astype(np.int64), are_whole)


@cache
def _spellings(count: int) -> pa.Array:
    """Return the texts of hundredths, from the negative of a number to the number."""
    return pa.array([repr(n / 100) for n in range(-count, count)])


def comma_of(records: Records) -> bytes:
    """Return what is between two numbers of an array, as the first of the records has it."""
    first = records.texts(np.arange(min(records.count, 1000)))
    found = (re.search(rb"\[[0-9.]+(\s*,\s*)[0-9]", text) for _, _, text in first)
    return next((match[1] for match in found if match), b",")


def taken_out(records: Sequence[bytes], separator: bytes) -> tuple[list[bytes], pa.Array]:
    """Return the text of records without long arrays of numbers, and the integers of these.

    A record from which none is taken is as it was, and null in the second.

    Args:
        separator: what is between two numbers of an array.
    """
    pieces = [_pieces(record, separator) for record in records]
    texts = pa.array([text for each in pieces for text in each[1::2]], pa.string())
    try:
        arrays = Arrays.read(texts, separator.decode())
    except pa.ArrowInvalid:
        return list(records), pa.nulls(len(records), TYPE)
    is_same = compute.equal(arrays.texts(separator.decode()), texts).to_numpy(zero_copy_only=False)
    sizes = np.diff(arrays.offsets)
    inner = np.append(0, np.cumsum(sizes[is_same]))
    integers = arrays.integers[np.repeat(is_same, sizes)]
    per_record = np.array([len(each) // 2 for each in pieces], np.int64)
    owners = np.repeat(np.arange(len(records)), per_record)
    counts = np.bincount(owners[is_same], minlength=len(records))
    marks = iter(np.where(is_same, np.where(arrays.are_whole, _WHOLE, _DECIMALS), b"").tolist())
    for each in pieces:
        own = islice(marks, len(each) // 2)
        each[1::2] = [mark or b"[%b]" % text for mark, text in zip(own, each[1::2], strict=True)]
    outer = pa.array(np.append(0, np.cumsum(counts)), pa.int32())
    lists = pa.ListArray.from_arrays(pa.array(inner, pa.int32()), pa.array(integers, pa.int32()))
    left = [b"".join(each) for each in pieces]
    return left, pa.ListArray.from_arrays(outer, lists, mask=pa.array(counts == 0))


def _pieces(record: bytes, separator: bytes) -> list[bytes]:
    """Return the text of a record, parted at long arrays of numbers: each second piece is what is
    between the brackets of one."""
    if b"\\" in record or _DECIMALS in record or _WHOLE in record:
        return [record]
    first, *parts = record.split(b"[")
    pieces = [first]
    quotes = first.count(b'"')
    for part in parts:
        text, bracket, after = part.partition(b"]")
        is_long = bracket and text.count(separator) >= _LEAST - 1
        # an odd number of quotes: the bracket is in a string
        if is_long and quotes % 2 == 0 and not text.translate(None, b"-0123456789." + separator):
            pieces += [text, after]
        else:
            pieces[-1] += b"[" + part
        quotes += part.count(b'"')
    return pieces


def put_back(records: Sequence[bytes], integers: pa.Array, separator: bytes) -> Iterator[bytes]:
    """Yield the text of records as it was; see ``taken_out``.

    Raises:
        ValueError: a record has other arrays than integers.
    """
    has_arrays = compute.is_valid(integers).to_pylist()
    lists = integers.flatten()
    pieces = [
        _MARK.split(record) if has else [record]
        for record, has in zip(records, has_arrays, strict=True)
    ]
    are_whole = np.array([mark == _WHOLE for each in pieces for mark in each[1::2]], np.bool_)
    if len(are_whole) != len(lists):
        raise ValueError("the arrays of a record are not those that were taken out of it")
    flat = lists.flatten().to_numpy().astype(np.int64)
    offsets = np.append(0, np.cumsum(compute.list_value_length(lists).to_numpy()))
    texts = iter(Arrays(offsets, flat, are_whole).texts(separator.decode()).to_pylist())
    for each in pieces:
        each[1::2] = [b"[%b]" % text.encode() for text in islice(texts, len(each) // 2)]
        yield b"".join(each)
