"""``snippet``: what it takes from a file, what it says of it, and what it refuses."""

from __future__ import annotations

import ast
import contextlib
import gzip
import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import ROOT, SAMPLE, Cli
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from cocosurgeon import Empty, Flat, ToSpace, read, write
from cocosurgeon.errors import CocosurgeonError, LoaderError, RequestError, StructureError
from cocosurgeon.loaders import LOADERS, View, load, mmdet2, mmdet3
from cocosurgeon.snippet import FRAMEWORKS, snippet_for
from cocosurgeon.snippet.source import read_source

IMAGES = str(SAMPLE.parents[1] / "sample2017")
Put = Callable[..., Path]
OF_COCO_DETECTION = ("torchvision", "torchvision2", "transformers")
LABELED_BY_ID = ("detr", "dino", *OF_COCO_DETECTION)
IN_YAML = ("deim", "dfine", "rtdetr")
OF_LISTED = ("mmdet3", "mmdet2", "onedl", "detectron2", "rfdetr", "ultralytics")
OF_LINE_3 = ("mmdet3", "onedl")
TRAINED_IN_A_FOLDER = ("dino", "rfdetr", "ultralytics")


def printed(name: str, path: Path, splits: tuple[str, ...] = ()) -> str:
    return "\n".join(snippet_for(name, read_source(str(path), IMAGES, splits)).lines)


def of_yaml(text: str) -> dict[str, Any]:
    """Values of a snippet in YAML, by key; of several, the last. They are JSON but for case."""
    lines = [line for line in text.split("\n") if not line.startswith("#")]
    pairs = (line.strip().partition(":") for line in lines)
    found = {key: value.strip() for key, _, value in pairs if value}
    bools = {"True": True, "False": False}
    return {k: bools[v] if v in bools else json.loads(v) for k, v in found.items()}


def assigned(text: str) -> dict[str, Any]:
    """Values of a snippet's plain assignments."""
    if "_dataloader:\n" in text:
        return of_yaml(text)
    found = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign):
            with contextlib.suppress(ValueError):
                found[ast.unparse(node.targets[0])] = ast.literal_eval(node.value)
    return found


def keywords(text: str) -> dict[str, ast.expr]:
    """Every keyword argument in a snippet, by its name; of several, the last."""
    calls = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))
    return {k.arg: k.value for call in calls for k in call.keywords if k.arg}


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_a_snippet_names_the_file_its_images_and_its_classes(
    name: str, small: Any, put: Put
) -> None:
    path = put(small, 'it\'s "5" 犬\\n.json')
    if name == "mmdet2":
        path = path.rename(path.with_name('5 "犬".json'))
    text = printed(name, path)
    found = assigned(text)
    assert found["ann_file"] == str(path)
    assert found.get("img_prefix", found.get("img_folder")) == IMAGES
    names = ["person", "dog", "toothbrush"]
    if name in LABELED_BY_ID:
        assert found["classes"] == {1: "person", 18: "dog", 90: "toothbrush"}
        assert found["num_classes"] == 91
    elif name == "ultralytics":  # the table of COCO's 80
        assert [found["classes"][label] for label in (0, 16, 79)] == names
        assert "# 77 labels without a category" in text and found["classes"][1] == "unused_1"
    elif name in IN_YAML:
        assert (found["num_classes"], found["remap_mscoco_category"]) == (80, True)
    elif name in OF_LINE_3:
        assert ast.literal_eval(keywords(text)["classes"]) == names
        assert "metainfo = dict(classes=[\n    'person', 'dog', 'toothbrush',\n]," in text
        assert ast.literal_eval(keywords(text)["palette"]) is None
    else:
        assert found["classes"] == names
    if name in ("mmdet2", *OF_LINE_3):
        assert found["num_classes"] == 3


def test_labels_are_numbered_as_each_framework_does(small: Any, put: Put) -> None:
    small["categories"].reverse()
    path = put(small)
    assert assigned(printed("mmdet2", path))["classes"] == ["toothbrush", "dog", "person"]
    assert assigned(printed("detectron2", path))["classes"] == ["person", "dog", "toothbrush"]
    assert assigned(printed("detectron2", path))["cfg.MODEL.ROI_HEADS.NUM_CLASSES"] == 3


