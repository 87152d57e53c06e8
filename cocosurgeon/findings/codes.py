"""The codes of findings: meaning, cause, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from cocosurgeon.version import DOCS

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Code:
    """A kind of finding.

    Attributes:
        group: name of the group, which sorts codes.
        meaning: the fault.
        arises: the usual cause.
        next: what to do.
        severity: ``error`` (exit code 1), ``warning`` (exit code 1 with ``--strict``) or ``note``.
    """

    group: str
    meaning: str
    arises: str
    next: str
    severity: Severity = "error"


_AGAIN = "cut the file again: `cocosurgeon subset SOURCE --match FILE"
_CUT = f"{_AGAIN} -o NEW`"
_CUT_BY_NAME = f"{_AGAIN} --match-by file_name -o NEW`"
_ORDER = "loaders that follow the file's order see other samples: keep the source's order"

_codes: dict[str, Code] = {
    "text-differs": Code(
        "file",
        "the values equal the source's, the text differs",
        "the file was rewritten: other spelling of numbers, spacing or order of keys",
        _CUT,
    ),
    "key-lost": Code(
        "file",
        "a top-level key of the source is missing",
        "a tool rebuilt the file from the keys that it knows",
        _CUT,
    ),
    "key-added": Code(
        "file",
        "a top-level key is not in the source",
        "a tool put its own information in",
        "keep it, if no loader reads it",
    ),
    "key-changed": Code(
        "file",
        "a top-level value differs from the source's",
        "info, licenses or a further list was rewritten",
        _CUT,
    ),
    "key-duplicated": Code(
        "file",
        "a top-level key appears more than once",
        "a text was edited, or joined from two; most readers silently take the last value",
        "keep one of them",
    ),
    "image-added": Code(
        "images",
        "an image is not in the source",
        "another source was meant, or an id was renumbered",
        "name the source that it was cut from",
    ),
    "image-lost": Code(
        "images",
        "an image that the recipe keeps is missing",
        "the recipe was made for another file, or records were dropped afterwards",
        "apply the recipe again",
    ),
    "image-unplanned": Code(
        "images",
        "the file has an image that the recipe drops",
        "the recipe was made for another file",
        "apply the recipe again",
    ),
    "image-changed": Code(
        "images",
        "the bytes of an image record differ from the source's",
        "a value, a number's text, a key's order or spacing was rewritten",
        _CUT,
    ),
    "image-duplicated": Code(
        "images",
        "an image record appears more often than in the source",
        "files were merged, or a list was sampled with repetition",
        _CUT,
    ),
    "image-order": Code(
        "images", "images are in another order than in the source", "ids were sorted", _ORDER
    ),
    "image-repeated": Code(
        "images",
        "an image id is listed more than once",
        "files were merged without new ids; loaders keep one of the images, and put the boxes of "
        "all on it",
        "give each image an id of its own",
    ),
    "id-type": Code(
        "ids",
        "an id is of another type than in the source",
        "ids went through a table or a string conversion; to most loaders 1 and '1' are two ids",
        _CUT_BY_NAME,
    ),
    "annotation-added": Code(
        "annotations",
        "an annotation is not in the source",
        "it comes from another file, or was made up",
        _CUT,
    ),
    "annotation-orphaned": Code(
        "annotations",
        "an annotation names an image that the file does not list; most loaders skip it",
        "images were dropped and their annotations stayed, or ids are text in one list and numbers "
        "in the other",
        _CUT,
    ),
    "annotation-shadowed": Code(
        "annotations",
        "a loader uses another annotation of the same id instead of this one",
        "files were merged without new ids, or ids count from 1 in each image",
        "number the annotations: each id once",
    ),
    "annotation-lost": Code(
        "annotations",
        "an annotation of a kept image is missing",
        "it was filtered (then name the recipe), or lost",
        "name the recipe that drops it, or " + _CUT,
    ),
    "annotation-changed": Code(
        "annotations",
        "the bytes of an annotation differ from the source's",
        "a value, a number's text, a key's order or spacing was rewritten",
        _CUT,
    ),
    "annotation-moved": Code(
        "annotations",
        "an annotation names another image than in the source",
        "image ids were renumbered in one of the two lists only",
        _CUT_BY_NAME,
    ),
    "annotation-id": Code(
        "annotations",
        "an annotation has another id than in the source",
        "ids were renumbered; an id of 0 counts as unmatched in pycocotools, and scores 0",
        _CUT,
    ),
    "annotation-category": Code(
        "annotations",
        "an annotation is of another category than in the source",
        "category ids were shifted or mapped; a recipe records how",
        "name the recipe that maps it (--recipe), or " + _CUT,
    ),
    "annotation-duplicated": Code(
        "annotations",
        "an annotation appears more often than in the source",
        "files were merged; MMDetection refuses annotation ids that appear twice",
        _CUT,
    ),
    "annotation-order": Code(
        "annotations",
        "annotations are in another order than in the source",
        "they were sorted",
        _ORDER,
    ),
    "value-unusable": Code(
        "annotations",
        "a value cannot be used",
        "an export wrote null, text or NaN where a number belongs",
        "write a number, or remove the key if no loader needs it",
        "warning",
    ),
    "rle-unusable": Code(
        "masks",
        "a run-length encoded mask cannot be used",
        "height and width were swapped, the image was resized, or bytes were written as text; "
        "pycocotools draws a wrong mask without an error",
        "encode the mask again, for an image of this size",
    ),
    "polygon-unusable": Code(
        "masks",
        "a polygon cannot be used",
        "an export wrote empty polygons, boxes or lines, or polygons of another image; MMDetection "
        "skips the object, pycocotools raises or draws nothing",
        "draw the mask again; detection needs only the box",
        "warning",
    ),
    "info-missing": Code(
        "file",
        "the file has no 'info'",
        "an export did not write it",
        'add an empty object: "info": {}',
        "note",
    ),
    "category-lost": Code(
        "categories",
        "a category of the source is not listed",
        "unused categories were removed: all later labels of MMDetection shift",
        "keep the whole list; `cocosurgeon remap FILE --like SOURCE` restores it",
    ),
    "category-added": Code(
        "categories",
        "a category is listed that the source does not have",
        "an entry was added or duplicated: all later labels of MMDetection shift",
        "keep the source's list; `cocosurgeon remap FILE --like SOURCE --unmapped drop` restores "
        "it",
    ),
    "category-changed": Code(
        "categories",
        "a category differs from the source's",
        "an id or a name was changed; names are compared exactly, case and blanks too",
        "name the recipe that maps it (--recipe), or keep the source's list",
    ),
    "category-repeated": Code(
        "categories",
        "a category id is listed more than once",
        "files were merged; MMDetection takes the last label of the id, YOLOX the first",
        "give each category an id of its own",
    ),
    "category-nameless": Code(
        "categories",
        "a category has no name that is text",
        "an export did not write it; MMDetection chooses categories by name, and loads no object "
        "of it",
        "write a name into the file",
        "warning",
    ),
    "category-order": Code(
        "categories",
        "categories are listed in another order",
        "they were sorted: MMDetection's labels follow the list",
        "`cocosurgeon remap FILE --like OTHER` restores the order",
    ),
    "loader-error": Code(
        "loader",
        "the loader raises on one of the files",
        "records lack keys, ids appear twice, or nothing is left",
        f"see the rule in {DOCS}/loaders.md",
    ),
    "nothing-loaded": Code(
        "loader",
        "the loader returns no object to train on, though the file has annotations",
        "ids are text in one list and numbers in the other, or rules drop every annotation",
        "see which rule drops them: `cocosurgeon explain FILE --image ID`",
    ),
    "classes": Code(
        "labels",
        "the loader's classes or category ids differ",
        "the category list differs",
        "compare the lists: `cocosurgeon remap --check SUBSET SOURCE`",
    ),
    "classes-default": Code(
        "labels",
        "with the framework's default class names, labels have other names",
        "a default config has COCO's 80 classes; the file has others, fewer, or another order",
        "give the dataset the file's names: `cocosurgeon snippet FILE --for mmdet3` prints them; "
        "verify the config (--config), or name the classes (--classes)",
        "warning",
    ),
    "classes-unfit": Code(
        "labels",
        "the chosen class names and the file's categories do not match",
        "MMDetection numbers the file's categories in the file's order, and names label n by the "
        "n-th of `classes`: a name that the file lacks shifts every later label",
        "take the names from the file, in its order: `cocosurgeon snippet FILE --for mmdet3`",
    ),
    "sample-lost": Code(
        "samples",
        "the loader does not return a sample for the subset",
        "its image is gone, or the loader's filter drops it there",
        "see which rule drops it: `cocosurgeon explain SUBSET --image ID`",
    ),
    "sample-added": Code(
        "samples",
        "the loader returns a sample for the subset only",
        "its image is new, or the loader's filter drops it in the source",
        "see which rule drops it: `cocosurgeon explain SOURCE --image ID`",
    ),
    "sample-order": Code(
        "samples", "the loader returns samples in another order", "images were reordered", _ORDER
    ),
    "sample-changed": Code(
        "samples", "a sample's path, height or width differs", "the image record was changed", _CUT
    ),
    "label-shift": Code(
        "labels",
        "objects get another label",
        "the category list or category ids differ; every later label shifts",
        "compare the lists: `cocosurgeon remap --check SUBSET SOURCE`",
    ),
    "instance-lost": Code(
        "samples",
        "the loader does not return an object for the subset",
        "its annotation is gone, or a rule of the loader drops it there",
        "see which rule drops it: `cocosurgeon explain SUBSET --image ID`",
    ),
    "instance-added": Code(
        "samples",
        "the loader returns an object for the subset only",
        "its annotation is new, or a rule of the loader drops it in the source",
        "see which rule drops it: `cocosurgeon explain SOURCE --image ID`",
    ),
    "instance-order": Code(
        "samples",
        "the loader returns an image's objects in another order",
        "annotations were reordered",
        _ORDER,
    ),
    "box": Code("samples", "an object's box differs", "bbox was changed", _CUT),
    "ignore": Code("samples", "an object's ignore flag differs", "iscrowd was changed", _CUT),
    "mask": Code("samples", "an object's mask differs", "segmentation was changed", _CUT),
    "real-error": Code(
        "library",
        "the real library raises, or could not be run",
        "it is not installed, its configuration does not load, or the file breaks it",
        "fix what it names; --loader without --python uses only the rules",
    ),
    "evaluator-file": Code(
        "library",
        "the config's evaluator reads another file than its dataset",
        "`ann_file` was changed for the dataset only: images that the dataset lacks count as "
        "missed, and the score drops without an error",
        "set `val_evaluator.ann_file` (`test_evaluator`) to the dataset's; "
        "`cocosurgeon snippet FILE --for mmdet3` prints both",
    ),
    "evaluator-missing": Code(
        "library",
        "the config's evaluator has nothing to compare with",
        "CocoMetric has no `ann_file`",
        "set `val_evaluator` (`test_evaluator`) with its `ann_file`; "
        "`cocosurgeon snippet FILE --for mmdet3` prints it",
    ),
    "evaluator-absent": Code(
        "library",
        "the config has a dataloader for evaluation, and no evaluator",
        "the base's evaluator was set to None, or the config is a part of one; mmengine's Runner "
        "raises ValueError",
        "set both, or neither",
        "warning",
    ),
    "num-classes": Code(
        "library",
        "a head of the config's model has another number of classes than its dataset",
        "`classes` were changed for the dataset only, or one of several heads was forgotten",
        "set `num_classes` of every head to the number of classes",
    ),
    "image-files": Code(
        "library",
        "image files that the config's dataset names are not there",
        "the base's `data_prefix` (2.x: `img_prefix`) stays where only `ann_file` is changed",
        "set the folder with the file: `data_prefix=dict(img=...)`, in 2.x `img_prefix`; relative "
        "paths start in the current folder",
    ),
    "evaluator-indices": Code(
        "library",
        "the config's evaluator counts images that `indices` skips",
        "`indices` cuts the dataset, not the evaluator's file: the other images count as missed",
        "write a file of these images (`cocosurgeon subset --first N`), for both",
    ),
    "real-differs": Code(
        "library",
        "the real library does not return what its rules say",
        "another version, a patched or a derived dataset class",
        "name the config it is used with (--config); report it, if it is an unmodified release",
    ),
    "packed": Code(
        "library",
        "the real pipeline's output for an image differs",
        "boxes, labels or masks differ, or the image file itself",
        "look at the image in both: `cocosurgeon explain`",
    ),
    "augmented": Code(
        "samples",
        "the dump was recorded after random transforms",
        "images are resized, cropped or mirrored there, so no box can be compared",
        "record the dataset's output before its transforms, or with the transforms for testing",
    ),
    "unexplained": Code(
        "samples",
        "two loaders differ, and no rule of theirs explains it",
        "another file, other options, or a patched loader",
        "look at the record in both",
    ),
    "category-id": Code(
        "categories",
        "a class has another id in the other file",
        "the files use different label spaces, or one was renumbered",
        "`cocosurgeon remap FILE --like OTHER` makes ids and order equal",
    ),
    "category-name": Code(
        "categories",
        "an id has another name in the other file",
        "the files use different label spaces, or spell a class differently",
        "`cocosurgeon remap FILE --like OTHER`, with --alias for two spellings of one class",
    ),
    "category-missing": Code(
        "categories",
        "only one of the files lists a category",
        "unused categories were removed, or the files have different classes",
        "`cocosurgeon remap FILE --like OTHER` adds and orders entries",
    ),
    "image-dropped": Code(
        "images",
        "a loader drops a whole image for one of its annotations",
        "a box is far over the edge of the image, or a category id gives no label",
        "correct that annotation; see the rule with `cocosurgeon explain FILE --image ID`",
        "warning",
    ),
    "category-unlisted": Code(
        "categories",
        "a category id is used that the list does not have",
        "an entry was removed, ids were shifted, or are text in one place and numbers in the other",
        "add the entry, or remap the id",
    ),
    "unreadable": Code(
        "folders",
        "a file or folder cannot be read",
        "it is damaged, or its permissions forbid it",
        "make it readable, or export it again",
    ),
    "no-annotations": Code(
        "folders",
        "annotation files are not where frameworks look",
        "another folder was named, or files lie in the data root itself",
        "name the folder that holds annotations/",
    ),
    "compressed": Code(
        "folders",
        "an annotation file is compressed",
        "it was downloaded that way; no framework unpacks it",
        "unpack it in its folder",
        "warning",
    ),
    "nameless": Code(
        "folders",
        "image records have no file_name",
        "an export wrote ids only; loaders raise there",
        "write the names into the file",
    ),
    "images-missing": Code(
        "folders",
        "images of a file are not on disk",
        "a download is incomplete, folders were split, or names were written on another system",
        "complete the folder, or cut the file to the images that exist",
    ),
    "pngs-missing": Code(
        "folders",
        "PNGs of a panoptic file are not on disk",
        "their archive was not unpacked, or unpacked elsewhere",
        "unpack them next to the annotation file",
    ),
    "misplaced": Code(
        "folders",
        "files exist, but not where frameworks look",
        "another tool's tree has them elsewhere",
        "move or link them",
    ),
    "nested": Code(
        "folders",
        "a folder is inside another of its name, or of its archive's",
        "an archive was unpacked one level too deep",
        "move its content up",
    ),
    "empty": Code(
        "folders",
        "a folder of images is empty",
        "images were not unpacked or linked yet",
        "unpack or link its images",
    ),
    "dangling-link": Code(
        "folders",
        "a link leads nowhere, or in a circle",
        "its target was moved or removed",
        "point links at files or folders that exist, or remove them",
    ),
    "archive": Code(
        "folders",
        "an archive is not unpacked",
        "it was only downloaded",
        "unpack it",
        "warning",
    ),
}

CODES: Mapping[str, Code] = _codes
"""All codes. Those of ``lint`` are added when its checks are imported."""


def add_code(name: str, code: Code) -> None:
    """Add a code to the table."""
    assert name not in _codes, name
    _codes[name] = code


def add_codes(group: str, rows: Mapping[str, tuple[str, str, str, Severity]]) -> tuple[str, ...]:
    """Add the codes of a group (meaning, cause, what to do, severity), and return their names."""
    for name, (meaning, arises, what_to_do, severity) in rows.items():
        add_code(name, Code(group, meaning, arises, what_to_do, severity))
    return tuple(rows)
