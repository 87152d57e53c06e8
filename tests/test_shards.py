"""Many files as one dataset: the same answer as one merged file, and each file cut by itself."""

from __future__ import annotations

import json
import os
import pickle
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from conftest import SAMPLE, Cli, examples
from hypothesis import given
from hypothesis import strategies as st
from rawtext import records

from cocosurgeon import (
    Area,
    Cascade,
    CocosurgeonError,
    Crowd,
    Dataset,
    DropUnused,
    Empty,
    FileName,
    First,
    Having,
    Ids,
    ImageWhere,
    InCategory,
    Last,
    Part,
    PerClass,
    Plan,
    Renumber,
    RequestError,
    Sample,
    Skip,
    SourceChangedError,
    read,
    verify_file,
    write,
)
from cocosurgeon import dask as on_dask
from cocosurgeon.annfile.source import Source, open_source
from cocosurgeon.cli.console import Console
from cocosurgeon.cli.run_lint import lint_files
from cocosurgeon.cli.run_shards import read_shards
from cocosurgeon.lint.run import lint
from cocosurgeon.sets.merge import merge
from cocosurgeon.sets.options import MergeOptions
from cocosurgeon.shards.dataset import Shards
from cocosurgeon.shards.paths import annotation_files
from cocosurgeon.shards.tasks import Place, read_file

CATEGORIES = [{"id": 18, "name": "dog"}, {"id": 1, "name": "person"}, {"id": 90, "name": "cat"}]
PLANS = [
    Plan(),
    Plan(First(3)),
    Plan(Last(4), Having(InCategory("person"))),
    Plan(Skip("20%"), Empty()),
    Plan(Empty("effective:mmdet3")),
    Plan(Last(9), ~Empty("effective:yolox")),
    Plan(Sample(4, seed=3)),
    Plan(Sample(5, seed=1, stratify=True)),
    Plan(PerClass(1)),
    Plan(Part("val", ratios=(0.5, 0.5), stratify=True)),
    Plan(Having(InCategory("dog")), InCategory("dog")),
    Plan(Having(Area(min=50)), Cascade("more")),
    Plan(ImageWhere("width > 50 and objects >= 1")),
    Plan(FileName("a*")),
    Plan(~Crowd(), First("50%"), Cascade("more")),
    Plan(Ids((2, 5, 8, 11))),
    Plan(Having(InCategory("person")), Renumber(start=1)),
    Plan(First(2), DropUnused()),
]


