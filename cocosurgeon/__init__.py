"""Cut COCO annotation files without changing a byte nobody asked to change.

    from cocosurgeon import Having, InCategory, read, write

    people = read("instances_val2017.json").keep(Having(InCategory("person"))).first(100)
    write(people, "people.json")

Packages and modules, in the order in which they may import each other (each only those above it):

    errors      one tree of exceptions: what, where, what next
    version     the version
    text        the nearest match to a name that is not there
    atomic      files that appear whole or not at all
    findings/   what a check found: the class, and the table of codes
    annfile/    bytes of an annotation file <-> spans and columns; nothing else touches bytes
    loaders/    what each framework's loader loads from a file, in pure Python
    probe/      asks a real loader, in any interpreter; dumps of what one returned
    dataset/    Dataset: a file and the rows of it that are kept; ids, category list, pandas views
    select/     what a filter is and how filters combine with & | ~; where expressions; plans
    categories/ the label spaces, maps between them, remapping
    steps/      steps as users give them: the table of steps, recipes, file names
    layout/     where annotation files and images lie; a subset copied with its images
    snippet/    the configuration that goes with a file, one file a framework
    verify/     a result against its source, a loader against another: findings
    report/     summaries and plan traces as values, text and JSON
    cache/      subsets that are kept: built once by one of many processes, and found again
    config      plain functions for dataset config scripts
    mmdet/      a dataset and an evaluator of MMDetection's that load a subset
    cli/        one file a verb: parse, call, print, exit code

Importing this package loads none of them: a name is fetched when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from cocosurgeon.version import __version__ as __version__

if TYPE_CHECKING:
    from cocosurgeon.categories.by_names import Like as Like
    from cocosurgeon.categories.by_names import WithNames as WithNames
    from cocosurgeon.categories.category_map import CategoryMap as CategoryMap
    from cocosurgeon.categories.category_map import read_map as read_map
    from cocosurgeon.categories.check import check_categories as check_categories
    from cocosurgeon.categories.edit import Merge as Merge
    from cocosurgeon.categories.edit import Remap as Remap
    from cocosurgeon.categories.edit import Rename as Rename
    from cocosurgeon.categories.edit import SortCategories as SortCategories
    from cocosurgeon.categories.heads import HeadRows as HeadRows
    from cocosurgeon.categories.heads import head_rows as head_rows
    from cocosurgeon.categories.spaces import Space as Space
    from cocosurgeon.categories.spaces import compare_spaces as compare_spaces
    from cocosurgeon.categories.spaces import find_space as find_space
    from cocosurgeon.categories.spaces import spaces as spaces
    from cocosurgeon.categories.to_space import ToSpace as ToSpace
    from cocosurgeon.dataset.dataset import Dataset as Dataset
    from cocosurgeon.dataset.frames import annotations_df as annotations_df
    from cocosurgeon.dataset.frames import images_df as images_df
    from cocosurgeon.dataset.index import Category as Category
    from cocosurgeon.dataset.io import read as read
    from cocosurgeon.dataset.io import write as write
    from cocosurgeon.errors import CocosurgeonError as CocosurgeonError
    from cocosurgeon.errors import DataError as DataError
    from cocosurgeon.errors import EncodingError as EncodingError
    from cocosurgeon.errors import ExpressionError as ExpressionError
    from cocosurgeon.errors import FormatError as FormatError
    from cocosurgeon.errors import JSONSyntaxError as JSONSyntaxError
    from cocosurgeon.errors import LevelError as LevelError
    from cocosurgeon.errors import LoaderError as LoaderError
    from cocosurgeon.errors import OutputError as OutputError
    from cocosurgeon.errors import ProbeError as ProbeError
    from cocosurgeon.errors import RequestError as RequestError
    from cocosurgeon.errors import SourceChangedError as SourceChangedError
    from cocosurgeon.errors import SourceUnavailableError as SourceUnavailableError
    from cocosurgeon.errors import StructureError as StructureError
    from cocosurgeon.errors import UnknownIdError as UnknownIdError
    from cocosurgeon.errors import UnknownNameError as UnknownNameError
    from cocosurgeon.report.summary import Summary as Summary
    from cocosurgeon.report.summary import summarize as summarize
    from cocosurgeon.report.trace import PlanTrace as PlanTrace
    from cocosurgeon.report.trace import trace_plan as trace_plan
    from cocosurgeon.select.annotations import AnnotationWhere as AnnotationWhere
    from cocosurgeon.select.annotations import Area as Area
    from cocosurgeon.select.annotations import Crowd as Crowd
    from cocosurgeon.select.annotations import InCategory as InCategory
    from cocosurgeon.select.filter import Annotation as Annotation
    from cocosurgeon.select.filter import AnnotationFilter as AnnotationFilter
    from cocosurgeon.select.filter import Filter as Filter
    from cocosurgeon.select.filter import Image as Image
    from cocosurgeon.select.filter import ImageFilter as ImageFilter
    from cocosurgeon.select.images import Empty as Empty
    from cocosurgeon.select.images import Having as Having
    from cocosurgeon.select.images import Ids as Ids
    from cocosurgeon.select.images import ImageWhere as ImageWhere
    from cocosurgeon.select.images import Names as Names
    from cocosurgeon.select.plan import Cascade as Cascade
    from cocosurgeon.select.plan import First as First
    from cocosurgeon.select.plan import Keep as Keep
    from cocosurgeon.select.plan import Last as Last
    from cocosurgeon.select.plan import Plan as Plan
    from cocosurgeon.select.plan import Sample as Sample
    from cocosurgeon.select.plan import Skip as Skip
    from cocosurgeon.select.plan import Step as Step
    from cocosurgeon.steps.recipe import Recipe as Recipe
    from cocosurgeon.steps.recipe import read_recipe as read_recipe

_HOMES = {
    "categories.by_names": "Like WithNames",
    "categories.category_map": "CategoryMap read_map",
    "categories.check": "check_categories",
    "categories.edit": "Merge Remap Rename SortCategories",
    "categories.heads": "HeadRows head_rows",
    "categories.spaces": "Space compare_spaces find_space spaces",
    "categories.to_space": "ToSpace",
    "dataset.dataset": "Dataset",
    "dataset.frames": "annotations_df images_df",
    "dataset.index": "Category",
    "dataset.io": "read write",
    "errors": (
        "CocosurgeonError DataError EncodingError ExpressionError FormatError "
        "JSONSyntaxError LevelError LoaderError OutputError ProbeError "
        "RequestError SourceChangedError SourceUnavailableError StructureError "
        "UnknownIdError UnknownNameError"
    ),
    "report.summary": "Summary summarize",
    "report.trace": "PlanTrace trace_plan",
    "select.annotations": "AnnotationWhere Area Crowd InCategory",
    "select.filter": "Annotation AnnotationFilter Filter Image ImageFilter",
    "select.images": "Empty Having Ids ImageWhere Names",
    "select.plan": "Cascade First Keep Last Plan Sample Skip Step",
    "steps.recipe": "Recipe read_recipe",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = ["__version__", *sorted(_HOME_OF)]


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
