"""Merging: against a naive merge of parsed JSON, back by source, and as a user does it."""

from __future__ import annotations

import copy
import json
import random
import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli, examples
from generated import made
from hypothesis import event, given
from hypothesis import strategies as st
from naive import same
from naive_merge import RefusedError, drop_duplicates, lists, merged
from rawtext import records

from cocosurgeon import CocosurgeonError, Dataset, MergeWith, StructureError, read
from cocosurgeon.config import ann_file
from cocosurgeon.sets.sources import split_by_source

Put = Callable[..., Path]


def split(path: Path) -> dict[str, bytes]:
    return {n: b"".join(part.text) for n, part in split_by_source(read(path), "source").items()}


def text_of(dataset: Dataset) -> bytes:
    return b"".join(dataset.text())


@given(
    st.integers(0, 2**32 - 1),
    st.integers(2, 3),
    st.sampled_from(["error", "offset", "renumber", "renumber"]),
    st.sampled_from(["first", "keep", "keep"]),
    st.sampled_from([(), ("a/", "b\\ ", "é/")]),
)
@examples(100)
def test_a_merge_is_the_naive_one_and_goes_back_by_source(
    seed: int, count: int, ids: Any, on_duplicate: Any, prefixes: tuple[str, ...]
) -> None:
    rng = random.Random(seed)
    files = [made(rng, results=False) for _ in range(count)]
    labels = ("a", "b", "c")[:count]
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(Path(folder) / f"{label}.json") for label in labels]
        for path, file in zip(paths, files, strict=True):
            Path(path).write_bytes(file.text)
        step = MergeWith(
            paths=tuple(paths[1:]),
            ids=ids,
            on_duplicate=on_duplicate,
            prefixes=tuple(zip(paths, prefixes, strict=False)),
            source_key="source",
        )
        docs = [file.doc for file in files]
        try:
            result = step.apply(read(paths[0]))
        except StructureError as error:
            assert "is written" in error.what  # which parsed JSON does not show
            event("written in a way that would be lost")
            return
        except CocosurgeonError as error:
            event("refused")
            with pytest.raises(RefusedError):
                merged(docs, ids, prefixes, on_duplicate, labels)
            assert error.hint
            return
        event("merged")
        text = text_of(result)
        found = json.loads(text.decode("utf-8-sig"))
        assert found.pop("source")
        assert same(found, merged(docs, ids, prefixes, on_duplicate, labels))
        again = Path(folder) / "again.json"
        again.write_bytes(text)
        parts = split(again)
    assert list(parts) == list(labels)
    kept = docs if on_duplicate == "keep" else without_duplicates(docs, prefixes)
    for (_, part), file, doc in zip(parts.items(), files, kept, strict=True):
        back, source = part.decode("utf-8-sig"), file.text.decode("utf-8-sig")
        assert set(json.loads(back)) == set(file.doc)
        for key in lists(doc):
            raw = records(source, key)
            stays = [r in doc[key] for r in file.doc[key]]
            expected = [text for text, stay in zip(raw, stays, strict=True) if stay]
            assert records(back, key) == expected
        assert records(back, "categories") == records(source, "categories")


def without_duplicates(docs: list[Any], prefixes: tuple[str, ...]) -> list[Any]:
    """Return documents without the images that an earlier one has, and what names them."""
    named = copy.deepcopy(docs)
    for n, doc in enumerate(named):
        for image in doc["images"]:
            image["old"] = image["file_name"]
            image["file_name"] = (prefixes[n] if prefixes else "") + image["file_name"]
    drop_duplicates(named, "first")
    for doc in named:
        for image in doc["images"]:
            image["file_name"] = image.pop("old")
    return named


# ---- as a user does it


def file(first: int, names: Mapping[Any, str], **more: Any) -> dict[str, Any]:
    """Two images with an annotation each, of these categories."""
    cat_ids = list(names)
    return {
        "info": {"year": first},
        "licenses": [{"id": 1, "name": f"license {first}"}],
        "images": [
            {"id": first + n, "file_name": f"{first + n}.jpg", "license": 1} for n in range(2)
        ],
        "annotations": [
            {"id": first + n, "image_id": first + n, "category_id": cat_ids[n % len(cat_ids)]}
            for n in range(2)
        ],
        "categories": [{"id": i, "name": name} for i, name in names.items()],
        **more,
    }


