"""Threads, or a second process, that scan a part of a list change nothing but time."""

from __future__ import annotations

import json
import os
import random
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import KERNELS

from cocosurgeon import JSONSyntaxError, StructureError
from cocosurgeon.annfile import parallel
from cocosurgeon.annfile.listscan import ScannedPart, ScanOptions
from cocosurgeon.annfile.scan import scan
from cocosurgeon.annfile.source import open_source
from cocosurgeon.annfile.splice import pieces

Put = Callable[..., Path]
ALONE = ScanOptions(kernel=False, parallel_from=1 << 40)


@pytest.fixture(params=KERNELS, ids=lambda kernel: "threads" if kernel else "process")
def shared(request: pytest.FixtureRequest) -> ScanOptions:
    """A scan with the kernel by threads, and one without it by a second process."""
    return ScanOptions(window=1000, kernel=request.param, parallel_from=1)


@pytest.fixture(autouse=True)
def processors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Share the work among three wherever these tests run."""
    monkeypatch.setattr(parallel, "processors", lambda: 3)


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> list[ScannedPart | None]:
    """What helpers found whose guess was right."""
    found: list[ScannedPart | None] = []
    for helper in (parallel._Thread, parallel._Process):
        monkeypatch.setattr(helper, "part", _spied(found, helper.part))
    return found


def _spied(found: list[ScannedPart | None], original: Any) -> Callable[[Any], ScannedPart | None]:
    def part(self: Any) -> ScannedPart | None:
        found.append(original(self))
        return found[-1]

    return part


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
    alone, shared = (scan(open_source(path), options=each) for each in (ALONE, options))
    assert shared.nonfinite == alone.nonfinite
    assert list(shared.lists) == list(alone.lists)
    for name, expected in alone.lists.items():
        found = shared.lists[name]
        assert (found.start, found.stop, found.count) == (
            expected.start,
            expected.stop,
            expected.count,
        )
        places = [[of.tolist() for of in scanned.spans()] for scanned in (found, expected)]
        assert places[0] == places[1]
        for column in ("id", "image_id", "category_id", "segmentation"):
            left, right = found.column(column), expected.column(column)
            assert left.array.tolist() == right.array.tolist()
            assert left.present == right.present
    whole = b"".join(pieces(shared, {}))
    assert whole == path.read_bytes()


@pytest.mark.parametrize("indent", [None, 1])
def test_the_work_is_shared_and_the_result_the_same(
    indent: int | None, shared: ScanOptions, put: Put, parts: list[ScannedPart | None]
) -> None:
    same(put(document(400), indent=indent), shared)
    assert parts
    assert all(part is not None and part.blocks.count for part in parts)


def test_nonfinite_numbers_of_both_halves_are_counted(
    shared: ScanOptions, put: Put, parts: list[ScannedPart | None]
) -> None:
    value = document(300)
    for row in (5, 6, 870):
        value["annotations"][row]["area"] = float("nan")
    same(put(value), shared)
    assert parts
    path = put(document(300, area=float("-inf")))
    assert scan(open_source(path), options=shared).nonfinite == 900


def test_a_wrong_guess_is_thrown_away(
    shared: ScanOptions, put: Put, parts: list[ScannedPart | None]
) -> None:
    """What looks like a separator in the middle lies inside a string, or inside a nested list."""
    trap = '}, {"id": 1, "x": "' * 400
    for middle in (trap, [{"id": i, "x": trap[:50]} for i in range(400)]):
        records: list[Any] = [{"id": i, "x": i} for i in range(200)]
        records[100] = {"id": 100, "x": middle}
        same(put({"images": records}), shared)
    assert not parts


def test_a_list_that_ends_before_the_middle(shared: ScanOptions, put: Put) -> None:
    value = document(200)
    value["later"] = [{"id": i, "file_name": "x" * 99} for i in range(900)]
    same(put(value), shared)
    same(put({"images": value["images"][:3], "info": "x" * 90_000}), shared)


@pytest.mark.parametrize("row", [100, 500, 899])
def test_errors_name_the_right_record_in_either_half(
    row: int, shared: ScanOptions, put: Put
) -> None:
    text = json.dumps(document(300))
    place = text.index(f'"id": {row}}}', text.index("annotations"))
    broken = text[:place] + '"id": 0x, ' + text[place:]
    with pytest.raises(JSONSyntaxError) as caught:
        scan(open_source(put(broken)), options=shared)
    assert f"annotations[{row}]" in str(caught.value)
    assert caught.value.offset == place + len('"id": 0')
    value = document(300)
    value["annotations"][row] = 7
    with pytest.raises(StructureError, match=rf"annotations\[{row}\] is a number"):
        scan(open_source(put(value)), options=shared)


def test_a_second_process_that_fails_is_done_without(
    put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = ScanOptions(window=1000, kernel=False, parallel_from=1)
    monkeypatch.setattr("cocosurgeon.annfile.parallel._SERVE", "raise SystemExit(1)")
    same(put(document(300)), shared)
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    same(put(document(300)), shared)


def test_nobody_is_left(shared: ScanOptions, put: Put) -> None:
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    if not children.exists():
        pytest.skip("this system does not list a process's children")
    before = children.read_text(), threading.active_count()
    scan(open_source(put(document(300))), options=shared)
    with pytest.raises(JSONSyntaxError):
        scan(open_source(put(json.dumps(document(300))[:-9])), options=shared)
    assert (children.read_text(), threading.active_count()) == before


def test_threads_that_cannot_be_had_are_done_without(
    put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    if True not in KERNELS:
        pytest.skip("the compiled kernel is not in use")
    started: list[int] = []
    start = threading.Thread.start

    def one_only(self: threading.Thread) -> None:
        if started:
            raise RuntimeError("can't start new thread")
        started.append(1)
        start(self)

    monkeypatch.setattr("threading.Thread.start", one_only)
    before = threading.active_count()
    same(put(document(300)), ScanOptions(window=1000, kernel=True, parallel_from=1))
    assert threading.active_count() == before


@pytest.mark.parametrize("rest", ["", " ", ",", ", ", ",\n "])
@pytest.mark.parametrize("count", [1, 3])
def test_a_file_that_ends_between_records_has_one_answer(rest: str, count: int, put: Put) -> None:
    records = ", ".join(f'{{"id": {i}}}' for i in range(count))
    path = put('{"images": [' + records + rest)
    said = set()
    for kernel in KERNELS:
        with pytest.raises(JSONSyntaxError) as caught:
            scan(open_source(path), options=ScanOptions(kernel=kernel))
        said.add(str(caught.value))
    [text] = said
    assert f"images[{count - 1}]: the file ends after it, in the list" in text
    assert caught.value.offset == path.stat().st_size
