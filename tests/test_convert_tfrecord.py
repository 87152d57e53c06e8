"""TFRecord: the bytes of records, shards, masks, label maps; what is broken is named."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import SAMPLE, Cli, examples
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pycocotools import mask as masks

from cocosurgeon.formats.crc32c import crc32c
from cocosurgeon.formats.format import Part
from cocosurgeon.formats.registry import make_format
from cocosurgeon.formats.tf_example import Values, decode, encode
from cocosurgeon.formats.tfrecord_file import read_records, write_records

IMAGES = SAMPLE.parents[1] / "sample2017"


def parsed(path: Path) -> dict[str, Any]:
    """An annotation file, by the standard library."""
    document: dict[str, Any] = json.loads(path.read_bytes())
    return document


# ---- bytes


@pytest.mark.parametrize(
    ("data", "crc"),
    [
        (b"", 0),
        (b"123456789", 0xE3069283),
        (bytes(32), 0x8A9136AA),
        (bytes([255]) * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
    ],
)
def test_the_checksums_of_the_rfc(data: bytes, crc: int) -> None:
    assert crc32c(data) == crc


@given(st.integers(0, 3000), st.randoms(use_true_random=False))
@examples(200)
def test_a_checksum_is_that_of_one_bit_after_another(size: int, random: Any) -> None:
    data = random.randbytes(size)
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    assert crc32c(data) == crc ^ 0xFFFFFFFF


VALUES = st.one_of(
    st.lists(st.binary(max_size=20), max_size=4),
    st.lists(st.integers(-(2**63), 2**63 - 1), max_size=4).map(lambda v: np.array(v, np.int64)),
    st.lists(st.floats(width=32, allow_nan=False), max_size=4).map(
        lambda v: np.array(v, np.float32)
    ),
)


@given(st.dictionaries(st.text(max_size=9), VALUES, max_size=5))
@examples(300)
def test_an_example_comes_back(features: dict[str, Values]) -> None:
    data = encode(features)
    assert data == encode(dict(reversed(features.items())))
    found = decode(data)
    assert {k: list(v) for k, v in found.items()} == {k: list(v) for k, v in features.items()}


def test_an_example_is_the_bytes_of_protobuf() -> None:
    features: dict[str, Values] = {
        "b": [b"x", b""],
        "a": np.array([1, -1], np.int64),
        "c": np.array([0.5], np.float32),
    }
    ints = b"\x1a\x0d\x0a\x0b\x01" + b"\xff" * 9 + b"\x01"
    expected = b"".join(
        b"\x0a" + bytes([len(entry)]) + entry
        for entry in (
            b"\x0a\x01a\x12" + bytes([len(ints)]) + ints,
            b"\x0a\x01b\x12\x07\x0a\x05\x0a\x01x\x0a\x00",
            b"\x0a\x01c\x12\x08\x12\x06\x0a\x04\x00\x00\x00\x3f",
        )
    )
    assert encode(features) == b"\x0a" + bytes([len(expected)]) + expected
    unpacked = b"\x0a\x0b\x0a\x09\x0a\x01a\x12\x04\x1a\x02\x08\x07"
    assert decode(unpacked)["a"] == np.array([7])


@given(st.binary(max_size=60))
@examples(300)
def test_any_bytes_are_an_example_or_a_value_error(data: bytes) -> None:
    try:
        decode(data)
    except ValueError as error:
        assert str(error)


def test_a_broken_record_is_named_with_its_byte(tmp_path: Path) -> None:
    path = tmp_path / "a.tfrecord"
    write_records(path, [b"one", b"second" * 30, b"third"])
    data = path.read_bytes()
    index = [
        tuple(map(int, ln.split())) for ln in (tmp_path / "a.tfindex").read_text().split("\n")[:-1]
    ]
    assert [record for _, record in read_records(path)] == [b"one", b"second" * 30, b"third"]
    assert index == [(0, 19), (19, 196), (215, 21)]
    for at in range(len(data)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        start = max(first for first, _ in index if first <= at)
        with pytest.raises(Exception, match=f"byte {start}\n"):
            [*read_records(path)]
    for at in set(range(1, len(data))) - {19, 215}:
        path.write_bytes(data[:at])
        with pytest.raises(Exception, match="next: copy or write it again"):
            [*read_records(path)]


# ---- shards


@given(st.lists(st.integers(0, 100), min_size=1, max_size=40), st.integers(1, 300))
@examples(300)
def test_shards_hold_all_images_in_order(sizes: list[int], most: int) -> None:
    part = Part("train", [str(n) for n in range(len(sizes))], sizes)
    units = [*make_format("tfrecord", {"shard_size": most}).units(part)]
    assert [name for name, _, _ in units] == [
        f"{n:05}-of-{len(units):05}" for n in range(len(units))
    ]
    assert (units[0][1], units[-1][2]) == (0, len(sizes))
    assert all(one[2] == other[1] for one, other in pairwise(units))
    for _, first, stop in units:
        assert stop > first
        assert sum(sizes[first:stop]) <= most or sum(sizes[first : stop - 1]) == 0
    count = min(most, len(sizes))
    units = [*make_format("tfrecord", {"shards": count}).units(part)]
    counts = [stop - first for _, first, stop in units]
    assert len(units) == count
    assert (sum(counts), max(counts) - min(counts) <= 1) == (len(sizes), True)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--shards", 0), "'0' is not a number of shards"),
        (("--shard-size", "big"), "'big' is not a size"),
        (("--shards", 2, "--shard-size", "1MB"), "give only one"),
        (("--shards", 129), "sample2017 has 128 images, too few for 129 shards"),
        (("--no-images",), "tfrecord has no folder of images"),
    ],
)
def test_wrong_shards_are_refused(
    cli: Cli, tmp_path: Path, options: tuple[object, ...], words: str
) -> None:
    done = cli("convert", SAMPLE, "--to", "tfrecord", *options, "--allow-loss", "-o", "t")
    assert done.code == 2
    assert words in done.err
    assert not (tmp_path / "t").exists()


# ---- to and from


def test_the_sample_comes_back_with_masks(cli: Cli, tmp_path: Path) -> None:
    options = ("--to", "tfrecord", "--masks", "--shards", 3, "--allow-loss")
    done = cli("convert", SAMPLE, *options, "-o", "t")
    assert (done.code, done.out) == (0, "t\n")
    assert "lost: 1 unusable mask: only the boxes are written" in done.err
    assert "lost: 6 boxes over the image's edge: cut off there" in done.err
    assert "crowd" not in done.err
    names = sorted(path.name for path in (tmp_path / "t").iterdir())
    assert names[2:4] == [f"sample2017-00000-of-00003.{e}" for e in ("tfindex", "tfrecord")]
    assert cli("convert", SAMPLE, *options, "-o", "again").code == 0
    for name in names:
        assert (tmp_path / "t" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    assert cli("convert", "t", "--from", "tfrecord", "-o", "back.json").code == 0
    before, after = parsed(SAMPLE), parsed(tmp_path / "back.json")
    assert after["categories"] == before["categories"]
    sizes = {i["id"]: (i["width"], i["height"]) for i in before["images"]}
    whole = 0
    for old, new in zip(before["annotations"], after["annotations"], strict=True):
        for key in ("id", "image_id", "category_id", "iscrowd", "area"):
            assert new[key] == old[key]
        width, height = sizes[old["image_id"]]
        x, y, w, h = old["bbox"]
        if x < 0 or x + w > width or y + h > height:
            right, bottom = min(x + w, width), min(y + h, height)
            assert np.allclose(new["bbox"], [max(x, 0), y, right - max(x, 0), bottom - y])
            continue
        assert new["bbox"] == old["bbox"]
        drawn = _run_lengths(old["segmentation"], width, height)
        if not masks.area(drawn):
            assert "segmentation" not in new
            continue
        assert masks.iou([drawn], [new["segmentation"]], [0]) == [[1]]
        whole += 1
    assert whole == 578


def _run_lengths(mask: Any, width: int, height: int) -> Any:
    if isinstance(mask, list):
        return masks.merge(masks.frPyObjects(mask, height, width))
    return masks.frPyObjects(mask, height, width) if isinstance(mask["counts"], list) else mask


def test_without_the_manifest_ids_are_those_of_source_id_and_label(
    cli: Cli, tmp_path: Path
) -> None:
    cli("convert", f"a={SAMPLE}", "--first", 9, "--to", "tfrecord", "--allow-loss", "-o", "t")
    (tmp_path / "t/cocosurgeon.json").unlink()
    file = "t/a-00000-of-00001.tfrecord"
    assert cli("convert", file, "--from", "tfrecord", "-o", "back.json").code == 0
    before, after = parsed(SAMPLE), parsed(tmp_path / "back.json")
    assert [i["id"] for i in after["images"]] == [i["id"] for i in before["images"][:9]]
    assert [c["name"] for c in after["categories"]] == [c["name"] for c in before["categories"]]
    assert [c["id"] for c in after["categories"]] == [*range(1, 81)]
    features = [decode(record) for _, record in read_records(tmp_path / file)]
    image = (IMAGES / before["images"][0]["file_name"]).read_bytes()
    assert features[0]["image/encoded"] == [image]
    assert features[0]["image/format"] == [b"jpeg"]


def test_crowds_to_be_ignored_are_difficult(cli: Cli, tmp_path: Path) -> None:
    cli("convert", SAMPLE, "--to", "tfrecord", "--crowds", "ignore", "--allow-loss", "-o", "t")
    (tmp_path / "t/cocosurgeon.json").unlink()
    cli("convert", "t", "--from", "tfrecord", "-o", "back.json")
    before, after = parsed(SAMPLE)["annotations"], parsed(tmp_path / "back.json")["annotations"]
    ignored = [a for a in before if a["iscrowd"] or a.get("ignore")]
    assert sum(a.get("ignore", 0) for a in after) == len(ignored) == 14
    assert sum(a["iscrowd"] for a in after) == 8


# ---- records of others

Write = Callable[..., Path]
BOX = {f"image/object/bbox/{k}": np.array([v], np.float32) for k, v in
       zip(("xmin", "ymin", "xmax", "ymax"), (0.25, 0.5, 0.75, 1), strict=True)}  # fmt: skip
SIZE: dict[str, Values] = {
    "image/width": np.array([8], np.int64),
    "image/height": np.array([4], np.int64),
}
ONE: dict[str, Values] = {**SIZE, **BOX, "image/object/class/label": np.array([7], np.int64)}


def png(size: tuple[int, int]) -> bytes:
    """An empty image."""
    stream = io.BytesIO()
    Image.new("L", size).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture
def shards(tmp_path: Path) -> Write:
    """Write shards, each of one record, and a label map."""

    def write(records: dict[str, dict[str, Values]], label_map: str = "") -> Path:
        (tmp_path / "r").mkdir()
        for name, features in records.items():
            write_records(tmp_path / "r" / name, [encode(features)])
        if label_map:
            (tmp_path / "r/my_map.pbtxt").write_text(label_map)
        return tmp_path / "r"

    return write


MAP = """# comment { }
item {
  name: "/m/1"
  id: 3
  display_name: 'a "b" {\\303\\200}'
  keypoints { id: 9 label: "nose" }
}
item: { id: 7, name: "dog" }
"""


def test_a_label_map_with_gaps_and_display_names(cli: Cli, shards: Write, tmp_path: Path) -> None:
    more: dict[str, Values] = {"image/object/truncated": np.array([1], np.int64)}
    text: dict[str, Values] = {"image/object/class/text": [b"dog"]}
    path = shards({"x.record-00000-of-00001": {**ONE, **text, **more}}, MAP)
    done = cli("convert", path, "--from", "tfrecord", "-o", "back.json")
    assert "image/object/truncated of objects, dropped (1)" in done.err
    found = parsed(tmp_path / "back.json")
    assert [(c["id"], c["name"]) for c in found["categories"]] == [(3, 'a "b" {À}'), (7, "dog")]
    assert [(a["category_id"], a["bbox"]) for a in found["annotations"]] == [(7, [2, 2, 4, 2])]
    assert found["images"] == [{"id": 1, "file_name": "0.jpg", "width": 8, "height": 4}]


def test_a_size_that_is_missing_is_read_from_the_image(
    cli: Cli, shards: Write, tmp_path: Path
) -> None:
    features: dict[str, Values] = {"image/encoded": [png((6, 5))], "image/filename": [b"a\\b.png"]}
    path = shards({"x.tfrecords": features}, MAP)
    assert cli("convert", path, "--from", "tfrecord", "-o", "back.json").code == 0
    (image,) = parsed(tmp_path / "back.json")["images"]
    assert (image["file_name"], image["width"], image["height"]) == ("a/b.png", 6, 5)


@pytest.mark.parametrize(
    ("features", "words"),
    [
        ({}, "no size, and no image"),
        ({**SIZE, **BOX}, "another number of corners or labels"),
        ({**ONE, "image/object/bbox/xmin": np.zeros(2, np.float32)}, "2 boxes, and 1 of"),
        ({**ONE, "image/object/area": np.zeros(2, np.float32)}, "1 box, and 2 of area"),
        ({**ONE, "image/object/class/label": np.array([0], np.int64)}, "has the label 0"),
        ({**ONE, "image/object/mask": [b"no"]}, "a mask is not a readable PNG"),
        ({**ONE, "image/object/mask": [png((9, 9))]}, "a mask is 9 x 9 pixels"),
        ({**ONE, "image/object/class/text": [b"cat"]}, "the label 7 is 'cat' here, and 'dog' in"),
    ],
)
def test_a_fault_is_named_with_file_and_byte(
    cli: Cli, shards: Write, features: dict[str, Values], words: str
) -> None:
    path = shards({"x.tfrecord": features}, MAP)
    done = cli("convert", path, "--from", "tfrecord", "-o", "back.json")
    assert done.code == 3
    assert words in done.err
    assert "x.tfrecord, byte 0\n" in done.err


def test_missing_shards_and_unnamed_parts_and_labels_are_refused(cli: Cli, shards: Write) -> None:
    path = shards({"a-00000-of-00002.tfrecord": ONE, "b-00000-of-00001.tfrecord": ONE})
    done = cli("convert", path, "--from", "tfrecord", "-o", "back.json")
    assert "there are several parts: a, b\n" in done.err
    done = cli("convert", path, "--from", "tfrecord", "--split", "a", "-o", "back.json")
    assert "1 shard of 2 missing: number 00001" in done.err
    done = cli("convert", path, "--from", "tfrecord", "--split", "b", "-o", "back.json")
    assert "class number 6 is in use, and 0 classes are named" in done.err
    (path / "c.tfrecord").write_bytes(b"no records, but so long" + struct.pack("<Q", 1))
    done = cli("convert", path, "--from", "tfrecord", "--split", "c", "-o", "back.json")
    assert done.code == 3
    assert "the file is not a TFRecord file" in done.err
