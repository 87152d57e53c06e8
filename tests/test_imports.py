"""Imports: the package and its help stay cheap; a package imports only packages above it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, SAMPLE

import cocosurgeon
from cocosurgeon.steps.registry import step_classes

PACKAGE = ROOT / "cocosurgeon"

# Packages and modules, lowest first; each may import those before it (and itself).
_LISTED = re.findall(r"^    (\w+)/? +\S", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE)
ROOMS = (*_LISTED[_LISTED.index("version") :], "__main__")

FOLDERS = tuple(name for name in ROOMS if (PACKAGE / name / "__init__.py").is_file())


def loaded_by(code: str) -> set[str]:
    """Top-level modules that are loaded after some code ran in a new interpreter."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules, sep='\\n')"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return {name.partition(".")[0] for name in done.stdout.split()}


def test_importing_the_package_loads_nothing_heavy() -> None:
    loaded = loaded_by("import cocosurgeon")
    assert "cocosurgeon" in loaded
    heavy = {"pandas", "pycocotools", "numpy", "msgspec", "orjson", "typer", "tqdm", "json"}
    assert not loaded & heavy


@pytest.mark.parametrize(
    "args", [["--help"], ["subset", "--help"], ["cache", "list", "-h"], ["--version"]]
)
def test_help_loads_nothing_heavy(args: list[str]) -> None:
    code = (
        f"import sys\nsys.argv[1:] = {args!r}\nfrom cocosurgeon.__main__ import main\n"
        "try: main()\nexcept SystemExit: pass"
    )
    loaded = loaded_by(code)
    assert "typer" in loaded
    assert not loaded & {"pandas", "pycocotools", "numpy", "msgspec", "orjson", "tqdm"}


def test_a_subset_loads_neither_pandas_nor_pycocotools() -> None:
    if not SAMPLE.is_file():
        pytest.skip("no sample data")
    code = (
        "import sys\nsys.argv[1:] = ['subset', '--first', '3', '--having', 'person', '-o', "
        "'/dev/null', '--quiet']\nfrom cocosurgeon.__main__ import main\n"
        "try: main()\nexcept SystemExit: pass"
    )
    assert not loaded_by(code) & {"pandas", "pycocotools", "orjson", "tqdm"}


def test_verify_shares_no_code_with_the_parts_that_write_files() -> None:
    """One mistake must not hide the other."""
    code = "import cocosurgeon.verify.run, sys\nprint(*sys.modules, sep='\\n')"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    loaded = {name.split(".")[1] for name in done.stdout.split() if "cocosurgeon." in name}
    assert not loaded & {"annfile", "dataset", "select", "categories", "steps", "report", "cli"}


def test_public_names_are_pinned() -> None:
    steps = set(step_classes())  # tests/test_steps.py compares these with what is committed
    assert {"Empty", "First", "InCategory", "License", "ToSpace"} <= steps
    assert [name for name in cocosurgeon.__all__ if name not in steps] == [
        "__version__",
        "AnnotatedImage",
        "Annotation",
        "AnnotationFilter",
        "Category",
        "CategoryMap",
        "CocosurgeonError",
        "Conversion",
        "DataError",
        "Dataset",
        "Difference",
        "EncodingError",
        "ExpressionError",
        "Filter",
        "Finding",
        "FormatError",
        "HeadRows",
        "Image",
        "ImageFilter",
        "JSONSyntaxError",
        "Keep",
        "LevelError",
        "LintReport",
        "LoaderError",
        "OutputError",
        "Plan",
        "PlanTrace",
        "ProbeError",
        "Recipe",
        "RequestError",
        "SourceChangedError",
        "SourceUnavailableError",
        "Space",
        "Split",
        "SplitReport",
        "Stats",
        "Step",
        "StructureError",
        "Summary",
        "UnknownIdError",
        "UnknownNameError",
        "Verification",
        "check_categories",
        "compare_spaces",
        "convert_from",
        "convert_to",
        "diff_files",
        "find_space",
        "head_rows",
        "lint_file",
        "read",
        "read_map",
        "read_recipe",
        "show_images",
        "show_panels",
        "spaces",
        "split",
        "summarize",
        "trace_plan",
        "verify_file",
        "write",
    ]
    for name in cocosurgeon.__all__:
        assert getattr(cocosurgeon, name) is not None
    assert set(cocosurgeon.__all__) <= set(dir(cocosurgeon))
    with pytest.raises(AttributeError):
        getattr(cocosurgeon, "nothing")  # noqa: B009


def imports(path: Path) -> set[str]:
    """Modules of the package that a module imports, inside functions too, but not for typing."""
    tree = ast.parse(path.read_text())
    typing_only = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node not in typing_only and node.module:
            # a name may be a module itself
            named = [f"{node.module}.{alias.name}" for alias in node.names]
            found |= {name if name in MODULES else node.module for name in named}
        elif isinstance(node, ast.Import) and node not in typing_only:
            found |= {alias.name for alias in node.names}
    return {name for name in found if name in MODULES}


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


@pytest.mark.parametrize("name", MODULES)
def test_a_package_imports_only_packages_above_it(name: str) -> None:
    room = name.partition(".")[2].partition(".")[0]
    if not room:
        return
    allowed = ROOMS[: ROOMS.index(room) + 1]
    for other in imports(MODULES[name]) - {"cocosurgeon"}:
        assert other.split(".")[1] in allowed, f"{name} imports {other}"


def test_there_is_no_circle_of_imports() -> None:
    graph = {name: imports(path) for name, path in MODULES.items()}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join([*trail[trail.index(name) :], name])
        if name not in done:
            for other in sorted(graph[name]):
                visit(other, (*trail, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def test_the_map_names_every_package() -> None:
    parts = (p for p in PACKAGE.iterdir() if p.suffix == ".py" or (p / "__init__.py").exists())
    rooms = {p.stem for p in parts} - {"__pycache__"}
    assert rooms - {"__init__"} == set(ROOMS)
    for folder in FOLDERS:
        listed = ast.get_docstring(ast.parse((PACKAGE / folder / "__init__.py").read_text())) or ""
        for path in (PACKAGE / folder).glob("[!_]*.py"):
            assert f"\n{path.stem} " in listed, f"{folder}/__init__.py does not name {path.stem}"


def test_every_error_is_in_the_tree() -> None:
    from cocosurgeon import errors

    drawn = errors.__doc__ or ""
    for name, value in vars(errors).items():
        if isinstance(value, type) and issubclass(value, Exception):
            assert name in drawn
            assert issubclass(value, errors.CocosurgeonError)
            assert value.exit_code in (2, 3)
