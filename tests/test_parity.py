"""Recorded steps compared: planted deviations of a detector that is written twice."""

from __future__ import annotations

import io
import json
import re
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import chromium
import numpy as np
import pytest
from conftest import ROOT, Cli, examples
from hypothesis import given
from hypothesis import strategies as st
from tiny_detector import Deviation, record

from cocosurgeon.errors import DataError, RequestError
from cocosurgeon.parity.align import parse_renames
from cocosurgeon.parity.arrays import Pair, Values
from cocosurgeon.parity.boxes import FORMS, BoxForm, Sizes, absolute, matched, other_form
from cocosurgeon.parity.causes import cause_of, resized
from cocosurgeon.parity.compare import compare
from cocosurgeon.parity.images import image_entry
from cocosurgeon.parity.labels import label_entry
from cocosurgeon.parity.record_steps import StepRecorder
from cocosurgeon.parity.recorded import Recording, read_recording
from cocosurgeon.parity.report import Parity
from cocosurgeon.parity.states import update_entries
from cocosurgeon.parity.tolerances import DEFAULTS, parse_tolerances

PLANTED: dict[str, tuple[dict[str, Any], str, str]] = {
    "eps": ({"eps": 1e-3}, "forward/backbone.norm", "parity-eps"),
    "initialization": ({"init_seed": 1}, "initialization", "parity-initialization"),
    "initial scale": ({"init_scale": 0.5}, "initialization", "parity-initialization"),
    "reduction": ({"reduction": "images"}, "loss", "parity-reduction"),
    "box normalization": ({"box_frame": "padded"}, "batch", "parity-box-frame"),
    "box offset": ({"box_offset": -1.0}, "batch", "parity-box"),
    "fewer boxes": ({"box_step": 2}, "batch", "parity-box-count"),
    "label offset": ({"label_offset": 1}, "batch", "parity-label-offset"),
    "BGR": ({"bgr": True}, "batch", "parity-channel-order"),
    "normalization": ({"mean": (103.0, 116.0, 123.0)}, "batch", "parity-normalization"),
    "align_corners": ({"align_corners": True}, "forward/neck.upsample", "parity-align-corners"),
    "learning rate": ({"backbone_factor": 1.0}, "optimizer", "parity-learning-rate"),
    "no dropout": ({"dropout": 0.0}, "forward/neck.dropout", "parity-dropout"),
    "dropout rate": ({"dropout": 0.3}, "forward/neck.dropout", "parity-dropout"),
    "seed": ({"seed": 8}, "forward/neck.dropout", "parity-seed"),
    "order of batches": ({"order": (2, 3, 0, 1, 4, 5)}, "batch", "parity-sample-order"),
    "order in batches": ({"order": (1, 0, 3, 2, 5, 4)}, "batch", "parity-sample-order"),
    "shuffled": ({"order": (5, 3, 1, 2, 0, 4)}, "batch", "parity-sample-order"),
    "mixed precision": ({"half": True}, "forward/backbone.conv", "parity-precision"),
}
"""What the port does otherwise, the first checkpoint that shows it, and its code."""


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    folder = tmp_path_factory.mktemp("parity") / "original"
    record(folder, Deviation())
    return read_recording(folder)


def ported(folder: Path, *skipped: str, **how: Any) -> Recording:
    record(folder / "port", Deviation(**how), is_port=True, skipped=skipped)
    return read_recording(folder / "port")


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_deviation_is_named_at_its_checkpoint(
    name: str, original: Recording, tmp_path: Path
) -> None:
    how, checkpoint, code = PLANTED[name]
    found = compare(original, ported(tmp_path, **how))
    assert found.first is not None
    assert (found.first.step, found.first.name) == (0, checkpoint)
    assert [finding.code for finding in found.first.findings()] == [code]
    assert {finding.code for finding in found.findings} == {code}
    before = None if found.before is None else found.before.name
    order = [c.name for c in original.checkpoints]
    assert before == ([None, *order][order.index(checkpoint)])


