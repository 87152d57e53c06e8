"""A real loader run in an interpreter that has it, and the temporary files for that."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cocosurgeon.errors import (
    OutputError,
    ProbeError,
    RequestError,
)
from cocosurgeon.files import is_gzip, open_unpacked, require_file
from cocosurgeon.loaders import LOADERS, probed_loaders, real_library
from cocosurgeon.loaders.loader import RealLibrary
from cocosurgeon.probe.dump import Dump, read_dump
from cocosurgeon.probe.request import TIMEOUT, ProbeRequest

SCRIPT = Path(__file__).with_name("script")
TAIL = 4000
"""Last bytes of the program's output that are kept for an error."""
SHOWN = 5
"""Last lines of it that are shown."""
ROOM = 1 << 16
"""Free bytes of a disk below which a failure is reported as a full disk."""

STAGES = {
    "missing": "the interpreter cannot import what the loader needs",
    "config": "the config does not load",
    "dataset": "the dataset raises",
    "pipeline": "the pipeline raises",
    "crash": "the probe failed",
}
"""Beginnings of messages, by the kind of failure; messages of other kinds are complete."""

HINTS = {
    "dataset": "the loader does not take this file: fix what it names",
    "pipeline": "check the image and the transform that it names",
    "crash": "see the program's output above",
}


def probe(
    request: ProbeRequest, python: Path | str | None = None, timeout: float = TIMEOUT
) -> Dump:
    """Run a real loader, and return the dump of its output.

    Args:
        request: the dataset, and the samples.
        python: path or name on PATH of an interpreter that has the framework (cocosurgeon is not
            needed there); None: this one.
        timeout: seconds after which it is killed.

    Raises:
        ProbeError: there is no interpreter, or the loader failed; the message has the reason.
        SourceUnavailableError: the annotation file or config does not exist.
        OutputError: there is no room for temporary files.
        FormatError: the output is no dump.
    """
    with probe_file(request, python, timeout) as path:
        return read_dump(path)


@contextmanager
def probe_file(
    request: ProbeRequest, python: Path | str | None = None, timeout: float = TIMEOUT
) -> Iterator[Path]:
    """Yield the path of the uncompressed dump of ``probe``; it is removed at the end."""
    for path in (request.ann_file, request.config):
        if path is not None:
            require_file(path)
    chosen = _chosen(request, python)
    with scratch() as folder:
        asked, out = folder / "request.json", folder / "dump.jsonl"
        ann_file = None if request.ann_file is None else unpacked(request.ann_file, folder)
        with in_scratch(folder):
            asked.write_text(request.text(ann_file, timeout))
        _run([chosen, str(SCRIPT), str(asked), str(out)], out, timeout)
        yield out


_LIBRARIES = """
import importlib.util, json, os, re, sys
try:
    from importlib.metadata import version as installed
except ImportError:
    installed = None
found = {}
for name in sys.argv[1:]:
    module, _, package = name.partition(":")
    spec = importlib.util.find_spec(module)
    if not (spec and spec.origin):
        continue
    if package:
        try:
            found[name] = installed(package)
        except Exception:
            pass
        continue
    path = os.path.join(os.path.dirname(spec.origin), "version.py")
    text = open(path).read() if os.path.exists(path) else ""
    version = re.search("__version__ *= *.([0-9][0-9a-z.+]*)", text)
    found[name] = version.group(1) if version else ""
print(json.dumps(found))
"""


def installed_loader(python: Path | str) -> str:
    """Return the loader whose real library an interpreter has.

    A library that many environments have, such as torchvision, counts only without another one.

    Raises:
        RequestError: the interpreter cannot be started, or has no such library, or several.
    """
    libraries = {name: real for name in probed_loaders() if (real := LOADERS[name].real)}
    keys = {name: _key(real) for name, real in libraries.items()}
    command = [_executable(python), "-c", _LIBRARIES, *sorted(set(keys.values()))]
    try:
        done = subprocess.run(command, capture_output=True, check=True, timeout=TIMEOUT)
        found: dict[str, str] = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise RequestError(
            f"the interpreter's packages cannot be listed ({type(error).__name__})",
            where=str(python),
            hint="name the loader (--loader), and a Python interpreter (--python)",
        ) from error
    names = [
        name
        for name, key in keys.items()
        if key in found and found[key].startswith(LOADERS[name].major)
    ]
    if len(names) > 1:
        names = [name for name in names if not libraries[name].is_common]
    if len(names) == 1:
        return names[0]
    if not names:
        raise RequestError(
            "that interpreter has no library of a loader that can be run",
            where=str(python),
            hint=f"name one that has {', '.join(sorted({r.name for r in libraries.values()}))}, "
            "or install it there",
        )
    has = " and ".join(f"{libraries[n].name} {found[keys[n]]}".rstrip() for n in names)
    raise RequestError(
        f"that interpreter has {has}: several loaders",
        where=str(python),
        hint=f"name it: --loader {names[0]}, or {', '.join(names[1:])}",
    )


def _key(real: RealLibrary) -> str:
    return f"{real.module}:{real.package}" if real.package else real.module


@contextmanager
def unmet_requests() -> Iterator[None]:
    """Raise RequestError in place of a ProbeError that a wrong request causes.

    Raises:
        RequestError: the interpreter cannot be run, or the dataset does not load a requested image.
    """
    try:
        yield
    except ProbeError as error:
        if error.kind not in ("interpreter", "request"):
            raise
        raise RequestError(error.what, where=error.where, hint=error.hint) from error


