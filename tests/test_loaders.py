"""Each rule and each trap of the loaders, on small files made by hand; and their documentation."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, THOROUGH, Cli, examples
from hypothesis import given
from odd_documents import changed_usual, documents

from cocosurgeon.errors import LoaderError, UnknownNameError
from cocosurgeon.loaders import (
    LOADERS,
    Loader,
    LoaderOptions,
    Rule,
    View,
    deim,
    detectron2,
    detr,
    dfine,
    dino,
    index,
    load,
    mmdet2,
    mmdet3,
    onedl,
    rfdetr,
    rtdetr,
    torchvision,
    torchvision2,
    transformers,
    ultralytics,
    yolox,
)
from cocosurgeon.loaders.explain import explain
from cocosurgeon.loaders.tensors import keypoint_error, scalar_error
from cocosurgeon.report.explanation import explanation_lines

NAN, INF = float("nan"), float("inf")
TRAIN = mmdet3.Options(filter_cfg=mmdet3.BASE_FILTER)
FORK_TRAIN = onedl.Options(filter_cfg=mmdet3.BASE_FILTER)
UNFILTERED = detectron2.Options(filter_empty=False)
TEST2 = mmdet2.Options(test_mode=True)
MASKED = transformers.Options(return_segmentation_masks=True)
DRAWN = torchvision2.Options(target_keys=("boxes", "labels", "masks"))
POLYGON = [[1, 2, 30, 4, 5, 26]]
DOCUMENTATION = ROOT / "docs/loaders.md"


def ann(ann_id: Any, **changes: Any) -> dict[str, Any]:
    """A dog of 20 x 20 in image 1."""
    usual = {"id": ann_id, "image_id": 1, "category_id": 18, "bbox": [10, 10, 20, 20]}
    return usual | {"area": 400, "iscrowd": 0} | changes


def image(img_id: Any, **changes: Any) -> dict[str, Any]:
    return {"id": img_id, "file_name": f"{img_id}.jpg", "width": 64, "height": 48} | changes


def doc(*annotations: Any, **lists: Any) -> dict[str, Any]:
    """One image, unless told otherwise; categories person, cat and dog, by id 1, 17, 18."""
    named = [(1, "person"), (17, "cat"), (18, "dog")]
    return {
        "images": [image(1)],
        "annotations": list(annotations),
        "categories": [{"id": i, "name": n} for i, n in named],
    } | lists


def categories(*named: tuple[Any, str]) -> list[dict[str, Any]]:
    return [{"id": i, "name": n} for i, n in named]


def ids(view: View) -> list[Any]:
    return [i.ann_id for s in view.samples for i in s.instances]


def rules(view: View) -> dict[Any, str]:
    """Rule of each dropped annotation, by id."""
    return {d.id: d.rule for d in view.dropped if d.kind == "annotation"}


def image_rules(view: View) -> dict[Any, str]:
    return {d.id: d.rule for d in view.dropped if d.kind == "image"}


KEPT = None
MMDET = ("mmdet3", "mmdet2", "onedl")
INTEGER = ("dfine", "deim")
DETRS = ("detr", "dino", "rtdetr", *INTEGER)
RAW = ("torchvision", "torchvision2", "detectron2")
LIKE_DETR = (*DETRS, "rfdetr", "transformers")
ALL = tuple(LOADERS)
BY_COCO_API = tuple(name for name in ALL if name != "ultralytics")
"""Those that index files as pycocotools does."""
FATES: list[tuple[tuple[str, ...], dict[str, Any], str | None]] = [
    (MMDET, {"ignore": 1}, "ignored"),
    (MMDET, {"ignore": "0"}, "ignored"),
    (MMDET, {"ignore": ""}, KEPT),
    ((*LIKE_DETR, "torchvision", "torchvision2", "yolox"), {"ignore": 1}, KEPT),
    (MMDET, {"bbox": [64, 0, 9, 9]}, "outside"),
    (MMDET, {"bbox": [63.5, 0, 9, 9]}, KEPT),
    (MMDET, {"bbox": [-9, 0, 9, 9]}, "outside"),
    ((*MMDET, *LIKE_DETR), {"bbox": [-9, 0, 9.5, 9]}, KEPT),
    (MMDET, {"bbox": [NAN, 0, 9, 9]}, "outside"),
    (MMDET, {"bbox": [5, 5, -3, 9]}, "outside"),
    (MMDET, {"bbox": [5, 5, 0, 9], "area": 0}, "outside"),
    (LIKE_DETR, {"bbox": [64, 0, 9, 9]}, "degenerate"),
    (LIKE_DETR, {"bbox": [NAN, 0, 9, 9]}, "degenerate"),
    (("yolox",), {"bbox": [64, 0, 9, 9]}, KEPT),
    (("yolox",), {"bbox": [65, 0, 9, 9]}, "degenerate"),
    (("yolox",), {"bbox": [-9, 0, 9, 9]}, KEPT),
    (RAW, {"bbox": [640, 0, -9, 9]}, KEPT),
    ((*MMDET, "yolox"), {"area": 0}, "no-area"),
    (MMDET, {"area": NAN}, KEPT),
    (("yolox",), {"area": NAN}, "no-area"),
    ((*LIKE_DETR, *RAW), {"area": -1}, KEPT),
    (MMDET, {"bbox": [5, 5, 0.99, 9]}, "tiny"),
    (MMDET, {"bbox": [5, 5, 1, 1]}, KEPT),
    ((*LIKE_DETR, "yolox", *RAW), {"bbox": [5, 5, 0.5, 0.5]}, KEPT),
    (LIKE_DETR, {"bbox": [5, 5, 0, 9]}, "degenerate"),
    (LIKE_DETR, {"bbox": [5, 5, 9, 0]}, "degenerate"),
    (("yolox",), {"bbox": [5, 5, 0, 9]}, KEPT),
    (MMDET, {"category_id": 77}, "category-not-taken"),
    (MMDET, {"category_id": "18"}, "category-not-taken"),
    (BY_COCO_API, {"category_id": 18.0}, KEPT),
    ((*DETRS, "transformers", "torchvision", "torchvision2"), {"category_id": 77}, KEPT),
    (BY_COCO_API, {"image_id": 9}, "unlisted-image"),
    (
        tuple(n for n in BY_COCO_API if n not in INTEGER),
        {"image_id": "1"},
        "unlisted-image",
    ),
    (INTEGER, {"image_id": "1"}, KEPT),
    (INTEGER, {"image_id": 1.5}, KEPT),
    (INTEGER, {"image_id": True}, KEPT),
    (ALL, {"image_id": 1.0}, KEPT),
    ((*MMDET, *RAW), {"iscrowd": 1}, KEPT),
    ((*LIKE_DETR, "yolox"), {"iscrowd": 1}, "crowd"),
    ((*LIKE_DETR, "yolox"), {"iscrowd": "0"}, "crowd"),
    ((*LIKE_DETR, "yolox"), {"iscrowd": None}, "crowd"),
    (("detectron2",), {"segmentation": [[1, 2, 3, 4], [1] * 7]}, "no-valid-polygon"),
    (("detectron2",), {"segmentation": [[1, 2, 3, 4], [1] * 6]}, KEPT),
    (("detectron2",), {"segmentation": []}, KEPT),
    (MMDET, {"segmentation": [[]]}, KEPT),
    (("ultralytics",), {"iscrowd": "0"}, "crowd"),
    (("ultralytics",), {"iscrowd": None}, KEPT),
    (("ultralytics",), {"bbox": [10, 10, 0, 20]}, "degenerate"),
    (("ultralytics",), {"bbox": [10, 10, 1e-300, 20]}, KEPT),
    (("ultralytics",), {"bbox": [-10, 10, 19, 20]}, KEPT),
    (("ultralytics",), {"bbox": [11, 10, 20, 20]}, "duplicate"),
]


def with_one(changes: dict[str, Any]) -> dict[str, Any]:
    """A file with an annotation like this, of id 2, among two others."""
    return doc(ann(1, bbox=[11, 10, 20, 20]), ann(2, **changes), ann(3, bbox=[12, 10, 20, 20]))


@pytest.mark.parametrize(("names", "changes", "rule"), FATES, ids=str)
def test_an_annotation_is_kept_or_dropped(
    names: tuple[str, ...], changes: dict[str, Any], rule: str | None
) -> None:
    for name in names:
        view = load(name, with_one(changes))
        assert rules(view) == ({2: rule} if rule else {}), name
        assert ids(view) == (
            [1, 3] if rule else [1, 3, 2] if _is_last(name, changes) else [1, 2, 3]
        )


def _is_last(name: str, changes: dict[str, Any]) -> bool:
    return name == "mmdet2" and bool(changes.get("iscrowd"))


# ---- what is raised

BROKEN_TRAIN_FILE = ROOT / "tests/conformance/train_files/broken/train/_annotations.coco.json"
OF_IMAGE = ("file_name", "width", "height")
BAD = {"file_name": 5, "width": "64", "height": "64", "bbox": [1, 2, 3], "area": "5"}


def without(key: str) -> dict[str, Any]:
    """A file where a record lacks a key."""
    document = doc(ann(1), ann(2))
    if key in ("images", "annotations", "categories"):
        return {k: v for k, v in document.items() if k != key}
    kind = "images" if key in OF_IMAGE else "categories" if key == "name" else "annotations"
    document[kind][-1].pop(key, None)
    return document


def bad(key: str) -> dict[str, Any]:
    """A file where a value is of no use."""
    document = doc(ann(1), ann(2))
    if key in document:
        return document | {key: None}
    kind = "images" if key in OF_IMAGE else "annotations"
    document[kind][-1][key] = BAD.get(key, [1])
    return document


SPECIAL: dict[str, tuple[Any, Any]] = {
    "not-an-object": ([ann(1)], None),
    "duplicate-ids": (doc(ann(1), ann(2), ann(1)), None),
    "unsortable-ids": (doc(images=[image(1), image("a")]), None),
    "text-id": (doc(images=[image("a1")]), None),
    "odd-id": (doc(images=[image(1.0)]), None),
    "ignore": (doc(ann(1, ignore="0")), None),
    "unlisted-category": (doc(ann(1, category_id=77)), None),
    "empty-categories": (doc(categories=[]), None),
    "mmdet3 empty-dataset": (doc(ann(1, category_id=77)), TRAIN),
    "detectron2 empty-dataset": (doc(ann(1, iscrowd=1)), None),
    "mmdet3 no-img-prefix": (doc(), mmdet3.Options(data_prefix={"img_path": ""})),
    "mmdet3 indices-out-of-range": (doc(), mmdet3.Options(indices=[1])),
    "mmdet3 bad-class-file": (doc(), mmdet3.Options(metainfo={"classes": "/"})),
    "mmdet2 bad-class-file": (doc(), mmdet2.Options(classes="no/such/file")),
    "mmdet3 bad-name": (
        doc(categories=[{"id": 1, "name": None}]),
        mmdet3.Options(metainfo={"classes": "dog"}),
    ),
    "mmdet3 mixed-category-ids": (
        doc(categories=categories((1, "dog"), ("1", "cat"))),
        mmdet3.Options(metainfo={"classes": ["dog"]}, type="Objects365V1Dataset"),
    ),
    "mmdet2 mixed-category-ids": (
        doc(categories=categories((1, "dog"), ("1", "cat"))),
        mmdet2.Options(classes=["dog"], type="Objects365V1Dataset"),
    ),
    "mmdet3 no-coco-url": (
        doc(),
        mmdet3.Options(metainfo={"classes": ["dog"]}, type="LVISV1Dataset"),
    ),
    "mmdet2 no-coco-url": (doc(), mmdet2.Options(classes=["dog"], type="LVISV1Dataset")),
    "huge-id": (doc(images=[image(2**63)]), None),
    **{
        f"{kind.LOADER.name} {how}-segmentation": (doc(*anns), kind.Options(return_masks=True))
        for kind in (detr, dino, rtdetr)
        for how, anns in (
            ("no", [ann(1)]),
            ("bad", [ann(1, segmentation=[[1, 2, 3, 4, 5, 6]]), ann(2, segmentation=None)]),
        )
    },
    "no-keypoints": (doc(ann(1, keypoints=[1, 2, 2]), ann(2)), None),
    "bad-keypoints": (doc(ann(1, keypoints=None)), None),
    **{
        f"{kind.LOADER.name} not-of-coco": (
            doc(ann(1, category_id=91)),
            kind.Options(remap_mscoco_category=True),
        )
        for kind in (rtdetr, dfine, deim)
    },
    **{f"{name} odd-id": (doc(images=[image("img")]), None) for name in INTEGER},
    "odd-annotation-id": (doc(ann("1")), None),
    "dino no-file-name": (doc(images=[{"id": 1}, {"id": 2}]), None),
    "dino bad-file-name": (doc(images=[image(i, file_name=5) for i in (1, 2)]), None),
    "dino text-id": (doc(images=[image("a1"), image("b1")]), None),
    "dino odd-id": (doc(images=[image(1.0), image(2.0)]), None),
    "no-file": (doc(images=[image(1), image(2)]), dino.Options(img_folder="no/such")),
    "no-next-image": (doc(images=[image(1), {"id": 2}]), None),
    "transformers no-segmentation": (doc(ann(1)), MASKED),
    "transformers bad-segmentation": (doc(ann(1, segmentation=None)), MASKED),
    "crowd-with-masks": (
        doc(ann(1, segmentation=POLYGON), ann(2, segmentation=POLYGON, iscrowd=1)),
        MASKED,
    ),
    "no-objects-with-masks": (doc(), MASKED),
    "unknown-target-keys": (doc(), torchvision2.Options(target_keys=("boxes", "box"))),
    "torchvision2 no-bbox": (doc({k: v for k, v in ann(1).items() if k != "bbox"}), None),
    "torchvision2 no-segmentation": (doc(ann(1)), torchvision2.Options(target_keys="all")),
    "torchvision2 bad-segmentation": (doc(ann(1, segmentation=[])), DRAWN),
    "torchvision2 no-area": (
        doc({k: v for k, v in ann(1).items() if k != "area"}),
        torchvision2.Options(target_keys=("area",)),
    ),
    "torchvision2 no-iscrowd": (
        doc({k: v for k, v in ann(1).items() if k != "iscrowd"}),
        torchvision2.Options(target_keys=("iscrowd",)),
    ),
    "detectron2 bad-name": (doc(categories=[{"id": 1, "name": 5}]), None),
    "detectron2 bad-bbox": (doc(ann(1, bbox=[])), None),
    "rfdetr bad-category-id": (doc(ann(1, category_id=None)), None),
    "rfdetr bad-id": (doc(categories=categories((None, "a"))), None),
    "rfdetr bad-supercategory": (doc(categories=[{"id": 1, "supercategory": []}]), None),
    "rfdetr bad-name": (
        doc(categories=[{"id": 1, "name": [], "supercategory": "a"}]),
        None,
    ),
    "rfdetr no-name": (doc(categories=[{"id": 1, "supercategory": "a"}]), None),
    "rfdetr mixed-category-ids": (doc(categories=categories(("1", "a"), (1.5, "b"))), None),
    "rfdetr bad-train-file": (doc(), rfdetr.Options(train_file=str(BROKEN_TRAIN_FILE))),
    "ultralytics no-id": (doc(images=[{"file_name": "1.jpg"}]), None),
    "ultralytics bad-image-id": (doc(ann(1, image_id="1")), None),
    "unlisted-image": (doc(ann(1, image_id=9)), None),
    "no-coco-class": (doc(ann(1, category_id=12)), None),
    "beyond-coco-table": (doc(ann(1, category_id=92)), None),
    "yolox unsortable-ids": (doc(categories=categories((1, "a"), ("b", "b"))), None),
}
SPECIAL |= {
    key.replace("mmdet3", "onedl"): (file, options and onedl.Options(**vars(options)))
    for key, (file, options) in SPECIAL.items()
    if key.startswith("mmdet3 ")
}
RAISED = [(name, rule) for name, loader in LOADERS.items() for rule in loader.errors]


KEYPOINTS: list[tuple[list[Any], str | None]] = [
    ([None], "TypeError"),
    ([[1, 2, 2]], None),
    ([[1, 2, 2], [1, 2]], "ValueError"),
    ([[], []], None),
    ([[1, 2]], "RuntimeError"),
    (["x"], "ValueError"),
    ([5], "RuntimeError"),
    ([[1, 2, 2], None], "TypeError"),
    ([[None, 1, 2]], "TypeError"),
    ([[[1, 2, 2]]], None),
    ([[1, 2, 2], "abc"], "TypeError"),
    ([[10**400, 1, 1]], "OverflowError"),
]
"""What torch 2.13 raises for float32 keypoints in ``view(n, -1, 3)``."""


@pytest.mark.parametrize(("values", "exception"), KEYPOINTS, ids=str)
def test_keypoints_of_which_no_tensor_is_made(values: list[Any], exception: str | None) -> None:
    assert keypoint_error(values) == exception


SCALARS: list[tuple[list[Any], str | None]] = [
    ([1, 2.5, True], None),
    ([[1], [2]], None),
    ([[1], [2, 3]], "ValueError"),
    ([[1], 2], "TypeError"),
    (["x"], "ValueError"),
    ([1, "x"], "TypeError"),
    ([1, None], "RuntimeError"),
    ([2**63], "ValueError"),
    ([2**63, 1.0], None),
    ([2**1500, []], "OverflowError"),
    ([[], [1]], None),
]
"""What torch 2.13 raises in ``torch.tensor``, which finds a type for the values."""


@pytest.mark.parametrize(("values", "exception"), SCALARS, ids=lambda v: str(v)[:20])
def test_values_of_which_no_tensor_is_made(values: list[Any], exception: str | None) -> None:
    assert scalar_error(values) == exception


def test_of_minival_detectron2_takes_repeated_ids(tmp_path: Path, cli: Cli) -> None:
    document = doc(ann(1), ann(1))
    with pytest.raises(LoaderError, match="more than once"):
        load("detectron2", document)
    options = detectron2.Options(json_file="coco/instances_minival2014.json")
    [sample] = load("detectron2", document, options).samples
    assert len(sample.instances) == 2
    for name, code in (("minival.json", 0), ("val.json", 1)):
        (tmp_path / name).write_text(json.dumps(document | {"info": {}}))
        ended = cli("verify", name, "--loader", "detectron2", "--json")
        assert (ended.code, "json_file" in ended.out) == (code, False)


MASKS: list[tuple[Any, str | None]] = [
    ([[1, 2, 3, 4, 5, 6]], None),
    ({"counts": [64 * 48], "size": [48, 64]}, None),
    (None, "Exception"),
    ([], "IndexError"),
    ([[]], "Exception"),
    ({"counts": "abc", "size": [48, 64]}, "ValueError"),
    ({"counts": [9999], "size": [48, 64]}, "ValueError"),
]
"""What pycocotools 2.0.11 raises in ``frPyObjects`` and ``decode``."""
STACKED = [[[1, 2, 3, 4, 5, 6]], {"counts": [4], "size": [2, 2]}]
"""Masks of several sizes, which are not stacked."""


@pytest.mark.parametrize(("mask", "exception"), MASKS, ids=str)
def test_masks_that_detr_cannot_draw(mask: Any, exception: str | None) -> None:
    document = doc(ann(1, segmentation=mask))
    document["images"][0].update(width=64, height=48)
    options = detr.Options(return_masks=True)
    if exception is None:
        [sample] = load("detr", document, options).samples
        assert sample.instances[0].mask == mask
        document["annotations"].append(ann(2, segmentation=STACKED[1]))
        exception = "RuntimeError"
    with pytest.raises(LoaderError) as caught:
        load("detr", document, options)
    assert (caught.value.exception, caught.value.rule) == (exception, "bad-segmentation")


@pytest.mark.parametrize(
    ("mask", "exception"),
    [*MASKS, (5, "ValueError"), ({"size": [48, 64]}, "KeyError")],
    ids=str,
)
def test_masks_that_the_wrapper_cannot_draw(mask: Any, exception: str | None) -> None:
    exception = {"None": "ValueError"}.get(str(mask), exception)  # it asks for the type first
    document = doc(ann(1, segmentation=mask))
    if exception is None:
        [sample] = load("torchvision2", document, DRAWN).samples
        assert sample.instances[0].mask == mask
        assert load("torchvision2", document).samples[0].instances[0].mask is None
        document["annotations"].append(ann(2, segmentation=STACKED[1]))
        exception = "RuntimeError"
    with pytest.raises(LoaderError) as caught:
        load("torchvision2", document, DRAWN)
    assert (caught.value.exception, caught.value.rule) == (exception, "bad-segmentation")
    document["images"][0]["width"] = None  # it is the image's own that counts
    assert load("torchvision2", document, DRAWN).samples


BATCHES: list[tuple[list[Any], list[Any] | str]] = [
    ([[16777217, 2, 3, 4]], [(16777217, 2, 16777220, 6)]),
    ([[1, 2, 3, 4], [True, 2, 3, 4]], [(1, 2, 4, 6), (1, 2, 4, 6)]),
    ([[1, 2, 3, 4], [16777217, 2, 0.5, 4]], [(1, 2, 4, 6), (16777216, 2, 16777216, 6)]),
    ([[], [1]], [(), ()]),
    ([[1], [2]], [(1,), (2,)]),
    ([1, 2, 3, 4], [(1, 2, 4, 6), (), (), ()]),
    ([[1, 2, 3]], "RuntimeError"),
    ([[1, 2, 3, 4], [1, 2, 3]], "ValueError"),
    ([[[1, 2, 3, 4]]], "ValueError"),
    ([[1, 2, 3, None]], "RuntimeError"),
    ([[1, 2, 3, "4"]], "TypeError"),
    ([[1, 2, 3, 2**63]], "ValueError"),
]


@pytest.mark.parametrize(("boxes", "expected"), BATCHES, ids=str)
def test_boxes_that_the_wrapper_stacks(boxes: list[Any], expected: list[Any] | str) -> None:
    document = doc(*(ann(i, bbox=box) for i, box in enumerate(boxes)))
    if isinstance(expected, str):
        with pytest.raises(LoaderError) as caught:
            load("torchvision2", document)
        assert (caught.value.exception, caught.value.rule) == (expected, "bad-bbox")
    else:
        [sample] = load("torchvision2", document).samples
        assert [i.box for i in sample.instances] == expected


def test_the_wrapper_skips_what_a_record_lacks() -> None:
    second = {k: v for k, v in ann(2, category_id=17).items() if k != "bbox"}
    document = doc(ann(1), second, ann(3, category_id=1, bbox=[0, 0, 7, 7]))
    [sample] = load("torchvision2", document).samples
    found = [(i.ann_id, i.box, i.label) for i in sample.instances]
    assert found == [(1, (10, 10, 30, 30), 18), (2, (0, 0, 7, 7), 17), (3, (), 1)]


def test_the_wrapper_gives_the_keys_that_are_asked_for() -> None:
    document = doc(ann(1, iscrowd=1, category_id=18.5), ann(2))
    [sample] = load("torchvision2", document).samples
    assert [(i.label, i.ignore) for i in sample.instances] == [(18.5, False), (18.0, False)]
    options = torchvision2.Options(target_keys=("iscrowd",))
    [sample] = load("torchvision2", document, options).samples
    assert [(i.box, i.label, i.ignore) for i in sample.instances] == [
        ((), None, True),
        ((), None, False),
    ]
    assert torchvision2.Options(target_keys="all").needs_masks and DRAWN.needs_masks
    assert not options.needs_masks
    with pytest.raises(LoaderError, match="'b'"):  # a text is taken for its letters
        load("torchvision2", doc(), torchvision2.Options(target_keys="boxes"))


def test_transformers_reads_records_one_by_one() -> None:
    boxless, arealess = (
        {k: v for k, v in ann(i).items() if k != key} for i, key in ((1, "bbox"), (2, "area"))
    )
    for first, other, rule in (
        (boxless, arealess, "no-bbox"),
        (arealess, boxless, "no-area"),
        (ann(1, category_id="18"), ann(2), "bad-category-id"),
        (ann(1, area="5"), ann(2, bbox=[]), "bad-area"),
    ):
        with pytest.raises(LoaderError) as caught:
            load("transformers", doc(first, other))
        assert caught.value.rule == rule


def test_transformers_needs_keypoints_of_all_objects_or_of_none() -> None:
    point = {"keypoints": [1, 2, 2]}
    crowd = ann(3, iscrowd=1)
    assert ids(load("transformers", doc(ann(1, **point), ann(2, **point), crowd))) == [1, 2]
    odd = ann(2, keypoints=[1], bbox=[70, 0, 5, 5])
    assert ids(load("transformers", doc(odd))) == []  # degenerate ones are not reshaped
    for keypoints, exception in (
        ([1, 2], "RuntimeError"),
        ("x", "ValueError"),
        (5, "RuntimeError"),
    ):
        with pytest.raises(LoaderError) as caught:
            load("transformers", doc(ann(1, keypoints=keypoints)))
        assert (caught.value.exception, caught.value.rule) == (exception, "bad-keypoints")


def test_transformers_reads_masks_of_crowds() -> None:
    rle = {"counts": [64 * 48], "size": [48, 64]}
    whole = ann(1, segmentation=POLYGON)
    assert load("transformers", doc(whole), MASKED).samples[0].instances[0].mask == POLYGON
    for crowd, rule in (
        (ann(2, iscrowd=1, segmentation=rle), "crowd-with-masks"),
        (ann(2, iscrowd=1, segmentation=None), "bad-segmentation"),
        (ann(2, iscrowd=1), "no-segmentation"),
        (ann(2, segmentation={"counts": [4], "size": [2, 2]}), "bad-segmentation"),
    ):
        document = doc(whole, crowd)
        with pytest.raises(LoaderError) as caught:
            load("transformers", document, MASKED)
        assert caught.value.rule == rule
        assert ids(load("transformers", document))[0] == 1
    degenerate = doc(ann(1, segmentation=POLYGON, bbox=[70, 0, 5, 5]))
    with pytest.raises(LoaderError, match="no object"):
        load("transformers", degenerate, MASKED)


def raising(name: str, rule: str) -> tuple[Any, LoaderOptions | None]:
    """A file, and the options with which a loader raises by a rule."""
    how, _, key = rule.partition("-")
    made = SPECIAL.get(f"{name} {rule}", SPECIAL.get(rule))
    return made or ((without if how == "no" else bad)(key.replace("-", "_")), None)


@pytest.mark.parametrize(("name", "rule"), RAISED, ids=lambda v: getattr(v, "name", v))
def test_what_the_framework_raises_is_raised(name: str, rule: Rule) -> None:
    with pytest.raises(LoaderError) as caught:
        load(name, *raising(name, rule.name))
    assert caught.value.rule == rule.name
    assert caught.value.exception in rule.what or "..." in rule.what or "(" in rule.what


UNNAMED = {
    "images": [image(1)],
    "annotations": [{k: v for k, v in ann(1).items() if k != "category_id"}],
}
"""Without categories, annotations are indexed without a ``category_id``."""


@pytest.mark.parametrize("name", [*LIKE_DETR, "torchvision2"])
def test_a_category_id_is_missed_when_it_is_read(name: str) -> None:
    with pytest.raises(LoaderError) as caught:
        load(name, UNNAMED)
    assert (caught.value.exception, caught.value.rule) == ("KeyError", "no-category-id")


def test_duplicate_ids_are_seen_after_what_images_lack() -> None:
    document = doc(ann(1), ann(1), images=[{"id": 1, "file_name": "a.jpg"}])
    with pytest.raises(LoaderError, match="height") as caught:
        load("mmdet3", document)
    assert (caught.value.exception, caught.value.where) == ("KeyError", "images[0], id 1")
    with pytest.raises(LoaderError, match="more than once"):
        load("mmdet2", document)


# ---- labels


def test_labels_follow_the_file_and_not_the_classes() -> None:
    document = doc(categories=categories((18, "dog"), (1, "person"), (17, "cat"), (3, "Dog")))
    for classes in (None, ["cat", "person", "dog"]):
        metainfo = None if classes is None else {"classes": classes}
        new = load("mmdet3", document, mmdet3.Options(metainfo=metainfo))
        old = load("mmdet2", document, mmdet2.Options(classes, test_mode=True))
        for view in (new, old):
            assert view.cat_ids == (18, 1, 17)
            assert view.cat2label == {18: 0, 1: 1, 17: 2}
            assert view.name_of(0) == ("cat" if classes else "person")


def test_a_category_twice() -> None:
    twice = doc(categories=categories((18, "dog"), (2, "dog"), (18, "person")))
    view = load("mmdet3", twice, mmdet3.Options(metainfo={"classes": ["dog", "person"]}))
    assert (view.cat_ids, view.cat2label) == ((18, 2, 18), {18: 2, 2: 1})
    assert load("detectron2", twice, UNFILTERED).cat2label == {2: 0, 18: 2}
    assert load("yolox", twice).cat2label == {2: 0, 18: 1}


def test_no_classes_are_all_and_one_text_is_searched(tmp_path: Path) -> None:
    document = doc(categories=categories((18, "dog"), (5, "thing"), (6, "hotdogs!")))
    assert load("mmdet3", document, mmdet3.Options(metainfo={"classes": ()})).cat_ids == (18, 5, 6)
    view = load("mmdet3", document, mmdet3.Options(metainfo={"classes": "hotdogs"}))
    assert (view.cat_ids, view.name_of(0)) == ((18,), "h")
    assert load("mmdet3", document, mmdet3.Options(metainfo={"CLASSES": ["thing"]})).cat_ids == (
        18,
    )
    (tmp_path / "names.txt").write_text("thing\ndog\n")
    named = str(tmp_path / "names.txt")
    new = load("mmdet3", document, mmdet3.Options(metainfo={"classes": named}))
    old = load("mmdet2", document, mmdet2.Options(classes=named, test_mode=True))
    assert new.classes == old.classes == ("thing", "dog")
    assert new.cat_ids == old.cat_ids == (18, 5)


def test_labels_of_the_others() -> None:
    document = doc(ann(1), categories=categories((18, "dog"), (1, "person")))
    labels = {name: load(name, document).samples[0].instances[0].label for name in LOADERS}
    assert labels == {
        "mmdet3": 0,
        "mmdet2": 0,
        "onedl": 0,
        **dict.fromkeys(DETRS, 18),
        "rfdetr": 1,
        "torchvision": 18,
        "torchvision2": 18,
        "transformers": 18,
        "detectron2": 1,
        "yolox": 1,
        "ultralytics": 16,
    }
    assert load("detectron2", document).name_of(1) == "dog"
    assert load("yolox", document).name_of(1) == "person"  # its names are in the file's order


VEHICLES = [
    {"id": 3, "name": "bus", "supercategory": "vehicle"},
    {"id": 1, "name": "vehicle", "supercategory": "none"},
    {"id": 2, "name": "car", "supercategory": "vehicle"},
]


def test_rfdetr_skips_parents_that_no_annotation_has() -> None:
    objects = [ann(1, category_id=3), ann(2, category_id=2), ann(3, category_id=1, iscrowd=1)]
    full = load("rfdetr", doc(*objects, categories=VEHICLES))
    assert (full.cat2label, full.classes) == ({1: 0, 2: 1, 3: 2}, ("vehicle", "car", "bus"))
    part = load("rfdetr", doc(*objects[:2], categories=VEHICLES))
    assert (part.cat2label, part.classes) == ({2: 0, 3: 1}, ("car", "bus"))
    shadowed = [ann(1, category_id=1), ann(1, category_id=2), objects[0] | {"id": 2}]
    assert load("rfdetr", doc(*shadowed, categories=VEHICLES)).cat2label == part.cat2label
    raw = load("rfdetr", doc(*objects, categories=VEHICLES), rfdetr.Options(mode="coco"))
    assert (raw.cat2label, [i.label for i in raw.samples[0].instances]) == ({}, [3, 2])
    for above in ("none", "null", "", None):
        flat = [{**c, "supercategory": above} for c in VEHICLES]
        assert load("rfdetr", doc(*objects[:2], categories=flat)).cat2label == full.cat2label
    names = [None, "a", "null", "b", "", "c", "none", "d"]
    no_groups = [
        {"id": i, "name": n, "supercategory": names[i // 2 * 2]} for i, n in enumerate(names)
    ]
    assert load("rfdetr", doc(categories=no_groups)).cat_ids == tuple(range(8))
    of_itself = [{"id": 1, "name": "person", "supercategory": "person"}, VEHICLES[2]]
    assert load("rfdetr", doc(categories=of_itself)).cat_ids == (1, 2)
    alone = (
        {"id": 1, "name": "a", "supercategory": "b"},
        {"id": 2, "name": "b", "supercategory": "a"},
    )
    assert load("rfdetr", doc(categories=list(alone))).cat_ids == (1, 2)  # not none at all


def test_rfdetr_sorts_images_before_it_numbers_categories() -> None:
    nameless = [{"id": 1, "supercategory": "a"}]
    for images, rule in (([image(1), image("a")], "unsortable-ids"), ([image(1)], "no-name")):
        with pytest.raises(LoaderError) as caught:
            load("rfdetr", doc(images=images, categories=nameless))
        assert caught.value.rule == rule


def test_other_splits_take_the_labels_of_train(tmp_path: Path, cli: Cli) -> None:
    name = "_annotations.coco.json"
    train, valid = tmp_path / "train" / name, tmp_path / "valid" / name
    for file, used in ((train, (1, 2, 3)), (valid, (2, 3))):
        file.parent.mkdir()
        objects = [ann(i, category_id=i) for i in used]
        file.write_text(json.dumps(doc(*objects, categories=VEHICLES)))
    found = rfdetr.Options().of_file(str(valid))
    assert Path(found.train_file) == train
    assert rfdetr.Options(train_file="x").of_file(str(valid)).train_file == "x"
    assert rfdetr.Options().of_file(str(train)) == rfdetr.Options()
    assert rfdetr.Options().of_file(str(valid.with_name("cut.json"))) == found
    assert rfdetr.Options().of_file(str(tmp_path / "part" / name)) == rfdetr.Options()
    document = json.loads(valid.read_text())
    assert load("rfdetr", document).cat2label == {2: 0, 3: 1}
    assert load("rfdetr", document, found).cat2label == {1: 0, 2: 1, 3: 2}
    assert rfdetr.Options.from_dump("test", (), found.for_framework()) == found
    shown = cli("explain", valid, "--image", "1", "--loader", "rfdetr")
    assert "\n         2  car          10.00, 10.00, 20.00, 20.00  1\n" in shown.out
    dumped = cli("dump", valid, "--loader", "rfdetr", "-o", "d.jsonl")
    assert dumped.code == 0, dumped.err
    same = cli("verify", valid, "--loader", "rfdetr", "--against", "d.jsonl")
    assert same.code == 0, same.out + same.err
    train.unlink()
    assert rfdetr.Options().of_file(str(valid)) == rfdetr.Options()
    assert load("rfdetr", document, found).cat2label == {2: 0, 3: 1}
    unlisted = {"categories": VEHICLES[1:2], "annotations": [{"category_id": 1}]}
    train.write_text(json.dumps(unlisted))
    with pytest.raises(LoaderError, match="not among the categories with a label"):
        load("rfdetr", document, found)


@pytest.mark.parametrize("kind", [rtdetr, dfine, deim])
def test_labels_by_the_table_of_coco(kind: Any) -> None:
    options = kind.Options.usual("test", ())
    name = kind.LOADER.name
    document = doc(ann(1), ann(2, category_id=90.0), ann(3, category_id=True))
    view = load(name, document, options)
    labels = [i.label for i in view.samples[0].instances]
    assert labels == [16, 79, 0]
    assert [view.name_of(label) for label in labels] == ["dog", "toothbrush", "person"]
    assert (view.cat_ids, view.cat2label) == ((1, 17, 18), {1: 0, 17: 15, 18: 16})
    assert sorted(rtdetr.CATEGORY2LABEL.values()) == list(range(80))
    for cat_id in (0, 12, 91, "18", None):
        with pytest.raises(LoaderError) as caught:
            load(name, doc(ann(1, category_id=cat_id, bbox=[0, 0, 0, 0])), options)
        assert (caught.value.exception, caught.value.rule) == ("KeyError", "not-of-coco")
        assert "turn remap_mscoco_category off" in caught.value.what
    listless = {k: v for k, v in doc(ann(1, category_id=[1])).items() if k != "categories"}
    with pytest.raises(LoaderError) as caught:
        load(name, listless, options)
    assert (caught.value.exception, caught.value.rule) == ("TypeError", "bad-category-id")
    off = kind.Options.every_image(())
    assert load(name, doc(ann(1, category_id=0)), off).samples[0].instances[0].label == 0
    assert load(name, document, off).classes == ()


def test_names_that_are_not_those_of_coco_are_found(tmp_path: Path, cli: Cli) -> None:
    document = doc(ann(1, category_id=2), categories=categories((2, "dog"), (1, "person")))
    (tmp_path / "own.json").write_text(json.dumps(document | {"info": {}}))
    ended = cli("verify", "own.json", "--loader", "rtdetr", "--json")
    [finding] = [f for f in json.loads(ended.out)["findings"] if f["code"] == "classes-unfit"]
    assert finding["details"] == [
        "rtdetr: label 1 is 'bicycle' by the class names, and 'dog' in the file"
    ]
    assert "turn remap_mscoco_category off" in finding["next"]
    off = ("--option", "remap_mscoco_category=false")
    assert cli("verify", "own.json", "--loader", "rtdetr", *off, "--json").code == 0


# ---- images and annotations


def test_order() -> None:
    document = doc(ann(1), images=[image(3), image(1), image(2)])
    order = {
        name: [s.img_id for s in load(name, document, _unfiltered(name)).samples]
        for name in LOADERS
    }
    sorts = {*LIKE_DETR, *RAW}
    sorts |= {"ultralytics"}  # by path
    assert order == {name: [1, 2, 3] if name in sorts else [3, 1, 2] for name in LOADERS}


def _unfiltered(name: str) -> LoaderOptions | None:
    return {"mmdet2": TEST2, "detectron2": UNFILTERED}.get(name)


@pytest.mark.parametrize("name", ALL)
def test_an_image_id_twice_takes_the_first_place_and_the_last_record(name: str) -> None:
    images = [image(1, file_name="old.jpg"), image(2), image(1.0 if name in MMDET else 1)]
    view = load(name, doc(ann(1), images=images), _unfiltered(name))
    assert (view.samples[0].img_id, len(view.samples)) == (1, 2)
    assert view.samples[0].img_path != "old.jpg"
    assert [(d.row, d.rule) for d in view.dropped] == [(0, "shadowed")]


@pytest.mark.parametrize("name", BY_COCO_API)
def test_the_last_record_of_an_annotation_id_speaks(name: str) -> None:
    """Even if it is another image's; and MMDetection sees no duplicate then."""
    view = load(name, doc(ann(1), ann(5), ann(5, image_id=9, bbox=[0, 0, 7, 7])))
    rows = [i.row for i in view.samples[0].instances]
    if name == "detectron2":
        assert (rows, rules(view)) == ([0, 1], {5: "unlisted-image"})
    else:
        assert rows == [0, 2]
        assert [(d.row, d.rule) for d in view.dropped] == [(1, "shadowed")]


