"""``stats``: every count equals what plain JSON, pandas and pycocotools give."""

from __future__ import annotations

import contextlib
import copy
import csv
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import KERNELS, SAMPLE, SHARED, THOROUGH, Cli, examples, left_behind, wild_files
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from odd_documents import documents

from cocosurgeon import Having, InCategory, Stats, read
from cocosurgeon.annfile.listscan import ScanOptions
from cocosurgeon.annfile.scan import scan
from cocosurgeon.annfile.source import open_source, source_of
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.index import AnnotationIndex
from cocosurgeon.dataset.keys import as_key
from cocosurgeon.errors import CocosurgeonError
from cocosurgeon.loaders import LOADERS, load
from cocosurgeon.stats import objects
from cocosurgeon.stats.drift import drifts, total_drift
from cocosurgeon.stats.objects import medians, pairs_in_images
from cocosurgeon.stats.page import page_of
from cocosurgeon.stats.report import csv_of, fields_of, lines_of
from cocosurgeon.stats.statistics import stats_columns

Put = Callable[..., Path]
_LARGE = 1 << 19

DETECTIONS = SAMPLE.parents[1] / "detections_sample2017.json"


def stats_of(path: Path) -> Stats:
    return Stats(read(path, columns=stats_columns()))


def small_enough(files: list[Path]) -> Iterator[Path]:
    return (path for path in files if THOROUGH or path.stat().st_size < _LARGE)


@cache
def readable() -> tuple[tuple[Path, Any, Stats], ...]:
    """Return the sample and the real files that can be read, parsed and counted."""
    found = []
    for path in (SAMPLE, *small_enough(wild_files())):
        with contextlib.suppress(CocosurgeonError):
            stats = stats_of(path)
            found.append((path, json.loads(path.read_bytes().decode("utf-8-sig")), stats))
    return tuple(found)


def size_of(record: dict[str, Any]) -> str:
    """Return the column that an object is counted in."""
    area = record.get("area")
    if record.get("iscrowd"):
        return "crowds"
    if not isinstance(area, (int, float)) or not 0 <= area <= 1e10:
        return "no_area"
    return "small" if area < 32**2 else "medium" if area < 96**2 else "large"


def naive_objects(document: Any) -> list[dict[str, Any]]:
    """Return annotations, segments of panoptic ones, or detections with the area of their box."""
    if isinstance(document, list):
        boxed = [d["bbox"] for d in document if "bbox" in d]
        areas = iter(w * h for _, _, w, h in boxed)
        return [d | {"area": next(areas)} if "bbox" in d else d for d in document]
    annotations = document.get("annotations", [])
    if not any("segments_info" in a for a in annotations):
        return list(annotations)
    return [s | {"image_id": a["image_id"]} for a in annotations for s in a["segments_info"]]


def test_counts_equal_those_of_plain_json_and_pandas() -> None:
    for path, document, stats in readable():
        objects = naive_objects(document)
        frame = pd.DataFrame(
            {
                "image": [as_key(o.get("image_id")) for o in objects],
                "category": [as_key(o.get("category_id")) for o in objects],
                "size": [size_of(o) for o in objects],
            },
            dtype=object,
        )
        listed = None if isinstance(document, list) else document["images"]
        known = {as_key(i.get("id")) for i in listed or ()} - {None}
        if listed is None:
            known = set(frame["image"])
        table = stats.categories.set_index("id")
        assert len(stats.objects.images) == len(frame), path
        found = table["instances"].to_dict()
        expected = frame["category"].dropna().value_counts().to_dict()
        assert {i: n for i, n in found.items() if n} == expected, path
        for size in ("crowds", "small", "medium", "large", "no_area"):
            of_size = frame[frame["size"] == size]["category"].dropna().value_counts().to_dict()
            assert {i: n for i, n in table[size].items() if n} == of_size, (path, size)
        there = frame[frame["image"].isin(known)]
        images = there.dropna(subset="category").groupby("category")["image"].nunique().to_dict()
        assert {i: n for i, n in table["images"].items() if n} == images, path
        per_image = there["image"].value_counts()
        assert stats.images["objects"].sum() == per_image.sum(), path
        assert stats.images["objects"].max() == (per_image.max() if len(per_image) else 0), path
        assert stats.empty.get("raw", 0) == len(known) - per_image.index.nunique(), path
        together = Counter(
            pair
            for _, ids in there.dropna(subset="category").groupby("image")["category"]
            for pair in map(frozenset, combinations(set(ids), 2))
        )
        assert {frozenset((a, b)): n for a, b, n in stats.class_pairs} == together, path


