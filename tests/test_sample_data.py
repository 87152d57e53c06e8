"""The sample data is what it promises to be, and what is drawn is what is annotated."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import conftest
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

ROOT = Path(__file__).parent.parent / "sample_data"
SCRIPT = ROOT / "draw.py"
ANNOTATIONS = ROOT / "annotations" / "instances_sample2017.json"
DETECTIONS = ROOT / "detections_sample2017.json"
IMAGES = ROOT / "sample2017"

MIB = 1024 * 1024
# how far from its category's color an object may be seen, in levels of 255: JPEG keeps an
# object's mean, but lets single pixels near a sharp edge ring
MEAN_TOLERANCE = 6
PIXEL_TOLERANCE = 64
PALE = 150  # all channels of a background are lighter than this, some channel of an object darker
MARGIN = 3  # pixels from an edge, for what is "well" inside or outside

Entry = dict[str, Any]
Mask = NDArray[np.bool_]


# pycocotools 2.0.11 decodes masks in a way that NumPy 2 advises against
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)


def is_tiny(annotation: Entry) -> bool:
    return bool(min(annotation["bbox"][2:]) < 1)


@dataclass(frozen=True)
class Sample:
    """The annotation file, with what the tests ask of it."""

    text: str

    @cached_property
    def index(self) -> dict[str, Any]:
        index: dict[str, Any] = json.loads(self.text)
        return index

    @property
    def images(self) -> list[Entry]:
        return list(self.index["images"])

    @property
    def annotations(self) -> list[Entry]:
        return list(self.index["annotations"])

    @property
    def categories(self) -> list[Entry]:
        return list(self.index["categories"])

    @property
    def crowds(self) -> list[Entry]:
        return [annotation for annotation in self.annotations if annotation["iscrowd"]]

    @property
    def things(self) -> list[Entry]:
        return [annotation for annotation in self.annotations if not annotation["iscrowd"]]

    @cached_property
    def image_by_id(self) -> dict[int, Entry]:
        return {image["id"]: image for image in self.images}

    @cached_property
    def by_image(self) -> dict[int, list[Entry]]:
        """Annotations by image id, of images without any too."""
        found: dict[int, list[Entry]] = {number: [] for number in self.image_by_id}
        for annotation in self.annotations:
            found[annotation["image_id"]].append(annotation)
        return found

    def is_inside(self, annotation: Entry) -> bool:
        """Whether the box lies wholly in the image."""
        left, top, width, height = annotation["bbox"]
        image = self.image_by_id[annotation["image_id"]]
        return bool(
            left >= 0
            and top >= 0
            and left + width <= image["width"]
            and top + height <= image["height"]
        )

    def rle(self, annotation: Entry) -> Any:
        """The annotation's mask, as pycocotools holds it."""
        image = self.image_by_id[annotation["image_id"]]
        shapes = coco_mask.frPyObjects(annotation["segmentation"], image["height"], image["width"])
        return coco_mask.merge(shapes) if isinstance(shapes, list) else shapes

    def mask(self, annotation: Entry) -> Mask:
        return np.asarray(coco_mask.decode(self.rle(annotation)), dtype=np.bool_)


