"""The folder of images that a loader is told, under its own name for it."""

from __future__ import annotations

from collections.abc import Mapping

NAMES: Mapping[str, str] = {"mmdet3": "data_prefix", "mmdet2": "img_prefix", "torchvision": "root"}
"""The option, by loader."""


def behind_root(path: str, loader: str, options: object) -> str:
    """An image's path as dumps have it: without the root that rules put before it."""
    root = getattr(options, NAMES.get(loader, ""), None)
    if isinstance(root, Mapping):
        root = root.get("img")
    if not isinstance(root, str) or not root:
        return path
    start = root if root.endswith("/") else f"{root}/"
    return path.removeprefix(start)
