"""Random byte changes: never a traceback, a hang, or an output that is not valid JSON.

Some seconds by default; ``COCOSURGEON_FUZZ_SECONDS`` makes it longer.
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from conftest import KERNELS, wild_files
from generated import made
from naive import applied, same

from cocosurgeon import (
    Area,
    CocosurgeonError,
    Crowd,
    DataError,
    Dataset,
    Empty,
    First,
    Plan,
    RequestError,
    read,
    summarize,
    trace_plan,
)
from cocosurgeon.annfile.document import Document
from cocosurgeon.annfile.listscan import ScanOptions
from cocosurgeon.annfile.scan import scan
from cocosurgeon.annfile.source import open_source
from cocosurgeon.dataset.keys import as_key

SECONDS = float(os.environ.get("COCOSURGEON_FUZZ_SECONDS", "4"))
LARGEST = 5_000
HANG = 20

PLANS = (Plan(First(2)), Plan(Empty()), Plan(~Crowd(), ~Empty()), Plan())
TOKENS = (
    *(b'"', b"{", b"}", b"[", b"]", b",", b":", b"\\", b"\n", b"\x00", b"\xff", b"\xef\xbb\xbf"),
    *(b"NaN", b"-Infinity", b"1e999", b"null", b"true", b'"id"', b'"images"', b"\\ud800", b"0x1"),
    *(b"}, {", b'}], "annotations": [{', b"1" * 5000, b"[" * 2000, b"-", b".", b"e5", b"\xc3"),
)


def seeds() -> list[bytes]:
    """Small texts to begin with: hand-made, generated, and real."""
    texts = [made(random.Random(n), results=n % 5 == 0).text for n in range(40)]
    return texts + [p.read_bytes() for p in wild_files() if p.stat().st_size <= LARGEST]


def changed(text: bytes, rng: random.Random) -> bytes:
    """The text with some bytes changed, lost, doubled, swapped or put in."""
    data = bytearray(text)
    for _ in range(rng.choice([1, 1, 1, 2, 4, 16])):
        at = rng.randrange(len(data) + 1)
        to = min(len(data), at + rng.choice([1, 1, 2, 8, 64]))
        match rng.randrange(6):
            case 0:
                data[at:to] = bytes(rng.randrange(256) for _ in range(to - at))
            case 1:
                del data[at:to]
            case 2:
                data[at:at] = rng.choice(TOKENS)
            case 3:
                data[at:to] = rng.choice(TOKENS)
            case 4:
                data[at:at] = data[at:to]
            case 5:
                del data[at:]
    return bytes(data)


@contextmanager
def no_hang() -> Iterator[None]:
    def ring(*_: object) -> None:
        raise AssertionError("it hangs")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(HANG)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def standard(text: bytes) -> Any:
    """What the standard library makes of a text; an exception when it refuses."""
    try:
        return json.loads(text.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        return error


def fits(doc: Any) -> bool:
    """Whether a value is an annotation file or a list of detections."""
    if isinstance(doc, list):
        return all(isinstance(d, dict) for d in doc)
    return isinstance(doc, dict) and all(
        isinstance(doc.get(key, [] if key != "images" else None), list)
        and all(isinstance(r, dict) for r in doc.get(key, []))
        for key in ("images", "annotations", "categories")
    )


def found(document: Document) -> dict[str, object]:
    """What a scan found of each list: its place, its records, their ids."""
    return {
        name: (of.start, of.stop, of.count, [as_key(v) for v in of.column("image_id").array])
        for name, of in document.lists.items()
    }


def check(path: Path, text: bytes) -> None:
    """Hold one text against the standard library."""
    doc = standard(text)
    try:
        whole = read(path)
    except DataError as error:
        assert error.what and error.where
        readable = not isinstance(doc, Exception) and fits(doc)
        # a list whose records name no image is no results file
        names = not isinstance(doc, list) or any("image_id" in record for record in doc)
        readable = readable and (names or not doc)
        assert not (readable and _last_keys_only(text)), f"refused, though it loads: {error}"
        return
    assert not isinstance(doc, ValueError), "accepted, though the standard library refuses it"
    if isinstance(doc, RecursionError):
        return
    for plan in PLANS:
        _check_plan(plan, whole, doc)
    with _told():
        summarize(whole.keep(Area(min=1))).lines()
    for kernel in KERNELS:
        tiny = scan(open_source(path), options=ScanOptions(window=50, kernel=kernel))
        assert found(tiny) == found(whole.index.document)


def _check_plan(plan: Plan, whole: Dataset, doc: Any) -> None:
    with _told():
        kept = plan.apply(whole)
        result = json.loads(b"".join(kept.text()).decode("utf-8-sig"))
        assert same(result, applied(doc, plan))
        summarize(kept).lines()
        trace_plan(plan, whole)


@contextmanager
def _told() -> Iterator[None]:
    """Only a request may be refused here: the file is fine."""
    try:
        yield
    except RequestError as error:
        assert error.what


def _last_keys_only(text: bytes) -> bool:
    """Whether no top-level list stands twice (an earlier one may be of any kind)."""
    return all(text.count(b'"%b"' % key) <= 1 for key in (b"images", b"annotations", b"categories"))


def test_random_changes(tmp_path: Path) -> None:
    rng = random.Random(20171)
    texts = seeds()
    path = tmp_path / "in.json"
    deadline = time.monotonic() + SECONDS
    tried = 0
    while time.monotonic() < deadline:
        text = changed(rng.choice(texts), rng)
        path.write_bytes(text)
        try:
            with no_hang():
                check(path, text)
        except CocosurgeonError:
            raise
        except BaseException:
            (tmp_path / "found.json").write_bytes(text)
            print(f"after {tried} texts: {text!r}")
            raise
        tried += 1
    assert tried > 100


def test_random_changes_at_the_command_line(cli: Callable[..., Any], tmp_path: Path) -> None:
    rng = random.Random(4)
    texts = seeds()
    for number in range(12):
        (tmp_path / "in.json").write_bytes(changed(rng.choice(texts), rng))
        ended = cli("subset", "in.json", "--first", 1, "-o", f"out{number}.json")
        assert ended.code in (0, 2, 3)
        if ended.code == 0:
            json.loads((tmp_path / f"out{number}.json").read_bytes().decode("utf-8-sig"))
        else:
            assert not (tmp_path / f"out{number}.json").exists()
