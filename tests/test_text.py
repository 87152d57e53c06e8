"""Words of messages: nearest matches, in time linear in the names; first few of a list; plurals."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from difflib import get_close_matches

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocosurgeon import text
from cocosurgeon.text import (
    KnownNames,
    did_you_mean,
    first_few,
    nearest,
    nearest_of_each,
    plural,
    share_words,
)

names = st.text("ab -_A", max_size=12)


@given(names, st.lists(names))
def test_one_name_shares_words_with_the_first_that_does(name: str, known: list[str]) -> None:
    expected = next((k for k in known if share_words(name, k)), None)
    found = KnownNames(known).nearest(name, by_letters=False)
    assert found == expected or (found is not None and text.alike(name, found))


@given(names, st.lists(names))
def test_each_is_what_one_alone_is(name: str, known: list[str]) -> None:
    assert list(nearest_of_each([name], KnownNames(known))) == [(name, nearest(name, known))]


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("Cell-Phone", "cell phone"),
        ("tv monitor", "tv"),
        ("toothbrsh", "toothbrush"),
        ("quartz", None),
        ("", None),
    ],
)
def test_the_nearest(name: str, match: str | None) -> None:
    assert nearest(name, ["cell phone", "tv", "toothbrush"]) == match


@pytest.mark.parametrize(
    ("name", "known", "hint"),
    [
        ("instance.json", "instances.json", "did you mean 'instances.json'?"),
        ("dgo", "dog", "did you mean 'dog'?"),
        ("nope.json", "e.json", None),
        ("nope.py", "py.py", None),
        ("none", "onedl", None),
    ],
)
def test_only_a_close_name_is_a_hint(name: str, known: str, hint: str | None) -> None:
    assert did_you_mean(name, [known]) == hint
    assert did_you_mean(name, [known], "there are") == (hint or f"there are {known!r}")
    assert did_you_mean(name, [], "there are") is None


def test_many_names_are_not_compared_letter_by_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = 0

    def counted(name: str, known: Iterable[str], n: int) -> list[str]:
        nonlocal compared
        compared += len(list(known))
        return get_close_matches(name, list(known), n=n)

    monkeypatch.setattr(difflib, "get_close_matches", counted)
    monkeypatch.setattr(text, "_COMPARISONS", 1000)
    known = KnownNames(f"thing {i} x" for i in range(100))
    found = dict(nearest_of_each((f"THING {i}-x" for i in range(500)), known))
    assert found["THING 7-x"] == "thing 7 x"
    assert compared <= 2 * 1000


def test_the_first_few() -> None:
    assert first_few([]) == ""
    assert first_few([1, 2], 2) == "1, 2"
    assert first_few(range(1003), 2, "; ", hex) == "0x0; 0x1; and 1,001 more"


def test_plurals() -> None:
    assert plural(1, "image") == "1 image"
    assert plural(2000, "image") == "2,000 images"
    assert plural(0, "category", "categories") == "0 categories"
