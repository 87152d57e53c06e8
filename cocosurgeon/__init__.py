"""Cut COCO annotation files without changing a byte nobody asked to change.

    from cocosurgeon import Having, InCategory, read, write

    people = read("instances_val2017.json").keep(Having(InCategory("person"))).first(100)
    write(people, "people.json")

Public names (docs/api.md has an example for each):

    files: read, write, Dataset; len(dataset), dataset[0] and a loop go over images
    filters of images: Ids, FileName, License, Having, Empty, ImageWhere
    filters of annotations: InCategory, Area, Crowd, AnnotationWhere; combine filters with & | ~
    steps: First, Last, Skip, Sample, PerClass, Part, MergeWith, Fix, Prefix, StripFolder
    steps of categories: ToSpace, Remap, Merge, Rename, Classes, Like, Renumber, Shift, DropUnused
    plans: Plan, trace_plan; Recipe and read_recipe repeat one; split makes parts
    label spaces: spaces, find_space, compare_spaces, head_rows, CategoryMap, check_categories
    reports: summarize, Stats, show_images, show_panels
    other formats: convert_to, convert_from
    errors: CocosurgeonError, with RequestError (the request) and DataError (the file)

In a config of MMDetection: cocosurgeon.config. On the command line: cocosurgeon --help.

Packages and modules, in the order in which they may import each other (each only those above it):

    errors      the tree of exceptions: what, where, what next
    version     the version
    text        words of messages: nearest names, plurals, lists, tables
    page        pages of HTML: head, style, tables
    files       files opened for reading: gzip data, errors
    sample      the sample data
    progress    progress of long work
    atomic      files and folders that appear whole or not at all
    urls        files of URLs, through fsspec
    fingerprint unchanged files, and values that are cached for them
    masks       faults of segmentations
    usable      values of an annotation that cannot be used
    findings/   findings of checks, and the table of their codes
    annfile/    bytes of an annotation file <-> spans and columns; nothing else touches bytes
    processes   work in several processes
    loaders/    rules of what each framework's loader loads from a file, in pure Python
    probe/      real loaders, run in any interpreter; dumps of their output
    dataset/    Dataset: an annotation file and the rows of it that are kept
    select/     filters and their combination with & | ~; where expressions; plans
    categories/ label spaces, maps between them, changes of category ids
    sets/       parts of a file; files merged, and given back by source
    lint/       checks of one file for the loaders that will read it; repairs
    steps/      the table of steps and their options; recipes; names of outputs
    layout/     annotation files and images on disk; a subset copied with its images
    tables/     tables of Parquet with the records of a file
    formats/    formats next to COCO, one file a format
    convert/    conversion to these formats and back; losses
    shards/     many files as one dataset
    snippet/    the configuration for a file, one file a framework
    verify/     a result compared with its source, a loader with another one
    diff/       changes between two files, and their effect on labels
    draw/       images drawn with the objects of files and loaders
    report/     summaries and plan traces, as values, text and JSON
    stats/      counts of a file's content: tables, a page, pictures
    weights/    checkpoints: names, shapes and values, without running any of their code
    browse/     a page to look at images with their objects
    parity/     recorded training steps of two repositories, and their first difference
    cache/      the cache of subsets, built once by one of many processes
    config      plain functions for dataset config scripts
    dask        several files as one dataset, with DataFrames of Dask
    mmdet/      classes for configs of MMDetection: dataset, evaluator, recorded batches
    cli/        one file a verb: parse, call, print, exit code

Importing this package imports none of them: a name is imported when it is first used.
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
    "convert.conversion": "Conversion",
    "convert.opening": "convert_from",
    "convert.write": "convert_to",
    "dataset.dataset": "Dataset",
    "dataset.index": "Category",
    "dataset.io": "read write",
    "dataset.items": "AnnotatedImage",
    "draw.show": "show_images show_panels",
    "errors": (
        "CocosurgeonError DataError EncodingError ExpressionError FormatError "
        "JSONSyntaxError LevelError LoaderError OutputError ProbeError "
        "RequestError SourceChangedError SourceUnavailableError StructureError "
        "UnknownIdError UnknownNameError"
    ),
    "report.summary": "Summary summarize",
    "report.trace": "PlanTrace trace_plan",
    "select.filter": "Annotation AnnotationFilter Filter Image ImageFilter",
    "select.plan": "Keep Plan Step",
    "sets.parts": "split",
    "sets.report": "SplitReport",
    "sets.split": "Split",
    "stats.statistics": "Stats",
    "steps.recipe": "Recipe read_recipe",
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
