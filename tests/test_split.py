"""Parts of a split: in Python, on the command line, in a config, in recipes."""

from __future__ import annotations

import gzip
import json
import random
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import SAMPLE, Cli, examples
from hypothesis import given
from hypothesis import strategies as st

from cocosurgeon import Dataset, Part, Plan, Recipe, RequestError, read, split
from cocosurgeon.config import ann_file

Put = Callable[..., Path]


def file_of(images: list[dict[str, Any]], objects: dict[Any, list[int]]) -> dict[str, Any]:
    """An annotation file with objects of classes by image id."""
    pairs = [(i, c) for i, classes in objects.items() for c in classes]
    annotations = [
        {"id": n, "image_id": i, "category_id": c, "bbox": [0, 0, 2, 2], "area": 4, "iscrowd": 0}
        for n, (i, c) in enumerate(pairs)
    ]
    categories = [{"id": c, "name": f"class {c}"} for c in (3, 1, 2)]
    return {"images": images, "annotations": annotations, "categories": categories}


@st.composite
def files(draw: st.DrawFn) -> dict[str, Any]:
    """Files with ids of several kinds, scenes, and objects of three classes."""
    ids = draw(
        st.lists(
            st.one_of(st.integers(-3, 40), st.sampled_from(["1", "b", 2.5])),
            min_size=2,
            max_size=14,
            unique=True,
        )
    )
    scenes = st.sampled_from(["a", "b", 1, None])
    images = [
        {"id": i, "file_name": f"{n % 4}_{n}.jpg", "scene": draw(scenes)} for n, i in enumerate(ids)
    ]
    images[0]["scene"] = "a"
    return file_of(images, {i: draw(st.lists(st.integers(1, 3), max_size=4)) for i in ids})


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    """What a split may be asked for."""
    by: dict[str, Any] = draw(
        st.sampled_from([{}, {"ratios": (0.5, 0.25, 0.25)}, {"sizes": (1, "rest")}, {"folds": 2}])
    )
    return {
        **by,
        "seed": draw(st.integers(0, 3)),
        "stratify": draw(st.booleans()),
        "group_by": draw(st.sampled_from(["", "scene", r"^(\d)_"])),
    }


def parsed(dataset: Dataset) -> Any:
    return json.loads(b"".join(dataset.text()))


def counted(records: list[Any]) -> Counter[str]:
    return Counter(map(json.dumps, records))


@examples(100)
@given(doc=files(), asked=requests(), rng=st.randoms(use_true_random=False))
def test_laws(doc: Any, asked: Any, rng: random.Random, tmp_path_factory: Any) -> None:
    folder = tmp_path_factory.mktemp("split")
    (folder / "in.json").write_text(json.dumps(doc))
    parts = {k: parsed(v) for k, v in split(read(folder / "in.json"), **asked).items()}
    apart = [v for k, v in parts.items() if "fold" not in k or k.endswith("_val")]
    for name in ("images", "annotations"):  # each record is in one part, as it was
        assert sum((counted(part[name]) for part in apart), Counter()) == counted(doc[name])
    for name, part in parts.items():
        ids = {image["id"] for image in part["images"]}
        assert [a for a in doc["annotations"] if a["image_id"] in ids] == part["annotations"]
        assert part["categories"] == doc["categories"]
        if name.endswith("_train") and "folds" in asked:
            rest = parts[name.replace("_train", "_val")]
            assert counted(part["images"]) + counted(rest["images"]) == counted(doc["images"])
    if not asked["group_by"]:
        count = len(doc["images"])
        sizes = [len(part["images"]) for part in apart]
        assert sum(sizes) == count
        if asked.get("sizes"):
            assert sizes == [1, count - 1]
        else:
            shares = asked.get("ratios") or ((0.5, 0.5) if "folds" in asked else (0.8, 0.2))
            assert all(abs(n - count * r) < 1 for n, r in zip(sizes, shares, strict=True))
    elif asked["group_by"] == "scene":
        for scene in ("a", "b", 1):
            homes = [p for p in apart if any(i["scene"] == scene for i in p["images"])]
            assert len(homes) <= 1
    # neither the order of the file nor that of its categories says anything
    for name in ("images", "annotations", "categories"):
        rng.shuffle(doc[name])
    (folder / "shuffled.json").write_text(json.dumps(doc))
    again = split(read(folder / "shuffled.json"), **asked)
    for name, of_part in again.items():
        assert counted(parsed(of_part)["images"]) == counted(parts[name]["images"])