def test_text_ids_are_looked_up_letter_by_letter() -> None:
    document = doc(
        *(ann(i, image_id=img_id) for i, img_id in enumerate(["1", "2", "12", "2"])),
        images=[image("1"), image("2"), image("12")],
    )
    view = load("torchvision", document)
    found = {s.img_id: (s.img_path, [i.ann_id for i in s.instances]) for s in view.samples}
    assert found == {
        "1": ("1.jpg", [0]),
        "12": ("1.jpg", [0, 1, 3]),
        "2": ("2.jpg", [1, 3]),
    }
    assert rules(view) == {2: "text-id"}
    assert ids(load("mmdet3", document)) == [0, 1, 3, 2]
    assert ids(load("yolox", document)) == []


@pytest.mark.parametrize("name", INTEGER)
def test_integers_are_made_of_image_ids(name: str) -> None:
    document = doc(
        ann(1, image_id="2"),
        ann(2, image_id=2.9),
        ann(3, image_id=10),
        ann(4, image_id="01"),
        ann(5, image_id="3"),
        images=[image("10"), image(2), image(True), image(1.5)],
    )
    view = load(name, document)
    found = [(s.img_id, s.img_path, [i.ann_id for i in s.instances]) for s in view.samples]
    assert found == [(1.5, "1.5.jpg", [4]), (2, "2.jpg", [1, 2]), ("10", "10.jpg", [3])]
    assert [(d.kind, d.row, d.rule) for d in view.dropped] == [
        ("image", 2, "shadowed"),
        ("annotation", 4, "unlisted-image"),
    ]
    assert load(name, document, only=["10"]).samples == view.samples[2:]
    for img_id, exception in (
        *(("000d68", "ValueError"), (NAN, "ValueError"), (INF, "OverflowError")),
        *((None, "TypeError"), ([1], "TypeError")),
    ):
        for broken in (doc(images=[image(img_id)]), doc(ann(1, image_id=img_id))):
            with pytest.raises(LoaderError) as caught:
                load(name, broken)
            assert (caught.value.exception, caught.value.rule) == (exception, "odd-id")
    for ann_id in ("1", True, 1.0):
        with pytest.raises(LoaderError, match="is not an integer") as caught:
            load(name, doc(ann(ann_id)))
        assert caught.value.exception == "TypeError"
        assert load(name, doc(ann(ann_id, image_id=9))).samples[0].instances == ()


