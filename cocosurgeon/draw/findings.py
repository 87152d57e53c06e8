"""Findings on a page of HTML, with their images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.ids import Id, as_keys
from cocosurgeon.diff.page import label_tables
from cocosurgeon.diff.run import category_use
from cocosurgeon.draw.show import show_images
from cocosurgeon.findings.codes import CODES, Severity
from cocosurgeon.findings.finding import Finding, with_short_boxes
from cocosurgeon.lint.report import LintReport
from cocosurgeon.loaders.labels import LabelEffect
from cocosurgeon.page import page, text
from cocosurgeon.steps.images.ids import Ids

SENTENCES = 50
"""Most findings of a code on a page."""
_PICTURES = 4
_LONGEST = 440
"""Pixels of the longer side of an image."""
_STYLE = """
figure { display: inline-block; vertical-align: top; margin: 0 1em 1em 0; }
img { max-width: 100%; } li { overflow-wrap: anywhere; }
.error { color: light-dark(#b42318, #ff8a80); } .warning { color: light-dark(#93510b, #ffc46b); }
"""


def findings_page(
    findings: Sequence[Finding],
    dataset: Dataset,
    source: Dataset | None = None,
    counts: Mapping[tuple[str, Severity], int] | None = None,
    folder: Path | None = None,
) -> str:
    """Return the page: each code with its findings and their images.

    Args:
        findings: findings sorted by code, errors first.
        dataset: the file of the findings.
        source: source of the file: images of both are drawn, and labels compared; None: no source.
        counts: number of findings by code and severity, if ``findings`` has only some of them.
        folder: the image root; None: it is looked for.
    """
    return page(dataset.source.name, _body(findings, dataset, source, counts or {}, folder), _STYLE)


def lint_page(report: LintReport, dataset: Dataset, folder: Path | None = None) -> str:
    """Return the page of a report of ``lint``; see ``findings_page``."""
    tallies = report.sorted_tallies
    counts = {(t.code, t.severity): t.count for t in tallies}
    found = [_named(f) for t in tallies for f in t.findings]
    return findings_page(found, dataset, None, counts, folder)


def _named(finding: Finding) -> Finding:
    """Return a finding with its record at the beginning of the message."""
    if (record := finding.record) is None:
        return finding
    return replace(finding, message=f"{record.list} {record.id!r}: {finding.message}")


def _body(
    findings: Sequence[Finding],
    dataset: Dataset,
    source: Dataset | None,
    counts: Mapping[tuple[str, Severity], int],
    folder: Path | None,
) -> Iterator[str]:
    yield f"<h1>{text(dataset.source.name)}</h1>"
    if source is not None:
        yield f"<p>source: {text(source.source.name)}</p>"
    if not findings:
        yield "<p>no findings</p>"
    of_codes: dict[tuple[str, Severity], list[Finding]] = {}
    for each in findings:
        of_codes.setdefault((each.code, each.severity), []).append(each)
    for (code, severity), found in of_codes.items():
        count = counts.get((code, severity), len(found))
        yield f'<h2><span class="{severity}">{severity}</span> {text(code)} ({count:,})</h2>'
        yield f"<p>{text(CODES[code].meaning)}</p>"
        yield "<ul>"
        sentences = (with_short_boxes(each.sentence) for each in found[:SENTENCES])
        yield from (f"<li>{text(sentence)}</li>" for sentence in sentences)
        yield "</ul>"
        if count > SENTENCES:
            yield f"<p>{count - min(len(found), SENTENCES):,} more (--json)</p>"
        yield from (f"<p>next: {text(n)}</p>" for n in dict.fromkeys(f.next for f in found))
        yield from _pictures(found, dataset, source, folder)
    if source is not None:
        yield from _labels(dataset, source)


def _pictures(
    findings: Sequence[Finding], dataset: Dataset, source: Dataset | None, folder: Path | None
) -> Iterator[str]:
    """Yield pictures of the first images of findings, before and after."""
    named = [("source", source), ("" if source is None else "result", dataset)]
    files = [(title, f) for title, f in named if f is not None and not f.index.is_results]
    found = (img_id for _, file in files for img_id in _images_of(findings, file))
    ids = list(dict.fromkeys(found))[:_PICTURES]
    # a class has one color in both files, whose lists may differ
    order = [c.name for c in files[0][1].categories] if len(files) == 2 else None
    for title, file in files:
        listed = set(file.img_ids)
        if kept := [img_id for img_id in ids if img_id in listed]:
            shown = show_images(
                file.keep(Ids(kept)), folder, columns=2, longest=_LONGEST, color_order=order
            )
            folder = folder or shown.folder  # a subset is often in another folder than its images
            caption = f"<figcaption>{title}</figcaption>" if title else ""
            yield f"<figure>{caption}{shown.as_html('.jpg')}</figure>"


def _images_of(findings: Sequence[Finding], file: Dataset) -> Iterator[Id]:
    """Yield the ids of images of findings that the file lists."""
    index = file.index
    listed = {i for i in index.images.ids.tolist() if i is not None}
    owners: dict[object, Id] = {}
    if any(f.record is not None and f.record.list == "annotations" for f in findings):
        records = index.annotation_records
        if records is not None:
            ids = as_keys(records.column("id").array).tolist()
            images = as_keys(records.column("image_id").array).tolist()
            owners = dict(zip(ids, images, strict=True))
    for finding in findings:
        record = finding.record
        if record is None or not isinstance(record.id, (int, float, str)):
            continue
        img_id = record.id if record.list == "images" else owners.get(record.id)
        if record.list in ("images", "annotations") and img_id in listed and img_id is not None:
            yield img_id


def _labels(dataset: Dataset, source: Dataset) -> Iterator[str]:
    """Yield the labels of both files, compared for each loader."""
    if dataset.index.category_records is None or source.index.category_records is None:
        return
    there = {c.name: c.id for c in source.categories if c.name is not None}
    pairs = [
        (c.name, there[c.name], c.id)
        for c in dataset.categories
        if c.name is not None and c.id is not None and there.get(c.name) is not None
    ]
    named = [(name, old, new) for name, old, new in pairs if old is not None]
    effect = LabelEffect.of(category_use(source.index), category_use(dataset.index), named)
    yield "<h2>Labels, by each loader's rules</h2>"
    yield from label_tables(effect)
