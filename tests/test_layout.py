"""``layout``: real trees on disk, checked and gathered."""

from __future__ import annotations

import errno
import gzip
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, SAMPLE, Cli
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cocosurgeon import read
from cocosurgeon.errors import DataError, OutputError, RequestError, SourceUnavailableError
from cocosurgeon.findings.codes import CODES
from cocosurgeon.findings.finding import finding_lines
from cocosurgeon.layout.check import Layout, check_layout
from cocosurgeon.layout.copy_tree import copy_tree
from cocosurgeon.layout.folders import Folders
from cocosurgeon.layout.gather import files_to_copy
from cocosurgeon.layout.names import FileNames
from cocosurgeon.layout.report import layout_lines
from cocosurgeon.layout.search import Prefix, find_prefix, png_search, split_in

IMAGES = SAMPLE.parents[1] / "sample2017"
NAMES = sorted(p.name for p in IMAGES.glob("*.jpg"))


def ann_file(path: Path, names: Sequence[Any], **more: Any) -> Path:
    """An annotation file of some file names."""
    images = [{"id": i, "file_name": n, "width": 4, "height": 4} for i, n in enumerate(names, 1)]
    box = {"bbox": [0, 0, 2, 2], "area": 4, "iscrowd": 0, "category_id": 1, "segmentation": []}
    annotations = [{"id": i["id"], "image_id": i["id"], **box} for i in images]
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {"images": images, "annotations": annotations, "categories": [_person()], **more}
    path.write_text(json.dumps(document))
    return path


def _person() -> dict[str, Any]:
    return {"id": 1, "name": "person", "supercategory": "person", "isthing": 1}


