"""A verification: what was compared, by which rules, and what does not hold."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from cocosurgeon.errors import LoaderError
from cocosurgeon.loaders import LOADERS, Id, View, load, mmdet3
from cocosurgeon.verify.class_names import classes_are_text, classes_fit, classes_unused
from cocosurgeon.verify.copied import copied
from cocosurgeon.verify.emitted import emitted
from cocosurgeon.verify.expected import expected_document
from cocosurgeon.verify.finding import Finding, finding_lines
from cocosurgeon.verify.left_out import LeftOut, left_out
from cocosurgeon.verify.reading import Reading
from cocosurgeon.verify.settings import Setting
from cocosurgeon.verify.told import Told


@dataclass(frozen=True)
class Verification:
    """What came of comparing.

    Attributes:
        subset: the file that was verified.
        compared: what was compared, a sentence each.
        findings: what does not hold; none: all of it does.
        notes: what else to know.
        left_out: images that a loader does not emit, which is its rule and no fault.
    """

    subset: str
    compared: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    def lines(self, by: str, *, with_notes: bool = True) -> list[str]:
        """The verification for people.

        Args:
            by: who verified, when, with what.
        """
        compared = "; ".join(self.compared)
        notes = [*self.notes, *(each.line() for each in self.left_out)] if with_notes else []
        if not self.findings:
            return [*notes, f"verified {self.subset}: {compared} ({by})"]
        last = f"{len(self.findings):,} findings in {self.subset}: {compared} ({by})"
        return [*finding_lines(self.findings), *notes, last]

    def joined(self, other: Verification) -> Verification:
        """Both as one."""
        return Verification(
            self.subset,
            (*self.compared, *other.compared),
            (*self.findings, *other.findings),
            tuple(dict.fromkeys((*self.notes, *other.notes))),
            (*self.left_out, *other.left_out),
        )


def verify_copy(subset: Reading, source: Reading, told: Told) -> Verification:
    """Is the file what the plan says? Records against the source's, byte for byte."""
    key = "" if subset.is_bare else "annotations"
    images, annotations = (len(subset.lists.get(k, ())) for k in ("images", key))
    what = "detections" if key == "" else "annotations"
    text = f"{images:,} images and {annotations:,} {what} against {source.name}, byte for byte"
    if told.renumbering:
        text += f" but for {len(told.renumbering.ids):,} category ids"
    return Verification(subset.name, (text,), tuple(copied(subset, source, told)))


def verify_loader(
    settings: Sequence[Setting], subset: Reading, source: Reading | None, told: Told
) -> Verification:
    """Does a loader emit the same for the subset as for the source?

    Args:
        settings: one loader, in the modes to be compared.
        source: None: only whether it loads, and what it leaves out.
    """
    loader = settings[0].loader
    mine = subset.document()
    theirs = None if source is None else expected_document(source, told)
    kept = [
        i
        for r in subset.lists.get("images", ())
        if isinstance(i := r.value.get("id"), (int, float, str)) or i is None
    ]
    found = Verification(subset.name)
    counts: list[str] = []
    for setting in settings:
        here = _emission(setting, mine, None)
        there = None if theirs is None else _emission(setting, theirs, kept)
        counts.append(f"{setting.mode} {here.count}")
        found = found.joined(
            Verification(
                subset.name,
                (),
                tuple(_findings(setting, here, there, mine)),
                tuple(_notes(setting, here, there, mine)),
                left_out(here.view, setting.mode) if here.view else (),
            )
        )
    against = "" if source is None else ", as for the source"
    text = f"{loader} (rules of {LOADERS[loader].version}){against}: {', '.join(counts)}"
    return Verification(subset.name, (text,)).joined(found)


@dataclass(frozen=True)
class _Emission:
    """What a loader makes of a file.

    Attributes:
        view: what it emits; None where it raises before anything is.
        error: what it raises.
    """

    view: View | None
    error: LoaderError | None

    @property
    def count(self) -> str:
        """How much is emitted."""
        if self.view is None:
            return f"raises {self.error.exception}" if self.error else "nothing"
        objects = sum(len(s.instances) for s in self.view.samples)
        gone = sum(d.kind == "image" for d in self.view.dropped)
        parts = [f"{gone:,} left out"] if gone else []
        parts += [f"so it raises {self.error.exception}"] if self.error else []
        aside = f" ({', '.join(parts)})" if parts else ""
        return f"{len(self.view.samples):,} samples{aside}, {objects:,} objects"


def _emission(
    setting: Setting, document: Mapping[str, object], only: Collection[Id | None] | None
) -> _Emission:
    options = setting.options
    try:
        return _Emission(load(setting.loader, document, options, only), None)
    except LoaderError as error:
        if error.rule != "empty-dataset" or not isinstance(options, mmdet3.Options):
            return _Emission(None, error)
        # It raises when it serializes nothing: up to there it is as always.
        up_to_there = replace(options, serialize_data=False)
        return _Emission(load(setting.loader, document, up_to_there, only), error)


def _findings(
    setting: Setting, here: _Emission, there: _Emission | None, document: Mapping[str, object]
) -> Iterator[Finding]:
    if here.error is not None and _is_of_the_file(here, there):
        text = f"{here.error.exception} ({here.error.rule}): {here.error.what}"
        yield Finding("loader-error", text, setting.loader, setting.mode)
    if here.view is None:
        return
    if there is not None and there.view is not None:
        yield from emitted(here.view, there.view, setting.mode)
    if (one_text := setting.text_for_classes) is not None:
        yield classes_are_text(here.view, one_text, setting.mode)
    elif setting.has_own_classes:
        yield from classes_fit(here.view, document, setting.mode)


def _is_of_the_file(here: _Emission, there: _Emission | None) -> bool:
    """Whether what is raised is a fault of this file: not where the source raises, too, nor where
    a filter leaves nothing of it and of the source's same images."""
    if here.view is None:
        return there is None or there.view is not None
    return there is not None and there.view is not None and bool(there.view.samples)


def _notes(
    setting: Setting, here: _Emission, there: _Emission | None, document: Mapping[str, object]
) -> Iterator[str]:
    who = f"{setting.loader} {setting.mode}"
    if there is not None and there.view is None and there.error is not None:
        yield (
            f"{who}: not compared, since it raises on the source: "
            f"{there.error.exception} ({there.error.rule}): {there.error.what}"
        )
    if here.view is not None and here.error is not None:
        yield (
            f"{who}: no image is left, so it raises {here.error.exception}; to train on images "
            "without objects: filter_cfg=dict(filter_empty_gt=False, min_size=0)"
        )
    if here.view is not None and setting.has_own_classes:
        yield from classes_unused(here.view, document)
