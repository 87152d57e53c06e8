"""The nearest match to a name that is not there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from functools import lru_cache


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like this one; None when none is.

    Case, blanks, hyphens and underscores count less than letters; a name may have more words.
    """
    names = list(dict.fromkeys(known))
    plain = {_plain(n): n for n in reversed(names)}
    if _plain(name) and _plain(name) in plain:
        return plain[_plain(name)]
    close = get_close_matches(name, names, n=1) or [
        plain[p] for p in get_close_matches(_plain(name), plain, n=1)
    ]
    return close[0] if close else next((n for n in names if share_words(name, n)), None)


def alike(name: str, other: str) -> bool:
    """Whether names differ in nothing but case, blanks, hyphens, underscores and the like."""
    return _plain(name) == _plain(other) != ""


def share_words(name: str, other: str) -> bool:
    """Whether one name has all words of the other, and more."""
    words, others = _words(name), _words(other)
    return bool(words and others) and (words < others or words > others)


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """A hint for an error message."""
    match = nearest(name, known)
    return f"did you mean {match!r}?" if match is not None else None


@lru_cache(8192)
def _plain(name: str) -> str:
    return "".join(c for c in name.casefold() if c.isalnum())


@lru_cache(8192)
def _words(name: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", name.casefold()))
