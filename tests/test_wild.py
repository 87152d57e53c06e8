"""Real files from real producers: what the standard library can load is subset, the rest told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import KERNELS, THOROUGH, WILD, Cli, left_behind, wild_files
from naive import applied, same

from cocosurgeon import (
    Crowd,
    Dataset,
    Empty,
    First,
    Having,
    Ids,
    InCategory,
    Last,
    Plan,
    read,
    summarize,
)
from cocosurgeon.annfile.listscan import ScanOptions
from cocosurgeon.annfile.scan import scan
from cocosurgeon.annfile.source import open_source
from cocosurgeon.annfile.splice import pieces


def _loads(path: Path) -> bool:
    try:
        json.loads(path.read_bytes())
    except ValueError:
        return False
    return True


pytestmark = pytest.mark.skipif(
    not WILD.is_dir(), reason="the folder of real annotation files is not at hand"
)
GOOD = [p for p in wild_files() if _loads(p)]
BAD = [p for p in wild_files() if p not in GOOD]


def by_name(path: Path) -> str:
    return path.stem


@pytest.fixture(params=GOOD, ids=by_name)
def path(request: pytest.FixtureRequest) -> Path:
    """Each file that the standard library can load."""
    found: Path = request.param
    if not THOROUGH and found.stat().st_size > 1_500_000:
        pytest.skip("a large file, of which the parts are like those of others")
    return found


def doc_of(path: Path) -> Any:
    return json.loads(path.read_bytes())


def text_of(dataset: Dataset) -> bytes:
    return b"".join(dataset.text())


def plans(path: Path) -> list[Plan]:
    """Plans that make sense for a file."""
    doc = doc_of(path)
    if isinstance(doc, list):
        ids = [d["image_id"] for d in doc[:7]]
        return [Plan(First(3)), Plan(Ids(ids)), Plan(Last(0)), Plan(~Ids(ids), First(5))]
    ids = [i["id"] for i in doc["images"][1:40:2]] or [i["id"] for i in doc["images"]]
    found = [
        Plan(First(3)),
        Plan(First(3, "id")),
        Plan(Ids(ids)),
        Plan(Empty()),
        Plan(~Empty()),
        Plan(First(0)),
        Plan(~Crowd(), Empty()),
    ]
    if doc.get("categories"):
        names = tuple(c["name"] for c in doc["categories"][:3])
        found += [
            Plan(Empty("category")),
            Plan(Empty("category", names)),
            Plan(Having(InCategory(*names)), First(4)),
            Plan(InCategory(*names), ~Empty()),
            Plan(~InCategory(names[0])),
        ]
    return found


def test_the_folder_is_whole() -> None:
    assert len(GOOD) >= 26
    assert len(BAD) >= 2


def test_keeping_all_is_identical(path: Path) -> None:
    assert text_of(read(path)) == path.read_bytes()


def test_subsets_are_what_parsed_json_gives(path: Path) -> None:
    whole, doc = read(path), doc_of(path)
    for plan in plans(path):
        assert same(json.loads(text_of(plan.apply(whole))), applied(doc, plan)), plan


def test_keeping_none_keeps_the_rest(path: Path) -> None:
    result = json.loads(text_of(read(path).first(0)))
    if isinstance(result, list):
        assert result == []
        return
    assert result["images"] == []
    assert result.get("annotations", []) == []
    expected = {k: v for k, v in doc_of(path).items() if k not in ("images", "annotations")}
    assert same({k: v for k, v in result.items() if k in expected}, expected)


@pytest.mark.parametrize("window", [400, 1 << 16])
@pytest.mark.parametrize("kernel", KERNELS)
def test_every_way_of_scanning_finds_the_same(path: Path, window: int, kernel: bool) -> None:
    reference = scan(open_source(path), options=ScanOptions(shortcut=False, kernel=False))
    document = scan(open_source(path), options=ScanOptions(window, kernel=kernel))
    assert document.nonfinite == reference.nonfinite
    assert b"".join(pieces(document, {})) == path.read_bytes()
    pairs = [(reference.lists[name], document.lists[name]) for name in reference.lists]
    if reference.results and document.results:
        pairs.append((reference.results, document.results))
    for expected, found in pairs:
        assert found.count == expected.count
        assert (found.start, found.stop) == (expected.start, expected.stop)
        for name in ("id", "image_id", "category_id"):
            assert found.column(name).array.tolist() == expected.column(name).array.tolist()


def test_the_command_line_makes_the_same(path: Path, cli: Cli, tmp_path: Path) -> None:
    ended = cli("subset", path, "--first", 3, "-o", "out.json")
    assert ended.code == 0, ended.err
    assert ended.out == "out.json\n"
    assert (tmp_path / "out.json").read_bytes() == text_of(read(path).first(3))
    assert left_behind(tmp_path, "out.json") == set()


@pytest.mark.parametrize("path", BAD, ids=by_name)
def test_what_does_not_load_is_told(path: Path, cli: Cli, tmp_path: Path) -> None:
    ended = cli("subset", path, "--first", 3, "-o", "out.json")
    assert ended.code == 3
    assert "byte" in ended.err
    assert ended.out == ""
    assert left_behind(tmp_path) == set()


def test_the_first_bad_byte_is_named(wild: Path, cli: Cli) -> None:
    ended = cli("subset", wild / "gbk_encoded_invalid_utf8.json", "--first", 3, "-o", "out.json")
    assert "byte 0xd4 at offset 364" in ended.err
    assert "iconv -f ENCODING -t UTF-8" in ended.err
    assert ended.code == 3


def test_a_control_character_is_located(wild: Path, cli: Cli) -> None:
    path = wild / "invalid_control_char.json"
    ended = cli("subset", path, "--first", 3, "-o", "out.json")
    text = path.read_bytes()
    offset = int(ended.err.split("byte ")[1].split()[0])
    assert text[offset] < 0x20
    assert "control character" in ended.err


def test_bare_infinities_are_counted(wild: Path) -> None:
    account = summarize(read(wild / "taco_unofficial.json").first(3))
    assert account.nonfinite == (wild / "taco_unofficial.json").read_bytes().count(b"Infinity")
    assert account.unfollowed == {"scene_annotations": 3831}


def test_a_list_follows_the_images_when_told_to(wild: Path) -> None:
    kept = read(wild / "taco_unofficial.json").first(5).cascade("scene_annotations")
    doc = json.loads(text_of(kept))
    assert [s["image_id"] for s in doc["scene_annotations"]] == kept.img_ids


def test_oddities_are_counted(wild: Path) -> None:
    def counts(name: str) -> tuple[int, int, int]:
        account = summarize(read(wild / f"{name}.json"))
        oddities = (account.unknown_images, account.unknown_categories, account.repeated_ann_ids)
        return oddities[0].total, oddities[1].total, oddities[2].total

    assert counts("vinbigdata_broken_refs") == (2969, 695, 0)
    assert counts("mixed_str_int_image_id") == (13, 0, 0)
    assert counts("chinese_names_str_cat_ids") == (0, 8, 6)
    assert counts("mmdet3_wrong_format") == (0, 0, 1)
    assert counts("coco_mini_val") == (0, 0, 0)
    assert counts("coco_panoptic_examples") == (0, 0, 0)


def test_panoptic_categories_are_looked_for_in_segments(wild: Path) -> None:
    whole = read(wild / "coco_panoptic_examples.json")
    doc = doc_of(wild / "coco_panoptic_examples.json")
    first = doc["annotations"][0]["segments_info"][0]["category_id"]
    name = next(c["name"] for c in doc["categories"] if c["id"] == first)
    kept = whole.keep(Having(InCategory(name)))
    expected = [
        a["image_id"]
        for a in doc["annotations"]
        if any(s["category_id"] == first for s in a["segments_info"])
    ]
    assert sorted(map(str, kept.img_ids)) == sorted(map(str, expected))


def test_the_real_coco_evaluates_a_subset(wild: Path, cli: Cli, tmp_path: Path) -> None:
    """Ground truth and detections cut to the same images go together through COCOeval."""
    import contextlib
    import io

    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    truth = wild / "coco_val2014_100.json"
    found = wild / "coco_val2014_100_fakebbox_results.json"
    assert cli("subset", truth, "--sample", 30, "-o", "gt.json").code == 0
    ended = cli("subset", found, "--match", "gt.json", "-o", "dt.json")
    assert ended.code == 0, ended.err
    kept = json.loads((tmp_path / "gt.json").read_bytes())
    ids = {i["id"] for i in kept["images"]}
    detections = json.loads((tmp_path / "dt.json").read_bytes())
    assert detections == [d for d in doc_of(found) if d["image_id"] in ids]

    def evaluated(truth: Path, found: Path, img_ids: list[int] | None) -> list[float]:
        with contextlib.redirect_stdout(io.StringIO()):
            coco = COCO(str(truth))
            evaluation = COCOeval(coco, coco.loadRes(str(found)), "bbox")
            if img_ids is not None:
                evaluation.params.imgIds = img_ids
            evaluation.evaluate()
            evaluation.accumulate()
            evaluation.summarize()
        return [float(v) for v in evaluation.stats]

    whole = evaluated(truth, found, sorted(ids))
    assert evaluated(tmp_path / "gt.json", tmp_path / "dt.json", None) == whole
    assert whole[0] > 0.1


def test_pycocotools_loads_every_subset_that_it_loads_whole(path: Path, tmp_path: Path) -> None:
    import contextlib
    import io

    from pycocotools.coco import COCO

    def load(where: Path) -> COCO | None:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(KeyError):
            return COCO(str(where))
        return None

    if isinstance(doc_of(path), list) or load(path) is None:
        pytest.skip("pycocotools does not load the whole file either")
    out = tmp_path / "out.json"
    kept = read(path).first(3)
    out.write_bytes(text_of(kept))
    coco = load(out)
    assert coco is not None
    assert list(coco.imgs) == kept.img_ids
    assert coco.dataset == kept.to_coco().dataset
