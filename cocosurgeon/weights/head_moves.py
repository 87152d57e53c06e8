"""Classification heads of a checkpoint: found by name and rows, and moved to other classes."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from cocosurgeon.dataset.ids import Id
from cocosurgeon.errors import RequestError
from cocosurgeon.text import first_few, plural
from cocosurgeon.weights.class_rows import ClassRows, Fill, RowIndex, RowPlan, row_count
from cocosurgeon.weights.heads import head_spaces, is_class_head, is_label_embedding, last_word
from cocosurgeon.weights.tensor import Elements, Tensor

_BY_CLASS = re.compile(r"(.*_)?(bbox|box|reg|mask)e?s?(_.*)?")


@dataclass(frozen=True)
class MovedHead:
    """A tensor whose rows were moved.

    Attributes:
        key: its name.
        kind: head, or label embedding.
        rows: which of its rows became which.
    """

    key: str
    kind: str
    rows: ClassRows

    def fields(self) -> dict[str, object]:
        """Return it as JSON values."""
        return {
            "key": self.key,
            "kind": self.kind,
            "rows_before": self.rows.count,
            "rows_after": len(self.rows.rows),
            "rows": list(self.rows.rows),
            "new": {str(row): name for row, name in self.rows.new.items()},
            "lost": self.rows.loss(),
        }


@dataclass(frozen=True)
class HeadMove:
    """Tensors with the rows of other classes.

    Attributes:
        tensors: all tensors, those of heads with other rows.
        moved: the heads, and label embeddings.
        others: tensors that are as they were, and have as many rows as a head.
        by_class: tensors that seem to hold boxes or masks by class, and are as they were.
        embeddings: label embeddings that are as they were.
    """

    tensors: tuple[Tensor, ...]
    moved: tuple[MovedHead, ...]
    others: tuple[str, ...]
    by_class: tuple[str, ...]
    embeddings: tuple[str, ...]


def move_heads(
    tensors: Mapping[str, Tensor],
    plan: RowPlan,
    fill: Fill | None = None,
    keys: Sequence[str] = (),
) -> HeadMove:
    """Give every head the rows of other classes.

    Args:
        tensors: of a checkpoint, by name.
        plan: rows before and after.
        fill: of new rows: a number for biases, with 0 for other tensors; or ``mean``.
        keys: patterns with ``*``: move these tensors, and no others. Empty: those with the rows of
            a head and the name of one. Of named ones, those with a multiple of the rows are several
            heads in one, as those of anchors are.

    Raises:
        RequestError: there is no such head, or one of ``keys`` has other rows.
    """
    moved: dict[str, MovedHead] = {}
    for key, tensor in tensors.items():
        rows = tensor.shape[0] if tensor.shape else 0
        is_chosen = any(fnmatchcase(key, pattern) for pattern in keys)
        if is_label_embedding(key) and (is_chosen or not keys):
            if rows in plan.embedding_sizes:
                moved[key] = MovedHead(key, "label embedding", plan.embedding(rows))
                continue
        elif rows == plan.head.count and (is_chosen or (not keys and is_class_head(key))):
            moved[key] = MovedHead(key, "head", plan.head)
            continue
        elif is_chosen and rows and not rows % plan.head.count:
            times = rows // plan.head.count
            moved[key] = MovedHead(key, f"{times} heads in one", plan.head.repeated(times))
            continue
        if is_chosen:
            raise RequestError(
                f"{key} has the shape {list(tensor.shape)}, and {plan.before} has "
                f"{plural(plan.head.count, 'row')}",
                hint=_spaces_with(rows) or "name other keys, or another space",
            )
    for pattern in keys:
        if not any(fnmatchcase(key, pattern) for key in tensors):
            raise RequestError(f"--key {pattern!r} matches no key", hint=f"{first_few(keys, 3)}")
    if not any(each.kind == "head" for each in moved.values()) and not keys:
        raise _no_head(tensors.values(), plan)
    for each in moved.values():
        each.rows.require_fill(fill)
    made: dict[object, Elements] = {}

    def after(tensor: Tensor) -> Tensor:
        if tensor.name not in moved:
            return tensor
        head = moved[tensor.name]
        new = head.rows.moved(tensor, fill)
        source = (tensor.storage, tensor.shape, head.kind)  # tied heads stay tied
        return replace(new, elements=made.setdefault(source, new.elements))

    rest = [tensor for key, tensor in tensors.items() if key not in moved and tensor.shape]
    return HeadMove(
        tensors=tuple(map(after, tensors.values())),
        moved=tuple(moved.values()),
        others=tuple(t.name for t in rest if t.shape[0] == plan.head.count),
        by_class=tuple(t.name for t in rest if _is_by_class(t, plan)),
        embeddings=tuple(t.name for t in rest if is_label_embedding(t.name)),
    )


def plan_by_names(
    tensors: Iterable[Tensor],
    before: Sequence[tuple[Id, str]],
    after: Sequence[tuple[Id, str]],
    index: RowIndex | None = None,
    aliases: Mapping[str, str] | None = None,
    keys: Sequence[str] = (),
) -> RowPlan:
    """Return the rows from one list of categories to another, as the heads have them.

    Args:
        tensors: of a checkpoint: the rows of its heads say how classes are numbered.
        before, after: id and name of each category, in the order of the list.
        index: whether a row's number is a category's id, or its position in the list; None: the one
            that fits the heads.
        aliases: names before that stand for names after.
        keys: patterns of the heads' keys.

    Raises:
        RequestError: no numbering fits, or several do.
        UnknownNameError: a name before is nearly one after.
    """
    found = {
        tensor.shape[0]
        for tensor in tensors
        if tensor.shape
        and not is_label_embedding(tensor.name)
        and (any(fnmatchcase(tensor.name, k) for k in keys) if keys else is_class_head(tensor.name))
    }
    choices: list[RowIndex] = ["position", "id"] if index is None else [index]
    if index is None and (_are_positions(before, after) or not _are_rows(before, after)):
        choices.remove("id")
    sizes = {
        (choice, background): row_count(before, choice) + background
        for choice in choices
        for background in (False, True)
    }
    fitting = [choice for choice, size in sizes.items() if size in found]
    if len(fitting) == 1:
        return RowPlan.of_names(before, after, *fitting[0], aliases or {})
    listed = ", ".join(
        f"{size} (by {choice}{', background last' if background else ''})"
        for (choice, background), size in sizes.items()
    )
    heads = ", ".join(map(str, sorted(found))) or "none of a known name"
    if not fitting:
        raise RequestError(
            f"no head has the rows of {plural(len(before), 'old category', 'old categories')}: "
            f"{listed}; rows of heads: {heads}",
            hint="name the head with --key, or give its training file",
        )
    raise RequestError(
        f"several numberings fit: {listed}; rows of heads: {heads}",
        hint="choose one: --index position or --index id; or name the head with --key",
    )


def _are_positions(*lists: Sequence[tuple[Id, str]]) -> bool:
    return all(i == place for each in lists for place, (i, _) in enumerate(each))


def _are_rows(*lists: Iterable[tuple[Id, str]]) -> bool:
    return all(isinstance(i, int) and i >= 0 for each in lists for i, _ in each)


def _is_by_class(tensor: Tensor, plan: RowPlan) -> bool:
    classes = plan.embedding_sizes[0]
    sizes: Collection[int] = {4 * plan.head.count, 4 * classes, classes}
    is_named = is_class_head(tensor.name) or _BY_CLASS.fullmatch(last_word(tensor.name))
    return tensor.shape[0] in sizes and bool(is_named)


def _no_head(tensors: Iterable[Tensor], plan: RowPlan) -> RequestError:
    named = {t.name: t.shape[0] for t in tensors if t.shape and is_class_head(t.name)}
    heads = [f"{key} has {rows}" for key, rows in named.items()]
    hint = next(filter(None, map(_spaces_with, named.values())), None)
    return RequestError(
        f"no head has the {plural(plan.head.count, 'row')} of {plan.before}"
        + (f": {first_few(heads, 3)}" if heads else ""),
        hint=hint or "name the tensors with --key",
    )


def _spaces_with(rows: int) -> str | None:
    fitting = head_spaces(rows)
    return f"{rows} rows: {', '.join(fitting)}" if fitting else None