def test_what_the_filter_would_leave_out_is_said_and_kept(small: Any, put: Put) -> None:
    path = put(small)
    classes = tuple(c["name"] for c in small["categories"])
    usual = mmdet3.Options({"classes": classes}, filter_cfg=mmdet3.BASE_FILTER)
    off = mmdet3.Options({"classes": classes}, filter_cfg=mmdet3.FilterCfg())
    assert len(load("mmdet3", small, usual).samples) == 4
    assert len(load("mmdet3", small, off).samples) == 5
    text = printed("mmdet3", path)
    assert "would skip 1 image of this file (1 without annotations, 0 with" in text
    assert ast.unparse(keywords(text)["filter_cfg"]) == "dict(filter_empty_gt=False, min_size=0)"
    assert ast.unparse(keywords(printed("mmdet2", path))["filter_empty_gt"]) == "False"
    assert assigned(printed("detectron2", path))["cfg.DATALOADER.FILTER_EMPTY_ANNOTATIONS"] is False


def test_2x_says_how_many_images_no_option_keeps(small: Any, put: Put) -> None:
    path = put(small)
    found = snippet_for("mmdet2", read_source(str(path), IMAGES))
    options = mmdet2.Options(("person", "dog", "toothbrush"), filter_empty_gt=False)
    assert len(load("mmdet2", small, options).samples) == 4
    assert found.notes == (
        "2.x trains on 4 of the 5 images: no option of 2.x keeps images with a side "
        "below 32 pixels",
    )
    assert not snippet_for("mmdet2", read_source(str(path), IMAGES, ["val"])).notes


@pytest.mark.parametrize("name", ["mmdet2", *OF_LINE_3, "dino", "rfdetr", *IN_YAML])
def test_images_without_objects_are_those_of_the_effective_filter(name: str) -> None:
    empty = len(read(SAMPLE).keep(Empty(f"effective:{name}")).img_ids)
    assert empty >= len(read(SAMPLE).keep(Empty()).img_ids)
    assert f"# {empty} images have no object to train on" in printed(name, SAMPLE)


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_a_split_is_all_that_is_set(name: str, small: Any, put: Put) -> None:
    path = put(small)
    train, val = printed(name, path, ("train",)), printed(name, path, ("val",))
    marks = {
        **dict.fromkeys(OF_LINE_3, ("train_dataloader", "val_evaluator")),
        "mmdet2": ("train=dict", "val=dict"),
        "detectron2": ("DATASETS.TRAIN", "COCOEvaluator"),
        "detr": ("dataset_train", "base_ds = "),
        **dict.fromkeys(OF_COCO_DETECTION, ("CocoDetection", "COCOeval(")),
        **dict.fromkeys(TRAINED_IN_A_FOLDER, ("# No validation set", "# No training set")),
        **dict.fromkeys(IN_YAML, ("train_dataloader:", "val_dataloader:")),
    }
    trained, evaluated = marks[name]
    assert trained in train and evaluated not in train
    assert evaluated in val and (trained not in val or name in OF_COCO_DETECTION)


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_an_image_list_is_for_testing(name: str, small: Any, put: Put) -> None:
    del small["annotations"]
    path = put(small)
    if name in ("ultralytics", "rfdetr"):
        with pytest.raises(RequestError, match="No annotations: "):
            printed(name, path)
        return
    text = printed(name, path)
    assert assigned(text)["ann_file"] == str(path)
    assert "No annotations" in text
    assert "train_dataloader" not in text and "DATASETS.TRAIN" not in text
    if name in OF_LINE_3:
        assert "format_only=True" in text
    with pytest.raises(RequestError, match="nothing to train on"):
        read_source(str(path), IMAGES, ["train"])


def test_fillers_stay_classes_of_their_own(tmp_path: Path) -> None:
    path = write(ToSpace("detr91").apply(read(SAMPLE)), tmp_path / "detr91.json")
    text = printed("mmdet3", path)
    count = sum(c.name == "N/A" for c in read(path).categories)
    assert f"# 'N/A' appears {count} times" in text
    assert assigned(text)["num_classes"] == len(read(path).categories) == 91
    assert assigned(printed("detr", path))["num_classes"] == 91


