"""Heads moved from one label space to another: by spaces, by names, and back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import Cli
from hypothesis import given
from hypothesis import strategies as st

from cocosurgeon.categories.heads import head_rows
from cocosurgeon.categories.spaces import find_space
from cocosurgeon.errors import FormatError, RequestError, UnknownNameError
from cocosurgeon.weights.checkpoint import read_checkpoint
from cocosurgeon.weights.dtypes import encode
from cocosurgeon.weights.heads import is_class_head, is_label_embedding
from cocosurgeon.weights.recipe import WeightsRecipe
from cocosurgeon.weights.steps import HeadStep, Outcome
from cocosurgeon.weights.tensor import Tensor
from cocosurgeon.weights.write import tied_names, write_checkpoint

Tensors = dict[str, Tensor]
Put = Callable[..., Path]
Named = tuple[tuple[int, str], ...]


def tensor(name: str, *shape: int, dtype: str = "float32") -> Tensor:
    rng = np.random.default_rng(len(name))
    values = encode(rng.standard_normal(shape), dtype)
    return Tensor.made(name, dtype, shape, lambda: values)


def checkpoint(rows: int, *others: Tensor) -> Tensors:
    head = (tensor("class_embed.weight", rows, 4), tensor("class_embed.bias", rows))
    every = (*head, tensor("bbox_embed.layers.2.weight", 4, 4), *others)
    return {t.name: t for t in every}


def moved(tensors: Tensors, step: HeadStep) -> tuple[Outcome, Tensors]:
    outcome = step.apply(tensors)
    return outcome, {t.name: t for t in outcome.tensors}


def same(one: Tensor, other: Tensor) -> bool:
    return (one.shape, one.dtype) == (other.shape, other.dtype) and (
        one.array().tobytes() == other.array().tobytes()
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [("detr91", "mmdet80"), ("detr92", "mmdet81"), ("detr92", "hf_detr92"), ("mmdet81", "mmdet80")],
)
def test_rows_go_where_the_spaces_say(before: str, after: str) -> None:
    rows = head_rows(before, after)
    count = find_space(before).outputs
    assert count is not None
    source = checkpoint(count)
    outcome, result = moved(source, HeadStep(before, after))
    assert list(result) == list(source)
    for key in ("class_embed.weight", "class_embed.bias"):
        assert np.array_equal(result[key].array(), rows.move(source[key].array()))
    assert result["bbox_embed.layers.2.weight"] is source["bbox_embed.layers.2.weight"]
    lost = count - len({r for r in rows.rows if r is not None})
    assert bool(outcome.warnings) == bool(lost)


def test_what_cannot_come_back_is_said() -> None:
    outcome, _ = moved(checkpoint(91), HeadStep("detr91", "mmdet80"))
    assert outcome.warnings == ("cannot be restored (head): 11 rows without a class",)
    outcome, _ = moved(checkpoint(81), HeadStep("mmdet81", "mmdet80"))
    assert outcome.warnings == ("cannot be restored (head): 1 row (background)",)


def test_new_rows_need_a_value() -> None:
    source = checkpoint(80)
    with pytest.raises(RequestError, match=r"11 rows after would be new: 0 .no category") as error:
        HeadStep("mmdet80", "detr91").apply(source)
    assert "--fill" in (error.value.hint or "")
    _, result = moved(source, HeadStep("mmdet80", "detr91", fill=-4.5))
    assert result["class_embed.bias"].array()[0] == np.float32(-4.5)
    assert not result["class_embed.weight"].array()[0].any()
    _, result = moved(source, HeadStep("mmdet80", "detr91", fill="mean"))
    weight = source["class_embed.weight"].array()
    mean = weight.mean(axis=0, dtype=np.float64).astype(np.float32)
    assert np.array_equal(result["class_embed.weight"].array()[12], mean)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_the_way_there_and_back_keeps_every_byte(dtype: str) -> None:
    source = {"fc_cls.weight": tensor("fc_cls.weight", 80, 3, dtype=dtype)}
    _, there = moved(source, HeadStep("mmdet80", "detr91", fill="mean"))
    _, back = moved(there, HeadStep("detr91", "mmdet80"))
    assert same(back["fc_cls.weight"], source["fc_cls.weight"])


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("class_embed.0.weight", "head"),
        ("transformer.enc_out_class_embed.bias", "head"),
        ("bbox_head.cls_branches.6.weight", "head"),
        ("bbox_head.fc_cls.bias", "head"),
        ("class_labels_classifier.weight", "head"),
        ("decoder.dec_score_head.5.weight", "head"),
        ("roi_heads.box_predictor.cls_score.bias", "head"),
        ("head.cls_preds.0.weight", "head"),
        ("label_enc.weight", "embedding"),
        ("dn_query_generator.label_embedding.weight", "embedding"),
        ("model.denoising_class_embed.weight", "embedding"),
        ("bbox_embed.0.layers.2.weight", None),
        ("bbox_head.reg_branches.0.4.weight", None),
        ("bbox_head.cls_convs.0.conv.weight", None),
        ("backbone.cls_token", None),
        ("query_embed.weight", None),
    ],
)
def test_heads_are_found_by_their_names(key: str, kind: str | None) -> None:
    found = "head" if is_class_head(key) else "embedding" if is_label_embedding(key) else None
    assert found == kind


@pytest.mark.parametrize(
    ("rows", "before", "after", "expected"),
    [
        (92, "dino91", "mmdet80", 80),
        (91, "dino91", "mmdet80", 80),
        (80, "mmdet80", "dino91", 92),
        (81, "rtdetr80", "mmdet80", 80),
        (81, "rtdetr80", "hf_rtdetr80", 81),
        (81, "yolox80", "ultralytics80", 81),
    ],
)
def test_label_embeddings_go_along(rows: int, before: str, after: str, expected: int) -> None:
    count = find_space(before).outputs
    assert count is not None
    source = checkpoint(count, tensor("label_enc.weight", rows, 2))
    outcome, result = moved(source, HeadStep(before, after, fill=0))
    assert result["label_enc.weight"].shape == (expected, 2)
    old, new = find_space(before).index_of, find_space(after).index_of
    one, other = source["label_enc.weight"].array(), result["label_enc.weight"].array()
    for name in ("person", "dog", "toothbrush"):
        assert np.array_equal(other[new[name]], one[old[name]])
    if rows > count and expected > (find_space(after).outputs or 0):
        assert np.array_equal(other[-1], one[-1])
    assert any("the row after the classes" in w for w in outcome.warnings) == (
        rows > count and expected == find_space(after).outputs
    )


def test_tied_heads_stay_tied() -> None:
    one = checkpoint(91)
    weight, bias = one["class_embed.weight"], one["class_embed.bias"]
    copies = [
        each.renamed(each.name.replace("class_embed", name))
        for name in ("class_embed.0", "class_embed.1")
        for each in (weight, bias)
    ]
    apart = tensor("class_embed.2.weight", 91, *weight.shape[1:])
    _, result = moved({each.name: each for each in (*copies, apart)}, HeadStep("detr91", "mmdet80"))
    groups = tied_names(result.values())
    assert groups == [[f"class_embed.{i}.{p}" for i in (0, 1)] for p in ("weight", "bias")]
    first, second = (result[f"class_embed.{i}.weight"] for i in (0, 1))
    assert same(first, second.renamed(first.name)) and first.shape[0] == 80


def test_only_what_is_named_is_moved() -> None:
    source = checkpoint(91, tensor("aux.weight", 91, 2), tensor("enc.class_embed.weight", 91, 2))
    outcome, result = moved(source, HeadStep("detr91", "mmdet80"))
    assert outcome.fields["not_moved"] == ["aux.weight"]
    assert result["enc.class_embed.weight"].shape == (80, 2)
    _, result = moved(source, HeadStep("detr91", "mmdet80", keys=("aux.*",)))
    assert [t.shape[0] for t in result.values()] == [91, 91, 4, 80, 91]
    with pytest.raises(RequestError, match=r"bbox_embed.layers.2.weight has the shape \[4, 4\]"):
        HeadStep("detr91", "mmdet80", keys=("bbox*",)).apply(source)
    with pytest.raises(RequestError, match="key 'nothing' matches no key"):
        HeadStep("detr91", "mmdet80", keys=("nothing",)).apply(source)


def test_heads_of_several_anchors_are_moved_where_they_are_named() -> None:
    source = {"retina_cls.bias": tensor("retina_cls.bias", 3 * 80)}
    with pytest.raises(RequestError, match=r"retina_cls.bias has 240"):
        HeadStep("mmdet80", "detr91", fill=-4.5).apply(source)
    _, there = moved(source, HeadStep("mmdet80", "detr91", fill=-4.5, keys=("retina_cls.*",)))
    rows = head_rows("mmdet80", "detr91")
    one = source["retina_cls.bias"].array().reshape(3, 80)
    expected = np.concatenate([rows.move(each, -4.5) for each in one])
    assert np.array_equal(there["retina_cls.bias"].array(), expected)
    _, back = moved(there, HeadStep("detr91", "mmdet80", keys=("retina_cls.*",)))
    assert same(back["retina_cls.bias"], source["retina_cls.bias"])


def test_another_number_of_rows_names_the_spaces_that_fit() -> None:
    with pytest.raises(
        RequestError, match=r"91 rows of detr91: class_embed.weight has 92"
    ) as error:
        HeadStep("detr91", "mmdet80").apply(checkpoint(92))
    assert "detr92" in (error.value.hint or "")


def test_label_embeddings_of_other_rows_are_a_warning() -> None:
    outcome, result = moved(
        checkpoint(92, tensor("label_enc.weight", 150, 2)), HeadStep("detr92", "mmdet81")
    )
    assert result["label_enc.weight"].shape == (150, 2)
    assert outcome.warnings[-1] == (
        "1 label embedding not moved (in detr92 they have 91 or 92 rows): label_enc.weight"
    )


def test_new_rows_that_a_type_cannot_hold_are_an_error() -> None:
    half = {"fc_cls.bias": tensor("fc_cls.bias", 81, dtype="float16")}
    _, result = moved(half, HeadStep("mmdet81", "detr92", fill=1e6))
    with pytest.raises(RequestError, match="float16 cannot hold 1000000"):
        result["fc_cls.bias"].array()
    whole = {"fc_cls.bias": tensor("fc_cls.bias", 81, dtype="int8")}
    _, result = moved(whole, HeadStep("mmdet81", "detr92", fill=-4.6))
    assert result["fc_cls.bias"].array()[0] == -5  # the nearest
    _, result = moved(whole, HeadStep("mmdet81", "detr92", fill=300))
    with pytest.raises(RequestError, match="int8 cannot hold 300"):
        result["fc_cls.bias"].array()
    for fill in (float("nan"), float("inf"), 10**400, "median"):
        with pytest.raises(RequestError, match="new rows filled with"):
            HeadStep("mmdet81", "detr92", fill=fill)  # type: ignore[arg-type]


def test_boxes_by_class_are_named() -> None:
    source = {
        t.name: t
        for t in (
            tensor("bbox_head.fc_cls.weight", 81, 2),
            tensor("bbox_head.fc_reg.weight", 320, 2),
            tensor("mask_head.conv_logits.weight", 80, 2, 1, 1),
        )
    }
    outcome, _ = moved(source, HeadStep("mmdet81", "detectron2_81"))
    by_class = ["bbox_head.fc_reg.weight", "mask_head.conv_logits.weight"]
    assert outcome.fields["by_class"] == by_class


CATS: Named = ((1, "cat"), (3, "dog"), (4, "cow"))
MORE: Named = ((1, "horse"), (2, "cow"), (3, "cat"), (6, "dog"))


def test_by_names_of_two_files() -> None:
    _, result = moved(checkpoint(3), HeadStep(CATS, MORE, fill=0.5))  # by position
    old, new = checkpoint(3)["class_embed.bias"].array(), result["class_embed.bias"].array()
    assert new.tolist() == [0.5, old[2], old[0], old[1]]
    _, result = moved(checkpoint(5), HeadStep(CATS, MORE, fill=0.5))  # by id
    old, new = checkpoint(5)["class_embed.bias"].array(), result["class_embed.bias"].array()
    assert new.tolist() == [old[0], 0.5, old[4], old[1], 0.5, 0.5, old[3]]
    _, result = moved(checkpoint(6), HeadStep(CATS, MORE, fill=0.5))  # by id, background last
    old, new = checkpoint(6)["class_embed.bias"].array(), result["class_embed.bias"].array()
    assert new[-1] == old[-1] and len(new) == 8


def test_by_names_an_ambiguous_numbering_is_an_error() -> None:
    one, other = ((1, "cat"), (2, "dog")), ((1, "dog"), (2, "cat"))
    with pytest.raises(RequestError, match=r"several numberings fit: 2 .by position") as error:
        HeadStep(one, other).apply(checkpoint(3))
    assert "--index" in (error.value.hint or "")
    _, result = moved(checkpoint(3), HeadStep(one, other, index="id"))
    old = checkpoint(3)["class_embed.bias"].array()
    assert result["class_embed.bias"].array().tolist() == [old[0], old[2], old[1]]
    _, result = moved(checkpoint(3), HeadStep(one, other, index="position"))
    assert result["class_embed.bias"].array().tolist() == [old[1], old[0], old[2]]
    with pytest.raises(RequestError, match="no head has the rows of 2 old categories"):
        HeadStep(one, other).apply(checkpoint(7))


def test_ids_that_would_be_too_many_rows_are_an_error() -> None:
    far = ((1, "cat"), (10**12, "dog"))
    with pytest.raises(RequestError, match="would have 1,000,000,000,001 rows"):
        HeadStep(((1, "cat"), (2, "dog")), far, index="id").apply(checkpoint(3))
    with pytest.raises(FormatError, match="not one of each"):
        values = {**HeadStep("detr92", "mmdet81").as_json(), "to": [[1, "cat"]]}
        WeightsRecipe.from_json(json.dumps({"weights_recipe": 1, "steps": [values]}), "r.json")


def test_by_names_nearly_the_same_name_is_an_error() -> None:
    one, other = ((0, "motorcycle"), (1, "Dog")), ((0, "dog"), (1, "motorcycle"))
    with pytest.raises(UnknownNameError, match="'Dog' is nearly 'dog'"):
        HeadStep(one, other).apply(checkpoint(2))
    _, result = moved(checkpoint(2), HeadStep(one, other, aliases=(("Dog", "dog"),)))
    old = checkpoint(2)["class_embed.bias"].array()
    assert result["class_embed.bias"].array().tolist() == [old[1], old[0]]


NAMES = [f"class {i}" for i in range(8)]


@given(st.permutations(NAMES), st.permutations(NAMES), st.booleans())
def test_a_permutation_and_its_way_back_are_exact(
    one: list[str], other: list[str], background: bool
) -> None:
    before: Named = tuple(enumerate(one))
    after: Named = tuple(enumerate(other))
    source = checkpoint(8 + background, tensor("label_enc.weight", 9, 3))
    there_outcome, there = moved(source, HeadStep(before, after))
    _, back = moved(there, HeadStep(after, before))
    assert all(same(back[key], source[key]) for key in source)
    assert not there_outcome.warnings
    bias, new = source["class_embed.bias"].array(), there["class_embed.bias"].array()
    assert new.tolist() == [bias[one.index(n)] for n in other] + bias[8:].tolist()
    recipe = WeightsRecipe.from_json(WeightsRecipe((there_outcome.step,)).to_json(), "r.json")
    _, again = moved(source, recipe.steps[0])  # type: ignore[arg-type]
    assert all(same(again[key], there[key]) for key in source)


LISTS = st.lists(st.sampled_from(NAMES), min_size=1, unique=True)


@given(LISTS, LISTS, st.booleans())
def test_every_row_that_was_not_dropped_comes_back(
    one: list[str], other: list[str], background: bool
) -> None:
    before: Named = tuple(enumerate(one))
    after: Named = tuple(enumerate(other))
    source = checkpoint(len(one) + background)
    outcome, there = moved(source, HeadStep(before, after, fill=0.5))
    assert len(there["class_embed.bias"].array()) == len(other) + background
    _, back = moved(there, HeadStep(after, before, fill=0.5))
    kept = [i for i, name in enumerate(one) if name in other]
    kept += [len(one)] if background else []
    for key in ("class_embed.weight", "class_embed.bias"):
        assert np.array_equal(back[key].array()[kept], source[key].array()[kept])
    dropped = [name for name in one if name not in other]
    assert bool(outcome.warnings) == bool(dropped)
    assert all(name in outcome.warnings[0] for name in dropped[:4])


# ---- the command


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A checkpoint of DETR's names, with 92 rows."""
    path = tmp_path / "a.pth"
    write_checkpoint(path, checkpoint(92).values(), where="model")
    return path


