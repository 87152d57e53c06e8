"""``--file-names-file``: images by a list of file names."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli, examples
from hypothesis import given
from hypothesis import strategies as st

from cocosurgeon import FileNames, Plan, Recipe, RequestError, UnknownNameError, read
from cocosurgeon.config import ann_file

Put = Callable[..., Path]


@pytest.mark.parametrize(
    "text",
    [
        b"b/20.png\na/30.jpg\n",
        b"b/20.png\r\n\r\n  \r\na/30.jpg",
        b"\xef\xbb\xbfa/30.jpg\rb/20.png",
        b'"b/20.png"\n  a/30.jpg  \n',
        b"20.png\n30.jpg\n",
        b"./a/30.jpg\n/data/coco/b/20.png\n",
        b"a\\30.jpg\nb\\20.png\n",
    ],
)
def test_a_list_of_names(text: bytes, cli: Cli, put: Put, small: Any) -> None:
    put(small)
    put(text, "names.txt")
    done = cli("subset", "in.json", "--file-names-file", "names.txt", "-o", "-", "--quiet")
    assert done.code == 0, done.err
    assert [image["id"] for image in json.loads(done.out)["images"]] == [30, 20]


def test_what_was_guessed_is_printed(cli: Cli, put: Put, small: Any) -> None:
    put(small)
    put("30.jpg\nb/20.png\nb/20.png\n\nb/20.png\n", "names.txt")
    done = cli("subset", "in.json", "--file-names-file", "names.txt", "-o", "o.json")
    assert "lines that repeat a file name: 2" in done.err
    assert "1 file name found by the last parts: '30.jpg' ('a/30.jpg')" in done.err
    small["images"][3]["file_name"] = "b/20.png"
    put(small, "twice.json")
    done = cli("subset", "twice.json", "--file-names-file", "names.txt", "-o", "p.json")
    assert "1 file name belongs to several images, which are all chosen: b/20.png" in done.err
    assert "images       3 of 5 kept" in done.err


@pytest.mark.parametrize(
    ("names", "says", "next_step"),
    [
        (["a/31.jpg"], "this file name is not in the file: a/31.jpg", "did you mean 'a/30.jpg'?"),
        (["c/30.jpg", "zzz"], "2 file names are not in the file: c/30.jpg, zzz", "a/30.jpg"),
        (["A/30.JPG"], "not in the file: A/30.JPG", "did you mean 'a/30.jpg'?"),
        (["qqq"], "not in the file: qqq", "its first file_name is 'a/30.jpg'"),
        (["a/30.jpg", "x/a/30.jpg"], "two names stand for the image 'a/30.jpg'", "as in the file"),
        (["30.jpg", "x/a/30.jpg"], "two names stand for the image 'a/30.jpg'", "as in the file"),
    ],
)
def test_names_that_are_not_in_the_file(
    names: list[str], says: str, next_step: str, put: Put, small: Any
) -> None:
    with pytest.raises(RequestError) as caught:
        read(put(small)).keep(FileNames(names))
    assert says in caught.value.what
    assert next_step in (caught.value.hint or "")


def test_a_name_of_several_images(put: Put, small: Any) -> None:
    small["images"][3]["file_name"] = "x/30.jpg"
    whole = read(put(small))
    with pytest.raises(RequestError, match=r"the name '30\.jpg' stands for 2 images"):
        whole.keep(FileNames(["30.jpg"]))
    assert whole.keep(FileNames(["x/30.jpg"])).img_ids == [50]
    small["images"][3]["file_name"] = "30.jpg"
    assert read(put(small)).keep(FileNames(["./30.jpg"])).img_ids == [50]


def test_what_is_refused(cli: Cli, put: Put, small: Any) -> None:
    whole = read(put(small))
    for wrong in ("a/30.jpg", [3], [None]):
        with pytest.raises(RequestError, match="takes a list of file names"):
            FileNames(wrong)  # type: ignore[arg-type]
    assert whole.keep(FileNames([])).img_ids == []
    put(b"\xff\xfe", "names.txt")
    done = cli("subset", "in.json", "--file-names-file", "names.txt", "-o", "o.json")
    assert (done.code, "the list of file names is not UTF-8" in done.err) == (3, True)
    put("\n", "none.txt")
    done = cli("subset", "in.json", "--file-names-file", "none.txt", "-o", "o.json")
    assert (done.code, "the list of file names is empty" in done.err) == (0, True)
    done = cli("subset", "in.json", "--file-names-file", "in.json", "-o", "p.json")
    assert done.code == 2
    assert max(map(len, done.err.splitlines())) < 200
    detections = [{"image_id": 1, "category_id": 1, "bbox": [0, 0, 1, 1], "score": 1}]
    with pytest.raises(UnknownNameError, match="detections have only the id"):
        read(put(detections, "dt.json")).keep(FileNames(["x"]))


def test_recipes_configs_and_standard_input(cli: Cli, put: Put, small: Any, tmp_path: Path) -> None:
    whole = read(put(small))
    put("30.jpg\n", "names.txt")
    args = ("--file-names-file", "-", "-o", "a.json", "--recipe", "r.json")
    assert cli("subset", "in.json", *args, stdin=b"30.jpg\n").code == 0
    assert cli("apply", "r.json", "in.json", "-o", "b.json").code == 0
    checked = cli("verify", "a.json", "--source", "in.json", "--recipe", "r.json")
    assert checked.code == 0, checked.err
    built = ann_file(
        tmp_path / "in.json",
        file_names_file=str(tmp_path / "names.txt"),
        cache=tmp_path / "cache",
    )
    results = {(tmp_path / path).read_bytes() for path in ("a.json", "b.json", built)}
    assert len(results) == 1
    plan = Plan(~FileNames(["30.jpg"]))
    assert Recipe.from_json(Recipe.of(plan, whole).to_json(), "r").plan == plan
    assert plan.apply(whole).img_ids == [10, 20, 50, 40]


PATHS = st.lists(st.sampled_from(["a", "b", "1.jpg", "2.jpg"]), min_size=1, max_size=3).map(
    "/".join
)


def naive(names: list[str], known: list[str]) -> set[str] | None:
    """The file names that names stand for; None where that is an error."""
    found: dict[str, str] = {}
    for name in dict.fromkeys(names):
        near = [k for k in known if f"/{k}".endswith(f"/{name}") or f"/{name}".endswith(f"/{k}")]
        match = [k for k in near if k == name] or near
        if len(match) != 1 or match[0] in found:
            return None
        found[match[0]] = name
    return set(found)


@given(st.lists(PATHS, max_size=4), st.lists(PATHS, max_size=6, unique=True))
@examples(300)
def test_names_stand_for_what_they_do_naively(names: list[str], known: list[str]) -> None:
    from cocosurgeon.steps.images.file_names_file import _found_by_end

    try:
        by_end = _found_by_end(names, dict.fromkeys(known), "x.json")
        found: set[str] | None = {by_end.get(name, name) for name in names}
    except RequestError:
        found = None
    assert found == naive(names, known)