def test_dino_loads_the_next_image_for_one_that_it_cannot_read(tmp_path: Path, cli: Cli) -> None:
    for img_id in (2, 4):
        (tmp_path / f"{img_id}.jpg").touch()
    images = [image(4), image(1), image(2), {"id": 3}]
    document = doc(*(ann(i, image_id=i) for i in (1, 2, 3, 4)), images=images)
    view = load("dino", document)
    assert [s.img_id for s in view.samples] == [1, 2, 4, 4]
    assert (image_rules(view), rules(view)) == ({3: "unreadable"}, {3: "unreadable"})
    view = load("dino", document, dino.Options(img_folder=str(tmp_path)))
    assert [s.img_id for s in view.samples] == [2, 2, 4, 4]
    assert view.samples[0].img_path == f"{tmp_path}/2.jpg"
    assert image_rules(view) == rules(view) == {1: "unreadable", 3: "unreadable"}
    (tmp_path / "2.jpg").unlink()
    with pytest.raises(LoaderError, match="there is no file") as caught:
        load("dino", document, dino.Options(img_folder=str(tmp_path)))
    assert (caught.value.exception, caught.value.rule) == ("FileNotFoundError", "no-file")
    (tmp_path / "in.json").write_text(json.dumps(doc(ann(1)) | {"info": {}}))
    ended = cli("verify", "in.json", "--loader", "dino")
    assert "image files are not looked for" in ended.out
    (tmp_path / "1.jpg").touch()
    ended = cli("verify", "in.json", "--loader", "dino", "--option", "img_folder=.")
    assert (ended.code, "not looked for" in ended.out) == (0, False)
    assert "the next image is loaded, and comes twice" in ended.out


