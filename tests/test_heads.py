"""Rows of a head from one space to another: every class says the same before and after."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from conftest import Cli

from cocosurgeon.categories.heads import HeadRows, head_rows
from cocosurgeon.categories.spaces import Space, find_space, spaces
from cocosurgeon.errors import RequestError, UnknownNameError

Floats = npt.NDArray[np.float64]

COCO = find_space("coco91")
HEADS = [s for s in spaces().values() if s.outputs and COCO.index_of.keys() <= s.index_of.keys()]
IDS = list(COCO.classes)
FILL = -7.5


def ran(line: str, old: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """What a printed line of numpy makes of an array."""
    scope = {"np": np, "old": old}
    exec(line, scope)
    new = scope["new"]
    assert isinstance(new, np.ndarray)
    return new


def outputs(space: Space) -> int:
    assert space.outputs is not None
    return space.outputs


# ---- logits


@pytest.mark.parametrize("before", HEADS, ids=str)
def test_logits_agree_after_the_move(before: Space) -> None:
    """x @ W.T + b of each class is the same number, and so is that of the background."""
    rng = np.random.default_rng(91)
    weight, bias = rng.normal(size=(outputs(before), 8)), rng.normal(size=outputs(before))
    x = rng.normal(size=(5, 8))
    old = x @ weight.T + bias
    moved = 0
    for after in HEADS:
        if not after.index_of.keys() <= before.index_of.keys():
            with pytest.raises(RequestError, match="has no row for"):
                head_rows(before.name, after.name)
            continue
        rows = head_rows(before.name, after.name)
        new = x @ rows.move(weight, FILL).T + rows.move(bias, FILL)
        assert new.shape == (5, after.outputs)
        for name, index in after.index_of.items():
            assert np.allclose(new[:, index], old[:, before.index_of[name]], rtol=0, atol=1e-12)
        if after.background is not None and before.background is not None:
            assert np.allclose(new[:, after.background], old[:, before.background], rtol=0)
        moved += 1
    assert moved >= 19


@pytest.mark.parametrize("before", HEADS, ids=str)
def test_each_row_is_moved_or_named(before: Space) -> None:
    for after in HEADS:
        if not after.index_of.keys() <= before.index_of.keys():
            continue
        found = head_rows(before.name, after.name)
        sources = [row for row in found.rows if row is not None]
        assert len(found.rows) == after.outputs
        assert len(set(sources)) == len(sources)
        assert {i for i, row in enumerate(found.rows) if row is None} == found.unfilled.keys()
        assert not found.unfilled.keys() & after.classes.keys()


@pytest.mark.parametrize("head", HEADS, ids=str)
def test_a_head_stays_what_it_is(head: Space) -> None:
    found = head_rows(head.name, head.name)
    assert found.rows == tuple(range(outputs(head)))
    assert not found.unfilled


# ---- what the field asks for


@pytest.mark.parametrize(
    ("before", "after", "rows"),
    [
        ("dino91", "mmdet80", IDS),
        ("dino92", "mmdet80", IDS),
        ("detr91", "rtdetr80", IDS),
        ("detr92", "mmdet81", [*IDS, 91]),
        ("hf_detr92", "detectron2_81", [*IDS, 91]),
        ("torchvision91", "mmdet81", [*IDS, 0]),
        ("torchvision91", "mmdet1x81", [0, *IDS]),
        ("mmdet81", "mmdet1x81", [80, *range(80)]),
        ("mmdet1x81", "mmdet80", list(range(1, 81))),
        ("detr_panoptic251", "panoptic133", list(find_space("panoptic200").classes)),
        ("ultralytics91", "yolox80", [i - 1 for i in IDS]),
        ("detr92", "detr91", list(range(91))),
        ("deformable_detr91", "mmdet", IDS),
    ],
)
def test_the_rows(before: str, after: str, rows: list[int]) -> None:
    assert list(head_rows(before, after).rows) == rows


def test_rows_that_a_head_does_not_have_are_named() -> None:
    found = head_rows("mmdet80", "detr91")
    assert list(found.unfilled) == [0, 12, 26, 29, 30, 45, 66, 68, 69, 71, 83]
    assert found.unfilled[12] == "street sign"
    assert list(head_rows("mmdet80", "mmdet81").unfilled.items()) == [(80, "background")]
    assert list(head_rows("detr91", "ultralytics91").unfilled.items()) == [(90, "hair brush")]


@pytest.mark.parametrize("fill", [0.0, -4.595, float("-inf"), float("nan")])
def test_unused_rows_hold_what_is_said(fill: float) -> None:
    found = head_rows("mmdet80", "detr91")
    old = np.arange(80 * 3, dtype=np.float32).reshape(80, 3)
    new = found.move(old, fill)
    assert (new.shape, new.dtype) == ((91, 3), old.dtype)
    assert np.array_equal(new[IDS], old)
    unused = new[list(found.unfilled)]
    assert np.array_equal(unused, np.full_like(unused, fill), equal_nan=True)
    assert np.array_equal(ran(found.numpy_line(fill), old), new, equal_nan=True)


def test_nothing_is_filled_in_unasked() -> None:
    found = head_rows("mmdet80", "detr91")
    for evaluate in (lambda: found.move(np.zeros(80)), found.numpy_line):
        with pytest.raises(RequestError, match=r"all rows of detr91: .*12 \(street sign\)"):
            evaluate()


@pytest.mark.parametrize("shape", [(91, 8), (81,), (0,), (), (4, 80)])
def test_an_array_with_other_rows_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(RequestError, match="a head of mmdet80 has 80 rows"):
        head_rows("mmdet80", "mmdet1x81").move(np.zeros(shape), 0)


def test_a_list_of_numbers_is_a_bias() -> None:
    assert head_rows("mmdet81", "mmdet1x81").move(list(range(81))).tolist() == [80, *range(80)]


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("coco91", "mmdet80", "coco91 numbers categories in annotation files"),
        ("detr91", "coco91", "coco91 numbers categories in annotation files"),
        (
            "mmdet80",
            "panoptic133",
            "no row for 'banner', 'blanket', 'bridge', and 50 more of panoptic133",
        ),
        ("mmdet80", "mmdet_objects365v1", "no row for"),
        ("lvis1230", "lvis1203", "no row for"),
    ],
)
def test_what_no_rows_turn_into_another(before: str, after: str, says: str) -> None:
    with pytest.raises(RequestError, match=says):
        head_rows(before, after)


def test_an_unknown_head_gives_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'mmdet80'"):
        head_rows("detr91", "mmdet_80")


# ---- the command line


def said(found: HeadRows, fill: float | None) -> dict[str, object]:
    """What ``--json`` says of rows."""
    return {
        "before": found.before,
        "after": found.after,
        "rows": list(found.rows),
        "unfilled": {str(i): what for i, what in found.unfilled.items()},
        "discarded": {str(i): what for i, what in found.discarded.items()},
        "fill": fill,
        "numpy": found.numpy_line(fill),
    }


@pytest.mark.parametrize(
    ("before", "after", "fill"),
    [("torchvision91", "mmdet81", None), ("mmdet80", "detr91", -4.5)],
)
def test_the_line_of_numpy_does_the_same(
    before: str, after: str, fill: float | None, cli: Cli
) -> None:
    found = head_rows(before, after)
    args = ["--rows", before, after, *([] if fill is None else ["--fill", fill])]
    ended = cli("spaces", *args)
    assert (ended.code, ended.err) == (0, "")
    old: Floats = np.random.default_rng(0).normal(size=(outputs(find_space(before)), 4))
    for array in (old, old[:, 0]):
        assert np.array_equal(ran(ended.out, array), found.move(array, fill))
    assert json.loads(cli("spaces", *args, "--json").out) == said(found, fill)


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ("mmdet80 detr91", "mmdet80 does not have all rows of detr91: 0"),
        ("coco91 mmdet80", "no head has these rows"),
    ],
)
def test_what_cannot_be_moved_is_refused(args: str, says: str, cli: Cli) -> None:
    ended = cli("spaces", "--rows", *args.split())
    assert (ended.code, ended.out) == (2, "")
    assert says in ended.err