def run(cli: Cli, *args: object) -> tuple[Any, str]:
    done = cli("merge", *args, "-o", "out.json", "--force")
    assert done.code == 0, done.err
    assert done.out == "out.json\n"
    return done, done.err


def failing(cli: Cli, *args: object) -> str:
    done = cli("merge", *args, "-o", "none.json")
    assert done.code in (2, 3), done.err
    assert not done.out
    return done.err


def written(path: Path) -> Any:
    return json.loads(path.with_name("out.json").read_bytes())


def test_categories_are_united_by_name(cli: Cli, put: Put) -> None:
    a = put(file(1, {1: "person", 2: "dog"}), "a.json")
    b = put(file(5, {0: "person", 2: "bus", 3: "boat"}), "b.json")
    _, err = run(cli, a, b)
    result = written(a)
    names = [(c["id"], c["name"]) for c in result["categories"]]
    assert names == [(1, "person"), (2, "dog"), (4, "bus"), (3, "boat")]
    assert [x["category_id"] for x in result["annotations"]] == [1, 2, 1, 4]
    assert "categories of b: 1 matched by name, 2 new: bus, boat" in err
    assert "categories of b that take an earlier file's id: person 0 -> 1" in err
    assert "categories of b that get a free id, because theirs is taken: bus 2 -> 4" in err


@pytest.mark.parametrize(
    ("old", "new"),
    [("person", "Person"), ("tv monitor", "tv_monitor"), ("bus", "buses"), ("person", "persn")],
)
def test_a_name_that_is_nearly_one_is_an_error(cli: Cli, put: Put, old: str, new: str) -> None:
    a, b = put(file(1, {1: old}), "a.json"), put(file(5, {1: new}), "b.json")
    err = failing(cli, a, b)
    assert (
        f"1 category name of b nearly the same as in an earlier file: {new!r} ({old!r} in a)"
        in (err)
        or old == "person"
    )
    run(cli, a, b, "--alias", f"{new}={old}")
    assert [c["name"] for c in written(a)["categories"]] == [old]
    run(cli, a, b, "--alias", f"{new}=")
    assert [c["id"] for c in written(a)["categories"]] == [1, 2]
    err = failing(cli, a, b, "--alias", f"{old}={new}")
    assert f"names of the first file stay: --alias '{new}={old}'" in err
    assert "did you mean" in failing(cli, a, b, "--alias", f"{new}x={old}")


def test_different_classes_are_not_nearly_the_same(cli: Cli, put: Put) -> None:
    a = put(file(1, {1: "cat", 2: "glass", 3: "bear"}), "a.json")
    run(
        cli,
        a,
        put(file(5, {1: "car", 2: "glasses", 3: "teddy bear"}), "b.json"),
        "--alias=glasses=",
    )


def test_ids_that_collide_are_an_error_with_two_ways_out(cli: Cli, put: Put) -> None:
    first, second = file(1, {1: "dog"}), file(2, {1: "dog"})
    second["images"][0]["file_name"], second["annotations"][0]["id"] = "x.jpg", 77
    a, b = put(first, "a.json"), put(second, "b.json")
    err = failing(cli, a, b)
    assert "1 image id of b is taken: 2" in err
    assert "--ids offset" in err and "--ids renumber" in err
    assert "annotation id" not in err
    run(cli, a, b, "--ids", "offset")
    images = [(i["id"], i["file_name"]) for i in written(a)["images"]]
    assert images == [(1, "1.jpg"), (2, "2.jpg"), (4, "x.jpg"), (5, "3.jpg")]
    _, err = run(cli, a, b, "--ids", "renumber")
    assert "image ids of b that change: 1: 2 -> 4" in err
    result = written(a)
    assert [i["id"] for i in result["images"]] == [1, 2, 4, 3]
    assert [x["image_id"] for x in result["annotations"]] == [1, 2, 4, 3]
    assert [x["id"] for x in result["annotations"]] == [1, 2, 77, 3]
    assert "expected error or offset or renumber" in failing(cli, a, b, "--ids", "ofset")


