"""All repairs by their codes, and the choice of some."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from cocosurgeon.errors import RequestError, UnknownNameError
from cocosurgeon.findings.codes import CODES
from cocosurgeon.lint.check import all_checks
from cocosurgeon.lint.on_disk import ON_DISK_REPAIRS
from cocosurgeon.lint.repair import Repair
from cocosurgeon.text import did_you_mean


def repairs() -> Mapping[str, Repair]:
    """Return the repair of each code that has one, in the order in which they are done."""
    of_checks = {check.code: check.repair for check in all_checks() if check.repair is not None}
    # Sizes are found by ids, and an area may be that of the box.
    first = {"images": 0, "categories": 1, "boxes": 2}
    codes = sorted(of_checks, key=lambda code: first.get(CODES[code].group, len(first)))
    return {**ON_DISK_REPAIRS, **{code: of_checks[code] for code in codes}}


def safe_codes() -> tuple[str, ...]:
    """Return the codes whose repair loses and guesses nothing."""
    return tuple(code for code, repair in repairs().items() if repair.is_safe)


def require_repairable(codes: Iterable[str], *, has_images: bool) -> None:
    """Refuse codes that have no repair, or need a folder of images.

    Raises:
        UnknownNameError: a code has no repair, or is none.
        RequestError: it needs a folder, and none is named.
    """
    known = repairs()
    for code in codes:
        if code not in known:
            raise UnknownNameError(
                f"no repair of {code!r}",
                hint=did_you_mean(code, known) or f"repairs: {', '.join(known)}",
            )
        if code in ON_DISK_REPAIRS and not has_images:
            raise RequestError(
                f"{code} is about image files", hint="name their folder: --images DIR"
            )


def repair_kind(code: str) -> Literal["safe", "unsafe", "none"]:
    """Return whether there is a repair of a code, and of which kind."""
    repair = repairs().get(code)
    if repair is None:
        return "none"
    return "safe" if repair.is_safe else "unsafe"


def repair_command(code: str) -> str:
    """Return the command that repairs a code."""
    needs = " --images DIR" if code in ON_DISK_REPAIRS else ""
    return f"cocosurgeon fix FILE --select {code}{needs}"


def chosen_codes(names: Sequence[str], *, unsafe: bool, has_images: bool) -> tuple[str, ...]:
    """Return the codes to repair, in the order in which it is done.

    Args:
        names: codes and groups; none: all whose repair is safe.
        unsafe: whether all others are wanted, too.
        has_images: whether there is a folder of images.

    Raises:
        UnknownNameError: a code has no repair, or a group none with one.
    """
    known = repairs()
    groups = {CODES[code].group for code in known}
    require_repairable((name for name in names if name not in groups), has_images=has_images)
    possible = [code for code in known if has_images or code not in ON_DISK_REPAIRS]
    if names:
        chosen = {code for code in possible if {code, CODES[code].group} & set(names)}
    else:
        chosen = {code for code in possible if unsafe or known[code].is_safe}
    return tuple(code for code in possible if code in chosen)
