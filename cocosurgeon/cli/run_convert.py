"""Read files, convert them, print losses."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

from cocosurgeon.annfile.scan import scan
from cocosurgeon.atomic import appearing, refuse_same_file
from cocosurgeon.cli.console import Console
from cocosurgeon.cli.outputs import STDOUT, Text, require_apart, with_bar, write_files
from cocosurgeon.cli.run import Chosen, choose
from cocosurgeon.convert.conversion import Conversion, Wishes, prepare
from cocosurgeon.convert.manifest import NAME, manifest_path
from cocosurgeon.convert.read import open_format
from cocosurgeon.convert.write import write
from cocosurgeon.dataset.dataset import Dataset
from cocosurgeon.dataset.index import AnnotationIndex
from cocosurgeon.dataset.io import read
from cocosurgeon.errors import OutputError, RequestError
from cocosurgeon.formats.format import Format, WholeFormat
from cocosurgeon.layout.search import split_in
from cocosurgeon.progress import shown_by
from cocosurgeon.select.plan import Plan
from cocosurgeon.steps.recipe import Recipe
from cocosurgeon.text import plural
from cocosurgeon.urls import is_url

_NAMED = re.compile(r"([\w-]+)=(.+)", re.DOTALL)


@dataclass(frozen=True)
class Places:
    """Inputs and outputs.

    Attributes:
        inputs: the inputs as given.
        output: path of the output; None: next to the input.
        recipe: path of the recipe; None: none.
        dry_run: True to print losses and write nothing.
        force: True to replace existing files.
    """

    inputs: tuple[str, ...]
    output: str | None
    recipe: str | None
    dry_run: bool
    force: bool


def write_format(
    places: Places, kind: Format, plan: Plan, split: str | None, wishes: Wishes, console: Console
) -> None:
    """Write annotation files in another format.

    Args:
        places: inputs and outputs.
        kind: the format.
        plan: steps that are applied to each file.
        split: name of the split of a single file; None: that in the file's name.
        wishes: what the user wants.

    Raises:
        CocosurgeonError: the files cannot be converted; nothing was written.
    """
    started = time.monotonic()
    chosen = _chosen(places.inputs, split, console)
    if len(chosen) > 1 and places.recipe is not None:
        raise RequestError(
            "--recipe works with one file only", hint="cocosurgeon subset writes one"
        )
    datasets, plans = {}, {}
    for name, each in chosen.items():
        with console.progress(f"reading {each.path}") as progress:
            whole = read(each.path, progress, plan.columns)
        with console.progress("reading") as progress:
            plans[name] = plan.bind(whole, progress)
        with shown_by(console.progress):
            datasets[name] = plans[name].apply(whole)
    out = Path(places.output) if places.output is not None else _default(chosen, kind)
    if str(out) == STDOUT:
        raise RequestError(
            "a conversion writes several files, which cannot go to standard output",
            hint="name a file or a folder with -o",
        )
    manifest = manifest_path(out, is_folder=kind.is_folder)
    recipes = [] if places.recipe is None else [Path(places.recipe)]
    files = [manifest, *recipes] if kind.is_folder else [out, manifest, *recipes]
    require_apart(files, [each.path for each in chosen.values()])
    with shown_by(console.progress):
        conversion = prepare(datasets, kind, wishes, plans)
    console.info(*(f"lost: {line}" for line in conversion.lost))
    fields = {"format": kind.name, **_fields(conversion)}
    if places.dry_run:
        console.report({"would_write": str(out), **fields}, conversion.lines())
        return
    if not console.as_json:
        console.warn(*conversion.warnings)
    with ExitStack() as stack:
        opened = stack.enter_context(appearing(recipes, force=places.force, notice=console.info))
        for file, name in zip(opened, datasets, strict=False):
            file.write(Recipe.of(plans[name], datasets[name]).to_json())
        stack.enter_context(shown_by(console.progress))
        manifest = write(conversion, out, force=places.force, notice=console.info)
    manifests = {"manifest": str(manifest)} if manifest != out else {}
    seconds = time.monotonic() - started
    changes = conversion.changes.items()
    console.info(
        *conversion.lines(),
        *(f"changed: {what} ({count:,})" for what, count in changes if count),
        *conversion.notes,
        *(f"{name}: {path}" for name, path in manifests.items()),
        f"{seconds:.1f} s",
    )
    fields |= {"changed": dict(conversion.changes), "seconds": round(seconds, 3)}
    console.written(out, {**manifests, **fields})


def _chosen(inputs: tuple[str, ...], split: str | None, console: Console) -> dict[str, Chosen]:
    """Return annotation files by the name of their split."""
    if split is not None and len(inputs) > 1:
        raise RequestError("--split names one file's split", hint="name each: train=FILE val=FILE")
    found: dict[str, Chosen] = {}
    for given in inputs or (None,):
        match = _NAMED.fullmatch(given or "")
        is_named = match is not None and not Path(given or "").exists()
        chosen = choose(match[2] if match and is_named else given, console)
        name = match[1] if match and is_named else split or _split_of(Path(chosen.path))
        if name in found:
            raise RequestError(
                f"{found[name].path} and {chosen.path} would both be the split {name!r}",
                hint="name each: train=FILE val=FILE",
            )
        found[name] = chosen
    return found


def _split_of(path: Path) -> str:
    """Return the name of a file's split: train2017, val, ...; its whole name without one."""
    if (split := split_in(path)) is not None:
        return split
    stem = path.name.removesuffix(".gz").removesuffix(".json").removeprefix("instances_")
    named = re.search(r"(?<![^\W_])(train|valid|val|test)\d*(?![^\W_])", stem)
    return named[0] if named else stem.strip("-.") or "train"


