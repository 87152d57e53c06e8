"""Mutations of the loaders' rules, each found by the files of their tests.

A mutation changes a line of a module. Loaders are executed from the changed text, in memory, and
given the files of ``test_loaders.py`` and ``odd_documents.py``, until the changed rule drops other
records of a file than before, or no longer raises at it, or raises where it did not.
"""

from __future__ import annotations

import ast
import functools
import importlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.abc import Loader as ImportLoader
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, Literal, TypeAlias

import pytest
from conftest import THOROUGH
from odd_documents import changed_usual
from test_loaders import (
    BATCHES,
    FATES,
    FILES,
    FORK_TRAIN,
    KEYPOINTS,
    MASKS,
    NEAR,
    PICKED,
    PICKED_OF,
    SKIPPED,
    SKIPPING,
    STACKED,
    TEST2,
    TRAIN,
    ULTRALYTICS,
    UNFILTERED,
    UNNAMED,
    picking,
    raising,
    with_all,
    with_one,
)

import cocosurgeon.loaders
from cocosurgeon.errors import LoaderError
from cocosurgeon.loaders import LOADERS, LoaderOptions, View
from cocosurgeon.loaders.registry import NOT_LOADERS

Kind: TypeAlias = Literal["drops", "raises"]
Case: TypeAlias = tuple[Any, LoaderOptions | None]

FOLDER = Path(cocosurgeon.loaders.__file__).parent
REAL_PACKAGE, PACKAGE = cocosurgeon.loaders.__name__, "mutated_loaders"


@dataclass(frozen=True)
class Mutation:
    """A change of a module.

    Attributes:
        kind: whether its rules drop something or raise.
        module: its name.
        rules: names of the rules that are changed, separated by spaces.
        old: text of the module, which it has once.
        new: what stands in its place.
        but: names of loaders that have such a rule from elsewhere, separated by spaces.
    """

    kind: Kind
    module: str
    rules: str
    old: str
    new: str
    but: str = ""

    def __str__(self) -> str:
        return f"{self.module} {self.rules}: {self.old!r} -> {self.new!r}"

    def changed(self) -> list[tuple[str, str]]:
        """Loaders, each with a rule of it that is changed."""
        return [
            (name, rule)
            for name in LOADERS
            if name not in self.but.split() and self.module in modules_of(name)
            for rule in self.rules.split()
            if rule in rules_of(name, self.kind)
        ]


def drops(module: str, *rows: tuple[str, ...]) -> list[Mutation]:
    return [Mutation("drops", module, *row) for row in rows]


def raises(module: str, *rows: tuple[str, ...]) -> list[Mutation]:
    return [Mutation("raises", module, *row) for row in rows]


CONVERTED = "deim detr dfine dino rfdetr rtdetr torchvision2 transformers"
"""Loaders that make tensors of what they read, for which others fail."""
OWN_IDS = "deim dfine ultralytics"
"""Loaders that do not index a file as pycocotools does, or not always."""

