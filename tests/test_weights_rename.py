"""Tables of parameter names: every rule in both directions, and what cannot come back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import Cli
from hypothesis import given
from hypothesis import strategies as st

from cocosurgeon import weights
from cocosurgeon.errors import FormatError, RequestError
from cocosurgeon.weights.checkpoint import read_checkpoint
from cocosurgeon.weights.expected_keys import check_keys
from cocosurgeon.weights.maps import shipped_tables
from cocosurgeon.weights.name_moves import choose_direction, rename_keys
from cocosurgeon.weights.name_table import NameTable, read_table
from cocosurgeon.weights.recipe import WeightsRecipe
from cocosurgeon.weights.steps import Outcome, RenameStep
from cocosurgeon.weights.tensor import Tensor
from cocosurgeon.weights.write import tied_names, write_checkpoint

Tensors = dict[str, Tensor]
Put = Callable[..., Path]


def table(*rules: str) -> NameTable:
    return NameTable.parse("\n".join(rules), "t.txt")


def tensor(name: str, array: object) -> Tensor:
    values = np.asarray(array)
    return Tensor.made(name, str(values.dtype), values.shape, lambda: values)


def tensors(**arrays: object) -> Tensors:
    return {
        name.replace("__", "."): tensor(name.replace("__", "."), a) for name, a in arrays.items()
    }


def random_tensors(keys: list[str], rows: int = 6) -> Tensors:
    rng = np.random.default_rng(0)
    return {key: tensor(key, rng.standard_normal((rows, 2), np.float32)) for key in keys}


def bytes_of(every: object) -> dict[str, tuple[str, tuple[int, ...], bytes]]:
    values = every.values() if isinstance(every, dict) else every
    return {t.name: (t.dtype, t.shape, t.array().tobytes()) for t in values}  # type: ignore[attr-defined]


def there_and_back(rules: NameTable, before: Tensors) -> tuple[Outcome, Outcome]:
    there = RenameStep(rules, "forward").apply(before)
    back = RenameStep(rules, "reverse").apply({t.name: t for t in there.tensors})
    return there, back


@pytest.mark.parametrize(
    ("rule", "key", "expected"),
    [
        ("a.{x}.b -> {x}", "a.layer1.b", "layer1"),
        ("a.{x}.b -> {x}", "a.layer1.0.b", None),
        ("a.{x*}.b -> {x}", "a.layer1.0.b", "layer1.0"),
        ("{m:enc|dec}.{i} -> new.{i}.{m}", "enc.3", "new.3.enc"),
        ("{m:enc|dec}.{i} -> new.{i}.{m}", "mid.3", None),
        ("{x}.{x} -> {x}.twice", "a.a", "a.twice"),
        ("{x}.{x} -> {x}.twice", "a.b", None),
        ("a.b -> c", "aXb", None),
        ("a.b -> c  # a comment", "a.b", "c"),
    ],
)
def test_a_pattern_matches_whole_keys(rule: str, key: str, expected: str | None) -> None:
    renaming = rename_keys(table(rule), [key])
    assert list(renaming.origins) == [expected or key]
    assert renaming.unmatched == (() if expected else (key,))


def test_the_first_rule_that_matches_counts_and_each_reports_what_it_matched() -> None:
    rules = table("head.{x*} -> cls.{x}", "head.b -> never", "{x*} -> rest.{x}")
    renaming = rename_keys(rules, ["head.a", "head.b", "c"])
    assert list(renaming.origins) == ["cls.a", "cls.b", "rest.c"]
    assert [use.count for use in renaming.uses] == [2, 0, 1]
    assert renaming.uses[0].fields() == {
        "line": 1,
        "rule": "head.{x*} -> cls.{x}",
        "matched": 2,
        "examples": [["head.a", "cls.a"], ["head.b", "cls.b"]],
    }


def test_two_sources_of_one_target_are_an_error() -> None:
    with pytest.raises(RequestError, match="two keys become 'c'") as error:
        rename_keys(table("a -> c", "b -> c"), ["a", "b"])
    assert "line 1 and by line 2" in (error.value.where or "")
    with pytest.raises(RequestError, match="'b' and 'a'"):
        rename_keys(table("a -> b"), ["b", "a"])


def test_the_direction_is_the_one_that_matches() -> None:
    rules = table("model.{x*} -> {x}", "fc.{p} -> head.{p}")
    assert choose_direction(rules, ["fc.weight", "conv.weight"]) == "forward"
    assert choose_direction(rules, ["head.weight", "conv.weight"]) == "reverse"
    assert choose_direction(rules, ["model.conv.weight"]) == "forward"
    with pytest.raises(RequestError, match="in both directions"):
        choose_direction(rules, ["fc.weight", "head.weight"])
    with pytest.raises(RequestError, match="no rule of the table"):
        choose_direction(rules, ["conv.weight"])
    with pytest.raises(RequestError) as error:
        choose_direction(rules, ["module.fc.weight", "module.conv.weight"])
    assert error.value.hint == "remove the prefix 'module.' first, by `cocosurgeon weights wash`"


def test_fused_and_split_projections() -> None:
    rules = table("{x*}.q.{p} + {x*}.k.{p} + {x*}.v.{p} -> {x*}.in_proj_{p}")
    before = random_tensors([f"layers.{i}.{n}.weight" for i in range(2) for n in "vqk"])
    there, back = there_and_back(rules, before)
    assert [t.name for t in there.tensors] == [f"layers.{i}.in_proj_weight" for i in range(2)]
    parts = [before[f"layers.0.{n}.weight"].array() for n in "qkv"]
    assert np.array_equal(there.tensors[0].array(), np.concatenate(parts))
    assert bytes_of(back.tensors) == bytes_of(before)
    assert there.fields["lost"] == back.fields["lost"] == []


def test_what_cannot_be_fused_or_split_is_an_error() -> None:
    rules = table("q + k -> qk")
    with pytest.raises(RequestError, match="only q is there"):
        RenameStep(rules, "forward").apply(random_tensors(["q"]))
    with pytest.raises(RequestError, match=r"q is \[6, 2\] float32, k is \[3\] int64"):
        RenameStep(rules, "forward").apply(random_tensors(["q"]) | {"k": tensor("k", [1, 2, 3])})
    with pytest.raises(RequestError, match=r"2 equal slices: its shape is \[5, 2\]"):
        RenameStep(rules, "reverse").apply(random_tensors(["qk"], rows=5))


def test_tied_tensors_stay_tied_and_become_tied_as_the_table_says(tmp_path: Path) -> None:
    one = random_tensors(["a.0.in_proj", "c"])
    before = {**one, "a.1.in_proj": one["a.0.in_proj"].renamed("a.1.in_proj")}
    rules = table(
        "a.{i}.in_proj -> b.{i}.q + b.{i}.k + b.{i}.v",
        "copy.{x} = {x} ->",
        "-> {x*}.n = 0 int64 for {x*}.q",
        "c -> c",
    )
    there, back = there_and_back(rules, before)
    groups = tied_names(there.tensors)
    assert groups == [[f"b.{i}.{p}" for i in (0, 1)] for p in "qkv"]  # each n is apart
    groups = tied_names(back.tensors)
    assert groups == [["a.0.in_proj", "a.1.in_proj"], ["c", "copy.c"]]
    path, out = tmp_path / "a.pth", tmp_path / "b.pth"
    write_checkpoint(path, back.tensors)
    weights.rename(path, table("a.{x*} -> new.{x*}"), out)
    again = read_checkpoint(out).tensors
    assert len(tied_names(again.values())) == 2
    assert bytes_of(again)["new.1.in_proj"] == bytes_of(before)["a.0.in_proj"]


def test_buffers_that_one_side_lacks() -> None:
    rules = table(
        "-> {n*}.num_batches_tracked = 0 int64 for {n*}.running_mean",
        "body.{x*} -> backbone.{x}",
    )
    before = random_tensors(["body.bn1.running_mean", "body.conv.weight"])
    there, back = there_and_back(rules, before)
    assert [t.name for t in there.tensors] == [
        "backbone.bn1.running_mean",
        "backbone.bn1.num_batches_tracked",
        "backbone.conv.weight",
    ]
    added = there.tensors[1]
    assert (added.dtype, added.shape, added.array().item()) == ("int64", (), 0)
    assert bytes_of(back.tensors) == bytes_of(before)
    assert not there.warnings and not back.warnings

    counted = {t.name: t for t in there.tensors} | {added.name: tensor(added.name, np.int64(7))}
    outcome = RenameStep(rules, "reverse").apply(counted)
    assert outcome.fields["lost"] == [added.name]
    assert "would not restore 1 key: backbone.bn1" in outcome.warnings[0]


def test_a_copy_is_dropped_only_where_it_is_one() -> None:
    rules = table("decoder.{x*} = {x*} ->", "cls.{p} -> head.{p}")
    before = random_tensors(["cls.weight"])
    before["decoder.cls.weight"] = before["cls.weight"].renamed("decoder.cls.weight")
    there, back = there_and_back(rules, before)
    assert [t.name for t in there.tensors] == ["head.weight"]
    assert bytes_of(back.tensors) == bytes_of(before)
    before["decoder.cls.weight"] = tensor("decoder.cls.weight", np.zeros((6, 2), np.float32))
    with pytest.raises(RequestError, match="their values differ"):
        RenameStep(rules, "forward").apply(before)


def test_what_the_way_back_would_not_restore_is_named() -> None:
    before = random_tensors(["fc.weight", "a.weight", "ab.weight"])
    outcome = RenameStep(table("fc.{p} ->", "a.{p} -> b.{p}"), "forward").apply(before)
    assert [t.name for t in outcome.tensors] == ["b.weight", "ab.weight"]
    assert outcome.fields["lost"] == ["fc.weight"]
    del before["fc.weight"]
    crossed = table("a.{p} -> b.{p}", "{x*}b.{p} -> {x}c.{p}")
    assert RenameStep(crossed, "forward").apply(before).fields["lost"] == []
    shadowed = table("x.{p} -> c.{p}", "a.{p} -> c.{p}")
    assert RenameStep(shadowed, "forward").apply(before).fields["lost"] == ["x.weight", "a.weight"]


def test_a_table_that_cannot_be_reversed_says_why() -> None:
    rules = table("x -> y", "x -> z")
    outcome = RenameStep(rules, "forward").apply(random_tensors(["x", "z"]))
    assert outcome.fields["lost"] == ["x", "z"]
    assert "would not restore 2 keys (two keys become 'x': 'y' and 'z')" in outcome.warnings[0]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("a b -> c", "'a b' is not a pattern"),
        ("a", "'a'"),
        ("a -> b -> c", "several"),
        ("->", "no key on either side"),
        ("{x}.a -> b", "the group 'x' is in one pattern only"),
        ("{x:a|b}.{x*} -> {x}", "two meanings"),
        ("a + b -> c + d", "several keys on both sides"),
        ("-> {x}.n = 0 int64", "name its keys"),
        ("-> n = 0 int65", "not a type of numbers"),
        ("-> n = zero int64", "zero"),
        ("-> n = 1.5 int64", "int64 cannot hold 1.5"),
        ("-> n = 256 uint8", "uint8 cannot hold 256"),
        ("-> n = 1e400 int64", "int64 cannot hold 1e400"),
        ("-> n = -1 bool", "bool cannot hold -1"),
        ("-> n = 1e9 float16", "float16 cannot hold 1e9"),
        ("-> n = 1 int64[9999999999999999999]", "no tensor has the shape"),
        ("a = b -> c", "only one side"),
        ("{a -> b", "not a pattern"),
    ],
)
def test_a_line_that_is_no_rule(line: str, what: str) -> None:
    with pytest.raises(FormatError, match=what) as error:
        table("x -> y", "", line)
    assert error.value.where == "t.txt, line 3"


def test_an_empty_table_and_an_unknown_one() -> None:
    with pytest.raises(FormatError, match="no rules"):
        table("# nothing")
    with pytest.raises(RequestError, match="no table 'detr-mmdet'") as error:
        read_table("detr-mmdet")
    assert error.value.hint == "did you mean 'detr-mmdet3'?"


def test_keys_are_compared_in_the_words_of_load_state_dict() -> None:
    check = check_keys(random_tensors(["a", "b", "c"]).values(), {"a": (6, 2), "b": (3,), "d": ()})
    assert check.lines() == [
        'Missing key(s) in state_dict: "d".',
        'Unexpected key(s) in state_dict: "c".',
        "size mismatch for b: copying a param with shape torch.Size([6, 2]) from checkpoint, the "
        "shape in current model is torch.Size([3]).",
    ]


@pytest.mark.parametrize("name", shipped_tables())
def test_a_shipped_table_reads_as_its_own_text(name: str) -> None:
    shipped = read_table(name)
    again = NameTable.parse(shipped.text(), name)
    assert again.places == shipped.places == ("model", "state_dict")
    assert [rule.text for rule in again.rules] == [rule.text for rule in shipped.rules]


PARTS = st.sampled_from(["a", "b", "conv", "0", "1", "weight", "bias"])
KEYS = st.lists(PARTS, min_size=1, max_size=4).map(".".join)
RULES = st.lists(
    st.sampled_from(
        [
            "{x*}.weight -> {x*}.w",
            "a.{x*} -> z.{x}",
            "conv.{i}.{p} -> layers.{p}.{i}",
            "{m:a|b} -> top.{m}",
            "{x*}.0 + {x*}.1 -> {x*}.both",
            "b.{x*} = a.{x*} ->",
            "{x*}.bias ->",
            "-> {x*}.extra = 1.5 float32[2] for {x*}.bias",
            "-> scale = 1 float32[2]",
            "{x*}.conv -> {x*}.first + {x*}.second",
        ]
    ),
    min_size=1,
    unique=True,
)


@given(RULES, st.lists(KEYS, unique=True, min_size=1), st.sampled_from(["forward", "reverse"]))
def test_the_way_back_restores_all_that_is_not_reported_as_lost(
    rules: list[str], keys: list[str], direction: str
) -> None:
    one, other = ("forward", "reverse") if direction == "forward" else ("reverse", "forward")
    before = random_tensors(keys)
    try:
        there = RenameStep(table(*rules), one).apply(before)  # type: ignore[arg-type]
    except RequestError:
        return  # two keys become one, or some are missing
    lost = there.fields["lost"]
    assert isinstance(lost, list)
    try:
        back = RenameStep(table(*rules), other).apply(  # type: ignore[arg-type]
            {t.name: t for t in there.tensors}
        )
    except RequestError:
        assert lost  # the values of two keys differ, or two keys become one
        return
    restored, expected = bytes_of(back.tensors), bytes_of(before)
    different = {k for k in restored.keys() | expected.keys() if restored.get(k) != expected.get(k)}
    assert different <= set(lost)
    assert different or not lost


WORDS = st.sampled_from(
    [*"abx.*|:+=#[] ", "{x}", "{x*}", "{x:a|b}", "{", "}", " -> ", " + ", " = ", " for ", "0 int64"]
)


@given(st.lists(WORDS, max_size=12).map("".join), st.lists(KEYS, unique=True))
def test_any_line_is_a_rule_or_a_format_error(line: str, keys: list[str]) -> None:
    try:
        rules = table(line)
        rename_keys(rules, keys)
        rename_keys(rules.reversed(), keys)
    except (FormatError, RequestError) as error:
        assert error.where
    else:
        assert table(*rules.text().splitlines()).rules == tuple(
            replace(rule, line=1) for rule in rules.rules
        )


@given(RULES, st.lists(KEYS, unique=True, min_size=1))
def test_a_recipe_makes_the_same_bytes_again(rules: list[str], keys: list[str]) -> None:
    before = random_tensors(keys)
    try:
        done = RenameStep(table(*rules), "forward").apply(before)
    except RequestError:
        return
    recipe = WeightsRecipe.from_json(WeightsRecipe((done.step,)).to_json(), "r.json")
    again = recipe.steps[0].apply(before)
    assert bytes_of(again.tensors) == bytes_of(done.tensors)
    assert again.fields["rules"] == done.fields["rules"]


def test_the_same_in_python(tmp_path: Path) -> None:
    path, out = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    write_checkpoint(path, random_tensors(["fc.weight", "b"]).values(), {"format": "pt"})
    done = weights.rename(path, table("fc.{p} -> head.{p}"), out, like={"head.weight": (6, 2)})
    assert done.check is not None
    assert (done.check.missing, done.check.unexpected) == ((), ("b",))
    assert read_checkpoint(out).entries["format"] == "pt"
    assert json.loads(str(read_checkpoint(out).entries["cocosurgeon"])) == done.recipe.fields()
    recipe = tmp_path / "r.json"
    recipe.write_bytes(done.recipe.to_json())
    assert bytes_of(weights.apply(recipe, path).tensors) == bytes_of(done.tensors)
    rules, keys = tmp_path / "t.txt", tmp_path / "keys.json"
    rules.write_text("fc.{p} -> head.{p}")
    keys.write_text('{"head.weight": [6, 2], "b": [6, 2]}')
    for like in (keys, json.loads(keys.read_text())):  # paths, and lists for shapes
        done = weights.rename(path, rules, like=like)
        assert done.check is not None
        assert done.check.is_clean
    with pytest.raises(RequestError, match="two label spaces, or two lists"):
        weights.head(path, "mmdet80", [(0, "cat")])


# ---- the command


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A checkpoint with a fused projection and a buffer, and a table for it, ``t.txt``."""
    path = tmp_path / "a.pth"
    every = random_tensors(["body.bn.running_mean", "body.attn.qkv", "fc.weight"])
    write_checkpoint(path, every.values(), {"epoch": 3}, where="model")
    (tmp_path / "t.txt").write_text(
        "[model -> state_dict]\n"
        "-> {n*}.num_batches_tracked = 0 int64 for {n*}.running_mean\n"
        "body.attn.qkv -> attn.q + attn.k + attn.v\n"
        "body.{x*} -> backbone.{x*}\n"
    )
    return path


