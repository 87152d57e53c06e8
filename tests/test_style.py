"""How the code is written, as far as a machine can tell."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT

PACKAGE = ROOT / "cocosurgeon"
MODULES = sorted(PACKAGE.rglob("*.py"))
_QUESTION = re.compile(r"(What|Which|Whether|How|Where|That|So that|Why)\b")
_METAPHORS = {
    *("voice", "ending", "asking", "telling", "told", "alone", "stock", "keeping", "saying"),
    *("drafts", "disorder", "leftovers", "question", "content", "frames", "account", "written"),
}


def docstrings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            text = ast.get_docstring(node)
            if text is not None:
                yield getattr(node, "lineno", 1), text


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_docstrings_begin_with_a_verb_or_a_noun(path: Path) -> None:
    for line, text in docstrings(ast.parse(path.read_text())):
        assert not _QUESTION.match(text), f"{path.name}:{line}: {text.splitlines()[0]}"


def test_module_names_are_plain() -> None:
    assert not [path for path in MODULES if path.stem in _METAPHORS]
    names = {path.stem for path in MODULES}
    pairs = [(name, other) for name in names for other in names if name + "ing" == other]
    assert not pairs, "two modules that differ by -ing"


def test_the_code_says_nothing_of_a_house() -> None:
    for path in [*MODULES, *(ROOT / "docs").glob("*.md"), ROOT / "README.md"]:
        assert not re.search(r"\b([Hh]ouse|[Rr]ooms)\b", path.read_text()), path
