"""Snippets, run: MMDetection and its fork below configs that ship with them, torchvision itself.

Of RF-DETR, the functions that build datasets are taken from its source. YAML is parsed. detectron2,
DETR and DINO are on no package index: their snippets are compiled and looked at in
``tests/test_snippet.py``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mmdet_line
import numpy as np
import pytest
from mmdet_line import FORK, MMDET2, MMDET3, Line

from cocosurgeon import Empty, ToSpace, read, write
from cocosurgeon.errors import RequestError
from cocosurgeon.loaders import LOADERS, load, ultralytics
from cocosurgeon.snippet import snippet_for
from cocosurgeon.snippet.source import Snippet, read_source

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "sample_data/annotations/instances_sample2017.json"
IMAGES = ROOT / "sample_data/sample2017"
RUN = Path(__file__).with_name("snippet_run.py")
TORCHVISION = Line("0.28.0", "tv", labels_crowd=True, single=False)
ULTRALYTICS = Line("8.4.190", "ultra:tv", False, False)
TRANSFORMERS = Line("5.24.0", "hf:tv", labels_crowd=False, single=True)

BASES_OF_3 = (
    "dino/dino-4scale_r50_8xb2-12e_coco.py",
    "faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py",
)
BASES = {
    MMDET3.overlay: BASES_OF_3,
    FORK.overlay: BASES_OF_3,
    MMDET2.overlay: (
        "deformable_detr/deformable_detr_r50_16x2_50e_coco.py",
        "faster_rcnn/faster_rcnn_r50_fpn_1x_coco.py",
    ),
}

HEADS = {
    "dino": "dict(bbox_head=dict(num_classes=num_classes))",
    "deformable_detr": "dict(bbox_head=dict(num_classes=num_classes))",
    "faster_rcnn": "dict(roi_head=dict(bbox_head=dict(num_classes=num_classes)))",
}

line = mmdet_line.each_line


def whole(folder: Path) -> Path:
    return write(read(SAMPLE), folder / "whole.json")


def strange_path(folder: Path) -> Path:
    inner = folder / 'a "folder" of 犬, {x} %s'
    inner.mkdir()
    return write(read(SAMPLE).first(5), inner / "5 images #1.json")


def quoted_path(folder: Path) -> Path:
    """A path that mmcv 1.x cannot dump."""
    inner = folder / "it's a folder\\n"
    inner.mkdir()
    return write(read(SAMPLE).first(5), inner / "the 'images'.json")


def empty_only(folder: Path) -> Path:
    return write(read(SAMPLE).keep(Empty()), folder / "empty.json")


def effectively_empty_only(folder: Path) -> Path:
    return write(read(SAMPLE).keep(Empty("effective:mmdet3")), folder / "effective.json")


def detr91(folder: Path) -> Path:
    return write(ToSpace("detr91").apply(read(SAMPLE)), folder / "detr91.json")


def mmdet80(folder: Path) -> Path:
    return write(ToSpace("mmdet80").apply(read(SAMPLE)), folder / "mmdet80.json")


def one_class(folder: Path) -> Path:
    document = json.loads(SAMPLE.read_bytes())
    document["categories"] = [c for c in document["categories"] if c["name"] == "dog"]
    document["annotations"] = [a for a in document["annotations"] if a["category_id"] == 18]
    return put(document, folder)


def unordered(folder: Path) -> Path:
    document = json.loads(SAMPLE.read_bytes())
    document["categories"].sort(key=lambda c: c["name"])
    return put(document, folder)


def of_text(folder: Path) -> Path:
    """Ids of images and of categories are text."""
    document = json.loads(SAMPLE.read_bytes())
    for record in (*document["images"], *document["categories"]):
        record["id"] = f"no {record['id']}"
    for annotation in document["annotations"]:
        annotation["image_id"] = f"no {annotation['image_id']}"
        annotation["category_id"] = f"no {annotation['category_id']}"
    return put(document, folder)


def put(document: Any, folder: Path) -> Path:
    path = folder / "made.json"
    path.write_text(json.dumps(document))
    return path


FILES = (
    *(whole, strange_path, empty_only, effectively_empty_only),
    *(detr91, mmdet80, one_class, unordered, of_text, quoted_path),
)


def config(line: Line, base: str, lines: tuple[str, ...], folder: Path) -> Path:
    """A config of one's own: a base that ships with MMDetection, the snippet, and the model."""
    path = folder / "config.py"
    shipped = mmdet_line._folder() / line.overlay / "mmdet/.mim/configs" / base
    assert shipped.is_file()
    model = HEADS[base.partition("/")[0]]
    lines = (f"_base_ = [{str(shipped)!r}]", *lines, f"model = {model}", "")
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.mark.parametrize("of", [0, 1], ids=["detr-like", "faster-rcnn"])
def test_mmdetection_trains_and_tests_on_what_is_in_the_file(
    line: Line, of: int, tmp_path: Path
) -> None:
    name = line.loader
    made: dict[str, tuple[Path, Path, Snippet]] = {}
    for make in FILES:
        folder = tmp_path / make.__name__
        folder.mkdir()
        ann_file = make(folder)
        source = read_source(str(ann_file), str(IMAGES))
        if make is quoted_path and line is MMDET2:
            with pytest.raises(RequestError, match="cannot dump"):
                snippet_for(name, source)
            continue
        found = snippet_for(name, source)
        path = config(line, BASES[line.overlay][of], found.lines, folder)
        made[make.__name__] = (ann_file, path, found)
    results = line.run(RUN, name, *(path for _, path, _ in made.values()))
    for (case, (ann_file, _, found)), ran in zip(made.items(), results, strict=True):
        _require_whole(line, case, json.loads(ann_file.read_bytes()), found, ran)


