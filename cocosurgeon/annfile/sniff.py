"""What bytes look like when they are not the JSON text that was expected.

Used for error messages only: nothing is converted or guessed around.
"""

from __future__ import annotations

from dataclasses import dataclass

_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x1f\x8b", "gzip data"),
    (0, b"PK\x03\x04", "a zip archive"),
    (0, b"PK\x05\x06", "an empty zip archive"),
    (0, b"BZh", "bzip2 data"),
    (0, b"\xfd7zXZ\x00", "xz data"),
    (0, b"\x28\xb5\x2f\xfd", "zstandard data"),
    (0, b"\x04\x22\x4d\x18", "lz4 data"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-zip archive"),
    (0, b"Rar!", "a rar archive"),
    (257, b"ustar", "a tar archive"),
    (0, b"%PDF", "a PDF document"),
    (0, b"\x89PNG", "a PNG image"),
    (0, b"\xff\xd8\xff", "a JPEG image"),
    (0, b"\x89HDF", "an HDF5 file"),
    (0, b"PAR1", "a Parquet file"),
    (0, b"\x93NUMPY", "a NumPy array file"),
    (0, b"SQLite format 3", "an SQLite database"),
    (0, b"version https://git-lfs", "a Git LFS pointer, not the file it stands for"),
    (0, b"<?xml", "an XML document"),
    (0, b"<!DOCTYPE", "an HTML page"),
    (0, b"<html", "an HTML page"),
)

_UTF_MARKS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)

_CJK = ((0x4E00, 0x9FA5), (0x3000, 0x301F), (0xFF01, 0xFF5E))
_KANA = ((0x3040, 0x30FF),)
_HANGUL = ((0xAC00, 0xD7A3),)

Ranges = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class _Legacy:
    """A multi-byte encoding.

    Attributes:
        codec: decodes its common characters.
        iconv, name: what iconv and people call it.
        ordinary: ranges of the code points that text in it is made of.
        typical: ranges of those that tell it from the others.
        share: the least share of typical ones.
    """

    codec: str
    iconv: str
    name: str
    ordinary: Ranges
    typical: Ranges
    share: float


_MULTIBYTE = (
    _Legacy("shift_jis", "SHIFT_JIS", "Shift JIS (Japanese)", _CJK + _KANA, _KANA, 0.2),
    _Legacy("euc_jp", "EUC-JP", "EUC-JP (Japanese)", _CJK + _KANA, _KANA, 0.2),
    _Legacy("euc_kr", "EUC-KR", "EUC-KR (Korean)", _HANGUL + _CJK, _HANGUL, 0.8),
    _Legacy("gb2312", "GB18030", "GBK or GB18030 (Chinese)", _CJK, _CJK, 0.9),
    _Legacy("big5", "BIG5", "Big5 (Chinese)", _CJK, _CJK, 0.9),
)
_PLAUSIBLE = 0.9
_WESTERN = ("CP1252", "Latin-1 or Windows-1252 (Western European)")


def container(head: bytes) -> str | None:
    """Name what the first bytes (512 are enough) of a file are, when they are no text."""
    return next((what for at, mark, what in _SIGNATURES if head[at:].startswith(mark)), None)


def wide_encoding(head: bytes) -> str | None:
    """Name UTF-16 or UTF-32 when the first bytes show it by a mark or by their zeros."""
    for mark, name in _UTF_MARKS:
        if head.startswith(mark):
            return name
    zeros = head[:64].count(0)
    if zeros and zeros >= len(head[:64]) // 3:
        return "UTF-32" if zeros > len(head[:64]) * 5 // 8 else "UTF-16"
    return None


def legacy_encoding(text: bytes) -> tuple[str, str]:
    """Guess the encoding of text that is not UTF-8.

    Args:
        text: bytes around the first ones that are not UTF-8.

    Returns:
        Iconv's name and a name for people. Windows-1252 when no multi-byte encoding gives
        ordinary text: single accented letters among ASCII are what it looks like.
    """
    runs = _high_runs(text)
    for legacy in _MULTIBYTE:
        letters = "".join(run.decode(legacy.codec, "replace") for run in runs)
        letters = "".join(c for c in letters if ord(c) >= 0x80)
        plausible = _share(letters, legacy.ordinary) >= _PLAUSIBLE
        if plausible and _share(letters, legacy.typical) >= legacy.share:
            return legacy.iconv, legacy.name
    return _WESTERN


def _high_runs(text: bytes) -> list[bytes]:
    """Runs that begin with a byte above 0x7f, each with the ASCII byte that may complete it."""
    runs: list[bytes] = []
    at = 0
    while at < len(text):
        if text[at] < 0x80:
            at += 1
            continue
        end = at
        while end < len(text) and text[end] >= 0x80:
            end += 2
        if end <= len(text):
            runs.append(text[at:end])
        at = end
    return runs


def _share(letters: str, ranges: Ranges) -> float:
    """Share of the letters that lie in some of the ranges."""
    inside = sum(any(low <= ord(c) <= high for low, high in ranges) for c in letters)
    return inside / len(letters) if letters else 0.0
