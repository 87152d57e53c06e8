"""Write what is derived from the code: pages of docs/, and the names that type checkers see.

python docs/make_reference.py
"""

from __future__ import annotations

import inspect
import io
import keyword
import os
import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import typer
from api_examples import EXAMPLES, START
from pictures import pictures

import cocosurgeon
from cocosurgeon.cli.app import app
from cocosurgeon.dataset.io import read
from cocosurgeon.findings.codes import CODES
from cocosurgeon.lint.page import page_of
from cocosurgeon.lint.run import lint_codes
from cocosurgeon.parity.codes import PARITY_CODES
from cocosurgeon.select.filter import Filter, ImageFilter, PlanPart
from cocosurgeon.select.plan import Keep
from cocosurgeon.steps.given import Given, make_plan, parse
from cocosurgeon.steps.recipe_form import recipe_name
from cocosurgeon.steps.registry import (
    PANELS,
    Modifier,
    Option,
    modifiers,
    options,
    panel_of,
    step_classes,
)

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "steps.md"
FINDINGS = ROOT / "docs" / "findings.md"
PAGES = ROOT / "docs" / "lint"
COMMANDS = ROOT / "docs" / "commands"
SAMPLE = ROOT / "sample_data" / "annotations" / "instances_sample2017.json"
API = ROOT / "docs" / "api.md"
STUB = ROOT / "cocosurgeon" / "__init__.pyi"
_NEWS = "made by docs/make_reference.py"

IN_PYTHON = {
    "file-names-file": 'FileNames(Path("names.txt").read_text().splitlines())',
    "ids-file": 'Ids(map(int, Path("ids.txt").read_text().split()))',
    "except-ids-file": '~Ids(map(int, Path("ids.txt").read_text().split()))',
    "match": 'Ids(read("other.json").img_ids, "ignore")',
    "except": '~Ids(read("other.json").img_ids, "ignore")',
    "merge-with": 'MergeWith(paths=("other.json",))',
    "cascade": 'Cascade("captions")',
    "like": 'Like.of(read("other.json"))',
    "map": 'Remap(read_map("map.csv"))',
    "match --match-by": 'FileNames(read("other.json").images["file_name"])',
    "except --match-by": '~FileNames(read("other.json").images["file_name"])',
    "part --against": 'Part("val", against=[("val", read("other.json").img_ids)])',
    "sample --nested": "Sample(20, stratify=True, nested=True)",
    "like --unmapped": 'Like.of(read("other.json"), unmapped="drop")',
    "like --alias": 'Like.of(read("other.json"), aliases=[("hound", "dog")])',
    "map --unmapped": 'Remap(read_map("map.csv", unmapped="drop"))',
}
"""Python forms of options that have no example, because their value is a file or a list's name; and
of two options, where the value of one is a file."""

VALUES = {
    "order": "id",
    "match-by": "file_name",
    "merge-ids": "offset",
    "merge-prefix": "other.json=val/",
    "merge-alias": "tv=television",
    "on-duplicate": "first",
    "merge-images": "images",
    "source-key": "source",
    "merge-info": "info.json",
    "merge-licenses": "licenses.json",
    "follow": "merged.json",
    "ratios": "0.7,0.3",
    "sizes": "100,rest",
    "folds": "5",
    "parts": "train,val",
    "seed": "1",
    "group-by": "license",
    "against": "val=other.json",
    "start": "1",
    "unmapped": "drop",
    "alias": "hound=dog",
    "from": "coco91",
    "images": "images",
}
"""A value of each option that goes with others; flags have none."""

