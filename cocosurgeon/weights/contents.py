"""Contents of a checkpoint as a report: its tree of names, heads, wrappers and other entries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

from cocosurgeon.errors import UnknownNameError
from cocosurgeon.text import byte_count, did_you_mean, first_few, one_line, plural, table_lines
from cocosurgeon.weights.checkpoint import Checkpoint
from cocosurgeon.weights.heads import Head, find_heads
from cocosurgeon.weights.inert import Global, NotRead
from cocosurgeon.weights.tensor import Tensor
from cocosurgeon.weights.wrappers import copies_in, wrapper_of

_MOST_LEVELS = 64
"""Names of a hostile file have thousands of parts; those below are counted, not shown."""


@dataclass(frozen=True)
class Branch:
    """A tensor, or the tensors whose names begin in the same way.

    Attributes:
        name: the whole name, or the beginning of the names.
        level: how deep it is in the tree, from 0.
        tensors, elements, nbytes: how many there are.
        dtypes: their types.
        shape: of a tensor; None: several.
    """

    name: str
    level: int
    tensors: int
    elements: int
    nbytes: int
    dtypes: tuple[str, ...]
    shape: tuple[int, ...] | None


@dataclass(frozen=True)
class Contents:
    """Contents of a checkpoint, to be printed.

    Attributes:
        checkpoint: the file.
        tree: branches and tensors, each after the branch that it is in.
        heads: classification heads and label embeddings.
        wrapper: prefix of every name that a wrapper put there; or none.
        copies: tensors of each copy of the model inside the state dict, by prefix.
    """

    checkpoint: Checkpoint
    tree: tuple[Branch, ...]
    heads: tuple[Head, ...]
    wrapper: str
    copies: dict[str, int]

    @classmethod
    def of(cls, checkpoint: Checkpoint, prefix: str = "", depth: int = 0) -> Contents:
        """Return the contents of a checkpoint.

        Args:
            prefix: only names that begin with it.
            depth: names are grouped by so many parts after the prefix; 0: by all.

        Raises:
            UnknownNameError: no name begins with the prefix.
        """
        chosen = [t for t in checkpoint.tensors.values() if t.name.startswith(prefix)]
        if prefix and not chosen:
            known = {name.partition(".")[0] + "." for name in checkpoint.tensors}
            raise UnknownNameError(
                f"no name begins with {prefix!r}",
                where=str(checkpoint.path),
                hint=did_you_mean(prefix, known) or f"names begin with {first_few(sorted(known))}",
            )
        names = list(checkpoint.tensors)
        return cls(
            checkpoint=checkpoint,
            tree=tuple(_branches(chosen, prefix, depth, 0)),
            heads=tuple(find_heads(chosen)),
            wrapper=wrapper_of(names),
            copies={word: len(of) for word, of in copies_in(names).items()},
        )

    def fields(self) -> dict[str, object]:
        """Return the report as JSON values."""
        file = self.checkpoint
        return {
            "file": str(file.path),
            "format": file.format,
            "bytes": file.size,
            "state_dict": file.where,
            "state_dicts": {place: _totals(state.values()) for place, state in file.states.items()},
            "entries": {key: described(value) for key, value in file.entries.items()},
            "not_read": dict(file.not_read),
            "wrapper": self.wrapper,
            "copies": self.copies,
            "heads": [asdict(head) for head in self.heads],
            "tree": [asdict(branch) for branch in self.tree],
        }

    def lines(self, width: int | None) -> list[str]:
        """Return the report for people."""
        file = self.checkpoint
        lines = [f"{file.path}: {file.format}, {byte_count(file.size)}"]
        for place, state in file.states.items():
            is_chosen = ", shown here" if place == file.where and len(file.states) > 1 else ""
            name = f"state dict {place!r}" if place else "state dict at the top level"
            lines.append(f"{name}: {_size_of(state.values())}{is_chosen}")
        lines += [f"entry {key}: {described(value)}" for key, value in file.entries.items()]
        if file.not_read:
            objects = [f"{name} ({n:,})" for name, n in file.not_read.items()]
            lines.append(f"not read: {first_few(objects)}")
        if self.wrapper:
            lines.append(f"wrapper: every name begins with {self.wrapper!r}; `wash` strips it")
        if self.copies:
            copies = [f"{word}.* ({plural(n, 'tensor')})" for word, n in self.copies.items()]
            lines.append(f"copies of the model: {', '.join(copies)}; `wash --keep` keeps one")
        lines += [head.line() for head in self.heads]
        rows = [("name", "tensors", "type", "shape", "bytes")]
        for branch in self.tree:
            shape = "" if branch.shape is None else str(list(branch.shape))
            count = "" if branch.shape is not None else f"{branch.tensors:,}"
            dtype = first_few(branch.dtypes, 2)
            name = "  " * branch.level + branch.name
            rows.append((name, count, dtype, shape, f"{branch.nbytes:,}"))
        return [*map(one_line, lines), "", *table_lines(rows, frozenset({1, 4}), width)]


def described(value: object) -> str:
    """Return the kind of an entry, and a short value itself."""
    if isinstance(value, (NotRead, Global)):
        return f"{value.name}, not read"
    if isinstance(value, Tensor):
        return f"{value.dtype} {list(value.shape)}"
    if isinstance(value, dict):
        return f"dict: {first_few([str(key)[:40] for key in value], 6)}"
    if isinstance(value, (list, tuple, set, frozenset)):
        return f"{type(value).__name__} of {plural(len(value), 'value')}"
    text = repr(value[:60]) if isinstance(value, (str, bytes)) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _branches(tensors: list[Tensor], prefix: str, depth: int, level: int) -> Iterator[Branch]:
    """Yield a branch for each next part of the names, and after it what is in it."""
    parts: dict[str, list[Tensor]] = {}
    for tensor in tensors:
        head, dot, _ = tensor.name[len(prefix) :].partition(".")
        parts.setdefault(prefix + head + dot, []).append(tensor)
    for name, inner in parts.items():
        totals = (len(inner), sum(t.count for t in inner), sum(t.nbytes for t in inner))
        dtypes = tuple(dict.fromkeys(tensor.dtype for tensor in inner))
        is_leaf = len(inner) == 1 and inner[0].name == name
        yield Branch(name, level, *totals, dtypes, inner[0].shape if is_leaf else None)
        if not is_leaf and level + 1 not in (depth, _MOST_LEVELS):
            yield from _branches(inner, name, depth, level + 1)


def _totals(tensors: Iterable[Tensor]) -> dict[str, int]:
    every = list(tensors)
    return {
        "tensors": len(every),
        "elements": sum(tensor.count for tensor in every),
        "bytes": sum(tensor.nbytes for tensor in every),
    }


def _size_of(tensors: Iterable[Tensor]) -> str:
    totals = _totals(tensors)
    return (
        f"{plural(totals['tensors'], 'tensor')}, {plural(totals['elements'], 'element')}, "
        f"{byte_count(totals['bytes'])}"
    )
