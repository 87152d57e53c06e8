"""The named spaces: what each index means, where two agree, and how ``spaces`` shows it."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli

from cocosurgeon.categories.spaces import Space, compare_spaces, find_space, spaces
from cocosurgeon.errors import UnknownNameError

ALL = list(spaces().values())
UNANNOTATED = {
    12: "street sign",
    26: "hat",
    29: "shoe",
    30: "eye glasses",
    45: "plate",
    66: "mirror",
    68: "window",
    69: "desk",
    71: "door",
    83: "blender",
    91: "hair brush",
}


def categories_of(path: Path) -> dict[int, str]:
    """Names by id, in the order of the file."""
    return {c["id"]: c["name"] for c in json.loads(path.read_bytes())["categories"]}


# ---- the table


@pytest.mark.parametrize(
    ("name", "outputs", "classes", "background", "unused", "toothbrush"),
    [
        ("coco91", None, 80, None, 10, 90),
        ("paper91", None, 91, None, 0, 90),
        ("detr92", 92, 80, 91, 11, 90),
        ("detr_panoptic251", 251, 133, 250, 117, 90),
        ("detr91", 91, 80, None, 11, 90),
        ("dino91", 91, 80, None, 11, 90),
        ("dino92", 92, 80, None, 12, 90),
        ("rtdetr80", 80, 80, None, 0, 79),
        ("detectron2_80", 80, 80, None, 0, 79),
        ("detectron2_81", 81, 80, 80, 0, 79),
        ("mmdet80", 80, 80, None, 0, 79),
        ("mmdet81", 81, 80, 80, 0, 79),
        ("mmdet1x81", 81, 80, 0, 0, 80),
        ("torchvision91", 91, 80, 0, 10, 90),
        ("ultralytics80", 80, 80, None, 0, 79),
        ("ultralytics91", 91, 80, None, 11, 89),
        ("yolox80", 80, 80, None, 0, 79),
        ("paddle80", 80, 80, None, 0, 79),
        ("tf90", None, 80, None, 10, 90),
        ("tf91", 91, 80, 0, 10, 90),
        ("hf_detr92", 92, 80, 91, 11, 90),
        ("hf_rtdetr80", 80, 80, None, 0, 79),
        ("rfdetr91", 91, 80, None, 11, 90),
        ("cocostuff183", 183, 171, 0, 11, 90),
        ("mmdet_stuff171", 171, 171, None, 0, 79),
        ("panoptic200", None, 133, None, 67, 90),
        ("panoptic133", 133, 133, None, 0, 79),
        ("lvis", None, 1203, None, 0, None),
        ("lvis1203", 1203, 1203, None, 0, None),
        ("objects365v1", None, 365, None, 0, None),
        ("mmdet_objects365v1", 365, 365, None, 0, None),
        ("mmdet_objects365v2", 365, 365, None, 0, None),
    ],
)
def test_every_space_of_the_field(
    name: str,
    outputs: int | None,
    classes: int,
    background: int | None,
    unused: int,
    toothbrush: int | None,
) -> None:
    space = spaces()[name]
    assert (space.outputs, space.background) == (outputs, background)
    assert (len(space.classes), len(space.unused)) == (classes, unused)
    if toothbrush is not None:
        assert space.find("toothbrush") == toothbrush


@pytest.mark.parametrize(
    ("name", "index", "person", "stop_sign"),
    [
        ("coco91", "id", 1, 13),
        ("ultralytics91", "id - 1", 0, 12),
        ("mmdet80", "position", 0, 11),
        ("mmdet1x81", "position + 1", 1, 12),
    ],
)
def test_what_an_index_means(name: str, index: str, person: int, stop_sign: int) -> None:
    space = find_space(name)
    assert space.index == index
    assert (space.find("person"), space.find("stop sign")) == (person, stop_sign)
    assert (space.class_of(person), space.class_of(stop_sign)) == ("person", "stop sign")


@pytest.mark.parametrize("space", ALL, ids=str)
def test_classes_unused_rows_and_background_part_the_rows(space: Space) -> None:
    background = [] if space.background is None else [space.background]
    rows = (
        range(space.outputs) if space.outputs else range(min(space.classes), 1 + max(space.classes))
    )
    assert sorted([*space.classes, *space.unused, *background]) == list(rows)
    assert list(space.classes) == sorted(space.classes)
    assert len(set(space.classes.values())) == len(space.classes)
    assert all(space.classes.values())


def test_the_eleven_that_have_no_annotations() -> None:
    assert dict(find_space("detr91").unused) == {
        0: "no category has the id 0",
        **{i: name for i, name in UNANNOTATED.items() if i < 91},
    }
    assert dict(find_space("torchvision91").unused) == {
        i: name for i, name in UNANNOTATED.items() if i < 91
    }
    assert dict(find_space("ultralytics91").unused) == {i - 1: n for i, n in UNANNOTATED.items()}
    assert dict(find_space("cocostuff183").unused) == UNANNOTATED
    paper, coco = find_space("paper91").classes, find_space("coco91").classes
    assert {i: name for i, name in paper.items() if i not in coco} == UNANNOTATED


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("coco91", "coco_mini_val.json"),
        ("coco91", "coco_val2014_100.json"),
        ("panoptic200", "coco_panoptic_examples.json"),
    ],
)
def test_the_classes_are_those_of_real_files(name: str, file: str, wild: Path) -> None:
    assert list(find_space(name).classes.items()) == list(categories_of(wild / file).items())


def test_stuff_comes_after_the_things() -> None:
    things = list(find_space("mmdet80").classes.values())
    for name in ("panoptic133", "mmdet_stuff171"):
        assert list(find_space(name).classes.values())[:80] == things
    assert find_space("cocostuff183").class_of(92) == "banner"
    assert find_space("cocostuff183").class_of(182) == "wood"


def test_names_and_aliases_are_unique_and_found() -> None:
    known = [(name, space) for space in ALL for name in (space.name, *space.aliases)]
    assert len({name for name, _ in known}) == len(known)
    assert all(find_space(name) is space for name, space in known)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("mmdet-80", "did you mean 'mmdet80'"),
        ("DETR91", "did you mean 'detr91'"),
        ("torchvison91", "did you mean 'torchvision91'"),
        ("#", r"spaces\(\) lists them"),
    ],
)
def test_an_unknown_space_gives_the_nearest(name: str, says: str) -> None:
    with pytest.raises(UnknownNameError, match=says):
        find_space(name)


def test_an_unknown_class_gives_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'stop sign'"):
        find_space("mmdet80").find("Stop-Sign")


@pytest.mark.parametrize("index", [12, 0, 91, "1", None, 1.5])
def test_what_is_no_class_means_none(index: object) -> None:
    assert find_space("coco91").class_of(index) is None


# ---- comparisons


def test_a_careless_check_misses_69_of_80() -> None:
    found = compare_spaces(find_space("mmdet80"), find_space("ultralytics91"))
    assert (found.agreeing, found.common) == (11, 80)
    assert [row.left == row.right for row in found.classes] == [True] * 11 + [False] * 69
    assert "'stop sign' (11 and 12)" in found.lines()[-1]
    mistaken = {row.name: row.mistaken_for for row in found.classes}
    assert mistaken["person"] is None
    assert mistaken["stop sign"] == "an unused row (street sign)"
    assert mistaken["toothbrush"] == "toaster"


def test_agreement_is_the_same_class_by_the_same_index() -> None:
    for left, right in itertools.product((s for s in ALL if s.is_named), repeat=2):
        found = compare_spaces(left, right)
        both = left.classes.items() & right.classes.items()
        assert found.agreeing == len(both), (left, right)
        assert found.common == len(set(left.classes.values()) & set(right.classes.values()))


def test_what_an_index_is_mistaken_for() -> None:
    found = compare_spaces(find_space("mmdet80"), find_space("mmdet1x81"))
    rows = {row.name: row for row in found.classes}
    assert rows["person"].mistaken_for == "the background"
    assert rows["toothbrush"].mistaken_for == "hair drier"
    found = compare_spaces(find_space("panoptic200"), find_space("coco91"))
    rows = {row.name: row for row in found.classes}
    assert rows["banner"].right is None


@pytest.mark.parametrize(
    ("left", "right", "says"),
    [
        ("mmdet80", "yolox80", "agree for 80 of the 80 classes that both have"),
        ("mmdet80", "mmdet1x81", "any class shows it: 'person' is 0 and 1"),
        ("mmdet80", "lvis", "mmdet80 and lvis have no class in common"),
        ("paper91", "coco91", "agree for 80 of the 80 classes that both have"),
    ],
)
def test_the_comparison_ends_with_what_to_know(left: str, right: str, says: str) -> None:
    assert compare_spaces(find_space(left), find_space(right)).lines()[-1] == says


def test_a_number_is_another_class_in_another_release_of_lvis() -> None:
    """1 is aerosol_can in v1 and acorn in v0.5."""
    assert compare_spaces(find_space("lvis"), find_space("lvis05")).agreeing == 0


# ---- names that are none


@pytest.mark.parametrize(
    ("word", "some", "none"),
    [
        ("detr", ["detr91", "detr92", "hf_detr92", "rfdetr91", "rtdetr80"], ["mmdet80", "lvis"]),
        ("91", ["coco91", "dino91", "detr91", "torchvision91"], ["yolox80", "panoptic133"]),
        ("coco80", ["mmdet80", "yolox80", "ultralytics80"], ["lvis1203", "objects365v1"]),
        ("dino", ["dino91", "dino92"], ["detr91"]),
        ("DINO", ["dino91", "dino92"], ["detr91"]),
    ],
)
def test_an_unknown_name_lists_the_spaces_that_contain_it(
    word: str, some: list[str], none: list[str]
) -> None:
    with pytest.raises(UnknownNameError, match=f"no label space {word!r}") as caught:
        find_space(word)
    _, *lines = caught.value.what.splitlines()
    listed = {line.split()[0]: line for line in lines}
    assert set(some) <= set(listed)
    assert not set(none) & set(listed)
    for name, line in listed.items():
        assert find_space(name).title in line


def test_a_name_like_no_other_is_told_where_the_names_are() -> None:
    with pytest.raises(UnknownNameError) as caught:
        find_space("q")
    assert caught.value.what == "there is no label space 'q'"
    assert caught.value.hint == "`cocosurgeon spaces` lists them"


def test_a_space_is_looked_up_once() -> None:
    assert find_space("mmdet") is find_space("mmdet")
    before = find_space.cache_info().misses
    find_space("mmdet80")
    find_space("mmdet80")
    assert find_space.cache_info().misses <= before + 1


# ---- the command line


def machine(cli: Cli, *args: object) -> Any:
    ended = cli("spaces", *args, "--json")
    assert (ended.code, ended.err) == (0, "")
    return json.loads(ended.out)


def test_all_spaces_are_listed(cli: Cli) -> None:
    ended = cli("spaces")
    assert (ended.code, ended.err) == (0, "")
    header, *lines = ended.out.splitlines()
    assert header.split()[:2] == ["space", "outputs"]
    assert [line.split()[0] for line in lines] == list(spaces())
    assert [fields["name"] for fields in machine(cli)["spaces"]] == list(spaces())


def test_one_space_is_shown_with_its_unused_rows(cli: Cli) -> None:
    ended = cli("spaces", "detr91")
    assert (ended.code, ended.err) == (0, "")
    text = " ".join(ended.out.split())
    assert "unused (11): 0 no category has the id 0, 12 street sign, 26 hat," in text
    assert "83 blender" in text
    assert "90 toothbrush" in text
    fields = machine(cli, "deformable_detr91")
    space = find_space("detr91")
    assert fields["name"] == "detr91"
    assert (fields["outputs"], fields["background"], fields["index"]) == (91, None, "id")
    assert fields["classes"] == {str(i): name for i, name in space.classes.items()}
    assert fields["unused"] == {str(i): why for i, why in space.unused.items()}


def test_two_spaces_are_compared(cli: Cli) -> None:
    ended = cli("spaces", "--compare", "mmdet80", "ultralytics91")
    assert (ended.code, ended.err) == (0, "")
    assert "agree for 11 of the 80 classes that both have" in ended.out
    assert "would miss 69 wrong ones: try 'stop sign' (11 and 12)" in ended.out
    found = machine(cli, "--compare", "mmdet80", "ultralytics91")
    assert (found["left"], found["right"]) == ("mmdet80", "ultralytics91")
    assert (found["agreeing"], found["common"], len(found["classes"])) == (11, 80, 80)
    assert found["classes"][79] == {
        "name": "toothbrush",
        "left": 79,
        "right": 89,
        "mistaken_for": "toaster",
    }


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ("detr91 --compare mmdet80 coco91", "give only one of SPACE"),
        ("--fill 0", "without --rows"),
        ("dter91", "did you mean 'detr91'"),
        ("--compare mmdet80 ultralytics19", "did you mean 'ultralytics91'"),
        ("--guess nowhere.json", "No such file"),
    ],
)
def test_what_cannot_be_answered_is_refused(args: str, says: str, cli: Cli) -> None:
    ended = cli("spaces", *args.split())
    assert (ended.code, ended.out) == (2, "")
    assert says in ended.err
