"""Shares of images: ``--first 10%``, and what percent means everywhere else."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from conftest import SAMPLE, Cli, examples
from hypothesis import given
from hypothesis import strategies as st

from cocosurgeon import (
    First,
    Having,
    InCategory,
    Last,
    Plan,
    Recipe,
    RequestError,
    Sample,
    Skip,
    read,
)
from cocosurgeon.config import ann_file
from cocosurgeon.dataset.order import as_amount, count_of
from cocosurgeon.steps.naming import slug


@given(st.integers(1, 100 * 10**4), st.integers(0, 10**6))
@examples(200)
def test_a_share_is_the_nearest_number_and_one_at_least(parts: int, there: int) -> None:
    text = f"{parts / 10**4:.4f}%"
    exact = Fraction(parts, 10**6) * there
    count = count_of(as_amount(text), there)
    assert count <= there
    if there:
        assert count >= 1
        assert count == 1 or abs(count - exact) <= Fraction(1, 2)
    assert count_of("50%", 2 * there + 1) == there + 1  # halves go up


def test_shares_are_of_the_images_that_are_there() -> None:
    whole = read(SAMPLE)
    ids = whole.img_ids
    assert First("10%").apply(whole).img_ids == ids[:13]
    assert Last("10%").apply(whole).img_ids == ids[-13:]
    assert Skip("10%").apply(whole).img_ids == ids[13:]
    assert whole.first("10%", "id").img_ids == whole.first(13, "id").img_ids
    assert whole.sample("10%", 7).img_ids == whole.sample(13, 7).img_ids
    with_dogs = whole.keep(Having(InCategory("person")))
    half = Plan(Having(InCategory("person")), First("50%")).apply(whole)
    assert half.img_ids == with_dogs.img_ids[: (len(with_dogs.img_ids) + 1) // 2]
    assert Plan(First("50%"), First("50%")).apply(whole).img_ids == ids[:32]
    assert whole.first(0).first("10%").img_ids == []
    assert whole.sample("100%").img_ids == ids


@pytest.mark.parametrize("text", ["10%", "10.0%", "010%", " 10 %"])
def test_one_share_has_one_form(text: str) -> None:
    assert First(text) == First("10%")
    assert repr(Sample(text)) == "Sample('10%')"


def test_names_of_files() -> None:
    plan = Plan(First("10%"), Skip("2.50%", "id"), Sample("0.5%", 7))
    assert slug(plan) == "first10pct_skip2.5pct-by-id_sample0.5pct-seed7"


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("0%", "above 0% and at most 100%, not 0%"),
        ("100.1%", "at most 100%, not 100.1%"),
        ("-1%", "not a share of images: '-1%'"),
        ("2,5%", "not a share of images: '2,5%'"),
        ("1e1%", "not a share"),
        ("%", "not a share"),
        ("10", "not a share"),
        (f"{'9' * 30}%", "not a share"),
        (0.1, "not a number of images: 0.1"),
    ],
)
def test_what_is_no_share(value: Any, says: str) -> None:
    for step in (First, Sample):
        with pytest.raises(RequestError, match=says):
            step(value)


def test_every_way_to_ask_gives_the_same_bytes(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COCOSURGEON_CACHE", str(tmp_path / "cache"))
    args = ("--first", "75%", "--sample", "12.5%", "--seed", "3")
    done = cli("subset", SAMPLE, *args, "--recipe", "r.json", "-o", "out.json")
    assert done.code == 0, done.err
    assert "first 75% of 128 images: 96\n" in done.err
    assert "sample of 12.5% of 96 images: 12\n" in done.err
    made = (tmp_path / "out.json").read_bytes()
    assert len(json.loads(made)["images"]) == 12
    assert json.loads((tmp_path / "r.json").read_text())["steps"][0]["n"] == "75%"
    assert cli("apply", "r.json", SAMPLE, "-o", "again.json").code == 0
    assert (tmp_path / "again.json").read_bytes() == made
    assert Path(ann_file(SAMPLE, first="75%", sample="12.5%", seed=3)).read_bytes() == made
    plan = Plan(First("75%"), Sample("12.5%", 3))
    assert Recipe.from_json((tmp_path / "r.json").read_bytes(), "r").plan == plan


@pytest.mark.parametrize(
    ("text", "says"), [("0%", "--last: a share of images"), ("0.1", "--last: expected a whole")]
)
def test_what_the_command_line_refuses(text: str, says: str, cli: Cli) -> None:
    done = cli("subset", SAMPLE, "--last", text)
    assert done.code == 2
    assert says in done.err
    assert "  next: a number of images" in done.err


@pytest.mark.parametrize("n", [True, 1.5, None])
def test_what_is_no_number_of_images(n: Any) -> None:
    with pytest.raises(RequestError, match="not a number of images"):
        Sample(n)
    with pytest.raises(RequestError, match="not a whole number"):
        Sample(1, seed=n)
