"""Steps of two recordings that have the same images, and names that mean the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cocosurgeon.errors import RequestError
from cocosurgeon.parity.recorded import Checkpoint, Recording


@dataclass(frozen=True)
class Renames:
    """Names of B by those of A: of modules, parameters and loss terms, or beginnings of them."""

    pairs: Mapping[str, str] = field(default_factory=dict)

    def name(self, name: str) -> str:
        """Return the name that a checkpoint of B has in A."""
        kind, slash, rest = name.partition("/")
        return f"{kind}/{self.path(rest)}" if slash else name

    def path(self, path: str) -> str:
        """Return the path that an entry of B has in A: the longest beginning counts."""
        head, slash, rest = path.rpartition("/")  # lr/backbone.conv1.weight
        own = rest if slash else head + rest
        for old in sorted(self.pairs, key=len, reverse=True):
            if own == old or own.startswith((f"{old}.", f"{old}#")):
                return f"{head}{slash}{self.pairs[old]}{own[len(old) :]}"
        return path

    def changes(self, full: str) -> bool:
        """Return whether a checkpoint or an entry of it has another name in A."""
        return self.path(full) != full or self.name(full) != full


def parse_renames(given: Iterable[str]) -> Renames:
    """Return renames from texts such as ``transformer.encoder=encoder``.

    Raises:
        RequestError: a text has not two names.
    """
    pairs = {}
    for text in given:
        old, equals, new = text.partition("=")
        if not equals or not old or not new:
            raise RequestError(
                f"--rename cannot be {text!r}",
                hint="give the name in B, then the name in A: --rename transformer.encoder=encoder",
            )
        pairs[old] = new
    return Renames(pairs)


@dataclass(frozen=True)
class StepPair:
    """A step of A and that of B with the same images.

    Attributes:
        a_step, b_step: their numbers.
        a, b: checkpoints by the names that they have in A.
    """

    a_step: int
    b_step: int
    a: Mapping[str, Checkpoint]
    b: Mapping[str, Checkpoint]

    @property
    def img_ids(self) -> tuple[list[Any], list[Any]]:
        """Return the image ids of both; empty where they are not known."""
        here, there = (
            next((c.img_ids for c in side.values() if c.img_ids), []) for side in (self.a, self.b)
        )
        return here, there

    @property
    def has_same_images(self) -> bool:
        """Return whether nothing is known that is another image in the other."""
        here, there = self.img_ids
        return not here or not there or _key(here) == _key(there)


def step_pairs(a: Recording, b: Recording, renames: Renames) -> list[StepPair]:
    """Return the steps that belong together, in the order of A.

    Steps of one number belong together. Where their images differ, a step of A goes with a step of
    B that has the same ones.
    """
    here, there = _by_step(a, Renames()), _by_step(b, renames)
    ids = [{step: _ids_of(named) for step, named in side.items()} for side in (here, there)]
    chosen = {s: s for s in here if s in there and _key(ids[0][s]) == _key(ids[1][s])}
    free = [s for s in there if s not in chosen.values()]
    for step in here:
        if step not in chosen and ids[0][step]:
            same = [s for s in free if _key(ids[1][s]) == _key(ids[0][step])]
            if same:
                chosen[step] = same[0]
                free.remove(same[0])
    for step in here:
        if step not in chosen and step in free:
            chosen[step] = step
            free.remove(step)
    return [StepPair(s, chosen[s], here[s], there[chosen[s]]) for s in here if s in chosen]


def _by_step(recording: Recording, renames: Renames) -> dict[int, dict[str, Checkpoint]]:
    return {
        step: {renames.name(c.name): c for c in recording.of_step(step)} for step in recording.steps
    }


def _ids_of(named: Mapping[str, Checkpoint]) -> list[Any]:
    return next((c.img_ids for c in named.values() if c.img_ids), [])


def _key(ids: list[Any]) -> list[str]:
    return sorted(map(repr, ids))