@pytest.fixture(scope="module")
def sample() -> Sample:
    return Sample(ANNOTATIONS.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return conftest.script(SCRIPT)


def eroded(mask: Mask) -> Mask:
    """What of the mask lies further than MARGIN pixels from its edge and the image's."""
    wide = grown(np.pad(~mask, MARGIN, constant_values=True))
    return ~wide[MARGIN:-MARGIN, MARGIN:-MARGIN]


def grown(mask: Mask) -> Mask:
    """The mask and everything within MARGIN pixels of it."""
    wide = Image.fromarray(mask.astype(np.uint8)).filter(ImageFilter.MaxFilter(2 * MARGIN + 1))
    return np.asarray(wide, dtype=np.bool_)


def seen(image: Entry) -> NDArray[np.int16]:
    """The drawn pixels."""
    with Image.open(IMAGES / image["file_name"]) as drawn:
        return np.asarray(drawn.convert("RGB"), dtype=np.int16)


# -- The file ------------------------------------------------------------------------------------


def test_drawing_again_gives_the_same_bytes(tmp_path: Path) -> None:
    subprocess.run([sys.executable, SCRIPT, "--text-only", tmp_path], check=True)
    assert {path.name for path in tmp_path.iterdir()} == {ANNOTATIONS.name, DETECTIONS.name}
    for path in (ANNOTATIONS, DETECTIONS):
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


def test_it_is_written_as_coco_writes_it(sample: Sample) -> None:
    assert sample.text == json.dumps(sample.index)
    assert "\n" not in sample.text
    assert list(sample.index) == ["info", "licenses", "images", "annotations", "categories"]
    assert list(sample.index["info"]) == [
        *("description", "url", "version", "year", "contributor", "date_created")
    ]
    assert "sample_data/draw.py" in sample.index["info"]["description"]
    assert "ynthetic" in sample.index["info"]["description"]
    assert all(list(entry) == ["url", "id", "name"] for entry in sample.index["licenses"])
    assert all(list(entry) == ["supercategory", "id", "name"] for entry in sample.categories)
    assert all(
        list(image)
        == [
            *("license", "file_name", "coco_url", "height", "width"),
            *("date_captured", "flickr_url", "id"),
        ]
        for image in sample.images
    )
    keys = ["segmentation", "area", "iscrowd", "image_id", "bbox", "category_id", "id"]
    for annotation in sample.annotations:
        assert list(annotation) == [*keys, *(["ignore"] if "ignore" in annotation else [])]


def test_every_reference_is_to_something_there(sample: Sample) -> None:
    categories = {category["id"] for category in sample.categories}
    licenses = {entry["id"] for entry in sample.index["licenses"]}
    assert all(annotation["category_id"] in categories for annotation in sample.annotations)
    assert all(annotation["image_id"] in sample.image_by_id for annotation in sample.annotations)
    assert all(image["license"] in licenses for image in sample.images)


def test_numbers_have_two_decimals_at_most(sample: Sample) -> None:
    for annotation in sample.things:
        flat = [value for polygon in annotation["segmentation"] for value in polygon]
        for value in (*flat, *annotation["bbox"], annotation["area"]):
            assert value == round(value, 2)


def test_the_folder_is_small() -> None:
    assert sum(path.stat().st_size for path in ROOT.rglob("*") if path.is_file()) <= 3 * MIB


# -- Images --------------------------------------------------------------------------------------


def test_there_are_128_images_with_ids_like_cocos(sample: Sample) -> None:
    ids = [image["id"] for image in sample.images]
    assert len(ids) == len(set(ids)) == 128
    assert all(0 < number < 1_000_000 for number in ids)
    assert all(image["file_name"] == f"{image['id']:012d}.jpg" for image in sample.images)


def test_the_image_files_are_those_of_the_annotations(sample: Sample) -> None:
    assert {path.name for path in IMAGES.iterdir()} == {i["file_name"] for i in sample.images}
    for image in sample.images:
        with Image.open(IMAGES / image["file_name"]) as drawn:
            assert drawn.size == (image["width"], image["height"])


def test_image_sizes_vary(sample: Sample) -> None:
    sizes = {(image["width"], image["height"]) for image in sample.images}
    assert len(sizes) >= 8
    assert any(width > height for width, height in sizes)
    assert any(width < height for width, height in sizes)
    assert max(max(size) for size in sizes) <= 320
    assert sum(min(image["width"], image["height"]) < 32 for image in sample.images) == 2
    assert sum(min(image["width"], image["height"]) == 32 for image in sample.images) == 1


def test_the_order_of_the_file_is_not_that_of_the_ids(sample: Sample) -> None:
    images = [image["id"] for image in sample.images]
    annotations = [annotation["id"] for annotation in sample.annotations]
    by_file = [annotation["image_id"] for annotation in sample.annotations]
    assert images != sorted(images)
    assert annotations != sorted(annotations)
    changes = sum(one != next_one for one, next_one in pairwise(by_file))
    assert changes > 2 * len(set(by_file))  # grouped by image: fewer than there are images


# -- Categories ----------------------------------------------------------------------------------


def test_the_categories_are_cocos(sample: Sample) -> None:
    ids = [category["id"] for category in sample.categories]
    holes = {12, 26, 29, 30, 45, 66, 68, 69, 71, 83}
    assert ids == [number for number in range(1, 91) if number not in holes]
    assert len(ids) == 80
    known = {
        1: "person",
        11: "fire hydrant",
        13: "stop sign",
        16: "bird",
        25: "giraffe",
        27: "backpack",
        34: "frisbee",
        44: "bottle",
        52: "banana",
        62: "chair",
        67: "dining table",
        70: "toilet",
        72: "tv",
        78: "microwave",
        82: "refrigerator",
        84: "book",
        90: "toothbrush",
    }
    names = {category["id"]: category["name"] for category in sample.categories}
    assert {number: names[number] for number in known} == known
    assert len(set(names.values())) == 80
    kinds = Counter(category["supercategory"] for category in sample.categories)
    assert list(kinds.items()) == [
        ("person", 1),
        ("vehicle", 8),
        ("outdoor", 5),
        ("animal", 10),
        ("accessory", 5),
        ("sports", 10),
        ("kitchen", 7),
        ("food", 10),
        ("furniture", 6),
        ("electronic", 6),
        ("appliance", 5),
        ("indoor", 7),
    ]


def test_objects_are_of_many_categories(sample: Sample) -> None:
    used = {annotation["category_id"] for annotation in sample.annotations}
    assert 40 <= len(used) < 80
    assert sum(number >= 13 for number in used) >= 40


def test_every_category_has_a_look_of_its_own(script: ModuleType) -> None:
    assert len({(category.shape, category.color) for category in script.CATEGORIES}) == 80


# -- Annotations ---------------------------------------------------------------------------------


def test_annotation_ids_are_unique_and_not_zero(sample: Sample) -> None:
    ids = [annotation["id"] for annotation in sample.annotations]
    assert len(ids) == len(set(ids))
    assert min(ids) > 0


def test_ten_images_have_no_annotations(sample: Sample) -> None:
    assert sum(not annotations for annotations in sample.by_image.values()) == 10


def test_an_image_has_only_crowds_and_another_only_tiny_or_ignored(sample: Sample) -> None:
    full = [annotations for annotations in sample.by_image.values() if annotations]
    assert any(all(each["iscrowd"] for each in annotations) for annotations in full)
    assert any(
        all(is_tiny(each) or each.get("ignore") for each in annotations) for annotations in full
    )


def test_a_few_boxes_are_under_one_pixel(sample: Sample) -> None:
    tiny = [annotation for annotation in sample.annotations if is_tiny(annotation)]
    assert len(tiny) == 6
    assert all(annotation["area"] > 0 for annotation in tiny)
    assert any(max(annotation["bbox"][2:]) < 1 for annotation in tiny)
    assert any(max(annotation["bbox"][2:]) > 1 for annotation in tiny)


def test_a_few_boxes_are_partly_but_none_wholly_outside(sample: Sample) -> None:
    outside = [annotation for annotation in sample.things if not sample.is_inside(annotation)]
    assert len(outside) == 6
    for annotation in outside:
        left, top, width, height = annotation["bbox"]
        image = sample.image_by_id[annotation["image_id"]]
        assert min(left + width, image["width"]) - max(left, 0) > 1
        assert min(top + height, image["height"]) - max(top, 0) > 1


def test_a_few_annotations_are_to_be_ignored(sample: Sample) -> None:
    ignored = [annotation for annotation in sample.annotations if "ignore" in annotation]
    assert len(ignored) == 6
    assert all(annotation["ignore"] == 1 for annotation in ignored)


def test_crowds_are_uncompressed_masks_that_agree_with_box_and_area(sample: Sample) -> None:
    assert len(sample.crowds) == 8
    for annotation in sample.crowds:
        image = sample.image_by_id[annotation["image_id"]]
        segmentation = annotation["segmentation"]
        assert list(segmentation) == ["counts", "size"]
        assert segmentation["size"] == [image["height"], image["width"]]
        assert all(isinstance(count, int) for count in segmentation["counts"])
        assert sum(segmentation["counts"]) == image["height"] * image["width"]
        rle = sample.rle(annotation)
        assert coco_mask.area(rle) == annotation["area"]
        assert coco_mask.toBbox(rle).tolist() == annotation["bbox"]


def test_box_and_area_are_those_of_the_polygons(sample: Sample) -> None:
    for annotation in sample.things:
        parts = [np.array(part).reshape(-1, 2) for part in annotation["segmentation"]]
        corners = np.concatenate(parts)
        low, size = corners.min(axis=0), np.ptp(corners, axis=0)
        assert annotation["bbox"] == pytest.approx([*low, *size], abs=1e-9)
        area = 0.0
        for x, y in (part.T for part in parts):
            area += abs(float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))) / 2
        assert annotation["area"] == pytest.approx(area, abs=0.00501)


