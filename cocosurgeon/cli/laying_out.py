"""A data folder checked, or a subset gathered, and told."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import typer

from cocosurgeon.cli.console import Console, print_json, print_text, silence
from cocosurgeon.cli.source import choose
from cocosurgeon.dataset.io import read
from cocosurgeon.errors import OutputError, RequestError
from cocosurgeon.layout.gathering import Gathering, gathering_of
from cocosurgeon.layout.layout import Layout, check_layout
from cocosurgeon.layout.places import data_roots
from cocosurgeon.layout.placing import How, place, require_free
from cocosurgeon.layout.telling import layout_fields, layout_lines
from cocosurgeon.layout.wording import counted, one_line

FOUND = 1
_USUAL = Path("data/coco")


@dataclass(frozen=True, kw_only=True)
class Gather:
    """What is to be gathered.

    Attributes:
        out: the new tree.
        ann_files: whose images.
        how: copied or linked.
        is_default: whether ``how`` was not said.
        root: where images are looked for first.
        img_prefix: where they are.
        allow_missing: whether some may be missing.
    """

    out: Path
    ann_files: tuple[str, ...]
    how: How
    is_default: bool
    root: Path | None
    img_prefix: Path | None
    allow_missing: bool

    @classmethod
    def of(
        cls,
        *,
        gather: str | None,
        ann_files: Sequence[str] | None,
        copy: bool,
        link: bool,
        root: str | None,
        img_prefix: str | None,
        allow_missing: bool,
    ) -> Gather | None:
        """What the options say; None: nothing is to be gathered.

        Raises:
            RequestError: they make no sense together.
        """
        if gather is None:
            if ann_files or copy or link or img_prefix or allow_missing:
                raise RequestError(
                    "--of, --copy, --link, --img-prefix and --allow-missing are about --gather",
                    hint="name the new folder: --gather OUT",
                )
            return None
        if not gather or not ann_files:
            raise RequestError(
                "--gather takes a new folder, and an annotation file whose images it gathers",
                hint="cocosurgeon layout --gather OUT --of SUBSET.json",
            )
        if copy and link:
            raise RequestError("--copy and --link: one of them")
        return cls(
            out=Path(gather),
            ann_files=tuple({os.path.realpath(a): a for a in ann_files}.values()),
            how="link" if link else "copy",
            is_default=not copy and not link,
            root=None if root is None else Path(root),
            img_prefix=None if img_prefix is None else Path(img_prefix),
            allow_missing=allow_missing,
        )


def check(named: str | None, console: Console) -> None:
    """Check a data root; exit code 1 where something is wrong."""
    root, why = _root(named)
    if why:
        console.info(f"data root: {root} ({why})")
    found = check_layout(root, console.progress)
    if console.as_json:
        print_json({"root_chosen": why, **layout_fields(found)}, sys.stdout)
    else:
        _show(found, console)
    if found.findings:
        raise typer.Exit(FOUND)


def gather(request: Gather, console: Console) -> None:
    """Gather a subset, and say what was done."""
    require_free(request.out)
    datasets = []
    for ann_file in request.ann_files:
        with console.progress(f"reading {Path(ann_file).name}") as progress:
            datasets.append(read(ann_file, progress))
    gathering = gathering_of(
        datasets,
        root=request.root,
        img_prefix=request.img_prefix,
        allow_missing=request.allow_missing,
    )
    with console.bar("copying" if request.how == "copy" else "linking") as bar:
        if bar is not None:
            bar.total = gathering.size
        advance = bar.update if bar is not None else lambda _: None
        try:
            place(gathering, request.out, request.how, advance)
        except (KeyboardInterrupt, SystemExit):
            if not request.out.exists():
                console.info(f"ended early: nothing of {request.out} was left")
            raise
    console.report(_fields(request, gathering), _account(request, gathering))
    _name(request.out)


def _name(out: Path) -> None:
    """Print where the tree is.

    Raises:
        OutputError: standard output takes nothing; the tree is there all the same.
    """
    try:
        sys.stdout.buffer.write(os.fsencode(out) + b"\n")
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        silence(sys.stdout)
        raise OutputError(
            f"the tree is made; standard output takes no name of it: {error.strerror}",
            where=str(out),
        ) from error


def _root(named: str | None) -> tuple[Path, str | None]:
    """The data root, and why it was taken (None when it was named)."""
    if named is not None:
        return Path(named), None
    if "COCOSURGEON_ANN_FILE" not in os.environ and _USUAL.is_dir():
        return _USUAL, "found below the current folder"
    ann_file, why = choose(None)
    root = data_roots(Path(ann_file))[0]
    below = root.is_relative_to(Path.cwd())
    return (root.relative_to(Path.cwd()) if below else root), why


def _show(found: Layout, console: Console) -> None:
    lines = layout_lines(found, notes=not console.quiet)
    print_text("\n".join(lines), sys.stdout)


def _fields(request: Gather, gathering: Gathering) -> Mapping[str, object]:
    return {
        "output": str(request.out),
        "how": request.how,
        "files": len(gathering.files),
        "bytes": gathering.size_of_files,
        "alike": gathering.alike,
        "annotation_files": [
            {**asdict(share), "ann_file": str(share.ann_file)} for share in gathering.shares
        ],
    }


def _account(request: Gather, gathering: Gathering) -> list[str]:
    done = {"copy": "copied", "link": "linked"}[request.how]
    lines = []
    for share in gathering.shares:
        there = share.names - len(share.all_missing)
        where = f"images in {share.data_prefix or '.'}/"
        if share.seg_prefix is not None:
            where += f", PNGs in {share.seg_prefix}/"
        lines.append(f"{share.ann_file.name}: {there:,} of {share.names:,} files, {where}")
        if lost := share.all_missing:
            lines.append(f"missing: {len(lost):,}, such as {lost[0]}")
        if share.repeated:
            lines.append(f"records that name a file that another one names: {share.repeated:,}")
    if gathering.alike:
        pair = " and ".join(gathering.alike[0])
        lines.append(f"names that are one file on macOS and Windows: {pair}")
    chosen = " (--link for links)" if request.is_default else ""
    how = f"{done}{chosen}" if request.how == "copy" else f"{done}: the tree needs the originals"
    total = f"{counted(len(gathering.files), 'file')}, {gathering.size_of_files:,} bytes, {how}"
    return [one_line(line) for line in (*lines, total)]
