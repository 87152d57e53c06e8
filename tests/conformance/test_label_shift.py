"""The picture in the README shows the labels that the real MMDetection loads."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import mmdet_line
import pytest
from conftest import ROOT
from mmdet_line import Line

line = mmdet_line.each_line


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The script that draws it."""
    spec = importlib.util.spec_from_file_location("label_shift", ROOT / "docs/label_shift.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up by name
    spec.loader.exec_module(module)
    return module


def drawn(script: ModuleType, document: Any) -> list[tuple[int, str]]:
    return sorted((each.label, each.shown) for each in script.named(document))


@pytest.mark.parametrize("cut", ["pruned", "cut"])
def test_the_picture_has_the_labels_of_the_real_dataset(
    cut: str, line: Line, script: ModuleType, tmp_path: Path
) -> None:
    document = getattr(script, cut)()
    path = tmp_path / "in.json"
    path.write_text(json.dumps(document))
    emitted = line.emitted(path)
    image = next(i for i in emitted["images"] if i["id"] == script.IMG_ID)
    labels = sorted(instance["label"] for instance in image["instances"])
    assert drawn(script, document) == [(label, emitted["classes"][label]) for label in labels]


def test_the_picture_has_a_dog_drawn_as_a_bicycle(script: ModuleType) -> None:
    by_meant = {n.meant: n.shown for n in script.named(script.pruned())}
    assert by_meant["dog"] == "bicycle"
    assert all(n.meant == n.shown for n in script.named(script.cut()))
