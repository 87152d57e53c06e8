"""The picture in the README shows the labels that the real MMDetection loads."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import conftest
import mmdet_line
import pytest
from mmdet_line import Line

line = mmdet_line.each_line


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The script that draws it."""
    return conftest.script(conftest.ROOT / "docs/label_shift.py")


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
