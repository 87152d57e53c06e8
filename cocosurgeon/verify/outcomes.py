"""What a loader's rules make of each record of a file, to explain what another loader does not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from cocosurgeon.errors import LoaderError
from cocosurgeon.loaders import LOADERS, Id, View, load
from cocosurgeon.probe.dump import DumpHeader
from cocosurgeon.verify.corners import Box, absolute
from cocosurgeon.verify.reading import Reading
from cocosurgeon.verify.settings import setting_of


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What a loader's rules do with each record.

    Attributes:
        images: the rule by which an image is left out.
        annotations: the rule by which an annotation is, by its row.
        rows: rows of those, by image.
        boxes: corners of those that are emitted, by row.
    """

    images: Mapping[Id | None, str]
    annotations: Mapping[int, str]
    rows: Mapping[Id | None, list[int]]
    boxes: Mapping[int, Box]

    @classmethod
    def of(cls, view: View) -> Outcomes:
        """As a view tells them."""
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


def outcomes_of(header: DumpHeader, file: Reading) -> Outcomes | None:
    """What the loader of a dump should do with a file; None where its rules are not known.

    Raises:
        FormatError: the dump's options are none of that loader.
    """
    if header.loader not in LOADERS:
        return None
    setting = setting_of(header)
    try:
        return Outcomes.of(load(setting.loader, file.document(), setting.options))
    except LoaderError:
        return None