_FINDINGS_HEAD = """\
# Findings

`lint`, `verify`, `layout`, `remap --check` and `parity` report what does not hold as findings. A
code stays the same from version to version. Codes of `lint` have
[pages of their own](lint/README.md); their severity depends on the loader. Exit code 1: there are
errors; with `--strict`, also if there are warnings.

`--json` prints the findings in one shape, one entry for each code that was found:

```json
{"findings": [{"code": "label-shift", "group": "labels", "severity": "error",
  "message": "objects get another label", "count": 1,
  "details": ["mmdet3 train: image 9, annotation 3: label 16 dog, in the source 17 cat"],
  "records": [{"list": "images", "id": 9}], "loaders": ["mmdet3"], "next": "..."}]}
```

One fault often has several findings: a dropped category is `category-lost`, and the labels after it
are `label-shift`.

## What `verify` compares

- The file: its records with those of the source, byte for byte. Python's own `json` reads both
  files; nothing of the code that writes files is used. With `--recipe`, the filters run
  again to find the expected records.
- The loader: what it loads from the subset with what it loads from the source. If the loader raises
  on the whole source, only records of the subset's images are compared. A note says so.
- Not reported: the order of top-level keys and white space between records, which no loader sees.
- Without `--recipe`, a missing image is no finding.
- A compressed file is compared as unpacked, and a note says so: no framework unpacks it.
- Images that a loader's filter skips are no finding. Their number is in the last line; `--quiet`
  hides which ones they are.
- Where annotation ids repeat, a faithful subset can be loaded otherwise than its source:
  pycocotools uses the last record of an id, which may belong to an image that was not kept. Such
  findings are true.
"""


def code_pages() -> dict[Path, str]:
    """Return the page of each code of ``lint``, by its path."""
    pages = {PAGES / f"{code}.md": page_of(code) for code in lint_codes()}
    lines = [
        "# Codes of `lint`",
        "",
        f"<!-- {_NEWS} -->",
        "",
        "Each page has an example, what each loader does with it, and whether `fix` can repair it.",
    ]
    for group in dict.fromkeys(CODES[code].group for code in lint_codes()):
        lines += ["", f"## {group.capitalize()}", "", "| code | what it means |", "| --- | --- |"]
        lines += [
            f"| [`{code}`]({code}.md) | {CODES[code].meaning} |"
            for code in lint_codes()
            if CODES[code].group == group
        ]
    return {PAGES / "README.md": "\n".join(lines) + "\n", **pages}


def command_pages() -> dict[Path, str]:
    """Return the help of each verb as a page, by its path; and a page that lists them."""
    group: Any = typer.main.get_command(app)
    lines = ["# Commands", "", f"<!-- {_NEWS} -->", "", f"{app.info.help}", ""]
    lines += ["`COMMAND --help` prints the same.", "", "| command | |", "| --- | --- |"]
    pages = {}
    for verb in group.list_commands(None):
        command = group.get_command(None, verb)
        parts = getattr(command, "commands", {"": command})
        text = [f"# `cocosurgeon {verb}`", "", f"<!-- {_NEWS} -->"]
        for name, each in parts.items():
            if name:
                text += ["", f"## `{verb} {name}`"]
            text += _help(f"cocosurgeon {verb} {name}".rstrip(), each)
        pages[COMMANDS / f"{verb}.md"] = "\n".join(text) + "\n"
        lines.append(f"| [`{verb}`]({verb}.md) | {command.help.strip().splitlines()[0]} |")
    return {COMMANDS / "README.md": "\n".join([*lines, "", f"{app.info.epilog}", ""]), **pages}


def _help(path: str, command: Any) -> Iterator[str]:
    """Yield the help of a command in lines of Markdown: text, examples, options by panel."""
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    usage = " ".join(p.metavar if p.required else f"[{p.metavar}]" for p in arguments)
    usage += " ..." if any(p.nargs < 0 for p in arguments) else ""
    yield from ("", "```text", f"{path} [OPTIONS] {usage}".rstrip(), "```", "")
    yield _escaped(command.help.strip())
    yield from ("", "```sh", *command.callback.examples, "```")
    panels: dict[str, list[Any]] = {}
    for param in command.params:
        is_argument = param.param_type_name == "argument"
        panel = getattr(param, "rich_help_panel", None)
        panels.setdefault(panel or ("Arguments" if is_argument else "Options"), []).append(param)
    for panel in sorted(panels, key=lambda name: name == "Options"):
        yield from ("", "| " + panel.lower() + " | |", "| --- | --- |")
        for param in panels[panel]:
            is_flag = getattr(param, "is_flag", False)
            metavar = "" if is_flag or not param.metavar else param.metavar
            names = (
                [metavar]
                if param.param_type_name == "argument"
                else [
                    f"{name} {metavar}".rstrip().replace(" [=", "[=")
                    for name in [*param.opts, *param.secondary_opts]
                ]
            )
            shown = param.show_default
            if shown is True and (is_flag or param.default in (None, "")):
                shown = False
            default = f" Default: {param.default if shown is True else shown}." if shown else ""
            cells = " ".join(f"`{_escaped(name)}`" for name in names)
            yield f"| {cells} | {_escaped(param.help or '')}{default} |"


