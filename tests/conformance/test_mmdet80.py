"""Brought to ``mmdet80``, a file's category ids are the labels that MMDetection gives anyway."""

from __future__ import annotations

from pathlib import Path

import expectation
import mmdet_line
from expectation import count, expected, images
from mmdet_line import Line

from cocosurgeon import ToSpace, read, write

IDENTITY = {i: i for i in range(80)}

line = mmdet_line.each_line
source = expectation.each_source


def test_every_label_is_the_new_category_id(line: Line, source: Path, tmp_path: Path) -> None:
    out = tmp_path / "mmdet80.json"
    write(ToSpace("mmdet80").apply(read(source)), out)
    emitted = line.emitted(out)
    assert len(emitted["classes"]) == 80
    assert dict(emitted["cat2label"]) == IDENTITY
    assert images(emitted) == expected(out, line, IDENTITY)
    assert images(emitted) == images(line.emitted(source))
    assert count(images(emitted)) > 500
