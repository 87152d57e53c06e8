"""A script in an interpreter of its own, which answers requests as long as it is wanted."""

from __future__ import annotations

import json
import os
import select
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

SECONDS = 120
"""How long an answer may take to begin, the imports included."""


class WorkerEndedError(AssertionError):
    """The process is gone, or says nothing any more."""


@dataclass(frozen=True, eq=False)
class Worker:
    """A process that answers each line of JSON by another.

    Attributes:
        process: it; its pipes are in text mode.
        errors: what it writes on stderr.
        said: the first line, which it says without being asked.
    """

    process: subprocess.Popen[str]
    errors: IO[bytes]
    said: Any

    def evaluate(self, request: object) -> Any:
        """The answer to a request.

        Raises:
            WorkerEndedError: if there is none.
        """
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # what it said at its end is told below
        return _answer(self.process, self.errors, request)


@contextmanager
def working(command: Sequence[str | Path], environment: Mapping[str, str]) -> Iterator[Worker]:
    """Start a worker, and end it."""
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=os.environ | environment,
            text=True,
        )
        try:
            yield Worker(process, errors, _answer(process, errors, "to start"))
        finally:
            process.kill()
            process.communicate()


def _answer(process: subprocess.Popen[str], errors: IO[bytes], request: object) -> Any:
    """The next line; one at a time is asked for, so none is left over in the buffer."""
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], SECONDS)
    line = process.stdout.readline() if ready else ""
    if line.endswith("\n"):
        return json.loads(line)
    how = f"ended with {process.wait()}" if ready else f"says nothing for {SECONDS} s"
    errors.seek(0)
    told = errors.read().decode(errors="replace")[-3000:]
    raise WorkerEndedError(f"the process of the real loader {how}\nasked: {request}\n{told}")
