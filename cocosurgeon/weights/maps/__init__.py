"""Tables of parameter names that are installed with the package, one a file."""

from __future__ import annotations

from importlib.resources import files

_HERE = files("cocosurgeon.weights.maps")


def shipped_tables() -> list[str]:
    """Return their names."""
    names = (each.name for each in _HERE.iterdir())
    return sorted(name.removesuffix(".txt") for name in names if name.endswith(".txt"))


def shipped_text(name: str) -> str:
    """Return the text of one."""
    return (_HERE / f"{name}.txt").read_text("utf-8")
