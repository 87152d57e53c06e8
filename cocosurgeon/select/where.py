"""``where`` expressions: columns, counts, literals, comparisons, arithmetic, and/or/not only.

The text is parsed, every node is checked against that list, and pandas evaluates it over the
columns, never Python's ``eval``. ``count(NAME)`` becomes a column, and ``in`` a list becomes one
comparison for each value.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from functools import lru_cache
from itertools import pairwise
from keyword import iskeyword
from typing import TYPE_CHECKING

from cocosurgeon.errors import ExpressionError

if TYPE_CHECKING:
    from cocosurgeon.annfile.columns import Array
    from cocosurgeon.dataset.mask import Mask

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
_LONGEST = 10_000
_COUNTED = re.compile(r"\bcount\(([^()'\",]*)\)")
_ASSIGNED = re.compile(r"(?<![=!<>])=(?!=)")


def columns_of(expression: str) -> tuple[str, ...]:
    """Return the keys of records that an expression names.

    Raises:
        ExpressionError: it does not parse, or has something that is not allowed.
    """
    tree, counts = _parsed(expression)
    return tuple(name for name in _names(tree) if name not in counts)


def counts_of(expression: str) -> Mapping[str, str | int | None]:
    """Return the counts of an expression: categories by the names of columns (None: any category).

    Raises:
        ExpressionError: see ``columns_of``.
    """
    return _parsed(expression)[1]


def _names(tree: ast.Expression) -> tuple[str, ...]:
    return tuple(dict.fromkeys(n.id for n in ast.walk(tree) if isinstance(n, ast.Name)))


def evaluate(expression: str, columns: Callable[..., tuple[Array, ...]]) -> Mask:
    """Return the mask of the rows for which an expression holds, shape (rows,).

    A missing value is equal to nothing, and neither less nor greater than anything.

    Args:
        columns: returns columns by their names, and by those of counts. Pass columns of the whole
            file, because all values are checked for a fitting type.

    Raises:
        ExpressionError: see ``columns_of``; or it does not fit the types of the columns.
    """
    import numpy as np
    import pandas as pd

    from cocosurgeon.annfile.columns import as_floats

    tree, _ = _parsed(expression)
    names = _names(tree)
    raw = dict(zip(names, columns(*names), strict=True))
    _require_fit(tree, raw, expression)
    values = {name: _exact(v) for name, v in raw.items()}
    values |= {name: as_floats(raw[name]) for name in _calculated(tree)}
    # pandas reserves some names (``index``, ``sin`` ...), so columns get other names
    stand_ins = {name: f"column_{i}" for i, name in enumerate(names)}
    frame = pd.DataFrame({stand_ins[name]: v for name, v in values.items()})
    try:
        text = ast.unparse(_Renamed(stand_ins).visit(deepcopy(tree)))
        with np.errstate(all="ignore"):
            answers = frame.eval(text, engine="python", parser="pandas")
    except RecursionError as error:
        raise _too_long(expression) from error
    except (TypeError, ValueError, ArithmeticError, NotImplementedError, AttributeError) as error:
        raise ExpressionError(
            f"the expression {expression!r} does not fit its columns: {error}",
            hint="numbers compare with numbers, strings with strings in quotes",
        ) from error
    return np.asarray(answers, dtype=np.bool_)


@lru_cache(16)
def _parsed(expression: str) -> tuple[ast.Expression, Mapping[str, str | int | None]]:
    """Return the tree of an expression and its counts. Both are cached: do not change them."""
    if not isinstance(expression, str):
        raise ExpressionError(f"expected an expression in quotes, not {expression!r}")
    plain = _Plain(expression)
    try:
        # A backslash is a plain character: file names from Windows have it.
        tree = ast.parse(expression.strip().replace("\\", "\\\\"), mode="eval")
        plain.visit(tree)  # in place: the root stays
    except (MemoryError, RecursionError) as error:
        raise _too_long(expression) from error
    except (SyntaxError, ValueError) as error:
        why = error.msg if isinstance(error, SyntaxError) else error
        raise ExpressionError(
            f"cannot read the expression {expression!r}: {why}",
            hint=_quoting(expression)
            or ("== compares: 'iscrowd == 1'" if _ASSIGNED.search(expression) else None)
            or "write it as in Python: 'width > 640 and height > 480', "
            "'annotations: area < 1024', \"count('traffic light') == 1\"",
        ) from error
    if len(expression) > _LONGEST:
        raise _too_long(expression)
    for node in ast.walk(tree):
        if not isinstance(node, _NODES):
            raise _forbidden(expression, _called(node))
        if isinstance(node, ast.Constant) and type(node.value) not in _LITERALS:
            raise _forbidden(expression, f"the literal {node.value!r}")
        if isinstance(node, ast.BinOp):
            if _is_text(node.left) or _is_text(node.right):
                raise _forbidden(expression, "arithmetic with a string")
            if isinstance(node.op, ast.Pow) and not _is_tame(node.right):
                raise _forbidden(expression, "a power that is not a small number")
            if isinstance(node.op, ast.Pow) and not _has_column(node.left):
                raise _forbidden(expression, "a power of a number, not of a column")
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            if not all(_has_column(a) or _has_column(b) for a, b in pairwise(sides)):
                raise _forbidden(expression, "a comparison without a column")
            if any(map(_is_yes_or_no, sides)):
                raise _forbidden(expression, "a comparison of comparisons")
        if _is_calculation(node) and any(
            isinstance(inner, ast.expr) and _is_yes_or_no(inner)
            for inner in ast.iter_child_nodes(node)
        ):
            raise _forbidden(expression, "arithmetic with a comparison")
    if not all(map(_is_yes_or_no, _asked(tree))):
        raise ExpressionError(
            f"the expression {expression!r} uses a value as a condition",
            hint="compare it with a value: area > 100, iscrowd == 1",
        )
    if not _has_column(tree):
        hint = "compare a column with a value: area > 100"
        raise ExpressionError(f"no column in the expression {expression!r}", hint=hint)
    return tree, plain.counts


class _Plain(ast.NodeTransformer):
    """Replaces short forms: ``count(NAME)``, ``in``, ``true`` and ``false``.

    Attributes:
        counts: category of each ``count(NAME)``, by the name of the column that replaces it.
    """

    def __init__(self, expression: str) -> None:
        self._expression = expression
        self.counts: dict[str, str | int | None] = {}

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Replace ``true`` and ``false``, as in JSON, by those of Python."""
        value = {"true": True, "false": False}.get(node.id)
        return node if value is None else ast.copy_location(ast.Constant(value), node)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """Replace ``count(person)``, ``count('traffic light')`` and ``count(17)`` by a column."""
        is_count = isinstance(node.func, ast.Name) and node.func.id == "count"
        if not is_count or node.keywords or len(node.args) > 1:
            return node
        category: str | int | None = None
        match node.args:
            case [ast.Name(id=name)]:
                category = name
            case [ast.Constant(value=str() | int() as value)] if not isinstance(value, bool):
                category = value
            case [_]:
                return node
        column = "count()" if category is None else f"count({category!r})"
        self.counts[column] = category
        return ast.Name(column, ast.Load())

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        """Replace ``in (1, 2)`` by a comparison with each value."""
        self.generic_visit(node)
        if not any(isinstance(op, (ast.In, ast.NotIn)) for op in node.ops):
            return node
        if len(node.ops) > 1:
            raise _forbidden(self._expression, "'in' in a chain of comparisons")
        [values], [op] = node.comparators, node.ops
        if not isinstance(values, (ast.Tuple, ast.List)) or not values.elts:
            raise ExpressionError(
                f"the expression {self._expression!r} has no list of values after 'in'",
                hint=f"a list of one value has brackets: in [{ast.unparse(values)}]"
                if _is_literal(values)
                else "width in (320, 640), license in [1], file_name in ('a.jpg', 'b.jpg')",
            )
        if not all(map(_is_literal, values.elts)):
            raise _forbidden(self._expression, "a list of other values than numbers and strings")
        equals = [ast.Compare(deepcopy(node.left), [ast.Eq()], [each]) for each in values.elts]
        found = _any_of(equals)
        return found if isinstance(op, ast.In) else ast.UnaryOp(ast.Not(), found)


