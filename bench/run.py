"""Compare whole processes on files of train2017's shape, at a tenth, once and five times its size.

    python bench/run.py [--size whole] [--json bench/results.json]

Exit codes: 0 every target that was measured is reached; 1 some are not.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import orjson
from make_train2017 import Shape, make
from measure import CORES, MIB, Run, Runs, imported, memory_available, pin, run
from tqdm import tqdm

FIRST = 100
STARTS = 20
HEAVY = ("numpy", "pandas", "pycocotools")


@dataclass(frozen=True)
class Size:
    """A file of train2017's shape, and how often each contender reads it.

    Attributes:
        times: how many times as large as train2017.
    """

    times: float
    runs: int

    @property
    def shape(self) -> Shape:
        """The numbers that its bytes are made from."""
        usual = Shape()
        return Shape(int(usual.images * self.times), int(usual.annotations * self.times))


SIZES = {"tenth": Size(0.1, 5), "whole": Size(1, 5), "five": Size(5, 1)}
WHOLE = "whole"

MEMORY_SHAPES = {
    "next to nothing": Shape(images=100, annotations=1_000),
    "some records": Shape(images=8_000, annotations=60_000),
    "four times as long": Shape(images=8_000, annotations=60_000, points=96),
    "twice as many": Shape(images=16_000, annotations=120_000),
    "four times as many": Shape(images=32_000, annotations=240_000),
}


@dataclass(frozen=True)
class Contender:
    """A program that reads FILE and writes OUT, or only reads.

    Attributes:
        name: what it is called on the command line of this benchmark.
        distribution: whose version is shown; None for Python itself, empty for the system.
        command: FILE and OUT stand for the paths, PYTHON for this Python.
        images: how many images its output must have; None: it is not counted.
        memory: private memory that it needs, as a multiple of the file: it is not tried where the
            machine has less.
        environment: variables that it gets.
    """

    name: str
    distribution: str | None
    command: tuple[str, ...]
    images: int | None = FIRST
    memory: float = 0.5
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """The version in use."""
        if self.distribution == "":
            return platform.system()
        number = version(self.distribution) if self.distribution else platform.python_version()
        return f"{self.distribution or 'Python'} {number}"

    def run(self, ann_file: Path, out: Path) -> Run:
        """Run it for these paths."""
        paths = {"FILE": str(ann_file), "OUT": str(out), "PYTHON": sys.executable}
        return run([paths.get(a, a) for a in self.command], self.environment)

    def fits(self, ann_file: Path) -> bool:
        """True where the machine has the memory for it."""
        return self.memory * ann_file.stat().st_size < memory_available()


def _cocosurgeon(*arguments: str) -> tuple[str, ...]:
    return ("PYTHON", "-m", "cocosurgeon", *arguments, "-o", "OUT", "--force")


def _script(name: str) -> tuple[str, ...]:
    return ("PYTHON", str(Path(__file__).parent / "contenders" / f"with_{name}.py"), "FILE", "OUT")


_CUT = _cocosurgeon("subset", "FILE", "--first", str(FIRST))
_READ_BY_JSON = ("PYTHON", "-c", "import json, sys; json.load(open(sys.argv[1]))", "FILE")
_READ_BY_ULTRAFAST = (
    *("PYTHON", "-c"),
    "import os, sys; from ultrafast_pycocotools import _ufcoco as u\n"
    "u.load_compact_bbox(sys.argv[1]); os._exit(0)",
    "FILE",
)
FLOOR, SUBSET, EMPTY_ONLY, HAVING = "wc -l", "subset", "empty-only", "subset --having"
WHERE, REMAP, PURE = "subset --where", "remap", "subset, in Python"
HOTCOCO, PYCOCOTOOLS, ULTRAFAST = "hotcoco", "pycocotools", "ultrafast-pycocotools"
READ_BY_JSON, READ_BY_ULTRAFAST = "json, only reading", "ultrafast, only reading"

CONTENDERS = (
    Contender(FLOOR, "", ("wc", "-l", "FILE"), None),
    Contender(SUBSET, "cocosurgeon", _CUT),
    Contender(PURE, "cocosurgeon", _CUT, environment={"COCOSURGEON_PURE_PYTHON": "1"}),
    Contender(EMPTY_ONLY, "cocosurgeon", _cocosurgeon("empty-only", "FILE"), None),
    Contender(HAVING, "cocosurgeon", _cocosurgeon("subset", "FILE", "--having", "dog"), None),
    Contender(
        WHERE,
        "cocosurgeon",
        _cocosurgeon("subset", "FILE", "--where", "annotations: area < 1024"),
        None,
    ),
    Contender(REMAP, "cocosurgeon", _cocosurgeon("remap", "FILE", "--to", "mmdet80"), None),
    Contender(READ_BY_ULTRAFAST, ULTRAFAST, _READ_BY_ULTRAFAST, None, memory=2),
    Contender(HOTCOCO, HOTCOCO, _script(HOTCOCO), memory=2),
    Contender("orjson", "orjson", _script("orjson"), memory=11),
    Contender(READ_BY_JSON, None, _READ_BY_JSON, None, memory=7),
    Contender(PYCOCOTOOLS, PYCOCOTOOLS, _script(PYCOCOTOOLS), memory=7),
    Contender(ULTRAFAST, ULTRAFAST, _script("ultrafast"), memory=7),
    Contender("json", None, _script("json"), memory=7),
)
CHART = (SUBSET, HOTCOCO, "orjson", PYCOCOTOOLS, ULTRAFAST, "json")


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


def main() -> int:
    """Measure, print, and give the exit code."""
    options = _options()
    pin()
    contenders = [c for c in CONTENDERS if c.name not in options.skip]
    print(f"{CORES} cores, {platform.system()} {platform.machine()}\n")
    measured: dict[str, Measured] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in options.size or SIZES:
            size = SIZES[name]
            runs = min(size.runs, options.runs)
            measured[name] = measure(contenders, size.shape, Path(folder), runs)
            print(measured[name].title(), table(_CONTEST, measured[name].rows()), sep="\n\n")
            print()
        if options.json:
            options.json.write_text(as_json(measured))
        if WHOLE not in measured:
            return 0
        print(table(_MEMORY, memory_rows(Path(folder), options.runs)), end="\n\n")
    starts = compare_starts()
    loaded = heavy_modules()
    print(table(_STARTS, start_rows(starts)), end="\n\n")
    print(table(_LOADED, loaded_rows(loaded)), end="\n\n")
    aims = targets(measured[WHOLE].runs, starts, loaded)
    print(table(_TARGETS, [t.row() for t in aims]))
    return int(any(t.missed for t in aims))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare cocosurgeon with its alternatives.")
    parser.add_argument("--runs", type=int, default=5, help="at most so many of each (default: 5)")
    parser.add_argument(
        "--size",
        action="append",
        choices=SIZES,
        help="the size of the file, in train2017s; may be repeated (default: all)",
    )
    parser.add_argument(
        "--skip",
        action="append",
        default=[],
        choices=[c.name for c in CONTENDERS if c.name != SUBSET],
        help="leave one out; may be repeated",
    )
    parser.add_argument(
        "--json", metavar="FILE", type=Path, help="write all that was measured, for bench/chart.py"
    )
    return parser.parse_args()


# ---- the contest


@dataclass(frozen=True)
class Measured:
    """Runs of contenders on one file.

    Attributes:
        runs: of each contender by name; none of one that the machine has no memory for.
    """

    shape: Shape
    size: int
    sha256: str
    contenders: Sequence[Contender]
    runs: Mapping[str, Runs]

    def title(self) -> str:
        """The file, in one line."""
        return (
            f"{self.shape.images:,} images, {self.shape.annotations:,} annotations, "
            f"{self.size / 1e6:,.0f} MB, SHA-256 {self.sha256[:16]}..."
        )

    def rows(self) -> list[list[str]]:
        """One row a contender; the ratio is that of its time to the time of ``subset``."""
        return [[c.name, c.version, *self._figures(c)] for c in self.contenders]

    def _figures(self, contender: Contender) -> list[str]:
        if contender.name not in self.runs:
            need = f"needs {contender.memory * self.size / 1e9:.0f} GB"
            return [need, *["-"] * (len(_CONTEST) - 3)]
        runs = self.runs[contender.name]
        return [
            *(f"{s:.2f}" for s in (runs.seconds, runs.fastest, runs.slowest, runs.cpu)),
            f"{runs.seconds / self.runs[SUBSET].seconds:.2f}",
            f"{runs.private / MIB:,.0f}",
        ]


_CONTEST = (
    *("contender", "version", "median s", "min s", "max s", "CPU s", "× subset", "private MiB"),
)


def measure(contenders: Sequence[Contender], shape: Shape, folder: Path, runs: int) -> Measured:
    """Run the contenders in turn, and all of them again, so that noise meets them alike."""
    ann_file = make(shape)
    digest = _read_through(ann_file)
    able = [c for c in contenders if c.fits(ann_file)]
    found: dict[str, list[Run]] = {c.name: [] for c in able}
    turns = [c for _ in range(runs) for c in able]
    for contender in (bar := tqdm(turns, disable=None, leave=False)):
        bar.set_description(contender.name)
        out = folder / "out.json"
        found[contender.name].append(contender.run(ann_file, out))
        _require_images(out, contender)
    done = {name: Runs(tuple(r)) for name, r in found.items()}
    return Measured(shape, ann_file.stat().st_size, digest, contenders, done)


def _read_through(path: Path) -> str:
    """Return the SHA-256 of a file. The system's cache has it by then, so that the first contender
    pays no more."""
    with path.open("rb") as file:
        digest = hashlib.sha256()
        while block := file.read(MIB):
            digest.update(block)
    return digest.hexdigest()


def _require_images(out: Path, contender: Contender) -> None:
    if contender.images is None:
        return
    images = len(orjson.loads(out.read_bytes())["images"])
    if images != contender.images:
        raise SystemExit(f"{contender.name} kept {images} images, not {contender.images}")


def as_json(measured: Mapping[str, Measured]) -> str:
    """What was measured, on what: seconds in the order of the runs, memory in bytes."""
    sizes = {
        name: {
            "file": {
                "images": of.shape.images,
                "annotations": of.shape.annotations,
                "bytes": of.size,
                "sha256": of.sha256,
            },
            "contenders": [
                {
                    "name": c.name,
                    "version": c.version,
                    "seconds": [round(r.seconds, 3) for r in of.runs[c.name].runs],
                    "cpu": [round(r.cpu, 3) for r in of.runs[c.name].runs],
                    "private": of.runs[c.name].private,
                }
                for c in of.contenders
                if c.name in of.runs
            ],
        }
        for name, of in measured.items()
    }
    document = {
        "machine": f"{CORES} cores, {platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "sizes": sizes,
    }
    return json.dumps(document, indent=1) + "\n"


# ---- memory


_MEMORY = ("file", "images", "annotations", "points each", "MiB of text", "private MiB")


def memory_rows(folder: Path, runs: int) -> list[list[str]]:
    """One row a shape: what ``subset`` holds when records are longer, and when they are more."""
    rows = []
    for name, shape in MEMORY_SHAPES.items():
        of = measure([c for c in CONTENDERS if c.name == SUBSET], shape, folder, runs)
        rows.append(
            [
                name,
                f"{shape.images:,}",
                f"{shape.annotations:,}",
                str(shape.points),
                f"{of.size / MIB:.1f}",
                f"{of.runs[SUBSET].private / MIB:.1f}",
            ]
        )
    return rows


# ---- starting


_SAMPLE = Path(__file__).parents[1] / "sample_data/annotations/instances_sample2017.json"
_PYTHON_CODE = (sys.executable, "-c")
_HELP = (sys.executable, "-m", "cocosurgeon", "--help")
_CUT_SAMPLE = (sys.executable, "-m", "cocosurgeon", "subset", str(_SAMPLE), "--first", "128")
_IMPORT_TYPER = (*_PYTHON_CODE, "import typer")
_IMPORT_BASE = (*_PYTHON_CODE, "import numpy, typer, pydantic, msgspec")
_IMPORT_COCOSURGEON = (*_PYTHON_CODE, "import cocosurgeon")


def compare_starts() -> dict[str, Runs]:
    """Start small commands in turn; a first round, which may compile modules, does not count."""
    with tempfile.TemporaryDirectory() as folder:
        commands = {
            "cocosurgeon --help": _HELP,
            'python -c "import typer"': _IMPORT_TYPER,
            "cocosurgeon subset of the sample data": (*_CUT_SAMPLE, "-o", f"{folder}/a", "--force"),
            'python -c "import numpy, typer, pydantic, msgspec"': _IMPORT_BASE,
        }
        rounds = [
            [run(command) for command in commands.values()]
            for _ in tqdm(range(STARTS + 1), "starting", disable=None, leave=False)
        ]
    return {
        name: Runs(tuple(each[place] for each in rounds[1:])) for place, name in enumerate(commands)
    }


_STARTS = ("command", "median ms", "min ms", "max ms")


def start_rows(starts: Mapping[str, Runs]) -> list[list[str]]:
    """One row a command."""
    return [
        [name, *(f"{s * 1000:.0f}" for s in (r.seconds, r.fastest, r.slowest))]
        for name, r in starts.items()
    ]


def heavy_modules() -> dict[str, frozenset[str]]:
    """The heavy modules that starting loads."""
    named = {"import cocosurgeon": _IMPORT_COCOSURGEON, "cocosurgeon --help": _HELP}
    return {name: imported(command).intersection(HEAVY) for name, command in named.items()}


_LOADED = ("command", *HEAVY)


def loaded_rows(loaded: Mapping[str, frozenset[str]]) -> list[list[str]]:
    """One row a command: which heavy modules it loads."""
    return [
        [name, *("loaded" if h in modules else "-" for h in HEAVY)]
        for name, modules in loaded.items()
    ]


# ---- targets


_TARGETS = ("target", "measured", "bar", "reached")


def targets(
    measured: Mapping[str, Runs], starts: Mapping[str, Runs], loaded: Mapping[str, frozenset[str]]
) -> list[Target]:
    """What was aimed at, and what came of it."""

    def seconds(name: str, of: str) -> float | None:
        known = name in measured and of in measured
        return measured[name].seconds / measured[of].seconds if known else None

    cpu = None
    if READ_BY_ULTRAFAST in measured:
        cpu = measured[SUBSET].cpu / measured[READ_BY_ULTRAFAST].cpu
    help_, typer, sample, base = (runs.seconds for runs in starts.values())
    return [
        Target("subset's CPU time to ultrafast's, only reading", cpu, 0.45),
        Target("subset's time to hotcoco's", seconds(SUBSET, HOTCOCO), 0.35),
        Target("--having's time to subset's", seconds(HAVING, SUBSET), 2),
        Target("--where's time to subset's", seconds(WHERE, SUBSET), 2),
        Target("remap's time to json.load's", seconds(REMAP, READ_BY_JSON), 0.12),
        Target("times faster than pycocotools", seconds(PYCOCOTOOLS, SUBSET), 12, at_least=True),
        Target("private MiB of subset", measured[SUBSET].private / MIB or None, 110),
        Target("time of a small subset to its imports'", sample / base, 1.6),
        Target("time of --help to import typer's", help_ / typer, 2.0),
        Target("heavy modules loaded by starting", sum(map(len, loaded.values())), 0),
    ]


# ---- tables


def relative_table(found: Mapping[str, Runs], base: str) -> str:
    """Return a table of runs, with their times as multiples of those of one of them.

    Where other work slows the machine down, only the multiples of CPU times can be compared.
    """
    times = ("median s", "min s", "max s", f"× {base}", "CPU s", "× its CPU")
    head = ("command", *times, "private MiB")
    rows = [
        [
            name,
            *(f"{s:.2f}" for s in (r.seconds, r.fastest, r.slowest)),
            f"{r.seconds / found[base].seconds:.2f}",
            f"{r.cpu:.2f}",
            f"{r.cpu / found[base].cpu:.2f}",
            f"{r.private / MIB:,.0f}",
        ]
        for name, r in found.items()
    ]
    return table(head, rows)


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
