"""``where`` expressions: columns, literals, comparisons, arithmetic, and/or/not. Nothing else.

The text is parsed, every node is held against that list, and pandas evaluates it over the
columns. Python's ``eval`` never sees it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

import numpy as np

from cocosurgeon.annfile.columns import Array, as_floats
from cocosurgeon.errors import ExpressionError
from cocosurgeon.question import Mask

_NODES: tuple[type[ast.AST], ...] = (
    ast.Expression,
    ast.BoolOp,
    ast.And,
    ast.Or,
    ast.UnaryOp,
    ast.Not,
    ast.USub,
    ast.UAdd,
    ast.BinOp,
    ast.Add,
    ast.Sub,
    ast.Mult,
    ast.Div,
    ast.FloorDiv,
    ast.Mod,
    ast.Pow,
    ast.Compare,
    ast.Eq,
    ast.NotEq,
    ast.Lt,
    ast.LtE,
    ast.Gt,
    ast.GtE,
    ast.Name,
    ast.Load,
    ast.Constant,
)
_LITERALS = (int, float, str, bool)
_LARGEST_POWER = 64


def columns_of(expression: str) -> tuple[str, ...]:
    """Names of the columns of an expression, once it is known to hold nothing forbidden.

    Raises:
        ExpressionError: it does not parse, or holds something else, and which.
    """
    tree = _parsed(expression)
    names = dict.fromkeys(n.id for n in ast.walk(tree) if isinstance(n, ast.Name))
    if not names:
        raise ExpressionError(f"no column in the expression {expression!r}")
    return tuple(names)


def evaluate(expression: str, columns: Callable[..., tuple[Array, ...]]) -> Mask:
    """The answers of an expression, one for each value of its columns.

    A missing value is equal to nothing, and neither less nor more than anything.

    Args:
        columns: gives columns by their names.

    Raises:
        ExpressionError: forbidden, or it does not fit the columns' types.
    """
    import pandas as pd

    tree = _parsed(expression)
    names = columns_of(expression)
    values = {name: _plain(v) for name, v in zip(names, columns(*names), strict=True)}
    _require_numbers(tree, values, expression)
    # pandas reserves some names (``index``, ``sin`` ...): columns go in under names of our own.
    stand_ins = {name: f"column_{i}" for i, name in enumerate(names)}
    frame = pd.DataFrame({stand_ins[name]: v for name, v in values.items()})
    text = ast.unparse(_Renamed(stand_ins).visit(tree))
    try:
        with np.errstate(all="ignore"):
            answers = frame.eval(text, engine="python", parser="pandas")
    except (TypeError, ValueError, ArithmeticError, NotImplementedError, AttributeError) as error:
        raise ExpressionError(
            f"the expression {expression!r} does not fit its columns: {error}",
            hint="numbers compare with numbers, strings with strings in quotes",
        ) from error
    mask = np.asarray(answers)
    if mask.shape != (len(frame),) or mask.dtype != np.bool_:
        raise ExpressionError(
            f"the expression {expression!r} gives values, not yes or no",
            hint="compare them with something: area > 100",
        )
    return mask


def _parsed(expression: str) -> ast.Expression:
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise ExpressionError(f"cannot read the expression {expression!r}: {error}") from error
    for node in ast.walk(tree):
        if not isinstance(node, _NODES):
            raise _forbidden(expression, _called(node))
        if isinstance(node, ast.Constant) and type(node.value) not in _LITERALS:
            raise _forbidden(expression, f"the literal {node.value!r}")
        if isinstance(node, ast.BinOp):
            if _is_text(node.left) or _is_text(node.right):
                raise _forbidden(expression, "arithmetic with a string")
            if isinstance(node.op, ast.Pow) and not _is_tame(node.right):
                raise _forbidden(expression, "a power that is no small number")
            if isinstance(node.op, ast.Pow) and not _has_column(node.left):
                raise _forbidden(expression, "a power of a number, not of a column")
    return tree


def _forbidden(expression: str, what: str) -> ExpressionError:
    return ExpressionError(
        f"the expression {expression!r} holds {what}",
        hint="only columns, numbers, strings in quotes, comparisons, + - * / // % **, "
        "and, or, not are accepted",
    )


def _called(node: ast.AST) -> str:
    names = {ast.Call: "a call", ast.Attribute: "an attribute", ast.Subscript: "an index"}
    return names.get(type(node), f"what Python calls {type(node).__name__}")


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _is_tame(exponent: ast.expr) -> bool:
    """Whether an exponent is a small literal: 9**9**9 would run for ever."""
    return (
        isinstance(exponent, ast.Constant)
        and isinstance(exponent.value, (int, float))
        and abs(exponent.value) <= _LARGEST_POWER
    )


def _has_column(node: ast.expr) -> bool:
    return any(isinstance(inner, ast.Name) for inner in ast.walk(node))


def _require_numbers(tree: ast.Expression, values: dict[str, Array], expression: str) -> None:
    """Raise ExpressionError when arithmetic is done with a column that is not all numbers."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.BinOp, ast.UnaryOp)) and not (
            isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
        ):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Name) and values[inner.id].dtype == object:
                    raise ExpressionError(
                        f"the expression {expression!r} does arithmetic with {inner.id!r}, "
                        "which is not a number everywhere",
                        hint="strings can only be compared",
                    )


def _plain(values: Array) -> Array:
    """Missing values as NaN where all others are numbers, so that pandas compares them."""
    if values.dtype != object:
        return values
    if all(v is None or isinstance(v, (int, float)) for v in values):
        return as_floats(values)
    return values


class _Renamed(ast.NodeTransformer):
    def __init__(self, names: dict[str, str]) -> None:
        self._names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self._names[node.id], node.ctx)
