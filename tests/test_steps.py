"""The table of steps: what is derived from an entry, and that every entry has a test and a page."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any, cast

import pytest
from conftest import ROOT, SAMPLE, Cli

import cocosurgeon
from cocosurgeon import CocosurgeonError, First, Like, Plan, Recipe, RequestError, Sample, read
from cocosurgeon.annfile.document import Records
from cocosurgeon.report.summary import summarize
from cocosurgeon.steps.from_config import plan_of_options, plan_of_steps
from cocosurgeon.steps.given import make_plan, parse
from cocosurgeon.steps.naming import slug
from cocosurgeon.steps.registry import (
    PANELS,
    Option,
    modifiers,
    modules,
    options,
    panel_of,
)

sys.path.insert(0, str(ROOT / "docs"))
import make_reference
import pictures

EVERY: list[Any] = [*options().values(), *modifiers().values()]


def _public() -> dict[str, object]:
    return {"Path": Path} | {name: getattr(cocosurgeon, name) for name in cocosurgeon.__all__}


def given(*pairs: tuple[str, str]) -> Plan:
    """The plan of options with their texts."""
    known = {each.name: each for each in EVERY}
    return make_plan(parse(known[name], text) for name, text in pairs)


@pytest.mark.parametrize("option", options().values(), ids=options())
def test_an_example_works_everywhere(option: Option) -> None:
    if not option.example and option.kind.metavar:
        pytest.skip("its value is a file, or it has no meaning in the sample data")
    whole = read(SAMPLE)
    drops = modifiers()["unmapped"] in option.modifiers
    plan = given((option.name, option.example), *([("unmapped", "drop")] if drops else []))
    values: dict[str, object] = {option.keyword: option.example if option.kind.metavar else True}
    values |= {"unmapped": "drop"} if drops else {}
    assert plan_of_options(values) == plan
    assert plan_of_steps([values]) == plan
    bound = plan.bind(whole)
    result = bound.apply(whole)
    again = Recipe.from_json(Recipe.of(bound, whole).to_json(), "r.json")
    assert again.plan == bound
    assert b"".join(again.apply(whole).text()) == b"".join(result.text())
    assert re.fullmatch(r"[\w.-]+", slug(bound), re.ASCII)


@pytest.mark.parametrize("each", EVERY, ids=lambda each: each.name)
def test_an_entry_has_a_test_a_page_and_a_help_text(each: Any) -> None:
    tests = [p for p in (ROOT / "tests").rglob("test_*.py") if p.name != Path(__file__).name]
    used = re.compile(rf"--{each.name}\b(?!-)")
    assert any(used.search(path.read_text()) for path in tests), (
        f"no test uses --{each.name}: write tests/test_{each.name.replace('-', '_')}.py "
        "(tests/test_license.py is an example)"
    )
    assert f"`--{each.name}" in make_reference.PAGE.read_text(), (
        "docs/steps.md is not up to date: run python docs/make_reference.py"
    )
    assert re.match(
        r"(Add|Change|Choose|Compare|Count|Cut|Draw|Drop|Give|Keep|Look|Make|Merge|Name|Number|Put|"
        r"Remove|Rename|Repair|Set|Skip|Sort|Store|Take|Treat) ",
        each.help,
    ), f"the help of --{each.name} begins with a verb"
    assert each.help.endswith(".")


def test_derived_files_are_up_to_date() -> None:
    for path, text in (
        (make_reference.PAGE, make_reference.page()),
        (make_reference.STUB, make_reference.stub()),
        (make_reference.API, make_reference.api_page()),
        (make_reference.FINDINGS, make_reference.findings_page()),
        *make_reference.code_pages().items(),
        *make_reference.command_pages().items(),
        *pictures.pictures().items(),
    ):
        assert path.read_text() == text, f"run python docs/make_reference.py: {path.name}"


def test_the_picture_of_mistakes_has_the_figures_of_the_page() -> None:
    page = (ROOT / "docs/mistakes.md").read_text()
    assert all(f"{score:.3f}" in page for score in pictures.MAP.values())


def test_each_public_name_has_an_example() -> None:
    named = re.findall(r"^### `(\w+)`$", make_reference.API.read_text(), re.MULTILINE)
    assert sorted([*named, "__version__"]) == sorted(cocosurgeon.__all__)


def test_each_example_prints_what_its_name_does() -> None:
    page = make_reference.API.read_text()
    assert page.count("\nPrints:\n") == page.count("\n### ")
    assert page.count(": 128 of 128 images, 585 of 585 annotations>") == 2  # read, MergeWith
    assert "<class " not in page
    assert "- `first(n, order='file')`: Keep the first n images.\n" in page
    assert "- `n`: number of images, or a share of the kept images: `10%`.\n" in page


def test_there_is_no_page_without_a_code_or_a_command() -> None:
    assert set(make_reference.PAGES.iterdir()) == set(make_reference.code_pages())
    assert set(make_reference.COMMANDS.iterdir()) == set(make_reference.command_pages())


@pytest.fixture
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that Python forms of options name, in the current folder."""
    whole = read(SAMPLE)
    monkeypatch.chdir(tmp_path)
    Path("other.json").write_bytes(b"".join(whole.first(9).text()))
    Path("ids.txt").write_text("".join(f"{i}\n" for i in whole.img_ids[:4]))
    Path("names.txt").write_text("\n".join(whole.images["file_name"][:4]))
    Path("map.csv").write_text("".join(f"{c.id},9{c.id}\n" for c in whole.categories))


