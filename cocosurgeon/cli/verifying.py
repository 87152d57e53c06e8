"""Verify, and say what was found."""

from __future__ import annotations

import gc
import json
import math
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import cast

import typer

from cocosurgeon.categories.spaces import find_space
from cocosurgeon.cli.asking import Case, by_config, by_settings
from cocosurgeon.cli.console import Console, print_raw, print_text, silence
from cocosurgeon.cli.telling import recipe_note, told_by
from cocosurgeon.errors import FormatError, LoaderError, RequestError
from cocosurgeon.findings.finding import Finding
from cocosurgeon.loaders import DEFAULT, LOADERS, config_loaders, find_loader, load
from cocosurgeon.loaders.loader import Mode
from cocosurgeon.loaders.settings import Setting, own_options, settings_for
from cocosurgeon.probe.dump import Dump, read_dump
from cocosurgeon.probe.request import ProbeOptions
from cocosurgeon.steps.arguments import parse_names
from cocosurgeon.verify.against import verify_against
from cocosurgeon.verify.expected import class_names, expected_document
from cocosurgeon.verify.reading import Reading, reading
from cocosurgeon.verify.told import Told
from cocosurgeon.verify.values import key_of
from cocosurgeon.verify.verification import Verification, verify_copy, verify_loader
from cocosurgeon.version import __version__

