"""Datasets of configs that are no CocoDataset, or are wrapped, against the real ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mmdet_line
import pytest
from conftest import Cli
from mmdet_line import MMDET2, MMDET3, Line, errors

LINES = pytest.mark.parametrize("line", mmdet_line.LINES, ids=mmdet_line.LINE_IDS)

MINE = """
class Mine(datasets.CocoDataset):
    def METHOD(self, *args):
        loaded = super().METHOD(*args)
        self.cat2label = dict(zip(self.cat_ids, reversed(range(len(self.cat_ids)))))
        for info in loaded:
            for each in info.get('instances', ()):
                each['bbox_label'] = len(self.cat_ids) - 1 - each['bbox_label']
        return loaded
"""


def document(*img_ids: int) -> dict[str, Any]:
    """Images with one object of each class; the list is not in the order of the ids."""
    return {
        "info": {},
        "images": [{"id": i, "file_name": f"{i}.jpg", "width": 64, "height": 64} for i in img_ids],
        "annotations": [
            {
                "id": 10 * i + c,
                "image_id": i,
                "category_id": c,
                "bbox": [1, 1, 9, 9 + c],
                "area": 81,
            }
            for i in img_ids
            for c in (1, 2)
        ],
        "categories": [{"id": 2, "name": "car"}, {"id": 1, "name": "bus"}],
    }


def config(line: Line, folder: Path, dataset: str, head: str = "") -> Path:
    """Write a config with one dataset for training."""
    if line is MMDET2:
        text = f"data = dict(train={dataset})\n"
    else:
        text = f"default_scope = 'mmdet'\ntrain_dataloader = dict(dataset={dataset})\n"
    path = folder / "config.py"
    path.write_text(head + text)
    return path


def dataset(line: Line, kind: str, names: tuple[str, ...] = ("car", "bus"), **more: Any) -> str:
    """Return the text of a dataset's config."""
    known: dict[str, Any] = {"type": kind, "ann_file": "gt.json", "pipeline": [], **more}
    known |= {"classes": names} if line is MMDET2 else {"metainfo": {"classes": names}}
    known |= {"img_prefix": ""} if line is MMDET2 else {"data_prefix": {"img": ""}}
    return repr(known)


def verified(line: Line, folder: Path, file: str, *args: object) -> tuple[int, dict[str, Any]]:
    mmdet_line.require(line.overlay)
    return line.verified(folder / file, "--config", folder / "config.py", "--split", "train", *args)


@pytest.mark.parametrize(
    ("line", "names"),
    [(MMDET3, ("bus", "car")), *((line, ("car", "bus")) for line in mmdet_line.LINES)],
    ids=["fits", *mmdet_line.LINE_IDS],
)
def test_objects365_sorts_its_list(line: Line, names: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "gt.json").write_text(json.dumps(document(1, 2)))
    config(line, tmp_path, dataset(line, "Objects365V1Dataset", names))
    code, found = verified(line, tmp_path, "gt.json")
    fits = names == ("bus", "car")
    assert (code, errors(found)) == ((0, []) if fits else (1, ["classes-unfit"]))
    hints = [f["next"] for f in found["findings"] if f["code"] == "classes-unfit"]
    assert all("in the order of the category ids" in hint for hint in hints)


@LINES
def test_a_class_of_ones_own_is_compared_with_itself(line: Line, tmp_path: Path) -> None:
    method = "load_annotations" if line is MMDET2 else "load_data_list"
    registry = "datasets.DATASETS" if line is MMDET2 else "DATASETS"
    more = "" if line is MMDET2 else "from mmdet.registry import DATASETS\n"
    (tmp_path / "mine.py").write_text(
        f"from mmdet import datasets\n{more}\n@{registry}.register_module()"
        + MINE.replace("METHOD", method)
    )
    head = f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\n"
    imports = "custom_imports = dict(imports=['mine'])\n"
    if line is MMDET2:
        imports = "import mine\ndel mine\n"
    config(line, tmp_path, dataset(line, "Mine"), f"{head}{imports}del sys\n")
    whole = document(1, 2)
    (tmp_path / "gt.json").write_text(json.dumps(whole))
    (tmp_path / "right.json").write_text(json.dumps(document(1)))
    swapped = document(1)
    swapped["categories"].reverse()
    (tmp_path / "wrong.json").write_text(json.dumps(swapped))

    source = ("--source", tmp_path / "gt.json")
    if line is not MMDET2:
        code, found = verified(line, tmp_path, "gt.json")
        assert (code, found["status"]) == (0, "checked")
        assert "no rules are known for Mine" in " ".join(found["compared"])
        code, found = verified(line, tmp_path, "right.json", *source)
        assert (code, errors(found), found["status"]) == (0, [], "verified")
    code, found = verified(line, tmp_path, "wrong.json", *source)
    assert code == 1
    assert "label-shift" in errors(found)