@pytest.mark.usefixtures("_files")
def test_python_forms_make_what_the_options_make() -> None:
    whole = read(SAMPLE)
    files = {"merge-with": "other.json", "match": "other.json", "except": "other.json"}
    files |= {"like": "other.json", "map": "map.csv", "ids-file": "ids.txt"}
    files |= {"except-ids-file": "ids.txt", "file-names-file": "names.txt", "cascade": "captions"}
    for option, text in ((o, t) for o in options().values() for t in make_reference.texts(o)):
        made = eval(make_reference.in_python(option, text), _public())
        plan = given((option.name, text or files.get(option.name, "")))
        if option.name in ("classes", "merge-with", "cascade"):  # they fail on this file
            assert repr(Plan(made)) == repr(plan.bind(whole))
        else:
            result = Plan(made).apply(whole).text()
            assert b"".join(result) == b"".join(plan.bind(whole).apply(whole).text()), option.name


PAIRS = [(option, each) for option in options().values() for each in option.modifiers]


@pytest.mark.usefixtures("_files")
@pytest.mark.parametrize(
    ("option", "modifier"), PAIRS, ids=[f"{o.name}-{m.name}" for o, m in PAIRS]
)
def test_python_forms_of_two_options_make_what_both_make(option: Option, modifier: Any) -> None:
    form = make_reference.in_python(option, modifier=modifier)
    made = Plan(eval(form, _public()))
    pairs = make_reference.given_options(option, modifier=modifier)
    if modifier.name == "nested":  # it has no effect without the other
        pairs += [parse(modifiers()["stratify"], "")] * (option.name == "sample")
    assert _outcome(made) == _outcome(make_plan(pairs))


def _outcome(plan: Plan) -> object:
    """The text that a plan makes of the sample data; or its error, and the plan."""
    whole = read(SAMPLE)
    bound = plan.bind(whole)
    try:
        return b"".join(bound.apply(whole).text())
    except CocosurgeonError as error:
        return error.what, repr(bound)


def test_an_entry_is_found_by_its_file() -> None:
    assert {name.partition(".")[0] for name in modules()} == set(PANELS)
    assert panel_of(options()["license"]) == "images"
    assert panel_of(modifiers()["unmapped"]) == "categories"


# ---- values and modifiers


def test_zero_is_a_value() -> None:
    assert given(("first", "0")) == Plan(First(0))
    assert given(("sample", "3"), ("seed", "0")) == Plan(Sample(3, 0))
    [step] = given(("start", "0")).steps
    assert repr(step) == "Renumber()"
    assert step == given(("renumber", "")).steps[0]
    assert repr(given(("start", "1")).steps[0]) == "Renumber(start=1)"
    assert repr(given(("sort", "id"), ("start", "0")).steps[0]) == "Renumber(sort='id')"
    assert plan_of_options({"to": "mmdet80", "start": 0}).steps[0].start == 0  # type: ignore[attr-defined]


