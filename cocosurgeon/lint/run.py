"""Lint: run the checks that are wanted on a file."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

import numpy as np

from cocosurgeon.annfile.document import Document
from cocosurgeon.annfile.scan import scan
from cocosurgeon.annfile.source import Source, open_source
from cocosurgeon.errors import RequestError, UnknownNameError
from cocosurgeon.findings.codes import CODES, Severity
from cocosurgeon.findings.finding import Finding, RecordId
from cocosurgeon.lint.annotation_file import COLUMNS, AnnotationFile, Located, Rest
from cocosurgeon.lint.batch import UNSURE, batches
from cocosurgeon.lint.check import Check, Fault, all_checks
from cocosurgeon.lint.effects import affects, usual_loaders
from cocosurgeon.lint.on_disk import ON_DISK_CODES, image_faults
from cocosurgeon.lint.pair import PAIR_CODES, pair_faults
from cocosurgeon.lint.report import Known, LintReport, in_all
from cocosurgeon.progress import progress_of
from cocosurgeon.text import did_you_mean

AnnFile: TypeAlias = str | os.PathLike[str] | Source | Document
"""Path of an annotation file, or its text, or its places and columns."""


@dataclass(frozen=True)
class Choice:
    """Codes that are looked for.

    Attributes:
        select: codes and groups; none: all.
        ignore: codes and groups that are skipped.

    Raises:
        UnknownNameError: there is no such code or group.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        codes = lint_codes()
        groups = dict.fromkeys(CODES[code].group for code in codes)
        for name in (*self.select, *self.ignore):
            if name not in codes and name not in groups:
                raise UnknownNameError(
                    f"no code or group is called {name!r}",
                    hint=did_you_mean(name, (*groups, *codes)) or f"groups: {', '.join(groups)}",
                )

    def takes(self, code: str) -> bool:
        """Return whether a code is looked for."""
        names = {code, CODES[code].group}
        return (not self.select or bool(names & set(self.select))) and not names & set(self.ignore)

    def is_only(self, codes: Collection[str]) -> bool:
        """Return whether no other code was selected than these."""
        return bool(self.select) and all(c in codes for c in lint_codes() if self.takes(c))


def lint_codes() -> tuple[str, ...]:
    """Return every code that lint may report."""
    return tuple(
        dict.fromkeys([*(check.code for check in all_checks()), *ON_DISK_CODES, *PAIR_CODES])
    )


def lint(
    ann_file: AnnFile,
    *,
    loaders: Sequence[str] | None = None,
    choice: Choice | None = None,
    keep: int | None = 5,
    known: Known = MappingProxyType({}),
    images: str | os.PathLike[str] | None = None,
) -> LintReport:
    """Judge an annotation file.

    Args:
        loaders: loaders that will read it; a fault that affects one of them is an error. None:
            those of MMDetection, and pycocotools.
        choice: codes to look for; None: all.
        keep: how many findings of each code are kept; all are counted. None: all.
        known: findings that do not fail.
        images: the folder that ``file_name`` begins in: image files are looked at, too.

    Raises:
        SourceUnavailableError: the file cannot be opened, or there is no such folder.
        DataError: it is not JSON, or its lists do not hold records.
        RequestError: it is a results file.
    """
    file = _opened(ann_file)
    report = _report_on(file, loaders, keep, known)
    return _filled(report, file, all_checks(), choice or Choice(), images)


def lint_records(
    document: Document,
    *,
    rest: Rest,
    loaders: Sequence[str] | None = None,
    choice: Choice | None = None,
    keep: int | None = 5,
    known: Known = MappingProxyType({}),
) -> LintReport:
    """Judge the images and annotations of one of several files, each record by itself.

    Args:
        rest: the other files. The further arguments and errors are those of ``lint``.
    """
    file = replace(_opened(document), rest=rest)
    report = _report_on(file, loaders, keep, known)
    return _filled(report, file, _checks(of_records=True), choice or Choice())


def _report_on(
    file: AnnotationFile, loaders: Sequence[str] | None, keep: int | None, known: Known
) -> LintReport:
    counts = {key: file.count(key) for key in ("images", "annotations", "categories")}
    return LintReport(file.document.source.name, counts, loaders or usual_loaders(), keep, known)


def lint_dataset(
    whole: AnnotationFile,
    reports: Sequence[LintReport],
    *,
    choice: Choice | None = None,
    keep: int | None = 5,
    known: Known = MappingProxyType({}),
    images: str | os.PathLike[str] | None = None,
) -> LintReport:
    """Judge several files that are one dataset, as one file with the records of all.

    Args:
        whole: the files as one.
        reports: those of ``lint_records``; the result counts their findings, too.
    """
    counted = in_all(reports)
    report = LintReport(counted.file, counted.counts, counted.loaders, keep, known)
    report = _filled(report, whole, _checks(of_records=False), choice or Choice(), images)
    report.add_counts(counted)
    return report


def _checks(*, of_records: bool) -> list[Check]:
    """Return the checks of images and annotations by themselves, or all others."""
    return [c for c in all_checks() if (c.of not in ("file", "categories")) == of_records]