def test_images_with_one_id_or_none_are_in_one_part_and_counted(
    put: Put, cli: Cli, tmp_path: Path
) -> None:
    images = [{"id": i, "file_name": f"{n}.jpg"} for n, i in enumerate([1, 1, None, None, 2, 3])]
    put(file_of(images, {1: [1, 2], 2: [3], 9: [1]}), "in.json")
    done = cli("split", "in.json", "--sizes", "2,rest", "--out-dir", ".")
    assert done.out == "in_train.json\nin_val.json\n"
    assert "image records that repeat an id: 1" in done.err
    assert "image records without an id: 2" in done.err
    assert "1 of 4 annotations dropped, because the file does not list the image" in done.err
    parts = [json.loads((tmp_path / f"in_{n}.json").read_bytes()) for n in ("train", "val")]
    homes = [{image["id"] for image in part["images"]} for part in parts]
    assert homes[0] & homes[1] <= {None}
    assert [len(part["images"]) for part in parts] in ([2, 4], [3, 3])  # of five images, two


def test_every_way_to_ask_gives_the_same_bytes(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COCOSURGEON_CACHE", str(tmp_path / "cache"))
    shutil.copyfile(SAMPLE, tmp_path / "in.json")
    how = ("--ratios", "0.7,0.2,0.1", "--parts", "a,b,c", "--seed", 3, "--stratify")
    done = cli("split", "in.json", *how, "--recipe", "--json")
    names = [f"in_{part}{end}" for part in "abc" for end in (".json", ".recipe.json")]
    assert json.loads(done.out)["output"] == names
    asked: dict[str, Any] = {"ratios": (0.7, 0.2, 0.1), "parts": ("a", "b", "c"), "seed": 3}
    in_python = split(read(tmp_path / "in.json"), **asked, stratify=True)
    for part in "abc":
        made = (tmp_path / f"in_{part}.json").read_bytes()
        assert b"".join(in_python[part].text()) == made
        assert cli("subset", "in.json", "--part", part, *how, "-o", f"{part}.json").code == 0
        assert (tmp_path / f"{part}.json").read_bytes() == made
        recipe = f"in_{part}.recipe.json"
        assert cli("apply", recipe, "in.json", "-o", "again.json", "--force").code == 0
        assert (tmp_path / "again.json").read_bytes() == made
        args = (f"in_{part}.json", "--source", "in.json", "--recipe", recipe)
        assert cli("verify", *args).code == 0
    path = ann_file(tmp_path / "in.json", part="b", **asked, stratify=True)
    assert Path(path).read_bytes() == (tmp_path / "b.json").read_bytes()
    again = cli("split", "in.json", *how)
    assert (again.code, again.err.count("unchanged")) == (0, 3 + 1)  # and the category list


def test_a_step_names_itself_and_knows_its_parts() -> None:
    step = Part("val", ratios=(0.8, 0.2), stratify=True)
    assert repr(step) == "Part('val', ratios=[0.8, 0.2], stratify=True)"
    assert step.words() == "val-of-0.8-0.2-seed0-stratified"
    assert Part("fold1_val", folds=2).words() == "fold1_val-of-2folds-seed0"
    assert Part("val", group_by="scene").words() is None
    whole = read(SAMPLE)
    assert Plan(Part("val")).apply(whole).img_ids == split(whole)["val"].img_ids
    earlier = Part("val", against=(("val", (52154, "x", 1.5)),))
    again = Recipe.from_json(Recipe.of(Plan(earlier), whole).to_json(), "r.json")
    assert again.plan == Plan(earlier)


def test_more_than_three_parts_have_numbers() -> None:
    assert list(split(read(SAMPLE), [0.25] * 4)) == ["part1", "part2", "part3", "part4"]
    assert list(split(read(SAMPLE), folds=2)) == [
        *("fold0_train", "fold0_val", "fold1_train", "fold1_val"),
    ]


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("--ratios", "0.8,0.3"), "add up to 1.1"),
        (("--ratios", "1"), "with a sum of 1"),
        (("--ratios", "nan,0.2"), "with a sum of 1"),
        (("--ratios", "inf,0.2"), "with a sum of 1"),
        (("--ratios", "a,b"), "expected a number, not 'a'"),
        (("--ratios", "0.8,0.2", "--sizes", "1,rest"), "give only one of"),
        (("--sizes", "rest,rest"), "not sizes of several parts: rest, rest"),
        (("--sizes", "100,x"), "expected a whole number, not 'x'"),
        (("--sizes", "100,20"), "the sizes add up to 120; the file has 128 images"),
        (("--sizes", "200,rest"), "the sizes add up to 200"),
        (("--folds", "1"), "expected 2 or more, not 1"),
        (("--folds", "500"), "500 folds of 128 images"),
        (("--folds", "3", "--parts", "a,b,c"), "fixed names"),
        (("--folds", "3", "--against", "val=old.json"), "folds cannot keep images of an earlier"),
        (("--parts", "a,b,c"), "as many ratios or sizes as parts"),
        (("--parts", "a,a"), "two parts are named"),
        (("--parts", "a,../b"), "cannot name a part"),
        (("--group-by", "(a"), "neither a key nor a regular expression"),
        (("--group-by", "(a)(b)"), "2 groups"),
        (("--group-by", "scene"), "no record of 'images' has 'scene'"),
        (("--group-by", "^[a-z]+_"), "one group in parentheses"),
        (("--group-by", "^(x)"), "no file_name matches"),
        (("--against", "vall=old.json"), "did you mean 'val'?"),
        (("--against", "old.json"), "expected PART=FILE"),
        (("--against", "val=old.json"), "old.json"),
        (("--seed", "1", "--seed", "2"), "given twice"),
    ],
)
def test_what_cannot_be_is_an_error(args: tuple[str, ...], says: str, cli: Cli) -> None:
    done = cli("split", SAMPLE, *args, "--out-dir", ".")
    assert (done.code, done.out) == (2, "")
    assert says in done.err


