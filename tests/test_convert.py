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
    assert "category ids begin at 1" in done.err
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
    assert "next: write it without them: --allow-loss" in done.err
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("0 0.5 0.5 0.1", "a row has 4 numbers"),
        ("80 0.5 0.5 0.1 0.1", "class number 80"),
        ("0.5 0.5 0.5 0.1 0.1", "the class number is 0.5"),
        ("0 0.5 x 0.1 0.1", "could not convert string to float"),
        ("0 320 240 10 10", "not a share of the image's side"),
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


def test_splits_of_one_tree(cli: Cli, tmp_path: Path) -> None:
    cli("split", SAMPLE, "--ratios", "0.8,0.2", "--out-dir", ".")
    names = [f"instances_sample2017_{split}.json" for split in ("train", "val")]
    assert cli("convert", *names, "--to", "yolo", "--allow-loss", "-o", "tree").code == 0
    config = (tmp_path / "tree/data.yaml").read_text()
    assert 'train: "images/train"\nval: "images/val"\n' in config
    refused = cli("convert", "tree", "--from", "yolo", "-o", "back.json")
    assert (refused.code, "--split train|val" in refused.err) == (2, True)
    for split, name in zip(("train", "val"), names, strict=True):
        cli("convert", "tree/data.yaml", "--from", "yolo", "--split", split, "-o", f"{split}.json")
        before, after = parsed(tmp_path / name), parsed(tmp_path / f"{split}.json")
        assert [a["id"] for a in after["annotations"]] == [a["id"] for a in before["annotations"]]
    cli("remap", names[1], "--sort", "name", "-o", "other.json")
    refused = cli("convert", names[0], "val=other.json", "--to", "yolo", "-o", "t")
    assert (refused.code, "a class number would mean two things" in refused.err) == (2, True)


def small_file(tmp_path: Path, **changes: Any) -> Path:
    """Two images, a crowd with a hole, a mask of two parts, a box over the edge, one outside."""
    pixels = np.zeros((20, 30), np.bool_)
    pixels[2:9, 3:12] = True
    pixels[4:6, 5:8] = False
    boxes = {1: [3, 2, 9, 7], 2: [1, 1, 18, 18], 3: [25.5, 10, 10, 5], 4: [40, 3, 5, 5]}
    annotations = [
        {"id": i, "image_id": 7, "category_id": 5 + i % 2, "bbox": box, "area": 1, "iscrowd": 0}
        for i, box in boxes.items()
    ]
    annotations[0] |= {"iscrowd": 1, "segmentation": as_rle(pixels)}
    parts = [[1, 1, 5, 1, 5, 5, 1, 5], [10, 10, 19, 10, 19, 19.5, 10, 19]]
    annotations[1] |= {"segmentation": parts}
    document = {
        "images": [
            {"id": 7, "file_name": "a/1.jpg", "width": 30, "height": 20},
            {"id": 3, "file_name": "b/1.jpg", "width": 30, "height": 20},
        ],
        "annotations": annotations,
        "categories": [{"id": 6, "name": "ä: cat"}, {"id": 5, "name": "dog", "extra": [1]}],
    }
    path = tmp_path / "small.json"
    path.write_text(json.dumps({**document, **changes}))
    return path


def test_each_loss_is_counted(cli: Cli, tmp_path: Path) -> None:
    path = small_file(tmp_path, licenses=[])
    done = cli("convert", path, "--to", "yolo", "--masks", "--dry-run", "--json")
    part = json.loads(done.out)["parts"]["small"]
    assert {loss["kind"]: loss["count"] for loss in part["lost"]} == {
        "crowd": 1,
        "parts": 1,
        "holes": 1,
        "box": 1,
        "area": 4,
        "outside": 1,
        "lists": 1,
    }
    masks_of = {mask["ann_id"]: mask for mask in part["masks"]}
    assert masks_of[1] == {"ann_id": 1, "iou": 1, "parts": 1, "holes": 1}
    assert masks_of[2]["iou"] > 0.99
    assert sorted(p.name for p in tmp_path.iterdir()) == ["small.json"]


