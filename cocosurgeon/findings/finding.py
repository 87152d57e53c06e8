"""Findings: faults and differences, each with a stable code."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cocosurgeon.findings.codes import CODES, Severity
from cocosurgeon.page import Report, Row, preformatted, table
from cocosurgeon.text import one_line, plural, table_lines

_SHOWN = 5
_NUMBER = r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?"
_BOX = rf"\[{_NUMBER}(?:, {_NUMBER}){{3}}\]"
"""Pattern of a list of four numbers in a message."""
_SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


@dataclass(frozen=True)
class RecordId:
    """The record of a finding.

    Attributes:
        list: the top-level list of the record.
        id: id of the record.
        byte: offset of its first byte in the JSON text; None: unknown.
    """

    list: str
    id: object
    byte: int | None = None

    def fields(self) -> dict[str, object]:
        """Return the record as JSON values."""
        at = {} if self.byte is None else {"byte": self.byte}
        return {"list": self.list, "id": self.id, **at}


def of_image(img_id: object) -> RecordId:
    """Return the record of an image."""
    return RecordId("images", img_id)


def of_annotation(ann_id: object) -> RecordId:
    """Return the record of an annotation."""
    return RecordId("annotations", ann_id)


@dataclass(frozen=True)
class Finding:
    """A fault or a difference.

    Attributes:
        code: its kind; ``CODES`` has meaning, group and severity.
        message: one sentence, with the expected and the present value.
        loader: the loader in which it shows; None: the file itself.
        mode: ``train`` or ``test`` of that loader; None: both, or no loader.
        record: its record; None without one.
        path: its file or folder, if several were checked.
        hint: what to do, if the code's advice is not enough.
        is_in_source: True if the source has the same fault; an error is then a warning.
        own_severity: severity, if it does not depend on the code alone.
    """

    code: str
    message: str
    loader: str | None = None
    mode: str | None = None
    record: RecordId | None = None
    path: str | None = None
    hint: str | None = None
    is_in_source: bool = False
    own_severity: Severity | None = None

    def __post_init__(self) -> None:
        assert self.code in CODES, self.code

    @property
    def severity(self) -> Severity:
        """Severity; an error that the source has, too, is a warning."""
        severity = self.own_severity or CODES[self.code].severity
        return "warning" if self.is_in_source and severity == "error" else severity

    @property
    def next(self) -> str:
        """Advice: that of the finding, else that of its code."""
        return self.hint or CODES[self.code].next

    @property
    def sentence(self) -> str:
        """Message, after path, loader and mode."""
        by = self.path or " ".join(filter(None, (self.loader, self.mode)))
        too = "; so does the source" if self.is_in_source else ""
        return one_line(f"{by}: {self.message}{too}" if by else f"{self.message}{too}")

    def _repr_html_(self) -> str:
        """Return HTML for a notebook."""
        return findings_html([self])


class Findings(Report, tuple[Finding, ...]):
    """Findings that print as their lines."""

    def lines(self) -> list[str]:
        """Return the findings as lines of text; see ``finding_lines``."""
        return finding_lines(self) or ["no findings"]

    def _repr_html_(self) -> str:
        """Return HTML for a notebook."""
        return findings_html(self)


def finding_lines(findings: Sequence[Finding], shown: int = _SHOWN) -> list[str]:
    """Return findings as lines of text: errors first, the first few of each code.

    The same hint is printed once, with the first code that has it.
    """
    lines: list[str] = []
    shown_hints: set[str | None] = set()
    for (severity, code), of_code in _by_code(findings).items():
        lines.append(f"{severity}: {code}: {CODES[code].meaning} ({len(of_code):,})")
        lines += [f"  {with_short_boxes(finding.sentence)}" for finding in of_code[:shown]]
        if len(of_code) > shown:
            lines.append(f"  ... {len(of_code) - shown:,} more")
        of_shown = [f for f in of_code[:shown] if f.hint is None or f.hint not in shown_hints]
        lines += [f"  next: {one_line(n)}" for n in dict.fromkeys(f.next for f in of_shown)]
        shown_hints.update(f.hint for f in of_shown)
    return lines


def code_table(findings: Sequence[Finding], width: int | None = None) -> list[str]:
    """Return the codes of findings with their counts; several codes as a table.

    Args:
        width: most characters of a line; None: no limit.
    """
    rows = _code_rows(findings)
    return [*table_lines(rows, frozenset((2,)), width), ""] if len(rows) > 2 else []


def findings_html(findings: Sequence[Finding]) -> str:
    """Return findings as HTML for a notebook: a table of codes, then the first findings of each."""
    if not findings:
        return "<p>no findings</p>"
    return table(_code_rows(findings), (0, 1, 3)) + preformatted(finding_lines(findings))


def _code_rows(findings: Sequence[Finding]) -> list[Row]:
    rows: list[Row] = [("code", "severity", "count", "loaders")]
    for (severity, code), of_code in _by_code(findings).items():
        loaders = dict.fromkeys(f.loader for f in of_code if f.loader is not None)
        rows.append((code, severity, f"{len(of_code):,}", ", ".join(loaders) or "-"))
    return rows


def finding_fields(findings: Sequence[Finding]) -> list[dict[str, object]]:
    """Return findings as JSON values, one for each code and severity."""
    return [
        {
            "code": code,
            "group": CODES[code].group,
            "severity": severity,
            "message": CODES[code].meaning,
            "count": len(of_code),
            "details": [finding.sentence for finding in of_code],
            "records": _record_fields(of_code),
            "loaders": sorted({f.loader for f in of_code if f.loader is not None}),
            "next": "; ".join(dict.fromkeys(f.next for f in of_code)),
        }
        for (severity, code), of_code in _by_code(findings).items()
    ]


def with_short_boxes(sentence: str) -> str:
    """Return a sentence with two decimals in its boxes, unless two boxes would look the same."""
    boxes = re.findall(_BOX, sentence)
    short = {
        box: "[" + ", ".join(f"{float(number):.2f}" for number in box[1:-1].split(",")) + "]"
        for box in boxes
    }
    if len(set(short.values())) < len(short):
        return sentence
    return re.sub(_BOX, lambda match: short[match[0]], sentence)


def _record_fields(findings: Sequence[Finding]) -> list[dict[str, object]]:
    records = {repr(f.record): f.record for f in findings if f.record is not None}
    return [record.fields() for record in records.values()]


def counted(findings: Sequence[Finding]) -> str:
    """Return the number of findings by severity: ``2 errors, 1 warning``."""
    counts = {s: sum(f.severity == s for f in findings) for s in _SEVERITIES}
    return ", ".join(plural(n, severity) for severity, n in counts.items() if n)


def is_failure(findings: Sequence[Finding], *, strict: bool) -> bool:
    """Return True if the exit code is 1: for errors, with ``strict`` also for warnings."""
    failing = ("error", "warning") if strict else ("error",)
    return any(f.severity in failing for f in findings)


def _by_code(findings: Sequence[Finding]) -> dict[tuple[Severity, str], list[Finding]]:
    found: dict[tuple[Severity, str], list[Finding]] = {}
    for finding in sorted(findings, key=lambda f: _SEVERITIES.index(f.severity)):
        found.setdefault((finding.severity, finding.code), []).append(finding)
    return found
