"""The registry of loaders: facts of a framework stand in its own file, and nowhere else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT
from test_loaders import DOCUMENTATION, FATES

from cocosurgeon.loaders import (
    DEFAULT,
    LOADERS,
    config_loaders,
    loaders_by_script,
    probed_loaders,
    real_library,
)
from cocosurgeon.loaders.registry import NOT_LOADERS
from cocosurgeon.probe.record import _WIDTH_FIRST

PACKAGE = ROOT / "cocosurgeon"
REGISTRY = PACKAGE / "loaders/registry.py"
RECORDER = PACKAGE / "probe/record.py"
RECORDED = {"dino", *_WIDTH_FIRST}
"""Loaders of which the recorder knows something: copied elsewhere, it cannot ask the registry."""

# TEMPORARY: files that still name loaders. A file that no longer does has to leave this list.
STILL_NAMING: tuple[str, ...] = ()

OTHER_MEANINGS = ("parity/record_steps.py", "weights/inert.py", "cli/weights/rename.py")
"""Files in which such a name is that of a Python package, or of a table of parameter names."""


def own_files(name: str) -> set[Path]:
    """Files that may name a loader: its rules, its part of the probe, its snippet."""
    real = LOADERS[name].real
    scripts = {name, real.script} if real else {name}
    return {
        PACKAGE / "loaders" / f"{name}.py",
        PACKAGE / "snippet" / f"{name}.py",
        *([RECORDER] if name in RECORDED else []),
        *(PACKAGE / "probe/script" / f"{script}.py" for script in scripts),
    }


def constants(tree: ast.AST) -> Iterator[ast.Constant]:
    """Yield all text in code; docstrings and descriptions of constants do not count."""
    described = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node not in described and isinstance(node.value, str):
            yield node


def names_in(path: Path) -> Iterator[str]:
    """Places in a file that name a loader as a value, or list several in a text."""
    foreign = [name for name in LOADERS if path not in own_files(name)]
    for node in constants(ast.parse(path.read_text())):
        text = str(node.value)
        words = set(re.findall(r"\w+", text)) & set(LOADERS)
        where = f"{path.relative_to(ROOT)}, line {node.lineno}"
        if text in foreign and not (path == REGISTRY and text == DEFAULT):
            yield f"{where}: {text!r}"
        elif len(words) > 1:
            yield f"{where}: a list of {', '.join(sorted(words))}"


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE))
)
def test_no_loader_is_named_outside_its_own_file(path: Path) -> None:
    """In comparisons, memberships, match cases, dict keys, defaults, arguments and help texts."""
    if str(path.relative_to(PACKAGE)) in OTHER_MEANINGS:
        return
    found = list(names_in(path))
    if str(path.relative_to(PACKAGE)) in STILL_NAMING:
        assert found, f"{path.name} names no loader any more: take it out of STILL_NAMING"
        return
    assert not found, (
        "a loader is named outside its own file; declare the fact in its LOADER, or derive the "
        "text from cocosurgeon.loaders.LOADERS:\n" + "\n".join(found)
    )


def test_the_search_finds_what_it_looks_for(tmp_path: Path) -> None:
    for code in (
        "if name == 'detr': pass",
        "if name in ('yolox', 'other'): pass",
        "match name:\n    case 'mmdet2': pass",
        "table = {'torchvision': 1}",
        "def f(name='mmdet3'): pass",
        "help = 'Use mmdet3 or detr.'",
        "help = f'{x} Use mmdet3, {y} or detr.'",
    ):
        tree = ast.parse(code)
        texts = [str(node.value) for node in constants(tree)]
        assert any(set(re.findall(r"\w+", text)) & set(LOADERS) for text in texts), code
    assert not list(constants(ast.parse('"""Of detr and yolox."""\nx = 1\n"""As mmdet3."""')))


def test_each_file_is_a_loader_or_is_shared_by_them() -> None:
    files = {path.stem for path in (PACKAGE / "loaders").glob("[!_]*.py")}
    assert files == {*LOADERS, *NOT_LOADERS}
    assert next(iter(LOADERS)) == DEFAULT
    assert set(LOADERS) >= RECORDED
    for name, loader in LOADERS.items():
        assert loader.name == name
        assert loader.options.__module__ == f"cocosurgeon.loaders.{name}"
        assert loader.image_root is None or loader.image_root in loader.options.settable()
        assert set(loader.traps) <= {rule.name for rule in loader.errors}
        assert (loader.options.usual("test", ("a",)).chosen_classes() is None) is not (
            loader.takes_classes
        )
        usual = [repr(loader.options.usual(mode, ())) for mode in ("train", "test")]
        assert (len(set(usual)) == 2) is loader.has_modes


def test_a_library_is_found_by_loader_or_by_module() -> None:
    assert set(config_loaders()) <= set(probed_loaders()) < set(LOADERS)
    for name in config_loaders():
        real = LOADERS[name].real
        assert real is not None and real_library(name) == real
        of_module = real_library(real.module)
        assert of_module is not None and of_module.script == real.script
        assert name in loaders_by_script(real.script)
        assert (PACKAGE / "probe/script" / f"{real.script}.py").is_file()
    assert real_library("yolox") is None and real_library("keras") is None


@pytest.mark.parametrize("name", LOADERS)
def test_a_loader_has_cases_and_a_section(name: str) -> None:
    assert any(name in names for names, _, _ in FATES), (
        f"no case of tests/test_loaders.py names {name}: add to FATES an annotation that it keeps "
        "or drops, with the rule"
    )
    assert f"\n### `{name}`: " in DOCUMENTATION.read_text(), (
        "docs/loaders.md has no section for it: `python tests/test_loaders.py` writes one"
    )
    for table in ("| loader | tested against", "| loader | image order"):
        rows = DOCUMENTATION.read_text().partition(f"\n{table}")[2].partition("\n\n")[0]
        assert f"{name}`" in rows, (
            f"docs/loaders.md: add {name} to the table that begins with {table!r}, by hand"
        )
