"""Names of image files: without folders, or below another one."""

from __future__ import annotations

from abc import abstractmethod
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cocosurgeon.errors import RequestError
from cocosurgeon.select.filter import Columns
from cocosurgeon.select.plan import Step
from cocosurgeon.steps.arguments import FLAG, TEXT
from cocosurgeon.steps.registry import Option
from cocosurgeon.text import plural

if TYPE_CHECKING:
    from cocosurgeon.annfile.edit import Values
    from cocosurgeon.dataset.dataset import Dataset


class _Renaming(Step):
    @abstractmethod
    def renamed(self, name: str) -> str:
        """Return the new ``file_name``."""

    @property
    @abstractmethod
    def option(self) -> str:
        """Option on the command line, for messages."""

    @property
    def columns(self) -> Columns:
        return {"images": ("file_name",)}

    def apply(self, dataset: Dataset) -> Dataset:
        from cocosurgeon.dataset.dataset import Rewriting

        records = dataset.index.image_records
        if records is None:
            raise RequestError(
                "a results file has no names of images",
                where=dataset.source.name,
                hint="name the annotation file",
            )
        names = records.column("file_name").array.tolist()
        rows = dataset.list_rows("images").tolist()
        new = {row: self.renamed(names[row]) for row in rows if isinstance(names[row], str)}
        of_name: defaultdict[str, set[str]] = defaultdict(set)
        for row, name in new.items():
            of_name[name].add(names[row])
        for name, olds in of_name.items():
            if len(olds) > 1 or not name:
                raise RequestError(
                    f"{self.option}: {' and '.join(map(repr, sorted(olds)[:2]))} would be {name!r}",
                    where=dataset.source.name,
                    hint="rename the files so that each name is unique",
                )
        changed: dict[int, Values] = {
            row: {("file_name",): name} for row, name in new.items() if name != names[row]
        }
        note = f"{self.option}: {plural(len(changed), 'name')} changed"
        if left := len(rows) - len(new):
            note += f", {plural(left, 'image')} without a name"
        if changed:
            dataset = dataset.rewritten(Rewriting(self.option, dataset, {"images": changed}))
        return replace(dataset, notes=(*dataset.notes, note))


@dataclass(frozen=True, repr=False, eq=False)
class StripFolder(_Renaming):
    """Remove the folders from each ``file_name``; it is an error if two would become the same."""

    @property
    def option(self) -> str:
        return "--strip-folder"

    def renamed(self, name: str) -> str:
        return name.replace("\\", "/").rpartition("/")[2]

    def words(self) -> str | None:
        return "strip-folder"


@dataclass(frozen=True, repr=False, eq=False)
class Prefix(_Renaming):
    """Put a text, such as a folder, before each ``file_name``: ``Prefix("val2017/")``.

    Attributes:
        text: the text; a folder must end with a slash.
    """

    text: str

    def __post_init__(self) -> None:
        TEXT.convert(self.text)

    @property
    def option(self) -> str:
        return f"--prefix {self.text}"

    def renamed(self, name: str) -> str:
        return self.text + name


OPTIONS = (
    Option(
        "strip-folder", FLAG, "Remove folders from each file_name.", lambda _: StripFolder(), ""
    ),
    Option(
        "prefix",
        TEXT.called("P"),
        "Put this before each file_name. A folder ends with /.",
        Prefix,
        "val2017/",
    ),
)
