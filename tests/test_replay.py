"""Recorded batches converted for a detector: boxes, labels, shapes, masks; and what cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocosurgeon.categories.spaces import find_space
from cocosurgeon.errors import RequestError
from cocosurgeon.parity.boxes import FORMS, BoxForm
from cocosurgeon.parity.conversion import Batch, Conversion, form_of
from cocosurgeon.parity.label_map import LabelMap, model_classes, recorded_classes
from cocosurgeon.parity.record_steps import StepRecorder, header_of
from cocosurgeon.parity.recorded import read_recording

COCO, MMDET = find_space("coco91").classes, find_space("mmdet80").classes
PIXELS = BoxForm("xyxy", normalised=False, frame="resized")
BATCH, IMAGE, FILE = (64, 96), (60, 90), (120, 270)
TWO = [[2, 3, 40, 50], [0, 0, 10, 10]]


def conversion(**changed: Any) -> Conversion:
    usual: dict[str, Any] = {
        "form": PIXELS,
        "labels": LabelMap(COCO, MMDET, 80),
        "pad_size_divisor": 1,
        "masks": None,
    }
    return Conversion(**usual | changed)


def recorded(**changed: Any) -> dict[str, Any]:
    """A batch of two images, the second of them without objects; None takes an entry away."""
    usual = {
        "images": np.zeros((2, 3, *BATCH), np.float32),
        "img_ids": [139, 285],
        "boxes": [np.array(TWO), np.zeros((0, 4))],
        "labels": [np.array([18, 1]), np.zeros(0, np.int64)],
        "img_shape": np.array([IMAGE, BATCH]),
        "ori_shape": np.array([FILE, BATCH]),
    }
    return {k: v for k, v in {**usual, **changed}.items() if v is not None}


def converted(values: Any, **changed: Any) -> Batch:
    return conversion(**changed).convert(values, "runs/a, step 0")


def refused(values: Any, **changed: Any) -> str:
    with pytest.raises(RequestError) as error:
        converted(values, **changed)
    return str(error.value)


def test_a_recorded_batch_has_what_a_detector_takes(tmp_path: Path) -> None:
    images = np.random.default_rng(0).normal(size=(2, 3, *BATCH)).astype(np.float32)
    recorder = StepRecorder(tmp_path, "own", label_space="coco91", box_format="xyxy")
    recorder.record_step(0, "batch", recorded(images=images, flip=[1, 0]))
    recording = read_recording(tmp_path)
    batch = converted(recording.require(0, "batch").values)
    assert batch.images.dtype == np.float32
    assert (batch.images == images).all()
    first, second = batch.samples
    assert (first.img_id, first.img_shape, first.pad_shape) == (139, IMAGE, IMAGE)
    assert first.batch_input_shape == second.batch_input_shape == BATCH
    assert first.ori_shape == FILE
    assert first.scale_factor == (90 / 270, 60 / 120)  # width first
    assert (first.flip, second.flip) == (True, False)
    assert first.boxes.tolist() == TWO
    assert first.labels.tolist() == [16, 0]  # dog, person
    assert first.boxes.dtype == np.float32
    assert first.labels.dtype == np.int64
    assert first.masks is None
    assert second.boxes.shape == second.ignored_boxes.shape == (0, 4)
    assert second.labels.shape == (0,)


def test_the_original_size_may_be_unknown() -> None:
    first = converted(recorded(ori_shape=None)).samples[0]
    assert first.ori_shape is first.scale_factor is None
    assert converted({**recorded(), "ori_shape": None, "masks": None}).samples[0].ori_shape is None
    recorded_factor = recorded(ori_shape=None, scale_factor=[[0.5, 0.25], [1, 1]])
    assert converted(recorded_factor).samples[0].scale_factor == (0.5, 0.25)


@pytest.mark.parametrize(
    ("divisor", "expected"), [(1, (60, 90)), (8, (64, 96)), (20, (60, 96)), (128, (64, 96))]
)
def test_the_padding_of_an_image_is_its_own(divisor: int, expected: tuple[int, int]) -> None:
    first, second = converted(recorded(), pad_size_divisor=divisor).samples
    assert (first.pad_shape, second.pad_shape) == (expected, BATCH)
    of_record = converted(recorded(pad_shape=[(62, 90), BATCH]), pad_size_divisor=divisor)
    assert of_record.samples[0].pad_shape == (62, 90)


coordinate = st.floats(0, 1, width=32)


@given(
    corners=st.lists(st.tuples(*[coordinate] * 4), max_size=4),
    form=st.sampled_from([*FORMS, BoxForm("xyxy", normalised=False, frame="padded")]),
)
def test_boxes_of_every_form_become_those_of_the_batch(
    corners: list[tuple[float, ...]], form: BoxForm
) -> None:
    ends = np.array(corners).reshape(-1, 2, 2)
    parts = np.concatenate([ends.min(1), ends.max(1)], 1) * 0.9 + [0, 0, 0.1, 0.1]
    expected = parts * np.tile(IMAGE[::-1], 2)
    size = np.tile({"padded": BATCH, "resized": IMAGE, "original": FILE}[form.frame][::-1], 2)
    in_pixels = expected if form.frame == "padded" else parts * size
    boxes = in_pixels / size if form.normalised else in_pixels.copy()
    if form.box_format != "xyxy":
        boxes[:, 2:] -= boxes[:, :2]
    if form.box_format == "cxcywh":
        boxes[:, :2] += boxes[:, 2:] / 2
    values = recorded(boxes=[boxes, []], labels=[np.ones(len(boxes)), []])
    found = converted(values, form=form).samples[0].boxes
    assert found == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("key", ["box_format", "frame"])
def test_boxes_in_an_unknown_form_are_refused(key: str) -> None:
    header = header_of("own", box_format="xyxy", frame="resized")
    assert form_of(header, "runs/a") == PIXELS
    with pytest.raises(RequestError, match=f"an unknown {key.replace('_', ' ')}"):
        form_of({**header, key: None}, "runs/a")


ONE = {"labels": [[1], []]}
REFUSED: dict[str, tuple[Any, dict[str, Any], str]] = {
    "no images": ({"images": None}, {}, "the batch has no images"),
    "no boxes": ({"boxes": None}, {}, "the batch has no boxes"),
    "no labels": ({"labels": None}, {}, "the batch has no labels"),
    "no ids": ({"img_ids": None}, {}, "the batch has no img_ids"),
    "no sizes": ({"img_shape": None}, {}, "the batch has no img_shape"),
    "a list": ([np.zeros(3)], {}, "the batch has no images"),
    "bytes": (
        {"images": np.zeros((2, 3, 64, 96), np.uint8)},
        {},
        "the images of the batch are uint8 of shape (2, 3, 64, 96)",
    ),
    "images of different sizes": (
        {"images": [np.zeros((3, 9, 9)), np.zeros((3, 8, 9))]},
        {},
        "the images of the batch are no array",
    ),
    "boxes of one image": ({"boxes": [np.array(TWO)]}, {}, "boxes of 1 image, and 2 in the batch"),
    "one label for all": ({"labels": np.array(1)}, {}, "labels of 0 images, and 2 in the batch"),
    "boxes in dicts": (
        {"boxes": [{"x": 1}, {}]},
        {},
        "boxes of an image is not an array of numbers",
    ),
    "fewer labels": (ONE, {}, "2 boxes and 1 label"),
    "five columns": ({"boxes": [np.ones((2, 5)), []]}, {}, "boxes of shape (2, 5)"),
    "NaN": ({"boxes": [np.full((2, 4), np.nan), []]}, {}, "not finite"),
    "larger than the batch": (
        {"img_shape": [(65, 90), BATCH]},
        {},
        "img_shape (65, 90) and pad_shape (64, 90) do not fit in images of (64, 96)",
    ),
    "widths first": ({"img_shape": [(90, 60), BATCH]}, {}, "shapes are (height, width)"),
    "three numbers": (
        {"img_shape": [(60, 90, 3), (60, 90, 3)]},
        {},
        "img_shape: expected height and width, found [60, 90, 3]",
    ),
    "one factor": ({"scale_factor": [0.5, 1]}, {}, "scale_factor: expected one of the width"),
    "boxes of the file": (
        {"ori_shape": None},
        {"form": BoxForm("xyxy", False, "original")},
        "boxes are in pixels of the original image, and its size is not recorded",
    ),
    "not normalised": (
        {},
        {"form": BoxForm("xyxy", True, "resized")},
        "boxes have numbers above 2: they are not normalised",
    ),
    "not in pixels": (
        {**ONE, "boxes": [np.array([[0.1, 0.2, 0.5, 0.6]]), []]},
        {},
        "no box has a number above 1: they are not in pixels",
    ),
    "not xyxy": (
        {**ONE, "boxes": [np.array([[50, 3, 40, 50]]), []]},
        {},
        "a box ends before it begins",
    ),
    "padding not known": ({}, {"pad_size_divisor": None}, "or give pad_size_divisor=32"),
    "no class": (
        {"labels": [np.array([12, 1]), []]},
        {},
        "label 12 is not a class in the recorded label space",
    ),
    "half a label": ({"labels": [np.array([1.5, 1]), []]}, {}, "label 1.5 is not a class"),
    "no counterpart": (
        {},
        {"labels": LabelMap(COCO, {0: "person", 1: "dot"})},
        "label 18 ('dog') has no counterpart: the model has no such class",
    ),
    "another spelling": (
        {},
        {"labels": LabelMap(COCO, {0: "person", 1: "Dog"})},
        "'dog' is nearly 'Dog'",
    ),
    "beyond the head": (
        {},
        {"labels": LabelMap(COCO, MMDET, 10)},
        "label 18 ('dog') becomes 16, and the model's head has 10 classes",
    ),
    "no masks": ({}, {"masks": "img_shape"}, "masks are missing: the model has a mask head"),
    "masks of the file": (
        {"masks": [np.zeros((2, *FILE)), []]},
        {"masks": "img_shape"},
        "masks of shape (2, 120, 270), expected (2, 64, 96)",
    ),
    "masks with ids": (
        {"masks": [np.full((2, *BATCH), 7), []]},
        {"masks": "img_shape"},
        "masks have other numbers than 0 and 1",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_converted_is_named(name: str) -> None:
    values, changed, what = REFUSED[name]
    said = refused(recorded(**values) if isinstance(values, dict) else values, **changed)
    assert what in said
    assert "in: runs/a, step 0" in said


def test_an_error_names_the_image() -> None:
    assert "runs/a, step 0, image 139" in refused(recorded(labels=[np.array([0, 1]), []]))


def test_labels_go_by_names() -> None:
    listed = LabelMap({0: "cat", 1: "dog"}, model_classes(None, ["dog", "bird", "cat"]))
    assert listed.convert(np.array([1, 0, 1]), "here").tolist() == [0, 2, 0]
    assert LabelMap(COCO, MMDET).convert(np.array(sorted(COCO)), "here").tolist() == [*range(80)]
    with pytest.raises(RequestError, match="which classes the model's labels mean"):
        model_classes(None, None)
    with pytest.raises(RequestError, match="no label space 'coco9'"):
        model_classes("coco9", None)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"label_space": "mmdet80"}, dict(MMDET)),
        ({"classes": ["cat", "dog"]}, {0: "cat", 1: "dog"}),
        ({"classes": ["cat", "dog"], "cat_ids": [17, 18]}, {17: "cat", 18: "dog"}),
        (
            {"classes": ["cat", "dog"], "cat_ids": [17, 18], "cat2label": [[18, 0], [17, 1]]},
            {0: "dog", 1: "cat"},
        ),
    ],
)
def test_a_header_says_what_labels_mean(known: Any, expected: dict[int, str]) -> None:
    assert recorded_classes(header_of("own", **known), "runs/a") == expected


def test_labels_without_a_meaning_are_refused() -> None:
    with pytest.raises(RequestError, match="which classes the recorded labels mean"):
        recorded_classes(header_of("own"), "runs/a")


def test_ignored_boxes_are_converted_too() -> None:
    values = recorded(boxes=[np.array(TWO) / 2, []], ignored_boxes=[np.array([[0, 0, 60, 30]]), []])
    first, second = converted(values, form=BoxForm("xywh", False, "original")).samples
    assert first.ignored_boxes.tolist() == [[0, 0, 20, 15]]
    assert second.ignored_boxes.shape == (0, 4)


@pytest.mark.parametrize(
    ("shape", "size"),
    [("img_shape", IMAGE), ("pad_shape", (60, 96)), ("batch_input_shape", BATCH)],
)
def test_masks_have_the_shape_that_the_model_expects(shape: Any, size: Any) -> None:
    masks = np.zeros((2, *BATCH), bool)
    masks[0, 3:50, 2:40] = True
    values = recorded(masks=[masks, np.zeros((0, *BATCH))])
    first, second = converted(values, masks=shape, pad_size_divisor=20).samples
    assert first.masks is not None
    assert second.masks is not None
    assert first.masks.shape == (2, *size)
    assert first.masks.dtype == np.uint8
    assert np.argwhere(first.masks).tolist() == np.argwhere(masks).tolist()
    assert second.masks.shape == (0, *BATCH)
