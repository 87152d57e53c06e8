"""Compare whole processes that cut the first 100 images out of a file of train2017's shape.

    python bench/run.py [--json bench/results.json]

Exit codes: 0 every target that was measured is reached; 1 some are not.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import orjson
from make_train2017 import Shape, make
from measure import CORES, MIB, Run, Runs, imported, pin, run
from tqdm import tqdm

SHAPE = Shape()
FIRST = 100
STARTS = 20
HEAVY = ("numpy", "pandas", "pycocotools")

SUBSET, EMPTY_ONLY = "subset", "empty-only"
HOTCOCO, PYCOCOTOOLS = "hotcoco", "pycocotools"

MEMORY_SHAPES = {
    "next to nothing": Shape(images=100, annotations=1_000),
    "some records": Shape(images=8_000, annotations=60_000),
    "four times as long": Shape(images=8_000, annotations=60_000, points=96),
    "twice as many": Shape(images=16_000, annotations=120_000),
    "four times as many": Shape(images=32_000, annotations=240_000),
}


@dataclass(frozen=True)
class Contender:
    """A program that reads FILE and writes OUT.

    Attributes:
        name: what it is called on the command line of this benchmark.
        distribution: whose version is shown; None for Python itself.
        arguments: of this Python; FILE and OUT stand for the paths.
        images: how many images its output must have.
    """

    name: str
    distribution: str | None
    arguments: tuple[str, ...]
    images: int = FIRST

    @property
    def version(self) -> str:
        """The version in use."""
        return version(self.distribution) if self.distribution else platform.python_version()

    def command(self, ann_file: Path, out: Path) -> list[str]:
        """The command line for these paths."""
        paths = {"FILE": str(ann_file), "OUT": str(out)}
        return [sys.executable, *(paths.get(a, a) for a in self.arguments)]


@dataclass(frozen=True)
class Target:
    """Something measured, and how large it may be; None when it was not measured."""

    what: str
    value: float | None
    limit: float
    at_least: bool = False

    @property
    def missed(self) -> bool:
        """Whether it was measured and not reached."""
        if self.value is None:
            return False
        return self.value < self.limit if self.at_least else self.value > self.limit

    def row(self) -> list[str]:
        """Its row in the table of targets."""
        measured = "-" if self.value is None else f"{self.value:.2f}"
        verdict = "not measured" if self.value is None else "no" if self.missed else "yes"
        bound = "at least" if self.at_least else "at most"
        return [self.what, measured, f"{bound} {self.limit:g}", verdict]


def _cocosurgeon(*arguments: str) -> tuple[str, ...]:
    return ("-m", "cocosurgeon", *arguments)


def _script(name: str) -> tuple[str, ...]:
    return (str(Path(__file__).parent / "contenders" / f"with_{name}.py"), "FILE", "OUT")


_OUTPUT = ("-o", "OUT", "--force")
CONTENDERS = (
    Contender(
        SUBSET, "cocosurgeon", _cocosurgeon("subset", "FILE", "--first", str(FIRST), *_OUTPUT)
    ),
    Contender(
        EMPTY_ONLY, "cocosurgeon", _cocosurgeon("empty-only", "FILE", *_OUTPUT), SHAPE.empty_images
    ),
    Contender(HOTCOCO, "hotcoco", _script(HOTCOCO)),
    Contender("orjson", "orjson", _script("orjson")),
    Contender(PYCOCOTOOLS, "pycocotools", _script(PYCOCOTOOLS)),
    Contender("json", None, _script("json")),
)


def main() -> int:
    """Measure, print, and give the exit code."""
    options = _options()
    pin()
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}\n")
    contenders = [c for c in CONTENDERS if c.name not in options.skip]
    with tempfile.TemporaryDirectory() as folder:
        ann_file = make(SHAPE)
        compared = compare(contenders, ann_file, Path(folder), options.runs)
        if options.json:
            options.json.write_text(as_json(contenders, compared, ann_file))
        print(table(_CONTEST, contest_rows(contenders, compared)), end="\n\n")
        print(table(_MEMORY, memory_rows(Path(folder), options.runs)), end="\n\n")
    starts = compare_starts()
    loaded = heavy_modules()
    print(table(_STARTS, start_rows(starts)), end="\n\n")
    print(table(_LOADED, loaded_rows(loaded)), end="\n\n")
    aims = targets(compared, starts, loaded)
    print(table(_TARGETS, [t.row() for t in aims]))
    return int(any(t.missed for t in aims))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare cocosurgeon with its alternatives.")
    parser.add_argument("--runs", type=int, default=5, help="runs of each contender (default: 5)")
    parser.add_argument(
        "--skip",
        action="append",
        default=[],
        choices=[c.name for c in CONTENDERS if c.name != SUBSET],
        help="leave one out; may be repeated",
    )
    parser.add_argument(
        "--json", metavar="FILE", type=Path, help="write the times to FILE, for bench/chart.py"
    )
    return parser.parse_args()


# ---- the contest


def compare(
    contenders: Sequence[Contender], ann_file: Path, folder: Path, runs: int
) -> dict[str, Runs]:
    """Run the contenders in turn, and all of them again, so that noise meets them alike."""
    _read_through(ann_file)
    found: dict[str, list[Run]] = {c.name: [] for c in contenders}
    turns = [c for _ in range(runs) for c in contenders]
    for contender in (bar := tqdm(turns, disable=None, leave=False)):
        bar.set_description(contender.name)
        out = folder / f"{contender.name}.json"
        found[contender.name].append(run(contender.command(ann_file, out)))
        _require_images(out, contender)
    return {name: Runs(tuple(r)) for name, r in found.items()}


def _read_through(path: Path) -> None:
    """Bring a file into the system's cache, so that the first contender pays no more."""
    with path.open("rb") as file:
        while file.read(MIB):
            pass


