"""What a recipe says of a result."""

from __future__ import annotations

from dataclasses import dataclass, field

from cocosurgeon.verify.renumbering import Renumbering


@dataclass(frozen=True, eq=False)
class Told:
    """What a recipe says, beyond what every faithful subset fulfils.

    Attributes:
        image_rows: rows of ``images`` that are kept, in order; None: not told.
        annotation_rows: rows of annotations (or detections) that are kept; None: not told.
        renumbering: what category ids become.
        categories: texts of the list's entries after it; None: as in the source.
    """

    image_rows: frozenset[int] | None = None
    annotation_rows: frozenset[int] | None = None
    renumbering: Renumbering = field(default_factory=Renumbering)
    categories: tuple[str, ...] | None = None

    @property
    def is_all(self) -> bool:
        """Whether nothing is told: the source is to be emitted as it stands."""
        return (
            self.image_rows is None
            and self.annotation_rows is None
            and self.categories is None
            and not self.renumbering
        )
