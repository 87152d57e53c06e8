"""``--except``, ``--except-ids``, ``--except-ids-file``: the rest of a file."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli, examples
from generated import Made, annotation_files
from hypothesis import given

from cocosurgeon import Dataset, Ids, Plan, UnknownIdError, read
from cocosurgeon.config import ann_file
from cocosurgeon.steps.given import make_plan, parse
from cocosurgeon.steps.registry import modifiers, options

Put = Callable[..., Path]


def kept(cli: Cli, *args: object) -> list[Any]:
    done = cli("subset", *args, "-o", "-", "--quiet")
    assert done.code == 0, done.err
    return [image["id"] for image in json.loads(done.out)["images"]]


@pytest.fixture
def other(small: Any, put: Put) -> Path:
    """Another file: two of the ids, one with another file name, and a new id with an old name."""
    document = deepcopy(small)
    document["images"] = document["images"][:2]
    document["images"][1]["file_name"] = "z/10.jpg"
    document["images"].append({"id": 99, "file_name": "b/50.png", "width": 1, "height": 1})
    document["annotations"] = []
    return put(document, "other.json")


def test_the_rest_of_a_file(cli: Cli, put: Put, small: Any, other: Path) -> None:
    path = put(small)
    put("10\r\n\r\n30\r\n", "ids.txt")
    assert kept(cli, path, "--except-ids", "10,30") == [20, 50, 40]
    assert kept(cli, path, "--first", 3, "--except-ids", "10", "--except-ids", "30") == [20]
    assert kept(cli, path, "--except-ids-file", "ids.txt") == [20, 50, 40]
    assert kept(cli, path, "--except", other) == [20, 50, 40]
    assert kept(cli, path, "--except", other, "--match-by", "file_name") == [10, 20, 40]
    assert kept(cli, path, "--first", 2, "--except", other) == []
    done = cli("subset", path, "--except-ids", "10,30")
    assert done.out.endswith("in_except-ids-10-30.json\n")


def test_facts_about_the_other_file_are_printed(
    cli: Cli, put: Put, small: Any, other: Path
) -> None:
    done = cli("subset", put(small), "--except", other, "-o", "o.json")
    assert "1 of 3 ids are not in the file" in done.err
    assert "1 of 2 matching ids has another file_name" in done.err
    assert "nothing is dropped" not in done.err
    far = put([{"image_id": 77, "category_id": 1, "bbox": [0, 0, 1, 1], "score": 1}], "far.json")
    done = cli("subset", "in.json", "--except", far, "-o", "q.json", "--quiet")
    assert f"warning: nothing is dropped: no image of {far} is in the file, by id" in done.err
    apart = deepcopy(small)
    for image in apart["images"]:
        image["file_name"] = f"x{image['file_name']}"
    where = put(apart, "apart.json")
    done = cli("subset", "in.json", "--except", where, "--match-by", "file_name", "-o", "p.json")
    assert f"5 of 5 file names of {where} are not in the file" in done.err
    assert f"warning: nothing is dropped: no image of {where} is in the file, by file_n" in done.err
    assert "images       5 of 5 kept" in done.err
    apart["images"][0]["file_name"] = small["images"][0]["file_name"]
    apart["images"][1]["file_name"] = f"elsewhere/{small['images'][1]['file_name']}"
    done = cli("subset", "in.json", "--except", put(apart, "apart.json"), "--match-by", "file_name")
    assert "4 of 5 file names of" in done.err
    assert "the last parts of 4 are (--file-names-file compares these)" in done.err


def test_unknown_ids_are_errors(cli: Cli, put: Put, small: Any) -> None:
    path = put(small)
    put("41\n", "ids.txt")
    for args in (["--except-ids", "41"], ["--except-ids-file", "ids.txt"]):
        done = cli("subset", path, *args, "-o", "o.json")
        assert done.code == 2
        assert "this image id is not in the file: 41" in done.err
        assert "the nearest id is 40" in done.err
    with pytest.raises(UnknownIdError):
        read(path).keep(~Ids(["40"]))


def test_ids_of_another_type_drop_nothing_and_that_is_an_error(
    cli: Cli, put: Put, small: Any
) -> None:
    texts = deepcopy(small)
    for image in texts["images"]:
        image["id"] = str(image["id"])
    done = cli("subset", put(small), "--except", put(texts, "texts.json"), "-o", "o.json")
    assert done.code == 2
    assert "no image matches" in done.err


def test_recipes_and_configs(cli: Cli, put: Put, small: Any, other: Path, tmp_path: Path) -> None:
    path = put(small)
    made = cli("subset", path, "--except", other, "-o", "a.json", "--recipe", "r.json")
    assert made.code == 0
    other_bytes = other.read_bytes()
    other.unlink()  # a recipe holds the ids
    assert cli("apply", "r.json", path, "-o", "b.json").code == 0
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    checked = cli("verify", "a.json", "--source", path, "--recipe", "r.json")
    assert checked.code == 0, checked.err
    other.write_bytes(other_bytes)
    built = ann_file(path, except_=str(other), cache=tmp_path / "cache")
    assert Path(built).read_bytes() == (tmp_path / "a.json").read_bytes()
    other.write_text(json.dumps(small))
    again = ann_file(path, except_=str(other), cache=tmp_path / "cache")
    assert json.loads(Path(again).read_bytes())["images"] == []


def test_results_are_cut_the_same_way(cli: Cli, put: Put, other: Path) -> None:
    box = {"category_id": 1, "bbox": [0, 0, 1, 1], "score": 1}
    path = put([{"image_id": i, **box} for i in (10, 20, 30, 20)], "dt.json")
    done = cli("subset", path, "--except", other, "-o", "-", "--quiet")
    assert [d["image_id"] for d in json.loads(done.out)] == [20, 20]


def test_ground_truth_cut_by_detections_is_a_warning(cli: Cli, put: Put, small: Any) -> None:
    path = put(small)
    box = {"category_id": 1, "bbox": [0, 0, 1, 1], "score": 1}
    put([{"image_id": i, **box} for i in (10, 30, 40)], "dt.json")
    warning = "warning: 2 of 4 images with objects have no detection: AP on only the other"
    assert warning in cli("subset", path, "--match", "dt.json", "-o", "a.json", "--quiet").err
    found = json.loads(cli("subset", path, "--match", "dt.json", "-o", "b.json", "--json").out)
    assert "AP on only the other images is higher" in " ".join(found["warnings"])
    # image 40 has no object: without a detection it costs nothing
    put([{"image_id": i, **box} for i in (10, 20, 30, 50)], "all.json")
    assert "AP" not in cli("subset", path, "--match", "all.json", "-o", "c.json").err
    assert "AP" not in cli("subset", "dt.json", "--match", path, "-o", "d.json").err
    assert "AP" not in cli("subset", path, "--match", path, "-o", "e.json").err
    # what earlier steps dropped is not lost here, crowds are never missed, --except drops others
    first = cli("subset", path, "--first", "2", "--match", "dt.json", "-o", "f.json")
    assert "AP" not in first.err
    crowds = deepcopy(small)
    for annotation in crowds["annotations"]:
        annotation["iscrowd"] = 1
    done = cli("subset", put(crowds, "crowds.json"), "--match", "dt.json", "-o", "g.json")
    assert "AP" not in done.err
    assert "AP" not in cli("subset", path, "--except", "dt.json", "-o", "h.json").err
    # a recipe warns, too
    cli("subset", path, "--match", "dt.json", "-o", "i.json", "--recipe", "r.json")
    assert warning in cli("apply", "r.json", path, "-o", "j.json", "--quiet").err


def split_by(made: Made, *more: tuple[str, str]) -> tuple[Dataset, Dataset, Dataset]:
    """The whole of a generated file, what another file has of it, and the rest."""
    with tempfile.TemporaryDirectory() as folder:
        path, part = Path(folder, "all.json"), Path(folder, "part.json")
        path.write_bytes(made.text)
        whole = read(path)
        part.write_bytes(b"".join(whole.first(2).text()))
        plans = []
        for name in ("match", "except"):
            step = parse(options()[name], str(part))
            modified = [parse(modifiers()[each], value) for each, value in more]
            plans.append(Plan(*make_plan([step, *modified]).steps).bind(whole).apply(whole))
        return whole, plans[0], plans[1]


@given(annotation_files)
@examples(60)
def test_match_and_except_part_the_images(made: Made) -> None:
    for more in ([], [("match-by", "file_name")]):
        try:
            whole, same, rest = split_by(made, *more)
        except ValueError:  # no image has a file_name
            assert not made.doc["images"]
            continue
        both = [*same.image_indices.tolist(), *rest.image_indices.tolist()]
        assert sorted(both) == whole.image_indices.tolist()
        if more:
            shared, own = (names_of(dataset) for dataset in (whole.first(2), rest))
            assert not shared & own


def names_of(dataset: Dataset) -> set[object]:
    """The file names of the kept images."""
    return set(dataset.image_columns("file_name")[0].tolist())
