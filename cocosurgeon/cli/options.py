"""Options that verbs share.

A verb is a function. The groups of options that it takes are functions, too: their parameters
become options of the command, and their result is the verb's argument of the same name.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cocosurgeon.cli.command import OrderedCommand, given_options
from cocosurgeon.cli.completion import (
    complete_loader,
    complete_space,
    complete_split,
    completing,
)
from cocosurgeon.cli.console import Console, reporting_errors

if TYPE_CHECKING:
    from pathlib import Path

    from cocosurgeon.cli.outputs import Output
    from cocosurgeon.probe.request import ProbeOptions
    from cocosurgeon.select.plan import Plan
    from cocosurgeon.shards.cluster import Cluster
    from cocosurgeon.steps.given import Given

Verb = Callable[..., None]
Group = Callable[..., object]

_PREFIX = "step_"


_KINDS = "(.json, .json.gz, - for stdin)."
_USUAL = (
    "Default: $COCOSURGEON_ANN_FILE, else data/coco/annotations/instances_{train,val}2017.json, "
    "else the sample data."
)


def _ann_file(help: str) -> Any:
    return typer.Argument(metavar="ANN_FILE", help=f"{help} {_USUAL}")


AnnFile = Annotated[str | None, _ann_file(f"Annotation file {_KINDS}")]

AnnOrResultsFile = Annotated[str | None, _ann_file(f"Annotation file or results file {_KINDS}")]

AnnFiles = Annotated[
    list[str] | None,
    _ann_file(
        f"Annotation file or results file {_KINDS} Several files, a glob in quotes or a folder are "
        "one dataset."
    ),
]

LoaderOptions = Annotated[
    list[str] | None,
    typer.Option(
        "--option",
        metavar="NAME=VALUE",
        help="Set an option of the loader: filter_empty_gt=false, min_size=0, indices=100.",
    ),
]


def loader_option(default: str, help: str) -> Any:
    """Return ``--loader``, which can be repeated, for the type of a parameter."""
    return typer.Option(
        "--loader",
        autocompletion=complete_loader,
        metavar="NAME",
        show_default=default,
        help=help,
    )


Loaders = Annotated[list[str] | None, loader_option("all", "Use only this loader's rules.")]

Images = Annotated[
    str | None,
    typer.Option(
        "--images",
        metavar="DIR",
        show_default="found by file names",
        help="Look for images in this folder. file_name is relative to it.",
    ),
]

Html = Annotated[
    str | None,
    typer.Option(
        "--html",
        metavar="FILE",
        rich_help_panel="Output",
        help="Also write the findings as one HTML page, with their images.",
    ),
]

Force = Annotated[
    bool,
    typer.Option(
        "--force",
        "-f",
        help="Replace existing files. Folders are never replaced.",
        rich_help_panel="Output",
    ),
]


def output_option(help: str, metavar: str = "OUT") -> Any:
    """Return ``-o`` for the type of a parameter."""
    return typer.Option(
        "-o",
        "--output",
        metavar=metavar,
        rich_help_panel="Output",
        help=help,
    )


def recipe_option(help: str) -> Any:
    """Return ``--recipe FILE`` for the type of a parameter."""
    return typer.Option("--recipe", metavar="FILE", rich_help_panel="Output", help=help)


Recipe = Annotated[
    str | None,
    recipe_option("Also write the steps and the input's SHA-256 (for `cocosurgeon apply`)."),
]

DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run", help="Print what would be done; write nothing.", rich_help_panel="Output"
    ),
]

Strict = Annotated[bool, typer.Option("--strict", help="Exit with 1 on warnings, too.")]

CheckpointFile = Annotated[
    str,
    typer.Argument(
        metavar="FILE", help="Checkpoint: .safetensors, or written by torch.save (.pth, .pt, ...)."
    ),
]

CheckpointOutput = Annotated[
    str,
    output_option("Write here, as .safetensors, .pth or .pt."),
]


def cluster(
    scheduler: Annotated[
        str | None,
        typer.Option(
            "--scheduler",
            metavar="ADDRESS",
            show_default=False,
            rich_help_panel="Workers",
            help="Read, check and write several files with the workers of this Dask scheduler.",
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers",
            metavar="N",
            min=1,
            show_default=False,
            rich_help_panel="Workers",
            help="Start N Dask workers on this machine for the same work. Needs Dask: "
            "pip install 'cocosurgeon[scale]'.",
        ),
    ] = None,
) -> Cluster | None:
    """Return the workers that are asked for; None: none."""
    from cocosurgeon.errors import RequestError
    from cocosurgeon.shards.cluster import Cluster

    if scheduler is None and workers is None:
        return None
    if scheduler is not None and workers is not None:
        raise RequestError("--scheduler has its own workers", hint="remove --workers")
    return Cluster(scheduler, workers or 0)


def image_folder(named: str | None) -> Path | None:
    """Return the folder of ``--images``; None without the option.

    Raises:
        SourceUnavailableError: there is no such folder.
    """
    from pathlib import Path

    from cocosurgeon.errors import SourceUnavailableError

    if named is not None and not Path(named).is_dir():
        hint = "name the folder that file_name is relative to"
        raise SourceUnavailableError("no such folder of images", where=named, hint=hint)
    return None if named is None else Path(named)


def takes(*groups: Group, examples: Sequence[str]) -> Callable[[Verb], Verb]:
    """Mark a function as a verb that takes groups of options.

    Args:
        groups: the groups of options.
        examples: command lines, for help.
    """

    def mark(function: Verb) -> Verb:
        function.groups = groups  # type: ignore[attr-defined]
        function.examples = examples  # type: ignore[attr-defined]
        return function

    return mark


def make_command(name: str, function: Verb) -> Any:
    """Return the command of a verb, with all its options."""
    app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)
    app.command(name, cls=OrderedCommand)(assembled(function))
    command = typer.main.get_command(app)
    if steps in getattr(function, "groups", ()):
        from cocosurgeon.steps.registry import options

        bare = {f"--{o.name}": (o.bare, o.values) for o in options().values() if o.bare}
        command.bare_options = bare  # type: ignore[attr-defined]
    return command


_LATER = dict.fromkeys(("Console", "Plan", "Output", "ProbeOptions", "Cluster"), object)
"""Types that only type checkers use: their modules are not imported for --help."""


def assembled(function: Verb) -> Verb:
    """Return a verb with the options of its groups, which prints errors."""
    groups: tuple[Group, ...] = getattr(function, "groups", ())
    own = inspect.signature(function, locals=_LATER, eval_str=True).parameters
    # an option of the verb replaces that of a step with the same name
    replaced = {_PREFIX + name.removesuffix("_") for name in own}
    parameters = {
        group.__name__: [p for p in _parameters(group) if p.name not in replaced]
        for group in groups
    }

    kept = [p for p in own.values() if p.name not in parameters]
    every = {p.name: p for p in [*kept, *(p for of in parameters.values() for p in of)]}
    # Verbs that work on several files may write a folder at a URL, and check -o themselves.
    outputs = [
        name
        for name, each in every.items()
        if (names := _output_names(each)) and not (cluster in groups and "-o" in names)
    ]

    @functools.wraps(function)
    def verb(**values: Any) -> None:
        with reporting_errors():
            from cocosurgeon.urls import refuse_urls

            refuse_urls(values[name] for name in outputs)
            made = {
                group.__name__: group(
                    **{p.name: values[p.name] for p in parameters[group.__name__]}
                )
                for group in groups
            }
            function(**{p.name: values[p.name] for p in kept}, **made)

    # Typer reads the signature, in which arguments without a default must come first.
    ordered = sorted(every.values(), key=lambda p: p.default is not inspect.Parameter.empty)
    verb.__signature__ = inspect.Signature(ordered)  # type: ignore[attr-defined]
    verb.__annotations__ = {p.name: p.annotation for p in ordered}
    return verb


def _output_names(parameter: inspect.Parameter) -> tuple[str, ...]:
    """Return the names of an option with an output; nothing for other parameters."""
    for each in getattr(parameter.annotation, "__metadata__", ()):
        if getattr(each, "rich_help_panel", None) == "Output":
            first = each.default  # typer keeps the first name there
            return (first if isinstance(first, str) else parameter.name, *each.param_decls)
    return ()


def _parameters(group: Group) -> Iterator[inspect.Parameter]:
    if group in (steps, part_options):
        yield inspect.Parameter("ctx", _KIND, annotation=typer.Context)
        yield from _step_parameters(_every_option() if group is steps else _options_of_parts())
    elif group is format_options:
        yield from _format_parameters()
    else:
        yield from inspect.signature(group, locals=_LATER, eval_str=True).parameters.values()


_KIND = inspect.Parameter.POSITIONAL_OR_KEYWORD


def _every_option() -> list[Any]:
    from cocosurgeon.steps.registry import modifiers, options

    return [*options().values(), *modifiers().values()]


def _options_of_parts() -> list[Any]:
    from cocosurgeon.steps.registry import options

    return [*options()["part"].modifiers, options()["cascade"]]


def _step_parameters(every: list[Any]) -> Iterator[inspect.Parameter]:
    """Yield a parameter for each of these entries of the table of steps."""
    from cocosurgeon.steps.registry import PANELS, Option, panel_of

    for each in sorted(every, key=lambda option: PANELS.index(panel_of(option))):
        is_flag = not each.kind.metavar
        default = "" if isinstance(each, Option) else each.default
        shown = typer.Option(
            f"--{each.name}",
            metavar=each.kind.metavar or None,
            help=f"{each.help} Default: {default}." if default else each.help,
            rich_help_panel=panel_of(each).capitalize(),
            autocompletion=_completion_of(each),
        )
        yield inspect.Parameter(
            _PREFIX + each.name.replace("-", "_"),
            _KIND,
            default=False if is_flag else None,
            annotation=Annotated[bool if is_flag else list[str] | None, shown],
        )


def _format_parameters() -> Iterator[inspect.Parameter]:
    """Yield a parameter for each option of formats; formats may share one."""
    from cocosurgeon.formats.registry import all_formats, options_of

    shared: dict[str, list[tuple[str, Any]]] = {}
    for name, kind in all_formats().items():
        for each in options_of(kind):
            shared.setdefault(each.name, []).append((name, each))
    for name, formats in shared.items():
        first = formats[0][1]
        helps: dict[str, list[str]] = {}
        for format_name, each in formats:
            helps.setdefault(each.metadata["help"], []).append(format_name)
        is_flag = first.default is False
        shown = typer.Option(
            f"--{name.replace('_', '-')}",
            metavar=first.metadata["metavar"] or None,
            help=" ".join(f"{', '.join(names)}: {help}" for help, names in helps.items()),
            rich_help_panel="Formats",
            autocompletion=completing(functools.partial(tuple, first.metadata["values"])),
        )
        yield inspect.Parameter(
            name,
            _KIND,
            default=False if is_flag else None,
            annotation=Annotated[bool if is_flag else str | None, shown],
        )


def format_options(**given: object) -> Mapping[str, object]:
    """Return the given options of formats, by name."""
    return {name: value for name, value in given.items() if value not in (None, False)}


def _completion_of(option: Any) -> Callable[[str], list[str]] | None:
    if option.kind.metavar == "SPACE":
        return complete_space
    words = getattr(option, "values", ()) or option.kind.metavar.split("|")
    return completing(lambda: words) if len(words) > 1 else None


def steps(ctx: typer.Context, **_: object) -> Plan:
    """Return the plan of the options of a command line, in the order given."""
    return _plan(_given_steps(ctx))


def part_options(ctx: typer.Context, **_: object) -> Plan:
    """Return the plan of the first part of the split of the options."""
    from cocosurgeon.steps.registry import options

    return _plan([*_given_steps(ctx), (options()["part"], None)])


def _plan(given: list[Given]) -> Plan:
    from cocosurgeon.steps.given import make_plan

    plan = make_plan(given)
    if plan.files:
        from cocosurgeon.shards.paths import with_earlier_files

        plan = with_earlier_files(plan)
    return plan


def _given_steps(ctx: typer.Context) -> list[Given]:
    from cocosurgeon.steps.given import parse
    from cocosurgeon.steps.registry import modifiers, options

    known: dict[str, Any] = {**options(), **modifiers()}
    return [
        parse(known[name.removeprefix(_PREFIX).replace("_", "-")], value)
        for name, value in given_options(ctx)
        if name.startswith(_PREFIX)
    ]


def output(
    output: Annotated[
        str | None,
        output_option(
            "Write here; - is stdout, .gz compresses. Default: next to the input (sample data: in "
            "the current folder), named after the input and the changes."
        ),
    ] = None,
    force: Force = False,
    dry_run: DryRun = False,
    ids_out: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            rich_help_panel="Output",
            help="Also write the kept image ids, one per line (for --ids-file).",
        ),
    ] = None,
    recipe: Recipe = None,
) -> Output:
    """Return the options of a verb that writes an annotation file."""
    from cocosurgeon.cli.outputs import Output, Outputs

    return Output(
        outputs=Outputs(
            subset=place_of(output), ids=place_of(ids_out), recipe=place_of(recipe), force=force
        ),
        dry_run=dry_run,
    )


def console(
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet", "-q", help="Print no summary and no progress. Results and warnings stay."
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document to stdout, and nothing else.")
    ] = False,
) -> Console:
    """Return the console that a verb prints to."""
    return Console(quiet=quiet, as_json=as_json)


def place_of(place: str | None) -> str | None:
    """Return an output as given, with one name for standard output."""
    return "-" if place in ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1") else place


def real(
    config: Annotated[
        str | None,
        typer.Option(
            metavar="CFG",
            help="Build the real dataset of this mmengine or mmcv config. This runs the config's "
            "Python code.",
        ),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            metavar="train|val|test",
            show_default="val",
            autocompletion=complete_split,
            help="Choose the dataset of --config.",
        ),
    ] = None,
    python: Annotated[
        str | None,
        typer.Option(
            metavar="EXE",
            help="Run the real library in this Python interpreter, with your environment "
            "variables. It does not need cocosurgeon.",
        ),
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS", show_default="600", help="Stop the real library after this time."
        ),
    ] = None,
    samples: Annotated[
        int | None,
        typer.Option(metavar="N", help="Also run N images through the real pipeline."),
    ] = None,
    image: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Also run this image through the real pipeline."),
    ] = None,
    img_prefix: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER",
            help="Look for images in this folder, if no config names one.",
        ),
    ] = None,
    pipeline: Annotated[
        str | None,
        typer.Option(
            metavar="own|plain",
            show_default="own with --config, else plain",
            help="Run the images of --samples and --image through the config's own pipeline, or "
            "through a plain one that only loads and packs.",
        ),
    ] = None,
) -> ProbeOptions:
    """Return the options of a verb that runs a real library."""
    from pathlib import Path
    from typing import Any, cast

    from cocosurgeon.probe.request import ProbeOptions
    from cocosurgeon.steps.arguments import split_list

    return ProbeOptions(
        config=None if config is None else Path(config),
        split=cast(Any, split),
        python=python,
        timeout=timeout,
        samples=samples,
        images=tuple(token for text in image or () for token in split_list(text)),
        img_prefix=None if img_prefix is None else Path(img_prefix),
        pipeline=cast(Any, pipeline),
    )
