"""What a framework raises, as a LoaderError: the same type, a stable rule, and where it stands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NoReturn

from cocosurgeon.errors import LoaderError
from cocosurgeon.loaders.view import Rule, View

NUMBERS = (int, float)
NOTHING_LEFT = "empty-dataset"


class NothingLeftError(LoaderError):
    """A framework raises since no image is left.

    Attributes:
        view: what is left, and what was left out by which rule.
    """

    def __init__(self, what: str, *, exception: str, view: View) -> None:
        self.view = view
        super().__init__(what, exception=exception, rule=NOTHING_LEFT)


def fail(exception: str, rule: str, what: str, where: str | None = None) -> NoReturn:
    """Raise what a framework raises by an assertion, or by an exception of its own."""
    raise LoaderError(what, exception=exception, rule=rule, where=where)


def failure(
    error: Exception,
    kind: str,
    row: int,
    record: object,
    fields: Iterable[str],
    image: object = None,
) -> LoaderError:
    """What a framework ran into at a record, as an error that names the field.

    Args:
        error: what Python raised where the framework would have.
        kind: the list that holds the record.
        row: its place in the list.
        record: what stands there.
        fields: what is read of it (and of its image), in the order in which it is read.
        image: the image record of an annotation, whose fields are read as well.
    """
    if isinstance(error, KeyError) and error.args[0] in fields:
        field, how = str(error.args[0]), "no"
        problem = f"has no {field!r}"
    else:
        field, how = _odd(record, image, fields) or kind, "bad"
        problem = "cannot be read" if field == kind else f"has a {field!r} that cannot be used"
    return LoaderError(
        f"a record {problem}: {type(error).__name__}: {error}",
        exception=_builtin(error),
        rule=f"{how}-{field.replace('_', '-')}",
        where=f"{kind}[{row}]{_name(record)}",
    )


def errors_for(how: str, fields: str, exception: str, source: str) -> tuple[Rule, ...]:
    """The rules that ``failure`` gives for fields: ``no-width``, ``bad-bbox``, ..."""
    says = {"no": "there is no `{}`: {}", "bad": "`{}` cannot be used: {}"}[how]
    return tuple(
        Rule(f"{how}-{f.replace('_', '-')}", says.format(f, exception), source)
        for f in fields.split()
    )


def _odd(record: object, image: object, fields: Iterable[str]) -> str | None:
    """The first field that is not what it should be; None where that cannot be told."""
    if not isinstance(record, dict):
        return None
    known = image | record if isinstance(image, dict) else record
    return next((f for f in fields if f in known and not _sound(f, known[f])), None)


def _sound(field: str, value: object) -> bool:
    if field == "bbox":
        return isinstance(value, list) and len(value) == 4 and all(_fits(v) for v in value)
    if field in ("id", "image_id", "category_id"):
        return isinstance(value, (int, float, str, type(None)))
    if field in ("file_name", "name"):
        return isinstance(value, str)
    if field in ("segmentation", "iscrowd"):
        return False
    return _fits(value)


def _fits(value: object) -> bool:
    """Whether it is a number that a float can hold."""
    return isinstance(value, float) or (isinstance(value, int) and abs(value) < 2**1023)


def _builtin(error: Exception) -> str:
    """The type's name; for a type of a library's own, that of the built-in type behind it."""
    return next(c.__name__ for c in type(error).__mro__ if c.__module__ == "builtins")


def _name(record: object) -> str:
    return f", id {record['id']!r}" if isinstance(record, dict) and "id" in record else ""
