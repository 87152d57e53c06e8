"""Folders of Parquet tables as shards: the same answer, byte for byte, as the files they hold."""

from __future__ import annotations

import json
import resource
import socket
import tempfile
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from conftest import SAMPLE, Cli, examples
from hypothesis import given
from hypothesis import strategies as st
from test_shards import PLANS, STEPS, shards_of_a_dataset, written

from cocosurgeon import CocosurgeonError, Dataset, OutputError, Plan, RequestError, convert_to, read
from cocosurgeon.shards.dataset import Shards
from cocosurgeon.shards.folder import write_folder
from cocosurgeon.shards.paths import names_in
from cocosurgeon.shards.shard import read_shard

pytest.importorskip("pyarrow", reason="pyarrow is not installed")


@given(
    shards_of_a_dataset(),
    st.sampled_from(PLANS),
    st.lists(st.sampled_from([None, 1, 2]), min_size=4, max_size=4),
    st.lists(st.booleans(), min_size=4, max_size=4),
)
@examples(100)
def test_steps_on_tables_keep_the_bytes_that_they_keep_of_the_files(
    documents: list[dict[str, Any]],
    plan: Plan,
    indents: list[int | None],
    are_tables: list[bool],
) -> None:
    with tempfile.TemporaryDirectory() as name:
        paths = written(Path(name), documents, indents)
        mixed = []
        for path, is_table in zip(paths, are_tables, strict=False):
            if is_table:
                convert_to(read(path), "parquet", path.with_suffix(""))
            mixed.append(str(path.with_suffix("") if is_table else path))

        def texts(shards: list[Dataset]) -> list[bytes] | type[Exception]:
            whole = Shards.of(shards)
            try:
                result = plan.bind(whole.whole).apply(whole.whole)
            except CocosurgeonError as error:
                return type(error)
            return [b"".join(part.text()) for part in whole.cut(result)]

        assert texts([read_shard(path) for path in mixed]) == texts([read(p) for p in paths])


# ---- the command line


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the sample data in three files, and one where two of them are tables."""
    document = json.loads(SAMPLE.read_bytes())
    (tmp_path / "files").mkdir()
    (tmp_path / "mixed").mkdir()
    for place, (first, stop) in enumerate([(0, 40), (40, 41), (41, 128)]):
        images = document["images"][first:stop]
        own = {image["id"] for image in images}
        annotations = [a for a in document["annotations"] if a["image_id"] in own]
        part = json.dumps({**document, "images": images, "annotations": annotations})
        path = tmp_path / f"files/{place}.json"
        path.write_text(part)
        if place == 1:
            (tmp_path / "mixed/1.json").write_text(part)
        else:
            convert_to(read(path), "parquet", tmp_path / f"mixed/{place}")
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    """The bytes of each file below a folder."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def test_verbs_write_the_same_of_tables_and_of_files(cli: Cli, folder: Path) -> None:
    for given_as in ("files", "mixed"):
        for args in (
            ("subset", given_as, *STEPS, "-o", f"{given_as}_out/cut", "--ids-out", "ids.txt"),
            ("subset", f"{given_as}/*", *STEPS, "--merge-into", f"{given_as}_out/one.json"),
            ("split", given_as, "--ratios", "0.5,0.5", "--stratify", "-o", f"{given_as}_out/parts"),
            ("merge", given_as, "-o", f"{given_as}_out/all.json"),
        ):
            (folder / f"{given_as}_out").mkdir(exist_ok=True)
            done = cli(*args)
            assert done.code == 0, done.err
            (folder / "ids.txt").unlink(missing_ok=True)
    found = contents(folder / "mixed_out")
    assert found == contents(folder / "files_out")
    assert sorted(found)[:3] == ["all.json", "cut/0.json", "cut/1.json"]


def test_reports_of_tables_are_those_of_files(cli: Cli, folder: Path) -> None:
    one, other = (json.loads(cli("stats", name, "--json").out) for name in ("mixed", "files"))
    assert list(one.pop("files").values()) == list(other.pop("files").values())
    assert one.pop("file") != other.pop("file")
    assert one == other
    one, other = (json.loads(cli("lint", name, "--json").out) for name in ("mixed", "files"))
    assert one["in_all"]["counts"] == other["in_all"]["counts"]
    for mine, its in zip(one["files"], other["files"], strict=True):
        assert mine["findings"] == its["findings"]
    assert one["not_one_dataset"] is None


