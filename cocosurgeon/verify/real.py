"""Is our understanding of a loader right? What the real one emitted, against its rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cocosurgeon.errors import LoaderError
from cocosurgeon.findings.finding import Finding
from cocosurgeon.loaders import Instance, Sample, View, config_loaders, load
from cocosurgeon.loaders.settings import Setting
from cocosurgeon.probe.dump import Dump, DumpHeader, DumpInstance, DumpSample
from cocosurgeon.verify.emitted import boxes_same
from cocosurgeon.verify.evaluator import evaluator_findings
from cocosurgeon.verify.packed import packed_as_told
from cocosurgeon.verify.reading import Reading
from cocosurgeon.verify.values import same
from cocosurgeon.verify.verification import Verification


def verify_real(file: Reading, dump: Dump, setting: Setting) -> Verification:
    """Compare what a real loader emitted for a file with what its rules say.

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
        f"{len(dump.samples):,} samples, {count:,} objects{through}{seeded}, as its rules say"
    )
    findings = (*_differences(file, dump, setting), *evaluator_findings(dump, file))
    return Verification(file.name, (text,), findings)


def _differences(file: Reading, dump: Dump, setting: Setting) -> Iterator[Finding]:
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
            told = f"image {sample.img_id!r}: {what}: {text}"
            yield Finding("real-differs", told, loader, mode, sample.img_id)
        if header.pipeline == "plain" and loader in config_loaders():
            for text in packed_as_told(ours, sample):
                told = f"image {sample.img_id!r}: {text}"
                yield Finding("packed", told, loader, mode, sample.img_id)


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
