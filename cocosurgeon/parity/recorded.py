"""A folder that ``record_steps`` wrote, read."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from cocosurgeon.errors import DataError, SourceUnavailableError
from cocosurgeon.parity.record_steps import VERSION, wrong_in_header
from cocosurgeon.text import did_you_mean, first_few

_KEYS = {
    "step": int,
    "name": str,
    "order": int,
    "img_ids": list,
    "limit": int,
    "lists": list,
    "dicts": list,
    "values": dict,
    "dtypes": dict,
    "samples": dict,
}
_SAMPLE = {"shape", "not_finite", "mean", "std", "min", "max"}


@dataclass(frozen=True)
class Checkpoint:
    """One shard of a recording; its arrays are read when they are asked for.

    Attributes:
        path: the shard.
        about: its header.json.
        members: names of its files.
    """

    path: Path
    about: Mapping[str, Any]
    members: tuple[str, ...] = field(repr=False)

    @property
    def step(self) -> int:
        """Return the number of the step."""
        return int(self.about["step"])

    @property
    def name(self) -> str:
        """Return the name, with ``#2`` where it came a second time in the step."""
        return str(self.about["name"])

    @property
    def plain_name(self) -> str:
        """Return the name without its number."""
        return self.name.partition("#")[0]

    @property
    def kind(self) -> str:
        """Return the first word of the name: ``forward`` of ``forward/backbone``."""
        return self.plain_name.partition("/")[0]

    @property
    def full_paths(self) -> list[str]:
        """Return the name with the path of each array."""
        return [f"{self.plain_name}/{path}" for path in self.paths if path]

    @property
    def img_ids(self) -> list[Any]:
        """Return the ids of the batch's images, in its order; empty where they are not known."""
        return list(self.about["img_ids"])

    @cached_property
    def arrays(self) -> dict[str, np.ndarray[Any, Any]]:
        """Return the arrays by path, those that are sampled as the elements that were kept.

        Raises:
            DataError: the shard is damaged.
        """
        try:
            with zipfile.ZipFile(self.path) as packed:
                return {
                    path: np.lib.format.read_array(packed.open(f"{path or 'value'}.npy"))
                    for path in self.paths
                }
        except (OSError, ValueError, KeyError, RuntimeError, zipfile.BadZipFile) as error:
            raise DataError(
                f"a shard that cannot be read: {error}",
                where=str(self.path),
                hint="record the step again, or remove the file",
            ) from error

    @cached_property
    def paths(self) -> list[str]:
        """Return the paths of the arrays; that of an array without a dict is empty."""
        found = [name.removesuffix(".npy") for name in self.members if name != "header.json"]
        is_nested = "" in self.about["dicts"] or "" in self.about["lists"]
        return found if is_nested else [""] * len(found)

    @cached_property
    def values(self) -> Any:
        """Return what was recorded: dicts, lists, arrays, text and None, as they were nested."""
        return self._nested("")

    def _nested(self, path: str) -> Any:
        if path in self.about["dicts"]:
            return {key: self._nested(inner) for key, inner in self._inside(path)}
        if path in self.about["lists"]:
            inside = sorted(self._inside(path), key=lambda pair: int(pair[0]))
            return [self._nested(inner) for _, inner in inside]
        if path in self.about["values"]:
            return self.about["values"][path]
        return self.arrays[path]

    def _inside(self, path: str) -> list[tuple[str, str]]:
        start = f"{path}/" if path else ""
        every = [*self.about["dicts"], *self.about["lists"], *self.about["values"], *self.arrays]
        keys = (p.removeprefix(start).partition("/")[0] for p in every if p and p.startswith(start))
        return [(key, start + key) for key in dict.fromkeys(keys)]


