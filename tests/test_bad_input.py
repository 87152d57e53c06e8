"""Bad input: a clear error with its place, exit code 3, nothing left behind, no traceback."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from conftest import Cli, left_behind

from cocosurgeon import (
    CocosurgeonError,
    DataError,
    EncodingError,
    FormatError,
    JSONSyntaxError,
    SourceUnavailableError,
    StructureError,
    read,
)
from cocosurgeon.annfile.document import Document, Member
from cocosurgeon.annfile.source import Source

Put = Callable[..., Path]

GOOD = '{"images": [{"id": 1}, {"id": 2}], "annotations": [{"id": 1, "image_id": 1}]}'


def error_of(path: Path) -> CocosurgeonError:
    with pytest.raises(CocosurgeonError) as caught:
        read(path)
    return caught.value


@pytest.mark.parametrize(
    ("text", "kind", "says", "offset"),
    [
        ("", FormatError, "empty", 0),
        (" \n\t ", FormatError, "empty", 0),
        (b"PK\x03\x04rest", FormatError, "zip archive", 0),
        (b"\x1f\x8b\x08rest", FormatError, "gzip data", None),
        (b"\x89PNG\r\n", FormatError, "PNG image", 0),
        (b"version https://git-lfs.github.com/spec/v1\n", FormatError, "Git LFS pointer", 0),
        (b"x" * 257 + b"ustar", FormatError, "tar archive", 0),
        (GOOD.encode("utf-16"), EncodingError, "UTF-16", 0),
        (GOOD.encode("utf-16-le"), EncodingError, "UTF-16", 0),
        (GOOD.encode("utf-32"), EncodingError, "UTF-32", 0),
        ("[1, 2]", StructureError, "results[0] is a number", 1),
        ("3", StructureError, "the file holds a number", 0),
        ('"images"', StructureError, "the file holds a string", 0),
        ("hello", JSONSyntaxError, "a value is missing", 0),
        ("{}", StructureError, "no list 'images'", None),
        ('{"annotations": []}', StructureError, "no list 'images'", None),
        ('{"images": {}}', StructureError, "'images' is an object", 11),
        ('{"images": null}', StructureError, "'images' is null", 11),
        ('{"images": [], "annotations": 3}', StructureError, "'annotations' is a number", 30),
        ('{"images": [{"id": 1}, 7]}', StructureError, "images[1] is a number", 23),
        ('{"images": [[]]}', StructureError, "images[0] is a list", 12),
        (GOOD + "x", JSONSyntaxError, "something follows", len(GOOD)),
        (GOOD + "\n{}", JSONSyntaxError, "something follows", len(GOOD) + 1),
        (GOOD + "\x00", JSONSyntaxError, "something follows", len(GOOD)),
        (GOOD[:-1], JSONSyntaxError, "truncated", len(GOOD) - 1),
        (GOOD[:-2], JSONSyntaxError, "truncated", len(GOOD) - 2),
        (GOOD[:-3], JSONSyntaxError, "truncated", len(GOOD) - 3),
        (GOOD[:35], JSONSyntaxError, "truncated", 35),
        (GOOD[:20], JSONSyntaxError, "truncated", 20),
        (GOOD[:12], JSONSyntaxError, "truncated", 12),
        (GOOD[:11], JSONSyntaxError, "truncated", 11),
        (GOOD[:5], JSONSyntaxError, "truncated", 5),
        ("{", JSONSyntaxError, "truncated", 1),
        ("[", JSONSyntaxError, "truncated", 1),
        ('{"images": [{"id": 1,}]}', JSONSyntaxError, "broken JSON in images[0]", None),
        ('{"images": [{"id": 1},]}', JSONSyntaxError, "expected a value", 22),
        ('{"images": [{"id": 1} {"id": 2}]}', JSONSyntaxError, "expected ','", 22),
        ('{"images": [{"id": 1]}', JSONSyntaxError, "a comma is missing", 20),
        ('{"images": [],}', JSONSyntaxError, "expected a key", 14),
        ('{"images" []}', JSONSyntaxError, "expected ':'", 10),
        ("{'images': []}", JSONSyntaxError, "expected a key", 1),
        ('{"images": [] "x": 1}', JSONSyntaxError, "expected ','", 14),
        ('{"images": [], "x": }', JSONSyntaxError, "expected a value", 20),
        ('{"images": [], "x": nul}', JSONSyntaxError, "a value is missing", 20),
        ('{"images": [], "x": 01}', JSONSyntaxError, "something follows the value", 21),
        ('{"images": [{"id": 1, "n": "a\nb"}]}', JSONSyntaxError, "control character", 29),
        ('{"images": [{"id": 1, "n": "a\\x"}]}', JSONSyntaxError, "escape", 29),
        ('{"images": [{"id": 01}]}', JSONSyntaxError, "a comma is missing", 20),
        (b'{"images": [{"id": 1, "n": "\xff"}]}', EncodingError, "byte 0xff at offset 28", 28),
        (b'{"images": [], "x": "caf\xe9"}', EncodingError, "not UTF-8: byte 0xe9", 24),
        (b'{"images": [], "caf\xe9": 1}', EncodingError, "byte 0xe9 at offset 19", 19),
        ('{"images": [], "x": "日本語"}'.encode("shift_jis"), EncodingError, "byte 0x93", 21),
        ('{"images": [], "x": "한국어"}'.encode("euc_kr"), EncodingError, "byte 0xc7 at", 21),
        ('{"images": [], "x": "中文"}'.encode("gbk"), EncodingError, "iconv -f ENCODING", 21),
    ],
)
def test_each_has_its_own_words_and_place(
    text: str | bytes, kind: type[DataError], says: str, offset: int | None, put: Put
) -> None:
    error = error_of(put(text))
    assert isinstance(error, kind)
    assert type(error) is kind
    assert says in str(error)
    assert error.exit_code == 3
    assert "in.json" in str(error)
    if offset is not None:
        assert isinstance(error, DataError)
        assert error.offset == offset


def test_a_broken_record_far_into_a_large_file_is_named(put: Put) -> None:
    records = [f'{{"id": {i}, "name": "{"x" * 100}"}}' for i in range(5000)]
    records[4321] = '{"id": 4321, "name": "bro\tken"}'
    text = '{"images": [' + ",\n".join(records) + "]}"
    error = error_of(put(text))
    assert "images[4321]" in str(error)
    assert isinstance(error, DataError)
    assert error.offset == text.index("\t")


def test_a_missing_quote_in_the_middle_is_an_error(put: Put) -> None:
    records = [f'{{"id": {i}, "name": "n{i}"}}' for i in range(3000)]
    records[1500] = '{"id": 1500, "name": "n1500}'
    error = error_of(put('{"images": [' + ", ".join(records) + "]}"))
    assert isinstance(error, JSONSyntaxError)


def test_deep_nesting_is_an_error(put: Put) -> None:
    deep = "[" * 100_000 + "]" * 100_000
    error = error_of(put(f'{{"images": [], "x": {deep}}}'))
    assert "nested too deeply" in str(error)
    error = error_of(put(f'{{"images": [{{"id": 1, "x": {deep}}}]}}'))
    assert "nested too deeply" in str(error)


def test_a_source_that_cannot_be_opened(tmp_path: Path, cli: Cli) -> None:
    for path, says in ((tmp_path / "none.json", "No such file"), (tmp_path, "directory")):
        error = error_of(path)
        assert isinstance(error, SourceUnavailableError)
        assert says in str(error)
        assert cli("subset", path, "--first", 1).code == 2


def test_gzip_by_its_bytes(put: Put, cli: Cli) -> None:
    assert b"".join(read(put(GOOD, "plain.json.gz")).text()) == GOOD.encode()
    packed = gzip.compress(GOOD.encode())
    assert b"".join(read(put(packed, "packed.json")).text()) == GOOD.encode()
    assert cli("subset", "-", "-o", "-", stdin=packed).out == GOOD
    cut = gzip.compress(GOOD.encode() * 200)[:-20]
    assert "the gzip data is damaged" in str(error_of(put(cut, "cut.json.gz")))
    damaged = bytearray(gzip.compress(GOOD.encode()))
    damaged[-6] ^= 0xFF
    broken = put(bytes(damaged), "damaged.json.gz")
    assert isinstance(error_of(broken), FormatError)
    for verb in (
        ["subset"],
        ["verify"],
        ["explain", "--image", 1],
        ["layout", "--gather", "o", "--of"],
    ):
        ended = cli(*verb, broken)
        assert (ended.code, "the gzip data is damaged" in ended.err) == (3, True), verb
        assert "next: copy or download the file again" in ended.err
    path = put(gzip.compress(GOOD.encode()), "good.json.gz")
    assert b"".join(read(path).text()) == GOOD.encode()


def test_what_is_odd_but_no_error(put: Put) -> None:
    """Ids of every type, none at all, keys that stand twice: read, kept, told."""
    text = (
        '{"images": [{"id": 1}], "images": [{"id": 2}, {"id": null}, {"id": [1]}, {}, '
        '{"id": 2.0}], "annotations": [{"image_id": 2, "image_id": 7}, {"image_id": null}, {}]}'
    )
    whole = read(put(text))
    assert b"".join(whole.text()) == text.encode()
    assert whole.img_ids == [2, None, None, None]
    from cocosurgeon import summarize

    account = summarize(whole)
    assert account.repeated_keys == ("images",)
    assert account.unknown_images.total == 3
    assert account.repeated_img_ids.total == 1
    assert account.images_without_id.total == 3
    first = json.loads(b"".join(whole.first(1).text()))
    assert first["images"] == [{"id": 2}, {"id": 2.0}]
    assert first["annotations"] == []


@pytest.mark.parametrize(
    "text", ["", "[1]", GOOD[:-9], GOOD + "]", "\x00\x01", '{"images": [{"id": 1}'], ids=repr
)
def test_the_command_line_leaves_nothing_behind(
    text: str, put: Put, cli: Cli, tmp_path: Path
) -> None:
    put(text)
    ended = cli("subset", "in.json", "--first", 1, "-o", "out.json")
    assert ended.code == 3
    assert ended.err.startswith("cocosurgeon: error: ")
    assert ended.out == ""
    assert left_behind(tmp_path, "in.json") == set()


def test_huge_numbers_are_kept(put: Put) -> None:
    value: dict[str, Any] = {"images": [{"id": 10**4000}, {"id": 1}], "annotations": []}
    whole = read(put(json.dumps(value)))
    assert whole.img_ids == [10**4000, 1]
    assert json.loads(b"".join(whole.first(1).text()))["images"] == [{"id": 10**4000}]


def test_repeated_keys_are_found_by_looking_at_each_key_once() -> None:
    compared = 0

    class Key(str):
        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return str.__eq__(self, other)

    keys = [Key(f"key {i % 900}") for i in range(1000)]
    members = tuple(Member(key, 0, 0, None) for key in keys)
    source = cast(Source, None)  # it is not looked at
    document = Document(source, members, None, 0)
    assert document.repeated_keys == tuple(keys[:100])
    assert compared < 5 * len(keys)


@pytest.mark.parametrize(
    ("text", "sentence", "place"),
    [
        ('{"images": [\n {"id": 1, "file_name": "a\nb"}]}', "a raw control character", (2, 27, 39)),
        ('{"images": [], "categories": [{"id": 1,\n}]}', "a trailing comma", (2, 1, 40)),
        ('{"images": [{"id": 1}],\n\n "x": "é", }', "expected", None),
        ('\ufeff{"images": [{"file_name": "é", "id" 1}]}', "a colon is missing", (1, 37, 40)),
    ],
)
def test_broken_json_has_a_line_a_column_and_a_byte_in_every_verb(
    text: str, sentence: str, place: tuple[int, int, int] | None, put: Put, cli: Cli
) -> None:
    put(text)
    seen = set()
    for verb in (
        *(
            ["subset", "-o", "-"],
            ["remap", "--renumber"],
            ["verify"],
            ["layout", "--gather", "o", "--of"],
        ),
        *(["explain", "--image", "1"], ["spaces", "--guess"], ["snippet", "--for", "mmdet3"]),
        ["dump", "--loader", "detr"],
    ):
        ended = cli(*verb, "in.json")
        assert ended.code == 3 and "broken JSON" in ended.err, verb
        assert place is None or sentence in ended.err, (verb, ended.err)
        seen.add(re.findall(r"line (\d+), column (\d+), byte (\d+)", ended.err)[0])
    assert place is None or seen == {tuple(map(str, place))}
    assert len(seen) == 1
