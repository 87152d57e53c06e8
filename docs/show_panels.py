"""Draw docs/panels.png: one image of the sample data, as it is recorded and as loaders load it.

python docs/show_panels.py
"""

from __future__ import annotations

from pathlib import Path

from cocosurgeon import read, show_panels
from cocosurgeon.draw.show import encoded

ROOT = Path(__file__).parents[1]
OUT = ROOT / "docs/panels.png"
SAMPLE = ROOT / "sample_data/annotations/instances_sample2017.json"
IMAGE = 272023
LOADERS = ("mmdet3", "detr", "yolox", "torchvision2", "mmdet2")


def picture() -> bytes:
    """Return the picture."""
    shown = show_panels(read(SAMPLE), IMAGE, {name: {} for name in LOADERS})
    return encoded(shown.image, ".png")


if __name__ == "__main__":
    OUT.write_bytes(picture())
