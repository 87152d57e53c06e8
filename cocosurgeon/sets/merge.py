"""Merge: several annotation files as one.

Categories are united by name, ids stay unless they collide, and every record keeps its bytes except
for ids, and what was asked for. Nothing of this is decided by the order of a hash, or the machine.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

import numpy as np

from cocosurgeon.annfile.chunks import EXACT_IN_FLOAT
from cocosurgeon.annfile.columns import Array, Numbers
from cocosurgeon.annfile.document import Member, Records
from cocosurgeon.annfile.edit import RecordEdits, Values
from cocosurgeon.annfile.join import NewValue, Part, joined
from cocosurgeon.annfile.rewrite import Rewrite, one_after_another
from cocosurgeon.annfile.scan import scan
from cocosurgeon.annfile.source import source_of
from cocosurgeon.annfile.splice import Cut
from cocosurgeon.dataset.dataset import Dataset, Rewriting
from cocosurgeon.dataset.ids import UNKNOWN, Id, as_keys, objects
from cocosurgeon.dataset.index import AnnotationIndex
from cocosurgeon.dataset.io import read
from cocosurgeon.dataset.references import References
from cocosurgeon.errors import RequestError, StructureError
from cocosurgeon.files import reading
from cocosurgeon.progress import progress_of
from cocosurgeon.sets.categories import unite
from cocosurgeon.sets.id_change import IdChange, PrefixChange, id_rewrites, texts_of
from cocosurgeon.sets.labels import find_label, labels_of
from cocosurgeon.sets.merged_file import FORMAT, MARK, MergedFile
from cocosurgeon.sets.options import MergeOptions
from cocosurgeon.sets.results import merged_results
from cocosurgeon.text import are, first_few, plural


def merge(
    dataset: Dataset, others: Sequence[Dataset], options: MergeOptions, names: Sequence[str] = ()
) -> Dataset:
    """Return one dataset of the records of several.

    Args:
        dataset: the first one; with what is kept of it.
        others: as they were read.
        names: their paths as given, the first one's, too, for ``prefixes`` and provenance.

    Raises:
        RequestError: categories, ids or images collide, and no option says what to do.
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
            "results files have no categories, image records or ids of their own: only "
            "--follow and --source-key say more about merging them",
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
    dropped: dict[str, list[Id]] = field(default_factory=dict)

    def run(self) -> tuple[Iterator[bytes], list[str]]:
        """Return the text of the merged file, and what to know of it."""
        self._require_mergeable()
        for file in self.files:
            records = (f"{plural(r.count, n.removesuffix('s'), n)}" for n, r in file.lists.items())
            self.notes.append(f"merged: {file.label}: {', '.join(records)}")
        self._find_duplicates()
        for file, united in zip(self.files, unite(self.files, self.options.aliases), strict=True):
            file.categories = united
            self.notes += united.notes
        self._change_ids()
        self._require_apart()
        self._note_licenses()
        return self._text(), self.notes

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
                hint="--on-duplicate first keeps the first file's with its annotations, "
                "--on-duplicate keep keeps all; --prefix, if other files only have the same names",
            )
        if self.options.on_duplicate == "keep":
            self.notes.append(f"images in two files, all kept: {len(found):,}: {shown}")

    def _image_keys(self) -> list[list[object]]:
        """Return what an image is compared by, for the rows of each file."""
        columns = [file.lists["images"].column("file_name").array.tolist() for file in self.files]
        names: list[list[object]] = [
            [_plain_name(file.prefix + n) if isinstance(n, str) else None for n in column]
            for file, column in zip(self.files, columns, strict=True)
        ]
        if self.options.images is None:
            return names
        return self._by_content(Path(self.options.images), names)

    def _by_content(self, folder: Path, names: list[list[object]]) -> list[list[object]]:
        """Return the content of each file; only files of one size are read."""
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
        """Drop the images of these rows, with all records of theirs and that name them."""
        index = file.index
        gone = np.unique(index.images.image_of_row[rows])
        owners = {"annotations": index.image_of_annotation, **index.followers}
        stays = ~np.isin(index.images.image_of_row, gone)
        counts = {"images": int((~stays).sum())}
        file.rows["images"] = np.flatnonzero(stays).astype(np.int64)
        ids = index.images.ids[gone].tolist()
        self.dropped[file.label] = [i for i in ids if i is not None]
        for name, numbers in owners.items():
            leaving = np.isin(numbers, gone) & (numbers != UNKNOWN)
            if name in file.lists and leaving.any():
                file.rows[name] = np.flatnonzero(~leaving).astype(np.int64)
                counts[name] = int(leaving.sum())
        texts = [plural(n, name.removesuffix("s"), name) for name, n in counts.items()]
        self.notes.append(
            f"dropped from {file.label}, since an earlier file has the image: {', '.join(texts)}"
        )

    # ---- ids

    def _spaces(self) -> list[str]:
        """Return the lists whose records have ids."""
        names = dict.fromkeys(name for file in self.files for name in file.lists)
        return [
            name
            for name in names
            if any(f.lists[name].column("id").present for f in self.files if name in f.lists)
        ]

    def _change_ids(self) -> None:
        errors: list[str] = []
        spaces = self._spaces()
        named = [self._named_ids(file, spaces) for file in self.files]
        for space in spaces:
            taken: list[Array] = [self.files[0].own_ids(space)]
            used = [column for of in named for column in of[space]]
            used += [file.own_ids(space) for file in self.files]
            highest = max(_highest(column, EXACT_IN_FLOAT) for column in used)
            for place, file in enumerate(self.files[1:], 1):
                ids = file.own_ids(space)
                collide = _common(ids, taken)
                if collide and self.options.ids == "error":
                    them = f"{space.removesuffix('s')} id"
                    errors.append(
                        f"{plural(len(collide), them)} of {file.label} {are(len(collide))} taken: "
                        f"{first_few(collide, show=repr)}"
                    )
                elif collide:
                    change, highest = self._changed(
                        file, space, collide, taken, highest, named[place][space]
                    )
                    file.ids[space] = change
                    ids = objects(None if i is None else change.new(i) for i in ids.tolist())
                taken.append(as_keys(ids))
        if errors:
            raise RequestError(
                "; ".join(errors),
                where=" and ".join(file.where for file in self.files),
                hint="--ids offset moves all ids of such a list by one number, --ids renumber "
                "gives only those that collide new ones",
            )

    def _named_ids(self, file: MergedFile, spaces: Sequence[str]) -> dict[str, list[Array]]:
        found: dict[str, list[Array]] = {space: [] for space in spaces}
        for name, space, references in file.references(spaces):
            if space in found:
                found[space].append(_kept_pairs(file, name, references))
        return found

    def _changed(
        self,
        file: MergedFile,
        space: str,
        collide: list[Id],
        taken: Sequence[Array],
        highest: int,
        named: Sequence[Array],
    ) -> tuple[IdChange, int]:
        """Return the change of the ids of a list, and the highest number afterwards."""
        own = [file.own_ids(space), *named]
        what = f"{space.removesuffix('s')} ids"
        if self.options.ids == "offset":
            odd = next((i for i in _distinct(own) if not isinstance(i, int)), None)
            if odd is not None:
                raise RequestError(
                    f"--ids offset moves whole numbers, and {odd!r} is among the {what}",
                    where=file.where,
                    hint="--ids renumber",
                )
            lowest = min(_distinct(own))
            assert isinstance(lowest, int)
            offset = max(map(_highest, taken)) + 1 - min(lowest, 1)
            self.notes.append(f"{what} of {file.label}: each plus {offset:,}")
            return IdChange(file.where, offset), max(highest, max(map(_highest, own)) + offset)
        changed: dict[Id, Id] = {}
        for old in collide:
            highest += 1
            changed[old] = str(highest) if isinstance(old, str) else highest
        pairs = first_few(list(changed.items()), shown=3, show=lambda p: f"{p[0]!r} -> {p[1]!r}")
        self.notes.append(f"{what} of {file.label} that change: {len(changed):,}: {pairs}")
        texts = texts_of(file.lists[space], changed)
        return IdChange(file.where, changed=changed, texts=texts), highest

    def _require_apart(self) -> None:
        """Refuse ids of no record in their file that another file's record would answer to.

        Raises:
            RequestError: there are some.
        """
        spaces = [*self._spaces(), "categories"]
        final = {space: [self._final_ids(file, space) for file in self.files] for space in spaces}
        for place, file in enumerate(self.files):
            for name, space, references in file.references(spaces[:-1]):
                values = _kept_pairs(file, name, references)
                unknown = _outside(values, self._listed(file, space))
                change = self._change_of(file, space)
                others = [ids for other, ids in enumerate(final[space]) if other != place]
                moved = {change.new(i) if change else i: i for i in unknown}
                if met := _common(objects(moved), others):
                    olds = [moved[i] for i in met]
                    raise RequestError(
                        f"{references.key} in {name!r} of {file.label} names "
                        f"{first_few(olds, show=repr)}, which {file.label} does not list in "
                        f"{space!r} and another file does",
                        where=file.where,
                        hint="they would mean the other file's record: repair them first "
                        "(cocosurgeon lint), or shift all ids (--ids offset)",
                    )

    def _listed(self, file: MergedFile, space: str) -> Array:
        if space == "categories":
            return as_keys(objects(() if file.categories is None else file.categories.listed))
        return file.own_ids(space)

    def _final_ids(self, file: MergedFile, space: str) -> Array:
        change = self._change_of(file, space)
        ids = self._listed(file, space)
        if not change:
            return ids
        return as_keys(objects(None if i is None else change.new(i) for i in ids.tolist()))

    def _change_of(self, file: MergedFile, space: str) -> IdChange | None:
        if space == "categories":
            return None if file.categories is None else file.categories.change
        return file.ids.get(space)

    # ---- top-level values

    def _note_licenses(self) -> None:
        """Report images whose license number means another license than in their own file."""
        result = _licenses(self._value_of("licenses", self.options.licenses))
        for file in self.files:
            column = file.lists["images"].column("license")
            if not column.present:
                continue
            own = _licenses(_member_value(file, "licenses"))
            numbers = Counter(as_keys(column.array[file.kept("images")]).tolist())
            other = {i: n for i, n in numbers.items() if i in own and own[i] != result.get(i)}
            if other:
                texts = [f"{i!r} is {_license_name(own[i])} there" for i in other]
                shown = first_few(texts, shown=3)
                self.notes.append(
                    f"images of {file.label} whose license number means another license, or none, "
                    f"in the result: {sum(other.values()):,} ({shown}); --licenses FILE sets "
                    "the list"
                )

    def _value_of(self, key: str, path: str | None) -> object:
        if path is None:
            return _member_value(self.files[0], key)
        return json.loads(_value_in(path, key))

    # ---- text

    def _text(self) -> Iterator[bytes]:
        first, *others = self.files
        spaces = self._spaces()
        document = first.index.document
        rewrites = {}
        if (rewrite := self._provenance(first)) is not None:
            rewrites[first.lists["images"]] = [rewrite]
        if first.prefix:
            for records, change in self._prefixes(first):
                rewrites.setdefault(records, []).insert(0, change)
        more: dict[Records, list[Part]] = defaultdict(list)
        parts: defaultdict[str, list[Part]] = defaultdict(list)
        own = {member.key: member for member in document.members}
        for file in others:
            for name, part in self._parts(file, spaces):
                there = own[name].records if name in own else None
                if there is not None:
                    more[there].append(part)
                else:
                    parts[name].append(part)
        added: dict[str, NewValue] = dict(parts)
        replaced = self._replaced(own, added)
        members = [m.key for file in self.files for m in file.index.document.members]
        keys = dict.fromkeys([*members, *added])
        added = {key: added[key] for key in keys if key in added}
        if self.options.source_key is not None:
            values = {key: _member_text(first, member) for key, member in own.items()}
            values |= {key: text for key, text in added.items() if isinstance(text, bytes)}
            entry = self._entry([*own, *added], values | replaced)
            added[self.options.source_key] = json.dumps(entry).encode()
        chained = {records: one_after_another(changes) for records, changes in rewrites.items()}
        return joined(document, chained, more, replaced, added)

    def _parts(self, file: MergedFile, spaces: Sequence[str]) -> Iterator[tuple[str, Part]]:
        references: defaultdict[str, list[tuple[References, IdChange]]] = defaultdict(list)
        for name, space, each in file.references(spaces):
            if change := self._change_of(file, space):
                references[name].append((each, change))
        for name, change in file.ids.items():
            references[name].append((References(file.lists[name], "id"), change))
        prefixes = dict(self._prefixes(file)) if file.prefix else {}
        for name, records in file.lists.items():
            changes = [id_rewrites(references[name]), prefixes.get(records)]
            changes += [self._provenance(file)] if name == "images" else []
            present = [change for change in changes if change is not None]
            rewrite = one_after_another(present) if present else None
            yield name, Part(records, Cut(file.kept(name), rewrite))
        categories = file.index.category_records
        if categories is not None and file.categories is not None:
            ids = id_rewrites([(References(categories, "id"), file.categories.change)])
            yield "categories", Part(categories, Cut(file.categories.new_rows, ids))

    def _prefixes(self, file: MergedFile) -> Iterator[tuple[Records, Rewrite]]:
        """Yield lists with file names; in panoptic files annotations name a picture, too."""
        change = PrefixChange(file.prefix)
        for name in ("images", "annotations"):
            records = file.lists.get(name)
            if records is not None and records.column("file_name").present:
                yield records, change.rewrite(records, "file_name")

    def _provenance(self, file: MergedFile) -> Rewrite | None:
        key = self.options.source_key
        if key is None:
            return None
        values: Values = {(key,): file.label}
        return RecordEdits(dict.fromkeys(file.kept("images").tolist(), values))

    def _replaced(self, own: Mapping[str, Member], added: dict[str, NewValue]) -> dict[str, bytes]:
        """Return new values of the first file's members; of those it has none of, add them."""
        replaced: dict[str, bytes] = {}
        for key in ("info", "licenses"):
            path = self.options.info if key == "info" else self.options.licenses
            if path is not None:
                (replaced if key in own else added)[key] = _value_in(path, key)
        for file in self.files[1:]:
            for member in file.index.document.members:
                key = member.key
                if key in file.lists or key == "categories":
                    continue
                if key not in own and key not in added:
                    added[key] = _member_text(file, member)
                elif _member_value(file, key) != self._merged_value(key, own, replaced, added):
                    self._note_left(file, key)
        return replaced

    def _merged_value(
        self,
        key: str,
        own: Mapping[str, Member],
        replaced: Mapping[str, bytes],
        added: Mapping[str, NewValue],
    ) -> object:
        text = replaced.get(key, added.get(key))
        if isinstance(text, bytes):
            return json.loads(text)
        return _member_value(self.files[0], key) if key in own else text

    def _note_left(self, file: MergedFile, key: str) -> None:
        kept = "given" if getattr(self.options, key, None) else "earlier file's"
        self.notes.append(f"{key!r} of {file.label} is left out: the {kept} value stays")

    # ---- the way back

    def _entry(self, keys: Sequence[str], values: Mapping[str, bytes]) -> object:
        """Return what has to be known to give the records of each file back.

        Args:
            keys: the top-level keys of the merged file.
            values: the text of those that are no lists of records.
        """
        listed = [pair for file in self.files if file.categories for pair in file.categories.new]
        return {
            MARK: FORMAT,
            "categories": [list(pair) for pair in listed],
            "sources": [self._source_entry(file, keys, values) for file in self.files],
        }

    def _source_entry(
        self, file: MergedFile, keys: Sequence[str], values: Mapping[str, bytes]
    ) -> dict[str, object]:
        entry: dict[str, object] = {
            "name": file.label,
            "records": {name: len(file.kept(name)) for name in file.lists},
        }
        if file.ids:
            entry["ids"] = {name: change.as_json() for name, change in file.ids.items()}
        if file.categories is not None:
            if file.categories.change:
                entry["cat_ids"] = file.categories.change.as_json()
            entry["categories"] = list(file.categories.back)
        if file.prefix:
            entry["prefix"] = file.prefix
        if file.label in self.dropped:
            entry["dropped"] = self.dropped[file.label]
        own = {member.key: member for member in file.index.document.members}
        texts = {
            key: _member_text(file, member)
            for key, member in own.items()
            if key not in file.lists and key != "categories"
        }
        entry["values"] = {
            key: text.decode(errors="surrogatepass")
            for key, text in texts.items()
            if values.get(key) != text
        }
        entry["without"] = [key for key in keys if key not in own]
        return {key: value for key, value in entry.items() if value or key == "records"}


