"""The records of each source of a merged file, as in the source."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from cocosurgeon.annfile.columns import Numbers
from cocosurgeon.annfile.document import Records
from cocosurgeon.annfile.edit import MemberRemoval
from cocosurgeon.annfile.join import with_members
from cocosurgeon.annfile.rewrite import Rewrite, one_after_another
from cocosurgeon.annfile.splice import Cut, pieces
from cocosurgeon.dataset.dataset import Dataset, Rewriting
from cocosurgeon.dataset.ids import UNKNOWN
from cocosurgeon.dataset.references import References
from cocosurgeon.errors import RequestError, UnknownNameError
from cocosurgeon.sets.id_change import IdChange, PrefixChange, id_rewrites
from cocosurgeon.sets.merge_entry import MergeEntry, SourceEntry
from cocosurgeon.sets.merged_file import reference_key
from cocosurgeon.text import did_you_mean, first_few, plural


@dataclass(frozen=True, eq=False)
class SourcePart:
    """Records of one source of a merged file.

    Attributes:
        counts: number of its records, by list.
        text: text of their file, in pieces; can be read once.
    """

    counts: Mapping[str, int]
    text: Iterator[bytes]


def split_by_source(dataset: Dataset, key: str) -> dict[str, SourcePart]:
    """Return the records of each source of a merged file, by the source's name.

    Every record has the same bytes as in its source. Records that were dropped by the merge or
    after it are missing.

    Args:
        key: the ``source_key`` of the merge; for a results file, the key of its detections.

    Raises:
        UnknownNameError: the file has no such key.
        RequestError: categories were changed since, or the source of a record is unknown.
    """
    if any(len(rows) != records.count for records, rows in dataset.rows_kept()):
        dataset = dataset.rewritten(Rewriting("splitting by source", dataset))
    if dataset.index.is_results:
        return dict(_split_results(dataset, key))
    entry = MergeEntry.of(dataset, key)
    now = [[c.id, c.name] for c in dataset.index.categories]
    if now != list(entry.categories):
        raise RequestError(
            "the categories were changed since the merge",
            where=entry.where,
            hint="split the merged file, then change the parts",
        )
    rows = _rows_by_source(dataset, entry)
    parts = {}
    for place, name in enumerate(entry.names):
        own = {n: of[place] for n, of in rows.items() if n in entry.sources[place].records}
        counts = {n: len(of) for n, of in own.items()}
        parts[name] = SourcePart(counts, _source_text(dataset, entry, place, own))
    return parts


def _rows_by_source(dataset: Dataset, entry: MergeEntry) -> dict[str, list[Numbers]]:
    """Return the rows of each list, by source."""
    lists = dataset.index.document.lists
    counts = {name: [source.records.get(name, 0) for source in entry.sources] for name in lists}
    written = {n: np.repeat(np.arange(len(of)), of) for n, of in counts.items()}
    places = {name: place for place, name in enumerate(entry.names)}
    labels = lists["images"].column(entry.key).array.tolist()
    unknown = [label for label in labels if not isinstance(label, str) or label not in places]
    if unknown:
        raise RequestError(
            f"{plural(len(unknown), 'image')} without a source in {entry.key!r}: "
            f"{first_few(unknown, shown=3, show=repr)}",
            where=entry.where,
            hint="give each image one of the names: " + ", ".join(places),
        )
    of_image = np.array([places[label] for label in labels], np.int64)
    merged_lists = [n for n in lists if any(n in source.records for source in entry.sources)]
    is_as_written = np.array_equal(of_image, written["images"]) and all(
        len(written[name]) == lists[name].count for name in merged_lists
    )
    found: dict[str, list[Numbers]] = {}
    for name in merged_lists:
        of_row = written[name]
        if not is_as_written:
            of_row = _by_image(dataset, entry, name, of_image, of_row)
        found[name] = [np.flatnonzero(of_row == place) for place in range(len(places))]
    return found


def _by_image(
    dataset: Dataset, entry: MergeEntry, name: str, of_image: Numbers, written: Numbers
) -> Numbers:
    """Return the source of each record of a list by its image, for a file that was cut since."""
    index = dataset.index
    if name == "images":
        return of_image
    owners = index.image_of_annotation if name == "annotations" else index.followers.get(name)
    if owners is not None and (owners != UNKNOWN).all():
        return of_image[index.images.row_of_image[owners]]
    if len(written) != index.document.lists[name].count:
        raise RequestError(
            f"the file was changed since the merge, and records of {name!r} name no image: their "
            f"source is not known",
            where=entry.where,
            hint="split the merged file, then change the parts",
        )
    return written


def _source_text(
    dataset: Dataset, entry: MergeEntry, place: int, rows: Mapping[str, Numbers]
) -> Iterator[bytes]:
    index = dataset.index
    lists = index.document.lists
    source = entry.sources[place]
    changes = {name: entry.change(place, name).back for name in source.ids}
    cat_ids = entry.change(place, "categories").back
    references: defaultdict[str, list[tuple[References, IdChange]]] = defaultdict(list)
    for name in rows:
        records = lists[name]
        for target, change in changes.items():
            keys = [reference_key(target), *(["id"] if target == name else [])]
            for key, column in zip(keys, records.columns(*keys), strict=True):
                if column.present:
                    references[name].append((References(records, key), change))
    for each in index.references:
        references[each.records.name].append((each, cat_ids))
    edits: dict[Records, Cut | bytes] = {}
    for name, kept in rows.items():
        records = lists[name]
        rewrites: list[Rewrite | None] = [MemberRemoval(entry.key)] if name == "images" else []
        rewrites.append(id_rewrites(references[name]))
        has_names = name in ("images", "annotations") and records.column("file_name").present
        if has_names and source.prefix:
            rewrites.append(
                PrefixChange(source.prefix, is_added=False).rewrite(records, "file_name")
            )
        present = [each for each in rewrites if each is not None]
        edits[records] = Cut(kept, one_after_another(present) if present else None)
    if index.category_records is not None:
        edits[index.category_records] = _categories(index.category_records, source)
    values = {name: text.encode(errors="surrogatepass") for name, text in source.values.items()}
    gone = [entry.key, *source.without]
    return with_members(index.document, edits, values, gone)


def _categories(records: Records, source: SourceEntry) -> bytes:
    """Return the category list of a source."""
    if not source.categories:
        return b"[]"
    spans = list(zip(*(each.tolist() for each in records.spans()), strict=True))
    texts = [
        records.source.read(*spans[each])
        if isinstance(each, int)
        else each.encode(errors="surrogatepass")
        for each in source.categories
    ]
    before, between, after = records.separators()
    return b"[" + before + (between or b", ").join(texts) + after + b"]"


def _split_results(dataset: Dataset, key: str) -> Iterator[tuple[str, SourcePart]]:
    records = dataset.index.document.results
    assert records is not None
    labels = records.column(key).array.tolist()
    if not all(isinstance(label, str) for label in labels):
        raise UnknownNameError(
            f"not every detection has {key!r}",
            where=records.source.name,
            hint=did_you_mean(key, records.first_keys())
            or "cocosurgeon merge --source-key NAME writes it",
        )
    for name in dict.fromkeys(labels):
        rows = np.array([row for row, label in enumerate(labels) if label == name], np.int64)
        text = pieces(dataset.index.document, {records: Cut(rows, MemberRemoval(key))})
        yield name, SourcePart({"detections": len(rows)}, text)