def test_a_part_is_not_named_as_the_recipe_of_another(cli: Cli) -> None:
    parts = ("--parts", "train,train.recipe", "--recipe", "-o", ".")
    done = cli("split", SAMPLE, *parts)
    assert (done.code, done.out) == (2, "")
    assert "have the same path: instances_sample2017_train.recipe.json" in done.err
    assert cli("split", SAMPLE, *parts[:2], "-o", ".", "--quiet").code == 0


def test_parts_do_not_go_to_standard_output(cli: Cli) -> None:
    done = cli("split", SAMPLE, "-o", "-")
    assert (done.code, done.out) == (2, "")
    assert "several files cannot go to standard output" in done.err


def test_the_folder_of_the_parts_is_made_and_goes_with_a_failure(cli: Cli, tmp_path: Path) -> None:
    done = cli("split", SAMPLE, "-o", tmp_path / "parts", "--parts", f"train,{'x' * 300}")
    assert done.code == 2 and "too long" in done.err
    assert not (tmp_path / "parts").exists()
    assert cli("split", SAMPLE, "-o", tmp_path / "parts", "--quiet").code == 0
    assert len(list((tmp_path / "parts").iterdir())) == 2
    done = cli("split", SAMPLE, "-o", tmp_path / "parts/instances_sample2017_val.json")
    assert done.code == 2 and "File exists" in done.err


