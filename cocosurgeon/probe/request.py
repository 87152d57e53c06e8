"""What to ask a real loader."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from cocosurgeon.errors import RequestError
from cocosurgeon.loaders.view import Id

Loader = Literal["mmdet", "mmdet3", "mmdet2", "torchvision"]


@dataclass(frozen=True)
class ProbeRequest:
    """A dataset to be built, and what to take from it.

    Attributes:
        ann_file: the annotation file; with a config, in place of the one that it names.
        config: the user's own mmengine or mmcv config.
        loader: ``mmdet`` is the line that the interpreter has.
        split: whose dataset of the config.
        mode: None is the config's own; of a file alone, ``test``.
        classes: names; ``file`` are the names of the file's own categories, ``framework`` what the
            dataset or config has by itself. None is ``file``, with a config ``framework``.
        img_prefix: the folder of images, needed for samples of a file alone.
        options: further arguments of the dataset, under the framework's own names.
        samples: how many samples go through the pipeline, spread evenly.
        images: ids of images that go through it.
        pass_over: those of them that the dataset does not emit are no error.
        pipeline: the config's ``own``, or a ``plain`` one that loads, and packs; None is ``own``
            with a config.
        random: what becomes of random transforms.
        seed: before each sample.
    """

    ann_file: Path | None = None
    config: Path | None = None
    loader: Loader = "mmdet"
    split: Literal["train", "val", "test"] = "val"
    mode: Literal["train", "test"] | None = None
    classes: tuple[str, ...] | Literal["file", "framework"] | None = None
    img_prefix: Path | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    samples: int = 0
    images: tuple[Id, ...] = ()
    pass_over: bool = False
    pipeline: Literal["own", "plain"] | None = None
    random: Literal["seed", "refuse"] = "seed"
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

    def text(self, ann_file: Path | None, timeout: float) -> str:
        """The request as the script reads it.

        Args:
            ann_file: where the annotation file is, for one that was unpacked.
            timeout: seconds that it may take.
        """
        told = vars(self) | {
            "ann_file": _absolute(ann_file),
            "config": _absolute(self.config),
            "img_prefix": _absolute(self.img_prefix),
            "options": dict(self.options),
            "timeout": timeout,
        }
        return json.dumps(told)


def _absolute(path: Path | None) -> str | None:
    return None if path is None else str(path.absolute())