def test_polygon_masks_fill_their_boxes(sample: Sample) -> None:
    """Rasterized by pycocotools, a polygon inside the image reaches its box to within a pixel."""
    for annotation in sample.things:
        if not is_tiny(annotation) and sample.is_inside(annotation):
            left, top, width, height = coco_mask.toBbox(sample.rle(annotation))
            box = annotation["bbox"]
            assert (left, top) == pytest.approx(box[:2], abs=1)
            assert (left + width, top + height) == pytest.approx(
                (box[0] + box[2], box[1] + box[3]), abs=1
            )


def test_objects_do_not_overlap(sample: Sample) -> None:
    for those in sample.by_image.values():
        if those:
            masks = [sample.mask(annotation) for annotation in those]
            assert np.sum(masks, axis=0).max() <= 1


# -- Drawn and annotated are the same ------------------------------------------------------------


def test_inside_an_annotated_mask_is_the_color_of_its_category(
    sample: Sample, script: ModuleType
) -> None:
    colors = {category.id: category.color for category in script.CATEGORIES}
    checked = 0
    chosen = list(sample.by_image.items())[:: 1 if conftest.THOROUGH else 4]
    for number, those in chosen:
        pixels = seen(sample.image_by_id[number])
        for annotation in those:
            inner = pixels[eroded(sample.mask(annotation))]
            if len(inner):
                off = inner - np.array(colors[annotation["category_id"]])
                assert np.abs(off.mean(axis=0)).max() <= MEAN_TOLERANCE, annotation["id"]
                assert np.abs(off).max() <= PIXEL_TOLERANCE, annotation["id"]
                checked += 1
    assert checked > 0.9 * sum(len(those) for _, those in chosen)