def test_what_evaluation_stumbles_over_is_said(small: Any, put: Put) -> None:
    small["annotations"][0]["id"] = 0
    del small["annotations"][1]["iscrowd"]
    small["annotations"][5]["ignore"] = 1
    path = put(small)
    text = printed("mmdet3", path)
    assert "# 1 annotation has no 'iscrowd': COCOeval raises KeyError: 'iscrowd'." in text
    assert "# An annotation has id 0: COCOeval counts it as missed" in text
    assert "COCOeval counts 1 annotation that the loader skips" in text
    assert "annotations skipped by the loader: 1 ignored." in text.replace("\n# ", " ")
    assert "# 7 of 7 annotations have no segmentation" in text
    with pytest.raises(LoaderError, match="detectron2 raises AssertionError: `ignore`"):
        printed("detectron2", path)


def test_masks_that_are_run_lengths_are_said_where_it_matters(small: Any, put: Put) -> None:
    for annotation in small["annotations"]:
        annotation["segmentation"] = {"counts": "abc", "size": [480, 640]}
    path = put(small)
    assert "cfg.INPUT.MASK_FORMAT = 'bitmask'" in printed("detectron2", path)
    assert "no segmentation" not in printed("mmdet3", path)


@pytest.mark.parametrize("name", LABELED_BY_ID)
def test_num_classes_is_above_every_id_that_pycocotools_reads(name: str) -> None:
    found = assigned(printed(name, SAMPLE))
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(found["ann_file"])
    assert found["num_classes"] == max(coco.getCatIds()) + 1 == 91
    assert set(found["classes"]) == set(coco.getCatIds())
    assert len(coco.imgs) == 128


def test_the_snippet_of_detectron2_calls_what_its_documentation_names(small: Any, put: Put) -> None:
    text = printed("detectron2", put(small, "coco_2017_val.json"), ("val",))
    calls = {
        ast.unparse(node.func): [ast.unparse(a) for a in node.args]
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call)
    }
    name = repr("subset_coco_2017_val")  # without the prefix it is a registered one's
    metadata = "dict(thing_classes=classes)"
    assert calls["register_coco_instances"] == [name, metadata, "ann_file", "img_prefix"]
    assert calls["COCOEvaluator"] == [name]


@pytest.fixture(scope="module")
def opened() -> list[str]:
    """Paths of files that are opened, as long as this process lives: audit hooks cannot be taken
    back."""
    paths: list[str] = []
    sys.addaudithook(lambda event, args: paths.append(str(args[0])) if event == "open" else None)
    return paths


class Counted(list[Any]):
    """A list that counts how often it is walked through."""

    walks = 0

    def __iter__(self) -> Iterator[Any]:
        self.walks += 1
        return super().__iter__()


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_a_file_is_opened_and_indexed_once(
    name: str, small: Any, put: Put, opened: list[str]
) -> None:
    path = put(small, f"opened by {name}.json")
    source = read_source(str(path), IMAGES)
    images = Counted(source.document["images"])
    snippet_for(name, replace(source, document={**source.document, "images": images}))
    assert opened.count(str(path)) - 1 == images.walks == 1  # the test wrote it


def test_ultralytics_takes_what_gets_a_label(small: Any, put: Put) -> None:
    for category, name in zip(small["categories"], ("a", "b", "c"), strict=True):
        category["name"] = name
    small["annotations"][0]["bbox"] = [900, 5, 9, 9]
    path = put(small)
    found = snippet_for("ultralytics", read_source(str(path), IMAGES))
    text = "\n".join(found.lines)
    assert "cls91to80=False)" in text and "category 0 becomes -1" in text
    classes = assigned(text)["classes"]
    assert (len(classes), classes[0], classes[17], classes[89]) == (90, "a", "b", "c")
    [note] = found.notes
    assert note.startswith("not loaded: 1 image: out-of-bounds, ")
    small["categories"][0]["id"] = 0
    with pytest.raises(RequestError, match="category id 0 gives no label"):
        printed("ultralytics", put(small))
    small["categories"].pop(0)
    for image in small["images"]:
        image["file_name"] = "/" + image["file_name"]
    with pytest.raises(RequestError, match="file names are absolute"):
        snippet_for("ultralytics", read_source(str(put(small))))