@st.composite
def shards_of_a_dataset(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Documents whose images and annotations have ids of their own."""
    ids = draw(st.permutations(range(12)))
    sizes = draw(st.lists(st.integers(0, 5), min_size=1, max_size=4))
    found = []
    ann_id = 0
    for size in sizes:
        own, ids = ids[:size], ids[size:]
        images: list[dict[str, Any]] = [
            {"id": i, "file_name": f"{'ab'[i % 2]}{i}.jpg", "width": width, "height": 9}
            for i in own
            for width in [draw(st.sampled_from([64, 9]))]
        ]
        annotations = []
        for image_id in draw(st.lists(st.sampled_from([*own, 99]), max_size=6)):
            ann_id += 1
            more: dict[str, float] = draw(
                st.sampled_from([{}, {"area": 10}, {"area": 99.5}, {"iscrowd": 1}])
            )
            cat_id = draw(st.sampled_from([1, 18, 90, 7]))
            annotation = {"id": ann_id, "image_id": image_id, "category_id": cat_id, **more}
            annotations.append({**annotation, "bbox": [1, 2, 3, 4]})
        more_list = [{"image_id": i, "x": n} for n, i in enumerate(own)]
        document = {"images": images, "annotations": annotations, "categories": CATEGORIES}
        found.append({**document, "more": more_list})
    return found


def written(folder: Path, documents: list[dict[str, Any]], indents: list[int | None]) -> list[Path]:
    """Files of documents, each with a layout of its own."""
    paths = []
    for place, (document, indent) in enumerate(zip(documents, indents, strict=False)):
        paths.append(folder / f"{place}.json")
        paths[-1].write_text(json.dumps(document, indent=indent))
    return paths


def all_records(*datasets: Dataset) -> dict[str, list[str]]:
    """The raw text of the records of each list, of one file after the other."""
    texts = [b"".join(dataset.text()).decode() for dataset in datasets]
    return {
        key: [record for text in texts for record in records(text, key)]
        for key in ("images", "annotations", "more")
    }


@given(
    shards_of_a_dataset(),
    st.sampled_from(PLANS),
    st.lists(st.sampled_from([None, 1, 2]), min_size=4, max_size=4),
)
@examples(400)
def test_steps_on_shards_keep_the_records_that_they_keep_of_the_merged_file(
    documents: list[dict[str, Any]], plan: Plan, indents: list[int | None]
) -> None:
    with tempfile.TemporaryDirectory() as name:
        first, *others = (read(path) for path in written(Path(name), documents, indents))
        merged = merge(first, others, MergeOptions()) if others else first
        shards = Shards.of([first, *others])
        try:
            expected = plan.bind(merged).apply(merged)
        except CocosurgeonError as error:
            with pytest.raises(type(error)):
                plan.bind(shards.whole).apply(shards.whole)
            return
        result = plan.bind(shards.whole).apply(shards.whole)
        parts = list(shards.cut(result))
        assert result.img_ids == expected.img_ids
        assert all_records(*parts) == all_records(expected)
        assert [p.categories for p in parts] == [expected.categories] * len(parts)
        assert [i for part in parts for i in part.img_ids] == expected.img_ids


@given(shards_of_a_dataset(), st.data())
@examples(150)
def test_lint_of_shards_finds_what_lint_of_the_merged_file_finds(
    documents: list[dict[str, Any]], data: st.DataObject
) -> None:
    every = [record for d in documents for record in (*d["images"], *d["annotations"])]
    changes: list[dict[str, Any]] = [
        *({}, {"file_name": "x.jpg"}, {"width": 0}, {"category_id": 18, "bbox": [0, 0, 0, 3]}),
        *({"id": "7"}, {"id": None}, {"iscrowd": 2}, {"image_id": 5}, {"segmentation": [[1, 2]]}),
    ]
    for record in data.draw(st.lists(st.sampled_from(every), max_size=4)) if every else ():
        change = data.draw(st.sampled_from(changes))
        record.update({k: v for k, v in change.items() if k in record or k == "segmentation"})
    for document in documents if data.draw(st.booleans()) else documents[:1]:
        document["info"] = {}
    loaders = data.draw(st.sampled_from([None, ["yolox"], ["rfdetr", "detectron2"]]))
    with tempfile.TemporaryDirectory() as name:
        paths = [str(path) for path in written(Path(name), documents, [None, 1, 2, None])]
        first, *others = (read(path) for path in paths)
        options: dict[str, Any] = {"choice": None, "keep": 5, "known": {}, "images": None}
        reports, whole, why = lint_files(paths, None, loaders, options, is_one_dataset=True)
        assert (whole is None) == (why is not None or not others)
        if whole is None:
            return
        merged = merge(first, others, MergeOptions(on_duplicate="keep"))
        text = b"".join(merged.text())
        (Path(name) / "merged.json").write_bytes(text)
        expected = lint(Path(name) / "merged.json", loaders=loaders)
        found = {t.code: (t.severity, t.count) for t in whole.tallies.values()}
        assert found == {t.code: (t.severity, t.count) for t in expected.tallies.values()}
        assert whole.is_failure(strict=False) == expected.is_failure(strict=False)
        assert whole.counts == {k: n for k, n in expected.counts.items() if k != "categories"}
        for key in ("images", "annotations"):
            assert sum(report.counts[key] for report in reports) == whole.counts[key]


@given(st.lists(st.lists(st.sampled_from(["a", "b", 1, 2.0, 3]), max_size=5), min_size=1))
@examples(60)
def test_detections_in_several_files_are_cut_as_those_of_one(images: list[list[Any]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        files = []
        for place, own in enumerate(images):
            path = Path(name) / f"{place}.json"
            path.write_text(json.dumps([{"image_id": i, "category_id": 1} for i in own]))
            files.append(read(path))
        shards = Shards.of(files)
        result = Plan(First(2)).apply(shards.whole)
        parts = list(shards.cut(result))
        kept = list(dict.fromkeys(i for own in images for i in own))[:2]
        for part, own in zip(parts, images, strict=True):
            assert json.loads(b"".join(part.text())) == [
                {"image_id": i, "category_id": 1} for i in own if i in kept
            ]


# ---- files that are not one dataset


def test_files_that_do_not_fit_together_are_refused(tmp_path: Path) -> None:
    def shards(*changes: dict[str, Any]) -> None:
        documents = [
            {"images": [{"id": n}], "annotations": [{"id": n, "image_id": n}], **change}
            for n, change in enumerate(changes)
        ]
        Shards.of([read(path) for path in written(tmp_path, documents, [None] * 4)])

    shards({}, {})
    with pytest.raises(RequestError, match="1 image id is in two files: 0"):
        shards({}, {"images": [{"id": 0.0}, {"id": 1}]})
    with pytest.raises(RequestError, match="1 annotation id is in two files: 'x'"):
        shards({"annotations": [{"id": "x"}]}, {"annotations": [{"id": "x"}, {"id": "x"}]})
    with pytest.raises(RequestError, match="different categories"):
        shards({"categories": CATEGORIES}, {"categories": CATEGORIES[:2]})
    with pytest.raises(RequestError, match="1 annotation of images that another file lists"):
        shards({}, {"annotations": [{"id": 7, "image_id": 0}]})


def test_files_of_shards_are_open_only_while_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = []
    for n in range(60):
        annotations = [{"id": n, "image_id": n, "category_id": 1, "area": n}]
        document = {"images": [{"id": n}], "annotations": annotations, "categories": CATEGORIES}
        paths.append(tmp_path / f"{n}.json")
        paths[-1].write_text(json.dumps(document))
    counts = []
    read_bytes = Source.read

    def counted(source: Source, start: int, stop: int) -> bytes:
        counts.append(len(list(Path("/dev/fd").iterdir())))
        return read_bytes(source, start, stop)

    monkeypatch.setattr(Source, "read", counted)
    shards = read_shards(list(map(str, paths)), {}, Console(quiet=True, as_json=False))
    result = Plan(Having(Area(min=7)), Having(InCategory("person"))).apply(shards.whole)
    assert len(result) == 53
    assert all(b"".join(part.text()) for part in shards.cut(result))
    assert max(counts) - min(counts) < 10


def test_a_file_that_another_one_replaced_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"images": [{"id": 1}]}')
    shards = Shards.of([read(path)])
    shards.files[0].source.release()
    (tmp_path / "b.json").write_text('{"images": [{"id": 2}]}')
    (tmp_path / "b.json").replace(path)
    with pytest.raises(SourceChangedError, match="changed while it was read"):
        b"".join(next(shards.cut(shards.whole)).text())


# ---- the command line


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the sample data in three files, one of them compressed."""
    import gzip

    document = json.loads(SAMPLE.read_bytes())
    (tmp_path / "shards").mkdir()
    for place, (first, stop) in enumerate([(0, 40), (40, 41), (41, 128)]):
        images = document["images"][first:stop]
        own = {image["id"] for image in images}
        annotations = [a for a in document["annotations"] if a["image_id"] in own]
        part = json.dumps({**document, "images": images, "annotations": annotations})
        if place == 2:
            (tmp_path / "shards/2.json.gz").write_bytes(gzip.compress(part.encode()))
        else:
            (tmp_path / f"shards/{place}.json").write_text(part)
    return tmp_path


STEPS = ("--having", "person", "--sample", 9)


def test_a_folder_is_cut_into_a_folder_or_a_file(cli: Cli, folder: Path) -> None:
    done = cli("subset", "shards", *STEPS, "-o", "out", "--ids-out", "ids.txt")
    assert (done.code, done.out) == (0, "out\n"), done.err
    assert "3 files as one" in done.err
    names = ["0.json", "1.json", "2.json.gz"]
    assert sorted(path.name for path in (folder / "out").iterdir()) == names
    assert (folder / "out/2.json.gz").read_bytes()[:2] == b"\x1f\x8b"
    assert cli("subset", "shards/*.json*", *STEPS, "--merge-into", "one.json").code == 0
    assert cli("merge", "shards", "-o", "all.json").code == 0
    assert cli("subset", "all.json", *STEPS, "-o", "expected.json").code == 0
    assert (folder / "one.json").read_bytes() == (folder / "expected.json").read_bytes()
    assert cli("merge", "out", "-o", "joined.json").code == 0
    assert (
        json.loads((folder / "joined.json").read_bytes())["images"]
        == (json.loads((folder / "expected.json").read_bytes())["images"])
    )
    assert len((folder / "ids.txt").read_text().split()) == 9
    done = cli("subset", "shards", *STEPS, "-o", "out")
    assert (done.code, "out: unchanged" in done.err) == (0, True)
    done = cli("subset", "shards", "--first", 1, "-o", "out")
    assert (done.code, "the output exists" in done.err) == (2, True)
    fields = json.loads(cli("subset", "shards", *STEPS, "-o", "other", "--json").out)
    assert fields["images"]["kept"] == 9
    assert len(fields["files"]) == 3


def test_a_dry_run_needs_no_output(cli: Cli, folder: Path) -> None:
    done = cli("subset", "shards", "--first", 3, "--dry-run")
    assert (done.code, "3 of 128 kept" in done.out) == (0, True), done.err
    assert "would write" not in done.out
    done = cli("split", "shards", "--ratios", "0.5,0.5", "--parts", "a,b", "--dry-run", "--json")
    fields = json.loads(done.out)
    assert fields["would_write"] == []
    assert [fields["summaries"][name]["images"]["kept"] for name in "ab"] == [64, 64]
    assert [path.name for path in folder.iterdir()] == ["shards"]


def test_ids_on_standard_output_are_alone_there(cli: Cli, folder: Path) -> None:
    done = cli("subset", "shards", "--first", 3, "-o", "o", "--ids-out", "-")
    assert (done.code, len(done.out.split())) == (0, 3)
    assert len(list((folder / "o").iterdir())) == 3


def test_the_parts_of_a_split_are_folders(cli: Cli, folder: Path) -> None:
    options = ("--ratios", "0.5,0.3,0.2", "--stratify")
    done = cli("split", "shards", *options, "-o", "parts")
    assert done.code == 0, done.err
    assert done.out.split() == ["parts/train", "parts/val", "parts/test"]
    assert cli("merge", "shards", "-o", "all.json").code == 0
    assert cli("split", "all.json", *options).code == 0
    for part in ("train", "val", "test"):
        assert len(list((folder / "parts" / part).iterdir())) == 3
        assert cli("merge", f"parts/{part}", "-o", f"{part}.json").code == 0
        texts = [(folder / name).read_text() for name in (f"{part}.json", f"all_{part}.json")]
        for key in ("images", "annotations"):
            assert records(texts[0], key) == records(texts[1], key)
    done = cli("split", "shards", "--by-key", "source", "-o", "other")
    assert (done.code, "work with one file only" in done.err) == (2, True)


def test_stats_of_a_folder_are_those_of_the_merged_file(cli: Cli, folder: Path) -> None:
    assert cli("merge", "shards", "-o", "all.json").code == 0
    one, merged = (json.loads(cli("stats", n, "--json").out) for n in ("shards", "all.json"))
    files = one.pop("files")
    assert files["shards/1.json"]["images"] == 1
    assert sum(file["images"] for file in files.values()) == 128
    assert one.pop("file") != merged.pop("file")
    assert one == merged
    done = cli("stats", "shards")
    assert "3 files as one" in done.out
    assert cli("stats", "shards/0.json", "shards/1.json").code == 0  # two are compared


def test_lint_of_a_folder_counts_in_all_and_finds_what_is_not_one_dataset(
    cli: Cli, folder: Path
) -> None:
    done = cli("lint", "shards", "--json")
    fields = json.loads(done.out)
    assert done.code == 0
    assert len(fields["files"]) == 3
    assert fields["in_all"]["counts"] == {"images": 128, "annotations": 585}
    assert cli("merge", "shards", "-o", "all.json").code == 0
    assert cli("subset", "shards", "--first", 3, "-o", "cut").code == 0
    assert cli("subset", "cut", "--merge-into", "cut.json").code == 0
    for shards, merged in (("shards", "all.json"), ("cut", "cut.json")):
        one, other = (json.loads(cli("lint", n, "--json").out) for n in (shards, merged))
        found, expected = one["in_all"]["findings"], other["findings"]
        assert {f["code"]: f["count"] for f in found} == {f["code"]: f["count"] for f in expected}
        whole = {f["code"]: f["details"] for f in found if f["details"]}
        details = {f["code"]: f["details"] for f in expected if f["code"] in whole}
        assert {c: [d.partition(" (this")[0] for d in ds] for c, ds in whole.items()} == details
        (folder / "base.json").write_text(json.dumps(one))
        again = json.loads(cli("lint", shards, "--json", "--baseline", "base.json").out)
        assert all(f["known"] == f["count"] for f in again["in_all"]["findings"])
    assert fields["not_one_dataset"] is None
    assert "the files are one dataset" in cli("lint", "shards").out
    (folder / "shards/3.json").write_bytes((folder / "shards/1.json").read_bytes())
    done = cli("lint", "shards")
    assert done.code == 1
    assert "error: not one dataset: 1 image id is in two files" in done.out


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("shards",), "several files need an output"),
        (("shards", "-o", "o", "--merge-into", "p.json"), "-o and --merge-into are both given"),
        (("shards", "-o", "-"), "--merge-into - writes one file there"),
        (("shards", "-o", "none/o", "--dry-run"), "make the folder first"),
        (("shards", "--first", 3, "-o", "o", "--ids-out", "none/ids.txt"), "make the folder first"),
        (("shards", "--first", 3, "-o", "o", "--ids-out", "2.json"), "the output exists"),
        (("shards", "--first", 3, "-o", "o", "--ids-out", "o/ids.txt"), "in the new folder"),
        (("shards", "--merge-into", "o", "--ids-out", "file:///o"), "not written to a URL"),
        (("shards", "--merge-into", "none/o", "--dry-run"), "make the folder first"),
        (("shards", "-o", "[x]", "--dry-run"), "nothing is ever deleted"),
        (("shards", "-o", "[x]", "--force"), "--force replaces files, no folders"),
        (("shards", "--merge-into", "2.json", "--dry-run"), "the output exists"),
        (("shards", "-o", "o", "--recipe", "r.json"), "--recipe works with one file only"),
        (("none/*.json", "-o", "o"), "no annotation file there"),
        (("[x]/[y].json", "-o", "o"), "[ in it is written [[]"),
        (("shards/0.json", "shards/0.json", "-o", "o"), "the same file is given twice"),
        (("shards/0.json", "./shards/0.json", "-o", "o"), "the same file is given twice"),
        (("shards", "[x]/link.json", "-o", "o"), "the same file is given twice"),
        (("shards/0.json", "-", "-o", "o"), "standard input"),
        (
            ("shards", "--rename", "dog=hound", "--empty", "effective:mmdet3", "-o", "o"),
            "this step needs one file",
        ),
        (
            ("shards", "--merge-with", "2.json", "--merge-ids", "offset", "-o", "o"),
            "--merge-with works with one file only",
        ),
        (("shards", "--merge-into", "shards/0.json", "--force"), "source itself"),
    ],
)
def test_requests_that_cannot_be_met(
    cli: Cli, folder: Path, args: tuple[str | int, ...], message: str
) -> None:
    (folder / "2.json").write_text('{"images": [{"id": 1}], "categories": []}')
    (folder / "[x]").mkdir()
    (folder / "[x]/link.json").symlink_to("../shards/0.json")
    done = cli("subset", *args)
    assert (done.code, message in done.err) == (2, True), done.err
    assert not (folder / "o").exists()
    assert not (folder / "-").exists()


