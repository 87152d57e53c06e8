"""One image through a loader: what is loaded of it, what is dropped, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
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

_SHOWN = 5
_WIDTH_FIRST = "`orig_size` of a target is (width, height); that of DETR is (height, width)"


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
            for r in [self._rule(d)]
        ]
        found: dict[str, object] = {
            **head,
            "loads": loads if self.result.samples else None,
            "drops": drops,
        }
        if LOADERS[self.setting.loader].is_width_first:
            found["orig_size"] = ["width", "height"]
        note = self.setting.options.note
        return found if note is None else found | {"note": note}

    def lines(self) -> Iterator[str]:
        """Yield the explanation for a terminal."""
        head = " ".join(filter(None, (self.setting.loader, self.setting.named_mode)))
        view = self.result
        if isinstance(view, LoaderError):
            yield f"{head}: raises {view.exception} ({view.what}{in_record(view)})"
            return
        instances = [i for sample in view.samples for i in sample.instances]
        objects = f"{len(instances)} object{'' if len(instances) == 1 else 's'}"
        yield f"{head}: loads {objects}" if view.samples else f"{head}: does not load the image"
        for i in instances:
            called = view.name_of(i.label) if view.cat2label else None
            own = self.names.get(i.row)
            name = f" {called}" if called else ""
            name += f" ({own!r} in the file)" if called and called != own else ""
            box = ", ".join(f"{number:.2f}" for number in i.box)
            ignored = ", ignored" if i.ignore else ""
            yield f"  annotation {i.ann_id}: label {i.label}{name} [{box}]{ignored}"
        shown: Counter[str] = Counter()
        for d in view.dropped:
            shown[d.rule] += 1
            if shown[d.rule] <= _SHOWN:
                rule = self._rule(d)
                what = f"{d.reason} ({rule.what})" if d.reason else rule.what
                yield f"  drops {d.kind} {d.id}: {rule.name}, {what} [{rule.source}]"
        for name, count in shown.items():
            if count > _SHOWN:
                yield f"  ... {count - _SHOWN:,} more dropped by {name} (--json)"
        if LOADERS[self.setting.loader].is_width_first:
            yield f"  note: {_WIDTH_FIRST}"
        if (note := self.setting.options.note) is not None:
            yield f"  note: {note}"

    def _rule(self, dropped: Dropped) -> Rule:
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