def findings_page() -> str:
    """Return the page of all codes."""
    lint_codes()  # which adds the codes of its checks to the table
    lines = [_FINDINGS_HEAD]
    groups = dict.fromkeys(code.group for code in CODES.values())
    of_parity = CODES[PARITY_CODES[0]].group  # the last, whatever was loaded first
    for group in sorted(groups, key=of_parity.__eq__):
        lines += [
            f"## {group.capitalize()}",
            "",
            "| code | what it means | how it arises | what to do |",
            "| --- | --- | --- | --- |",
        ]
        for name, code in CODES.items():
            if code.group == group:
                severity = "" if code.severity == "error" else f" ({code.severity})"
                row = f"`{name}`{severity} | {code.meaning} | {code.arises} | {code.next}"
                lines.append(f"| {row} |")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def page() -> str:
    """Return the reference page of all steps."""
    lines = [
        "# Steps",
        "",
        f"<!-- {_NEWS}: change the step's file, then run it again -->",
        "",
        "Options of `subset`, `empty-only` and `remap`. They apply in the order given, and may be",
        "repeated. `cocosurgeon.config.ann_file(FILE, ...)` and `steps=[dict(...)]` take the forms",
        "in the second column. `Plan(...)` takes the third column. `dataset.keep(...)` takes only",
        "filters. The fourth column marks filters: of images or of annotations.",
    ]
    for panel in PANELS:
        lines += [
            "",
            f"## {panel.capitalize()}",
            "",
            "| command line | config | Python | filter of | |",
            "| --- | --- | --- | --- | --- |",
        ]
        for option in options().values():
            if panel_of(option) == panel:
                lines += [_row(option, text) for text in texts(option)]
        of_panel = [each for each in modifiers().values() if panel_of(each) == panel]
        if of_panel:
            lines += ["", "Options that go with others:", ""]
            lines += ["| command line | config | Python | |", "| --- | --- | --- | --- |"]
        for modifier in of_panel:
            value = f" {modifier.kind.metavar}" if modifier.kind.metavar else ""
            users = [o for o in options().values() if modifier in o.modifiers]
            own = [o for o in users if f"{o.name} --{modifier.name}" in IN_PYTHON]
            forms = [in_python(o, modifier=modifier) for o in dict.fromkeys([users[0], *own])]
            config = _config(modifier, VALUES.get(modifier.name, ""))
            default = f" Default: {modifier.default}." if modifier.default else ""
            lines.append(
                f"| `--{modifier.name}{_escaped(value)}` | `{config}` | "
                f"{', '.join(f'`{form}`' for form in forms)} | {_escaped(modifier.help)}{default} "
                f"Goes with {', '.join(f'`--{o.name}`' for o in users)}. |"
            )
    lines += [
        "",
        "## In Python, and in recipes",
        "",
        "| class | in a recipe | |",
        "| --- | --- | --- |",
    ]
    lines += [
        f"| `{name}` | `{recipe_name(kind)}` | {_first_line(kind)} |"
        for name, kind in sorted(step_classes().items())
    ]
    return "\n".join(lines) + "\n"


_DESCRIBED = re.compile(r"^    (\w[^:\n]*): (.*(?:\n {5,}.*)*)", re.MULTILINE)
"""A parameter in a docstring, and what is said about it."""