def test_results_files_are_merged_as_merge_does(cli: Cli, tmp_path: Path) -> None:
    for name, images in (("a", [1, 2]), ("b", [2, 3])):
        detections = [{"image_id": i, "category_id": 1, "score": 0.5} for i in images]
        (tmp_path / f"{name}.json").write_text(json.dumps(detections))
    done = cli("subset", "a.json", "b.json", "--merge-into", "one.json")
    assert (done.code, done.out) == (0, "one.json\n"), done.err
    assert "images with detections in more than one file: 1" in done.err
    assert cli("merge", "a.json", "b.json", "-o", "merged.json").code == 0
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "merged.json").read_bytes()
    assert cli("subset", "a.json", "b.json", "--first", 1, "--merge-into", "-").out == (
        '[{"image_id": 1, "category_id": 1, "score": 0.5}]'
    )


def test_what_a_merge_drops_of_later_files_is_reported(cli: Cli, tmp_path: Path) -> None:
    for n in range(3):
        categories = [{**c, "supercategory": "xy"[n > 0]} for c in CATEGORIES[:2]] + CATEGORIES[2:]
        document = {"info": {"n": n}, "images": [{"id": n}], "annotations": []}
        text = json.dumps({**document, "categories": categories})
        (tmp_path / f"{n}.json").write_text(text)
    notes = [
        "categories of 1, 2 whose other fields differ from the kept ones: dog, person",
        "'info' of 1, 2 is not in the result: the earlier file's value stays",
    ]
    done = cli("subset", "[0-9].json", "--merge-into", "one.json", "--dry-run", "--json")
    assert json.loads(done.out)["notes"] == notes
    assert not (tmp_path / "one.json").exists()
    for words in (("subset", "[0-9].json", "--merge-into"), ("merge", "[0-9].json", "-o")):
        done = cli(*words, "one.json")
        assert done.err.splitlines()[-3:-1] == [f"cocosurgeon: {note}" for note in notes]