def test_keys_ids_and_kinds_equal_those_of_plain_json() -> None:
    for path, document, stats in readable():
        keys = stats.keys.set_index(["level", "key"])["count"].to_dict()
        lists = {"results": document} if isinstance(document, list) else document
        for level, records in lists.items():
            if isinstance(records, list) and all(isinstance(r, dict) for r in records):
                counts = Counter(key for record in records for key in record)
                assert {k: n for (of, k), n in keys.items() if of == level} == counts, path
        annotations = document if isinstance(document, list) else document.get("annotations", [])
        masks = Counter(kind_of(a.get("segmentation")) for a in annotations)
        if any("segmentation" in a for a in annotations):
            assert stats.masks == masks, path
        for each in stats.id_fields:
            level, key = each.field.split(".")
            values = [as_key(record.get(key)) for record in lists[level]]
            numbers = [v for v in values if isinstance(v, (int, float))]
            assert each.distinct == len(set(values) - {None}), path
            assert (each.lowest, each.highest) == (
                (min(numbers), max(numbers)) if numbers else (None, None)
            )
            texts = sum(isinstance(v, str) for v in values)
            assert each.types.get("text", 0) == texts, path


def kind_of(mask: Any) -> str:
    if mask is None:
        return "none"
    if isinstance(mask, list):
        return "empty" if not mask else "polygons" if isinstance(mask[0], list) else "other"
    counts = mask.get("counts") if isinstance(mask, dict) else None
    if isinstance(counts, (str, list)):
        return "RLE, compressed" if isinstance(counts, str) else "RLE, uncompressed"
    return "other"


def test_counts_equal_those_of_pycocotools() -> None:
    for path, document, stats in readable():
        if isinstance(document, list) or not document.get("categories"):
            continue
        annotations = document.get("annotations", [])
        if any(
            {"id", "image_id", "category_id", "area", "iscrowd"} - a.keys() for a in annotations
        ):
            continue
        coco = read(path).to_coco()
        if len(coco.anns) < len(annotations):  # it takes annotations of one id for one
            continue
        known = set(coco.imgs)
        table = stats.categories.set_index("id")
        for cat_id in coco.cats:
            row = table.loc[cat_id]
            assert row["instances"] == len(coco.getAnnIds(catIds=[cat_id])), path
            assert row["images"] == len(set(coco.getImgIds(catIds=[cat_id])) & known), path
            crowds = set(coco.getAnnIds(catIds=[cat_id], iscrowd=True))
            assert row["crowds"] == len(crowds), path
            for name, low, high in (("small", -1, 32**2), ("large", 96**2, 1e10)):
                ranged = set(coco.getAnnIds(catIds=[cat_id], areaRng=[low, high]))
                on_bound = sum(
                    a["area"] == high if name == "small" else a["area"] == low
                    for a in coco.loadAnns(coco.getAnnIds(catIds=[cat_id], iscrowd=False))
                )
                assert row[name] == len(ranged - crowds) + (on_bound if name == "large" else 0)


def test_a_size_on_a_bound_is_that_above_and_is_counted(small: Any, put: Put) -> None:
    for annotation, area in zip(small["annotations"], (1024, 9216, 1023.9, -1, 1e11), strict=False):
        annotation["area"] = area
    stats = stats_of(put(small))
    assert stats.on_bounds == 2
    sizes = {name: int(mask.sum()) for name, mask in stats.objects.sizes.items()}
    assert sizes == {"small": 1, "medium": 1, "large": 2, "no_area": 2}
    counts = stats.counts
    assert sum(int(n.sum()) for n in counts.values()) - counts["images"].sum() == 2 * 7


def test_labels_are_those_that_the_loaders_give() -> None:
    document = json.loads(SAMPLE.read_bytes())
    for annotation in document["annotations"]:
        annotation.pop("ignore", None)  # which detectron2 raises on
    names = [c["name"] for c in document["categories"]]
    stats = stats_of(SAMPLE)
    labels = {name: group for group in stats.labels for name in group.loaders}
    assert set(labels) == set(LOADERS)
    for name, loader in LOADERS.items():
        options = loader.options.usual("test", names)
        view = load(name, copy.deepcopy(document), options)
        found = {
            document["annotations"][i.row]["category_id"]: i.label
            for sample in view.samples
            for i in sample.instances
            if i.label is not None
        }
        assert found.items() <= labels[name].of_ids.items(), name
    columns = stats.categories.columns
    assert [f"label {name}" for group in stats.labels for name in group.loaders] == [
        c for c in columns if c.startswith("label ")
    ]
    assert len(stats.labels) == 2  # equal ones are together


