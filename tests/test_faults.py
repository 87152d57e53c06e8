"""Faults of the world: full disks, interrupts, races, changing sources, closed pipes."""

from __future__ import annotations

import contextlib
import functools
import gzip
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli, left_behind

from cocosurgeon import OutputError, SourceChangedError, SourceUnavailableError, read, write
from cocosurgeon.atomic import appearing

Put = Callable[..., Path]
COMMAND = [sys.executable, "-m", "cocosurgeon"]


@functools.cache
def large(images: int = 20_000) -> str:
    """The text of a file of some megabytes."""
    document = {
        "images": [{"id": i, "file_name": f"{i:040d}.jpg"} for i in range(images)],
        "annotations": [
            {"id": i, "image_id": i % images, "category_id": 1, "area": i * 1.5}
            for i in range(2 * images)
        ],
        "categories": [{"id": 1, "name": "thing"}],
    }
    return json.dumps(document)


def wait_until_it_writes(folder: Path, process: subprocess.Popen[Any]) -> None:
    """Wait until a process has an output open, with a name or without."""
    opened = Path(f"/proc/{process.pid}/fd")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            links = [os.readlink(each) for each in opened.iterdir()]  # noqa: PTH115
            if any(link.startswith(f"{folder}/#") for link in links):
                return
        if left_behind(folder, "in.json"):
            return
        time.sleep(0.005)
    raise AssertionError("it never began to write")


# ---- full disks


def test_a_limit_on_file_size_leaves_nothing(put: Put, tmp_path: Path) -> None:
    put(large())

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    done = subprocess.run(
        [*COMMAND, "subset", "in.json", "--skip", "1", "-o", "out.json", "--ids-out", "ids.txt"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        preexec_fn=limit,
        check=False,
    )
    assert done.returncode == 2
    assert "cannot write the output: File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert left_behind(tmp_path, "in.json") == set()


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 200 kB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(disk)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("no right to mount a small disk here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_leaves_nothing_and_keeps_what_was_there(
    full_disk: Path, put: Put, cli: Cli
) -> None:
    put(large())
    (full_disk / "old.json").write_text("old")
    for args in (["-o", "disk/new.json"], ["-o", "disk/old.json", "--force"]):
        ended = cli("subset", "in.json", "--skip", 1, *args)
        assert ended.code == 2
        assert "No space left on device" in ended.err
        assert left_behind(full_disk) == {"old.json"}
    assert (full_disk / "old.json").read_text() == "old"
    assert cli("subset", "in.json", "--first", 9, "-o", "disk/small.json").code == 0


def test_no_room_to_unpack_is_told(full_disk: Path, cli: Cli) -> None:
    text = large().encode()
    ended = cli("subset", "-", "--first", 1, "-o", "out.json", stdin=text, TMPDIR=str(full_disk))
    assert ended.code == 2
    assert "TMPDIR" in ended.err


def test_a_full_stdout_is_told(put: Put, tmp_path: Path) -> None:
    put(large())
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, "subset", "in.json", "-o", "-"],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_full_device_is_told(small: Any, put: Put, cli: Cli) -> None:
    put(small)
    ended = cli("subset", "in.json", "--first", 1, "-o", "/dev/full")
    assert ended.code == 2
    assert "No space left on device" in ended.err