def files(folder: Path, names: Sequence[str]) -> Path:
    """A folder of small files, each with its own bytes."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\xff\xd8" + name.encode(errors="surrogateescape"))
    return folder


def coco(root: Path, split: str = "val2017", count: int = 3) -> Path:
    """A data root as it should be; gives its annotation file."""
    names = [f"{i:012}.jpg" for i in range(count)]
    files(root / split, names)
    return ann_file(root / f"annotations/instances_{split}.json", names)


def panoptic(
    root: Path, split: str = "val2017", *, of: str | None = None, ending: str = "jpg"
) -> Path:
    """A panoptic file with real PNGs.

    Args:
        root: the data root.
        split: the folder of its images.
        of: the folder of the PNGs, below the root.
        ending: of the images.
    """
    stems = [f"{i:012}" for i in range(3)]
    folder = root / (of or f"annotations/panoptic_{split}")
    folder.mkdir(parents=True)
    annotations = []
    for i, stem in enumerate(stems, 1):
        Image.new("RGB", (4, 4), (i, 0, 0)).save(folder / f"{stem}.png")
        segment = {"id": i, "category_id": 1, "area": 16, "bbox": [0, 0, 4, 4], "iscrowd": 0}
        record = {"image_id": i, "file_name": f"{stem}.png", "segments_info": [segment]}
        annotations.append(record)
    path = root / f"annotations/panoptic_{split}.json"
    files(root / split, [f"{stem}.{ending}" for stem in stems])
    return ann_file(path, [f"{stem}.{ending}" for stem in stems], annotations=annotations)


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, with its bytes."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if not p.is_dir()}


def codes(layout: Layout) -> list[str]:
    return [finding.code for finding in layout.findings]


def make_link_of(sentence: str | None, wanted: Path) -> None:
    """Make the link that a finding or a note names, where nothing, or an empty folder, is."""
    assert sentence is not None and str(wanted) in sentence and "&&" not in sentence
    folder = sentence.rpartition(" a link to ")[2]
    assert Path(folder).is_dir()
    if wanted.is_symlink():
        wanted.unlink()
    elif wanted.exists():
        wanted.rmdir()
    wanted.parent.mkdir(parents=True, exist_ok=True)
    wanted.symlink_to(folder)


def move_up(folder: Path) -> None:
    """Move what is in a folder into the one above it."""
    for inner in list(folder.iterdir()):
        inner.rename(folder.parent / inner.name)
    folder.rmdir()


def gather(out: Path, *ann_files: Path, how: Any = "copy", **options: Any) -> Path:
    copy_tree(files_to_copy([read(a) for a in ann_files], **options), out, how)
    return out


# the folder that belongs to a file


@pytest.mark.parametrize(
    ("place_of_file", "place_of_images", "names"),
    [
        ("annotations/instances_train2017.json", "train2017", ["1.jpg"]),
        ("annotations/instances_train2017_first100.json", "train2017", ["1.jpg"]),
        ("annotations/instances_train2017.json", "images/train2017", ["1.jpg"]),
        ("annotations/image_info_test-dev2017.json", "test2017", ["1.jpg"]),
        ("annotations/lvis_v1_train.json", "", ["train2017/1.jpg", "val2017/2.jpg"]),
        ("annotations.json", "", ["JPEGImages/1.jpg"]),
        ("train.json", "images", ["1.jpg"]),
        ("coco_mini_val.json", "images/coco_mini_val", ["1.jpg"]),
        ("beside.json", "", ["1.jpg"]),
        ("labels/boxes.json", "images", ["1.jpg"]),
    ],
)
def test_images_are_found_by_their_names(
    tmp_path: Path, place_of_file: str, place_of_images: str, names: list[str]
) -> None:
    path = ann_file(tmp_path / place_of_file, names)
    files(tmp_path / place_of_images, names)
    (tmp_path / "val2014").mkdir()
    found = find_prefix(path, names)
    assert found.folder == tmp_path / place_of_images
    assert not found.missing and not found.ambiguous


def test_what_is_there_counts_more_than_what_a_folder_is_called(tmp_path: Path) -> None:
    path = ann_file(tmp_path / "annotations/instances_val2017.json", ["1.jpg", "2.jpg", "3.jpg"])
    files(tmp_path / "val2017", ["1.jpg"])
    files(tmp_path / "train2017", ["2.jpg", "3.jpg"])
    found = find_prefix(path, ["1.jpg", "2.jpg", "3.jpg", "1.jpg"])
    assert (found.folder, found.found, found.names) == (tmp_path / "train2017", 2, 3)


def test_a_tie_is_reported_and_a_link_is_none(tmp_path: Path) -> None:
    path = coco(tmp_path)
    names = [f"{i:012}.jpg" for i in range(3)]
    (tmp_path / "images").mkdir()
    (tmp_path / "images/val2017").symlink_to(tmp_path / "val2017")
    found = find_prefix(path, names)
    assert found.folder == tmp_path / "val2017" and not found.ambiguous
    (tmp_path / "images/val2017").unlink()
    shutil.copytree(tmp_path / "val2017", tmp_path / "images/val2017")
    found = find_prefix(path, names)
    assert found.ambiguous == (tmp_path / "images/val2017",)
    with pytest.raises(RequestError, match="2 folders have 3 of its 3 images"):
        gather(tmp_path / "out", path)
    gather(tmp_path / "out", path, img_prefix=tmp_path / "images/val2017")


@pytest.mark.parametrize("name", ["", ".", "..", "a\0b", "\ud800", "x" * 300, "/", "1.jpg/", "a/"])
def test_odd_names_are_not_there(tmp_path: Path, name: str) -> None:
    path = coco(tmp_path)
    found = find_prefix(path, [name, "000000000000.jpg"])
    assert (found.found, found.names) == (1, 2)
    assert find_prefix(path, [name]) == Prefix(None, 1, (name,), int(name == "/"), ())


def test_no_names_or_no_folder_is_none(tmp_path: Path) -> None:
    assert find_prefix(coco(tmp_path), []) == Prefix(None, 0, (), 0, ())
    nowhere = Prefix(None, 1, ("1.jpg",), 0, ())
    assert find_prefix(tmp_path / "gone/x.json", ["1.jpg"]) == nowhere


def test_the_folder_that_the_file_tells_is_taken_where_names_are_in_both(tmp_path: Path) -> None:
    for split in ("train2017", "val2017"):  # as in many a set that numbers each split from 1
        files(tmp_path / split, ["1.jpg"])
    (tmp_path / "train2017/1.jpg").write_bytes(b"another")
    path = ann_file(tmp_path / "annotations/instances_val2017.json", ["1.jpg"])
    found = find_prefix(path, ["1.jpg"])
    assert found.folder == tmp_path / "val2017" and not found.ambiguous
    found = find_prefix(path.rename(path.with_name("mine.json")), ["1.jpg"])
    assert [p.name for p in found.ambiguous] == ["val2017"]


def png_prefix(path: Path, images: Path | None = None) -> Prefix:
    names = FileNames.of(read(path).index)
    return png_search(path, names, images, Folders()).best(names.pngs)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("panoptic_val2017_first3", "annotations/panoptic_val2017"),
        ("panoptic_val2017", "panoptic_val2017"),
        ("mine", "annotations/panoptic_train2017"),
        ("mine", "labels"),
        ("mine", "annotations/labels"),
        ("cityscapes_panoptic_val", "annotations/cityscapes_panoptic_val"),
    ],
)
@pytest.mark.parametrize("ending", ["jpg", "png"])
def test_pngs_are_found_and_never_taken_for_images(
    tmp_path: Path, name: str, place: str, ending: str
) -> None:
    path = panoptic(tmp_path, of=place, ending=ending)
    path = path.rename(path.with_name(f"{name}.json"))
    [file] = check_layout(tmp_path).files
    assert file.on_disk is not None and file.pngs is not None
    assert (file.on_disk.folder, file.on_disk.ambiguous) == (tmp_path / "val2017", ())
    assert (file.pngs.folder, file.pngs.ambiguous) == (tmp_path / place, ())
    found = png_prefix(path, tmp_path / "val2017")
    assert found.folder == tmp_path / place
    out = gather(tmp_path / "out", path)
    for png in (tmp_path / place).iterdir():
        assert (out / f"annotations/{Path(place).name}/{png.name}").read_bytes() == png.read_bytes()


def test_photographs_are_not_taken_for_pngs(cli: Cli, tmp_path: Path) -> None:
    panoptic(tmp_path / "from", ending="png")
    files(tmp_path / "from/train2017", [f"{i:012}.png" for i in range(3)])
    pngs = tmp_path / "from/annotations/panoptic_val2017"
    done = cli("layout", "--gather", "whole", "--of", "from/annotations/panoptic_val2017.json")
    assert done.code == 0 and "6 of 6 files, images in val2017/, PNGs in" in done.err
    pngs.rename(tmp_path / "aside")
    found = check_layout(tmp_path / "from")
    assert codes(found) == ["pngs-missing"]
    done = cli("layout", "--gather", "out", "--of", "from/annotations/panoptic_val2017.json")
    assert done.code == 2 and "no folder has any of its PNGs" in done.err
    (tmp_path / "aside").rename(pngs)
    shutil.rmtree(tmp_path / "from/val2017")
    shutil.rmtree(tmp_path / "from/train2017")
    found = check_layout(tmp_path / "from")
    assert codes(found) == ["images-missing"]


def test_pngs_beside_their_images_in_one_folder(tmp_path: Path) -> None:
    path = panoptic(tmp_path, of="all")
    files(tmp_path / "all", [p.name for p in (tmp_path / "val2017").iterdir()])
    shutil.rmtree(tmp_path / "val2017")
    [file] = check_layout(tmp_path).files
    assert file.on_disk is not None and file.pngs is not None
    assert file.on_disk.folder == file.pngs.folder == tmp_path / "all"
    assert len(tree(gather(tmp_path / "out", path))) == 7


def test_any_folder_of_the_root_will_do(tmp_path: Path) -> None:
    path = ann_file(tmp_path / "annotations/mine.json", ["1.jpg"])
    files(tmp_path / "images/pictures", ["1.jpg"])
    found = find_prefix(path, ["1.jpg"])
    assert found.folder == tmp_path / "images/pictures"


def test_absolute_names_need_no_folder(tmp_path: Path) -> None:
    there = str(files(tmp_path / "far", ["1.jpg"]) / "1.jpg")
    found = find_prefix(ann_file(tmp_path / "near/x.json", [there]), [there, "/nowhere.jpg"])
    assert (found.folder, found.found, found.names) == (None, 1, 2)
    assert (found.absolute, found.ambiguous) == (2, ())


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("instances_train2017_first100.json", "train2017"),
        ("image_info_test-dev2017.json", "test2017"),
        ("image_info_unlabeled2017.json", "unlabeled2017"),
        ("person_keypoints_val2014.json.gz", "val2014"),
        ("instances_minival2014.json", None),
        ("instances_val2019.json", None),
        ("train.json", None),
    ],
)
def test_a_split_is_found_in_a_name(name: str, split: str | None) -> None:
    assert split_in(Path(name)) == split


def test_a_folder_is_listed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = []
    scandir = os.scandir

    def counting(folder: str) -> Any:
        listed.append(folder)
        return scandir(folder)

    path = coco(tmp_path, count=50)
    monkeypatch.setattr(os, "scandir", counting)
    folders = Folders()
    for _ in range(3):
        assert not find_prefix(path, [f"{i:012}.jpg" for i in range(50)], folders).missing
    assert len(listed) == len(set(listed))


# a data root checked


def test_the_sample_data_are_as_they_should_be(cli: Cli) -> None:
    done = cli("layout", SAMPLE.parents[1])
    assert done.code == 0, done.out
    assert "all in sample2017/" in done.out and "no findings" in done.out
    as_json = json.loads(cli("layout", SAMPLE.parents[1], "--json").out)
    whole = next(f for f in as_json["files"] if f["path"] == str(SAMPLE))
    assert whole["kind"] == "instances" and whole["spaces"][0] == "coco91"
    assert (whole["images"], whole["annotations"], whole["categories"]) == (128, 585, 80)
    assert whole["on_disk"]["found"] == 128 and not as_json["findings"]


def test_data_coco_below_the_current_folder_comes_first(cli: Cli, tmp_path: Path) -> None:
    path = coco(tmp_path / "data/coco")
    done = cli("layout")
    assert "data/coco (found below the current folder)" in done.err
    assert done.code == 0, done.out
    assert "lacks annotations/instances_train2017.json" in done.out
    other = ann_file(tmp_path / "elsewhere/annotations/x.json", ["gone.jpg"])
    done = cli("layout", COCOSURGEON_ANN_FILE=str(other))
    assert done.code == 1 and "elsewhere (from COCOSURGEON_ANN_FILE)" in done.err
    assert cli("layout", path.parent).err.count("cocosurgeon layout data/coco") == 0
    assert cli("layout", "data/coco/annotations").code == 2
    assert "cocosurgeon layout data/coco" in cli("layout", "data/coco/annotations").err
    assert cli("layout", "nowhere").code == 2
    assert cli("layout", path).code == 2


def test_a_whole_tree_has_all_that_frameworks_name(tmp_path: Path) -> None:
    for split in ("train2017", "val2017"):
        coco(tmp_path, split)
        panoptic(tmp_path, split)
        of_detr = tmp_path / f"panoptic_{split}"
        of_detr.symlink_to(f"annotations/panoptic_{split}")
    found = check_layout(tmp_path)
    assert codes(found) == [] and not found.notes
    assert {each.lacking for each in found.frameworks} == {()}
    assert {each.framework.split(",")[0] for each in found.frameworks} == {"MMDetection", "DETR"}
    by_name = {f.path.name: f for f in found.files}
    one = by_name["panoptic_val2017.json"]
    assert one.kind == "panoptic" and one.pngs is not None and one.pngs.found == 3


def test_png_folders_are_reported_for_both_frameworks(tmp_path: Path) -> None:
    panoptic(tmp_path, "val2017")
    panoptic(tmp_path, "train2017", of="panoptic_train2017")
    found = check_layout(tmp_path)
    assert codes(found) == []
    detr, mmdet = tmp_path / "panoptic_val2017", tmp_path / "annotations/panoptic_train2017"
    assert set(found.notes) == {
        f"DETR looks for the PNGs in {detr}: make it a link to "
        f"{tmp_path / 'annotations/panoptic_val2017'}",
        f"MMDetection looks for the PNGs in {mmdet}: make it a link to "
        f"{tmp_path / 'panoptic_train2017'}",
    }
    for note in found.notes:
        make_link_of(note, detr if note.startswith("DETR") else mmdet)
    assert not check_layout(tmp_path).notes


def test_missing_images_are_counted_and_named(tmp_path: Path) -> None:
    path = coco(tmp_path, count=9)
    for i in (2, 5):
        (tmp_path / f"val2017/{i:012}.jpg").unlink()
    files(tmp_path / "train2017", ["000000000005.jpg"])
    found = check_layout(tmp_path)
    assert codes(found) == ["images-missing"]
    [finding] = found.findings
    assert "2 of 9 images are not there: 000000000002.jpg, 000000000005.jpg" in finding.message
    assert f"1 of them is in {tmp_path / 'train2017'}" in finding.message
    assert finding.path == str(path)


@pytest.mark.parametrize(
    ("named", "on_disk", "hint"),
    [
        ("1.jpg", "1.JPG", "rename the files"),
        ("1.jpg", "1.png", "rename the files"),
        ("images\\1.jpg", "images/1.jpg", "written on Windows"),
        ("COCO_val2014_000000000001.jpg", "000000000001.jpg", "the last 16 characters"),
        ("/else/1.jpg", "1.jpg", "paths of another machine"),
        ("1.jpg", "2.jpg", "put them in {root}/val2017"),
    ],
)
def test_why_none_is_there_is_reported(tmp_path: Path, named: str, on_disk: str, hint: str) -> None:
    ann_file(tmp_path / "annotations/instances_val2017.json", [named])
    files(tmp_path / "val2017", [on_disk])
    [finding] = check_layout(tmp_path).findings
    assert finding.code == "images-missing"
    assert hint.format(root=tmp_path) in str(finding.hint)
    assert "a link to" not in str(finding.hint)  # where other files are


def test_images_of_roboflow_go_next_to_their_file(tmp_path: Path) -> None:
    for split in ("train", "valid"):
        ann_file(tmp_path / split / "_annotations.coco.json", ["1.jpg"])
    hints = [f.hint for f in check_layout(tmp_path).findings if f.code == "images-missing"]
    assert hints == [f"put them in {tmp_path / split}" for split in ("train", "valid")]


def test_images_where_ultralytics_has_them_are_misplaced(tmp_path: Path) -> None:
    coco(tmp_path)
    (tmp_path / "images").mkdir()
    (tmp_path / "val2017").rename(tmp_path / "images/val2017")
    found = check_layout(tmp_path)
    assert codes(found) == ["misplaced"]
    wanted = tmp_path / "val2017"
    assert finding_lines(found.findings) == [
        "error: misplaced: files exist, but not where frameworks look (1)",
        f"  {tmp_path}/images/val2017: MMDetection and DETR look for these images in {wanted}",
        f"  next: move them to {wanted}, or make that a link to {tmp_path}/images/val2017",
    ]
    make_link_of(found.findings[0].hint, wanted)
    assert codes(check_layout(tmp_path)) == []


def test_images_under_another_name_are_misplaced(tmp_path: Path) -> None:
    names = ["1.jpg", "2.jpg"]
    ann_file(tmp_path / "annotations/instances_val2017.json", names)
    files(tmp_path / "images", names)
    found = check_layout(tmp_path)
    assert codes(found) == ["misplaced"]
    make_link_of(found.findings[0].hint, tmp_path / "val2017")
    assert codes(check_layout(tmp_path)) == []


def test_a_split_in_another_folder_is_reported(tmp_path: Path) -> None:
    ann_file(tmp_path / "annotations/instances_val2017.json", ["1.jpg"])
    files(tmp_path / "train2017", ["1.jpg"])
    found = check_layout(tmp_path)
    assert codes(found) == ["misplaced"]
    make_link_of(found.findings[0].hint, tmp_path / "val2017")
    assert codes(check_layout(tmp_path)) == []


def test_a_split_that_is_there_in_part_is_reported(cli: Cli, tmp_path: Path) -> None:
    names = ["1.jpg", "2.jpg"]
    ann_file(tmp_path / "ab/annotations/instances_val2017_first2.json", names)
    files(tmp_path / "ab/train2017", names)
    files(tmp_path / "ab/val2017", names[:1])
    done = cli("layout", "ab")
    assert (
        done.code == 1 and "misplaced: files exist" in done.out and "  ab/train2017: " in done.out
    )
    assert "in ab/val2017, which has other files" in done.out and "a link to" not in done.out
    (tmp_path / "ab/val2017/1.jpg").unlink()
    found = check_layout(tmp_path / "ab")
    assert codes(found) == ["empty", "misplaced"]
    make_link_of(found.findings[1].hint, tmp_path / "ab/val2017")
    assert codes(check_layout(tmp_path / "ab")) == []
    (tmp_path / "ab/val2017").unlink()
    (tmp_path / "ab/val2017").symlink_to("/nowhere/val2017")
    found = check_layout(tmp_path / "ab")
    assert codes(found) == ["dangling-link", "misplaced"]
    make_link_of(found.findings[1].hint, tmp_path / "ab/val2017")
    assert codes(check_layout(tmp_path / "ab")) == []


def test_pngs_where_nothing_looks_are_reported(tmp_path: Path) -> None:
    panoptic(tmp_path, of="labels")
    found = check_layout(tmp_path)
    assert codes(found) == ["misplaced"]
    wanted = tmp_path / "annotations/panoptic_val2017"
    assert found.findings[0].message == f"MMDetection looks for these PNGs in {wanted}"
    make_link_of(found.findings[0].hint, wanted)
    assert codes(check_layout(tmp_path)) == []
    assert (tmp_path / "annotations/panoptic_val2017/000000000000.png").is_file()


def test_a_note_holds_where_annotations_are_a_link(tmp_path: Path) -> None:
    panoptic(tmp_path / "from", of="panoptic_val2017")
    (tmp_path / "deep/disk").mkdir(parents=True)
    (tmp_path / "from/annotations").rename(tmp_path / "deep/disk/annotations")
    (tmp_path / "from/annotations").symlink_to(tmp_path / "deep/disk/annotations")
    [note] = check_layout(tmp_path / "from").notes
    make_link_of(note, tmp_path / "from/annotations/panoptic_val2017")
    assert (tmp_path / "from/annotations/panoptic_val2017/000000000000.png").is_file()
    assert not check_layout(tmp_path / "from").notes


def test_names_that_hold_the_split_are_reported(tmp_path: Path) -> None:
    ann_file(tmp_path / "annotations/instances_val2017.json", ["val2017/1.jpg"])
    files(tmp_path, ["val2017/1.jpg"])
    [finding] = check_layout(tmp_path).findings
    assert finding.code == "misplaced" and "remove val2017/ from them" in str(finding.hint)


def test_absolute_names_that_are_there_are_no_finding(cli: Cli, tmp_path: Path) -> None:
    far = files(tmp_path / "far", ["1.jpg", "2.jpg"])
    names = [str(far / "1.jpg"), str(far / "2.jpg")]
    ann_file(tmp_path / "ab/annotations/instances_val2017.json", names)
    done = cli("layout", "ab")
    assert done.code == 0 and "all by absolute names" in done.out
    assert "work on one machine only: 2 of 2" in done.out
    ann_file(tmp_path / "ab/annotations/instances_val2017.json", [*names, "/nowhere/3.jpg"])
    found = check_layout(tmp_path / "ab")
    assert (
        codes(found) == ["images-missing"] and "1 of 3 images is not" in found.findings[0].message
    )


def test_compressed_files_that_stand_alone_are_reported(cli: Cli, tmp_path: Path) -> None:
    path = coco(tmp_path / "from")
    packed = path.with_name(f"{path.name}.gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert codes(check_layout(tmp_path / "from")) == []
    path.unlink()
    found = check_layout(tmp_path / "from")
    assert codes(found) == ["compressed"]
    done = cli("layout", "--gather", "out", "--of", packed)
    assert (
        done.code == 2 and "gather the annotation file itself: an unpacked .json file" in done.err
    )
    assert found.findings[0].hint == f"unpack it as {path.name} in the same folder"
    path.write_bytes(gzip.decompress(packed.read_bytes()))
    assert codes(check_layout(tmp_path / "from")) == []


def test_links_to_nothing_are_no_images(tmp_path: Path) -> None:
    ann_file(tmp_path / "annotations/instances_val2017.json", ["a.jpg", "b.jpg"])
    files(tmp_path / "val2017", ["a.jpg"])
    (tmp_path / "val2017/b.jpg").symlink_to("/nowhere/b.jpg")
    found = check_layout(tmp_path)
    assert codes(found) == ["dangling-link", "images-missing"]
    assert "another name" not in found.findings[1].message
    assert "links that lead nowhere: 1 of them" in found.findings[1].message
    assert found.findings[1].hint == "point the links at files that exist"
    assert list(found.folders.values()) == [1]


def test_a_link_that_leads_back_is_not_nested(tmp_path: Path) -> None:
    ann_file(tmp_path / "lp/annotations/instances_val2017.json", ["1.jpg"])
    files(tmp_path / "lp", ["1.jpg"])
    (tmp_path / "lp/val2017").symlink_to("../lp")
    (tmp_path / "lp/images").symlink_to(".")
    assert codes(check_layout(tmp_path / "lp")) == []


def test_a_wrong_unzip_behind_a_link_is_nested(tmp_path: Path) -> None:
    coco(tmp_path / "from")
    (tmp_path / "disk/val2017").mkdir(parents=True)
    (tmp_path / "from/val2017").rename(tmp_path / "disk/val2017/val2017")
    (tmp_path / "from/val2017").symlink_to("../disk/val2017")
    found = check_layout(tmp_path / "from")
    assert codes(found)[0] == "nested"
    outer = tmp_path / "from/val2017"
    assert found.findings[0].hint == f"move the content of {outer / 'val2017'} up into {outer}"
    move_up(outer / "val2017")
    assert codes(check_layout(tmp_path / "from")) == []


def test_an_empty_folder_may_be_replaced_by_a_link(tmp_path: Path) -> None:
    ann_file(tmp_path / "from/annotations/instances_val2017.json", ["1.jpg"])
    (tmp_path / "from/val2017").mkdir()
    far = files(tmp_path / "far", ["1.jpg"])
    wanted = tmp_path / "from/val2017"
    hint = check_layout(tmp_path / "from").findings[-1].hint
    assert hint == f"put them in {wanted}, or make that a link to their folder"
    make_link_of(hint.replace("their folder", str(far)), wanted)
    assert codes(check_layout(tmp_path / "from")) == []


def test_names_with_line_breaks_are_printed_in_one_line(cli: Cli, tmp_path: Path) -> None:
    ann_file(tmp_path / "from/annotations/x\ny.json", ["1\n2.jpg", "3.jpg"])
    files(tmp_path / "from/images", ["3.jpg"])
    (tmp_path / "from/images/4\n5.jpg").symlink_to("/nowhere")
    done = cli("layout", "from")
    assert "1\\n2.jpg" in done.out and "x\\ny.json" in done.out and "4\\n5.jpg" in done.out
    assert not [line for line in done.out.splitlines() if line.startswith(("2.jpg", "y.", "5."))]
    done = cli("layout", "--gather", "out", "--of", "from/annotations/x\ny.json", "--allow-missing")
    assert done.code == 0 and "such as 1\\n2.jpg" in done.err


def test_a_wrong_unzip_is_nested(tmp_path: Path) -> None:
    coco(tmp_path)
    (tmp_path / "val2017").rename(tmp_path / "x")
    (tmp_path / "val2017").mkdir()
    (tmp_path / "x").rename(tmp_path / "val2017/val2017")
    found = check_layout(tmp_path)
    assert codes(found) == ["nested", "images-missing"]
    outer = tmp_path / "val2017"
    assert found.findings[0].hint == f"move the content of {outer / 'val2017'} up into {outer}"
    move_up(outer / "val2017")
    assert codes(check_layout(tmp_path)) == []


def test_annotations_unpacked_into_a_folder_of_their_own(tmp_path: Path) -> None:
    coco(tmp_path)
    (tmp_path / "annotations_trainval2017").mkdir()
    (tmp_path / "annotations").rename(tmp_path / "annotations_trainval2017/annotations")
    found = check_layout(tmp_path)
    assert codes(found) == ["nested", "no-annotations"]
    inner = tmp_path / "annotations_trainval2017/annotations"
    assert found.findings[0].hint == f"move {inner} into {tmp_path}"
    inner.rename(tmp_path / "annotations")
    assert codes(check_layout(tmp_path)) == []


def test_annotation_files_next_to_the_folders_are_reported(tmp_path: Path) -> None:
    path = coco(tmp_path)
    path.rename(tmp_path / path.name)
    path.parent.rmdir()
    found = check_layout(tmp_path)
    assert codes(found) == ["no-annotations"]
    assert found.findings[0].hint == f"move them into {path.parent}"
    path.parent.mkdir()
    (tmp_path / path.name).rename(path)
    assert codes(check_layout(tmp_path)) == []


def test_archives_that_are_not_unpacked(tmp_path: Path) -> None:
    coco(tmp_path)
    for name in ("val2017", "train2017", "annotations_trainval2017", "other"):
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as packed:
            packed.writestr(f"{name}/1.jpg", b"x")
    with zipfile.ZipFile(tmp_path / "annotations/panoptic_val2017.zip", "w") as packed:
        packed.writestr("panoptic_val2017/1.png", b"x")
    found = check_layout(tmp_path)
    assert [(f.code, Path(str(f.path)).name) for f in found.findings] == [
        ("archive", "train2017.zip"),
        ("archive", "panoptic_val2017.zip"),
    ]


def test_links_that_lead_nowhere(tmp_path: Path) -> None:
    coco(tmp_path)
    (tmp_path / "train2017").symlink_to("/nowhere/train2017")
    (tmp_path / "test2017").symlink_to("test2017")
    (tmp_path / "val2017/9.jpg").symlink_to("gone.jpg")
    (tmp_path / "annotations/instances_train2017.json").symlink_to("../gone.json")
    found = check_layout(tmp_path)
    assert set(codes(found)) == {"dangling-link"}
    lines = [f"{f.path} {f.message}" for f in found.findings]
    assert any("train2017 -> /nowhere/train2017" in line for line in lines)
    assert any("1 link leads in a circle, such as test2017" in line for line in lines)
    assert any("9.jpg -> gone.jpg" in line for line in lines)
    assert any("instances_train2017.json -> ../gone.json" in line for line in lines)
    assert len(lines) == 4


def test_a_link_to_a_folder_of_images_is_as_good(tmp_path: Path) -> None:
    coco(tmp_path)
    (tmp_path / "val2017").rename(tmp_path / "disk")
    (tmp_path / "val2017").symlink_to(tmp_path / "disk")
    inner = tmp_path / "val2017/000000000001.jpg"
    inner.rename(tmp_path / "1.jpg")
    inner.symlink_to(tmp_path / "1.jpg")
    assert codes(check_layout(tmp_path)) == []


def test_an_empty_folder(tmp_path: Path) -> None:
    coco(tmp_path)
    (tmp_path / "train2017").mkdir()
    assert codes(check_layout(tmp_path)) == ["empty"]


def test_a_folder_that_cannot_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    coco(tmp_path)
    files(tmp_path / "train2017", ["1.jpg"])
    if os.geteuid():
        (tmp_path / "train2017").chmod(0)
    else:  # root may read everything, so the system's answer is put in its place
        scandir = os.scandir

        def refusing(folder: str) -> Any:
            if folder.endswith("train2017"):
                raise PermissionError(errno.EACCES, "Permission denied", folder)
            return scandir(folder)

        monkeypatch.setattr(os, "scandir", refusing)
    found = check_layout(tmp_path)
    assert codes(found) == ["unreadable"]
    assert "Permission denied" in found.findings[0].message
    if os.geteuid():
        (tmp_path / "train2017").chmod(0o755)


def test_broken_files_are_named_and_the_others_read(tmp_path: Path) -> None:
    coco(tmp_path)
    (tmp_path / "annotations/broken.json").write_text('{"images": [{"id": 1}')
    (tmp_path / "annotations/other.json").write_text('{"a": 1}')
    (tmp_path / "package.json").write_text('{"name": "demo"}')
    (tmp_path / "annotations/._instances_val2017.json").write_bytes(b"\0\5\26\7")
    found = check_layout(tmp_path)
    assert codes(found) == ["unreadable", "unreadable"]
    assert [f.kind for f in found.files] == ["instances"]
    assert [n for n in found.notes if "package.json" in n]


def test_kinds(tmp_path: Path, wild: Path) -> None:
    folder = tmp_path / "annotations"
    folder.mkdir()
    for path in wild.glob("*.json"):
        shutil.copyfile(path, folder / path.name)
    (folder / "packed.json.gz").write_bytes(
        gzip.compress((wild / "coco_mini_val.json").read_bytes())
    )
    listed = ann_file(folder / "image_info_test2017.json", ["1.jpg"])
    lists = json.loads(listed.read_text())
    listed.write_text(json.dumps({key: lists[key] for key in ("images", "categories")}))
    stuff = {"categories": [{"id": i, "name": f"stuff{i}"} for i in range(92, 184)]}
    ann_file(folder / "stuff_val2017.json", ["1.jpg"], **stuff)
    (tmp_path / "images").mkdir()
    (tmp_path / "images/coco_mini_val").symlink_to(wild / "images/coco_mini_val")
    found = check_layout(tmp_path)
    kinds = {f.path.name: f.kind for f in found.files}
    assert {path.name for path in found.unreadable} >= {
        "gbk_encoded_invalid_utf8.json",
        "invalid_control_char.json",
    }
    expected = {
        "coco_mini_val.json": "instances",
        "packed.json.gz": "instances",
        "coco_mini_val_keypoints.json": "keypoints",
        "coco_mini_val_captions.json": "captions",
        "coco_panoptic_examples.json": "panoptic",
        "coco_val2014_100_fakebbox_results.json": "results",
        "lvis_val_100.json": "LVIS",
        "mmtrack_cocovid.json": "video",
        "image_info_test2017.json": "image info",
        "stuff_val2017.json": "stuff",
    }
    assert {name: kinds[name] for name in expected} == expected
    here = {f.path.name: f.on_disk for f in found.files}
    for name in ("coco_mini_val.json", "coco_mini_val_captions.json"):
        presence = here[name]
        assert presence is not None
        assert (presence.found, presence.names) == (79, 79)
    assert here["coco_val2014_100_fakebbox_results.json"] is None
    text = "\n".join(layout_lines(found))
    assert "written on Windows" in "\n".join(f.next for f in found.findings)
    assert "absolute" not in text.partition("images-missing")[0]


BOX_PERSON = {"id": 1, "name": "person"}
EMPTY_ONLY = [
    ({"categories": [BOX_PERSON], "annotations": []}, "instances"),
    ({"categories": [{**BOX_PERSON, "keypoints": ["nose"]}], "annotations": []}, "keypoints"),
    ({"categories": [{**BOX_PERSON, "isthing": 1}], "annotations": []}, "panoptic"),
    ({"categories": [{"id": 92, "name": "banner"}], "annotations": []}, "stuff"),
    ({"categories": [], "annotations": []}, "instances"),
    ({"categories": [BOX_PERSON]}, "image info"),
]


@pytest.mark.parametrize(("lists", "kind"), EMPTY_ONLY, ids=str)
def test_a_file_of_images_without_objects_has_its_kind(
    lists: dict[str, Any], kind: str, tmp_path: Path
) -> None:
    images = [{"id": 1, "file_name": "1.jpg", "width": 4, "height": 4}]
    files(tmp_path / "images", ["1.jpg"])
    path = tmp_path / "annotations/empty.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"images": images, **lists}))
    [file] = check_layout(tmp_path).files
    assert (file.kind, file.annotations) == (kind, 0)
    assert file.on_disk is not None and not file.on_disk.missing


TREES: list[tuple[str, str | None, str, list[str], list[str]]] = [
    ("Roboflow", "train/_annotations.coco.json", "train", [], []),
    ("Roboflow", "valid/_annotations.coco.json", "valid", ["data.yaml"], []),
    ("Roboflow, one split", "_annotations.coco.json", "", [], []),
    ("CVAT", "annotations/instances_default.json", "images/default", [], []),
    ("CVAT", "annotations/instances_default.json", "images", [], []),
    ("Ultralytics", None, "images/train", ["labels/train/1.txt", "data.yaml"], ["no-annotations"]),
    ("Ultralytics", None, "train/images", ["train/labels/1.txt", "data.yaml"], ["no-annotations"]),
    ("Ultralytics", "annotations/a_train.json", "images/train", ["labels/train/1.txt"], []),
    ("MMDetection", "annotations/instances_train2017.json", "train2017", [], []),
    ("MMDetection", "annotations/instances_val2017.json", "val2017", [], []),
]


@pytest.mark.parametrize(("kind", "place", "folder", "others", "expected"), TREES, ids=str)
def test_a_tree_has_the_kind_of_its_program(
    kind: str,
    place: str | None,
    folder: str,
    others: list[str],
    expected: list[str],
    tmp_path: Path,
    cli: Cli,
) -> None:
    files(tmp_path / folder, ["1.jpg"])
    files(tmp_path, others)
    if place is not None:
        ann_file(tmp_path / place, ["1.jpg"])
    found = check_layout(tmp_path)
    assert found.kind is not None and found.kind.name == kind
    assert codes(found) == expected
    if place is not None:
        [file] = found.files
        assert file.on_disk is not None and file.on_disk.folder == tmp_path / folder
        assert not file.on_disk.missing
    else:
        assert "Ultralytics reads text files in labels/" in found.findings[0].message
        assert found.findings[0].severity == "note"
    assert cli("layout", tmp_path).out.splitlines()[0] == f"kind: {kind}"
    assert json.loads(cli("layout", tmp_path, "--json").out)["kind"] == kind


def test_a_tree_of_no_program_has_no_kind(tmp_path: Path) -> None:
    ann_file(tmp_path / "boxes.json", ["1.jpg"])
    files(tmp_path, ["1.jpg"])
    found = check_layout(tmp_path)
    assert found.kind is None
    assert not layout_lines(found)[0].startswith("kind")


def test_names_of_lvis_are_in_their_addresses(tmp_path: Path) -> None:
    images = [{"id": 1, "coco_url": "http://images.cocodataset.org/val2017/1.jpg"}]
    path = ann_file(tmp_path / "annotations/lvis_v1_val.json", [], images=images)
    files(tmp_path / "val2017", ["1.jpg"])
    assert codes(check_layout(tmp_path)) == []
    assert set(tree(gather(tmp_path / "out", path))) == {
        "annotations/lvis_v1_val.json",
        "val2017/1.jpg",
    }


def test_records_without_a_name(tmp_path: Path) -> None:
    path = ann_file(tmp_path / "annotations/x.json", ["1.jpg", None, 7])
    files(tmp_path / "images", ["1.jpg"])
    assert codes(check_layout(tmp_path)) == ["nameless"]
    with pytest.raises(DataError, match="2 records without file_name"):
        gather(tmp_path / "out", path)


# a subset gathered


def test_the_sample_data_are_gathered_and_found_again(cli: Cli, tmp_path: Path) -> None:
    assert cli("subset", SAMPLE, "--first", "10", "-o", "ten.json", "--quiet").code == 0
    done = cli("layout", SAMPLE.parents[1], "--gather", "small", "--of", "ten.json")
    assert (done.code, done.out) == (0, "small\n"), done.err
    assert "10 of 10 files" in done.err and "copied" in done.err
    names = [i["file_name"] for i in json.loads((tmp_path / "ten.json").read_bytes())["images"]]
    expected = {f"sample2017/{n}": (IMAGES / n).read_bytes() for n in names}
    expected["annotations/ten.json"] = (tmp_path / "ten.json").read_bytes()
    assert tree(tmp_path / "small") == expected
    for name in names:
        then, now = (IMAGES / name).stat(), (tmp_path / "small/sample2017" / name).stat()
        assert then.st_mtime_ns == now.st_mtime_ns
    # ten.json does not say "sample2017", so that the folder is called what it was
    [found] = check_layout(tmp_path / "small").files
    assert found.images == 10


def test_a_gathered_split_is_clean(tmp_path: Path) -> None:
    path = coco(tmp_path / "from")
    first = path.with_name("instances_val2017_first2.json")
    ann_file(first, [f"{i:012}.jpg" for i in range(2)])
    out = gather(tmp_path / "out", first)
    assert sorted(tree(out)) == [
        "annotations/instances_val2017_first2.json",
        "val2017/000000000000.jpg",
        "val2017/000000000001.jpg",
    ]
    found = check_layout(out)
    assert codes(found) == [] and not found.notes


def test_several_files_go_into_one_tree_with_their_pngs(cli: Cli, tmp_path: Path) -> None:
    things, stuff = coco(tmp_path / "from"), panoptic(tmp_path / "from")
    done = cli("layout", "from")
    assert done.code == 0 and done.out.count("\nannotations/panoptic_val2017/ ") == 1
    done = cli("layout", "--gather", "out", "--of", things, "--of", stuff, "--copy", "--json")
    assert done.code == 0, done.err
    summary = json.loads(done.out)
    assert (summary["how"], summary["files"]) == ("copy", 6)
    assert summary["annotation_files"][1]["seg_prefix"] == "annotations/panoptic_val2017"
    assert tree(tmp_path / "out") == tree(tmp_path / "from")
    of_files = {n: t for n, t in tree(tmp_path / "from").items() if not n.endswith(".json")}
    assert summary["bytes"] == sum(map(len, of_files.values()))
    assert summary["annotation_files"][0]["bytes"] == things.stat().st_size
    printed = cli("layout", "--gather", "again", "--of", things, "--of", stuff).err
    assert f"6 files, {summary['bytes']:,} bytes, copied" in printed
    assert codes(check_layout(tmp_path / "out")) == []
    only = gather(tmp_path / "only", things)
    assert not [name for name in tree(only) if "panoptic" in name]


def test_links_are_absolute_and_lead_to_the_file_itself(cli: Cli, tmp_path: Path) -> None:
    path = coco(tmp_path / "from")
    (tmp_path / "from/val2017").rename(tmp_path / "disk")
    (tmp_path / "from/val2017").symlink_to("../disk")
    done = cli("layout", "--gather", "out", "--of", path, "--link")
    assert done.code == 0 and "keep the originals" in done.err
    link = tmp_path / "out/val2017/000000000000.jpg"
    assert os.readlink(link) == str((tmp_path / "disk/000000000000.jpg").resolve())  # noqa: PTH115
    assert not (tmp_path / "out/annotations/instances_val2017.json").is_symlink()
    assert codes(check_layout(tmp_path / "out")) == []
    again = gather(tmp_path / "again", tmp_path / "out/annotations" / path.name)
    assert not (again / "val2017/000000000000.jpg").is_symlink()
    assert tree(again) == tree(tmp_path / "out")


def test_missing_images_end_it_unless_allowed(cli: Cli, tmp_path: Path) -> None:
    path = coco(tmp_path / "from")
    (tmp_path / "from/val2017/000000000001.jpg").unlink()
    done = cli("layout", "--gather", "out", "--of", path)
    assert done.code == 2
    assert "1 of 3 files that it names is not there: 000000000001.jpg" in done.err
    assert not (tmp_path / "out").exists()
    done = cli("layout", "--gather", "out", "--of", path, "--allow-missing")
    assert done.code == 0 and "missing: 1, such as 000000000001.jpg" in done.err
    assert cli("layout", "out").code == 1
    shutil.rmtree(tmp_path / "from/val2017")
    done = cli("layout", "--gather", "none", "--of", path, "--allow-missing")
    assert done.code == 2 and "no folder has any of its images" in done.err


@pytest.mark.parametrize("name", ["../1.jpg", "a/../../1.jpg", "a/..", "/etc/hostname"])
def test_names_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    path = ann_file(tmp_path / "from/annotations/x.json", ["2.jpg", name])
    files(tmp_path / "from/images", ["2.jpg"])
    files(tmp_path / "from", ["1.jpg"])
    with pytest.raises(DataError, match="1 file name leads out"):
        gather(tmp_path / "out", path, allow_missing=True)
    assert not (tmp_path / "out").exists()


def test_names_keep_their_folders(tmp_path: Path) -> None:
    names = ["a/1.jpg", "b/1.jpg", "b/c/2.jpg"]
    path = ann_file(tmp_path / "from/annotations/x.json", names)
    files(tmp_path / "from", names)
    out = gather(tmp_path / "out", path)
    assert sorted(tree(out)) == ["a/1.jpg", "annotations/x.json", "b/1.jpg", "b/c/2.jpg"]
    deep = ann_file(tmp_path / "deep/annotations/x.json", names)
    files(tmp_path / "deep/images", names)
    assert "images/b/c/2.jpg" in tree(gather(tmp_path / "out2", deep))
    for out in (tmp_path / "out", tmp_path / "out2"):
        assert codes(check_layout(out)) == []


def test_images_beside_their_file_get_a_folder(tmp_path: Path) -> None:
    path = ann_file(tmp_path / "flat/instances_val2017.json", ["1.jpg"])
    files(tmp_path / "flat", ["1.jpg"])
    out = gather(tmp_path / "out", path)
    assert set(tree(out)) == {"annotations/instances_val2017.json", "val2017/1.jpg"}
    assert codes(check_layout(out)) == []


def test_names_that_repeat_or_differ_by_case_are_reported(cli: Cli, tmp_path: Path) -> None:
    path = ann_file(tmp_path / "from/annotations/x.json", ["1.jpg", "1.jpg", "A.jpg", "a.jpg"])
    files(tmp_path / "from/images", ["1.jpg", "A.jpg", "a.jpg"])
    if len(list((tmp_path / "from/images").iterdir())) < 3:
        pytest.skip("names that differ by case are one file here")
    done = cli("layout", "--gather", "out", "--of", path)
    assert done.code == 0
    assert (
        "same file as another record: 1" in done.err and "images/A.jpg and images/a.jpg" in done.err
    )
    assert len(tree(tmp_path / "out")) == 4


def test_files_are_counted_once_however_they_are_named(cli: Cli, tmp_path: Path) -> None:
    path = ann_file(tmp_path / "from/annotations/x.json", ["./1.jpg", "1.jpg", "2.jpg"])
    files(tmp_path / "from/images", ["1.jpg", "2.jpg"])
    done = cli("layout", "--gather", "out", "--of", path, "--json")
    summary = json.loads(done.out)
    assert (summary["files"], summary["annotation_files"][0]["names"]) == (2, 2)
    assert summary["annotation_files"][0]["repeated"] == 1


def test_names_that_are_one_file_elsewhere_are_reported_across_files(
    cli: Cli, tmp_path: Path
) -> None:
    one, two = "e\u0301.jpg", "\u00c9.jpg"
    files(tmp_path / "from/images", [one, two])
    if len(list((tmp_path / "from/images").iterdir())) < 2:
        pytest.skip("they are one file here")
    paths = [
        ann_file(tmp_path / f"from/annotations/{i}.json", [name])
        for i, name in enumerate([one, two])
    ]
    done = cli("layout", "--gather", "out", "--of", paths[0], "--of", paths[1], "--json")
    assert json.loads(done.out)["alike"] == [[f"images/{one}", f"images/{two}"]]
    done = cli("layout", "--gather", "again", "--of", paths[0], "--of", paths[1])
    assert f"the same file on macOS and Windows: images/{one} and images/{two}" in done.err
    assert cli("layout", "--gather", "third", "--of", paths[0]).err.count("macOS") == 0


def test_a_file_that_names_itself_is_reported(tmp_path: Path) -> None:
    path = ann_file(tmp_path / "from/annotations/x.json", ["annotations/x.json", "b/2.jpg"])
    files(tmp_path / "from", ["b/2.jpg"])
    with pytest.raises(RequestError, match=r"annotation file has the name of an image: \S+x\.json"):
        gather(tmp_path / "out", path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_tree_whose_name_nobody_hears_is_reported(tmp_path: Path) -> None:
    path = coco(tmp_path / "from")
    command = [sys.executable, "-m", "cocosurgeon", "layout", "--gather", "out", "--of", str(path)]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*command, "--quiet"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, "warning: out is written" in done.stderr) == (0, True), done.stderr
    assert tree(tmp_path / "out") == tree(tmp_path / "from")


def test_two_files_for_one_place_are_refused(tmp_path: Path) -> None:
    one, two = coco(tmp_path / "one"), coco(tmp_path / "two")
    with pytest.raises(RequestError, match="two files would be"):
        gather(tmp_path / "out", one, two)
    renamed = two.rename(two.with_name("instances_val2017_b.json"))
    with pytest.raises(RequestError, match=r"would be val2017/0+\.jpg"):
        gather(tmp_path / "out", one, renamed)
    names = ["annotations/y.json", "b/2.jpg"]
    odd = ann_file(tmp_path / "odd/annotations/x.json", names)
    files(tmp_path / "odd", names)
    ann_file(tmp_path / "odd/annotations/y.json", names)
    with pytest.raises(RequestError, match=r"has the name of an image: \S+y\.json"):
        gather(tmp_path / "out", odd, tmp_path / "odd/annotations/y.json")
    assert not (tmp_path / "out").exists()


def test_what_is_there_stays(cli: Cli, tmp_path: Path) -> None:
    path = coco(tmp_path / "from")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "dangling").symlink_to("gone")
    assert "from: unchanged" in cli("layout", "--gather", "from", "--of", path).err
    for out in ("full", "file", "dangling", "."):
        done = cli("layout", "--gather", out, "--of", path)
        assert done.code == 2, out
    assert (tmp_path / "full/mine.txt").read_text() == "mine"
    (tmp_path / "empty").mkdir()
    assert cli("layout", "--gather", ".", "--of", path, cwd=tmp_path / "empty").code == 2
    assert cli("layout", "--gather", "empty", "--of", path).code == 0
    done = cli("layout", "--gather", "no/such/out", "--of", path)
    assert done.code == 2 and "make its parent folder first" in done.err
    assert {p.name for p in tmp_path.iterdir()} == {"from", "full", "file", "dangling", "empty"}


@pytest.mark.parametrize(
    "options",
    [
        ["--of", "x.json"],
        ["--copy"],
        ["--link"],
        ["--allow-missing"],
        ["--img-prefix", "x"],
        ["--img-prefix", ""],
        ["--gather", "out"],
        ["--gather", "", "--of", "x.json"],
        ["--gather", "out", "--of", str(SAMPLE), "--copy", "--link"],
        ["--gather", "out", "--of", "-"],
        ["--gather", "out", "--of", "nowhere.json"],
        ["--gather", "out", "--of", str(SAMPLE), "--img-prefix", "nowhere"],
    ],
)
def test_requests_that_make_no_sense(cli: Cli, tmp_path: Path, options: list[str]) -> None:
    done = cli("layout", *options, stdin=SAMPLE.read_bytes())
    assert done.code == 2, done.err
    assert not list(tmp_path.iterdir())


def test_results_name_no_images(tmp_path: Path, put: Any) -> None:
    path = put([{"image_id": 1, "category_id": 1, "bbox": [0, 0, 1, 1], "score": 1}])
    with pytest.raises(RequestError, match="names no images"):
        gather(tmp_path / "out", path)


def test_a_source_that_changes_is_noticed(tmp_path: Path) -> None:
    path = coco(tmp_path / "from")
    files_found = files_to_copy([read(path)])
    image = tmp_path / "from/val2017/000000000001.jpg"
    image.write_bytes(image.read_bytes()[::-1])
    os.utime(image, ns=(1, 1))
    with pytest.raises(DataError, match="changed"):
        copy_tree(files_found, tmp_path / "out", "copy")
    image.unlink()
    with pytest.raises(SourceUnavailableError):
        copy_tree(files_found, tmp_path / "out", "copy")
    dataset = read(path)
    path.write_text(path.read_text() + "\n")
    with pytest.raises(DataError, match="changed"):
        files_to_copy([dataset])
    assert [p.name for p in tmp_path.iterdir()] == ["from"]


_INTERRUPTED = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # tests may run where it is ignored
from cocosurgeon.__main__ import main
from cocosurgeon.layout import copy_tree

copy = copy_tree._copy
def slowly(*given):
    copy(*given)
    print("copied", flush=True)
    time.sleep(0.2)
copy_tree._copy = slowly
sys.argv[1:] = ["layout", "--gather", "out", "--of", sys.argv[1]]
main()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_gathering_leaves_nothing(tmp_path: Path, number: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _INTERRUPTED, str(SAMPLE)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        for _ in range(5):
            assert process.stdout.readline() == "copied\n"
        [draft] = tmp_path.iterdir()
        assert draft.name.startswith(".cocosurgeon-")
        os.killpg(process.pid, number)  # as a terminal does it
        printed = process.stderr.read()
        assert process.wait(30) == (130 if number == signal.SIGINT else 128 + number)
    assert "out was not written" in printed and "Traceback" not in printed
    assert not list(tmp_path.iterdir())


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = coco(tmp_path / "from")
    files_found = files_to_copy([read(path)])
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=10))
    with pytest.raises(OutputError, match="10 bytes are free"):
        copy_tree(files_found, tmp_path / "out", "copy")
    monkeypatch.undo()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(shutil, "copyfileobj", full)
    with pytest.raises(OutputError, match="No space left") as caught:
        copy_tree(files_found, tmp_path / "out", "copy")
    assert "free some space" in str(caught.value.hint)
    assert [p.name for p in tmp_path.iterdir()] == ["from"]


def test_a_write_that_fails_halfway_leaves_nothing(tmp_path: Path) -> None:
    path = coco(tmp_path / "from")
    (tmp_path / "from/val2017/000000000002.jpg").write_bytes(bytes(1 << 20))
    command = f'ulimit -f 64; exec "{sys.executable}" -m cocosurgeon layout --gather out --of "$0"'
    done = subprocess.run(
        ["sh", "-c", command, path],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2 and b"File too large" in done.stderr, done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["from"]


def test_of_two_gatherings_at_once_one_wins_whole(tmp_path: Path) -> None:
    path = coco(tmp_path / "from", count=40)
    command = [sys.executable, "-m", "cocosurgeon", "layout", "--gather", "out", "--of", str(path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    started = [
        subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    ends = [(p.communicate(timeout=60), p.returncode) for p in started]
    assert [code for _, code in ends] == [0, 0, 0], ends
    assert tree(tmp_path / "out") == tree(tmp_path / "from")
    assert {p.name for p in tmp_path.iterdir()} == {"from", "out"}


def test_sources_stay_as_they_are(tmp_path: Path) -> None:
    path = coco(tmp_path / "from")
    os.utime(path, ns=(5_000_000_001, 5_000_000_001))
    before = {p: (p.stat().st_mtime_ns, p.stat().st_mode) for p in tmp_path.rglob("*")}
    bytes_before = tree(tmp_path / "from")
    out = gather(tmp_path / "out", path)
    assert {p: (p.stat().st_mtime_ns, p.stat().st_mode) for p in before if p != tmp_path} == before
    assert tree(tmp_path / "from") == bytes_before
    assert (out / "annotations" / path.name).stat().st_mtime_ns == 5_000_000_001


_PARTS = st.text("abC1é -_.", min_size=1, max_size=4).filter(lambda s: s.strip(".") != "")
_NAMES = st.lists(
    st.builds("/".join, st.lists(_PARTS, min_size=1, max_size=3)).map(lambda n: n + ".jpg"),
    min_size=1,
    max_size=6,
)


@given(names=_NAMES, extra=_NAMES, how=st.sampled_from(["copy", "link"]))
def test_a_gathered_tree_has_exactly_the_images_of_the_file(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], extra: list[str], how: str
) -> None:
    folder = tmp_path_factory.mktemp("gathered")
    path = ann_file(folder / "from/annotations/instances_val2017.json", names)
    images = files(folder / "from/val2017", [*names, *extra])
    out = gather(folder / "out", path, how=how)
    expected = {f"val2017/{name}": (images / name).read_bytes() for name in names}
    expected["annotations/instances_val2017.json"] = path.read_bytes()
    assert tree(out) == expected
    found = check_layout(out)
    assert codes(found) == []
    [file] = found.files
    assert file.on_disk is not None and file.on_disk.found == len(set(names))


def test_a_folder_as_large_as_train2017_takes_a_second(tmp_path: Path) -> None:
    """One listing, and sets: not one question to the system for each name."""
    count = 20_000  # of 118,287; hard links to one file are quickly made
    files(tmp_path / "train2017", ["0.jpg"])
    for i in range(1, count):
        os.link(tmp_path / "train2017/0.jpg", tmp_path / f"train2017/{i}.jpg")
    path = tmp_path / "annotations/instances_train2017.json"
    started = time.process_time()
    found = find_prefix(path, [f"{i}.jpg" for i in range(count)], root=tmp_path)
    assert not found.missing
    assert time.process_time() - started < 1


def test_no_finding_is_a_shell_line() -> None:
    for path in (ROOT / "cocosurgeon/layout").glob("*.py"):
        commands = re.findall(
            r"\b(?:ln -s|mv |mkdir |rmdir |gunzip|unzip -|tar -|&&|shlex)", path.read_text()
        )
        assert not commands, path.name


def test_every_code_of_folders_is_used() -> None:
    sources = (ROOT / "cocosurgeon/layout").glob("*.py")
    codes_used = {c for p in sources for c in re.findall(r'Finding\(\s*"([a-z-]+)"', p.read_text())}
    assert codes_used == {name for name, code in CODES.items() if code.group == "folders"}


def test_links_that_lead_out_of_the_image_folder_are_counted(cli: Cli, tmp_path: Path) -> None:
    path = ann_file(tmp_path / "from/annotations/x.json", ["1.jpg", "2.jpg", "3.jpg"])
    files(tmp_path / "from/images", ["1.jpg"])
    files(tmp_path / "elsewhere", ["2.jpg"])
    (tmp_path / "from/images/2.jpg").symlink_to(tmp_path / "elsewhere/2.jpg")
    (tmp_path / "from/images/3.jpg").symlink_to("1.jpg")
    done = cli("layout", "--gather", "out", "--of", path)
    outside = tmp_path / "elsewhere/2.jpg"
    told = f"links that lead out of the image folder: 1, such as images/2.jpg to {outside}"
    assert (done.code, told in done.err) == (0, True)
    done = cli("layout", "--gather", "again", "--of", path, "--json")
    assert json.loads(done.out)["outside"] == [str(outside)]
