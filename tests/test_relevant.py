"""The part of a source that is read for a subset says the same as the whole."""

from __future__ import annotations

import contextlib
import copy
import itertools
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from conftest import SAMPLE, THOROUGH, examples, wild_files
from faults_made import FAULTS
from hypothesis import given
from hypothesis import strategies as st
from odd_documents import USUAL, changed_usual, documents

from cocosurgeon.errors import CocosurgeonError, EncodingError
from cocosurgeon.loaders import LOADERS
from cocosurgeon.probe.request import ProbeOptions
from cocosurgeon.verify import run
from cocosurgeon.verify.expected import Expectation
from cocosurgeon.verify.read_again import PlainFile, read_again
from cocosurgeon.verify.relevant import Wanted, read_relevant
from cocosurgeon.verify.verification import Verification

USED = list[int]()
"""How many records were omitted, by each file that was read."""


def verified(
    subset: Path, source: Path, expectation: Expectation, loaders: list[str], *options: str
) -> Verification | str:
    request = run.VerifyRequest.of(
        subset=str(subset),
        source=str(source),
        recipe=None,
        loaders=loaders,
        modes=None,
        classes=None,
        options=options,
        against=None,
        tolerance=0,
        has_config=False,
    )
    try:
        found, _ = run.verify(
            request,
            ProbeOptions(),
            lambda: expectation,
            find_ids=lambda _: [],
            name_of=lambda _space, _label: None,
        )
    except CocosurgeonError as error:
        return str(error)
    return found


@contextlib.contextmanager
def read_by(read: Callable[..., PlainFile]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "read_relevant", read)
        yield


def whole(path: Path, wanted: Wanted, progress: Any = None) -> PlainFile:
    return read_again(path, progress, wanted.has_text)


def part(path: Path, wanted: Wanted, progress: Any = None) -> PlainFile:
    found = read_relevant(path, wanted, progress)
    USED.append(found.omitted)
    return found


TURN = itertools.count()


def require_same(
    subset: Any,
    source: Any,
    *options: str,
    loader: str = "mmdet3",
    expectation: Expectation | None = None,
) -> None:
    """Fail where the part of the source makes another report than the whole."""
    expectation = Expectation() if expectation is None else expectation
    # every second loader, the others with the next source
    loaders = [loader] if options else list(LOADERS)[next(TURN) % 2 :: 2]
    with TemporaryDirectory() as folder:
        paths = Path(folder, "subset.json"), Path(folder, "source.json")
        for path, document in zip(paths, (subset, source), strict=True):
            path.write_text(json.dumps(document))
        with read_by(whole):
            expected = verified(*paths, expectation, loaders, *options)
        with read_by(part):
            assert verified(*paths, expectation, loaders, *options) == expected


def cut(document: Any, img_ids: list[Any]) -> Any:
    """A document with some images, as the standard library cuts it."""
    if not isinstance(document, dict):
        return document
    found = dict(document)
    for key, field in (("images", "id"), ("annotations", "image_id")):
        if isinstance(records := found.get(key), list):
            found[key] = [r for r in records if isinstance(r, dict) and r.get(field) in img_ids]
    return found


@given(documents(), st.lists(st.integers(0, 9), max_size=4), st.randoms(use_true_random=False))
@examples(120)
def test_any_source(source: Any, img_ids: list[Any], rng: random.Random) -> None:
    subset = cut(source, [*img_ids, *map(str, img_ids)])
    if rng.random() < 0.3:
        subset = copy.deepcopy(subset)
        with contextlib.suppress(LookupError, TypeError, ValueError):
            rng.choice(subset["annotations"])[rng.choice(["id", "image_id"])] = rng.randrange(10)
    require_same(subset, source)


def test_each_oddity_in_a_source() -> None:
    USED.clear()
    kept = itertools.cycle([[0], [1, 2], [4], [], [2, 3, 4]])
    sources = changed_usual()
    for source, ids in zip(sources if THOROUGH else sources[::9], kept, strict=False):
        require_same(cut(source, ids), source)
    assert np.count_nonzero(USED) > len(USED) / 4


SOME_FAULTS = list(FAULTS) if THOROUGH else list(FAULTS)[::8]


@pytest.mark.parametrize("name", SOME_FAULTS)
def test_a_fault_of_the_source_outside_of_the_subset(name: str) -> None:
    document = json.loads(SAMPLE.read_bytes())
    ids = [image["id"] for image in document["images"][:40]]
    document = copy.deepcopy(cut(document, ids))
    FAULTS[name].change(document)
    require_same(cut(document, ids[30:]), document)


