"""What a loader makes of a file, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from cocosurgeon.loaders import View


@dataclass(frozen=True)
class Use:
    """A loader's view of a file, unfiltered.

    Attributes:
        images: how many samples it emits.
        objects: how many objects it would train on: neither left out nor marked to be ignored.
        crowds: how many others it emits, marked to be ignored.
        empty: images without an object to train on, as the filter ``effective:LOADER`` says.
        bare: those of them that have no crowd either.
        left_out: annotations that it leaves out, by rule.
    """

    images: int
    objects: int
    crowds: int
    empty: int
    bare: int
    left_out: Mapping[str, int]

    @classmethod
    def of(cls, view: View) -> Use:
        """Count."""
        usable = [sum(not i.ignore for i in sample.instances) for sample in view.samples]
        return cls(
            images=len(usable),
            objects=sum(usable),
            crowds=sum(len(sample.instances) for sample in view.samples) - sum(usable),
            empty=usable.count(0),
            bare=sum(not sample.instances for sample in view.samples),
            left_out=Counter(d.rule for d in view.dropped if d.kind == "annotation"),
        )

    def summary(self, name: str, framework: str) -> str:
        """What the file is, in one line."""
        images = f"{self.images:,} {'image' if self.images == 1 else 'images'}"
        objects = f"{self.objects:,} {'object' if self.objects == 1 else 'objects'}"
        if self.crowds:
            crowds = "crowd" if self.crowds == 1 else "crowds"
            objects = f"{objects} to train on and {self.crowds:,} {crowds}"
        else:
            objects = f"{objects} to train on"
        rules = ", ".join(f"{count:,} {rule}" for rule, count in self.left_out.items())
        rest = f"; annotations left out by the loader: {rules}" if rules else ""
        return f"{name!r} for {framework}: {images}, {objects}{rest}."
