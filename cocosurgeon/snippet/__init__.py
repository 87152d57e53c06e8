"""Configuration for a file, ready to paste: one file a framework.

source         the annotation file, and its image root
comments       lines of a snippet, and comments on the file's records
mmdet          parts for both MMDetection 2.x and 3.x
detection_yaml YAML that several frameworks read
mmdet3         MMDetection 3.x
mmdet2         MMDetection 2.x
onedl          onedl-mmdetection, a fork of 3.x
detectron2     detectron2
detr           DETR and the like
dino           DINO
rtdetr         RT-DETR v1 and v2
dfine          D-FINE
deim           DEIM
rfdetr         RF-DETR
torchvision    torchvision's CocoDetection
torchvision2   the same in wrap_dataset_for_transforms_v2
transformers   DetrImageProcessor
ultralytics    Ultralytics, by its conversion

Every module but the first four is a framework, under its name, with a function ``write(source)``:
a new framework is one new module, and nothing else.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import TYPE_CHECKING

from cocosurgeon.errors import LoaderError, UnknownNameError
from cocosurgeon.text import did_you_mean
from cocosurgeon.version import DOCS

if TYPE_CHECKING:
    from cocosurgeon.snippet.source import Snippet, SnippetSource

_SHARED = ("comments", "detection_yaml", "mmdet", "source")
FRAMEWORKS = tuple(m.name for m in pkgutil.iter_modules(__path__) if m.name not in _SHARED)
"""Names of the frameworks, sorted; none of their modules is imported for this."""


def require_framework(name: str) -> None:
    """Raise UnknownNameError, with the nearest name, for a framework without snippets."""
    if name not in FRAMEWORKS:
        raise UnknownNameError(
            f"no framework is called {name!r}",
            hint=did_you_mean(name, FRAMEWORKS) or f"there are: {', '.join(FRAMEWORKS)}",
        )


def snippet_for(name: str, source: SnippetSource) -> Snippet:
    """Return the configuration of a framework for a file.

    Raises:
        UnknownNameError: there is no such framework.
        RequestError: the framework cannot read such a file.
        LoaderError: its loader raises on the file.
    """
    require_framework(name)
    try:
        snippet: Snippet = import_module(f"{__name__}.{name}").write(source)
    except LoaderError as error:
        place = f", {error.where}" if error.where else ""
        raise LoaderError(
            f"the loader of {name} raises {error.exception}: {error.what}",
            exception=error.exception,
            rule=error.rule,
            where=f"{source.ann_file}{place}",
            hint=f"no configuration helps: see the rule in {DOCS}/loaders.md",
        ) from error
    return snippet
