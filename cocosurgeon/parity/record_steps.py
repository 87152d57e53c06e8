"""Recorder of training steps: batch, outputs, losses, gradients, for ``cocosurgeon parity``.

One file for any repository: Python 3.7 or later and numpy; torch is used where it is there. Import
it where cocosurgeon is installed, or copy it. The format is described in docs/parity.md.
"""

from __future__ import annotations

import difflib
import fnmatch
import functools
import io
import json
import os
import platform
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import numpy as np

VERSION = 1
BOX_FORMATS = ("xyxy", "xywh", "cxcywh")
FRAMES = ("original", "resized", "padded")
_CHOICES = {
    "box_format": (None, *BOX_FORMATS),
    "frame": (None, *FRAMES),
    "channel_order": (None, "rgb", "bgr"),
}
_KINDS = {
    "framework": str,
    "normalised": bool,
    "classes": list,
    "cat_ids": list,
    "cat2label": list,
    "packages": dict,
    "rank": int,
    "limit": int,
}
_PACKAGES = ("torch", "torchvision", "numpy", "mmcv", "mmdet", "mmengine", "transformers")
_LIMIT = 1 << 14
"""Elements of an array that are kept; a larger one is sampled, except in ``batch``."""
_PIECE = 1 << 16
_ONES = np.ones(_PIECE, "float32")
_LARGE = 1e15


def header_of(framework: str, **known: Any) -> dict[str, Any]:
    """Return the header's object; what is not known is null or empty.

    Raises:
        ValueError: a value is none of the format's.
        TypeError: a key that headers do not have.
    """
    header: dict[str, Any] = {
        "parity": VERSION,
        "framework": framework,
        "version": None,
        "python": platform.python_version(),
        "packages": _versions(),
        "git": _git(),
        "seed": None,
        "box_format": None,
        "normalised": False,
        "frame": None,
        "label_space": None,
        "classes": [],
        "cat_ids": [],
        "cat2label": [],
        "channel_order": None,
        "mean": None,
        "std": None,
        "rank": 0,
        "world_size": 1,
        "limit": _LIMIT,
    }
    unknown = sorted(set(known) - set(header))
    if unknown:
        raise TypeError("a recording's header has no " + ", ".join(unknown))
    header.update((key, _plain(value)) for key, value in known.items())
    wrong = wrong_in_header(header)
    if wrong is not None:
        raise ValueError(wrong)
    return header


def wrong_in_header(header: Mapping[str, Any]) -> str | None:
    """Return what readers refuse in a header's object; None if nothing is wrong."""
    for key, known in _CHOICES.items():
        if header.get(key) not in known:
            names = ", ".join("null" if name is None else name for name in known)
            return f"{key!r} is {header.get(key)!r}, but has to be one of {names}"
    for key, kind in _KINDS.items():
        if not isinstance(header.get(key), kind):
            return f"{key!r} is {header.get(key)!r}, but has to be of type {kind.__name__}"
    return None