# ---- interrupts


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_an_interrupt_while_writing_leaves_nothing(
    number: signal.Signals, code: int, put: Put, tmp_path: Path
) -> None:
    if signal.getsignal(number) == signal.SIG_IGN:
        pytest.skip(f"{number.name} is ignored, as under nohup")
    put(large(60_000))
    with subprocess.Popen(
        [*COMMAND, "subset", "in.json", "--skip", "1", "-o", "out.json.gz"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        wait_until_it_writes(tmp_path, process)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert out == ""
    assert "Traceback" not in err
    assert left_behind(tmp_path, "in.json") == set()


def test_an_interrupt_in_the_library_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), appearing([tmp_path / "out.json"]) as [file]:
        file.write(b"half")
        raise KeyboardInterrupt
    assert left_behind(tmp_path) == set()


# ---- races


def start(tmp_path: Path, *args: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, "subset", "in.json", *args],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_of_runs_to_one_place_one_wins(put: Put, tmp_path: Path) -> None:
    path = put(large())
    results = {b"".join(read(path).skip(n).text()) for n in range(1, 5)}
    runs = [start(tmp_path, "--skip", str(n), "-o", "out.json") for n in range(1, 5)]
    told = [run.communicate(timeout=120) for run in runs]
    assert sorted(run.returncode for run in runs) == [0, 2, 2, 2], told
    assert sum("the output exists" in err for _, err in told) == 3
    assert (tmp_path / "out.json").read_bytes() in results
    assert left_behind(tmp_path, "in.json") == {"out.json"}


def test_of_forced_runs_to_one_place_none_mixes(put: Put, tmp_path: Path) -> None:
    path = put(large())
    results = {b"".join(read(path).skip(n).text()) for n in range(1, 5)}
    runs = [start(tmp_path, "--skip", str(n), "-o", "out.json", "--force") for n in range(1, 5)]
    for run in runs:
        run.communicate(timeout=120)
        assert run.returncode == 0
    assert (tmp_path / "out.json").read_bytes() in results
    assert left_behind(tmp_path, "in.json") == {"out.json"}


def test_a_file_that_appears_meanwhile_is_left_alone(small: Any, put: Put, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    with pytest.raises(OutputError, match="exists"), appearing([out]) as [file]:
        file.write(b"ours")
        out.write_text("theirs")
    assert out.read_text() == "theirs"
    assert left_behind(tmp_path) == {"out.json"}


# ---- places without permission


def test_a_folder_that_cannot_be_written(small: Any, put: Put, cli: Cli, tmp_path: Path) -> None:
    put(small)
    for output in ("/proc/out.json", "none/out.json", "in.json/out.json"):
        ended = cli("subset", "in.json", "--first", 1, "-o", output)
        assert ended.code == 2, ended.err
        assert "cannot write the output" in ended.err
    assert left_behind(tmp_path, "in.json") == set()


@contextlib.contextmanager
def without_root() -> Iterator[None]:
    """Go without the rights of root for a while."""
    if os.geteuid() != 0:
        yield
        return
    nobody = 65534
    os.seteuid(nobody)
    try:
        yield
    finally:
        os.seteuid(0)


def test_read_only_folders_and_unreadable_sources(small: Any) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "in.json"
        path.write_text(json.dumps(small))
        path.chmod(0o644)
        folder.chmod(0o555)
        with without_root(), pytest.raises(OutputError, match="Permission denied"):
            write(read(path).first(1), folder / "out.json")
        assert left_behind(folder, "in.json") == set()
        path.chmod(0o000)
        with without_root(), pytest.raises(SourceUnavailableError, match="Permission denied"):
            read(path)
        folder.chmod(0o755)


# ---- sources that change


def test_a_source_cut_while_it_is_scanned(put: Put) -> None:
    path = put(large())

    def cut(done: int, total: int) -> None:
        os.truncate(path, total // 2)

    with pytest.raises(SourceChangedError):
        read(path, progress=cut)


def test_a_source_that_grows_while_it_is_scanned(put: Put) -> None:
    path = put(large())

    def grow(done: int, total: int) -> None:
        with path.open("ab") as file:
            file.write(b" ")

    with pytest.raises(SourceChangedError):
        read(path, progress=grow)


@pytest.mark.parametrize("how", ["cut", "rewritten", "shifted"])
def test_a_source_that_changes_before_it_is_written(how: str, put: Put, tmp_path: Path) -> None:
    path = put(large(3000))
    kept = read(path).skip(1)
    text = path.read_text()
    time.sleep(0.02)
    path.write_text({"cut": text[:1000], "rewritten": text, "shifted": " " + text}[how])
    with pytest.raises(SourceChangedError, match="changed while it was read"):
        write(kept, tmp_path / "out.json")
    with pytest.raises(SourceChangedError):
        kept.annotation_columns("area", "nothing_yet")
    assert left_behind(tmp_path, "in.json") == set()


def test_a_source_that_is_replaced_is_read_as_it_was(put: Put, tmp_path: Path) -> None:
    path = put(large(3000))
    kept = read(path).skip(1)
    expected = b"".join(kept.text())
    put("{}", "new.json").replace(path)
    write(kept, tmp_path / "out.json")
    assert (tmp_path / "out.json").read_bytes() == expected


def test_the_source_is_never_changed(put: Put, cli: Cli) -> None:
    path = put(large(2000))
    before = path.read_bytes(), path.stat().st_mtime_ns
    assert cli("subset", path, "--having", "thing", "--sample", 9).code == 0
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


# ---- pipes


@pytest.mark.parametrize("size", [5, 20_000])
def test_a_reader_that_goes_away_has_what_it_wanted(size: int, put: Put, tmp_path: Path) -> None:
    put(large(size))
    with subprocess.Popen(
        [*COMMAND, "subset", "in.json", "-o", "-"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        err = process.stderr.read().decode()
    assert process.returncode == 0, err
    assert "Traceback" not in err
    assert "Broken" not in err


@pytest.mark.parametrize("closed", ["0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"])
def test_closed_streams_stop_no_work(closed: str, small: Any, put: Put, tmp_path: Path) -> None:
    put(small)
    command = f"{sys.executable} -m cocosurgeon subset in.json --first 1 -o out.json {closed}"
    done = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert len(json.loads((tmp_path / "out.json").read_bytes())["images"]) == 1


@pytest.mark.parametrize("stream", ["1", "2"])
@pytest.mark.parametrize("args", ["subset in.json --first 1 -o out.json", "--help", "--version"])
def test_full_streams_are_told(
    stream: str, args: str, small: Any, put: Put, tmp_path: Path
) -> None:
    put(small)
    command = f"{sys.executable} -m cocosurgeon {args} {stream}>/dev/full"
    done = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    # a result that was written is no error, even where its path cannot be printed
    is_lost = stream == "1" and not args.startswith("subset")
    assert done.returncode == (2 if is_lost else 0)
    assert ("warning: out.json is written" in done.stderr) == (stream == "1" and not is_lost)
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_nobody_on_stderr_stops_no_work(small: Any, put: Put, tmp_path: Path) -> None:
    put(small)
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*COMMAND, "subset", "in.json", "--first", "1"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=writer,
        text=True,
        check=False,
    )
    os.close(writer)
    assert done.returncode == 0
    assert (tmp_path / "in_first1.json").is_file()


def test_nohup_is_heeded(put: Put, tmp_path: Path) -> None:
    put(large(60_000))
    with subprocess.Popen(
        [*COMMAND, "subset", "in.json", "--skip", "1", "-o", "out.json.gz"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN) and None,
    ) as process:
        wait_until_it_writes(tmp_path, process)
        process.send_signal(signal.SIGHUP)
        process.communicate(timeout=60)
    assert process.returncode == 0


def test_outputs_appear_together(small: Any, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a", "b", "c")]
    with pytest.raises(OutputError), appearing(paths) as files:
        for file in files:
            file.write(b"ours")
        paths[1].write_text("theirs")
    assert left_behind(tmp_path) == {"b"}
    with appearing([paths[0], paths[2]]) as [a, c]:
        a.write(b"a")
        c.write(b"c")
        assert not paths[0].exists()
    assert (paths[0].read_text(), paths[2].read_text()) == ("a", "c")


def test_a_full_disk_leaves_none_of_several(full_disk: Path, put: Put, cli: Cli) -> None:
    put(large())
    args = ("--skip", 1, "-o", "disk/o.json", "--ids-out", "ids.txt", "--recipe", "r.json")
    ended = cli("subset", "in.json", *args)
    assert ended.code == 2
    assert left_behind(full_disk) == set()
    assert left_behind(full_disk.parent, "in.json", "disk") == set()


def test_a_dataset_travels_to_other_processes(small: Any, put: Put) -> None:
    import copy
    import pickle

    path = put(small)
    kept = read(path).first(2)
    expected = b"".join(kept.text())
    for other in (pickle.loads(pickle.dumps(kept)), copy.deepcopy(kept)):
        assert b"".join(other.text()) == expected
    mask = pickle.loads(pickle.dumps(kept.images["width"] > 500))
    assert kept.keep(mask).img_ids == [30]
    packed = put(gzip.compress(path.read_bytes()), "in.json.gz")
    again = read(packed)
    assert b"".join(pickle.loads(pickle.dumps(again)).first(2).text()) == expected
    assert read(packed).keep(again.images["width"] > 500).img_ids == [30, 50]
    pickled = pickle.dumps(kept)
    del kept
    path.write_text(json.dumps(small, indent=1))
    with pytest.raises(SourceChangedError):
        pickle.loads(pickled)


def test_a_reader_that_goes_away_leaves_the_other_outputs(put: Put, tmp_path: Path) -> None:
    put(large())
    done = subprocess.run(
        [*COMMAND, "subset", "in.json", "-o", "-", "--ids-out", "ids.txt", "--recipe", "r.json"],
        cwd=tmp_path,
        stdout=_broken_pipe(),
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert left_behind(tmp_path, "in.json") == {"ids.txt", "r.json"}
    assert len((tmp_path / "ids.txt").read_text().splitlines()) == 20_000


def _broken_pipe() -> int:
    reader, writer = os.pipe()
    os.close(reader)
    return writer


def test_a_closed_stdout_takes_no_result(small: Any, put: Put, tmp_path: Path) -> None:
    put(small)
    command = f"{sys.executable} -m cocosurgeon subset in.json --first 1 -o - >&-"
    done = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "standard output is closed" in done.stderr


def test_a_full_stderr_stops_no_report(small: Any, put: Put, tmp_path: Path) -> None:
    put(small)
    command = f"{sys.executable} -m cocosurgeon subset in.json -o a.json --json 2>/dev/full"
    done = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, json.loads(done.stdout)["output"]) == (0, "a.json")


def test_a_lock_on_the_folder_holds_nobody_up_for_long(
    small: Any, put: Put, cli: Cli, tmp_path: Path
) -> None:
    import fcntl

    put(small)
    folder = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    try:
        started = time.monotonic()
        ended = cli("subset", "in.json", "--first", 1, "-o", "a.json", "--ids-out", "b.txt")
        assert ended.code == 0
        assert time.monotonic() - started < 30
    finally:
        os.close(folder)


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_second_signal_changes_nothing(second: signal.Signals, put: Put, tmp_path: Path) -> None:
    put(large(60_000))
    with start(tmp_path, "--skip", "1", "-o", "out.json.gz") as process:
        wait_until_it_writes(tmp_path, process)
        process.send_signal(signal.SIGINT)
        process.send_signal(second)
        _, err = process.communicate(timeout=60)
    assert process.returncode in (130, 128 + second)
    assert "Traceback" not in err
    assert left_behind(tmp_path, "in.json") == set()


def test_a_fifo_is_a_source(small: Any, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo.json"
    os.mkfifo(fifo)
    text = json.dumps(small).encode()
    with subprocess.Popen(
        [*COMMAND, "subset", "fifo.json", "--first", "1"], cwd=tmp_path, stdout=subprocess.PIPE
    ) as process:
        fifo.write_bytes(text)
        assert process.stdout is not None
        out = process.stdout.read()
    assert process.returncode == 0
    assert len(json.loads(out)["images"]) == 1


def test_a_dataset_is_read_from_threads_and_forked_processes(put: Put) -> None:
    from concurrent.futures import ThreadPoolExecutor

    kept = read(put(large(3000))).skip(1)
    expected = b"".join(kept.text())
    with ThreadPoolExecutor(4) as pool:
        texts = list(pool.map(lambda _: b"".join(kept.text()), range(8)))
    assert set(texts) == {expected}
    child = os.fork()
    if not child:
        os._exit(0 if b"".join(kept.text()) == expected else 1)
    assert b"".join(kept.text()) == expected
    assert os.waitpid(child, 0)[1] == 0


def test_long_work_shows_progress_on_a_terminal_only(put: Put, tmp_path: Path) -> None:
    import fcntl
    import struct
    import termios

    put(large())
    master, terminal = os.openpty()
    os.set_blocking(master, False)
    for rows, options, shown in ((24, [], True), (0, [], True), (24, ["--quiet"], False)):
        size = struct.pack("HHHH", rows, 100 if rows else 0, 0, 0)  # or it says that it has none
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, size)
        command = [*COMMAND, "subset", "in.json", "--skip", "1", "-o", "-", *options]
        with subprocess.Popen(
            command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=terminal, bufsize=0
        ) as process:
            assert process.stdout
            assert process.stdout.read(1) == b"{"  # it writes by now, however busy the machine is
            time.sleep(1.5 * shown)  # a slow reader makes the work long
            process.communicate(timeout=60)
        said = b""
        with contextlib.suppress(BlockingIOError):
            said = os.read(master, 1 << 20)
        assert process.returncode == 0
        assert (b"writing:" in said) is shown
    os.close(master)
    os.close(terminal)
