"""Draw the sample data: scenes of plain shapes, annotations in COCO's own layout, detections.

What is drawn is what is annotated: each object is painted from the very vertices, or the very
pixels, that the annotation file holds, and no two objects of a scene overlap. Where a crowd's
members overlap each other, they are one mask.

All geometry is counted in hundredths of a pixel, as whole numbers, and all chance comes from
``random.Random.random``, whose sequence Python promises to keep: so every machine writes the
same annotation bytes. (The bytes of the JPEGs may differ between versions of Pillow.)

    python sample_data/draw.py                        redraw everything, in place
    python sample_data/draw.py --text-only FOLDER     write both JSON files to FOLDER, and no image

The detections are those of no detector: boxes near the annotated ones, some objects missed, some
found twice, some of another category, and some where nothing is.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from PIL import Image

T = TypeVar("T")
Point = tuple[int, int]
Polygon = tuple[Point, ...]
Color = tuple[int, int, int]

FOLDER = Path(__file__).parent
ANNOTATIONS = FOLDER / "annotations" / "instances_sample2017.json"
DETECTIONS = FOLDER / "detections_sample2017.json"
IMAGES = FOLDER / "sample2017"
ADDRESS = "http://example.org"
SEED = 2017

PIXEL = 100  # hundredths
GAP = 3 * PIXEL  # between the boxes of two objects, at least
SMALLEST = 9 * PIXEL  # length of a side, but for objects meant to be tiny
OVERSAMPLING = 4  # an image is drawn this much larger, then averaged, for smooth edges
SOFTNESS = 0.6  # radius of a blur in pixels: sharp edges make large files
# JPEG's divisors of the frequencies in 8 x 8 pixels, the same for brightness and color
DIVISORS = [min(8 + 8 * (place // 8 + place % 8), 255) for place in range(64)]


# -- Categories and how they look ----------------------------------------------------------------


@dataclass(frozen=True)
class Category:
    """One of COCO's 80 categories, and its look: polygons in a square of 100 by 100."""

    id: int
    name: str
    supercategory: str
    shape: tuple[Polygon, ...]
    color: Color


# without sharp tips: no mask reaches into those, and the mask would end short of the box
SHAPES: dict[str, tuple[Polygon, ...]] = {
    "ellipse": (
        (
            *((100, 50), (96, 69), (85, 85), (69, 96), (50, 100), (31, 96), (15, 85), (4, 69)),
            *((0, 50), (4, 31), (15, 15), (31, 4), (50, 0), (69, 4), (85, 15), (96, 31)),
        ),
    ),
    "rectangle": (((0, 0), (100, 0), (100, 100), (0, 100)),),
    "triangle": (((42, 0), (58, 0), (100, 90), (100, 100), (0, 100), (0, 90)),),
    "hexagon": (
        (
            *((25, 0), (75, 0), (100, 42), (100, 58)),
            *((75, 100), (25, 100), (0, 58), (0, 42)),
        ),
    ),
    "house": (((42, 0), (58, 0), (100, 45), (100, 100), (0, 100), (0, 45)),),
    "cross": (
        (
            *((30, 0), (70, 0), (70, 30), (100, 30), (100, 70), (70, 70)),
            *((70, 100), (30, 100), (30, 70), (0, 70), (0, 30), (30, 30)),
        ),
    ),
    "diamond": (
        (
            *((42, 0), (58, 0), (100, 42), (100, 58)),
            *((58, 100), (42, 100), (0, 58), (0, 42)),
        ),
    ),
    # one object in two parts, as COCO annotates what something else hides in the middle
    "two bars": (
        ((0, 0), (40, 0), (40, 100), (0, 100)),
        ((60, 0), (100, 0), (100, 100), (60, 100)),
    ),
}

# red, blue, orange, green, purple, brown, teal, pink, charcoal, ochre: each has a channel far
# below the pale backgrounds, so that shape and scene are never mistaken for one another
COLORS: tuple[Color, ...] = (
    *((205, 45, 45), (40, 95, 200), (238, 130, 20), (45, 150, 55), (120, 60, 175)),
    *((115, 70, 35), (0, 140, 145), (220, 70, 155), (60, 60, 68), (190, 160, 0)),
)

SKIES: tuple[Color, ...] = ((214, 232, 247), (226, 238, 250), (245, 233, 222), (232, 228, 244))
GROUNDS: tuple[Color, ...] = ((222, 236, 212), (238, 230, 208), (228, 226, 222), (246, 246, 246))

