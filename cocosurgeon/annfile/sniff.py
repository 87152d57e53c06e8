"""Kinds of files that are not JSON text in UTF-8, by their first bytes; for error messages only."""

from __future__ import annotations

PARQUET = "a Parquet file"
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
    (0, b"PAR1", PARQUET),
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


def container(head: bytes) -> str | None:
    """Return the name of a file's format by its first 512 bytes; None if they may be text."""
    return next((what for at, mark, what in _SIGNATURES if head[at:].startswith(mark)), None)


def wide_encoding(head: bytes) -> str | None:
    """Return UTF-16 or UTF-32 if the first bytes have its mark or its zeros; else None."""
    for mark, name in _UTF_MARKS:
        if head.startswith(mark):
            return name
    zeros = head[:64].count(0)
    if zeros and zeros >= len(head[:64]) // 3:
        return "UTF-32" if zeros > len(head[:64]) * 5 // 8 else "UTF-16"
    return None