@pytest.mark.parametrize("name", SOME_FAULTS)
def test_a_fault_of_the_subset(name: str) -> None:
    source = json.loads(SAMPLE.read_bytes())
    source = cut(source, [image["id"] for image in source["images"][:60]])
    subset = cut(source, [image["id"] for image in source["images"][:40]])
    FAULTS[name].change(subset)
    require_same(subset, source)


@pytest.mark.parametrize(
    "options",
    [
        ("indices=3",),
        ("min_size=100",),
        ("min_size=65",),
        ("filter_empty_gt=False", "min_size=64"),
        ("type=LVISV1Dataset",),
        ("type=Objects365V1Dataset",),
        ("type=Objects365V2Dataset",),
    ],
    ids=str,
)
def test_options_that_read_further_images(options: tuple[str, ...]) -> None:
    for ids in ([0], [1, 2], [4]):
        require_same(cut(USUAL, ids), USUAL, *options)
    urls = copy.deepcopy(USUAL)
    for image in urls["images"][1:]:
        image["coco_url"] = f"http://images.cocodataset.org/{image['file_name']}"
    require_same(cut(urls, [1, 2]), urls, *options)


def test_an_image_that_a_class_skips() -> None:
    """2.x pairs ids and records by their places: the skipped image moves those behind it."""
    source = plain()
    source["images"][3]["file_name"] = "patch16/objects365_v2_00908726.jpg"
    source["annotations"] = [a for a in source["annotations"] if a["image_id"] not in (2, 5)]
    for loader in ("mmdet2", "mmdet3"):
        require_same(cut(source, [5, 6]), source, "type=Objects365V2Dataset", loader=loader)


@pytest.mark.parametrize("keypoints", [None, [], [1, 1, 2], "text"], ids=str)
def test_keypoints_of_another_image(keypoints: Any) -> None:
    source = plain()
    source["annotations"].insert(4, annotation(10, 5, keypoints=keypoints))
    require_same(cut(source, [1, 2]), source)


def test_masks_that_a_loader_asks_for(tmp_path: Path) -> None:
    source = plain()
    for each in source["annotations"]:
        each["segmentation"] = [[1, 1, 6, 1, 6, 6, 1, 6]]
    paths = tmp_path / "subset.json", tmp_path / "source.json"
    for path, document in zip(paths, (cut(source, [1, 2]), source), strict=True):
        path.write_text(json.dumps(document))
    found = verified(*paths, Expectation(), ["detr"], "return_masks=true")
    assert isinstance(found, Verification)
    assert not [note for note in found.notes if "raises" in note]


def test_rows_that_a_recipe_keeps() -> None:
    document = json.loads(SAMPLE.read_bytes())
    rows = frozenset(range(0, 300, 3))
    planned = Expectation(image_rows=frozenset((0, 1, 90)), annotation_rows=rows)
    subset = dict(document)
    subset["images"] = [document["images"][0], document["images"][1]]
    subset["annotations"] = [document["annotations"][row] for row in sorted(rows)]
    require_same(subset, document, expectation=planned)


def test_wild_files() -> None:
    for path in wild_files()[:: 1 if THOROUGH else 8]:
        try:
            document = json.loads(path.read_bytes().decode("utf-8-sig"))
            ids = [image["id"] for image in document["images"][:3]]
        except (ValueError, LookupError, TypeError):
            continue
        require_same(cut(document, ids), document)


# ---- what is omitted


def wanted(*img_ids: object) -> Wanted:
    return Wanted(frozenset(img_ids), (), ())


def test_of_a_plain_source_a_small_part_is_read() -> None:
    document = json.loads(SAMPLE.read_bytes())
    document["annotations"] = [a for a in document["annotations"] if not a.get("ignore")]
    found = read_relevant(SAMPLE, wanted(*(i["id"] for i in document["images"][:2])))
    assert found.omitted > 400
    again = read_again(SAMPLE)
    assert (found.sha256, found.keys, found.others) == (again.sha256, again.keys, again.others)
    texts = {r.row: r for r in again.lists["annotations"]}
    for record in found.lists["annotations"]:
        if record.text:
            assert record == texts[record.row]
        else:
            assert record.value == {
                k: v for k, v in texts[record.row].value.items() if k != "segmentation"
            }