def test_labels_of_small_masks_and_edges(cli: Cli, tmp_path: Path) -> None:
    path = small_file(tmp_path)
    options = ("--crowds", "drop", "--clip", "--allow-loss")
    assert cli("convert", path, "--to", "yolo", *options, "-o", "t").code == 0
    rows = (tmp_path / "t/labels/small/a/1.txt").read_text().splitlines()
    assert rows == [
        "1 0.333333 0.500000 0.600000 0.900000",
        "0 0.925000 0.625000 0.150000 0.250000",
    ]
    assert (tmp_path / "t/labels/small/b/1.txt").read_text() == ""
    assert '  0: "ä: cat"\n  1: "dog"\n' in (tmp_path / "t/data.yaml").read_text()
    cli("convert", "t", "--from", "yolo", "-o", "back.json")
    back = parsed(tmp_path / "back.json")
    assert [a["id"] for a in back["annotations"]] == [2, 3]
    assert back["categories"][1] == {"id": 5, "name": "dog", "extra": [1]}


def test_edited_rows_get_new_ids_and_a_warning(cli: Cli, tmp_path: Path) -> None:
    cli("convert", small_file(tmp_path), "--to", "yolo", "--allow-loss", "-o", "t")
    labels = tmp_path / "t/labels/small/b/1.txt"
    labels.write_text("1 0.5 0.5 0.2 0.2\n")
    (tmp_path / "t/images/small/b").mkdir(parents=True)
    (tmp_path / "t/images/small/b/2.jpg").write_bytes(b"no image")
    refused = cli("convert", "t", "--from", "yolo", "-o", "back.json")
    assert (refused.code, "b/2.jpg" in refused.err) == (3, True)
    (tmp_path / "t/images/small/b/2.jpg").unlink()
    done = cli("convert", "t", "--from", "yolo", "-o", "back.json")
    assert "warning: 1 image whose rows were changed" in done.err
    back = parsed(tmp_path / "back.json")
    assert [(a["id"], a["image_id"]) for a in back["annotations"]] == [
        (1, 7),
        (2, 7),
        (3, 7),
        (5, 3),
    ]


def test_trees_as_people_have_them(cli: Cli, tmp_path: Path) -> None:
    from PIL import Image

    for name in ("images/train/deep/a.PNG", "images/train/b.jpg", "images/train/c.jpg"):
        (tmp_path / "d" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (100, 50)).save(tmp_path / "d" / name)
    labels = tmp_path / "d/labels/train"
    (labels / "deep").mkdir(parents=True)
    (labels / "deep/a.txt").write_bytes(b"\xef\xbb\xbf1 0.5 0.5 0.2 0.2\r\n\r\n0 0 0 1 0 1 1\r\n")
    (labels / "b.txt").write_text("")
    (tmp_path / "d/classes.txt").write_text("cat\ndog\n")
    done = cli("convert", "d", "--from", "yolo", "-o", "plain.json")
    assert "1 image without a label file: taken as empty" in done.err
    plain = parsed(tmp_path / "plain.json")
    assert [i["file_name"] for i in plain["images"]] == [
        *("train/b.jpg", "train/c.jpg", "train/deep/a.PNG")
    ]
    box, polygon = plain["annotations"]
    assert (box["category_id"], box["bbox"]) == (2, [40, 20, 20, 10])
    assert (polygon["category_id"], polygon["area"]) == (1, 2500)
    assert polygon["segmentation"] == [[0, 0, 100, 0, 100, 50]]
    (tmp_path / "d/data.yaml").write_text(
        "train: images\\train\nval: ../images/train\nnames: [a, b]"
    )
    done = cli("convert", "d/data.yaml", "--from", "yolo", "-o", "-")
    assert [c["name"] for c in json.loads(done.out)["categories"]] == ["a", "b"]
    (tmp_path / "d/list.txt").write_text("./images/train/b.jpg\n./images/train/deep/a.PNG\n")
    (tmp_path / "d/data.yaml").write_text("train: list.txt\nnames: {1: b, 0: a}\n")
    listed = json.loads(cli("convert", "d", "--from", "yolo", "-o", "-").out)
    assert len(listed["images"]) == 2
    assert len(listed["annotations"]) == 2
    (tmp_path / "d/data.yaml").write_text("names: [")
    assert cli("convert", "d", "--from", "yolo", "-o", "-").code == 3


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("csv", ()),
        ("txt", ()),
        ("txt", ("--fields", "label,cx,cy,w,h", "--separator", "space")),
        ("coco", ()),
    ],
)
def test_other_formats_and_back(
    cli: Cli, tmp_path: Path, name: str, options: tuple[str, ...]
) -> None:
    out = f"out.{name}"
    assert cli("convert", SAMPLE, "--to", name, *options, "--allow-loss", "-o", out).code == 0
    assert cli("convert", out, "--from", name, "-o", "back.json").code == 0
    before, after = parsed(SAMPLE), parsed(tmp_path / "back.json")
    kept = ("id", "image_id", "category_id", "iscrowd")
    for old, new in zip(before["annotations"], after["annotations"], strict=True):
        assert [old[key] for key in kept] == [new[key] for key in kept]
        assert new["bbox"] == pytest.approx(old["bbox"], abs=1e-6)
        if name != "txt":
            assert (new["area"], new["segmentation"]) == (old["area"], old["segmentation"])
    assert after["categories"] == before["categories"]
    assert [i["id"] for i in after["images"]] == [i["id"] for i in before["images"]]
    (tmp_path / f"{out}.cocosurgeon.json").unlink()
    found = cli("convert", out, "--from", name, *options, "-o", "-")
    assert len(json.loads(found.out)["annotations"]) == 585


