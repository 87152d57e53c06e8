"""Verify, and say what was found."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import cast

import typer

from cocosurgeon.categories.table import find_space
from cocosurgeon.cli.dumping import text_sha256
from cocosurgeon.cli.ending import put, say
from cocosurgeon.cli.lists import names_in
from cocosurgeon.cli.real import Real
from cocosurgeon.cli.telling import told_by
from cocosurgeon.cli.voice import Voice
from cocosurgeon.errors import FormatError, LoaderError, ProbeError, RequestError
from cocosurgeon.loaders import find_loader, load
from cocosurgeon.probe.dump import read_dump
from cocosurgeon.probe.run import probe
from cocosurgeon.verify.against import verify_against
from cocosurgeon.verify.expected import class_names, expected_document
from cocosurgeon.verify.finding import Finding
from cocosurgeon.verify.packed import packed_alike
from cocosurgeon.verify.reading import Reading, reading
from cocosurgeon.verify.real import verify_real
from cocosurgeon.verify.settings import Mode, modes_of, options_for
from cocosurgeon.verify.told import Told
from cocosurgeon.verify.values import key_of
from cocosurgeon.verify.verification import Verification, verify_copy, verify_loader
from cocosurgeon.version import __version__

FOUND = 1


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is to be verified.

    Attributes:
        subset, source, recipe, against: the files; None where not given.
        loaders: whose emissions are compared.
        modes: in which they are.
        classes: as a config has them.
        tolerance: pixels.
    """

    subset: Path
    source: Path | None
    recipe: Path | None
    against: Path | None
    loaders: tuple[str, ...]
    modes: tuple[Mode, ...]
    classes: tuple[str, ...] | None
    tolerance: float

    @classmethod
    def of(
        cls,
        *,
        subset: str,
        source: str | None,
        recipe: str | None,
        loaders: Sequence[str] | None,
        modes: Sequence[str] | None,
        classes: str | None,
        against: str | None,
        tolerance: float,
    ) -> Request:
        """What the options say.

        Raises:
            RequestError: one makes no sense.
        """
        if recipe is not None and source is None:
            raise RequestError("--recipe says what was done to a source: name it (--source)")
        if "-" in (subset, source):
            raise RequestError("verify reads files, each more than once; not standard input")
        chosen = tuple(dict.fromkeys(loaders or ("mmdet3",)))
        for name in chosen:
            find_loader(name)
        if against is not None and len(chosen) > 1:
            raise RequestError("a dump is compared with one loader at a time")
        if tolerance and against is None:
            raise RequestError("--tolerance says nothing without --against")
        if not 0 <= tolerance < float("inf"):
            raise RequestError(f"no number of pixels: {tolerance}")
        for mode in modes or ():
            if mode not in ("train", "test"):
                raise RequestError(f"unknown mode {mode!r}", hint="train or test")
        return cls(
            subset=Path(subset),
            source=Path(source) if source else None,
            recipe=Path(recipe) if recipe else None,
            against=Path(against) if against else None,
            loaders=chosen,
            modes=cast("tuple[Mode, ...]", tuple(dict.fromkeys(modes or ("train", "test")))),
            classes=names_in(classes) if classes else None,
            tolerance=tolerance,
        )


def run(request: Request, real: Real, *, quiet: bool, as_json: bool) -> None:
    """Verify; exit code 1 where something does not hold."""
    voice = Voice(quiet=quiet, as_json=as_json)
    for name in request.loaders:
        real.require_askable(name)
    found = _verified(request, real, voice)
    if as_json:
        fields = {
            "cocosurgeon": __version__,
            "python": platform.python_version(),
            **asdict(found),
        }
        put(json.dumps(fields, indent=2, default=str), sys.stdout)
    else:
        notes = () if quiet else found.notes
        said = Verification(found.subset, found.compared, found.findings, notes)
        say("\n".join(said.lines()), sys.stdout)
    if found.findings:
        raise typer.Exit(FOUND)


def _verified(request: Request, real: Real, voice: Voice) -> Verification:
    try:
        with voice.progress("reading the subset") as progress:
            subset = reading(request.subset, progress)
    except FormatError as error:
        finding = Finding("file-unreadable", f"{error.what}")
        return Verification(str(request.subset), ("its text",), (finding,), ())
    told = told_by(request.recipe, request.source, voice)
    found = Verification(subset.name, (), (), ())
    source = None
    if request.source is not None:
        source = _read_source(request.source, subset, told, voice)
        found = found.joined(verify_copy(subset, source, told))
    if subset.is_bare:
        if source is None or request.against is not None or real.is_asked_for:
            raise RequestError(
                "a results file is held against its source only: no loader reads detections",
                where=subset.name,
                hint="name the results file that it was cut from: --source",
            )
        return found
    document = subset.document() if source is None else expected_document(source, told)
    classes = request.classes or class_names(document)
    for name in request.loaders:
        if request.against is None or source is not None:
            found = found.joined(verify_loader(name, subset, source, told, request.modes, classes))
        if request.against is not None:
            found = found.joined(_against(request, request.against, subset, name, classes))
        if real.is_at_hand(name):
            found = found.joined(_real(request, real, subset, name, classes))
    return found


