"""The command line, as a process of its own: options in order, outputs, accounts, exit codes."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import SAMPLE, Cli, left_behind

from cocosurgeon import First, Plan, read

Put = Callable[..., Path]


@pytest.fixture
def run(cli: Cli, small: dict[str, Any], put: Put, tmp_path: Path) -> Callable[..., Any]:
    """Run ``subset`` on the small file and give the parsed result."""
    put(small)

    def subset(*args: object, stdin: bytes = b"") -> Any:
        ended = cli("subset", "in.json", *args, "-o", "out.json", "--force", stdin=stdin)
        assert ended.code == 0, ended.err
        return json.loads((tmp_path / "out.json").read_bytes())

    return subset


def img_ids(doc: Any) -> list[Any]:
    return [image["id"] for image in doc["images"]]


def ann_ids(doc: Any) -> list[Any]:
    return [annotation["id"] for annotation in doc["annotations"]]


@pytest.mark.parametrize(
    ("args", "images", "annotations"),
    [
        ("", [30, 10, 20, 50, 40], [1, 2, 3, 4, 5, 6, 7]),
        ("--first 2", [30, 10], [1, 2, 3, 5, 7]),
        ("--last 2", [50, 40], [6]),
        ("--skip 3", [50, 40], [6]),
        ("--first 2 --order id", [10, 20], [2, 4, 5]),
        ("--skip 1 --first 2", [10, 20], [2, 4, 5]),
        ("--first 2 --skip 1", [10], [2, 5]),
        ("--first 4 --first 2 --first 3", [30, 10], [1, 2, 3, 5, 7]),
        ("--skip 1 --skip 1 --first 2 --skip 1", [50], [6]),
        ("--sample 2", [30, 10], [1, 2, 3, 5, 7]),
        ("--ids 10,40", [10, 40], [2, 5]),
        ("--ids 10 --ids 40", [10, 40], [2, 5]),
        ("--ids 10,20 --first 1 --ids 30", [30], [1, 3, 7]),
        ("--having person --having dog", [30, 10], [1, 2, 3, 5, 7]),
        ("--ids 10.0,2e1", [10, 20], [2, 4, 5]),
        ("--file-name *.png", [20, 50, 40], [4, 6]),
        ("--empty", [40], []),
        ("--empty=raw", [40], []),
        ("--empty=category", [40], []),
        ("--empty=category:dog,toothbrush", [20, 40], [4]),
        ("--first 4 --empty", [], []),
        ("--empty --first 4", [40], []),
        ("--non-empty --last 1", [50], [6]),
        ("--having dog", [30, 10], [1, 2, 3, 5, 7]),
        ("--having dog,toothbrush --having person", [30, 10], [1, 2, 3, 5, 7]),
        ("--only dog", [30, 10, 20, 50, 40], [2, 3]),
        ("--only dog --empty", [20, 50, 40], []),
        ("--empty --only dog", [40], []),
        ("--drop dog,person", [30, 10, 20, 50, 40], [6, 7]),
        ("--min-area 100 --max-area 1000", [30, 10, 20, 50, 40], [2, 3]),
        ("--crowd", [30, 10, 20, 50, 40], [3]),
        ("--no-crowd --first 1", [30], [1, 7]),
        ("--crowd --no-crowd", [30, 10, 20, 50, 40], []),
        ("--where width>400 --where area<200", [30, 10, 50], [3, 7]),
        ("--where images:id<25 --where annotations:id>3", [10, 20], [4, 5]),
    ],
)
def test_filters_in_the_order_written(
    args: str, images: list[int], annotations: list[int], run: Callable[..., Any]
) -> None:
    doc = run(*args.split())
    assert img_ids(doc) == images
    assert ann_ids(doc) == annotations
    assert len(doc["categories"]) == 3


def test_ids_from_files(run: Callable[..., Any], put: Put) -> None:
    put("40\n\n 10 \r\n", "ids.txt")
    assert img_ids(run("--ids-file", "ids.txt")) == [10, 40]
    assert img_ids(run("--ids-file", "-", stdin=b"20\n")) == [20]


def test_ids_out_is_a_list_for_ids_file(run: Callable[..., Any], tmp_path: Path) -> None:
    expected = run(["--skip", "1", "--ids-out", "ids.txt"][0], 1, "--ids-out", "ids.txt")
    assert (tmp_path / "ids.txt").read_text() == "10\n20\n50\n40\n"
    assert run("--ids-file", "ids.txt") == expected


def test_ids_of_every_type_survive_a_list(put: Put, cli: Cli, tmp_path: Path) -> None:
    ids = [7, "8", "a,b", ' "q" ', "é", "9.0", 10**30, 2.5, "", "line\nbreak", "null"]
    put({"images": [{"id": i} for i in ids]})
    assert cli("subset", "in.json", "-o", "all.json", "--ids-out", "ids.txt").code == 0
    ended = cli("subset", "in.json", "--ids-file", "ids.txt", "-o", "out.json")
    assert ended.code == 0, ended.err
    assert (tmp_path / "out.json").read_bytes() == (tmp_path / "in.json").read_bytes()
    listed = cli("subset", "in.json", "--ids", '8,"a,b",7,é', "-o", "-")
    assert img_ids(json.loads(listed.out)) == [7, "8", "a,b", "é"]


def test_ids_that_are_numbers_and_strings(put: Put, cli: Cli, tmp_path: Path) -> None:
    put({"images": [{"id": 7}, {"id": "7"}, {"id": "8"}, {"id": True}, {"id": -(2**63)}]})
    ended = cli("subset", "in.json", "--ids", "7,8", "-o", "a.json")
    assert "1 id of the list is a number and also a text in the file: 7; the number" in ended.err
    ended = cli("subset", "in.json", "--ids", "7", "-o", "-")
    assert img_ids(json.loads(ended.out)) == [7]
    ended = cli("subset", "in.json", "--ids", '"7",8', f"--ids={-(2**63)}", "-o", "-")
    assert img_ids(json.loads(ended.out)) == ["7", "8", -(2**63)]
    assert cli("subset", "in.json", "--ids", "false", "-o", "-").code == 2
    assert cli("subset", "in.json", "-o", "b.json", "--ids-out", "ids.txt").code == 0
    ended = cli("subset", "in.json", "--ids-file", "ids.txt", "-o", "c.json")
    assert (ended.code, "also a text" in ended.err) == (0, False)
    assert (tmp_path / "c.json").read_bytes() == (tmp_path / "in.json").read_bytes()


def test_ids_from_other_editors(put: Put, cli: Cli) -> None:
    put({"images": [{"id": 5}, {"id": 6}]})
    bom = b"\xef\xbb\xbf5\r\n"
    put(bom, "ids.txt")
    for ended in (
        cli("subset", "in.json", "--ids-file", "ids.txt", "-o", "-"),
        cli("subset", "in.json", "--ids-file", "-", "-o", "-", stdin=bom),
    ):
        assert img_ids(json.loads(ended.out)) == [5]
    put("5".encode("utf-16"), "ids.txt")
    ended = cli("subset", "in.json", "--ids-file", "ids.txt", "-o", "-")
    assert ended.code == 3
    assert "byte 0xff at offset 0" in ended.err


def test_ids_that_queries_write(put: Put, cli: Cli) -> None:
    put({"images": [{"id": 5}, {"id": 2**53}, {"id": None}]})
    put("5.0\n\n", "ids.txt")
    ended = cli("subset", "in.json", "--ids-file", "ids.txt", "-o", "-")
    assert img_ids(json.loads(ended.out)) == [5]
    for null in ('""', "NaN", "None", "null", "<NA>"):
        put(f"5\n{null}\n", "ids.txt")
        ended = cli("subset", "in.json", "--ids-file", "ids.txt", "-o", "-")
        assert (ended.code, "is a null of a query: drop nulls there" in ended.err) == (2, True)
    put(f"{float(2**53)}\n", "ids.txt")  # of 2**53 + 1, too
    ended = cli("subset", "in.json", "--ids-file", "ids.txt", "-o", "-")
    assert (ended.code, "is a float, which does not have all digits" in ended.err) == (2, True)


def test_names_with_commas_and_quotes(put: Put, cli: Cli) -> None:
    names = ["a,b", "c", 'say "x"']
    put(
        {
            "images": [{"id": 1}, {"id": 2}, {"id": 3}],
            "annotations": [{"id": i, "image_id": i, "category_id": i} for i in (1, 2, 3)],
            "categories": [{"id": i, "name": n} for i, n in enumerate(names, 1)],
        }
    )
    ended = cli("subset", "in.json", "--having", '"a,b", say "x"', "-o", "-")
    assert img_ids(json.loads(ended.out)) == [1, 3]


# ---- what cannot be met


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--ids", "41"], "the nearest id is 40"),
        (["--ids", "cat"], "not in the file: 'cat'"),
        (["--ids", ","], "an empty list"),
        (["--ids-file", "none.txt"], "cannot read the list of ids"),
        (["--having", "Dog"], "did you mean 'dog'?"),
        (["--file-name", "*.tif"], "no image has a file_name"),
        (["--empty=effective:mmdet4"], "no loader is called 'mmdet4'"),
        (["--empty=never"], "unknown definition of empty"),
        (["--empty=category:cat"], "no category is named 'cat'"),
        (["--where", "width > 3 and area > 3"], "mixes columns"),
        (["--where", "widht > 3"], "did you mean 'width'?"),
        (["--where", "zzz > 3"], "no column 'zzz'"),
        (["--where", "__import__('os')"], "holds a call"),
        (["--cascade", "scenes"], "is not a list of records with an image_id"),
        (["--cascade", "scenes"], "next: "),
        (["--rename", "zzz=bar"], "next: the file has '"),
        (["--classes", "zzz"], "next: the file has '"),
        (["--first", "-1"], "cannot be negative"),
        (["--first", "x"], "first"),
        (["--first", "1", "--order", "size"], "expected file or id"),
        (["--empty", "--order", "id"], "--order has no effect without"),
        (["--first", "1", "--seed", "3"], "--seed has no effect without"),
        (["--sample", "1", "--seed", "3", "--seed", "4"], "given twice"),
        (["-o", "other.json"], "given twice"),
        (["--ids-out", ""], "the name of an output is empty"),
        (["--ids-out", "x/"], "folder"),
        (["--ids-out", "x" * 300], "File name too long"),
        (["--min-area", "nan"], "NaN"),
        (["--where", "width > 5 and height"], "uses a value as a condition"),
        (["--where", "width == '640'"], "compares a string with a number"),
        (["--where", " or ".join(f"id == {i}" for i in range(3000))], "too long"),
        (["--match", "in.json", "--recipe", "in.json", "--force"], "the source itself"),
        (["--unknown"], "--unknown"),
        (["--match", "none.json"], "No such file"),
        (["--ids-out", "out.json"], "two outputs have the same path"),
        (["--recipe", "in.json", "--force"], "the output is the source itself"),
        (["--ids-out", "."], "folder"),
    ],
)
def test_requests_that_cannot_be_met(
    args: list[str], says: str, small: Any, put: Put, cli: Cli, tmp_path: Path
) -> None:
    put(small)
    ended = cli("subset", "in.json", *args, "-o", "out.json")
    assert ended.code == 2
    assert says in ended.err
    assert ended.out == ""
    assert left_behind(tmp_path, "in.json") == set()


def test_empty_only(small: Any, put: Put, cli: Cli) -> None:
    put(small)
    assert img_ids(json.loads(cli("empty-only", "in.json", "-o", "-").out)) == [40]
    ended = cli("empty-only", "in.json", "--empty", "category:dog", "-o", "-")
    assert img_ids(json.loads(ended.out)) == [20, 50, 40]
    assert cli("empty-only", "in.json").out == "in_empty.json\n"
    refused = cli("empty-only", "in.json", "--empty", "effective:mmdet4")
    assert refused.code == 2
    assert "did you mean 'mmdet3'?" in refused.err


# ---- outputs


def test_without_o_the_result_lies_beside_the_source(
    small: Any, put: Put, cli: Cli, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    put(small, "data/train.json")
    ended = cli("subset", "data/train.json", "--first", 2, "--having", "dog")
    assert ended.out == "data/train_first2_having-dog.json\n"
    assert left_behind(folder, "train.json") == {"train_first2_having-dog.json"}
    again = cli("subset", "data/train.json", "--first", 2, "--having", "dog")
    assert (again.code, again.out) == (0, ended.out)
    assert "data/train_first2_having-dog.json: unchanged" in again.err
    (folder / "train_first2_having-dog.json").write_text('{"info": "mine"}')
    again = cli("subset", "data/train.json", "--first", 2, "--having", "dog")
    assert again.code == 2
    assert "the output exists" in again.err
    assert "--force" in again.err
    assert cli("subset", "data/train.json", "--first", 2, "--having", "dog", "--force").code == 0


def test_gzip_in_and_out(small: Any, put: Put, cli: Cli, tmp_path: Path) -> None:
    text = json.dumps(small).encode()
    put(gzip.compress(text), "in.json.gz")
    assert cli("subset", "in.json.gz", "--first", 2).out == "in_first2.json.gz\n"
    packed = (tmp_path / "in_first2.json.gz").read_bytes()
    put(text)
    assert cli("subset", "in.json", "--first", 2, "-o", "-").out.encode() == gzip.decompress(packed)
    assert cli("subset", "in.json", "--first", 2, "-o", "again.json.gz").code == 0
    assert (tmp_path / "again.json.gz").read_bytes() == packed
    assert cli("subset", "in.json.gz", "-o", "whole.json").code == 0
    assert (tmp_path / "whole.json").read_bytes() == text


def test_stdin_and_stdout(small: Any, put: Put, cli: Cli, tmp_path: Path) -> None:
    text = b"\xef\xbb\xbf" + json.dumps(small).encode() + b"\n"
    ended = cli("subset", "-", stdin=text)
    assert ended.out.encode() == text
    ended = cli("subset", "-", "--first", 1, "-o", "out.json", stdin=text)
    assert ended.out == "out.json\n"
    assert (tmp_path / "out.json").read_bytes().startswith(b"\xef\xbb\xbf")
    both = cli("subset", "-", "--ids-file", "-", stdin=b"1\n")
    assert both.code == 2
    assert "standard input" in both.err


def test_permissions_are_what_the_umask_gives(
    small: Any, put: Put, cli: Cli, tmp_path: Path
) -> None:
    put(small)
    for mask, mode in ((0o022, 0o644), (0o077, 0o600), (0o002, 0o664)):
        before = os.umask(mask)
        try:
            assert cli("subset", "in.json", "-o", f"{mask}.json", "--recipe", f"{mask}.r").code == 0
        finally:
            os.umask(before)
        assert (tmp_path / f"{mask}.json").stat().st_mode & 0o777 == mode
        assert (tmp_path / f"{mask}.r").stat().st_mode & 0o777 == mode


def test_the_source_is_never_overwritten(small: Any, put: Put, cli: Cli, tmp_path: Path) -> None:
    path = put(small)
    text = path.read_bytes()
    (tmp_path / "link.json").symlink_to(path)
    (tmp_path / "hard.json").hardlink_to(path)
    for output in ("in.json", "./in.json", "link.json", "hard.json"):
        ended = cli("subset", "in.json", "--first", 1, "-o", output, "--force")
        assert ended.code == 2
        assert "the source itself" in ended.err
    assert path.read_bytes() == text


def test_a_link_is_followed_not_replaced(small: Any, put: Put, cli: Cli, tmp_path: Path) -> None:
    put(small)
    (tmp_path / "elsewhere").mkdir()
    target = tmp_path / "elsewhere/real.json"
    target.write_text("old")
    (tmp_path / "link.json").symlink_to(target)
    assert cli("subset", "in.json", "--first", 1, "-o", "link.json").code == 2
    assert cli("subset", "in.json", "--first", 1, "-o", "link.json", "--force").code == 0
    assert (tmp_path / "link.json").is_symlink()
    assert img_ids(json.loads(target.read_text())) == [30]


def test_one_output_to_stdout_has_it_for_itself(small: Any, put: Put, cli: Cli) -> None:
    put(small)
    listed = cli("subset", "in.json", "--first", 2, "-o", "a.json", "--ids-out", "-")
    assert listed.out == "30\n10\n"
    recipe = cli("subset", "in.json", "--first", 2, "-o", "b.json", "--recipe", "-")
    assert json.loads(recipe.out)["recipe"] == 1
    assert cli("subset", "in.json", "--ids-out", "-", "-o", "-").code == 2
    assert len(json.loads(cli("subset", "in.json", "-o", "/dev/stdout").out)["images"]) == 5


def test_names_of_every_kind(small: Any, cli: Cli, tmp_path: Path) -> None:
    text = json.dumps(small)
    odd = ["-dash.json", "new\nline.json", "b\udce9yte.json", ".json", "x.gz.json", "é" * 120]
    for name in odd:
        (tmp_path / name).write_text(text)
        ended = cli("subset", "--first", 2, "--recipe", f"{odd.index(name)}.r", "--", f"./{name}")
        assert ended.code == 0, ended.err
    assert (tmp_path / "b\udce9yte_first2.json").is_file()
    assert (tmp_path / ".json_first2").is_file()
    for args in (["--file-name", "*\udcff*"], ["--having", "\udcff"], ["--ids", "\udcff"]):
        assert cli("subset", ".json", *args).code == 2


def test_a_default_name_that_would_be_too_long(small: Any, put: Put, cli: Cli) -> None:
    put(small, f"{'x' * 230}.json")
    ended = cli("subset", f"{'x' * 230}.json", "--having", "person,dog", "--min-area", 5)
    assert ended.code == 0, ended.err
    assert len(ended.out) <= 256
    put(small, f"{'x' * 250}.json")
    assert "too long" in cli("subset", f"{'x' * 250}.json", "--first", 1).err


def test_a_device_stays_a_device(small: Any, put: Put, cli: Cli) -> None:
    put(small)
    assert cli("subset", "in.json", "--first", 1, "-o", "/dev/null").code == 0
    assert Path("/dev/null").is_char_device()


# ---- what is said


def test_the_account(small: Any, put: Put, cli: Cli) -> None:
    small["annotations"].append({"id": 8, "image_id": 99, "category_id": 1})
    small["scenes"] = [{"image_id": 10}, {"image_id": 30}]
    put(small)
    ended = cli("subset", "in.json", "--first", 9, "-o", "out.json")
    assert ended.out == "out.json\n"
    for line in (
        "images       5 of 5 kept, 0 dropped",
        "annotations  7 of 8 kept, 1 dropped",
        "annotations of unknown images: 1, 0 kept",
        "copied unchanged, although they name images: scenes (2)",
        "copied unchanged: categories (3)",
        "first 9 requested, 5 images there",
    ):
        assert f"cocosurgeon: {line}\n" in ended.err
    followed = cli("subset", "in.json", "--first", 1, "--cascade", "scenes", "-o", "-")
    assert json.loads(followed.out)["scenes"] == [{"image_id": 30}]
    assert "scenes       1 of 2 kept, 1 dropped" in followed.err


def test_quiet_and_json(small: Any, put: Put, cli: Cli) -> None:
    put(small)
    quiet = cli("subset", "in.json", "--first", 2, "-o", "a.json", "--quiet")
    assert (quiet.out, quiet.err) == ("a.json\n", "")
    ended = cli("subset", "in.json", "--first", 2, "-o", "b.json", "--json")
    assert ended.err == ""
    account = json.loads(ended.out)
    assert account["images"] == {"total": 5, "kept": 2}
    assert account["output"] == "b.json"
    assert account["steps"] == ["First(2)"]
    for args, stdin in ((("in.json", "-o", "-"), ""), (("-",), json.dumps(small))):
        piped = cli("subset", *args, "--first", 2, "--json", stdin=stdin.encode())
        assert (piped.code, piped.out) == (2, "")
        assert "--json and an output cannot both" in json.loads(piped.err)["error"]["what"]


def test_dry_run_explains_and_writes_nothing(
    small: Any, put: Put, cli: Cli, tmp_path: Path
) -> None:
    put(small)
    args = ("subset", "in.json", "--first", 2, "--only", "dog", "--dry-run", "--recipe", "r.json")
    ended = cli(*args)
    assert ended.code == 0
    assert ended.out.splitlines() == [
        "   step                     images  annotations",
        "   before                        5            7",
        "1  First(2)                      2            5",
        "2  Keep(InCategory('dog'))       2            2",
        "",
        "category    before  1  after  change",
        "person           3  2      0      -3",
        "toothbrush       2  1      0      -2",
        *ended.out.splitlines()[8:],
    ]
    assert ended.out.endswith("would write\n  in_first2_only-dog.json\n  r.json\n")
    fields = json.loads(cli(*args, "--json").out)
    assert fields["would_write"] == ["in_first2_only-dog.json", "r.json"]
    assert fields["steps"][1]["annotations"] == {"before": 5, "after": 2}
    assert left_behind(tmp_path, "in.json") == set()


# ---- recipes


def test_recipes(small: Any, put: Put, cli: Cli, tmp_path: Path) -> None:
    put(small)
    args = ("--skip", 1, "--having", "person,dog", "--where", "area > 10", "--drop", "dog")
    assert cli("subset", "in.json", *args, "-o", "a.json", "--recipe", "r.json").code == 0
    recipe = json.loads((tmp_path / "r.json").read_bytes())
    assert recipe["source"]["name"] == "in.json"
    assert recipe["source"]["size"] == (tmp_path / "in.json").stat().st_size
    again = cli("apply", "r.json", "in.json", "-o", "b.json", "--recipe", "r2.json")
    assert again.code == 0, again.err
    assert "differs" not in again.err
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert (tmp_path / "r.json").read_bytes() == (tmp_path / "r2.json").read_bytes()
    put(json.dumps(small, indent=1), "other.json")
    other = cli("apply", "r.json", "other.json", "-o", "c.json")
    assert other.code == 0
    assert "the source differs from the recipe's" in other.err
    as_json = cli("apply", "r.json", "other.json", "-o", "d.json", "--json")
    assert "the source differs" in json.loads(as_json.out)["notes"][0]
    assert cli("apply", "r.json", "other.json", "-o", "e.json", "--quiet").err == ""
    differing = json.loads((tmp_path / "c.json").read_bytes())
    assert differing == json.loads((tmp_path / "a.json").read_bytes())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not JSON"),
        ("[]", "not a recipe"),
        ('{"images": []}', "not a recipe"),
        ('{"recipe": 99}', "format 99"),
        ('{"recipe": 1}', "missing"),
        ('{"recipe": ' + "1" * 5000 + "}", "a broken recipe"),
        (
            '{"recipe": 1, "steps": [{"step": "keep", "question": {"filter": "marked", '
            '"of": "images", "rows": [-1]}}]}',
            "rows by number",
        ),
        ('{"recipe": 1, "steps": [{"step": "fly"}]}', "unknown step 'fly'"),
        ('{"recipe": 1, "steps": [{"step": "first", "n": "3"}]}', "not a share of images: '3'"),
        ('{"recipe": 1, "steps": [{"step": "first", "n": 3, "x": 1}]}', "has no"),
        ('{"recipe": 1, "steps": [{"step": "first"}]}', "n"),
        ('{"recipe": 1, "steps": [{"step": "first", "n": -3}]}', "negative"),
        ('{"recipe": 1, "steps": [{"step": "keep", "question": 3}]}', "expected a filter"),
        (
            '{"recipe": 1, "steps": [{"step": "keep", "question": {"filter": "image_where", '
            '"expression": "x.y > 1"}}]}',
            "attribute",
        ),
        ('{"recipe": 1, "steps": [{"filter": "crowd"}]}', "expected a step"),
        ('{"recipe": 1, "steps": [{"step": ["first"]}]}', "expected a step"),
        (
            '{"recipe": 1, "steps": [{"step": "keep", "question": {"filter": "having", '
            '"of": {"filter": "empty", "definition": "raw", "categories": []}}}]}',
            "Having needs",
        ),
        (
            '{"recipe": 1, "steps": [{"step": "keep", "question": {"filter": "in_category", '
            '"categories": []}}]}',
            "InCategory takes",
        ),
    ],
)
def test_broken_recipes_are_told(text: str, says: str, small: Any, put: Put, cli: Cli) -> None:
    put(small)
    put(text, "r.json")
    ended = cli("apply", "r.json", "in.json", "-o", "out.json")
    assert ended.code in (2, 3)
    assert says in ended.err


def test_a_recipe_looks_for_its_own_source(small: Any, put: Put, cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    put(small, "elsewhere/own.json")
    args = ("--first", 1, "-o", "a.json", "--recipe", "elsewhere/r.json")
    assert cli("subset", "elsewhere/own.json", *args).code == 0
    ended = cli("apply", "elsewhere/r.json", "-o", "b.json")
    assert ended.code == 0
    assert "own.json (next to the recipe)" in ended.err
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    (folder / "own.json").unlink()
    lost = cli("apply", "elsewhere/r.json", "-o", "c.json")
    assert lost.code == 2
    assert "the recipe was made for own.json" in lost.err


def test_a_recipe_with_a_cascade_repeats_on_its_own_result(
    small: Any, put: Put, cli: Cli, tmp_path: Path
) -> None:
    small["scenes"] = [{"image_id": 10}]
    put(small)
    args = ("--ids", 50, "--cascade", "scenes", "-o", "a.json", "--recipe", "r.json")
    assert cli("subset", "in.json", *args).code == 0
    assert json.loads((tmp_path / "a.json").read_bytes())["scenes"] == []
    assert cli("apply", "r.json", "a.json", "-o", "b.json").code == 0
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_a_recipe_that_marks_rows_is_for_its_own_source(
    small: Any, put: Put, cli: Cli, tmp_path: Path
) -> None:
    from cocosurgeon import Having, Recipe

    whole = read(put(small))
    plan = Plan(Having(whole.annotations["area"] < 100))
    put(Recipe.of(plan, whole).to_json(), "r.json")
    assert cli("apply", "r.json", "in.json", "-o", "a.json").code == 0
    assert img_ids(json.loads((tmp_path / "a.json").read_bytes())) == [30, 20]
    put(json.dumps(small, indent=1), "other.json")
    refused = cli("apply", "r.json", "other.json", "-o", "b.json")
    assert refused.code == 2
    assert "marks rows" in refused.err


# ---- which file


def test_the_file_that_is_meant_when_none_is_named(
    small: Any, put: Put, cli: Cli, tmp_path: Path
) -> None:
    text = json.dumps(small)
    ended = cli("subset", "--first", 1)
    assert "the sample data" in ended.err
    assert ended.out == "instances_sample2017_first1.json\n"  # not in the installation
    written = (tmp_path / ended.out.strip()).read_bytes()
    assert img_ids(json.loads(written)) == read(SAMPLE).first(1).img_ids
    folder = tmp_path / "data/coco/annotations"
    folder.mkdir(parents=True)
    (folder / "instances_val2017.json").write_text(text)
    ended = cli("subset", "--first", 1)
    assert "instances_val2017.json (found below the current folder)" in ended.err
    assert ended.out == "data/coco/annotations/instances_val2017_first1.json\n"
    (folder / "instances_train2017.json").write_text(text)
    assert "instances_train2017_first1.json" in cli("subset", "--first", 1).out
    named = put(text, "named.json")
    ended = cli("subset", "--first", 1, COCOSURGEON_ANN_FILE=str(named))
    assert "from COCOSURGEON_ANN_FILE" in ended.err
    assert ended.out == f"{tmp_path / 'named_first1.json'}\n"


def test_results_files(cli: Cli, put: Put, small: Any, tmp_path: Path) -> None:
    found = [
        {"image_id": i, "category_id": 1, "bbox": [0, 0, 9, 9], "score": s}
        for i, s in [(10, 0.9), (30, 0.5), (10, 0.1), (77, 0.3), (20, 0.8)]
    ]
    put(found, "dt.json", separators=(",", ":"))
    put(small)
    doc = json.loads(cli("subset", "dt.json", "--first", 2, "-o", "-").out)
    assert doc == found[:3]
    doc = json.loads(cli("subset", "dt.json", "--where", "score > 0.4", "-o", "-").out)
    assert doc == [found[0], found[1], found[4]]
    assert cli("subset", "in.json", "--ids", "10,20,40", "-o", "gt.json").code == 0
    ended = cli("subset", "dt.json", "--match", "gt.json", "-o", "-")
    assert json.loads(ended.out) == [found[0], found[2], found[4]]
    assert "1 of 3 ids are not in the file" in ended.err
    assert "detections  3 of 5 kept" in ended.err
    for args, says in (
        (["--empty"], "lists no images"),
        (["--file-name", "*"], "detections have only the id of an image"),
        (["--having", "dog"], "no categories"),
        (["--ids", "11"], "the nearest id is 10"),
    ):
        refused = cli("subset", "dt.json", *args, "-o", "-")
        assert refused.code == 2
        assert says in refused.err


def test_the_same_in_python(small: Any, put: Put, cli: Cli) -> None:
    path = put(small)
    ended = cli("subset", path, "--first", 2, "-o", "-")
    assert ended.out.encode() == b"".join(Plan(First(2)).apply(read(path)).text())


def test_version_and_help(cli: Cli) -> None:
    from cocosurgeon import __version__

    assert cli("--version").out == f"cocosurgeon {__version__}\n"
    assert cli("--help").code == 0
    for verb in ("subset", "empty-only", "apply"):
        assert cli(verb, "--help").code == 0
