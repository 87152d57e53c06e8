"""Cut COCO annotation files without changing a byte nobody asked to change.

    from cocosurgeon import Having, InCategory, read, write

    people = read("instances_val2017.json").keep(Having(InCategory("person"))).first(100)
    write(people, "people.json")

The house, in the order in which rooms may import each other (each only those above it):

    errors      one tree of exceptions: what, where, what next
    annfile/    bytes of an annotation file <-> spans and columns; nothing else touches bytes
    nearest     the nearest match to a name that is not there
    loaders/    what each framework's loader emits for a file, in pure Python
    probe/      asks a real loader, in any interpreter; dumps of what one emitted
    identity    which records are one image, which image owns which annotation
    references  where records name categories by their ids
    question    what a filter is, and how filters combine with & | ~
    content     what a source holds: images, annotations, categories
    category_list  the category list as it will be written
    frames      a dataset as pandas and pycocotools hold it
    dataset     Dataset: a source and the rows of it that are kept
    files       files to datasets, and back
    expression  where expressions: columns and arithmetic, nothing else
    filters/    questions about images and about annotations
    plan        steps in order
    categories/ the named spaces, maps between them, remapping as steps
    recipe      a plan and its source, saved and applied again
    naming      what a file made by a plan is called
    written/    steps as users write them: options by their names
    layout/     where annotation files and images lie; a subset carried away with its images
    snippet/    the configuration that goes with a file, one file a framework
    verify/     a result against its source, a loader against another: findings
    report/     accounts and explanations as values, text and JSON
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
    from cocosurgeon.categories.agreement import compare_spaces as compare_spaces
    from cocosurgeon.categories.by_names import Like as Like
    from cocosurgeon.categories.by_names import WithNames as WithNames
    from cocosurgeon.categories.category_map import CategoryMap as CategoryMap
    from cocosurgeon.categories.category_map import MapReport as MapReport
    from cocosurgeon.categories.check import check_categories as check_categories
    from cocosurgeon.categories.edit import Merge as Merge
    from cocosurgeon.categories.edit import Remap as Remap
    from cocosurgeon.categories.edit import Rename as Rename
    from cocosurgeon.categories.edit import SortCategories as SortCategories
    from cocosurgeon.categories.heads import HeadRows as HeadRows
    from cocosurgeon.categories.heads import head_rows as head_rows
    from cocosurgeon.categories.map_files import read_map as read_map
    from cocosurgeon.categories.space import Space as Space
    from cocosurgeon.categories.table import find_space as find_space
    from cocosurgeon.categories.table import spaces as spaces
    from cocosurgeon.categories.to_space import ToSpace as ToSpace
    from cocosurgeon.content import Category as Category
    from cocosurgeon.dataset import Dataset as Dataset
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
    from cocosurgeon.files import read as read
    from cocosurgeon.files import write as write
    from cocosurgeon.filters import AnnotationWhere as AnnotationWhere
    from cocosurgeon.filters import Area as Area
    from cocosurgeon.filters import Crowd as Crowd
    from cocosurgeon.filters import Empty as Empty
    from cocosurgeon.filters import Having as Having
    from cocosurgeon.filters import Ids as Ids
    from cocosurgeon.filters import ImageWhere as ImageWhere
    from cocosurgeon.filters import InCategory as InCategory
    from cocosurgeon.filters import Names as Names
    from cocosurgeon.frames import annotation_frame as annotation_frame
    from cocosurgeon.frames import image_frame as image_frame
    from cocosurgeon.plan import Cascade as Cascade
    from cocosurgeon.plan import First as First
    from cocosurgeon.plan import Keep as Keep
    from cocosurgeon.plan import Last as Last
    from cocosurgeon.plan import Plan as Plan
    from cocosurgeon.plan import Sample as Sample
    from cocosurgeon.plan import Skip as Skip
    from cocosurgeon.plan import Step as Step
    from cocosurgeon.question import Annotation as Annotation
    from cocosurgeon.question import AnnotationFilter as AnnotationFilter
    from cocosurgeon.question import Filter as Filter
    from cocosurgeon.question import Image as Image
    from cocosurgeon.question import ImageFilter as ImageFilter
    from cocosurgeon.recipe import Recipe as Recipe
    from cocosurgeon.recipe import read_recipe as read_recipe
    from cocosurgeon.report.account import Account as Account
    from cocosurgeon.report.account import account_of as account_of
    from cocosurgeon.report.explanation import Explanation as Explanation
    from cocosurgeon.report.explanation import explain as explain

_HOMES = {
    "categories.agreement": ("compare_spaces",),
    "categories.by_names": (
        "Like",
        "WithNames",
    ),
    "categories.category_map": (
        "CategoryMap",
        "MapReport",
    ),
    "categories.check": ("check_categories",),
    "categories.edit": (
        "Merge",
        "Remap",
        "Rename",
        "SortCategories",
    ),
    "categories.heads": (
        "HeadRows",
        "head_rows",
    ),
    "categories.map_files": ("read_map",),
    "categories.space": ("Space",),
    "categories.table": (
        "find_space",
        "spaces",
    ),
    "categories.to_space": ("ToSpace",),
    "content": ("Category",),
    "dataset": ("Dataset",),
    "errors": (
        "CocosurgeonError",
        "DataError",
        "EncodingError",
        "ExpressionError",
        "FormatError",
        "JSONSyntaxError",
        "LevelError",
        "LoaderError",
        "OutputError",
        "ProbeError",
        "RequestError",
        "SourceChangedError",
        "SourceUnavailableError",
        "StructureError",
        "UnknownIdError",
        "UnknownNameError",
    ),
    "files": (
        "read",
        "write",
    ),
    "filters": (
        "AnnotationWhere",
        "Area",
        "Crowd",
        "Empty",
        "Having",
        "Ids",
        "ImageWhere",
        "InCategory",
        "Names",
    ),
    "frames": (
        "annotation_frame",
        "image_frame",
    ),
    "plan": (
        "Cascade",
        "First",
        "Keep",
        "Last",
        "Plan",
        "Sample",
        "Skip",
        "Step",
    ),
    "question": (
        "Annotation",
        "AnnotationFilter",
        "Filter",
        "Image",
        "ImageFilter",
    ),
    "recipe": (
        "Recipe",
        "read_recipe",
    ),
    "report.account": (
        "Account",
        "account_of",
    ),
    "report.explanation": (
        "Explanation",
        "explain",
    ),
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
