"""Lint: run the checks that are wanted on a file."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from cocosurgeon.annfile.scan import scan
from cocosurgeon.annfile.source import open_source
from cocosurgeon.errors import RequestError, UnknownNameError
from cocosurgeon.findings.codes import CODES, Severity
from cocosurgeon.findings.finding import Finding, RecordId
from cocosurgeon.lint.annotation_file import COLUMNS, AnnotationFile, Located
from cocosurgeon.lint.check import Check, Fault, all_checks
from cocosurgeon.lint.effects import affects, usual_loaders
from cocosurgeon.lint.on_disk import ON_DISK_CODES, image_faults
from cocosurgeon.lint.pair import PAIR_CODES, pair_faults
from cocosurgeon.lint.report import Known, LintReport
from cocosurgeon.progress import progress_of
from cocosurgeon.text import did_you_mean

_STEP = 1 << 12


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
    ann_file: str | os.PathLike[str],
    *,
    loaders: Sequence[str] | None = None,
    choice: Choice | None = None,
    keep: int | None = 5,
    known: Known = MappingProxyType({}),
    images: str | os.PathLike[str] | None = None,
) -> LintReport:
    """Judge an annotation file.

    Args:
        loaders: those that will read it: what hurts one of them is an error. None: those of
            MMDetection, and pycocotools.
        choice: codes to look for; None: all.
        keep: how many findings of each code are kept; all are counted. None: all.
        known: findings that do not fail.
        images: the folder that ``file_name`` begins in: image files are looked at, too.

    Raises:
        SourceUnavailableError: the file cannot be opened, or there is no such folder.
        DataError: it is no JSON, or its lists are none of records.
        RequestError: it is a results file.
    """
    choice = choice or Choice()
    file = _opened(ann_file)
    counts = {key: file.count(key) for key in ("images", "annotations", "categories")}
    report = LintReport(file.document.source.name, counts, loaders or usual_loaders(), keep, known)
    checks = [check for check in all_checks() if choice.takes(check.code)]
    _Run(file, report, checks).run()
    if images is not None and any(map(choice.takes, ON_DISK_CODES)):
        for code, fault in image_faults(file, Path(images)):
            if choice.takes(code):
                report.add(_finding(file, code, fault))
    return report


def lint_pair(
    ann_file: str | os.PathLike[str],
    other: str | os.PathLike[str],
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


def _opened(ann_file: str | os.PathLike[str]) -> AnnotationFile:
    with progress_of("reading") as progress:
        document = scan(open_source(ann_file, progress), progress, columns=COLUMNS)
    if document.results is not None:
        raise RequestError(
            "a results file: lint judges annotation files",
            where=document.source.name,
            hint="name the annotation file whose images it is about",
        )
    return AnnotationFile(document)


def _finding(file: AnnotationFile, code: str, fault: Fault) -> Finding:
    record = None
    if fault.list is not None:
        record_id, byte = file.located(fault.list, fault.row)
        record = RecordId(fault.list, record_id, byte)
    return Finding(code, fault.message, record=record)


class _Run:
    def __init__(self, file: AnnotationFile, report: LintReport, checks: Sequence[Check]) -> None:
        self.file = file
        self.report = report
        self.checks = checks
        self.severities: dict[str, Severity] = {}

    def run(self) -> None:
        for check in self._of("file"):
            for fault in check.find(self.file):
                self._add(check, fault)
        for key in ("categories", "images"):
            self._records(key, self._of(key), ())
        self._records("annotations", self._of("annotations"), self._of("every-annotation"))

    def _of(self, *subjects: str) -> list[Check]:
        return [check for check in self.checks if check.of in subjects]

    def _records(self, key: str, of_odd: Sequence[Check], of_every: Sequence[Check]) -> None:
        """Run checks on the records of a list.

        Args:
            of_odd: checks that find nothing in an annotation that is plain.
            of_every: others.
        """
        of_text = [] if key == "categories" else self._of("every-record")
        if not (of_odd or of_every or of_text) or not self.file.count(key):
            return
        odd = self.file.odd_rows(key) if of_odd else np.empty(0, np.int64)
        rows = None if of_every or of_text else odd
        is_odd = np.zeros(self.file.count(key), dtype=np.bool_)
        is_odd[odd] = True
        total = self.file.count(key) if rows is None else len(rows)
        with progress_of(f"checking {key}") as progress:
            for done, each in enumerate(self.file.records(key, rows)):
                if progress is not None and done % _STEP == 0:
                    progress(done, total)
                if is_odd[each.row]:
                    self._judge(of_odd, key, each)
                self._judge(of_every, key, each)
                for check in of_text:
                    if (what := check.find(each, self.file)) is not None:
                        self._add(check, Fault(what, key, each.row), each)

    def _judge(self, checks: Sequence[Check], key: str, each: Located) -> None:
        for check in checks:
            if (what := check.find(each.value, self.file)) is not None:
                self._add(check, Fault(what, key, each.row), each)

    def _add(self, check: Check, fault: Fault, located: Located | None = None) -> None:
        if self.report.is_full(check.code):
            self.report.tallies[check.code].count += 1
            return
        if check.code not in self.severities:
            self.severities[check.code] = severity_of(check, self.report.loaders)
        severity = self.severities[check.code]
        if located is None:
            found = _finding(self.file, check.code, fault)
        else:
            record = RecordId(str(fault.list), located.value.get("id"), located.byte)
            found = Finding(check.code, fault.message, record=record)
        self.report.add(replace(found, own_severity=severity))


def severity_of(check: Check, loaders: Sequence[str]) -> Severity:
    """Return how much the findings of a check matter to loaders."""
    severity = CODES[check.code].severity
    if not check.is_judged:
        return severity
    if affects(check.code, loaders):
        return "error"
    return "warning" if severity == "error" else severity
