"""How the code is written, as far as a machine can tell."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT

import cocosurgeon
import cocosurgeon.config

_CODE_WORDS = {"beside", "filler"}
"""A value of an option, and a key of records."""
PACKAGE = ROOT / "cocosurgeon"
MODULES = sorted(PACKAGE.rglob("*.py"))
_QUESTION = re.compile(r"(What|Which|Whether|How|Where|That|So that|Why)\b")
_REPLACED = re.compile(
    r"\b(besides?|anew|stumbl(e|es|ed|ing)|told|asked for|left out|stands? twice|parted by|"
    r"mend(s|ed|ing)?|kept whole|emit(s|ted)?|held against|fillers?|put down to|"
    r"of several any|accounts?( of)?|(there|where)(in|of|by|upon)|the (former|latter)|ways? out|"
    r"as (it|they) stands?|afresh|albeit|beforehand|hence|drafts?|leftovers?|brings? about)\b",
    re.IGNORECASE,
)
"""Words that this project replaces by plainer ones: "next to", "again", "fails", "reported", ..."""
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


def replaced_words(text: str) -> list[str]:
    """Lines with such a word; code in Markdown or docstrings may have any."""
    prose = re.sub(r"```.*?```|``.*?``|`[^`]*`|='\w+'", "", text, flags=re.DOTALL)
    return [line.strip() for line in prose.splitlines() if _REPLACED.search(line)]


def test_docs_and_help_have_none_of_the_replaced_words() -> None:
    """Help is in docs/commands, as it is printed."""
    assert replaced_words("It stumbles.\n`beside` next to it.") == ["It stumbles."]
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "bench/README.md"]
    found = {page.name: replaced_words(page.read_text()) for page in pages}
    assert not {name: lines for name, lines in found.items() if lines}


def test_messages_have_none_of_the_replaced_words() -> None:
    for path in MODULES:
        tree = ast.parse(path.read_text())
        documented = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                if id(node) in documented or node.value in _CODE_WORDS:
                    continue
                assert not replaced_words(node.value), f"{path.name}:{node.lineno}: {node.value}"


def test_public_docstrings_have_none_of_the_replaced_words() -> None:
    public = [getattr(cocosurgeon, name) for name in cocosurgeon.__all__]
    for each in [cocosurgeon.config, *vars(cocosurgeon.config).values(), *public]:
        if not str(getattr(each, "__module__", "")).startswith("cocosurgeon"):
            continue
        members = [each, *vars(each).values()] if isinstance(each, type) else [each]
        for text in (getattr(member, "__doc__", None) for member in members):
            assert not replaced_words(text or ""), each


def test_module_names_are_plain() -> None:
    assert not [path for path in MODULES if path.stem in _METAPHORS]
    names = {path.stem for path in MODULES}
    pairs = [(name, other) for name in names for other in names if name + "ing" == other]
    assert not pairs, "two modules that differ by -ing"


def test_the_code_says_nothing_of_a_house() -> None:
    for path in [*MODULES, *(ROOT / "docs").glob("*.md"), ROOT / "README.md"]:
        assert not re.search(r"\b([Hh]ouse|[Rr]ooms)\b", path.read_text()), path
