"""A verification: comparisons, assumptions and findings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from cocosurgeon.errors import LoaderError
from cocosurgeon.findings.finding import (
    Finding,
    code_table,
    counted,
    finding_lines,
    findings_html,
    is_failure,
)
from cocosurgeon.loaders import LOADERS, Id, NothingLeftError, View, indexed, load
from cocosurgeon.loaders.settings import Setting
from cocosurgeon.page import Report, preformatted, text
from cocosurgeon.progress import progress_of
from cocosurgeon.text import plural
from cocosurgeon.verify.class_names import (
    classes_are_text,
    classes_fit,
    classes_missing,
    classes_unused,
)
from cocosurgeon.verify.drops import Listed, Skipped, faults_in, images_lost, skipped_in
from cocosurgeon.verify.expected import Expectation, document_of, expected_document
from cocosurgeon.verify.loader_output import compare_output
from cocosurgeon.verify.read_again import PlainFile
from cocosurgeon.verify.records import compare_records

_OF_FILTER_CFG = {"filter_empty_gt", "min_size"}
_OF_LABELS = {"classes", "label-shift"}
"""Codes of findings about labels."""

Status = Literal["verified", "checked", "failed"]


@dataclass(frozen=True)
class Assumed:
    """Assumptions about a loader whose configuration is not known.

    Attributes:
        loader, version: the loader, and the release from which its rules are.
        classes: given class names; None: those that the file lists.
        options: options of each mode that are not defaults, under the framework's own names.
    """

    loader: str
    version: str
    classes: tuple[str, ...] | None
    options: Mapping[str, Mapping[str, object]]

    @classmethod
    def of(cls, settings: Sequence[Setting]) -> Assumed:
        """Return the assumptions in one loader's settings."""
        first = settings[0]
        options = {str(s.mode): s.options.for_framework() for s in settings}
        classes = first.classes if first.has_own_classes else None
        return cls(first.loader, LOADERS[first.loader].version, classes, options)

    def __str__(self) -> str:
        """Return the assumptions as text for the summary."""
        takes_classes = LOADERS[self.loader].takes_classes
        given = "as listed in the file" if self.classes is None else "as given"
        parts = [f"classes {given}"] if takes_classes else []
        for mode, options in self.options.items():
            chosen = ", ".join(f"{name}={value!r}" for name, value in options.items())
            of_mode = f"{mode} with" if LOADERS[self.loader].has_modes else "with"
            parts += [f"{of_mode} {chosen}"] if chosen else []
        return f"{self.loader} {self.version}" + (f": {'; '.join(parts)}" if parts else "")


@dataclass(frozen=True, repr=False)
class Verification(Report):
    """The result of a verification.

    Attributes:
        subset: the verified file.
        compared: one sentence for each comparison.
        findings: differences and faults.
        notes: further facts.
        skipped: images and annotations that a loader's filter skips; this is not a fault.
        assumed: assumptions by loader.
        is_proven: True if something was compared with a source, or with a real framework's output.
    """

    subset: str
    compared: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    assumed: tuple[Assumed, ...] = ()
    is_proven: bool = False

    def status(self, *, strict: bool) -> Status:
        """Return the status: a file that was compared with nothing is only ``checked``."""
        if is_failure(self.findings, strict=strict):
            return "failed"
        return "verified" if self.is_proven else "checked"

    def lines(
        self,
        by: str = "",
        *,
        strict: bool = False,
        with_lists: bool = True,
        width: int | None = None,
    ) -> list[str]:
        """Return the verification as lines of text.

        Args:
            by: program and time of the verification; empty: do not print them.
            strict: True if warnings fail, too.
            with_lists: True to list the records that loaders skip.
            width: most characters of a line of a table; None: no limit.
        """
        all_in = "--json" if by else ".skipped"
        listed = [each.line(all_in) for each in self.skipped] if with_lists else []
        parts = [counted(self.findings)] if self.findings else []
        parts += self.compared
        if self.assumed:
            parts.append(f"assumed: {', '.join(map(str, self.assumed))}")
        last = f"{self.status(strict=strict)} {self.subset}: {'; '.join(parts)}"
        last += f" ({by})" if by else ""
        head = [_TEXT_ONLY] if self._is_text_only() else []
        found = [*code_table(self.findings, width), *finding_lines(self.findings)]
        return [*head, *found, *self.notes, *listed, last]

    def _repr_html_(self) -> str:
        """Return HTML for a notebook: the status, the codes, the first findings of each."""
        parts = [*self.compared, *(f"assumed: {each}" for each in self.assumed)]
        head = f"<p><b>{self.status(strict=False)}</b> {text(self.subset)}</p>"
        return head + findings_html(self.findings) + preformatted([*parts, *self.notes])

    def _is_text_only(self) -> bool:
        """Return True if only the text differs, and a compared loader returns the same."""
        codes = {finding.code for finding in self.findings if finding.severity == "error"}
        return codes == {"text-differs"} and bool(self.assumed)

    def joined(self, other: Verification) -> Verification:
        """Return both as one."""
        return Verification(
            self.subset,
            (*self.compared, *other.compared),
            (*self.findings, *other.findings),
            tuple(dict.fromkeys((*self.notes, *other.notes))),
            (*self.skipped, *other.skipped),
            (*self.assumed, *other.assumed),
            self.is_proven or other.is_proven,
        )


