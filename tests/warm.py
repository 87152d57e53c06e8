"""Run command lines as processes of their own that do not have to import anything first.

A server imports the package once; for each command line it forks. What a process has (streams,
folder, environment, signals, exit code) each fork has of its own.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from forked import run_as_process

_HEAD = struct.Struct("!I")
_HEAVY = (
    *("numpy", "msgspec", "orjson", "pandas", "tqdm", "multiprocessing.resource_tracker"),
    *("typer._adapters", "typer.rich_utils", "rich.table"),
)
"""Packages of others, and modules that newer typers load with the first option."""


def modules() -> list[str]:
    """Return the modules that a command line may import, of the package and of others."""
    package = importlib.import_module("cocosurgeon")
    found = pkgutil.walk_packages(package.__path__, "cocosurgeon.", onerror=lambda _: None)
    elsewhere = ("cocosurgeon.mmdet", "cocosurgeon.probe.script")  # in other environments
    return [*_HEAVY, *(m.name for m in found if not m.name.startswith(elsewhere))]


class WarmProcess:
    """A server that runs one command line at a time."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        self._server = subprocess.Popen(
            [sys.executable, __file__, str(theirs.fileno())], pass_fds=[theirs.fileno()]
        )
        theirs.close()

    def run(
        self, words: list[str], stdin: bytes, cwd: Path, env: Mapping[str, str], timeout: float
    ) -> subprocess.CompletedProcess[bytes]:
        """Run ``cocosurgeon`` with these words, as ``subprocess.run`` would."""
        theirs, ours = zip(*(os.pipe(), os.pipe()[::-1], os.pipe()[::-1]), strict=True)
        variables = {name: os.fspath(value) for name, value in env.items()}
        request = json.dumps([words, os.fspath(cwd), variables, _umask()]).encode()
        socket.send_fds(self._socket, [_HEAD.pack(len(request))], theirs)
        for each in theirs:
            os.close(each)
        self._socket.sendall(request)
        ended = [b"", b""]
        threads = [
            threading.Thread(target=_feed, args=(ours[0], stdin)),
            *(threading.Thread(target=_drain, args=(ours[n + 1], ended, n)) for n in (0, 1)),
        ]
        for thread in threads:
            thread.start()
        self._socket.settimeout(timeout)
        (code,) = struct.unpack("!i", _received(self._socket, 4))
        for thread in threads:
            thread.join(timeout)
        return subprocess.CompletedProcess(words, code, *ended)

    def close(self) -> None:
        """End the server."""
        self._socket.close()
        self._server.wait(10)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _feed(descriptor: int, data: bytes) -> None:
    try:
        with open(descriptor, "wb") as stream:
            stream.write(data)
    except BrokenPipeError:
        pass  # not everything has to be read


def _drain(descriptor: int, into: list[bytes], at: int) -> None:
    with open(descriptor, "rb") as stream:
        into[at] = stream.read()


def _received(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def _serve(connection: socket.socket) -> None:
    for name in modules():
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    _make_commands()
    gc.collect()
    gc.freeze()  # or the first collection of each child would copy every page
    while True:
        head, descriptors, _, _ = socket.recv_fds(connection, _HEAD.size, 3)
        if not head:
            return
        request = json.loads(_received(connection, *_HEAD.unpack(head)))
        pid = os.fork()
        if pid == 0:
            connection.close()
            _run(descriptors, *request)
        for each in descriptors:
            os.close(each)
        _, status = os.waitpid(pid, 0)
        connection.sendall(struct.pack("!i", os.waitstatus_to_exitcode(status)))


def _make_commands() -> None:
    """Make the command of each verb, which takes longer than many a command line runs."""
    from cocosurgeon.cli.app import VerbGroup

    group = VerbGroup()
    made = {name: group.get_command(None, name) for name in group.list_commands(None)}
    VerbGroup.get_command = lambda _, __, name: made.get(name)  # type: ignore[assignment, method-assign]


def _run(
    descriptors: list[int], words: list[str], cwd: str, env: dict[str, str], umask: int
) -> NoReturn:
    def work() -> None:
        os.umask(umask)
        tempfile.tempdir = None
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.argv = ["cocosurgeon", *words]
        from cocosurgeon.__main__ import main

        main()

    run_as_process(descriptors, cwd, env, work)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    _serve(socket.socket(fileno=int(sys.argv[1])))