def test_tables_at_urls_are_read_as_those_on_disk(cli: Cli, folder: Path) -> None:
    pytest.importorskip("fsspec", reason="fsspec is not installed")
    at = folder.as_uri()
    commands = [
        ("subset", "{}/mixed/", "--first", 60, "-o", "{}"),
        ("subset", "{}/mixed/*", "--skip", 30, "-o", "{}"),
        ("merge", "{}/mixed/", "-o", "{}.json"),
        ("subset", "{}/mixed/0", "--first", 3, "-o", "{}.json"),
        ("subset", "{}/mixed/0/", "--first", 3, "-o", "{}.json"),
        ("convert", "{}/mixed/0", "--from", "parquet", "-o", "{}.json"),
        ("convert", "{}/mixed/0/images.parquet", "--from", "parquet", "-o", "{}.json"),
    ]
    for place, (verb, source, *rest, out) in enumerate(commands):
        for root, name in ((str(folder), f"disk/{place}"), (at, f"url/{place}")):
            (folder / name).parent.mkdir(exist_ok=True)
            done = cli(verb, str(source).format(root), *rest, str(out).format(name))
            assert done.code == 0, done.err
    assert contents(folder / "url") == contents(folder / "disk")
    assert len(contents(folder / "url")) == 11
    counts = json.loads(cli("stats", f"{at}/mixed/", "--json").out)["images"]
    assert counts == json.loads(cli("stats", "mixed", "--json").out)["images"]


def test_outputs_keep_the_folders_below_the_one_of_all() -> None:
    expected = ["a/x.json", "b/x.json"]
    for paths in (["/t/a/x.json", "/t/b/x.json"], ["file:///t/a/x.json", "/t/b/x.json"]):
        assert names_in(paths) == expected
    assert names_in(["s3://t/a/x.json", "s3://t/b/x.json"]) == expected
    signed = ["https://t/a/x.json?sign=a/b+c", "https://t/b/x.json?u=http://t#e/f"]
    assert names_in(signed) == expected
    for paths in (["a/x.json", "./a/x.json"], ["http://t/x.json?n=1", "http://t/x.json?n=2"]):
        with pytest.raises(RequestError, match="two outputs of one name"):
            names_in(paths)


def test_faults_of_tables_at_urls_name_the_url(cli: Cli, folder: Path) -> None:
    pytest.importorskip("fsspec", reason="fsspec is not installed")
    at = folder.as_uri()
    done = cli("subset", f"{at}/mixed/0/images.parquet", "--first", 1, "-o", "o.json")
    assert (done.code, "name the folder of the tables" in done.err) == (3, True), done.err
    done = cli("convert", f"{at}/files", "--from", "parquet", "-o", "o.json")
    assert (done.code, f"in: {at}/files\n" in done.err) == (3, True), done.err
    done = cli("convert", f"{at}/files", "--from", "yolo", "-o", "o.json")
    assert (done.code, "yolo is not read from a URL" in done.err) == (2, True), done.err
    (folder / "mixed/0/images.parquet").unlink()
    done = cli("subset", f"{at}/mixed/", "--first", 1, "-o", "o")
    assert (done.code, f"in: {at}/mixed/0\n" in done.err) == (3, True), done.err


@pytest.fixture
def answers(folder: Path) -> Iterator[tuple[str, dict[str, int]]]:
    """A server of the folder, and the status that it answers for ends of paths."""
    pytest.importorskip("aiohttp", reason="fsspec reads http with aiohttp")
    statuses: dict[str, int] = {}

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args, directory=str(folder))

        def send_head(self) -> Any:
            status = next((s for end, s in statuses.items() if self.path.endswith(end)), None)
            return self.send_error(status) if status else super().send_head()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", statuses
    server.shutdown()
    server.server_close()


def test_a_server_that_does_not_answer_has_no_missing_tables(
    cli: Cli, folder: Path, answers: tuple[str, dict[str, int]]
) -> None:
    pytest.importorskip("fsspec", reason="fsspec is not installed")
    at, statuses = answers
    (folder / "files/0.json").rename(folder / "files/plain")

    def fails(place: str, what: str) -> None:
        for command in (
            ("subset", f"{at}/mixed/0"),
            ("convert", f"{at}/mixed/0", "--from=parquet"),
        ):
            done = cli(*command, "-o", "o.json")
            assert (done.code, f"cannot read it: {what}" in done.err) == (2, True), done.err
            assert f"  in: {at}/{place}\n" in done.err

    statuses["annotations.parquet"] = 503
    fails("mixed/0/annotations.parquet", "503")
    statuses["images.parquet"] = 403
    fails("mixed/0/images.parquet", "403")
    # this server refuses files that are not there
    assert cli("subset", f"{at}/files/plain", "-o", "plain.json").code == 0
    statuses.clear()
    statuses["rest.parquet"] = 403
    assert cli("subset", f"{at}/mixed/0", "-o", "o.json").code == 0
    statuses["annotations.parquet"] = 404
    done = cli("subset", f"{at}/mixed/0", "-o", "p.json")
    assert (done.code, "no table annotations" in done.err) == (3, True), done.err


