"""``verify`` with the real MMDetection: 2.x and 3.x."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import mmdet_line
import pytest

from cocosurgeon import Crowd, Empty, First, Plan, Recipe, ToSpace, read, write

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "sample_data/annotations/instances_sample2017.json"
IMAGES = ROOT / "sample_data/sample2017"
WILD = ROOT.parent / "shared/wild"
line = mmdet_line.each_line
TORCHVISION = mmdet_line.Line("0.28.0", "tv", labels_crowd=True, single=False)

CONFIGS = {
    "mm3": """
pipeline = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations', with_bbox=True),
            dict(type='PackDetInputs')]
train_dataloader = dict(batch_size=1, dataset=dict(
    type='CocoDataset', ann_file={ann_file!r}, data_prefix=dict(img={images!r}),
    filter_cfg=dict(filter_empty_gt=True, min_size=32), pipeline=pipeline))
val_dataloader = dict(batch_size=1, dataset=dict(
    type='CocoDataset', ann_file={ann_file!r}, data_prefix=dict(img={images!r}),
    test_mode=True, pipeline=pipeline))
""",
    "mm2": """
pipeline = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations', with_bbox=True),
            dict(type='DefaultFormatBundle'),
            dict(type='Collect', keys=['img', 'gt_bboxes', 'gt_labels'], meta_keys=['img_shape'])]
data = dict(
    train=dict(type='CocoDataset', pipeline=pipeline,
               ann_file={ann_file!r}, img_prefix={images!r}),
    val=dict(type='CocoDataset', ann_file={ann_file!r}, img_prefix={images!r},
             pipeline=[pipeline[0], dict(type='ImageToTensor', keys=['img']),
                       dict(type='Collect', keys=['img'], meta_keys=['img_shape'])]))
""",
}
CONFIGS["fork"] = CONFIGS["mm3"]


def test_the_real_one_emits_what_its_rules_say(line: mmdet_line.Line, tmp_path: Path) -> None:
    subset = write(read(SAMPLE).first(40), tmp_path / "subset.json")
    code, found = line.verified(
        *(subset, "--source", SAMPLE),
        *("--samples", "4", "--img-prefix", IMAGES),
    )
    assert (code, found["findings"]) == (0, [])
    told = "; ".join(found["compared"])
    assert f"the real {line.framework} {line.version} (train, CocoDataset)" in told
    assert "4 of them through its plain pipeline" in told
    assert "4 images through the pipeline, as of the source" in told


def test_of_an_empty_only_subset_it_raises_as_its_rules_say(
    line: mmdet_line.Line, tmp_path: Path
) -> None:
    subset = write(read(SAMPLE).keep(Empty()), tmp_path / "empty.json")
    code, found = line.verified(subset, "--source", SAMPLE)
    assert (code, found["findings"]) == (0, [])
    assert [each["mode"] for each in found["skipped"]] == ["train"]
    if line.loader != "mmdet2":  # serializes nothing: ValueError, in train mode alone
        assert f"the real {line.loader} (train): ValueError, as its rules say" in found["compared"]


def test_options_of_its_own_reach_the_real_one(line: mmdet_line.Line, tmp_path: Path) -> None:
    subset = write(read(SAMPLE).keep(Empty()), tmp_path / "empty.json")
    options = ["--option", "filter_empty_gt=False"]
    options += ["--option", "min_size=0"] if line.loader != "mmdet2" else []
    code, found = line.verified(*(subset, "--source", SAMPLE), *options)
    assert (code, found["findings"]) == (0, [])
    told = "; ".join(found["compared"])
    assert (
        f"the real {line.framework} {line.version} (train, CocoDataset): 10 samples, 0 objects"
        in told
    )


def test_samples_of_a_remapped_subset(line: mmdet_line.Line, tmp_path: Path) -> None:
    """What the source's images become in the pipeline, once a recipe has changed their labels."""
    whole = read(SAMPLE)
    plan = Plan(~Crowd(), First(30), ToSpace("mmdet80", start=5))
    subset = write(plan.apply(whole), tmp_path / "subset.json")
    recipe = tmp_path / "recipe.json"
    recipe.write_bytes(Recipe.of(plan, whole).to_json())
    args = (subset, "--source", SAMPLE, "--recipe", recipe)
    images = ("--samples", "3", "--img-prefix", IMAGES)
    code, found = line.verified(*args, *images)
    assert (code, found["findings"]) == (0, [])
    assert "3 images through the pipeline, as of the source" in found["compared"]
    doc = json.loads(subset.read_text())
    first = next(a for a in doc["annotations"] if a["image_id"] == doc["images"][0]["id"])
    first["segmentation"] = [[1, 1, 30, 1, 30, 30]]
    subset.write_text(json.dumps(doc))
    code, found = line.verified(*args, *images)
    assert code == 1
    assert set(mmdet_line.details(found, "packed")) == {
        f"image {first['image_id']}: masks differs from the source's"
    }


