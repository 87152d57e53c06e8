"""What a Python user expects: collections, notebooks, advice in errors."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, SAMPLE, Cli

import cocosurgeon
from cocosurgeon import (
    AnnotationWhere,
    Classes,
    Dataset,
    DropUnused,
    Empty,
    First,
    InCategory,
    MergeWith,
    Plan,
    RequestError,
    ToSpace,
    check_categories,
    compare_spaces,
    convert_to,
    find_space,
    head_rows,
    read,
    show_panels,
    summarize,
    trace_plan,
    write,
)
from cocosurgeon.config import ann_file
from cocosurgeon.diff.run import diff
from cocosurgeon.errors import CocosurgeonError, in_python
from cocosurgeon.findings.finding import Finding
from cocosurgeon.lint.run import lint
from cocosurgeon.steps.registry import options
from cocosurgeon.verify.verification import Verification

DETECTIONS = SAMPLE.parents[1] / "detections_sample2017.json"


def test_a_dataset_is_a_collection_of_images_with_annotations() -> None:
    plain = json.loads(SAMPLE.read_bytes())
    full = read(SAMPLE)
    assert len(full) == len(plain["images"]) == len(list(full))
    of_image: dict[int, list[Any]] = {}
    for each in plain["annotations"]:
        of_image.setdefault(each["image_id"], []).append(each)
    for place, (image, found) in enumerate(full):
        assert image == plain["images"][place]
        assert found == of_image.get(image["id"], [])
    assert full[3] == list(full)[3]
    assert full[-1].image == plain["images"][-1]
    assert b"".join(full[2:9:3].text()) == b"".join(
        full.keep(cocosurgeon.Ids([i for i in full.img_ids[2:9:3] if i is not None])).text()
    )
    with pytest.raises(IndexError):
        full[128]
    with pytest.raises(RequestError, match="order of the file"):
        full[::-1]
    assert not full[:0] and len(full[:0]) == 0


def test_items_are_what_steps_made_of_them() -> None:
    full = read(SAMPLE)
    kept = Plan(~Empty(), First(5), ToSpace("mmdet80")).apply(full)
    before = {each["id"]: each for _, found in full for each in found}
    changed = [each for _, found in kept for each in found]
    assert {each["id"] for each in changed} == set(kept.ann_ids)
    assert changed[0]["category_id"] == 62 != before[changed[0]["id"]]["category_id"]


def test_items_of_results_and_of_repeated_ids(tmp_path: Path) -> None:
    detections = read(DETECTIONS)
    plain = json.loads(DETECTIONS.read_bytes())
    image, found = detections[0]
    assert image == {"id": plain[0]["image_id"]}
    assert found == [each for each in plain if each["image_id"] == image["id"]]
    path = tmp_path / "in.json"
    images = [{"id": 1, "file_name": "a"}, {"id": 2}, {"id": 1, "file_name": "b"}]
    path.write_text(json.dumps({"images": images, "annotations": [{"id": 1, "image_id": 1}]}))
    assert [each.image for each in read(path)] == [images[2], images[1]]
    path.write_text(json.dumps({"images": images}))
    assert [each.annotations for each in read(path)] == [[], []]


def test_notebooks_show_tables() -> None:
    full = read(SAMPLE)
    plan = Plan(First(10), ToSpace("mmdet80"))
    trace = trace_plan(plan, full)
    shown: list[tuple[Any, str]] = [
        (plan, "First(10)"),
        (trace, "<td>10</td><td>51</td>"),
        (summarize(trace.result), "<td>128</td><td>10</td><td>118</td>"),
        (lint(SAMPLE), "box-beyond"),
        (Finding("label-shift", "<b>"), "label-shift"),
    ]
    for value, part in shown:
        html = value._repr_html_()
        assert part in html and "<table>" in html
        assert "<b>" not in html
    verified = Verification("a.json", findings=(Finding("label-shift", "shifted"),))
    assert "<b>failed</b> a.json" in verified._repr_html_()
    assert "no findings" in Verification("a.json")._repr_html_()


def test_results_print_as_their_lines(tmp_path: Path) -> None:
    full = read(SAMPLE)
    kept = full.keep(AnnotationWhere("id < 0"))
    trace = trace_plan(Plan(First(100), ToSpace("mmdet80")), full)
    gaps = Plan(First(3), DropUnused(), ToSpace("mmdet80", "coco91")).apply(full)
    other = exchange_ids(tmp_path)
    check = check_categories(full, other)
    made = convert_to(full.first(20), "yolo", tmp_path / "tree", allow_loss=True)
    shown = [
        (trace, "First(100)"),
        (summarize(trace.result), "images       100 of 128 kept"),
        (summarize(kept), 'where="id < 0" holds for none'),
        (summarize(gaps), "sort the list by id"),
        (check, "category-name"),
        (check.findings, "category-name"),
        (diff(full, other), "categories"),
        (made, "lost: 3 crowds: written as ordinary objects"),
        (head_rows("mmdet80", "detr91"), "head of mmdet80 -> detr91: 80 of 91 rows filled"),
        (compare_spaces("mmdet80", "detr91"), "agree for 0 of the 80 classes"),
    ]
    for value, part in shown:
        text = f"{value!r}\n{value}"
        assert text.count(part) >= 2 and "--json" not in text, text
        assert not re.search(r" --[a-z]", re.sub("`[^`]*`", "", text)), text
        assert max(map(len, text.splitlines())) < 300
        assert "<pre>" in value._repr_html_() or "<table>" in value._repr_html_()


def exchange_ids(folder: Path) -> Dataset:
    """Return the sample with the ids of two categories exchanged in the list."""
    plain = json.loads(SAMPLE.read_bytes())
    first, second, *_ = plain["categories"]
    first["id"], second["id"] = second["id"], first["id"]
    path = folder / "exchanged.json"
    path.write_text(json.dumps(plain))
    return read(path)


def test_errors_in_python_advise_python(tmp_path: Path) -> None:
    full = read(SAMPLE)
    taken = tmp_path / "taken.json"
    taken.write_text("{}")
    with pytest.raises(CocosurgeonError) as refused:
        write(full, taken)
    assert str(refused.value).endswith("next: name another one, or replace it with force=True")
    assert "--force" in refused.value.for_terminal()
    with pytest.raises(CocosurgeonError) as refused:
        Plan(Classes(("dog",))).apply(full)
    assert 'unmapped="drop" drops them, unmapped="keep" keeps' in str(refused.value)
    with pytest.raises(CocosurgeonError) as refused:
        ToSpace("coco91", start=1).apply(full)
    assert str(refused.value).startswith("start renumbers") and "--" not in str(refused.value)
    assert refused.value.for_terminal().startswith("--start renumbers")


def test_each_option_of_a_step_is_a_keyword_of_it() -> None:
    for option in options().values():
        for each in option.modifiers:
            assert in_python(f"give --{each.name}") in (
                f"give {each.field}=...",
                f"give {each.field}=True",
            )
            assert in_python(f"give --{each.name}", {}).startswith(
                f"give {each.name.replace('-', '_')}"
            )


PUBLIC = {name: getattr(cocosurgeon, name) for name in cocosurgeon.__all__}


@pytest.mark.parametrize(
    ("form", "hints"),
    [
        (
            "python",
            (
                r"""on_duplicate="first" keeps .* use prefixes=\(\("out", "DIR/"\),\)""",
                """ids="offset" adds .* ids="renumber" changes""",
            ),
        ),
        (
            "config",
            ("""use merge_prefix="out=DIR/".""", """merge_ids="offset" .* merge_ids="renumber" """),
        ),
        ("subset", ("use --merge-prefix 'out=DIR/'", "--merge-ids offset .* --merge-ids renumber")),
        ("merge", ("use --prefix 'out=DIR/'", " --ids offset .* --ids renumber ")),
    ],
)
def test_advice_on_merges_works_in_each_form(
    form: str, hints: tuple[str, str], tmp_path: Path, cli: Cli
) -> None:
    other = tmp_path / "out.json"
    write(read(SAMPLE).first(3), other)
    path, into = str(other), ["-o", str(tmp_path / "merged.json")]

    def refusal(is_prefixed: bool) -> str:
        prefixes = (("out", "DIR/"),) if is_prefixed else ()
        if form == "python":
            with pytest.raises(RequestError) as refused:
                MergeWith(paths=(path,), prefixes=prefixes).apply(read(SAMPLE))
            return str(refused.value)
        if form == "config":
            more: Any = {"merge_prefix": "out=DIR/"} if is_prefixed else {}
            with pytest.raises(RequestError) as refused:
                ann_file(SAMPLE, cache=tmp_path, merge_with=path, **more)
            return str(refused.value)
        options = ["--prefix" if form == "merge" else "--merge-prefix", "out=DIR/"]
        command = ["merge", str(SAMPLE), path]
        if form == "subset":
            command = ["subset", str(SAMPLE), "--merge-with", path]
        return cli(*command, *(options if is_prefixed else ()), *into).err

    for is_prefixed, hint in zip((False, True), hints, strict=True):
        assert re.search(hint, refusal(is_prefixed)), form


@pytest.mark.parametrize(
    ("action", "advice"),
    [
        ('Rename("person", "car").apply(full)', "Merge('car', ['car', 'person'])"),
        ('Merge("car", ["person", "dog"]).apply(full)', "Merge('car', ['car', 'person', 'dog'])"),
        ('SortCategories(by="list")', 'Renumber(sort="list")'),
        ("Shift(-5).apply(full)", "Shift(-1) makes it 0"),
        ('Having("dog")', "Having(InCategory('dog'))"),
        ('full.keep("person")', "Having(InCategory('person'))"),
        ("full.keep(First(3))", "First(3).apply(dataset)"),
        ('Plan("first")', "First(100)"),
        ("Plan(First)", "write First(100)"),
        ("InCategory()", 'InCategory("dog", 17)'),
        ('ToSpace("nope")', "spaces() lists them"),
        ("read_recipe(SAMPLE)", "Recipe.of(plan, dataset).to_json()"),
        ("split(full, (0.5, 0.6))", "ratios=(0.8, 0.1, 0.1)"),
        ("split(full, sizes=(100,))", "sizes=(100, 'rest')"),
        ('split(full, against={"val": "x.json"})', "{'val': read('x.json')}"),
        ('Area(min="a")', "expected a number, not 'a'"),
        ("ImageWhere(3)", "expected an expression in quotes, not 3"),
        ("AnnotationWhere(None)", "expected an expression in quotes, not None"),
        ('Classes(["dog", 1])', "expected names of categories"),
        ('Merge("car", [1])', "expected names of categories"),
        ("Prefix(3)", "expected a string, not 3"),
        ('full.keep(ImageWhere("foo > 1"))', "the first record has 'license', 'file_name'"),
        ('full.keep(ImageWhere("area > 1"))', "use AnnotationWhere"),
        ('full.keep(AnnotationWhere("width > 3"))', "use ImageWhere"),
        ('show_panels(full, 289338, {"foo": {}})', "there are: mmdet3"),
        (
            'convert_to(full, "yolo", "/nowhere/t")',
            '; or drop the crowds: crowds="drop"',
        ),
        ("ann_file(SAMPLE, sample=10, stratify=1)", "next: write stratify=True"),
        ('ann_file(SAMPLE, sort="list")', "list goes with renumber=True"),
    ],
)
def test_advice_in_python_can_be_pasted(action: str, advice: str) -> None:
    with pytest.raises(CocosurgeonError) as refused:
        eval(action, {**PUBLIC, "full": read(SAMPLE), "SAMPLE": SAMPLE, "ann_file": ann_file})
    assert advice in str(refused.value) and "--" not in str(refused.value)


def test_values_that_python_users_try_first() -> None:
    assert InCategory(["dog", "cat"]) == InCategory("dog", "cat")
    agreement = compare_spaces("mmdet80", "detr91")
    assert agreement == compare_spaces(find_space("mmdet80"), find_space("detr91"))
    assert show_panels(read(SAMPLE), 289338, ["detr"]).img_ids == (289338,)


@pytest.mark.parametrize(
    ("hint", "expected"),
    [
        ("name a file with -o", "name a file"),
        ("name another output (-o)", "name another output"),
        (
            "if they are the same: --alias 'a b'='c'",
            'if they are the same: aliases=(("a b", "c"),)',
        ),
        ("add --base 0|1", "add base=0 or 1"),
        ("if not: --alias 'a b'=", 'if not: aliases=(("a b", ""),)'),
        ("say which: --from SPACE", 'say which: from_="SPACE"'),
        ("write --ids 1,2,3; or", "write ids=(1, 2, 3); or"),
        ("--shift -3 makes it 0", "shift=-3 makes it 0"),
        ("merge them first (--merge)", "merge them first (merge=...)"),
        ("`cocosurgeon remap FILE --sort id` does", "`cocosurgeon remap FILE --sort id` does"),
        ("write it without them: --allow-loss", "write it without them: allow_loss=True"),
        ("name one: --split train|val", 'name one: split="train|val"'),
        ("choose one: --keep a.b, or --keep c", 'choose one: keep="a.b", or keep="c"'),
        ("--where 'images: id > 1' or", 'where="images: id > 1" or'),
        ("use --ids renumber or --force", 'use ids="renumber" or force=True'),
    ],
)
def test_advice_in_python(hint: str, expected: str) -> None:
    assert in_python(hint) == expected


def test_the_notebook_has_no_outputs() -> None:
    """CI runs it; here its cells run one after the other."""
    notebook = json.loads((ROOT / "docs/tour.ipynb").read_bytes())
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert not any(cell["outputs"] or cell["execution_count"] for cell in cells)
    names: dict[str, Any] = {}
    for cell in cells:
        exec(cell["source"], names)
    assert len(names["full"]) == 128


def test_help_names_each_public_name_once() -> None:
    text = (cocosurgeon.__doc__ or "").partition("Public names")[2].partition("Combine")[0]
    named = re.findall(r"[:,]\s+(\w+)(?=[,;\n])", text)
    assert sorted(named) == sorted(cocosurgeon.__all__)
