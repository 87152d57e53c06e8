"""The codes of findings: what each means, how it arises, what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Code:
    """A kind of finding.

    Attributes:
        meaning: what does not hold.
        arises: how it usually comes about.
        next: what to do.
    """

    meaning: str
    arises: str
    next: str


_CUT = "cut it again from the source, with a tool that copies records"
_ORDER = "loaders that go by the file's order see other samples: keep the source's order"

CODES: Mapping[str, Code] = {
    # ---- the file
    "file-unreadable": Code(
        "Python's json cannot read the file",
        "it was truncated, or written by something that is not JSON",
        "have it written again",
    ),
    "key-lost": Code(
        "a top-level key of the source is missing",
        "a tool rebuilt the file from the keys that it knows",
        _CUT,
    ),
    "key-added": Code(
        "a top-level key is not in the source",
        "a tool put its own information in",
        "leave it, if no loader reads it",
    ),
    "key-changed": Code(
        "a top-level value is not that of the source",
        "info, licenses or a further list was rewritten",
        _CUT,
    ),
    "key-duplicated": Code(
        "a top-level key stands more than once",
        "texts were joined; most readers take the last value, without a word",
        _CUT,
    ),
    "image-added": Code(
        "an image is not in the source",
        "another source was meant, or an id was renumbered",
        "name the source that it was cut from",
    ),
    "image-lost": Code(
        "an image that the recipe keeps is missing",
        "the recipe was made for another file, or records were dropped afterwards",
        "apply the recipe again",
    ),
    "image-unplanned": Code(
        "an image is there that the recipe does not keep",
        "the recipe was made for another file",
        "apply the recipe again",
    ),
    "image-changed": Code(
        "an image record is not byte for byte that of the source",
        "a value, a number's text, a key's order or spacing was rewritten",
        _CUT,
    ),
    "image-duplicated": Code(
        "an image record stands more often than in the source",
        "files were merged, or a list was sampled with repetition",
        _CUT,
    ),
    "image-order": Code(
        "images stand in another order than in the source", "ids were sorted", _ORDER
    ),
    "id-type": Code(
        "an id is of another type than in the source",
        "a table or a string conversion was in between; 1 and '1' never match",
        _CUT,
    ),
    "annotation-added": Code(
        "an annotation is not in the source",
        "annotations were made up, or come from another file",
        _CUT,
    ),
    "annotation-orphaned": Code(
        "an annotation's image is not in the file",
        "images were dropped or lost, and their annotations stayed",
        _CUT,
    ),
    "annotation-lost": Code(
        "an annotation of a kept image is missing",
        "it was filtered (then name the recipe), or lost",
        "name the recipe that drops it, or " + _CUT,
    ),
    "annotation-changed": Code(
        "an annotation is not byte for byte that of the source",
        "a value, a number's text, a key's order or spacing was rewritten",
        _CUT,
    ),
    "annotation-moved": Code(
        "an annotation names another image than in the source",
        "image ids were renumbered for images or annotations alone",
        _CUT,
    ),
    "annotation-id": Code(
        "an annotation has another id than in the source",
        "ids were renumbered; an id of 0 counts as unmatched in pycocotools, and scores 0",
        _CUT,
    ),
    "annotation-category": Code(
        "an annotation is of another category than in the source",
        "category ids were shifted or mapped; a recipe would say how",
        "name the recipe that maps it (--recipe), or " + _CUT,
    ),
    "annotation-duplicated": Code(
        "an annotation stands more often than in the source",
        "files were merged; MMDetection refuses annotation ids that stand twice",
        _CUT,
    ),
    "annotation-order": Code(
        "annotations stand in another order than in the source", "they were sorted", _ORDER
    ),
    "category-lost": Code(
        "a category of the source is not listed",
        "unused categories were pruned: MMDetection's labels after it all shift",
        "keep the whole list; `cocosurgeon remap --like SOURCE` puts it back",
    ),
    "category-added": Code(
        "a category is listed that the source does not have",
        "an entry was added or duplicated: MMDetection's labels after it all shift",
        "keep the source's list; `cocosurgeon remap --like SOURCE` brings ids and order back",
    ),
    "category-changed": Code(
        "a category is not that of the source",
        "an id or a name was changed; names are compared exactly, case and blanks too",
        "name the recipe that maps it (--recipe), or keep the source's list",
    ),
    "category-order": Code(
        "categories are listed in another order than in the source",
        "they were sorted: MMDetection's labels follow the list",
        "`cocosurgeon remap --like SOURCE` brings the order back",
    ),
    # ---- what loaders emit
    "loader-error": Code(
        "the loader raises on one of the files",
        "records lack keys, ids stand twice, or nothing is left",
        "see the rule in docs/loaders.md",
    ),
    "classes": Code(
        "the loader's classes or category ids differ",
        "the category list differs",
        "compare the lists: `cocosurgeon remap --check SUBSET SOURCE`",
    ),
    "classes-unfit": Code(
        "the chosen class names and the file's categories do not fit",
        "MMDetection numbers the file's categories in the file's order, and calls label n the n-th "
        "of `classes`: a name that the file lacks moves every label behind it",
        "take the names from the file, in its order: `cocosurgeon snippet FILE`",
    ),
    "sample-lost": Code(
        "a sample is not emitted for the subset",
        "its image is gone, or the loader's filter drops it there",
        "see which rule drops it: `cocosurgeon explain SUBSET --image ID`",
    ),
    "sample-added": Code(
        "a sample is emitted for the subset only",
        "its image is new, or the loader's filter drops it in the source",
        "see which rule drops it: `cocosurgeon explain SOURCE --image ID`",
    ),
    "sample-order": Code("samples are emitted in another order", "images were reordered", _ORDER),
    "sample-changed": Code(
        "a sample's path, height or width differs", "the image record was changed", _CUT
    ),
    "label-shift": Code(
        "objects get another label",
        "the category list or category ids differ; every label after the difference moves",
        "compare the lists: `cocosurgeon remap --check SUBSET SOURCE`",
    ),
    "instance-lost": Code(
        "an object is not emitted for the subset",
        "its annotation is gone, or a rule of the loader drops it there",
        "see which rule drops it: `cocosurgeon explain SUBSET --image ID`",
    ),
    "instance-added": Code(
        "an object is emitted for the subset only",
        "its annotation is new, or a rule of the loader drops it in the source",
        "see which rule drops it: `cocosurgeon explain SOURCE --image ID`",
    ),
    "instance-order": Code(
        "an image's objects are emitted in another order", "annotations were reordered", _ORDER
    ),
    "box": Code("an object's box differs", "bbox was changed", _CUT),
    "ignore": Code("an object's ignore flag differs", "iscrowd was changed", _CUT),
    "mask": Code("an object's mask differs", "segmentation was changed", _CUT),
    # ---- the real library
    "real-error": Code(
        "the real library raises, or could not be run",
        "it is not installed, its configuration does not load, or the file breaks it",
        "mend what it names; --loader without --python goes by the rules alone",
    ),
    "evaluator-file": Code(
        "the config's evaluator reads another file than its dataset",
        "`ann_file` was changed beside the dataset only: what the dataset does not have counts as "
        "missed, and the result falls without an error",
        "set `val_evaluator.ann_file` (`test_evaluator`) to the dataset's; "
        "`cocosurgeon snippet FILE` prints both",
    ),
    "evaluator-indices": Code(
        "the config's evaluator counts images that `indices` leaves out",
        "`indices` cuts the dataset, not the evaluator's file: the other images count as missed",
        "write a file of these images (`cocosurgeon subset --first N`), for both",
    ),
    "real-differs": Code(
        "the real library emits something else than its rules say",
        "another version, a patched or a derived dataset class",
        "name the config it is used with (--config); report it, if it is a stock version",
    ),
    "packed": Code(
        "what the real pipeline makes of an image differs",
        "boxes, labels or masks differ, or the image file itself",
        "look at the image in both: `cocosurgeon explain`",
    ),
    "unexplained": Code(
        "two loaders differ, and no rule of theirs explains it",
        "another file, other options, or a patched loader",
        "look at the record in both",
    ),
}
