"""Draw docs/label_shift.png: one image, labeled as stock MMDetection loads it from two files.

Both have the images with a dog. The left one was cut and pruned as other tools do, the right one
was cut by cocosurgeon. The labels follow the rules in ``cocosurgeon.loaders``, which
``tests/conformance`` compares with the real MMDetection.

    python docs/label_shift.py
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from PIL import Image, ImageDraw, ImageFont

from cocosurgeon import Having, InCategory, read
from cocosurgeon.loaders import load

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "sample_data/annotations/instances_sample2017.json"
IMAGES = ROOT / "sample_data/sample2017"
OUT = ROOT / "docs/label_shift.png"

IMG_ID = 162111
LOADER = "mmdet3"

SCALE = 4  # twice the size at which a page shows it, for sharp text
MARGIN = 32
HEAD = 140
TEXT = 34
RIGHT, WRONG = (26, 127, 55), (207, 34, 46)
Rectangle: TypeAlias = tuple[float, float, float, float]

INK, PAPER = (31, 35, 40), (255, 255, 255)


@dataclass(frozen=True)
class Named:
    """An object, as MMDetection sees it.

    Attributes:
        meant: the name of its category in the file.
        label: the label that is loaded.
        shown: what COCO's class names call that label.
        box: corners, xyxy in pixels.
    """

    meant: str
    label: int
    shown: str
    box: tuple[float, ...]


def cut() -> dict[str, Any]:
    """Return the images with a dog, cut by cocosurgeon."""
    text = b"".join(read(SAMPLE).keep(Having(InCategory("dog"))).text())
    document: dict[str, Any] = json.loads(text)
    return document


def pruned() -> dict[str, Any]:
    """Return the same images without the categories that they do not use."""
    document = cut()
    used = {ann["category_id"] for ann in document["annotations"]}
    document["categories"] = [cat for cat in document["categories"] if cat["id"] in used]
    return document


def named(document: dict[str, Any]) -> Iterator[Named]:
    """Yield the objects of the image, as stock MMDetection loads them."""
    names = {cat["id"]: cat["name"] for cat in document["categories"]}
    view = load(LOADER, document)
    for instance in next(s for s in view.samples if s.img_id == IMG_ID).instances:
        meant = names[document["annotations"][instance.row]["category_id"]]
        shown = view.name_of(instance.label)
        assert isinstance(instance.label, int)
        assert shown is not None
        yield Named(meant, instance.label, shown, instance.box)


def panel(document: dict[str, Any], head: str) -> Image.Image:
    """Return the image with its labels, and lines above it."""
    record = next(image for image in document["images"] if image["id"] == IMG_ID)
    with Image.open(IMAGES / record["file_name"]) as file:
        seen = file.convert("RGB")
    size = (seen.width * SCALE, seen.height * SCALE)
    sheet = Image.new("RGB", (size[0], size[1] + HEAD), PAPER)
    sheet.paste(seen.resize(size, Image.Resampling.LANCZOS), (0, HEAD))
    draw = ImageDraw.Draw(sheet)
    found = list(named(document))
    dog = next(n for n in found if n.meant == "dog")
    color = RIGHT if dog.shown == dog.meant else WRONG
    draw.text((0, 0), head, INK, ImageFont.load_default(TEXT * 1.2))
    says = f"a dog is label {dog.label}: MMDetection calls it '{dog.shown}'"
    draw.text((0, 62), says, color, ImageFont.load_default(TEXT))
    tags: list[Rectangle] = []
    for each in found:
        tags.append(tag(draw, each, tags))
    return sheet


def tag(draw: ImageDraw.ImageDraw, each: Named, taken: Sequence[Rectangle]) -> Rectangle:
    """Draw a box with its name above it, or below where another name is."""
    font = ImageFont.load_default(TEXT)
    color = RIGHT if each.shown == each.meant else WRONG
    left, top, right, bottom = (value * SCALE for value in each.box)
    top, bottom = top + HEAD, bottom + HEAD
    draw.rectangle((left, top, right, bottom), outline=color, width=6)
    _, _, wide, high = draw.textbbox((0, 0), each.shown, font)
    left = min(left, draw.im.size[0] - wide - 16)
    above = (left, top - high - 12, left + wide + 16, top)
    below = (left, bottom, left + wide + 16, bottom + high + 12)
    place = below if any(overlap(above, other) for other in taken) else above
    draw.rectangle(place, fill=color)
    draw.text((left + 8, place[1] + 4), each.shown, PAPER, font)
    return place


def overlap(one: Rectangle, other: Rectangle) -> bool:
    """Return whether two rectangles, as corners, have pixels in common."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def main() -> None:
    """Draw both files next to each other."""
    left = panel(pruned(), "unused categories dropped")
    right = panel(cut(), "cocosurgeon: categories kept")
    width = left.width + right.width + 3 * MARGIN
    sheet = Image.new("RGB", (width, left.height + 2 * MARGIN), PAPER)
    sheet.paste(left, (MARGIN, MARGIN))
    sheet.paste(right, (left.width + 2 * MARGIN, MARGIN))
    sheet.quantize(128).save(OUT, optimize=True)


if __name__ == "__main__":
    main()
