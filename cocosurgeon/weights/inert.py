"""Names that a pickle of a checkpoint may have, and the plain value that each stands for here.

Nothing here is the function that the pickle names. Each makes a tensor that is read later, a
number, text, a container, or a ``NotRead``: a placeholder that holds a name and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from cocosurgeon.text import first_few, one_line
from cocosurgeon.weights.dtypes import DTYPES, OF_STORAGE
from cocosurgeon.weights.tensor import LONGEST_NAME, MOST_AXES, Tensor
from cocosurgeon.weights.views import Refused, Storage, view_of, whole_numbers

_LONGEST_BYTES = 64
_LONGEST_KEY_BITS = 64


class NamedCode(Exception):  # noqa: N818 - as above
    """The pickle has a known name called in a way that would run code."""


@dataclass(frozen=True)
class NotRead:
    """A placeholder of an object that was not read.

    Attributes:
        name: module and name of its class.
    """

    name: str


@dataclass(frozen=True)
class Global:
    """A name on the stack of a pickle."""

    name: str


@dataclass
class NumpyType:
    """The type of a numpy scalar.

    Attributes:
        code: kind and bytes, as in ``f8``.
        order: its byte order: ``<``, ``>``, ``|``.
    """

    code: str
    order: object = "<"


_OBJECTS = {
    *("argparse.Namespace", "types.SimpleNamespace", "collections.deque", "collections.Counter"),
    *("pathlib.PosixPath", "pathlib.WindowsPath", "pathlib._local.PosixPath"),
    *("pathlib._local.WindowsPath", "datetime.datetime", "datetime.date", "datetime.timedelta"),
    *("datetime.timezone", "torch.device", "torch.torch_version.TorchVersion", "numpy.ndarray"),
}
"""Classes whose objects are no part of a state dict, and common in checkpoints."""

_PACKAGES = {
    *("mmengine", "mmcv", "mmdet", "mmdet3d", "mmseg", "mmpose", "mmpretrain", "mmcls", "mmocr"),
    *("mmrotate", "mmyolo", "addict", "yacs", "fvcore", "detectron2", "omegaconf"),
    *("lightning", "pytorch_lightning"),
}
"""Packages whose objects are saved along with weights. Their functions are refused."""

_CLASS = re.compile(r"[A-Z][A-Za-z0-9]*")
_BUILTIN_CLASSES = {
    f"{module}.{name}"
    for module in ("builtins", "__builtin__")
    for name in ("dict", "list", "tuple", "set", "frozenset", "int", "float", "str", "bool")
}
_RECONSTRUCT = {"copyreg._reconstructor", "copy_reg._reconstructor"}


def is_known(module: str, attribute: str) -> bool:
    """Return whether a pickle may name this."""
    name = f"{module}.{attribute}"
    return (
        name in FUNCTIONS
        or name in _BUILTIN_CLASSES
        or made_by_new(name)
        or (module == "torch" and (attribute in OF_STORAGE or attribute in DTYPES))
        or name in ("builtins.object", "__builtin__.object", "torch.Tensor")
        or name in ("torch.storage.UntypedStorage", "torch.nn.parameter.Parameter", "typing.Any")
    )


def made_by_new(name: str) -> bool:
    """Return whether an object of this class may be in a checkpoint, as a placeholder."""
    module, _, attribute = name.rpartition(".")
    is_of_package = module.partition(".")[0] in _PACKAGES and _CLASS.fullmatch(attribute)
    return name in _OBJECTS or bool(is_of_package)


def is_scalar_key(value: object) -> bool:
    """Return whether a value may be a key of a dict.

    Large numbers may not: they can be chosen so that all of them have the same hash. Long texts may
    not: each use of a key takes the time of its length.
    """
    if isinstance(value, int):
        return value.bit_length() <= _LONGEST_KEY_BITS
    if isinstance(value, (str, bytes)):
        return len(value) <= LONGEST_NAME
    return value is None or isinstance(value, float)


def storage_type(cls: object) -> str | None:
    """Return the name of the type of a storage class's elements; None: untyped.

    Raises:
        Refused: it is no storage class.
    """
    if isinstance(cls, Global):
        module, _, attribute = cls.name.rpartition(".")
        if cls.name == "torch.storage.UntypedStorage":
            return None
        if module == "torch" and attribute in OF_STORAGE:
            return OF_STORAGE[attribute].name
    raise Refused("the pickle has a storage of an unknown class")


def _rebuild_tensor(
    storage: object,
    offset: object,
    shape: object,
    strides: object,
    requires_grad: object = False,
    hooks: object = None,
    metadata: object = None,
) -> Tensor:
    _require_plain(metadata)
    if not isinstance(storage, Storage) or storage.dtype is None:
        raise Refused("a tensor without a storage")
    return view_of(storage.place, storage.dtype, offset, shape, strides)


def _rebuild_tensor_v3(
    storage: object,
    offset: object,
    shape: object,
    strides: object,
    requires_grad: object,
    hooks: object,
    dtype: object,
    metadata: object = None,
) -> Tensor:
    _require_plain(metadata)
    name = dtype.name.removeprefix("torch.") if isinstance(dtype, Global) else ""
    if not isinstance(storage, Storage) or name not in DTYPES:
        raise Refused("a tensor without a storage, or of an unknown type")
    return view_of(storage.place, name, offset, shape, strides)


def _require_plain(metadata: object) -> None:
    """Refuse a tensor whose conjugate or sign torch takes when it is read."""
    if isinstance(metadata, dict) and metadata:
        named = first_few(list(metadata), 3, show=lambda key: one_line(str(key))[:40])
        raise Refused(f"a tensor that is stored as another one ({named})")


def _parameter(
    data: object, requires_grad: object = True, hooks: object = None, state: object = None
) -> object:
    if not isinstance(data, (Tensor, NotRead)):
        raise Refused("a parameter without a tensor")
    return data


def _from_type(function: object, cls: object, args: tuple[object, ...], *_: object) -> object:
    """Return a tensor with attributes; those are not read."""
    known = {"torch.Tensor", "torch.nn.parameter.Parameter"}
    if (
        isinstance(function, Global)
        and function.name in _TENSORS
        and isinstance(cls, Global)
        and cls.name in known
    ):
        return _TENSORS[function.name](*args)
    raise NamedCode("a tensor of another class")


def _mapping(items: object = None, *_: object) -> object:
    if items is None:
        return {}
    if isinstance(items, dict):
        return items
    if not isinstance(items, list) or not all(
        isinstance(pair, (list, tuple)) and len(pair) == 2 and is_scalar_key(pair[0])
        for pair in items
    ):
        raise Refused("a dict that is not made of pairs")
    made = dict(items)
    items.clear()  # a list that is used many times would make as many copies
    return made


def _default_dict(factory: object = None, *items: object) -> object:
    if factory is not None and not (
        isinstance(factory, Global) and factory.name in _BUILTIN_CLASSES
    ):
        raise NamedCode("a dict whose default is computed")
    return _mapping(*items)


def _set_of(items: object = ()) -> object:
    if items == ():
        return set()
    if not isinstance(items, list) or not all(map(is_scalar_key, items)):
        raise Refused("a set of other things than numbers and text")
    made = set(items)
    items.clear()  # see _mapping
    return made


def _size(items: object) -> object:
    if isinstance(items, list) and len(items) <= MOST_AXES:
        items = tuple(items)
    return whole_numbers(items)


def _encode(text: object, encoding: object) -> object:
    """Return bytes, which protocol 2 writes as text; long ones are not read."""
    if not isinstance(text, str) or encoding != "latin1":
        raise NamedCode("text in another encoding")
    return text.encode("latin-1") if len(text) <= _LONGEST_BYTES else NotRead("builtins.bytes")


def _bytes_of(*args: object) -> object:
    if args:
        raise NamedCode("bytes that are computed")
    return b""


def _numpy_type(code: object, *_: object) -> NumpyType:
    if not isinstance(code, str):
        raise Refused("a numpy type without a name")
    return NumpyType(code)


def _numpy_scalar(kind: object, raw: object = b"") -> object:
    """Return a numpy scalar as a number."""
    if isinstance(kind, NumpyType) and isinstance(raw, bytes) and kind.order in ("<", "|", "="):
        known = re.fullmatch(r"[iu][1248]|f[248]|b1", kind.code)
        if known and len(raw) == int(kind.code[1:]):
            return np.frombuffer(raw, f"<{kind.code}")[0].item()
    return NotRead("numpy.generic")


def _getattr(owner: object, name: object, *rest: object) -> object:
    """Return a placeholder of a method of an object that is not read itself."""
    is_class = isinstance(owner, Global) and made_by_new(owner.name)
    if (isinstance(owner, NotRead) or is_class) and isinstance(name, str) and not rest:
        return NotRead("builtins.method")
    raise NamedCode("an attribute of something else than a saved object")


def _object(name: str) -> Callable[..., object]:
    return lambda *_: NotRead(name)


def _reconstructor(cls: object, base: object = None, state: object = None) -> object:
    is_plain = isinstance(base, Global) and base.name.endswith("object") and state is None
    if is_plain and isinstance(cls, Global) and made_by_new(cls.name):
        return NotRead(cls.name)
    raise NamedCode("an object of another class")


_TENSORS: dict[str, Callable[..., Any]] = {
    "torch._utils._rebuild_tensor": _rebuild_tensor,
    "torch._utils._rebuild_tensor_v2": _rebuild_tensor,
    "torch._utils._rebuild_tensor_v3": _rebuild_tensor_v3,
    "torch._utils._rebuild_parameter": _parameter,
    "torch._utils._rebuild_parameter_with_state": _parameter,
}

FUNCTIONS: dict[str, Callable[..., Any]] = {
    **_TENSORS,
    "torch._tensor._rebuild_from_type_v2": _from_type,
    "collections.OrderedDict": _mapping,
    "collections.defaultdict": _default_dict,
    "mmengine.config.config.ConfigDict": _mapping,
    "torch.Size": _size,
    "_codecs.encode": _encode,
    "builtins.bytes": _bytes_of,
    "__builtin__.bytes": _bytes_of,
    "builtins.set": _set_of,
    "__builtin__.set": _set_of,
    "builtins.getattr": _getattr,
    "__builtin__.getattr": _getattr,
    "numpy.dtype": _numpy_type,
    "numpy.core.multiarray.scalar": _numpy_scalar,
    "numpy._core.multiarray.scalar": _numpy_scalar,
    "numpy.core.multiarray._reconstruct": _object("numpy.ndarray"),
    "numpy._core.multiarray._reconstruct": _object("numpy.ndarray"),
    **dict.fromkeys(_RECONSTRUCT, _reconstructor),
    **{name: _object(name) for name in _OBJECTS},
}
"""Functions and classes that a pickle may call, and what is called instead."""
