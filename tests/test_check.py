"""``remap --check``: whether two files mean the same classes by the same ids, names and order."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from conftest import SAMPLE, Cli, examples
from hypothesis import given
from hypothesis import strategies as st
from test_laws import opened

from cocosurgeon import Dataset, RequestError, StructureError, read, text
from cocosurgeon.categories.by_names import ListedEntry, like, like_entries
from cocosurgeon.categories.check import Check, check_categories
from cocosurgeon.categories.edit import merge, renumber
from cocosurgeon.findings.codes import CODES

Put = Callable[..., Path]
Categories = Sequence[tuple[object, object]]

BASE: Categories = [(1, "person"), (2, "tv"), (3, "dog")]


def listing(categories: Categories, *used: object) -> dict[str, Any]:
    """A file with these categories, and an object of each id."""
    return {
        "images": [{"id": 1}],
        "annotations": [{"id": n, "image_id": 1, "category_id": i} for n, i in enumerate(used)],
        "categories": [{"id": i, "name": name} for i, name in categories],
    }


def results(*ids: object) -> list[dict[str, Any]]:
    """Detections of these category ids."""
    return [{"image_id": 1, "category_id": i, "score": 0.5} for i in ids]


@pytest.fixture
def compared(put: Put) -> Callable[[Any, Any], Check]:
    """Compare two files, given as values."""

    def compare(left: Any, right: Any) -> Check:
        return check_categories(read(put(left, "left.json")), read(put(right, "right.json")))

    return compare


def told(found: Check) -> list[str]:
    return [f"{d.code.removeprefix('category-')}: {d.message}" for d in found.findings]


# ---- by hand


def test_labels_of_a_framework_are_recognized(put: Put) -> None:
    ground_truth = read(SAMPLE)
    found = check_categories(read(put(results(0, 70, 79))), ground_truth)
    assert all("--from mmdet80 --to coco91`" in str(f.hint) for f in found.findings)
    assert all("--shift" not in str(f.hint) for f in found.findings)


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (BASE, []),
        ([(1.0, "person"), (2, "tv"), (3, "dog")], []),
        (
            [(3, "dog"), (1, "person"), (2, "tv")],
            [
                "order: place 0 is 'person' and 'dog'",
                "order: place 1 is 'tv' and 'person'",
                "order: place 2 is 'dog' and 'tv'",
            ],
        ),
        (
            [(2, "person"), (1, "tv"), (3, "dog")],
            [
                "name: 1 is 'person' and 'tv'",
                "name: 2 is 'tv' and 'person'",
                "id: 'person' is 1 and 2",
                "id: 'tv' is 2 and 1",
            ],
        ),
        (
            [(1, "person"), (2, "tv"), (4, "dog")],
            ["id: 'dog' is 3 and 4"],
        ),
        (
            [("1", "person"), (2, "tv"), (3, "dog")],
            ["id: 'person' is 1 and '1'"],
        ),
        (
            [(1, "Person"), (2, "tv"), (3, "dog")],
            ["name: 1 is 'person' and 'Person'"],
        ),
        (
            [(1, "person"), (7, "tv monitor"), (3, "dog")],
            [
                "missing: only the first has 2 'tv' (the other has 'tv monitor')",
                "missing: only the second has 7 'tv monitor' (the other has 'tv')",
            ],
        ),
        (
            [(1, "person"), (2, "tv")],
            ["missing: only the first has 3 'dog'"],
        ),
        (
            [*BASE, (9, "kite")],
            ["missing: only the second has 9 'kite'"],
        ),
        (
            [(1, "person"), (2, None), (3, "dog")],
            ["name: 2 is 'tv' and None"],
        ),
    ],
)
def test_what_differs(
    other: Categories, says: list[str], compared: Callable[[Any, Any], Check]
) -> None:
    found = compared(listing(BASE), listing(other))
    assert sorted(told(found)) == sorted(says)
    assert found.classes == max(len(BASE), len(other))


def test_ids_that_are_used_and_not_listed_are_differences(
    compared: Callable[[Any, Any], Check],
) -> None:
    found = compared(listing(BASE, 1, 9, 9), listing(BASE, "1"))
    assert told(found) == [
        f"unlisted: 9 is used 2 times and is not in its own list ({found.left})",
        f"unlisted: '1' is used 1 time and is not in its own list ({found.right})",
    ]


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("detections", "says", "classes"),
    [
        (results(1, 3, 3), [], 2),
        (results(), [], 0),
        (results(1, 0, 0), ["unlisted: 0 is used 2 times and is not in the other file's list"], 2),
        (results("1"), ["unlisted: '1' is used 1 time and is not in the other file's list"], 1),
    ],
)
def test_results_are_compared_by_the_ids_they_use(
    detections: Any,
    says: list[str],
    classes: int,
    turned: bool,
    compared: Callable[[Any, Any], Check],
) -> None:
    truth = listing(BASE, 1)
    found = compared(detections, truth) if turned else compared(truth, detections)
    file = found.left if turned else found.right
    assert told(found) == [f"{text} ({file})" for text in says]
    assert found.classes == classes


@pytest.mark.parametrize(
    ("left", "right", "says"),
    [
        (results(1), results(1), "neither file lists categories"),
        (listing([(1, "a"), (1, "b")]), listing(BASE), "two categories have the id 1: 'a' and 'b'"),
        (listing(BASE), listing([(None, "a")]), "has no id"),
    ],
)
def test_what_cannot_be_compared(
    left: Any, right: Any, says: str, compared: Callable[[Any, Any], Check]
) -> None:
    with pytest.raises(StructureError, match=says):
        compared(left, right)


@pytest.mark.parametrize("other", [[(1, "a")], [(1, "a"), (3, "a")], [(1, "a"), (3, "b")]])
def test_names_that_are_listed_twice_are_told_apart(
    other: Categories, compared: Callable[[Any, Any], Check]
) -> None:
    """As the placeholders of a head's unused rows are listed."""
    twice = listing([(1, "a"), (2, "a")])
    assert not compared(twice, twice).findings
    assert "missing: only the first has 2 'a'" in told(compared(twice, listing(other)))
    assert "missing: only the second has 2 'a'" in told(compared(listing(other), twice))