@dataclass(frozen=True)
class Recording:
    """A folder of one rank.

    Attributes:
        folder: where it is.
        header: its header.json.
        checkpoints: in the order in which they were recorded.
        unreadable: shards that are cut or broken.
    """

    folder: Path
    header: Mapping[str, Any]
    checkpoints: tuple[Checkpoint, ...] = ()
    unreadable: tuple[Path, ...] = field(default=())

    @property
    def steps(self) -> list[int]:
        """Return the numbers of the steps."""
        return list(dict.fromkeys(c.step for c in self.checkpoints))

    def of_step(self, step: int) -> list[Checkpoint]:
        """Return the checkpoints of a step."""
        return [c for c in self.checkpoints if c.step == step]

    def get(self, step: int, name: str) -> Checkpoint | None:
        """Return a checkpoint; None where it was not recorded."""
        return next((c for c in self.of_step(step) if c.name == name), None)

    def require(self, step: int, name: str) -> Checkpoint:
        """Return a checkpoint.

        Raises:
            DataError: it was not recorded.
        """
        found = self.get(step, name)
        if found is None:
            names = [c.name for c in self.of_step(step)]
            raise DataError(
                f"step {step} has no checkpoint {name!r}",
                where=str(self.folder),
                hint=did_you_mean(name, names) or f"record it: record_step({step}, {name!r}, ...)",
            )
        return found


def read_recording(folder: str | Path, rank: int = 0) -> Recording:
    """Read the recording of one rank; arrays are read later.

    Args:
        folder: what the recorder was given, or the folder of a rank itself.

    Raises:
        SourceUnavailableError: there is no such folder, or nothing recorded in it.
        DataError: its header is not one.
    """
    place = Path(folder)
    if not (place / "header.json").is_file():
        place = place / f"rank{rank}"
    try:
        header = json.loads((place / "header.json").read_bytes())
    except OSError as error:
        if known := list(ranks(folder)):
            raise SourceUnavailableError(
                f"rank {rank} is not recorded",
                where=str(folder),
                hint=f"name one of its ranks: {first_few(known)}",
            ) from error
        raise SourceUnavailableError(
            "no recording: a folder that record_steps.py wrote has rank0/header.json",
            where=str(folder),
            hint="name the folder that was given to StepRecorder",
        ) from error
    except ValueError as error:
        raise DataError(f"the header is not JSON: {error}", where=str(place)) from error
    wrong = _wrong(header)
    if wrong is not None:
        raise DataError(wrong, where=str(place / "header.json"))
    checkpoints, unreadable = [], []
    for path in sorted(place.glob("*.npz")):
        checkpoint = _checkpoint(path)
        if checkpoint is None:
            unreadable.append(path)
        else:
            checkpoints.append(checkpoint)
    checkpoints.sort(key=lambda c: (c.step, c.about["order"]))
    return Recording(place, header, tuple(checkpoints), tuple(unreadable))


def ranks(folder: str | Path) -> Iterator[int]:
    """Yield the ranks that a recording has."""
    for path in sorted(Path(folder).glob("rank*/header.json")):
        number = path.parent.name.removeprefix("rank")
        if number.isdigit():
            yield int(number)


def _wrong(header: object) -> str | None:
    if not isinstance(header, dict) or header.get("parity") != VERSION:
        return f"no header of a recording of version {VERSION}"
    return wrong_in_header(header)


def _checkpoint(path: Path) -> Checkpoint | None:
    """Return a shard; None where it is cut or broken."""
    try:
        with zipfile.ZipFile(path) as packed:
            about = json.loads(packed.read("header.json"))
            members = tuple(packed.namelist())
    except (OSError, ValueError, KeyError, RuntimeError, RecursionError, zipfile.BadZipFile):
        return None
    is_whole = isinstance(about, dict) and all(
        type(about.get(key)) is kind for key, kind in _KEYS.items()
    )
    is_sampled = is_whole and all(
        isinstance(each, dict) and each.keys() >= _SAMPLE for each in about["samples"].values()
    )
    return Checkpoint(path, about, members) if is_sampled else None