def test_the_command_writes_reports_and_goes_back(cli: Cli, file: Path, tmp_path: Path) -> None:
    done = cli("weights", "rename", "a.pth", "--map", "t.txt", "-o", "b.pth", "--recipe", "r.json")
    assert (done.code, done.out) == (0, "b.pth\n")
    assert "t.txt, forward: 6 keys after" in done.err
    assert "    1  line 3: body.attn.qkv -> attn.q + attn.k + attn.v" in done.err
    assert "body.bn.running_mean -> backbone.bn.running_mean" in done.err
    assert "unmatched, kept unchanged: fc.weight" in done.err
    assert "not copied: epoch" in done.err
    there = read_checkpoint(tmp_path / "b.pth")
    assert there.where == "state_dict"
    assert list(there.tensors) == [
        "backbone.bn.running_mean",
        "backbone.bn.num_batches_tracked",
        *(f"attn.{part}" for part in "qkv"),
        "fc.weight",
    ]
    again = ("weights", "apply", "r.json", "a.pth", "-o", "c.safetensors", "-q")
    assert cli(*again).out == "c.safetensors\n"
    assert bytes_of(read_checkpoint(tmp_path / "c.safetensors").tensors) == bytes_of(there.tensors)
    assert cli("weights", "rename", "c.safetensors", "--map", "t.txt", "-o", "d.pth").code == 0
    back = read_checkpoint(tmp_path / "d.pth")
    assert back.where == "model"
    assert bytes_of(back.tensors) == bytes_of(read_checkpoint(file).tensors)
    recipe = WeightsRecipe.from_json(str(back.entries["cocosurgeon"]), "d.pth")
    assert [step.as_json()["direction"] for step in recipe.steps] == ["forward", "reverse"]