def _plain_name(name: str) -> str:
    return name.replace("\\", "/").removeprefix("./")


def _member(file: MergedFile, key: str) -> Member | None:
    return next((m for m in file.index.document.members if m.key == key), None)


def _member_text(file: MergedFile, member: Member) -> bytes:
    return file.index.document.source.read(member.start, member.stop)


def _member_value(file: MergedFile, key: str) -> object:
    member = _member(file, key)
    return None if member is None else json.loads(_member_text(file, member))


def _value_in(path: str, key: str) -> bytes:
    """Return the JSON of a value in a file: that of the key, or the whole of what has no such key.

    Raises:
        RequestError: it is no JSON.
    """
    with reading(path, f"the file of --{key}"):
        text = Path(path).read_bytes()
    try:
        value = json.loads(text)
    except ValueError as error:
        raise RequestError(f"--{key}: not JSON: {error}", where=path) from error
    is_annotation_file = isinstance(value, dict) and "images" in value
    if isinstance(value, dict) and (key in value or is_annotation_file):
        if key not in value:
            raise RequestError(f"--{key}: the file has no {key!r}", where=path)
        value = value[key]
    wanted = dict if key == "info" else list
    if not isinstance(value, wanted):
        raise RequestError(
            f"--{key}: expected {'an object' if key == 'info' else 'a list'}", where=path
        )
    return json.dumps(value).encode()


