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


def evaluate(expression: str, column: Callable[[str], Array]) -> Mask:
    """The answers of an expression, one for each value of its columns.

    Where a value that it needs is missing, a comparison says no (``!=`` says yes).

    Args:
        column: gives a column by name.

    Raises:
        ExpressionError: forbidden, or it does not fit the columns' types.
    """
    import pandas as pd

    columns = {name: column(name) for name in columns_of(expression)}
    # pandas reserves some names (``index``, ``and`` ...): columns go in under names of our own.
    stand_ins = {name: f"column_{i}" for i, name in enumerate(columns)}
    renamed = _Renamed(stand_ins).visit(_parsed(expression))
    frame = pd.DataFrame({stand_ins[n]: _plain(v) for n, v in columns.items()})
    try:
        with np.errstate(all="ignore"):
            answers = frame.eval(ast.unparse(renamed), engine="python", parser="pandas")
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
        forbidden = (
            not isinstance(node, _NODES)
            or (isinstance(node, ast.Constant) and type(node.value) not in _LITERALS)
            or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow) and not _tame(node))
        )
        if forbidden:
            raise ExpressionError(
                f"the expression {expression!r} holds {_called(node)}",
                hint="only columns, numbers, strings in quotes, comparisons, + - * / // % **, "
                "and, or, not are accepted",
            )
    return tree


def _tame(power: ast.BinOp) -> bool:
    """Whether a power has a small literal exponent: 9**9**9 would run for ever."""
    exponent = power.right
    return (
        isinstance(exponent, ast.Constant)
        and isinstance(exponent.value, (int, float))
        and abs(exponent.value) <= _LARGEST_POWER
        and not isinstance(power.left, ast.BinOp)
    )


def _called(node: ast.AST) -> str:
    names = {ast.Call: "a call", ast.Attribute: "an attribute", ast.Subscript: "an index"}
    return names.get(type(node), f"what Python calls {type(node).__name__}")


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
