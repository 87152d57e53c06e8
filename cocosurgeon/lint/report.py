"""LintReport: what checks found, counted; for people, for programs, for GitHub."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cocosurgeon.errors import FormatError
from cocosurgeon.files import open_unpacked
from cocosurgeon.findings.codes import CODES, Severity
from cocosurgeon.findings.finding import Finding, with_short_boxes
from cocosurgeon.lint.effects import effects_of
from cocosurgeon.lint.repairable import repair_command, repair_kind
from cocosurgeon.page import Report, Row, preformatted, table
from cocosurgeon.text import first_few, one_line, plural, table_lines

_SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
_SHOWN = 5

Known = Mapping[tuple[str, str], int]
"""Findings of an earlier run: code and what they are about, with their number."""


@dataclass
class Tally:
    """Findings of one code.

    Attributes:
        code, severity: theirs.
        count: how many, known ones included.
        known: how many of them the baseline has.
        findings: the first of those that it has not.
    """

    code: str
    severity: Severity
    count: int = 0
    known: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def new(self) -> int:
        """Number of those that the baseline does not have."""
        return self.count - self.known


@dataclass(repr=False)
class LintReport(Report):
    """Findings in a file, counted.

    Attributes:
        file: name of the checked file.
        counts: number of images, annotations and categories.
        loaders: loaders that the file was checked for.
        keep: how many findings of a code are kept; None: all.
        known: findings of the baseline, which are not failures.
        tallies: by code, in the order of the checks.
    """

    file: str
    counts: Mapping[str, int]
    loaders: Sequence[str]
    keep: int | None = _SHOWN
    known: Known = field(default_factory=dict)
    tallies: dict[str, Tally] = field(default_factory=dict)
    _counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.known = dict(self.known)  # a view of it could not be sent to another process

    def add(self, finding: Finding) -> None:
        """Count a finding, and keep it if it is among the first."""
        tally = self.tallies.setdefault(finding.code, Tally(finding.code, finding.severity))
        tally.count += 1
        self._counts[_key(finding)] += 1
        if self._counts[_key(finding)] <= self.known.get(_key(finding), 0):
            tally.known += 1
        elif self.keep is None or len(tally.findings) < self.keep:
            tally.findings.append(finding)

    def add_counts(self, other: LintReport) -> None:
        """Count the findings of another report, and keep none."""
        for each in other.tallies.values():
            tally = self.tallies.setdefault(each.code, Tally(each.code, each.severity))
            tally.count += each.count
            tally.known += each.known

    def is_full(self, code: str) -> bool:
        """Return whether findings of a code need only be counted from now on."""
        tally = self.tallies.get(code)
        return (
            tally is not None
            and not self.known
            and self.keep is not None
            and len(tally.findings) >= self.keep
        )

    @property
    def sorted_tallies(self) -> list[Tally]:
        """Return the tallies, errors first."""
        return sorted(self.tallies.values(), key=lambda t: _SEVERITIES.index(t.severity))

    def is_failure(self, *, strict: bool) -> bool:
        """Return whether the exit code is 1: errors, and with ``strict`` warnings."""
        failing = ("error", "warning") if strict else ("error",)
        return any(t.severity in failing and t.new for t in self.tallies.values())

    def lines(self, all_of: str = 'select="{}", keep=None') -> list[str]:
        """Return the report for people: a table, the first findings of each code, a last line.

        Args:
            all_of: what lists all findings of a code, which replaces ``{}``.
        """
        return [*self._table(), *self._details(all_of), self._last_line()]

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the table, then the first findings of each code."""
        return table(self._rows(), (0, 1, 4)) + preformatted(self.lines()[len(self._table()) :])

    def _details(self, all_of: str) -> Iterator[str]:
        for tally in self.sorted_tallies:
            if tally.findings:
                yield from (*_details(tally, all_of), "")

    def _table(self) -> list[str]:
        return [*table_lines(self._rows(), frozenset((2, 3))), ""] if self.tallies else []

    def github_lines(self, *, is_of_file: bool = True) -> list[str]:
        """Return the findings as GitHub's commands for annotations of a change.

        Args:
            is_of_file: whether the report is of one file, which GitHub then shows.
        """
        kinds = {"error": "error", "warning": "warning", "note": "notice"}
        name = _escaped(self.file).replace(":", "%3A").replace(",", "%2C")
        file = f"file={name}," if is_of_file else ""
        return [
            f"::{kinds[tally.severity]} {file}title={tally.code}::"
            f"{CODES[tally.code].meaning}: {_escaped(_place(finding))}"
            for tally in self.sorted_tallies
            for finding in tally.findings
        ]

    def fields(self) -> dict[str, object]:
        """Return the report as JSON values."""
        return {
            "file": self.file,
            "counts": dict(self.counts),
            "judged_for": list(self.loaders),
            "findings": [_fields(tally) for tally in self.sorted_tallies],
        }

    def _rows(self) -> list[Row]:
        rows = [
            (t.code, t.severity, f"{t.count:,}", f"{t.known:,}", _who(t.code))
            for t in self.sorted_tallies
        ]
        return [("code", "severity", "count", "known", "affects"), *rows]

    def _last_line(self) -> str:
        numbers = dict.fromkeys(_SEVERITIES, 0)
        for tally in self.tallies.values():
            numbers[tally.severity] += tally.new
        found = ", ".join(plural(n, severity) for severity, n in numbers.items() if n)
        known = sum(tally.known for tally in self.tallies.values())
        parts = [found or "nothing found", *([f"{known:,} known"] if known else [])]
        forms = {"images": "image", "annotations": "annotation", "categories": "category"}
        of = ", ".join(
            plural(n, forms[key], key) if key in forms else f"{n:,} {key}"
            for key, n in self.counts.items()
        )
        by = f"; checked for {', '.join(self.loaders)}" if self.loaders else ""
        return f"{self.file}: {', '.join(parts)} ({of}{by})"