_TEXT_ONLY = "the loader returns the same; the text differs"


class WholeSourceNeededError(Exception):
    """Raised if a loader fails on the part of the source that was read, or selects by place."""


def verify_copy(subset: PlainFile, source: PlainFile, expectation: Expectation) -> Verification:
    """Compare records with the source's, byte for byte."""
    key = "" if subset.is_bare else "annotations"
    images, annotations = (len(subset.lists.get(k, ())) for k in ("images", key))
    what = "detection" if key == "" else "annotation"
    counts = f"{plural(images, 'image')} and {plural(annotations, what)}"
    findings = tuple(compare_records(subset, source, expectation))
    is_equal = not is_failure(findings, strict=False)
    text = f"compared {counts} with {source.name}"
    if is_equal:
        text = f"{counts} against {source.name}, byte for byte"
    if is_equal and expectation.renumbering:
        text += f" but for {plural(len(expectation.renumbering.ids), 'category id')}"
    if names := dict.fromkeys(repair.name for repair in expectation.repairs if repair.rows):
        text += f", as repaired by {', '.join(names)}"
    return Verification(subset.name, (text,), findings, is_proven=True)


def verify_loader(
    settings: Sequence[Setting],
    subset: PlainFile,
    source: PlainFile | None,
    expectation: Expectation,
    source_settings: Sequence[Setting] | None = None,
) -> Verification:
    """Compare the output of a loader for the subset with its output for the source.

    Args:
        settings: one loader, in the modes to compare.
        source: the source; None: check only that the file loads, and report skipped records.
        source_settings: settings for the source, in the same order, if its path matters; None:
            the same.

    Raises:
        WholeSourceNeededError: a part of the source is not enough.
    """
    loader = settings[0].loader
    mine = subset.document()
    theirs = None if source is None else expected_document(source, expectation)
    my_index, their_index = _indexed(mine), _indexed(theirs)
    my_lists, their_lists = Listed(mine), None if theirs is None else Listed(theirs)
    counts: list[str] = []
    findings: list[list[Finding]] = []
    skipped: list[list[Skipped]] = []
    notes: list[str] = []
    with progress_of(f"comparing with {loader}") as progress:
        pairs = zip(settings, source_settings or settings, strict=True)
        for done, (setting, its) in enumerate(pairs):
            if progress is not None:
                progress(done, len(settings))
            here = _output(setting, my_index)
            there = None if theirs is None else _expected(its, theirs, their_index, subset)
            if source is not None and source.omitted and not _is_decided(its, there):
                raise WholeSourceNeededError
            counts.append(_with_mode(setting, _counted(here, there)))
            found = list(_findings(setting, here, there, mine, theirs))
            if here.view is not None:
                found += faults_in(here.view, my_lists, their_lists, setting.named_mode)
                of_source = None if there is None else there.view
                found += images_lost(here.view, of_source, setting.named_mode)
                skipped.append(list(skipped_in(here.view, my_lists, setting.named_mode)))
            findings.append(found)
            notes += _notes(setting, here, there, mine)
    against = "" if source is None else " against the source"
    version = LOADERS[loader].version
    text = f"{loader} (rules of {version}){against}: {', '.join(counts)}"
    return (
        Verification(subset.name, (text,))
        .joined(_as_text(loader, subset, source))
        .joined(
            Verification(
                subset.name,
                findings=tuple(_of_all_modes(findings)),
                notes=tuple(notes),
                skipped=tuple(_of_all_modes(skipped)),
                assumed=(Assumed.of(settings),),
            )
        )
    )