FOUND = 1
TEXT_ONLY = "none"
_HASH = 12


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is to be verified.

    Attributes:
        subset, source, recipe, against: the files; None where not given.
        loaders: whose emissions are compared, each with options of its own; with a config the line
            that it has to be, if any.
        modes: in which they are.
        classes: as a config has them.
        tolerance: pixels.
    """

    subset: Path
    source: Path | None
    recipe: Path | None
    against: Path | None
    loaders: Mapping[str, Mapping[str, object]]
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
        options: Sequence[str] | None,
        against: str | None,
        tolerance: float,
        has_config: bool,
    ) -> Request:
        """What the options say.

        Raises:
            RequestError: one makes no sense.
        """
        files = {"SUBSET": subset, "--source": source, "--recipe": recipe, "--against": against}
        for name, path in files.items():
            if path == "":
                raise RequestError(f"{name} names no file: it is empty")
        if recipe is not None and source is None:
            raise RequestError("--recipe says what was done to a source: name it (--source)")
        if "-" in (subset, source):
            raise RequestError("verify reads files, each more than once; not standard input")
        chosen = _loaders(loaders, has_config=has_config)
        for name, value in {"--mode": modes, "--option": options, "--classes": classes}.items():
            if value not in (None, []) and (has_config or not chosen):
                by = "--config, which settles it" if has_config else "--loader none"
                raise RequestError(f"{name} says nothing beside {by}")
        if against is not None and len(chosen) != 1 and not has_config:
            raise RequestError("a dump is compared with one loader at a time")
        if against is not None and modes:
            raise RequestError("--mode says nothing beside --against: the dump has one")
        if classes is not None and chosen and not any(LOADERS[n].takes_classes for n in chosen):
            raise RequestError(f"{', '.join(chosen)} is told no class names: leave --classes out")
        if modes and not any(LOADERS[n].has_modes for n in chosen):
            raise RequestError(f"{', '.join(chosen)} has no modes: leave --mode out")
        if tolerance and against is None:
            raise RequestError("--tolerance says nothing without --against")
        if not 0 <= tolerance < float("inf"):
            raise RequestError(f"no number of pixels: {tolerance}")
        for mode in modes or ():
            if mode not in ("train", "test"):
                raise RequestError(f"unknown mode {mode!r}", hint="train or test")
        return cls(
            subset=Path(subset),
            source=None if source is None else Path(source),
            recipe=None if recipe is None else Path(recipe),
            against=None if against is None else Path(against),
            loaders={name: own_options(name, options) for name in chosen},
            modes=cast("tuple[Mode, ...]", tuple(dict.fromkeys(modes or ("train", "test")))),
            classes=None if classes is None else parse_names(classes),
            tolerance=tolerance,
        )


def _loaders(named: Sequence[str] | None, *, has_config: bool) -> tuple[str, ...]:
    if has_config:
        if not named or (len(named) == 1 and named[0] in config_loaders()):
            return tuple(named or ())
        raise RequestError(
            "--config builds one dataset of MMDetection's",
            hint=f"name {' or '.join(config_loaders())}, or no loader: it is the one that the "
            "interpreter has",
        )
    chosen = tuple(dict.fromkeys(named or (DEFAULT,)))
    if TEXT_ONLY in chosen:
        if len(chosen) > 1:
            raise RequestError("--loader none stands alone: it compares the text only")
        return ()
    for name in chosen:
        find_loader(name)
    return chosen


def run(request: Request, real: ProbeOptions, *, quiet: bool, as_json: bool) -> None:
    """Verify; exit code 1 where something does not hold."""
    gc.disable()  # millions of values are made, none of them in a cycle, and soon all is over
    console = Console(quiet=quiet, as_json=as_json)
    if real.config is None:
        for name in request.loaders:
            real.require_library(name)
        if not request.loaders and real.named:
            named = ", ".join(real.named)
            raise RequestError(f"{named}: for a real loader, and --loader none names none")
    try:
        case = _case(request, console)
    except _UnreadableError as unreadable:
        finding = Finding("file-unreadable", unreadable.args[0])
        found = Verification(str(request.subset), ("its text",), (finding,))
        hashes: dict[str, str] = {}
    else:
        found = _verified(request, real, case)
        files = [case.subset, *([case.source] if case.source else [])]
        hashes = {file.name: file.sha256 for file in files}
    when = datetime.now(timezone.utc).astimezone().replace(microsecond=0)
    if as_json:
        text = json.dumps(_strict(_fields(found, hashes, when)), indent=2, default=str)
    else:
        short = ", ".join(f"{Path(name).name} {sha[:_HASH]}" for name, sha in hashes.items())
        by = f"cocosurgeon {__version__}, Python {platform.python_version()}, {when:%Y-%m-%d}" + (
            f", sha256: {short}" if short else ""
        )
        text = "\n".join(found.lines(by, with_lists=not quiet))
    try:
        (print_raw if as_json else print_text)(text, sys.stdout)
    except BrokenPipeError:
        silence(sys.stdout)  # who reads no more has not heard that all is well
    if found.findings:
        raise typer.Exit(FOUND)


def _fields(found: Verification, hashes: Mapping[str, str], when: datetime) -> dict[str, object]:
    """The verification for machines."""
    return {
        "cocosurgeon": __version__,
        "python": platform.python_version(),
        "date": when.isoformat(),
        "sha256": hashes,
        "subset": found.subset,
        "compared": found.compared,
        "findings": [finding.fields() for finding in found.findings],
        "notes": found.notes,
        "left_out": [asdict(each) for each in found.left_out],
    }


def _strict(value: object) -> object:
    """A value without numbers that JSON has not."""
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    if isinstance(value, Mapping):
        return {key: _strict(each) for key, each in value.items()}
    return [_strict(v) for v in value] if isinstance(value, (list, tuple)) else value


class _UnreadableError(Exception):
    """The subset cannot be read."""


def _case(request: Request, console: Console) -> Case:
    try:
        with console.progress("reading the subset") as progress:
            subset = reading(request.subset, progress)
    except FormatError as error:
        raise _UnreadableError(error.what) from error
    told = told_by(request.recipe, request.source, console)
    source = None
    if request.source is not None:
        source = _read_source(request.source, subset, told, console)
        if subset.is_bare != source.is_bare:
            one, other = ("a results file", "an annotation file")
            text = (one, other) if subset.is_bare else (other, one)
            raise RequestError(
                f"{text[0]} was not cut from {text[1]}",
                where=f"{subset.name} and {source.name}",
                hint="name the file that it was cut from: --source",
            )
    return Case(request.subset, subset, request.source, source, told)


def _read_source(path: Path, subset: Reading, told: Told, console: Console) -> Reading:
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

    with console.progress("reading the source") as progress:
        return reading(path, progress, wanted)


def _verified(request: Request, real: ProbeOptions, case: Case) -> Verification:
    subset, source, told = case.subset, case.source, case.told
    found = case.found()
    note = recipe_note(request.recipe, source)
    if source is not None:
        found = found.joined(verify_copy(subset, source, told))
    if note:
        found = found.joined(case.found(notes=(note,)))
    if subset.is_bare:
        if source is None or request.against is not None or real.is_asked_for:
            raise RequestError(
                "a results file is held against its source only: no loader reads detections",
                where=subset.name,
                hint="name the results file that it was cut from: --source",
            )
        return found
    if real.config is not None:
        asked, setting = by_config(case, real, next(iter(request.loaders), "mmdet"))
        settings = [[setting]] if setting else []
        found = found.joined(asked)
    else:
        document = subset.document() if source is None else expected_document(source, told)
        classes = class_names(document) if request.classes is None else request.classes
        chosen = request.classes is not None
        settings = [
            settings_for(name, request.modes, classes, own, has_own_classes=chosen)
            for name, own in request.loaders.items()
        ]
    dump = None if request.against is None else read_dump(request.against)
    for group in settings:
        if dump is None or source is not None:
            found = found.joined(verify_loader(group, subset, source, told))
        if dump is not None:
            found = found.joined(_against(request, dump, subset, group))
        if real.config is None and real.has_library(group[0].loader):
            found = found.joined(by_settings(case, real, group))
    if not found.compared:
        text = "that Python's json reads it; --loader none, and no --source to hold it against"
        return case.found(text)
    return found


def _against(
    request: Request, there: Dump, subset: Reading, settings: Sequence[Setting]
) -> Verification:
    head = f"{request.against}, line 1"
    space = there.header.label_space
    try:
        if space is not None:
            find_space(space)
    except RequestError as error:
        what = f"the dump's label_space: {error.what}"
        raise FormatError(what, where=head, hint=error.hint) from error
    mode: Mode = there.header.mode or "test"
    setting = next((s for s in settings if s.mode == mode), settings[-1])
    try:
        view = load(setting.loader, subset.document(), setting.options)
    except LoaderError as error:
        text = f"{error.exception} ({error.rule}): {error.what}"
        finding = Finding("loader-error", text, setting.loader)
        compared = f"{setting.loader} against {request.against}"
        return Verification(subset.name, (compared,), (finding,))
    try:
        return verify_against(subset, setting, view, there, _name_in_space, request.tolerance)
    except FormatError as error:
        raise FormatError(error.what, where=head, hint=error.hint) from error


def _name_in_space(space: str, label: object) -> str | None:
    return find_space(space).class_of(label)
