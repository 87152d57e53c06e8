"""Images by license: in Python, on the command line, in a config, in a recipe, in a file's name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli

from cocosurgeon import License, Plan, Recipe, RequestError, UnknownIdError, UnknownNameError, read
from cocosurgeon.config import ann_file


@pytest.fixture
def source(put: Any, small: Any) -> Path:
    for image, license_id in zip(small["images"], (1, 4, 1, "1", None), strict=True):
        image["license"] = license_id
    path: Path = put(small, "in.json")
    return path


@pytest.mark.parametrize(("licenses", "ids"), [((1,), [30, 20]), ((4, "1"), [10, 50])])
def test_images_with_one_of_the_licenses(source: Path, licenses: Any, ids: list[int]) -> None:
    whole = read(source)
    assert whole.keep(License(*licenses)).img_ids == ids
    assert whole.keep(~License(*licenses)).img_ids == [i for i in whole.img_ids if i not in ids]


def test_every_way_to_ask_gives_the_same_bytes(
    source: Path, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COCOSURGEON_CACHE", str(tmp_path / "cache"))
    done = cli("subset", "in.json", "--license", "1,4", "--recipe", "r.json")
    assert (done.code, done.out) == (0, "in_license-1-4.json\n")
    made = (tmp_path / "in_license-1-4.json").read_bytes()
    assert [image["id"] for image in json.loads(made)["images"]] == [30, 10, 20]
    assert cli("apply", "r.json", "-o", "again.json").code == 0
    assert (tmp_path / "again.json").read_bytes() == made
    assert Path(ann_file(source, license=[1, 4])).read_bytes() == made


def test_what_is_refused(source: Path, put: Any, small: Any) -> None:
    whole = read(source)
    with pytest.raises(UnknownIdError, match="no image has the license 7") as caught:
        whole.keep(License(1, 7))
    assert caught.value.hint == "licenses of its images: 1, 4, '1'"
    with pytest.raises(RequestError, match="ids of licenses"):
        License()
    for image in small["images"]:
        del image["license"]
    with pytest.raises(UnknownNameError, match="no record of 'images' has 'license'"):
        read(put(small, "none.json")).keep(License(1))


def test_a_recipe_keeps_numbers_and_strings_apart(source: Path) -> None:
    whole = read(source)
    plan = Plan(License("1"))
    assert Recipe.from_json(Recipe.of(plan, whole).to_json(), "r.json").plan == plan