MUTATIONS = [
    *drops(
        "dropped",
        (
            "shadowed",
            "if len(index.image_rows) != len(index.images):",
            "if len(index.image_rows) == len(index.images):",
            "ultralytics",
        ),
        (
            "shadowed",
            "if index.last_rows[ann_id] != row:",
            "if index.last_rows[ann_id] == row:",
            "ultralytics",
        ),
        (
            "unlisted-image",
            "if i not in index.image_rows)",
            "if i in index.image_rows)",
            f"{CONVERTED} torchvision yolox",
        ),
        (
            "unlisted-image text-id",
            "UNREACHED.name if img_id in index.image_rows",
            "UNREACHED.name if img_id not in index.image_rows",
            "mmdet3 mmdet2 onedl",
        ),
        ("unlisted-image", "if row not in reached", "if row in reached", "mmdet3 mmdet2 onedl"),
    ),
    *drops(
        "mmdet",
        ("ignored", 'if annotation.get("ignore", False):', 'if annotation.get("ignore") == 1:'),
        ("ignored", 'if annotation.get("ignore", False):', "if False:"),
        ("outside", 'image["width"]) - max(x, 0)', 'image["width"] - 1) - max(x, 0)'),
        ("outside", 'image["width"]) - max(x, 0)', 'image["width"]) - max(x, 1)'),
        ("outside", 'image["height"]) - max(y, 0)', 'image["height"] - 1) - max(y, 0)'),
        ("outside", "if across * down == 0:", "if across + down == 0:"),
        ("no-area", 'if annotation["area"] <= 0:', 'if annotation["area"] < 0:'),
        ("no-area", 'if annotation["area"] <= 0:', 'if annotation["area"] == 0:'),
        ("no-area", 'if annotation["area"] <= 0:', 'if not annotation["area"] > 0:'),
        ("tiny", "if w < 1 or h < 1:", "if w <= 1 or h < 1:"),
        ("tiny", "if w < 1 or h < 1:", "if w < 1 or h <= 1:"),
        ("tiny", "if w < 1 or h < 1:", "if w < 1 and h < 1:"),
        ("category-not-taken", "] in cat_ids else", "] in list(cat_ids)[:-1] else"),
        ("filter_empty_gt", "and img_id not in non_empty:", "and img_id in non_empty:"),
        ("filter_empty_gt", "and img_id not in non_empty:", "and False:"),
        ("min_size", ">= min_size", "> min_size"),
        (
            "min_size",
            'min(image["width"], image["height"])',
            'max(image["width"], image["height"])',
        ),
    ),
    *drops(
        "mmdet2",
        ("min_size", "MIN_SIZE = 32", "MIN_SIZE = 33"),
        ("filter_empty_gt", "if options.test_mode:", "if not options.test_mode:"),
        ("objects365-missing", "if kind.skips(image):", "if False:"),
    ),
    *drops(
        "mmdet3",
        ("filter_empty_gt min_size", "if options.test_mode or cfg is None:", "if True:"),
        ("objects365-missing", "if kind.skips(image):", "if False:"),
        ("indices", "if indices >= 0", "if indices > 0"),
        ("indices", "if row not in rows:", "if row in rows:"),
    ),
    *drops(
        "derived",
        (
            "objects365-missing",
            'image.get("file_name") in self.',
            'image.get("file_name") not in self.',
        ),
        ("objects365-missing", "os.path.split(folder)[-1], file", "folder, file"),
    ),
    *drops(
        "detr",
        ("crowd", 'ann["iscrowd"] == 0:', 'not ann["iscrowd"]:'),
        ("crowd", 'ann["iscrowd"] == 0:', 'ann["iscrowd"] != 0:'),
        ("degenerate", "if box[3] > box[1]", "if box[3] >= box[1]"),
        ("degenerate", "box[2] > box[0]:", "box[2] >= box[0]:"),
        ("degenerate", "box[1] and box[2]", "box[1] or box[2]"),
        ("degenerate", "most = size if", "most = size + 1 if"),
        ("degenerate", "first::2], 0)", "first::2], 1)"),
    ),
    *drops(
        "dfine",
        ("shadowed", '"id", last[number])', '"id", image["id"])'),
        ("unlisted-image", 'last.get(number, ann["image_id"])', 'ann["image_id"]'),
    ),
    *drops(
        "dino",
        ("unreadable", "except LoaderError as error:", "except IndexError as error:"),
    ),
    *drops(
        "detectron2",
        ("no-valid-polygon", "len(polygon) >= 6", "len(polygon) > 6"),
        ("no-valid-polygon", "len(polygon) % 2 == 0 and ", ""),
        ("no-valid-polygon", "if mask == []:", "if not mask:"),
        ("filter_empty", "if options.filter_empty and all(", "if options.filter_empty and any("),
        ("filter_empty", "if options.filter_empty and all(", "if all("),
        ("filter_empty", '.get("iscrowd", 0) != 0 for', '.get("iscrowd", 0) == 1 for'),
    ),
    *drops(
        "yolox",
        ("crowd", 'if ann["iscrowd"] == False:', 'if not ann["iscrowd"]:'),
        ("no-area", 'ann["area"] > 0', 'ann["area"] >= 0'),
        ("no-area", 'ann["area"] > 0', 'not ann["area"] <= 0'),
        ("degenerate", "elif box[2] >= box[0]", "elif box[2] > box[0]"),
        ("degenerate", "box[3] >= box[1]:", "box[3] > box[1]:"),
        ("degenerate", "return edge if edge < value", "return edge + 1 if edge < value"),
        ("text-id", "int(img_id)", "img_id"),
    ),
    *drops(
        "ultralytics",
        ("shadowed", "if row not in last}", "if row in last}"),
        ("no-image-file", 'part.startswith(".")', 'part.startswith("..")'),
        ("no-image-file", 'and parts[0] != ""', ""),
        ("no-image-file", 'and ending[1] == "."', ""),
        ("same-file", "elif files.setdefault(path, row) != row:", "elif False:"),
        ("small-image", "1 <= side < _LEAST_SIDE", "1 <= side < _LEAST_SIDE - 1"),
        ("small-image", "1 <= side < _LEAST_SIDE", "2 <= side < _LEAST_SIDE"),
        ("out-of-bounds", ".max() <= 1.01", ".max() <= 1.0"),
        ("out-of-bounds", "if not table[:, 1:].max() <= 1.01", "if table[:, 1:].max() > 1.01"),
        ("negative-label", "least >= -0.01", "least >= -0.02"),
        ("negative-label", "least >= -0.01", "least > 0"),
        ("negative-label", "3:5].min() >= 0)", "3:5].min() < 0)"),
        ("fractional-label", "if not (table[:, 0] % 1 == 0).all()", "if False"),
        ("label-beyond-names", ".max() < most", ".max() <= most"),
        ("crowd", 'ann.get("iscrowd", False)', 'ann.get("iscrowd", 0) == 1'),
        ("degenerate", "box[2] <= 0 or box[3] <= 0", "box[2] < 0 or box[3] <= 0"),
        ("degenerate", "box[2] <= 0 or box[3] <= 0", "box[2] <= 0 and box[3] <= 0"),
        ("duplicate", "if lines.setdefault(numbers, row) != row:", "if False:"),
        ("duplicate", "if len(set(map(tuple, rows))) == len(rows):", "if True:"),
        ("duplicate", ":g}", ":.7g}"),
        ("labels-lost", '.rsplit("/images/", 1)', '.split("/images/", 1)'),
    ),
    *raises(
        "view",
        (
            "no-id no-image-id no-coco-url no-file-name no-height no-width no-iscrowd no-bbox "
            "no-area no-category-id no-segmentation",
            "error.args[0] in fields:",
            "error.args[0] not in fields:",
        ),
        ("no-name", "error.args[0] in fields:", "error.args[0] not in fields:", "rfdetr"),
        (
            "no-keypoints",
            "error.args[0] in fields:",
            "error.args[0] not in fields:",
            "transformers",
        ),
        (
            "bad-id bad-image-id bad-file-name bad-height bad-width bad-category-id "
            "bad-segmentation",
            "_first_unusable(record, image, fields) or kind",
            "kind",
        ),
        (
            "bad-bbox bad-area",
            "_first_unusable(record, image, fields) or kind",
            "kind",
            CONVERTED,
        ),
        ("bad-bbox", "len(value) == 4", "len(value) != 4", CONVERTED),
        ("bad-name", "_first_unusable(record, image, fields) or kind", "kind", "detectron2 rfdetr"),
    ),
    *raises(
        "index",
        ("not-an-object", "if type(document) is not dict:", "if False:", OWN_IDS),
        (
            "bad-images bad-annotations bad-categories",
            'except TypeError as error:\n        fail("TypeError", f"bad-{key}"',
            'except KeyError as error:\n        fail("TypeError", f"bad-{key}"',
            "ultralytics",
        ),
        ("unsortable-ids", "return sorted(ids)", "return list(ids)"),
        ("text-id", "except (KeyError, IndexError) as error:", "except IndexError as error:"),
        ("odd-id", "type(img_id) is int:", "isinstance(img_id, (int, float)):", OWN_IDS),
        ("no-categories", "if self.categories is None:", "if not self.categories:"),
    ),
    *raises(
        "mmdet",
        ("duplicate-ids", "if ann_id in seen:", "if ann_id not in seen:"),
        ("duplicate-ids", "for img_id in index.image_rows:", "for img_id in index.rows_of:"),
    ),
    *raises(
        "derived",
        (
            "mixed-category-ids",
            'except TypeError as error:\n        fail("TypeError", MIXED_IDS',
            'except KeyError as error:\n        fail("TypeError", MIXED_IDS',
        ),
        ("no-coco-url", "except (KeyError, TypeError, AttributeError)", "except TypeError"),
    ),
    *raises("mmdet2", ("bad-class-file", "except (OSError, ValueError)", "except ValueError")),
    *raises(
        "mmdet3",
        ("bad-class-file", "except (OSError, ValueError)", "except ValueError"),
        ("no-img-prefix", 'if "img" not in options.data_prefix:', "if False:"),
        ("indices-out-of-range", "except IndexError:", "except KeyError:"),
        ("empty-dataset", "if options.serialize_data and not kept:", "if False:"),
        ("empty-dataset", "if options.serialize_data and not kept:", "if not kept:"),
    ),
    *raises(
        "detr",
        ("text-id", "if isinstance(item[0], str):", "if False:", "torchvision2"),
        ("huge-id", "if exception := scalar_error([img_id]):", "if exception := None:"),
        ("bad-bbox bad-area bad-keypoints", "    if exception:", "    if False:"),
        ("bad-category-id", "    if exception:", "    if False:", "rfdetr"),
        (
            "no-bbox no-area no-keypoints no-segmentation",
            "except KeyError as error:\n        row, ann",
            "except TypeError as error:\n        row, ann",
            "torchvision2 transformers",
        ),
        (
            "no-category-id",
            "except KeyError as error:\n        row, ann",
            "except TypeError as error:\n        row, ann",
            "rfdetr torchvision2 transformers",
        ),
        (
            "bad-segmentation",
            "type(side) is int for",
            "type(side) is not int for",
            "torchvision2",
        ),
    ),
    *raises(
        "tensors",
        ("huge-id", "-(2**63) <= value < 2**63", "-(2**63) <= value < 2**64"),
        ("bad-bbox", "if count % 4:", "if count % 3:", "torchvision2"),
        ("bad-keypoints", "(3 * len(values)) else", "(1 * len(values)) else", "transformers"),
    ),
    *raises(
        "torchvision",
        ("no-file-name", "except (KeyError, TypeError)", "except TypeError"),
        ("bad-file-name", "except (KeyError, TypeError)", "except KeyError"),
    ),
    *raises(
        "rtdetr",
        ("not-of-coco", "except KeyError:", "except ValueError:"),
        ("not-of-coco", "if remaps else detr.category_ids", "if not remaps else detr.category_ids"),
    ),
    *raises(
        "dfine",
        ("odd-id", "except (TypeError, ValueError, OverflowError)", "except TypeError"),
        ("not-an-object", "if type(document) is not dict:", "if False:"),
        ("odd-annotation-id", "if type(ann_id) is not int:", "if type(ann_id) is str:"),
    ),
    *raises(
        "dino",
        ("no-next-image", "if place + 1 == len(img_ids):", "if False:"),
        ("no-file", "if img_folder and not os.path", "if img_folder and os.path"),
    ),
    *raises(
        "rfdetr",
        ("unlisted-category", "if cat_id not in cat2label:", "if False:"),
        ("mixed-category-ids", "in sorted(last.keys()", "in list(last.keys()"),
        ("bad-train-file", "except (AttributeError, OverflowError)", "except OverflowError"),
        ("bad-supercategory bad-name", "if is_bad else", "if not is_bad else"),
        ("no-category-id", "if value is _NONE:", "if False:"),
        (
            "bad-id bad-category-id",
            "except (TypeError, ValueError, OverflowError) as error:",
            "except OverflowError as error:",
        ),
        (
            "no-name",
            'except KeyError as error:\n        _fail(error, "no-name")\n    except TypeError',
            'except OSError as error:\n        _fail(error, "no-name")\n    except TypeError',
        ),
    ),
    *raises(
        "torchvision2",
        ("unknown-target-keys", "if extra := sorted(options.keys - ALL_KEYS):", "if extra := []:"),
        (
            "no-bbox no-segmentation no-category-id no-area no-iscrowd",
            "if not values:",
            "if False:",
        ),
        ("bad-bbox", "not in (0, 1, 4)", "not in (0, 1, 3, 4)"),
        ("bad-bbox", "if len(shape) > 2:", "if len(shape) > 3:"),
        ("bad-segmentation", "elif not isinstance(segmentation, dict):", "elif False:"),
        ("bad-segmentation", "if len(shapes) > 1:", "if False:"),
    ),
    *raises(
        "transformers",
        ("crowd-with-masks", "if len(all_of_image) != objects:", "if False:"),
        ("no-objects-with-masks", "if not instances:", "if instances:"),
        ("no-keypoints", "if len(keypoints) != len(kept):", "if len(keypoints) > len(kept):"),
    ),
    *raises(
        "detectron2",
        ("ignore", 'if ann.get("ignore", 0) != 0:', 'if ann.get("ignore", 0) == 1:'),
        ("bad-bbox", 'len(ann["bbox"]) == 0:', 'len(ann["bbox"]) == 1:'),
        ("unlisted-category", "not in id_map:", "in id_map:"),
        ("empty-categories", "if not cat_ids:", "if cat_ids:"),
        ("duplicate-ids", "for row in rows}) != len(rows):", "for row in rows}) == len(rows):"),
        ("no-name", 'if "name" not in category:', "if False:"),
        ("bad-name", "if img_ids and (wrong", "if not img_ids and (wrong"),
        ("empty-dataset", "if not count:", "if count:"),
    ),
    *raises(
        "yolox",
        ("no-images", "if not index.has_images:", "if not index.images:"),
        ("text-id", "except ValueError:", "except KeyError:"),
        ("unlisted-category", "not in cat2label:", "in cat2label:"),
        ("bad-file-name", "if not isinstance(path, str):", "if path is None:"),
    ),
    *raises(
        "ultralytics",
        ("not-an-object", "if not isinstance(document, dict):", "if False:"),
        ("no-images no-annotations", "if key not in document:", "if False:"),
        (
            "bad-images bad-annotations",
            'except TypeError as error:\n        fail("TypeError", f"bad-{key}"',
            'except KeyError as error:\n        fail("TypeError", f"bad-{key}"',
        ),
        (
            "odd-id",
            "if not isinstance(img_id, int):\n            what",
            "if not isinstance(img_id, (int, float)):\n            what",
        ),
        (
            "bad-image-id",
            "if not isinstance(img_id, int):\n        what",
            "if not isinstance(img_id, (int, float)):\n        what",
        ),
        ("unlisted-image", "if img_id not in image_rows:", "if False:"),
        ("no-coco-class", "if numbers[0] is None:", "if False:"),
        ("beyond-coco-table", "except IndexError:", "except KeyError:"),
    ),
]


