"""RT-DETR v1 and v2: a dataset's YAML."""

from __future__ import annotations

from cocosurgeon.loaders.rtdetr import Options
from cocosurgeon.snippet import detection_yaml
from cocosurgeon.snippet.source import Snippet, SnippetSource


def write(source: SnippetSource) -> Snippet:
    """Write the dataset's YAML."""
    return detection_yaml.written("rtdetr", "RT-DETR", Options, source)