def test_sort_says_more_only_about_renumber_next_to_it() -> None:
    apart = given(("sort", "name"), ("to", "mmdet80"), ("renumber", ""))
    assert [type(step).__name__ for step in apart.steps] == [
        "SortCategories",
        "ToSpace",
        "Renumber",
    ]
    assert repr(given(("renumber", ""), ("sort", "name"))) == "Plan(Renumber(sort='name'))"
    assert repr(given(("sort", "name"), ("renumber", ""))) == "Plan(Renumber(sort='name'))"


def test_a_modifier_and_steps_that_are_repeated() -> None:
    plan = given(("first", "5"), ("first", "3"), ("order", "id"))
    assert plan == Plan(First(5, "id"), First(3, "id"))
    twice = given(("classes", "dog"), ("classes", "dog"), ("unmapped", "drop"), ("alias", "a=b"))
    assert [repr(step) for step in twice.steps] == [
        "Classes(['dog'], unmapped='drop', aliases=[('a', 'b')])"
    ] * 2
    for pairs in (
        [("from", "coco91"), ("to", "mmdet80"), ("to", "detr91")],
        [("start", "1"), ("to", "mmdet80"), ("renumber", "")],
    ):
        with pytest.raises(RequestError, match="applies to one step"):
            given(*pairs)


def test_sort_alone_sorts() -> None:
    assert repr(given(("sort", "id"))) == "Plan(SortCategories())"
    with pytest.raises(RequestError, match="cannot sort categories by 'list'"):
        given(("sort", "list"))


def test_steps_keep_their_order() -> None:
    plan = given(("to", "mmdet80"), ("first", "3"), ("rename", "dog=hound"), ("first", "2"))
    assert [type(step).__name__ for step in plan.steps] == ["ToSpace", "First", "Rename", "First"]


def test_an_option_given_twice_where_one_counts() -> None:
    with pytest.raises(RequestError, match="seed is given twice"):
        given(("sample", "1"), ("seed", "1"), ("seed", "2"))
    with pytest.raises(RequestError, match="start is given twice"):
        given(("renumber", ""), ("start", "1"), ("start", "2"))
    assert given(("ids", "1"), ("first", "1"), ("ids", "2")) == given(
        ("ids", "1,2"), ("first", "1")
    )


@pytest.mark.parametrize(
    ("pairs", "says"),
    [
        ([("order", "id")], "order has no effect without first, last or skip"),
        (
            [("seed", "1"), ("first", "1")],
            "seed has no effect without part, per_class or sample",
        ),
        ([("from", "coco91")], "from_ has no effect without to"),
        ([("unmapped", "drop")], "unmapped has no effect without"),
        ([("first", "x")], "first: expected a whole number, not 'x'"),
        ([("unmapped", "dorp"), ("to", "mmdet80")], "did you mean 'drop'"),
    ],
)
def test_options_that_make_no_sense(pairs: list[tuple[str, str]], says: str) -> None:
    with pytest.raises(RequestError) as caught:
        given(*pairs)
    assert says in str(caught.value)


@pytest.mark.parametrize("text", ["1 2", "1 2 3", "1\n2", "1,2 3"])
def test_ids_without_commas(text: str) -> None:
    with pytest.raises(RequestError) as caught:
        given(("ids", text))
    assert "commas" in str(caught.value)
    assert "--ids-file" in caught.value.for_terminal()


def test_a_step_that_no_recipe_can_hold(small: Any, put: Any) -> None:
    whole = read(put(small))
    with pytest.raises(RequestError, match="not a step or filter that a recipe can hold"):
        Recipe.of(given(("ids", "10")), whole)


# ---- on the command line


def test_empty_with_a_blank(cli: Cli, put: Any, small: Any) -> None:
    put(small)
    for args in (["--empty", "category:dog"], ["--empty=category:dog"]):
        for verb in ("subset", "empty-only"):
            done = cli(verb, "in.json", *args, "-o", "-", "--quiet")
            assert (done.code, done.out.count('"file_name"')) == (0, 3), done.err
    done = cli("subset", "--empty", "in.json", "-o", "-", "--quiet")
    assert (done.code, done.out.count('"file_name"')) == (0, 1)


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--empty", "bogus"], "--empty bogus: there is no such file; a value is one of"),
        (["--empty", "categori"], "as in --empty=category"),
        (["--where", "--empty"], "the expression '--empty' uses a value as a condition"),
    ],
)
def test_what_stands_after_empty(
    args: list[str], says: str, cli: Cli, put: Any, small: Any
) -> None:
    put(small)
    done = cli("subset", "in.json", *args)
    assert done.code == 2
    assert says in " ".join(done.err.split())


