"""The real library, as it is asked for on the command line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, cast

from cocosurgeon.errors import ProbeError, RequestError
from cocosurgeon.loaders import Id
from cocosurgeon.probe.request import ProbeRequest
from cocosurgeon.probe.run import TIMEOUT
from cocosurgeon.steps.arguments import plain_id, split_list
from cocosurgeon.verify.image_root import NAMES
from cocosurgeon.verify.settings import Setting, framework_options, modes_of

ASKABLE = ("mmdet3", "mmdet2", "torchvision")
"""Loaders of which the real one can be asked."""


@dataclass(frozen=True, kw_only=True)
class Real:
    """How the real library is asked.

    Attributes:
        config: the user's own config.
        split: whose dataset of it.
        python: the interpreter; None: this one.
        timeout: seconds; None: the usual ones.
        samples: how many images go through the pipeline.
        images: which ones do, as they were written.
        img_prefix: the folder of images, where no config names it.
        pipeline: which one; None: the config's own where there is a config.
        random: what becomes of random transforms; None: they are seeded.
    """

    config: Path | None
    split: Literal["train", "val", "test"]
    python: str | None
    timeout: float | None
    samples: int
    images: tuple[str, ...]
    img_prefix: Path | None
    pipeline: Literal["own", "plain"] | None
    random: Literal["seed", "refuse"] | None

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
        pipeline: str | None,
        random: str | None,
    ) -> Real:
        """What the options say.

        Raises:
            RequestError: one makes no sense.
        """
        if split not in (None, "train", "val", "test"):
            raise RequestError(f"unknown split {split!r}", hint="train, val or test")
        if split is not None and config is None:
            raise RequestError("--split says nothing without --config")
        for name, number in {"--samples": samples, "--timeout": timeout}.items():
            if number is not None and not number > 0:
                raise RequestError(f"{name} takes a number above 0, not {number}")
        if pipeline not in (None, "own", "plain"):
            raise RequestError(f"unknown pipeline {pipeline!r}", hint="own or plain")
        if random not in (None, "seed", "refuse"):
            raise RequestError(f"unknown value of --random: {random!r}", hint="seed or refuse")
        through = {"--pipeline": pipeline, "--random": random, "--img-prefix": img_prefix}
        for name, value in through.items():
            if value is not None and not samples and not image:
                raise RequestError(
                    f"{name} says nothing without images that go through the pipeline",
                    hint="name them: --samples N or --image ID",
                )
        if pipeline == "own" and config is None:
            raise RequestError(
                "an annotation file alone has no pipeline of its own",
                hint="name a config: --config",
            )
        return cls(
            config=Path(config) if config else None,
            split=cast(Any, split or "val"),
            python=python,
            timeout=timeout,
            samples=samples or 0,
            images=tuple(token for text in image or () for token in split_list(text)),
            img_prefix=Path(img_prefix) if img_prefix else None,
            pipeline=cast(Any, pipeline),
            random=cast(Any, random),
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
        if self.named and not self.is_at_hand(loader):
            raise RequestError(
                f"{', '.join(self.named)}: for the real {loader} only, which is not here",
                hint="name an interpreter that has it: --python EXE",
            )

    def is_at_hand(self, loader: str) -> bool:
        """Whether this interpreter can be asked, or another one is named."""
        module = "torchvision" if loader == "torchvision" else "mmdet"
        return loader in ASKABLE and (self.is_asked_for or find_spec(module) is not None)

    @property
    def named(self) -> tuple[str, ...]:
        """The options that say something of the real library."""
        given = {
            "--config": self.config,
            "--python": self.python,
            "--timeout": self.timeout,
            "--samples": self.samples or None,
            "--image": self.images or None,
        }
        return tuple(name for name, value in given.items() if value is not None)

    @property
    def limit(self) -> float:
        """Seconds after which it is ended."""
        return TIMEOUT if self.timeout is None else self.timeout

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
        *,
        samples: int | None = None,
        pass_over: bool = False,
    ) -> ProbeRequest:
        """What to ask.

        Args:
            ann_file: of which file.
            setting: how the loader is set up; None: as the config has it.
            images: which go through the pipeline; None: those that were asked for.
            samples: how many more do; None: as many as were asked for.
            pass_over: images that the dataset does not emit are no error.

        Raises:
            RequestError: two options name the folder of images.
        """
        root = NAMES.get(loader, "")
        if setting is not None and self.img_prefix is not None and root in setting.own:
            raise RequestError(f"--img-prefix and --option {root} both name the folder of images")
        has_modes = setting is not None and len(modes_of(loader, ("train", "test"))) > 1
        return ProbeRequest(
            ann_file=ann_file,
            config=self.config,
            loader=cast(Any, loader),
            split=self.split,
            mode=setting.mode if setting is not None and has_modes else None,
            classes=setting.classes if setting else None,
            options=framework_options(setting) if setting else {},
            samples=self.samples if samples is None else samples,
            images=tuple(map(plain_id, self.images)) if images is None else tuple(images),
            pass_over=pass_over,
            img_prefix=self.img_prefix,
            pipeline=self.pipeline,
            random=self.random or "seed",
        )


@contextmanager
def as_requested() -> Iterator[None]:
    """Tell an interpreter that cannot be asked, and images that it does not have, as what they
    are: requests that cannot be met.

    Raises:
        RequestError: in place of such a ProbeError.
    """
    try:
        yield
    except ProbeError as error:
        if error.kind not in ("interpreter", "request"):
            raise
        raise RequestError(error.what, where=error.where, hint=error.hint) from error