def test_boxes() -> None:
    document = doc(ann(1, bbox=[-5.1, 40, 20.3, 20]))
    names = [name for name in LOADERS if name != "ultralytics"]  # which drops the image
    boxes = {name: load(name, document).samples[0].instances[0].box for name in names}
    corners = (-5.1, 40, -5.1 + 20.3, 60)
    assert boxes == {
        "mmdet3": corners,
        "onedl": corners,
        "mmdet2": (-5.099999904632568, 40.0, 15.199999809265137, 60.0),
        **dict.fromkeys(LIKE_DETR, (0.0, 40.0, 15.19999885559082, 48.0)),  # added in float32
        "torchvision": (-5.1, 40, 20.3, 20),
        "torchvision2": (-5.099999904632568, 40.0, 15.19999885559082, 60.0),
        "detectron2": (-5.1, 40, 20.3, 20),
        "yolox": (0, 40, 20.3, 48),  # the far corner moves with the near one
    }


def test_crowds_and_masks() -> None:
    mask = [[1, 2, 3, 4, 5, 6.5]]
    crowd = ann(1, iscrowd="0", segmentation={"counts": "x", "size": [48, 64]})
    document = doc(crowd, ann(2, segmentation=mask), ann(3, segmentation=[]))

    def told(view: View) -> list[Any]:
        return [(i.ann_id, i.label, i.ignore, i.mask) for i in view.samples[0].instances]

    rle = crowd["segmentation"]
    assert told(load("mmdet3", document)) == [
        (1, 2, True, rle),
        (2, 2, False, mask),
        (3, 2, False, None),
    ]
    assert told(load("mmdet2", document)) == [
        (2, 2, False, mask),
        (3, 2, False, []),
        (1, None, True, None),
    ]
    assert told(load("detectron2", document))[0] == (1, 2, True, rle)
    assert told(load("detr", document)) == [(2, 18, False, None), (3, 18, False, None)]
    document["annotations"].pop()  # which raises then
    assert told(load("detr", document, detr.Options(return_masks=True)))[0][3] == mask
    assert [i.mask for i in load("yolox", doc(ann(1, segmentation=mask))).samples[0].instances] == [
        None
    ]


