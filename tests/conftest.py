"""What tests share: the wild files, the command line as a real process, small files."""

from __future__ import annotations

import gc
import importlib.util
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from warm import WarmProcess

from cocosurgeon.annfile.kernel import IS_IN_USE

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"
WILD = SHARED / "wild"
SAMPLE = ROOT / "sample_data/annotations/instances_sample2017.json"

# Hundreds of processes are started below: none compiles the modules of another again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

settings.register_profile(
    "cocosurgeon", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
settings.load_profile("cocosurgeon")

THOROUGH = bool(os.environ.get("COCOSURGEON_THOROUGH"))
"""Take every example and every pair, as CI does in a step of its own."""


KERNELS = (False, True) if IS_IN_USE else (False,)
"""Scan without and, where it is installed, with the kernel."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep what shares a real library in one process: a file, or a loader where it names them."""
    for item in items:
        if item.path.parent.name == "conformance":
            callspec = getattr(item, "callspec", None)
            name = None if callspec is None else callspec.params.get("name")
            whole = item.path.stem != "test_real_loaders" or name is None
            item.add_marker(pytest.mark.xdist_group(item.path.stem if whole else str(name)))


def pytest_collection_finish() -> None:
    """Spare the garbage collector what stays until the end: modules, and all tests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def examples(count: int) -> settings:
    """Try as many examples where the run is thorough, a fifth of them elsewhere."""
    return settings(max_examples=count if THOROUGH else count // 5)


def wild_files() -> list[Path]:
    """The real annotation files; none where they are not at hand."""
    return sorted(WILD.glob("*.json"))


@pytest.fixture
def wild() -> Path:
    """The folder of real annotation files."""
    if not WILD.is_dir():
        pytest.skip("the folder of real annotation files is not at hand")
    return WILD


def script(path: Path) -> ModuleType:
    """Load a script that is in no package, as a module."""
    spec = importlib.util.spec_from_file_location(f"script_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up by name
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True)
class Ended:
    """How a process ended."""

    code: int
    out: str
    err: str


Cli = Callable[..., Ended]


@pytest.fixture(scope="session")
def warm() -> Iterator[WarmProcess]:
    """A server of command lines; see ``warm.py``."""
    server = WarmProcess()
    yield server
    server.close()


@pytest.fixture
def cli(tmp_path: Path, warm: WarmProcess) -> Cli:
    """Run ``cocosurgeon`` as a process of its own, in a new folder."""

    def run(*args: object, stdin: bytes = b"", cwd: Path = tmp_path, **variables: str) -> Ended:
        environment = {k: v for k, v in os.environ.items() if k != "COCOSURGEON_ANN_FILE"}
        done = warm.run([str(a) for a in args], stdin, cwd, environment | variables, timeout=120)
        ended = Ended(
            done.returncode,
            done.stdout.decode(errors="surrogateescape"),
            done.stderr.decode(errors="surrogateescape"),
        )
        assert "Traceback" not in ended.err, ended.err
        return ended

    return run


@pytest.fixture
def small() -> dict[str, Any]:
    """Five images, seven annotations, three categories."""
    return {
        "info": {"description": "small"},
        "images": [
            {"id": 30, "file_name": "a/30.jpg", "width": 640, "height": 480},
            {"id": 10, "file_name": "a/10.jpg", "width": 500, "height": 375},
            {"id": 20, "file_name": "b/20.png", "width": 320, "height": 240},
            {"id": 50, "file_name": "b/50.png", "width": 640, "height": 200},
            {"id": 40, "file_name": "c/40.png", "width": 16, "height": 16},
        ],
        "annotations": [
            _box(1, 30, 1, [10, 10, 100, 50]),
            _box(2, 10, 18, [0, 0, 20, 20]),
            _box(3, 30, 18, [5, 5, 10, 10], iscrowd=1),
            _box(4, 20, 1, [1, 1, 2, 2]),
            _box(5, 10, 1, [100.5, 20.25, 30.5, 40]),
            _box(6, 50, 90, [0, 0, 640, 200]),
            _box(7, 30, 90, [300, 300, 5, 5]),
        ],
        "categories": [
            {"id": 1, "name": "person"},
            {"id": 18, "name": "dog"},
            {"id": 90, "name": "toothbrush"},
        ],
    }


def _box(ann_id: int, image_id: int, category_id: int, bbox: list[float], iscrowd: int = 0) -> Any:
    return {
        "id": ann_id,
        "image_id": image_id,
        "category_id": category_id,
        "bbox": bbox,
        "area": bbox[2] * bbox[3],
        "iscrowd": iscrowd,
    }


@pytest.fixture
def put(tmp_path: Path) -> Callable[..., Path]:
    """Write a value (or text, or bytes) to a file in a new folder."""

    def write(value: Any, name: str = "in.json", **how: Any) -> Path:
        if not isinstance(value, (str, bytes)):
            value = json.dumps(value, **how)
        path = tmp_path / name
        path.write_bytes(value.encode() if isinstance(value, str) else value)
        return path

    return write


def left_behind(folder: Path, *expected: str) -> set[str]:
    """Names in a folder beyond those expected."""
    return {p.name for p in folder.iterdir()} - set(expected)
