"""Verify: read the files, compare them, and compare loaders, by rules and by real libraries."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from cocosurgeon.errors import FormatError, LoaderError, RequestError
from cocosurgeon.files import require_file
from cocosurgeon.findings.finding import Finding
from cocosurgeon.loaders import DEFAULT, LOADERS, View, config_loaders, find_loader, load
from cocosurgeon.loaders.loader import Mode
from cocosurgeon.loaders.settings import Setting, own_options, settings_for
from cocosurgeon.probe.dump import Dump, read_dump
from cocosurgeon.probe.request import ANY_LINE, ProbeOptions
from cocosurgeon.progress import Progress, progress_of
from cocosurgeon.urls import is_url
from cocosurgeon.verify.against import NameOf, verify_against
from cocosurgeon.verify.class_names import default_classes_fit
from cocosurgeon.verify.expected import Expectation, class_names, expected_document
from cocosurgeon.verify.read_again import PlainFile, read_again
from cocosurgeon.verify.real_library import Case, FindIds, by_config, by_settings
from cocosurgeon.verify.relevant import read_relevant
from cocosurgeon.verify.repairs import repaired
from cocosurgeon.verify.usability import check_values
from cocosurgeon.verify.verification import (
    Verification,
    WholeSourceNeededError,
    verify_copy,
    verify_loader,
)

TEXT_ONLY = "none"


@dataclass(frozen=True, kw_only=True)
class VerifyRequest:
    """Files to verify, and options.

    Attributes:
        subset, source, recipe, against: paths of the files; None if not given.
        loaders: options by loader; with a config, the loader that it must have, if any.
        is_default: True if no loader was given.
        modes: modes of the loaders.
        has_mode: True if modes were given.
        classes: class names of a config; None without.
        tolerance: pixels by which numbers of boxes may differ.
    """

    subset: Path
    source: Path | None
    recipe: Path | None
    against: Path | None
    loaders: Mapping[str, Mapping[str, object]]
    is_default: bool
    modes: tuple[Mode, ...]
    has_mode: bool
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
        classes: tuple[str, ...] | None,
        options: Sequence[str] | None,
        against: str | None,
        tolerance: float,
        has_config: bool,
    ) -> VerifyRequest:
        """Return the request of a command line.

        Raises:
            RequestError: an option is invalid, or does not go with the others.
        """
        files = {"SUBSET": subset, "--source": source, "--recipe": recipe, "--against": against}
        for name, path in files.items():
            if path == "":
                raise RequestError(f"{name} is empty", hint="name a file")
            if is_url(path):
                what = "verify reads files on this machine only"
                raise RequestError(what, where=path, hint="copy the file here first")
        if recipe is not None and source is None:
            raise RequestError("--recipe needs the source: name it (--source)")
        if "-" in (subset, source):
            raise RequestError("verify reads files several times, so not from standard input")
        chosen = _loaders(loaders, has_config=has_config)
        given = {"--mode": bool(modes), "--option": bool(options), "--classes": classes is not None}
        for name, is_given in given.items():
            if is_given and (has_config or not chosen):
                by = "--config, which sets it" if has_config else "--loader none"
                raise RequestError(f"{name} has no effect with {by}")
        if against is not None and len(chosen) != 1 and not has_config:
            raise RequestError("a dump is compared with one loader at a time")
        if against is not None and len(modes or ()) > 1:
            raise RequestError("a dump has one mode: give --mode once")
        if classes is not None and chosen and not any(LOADERS[n].takes_classes for n in chosen):
            raise RequestError(f"{', '.join(chosen)} takes no class names: remove --classes")
        if modes and not any(LOADERS[n].has_modes for n in chosen):
            raise RequestError(f"{', '.join(chosen)} has no modes: remove --mode")
        if tolerance != 0 and against is None:
            raise RequestError("--tolerance has no effect without --against")
        if not 0 <= tolerance < float("inf"):
            raise RequestError(f"--tolerance cannot be {tolerance}")
        for mode in modes or ():
            if mode not in ("train", "test"):
                raise RequestError(f"unknown mode {mode!r}", hint="use train or test")
        return cls(
            subset=Path(subset),
            source=None if source is None else Path(source),
            recipe=None if recipe is None else Path(recipe),
            against=None if against is None else Path(against),
            loaders={name: own_options(name, options) for name in chosen},
            is_default=not loaders,
            has_mode=bool(modes),
            modes=cast("tuple[Mode, ...]", tuple(dict.fromkeys(modes or ("train", "test")))),
            classes=classes,
            tolerance=tolerance,
        )


def _loaders(named: Sequence[str] | None, *, has_config: bool) -> tuple[str, ...]:
    if has_config:
        if not named or (len(named) == 1 and named[0] in config_loaders()):
            return tuple(named or ())
        raise RequestError(
            "--config builds one dataset of MMDetection's",
            hint=f"name {' or '.join(config_loaders())}, or no loader: then the interpreter's is "
            f"used",
        )
    chosen = tuple(dict.fromkeys(named or (DEFAULT,)))
    if TEXT_ONLY in chosen:
        if len(chosen) > 1:
            raise RequestError(
                "--loader none cannot be used with other loaders: it compares only the text"
            )
        return ()
    for name in chosen:
        find_loader(name)
    return chosen


def verify(
    request: VerifyRequest,
    real: ProbeOptions,
    expect: Callable[[], Expectation],
    *,
    find_ids: FindIds,
    name_of: NameOf,
) -> tuple[Verification, dict[str, str]]:
    """Return the comparisons and findings, and the SHA-256 of each file by its name.

    Facts from code that writes files come from the caller's functions: nothing here imports that
    code, so that a mistake in it is found.

    Args:
        real: options about the real library.
        expect: returns the effect of the recipe; called after the subset has been read.
        find_ids: returns the ids of the requested images, from all ids of a file.
        name_of: returns the class name of a label in a label space.

    Raises:
        CocosurgeonError: the files cannot be verified.
    """
    if real.config is None:
        for name in request.loaders:
            real.require_library(name)
        if not request.loaders and real.named:
            named = ", ".join(real.named)
            raise RequestError(f"{named}: only for a real loader, not for --loader none")
    for path in (request.subset, request.source):
        if path is not None:
            require_file(path)
    with progress_of("reading the subset") as progress:
        subset = read_again(request.subset, progress)
    case = _case(request, real, subset, expect(), find_ids)
    try:
        found = _verified(request, real, case, name_of)
    except WholeSourceNeededError:
        assert request.source is not None
        case = replace(case, source=None)  # frees the memory of the part
        with progress_of("reading the whole source") as progress:
            source = _read_whole(request, request.source, case, progress)
        case = replace(case, source=source)
        found = _verified(request, real, case, name_of)
    files = [case.subset, *([case.source] if case.source else [])]
    return found, {file.name: file.sha256 for file in files}


def _case(
    request: VerifyRequest,
    real: ProbeOptions,
    subset: PlainFile,
    expectation: Expectation,
    find_ids: FindIds,
) -> Case:
    case = Case(request.subset, subset, request.source, None, expectation, find_ids)
    if request.source is not None:
        with progress_of("reading the source") as progress:
            if expectation.repairs:
                source = repaired(read_again(request.source, progress), expectation.repairs)
            elif real.config is not None and not expectation.is_all:
                # a user's class may read any key
                source = _read_whole(request, request.source, case, progress)
            elif _needs_masks(request):
                source = _read_whole(request, request.source, case, progress)
            else:
                source = read_relevant(request.source, case.wanted(), progress)
        if subset.is_bare != source.is_bare:
            one, other = ("a results file", "an annotation file")
            text = (one, other) if subset.is_bare else (other, one)
            raise RequestError(
                f"{text[0]} was not cut from {text[1]}",
                where=f"{subset.name} and {source.name}",
                hint="name the file that it was cut from: --source",
            )
        return replace(case, source=source)
    return case


def _read_whole(
    request: VerifyRequest, path: Path, case: Case, progress: Progress | None
) -> PlainFile:
    """Read all records of the source; masks of records that are not compared only if needed."""
    return read_again(path, progress, None if _needs_masks(request) else case.wanted().has_text)


def _needs_masks(request: VerifyRequest) -> bool:
    options = ((LOADERS[n].options.usual("test", ()), own) for n, own in request.loaders.items())
    return any(usual.with_own(own).needs_masks for usual, own in options)


def _verified(
    request: VerifyRequest, real: ProbeOptions, case: Case, name_of: NameOf
) -> Verification:
    subset, source, expectation = case.subset, case.source, case.expectation
    found = case.found()
    if source is not None:
        found = found.joined(verify_copy(subset, source, expectation))
    if subset.is_bare:
        if source is None or request.against is not None or real.is_asked_for:
            raise RequestError(
                "a results file is compared with its source only: no loader reads detections",
                where=subset.name,
                hint="name the results file that it was cut from: --source",
            )
        return found
    source_settings: list[list[Setting]] = []
    if real.config is not None:
        asked = by_config(case, real, next(iter(request.loaders), ANY_LINE))
        settings = [[asked.setting]] if asked.setting else []
        found = found.joined(asked.found)
    else:
        asked = None
        document = subset.document() if source is None else expected_document(source, expectation)
        classes = class_names(document) if request.classes is None else request.classes
        settings = _settings(request, classes, request.subset)
        if request.source is not None:
            source_settings = _settings(request, classes, request.source)
        if request.is_default and request.against is None and (what := _without_boxes(subset)):
            note = (
                f"annotations are {what}, which {DEFAULT} does not read: only the text is "
                f"compared; --config runs the dataset that reads them"
            )
            found = found.joined(case.found(notes=(note,)))
            settings = source_settings = []
    dump = None if request.against is None else read_dump(request.against)
    if settings and (dump is None or source is not None):
        found = found.joined(case.found(findings=tuple(check_values(*case.listed()))))
    without_rules = None if asked is None else asked.view
    for group, of_source in zip(settings, source_settings or settings, strict=True):
        if without_rules is None and (dump is None or source is not None):
            by_rules = verify_loader(group, subset, source, expectation, of_source)
            # The config has the options of the loader, so nothing is assumed.
            assumed = by_rules.assumed if real.config is None else ()
            found = found.joined(replace(by_rules, assumed=assumed))
        if real.config is None and request.classes is None:
            unfit = default_classes_fit(LOADERS[group[0].loader], subset.document())
            found = found.joined(case.found(findings=tuple(unfit)))
        if dump is not None:
            found = found.joined(_against(request, dump, subset, group, name_of, without_rules))
        if real.config is None and real.has_library(group[0].loader):
            found = found.joined(by_settings(case, real, group))
    if not found.compared:
        text = "only that Python's json reads it: no loader and no --source are given"
        return found.joined(case.found(text))
    return found


def _settings(request: VerifyRequest, classes: tuple[str, ...], path: Path) -> list[list[Setting]]:
    """Return the settings of each loader for the file at a path."""
    return [
        settings_for(
            name,
            request.modes,
            classes,
            own,
            ann_file=str(path),
            has_own_classes=request.classes is not None,
        )
        for name, own in request.loaders.items()
    ]


def _without_boxes(file: PlainFile) -> str | None:
    """Return the kind of annotations of a file without boxes; None for a file with boxes."""
    keys = {key for r in file.lists.get("annotations", ())[:1] for key in r.value}
    if "bbox" in keys:
        return None
    kinds = {"segments_info": "panoptic segments", "caption": "captions"}
    return next((what for key, what in kinds.items() if key in keys), None)


def _against(
    request: VerifyRequest,
    dumped: Dump,
    subset: PlainFile,
    settings: Sequence[Setting],
    name_of: NameOf,
    view: View | None,
) -> Verification:
    """Compare a dump with the output of a loader.

    Args:
        view: output of the real loader; None: use its rules.
    """
    head = f"{request.against}, line 1"
    space = dumped.header.label_space
    try:
        if space is not None:
            name_of(space, None)  # an unknown label space is an error of the dump
    except RequestError as error:
        what = f"the dump's label_space: {error.what}"
        raise FormatError(what, where=head, hint=error.hint) from error
    mode: Mode = dumped.header.mode or request.modes[-1]
    if request.has_mode and request.modes != (mode,):
        what = f"--mode has no effect: the dump is of {mode} mode"
        raise RequestError(what, where=head, hint="remove --mode")
    setting = next((s for s in settings if s.mode == mode), settings[-1])
    try:
        if view is None:
            view = load(setting.loader, subset.document(), setting.options)
    except LoaderError as error:
        text = f"{error.exception} ({error.rule}): {error.what}"
        finding = Finding("loader-error", text, setting.loader)
        compared = f"{setting.loader} against {request.against}"
        return Verification(subset.name, (compared,), (finding,))
    try:
        return verify_against(subset, setting, view, dumped, name_of, request.tolerance)
    except FormatError as error:
        raise FormatError(error.what, where=head, hint=error.hint) from error
