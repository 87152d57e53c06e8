"""Conversion of odd names, files, and folders: nothing is lost, shifted or replaced silently."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli
from PIL import Image


def write(
    folder: Path, names: list[str], *, classes: Mapping[int, str | None] | None = None, **keys: Any
) -> Path:
    """An annotation file with an object in each image, of the classes in turn."""
    classes = {1: "cat", 7: "dog"} if classes is None else classes
    ids = [*classes]
    images = [
        {"id": n, "file_name": name, "width": 100, "height": 80} for n, name in enumerate(names)
    ]
    annotations = [
        {
            "id": n,
            "image_id": n,
            "category_id": ids[n % len(ids)],
            "bbox": [10, 10, 20, 20 + n],
            "area": 20 * (20 + n),
            "iscrowd": 0,
            **keys,
        }
        for n in range(len(names))
    ]
    categories = [{"id": i} | ({} if n is None else {"name": n}) for i, n in classes.items()]
    path = folder / "train.json"
    document = {"images": images, "annotations": annotations, "categories": categories}
    path.write_text(json.dumps(document))
    return path


def objects(path: Path) -> list[tuple[str, str | None, list[float]]]:
    """File name, class name and box of each object."""
    document = json.loads(path.read_bytes())
    files = {image["id"]: image["file_name"] for image in document["images"]}
    names = {each["id"]: each.get("name") for each in document["categories"]}
    found = document["annotations"]
    return [(files[a["image_id"]], names[a["category_id"]], a["bbox"]) for a in found]


def image(path: Path, size: tuple[int, int] = (100, 80)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size).save(path)


@pytest.mark.parametrize("options", [("yolo",), ("voc", "--base", "0"), ("txt",), ("csv",)])
@pytest.mark.parametrize("has_manifest", [True, False])
def test_names_with_blanks_numbers_endings_and_images(
    cli: Cli, tmp_path: Path, options: tuple[str, ...], has_manifest: bool
) -> None:
    names = ["img 1.jpg", "a.jpg.jpg", "x -1.jpg", "images/b.jpg", "c.d.jpg", "e/images/f.jpg"]
    source = write(tmp_path, names)
    for name in names:
        image(tmp_path / name)
    out = "tree" if options[0] in ("yolo", "voc") else f"tree.{options[0]}"
    assert cli("convert", source, "--to", *options, "-o", out).code == 0
    if not has_manifest:
        separator = "/" if out == "tree" else "."
        (tmp_path / f"{out}{separator}cocosurgeon.json").unlink()
    done = cli("convert", out, "--from", *options, "-o", "back.json")
    assert done.code == 0, done.err
    assert sorted(objects(tmp_path / "back.json")) == sorted(objects(source))


def test_ultralytics_finds_labels_of_names_with_a_folder_images(cli: Cli, tmp_path: Path) -> None:
    source = write(tmp_path, ["images/a.jpg", "images/b.jpg"])
    for name in ("images/a.jpg", "images/b.jpg"):
        image(tmp_path / name)
    assert cli("convert", source, "--to", "yolo", "-o", "tree").code == 0
    for path in (tmp_path / "tree/images").rglob("*.jpg"):
        before, _, after = path.as_posix().rpartition("/images/")
        assert Path(f"{before}/labels/{after}").with_suffix(".txt").is_file()
    done = cli("verify", "tree", "--loader", "ultralytics")
    assert "2 samples, 2 objects" in done.out, done.out


@pytest.mark.parametrize("space", ["mmdet80", "coco91"])
@pytest.mark.parametrize("options", [("csv",), ("voc", "--base", "0"), ("yolo",)])
def test_classes_are_of_a_space_by_their_names(
    cli: Cli, tmp_path: Path, space: str, options: tuple[str, ...]
) -> None:
    source = write(tmp_path, ["a.jpg", "b.jpg"], classes={3: "car", 1: "person"})
    out = "out.csv" if options[0] == "csv" else "out"
    assert cli("convert", source, "--to", *options, "-o", out).code == 0
    done = cli("convert", out, "--from", *options, "--space", space, "-o", "back.json")
    assert done.code == 0, done.err
    assert objects(tmp_path / "back.json") == objects(source)
    write(tmp_path, ["a.jpg"], classes={3: "wombat"})
    cli("convert", source, "--to", *options, "-o", f"other_{out}")
    done = cli("convert", f"other_{out}", "--from", *options, "--space", space, "-o", "b.json")
    assert "1 class is not in" in done.err
    assert "wombat" in done.err


def test_no_source_is_replaced_and_no_half_is_written(cli: Cli, tmp_path: Path) -> None:
    source = write(tmp_path, ["a.jpg"])
    cli("convert", source, "--to", "csv", "-o", "t.csv")
    cli("convert", source, "--to", "yolo", "-o", "tree")
    (tmp_path / "r.json").write_text("{}")
    before = {p: p.read_bytes() for p in sorted(tmp_path.rglob("*")) if p.is_file()}
    for words in (
        "train.json --from coco --force",
        "t.csv --from csv -o t.csv --force",
        "t.csv --from csv -o b.json --recipe t.csv --force",
        "tree --from yolo -o tree/data.yaml --force",
        "train.json --to csv -o n.csv --recipe train.json --force",
        "train.json --to csv -o n.csv --recipe r.json",
        "train.json --to csv -o n.csv --recipe n.csv",
        "train.json --to yolo -o new --recipe r.json",
        "train.json --to yolo -o new --split ../../x",
        "train.json --to csv -o -",
        "train.json --to yolo -o no/tree",
    ):
        assert cli("convert", *words.split()).code == 2, words
    assert before == {p: p.read_bytes() for p in sorted(tmp_path.rglob("*")) if p.is_file()}


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ("a.jpg,100,80,dog,1,2", "a row has 6 cells, and the table 8 columns"),
        ("a.jpg,100,80,dog,1,2,nan,4", "its box or area is not finite"),
        ("a.jpg,1e999,80,dog,1,2,3,4", "not a size"),
        ("a.jpg,0,80,dog,1,2,3,4", "no usable width and height"),
        (",100,80,dog,1,2,3,4", "a row has no file_name"),
        ("a.jpg,100,80,,1,2,3,4", "a row has a box, and no category"),
        ("a.jpg,100,80,\udcb9,1,2,3,4", "the table is not UTF-8: byte 0xb9"),
    ],
)
def test_a_broken_row_of_a_table_names_its_line(
    cli: Cli, tmp_path: Path, row: str, error: str
) -> None:
    text = f"file_name,width,height,category,x,y,w,h\n{row}\n"
    (tmp_path / "t.csv").write_text(text, errors="surrogateescape")
    done = cli("convert", "t.csv", "--from", "csv", "-o", "b.json")
    assert done.code == 3
    assert error in done.err
    assert "t.csv, line 2" in done.err


def test_a_mask_of_any_length_comes_back_from_a_table(cli: Cli, tmp_path: Path) -> None:
    polygon = [[n % 97 for n in range(60_000)]]
    source = write(tmp_path, ["a.jpg"], classes={5: None}, segmentation=polygon)
    assert cli("convert", source, "--to", "csv", "-o", "t.csv").code == 0
    assert cli("convert", "t.csv", "--from", "csv", "-o", "b.json").code == 0
    (back,) = json.loads((tmp_path / "b.json").read_bytes())["annotations"]
    assert back["segmentation"] == polygon
    assert back["category_id"] == 5


def test_what_one_id_or_one_name_means_twice_is_refused(cli: Cli, tmp_path: Path) -> None:
    source = write(tmp_path, ["a.jpg", "a.jpg"])
    for kind in ("csv", "txt", "tfrecord"):
        done = cli("convert", source, "--to", kind, "--images", ".", "-o", "out", "--allow-loss")
        assert done.code == 2
    assert "2 images have the file_name 'a.jpg'" in cli("convert", source, "--to", "csv").err
    source.write_text(source.read_text().replace('"id": 1, "file', '"id": 0, "file'))
    assert "1 image with the id of another image" in cli("convert", source, "--to", "coco").err
    source = write(tmp_path, ["a.jpg"], classes={1: ""})
    assert "the name '' cannot be on a line" in cli("convert", source, "--to", "txt").err


def test_what_ultralytics_drops_is_printed_and_clipped(cli: Cli, tmp_path: Path) -> None:
    beyond = [[10, 10, 230, 10, 230, 30, 10, 30]]
    source = write(tmp_path, ["a.gif"], segmentation=beyond)
    options = ("--to", "yolo", "--masks", "--allow-loss")
    done = cli("convert", source, *options, "-o", "tree")
    assert "1 box that differs from its mask's box" in done.err
    assert "Ultralytics drops the whole image (--clip cuts it off) (1)" in done.err
    assert "images with an ending that Ultralytics does not read (1)" in done.err
    done = cli("convert", source, *options, "--clip", "-o", "cut")
    assert "drops" not in done.err
    row = (tmp_path / "cut/labels/train/a.txt").read_text().split()
    assert max(map(float, row[1:])) == 1


def test_objects_are_counted_as_they_are_written(cli: Cli, tmp_path: Path) -> None:
    source = write(tmp_path, ["a.jpg", "b.jpg"], iscrowd=1)
    done = cli("convert", source, "--to", "csv", "--crowds", "drop", "-o", "t.csv")
    assert "2 images, 0 objects" in done.err


def test_boxes_of_polygons_in_large_images_are_exact(cli: Cli, tmp_path: Path) -> None:
    box = [1202.0869565217392, 1189.5652173913043, 488.3478260869565, 644.8695652173915]
    x, y, w, h = box
    polygon = [x, y, x + w, y + 0.1, x + w, y + h]
    document = json.loads(write(tmp_path, ["a.jpg"]).read_bytes())
    document["images"][0] |= {"width": 3024, "height": 4032}
    document["annotations"][0] |= {"bbox": box, "area": w * h, "segmentation": [polygon]}
    (tmp_path / "train.json").write_text(json.dumps(document))
    cli("convert", "train.json", "--to", "yolo", "--masks", "-o", "tree")
    cli("convert", "tree", "--from", "yolo", "-o", "b.json")
    ((_, _, back),) = objects(tmp_path / "b.json")
    assert max(abs(a - b) for a, b in zip(back, box, strict=True)) < 0.01


def test_a_tree_is_read_as_people_have_it(cli: Cli, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / "labels").mkdir(exist_ok=True)
        rows = {"a": "1 0.125 0.125 0.25 0.25 .1 .2 2 .1 .2 2\n", "b": "0 0.5 0.5 0.2 0.2\n"}
        (tmp_path / f"labels/{name}.txt").write_text(rows[name])
    image(tmp_path / "images/a.jpg", (1001, 1000))
    config = "train: images\nnc: 5\nkpt_shape: [2, 3]\nnames: {0: yes, 1: no, 3: 1.0}\n"
    (tmp_path / "data.yaml").write_text(config)
    done = cli("convert", tmp_path, "--from", "yolo", "-o", "b.json")
    assert "1 label file without an image: skipped" in done.err
    assert "1 class number without a name" in done.err
    assert "data.yaml has nc: 5, and 4 names" in done.err
    assert objects(tmp_path / "b.json") == [("a.jpg", "no", [0, 0, 250.25, 250])]
    (tmp_path / "data.yaml").unlink()
    (tmp_path / "classes.txt").write_text("cat\n\ndog\n\n")
    (tmp_path / "labels/a.txt").write_text("2 0.5 0.5 0.2 0.2\n")
    assert cli("convert", tmp_path, "--from", "yolo", "-o", "b.json", "--force").code == 0
    assert objects(tmp_path / "b.json")[0][1] == "dog"


def test_a_renamed_class_is_not_said_to_be_restored(cli: Cli, tmp_path: Path) -> None:
    source = write(tmp_path, ["a.jpg"])
    cli("convert", source, "--to", "yolo", "-o", "tree")
    config = tmp_path / "tree/data.yaml"
    config.write_text(config.read_text().replace("dog", "horse"))
    done = cli("convert", "tree", "--from", "yolo", "-o", "b.json")
    assert "the classes differ from the manifest's" in done.err
    assert "ids, order and crowds are taken from the manifest" in done.err


def test_a_normalized_file_gives_everything_back(cli: Cli, tmp_path: Path) -> None:
    source = write(tmp_path, ["a\\1.jpg", "a\\1.jpg", "b.jpg"])
    document = json.loads(source.read_bytes())
    del document["images"][1]["height"], document["annotations"][0]["bbox"]
    document["annotations"][1] |= {"iscrowd": True, "ignore": 1, "note": None}
    document |= {"info": {"year": 2017}, "licenses": [{"id": 4}]}
    document["scenes"] = [{"image_id": 77, "note": "day"}]
    document["images"][0]["id"] = document["annotations"][0]["image_id"] = 77
    source.write_text(json.dumps(document))
    done = cli("convert", source, "--to", "coco", "-o", "clean.json")
    assert "3 images, 3 objects" in done.err
    done = cli("convert", "clean.json", "--from", "coco", "-o", "back.json")
    assert (done.code, "warning" in done.err) == (0, False)
    assert json.loads((tmp_path / "back.json").read_bytes()) == document
    for option in ("--clip", "--crowds=drop"):  # it would change nothing
        assert cli("convert", source, "--to", "coco", option, "-o", "c.json").code == 2
    document["annotations"][0]["category_id"] = 99
    document["annotations"][1]["image_id"] = 99
    source.write_text(json.dumps(document))
    done = cli("convert", source, "--from", "coco", "-o", "b.json")
    assert "a record is broken: the category 99 is not listed" in done.err
    del document["annotations"][0]
    source.write_text(json.dumps(document))
    done = cli("convert", source, "--from", "coco", "-o", "b.json")
    assert "1 annotation of no listed image: dropped" in done.err
    del document["categories"]
    source.write_text(json.dumps(document))
    done = cli("convert", source, "--from", "coco", "-o", "b.json")
    assert "the key 'categories' is missing" in done.err


@pytest.mark.parametrize("options", [("voc", "--base", "0"), ("yolo",), ("csv",)])
def test_marks_of_crowds_are_those_of_the_source(
    cli: Cli, tmp_path: Path, options: tuple[str, ...]
) -> None:
    source = write(tmp_path, ["a.jpg", "b.jpg", "c.jpg", "d.jpg"])
    document = json.loads(source.read_bytes())
    marks = [{"iscrowd": i, "ignore": j} for i in (0, 1) for j in (0, 1)]
    for record, marked in zip(document["annotations"], marks, strict=True):
        record |= marked
    source.write_text(json.dumps(document))
    out = "out.csv" if options[0] == "csv" else "out"
    crowds = ("--crowds", "ignore") if options[0] == "voc" else ()
    for name in ("a", "b", "c", "d"):
        image(tmp_path / f"{name}.jpg")
    cli("convert", source, "--to", *options, *crowds, "--allow-loss", "-o", out)
    done = cli("convert", out, "--from", *options, "-o", "back.json")
    assert done.code == 0, done.err
    back = json.loads((tmp_path / "back.json").read_bytes())["annotations"]
    assert [{k: each.get(k, 0) for k in ("iscrowd", "ignore")} for each in back] == marks


def test_placeholders_of_a_label_space_are_no_classes_in_voc(cli: Cli, tmp_path: Path) -> None:
    source = write(tmp_path, ["a.jpg", "b.jpg"], classes={1: "person", 90: "toothbrush"})
    image(tmp_path / "a.jpg")
    image(tmp_path / "b.jpg")
    options = ("--to", "voc", "--base", "0", "--space", "detr91")
    done = cli("convert", source, *options, "-o", "voc")
    assert done.code == 0, done.err
    assert len((tmp_path / "voc/labels.txt").read_text().splitlines()) == 91
    assert "N/A" not in (tmp_path / "voc/labelmap.txt").read_text()
    assert cli("convert", "voc", "--from", "voc", "-o", "back.json").code == 0
    before, after = (json.loads((tmp_path / n).read_bytes()) for n in ("train.json", "back.json"))
    assert after["categories"] == before["categories"]
    done = cli("convert", "voc", "--from", "voc", "--space", "mmdet80", "-o", "other.json")
    assert [name for _, name, _ in objects(tmp_path / "other.json")] == ["person", "toothbrush"]
    (tmp_path / "voc/cocosurgeon.json").unlink()
    cli("convert", "voc", "--from", "voc", "--base", "0", "-o", "plain.json")
    found = json.loads((tmp_path / "plain.json").read_bytes())
    assert [a["category_id"] for a in found["annotations"]] == [2, 91]


@pytest.mark.parametrize("root", ["C:\\data\\", "\\\\server\\share\\", "/data/", "data\\", "data/"])
@pytest.mark.parametrize("kind", ["txt", "csv"])
def test_paths_of_another_computer_find_their_images(
    cli: Cli, tmp_path: Path, kind: str, root: str
) -> None:
    separator = "\\" if "\\" in root else "/"
    paths = [f"{root}images{separator}{name}" for name in ("x y/a.jpg", "b.jpg")]
    image(tmp_path / "here/images/b.jpg")
    image(tmp_path / "here/images/x y/a.jpg")
    if kind == "csv":
        text = "path,class,xmin,ymin,xmax,ymax\n" + "".join(f"{p},cat,1,2,4,6\n" for p in paths)
    else:
        text = "".join(f"{p} 1,2,4,6,0\n" for p in paths)
        (tmp_path / "classes.txt").write_text("cat\n")
    (tmp_path / f"list.{kind}").write_text(text)
    done = cli("convert", f"list.{kind}", "--from", kind, "--images", "here", "-o", "b.json")
    assert done.code == 0, done.err
    names = ["images/x y/a.jpg", "images/b.jpg"]
    assert objects(tmp_path / "b.json") == [(name, "cat", [1, 2, 3, 4]) for name in names]
    folder = root.replace("\\", "/")
    assert f"names are relative to the folder {folder} of all paths" in done.err
    assert ("2 paths with backslashes: read with slashes" in done.err) == (separator == "\\")


def tree(folder: Path, config: str, *names: str) -> None:
    """Images with one object each, in images/ and labels/, and data.yaml."""
    for name in names:
        image(folder / f"{name}.jpg")
        labels = "labels".join(f"/{name}.txt".rsplit("images", 1))[1:]
        (folder / labels).parent.mkdir(parents=True, exist_ok=True)
        (folder / labels).write_text("0 0.5 0.5 0.2 0.2\n")
    (folder / "data.yaml").write_text(config)


BOX = [40, 32, 20, 16]


@pytest.mark.parametrize("place", [".", "data.yaml"])
def test_labels_are_found_from_within_the_folder(cli: Cli, tmp_path: Path, place: str) -> None:
    tree(tmp_path, "train: images\nval: images\nnames: [x]", "images/a")
    assert cli("convert", place, "--from", "yolo", "-o", "b.json").code == 0
    assert objects(tmp_path / "b.json") == [("a.jpg", "x", BOX)]


@pytest.mark.parametrize("root", ["/content/data/", "C:\\data\\"])
def test_a_split_at_a_path_of_another_computer(cli: Cli, tmp_path: Path, root: str) -> None:
    tree(tmp_path, f"train: {root}images/train\nval: x\nnc: 2", "images/train/a", "valid/images/b")
    done = cli("convert", ".", "--from", "yolo", "--split", "train", "-o", "b.json")
    assert f"{root}images/train is not there: read from images/train" in done.err
    assert "2 class numbers without a name" in done.err
    assert objects(tmp_path / "b.json") == [("a.jpg", "class 0", BOX)]
    (tmp_path / "data.yaml").write_text("train: images/train\nval: ../valid/images\nnames: [x]")
    cli("convert", ".", "--from", "yolo", "--split", "valid", "-o", "c.json")
    assert objects(tmp_path / "c.json") == [("b.jpg", "x", BOX)]


def test_a_split_is_what_its_list_names_wherever_the_images_are(cli: Cli, tmp_path: Path) -> None:
    tree(tmp_path, "train: one.txt\nval: two.txt\nnames: [x]", "images/a", "images/b")
    (tmp_path / "one.txt").write_text("D:\\old\\images\\a.jpg\r\n")
    (tmp_path / "two.txt").write_text("./images/b.jpg\n")
    for split, name, options in (
        ("train", "a.jpg", ("--images", "images")),
        ("val", "b.jpg", ("--images", "images")),
        ("train", "images/a.jpg", ()),
        ("val", "b.jpg", ()),
    ):
        options = (*options, "--split", split, "-o", "b.json", "--force")
        done = cli("convert", "data.yaml", "--from", "yolo", *options)
        assert done.code == 0, done.err
        assert objects(tmp_path / "b.json") == [(name, "x", BOX)]


def test_images_of_one_name_in_two_folders_of_a_split(cli: Cli, tmp_path: Path) -> None:
    tree(tmp_path, "train: [one/images, two/images]\nnames: [x]", "one/images/a", "two/images/a")
    assert cli("convert", ".", "--from", "yolo", "-o", "b.json").code == 0
    assert [name for name, *_ in objects(tmp_path / "b.json")] == [
        *("one/images/a.jpg", "two/images/a.jpg")
    ]


@pytest.mark.parametrize(
    ("names", "row", "words"),
    [
        ("{0: x, 1000000000: y}", "", "data.yaml has the class number 1000000000"),
        ("{-1: none, 0: x}", "", "data.yaml has the class number -1"),
        ("[x]", "inf 0.5 0.5 0.2 0.2", "the class number is inf"),
        ("[x]", "1 0.5 0.5 0.2 0.2", "class number 1, and 1 class is named: 0 to 0"),
    ],
)
def test_class_numbers_that_are_none(
    cli: Cli, tmp_path: Path, names: str, row: str, words: str
) -> None:
    tree(tmp_path, f"train: images\nval: images\nnames: {names}", "images/a")
    (tmp_path / "labels/a.txt").write_text(f"{row}\n")
    done = cli("convert", ".", "--from", "yolo", "-o", "b.json")
    assert (done.code, words in done.err) == (3, True), done.err


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("class;ymax;xmax;ymin;xmin;filename\ncat;6;4;2;1;a.jpg\n", "separated by ';'"),
        ("image\tclass\tx1\ty1\tx2\ty2\na.jpg\tcat\t1\t2\t4\t6\n", "separated by '\\t'"),
        ("path, class, x, y, w, h\na.jpg, cat, 1, 2, 3, 4\n", ""),
        ("/data/a.jpg,1,2,4,6,cat\n", "no header: the columns are taken as file_name, xmin"),
    ],
)
def test_tables_with_other_separators_and_columns(
    cli: Cli, tmp_path: Path, text: str, note: str
) -> None:
    image(tmp_path / "a.jpg")
    (tmp_path / "t.csv").write_text(text)
    done = cli("convert", "t.csv", "--from", "csv", "-o", "b.json")
    assert (done.code, note in done.err) == (0, True), done.err
    assert objects(tmp_path / "b.json") == [("a.jpg", "cat", [1, 2, 3, 4])]


def test_ids_of_a_table_that_mean_two_things_are_new(cli: Cli, tmp_path: Path) -> None:
    head = "image_id,file_name,width,height,id,category_id,category,x,y,w,h\n"
    rows = "1,a.jpg,9,9,4,7,cat,.1,.2,.3,.4\n1,b.jpg,9,9,4,7,dog,.1,.2,.3,0\n"
    (tmp_path / "t.csv").write_text(head + rows)
    done = cli("convert", "t.csv", "--from", "csv", "-o", "b.json")
    assert "image ids appear twice: they are from 1" in done.err
    assert "annotation ids appear twice: they are from 1" in done.err
    assert "1 box without an area: copied unchanged" in done.err
    assert "warning: every box lies within the first pixel" in done.err
    assert [found[:2] for found in objects(tmp_path / "b.json")] == [
        ("a.jpg", "cat"),
        ("b.jpg", "dog"),
    ]
    (tmp_path / "t.csv").write_text("class,name,file_name,x,y,w,h\n")
    done = cli("convert", "t.csv", "--from", "csv", "-o", "c.json")
    assert "two columns are 'category'" in done.err


def test_lines_of_a_list_that_name_one_image_are_joined(cli: Cli, tmp_path: Path) -> None:
    image(tmp_path / "a.jpg")
    (tmp_path / "classes.txt").write_bytes(b"\xef\xbb\xbfcat\r\ndog\r\n")
    (tmp_path / "t.txt").write_text("a.jpg 1,2,4,6,0\na.jpg\t1,2,4,6,1\n")
    done = cli("convert", "t.txt", "--from", "txt", "-o", "b.json")
    assert "1 line of an image listed before: joined to it" in done.err
    box = [1, 2, 3, 4]
    assert objects(tmp_path / "b.json") == [("a.jpg", "cat", box), ("a.jpg", "dog", box)]
    (tmp_path / "t.txt").write_text("a.jpg nan,2,4,6,0\n")
    done = cli("convert", "t.txt", "--from", "txt", "-o", "c.json")
    assert (done.code, "t.txt, line 1" in done.err) == (3, True)
    (tmp_path / "classes.txt").write_bytes("caf\u00e9\n".encode("latin-1"))
    (tmp_path / "t.txt").write_text("a.jpg 1,2,4,6,0\n")
    done = cli("convert", "t.txt", "--from", "txt", "-o", "c.json")
    assert "the list of classes is not UTF-8: byte 0xe9" in done.err


def test_files_of_one_name_have_manifests_of_their_own(cli: Cli, tmp_path: Path) -> None:
    source = write(tmp_path, ["a.jpg"])
    for kind in ("csv", "txt"):
        assert cli("convert", source, "--to", kind, "-o", f"out.{kind}").code == 0
        assert cli("convert", f"out.{kind}", "--from", kind, "-o", f"{kind}.json").code == 0
        back = json.loads((tmp_path / f"{kind}.json").read_bytes())
        assert [each["id"] for each in back["categories"]] == [1, 7]
    done = cli("convert", "out.csv", "--from", "txt", "-o", "b.json")
    assert (done.code, "it was written as csv, not as txt" in done.err) == (2, True)
