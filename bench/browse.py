"""Measure ``browse`` with 5,000 images, and its page in a real Chromium.

    python bench/browse.py

The images are the sample data's, again and again. Exit codes: 0 all is within the limits; 1 not.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from functools import cache
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

SAMPLE = ROOT / "sample_data/annotations/instances_sample2017.json"
IMAGES = ROOT / "sample_data/sample2017"
MB, SECONDS, PAINT, LAST_ROW = 45, 40, 1.0, 0.1


def make(folder: Path, count: int, scale: int) -> Path:
    """Write an annotation file with images of its own, made from the sample data.

    Args:
        scale: how much larger the images are than those of the sample data.
    """
    document = json.loads(SAMPLE.read_bytes())
    images, annotations = document["images"], document["annotations"]
    by_image: dict[int, list[dict[str, object]]] = {image["id"]: [] for image in images}
    for annotation in annotations:
        by_image[annotation["image_id"]].append(annotation)
    made = {"images": list[object](), "annotations": list[object]()}
    (folder / "images").mkdir()
    for number in range(count):
        image = images[number % len(images)]
        name = f"{number:012}.jpg"
        with Image.open(IMAGES / image["file_name"]) as picture:
            larger = picture.resize((picture.width * scale, picture.height * scale))
            mixed = Image.blend(larger, noise_of(larger.size), 0.2)
        mixed.save(folder / "images" / name, quality=90)
        size = {"width": image["width"] * scale, "height": image["height"] * scale}
        made["images"].append({**image, "id": number, "file_name": name, **size})
        for annotation in by_image[image["id"]]:
            record = {**annotation, "id": len(made["annotations"]), "image_id": number}
            record["bbox"] = [scale * side for side in annotation["bbox"]]  # type: ignore[attr-defined]
            record["area"] = scale**2 * annotation["area"]  # type: ignore[operator]
            if isinstance(polygons := annotation["segmentation"], list):
                record["segmentation"] = [[scale * n for n in polygon] for polygon in polygons]
            made["annotations"].append(record)
    path = folder / "instances.json"
    path.write_text(json.dumps({**document, **made}))
    return path


@cache
def noise_of(size: tuple[int, int]) -> Image.Image:
    """Return noise, with which an image is as large a file as a photograph."""
    return Image.effect_noise(size, 50).convert("RGB")


def main() -> int:
    """Measure, print, and give the exit code."""
    parser = argparse.ArgumentParser(description="Measure browse with many images.")
    parser.add_argument("--count", type=int, default=5000, help="images (default: 5000)")
    parser.add_argument("--scale", type=int, default=2, help="their size (default: 2)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ann_file = make(Path(folder), given.count, given.scale)
        page = Path(folder, "page.html")
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        command = ["-m", "cocosurgeon", "browse", str(ann_file), "-o", str(page), "-q"]
        process = os.spawnv(os.P_WAIT, sys.executable, [sys.executable, *command])
        seconds = time.monotonic() - started
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        size = page.stat().st_size / 1e6
        print(f"{size:.1f} MB, {seconds:.1f} s, {used:.1f} s of processors")
        return process or measure(page) or int(size > MB or seconds > SECONDS)


def measure(page: Path) -> int:
    """Measure the page in the browser, and give the exit code."""
    from chromium import PROGRAM, Chromium, url_of

    if PROGRAM is None:
        print("no chromium: the page is not measured")
        return 0
    browser = Chromium()
    try:
        browser.open(url_of(page))
        paint = browser.run("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        shown = browser.run("performance.timing.loadEventEnd - performance.timing.navigationStart")
        last = browser.run(LAST)
    finally:
        browser.close()
    print(f"first paint {paint / 1e3:.2f} s, all {shown / 1e3:.2f} s, last row {last:.0f} ms")
    for error in browser.errors:
        print(error)
    return int(paint > 1e3 * PAINT or last > 1e3 * LAST_ROW or bool(browser.errors))


LAST = """(async () => {
  const started = performance.now();
  main.scrollTop = main.scrollHeight;
  const last = () => [...document.querySelectorAll(".tile")].find(
    (tile) => tile.title.startsWith(images.name[COUNT - 1]));
  while (!last()) await new Promise(requestAnimationFrame);
  const row = [...document.querySelectorAll(".tile")].filter(
    (tile) => tile.style.top === last().style.top);
  await Promise.all(row.map((tile) => tile.querySelector("img")?.decode()));
  await new Promise(requestAnimationFrame);
  return performance.now() - started;
})()"""


if __name__ == "__main__":
    sys.exit(main())
