"""``cocosurgeon.config``: plain values in and out, the command line's options by their names."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT, SAMPLE, Cli

from cocosurgeon import Empty, First, Plan, read
from cocosurgeon.config import ann_file, classes_for, metainfo_for, num_classes_for
from cocosurgeon.errors import (
    RequestError,
    SourceUnavailableError,
    StructureError,
    UnknownIdError,
    UnknownNameError,
)
from cocosurgeon.steps.from_config import plan_of_options
from cocosurgeon.steps.registry import modifiers, options

OPTIONS = [each.replace("-", "_") for each in (*options(), *modifiers())]

Put = Callable[..., Path]

_COMMON = {"ann_file", "output", "force", "dry_run", "ids_out", "recipe", "quiet", "as_json"}
_COMMON |= {"ann_files", "merge_into", "scheduler", "workers"}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("COCOSURGEON_CACHE", str(folder))
    return folder


@pytest.fixture
def source(put: Put, small: Any) -> Path:
    return put(small, "small.json")


def ids_of(path: str) -> list[int]:
    return [image["id"] for image in json.loads(Path(path).read_bytes())["images"]]


def parameters(verb: str) -> set[str]:
    """The names of a verb's options, as its function has them."""
    import typer

    from cocosurgeon.cli.app import app

    command: Any = typer.main.get_command(app)
    return {param.name for param in command.get_command(None, verb).params} - {"help"}


def test_every_option_of_the_command_line_is_one_of_the_config() -> None:
    for verb in ("subset", "empty-only", "remap"):
        given = parameters(verb) - _COMMON - {"check", "strict"}
        assert {name.removeprefix("step_") for name in given} == set(OPTIONS)