def test_outside_all_annotated_masks_is_nothing_but_pale_background(sample: Sample) -> None:
    for number, those in list(sample.by_image.items())[:: 1 if conftest.THOROUGH else 4]:
        pixels = seen(sample.image_by_id[number])
        covered = np.zeros(pixels.shape[:2], dtype=np.bool_)
        for annotation in those:
            covered |= sample.mask(annotation)
            if is_tiny(annotation):  # too thin for a mask, yet visible
                left, top, width, height = annotation["bbox"]
                covered[
                    int(top) : int(top + height) + 1,
                    int(left) : int(left + width) + 1,
                ] = True
        background = pixels[~grown(covered)]
        assert background.min() >= PALE, number


def test_colors_are_told_apart(script: ModuleType) -> None:
    for one, other in combinations(script.COLORS, 2):
        assert max(abs(a - b) for a, b in zip(one, other, strict=True)) > 4 * MEAN_TOLERANCE
    assert all(min(color) < PALE / 2 for color in script.COLORS)
    assert all(min(pale) > PALE + PIXEL_TOLERANCE // 2 for pale in (*script.SKIES, *script.GROUNDS))


# -- The detections ------------------------------------------------------------------------------


def test_detections_are_of_the_sample_and_within_its_images(sample: Sample) -> None:
    found = json.loads(DETECTIONS.read_bytes())
    categories = {category["id"] for category in sample.categories}
    for detection in found:
        assert list(detection) == ["image_id", "category_id", "bbox", "score"]
        assert detection["category_id"] in categories
        assert 0 < detection["score"] < 1
        image, (x, y, w, h) = sample.image_by_id[detection["image_id"]], detection["bbox"]
        assert min(x, y) >= 0
        assert min(w, h) > 0
        assert x + w <= image["width"] + 1e-9
        assert y + h <= image["height"] + 1e-9


def test_detections_score_as_those_of_a_fair_detector(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Some objects are missed, some boxes are where nothing is, and the best scores are right."""
    truth = COCO(str(ANNOTATIONS))
    evaluated = COCOeval(truth, truth.loadRes(str(DETECTIONS)), "bbox")
    evaluated.evaluate()
    evaluated.accumulate()
    evaluated.summarize()
    capsys.readouterr()
    mean, at_half, *_ = evaluated.stats
    assert 0.4 < mean < 0.7 < at_half < 0.9
    images = [image for image in evaluated.evalImgs if image and image["aRng"][1] > 1e9]
    first = 0  # of the thresholds: an IoU of one half
    matched = sum(int((image["dtMatches"][first] > 0).sum()) for image in images)
    wrong = sum(int((image["dtMatches"][first] == 0).sum()) for image in images)
    missed = sum(int((image["gtMatches"][first] == 0).sum()) for image in images)
    assert min(matched, wrong, missed) > 50
