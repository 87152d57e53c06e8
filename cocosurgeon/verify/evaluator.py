"""Does a config's evaluator read what its dataset reads?

Read, not run: what ``val_evaluator`` and ``test_evaluator`` of an mmengine config name. In 2.x a
dataset evaluates itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from cocosurgeon.findings.finding import Finding
from cocosurgeon.probe.dump import Dump
from cocosurgeon.verify.reading import Reading

_NO_DATASET = "the file that the config's dataset reads is not there: name one that is, for both"


def evaluator_findings(dump: Dump, file: Reading) -> Iterator[Finding]:
    """What does not fit between the dataset that a config builds and its evaluator."""
    options = dump.header.options
    dataset, evaluators = options.get("own_ann_file"), options.get("evaluators")
    if not isinstance(dataset, str) or not isinstance(evaluators, Sequence):
        return
    loader, mode = str(dump.header.loader), dump.header.mode
    others = [path for path in evaluators if not _is_one_file(str(path), dataset)]
    for path in others:
        text = f"the dataset reads {_told(dataset)}, the evaluator {_told(str(path))}"
        hint = None if _is_there(dataset) else _NO_DATASET
        yield Finding("evaluator-file", text, loader, mode, hint=hint)
    images = len(file.lists.get("images", ()))
    if options.get("indices") is not None and len(others) < len(evaluators):
        text = (
            f"indices={options['indices']!r}: the dataset emits {len(dump.samples):,} images of "
            f"{images:,}, the evaluator counts them all"
        )
        yield Finding("evaluator-indices", text, loader, mode)


def own_file_note(dump: Dump, path: Path) -> str | None:
    """Which file the config itself reads, where that is not the one that was verified."""
    own = dump.header.options.get("own_ann_file")
    if not isinstance(own, str) or _is_one_file(own, str(path)):
        return None
    return f"the config itself reads {_told(own)}; {path.name} was put in its place"


def _told(path: str) -> str:
    return path if _is_there(path) else f"{path} (which is not there)"


def _is_there(path: str) -> bool:
    return os.path.exists(path)  # noqa: PTH110 - Path raises for a name that is too long


def _is_one_file(a: str, b: str) -> bool:
    try:
        return Path(a).resolve() == Path(b).resolve()
    except (OSError, RuntimeError):
        return a == b