ULTRALYTICS: list[tuple[list[dict[str, Any]], ultralytics.Options | None, str | None]] = [
    ([{"bbox": [54, 5, 21.2, 9]}], None, None),  # its center is at 1.009375
    ([{"bbox": [54, 5, 21.4, 9]}], None, "out-of-bounds"),
    ([{"bbox": [-5, 5, 9, 9]}], None, None),
    ([{"bbox": [-5.5, 5, 9, 9]}], None, "negative-label"),
    ([{"bbox": [NAN, 5, 9, 9]}], None, "out-of-bounds"),
    ([{"category_id": 0}], ultralytics.Options(cls91to80=False), "negative-label"),
    ([{"category_id": 1.5}], ultralytics.Options(cls91to80=False), "fractional-label"),
    ([{"category_id": 2.0}], ultralytics.Options(cls91to80=False), None),
    ([{"category_id": 19}], ultralytics.Options(cls91to80=False), "label-beyond-names"),
    ([{"category_id": 19}], ultralytics.Options(cls91to80=False, nc=19), None),
    ([{"category_id": 20}], None, "label-beyond-names"),
    ([{"category_id": 20}], ultralytics.Options(nc=80), None),
    ([{}, {"bbox": [99, 5, 9, 9]}], None, "out-of-bounds"),
]