def test_an_image_of_two_files_is_an_error_that_two_options_settle(
    cli: Cli, put: Put, tmp_path: Path
) -> None:
    first, second = file(1, {1: "dog"}), file(5, {1: "dog"})
    second["images"][0]["file_name"] = "./2.jpg"
    a, b = put(first, "a.json"), put(second, "b.json")
    err = failing(cli, a, b)
    assert "1 image is in two files: ./2.jpg (a, b)" in err
    assert "--on-duplicate first" in err and "--prefix" in err
    _, err = run(cli, a, b, "--on-duplicate", "first")
    assert "dropped from b, because an earlier file has the image: 1 image, 1 annotation" in err
    assert [i["id"] for i in written(a)["images"]] == [1, 2, 6]
    assert [x["id"] for x in written(a)["annotations"]] == [1, 2, 6]
    _, err = run(cli, a, b, "--on-duplicate", "keep")
    assert "images in two files, all kept: 1: ./2.jpg (a, b)" in err
    assert len(written(a)["images"]) == 4
    run(cli, a, b, "--prefix", "a=a/,b.json=b/")
    names = [i["file_name"] for i in written(a)["images"]]
    assert names == ["a/1.jpg", "a/2.jpg", "b/./2.jpg", "b/6.jpg"]
    assert "did you mean" in failing(cli, a, b, "--prefix", "a.jsn=a/")
    # by content
    for folder, contents in {"a": ("one", "two"), "b": ("2wo", "one")}.items():
        (tmp_path / folder).mkdir()
        images = (first if folder == "a" else second)["images"]
        for image, content in zip(images, contents, strict=True):
            (tmp_path / folder / image["file_name"]).write_text(content)
    err = failing(cli, a, b, "--prefix", "a=a/,b=b/", "--images", tmp_path)
    assert "1 image is in two files: 6.jpg (a, b)" in err
    (tmp_path / "b/6.jpg").unlink()
    _, err = run(cli, a, b, "--prefix", "a=a/,b=b/", "--images", tmp_path)
    assert f"images that are not in {tmp_path}, compared by file_name: 1 of 4" in err
    assert "no such folder of images" in failing(cli, a, b, "--images", tmp_path / "none")


def test_an_id_of_no_record_never_gets_another_file_s(cli: Cli, put: Put) -> None:
    first, second = file(1, {1: "dog"}), file(5, {1: "dog"})
    second["annotations"][0]["image_id"] = 2
    a, b = put(first, "a.json"), put(second, "b.json")
    err = failing(cli, a, b)
    assert "image_id in 'annotations' of b names 2, which b does not list in 'images'" in err
    second["annotations"][0] |= {"image_id": 5, "category_id": 9}
    first["categories"].append({"id": 9, "name": "bus"})
    err = failing(cli, put(first, "a.json"), put(second, "b.json"))
    assert "category_id in 'annotations' of b names 9" in err
    # no list has ids that collide: offset would move none
    assert "--ids" not in failing(cli, a, b, "--ids", "offset")


def test_ids_of_two_types_are_a_warning(cli: Cli, put: Put) -> None:
    first, second = file(1, {1: "dog", 2: "cat"}), file(5, {"1": "dog", "2": "bus"})
    for record in second["images"]:
        record["id"] = str(record["id"])
    for record in second["annotations"]:
        record["image_id"] = str(record["image_id"])
    a, b = put(first, "a.json"), put(second, "b.json")
    done, _ = run(cli, a, b, "--quiet")
    for name in ("images", "categories"):
        assert f"warning: ids of {name} are numbers in a, text in b: loaders that sort" in done.err
    assert "annotations" not in done.err
    assert [c["id"] for c in written(a)["categories"]] == [1, 2, "2"]
    second["categories"].pop()  # "1" becomes the first file's 1: one type
    second["annotations"].pop()
    done, _ = run(cli, a, put(second, "b.json"), "--quiet")
    assert "ids of categories" not in done.err


def test_new_categories_in_the_order_of_ids_need_no_note(cli: Cli, put: Put) -> None:
    a, b = put(file(1, {1: "dog"}), "a.json"), put(file(5, {1: "dog", 2: "bus"}), "b.json")
    assert "order of ids" not in run(cli, a, b)[1]
    put(file(1, {7: "dog", 3: "cat"}), "a.json")  # the first file has no such order
    assert "order of ids" not in run(cli, a, b)[1]