@pytest.mark.parametrize("split", ["train", "val"])
def test_a_config_is_built_as_it_stands(line: mmdet_line.Line, split: str, tmp_path: Path) -> None:
    subset = write(read(SAMPLE).first(25), tmp_path / "subset.json")
    config = tmp_path / "config.py"
    text = CONFIGS[line.overlay].format(ann_file=str(SAMPLE), images=str(IMAGES))
    config.write_text(text)
    code, found = line.verified(
        *(subset, "--source", SAMPLE),
        *("--config", config, "--split", split, "--samples", "2"),
    )
    assert (code, mmdet_line.errors(found)) == (0, [])
    assert "2 of them through its own pipeline" in "; ".join(found["compared"])


def test_a_config_with_other_classes_is_found_out(line: mmdet_line.Line, tmp_path: Path) -> None:
    """Three of the 80 classes are left in the file; the config has 80."""
    doc = json.loads(SAMPLE.read_bytes())
    doc["categories"] = [c for c in doc["categories"] if c["id"] in (1, 18, 90)]
    ids = {c["id"] for c in doc["categories"]}
    doc["annotations"] = [a for a in doc["annotations"] if a["category_id"] in ids]
    pruned = tmp_path / "pruned.json"
    pruned.write_text(json.dumps(doc))
    code, found = line.verified(pruned, "--source", SAMPLE, "--mode", "test")
    assert code == 1
    assert {"category-lost", "label-shift"} <= {f["code"] for f in found["findings"]}
    # what the real one emits is what the rules say of the pruned file, shift and all
    assert not [f for f in found["findings"] if f["code"].startswith("real")]


def test_a_config_that_does_not_load_is_one_finding(line: mmdet_line.Line, tmp_path: Path) -> None:
    config = tmp_path / "broken.py"
    config.write_text("data = dict(\n")
    code, found = line.verified(SAMPLE, "--config", config)
    assert code == 1
    [finding] = found["findings"]
    assert finding["code"] == "real-error"
    assert "config" in finding["details"][0]


def test_the_config_of_another_line_is_one_finding(line: mmdet_line.Line, tmp_path: Path) -> None:
    other = "mm2" if line.loader != "mmdet2" else "mm3"
    config = tmp_path / "config.py"
    config.write_text(CONFIGS[other].format(ann_file=str(SAMPLE), images=str(IMAGES)))
    code, found = line.verified(SAMPLE, "--config", config)
    assert code == 1
    [finding] = found["findings"]
    assert finding["code"] == "real-error"
    assert f"it is for MMDetection {other[-1]}.x" in finding["details"][0]


def test_a_training_config_of_an_empty_only_subset(line: mmdet_line.Line, tmp_path: Path) -> None:
    subset = write(read(SAMPLE).keep(Empty()), tmp_path / "empty.json")
    config = tmp_path / "config.py"
    config.write_text(CONFIGS[line.overlay].format(ann_file=str(subset), images=str(IMAGES)))
    code, found = line.verified(subset, "--config", config, "--split", "train")
    if line.loader == "mmdet2":
        assert (code, found["skipped"][0]["rule"]) == (0, "filter_empty_gt")
        return
    [finding] = found["findings"]
    assert (code, finding["code"]) == (1, "real-error")
    assert "filter_cfg=dict(filter_empty_gt=False, min_size=0)" in finding["next"]


EVALUATORS = {
    "both on the subset": ("{subset!r}", "", []),
    "the evaluator on the full file": ("{full!r}", "", ["evaluator-file"]),
    "indices": ("{subset!r}", "indices=3,", ["evaluator-indices"]),
    "no file of its own": ("None", "", ["evaluator-missing"]),
}


@pytest.mark.parametrize("name", EVALUATORS)
def test_an_evaluator_that_reads_another_file(name: str, tmp_path: Path) -> None:
    mmdet_line.require()
    subset = write(read(SAMPLE).first(12), tmp_path / "subset.json")
    file, indices, codes = EVALUATORS[name]
    text = CONFIGS["mm3"].format(ann_file=str(subset), images=str(IMAGES))
    text = text.replace("test_mode=True,", f"test_mode=True, {indices}")
    file = file.format(subset=str(subset), full=str(SAMPLE))
    config = tmp_path / "config.py"
    config.write_text(f"{text}val_evaluator = dict(type='CocoMetric', ann_file={file})\n")
    code, found = mmdet_line.MMDET3.verified(subset, "--config", config)
    assert ([f["code"] for f in found["findings"]], code) == (codes, bool(codes))


