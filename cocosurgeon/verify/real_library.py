"""The output of the real library, compared with the rules."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from cocosurgeon.errors import LoaderError, ProbeError, UnknownIdError
from cocosurgeon.findings.finding import Finding
from cocosurgeon.loaders import LOADERS, Id, View, load
from cocosurgeon.loaders.derived import has_rules
from cocosurgeon.loaders.loader import Mode
from cocosurgeon.loaders.settings import Setting
from cocosurgeon.probe.dump import Dump
from cocosurgeon.probe.request import ProbeOptions
from cocosurgeon.probe.run import in_scratch, probe, scratch, unmet_requests
from cocosurgeon.text import plural
from cocosurgeon.verify.configuration import own_file_note
from cocosurgeon.verify.drops import Listed
from cocosurgeon.verify.expected import Expectation, class_names, expected_document
from cocosurgeon.verify.loader_output import compare_output
from cocosurgeon.verify.packed import packed_alike
from cocosurgeon.verify.read_again import PlainFile
from cocosurgeon.verify.real import verify_real
from cocosurgeon.verify.relevant import Wanted
from cocosurgeon.verify.values import key_of
from cocosurgeon.verify.verification import Verification

_OF_A_MODE = ("dataset", "pipeline", "random")
"""Kinds of errors of a mode; all others are errors of the interpreter or of the request."""


FindIds = Callable[[Sequence[Id]], list[Id]]
"""Takes all image ids of a file; returns the ids of the requested images."""


@dataclass(frozen=True, eq=False)
class Case:
    """The files to verify.

    Attributes:
        path, subset: the file, and its records.
        source_path, source: the file that it was cut from; None if unknown.
        expectation: the effect of the recipe.
        find_ids: finds the images that go through a pipeline.
    """

    path: Path
    subset: PlainFile
    source_path: Path | None
    source: PlainFile | None
    expectation: Expectation
    find_ids: FindIds

    def listed(self) -> tuple[Listed, Listed | None]:
        """Return the ids that the file lists, and those of the source with the recipe's changes."""
        if self.source is None:
            return Listed(self.subset.document()), None
        theirs = expected_document(self.source, self.expectation)
        return Listed(self.subset.document()), Listed(theirs)

    def wanted(self) -> Wanted:
        """Return the records of the source to compare with."""
        key, which = ("", "image_id") if self.subset.is_bare else ("images", "id")
        lists = self.subset.lists
        img_ids = {key_of(r.value.get(which)) for r in lists.get(key, ())}
        img_ids |= {key_of(r.value.get("image_id")) for r in lists.get("annotations", ())}
        rows = self.expectation.image_rows, self.expectation.annotation_rows
        return Wanted(img_ids, *(of_list or frozenset() for of_list in rows))

    def found(
        self,
        compared: str | None = None,
        findings: tuple[Finding, ...] = (),
        notes: tuple[str, ...] = (),
    ) -> Verification:
        """Return a verification of the file."""
        return Verification(self.subset.name, (compared,) if compared else (), findings, notes)


def by_settings(case: Case, real: ProbeOptions, settings: Sequence[Setting]) -> Verification:
    """Compare the real loader in each mode with its rules.

    An error that does not depend on the mode is reported once.
    """
    found = case.found()
    for setting in settings:
        try:
            found = found.joined(_by_setting(case, real, setting))
        except ProbeError as error:
            loader = setting.loader
            if not real.is_asked_for:
                note = f"the real {loader} is installed, but could not be run: {error.what}"
                return found.joined(case.found(notes=(note.splitlines()[0],)))
            if error.kind not in _OF_A_MODE:
                text = f"not the real {loader}, which could not be run"
                return found.joined(case.found(text, (_raised(error, loader, None),)))
            finding = _raised(error, loader, setting.named_mode)
            found = found.joined(case.found(f"the real {_who(setting)}, which raises", (finding,)))
    return replace(found, findings=tuple(_of_all_modes(found.findings)))


