"""What a recipe says of a result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cocosurgeon.verify.renumbering import Renumbering


@dataclass(frozen=True, eq=False)
class Told:
    """What a recipe says, beyond what every faithful subset fulfils.

    Attributes:
        image_rows: rows of ``images`` that are kept, in order; None: not told.
        annotation_rows: rows of annotations (or detections) that are kept; None: not told.
        renumbering: what category ids become.
        categories: the list after it, as JSON values; None: as in the source.
    """

    image_rows: frozenset[int] | None = None
    annotation_rows: frozenset[int] | None = None
    renumbering: Renumbering = field(default_factory=Renumbering)
    categories: tuple[Mapping[str, object], ...] | None = None
