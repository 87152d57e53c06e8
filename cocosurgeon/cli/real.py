"""The real library, as it is asked for on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, cast

from cocosurgeon.errors import RequestError
from cocosurgeon.loaders import Id
from cocosurgeon.probe.request import ProbeRequest
from cocosurgeon.probe.run import TIMEOUT
from cocosurgeon.verify.settings import Setting, framework_options
from cocosurgeon.written.lists import plain_id, split_list

ASKABLE = ("mmdet3", "mmdet2", "torchvision")
"""Loaders of which the real one can be asked."""


@dataclass(frozen=True, kw_only=True)
class Real:
    """How the real library is asked.

    Attributes:
        config: the user's own config.
        split: whose dataset of it.
        python: the interpreter; None: this one.
        timeout: seconds.
        samples: how many images go through the pipeline.
        images: which ones do, as they were written.
        img_prefix: the folder of images, where no config names it.
    """

    config: Path | None
    split: Literal["train", "val", "test"]
    python: str | None
    timeout: float
    samples: int
    images: tuple[str, ...]
    img_prefix: Path | None

    @classmethod
    def of(
        cls,
        *,
        config: str | None,
        split: str | None,
        python: str | None,
        timeout: float | None,
        samples: int | None,
        image: Sequence[str] | None,
        img_prefix: str | None,
    ) -> Real:
        """What the options say.

        Raises:
            RequestError: one makes no sense.
        """
        if split not in (None, "train", "val", "test"):
            raise RequestError(f"unknown split {split!r}", hint="train, val or test")
        if split is not None and config is None:
            raise RequestError("--split says nothing without --config")
        if (samples or 0) < 0 or (timeout is not None and not timeout > 0):
            raise RequestError("--samples and --timeout take numbers above 0")
        return cls(
            config=Path(config) if config else None,
            split=cast(Any, split or "val"),
            python=python,
            timeout=timeout or TIMEOUT,
            samples=samples or 0,
            images=tuple(token for text in image or () for token in split_list(text)),
            img_prefix=Path(img_prefix) if img_prefix else None,
        )

    @property
    def is_asked_for(self) -> bool:
        """Whether an option asks for it."""
        return self.config is not None or self.python is not None

    def require_askable(self, loader: str) -> None:
        """Refuse options that ask for a real library where none would be asked.

        Raises:
            RequestError: the loader's real library cannot be asked, or is not at hand.
        """
        if self.is_asked_for and loader not in ASKABLE:
            raise RequestError(
                f"the real {loader} cannot be asked; its rules are compared without it",
                hint=f"leave --python and --config out, or name one of {', '.join(ASKABLE)}",
            )
        if self.packs and not self.is_at_hand(loader):
            raise RequestError(
                "--samples and --image put images through the real library, which is not here",
                hint="name an interpreter that has it: --python EXE",
            )

    def is_at_hand(self, loader: str) -> bool:
        """Whether this interpreter can be asked, or another one is named."""
        module = "torchvision" if loader == "torchvision" else "mmdet"
        return loader in ASKABLE and (self.is_asked_for or find_spec(module) is not None)

    @property
    def packs(self) -> bool:
        """Whether images go through the pipeline."""
        return bool(self.samples or self.images)

    def request(
        self,
        ann_file: Path | None,
        loader: str,
        setting: Setting | None,
        images: Sequence[Id] | None = None,
    ) -> ProbeRequest:
        """What to ask.

        Args:
            ann_file: of which file.
            setting: how the loader is set up; None: as the config has it.
            images: which go through the pipeline; None: those that were asked for.
        """
        return ProbeRequest(
            ann_file=ann_file,
            config=self.config,
            loader=cast(Any, loader),
            split=self.split,
            mode=setting.mode if setting else None,
            classes=setting.classes if setting else None,
            options=framework_options(setting) if setting else {},
            samples=self.samples if images is None else 0,
            images=tuple(map(plain_id, self.images)) if images is None else tuple(images),
            img_prefix=self.img_prefix,
        )