def with_all(changes: list[dict[str, Any]]) -> dict[str, Any]:
    """A file with annotations like these."""
    return doc(*(ann(i, **c) for i, c in enumerate(changes)))


@pytest.mark.parametrize(("changes", "options", "rule"), ULTRALYTICS, ids=str)
def test_ultralytics_drops_a_whole_image(
    changes: list[dict[str, Any]], options: LoaderOptions | None, rule: str | None
) -> None:
    view = load("ultralytics", with_all(changes), options)
    kept = {} if rule is None else dict.fromkeys(range(len(changes)), rule)
    assert (rules(view), image_rules(view)) == (kept, {1: rule} if rule else {})
    assert len(view.samples) == (rule is None)


NAMED = [
    *("a.jpg", "a.png", "./a.jpg", "images/1.jpg", ".b.jpg", "../c.jpg", "/d.jpg", "jpg", "f.gif"),
]
FILES = doc(
    *(ann(i, image_id=i, bbox=[i, 5, 9, 9]) for i in range(1, 11)),
    images=[
        *(image(i, file_name=n) for i, n in enumerate(NAMED, 1)),
        *(image(10, width=9), {"id": 11}, image(12, file_name="z.jpg")),
    ],
)


@pytest.mark.parametrize(
    ("changes", "options", "reason"),
    [
        ([{}, {"bbox": [99, 5, 9, 9]}], None, "annotation 1: center x 1.61719, the limit is 1.01"),
        ([{"bbox": [-5.5, 5, 9, 9]}], None, "annotation 0: center x -0.015625, the limit is -0.01"),
        ([{"category_id": 0}], "raw", "annotation 0: label -1, the limit is 0"),
        ([{}, {"category_id": 1.5}], "raw", "annotation 1: label 0.5, no whole number"),
        ([{"category_id": 19}], "raw", "annotation 0: label 18, there are 18 names"),
    ],
    ids=str,
)
def test_ultralytics_says_for_which_annotation_an_image_is_dropped(
    changes: list[dict[str, Any]], options: str | None, reason: str, tmp_path: Path, cli: Cli
) -> None:
    document = with_all(changes)
    chosen = ultralytics.Options(cls91to80=False) if options else None
    [image_drop] = [d for d in load("ultralytics", document, chosen).dropped if d.kind == "image"]
    assert image_drop.reason == reason
    (tmp_path / "in.json").write_text(json.dumps(document | {"info": {}}))
    raw = ("--option", "cls91to80=false") if options else ()
    ended = cli("verify", "in.json", "--loader", "ultralytics", *raw)
    assert "warning: image-dropped: " in ended.out
    assert f"image 1: {image_drop.rule}, {reason}" in ended.out
    assert "skipped by" not in ended.out
    shown = cli("explain", "in.json", "--image", "1", "--loader", "ultralytics", *raw)
    assert f"drops image 1: {image_drop.rule}, {reason} (" in shown.out


