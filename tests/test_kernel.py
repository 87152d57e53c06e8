"""The compiled kernel: what it takes is what the standard library reads, and only that."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import time
from array import array
from pathlib import Path

import pytest
from conftest import THOROUGH
from hypothesis import given, settings
from hypothesis import strategies as st

from cocosurgeon.annfile import kernel, walk
from cocosurgeon.annfile.listscan import ScanOptions
from cocosurgeon.annfile.scan import scan
from cocosurgeon.annfile.source import open_source

pytestmark = pytest.mark.skipif(not kernel.IS_IN_USE, reason="the compiled kernel is not in use")

SECONDS = float(os.environ.get("COCOSURGEON_FUZZ_SECONDS", "1"))
_NOT_ITS_TASK = re.compile(r"NaN|Infinity|\\[^\"]*\"[ \t\r\n]*:")


def takes(text: bytes) -> bool:
    """Return whether the kernel takes the records of a text up to its closing bracket."""
    found = kernel.scan(text + b"]", 0, ())
    return found.is_closed and found.after == len(text) + 1


def reads(text: bytes) -> bool:
    """Return whether the standard library reads a list of objects of it, none of them unusual."""
    try:
        values = json.loads(b"[" + text + b"]")
    except ValueError:
        return False
    return bool(values) and all(isinstance(value, dict) for value in values)


def record(value: str) -> bytes:
    return f'{{"a": {value}}}'.encode()


GOOD = [
    *("0", "-0", "10", "1.5", "-0.0", "0.001", "1e5", "1E+5", "1.5e-05", "123456789012345678901"),
    *("true", "false", "null", '""', '"x"', '"\\u00e9\\n\\/\\\\\\""', '"é€𝄞"', '"\\ud800"'),
    *(
        "[]",
        "{}",
        "[[]]",
        "[{}]",
        '{"b":[1, 2]}',
        "[ 1 , 2 ]",
        "[1,\n2]",
        "[1.0, 2.0]",
        "[[1],[2]]",
    ),
    *("9" * 4300, "9" * 5000 + ".0", "[" * 61 + "]" * 61, "[" + ", ".join(["1.25"] * 99) + "]"),
    *("[" + ",".join(["0.5", "10", "7"] * 30) + "]", '"' + "x" * 200 + '"', "[-1.5,-2]"),
]
BAD = [
    *(
        "01",
        "00.5",
        "-",
        "+1",
        ".5",
        "1.",
        "1.e5",
        "1e",
        "1e+",
        "--1",
        "1..5",
        "1.5.5",
        "0x1",
        "1_0",
    ),
    *("tru", "True", "nul", "nulll", "'x'", '"\t"', '"\x00"', '"\\x"', '"\\u12g4"', '"\\u123"'),
    *(
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1,,2]",
        "{,}",
        '{"b"}',
        '{"b":}',
        '{"b":1,}',
        "{1:2}",
        "[",
        "[}",
        "",
    ),
    *(
        "[" + ",".join(["1.5"] * 30) + sep + "2.5" + ",3.5" * 40 + "]"
        for sep in (",,", ". ", " ", ",.")
    ),
    *(
        "[" + ",".join(["1.5"] * 30 + [n] + ["2.25"] * 40) + "]"
        for n in ("01", "1.", "1.2.3", ".5")
    ),
    "9" * 4301,
]


@pytest.mark.parametrize("value", GOOD, ids=lambda v: v[:20])
def test_what_is_right_is_taken(value: str) -> None:
    text = record(value)
    assert reads(text)
    assert takes(text)
    assert takes(text.replace(b"{", b" \t{ ").replace(b"}", b" }\r\n"))


@pytest.mark.parametrize("value", BAD, ids=lambda v: v[:20])
def test_what_is_wrong_is_not(value: str) -> None:
    text = record(value)
    assert not reads(text)
    assert not takes(text)


@pytest.mark.parametrize(
    "text",
    [
        *(b"\x80", b"\xc0\x80", b"\xc3", b"\xe0\x80\x80", b"\xed\xa0\x80", b"\xf0\x80\x80\x80"),
        *(b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xff", b"\xe2\x82", b"\xc3\x28"),
    ],
)
def test_what_is_no_utf_8_is_not_taken(text: bytes) -> None:
    for filler in (b"", b"abcdefgh" * 3):
        assert not takes(b'{"a": "' + filler + text + b'"}')


@pytest.mark.parametrize(
    "value", ["NaN", "-Infinity", "[" * 70 + "]" * 70], ids=["nan", "infinity", "deep"]
)
def test_what_is_unusual_is_left_to_python(value: str) -> None:
    text = b'{"id": 1}, ' + record(value) + b', {"id": 3}]'
    found = kernel.scan(text, 100, (b"id",))
    assert (found.n, found.after, found.is_closed, found.is_plain) == (1, 111, False, False)
    assert not takes(b'{"\\u0069d": 1}')


def test_where_records_and_values_lie() -> None:
    text = b' {"id": 7, "x": {"id": 1}} ,{"n": "a, }", "id": -3, "id": 40}, {}]]'
    found = kernel.scan(text, 1000, (b"id", b"n", b"none"))
    assert (found.n, found.after, found.is_closed) == (3, 1000 + len(text) - 1, True)
    cells = array("q", found.records)
    spans = [text[a - 1000 : b - 1000] for a, b in zip(cells[::3], cells[1::3], strict=True)]
    assert spans == [b'{"id": 7, "x": {"id": 1}}', b'{"n": "a, }", "id": -3, "id": 40}', b"{}"]
    (ids, are_integers), (names, _), (none, _) = found.columns
    assert (array("q", ids)[2::3].tolist(), are_integers) == ([7, 40, 0], False)
    name = array("q", names)
    assert [text[a:b] for a, b in zip(name[::3], name[1::3], strict=True)] == [b"", b'"a, }"', b""]
    assert none == b""


@pytest.mark.parametrize("integer", [0, 7, -7, 10**17, 10**18 - 1, -(10**18) + 1])
def test_integers(integer: int) -> None:
    cells, are_integers = kernel.scan(b'{"id":%d}]' % integer, 0, (b"id",)).columns[0]
    assert are_integers
    assert array("q", cells)[2] == integer


@pytest.mark.parametrize("text", [b"1.0", b"1e3", b"%d" % 10**18, b'"7"', b"null", b"true"])
def test_what_is_no_plain_integer_is_decoded_by_python(text: bytes) -> None:
    assert not kernel.scan(b'{"id":' + text + b"}]", 0, (b"id",)).columns[0][1]


def test_a_record_that_the_text_cuts_is_none() -> None:
    text = b'{"id": 1, "p": [1.5, 2], "n": "\\u00e9\xc3\xa9", "t": true}, {"id": 2}]'
    for stop in range(len(text)):
        found = kernel.scan(text[:stop], 0, ())
        assert found.is_plain
        assert found.n == (stop > text.index(b"}, ") + 1)
        assert not found.is_closed


NUMBERS = st.one_of(
    st.integers(-(10**19), 10**19).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(["0", "0.5", "00", "1.", ".5", "1.5.2", "-", "1e5", "1 ", " 1", "  1", ""]),
)


@given(st.lists(NUMBERS, min_size=1, max_size=60), st.sampled_from([",", ", ", " ,"]))
@settings(max_examples=2000 if THOROUGH else 300)
def test_lists_of_numbers(numbers: list[str], separator: str) -> None:
    text = record("[" + separator.join(numbers) + "]")
    assert takes(text) == reads(text)


def test_random_changes() -> None:
    """Bytes of a record changed at random: the kernel takes what the standard library reads."""
    rng = random.Random(7)
    seed = json.dumps(
        {
            "segmentation": [[round(rng.random() * 500, 2) for _ in range(40)]],
            "area": 1234.5678,
            "bbox": [0.0, 10, 1e-05, 20.25],
            "id": 12345,
            "note": 'é \\ " \n',
            "more": {"a": [True, None, -1]},
        },
        ensure_ascii=False,
    ).encode()
    alphabet = b'0123456789.,, -+eE"\\[]{}: \x00\x1f\x80\xc3\xa9ntu'
    until = time.monotonic() + SECONDS
    taken = 0
    for _ in range(20_000):
        text = bytearray(seed)
        for _ in range(rng.choice((1, 1, 2, 5))):
            at = rng.randrange(len(text))
            if rng.random() < 0.3:
                del text[at]
            elif rng.random() < 0.5:
                text[at] = rng.choice(alphabet)
            else:
                text.insert(at, rng.choice(alphabet))
        changed = bytes(text)
        is_taken = takes(changed)
        taken += is_taken
        if is_taken or not _NOT_ITS_TASK.search(changed.decode(errors="replace")):
            assert is_taken == reads(changed), changed
        if time.monotonic() > until:
            break
    assert taken > 10


@pytest.mark.parametrize(("most", "digits"), [(0, 5000), (640, 600), (640, 700), (4300, 4400)])
def test_integers_are_as_long_as_this_python_reads(most: int, digits: int, tmp_path: Path) -> None:
    """One answer with and without the kernel, whatever limit Python has been given."""
    if not hasattr(sys, "get_int_max_str_digits"):
        pytest.skip("this Python has no limit")
    record = b'{"id": 1, "file_name": "a", "area": %s}' % (b"7" * digits)
    (tmp_path / "in.json").write_bytes(b'{"images": [%b, %b]}' % (record, record))
    ended = {
        subprocess.run(
            [
                *(sys.executable, "-m", "cocosurgeon", "subset", "in.json"),
                *("--where", "area > 1", "-o", "-", "-q"),
            ],
            cwd=tmp_path,
            env={**os.environ, "PYTHONINTMAXSTRDIGITS": str(most)} | pure,
            capture_output=True,
            check=False,
        ).returncode
        for pure in ({}, {"COCOSURGEON_PURE_PYTHON": "1"})
    }
    assert ended == {0 if not most or digits <= most else 3}


@pytest.mark.parametrize("odd", ['"\\u540d": 1', '"deep": ' + "[" * 70 + "]" * 70, '"x": NaN'])
@pytest.mark.parametrize("every", [1, 7])
def test_records_that_it_leaves_to_python_cost_no_more_than_without_it(
    odd: str, every: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the number of texts that are walked byte by byte, not by time."""
    plain, unusual = '{"id": %d, "n": 12345}', '{"id": %d, ' + odd + "}"
    records = [(plain if i % every else unusual) % i for i in range(4000)]
    path = tmp_path / "in.json"
    path.write_text('{"images": [' + ", ".join(records) + "]}")
    walked: list[int] = []

    def counted(text: bytes, most: int | None = None) -> walk.Elements:
        found = elements(text, most)
        walked.append(found.after)
        return found

    elements = walk.elements
    monkeypatch.setattr(walk, "elements", counted)
    bytes_walked = []
    for with_kernel in (True, False):
        walked.clear()
        document = scan(open_source(path), options=ScanOptions(kernel=with_kernel))
        bytes_walked.append(sum(walked))
        assert document.lists["images"].column("id").array.tolist() == list(range(4000))
    assert bytes_walked[0] <= 1.1 * bytes_walked[1] + 4000
