"""``cocosurgeon dump``: write what a loader loads, as JSON lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cocosurgeon.cli import options
from cocosurgeon.cli.completion import complete_loader, complete_mode
from cocosurgeon.loaders import LOADERS, probed_loaders

if TYPE_CHECKING:
    from cocosurgeon.cli.console import Console
    from cocosurgeon.loaders.loader import Mode
    from cocosurgeon.probe.request import ProbeOptions


EXAMPLES = (
    "cocosurgeon dump instances_val2017.json --loader detr",
    "cocosurgeon dump instances_val2017.json --loader mmdet3 --python PYTHON",
    "cocosurgeon dump --config my_config.py --split train -o train.jsonl.gz",
)


@options.takes(options.real, options.console, examples=EXAMPLES)
def dump(
    ann_file: Annotated[
        str | None,
        typer.Argument(
            metavar="ANN_FILE",
            help="Annotation file. With --config: replaces the config's file.",
        ),
    ] = None,
    loader: Annotated[
        str | None,
        typer.Option(
            autocompletion=complete_loader,
            metavar="NAME",
            help=f"Use the rules of {', '.join(LOADERS)}; with --python the real library "
            f"(default: the one installed there).",
        ),
    ] = None,
    mode: Annotated[
        str | None,
        typer.Option(
            autocompletion=complete_mode,
            metavar="train|test",
            show_default="test; with --config its own",
            help="Set the loader up for training or for testing.",
        ),
    ] = None,
    option: options.LoaderOptions = None,
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            metavar="DUMP",
            rich_help_panel="Output",
            show_default="next to ANN_FILE",
            help="Write to this file; .gz compresses.",
        ),
    ] = None,
    force: options.Force = False,
    *,
    real: ProbeOptions,
    console: Console,
) -> None:
    """Write what a loader loads as JSON lines, to compare it in another repository.

    Uses the loader's rules, or with --config or --python the real library.
    """
    import shutil
    from pathlib import Path

    from cocosurgeon.atomic import appearing, refuse_same_file
    from cocosurgeon.loaders.settings import own_options, settings_for
    from cocosurgeon.probe.dump import rule_lines
    from cocosurgeon.probe.run import probe_file, unmet_requests
    from cocosurgeon.steps.arguments import plain_id
    from cocosurgeon.verify.expected import class_names
    from cocosurgeon.verify.read_again import read_again

    name = _loader_name(ann_file, loader, mode, option, output, real)
    own = own_options(name, option)
    chosen = _mode(name, mode)
    path, setting = None if ann_file is None else Path(ann_file), None
    source = path or real.config
    assert source is not None, "one of the two was named"
    default = source.with_name(f"{source.name.partition('.')[0]}_{name}.jsonl.gz")
    target = default if output is None else Path(output)
    refuse_same_file(target, path)
    if path is not None and real.config is None:
        with console.progress("reading") as progress:
            file = read_again(path, progress)
        document = file.document()
        [setting] = settings_for(name, [chosen], class_names(document), own, ann_file=str(path))
    if real.is_asked_for or setting is None:
        request = real.request(path, name, setting, images=tuple(map(plain_id, real.images)))
        with (
            unmet_requests(),
            probe_file(request, real.python, real.limit) as found,
            appearing([target], force=force, notice=console.info) as [stream],
            found.open("rb") as lines,
        ):
            shutil.copyfileobj(lines, stream)
    else:
        with (
            console.bar("writing") as bar,
            appearing([target], force=force, notice=console.info) as [stream],
        ):
            for line in rule_lines(document, setting, source.name, file.sha256):
                stream.write(line)
                if bar is not None:
                    bar.update(len(line))
    console.written(target, {"loader": name, "mode": chosen})


def _loader_name(
    ann_file: str | None,
    loader: str | None,
    mode: str | None,
    option: list[str] | None,
    output: str | None,
    real: ProbeOptions,
) -> str:
    """Return the loader that the options name; with a config alone, its library.

    Raises:
        RequestError: an option does not go with the others.
    """
    from cocosurgeon.errors import RequestError
    from cocosurgeon.loaders import find_loader, real_library
    from cocosurgeon.probe.request import ANY_LINE
    from cocosurgeon.probe.run import installed_loader

    if loader is None and real.config is None and real.python is not None:
        loader = installed_loader(real.python)
    if loader is None and real.config is None:
        raise RequestError(
            "no loader and no config",
            hint="name a loader (--loader detr), or a config of MMDetection (--config)",
        )
    if ann_file == "" or output == "":
        raise RequestError("a file name is empty")
    if ann_file is None and real.config is None:
        raise RequestError("name an annotation file")
    if "-" in (ann_file, output):
        raise RequestError("dump reads and writes files, not standard input and output")
    if real.named and not real.is_asked_for:
        raise RequestError(
            f"{', '.join(real.named)}: only for the real library",
            hint="run it with --python EXE or --config CFG",
        )
    if real.config is not None and (mode or option):
        given = "--mode" if mode else "--option"
        raise RequestError(f"{given} has no effect with --config, which sets it")
    name = ANY_LINE if loader is None else find_loader(loader).name
    if real.is_asked_for and real_library(name) is None:
        raise RequestError(
            f"the real {name} cannot be run",
            hint=f"name one of {', '.join(probed_loaders())}; or remove --python",
        )
    return name


def _mode(loader: str, mode: str | None) -> Mode:
    from cocosurgeon.errors import RequestError

    if mode not in (None, "train", "test"):
        raise RequestError(f"unknown mode {mode!r}", hint="use train or test")
    if mode is not None and loader in LOADERS and not LOADERS[loader].has_modes:
        raise RequestError(f"{loader} has no modes: remove --mode")
    return "train" if mode == "train" else "test"
