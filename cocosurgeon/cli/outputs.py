"""Output files: their paths, checks, and writing."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cocosurgeon.atomic import (
    appearing,
    final_path,
    is_special,
    refuse_existing,
    refuse_same_file,
    standard_output,
)
from cocosurgeon.cli.console import Console
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.errors import OutputError, RequestError
from cocosurgeon.files import reading
from cocosurgeon.select.plan import Plan
from cocosurgeon.steps.arguments import format_id
from cocosurgeon.steps.naming import slug
from cocosurgeon.steps.recipe import Recipe
from cocosurgeon.urls import refuse_urls

STDOUT = "-"
Text = Callable[[], Iterator[bytes]]
_LONGEST_NAME = 255
_HEAD = 4096


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Files to write.

    Attributes:
        subset: path of the annotation file; None: next to the input, stdout for a stream.
        ids: path of the list of kept image ids; None: none.
        recipe: path of the recipe; None: none.
        force: True to replace existing files.
    """

    subset: str | None
    ids: str | None
    recipe: str | None
    force: bool

    @property
    def places(self) -> list[str]:
        """Return the paths of all given outputs."""
        return [place for place in (self.subset, self.ids, self.recipe) if place is not None]

    def require_free(self, inputs: Sequence[str], *, needs_stdout: bool) -> None:
        """Refuse outputs that cannot be written, before any work is done.

        Args:
            inputs: paths of the inputs.
            needs_stdout: True if standard output is for the document of ``--json``.

        Raises:
            RequestError: an output goes to standard output, but ``needs_stdout`` is set.
            OutputError: two outputs have one path, or an output exists, is a folder or an input.
        """
        if needs_stdout and STDOUT in self.places:
            raise RequestError(
                "--json and an output cannot both go to standard output",
                hint="name a file with -o",
            )
        if "" in self.places:
            raise OutputError("the name of an output is empty")
        refuse_urls(self.places)
        paths = [Path(place) for place in self.places if place != STDOUT]
        real = [final_path(path) for path in paths if not is_special(path)]
        if len(set(real)) < len(real) or self.places.count(STDOUT) > 1:
            where = ", ".join(self.places)
            raise OutputError("two outputs have the same path", where=where, hint="rename one")
        for place, path in zip((p for p in self.places if p != STDOUT), paths, strict=True):
            if place.endswith("/"):
                raise OutputError("the output is a folder", where=place, hint="name a file in it")
            for source in inputs:
                refuse_same_file(path, None if source == STDOUT else Path(source))
            refuse_existing(path, force=True)  # only a folder is refused: a file may be equal

    def require_possible(self, source: Dataset) -> None:
        """Refuse an existing output that cannot be the result, before other files are read.

        A result has the same beginning as its source, up to the first list.

        Raises:
            OutputError: the output has another beginning.
        """
        path = Path(self.subset or STDOUT)
        if self.force or self.subset in (None, STDOUT) or path.suffix == ".gz":
            return
        head, bracket, _ = next(source.text(), b"")[:_HEAD].partition(b"[")
        if path.is_file():
            with reading(path, "the output"), path.open("rb") as file:
                if file.read(len(head + bracket)) != head + bracket:
                    refuse_existing(path, force=False)


@dataclass(frozen=True, kw_only=True)
class Output:
    """The options of a verb that writes an annotation file.

    Attributes:
        outputs: files to write.
        dry_run: True to write nothing.
    """

    outputs: Outputs
    dry_run: bool


def default_output(dataset: Dataset, plan: Plan, folder: Path | None = None) -> str:
    """Return the default output.

    Args:
        folder: folder of the output; None: that of the input, or stdout for a stream.
    """
    path = dataset.source.path
    if path is None:
        return STDOUT
    stem, suffix = _split_name(path)
    room = _LONGEST_NAME - len(os.fsencode(f"{stem}_{suffix}"))
    return str((folder or path.parent) / f"{stem}_{slug(plan, room)}{suffix}")