_OfAMode = TypeVar("_OfAMode", Finding, Skipped)


def _of_all_modes(by_mode: Sequence[Sequence[_OfAMode]]) -> list[_OfAMode]:
    """Return findings; one that all modes have becomes one without a mode."""
    # Not every id of a record can be hashed; its text can.
    keyed = [{repr(whole := replace(e, mode=None)): (e, whole) for e in mode} for mode in by_mode]
    counts = Counter(key for mode in keyed for key in mode)
    found: dict[tuple[str, str | None], _OfAMode] = {}
    for key, (each, whole) in (item for mode in keyed for item in mode.items()):
        is_of_all = counts[key] == len(by_mode) > 1
        found.setdefault((key, None if is_of_all else each.mode), whole if is_of_all else each)
    return list(found.values())


def _as_text(loader: str, subset: PlainFile, source: PlainFile | None) -> Verification:
    """Return findings about the encoding of a file on which all frameworks fail.

    They all decode its bytes as UTF-8 and parse them with Python's json.
    """
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    if subset.is_packed:
        notes += (
            "the file is compressed, which no framework reads: the unpacked text is compared",
        )
    if subset.has_mark:
        what = "a byte-order mark: Python's json refuses it, so every framework raises"
        if source is not None and source.has_mark:
            notes += (f"the file begins with {what}; so does the source",)
        else:
            text = f"JSONDecodeError (byte-order-mark): the file begins with {what}"
            findings += (Finding("loader-error", text, loader),)
    return Verification(subset.name, (), findings, notes)


@dataclass(frozen=True)
class _Output:
    """The output of a loader for a file, or the error.

    Attributes:
        view: the output; None if the loader raises before.
        error: the error that it raises; with a view, because no image is left.
        whole_error: the error that it raises on the whole file, if the view is of some images.
    """

    view: View | None
    error: LoaderError | None
    whole_error: LoaderError | None = None


def _indexed(document: object) -> object:
    """Return the index of a document, for all modes; the document if it has none."""
    try:
        return indexed(document)
    except LoaderError:
        return document


def _output(
    setting: Setting, document: object, only: Collection[Id | None] | None = None
) -> _Output:
    try:
        return _Output(load(setting.loader, document, setting.options, only), None)
    except NothingLeftError as error:
        return _Output(error.view, error)
    except LoaderError as error:
        return _Output(None, error)


def _expected(setting: Setting, source: object, index: object, subset: PlainFile) -> _Output:
    """Return the output of a loader for the subset's images of the source."""
    kept = [
        i
        for r in subset.lists.get("images", ())
        if isinstance(i := r.value.get("id"), (int, float, str)) or i is None
    ]
    found = _output(setting, index, kept)
    if found.view is not None:
        return found
    # The loader may raise on a record of another image.
    of_images = _output(setting, document_of(source, kept), kept)
    return replace(of_images, whole_error=found.error)


def _is_decided(setting: Setting, there: _Output | None) -> bool:
    """Return True if a part of the source is enough to know a loader's output for the whole."""
    raises = there is not None and (there.error or there.whole_error) is not None
    mixes = setting.options.picks_by_place or LOADERS[setting.loader].mixes_records
    return not raises and not mixes


def _with_mode(setting: Setting, text: str) -> str:
    return f"{setting.named_mode} {text}" if setting.named_mode else text


def _counted(here: _Output, there: _Output | None) -> str:
    """Return text with the numbers of samples and objects, compared or not."""
    if here.view is None:
        return f"raises {here.error.exception if here.error else 'nothing'}"
    objects = _objects(here.view)
    gone = sum(d.kind == "image" for d in here.view.dropped)
    parts = [f"{gone:,} skipped"] if gone else []
    parts += [f"so it raises {here.error.exception}"] if here.error else []
    parts += ["not compared"] if there is not None and there.view is None else []
    aside = f" ({', '.join(parts)})" if parts else ""
    return f"{plural(len(here.view.samples), 'sample')}{aside}, {plural(objects, 'object')}"