def _require_images(out: Path, contender: Contender) -> None:
    images = len(orjson.loads(out.read_bytes())["images"])
    if images != contender.images:
        raise SystemExit(f"{contender.name} kept {images} images, not {contender.images}")


_CONTEST = ("contender", "version", "median s", "min s", "max s", "× subset", "private MiB")


def contest_rows(contenders: Sequence[Contender], compared: Mapping[str, Runs]) -> list[list[str]]:
    """One row a contender; the ratio tells how many times faster ``subset`` is."""
    return [
        [
            c.name,
            f"{c.distribution or 'Python'} {c.version}",
            f"{r.seconds:.2f}",
            f"{r.fastest:.2f}",
            f"{r.slowest:.2f}",
            f"{r.seconds / compared[SUBSET].seconds:.2f}",
            f"{r.private / MIB:,.0f}",
        ]
        for c, r in ((c, compared[c.name]) for c in contenders)
    ]


def as_json(contenders: Sequence[Contender], compared: Mapping[str, Runs], ann_file: Path) -> str:
    """What was measured, on what: seconds in the order of the runs, memory in bytes."""
    rows = [
        {
            "name": c.name,
            "version": f"{c.distribution or 'Python'} {c.version}",
            "seconds": [round(r.seconds, 3) for r in compared[c.name].runs],
            "private": compared[c.name].private,
        }
        for c in contenders
        if c.images == FIRST
    ]
    document = {
        "file": {
            "images": SHAPE.images,
            "annotations": SHAPE.annotations,
            "bytes": ann_file.stat().st_size,
        },
        "machine": f"{CORES} cores, {platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "contenders": rows,
    }
    return json.dumps(document, indent=1) + "\n"


# ---- memory


_MEMORY = ("file", "images", "annotations", "points each", "MiB of text", "private MiB")