# ---- changed loaders


@functools.cache
def _text(module: str) -> str:
    return (FOLDER / f"{module}.py").read_text()


@functools.cache
def modules_of(name: str) -> frozenset[str]:
    """A module, and all that it imports of its package."""
    imported = set[str]()
    for node in ast.walk(ast.parse(_text(name))):
        if isinstance(node, ast.ImportFrom) and node.module == REAL_PACKAGE:
            imported.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and str(node.module).startswith(f"{REAL_PACKAGE}."):
            imported.add(str(node.module).rpartition(".")[2])
    return frozenset({name}.union(*map(modules_of, imported)))


class Changed(MetaPathFinder, ImportLoader):
    """The package of loaders under another name, in memory, with a mutation.

    Modules that do not import what is changed are the package's own. Used in ``with``, outside of
    which nothing of it can be imported.
    """

    def __init__(self, mutation: Mutation) -> None:
        self.mutation = mutation

    def __enter__(self) -> Changed:
        sys.meta_path.insert(0, self)
        for module in (*LOADERS, *NOT_LOADERS):
            if self.mutation.module not in modules_of(module):
                real = importlib.import_module(f"{REAL_PACKAGE}.{module}")
                sys.modules[f"{PACKAGE}.{module}"] = real
        return self

    def __exit__(self, *_: object) -> None:
        sys.meta_path.remove(self)
        for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
            del sys.modules[name]

    def find_spec(self, fullname: str, *where: object) -> ModuleSpec | None:
        package, _, module = fullname.partition(".")
        return ModuleSpec(fullname, self, is_package=not module) if package == PACKAGE else None

    def exec_module(self, module: ModuleType) -> None:
        _, _, name = module.__name__.partition(".")
        if name:
            module.__file__ = str(FOLDER / f"{name}.py")
            is_changed = name == self.mutation.module
            exec(_code(name, self.mutation if is_changed else None), module.__dict__)

    def loader(self, name: str) -> Any:
        """Return a loader, with what it imports."""
        return importlib.import_module(f"{PACKAGE}.{name}").LOADER


