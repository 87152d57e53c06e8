"""A config, checked for consistency: evaluator, image files and model must fit the dataset."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from cocosurgeon.findings.finding import Finding
from cocosurgeon.probe.dump import Dump
from cocosurgeon.text import are, plural
from cocosurgeon.verify.read_again import PlainFile

_SHOWN = 3


def check_config(dump: Dump, file: PlainFile) -> Iterator[Finding]:
    """Yield faults in the config that built a dataset.

    Args:
        dump: output of the dataset; its header has facts of the config.
    """
    for code, text, hint in (
        *_evaluators(dump, file),
        *_class_counts(dump),
        *_image_files(dump),
    ):
        yield Finding(code, text, str(dump.header.loader), dump.header.mode, hint=hint)


def files_checked(dump: Dump) -> str | None:
    """Return text with the number of image files that were looked for, for the summary."""
    found = dump.header.options.get("image_files")
    if not isinstance(found, Mapping):
        return None
    if found.get("backend"):
        return f"image files not looked for: they are read by the backend {found['backend']!r}"
    looked = int(found.get("looked", 0))
    total = len(dump.samples)
    of_all = "" if looked == total else f" of {total:,}"
    return f"{looked:,}{of_all} image files looked for"


Fault = tuple[str, str, str | None]
"""Code, message and hint of a finding."""

_NO_DATASET = "the file that the config's dataset reads is not there: name one that is, for both"
_PACK = (
    "name the dataset's file: val_evaluator = dict(ann_file=...) (test_evaluator); or pack what "
    "was loaded: PackDetInputs with 'instances' in meta_keys"
)


def _evaluators(dump: Dump, file: PlainFile) -> Iterator[Fault]:
    """Compare the files of ``val_evaluator`` and ``test_evaluator`` of an mmengine config.

    In 2.x a dataset evaluates itself.
    """
    options = dump.header.options
    dataset, evaluators = options.get("own_ann_file"), options.get("evaluators")
    if not isinstance(evaluators, Sequence):
        return
    split = options.get("split")
    if not evaluators and split != "train":
        text = f"there is a {split}_dataloader and no {split}_evaluator"
        hint = f"set {split}_evaluator, or {split}_dataloader = {split}_cfg = None"
        yield "evaluator-absent", text, hint
    if not isinstance(dataset, str):
        return
    paths = [each.get("ann_file") for each in evaluators]
    others = [path for path in paths if path is not None and not is_one_file(path, dataset)]
    for path in others:
        text = f"the dataset reads {shown(dataset)}, the evaluator {shown(path)}"
        yield "evaluator-file", text, None if _is_there(dataset) else _NO_DATASET
    # CocoMetric.process asserts that ground truth comes with each sample.
    needing = [e for e in evaluators if e.get("type") == "CocoMetric" and e.get("ann_file") is None]
    if needing and not options.get("packs_instances"):
        text = "CocoMetric has no ann_file, and the pipeline packs no instances: AssertionError"
        yield "evaluator-missing", text, _PACK
    images = len(file.lists.get("images", ()))
    if options.get("indices") is not None and len(others) < len(paths):
        text = (
            f"indices={options['indices']!r}: the dataset returns {len(dump.samples):,} images of "
            f"{images:,}, the evaluator counts them all"
        )
        yield "evaluator-indices", text, None


def _class_counts(dump: Dump) -> Iterator[Fault]:
    """Compare every ``num_classes`` of the model with the number of the dataset's classes."""
    options, classes = dump.header.options, len(dump.header.classes)
    found = options.get("num_classes")
    if not isinstance(found, Sequence) or not classes:
        return
    for path, count in found:
        if count == classes:
            continue
        text = f"model.{path} is {count}, the dataset has {plural(classes, 'class', 'classes')}: "
        if options.get("checks_num_classes"):
            text += "NumClassCheckHook raises AssertionError when training begins"
        elif count < classes:
            first = f"labels from {count} on have" if count + 1 < classes else f"label {count} has"
            text += f"{first} no output; the loss raises an index error, on a GPU an assertion"
        else:
            text += (
                f"{plural(count - classes, 'output')} {are(count - classes)} never trained, "
                f"without a warning; if one is predicted, the evaluation raises IndexError"
            )
        yield "num-classes", text, f"set it to {classes}"


def _image_files(dump: Dump) -> Iterator[Fault]:
    found = dump.header.options.get("image_files")
    if not isinstance(found, Mapping) or not found.get("missing"):
        return
    missing, first = int(found["missing"]), list(found.get("first", ()))
    more = f", and {missing - _SHOWN:,} more" if missing > _SHOWN else ""
    text = f"{plural(missing, 'file')} of {int(found['looked']):,} looked for: "
    yield "image-files", text + ", ".join(first[:_SHOWN]) + more, None


def own_file_note(dump: Dump, path: Path) -> str | None:
    """Return a note if the config reads another file than the verified one."""
    own = dump.header.options.get("own_ann_file")
    if not isinstance(own, str) or is_one_file(own, str(path)):
        return None
    return f"the config itself reads {shown(own)}; {path.name} replaced it"


def shown(path: str) -> str:
    """Return a path, with a remark if it does not exist."""
    return path if _is_there(path) else f"{path} (which is not there)"


def _is_there(path: str) -> bool:
    return os.path.exists(path)  # noqa: PTH110 - Path raises for a name that is too long


def is_one_file(a: str, b: str) -> bool:
    """Return True if two paths lead to one file."""
    try:
        return Path(a).resolve() == Path(b).resolve()
    except (OSError, RuntimeError):
        return a == b