def test_the_output_is_named_after_the_inputs(cli: Cli, put: Put) -> None:
    put(file(1, {1: "dog"}), "a.json")
    put(file(1, {1: "dog"}) | {"images": [], "annotations": []}, "b.json")
    assert cli("merge", "a.json", "b.json").out == "a_and-b.json\n"
    more = "--ids", "renumber", "--on-duplicate", "keep", "--source-key", "source"
    name = "a_and-b-renumber-ids-keep-duplicates-by-source.json\n"
    assert cli("merge", "a.json", "b.json", *more).out == name
    folder = cli("merge", "a.json", "./b.json").out
    assert re.fullmatch(r"a_and-.-b-[0-9a-f]{8}\.json\n", folder), folder


def test_what_refers_to_ids_changes_with_them(cli: Cli, put: Put) -> None:
    def video(doc: dict[str, Any]) -> dict[str, Any]:
        doc["videos"] = [{"id": 1, "name": "v", "neg_category_ids": [1]}]
        doc["tracks"] = [{"id": 3, "video_id": 1, "category_id": 1}]
        for image in doc["images"]:
            image["video_id"] = 1
        for annotation in doc["annotations"]:
            annotation |= {"video_id": 1, "track_id": 3}
            annotation["segments_info"] = [{"id": 1, "category_id": 1}]
        return doc

    a = put(video(file(1, {1: "dog"})), "a.json")
    b = put(video(file(5, {1: "bus"})), "b.json")
    assert "1 video id of b is taken: 1; 1 track id of b is taken: 3" in failing(cli, a, b)
    run(cli, a, b, "--ids", "renumber", "--source-key", "source")
    result = written(a)
    assert result["videos"][1] == {"id": 2, "name": "v", "neg_category_ids": [2]}
    assert result["tracks"][1] == {"id": 4, "video_id": 2, "category_id": 2}
    assert [i["video_id"] for i in result["images"]] == [1, 1, 2, 2]
    last = result["annotations"][-1]
    assert (last["video_id"], last["track_id"], last["category_id"]) == (2, 4, 2)
    assert last["segments_info"] == [{"id": 1, "category_id": 2}]
    parts = split(a.with_name("out.json"))
    assert json.loads(parts["b"]) == json.loads(b.read_bytes())
    assert json.loads(parts["a"]) == json.loads(a.read_bytes())


def test_values_of_one_file_stay_and_the_others_are_reported(cli: Cli, put: Put) -> None:
    a = put(file(1, {1: "dog"}, note="x", only_a=1), "a.json")
    b = put(file(5, {1: "dog"}, note="y", only_b={"k": [1]}), "b.json")
    _, err = run(cli, a, b, "--source-key", "source")
    result = written(a)
    assert (result["note"], result["only_a"], result["only_b"]) == ("x", 1, {"k": [1]})
    for key in ("info", "licenses", "note"):
        assert f"{key!r} of b is not in the result: the earlier file's value stays" in err
    assert "another license, or none, in the result: 2 (1 is 'license 5' there)" in err
    parts = split(a.with_name("out.json"))
    assert json.loads(parts["b"]) == json.loads(b.read_bytes())
    assert json.loads(parts["a"]) == json.loads(a.read_bytes())
    licenses = put([{"id": 1, "name": "new"}], "licenses.json")
    _, err = run(cli, a, b, "--info", b, "--licenses", licenses)
    assert written(a)["info"] == {"year": 5}
    assert written(a)["licenses"] == [{"id": 1, "name": "new"}]
    assert "'licenses' of b is not in the result: the given value stays" in err
    assert "images of a whose license number means another license" in err
    assert "expected a list" in failing(cli, a, b, "--licenses", put({"x": 1}, "x.json"))


def test_the_layout_is_the_first_file_s(cli: Cli, put: Put) -> None:
    a = put(json.dumps(file(1, {1: "dog"}), indent=1), "a.json")
    b = put(json.dumps(file(5, {1: "dog"}), separators=(",", ":")), "b.json")
    run(cli, a, b)
    text = a.with_name("out.json").read_text()
    assert '\n  },\n  {"id":5,"file_name":"5.jpg","license":1},\n  {"id":6,' in text
    run(cli, b, a)
    assert '"license":1},{\n   "id": 1,' in a.with_name("out.json").read_text()


