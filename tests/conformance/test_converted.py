"""Converted sample data, as other readers read them: the same objects, in the real libraries."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import mmdet_line
import numpy as np
import pytest
from conftest import SAMPLE, Cli
from mmdet_line import MMDET2, MMDET3, Line

RUN = Path(__file__).with_name("converted_run.py")
ULTRALYTICS = Line("8.4.190", "ultra:tv", False, False)
TORCHVISION = Line("0.28.0", "tv", labels_crowd=True, single=False)
PEERS = Line("1.14.6", "peers", False, False)

Row = tuple[str, str, list[float]]


def converted(cli: Cli, folder: Path, *options: object, source: Path = SAMPLE) -> Path:
    """The sample data in another format, as the split train."""
    out = folder / "out"
    done = cli("convert", source, *options, "--split", "train", "--allow-loss", "-o", out)
    assert done.code == 0, done.err
    return out


def objects(path: Path = SAMPLE, *, cut: bool = False) -> list[Row]:
    """File name, class name and corners of each object of an annotation file, by image."""
    document = json.loads(path.read_bytes())
    images = {i["id"]: i for i in document["images"]}
    names = {c["id"]: c["name"] for c in document["categories"]}
    found = []
    for a in document["annotations"]:
        image, (x, y, w, h) = images[a["image_id"]], a["bbox"]
        box = [x, y, x + w, y + h]
        if cut:
            box = np.clip(box, 0, [image["width"], image["height"]] * 2).tolist()
        found.append((Path(image["file_name"]).name, names[a["category_id"]], box))
    return sorted(found)


def require_same(found: list[Row], expected: list[Row], within: float) -> None:
    """Compare objects; boxes in pixels."""
    assert len(found) == len(expected) == 585
    assert [row[:2] for row in sorted(found)] == [row[:2] for row in expected]
    pairs = zip(sorted(found), expected, strict=True)
    assert max(np.abs(np.subtract(a[2], b[2])).max() for a, b in pairs) < within


def panlabel(path: Path, kind: str, *options: str) -> Path:
    """What panlabel reads, as an annotation file."""
    mmdet_line.require("peers")
    program = Path(os.environ["COCOSURGEON_MMDET"]).absolute() / "peers/bin/panlabel"
    out = path.parent / f"{path.name}.json"
    words: list[str | Path] = [
        "convert",
        "-f",
        kind,
        "-t",
        "coco",
        "-i",
        path,
        "-o",
        out,
        "--allow-lossy",
    ]
    done = subprocess.run([program, *words, *options], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return out


@pytest.mark.parametrize("masks", [False, True])
def test_ultralytics_accepts_every_file(cli: Cli, tmp_path: Path, masks: bool) -> None:
    mmdet_line.require(ULTRALYTICS.overlay)
    out = converted(cli, tmp_path, "--to", "yolo", *(["--masks"] if masks else []))
    read = ULTRALYTICS.run(RUN, "ultralytics", out, "train")
    assert len(read["images"]) == 128
    assert [message for *_, message in read["images"] if message] == []
    segments = sum(count for _, _, count, _ in read["images"])
    assert segments == (585 if masks else 0)
    sizes = {i["file_name"]: (i["width"], i["height"]) for i in _document()["images"]}
    found: list[Row] = []
    for name, rows, _, _ in read["images"]:
        width, height = sizes[name]
        for label, x, y, w, h in rows:
            shares = [x - w / 2, y - h / 2, x + w / 2, y + h / 2]
            box = np.multiply(shares, [width, height] * 2).tolist()
            found.append((name, read["names"][int(label)], box))
    if masks:  # the boxes are those around the polygons
        assert sorted(row[:2] for row in found) == [row[:2] for row in objects()]
    else:
        require_same(found, objects(), within=0.01)


def _document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(SAMPLE.read_bytes())
    return document


def test_panlabel_reads_the_same_boxes_of_yolo(cli: Cli, tmp_path: Path) -> None:
    mmdet_line.require("peers")
    out = converted(cli, tmp_path, "--to", "yolo")
    # It refuses boxes over the edge, and takes val for more images than those of train.
    read = panlabel(out, "yolo", "--no-validate", "--split", "train")
    require_same(objects(read), objects(), within=0.01)


def test_the_tfrecord_package_and_panlabel_read_the_same_boxes(cli: Cli, tmp_path: Path) -> None:
    mmdet_line.require("peers")
    out = converted(cli, tmp_path, "--to", "tfrecord", "--masks", "--shards", 1)
    expected = objects(cut=True)
    require_same(
        objects(panlabel(out / "train-00000-of-00001.tfrecord", "tfrecord")), expected, 1e-3
    )
    found: list[Row] = []
    crowds = 0
    for name, size, labels, is_crowd, texts, corners in PEERS.run(RUN, "tfrecord", out, "train"):
        boxes = (np.array(corners).T * [*size, *size]).tolist()
        found += zip([name] * len(texts), texts, boxes, strict=True)
        crowds += sum(is_crowd)
        assert [_NAMES[label - 1] for label in labels] == texts
    require_same(found, expected, 1e-3)
    assert crowds == 8


_NAMES = [category["name"] for category in _document()["categories"]]


@pytest.mark.parametrize(("line", "reader"), [(MMDET2, "mmdet2"), (MMDET3, "mmdet3")])
def test_mmdet_reads_voc_with_base_1_a_pixel_smaller(
    cli: Cli, tmp_path: Path, line: Line, reader: str
) -> None:
    mmdet_line.require(line.overlay)
    out = converted(cli, tmp_path, "--to", "voc", "--base", 1, "--crowds", "ignore")
    expected, ignored = [], 0
    for name, rows in line.run(RUN, reader, out, "train"):
        expected += [(f"{name}.jpg", _NAMES[label], box) for box, label, _ in rows]
        ignored += sum(is_ignored for *_, is_ignored in rows)
    assert ignored == 14
    # x + 1 and x + width, cut off to whole numbers, and then 1 less in all four
    cut = [
        (name, kind, [int(round(v + (k < 2), 6)) - 1 for k, v in enumerate(box)])
        for name, kind, box in objects()
    ]
    assert sorted(expected) == sorted(cut)


def test_torchvision_reads_the_texts_of_voc(cli: Cli, tmp_path: Path) -> None:
    mmdet_line.require(TORCHVISION.overlay)
    out = converted(cli, tmp_path, "--to", "voc", "--base", 0)
    (tmp_path / "VOCdevkit").mkdir()
    (tmp_path / "VOCdevkit/VOC2012").symlink_to(out)
    read = TORCHVISION.run(RUN, "torchvision", tmp_path, "train")
    assert len(read) == 128
    found = [
        (name, kind, [float(box[key]) for key in ("xmin", "ymin", "xmax", "ymax")])
        for name, _, rows in read
        for kind, _, box in rows
    ]
    require_same(found, objects(), within=1e-6)
