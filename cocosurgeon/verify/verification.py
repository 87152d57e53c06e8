"""A verification: what was compared, by which rules, and what does not hold."""

from __future__ import annotations

import platform
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cocosurgeon.errors import LoaderError
from cocosurgeon.loaders import LOADERS, Id, View, load
from cocosurgeon.verify.copied import copied
from cocosurgeon.verify.emitted import emitted
from cocosurgeon.verify.expected import class_names, expected_document
from cocosurgeon.verify.finding import Finding, finding_lines
from cocosurgeon.verify.reading import Reading
from cocosurgeon.verify.settings import Mode, modes_of, options_for
from cocosurgeon.verify.told import Told
from cocosurgeon.version import __version__

_SHOWN = 5


@dataclass(frozen=True)
class Verification:
    """What came of comparing.

    Attributes:
        subset: the file that was verified.
        compared: what was compared, a sentence each.
        findings: what does not hold; none: all of it does.
        notes: what else to know, such as images that a loader's filter leaves out.
    """

    subset: str
    compared: tuple[str, ...]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]

    def lines(self) -> list[str]:
        """The verification for people."""
        by = f"cocosurgeon {__version__}, Python {platform.python_version()}"
        if not self.findings:
            return [*self.notes, f"verified {self.subset}: {'; '.join(self.compared)} ({by})"]
        return [
            *finding_lines(self.findings),
            *self.notes,
            f"{len(self.findings):,} findings in {self.subset}: {'; '.join(self.compared)} ({by})",
        ]

    def joined(self, other: Verification) -> Verification:
        """Both as one."""
        return Verification(
            self.subset,
            (*self.compared, *other.compared),
            (*self.findings, *other.findings),
            (*self.notes, *other.notes),
        )


def verify_copy(subset: Reading, source: Reading, told: Told) -> Verification:
    """Is the file what the plan says? Records against the source's, byte for byte."""
    key = "" if subset.is_bare else "annotations"
    images, annotations = (len(subset.lists.get(k, ())) for k in ("images", key))
    what = "detections" if key == "" else "annotations"
    text = f"{images:,} images and {annotations:,} {what} against {source.name}, byte for byte"
    if told.renumbering:
        text += f" but for {len(told.renumbering.ids):,} category ids"
    return Verification(subset.name, (text,), tuple(copied(subset, source, told)), ())


def verify_loader(
    loader: str,
    subset: Reading,
    source: Reading | None,
    told: Told,
    modes: Sequence[Mode],
    classes: Sequence[str] | None = None,
) -> Verification:
    """Does a loader emit the same for the subset as for the source?

    Args:
        source: None: only whether it loads, and what it leaves out.
        classes: as the config has them; None: the names of the source's (mapped) categories.
    """
    mine = subset.document()
    theirs = None if source is None else expected_document(source, told)
    names = class_names(theirs or mine) if classes is None else tuple(classes)
    kept = [
        i
        for r in subset.lists.get("images", ())
        if isinstance(i := r.value.get("id"), (int, float, str)) or i is None
    ]
    findings: list[Finding] = []
    notes: list[str] = []
    counts: list[str] = []
    for mode in modes_of(loader, modes):
        here = _view(loader, mine, mode, names, None)
        there = None if theirs is None else _view(loader, theirs, mode, names, kept)
        findings += _raised(loader, mode, here, there)
        if isinstance(here, View):
            count = sum(len(s.instances) for s in here.samples)
            counts.append(f"{mode} {len(here.samples):,} samples, {count:,} objects")
            notes += _left_out(here, mode)
            if isinstance(there, View):
                findings += emitted(here, there, mode)
            elif there is not None:
                notes.append(
                    f"{loader} {mode}: not compared, since it raises on the source: "
                    f"{there.exception} ({there.rule})"
                )
    against = "" if source is None else ", as for the source"
    version = LOADERS[loader].version
    text = f"{loader} (rules of {version}){against}: {', '.join(counts) or 'nothing'}"
    return Verification(subset.name, (text,), tuple(findings), tuple(notes))


def _view(
    loader: str,
    document: Mapping[str, object],
    mode: Mode,
    names: Sequence[str],
    only: Collection[Id | None] | None,
) -> View | LoaderError:
    try:
        return load(loader, document, options_for(loader, mode, names), only)
    except LoaderError as error:
        return error


def _raised(
    loader: str, mode: Mode, here: View | LoaderError, there: View | LoaderError | None
) -> Iterator[Finding]:
    if isinstance(here, LoaderError):
        also = ", on the source, too" if isinstance(there, LoaderError) else ""
        text = f"{here.exception} ({here.rule}): {here.what}{also}"
        yield Finding("loader-error", text, loader, mode)


def _left_out(view: View, mode: Mode) -> Iterator[str]:
    """Which images the loader's filter leaves out, by rule."""
    by_rule: defaultdict[str, list[object]] = defaultdict(list)
    for dropped in view.dropped:
        if dropped.kind == "image":
            by_rule[dropped.rule].append(dropped.img_id)
    for rule, ids in by_rule.items():
        shown = ", ".join(map(repr, ids[:_SHOWN])) + (", ..." if len(ids) > _SHOWN else "")
        yield f"{view.loader} {mode}: {len(ids):,} images are left out by {rule}: {shown}"