def test_a_recipe_merges_the_same_files_only(cli: Cli, put: Put) -> None:
    a, b = put(file(1, {1: "dog"}), "a.json"), put(file(5, {1: "dog"}), "b.json")
    run(cli, a, b, "--recipe", "r.json", "--source-key", "source")
    assert cli("apply", "r.json", a, "-o", "again.json").code == 0
    first = a.with_name("out.json").read_bytes()
    assert a.with_name("again.json").read_bytes() == first
    verified = cli("verify", "out.json", "--source", a, "--recipe", "r.json")
    assert (verified.code, verified.out) == (2, "")
    assert "verify compares a result with one source" in verified.err
    made_by_config = ann_file(a, merge_with=[str(b)], source_key="source", cache=a.parent / "cache")
    assert Path(made_by_config).read_bytes() == first
    done = cli("subset", a, "--first", 1, "--merge-with", b, "--skip", 1, "-o", "cut.json")
    assert f"kept of {a} before the merge: 1 image, 1 annotation" in done.err
    assert [i["id"] for i in json.loads(a.with_name("cut.json").read_bytes())["images"]] == [5, 6]
    put(file(9, {1: "dog"}), "b.json")
    done = cli("apply", "r.json", a, "-o", "other.json")
    assert "files that differ from the recipe's" in done.err


def test_options_of_the_step_are_those_of_the_verb(cli: Cli, put: Put) -> None:
    first, second = file(1, {1: "dog"}), file(1, {1: "Dog"})
    a, b = put(first, "a.json"), put(second, "b.json")
    step = ("--merge-ids offset --merge-prefix b=b/ --merge-alias Dog=dog --on-duplicate first "
            f"--merge-images {a.parent} --merge-info {b} --merge-licenses {b}").split()  # fmt: skip
    assert cli("subset", a, "--merge-with", b, *step, "-o", "step.json").code == 0
    run(cli, a, b, *(word.replace("--merge-", "--") for word in step))
    assert a.with_name("step.json").read_bytes() == a.with_name("out.json").read_bytes()


def test_files_that_cannot_be_merged(cli: Cli, put: Put) -> None:
    a, b = put(file(1, {1: "dog"}), "a.json"), put(file(5, {1: "dog"}), "b.json")
    results = put([{"image_id": 1, "category_id": 1, "bbox": [0, 0, 1, 1], "score": 1}], "r.json")
    assert "two files or more" in failing(cli, a)
    assert "the same file is given twice" in failing(cli, a, a)
    assert "a results file cannot be merged with an annotation file" in failing(cli, a, results)
    assert "--follow is for results files" in failing(cli, a, b, "--follow", a)
    assert "'note' is a key of the file already" in failing(
        cli, put(file(1, {1: "dog"}, note=1), "n.json"), b, "--source-key", "note"
    )
    assert "the source key is empty" in failing(cli, a, b, "--source-key", "")
    assert "expected FILE=DIR/, not 'q/'" in failing(cli, a, b, "--prefix", "q/")
    twice = file(5, {1: "dog", 2: "bus"})
    twice["categories"][1]["name"] = "dog"
    assert "have one name, 'dog'" in failing(cli, a, put(twice, "twice.json"))
    assert "appears twice at the top level" in failing(
        cli, a, put('{"images": [], "x": 1, "x": 2, "categories": []}', "keys.json")
    )


def test_files_of_one_name_are_named_by_their_folders(cli: Cli, put: Put, tmp_path: Path) -> None:
    paths = []
    for n, folder in enumerate(("train", "valid")):
        (tmp_path / folder).mkdir()
        paths.append(tmp_path / folder / "_annotations.coco.json")
        paths[-1].write_text(json.dumps(file(1 + 4 * n, {1: "dog"})))
    run(cli, *paths, "--source-key", "source")
    sources = [i["source"] for i in written(tmp_path / "x")["images"]]
    assert sources == ["train/_annotations.coco"] * 2 + ["valid/_annotations.coco"] * 2
    assert "matches several files" in failing(cli, *paths, "--prefix", "_annotations.coco.json=x/")


