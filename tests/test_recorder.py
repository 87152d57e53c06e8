"""The recorder in programs that end badly, in several ranks, and in frameworks with own habits."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Cli

from cocosurgeon.loaders import LOADERS
from cocosurgeon.probe import record as recording
from cocosurgeon.probe.dump import read_dump
from cocosurgeon.probe.record import Recorder

RECORD = """
from record import record
import sys
for img_id in (1, 2):
    record(
        {"image_id": img_id, "boxes": [[1, 1, 5, 5]], "labels": [1], "orig_size": [20, 40]},
        "out.jsonl", framework=%r, box_format="xyxy",
    )
"""


def run(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Run a program next to a copy of the recorder."""
    (folder / "record.py").write_bytes(Path(str(recording.__file__)).read_bytes())
    return subprocess.run(
        [sys.executable, "-S", "-E", "-c", script],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("framework", "size"),
    [
        ("detr", (20, 40)),
        ("rf-detr", (20, 40)),
        ("RT-DETR", (40, 20)),
        ("rtdetrv2", (40, 20)),
        ("D-FINE", (40, 20)),
        ("deim", (40, 20)),
    ],
)
def test_orig_size_is_in_the_order_of_the_framework(
    framework: str, size: tuple[int, int], tmp_path: Path
) -> None:
    assert run(tmp_path, RECORD % framework).returncode == 0
    samples = read_dump(tmp_path / "out.jsonl").samples
    assert {(s.height, s.width) for s in samples} == {size}


def test_the_recorder_knows_the_loaders_whose_width_comes_first(tmp_path: Path) -> None:
    for name, loader in LOADERS.items():
        script = RECORD.replace("out.jsonl", f"{name}.jsonl") % name
        assert run(tmp_path, script).returncode == 0
        first, _ = read_dump(tmp_path / f"{name}.jsonl").samples
        size = (40, 20) if loader.is_width_first else (20, 40)
        assert (first.height, first.width) == size, name


@pytest.mark.parametrize("status", ["1", "'out of memory'", "True"])
def test_a_program_that_exits_with_an_error_leaves_no_dump(status: str, tmp_path: Path) -> None:
    assert run(tmp_path, RECORD % "detr" + f"sys.exit({status})\n").returncode == 1
    assert sorted(p.name for p in tmp_path.glob("out*")) == ["out.jsonl.part"]


@pytest.mark.parametrize("ending", ["sys.exit()", "sys.exit(0)", "sys.exit(None)"])
def test_a_program_that_exits_well_leaves_a_dump(ending: str, tmp_path: Path) -> None:
    assert run(tmp_path, RECORD % "detr" + ending).returncode == 0
    assert len(read_dump(tmp_path / "out.jsonl").samples) == 2


def test_an_exit_that_was_caught_does_not_count(tmp_path: Path) -> None:
    caught = "try:\n    sys.exit(1)\nexcept SystemExit:\n    pass\n"
    last = "record({'image_id': 3, 'boxes': [], 'labels': []}, 'out.jsonl', framework='detr', "
    script = RECORD % "detr" + caught + last + "box_format='xyxy')\n"
    assert run(tmp_path, script).returncode == 0
    assert len(read_dump(tmp_path / "out.jsonl").samples) == 3


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ranks.jsonl.gz"
    with Recorder(path, "detr", "xyxy") as first:
        first.record(img_id=1, boxes=[], labels=[])
        with pytest.raises(RuntimeError, match=r"ranks.jsonl.gz is being recorded already"):
            Recorder(path, "detr", "xyxy")
        first.record(img_id=2, boxes=[], labels=[])
    assert [s.img_id for s in read_dump(path).samples] == [1, 2]
    left = tmp_path / "killed.jsonl.part"
    left.write_text("what a killed program left\n" * 99)
    with Recorder(tmp_path / "killed.jsonl", "detr", "xyxy") as recorder:
        recorder.record(img_id=1, boxes=[], labels=[])
    assert len(read_dump(tmp_path / "killed.jsonl").samples) == 1