def memory_rows(folder: Path, runs: int) -> list[list[str]]:
    """One row a shape: what ``subset`` holds when records are longer, and when they are more."""
    rows = []
    for name, shape in MEMORY_SHAPES.items():
        ann_file = make(shape)
        runs_of_it = compare(CONTENDERS[:1], ann_file, folder, runs)[SUBSET]
        size = ann_file.stat().st_size
        rows.append(
            [
                name,
                f"{shape.images:,}",
                f"{shape.annotations:,}",
                str(shape.points),
                f"{size / MIB:.1f}",
                f"{runs_of_it.private / MIB:.1f}",
            ]
        )
    return rows


# ---- starting


_HELP = _cocosurgeon("--help")
_IMPORT_TYPER = ("-c", "import typer")
_IMPORT_COCOSURGEON = ("-c", "import cocosurgeon")


@dataclass(frozen=True)
class Starts:
    """How long ``cocosurgeon --help`` takes, and what any program built on typer takes."""

    help: Runs
    typer: Runs

    @property
    def ratio(self) -> float:
        """The first to the second."""
        return self.help.seconds / self.typer.seconds


def compare_starts() -> Starts:
    """Start both in turn; a first pair, which may compile modules, does not count."""
    pairs = [
        (run([sys.executable, *_HELP]), run([sys.executable, *_IMPORT_TYPER]))
        for _ in tqdm(range(STARTS + 1), "starting", disable=None, leave=False)
    ]
    helps, typers = zip(*pairs[1:], strict=True)
    return Starts(Runs(helps), Runs(typers))


_STARTS = ("command", "median ms", "min ms", "max ms")


def start_rows(starts: Starts) -> list[list[str]]:
    """One row a command."""
    named = {"cocosurgeon --help": starts.help, 'python -c "import typer"': starts.typer}
    return [
        [name, *(f"{s * 1000:.0f}" for s in (r.seconds, r.fastest, r.slowest))]
        for name, r in named.items()
    ]


def heavy_modules() -> dict[str, frozenset[str]]:
    """The heavy modules that starting loads."""
    named = {"import cocosurgeon": _IMPORT_COCOSURGEON, "cocosurgeon --help": _HELP}
    return {
        name: imported([sys.executable, *arguments]).intersection(HEAVY)
        for name, arguments in named.items()
    }


_LOADED = ("command", *HEAVY)


def loaded_rows(loaded: Mapping[str, frozenset[str]]) -> list[list[str]]:
    """One row a command: which heavy modules it loads."""
    return [
        [name, *("loaded" if h in modules else "-" for h in HEAVY)]
        for name, modules in loaded.items()
    ]


# ---- targets


_TARGETS = ("target", "measured", "asked", "reached")


def targets(
    compared: Mapping[str, Runs], starts: Starts, loaded: Mapping[str, frozenset[str]]
) -> list[Target]:
    """What was aimed at, and what came of it."""
    subset = compared[SUBSET]

    def ratio(name: str) -> float | None:
        return compared[name].seconds / subset.seconds if name in compared else None

    to_hotcoco = ratio(HOTCOCO)
    return [
        Target("subset's time to hotcoco's", to_hotcoco and 1 / to_hotcoco, 1.0),
        Target("times faster than pycocotools", ratio(PYCOCOTOOLS), 12, at_least=True),
        Target("private MiB of subset", subset.private / MIB or None, 200),
        Target("time of --help to import typer's", starts.ratio, 2.0),
        Target("heavy modules loaded by starting", sum(map(len, loaded.values())), 0),
    ]


# ---- tables


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; all columns but the first are aligned to the right."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    rule = ["-" * widths[0], *("-" * (w - 1) + ":" for w in widths[1:])]
    return "\n".join(_line(cells, widths) for cells in (head, rule, *rows))


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(cells, widths, strict=True)
    padded = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
    return f"| {' | '.join(padded)} |"


if __name__ == "__main__":
    sys.exit(main())
