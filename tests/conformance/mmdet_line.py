"""The real MMDetection, one of its two lines, in the folder that ``.ci/mmdet`` makes."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HOW_TO = "make it by `.ci/mmdet FOLDER`, and name it: COCOSURGEON_MMDET=FOLDER"
EMITTED = Path(__file__).with_name("emitted.py")


@dataclass(frozen=True)
class Line:
    """One line of MMDetection.

    Attributes:
        version: of the one that is there.
        overlay: its folder in the environment.
        labels_crowd: whether its dataset gives crowd objects a label.
        single: whether its boxes are of single precision.
    """

    version: str
    overlay: str
    labels_crowd: bool
    single: bool

    def run(self, script: Path, *args: object) -> Any:
        """Run a script; what it prints on its last line, parsed."""
        folder = _folder()
        done = subprocess.run(
            [folder / "venv/bin/python", "-W", "ignore", script, *map(str, args)],
            capture_output=True,
            env=os.environ | {"PYTHONPATH": str(folder / self.overlay)},
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        return json.loads(done.stdout.splitlines()[-1])  # the libraries print, too

    def emitted(self, ann_file: Path, classes: Sequence[str] | None = None) -> Any:
        """What its CocoDataset emits for a file; without classes, with its own."""
        chosen = () if classes is None else (json.dumps(classes),)
        found = self.run(EMITTED, ann_file, *chosen)
        assert found["version"] == self.version
        assert classes is None or found["classes"] == list(classes)
        return found


MMDET2 = Line("2.28.2", "mm2", labels_crowd=False, single=True)
MMDET3 = Line("3.3.0", "mm3", labels_crowd=True, single=False)


@pytest.fixture(params=[MMDET2, MMDET3], ids=["mmdet2", "mmdet3"])
def each_line(request: pytest.FixtureRequest) -> Line:
    """Each line of MMDetection, where they are installed."""
    require()
    line: Line = request.param
    return line


def require() -> None:
    """Skip where the folder is not named."""
    if not os.environ.get("COCOSURGEON_MMDET"):
        pytest.skip(f"the real MMDetection is not at hand: {HOW_TO}")


def _folder() -> Path:
    folder = Path(os.environ["COCOSURGEON_MMDET"]).absolute()
    assert (folder / "done").exists(), f"{folder} is not finished: {HOW_TO}"
    return folder
