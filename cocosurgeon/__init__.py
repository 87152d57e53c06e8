"""Cut COCO annotation files without changing a byte nobody asked to change.

    from cocosurgeon import Having, InCategory, read, write

    people = read("instances_val2017.json").keep(Having(InCategory("person"))).first(100)
    write(people, "people.json")

The house, in the order in which rooms may import each other (each only those above it):

    errors      one tree of exceptions: what, where, what next
    annfile/    bytes of an annotation file <-> spans and columns; nothing else touches bytes
    nearest     the nearest match to a name that is not there
    identity    which records are one image, which image owns which annotation
    question    what may be asked: yes or no, of each image or of each annotation
    dataset     Dataset: a source and the rows of it that are kept
    files       files to datasets, and back
    expression  where expressions: columns and arithmetic, nothing else
    filters/    questions to be combined with & | ~
    plan        steps in order
    recipe      a plan and its source, saved and applied again
    report/     accounts and explanations as values, text and JSON
    cli/        one file a verb: parse, call, print, exit code

Importing this package loads none of them: a name is fetched when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from cocosurgeon.version import __version__

if TYPE_CHECKING:
    from cocosurgeon.dataset import Category, Dataset
    from cocosurgeon.errors import (
        CocosurgeonError,
        DataError,
        EncodingError,
        ExpressionError,
        FormatError,
        JSONSyntaxError,
        LevelError,
        OutputError,
        RequestError,
        SourceChangedError,
        SourceUnavailableError,
        StructureError,
        UnknownIdError,
        UnknownNameError,
    )
    from cocosurgeon.files import read, write
    from cocosurgeon.filters import (
        AnnotationFilter,
        AnnotationWhere,
        Area,
        Crowd,
        Empty,
        Filter,
        Having,
        Ids,
        ImageFilter,
        ImageWhere,
        InCategory,
        Names,
    )
    from cocosurgeon.plan import Cascade, First, Keep, Last, Plan, Sample, Skip, Step
    from cocosurgeon.recipe import Recipe, SourceIdentity, read_recipe
    from cocosurgeon.report.account import Account, account_of
    from cocosurgeon.report.explanation import StepChange, explain

_HOMES = {
    "dataset": ("Category", "Dataset"),
    "errors": (
        "CocosurgeonError",
        "DataError",
        "EncodingError",
        "ExpressionError",
        "FormatError",
        "JSONSyntaxError",
        "LevelError",
        "OutputError",
        "RequestError",
        "SourceChangedError",
        "SourceUnavailableError",
        "StructureError",
        "UnknownIdError",
        "UnknownNameError",
    ),
    "files": ("read", "write"),
    "filters": (
        "AnnotationFilter",
        "AnnotationWhere",
        "Area",
        "Crowd",
        "Empty",
        "Filter",
        "Having",
        "Ids",
        "ImageFilter",
        "ImageWhere",
        "InCategory",
        "Names",
    ),
    "plan": ("Cascade", "First", "Keep", "Last", "Plan", "Sample", "Skip", "Step"),
    "recipe": ("Recipe", "SourceIdentity", "read_recipe"),
    "report.account": ("Account", "account_of"),
    "report.explanation": ("StepChange", "explain"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = ["__version__", *sorted(_HOME_OF)]


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
