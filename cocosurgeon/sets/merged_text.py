"""Text of a merged file: its records, its other values, and the entry about its sources."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cocosurgeon.annfile.document import Member, Records
from cocosurgeon.annfile.edit import RecordEdits, Values
from cocosurgeon.annfile.join import NewValue, Part, joined
from cocosurgeon.annfile.rewrite import Rewrite, one_after_another
from cocosurgeon.annfile.splice import Cut
from cocosurgeon.dataset.ids import as_keys
from cocosurgeon.dataset.references import References
from cocosurgeon.errors import RequestError
from cocosurgeon.files import reading
from cocosurgeon.sets.id_change import IdChange, PrefixChange, id_rewrites
from cocosurgeon.sets.labels import of_files
from cocosurgeon.sets.merged_file import FORMAT, MARK, MergedFile, lists_with_ids
from cocosurgeon.sets.options import MergeOptions
from cocosurgeon.text import first_few


def license_notes(files: Sequence[MergedFile], path: str | None) -> Iterator[str]:
    """Yield a note for each file with images whose license number means another license now.

    Args:
        path: path of the file with the licenses of the result; None: those of the first file.
    """
    if path is None:
        result = _licenses(_member_value(files[0], "licenses"))
    else:
        result = _licenses(json.loads(_value_in(path, "licenses")))
    for file in files:
        column = file.lists["images"].column("license")
        if not column.present:
            continue
        own = _licenses(_member_value(file, "licenses"))
        numbers = Counter(as_keys(column.array[file.kept("images")]).tolist())
        other = {i: n for i, n in numbers.items() if i in own and own[i] != result.get(i)}
        if other:
            texts = [f"{i!r} is {_license_name(own[i])} there" for i in other]
            shown = first_few(texts, shown=3)
            yield (
                f"images of {file.label} whose license number means another license, or none, in "
                f"the result: {sum(other.values()):,} ({shown}); --licenses FILE sets "
                "the list"
            )


@dataclass(eq=False)
class MergedText:
    """Text of a merged file.

    Attributes:
        files: the files, whose ids do not collide any more.
        options: options of the merge.
        notes: notes on values that are not in the result, after ``pieces``.
    """

    files: Sequence[MergedFile]
    options: MergeOptions
    notes: list[str] = field(default_factory=list)
    _left: list[tuple[str, str]] = field(default_factory=list)

    def pieces(self) -> Iterator[bytes]:
        """Return the text, in pieces.

        Raises:
            RequestError: the file of ``info`` or ``licenses`` is no JSON, or lacks the value.
        """
        first, *others = self.files
        targets = lists_with_ids(self.files)
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
            for name, part in self._parts(file, targets):
                there = own[name].records if name in own else None
                if there is not None:
                    more[there].append(part)
                else:
                    parts[name].append(part)
        added: dict[str, NewValue] = dict(parts)
        replaced = self._replaced(own, added)
        self.notes += of_files(self._left)
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

    def _parts(self, file: MergedFile, targets: Sequence[str]) -> Iterator[tuple[str, Part]]:
        references: defaultdict[str, list[tuple[References, IdChange]]] = defaultdict(list)
        for name, target, each in file.references(targets):
            if change := file.change_of(target):
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
        """Yield the change of each list with file names, as panoptic annotations have, too."""
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
        """Return new values of keys of the first file; values of other keys go to ``added``."""
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
        note = f"{key!r} of {{files}} is not in the result: the {kept} value stays"
        self._left.append((file.label, note))

    # ---- values to restore each file

    def _entry(self, keys: Sequence[str], values: Mapping[str, bytes]) -> object:
        """Return the entry from which the records of each file can be restored.

        Args:
            keys: top-level keys of the merged file.
            values: JSON text by key of values that are no lists of records.
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
        entry["dropped"] = file.dropped
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


def _member(file: MergedFile, key: str) -> Member | None:
    return next((m for m in file.index.document.members if m.key == key), None)


def _member_text(file: MergedFile, member: Member) -> bytes:
    return file.index.document.source.read(member.start, member.stop)


def _member_value(file: MergedFile, key: str) -> object:
    member = _member(file, key)
    return None if member is None else json.loads(_member_text(file, member))


def _value_in(path: str, key: str) -> bytes:
    """Return the JSON of a value in a file: that of the key, or the whole file without that key.

    Raises:
        RequestError: it is no JSON, or no such value.
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