def test_a_server_that_is_down_has_no_missing_tables(cli: Cli) -> None:
    pytest.importorskip("aiohttp", reason="fsspec reads http with aiohttp")
    with socket.create_server(("127.0.0.1", 0)) as free:
        at = f"http://127.0.0.1:{free.getsockname()[1]}/t"
    for command in (("stats", at), ("convert", at, "--from", "parquet", "-o", "o.json")):
        done = cli(*command)
        assert (done.code, "cannot read it: " in done.err) == (2, True), done.err
        assert f"  in: {at}/images.parquet\n" in done.err


def test_tables_in_a_folder_named_as_a_file_are_read_as_on_disk(cli: Cli, folder: Path) -> None:
    pytest.importorskip("fsspec", reason="fsspec is not installed")
    (folder / "mixed/0").rename(folder / "mixed/0.json")
    at = f"{folder.as_uri()}/mixed"
    for out, given_as in (("disk", "mixed"), ("url", f"{at}/"), ("glob", f"{at}/*")):
        done = cli("subset", given_as, "--first", 60, "-o", out)
        assert done.code == 0, done.err
    assert contents(folder / "disk") == contents(folder / "url") == contents(folder / "glob")
    done = cli("stats", f"{at}/0.json")
    assert (done.code, "it is a folder" in done.err, "with /" in done.err) == (2, True, True)


def test_errors_of_writing_name_the_folder_that_was_asked_for(folder: Path) -> None:
    path = folder / "files/2.json"
    dataset, out = read(path), folder / "out"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        with pytest.raises(OutputError, match="File too large") as several:
            write_folder(str(out), {"": {str(path): dataset}}, None, lambda _: None)
        with pytest.raises(OutputError, match="File too large") as tables:
            convert_to(dataset, "parquet", out)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (several.value.where, tables.value.where) == (str(out / "2.json"), str(out))
    assert several.value.hint
    assert tables.value.hint == "name another folder"
    assert sorted(path.name for path in folder.iterdir()) == ["files", "mixed"]


def test_one_folder_of_tables_is_one_file(cli: Cli, folder: Path) -> None:
    assert cli("subset", "mixed/0", "--first", 3, "-o", "a.json").code == 0
    assert cli("subset", "files/0.json", "--first", 3, "-o", "b.json").code == 0
    assert (folder / "a.json").read_bytes() == (folder / "b.json").read_bytes()


def test_earlier_parts_of_a_split_may_be_tables(cli: Cli, folder: Path) -> None:
    words = ("--against", "val=files/0.json", "--against", "val=files/2.json")
    assert cli("merge", "files", "-o", "all.json").code == 0
    assert cli("split", "all.json", *words, "-o", "expected").code == 0
    (folder / "mixed/1.json").unlink()
    for place, tables in enumerate((["mixed"], ["mixed/0", "mixed/2"], ["mixed/*"])):
        same = [word for each in tables for word in ("--against", f"val={each}")]
        done = cli("split", "all.json", *same, "-o", f"{place}")
        assert done.code == 0, done.err
        assert contents(folder / f"{place}") == contents(folder / "expected")
    done = cli("subset", "all.json", "--part", "val", *same, "-o", "val.json")
    assert done.code == 0, done.err
    assert (folder / "val.json").read_bytes() == contents(folder / "expected")["all_val.json"]
    done = cli("split", "all.json", "--against", "val=mixed/0/images.parquet")
    assert (done.code, "name the folder of the tables" in done.err) == (3, True), done.err


def test_two_outputs_of_one_name_are_refused(cli: Cli, folder: Path) -> None:
    (folder / "mixed/1.json").rename(folder / "mixed/0.json")
    done = cli("subset", "mixed", "--first", 1, "-o", "o")
    assert (done.code, "two outputs of one name" in done.err) == (2, True), done.err
