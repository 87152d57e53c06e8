"""Tables of Parquet: key columns to ask, and every byte of the file on the way back."""

from __future__ import annotations

import json
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, SAMPLE, WILD, Cli, examples, wild_files
from hypothesis import given
from hypothesis import strategies as st
from odd_documents import documents

from cocosurgeon import CocosurgeonError, convert_from, convert_to, read

pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
PAGE = ROOT / "docs/parquet.md"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for one example."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def comes_back(path: Path, objects: bool = False) -> bool:
    """Whether a file that the package reads comes back byte for byte; False for one it refuses."""
    out = path.with_name("tables")
    shutil.rmtree(out, ignore_errors=True)
    try:
        dataset = read(path)
    except CocosurgeonError:
        return False
    convert_to(dataset, "parquet", out, objects=objects)
    back = b"".join(convert_from(out, "parquet").text())
    assert back == path.read_bytes()
    return True


def rows(table: Path, *columns: str) -> list[dict[str, Any]]:
    """Rows of a table."""
    found: list[dict[str, Any]] = parquet.read_table(
        table, columns=list(columns) or None
    ).to_pylist()
    return found


# ---- every byte


@pytest.mark.skipif(not WILD.is_dir(), reason="the folder of real annotation files is not at hand")
@pytest.mark.parametrize("path", wild_files(), ids=lambda path: path.stem)
def test_wild_files_come_back_byte_for_byte(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / path.name
    shutil.copy(path, copy)
    refused = ("gbk_encoded_invalid_utf8", "invalid_control_char")
    assert comes_back(copy, objects=True) == (path.stem not in refused)


SPACE = st.text(" \t\r\n", max_size=3)


def with_space(text: str, draw: st.DataObject) -> str:
    """JSON text with other white space in a few places that may have it."""
    places = [at for at, mark in enumerate(text) if mark in "{}[]" and text[at - 1] != "\\"]
    for at in sorted(draw.draw(st.lists(st.sampled_from(places), max_size=6)), reverse=True):
        if text[:at].replace('\\"', "").count('"') % 2 == 0:
            text = text[:at] + draw.draw(SPACE) + text[at:]
    return text


@given(documents(), st.sampled_from([None, 1]), st.booleans(), st.booleans(), st.data())
@examples(200)
def test_odd_documents_come_back_byte_for_byte(
    document: Any, indent: int | None, mark: bool, results: bool, data: st.DataObject
) -> None:
    if results and isinstance(document, dict):
        document = document.get("annotations")
    text = with_space(json.dumps(document, indent=indent), data)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "odd.json"
        path.write_bytes(b"\xef\xbb\xbf" * mark + text.encode())
        comes_back(path, objects=data.draw(st.booleans()))


@pytest.mark.parametrize(
    "text",
    [
        '{"images": []}',
        '{"images":[{"id":1}]}',
        '{"images": [{"id": 1}], "annotations": []}',
        '{"images": [{"id": 1}], "images": [{"id": 2}, {"id": "2"}], "annotations": [{}]}',
        '{"images": [{"id": 1} ,{"id": 2},\n{"id": 2},{"id": 3}], "x": ["\\ud800", "é"]}\n\n',
        '{"annotations": [{"image_id": 7}, {"image_id": 1}], "images": [{"id": 1, "id": 7}]}',
        '{"images": [{"id": 1, "width": NaN, "file_name": "\\ud800"}], "rest": "%s"}'
        % ("x" * 100_000),
        '[{"image_id": "a", "bbox": [1, 2, 3, 4], "score": 0.5},{"image_id":18446744073709551616}]',
    ],
)
def test_unusual_texts_come_back_byte_for_byte(text: str, folder: Path) -> None:
    path = folder / "odd.json"
    path.write_text(text, "utf-8", newline="")
    assert comes_back(path, objects=True)


def test_records_are_in_the_order_of_their_images_and_long_ones_in_more_row_groups(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cocosurgeon.tables import parquet as tables

    monkeypatch.setattr(tables, "_ROWS", 3)
    monkeypatch.setattr(tables, "_BYTES", 200)
    owners = [2, 1, 9, 2, 1, 3, 1, 2]
    annotations: list[dict[str, Any]] = [
        {"id": n, "image_id": owner} for n, owner in enumerate(owners)
    ]
    annotations[4]["long"] = "x" * 300
    path = folder / "some.json"
    images = [{"id": n} for n in (1, 2, 3)]
    path.write_text(json.dumps({"images": images, "annotations": annotations}))
    assert comes_back(path)
    file = parquet.ParquetFile(folder / "tables/annotations.parquet")
    counts = [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)]
    assert counts == [1, 1, 3, 3]  # the second has the long one
    found = rows(folder / "tables/annotations.parquet", "id", "image_id", "byte", "raw")
    assert [row["image_id"] for row in found] == [1, 1, 1, 2, 2, 2, 3, 9]
    assert [row["id"] for row in sorted(found, key=lambda row: row["byte"])] == list(range(8))
    assert [json.loads(row["raw"])["id"] for row in found] == [row["id"] for row in found]


# ---- key columns


def test_key_columns_are_those_of_the_records(cli: Cli, tmp_path: Path) -> None:
    done = cli("convert", SAMPLE, "--to", "parquet", "-o", "tables")
    assert (done.code, done.out) == (0, "tables\n"), done.err
    document = json.loads(SAMPLE.read_bytes())
    keys = ("id", "image_id", "category_id", "area", "iscrowd")
    found = rows(tmp_path / "tables/annotations.parquet", *keys, "bbox", "raw", "numbers")
    by_id = {record["id"]: record for record in document["annotations"]}
    assert len(found) == len(by_id)
    for row in found:
        record = by_id[row["id"]]
        assert [row[key] for key in keys] == [record[key] for key in keys]
        assert list(row["bbox"].values()) == record["bbox"]
        assert {**json.loads(row["raw"]), "segmentation": 0} == {**record, "segmentation": 0}
        if not record["iscrowd"]:
            expected = [[round(100 * v) for v in part] for part in record["segmentation"]]
            assert row["numbers"] == expected
    images = rows(tmp_path / "tables/images.parquet", "id", "file_name", "width", "height")
    assert images == [
        {key: record[key] for key in ("id", "file_name", "width", "height")}
        for record in document["images"]
    ]
    schema = parquet.read_schema(tmp_path / "tables/annotations.parquet")
    facts = json.loads(schema.metadata[b"cocosurgeon"])
    assert facts["version"] == 3
    assert facts["tables"] == {"images": 128, "annotations": 585}
    assert facts["size"] == SAMPLE.stat().st_size


def test_values_of_other_types_have_columns_that_say_so(folder: Path) -> None:
    images = [
        {"id": 1, "file_name": 5, "width": "64", "height": 3},
        {"id": "1", "file_name": "a", "width": 1.5},
        {"id": None},
        {"id": 1.5, "width": float("nan")},
    ]
    boxes = [[1, 2, 3, 4], [1, 2, 3], ["1", 2, 3, 4], None, [1, float("nan"), 3, 4]]
    annotations = [{"id": f"a{n}", "image_id": 1, "bbox": box} for n, box in enumerate(boxes)]
    path = folder / "mixed.json"
    path.write_text(json.dumps({"images": images, "annotations": annotations}))
    assert comes_back(path, objects=True)
    found = rows(folder / "tables/images.parquet")
    assert [(row["id"], row["id_kind"]) for row in found] == [
        ("1", "number"),
        ("1", "text"),
        (None, None),
        ("1.5", "number"),
    ]
    assert [row["file_name"] for row in found] == [None, "a", None, None]
    assert [row["width"] for row in found] == [None, 1.5, None, None]
    assert [row["height"] for row in found] == [3, None, None, None]
    found = rows(folder / "tables/annotations.parquet", "id", "bbox")
    assert found[0] == {"id": "a0", "bbox": {"x": 1, "y": 2, "w": 3, "h": 4}}
    assert [row["bbox"] for row in found[1:]] == [None] * 4


def test_objects_are_those_of_each_image(folder: Path) -> None:
    convert_to(read(SAMPLE), "parquet", folder / "tables", objects=True)
    document = json.loads(SAMPLE.read_bytes())
    for row in rows(folder / "tables/images.parquet", "id", "objects"):
        own = [a for a in document["annotations"] if a["image_id"] == row["id"]]
        assert row["objects"] == {
            "id": [a["id"] for a in own],
            "category": [a["category_id"] for a in own],
            "area": [a["area"] for a in own],
            "iscrowd": [a["iscrowd"] for a in own],
            "bbox": [a["bbox"] for a in own],
        }
    convert_to(read(SAMPLE), "parquet", folder / "plain")
    assert "objects" not in parquet.read_schema(folder / "plain/images.parquet").names


# ---- the command line


def test_what_steps_keep_is_written_and_comes_back(cli: Cli, tmp_path: Path) -> None:
    options = ("--first", 5, "--having", "person")
    assert cli("convert", SAMPLE, *options, "--to", "parquet", "-o", "tables").code == 0
    assert cli("subset", SAMPLE, *options, "-o", "subset.json").code == 0
    done = cli("convert", "tables", "--from", "parquet", "-o", "back.json")
    assert done.code == 0
    assert "every byte equals the source's (SHA-256)" in done.err
    assert (tmp_path / "back.json").read_bytes() == (tmp_path / "subset.json").read_bytes()
    assert cli("stats", "tables").code == 0
    done = cli("convert", SAMPLE, *options, "--to", "parquet", "-o", "tables")
    assert (done.code, "unchanged" in done.err) == (0, True)
    done = cli("convert", SAMPLE, "--to", "parquet", "-o", "tables")
    assert done.code == 2


def test_options_that_would_change_nothing_are_refused(cli: Cli) -> None:
    done = cli("convert", SAMPLE, "--to", "parquet", "--crowds", "drop", "-o", "t")
    assert (done.code, "have no effect" in done.err) == (2, True)
    done = cli("convert", SAMPLE, f"other={SAMPLE}", "--to", "parquet", "-o", "t")
    assert (done.code, "holds one annotation file" in done.err) == (2, True)
    assert cli("convert", SAMPLE, "--to", "parquet", "-o", "t").code == 0
    done = cli("convert", "t", "--from", "parquet", "--space", "coco91", "-o", "b.json")
    assert (done.code, "stores an annotation file unchanged" in done.err) == (2, True)


def test_tables_that_were_changed_or_are_missing_are_refused(cli: Cli, tmp_path: Path) -> None:
    assert cli("convert", SAMPLE, "--to", "parquet", "-o", "t").code == 0
    path = tmp_path / "t/annotations.parquet"
    table = parquet.read_table(path)
    back = ("convert", "t", "--from", "parquet", "-o", "b.json")
    parquet.write_table(table.replace_schema_metadata({}), path)
    assert (cli(*back).code, "without the metadata" in cli(*back).err) == (3, True)
    for text in ('{"version": 3}', "{}", "[]", "", '{"version": 3, "size": "1"}'):
        parquet.write_table(table.replace_schema_metadata({"cocosurgeon": text}), path)
        done = cli(*back)
        assert (done.code, "not tables of cocosurgeon" in done.err) == (3, True), done.err
    parquet.write_table(table.replace_schema_metadata({"cocosurgeon": '{"version": 2}'}), path)
    assert "the tables have version 2; this program reads version 3" in cli(*back).err
    path.write_bytes(path.read_bytes()[:1000])
    assert (cli(*back).code, "cannot be read" in cli(*back).err) == (3, True)
    path.unlink()
    assert (cli(*back).code, "no table" in cli(*back).err) == (3, True)
    assert not (tmp_path / "b.json").exists()


def plus_one(table: Any, name: str) -> Any:
    """A table with another value in the first row of a column."""
    values = table[name].to_pylist()
    values[0] = {**values[0], "w": 1.0} if name == "bbox" else values[0] + type(values[0])(1)
    field = table.schema.field(name)
    typed = pyarrow.array(values, field.type)
    return table.set_column(table.schema.get_field_index(name), field, typed)


def with_column(table: Any, name: str, values: Any) -> Any:
    """A table with other values, of another type, in a column."""
    return table.set_column(table.schema.get_field_index(name), name, values)


@pytest.mark.parametrize(
    ("name", "edit", "expected"),
    [
        ("annotations", lambda t: t.slice(3), "dropped or added: 582 rows, 585 were written"),
        ("images", lambda t: t.take([*range(128), 5]), "129 rows, 128 were written"),
        ("annotations", lambda t: t.take([0, *range(584)]), "(SHA-256)"),
        ("annotations", lambda t: plus_one(t, "byte"), "(SHA-256)"),
        ("annotations", lambda t: plus_one(t, "category_id"), "(raw): category_id in 1 row"),
        ("annotations", lambda t: plus_one(t, "bbox"), "(raw): bbox in 1 row"),
        ("images", lambda t: plus_one(plus_one(t, "id"), "file_name"), "id in 1 row, file_name in"),
        ("images", lambda t: t.replace_schema_metadata({}), "(128 rows) without the metadata"),
    ],
)
def test_edits_are_errors_that_name_the_table(
    cli: Cli, tmp_path: Path, name: str, edit: Any, expected: str
) -> None:
    assert cli("convert", SAMPLE, "--to", "parquet", "-o", "t").code == 0
    path = tmp_path / f"t/{name}.parquet"
    parquet.write_table(edit(parquet.read_table(path)), path)
    for command in (("convert", "t", "--from", "parquet"), ("subset", "t", "--first", 1)):
        done = cli(*command, "-o", "b.json")
        assert (done.code, expected in done.err) == (3, True), done.err
        assert f"  in: t{'' if 'SHA' in expected else f'/{name}.parquet'}\n" in done.err
    assert not (tmp_path / "b.json").exists()


def test_columns_of_the_text_that_are_missing_or_of_another_type_are_named(
    cli: Cli, tmp_path: Path
) -> None:
    convert_to(read(SAMPLE), "parquet", tmp_path / "t")
    edits: list[tuple[str, Any, str]] = [
        *(
            (name, lambda t, key=key: t.drop_columns([key]), f"column {key} is missing")
            for name, keys in {
                "images": ("byte", "before", "raw"),
                "annotations": ("raw", "numbers"),
            }.items()
            for key in keys
        ),
        (
            "annotations",
            lambda t: with_column(t, "raw", t["raw"].cast("string")),
            "column raw has type string, not binary",
        ),
        (
            "images",
            lambda t: with_column(t, "byte", t["byte"].cast("double")),
            "column byte has type double, not int64",
        ),
        ("annotations", lambda t: with_column(t, "numbers", t["raw"]), "column numbers has type"),
        ("annotations", lambda t: with_column(t, "before", t["byte"]), "column before has type"),
        ("images", lambda t: t.append_column("id", t["id"]), "column id appears twice"),
        ("images", lambda t: t.append_column("objects", t["id"]), "objects in 128 rows"),
        (
            "images",
            lambda t: with_column(t, "raw", [[None, *t["raw"].to_pylist()[1:]]]),
            "column byte or raw has nulls",
        ),
    ]
    for name, edit, expected in edits:
        path = tmp_path / f"t/{name}.parquet"
        before = path.read_bytes()
        parquet.write_table(edit(parquet.read_table(path)), path)
        done = cli("convert", "t", "--from", "parquet", "-o", "b.json")
        assert (done.code, expected in done.err) == (3, True), done.err
        assert f"  in: t{'' if 'nulls' in expected else f'/{name}.parquet'}\n" in done.err
        path.write_bytes(before)


def test_the_order_of_rows_and_other_columns_do_not_matter(cli: Cli, tmp_path: Path) -> None:
    assert cli("convert", SAMPLE, "--to", "parquet", "--objects", "-o", "t").code == 0
    path = tmp_path / "t/annotations.parquet"
    table = parquet.read_table(path)
    table = table.take(list(range(584, -1, -1))).append_column("mine", table["id"])
    table = table.append_column("objects", table["id"])
    for key, kind in {"raw": "large_binary", "byte": "uint64"}.items():
        table = with_column(table, key, table[key].cast(kind))
    parquet.write_table(table.drop_columns(["area"]), path, row_group_size=100)
    assert cli("convert", "t", "--from", "parquet", "-o", "b.json").code == 0
    assert (tmp_path / "b.json").read_bytes() == SAMPLE.read_bytes()


# ---- the queries of the documentation

QUERIES = [
    text
    for text in re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    if "ids.txt" in text
]


@pytest.mark.parametrize("query", QUERIES, ids=lambda text: re.findall(r"import (\w+)", text)[-1])
@pytest.mark.filterwarnings("default")
def test_queries_give_ids_that_select_these_images(
    query: str, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for module in re.findall(r"^(?:import|from) (\w+)", query, re.MULTILINE):
        pytest.importorskip(module, reason=f"{module} is not installed")
    ids: list[Any] = [1, 2**53 + 1, 2**53, 5]
    if "image_id_kind" in query:
        ids = ["1", 1, 2**70, " a", '"b"', 1.5, "2", 2]
    images = [*({"id": each} for each in ids), {"id": None}, {}]
    large, small = [0, 0, 99, 99], [0, 0, 9, 9]
    # each second image has a large object; so has a record without an id
    annotations = [
        {**image, "image_id": image.get("id"), "category_id": 1, "bbox": small if n % 2 else large}
        for n, image in enumerate([*images, *images[::2]])
    ]
    document = {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": 1, "name": "a"}],
    }
    (tmp_path / "some.json").write_text(json.dumps(document))
    assert cli("convert", "some.json", "--to", "parquet", "-o", "tables").code == 0
    exec(query, {})
    done = cli("subset", "some.json", "--ids-file", "ids.txt", "-o", "cut.json")
    assert done.code == 0, done.err
    kept = json.loads((tmp_path / "cut.json").read_bytes())["images"]
    assert [image["id"] for image in kept] == ids[::2]


def test_without_pyarrow_the_pip_command_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(CocosurgeonError, match=r"pip install 'cocosurgeon\[scale\]'"):
        convert_to(read(SAMPLE), "parquet", tmp_path / "t")
    assert not (tmp_path / "t").exists()
