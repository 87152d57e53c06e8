"""Images whose ids a file lists."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cocosurgeon.errors import EncodingError, SourceUnavailableError
from cocosurgeon.select.plan import Step, Unbound
from cocosurgeon.steps.arguments import PATHS, Typed
from cocosurgeon.steps.images.ids import GivenIds
from cocosurgeon.steps.registry import Option

if TYPE_CHECKING:
    from cocosurgeon.annfile.source import Progress
    from cocosurgeon.dataset.dataset import Dataset


@dataclass(frozen=True, repr=False)
class IdsFile(Unbound):
    """Keep images whose ids are in text files, one a line (``-``: standard input).

    Attributes:
        paths: of the files.
    """

    paths: tuple[str, ...]

    @property
    def files(self) -> tuple[str, ...]:
        return self.paths

    def bind(self, dataset: Dataset, progress: Progress | None = None) -> Step:
        lines = (line for path in self.paths for line in _lines(path))
        return GivenIds(tuple(map(Typed, lines))).bind(dataset)


def _lines(path: str) -> list[str]:
    """Return the lines of a file that are not blank.

    Raises:
        SourceUnavailableError, EncodingError: it cannot be read.
    """
    try:
        text = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
        lines = text.decode("utf-8-sig").splitlines()
    except OSError as error:
        raise SourceUnavailableError(
            f"cannot read the list of ids: {error.strerror}", where=path
        ) from error
    except UnicodeDecodeError as error:
        raise EncodingError(
            f"the list of ids is not UTF-8: byte 0x{text[error.start]:02x} at offset {error.start}",
            where=path,
            hint="one id a line, as --ids-out writes them",
        ) from error
    return [line.strip() for line in lines if line.strip()]


OPTIONS = (
    Option(
        "ids-file",
        PATHS,
        "Keep only images whose ids are in this file, one a line. - is stdin.",
        IdsFile,
        is_joined=True,
    ),
)
