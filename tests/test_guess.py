"""Which spaces a file could be in, with the evidence; and nothing guessed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli

from cocosurgeon import StructureError, read
from cocosurgeon.categories.guess import Candidate, Guess, guess_space
from cocosurgeon.categories.inventory import Inventory
from cocosurgeon.categories.spaces import find_space, spaces

Put = Callable[..., Path]


def listing(categories: Iterable[tuple[object, object]], *used: object) -> dict[str, Any]:
    """A file with these categories, and an object of each id."""
    return {
        "images": [{"id": 1}],
        "annotations": [{"id": n, "image_id": 1, "category_id": i} for n, i in enumerate(used)],
        "categories": [{"id": i, "name": name} for i, name in categories],
    }


def results(ids: Iterable[object]) -> list[dict[str, Any]]:
    """Detections of these category ids."""
    return [{"image_id": 1, "category_id": i, "bbox": [0, 0, 1, 1], "score": 0.5} for i in ids]


def of(found: Guess, space: str) -> Candidate:
    """What is said of a space; it is said once."""
    [candidate] = [c for c in found.candidates if space in c.spaces]
    return candidate


def fitting(found: Guess) -> set[str]:
    return {space for candidate in found.fitting for space in candidate.spaces}


# ---- real files


@pytest.mark.parametrize(
    ("file", "space", "also", "against"),
    [
        ("coco_mini_val", "coco91", "detr91 torchvision91 paper91", "mmdet80 ultralytics91 lvis"),
        ("coco_val2014_100", "coco91", "dino92 cocostuff183", "mmdet1x81 objects365v1"),
        ("coco_mini_val_keypoints", "coco91", "mmdet1x81 panoptic200", "mmdet80 objects365v2"),
        ("coco_panoptic_examples", "panoptic200", "detr_panoptic251", "coco91 panoptic133"),
        ("lvis_val_100", "lvis05", "", "lvis lvis1203 lvis1230 coco91"),
    ],
)
def test_the_space_of_a_real_file(
    file: str, space: str, also: str, against: str, wild: Path
) -> None:
    found = guess_space(Inventory.of(read(wild / f"{file}.json")))
    [told] = found.fitting
    assert told.spaces[0] == space
    by = "by id and number" if space == "lvis05" else "by id and name"
    assert by in told.evidence
    assert {space, *also.split()} <= set(told.spaces)
    assert not {*against.split()} & fitting(found)
    assert found.lines()[-1] == f"so it is {space}"


@pytest.mark.parametrize(
    "file",
    [
        "bccd_str_image_ids",
        "cvat_logseg_rle",
        "labelme_coco_export",
        "labelstudio_export",
        "publaynet_samples",
        "taco_unofficial",
        "tt100k_traffic_sign",
        "vinbigdata_broken_refs",
    ],
)
def test_other_people_s_classes_fit_no_space(file: str, wild: Path) -> None:
    found = guess_space(Inventory.of(read(wild / f"{file}.json")))
    assert found.fitting == ()
    assert found.by_name == ()
    assert found.lines()[-1] == "its ids fit no known label space"
    assert all(candidate.evidence for candidate in found.candidates)


def test_a_file_that_fits_by_name_only(wild: Path) -> None:
    found = guess_space(Inventory.of(read(wild / "mmdet3_coco_sample.json")))
    assert found.fitting == ()
    assert {"coco91", "mmdet80"} <= set(found.by_name)
    assert "objects365v2" not in found.by_name
    assert of(found, "coco91").evidence == "2 of 2 names differ, such as 1: 'bus', not 'person'"
    assert found.lines()[-1].startswith("all its names are classes of coco91, ")


def test_a_space_fits_where_every_id_is_its_class(wild: Path) -> None:
    """The same, said again over parsed JSON, for every real file."""
    told = 0
    for path in sorted(wild.glob("*.json")):
        try:
            doc = json.loads(path.read_bytes())
            found = guess_space(Inventory.of(read(path)))
        except (ValueError, StructureError):
            continue
        records = doc if isinstance(doc, list) else doc.get("annotations", [])
        used = {s.get("category_id") for a in records for s in [a, *a.get("segments_info", [])]}
        listed = {} if isinstance(doc, list) else doc.get("categories", [])
        names = {c["id"]: c["name"] for c in listed}
        meant = {i: names.get(i) for i in (used | names.keys()) - {None}}
        fits = {
            space.name
            for space in spaces().values()
            if space.is_named
            and meant
            and all(i in space.classes and n in (None, space.classes[i]) for i, n in meant.items())
        }
        assert {s for s in fitting(found) if find_space(s).is_named} == fits, path.name
        assert sorted(s for c in found.candidates for s in c.spaces) == sorted(spaces())
        told += 1
    assert told >= 24


def test_results_alone_cannot_tell(wild: Path) -> None:
    found = guess_space(Inventory.of(read(wild / "coco_val2014_100_fakebbox_results.json")))
    assert {"coco91", "detr91", "panoptic133", "objects365v1", "lvis"} <= fitting(found)
    assert "there are no names to compare" in of(found, "coco91").evidence
    assert not of(found, "mmdet80").fits
    assert "such as 80: beyond its indices" in of(found, "mmdet80").evidence
    assert "such as 80: the background" in of(found, "mmdet81").evidence
    assert "street sign" in of(found, "ultralytics91").evidence
    assert found.lines()[-1].startswith("cannot tell: ")


def test_repeated_ids_are_an_error(wild: Path) -> None:
    with pytest.raises(StructureError, match="two categories have the id 1: 'Date' and 'Date'"):
        guess_space(Inventory.of(read(wild / "via_export_invoice.json")))


# ---- by hand


def guessed(put: Put, doc: Any) -> Guess:
    return guess_space(Inventory.of(read(put(doc))))


@pytest.mark.parametrize(
    "space", ["coco91", "mmdet80", "mmdet1x81", "ultralytics91", "panoptic133"]
)
def test_a_whole_list_tells(space: str, put: Put) -> None:
    found = guessed(put, listing(find_space(space).classes.items()))
    assert len(found.fitting) == 1
    assert of(found, space).fits


def test_the_first_eleven_cannot_be_told_apart(put: Put) -> None:
    found = guessed(put, results(range(1, 12)))
    assert {"coco91", "mmdet1x81", "mmdet80", "lvis"} <= fitting(found)
    assert of(found, "coco91") == of(found, "mmdet1x81") != of(found, "mmdet80")
    assert (
        found.lines()[-1] == f"cannot tell: {len(found.fitting)} different meanings fit these ids"
    )


def test_names_tell_what_ids_do_not(put: Put) -> None:
    people = guessed(put, listing([(1, "person"), (3, "car")], 1, 3))
    assert len(people.fitting) == 1
    assert of(people, "coco91").fits
    assert not of(people, "mmdet80").fits


@pytest.mark.parametrize(
    ("categories", "used", "space", "says"),
    [
        ([(1, "Person")], [], "coco91", "1 of 1 names differ, such as 1: 'Person', not 'person'"),
        (
            [(1, "person")],
            [1, 12],
            "coco91",
            "1 of 2 ids are not its classes, such as 12: street",
        ),
        ([(1, "person")], [0], "torchvision91", "such as 0: the background"),
        ([(1, "person")], [2.5], "coco91", "such as 2.5: not an index"),
        (
            [("1", "person")],
            ["1"],
            "coco91",
            "1 of 1 ids are not its classes, such as '1': a str",
        ),
        ([(1, "person")], [91], "coco91", "such as 91: beyond its indices"),
        ([(1, "acorn")], [], "lvis", "it has 1,203 classes in a list; here are 1"),
    ],
)
def test_what_speaks_against(
    categories: list[tuple[object, object]], used: list[object], space: str, says: str, put: Put
) -> None:
    candidate = of(guessed(put, listing(categories, *used)), space)
    assert not candidate.fits
    assert says in candidate.evidence


def test_fillers_are_no_classes(put: Put) -> None:
    names = find_space("detr91").names_in_list()
    found = guessed(put, listing(enumerate(names), 1, 90))
    assert len(found.fitting) == 1
    assert {"coco91", "detr91"} <= fitting(found)
    assert found.ids == 80


def test_string_ids_fit_nothing_but_may_by_name(put: Put) -> None:
    found = guessed(put, listing([("1", "person"), ("2", "dog")], "1"))
    assert found.fitting == ()
    assert {"coco91", "mmdet80"} <= set(found.by_name)


@pytest.mark.parametrize("doc", [{"images": [{"id": 1}]}, listing([]), []], ids=str)
def test_without_category_ids_there_is_nothing_to_tell(doc: Any, put: Put) -> None:
    found = guessed(put, doc)
    assert (found.ids, found.fitting) == (0, ())
    assert {c.evidence for c in found.candidates} == {"the file has no category ids"}


def test_two_releases_of_lvis_are_two_meanings(put: Put) -> None:
    found = guessed(put, results([1, 1000]))
    assert of(found, "lvis") != of(found, "lvis05")


@pytest.mark.parametrize(
    ("categories", "says"),
    [([(1, "a"), (1, "b")], "two categories have the id 1: 'a' and 'b'"), ([(None, "a")], "no id")],
)
def test_no_guess_about_a_broken_list(
    categories: list[tuple[object, object]], says: str, put: Put
) -> None:
    with pytest.raises(StructureError, match=says):
        guessed(put, listing(categories))


# ---- the command line


def test_a_guess_is_shown(put: Put, cli: Cli) -> None:
    put(results([1, 90]), "dt.json")
    ended = cli("spaces", "--guess", "dt.json")
    assert (ended.code, ended.err) == (0, "")
    *lines, last = ended.out.splitlines()
    assert last.startswith("cannot tell: ")
    assert {line[:6] for line in lines} == {"fits  ", "not   "}
    [coco] = [line for line in lines if line.startswith("fits  coco91 (or ")]
    assert "2 of its 80 classes" in coco


def test_a_guess_for_machines(wild: Path, put: Put, cli: Cli) -> None:
    def machine(path: object) -> Any:
        ended = cli("spaces", "--guess", path, "--json")
        assert (ended.code, ended.err) == (0, "")
        return json.loads(ended.out)

    told = machine(wild / "coco_mini_val.json")
    assert (told["space"], told["ids"]) == ("coco91", 80)
    assert told["candidates"][0]["spaces"][0] == "coco91"
    assert [c["fits"] for c in told["candidates"]].count(True) == 1
    assert {"coco91", "mmdet80"} <= set(told["by_name"])
    assert machine(put(results([1]), "dt.json"))["space"] is None


def test_no_guess_about_a_broken_file(put: Put, cli: Cli) -> None:
    put("{")
    ended = cli("spaces", "--guess", "in.json")
    assert (ended.code, ended.out) == (3, "")
    assert "in.json" in ended.err


def test_a_guess_about_standard_input(cli: Cli) -> None:
    ended = cli("spaces", "--guess", "-", stdin=json.dumps(results([1, 90])).encode())
    assert (ended.code, ended.err) == (0, "")
    assert "cannot tell" in ended.out