def test_classes_of_a_config_that_no_longer_fit(line: mmdet_line.Line, tmp_path: Path) -> None:
    """A file with three categories; the config has COCO's 80."""
    doc = json.loads(SAMPLE.read_bytes())
    doc["categories"] = [c for c in doc["categories"] if c["id"] in (1, 18, 90)]
    ids = {c["id"] for c in doc["categories"]}
    doc["annotations"] = [a for a in doc["annotations"] if a["category_id"] in ids]
    few = tmp_path / "few.json"
    few.write_text(json.dumps(doc))
    config = tmp_path / "config.py"
    config.write_text(CONFIGS[line.overlay].format(ann_file=str(few), images=str(IMAGES)))
    code, found = line.verified(few, "--config", config)
    assert code == 1
    assert mmdet_line.errors(found) == ["classes-unfit"]
    text = "label 1 is 'bicycle' by the class names, and 'dog' in the file"
    assert text in mmdet_line.details(found)


def test_wild_files_are_emitted_as_the_rules_say(line: mmdet_line.Line) -> None:
    if not WILD.is_dir():
        pytest.skip("the folder of real annotation files is not at hand")
    for name in ("coco_mini_val", "coco_val2014_100", "pedestrian_ignore", "tt100k_traffic_sign"):
        code, found = line.verified(WILD / f"{name}.json", "--mode", "test")
        assert not [f for f in found["findings"] if f["code"] == "real-differs"], name
        assert code == 0 or {f["code"] for f in found["findings"]} == {"loader-error"}, name


def done_by(line: mmdet_line.Line, *args: object) -> subprocess.CompletedProcess[str]:
    """A command that has the interpreter of a line."""
    return subprocess.run(
        [sys.executable, "-m", "cocosurgeon", *map(str, args), "--python", line.python],
        capture_output=True,
        text=True,
        env=os.environ | line.environment(),
        timeout=300,
        check=False,
    )


