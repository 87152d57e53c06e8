"""Images and objects that loaders drop, in columns."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from cocosurgeon.browse.file_data import FileData
from cocosurgeon.errors import LoaderError
from cocosurgeon.loaders import LOADERS, NothingLeftError, View, load
from cocosurgeon.loaders.explain import in_record
from cocosurgeon.loaders.index import indexed
from cocosurgeon.loaders.loader import MODES
from cocosurgeon.loaders.settings import Setting, settings_for
from cocosurgeon.progress import progress_of
from cocosurgeon.verify.expected import class_names


def drops_of(file: FileData, loaders: Sequence[str]) -> list[dict[str, object]]:
    """Return the images and objects that each loader drops, by mode if the modes differ."""
    classes = class_names(file.document)
    settings = [s for n in loaders for s in settings_for(n, MODES, classes, ann_file=file.name)]
    document: object = file.document
    found = []
    with progress_of("asking loaders") as progress:
        with suppress(LoaderError):  # each loader raises it below, some after other checks
            document = indexed(document)
        for done, setting in enumerate(settings):
            if progress is not None:
                progress(done, len(settings))
            found.append(_dropped(file, setting, document))
    return found


def _dropped(file: FileData, setting: Setting, document: object) -> dict[str, object]:
    raises, view = None, None
    try:
        view = load(setting.loader, document, setting.options)
    except NothingLeftError as error:
        raises, view = f"{error.exception}: {error.what}", error.view
    except LoaderError as error:
        raises = f"{error.exception}: {error.what}{in_record(error)}"
    rules: dict[str, int] = {}
    images, objects = _rows_of(file, view, rules) if view is not None else ([], [])
    by_name = {rule.name: rule for rule in LOADERS[setting.loader].rules}
    return {
        "name": " ".join(filter(None, (setting.loader, setting.named_mode))),
        "raises": raises,
        "rules": [[name, by_name[name].what, by_name[name].source] for name in rules],
        "images": images,
        "objects": objects,
    }


def _rows_of(file: FileData, view: View, rules: dict[str, int]) -> tuple[list[int], list[int]]:
    """Return the places of dropped images and objects, each followed by its rule's number."""
    images: list[int] = []
    objects: list[int] = []
    for dropped in view.dropped:
        rule = rules.setdefault(dropped.rule, len(rules))
        if dropped.kind == "image":
            images += (dropped.row, rule)
        elif dropped.row in file.object_places:
            objects += (file.object_places[dropped.row], rule)
    return images, objects
