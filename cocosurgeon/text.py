"""Words of messages: the nearest match to a name, the first few of a list, plurals, tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import combinations

_NO_LETTER = re.compile(r"[\W_]+")
_COMPARISONS = 50_000
"""Most pairs of names that are compared letter by letter, which takes about a second. After that,
only names that differ by case and blanks are found."""


_CLOSE = 0.75
"""Least similarity (``difflib``) of a name that a hint names."""
_WIDEST = 60
"""Most characters of a file name in a message."""


class KnownNames:
    """Known names, prepared to look up the one that another name resembles."""

    def __init__(self, known: Iterable[str]) -> None:
        self._names = list(dict.fromkeys(known))

    def __len__(self) -> int:
        return len(self._names)

    def nearest(self, name: str, by_letters: bool = True) -> str | None:
        """Return the most similar known name; None without a similar one.

        Case, blanks, hyphens and underscores count less than letters. One name may have more words
        than the other.

        Args:
            by_letters: find misspelled names, too; this compares every known name.
        """
        from difflib import get_close_matches

        plain = _plain(name)
        if plain and plain in self._by_plain:
            return self._by_plain[plain]
        if by_letters:
            if close := get_close_matches(name, self._names, n=1):
                return close[0]
            if close := get_close_matches(plain, self._by_plain, n=1):
                return self._by_plain[close[0]]
        return self._sharing_words(name) if len(self) <= _COMPARISONS else None

    @cached_property
    def _by_plain(self) -> dict[str, str]:
        return {_plain(n): n for n in reversed(self._names)}

    @cached_property
    def _by_words(self) -> tuple[dict[frozenset[str], int], dict[frozenset[str], int]]:
        """Return the first name's place by its set of words, and by each smaller set of them."""
        by_all: dict[frozenset[str], int] = {}
        by_fewer: dict[frozenset[str], int] = {}
        for place, name in enumerate(self._names):
            words = _words(name)
            by_all.setdefault(words, place)
            for fewer in _proper_subsets(words):
                by_fewer.setdefault(fewer, place)
        return by_all, by_fewer

    def _sharing_words(self, name: str) -> str | None:
        by_all, by_fewer = self._by_words
        words = _words(name)
        places = [by_all.get(fewer) for fewer in _proper_subsets(words)] + [by_fewer.get(words)]
        found = [place for place in places if place is not None]
        return self._names[min(found)] if found else None


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the most similar known name; see ``KnownNames.nearest``."""
    names = KnownNames(known)
    return names.nearest(name, by_letters=len(names) <= _COMPARISONS)


def nearest_of_each(names: Iterable[str], known: KnownNames) -> Iterator[tuple[str, str | None]]:
    """Yield each name with the most similar known name.

    To keep the time linear, misspelled names are no longer found after ``_COMPARISONS`` pairs.
    """
    for count, name in enumerate(names, 1):
        yield name, known.nearest(name, by_letters=count * len(known) <= _COMPARISONS)


def alike(name: str, other: str) -> bool:
    """Return True if names differ only by case and by characters that are no letters or digits."""
    return _plain(name) == _plain(other) != ""


def share_words(name: str, other: str) -> bool:
    """Return True if one name has all words of the other, and more."""
    words, others = _words(name), _words(other)
    return bool(words and others) and (words < others or words > others)


def did_you_mean(name: str, known: Iterable[str], else_list: str = "") -> str | None:
    """Return a hint for an error message; None without a similar known name.

    Args:
        else_list: words before the first known names, which are the hint if none is similar.
    """
    names = list(dict.fromkeys(known))
    match = nearest(name, names)
    if match is not None and _is_close(*_without_common_suffix(name, match)):
        return f"did you mean {match!r}?"
    return f"{else_list} {first_few(names, show=repr)}" if else_list and names else None


def _is_close(name: str, other: str) -> bool:
    from difflib import SequenceMatcher

    if alike(name, other) or share_words(name, other) or sorted(name) == sorted(other):
        return True
    return SequenceMatcher(None, name.casefold(), other.casefold()).ratio() >= _CLOSE


def _without_common_suffix(name: str, other: str) -> tuple[str, str]:
    (stem, dot, suffix), (other_stem, _, other_suffix) = name.rpartition("."), other.rpartition(".")
    return (stem, other_stem) if dot and suffix == other_suffix else (name, other)


def first_few(
    items: Sequence[object],
    shown: int = 8,
    separator: str = ", ",
    show: Callable[..., str] = str,
) -> str:
    """Return the first items of a list, and how many more there are: ``a, b, and 3 more``.

    Args:
        show: makes the text of an item.
    """
    texts = [show(item) for item in items[:shown]]
    more = [f"and {len(items) - shown:,} more"] if len(items) > shown else []
    return separator.join([*texts, *more])


def last_part(path: object) -> object:
    """Return a path without its folders; a value that is no text is returned unchanged."""
    return path.replace("\\", "/").rpartition("/")[2] if isinstance(path, str) else path


def plural(count: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun: ``1 image``, ``2,000 images``.

    Args:
        many: the plural where it is not ``one`` with an ``s``.
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def byte_count(count: int) -> str:
    """Return a number of bytes for people: ``96 bytes``, ``1.2 kB``, ``520.1 MB``."""
    if count < 1_000:
        return plural(count, "byte")
    return f"{count / 1e3:,.1f} kB" if count < 1_000_000 else f"{count / 1e6:,.1f} MB"


def table_lines(
    rows: Sequence[Sequence[str]], right: frozenset[int], width: int | None = None
) -> list[str]:
    """Return a table as lines: a head, and rows.

    Args:
        rows: cells; the first row is the head.
        right: columns of numbers, which are aligned to the right.
        width: most characters of a line; longer cells are folded. None: no limit.
    """
    import io

    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="")
    for number, name in enumerate(rows[0]):
        is_right = number in right
        table.add_column(
            one_line(name),
            justify="right" if is_right else "left",
            no_wrap=is_right,
            overflow="fold",
        )
    for row in rows[1:]:
        table.add_row(*map(one_line, row))
    stream = io.StringIO()
    console = Console(file=stream, width=width or 10_000, color_system=None, markup=False)
    console.print(table, highlight=False, soft_wrap=False)
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def are(count: int) -> str:
    """Return the verb ``is`` or ``are`` that goes with a number."""
    return "is" if count == 1 else "are"


def has(count: int) -> str:
    """Return the verb ``has`` or ``have`` that goes with a number."""
    return "has" if count == 1 else "have"


def first_names(names: Sequence[str], shown: int = 3) -> str:
    """Return the first file names of a list, long ones cut at the front."""
    cut = [n if len(n) <= _WIDEST else f"...{n[-_WIDEST:]}" for n in names[:shown]]
    return one_line(first_few([*cut, *names[shown:]], shown))


def wrapped_items(items: Iterable[str]) -> list[str]:
    """Return lines of code with the items of a list, each with its comma; no item is split."""
    import textwrap

    blank = "\0"  # stands for a blank in an item while the text is wrapped at blanks
    text = " ".join(f"{item},".replace(" ", blank) for item in items)
    lines = textwrap.wrap(text, 92, break_on_hyphens=False, break_long_words=False)
    return [line.replace(blank, " ") for line in lines]


def cut(text: str, longest: int) -> str:
    """Return a text cut to a number of characters, with dots at its end."""
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def one_line(text: str) -> str:
    """Return a text in one line: file names may hold line breaks and control characters."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def yaml_string(text: str) -> str:
    """Return text in quotes for YAML; unlike JSON, YAML joins no surrogates."""
    import json

    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in quoted)


@lru_cache(8192)
def _plain(name: str) -> str:
    return _NO_LETTER.sub("", name.casefold())


@lru_cache(8192)
def _words(name: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", name.casefold()))


def _proper_subsets(words: frozenset[str]) -> Iterator[frozenset[str]]:
    """Return the smaller sets of some words; of more than six words, those with one word less."""
    sizes = range(1, len(words)) if len(words) <= 6 else [len(words) - 1]
    return (frozenset(chosen) for size in sizes for chosen in combinations(words, size))