def test_the_command_compares_with_what_a_model_expects(
    cli: Cli, file: Path, put: Put, tmp_path: Path
) -> None:
    put({"fc.weight": [6, 2], "attn.q": [3, 2], "new": []}, "keys.json")
    args = ("weights", "rename", "a.pth", "--map", "t.txt", "--like")
    done = cli(*args, "keys.json", "--dry-run", "--json")
    report = json.loads(done.out)
    assert (done.code, report["would_write"]) == (1, None)
    assert report["check"]["missing"] == ["new"]
    assert report["check"]["unexpected"][:2] == [
        "backbone.bn.running_mean",
        "backbone.bn.num_batches_tracked",
    ]
    assert report["check"]["size_mismatches"] == {"attn.q": {"checkpoint": [2, 2], "model": [3, 2]}}
    assert report["steps"][0]["rules"][1]["matched"] == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.pth", "keys.json", "t.txt"]
    assert cli(*args, "keys.json", "-o", "b.pth").code == 1
    done = cli(*args, "b.pth", "-o", "c.pth")
    assert (done.code, done.out) == (0, "c.pth\n")
    assert "all keys and shapes match b.pth" in done.err


def test_metadata_without_a_place_and_names_with_line_breaks(cli: Cli, tmp_path: Path) -> None:
    every = random_tensors(["fc.weight", "b\nc"])
    write_checkpoint(tmp_path / "a.safetensors", every.values(), {"license": "MIT"})
    (tmp_path / "t.txt").write_text("fc.{p} -> head.{p}")
    done = cli("weights", "rename", "a.safetensors", "--map", "t.txt", "-o", "b.pth")
    assert "warning: metadata is not copied, because a .pth with only a state dict" in done.err
    assert "cannot hold it: license" in done.err
    assert "unmatched, kept unchanged: b\\nc" in done.err