def _filled(
    report: LintReport,
    file: AnnotationFile,
    checks: Sequence[Check],
    choice: Choice,
    images: str | os.PathLike[str] | None = None,
) -> LintReport:
    """Return a report, to which these checks have added what they find."""
    checks = [
        check
        for check in checks
        if choice.takes(check.code)
        and not (check.is_for_hurt and not affects(check.code, report.loaders))
    ]
    severities: dict[str, Severity] = {}
    for check, fault, located in find_faults(file, checks, report.is_full):
        if report.is_full(check.code):
            report.tallies[check.code].count += 1
            continue
        if check.code not in severities:  # only now: loaders are asked
            severities[check.code] = severity_of(check, report.loaders)
        found = _finding(file, check.code, fault, located)
        report.add(replace(found, own_severity=severities[check.code]))
    if images is not None and any(map(choice.takes, ON_DISK_CODES)):
        for code, fault in image_faults(file, Path(images)):
            if choice.takes(code):
                report.add(_finding(file, code, fault))
    return report


def lint_pair(
    ann_file: AnnFile,
    other: AnnFile,
    *,
    choice: Choice | None = None,
    keep: int | None = 5,
    known: Known = MappingProxyType({}),
    images: str | os.PathLike[str] | None = None,
) -> LintReport:
    """Judge what two annotation files have in common, as for training and validation.

    Args:
        images: the folder that ``file_name`` begins in, of both: images are compared by content.

    Raises:
        As ``lint``.
    """
    choice = choice or Choice()
    one, two = _opened(ann_file), _opened(other)
    names = [file.document.source.name for file in (one, two)]
    counts = {f"images in {n}": f.count("images") for n, f in zip(names, (one, two), strict=True)}
    report = LintReport(" and ".join(names), counts, (), keep, known)
    for code, fault in pair_faults(one, two, None if images is None else Path(images)):
        if choice.takes(code):
            report.add(_finding(one, code, fault))
    return report


def _opened(ann_file: AnnFile) -> AnnotationFile:
    if isinstance(ann_file, Document):
        document = ann_file
        for key, names in COLUMNS.items():
            if key in document.lists:
                document.lists[key].columns(*names)
    else:
        with progress_of("reading") as progress:
            source = ann_file if isinstance(ann_file, Source) else open_source(ann_file, progress)
            document = scan(source, progress, columns=COLUMNS)
    if document.results is not None:
        raise RequestError(
            "a results file: lint checks annotation files",
            where=document.source.name,
            hint="name the annotation file of its images",
        )
    return AnnotationFile(document)


def _finding(
    file: AnnotationFile, code: str, fault: Fault, located: Located | None = None
) -> Finding:
    record = None
    if located is not None:
        record = RecordId(str(fault.list), located.value.get("id"), located.byte)
    elif fault.list is not None:
        record_id, byte = file.located(fault.list, fault.row)
        record = RecordId(fault.list, record_id, byte)
        if byte is None:  # of one of several files
            owner = file.name_of(fault.list, fault.row)
            return Finding(code, f"{fault.message} (this record: {owner})", record=record)
    return Finding(code, fault.message, record=record)


def find_faults(
    file: AnnotationFile,
    checks: Sequence[Check],
    is_counted: Callable[[str], bool] = lambda _: False,
) -> Iterator[tuple[Check, Fault, Located | None]]:
    """Yield what checks find in a file, each with the record, where they looked at records.

    Args:
        is_counted: returns whether findings of a code are only counted: messages may be empty.
    """
    for check in checks:
        if check.of == "file":
            for fault in check.find(file):
                yield check, fault, None
    for key in ("categories", "images", "annotations"):
        yield from _in_records(file, key, checks, is_counted)


def _in_records(
    file: AnnotationFile, key: str, checks: Sequence[Check], is_counted: Callable[[str], bool]
) -> Iterator[tuple[Check, Fault, Located | None]]:
    of_odd = [check for check in checks if check.of == key]
    of_every = [check for check in checks if check.of == f"every-{key[:-1]}"]
    of_text = [check for check in checks if check.of == "every-record" and key != "categories"]
    chosen = [*of_odd, *of_every, *of_text]
    if not chosen or not file.count(key):
        return
    # In what is plain, checks of odd records surely find nothing.
    is_odd = np.zeros(file.count(key), dtype=np.bool_)
    if of_odd:
        is_odd[file.odd_rows(key)] = True
    rows = None if of_every or of_text else np.flatnonzero(is_odd)
    total = file.count(key) if rows is None else len(rows)
    done = 0
    with progress_of(f"checking {key}") as progress:
        for batch in batches(file, key, rows):
            if progress is not None:
                progress(done, total)
            done += len(batch)
            odd = is_odd[batch.rows] * np.int8(UNSURE)
            verdicts = [odd] * len(of_odd)
            for check in (*of_every, *of_text):
                decide = check.decide
                verdicts.append(batch.verdicts(UNSURE) if decide is None else decide(batch))
            of_places = np.array(verdicts).T
            places, numbers = (found.tolist() for found in np.nonzero(of_places))
            found_by = of_places[places, numbers].tolist()
            for place, number, verdict in zip(places, numbers, found_by, strict=True):
                check = chosen[number]
                is_of_text = check.of == "every-record"
                about = batch.located(place) if is_of_text else batch.values[place]
                needs_message = verdict == UNSURE or not is_counted(check.code)
                what = check.find(about, file) if needs_message else ""
                if what is not None:
                    each = batch.located(place)
                    yield check, Fault(what, key, each.row), each


def severity_of(check: Check, loaders: Sequence[str]) -> Severity:
    """Return how much the findings of a check matter to loaders."""
    severity = CODES[check.code].severity
    if not check.is_judged:
        return severity
    if affects(check.code, loaders):
        return "error"
    return "warning" if severity == "error" else severity
