"""A verification: what was compared, by which rules, and what does not hold."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from cocosurgeon.errors import LoaderError
from cocosurgeon.findings.finding import Finding, counted, finding_lines
from cocosurgeon.loaders import LOADERS, Id, NothingLeftError, View, indexed, load
from cocosurgeon.loaders.settings import Setting
from cocosurgeon.text import plural
from cocosurgeon.verify.class_names import classes_are_text, classes_fit, classes_unused
from cocosurgeon.verify.expected import Expectation, document_of, expected_document
from cocosurgeon.verify.loader_output import SkippedImages, compare_output, skipped_images
from cocosurgeon.verify.read_again import PlainFile
from cocosurgeon.verify.records import compare_records

_OF_FILTER_CFG = {"filter_empty_gt", "min_size"}


@dataclass(frozen=True)
class Verification:
    """The result of comparing.

    Attributes:
        subset: the file that was verified.
        compared: what was compared, a sentence each.
        findings: what does not hold; none: all of it does.
        notes: what else to know.
        skipped_images: images that a loader's filter skips: its rule, and no fault.
    """

    subset: str
    compared: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    skipped_images: tuple[SkippedImages, ...] = ()

    def lines(self, by: str, *, with_lists: bool = True) -> list[str]:
        """The verification for people.

        Args:
            by: who verified, when, with what.
            with_lists: name the images that loaders leave out, too.
        """
        compared = "; ".join(self.compared)
        listed = [each.line() for each in self.skipped_images] if with_lists else []
        notes = [*self.notes, *listed]
        if not self.findings:
            return [*notes, f"verified {self.subset}: {compared} ({by})"]
        last = f"{counted(self.findings)} in {self.subset}; compared: {compared} ({by})"
        return [*finding_lines(self.findings), *notes, last]

    def joined(self, other: Verification) -> Verification:
        """Both as one."""
        return Verification(
            self.subset,
            (*self.compared, *other.compared),
            (*self.findings, *other.findings),
            tuple(dict.fromkeys((*self.notes, *other.notes))),
            (*self.skipped_images, *other.skipped_images),
        )


def verify_copy(subset: PlainFile, source: PlainFile, expectation: Expectation) -> Verification:
    """Compare records with the source's, byte for byte."""
    key = "" if subset.is_bare else "annotations"
    images, annotations = (len(subset.lists.get(k, ())) for k in ("images", key))
    what = "detection" if key == "" else "annotation"
    counts = f"{plural(images, 'image')} and {plural(annotations, what)}"
    text = f"{counts} against {source.name}, byte for byte"
    if expectation.renumbering:
        text += f" but for {len(expectation.renumbering.ids):,} category ids"
    return Verification(subset.name, (text,), tuple(compare_records(subset, source, expectation)))


def verify_loader(
    settings: Sequence[Setting],
    subset: PlainFile,
    source: PlainFile | None,
    expectation: Expectation,
) -> Verification:
    """Compare what a loader loads from the subset with what it loads from the source.

    Args:
        settings: one loader, in the modes to be compared.
        source: None: only whether it loads, and what it leaves out.
    """
    loader = settings[0].loader
    mine = subset.document()
    theirs = None if source is None else expected_document(source, expectation)
    my_index, their_index = _indexed(mine), _indexed(theirs)
    found = Verification(subset.name)
    counts: list[str] = []
    for setting in settings:
        here = _output(setting, my_index)
        there = None if theirs is None else _expected(setting, theirs, their_index, subset)
        counts.append(f"{setting.mode} {_counted(here, there)}")
        found = found.joined(
            Verification(
                subset.name,
                (),
                tuple(_findings(setting, here, there, mine)),
                tuple(_notes(setting, here, there, mine)),
                skipped_images(here.view, setting.mode) if here.view else (),
            )
        )
    against = "" if source is None else " against the source"
    text = f"{loader} (rules of {LOADERS[loader].version}){against}: {', '.join(counts)}"
    as_text = _as_text(loader, subset, source)
    return Verification(subset.name, (text,)).joined(as_text).joined(found)


def _as_text(loader: str, subset: PlainFile, source: PlainFile | None) -> Verification:
    """Return what no framework reads of a file's outside.

    They all decode its bytes as UTF-8, and give that to Python's json.
    """
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    if subset.is_packed:
        notes += ("the file is compressed, which no framework reads: compared as unpacked",)
    if subset.has_mark:
        what = "a byte-order mark: Python's json takes none, so every framework raises"
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
        view: what it loads; None where it raises before that.
        error: what it raises; with a view: since no image is left.
        whole_error: what it raises on the whole file, where this is of some images alone.
    """

    view: View | None
    error: LoaderError | None
    whole_error: LoaderError | None = None


def _indexed(document: object) -> object:
    """The index of a document, made once for all modes; itself where none can be made."""
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
    # It may be another image's record that it raises on.
    of_images = _output(setting, document_of(source, kept), kept)
    return replace(of_images, whole_error=found.error)


def _counted(here: _Output, there: _Output | None) -> str:
    """Return the number of samples and objects, and whether they were compared."""
    if here.view is None:
        return f"raises {here.error.exception if here.error else 'nothing'}"
    objects = sum(len(s.instances) for s in here.view.samples)
    gone = sum(d.kind == "image" for d in here.view.dropped)
    parts = [f"{gone:,} skipped"] if gone else []
    parts += [f"so it raises {here.error.exception}"] if here.error else []
    parts += ["not compared"] if there is not None and there.view is None else []
    aside = f" ({', '.join(parts)})" if parts else ""
    return f"{plural(len(here.view.samples), 'sample')}{aside}, {plural(objects, 'object')}"


def _findings(
    setting: Setting, here: _Output, there: _Output | None, document: Mapping[str, object]
) -> Iterator[Finding]:
    if here.error is not None and _is_of_the_file(here, there):
        text = f"{here.error.exception} ({here.error.rule}): {here.error.what}"
        yield Finding("loader-error", text, setting.loader, setting.mode)
    if here.view is None:
        return
    if there is not None and there.view is not None:
        yield from compare_output(here.view, there.view, setting.mode)
    if (one_text := setting.text_for_classes) is not None:
        yield classes_are_text(here.view, one_text, setting.mode)
    elif setting.has_own_classes:
        yield from classes_fit(here.view, document, setting.mode)


def _is_of_the_file(here: _Output, there: _Output | None) -> bool:
    """Return whether an error is a fault of this file.

    It is none where the source raises, too, nor where a filter skips all of its images, and the
    same ones of the source.
    """
    if here.view is None:
        return there is None or there.view is not None
    if not any(d.kind == "image" for d in here.view.dropped):
        return True  # there was no image to begin with
    return there is not None and there.view is not None and bool(there.view.samples)


def _notes(
    setting: Setting, here: _Output, there: _Output | None, document: Mapping[str, object]
) -> Iterator[str]:
    who = f"{setting.loader} {setting.mode}"
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
    if here.view is not None and setting.has_own_classes:
        yield from classes_unused(here.view, document)