@functools.cache
def _code(name: str, mutation: Mutation | None) -> CodeType:
    text = _text(name)
    if mutation is not None:
        assert text.count(mutation.old) == 1, f"{mutation}: the text is not there once"
        text = text.replace(mutation.old, mutation.new)
    return compile(text.replace(REAL_PACKAGE, PACKAGE), f"{name}.py", "exec")


def rules_of(name: str, kind: Kind) -> list[str]:
    loader = LOADERS[name]
    return [rule.name for rule in (loader.rules if kind == "drops" else loader.errors)]


# ---- files

OPTIONS: dict[str, list[LoaderOptions | None]] = {
    "mmdet3": [TRAIN],
    "onedl": [FORK_TRAIN],
    "mmdet2": [None, TEST2],
    "detectron2": [None, UNFILTERED],
}
"""Options with which odd documents are loaded, where these are not the default ones alone."""


def cases(name: str, kind: Kind, rule: str) -> Iterator[Case]:
    """Yield files for a loader, first those that are made for a rule."""
    usual = OPTIONS.get(name, [None])
    if kind == "raises":
        made = raising(name, rule)
        yield made
        if rule == "bad-bbox":
            yield from ((with_all([{"bbox": box} for box in boxes]), None) for boxes, _ in BATCHES)
        if rule == "bad-keypoints":
            yield from ((with_all([{"keypoints": v} for v in each]), None) for each, _ in KEYPOINTS)
        if rule == "bad-segmentation":
            yield from ((with_all([{"segmentation": mask}]), made[1]) for mask, _ in MASKS)
            yield with_all([{"segmentation": mask} for mask in STACKED]), made[1]
        if rule == "no-category-id":
            yield UNNAMED, None
    else:
        mine = [(changes, found) for names, changes, found in FATES if name in names]
        for changes, _ in sorted(mine, key=lambda one: one[1] != rule):
            yield from ((with_one(changes), options) for options in usual)
    if name == "ultralytics":
        yield from ((document, None) for document in (FILES, NEAR))
        yield from ((with_all(changes), options) for changes, options, _ in ULTRALYTICS)
    if name in SKIPPING:
        yield SKIPPED, SKIPPING[name]
    if rule in ("indices", "empty-dataset"):
        yield from ((PICKED_OF, picking(indices)) for indices, _ in PICKED)
    odd = _odd_documents()  # those that break a loader are the last ones
    for document in odd if kind == "drops" else reversed(odd):
        yield from ((document, options) for options in usual)