def test_an_image_that_dino_cannot_read_is_named(tmp_path: Path) -> None:
    images = [{"id": i, "file_name": f"{i}.jpg"} for i in (9, 4, 7)]
    ann_file = tmp_path / "gt.json"
    ann_file.write_text(json.dumps({"images": images}))

    def recorded(framework: str, *img_ids: int, named: bool = True) -> str:
        file = ann_file if named else None
        recorder = Recorder(tmp_path / "d", framework, "xyxy", ann_file=file)
        with pytest.raises(ValueError, match="was recorded before") as caught:
            for img_id in img_ids:
                recorder.record(img_id=img_id, boxes=[], labels=[])
        recorder.abandon()
        return str(caught.value)

    replaced = "DINO replaces an image that it cannot read by the next one"
    # 7 is not there: 9 comes in its place, and then as itself
    assert f"{replaced}: it is 7 (7.jpg)" in recorded("DINO", 4, 9, 9)
    assert recorded("dino", 4, 9, 9, named=False).endswith(
        f"{replaced}. See that its file is there"
    )
    assert "a sampler that repeats images" in recorded("dino", 9, 4, 9)
    assert "a sampler that repeats images" in recorded("detr", 4, 9, 9)


def test_a_dump_without_a_mode_takes_one(tmp_path: Path, cli: Cli) -> None:
    document = {
        "images": [{"id": i, "file_name": f"{i}.jpg", "width": 64, "height": 64} for i in (1, 2)],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 9, 9], "area": 81}
        ],
        "categories": [{"id": 1, "name": "person"}],
        "info": {},
    }
    (tmp_path / "gt.json").write_text(json.dumps(document))
    for mode in (None, "test"):
        path = tmp_path / f"{mode}.jsonl"
        with Recorder(path, "mine", "xyxy", mode=mode, classes=["person"]) as recorder:
            recorder.record(img_id=1, boxes=[[1, 1, 10, 10]], labels=[0], height=64, width=64)
    args = ("verify", "gt.json", "--loader", "mmdet3", "--against")
    # In train mode the second image, which has no object, is skipped here, too.
    assert cli(*args, "None.jsonl", "--mode", "train").code == 0
    assert cli(*args, "None.jsonl").code == 1
    refused = cli(*args, "test.jsonl", "--mode", "train")
    assert (refused.code, "the dump is of test mode" in refused.err) == (2, True)


@pytest.mark.parametrize("how", ["mirrored", "resized"])
def test_a_dump_of_augmented_images_is_one_finding(how: str, tmp_path: Path, cli: Cli) -> None:
    boxes = {i: [float(i), 2.0, i + 9.5, 12.0] for i in range(1, 7)}
    document = {
        "images": [{"id": i, "file_name": f"{i}.jpg", "width": 64, "height": 64} for i in boxes],
        "annotations": [
            {"id": i, "image_id": i, "category_id": 1, "bbox": [i, 2, 9.5, 10], "area": 95}
            for i in boxes
        ],
        "categories": [{"id": 1, "name": "person"}],
        "info": {},
    }
    (tmp_path / "gt.json").write_text(json.dumps(document))
    with Recorder(tmp_path / "d.jsonl", "mine", "xyxy", classes=["person"]) as recorder:
        for img_id, (x1, y1, x2, y2) in boxes.items():
            scale = 2 if how == "resized" and img_id % 2 else 1
            box = (
                [64 - x2, y1, 64 - x1, y2] if how == "mirrored" and img_id > 2 else [x1, y1, x2, y2]
            )
            recorder.record(
                img_id=img_id,
                boxes=[[scale * v for v in box]],
                labels=[0],
                height=64 * scale,
                width=64 * scale,
            )
    ended = cli("verify", "gt.json", "--loader", "mmdet3", "--against", "d.jsonl", "--json")
    found = json.loads(ended.out)["findings"]
    assert [(f["code"], f["count"]) for f in found if f["severity"] == "error"] == [
        ("augmented", 1)
    ]


def test_an_interpreter_without_any_library_is_no_loader(tmp_path: Path, cli: Cli) -> None:
    (tmp_path / "gt.json").write_text("{}")
    ended = cli("dump", "gt.json", "--python", sys.executable)
    assert ended.code == 2
    assert "no library of a loader that can be run" in ended.err
    assert "name one that has mmdet, onedl-mmdetection, torchvision" in ended.err
    assert cli("dump", "gt.json", "--python", "no/such/python").code == 2