def test_nothing_is_named_where_nothing_was_planted(original: Recording, tmp_path: Path) -> None:
    found = compare(original, ported(tmp_path))
    assert (found.first, found.before, found.findings) == (None, None, [])
    assert found.summary() == "all agree: 34 checkpoints of 3 steps"
    assert found.not_recorded == ["metric"]
    # it was written twice: the numbers are not the same ones
    assert any(entry.error for each in found.checkpoints for entry in each.entries)


def test_a_learning_rate_is_named_by_what_a_step_changes(
    original: Recording, tmp_path: Path
) -> None:
    found = compare(original, ported(tmp_path, "optimizer", backbone_factor=1.0))
    assert found.first is not None
    assert found.first.name == "parameters"
    [learning_rate] = found.first.findings()
    assert learning_rate.code == "parity-learning-rate"
    assert "3 of 7 entries (backbone.*)" in learning_rate.message
    assert "B's change is 10 times A's" in learning_rate.message
    assert [f.code for f in found.findings[1:]] == ["parity-missing"]


def test_boxes_in_another_order_are_the_same_boxes(original: Recording, tmp_path: Path) -> None:
    port = ported(tmp_path, box_step=-1)
    batches = [c.verdict for c in compare(original, port).checkpoints if c.name == "batch"]
    assert batches == ["agrees"] * 3
    shifted = compare(original, ported(tmp_path / "shifted", box_step=-1, box_offset=-1.0))
    assert "x2 -1, y2 -1" in shifted.findings[0].message


def test_the_reduction_is_named_with_the_losses_by_objects(
    original: Recording, tmp_path: Path
) -> None:
    found = compare(original, ported(tmp_path, reduction="images"))
    assert "A divides by the number of boxes, B by the number of images" in str(found.report())
    rows = {(term, objects): (a, b) for term, objects, _, a, b in found.loss_rows()}
    a, b = rows["loss_cls", 3]
    assert sorted(objects for term, objects in rows if term == "loss_cls") == [3, 6]
    assert b / a == pytest.approx(1.5, abs=0.5)


def test_names_of_the_port_are_renamed(original: Recording, tmp_path: Path) -> None:
    port = ported(tmp_path)
    for checkpoint in port.checkpoints:  # as if the port called its head bbox_head
        arrays = {n.replace("head.", "bbox_head."): v for n, v in checkpoint.arrays.items()}
        checkpoint.__dict__["arrays"] = arrays
        about = dict(checkpoint.about)
        about["name"] = checkpoint.name.replace("head.", "bbox_head.")
        object.__setattr__(checkpoint, "about", about)
    assert compare(original, port).findings
    with pytest.raises(RequestError, match="B has no such name"):
        compare(original, port, renames=parse_renames(["neck.attention=neck"]))
    found = compare(original, port, renames=parse_renames(["bbox_head=head"]))
    assert found.summary() == "all agree: 34 checkpoints of 3 steps"
    assert not list(found.notes())[:-1]


def test_the_command_line(original: Recording, tmp_path: Path, cli: Cli) -> None:
    a = original.folder.parent
    ported(tmp_path, label_offset=1)
    done = cli("parity", a, "port", "--html", "page.html")
    assert done.code == 1
    last = done.out.splitlines()[-1]
    assert last == ("first difference: step 0, batch; step 0, initialization before it agrees")
    assert "tolerances: initialization 0, batch/images 1e-05, " in done.out
    assert "written: page.html" in done.err
    done = cli("parity", a, "port", "--json")
    document = json.loads(done.out)
    assert (done.code, done.err) == (1, "")
    assert document["first_difference"] == {"step": 0, "name": "batch"}
    assert document["agrees_before"] == {"step": 0, "name": "initialization"}
    [finding] = document["findings"]
    assert (finding["code"], finding["count"]) == ("parity-label-offset", 3)
    assert document["tolerances"]["batch/boxes"] == 0.01
    assert cli("parity", a, a, "-q").code == 0
    done = cli("parity", a, "none", "--json")
    assert (done.code, json.loads(done.err)["error"]["kind"]) == (2, "SourceUnavailableError")