# Each option of the command line in a request that makes sense of it, and its twin in a config.
TWINS: list[tuple[str, list[str], dict[str, Any]]] = [
    ("subset", ["--first", "3"], {"first": 3}),
    ("subset", ["--last", "3"], {"last": "3"}),
    ("subset", ["--skip", "2", "--order", "id"], {"skip": 2, "order": "id"}),
    ("subset", ["--sample", "2", "--seed", "5"], {"seed": 5, "sample": 2}),
    ("subset", ["--ids", "10,30"], {"ids": [10, 30]}),
    ("subset", ["--ids", "10,30"], {"ids": "10,30"}),
    ("subset", ["--ids", "10"], {"ids": 10}),
    ("subset", ["--ids-file", "ids.txt"], {"ids_file": ["ids.txt"]}),
    ("subset", ["--match", "other.json"], {"match": Path("other.json")}),
    (
        "subset",
        ["--match", "other.json", "--match-by", "file_name"],
        {"match": "other.json", "match_by": "file_name"},
    ),
    ("subset", ["--except-ids", "10,30"], {"except_ids": [10, 30]}),
    ("subset", ["--except-ids-file", "ids.txt"], {"except_ids_file": "ids.txt"}),
    ("subset", ["--except", "other.json"], {"except_": "other.json"}),
    (
        "subset",
        ["--except", "other.json", "--match-by", "file_name"],
        {"except_": "other.json", "match_by": "file_name"},
    ),
    ("subset", ["--file-names-file", "names.txt"], {"file_names_file": ["names.txt"]}),
    ("subset", ["--file-name", "a/*"], {"file_name": "a/*"}),
    ("subset", ["--empty"], {"empty": True}),
    ("subset", ["--empty=category:dog"], {"empty": "category:dog"}),
    ("subset", ["--non-empty"], {"non_empty": True, "crowd": None}),
    ("subset", ["--having", "dog,person"], {"having": ["dog", "person"]}),
    ("subset", ["--only", "dog"], {"only": ["dog"]}),
    ("subset", ["--drop", "dog"], {"drop": "dog"}),
    ("subset", ["--min-area", "50"], {"min_area": 50}),
    ("subset", ["--min-area", "50"], {"min-area": "50"}),
    ("subset", ["--max-area", "50.5"], {"max_area": 50.5}),
    ("subset", ["--crowd"], {"crowd": True}),
    ("subset", ["--no-crowd"], {"no_crowd": True}),
    ("subset", ["--where", "width > 400"], {"where": "width > 400"}),
    ("subset", ["--cascade", "extra", "--first", "2"], {"cascade": "extra", "first": 2}),
    ("subset", ["--to", "mmdet80", "--from", "coco91"], {"to": "mmdet80", "from_": "coco91"}),
    ("remap", ["--to", "mmdet80", "--start", "1"], {"to": "mmdet80", "start": 1}),
    (
        "remap",
        ["--classes", "dog,person", "--unmapped", "drop"],
        {"classes": ["dog", "person"], "unmapped": "drop"},
    ),
    (
        "remap",
        ["--classes", "hound,person", "--unmapped", "keep", "--alias", "dog=hound"],
        {"classes": "hound,person", "unmapped": "keep", "alias": {"dog": "hound"}},
    ),
    ("remap", ["--merge", "pet=dog,person"], {"merge": {"pet": ["dog", "person"]}}),
    (
        "remap",
        ["--rename", "dog=a,b", "--rename", "person=dog"],
        {"rename": [{"dog": "a,b"}, "person=dog"]},
    ),
    ("remap", ["--sort", "name"], {"sort": "name"}),
    ("remap", ["--renumber", "--sort", "name"], {"renumber": True, "sort": "name"}),
    ("remap", ["--flat"], {"flat": True}),
    ("remap", ["--drop-unused"], {"drop_unused": True}),
    ("remap", ["--shift", "1"], {"shift": 1}),
    ("remap", ["--start", "0"], {"start": 0}),
    ("subset", ["--license", "3"], {"license": 3}),
    ("subset", ["--per-class", "1", "--seed", "2"], {"per_class": 1, "seed": 2}),
    (
        "subset",
        ["--sample", "60%", "--stratify", "--nested"],
        {"sample": "60%", "stratify": True, "nested": True},
    ),
    (
        "subset",
        ["--part", "b", "--sizes", "2,rest", "--parts", "a,b", "--seed", "3", "--stratify"],
        {"part": "b", "sizes": [2, "rest"], "parts": ["a", "b"], "seed": 3, "stratify": True},
    ),
    (
        "subset",
        ["--part", "fold1_val", "--folds", "2", "--group-by", "^(.)/"],
        {"part": "fold1_val", "folds": 2, "group_by": "^(.)/"},
    ),
    (
        "subset",
        ["--part", "val", "--ratios", "0.6,0.4", "--against", "val=other.json"],
        {"part": "val", "ratios": [0.6, 0.4], "against": {"val": "other.json"}},
    ),
    (
        "subset",
        [
            *("--merge-with", "more.json", "--on-duplicate", "first", "--merge-info"),
            *("more.json", "--merge-licenses", "more.json", "--merge-images", "."),
            *("--source-key", "from", "--merge-ids", "renumber"),
        ],
        {"merge_with": "more.json", "on_duplicate": "first", "merge_info": "more.json"}
        | {"merge_licenses": "more.json", "merge_images": ".", "source_key": "from"}
        | {"merge_ids": "renumber"},
    ),
    (
        "subset",
        [
            *("--merge-with", "more.json", "--merge-ids", "offset"),
            *("--merge-prefix", "more=b/", "--merge-alias", "hound=dog"),
        ],
        {"merge_with": ["more.json"], "merge_ids": "offset", "merge_prefix": {"more": "b/"}}
        | {"merge_alias": {"hound": "dog"}},
    ),
    ("subset", ["--fix", "safe,boxes"], {"fix": ["safe", "boxes"]}),
    ("fix", ["--select", "image-files", "--images", "."], {"fix": "image-files", "images": "."}),
    (
        "fix",
        ["--select", "boxes", "--strip-folder", "--prefix", "a/"],
        {"strip_folder": True, "prefix": "a/", "fix": "boxes"},
    ),
    ("remap", ["--like", "other.json"], {"like": "other.json"}),
    ("remap", ["--map", "map.csv"], {"map": "map.csv"}),
    ("remap", ["--map", "map.csv"], {"map_": "map.csv"}),
]


def test_there_is_a_twin_for_every_option() -> None:
    given = {name.replace("-", "_").rstrip("_") for _, _, twin in TWINS for name in twin}
    given.add("follow")  # of results files: tests/test_merge_flows.py
    assert given == {name.rstrip("_") for name in OPTIONS}