def test_ultralytics_names_a_file_once(small: Any, put: Put) -> None:
    """A text file that names an image twice would train it twice."""
    first, second = small["images"][:2]
    second["file_name"] = first["file_name"]
    lines = printed("ultralytics", put(small)).splitlines()
    [at] = [n for n, line in enumerate(lines) if line.startswith("names = ")]
    given: dict[str, Any] = {"images": small["images"]}
    exec(lines[at], given)
    assert len("".join(given["names"]).splitlines()) == len(small["images"]) - 1


def test_a_framework_is_one_module(cli: Cli) -> None:
    texts = {p.stem: p.read_text() for p in (ROOT / "cocosurgeon/snippet").glob("[!_]*.py")}
    written = {name for name, text in texts.items() if "\ndef write(source: " in text}
    assert written == set(FRAMEWORKS) == {*OF_LISTED, *IN_YAML, *LABELED_BY_ID}
    for name, text in texts.items():
        for other in written - {name}:
            assert f'"{other}"' not in text, f"{name} names {other}"
    code = "import sys, cocosurgeon.snippet; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert "cocosurgeon.snippet" in loaded.stdout and "numpy" not in loaded.stdout
    shown = cli("snippet", "--help").out
    assert all(name in shown for name in FRAMEWORKS)


def test_names_given_to_options_are_values(small: Any, put: Put, cli: Cli) -> None:
    """An empty folder is the current one, as for every other program; it is not left out."""
    path = put(small)
    done = cli("snippet", path, "--for", "mmdet3", "--img-prefix", "")
    assert done.code == 0 and "images: 0 of 5 are in" in done.err
    assert assigned(done.out)["img_prefix"] == str(path.parent)