def test_a_tolerance_lets_values_differ(original: Recording, tmp_path: Path) -> None:
    port = ported(tmp_path, eps=2e-5)
    assert compare(original, port).first is None  # below what rounding may do
    strict = parse_tolerances(["forward/backbone.norm=1e-6"])
    found = compare(original, port, strict)
    assert found.first is not None
    assert found.first.name == "forward/backbone.norm"
    assert strict.of("forward/backbone.norm#2") == 1e-6
    assert strict.of("forward/backbone.conv") == 1e-5
    assert parse_tolerances(["forward/back*=2"]).of("forward/backbone.conv") == 2
    assert parse_tolerances(["loss=2", "loss/a=1"]).of("loss", "a") == 1
    for text in ("loss=-1", "loss", "=1"):
        with pytest.raises(RequestError, match="expected NAME=NUMBER"):
            parse_tolerances([text])
    with pytest.raises(RequestError) as raised:
        compare(original, port, parse_tolerances(["los=1"]))
    assert raised.value.hint == "did you mean 'loss'?"
    with pytest.raises(RequestError, match="rename cannot be"):
        parse_renames(["head"])


def page(found: Parity) -> str:
    from cocosurgeon.parity.page import page_of

    return page_of(found)


def test_the_page_is_a_checklist(original: Recording, tmp_path: Path) -> None:
    text = page(compare(original, ported(tmp_path, "gradient", align_corners=True)))
    items = re.findall(r'<li class="(\w+)"><label><input type="checkbox" value="([^"]+)">', text)
    assert ("differs", "forward/neck.upsample") in items
    assert ("agrees", "initialization") in items
    assert ("later", "forward/head.cls") in items
    assert {("absent", "metric"), ("absent", "gradient")} <= set(items)
    assert "parity-align-corners" in text
    assert not re.search(r"""(src|href)=["']""", text)