@pytest.mark.parametrize(("verb", "args", "options"), TWINS, ids=lambda v: str(v)[:40])
def test_the_same_bytes_as_on_the_command_line(
    verb: str,
    args: list[str],
    options: dict[str, Any],
    cli: Cli,
    put: Put,
    small: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    small["extra"] = [{"image_id": 30}, {"image_id": 40}]
    for number, image in enumerate(small["images"]):
        image["license"] = number
    source = put(small, "small.json")
    small["categories"].reverse()
    put(small | {"images": small["images"][1:]}, "other.json")
    pairs = [{"id": n, "image_id": i, "category_id": 7} for n, i in ((1, 30), (2, 99))]
    more = {
        "info": {"year": 1999},
        "licenses": [{"id": 9}],
        "images": [{"id": 30, "file_name": "a/30.jpg"}, {"id": 99, "file_name": "99.jpg"}],
        "annotations": pairs,
        "categories": [{"id": 7, "name": "hound"}],
    }
    put(more, "more.json")
    put("10\n30\n", "ids.txt")
    put("30.jpg\nb/20.png\n", "names.txt")
    put("before,after\n1,5\n18,6\n90,7\n", "map.csv")
    done = cli(verb, "small.json", *args, "-o", "cli.json", "--quiet")
    assert done.code == 0, done.err
    made = Path(ann_file(source, **options))
    assert made.read_bytes() == (tmp_path / "cli.json").read_bytes()
    keywords = {name.replace("-", "_") for name in modifiers()}
    if not {*keywords, "from_", "match_by", "renumber"} & options.keys():
        steps = [{name: value} for name, value in options.items() if value is not None]
        if not isinstance(options.get("rename"), list):
            assert ann_file(source, steps=steps) == str(made)


def test_order_is_that_of_the_keywords(source: Path) -> None:
    before, after = ann_file(source, first=2, having="dog"), ann_file(source, having="dog", first=2)
    assert ids_of(before) == ids_of(after) == [30, 10]
    assert ids_of(ann_file(source, skip=1, first=1)) == [10]
    assert ids_of(ann_file(source, first=1, skip=1)) == []


def test_a_step_may_stand_twice_in_a_list(source: Path) -> None:
    path = ann_file(source, steps=[{"first": 4}, {"having": "person"}, {"first": 1, "order": "id"}])
    assert ids_of(path) == [10]
    assert ids_of(ann_file(source, steps=[{"skip": 1}, {"skip": 1}])) == [20, 50, 40]


def test_each_dict_of_a_list_has_its_own_modifiers(source: Path) -> None:
    path = ann_file(source, steps=[{"first": 2, "order": "id"}, {"last": 1}])
    assert ids_of(path) == [20]  # by the file's order


def test_what_comes_back_is_plain_and_absolute(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = ann_file("small.json", first=1)
    assert type(path) is str
    assert Path(path).is_absolute()
    assert path == ann_file(source, first=1)
    assert type(classes_for("small.json")) is list


def test_without_options_it_is_the_source_itself(source: Path, cache: Path) -> None:
    assert ann_file(source) == str(source)
    assert ann_file(source, steps=[]) == str(source)
    assert ann_file(source, first=None) == str(source)
    assert not cache.exists()


def test_a_compressed_source_is_unpacked(put: Put, small: Any) -> None:
    import gzip

    text = json.dumps(small).encode()
    packed = put(gzip.compress(text), "small.json.gz")
    made = Path(ann_file(packed))
    assert made.suffix == ".json"
    assert made.read_bytes() == text
    misnamed = put(gzip.compress(text), "misnamed.json")
    assert Path(ann_file(misnamed)).read_bytes() == text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"frist": 3}, "did you mean 'first'?"),
        ({"remap": "detr91"}, "no filter and no remap"),
        ({"first": "many"}, "whole number"),
        ({"first": True}, "whole number"),
        ({"first": [1, 2]}, "whole number"),
        ({"first": -1}, "negative"),
        ({"min_area": "big"}, "expected a number"),
        ({"crowd": False}, "remove it"),
        ({"having": []}, "empty list"),
        ({"having": [1]}, "expected a name"),
        ({"names": ["dog"]}, "no filter and no remap"),
        ({"ids": {"a": 1}}, "list of ids"),
        ({"ids_file": "-"}, "standard input"),
        ({"match": 3}, "expected a path"),
        ({"rename": {"a": "b", "c": "d"}}, "one pair in a dict"),
        ({"rename": {"a": ["b", "c"]}}, "expected a name"),
        ({"rename": "dog"}, "NEW=OLD"),
        ({"order": "id"}, "order has no effect without first, last or skip"),
        ({"seed": 3, "first": 2}, "seed has no effect without part, per_class or sample"),
        ({"first": 2, "order": "size"}, "file or id"),
        ({"to": "DETR-91"}, "did you mean 'detr91'?"),
        ({"first": 1, "timeout": -1}, "seconds"),
        ({"first": 1, "cache": 3}, "expected a folder"),
        ({"first": 1, "steps": [{"last": 1}]}, "their order is unknown"),
        ({"steps": {"first": 1}}, "list of dicts"),
        ({"steps": "first"}, "list of dicts"),
        ({"steps": [First(3)]}, "expected a dict"),
        ({"steps": [{"first": 1, "empty": True}]}, "several in one dict"),
        ({"steps": [{"order": "id"}]}, "without a step"),
        ({"steps": [{1: 2}]}, "name of an option"),
        ({"steps": {"a", "b"}}, "list of dicts"),
        ({"having": {"dog", "person"}}, "sorted() of a set"),
        ({"classes": frozenset({"dog"})}, "sorted() of a set"),
        ({"having": {"dog": 1}.keys()}, "expected a list of names"),
        ({"ids": {10, 30}}, "sorted() of a set"),
        ({"ids": (i for i in (10, 30))}, "an id or a list of ids"),
        ({"ids": [True]}, "whole number"),
        ({"ids": [float("nan")]}, "expected an id"),
        ({"ids": []}, "empty list"),
        ({"ids": range(0)}, "empty list"),
        ({"ids_file": []}, "empty list"),
        ({"merge": []}, "empty list"),
        ({"merge": {"pet": []}}, "empty list"),
        ({"rename": []}, "empty list"),
        ({"alias": {}, "to": "detr91"}, "empty list"),
        ({"alias": {1: "a"}, "to": "detr91"}, "expected a name"),
        ({"first": 10**400}, "64 bits"),
        ({"ids": 10**5000}, "64 bits"),
        ({"ids": [10**5000]}, "64 bits"),
        ({"min_area": 10**400}, "expected a number"),
        ({"min_area": True}, "expected a number"),
        ({"first": 3, "first_": 4}, "the same option"),
        ({"min-area": 3, "min_area": 4}, "the same option"),
        ({"first": 1, "cache": "x\0y"}, "expected a folder"),
        ({"first": 1, "cache": "\ud800"}, "expected a folder"),
        ({"match": "x\0y"}, "expected a path"),
        ({"first": 1, "timeout": 10**400}, "expected a number"),
        ({"first": 1, "timeout": float("nan")}, "seconds"),
    ],
    ids=lambda told: told if isinstance(told, str) else " ".join(told),
)
def test_a_request_that_makes_no_sense(
    options: dict[str, Any], message: str, source: Path, cache: Path
) -> None:
    with pytest.raises(RequestError) as caught:
        ann_file(source, **options)
    assert message in str(caught.value)
    assert not list(cache.glob("*.json"))