def _by_setting(case: Case, real: ProbeOptions, setting: Setting) -> Verification:
    try:
        dump = _asked(case, real, setting.loader, setting)
    except ProbeError as error:
        if error.kind == "dataset" and _rules_say(case, setting) == error.exception:
            text = f"the real {_who(setting)}: {error.exception}, as its rules say"
            return case.found(text)
        raise
    found = verify_real(case.subset, dump, setting).joined(_packed(case, real, dump, setting))
    return found.joined(_skipped(case, real, dump, setting))


def _who(setting: Setting) -> str:
    mode = setting.named_mode
    return f"{setting.loader} ({mode})" if mode else setting.loader


def _of_all_modes(findings: Sequence[Finding]) -> Iterator[Finding]:
    """Return findings; an error that the library raises in each mode becomes one without a mode."""
    raised: dict[Finding, int] = Counter(
        replace(f, mode=None) for f in findings if f.code == "real-error"
    )
    for finding in findings:
        whole = replace(finding, mode=None)
        count = raised.get(whole, 0)
        if count > 1:
            raised[whole] = -1
            yield whole
        elif count >= 0:
            yield finding


def _skipped(
    case: Case, real: ProbeOptions, dump: Dump, setting: Setting, *, has_rules: bool = True
) -> Verification:
    """Return a note for each image that should go through the pipeline but is not loaded."""
    compare_output = {key_of(s.img_id) for s in dump.samples}
    gone = [img_id for img_id in _images(case, real) if img_id not in compare_output]
    if not gone:
        return case.found()
    rules: dict[object, str] = {}
    with suppress(LoaderError):  # that the library does not raise is another finding
        view = load(setting.loader, case.subset.document(), setting.options) if has_rules else None
        dropped = () if view is None else view.dropped
        rules = {key_of(d.img_id): d.rule for d in dropped if d.kind == "image"}
    notes = tuple(
        f"image {img_id!r} goes through no pipeline of {_who(setting)}, which skips it"
        + (f": {rules[img_id]}" if img_id in rules else "")
        for img_id in gone
    )
    return case.found(notes=notes)


def _images(case: Case, real: ProbeOptions) -> list[Id]:
    """Return the ids of the images that go through the pipeline.

    Raises:
        UnknownIdError: the file does not have one of them.
    """
    if not real.images:
        return []
    records = case.subset.lists.get("images", ())
    known = [key for r in records if (key := key_of(r.value.get("id"))) is not None]
    found = case.find_ids(known)
    unknown = [img_id for img_id in found if img_id not in set(known)]
    if unknown:
        raise UnknownIdError(f"no image has the id {unknown[0]!r}", where=case.subset.name)
    return found


@dataclass(frozen=True, eq=False)
class OfConfig:
    """The comparison of a config's dataset.

    Attributes:
        found: the result.
        setting: mode and options in the config; None if the dataset could not be built.
        view: output of the real dataset, if no rules are known for its class.
    """

    found: Verification
    setting: Setting | None = None
    view: View | None = None


def by_config(case: Case, real: ProbeOptions, line: str) -> OfConfig:
    """Compare the dataset of a config with the rules of its class; without known rules, with its
    output for the source.

    Args:
        line: ``mmdet3``, ``mmdet2``, or ``mmdet`` for the installed one.
    """
    try:
        dump = _asked(case, real, line, None)
        setting = dump.header.setting()
        rules = setting if has_rules(dump.header.options) else None
        note = own_file_note(dump, case.path)
        found = verify_real(case.subset, dump, rules).joined(_packed(case, real, dump, None))
        found = found.joined(_skipped(case, real, dump, setting, has_rules=rules is not None))
        found = found.joined(case.found(notes=(note,) if note else ()))
        if rules is not None:
            return OfConfig(found, setting)
        return OfConfig(found.joined(_by_itself(case, real, dump)), setting, dump.view())
    except ProbeError as error:
        mode: Mode = "train" if real.split == "train" else "test"
        hint = _hint_of_config(case, mode, error)
        if error.kind in _OF_A_MODE:
            text = f"the dataset of {real.config}, which raises"
            return OfConfig(case.found(text, (_raised(error, None, mode, hint),)))
        text = f"not the dataset of {real.config}, which could not be run"
        return OfConfig(case.found(text, (_raised(error, None, None, hint),)))