@pytest.mark.skipif(chromium.PROGRAM is None, reason="no Chromium")
def test_ticks_are_kept(original: Recording, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(page(compare(original, ported(tmp_path))))
    browser = chromium.Chromium()
    try:
        browser.open(path.as_uri())
        tick = "[...document.querySelectorAll('input')].find(b => b.value == 'batch')"
        browser.run(f"{tick}.click()")
        browser.open(path.as_uri())
        assert browser.run(f"{tick}.checked") is True
        assert browser.run("document.getElementById('done').textContent").startswith("1 of ")
        assert not browser.errors
    finally:
        browser.close()


BOXES = st.lists(
    st.tuples(*[st.floats(1, 40)] * 2, *[st.floats(1, 30)] * 2), min_size=1, max_size=5
).map(lambda rows: np.array([(x, y, x + w, y + h) for x, y, w, h in rows]))
SIZES = Sizes(np.array([60.0, 90.0]), np.array([120.0, 180.0]), np.array([128.0, 192.0]))


def written(boxes: Any, form: BoxForm) -> Any:
    """Return boxes in pixels of the resized image, as a form has them."""
    if form.frame == "original":
        boxes = boxes / 2
    size = SIZES.of_frame(form.frame)
    assert size is not None
    if form.normalised:
        boxes = boxes / np.tile(size[::-1], 2)
    first, second = boxes[:, :2], boxes[:, 2:]
    if form.box_format == "xywh":
        return np.concatenate([first, second - first], axis=1)
    if form.box_format == "cxcywh":
        return np.concatenate([(first + second) / 2, second - first], axis=1)
    return boxes


@given(BOXES, st.sampled_from(FORMS), st.randoms(use_true_random=False))
def test_boxes_of_all_forms_are_the_same_boxes(boxes: Any, form: BoxForm, random: Any) -> None:
    plain = BoxForm("xyxy", False, "resized")
    found = absolute(written(boxes, form), form, SIZES, "resized")
    assert found is not None
    np.testing.assert_allclose(found, boxes, atol=1e-6)
    order = list(range(len(boxes)))
    random.shuffle(order)
    pairs = matched(boxes, found[order])
    assert max(distance for *_, distance in pairs) < 1e-6
    assert sorted(i for i, _, _ in pairs) == sorted(order)
    assert sorted(j for _, j, _ in pairs) == sorted(order)
    other = other_form([(boxes, written(boxes, form)[order], SIZES)], plain, 1e-3)
    assert other is not None  # more than one may fit, when the two images have the same shape
    again = absolute(written(boxes, form), other, SIZES, "resized")
    assert again is not None
    np.testing.assert_allclose(again, boxes, atol=1e-2)


def test_boxes_that_cannot_be_converted_are_not_guessed() -> None:
    unknown = Sizes(None, None, None)
    box = np.array([[0.1, 0.1, 0.2, 0.2]])
    assert absolute(box, BoxForm("xyxy", True, "padded"), unknown, "resized") is None
    assert absolute(box, BoxForm("xyxy", False, "original"), unknown, "resized") is None


@pytest.mark.parametrize(
    ("headers", "pairs", "code"),
    [
        (({}, {}), [(1, 1), (5, 5)], None),
        (({}, {}), [(1, 2), (5, 6)], "parity-label-offset"),
        (({}, {}), [(1, 2), (5, 5)], "parity-label"),
        (({"label_space": "coco91"}, {"label_space": "mmdet80"}), [(1, 0), (18, 16)], None),
        (
            ({"label_space": "coco91"}, {"label_space": "mmdet80"}),
            [(1, 1), (18, 17)],
            "parity-label",
        ),
        (
            ({"classes": ["cat", "dog"], "cat_ids": [3, 5]}, {"classes": ["dog", "cat"]}),
            [(3, 1), (5, 0)],
            None,
        ),
        (
            (
                {"classes": ["cat"], "cat_ids": [3], "cat2label": [[3, 9]]},
                {"classes": ["cat"]},
            ),
            [(9, 0)],
            None,
        ),
    ],
)
def test_labels_are_compared_by_name(
    headers: tuple[dict[str, Any], dict[str, Any]], pairs: list[tuple[int, int]], code: str | None
) -> None:
    assert label_entry(pairs, headers).code == code


def pair_of(x: Any, y: Any) -> Pair:
    sides = [Values(v.reshape(-1), v.shape, str(v.dtype), None, {}) for v in (x, y)]
    return Pair.of(*sides)


RANDOM = np.random.default_rng(5)
MAP = RANDOM.standard_normal((2, 4, 6, 8)).astype("float32")
ROWS = RANDOM.standard_normal((2, 30, 16)).astype("float32")
LARGE = (RANDOM.standard_normal((2, 16, 8, 8)) * np.arange(1, 17)[:, None, None]).astype("float32")
BIAS = RANDOM.standard_normal(16).astype("float32")


def normalized(values: Any, axes: tuple[int, ...], eps: float) -> Any:
    variance = values.var(axis=axes, keepdims=True)
    return (values - values.mean(axis=axes, keepdims=True)) / np.sqrt(variance + eps)


CAUSES: dict[str, tuple[Any, Any, str]] = {
    "layer norm": (normalized(ROWS, (2,), 1e-5), normalized(ROWS, (2,), 1e-2), "parity-eps"),
    "instance norm": (normalized(MAP, (2, 3), 1e-5), normalized(MAP, (2, 3), 1e-2), "parity-eps"),
    "layer norm with a bias": (
        normalized(ROWS, (2,), 1e-5) + BIAS,
        normalized(ROWS, (2,), 1e-2) + BIAS,
        "parity-eps",
    ),
    "ReLU behind it": (
        np.maximum(normalized(LARGE, (0, 2, 3), 1e-5) * BIAS[:, None, None], 0),
        np.maximum(normalized(LARGE, (0, 2, 3), 1e-2) * BIAS[:, None, None], 0),
        "parity-eps",
    ),
    "another activation": (np.maximum(ROWS, 0), np.maximum(ROWS, 0.1 * ROWS), "parity-value"),
    "transposed": (LARGE, LARGE.transpose(0, 1, 3, 2), "parity-order"),
    "shift": (MAP, MAP + np.arange(4)[:, None, None], "parity-value"),
    "factor": (MAP, MAP * np.float32(0.25), "parity-factor"),
    "another draw": (ROWS, RANDOM.standard_normal(ROWS.shape), "parity-seed"),
    "bfloat16": (
        MAP,
        (MAP.view("uint32") & np.uint32(0xFFFF0000)).view("float32"),
        "parity-precision",
    ),
    "fewer bits": (
        ROWS,
        ROWS * (1 + 1e-3 * RANDOM.standard_normal(ROWS.shape)),
        "parity-precision",
    ),
    "corners": (
        resized(MAP, (12, 16), True),
        resized(MAP, (12, 16), False),
        "parity-align-corners",
    ),
    "NaN": (MAP, np.where(MAP > 2, np.nan, MAP), "parity-value"),
    "anything": (MAP, np.abs(MAP) ** 1.5, "parity-value"),
    "one number": (MAP[0, 0, 0, :1], MAP[0, 0, 0, :1] * 3, "parity-value"),
}


@pytest.mark.parametrize("name", CAUSES)
def test_causes_are_recognized_by_their_form(name: str) -> None:
    x, y, code = CAUSES[name]
    assert cause_of(pair_of(x, y))[0] == code
    assert cause_of(pair_of(y, x))[0] == code


def test_gradients_of_nothing_but_rounding_do_not_count_in_a_step() -> None:
    """Adam's first step is the learning rate times the sign of the gradient."""
    gradient = RANDOM.standard_normal((2, 100))
    gradient[:, :60] *= 1e-9  # of a key's bias, which cancels: rounding, another one on each side
    gradient[1, 60:] = gradient[0, 60:]
    steps = 1e-4 * np.sign(gradient)
    pairs = {"gradient": {"bias": pair_of(*gradient)}, "before": {"bias": pair_of(*0 * steps)}}
    for factor, code in ((1, None), (10, "parity-learning-rate")):
        after = {"bias": pair_of(steps[0], factor * steps[1])}
        [entry] = update_entries(pairs["before"], after, pairs["gradient"], lambda _: 1e-2)
        assert entry.code == code
    [entry] = update_entries(pairs["before"], after, {}, lambda _: 1e-2)
    assert entry.code is not None


def test_a_normalization_of_one_variance_has_nearly_one_factor() -> None:
    rows = np.sign(ROWS) + 0.01 * ROWS
    a, b = normalized(rows, (2,), 1e-5), normalized(rows, (2,), 1e-4)
    assert cause_of(pair_of(a, b))[0] == "parity-eps"
    assert cause_of(pair_of(a, a * 1.5))[0] == "parity-factor"


def test_corners_are_recognized_in_a_sample() -> None:
    large = RANDOM.standard_normal((1, 64, 8, 8))
    x, y = (resized(large, (32, 32), to).reshape(-1) for to in (True, False))
    places = np.unique(RANDOM.integers(0, x.size, 6000))
    pair = Pair(x[places], y[places], places, (1, 64, 32, 32), ("float32", "float32"))
    assert cause_of(pair) == ("parity-align-corners", "only the corners of the maps agree")


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"init_seed": 1}, "the distributions are alike"),
        ({"init_seed": 1, "init_scale": 0.1}, "the distributions differ"),
        ({"init_scale": 0.1}, "B is 0.1 times A"),
    ],
)
def test_an_initialization_is_compared_as_a_distribution(
    how: dict[str, Any], words: str, original: Recording, tmp_path: Path
) -> None:
    found = compare(original, ported(tmp_path, **how))
    assert found.first is not None
    messages = {entry.path: entry.message for entry in found.first.entries}
    assert words in messages["backbone.conv.weight"]