def test_empty_only_is_a_preset_of_subset(cli: Cli, put: Any, small: Any) -> None:
    put(small)
    one = cli("empty-only", "in.json", "--license", "1")
    assert "has 'license'" in one.err
    pairs = [
        (["--first", "1"], ["--empty", "--first", "1"]),
        (["--first", "4", "--empty"], ["--first", "4", "--empty"]),
        (
            ["--to", "mmdet80", "--from", "coco91"],
            ["--empty", "--to", "mmdet80", "--from", "coco91"],
        ),
    ]
    for preset, whole in pairs:
        ours = cli("empty-only", "in.json", *preset, "-o", "-", "--quiet")
        assert ours.code == 0, ours.err
        assert ours.out == cli("subset", "in.json", *whole, "-o", "-", "--quiet").out


def test_remap_and_subset_take_the_same_steps(cli: Cli, put: Any, small: Any) -> None:
    put(small)
    args = ("in.json", "--first", "3", "--rename", "dog=hound", "--having", "hound", "--start", "0")
    one, other = (cli(verb, *args, "-o", "-", "--quiet") for verb in ("subset", "remap"))
    assert one.code == other.code == 0, one.err
    assert one.out == other.out
    assert '"id": 0, "name": "person"' in one.out


def test_nothing_changes_is_printed(cli: Cli, put: Any, small: Any) -> None:
    path = put(small)
    done = cli("subset", "in.json", "-o", "a.json")
    assert "nothing changes: no step was given" in done.err
    assert path.with_name("a.json").read_bytes() == path.read_bytes()
    done = cli("remap", "in.json", "--to", "coco91", "-o", "b.json")
    assert "nothing changes" in done.err
    assert path.with_name("b.json").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("option", ["--match", "--like", "--map", "--ids-file"])
def test_other_files_are_read_after_the_output_is_known_to_be_free(
    option: str, cli: Cli, put: Any, small: Any
) -> None:
    put(small)
    put("{}", "out.json")
    done = cli("subset", "in.json", option, "not-there.json", "-o", "out.json")
    assert done.code == 2
    assert "out.json" in done.err
    assert "not-there" not in done.err


@pytest.mark.parametrize("name", ["../in.json", "/in.json", "..", "a/b.json", ""])
def test_a_recipe_names_no_folder(
    name: str, cli: Cli, put: Any, small: Any, tmp_path: Path
) -> None:
    (tmp_path / "inner").mkdir()
    whole = read(put(small))
    text = Recipe.of(Plan(First(1)), whole).to_json().replace(b'"in.json"', f'"{name}"'.encode())
    put(text, "inner/r.json")
    done = cli("apply", "inner/r.json")
    assert done.code == 2, done.err
    assert "name the annotation file yourself" in done.err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.json", "inner"]


def test_like_reads_a_file_when_it_is_bound(put: Any, small: Any) -> None:
    whole = read(put(small))
    plan = given(("like", str(put(small, "other.json"))))
    assert plan.files == (str(put(small, "other.json")),)
    assert isinstance(plan.bind(whole).steps[0], Like)


@pytest.mark.parametrize("name", sorted(options()))
def test_what_a_step_reads_is_read_in_the_first_pass(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    option = options()[name]
    if option.kind.metavar and not option.example:
        pytest.skip("its value is a path, or means nothing in the sample data")
    again: list[tuple[str, tuple[str, ...]]] = []
    scanned_again = Records._scanned_again

    def noted(records: Records, columns: tuple[str, ...]) -> list[Any]:
        again.append((records.name, columns))
        return scanned_again(records, columns)

    monkeypatch.setattr(Records, "_scanned_again", noted)
    plan = make_plan([parse(option, option.example or cast(Any, True))])
    dataset = read(SAMPLE, columns=plan.columns)
    try:
        result = plan.bind(dataset).apply(dataset)
    except CocosurgeonError:
        pytest.skip("alone it asks for what the sample data do not have")
    summarize(result)
    assert b"".join(result.text())
    # The other lists are short.
    assert [name for name, _ in again if name in ("images", "annotations")] == []