_BY_ID = "give the names in the order of the category ids: the dataset sorts the list by id"


def _is_same_error(one: LoaderError, other: LoaderError) -> bool:
    return (one.exception, one.rule) == (other.exception, other.rule)


def _has_same_names(one: View, other: View) -> bool:
    return (one.classes, one.cat2label) == (other.classes, other.cat2label)


def _objects(view: View) -> int:
    return sum(len(sample.instances) for sample in view.samples)


def _findings(
    setting: Setting,
    here: _Output,
    there: _Output | None,
    document: Mapping[str, object],
    source: object,
) -> Iterator[Finding]:
    if here.error is not None and _is_of_the_file(here, there, document):
        text = f"{here.error.exception} ({here.error.rule}): {here.error.what}"
        whole_error = None if there is None else there.whole_error
        too = whole_error is not None and _is_same_error(here.error, whole_error)
        traps = LOADERS[setting.loader].traps if here.view is None else {}
        hint = traps.get(here.error.rule)
        yield Finding(
            "loader-error", text, setting.loader, setting.named_mode, hint=hint, is_in_source=too
        )
    if here.view is None:
        return
    if here.error is None and document.get("annotations") and not _objects(here.view):
        text = f"{plural(len(here.view.samples), 'sample')}, and no object"
        too = there is not None and there.view is not None and not _objects(there.view)
        yield Finding("nothing-loaded", text, setting.loader, setting.named_mode, is_in_source=too)
    if there is not None and there.view is not None:
        advice = _advice(here.view, there.view, source)
        for finding in compare_output(here.view, there.view, setting.named_mode):
            yield replace(finding, hint=advice) if finding.code in _OF_LABELS else finding
    if (one_text := setting.text_for_classes) is not None:
        yield classes_are_text(here.view, one_text, setting.named_mode)
    elif setting.has_own_classes:
        for finding in (
            *classes_fit(here.view, document, setting.named_mode),
            *classes_missing(here.view, document, setting.named_mode),
        ):
            sorts = finding.code == "classes-unfit" and setting.options.sorts_categories
            yield replace(finding, hint=_BY_ID) if sorts else finding
    elif here.view.classes and not LOADERS[setting.loader].takes_classes:
        too = (
            there is not None and there.view is not None and _has_same_names(here.view, there.view)
        )
        for finding in classes_fit(here.view, document, setting.named_mode):
            yield replace(finding, hint=setting.options.names_hint, is_in_source=too)


def _advice(here: View, there: View, source: object) -> str | None:
    """Return advice for labels that differ because other categories are in use."""
    numbering = LOADERS[here.loader].numbering_by_use
    categories = source.get("categories") if isinstance(source, Mapping) else None
    if numbering is None or not isinstance(categories, list):
        return None
    return numbering.advice(categories, here.cat2label, there.cat2label)


def _is_of_the_file(here: _Output, there: _Output | None, document: Mapping[str, object]) -> bool:
    """Return True if an error is a fault of this file.

    It is none if the source raises, too, or if no image is left in a file whose images have no
    annotations, which must be intended.
    """
    if there is not None and there.error is not None:
        return False
    return here.view is None or bool(document.get("annotations")) or not document.get("images")


def _notes(
    setting: Setting, here: _Output, there: _Output | None, document: Mapping[str, object]
) -> Iterator[str]:
    who = " ".join(filter(None, (setting.loader, setting.named_mode)))
    if there is not None and there.whole_error is not None:
        error = there.whole_error
        how = "not compared" if there.view is None else "compared with its records of these images"
        yield (
            f"{who}: it raises on the source, {error.exception} ({error.rule}): {error.what}; {how}"
        )
    if here.view is not None and here.error is not None:
        rules = {d.rule for d in here.view.dropped if d.kind == "image"}
        note = f"{who}: no image is left, so it raises {here.error.exception}"
        if rules and rules <= _OF_FILTER_CFG:
            note += (
                "; to train on images without objects: "
                "filter_cfg=dict(filter_empty_gt=False, min_size=0)"
            )
        yield note
    if setting.options.note is not None:
        yield f"{who}: {setting.options.note}"
    if here.view is not None and setting.has_own_classes:
        yield from classes_unused(here.view, document)
