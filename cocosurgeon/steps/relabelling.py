"""The options that change categories, and the steps that they stand for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import cast

from cocosurgeon.categories.by_names import Like, WithNames
from cocosurgeon.categories.category_map import read_map
from cocosurgeon.categories.edit import Merge, Remap, Rename, SortCategories
from cocosurgeon.categories.policy import By, Unmapped
from cocosurgeon.categories.to_space import ToSpace
from cocosurgeon.dataset.io import read
from cocosurgeon.errors import RequestError
from cocosurgeon.steps.filtering import Binding, Maker, Makers, step
from cocosurgeon.steps.lists import names_in, split_alias, split_pair, unquoted


@dataclass(frozen=True, kw_only=True)
class Modifiers:
    """What goes with an option that maps categories.

    Attributes:
        from_: the space that the file is in; None: to be told by the file.
        start: the first id; None: as the option has it.
        unmapped: what becomes of ids that are not mapped.
        aliases: names in the file that stand for other names.
        given: the modifiers that were written.
    """

    from_: str | None
    start: int | None
    unmapped: Unmapped
    aliases: tuple[tuple[str, str], ...]
    given: tuple[str, ...]

    @classmethod
    def of(
        cls,
        *,
        from_: str | None,
        start: int | None,
        unmapped: str | None,
        aliases: Sequence[str] | None,
    ) -> Modifiers:
        """The modifiers as they were written.

        Raises:
            RequestError: an alias is no pair of names.
        """
        values = {"--from": from_, "--start": start, "--unmapped": unmapped, "--alias": aliases}
        pairs = [(old, unquoted(new)) for old, new in map(split_alias, aliases or ())]
        return cls(
            from_=from_,
            start=start,
            unmapped=cast(Unmapped, unmapped or "error"),  # steps refuse what they do not know
            aliases=tuple(pairs),
            given=tuple(name for name, value in values.items() if value),
        )

    def require_use(self, written: Collection[str], by: Sequence[str], of: Sequence[str]) -> None:
        """Refuse modifiers that nothing written makes use of.

        Args:
            written: names of the parameters that were given.
            by: parameters that make use of them.
            of: the modifiers.
        """
        lost = [name for name in self.given if name in of]
        if lost and not set(by) & set(written):
            *others, last = (f"--{_OPTIONS.get(name, name)}" for name in by)
            options = f"{', '.join(others)} or {last}" if others else last
            raise RequestError(f"{lost[0]} says nothing without {options}")


def to_space(written: Collection[str], modifiers: Modifiers) -> Makers:
    """``--to``, with its modifiers.

    Raises:
        RequestError: a modifier is for nothing.
    """
    modifiers.require_use(written, ["to"], ["--from", "--start", "--unmapped", "--alias"])
    return _to(modifiers)


def relabelling(written: Collection[str], modifiers: Modifiers) -> Makers:
    """All options that change categories, with their modifiers.

    Raises:
        RequestError: a modifier is for nothing.
    """
    modifiers.require_use(written, ["to"], ["--from"])
    modifiers.require_use(written, ["to", "with_names"], ["--start"])
    modifiers.require_use(written, ["to", "with_names", "like"], ["--alias"])
    modifiers.require_use(written, ["to", "with_names", "like", "map_"], ["--unmapped"])
    policy, aliases = modifiers.unmapped, modifiers.aliases
    return {
        **_to(modifiers),
        "with_names": lambda text: step(
            WithNames(names_in(text), modifiers.start or 0, policy, aliases)
        ),
        "merge": _merge,
        "rename": _rename,
        "sort": lambda by: step(SortCategories(cast(By, by))),
        "like": lambda path: step(Like.of(read(path), policy, aliases)),
        "map_": lambda path: step(Remap(read_map(path, policy))),
    }


_OPTIONS = {"with_names": "names", "map_": "map"}
"""How options are written whose parameter has another name."""


def _to(m: Modifiers) -> dict[str, Maker]:
    return {"to": lambda space: step(ToSpace(space, m.from_, m.start, m.unmapped, m.aliases))}


def _merge(text: str) -> Binding:
    name, rest = split_pair(text)
    return step(Merge(name, names_in(rest)))


def _rename(text: str) -> Binding:
    old, new = split_pair(text)
    return step(Rename(old, unquoted(new)))