def test_torchvision_is_asked_by_commands(tmp_path: Path) -> None:
    mmdet_line.require("tv")
    subset = write(read(SAMPLE).first(20), tmp_path / "subset.json")
    asked = ("--loader", "torchvision", "--samples", 2)
    for images in (("--img-prefix", IMAGES), ("--option", f"root={IMAGES}")):
        done = done_by(TORCHVISION, "verify", subset, "--source", SAMPLE, *asked, *images, "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        told = "; ".join(json.loads(done.stdout)["compared"])
        assert f"the real torchvision {TORCHVISION.version}" in told
        assert "(CocoDetection): 20 samples" in told
        assert "2 images through the pipeline, as of the source" in told
    dump = tmp_path / "tv.jsonl.gz"
    done = done_by(TORCHVISION, "dump", subset, "--loader", "torchvision", "-o", dump)
    assert done.returncode == 0, done.stderr
    done = done_by(TORCHVISION, "verify", subset, "--against", dump, "--loader", "torchvision")
    assert done.returncode == 0, done.stdout


def test_a_root_of_images_as_an_option(line: mmdet_line.Line, tmp_path: Path) -> None:
    root = (
        f'data_prefix={{"img": "{IMAGES}"}}' if line.loader != "mmdet2" else f"img_prefix={IMAGES}"
    )
    code, found = line.verified(SAMPLE, "--option", root, "--samples", "2")
    assert (code, found["findings"]) == (0, [])
    assert "; ".join(found["compared"]).count("2 of them through its plain pipeline") == 2


def test_of_a_packed_file_a_copy_is_read(line: mmdet_line.Line, tmp_path: Path) -> None:
    packed = tmp_path / "packed.json.gz"
    packed.write_bytes(gzip.compress(SAMPLE.read_bytes()))
    code, found = line.verified(packed)
    assert (code, found["findings"]) == (0, [])
    told = "; ".join(found["compared"])
    for mode in ("train", "test"):
        assert f"({mode}, CocoDataset), of an unpacked copy: " in told
    assert "unpacked" not in "; ".join(line.verified(SAMPLE)[1]["compared"])


def an_empty_one() -> int:
    """An image without objects."""
    document = json.loads(SAMPLE.read_bytes())
    used = {annotation["image_id"] for annotation in document["annotations"]}
    return next(int(image["id"]) for image in document["images"] if image["id"] not in used)


def test_an_image_that_one_mode_leaves_out(line: mmdet_line.Line, tmp_path: Path) -> None:
    """It goes through the pipeline in the other, and the rule is said."""
    img_id = an_empty_one()
    args = (SAMPLE, "--image", img_id, "--img-prefix", IMAGES)
    code, found = line.verified(*args)
    assert (code, found["findings"]) == (0, [])
    note = (
        f"image {img_id} goes through no pipeline of {line.loader} (train), which skips it: "
        f"filter_empty_gt"
    )
    assert note in found["notes"]
    told = [text for text in found["compared"] if f"the real {line.framework}" in text]
    assert ["through its plain" in text for text in told] == [False, True]
    done = done_by(line, "dump", *args, "--loader", line.loader, "--mode", "train", "-o", "d.gz")
    assert done.returncode == 2
    assert f"the dataset does not load image {img_id} in train mode" in done.stderr


def test_of_a_config_the_rule_is_said_as_well(line: mmdet_line.Line, tmp_path: Path) -> None:
    img_id = an_empty_one()
    config = tmp_path / "config.py"
    config.write_text(CONFIGS[line.overlay].format(ann_file=str(SAMPLE), images=str(IMAGES)))
    code, found = line.verified(SAMPLE, "--config", config, "--split", "train", "--image", img_id)
    assert (code, found["findings"]) == (0, [])
    assert [note.rpartition(": ")[2] for note in found["notes"] if str(img_id) in note] == [
        "filter_empty_gt"
    ]


def flipping(line: mmdet_line.Line, folder: Path, wrapped: bool = False) -> Path:
    """A config whose train pipeline flips at random, or mixes images."""
    text = CONFIGS[line.overlay].format(ann_file=str(SAMPLE), images=str(IMAGES))
    prob = "prob" if line.loader != "mmdet2" else "flip_ratio"
    flip = f"dict(type='RandomFlip', {prob}=0.5), dict(type="
    last = "PackDetInputs" if line.loader != "mmdet2" else "DefaultFormatBundle"
    text = text.replace(f"dict(type='{last}'", f"{flip}'{last}'")
    if wrapped:
        part = "train_dataloader['dataset']" if line.loader != "mmdet2" else "data['train']"
        text += f"{part} = dict(type='MultiImageMixDataset', dataset={part}, pipeline=[])\n"
    path = folder / "config.py"
    path.write_text(text)
    return path


@pytest.mark.parametrize("wrapped", [False, True], ids=["random", "mixing"])
def test_random_transforms_are_seeded_and_mixing_is_refused(
    line: mmdet_line.Line, wrapped: bool, tmp_path: Path
) -> None:
    config = flipping(line, tmp_path, wrapped)
    args = (SAMPLE, "--config", config, "--split", "train", "--samples", "2")
    code, found = line.verified(*args, "--pipeline", "plain")
    assert (code, found["findings"]) == (0, [])
    assert "2 of them through its plain pipeline, as its rules say" in found["compared"][0]
    code, found = line.verified(*args)
    assert code == wrapped
    if wrapped:
        [finding] = found["findings"]
        assert finding["code"] == "real-error"
        assert "MultiImageMixDataset" in finding["details"][0]
        assert "--pipeline plain" in finding["next"]
    else:
        assert "2 of them through its own pipeline (RandomFlip seeded)" in found["compared"][0]


@pytest.mark.parametrize("kind", ["NopeDataset", "VOCDataset", "nopes.NopeDataset"])
@pytest.mark.parametrize("verb", ["verify", "dump"])
def test_a_dataset_that_is_none_of_coco(
    line: mmdet_line.Line, kind: str, verb: str, tmp_path: Path
) -> None:
    """The config is at fault, not the file."""
    config = tmp_path / "config.py"
    text = CONFIGS[line.overlay].format(ann_file=str(SAMPLE), images=str(IMAGES))
    config.write_text(text.replace("type='CocoDataset'", f"type={kind!r}"))
    target = ("-o", tmp_path / "d.gz") if verb == "dump" else ()
    done = done_by(line, verb, SAMPLE, "--config", config, *target)
    assert done.returncode == (3 if verb == "dump" else 1)
    told = done.stdout + done.stderr
    if kind == "VOCDataset":
        assert "next: the config's dataset is a VOCDataset" in told
    else:
        assert f"the config names something that does not exist: {kind}" in told
        assert "custom_imports" in told


def test_the_folder_of_images_is_asked_for(line: mmdet_line.Line) -> None:
    code, found = line.verified(SAMPLE, "--samples", "2")
    [finding] = found["findings"]
    assert (code, finding["details"][0].partition(":")[0]) == (1, line.loader)
    assert finding["next"] == "name the folder that the images are in: --img-prefix FOLDER"


def test_a_config_whose_own_file_is_gone(line: mmdet_line.Line, tmp_path: Path) -> None:
    config = tmp_path / "config.py"
    config.write_text(CONFIGS[line.overlay].format(ann_file="gone.json", images=str(IMAGES)))
    done = done_by(line, "dump", "--config", config, "-o", tmp_path / "d.gz")
    assert done.returncode == 3
    assert "gone.json" in done.stderr
    assert "paths in a config are relative to the folder that you are in" in done.stderr
    if line.loader != "mmdet2":
        code, found = line.verified(SAMPLE, "--config", config)
        assert code == 0
        assert "gone.json (which is not there)" in "; ".join(found["notes"])
