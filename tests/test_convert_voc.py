"""Pascal VOC: both bases exact, trees as people have them, XML that is hostile or odd."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import SAMPLE, Cli, examples
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cocosurgeon import read
from cocosurgeon.convert.conversion import Wishes, prepare
from cocosurgeon.convert.read import read_format
from cocosurgeon.convert.write import write
from cocosurgeon.errors import DataError
from cocosurgeon.formats.registry import make_format
from cocosurgeon.formats.voc_numbers import box_of_corners, corners
from cocosurgeon.formats.xml_file import read_xml

Put = Callable[..., Path]
SIZE = "<width>9</width><height>8</height>"
PIXELS = st.floats(-1e6, 1e6, allow_subnormal=True)
SIDES = st.floats(0, 1e6, exclude_min=True)
NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"]) | st.just(" "), min_size=1
).filter(lambda name: name == name.strip())


def parsed(path: Path) -> dict[str, Any]:
    """An annotation file, by the standard library."""
    document: dict[str, Any] = json.loads(path.read_bytes())
    return document


def xml(*objects: str, filename: str = "1.jpg", size: str = SIZE) -> str:
    """An XML file of a line for each object, the first of them line 3."""
    lines = ["<annotation>", f"<filename>{filename}</filename><size>{size}</size>", *objects]
    return "\n".join((*lines, "</annotation>"))


def obj(name: str = "dog", box: tuple[object, ...] = (1, 2, 3, 4), more: str = "") -> str:
    """An object on one line."""
    tags = zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True)
    inner = "".join(f"<{tag}>{value}</{tag}>" for tag, value in tags)
    return f"<object><name>{name}</name>{more}<bndbox>{inner}</bndbox></object>"


@pytest.fixture
def tree(tmp_path: Path) -> Callable[..., Path]:
    """Write files of a tree; texts, or sizes of images."""

    def write(files: dict[str, Any]) -> Path:
        for name, content in files.items():
            path = tmp_path / "tree" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, tuple):
                Image.new("L", content).save(path)
            else:
                path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path / "tree"

    return write


# ---- numbers


@pytest.mark.parametrize(
    ("base", "texts"), [(0, ["10", "0", "40.5", "40"]), (1, ["11", "1", "40.5", "40"])]
)
def test_a_base_is_the_number_of_the_first_pixel(base: int, texts: list[str]) -> None:
    box = (10.0, 0.0, 30.5, 40.0)
    assert [text for _, text in corners(box, base)] == texts
    assert box_of_corners(texts, base) == box


@given(st.tuples(PIXELS, PIXELS, SIDES, SIDES), st.sampled_from([0, 1]))
@examples(500)
def test_a_box_comes_back_as_the_very_same(box: tuple[float, ...], base: int) -> None:
    texts = [text for _, text in corners(box, base)]  # type: ignore[arg-type]
    assert box_of_corners(texts, base) == box


BOXES = st.tuples(st.integers(0, 2), st.tuples(PIXELS, PIXELS, SIDES, SIDES))


@given(
    st.lists(NAMES, min_size=3, max_size=3, unique=True),
    st.lists(st.lists(BOXES, max_size=3), min_size=1, max_size=4),
    st.sampled_from([0, 1]),
    st.booleans(),
)
@examples(100)
def test_both_bases_come_back_with_the_manifest_and_without(
    names: list[str], images: list[list[Any]], base: int, has_manifest: bool
) -> None:
    rows = [(place, label, box) for place, of in enumerate(images) for label, box in of]
    document: dict[str, Any] = {
        "images": [
            {"id": 70 - place, "file_name": f"a/{place}.jpg", "width": 64, "height": 48}
            for place in range(len(images))
        ],
        "annotations": [
            {
                "id": 900 - n,
                "image_id": 70 - place,
                "category_id": 7 * label,
                "bbox": [*box],
                "area": box[2] * box[3],
                "iscrowd": 0,
            }
            for n, (place, label, box) in enumerate(rows)
        ],
        "categories": [{"id": 7 * label, "name": name} for label, name in enumerate(names)],
    }
    kind = make_format("voc", {"base": base})
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder, "in.json"), Path(folder, "voc")
        source.write_text(json.dumps(document))
        conversion = prepare({"train": read(source)}, kind, Wishes(images="none"))
        assert conversion.lost == []
        manifest = write(conversion, out)
        if not has_manifest:
            manifest.unlink()
        back = read_format(out, kind)
    if has_manifest:
        found = {
            "images": back.images,
            "annotations": back.annotations,
            "categories": back.categories,
        }
        assert found == document
        return
    assert [each["name"] for each in back.categories] == names
    assert [each["file_name"] for each in back.images] == [
        each["file_name"] for each in document["images"]
    ]
    assert [
        (a["image_id"] - 1, a["category_id"] - 1, tuple(a["bbox"])) for a in back.annotations
    ] == rows


# ---- what is written


def test_the_sample_comes_back_with_all_that_the_format_holds(cli: Cli, tmp_path: Path) -> None:
    done = cli("convert", SAMPLE, "--to", "voc", "--base", 1, "--allow-loss", "-o", "voc")
    assert (done.code, done.out) == (0, "voc\n")
    assert "lost: 8 crowds: written as ordinary objects" in done.err
    assert "boxes with fractions of pixels, which MMDetection and labelImg cut off (577)" in (
        done.err
    )
    assert cli("convert", "voc", "--from", "voc", "--base", 1, "-o", "back.json").code == 0
    before, after = parsed(SAMPLE), parsed(tmp_path / "back.json")
    assert after["categories"] == before["categories"]
    keys = ("id", "image_id", "category_id", "iscrowd", "bbox")
    assert [[a[k] for k in keys] for a in after["annotations"]] == [
        [a[k] for k in keys] for a in before["annotations"]
    ]
    listed = (tmp_path / "voc/ImageSets/Main/sample2017.txt").read_text().split()
    assert [f"{name}.jpg" for name in listed] == [i["file_name"] for i in before["images"]]
    labels = (tmp_path / "voc/labels.txt").read_text().splitlines()
    assert labels == [c["name"] for c in before["categories"]]
    again = cli("convert", SAMPLE, "--to", "voc", "--base", 1, "--allow-loss", "-o", "voc")
    assert "voc: unchanged" in again.err


def test_a_base_is_asked_for_and_another_than_was_written_refused(cli: Cli, tmp_path: Path) -> None:
    done = cli("convert", SAMPLE, "--to", "voc", "-o", "voc")
    assert done.code == 2
    assert "voc needs --base\n" in done.err
    assert "add --base 1 (VOC devkit) or --base 0 (labelImg, CVAT)" in done.err
    done = cli("convert", SAMPLE, "--to", "voc", "--base", "x", "-o", "v")
    assert (done.code, "--base cannot be 'x'" in done.err) == (2, True)
    cli("convert", SAMPLE, "--first", 1, "--to", "voc", "--base", 1, "--allow-loss", "-o", "voc")
    done = cli("convert", "voc", "--from", "voc", "--base", 0, "-o", "back.json")
    assert done.code == 2
    assert "it was written with --base 1, not 0" in done.err
    assert cli("convert", "voc", "--from", "voc", "-o", "back.json").code == 0
    (tmp_path / "voc/cocosurgeon.json").unlink()
    done = cli("convert", "voc", "--from", "voc", "-o", "other.json")
    assert done.code == 2
    assert "voc needs --base" in done.err


def test_difficult_truncated_occluded_and_pose_are_kept(
    cli: Cli, small: dict[str, Any], put: Put, tmp_path: Path
) -> None:
    small["annotations"][0] |= {"truncated": 1, "occluded": 1, "pose": "Left <&>"}
    small["annotations"][1] |= {"ignore": 1, "truncated": 0.5}
    name = put(small)
    options = ("--to", "voc", "--base", 0, "--crowds", "ignore", "--allow-loss", "-o", "voc")
    done = cli("convert", name, *options)
    assert "further keys of annotations, dropped: 'truncated' (1)" in done.err
    assert "crowd" not in done.err
    (tmp_path / "voc/cocosurgeon.json").unlink()
    cli("convert", "voc", "--from", "voc", "--base", 0, "-o", "back.json")
    found = {tuple(a["bbox"]): a for a in parsed(tmp_path / "back.json")["annotations"]}
    first, ignored, crowd = (found[tuple(small["annotations"][n]["bbox"])] for n in range(3))
    assert (first["truncated"], first["occluded"], first["pose"]) == (1, 1, "Left <&>")
    assert (ignored["ignore"], crowd["ignore"], crowd["iscrowd"]) == (1, 1, 0)
    assert "ignore" not in first
    assert "truncated" not in ignored


def test_images_of_two_parts_cannot_have_one_place(
    cli: Cli, small: dict[str, Any], put: Put, tmp_path: Path
) -> None:
    one, two = put(small, "one.json"), put(small, "two.json")
    done = cli("convert", f"a={one}", f"b={two}", "--to", "voc", "--base", 1, "--allow-loss")
    assert done.code == 2
    assert "would both be JPEGImages/" in done.err or "would both be Annotations/" in done.err
    assert {path.name for path in tmp_path.iterdir()} == {"one.json", "two.json"}


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["dog", "dog"], "objects are of two classes named 'dog'"),
        (["a\nb", "c"], "the name 'a\\nb' cannot"),
    ],
)
def test_names_that_cannot_be_written_are_refused(
    cli: Cli, put: Put, tmp_path: Path, names: list[str], words: str
) -> None:
    document = {
        "images": [{"id": 1, "file_name": "1.jpg", "width": 9, "height": 8}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 2, 2]}],
        "categories": [{"id": n, "name": name} for n, name in enumerate(names)],
    }
    done = cli("convert", put(document), "--to", "voc", "--base", 1, "-o", "voc")
    assert done.code == 2
    assert words in done.err
    assert not (tmp_path / "voc").exists()


# ---- trees of others


def back(cli: Cli, path: Path, *options: object) -> tuple[dict[str, Any], str]:
    """The annotation file made of a tree, and what was printed."""
    out = path.parent / "out.json"
    done = cli("convert", path, "--from", "voc", "--base", 1, *options, "-o", out)
    assert done.code == 0, done.err
    return parsed(out), done.err


def test_a_devkit_with_splits_and_lists_of_each_class(cli: Cli, tree: Callable[..., Path]) -> None:
    person = "<part><name>head</name><bndbox><xmin>1</xmin></bndbox></part>"
    path = tree(
        {
            "VOCdevkit/VOC2007/Annotations/000001.xml": xml(obj("dog"), obj("person", more=person)),
            "VOCdevkit/VOC2007/Annotations/000002.xml": xml(obj("cat"), filename="000002.jpg"),
            "VOCdevkit/VOC2007/JPEGImages/000001.jpg": (9, 8),
            "VOCdevkit/VOC2007/JPEGImages/000003.jpg": (7, 6),
            "VOCdevkit/VOC2007/ImageSets/Main/train.txt": "000001\n000003\n",
            "VOCdevkit/VOC2007/ImageSets/Main/val.txt": "000002\n",
            "VOCdevkit/VOC2007/ImageSets/Main/dog_train.txt": "000001  1\n000003 -1\n",
        }
    )
    done = cli("convert", path, "--from", "voc", "--base", 1, "-o", "back.json")
    assert done.code == 2
    assert "there are several parts: train, val\n" in done.err
    found, said = back(cli, path, "--split", "train")
    assert [(i["file_name"], i["width"]) for i in found["images"]] == [
        ("000001.jpg", 9),
        ("000003.jpg", 7),
    ]
    assert [c["name"] for c in found["categories"]] == ["dog", "person"]
    assert found["annotations"][0]["bbox"] == [0, 1, 3, 3]
    assert "images of the list without an XML file, taken as empty (1)" in said
    assert "<part> of objects, dropped (1)" in said
    assert "no list of classes" in said


def test_files_next_to_images_windows_paths_and_no_sizes(
    cli: Cli, tree: Callable[..., Path]
) -> None:
    path = tree(
        {
            "a/x.XML": xml(obj(), filename="C:\\data\\old.jpg", size="<width>0</width>"),
            "a/x.png": (20, 10),
            "b/y.xml": xml(filename="D:\\data\\y.bmp"),
            "spare.jpg": (1, 1),
            "classes.txt": "__ignore__\ncat\ndog\n",
        }
    )
    found, said = back(cli, path)
    assert [(i["file_name"], i["width"], i["height"]) for i in found["images"]] == [
        ("a/x.png", 20, 10),
        ("b/y.bmp", 9, 8),
    ]
    assert [c["name"] for c in found["categories"]] == ["cat", "dog"]
    assert found["annotations"][0]["category_id"] == 2
    assert "XML files without a size, which was read from the image (1)" in said
    assert "1 image of" in said
    assert "no object is __ignore__: it is not a class" in said


def test_xml_files_in_an_inner_folder_find_their_images(
    cli: Cli, tree: Callable[..., Path]
) -> None:
    path = tree(
        {
            "annotations/xmls/p.xml": xml(obj(), filename="p.jpg"),
            "images/p.png": (9, 8),
            "images/p.jpg": (9, 8),
            "labelmap.txt": "# label:color:parts:actions\nbackground:0,0,0::\ndog:1,2,3::\n",
        }
    )
    found, _ = back(cli, path / "annotations")
    assert [i["file_name"] for i in found["images"]] == ["p.jpg"]
    assert [c["name"] for c in found["categories"]] == ["dog"]


@pytest.mark.parametrize("encoding", ["utf-16", "gbk", "shift_jis", "utf-8-sig"])
def test_other_encodings_are_read(cli: Cli, tree: Callable[..., Path], encoding: str) -> None:
    head = "" if encoding == "utf-8-sig" else f'<?xml version="1.0" encoding="{encoding}"?>'
    found, _ = back(cli, tree({"1.xml": f"{head}{xml(obj('犬'))}".encode(encoding)}))
    assert [c["name"] for c in found["categories"]] == ["犬"]


BOMB = '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;">]>\n'
OUTSIDE = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]>\n'
ELSEWHERE = '<!DOCTYPE a SYSTEM "a.dtd">\n'


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (BOMB + xml(obj("&c;")), 1, "entities of its own"),
        (OUTSIDE + xml(obj("&b;")), 1, "entities of its own"),
        (ELSEWHERE + xml(obj("&b;")), 4, "entities of its own"),
        (xml(obj(), obj("")), 4, "an object has no name"),
        (xml(obj(), "<object><name>a</name></object>"), 4, "has no <bndbox>"),
        (xml(obj(), obj(box=(1, "x", 3, 4))), 4, "'x' is not a number"),
        (xml(obj(), obj(box=(1, "nan", 3, 4))), 4, "'nan' is not a number of pixels"),
        (xml(obj(), obj(box=(1, "", 3, 4))), 4, "'' is not a number"),
        (xml(obj(), obj(more="<difficult>2</difficult>")), 4, "<difficult> is '2'"),
        (xml(obj(), "<object>"), 5, "mismatched tag"),
        (xml(obj("bread & butter")), 3, "not well-formed"),
        (xml(obj()).encode() + b"\xff", 4, "the text is not UTF-8: byte 0xff"),
        ('<?xml version="1.0" encoding="klingon"?>' + xml(), 1, "there is no encoding"),
        ("<opencv_storage/>", 1, "the root is <opencv_storage>"),
    ],
)
def test_a_fault_is_named_with_file_and_line(
    cli: Cli, tree: Callable[..., Path], text: Any, line: int, words: str
) -> None:
    path = tree({"a/1.xml": text})
    done = cli("convert", path, "--from", "voc", "--base", 0, "-o", "back.json")
    assert done.code == 3
    assert words in done.err
    assert f"1.xml, line {line}\n" in done.err


@given(st.binary(max_size=9), st.integers(0, 200), st.integers(0, 9))
@examples(300)
def test_any_bytes_are_elements_or_an_error(put: bytes, at: int, cut: int) -> None:
    data = (BOMB + xml(obj())).encode() if at % 2 else xml(obj(), obj()).encode()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "1.xml")
        path.write_bytes(data[:at] + put + data[at + cut :])
        try:
            assert read_xml(str(path)).line >= 1
        except DataError as error:
            assert f"{path}, line " in str(error)


def test_a_class_that_the_list_lacks_is_named(cli: Cli, tree: Callable[..., Path]) -> None:
    path = tree({"1.xml": xml(obj("cat"), obj()), "labels.txt": "cat\n"})
    done = cli("convert", path, "--from", "voc", "--base", 0, "-o", "back.json")
    assert done.code == 3
    assert "the class 'dog' is not in the list of classes" in done.err
    assert "1.xml, line 4\n" in done.err
