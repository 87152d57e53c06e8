"""One image through a loader: what is loaded of it, what is dropped, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain

from cocosurgeon.errors import LoaderError
from cocosurgeon.loaders.index import Index, indexed
from cocosurgeon.loaders.loader import MODES
from cocosurgeon.loaders.registry import LOADERS, load
from cocosurgeon.loaders.settings import Setting, settings_for
from cocosurgeon.loaders.view import Dropped, Id, Rule, View
from cocosurgeon.progress import progress_of


@dataclass(frozen=True)
class Explanation:
    """The result of one loader for one image.

    Attributes:
        setting: the loader, as it is set up.
        img_id: the image.
        result: what is loaded of the file; or the error that the loader raises.
        names: of the file's categories, by row of the annotation.
    """

    setting: Setting
    img_id: Id
    result: View | LoaderError
    names: Mapping[int, object] = field(default_factory=dict)

    def fields(self) -> dict[str, object]:
        """Return the explanation for JSON."""
        head = {"loader": self.setting.loader, "mode": self.setting.named_mode}
        if isinstance(self.result, LoaderError):
            error = self.result
            raises = {"exception": error.exception, "rule": error.rule, "what": error.what}
            raises |= {"where": error.where} if error.where else {}
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
            | ({"reason": d.reason} if d.reason else {})
            for d in self.result.dropped
            for r in [self.rule_of(d)]
        ]
        found: dict[str, object] = {
            **head,
            "loads": loads if self.result.samples else None,
            "drops": drops,
        }
        if LOADERS[self.setting.loader].is_width_first:
            found["orig_size"] = ["width", "height"]
        note = self.setting.options.note_on(self.result)
        return found if note is None else found | {"note": note}

    def rule_of(self, dropped: Dropped) -> Rule:
        """Return the rule that dropped something."""
        return next(r for r in LOADERS[self.setting.loader].rules if r.name == dropped.rule)


def in_record(error: LoaderError) -> str:
    """Return the record of the file at which a loader raises, to end a sentence."""
    return f", in {error.where}" if error.where else ""


def explain(
    document: object,
    img_id: Id,
    loaders: Mapping[str, Mapping[str, object]],
    classes: Sequence[str],
    ann_file: str = "",
) -> list[Explanation]:
    """Explain an image of a parsed file through loaders, in each of their modes.

    The file is indexed once for all of them.

    Args:
        document: what ``json.load`` gives.
        loaders: their names, each with options of its own, as ``own_options`` returns them.
        classes: class names, for loaders that take them.
        ann_file: path of the file.
    """
    found = []
    of_each = (
        settings_for(name, MODES, classes, own, ann_file=ann_file) for name, own in loaders.items()
    )
    settings = list(chain.from_iterable(of_each))
    with progress_of("asking loaders") as progress:
        with suppress(LoaderError):  # which each loader raises by itself, some after other checks
            document = indexed(document)
        for done, setting in enumerate(settings):
            if progress is not None:
                progress(done, len(settings))
            result: View | LoaderError
            try:
                result = load(setting.loader, document, setting.options, [img_id])
            except LoaderError as error:
                result = error
            names = {} if isinstance(result, LoaderError) else _names_in(document, result)
            found.append(Explanation(setting, img_id, result, names))
    return found


def _names_in(document: object, view: View) -> dict[int, object]:
    """Return the names that the file has for the categories of what is loaded, by row."""
    if not isinstance(document, Index) or document.categories is None:
        return {}
    names = {category["id"]: category.get("name") for category in document.categories}
    rows = (instance.row for sample in view.samples for instance in sample.instances)
    return {row: names.get(document.annotations[row].get("category_id")) for row in rows}