def _chosen(request: ProbeRequest, python: Path | str | None) -> str:
    if python is not None:
        return _executable(python)
    real = real_library(request.loader)
    if real is not None and find_spec(real.module) is None:
        raise ProbeError(
            f"this interpreter cannot import {real.module}",
            kind="interpreter",
            where=sys.executable,
            hint="name one that can: --python EXE, the python of the environment of "
            f"{real.module}; cocosurgeon is not needed there",
        )
    return sys.executable


def _executable(python: Path | str) -> str:
    return str(Path(python).expanduser()) if os.sep in str(python) else str(python)


def _run(command: list[str], out: Path, timeout: float) -> None:
    """Run the script in its own process group, until its dump is complete.

    Raises:
        ProbeError: the dump is not complete.
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
            what = f"the loader did not finish within {timeout:g} seconds, and was stopped"
            hint = "allow more with --timeout SECONDS, if the output above does not say why"
            raise _error(what, "timeout", command[0], _tail(output), hint) from error
        except BaseException:
            _end(process)
            raise
        tail = _tail(output)
    failure = _failure(out)
    if code and (failure is None or failure["error"] == "crash"):
        require_room(out.parent)
    if failure is not None:
        raise _reported(failure, command[0], tail)
    if code:
        raise _died(code, command[0], tail)
    if not out.exists():
        what = "the interpreter exited without an error, but ran nothing"
        raise _error(what, "silent", command[0], tail, "name a Python interpreter: --python EXE")


def _end(process: subprocess.Popen[bytes]) -> None:
    # before the wait: no other process group can get this number until then
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _tail(output: Any) -> str:
    size = output.seek(0, os.SEEK_END)
    output.seek(max(0, size - TAIL))
    text: str = output.read().decode(errors="replace")
    return text.strip()


def _failure(out: Path) -> dict[str, Any] | None:
    """Return the error in a dump's last line; None without one."""
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


def _reported(failure: dict[str, Any], python: str, tail: str) -> ProbeError:
    kind, exception, message = (failure.get(key) for key in ("error", "exception", "message"))
    what, hint = str(message), failure.get("hint") or HINTS.get(kind or "")
    if (kind, exception) == ("pipeline", "FileNotFoundError"):
        hint = "name the folder that the images are in: --img-prefix FOLDER"
    if exception:
        what = f"{STAGES.get(kind or '', 'the probe failed')}: {exception}: {message}"
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
    # a shell in between returns 128 and the signal's number
    number = -code if code < 0 else code - 128
    try:
        name = signal.Signals(number).name
    except ValueError:
        what = f"the interpreter ended with exit code {code} and no dump"
        hint = "check that it is a Python interpreter, and that the framework works in it"
        return _error(what, "crash", python, tail, hint)
    hint = "see the program's output above; run only its import in that interpreter"
    if name == "SIGKILL":
        hint = "most often the machine ran out of memory: free some, or verify a smaller file"
    return _error(f"the interpreter was killed by {name}", "killed", python, tail, hint)


def _error(what: str, kind: str, python: str, tail: str, hint: str) -> ProbeError:
    return ProbeError(what + _quoted(tail), kind=kind, tail=tail, where=python, hint=hint)


def _quoted(tail: str) -> str:
    lines = tail.splitlines()[-SHOWN:]
    return "".join(f"\n  | {line}" for line in lines)


@contextmanager
def scratch() -> Iterator[Path]:
    """Make a folder for temporary files, which is removed at the end.

    Raises:
        OutputError: it cannot be made.
    """
    with ExitStack() as stack:
        with in_scratch():
            name = stack.enter_context(TemporaryDirectory(prefix="cocosurgeon-"))
        yield Path(name)


@contextmanager
def in_scratch(folder: Path | None = None) -> Iterator[None]:
    """Report errors of the system in this block as faults of temporary files.

    Args:
        folder: the folder of temporary files; None: that of the system.

    Raises:
        OutputError: the system refuses.
    """
    try:
        yield
    except OSError as error:
        where = str(folder) if folder else os.environ.get("TMPDIR")
        raise OutputError(
            f"cannot write temporary files: {error.strerror or error}",
            where=where or "the folder of temporary files",
            hint="free some space, or name another folder: TMPDIR=FOLDER",
        ) from error


def require_room(folder: Path) -> None:
    """Raise OutputError if the disk is full, which may be the cause of any other failure."""
    with in_scratch(folder), (folder / "room").open("wb") as stream:
        stream.write(bytes(ROOM))
        stream.flush()
        os.fsync(stream.fileno())


def unpacked(path: Path, folder: Path) -> Path:
    """Return a file, or an uncompressed copy of a gzipped one, which frameworks cannot read.

    Raises:
        SourceUnavailableError: the file cannot be read.
        FormatError: the gzip data is damaged.
        OutputError: the copy cannot be written.
    """
    if not is_gzip(path):
        return path
    copy = folder / "plain" / path.name.removesuffix(".gz")
    with in_scratch(folder):
        copy.parent.mkdir()
    with open_unpacked(path) as text:
        for block in iter(lambda: text.read(1 << 20), b""):
            with in_scratch(folder), copy.open("ab") as plain:
                plain.write(block)
    return copy
