"""D-FINE: a dataset's YAML."""

from __future__ import annotations

from cocosurgeon.loaders.dfine import Options
from cocosurgeon.snippet import detection_yaml
from cocosurgeon.snippet.source import Snippet, SnippetSource


def write(source: SnippetSource) -> Snippet:
    """Write the dataset's YAML."""
    return detection_yaml.written("dfine", "D-FINE", Options, source)
