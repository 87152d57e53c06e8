"""Subsets that are kept: built once, whole or not at all, whatever happens meanwhile."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, SAMPLE, Cli

from cocosurgeon import fingerprint
from cocosurgeon.cache import lock as locking
from cocosurgeon.cache import store
from cocosurgeon.config import ann_file, classes_for
from cocosurgeon.errors import CocosurgeonError, OutputError
from cocosurgeon.fingerprint import FINGERPRINTS, Fingerprint

Put = Callable[..., Path]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("COCOSURGEON_CACHE", str(folder))
    return folder


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let a moment pass, after which the times of files are in no doubt."""

    def wait() -> None:
        monkeypatch.setattr(fingerprint, "_COARSE_NS", 10_000_000)
        time.sleep(0.05)

    return wait


@pytest.fixture
def source(put: Put, small: Any) -> Path:
    return put(small, "small.json")


@pytest.fixture
def large(tmp_path: Path, small: Any) -> Path:
    """A file whose subset takes a while to build."""
    boxes = small["annotations"] * 12000
    small["annotations"] = [box | {"id": i} for i, box in enumerate(boxes)]
    path = tmp_path / "large.json"
    path.write_text(json.dumps(small))
    return path


def request_subset(source: Path, options: str, before: str = "") -> subprocess.Popen[str]:
    """A process of its own that asks for a subset, and prints its path."""
    code = (
        f"{before}from cocosurgeon.config import ann_file\n"
        "from cocosurgeon.errors import CocosurgeonError\n"
        f"try: print(ann_file({str(source)!r}, {options}))\n"
        "except CocosurgeonError as error: print('error:', error)\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def answers(processes: list[subprocess.Popen[str]]) -> tuple[list[str], list[str]]:
    """Lines that each printed on stdout, and text on stderr."""
    printed = [process.communicate(timeout=100) for process in processes]
    assert all(process.returncode == 0 for process in processes), printed
    return [out.strip() for out, _ in printed], [err for _, err in printed]


@contextlib.contextmanager
def stopped_while_building(source: Path, cache: Path) -> Iterator[tuple[Any, str]]:
    """A process that holds still in the middle of building, with the options of its subset."""
    for attempt in range(1, 30):
        options = f"max_area={10_000 + attempt}"
        known = set(cache.glob("*.lock"))
        process = request_subset(source, options)
        while process.poll() is None and not set(cache.glob("*.lock")) - known:
            time.sleep(0.0005)
        process.send_signal(signal.SIGSTOP)
        time.sleep(0.05)
        locks = set(cache.glob("*.lock")) - known
        is_building = [is_held(lock) and not made_of(lock).exists() for lock in locks] == [True]
        if process.poll() is None and is_building:
            try:
                yield process, options
            finally:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                process.communicate()
            return
        process.send_signal(signal.SIGCONT)
        process.communicate(timeout=60)
        shutil.rmtree(cache, ignore_errors=True)  # its subset is of no use here
    raise AssertionError("no process could be stopped in time")


def is_held(lock: Path) -> bool:
    """Whether a process holds a lock."""
    if not lock.exists():
        return False
    with lock.open("rb+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


@contextlib.contextmanager
def held(lock: Path) -> Iterator[None]:
    """A lock that another process holds."""
    code = (
        "import fcntl, os, sys\n"
        f"descriptor = os.open({str(lock)!r}, os.O_RDWR | os.O_CREAT)\n"
        "fcntl.flock(descriptor, fcntl.LOCK_EX)\nprint('held', flush=True)\nsys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    try:
        yield
    finally:
        process.communicate()


def lock_of(path: str) -> Path:
    return Path(path).with_suffix(".lock")


def made_of(path: str | Path) -> Path:
    return Path(path).with_suffix(".made.json")


def forget(path: str) -> None:
    """Let a subset be one that is not there."""
    made_of(path).unlink()


def drafts(folder: Path) -> list[Path]:
    return list(folder.rglob("*.part"))


# ---- many processes


def test_of_sixteen_processes_one_builds(cache: Path) -> None:
    if not SAMPLE.is_file():
        pytest.skip("no sample data")
    outs, errs = answers([request_subset(SAMPLE, "first=60, having='person'") for _ in range(16)])
    [path] = set(outs)
    assert sum("built in" in err for err in errs) == 1
    assert [bool(err) for err in errs].count(True) == 1  # the others have nothing to say
    assert 0 < len(json.loads(Path(path).read_bytes())["images"]) <= 60
    assert not drafts(cache)


def test_killed_in_the_middle_the_next_one_builds(large: Path, cache: Path) -> None:
    with stopped_while_building(large, cache) as (process, options):
        second = request_subset(large, options)
        with pytest.raises(subprocess.TimeoutExpired):
            second.wait(timeout=1.0)  # for it waits for the first
        process.kill()
        [path], [err] = answers([second])
    assert "built in" in err
    assert len(json.loads(Path(path).read_bytes())["images"]) == 5


def test_a_source_that_changes_while_it_is_read_is_an_error(large: Path, cache: Path) -> None:
    with stopped_while_building(large, cache) as (process, _):
        with large.open("r+b") as file:
            file.seek(-1, os.SEEK_END)
            file.write(b" ")
        process.send_signal(signal.SIGCONT)
        out, _ = process.communicate(timeout=60)
    assert out.startswith("error:")
    assert not list(cache.glob("*large*.json"))
    assert not drafts(cache)


def test_a_time_limit(source: Path) -> None:
    path = ann_file(source, first=2)
    forget(path)
    with held(lock_of(path)):
        started = time.monotonic()
        with pytest.raises(OutputError, match=r"another process has been building .* 0.3 s"):
            ann_file(source, first=2, timeout=0.3)
        assert time.monotonic() - started < 3
    assert ann_file(source, first=2) == path


def test_a_long_wait_prints_one_message(
    source: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    path = ann_file(source, first=2)
    forget(path)
    capfd.readouterr()
    monkeypatch.setattr(locking, "_MESSAGE_AFTER", 0.1)
    with held(lock_of(path)), pytest.raises(OutputError):
        ann_file(source, first=2, timeout=0.7)
    [line] = capfd.readouterr().err.splitlines()
    assert "waiting for another process" in line
    assert path[:-5] in line


def test_where_locks_do_not_work_nothing_is_harmed(source: Path) -> None:
    path = ann_file(source, first=2)
    whole = Path(path).read_bytes()
    shutil.rmtree(Path(path).parent)
    none = "import fcntl\ndef flock(*_): raise OSError(37, 'no locks')\nfcntl.flock = flock\n"
    outs, errs = answers([request_subset(source, "first=2", none) for _ in range(6)])
    assert set(outs) == {path}
    assert Path(path).read_bytes() == whole
    assert any("locks do not work here" in err for err in errs)
    assert not drafts(Path(path).parent)


# ---- what is the same, and what is not


def test_a_hit_says_nothing(source: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = ann_file(source, first=2)
    printed = capfd.readouterr()
    assert printed.out == ""
    assert "images       2 of 5 kept, 3 dropped" in printed.err
    assert path in printed.err
    before = Path(path).stat().st_mtime_ns
    assert ann_file(source, first=2) == path
    assert capfd.readouterr() == ("", "")
    assert Path(path).stat().st_mtime_ns == before


def test_a_changed_source_gives_a_new_file(source: Path) -> None:
    path = ann_file(source, first=2)
    text = source.read_text()
    status = source.stat()
    source.write_text(text.replace("640", "641"))  # as long as it was
    os.utime(source, ns=(status.st_atime_ns, status.st_mtime_ns))
    other = ann_file(source, first=2)
    assert other != path
    assert "641" in Path(other).read_text()
    source.write_text(text)
    assert ann_file(source, first=2) == path  # its content is what it was


def test_what_a_file_holds_is_remembered_until_it_changes(
    source: Path, cache: Path, settled: Callable[[], None]
) -> None:
    path = ann_file(source, first=2)
    assert not (cache / FINGERPRINTS).exists()  # while a change would not show
    settled()
    assert ann_file(source, first=2) == path
    [sidecar] = (cache / FINGERPRINTS).iterdir()
    remembered = json.loads(sidecar.read_bytes())
    assert classes_for(source) == ["person", "dog", "toothbrush"]
    sidecar.write_text(json.dumps(remembered | {"sha256": "0" * 64, "classes": ["cat"]}))
    other = ann_file(source, last=1)  # under a name that depends on the sidecar
    assert classes_for(source) == ["cat"]
    sidecar.write_text(json.dumps(remembered))
    assert ann_file(source, last=1) != other

    status = source.stat()
    text = source.read_text()
    source.write_text(text.replace("640", "641"))
    os.utime(source, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert source.stat().st_size == status.st_size
    assert source.stat().st_mtime_ns == status.st_mtime_ns
    assert ann_file(source, first=2) != path


def test_a_file_from_the_future_is_read_each_time(source: Path, cache: Path) -> None:
    later = time.time() + 3600
    os.utime(source, (later, later))
    path = ann_file(source, first=2)
    assert ann_file(source, first=2) == path
    assert not (cache / FINGERPRINTS).exists()


def test_other_files_that_options_name_count(source: Path, put: Put, small: Any) -> None:
    listed = put("10\n", "ids.txt")
    one = ann_file(source, ids_file=listed)
    put("20\n", "ids.txt")
    assert ann_file(source, ids_file=listed) != one
    other = put(small | {"images": small["images"][:2]}, "other.json")
    two = ann_file(source, match=other)
    put(small | {"images": small["images"][:3]}, "other.json")
    three = ann_file(source, match=other)
    assert [len(json.loads(Path(p).read_bytes())["images"]) for p in (two, three)] == [2, 3]


def test_sources_of_one_name_are_told_apart(put: Put, small: Any, tmp_path: Path) -> None:
    one = put(small, "small.json")
    (tmp_path / "there").mkdir()
    two = put(small | {"images": small["images"][1:]}, "there/small.json")
    assert ann_file(one, first=1) != ann_file(two, first=1)
    link = tmp_path / "link" / "small.json"
    link.parent.mkdir()
    link.symlink_to(one)
    assert ann_file(link, first=1) == ann_file(one, first=1)


@pytest.mark.parametrize("damage", ["cut", "gone", "unknown"])
def test_what_is_not_whole_is_built_again(damage: str, source: Path) -> None:
    path = Path(ann_file(source, first=2))
    whole = path.read_bytes()
    if damage == "cut":
        path.write_bytes(whole[:-9])
    elif damage == "gone":
        path.unlink()
    else:
        made_of(path).write_text("{}")
    assert ann_file(source, first=2) == str(path)
    assert path.read_bytes() == whole


@pytest.mark.parametrize("suffix", [".json", ".recipe.json", ".made.json", ".lock"])
@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_links_and_pipes_in_place_of_its_files_are_refused_and_cleared(
    suffix: str, kind: str, source: Path, cache: Path, cli: Cli
) -> None:
    path = Path(ann_file(source, first=2))
    whole, text = path.read_bytes(), source.read_bytes()
    planted = path.with_suffix(suffix)
    planted.unlink(missing_ok=True)
    if kind == "link":
        planted.symlink_to(source)
    else:
        os.mkfifo(planted)
    with pytest.raises(OutputError, match=f"a {kind} is in the place of a cached file") as raised:
        ann_file(source, first=2)
    assert str(planted) == raised.value.where
    assert cli("cache", "list").code == 0
    assert cli("cache", "clear", "--yes").code == 0
    assert not os.path.lexists(planted)
    assert ann_file(source, first=2) == str(path)
    assert (path.read_bytes(), source.read_bytes()) == (whole, text)


@pytest.mark.parametrize("mode", [0o777, 0o772, 0o1777])
def test_a_folder_that_others_can_write_is_refused(mode: int, source: Path, cache: Path) -> None:
    ann_file(source, first=2)
    cache.chmod(mode)
    for ask in (lambda: ann_file(source, first=2), lambda: classes_for(source)):
        with pytest.raises(OutputError, match="can be written by others") as raised:
            ask()
        assert "chmod go-w" in str(raised.value)
    cache.chmod(0o755)
    ann_file(source, first=2)


def test_clear_asks(source: Path, cli: Cli, cache: Path) -> None:
    path = Path(ann_file(source, first=2))
    refused = cli("cache", "clear")
    assert (refused.code, "add --yes" in refused.err) == (2, True)
    for answer, goes in (("no", False), ("", False), ("y", True)):
        master, terminal = os.openpty()
        with subprocess.Popen(
            [sys.executable, "-m", "cocosurgeon", "cache", "clear"],
            stdin=terminal,
            stderr=terminal,
            stdout=subprocess.DEVNULL,
        ) as process:
            os.write(master, f"{answer}\n".encode())
            assert process.wait(30) == (0 if goes else 2)
        os.close(terminal)
        os.close(master)
        assert path.exists() != goes


def test_an_edited_subset_is_renamed(source: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = Path(ann_file(source, first=2))
    whole = path.read_bytes()
    path.write_bytes(b"somebody's own")
    capfd.readouterr()
    assert ann_file(source, first=2) == str(path)
    assert path.read_bytes() == whole
    [renamed] = path.parent.glob("*.edited.json")
    assert renamed.read_bytes() == b"somebody's own"
    assert str(renamed) in capfd.readouterr().err


DAMAGED_MADE = [
    *({"source": 5}, {"source_sha256": None}, {"steps": ["--first"]}, {"size": "9"}, {"size": -1}),
    *({"size": True}, {"size": 10**30}, {"at": "x"}, {"at": -1e300}, {"at": 1e300}, {"at": None}),
    *({"at": float("nan")}, {"version": 1}, {"summary": "abc"}, {"summary": [1]}, {"format": 2}),
]


@pytest.mark.parametrize("damage", [*DAMAGED_MADE, "[1]", "5", "[" * 100_000, "", "\udcff"])
def test_damaged_metadata_is_ignored(damage: Any, source: Path, cli: Cli, cache: Path) -> None:
    path = ann_file(source, first=2)
    made = made_of(path)
    text = damage
    if isinstance(damage, dict):
        text = json.dumps(json.loads(made.read_bytes()) | damage)
    made.write_text(text, errors="surrogateescape")
    assert listed(cli) == []
    assert cli("cache", "list").code == 0
    assert ann_file(source, first=2) == path
    made.write_text(text, errors="surrogateescape")
    assert cli("cache", "clear", "--yes").code == 0
    assert left_in(cache) == []


def test_damaged_classes_and_digests_are_ignored(
    source: Path, cache: Path, settled: Callable[[], None]
) -> None:
    path = ann_file(source, first=2)
    settled()
    assert classes_for(source) == ["person", "dog", "toothbrush"]
    assert ann_file(source, first=2) == path
    [sidecar] = (cache / FINGERPRINTS).iterdir()
    values = json.loads(sidecar.read_bytes())
    assert {"classes", "sha256"} <= set(values)
    damaged: list[Any] = [values | {"classes": c} for c in (5, None, "abc", [1, 2], [], {"a": 1})]
    damaged += [values | {"sha256": d} for d in (5, "abc", None)]
    damaged += [values | {"fingerprint": "x"}, values | {"format": 2}, [1], 5]
    for text in [*map(json.dumps, damaged), "[" * 100_000, ""]:
        sidecar.write_text(text)
        assert classes_for(source) == ["person", "dog", "toothbrush"], text[:80]
        assert ann_file(source, first=2) == path, text[:80]


def test_another_device_is_another_file(source: Path) -> None:
    fingerprint = Fingerprint.of(source)
    other = dataclasses.replace(fingerprint, device=fingerprint.device + 1)
    assert dataclasses.asdict(fingerprint) != dataclasses.asdict(other)
    assert fingerprint.sidecar(source.parent) != other.sidecar(source.parent)


def test_a_name_with_a_line_break(put: Put, small: Any, cli: Cli, cache: Path) -> None:
    path = Path(ann_file(put(small, "two\nlines.json"), first=2))
    assert listed(cli)[0]["path"] == str(path)
    text = cli("cache", "list").out
    assert "1 subset," in text
    assert "two\\nlines" in text
    assert cli("cache", "clear", "--yes").code == 0
    assert left_in(cache) == []


def test_a_long_name_fits(put: Put, small: Any) -> None:
    source = put(small, "ü" * 120 + ".json")
    path = Path(ann_file(source, having=["person", "dog"], where="width > 3", first=1))
    assert path.exists()
    assert all(len(os.fsencode(p.name)) <= 255 for p in path.parent.iterdir())


# ---- the folder


def test_beside_the_source_or_in_a_folder(
    source: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    beside = Path(ann_file(source, first=2, cache="beside"))
    assert beside.parent == source.parent / "cocosurgeon-cache"
    named = Path(ann_file(source, first=2, cache="here"))
    assert named.parent == tmp_path / "here"
    assert Path(ann_file(source, first=2)).parent == cache
    assert beside.name == named.name


def test_the_users_folder(cli: Cli, tmp_path: Path) -> None:
    there = cli("cache", "where", COCOSURGEON_CACHE="", HOME=tmp_path, XDG_CACHE_HOME="")
    assert there.code == 0
    assert str(tmp_path) in there.out
    assert "cocosurgeon" in there.out
    assert "the user's" in there.err
    named = cli("cache", "where", "--json", COCOSURGEON_CACHE=str(tmp_path / "x"))
    assert json.loads(named.out) == {
        "folder": str(tmp_path / "x"),
        "why": "from COCOSURGEON_CACHE",
    }


def test_a_folder_that_cannot_be(source: Path) -> None:
    for folder in ("/dev/null/cache", str(source)):
        with pytest.raises(OutputError, match="cannot store the subset") as caught:
            ann_file(source, first=2, cache=folder)
        assert "COCOSURGEON_CACHE=FOLDER" in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_to_serves_what_is_in_it(source: Path, cache: Path) -> None:
    path = ann_file(source, first=2)
    cache.chmod(0o555)
    try:
        assert ann_file(source, first=2) == path
        with pytest.raises(OutputError, match="cannot store the subset"):
            ann_file(source, first=3)
    finally:
        cache.chmod(0o755)


def test_a_full_folder(source: Path, cache: Path) -> None:
    code = (
        "import resource\nfrom cocosurgeon.config import ann_file\n"
        "from cocosurgeon.atomic import appearing\n"
        "from cocosurgeon.cache import build, lock\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))\n"
        f"ann_file({str(source)!r}, first=2)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "cannot store the subset in the cache folder" in done.stderr
    assert not list(cache.glob("*.json"))
    assert not drafts(cache)
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 200


# ---- cocosurgeon cache


def listed(cli: Cli) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(cli("cache", "list", "--json").out)["subsets"]
    return found


def test_list_tells_what_there_is(source: Path, cli: Cli, cache: Path) -> None:
    assert "0 subsets" in cli("cache", "list").out
    path = ann_file(source, first=2, having=["dog", "person"])
    [kept] = listed(cli)
    assert kept["path"] == path
    assert kept["source"] == str(source)
    assert kept["steps"] == "First(2), Keep(Having(InCategory('dog', 'person')))"
    assert kept["source_is"] == "the same"
    assert kept["is_whole"]
    assert kept["summary"][0] == "images       2 of 5 kept, 3 dropped"
    assert kept["bytes"] > kept["size"] == Path(path).stat().st_size
    text = cli("cache", "list").out
    assert str(cache) in text
    assert Path(path).name in text
    assert "(the source is the same)" in text
    source.write_text(source.read_text() + "\n")
    assert listed(cli)[0]["source_is"] == "changed"
    source.unlink()
    assert listed(cli)[0]["source_is"] == "gone"
    Path(path).write_text("{}")
    assert "broken" in cli("cache", "list").out


def test_a_recipe_repeats_it(source: Path, cli: Cli, tmp_path: Path) -> None:
    path = Path(ann_file(source, first=3, to="detr91"))
    recipe = path.with_suffix(".recipe.json")
    assert cli("apply", recipe, source, "-o", "again.json").code == 0
    assert (tmp_path / "again.json").read_bytes() == path.read_bytes()


def test_clear_removes_what_was_made_here(source: Path, cli: Cli, cache: Path) -> None:
    path = Path(ann_file(source, first=2))
    edited = Path(ann_file(source, first=3))
    edited.write_text("somebody's own")
    own = [cache / "own.json", cache / f"own-{'0' * 16}.json", cache / "own.made.json"]
    own += [cache / "own.part", cache / f"{'0' * 16}.part"]
    for each in own:
        each.write_text("{}")
    dead = path.with_name(".cocosurgeon-0123456789abcdef.part")
    dead.write_text("{")
    done = cli("cache", "clear", "--yes", "--json")
    assert done.code == 0
    values = json.loads(done.out)
    [renamed] = map(Path, values["edited"])
    assert renamed.read_text() == "somebody's own"
    assert values["removed"] == 2
    assert {p.name for p in cache.iterdir()} == {p.name for p in [*own, renamed]}
    assert "0 subsets removed, 0 bytes" in cli("cache", "clear", "--yes").err
    assert renamed.exists()


def test_clear_tells_what_it_leaves(source: Path, cli: Cli) -> None:
    path = Path(ann_file(source, first=2))
    path.write_text("somebody's own")
    printed = cli("cache", "clear", "--yes").err
    assert f"not removed, because it was edited; it is now {path.with_suffix('')}." in printed


def test_clear_removes_what_a_killed_process_has_begun(source: Path, cli: Cli, cache: Path) -> None:
    path = ann_file(source, first=2)
    forget(path)  # as if it had been killed before the last of three files was there
    with held(lock_of(path)):
        assert json.loads(cli("cache", "clear", "--yes", "--json").out)["being_built"] == [path]
        assert Path(path).exists()
    assert listed(cli) == []
    assert cli("cache", "clear", "--yes").code == 0
    assert left_in(cache) == []


def test_clear_removes_the_drafts_of_a_killed_process_at_once(
    large: Path, cli: Cli, cache: Path
) -> None:
    with stopped_while_building(large, cache) as (process, _):
        for age in (0, 7200):  # however long it has been stopped, they are its own
            before = left_in(cache)
            for name in before:
                os.utime(cache / name, (time.time() - age,) * 2)
            values = json.loads(cli("cache", "clear", "--yes", "--json").out)
            assert len(values["being_built"]) == 1
            # it may have been stopped before it took note of the source, or after
            assert left_in(cache) == [name for name in before if name != FINGERPRINTS]
        process.kill()
        process.wait()
        assert cli("cache", "clear", "--yes").code == 0
    assert left_in(cache) == []


def test_clear_leaves_what_only_has_the_name(source: Path, cli: Cli, cache: Path) -> None:
    path = ann_file(source, first=2)
    folder = cache / f"x-{'0' * 16}.lock"
    folder.mkdir()
    (cache / FINGERPRINTS).write_text("somebody's own")
    assert cli("cache", "clear", "--yes").code == 0
    assert not Path(path).exists()
    assert left_in(cache) == [FINGERPRINTS, folder.name]
    assert ann_file(source, first=2) == path


def left_in(folder: Path) -> list[str]:
    """Names of all that is there, but for the folder of notes where it is empty."""
    with contextlib.suppress(OSError):
        (folder / FINGERPRINTS).rmdir()
    return sorted(path.name for path in folder.iterdir())


def test_clear_removes_the_stale_only(source: Path, cli: Cli, put: Put, small: Any) -> None:
    kept = ann_file(source, first=2)
    gone = ann_file(put(small, "gone.json"), first=2)
    (source.parent / "gone.json").unlink()
    assert "1 subset removed" in cli("cache", "clear", "--yes", "--stale").err
    assert Path(kept).exists()
    assert not Path(gone).exists()
    assert json.loads(cli("cache", "clear", "--yes", "--stale", "--json").out)["removed"] == 0
    assert Path(kept).exists()
    assert cli("cache", "clear", "--yes", "--quiet").err == ""
    assert not Path(kept).exists()


def test_clear_skips_subsets_that_are_being_built(source: Path, cli: Cli) -> None:
    path = ann_file(source, first=2)
    with held(lock_of(path)):
        done = cli("cache", "clear", "--yes")
    assert f"skipped, another process is building it: {path}" in done.err
    assert Path(path).exists()
    assert cli("cache", "clear", "--yes").code == 0
    assert left_in(Path(path).parent) == []


def test_clear_while_processes_build(source: Path, cache: Path) -> None:
    """Builders and a clearer, as fast as they can: no build fails, none meets another."""
    code = (
        "import sys, time\nfrom cocosurgeon.cache import store\nfrom pathlib import Path\n"
        "from cocosurgeon.report import summary\n"  # what a build loads takes no time below
        "from cocosurgeon.config import ann_file\nend = time.monotonic() + 3\n"
        "while time.monotonic() < end:\n"
        f"    if sys.argv[1] == 'clear': store.clear(Path({str(cache)!r}))\n"
        f"    else: print(ann_file({str(source)!r}, first=2))\n"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, role],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for role in ("build", "build", "build", "clear")
    ]
    outs, errs = answers(processes)
    assert len({line for out in outs for line in out.splitlines()}) == 1
    assert sum(err.count("built in") for err in errs) > 3  # it was cleared, again and again
    store.clear(cache)
    assert left_in(cache) == []


def test_who_waited_for_a_lock_that_is_gone_does_not_hold_it(source: Path, cache: Path) -> None:
    path = ann_file(source, first=2)
    forget(path)
    lock = lock_of(path)
    other = lock.with_suffix(".other")
    with held(other):
        with held(lock):
            waiting_one = request_subset(source, "first=2")
            time.sleep(1.0)
            other.replace(lock)  # the same name, and another file
        with pytest.raises(subprocess.TimeoutExpired):
            waiting_one.wait(timeout=1.0)
    [out], _ = answers([waiting_one])
    assert out == path


def test_a_lock_is_let_go(source: Path, cache: Path) -> None:
    path = ann_file(source, first=2)
    assert not lock_of(path).exists()
    with pytest.raises(CocosurgeonError):
        ann_file(source, having="cow")
    assert not list(cache.glob("*.lock"))


def test_an_error_keeps_nothing(source: Path, cache: Path) -> None:
    with pytest.raises(CocosurgeonError):
        ann_file(source, having="cow")
    assert not list(cache.glob("*.json"))
    assert not drafts(cache)
