"""``verify --against``: two loaders of a file, by dumps of ``dump`` and of training scripts."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT, SAMPLE, THOROUGH, WILD, Cli, wild_files
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as mask_api

from cocosurgeon.__main__ import main
from cocosurgeon.categories.spaces import find_space
from cocosurgeon.loaders import LOADERS, Instance, Sample, View, load
from cocosurgeon.loaders.settings import settings_for
from cocosurgeon.probe import record as recording
from cocosurgeon.probe.dump import read_dump
from cocosurgeon.probe.record import Recorder
from cocosurgeon.verify.against import verify_against
from cocosurgeon.verify.boxes import Nearness, Placed, pair_boxes
from cocosurgeon.verify.expected import class_names
from cocosurgeon.verify.loader_output import compare_output
from cocosurgeon.verify.masks import pixels_apart
from cocosurgeon.verify.read_again import read_again
from cocosurgeon.verify.verification import Verification

Put = Callable[..., Path]


def verified(
    ann_file: Path, dump: Path, loader: str = "mmdet3", tolerance: float = 0
) -> Verification:
    """A loader in test mode, held against a dump."""
    file = read_again(ann_file)
    [setting] = settings_for(loader, ["test"], class_names(file.document()))
    view = load(loader, file.document(), setting.options)
    return verify_against(
        file,
        setting,
        view,
        read_dump(dump),
        lambda space, label: find_space(space).class_of(label),
        tolerance,
    )


def codes(found: Verification) -> list[str]:
    """The codes of all findings."""
    return [finding.code for finding in found.findings]


@dataclass(frozen=True)
class Ended:
    """What a command said in this process, and its exit code."""

    code: int
    out: str
    err: str


Command = Callable[..., Ended]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run ``cocosurgeon`` in this process: for many short runs."""

    def run(*args: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["cocosurgeon", *map(str, args)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Ended(int(ended.value.code or 0), said.out, said.err)

    return run


def recorded(
    path: Path, view: View, *, known: Mapping[str, Any] | None = None, **columns: Any
) -> Path:
    """A dump as a training script writes it.

    Args:
        view: whose samples are written down.
        known: what the header says.
        columns: functions of a sample in place of what it has: ``labels``, ``masks``, ...
    """
    told = {"framework": "own", "box_format": view.box_format} | dict(known or {})
    with Recorder(path, **told) as recorder:
        for sample in view.samples:
            values: dict[str, Any] = {
                "img_id": sample.img_id,
                "boxes": [i.box for i in sample.instances],
                "labels": [i.label for i in sample.instances],
                "ignore": [i.ignore for i in sample.instances],
                "height": sample.height,
                "width": sample.width,
                "img_path": sample.img_path,
            }
            recorder.record(**values | {name: of(sample) for name, of in columns.items()})
    return path


def view_of(ann_file: Path, loader: str = "mmdet3") -> View:
    """What a loader emits in test mode."""
    document = json.loads(ann_file.read_bytes())
    [setting] = settings_for(loader, ["test"], class_names(document))
    return load(loader, document, setting.options)


# a loader and its own dump


def has_samples(path: Path) -> bool:
    """Whether a file is an annotation file, and the standard library reads it."""
    try:
        return isinstance(json.loads(path.read_bytes()), dict)
    except ValueError:
        return False


@pytest.mark.skipif(not WILD.is_dir(), reason="the folder of real annotation files is not at hand")
@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize(
    "path", [p for p in wild_files() if has_samples(p)], ids=lambda path: path.stem
)
def test_a_loader_is_as_its_own_dump(
    command: Command, tmp_path: Path, path: Path, loader: str
) -> None:
    if not THOROUGH and (list(LOADERS).index(loader) + wild_files().index(path)) % 12:
        pytest.skip("every twelfth loader for each file; all of them in a thorough run")
    has_modes = LOADERS[loader].has_modes
    for mode in ("train", "test") if has_modes else ("test",):
        dump = tmp_path / f"{mode}.jsonl"
        chosen = ["--mode", mode] if has_modes else []
        made = command("dump", path, "--loader", loader, *chosen, "-o", dump)
        done = command("verify", path, "--loader", loader, "--against", dump, "--quiet")
        if made.code:
            assert (made.code, done.code) == (3, 2)  # the loader raises, so there is no dump
        else:
            assert done.code == 0, done.out
            assert "explained by rules" not in done.out


ODD: dict[str, Any] = {
    "images": [
        {"id": 1, "file_name": "1.jpg", "width": math.nan, "height": 10},
        {"id": 2, "file_name": "2.jpg", "width": math.inf, "height": 10.5},
    ],
    "annotations": [
        {"id": 1, "image_id": 1, "category_id": 1, "bbox": [math.nan, 1, 2, 3]},
        {"id": 2, "image_id": 1, "category_id": math.nan, "bbox": [1, math.inf, 2, -math.inf]},
        {"id": 3, "image_id": 1, "category_id": None, "bbox": [1, 2, 3, 4]},
        {"id": 4, "image_id": 1, "category_id": 7.0, "bbox": [10**400, 2, 0.5, 3.5]},
        {"id": 5, "image_id": 2, "category_id": "1", "bbox": [1, 2, 3]},
        {"id": 6, "image_id": 2, "category_id": 1},
        {"id": 7, "image_id": 2, "category_id": 1, "bbox": [1, None, 3, 4]},
        {"id": 8, "image_id": 2, "category_id": 1, "bbox": ["a", "b", "c", "d"]},
    ],
    "categories": [{"id": 1, "name": "a"}],
}
for _each in ODD["annotations"]:
    _each |= {"area": 1, "iscrowd": 0}


def test_odd_values_are_as_they_are(command: Command, put: Put, tmp_path: Path) -> None:
    path = put(ODD)
    made = command("dump", path, "--loader", "torchvision", "-o", tmp_path / "d.jsonl")
    assert made.code == 0, made.err
    done = command(
        "verify", path, "--loader", "torchvision", "--against", tmp_path / "d.jsonl", "--quiet"
    )
    assert done.code == 0, done.out
    assert "8 objects alike" in done.out


def test_odd_sizes_are_as_they_are(put: Put, tmp_path: Path) -> None:
    document = ODD | {"annotations": []}
    path = put(document)
    view = view_of(path)
    assert [s.width for s in view.samples][1] == math.inf
    assert not verified(path, recorded(tmp_path / "d", view)).findings


@pytest.mark.parametrize("loader", ["torchvision", "detectron2", "mmdet3"])
def test_numbers_beyond_floats_are_compared(
    command: Command, put: Put, tmp_path: Path, small: Any, loader: str
) -> None:
    small["annotations"][4]["bbox"] = [10**400, 2, 0.5, 3.5]
    path, dump = put(small), tmp_path / "d.jsonl"
    for other in ("torchvision", "detectron2"):
        assert command("dump", path, "--loader", other, "-o", dump, "--force").code == 0
        done = command("verify", path, "--loader", loader, "--against", dump)
        assert done.code == (1 if loader == "mmdet3" else 0), done.out
        assert "Overflow" not in done.out or "loader-error" in done.out


# recorded by a training script

DETR = """
import json
import numpy as np


class CocoDetection:
    def __init__(self, images, ann_file, transforms, return_masks):
        document = json.loads(ann_file.read_bytes())
        self.images = sorted(document["images"], key=lambda image: image["id"])
        self.of = {image["id"]: [] for image in self.images}
        for ann in document["annotations"]:
            if not ann.get("iscrowd"):
                self.of[ann["image_id"]].append(ann)

    def __len__(self):
        return len(self.images)

    def __getitem__(self, place):
        image = self.images[place]
        size = height, width = image["height"], image["width"]
        anns = self.of[image["id"]]
        boxes = np.array([a["bbox"] for a in anns], np.float32).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        boxes = np.minimum(np.maximum(boxes, 0), np.array([width, height] * 2, np.float32))
        keep = (boxes[:, 3] > boxes[:, 1]) & (boxes[:, 2] > boxes[:, 0])
        resized = round(height * 800 / min(size)), round(width * 800 / min(size))
        ratio = np.array([resized[1] / width, resized[0] / height] * 2, np.float32)
        low, high = np.split(boxes[keep] * ratio, 2, axis=1)
        boxes = np.concatenate([(low + high) / 2, high - low], 1)
        return None, {
            "boxes": boxes / np.array([resized[1], resized[0]] * 2, np.float32),
            "labels": np.array([a["category_id"] for a in anns], np.int64)[keep],
            "image_id": np.array([image["id"]]),
            "orig_size": np.array(size),
        }


def make_coco_transforms(image_set):
    assert image_set == "val"
"""


def examples() -> list[str]:
    """The programs that docs/probe.md shows."""
    return re.findall(r"^```python\n(.*?)^```", (ROOT / "docs/probe.md").read_text(), re.M | re.S)


def test_the_examples_do_what_they_are_for(cli: Cli, tmp_path: Path) -> None:
    whole, single = examples()
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets/coco.py").write_text(DETR)
    (tmp_path / "record.py").write_bytes(Path(str(recording.__file__)).read_bytes())
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations/instances_val2017.json").write_bytes(SAMPLE.read_bytes())
    assert "/data/coco" in whole
    whole = whole.replace("/data/coco", str(tmp_path))
    each = "".join(f"    {line}\n" for line in single.splitlines())
    (tmp_path / "dump_coco.py").write_text(
        f"{whole}\nfrom record import record\nfor _, target in dataset:\n{each}"
    )
    subprocess.run([sys.executable, "dump_coco.py"], cwd=tmp_path, check=True, timeout=60)
    for dump in ("detr_val.jsonl.gz", "detr_train.jsonl.gz"):
        done = cli("verify", SAMPLE, "--loader", "mmdet3", "--against", dump, "--quiet")
        assert done.code == 0, done.out
        assert "box changed by detr (clipped, or rounded): 6, dropped by detr, crowd: 8" in done.out


@pytest.mark.parametrize(
    ("known", "hint"),
    [
        ({"framework": "detr"}, "write loader='detr' into the dump's header"),
        ({"framework": "mine"}, "write loader=NAME, one of mmdet3, "),
        ({"loader": "detr2"}, "the loader in the dump's header, 'detr2'"),
    ],
)
def test_of_a_dump_without_rules_that_is_said(
    tmp_path: Path, put: Put, small: Any, known: dict[str, Any], hint: str
) -> None:
    path = put(small)
    dump = recorded(tmp_path / "d", view_of(path, "detr"), known=known)
    [finding] = verified(path, dump).findings
    assert finding.code == "unexplained"
    assert "annotation 3 is not in the dump" in finding.message  # a crowd
    assert hint in finding.next
    dump = recorded(tmp_path / "d", view_of(path, "detr"), known=known | {"loader": "detr"})
    assert not verified(path, dump).findings


def test_rules_that_raise_explain_nothing(tmp_path: Path, put: Put, small: Any) -> None:
    del small["annotations"][0]["area"]
    path = put(small)
    view = view_of(path, "torchvision")
    fewer = [Sample(s.img_id, s.img_path, None, None, ()) for s in view.samples]
    view = View(**vars(view) | {"samples": tuple(fewer)})
    found = verified(path, recorded(tmp_path / "d", view, known={"loader": "detr"}), "torchvision")
    assert set(codes(found)) == {"unexplained"}
    assert "detr raises KeyError (no-area)" in found.findings[0].next


# labels


def test_labels_in_floating_point_are_labels(tmp_path: Path, put: Put, small: Any) -> None:
    path = put(small)
    view = view_of(path)
    with_floats = recorded(
        tmp_path / "d",
        view,
        known={"classes": view.classes},
        labels=lambda s: np.array([i.label for i in s.instances], np.float32),
    )
    assert '"label":0,' in with_floats.read_text()
    assert not verified(path, with_floats).findings
    by_hand = with_floats.read_text().replace('"label":0,', '"label":0.0,')
    (tmp_path / "e").write_text(by_hand)
    assert not verified(path, tmp_path / "e").findings
    in_space = recorded(
        tmp_path / "d",
        view,
        known={"label_space": "coco91"},
        labels=lambda s: [view.cat_ids[int(i.label)] for i in s.instances],
    )
    (tmp_path / "e").write_text(re.sub(r'"label":(\d+)', r'"label":\1.0', in_space.read_text()))
    assert not verified(path, tmp_path / "e").findings


def test_a_label_beyond_the_classes_is_no_category_id(tmp_path: Path, put: Put, small: Any) -> None:
    path = put(small)
    view = view_of(path)
    dump = recorded(
        tmp_path / "d",
        view,
        known={"classes": view.classes},
        labels=lambda s: [view.cat_ids[int(i.label)] for i in s.instances],
    )
    found = verified(path, dump)
    # ids 1 are labels of another class; ids 18 and 90 are none at all
    assert Counter(codes(found)) == {"label-shift": 3, "unexplained": 4}


def test_an_unknown_label_space_is_bad_data(cli: Cli, tmp_path: Path, put: Put, small: Any) -> None:
    path = put(small)
    recorded(tmp_path / "d.gz", view_of(path), known={"label_space": "coco08"})
    done = cli("verify", path, "--against", "d.gz")
    assert done.code == 3
    assert "there is no label space 'coco08'" in done.err
    assert "d.gz, line 1" in done.err


def test_options_that_are_none_name_the_dump(
    cli: Cli, tmp_path: Path, put: Put, small: Any
) -> None:
    path = put(small)
    known = {"loader": "mmdet3", "options": {"filter_cfg": {"min_size": "x"}}}
    recorded(tmp_path / "d", view_of(path), known=known)
    done = cli("verify", path, "--against", "d")
    assert done.code == 3
    assert "d, line 1" in done.err


# masks


def drawn(mask: Any, height: int, width: int) -> Any:
    """A mask as a bitmap."""
    if isinstance(mask, dict) and isinstance(mask["counts"], str):
        return mask_api.decode(mask)
    rles = mask_api.frPyObjects(mask, height, width)
    return mask_api.decode(mask_api.merge(rles) if isinstance(mask, list) else rles)


def bitmaps(sample: Any) -> Any:
    """The masks of an image, as a pipeline hands them on."""
    size = sample.height, sample.width
    return np.array([drawn(i.mask, *size) for i in sample.instances], bool).reshape(-1, *size)


def packed(sample: Any) -> list[Any]:
    """The masks of an image, as packed RLE."""
    return [mask_api.encode(np.asfortranarray(m, np.uint8)) for m in bitmaps(sample)]


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("form", [bitmaps, packed])
def test_masks_of_two_forms_are_compared_as_drawn(
    tmp_path: Path, form: Callable[[Any], Any]
) -> None:
    # pycocotools, which draws here, decodes in a way that NumPy 2 advises against
    view = view_of(SAMPLE)
    known = {"classes": view.classes}
    dump = recorded(tmp_path / "d", view, known=known, masks=form)
    found = verified(SAMPLE, dump)
    assert not found.findings
    assert "573 objects alike" in found.compared[0]

    def spoilt(sample: Any) -> Any:
        masks = bitmaps(sample)
        masks[:1, 3, 5] ^= True
        return masks

    found = verified(SAMPLE, recorded(tmp_path / "d", view, known=known, masks=spoilt))
    assert set(codes(found)) == {"mask"}
    assert len(found.findings) == sum(bool(s.instances) for s in view.samples)
    assert "drawn, they differ in 1 of " in found.findings[0].message


@pytest.mark.parametrize(
    ("mask", "said"),
    [
        ([[10.0, 10, 60, 10, 60, 40]], None),
        ([[10.5, 10, 60, 10, 60, 40]], "other polygons"),
        ({"size": [480, 640], "counts": [480 * 640]}, "they differ in "),
        ({"size": [800, 1066], "counts": [800 * 1066]}, "size [800, 1066], its image [480, 640]"),
        ({"size": [480, 640], "counts": [5]}, "5 of 307200 pixels"),
        ({"size": [480, 640], "counts": [480 * 640 + 1, -1]}, "of 307200 pixels"),
        ({"size": [480, 640], "counts": "11"}, "has runs for 2 of 307200"),
        ({"size": [480, 640], "counts": "zzz"}, "text that is not RLE"),
        ({"size": [480, 640], "counts": "ooo"}, "end within a number"),
        ({"size": [480, 640], "counts": []}, "cannot be drawn"),
        ({"size": [480, 640]}, "counts are not RLE"),
        ([[1, 2]], "other polygons"),
        ("nothing", "cannot be drawn"),
    ],
)
def test_masks_that_differ(
    tmp_path: Path, put: Put, small: Any, mask: Any, said: str | None
) -> None:
    small["annotations"] = small["annotations"][:1]
    small["annotations"][0]["segmentation"] = [[10, 10, 60, 10, 60, 40]]
    path = put(small)
    view = view_of(path)
    dump = recorded(
        tmp_path / "d",
        view,
        known={"classes": view.classes},
        masks=lambda s: [mask for _ in s.instances],
    )
    texts = [finding.message for finding in verified(path, dump).findings]
    assert [said in text for text in texts] == [True] if said else not texts


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@given(st.integers(1, 9), st.integers(1, 9), st.randoms(use_true_random=False))
def test_pixels_are_those_of_pycocotools(height: int, width: int, random: Any) -> None:
    bits = [random.random() < random.choice([0.05, 0.5]) for _ in range(height * width)]
    one = np.array(bits, np.uint8).reshape(height, width)
    other = np.zeros((height, width), np.uint8)
    packed = mask_api.encode(np.asfortranarray(one))
    assert pixels_apart(packed, [], height, width) == one.sum()
    assert pixels_apart(packed, mask_api.encode(np.asfortranarray(other)), height, width) == sum(
        bits
    )
    unpacked = {"size": [height, width], "counts": [0, 1, height * width - 1]}
    other[0, 0] = 1
    assert pixels_apart(unpacked, packed, height, width) == (one != other).sum()


# another file


@pytest.fixture
def halves(command: Command, tmp_path: Path) -> tuple[Path, Path]:
    """The sample data, and its first 30 images."""
    path = tmp_path / "first.json"
    assert command("subset", SAMPLE, "--first", "30", "-o", path, "--quiet").code == 0
    return SAMPLE, path


@pytest.mark.parametrize("loader", ["mmdet3", "detr"])
def test_a_file_against_a_dump_of_another(
    command: Command, tmp_path: Path, halves: tuple[Path, Path], loader: str
) -> None:
    dump = tmp_path / "d.jsonl"
    for ann_file, other, alone in (*zip(halves, halves[::-1], ((0, 98), (98, 0)), strict=True),):
        assert command("dump", other, "--loader", loader, "-o", dump, "--force").code == 0
        done = command("verify", ann_file, "--loader", "mmdet3", "--against", dump)
        assert done.code == 0, done.out
        assert "the dump was made of another file" in done.out
        assert "the 30 images of both are compared" in done.out
        assert f"only in the dump: {alone[0]}, only in this file: {alone[1]}" in done.out
        assert "(30 samples, " in done.out


def test_rules_of_both_are_told_of_another_file_too(
    command: Command, tmp_path: Path, halves: tuple[Path, Path]
) -> None:
    whole, half = halves
    dump = tmp_path / "d.jsonl"
    assert command("dump", half, "--loader", "mmdet3", "--mode", "train", "-o", dump).code == 0
    done = command("verify", whole, "--loader", "detr", "--against", dump)
    assert done.code == 0, done.out
    ids = {json.loads(line).get("img_id") for line in dump.read_text().splitlines()} - {None}
    listed = {i["id"] for i in json.loads(whole.read_bytes())["images"]}
    skipped = map(int, re.findall(r"image skipped by mmdet3, \w+: (\d+)", done.out))
    assert f"only in this file: {len(listed - ids) - sum(skipped)}" in done.out


def test_what_differs_in_the_images_of_both_is_found(
    command: Command, tmp_path: Path, halves: tuple[Path, Path]
) -> None:
    whole, half = halves
    document = json.loads(half.read_bytes())
    gone = document["annotations"].pop()
    half.write_text(json.dumps(document))
    dump = tmp_path / "d.jsonl"
    assert command("dump", half, "--loader", "torchvision", "-o", dump).code == 0
    done = command("verify", whole, "--loader", "torchvision", "--against", dump)
    assert done.code == 1
    assert f"annotation {gone['id']} is not in the dump" in done.out


def test_indices_of_another_file_are_not_taken(
    command: Command, tmp_path: Path, halves: tuple[Path, Path]
) -> None:
    whole, half = halves
    dump = tmp_path / "d.jsonl"
    told = ("--loader", "mmdet3", "--option", "indices=[3, 4, 5]")
    assert command("dump", half, *told, "-o", dump).code == 0
    done = command("verify", whole, "--loader", "mmdet3", "--against", dump)
    assert done.code == 0, done.out
    assert "only in the dump: 0, only in this file: 125" in done.out
    assert "indices" not in done.out
    done = command("verify", half, "--loader", "mmdet3", "--against", dump)
    assert done.code == 0, done.out
    assert "image skipped by mmdet3, indices: 27" in done.out


def test_no_image_in_common_is_nothing_verified(tmp_path: Path, put: Put, small: Any) -> None:
    dump = recorded(tmp_path / "d", view_of(SAMPLE), known={"ann_file": SAMPLE})
    [finding] = verified(put(small), dump).findings
    assert "nothing is compared" in finding.message


# paths


@pytest.mark.parametrize(
    ("told", "is_same"),
    [
        ("train/{}", True),
        ("./train/{}", True),
        ("val/{}", False),
        ("{}", False),
        ("/data/coco/val/{}", True),
        ("C:\\coco\\{}", True),
        ("/data/coco/val/x{}", False),
        (None, True),
    ],
)
def test_paths_are_compared_whole_behind_the_root(
    tmp_path: Path, put: Put, small: Any, told: str | None, is_same: bool
) -> None:
    for image in small["images"]:
        image["file_name"] = f"train/{image['id']}.jpg"
    path = put(small)
    view = view_of(path)
    dump = recorded(
        tmp_path / "d",
        view,
        known={"classes": view.classes},
        img_path=lambda s: told and told.format(f"{s.img_id}.jpg"),
    )
    found = verified(path, dump)
    assert codes(found) == ([] if is_same else ["unexplained"] * 5)
    assert is_same or "img_path is 'train/30.jpg' and " in found.findings[0].message


def test_the_root_that_a_loader_is_told_is_no_part_of_a_path(
    command: Command, tmp_path: Path, put: Put, small: Any
) -> None:
    path, dump = put(small), tmp_path / "d.jsonl"
    assert command("dump", path, "--loader", "mmdet3", "-o", dump).code == 0
    told = ("--loader", "mmdet2", "--option", "img_prefix=images/val")
    done = command("verify", path, *told, "--against", dump)
    assert done.code == 0, done.out


# pairs

numbers = st.sampled_from([0.0, 1.0, 1.4, 2.0, 100.0, 1e31, math.inf, math.nan])
boxes = st.one_of(
    st.tuples(numbers, numbers, numbers, numbers), st.tuples(numbers, numbers), st.just(())
)
objects = st.lists(
    st.builds(Placed, boxes, st.tuples(st.sampled_from(["a", "b"]), st.booleans())), max_size=8
)


@given(objects, objects, st.sampled_from([0.0, 0.5]), st.booleans())
def test_no_pair_is_missed_and_none_is_wrong(
    mine: list[Placed], theirs: list[Placed], tolerance: float, rounds: bool
) -> None:
    nearness = Nearness(tolerance, rounds)
    pairs = pair_boxes(mine, theirs, nearness)
    assert len(set(pairs.values())) == len(pairs)
    assert all(nearness.alike(mine[i].box, theirs[n].box) for i, n in pairs.items())
    for i in set(range(len(mine))) - set(pairs):
        for n in set(range(len(theirs))) - set(pairs.values()):
            assert not nearness.alike(mine[i].box, theirs[n].box)


def test_the_same_comes_before_what_is_alike() -> None:
    near, same = (1.2, 1.0, 5.0, 5.0), (1.0, 1.0, 5.0, 5.0)
    for first, last in ((near, same), (same, near)):
        mine = [Placed(first, ("a", False)), Placed(last, ("a", False))]
        assert pair_boxes(mine, mine[::-1], Nearness(0.5, False)) == {0: 1, 1: 0}
    crowd, other = Placed(same, ("a", True)), Placed(same, ("a", False))
    unnamed = Placed(same, (None, True))
    assert pair_boxes([crowd, other], [other, unnamed], Nearness(0, False)) == {1: 0, 0: 1}


@pytest.mark.parametrize(
    "box_at",
    [
        lambda n: [n % 200 + n / 1e4, n // 200, 3.5, 4.1],
        lambda n: [0, 0, 10, 10],
        lambda n: [0, 0.1 * n, 10.3, 10],
    ],
    ids=["spread", "same", "edge"],
)
def test_an_image_with_very_many_objects(put: Put, tmp_path: Path, box_at: Any) -> None:
    count = 20_000 if THOROUGH else 6_000
    shared = {"image_id": 1, "category_id": 1, "area": 1, "iscrowd": 0}
    document = {
        "images": [{"id": 1, "file_name": "1.jpg", "width": 500, "height": 10_000}],
        "annotations": [{"id": n, "bbox": box_at(n), **shared} for n in range(count)],
        "categories": [{"id": 1, "name": "a"}],
    }
    path = put(document)
    view = view_of(path, "detr")
    dump = recorded(tmp_path / "d", view, known={"single": True})
    for loader in ("detr", "torchvision"):
        started = time.perf_counter()
        found = verified(path, dump, loader)
        assert not found.findings
        assert f"{count:,} objects alike" in found.compared[0]
        assert time.perf_counter() - started < 20

    # all of them dropped by a rule of the other side
    for each in document["annotations"]:
        each["area"] = 0
    path = put(document, "dropped.json")
    started = time.perf_counter()
    found = verified(path, dump, "mmdet3")
    assert not found.findings
    assert f"dropped by mmdet3, no-area: {count:,}" in found.compared[0]
    assert time.perf_counter() - started < 20


def test_very_many_objects_in_another_order() -> None:
    count = 20_000
    one = tuple(Instance(n, (0, 0, 1, 1), 0, False, None, n) for n in range(count))
    views = [
        View(
            loader="mmdet3",
            classes=("a",),
            cat_ids=(1,),
            cat2label={1: 0},
            box_format="xyxy",
            single=False,
            samples=(Sample(1, "1.jpg", 1, 1, each),),
            dropped=(),
        )
        for each in (one, one[:0:-1])
    ]
    started = time.perf_counter()
    found = compare_output(views[1], views[0], "test")
    assert [f.code for f in found] == ["instance-lost", "instance-order"]
    assert time.perf_counter() - started < 5


# order of findings


def test_findings_come_in_the_same_order_each_time(tmp_path: Path, put: Put, small: Any) -> None:
    for image in small["images"]:
        image["id"] = f"image {image['id']}"
    for ann in small["annotations"]:
        ann["image_id"] = f"image {ann['image_id']}"
    path = put(small)
    view = view_of(path)
    dump = recorded(tmp_path / "d", View(**vars(view) | {"samples": ()}))
    said = set()
    for seed in "01":
        done = subprocess.run(
            [sys.executable, "-m", "cocosurgeon", "verify", path, "--against", dump, "--json"],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=False,
        )
        found = json.loads(done.stdout)["findings"]
        said.add(tuple(r["id"] for f in found for r in f["records"]))
    assert said == {tuple(i["id"] for i in small["images"])}
