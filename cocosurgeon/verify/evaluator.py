"""Does a config's evaluator read what its dataset reads?

Read, not run: what ``val_evaluator`` and ``test_evaluator`` of an mmengine config name. In 2.x a
dataset evaluates itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from cocosurgeon.probe.dump import Dump
from cocosurgeon.verify.finding import Finding
from cocosurgeon.verify.reading import Reading


def evaluator_findings(dump: Dump, file: Reading) -> Iterator[Finding]:
    """What does not fit between the dataset that a config builds and its evaluator."""
    options = dump.header.options
    dataset, evaluators = options.get("own_ann_file"), options.get("evaluators")
    if not isinstance(dataset, str) or not isinstance(evaluators, Sequence):
        return
    loader, mode = str(dump.header.loader), dump.header.mode
    others = [path for path in evaluators if not _is_one_file(str(path), dataset)]
    for path in others:
        text = f"the dataset reads {dataset}, the evaluator {path}"
        yield Finding("evaluator-file", text, loader, mode)
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
    return f"the config itself reads {own}; {path.name} was put in its place"


def _is_one_file(a: str, b: str) -> bool:
    try:
        return Path(a).resolve() == Path(b).resolve()
    except (OSError, RuntimeError):
        return a == b
