"""Requests to a real loader: its interpreter, its dataset, and the samples to return."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import Distribution
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, get_args

from cocosurgeon.errors import RequestError
from cocosurgeon.loaders import LOADERS, Id, loaders_by_script, probed_loaders, real_library
from cocosurgeon.loaders.loader import Loader, Mode, RealLibrary
from cocosurgeon.loaders.settings import Setting

TIMEOUT = 600.0
"""Default seconds after which the library's process is killed."""

ANY_LINE = "mmdet"
"""Name in place of a loader: whichever MMDetection (2.x or 3.x) the interpreter has."""

Split = Literal["train", "val", "test"]
Pipeline = Literal["own", "plain"]


@dataclass(frozen=True, kw_only=True)
class ProbeOptions:
    """Options of all commands that run a real library.

    Attributes:
        config: path of an mmengine or mmcv config of the user.
        split: the dataset of the config; None: ``val``.
        python: path or name on PATH of an interpreter that has the library; None: this one.
        timeout: seconds after which the library's process is killed; None: ``TIMEOUT``.
        samples: number of images that go through the pipeline; None: none.
        images: ids of further images that do, as typed.
        img_prefix: the image root, if no config has one.
        pipeline: ``own`` of the config, or a ``plain`` one that loads and packs; None: ``own``
            with a config.

    Raises:
        RequestError: an option is invalid, or does not go with the others.
    """

    config: Path | None = None
    split: Split | None = None
    python: str | None = None
    timeout: float | None = None
    samples: int | None = None
    images: tuple[str, ...] = ()
    img_prefix: Path | None = None
    pipeline: Pipeline | None = None

    def __post_init__(self) -> None:
        if self.split not in (None, *get_args(Split)):
            raise RequestError(f"unknown split {self.split!r}", hint="use train, val or test")
        if self.pipeline not in (None, *get_args(Pipeline)):
            raise RequestError(f"unknown pipeline {self.pipeline!r}", hint="use own or plain")
        if self.split is not None and self.config is None:
            raise RequestError("--split has no effect without --config")
        for name, number in {"--samples": self.samples, "--timeout": self.timeout}.items():
            if number is not None and not number > 0:
                raise RequestError(f"{name} takes a number above 0, not {number}")
        for name, value in {"--pipeline": self.pipeline, "--img-prefix": self.img_prefix}.items():
            if value is not None and not self.samples and not self.images:
                raise RequestError(
                    f"{name} has no effect without images that go through the pipeline",
                    hint="name them: --samples N or --image ID",
                )
        if self.pipeline == "own" and self.config is None:
            raise RequestError(
                "an annotation file has no pipeline of its own",
                hint="name a config: --config",
            )

    @property
    def is_asked_for(self) -> bool:
        """True if an option asks for the real library."""
        return self.config is not None or self.python is not None

    @property
    def named(self) -> tuple[str, ...]:
        """Names of given options that only a real library uses."""
        given = {
            "--config": self.config,
            "--python": self.python,
            "--timeout": self.timeout,
            "--samples": self.samples,
            "--image": self.images or None,
        }
        return tuple(name for name, value in given.items() if value is not None)

    @property
    def limit(self) -> float:
        """Seconds after which the library's process is killed."""
        return TIMEOUT if self.timeout is None else self.timeout

    def has_library(self, loader: str) -> bool:
        """Return True if a loader's library is installed here, or an option asks for one."""
        real = real_library(loader)
        return real is not None and (self.is_asked_for or _is_here(real))

    def require_library(self, loader: str) -> None:
        """Raise RequestError if options ask for a real library that cannot be run.

        Raises:
            RequestError: the loader has no library to run, or it is not installed here.
        """
        if self.is_asked_for and real_library(loader) is None:
            raise RequestError(
                f"the real {loader} cannot be run; its rules are compared without it",
                hint="remove --python and --config, or name one of " + ", ".join(probed_loaders()),
            )
        if self.named and not self.has_library(loader):
            raise RequestError(
                f"{', '.join(self.named)}: only for the real {loader}, which is not here",
                hint="name an interpreter that has it: --python EXE",
            )

    def request(
        self, ann_file: Path | None, loader: str, setting: Setting | None, **changes: Any
    ) -> ProbeRequest:
        """Return the request that these options make.

        Args:
            ann_file: the annotation file; None: that of the config.
            loader: see ``ProbeRequest``.
            setting: mode and options of the loader; None: those of the config.
            changes: further fields of the request, such as ``images``.

        Raises:
            RequestError: two options name the image root.
        """
        known: dict[str, Any] = {}
        if setting is not None:
            root = LOADERS[setting.loader].image_root
            options = setting.options.for_framework()
            if self.img_prefix is not None and root in options:
                what = f"--img-prefix and --option {root} both name the folder of images"
                raise RequestError(what)
            known = {
                "mode": setting.named_mode,
                "classes": setting.classes,
                "options": options,
            }
        known |= {
            "config": self.config,
            "split": self.split or "val",
            "samples": self.samples or 0,
            "img_prefix": self.img_prefix,
            "pipeline": self.pipeline,
        }
        return ProbeRequest(ann_file=ann_file, loader=loader, **known | changes)