def test_a_loader_that_raises_is_named_with_its_error(small: Any, put: Put) -> None:
    del small["categories"][0]["name"]
    stats = Stats(read(put(small)), ("mmdet3", "torchvision"))
    [mmdet, torchvision] = stats.labels
    assert mmdet.problem is not None
    assert mmdet.problem.startswith("raises KeyError")
    assert torchvision.of_ids == {1: 1, 18: 18, 90: 90}
    assert "no labels: mmdet3: raises KeyError" in "\n".join(lines_of([stats]))


def test_stats_of_a_selection_are_those_of_its_file(tmp_path: Path) -> None:
    for kept in (
        read(SAMPLE).keep(Having(InCategory("dog"))),
        read(SAMPLE).keep(InCategory("person")),
        read(SAMPLE).first(0),
    ):
        path = tmp_path / "kept.json"
        path.write_bytes(b"".join(kept.text()))
        here, there = kept.stats(), stats_of(path)
        assert fields_of([here]) | {"file": ""} == fields_of([there]) | {"file": ""}
        pd.testing.assert_frame_equal(here.categories, there.categories)


def test_shares_of_two_files() -> None:
    whole, dogs = read(SAMPLE), read(SAMPLE).keep(InCategory("dog"))
    found = drifts(whole.stats(), dogs.stats())
    assert found[0].name == "dog"
    assert found[0].shares[1] == 1
    assert [abs(d.change) for d in found] == sorted((abs(d.change) for d in found), reverse=True)
    assert total_drift(found) == pytest.approx(found[0].change)
    assert total_drift(drifts(whole.stats(), whole.stats())) == 0


@examples(100)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(-1, 3), st.floats(0, 9))))
def test_medians_and_pairs_equal_those_of_pandas(rows: list[tuple[int, int, float]]) -> None:
    frame = pd.DataFrame(rows, columns=["image", "code", "value"]).astype(
        {"image": np.int64, "code": np.int64, "value": np.float64}
    )
    known = frame[frame["code"] >= 0]
    found = medians(frame["value"].to_numpy(), frame["code"].to_numpy(), 4)
    expected = known.groupby("code")["value"].median().reindex(range(4))
    np.testing.assert_allclose(found, expected)
    unique = known[["image", "code"]].drop_duplicates().sort_values(["image", "code"])
    keys, counts = pairs_in_images(unique["image"].to_numpy(), unique["code"].to_numpy(), 4)
    together = Counter(
        a * 4 + b for _, g in unique.groupby("image")["code"] for a, b in combinations(g, 2)
    )
    assert dict(zip(keys.tolist(), counts.tolist(), strict=True)) == together
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(objects, "_PAIR_TABLE", 0)  # too many classes for a table
        sparse = pairs_in_images(unique["image"].to_numpy(), unique["code"].to_numpy(), 4)
    assert [each.tolist() for each in sparse] == [keys.tolist(), counts.tolist()]


@settings(examples(50), phases=[Phase.explicit, Phase.generate])
@given(documents(), st.sampled_from(KERNELS), st.sampled_from((None, 1)))
def test_no_document_is_too_odd(document: Any, kernel: bool, indent: int | None) -> None:
    text = json.dumps(document, indent=indent).encode()
    try:
        found = scan(source_of([text], "odd"), options=ScanOptions(kernel=kernel))
        stats = Stats(Dataset.whole(AnnotationIndex.of(found)), ("mmdet3", "rfdetr"))
    except CocosurgeonError:
        return
    lines, fields = lines_of([stats]), fields_of([stats])
    assert lines[0].startswith("file: odd")
    json.dumps(fields, default=str)
    assert len(csv_of([stats]).splitlines()) == len(stats.names) + 1
    assert page_of([stats]).endswith("</html>\n")
    assert fields_of([stats, stats])["total_drift"] == 0
    annotations = found.lists.get("annotations")
    if annotations is not None:
        records = document["annotations"]
        columns = annotations.columns("record_keys", "segmentation_kind")
        assert [tuple(sorted(r)) for r in records] == list(columns[0].array)
        assert [kind_of(r.get("segmentation")) for r in records] == [
            kind or "none" for kind in columns[1].array
        ]


def test_what_cannot_be_read_is_an_error_and_no_traceback(cli: Cli, put: Put) -> None:
    put('{"images": [{"id": 1,}]}', "broken.json")
    put("[]", "none.json")
    put({"images": []}, "empty.json")
    assert cli("stats", "broken.json").code == 3
    assert cli("stats", "missing.json").code == 2
    done = cli("stats", "none.json", "empty.json", "--html", "a.html")
    assert (done.code, done.err) == (0, "cocosurgeon: written: a.html\n")