def test_a_normalized_file(cli: Cli, tmp_path: Path) -> None:
    done = cli("convert", small_file(tmp_path), "--to", "coco", "-o", "clean.json")
    assert "changed: category ids (2)" in done.err
    assert "changed: image ids (2)" in done.err
    text = (tmp_path / "clean.json").read_text()
    clean = json.loads(text)
    assert text.count("\n") == 16
    assert list(clean) == ["annotations", "categories", "images"]
    assert [(a["id"], a["image_id"]) for a in clean["annotations"]] == [
        (i, 1) for i in (1, 2, 3, 4)
    ]
    assert [a["category_id"] for a in clean["annotations"]] == [1, 2, 1, 2]
    assert [list(record) == sorted(record) for record in clean["images"]] == [True, True]
    again = cli("convert", "clean.json", "--to", "coco", "-o", "twice.json")
    assert "changed" not in again.err
    assert (tmp_path / "twice.json").read_text() == text


def test_class_numbers_of_a_label_space(cli: Cli, tmp_path: Path) -> None:
    options = ("--first", 5, "--to", "txt", "--space", "detr91", "--allow-loss")
    cli("convert", SAMPLE, *options, "-o", "list.txt")
    assert len((tmp_path / "list.classes.txt").read_text().splitlines()) == 91
    cli("convert", "list.txt", "--from", "txt", "-o", "back.json")
    back = {a["id"]: a["category_id"] for a in parsed(tmp_path / "back.json")["annotations"]}
    source = {a["id"]: a["category_id"] for a in parsed(SAMPLE)["annotations"]}
    assert back == {i: source[i] for i in back}


def test_tables_of_other_tools(cli: Cli, tmp_path: Path) -> None:
    table = "filename,width,height,class,xmin,ymin,xmax,ymax\n"
    (tmp_path / "t.csv").write_text(table + "x\\a.jpg,100,80,cat,10,20,30,50\nb.jpg,9,9,,,,,\n")
    found = json.loads(cli("convert", "t.csv", "--from", "csv", "-o", "-").out)
    assert [i["file_name"] for i in found["images"]] == ["x/a.jpg", "b.jpg"]
    assert found["annotations"][0]["bbox"] == [10, 20, 20, 30]
    (tmp_path / "t.csv").write_text(table + "a.jpg,100,80,cat,10,20,thirty,50\n")
    done = cli("convert", "t.csv", "--from", "csv", "-o", "-")
    assert (done.code, "t.csv, line 2" in done.err) == (3, True)


