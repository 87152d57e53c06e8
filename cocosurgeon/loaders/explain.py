"""One image through a loader: what is loaded of it, what is dropped, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from cocosurgeon.errors import LoaderError
from cocosurgeon.loaders.index import indexed
from cocosurgeon.loaders.loader import MODES
from cocosurgeon.loaders.registry import LOADERS, load
from cocosurgeon.loaders.settings import Setting, settings_for
from cocosurgeon.loaders.view import Dropped, Id, Rule, View


@dataclass(frozen=True)
class Explanation:
    """The result of one loader for one image.

    Attributes:
        setting: the loader, as it is set up.
        img_id: the image.
        result: what is loaded of the file; or the error that the loader raises.
    """

    setting: Setting
    img_id: Id
    result: View | LoaderError

    def fields(self) -> dict[str, object]:
        """Return the explanation for JSON."""
        head = {"loader": self.setting.loader, "mode": self.setting.named_mode}
        if isinstance(self.result, LoaderError):
            error = self.result
            raises = {"exception": error.exception, "rule": error.rule, "what": error.what}
            return {**head, "raises": raises}
        loads = [
            {
                "annotation": i.ann_id,
                "label": i.label,
                "name": self.result.name_of(i.label) if self.result.cat2label else None,
                "box": list(i.box),
                "ignore": i.ignore,
            }
            for sample in self.result.samples
            for i in sample.instances
        ]
        drops = [
            {"kind": d.kind, "id": d.id, "rule": r.name, "what": r.what, "source": r.source}
            for d in self.result.dropped
            for r in [self._rule(d)]
        ]
        return {**head, "loads": loads if self.result.samples else None, "drops": drops}

    def lines(self) -> Iterator[str]:
        """Yield the explanation for a terminal."""
        head = " ".join(filter(None, (self.setting.loader, self.setting.named_mode)))
        view = self.result
        if isinstance(view, LoaderError):
            yield f"{head}: raises {view.exception} ({view.what})"
            return
        instances = [i for sample in view.samples for i in sample.instances]
        objects = f"{len(instances)} object{'' if len(instances) == 1 else 's'}"
        yield f"{head}: loads {objects}" if view.samples else f"{head}: does not load the image"
        for i in instances:
            name = f" {view.name_of(i.label)}" if view.cat2label and view.name_of(i.label) else ""
            box = ", ".join(f"{number:.2f}" for number in i.box)
            ignored = ", ignored" if i.ignore else ""
            yield f"  annotation {i.ann_id}: label {i.label}{name} [{box}]{ignored}"
        for d in view.dropped:
            rule = self._rule(d)
            yield f"  drops {d.kind} {d.id}: {rule.name}, {rule.what} [{rule.source}]"

    def _rule(self, dropped: Dropped) -> Rule:
        return next(r for r in LOADERS[self.setting.loader].rules if r.name == dropped.rule)


def explain(
    document: object, img_id: Id, loaders: Sequence[str], classes: Sequence[str]
) -> list[Explanation]:
    """Explain an image of a parsed file through loaders, in each of their modes.

    The file is indexed once for all of them.

    Args:
        document: what ``json.load`` gives.
        loaders: their names.
        classes: class names, for loaders that take them.
    """
    with suppress(LoaderError):  # which each loader raises by itself, some after other checks
        document = indexed(document)
    found = []
    for setting in (s for name in loaders for s in settings_for(name, MODES, classes)):
        result: View | LoaderError
        try:
            result = load(setting.loader, document, setting.options, [img_id])
        except LoaderError as error:
            result = error
        found.append(Explanation(setting, img_id, result))
    return found