def test_an_image_that_the_source_loses_too(tmp_path: Path, cli: Cli) -> None:
    for name in ("in.json", "source.json"):
        (tmp_path / name).write_text(json.dumps(with_all([{"bbox": [99, 5, 9, 9]}])))
    ended = cli("verify", "in.json", "--source", "source.json", "--loader", "ultralytics")
    assert "the limit is 1.01; so does the source" in ended.out


@pytest.mark.parametrize(
    ("loader", "cat_id", "options", "advice"),
    [
        ("ultralytics", 12, (), "--option cls91to80=false"),
        ("ultralytics", 95, (), "--option cls91to80=false"),
        ("ultralytics", 0, ("cls91to80=false",), "remap FILE --renumber --start 1"),
        ("rtdetr", 12, (), "--option remap_mscoco_category=false"),
        ("dfine", 12, (), "--option remap_mscoco_category=false"),
        ("deim", 12, (), "--option remap_mscoco_category=false"),
        (
            "torchvision2",
            1,
            ("target_keys=image_id,boxes",),
            '["image_id", "boxes"]',
        ),
    ],
    ids=str,
)
def test_advice_names_the_option(
    loader: str, cat_id: int, options: tuple[str, ...], advice: str, tmp_path: Path, cli: Cli
) -> None:
    document = doc(ann(1, category_id=cat_id), categories=categories((cat_id, "a"), (2, "b")))
    (tmp_path / "in.json").write_text(json.dumps(document))
    chosen = [text for option in options for text in ("--option", option)]
    ended = cli("verify", "in.json", "--loader", loader, *chosen)
    assert ended.code == 1
    assert advice in ended.out


def test_the_wrapper_has_a_note_on_images_without_objects(tmp_path: Path, cli: Cli) -> None:
    (tmp_path / "in.json").write_text(json.dumps(doc(ann(1))))
    note = "the target of an image without annotations has one key, image_id"
    assert note in cli("verify", "in.json", "--loader", "torchvision2").out
    shown = cli("explain", "in.json", "--image", "1", "--loader", "torchvision2")
    assert note not in shown.out
    (tmp_path / "in.json").write_text(json.dumps(doc()))
    shown = cli("explain", "in.json", "--image", "1", "--loader", "torchvision2")
    assert f"note: torchvision2: {note}" in shown.out


def test_ultralytics_files() -> None:
    """Images share label files and files; some are never found, or not with their labels."""
    view = load("ultralytics", FILES)
    found = {s.img_path: [i.ann_id for i in s.instances] for s in view.samples}
    assert found == {"a.jpg": [1, 2, 3], "a.png": [1, 2, 3], "images/1.jpg": [], "z.jpg": []}
    assert [s.img_path for s in view.samples] == list(found)
    unfound = dict.fromkeys((5, 6, 7, 8, 9, 11), "no-image-file")
    assert image_rules(view) == {3: "same-file", **unfound, 10: "small-image"}
    del unfound[11]
    assert rules(view) == {4: "labels-lost", **unfound, 10: "small-image"}


NEAR = doc(
    ann(9, bbox=[1 / 3, 5, 40, 10]),
    *(ann(i, bbox=[5, 5, 20.5, h]) for i, h in enumerate([8 + 1e-5, 8, 8])),
)


def test_ultralytics_reads_six_digits() -> None:
    """Objects that differ in the seventh are one; then the others are sorted."""
    view = load("ultralytics", NEAR)
    [sample] = view.samples
    assert [i.ann_id for i in sample.instances] == [0, 9]
    x, y, right, bottom = sample.instances[1].box
    assert (x, y, right, bottom) != (1 / 3, 5, 1 / 3 + 40, 15)
    assert (x, y, right, bottom) == pytest.approx((1 / 3, 5, 1 / 3 + 40, 15), abs=64e-6)
    assert rules(view) == {1: "duplicate", 2: "duplicate"}


def test_ultralytics_names() -> None:
    table = load("ultralytics", doc(categories=categories((0, "none"), (13, "sign"), (1, "man"))))
    assert table.cat2label == {13: 11, 1: 0}
    assert (table.classes[0], table.classes[11], set(table.classes[1:11])) == ("man", "sign", {""})
    raw = ultralytics.Options(cls91to80=False)
    numbered = doc(categories=categories((2, "b"), (0, "none"), (1, "a")))
    view = load("ultralytics", numbered, raw)
    assert (view.classes, view.cat2label) == (("a", "b"), {2: 1, 0: -1, 1: 0})
    odd = doc(categories=[5, {"name": "a"}, {"id": "1", "name": "b"}, {"id": 10**9, "name": "c"}])
    assert load("ultralytics", odd, raw).classes == ()


def test_torchvision_passes_on_what_is_unusable() -> None:
    caption = {"id": 1, "image_id": 1, "caption": "a dog"}
    document = {
        "images": [image(1)],
        "annotations": [caption, {**caption, "id": 2, "bbox": [1, "2"]}],
    }
    assert [(i.box, i.label) for i in load("torchvision", document).samples[0].instances] == [
        ((), None),
        ((), None),
    ]


# ---- filters and paths


def test_filters_go_by_raw_records_of_taken_categories() -> None:
    document = doc(
        ann(1, image_id=2, category_id=77),
        ann(2, image_id=3, iscrowd=1),
        ann(3, image_id=4, bbox=[0, 0, 0, 0]),
        ann(4, image_id=5),
        images=[image(1), image(2), image(3), image(4), image(5, height=31), image(6)],
    )
    gone = {1: "filter_empty_gt", 2: "filter_empty_gt", 5: "min_size", 6: "filter_empty_gt"}
    for view in (load("mmdet3", document, TRAIN), load("mmdet2", document)):
        assert [s.img_id for s in view.samples] == [3, 4]
        assert image_rules(view) == gone
        expected = {1: "filter_empty_gt", 3: "outside", 4: "min_size"}
        if view.loader == "mmdet3":  # it reads annotations before it filters
            expected[1] = "category-not-taken"
        assert rules(view) == expected
    for options in (mmdet3.Options(), mmdet3.Options(test_mode=True, filter_cfg=TRAIN.filter_cfg)):
        assert len(load("mmdet3", document, options).samples) == 6
    assert len(load("mmdet2", document, TEST2).samples) == 6
    large = mmdet3.Options(filter_cfg=mmdet3.FilterCfg(min_size=32))
    assert image_rules(load("mmdet3", document, large)) == {5: "min_size"}
    kept = load("mmdet2", document, mmdet2.Options(filter_empty_gt=False))
    assert image_rules(kept) == {5: "min_size"}


def test_detectron2_filters_what_is_left() -> None:
    document = doc(
        ann(1, segmentation=[[1, 2]]),
        ann(2, image_id=2, iscrowd=1),
        ann(3, image_id=3),
        images=[image(1), image(2), image(3), image(4)],
    )
    view = load("detectron2", document)
    assert image_rules(view) == dict.fromkeys((1, 2, 4), "filter_empty")
    assert rules(view) == {1: "no-valid-polygon", 2: "filter_empty"}
    assert len(load("detectron2", document, UNFILTERED).samples) == 4


PICKED: list[tuple[Any, list[int]]] = [
    *((2, [3, 1]), (99, [3, 1, 4]), (-1, [4]), ([2, 0, 0], [4, 3, 3]), ([-1], [4]), (0, [])),
]
PICKED_OF = doc(
    *(ann(i, image_id=i) for i in (1, 3, 4)), images=[image(2), image(3), image(1), image(4)]
)


def picking(indices: Any) -> mmdet3.Options:
    return mmdet3.Options(filter_cfg=TRAIN.filter_cfg, indices=indices, serialize_data=False)


@pytest.mark.parametrize(("indices", "expected"), PICKED, ids=str)
def test_indices_come_after_the_filter(indices: Any, expected: list[int]) -> None:
    view = load("mmdet3", PICKED_OF, picking(indices))
    assert [s.img_id for s in view.samples] == expected
    gone = dict.fromkeys({1, 3, 4} - set(expected), "indices")
    assert image_rules(view) == {2: "filter_empty_gt"} | gone
    assert rules(view) == gone


