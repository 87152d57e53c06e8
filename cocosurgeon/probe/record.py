"""Recorder: writes the output of a loader as a dump for ``cocosurgeon verify --against``.

One file for any repository: Python 3.7 or later, standard library only. Import it where cocosurgeon
is installed, or copy it. The format is described in docs/probe.md.
"""

from __future__ import annotations

import atexit
import gzip
import hashlib
import json
import os
import platform
import sys
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any, BinaryIO, NoReturn

VERSION = 1
BOX_FORMATS = ("xyxy", "xywh", "cxcywh")
ORDERS = ("file", "id", "path", "unknown")
_CHOICES = {
    "box_format": BOX_FORMATS,
    "order": ORDERS,
    "mode": (None, "train", "test"),
    "pipeline": (None, "own", "plain"),
}
_KINDS: dict[str, tuple[type, ...]] = {
    "framework": (str,),
    **dict.fromkeys(("normalised", "single"), (bool,)),
    **dict.fromkeys(("classes", "cat_ids", "transforms", "random"), (list, tuple)),
    **dict.fromkeys(("options", "packages"), (dict,)),
    **dict.fromkeys(
        ("version", "loader", "python", "label_space", "ann_file", "sha256"), (str, type(None))
    ),
}


def line_of(value: Any) -> bytes:
    """Return a line of a dump: JSON with all digits of numbers, and ``NaN`` for NaN."""
    return json.dumps(value, separators=(",", ":"), default=_of_array).encode("ascii") + b"\n"


def _of_array(value: Any) -> Any:
    """Return an array or a scalar of numpy or torch as Python's own."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def header_of(framework: str, box_format: str, **known: Any) -> dict[str, Any]:
    """Return the header's object; unknown values are null or empty.

    Raises:
        ValueError: a value does not fit the format.
        TypeError: a key is unknown.
    """
    header: dict[str, Any] = {
        "dump": VERSION,
        "framework": framework,
        "version": None,
        "loader": None,
        "python": platform.python_version(),
        "mode": None,
        "box_format": box_format,
        "normalised": False,
        "single": False,
        "label_space": None,
        "order": "unknown",
        "ann_file": None,
        "sha256": None,
        "classes": [],
        "cat_ids": [],
        "cat2label": [],
        "options": {},
        "packages": {},
        "pipeline": None,
        "transforms": [],
        "random": [],
        "seed": None,
    }
    unknown = sorted(set(known) - set(header))
    if unknown:
        raise TypeError("a dump's header has no " + ", ".join(unknown))
    header.update(known)
    wrong = wrong_in_header(header)
    if wrong is not None:
        raise ValueError(wrong)
    return header


def wrong_in_header(header: Mapping[str, Any]) -> str | None:
    """Return the fault of a header's object for which readers refuse it; None without one."""
    for key, known in _CHOICES.items():
        if header.get(key) not in known:
            names = ", ".join("null" if name is None else name for name in known)
            return f"{key!r} is {header.get(key)!r}, but has to be one of {names}"
    for key, kinds in _KINDS.items():
        if not isinstance(header.get(key), kinds):
            return f"{key!r} is {header.get(key)!r}, but has to be of type {kinds[0].__name__}"
    try:
        dict(header["cat2label"])
    except (KeyError, TypeError, ValueError):
        return "'cat2label' is not a list of pairs"
    return None


def is_id(value: Any) -> bool:
    """Return True if a value can be an id, a label or a size: a number or text."""
    return isinstance(value, (int, float, str)) and not isinstance(value, bool)


def end_of(samples: int, instances: int) -> dict[str, Any]:
    """Return the last line's object."""
    return {"end": True, "samples": samples, "instances": instances}