def test_images_of_another_size_or_mirrored() -> None:
    inside = np.ones((2, 6, 8), dtype=bool)
    images = np.stack([MAP[0, :3], MAP[1, :3]])
    assert image_entry(images, images, inside, 1e-5).code is None
    for other, code, words in (
        (images[:, :, :4], "parity-image-size", "2 x 3 x 4 x 8"),
        (images[..., ::-1], "parity-image", "mirrored"),
        (images / 255, "parity-normalization", "0.0039216 A"),
        (np.roll(images, 1, axis=2), "parity-image", "of the values"),
    ):
        entry = image_entry(images, other, inside, 1e-5)
        assert (entry.code, words in entry.message) == (code, True), entry


def test_samples_of_a_large_array_are_compared_with_statistics_of_all(tmp_path: Path) -> None:
    large = RANDOM.standard_normal(5000)
    other = large.copy()
    recorded = {}
    unseen = np.setdiff1d(np.arange(5000), places := sampled(5000, 100))[0]
    other[unseen] = 50.0
    for name, values in (("a", large), ("b", other)):
        StepRecorder(tmp_path / name, name, limit=100).record_step(0, "forward/x", values)
        recorded[name] = read_recording(tmp_path / name)
    kept = recorded["a"].checkpoints[0].arrays[""]
    np.testing.assert_array_equal(kept, large[places])
    assert compare(recorded["a"], recorded["a"]).first is None
    assert compare(recorded["a"], recorded["b"]).first is not None