SKIPPED = doc(
    *(ann(i, image_id=i) for i in (1, 2)),
    images=[image(1, file_name="x/patch16/objects365_v2_00908726.jpg"), image(2)],
)
SKIPPING: dict[str, LoaderOptions] = {
    "mmdet3": mmdet3.Options({"classes": ("dog",)}, type="Objects365V2Dataset"),
    "mmdet2": mmdet2.Options(("dog",), type="Objects365V2Dataset", test_mode=True),
    "onedl": onedl.Options({"classes": ("dog",)}, type="Objects365V2Dataset"),
}


@pytest.mark.parametrize("name", SKIPPING)
def test_objects365_skips_images_without_a_file(name: str) -> None:
    view = load(name, SKIPPED, SKIPPING[name])
    assert [s.img_id for s in view.samples] == [2]
    assert image_rules(view) == rules(view) == {1: "objects365-missing"}


def test_paths() -> None:
    document = doc(ann(1))
    options: dict[str, LoaderOptions] = {
        "mmdet3": mmdet3.Options(data_prefix={"img": "root"}),
        "mmdet2": mmdet2.Options(img_prefix="root"),
        "onedl": onedl.Options(data_prefix={"img": "root"}),
        "detr": detr.Options(img_folder="root"),
        "rfdetr": rfdetr.Options(img_folder="root"),
        "rtdetr": rtdetr.Options(img_folder="root"),
        "dfine": dfine.Options(img_folder="root"),
        "deim": deim.Options(img_folder="root"),
        "torchvision": torchvision.Options(root="root"),
        "torchvision2": torchvision2.Options(root="root"),
        "transformers": transformers.Options(root="root"),
        "detectron2": detectron2.Options(image_root="root"),
    }
    for name, chosen in options.items():
        assert load(name, document, chosen).samples[0].img_path == "root/1.jpg", name
    assert load("mmdet2", document, mmdet2.Options(img_prefix=None)).samples[0].img_path == "1.jpg"
    nameless = doc(images=[{"id": 1, "width": 64, "height": 48}])
    assert load("yolox", nameless).samples[0].img_path == "000000000001.jpg"


def test_sizes() -> None:
    document = doc(ann(1), images=[image(1, width=64.5)])
    sizes = {name: load(name, document).samples[0] for name in LOADERS}
    assert {name: (s.height, s.width) for name, s in sizes.items()} == {
        **dict.fromkeys(LOADERS, (48, 64.5)),
        "torchvision": (None, None),
    }
    bare = doc(ann(1, bbox=[-1, -1, 99, 99]), images=[{"id": 1, "file_name": "a.jpg"}])
    assert load("detr", bare).samples[0].instances[0].box == (0, 0, 98, 98)  # nothing to clip to
    with pytest.raises(LoaderError):
        load("mmdet2", bare, TEST2)
    nothing = {**bare, "annotations": []}
    assert load("mmdet2", nothing, TEST2).samples[0].width is None


# ---- for all loaders


def test_names_and_options() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'mmdet3'"):
        load("mmdet-3", doc())
    with pytest.raises(UnknownNameError, match="there are: mmdet3, deim, "):
        load("keras", doc())
    with pytest.raises(TypeError, match="options of mmdet2"):
        load("mmdet2", doc(), yolox.Options())


def _loaded(name: str, document: Any, only: Any = None) -> View | tuple[str, str]:
    document = json.loads(json.dumps(document))
    before = repr(document)
    try:
        return load(name, document, {"mmdet3": TRAIN, "onedl": FORK_TRAIN}.get(name), only)
    except LoaderError as error:
        return error.exception, error.rule
    finally:
        assert repr(document) == before


@pytest.mark.parametrize("name", ALL)
def test_only_some_images_are_those_of_the_whole_view(name: str) -> None:
    met = set[str]()

    def same(document: Any) -> None:
        whole = _loaded(name, document)
        only = set(range(0, 10, 2)) | {"1", "2", "12"}
        part = _loaded(name, document, only)
        if not isinstance(whole, View) or not isinstance(part, View):
            assert part == whole
            return
        met.update(d.rule for d in whole.dropped)
        assert repr(part.samples) == repr(tuple(s for s in whole.samples if s.img_id in only))
        assert part.dropped == tuple(d for d in whole.dropped if d.img_id in only)
        assert (part.cat_ids, part.cat2label) == (whole.cat_ids, whole.cat2label)

    for document in changed_usual()[:: 1 if THOROUGH else 3]:
        same(document)  # hypothesis would print each of them first
    examples(100)(given(documents())(same))()
    of_options = {"indices", "objects365-missing", "labels-lost", "same-file", "fractional-label"}
    rules = {rule.name for rule in LOADERS[name].rules} - of_options
    assert met == rules if THOROUGH else met <= rules


def test_a_file_is_indexed_once_to_explain_an_image(monkeypatch: pytest.MonkeyPatch) -> None:
    lists = []

    def counted(records: Any, kind: str) -> Any:
        lists.append(kind)
        return rows_by_id(records, kind)

    rows_by_id = index._by_id
    monkeypatch.setattr(index, "_by_id", counted)
    found = explain(
        doc(ann(1), ann(2, area=0)), 1, {name: {} for name in ALL}, ("person", "cat", "dog")
    )
    assert lists == ["images", "categories"]
    heads = [(e.setting.loader, e.setting.named_mode) for e in found]
    assert heads == [
        (name, mode)
        for name, loader in LOADERS.items()
        for mode in (loader.modes if loader.has_modes else (None,))
    ]


def test_an_explanation_names_objects_and_rules() -> None:
    [train, test] = explain(
        doc(ann(1), ann(2, area=0)), 1, {"mmdet3": {}}, ("person", "cat", "dog")
    )
    [rule] = [r for r in LOADERS["mmdet3"].rules if r.name == "no-area"]
    rows = {0: ann(1), 1: ann(2, area=0)}
    assert explanation_lines([train, test], rows, {18: "dog"}) == [
        "annotation  in the file  x, y, width, height         mmdet3",
        "         1  dog          10.00, 10.00, 20.00, 20.00  2",
        "         2  dog          10.00, 10.00, 20.00, 20.00  no-area",
        "",
        "mmdet3: loads 1 object",
        f"drops annotation 2: no-area, {rule.what}",
        f"  in mmdet3 [{rule.source}]",
        "boxes: corners (x1, y1, x2, y2)",
    ]
    assert train.fields() == {
        "loader": "mmdet3",
        "mode": "train",
        "loads": [
            {"annotation": 1, "label": 2, "name": "dog", "box": [10, 10, 30, 30], "ignore": False}
        ],
        "drops": [
            {"kind": "annotation", "id": 2}
            | {"rule": "no-area", "what": rule.what, "source": rule.source}
        ],
    }
    [small, whole] = explain(doc(images=[image(1)]), 1, {"mmdet3": {}}, ())
    assert explanation_lines([small], {}, {})[0].startswith("mmdet3 train: raises ValueError (")
    assert small.fields()["raises"] != whole.fields()["loads"] == []
    [missing] = explain(doc(), 7, {"yolox": {}}, ())
    assert explanation_lines([missing], {}, {}) == ["yolox: does not load the image"]
    assert missing.fields()["loads"] is None


# ---- documentation


def table(loader: Loader) -> str:
    """The section of a loader in the documentation, from its rules."""

    def rows(head: str, rules: tuple[Rule, ...]) -> list[str]:
        lines = [f"| `{r.name}` | {r.what} | `{r.source}` |" for r in rules]
        return [f"| {head} | | read in |", "| --- | --- | --- |", *lines, ""]

    title = [f"### `{loader.name}`: {loader.title} ({loader.version})", ""]
    return "\n".join([*title, *rows("drops", loader.rules), *rows("raises", loader.errors)]).rstrip(
        "\n"
    )


def documented(text: str, make: Callable[[Loader], str]) -> str:
    """Return the documentation with the loaders' sections made again."""
    head, _, _ = text.partition("### `")
    return head + "\n\n".join(make(loader) for loader in LOADERS.values()) + "\n"


def test_the_documentation_has_each_rule() -> None:
    text = DOCUMENTATION.read_text()
    assert text == documented(text, table), "python tests/test_loaders.py writes it again"


if __name__ == "__main__":
    DOCUMENTATION.write_text(documented(DOCUMENTATION.read_text(), table))
