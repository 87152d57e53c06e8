"""An interpreter that has imported a framework before it is asked to run anything.

The imports of MMDetection take seconds, those of ``cocosurgeon`` tenths. A server imports them
once; ``python`` in its folder takes the command line of an interpreter (a script or ``-c``) and has
the server fork for it. Streams, folder, variables, exit code and the signals that end it are those
of a process of its own.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import json
import os
import runpy
import select
import signal
import socket
import struct
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

_LENGTH = struct.Struct("!I")
_CLIENT = """#!{python} -IS
import json, os, socket, struct, sys
server = socket.socket(socket.AF_UNIX)
server.connect({address!r})
request = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
socket.send_fds(server, [struct.pack("!I", len(request))], [0, 1, 2])
server.sendall(request)
code = struct.unpack("!i", server.recv(4, socket.MSG_WAITALL))[0]
if code < 0:
    os.kill(os.getpid(), -code)
sys.exit(code)
"""


class ForkedPython:
    """A server, and the program that stands for its interpreter.

    Attributes:
        path: the program.
    """

    def __init__(
        self, python: Path, env: Mapping[str, str], modules: Sequence[str], folder: Path
    ) -> None:
        address = str(folder / "socket")
        self.path = folder / "python"
        self.path.write_text(_CLIENT.format(python=python, address=address))
        self.path.chmod(0o700)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(address)
            listener.listen()
            self._server = subprocess.Popen(
                [python, "-W", "ignore", __file__, str(listener.fileno()), *modules],
                stdin=subprocess.PIPE,
                env=os.environ | env,
                pass_fds=[listener.fileno()],
            )

    def close(self) -> None:
        """End the server."""
        self._server.communicate()


def _serve(listener: socket.socket, modules: Sequence[str]) -> None:
    with contextlib.redirect_stdout(sys.stderr):
        for name in modules:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
    gc.collect()
    gc.freeze()  # or the first collection of each child would copy every page
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        ready, _, _ = select.select([listener.fileno(), 0], [], [])
        if 0 in ready:  # the tests are gone
            return
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            _watch(connection)
        connection.close()


def _watch(connection: socket.socket) -> NoReturn:
    """Fork, return the exit code to the client; if the client is gone, end the fork."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    head, streams, _, _ = socket.recv_fds(connection, _LENGTH.size, 3)
    (length,) = _LENGTH.unpack(head)
    request = json.loads(connection.recv(length, socket.MSG_WAITALL))
    pid = os.fork()
    if pid == 0:
        connection.close()
        _run(streams, *request)
    for each in streams:
        os.close(each)
    ended = os.pidfd_open(pid)
    ready, _, _ = select.select([ended, connection.fileno()], [], [])
    if ended not in ready:
        os.killpg(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    with contextlib.suppress(BrokenPipeError):
        connection.sendall(struct.pack("!i", os.waitstatus_to_exitcode(status)))
    os._exit(0)


def _run(streams: list[int], words: list[str], cwd: str, env: dict[str, str]) -> NoReturn:
    def work() -> None:
        os.setsid()
        sys.stdout = io.TextIOWrapper(open(1, "wb", 0), line_buffering=True, write_through=True)  # noqa: SIM115
        _interpret(words)

    run_as_process(streams, cwd, env, work)


def run_as_process(
    streams: Sequence[int], cwd: str, env: Mapping[str, str], work: Callable[[], None]
) -> NoReturn:
    """Do work in a fork with these streams, in this folder; end as an interpreter does."""
    code: Any = 1
    try:
        os.chdir(cwd)
        os.environ.clear()
        os.environ.update(env)
        for number, each in enumerate(streams):
            os.dup2(each, number)
            os.close(each)
        sys.stdin, sys.stdout, sys.stderr = (
            open(0, closefd=False),  # noqa: SIM115
            open(1, "w", buffering=-1, closefd=False),  # noqa: SIM115
            open(2, "w", buffering=1, errors="backslashreplace", closefd=False),  # noqa: SIM115
        )
        work()
        code = 0
    except SystemExit as ended:
        code = ended.code
        if isinstance(code, str):
            print(code, file=sys.stderr)
            code = 1
    except BaseException:
        traceback.print_exc()
    finally:
        try:
            sys.stdout.flush()
        finally:
            sys.stderr.flush()
            os._exit(code or 0)


def _interpret(words: list[str]) -> None:
    """Do what an interpreter does with these words, of which ``-W ignore`` holds already."""
    if words[:2] == ["-W", "ignore"]:
        words = words[2:]
    # the first one is the folder of this file
    sys.path[:1] = [p for p in os.environ.get("PYTHONPATH", "").split(os.pathsep) if p]
    if words[0] == "-c":
        sys.argv = ["-c", *words[2:]]
        sys.path.insert(0, "")
        exec(compile(words[1], "<string>", "exec"), {"__name__": "__main__"})
        return
    sys.argv = words
    if not Path(words[0]).is_dir():  # or it is added by whoever runs it
        sys.path.insert(0, str(Path(words[0]).parent))
    runpy.run_path(words[0], run_name="__main__")


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])), sys.argv[2:])