@dataclass(frozen=True)
class ProbeRequest:
    """A dataset to build, and the samples to return.

    Attributes:
        ann_file: the annotation file; with a config, used in place of the config's.
        config, split, img_prefix, pipeline: see ``ProbeOptions``.
        loader: name of the loader, or ``ANY_LINE``.
        mode: ``train`` or ``test``; None: that of the config, or ``test`` for a file alone.
        classes: class names; ``file``: the category names of the file; ``framework``: the names
            of the dataset or config. None: ``file``, with a config ``framework``.
        options: further arguments of the dataset, under the framework's own names.
        samples: number of samples that go through the pipeline, at even distances.
        images: ids of further images that go through the pipeline.
        pass_over: True if it is no error that the dataset does not load some of them.
        seed: seed of random transforms, set before each sample.
    """

    ann_file: Path | None = None
    config: Path | None = None
    loader: str = ANY_LINE
    split: Split = "val"
    mode: Mode | None = None
    classes: tuple[str, ...] | Literal["file", "framework"] | None = None
    img_prefix: Path | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    samples: int = 0
    images: tuple[Id, ...] = ()
    pass_over: bool = False
    pipeline: Pipeline | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.ann_file is None and self.config is None:
            raise RequestError("there is nothing to load: give an annotation file or a config")
        if self.pipeline == "own" and self.config is None:
            raise RequestError("an annotation file has no pipeline of its own")
        if self.classes == "file" and self.ann_file is None:
            raise RequestError("classes of the file, but no annotation file is given")
        if self.samples < 0:
            raise RequestError("the number of samples is negative")
        if real_library(self.loader) is None:
            raise RequestError(f"the real {self.loader} cannot be run")

    def text(self, ann_file: Path | None, timeout: float) -> str:
        """Return the request as JSON for the script.

        Args:
            ann_file: the annotation file, uncompressed.
            timeout: most seconds that the script may take.
        """
        real = real_library(self.loader)
        assert real is not None, "checked when the request was made"
        paths = {"ann_file": ann_file, "config": self.config, "img_prefix": self.img_prefix}
        absolute = {name: path and str(path.absolute()) for name, path in paths.items()}
        names = [self.loader] if self.loader in LOADERS else loaders_by_script(real.script)
        others = {
            "options": dict(self.options),
            "script": real.script,
            "lines": [_line(LOADERS[name]) for name in names],
            "timeout": timeout,
        }
        return json.dumps(vars(self) | absolute | others)


def _is_here(real: RealLibrary) -> bool:
    if find_spec(real.module) is None:
        return False
    return real.package is None or any(Distribution.discover(name=real.package))


def _line(loader: Loader) -> dict[str, str | None]:
    """Return the facts by which the script recognizes a loader's library."""
    package = loader.real.package if loader.real else None
    return {"loader": loader.name, "package": package, "major": loader.major}