def _default(chosen: Mapping[str, Chosen], kind: Format) -> Path:
    first = next(iter(chosen.values()))
    if first.path == STDOUT or is_url(first.path):
        raise RequestError("no output is named", hint="name it: -o OUT")
    path = Path(first.path)
    stem = path.name.removesuffix(".gz").removesuffix(".json")
    return (
        first.folder or path.parent
    ) / f"{stem}_{kind.name}{'' if kind.is_folder else kind.suffix}"


def _fields(conversion: Conversion) -> dict[str, object]:
    if isinstance(conversion.kind, WholeFormat):
        whole: dict[str, object] = {
            name: {"images": len(each.image_indices), "annotations": len(each.annotation_rows)}
            for name, each in conversion.datasets.items()
        }
        return {"parts": whole, "notes": list(conversion.notes)}
    parts = {
        name: {
            "images": len(pictures.names),
            "objects": conversion.surveys[name].objects,
            "lost": [asdict(loss) for loss in conversion.losses[name]],
            "masks": [vars(mask) for mask in conversion.surveys[name].masks],
        }
        for name, pictures in conversion.parts.items()
    }
    return {
        "classes": [each.name for each in conversion.classes],
        "parts": parts,
        "notes": list(conversion.notes),
        "warnings": list(conversion.warnings),
    }


def _require_outside(output: str | None, source: Path) -> None:
    """Refuse an output that is the source, or in the source's folder.

    Raises:
        OutputError: the output is one of the source's files.
    """
    if output is None or output == STDOUT:
        return
    refuse_same_file(Path(output), source)
    inner = Path(os.path.realpath(output)).is_relative_to(os.path.realpath(source))
    is_own = Path(output).name == NAME or not output.endswith((".json", ".json.gz"))
    if inner and is_own and source.is_dir() and os.path.lexists(output):
        raise OutputError(
            "the output is a file of the folder that is read, which is never changed",
            where=output,
            hint="name another output",
        )


def read_to_json(
    places: Places,
    kind: Format,
    plan: Plan,
    images: Path | None,
    split: str | None,
    space: str | None,
    console: Console,
) -> None:
    """Read another format, and write an annotation file.

    Raises:
        CocosurgeonError: the files cannot be converted; nothing was written.
    """
    started = time.monotonic()
    if len(places.inputs) != 1:
        raise RequestError("--from reads one folder or file", hint="name it: convert PATH --from")
    path = Path(places.inputs[0])
    with shown_by(console.progress):
        found = open_format(places.inputs[0], kind, images=images, part=split, space=space)
        dataset = Dataset.whole(AnnotationIndex.of(scan(found.source)))
        plan = plan.bind(dataset)
        result = plan.apply(dataset)
    if places.output is None and is_url(places.inputs[0]):
        out = STDOUT
    elif places.output is None:
        stem = path.name if path.is_dir() else path.name.removesuffix(path.suffix)
        name = f"{stem}{'' if split is None else f'_{split}'}.json"
        out = str(path.parent / name)
    else:
        out = places.output
    for output in (out, places.recipe):
        _require_outside(output, path)
    lines = [
        f"{plural(len(result.img_ids), 'image')}, {plural(len(result.ann_ids), 'annotation')}, "
        f"{plural(len(result.categories), 'category', 'categories')}",
        *found.notes,
        *result.notes,
    ]
    fields = {
        "format": kind.name,
        "images": len(result.img_ids),
        "annotations": len(result.ann_ids),
        "categories": len(result.categories),
        "notes": [*found.notes, *result.notes],
        "warnings": list(found.warnings),
    }
    if places.dry_run:
        console.report({"would_write": out, **fields}, lines)
        return
    texts: dict[str, Text] = {out: lambda: with_bar(result, console)}
    if places.recipe is not None:
        recipe = Recipe.of(plan, result).to_json()
        texts[places.recipe] = lambda: iter([recipe])
    if console.as_json and STDOUT in texts:
        raise RequestError(
            "--json and an output cannot both go to standard output",
            hint="name a file with -o",
        )
    write_files(texts, places.force, console)
    seconds = time.monotonic() - started
    if not console.as_json:
        console.warn(*found.warnings)
    console.info(*lines, f"{seconds:.1f} s")
    if out != STDOUT:
        console.written(out, {**fields, "seconds": round(seconds, 3)})
