"""Records as raw text, cut out by the standard library's own scanner."""

from __future__ import annotations

import json

_decoder = json.JSONDecoder()


def records(text: str, key: str) -> list[str]:
    """The raw text of each record of a top-level list (the last of that name)."""
    at = _blank(text, 0) + 1
    found: list[str] = []
    while text[at := _blank(text, at)] != "}":
        name, at = _decoder.raw_decode(text, at)
        at = _blank(text, _blank(text, at) + 1)
        _, end = _decoder.raw_decode(text, at)
        if name == key:
            found = _elements(text, at + 1)
        at = _blank(text, end)
        at += text[at] == ","
    return found


def _elements(text: str, at: int) -> list[str]:
    found: list[str] = []
    while text[at := _blank(text, at)] != "]":
        _, end = _decoder.raw_decode(text, at)
        found.append(text[at:end])
        at = _blank(text, end)
        at += text[at] == ","
    return found


def _blank(text: str, at: int) -> int:
    while text[at] in " \t\r\n":
        at += 1
    return at