def sampled(size: int, limit: int) -> Any:
    from cocosurgeon.parity.record_steps import sampled_places

    return sampled_places(size, limit)


def test_nothing_in_common_is_an_error(tmp_path: Path) -> None:
    recordings = []
    for name in ("forward/a", "forward/b"):
        folder = tmp_path / name[-1]
        StepRecorder(folder, "x").record_step(0, name, [1.0])
        recordings.append(read_recording(folder))
    with pytest.raises(DataError, match="no checkpoint in common"):
        compare(recordings[0], recordings[1])


def test_the_docs_list_the_default_tolerances() -> None:
    text = (ROOT / "docs/parity.md").read_text()
    rows = re.findall(r"^\| `([a-z/]+)` \| ([\d.e-]+) \| (.*) \|$", text, re.MULTILINE)
    assert rows == [(name, f"{value:g}", unit) for name, (value, unit) in DEFAULTS.items()]


def test_parity_knows_nothing_of_annotation_files() -> None:
    for path in (ROOT / "cocosurgeon/parity").glob("*.py"):
        assert not re.search(r"cocosurgeon\.(annfile|dataset)", path.read_text()), path


WRONG_BATCHES: dict[str, dict[str, Any]] = {
    "is not a dict": {"": [1.0]},
    "boxes: A has 1 boxes for 2 images": {"boxes": [np.ones((2, 4))]},
    "images: A has images of shape": {"images": np.ones((2, 8, 8))},
    "boxes: A has boxes of shape (2, 5)": {"boxes": [np.ones((2, 5)), np.ones((0, 4))]},
    "labels: A has [1, 1] boxes and [2, 1] labels in its images": {
        "labels": [np.ones(2), np.ones(1)],
    },
    "img_shape: A has one value for img_shape": {"img_shape": np.array(3)},
    "images: A has one value for images": {"images": np.array(3)},
    "batch_input_shape: A has batch_input_shape of shape ()": {"batch_input_shape": np.array(3)},
    "boxes: A has boxes of shape (), not 4": {"boxes": ["none", "nothing"]},
}


