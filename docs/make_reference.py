"""Write what is derived from the code: docs/steps.md, and the names that type checkers see.

python docs/make_reference.py
"""

from __future__ import annotations

import shlex
from pathlib import Path

import cocosurgeon
from cocosurgeon.select.filter import PlanPart
from cocosurgeon.steps.registry import (
    PANELS,
    Option,
    modifiers,
    options,
    panel_of,
    recipe_name,
    step_classes,
)

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "steps.md"
STUB = ROOT / "cocosurgeon" / "__init__.pyi"
_NEWS = "made by docs/make_reference.py"


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
            value = f" {modifier.kind.metavar}"
            users = [f"`--{o.name}`" for o in options().values() if modifier in o.modifiers]
            default = f" Default: {modifier.default}." if modifier.default else ""
            lines.append(
                f"| `--{modifier.name}{_escaped(value)}` | `{modifier.name.replace('-', '_')}` | "
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
    return f"| `--{option.name}{_escaped(value)}` | `{option.keyword}` | {help} |"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


def _first_line(kind: type[PlanPart]) -> str:
    return _escaped((kind.__doc__ or "").strip().splitlines()[0])


if __name__ == "__main__":
    PAGE.write_text(page())
    STUB.write_text(stub())
