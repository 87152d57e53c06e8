"""onedl-mmdetection, a fork of 3.x: the same dataloaders and evaluators."""

from __future__ import annotations

from cocosurgeon.loaders.onedl import Options
from cocosurgeon.snippet import mmdet3
from cocosurgeon.snippet.source import Snippet, SnippetSource


def write(source: SnippetSource) -> Snippet:
    """Write ``{train,val,test}_dataloader`` and ``{val,test}_evaluator``."""
    return mmdet3.written("onedl", "onedl-mmdetection 3.x", Options, source)