def _require_whole(line: Line, case: str, document: Any, found: Snippet, ran: Any) -> None:
    ids = [i["id"] for i in document["images"]]
    small = {i["id"] for i in document["images"] if min(i["width"], i["height"]) < 32}
    trained = [i for i in ids if i not in small] if line is MMDET2 else ids
    assert ran["train"]["ids"] == trained, case
    assert bool(found.notes) == (trained != ids), case
    assert ran["val"]["ids"] == ran["test"]["ids"] == ids, case
    names = [c["name"] for c in document["categories"]]
    for split in ("train", "val", "test"):
        assert ran[split]["classes"] == names, case
        assert ran[split]["cat_ids"] == [c["id"] for c in document["categories"]], case
    assert ran["num_classes"] == [len(names)], case
    assert line is MMDET2 or ran["colours"] == len(names), case
    assert all(before == after for before, after in ran["emptied"]), case
    scored = [a for a in document["annotations"] if not a["iscrowd"]]
    for split in ("val", "test"):  # where nothing is to be found, nothing is scored
        assert ran[split].get("mAP") == (1.0 if scored else None), case


def test_an_image_list_is_tested_on_and_written(line: Line, tmp_path: Path) -> None:
    document = json.loads(SAMPLE.read_bytes())
    del document["annotations"]
    ann_file = put(document, tmp_path)
    name = line.loader
    found = snippet_for(name, read_source(str(ann_file), str(IMAGES)))
    path = config(line, BASES[line.overlay][0], found.lines, tmp_path)
    [ran] = line.run(RUN, name, path)
    assert "train" not in ran and "val" not in ran
    assert len(ran["test"]["ids"]) == len(document["images"])
    assert ran["test"].get("mAP") is None


def test_a_palette_of_the_base_is_not_kept(line: Line, tmp_path: Path) -> None:
    """A base for one class of one's own, with its colour; the snippet of a file of 80."""
    if line is MMDET2:
        pytest.skip("2.x has no palette in its configs")
    base = tmp_path / "balloon.py"
    shipped = mmdet_line._folder() / line.overlay / "mmdet/.mim/configs" / BASES[line.overlay][0]
    balloon = "dict(dataset=dict(metainfo=dict(classes=('balloon',), palette=[(220, 20, 60)])))"
    of_splits = [f"{split}_dataloader = {balloon}" for split in ("train", "val", "test")]
    base.write_text("\n".join([f"_base_ = [{str(shipped)!r}]", *of_splits, ""]))
    found = snippet_for(line.loader, read_source(str(whole(tmp_path)), str(IMAGES)))
    path = tmp_path / "config.py"
    path.write_text("\n".join([f"_base_ = [{str(base)!r}]", *found.lines, ""]), encoding="utf-8")
    [ran] = line.run(RUN, line.loader, path)
    assert ran["colours"] == len(ran["train"]["classes"]) == 80


def test_text_that_stays_what_it_is_is_not_refused(line: Line, tmp_path: Path) -> None:
    """And what is refused is what ``Config.fromfile`` replaces."""
    name = line.loader
    inner = tmp_path / "{{ file }} {{fileBasename}"
    inner.mkdir()
    ann_file = write(read(SAMPLE).first(3), inner / "{{ base.x }}.json")
    found = snippet_for(name, read_source(str(ann_file), str(IMAGES)))
    [ran] = line.run(RUN, name, config(line, BASES[line.overlay][0], found.lines, tmp_path))
    assert len(ran["val"]["ids"]) == 3
    strange = write(read(SAMPLE).first(3), tmp_path / "{{ fileBasename }}.json")
    with pytest.raises(RequestError, match="puts something else in the place"):
        snippet_for(name, read_source(str(strange), str(IMAGES)))