def test_a_seed_is_a_whole_number() -> None:
    whole = read(SAMPLE)
    for wrong in (1.5, "a"):
        with pytest.raises(RequestError, match="whole number"):
            split(whole, seed=wrong)  # type: ignore[arg-type]


def test_no_part_of_that_name(cli: Cli) -> None:
    done = cli("subset", SAMPLE, "--part", "vall", "--ratios", "0.8,0.2")
    assert done.code == 2
    assert "did you mean 'val'?" in done.err


def test_results_are_cut_by_match(put: Put, cli: Cli) -> None:
    put([{"image_id": 1, "category_id": 1, "bbox": [0, 0, 1, 1], "score": 1.0}], "in.json")
    done = cli("split", "in.json")
    assert done.code == 2
    assert "--match PART" in done.err


def test_all_parts_appear_or_none(cli: Cli, tmp_path: Path) -> None:
    shutil.copyfile(SAMPLE, tmp_path / "in.json")
    (tmp_path / "in_val.json").write_text("mine")
    done = cli("split", "in.json", "--recipe")
    assert (done.code, done.out) == (2, "")
    assert "the output exists" in done.err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.json", "in_val.json"]
    assert (tmp_path / "in_val.json").read_text() == "mine"
    assert cli("split", "in.json", "--force", "-q").out == "in_train.json\nin_val.json\n"
    assert cli("split", "in.json", "--out-dir", "none/deep").code == 2
    looked = cli("split", "in.json", "--out-dir", "none", "--dry-run")
    assert "would write\nnone/in_train.json\nnone/in_val.json\n" in looked.out
    source = (tmp_path / "in.json").read_bytes()
    clash = cli(
        "split", "in.json", "--parts", "train,val", "--against", "val=in_val.json", "--force"
    )
    assert (clash.code, "is the source itself" in clash.err) == (2, True)
    assert (tmp_path / "in.json").read_bytes() == source


def test_streams_and_gzip(cli: Cli, tmp_path: Path) -> None:
    assert cli("split", "-", "-q", stdin=SAMPLE.read_bytes()).out == "train.json\nval.json\n"
    (tmp_path / "in.json.gz").write_bytes(gzip.compress(SAMPLE.read_bytes()))
    assert cli("split", "in.json.gz", "-q").out == "in_train.json.gz\nin_val.json.gz\n"
    unpacked = gzip.decompress((tmp_path / "in_val.json.gz").read_bytes())
    assert unpacked == (tmp_path / "val.json").read_bytes()


# ---- groups


def test_groups_stay_whole_and_are_counted(put: Put, cli: Cli) -> None:
    images = [{"id": n, "file_name": f"scene{n // 5}/{n}.jpg"} for n in range(40)]
    images += [{"id": 50, "file_name": "alone.jpg"}, {"id": 51, "file_name": None}]
    put(file_of(images, {n: [1 + n % 3] for n in range(40)}), "in.json")
    done = cli("split", "in.json", "--group-by", "^(scene[0-9]+)/", "--json")
    assert done.code == 0
    report = json.loads(done.out)
    sizes = [part["images"] for part in report["parts"].values()]
    assert sizes in ([35, 7], [34, 8], [32, 10])  # 33.6 and 8.4 are wanted
    assert sum(part["groups"] for part in report["parts"].values()) == 10
    notes = report["summaries"]["train"]["notes"]
    assert notes == [
        "8 groups by ^(scene[0-9]+)/",
        "2 images without a group: each is its own group",
    ]


