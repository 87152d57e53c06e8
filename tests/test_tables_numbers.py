"""Arrays of numbers apart from the text of records: the same text again, and the numbers of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import examples
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("pyarrow", reason="pyarrow is not installed")
from cocosurgeon.tables.numbers import put_back, taken_out

NUMBERS = st.one_of(
    st.integers(0, 70_000).map(lambda n: repr(n / 100)),
    st.integers(0, 70_000).map(str),
    st.sampled_from(["1e3", "-0", "-1.5", "0.125", "1.50", "12345678901234567890", "99999.99"]),
)
SPACED = st.sampled_from([",", ", ", ",\n ", " ,"])


@st.composite
def texts(draw: st.DrawFn) -> tuple[list[bytes], bytes]:
    """Records with arrays of numbers in values and in strings, and what is between two numbers."""
    comma = draw(SPACED)
    kinds = [st.integers(-999, 70_000).map(lambda n: repr(n / 100)), st.integers(-9, 999).map(str)]
    found = []
    for _ in range(draw(st.integers(0, 5))):
        values = []
        for _ in range(draw(st.integers(0, 4))):
            own = draw(st.sampled_from([*kinds, NUMBERS]))
            between = draw(SPACED) if draw(st.booleans()) else comma
            array = f"[{between.join(draw(st.lists(own, max_size=9)))}]"
            forms = [array, f"[{array}]", f'{{"a": {array}}}', "[ ]", "[]", r'"\"["']
            forms.append(f'"{array}"'.replace("\n", ""))  # a string has no line break
            values.append(f'"k": {draw(st.sampled_from(forms))}')
        found.append(f"{{{comma.join(values)}}}".encode())
    return found, comma.encode()


@given(texts())
@examples(400)
def test_the_text_comes_back(made: tuple[list[bytes], bytes]) -> None:
    records, comma = made
    left, integers = taken_out(records, comma)
    assert list(put_back(left, integers, comma)) == records
    assert all(isinstance(json.loads(text), dict) for text in left)


@pytest.mark.parametrize(
    ("array", "left", "integers"),
    [
        ("[1.0,2.25,3.5,4.0,0.01,640.0]", "[]", [100, 225, 350, 400, 1, 64000]),
        ("[0,1,2,3,4,300000]", "[ ]", [0, 1, 2, 3, 4, 300000]),
        ("[1,2.5,3,4,5,6]", None, None),  # a mixture is written by another rule
        ("[1.0,2.50,3.5,4.0,0.01,6.0]", None, None),
        ("[-1.0,2.0,-3.55,4.0,0.01,-0.5]", "[]", [-100, 200, -355, 400, 1, -50]),
        ("[1.0,2.0,3.5,4.0,-0.0,6.0]", None, None),
        ("[1,2,3,4,5,3000000000]", None, None),
        ("[1.0,2.0,3.0,4.0,5.0,20000.0]", None, None),
        ("[1,2,3,4]", None, None),  # short
        ('"[0,1,2,3,4,5]"', None, None),
    ],
)
def test_what_is_taken(array: str, left: str | None, integers: Any) -> None:
    records = [f'{{"id": 1, "a": {array}}}'.encode(), b'{"id": 2}']
    found, numbers = taken_out(records, b",")
    assert found[0] == (records[0] if left is None else f'{{"id": 1, "a": {left}}}'.encode())
    assert numbers.to_pylist() == [None if integers is None else [integers], None]


def test_other_numbers_than_were_taken_are_refused() -> None:
    left, numbers = taken_out([b"[0,1,2,3,4,5]", b"[0,1,2,3,4,5]"], b",")
    with pytest.raises(ValueError, match="not those that were taken"):
        list(put_back([b"", left[1]], numbers, b","))