def test_other_verbs_read_a_tree(cli: Cli) -> None:
    cli("convert", SAMPLE, "--to", "yolo", "--allow-loss", "-o", "tree")
    assert json.loads(cli("stats", "tree", "--json").out)["images"] == 128
    assert cli("lint", "tree").code == 0
    same = cli("diff", SAMPLE, "tree", "--only", "id,image_id,category_id,iscrowd")
    assert same.code == 0
    done = cli("verify", "tree", "--loader", "ultralytics")
    assert (done.code, "128 samples, 585 objects" in done.out) == (0, True)
    assert cli("verify", "tree", "--loader", "detr").code == 2


def test_requests_that_cannot_be_met(cli: Cli, tmp_path: Path) -> None:
    path = small_file(tmp_path)
    for args, words in {
        ("convert", path): "expected one of --to and --from",
        ("convert", path, "--to", "yollo"): "did you mean 'yolo'?",
        ("convert", path, "--to", "csv", "--masks"): "csv has no option --masks",
        ("convert", path, "--to", "yolo", "--crowds", "ignore"): "yolo cannot ignore crowds",
        ("convert", path, "--to", "txt", "--fields", "x,y"): "is not a box with a label",
        ("convert", path, path, "--to", "csv"): "would both be the split 'small'",
        ("convert", path, "--from", "yolo", "--clip"): "need --to",
        ("convert", "nothing", "--from", "yolo"): "no such folder or file",
    }.items():
        done = cli(*args)
        assert (done.code, words in done.err) == (2, True), done.err
    images = [
        {"id": i, "file_name": f"a.{e}", "width": 9, "height": 9}
        for i, e in enumerate(("jpg", "png"))
    ]
    twins = small_file(tmp_path, images=images, annotations=[])
    done = cli("convert", twins, "--to", "yolo", "--allow-loss", "-o", "t")
    assert "'a.jpg' and 'a.png' would both be labels/small/a.txt" in done.err
    (tmp_path / "t").mkdir()
    (tmp_path / "t/mine").write_text("mine")
    done = cli("convert", small_file(tmp_path), "--to", "yolo", "--allow-loss", "-o", "t")
    assert (done.code, "nothing is ever deleted" in done.err) == (2, True)


def test_in_python(tmp_path: Path) -> None:
    from cocosurgeon import RequestError, convert_from, convert_to, read

    full = read(SAMPLE)
    with pytest.raises(RequestError, match="585 masks"):
        convert_to(full, "yolo", tmp_path / "t")
    done = convert_to(full.first(9), "yolo", tmp_path / "t", allow_loss=True, image_files="copy")
    assert [loss.kind for loss in done.losses["train"]][:2] == ["crowd", "mask"]
    assert len(list((tmp_path / "t/images/train").iterdir())) == 9
    back = convert_from(tmp_path / "t", "yolo")
    assert back.img_ids == full.first(9).img_ids


def test_a_label_space_gives_the_ids_of_the_file_back(cli: Cli, tmp_path: Path) -> None:
    cli("remap", SAMPLE, "--sort", "name", "-o", "sorted.json")
    options = ("--to", "yolo", "--space", "mmdet80", "--allow-loss", "-o", "t")
    assert cli("convert", "sorted.json", *options).code == 0
    assert '  0: "person"\n' in (tmp_path / "t/data.yaml").read_text()
    assert cli("convert", "t", "--from", "yolo", "-o", "back.json").code == 0
    before, after = parsed(tmp_path / "sorted.json"), parsed(tmp_path / "back.json")
    assert after["categories"] == before["categories"]
    pairs = zip(before["annotations"], after["annotations"], strict=True)
    assert all(old["category_id"] == new["category_id"] for old, new in pairs)


@pytest.mark.parametrize("kind", ["yolo", "parquet"])
def test_a_folder_is_not_made_in_one_that_is_missing(kind: str, cli: Cli, tmp_path: Path) -> None:
    if kind == "parquet":
        pytest.importorskip("pyarrow")
    done = cli("convert", SAMPLE, "--to", kind, "--allow-loss", "-o", "none/out")
    assert done.code == 2 and "in: none/out\n  next: make its parent folder first" in done.err
    assert not list(tmp_path.iterdir())