def test_a_list_is_not_the_same_as_none(compared: Callable[[Any, Any], Check]) -> None:
    assert compared(listing(BASE), listing([])).findings


def test_many_differences_are_counted(compared: Callable[[Any, Any], Check]) -> None:
    many = listing([(i, f"class {i}") for i in range(100)])
    found = compared(many, listing([(0, "class 0")]))
    assert len(found.findings) == 99
    head, *shown, more, _, counts = found.lines()
    assert head.endswith("(99)") and len(shown) == 20
    assert more == "  ... 79 more"
    assert counts.startswith("99 errors; ")
    assert compared(many, many).lines() == ["the same: 100 classes"]


# ---- a law


lists = st.lists(
    st.tuples(st.sampled_from([0, 1, "1"]), st.sampled_from(["a", "b", "N/A"])),
    unique_by=lambda pair: pair[0],
    min_size=1,
)


@given(left=lists, right=lists)
@examples(250)
def test_lists_are_the_same_or_differ(left: Categories, right: Categories) -> None:
    files = (opened(json.dumps(listing(side)).encode()) for side in (left, right))
    assert bool(check_categories(*files).findings) == (left != right)


# ---- real files


def test_a_file_means_the_same_as_itself(wild: Path) -> None:
    for name in ("coco_mini_val", "coco_panoptic_examples", "lvis_val_100", "tt100k_traffic_sign"):
        whole = read(wild / f"{name}.json")
        found = check_categories(whole, whole)
        assert (found.findings, found.classes > 1) == ((), True), name


def test_train_and_val_in_another_order(wild: Path) -> None:
    found = check_categories(
        read(wild / "mmdet3_coco_sample.json"), read(wild / "mmdet3_unsorted_obj365.json")
    )
    assert {d.code for d in found.findings} == {"category-order", "category-unlisted"}


def test_broken_references_are_told(wild: Path) -> None:
    broken = read(wild / "vinbigdata_broken_refs.json")
    [text, _] = told(check_categories(broken, broken))
    assert text.startswith("unlisted: 0 is used 695 times") or "695 times" in text


def test_ground_truth_and_results(wild: Path, put: Put, cli: Cli) -> None:
    truth = wild / "coco_val2014_100.json"
    found = wild / "coco_val2014_100_fakebbox_results.json"
    ended = cli("remap", "--check", truth, found)
    assert (ended.code, ended.out, ended.err) == (
        0,
        "no contradiction: 75 ids, compared without names\n",
        "",
    )

    ids = sorted(c["id"] for c in json.loads(truth.read_bytes())["categories"])
    detections = json.loads(found.read_bytes())
    for detection in detections:
        detection["category_id"] = ids.index(detection["category_id"])
    put(detections, "contiguous.json")
    ended = cli("remap", "--check", truth, "contiguous.json")
    assert ended.code == 1
    assert "0 is used " in ended.out
    assert "12 is used " in ended.out
    assert "not in the other file's list (contiguous.json)" in ended.out