def part_outputs(dataset: Dataset, names: Iterable[str], folder: Path | None) -> dict[str, str]:
    """Return the output of each part of a split, by the part's name.

    Args:
        folder: folder of the outputs; None: that of the input, or the current one for a stream.

    Raises:
        RequestError: they would go to standard output.
    """
    path = dataset.source.path
    if folder == Path(STDOUT):
        raise RequestError(
            "several files cannot go to standard output", hint="name a folder with -o"
        )
    if path is None:
        return {name: str((folder or Path()) / f"{name}.json") for name in names}
    stem, suffix = _split_name(path)
    return {name: str((folder or path.parent) / f"{stem}_{name}{suffix}") for name in names}


def recipe_output(output: str) -> str:
    """Return the path of the recipe next to an output."""
    path = Path(output)
    return str(path.with_name(f"{_split_name(path)[0]}.recipe.json"))


def _split_name(path: Path) -> tuple[str, str]:
    """Return a file's name without its suffix, and the suffix."""
    suffixes = re.search(r"(?<=.)(\.json)?(\.gz)?$", path.name)
    suffix = suffixes[0] if suffixes else ""
    return path.name.removesuffix(suffix), suffix


def write_all(result: Dataset, plan: Plan, outputs: Outputs, console: Console) -> None:
    """Write all outputs; files appear only when all of them are complete."""
    texts: dict[str, Text] = {}
    if outputs.subset is not None:
        texts[outputs.subset] = lambda: with_bar(result, console)
    if outputs.ids is not None:
        texts[outputs.ids] = lambda: iter([id_lines(result)])
    if outputs.recipe is not None:
        texts[outputs.recipe] = lambda: iter([Recipe.of(plan, result).to_json()])
    write_files(texts, outputs.force, console)


def require_apart(outputs: Iterable[Path], inputs: Iterable[str]) -> None:
    """Refuse further outputs of a report that cannot be written, before any work is done.

    Raises:
        OutputError: an output is standard output, a folder or an input, or two have one path.
    """
    paths = list(outputs)
    if len(set(map(final_path, paths))) < len(paths):
        where = ", ".join(map(str, paths))
        raise OutputError("two outputs have the same path", where=where, hint="rename one")
    sources = list(inputs)
    for path in paths:
        if str(path) == STDOUT:
            raise OutputError("the report goes to standard output", hint="name a file")
        refuse_existing(path, force=True)  # only a folder is refused: a file may be equal
        for source in sources:
            refuse_same_file(path, None if source == STDOUT else Path(source))


def write_files(texts: Mapping[str, Text], force: bool, console: Console) -> None:
    """Write texts to files, which appear only when all of them are complete."""
    with written_files(texts, force, console):
        pass


@contextmanager
def written_files(texts: Mapping[str, Text], force: bool, console: Console) -> Iterator[None]:
    """Write texts to files, which appear together when the block ends without an error."""
    files = [place for place in texts if place != STDOUT]
    with appearing([Path(place) for place in files], force=force, notice=console.info) as opened:
        for place, file in zip(files, opened, strict=True):
            file.writelines(texts[place]())
        yield
        if STDOUT in texts:
            with standard_output() as stdout:
                stdout.writelines(texts[STDOUT]())


def write_page(html: str, page: str, force: bool, console: Console) -> None:
    """Write a page of HTML, and print its path."""
    encoded = page.encode(errors="backslashreplace")
    write_files({html: lambda: iter([encoded])}, force, console)
    console.info(f"written: {html}")


def with_bar(result: Dataset, console: Console) -> Iterator[bytes]:
    """Yield the text of a result, and advance a progress bar."""
    with console.bar("writing") as bar:
        for piece in result.text():
            yield piece
            if bar is not None:
                bar.update(len(piece))


def id_lines(result: Dataset) -> bytes:
    """Return the ids of the kept images, one a line."""
    ids = [i for i in result.img_ids if i is not None]
    if len(ids) < len(result.image_indices):
        raise RequestError("some of the kept images have no id", hint="remove --ids-out")
    return "".join(f"{format_id(i)}\n" for i in ids).encode(errors="surrogatepass")
