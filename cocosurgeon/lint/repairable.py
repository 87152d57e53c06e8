"""All repairs by their codes, and the choice of some."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from cocosurgeon.errors import RequestError, UnknownNameError
from cocosurgeon.findings.codes import CODES
from cocosurgeon.lint.check import all_checks
from cocosurgeon.lint.on_disk import ON_DISK_REPAIRS
from cocosurgeon.lint.repair import Repair
from cocosurgeon.text import did_you_mean
from cocosurgeon.version import DOCS

SAFE = "safe"
"""Stands for all codes whose repair is safe."""
ALL = "all"
"""Stands for all codes that have a repair."""


def repairs() -> Mapping[str, Repair]:
    """Return the repair of each code that has one, in the order in which they are done."""
    found = {check.code: check.repair for check in all_checks() if check.repair is not None}

    def rank(code: str) -> int:
        # Sizes are found by ids, and an area may be that of the box.
        return 0 if found[code].of_ids else 1 if CODES[code].group == "boxes" else 2

    return {**ON_DISK_REPAIRS, **{code: found[code] for code in sorted(found, key=rank)}}


def repairable(names: Sequence[str], *, has_images: bool) -> tuple[str, ...]:
    """Return the codes that names stand for, in the order in which they are repaired.

    Args:
        names: codes, groups of codes, ``safe``, or ``all``.
        has_images: whether there is a folder of images; without one ``safe`` and ``all`` are
            without the codes about image files.

    Raises:
        UnknownNameError: a name is none of these, or has no repair.
        RequestError: a code needs a folder, and none is named.
    """
    known = repairs()
    possible = [code for code in known if has_images or code not in ON_DISK_REPAIRS]
    meant = {SAFE: [code for code in possible if known[code].is_safe], ALL: possible}
    for code in known:
        meant.setdefault(CODES[code].group, []).append(code)
        meant[code] = [code]
    chosen: set[str] = set()
    for name in names:
        if name not in meant:
            groups = ", ".join(dict.fromkeys(CODES[code].group for code in known))
            raise UnknownNameError(
                f"no repair of {name!r}",
                hint=did_you_mean(name, meant)
                or f"{SAFE}, a code or a group ({groups}); {DOCS}/fix.md lists all",
            )
        chosen.update(meant[name])
    if needing := [code for code in chosen if code not in possible]:
        raise RequestError(
            f"{needing[0]} is about image files", hint="name their folder: --images DIR"
        )
    return tuple(code for code in possible if code in chosen)


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
