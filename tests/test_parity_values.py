"""Odd values compared: NaN, ids as tensors, steps counted from 1, half precision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cocosurgeon.errors import SourceUnavailableError, UnknownNameError
from cocosurgeon.parity.arrays import Pair, Values
from cocosurgeon.parity.causes import cause_of
from cocosurgeon.parity.compare import compare
from cocosurgeon.parity.page import page_of
from cocosurgeon.parity.record_steps import StepRecorder
from cocosurgeon.parity.recorded import Recording, read_recording

RANDOM = np.random.default_rng(7)
IMAGES = RANDOM.standard_normal((2, 3, 8, 8)).astype("float32")
BOXES = [np.array([[1.0, 1, 5, 5], [2, 3, 7, 8]]), np.array([[0.0, 0, 4, 4]])]
SHAPES = np.array([[8.0, 8], [8, 8]])
NAN = float("nan")


def recorded(folder: Path, first: int = 0, ids: Any = None, **entries: Any) -> Recording:
    known = {key: entries.pop(key) for key in ("label_space",) if key in entries}
    loss = entries.pop("loss", 2.0)
    recorder = StepRecorder(folder, folder.name, box_format="xyxy", frame="resized", **known)
    for step in range(2):
        own = [[10 * step + 1], [10 * step + 2]] if ids is None else ids
        batch = {"images": IMAGES, "boxes": BOXES, "labels": [[17, 90], [1]], "img_shape": SHAPES}
        recorder.record_step(first + step, "batch", {**batch, "img_ids": own, **entries})
        recorder.add("loss", {"loss_bbox": loss})
    return read_recording(folder)


def with_nan(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    changed: np.ndarray[Any, Any] = values.copy()
    changed.reshape(-1)[0] = NAN
    return changed


@pytest.mark.parametrize(
    ("entries", "code", "words"),
    [
        ({"loss": NAN}, "parity-value", "1 value of B (2 and nan)"),
        ({"loss": float("inf")}, "parity-value", "1 value of B (2 and inf)"),
        ({"images": with_nan(IMAGES)}, "parity-image", "0 values of A, 1 value of B"),
        ({"boxes": [BOXES[0], with_nan(BOXES[1])]}, "parity-box", "0 numbers of A, 1 number of B"),
        ({"img_shape": with_nan(SHAPES)}, "parity-batch", "[8. 8.] and [nan  8.]"),
    ],
)
def test_nan_on_one_side_differs_and_on_both_sides_agrees(
    entries: dict[str, Any], code: str, words: str, tmp_path: Path
) -> None:
    a, b = recorded(tmp_path / "a"), recorded(tmp_path / "b", **entries)
    found = compare(a, b)
    assert found.first is not None
    assert [(each.code, words in each.message) for each in found.first.findings()] == [(code, True)]
    assert {finding.code for finding in found.findings} == {code}
    assert compare(b, b).first is None


def test_nan_outside_of_a_sample_is_counted() -> None:
    numbers = np.arange(4.0)
    sample = {"mean": 1.0, "std": 1.0, "min": 0.0, "max": 3.0}
    a, b = (
        Values(numbers, (9,), "float32", np.arange(4), {**sample, "not_finite": n}) for n in (0, 2)
    )
    assert cause_of(Pair.of(a, b))[1] == "infinite or NaN: 0 values of A, 2 values of B"


def test_ids_may_be_tensors_of_one_element(tmp_path: Path) -> None:
    a = recorded(tmp_path / "a", ids=[np.array([5]), np.array([6])])
    batch = a.checkpoints[0]
    assert (batch.img_ids, batch.values["img_ids"].tolist()) == ([5, 6], [5, 6])
    with pytest.raises(ValueError, match="one id for each image"):
        recorded(tmp_path / "b", ids=[[5, 6], [7, 8]])


def test_a_rank_that_is_not_recorded_is_named(tmp_path: Path) -> None:
    recorded(tmp_path / "a")
    with pytest.raises(SourceUnavailableError, match="rank 3 is not recorded") as error:
        read_recording(tmp_path / "a", rank=3)
    assert error.value.hint == "name one of its ranks: 0"


def test_all_batches_of_a_step_are_compared_in_one_frame(tmp_path: Path) -> None:
    both = []
    for name, box_format, box in (("a", "xyxy", [2, 2, 6, 6]), ("b", "xywh", [2, 2, 4, 4])):
        recorder = StepRecorder(tmp_path / name, name, box_format=box_format, frame="resized")
        for img_id in (1, 2):
            batch = {"images": IMAGES[:1], "boxes": [[box]], "labels": [[1]], "img_ids": [img_id]}
            recorder.record_step(0, "batch", batch)
        both.append(read_recording(tmp_path / name))
    found = compare(both[0], both[1])
    assert [(c.name, c.verdict) for c in found.checkpoints] == [
        ("batch", "agrees"),
        ("batch#2", "agrees"),
    ]


def test_swapped_axes_of_boxes_are_recognized(tmp_path: Path) -> None:
    boxes = np.array([[1.0, 2, 5, 8], [3, 1, 16, 6]])
    images = RANDOM.standard_normal((1, 3, 8, 16))
    size = np.array([16, 8, 16, 8])
    recordings = {}
    for name, values in (
        ("a", boxes / size),
        ("xy", boxes[:, [1, 0, 3, 2]] / size),
        ("size", boxes / size[[1, 0, 1, 0]]),
    ):
        recorder = StepRecorder(
            tmp_path / name, name, box_format="xyxy", normalised=True, frame="padded"
        )
        batch = {"images": images, "boxes": [values], "labels": [[1, 2]], "img_ids": [1]}
        recorder.record_step(0, "batch", batch)
        recordings[name] = read_recording(tmp_path / name)
    for name, words in (("xy", "x and y are swapped"), ("size", "x by the height")):
        finding = compare(recordings["a"], recordings[name]).findings[0]
        assert (finding.code, words in finding.message) == ("parity-box", True), finding


def test_imaginary_parts_and_missing_metrics_are_compared(tmp_path: Path) -> None:
    both = []
    for name, part, metric in (("a", 1j, None), ("b", 2j, 0.3)):
        recorder = StepRecorder(tmp_path / name, name)
        recorder.record_step(0, "forward/rope", np.array([part, 2]))
        recorder.add("metric", {"mAP": metric})
        both.append(read_recording(tmp_path / name))
    found = compare(both[0], both[1])
    codes = [entry.code for each in found.checkpoints for entry in each.entries]
    assert codes == ["parity-value", "parity-metric"]


def test_steps_that_are_counted_from_1_are_the_same_steps(tmp_path: Path) -> None:
    a, b = recorded(tmp_path / "a"), recorded(tmp_path / "b", first=1)
    found = compare(a, b)
    assert [(c.step, c.b_step) for c in found.checkpoints][::2] == [(0, 1), (1, 2)]
    assert found.first is None


def test_images_in_half_precision_are_recognized(tmp_path: Path) -> None:
    a, b = recorded(tmp_path / "a"), recorded(tmp_path / "b", images=IMAGES.astype("float16"))
    [finding, _] = compare(a, b).findings
    assert (finding.code, "B is float16" in finding.message) == ("parity-precision", True)


def test_labels_of_another_space_are_recognized(tmp_path: Path) -> None:
    a = recorded(tmp_path / "a", label_space="coco91")
    b = recorded(tmp_path / "b", label_space="coco91", labels=[[15, 79], [0]])
    for pair, words in (
        ((a, b), "the labels of B are mmdet80"),
        ((b, a), "labels of A are mmdet80"),
    ):
        finding = compare(*pair).findings[0]
        assert (finding.code, words in finding.message) == ("parity-label", True), finding
    with pytest.raises(UnknownNameError) as error:
        compare(a, recorded(tmp_path / "c", label_space="mine"))
    assert error.value.where == "the header of c: label_space"


def test_a_loss_that_nearly_agrees_is_not_divided_by_something_else(tmp_path: Path) -> None:
    a, b = recorded(tmp_path / "a"), recorded(tmp_path / "b", loss=2.001)
    assert {finding.code for finding in compare(a, b).findings} == {"parity-value"}


def test_a_normalization_in_evaluation_is_named_next_to_eps() -> None:
    x = RANDOM.standard_normal((2, 4, 6, 6))
    factors = np.array([0.5, 0.6, 0.65, 0.55]).reshape(1, 4, 1, 1)
    for by, is_far in ((factors, True), (1 - factors / 100, False)):
        pair = Pair.of(*(Values(v.reshape(-1), v.shape, "f", None, {}) for v in (x, by * x)))
        code, message = cause_of(pair)
        assert (code, "evaluation" in message) == ("parity-eps", is_far), message


def test_parameters_whose_gradients_differ_are_named_so(tmp_path: Path) -> None:
    both = []
    for name, gradient in (("a", 1.0), ("b", 2.0)):
        recorder = StepRecorder(tmp_path / name, name)
        recorder.record_step(0, "initialization", {"w": np.zeros(3)})
        recorder.add("gradient", {"w": np.full(3, gradient)})
        recorder.add("parameters", {"w": np.full(3, -gradient)})
        both.append(read_recording(tmp_path / name))
    notes = list(compare(both[0], both[1]).notes())
    assert notes[0] == "not compared, the gradients differ: parameters of step 0"
    assert "not compared, the gradients differ" in page_of(compare(both[0], both[1]))


def test_parameters_that_are_nan_on_one_side_differ(tmp_path: Path) -> None:
    both = []
    for name, value in (("a", 1.0), ("b", NAN)):
        recorder = StepRecorder(tmp_path / name, name)
        recorder.record_step(0, "initialization", {"w": np.zeros(3)})
        recorder.add("parameters", {"w": np.array([value, 1.0, 1.0])})
        both.append(read_recording(tmp_path / name))
    [finding] = compare(both[0], both[1]).findings
    assert "0 changes of A, 1 change of B" in finding.message
    assert compare(both[1], both[1]).first is None


def settings(folder: Path, name: str | None, **numbers: float) -> Recording:
    """Settings of an optimizer, as optimizer_values returns them."""
    values: dict[str, Any] = {key: {"w": number} for key, number in numbers.items()}
    recorder = StepRecorder(folder, folder.name)
    recorder.record_step(0, "optimizer", values if name is None else {"name": name, **values})
    return read_recording(folder)


@pytest.mark.parametrize("is_named", [True, False])
def test_another_optimizer_is_named_and_not_its_learning_rate(
    is_named: bool, tmp_path: Path
) -> None:
    names = ("SGD", "AdamW") if is_named else (None, None)
    one = settings(tmp_path / "a", names[0], lr=0.1, weight_decay=0.1, momentum=0.9, foreach=0)
    other = settings(tmp_path / "b", names[1], lr=0.001, weight_decay=0.1, beta1=0.9, beta2=0.999)
    [finding] = compare(one, other).findings
    assert finding.code == "parity-optimizer"
    words = "SGD and AdamW" if is_named else "only A has momentum, only B has beta1"
    assert f"the first name: {words}" in finding.message
    same = settings(tmp_path / "c", names[1], lr=0.01, weight_decay=0.1, beta1=0.9, beta2=0.999)
    assert [f.code for f in compare(other, same).findings] == ["parity-learning-rate"]


def test_the_first_step_of_adam_is_no_learning_rate(tmp_path: Path) -> None:
    before = {"w": RANDOM.standard_normal(200), "b": RANDOM.standard_normal(1)}
    gradient = {key: RANDOM.standard_normal(value.shape) for key, value in before.items()}
    recordings = []
    for name, rate, is_sign in (("sgd", 0.1, False), ("adam", 0.001, True)):
        after = {
            key: before[key] - rate * (np.sign(values) if is_sign else values)
            for key, values in gradient.items()
        }
        recorder = StepRecorder(tmp_path / name, name)
        recorder.record_step(0, "initialization", before)
        recorder.add("parameters", after)
        recordings.append(read_recording(tmp_path / name))
    [finding] = compare(recordings[0], recordings[1]).findings
    assert finding.code == "parity-update"
    assert "changes of B have one size, as Adam's: another optimizer" in finding.message
