"""Failure: the reported error, by the stage that failed."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

INSTALL = {
    "mmdet": "install MMDetection in that environment, or name an interpreter that has it",
    "mmcv": "pip install 'mmcv>=2.0.0rc4,<2.2.0' for 3.x, or an mmcv-full 1.x for 2.x",
    "mmcv._ext": "that mmcv has no compiled operations, which mmdet.datasets imports: install "
    "mmcv (3.x) or mmcv-full (2.x) with them",
    "pkg_resources": "pip install 'setuptools<81': later ones have no pkg_resources",
}
PACKAGES = {
    "PIL": "pillow",
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "google": "protobuf",
    "panopticapi": "git+https://github.com/cocodataset/panopticapi.git",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "turbojpeg": "PyTurboJPEG",
    "yaml": "pyyaml",
}
"""Packages to install, by module, where the names differ."""


class Failure(Exception):  # noqa: N818
    """The reason why there is no dump.

    ``kind`` is one of: missing (a module), version, config, dataset, pipeline, random, request,
    crash.
    """

    def __init__(
        self,
        kind: str,
        message: str,
        exception: str | None = None,
        hint: str | None = None,
        where: str | None = None,
    ) -> None:
        Exception.__init__(self, message)
        self.kind = kind
        self.message = message
        self.exception = exception
        self.hint = hint
        self.where = where

    def line(self) -> dict[str, Any]:
        """Return the object of the dump's last line."""
        return {
            "error": self.kind,
            "exception": self.exception,
            "message": self.message,
            "hint": self.hint,
            "where": self.where,
        }


@contextmanager
def stage(kind: str, hint: str | None = None, where: str | None = None) -> Iterator[None]:
    """Raise a failure of this kind for any exception in this block."""
    try:
        yield
    except Failure:
        raise
    # a library that exits is a failure, too
    except (Exception, SystemExit) as error:
        traceback.print_exc()
        raise Failure(kind, str(error), type(error).__name__, hint, where) from error


def needed(name: str) -> ModuleType:
    """Return a module of the framework.

    Raises:
        Failure: the module, or one that it imports, is missing or has the wrong version.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        traceback.print_exc()
        missing = error.name or name
        top = missing.partition(".")[0]
        default = f"pip install {PACKAGES.get(top, top)} in that environment"
        hint = INSTALL.get(missing, default)
        raise Failure("missing", str(error), type(error).__name__, hint) from error
    except AssertionError as error:
        # raised by MMDetection if mmcv or mmengine does not fit
        traceback.print_exc()
        hint = "install versions that fit together in that environment"
        raise Failure("version", str(error), type(error).__name__, hint) from error
    except (Exception, SystemExit) as error:
        traceback.print_exc()
        hint = f"make `import {name}` work in that environment first"
        if "torchvision::nms" in str(error):
            hint = "torch and torchvision there are of different releases: install a matching pair"
        raise Failure("missing", str(error), type(error).__name__, hint) from error


def version_of(*names: str) -> dict[str, str]:
    """Return the known versions of loaded modules."""
    found = {}
    for name in names:
        if name in sys.modules:
            version = getattr(sys.modules[name], "__version__", None) or installed(name)
            if version is not None:
                found[name] = str(version)
    return found


def installed(name: str) -> str | None:
    """Return the version of an installed package; None if unknown."""
    try:
        version: str = import_module("importlib.metadata").version(name)
    # Python 3.7 does not have it, and some packages have another name than their module
    except ImportError:
        return None
    return version
