"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import gzip
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cocosurgeon import OutputError, atomic
from cocosurgeon.atomic import appearing, appearing_folder, draft_folder, remove_abandoned

_WRITES = """
import sys, time
from pathlib import Path
from cocosurgeon import atomic
atomic._HAS_NAMELESS = atomic._HAS_NAMELESS and sys.argv[2] == "nameless"
if sys.argv[2] == "folder":
    making = atomic.appearing_folder(Path(sys.argv[1]))
else:
    making = atomic.appearing([Path(sys.argv[1])])
with making as made:
    if sys.argv[2] == "folder":
        (made / "x").write_text("half")
    else:
        made[0].write(b"half")
        made[0].flush()
    print("begun", flush=True)
    time.sleep(60)
"""


def killed(output: Path, kind: str) -> None:
    """Kill a process that is writing."""
    with subprocess.Popen(
        [sys.executable, "-c", _WRITES, str(output), kind], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        before = sorted(output.parent.iterdir())
        assert remove_abandoned(output.parent) == 0
        assert sorted(output.parent.iterdir()) == before, "it is being written"
        process.send_signal(signal.SIGKILL)


def write(path: Path, text: bytes, *, force: bool = False) -> list[str]:
    """Write a file; return the lines that were printed."""
    lines: list[str] = []
    with appearing([path], force=force, notice=lines.append) as [file]:
        file.write(text)
    return lines


@pytest.mark.skipif(not atomic._HAS_NAMELESS, reason="the system has no files without a name")
def test_a_killed_process_leaves_nothing(tmp_path: Path) -> None:
    killed(tmp_path / "out.json", "nameless")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["named", "folder"])
def test_what_a_killed_process_left_is_removed_by_the_next_one(tmp_path: Path, kind: str) -> None:
    killed(tmp_path / "out", kind)
    [draft] = tmp_path.iterdir()
    lines = write(tmp_path / "other.json", b"{}")
    assert lines == [f"removed temporary files of killed processes in {tmp_path}: {draft.name}"]
    assert [p.name for p in tmp_path.iterdir()] == ["other.json"]


def test_a_folder_is_made_where_one_was_killed(tmp_path: Path) -> None:
    killed(tmp_path / "out", "folder")
    lines: list[str] = []
    with appearing_folder(tmp_path / "out", lines.append) as made:
        (made / "a").write_text("a")
    assert len(lines) == 1 and [p.name for p in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("name", ["out.json", "out.json.gz"])
@pytest.mark.parametrize("force", [False, True])
def test_the_same_bytes_stay_as_they_are(tmp_path: Path, name: str, force: bool) -> None:
    path = tmp_path / name
    assert write(path, b"text") == []
    before = path.stat()
    assert write(path, b"text", force=force) == [f"{path}: unchanged"]
    after = path.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    packed = path.read_bytes()
    assert (gzip.decompress(packed) if name.endswith(".gz") else packed) == b"text"


@pytest.mark.parametrize("text", [b"", b"tex", b"text more", b"Text"])
def test_other_bytes_are_refused_and_replaced_by_force(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "out.json"
    path.write_bytes(b"text")
    with pytest.raises(OutputError, match="the output exists"):
        write(path, text)
    assert path.read_bytes() == b"text"
    assert write(path, text, force=True) == []
    assert path.read_bytes() == text
    assert [p.name for p in tmp_path.iterdir()] == ["out.json"]


def test_drafts_have_names_where_they_must(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atomic, "_HAS_NAMELESS", False)
    path = tmp_path / "out.json"
    with appearing([path]) as [file]:
        file.write(b"text")
        [draft] = tmp_path.iterdir()
    assert atomic._DRAFT.fullmatch(draft.name)
    assert write(path, b"other", force=True) == []
    assert path.read_bytes() == b"other"
    assert [p.name for p in tmp_path.iterdir()] == ["out.json"]


def test_only_drafts_are_removed(tmp_path: Path) -> None:
    for name in ("mine.part", ".cocosurgeon-x.part", ".cocosurgeon-0123456789abcdef.part.json"):
        (tmp_path / name).write_text("mine")
    (tmp_path / ".cocosurgeon-0123456789abcdef.part").symlink_to("mine.part")
    assert remove_abandoned(tmp_path) == 0
    assert len(list(tmp_path.iterdir())) == 4


def test_folders_that_are_made_at_once_are_not_taken_for_abandoned_ones(tmp_path: Path) -> None:
    def fill(_: int) -> None:
        for number in range(200):
            with draft_folder(tmp_path) as draft:
                (draft / "deep").mkdir()
                (draft / "deep/file").write_text(str(number))
                assert (draft / "deep/file").read_text() == str(number)

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(fill, range(4))) == [None] * 4
    assert list(tmp_path.iterdir()) == []
