"""Checkpoints of the original DETR and DINO, renamed and moved to 80 classes, in the real mmdet."""

from __future__ import annotations

import functools
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mmdet_line
import numpy as np
import numpy.typing as npt
import pytest
from mmdet_line import FORK, MMDET3, Line
from original_keys import Shapes, copied_key, detr_r50, dino_r50_4scale

from cocosurgeon import head_rows, weights
from cocosurgeon.weights.checkpoint import read_checkpoint
from cocosurgeon.weights.name_table import NameTable, read_table
from cocosurgeon.weights.tensor import Tensor
from cocosurgeon.weights.write import write_checkpoint

RUN = Path(__file__).with_name("weights_run.py")
DETR = "detr/detr_r50_8xb2-150e_coco.py"
DINO = "dino/dino-4scale_r50_8xb2-12e_coco.py"
BIAS = '{"model.neck.bias": true}'
WIDER = "decoder.ref_point_head.layers.0.weight"
"""The fork's has 1,024 inputs, where DINO's and MMDetection's have 512."""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder of large files, which no later run keeps."""
    yield tmp_path
    shutil.rmtree(tmp_path)


@pytest.fixture(params=(MMDET3, FORK), ids=("mmdet3", "onedl"))
def line(request: pytest.FixtureRequest) -> Line:
    """MMDetection 3.x, and its fork."""
    chosen: Line = request.param
    mmdet_line.require(chosen.overlay)
    return chosen


@functools.cache
def model_shapes(line: Line, *args: str) -> Any:
    """Keys and shapes of a real model."""
    return {k: tuple(shape) for k, shape in line.run(RUN, "shapes", *args).items()}


def saved(shapes: Shapes, path: Path, is_dino: bool = False) -> Path:
    """A checkpoint of these keys and shapes with random values, as the original saves one."""
    rng = np.random.default_rng(0)
    values: dict[str, npt.NDArray[np.float32]] = {}
    for key, shape in shapes.items():
        origin = copied_key(key) if is_dino else key
        if origin not in values:
            drawn = rng.standard_normal(shape, np.float32)
            scale = 1 if "embed.weight" in key else max(shape[1:], default=100) ** -0.5
            is_scale = len(shape) == 1 and key.endswith(("weight", "running_var"))
            values[origin] = is_scale + np.float32(scale) * drawn
        values[key] = values[origin]
    tensors = [
        Tensor.made(key, "float32", shape, functools.partial(values.__getitem__, key))
        for key, shape in shapes.items()
    ]
    write_checkpoint(path, tensors, where="model")
    return path


def require_same(path: Path, other: Path) -> None:
    """Both have the same keys, types, shapes and bytes."""
    one, two = read_checkpoint(path), read_checkpoint(other)
    assert one.where == two.where == "model"
    assert one.tensors.keys() == two.tensors.keys()
    for key, tensor in one.tensors.items():
        assert (tensor.dtype, tensor.shape) == (two.tensors[key].dtype, two.tensors[key].shape)
        assert tensor.array().tobytes() == two.tensors[key].array().tobytes(), key


def test_detr_moves_to_mmdet_and_its_logits_are_permuted_exactly(line: Line, folder: Path) -> None:
    expected = model_shapes(line, DETR)
    original = saved(detr_r50(), folder / "detr-r50.pth")
    before, after = folder / "detr91.pth", folder / "detr80.pth"
    done = weights.rename(original, "detr-mmdet3", before, like=expected)
    assert done.check is not None
    assert (done.check.missing, done.check.unexpected) == ((), ())
    assert set(done.check.mismatched) == {"bbox_head.fc_cls.weight", "bbox_head.fc_cls.bias"}
    assert not done.outcomes[0].warnings
    moved = weights.head(before, "detr92", "mmdet81", after, like=expected)
    assert moved.check is not None and moved.check.is_clean

    rows = list(head_rows("detr92", "mmdet81").rows)
    answer = line.run(RUN, "logits", before, after, json.dumps(rows))
    assert answer["shapes"] == [[1, 100, 92], [1, 100, 81]]
    assert answer["spread"] > 1e-3  # of a class over the queries
    assert answer["equal"] and answer["boxes"]

    back = folder / "back.pth"
    weights.rename(before, "detr-mmdet3", back)
    require_same(original, back)


def test_detr_computes_the_same_under_both_names(folder: Path) -> None:
    """The table is right about meanings, not only about shapes: the outputs are the same."""
    both = Line("3.3.0", "mm3:tv", labels_crowd=True, single=False)
    mmdet_line.require(both.overlay)
    original = saved(detr_r50(), folder / "detr.pth")
    files = folder / "renamed.pth", folder / "swapped.pth"
    table = read_table("detr-mmdet3").text()
    swapped = re.sub(r"norms\.[01]", lambda norm: f"norms.{1 - int(norm[0][-1])}", table)
    for rules, file in zip((table, swapped), files, strict=True):
        weights.rename(original, NameTable.parse(rules, "a table"), file)
    found = both.run(Path(__file__).with_name("detr_run.py"), original, *files)
    assert found["shapes"] == [[2, 100, 92], [2, 100, 4]]
    right, wrong = found["apart"]
    assert max(right) < 1e-6 < 1e-4 < min(found["spread"])  # of a number over the queries
    assert min(wrong) > 1e-2


def test_dino_moves_to_mmdet(line: Line, folder: Path) -> None:
    expected = model_shapes(line, DINO, BIAS)
    original = saved(dino_r50_4scale(), folder / "dino.pth", is_dino=True)
    renamed, moved = folder / "renamed.pth", folder / "moved.pth"
    done = weights.rename(original, "dino-mmdet3", renamed, like=expected)
    assert done.check is not None
    assert (done.check.missing, done.check.unexpected) == ((), ())
    mismatched = {key.split(".")[1] for key in done.check.mismatched if key != WIDER}
    assert mismatched == {"cls_branches", "label_embedding"}
    assert not done.outcomes[0].warnings
    check = weights.head(renamed, "dino91", "mmdet80", moved, like=expected).check
    assert check is not None
    if line is FORK:
        assert (check.missing, check.unexpected, set(check.mismatched)) == ((), (), {WIDER})
        return
    assert check.is_clean
    assert line.run(RUN, "load", DINO, moved, BIAS) == len(expected)

    back = folder / "back.pth"
    weights.rename(renamed, "dino-mmdet3", back)
    require_same(original, back)


def test_the_words_are_those_of_load_state_dict(line: Line, folder: Path) -> None:
    shapes = dino_r50_4scale()
    del shapes["transformer.level_embed"], shapes["transformer.decoder.norm.weight"]
    original = saved(shapes, folder / "dino.pth", is_dino=True)
    renamed = folder / "renamed.pth"
    check = weights.rename(original, "dino-mmdet3", renamed, like=model_shapes(line, DINO)).check
    assert check is not None
    _, *lines = line.run(RUN, "refused", DINO, renamed).splitlines()
    assert [each.strip() for each in lines] == check.lines(shown=1000)
    assert len(lines) > 12


def test_without_biases_in_the_neck_those_of_dino_are_unexpected(line: Line, folder: Path) -> None:
    expected = model_shapes(line, DINO)
    original = saved(dino_r50_4scale(), folder / "dino.pth", is_dino=True)
    check = weights.rename(original, "dino-mmdet3", like=expected).check
    assert check is not None
    assert check.missing == ()
    assert check.unexpected == (
        *(f"neck.convs.{i}.conv.bias" for i in range(3)),
        "neck.extra_convs.0.conv.bias",
    )


@pytest.mark.parametrize(("table", "config", "args"), [("detr", DETR, ()), ("dino", DINO, (BIAS,))])
def test_the_way_back_has_the_original_keys(
    table: str, config: str, args: tuple[str, ...], line: Line, folder: Path
) -> None:
    """What a model that MMDetection trained is called in the original."""
    shapes = {"detr": detr_r50, "dino": dino_r50_4scale}[table]()
    path = folder / "trained.pth"
    zeros = [
        Tensor.made(
            key,
            "int64" if key.endswith("tracked") else "float32",
            shape,
            functools.partial(np.zeros, shape, "int64" if key.endswith("tracked") else "float32"),
        )
        for key, shape in model_shapes(line, config, *args).items()
    ]
    write_checkpoint(path, zeros, where="state_dict")
    check = weights.rename(path, f"{table}-mmdet3", like=shapes).check
    assert check is not None
    assert (check.missing, check.unexpected) == ((), ())
    others = [key for key in check.mismatched if not re.search("class_embed|label_enc", key)]
    assert others in ([], ["transformer." + WIDER] * (line is FORK))