def test_torchvision_loads_and_scores(tmp_path: Path) -> None:
    mmdet_line.require()
    paths, files = [], []
    for make in (whole, quoted_path, detr91):
        folder = tmp_path / make.__name__
        folder.mkdir()
        files.append(make(folder))
        found = snippet_for("torchvision", read_source(str(files[-1]), str(IMAGES)))
        paths.append(folder / "snippet.py")
        paths[-1].write_text("\n".join(found.lines), encoding="utf-8")
    results = TORCHVISION.run(RUN, "torchvision", *paths)
    for ann_file, path, ran in zip(files, paths, results, strict=True):
        document = json.loads(ann_file.read_bytes())
        text = path.read_text(encoding="utf-8").replace("\n# ", " ")
        crowds = sum(a["iscrowd"] for a in document["annotations"])
        objects = sum(ran["targets"]) - crowds
        assert f"{objects} objects to train on and {crowds} crowd" in text or not crowds
        bare = ran["targets"].count(0)
        assert f" Images whose target has no box: {bare}." in text or not bare
        assert ran["ids"] == sorted(i["id"] for i in document["images"])
        assert ran["num_classes"] == max(c["id"] for c in document["categories"]) + 1
        assert ran["highest"] < ran["num_classes"]
        assert ran["mAP"] == 1.0


def of_ones_own(folder: Path) -> Path:
    """Categories of one's own, numbered with a gap."""
    document = json.loads(SAMPLE.read_bytes())
    document["categories"] = [{"id": 1, "name": "person"}, {"id": 3, "name": "my car"}]
    document["annotations"] = [a for a in document["annotations"] if a["category_id"] in (1, 3)]
    return put(document, folder)


def test_ultralytics_trains_on_the_labels_of_the_file(tmp_path: Path) -> None:
    mmdet_line.require(ULTRALYTICS.overlay)
    paths, files = [], []
    for make in (whole, quoted_path, effectively_empty_only, of_ones_own):
        folder = tmp_path / make.__name__
        folder.mkdir()
        files.append(make(folder))
        found = snippet_for("ultralytics", read_source(str(files[-1]), str(IMAGES)))
        paths.append(folder / "snippet.py")
        paths[-1].write_text("\n".join(found.lines), encoding="utf-8")
    results = ULTRALYTICS.run(RUN, "ultralytics", *paths)
    for ann_file, ran in zip(files, results, strict=True):
        is_own = "of_ones_own" in str(ann_file)
        options = ultralytics.Options(cls91to80=not is_own)
        view = load("ultralytics", json.loads(ann_file.read_bytes()), options)
        expected = {s.img_path: [float(i.label or 0) for i in s.instances] for s in view.samples}
        assert ran["train"] == ran["val"] == expected
        assert ran["nc"] == len(ran["names"]) == (3 if is_own else 80)
    assert results[-1]["names"] == ["person", "unused_1", "my car"]


def test_two_sets_have_one_data_yaml_for_ultralytics(tmp_path: Path) -> None:
    mmdet_line.require(ULTRALYTICS.overlay)
    paths, expected = [], []
    for split, count in (("train", 5), ("val", 3)):
        folder = tmp_path / split
        folder.mkdir()
        part = write(read(SAMPLE).first(count), folder / "_annotations.coco.json")
        found = snippet_for("ultralytics", read_source(str(part), str(IMAGES), [split]))
        paths.append(tmp_path / f"{split}.py")
        paths[-1].write_text("\n".join(found.lines), encoding="utf-8")
        options = ultralytics.Options(cls91to80=True)
        view = load("ultralytics", json.loads(part.read_bytes()), options)
        expected.append(
            {s.img_path: [float(i.label or 0) for i in s.instances] for s in view.samples}
        )
    first, both = ULTRALYTICS.run(RUN, "ultralytics", *paths)
    assert first["train"] == first["val"] == both["train"] == expected[0]
    assert both["val"] == expected[1]
    assert both["nc"] == 80
    other = snippet_for(
        "ultralytics", read_source(str(of_ones_own(tmp_path)), str(IMAGES), ["val"])
    )
    paths[-1].write_text("\n".join(other.lines), encoding="utf-8")
    with pytest.raises(AssertionError, match=r"ultralytics_data\.yaml has other classes"):
        ULTRALYTICS.run(RUN, "ultralytics", paths[-1])


