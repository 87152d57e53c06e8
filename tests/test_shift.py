"""Category ids moved by a number (``--shift``)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli, examples
from generated import Made, annotation_files, results_files
from hypothesis import given
from hypothesis import strategies as st
from naive import applied, same
from test_laws import opened, text_of
from test_loaders import ann, categories, doc
from test_remap import category_ids

from cocosurgeon import Plan, Recipe, Remap, RequestError, Shift, read

Put = Callable[..., Path]
FROM_0 = categories((0, "person"), (1, "cat"), (2, "dog"))
FROM_1 = categories((1, "person"), (2, "cat"), (3, "dog"))


@given(st.one_of(annotation_files, results_files), st.integers(0, 10**20))
@examples(150)
def test_each_id_is_moved_and_moved_back(made: Made, by: int) -> None:
    whole = opened(made.text)
    ids = category_ids(whole)
    if not all(isinstance(i, int) and i >= 0 for i in ids):
        with pytest.raises(RequestError, match=r"not a whole number|below 0"):
            Shift(0).apply(whole)
        return
    moved = text_of(Shift(by).apply(whole))
    assert text_of(Shift(-by).apply(opened(moved))) == made.text
    table = Plan(Remap({i: i + by for i in ids}))
    assert same(json.loads(moved), applied(json.loads(made.text), table))


def test_placeholders_and_unlisted_ids_move_too() -> None:
    listed = [{"id": 0, "name": "N/A", "filler": True}, *FROM_1]
    text = json.dumps(doc(ann(1, category_id=9), categories=listed))
    found = json.loads(text_of(Shift(1).apply(opened(text.encode()))))
    assert [c["id"] for c in found["categories"]] == [1, 2, 3, 4]
    assert found["annotations"][0]["category_id"] == 10


def test_labels_that_shift_are_printed(put: Put, cli: Cli) -> None:
    put(doc(ann(1, category_id=2), categories=FROM_1))
    done = cli("remap", "in.json", "--shift", "1", "-o", "o.json")
    shifts = "1 label shifts in detr, dino, torchvision, torchvision2, transformers: cat 2 -> 3"
    assert shifts in done.err
    assert "the same labels in mmdet3, detectron2, mmdet2, onedl, rfdetr, yolox\n" in done.err
    quiet = cli("remap", "in.json", "--shift", "1", "-o", "p.json", "--quiet").err
    assert "warning: labels shift in" in quiet and "torchvision" in quiet
    assert "warning" not in cli("remap", "in.json", "--shift", "0", "-o", "q.json").err
    # MMDetection's labels stay: no line says otherwise
    put(doc(ann(1, category_id=0), categories=FROM_0))
    done = cli("remap", "in.json", "--shift", "1", "-o", "r.json")
    assert "as MMDetection does, a label is not the id" in done.err


@pytest.mark.parametrize(
    ("document", "by", "says", "hint"),
    [
        (doc(categories=FROM_0), -1, "id 0 ('person', 0 objects) would become -1", "--shift 0 "),
        (doc(categories=FROM_1), -3, "id 1 ('person', 0 objects) would become -2", "--shift -1 "),
        ([ann(1, category_id=2)], -5, "would become -3", "--shift -2 "),
        (
            doc(categories=categories(("1", "a"))),
            1,
            "id '1' ('a', 0 objects) is not a whole",
            "--map",
        ),
        ([ann(1, category_id=1.5)], 1, "id 1.5 (not in the category list, 1 object)", "--map"),
        (doc(ann(1, category_id="1"), categories=FROM_1), 1, "id '1' (not in the", "--map"),
    ],
)
def test_what_cannot_be_moved_is_an_error(document: Any, by: int, says: str, hint: str) -> None:
    with pytest.raises(RequestError) as caught:
        Shift(by).apply(opened(json.dumps(document).encode()))
    assert says in caught.value.what
    assert hint in str(caught.value.hint)


def test_every_way_to_ask_gives_the_same_bytes(put: Put, cli: Cli, tmp_path: Path) -> None:
    source = put([ann(1, category_id=0), ann(2, category_id=2)])
    done = cli("remap", "in.json", "--shift", "1", "--recipe", "r.json")
    assert "label" not in done.err  # a results file has no list
    assert (done.code, done.out) == (0, "in_shift1.json\n")
    assert "category ids 0..2 become 1..3" in done.err
    made = (tmp_path / "in_shift1.json").read_bytes()
    assert [each["category_id"] for each in json.loads(made)] == [1, 3]
    assert cli("apply", "r.json", "-o", "again.json").code == 0
    assert (tmp_path / "again.json").read_bytes() == made
    back = cli("remap", "in_shift1.json", "--shift", "-1")
    assert (back.code, back.out) == (0, "in_shift1_shift-1.json\n")
    assert (tmp_path / "in_shift1_shift-1.json").read_bytes() == source.read_bytes()
    proof = "--source", "in.json", "--recipe", "r.json", "--loader", "none"
    proven = cli("verify", "in_shift1.json", *proof)
    assert proven.code == 0, proven.out
    assert cli("verify", "in_shift1.json", *proof[:2], *proof[4:]).code == 1
    plan = Plan(Shift(-1))
    assert Recipe.from_json(Recipe.of(plan, read(source)).to_json(), "r").plan.steps == plan.steps
    for wrong in ("one", "1.5"):
        refused = cli("remap", "in.json", "--shift", wrong)
        assert refused.code == 2
        assert "shift: expected a whole number" in refused.err


def test_check_says_which_shift_makes_ids_fit(put: Put, cli: Cli) -> None:
    put(doc(categories=FROM_1), "truth.json")
    put([ann(1, category_id=0), ann(2, category_id=2)], "dets.json")
    shown = cli("remap", "--check", "truth.json", "dets.json")
    assert shown.code == 1
    command = next(part for part in shown.out.split("`") if part.startswith("cocosurgeon"))
    name, *args = command.split()
    assert (name, args[-1]) == ("cocosurgeon", "1")
    assert cli(*args, "-o", "moved.json").code == 0
    assert cli("remap", "--check", "truth.json", "moved.json").code == 0
    put(doc(categories=FROM_0), "zero.json")
    put([ann(1, category_id=3)], "ones.json")
    assert "ones.json --shift -1`" in cli("remap", "--check", "zero.json", "ones.json").out
    put([ann(1, category_id=7), ann(2, category_id="1")], "other.json")
    assert "--shift" not in cli("remap", "--check", "truth.json", "other.json").out


@pytest.mark.parametrize("by", ["1", 1.5, True, None])
def test_a_shift_is_a_whole_number(by: Any) -> None:
    with pytest.raises(RequestError, match="not a whole number"):
        Shift(by)
