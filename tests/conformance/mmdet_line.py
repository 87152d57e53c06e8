"""The real MMDetection, one of its two lines or a fork, in the folder that ``.ci/mmdet`` makes."""

from __future__ import annotations

import atexit
import functools
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from forked import ForkedPython
from warm import WarmProcess
from worker import Worker, working

HOW_TO = "make it by `.ci/mmdet FOLDER`, and name it: COCOSURGEON_MMDET=FOLDER"
EMITTED = Path(__file__).with_name("emitted.py")
IMPORTED = (
    *("mmdet.datasets", "mmdet.apis", "mmdet.models", "mmdet.engine", "mmcv.runner"),
    *("torchvision.datasets", "yolox.data", "ultralytics.data.base"),
)
"""Modules that take long to import: of them an environment has some."""


def details(report: Any, code: str | None = None) -> list[str]:
    """Return what the findings of a report say (of one code), without the loader's name."""
    return [
        re.sub(r"^(?:mmdet\d|onedl)( train| test)?: ", "", detail)
        for finding in report["findings"]
        if code in (None, finding["code"])
        for detail in finding["details"]
    ]


def errors(report: Any) -> list[str]:
    """Return the codes of a report's findings that are errors."""
    return [f["code"] for f in report["findings"] if f["severity"] == "error"]


@dataclass(frozen=True)
class Line:
    """One line of MMDetection.

    Attributes:
        version: of the one that is there.
        overlay: its folder in the environment; several, separated by colons.
        labels_crowd: whether its dataset gives crowd objects a label.
        single: whether its boxes are of single precision.
    """

    version: str
    overlay: str
    labels_crowd: bool
    single: bool

    @property
    def python(self) -> Path:
        """An interpreter that has imported it; with ``environment`` it has what that one has."""
        return _forked(self.overlay)

    @property
    def loader(self) -> str:
        """What it is called on the command line."""
        if self.overlay == "fork":
            return "onedl"
        return "mmdet2" if self.version.startswith("2.") else "mmdet3"

    @property
    def framework(self) -> str:
        """What its dumps and reports call it."""
        return "onedl-mmdetection" if self.overlay == "fork" else "mmdet"

    def verified(self, *args: object) -> tuple[int, dict[str, Any]]:
        """Exit code and report of ``cocosurgeon verify``, with its interpreter and loader."""
        words = ["verify", *map(str, args), "--json", "--loader", self.loader]
        words += ["--python", str(self.python)]
        environment = os.environ | self.environment()
        done = warm().run(words, b"", Path.cwd(), environment, timeout=300)
        assert done.returncode in (0, 1), done.stderr.decode()
        return done.returncode, json.loads(done.stdout)

    def run(self, script: Path, *args: object) -> Any:
        """Run a script; what it prints on its last line, parsed."""
        done = subprocess.run(
            [self.python, script, *map(str, args)],
            capture_output=True,
            env=os.environ | self.environment(),
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        return json.loads(done.stdout.splitlines()[-1])  # the libraries print, too

    def worker(self, script: Path, *args: object) -> AbstractContextManager[Worker]:
        """Start a script that answers requests."""
        return working([self.python, script, *map(str, args)], self.environment())

    def environment(self) -> dict[str, str]:
        """The variables by which the interpreter finds this one."""
        return {"PYTHONPATH": _python_path(self.overlay)}

    def emitted(self, ann_file: Path, classes: Sequence[str] | None = None) -> Any:
        """What its CocoDataset emits for a file; without classes, with its own."""
        chosen = () if classes is None else (json.dumps(classes),)
        found = self.run(EMITTED, ann_file, *chosen)
        assert found["version"] == self.version
        assert classes is None or found["classes"] == list(classes)
        return found


MMDET2 = Line("2.28.2", "mm2", labels_crowd=False, single=True)
MMDET3 = Line("3.3.0", "mm3", labels_crowd=True, single=False)
FORK = Line("3.5.1", "fork", labels_crowd=True, single=False)


LINES = (MMDET2, MMDET3, FORK)
LINE_IDS = [each.loader for each in LINES]


@pytest.fixture(params=LINES, ids=LINE_IDS)
def each_line(request: pytest.FixtureRequest) -> Line:
    """Each line of MMDetection, and the fork, where they are installed."""
    line: Line = request.param
    require(line.overlay)
    return line


def require(overlay: str = "") -> None:
    """Skip where the folder is not named, or was made before it had this overlay."""
    if not os.environ.get("COCOSURGEON_MMDET"):
        pytest.skip(f"the real MMDetection is not at hand: {HOW_TO}")
    if not all(Path(part).is_dir() for part in _python_path(overlay).split(os.pathsep)):
        pytest.skip(f"{_folder()} has no {overlay}: an older one, {HOW_TO}")


@functools.cache
def warm() -> WarmProcess:
    """The server of command lines, for all tests of this process."""
    server = WarmProcess()
    atexit.register(server.close)
    return server


@functools.cache
def _forked(overlay: str) -> Path:
    folder = tempfile.TemporaryDirectory()
    server = ForkedPython(
        _folder() / "venv/bin/python",
        {"PYTHONPATH": _python_path(overlay)},
        IMPORTED,
        Path(folder.name),
    )
    atexit.register(folder.cleanup)
    atexit.register(server.close)
    return server.path


def _python_path(overlay: str) -> str:
    return os.pathsep.join(str(_folder() / part) for part in overlay.split(":"))


def _folder() -> Path:
    folder = Path(os.environ["COCOSURGEON_MMDET"]).absolute()
    assert (folder / "done").exists(), f"{folder} is not finished: {HOW_TO}"
    return folder
