"""The result of a comparison: what agrees, the first difference, what was not recorded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

from cocosurgeon.findings.finding import Finding, finding_fields, finding_lines
from cocosurgeon.parity.codes import PARITY_CODES as PARITY_CODES  # in the table once imported
from cocosurgeon.parity.entry import Entry
from cocosurgeon.parity.losses import StepLoss, by_objects
from cocosurgeon.parity.recorded import Recording, ranks
from cocosurgeon.parity.tolerances import Tolerances
from cocosurgeon.text import first_few, plural, table_lines

KINDS = {
    "initialization": "Initialization",
    "batch": "Batch",
    "forward": "Forward",
    "loss": "Loss",
    "gradient": "Gradient",
    "optimizer": "Optimizer",
    "parameters": "Parameters after the step",
    "metric": "Metric",
}
"""Usual kinds of checkpoints, in the order in which a port checks them, with their titles."""
OWN_CAUSE = ("initialization", "batch", "optimizer")
"""Kinds that are input of a step: their differences have a cause of their own."""
_HEADER = (
    *("framework", "version", "seed", "box_format", "normalised", "frame", "label_space"),
    *("channel_order", "mean", "std"),
)


@dataclass(frozen=True)
class Compared:
    """One checkpoint of a step.

    Attributes:
        step, b_step: number of the step in A and in B.
        name, kind: of the checkpoint, as A calls it.
        entries: what was compared.
        only: ``A`` or ``B``, where only that side recorded it.
        missing: entries that only one side has.
        reason: why nothing was compared, where that is so.
    """

    step: int
    b_step: int
    name: str
    kind: str
    entries: tuple[Entry, ...]
    only: str | None = None
    missing: tuple[str, ...] = ()
    reason: str = ""

    @property
    def different(self) -> list[Entry]:
        """Return the entries that differ."""
        return [entry for entry in self.entries if entry.code is not None]

    @property
    def verdict(self) -> str:
        """Return ``agrees``, ``differs``, ``only in A``, ``only in B`` or ``not compared``."""
        if self.only is not None:
            return f"only in {self.only}"
        if not self.entries:
            return "not compared"
        return "differs" if self.different else "agrees"

    @cached_property
    def entries_by_excess(self) -> list[Entry]:
        """Return the entries, that which is farthest from agreeing first."""
        return sorted(self.entries, key=_excess, reverse=True)

    def findings(self) -> list[Finding]:
        """Return a finding for each cause."""
        by_code: dict[str, list[Entry]] = {}
        for entry in self.different:
            by_code.setdefault(str(entry.code), []).append(entry)
        return [Finding(code, self._words(entries)) for code, entries in by_code.items()]

    def _words(self, entries: list[Entry]) -> str:
        first = entries[0]
        named = ": ".join(filter(None, (first.path, first.message)))
        at = f"step {self.step}, {self.name}: "
        if len(entries) == 1:
            return at + named
        total = len(self.entries)
        shared = _shared([entry.path for entry in entries])
        words = "" if shared == "*" else f" ({shared})"
        return f"{at}{len(entries):,} of {total:,} entries{words}, the first {named}"

    def fields(self) -> dict[str, object]:
        """Return the checkpoint as JSON values."""
        return {
            "step": self.step,
            "b_step": self.b_step,
            "name": self.name,
            "verdict": self.verdict,
            "entries": [entry.fields() for entry in self.entries],
            "missing": list(self.missing),
        }


@dataclass(frozen=True)
class Parity:
    """Two recordings compared.

    Attributes:
        a, b: the recordings.
        tolerances: what was compared with.
        checkpoints: in the order of A.
        losses: the losses of each step.
        alone: steps that only A and that only B has.
    """

    a: Recording
    b: Recording
    tolerances: Tolerances
    checkpoints: tuple[Compared, ...]
    losses: tuple[StepLoss, ...]
    alone: tuple[list[int], list[int]]

    @cached_property
    def first(self) -> Compared | None:
        """Return the first checkpoint that differs."""
        return next((c for c in self.checkpoints if c.different), None)

    @cached_property
    def before(self) -> Compared | None:
        """Return the last checkpoint before it, which agrees; None where there is none."""
        agreeing = None
        for each in self.checkpoints:
            if each is self.first:
                break
            agreeing = each if each.verdict == "agrees" else agreeing
        return agreeing if self.first is not None else None

    @cached_property
    def findings(self) -> list[Finding]:
        """Return the first difference, and those that do not follow from it."""
        found = [] if self.first is None else self.first.findings()
        for each in self.checkpoints:
            if each.kind in OWN_CAUSE and each is not self.first:
                found += each.findings()
        alone = [c for c in self.checkpoints if c.only is not None]
        for name in dict.fromkeys(c.name for c in alone):
            of_name = [c for c in alone if c.name == name]
            steps = plural(len(of_name), "step")
            found.append(Finding("parity-missing", f"{name}: only in {of_name[0].only} ({steps})"))
        return found

    @property
    def not_recorded(self) -> list[str]:
        """Return the usual kinds of checkpoints that neither side has."""
        kinds = {c.kind for c in self.checkpoints}
        return [kind for kind in KINDS if kind not in kinds]

    def header_rows(self) -> list[tuple[str, str, str]]:
        """Return what the headers say: key, A, B."""
        a, b = self.a.header, self.b.header
        rows = [(key, _shown(a.get(key)), _shown(b.get(key))) for key in _HEADER]
        here, there = a.get("packages") or {}, b.get("packages") or {}
        rows += [(n, _shown(here.get(n)), _shown(there.get(n))) for n in {**here, **there}]
        return [*rows, ("commit", _commit(a.get("git")), _commit(b.get("git")))]

    def notes(self) -> Iterator[str]:
        """Yield what was not compared, and what is not as it should be."""
        for name, recording, alone in zip("AB", (self.a, self.b), self.alone, strict=True):
            if alone:
                yield f"only {name} has {plural(len(alone), 'step')}: {first_few(alone)}"
            every = list(ranks(recording.folder.parent))
            if len(every) > 1:
                own = recording.header["rank"]
                yield f"{name} has ranks {first_few(every)}; rank {own} was compared (--rank)"
            if recording.unreadable:
                paths = [path.name for path in recording.unreadable]
                yield f"shards of {name} that cannot be read: {first_few(paths, 3)}"
        skipped = [c for c in self.checkpoints if c.verdict == "not compared"]
        for reason in dict.fromkeys(c.reason for c in skipped):
            which = [f"{c.name} of step {c.step}" for c in skipped if c.reason == reason]
            yield f"not compared, {reason}: {first_few(which, 3)}"
        missing = {f"{c.name}/{path}": None for c in self.checkpoints for path in c.missing}
        if missing:
            names = first_few(list(missing), 4)
            yield f"{plural(len(missing), 'entry', 'entries')} only in one of them: {names}"
        if self.not_recorded:
            yield f"not recorded: {', '.join(self.not_recorded)}"

    def loss_rows(self) -> list[tuple[str, int, int, float, float]]:
        """Return each loss term by number of objects: term, objects, samples, A, B."""
        return by_objects(self.losses)

    def summary(self) -> str:
        """Return the result in one sentence."""
        compared = [c for c in self.checkpoints if c.entries]
        counts = f"{plural(len(compared), 'checkpoint')} of {plural(len(self.losses), 'step')}"
        if self.first is None:
            return f"all agree: {counts}"
        at = f"first difference: step {self.first.step}, {self.first.name}"
        if self.before is None:
            return f"{at}; no checkpoint before it was compared"
        return f"{at}; step {self.before.step}, {self.before.name} before it agrees"

    def report(self, width: int | None = None) -> list[str]:
        """Return the result as lines for a terminal (reprod_log's word)."""
        differing = [row for row in self.header_rows() if row[1] != row[2]]
        lines = table_lines([("", "A", "B"), *differing], frozenset(), width) if differing else []
        rows = [("step", "kind", "checkpoints", "differ", "difference", "tolerance", "of")]
        rows += self._kind_rows()
        lines += table_lines(rows, frozenset((0, 2, 3, 4, 5)), width)
        lines += [f"note: {note}" for note in self.notes()]
        known = ", ".join(f"{name} {number:g}" for name, number, _ in self.tolerances.rows())
        lines += [f"tolerances: {known}"]
        lines += finding_lines(self.findings)
        return [*lines, self.summary()]

    def _kind_rows(self) -> Iterator[tuple[str, str, str, str, str, str, str]]:
        """Yield a row for each kind of checkpoints of a step, with the largest difference."""
        compared = (c for c in self.checkpoints if c.entries)
        for (step, b_step, kind), group in groupby(compared, lambda c: (c.step, c.b_step, c.kind)):
            of_kind = list(group)
            differing = sum(bool(c.different) for c in of_kind)
            worst = max(of_kind, key=lambda c: _excess(c.entries_by_excess[0]))
            entry = worst.entries_by_excess[0]
            yield (
                f"{step}" if step == b_step else f"{step}/{b_step}",
                kind,
                f"{len(of_kind):,}",
                f"{differing:,}",
                "" if entry.error is None else f"{entry.error:.2g}",
                f"{entry.tolerance:g}",
                "/".join(filter(None, (worst.name, entry.path))),
            )

    def fields(self) -> dict[str, object]:
        """Return the result as JSON values."""
        ends = (self.first, self.before)
        at = [None if c is None else {"step": c.step, "name": c.name} for c in ends]
        return {
            "a": {"folder": str(self.a.folder), "header": dict(self.a.header)},
            "b": {"folder": str(self.b.folder), "header": dict(self.b.header)},
            "first_difference": at[0],
            "agrees_before": at[1],
            "findings": finding_fields(self.findings),
            "checkpoints": [each.fields() for each in self.checkpoints],
            "losses": [
                dict(zip(("term", "objects", "samples", "a", "b"), row, strict=True))
                for row in self.loss_rows()
            ],
            "not_recorded": self.not_recorded,
            "notes": list(self.notes()),
            "tolerances": {name: number for name, number, _ in self.tolerances.rows()},
        }


def _excess(entry: Entry) -> tuple[bool, float]:
    error = float("inf") if entry.error is None else entry.error
    return entry.code is not None, error / (entry.tolerance or 1e-12)


def _shared(names: list[str]) -> str:
    """Return how names begin, up to a dot: ``backbone.*``."""
    shared = names[0]
    for name in names[1:]:
        while not name.startswith(shared):
            shared = shared[:-1]
    cut = max(shared.rfind("."), shared.rfind("/")) + 1
    return f"{shared[:cut]}*"


def _shown(value: Any) -> str:
    return "-" if value is None else str(value)


def _commit(git: Mapping[str, Any] | None) -> str:
    if git is None:
        return "-"
    return str(git["commit"])[:12] + (" (changed)" if git["changed"] else "")