def test_all_real_files_have_counts(cli: Cli) -> None:
    if not SHARED.is_dir():
        pytest.skip("the folder of real annotation files is not at hand")
    for path in small_enough(sorted((SHARED / "cases").rglob("*.json"))[:: 1 if THOROUGH else 8]):
        with contextlib.suppress(CocosurgeonError):
            stats = stats_of(path)
            assert fields_of([stats])["objects"] == len(stats.dataset.annotation_rows), path
            assert page_of([stats])


def test_a_results_file_says_what_holds(cli: Cli) -> None:
    detections = json.loads(DETECTIONS.read_bytes())
    done = cli("stats", DETECTIONS, "--json")
    fields = json.loads(done.out)
    assert (fields["kind"], fields["objects"]) == ("results", len(detections))
    assert fields["empty"] == {}
    small = sum(d["bbox"][2] * d["bbox"][3] < 32**2 for d in detections)
    assert fields["small"] == small
    assert "results file" in lines_of([stats_of(DETECTIONS)])[0]


def test_outputs(cli: Cli, tmp_path: Path) -> None:
    args = ("stats", SAMPLE, "--csv", "a.csv", "--html", "a.html")
    done = cli(*args, "--json")
    assert json.loads(done.out)["output"] == ["a.csv", "a.html"]
    rows = list(csv.DictReader(io.StringIO((tmp_path / "a.csv").read_text())))
    assert [row["name"] for row in rows][:2] == ["person", "bicycle"]
    assert (rows[0]["label mmdet3"], rows[0]["label torchvision"]) == ("0", "1")
    assert "unchanged" in cli(*args).err
    (tmp_path / "a.csv").write_text("other")
    refused = cli(*args)
    assert (refused.code, "the output exists" in refused.err) == (2, True)
    assert (tmp_path / "a.csv").read_text() == "other"
    assert cli(*args, "--force").code == 0
    for wrong in (("--csv", "x", "--html", "./x"), ("--csv", "-"), ("--html", SAMPLE)):
        assert cli("stats", SAMPLE, *wrong, "--force").code == 2
    assert cli("stats", SAMPLE, SAMPLE, SAMPLE).code == 2
    assert cli("stats", SAMPLE, "--loader", "mmdet").code == 2
    two = cli("stats", SAMPLE, SAMPLE, "--csv", "two.csv", "--loader", "yolox")
    assert (tmp_path / "two.csv").read_text().startswith("class,count,share,count 2,share 2,change")
    assert "drift in all: 0.00%" in two.out
    assert not left_behind(tmp_path, "a.csv", "a.html", "two.csv")


def test_a_page_needs_nothing_else_and_escapes_names(small: Any, put: Put) -> None:
    small["categories"][0]["name"] = "<script>alert('1')</script>"
    small["categories"][1]["name"] = '"&\u202e\n'
    small["annotations"][0]["<b>"] = 1
    page = page_of([stats_of(put(small, "<i>.json"))])
    assert not re.search(r"<(script|link|img|b|i)\b|https?:|\bsrc=|url\(", page)
    assert "&lt;script&gt;" in page
    assert "\u202e" not in page
    assert "color-scheme: light dark" in page


def test_a_list_of_many_classes_is_printed_whole(small: Any, put: Put) -> None:
    small["categories"] = [{"id": n, "name": f"class {n}"} for n in range(1, 366)]
    lines = lines_of([stats_of(put(small))])
    assert sum(bool(re.match(r" *\d+  class \d+ ", line)) for line in lines) == 365


def test_pictures(cli: Cli, put: Put, tmp_path: Path, small: Any) -> None:
    small["categories"][0]["name"] = "$x_1$ <狗> \\frac"
    put(small)
    wrong = cli("stats", "in.json", "--plot", "a.jpg")
    assert (wrong.code, ".png or .svg" in wrong.err) == (2, True)
    if find_spec("matplotlib") is None:
        done = cli("stats", "in.json", "--plot", "a.png")
        assert (done.code, "pip install 'cocosurgeon[plot]'" in done.err) == (2, True)
        return
    put({"images": []}, "none.json")
    for args in (("in.json",), ("in.json", SAMPLE), ("none.json",), (DETECTIONS,)):
        assert cli("stats", *args, "--plot", "a.png", "--force").code == 0
        assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    for _ in range(2):  # the same bytes
        done = cli("stats", "in.json", "--plot", "a.svg")
    assert "unchanged" in done.err
    assert "<svg" in (tmp_path / "a.svg").read_text()