def test_what_the_command_refuses(cli: Cli, file: Path, put: Put) -> None:
    rename = ("weights", "rename", "a.pth", "--map", "t.txt")
    put([["fc.weight", "many"]], "keys.json")
    put(b"x -> y", "u.txt")
    put(b"\xff", "v.txt")
    for args, code, what in (
        (rename, 2, "no output is named"),
        ((*rename, "-o", "a.pth", "--force"), 2, "the output is the source itself"),
        ((*rename, "-o", "b.json"), 2, "a checkpoint is written as"),
        ((*rename, "-o", "b.pth", "--recipe", "b.pth"), 2, "two outputs have the same path"),
        ((*rename, "-o", "b.pth", "--recipe", "t.txt", "-f"), 2, "the output is the source itself"),
        ((*rename, "--like", "keys.json", "--dry-run"), 3, "not a list of keys and shapes"),
        ((*rename[:4], "u.txt", "--dry-run"), 2, "no rule of the table matches any of 3 keys"),
        ((*rename[:4], "v.txt", "--dry-run"), 3, "the table is not UTF-8"),
        ((*rename[:4], "detr-mmdet", "--dry-run"), 2, "did you mean 'detr-mmdet3'?"),
        (
            ("weights", "apply", "keys.json", "a.pth", "--dry-run"),
            3,
            "not a recipe for checkpoints",
        ),
    ):
        done = cli(*args)
        assert (done.code, done.out) == (code, ""), args
        assert what in done.err
    done = cli(*rename, "-o", "b.pth", "--recipe", "u.txt")
    assert (done.code, "the output exists\n  in: u.txt" in done.err) == (2, True)
    assert not (file.parent / "b.pth").exists()
    assert cli(*rename, "-o", "b.pth").code == 0
    assert "unchanged" in cli(*rename, "-o", "b.pth").err
    done = cli(*rename, "-o", "b.pth", "--reverse")
    assert (done.code, "the output exists" in done.err) == (2, True)