def test_brackets_in_a_folder_are_its_name(cli: Cli, folder: Path) -> None:
    (folder / "shards").rename(folder / "[a]")
    (folder / "a").mkdir()
    done = cli("subset", "[a]/[01].json", "--first", 2, "-o", "out")
    assert done.code == 0, done.err
    assert sorted(path.name for path in (folder / "out").iterdir()) == ["0.json", "1.json"]


def test_earlier_parts_of_a_split_may_be_folders(cli: Cli, folder: Path) -> None:
    assert cli("split", "shards", "-o", "one").code == 0
    words = ("--against", "train=one/train", "--against", "val=one/val/*", "-o", "two")
    done = cli("split", "shards", *words)
    assert done.code == 0, done.err
    for part in ("train", "val"):
        for path in (folder / "one" / part).iterdir():
            assert (folder / "two" / part / path.name).read_bytes() == path.read_bytes()
    for args, message in (
        (("--force", "-o", "three"), "--force replaces files, no folders"),
        ((), "go into a folder"),
        (("-o", "-"), "cannot go to standard output"),
        (("-o", "one", "--parts", "x,y", "--dry-run"), "nothing is ever deleted"),
    ):
        done = cli("split", "shards", *args)
        assert (done.code, message in done.err) == (2, True), done.err


