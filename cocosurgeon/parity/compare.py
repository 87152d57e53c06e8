"""Two recordings compared, checkpoint by checkpoint."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from cocosurgeon.errors import DataError, RequestError
from cocosurgeon.parity.align import Renames, StepPair, step_pairs
from cocosurgeon.parity.arrays import Array, Pair, Values
from cocosurgeon.parity.batch import batch_entries, ids_entry, places_of
from cocosurgeon.parity.causes import cause_of
from cocosurgeon.parity.entry import Entry
from cocosurgeon.parity.losses import StepLoss, reduction
from cocosurgeon.parity.recorded import Checkpoint, Recording
from cocosurgeon.parity.report import Compared, Parity
from cocosurgeon.parity.states import Pairs, initial_entries, optimizer_entries, update_entries
from cocosurgeon.parity.tolerances import DEFAULTS, Tolerances, is_for
from cocosurgeon.text import did_you_mean

_FLOOR = 1e-2
"""Part of the largest value of a checkpoint by which entries with smaller values are judged."""
_OF_EACH_IMAGE = ("forward", "loss")


def compare(
    a: Recording,
    b: Recording,
    tolerances: Tolerances | None = None,
    renames: Renames | None = None,
) -> Parity:
    """Return what agrees and what differs in two recordings.

    Raises:
        RequestError: a tolerance or a rename is for nothing that was recorded.
        DataError: they have no checkpoint in common.
    """
    comparison = _Comparison(a, b, tolerances or Tolerances(), renames or Renames())
    comparison.require_known()
    with np.errstate(all="ignore"):  # recordings of failed trainings have NaN and infinities
        checkpoints = tuple(comparison.checkpoints())
    if not any(each.entries for each in checkpoints):
        raise DataError(
            "the recordings have no checkpoint in common",
            where=f"{a.folder}, {b.folder}",
            hint="give checkpoints the same names in both, or --rename B=A",
        )
    return Parity(
        a, b, comparison.tolerances, checkpoints, tuple(comparison.losses), comparison.steps_alone()
    )


@dataclass
class _Comparison:
    a: Recording
    b: Recording
    tolerances: Tolerances
    renames: Renames
    pairs: list[StepPair] = field(init=False)
    losses: list[StepLoss] = field(init=False)
    states: Pairs = field(init=False, default_factory=dict)
    gradients: Pairs = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.pairs = step_pairs(self.a, self.b, self.renames)
        self.losses = [self._loss(pair) for pair in self.pairs]

    def require_known(self) -> None:
        """Raise RequestError for a tolerance or a rename that is for nothing recorded."""
        if not self.tolerances.given and not self.renames.pairs:
            return
        here, there = (
            {p: None for c in r.checkpoints for p in (c.plain_name, *c.full_paths)}
            for r in (self.a, self.b)
        )
        for key in self.tolerances.given:
            if key not in DEFAULTS and not any(is_for(key, full) for full in here):
                hint = did_you_mean(key, [*DEFAULTS, *here], "there are")
                raise RequestError(
                    f"--tolerance {key}: nothing with this name was recorded", hint=hint
                )
        for old in self.renames.pairs:
            if not any(Renames({old: ""}).changes(full) for full in there):
                hint = did_you_mean(old, (full.partition("/")[2] for full in there), "it has")
                raise RequestError(f"--rename {old}: B has no such name", hint=hint)

    @cached_property
    def _initial(self) -> dict[str, Checkpoint]:
        """Return the first checkpoints of B before a step, by name."""
        named = [c for c in self.b.checkpoints if c.kind == "initialization"]
        return {self.renames.name(c.name): c for c in reversed(named)}

    @cached_property
    def _other_ids(self) -> set[object]:
        """Return the ids of all images that B has."""
        return {img_id for each in self.b.checkpoints for img_id in each.img_ids}

    def steps_alone(self) -> tuple[list[int], list[int]]:
        """Return the steps that only A and that only B has."""
        here, there = {p.a_step for p in self.pairs}, {p.b_step for p in self.pairs}
        return [s for s in self.a.steps if s not in here], [
            s for s in self.b.steps if s not in there
        ]

    def checkpoints(self) -> Iterator[Compared]:
        """Yield all checkpoints in the order of A; those of B alone come after those of a step."""
        for number, pair in enumerate(self.pairs):
            for name, checkpoint in pair.a.items():
                # What is recorded once belongs to no batch.
                is_once = checkpoint.kind == "initialization"
                other = pair.b.get(name) or (self._initial.get(name) if is_once else None)
                if other is None:
                    yield Compared(pair.a_step, pair.b_step, name, checkpoint.kind, (), "A")
                else:
                    try:
                        yield self._compared(number, name, checkpoint, other)
                    except DataError as error:
                        words = f"{error.where}: {error.what}"
                        entry = Entry("", None, 0.0, "parity-malformed", words)
                        at = (pair.a_step, pair.b_step, name, checkpoint.kind)
                        yield Compared(*at, (entry,))
            for name, other in pair.b.items():
                if name not in pair.a and (other.kind != "initialization" or not self.states):
                    yield Compared(pair.a_step, pair.b_step, name, other.kind, (), "B")

    def _compared(self, number: int, name: str, a: Checkpoint, b: Checkpoint) -> Compared:
        pair, kind, reason = self.pairs[number], a.kind, "they have no values in common"
        is_of_images = kind not in ("initialization", "optimizer")
        if is_of_images and not pair.has_same_images:
            entries = [ids_entry(*pair.img_ids, self._other_ids)] if kind == "batch" else []
            reason = "the images are not the same"
            missing: list[str] = []
        elif a.plain_name == "batch":  # a step that accumulates gradients has several
            headers = (self.a.header, self.b.header)
            entries = self._moved(pair) + batch_entries(a, b, headers, self.tolerances)
            missing = sorted({*a.values} ^ {*b.values}) if _are_dicts(a, b) else []
        else:
            entries, missing = self._arrays(number, name, a, b)
            if kind == "parameters" and self.states:
                reason = "the gradients differ"
        at = (pair.a_step, pair.b_step, name, kind)
        return Compared(*at, tuple(entries), None, tuple(missing), "" if entries else reason)

    def _moved(self, pair: StepPair) -> list[Entry]:
        """Return an entry for a step that is another one in B; steps may be counted from 1."""
        first = self.pairs[0]
        begins = (first.a_step, first.b_step) == (self.a.steps[0], self.b.steps[0])
        counts = {p.b_step - p.a_step for p in self.pairs}
        if pair.a_step == pair.b_step or (begins and len(counts) == 1):
            return []
        message = f"step {pair.a_step} of A is step {pair.b_step} of B"
        return [Entry("step", None, 0.0, "parity-sample-order", message)]

    def _arrays(
        self, number: int, name: str, a: Checkpoint, b: Checkpoint
    ) -> tuple[list[Entry], list[str]]:
        kind = a.kind
        pairs, apart, missing = self._matched(number, name, a, b)

        def tolerance(path: str) -> float:
            return self.tolerances.of(name, path)

        if kind == "initialization":
            self.states = pairs
            return apart + initial_entries(pairs, tolerance), missing
        if kind == "optimizer":
            missing = [path for path in missing if path != "name"]
            return apart + optimizer_entries(pairs, tolerance, (a, b)), missing
        if kind == "parameters" and self.states:
            entries = update_entries(self.states, pairs, self.gradients, tolerance)
            self.states = pairs
            return apart + entries, missing
        if kind == "parameters":
            self.states = pairs
        if name == "gradient":
            self.gradients = pairs
        return apart + list(self._values(number, name, kind, pairs)), missing

    def _matched(
        self, number: int, name: str, a: Checkpoint, b: Checkpoint
    ) -> tuple[dict[str, Pair], list[Entry], list[str]]:
        """Return arrays that can be compared, entries of those that cannot, and missing paths."""
        paths = {self.renames.path(path): path for path in b.arrays}
        empty = {self.renames.path(path) for path, v in b.about["values"].items() if v is None}
        order = self._order(number)
        pairs, apart, missing = {}, [], [p for p in paths if p not in a.arrays]
        known = {"gradient": "parity-update", "metric": "parity-metric"}
        absent = known.get(a.kind, "parity-value")
        for path in a.arrays:
            tolerance = self.tolerances.of(name, path)
            if path not in paths:
                if path in empty:
                    apart.append(Entry(path, None, tolerance, absent, "only A has a value"))
                elif a.kind == "loss":
                    apart.append(Entry(path, None, tolerance, "parity-loss-term", "only in A"))
                else:
                    missing.append(path)
                continue
            try:
                x, y = Values.of(a, path), Values.of(b, paths[path])
            except DataError as error:
                apart.append(Entry(path, None, tolerance, "parity-malformed", error.what))
                continue
            if x.shape != y.shape:
                message = f"{x.shape} and {y.shape}"
                apart.append(Entry(path, None, tolerance, "parity-shape", message))
                continue
            if order is not None and a.kind in _OF_EACH_IMAGE:
                y = _reordered(y, order)
            pairs[path] = Pair.of(x, y)
        if a.kind == "loss":
            apart += [
                Entry(p, None, 0.0, "parity-loss-term", "only in B")
                for p in paths
                if p not in a.arrays
            ]
            missing = []
        apart += [
            Entry(path, None, self.tolerances.of(name, path), absent, "only B has a value")
            for path, value in a.about["values"].items()
            if value is None and path in paths
        ]
        return pairs, apart, [p for p in missing if a.about["values"].get(p, "") is not None]

    def _order(self, number: int) -> list[int] | None:
        """Return where the images of A are in the batch of B; None where the order is the same."""
        here, there = self.pairs[number].img_ids
        if not here or here == there:
            return None
        return [j for _, j in places_of(here, there)]

    def _values(
        self, number: int, name: str, kind: str, pairs: Mapping[str, Pair]
    ) -> Iterator[Entry]:
        floor = _FLOOR * max((pair.scale for pair in pairs.values()), default=0.0)
        if kind == "metric":
            floor = 0.0
        for path, pair in pairs.items():
            tolerance = self.tolerances.of(name, path)
            error = pair.error(floor)
            is_rounded = pair.dtypes[0] != pair.dtypes[1] and any(
                "float16" in d for d in pair.dtypes
            )
            if error <= tolerance and not is_rounded:
                yield Entry(path, error, tolerance)
                continue
            code, message = self._cause(number, name, kind, path, pair)
            yield Entry(path, error, tolerance, code, message)

    def _cause(self, number: int, name: str, kind: str, path: str, pair: Pair) -> tuple[str, str]:
        words = f"{pair.x[0]:.6g} and {pair.y[0]:.6g}" if pair.x.size == 1 else ""
        if kind == "metric":
            return "parity-metric", words
        if kind == "loss":
            divided = reduction(path or "value", self.losses[number:])
            if divided is not None:
                return "parity-reduction", divided
        code, message = cause_of(pair, self._earlier(number, name))
        return code, f"{message} ({words})" if words else message

    def _earlier(self, number: int, name: str) -> Iterator[Pair]:
        """Yield the arrays of checkpoints before one in its step, the nearest first."""
        step = self.pairs[number]
        before = list(step.a)[: list(step.a).index(name)]
        for other in reversed(before):
            if other in step.b and other != "batch":
                with suppress(DataError):  # a damaged shard has a finding of its own
                    pairs, _, _ = self._matched(number, other, step.a[other], step.b[other])
                    yield from pairs.values()

    def _loss(self, pair: StepPair) -> StepLoss:
        terms: tuple[dict[str, Array], dict[str, Array]] = ({}, {})
        for side, named, renames in ((0, pair.a, Renames()), (1, pair.b, self.renames)):
            if "loss" in named:
                with suppress(DataError):
                    arrays = named["loss"].arrays
                    terms[side].update({renames.path(p) or "value": v for p, v in arrays.items()})
        try:
            return StepLoss.of(pair.a.get("batch"), *terms)
        except DataError:
            return StepLoss((), *terms)


def _are_dicts(a: Checkpoint, b: Checkpoint) -> bool:
    return isinstance(a.values, dict) and isinstance(b.values, dict)


def _reordered(values: Values, order: list[int]) -> Values:
    """Return the values of a batch with its images in another order; samples stay as they are."""
    if values.places is not None or values.shape[:1] != (len(order),):
        return values
    numbers = values.numbers.reshape(values.shape)[np.array(order)].reshape(-1)
    return Values(numbers, values.shape, values.dtype, None, {})