@pytest.mark.parametrize(
    ("name", "line"), [("torchvision2", TORCHVISION), ("transformers", TRANSFORMERS)]
)
def test_the_others_that_read_by_torchvision_load_and_score(
    name: str, line: Line, tmp_path: Path
) -> None:
    mmdet_line.require(line.overlay)
    ann_file = whole(tmp_path)
    found = snippet_for(name, read_source(str(ann_file), str(IMAGES)))
    path = tmp_path / "snippet.py"
    path.write_text("\n".join(found.lines), encoding="utf-8")
    [ran] = line.run(RUN, name, path)
    view = load(name, json.loads(ann_file.read_bytes()))
    assert ran["ids"] == [sample.img_id for sample in view.samples]
    assert ran["boxes"] == [len(sample.instances) for sample in view.samples]
    assert 0 in ran["boxes"]
    assert ran["num_classes"] == ran["highest"] + 1 == ran.get("num_labels", 91) == 91
    assert ran["mAP"] == 1.0
    if name == "torchvision2":
        assert ran["keys"] == ["boxes", "image_id", "labels"]
    else:
        assert set(ran["label_ids"]) == {i.label for s in view.samples for i in s.instances}
        assert ran["unlike"]  # batches of two sizes
        for sample, placed in zip(view.samples, ran["placed"], strict=True):
            corners = [
                [x - w / 2, y - h / 2, x + w / 2, y + h / 2] for x, y, w, h in placed
            ]  # in the image, without its padding
            expected = [instance.box for instance in sample.instances]
            assert np.allclose(corners, expected, atol=1e-2) or not expected


def with_parents(folder: Path) -> Path:
    """Categories out of order, two of them parents: one has annotations, and one has none."""
    document = json.loads(SAMPLE.read_bytes())
    document["categories"] = [
        {"id": 3, "name": "car", "supercategory": "vehicle"},
        {"id": 2, "name": "vehicle", "supercategory": "none"},
        {"id": 18, "name": "dog", "supercategory": "person"},
        {"id": 1, "name": "person", "supercategory": "none"},
    ]
    document["annotations"] = [a for a in document["annotations"] if a["category_id"] in (1, 3, 18)]
    return put(document, folder)


def test_rfdetr_builds_its_datasets_from_the_folder_that_is_made(tmp_path: Path) -> None:
    mmdet_line.require(TORCHVISION.overlay)
    made = {}
    for make in (whole, quoted_path, with_parents, empty_only):
        folder = tmp_path / make.__name__
        folder.mkdir()
        ann_file = make(folder)
        found = snippet_for("rfdetr", read_source(str(ann_file), str(IMAGES)))
        path = folder / "snippet.py"
        path.write_text("\n".join(found.lines), encoding="utf-8")
        made[path] = ann_file, found
    results = TORCHVISION.run(RUN, "rfdetr", *made)
    for (ann_file, found), ran in zip(made.values(), results, strict=True):
        view = load("rfdetr", json.loads(ann_file.read_bytes()))
        expected = [[s.img_id, [i.label for i in s.instances]] for s in view.samples]
        assert ran["train"] == ran["val"] == ran["test"] == expected
        assert ran["names"] == ran["classes"] == list(view.classes)
        assert ("# No label: 2 'vehicle'." in "\n".join(found.lines)) == (len(view.classes) == 3)
    assert results[2]["names"] == ["person", "car", "dog"]


@pytest.mark.parametrize("name", ["deim", "dfine", "rtdetr"])
def test_yaml_has_the_values_of_the_rules(name: str, tmp_path: Path) -> None:
    mmdet_line.require()
    made = {}
    for make in (whole, strange_path, quoted_path, detr91, one_class, with_parents):
        folder = tmp_path / make.__name__
        folder.mkdir()
        ann_file = make(folder)
        found = snippet_for(name, read_source(str(ann_file), str(IMAGES)))
        path = folder / "dataset.yml"
        path.write_text("\n".join(found.lines), encoding="utf-8")
        made[path] = ann_file
    results = TORCHVISION.run(RUN, name, *made)
    for ann_file, ran in zip(made.values(), results, strict=True):
        dataset = {"img_folder": str(IMAGES), "ann_file": str(ann_file)}
        assert ran.pop("train_dataloader") == ran.pop("val_dataloader") == {"dataset": dataset}
        num_classes = ran.pop("num_classes")
        options = LOADERS[name].options(**ran)
        view = load(name, json.loads(ann_file.read_bytes()), options)
        labels = {i.label or 0 for s in view.samples for i in s.instances}
        assert labels and max(labels) < num_classes
        is_of_coco = "detr91" not in str(ann_file) and "with_parents" not in str(ann_file)
        assert ran == {"remap_mscoco_category": is_of_coco}
        assert num_classes == (80 if is_of_coco else 19 if "parents" in str(ann_file) else 91)
