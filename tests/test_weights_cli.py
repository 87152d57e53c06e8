"""``weights show``, ``wash`` and ``diff``, as a user runs them, and the functions behind them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from conftest import Cli, left_behind
from pickles import call, mapping, name, number, state_of, storage, tensor, text, write_pth, zipped

from cocosurgeon import weights
from cocosurgeon.errors import OutputError, RequestError
from cocosurgeon.weights.checkpoint import read_checkpoint
from cocosurgeon.weights.contents import Contents
from cocosurgeon.weights.difference import WeightsDiff, diff
from cocosurgeon.weights.heads import find_heads
from cocosurgeon.weights.tensor import Tensor
from cocosurgeon.weights.washed import copies_of, wash
from cocosurgeon.weights.wrappers import wrapper_of
from cocosurgeon.weights.write import write_checkpoint

Put = Callable[..., Path]
Arrays = dict[str, np.ndarray]
ONE = np.ones(1, np.float32)


def ones(*names: str) -> dict[str, np.ndarray]:
    return dict.fromkeys(names, ONE)


def tensors(arrays: Mapping[str, np.ndarray]) -> dict[str, Tensor]:
    return {key: Tensor.of(key, array) for key, array in arrays.items()}


# ---- show


def test_heads_are_recognized_by_name_and_rows() -> None:
    shapes = {
        "class_embed.weight": (92, 4),
        "class_embed.bias": (92,),
        "bbox_embed.layers.0.weight": (92, 4),
        "bbox_head.cls_branches.5.weight": (80, 4),
        "cls_subnet.0.weight": (256, 256, 3, 3),
        "label_enc.weight": (92, 4),
        "bbox_head.retina_cls.weight": (720, 4, 3, 3),
        "roi_head.bbox_head.fc_cls.weight": (7, 4),
    }
    found = find_heads(tensors({k: np.zeros(s, np.float32) for k, s in shapes.items()}).values())
    by_key = {head.key: head for head in found}
    others = {"class_embed.bias", "bbox_embed.layers.0.weight", "cls_subnet.0.weight"}
    assert set(by_key) == set(shapes) - others
    assert set(by_key["class_embed.weight"].spaces) == {"detr92", "hf_detr92"}  # no dino92
    assert "mmdet80" in by_key["bbox_head.cls_branches.5.weight"].spaces
    assert {"dino92", "detr91"} <= set(by_key["label_enc.weight"].spaces)
    assert by_key["label_enc.weight"].kind == "label embedding"
    assert by_key["bbox_head.retina_cls.weight"].spaces["mmdet80"] == 9
    assert by_key["roi_head.bbox_head.fc_cls.weight"].spaces == {}


@pytest.mark.parametrize(
    ("names", "prefix"),
    [
        (["module.a", "module.b.c"], "module."),
        (["module._orig_mod.a", "module._orig_mod.b"], "module._orig_mod."),
        (["module.a", "n_averaged", "steps"], "module."),
        (["module.a", "b"], ""),
        (["backbone.a", "backbone.b"], ""),
        (["model.model.a"], "model.model."),
        ([], ""),
    ],
)
def test_wrappers_are_recognized(names: list[str], prefix: str) -> None:
    assert wrapper_of(names) == prefix


def test_the_tree_has_each_branch_and_tensor(tmp_path: Path) -> None:
    arrays = {
        "module.backbone.conv.weight": np.zeros((2, 3), np.float32),
        "module.backbone.conv.bias": np.zeros(2, np.float32),
        "module.head.weight": np.zeros(5, np.float32),
    }
    checkpoint = read_checkpoint(write_pth(tmp_path / "a.pth", arrays, epoch=number(3)))
    whole = Contents.of(checkpoint)
    assert [(b.level, b.name, b.tensors, b.nbytes) for b in whole.tree] == [
        (0, "module.", 3, 52),
        (1, "module.backbone.", 2, 32),
        (2, "module.backbone.conv.", 2, 32),
        (3, "module.backbone.conv.weight", 1, 24),
        (3, "module.backbone.conv.bias", 1, 8),
        (1, "module.head.", 1, 20),
        (2, "module.head.weight", 1, 20),
    ]
    assert whole.wrapper == "module."
    part = Contents.of(checkpoint, "module.", 1)
    assert [b.name for b in part.tree] == ["module.backbone.", "module.head."]
    lines = whole.lines(None)
    assert "entry epoch: 3" in lines
    assert "wrapper: every name begins with 'module.'; `wash` strips it" in lines


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_names_of_thousands_of_parts(suffix: str, cli: Cli, tmp_path: Path) -> None:
    long, longer = "module." * 500 + "w", "module." * 100_000 + "w"
    write_checkpoint(tmp_path / f"a{suffix}", tensors(ones(long)).values())
    assert cli("weights", "show", f"a{suffix}", "--depth", "0").code == 0
    write_checkpoint(tmp_path / f"b{suffix}", tensors(ones(longer)).values())
    assert cli("weights", "show", f"b{suffix}").code == 3


def test_show_prints_the_contents(cli: Cli, put: Put) -> None:
    state, storages = state_of({"cls_logits.weight": np.zeros((91, 2), np.float32)})
    args = name("argparse.Namespace") + b")\x81"
    put(zipped(mapping({"model": state, "args": args}), storages), "a.pth")
    done = cli("weights", "show", "a.pth")
    assert done.code == 0
    assert "entry args: argparse.Namespace, not read" in done.out
    assert "head cls_logits.weight: 91 rows: detr91, dino91" in done.out
    assert "cls_logits.weight           float32  [91, 2]    728" in done.out
    report = json.loads(cli("weights", "show", "a.pth", "--json").out)
    assert (report["state_dict"], report["not_read"]) == ("model", {"argparse.Namespace": 1})
    assert report["tree"][-1]["shape"] == [91, 2]
    wrong = cli("weights", "show", "a.pth", "--prefix", "cls_logit.")
    assert (wrong.code, "did you mean 'cls_logits.'?" in wrong.err) == (2, True)


def test_show_refuses_code(cli: Cli, put: Put) -> None:
    put(zipped(call("os.system", text("touch stolen"))), "a.pth")
    done = cli("weights", "show", "a.pth")
    assert (done.code, done.out) == (3, "")
    assert "names code, which is never run: os.system (1)" in done.err


# ---- wash


def washed(path: Path, keep: str | None = None) -> tuple[list[str], dict[str, tuple[int, int]]]:
    result = wash(read_checkpoint(path), keep=keep)
    dropped = {each.what: (each.tensors, each.nbytes) for each in result.dropped}
    return [tensor.name for tensor in result.tensors], dropped


def test_optimizers_and_logs_are_dropped_and_counted(tmp_path: Path) -> None:
    moment = tensor([2], [1], storage(2, "m"))
    state, storages = state_of(ones("module.a", "module.b"))
    steps = b"}(" + number(0) + mapping({"exp_avg": moment, "step": moment}) + b"u"
    content = mapping(
        {
            "state_dict": state,
            "optimizer": mapping({"state": steps}),
            "message_hub": mapping({"x": number(1)}),
            "meta": mapping({"classes": text("ab"), "odd": name("pathlib.PosixPath") + b")\x81",
                             "mean": moment}),
        }
    )  # fmt: skip
    path = tmp_path / "a.pth"
    path.write_bytes(zipped(content, {**storages, "m": bytes(8)}))
    assert washed(path) == (
        ["a", "b"],
        {"optimizer": (2, 16), "message_hub": (0, 0), "meta.odd": (0, 0), "meta.mean": (1, 8)},
    )
    assert wash(read_checkpoint(path)).metadata == {"meta": {"classes": "ab"}}


def test_one_copy_of_several_is_kept(tmp_path: Path) -> None:
    state, storages = state_of(ones("a"))
    average, _ = state_of(ones("module.a", "steps"))
    path = tmp_path / "a.pth"
    path.write_bytes(
        zipped(
            mapping({"state_dict": state, "ema_state_dict": average}),
            {**storages, "1": ONE.tobytes()},
        )
    )
    assert washed(path) == (["a"], {"ema_state_dict": (2, 8)})
    assert washed(path, "ema_state_dict") == (["a"], {"state_dict": (1, 4), "steps": (1, 4)})
    with pytest.raises(RequestError, match="no copy 'ema'") as raised:
        wash(path, keep="ema")
    assert raised.value.hint == "there is state_dict, ema_state_dict"


def test_teacher_and_student_are_a_choice(tmp_path: Path) -> None:
    path = write_pth(tmp_path / "a.pth", ones("teacher.a", "student.a", "loss.w"))
    assert copies_of(read_checkpoint(path)) == [
        "state_dict", "state_dict:teacher", "state_dict:student"
    ]  # fmt: skip
    with pytest.raises(RequestError, match=r"2 copies of the model: teacher\.\*, student\.\*"):
        wash(read_checkpoint(path))
    kept, dropped = washed(path, "teacher")
    assert (kept, dropped) == (["a"], {"student.*": (1, 4), "all but teacher.*": (1, 4)})


def test_copies_inside_a_wrapper_are_a_choice(tmp_path: Path) -> None:
    path = write_pth(tmp_path / "a.pth", ones("module.teacher.a", "module.student.a"))
    with pytest.raises(
        RequestError, match=r"copies of the model: module\.teacher\.\*, module\.student"
    ):
        wash(read_checkpoint(path))
    assert washed(path, "module.teacher") == (["a"], {"module.student.*": (1, 4)})


def test_averages_next_to_the_model_are_dropped(tmp_path: Path) -> None:
    path = write_pth(tmp_path / "a.pth", ones("a.b", "ema.a.b", "c"))
    assert washed(path) == (["a.b", "c"], {"ema.*": (1, 4)})
    path = write_pth(tmp_path / "b.pth", ones("a.b", "ema_a_b", "ema_c"))
    assert washed(path) == (["a.b", "ema_c"], {"ema_*": (1, 4)})
    path = write_pth(
        tmp_path / "c.pth", ones("teacher.a", "b")
    )  # a model with a teacher of its own
    assert washed(path) == (["teacher.a", "b"], {})


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_wash_writes_and_reports(suffix: str, cli: Cli, tmp_path: Path) -> None:
    source = write_pth(
        tmp_path / "a.pth", ones("module.a", "module.b"), optimizer=mapping({"x": number(1)})
    )
    before, out = source.read_bytes(), f"b{suffix}"
    done = cli("weights", "wash", "a.pth", "-o", out)
    assert (done.code, done.out) == (0, f"{out}\n")
    assert "dropped optimizer: dict of 1 value" in done.err
    assert "stripped 'module.' from every name" in done.err
    assert "kept 2 tensors, 8 bytes; the file had" in done.err
    again = read_checkpoint(tmp_path / out)
    assert list(again.tensors) == ["a", "b"]
    assert again.where == ("state_dict" if suffix == ".pth" else "")
    report = json.loads(cli("weights", "wash", "a.pth", "-o", out, "--json").out)
    assert report["bytes_before"] == len(before)
    assert report["bytes_after"] == (tmp_path / out).stat().st_size
    assert [each["what"] for each in report["dropped"]] == ["optimizer"]
    assert source.read_bytes() == before


def test_wash_of_a_safetensors_file_makes_a_pth_that_is_one_state_dict(
    cli: Cli, tmp_path: Path
) -> None:
    texts = {"format": "pt", "license": "MIT"}
    write_checkpoint(tmp_path / "a.safetensors", tensors(ones("a")).values(), texts)
    done = cli("weights", "wash", "a.safetensors", "-o", "b.pth")
    assert "dropped license: metadata, which a flat .pth cannot hold" in done.err
    assert dict(read_checkpoint(tmp_path / "b.pth").entries) == {}


def test_wash_refuses_its_source_and_other_formats(cli: Cli, tmp_path: Path) -> None:
    write_pth(tmp_path / "a.pth", ones("a"))
    for out, words in (
        ("a.pth", "the source itself"),
        ("b.npz", "written as"),
        ("-", "written as"),
        ("none/b.pth", "make the folder first"),
    ):
        done = cli("weights", "wash", "a.pth", "-o", out, "--force")
        assert (done.code, words in done.err) == (2, True), done.err
    assert not left_behind(tmp_path, "a.pth")


# ---- diff


def compared(
    a: Mapping[str, np.ndarray], b: Mapping[str, np.ndarray], init: bool = False
) -> WeightsDiff:
    return diff(tensors(a), tensors(b), init=init)


def test_equal_weights_have_no_difference() -> None:
    odd = Arrays(a=np.array([np.nan, np.inf, -0.0]), b=np.arange(3), c=np.array(True))
    same = compared(odd, odd)
    assert not same.is_difference
    assert same.lines() == ["3 tensors in both: 3 equal, 0 not"]
    zeros = compared({"a": np.array([0.0, np.nan])}, {"a": np.array([-0.0, -np.nan])})
    assert zeros.tensors[0].is_equal


def test_differences_of_values_are_those_of_numpy() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(3, 2, (2, 600_001))  # more than two blocks
    [found] = compared({"w": a}, {"w": b}).tensors
    assert found.max_diff == pytest.approx(np.abs(a - b).max())
    assert found.mean_diff == pytest.approx(np.abs(a - b).mean())
    assert found.relative == pytest.approx(np.linalg.norm(a - b) / np.sqrt((a @ a + b @ b) / 2))
    assert found.cosine == pytest.approx(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
    assert found.before is not None
    assert found.before.mean == pytest.approx(a.mean())
    assert found.before.std == pytest.approx(a.std())
    assert (found.before.low, found.before.high) == (a.min(), a.max())


def test_nan_and_infinity_are_counted_and_left_out_of_the_rest() -> None:
    a = np.array([np.nan, np.inf, np.inf, 1.0, 2.0, np.nan])
    b = np.array([np.nan, np.inf, -np.inf, 1.0, 4.0, 5.0])
    [found] = compared({"w": a}, {"w": b}).tensors
    assert (found.is_equal, found.non_finite, found.max_diff) == (False, 2, 2.0)
    assert found.before is not None and found.after is not None
    assert (found.before.nans, found.before.infinities, found.before.mean) == (2, 2, 1.5)
    assert (found.after.nans, found.after.infinities) == (1, 2)
    [nothing] = compared({"w": a[:3]}, {"w": np.full(3, np.nan)}).tensors
    assert nothing.after is not None and np.isnan(nothing.after.mean)


def test_names_shapes_and_types_are_compared() -> None:
    a = Arrays(x=np.ones(3, np.float32), y=np.ones((2, 3)), t=np.ones(4, np.float32))
    b = Arrays(z=np.ones(3, np.float32), y=np.ones((3, 2)), t=np.ones(4, np.float16))
    found = compared(a, b)
    assert found.is_difference
    assert found.lines() == [
        "only in A: 1 tensor: x [3]",
        "only in B: 1 tensor: z [3]",
        "y: float64 [2, 3] in A, float64 [3, 2] in B",
        "t: float32 [4] in A, float16 [4] in B",
        "2 tensors in both: 1 equal, 1 not",
    ]
    assert compared({"t": a["t"]}, {"t": b["t"]}).is_difference


def test_the_most_different_tensor_is_first() -> None:
    rng = np.random.default_rng(0)
    a = {str(i): rng.normal(size=50) for i in range(4)}
    b = {key: array * (1 + 10.0 ** -int(key)) for key, array in a.items()}
    assert [each.name for each in compared(a, b).tensors] == ["0", "1", "2", "3"]


def test_initializations_by_one_rule_have_one_distribution() -> None:
    """Of 2,000 pairs, none is reported; so the bound is one of chance."""
    rng = np.random.default_rng(0)
    sizes = rng.choice([1, 2, 10, 100, 3000], 1000)
    for draw in (rng.normal, rng.uniform):
        a, b = ({str(i): draw(size=n) for i, n in enumerate(sizes)} for _ in range(2))
        found = compared(a, b, init=True)
        assert not found.is_difference
        assert max(each.score for each in found.tensors) < 1


def test_initializations_by_other_rules_come_first() -> None:
    rng = np.random.default_rng(0)
    n = 20_000

    def pair(bad: np.ndarray) -> WeightsDiff:
        good = {f"good{i}": rng.normal(size=n) for i in range(3)}
        other = {key: rng.normal(size=n) for key in good}
        return compared({**good, "bad": rng.normal(size=n)}, {**other, "bad": bad}, init=True)

    for bad in (
        rng.normal(0.1, 1, n),
        rng.normal(0, 1.1, n),
        rng.uniform(-np.sqrt(3), np.sqrt(3), n),  # of the same mean and standard deviation
        np.zeros(n),
        np.where(rng.random(n) < 0.1, np.nan, rng.normal(size=n)),
    ):
        found = pair(bad)
        assert found.is_difference
        assert [each.is_other_distribution for each in found.tensors] == [True, False, False, False]
        assert found.tensors[0].name == "bad"
        assert found.lines()[-4].startswith("bad *")


def test_constants_that_differ_are_reported_however_short() -> None:
    found = compared({"bias": np.zeros(4)}, {"bias": np.full(4, -4.6)}, init=True)
    assert found.tensors[0].is_other_distribution
    assert not compared({"bias": np.zeros(4)}, {"bias": np.zeros(4)}, init=True).is_difference


def test_the_distance_is_that_of_kolmogorov_and_smirnov() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=300), rng.normal(0.5, 1, 300)
    [found] = compared({"w": a}, {"w": b}, init=True).tensors
    points = np.concatenate([a, b])
    exact = max(abs((a <= p).mean() - (b <= p).mean()) for p in points)
    assert found.distance == pytest.approx(exact)


def test_wash_and_diff_are_functions_of_files(tmp_path: Path) -> None:
    source = write_pth(tmp_path / "a.pth", ones("module.a", "module.b"))
    done = weights.wash(source, tmp_path / "b.safetensors")
    assert (done.prefix, [each.name for each in done.tensors]) == ("module.", ["a", "b"])
    found = weights.diff(source, tmp_path / "b.safetensors")
    assert [each.name for each in found.only_before] == ["module.a", "module.b"]
    assert not weights.diff(str(source), str(source)).is_difference
    (tmp_path / "c.pth").write_bytes(b"another file")
    for out, force in ((source, True), (tmp_path / "c.pth", False)):
        with pytest.raises(OutputError):
            weights.wash(source, out, force=force)


def test_diff_prints_and_exits_with_one(cli: Cli, tmp_path: Path) -> None:
    write_pth(tmp_path / "a.pth", {"w": np.array([1, 2], np.float32)})
    write_pth(tmp_path / "b.pth", {"w": np.array([1, 3], np.float32)})
    assert cli("weights", "diff", "a.pth", "a.pth").code == 0
    done = cli("weights", "diff", "a.pth", "b.pth")
    assert done.code == 1
    assert done.out.splitlines()[-1].split() == ["w", "1", "0.5", "0.3651", "0.989949"]
    report = json.loads(cli("weights", "diff", "a.pth", "b.pth", "--json").out)
    assert report["differs"] is True
    assert report["tensors"][0]["max_diff"] == 1.0
    done = cli("weights", "diff", "a.pth", "b.pth", "--init")
    assert done.code == 0
    assert "with another distribution in B" in done.out