def test_panoptic_segments_are_compared(tmp_path: Path) -> None:
    def panoptic(*img_ids: int, stuff: int = 2) -> str:
        return json.dumps(
            {
                "info": {},
                "images": document(*img_ids)["images"],
                "annotations": [
                    {
                        "image_id": i,
                        "file_name": f"{i}.png",
                        "segments_info": [
                            {
                                "id": n,
                                "category_id": c,
                                "bbox": [1, 1, 9, 9],
                                "area": 81,
                                "iscrowd": 0,
                            }
                            for n, c in ((7, 1), (8, stuff))
                        ],
                    }
                    for i in img_ids
                ],
                "categories": [
                    {"id": 1, "name": "car", "isthing": 1},
                    {"id": 2, "name": "sky", "isthing": 0},
                ],
            }
        )

    names = {"classes": ("car", "sky"), "thing_classes": ("car",), "stuff_classes": ("sky",)}
    kind = dataset(MMDET3, "CocoPanopticDataset").replace(
        repr({"classes": ("car", "bus")}), repr(names)
    )
    config(MMDET3, tmp_path, kind)
    for name, text in {
        "gt": panoptic(1, 2),
        "right": panoptic(2),
        "wrong": panoptic(2, stuff=1),
    }.items():
        (tmp_path / f"{name}.json").write_text(text)
    source = ("--source", tmp_path / "gt.json")
    code, found = verified(MMDET3, tmp_path, "right.json", *source)
    assert (code, errors(found), found["status"]) == (0, [], "verified")
    code, found = verified(MMDET3, tmp_path, "wrong.json", *source)
    details = [d for f in found["findings"] if f["code"] == "label-shift" for d in f["details"]]
    assert code == 1
    assert any("segment 8" in detail for detail in details)


JOINED = "dict(type='ConcatDataset', datasets=[{}, {}])"


@pytest.mark.parametrize(
    ("line", "wrapper", "length"),
    [
        (MMDET3, f"dict(type='RepeatDataset', times=2, dataset={JOINED})", 8),
        (MMDET2, "dict(type='RepeatDataset', times=2, dataset=[{}, {}])", 8),
        (MMDET3, "dict(type='ClassBalancedDataset', oversample_thr=1, dataset={})", 2),
    ],
    ids=["mmdet3", "mmdet2", "balanced"],
)
def test_the_line_has_the_length_that_training_sees(
    line: Line, wrapper: str, length: int, tmp_path: Path
) -> None:
    texts = []
    for name, img_ids in {"gt.json": (1, 2), "other.json": (5, 6)}.items():
        (tmp_path / name).write_text(json.dumps(document(*img_ids)))
        text = dataset(line, "CocoDataset")
        texts.append(text.replace("'gt.json'", repr(str(tmp_path / name))))
    count = wrapper.count("{}")
    config(line, tmp_path, wrapper.format(*texts[:count]))
    code, found = verified(line, tmp_path, "other.json" if count > 1 else "gt.json")
    assert (code, errors(found)) == (0, [])
    assert f"{length} samples in its wrappers" in " ".join(found["compared"])


def test_a_file_that_no_joined_dataset_reads_is_refused(tmp_path: Path) -> None:
    line, parts = MMDET3, []
    for name in ("gt.json", "other.json", "third.json"):
        (tmp_path / name).write_text(json.dumps(document(1, 2)))
        text = dataset(line, "CocoDataset")
        parts.append(text.replace("'gt.json'", repr(str(tmp_path / name))))
    config(line, tmp_path, f"dict(type='ConcatDataset', datasets=[{parts[0]}, {parts[1]}])")
    code, found = verified(line, tmp_path, "third.json")
    [finding] = [f for f in found["findings"] if f["code"] == "real-error"]
    assert code == 1
    assert "joins 2 datasets" in finding["details"][0]
    assert "other.json" in finding["next"]


@LINES
def test_a_dump_asks_the_library_that_the_interpreter_has(
    line: Line, cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mmdet_line.require(line.overlay)
    (tmp_path / "gt.json").write_text(json.dumps(document(1)))
    for name, value in line.environment().items():
        monkeypatch.setenv(name, value)
    ended = cli("dump", "gt.json", "--python", line.python, "-o", "d.jsonl", "--json")
    assert (ended.code, json.loads(ended.out)["loader"]) == (0, line.loader)