@pytest.mark.parametrize("words", WRONG_BATCHES)
def test_a_malformed_entry_is_a_finding_and_the_others_are_compared(
    words: str, tmp_path: Path
) -> None:
    batch = {"img_ids": [1, 2], "boxes": [np.ones((1, 4))] * 2, "flip": [0, 1]}
    wrong = WRONG_BATCHES[words]
    recordings = []
    for name, values in (("a", wrong.get("", {**batch, **wrong})), ("b", batch)):
        recorder = StepRecorder(tmp_path / name, "x")
        recorder.record_step(0, "batch", values)
        recorder.add("loss", {"loss_bbox": 1.0 if name == "a" else 2.0})
        recordings.append(read_recording(tmp_path / name))
    found = compare(recordings[0], recordings[1])
    assert found.first is not None
    malformed = [e for e in found.first.entries if e.code == "parity-malformed"]
    assert len(malformed) == 1
    assert words in found.findings[0].message
    compared = [entry.path for entry in found.first.entries if entry.code is None]
    assert ("flip" in compared) == ("" not in wrong)
    assert [c.verdict for c in found.checkpoints] == ["differs", "differs"]


def test_a_list_of_images_of_one_size_is_one_array(tmp_path: Path) -> None:
    images = np.ones((2, 3, 8, 8))
    batch = {"img_ids": [1, 2], "img_shape": [[8, 8], [8, 6]], "images": images}
    recordings = []
    for name, as_given in (("a", list(images)), ("b", images)):
        StepRecorder(tmp_path / name, "x").record_step(0, "batch", {**batch, "images": as_given})
        recordings.append(read_recording(tmp_path / name))
    assert compare(recordings[0], recordings[1]).findings == []


def test_a_damaged_shard_is_a_finding_and_the_others_are_compared(tmp_path: Path) -> None:
    for name in "ab":
        recorder = StepRecorder(tmp_path / name, "x", limit=10)
        for step in range(2):
            recorder.record_step(step, "forward/a", np.ones(4000, "float32"))
            recorder.add("loss", {"loss": 1.0})
            recorder.add("forward/b", {"x": [1.0, 2.0], "y": np.ones(99)})
    whole = {path: path.read_bytes() for path in sorted((tmp_path / "b").rglob("*.npz"))}
    first, loss, last = list(whole)[:3]
    cases = {
        first: (whole[first].replace(b"\x00\x00\x80?", b"\x00\x00\x80@", 1), "cannot be read"),
        loss: (whole[loss].replace(b"\xf0?", b"\xf0@", 1), "cannot be read"),
        last: (whole[last].replace(b'"shape": [99]', b'"shape": [98]', 1), "elements of (98,)"),
    }
    for path, (damaged, words) in cases.items():
        path.write_bytes(damaged if path != last else _with_its_sums(damaged))
        found = compare(read_recording(tmp_path / "a"), read_recording(tmp_path / "b"))
        path.write_bytes(whole[path])
        assert found.first is not None and found.first.step == 0
        assert [finding.code for finding in found.findings] == ["parity-malformed"]
        assert words in found.findings[0].message
        assert sum(c.verdict == "agrees" for c in found.checkpoints) == 5
        assert page(found) and found.report()


def _with_its_sums(damaged: bytes) -> bytes:
    """Return a shard whose sums are right again: a value was changed on purpose."""
    whole = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(damaged)) as one, zipfile.ZipFile(whole, "w") as other:
        for info in one.infolist():
            start = info.header_offset + 30 + len(info.filename)
            other.writestr(info.filename, damaged[start : start + info.file_size])
    return whole.getvalue()