def _licenses(value: object) -> dict[object, object]:
    listed = value if isinstance(value, list) else []
    return {each.get("id"): each for each in listed if isinstance(each, dict)}


def _license_name(value: object) -> str:
    return repr(value.get("name")) if isinstance(value, dict) else repr(value)


# ---- columns of ids


def _kept_pairs(file: MergedFile, name: str, references: References) -> Array:
    """Return the ids that the records of a list name which stay."""
    rows, ids = references.pairs()
    if name not in file.rows:
        return ids
    return ids[np.isin(rows, file.rows[name])]


def _highest(ids: Array, below: int | None = None) -> int:
    """Return the highest whole number of a column, digits in text, too; at least 0.

    Args:
        below: the number that it is lower than.
    """
    if ids.dtype == np.int64:
        ids = ids if below is None else ids[ids < below]
        return max(int(ids.max()), 0) if len(ids) else 0
    numbers = (
        int(i) if isinstance(i, str) else i
        for i in ids.tolist()
        if isinstance(i, int) or (isinstance(i, str) and i.isascii() and i.isdigit())
    )
    return max((0, *(number for number in numbers if below is None or number < below)))


def _distinct(columns: Sequence[Array]) -> list[Id]:
    """Return the ids of several columns, each once."""
    if all(ids.dtype == np.int64 for ids in columns):
        found: list[Id] = np.unique(np.concatenate(columns)).tolist()
        return found
    return [i for i in dict.fromkeys(i for ids in columns for i in ids.tolist()) if i is not None]


def _outside(values: Array, listed: Array) -> list[Id]:
    """Return the ids, each once and in order, that are not among those listed."""
    if values.dtype == listed.dtype == np.int64:
        found: list[Id] = np.unique(values[~np.isin(values, listed)]).tolist()
        return found
    known = {None, *listed.tolist()}
    return [i for i in dict.fromkeys(values.tolist()) if i not in known]


def _common(ids: Array, taken: Sequence[Array]) -> list[Id]:
    """Return the ids, each once and in order, that are among those taken."""
    ids = as_keys(ids)
    if ids.dtype == np.int64 and all(each.dtype == np.int64 for each in taken):
        found = np.zeros(len(ids), np.bool_)
        for each in taken:
            found |= np.isin(ids, each)
        return list(dict.fromkeys(ids[found].tolist()))
    known = {i for each in taken for i in each.tolist()} - {None}
    return [i for i in dict.fromkeys(ids.tolist()) if i in known]