_odd_documents = functools.cache(changed_usual)


RAW = (KeyError, IndexError, TypeError, ValueError, AttributeError, ArithmeticError, OSError)
"""What Python raises in a loader that no longer catches it."""


def met(loader: Any, case: Case, kind: Kind, rule: str) -> frozenset[object]:
    """Return the rows that a rule drops, or the exception that is raised by it."""
    document, options = case
    try:
        view: View = loader.view(document, options or loader.options(), None)
    except LoaderError as error:
        if kind == "raises":
            return frozenset([error.exception] if error.rule == rule else [])
        view = getattr(error, "view", NOTHING)
    except RAW:
        if kind == "drops":  # then it is no rule that was changed
            raise
        return frozenset()
    return frozenset((d.kind, d.row) for d in view.dropped if kind == "drops" and d.rule == rule)


NOTHING = View(loader="", box_format="xyxy", single=False, samples=(), dropped=())

_KNOWN: dict[tuple[str, Kind, str], list[frozenset[object]]] = {}
"""What is met by loaders as they are, in the files that were looked at so far."""


def is_found(changed: Any, name: str, kind: Kind, rule: str) -> bool:
    """Return whether a file tells a changed loader from the loader."""
    known = _KNOWN.setdefault((name, kind, rule), [])
    for place, case in enumerate(cases(name, kind, rule)):
        if place == len(known):
            known.append(met(LOADERS[name], case, kind, rule))
        if met(changed, case, kind, rule) != known[place]:
            return True
    return False


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: f"{m.module} {m.rules}")
def test_a_mutation_is_found(mutation: Mutation) -> None:
    changed = mutation.changed()
    assert changed, f"{mutation}: no loader has such a rule"
    with Changed(mutation) as package:
        lost = [
            f"{name} {rule}"
            for name, rule in (changed if THOROUGH else changed[:1])
            if not is_found(package.loader(name), name, mutation.kind, rule)
        ]
    assert not lost, f"{mutation}: no file finds it for {', '.join(lost)}"


@pytest.mark.parametrize("name", LOADERS)
def test_each_rule_is_mutated(name: str) -> None:
    mutated = {(m.kind, rule) for m in MUTATIONS for n, rule in m.changed() if n == name}
    kinds: tuple[Kind, ...] = ("drops", "raises")
    lost = [
        f"{kind} {r}" for kind in kinds for r in rules_of(name, kind) if (kind, r) not in mutated
    ]
    assert not lost, f"{name}: write a mutation in MUTATIONS for each of these rules: {lost}"
