"""Output of a real loader against its rules."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from cocosurgeon.errors import LoaderError
from cocosurgeon.findings.finding import Finding, of_image
from cocosurgeon.loaders import Instance, Sample, View, config_loaders, load
from cocosurgeon.loaders.settings import Setting
from cocosurgeon.probe.dump import Dump, DumpHeader, DumpInstance, DumpSample
from cocosurgeon.text import plural
from cocosurgeon.verify.loader_output import boxes_same
from cocosurgeon.verify.packed import check_packed
from cocosurgeon.verify.read_again import PlainFile
from cocosurgeon.verify.values import same
from cocosurgeon.verify.verification import Verification


def verify_real(file: PlainFile, dump: Dump, setting: Setting) -> Verification:
    """Compare what a real loader loads from a file with what its rules say.

    Args:
        setting: how the loader was set up.
    """
    header = dump.header
    count = sum(len(s.instances) for s in dump.samples)
    packed = sum(s.packed is not None for s in dump.samples)
    through = f", {packed:,} of them through its {header.pipeline} pipeline" if packed else ""
    seeded = f" ({', '.join(header.random)} seeded)" if header.random else ""
    kind = str(header.options.get("type", "CocoDetection"))
    how = f"{header.mode}, {kind}" if header.mode else kind
    copy = ", of an unpacked copy" if file.is_packed else ""
    text = (
        f"the real {header.framework} {header.version} ({how}){copy}: "
        f"{plural(len(dump.samples), 'sample')}, {plural(count, 'object')}{through}{seeded}"
    )
    differences = tuple(_differences(file, dump, setting))
    says = "not as its rules say" if differences else "as its rules say"
    findings = (*differences, *check_evaluator(dump, file))
    return Verification(file.name, (f"{text}, {says}",), findings, is_proven=True)


def _differences(file: PlainFile, dump: Dump, setting: Setting) -> Iterator[Finding]:
    header = dump.header
    loader, mode = setting.loader, setting.mode
    try:
        view = load(loader, file.document(), setting.options)
    except LoaderError as error:
        text = f"its rules say {error.exception} ({error.rule}), and it loads"
        yield Finding("real-differs", text, loader, mode)
        return
    for what, mine, real in _heads(view, header):
        if mine != real:
            text = f"{what}: {_short(real)}, by its rules {_short(mine)}"
            yield Finding("real-differs", text, loader, mode)
    ids = [s.img_id for s in view.samples], [s.img_id for s in dump.samples]
    if not same(*ids):
        text = f"images: {len(ids[1]):,} ({_short(ids[1])}), by its rules {len(ids[0]):,}"
        yield Finding("real-differs", text, loader, mode)
    mine_by_id = {s.img_id: s for s in view.samples}
    for sample in dump.samples:
        if sample.img_id not in mine_by_id:
            continue
        ours = mine_by_id[sample.img_id]
        for what, text in (
            *_images_differ(ours, sample, setting),
            *_instances_differ(ours.instances, sample.instances),
        ):
            message = f"image {sample.img_id!r}: {what}: {text}"
            yield Finding("real-differs", message, loader, mode, of_image(sample.img_id))
        if header.pipeline == "plain" and loader in config_loaders():
            for text in check_packed(ours, sample):
                message = f"image {sample.img_id!r}: {text}"
                yield Finding("packed", message, loader, mode, of_image(sample.img_id))


def _heads(view: View, header: DumpHeader) -> Iterator[tuple[str, object, object]]:
    yield "classes", list(view.classes), list(header.classes)
    yield "cat_ids", list(view.cat_ids), list(header.cat_ids)
    yield "cat2label", dict(view.cat2label), dict(header.cat2label)


def _images_differ(ours: Sample, real: DumpSample, setting: Setting) -> Iterator[tuple[str, str]]:
    for what, a, b in (
        ("img_path", setting.path_in_root(ours.img_path), real.img_path),
        ("height", ours.height, real.height),
        ("width", ours.width, real.width),
    ):
        if b is not None and not same(a, b):
            yield what, f"{b!r}, by its rules {a!r}"


def _instances_differ(
    ours: Sequence[Instance], real: Sequence[DumpInstance]
) -> Iterator[tuple[str, str]]:
    if len(ours) != len(real):
        yield "objects", f"{len(real)}, by its rules {len(ours)}"
        return
    for place, (mine, theirs) in enumerate(zip(ours, real, strict=True)):
        if not boxes_same(mine.box, theirs.box):
            yield f"box {place}", f"{list(theirs.box)}, by its rules {list(mine.box)}"
        for what in ("label", "ignore"):
            a, b = getattr(mine, what), getattr(theirs, what)
            if not same(a, b):
                yield f"{what} {place}", f"{b!r}, by its rules {a!r}"
        if not same(mine.mask, theirs.mask):
            yield f"mask {place}", f"{_short(theirs.mask)}, by its rules {_short(mine.mask)}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:97]}..."


_NO_DATASET = "the file that the config's dataset reads is not there: name one that is, for both"


def check_evaluator(dump: Dump, file: PlainFile) -> Iterator[Finding]:
    """Yield what does not fit between the dataset that a config builds and its evaluator.

    Read, not run: what ``val_evaluator`` and ``test_evaluator`` of an mmengine config name. In 2.x
    a dataset evaluates itself.
    """
    options = dump.header.options
    dataset, evaluators = options.get("own_ann_file"), options.get("evaluators")
    if not isinstance(dataset, str) or not isinstance(evaluators, Sequence):
        return
    loader, mode = str(dump.header.loader), dump.header.mode
    others = [path for path in evaluators if not _is_one_file(str(path), dataset)]
    for path in others:
        text = f"the dataset reads {_shown(dataset)}, the evaluator {_shown(str(path))}"
        hint = None if _is_there(dataset) else _NO_DATASET
        yield Finding("evaluator-file", text, loader, mode, hint=hint)
    images = len(file.lists.get("images", ()))
    if options.get("indices") is not None and len(others) < len(evaluators):
        text = (
            f"indices={options['indices']!r}: the dataset returns {len(dump.samples):,} images of "
            f"{images:,}, the evaluator counts them all"
        )
        yield Finding("evaluator-indices", text, loader, mode)


def own_file_note(dump: Dump, path: Path) -> str | None:
    """Return a note where the config itself reads another file than the one verified."""
    own = dump.header.options.get("own_ann_file")
    if not isinstance(own, str) or _is_one_file(own, str(path)):
        return None
    return f"the config itself reads {_shown(own)}; {path.name} was put in its place"


def _shown(path: str) -> str:
    return path if _is_there(path) else f"{path} (which is not there)"


def _is_there(path: str) -> bool:
    return os.path.exists(path)  # noqa: PTH110 - Path raises for a name that is too long


def _is_one_file(a: str, b: str) -> bool:
    try:
        return Path(a).resolve() == Path(b).resolve()
    except (OSError, RuntimeError):
        return a == b