REFUSED: dict[str, tuple[Callable[[dict[str, Any]], Any], type[CocosurgeonError], str]] = {
    "captions": (
        lambda d: {**d, "annotations": [{"id": 1, "image_id": 30, "caption": "a dog"}]},
        RequestError,
        "a file of captions",
    ),
    "panoptic": (
        lambda d: {**d, "annotations": [{"image_id": 30, "segments_info": [], "file_name": "p"}]},
        RequestError,
        "a file of panoptic segments",
    ),
    "results": (
        lambda d: [{"image_id": 30, "category_id": 1, "bbox": [0, 0, 9, 9], "score": 0.5}],
        RequestError,
        "a results file",
    ),
    "no categories": (lambda d: {**d, "categories": []}, RequestError, "lists no categories"),
    "an id twice": (
        lambda d: {**d, "categories": [*d["categories"], {"id": 1, "name": "cat"}]},
        StructureError,
        r"categories\[3\] repeats id 1",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_files_of_another_kind_are_refused(case: str, small: Any, put: Put) -> None:
    change, error, message = REFUSED[case]
    with pytest.raises(error, match=message):
        read_source(str(put(change(small))), IMAGES)


def test_files_that_no_framework_opens_are_refused(small: Any, put: Put) -> None:
    text = json.dumps(small).encode()
    with pytest.raises(RequestError, match="compressed"):
        read_source(str(put(gzip.compress(text), "in.json.gz")), IMAGES)
    with pytest.raises(RequestError, match="byte order mark"):
        read_source(str(put(b"\xef\xbb\xbf" + text)), IMAGES)
    with pytest.raises(RequestError, match="standard input"):
        read_source("-", IMAGES)


def test_labels_that_no_framework_takes_are_refused(small: Any, put: Put) -> None:
    small["categories"][1]["name"] = None
    path = put(small)
    for name in ("mmdet2", "detectron2", *OF_LINE_3):
        with pytest.raises(CocosurgeonError, match=r"no name"):
            printed(name, path)
    small["categories"][1] = {"id": "18", "name": "dog"}
    for annotation in small["annotations"]:
        if annotation["category_id"] == 18:
            annotation["category_id"] = "18"
    path = put(small, "text.json")
    with pytest.raises(CocosurgeonError, match="category id '18' cannot be a label"):
        printed("torchvision", path)
    with pytest.raises(CocosurgeonError):
        printed("detr", path)
    assert assigned(printed("mmdet2", path))["classes"] == ["person", "dog", "toothbrush"]


def test_text_ids_of_images_are_refused_where_they_mean_other_images(small: Any, put: Put) -> None:
    for i, image in enumerate(small["images"]):
        image["id"] = str(i)
    small["annotations"] = []
    path = put(small)
    for name in ("torchvision", "torchvision2"):
        with pytest.raises(RequestError, match="letter by letter"):
            printed(name, path)
    with pytest.raises(LoaderError, match="raises ValueError"):
        printed("transformers", path)
    assert "5 images" in printed("mmdet3", path)


def test_2x_cannot_write_a_quote_down(small: Any, put: Put) -> None:
    path = put(small, "it's.json")
    with pytest.raises(RequestError, match="cannot dump"):
        printed("mmdet2", path)


@pytest.mark.parametrize(
    ("splits", "made"),
    [
        (("train", "test"), ["dataset_train", "dataset_val", "base_ds"]),
        (("val", "test"), ["dataset_val", "base_ds"]),
        (("test",), ["dataset_val", "base_ds"]),
        (("train",), ["dataset_train"]),
    ],
)
def test_detr_is_tested_on_what_it_is_evaluated_on(
    splits: tuple[str, ...], made: list[str], small: Any, put: Put
) -> None:
    text = printed("detr", put(small), splits)
    names = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    assert [n for n in ("dataset_train", "dataset_val", "base_ds") if n in names] == made
    assert ("for testing as well" in text) == ("test" in splits)


def test_crowds_are_in_the_targets_of_torchvision_and_said(small: Any, put: Put) -> None:
    box = {"bbox": [0, 0, 9, 9], "area": 81, "category_id": 1, "segmentation": [[0, 0, 9, 0, 9, 9]]}
    small["annotations"] = [
        {"id": 1, "image_id": small["images"][0]["id"], "iscrowd": 1, **box},
        {"id": 2, "image_id": small["images"][1]["id"], "iscrowd": 0, **box},
    ]
    text = printed("torchvision", put(small)).replace("\n# ", " ")
    assert "5 images, 1 object to train on and 1 crowd." in text
    assert "with iscrowd, 1 here, are in the targets like all others." in text
    assert "Images whose target has no box: 3." in text
    assert "Images whose target has nothing but crowds: 1." in text
    small["annotations"][0]["iscrowd"] = 0
    text = printed("torchvision", put(small))
    assert "2 objects to train on." in text and "with iscrowd" not in text


def test_the_wrapper_says_what_its_targets_lack(small: Any, put: Put) -> None:
    box = {"bbox": [0, 0, 9, 9], "area": 81, "category_id": 1}
    small["annotations"] = [{"id": 1, "image_id": small["images"][0]["id"], "iscrowd": 1, **box}]
    text = printed("torchvision2", put(small)).replace("\n# ", " ")
    assert "5 images, 1 object to train on." in text
    assert "with iscrowd, 1 here, are objects like all others." in text
    assert "Images without annotations: 4. Their targets would have neither 'boxes'" in text
    small["categories"][0]["id"] = 0
    text = printed("torchvision2", put(small))
    assert "# Here 0 is a category as well" in text


@pytest.mark.parametrize("name", IN_YAML)
def test_labels_are_those_of_coco_only_for_its_ids_and_names(
    name: str, small: Any, put: Put
) -> None:
    path = put(small)
    view = load(name, small, LOADERS[name].options.usual("train", ()))
    found = assigned(printed(name, path))
    assert (found["num_classes"], found["remap_mscoco_category"]) == (len(view.classes), True)
    small["annotations"][0]["category_id"] = 12
    assert assigned(printed(name, put(small)))["remap_mscoco_category"] is False
    small["annotations"][0]["category_id"] = 1
    small["categories"][1]["name"] = "hound"
    path = put(small)
    text = printed(name, path)
    assert "as they are: 1 'person', 18 'hound', 90 'toothbrush'." in text.replace("\n# ", " ")
    found = assigned(text)
    labels = {i.label for s in load(name, small).samples for i in s.instances}
    assert labels == {1, 18, 90} and found["num_classes"] == 91
    assert found["remap_mscoco_category"] is False
    small["categories"][1]["id"] = "18"
    with pytest.raises(RequestError, match="category id '18' cannot be a label"):
        printed(name, put(small | {"annotations": []}))


def test_yaml_reads_any_path(small: Any, put: Put) -> None:
    path = put(small, "a\t\"b\": # {c} '犬' 🐕\x85\u2028é\\.json")
    text = printed("rtdetr", path)
    assert "\\U00000085" in text and "\\U00002028" in text and "🐕" in text
    for control in ("\\U00000085", "\\U00002028"):
        text = text.replace(control, f"\\u{control[6:]}")
    assert of_yaml(text)["ann_file"] == str(path)


def test_categories_without_a_label_are_said(small: Any, put: Put) -> None:
    """RF-DETR skips what others name as their parent, and what no annotation has."""
    for category in small["categories"]:
        category["supercategory"] = "none"
    assert "No label" not in printed("rfdetr", put(small))
    small["categories"].insert(0, {"id": 7, "name": "animal", "supercategory": "none"})
    small["categories"][2]["supercategory"] = "animal"
    text = printed("rfdetr", put(small))
    assert assigned(text)["classes"] == ["person", "dog", "toothbrush"]
    assert "# No label: 7 'animal'." in text and "#   cocosurgeon remap FILE --flat\n" in text
    flat = put(small)
    text = printed("rfdetr", write(Flat().apply(read(flat)), flat.with_name("flat.json")))
    assert assigned(text)["classes"] == ["person", "animal", "dog", "toothbrush"]
    assert "No label" not in text
    for name in ("/images/1.jpg", "../1.jpg", "a/../../1.jpg"):
        small["images"][0]["file_name"] = name
        with pytest.raises(RequestError, match="leads out of that folder"):
            printed("rfdetr", put(small))


@pytest.mark.parametrize("name", ["dino", "rfdetr"])
def test_a_folder_of_splits_is_made_of_links(
    name: str, small: Any, put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for image in small["images"]:
        image["file_name"] = f"sub/{image['file_name']}"
        place = tmp_path / "images" / image["file_name"]
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(image["file_name"])
    path = put(small, "it's 犬.json")
    monkeypatch.chdir(tmp_path)
    source = read_source(str(path))
    trained: list[str] = []
    model = SimpleNamespace(train=lambda dataset_dir: trained.append(dataset_dir))
    monkeypatch.setitem(sys.modules, "rfdetr", SimpleNamespace(RFDETRBase=lambda: model))
    exec("\n".join(snippet_for(name, source).lines), {})
    [made] = [p for p in tmp_path.iterdir() if p.name.startswith(name)]
    splits = {"dino": ("train2017", "val2017"), "rfdetr": ("train", "valid", "test")}[name]
    for split in splits:
        for image in small["images"]:
            assert (made / split / image["file_name"]).read_text() == image["file_name"]
    files = [p for p in made.rglob("*.json") if p.resolve() == path]
    assert len(files) == len(splits)
    assert trained == ([str(made)] if name == "rfdetr" else [])


CLIPPED_BY = {
    "detr": "DETR",
    "dino": "DINO",
    "rfdetr": "RF-DETR",
    "transformers": "The processor",
    "deim": "DEIM",
    "dfine": "D-FINE",
    "rtdetr": "RT-DETR",
}


@pytest.mark.parametrize(("name", "who"), CLIPPED_BY.items())
def test_boxes_that_are_clipped_cost_a_perfect_detector(
    name: str, who: str, small: Any, put: Put
) -> None:
    first = small["images"][0]
    box = {"area": 81, "category_id": 1, "iscrowd": 0, "image_id": first["id"]}
    inside, rounded = [0, 0, 9, 9], [0.1, 0.2, first["width"] - 0.1 + 1e-9, 9]
    boxes = [inside, rounded, [-20, -20, 60, 60]]
    small["annotations"] = [{"id": i, "bbox": b, **box} for i, b in enumerate(boxes, 1)]
    path = put(small)
    clipped = score(path, load(name, json.loads(path.read_bytes())))
    expected = (
        f"# 1 box reaches beyond the image. {who} clips boxes and COCOeval does not: in a "
        "measurement, clipped boxes cost a perfect detector 0.013 AP."
    )
    unwrapped = printed(name, path).replace("\n    ", "\n").replace("\n# ", " ")
    assert expected[2:] in unwrapped
    assert "0.013" not in printed(name, path, ("train",))
    small["annotations"].append(small["annotations"][2] | {"id": 4})
    assert "# 2 boxes reach beyond" in printed(name, put(small))
    small["annotations"] = small["annotations"][:2]
    assert "0.013" not in printed(name, put(small))
    assert clipped < score(path, load(name, small)) == 1


def score(path: Path, view: View) -> float:
    """AP of a detector that finds just what a loader loads."""
    ids: dict[object, object] = {label: cat_id for cat_id, label in view.cat2label.items()}
    found = [
        {"image_id": s.img_id, "category_id": ids[i.label] if ids else i.label, "score": 1.0}
        | {"bbox": [*i.box[:2], i.box[2] - i.box[0], i.box[3] - i.box[1]]}
        for s in view.samples
        for i in s.instances
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(path))
        evaluated = COCOeval(truth, truth.loadRes(found), "bbox")
        evaluated.evaluate()
        evaluated.accumulate()
        evaluated.summarize()
    return float(evaluated.stats[0])


@pytest.mark.parametrize("name", ["mmdet2", *OF_LINE_3])
@pytest.mark.parametrize(
    "text",
    [
        *("{{ fileBasename }}", "{{fileBasenameNoExtension}}", "{{ fileDirname }}"),
        *("{{ fileExtname }}", "{{ _base_.data_root }}", "{{$HOME:x}}", "{{'$HOME: x'}}"),
    ],
)
def test_text_that_configs_put_something_in_for_is_refused(
    name: str, text: str, small: Any, put: Put
) -> None:
    message = "puts something else in the place of"
    if "'" not in text:
        with pytest.raises(RequestError, match=message):
            printed(name, put(small, f"{text}.json"))
    path = put(small)
    source = read_source(str(path), f"/images/{text}")
    with pytest.raises(RequestError, match="cannot dump|" + message):
        snippet_for(name, source)
    small["categories"][1]["name"] = text
    with pytest.raises(RequestError, match=message):
        printed(name, put(small))
    small["categories"][1]["name"] = "{{ dog }} {x} fileBasename"
    printed(name, put(small, "{{ file }}.json"))
    assert assigned(printed("torchvision", put(small, "{{ fileBasename }}.json")))


def test_a_folder_is_taken_beside_absolute_names(small: Any, put: Put, tmp_path: Path) -> None:
    for image in small["images"][:2]:
        image["file_name"] = f"/no/such/{image['id']}.jpg"
    for image in small["images"][2:4]:
        place = tmp_path / "images" / image["file_name"]
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    assert read_source(str(put(small))).img_prefix == str(tmp_path / "images")


def test_images_are_found_or_asked_for(small: Any, put: Put, tmp_path: Path, cli: Cli) -> None:
    path = put(small)
    gone = cli("snippet", path, "--for", "mmdet3")
    assert (gone.code, gone.out) == (2, "")
    assert "--img-prefix FOLDER" in gone.err
    for folder in ("val2017", "images"):
        for image in small["images"]:
            place = tmp_path / folder / image["file_name"]
            place.parent.mkdir(parents=True, exist_ok=True)
            place.touch()
        if folder == "val2017":
            done = cli("snippet", path, "--for", "mmdet3")
            assert done.code == 0, done.err
            assert assigned(done.out)["img_prefix"] == str(tmp_path / "val2017")
            assert "images: 5 of 5 are in" in done.err
    tied = cli("snippet", path, "--for", "mmdet3")
    assert (tied.code, tied.out) == (2, "")
    assert "2 folders have as many" in tied.err
    asked = cli("snippet", path, "--for", "mmdet3", "--img-prefix", "images", "--quiet")
    assert (asked.code, asked.err) == (0, "")
    assert assigned(asked.out)["img_prefix"] == str(tmp_path / "images")


def test_absolute_file_names_need_no_folder(small: Any, put: Put) -> None:
    for image in small["images"]:
        image["file_name"] = f"/no/such/{image['file_name']}"
    source = read_source(str(put(small)))
    assert source.img_prefix == ""
    assert source.notes == ("file names are absolute: 0 of 5 are there",)


def test_unknown_names_are_refused(cli: Cli) -> None:
    wrong = cli("snippet", SAMPLE, "--for", "mmdet")
    assert wrong.code == 2 and "did you mean" in wrong.err
    wrong = cli("snippet", SAMPLE, "--for", "mmdet3", "--split", "trian")
    assert wrong.code == 2 and "train, val or test" in wrong.err