def in_all(reports: Sequence[LintReport]) -> LintReport:
    """Return the counts of all findings in several files."""
    counts: Counter[str] = Counter()
    for report in reports:
        counts.update({key: n for key, n in report.counts.items() if key != "categories"})
    whole = LintReport(f"{plural(len(reports), 'file')} in all", counts, reports[0].loaders)
    for report in reports:
        whole.add_counts(report)
    return whole


def read_baseline(path: str) -> Known:
    """Return the findings of a report that ``lint --json`` printed.

    Raises:
        SourceUnavailableError: it cannot be opened.
        FormatError: it is no such report.
    """
    with open_unpacked(Path(path), "the baseline") as stream:
        text = stream.read()
    try:
        report = json.loads(text)
        reports = report.get("files", [report])
        reports += [report["in_all"]] if "in_all" in report else []
        found = [each for of_file in reports for each in of_file["findings"]]
        return Counter((each["code"], about) for each in found for about in each["about"])
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise FormatError(
            "not a report of lint",
            where=path,
            hint="make one: cocosurgeon lint FILE --json > BASELINE",
        ) from error


def _escaped(text: str) -> str:
    """Return a text as GitHub's commands take it."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _key(finding: Finding) -> tuple[str, str]:
    return finding.code, _about(finding)


def _about(finding: Finding) -> str:
    """Return what a finding is about, as the baseline has it: the record, or else the message."""
    if finding.record is None:
        return finding.message
    return f"{finding.record.list} {finding.record.id!r}"


def _who(code: str) -> str:
    return first_few([effect.loader for effect in effects_of(code)], 4) or "-"


def _place(finding: Finding) -> str:
    record = finding.record
    if record is None:
        return one_line(finding.message)
    at = "" if record.byte is None else f", byte {record.byte}"
    return one_line(f"{record.list} {record.id!r}{at}: {finding.message}")


def _details(tally: Tally, all_of: str) -> Iterator[str]:
    code = CODES[tally.code]
    yield f"{tally.severity}: {tally.code}: {code.meaning} ({tally.new:,})"
    for finding in tally.findings:
        yield f"  {with_short_boxes(_place(finding))}"
    if tally.new > len(tally.findings):
        yield f"  ... {tally.new - len(tally.findings):,} more ({all_of.format(tally.code)})"
    if effects := effects_of(tally.code):
        yield f"  effect: {'; '.join(map(str, effects))}"
    if repair_kind(tally.code) != "none":
        yield f"  {repair_kind(tally.code)} repair: {repair_command(tally.code)}"
    yield f"  next: {code.next}"


def _fields(tally: Tally) -> dict[str, object]:
    records = {repr(f.record): f.record for f in tally.findings if f.record is not None}
    return {
        "code": tally.code,
        "group": CODES[tally.code].group,
        "severity": tally.severity,
        "message": CODES[tally.code].meaning,
        "count": tally.count,
        "known": tally.known,
        "details": [finding.message for finding in tally.findings],
        "records": [record.fields() for record in records.values()],
        "about": [_about(finding) for finding in tally.findings],
        "loaders": [effect.loader for effect in effects_of(tally.code)],
        "effects": {effect.loader: effect.what for effect in effects_of(tally.code)},
        "next": CODES[tally.code].next,
        "repair": repair_kind(tally.code),
    }
