"""The page: head, data, program and pictures; pictures come last, so that it opens before them."""

from __future__ import annotations

import base64
import mimetypes
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from cocosurgeon.browse.drops import drops_of
from cocosurgeon.browse.file_data import FileData, address_of
from cocosurgeon.browse.results import Results, read_results
from cocosurgeon.browse.thumbnails import MISSING, Thumbnail, making
from cocosurgeon.page import END, head, script_data
from cocosurgeon.progress import progress_of
from cocosurgeon.text import are, plural

_BLOCK = 250
"""Most pictures in one element of the page."""


@dataclass(frozen=True, eq=False)
class Page:
    """A page that can be written.

    Attributes:
        file: the file.
        data: data for the program of the page.
        thumbnails: thumbnail of each image.
        results: detections; None if none are shown.
        is_embedded: True if the page has the image files themselves.
    """

    file: FileData
    data: dict[str, object]
    thumbnails: Sequence[Thumbnail]
    results: Results | None
    is_embedded: bool
    faults: Counter[str] = field(init=False)

    def __post_init__(self) -> None:
        found = Counter(t.fault for t in self.thumbnails if t.fault is not None)
        object.__setattr__(self, "faults", found)

    def notes(self) -> list[str]:
        """Return lines about differences of the page from the file."""
        images = self.file.image_columns
        turned = sum(t.is_turned for t in self.thumbnails)
        sized = len(_other_sizes(self.file, self.thumbnails))
        lost = len(self.file.annotations) - len(self.file.objects)
        spread = sum(t.is_spread for t in self.thumbnails)
        flat = sum(None in size for size in zip(images["width"], images["height"], strict=True))
        counted = [
            (n, f"{plural(n, 'image')} {are(n)} {fault}: a gray tile is shown")
            for fault, n in sorted(self.faults.items())
        ]
        counted += [
            (turned, f"{plural(turned, 'image')} turned by EXIF, as browsers do: check the boxes"),
            (sized, f"{plural(sized, 'image')} of another size than recorded: check the boxes"),
            (flat, f"{plural(flat, 'image')} recorded without a size"),
            (spread, f"{plural(spread, 'thumbnail')} of 16-bit images: values are rescaled"),
            (
                lost,
                f"{plural(lost, 'annotation')} {are(lost)} of images that the file does not list",
            ),
        ]
        notes = [note for n, note in counted if n]
        more = self.results.notes() if self.results else []
        return [*notes, *self.file.not_drawn(), *more]

    def fields(self) -> dict[str, object]:
        """Return the contents of the page as JSON values."""
        return {
            "images": len(self.file.images),
            "objects": len(self.file.objects),
            "detections": self.results.count if self.results else None,
            "missing": self.faults["missing"],
            "unreadable": self.faults["unreadable"],
            "notes": self.notes(),
        }

    def pieces(self) -> Iterator[bytes]:
        """Yield the page, in pieces."""
        yield head(Path(self.file.name).name, _part("browse.css")).encode(errors="backslashreplace")
        yield f"\n{_part('browse.html')}\n".encode()
        yield f"{script_data('data', self.data)}\n".encode()
        yield f"<script>\n{_part('browse.js')}</script>\n".encode()
        for start in range(0, len(self.thumbnails), _BLOCK):
            lines = (_encoded(t.data) for t in self.thumbnails[start : start + _BLOCK])
            yield b'<script type="text/plain">%b</script>' % b"\n".join(lines)
            yield b"<script>takePictures(%d)</script>\n" % start
        if self.is_embedded:
            yield from self._files()
        yield END.encode()

    def _files(self) -> Iterator[bytes]:
        with progress_of("embedding images") as progress:
            for place, path in enumerate(self.file.paths):
                if progress is not None:
                    progress(place, len(self.file.paths))
                if path is not None and self.thumbnails[place].fault is None:
                    kind = mimetypes.guess_type(path)[0] or "image/jpeg"
                    yield b'<script type="text/plain" id="file%d">data:%b;base64,%b</script>\n' % (
                        place,
                        kind.encode(),
                        _encoded(Path(path).read_bytes()),
                    )


def make_page(
    file: FileData,
    loaders: Sequence[str],
    against: str | Path | None = None,
    *,
    link_from: Path | None = None,
) -> Page:
    """Return the page of a file.

    Args:
        loaders: names of loaders whose dropped records are shown.
        against: path of a results file, ``-`` for standard input; None: no results.
        link_from: the folder of the page, from which it links to image files; None: the page has
            the image files themselves.

    Raises:
        CocosurgeonError: the results cannot be read.
    """
    with making(file.paths) as made:
        results = None
        if against is not None:
            places = file.img_places
            results = read_results(str(against), places, file.cat_places, len(file.images))
        data: dict[str, object] = {
            "name": Path(file.name).name,
            "categories": file.category_columns,
            "objects": file.object_columns,
            "findings": file.findings(),
            "loaders": drops_of(file, loaders),
            "results": results and {"name": Path(str(against)).name, **results.fields},
        }
        thumbnails = []
        with progress_of("thumbnails") as progress:
            for thumbnail in made:
                thumbnails.append(thumbnail)
                if progress is not None:
                    progress(len(thumbnails), len(file.paths))
    data["images"] = {
        **file.image_columns,
        "link": [
            None
            if path is None or t.fault == MISSING.fault or link_from is None
            else address_of(path, link_from)
            for path, t in zip(file.paths, thumbnails, strict=True)
        ],
        "fault": [t.fault for t in thumbnails],
        "actual": _other_sizes(file, thumbnails),
        "turned": [place for place, t in enumerate(thumbnails) if t.is_turned],
    }
    data["embedded"] = link_from is None
    page = Page(file, data, thumbnails, results, is_embedded=link_from is None)
    data["notes"] = page.notes()
    return page


def _other_sizes(file: FileData, thumbnails: Sequence[Thumbnail]) -> dict[int, tuple[int, int]]:
    """Return the sizes of image files that differ from their records, by place."""
    columns = file.image_columns
    recorded = zip(columns["width"], columns["height"], strict=True)
    sizes = enumerate(zip(thumbnails, recorded, strict=True))
    return {n: t.size for n, (t, size) in sizes if t.size is not None and t.size != size}


def _part(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _encoded(data: bytes | None) -> bytes:
    return b"" if data is None else base64.b64encode(data)
