"""Subsets that are kept: built once, whole or not at all, whatever happens meanwhile."""

from __future__ import annotations

import contextlib
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

from cocosurgeon.cache import alone as waiting
from cocosurgeon.cache.contents import SEEN
from cocosurgeon.config import ann_file, classes_for
from cocosurgeon.errors import CocosurgeonError, OutputError

Put = Callable[..., Path]

_SETTLED = 3.3
"""Seconds after which a file's times are in no doubt."""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("COCOSURGEON_CACHE", str(folder))
    return folder


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


def asking(source: Path, options: str) -> subprocess.Popen[str]:
    """A process of its own that asks for a subset, and prints its path."""
    code = (
        "from cocosurgeon.config import ann_file\n"
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
    """What each said on stdout, and on stderr."""
    said = [process.communicate(timeout=100) for process in processes]
    assert all(process.returncode == 0 for process in processes), said
    return [out.strip() for out, _ in said], [err for _, err in said]


@contextlib.contextmanager
def stopped_while_building(source: Path, cache: Path) -> Iterator[tuple[Any, str]]:
    """A process that holds still in the middle of building, with the options of its subset."""
    for attempt in range(1, 30):
        options = f"max_area={10_000 + attempt}"
        known = set(cache.glob("*.lock"))
        process = asking(source, options)
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
    raise AssertionError("no process could be stopped in time")


def is_held(lock: Path) -> bool:
    """Whether a process holds a lock."""
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
    return list(folder.rglob(".cocosurgeon-*.part"))


# ---- many processes


def test_of_sixteen_processes_one_builds(cache: Path) -> None:
    if not SAMPLE.is_file():
        pytest.skip("no sample data")
    outs, errs = answers([asking(SAMPLE, "first=60, having='person'") for _ in range(16)])
    [path] = set(outs)
    assert sum("built in" in err for err in errs) == 1
    assert [bool(err) for err in errs].count(True) == 1  # the others have nothing to say
    assert 0 < len(json.loads(Path(path).read_bytes())["images"]) <= 60
    assert not drafts(cache)


def test_killed_in_the_middle_the_next_one_builds(large: Path, cache: Path) -> None:
    with stopped_while_building(large, cache) as (process, options):
        second = asking(large, options)
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


def test_who_waits_long_says_so(
    source: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    path = ann_file(source, first=2)
    forget(path)
    capfd.readouterr()
    monkeypatch.setattr(waiting, "_FIRST_WORD", 0.1)
    monkeypatch.setattr(waiting, "_FURTHER_WORDS", 0.4)
    with held(lock_of(path)), pytest.raises(OutputError):
        ann_file(source, first=2, timeout=0.7)
    said = capfd.readouterr().err.splitlines()
    assert len(said) == 2
    assert all("waiting for another process" in line and path[:-5] in line for line in said)


def test_where_locks_do_not_work_nothing_is_harmed(source: Path) -> None:
    path = ann_file(source, first=2)
    whole = Path(path).read_bytes()
    shutil.rmtree(Path(path).parent)
    lock_of(path).mkdir(parents=True)  # which nobody can lock as a file
    outs, errs = answers([asking(source, "first=2") for _ in range(6)])
    assert set(outs) == {path}
    assert Path(path).read_bytes() == whole
    assert any("no lock to be had" in err for err in errs)
    assert not drafts(Path(path).parent)


# ---- what is the same, and what is not


def test_a_hit_says_nothing(source: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = ann_file(source, first=2)
    said = capfd.readouterr()
    assert said.out == ""
    assert "images       2 of 5 kept, 3 dropped" in said.err
    assert path in said.err
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


def test_what_a_file_holds_is_remembered_until_it_changes(source: Path, cache: Path) -> None:
    path = ann_file(source, first=2)
    assert not (cache / SEEN).exists()  # while a change would not show
    time.sleep(_SETTLED)
    assert ann_file(source, first=2) == path
    [note] = (cache / SEEN).iterdir()
    remembered = json.loads(note.read_bytes())
    assert classes_for(source) == ["person", "dog", "toothbrush"]
    note.write_text(json.dumps(remembered | {"sha256": "0" * 64, "classes": ["cat"]}))
    other = ann_file(source, last=1)  # under a name that goes by the note
    assert classes_for(source) == ["cat"]
    note.write_text(json.dumps(remembered))
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
    assert not (cache / SEEN).exists()


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
        with pytest.raises(OutputError, match="cannot keep the subset") as caught:
            ann_file(source, first=2, cache=folder)
        assert "COCOSURGEON_CACHE=FOLDER" in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_to_serves_what_is_in_it(source: Path, cache: Path) -> None:
    path = ann_file(source, first=2)
    cache.chmod(0o555)
    try:
        assert ann_file(source, first=2) == path
        with pytest.raises(OutputError, match="cannot keep the subset"):
            ann_file(source, first=3)
    finally:
        cache.chmod(0o755)


def test_a_full_folder(source: Path, cache: Path) -> None:
    code = (
        "import resource\nfrom cocosurgeon.config import ann_file\n"
        "from cocosurgeon.cache import alone, build\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))\n"
        f"ann_file({str(source)!r}, first=2)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "cannot keep the subset in the cache folder" in done.stderr
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
    assert kept["steps"] == "--first 2 --having dog,person"
    assert kept["source_is"] == "the same"
    assert kept["is_whole"]
    assert kept["account"][0] == "images       2 of 5 kept, 3 dropped"
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
    for each in own:
        each.write_text("{}")
    old = cache / f".cocosurgeon-{'0' * 16}.part"
    young = cache / f".cocosurgeon-{'1' * 16}.part"
    for each in (old, young):
        each.write_text("{")
    os.utime(old, (1, 1))
    done = cli("cache", "clear")
    assert done.code == 0
    assert "2 subsets removed" in done.err
    assert {p.name for p in cache.iterdir()} == {p.name for p in [*own, edited, young]}
    assert not path.exists()


def test_clear_removes_what_a_killed_process_has_begun(source: Path, cli: Cli, cache: Path) -> None:
    path = ann_file(source, first=2)
    forget(path)  # as if it had been killed before the last of three files was there
    with held(lock_of(path)):
        assert cli("cache", "clear").code == 0
        assert Path(path).exists()
    assert cli("cache", "clear").code == 0
    assert not cache.exists()


def test_clear_takes_the_stale_or_the_old_only(
    source: Path, cli: Cli, put: Put, small: Any
) -> None:
    kept = ann_file(source, first=2)
    gone = ann_file(put(small, "gone.json"), first=2)
    (source.parent / "gone.json").unlink()
    assert "1 subset removed" in cli("cache", "clear", "--stale").err
    assert Path(kept).exists()
    assert not Path(gone).exists()
    assert json.loads(cli("cache", "clear", "--older-than", "1", "--json").err)["removed"] == 0
    assert cli("cache", "clear", "--older-than", "-1").code == 2
    assert cli("cache", "clear", "--older-than", "0", "--quiet").err == ""
    assert not Path(kept).exists()


def test_clear_leaves_alone_what_is_being_built(source: Path, cli: Cli) -> None:
    path = ann_file(source, first=2)
    with held(lock_of(path)):
        done = cli("cache", "clear")
    assert "being built, and left alone" in done.err
    assert Path(path).exists()
    assert cli("cache", "clear").code == 0
    assert not Path(path).parent.exists()


def test_clear_while_processes_build(large: Path, cache: Path, cli: Cli) -> None:
    processes = [asking(large, "first=4") for _ in range(4)]
    while any(process.poll() is None for process in processes):
        assert cli("cache", "clear", "--quiet").code == 0
    outs, _ = answers(processes)
    assert len(set(outs)) == 1


def test_a_lock_is_let_go(source: Path) -> None:
    path = ann_file(source, first=2)
    assert not is_held(lock_of(path))


def test_an_error_keeps_nothing(source: Path, cache: Path) -> None:
    with pytest.raises(CocosurgeonError):
        ann_file(source, having="cow")
    assert not list(cache.glob("*.json"))
    assert not drafts(cache)