def annotation(ann_id: int, image_id: int, **fields: Any) -> dict[str, Any]:
    usual = {"id": ann_id, "image_id": image_id, "category_id": 1, "bbox": [1, 1, 5, 5]}
    return {**usual, "area": 25, "iscrowd": 0, **fields}


def plain(count: int = 9) -> dict[str, Any]:
    return {
        "images": [
            {"id": n, "file_name": f"{n}.jpg", "width": 50 + n, "height": 90}
            for n in range(1, count + 1)
        ],
        "annotations": [annotation(n, n) for n in range(1, count + 1)],
        "categories": [{"id": 1, "name": "a"}],
    }


def rows(document: Any, folder: Path, *img_ids: int) -> tuple[list[int], list[int]]:
    path = folder / "source.json"
    path.write_text(json.dumps(document))
    lists = read_relevant(path, wanted(*img_ids)).lists
    return [r.row for r in lists["images"]], [r.row for r in lists["annotations"]]


def test_of_each_category_the_annotation_with_the_largest_image_stays(tmp_path: Path) -> None:
    assert rows(plain(), tmp_path, 2) == ([1, 8], [1, 8])
    document = plain()
    document["categories"].append({"id": 2, "name": "b"})
    document["annotations"][3]["category_id"] = 2
    document["annotations"][5]["iscrowd"] = 1
    assert rows(document, tmp_path, 2) == ([1, 3, 5, 8], [1, 3, 5, 8])


@pytest.mark.parametrize(
    "fields",
    [
        {"bbox": [1, 2, 3]},
        {"bbox": [1, 2, 0, 3]},
        {"bbox": [1, 2, 10**12, 3]},
        {"area": None},
        {"iscrowd": 2},
        {"iscrowd": None},
        {"ignore": 1},
        {"category_id": 7},
        {"category_id": "1"},
        {"keypoints": [1, 1, 2] * 17},
    ],
    ids=str,
)
def test_a_record_that_is_not_plain_stays_with_its_image(fields: Any, tmp_path: Path) -> None:
    document = plain()
    document["annotations"][4].update(fields)
    document["annotations"].append(annotation(10, 5))
    assert rows(document, tmp_path, 2) == ([1, 4, 8], [1, 4, 8, 9])


def test_an_image_that_is_not_plain_stays_with_its_annotations(tmp_path: Path) -> None:
    document = plain()
    document["images"][4]["width"] = "54"
    assert rows(document, tmp_path, 2) == ([1, 4, 8], [1, 4, 8])


@pytest.mark.parametrize(
    ("key", "row", "fields"),
    [
        ("annotations", 4, {"id": 4}),
        ("annotations", 4, {"id": "4"}),
        ("annotations", 4, {"image_id": 5.0}),
        ("images", 4, {"id": 4}),
        ("images", 4, {"id": 2**60}),
        ("categories", 0, {"id": "1"}),
        ("annotations", 4, {"score": float("nan")}),
    ],
    ids=str,
)
def test_where_nothing_can_be_left_out(key: str, row: int, fields: Any, tmp_path: Path) -> None:
    document = plain()
    document[key][row].update(fields)
    assert rows(document, tmp_path, 2) == (list(range(9)), list(range(9)))


def test_keys_twice_are_seen(tmp_path: Path) -> None:
    path = tmp_path / "source.json"
    text = json.dumps(plain())
    path.write_text(text.replace('{"images"', '{"annotations": [], "images"', 1))
    found = read_relevant(path, wanted(2))
    assert (found.repeated, found.omitted) == (("annotations",), 0)


def test_what_is_not_utf_8_is_found_in_any_record(tmp_path: Path) -> None:
    path = tmp_path / "source.json"
    path.write_bytes(json.dumps(plain()).encode().replace(b"7.jpg", b"\xe9.jpg"))
    with pytest.raises(EncodingError):
        read_relevant(path, wanted(2))


def test_outside_of_ascii_and_with_a_mark(tmp_path: Path) -> None:
    path = tmp_path / "source.json"
    document = plain()
    document["images"][1]["file_name"] = "鳥.jpg"
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8-sig")
    found = read_relevant(path, wanted(2))
    assert found.has_mark
    assert found.omitted
    assert found.lists["images"][0].value == document["images"][1]


def test_results(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    results = [{"image_id": n % 4, "category_id": 1, "score": 0.5} for n in range(12)]
    path.write_text(json.dumps(results))
    found = read_relevant(path, wanted(2))
    assert found.is_bare
    assert [r.row for r in found.lists[""]] == [2, 6, 10]
    assert found.omitted == 9
