"""What a loader emits, as a file."""

from __future__ import annotations

import gzip
import hashlib
import platform
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

from cocosurgeon.annfile.output import appearing, refuse_existing, refuse_same_file
from cocosurgeon.cli.ending import put
from cocosurgeon.cli.real import ASKABLE, Mode, Real
from cocosurgeon.errors import RequestError
from cocosurgeon.loaders import LOADERS, View, find_loader, load, mmdet3
from cocosurgeon.probe.dump import DumpHeader, DumpInstance, DumpSample, dump_lines
from cocosurgeon.probe.run import probed
from cocosurgeon.verify.expected import class_names
from cocosurgeon.verify.reading import reading
from cocosurgeon.verify.settings import options_for, order_of

_PIECE = 1 << 20


def write(
    ann_file: str | None,
    loader: str | None,
    mode: str,
    real: Real,
    output: str | None,
    *,
    force: bool,
) -> None:
    """Write a dump, and its path to stdout.

    Raises:
        RequestError: nothing says which loader, or of what.
    """
    if mode not in ("train", "test"):
        raise RequestError(f"unknown mode {mode!r}", hint="train or test")
    if loader is None and real.config is None:
        raise RequestError("name a loader (--loader), or a config (--config)")
    if ann_file is None and real.config is None:
        raise RequestError("name an annotation file")
    name = find_loader(loader).name if loader is not None else "config"
    path = None if ann_file is None else Path(ann_file)
    if "-" in (ann_file, output):
        raise RequestError("dump reads and writes files, not standard input and output")
    target = Path(output) if output is not None else _beside(path or real.config, name)
    refuse_same_file(target, path)
    refuse_existing(target, force=force)
    chosen: Mode = "train" if mode == "train" else "test"
    if real.packs and not real.is_asked_for:
        raise RequestError("--samples and --image need the real library: --python or --config")
    if real.is_asked_for:
        _write_real(path, name, chosen, real, target, force=force)
    elif path is not None:
        with appearing([target], force=force) as [file]:
            file.writelines(_by_rules(path, name, chosen))
    put(str(target), sys.stdout)


def _beside(path: Path | None, name: str) -> Path:
    assert path is not None, "one of the two was named"
    return path.with_name(f"{path.name.partition('.')[0]}_{name}.jsonl.gz")


def _write_real(
    path: Path | None, name: str, mode: Mode, real: Real, target: Path, *, force: bool
) -> None:
    if real.config is None and name not in ASKABLE:
        raise RequestError(
            f"the real {name} cannot be asked",
            hint=f"one of {', '.join(ASKABLE)}; or leave --python out, and go by its rules",
        )
    request = real.request(path, name, mode, None)
    with (
        probed(request, real.python, real.timeout) as found,
        appearing([target], force=force) as [file],
        found.open("rb") as stream,
    ):
        while piece := stream.read(_PIECE):
            file.write(piece)


def _by_rules(path: Path, name: str, mode: Mode) -> Iterable[bytes]:
    file = reading(path)
    document = file.document()
    options = options_for(name, mode, class_names(document))
    view = load(name, document, options)
    header = DumpHeader(
        framework=LOADERS[name].title,
        version=LOADERS[name].version,
        loader=name,
        python=platform.python_version(),
        mode=mode,
        options=_told(name, mode),
        box_format=view.box_format,
        single=view.single,
        order=order_of(name),
        ann_file=path.name,
        sha256=text_sha256(path),
        classes=view.classes,
        cat_ids=view.cat_ids,
        cat2label=view.cat2label,
    )
    return dump_lines(header, _samples(view))


def _told(name: str, mode: Mode) -> dict[str, object]:
    """The options that a reader of the dump has to know, under the framework's own names."""
    if name == "mmdet3" and mode == "train":
        return {"filter_cfg": asdict(mmdet3.BASE_FILTER)}
    return {"filter_empty_gt": True} if name == "mmdet2" else {}


def _samples(view: View) -> Iterator[DumpSample]:
    for s in view.samples:
        instances = (DumpInstance(i.box, i.label, i.ignore, i.mask) for i in s.instances)
        yield DumpSample(s.img_id, s.img_path, s.height, s.width, tuple(instances))


def text_sha256(path: Path) -> str:
    """The hash of a file's JSON text, packed or not."""
    digest = hashlib.sha256()
    with path.open("rb") as raw:
        is_packed = raw.read(2) == b"\x1f\x8b"
    with gzip.open(path) if is_packed else path.open("rb") as text:
        while piece := text.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()
