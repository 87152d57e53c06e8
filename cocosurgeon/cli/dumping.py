"""What a loader emits, as a file."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from cocosurgeon.atomic import appearing, refuse_existing, refuse_same_file
from cocosurgeon.cli.console import print_raw
from cocosurgeon.cli.loader_options import loader_options
from cocosurgeon.cli.real import ASKABLE, Real, as_requested
from cocosurgeon.errors import LoaderError, RequestError
from cocosurgeon.loaders import LOADERS, View, find_loader, load, mmdet2
from cocosurgeon.probe.dump import DumpHeader, DumpInstance, DumpSample, dump_lines
from cocosurgeon.probe.run import probed
from cocosurgeon.verify.expected import class_names
from cocosurgeon.verify.image_root import behind_root
from cocosurgeon.verify.reading import Reading, reading
from cocosurgeon.verify.settings import (
    Mode,
    Setting,
    framework_options,
    modes_of,
    order_of,
    own_options,
    settings_for,
)

_PIECE = 1 << 20


def write(
    ann_file: str | None,
    loader: str | None,
    mode: str | None,
    options: Sequence[str] | None,
    real: Real,
    output: str | None,
    *,
    force: bool,
) -> None:
    """Write a dump, and its path to stdout.

    Raises:
        RequestError: nothing says which loader, or of what; or an option makes no sense.
    """
    if loader is None and real.config is None:
        raise RequestError("name a loader (--loader), or a config (--config)")
    if ann_file == "" or output == "":
        raise RequestError("a file name is empty")
    if ann_file is None and real.config is None:
        raise RequestError("name an annotation file")
    if "-" in (ann_file, output):
        raise RequestError("dump reads and writes files, not standard input and output")
    if real.named and not real.is_asked_for:
        raise RequestError(
            f"{', '.join(real.named)}: for the real library only",
            hint="ask it by --python EXE or --config CFG",
        )
    if real.config is not None and (mode or options):
        name = "--mode" if mode else "--option"
        raise RequestError(f"{name} says nothing beside --config, which settles it")
    name = find_loader(loader).name if loader is not None else "mmdet"
    if real.is_asked_for and name not in (*ASKABLE, "mmdet"):
        raise RequestError(
            f"the real {name} cannot be asked",
            hint=f"one of {', '.join(ASKABLE)}; or leave --python out, and go by its rules",
        )
    own = own_options(name, loader_options(options)) if options else {}
    chosen = _mode(name, mode)
    path = None if ann_file is None else Path(ann_file)
    target = Path(output) if output is not None else _beside(path or real.config, name)
    refuse_same_file(target, path)
    refuse_existing(target, force=force)
    if path is None or real.config is not None:
        _write_real(path, name, None, real, target, force=force)
    else:
        file = reading(path)
        [setting] = settings_for(name, [chosen], class_names(file.document()), own)
        if real.is_asked_for:
            _write_real(path, name, setting, real, target, force=force)
        else:
            with appearing([target], force=force) as [stream]:
                stream.writelines(_by_rules(path.name, file, setting))
    print_raw(str(target), sys.stdout)


def _mode(loader: str, named: str | None) -> Mode:
    if named not in (None, "train", "test"):
        raise RequestError(f"unknown mode {named!r}", hint="train or test")
    if named is not None and modes_of(loader, ["train"]) != ["train"]:
        raise RequestError(f"{loader} has no modes: leave --mode out")
    return "train" if named == "train" else "test"


def _beside(path: Path | None, name: str) -> Path:
    assert path is not None, "one of the two was named"
    return path.with_name(f"{path.name.partition('.')[0]}_{name}.jsonl.gz")


def _write_real(
    path: Path | None,
    name: str,
    setting: Setting | None,
    real: Real,
    target: Path,
    *,
    force: bool,
) -> None:
    request = real.request(path, name, setting)
    with (
        as_requested(),
        probed(request, real.python, real.limit) as found,
        appearing([target], force=force) as [file],
        found.open("rb") as stream,
    ):
        while piece := stream.read(_PIECE):
            file.write(piece)


def _by_rules(name: str, file: Reading, setting: Setting) -> Iterable[bytes]:
    loader = setting.loader
    try:
        view = load(loader, file.document(), setting.options)
    except LoaderError as error:
        raise LoaderError(
            f"{loader} raises {error.exception} on this file: {error.what}",
            exception=error.exception,
            rule=error.rule,
            where=f"{name}, {error.where}" if error.where else name,
            hint=f"the rule {error.rule!r} in docs/loaders.md says why",
        ) from error
    header = DumpHeader(
        framework=LOADERS[loader].title,
        version=LOADERS[loader].version,
        loader=loader,
        python=platform.python_version(),
        mode=setting.mode,
        options=_told(setting),
        box_format=view.box_format,
        single=view.single,
        order=order_of(loader),
        ann_file=name,
        sha256=file.sha256,
        classes=view.classes,
        cat_ids=view.cat_ids,
        cat2label=view.cat2label,
    )
    return dump_lines(header, _samples(view, setting))


def _told(setting: Setting) -> dict[str, object]:
    """The options that a reader of the dump has to know, under the framework's own names."""
    told = framework_options(setting)
    if isinstance(setting.options, mmdet2.Options):
        told["filter_empty_gt"] = setting.options.filter_empty_gt
    return told


def _samples(view: View, setting: Setting) -> Iterator[DumpSample]:
    for s in view.samples:
        instances = (DumpInstance(i.box, i.label, i.ignore, i.mask) for i in s.instances)
        path = behind_root(s.img_path, setting.loader, setting.options)
        yield DumpSample(s.img_id, path, s.height, s.width, tuple(instances))