def text_hash(path: str) -> str:
    """Return the SHA-256 of a file's JSON text, which may be gzipped."""
    with open(path, "rb") as raw:  # noqa: PTH123
        is_packed = raw.read(2) == b"\x1f\x8b"
    digest = hashlib.sha256()
    with gzip.open(path, "rb") if is_packed else open(path, "rb") as text:  # noqa: PTH123
        for block in iter(lambda: text.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


class Recorder:
    """Writer of a dump, which appears at its path when it is complete.

    Use it as a context manager. Keywords are known facts about the loader, under the keys of the
    header; ``ann_file`` is a path, and its SHA-256 is computed. Without ``single``, boxes count as
    float32 if the first ones are.

        with Recorder(
            "detr.jsonl.gz", "detr", "cxcywh", loader="detr", normalised=True, label_space="coco91"
        ) as recorder:
            recorder.record(img_id=139, boxes=boxes, labels=labels, height=426, width=640)

    Raises:
        ValueError: a value does not fit the header.
        TypeError: a key is unknown.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        framework: str,
        box_format: str,
        single: bool | None = None,
        ann_file: str | os.PathLike[str] | None = None,
        cat2label: Mapping[Any, int] | Iterable[Any] = (),
        **known: Any,
    ) -> None:
        if ann_file is not None:
            known["ann_file"] = os.path.basename(os.fspath(ann_file))  # noqa: PTH119
            known["sha256"] = text_hash(os.fspath(ann_file))
        pairs = cat2label.items() if isinstance(cat2label, Mapping) else cat2label
        known["cat2label"] = list(pairs)
        header = {key: plain(value) for key, value in known.items()}
        self._header = header_of(framework, box_format, **header)
        _line(self._header)
        self._single = single
        self._path = os.fspath(path)
        self._process = os.getpid()
        self._seen: set[Any] = set()
        self._last: Any = None
        self._ann_file = None if ann_file is None else os.fspath(ann_file)
        self._instances = 0
        self._raw: BinaryIO | None = _draft(self._path)
        self._out: Any = self._raw
        if self._path.endswith(".gz"):
            self._out = gzip.GzipFile("", "wb", fileobj=self._raw, mtime=0)
        self._has_header = False

    def record(
        self,
        img_id: Any,
        boxes: Any,
        labels: Any,
        height: Any = None,
        width: Any = None,
        ignore: Any = None,
        masks: Any = None,
        img_path: str | os.PathLike[str] | None = None,
    ) -> None:
        """Write one image.

        Lists, numpy arrays and torch tensors are accepted.

        Args:
            img_id: id of the image.
            boxes: shape (objects, 4), in the header's box format.
            labels: a whole number or text for each object; None without one.
            height, width: size in pixels of the image that the boxes are in; for normalised boxes,
                the size before resizing.
            ignore: True for each object that is marked as ignored; None: for none.
            masks: polygons, RLE or a bitmap of that height and width for each object; None
                without one.
            img_path: path of the image, relative to the image root.

        Raises:
            ValueError: the lists have different lengths, a value does not fit a dump, or the image
                was recorded before (DINO loads another image for one that it cannot read).
            RuntimeError: the recorder is closed, or this is another process (a loader's worker).
        """
        if os.getpid() != self._process:
            raise RuntimeError("recorded in a worker: give the data loader num_workers=0")
        if self._raw is None:
            raise RuntimeError(self._path + " is closed")
        img_id = _one("img_id", img_id)
        if img_id is None:
            raise ValueError("img_id is None: without its id an image cannot be found again")
        if img_id in self._seen:
            raise ValueError(f"image {img_id!r} was recorded before: {self._cause(img_id)}")
        sample = {
            "img_id": img_id,
            "img_path": _path(img_path),
            "height": _one("height", height),
            "width": _one("width", width),
            "instances": _instances(plain(boxes), plain(labels), plain(ignore), _masks(masks)),
        }
        if self._header["normalised"] and not (sample["height"] and sample["width"]):
            raise ValueError("normalised boxes say nothing without the image's height and width")
        line = _line(sample)
        self._begin(boxes)
        self._out.write(line)
        self._seen.add(img_id)
        self._last = img_id
        self._instances += len(sample["instances"])

    def _cause(self, img_id: Any) -> str:
        """Return the likely reason why an image comes twice."""
        is_dino = "dino" in self._header["framework"].lower()
        if not is_dino or img_id != self._last:
            return "record one pass, without a sampler that repeats images"
        # IDEA-Research/DINO datasets/coco.py:351
        return (
            "DINO replaces an image that it cannot read by the next one"
            + _image_before(self._ann_file, img_id)
            + ". See that its file is there"
        )

    def close(self) -> None:
        """Complete the dump and give it its name."""
        if self._raw is not None:
            self._begin(None)
            self._out.write(line_of(end_of(len(self._seen), self._instances)))
            self._let_go()
            os.replace(self._path + ".part", self._path)  # noqa: PTH105

    def abandon(self) -> None:
        """Stop, and leave an incomplete file whose name ends in ``.part``."""
        if self._raw is not None:
            self._let_go()

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if kind is None:
            self.close()
        else:
            self.abandon()

    def _begin(self, boxes: Any) -> None:
        if not self._has_header:
            is_single = "float32" in str(getattr(boxes, "dtype", ""))
            self._header["single"] = is_single if self._single is None else bool(self._single)
            self._out.write(line_of(self._header))
            self._has_header = True

    def _let_go(self) -> None:
        if self._out is not self._raw:
            self._out.close()
        if self._raw is not None:
            self._raw.close()
        self._raw = None


def _draft(path: str) -> BinaryIO:
    """Open the file that becomes a dump.

    Raises:
        RuntimeError: another recorder writes it: a second process, as of each rank of a training.
    """
    stream = os.fdopen(os.open(path + ".part", os.O_RDWR | os.O_CREAT, 0o666), "r+b")
    try:
        import fcntl

        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        stream.close()
        raise RuntimeError(
            path + " is being recorded already: by another process (record in one of them, or give "
            "each a path of its own), or by a recorder of this one (close() or abandon() it)"
        ) from None
    except (ImportError, OSError):
        pass  # a system, or a file system, without such locks
    if not os.path.exists(path + ".part"):  # noqa: PTH110 - it has become the dump meanwhile
        stream.close()
        return _draft(path)
    stream.truncate()
    return stream


def _image_before(ann_file: str | None, img_id: Any) -> str:
    """Return the id of the image before another one in the order of ids; empty if unknown."""
    if ann_file is None:
        return ""
    with open(ann_file, "rb") as raw:  # noqa: PTH123
        is_packed = raw.read(2) == b"\x1f\x8b"
    with gzip.open(ann_file, "rb") if is_packed else open(ann_file, "rb") as text:  # noqa: PTH123
        images = json.loads(text.read().decode("utf-8-sig"))["images"]
    before = [image for image in images if image["id"] < img_id]
    if not before:
        return ""
    found = max(before, key=lambda image: image["id"])
    return ": it is {!r} ({})".format(found["id"], found.get("file_name"))


_WIDTH_FIRST = ("rtdetr", "dfine", "deim")
"""Frameworks whose ``orig_size`` is (width, height); in all others it is (height, width)."""
_OPEN: dict[str, tuple[Recorder, dict[str, Any]]] = {}
_exit = sys.exit
_exit_status: list[Any] = []
"""The last status that was passed to ``sys.exit`` since a sample was recorded."""


def _noted_exit(status: Any = None) -> NoReturn:
    _exit_status[:] = [status]
    _exit(status)


def record(sample: Mapping[str, Any], path: str = "dump.jsonl.gz", **known: Any) -> None:
    """Write one sample from the middle of any program.

    The dump is completed when the program ends. If it ends with an exception, or with ``sys.exit``
    and an error, only a ``.part`` file is left.

    Args:
        sample: the target of a dataset: ``boxes`` or ``bboxes``, ``labels``, ``image_id`` or
            ``img_id``, ``orig_size`` or ``height`` and ``width``; optional are ``ignore``,
            ``masks`` and ``img_path``. ``orig_size`` is (height, width); with the framework
            ``rtdetr``, ``dfine`` or ``deim`` it is (width, height).
        path: path of the dump; each path has its own recorder.
        known: arguments of ``Recorder``, the same in each call.

    Raises:
        KeyError: the sample has no boxes, labels or image id.
        ValueError: see ``Recorder.record``; or ``known`` has changed.
    """
    if path not in _OPEN:
        _OPEN[path] = (Recorder(path, **known), known)
        if len(_OPEN) == 1:
            atexit.register(_end_all)
            sys.exit = _noted_exit
    recorder, first = _OPEN[path]
    if first != known:
        raise ValueError("what is known of the loader has changed within " + path)
    size = sample.get("orig_size")
    height, width = (None, None) if size is None else plain(size)
    framework = "".join(filter(str.isalnum, known.get("framework", ""))).lower()
    if framework.startswith(_WIDTH_FIRST):
        height, width = width, height
    del _exit_status[:]
    recorder.record(
        img_id=_first_of(sample, "img_id", "image_id"),
        boxes=_first_of(sample, "boxes", "bboxes"),
        labels=_first_of(sample, "labels"),
        height=sample.get("height", height),
        width=sample.get("width", width),
        ignore=sample.get("ignore"),
        masks=sample.get("masks"),
        img_path=sample.get("img_path"),
    )


def plain(value: Any) -> Any:
    """Return a value with arrays, tensors and their scalars as Python's own, at any depth."""
    if hasattr(value, "tolist"):
        found = value.tolist()
        # An array of numbers needs no further check, which would take long for masks.
        return found if _has_numbers(value) else plain(found)
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(inner) for inner in value]
    if isinstance(value, bytes):
        return value.decode("ascii")
    return value


def _has_numbers(array: Any) -> bool:
    dtype = str(getattr(array, "dtype", ""))
    return any(word in dtype for word in ("int", "float", "bool"))


def _end_all() -> None:
    # The interpreter keeps here what ended the program, but not a SystemExit.
    has_failed = getattr(sys, "last_type", None) is not None or any(_exit_status)
    for recorder, _ in _OPEN.values():
        if has_failed:
            recorder.abandon()
        else:
            recorder.close()
    _OPEN.clear()


def _line(value: Any) -> bytes:
    try:
        return line_of(value)
    except TypeError as error:
        raise ValueError(f"a dump cannot hold that: {error}") from error


def _first_of(sample: Mapping[str, Any], *names: str) -> Any:
    for name in names:
        if name in sample:
            return sample[name]
    raise KeyError("the sample has no " + " or ".join(names))


def _one(key: str, value: Any) -> Any:
    found = plain(value)
    while isinstance(found, list) and len(found) == 1:
        found = found[0]
    if found is not None and not is_id(found):
        raise ValueError(f"{key} is {repr(found)[:60]}, but has to be one value: a number or text")
    return found


def _path(value: Any) -> str | None:
    try:
        return None if value is None else os.fsdecode(value)
    except TypeError as error:
        raise ValueError(f"img_path is {value!r}, but has to be a path") from error


def _label(value: Any) -> Any:
    """Return a label; a whole float, as in float tensors, becomes an integer."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if value is None or (is_id(value) and not isinstance(value, float)):
        return value
    raise ValueError(f"a label is {repr(value)[:60]}, but has to be a whole number or text")


def _box(value: Any) -> list[float]:
    try:
        box = [float(number) for number in value]
    except (TypeError, OverflowError) as error:
        raise ValueError(f"a box is {repr(value)[:60]}: {error}") from error
    if len(box) != 4:
        raise ValueError(f"a box has 4 numbers, not {len(box)}")
    return box


def _instances(boxes: Any, labels: Any, ignore: Any, masks: Any) -> list[dict[str, Any]]:
    count = len(boxes)
    columns = {"labels": labels, "ignore": ignore, "masks": masks}
    for name, column in columns.items():
        if column is None:
            columns[name] = [None] * count
        elif len(column) != count:
            raise ValueError(f"there are {count} boxes, but {len(column)} {name}")
    instances = []
    for i, box in enumerate(boxes):
        instance = {
            "box": _box(box),
            "label": _label(columns["labels"][i]),
            "ignore": bool(columns["ignore"][i]),
        }
        if columns["masks"][i] is not None:
            instance["mask"] = columns["masks"][i]
        instances.append(instance)
    return instances


def _masks(masks: Any) -> Any:
    return None if masks is None else [_mask(mask) for mask in masks]


def _mask(mask: Any) -> Any:
    if len(getattr(mask, "shape", ())) == 2:
        return _rle(mask)
    return plain(mask)


def _rle(mask: Any) -> dict[str, Any]:
    """Return a bitmap as run lengths, column by column, zeros first: COCO's uncompressed RLE."""
    if hasattr(mask, "cpu"):
        mask = mask.cpu().numpy()
    if hasattr(mask, "tobytes") and hasattr(mask, "astype"):
        pixels = mask.astype("bool").tobytes("F")
    else:
        columns = zip(*plain(mask))  # noqa: B905 (Python 3.7)
        pixels = bytes(map(bool, chain.from_iterable(columns)))
    counts: list[int] = []
    start, is_set = 0, False
    while start < len(pixels):
        end = pixels.find(b"\0" if is_set else b"\1", start)
        end = len(pixels) if end < 0 else end
        counts.append(end - start)
        start, is_set = end, not is_set
    return {"size": [int(n) for n in mask.shape], "counts": counts}
