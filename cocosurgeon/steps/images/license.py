"""Images by license."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cocosurgeon.dataset.keys import Id, as_key
from cocosurgeon.dataset.mask import FilterResult
from cocosurgeon.errors import RequestError, UnknownIdError
from cocosurgeon.select.filter import Columns, ImageFilter
from cocosurgeon.select.plan import Keep, Step, Unbound
from cocosurgeon.steps.arguments import IDS, resolve_ids
from cocosurgeon.steps.naming import with_ids
from cocosurgeon.steps.registry import Option

if TYPE_CHECKING:
    from cocosurgeon.dataset.dataset import Dataset
    from cocosurgeon.progress import Progress


@dataclass(frozen=True, repr=False, eq=False)
class License(ImageFilter):
    """Images with one of these values of ``license``: ``License(1, 4)``.

    A license that no image of the source has is an error.

    Attributes:
        licenses: ids of licenses, as in image records.
    """

    licenses: tuple[Id, ...]

    def __init__(self, *licenses: Id) -> None:
        keys = tuple(map(as_key, licenses))
        if not keys or None in keys:
            raise RequestError("License takes ids of licenses (numbers or strings)")
        object.__setattr__(self, "licenses", keys)

    @classmethod
    def from_recipe(cls, values: Mapping[str, Any]) -> License:
        return cls(*values["licenses"])

    @property
    def columns(self) -> Columns:
        return {"images": ("license",)}

    def evaluate(self, dataset: Dataset) -> FilterResult:
        from cocosurgeon.dataset.ids import as_keys, isin

        [column] = dataset.index.image_columns("license")
        there = dict.fromkeys(i for i in as_keys(column).tolist() if i is not None)
        missing = [i for i in self.licenses if i not in there]
        if missing:
            raise UnknownIdError(
                f"no image has the license {missing[0]!r}",
                where=dataset.source.name,
                hint=f"licenses of its images: {', '.join(map(repr, list(there)[:10]))}",
            )
        return FilterResult(isin(column, self.licenses)[dataset.image_indices])

    def words(self) -> str | None:
        return with_ids("license", self.licenses)

    def __repr__(self) -> str:
        return f"License({', '.join(map(repr, self.licenses))})"


@dataclass(frozen=True, repr=False, eq=False)
class GivenLicenses(Unbound):
    """Licenses as typed: ``1`` is a number or a string, as in the file."""

    licenses: tuple[Id, ...]

    @property
    def columns(self) -> Columns:
        return {"images": ("license",)}

    def bind(self, dataset: Dataset, progress: Progress | None = None) -> Step:
        from cocosurgeon.dataset.ids import as_keys

        [column] = dataset.index.image_columns("license")
        return Keep(License(*resolve_ids(self.licenses, as_keys(column).tolist())))

    def words(self) -> str | None:
        return with_ids("license", self.licenses)


OPTIONS = (
    Option(
        "license",
        IDS.called("N"),
        "Keep only images whose license is one of these ids.",
        GivenLicenses,
        "1",
    ),
)
