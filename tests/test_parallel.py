"""A second process that scans half of a list changes nothing but time."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cocosurgeon import JSONSyntaxError, StructureError
from cocosurgeon.annfile import scan as scanning
from cocosurgeon.annfile.listscan import ScannedPart, ScanOptions
from cocosurgeon.annfile.parallel import ParallelScan
from cocosurgeon.annfile.scan import scan
from cocosurgeon.annfile.source import open_source
from cocosurgeon.annfile.splice import pieces

Put = Callable[..., Path]
SHARED = ScanOptions(window=1000, parallel_from=1)


@pytest.fixture(autouse=True)
def two_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Share the work wherever these tests run."""
    monkeypatch.setattr(scanning, "has_second_processor", lambda: True)


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> list[ScannedPart | None]:
    """What second processes found whose guess was right."""
    found: list[ScannedPart | None] = []
    original = ParallelScan.part

    def spied(self: ParallelScan) -> ScannedPart | None:
        found.append(original(self))
        return found[-1]

    monkeypatch.setattr(ParallelScan, "part", spied)
    return found


def document(n: int, **extra: Any) -> dict[str, Any]:
    rng = random.Random(n)
    return {
        "images": [{"id": i, "file_name": f"{i}.jpg"} for i in range(n)],
        "annotations": [
            {
                "segmentation": [[rng.random() for _ in range(6)]],
                "image_id": rng.choice([i % n, str(i), 1.5, 10**30]),
                "category_id": i % 3,
                "id": i,
                **extra,
            }
            for i in range(3 * n)
        ],
    }


def same(path: Path, options: ScanOptions) -> None:
    """Hold a shared scan against one by a single process."""
    alone, shared = scan(open_source(path)), scan(open_source(path), options=options)
    assert shared.nonfinite == alone.nonfinite
    assert list(shared.lists) == list(alone.lists)
    for name, expected in alone.lists.items():
        found = shared.lists[name]
        assert (found.start, found.stop, found.count) == (
            expected.start,
            expected.stop,
            expected.count,
        )
        rows = [(b.first_row, b.count) for b in found.blocks]
        assert [r for r, _ in rows] == [sum(c for _, c in rows[:i]) for i in range(len(rows))]
        for column in ("id", "image_id", "category_id", "segmentation"):
            left, right = found.column(column), expected.column(column)
            assert left.array.tolist() == right.array.tolist()
            assert left.present == right.present
    whole = b"".join(pieces(shared, {}))
    assert whole == path.read_bytes()


@pytest.mark.parametrize("indent", [None, 1])
def test_the_work_is_shared_and_the_result_the_same(
    indent: int | None, put: Put, parts: list[ScannedPart | None]
) -> None:
    same(put(document(400), indent=indent), SHARED)
    assert parts
    assert all(part is not None and part.blocks for part in parts)


def test_nonfinite_numbers_of_both_halves_are_counted(
    put: Put, parts: list[ScannedPart | None]
) -> None:
    value = document(300)
    for row in (5, 6, 870):
        value["annotations"][row]["area"] = float("nan")
    same(put(value), SHARED)
    assert parts
    path = put(document(300, area=float("-inf")))
    assert scan(open_source(path), options=SHARED).nonfinite == 900


def test_a_wrong_guess_is_thrown_away(put: Put, parts: list[ScannedPart | None]) -> None:
    """What looks like a separator in the middle lies inside a string, or inside a nested list."""
    trap = '}, {"id": 1, "x": "' * 400
    for middle in (trap, [{"id": i, "x": trap[:50]} for i in range(400)]):
        records: list[Any] = [{"id": i, "x": i} for i in range(200)]
        records[100] = {"id": 100, "x": middle}
        same(put({"images": records}), SHARED)
    assert not parts


def test_a_list_that_ends_before_the_middle(put: Put) -> None:
    value = document(200)
    value["later"] = [{"id": i, "file_name": "x" * 99} for i in range(900)]
    same(put(value), SHARED)
    same(put({"images": value["images"][:3], "info": "x" * 90_000}), SHARED)


@pytest.mark.parametrize("row", [100, 500, 899])
def test_errors_name_the_right_record_in_either_half(row: int, put: Put) -> None:
    text = json.dumps(document(300))
    place = text.index(f'"id": {row}}}', text.index("annotations"))
    broken = text[:place] + '"id": 0x, ' + text[place:]
    with pytest.raises(JSONSyntaxError) as caught:
        scan(open_source(put(broken)), options=SHARED)
    assert f"annotations[{row}]" in str(caught.value)
    assert caught.value.offset == place + len('"id": 0')
    value = document(300)
    value["annotations"][row] = 7
    with pytest.raises(StructureError, match=rf"annotations\[{row}\] is a number"):
        scan(open_source(put(value)), options=SHARED)


def test_a_second_process_that_fails_is_done_without(
    put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cocosurgeon.annfile.parallel._SERVE", "raise SystemExit(1)")
    same(put(document(300)), SHARED)
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    same(put(document(300)), SHARED)


def test_no_process_is_left(put: Put) -> None:
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    if not children.exists():
        pytest.skip("this system does not list a process's children")
    before = children.read_text()
    scan(open_source(put(document(300))), options=SHARED)
    with pytest.raises(JSONSyntaxError):
        scan(open_source(put(json.dumps(document(300))[:-9])), options=SHARED)
    assert children.read_text() == before