# ---- the command line


def test_the_same_ends_with_0_and_differences_with_1(put: Put, cli: Cli) -> None:
    put(listing(BASE), "a.json")
    put(listing(BASE, 1, 2), "same.json")
    put(listing(BASE[::-1]), "turned.json")
    same = cli("remap", "--check", "a.json", "same.json")
    assert (same.code, same.out, same.err) == (0, "the same: 3 classes\n", "")
    turned = cli("remap", "--check", "a.json", "turned.json")
    assert (turned.code, turned.err) == (1, "")
    assert turned.out.splitlines() == [
        "error: category-order: categories are listed in another order (2)",
        "  place 0 is 'person' and 'dog'",
        "  place 2 is 'dog' and 'person'",
        "  next: `cocosurgeon remap FILE --like OTHER` restores the order",
        "2 errors; compared: a.json with turned.json",
    ]


def test_differences_for_machines(put: Put, cli: Cli) -> None:
    put(listing(BASE), "a.json")
    put(listing(BASE[:2]), "b.json")
    ended = cli("remap", "--json", "--check", "a.json", "b.json")
    assert (ended.code, ended.err) == (1, "")
    assert json.loads(ended.out) == {
        "left": "a.json",
        "right": "b.json",
        "classes": 3,
        "by_names": True,
        "findings": [
            {
                "code": "category-missing",
                "group": "categories",
                "severity": "error",
                "message": CODES["category-missing"].meaning,
                "count": 1,
                "details": ["only the first has 3 'dog'"],
                "records": [],
                "loaders": [],
                "next": CODES["category-missing"].next,
            }
        ],
    }
    ended = cli("remap", "--check", "a.json", "a.json", "--json")
    assert (ended.code, json.loads(ended.out)["findings"]) == (0, [])


def test_one_of_them_from_standard_input(put: Put, cli: Cli) -> None:
    put(listing(BASE), "a.json")
    ended = cli("remap", "--check", "a.json", "-", stdin=json.dumps(listing(BASE[:2])).encode())
    assert ended.code == 1
    assert "only the first has 3 'dog'" in ended.out


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        ("a.json --check a.json a.json", 2, "does nothing else"),
        ("--check a.json a.json -o out.json", 2, "does nothing else"),
        ("--check a.json nowhere.json", 2, "No such file"),
        ("--check - -", 2, "standard input can be read only once"),
        ("--check a.json broken.json", 3, "broken.json"),
        ("--check dt.json dt.json", 3, "neither file lists categories"),
    ],
)
def test_what_is_no_comparison(
    args: str, code: int, says: str, put: Put, cli: Cli, tmp_path: Path
) -> None:
    put(listing(BASE), "a.json")
    put(results(1), "dt.json")
    put('{"images": [', "broken.json")
    ended = cli("remap", *args.split())
    assert (ended.code, ended.out) == (code, "")
    assert says in ended.err
    assert not (tmp_path / "out.json").exists()


# ---- many categories


def calls(work: Callable[[], object]) -> int:
    """How many functions are called."""
    count = 0

    def counted(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(counted)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("other", ["class {}", "thing-{}", "Class {}"])
def test_the_work_is_linear_in_the_categories(
    other: str, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text, "_COMPARISONS", 1000)
    work = []
    for size in (250, 1000):
        left = read(put(listing([(i, f"class {i}") for i in range(size)]), f"left{size}.json"))
        right = [(size + i, other.format(i)) for i in range(size)][::-1]
        right_file = read(put(listing(right), f"right{size}.json"))
        entries = like_entries(right_file)
        work.append(
            (
                calls(lambda: check_categories(left, right_file)),  # noqa: B023 - called at once
                calls(lambda: outcome(left, entries)),  # noqa: B023
                calls(lambda: renumber(left, 1, "name")),  # noqa: B023
                calls(lambda: merge(left, "all", tuple(c.name or "" for c in left.categories))),  # noqa: B023
            )
        )
    assert [large < 6 * small for small, large in zip(*work, strict=True)] == [True] * 4


def outcome(dataset: Dataset, entries: tuple[ListedEntry, ...]) -> object:
    try:
        return like(dataset, entries)
    except RequestError as error:
        return str(error)
