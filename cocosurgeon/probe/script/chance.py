"""Random numbers: seeded before each sample, and noticed when a transform draws one."""

from __future__ import annotations

import random
import sys
from typing import Any


def seed(number: int) -> None:
    """Begin anew, in each library that is loaded."""
    random.seed(number)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(number)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(number)


def state() -> tuple[Any, ...]:
    """Where each generator is: two are equal if nothing was drawn between them."""
    found: list[Any] = [random.getstate()]
    if "numpy" in sys.modules:
        name, keys, place, has_gauss, gauss = sys.modules["numpy"].random.get_state()
        found.append((name, keys.tobytes(), place, has_gauss, gauss))
    if "torch" in sys.modules:
        found.append(sys.modules["torch"].random.get_rng_state().numpy().tobytes())
    return tuple(found)


class Watched:
    """A transform that notes its name when it draws random numbers."""

    def __init__(self, transform: Any, names: list[str]) -> None:
        self._transform = transform
        self._names = names

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        before = state()
        result = self._transform(*args, **kwargs)
        if state() != before:
            name = name_of(self._transform)
            if name not in self._names:
                self._names.append(name)
        return result

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transform, name)


def name_of(transform: Any) -> str:
    """What a transform is called, watched or not."""
    inner = transform._transform if isinstance(transform, Watched) else transform
    return str(getattr(inner, "__name__", type(inner).__name__))
