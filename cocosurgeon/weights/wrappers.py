"""Prefixes that wrappers put before every name, and copies of the weights next to them."""

from __future__ import annotations

from collections.abc import Collection

_WRAPPERS = (
    *("module", "model", "_orig_mod", "net", "network", "detector", "_forward_module"),
    *("ema", "ema_model", "model_ema", "averaged_model"),
)
"""DataParallel, torch.compile, Lightning, DeepSpeed, and averages of weights."""
_COPIES = (*("student", "teacher", "ema", "ema_model", "model_ema", "online", "target"),)
"""Modules of trainers that hold the same model twice."""
COUNTERS = ("steps", "n_averaged")
"""Tensors that an average of weights has next to its module."""


def wrapper_of(names: Collection[str]) -> str:
    """Return the prefix that wrappers put before all of these names, as in ``module.``; or none.

    Names in ``COUNTERS`` do not count.
    """
    found = ""
    rest = [name for name in names if name not in COUNTERS]
    while rest:
        word = rest[0].partition(".")[0]
        if word not in _WRAPPERS or not all(name.startswith(f"{word}.") for name in rest):
            break
        found += f"{word}."
        rest = [name.removeprefix(f"{word}.") for name in rest]
    return found


def copies_in(names: Collection[str]) -> dict[str, list[str]]:
    """Return the names of each copy of the model, by its prefix, where there are several.

    A wrapper may hold them, as in ``module.teacher``.
    """
    outer = wrapper_of(names)
    by_copy: dict[str, list[str]] = {}
    rest = set[str]()
    for name in names:
        word, dot, _ = name.removeprefix(outer).partition(".")
        if word in _COPIES and dot:
            by_copy.setdefault(outer + word, []).append(name)
        else:
            rest.add(name.removeprefix(outer))
    for word, own in list(by_copy.items()):
        inner = {name.removeprefix(f"{word}.") for name in own}
        others = [{n.removeprefix(f"{w}.") for n in o} for w, o in by_copy.items() if w != word]
        if not any(inner & other for other in [*others, rest, _without_wrapper(rest)]):
            del by_copy[word]
    return by_copy


def _without_wrapper(names: Collection[str]) -> set[str]:
    prefix = wrapper_of(names)
    return {name.removeprefix(prefix) for name in names}


def flat_averages(names: Collection[str]) -> list[str]:
    """Return names such as ``ema_backbone_conv1_weight``: averages that MMCV 1.x saves as buffers.

    The parameter itself, ``backbone.conv1.weight``, is there, too.
    """
    known = {f"ema_{name.replace('.', '_')}" for name in names}
    return [name for name in names if name in known]
