"""Draw docs/browse_*.webp: the page of ``browse`` with the sample data, as Chromium shows it.

python docs/browse_pictures.py
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image

from cocosurgeon.browse.file_data import FileData
from cocosurgeon.browse.page import make_page
from cocosurgeon.dataset.io import read
from cocosurgeon.loaders import LOADERS

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "sample_data/annotations/instances_sample2017.json"
RESULTS = ROOT / "sample_data/detections_sample2017.json"
VIEWS = {
    "grid": (None, "names=1&theme=light"),
    "image": (None, "img=289338&load=yolox&names=1&masks=1&theme=dark"),
    "against": (RESULTS, "theme=light"),
}
"""Names of pictures, with the results that the page is against, and the end of its address."""


def main() -> None:
    """Draw all pictures."""
    sys.path.insert(0, str(ROOT / "tests"))
    from chromium import Chromium, url_of

    file = FileData.of(read(SAMPLE), ROOT / "sample_data/sample2017")
    browser = Chromium(1200, 640)
    try:
        with tempfile.TemporaryDirectory() as folder:
            page = Path(folder, "page.html")
            for name, (results, address) in VIEWS.items():
                made = make_page(file, list(LOADERS), results, link_from=page.parent)
                page.write_bytes(b"".join(made.pieces()))
                browser.open(url_of(page, address))
                browser.wait("[...document.images].every((image) => !image.src || image.complete)")
                with Image.open(io.BytesIO(browser.screenshot())) as picture:
                    whole = picture.convert("RGB")
                    whole.save(ROOT / f"docs/browse_{name}.webp", quality=85, method=6)
    finally:
        browser.close()


if __name__ == "__main__":
    main()
