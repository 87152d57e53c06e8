"""Fonts for names: that of Pillow, or a font of the system that has the characters."""

from __future__ import annotations

import unicodedata
from functools import cache

from PIL import ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_FILES = (
    "DejaVuSans.ttf",
    "NotoSans-Regular.ttf",
    "Arial Unicode.ttf",
    "NotoSansCJK-Regular.ttc",
    "wqy-zenhei.ttc",
    "DroidSansFallbackFull.ttf",
    "msyh.ttc",
    "msgothic.ttc",
    "malgun.ttf",
    "Hiragino Sans GB.ttc",
    "AppleSDGothicNeo.ttc",
    "unifont.ttf",
)
"""Common fonts of systems with more than Latin characters, in the order of use."""
_NOWHERE = "\U0010fffd"
"""A character that no font has."""
_INVISIBLE = ("Mn", "Me", "Cf", "Zs")


def font_of(text: str, size: int) -> tuple[Font, bool]:
    """Return a font for a text in one line, and True if it has all characters."""
    font = _font(None, size)
    assert font is not None
    if text.isascii():
        return font, True
    for file in (None, *_FILES):
        found = _font(file, size)
        if found is not None and all(_has(file, size, character) for character in set(text)):
            return found, True
    return font, False


@cache
def _font(file: str | None, size: int) -> Font | None:
    if file is None:
        return ImageFont.load_default(size)
    try:
        return ImageFont.truetype(file, size)
    except OSError:
        return None


@cache
def _has(file: str | None, size: int, character: str) -> bool:
    if unicodedata.category(character) in _INVISIBLE:
        return True
    font = _font(file, size)
    assert font is not None
    drawn, empty = (bytes(font.getmask(each)) for each in (character, _NOWHERE))
    return drawn not in (empty, b"")