NAMES = {
    "person": "person",
    "vehicle": "bicycle, car, motorcycle, airplane, bus, train, truck, boat",
    "outdoor": "traffic light, fire hydrant, stop sign, parking meter, bench",
    "animal": "bird, cat, dog, horse, sheep, cow, elephant, bear, zebra, giraffe",
    "accessory": "backpack, umbrella, handbag, tie, suitcase",
    "sports": "frisbee, skis, snowboard, sports ball, kite, baseball bat, baseball glove, "
    "skateboard, surfboard, tennis racket",
    "kitchen": "bottle, wine glass, cup, fork, knife, spoon, bowl",
    "food": "banana, apple, sandwich, orange, broccoli, carrot, hot dog, pizza, donut, cake",
    "furniture": "chair, couch, potted plant, bed, dining table, toilet",
    "electronic": "tv, laptop, mouse, remote, keyboard, cell phone",
    "appliance": "microwave, oven, toaster, sink, refrigerator",
    "indoor": "book, clock, vase, scissors, teddy bear, hair drier, toothbrush",
}
MISSING_IDS = frozenset({12, 26, 29, 30, 45, 66, 68, 69, 71, 83})
NEVER_DRAWN = frozenset({"toaster", "hair drier"})  # a category may well be without objects


def look(index: int) -> tuple[tuple[Polygon, ...], Color]:
    """Shape and color of the category at an index: different for all 80, and for neighbours
    different in both."""
    row, column = divmod(index, len(SHAPES))
    return tuple(SHAPES.values())[column], COLORS[(row + column) % len(COLORS)]


def coco_categories() -> Iterator[Category]:
    """COCO's categories in the order of their ids, 1 to 90 without the ten that are missing."""
    kinds = [(name, kind) for kind, names in NAMES.items() for name in names.split(", ")]
    ids = [n for n in range(1, 91) if n not in MISSING_IDS]
    for index, (number, (name, kind)) in enumerate(zip(ids, kinds, strict=True)):
        yield Category(number, name, kind, *look(index))


CATEGORIES = tuple(coco_categories())
DRAWABLE = tuple(category for category in CATEGORIES if category.name not in NEVER_DRAWN)


# -- Chance --------------------------------------------------------------------------------------


def whole(rng: Random, low: int, high: int) -> int:
    """A whole number from low to high, both included."""
    return low + int(rng.random() * (high - low + 1))


def pick(rng: Random, values: Sequence[T]) -> T:
    """One of the values."""
    return values[whole(rng, 0, len(values) - 1)]


def shuffled(rng: Random, values: Iterable[T]) -> list[T]:
    """The values in another order."""
    return sorted(values, key=lambda _: rng.random())


def distinct(rng: Random, count: int, low: int, high: int) -> list[int]:
    """Different whole numbers from low to high, in no order."""
    numbers: dict[int, None] = {}
    while len(numbers) < count:
        numbers[whole(rng, low, high)] = None
    return list(numbers)


# -- Geometry, in hundredths of a pixel ----------------------------------------------------------


@dataclass(frozen=True)
class Box:
    """An axis-aligned box, in hundredths of a pixel."""

    left: int
    top: int
    width: int
    height: int

    def moved(self, right: int, down: int) -> Box:
        return Box(self.left + right, self.top + down, self.width, self.height)

    def near(self, other: Box) -> bool:
        """Whether less than GAP lies between the two."""
        return (
            self.left < other.left + other.width + GAP
            and other.left < self.left + self.width + GAP
            and self.top < other.top + other.height + GAP
            and other.top < self.top + self.height + GAP
        )


def bounds(points: Iterable[Point]) -> Box:
    """The smallest box around the points."""
    xs, ys = zip(*points, strict=True)
    return Box(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))


def edges(polygon: Polygon) -> Iterator[tuple[Point, Point]]:
    return pairwise((*polygon, polygon[0]))


def twice_area(polygon: Polygon) -> int:
    """Twice the polygon's area, by the shoelace formula."""
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in edges(polygon)))