ODD = st.sampled_from(
    [
        None, "text", [1, 2], [1, [2]], [], {"a": 1.0}, np.array(3.0), np.zeros((0, 4)),
        np.ones((2, 4)), [np.ones((1, 4)), np.ones((2, 4))], [[1], [1, 2]], ["a", "b"],
        [np.full((1, 4), np.nan)] * 2, np.ones((2, 3, 8, 8)), [np.ones((3, 8, 8))] * 2,
        np.ones((2, 2), "int64"), np.full((2, 2), np.inf, "float16"), np.ones((2, 1), bool),
    ]
)  # fmt: skip
KEYS = ("images", "boxes", "labels", "masks", "img_shape", "ori_shape", "batch_input_shape", "flip")
BATCHES = st.dictionaries(st.sampled_from(KEYS), ODD)
IDS = st.sampled_from([None, [1, 2], [2, 1], [3], ["a", 1]])


@examples(150)
@given(BATCHES, BATCHES, IDS, IDS)
def test_batches_of_any_form_are_compared(one: Any, other: Any, here: Any, there: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        recordings = []
        for name, batch, ids in (("a", one, here), ("b", other, there)):
            recorder = StepRecorder(Path(folder, name), "x", box_format="cxcywh")
            recorder.record_step(0, "batch", batch if ids is None else {**batch, "img_ids": ids})
            recorder.add("loss", {"loss": 1.0})
            recordings.append(read_recording(Path(folder, name)))
        found = compare(recordings[0], recordings[1])
        assert found.checkpoints[-1].verdict in ("agrees", "not compared")
        json.dumps(found.fields(), allow_nan=False)
        assert page(found) and found.report()


@examples(60)
@given(st.data())
def test_any_damaged_shard_is_survived(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name in "ab":
            recorder = StepRecorder(Path(folder, name), "x", limit=10)
            batch = {"img_ids": [1, 2], "boxes": [np.ones((1, 4))] * 2, "labels": [[1], [2]]}
            recorder.record_step(0, "batch", batch)
            recorder.add("loss", {"loss": 1.0})
            recorder.add("forward/b", {"x": np.arange(20.0)})
        [*paths] = sorted(Path(folder, "b").rglob("*.npz"))
        path = data.draw(st.sampled_from(paths))
        raw = bytearray(path.read_bytes())
        for _ in range(data.draw(st.integers(1, 3))):
            raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
        path.write_bytes(raw[: data.draw(st.integers(0, len(raw)) | st.just(len(raw)))])
        found = compare(read_recording(Path(folder, "a")), read_recording(Path(folder, "b")))
        json.dumps(found.fields(), allow_nan=False)
        assert found.report()


NUMBERS = st.floats(width=32) | st.sampled_from([0.0, 1.0, float("inf"), float("nan")])
ARRAYS = st.lists(NUMBERS, min_size=1, max_size=12).map(lambda v: np.array(v, dtype="float32"))
VALUES = ARRAYS | st.dictionaries(st.sampled_from("abc"), ARRAYS | st.none(), max_size=3)
NAMES = st.sampled_from(
    ["initialization", "forward/a", "loss", "gradient", "optimizer", "parameters", "metric", "my"]
)
RECORDED = st.lists(st.tuples(st.integers(0, 1), NAMES, VALUES), min_size=1, max_size=6)


@examples(150)
@given(RECORDED, RECORDED)
def test_a_recording_agrees_with_itself_and_any_two_are_compared(
    one: list[tuple[int, str, Any]], other: list[tuple[int, str, Any]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        recordings = []
        for name, calls in (("a", one), ("b", other)):
            recorder = StepRecorder(Path(folder, name), "x")
            for step, checkpoint, values in sorted(calls, key=lambda call: call[0]):
                recorder.record_step(step, checkpoint, values)
            recordings.append(read_recording(Path(folder, name)))
        a, b = recordings
        try:
            itself = compare(a, a)
            assert (itself.first, itself.findings) == (None, [])
            found = compare(a, b)
        except DataError as error:
            assert "no checkpoint in common" in error.what
            return
        assert page(found)
        json.dumps(found.fields(), allow_nan=False)
        assert found.report()