def test_the_split_verb_gives_sources_back(cli: Cli, put: Put) -> None:
    a, b = put(file(1, {1: "dog"}), "a.json"), put(file(2, {7: "dog", 1: "bus"}), "b.json")
    run(cli, a, b, "--ids", "offset", "--prefix", "a=a/,b=b/", "--source-key", "source")
    done = cli("split", "out.json", "--by-key", "source", "--dry-run")
    assert (done.code, done.out) == (0, "would write\nout_a.json\nout_b.json\n")
    done = cli("split", "out.json", "--by-key", "source")
    assert (done.code, done.out) == (0, "out_a.json\nout_b.json\n")
    assert "b: 2 images, 2 annotations" in done.err
    for path in (a, b):
        back = path.with_name(f"out_{path.name}")
        for key in ("images", "annotations", "categories"):
            assert records(back.read_text(), key) == records(path.read_text(), key)
    # after a cut; after a change of categories; by another key; with other options
    assert cli("subset", "out.json", "--last", 1, "-o", "cut.json").code == 0
    assert cli("split", "cut.json", "--by-key", "source").code == 0
    assert json.loads(a.with_name("cut_a.json").read_bytes())["images"] == []
    assert [i["id"] for i in json.loads(a.with_name("cut_b.json").read_bytes())["images"]] == [3]
    assert cli("remap", "out.json", "--rename", "dog=hound", "-o", "renamed.json").code == 0
    done = cli("split", "renamed.json", "--by-key", "source")
    assert (done.code, "the categories were changed since" in done.err) == (2, True)
    assert "did you mean 'source'?" in cli("split", "out.json", "--by-key", "sorce").err
    done = cli("split", "out.json", "--by-key", "source", "--folds", 2)
    assert "only restores the sources" in done.err
    evil = json.loads(a.with_name("out.json").read_bytes())
    evil["source"]["sources"][0]["name"] = "../../a"
    for image in evil["images"][:2]:
        image["source"] = "../../a"
    put(evil, "evil.json")
    assert cli("split", "evil.json", "--by-key", "source").out.startswith("evil_.._.._a.json\n")


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("src",), "cocosurgeon_merge"),
        (("src", "sources"), [1]),
        (("src", "categories"), None),
        (("src", "sources", 1, "records"), {"images": "a"}),
        (("src", "sources", 1, "records"), {}),
        (("src", "sources", 1, "categories"), [-5]),
        (("src", "sources", 1, "ids"), {"images": {"offset": "q"}}),
        (("src", "sources", 1, "cat_ids"), {"changed": [[1]]}),
        (("src", "sources", 1, "without"), 1),
        (("images", 0, "src"), ["a"]),
    ],
)
def test_an_entry_that_was_edited_is_an_error(
    place: tuple[Any, ...], value: Any, cli: Cli, put: Put
) -> None:
    a, b = put(file(1, {1: "dog"}), "a.json"), put(file(1, {2: "dog"}), "b.json")
    run(cli, a, b, "--ids", "offset", "--source-key", "src", "--on-duplicate", "keep")
    document = written(a)
    inner = document
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    put(document, "edited.json")
    done = cli("split", "edited.json", "--by-key", "src")
    assert done.code in (2, 3)
    assert "src" in done.err and "next: " in done.err


@pytest.mark.parametrize("lacking", ["categories", "annotations"])
@pytest.mark.parametrize("is_first", [True, False])
def test_a_file_that_lacks_a_list_goes_back_without_it(
    lacking: str, is_first: bool, cli: Cli, put: Put
) -> None:
    """As captions have no categories, and lists of images no annotations."""
    without = file(1, {1: "dog"})
    del without[lacking]
    for annotation in without.get("annotations", ()):
        annotation.pop("category_id")
    paths = [put(without, "a.json"), put(file(2, {7: "dog"}), "b.json")]
    paths = paths if is_first else paths[::-1]
    run(cli, *paths, "--ids", "offset", "--prefix", "a=a/,b=b/", "--source-key", "source")
    parts = split(paths[0].with_name("out.json"))
    for path in paths:
        before, after = (json.loads(text) for text in (path.read_bytes(), parts[path.stem]))
        assert {k: v for k, v in after.items() if k in before} == before
        assert all(not after[key] for key in after.keys() - before.keys())
