"""Many files on real workers of Dask: the answers of one process, byte for byte."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import SAMPLE, Cli, Ended
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from test_shards import PLANS, shards_of_a_dataset, written

import cocosurgeon
from cocosurgeon import (
    Area,
    Cascade,
    CocosurgeonError,
    Crowd,
    First,
    Having,
    ImageWhere,
    InCategory,
    LevelError,
    Plan,
    RequestError,
    ToSpace,
    UnknownNameError,
)
from cocosurgeon import dask as on_dask
from cocosurgeon.annfile.source import Source, open_source
from cocosurgeon.shards import cluster as clusters
from cocosurgeon.shards.cluster import Workers, by_record
from cocosurgeon.shards.dataset import Shards
from cocosurgeon.shards.paths import annotation_files
from cocosurgeon.shards.tasks import KeptRows, OpenedFile, Place, write_file
from cocosurgeon.steps.images.where import GivenWhere

distributed = pytest.importorskip("distributed", reason="Dask is not installed")
psutil = pytest.importorskip("psutil", reason="it comes with Dask")

pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A client of two workers."""
    folder = tmp_path_factory.mktemp("dask")
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            memory_limit="1GB",
            dashboard_address=":0",
            local_directory=str(folder),
            silence_logs=50,
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def made(folder: Path) -> Path:
    """A folder with the sample data in three files, one of them compressed."""
    document = json.loads(SAMPLE.read_bytes())
    (folder / "shards").mkdir()
    for place, (first, stop) in enumerate([(0, 40), (40, 41), (41, 128)]):
        images = document["images"][first:stop]
        own = {image["id"] for image in images}
        annotations = [a for a in document["annotations"] if a["image_id"] in own]
        part = json.dumps({**document, "images": images, "annotations": annotations}).encode()
        name = f"{place}.json{'.gz' * (place == 2)}"
        (folder / "shards" / name).write_bytes(gzip.compress(part) if place == 2 else part)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """See ``made``."""
    return made(tmp_path)


