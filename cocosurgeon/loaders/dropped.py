"""Images and annotations of a file that a loader drops, each with its rule."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Mapping
from dataclasses import dataclass, field, replace

from cocosurgeon.loaders.index import Index
from cocosurgeon.loaders.view import Dropped, Id, Rule, Sample, View

UNLISTED = Rule(
    "unlisted-image",
    "its image is not in the list of images, over which the loader iterates",
    "pycocotools/coco.py:95,188",
    fault="annotation-orphaned",
)
SHADOWED = Rule(
    "shadowed",
    "a later record has the same id and is used instead",
    "pycocotools/coco.py:96,100",
    fault="annotation-shadowed",
)
UNREACHED = Rule(
    "text-id",
    "its image's id is text, which is looked up letter by letter",
    "pycocotools/coco.py:136",
    fault="annotation-orphaned",
)


def wanted_of(index: Index, only: Collection[Id | None] | None) -> Container[object] | None:
    """Return ids of the images whose samples have to be made; None for all.

    Where annotations share an id, one image's may replace another's: then all have to be made.
    """
    if only is None or not index.is_unique:
        return None
    return frozenset(only)


def restricted(view: View, only: Collection[Id | None] | None) -> View:
    """Return a view with only the samples of some images, and what is dropped of them."""
    if only is None:
        return view
    kept = frozenset(only)
    samples = tuple(s for s in view.samples if s.img_id in kept)
    dropped = tuple(d for d in view.dropped if d.img_id in kept)
    return replace(view, samples=samples, dropped=dropped)


@dataclass
class Drops:
    """Rules that dropped something while a file was read.

    Attributes:
        images: row of an image -> the rule that drops it.
        annotations: row of an annotation -> the rule that drops it.
    """

    images: dict[int, str] = field(default_factory=dict)
    annotations: dict[int, str] = field(default_factory=dict)

    def drop_image(self, row: int, rows: list[int], rule: str) -> None:
        """Drop an image, and those of its annotations that no rule has dropped yet."""
        self.images[row] = rule
        for annotation in rows:
            self.annotations.setdefault(annotation, rule)

    def dropped(
        self,
        index: Index,
        samples: list[Sample],
        reached: Container[int] | None = None,
    ) -> tuple[Dropped, ...]:
        """Return what is not loaded: images first, then annotations, each by row.

        Args:
            index: the file.
            samples: what is loaded.
            reached: rows of the annotations that were read, where these are not just those of the
                listed images.
        """
        found = list(self._images(index))
        for row, rule in sorted(self._annotations(index, samples, reached).items()):
            record = index.annotations[row]
            found.append(Dropped("annotation", record["id"], row, record["image_id"], rule))
        return tuple(found)

    def _images(self, index: Index) -> Iterator[Dropped]:
        rules: Mapping[int, str] = self.images
        if len(index.image_rows) != len(index.images):
            last = set(index.image_rows.values())
            shadowed = (row for row in range(len(index.images)) if row not in last)
            rules = {**rules, **dict.fromkeys(shadowed, SHADOWED.name)}
        for row, rule in sorted(rules.items()):
            img_id = index.images[row]["id"]
            yield Dropped("image", img_id, row, img_id, rule)

    def _annotations(
        self, index: Index, samples: list[Sample], reached: Container[int] | None
    ) -> dict[int, str]:
        rules = self.annotations
        if reached is None and index.is_unique:
            unlisted = (r for i, r in index.rows_of.items() if i not in index.image_rows)
            return rules | {row: UNLISTED.name for rows in unlisted for row in rows}
        if reached is None:
            listed = (index.rows_of.get(img_id, []) for img_id in index.image_rows)
            reached = {row for rows in listed for row in index.loaded(rows)}
        loaded = {instance.row for sample in samples for instance in sample.instances}
        rules = {row: rule for row, rule in rules.items() if row not in loaded}
        for row, record in enumerate(index.annotations):
            if row not in reached and row not in rules:
                rules[row] = self._unreached(index, row, record["id"], record["image_id"])
        return rules

    @staticmethod
    def _unreached(index: Index, row: int, ann_id: Id, img_id: Id) -> str:
        if index.last_rows[ann_id] != row:
            return SHADOWED.name
        return UNREACHED.name if img_id in index.image_rows else UNLISTED.name