def _by_itself(case: Case, real: ProbeOptions, dump: Dump) -> Verification:
    """Compare the output of a real dataset for the file with its output for the source."""
    if case.source_path is None or case.source is None:
        return case.found()
    kind = str(dump.header.options.get("type"))
    try:
        with _expected_file(case, case.source_path, case.source) as expected:
            request = real.request(expected, str(dump.header.loader), None, samples=0)
            there = probe(request, real.python, real.limit).view()
    except ProbeError as error:
        if error.kind != "dataset":
            raise
        note = f"the real {kind} raises on the source, so it is not compared: {error.what}"
        return case.found(notes=(note,))
    records = case.subset.lists.get("images", ())
    kept = {key_of(record.value.get("id")) for record in records}
    samples = tuple(s for s in there.samples if key_of(s.img_id) in kept)
    mode = dump.header.mode or "test"
    findings = compare_output(dump.view(), replace(there, samples=samples), mode)
    text = f"the real {kind} ({mode}) against what it loads from the source"
    return replace(case.found(text, tuple(findings)), is_proven=True)


def _asked(case: Case, real: ProbeOptions, loader: str, setting: Setting | None) -> Dump:
    """Return the output of a real loader for the file.

    Raises:
        RequestError: the request is wrong.
        ProbeError: the loader failed for another reason.
    """
    images = _images(case, real)
    request = real.request(case.path, loader, setting, images=tuple(images), pass_over=True)
    with unmet_requests():
        return probe(request, real.python, real.limit)


def _packed(case: Case, real: ProbeOptions, dump: Dump, setting: Setting | None) -> Verification:
    """Compare the pipeline's output for images of the file with that for images of the source."""
    ids = [s.img_id for s in dump.samples if s.packed is not None]
    if not ids or case.source_path is None or case.source is None:
        return case.found()
    loader = str(dump.header.loader)
    text = f"{plural(len(ids), 'image')} through the pipeline, as of the source"
    try:
        with _expected_file(case, case.source_path, case.source) as expected:
            request = real.request(expected, loader, setting, images=tuple(ids), samples=0)
            there = probe(request, real.python, real.limit)
    except ProbeError as error:
        if error.kind != "request":
            raise
        finding = Finding("packed", f"of the source: {error.what}", loader, dump.header.mode)
        return case.found(text, (finding,))
    return case.found(text, tuple(packed_alike(dump, there, loader)))


@contextmanager
def _expected_file(case: Case, path: Path, source: PlainFile) -> Iterator[Path]:
    """Yield the path of the source with the recipe's changes; its own path without changes."""
    if case.expectation.is_all:
        yield path
        return
    with scratch() as folder:
        made = folder / "expected.json"
        with in_scratch(folder):
            made.write_text(json.dumps(expected_document(source, case.expectation)))
        yield made


def _rules_say(case: Case, setting: Setting) -> str | None:
    """Return the exception that a loader raises by its rules; None if it raises none."""
    try:
        load(setting.loader, case.subset.document(), setting.options)
    except LoaderError as error:
        return error.exception
    return None


def _raised(
    error: ProbeError, loader: str | None, mode: Mode | None, hint: str | None = None
) -> Finding:
    where = f" (in {error.where})" if error.where else ""
    return Finding("real-error", f"{error.what}{where}", loader, mode, hint=hint or error.hint)


def _hint_of_config(case: Case, mode: Mode, error: ProbeError) -> str | None:
    """Return advice if a config's dataset raises for a known reason."""
    if error.kind != "dataset":
        return None
    document = case.subset.document()
    for loader in LOADERS.values():
        if not loader.traps or not (loader.real and loader.real.has_configs):
            continue
        try:
            load(loader.name, document, loader.options.usual(mode, class_names(document)))
        except LoaderError as expected:
            if expected.rule in loader.traps and expected.exception == error.exception:
                return loader.traps[expected.rule]
    return None
