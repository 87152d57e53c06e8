"""Conversion to other formats and back: ids, order, boxes, masks, losses, errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import SAMPLE, Cli, examples
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pycocotools import mask as masks

from cocosurgeon.formats.outlines import area_of, clipped, outline, signed_area, traced


def parsed(path: Path) -> dict[str, Any]:
    """An annotation file, by the standard library."""
    document: dict[str, Any] = json.loads(path.read_bytes())
    return document


def as_rle(pixels: np.ndarray[Any, Any]) -> dict[str, Any]:
    """Compressed run lengths of a mask."""
    rle: dict[str, Any] = masks.encode(np.asfortranarray(pixels.astype(np.uint8)))
    return {**rle, "counts": rle["counts"].decode()}


# ---- outlines


@given(st.integers(1, 12).flatmap(lambda h: arrays(np.bool_, (h, 9))))
@examples(300)
def test_an_outline_encloses_the_very_pixels(pixels: np.ndarray[Any, Any]) -> None:
    outer, inner = traced(pixels)
    assert all(signed_area(ring) > 0 for ring in outer)
    assert all(signed_area(ring) < 0 for ring in inner)
    assert sum(map(signed_area, [*outer, *inner])) == pixels.sum()
    found = outline(as_rle(pixels), pixels.shape[1], pixels.shape[0])
    if not pixels.any():
        assert found is None
        return
    assert found is not None
    assert found.iou == 1
    assert (found.parts, found.holes) == (len(outer), len(inner))
    assert area_of(found.polygon) == pixels.sum()


def test_one_polygon_stays_as_it_is_and_overlapping_ones_are_traced() -> None:
    polygon = [1.25, 1, 5.5, 1, 5, 6.75]
    found = outline([polygon], 10, 10)
    assert found is not None
    assert found.polygon == polygon
    two: list[list[float]] = [[1, 1, 6, 1, 6, 6, 1, 6], [4, 4, 9, 4, 9, 9, 4, 9]]
    found = outline(two, 10, 10)
    assert found is not None
    assert (found.iou, found.parts) == (1, 1)
    assert outline([[1, 1, 2, 2]], 10, 10) is None


def test_a_polygon_is_clipped_at_the_edges() -> None:
    assert area_of(clipped([-5, -5, 15, -5, 15, 15, -5, 15], 10, 8)) == 80
    assert area_of(clipped([5, -5, 15, 5, 5, 15, -5, 5], 10, 10)) == 100
    assert clipped([20, 20, 30, 20, 30, 30], 10, 10) == []


# ---- YOLO


def test_yolo_and_back_restores_all_that_it_can(cli: Cli, tmp_path: Path) -> None:
    done = cli("convert", SAMPLE, "--to", "yolo", "--allow-loss", "-o", "tree")
    assert (done.code, done.out) == (0, "tree\n")
    assert "lost: 8 crowds" in done.err
    assert cli("convert", "tree", "--from", "yolo", "-o", "back.json").code == 0
    before, after = parsed(SAMPLE), parsed(tmp_path / "back.json")
    assert after["categories"] == before["categories"]
    keys = ("id", "file_name", "width", "height")
    assert after["images"] == [{k: image[k] for k in keys} for image in before["images"]]
    for old, new in zip(before["annotations"], after["annotations"], strict=True):
        for key in ("id", "image_id", "category_id", "iscrowd"):
            assert new[key] == old[key]
        assert np.abs(np.subtract(new["bbox"], old["bbox"])).max() < 0.01
    again = cli("convert", SAMPLE, "--to", "yolo", "--allow-loss", "-o", "tree")
    assert "tree: unchanged" in again.err


def test_yolo_without_the_manifest_gives_boxes_and_classes(cli: Cli, tmp_path: Path) -> None:
    cli("convert", SAMPLE, "--to", "yolo", "--allow-loss", "-o", "tree")
    (tmp_path / "tree/cocosurgeon.json").unlink()
    done = cli("convert", "tree/data.yaml", "--from", "yolo", "-o", "back.json")
    assert "category ids are from 1" in done.err
    before, after = parsed(SAMPLE), parsed(tmp_path / "back.json")
    assert len(after["images"]) == 128

    def boxes(document: dict[str, Any]) -> list[tuple[str, str, list[float]]]:
        names = {c["id"]: c["name"] for c in document["categories"]}
        files = {i["id"]: i["file_name"] for i in document["images"]}
        found = [
            (files[a["image_id"]], names[a["category_id"]], [round(v, 1) for v in a["bbox"]])
            for a in document["annotations"]
        ]
        return sorted(found)

    assert [b[:2] for b in boxes(after)] == [b[:2] for b in boxes(before)]
    pairs = zip(boxes(after), boxes(before), strict=True)
    assert max(np.abs(np.subtract(a[2], b[2])).max() for a, b in pairs) < 0.11


def test_a_loss_is_refused_and_nothing_is_written(cli: Cli, tmp_path: Path) -> None:
    done = cli("convert", SAMPLE, "--to", "yolo", "-o", "tree")
    assert done.code == 2
    assert "585 masks: only the boxes are written" in done.err
    assert "next: write the rest: --allow-loss" in done.err
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("0 0.5 0.5 0.1", "a row has 4 numbers"),
        ("80 0.5 0.5 0.1 0.1", "class number 80"),
        ("0.5 0.5 0.5 0.1 0.1", "the class number is 0.5"),
        ("0 0.5 x 0.1 0.1", "could not convert string to float"),
        ("0 320 240 10 10", "no share of the image's sides"),
    ],
)
def test_a_broken_row_is_named_with_file_and_line(
    cli: Cli, tmp_path: Path, row: str, words: str
) -> None:
    cli("convert", SAMPLE, "--first", 2, "--to", "yolo", "--allow-loss", "-o", "tree")
    labels = sorted((tmp_path / "tree/labels").rglob("*.txt"))[0]
    labels.write_text(labels.read_text() + row + "\n")
    done = cli("convert", "tree", "--from", "yolo", "-o", "back.json")
    assert done.code == 3
    assert words in done.err
    assert f"{labels.name}, line {len(labels.read_text().splitlines())}" in done.err
