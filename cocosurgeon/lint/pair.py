"""Two files that are used together, as for training and validation."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from cocosurgeon.findings.codes import add_codes
from cocosurgeon.lint.annotation_file import AnnotationFile
from cocosurgeon.lint.check import Fault
from cocosurgeon.lint.on_disk import copies, read_headers
from cocosurgeon.text import first_few, plural

PAIR_CODES = add_codes(
    "split",
    {
        "split-categories": (
            "the files have different category lists",
            "one was reduced, renumbered or exported at another time",
            "`cocosurgeon remap FILE --like OTHER` makes ids, names and order equal",
            "error",
        ),
        "split-image-id": (
            "the files share image ids",
            "the files were cut with an overlap, or ids count from 1 in each",
            "nothing, unless they are the same images; a merge has to renumber them",
            "note",
        ),
        "split-file-name": (
            "the files share names of images",
            "the files were cut with an overlap; or names repeat in different folders",
            "drop them from one file if they are the same images: a model must not be tested on "
            "training images",
            "warning",
        ),
        "split-content": (
            "the files share images by their content",
            "an image was saved under two names",
            "drop it from one file: a model must not be tested on training images",
            "error",
        ),
        "split-annotation-id": (
            "the files share annotation ids",
            "ids count from 1 in each",
            "nothing, unless the files are merged: then give them new numbers",
            "note",
        ),
    },
)


def pair_faults(
    one: AnnotationFile, other: AnnotationFile, folder: Path | None
) -> Iterator[tuple[str, Fault]]:
    """Yield what two files have in common or differ in, each with its code.

    Args:
        folder: of the images of both: they are compared by content, too.
    """
    if differences := list(_categories(one, other)):
        yield "split-categories", Fault(first_few(differences, 5, "; "))
    yield from _shared("split-image-id", "image id", one.ids("images"), other.ids("images"))
    names = [_names(file) for file in (one, other)]
    yield from _shared("split-file-name", "file_name", *names)
    ids = (file.ids("annotations") if "annotations" in file.lists else () for file in (one, other))
    yield from _shared("split-annotation-id", "annotation id", *ids)
    if folder is not None:
        yield from _same_content(folder, *names)


def _shared(code: str, what: str, one: object, other: object) -> Iterator[tuple[str, Fault]]:
    assert isinstance(one, (list, tuple)) and isinstance(other, (list, tuple))
    known = set(one) - {None}
    both = [value for value in dict.fromkeys(other) if value in known]
    if both:
        yield code, Fault(f"{plural(len(both), what)}: {first_few(both, 5, show=repr)}")


def _categories(one: AnnotationFile, other: AnnotationFile) -> Iterator[str]:
    a, b = ([(c.get("id"), c.get("name")) for c in file.categories] for file in (one, other))
    if a == b:
        return
    if sorted(map(repr, a)) == sorted(map(repr, b)):
        place = next(n for n, (x, y) in enumerate(zip(a, b, strict=True)) if x != y)
        names = f"{a[place][1]!r} in the first, {b[place][1]!r} in the second"
        yield f"another order: place {place} is {names}"
        return
    ids, other_ids = ({str(name): cat_id for cat_id, name in side} for side in (a, b))
    for name in dict.fromkeys([*ids, *other_ids]):
        if name not in other_ids:
            yield f"only the first has {name!r}"
        elif name not in ids:
            yield f"only the second has {name!r}"
        elif ids[name] != other_ids[name]:
            yield f"{name!r} is {ids[name]!r} in the first, {other_ids[name]!r} in the second"


def _names(file: AnnotationFile) -> list[str]:
    images = file.lists.get("images")
    names = [] if images is None else images.column("file_name").array.tolist()
    return [name for name in names if isinstance(name, str) and name]


def _same_content(folder: Path, *names: list[str]) -> Iterator[tuple[str, Fault]]:
    if shared := [name for name in dict.fromkeys(names[1]) if name in set(names[0])]:
        there = [name for name in shared if (folder / name).is_file()]
        if there:
            text = f"{plural(len(there), 'file')} in both: {first_few(there, 5, show=repr)}"
            yield "split-content", Fault(text)
    everything = list(dict.fromkeys(names[0] + names[1]))
    paths = [os.path.join(folder, name) for name in everything]  # noqa: PTH118 - as loaders join
    in_one, in_other = map(set, names)
    for first, others in copies(paths, read_headers(paths)):
        alike = [everything[place] for place in (first, *others)]
        here, there = ([n for n in alike if n in side] for side in (in_one, in_other))
        pairs = [(a, b) for a in here for b in there if a != b]
        if pairs:
            yield "split-content", Fault(f"{pairs[0][0]!r} is {pairs[0][1]!r}")
