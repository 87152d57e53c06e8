"""Outcome of a loader's rules for each record of a file, to explain what another loader skips."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

from cocosurgeon.errors import LoaderError
from cocosurgeon.loaders import LOADERS, Id, View, load
from cocosurgeon.probe.dump import DumpHeader
from cocosurgeon.verify.boxes import Box, absolute
from cocosurgeon.verify.read_again import PlainFile


@dataclass(frozen=True, eq=False)
class Outcomes:
    """Outcome of a loader's rules for each record.

    Attributes:
        images: rules by skipped image.
        annotations: rules by row of a skipped annotation.
        rows: rows of skipped annotations, by image.
        boxes: absolute corners of loaded annotations, by row.
    """

    images: Mapping[Id | None, str]
    annotations: Mapping[int, str]
    rows: Mapping[Id | None, list[int]]
    boxes: Mapping[int, Box]

    @classmethod
    def of(cls, view: View) -> Outcomes:
        """Return the outcomes in a view."""
        dropped = [d for d in view.dropped if d.kind == "annotation"]
        rows: defaultdict[Id | None, list[int]] = defaultdict(list)
        for each in dropped:
            rows[each.img_id].append(each.row)
        return cls(
            images={d.img_id: d.rule for d in view.dropped if d.kind == "image"},
            annotations={d.row: d.rule for d in dropped},
            rows=rows,
            boxes={
                i.row: absolute(i.box, view.box_format) for s in view.samples for i in s.instances
            },
        )


@dataclass(frozen=True)
class NoRules:
    """Marks a file for which a loader's rules cannot be applied.

    Attributes:
        hint: what to do.
    """

    hint: str


def outcomes_of(header: DumpHeader, file: PlainFile, *, is_of_file: bool) -> Outcomes | NoRules:
    """Return the outcome of a dump's loader for a file.

    Args:
        is_of_file: True if the dump is of that file; otherwise its ``indices`` do not apply.

    Raises:
        FormatError: the dump's options are not options of that loader.
    """
    if header.loader not in LOADERS:
        return NoRules(_hint(header))
    if not is_of_file:
        options = {name: value for name, value in header.options.items() if name != "indices"}
        header = replace(header, options=options)
    setting = header.setting()
    try:
        return Outcomes.of(load(setting.loader, file.document(), setting.options))
    except LoaderError as error:
        return NoRules(
            f"by its rules {header.loader} raises {error.exception} ({error.rule}) on this file, "
            "so they explain nothing: check that the dump is of this file and loader"
        )


def _hint(header: DumpHeader) -> str:
    if header.loader is not None:
        return (
            f"no rules are known for the loader in the dump's header, {header.loader!r}: write a "
            f"loader with the same rules there ({', '.join(LOADERS)})"
        )
    likely = header.framework.lower()
    name = repr(likely) if likely in LOADERS else f"NAME, one of {', '.join(LOADERS)}"
    return (
        "no rules are known for the dumped dataset: if it follows a known loader, write "
        f"loader={name} into the dump's header"
    )
