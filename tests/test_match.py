"""``--match`` and ``--where``: what matches, what does not, and why."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli

from cocosurgeon.config import ann_file

Put = Callable[..., Path]


def kept(cli: Cli, *args: object) -> list[Any]:
    done = cli("subset", *args, "-o", "-", "--quiet")
    assert done.code == 0, done.err
    return [image["id"] for image in json.loads(done.out)["images"]]


@pytest.fixture
def other(small: Any, put: Put) -> Path:
    """Another file: three of the ids, two of them with other file names, and a new one."""
    document = deepcopy(small)
    document["images"] = document["images"][:3]
    document["images"][1]["file_name"] = "z/10.jpg"
    document["images"][2]["file_name"] = "a/30.jpg"
    document["images"].append({"id": 99, "file_name": "b/50.png", "width": 1, "height": 1})
    document["annotations"] = []
    return put(document, "other.json")


def test_ids_with_another_file_name_are_counted(
    cli: Cli, put: Put, small: Any, other: Path
) -> None:
    path = put(small)
    done = cli("subset", path, "--match", other, "-o", "out.json")
    assert done.code == 0
    assert (
        "2 of 3 matching ids have another file_name in "
        f"{other}: 10 ('a/10.jpg', 'z/10.jpg'), 20 ('b/20.png', 'a/30.jpg'); --match-by file_name"
    ) in done.err
    assert "warning: 2 of 3" in done.err  # 20 is another image
    again = cli("subset", "out.json", "--match", path, "-o", "again.json")
    assert "another file_name" not in again.err
    moved = json.loads(Path(path).read_bytes())
    for image in moved["images"]:
        image["file_name"] = f"folder/{image['file_name']}"
    put(moved, "moved.json")
    done = cli("subset", path, "--match", "moved.json", "-o", "out.json", "--force")
    assert "5 of 5 matching ids have another" in done.err and "warning" not in done.err


def test_images_are_matched_by_file_name(cli: Cli, put: Put, small: Any, other: Path) -> None:
    path = put(small)
    assert kept(cli, path, "--match", other) == [30, 10, 20]
    assert kept(cli, path, "--match", other, "--match-by", "id") == [30, 10, 20]
    assert kept(cli, path, "--match", other, "--match-by", "file_name") == [30, 50]
    made = ann_file(path, match=str(other), match_by="file_name", cache=path.parent / "cache")
    assert [i["id"] for i in json.loads(Path(made).read_bytes())["images"]] == [30, 50]
    assert cli("subset", path, "--first", 1, "--match-by", "file_name", "-o", "x.json").code == 2


def test_detections_have_no_names_to_match_by(cli: Cli, put: Put, small: Any) -> None:
    path = put([{"image_id": 10, "category_id": 1, "bbox": [0, 0, 1, 1], "score": 1}], "dt.json")
    done = cli("subset", path, "--match", put(small), "--match-by", "file_name", "-o", "o.json")
    assert done.code == 2
    assert "'file_name'" in done.err
    assert cli("subset", path, "--match", put(small), "-o", "o.json").code == 0


@pytest.mark.parametrize("is_text_here", [True, False])
def test_ids_of_another_type_match_nothing_and_that_is_an_error(
    cli: Cli, put: Put, small: Any, is_text_here: bool
) -> None:
    texts = deepcopy(small)
    for image in texts["images"]:
        image["id"] = f"00{image['id']}" if not is_text_here else str(image["id"])
    one, two = put(texts, "texts.json"), put(small, "numbers.json")
    path, match = (one, two) if is_text_here else (two, one)
    done = cli("subset", path, "--match", match, "-o", "out.json")
    assert done.code == 2
    kinds = ("a number (30)", "text") if is_text_here else ("text ('0030')", "numbers")
    assert f"no image matches: an image id there is {kinds[0]}, the list has {kinds[1]}" in (
        done.err
    )
    assert not (path.parent / "out.json").exists()


def test_files_without_a_common_image_match_nothing(cli: Cli, put: Put, small: Any) -> None:
    apart = deepcopy(small)
    for image in apart["images"]:
        image["id"] += 1000
    done = cli("subset", put(small), "--match", put(apart, "apart.json"), "-o", "out.json")
    assert done.code == 0
    assert "warning: no image is kept, of 5" in done.err


# ---- where


def test_booleans_and_backslashes_are_what_they_look_like(cli: Cli, put: Put, small: Any) -> None:
    for n, image in enumerate(small["images"]):
        image["truncated"] = n % 2 == 0
    small["images"][0]["file_name"] = "a\\2.jpg"
    path = put(small)
    assert kept(cli, path, "--where", "truncated == true") == [30, 20, 40]
    assert kept(cli, path, "--where", "truncated == False") == [10, 50]
    assert kept(cli, path, "--where", "truncated != true and width > 600") == [50]
    assert kept(cli, path, "--where", "file_name == 'a\\2.jpg'") == [30]


def test_an_expression_that_holds_for_nothing_says_so(cli: Cli, put: Put, small: Any) -> None:
    path = put(small)
    done = cli("subset", path, "--where", "width > 9000", "-o", "o.json")
    assert "--where 'width > 9000' holds for none of 5 images" in done.err
    done = cli("subset", path, "--where", "annotations: area > 1e9", "-o", "p.json")
    assert "holds for none of 7 annotations" in done.err
    done = cli("subset", path, "--where", "width > 600", "-o", "q.json")
    assert "holds for none" not in done.err


# ---- order


def test_a_change_of_order_alone_is_reported(cli: Cli, put: Put, small: Any) -> None:
    path = put(small)
    small["categories"] = small["categories"][1::-1] + small["categories"][2:]
    done = cli("remap", path, "--like", put(small, "like.json"), "-o", "o.json")
    assert "category ids that change: 0 of 3" in done.err
    assert "categories in another place of the list: 2 of 3; loaders that number labels" in done.err
    done = cli("remap", path, "--sort", "id", "-o", "p.json")
    assert "another place" not in done.err