def _read_source(path: Path, subset: Reading, told: Told, voice: Voice) -> Reading:
    """The source, whole as far as the subset needs it."""
    key = "" if subset.is_bare else "images"
    which = "image_id" if key == "" else "id"
    kept = {key_of(r.value.get(which)) for r in subset.lists.get(key, ())}
    texts_of_unknown = "annotations" in subset.lists and any(
        key_of(r.value.get("image_id")) not in kept for r in subset.lists["annotations"]
    )

    def wanted(of: str, record: object) -> bool:
        if of not in ("annotations", "") or texts_of_unknown or told.annotation_rows is not None:
            return True
        return isinstance(record, dict) and key_of(record.get("image_id")) in kept

    with voice.progress("reading the source") as progress:
        return reading(path, progress, wanted)


def _against(
    request: Request, dump: Path, subset: Reading, loader: str, classes: Sequence[str]
) -> Verification:
    there = read_dump(dump)
    notes: tuple[str, ...] = ()
    if there.header.sha256 not in (None, text_sha256(request.subset)):
        ids = {key_of(r.value.get("id")) for r in subset.lists.get("images", ())}
        kept = tuple(s for s in there.samples if key_of(s.img_id) in ids)
        notes = (
            f"the dump was made of another file ({there.header.ann_file}): of its "
            f"{len(there.samples):,} images those of this file are compared",
        )
        there = replace(there, samples=kept)
    mode: Mode = there.header.mode or "test"
    options = options_for(loader, modes_of(loader, [mode])[0], classes)
    try:
        view = load(loader, subset.document(), options)
    except LoaderError as error:
        finding = Finding("loader-error", f"{error.exception} ({error.rule}): {error.what}", loader)
        return Verification(subset.name, (f"{loader} against {dump}",), (finding,), ())
    found = verify_against(subset, view, there, _name_in_space, request.tolerance)
    return replace(found, notes=(*notes, *found.notes))


def _name_in_space(space: str, label: object) -> str | None:
    return find_space(space).class_of(label)


def _real(
    request: Request, real: Real, subset: Reading, loader: str, classes: Sequence[str]
) -> Verification:
    found = Verification(subset.name, (), (), ())
    modes: list[Mode | None] = [*modes_of(loader, request.modes)] if real.config is None else [None]
    for mode in modes:
        asked = real.request(request.subset, loader, mode, classes)
        try:
            dump = probe(asked, real.python, real.timeout)
            found = found.joined(verify_real(subset, dump))
            if real.packs and request.source is not None and request.recipe is None:
                ids = [s.img_id for s in dump.samples if s.packed is not None]
                asked = real.request(request.source, loader, mode, classes, ids)
                there = probe(asked, real.python, real.timeout)
                alike = tuple(packed_alike(dump, there, loader))
                text = f"{len(ids):,} images through the pipeline, as of the source"
                found = found.joined(Verification(subset.name, (text,), alike, ()))
        except ProbeError as error:
            if error.kind == "dataset" and _is_expected(subset, loader, mode, classes, error):
                text = f"the real {loader} ({mode}): {error.exception}, as its rules say"
                found = found.joined(Verification(subset.name, (text,), (), ()))
                continue
            if not real.is_asked_for:
                note = f"the real {loader} is there, and could not be asked: {error.what}"
                found = found.joined(Verification(subset.name, (), (), (note.splitlines()[0],)))
                continue
            finding = Finding("real-error", str(error).replace("\n", " "), loader, mode)
            text = f"the real {loader}"
            found = found.joined(Verification(subset.name, (text,), (finding,), ()))
    return found


def _is_expected(
    subset: Reading, loader: str, mode: Mode | None, classes: Sequence[str], error: ProbeError
) -> bool:
    """Whether a loader's rules say that the real one raises this."""
    if mode is None:
        return False
    try:
        load(loader, subset.document(), options_for(loader, mode, classes))
    except LoaderError as expected:
        return expected.exception == error.exception
    return False
