"""Questions to a real loader: which interpreter is asked, which dataset is built, what is taken."""

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
"""Seconds after which a library is ended."""

ANY_LINE = "mmdet"
"""Name of a library in place of a loader: the line of it that the interpreter has."""

Split = Literal["train", "val", "test"]
Pipeline = Literal["own", "plain"]


@dataclass(frozen=True, kw_only=True)
class ProbeOptions:
    """Options of every command that asks a real library, as a user gives them.

    Attributes:
        config: the user's own mmengine or mmcv config.
        split: the dataset of the config; None is ``val``.
        python: an interpreter that has the library, a path or a name on PATH; None is this one.
        timeout: seconds after which the library is ended; None is ``TIMEOUT``.
        samples: how many images go through the pipeline; None is none.
        images: ids of further images that do, as a user writes them.
        img_prefix: the folder of images, where no config names it.
        pipeline: the config's ``own``, or a ``plain`` one that loads and packs; None is ``own``
            with a config.

    Raises:
        RequestError: an option makes no sense, alone or with the others.
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
            raise RequestError(f"unknown split {self.split!r}", hint="train, val or test")
        if self.pipeline not in (None, *get_args(Pipeline)):
            raise RequestError(f"unknown pipeline {self.pipeline!r}", hint="own or plain")
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
                "an annotation file alone has no pipeline of its own",
                hint="name a config: --config",
            )

    @property
    def is_asked_for(self) -> bool:
        """True if an option asks for the real library."""
        return self.config is not None or self.python is not None

    @property
    def named(self) -> tuple[str, ...]:
        """The options that make sense only with a real library."""
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
        """Seconds after which the library is ended."""
        return TIMEOUT if self.timeout is None else self.timeout

    def has_library(self, loader: str) -> bool:
        """Return whether a loader's library is installed here, or an option asks for one."""
        real = real_library(loader)
        return real is not None and (self.is_asked_for or _is_here(real))

    def require_library(self, loader: str) -> None:
        """Refuse options that ask for a real library where none would be asked.

        Raises:
            RequestError: the loader's real library cannot be asked, or is not installed here.
        """
        if self.is_asked_for and real_library(loader) is None:
            raise RequestError(
                f"the real {loader} cannot be run; its rules are compared without it",
                hint="remove --python and --config, or name one of " + ", ".join(probed_loaders()),
            )
        if self.named and not self.has_library(loader):
            raise RequestError(
                f"{', '.join(self.named)}: for the real {loader} only, which is not here",
                hint="name an interpreter that has it: --python EXE",
            )

    def request(
        self, ann_file: Path | None, loader: str, setting: Setting | None, **changes: Any
    ) -> ProbeRequest:
        """Return the request that these options make.

        Args:
            ann_file: the annotation file.
            loader: as in ``ProbeRequest``.
            setting: how the loader is set up; None: as the config has it.
            changes: further fields of the request, such as ``images``.

        Raises:
            RequestError: two options name the folder of images.
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
    """A dataset to be built, and what to take from it.

    Attributes:
        ann_file: the annotation file; with a config, in place of the one that it names.
        config, split, img_prefix, pipeline: as in ``ProbeOptions``.
        loader: its name, or ``ANY_LINE``.
        mode: None is the config's own; of a file alone, ``test``.
        classes: names; ``file`` are the names of the file's own categories, ``framework`` what the
            dataset or config has by itself. None is ``file``, with a config ``framework``.
        options: further arguments of the dataset, under the framework's own names.
        samples: how many samples go through the pipeline, spread evenly.
        images: ids of images that go through it.
        pass_over: those of them that the dataset does not load are no error.
        seed: of random transforms, set before each sample.
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
            raise RequestError("an annotation file alone has no pipeline of its own")
        if self.classes == "file" and self.ann_file is None:
            raise RequestError("classes of the file, but no annotation file is given")
        if self.samples < 0:
            raise RequestError("the number of samples is negative")
        if real_library(self.loader) is None:
            raise RequestError(f"the real {self.loader} cannot be run")

    def text(self, ann_file: Path | None, timeout: float) -> str:
        """Return the request as JSON for the script.

        Args:
            ann_file: the annotation file, unpacked.
            timeout: seconds that it may take.
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
    """Return how the script recognizes a loader's library."""
    package = loader.real.package if loader.real else None
    return {"loader": loader.name, "package": package, "major": loader.major}