def covers(polygon: Polygon, x: int, y: int) -> bool:
    """Whether the point lies in the polygon: a ray from it crosses an odd number of edges."""
    crossed = (
        ((x - x1) * (y2 - y1) < (y - y1) * (x2 - x1)) == (y2 > y1)
        for (x1, y1), (x2, y2) in edges(polygon)
        if (y1 > y) != (y2 > y)
    )
    return sum(crossed) % 2 == 1


def pixels(polygon: Polygon) -> Iterator[Point]:
    """The pixels, as (column, row), whose centers lie in the polygon."""
    box = bounds(polygon)
    for column in range(box.left // PIXEL, (box.left + box.width) // PIXEL + 1):
        for row in range(box.top // PIXEL, (box.top + box.height) // PIXEL + 1):
            if covers(polygon, column * PIXEL + PIXEL // 2, row * PIXEL + PIXEL // 2):
                yield column, row


def fitted(shape: tuple[Polygon, ...], box: Box) -> tuple[Polygon, ...]:
    """The shape, stretched from its square of 100 by 100 to fill the box."""
    return tuple(
        tuple((box.left + box.width * x // 100, box.top + box.height * y // 100) for x, y in part)
        for part in shape
    )


def box_inside(rng: Random, outer: Box, width: int, height: int) -> Box:
    """A box of the given size anywhere inside another."""
    left = whole(rng, outer.left, outer.left + outer.width - width)
    top = whole(rng, outer.top, outer.top + outer.height - height)
    return Box(left, top, width, height)


# -- Scenes --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Thing:
    """One object, annotated by the polygons it is drawn from, in hundredths of a pixel."""

    category: Category
    polygons: tuple[Polygon, ...]
    ignored: bool


@dataclass(frozen=True)
class Crowd:
    """Many objects in one mask: its pixels as (column, row), column by column."""

    category: Category
    pixels: tuple[Point, ...]


@dataclass(frozen=True)
class Scene:
    """One image: what is seen on it and where. Sizes in pixels."""

    id: int
    width: int
    height: int
    captured: str
    sky: Color
    ground: Color
    horizon: int
    things: tuple[Thing, ...]
    crowds: tuple[Crowd, ...]

    @property
    def file_name(self) -> str:
        return f"{self.id:012d}.jpg"


@dataclass(frozen=True)
class Recipe:
    """How many objects of which sort an image has, and its size if that matters."""

    crowds: int = 0
    outside: int = 0  # partly outside the image
    tiny: int = 0  # under one pixel wide or high
    ignored: int = 0
    plain: int = 0
    size: tuple[int, int] | None = None


# how many images of each recipe: 128 in all
RECIPES: tuple[tuple[int, Recipe], ...] = (
    (10, Recipe()),
    (1, Recipe(crowds=1)),
    (1, Recipe(tiny=2, ignored=2)),
    (7, Recipe(crowds=1, plain=4)),
    (6, Recipe(outside=1, plain=3)),
    (4, Recipe(tiny=1, plain=3)),
    (4, Recipe(ignored=1, plain=3)),
    # around the 32 pixels a side below which MMDetection leaves an image out
    (1, Recipe(plain=1, size=(200, 24))),
    (1, Recipe(plain=2, size=(31, 180))),
    (1, Recipe(plain=2, size=(32, 210))),
    (12, Recipe(plain=1)),
    (16, Recipe(plain=2)),
    (18, Recipe(plain=4)),
    (20, Recipe(plain=6)),
    (16, Recipe(plain=8)),
    (10, Recipe(plain=12)),
)

SIZES = ((320, 240), (240, 320), (320, 214), (214, 320), (300, 200), (200, 200), (160, 240))
TINY_SIZES = ((80, 90), (45, 1200), (1500, 60), (99, 99), (300, 72))  # hundredths

Attempt = Callable[[int], Box]


def placed(taken: list[Box], attempt: Attempt) -> Box:
    """The first box away from all that are taken, which it joins. Attempts are given what
    percentage of their size to try, less and less, so that the last ones fit anywhere."""
    for percent in range(100, 1, -1):
        box = attempt(percent)
        if not any(box.near(other) for other in taken):
            taken.append(box)
            return box
    raise RuntimeError("the recipe asks for more objects than fit the image")


def plain_box(rng: Random, frame: Box, percent: int) -> Box:
    """A box inside the image, up to half of it wide and high."""

    def length(side: int) -> int:
        largest = side // 2 * percent // 100
        return whole(rng, max(largest // 4, min(largest, SMALLEST)), largest)

    return box_inside(rng, frame, length(frame.width), length(frame.height))


def outside_box(rng: Random, frame: Box, percent: int) -> Box:
    """A box across one edge of the image, with a fifth to a half of it outside."""
    box = plain_box(rng, frame, percent)
    beyond = whole(rng, 20, 50)
    right = frame.width - box.left - box.width + box.width * beyond // 100
    down = frame.height - box.top - box.height + box.height * beyond // 100
    left = -box.left - box.width * beyond // 100
    up = -box.top - box.height * beyond // 100
    return box.moved(*pick(rng, ((right, 0), (left, 0), (0, down), (0, up))))


def tiny_box(rng: Random, frame: Box) -> Box:
    """A box inside the image and under one pixel wide or high."""
    return box_inside(rng, frame, *pick(rng, TINY_SIZES))


def crowd_box(rng: Random, frame: Box) -> Box:
    """A box inside the image, about a quarter of it."""
    return box_inside(rng, frame, frame.width * 6 // 10, frame.height * 4 // 10)


def crowd_in(rng: Random, category: Category, box: Box) -> Crowd:
    """Twenty of the category anywhere in the box, as one mask."""
    members = [box_inside(rng, box, box.width // 5, box.height // 4) for _ in range(20)]
    polygons = [part for member in members for part in fitted(category.shape, member)]
    painted = {pixel for polygon in polygons for pixel in pixels(polygon)}
    return Crowd(category, tuple(sorted(painted)))


def scene(rng: Random, number: int, recipe: Recipe) -> Scene:
    """The image of that id, by its recipe."""
    width, height = recipe.size or pick(rng, SIZES)
    frame = Box(0, 0, width * PIXEL, height * PIXEL)
    seen = (CATEGORIES[0], *(pick(rng, DRAWABLE) for _ in range(4)))
    taken: list[Box] = []

    def things(count: int, attempt: Attempt, ignored: bool = False) -> Iterator[Thing]:
        for _ in range(count):
            category = pick(rng, seen)
            yield Thing(category, fitted(category.shape, placed(taken, attempt)), ignored)

    crowds = tuple(
        crowd_in(rng, pick(rng, seen), placed(taken, lambda _: crowd_box(rng, frame)))
        for _ in range(recipe.crowds)
    )
    return Scene(
        id=number,
        width=width,
        height=height,
        captured=f"2013-11-{whole(rng, 14, 25)} {whole(rng, 10, 23)}:{whole(rng, 10, 59)}:00",
        sky=pick(rng, SKIES),
        ground=pick(rng, GROUNDS),
        horizon=height * whole(rng, 35, 70) // 100,
        crowds=crowds,
        things=(
            *things(recipe.outside, lambda percent: outside_box(rng, frame, percent)),
            *things(recipe.tiny, lambda _: tiny_box(rng, frame)),
            *things(recipe.ignored, lambda percent: plain_box(rng, frame, percent), ignored=True),
            *things(recipe.plain, lambda percent: plain_box(rng, frame, percent)),
        ),
    )


def all_scenes(rng: Random) -> list[Scene]:
    """Every image of the sample, in the order of the file, which is not that of the ids."""
    recipes = shuffled(rng, (recipe for count, recipe in RECIPES for _ in range(count)))
    numbers = distinct(rng, len(recipes), 1, 581_929)  # up to COCO's last image id
    return [scene(rng, number, recipe) for number, recipe in zip(numbers, recipes, strict=True)]


# -- The annotation file -------------------------------------------------------------------------


def in_pixels(*hundredths: int) -> list[float]:
    return [number / PIXEL for number in hundredths]


def run_lengths(image: Scene, crowd: Crowd) -> list[int]:
    """The crowd's mask as COCO counts it: column by column, runs of 0 and 1 in turn, 0 first."""
    mask = bytearray(image.width * image.height)
    for column, row in crowd.pixels:
        mask[column * image.height + row] = 1
    runs = [len(list(run)) for _, run in groupby(mask)]
    return [0, *runs] if mask[0] else runs


def thing_entry(image: Scene, thing: Thing, number: int) -> dict[str, Any]:
    """The annotation of an object."""
    box = bounds(point for polygon in thing.polygons for point in polygon)
    area = sum(map(twice_area, thing.polygons)) / (2 * PIXEL * PIXEL)
    entry = {
        "segmentation": [
            in_pixels(*(n for point in part for n in point)) for part in thing.polygons
        ],
        "area": round(area, 2),
        "iscrowd": 0,
        "image_id": image.id,
        "bbox": in_pixels(box.left, box.top, box.width, box.height),
        "category_id": thing.category.id,
        "id": number,
    }
    return entry | {"ignore": 1} if thing.ignored else entry


def crowd_entry(image: Scene, crowd: Crowd) -> dict[str, Any]:
    """The annotation of a crowd: its box holds whole pixels, the last ones included."""
    box = bounds(crowd.pixels)
    return {
        "segmentation": {
            "counts": run_lengths(image, crowd),
            "size": [image.height, image.width],
        },
        "area": len(crowd.pixels),
        "iscrowd": 1,
        "image_id": image.id,
        "bbox": [box.left, box.top, box.width + 1, box.height + 1],
        "category_id": crowd.category.id,
        # COCO's own rule: more than 32 bits hold
        "id": 900_000_000_000 + crowd.category.id * 100_000_000 + image.id,
    }


def image_entry(image: Scene) -> dict[str, Any]:
    """The entry of an image."""
    return {
        "license": 1,
        "file_name": image.file_name,
        "coco_url": f"{ADDRESS}/sample2017/{image.file_name}",
        "height": image.height,
        "width": image.width,
        "date_captured": image.captured,
        "flickr_url": f"{ADDRESS}/photos/{image.id}.jpg",
        "id": image.id,
    }


def category_entry(category: Category) -> dict[str, Any]:
    """The entry of a category."""
    return {
        "supercategory": category.supercategory,
        "id": category.id,
        "name": category.name,
    }


def annotation_entries(rng: Random, scenes: Sequence[Scene]) -> list[dict[str, Any]]:
    """The annotations of all images, neither by image nor in the order of the ids."""
    things = [(image, thing) for image in scenes for thing in image.things]
    numbers = distinct(rng, len(things), 1, 2_232_119)  # up to COCO's last id but for the crowds
    entries = [
        *(thing_entry(*thing, number) for thing, number in zip(things, numbers, strict=True)),
        *(crowd_entry(image, crowd) for image in scenes for crowd in image.crowds),
    ]
    return shuffled(rng, entries)


def annotation_text(rng: Random, scenes: Sequence[Scene]) -> str:
    """The annotation file, on one line, as COCO writes it."""
    content = {
        "info": {
            "description": "Synthetic sample data in the layout of COCO 2017, "
            "drawn by sample_data/draw.py",
            "url": f"{ADDRESS}/sample2017",
            "version": "1.0",
            "year": 2017,
            "contributor": "sample_data/draw.py",
            "date_created": "2017/09/01",
        },
        "licenses": [{"url": f"{ADDRESS}/licenses/mit", "id": 1, "name": "MIT License"}],
        "images": [image_entry(image) for image in scenes],
        "annotations": annotation_entries(rng, scenes),
        "categories": [category_entry(category) for category in CATEGORIES],
    }
    return json.dumps(content)


# -- The detections ------------------------------------------------------------------------------

MISSED = 12  # percent of the objects
MISSED_TINY = 75
MISTAKEN = 6
TWICE = 10
THOUSAND = 1000  # scores are counted in thousandths


@dataclass(frozen=True)
class Detection:
    """A box that a detector might have found, with a score in thousandths."""

    image: Scene
    category: Category
    box: Box
    score: int


def moved_edges(rng: Random, box: Box, percent: int, image: Scene) -> Box:
    """The box with each edge moved by up to so much of its side, and clipped to the image."""

    def near(edge: int, side: int, end: int) -> int:
        return min(max(edge + whole(rng, -side * percent // 100, side * percent // 100), 0), end)

    across, down = image.width * PIXEL, image.height * PIXEL
    left, top = near(box.left, box.width, across), near(box.top, box.height, down)
    right = near(box.left + box.width, box.width, across)
    bottom = near(box.top + box.height, box.height, down)
    return Box(left, top, right - left, bottom - top)


def found_things(rng: Random, image: Scene) -> Iterator[Detection]:
    """Detections of the objects of an image: most of them, some twice, some mistaken."""
    for thing in image.things:
        box = bounds(point for polygon in thing.polygons for point in polygon)
        missed = MISSED_TINY if min(box.width, box.height) < PIXEL else MISSED
        if whole(rng, 1, 100) <= missed:
            continue
        mistaken = whole(rng, 1, 100) <= MISTAKEN
        category = pick(rng, DRAWABLE) if mistaken else thing.category
        score = (
            whole(rng, 150, 700)
            if mistaken
            else THOUSAND - 1 - whole(rng, 10, 800) ** 2 // THOUSAND
        )
        yield Detection(image, category, moved_edges(rng, box, 9, image), score)
        if whole(rng, 1, 100) <= TWICE:
            score = max(score - whole(rng, 100, 600), 50)
            yield Detection(image, category, moved_edges(rng, box, 20, image), score)


def found_elsewhere(rng: Random, image: Scene) -> Iterator[Detection]:
    """Detections of some members of the crowds, and of things that are not there."""
    for crowd in image.crowds:
        outer = bounds((x * PIXEL, y * PIXEL) for x, y in crowd.pixels)
        for _ in range(whole(rng, 2, 4)):
            box = box_inside(rng, outer, outer.width // 5, outer.height // 4)
            yield Detection(image, crowd.category, box, whole(rng, 200, 900))
    frame = Box(0, 0, image.width * PIXEL, image.height * PIXEL)
    for _ in range(whole(rng, 0, 3)):
        box = plain_box(rng, frame, 80)
        yield Detection(image, pick(rng, DRAWABLE), box, whole(rng, 50, 450))


def detection_text(rng: Random, scenes: Iterable[Scene]) -> str:
    """The file of results: images in the order of the annotation file, best scores first."""
    found = []
    for image in scenes:
        of_image = (*found_things(rng, image), *found_elsewhere(rng, image))
        found += sorted(
            (d for d in of_image if d.box.width and d.box.height), key=lambda d: -d.score
        )
    return json.dumps(
        [
            {
                "image_id": d.image.id,
                "category_id": d.category.id,
                "bbox": in_pixels(d.box.left, d.box.top, d.box.width, d.box.height),
                "score": d.score / THOUSAND,
            }
            for d in found
        ]
    )


# -- The images ----------------------------------------------------------------------------------


def on_canvas(polygon: Polygon) -> list[tuple[float, float]]:
    """The polygon on the oversampled canvas. COCO counts from a pixel's corner, Pillow from its
    center: half a pixel between the two."""
    scale = OVERSAMPLING / PIXEL
    return [(x * scale - 0.5, y * scale - 0.5) for x, y in polygon]


def picture(image: Scene) -> Image.Image:
    """The image as it is seen."""
    from PIL import Image, ImageDraw, ImageFilter

    size = image.width * OVERSAMPLING, image.height * OVERSAMPLING
    canvas = Image.new("RGB", size, image.sky)
    draw = ImageDraw.Draw(canvas)
    draw.rectangle((0, image.horizon * OVERSAMPLING, *size), fill=image.ground)
    for thing in image.things:
        for polygon in thing.polygons:
            draw.polygon(on_canvas(polygon), fill=thing.category.color)
    seen = canvas.reduce(OVERSAMPLING)
    for crowd in image.crowds:  # of whole pixels
        ImageDraw.Draw(seen).point(crowd.pixels, fill=crowd.category.color)
    return seen.filter(ImageFilter.GaussianBlur(SOFTNESS))


def draw_images(scenes: Iterable[Scene]) -> None:
    """Write the images, in place of those that were there."""
    IMAGES.mkdir(exist_ok=True)
    for old in IMAGES.glob("*.jpg"):
        old.unlink()
    for image in scenes:
        # colors at full resolution: else they bleed over the edges of what is annotated
        file = IMAGES / image.file_name
        picture(image).save(file, qtables=[DIVISORS], subsampling=0, optimize=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw the sample data.")
    parser.add_argument(
        "--text-only", metavar="FOLDER", type=Path, help="write the JSON files there, and no images"
    )
    folder: Path | None = parser.parse_args().text_only
    rng = Random(SEED)
    scenes = all_scenes(rng)
    texts = {ANNOTATIONS: annotation_text(rng, scenes), DETECTIONS: detection_text(rng, scenes)}
    if folder is None:
        ANNOTATIONS.parent.mkdir(exist_ok=True)
        draw_images(scenes)
    else:
        folder.mkdir(parents=True, exist_ok=True)
    for path, text in texts.items():
        (folder / path.name if folder else path).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