def test_the_command_moves_heads_and_says_what_is_lost(
    cli: Cli, file: Path, tmp_path: Path
) -> None:
    args = (
        "weights",
        "head",
        "a.pth",
        "--from",
        "detr92",
        "--to",
        "mmdet81",
        "-o",
        "b.safetensors",
    )
    done = cli(*args, "--recipe", "r.json")
    assert (done.code, done.out) == (0, "b.safetensors\n")
    assert "detr92 -> mmdet81: 2 tensors moved" in done.err
    assert "class_embed.weight: 92 -> 81 rows (head)" in done.err
    assert "warning: cannot be restored (head): 11 rows without a class" in done.err
    after = read_checkpoint(tmp_path / "b.safetensors").tensors
    rows = head_rows("detr92", "mmdet81")
    bias = read_checkpoint(file).tensors["class_embed.bias"].array()
    assert np.array_equal(after["class_embed.bias"].array(), rows.move(bias))
    applied = cli("weights", "apply", "r.json", "a.pth", "-o", "c.safetensors")
    assert applied.code == 0
    assert (tmp_path / "c.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


def test_the_command_goes_by_the_names_of_two_files(cli: Cli, put: Put, tmp_path: Path) -> None:
    empty: dict[str, object] = {"images": [], "annotations": []}
    for name, names in (("old.json", CATS), ("new.json", MORE)):
        put({**empty, "categories": [{"id": i, "name": n} for i, n in names]}, name)
    source = checkpoint(6)
    write_checkpoint(tmp_path / "a.pth", source.values())
    head = ("weights", "head", "a.pth", "--by-name", "old.json", "new.json")
    done = cli(*head, "--fill", "mean", "-o", "b.pth", "--json")
    report = json.loads(done.out)["steps"][0]
    assert report["warnings"] == ["cannot be restored (head): 1 row without a class"]
    assert report["moved"][0]["rows"] == [0, None, 4, 1, None, None, 3, 5]
    assert report["moved"][0]["new"]["1"] == "horse"
    after = read_checkpoint(tmp_path / "b.pth").tensors["class_embed.bias"].array()
    mean = source["class_embed.bias"].array()[[1, 3, 4]].mean(dtype=np.float64)
    assert after[1] == np.float32(mean)


def test_what_the_command_refuses(cli: Cli, file: Path) -> None:
    head = ("weights", "head", "a.pth", "--dry-run")
    spaces = ("--from", "detr92", "--to", "mmdet81")
    for args, what in (
        ((), "give --from SPACE"),
        (("--from", "detr92"), "give --from SPACE"),
        ((*spaces, "--by-name", "a.json", "b.json"), "--by-name cannot be used with"),
        ((*spaces, "--index", "id"), "--index and --alias need --by-name"),
        (("--by-name", "a", "b", "--index", "name"), "one of position, id"),
        ((*spaces, "--fill", "much"), "a number, or mean"),
        ((*spaces, "--fill", "nan"), "a number, or mean"),
        (("--from", "detr92", "--to", "coco91"), "no head has these rows"),
        (("--from", "detr29", "--to", "mmdet81"), "no label space 'detr29'"),
        (("--from", "detr91", "--to", "mmdet80"), "92 rows: detr92, hf_detr92"),
        (("--from", "dino92", "--to", "mmdet80"), "dino92 numbers the rows of a label embedding"),
        (("--from", "mmdet80", "--to", "dino92"), "dino92 numbers the rows of a label embedding"),
    ):
        done = cli(*head, *args)
        assert (done.code, done.out) == (2, ""), args
        assert what in done.err, args