def test_columns_are_equal_with_and_without_the_kernel(tmp_path: Path) -> None:
    found = []
    for kernel in KERNELS:
        document = scan(open_source(SAMPLE), options=ScanOptions(kernel=kernel))
        found.append(fields_of([Stats(Dataset.whole(AnnotationIndex.of(document)))]))
    assert found.count(found[0]) == len(found)


@pytest.mark.parametrize("kernel", KERNELS)
def test_boolean_ids_have_a_type_of_their_own(kernel: bool) -> None:
    kinds: list[tuple[list[Any], dict[str, int]]] = [
        ([True], {"boolean": 1}),
        ([True, 2, 3], {"boolean": 1, "integer": 2}),
        ([True, False, 2.5], {"boolean": 2, "float": 1}),
        ([True, "2", None, 3], {"boolean": 1, "text": 1, "none": 1, "integer": 1}),
        ([4, 5], {"integer": 2}),
    ]
    for ids, types in kinds:
        document = {"images": [{"id": i} for i in ids], "annotations": [{"image_id": 1}]}
        found = scan(
            source_of([json.dumps(document).encode()], "a"), options=ScanOptions(kernel=kernel)
        )
        stats = Stats(Dataset.whole(AnnotationIndex.of(found)))
        assert {each.field: each.types for each in stats.id_fields}["images.id"] == types, ids
        kept = stats.dataset.first(1).stats()
        first = {each.field: each.types for each in kept.id_fields}["images.id"]
        assert first == ({"boolean": 1} if ids[0] is True else {"integer": 1})
        json.dumps(fields_of([stats]))


_MASKS: list[Any] = [
    *([[1, 2]], [], [5], [{"counts": 1}], None, 7, "text", {}),
    *({"counts": [1, 2]}, {"counts": "ab"}, {"counts": 5}, {"count": [1], "a": {"counts": "b"}}),
]
_BOXES: list[Any] = [
    *([0.5, 1, 2, 3], [1, 2, 3, 4], [1.5, 2, True, None], [1, 2, 3], [1, 2, 3, 4, 5]),
    *(None, 5, {"x": 1}, ["a", 1, 2, 3], [2**60, 1, 2, 3.5]),
]


@pytest.mark.parametrize("kernel", KERNELS)
def test_unusual_masks_and_boxes_are_read_as_they_are(kernel: bool) -> None:
    for key, values in (("segmentation", _MASKS), ("bbox", _BOXES)):
        for chosen in ([values[0]] * 3, *([values[0], v, values[0]] for v in values), values):
            texts = [f'{{"id": 1, "{key}": {json.dumps(v)}}}' for v in chosen]
            texts.append('{"id": 2, "\\u0061": NaN, "extra:": {"b": ":"}}')
            for count in (len(chosen), len(texts)):
                text = f'{{"images": [], "annotations": [{", ".join(texts[:count])}]}}'
                document = scan(source_of([text.encode()], "a"), options=ScanOptions(kernel=kernel))
                records = document.lists["annotations"]
                names = ("record_keys", "segmentation_kind", *(f"bbox_{axis}" for axis in "xywh"))
                keys, kinds, *sides = (v.array.tolist() for v in records.columns(*names))
                assert keys == [tuple(sorted(json.loads(each))) for each in texts[:count]]
                expected = [json.loads(each).get(key) for each in texts[:count]]
                if key == "segmentation":
                    assert [kind or "none" for kind in kinds] == list(map(kind_of, expected))
                    continue
                boxes = [b if isinstance(b, list) and len(b) == 4 else [None] * 4 for b in expected]
                assert sides == [[box[place] for box in boxes] for place in range(4)]


def test_results_have_the_names_of_the_file_that_they_are_of(small: Any, put: Put) -> None:
    results = [
        {"image_id": 30, "category_id": i, "bbox": [1, 1, 5, 5], "score": 1} for i in (1, 1, 18)
    ]
    files = [stats_of(put(small, "gt.json")), stats_of(put(results, "r.json"))]
    names = {d.name: d.counts for d in drifts(*files)}
    assert names == {"person": (3, 2), "dog": (2, 1), "toothbrush": (2, 0)}
    assert any("r.json has no class names" in line for line in lines_of(files))


def test_an_id_that_is_listed_twice_has_both_names(small: Any, put: Put) -> None:
    small["categories"].append({"id": 18, "name": "hound"})
    assert stats_of(put(small)).names[18] == "dog / hound"
