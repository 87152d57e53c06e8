"""Write what is derived from the code: pages of docs/, and the names that type checkers see.

python docs/make_reference.py
"""

from __future__ import annotations

import keyword
import shlex
from pathlib import Path

import cocosurgeon
from cocosurgeon.findings.codes import CODES
from cocosurgeon.lint.page import page_of
from cocosurgeon.lint.run import lint_codes
from cocosurgeon.parity.codes import PARITY_CODES
from cocosurgeon.select.filter import PlanPart
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
STUB = ROOT / "cocosurgeon" / "__init__.pyi"
_NEWS = "made by docs/make_reference.py"


_FINDINGS_HEAD = """\
# Findings

`lint`, `verify`, `layout`, `remap --check` and `parity` report what does not hold as findings. A
code stays the same from version to version. Codes of `lint` have [pages of their own](lint); their
severity depends on the loader. Exit code 1: there are errors; with `--strict`, also if there are
warnings.

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
  files; nothing of the code that writes files is used. With `--recipe`, that code says which
  records to expect; the tests compare it with plain JSON.
- The loader: what it loads from the subset with what it loads from the source. If the loader raises
  on the whole source, the source's records of the subset's images are compared, and a note says so.
- Not reported: the order of top-level keys and white space between records, which no loader sees.
  Any images of the source are a subset; `image-lost` needs `--recipe`.
- A compressed file is compared as unpacked, and a note says so: no framework unpacks it.
- Images that a loader's filter skips are no finding. Their number is in the last line; `--quiet`
  hides which ones they are.
- Where annotation ids repeat, a faithful subset can be loaded otherwise than its source:
  pycocotools uses the last record of an id, which may belong to an image that was not kept. Such
  findings are true.
"""


def code_pages() -> dict[Path, str]:
    """Return the page of each code of ``lint``, by its path."""
    return {PAGES / f"{code}.md": page_of(code) for code in lint_codes()}


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
        "repeated. `cocosurgeon.config.ann_file` and `steps=[...]` take them by their keyword.",
    ]
    for panel in PANELS:
        lines += [
            "",
            f"## {panel.capitalize()}",
            "",
            "| option | in a config | |",
            "| --- | --- | --- |",
        ]
        for option in options().values():
            if panel_of(option) == panel:
                lines.append(_row(option))
        of_panel = [each for each in modifiers().values() if panel_of(each) == panel]
        for modifier in of_panel:
            value = f" {modifier.kind.metavar}" if modifier.kind.metavar else ""
            users = [f"`--{o.name}`" for o in options().values() if modifier in o.modifiers]
            default = f" Default: {modifier.default}." if modifier.default else ""
            lines.append(
                f"| `--{modifier.name}{_escaped(value)}` | `{_keyword(modifier)}` | "
                f"{_escaped(modifier.help)}{default} Goes with {', '.join(users)}. |"
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


def _row(option: Option) -> str:
    value = f" {option.kind.metavar}" if option.kind.metavar else ""
    value = value.replace(" [=", "[=")
    example = (
        f" For example `--{option.name} {shlex.quote(option.example)}`." if option.example else ""
    )
    if option.bare:
        example = example.replace(f"--{option.name} ", f"--{option.name}=")
    help = _escaped(option.help + example)
    return f"| `--{option.name}{_escaped(value)}` | `{_keyword(option)}` | {help} |"


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
    PAGES.mkdir(exist_ok=True)
    for path, text in code_pages().items():
        path.write_text(text)
    STUB.write_text(stub())
