"""Examples of the README and the docs run as printed, in order, in a bare clone; nothing drifts."""

from __future__ import annotations

import functools
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pytest
from conftest import ROOT, Cli
from forked import ForkedPython
from warm import modules

README = ROOT / "README.md"
DOCS = sorted((ROOT / "docs").glob("*.md"))
FLOWS = sorted((ROOT / "docs/flows").glob("*.md"))
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Example:
    """A command, or a block of Python, and what it prints."""

    code: str
    printed: str


def blocks(page: Path, kind: str) -> list[str]:
    return [text for name, text in BLOCK.findall(page.read_text()) if name == kind]


def examples(page: Path) -> Iterator[Example]:
    """All that a page says is run, in order: console blocks, and Python with its output below."""
    found = [*BLOCK.findall(page.read_text()), ("", "")]
    for (kind, text), (next_kind, printed) in itertools.pairwise(found):
        if kind == "console":
            lines = re.sub(r"^# .*\n", "", text, flags=re.MULTILINE)
            for part in re.split(r"^\$ ", lines, flags=re.MULTILINE)[1:]:
                yield Example(*part.split("\n", 1))
        elif kind == "python" and next_kind == "text":
            run = "python example.py 2> errors || cat errors"
            yield Example(f"cat > example.py <<'END'\n{text}END\n{run}", printed)


@functools.cache
def cloned_files() -> tuple[str, ...]:
    """What a clone has, or an unpacked source distribution; nothing that was made there."""
    if (ROOT / ".git").exists():
        done = subprocess.run(
            ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        listed = done.stdout
    else:
        listed = (ROOT / "cocosurgeon.egg-info/SOURCES.txt").read_text()
    return tuple(name for name in listed.splitlines() if (ROOT / name).is_file())


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A bare clone, as it is before anything was run in it."""
    for name in cloned_files():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / name)
    return tmp_path


INSTALLED = Path(sys.executable).parent


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a ``cocosurgeon`` whose process has its imports from the beginning."""
    if not hasattr(os, "pidfd_open"):
        yield INSTALLED
        return
    server, folder = tmp_path_factory.mktemp("server"), tmp_path_factory.mktemp("bin")
    python = ForkedPython(Path(sys.executable), {}, modules(), server)
    program = folder / "cocosurgeon"
    program.write_text(f'#!/bin/sh\nexec {python.path} {INSTALLED}/cocosurgeon "$@"\n')
    program.chmod(0o700)
    yield folder
    python.close()


def ran(command: str, folder: Path, programs: Path = INSTALLED) -> str:
    """What a command prints, its errors first, where cocosurgeon is installed."""
    environment = {k: v for k, v in os.environ.items() if k != "COCOSURGEON_ANN_FILE"}
    environment["PATH"] = f"{programs}:{INSTALLED}:{environment['PATH']}"
    environment["COCOSURGEON_CACHE"] = str(folder / ".cache")
    done = subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr + done.stdout


def timeless(text: str) -> str:
    text = re.sub(r"^cocosurgeon: \d+\.\d s$", "cocosurgeon: TIME", text, flags=re.MULTILINE)
    return re.sub(r"Python 3\.\d+\.\d+, \d{4}-\d\d-\d\d", "Python 3, TODAY", text)


@pytest.mark.parametrize(
    "page",
    [p for p in (README, *DOCS, *FLOWS) if any(examples(p))],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_examples(page: Path, clone: Path, programs: Path) -> None:
    """Python is run by an interpreter of its own, which has imported nothing yet."""
    for example in examples(page):
        output, expected = timeless(ran(example.code, clone, programs)), timeless(example.printed)
        if expected.endswith("...\n"):
            assert output.startswith(expected.removesuffix("...\n")), example.code
        else:
            assert output == expected, example.code
    if page.name == "python.md":
        assert (clone / "twin.json").read_bytes() == (clone / "some.json").read_bytes()


def test_python_in_the_readme_is_run() -> None:
    assert len(blocks(README, "python")) == len(blocks(README, "text")) >= 2


def test_the_first_line_cuts_100_images_and_can_be_run_again(clone: Path) -> None:
    command = blocks(README, "sh")[0].strip().split(" && ")[-1]
    assert command == "cocosurgeon subset --first 100"
    assert "images       100 of 128 kept" in ran(command, clone)
    written = json.loads((clone / "instances_sample2017_first100.json").read_bytes())
    assert len(written["images"]) == 100
    again = ran(command, clone)
    assert "unchanged" in again
    assert "error" not in again


def test_two_lines_set_up_everything_and_ci_runs_them() -> None:
    assert "README.md" in (ROOT / ".ci/run").read_text()
    lines = [text.strip() for text in blocks(README, "sh")]
    assert len(lines) == 2
    assert "\n" not in lines[0] + lines[1]
    assert lines[1].endswith("python -m pytest")


def test_every_option_is_documented_and_the_readme_names_no_other(cli: Cli) -> None:
    def verbs(*group: str) -> list[str]:
        _, found, commands = cli(*group, "--help").out.partition("\nCommands:\n")
        return re.findall(r"^  ([a-z][a-z-]+)  ", commands, re.MULTILINE) if found else []

    listed = verbs()
    in_table = re.findall(r"^\| \[`([a-z-]+)`\]\(docs", README.read_text(), re.MULTILINE)
    assert sorted(in_table) == listed
    paths = [(verb, *of_group) for verb in listed for of_group in [(), *zip(verbs(verb))]]
    helped = "".join(cli(*path, "--help").out for path in paths)
    options = set(re.findall(r"^  (?:-\w, )?(--[\w-]+)", helped, re.MULTILINE))
    in_readme, in_docs = (
        {o for path in paths for o in re.findall(r"(?<![\w-])--[a-z][\w-]+", path.read_text())}
        for paths in ((README,), DOCS)
    )
    assert options - {"--output", "--help"} <= in_docs
    assert in_readme <= options


def test_every_link_leads_somewhere() -> None:
    for path in (README, *(ROOT / "docs").rglob("*.md"), ROOT / "bench/README.md"):
        for link in re.findall(r"\]\(([^)#]+)\)", path.read_text()):
            if "://" not in link:
                assert (path.parent / link).exists(), f"{path.name}: {link}"


def test_the_chart_shows_the_saved_results() -> None:
    sys.path.insert(0, str(ROOT / "bench"))
    try:
        from chart import OUT, RESULTS, chart, shown
    finally:
        sys.path.pop(0)
    results = json.loads(RESULTS.read_text())
    assert chart(results) == OUT.read_text()
    [alt] = re.findall(r"!\[Bar chart[^]]*\]\(bench/speed.svg\)", README.read_text())
    for contender in shown(results):
        if contender["name"] in ("subset", "hotcoco", "pycocotools"):
            seconds = median(contender["seconds"])
            assert f" {seconds:.0f}" in alt or f" {seconds:.1f}" in alt