class Pretender:
    """Says that it can be turned into anything, as arrays, tensors and lazy values do."""

    def refuse(self, *_: object) -> Any:
        raise TypeError("only integer scalar arrays can be converted to a scalar index")

    __index__ = __int__ = __float__ = __iter__ = __len__ = __fspath__ = refuse
    __repr__ = refuse


@pytest.mark.parametrize("name", [*OPTIONS, "timeout", "cache"])
def test_a_value_that_only_pretends_is_refused(name: str, source: Path) -> None:
    other: dict[str, Any] = {} if name in OPTIONS else {"first": 1}
    values: list[Any] = [Pretender(), [Pretender()], np.array(5), np.array([5]), np.bool_(True)]
    for value in [*values, object]:
        with pytest.raises(RequestError, match="expected"):
            ann_file(source, **{name: value}, **other)


def test_pretenders_elsewhere(source: Path) -> None:
    with pytest.raises(RequestError, match="expected the path"):
        ann_file(Pretender())
    with pytest.raises(RequestError, match="expected the path"):
        classes_for("x\0y")
    with pytest.raises(RequestError, match="list of dicts"):
        ann_file(source, steps=Pretender())  # type: ignore[arg-type]


class Enumerated(str, Enum):
    DOG = "dog"


def test_what_is_a_number_or_string_counts_as_one(source: Path) -> None:
    same = ann_file(source, first=2, min_area=3.5, ids=[10, 30], having=["dog"], only="dog")
    first, area, ids = np.uint8(2), np.float32(3.5), np.array([10, 30]).tolist()
    dogs = [np.str_("dog")]
    assert ann_file(source, first=first, min_area=area, ids=ids, having=dogs, only="dog") == same
    ids = [np.int64(10), np.int32(30)]
    dogs = [Enumerated.DOG]
    only = Enumerated.DOG
    assert ann_file(source, first=2, min_area=3.5, ids=ids, having=dogs, only=only) == same
    assert ann_file(source, ids=range(10, 40, 10)) == ann_file(source, ids=[10, 20, 30])


def test_the_place_of_modifiers_says_nothing(source: Path) -> None:
    aliases = {"toothbrush": "brush", "dog": "hound"}
    step = {"classes": "hound,brush", "unmapped": "drop", "alias": aliases, "start": 1}
    dumped = dict(sorted(step.items())) | {"alias": dict(sorted(aliases.items()))}  # as YAML has it
    assert ann_file(source, steps=[dumped]) == ann_file(source, steps=[step])
    assert ann_file(source, first=5, order="id") == ann_file(source, order="id", first=5)
    assert ann_file(source, first=5, skip=1) != ann_file(source, skip=1, first=5)


