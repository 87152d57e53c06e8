"""Brought to ``detr91``, a file makes the real MMDetection emit original category ids as labels."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import expectation
import mmdet_line
from expectation import SAMPLE, count, expected, images
from mmdet_line import Line

from cocosurgeon import ToSpace, read, write

IDENTITY = {i: i for i in range(91)}

line = mmdet_line.each_line
source = expectation.each_source


def brought(source: Path, folder: Path) -> tuple[Path, list[str]]:
    """A source in the space ``detr91``, and the names that it lists then."""
    out = folder / "detr91.json"
    write(ToSpace("detr91").apply(read(source)), out)
    return out, [c["name"] for c in json.loads(out.read_bytes())["categories"]]


def require_labels_are_ids(emitted: Any) -> None:
    """All 91 ids are known, each as the label that it is."""
    assert emitted["cat_ids"] == list(IDENTITY)
    assert dict(emitted["cat2label"]) == IDENTITY


def test_every_label_is_the_original_category_id(line: Line, source: Path, tmp_path: Path) -> None:
    out, names = brought(source, tmp_path)
    emitted = line.emitted(out, names)
    require_labels_are_ids(emitted)
    assert images(emitted) == expected(source, line, IDENTITY)
    assert count(images(emitted)) > 500


def test_classes_that_a_file_does_not_list_are_no_matter(
    line: Line, put: Callable[..., Path], tmp_path: Path
) -> None:
    doc = json.loads(SAMPLE.read_bytes())
    chosen = {c["id"] for c in doc["categories"] if c["name"] in ("person", "dog", "stop sign")}
    doc["categories"] = [c for c in doc["categories"] if c["id"] in chosen]
    doc["annotations"] = [a for a in doc["annotations"] if a["category_id"] in chosen]

    few = put(doc, "few.json")
    out, names = brought(few, tmp_path)
    emitted = line.emitted(out, names)
    require_labels_are_ids(emitted)
    assert images(emitted) == expected(few, line, IDENTITY)
    labels = {label for _, seen in images(emitted) for _, label, _ in seen}
    assert labels - {None} == chosen == {1, 13, 18}


def test_91_names_without_entries_for_them_are_not_enough(
    line: Line, source: Path, tmp_path: Path
) -> None:
    """Labels are then places among the 80 entries, whatever name stands at such a place."""
    _, names = brought(source, tmp_path)
    listed = [c["id"] for c in json.loads(source.read_bytes())["categories"]]
    places = {cat_id: place for place, cat_id in enumerate(listed)}
    emitted = line.emitted(source, names)
    assert (len(names), len(places)) == (91, 80)
    assert dict(emitted["cat2label"]) == places
    assert (names[18], places[18], names[16]) == ("dog", 16, "bird")
    assert images(emitted) == expected(source, line, places)
    assert images(emitted) != expected(source, line, IDENTITY)
