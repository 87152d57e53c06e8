"""Output of a real loader, compared with its rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest

from cocosurgeon.errors import LoaderError
from cocosurgeon.findings.finding import Finding, of_image
from cocosurgeon.loaders import Instance, Sample, View, config_loaders, load
from cocosurgeon.loaders.settings import Setting
from cocosurgeon.probe.dump import Dump, DumpHeader, DumpInstance, DumpSample
from cocosurgeon.text import plural
from cocosurgeon.verify.configuration import check_config, files_checked
from cocosurgeon.verify.loader_output import boxes_same
from cocosurgeon.verify.packed import check_packed
from cocosurgeon.verify.read_again import PlainFile
from cocosurgeon.verify.values import same, shown
from cocosurgeon.verify.verification import Verification


def verify_real(file: PlainFile, dump: Dump, setting: Setting | None) -> Verification:
    """Compare the output of a real loader for a file with the prediction of its rules.

    Args:
        dump: output of the real loader.
        setting: mode and options of the loader; None if no rules are known for its class.
    """
    header = dump.header
    count = sum(len(s.instances) for s in dump.samples)
    packed = sum(s.packed is not None for s in dump.samples)
    through = f", {packed:,} of them through its {header.pipeline} pipeline" if packed else ""
    seeded = f" ({', '.join(header.random)} seeded)" if header.random else ""
    kind = str(header.options.get("type", "CocoDetection"))
    kinds = [kind, *reversed(header.options.get("wrappers") or ())]
    how = ", ".join([*([header.mode] if header.mode else []), " in ".join(kinds)])
    copy = ", of an unpacked copy" if file.is_packed else ""
    text = (
        f"the real {header.framework} {header.version} ({how}){copy}: "
        f"{plural(len(dump.samples), 'sample')}, {plural(count, 'object')}"
        f"{_in_wrappers(header)}{through}{seeded}"
    )
    differences = () if setting is None else tuple(_differences(file, dump, setting))
    says = "not as its rules say" if differences else "as its rules say"
    if setting is None:
        says = f"no rules are known for {kind}, which does not load files as CocoDataset does"
    findings = (*differences, *check_config(dump, file))
    compared = filter(None, (f"{text}, {says}", files_checked(dump)))
    return Verification(file.name, tuple(compared), findings, is_proven=setting is not None)


def _in_wrappers(header: DumpHeader) -> str:
    """Return text on the number of samples in training, if wrappers change it."""
    length = header.options.get("length")
    if not header.options.get("wrappers"):
        return ""
    if isinstance(length, int):
        return f", {plural(length, 'sample')} in its wrappers"
    return f" (its wrappers cannot be built: {length})"


def _differences(file: PlainFile, dump: Dump, setting: Setting) -> Iterator[Finding]:
    header = dump.header
    loader, mode = setting.loader, setting.named_mode
    try:
        view = load(loader, file.document(), setting.options)
    except LoaderError as error:
        text = f"its rules say {error.exception} ({error.rule}), and it loads"
        yield Finding("real-differs", text, loader, mode)
        return
    for what, mine, real in _heads(view, header):
        if mine != real:
            yield Finding("real-differs", f"{what}: {first_difference(real, mine)}", loader, mode)
    ids = [s.img_id for s in view.samples], [s.img_id for s in dump.samples]
    if not same(*ids):
        text = f"images: {len(ids[1]):,}, by its rules {len(ids[0]):,}"
        text += f"; {first_difference(ids[1], ids[0])}"
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
        has_failed = isinstance(sample.packed, Mapping) and "raises" in sample.packed
        if (header.pipeline == "plain" or has_failed) and loader in config_loaders():
            for text in check_packed(ours, sample):
                message = f"image {sample.img_id!r}: {text}"
                yield Finding("packed", message, loader, mode, of_image(sample.img_id))


def first_difference(real: object, mine: object) -> str:
    """Return the first difference between two lists or maps; for other values, both values."""
    if isinstance(real, Mapping) and isinstance(mine, Mapping):
        both = [(f"{key!r} is", real.get(key), mine.get(key)) for key in {**real, **mine}]
    elif isinstance(real, list) and isinstance(mine, list):
        pairs = enumerate(zip_longest(real, mine))
        both = [(f"place {place} is", one, other) for place, (one, other) in pairs]
    else:
        both = []
    different = (part for part in both if not same(part[1], part[2]))
    where, one, other = next(different, ("it is", real, mine))
    return f"{where} {shown(one)}, by its rules {shown(other)}"


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
            yield f"mask {place}", f"{shown(theirs.mask)}, by its rules {shown(mine.mask)}"
