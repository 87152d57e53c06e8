"""Manifest: what a conversion did, so that the way back restores ids, order, classes, crowds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cocosurgeon.errors import FormatError
from cocosurgeon.files import reading
from cocosurgeon.formats.objects import Id
from cocosurgeon.version import __version__

NAME = "cocosurgeon.json"
_VERSION = 2


@dataclass(frozen=True)
class PartManifest:
    """Record of what was written of one annotation file.

    Attributes:
        source: name, size and sha256 of its JSON text.
        steps: the steps that were applied to it, as in a recipe.
        lost: what the format could not hold, in sentences.
        images: columns of its images, in order: id, file_name, width, height (pixels).
        annotations: columns of its annotations, in order: id, image (place in ``images``), label.
        crowds: places in ``annotations`` of those that are crowds.
        ignored: places in ``annotations`` of those that the source has evaluation ignore.
        highest: the highest whole number among the source's ids, by list: new ids are above it.
    """

    source: Mapping[str, Any]
    steps: Sequence[Any]
    lost: Sequence[str]
    images: Mapping[str, list[Any]]
    annotations: Mapping[str, list[Any]]
    crowds: Sequence[int]
    ignored: Sequence[int]
    highest: Mapping[str, int]


@dataclass(frozen=True)
class Manifest:
    """Record of a conversion.

    Attributes:
        format: name of the format.
        options: of the conversion.
        categories: by class number, the record of the category as JSON.
        own_categories: records of the source's own list, in its order, where class numbers are
            those of a label space; else empty.
        own_labels: the class number of each of these.
        parts: what was written, by the part's name.
        version: of cocosurgeon.
    """

    format: str
    options: Mapping[str, Any]
    categories: Sequence[Mapping[str, Any]]
    own_categories: Sequence[Mapping[str, Any]] = ()
    own_labels: Sequence[int] = ()
    parts: Mapping[str, PartManifest] = field(default_factory=dict)
    version: str = __version__

    def to_json(self) -> bytes:
        """Return it as a JSON file: a line for each column."""
        head = {
            "manifest": _VERSION,
            "cocosurgeon": self.version,
            "format": self.format,
            "options": self.options,
            "categories": self.categories,
            "own_categories": self.own_categories,
            "own_labels": self.own_labels,
        }
        parts = {name: vars(part) for name, part in self.parts.items()}
        return _lines({**head, "parts": parts}, depth=4).encode() + b"\n"


def _lines(value: object, depth: int, indent: str = "") -> str:
    """Return JSON with a line for each value of the outer levels."""
    if not isinstance(value, Mapping) or depth == 0 or not value:
        return json.dumps(value, default=dict)
    inner = f"{indent} "
    members = (f"{inner}{json.dumps(k)}: {_lines(v, depth - 1, inner)}" for k, v in value.items())
    return "{\n" + ",\n".join(members) + f"\n{indent}}}"


def read_manifest(path: Path) -> Manifest | None:
    """Read a manifest; None where there is none.

    Raises:
        FormatError: it is broken, or of another version.
    """
    if not path.is_file():
        return None
    with reading(path, "the manifest"):
        text = path.read_bytes()
    try:
        values = json.loads(text)
        version = values.pop("manifest")
        if version != _VERSION:
            raise ValueError(f"its version is {version!r}")
        parts = {name: PartManifest(**part) for name, part in values.pop("parts").items()}
        return Manifest(parts=parts, version=values.pop("cocosurgeon"), **values)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FormatError(
            f"the manifest cannot be read: {error}",
            where=str(path),
            hint="move it away: without it, ids and order are new",
        ) from error


def manifest_path(output: Path, *, is_folder: bool) -> Path:
    """Return where the manifest of an output is: in its folder, or next to the file."""
    if is_folder:
        return output / NAME
    return output.with_name(f"{output.name}.{NAME}")


def highest_id(ids: Iterable[Id | None]) -> int:
    """Return the highest of the ids that are whole numbers; 0 for none."""
    return max((int(i) for i in ids if isinstance(i, (int, float))), default=0)
