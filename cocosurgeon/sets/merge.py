"""Merge of several annotation files.

Categories are united by name. Ids stay unless they collide. Records keep their bytes, except for
changed ids and for requested changes. The result does not depend on hash order or on the machine.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

import numpy as np

from cocosurgeon.annfile.columns import Numbers
from cocosurgeon.annfile.scan import scan
from cocosurgeon.annfile.source import source_of
from cocosurgeon.dataset.dataset import Dataset, Rewriting
from cocosurgeon.dataset.ids import UNKNOWN
from cocosurgeon.dataset.index import AnnotationIndex
from cocosurgeon.dataset.io import read
from cocosurgeon.errors import RequestError, SourceUnavailableError, StructureError
from cocosurgeon.files import reading
from cocosurgeon.progress import progress_of
from cocosurgeon.sets.categories import order_note, unite
from cocosurgeon.sets.id_collisions import change_ids, require_apart, type_warnings
from cocosurgeon.sets.labels import RoutineNote, find_label, labels_of, of_files
from cocosurgeon.sets.merged_file import MergedFile
from cocosurgeon.sets.merged_text import MergedText, license_notes
from cocosurgeon.sets.options import MergeOptions
from cocosurgeon.sets.results import merged_results
from cocosurgeon.text import are, first_few, plural

_SHOWN = 20
_DIFFERENT = "categories of {files} whose other fields differ from the kept ones"


def merge(
    dataset: Dataset, others: Sequence[Dataset], options: MergeOptions, names: Sequence[str] = ()
) -> Dataset:
    """Return one dataset with the records of several.

    Args:
        dataset: the first one, of which only kept records are merged.
        others: the other ones, which are merged whole.
        names: paths of all files as given, for ``prefixes`` and for the source of each image.

    Raises:
        RequestError: categories, ids or images collide, and no option decides.
        StructureError: a file has no usable category list, or a key twice.
    """
    names = names or [each.source.name for each in (dataset, *others)]
    notes = list(dataset.notes)
    if dataset.category_list is not None:
        raise RequestError(
            "merging comes after a step that changes categories",
            where=dataset.source.name,
            hint="merge first, then change categories",
        )
    opened = dataset.opened
    if any(len(rows) != records.count for records, rows in dataset.rows_kept()):
        notes.append(f"kept of {names[0]} before the merge: {_counts(dataset)}")
        dataset = dataset.rewritten(Rewriting("merging", dataset))
    labels = labels_of(names)
    files = [
        MergedFile(label, each.index)
        for label, each in zip(labels, (dataset, *others), strict=True)
    ]
    for name, prefix in options.prefixes:
        files[find_label(name, labels, names)].prefix = prefix
    if all(each.index.is_results for each in files):
        text, more_notes = _results(files, options)
    else:
        text, more_notes = _Merge(files, options).run()
    name = " + ".join(each.where for each in files)
    source = source_of(text, name)
    with progress_of("reading what was merged") as progress:
        whole = Dataset.whole(AnnotationIndex.of(scan(source, progress)))
    return replace(whole, notes=(*notes, *more_notes), merged_from=opened)


def _results(
    files: Sequence[MergedFile], options: MergeOptions
) -> tuple[Iterator[bytes], list[str]]:
    others = {each.name for each in fields(MergeOptions)} - {"follow", "source_key"}
    if any(getattr(options, name) != getattr(MergeOptions(), name) for name in others):
        raise RequestError(
            "results files have no categories, image records or ids: only --follow and "
            "--source-key apply to them",
            where=files[0].where,
        )
    follow = None if options.follow is None else read(options.follow)
    indexes, labels = [file.index for file in files], [file.label for file in files]
    return merged_results(indexes, labels, follow, options.source_key)


def _counts(dataset: Dataset) -> str:
    images, annotations = len(dataset.image_indices), len(dataset.annotation_rows)
    return f"{plural(images, 'image')}, {plural(annotations, 'annotation')}"


@dataclass(eq=False)
class _Merge:
    files: list[MergedFile]
    options: MergeOptions
    notes: list[str] = field(default_factory=list)

    def run(self) -> tuple[Iterator[bytes], list[str]]:
        """Return the text of the merged file in pieces, and notes."""
        self._require_mergeable()
        for file in self.files:
            records = (f"{plural(r.count, n.removesuffix('s'), n)}" for n, r in file.lists.items())
            self.notes.append(RoutineNote(f"merged: {file.label}: {', '.join(records)}"))
        self._find_duplicates()
        different: list[tuple[str, str]] = []
        for file, united in zip(self.files, unite(self.files, self.options.aliases), strict=True):
            file.categories = united
            self.notes += united.notes
            if united.different:
                shown = first_few(united.different, _SHOWN)
                different.append((file.label, f"{_DIFFERENT}: {shown}"))
        self.notes += of_files(different)
        self.notes += order_note([file.categories for file in self.files if file.categories])
        self.notes += change_ids(self.files, self.options.ids)
        require_apart(self.files)
        self.notes += type_warnings(self.files)
        self.notes += license_notes(self.files, self.options.licenses)
        merged = MergedText(self.files, self.options)
        text = merged.pieces()
        return text, [*self.notes, *merged.notes]

    # ---- what can be merged

    def _require_mergeable(self) -> None:
        members = [m for file in self.files for m in file.index.document.members]
        values = frozenset(member.key for member in members if member.records is None)
        key = self.options.source_key
        for file in self.files:
            document = file.index.document
            file.values = values
            if self.options.follow is not None:
                raise RequestError("--follow is for results files", where=file.where)
            if document.results is not None:
                raise RequestError(
                    "a results file cannot be merged with an annotation file",
                    where=file.where,
                    hint="merge annotation files with each other, and results with each other",
                )
            if document.repeated_keys:
                raise StructureError(
                    f"{document.repeated_keys[0]!r} appears twice at the top level",
                    where=file.where,
                    hint="write it once, then merge",
                )
            if key is not None and (
                any(m.key == key for m in document.members)
                or file.lists["images"].column(key).present
            ):
                raise RequestError(
                    f"{key!r} is a key of the file already",
                    where=file.where,
                    hint="choose another --source-key",
                )

    # ---- images in two files

    def _find_duplicates(self) -> None:
        first_with: dict[object, MergedFile] = {}
        found: list[tuple[str, str, str]] = []
        for file, keys in zip(self.files, self._image_keys(), strict=True):
            twice = [row for row, key in enumerate(keys) if key is not None and key in first_with]
            names = file.lists["images"].column("file_name").array
            found += [(str(names[r]), first_with[keys[r]].label, file.label) for r in twice]
            for key in keys:
                if key is not None:
                    first_with.setdefault(key, file)
            if twice and self.options.on_duplicate == "first":
                self._drop(file, np.array(twice, np.int64))
        if not found:
            return
        shown = first_few(found, show=lambda f: f"{f[0]} ({f[1]}, {f[2]})")
        if self.options.on_duplicate == "error":
            raise RequestError(
                f"{plural(len(found), 'image')} {are(len(found))} in two files: {shown}",
                where=" and ".join(file.where for file in self.files),
                hint="--on-duplicate first keeps only the first file's images and annotations, "
                "--on-duplicate keep keeps all; use "
                f"--merge-prefix '{found[0][2]}=DIR/', if different images have the same name",
            )
        if self.options.on_duplicate == "keep":
            self.notes.append(f"images in two files, all kept: {len(found):,}: {shown}")

    def _image_keys(self) -> list[list[object]]:
        """Return the value by which each image is compared, for the rows of each file."""
        columns = [file.lists["images"].column("file_name").array.tolist() for file in self.files]
        names: list[list[object]] = [
            [_plain_name(file.prefix + n) if isinstance(n, str) else None for n in column]
            for file, column in zip(self.files, columns, strict=True)
        ]
        if self.options.images is None:
            return names
        return self._by_content(Path(self.options.images), names)

    def _by_content(self, folder: Path, names: list[list[object]]) -> list[list[object]]:
        """Return a value by content for each file name; only files of equal size are read.

        Raises:
            SourceUnavailableError: there is no such folder.
        """
        if not folder.is_dir():
            raise SourceUnavailableError(
                "no such folder of images",
                where=str(folder),
                hint="name the folder that file_name is relative to",
            )
        paths = {n: folder / str(n) for column in names for n in column if n is not None}
        sizes = {n: path.stat().st_size for n, path in paths.items() if path.is_file()}
        counts = Counter(sizes.values())
        content: dict[object, object] = {}
        with progress_of("comparing images") as progress:
            for number, (name, size) in enumerate(sizes.items(), 1):
                content[name] = (size, name)
                if counts[size] > 1:
                    with reading(paths[name], "an image"):
                        digest = hashlib.sha256(paths[name].read_bytes()).digest()
                    content[name] = (size, digest)
                if progress is not None:
                    progress(number, len(sizes))
        missing = len(paths) - len(sizes)
        if missing:
            self.notes.append(
                f"images that are not in {folder}, compared by file_name: {missing:,} of "
                f"{len(paths):,}"
            )
        return [[content.get(n, n) for n in column] for column in names]

    def _drop(self, file: MergedFile, rows: Numbers) -> None:
        """Drop the images of these rows, and all records that name them."""
        index = file.index
        gone = np.unique(index.images.image_of_row[rows])
        owners = {"annotations": index.image_of_annotation, **index.followers}
        stays = ~np.isin(index.images.image_of_row, gone)
        counts = {"images": int((~stays).sum())}
        file.rows["images"] = np.flatnonzero(stays).astype(np.int64)
        ids = index.images.ids[gone].tolist()
        file.dropped = [i for i in ids if i is not None]
        for name, numbers in owners.items():
            leaving = np.isin(numbers, gone) & (numbers != UNKNOWN)
            if name in file.lists and leaving.any():
                file.rows[name] = np.flatnonzero(~leaving).astype(np.int64)
                counts[name] = int(leaving.sum())
        texts = [plural(n, name.removesuffix("s"), name) for name, n in counts.items()]
        self.notes.append(
            f"dropped from {file.label}, because an earlier file has the image: {', '.join(texts)}"
        )


def _plain_name(name: str) -> str:
    return name.replace("\\", "/").removeprefix("./")