@pytest.mark.parametrize(
    "args",
    [
        ("subset", SAMPLE, "--first", 1, "-o"),
        ("subset", SAMPLE, "--first", 1, "--recipe"),
        ("split", SAMPLE, "-o"),
        ("split", SAMPLE, "--by-key", "source", "-o"),
        ("convert", SAMPLE, "--to", "parquet", "-o"),
        ("convert", "none", "--from", "parquet", "-o"),
        ("layout", "--of", SAMPLE, "--gather"),
        ("dump", SAMPLE, "-o"),
        ("lint", SAMPLE, "--html"),
        ("diff", SAMPLE, SAMPLE, "--html"),
        ("weights", "wash", "none", "-o"),
    ],
    ids=lambda args: f"{args[0]} {args[-1]}",
)
def test_outputs_at_urls_are_refused(cli: Cli, args: tuple[str | int, ...]) -> None:
    done = cli(*args, "file:///tmp/x.json")
    assert done.code == 2
    assert done.err.startswith("cocosurgeon: error: one file is not written to a URL\n"), done.err


def test_verify_reads_no_urls(cli: Cli) -> None:
    for args in ((f"file://{SAMPLE}",), (str(SAMPLE), "--source", f"file://{SAMPLE}")):
        done = cli("verify", *args)
        assert (done.code, "verify reads files on this machine only" in done.err) == (2, True)
    with pytest.raises(RequestError, match="on this machine only"):
        verify_file(f"file://{SAMPLE}", SAMPLE)