def files_in(folder: Path) -> dict[str, bytes]:
    """The bytes of all files in a folder, by their paths in it."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def kill_a_worker(client: Any) -> None:
    """Kill a worker, as a system does that has no memory left."""
    address, number = next(iter(client.run(os.getpid).items()))
    os.kill(number, signal.SIGKILL)
    while address in client.scheduler_info(n_workers=-1)["workers"]:
        time.sleep(0.05)


# ---- the law

WITH_FILTERS = [
    *PLANS,
    Plan(GivenWhere("area > 50 and bbox_w < 9"), Having(InCategory("dog") | Area(max=20))),
    Plan(GivenWhere("id > 4"), ~Having(Crowd()), First(3)),
    Plan(GivenWhere("count(dog) > 0"), Area(min=5) & ~InCategory(90)),
    Plan(Having(InCategory(7)), Cascade("more")),
]


@given(st.data())
@settings(max_examples=12, phases=[Phase.generate])
def test_workers_give_the_bytes_of_one_process(
    client: Any, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    documents = data.draw(shards_of_a_dataset())
    plan = data.draw(st.sampled_from(WITH_FILTERS))
    folder = tmp_path_factory.mktemp("law")
    paths = [str(path) for path in written(folder, documents, [None, 1, 2, None])]
    columns = data.draw(st.sampled_from([plan.columns, {}]))
    own = Shards.of([cocosurgeon.read(path) for path in paths])
    workers = Workers(client)
    theirs = Shards.of(workers.read(paths, columns, open_source))
    try:
        expected = plan.bind(own.whole).apply(own.whole)
    except CocosurgeonError as error:
        with pytest.raises(type(error)) as raised:
            workers.keep(theirs, plan)
        assert str(raised.value) == str(error)
        return
    filters, rest = by_record(plan)
    kept, bound = workers.keep(theirs, filters) if filters.steps else (theirs.whole, ())
    rest = rest.bind(theirs.whole)
    names = list(map(repr, plan.bind(own.whole).steps))
    assert [name.replace("50.0", "50") for name in (*bound, *map(repr, rest.steps))] == names
    result = rest.apply(kept)
    assert result.img_ids == expected.img_ids
    assert result.images_asked == expected.images_asked
    assert result.notes == expected.notes
    parts = {str(folder / f"out{n}"): part for n, part in enumerate(theirs.cut(result))}
    workers.write(parts)
    assert [Path(p).read_bytes() for p in parts] == [b"".join(p.text()) for p in own.cut(expected)]


# ---- the command line


def both(cli: Cli, client: Any, *words: object, out: str | None = None) -> tuple[Ended, Ended]:
    """Run a command line in one process, then with workers."""
    outputs = [() if out is None else (out, name) for name in ("one", "many")]
    one = cli(*words, *outputs[0])
    return one, cli(*words, *outputs[1], "--scheduler", client.scheduler.address)


@pytest.mark.parametrize(
    ("words", "out"),
    [
        (("subset", "shards", "--having", "person", "--sample", 9), "-o"),
        (("subset", "shards", "--where", "width > 300", "--to", "mmdet80"), "-o"),
        (("subset", "shards", "--per-class", 2, "--ids-out", "ids.txt"), "--merge-into"),
        (("subset", "shards", "--empty", "effective:mmdet3"), "-o"),
        (("split", "shards", "--ratios", "0.5,0.5", "--stratify"), "-o"),
    ],
)
def test_cuts_are_those_of_one_process(
    cli: Cli, client: Any, folder: Path, words: tuple[object, ...], out: str
) -> None:
    one, many = both(cli, client, *words, out=out)
    assert (one.code, many.code) == (0, 0), many.err
    assert many.out == one.out.replace("one", "many")
    assert "2 workers, dashboard: http://" in many.err
    if (folder / "one").is_file():
        assert (folder / "many").read_bytes() == (folder / "one").read_bytes()
    else:
        assert files_in(folder / "many") == files_in(folder / "one")
    assert not list(folder.rglob(".*"))
    again = cli(*words, out, "many", "--scheduler", client.scheduler.address)
    assert (again.code, "many: unchanged" in again.err) == (0, True), again.err


def test_folders_of_parquet_tables_are_files_as_others(cli: Cli, client: Any, folder: Path) -> None:
    pytest.importorskip("pyarrow")
    done = cli("convert", "shards/0.json", "--to", "parquet", "-o", "shards/0", "--allow-loss")
    assert done.code == 0, done.err
    (folder / "shards/0.json").unlink()
    one, many = both(cli, client, "subset", "shards", "--having", "person", "--first", 60, out="-o")
    assert (one.code, many.code) == (0, 0), many.err
    assert files_in(folder / "many") == files_in(folder / "one")
    assert sorted(files_in(folder / "many")) == ["0.json", "1.json", "2.json.gz"]
    one, many = both(cli, client, "lint", "shards", "--json")
    assert (many.code, many.out) == (one.code, one.out)


@pytest.mark.parametrize(
    "words",
    [
        ("stats", "shards", "--json"),
        ("stats", "shards", "--csv", "classes.csv", "--force"),
        ("lint", "shards"),
        ("lint", "shards", "--json", "--loader", "yolox"),
        ("lint", "shards/1.json", "shards/2.json.gz", "shards/0.json"),
    ],
)
def test_reports_are_those_of_one_process(
    cli: Cli, client: Any, folder: Path, words: tuple[object, ...]
) -> None:
    (folder / "shards/3.json").write_bytes((folder / "shards/1.json").read_bytes())
    if words[0] == "stats" or "--json" in words:
        (folder / "shards/3.json").unlink()
    one, many = both(cli, client, *words)
    assert (many.code, many.out) == (one.code, one.out), many.err


def test_workers_are_started_on_this_machine(cli: Cli, folder: Path) -> None:
    done = cli("subset", "shards", "--first", 3, "-o", "out", "--workers", 2)
    assert (done.code, done.out) == (0, "out\n"), done.err
    assert "2 workers, dashboard: http://" in done.err
    assert sum(len(json.loads(t)["images"]) for n, t in files_in(folder / "out").items()
               if n.endswith(".json")) == 3  # fmt: skip


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("subset", "shards/0.json", "-o", "o"), 2, "workers share the files of one dataset"),
        (("stats", "shards/0.json", "shards/1.json"), 2, "workers share the files"),
        (("subset", "shards", "-o", "o", "--workers", 2), 2, "--scheduler has its own workers"),
        (("subset", "memory://*.json", "-o", "o"), 2, "no annotation file there"),
        (("subset", "memory://a", "memory://b", "-o", "o"), 2, "do not see what is in memory"),
        (("subset", "shards", "--merge-into", "file:///o"), 2, "one file is not written to a URL"),
        (("subset", "shards", "--merge-with", "x.json", "-o", "o"), 2, "works with one file only"),
        (("subset", "broken", "-o", "o"), 3, "broken JSON"),
    ],
)
def test_requests_that_cannot_be_met(
    cli: Cli, client: Any, folder: Path, words: tuple[object, ...], code: int, message: str
) -> None:
    (folder / "broken").mkdir()
    for place in range(3):
        text = (folder / "shards/1.json").read_bytes()[: -99 * place or None]
        (folder / f"broken/{place}.json").write_bytes(text)
    done = cli(*words, "--scheduler", client.scheduler.address)
    assert (done.code, message in done.err) == (code, True), done.err
    assert "Traceback" not in done.err
    if code == 3:
        assert "broken/1.json" in done.err  # the first one that is broken, as in one process
    assert not (folder / "o").exists()


def test_a_scheduler_that_is_not_there(
    cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch, client: Any
) -> None:
    with pytest.raises(RequestError, match="no scheduler answers"):
        monkeypatch.setattr(clusters, "_SECONDS", 1)
        with clusters.Cluster("tcp://127.0.0.1:9", 0).connected(print):
            pass
    monkeypatch.setattr(clusters, "__version__", "0.0.1")
    with pytest.raises(RequestError, match=r"and this is 0\.0\.1"):
        Workers.of(client)


# ---- workers that die


def test_a_worker_that_dies_changes_nothing(client: Any, folder: Path) -> None:
    def slowly(path: str) -> Source:
        time.sleep(1)
        return open_source(path)

    paths = annotation_files([str(folder / "shards")])
    workers = Workers(client)
    plan = Plan(First("50%"))
    own = Shards.of([cocosurgeon.read(path) for path in paths])
    expected = [b"".join(part.text()) for part in own.cut(plan.apply(own.whole))]
    timer = threading.Timer(0.5, kill_a_worker, [client])
    timer.start()
    shards = Shards.of(workers.read(paths, {}, slowly))
    timer.join()
    result = plan.apply(shards.whole)
    client.wait_for_workers(1, timeout=60)
    kill_a_worker(client)  # what it has read is gone
    parts = {str(folder / f"{n}.json"): part for n, part in enumerate(shards.cut(result))}
    workers.write(parts)
    assert [Path(path).read_bytes() for path in parts] == expected
    client.wait_for_workers(1, timeout=60)


def test_a_worker_that_dies_always_is_an_error(client: Any, folder: Path) -> None:
    def dying(path: str) -> Source:
        os.kill(os.getpid(), signal.SIGKILL)
        return open_source(path)

    with pytest.raises(RequestError, match="died again and again"):
        Workers(client).read([str(folder / "shards/0.json")], {}, dying)
    client.wait_for_workers(1, timeout=60)


def test_a_file_that_changes_between_two_looks_is_an_error(client: Any, folder: Path) -> None:
    workers = Workers(client)
    path = folder / "shards/0.json"
    shards = Shards.of(workers.read([str(path)], {}, open_source))
    path.write_bytes(path.read_bytes().replace(b'"person"', b'"nobody"'))
    again = OpenedFile(Place("0.json", str(path), open_source), {})  # as another worker reads it
    with pytest.raises(CocosurgeonError, match="changed while it was read"):
        write_file(again, KeptRows.of(next(shards.cut(shards.whole))), str(folder / "out"))
    assert not (folder / "out").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_command_ends_as_without_workers(folder: Path, number: int) -> None:
    os.mkfifo(folder / "shards/3.json")  # who reads it waits
    words = ("-m", "cocosurgeon", "subset", "shards", "-o", "out", "--workers", "2")
    with subprocess.Popen(
        [sys.executable, *words], cwd=folder, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stderr is not None
        assert b"2 workers, dashboard" in process.stderr.readline()
        time.sleep(1)  # modules are imported, workers have begun
        os.killpg(process.pid, number)  # as a terminal does
        assert process.wait(60) == (130 if number == signal.SIGINT else 143)
        said = [b"cocosurgeon: interrupted\n"] if number == signal.SIGINT else []
        assert process.stderr.readlines() == said
    left = [p for p in psutil.process_iter(["pid", "status"]) if _session(p.pid) == process.pid]
    assert all(p.info["status"] == psutil.STATUS_ZOMBIE for p in left)
    assert sorted(path.name for path in folder.iterdir()) == ["shards"]


def _session(number: int) -> int | None:
    try:
        return os.getsid(number)
    except ProcessLookupError:
        return None


# ---- URLs


def test_urls_are_read_and_written(cli: Cli, client: Any, folder: Path) -> None:
    assert cli("subset", "shards", "--first", 50, "-o", "expected").code == 0
    expected = files_in(folder / "expected")
    where = f"file://{folder}"
    for name, more in (("one", ()), ("many", ("--scheduler", client.scheduler.address))):
        words = ("subset", f"{where}/shards/*", "--first", 50, "-o", f"{where}/{name}", *more)
        done = cli(*words)
        assert (done.code, done.out) == (0, f"{where}/{name}\n"), done.err
        assert files_in(folder / name) == expected
        done = cli(*words)
        assert (done.code, "something is there" in done.err) == (2, True), done.err
    assert cli("stats", f"{where}/shards/").code == 0
    done = cli("subset", f"{where}/shards/0.json", "--first", 1, "-o", f"{where}/one.json")
    assert (done.code, "one file is not written to a URL" in done.err) == (2, True), done.err
    assert cli("subset", f"{where}/shards/0.json", "--first", 1, "-o", "one.json").code == 0
    done = cli("subset", "nonsense://x/*.json", "-o", "o")
    assert (done.code, "no such protocol" in done.err) == (2, True), done.err
    assert not list(folder.rglob("*.part"))


def test_what_fails_leaves_nothing_at_a_url(cli: Cli, folder: Path) -> None:
    done = cli("split", "shards", "--ratios", "0.5,0.5", "-o", f"file://{folder}/shards/0.json/x")
    assert done.code == 2, done.err
    assert not list(folder.rglob("*.part"))


def test_a_server_is_read_and_not_written(cli: Cli, client: Any, folder: Path) -> None:
    pytest.importorskip("aiohttp", reason="fsspec reads http with aiohttp")

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args, directory=str(folder))

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        where = f"http://127.0.0.1:{server.server_port}"
        assert cli("subset", "shards", "--first", 50, "-o", "expected").code == 0
        one, many = both(cli, client, "subset", f"{where}/shards/*.json*", "--first", 50, out="-o")
        assert (one.code, many.code) == (0, 0), many.err
        assert files_in(folder / "one") == files_in(folder / "expected")
        assert files_in(folder / "many") == files_in(folder / "expected")
        done = cli("subset", f"{where}/shards/*.json", "--first", 5, "-o", f"{where}/out")
        assert (done.code, "cannot write there" in done.err) == (2, True), done.err
        done = cli("lint", f"{where}/none.json")
        assert (done.code, "cannot read it" in done.err) == (2, True), done.err
    finally:
        server.shutdown()


# ---- DataFrames


def test_frames_have_what_pandas_has(client: Any, folder: Path, cli: Cli) -> None:
    assert cli("merge", "shards", "-o", "all.json").code == 0
    merged = cocosurgeon.read(folder / "all.json")
    full = on_dask.read(str(folder / "shards"))
    plans = (Plan(), Plan(First(60)), Plan(ToSpace("mmdet80")), Plan(Having(Area(min=5000))))
    many: Any
    for plan in plans:
        one, many = plan.apply(merged), plan.apply(full)
        pd.testing.assert_frame_equal(many.images.compute(), one.images)
        pd.testing.assert_frame_equal(many.annotations.compute(), one.annotations)
    some = full.annotations_df("segmentation_kind", "bbox_w").compute()
    pd.testing.assert_frame_equal(some, merged.annotations_df("segmentation_kind", "bbox_w"))
    for dataset in (merged, full):
        with pytest.raises(UnknownNameError, match=r"'images' has 'heigth'(?s:.*)mean 'height'"):
            dataset.images_df("heigth")
        with pytest.raises(UnknownNameError, match=r"first record has 'license', 'file_name'"):
            dataset.images_df("nope")
        with pytest.raises(UnknownNameError, match=r"records of 'images' have it"):
            dataset.annotations_df("width")


def test_masks_select_as_those_of_pandas(client: Any, folder: Path, cli: Cli) -> None:
    assert cli("merge", "shards", "-o", "all.json").code == 0
    merged = cocosurgeon.read(folder / "all.json")
    full = on_dask.read([folder / "shards"])
    tall = full.annotations["bbox_h"] > 4 * full.annotations["bbox_w"]
    own = merged.annotations["bbox_h"] > 4 * merged.annotations["bbox_w"]
    kept, expected = (Plan(Having(m), First(2)).apply(d) for m, d in ((tall, full), (own, merged)))
    assert kept.img_ids == expected.img_ids != []
    wide = full.keep(full.images["width"] > 500).keep(ImageWhere("height > 300"))
    assert wide.img_ids == merged.keep(ImageWhere("width > 500 and height > 300")).img_ids
    assert on_dask.write(kept, folder / "out") == str(folder / "out")
    images = [json.loads(t)["images"] for n, t in files_in(folder / "out").items() if "gz" not in n]
    assert {i["id"] for each in images for i in each} <= set(expected.img_ids)
    with pytest.raises(LevelError, match="expected booleans"):
        full.keep(full.images["width"])
    with pytest.raises(LevelError, match=r"of annotations, not a mask of images\n"):
        Having(full.images["width"] > 500)
    with pytest.raises(RequestError, match="no annotation file is given"):
        on_dask.read([])
    other = on_dask.read([folder / "shards/0.json"])
    with pytest.raises(RequestError, match="made from another file"):
        full.keep(other.images["width"] > 500)
    with pytest.raises(RequestError, match=r"cocosurgeon\.write writes it"):
        on_dask.write(merged, folder / "other")


def test_columns_of_other_types_in_other_files(client: Any, tmp_path: Path) -> None:
    values: list[list[Any]] = [[1, 2], [1.5], [], ["x"], [None]]
    paths = []
    for place, each in enumerate(values):
        images = [
            {"id": 10 * place + n, "number": v, "mixed": each[0]}
            for n, v in enumerate(each if place < 3 else [7])
        ]
        images = [{**i, "text": "x"} if place != 1 else i for i in images]
        paths.append(tmp_path / f"{place}.json")
        paths[-1].write_text(json.dumps({"images": images, "annotations": [], "categories": []}))
    merged = tmp_path / "all.json"
    documents = [json.loads(p.read_bytes()) for p in paths]
    merged.write_text(
        json.dumps({**documents[0], "images": [i for d in documents for i in d["images"]]})
    )
    names = ("number", "mixed", "text")
    frame = on_dask.read(paths).images_df(*names).compute()
    pd.testing.assert_frame_equal(frame, cocosurgeon.read(merged).images_df(*names))
