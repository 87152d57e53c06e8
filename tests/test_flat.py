"""Categories without groups (``--flat``), and labels that a cut shifts in RF-DETR."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli
from test_laws import opened, text_of
from test_loaders import VEHICLES, ann, doc, image

from cocosurgeon import Flat, Plan, Recipe, Rename, RequestError, read
from cocosurgeon.config import ann_file
from cocosurgeon.loaders import load, rfdetr
from cocosurgeon.probe.record import Recorder
from cocosurgeon.steps.categories.like import Like

Put = Callable[..., Path]
NAME = "_annotations.coco.json"


def full(**changes: Any) -> dict[str, Any]:
    """Three images: a car and a bus, a vehicle, nothing; categories in another order than ids."""
    objects = [ann(1, category_id=2), ann(2, category_id=3), ann(3, image_id=2, category_id=1)]
    images = [image(1), image(2), image(3)]
    return doc(*objects, images=images, categories=VEHICLES) | changes


def labels(path: Path) -> dict[Any, int]:
    return dict(load("rfdetr", json.loads(path.read_bytes())).cat2label)


# ---- the step


@pytest.mark.parametrize("how", [{}, {"indent": 2}, {"separators": (",", ":")}], ids=str)
def test_only_supercategories_change(how: dict[str, Any]) -> None:
    odd: list[dict[str, Any]] = [
        *VEHICLES,
        {"supercategory": "é", "id": 4, "name": "supercategory"},
        {"id": 5, "name": "without"},
        {"id": 6, "name": "null", "supercategory": None},
        {"id": 6, "name": "twice", "supercategory": ["a", {"supercategory": 1}], "more": [1.50]},
        {"name": "no id", "supercategory": ""},
    ]
    document = full(categories=odd)
    flat = [c | {"supercategory": "none"} if "supercategory" in c else c for c in odd]
    for ascii_only in (True, False):
        text = json.dumps(document, ensure_ascii=ascii_only, **how).encode()
        result = text_of(Flat().apply(opened(text)))
        expected = json.dumps(document | {"categories": flat}, ensure_ascii=ascii_only, **how)
        assert result == expected.encode()
        assert text_of(Flat().apply(opened(result))) == result


def test_the_last_of_two_keys_counts() -> None:
    text = json.dumps(full(categories=[{"id": 1, "name": "a"}])).encode()
    twice = text.replace(b'"name": "a"', b'"supercategory": "x", "supercategory" : "y"')
    assert text_of(Flat().apply(opened(twice))) == twice.replace(b': "y"', b': "none"')


def test_it_goes_with_other_steps() -> None:
    whole = opened(json.dumps(full()).encode())
    both = Plan(Rename("car", "auto"), Flat()), Plan(Flat(), Rename("car", "auto"))
    one, other = (text_of(plan.apply(whole)) for plan in both)
    assert one == other
    assert {c["supercategory"] for c in json.loads(one)["categories"]} == {"none"}
    more = [*VEHICLES, {"id": 9, "name": "bike", "supercategory": "vehicle"}]
    like = Like.of(opened(json.dumps(full(categories=more)).encode()))
    found = json.loads(text_of(Plan(like, Flat()).apply(whole)))["categories"]
    assert found[-1] == {"id": 9, "name": "bike", "supercategory": "none"}


def test_a_file_without_a_list_is_refused(put: Put) -> None:
    documents: list[Any] = [full(categories=[]), {"images": [], "annotations": []}, []]
    for document in documents:
        with pytest.raises(RequestError, match="has no category list"):
            Flat().apply(read(put(document)))


def test_every_way_to_ask_gives_the_same_bytes(
    put: Put, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COCOSURGEON_CACHE", str(tmp_path / "cache"))
    source = put(full())
    done = cli("remap", "in.json", "--flat", "--recipe", "r.json")
    assert (done.code, done.out) == (0, "in_flat.json\n")
    assert 'categories whose supercategory becomes "none": 2 of 3' in done.err
    made = (tmp_path / "in_flat.json").read_bytes()
    assert cli("apply", "r.json", "-o", "again.json").code == 0
    assert (tmp_path / "again.json").read_bytes() == made
    assert Path(ann_file(source, flat=True)).read_bytes() == made
    plan = Plan(Flat())
    assert repr(Recipe.from_json(Recipe.of(plan, read(source)).to_json(), "r").plan) == repr(plan)
    proven = cli("verify", "in_flat.json", "--source", "in.json", "--recipe", "r.json")
    assert proven.code == 0, proven.out
    assert "byte for byte" in proven.out
    changed = cli("verify", "in_flat.json", "--source", "in.json")
    assert changed.code == 1
    assert "category-changed" in changed.out


# ---- the shift


def test_verify_reports_the_shift_and_flat_undoes_it(put: Put, cli: Cli, tmp_path: Path) -> None:
    put(full(), "full.json")
    assert cli("subset", "full.json", "--first", "1", "-o", "part.json").code == 0
    args = "verify", "part.json", "--source", "full.json", "--loader", "rfdetr", "--json"
    found = {f["code"]: f for f in json.loads(cli(*args).out)["findings"]}
    assert {code for code, f in found.items() if f["severity"] == "error"} == {
        "classes",
        "label-shift",
    }
    assert found["label-shift"]["details"] == [
        "rfdetr: image 1, annotation 1: label 0 (car), in the source 1 (car)",
        "rfdetr: image 1, annotation 2: label 1 (bus), in the source 2 (bus)",
    ]
    for part in (
        "1 'vehicle'",
        "subset SOURCE ... --flat",
        "Neither dropping the",
        "placeholder",
    ):
        assert part in found["label-shift"]["next"] and part in found["classes"]["next"]
    assert cli("remap", "part.json", "--flat", "-o", "flat.json").code == 0
    assert labels(tmp_path / "flat.json") == labels(tmp_path / "full.json") == {1: 0, 2: 1, 3: 2}
    without = full(categories=[c for c in VEHICLES if c["name"] != "vehicle"])
    assert labels(put(without | {"annotations": []}, "without.json")) == {2: 0, 3: 1}
    for loader in ("mmdet3", "detectron2"):
        assert cli("verify", "part.json", "--source", "full.json", "--loader", loader).code == 0
    raw = cli(*args, "--option", "mode=coco")
    assert raw.code == 0, raw.out


def test_a_dump_of_the_same_loader_shows_the_shift_too(put: Put, cli: Cli) -> None:
    put(full(), "full.json")
    assert cli("subset", "full.json", "--first", "1", "-o", "part.json").code == 0
    assert cli("dump", "full.json", "--loader", "rfdetr", "-o", "full.jsonl").code == 0
    args = "verify", "part.json", "--loader", "rfdetr", "--against"
    shown = cli(*args, "full.jsonl", "--json")
    assert shown.code == 1
    [finding] = json.loads(shown.out)["findings"]
    assert finding["code"] == "label-shift"
    assert finding["details"] == [
        "rfdetr: image 1, annotation 1: label 0 (car), in the dump 1 (car)",
        "rfdetr: image 1, annotation 2: label 1 (bus), in the dump 2 (bus)",
    ]
    assert "1 'vehicle'" in finding["next"] and "--flat --recipe RECIPE" in finding["next"]
    source = cli("verify", "part.json", "--loader", "rfdetr", "--source", "full.json", "--json")
    of_source = {f["code"]: f["next"] for f in json.loads(source.out)["findings"]}
    assert finding["next"] == of_source["label-shift"]
    assert cli("remap", "part.json", "--flat", "-o", "flat.json").code == 0
    assert cli("verify", "flat.json", *args[2:], "full.jsonl").code == 0


@pytest.mark.parametrize(
    ("dumped", "options"), [("rfdetr", ("--option", "mode=coco")), ("detectron2", ()), ("detr", ())]
)
def test_other_numberings_are_no_shift(
    dumped: str, options: tuple[str, ...], put: Put, cli: Cli
) -> None:
    put(full(), "full.json")
    assert cli("subset", "full.json", "--first", "1", "-o", "part.json").code == 0
    assert cli("dump", "full.json", "--loader", dumped, *options, "-o", "d.jsonl").code == 0
    shown = cli("verify", "part.json", "--loader", "rfdetr", "--against", "d.jsonl")
    assert shown.code == 0, shown.out
    assert "same class name, another label number: 2" in shown.out


def test_a_recorded_dump_shows_the_shift_without_advice(put: Put, cli: Cli, tmp_path: Path) -> None:
    put(full(), "full.json")
    assert cli("subset", "full.json", "--first", "1", "-o", "part.json").code == 0
    names = ["vehicle", "car", "bus"]
    known: dict[str, Any] = {
        "framework": "own",
        "loader": "rfdetr",
        "box_format": "xyxy",
        "classes": names,
    }
    with Recorder(tmp_path / "d.jsonl", **known) as recorder:
        recorder.record(1, [[10, 10, 30, 30]] * 2, [1, 2], 48, 64)
    shown = cli("verify", "part.json", "--loader", "rfdetr", "--against", "d.jsonl")
    assert shown.code == 1
    assert "label 0 (car), in the dump 1 (car)" in shown.out and "--flat" not in shown.out


def test_what_the_source_skips_has_to_go(put: Put, cli: Cli, tmp_path: Path) -> None:
    root = {"id": 0, "name": "all", "supercategory": "none"}
    categories = [root, *(c | {"supercategory": "all"} for c in VEHICLES[:2]), VEHICLES[2]]
    put(full(categories=categories), "full.json")
    assert cli("subset", "full.json", "--first", "1", "-o", "part.json").code == 0
    shown = cli("verify", "part.json", "--source", "full.json", "--loader", "rfdetr").out
    assert "--flat --map FILE --unmapped keep --recipe RECIPE`" in shown
    assert "FILE has the line `0,`." in shown
    put("0,\n", "map.csv")
    args = "--flat", "--map", "map.csv", "--unmapped", "keep", "--recipe", "r.json"
    done = cli("subset", "full.json", "--first", "1", *args, "-o", "flat.json")
    assert done.code == 0, done.err
    assert labels(tmp_path / "flat.json") == labels(tmp_path / "full.json") == {1: 0, 2: 1, 3: 2}
    proof = "--source", "full.json", "--recipe", "r.json", "--loader", "rfdetr"
    assert cli("verify", "flat.json", *proof).code == 0
    assert cli("subset", "full.json", "--first", "1", "--flat", "-o", "root.json").code == 0
    shown = cli("verify", "root.json", "--source", "full.json", "--loader", "rfdetr").out
    assert "FILE has the line `0,`." in shown


def test_the_advice_proves_to_be_right_and_is_printed_once(put: Put, cli: Cli) -> None:
    put(full(), "full.json")
    assert cli("subset", "full.json", "--first", "1", "-o", "part.json").code == 0
    shown = cli("verify", "part.json", "--source", "full.json", "--loader", "rfdetr").out
    assert shown.count("subset SOURCE ... --flat --recipe RECIPE") == 1
    args = "--first", "1", "--flat", "--recipe", "r.json"
    assert cli("subset", "full.json", *args, "-o", "flat.json").code == 0
    proof = "--source", "full.json", "--recipe", "r.json", "--loader", "rfdetr"
    proven = cli("verify", "flat.json", *proof)
    assert proven.code == 0, proven.out


def test_dropped_parents_get_the_advice(put: Put, cli: Cli) -> None:
    put(full(), "full.json")
    kept = [c for c in VEHICLES if c["name"] != "vehicle"]
    objects = full()["annotations"][:2]
    put(full(categories=kept, annotations=objects, images=[image(1)]), "part.json")
    shown = cli("verify", "part.json", "--source", "full.json", "--loader", "rfdetr").out
    assert "1 'vehicle'" in shown and "Neither dropping the parents" in shown


def test_each_file_has_the_labels_of_its_own_folder(cli: Cli, tmp_path: Path) -> None:
    for folder, images in (("whole", [1, 2]), ("part", [1])):
        objects = [a for a in full()["annotations"] if a["image_id"] in images]
        put_in(tmp_path / folder, "train", full(annotations=objects))
        put_in(tmp_path / folder, "valid", full(annotations=objects[:2], images=[image(1)]))
    one, other = (tmp_path / folder / "valid" / NAME for folder in ("part", "whole"))
    shown = cli("verify", one, "--source", other, "--loader", "rfdetr")
    assert shown.code == 1
    assert "image 1, annotation 1: label 0 (car), in the source 1 (car)" in shown.out
    plain = tmp_path / "plain.json"
    plain.write_text(json.dumps(full()))
    assert cli("verify", one, "--source", plain, "--loader", "rfdetr").code == 1
    assert cli("verify", other, "--source", plain, "--loader", "rfdetr").code == 0


def test_a_loader_without_modes_names_none(put: Put, cli: Cli) -> None:
    put(full(annotations=[ann(1, category_id=2, iscrowd=1), ann(2, category_id=3)]), "full.json")
    option = "--option", "train_file=full.json"
    shown = cli("verify", "full.json", "--loader", "rfdetr", *option)
    assert shown.code == 0
    assert "rfdetr test" not in shown.out and "test 3" not in shown.out
    assert "1.11.2: with train_file='full.json'" in shown.out
    assert "train with" in cli("verify", "full.json", "--loader", "mmdet3").out


def test_a_train_file_that_is_not_there_is_an_error(put: Put, cli: Cli) -> None:
    put(full(), "full.json")
    args = "--loader", "rfdetr", "--option", "train_file=none.json"
    for verb in (("verify", "full.json"), ("explain", "full.json", "--image", "1")):
        refused = cli(*verb, *args)
        assert refused.code == 2
        assert "in: none.json" in refused.err


def test_other_shifts_get_the_usual_advice(put: Put, cli: Cli) -> None:
    flat = [c | {"supercategory": "none"} for c in VEHICLES]
    put(full(categories=flat), "full.json")
    put(full(categories=flat[::2], annotations=[ann(1, category_id=2)]), "part.json")
    shown = cli("verify", "part.json", "--source", "full.json", "--loader", "rfdetr").out
    assert "label-shift" in shown and "--flat" not in shown and "remap --check" in shown


# ---- the warning of subset


def put_in(folder: Path, split: str, document: object) -> Path:
    path = folder / split / NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))
    return path


@pytest.mark.parametrize("split", ["valid", "test"])
def test_a_cut_with_the_labels_of_train_does_not_warn(split: str, cli: Cli, tmp_path: Path) -> None:
    put_in(tmp_path, "train", full())
    path = put_in(tmp_path, split, full())
    done = cli("subset", path, "--first", "1", "-o", path.with_name("cut.json"), "--quiet")
    assert (done.code, done.err) == (0, "")
    args = "--loader", "rfdetr", "--select", "category-parent"
    cut = put_in(tmp_path, split, full(annotations=[ann(1, category_id=2)]))
    assert "category-parent" not in cli("lint", cut, *args).out
    assert (
        "category-parent"
        in cli("lint", put_in(tmp_path, "train", json.loads(cut.read_text())), *args).out
    )


def test_dropping_the_parents_warns(put: Put, cli: Cli, tmp_path: Path) -> None:
    path = put_in(tmp_path, "train", full())
    put("1,\n", "map.csv")
    args = "--map", "map.csv", "--unmapped", "keep", "-o", "part.json", "--quiet"
    warned = cli("subset", path, "--first", "1", *args)
    assert warned.code == 0
    assert "labels of 2 categories shift" in warned.err and "1 'vehicle'" in warned.err


@pytest.mark.parametrize("split", ["train", "valid", "test"])
def test_a_cut_of_a_folder_of_splits_warns(split: str, cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / split / NAME
    path.parent.mkdir()
    path.write_text(json.dumps(full()))
    plain = path.with_name("full.json")
    plain.write_text(json.dumps(full()))
    warned = cli("subset", path, "--first", "1", "-o", "part.json", "--quiet")
    assert warned.code == 0
    assert warned.err.startswith("cocosurgeon: warning: labels of 2 categories shift where rfdetr ")
    assert "1 'vehicle'" in warned.err and "--flat" in warned.err
    fields = json.loads(cli("subset", path, "--first", "1", "-o", "a.json", "--json").out)
    assert [fields["warnings"]] == [fields["shifted"]]
    dry = cli("subset", path, "--first", "1", "--dry-run", "--json")
    assert json.loads(dry.out)["warnings"] == fields["warnings"]
    into = tmp_path / "small" / split / NAME
    into.parent.mkdir(parents=True)
    assert "rfdetr" in cli("subset", plain, "--first", "1", "-o", into, "--quiet").err
    for args in (
        (path, "--first", "2"),
        (path, "--first", "1", "--flat"),
        (path, "--first", "1", "--start", "5"),
        (plain, "--first", "1"),
    ):
        done = cli("subset", *args, "-o", "b.json", "--quiet", "-f")
        assert (done.code, done.err) == (0, ""), args


def test_a_file_that_cannot_be_numbered_gets_no_warning(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "train" / NAME
    path.parent.mkdir()
    for categories in ([{"name": "a"}], [{"id": None, "name": "a"}], []):
        path.write_text(json.dumps(full(categories=categories)))
        done = cli("subset", path, "--first", "1", "-o", "b.json", "--quiet", "-f")
        assert (done.code, done.err) == (0, "")


def test_labels_by_use_are_those_of_the_loader() -> None:
    numbering = rfdetr.LOADER.numbering_by_use
    assert numbering is not None
    for used in ([1, 2, 3], [2, 3], ["3", 2.0], []):
        objects = [ann(n, category_id=i) for n, i in enumerate(used) if i != "3"]
        objects += [ann(9, image_id=9, category_id="3")] if "3" in used else []
        view = load("rfdetr", full(annotations=objects))
        assert numbering.labels(VEHICLES, used, "") == view.cat2label  # type: ignore[arg-type]