_API_HEAD = f"""\
# Public names of the package

<!-- {_NEWS}: change docs/api_examples.py or the docstring, then run it again -->

`from cocosurgeon import NAME`. Each example runs after these lines, in the order of this page, in a
clone of the repository. Some write files into the current folder.

```python
from cocosurgeon import *

{START}


def raise_by(action):
    try:
        action()
    except CocosurgeonError as error:
        print(f"{{type(error).__name__}}: {{error}}")


def read_text(text):
    Path("broken.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    read("broken.json")
```
"""


@contextmanager
def chdir(folder: str) -> Iterator[None]:
    """Work in another folder; contextlib has it from Python 3.11 on."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def api_page() -> str:
    """Return the page of all public names, with an example for each and what it prints."""
    forms = {
        name: form
        for form in map(in_python, options().values())
        for name in step_classes()
        if form.lstrip("~").startswith(f"{name}(")
    }
    groups = {
        group: {name: _as_ruff(code) for name, code in examples.items()}
        for group, examples in EXAMPLES.items()
    }
    steps = groups["Steps and filters"]
    of_form = {n: f"print(Plan({f}).apply(full))" for n, f in forms.items() if n not in steps}
    groups["Steps and filters"] = dict(sorted({**steps, **of_form}.items()))
    with TemporaryDirectory() as folder, chdir(folder):
        Path("sample_data").symlink_to(ROOT / "sample_data")
        names: dict[str, object] = {}
        exec(_API_HEAD.partition("```python\n")[2].partition("```")[0], names)
        lines = [_API_HEAD]
        for group, examples in groups.items():
            lines += [f"## {group}", ""]
            for name, code in examples.items():
                lines += _api_entry(name, code, names)
    return "\n".join(lines).rstrip() + "\n"


def _api_entry(name: str, code: str, names: dict[str, object]) -> list[str]:
    value = getattr(cocosurgeon, name)
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(code, names)
    lines = [f"### `{name}`", "", _first_paragraph(value), ""]
    is_called = not isinstance(value, type) or name in step_classes()
    described = _described(value)
    if is_called:
        signature = _signature(value)
        described = {
            names: text
            for names, text in described.items()
            if set(re.findall(r"\w+", names)) <= set(re.findall(r"\w+", signature))
        }
        lines += [f"`{name}{signature}`", ""]
    if value is cocosurgeon.Dataset:
        lines += ["Methods and attributes:", "", *_methods(value), ""]
    elif described:
        lines += [] if is_called else ["Attributes:", ""]
        lines += [*(f"- `{name}`: {text}" for name, text in described.items()), ""]
    lines += ["```python", code, "```", ""]
    output = printed.getvalue().rstrip()
    return lines + (["Prints:", "", "```", output, "```", ""] if output else [])


def _first_paragraph(value: object) -> str:
    text = inspect.cleandoc(value.__doc__ or "").partition("\n\n")[0]
    return " ".join(text.split()).replace("``", "`")


def _signature(value: Any) -> str:
    """Return the parameters that a user passes, without types."""
    internal = {
        each.name for each in getattr(value, "__dataclass_fields__", {}).values() if not each.repr
    }
    signature = inspect.signature(value)
    shown = [
        each.replace(annotation=each.empty)
        for each in signature.parameters.values()
        if each.name not in {"self", *internal}
    ]
    text = str(signature.replace(parameters=shown, return_annotation=signature.empty))
    return text.replace("mappingproxy({})", "{}")


def _described(value: Any) -> dict[str, str]:
    """Return the texts of the parameters, or attributes, in a docstring; of steps, with bases."""
    is_step = value in step_classes().values()
    found: dict[str, str] = {}
    for each in inspect.getmro(value) if is_step else (value,):
        text = inspect.cleandoc(each.__doc__ or "")
        section = re.search(r"^(?:Args|Attributes):\n((?: .*\n?)+)", text, re.MULTILINE)
        for names, about in re.findall(_DESCRIBED, section[1] if section else ""):
            found.setdefault(names, " ".join(about.split()).replace("``", "`"))
    return found


def _methods(kind: type) -> Iterator[str]:
    """Yield the methods and attributes that the docstring of a class lists, with a line each."""
    listed = inspect.cleandoc(kind.__doc__ or "").partition("attributes:\n")[2]
    for name in re.findall(r"[:,] (\w+)(?=[,;\n])", listed.partition("\nOther methods")[0]):
        value = getattr(kind, name)
        called = _signature(value) if callable(value) else ""
        yield f"- `{name}{called}`: {_first_paragraph(value)}"


def stub() -> str:
    """Return the names of the package as type checkers see them."""
    homes: dict[str, str] = dict(vars(cocosurgeon)["_HOME_OF"])
    homes |= {
        name: kind.__module__.removeprefix("cocosurgeon.") for name, kind in step_classes().items()
    }
    lines = [f"# {_NEWS}", "from cocosurgeon.version import __version__ as __version__"]
    for home, name in sorted((home, name) for name, home in homes.items()):
        line = f"from cocosurgeon.{home} import {name} as {name}"
        lines.append(
            line
            if len(line) <= 100
            else f"from cocosurgeon.{home} import (\n    {name} as {name},\n)"
        )
    return "\n".join([*lines, "", "__all__: list[str]", ""])


def texts(option: Option) -> tuple[str, ...]:
    """Return the values of an option that the page shows."""
    return (option.example, "annotations: area < 1024")[: 1 + (option.name == "where")]


def _row(option: Option, text: str) -> str:
    given = text or option.kind.metavar
    shown = "=" if option.bare else " "
    command = f"--{option.name}" + (f"{shown}{shlex.quote(given)}" if option.kind.metavar else "")
    if not option.example:
        command = command.replace("'", "")
    general = f"`--{option.name}[=DEFINITION]` " if option.bare else ""
    form = in_python(option, text)
    kind = step_classes()[form.lstrip("~").partition("(")[0].partition(".")[0]]
    level = "images" if issubclass(kind, ImageFilter) else "annotations"
    cells = [f"`{command}`", f"`{_config(option, given)}`", f"`{form}`"]
    cells += [level if issubclass(kind, Filter) else "", general + option.help]
    return f"| {' | '.join(map(_escaped, cells))} |"


def _config(option: Option | Modifier, given: str) -> str:
    value = given if given.isdecimal() else repr(given).replace("'", '"')
    return f"{_keyword(option)}={value if option.kind.metavar else True}"


def in_python(option: Option, text: str | None = None, modifier: Modifier | None = None) -> str:
    """Return what an option makes, alone or with one that goes with it, in Python."""
    key = f"{option.name} --{modifier.name}" if modifier else option.name
    if key in IN_PYTHON:
        return IN_PYTHON[key]
    plan = make_plan(given_options(option, text, modifier))
    [step] = (plan if modifier else plan.bind(read(SAMPLE))).steps
    form = repr(step).removeprefix("Keep(").removesuffix(")" * isinstance(step, Keep))
    return _as_ruff(form.replace("Where(' ", "Where('"))  # the blank after "annotations:"


def given_options(
    option: Option, text: str | None = None, modifier: Modifier | None = None
) -> list[Given]:
    """Return an option with its value, and one that goes with it."""
    text = option.example if text is None else text
    if modifier is None:
        return [parse(option, text)]
    text = text or ("map.csv" if option.name == "map" else "other.json")
    text = "fold0_val" if modifier.name == "folds" else text
    return [parse(option, text), parse(modifier, VALUES.get(modifier.name, ""))]


def _as_ruff(code: str) -> str:
    """Return code with the quotes that ruff writes."""
    return code if '"' in code else code.replace("'", '"')


def _keyword(option: Option | Modifier) -> str:
    name = option.name.replace("-", "_")
    return f"{name}_" if keyword.iskeyword(name) else name


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


def _first_line(kind: type[PlanPart]) -> str:
    return _escaped((kind.__doc__ or "").strip().splitlines()[0])


if __name__ == "__main__":
    PAGE.write_text(page())
    FINDINGS.write_text(findings_page())
    API.write_text(api_page())
    for path, text in {**code_pages(), **command_pages(), **pictures()}.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    STUB.write_text(stub())