def test_what_the_file_does_not_have(source: Path, cache: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'person'"):
        ann_file(source, having="persn")
    with pytest.raises(UnknownIdError):
        ann_file(source, ids=[11])
    with pytest.raises(UnknownIdError):
        ann_file(source, ids=["10"])  # the string, which is another id than the number
    with pytest.raises(SourceUnavailableError):
        ann_file(source, match=source.with_name("not-there.json"))
    with pytest.raises(SourceUnavailableError):
        ann_file(source.with_name("not-there.json"))
    with pytest.raises(SourceUnavailableError, match="Is a directory"):
        ann_file(source.parent, first=1)
    assert not list(cache.glob("*.json"))


def test_a_placeholder_is_told_for_what_it_is() -> None:
    with pytest.raises(RequestError, match=r"write _base_\.name without braces"):
        ann_file("_data_root_12ab9f/annotations/x.json", first=1)
    with pytest.raises(RequestError, match="no values yet"):
        ann_file(Plan(Empty()), first=1)  # type: ignore[arg-type]
    with pytest.raises(RequestError, match="standard input"):
        ann_file("-", first=1)


def test_classes_are_in_the_order_of_the_file(put: Put, small: Any) -> None:
    small["categories"].reverse()
    source = put(small)
    assert classes_for(source) == ["toothbrush", "dog", "person"]
    assert num_classes_for(source) == 3
    # A base config's palette stays otherwise, and may have fewer colours.
    assert metainfo_for(source) == {"classes": ["toothbrush", "dog", "person"], "palette": None}


def test_classes_of_a_remap_are_those_of_the_result(source: Path) -> None:
    one = ann_file(source, classes="dog", unmapped="drop")
    assert classes_for(one) == ["dog"]
    many = ann_file(source, to="detr91")
    assert classes_for(many)[:3] == ["N/A", "person", "bicycle"] or num_classes_for(many) == 91
    assert num_classes_for(many) == len(read(many).categories)


@pytest.mark.parametrize(
    ("categories", "message"),
    [
        ([], "lists no categories"),
        ([{"id": 1, "name": "a"}, {"id": 2}], r"categories\[1\] has no name"),
        ([{"id": 1, "name": 7}], "has no name"),
        ([{"name": "a"}], "has no id"),
        ([{"id": 1, "name": "a"}, {"id": 1, "name": "b"}], "the same id, 1"),
    ],
)
def test_what_mmdetection_cannot_number(
    categories: list[Any], message: str, put: Put, small: Any
) -> None:
    with pytest.raises(StructureError, match=message):
        classes_for(put(small | {"categories": categories}))


def test_a_name_that_stands_twice_has_two_labels(put: Put, small: Any) -> None:
    small["categories"].append({"id": 7, "name": "dog"})
    assert classes_for(put(small)) == ["person", "dog", "toothbrush", "dog"]


def test_importing_it_loads_nothing_heavy_and_shows_no_class() -> None:
    code = (
        "import sys, types\nfrom cocosurgeon import config\n"
        "heavy = {'numpy', 'pandas', 'msgspec', 'orjson', 'filelock', 'platformdirs', 'json'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "shown = {n: v for n, v in vars(config).items() if not n.startswith('__')}\n"
        "assert not [n for n, v in shown.items() if isinstance(v, type)], shown\n"
        "assert all(isinstance(shown[n], types.FunctionType) for n in config.__all__)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_a_hit_loads_nothing_heavy(tmp_path: Path) -> None:
    if not SAMPLE.is_file():
        pytest.skip("no sample data")
    made = ann_file(SAMPLE, first=3, having=["person", "dog"])
    code = (
        "import sys\nfrom cocosurgeon.config import ann_file\n"
        f"assert ann_file({str(SAMPLE)!r}, first=3, having=['person', 'dog']) == {made!r}\n"
        "heavy = {'numpy', 'pandas', 'msgspec', 'orjson', 'filelock', 'pycocotools', 'typer'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_options_that_name_files_are_those_that_read_them(put: Put) -> None:
    path = str(put("1,2", "one.txt"))
    for name in OPTIONS:
        try:
            plan = plan_of_options({name: path})
        except RequestError:
            continue
        reads = {"ids_file", "match", "like", "map", "except", "except_ids_file"}
        reads |= {"file_names_file", "merge_with"}
        assert plan.files == ((path,) if name in reads else ()), name
