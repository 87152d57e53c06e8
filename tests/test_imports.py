"""What loads when: the package and its help stay cheap; rooms import only rooms above them."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, SAMPLE

import cocosurgeon

PACKAGE = ROOT / "cocosurgeon"

# Packages and modules, lowest first; each may import those before it (and itself).
ROOMS = (
    *("version", "errors", "text", "atomic", "findings", "annfile", "loaders", "probe"),
    *("dataset", "select", "categories", "steps", "layout", "snippet", "verify", "report"),
    *("cache", "config", "mmdet", "cli", "__main__"),
)

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


def test_public_names_are_pinned() -> None:
    assert cocosurgeon.__all__ == [
        "__version__",
        "Annotation",
        "AnnotationFilter",
        "AnnotationWhere",
        "Area",
        "Cascade",
        "Category",
        "CategoryMap",
        "CocosurgeonError",
        "Crowd",
        "DataError",
        "Dataset",
        "Empty",
        "EncodingError",
        "ExpressionError",
        "Filter",
        "First",
        "FormatError",
        "Having",
        "HeadRows",
        "Ids",
        "Image",
        "ImageFilter",
        "ImageWhere",
        "InCategory",
        "JSONSyntaxError",
        "Keep",
        "Last",
        "LevelError",
        "Like",
        "LoaderError",
        "Merge",
        "Names",
        "OutputError",
        "Plan",
        "PlanTrace",
        "ProbeError",
        "Recipe",
        "Remap",
        "Rename",
        "RequestError",
        "Sample",
        "Skip",
        "SortCategories",
        "SourceChangedError",
        "SourceUnavailableError",
        "Space",
        "Step",
        "StructureError",
        "Summary",
        "ToSpace",
        "UnknownIdError",
        "UnknownNameError",
        "WithNames",
        "annotations_df",
        "check_categories",
        "compare_spaces",
        "find_space",
        "head_rows",
        "images_df",
        "read",
        "read_map",
        "read_recipe",
        "spaces",
        "summarize",
        "trace_plan",
        "write",
    ]
    for name in cocosurgeon.__all__:
        assert getattr(cocosurgeon, name) is not None
    assert set(cocosurgeon.__all__) <= set(dir(cocosurgeon))
    with pytest.raises(AttributeError):
        cocosurgeon.nothing  # noqa: B018


def test_type_checkers_see_the_names_that_there_are() -> None:
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    seen = {
        alias.name
        for block in tree.body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == set(cocosurgeon.__all__) - {"__version__"}


def room_of(module: str) -> str:
    return module.split(".")[1]


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: p.stem)
def test_a_room_imports_only_rooms_above_it(path: Path) -> None:
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if room == "__init__":
        return
    allowed = ROOMS[: ROOMS.index(room) + 1]
    tree = ast.parse(path.read_text())
    typing_only = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node not in typing_only and node.module:
            modules = [node.module]
            if node.module == "cocosurgeon":
                modules = [f"cocosurgeon.{alias.name}" for alias in node.names]
            for module in modules:
                if module.startswith("cocosurgeon."):
                    assert room_of(module) in allowed, f"{path.name} imports {module}"


def test_the_map_names_every_room() -> None:
    parts = (p for p in PACKAGE.iterdir() if p.suffix == ".py" or (p / "__init__.py").exists())
    rooms = {p.stem for p in parts}
    assert rooms - {"__init__"} == set(ROOMS)
    for room in set(ROOMS) - {"version", "__main__"}:
        assert f"    {room}" in (cocosurgeon.__doc__ or "")
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
