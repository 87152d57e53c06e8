"""One image through loaders, told."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from cocosurgeon.cli.console import Console, print_raw, print_text
from cocosurgeon.errors import LoaderError, UnknownIdError
from cocosurgeon.loaders import LOADERS, Id, Rule, View, find_loader, load
from cocosurgeon.steps.arguments import parse_ids
from cocosurgeon.verify.expected import class_names
from cocosurgeon.verify.reading import Reading, reading
from cocosurgeon.verify.settings import Mode, modes_of, options_for


def show(ann_file: str, image: str, loaders: Sequence[str] | None, *, as_json: bool) -> None:
    """Tell, on stdout, what each loader does with an image.

    Raises:
        UnknownIdError: the file has no such image.
        UnknownNameError: there is no such loader.
    """
    names = [find_loader(name).name for name in loaders or LOADERS]
    with Console(quiet=False, as_json=as_json).progress("reading") as progress:
        file = reading(Path(ann_file), progress)
    img_id = _image(file, image)
    told = [_told(file, name, mode, img_id) for name in names for mode in _modes(name)]
    if as_json:
        fields = {"ann_file": ann_file, "image": img_id, "loaders": told}
        print_raw(json.dumps(fields, indent=2, default=str), sys.stdout)
    else:
        print_text("\n".join(line for each in told for line in _lines(each)), sys.stdout)


def _modes(name: str) -> list[Mode]:
    return modes_of(name, ("train", "test"))


def _image(file: Reading, token: str) -> Id:
    records = file.lists.get("images", ())
    ids = [i for r in records if isinstance(i := r.value.get("id"), (int, float, str))]
    [img_id] = parse_ids([token], ids)
    if img_id not in ids:
        raise UnknownIdError(f"no image has the id {img_id!r}", where=file.name)
    return img_id


def _told(file: Reading, name: str, mode: Mode, img_id: Id) -> dict[str, object]:
    document = file.document()
    head: dict[str, object] = {"loader": name, "mode": mode if len(_modes(name)) > 1 else None}
    try:
        view = load(name, document, options_for(name, mode, class_names(document)), [img_id])
    except LoaderError as error:
        raises = {"exception": error.exception, "rule": error.rule, "what": error.what}
        return {**head, "raises": raises}
    return {
        **head,
        "emits": [
            {
                "annotation": i.ann_id,
                "label": i.label,
                "name": view.name_of(i.label) if view.cat2label else None,
                "box": list(i.box),
                "ignore": i.ignore,
            }
            for s in view.samples
            for i in s.instances
        ]
        if view.samples
        else None,
        "drops": list(_drops(view, name, img_id)),
    }


def _drops(view: View, name: str, img_id: Id) -> Iterator[dict[str, object]]:
    loader = LOADERS[name]
    rules = {rule.name: rule for rule in loader.rules}
    for dropped in view.dropped:
        if dropped.img_id == img_id:
            rule: Rule = rules[dropped.rule]
            yield {
                "kind": dropped.kind,
                "id": dropped.id,
                "rule": rule.name,
                "what": rule.what,
                "source": rule.source,
            }


def _lines(told: dict[str, object]) -> Iterator[str]:
    mode = f" {told['mode']}" if told["mode"] else ""
    head = f"{told['loader']}{mode}"
    if raises := told.get("raises"):
        yield f"{head}: raises {_fields(raises, 'exception')} ({_fields(raises, 'what')})"
        return
    emits, drops = told["emits"], told["drops"]
    if isinstance(emits, list):
        yield f"{head}: emits {len(emits)} objects"
        for each in emits:
            name = f" {each['name']}" if each["name"] else ""
            ignored = ", ignored" if each["ignore"] else ""
            label = f"label {each['label']}{name}"
            yield f"  annotation {each['annotation']}: {label} {each['box']}{ignored}"
    else:
        yield f"{head}: does not emit the image"
    for each in drops if isinstance(drops, list) else ():
        why = f"{each['rule']}, {each['what']} [{each['source']}]"
        yield f"  drops {each['kind']} {each['id']}: {why}"


def _fields(value: object, key: str) -> object:
    return value[key] if isinstance(value, dict) else None