def test_groups_keep_the_shares_of_classes(put: Put) -> None:
    """Each class is in few groups, as in scikit-learn's StratifiedGroupKFold."""
    rng = random.Random(1)
    images: list[dict[str, Any]] = []
    objects: dict[int, list[int]] = {}
    for scene in range(60):
        usual = rng.sample((1, 2, 3), 2)
        for _ in range(rng.randint(1, 12)):
            n = len(images)
            images.append({"id": n, "file_name": f"{n}.jpg", "scene": scene})
            objects[n] = [rng.choice(usual) for _ in range(rng.randint(0, 4))]
    whole = read(put(file_of(images, objects), "in.json"))
    for folds in (2, 5):
        parts = split(whole, folds=folds, stratify=True, group_by="scene")
        for name, part in parts.items():
            if name.endswith("_val"):
                assert abs(len(part.img_ids) / len(images) - 1 / folds) < 0.02
                counts = Counter(parsed_classes(part))
                for cat_id, total in Counter(parsed_classes(whole)).items():
                    assert abs(counts[cat_id] / total - 1 / folds) < 0.04


def parsed_classes(dataset: Dataset) -> list[int]:
    return [a["category_id"] for a in parsed(dataset)["annotations"]]


def test_file_names_in_several_parts_are_a_warning(put: Put, cli: Cli) -> None:
    images = [{"id": n, "file_name": f"{n % 5}.jpg"} for n in range(10)]
    put(file_of(images, {}), "in.json")
    done = cli("split", "in.json", "--ratios", "0.5,0.5", "-q")
    assert "file names in several parts" in done.err
    done = cli(
        "split", "in.json", "--ratios", "0.5,0.5", "--group-by", "file_name", "--force", "-q"
    )
    assert (done.code, done.err) == (0, "")


# ---- an earlier split


@pytest.fixture
def grown(put: Put, cli: Cli) -> list[int]:
    """old_train.json and old_val.json of ten images, and new.json with thirty more, shuffled."""
    images = [{"id": n, "file_name": f"{n // 2}_{n}.jpg"} for n in range(40)]
    objects = {n: [1 + n % 3] for n in range(40)}
    put(file_of(images[:10], {n: objects[n] for n in range(10)}), "old.json")
    random.Random(0).shuffle(images)
    put(file_of(images, objects), "new.json")
    assert cli("split", "old.json").code == 0
    return list(range(40))


AGAINST = ("--against", "train=old_train.json", "--against", "val=old_val.json")


def ids_of(path: Path) -> set[int]:
    return {image["id"] for image in json.loads(path.read_bytes())["images"]}