def _any_of(answers: Sequence[ast.expr]) -> ast.expr:
    """Return ``or`` of expressions, split in halves so that a long list is not deeply nested."""
    if len(answers) == 1:
        return answers[0]
    half = len(answers) // 2
    return ast.BoolOp(ast.Or(), [_any_of(answers[:half]), _any_of(answers[half:])])


def _is_literal(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        return isinstance(node.operand, ast.Constant) and not _is_text(node.operand)
    return isinstance(node, ast.Constant)


def _asked(tree: ast.Expression) -> Iterator[ast.expr]:
    """Yield the parts of an expression that must be true or false."""
    yield tree.body
    for node in ast.walk(tree):
        if isinstance(node, ast.BoolOp):
            yield from node.values
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            yield node.operand


def _is_yes_or_no(node: ast.expr) -> bool:
    is_not = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
    return is_not or isinstance(node, (ast.BoolOp, ast.Compare))


def _is_calculation(node: ast.AST) -> bool:
    is_sign = isinstance(node, ast.UnaryOp) and not isinstance(node.op, ast.Not)
    return is_sign or isinstance(node, ast.BinOp)


def _too_long(expression: str) -> ExpressionError:
    return ExpressionError(
        f"the expression {expression[:60]!r}... is too long or too deeply nested",
        hint="give several --where, or a list with --ids-file",
    )


def _quoting(expression: str) -> str | None:
    """Return a hint if ``count()`` has a name that needs quotes: ``count(traffic light)``."""
    for name in map(str.strip, _COUNTED.findall(expression)):
        is_plain = name.isidentifier() and not iskeyword(name)
        if name and not is_plain and not re.fullmatch(r"-?\d+", name):
            return f"put a name of several words in quotes: count('{name}')"
    return None


def _forbidden(expression: str, what: str) -> ExpressionError:
    return ExpressionError(
        f"the expression {expression!r} holds {what}",
        hint=_quoting(expression)
        or "use only columns, count(NAME), numbers, strings in quotes, comparisons, in (lists of "
        "values), + - * / // % **, and, or, not",
    )


def _called(node: ast.AST) -> str:
    call = "a call other than count(NAME), count('traffic light') or count(17)"
    names = {ast.Call: call, ast.Attribute: "an attribute", ast.Subscript: "an index"}
    return names.get(type(node), f"Python's {type(node).__name__}")


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _is_tame(exponent: ast.expr) -> bool:
    """Return True if an exponent is a small literal: 9**9**9 would run for ever."""
    if isinstance(exponent, ast.UnaryOp) and isinstance(exponent.op, ast.USub):
        exponent = exponent.operand
    return (
        isinstance(exponent, ast.Constant)
        and isinstance(exponent.value, (int, float))
        and abs(exponent.value) <= _LARGEST_POWER
    )


def _has_column(node: ast.AST) -> bool:
    return any(isinstance(inner, ast.Name) for inner in ast.walk(node))


def _require_fit(tree: ast.Expression, columns: dict[str, Array], expression: str) -> None:
    """Raise ExpressionError for arithmetic with strings or huge numbers, and for comparisons of a
    string with a number."""
    texts = {name for name, values in columns.items() if _holds(values, str)}
    numbers = {name for name, values in columns.items() if _holds(values, (int, float))}
    for name in sorted(_calculated(tree)):
        if name not in numbers and any(v is not None for v in columns[name]):
            raise ExpressionError(
                f"the expression {expression!r} does arithmetic with {name!r}, "
                "which is not always a number",
                hint="compare strings only",
            )
        if not _small(columns[name]):
            raise ExpressionError(
                f"the expression {expression!r} does arithmetic with {name!r}, which holds "
                "integers of 2**53 and more",
                hint="they can be compared, but exact arithmetic is not possible",
            )
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            has_text = any(
                _is_text(s) or (isinstance(s, ast.Name) and s.id in texts) for s in sides
            )
            has_number = any(
                isinstance(s, (ast.BinOp, ast.UnaryOp))
                or (isinstance(s, ast.Constant) and not isinstance(s.value, str))
                or (isinstance(s, ast.Name) and s.id in numbers)
                for s in sides
            )
            if has_text and has_number:
                raise ExpressionError(
                    f"the expression {expression!r} compares a string with a number",
                    hint="numbers compare with numbers, strings with strings in quotes",
                )


def _holds(values: Array, kind: type | tuple[type, ...]) -> bool:
    """Return True if there are values, and all are of one kind."""
    if values.dtype != object:
        return kind is not str
    there = [v for v in values if v is not None]
    return bool(there) and all(isinstance(v, kind) for v in there)


def _calculated(tree: ast.Expression) -> set[str]:
    """Return the columns that an expression does arithmetic with."""
    return {
        inner.id
        for node in ast.walk(tree)
        if _is_calculation(node)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Name)
    }


def _small(values: Array) -> bool:
    """Return True if float64 is exact for every integer of a column of numbers."""
    from cocosurgeon.annfile.chunks import EXACT_IN_FLOAT

    if values.dtype == "int64":
        return bool(((values > -EXACT_IN_FLOAT) & (values < EXACT_IN_FLOAT)).all())
    return all(not isinstance(v, int) or abs(v) < EXACT_IN_FLOAT for v in values)


def _exact(values: Array) -> Array:
    """Return values that pandas compares exactly; NaN for missing ones in a column of numbers."""
    import numpy as np

    from cocosurgeon.annfile.columns import as_floats

    if values.dtype != object or not _holds(values, (int, float)):
        return values
    if _small(values):
        return as_floats(values)
    return np.fromiter((np.nan if v is None else v for v in values), object, count=len(values))


class _Renamed(ast.NodeTransformer):
    def __init__(self, names: dict[str, str]) -> None:
        self._names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self._names[node.id], node.ctx)

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        """Replace a whole float by an integer, which compares exactly with integers."""
        is_whole = isinstance(node.value, float) and node.value.is_integer()
        return ast.Constant(int(node.value)) if is_whole else node  # type: ignore[arg-type]
