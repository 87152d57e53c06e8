"""Cut, check, combine and prove COCO annotation files.

No byte changes that you did not ask to change.

    from cocosurgeon import Having, InCategory, read, write

    people = read("instances_val2017.json").keep(Having(InCategory("person"))).first(100)
    write(people, "people.json")

Public names (docs/api.md has an example for each; help(cocosurgeon.Dataset) prints one name):

    files: read, write, Dataset, AnnotatedImage
    filters of images: Empty, FileName, FileNames, Having, Ids, ImageWhere, License
    filters of annotations: AnnotationWhere, Area, Crowd, InCategory
    steps of images: First, Last, Skip, Sample, PerClass, Part, MergeWith, Cascade
    steps of categories: ToSpace, Remap, Merge, Rename, Classes, Like, Renumber, Shift,
        SortCategories, DropUnused, Flat
    repairs: Fix, Prefix, StripFolder
    plans: Plan, Keep, trace_plan, PlanTrace, Recipe, read_recipe
    parts: split, Split, SplitReport
    label spaces: spaces, find_space, compare_spaces, head_rows, Space, HeadRows
    categories: Category, CategoryMap, read_map, check_categories
    checks: lint_file, verify_file, diff_files, LintReport, Verification, Difference, Finding
    reports: summarize, Summary, Stats, show_images, show_panels
    other formats: convert_to, convert_from, Conversion
    base classes, for a filter or step of your own: Filter, ImageFilter, AnnotationFilter, Step;
        type parameters: Image, Annotation
    errors: CocosurgeonError, the base of all
        of the request: RequestError, ExpressionError, LevelError, OutputError,
            SourceUnavailableError, UnknownIdError, UnknownNameError
        of the data: DataError, EncodingError, FormatError, JSONSyntaxError, LoaderError,
            ProbeError, SourceChangedError, StructureError
    version: __version__

Combine filters with & | ~. dataset.keep(...) takes a filter, Plan(...) filters and steps. In a
config of MMDetection: cocosurgeon.config. With Dask: cocosurgeon.dask. On the command line:
cocosurgeon --help.

A name is imported when it is first used.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from cocosurgeon.version import __version__ as __version__

_HOMES = {
    "categories.category_map": "CategoryMap read_map",
    "categories.check": "check_categories",
    "categories.heads": "HeadRows head_rows",
    "categories.spaces": "Space compare_spaces find_space spaces",
    "checks.files": "diff_files lint_file",
    "checks.verified": "verify_file",
    "convert.conversion": "Conversion",
    "convert.opening": "convert_from",
    "convert.write": "convert_to",
    "dataset.dataset": "Dataset",
    "dataset.index": "Category",
    "dataset.io": "read write",
    "dataset.items": "AnnotatedImage",
    "diff.report": "Difference",
    "draw.show": "show_images show_panels",
    "errors": (
        "CocosurgeonError DataError EncodingError ExpressionError FormatError "
        "JSONSyntaxError LevelError LoaderError OutputError ProbeError "
        "RequestError SourceChangedError SourceUnavailableError StructureError "
        "UnknownIdError UnknownNameError"
    ),
    "findings.finding": "Finding",
    "lint.report": "LintReport",
    "report.summary": "Summary summarize",
    "report.trace": "PlanTrace trace_plan",
    "select.filter": "Annotation AnnotationFilter Filter Image ImageFilter",
    "select.plan": "Keep Plan Step",
    "sets.parts": "split",
    "sets.report": "SplitReport",
    "sets.split": "Split",
    "stats.statistics": "Stats",
    "steps.recipe": "Recipe read_recipe",
    "verify.verification": "Verification",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used; names of steps are in their table."""
    value: object
    if name in _HOME_OF:
        value = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    elif name == "__all__":
        value = ["__version__", *sorted({*_HOME_OF, *_steps()})]
    elif name[:1].isupper() and name in _steps():
        value = _steps()[name]
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__getattr__("__all__")})


def _steps() -> Mapping[str, type]:
    """Return the classes of all steps and filters that have a file of their own."""
    from cocosurgeon.steps.registry import step_classes

    return step_classes()
