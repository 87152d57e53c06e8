"""Merge of results files, with the ids of a merged annotation file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from cocosurgeon.annfile.edit import RecordEdits, Values
from cocosurgeon.annfile.join import Part, joined
from cocosurgeon.annfile.rewrite import Rewrite, one_after_another
from cocosurgeon.annfile.splice import Cut
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.ids import as_keys, isin
from cocosurgeon.dataset.index import AnnotationIndex
from cocosurgeon.dataset.references import References
from cocosurgeon.errors import RequestError
from cocosurgeon.sets.id_change import id_rewrites
from cocosurgeon.sets.labels import RoutineNote
from cocosurgeon.sets.merge_entry import MergeEntry
from cocosurgeon.text import plural


def merged_results(
    indexes: Sequence[AnnotationIndex],
    labels: Sequence[str],
    follow: Dataset | None,
    source_key: str | None,
) -> tuple[Iterator[bytes], list[str]]:
    """Return the text of several results files as one, in pieces, and notes.

    Args:
        indexes: the results files.
        labels: names of the files.
        follow: the merged annotation file of their annotation files, in that order; None: ids stay.
        source_key: key of detections for the name of their file; None: no such key.

    Raises:
        RequestError: the number of files is not that of sources; detections have the key already.
    """
    notes: list[str] = []
    entry = None if follow is None else MergeEntry.of(follow)
    if entry is not None and len(entry.sources) != len(indexes):
        raise RequestError(
            f"{plural(len(indexes), 'results file')}, and {entry.where} was merged from "
            f"{len(entry.sources)}: {', '.join(entry.names)}",
            hint="give one results file for each, in that order",
        )
    parts: list[Part] = []
    rewrites: list[Rewrite | None] = []
    for place, (index, label) in enumerate(zip(indexes, labels, strict=True)):
        records = index.document.results
        assert records is not None
        rows = records.rows
        changes: list[Rewrite] = []
        text = f"merged: {label}: {plural(records.count, 'detection')}"
        if entry is not None:
            text += f", as {entry.names[place]} of {entry.where}"
            dropped = isin(records.column("image_id").array, entry.sources[place].dropped)
            if dropped.any():
                rows = np.flatnonzero(~dropped).astype(np.int64)
                text += f"; {int(dropped.sum()):,} dropped with images that the merge dropped"
            ids = [
                (References(records, "image_id"), entry.change(place, "images")),
                (References(records, "category_id"), entry.change(place, "categories")),
            ]
            changes += [change for change in [id_rewrites(ids)] if change is not None]
        notes.append(RoutineNote(text))
        if source_key is not None:
            if records.column(source_key).present:
                raise RequestError(
                    f"{source_key!r} is a key of detections already",
                    where=index.document.source.name,
                    hint="choose another --source-key",
                )
            value: Values = {(source_key,): label}
            changes.append(RecordEdits(dict.fromkeys(rows.tolist(), value)))
        rewrites.append(one_after_another(changes) if changes else None)
        parts.append(Part(records, Cut(rows, rewrites[-1])))
    notes += _id_notes(indexes, entry is not None)
    first = indexes[0].document
    assert first.results is not None
    own = {first.results: rewrites[0]} if rewrites[0] is not None else {}
    return joined(first, own, {first.results: parts[1:]}, {}, {}), notes


def _id_notes(indexes: Sequence[AnnotationIndex], is_followed: bool) -> list[str]:
    if is_followed:
        return []
    seen = as_keys(indexes[0].images.ids)
    shared: set[object] = set()
    every = set(seen.tolist())
    for index in indexes[1:]:
        ids = set(index.images.ids.tolist())
        shared |= every & ids
        every |= ids
    notes: list[str] = [
        RoutineNote(
            "image and category ids stay: the results must belong to one annotation file, or to "
            "files whose ids a merge did not change (--follow MERGED changes them as that merge "
            "did)"
        )
    ]
    if shared:
        notes.append(f"images with detections in more than one file: {len(shared):,}")
    return notes