def test_urls_that_cannot_be_read_have_a_hint(tmp_path: Path) -> None:
    pytest.importorskip("fsspec")
    hints = {"foo://x/*.json": "fsspec knows s3", "htps://x/*.json": "did you mean 'https'"}
    if find_spec("s3fs") is None:
        hints["s3://x/*.json"] = "pip install s3fs"
    for url, hint in hints.items():
        with pytest.raises(RequestError) as raised:
            annotation_files([url])
        assert hint in str(raised.value)
    (tmp_path / "a.json").touch()
    with pytest.raises(RequestError, match="the same file is given twice"):
        annotation_files([str(tmp_path), f"file://{tmp_path}/a.json"])


def test_without_dask_or_fsspec_the_error_has_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("distributed", "fsspec", "fsspec.core"):
        monkeypatch.setitem(sys.modules, name, None)
    for attempt in (lambda: on_dask.read("x.json"), lambda: annotation_files(["s3://b/*.json"])):
        with pytest.raises(RequestError) as raised:
            attempt()
        assert "pip install 'cocosurgeon[scale]'" in str(raised.value)


@pytest.mark.parametrize("name", ["a.json", "a.json.gz"])
def test_places_of_records_go_along_to_another_process(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(read(SAMPLE).first(9), tmp_path / name)
    opened = read_file(Place(name, str(path), open_source), {"annotations": ("area",)})
    wanted = [(r.name, r.count, *r.texts(r.rows[::2]), *r.column("id").array) for r in opened.lists]
    copy, later = (pickle.loads(pickle.dumps(opened)) for _ in range(2))
    if name == "a.json":  # without a second scan
        monkeypatch.setattr("cocosurgeon.shards.tasks.scan", lambda *_, **__: pytest.fail())
    again = pickle.loads(pickle.dumps(copy)).document
    assert [
        (r.name, r.count, *r.texts(r.rows[::2]), *r.column("id").array)
        for r in again.lists.values()
    ] == wanted
    assert again.source.name == name
    os.utime(path, ns=(0, 0))
    with pytest.raises(SourceChangedError, match="changed"):
        _ = later.document
