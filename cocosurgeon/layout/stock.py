"""An annotation file's images and PNGs, and where stock configs look for them by its name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from cocosurgeon.layout.annotations import AnnotationFile
from cocosurgeon.layout.finding import Finding
from cocosurgeon.layout.folders import Folders
from cocosurgeon.layout.links import link_line
from cocosurgeon.layout.places import ANNOTATIONS, split_in
from cocosurgeon.layout.presence import Presence


def out_of_place(file: AnnotationFile, root: Path, folders: Folders) -> Iterator[Finding]:
    """What is there, and not where MMDetection or DETR looks for it.

    A subset (``instances_train2017_first100.json``) is opened beside the images of its split.
    """
    split = split_in(file.path)
    if split is None or file.kind == "LVIS":  # its names hold the folder, its configs name none
        return
    if file.on_disk is not None:
        wanted = [root / split]
        yield from _elsewhere(file.path, "images", file.names.images, file.on_disk, wanted, folders)
    if file.pngs is not None:
        of_pngs = f"panoptic_{split}"
        wanted = [root / ANNOTATIONS / of_pngs, root / of_pngs]
        yield from _elsewhere(file.path, "PNGs", file.names.pngs, file.pngs, wanted, folders)


def misplaced(there: Path, wanted: Path, of: str, folders: Folders) -> Finding:
    """Images or PNGs in another folder than the one where stock configs look.

    Args:
        there: where they are.
        wanted: where they are looked for.
        of: what they are: ``images``.
        folders: what lies where.
    """
    who = "MMDetection and DETR look" if of == "images" else "MMDetection looks"
    what = f"{who} for these {of} in {wanted}"
    hint = link_line(there, wanted, folders)
    if there == wanted.parent:
        hint = f"the names hold the folder: take {wanted.name}/ out of them, or name no prefix"
    elif hint is None:
        what += ", which has other files"
        hint = (
            f"put these into {wanted} as well, or call the annotation file by the split whose "
            f"{of} it has"
        )
    return Finding("misplaced", str(there), what, hint)


def _elsewhere(
    ann_file: Path,
    of: str,
    names: Sequence[str],
    presence: Presence,
    wanted: Sequence[Path],
    folders: Folders,
) -> Iterator[Finding]:
    distinct = dict.fromkeys(names)
    fewest = min(len(folders.missing(place, distinct)) for place in wanted)
    if presence.folder is not None and len(presence.missing) < fewest:
        yield misplaced(presence.folder, wanted[0], of, folders)
