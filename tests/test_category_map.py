"""CategoryMap: the laws it obeys, what it says of itself, and how it is made."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any, Final

import pytest
from conftest import Cli
from hypothesis import given
from hypothesis import strategies as st

from cocosurgeon.categories.category_map import CategoryMap, read_map
from cocosurgeon.categories.policy import Unmapped
from cocosurgeon.categories.spaces import find_space, spaces
from cocosurgeon.dataset.ids import Id
from cocosurgeon.errors import CocosurgeonError, RequestError, UnknownNameError

Put = Callable[..., Path]

IDS: Final[list[Id]] = [0, 1, 2, 3, 4, 5, "a", "1"]
ASKED: Final[list[Id]] = [*IDS, 99, "z", 2.5]
"""Ids that maps mention, and some that none does."""

POLICIES: Final[tuple[Unmapped, ...]] = ("error", "drop", "keep")
REFUSED: Final = object()

ids = st.sampled_from(IDS)
policies = st.sampled_from(POLICIES)
refusals = st.frozensets(ids, max_size=3)
maps = st.builds(
    CategoryMap, st.dictionaries(ids, st.none() | ids, max_size=6), policies, refused=refusals
)
apart = st.lists(
    st.tuples(ids, ids), unique_by=(lambda pair: pair[0], lambda pair: pair[1]), max_size=6
)


def made_bijective(
    pairs: list[tuple[Id, Id]], unmapped: Unmapped, refused: frozenset[Id]
) -> CategoryMap:
    """A map that refuses what would be kept beside an id that becomes it."""
    return CategoryMap(pairs, unmapped, refused=refused.union(new for _, new in pairs))


bijective = st.builds(made_bijective, apart, st.sampled_from(["error", "keep"]), refusals)


def outcome(cat_map: CategoryMap, cat_id: Id) -> object:
    """What becomes of an id: another one, None, or ``REFUSED``."""
    try:
        return cat_map.get(cat_id)
    except RequestError:
        return REFUSED


# ---- laws


@given(maps, maps, maps)
def test_then_is_associative(first: CategoryMap, second: CategoryMap, third: CategoryMap) -> None:
    assert first.then(second).then(third) == first.then(second.then(third))


@given(maps, maps)
def test_then_does_one_after_the_other(first: CategoryMap, second: CategoryMap) -> None:
    both = first.then(second)
    for cat_id in ASKED:
        between = outcome(first, cat_id)
        is_over = between is REFUSED or between is None
        expected = between if is_over else outcome(second, between)  # type: ignore[arg-type]
        assert outcome(both, cat_id) == expected, cat_id


@given(maps)
def test_nothing_then_a_map_is_the_map(cat_map: CategoryMap) -> None:
    keeping = CategoryMap({}, "keep")
    assert keeping.then(cat_map) == cat_map
    assert [outcome(cat_map.then(keeping), i) for i in ASKED] == [
        outcome(cat_map, i) for i in ASKED
    ]


@given(maps)
def test_it_takes_what_it_has_an_answer_for(cat_map: CategoryMap) -> None:
    for cat_id in ASKED:
        assert cat_map.takes(cat_id) == (outcome(cat_map, cat_id) is not REFUSED)


@given(maps | bijective)
def test_there_is_an_inverse_where_nothing_is_dropped_or_merged(cat_map: CategoryMap) -> None:
    found = [new for i in ASKED if (new := outcome(cat_map, i)) is not REFUSED]
    if None not in found and len(set(found)) == len(found):
        cat_map.inverse().inverse()
    else:
        with pytest.raises(RequestError, match=r"the map has no inverse: it (merges|drops)"):
            cat_map.inverse()


@given(bijective)
def test_the_inverse_of_the_inverse_is_the_map(cat_map: CategoryMap) -> None:
    assert cat_map.inverse().inverse() == cat_map


@given(bijective)
def test_there_and_back_changes_nothing(cat_map: CategoryMap) -> None:
    there, back = cat_map, cat_map.inverse()
    for one, other in ((there, back), (back, there)):
        for cat_id in ASKED:
            expected = cat_id if one.takes(cat_id) else REFUSED
            assert outcome(one.then(other), cat_id) == expected, (one, cat_id)


@given(maps)
def test_the_repr_makes_the_map_again(cat_map: CategoryMap) -> None:
    assert eval(repr(cat_map)) == cat_map


@given(maps)
def test_equal_maps_hash_alike(cat_map: CategoryMap) -> None:
    turned = CategoryMap(
        reversed(cat_map.pairs),
        cat_map.unmapped,
        refused=cat_map.refused,
        before={0: "a name does not count"},
    )
    assert turned == cat_map
    assert hash(turned) == hash(cat_map)


# ---- by hand


@pytest.mark.parametrize(
    ("unmapped", "expected"), [("error", REFUSED), ("drop", None), ("keep", 7)]
)
def test_what_becomes_of_an_unmapped_id(unmapped: Unmapped, expected: object) -> None:
    cat_map = CategoryMap({1: 0, 3: None}, unmapped)
    assert (cat_map.get(1), cat_map.get(3)) == (0, None)
    assert outcome(cat_map, 7) == expected


def test_unmapped_is_an_error_unless_told() -> None:
    with pytest.raises(RequestError, match="category id 7 is not mapped"):
        CategoryMap({1: 0}).get(7)


def test_a_string_is_never_a_number() -> None:
    assert outcome(CategoryMap({1: 0}), "1") is REFUSED
    assert CategoryMap([(1.0, 0.0)]) == CategoryMap({1: 0})


def test_it_cannot_be_changed() -> None:
    cat_map = CategoryMap({1: 0})
    with pytest.raises(FrozenInstanceError):
        cat_map.unmapped = "drop"  # type: ignore[misc]
    source: dict[int, int] = {1: 0}
    made = CategoryMap(source)
    source[1] = 5
    assert made == cat_map
    assert len({made, cat_map}) == len(cat_map) == 1


@pytest.mark.parametrize(
    ("pairs", "unmapped", "says"),
    [
        ({None: 1}, "error", "not a category id: None"),
        ({True: 1}, "error", "not a category id: True"),
        ({1: float("nan")}, "error", "not a category id: nan"),
        ({1: [2]}, "error", "not a category id"),
        ([(1, 0), (1, 2)], "error", "category id 1 is mapped twice: 0, 2"),
        ([(1, 0), (1.0, None)], "error", "category id 1 is mapped twice: 0, None"),
        ({1: 0}, "ignore", "unmapped cannot be 'ignore'"),
    ],
)
def test_what_is_no_map(pairs: Any, unmapped: Any, says: str) -> None:
    with pytest.raises(RequestError, match=says):
        CategoryMap(pairs, unmapped)


@pytest.mark.parametrize(
    ("cat_map", "text"),
    [
        (CategoryMap({3: 2, 1: 0, 90: None}), "{1: 0, 3: 2, 90: None}"),
        (
            CategoryMap([("b", 1), (10, 0), (9, 2)], "drop"),
            "{9: 2, 10: 0, 'b': 1}, unmapped='drop'",
        ),
        (CategoryMap({1: 0}, "keep", refused=[5]), "{1: 0}, unmapped='keep', refused=[5]"),
        (
            CategoryMap({i: i for i in range(1006)}),
            "{0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 5, ... 1,000 more}",
        ),
    ],
)
def test_the_repr_is_readable(cat_map: CategoryMap, text: str) -> None:
    assert repr(cat_map) == f"CategoryMap({text})"


NAMES = {3: "car", 6: "bus", 8: "truck"}


@pytest.mark.parametrize(
    ("cat_map", "says"),
    [
        (CategoryMap({3: 0, 6: 0, 8: 1}, before=NAMES), "it merges 3 (car), 6 (bus) -> 0"),
        (CategoryMap({3: 0, 6: 0, 8: 1}), "it merges 3, 6 -> 0"),
        (CategoryMap({3: 6}, "keep", before=NAMES), "it merges 3 (car), 6 (bus) -> 6"),
        (CategoryMap({3: 0, 8: None}, before=NAMES), "it drops 8 (truck)"),
        (CategoryMap({3: 0}, "drop"), "it drops every id that it does not mention"),
    ],
)
def test_an_inverse_that_is_none_names_the_classes(cat_map: CategoryMap, says: str) -> None:
    with pytest.raises(RequestError, match=re.escape(f"the map has no inverse: {says}")):
        cat_map.inverse()


def test_names_travel_with_the_maps() -> None:
    first = CategoryMap({1: 2}, before={1: "one"}, after={2: "two"})
    second = CategoryMap({2: 3}, before={2: "zwei"}, after={3: "three"})
    both = first.then(second)
    assert (both.before, both.after) == (((1, "one"),), ((3, "three"),))
    assert (both.inverse().before, both.inverse().after) == (both.after, both.before)


# ---- between spaces


@pytest.mark.parametrize(
    ("before", "after", "pairs"),
    [
        ("coco91", "mmdet80", {1: 0, 11: 10, 13: 11, 90: 79}),
        ("mmdet80", "coco91", {0: 1, 11: 13, 79: 90}),
        ("coco91", "detr91", {1: 1, 13: 13, 90: 90}),
        ("ultralytics91", "mmdet1x81", {0: 1, 12: 12, 89: 80}),
    ],
)
def test_between_spaces(before: str, after: str, pairs: Mapping[int, int]) -> None:
    cat_map = CategoryMap.between(find_space(before), find_space(after))
    assert {i: cat_map.get(i) for i in pairs} == pairs
    assert len(cat_map) == 80
    assert cat_map.inverse() == CategoryMap.between(find_space(after), find_space(before))


def test_between_any_spaces_names_stay() -> None:
    named = [space for space in spaces().values() if space.is_named]
    for before in named:
        for after in named:
            cat_map = CategoryMap.between(before, after)
            assert cat_map.inverse().inverse() == cat_map
            for old, name in before.classes.items():
                new = outcome(cat_map, old)
                assert new is REFUSED or after.class_of(new) == name
                assert (new is REFUSED) == (name not in after.index_of)


def test_what_a_space_does_not_have_is_not_mapped() -> None:
    paper, coco = find_space("paper91"), find_space("coco91")
    eleven = (12, 26, 29, 30, 45, 66, 68, 69, 71, 83, 91)
    cat_map = CategoryMap.between(paper, coco)
    assert tuple(i for i in paper.classes if not cat_map.takes(i)) == eleven
    back = CategoryMap.between(coco, paper)
    assert tuple(i for i in paper.classes if i not in {new for _, new in back.pairs}) == eleven
    assert CategoryMap.between(paper, coco, "drop").get(12) is None


# ---- by names


def test_by_names() -> None:
    cat_map = CategoryMap.by_names({5: "dog", 7: "person"}, {0: "person", 1: "dog", 2: "cat"})
    assert cat_map == CategoryMap({5: 1, 7: 0})


def test_by_names_with_an_alias() -> None:
    before, after = {1: "tv monitor", 2: "Person"}, {0: "person", 62: "tv"}
    aliases = {"tv monitor": "tv", "Person": "person"}
    assert CategoryMap.by_names(before, after, aliases=aliases) == CategoryMap({1: 62, 2: 0})


@pytest.mark.parametrize("unmapped", POLICIES)
def test_a_name_that_is_not_there(unmapped: Unmapped) -> None:
    cat_map = CategoryMap.by_names({1: "person", 2: "xylophone"}, {0: "person"}, unmapped)
    assert outcome(cat_map, 2) == {"error": REFUSED, "drop": None, "keep": 2}[unmapped]
    assert [old for old, _ in cat_map.pairs] == [1]


@pytest.mark.parametrize("unmapped", POLICIES)
@pytest.mark.parametrize(("near", "name"), [("Person", "person"), ("cell-phone", "cell phone")])
def test_a_name_in_another_spelling_is_an_error(unmapped: Unmapped, near: str, name: str) -> None:
    says = rf"category '{near}' is nearly '{name}'.*\n.*aliases=\(\(\"{near}\", \"{name}\"\),\)"
    with pytest.raises(UnknownNameError, match=says):
        CategoryMap.by_names({1: near}, {0: "dog", 5: name}, unmapped)


@pytest.mark.parametrize(("near", "name"), [("tv monitor", "tv"), ("persn", "person")])
def test_a_name_that_is_nearly_there_is_an_error(near: str, name: str) -> None:
    with pytest.raises(UnknownNameError, match=f"'{near}' is nearly '{name}'"):
        CategoryMap.by_names({1: near}, {0: "dog", 5: name})


def test_a_name_is_not_near_to_one_that_is_taken() -> None:
    cat_map = CategoryMap.by_names({1: "person", 2: "Person"}, {0: "person"}, "drop")
    assert (cat_map.get(1), cat_map.get(2)) == (0, None)


@pytest.mark.parametrize(
    ("before", "after", "aliases", "says"),
    [
        ({1: "a", 2: "a"}, {0: "a"}, {}, "two categories are named 'a': 1 and 2"),
        ({1: "a"}, {0: "a", 5: "a"}, {}, "two categories are named 'a': 0 and 5"),
        ({1: "car", 2: "bus"}, {0: "car"}, {"bus": "car"}, "'car' and 'bus' would be one"),
        ({1: "car"}, {0: "auto"}, {"cra": "auto"}, "not there: 'cra'\n.*did you mean 'car'"),
        ({1: "car"}, {0: "auto"}, {"car": "auot"}, "not there: 'auot'\n.*did you mean 'auto'"),
    ],
)
def test_names_that_do_not_tell_classes_apart(
    before: dict[int, str], after: dict[int, str], aliases: dict[str, str], says: str
) -> None:
    with pytest.raises(RequestError, match=says):
        CategoryMap.by_names(before, after, aliases=aliases)


# ---- from files


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("before,after\n1,0\n3,2\n", {1: 0, 3: 2}),
        ("1,0\n3,2", {1: 0, 3: 2}),
        ("\ufeffbefore, after\r\n1, 0\r\n", {1: 0}),
        ("1,0\n\n  \n3,2\n\n", {1: 0, 3: 2}),
        ("\nbefore,after\n1,0\n", {1: 0}),
        ('"1","0"\n', {1: 0}),
        ('"a,b",1\nc,"d ""e"""\n', {"a,b": 1, "c": 'd "e"'}),
        ("1,0\n90,\n3, \n", {1: 0, 90: None, 3: None}),
        ("1.0,0\n-1,2e0\n01,true\n", {1: 0, -1: 2, "01": "true"}),
        ('{"1": 0, "3": 2, "90": null}', {1: 0, 3: 2, 90: None}),
        ('  {"car": "auto", "1.0": 5}', {"car": "auto", 1: 5}),
        ("{}", {}),
        ('[[1, 0], ["1", 2], ["a", "b"], [90, null]]', {1: 0, "1": 2, "a": "b", 90: None}),
        ("[]", {}),
    ],
)
def test_maps_in_files(text: str, pairs: dict[Id, Id | None], put: Put) -> None:
    path = put(text, "map")
    assert read_map(path) == CategoryMap(pairs)
    assert read_map(path, "keep") == CategoryMap(pairs, "keep")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("before,after\n1,0\n3\n", "line 3: expected before,after"),
        ("1,0\n\n3,2,1\n", "line 3: expected before,after"),
        ("1,0\n,2\n", "line 2: expected before,after"),
        ("1;0\n", "line 1: expected before,after"),
        ("5", "line 1: expected before,after"),
        ("1,0\n1,2\n", "category id 1 is mapped twice: 0, 2"),
        (f'1,0\n3,"{"x" * 200_000}"\n', "field larger than field limit"),
        ("1,0\nx\0y,2,3\n", "line 2"),
        ('{"1": 0', "line 1 column 8"),
        ('{"1": 0}\n{"2": 1}', "line 2 column 1"),
        ('{"1": 0, "1": 2}', "category id 1 is mapped twice: 0, 2"),
        ('{"1": true}', "not a category id: True"),
        ('{"1": NaN}', "not a category id: nan"),
        ('{"1": [0]}', "not a category id: [0]"),
        ('{"1": {"2": 3}}', "not a category id"),
        ("[1, 2]", "expected a pair [before, after], found 1"),
        ("[[1, 2, 3]]", "expected a pair [before, after], found [1, 2, 3]"),
        ('[{"1": 0}]', "expected a pair [before, after]"),
        ("[[null, 1]]", "not a category id: None"),
        ("[" * 100_000, "not a map of category ids"),
        (b"1,0\n\xff,2\n", "not UTF-8"),
        ("{" + '"1": ' + "1" * 5000 + "}", "not a map of category ids"),
    ],
)
def test_what_is_no_map_in_a_file(text: str | bytes, says: str, put: Put) -> None:
    path = put(text, "map")
    with pytest.raises(CocosurgeonError, match=re.escape(says)) as error:
        read_map(path)
    assert str(path) in str(error.value)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file to write maps to."""
    return tmp_path_factory.mktemp("maps") / "map"


@given(text=st.text('[]{},:"\\01.-e ntab\n\r\0\u2028', max_size=12) | st.binary(max_size=6))
def test_whatever_is_in_a_file_it_is_a_map_or_an_error(scratch: Path, text: str | bytes) -> None:
    scratch.write_bytes(text.encode() if isinstance(text, str) else text)
    try:
        assert isinstance(read_map(scratch), CategoryMap)
    except CocosurgeonError as error:
        assert str(scratch) in str(error)


def test_a_map_that_cannot_be_opened(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere.csv"):
        with pytest.raises(RequestError, match="cannot read the map") as error:
            read_map(path)
        assert str(path) in str(error.value)


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("1,0\n18\n", 3, "line 2"),
        ("1,0\n1,2\n", 2, "mapped twice"),
    ],
)
def test_a_broken_map_is_told(
    text: str, code: int, says: str, small: Any, put: Put, cli: Cli
) -> None:
    put(small)
    put(text, "map.csv")
    ended = cli("remap", "in.json", "--map", "map.csv", "-o", "-")
    assert (ended.code, ended.out) == (code, "")
    assert says in ended.err
    assert "in: map.csv" in ended.err