@pytest.mark.parametrize("more", [(), ("--stratify",), ("--group-by", "^([0-9]+)_")])
def test_images_of_an_earlier_split_stay(
    grown: list[int], more: tuple[str, ...], cli: Cli, tmp_path: Path
) -> None:
    done = cli("split", "new.json", *AGAINST, *more, "--recipe")
    assert "10 images of an earlier split, 30 new" in done.err
    train, val = ids_of(tmp_path / "new_train.json"), ids_of(tmp_path / "new_val.json")
    assert train | val == set(grown)
    assert not train & val
    assert ids_of(tmp_path / "old_train.json") <= train
    assert ids_of(tmp_path / "old_val.json") <= val
    if not more or more[0] == "--stratify":
        assert len(val) == 8
    else:  # new images of an old group go where the group is
        torn = {n // 2 for n in train} & {n // 2 for n in val}
        assert torn <= {n // 2 for n in range(10)}
    for part in ("train", "val"):
        args = ("--source", "new.json", "--recipe", f"new_{part}.recipe.json")
        assert cli("verify", f"new_{part}.json", *args).code == 0


def test_an_earlier_part_that_is_larger_than_its_share_keeps_its_images(
    grown: list[int], cli: Cli, tmp_path: Path
) -> None:
    done = cli("split", "new.json", "--sizes", "rest,2,10", "--against", "val=old_train.json")
    assert "val: 8 images, not 2: earlier ones stay" in done.err
    sizes = [len(ids_of(tmp_path / f"new_{part}.json")) for part in ("train", "val", "test")]
    assert sizes[1] == 8
    assert sum(sizes) == 40


def test_earlier_parts_that_do_not_fit_are_errors(
    grown: list[int], put: Put, cli: Cli, tmp_path: Path
) -> None:
    both = ("--against", "train=old.json", "--against", "val=old_val.json")
    assert "is in two earlier parts, train and val" in cli("split", "new.json", *both).err
    images = [{"id": n + 1, "file_name": f"{n // 2}_{n}.jpg"} for n in range(10)]
    put(file_of(images, {}), "other.json")
    done = cli("split", "new.json", "--against", "val=other.json")
    assert done.code == 2
    assert "ids mean other images in an earlier part, 10 of 10 ids: 1 ('0_1.jpg', there" in done.err
    images = [{"id": n, "file_name": f"dir/{n // 2}_{n}.jpg"} for n in (1, 2, 77)]
    put(file_of(images, {}), "other.json")
    done = cli("split", "new.json", "--against", "val=other.json")
    assert done.code == 0
    assert "1 of 3 images of other.json is not in the file" in done.err
    put(file_of([{"id": 77, "file_name": "far.jpg"}], {}), "far.json")
    done = cli("split", "new.json", "--against", "val=far.json", "--force", "--quiet")
    assert "warning: 1 of 1 image of far.json is not in the file: --against keeps none" in done.err
    whole = read(tmp_path / "new.json")
    parts = split(whole, against={"val": read(tmp_path / "other.json")})
    assert {1, 2} <= set(parts["val"].img_ids)
    with pytest.raises(RequestError, match="no part is named"):
        split(whole, against={"test": whole})


# ---- flows


def test_split_then_configs_for_both_parts_then_verify_both(cli: Cli, tmp_path: Path) -> None:
    root = SAMPLE.parents[1]
    shutil.copytree(root, tmp_path / "data", ignore=shutil.ignore_patterns("*.py"))
    source = f"data/annotations/{SAMPLE.name}"
    done = cli("split", source, "--stratify", "--recipe", "-q")
    train, train_recipe, val, val_recipe = done.out.split()
    configs = {}
    for part, use in ((train, "train"), (val, "val")):
        made = cli("snippet", part, "--for", "mmdet3", "--split", use, "-q")
        assert made.code == 0
        compile(made.out, "config.py", "exec")
        configs[use] = made.out
        assert Path(part).name in made.out
    assert "sample2017" in configs["train"]
    for part, recipe in ((train, train_recipe), (val, val_recipe)):
        done = cli("verify", part, "--source", source, "--recipe", recipe)
        assert done.code == 0, done.out + done.err


def test_a_dataset_grows_and_validation_images_stay(
    grown: list[int], cli: Cli, tmp_path: Path
) -> None:
    """Again and again: the second time against the parts of the first."""
    assert cli("split", "new.json", *AGAINST, "--stratify", "-q").code == 0
    doc = json.loads((tmp_path / "new.json").read_bytes())
    doc["images"] += [{"id": n, "file_name": f"{n}.jpg"} for n in range(100, 120)]
    (tmp_path / "newer.json").write_text(json.dumps(doc))
    again = ("--against", "train=new_train.json", "--against", "val=new_val.json")
    assert cli("split", "newer.json", *again, "-q").code == 0
    val = ids_of(tmp_path / "newer_val.json")
    assert ids_of(tmp_path / "old_val.json") < ids_of(tmp_path / "new_val.json") < val
    assert not val & ids_of(tmp_path / "newer_train.json")
    assert len(val) == 12


def test_a_config_names_earlier_parts(
    grown: list[int], cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COCOSURGEON_CACHE", str(tmp_path / "cache"))
    assert cli("split", "new.json", *AGAINST, "-q").code == 0
    earlier = {part: str(tmp_path / f"old_{part}.json") for part in ("train", "val")}
    path = ann_file(tmp_path / "new.json", part="val", against=earlier)
    assert Path(path).read_bytes() == (tmp_path / "new_val.json").read_bytes()
    with pytest.raises(RequestError, match="no part is named"):
        ann_file(tmp_path / "new.json", part="val", against={"tset": earlier["val"]})
