"""New ids of one list of one file, each in the form of the old one, and the old ids back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cocosurgeon.annfile.chunks import EXACT_IN_FLOAT
from cocosurgeon.annfile.document import Records
from cocosurgeon.annfile.rewrite import Rewrite, ValueChange, one_after_another
from cocosurgeon.annfile.walk import value_span
from cocosurgeon.dataset.ids import Id, as_key
from cocosurgeon.dataset.references import References
from cocosurgeon.errors import StructureError

_WHOLE = re.compile(rb"(-?\d+)(\.0+)?([eE][+-]?0+)?")


@dataclass(frozen=True, eq=False)
class IdChange:
    """New ids of one list.

    A whole number keeps its form: ``7.0`` becomes ``12.0``. Any other id must have one form in the
    whole file, so that it can be restored.

    Attributes:
        where: the file, for errors.
        offset: number that is added to every whole number.
        changed: new ids by old ids; other ids stay.
        texts: JSON text by old id, for ids that are no whole numbers before and after.
    """

    where: str
    offset: int = 0
    changed: Mapping[Id, Id] = field(default_factory=dict)
    texts: Mapping[Id, bytes] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.offset or self.changed)

    def new(self, old: Id) -> Id:
        """Return the new id for an id."""
        if self.offset:
            return old + self.offset if isinstance(old, int) else old
        return self.changed.get(old, old)

    def __call__(self, text: bytes) -> bytes:
        """Return the new JSON text for an id's JSON text.

        Raises:
            StructureError: the id changes, but its form could not be restored.
        """
        if text.isdigit() and isinstance(new := self.new(int(text)), int):  # the usual case
            return str(new).encode()
        old = as_key(json.loads(text))
        if old is None or (new := self.new(old)) == old:
            return text
        whole = _WHOLE.fullmatch(text)
        if whole and isinstance(new, int) and whole[1] == str(old).encode():
            fraction = text[whole.end(1) :]
            if not fraction or abs(new) < EXACT_IN_FLOAT:
                return str(new).encode() + fraction
        if text != self.texts.get(old):
            raise StructureError(
                f"an id that changes is written {text.decode(errors='replace')} in one place, and "
                f"differently in others, or in a form that a changed id cannot have",
                where=self.where,
                hint=f"write {json.dumps(old)} in every place",
            )
        return json.dumps(new).encode()

    @property
    def back(self) -> IdChange:
        """Inverse change."""
        if self.offset:
            return IdChange(self.where, -self.offset)
        changed = {new: old for old, new in self.changed.items()}
        return _Back(self.where, changed=changed, texts=self.texts)

    # ---- as JSON

    def as_json(self) -> dict[str, object]:
        """Return the change as JSON values; a run of numbers is stored as new, old and length."""
        if self.offset:
            return {"offset": self.offset}
        runs: list[list[object]] = []
        last: tuple[Id, Id] = ("", "")
        for old, new in self.changed.items():
            if old in self.texts:
                runs.append([new, [self.texts[old].decode(errors="surrogatepass")]])
            elif (
                runs
                and isinstance(old, int)
                and isinstance(new, int)
                and last == (old - 1, new - 1)
                and isinstance(count := runs[-1][-1], int)
            ):
                runs[-1][-1] = count + 1
            else:
                runs.append([new, old, 1])
            last = (old, new) if old not in self.texts else ("", "")
        return {"changed": runs}

    @classmethod
    def from_json(cls, where: str, value: Mapping[str, Any]) -> IdChange:
        """Return the change from the values of ``as_json``."""
        if "offset" in value:
            return cls(where, int(value["offset"]))
        changed: dict[Id, Id] = {}
        texts: dict[Id, bytes] = {}
        for new, old, *count in value["changed"]:
            if isinstance(old, list):
                text = str(old[0]).encode(errors="surrogatepass")
                key = as_key(json.loads(text))
                assert key is not None
                changed[key], texts[key] = new, text
            else:
                changed.update({old + i: new + i for i in range(count[0])})
        return cls(where, changed=changed, texts=texts)


class _Back(IdChange):
    """Inverse change: an id whose old text is known gets that text."""

    def __call__(self, text: bytes) -> bytes:
        new = as_key(json.loads(text))
        old = None if new is None else self.changed.get(new)
        if old is not None and old in self.texts:
            return self.texts[old]
        return super().__call__(text)


def texts_of(records: Records, ids: Mapping[Id, Id]) -> dict[Id, bytes]:
    """Return the JSON text of ids of a list that are no whole numbers before and after a change."""
    odd = {old for old, new in ids.items() if not (isinstance(old, int) and isinstance(new, int))}
    if not odd:
        return {}
    found: dict[Id, bytes] = {}
    keys = records.column("id").array.tolist()
    for key, start, stop in zip(keys, *(spans.tolist() for spans in records.spans()), strict=True):
        old = as_key(key)
        if old in odd and old is not None:
            record = records.source.read(start, stop)
            span = value_span(record, "id")
            assert span is not None, "an id that was read"
            found[old] = record[slice(*span)]
    return found


def id_rewrites(references: Iterable[tuple[References, IdChange]]) -> Rewrite | None:
    """Return the change of all ids that records of one list name; None if none changes."""
    changes: list[Rewrite] = [
        ValueChange(each.key, each.inside, each.in_lists, each.decoded, change)
        for each, change in references
        if change
    ]
    return one_after_another(changes) if changes else None


@dataclass(frozen=True)
class PrefixChange:
    """A prefix that is added to strings, or removed; the rest keeps its escapes.

    Attributes:
        prefix: the prefix.
        is_added: False: it is removed.
    """

    prefix: str
    is_added: bool = True

    def rewrite(self, records: Records, key: str) -> Rewrite:
        """Return the change of the values of a key."""
        return ValueChange(key, None, False, References(records, key).decoded, self._changed)

    def _changed(self, text: bytes) -> bytes:
        start = b'"' + json.dumps(self.prefix).encode()[1:-1]
        if self.is_added:
            return start + text[1:] if text[:1] == b'"' else text
        return b'"' + text[len(start) :] if text.startswith(start) else text