class StepRecorder:
    """Writes a recording: a folder with a header and a shard for each checkpoint.

    Each shard appears whole when its ``record_step`` returns, so a crash loses none of them.

        recorder = StepRecorder(
            "runs/detr", "detr", box_format="cxcywh", normalised=True, frame="resized"
        )
        recorder.watch(model, "backbone.layer4", "bbox_head.*")
        recorder.record_step(0, "batch", {"images": images, "boxes": boxes, "labels": labels})
        recorder.record_step(0, "loss", losses)

    Args:
        folder: the recording. Each rank of a distributed training has a folder of its own in it.
        framework: the repository's name.
        resume: continue a recording. A step that is recorded again replaces its old checkpoints.
        rank: of this process. Default: what torch.distributed says, else ``$RANK``, else 0.
        limit: elements of an array that are kept; a larger one is sampled, except in ``batch``.
        steps: numbers of the steps to record, such as ``range(4)``. Default: all.
        known: values of the header, under its names.

    Raises:
        FileExistsError: the folder holds a recording of this rank, and ``resume`` is not given.
        ValueError: a value is none of the format's, or is not that of the resumed recording.
        TypeError: a key that headers do not have.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        framework: str,
        resume: bool = False,
        rank: int | None = None,
        limit: int = _LIMIT,
        steps: Collection[int] | None = None,
        **known: Any,
    ) -> None:
        found, size = _rank()
        known = {"world_size": size, "rank": found if rank is None else rank, **known}
        self.header = header_of(framework, limit=limit, **known)
        self.folder = os.path.join(os.fspath(folder), f"rank{self.header['rank']}")  # noqa: PTH118
        self.step = 0
        self._steps = steps
        self._img_ids: list[Any] = []
        self._names: dict[str, int] = {}
        self._begun: set[int] = set()
        self._handles: list[Any] = []
        self._open(resume)
        self._old = os.listdir(self.folder)  # noqa: PTH208

    def record_step(self, step: int, name: str, values: Any) -> None:
        """Write one checkpoint of a step.

        Args:
            step: number of the training step, from 0.
            name: of the checkpoint: ``batch``, ``loss``, ``forward/backbone``. A name that comes
                again in the step gets a number: ``forward/head#2``.
            values: an array, or dicts and lists of arrays, numbers, text and None, at any depth.

        Raises:
            ValueError: a value is nothing that a recording holds.
        """
        self._write(int(step), name, values)

    def add(self, name: str, values: Any) -> None:
        """Write a checkpoint of the step that was recorded last (reprod_log's word)."""
        self._write(self.step, name, values)

    def watch(self, model: Any, *patterns: str, gradients: bool = True) -> list[str]:
        """Record what modules of PyTorch return, in the step that was recorded last.

        Args:
            model: a module; that of DistributedDataParallel has the names of the one inside.
            patterns: names of modules, ``*`` stands for any text: ``bbox_head.*``.
            gradients: record the gradients with respect to these outputs, too.

        Returns:
            The names of the modules.

        Raises:
            ValueError: no module has such a name.
        """
        modules = {n[7:] if n.startswith("module.") else n: m for n, m in model.named_modules()}
        found: list[str] = []
        for pattern in patterns:
            names = [n for n in modules if n and fnmatch.fnmatchcase(n, pattern)]
            if not names:
                near = difflib.get_close_matches(pattern, modules, 3) or list(modules)[1:4]
                raise ValueError(f"no module is named {pattern!r}; there are {', '.join(near)}")
            found += [name for name in names if name not in found]
        for name in found:
            hook = self._hook(name, gradients)
            self._handles.append(modules[name].register_forward_hook(hook))
        return found

    def close(self) -> None:
        """Remove the hooks of ``watch``. What was recorded is complete without it."""
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def __enter__(self) -> StepRecorder:
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()

    def _hook(self, module: str, gradients: bool) -> Callable[..., None]:
        def record(_: Any, __: Any, output: Any) -> None:
            step = self.step
            name = self._write(step, "forward/" + module, output)
            if not gradients or name is None:
                return
            for path, tensor in _tensors("gradient" + name[len("forward") :], output):
                if tensor.requires_grad:
                    tensor.register_hook(self._gradient_hook(step, path))

        return record

    def _gradient_hook(self, step: int, name: str) -> Callable[[Any], None]:
        def record(gradient: Any) -> None:
            if step == self.step:
                self._write(step, name, gradient)

        return record

    def _write(self, step: int, name: str, values: Any) -> str | None:
        """Write a checkpoint; return the name that it has, None where the step is passed over."""
        if self._steps is not None and step not in self._steps:
            self.step = step
            return None
        if step != self.step or step not in self._begun:
            self._begin(step)
        if name == "batch" and isinstance(values, Mapping) and values.get("img_ids") is not None:
            self._img_ids = _ids(values["img_ids"])
            values = {**values, "img_ids": self._img_ids}
        shard = _Shard(0 if name == "batch" else self.header["limit"])
        shard.add("", values)
        order = sum(self._names.values())
        count, plain = self._names.get(name, 0) + 1, name.partition("#")[0]
        self._names[plain] = self._names.get(plain, 0) + 1
        about = {
            "step": step,
            "name": f"{name}#{count}" if count > 1 else name,
            "order": order,
            "img_ids": self._img_ids,
            "limit": self.header["limit"],
        }
        shard.write(os.path.join(self.folder, _file_name(about)), about)  # noqa: PTH118
        return str(about["name"])

    def _open(self, resume: bool) -> None:
        path = os.path.join(self.folder, "header.json")  # noqa: PTH118
        if not os.path.exists(path):  # noqa: PTH110
            os.makedirs(self.folder, exist_ok=True)  # noqa: PTH103
            _write_whole(path, _json(self.header, indent=1))
            return
        if not resume:
            raise FileExistsError(
                self.folder + " holds a recording: name another folder, remove it, or give "
                "resume=True to continue it"
            )
        with open(path, encoding="utf-8") as text:  # noqa: PTH123
            before = json.load(text)
        own = json.loads(_json(self.header).decode("ascii"))
        may_differ = ("python", "packages", "git", "version")
        changed = [k for k in own if k not in may_differ and own[k] != before.get(k)]
        if changed:
            raise ValueError(f"{path} has another {changed[0]}: {before.get(changed[0])!r}")

    def _begin(self, step: int) -> None:
        """Begin a step; what an earlier run recorded of it is removed."""
        self.step = step
        self._img_ids = []
        self._names = {}
        if step in self._begun:
            raise ValueError(f"step {step} was recorded before: finish a step before the next")
        self._begun.add(step)
        for name in self._old:
            if name.startswith(f"{step:06d}-"):
                os.remove(os.path.join(self.folder, name))  # noqa: PTH107, PTH118


class _Shard:
    """One checkpoint: arrays by their paths, and what arrays cannot say."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.arrays: dict[str, Any] = {}
        self.lists: list[str] = []
        self.dicts: list[str] = []
        self.values: dict[str, Any] = {}
        self.dtypes: dict[str, str] = {}
        self.samples: dict[str, dict[str, Any]] = {}

    def add(self, path: str, value: Any) -> None:
        """Take values at any depth; ``boxes/0`` is the path of the first of a list ``boxes``."""
        if isinstance(value, Mapping):
            self.dicts.append(path)
            for key, inner in value.items():
                if not str(key).isprintable() or "/" in str(key) or not str(key):
                    raise ValueError(f"a key is empty, has a slash or no letters: {key!r}")
                self.add(_join(path, str(key)), inner)
        elif isinstance(value, (list, tuple)) and not _is_row(value):
            self.lists.append(path)
            for place, inner in enumerate(value):
                self.add(_join(path, str(place)), inner)
        elif value is None or isinstance(value, str):
            self.values[path] = value
        elif _fields(value):
            self.add(path, _fields(value))
        else:
            self._add_array(path, value)

    def _add_array(self, path: str, value: Any) -> None:
        if hasattr(value, "detach"):
            value = value.detach()
        full = _array(value, self.dtypes, path)
        if full.dtype.kind not in "biufc":
            raise ValueError(f"{path or 'a value'} is {type(value).__name__}, no array of numbers")
        if full.dtype.kind == "c":
            full = np.stack([full.real, full.imag], axis=-1)
        if self.limit and full.size > self.limit:
            self.samples[path] = statistics(full)
            full = full.reshape(-1)[sampled_places(full.size, self.limit)]
        self.arrays[path] = full

    def write(self, path: str, about: Mapping[str, Any]) -> None:
        """Write the shard, which appears whole."""
        facts = {
            **about,
            "lists": self.lists,
            "dicts": self.dicts,
            "values": self.values,
            "dtypes": self.dtypes,
            "samples": self.samples,
        }

        # In memory first: a zip that is written to a file takes several writes for each array.
        whole = io.BytesIO()
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_STORED) as packed:
            packed.writestr(zipfile.ZipInfo("header.json"), _json(facts))
            for key, array in self.arrays.items():
                member = io.BytesIO()
                np.lib.format.write_array(member, array, allow_pickle=False)
                packed.writestr(zipfile.ZipInfo((key or "value") + ".npy"), member.getbuffer())
        _write_whole(path, whole.getbuffer())


@functools.lru_cache(maxsize=64)
def sampled_places(size: int, limit: int) -> Any:
    """Return which elements of a flat array are kept: the same ones for the same size."""
    # The old generator gives the same numbers in every numpy.
    return np.unique(np.random.RandomState(size % (1 << 32)).randint(0, size, limit))


def statistics(array: Any) -> dict[str, Any]:
    """Return what is known of all elements of an array that is sampled."""
    flat = array.reshape(-1)
    count, total, squares = 0, 0.0, 0.0
    low, high = float("inf"), -float("inf")
    # A piece stays in the processor's cache. Single precision is summed as it is: minus a first
    # value, so that little is lost.
    for start in range(0, len(flat), _PIECE):
        piece = flat[start : start + _PIECE]
        if piece.dtype != "float32":
            piece = piece.astype("float64")
        bounds = float(piece.min()), float(piece.max())  # NaN if one is NaN
        if not np.isfinite(bounds).all():
            piece = piece[np.isfinite(piece)]
            if not len(piece):
                continue
            bounds = float(piece.min()), float(piece.max())
        low, high = min(low, bounds[0]), max(high, bounds[1])
        if not count:
            first = float(piece[0])
        if max(abs(low), abs(high)) > _LARGE:  # its squares are no single precision
            piece = piece.astype("float64")
        apart = piece - piece.dtype.type(first)
        count += len(piece)
        total += float(apart.dot(_ONES[: len(apart)]))  # faster than sum()
        squares += float(apart.dot(apart))
    known: dict[str, float | None] = dict.fromkeys(("mean", "std", "min", "max"))
    if count:
        mean = total / count
        known = {
            "mean": first + mean,
            "std": max(squares / count - mean * mean, 0.0) ** 0.5,
            "min": low,
            "max": high,
        }
    return {
        "shape": [int(n) for n in array.shape],
        "not_finite": len(flat) - count,
        **known,
    }


def optimizer_values(model: Any, optimizer: Any) -> dict[str, Any]:
    """Return what an optimizer of PyTorch does to each parameter, for ``optimizer``.

    Returns:
        Its class as ``name``; learning rate, weight decay and the like: a number for each
        parameter, by its name.
    """
    inner = getattr(optimizer, "optimizer", optimizer)  # MMEngine and accelerate wrap it
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    found: dict[str, Any] = {"name": type(inner).__name__}
    for group in optimizer.param_groups:
        numbers = {k: v for k, v in group.items() if isinstance(v, (int, float))}
        numbers.update({f"beta{i + 1}": v for i, v in enumerate(group.get("betas", ()))})
        for parameter in group["params"]:
            name = names.get(id(parameter))
            if name is not None:
                for key, value in numbers.items():
                    found.setdefault(key, {})[name] = float(value)
    return found


def _tensors(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the tensors of a module's output, with the names of their checkpoints."""
    if hasattr(value, "register_hook"):
        yield path, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _tensors(f"{path}/{key}", inner)
    elif isinstance(value, (list, tuple)):
        for place, inner in enumerate(value):
            yield from _tensors(f"{path}/{place}", inner)
    else:
        yield from _tensors(path, _fields(value)) if _fields(value) else ()


def _fields(value: Any) -> dict[str, Any]:
    """Return the tensors of an object such as DETR's NestedTensor; empty for arrays."""
    if hasattr(value, "dtype"):
        return {}
    fields = getattr(value, "__dict__", {})
    return {key: inner for key, inner in fields.items() if hasattr(inner, "dtype")}


def _array(value: Any, dtypes: dict[str, str], path: str) -> Any:
    """Return a value as an array of numpy; types that numpy does not have become float32."""
    if hasattr(value, "cpu"):
        value = value.cpu()
        if "bfloat16" in str(value.dtype) or "float8" in str(value.dtype):
            dtypes[path] = str(value.dtype).rpartition(".")[2]
            value = value.float()
        value = value.numpy()
    return np.asarray(value)


def _is_row(value: Any) -> bool:
    """Return whether a list is numbers, which are one array."""
    return bool(value) and all(isinstance(n, (int, float)) for n in value)


def _join(path: str, key: str) -> str:
    return f"{path}/{key}" if path else key


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    return [_plain(v) for v in value] if isinstance(value, (list, tuple)) else value


def _ids(value: Any) -> list[Any]:
    """Return image ids; each may be a tensor of one element, as in targets of DETR."""
    found = _plain(value)
    found = found if isinstance(found, list) else [found]
    found = [i[0] if isinstance(i, list) and len(i) == 1 else i for i in found]
    if any(isinstance(i, list) for i in found):
        raise ValueError(f"img_ids has to be one id for each image, not {value!r}")
    return found


def _file_name(about: Mapping[str, Any]) -> str:
    """Return a shard's name, which sorts by step and order; readers go by what is in it."""
    words = re.sub(r"[^\w.#-]", "_", about["name"])[:80]
    return "{:06d}-{:04d}-{}.npz".format(about["step"], about["order"], words)


def _write_whole(path: str, content: Any) -> None:
    with open(path + ".part", "wb") as out:  # noqa: PTH123
        out.write(content)
    os.replace(path + ".part", path)  # noqa: PTH105


def _json(value: Any, indent: int | None = None) -> bytes:
    return json.dumps(value, indent=indent, default=_plain).encode("ascii")


def _rank() -> tuple[int, int]:
    """Return the rank of this process and how many there are."""
    torch = sys.modules.get("torch")
    distributed = getattr(torch, "distributed", None)
    if distributed is not None and distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))


def _versions() -> dict[str, str]:
    """Return the versions of packages that are loaded."""
    loaded = ((name, sys.modules.get(name)) for name in _PACKAGES)
    return {n: str(getattr(m, "__version__", "")) for n, m in loaded if m is not None}


def _git() -> dict[str, Any] | None:
    """Return the commit of the current folder, and whether files differ from it."""

    def run(*args: str) -> str:
        return subprocess.check_output(
            ("git", *args), stderr=subprocess.DEVNULL, universal_newlines=True
        ).strip()

    try:
        changed = bool(run("status", "--porcelain", "--untracked-files=no"))
        return {"commit": run("rev-parse", "HEAD"), "changed": changed}
    except (OSError, subprocess.CalledProcessError):
        return None
