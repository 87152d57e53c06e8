"""Ask a real loader, in an interpreter that has it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from cocosurgeon.errors import ProbeError, SourceUnavailableError
from cocosurgeon.probe.dump import Dump
from cocosurgeon.probe.dump_file import read_dump
from cocosurgeon.probe.request import ProbeRequest
from cocosurgeon.probe.scratch import in_scratch, require_room, scratch, unpacked

SCRIPT = Path(__file__).with_name("script")
TIMEOUT = 600.0
TAIL = 4000
SHOWN = 5

SAYS: Mapping[str, str] = {
    "missing": "the interpreter cannot import what the loader needs",
    "config": "the config does not load",
    "dataset": "the dataset raises",
    "pipeline": "the pipeline raises",
    "crash": "the probe failed",
}
"""What was going on, by the kind of a failure; other kinds speak for themselves."""

LOOK: Mapping[str, str] = {
    "dataset": "the loader does not take this file: mend what it names",
    "pipeline": "look at the image and the transform that it names",
    "crash": "look at what the program wrote, above",
}


def probe(
    request: ProbeRequest, python: Path | str | None = None, timeout: float = TIMEOUT
) -> Dump:
    """Ask a real loader what it emits.

    Args:
        python: an interpreter that has the framework (cocosurgeon is not needed there), a path or
            a name on PATH; None is this one.
        timeout: seconds after which it is ended.

    Raises:
        ProbeError: no interpreter, or no dump of it; it says why and what to do.
        SourceUnavailableError: the annotation file or config is not there.
        OutputError: there is no room for temporary files.
        FormatError: what it wrote is no dump.
    """
    with probed(request, python, timeout) as path:
        return read_dump(path)


@contextmanager
def probed(
    request: ProbeRequest, python: Path | str | None = None, timeout: float = TIMEOUT
) -> Iterator[Path]:
    """As ``probe``, but the dump is a file, not compressed, which is there while this is open."""
    for path in (request.ann_file, request.config):
        if path is not None and not path.is_file():
            raise SourceUnavailableError("there is no such file", where=str(path))
    chosen = _chosen(request, python)
    with scratch() as folder:
        told, out = folder / "request.json", folder / "dump.jsonl"
        ann_file = None if request.ann_file is None else unpacked(request.ann_file, folder)
        with in_scratch(folder):
            told.write_text(request.text(ann_file, timeout))
        _run([chosen, str(SCRIPT), str(told), str(out)], out, timeout)
        yield out


def _chosen(request: ProbeRequest, python: Path | str | None) -> str:
    if python is not None:
        return str(Path(python).expanduser()) if os.sep in str(python) else str(python)
    framework = "torchvision" if request.loader == "torchvision" else "mmdet"
    if find_spec(framework) is None:
        raise ProbeError(
            f"this interpreter cannot import {framework}",
            kind="interpreter",
            where=sys.executable,
            hint=f"name one that can: --python EXE, the python of the environment of {framework}; "
            "cocosurgeon is not needed there",
        )
    return sys.executable


def _run(command: list[str], out: Path, timeout: float) -> None:
    """Run the script, in a group of processes of its own; return when its dump is whole.

    Raises:
        ProbeError: otherwise.
    """
    with in_scratch(out.parent):
        opened = out.with_name("output").open("w+b")
    with opened as output:
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        except OSError as error:
            raise ProbeError(
                f"the interpreter cannot be started: {error.strerror}",
                kind="interpreter",
                where=command[0],
                hint="name a Python interpreter: --python EXE",
            ) from error
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired as error:
            _end(process)
            raise _timeout(command[0], timeout, _tail(output)) from error
        except BaseException:
            _end(process)
            raise
        tail = _tail(output)
    failure = _failure(out)
    if code and (failure is None or failure["error"] == "crash"):
        require_room(out.parent)
    if failure is not None:
        raise _told(failure, command[0], tail)
    if code:
        raise _died(code, command[0], tail)
    if not out.exists():
        raise ProbeError(
            "the interpreter ended well, but ran nothing" + _quoted(tail),
            kind="silent",
            tail=tail,
            where=command[0],
            hint="name a Python interpreter: --python EXE",
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    # before the wait: until then no other group can have this number
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _tail(output: Any) -> str:
    size = output.seek(0, os.SEEK_END)
    output.seek(max(0, size - TAIL))
    text: str = output.read().decode(errors="replace")
    return text.strip()


def _failure(out: Path) -> dict[str, Any] | None:
    """The error in a dump's last line, None without one."""
    if not out.exists():
        return None
    with out.open("rb") as stream:
        stream.seek(max(0, stream.seek(0, os.SEEK_END) - (1 << 20)))
        last = stream.read().rstrip(b"\n").rpartition(b"\n")[2]
    try:
        found = json.loads(last)
    except ValueError:
        return None
    return found if isinstance(found, dict) and "error" in found else None


def _told(failure: dict[str, Any], python: str, tail: str) -> ProbeError:
    kind, exception, message = (failure.get(key) for key in ("error", "exception", "message"))
    what, hint = str(message), failure.get("hint") or LOOK.get(kind or "")
    if (kind, exception) == ("pipeline", "FileNotFoundError"):
        hint = "name the folder that the images are in: --img-prefix FOLDER"
    if exception:
        what = f"{SAYS.get(kind or '', 'the probe failed')}: {exception}: {message}"
    return ProbeError(
        what + (_quoted(tail) if kind == "crash" else ""),
        kind=str(kind),
        exception=exception,
        message=message,
        tail=tail,
        where=f"{failure['where']}, by {python}" if failure.get("where") else python,
        hint=hint,
    )


def _died(code: int, python: str, tail: str) -> ProbeError:
    # a shell in between tells a signal as 128 and its number
    number = -code if code < 0 else code - 128
    try:
        name = signal.Signals(number).name
    except ValueError:
        return ProbeError(
            f"the interpreter ended with exit code {code} and no dump" + _quoted(tail),
            kind="crash",
            tail=tail,
            where=python,
            hint="see that it is a Python interpreter, and that the framework works in it",
        )
    hint = "look at what the program wrote, above; run its import alone in that interpreter"
    if name == "SIGKILL":
        hint = "most often the machine ran out of memory: free some, or verify a smaller file"
    return ProbeError(
        f"the interpreter was killed by {name}" + _quoted(tail),
        kind="killed",
        tail=tail,
        where=python,
        hint=hint,
    )


def _timeout(python: str, timeout: float, tail: str) -> ProbeError:
    return ProbeError(
        f"the loader did not end within {timeout:g} seconds, and was ended" + _quoted(tail),
        kind="timeout",
        tail=tail,
        where=python,
        hint="allow more by --timeout SECONDS, if the program's last words do not say why",
    )


def _quoted(tail: str) -> str:
    lines = tail.splitlines()[-SHOWN:]
    return "".join(f"\n  | {line}" for line in lines)
