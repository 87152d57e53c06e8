"""Files that URLs name: of object stores, HTTP servers and what else fsspec reaches."""

from __future__ import annotations

import hashlib
import secrets
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from cocosurgeon.atomic import appearing, packed
from cocosurgeon.errors import (
    CocosurgeonError,
    OutputError,
    RequestError,
    SourceUnavailableError,
    naming,
)
from cocosurgeon.text import did_you_mean

_MARK = "://"
_OF_ONE_PROCESS = "memory"
_LITTLE = 1 << 16
"""Bytes that are read at once of a file whose beginning is wanted."""
_OF_THIS_MACHINE = ("file", "local")
_NOT_FOUND = (404, 410)


def is_url(path: object) -> bool:
    """Return whether a path is a URL: a protocol, then ``://``."""
    return isinstance(path, str) and _MARK in path


def path_of(path: str) -> str | None:
    """Return the path on this machine of a path or URL; None for a URL of another place."""
    if not is_url(path):
        return path
    protocol, _, rest = path.partition(_MARK)
    return rest if protocol in _OF_THIS_MACHINE else None


def has_wildcard(url: str) -> bool:
    """Return whether a URL is one of several files: with ``*`` in it, or with ``/`` at its end."""
    return "*" in url or url.endswith("/")


def is_shared(url: str) -> bool:
    """Return whether other processes find the same there."""
    return not url.startswith(_OF_ONE_PROCESS + _MARK)


def files_at(url: str, suffixes: tuple[str, ...], inner: tuple[str, ...]) -> list[str]:
    """Return the URLs of files, sorted: of a pattern; or of a folder those of these suffixes, and
    the folders in it that have one of the files ``inner``. A folder that is named as a file has
    ``/`` at the end.

    Raises:
        RequestError: fsspec, or the package of the protocol, is not installed.
        SourceUnavailableError: the folder, or one in it, cannot be listed.
    """
    files, path = _place(url)

    def is_wanted(folder: str) -> bool:
        return any(each.rpartition("/")[2] in inner for each in files.ls(folder, detail=False))

    with _reading(url):
        if url.endswith("/"):
            found = [
                each
                for each in files.ls(path, detail=True)
                if each["name"].endswith(suffixes)
                or (each["type"] == "directory" and is_wanted(each["name"]))
            ]
        else:
            found = files.glob(path, detail=True).values()
    urls = {
        files.unstrip_protocol(each["name"].rstrip("/")): each["type"] == "directory"
        for each in found
    }
    return [f"{u}/" if urls[u] and u.endswith(suffixes) else u for u in sorted(urls)]


def begins_with(url: str, name: str, head: bytes) -> bool:
    """Return whether a folder has a file that has these first bytes. (Some servers answer with a
    page where there is no file.)

    Raises:
        RequestError: fsspec, or the package of the protocol, is not installed.
        SourceUnavailableError: it cannot be read; that there is none is no error.
    """
    url = url.rstrip("/")
    files, path = _place(url)
    with _reading(f"{url}/{name}"):
        return _begins_with(files, f"{path}/{name}", head)


def _begins_with(files: Any, path: str, head: bytes) -> bool:
    try:
        with files.open(path, "rb", block_size=_LITTLE) as file:
            return bool(file.read(len(head)) == head)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        # fsspec raises FileNotFoundError for each failure of an HTTP server
        cause = error.__cause__
        if cause and "https" in files.protocol and getattr(cause, "status", 0) not in _NOT_FOUND:
            raise cause from None
        return False


@contextmanager
def copied_folder(
    url: str, names: Iterable[str], head: bytes
) -> Iterator[tuple[Path, dict[str, SourceUnavailableError]]]:
    """Copy files of a folder into a temporary one; errors in this block name the URL.

    Args:
        names: of the files, where they are there.
        head: their first bytes.

    Yields:
        The temporary folder, and an error for each name that cannot be read. (Some stores refuse
        access to a file that is not there.)

    Raises:
        RequestError: fsspec, or the package of the protocol, is not installed.
    """
    url = url.rstrip("/")
    files, path = _place(url)
    failed: dict[str, SourceUnavailableError] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            copy = Path(folder, name)
            try:
                with _reading(f"{url}/{name}"):
                    if _begins_with(files, f"{path}/{name}", head):
                        files.get_file(f"{path}/{name}", str(copy))
            except SourceUnavailableError as error:
                copy.unlink(missing_ok=True)  # it may have a part of the file
                failed[name] = error
        with naming(url, instead_of=folder):
            yield Path(folder), failed


@contextmanager
def reading_url(url: str) -> Iterator[tuple[IO[bytes], tuple[int, ...]]]:
    """Open the file of a URL to read; the numbers differ when it is another one.

    Raises:
        RequestError: fsspec, or the package of the protocol, is not installed.
        SourceUnavailableError: it cannot be read.
    """
    files, path = _place(url)
    with _reading(url):
        info = files.info(path)
        if info.get("type") == "directory":
            hint = "name a file in it" if url.endswith("/") else "end its URL with /"
            raise SourceUnavailableError("cannot read it: it is a folder", where=url, hint=hint)
        text = str(sorted(info.items(), key=str))
        mark = int(hashlib.sha256(text.encode()).hexdigest()[:15], 16)
        with files.open(path, "rb") as file:
            yield file, (mark,)


def refuse_urls(outputs: Iterable[object]) -> None:
    """Refuse URLs among outputs that are written on this machine only: all, except the folders of
    several files.

    Raises:
        OutputError: one is a URL.
    """
    if url := next(filter(is_url, outputs), None):
        raise OutputError(
            "one file is not written to a URL",
            where=str(url),
            hint="write it here, then copy it; subset and split write a folder there, of several "
            "files (-o URL)",
        )


def require_free_url(url: str) -> None:
    """Refuse a URL where something is.

    Raises:
        OutputError: something is there, or nothing can be looked up.
    """
    files, path = _place(url)
    with _writing(url):
        if files.exists(path):
            raise OutputError(
                "something is there; nothing at a URL is replaced",
                where=url,
                hint="name another output (-o)",
            )


@contextmanager
def new_url_folder(url: str) -> Iterator[str]:
    """Give a URL to write files below; they are moved to this one when the block ends well.

    Each file is moved by itself: no store can move all of them at once.

    Raises:
        OutputError: something is there, or nothing can be written.
    """
    url = url.rstrip("/")
    files, path = _place(url)
    draft = f"{path}.cocosurgeon-{secrets.token_hex(8)}.part"
    require_free_url(url)
    with _writing(url):
        files.makedirs(draft, exist_ok=True)
        files.pipe_file(f"{draft}/.part", b"")  # what only reads says so now
        files.rm_file(f"{draft}/.part")
    try:
        with naming(url, instead_of=files.unstrip_protocol(draft)):
            yield files.unstrip_protocol(draft)
        with _writing(url):
            files.mv(draft, path, recursive=True)
    except BaseException:
        with suppress(Exception):
            files.rm(draft, recursive=True)
        raise


@contextmanager
def written(path: str) -> Iterator[IO[bytes]]:
    """Open the file of a path or URL to write; compressed where its name ends with ``.gz``.

    Raises:
        OutputError: it cannot be written.
    """
    if not is_url(path):
        with appearing([Path(path)]) as [file]:
            yield file
        return
    files, place = _place(path)
    with _writing(path):
        files.makedirs(files._parent(place), exist_ok=True)
        with files.open(place, "wb") as stream, packed(stream, Path(path)) as file:
            yield file


def _place(url: str) -> tuple[Any, str]:
    """Return the file system of a URL, and the path in it."""
    try:
        from fsspec import available_protocols
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise RequestError(
            "URLs need fsspec, which is not installed",
            where=url,
            hint="pip install 'cocosurgeon[scale]'",
        ) from error
    try:
        found: tuple[Any, str] = url_to_fs(url)
    except ImportError as error:
        package = str(getattr(error.__cause__, "name", None))
        raise RequestError(
            f"this URL needs a package that is not installed: {error}",
            where=url,
            hint=f"pip install {package}" if package in str(error) else "install it with pip",
        ) from error
    except Exception as error:  # each protocol has errors of its own
        protocol, known = url.partition(_MARK)[0], available_protocols()
        if protocol in known:
            raise _unreadable(url, error) from error
        raise RequestError(
            f"no such protocol: {protocol}",
            where=url,
            hint=did_you_mean(protocol, known) or "fsspec knows s3, gs, http, file, and others",
        ) from error
    return found


@contextmanager
def _reading(url: str) -> Iterator[None]:
    try:
        yield
    except CocosurgeonError:
        raise
    except Exception as error:
        raise _unreadable(url, error) from error


def _unreadable(url: str, error: Exception) -> SourceUnavailableError:
    return SourceUnavailableError(
        f"cannot read it: {_words(error)}", where=url, hint="check the URL and who may read it"
    )


@contextmanager
def _writing(url: str) -> Iterator[None]:
    try:
        yield
    except CocosurgeonError:
        raise
    except Exception as error:
        raise OutputError(
            f"cannot write there: {_words(error)}", where=url, hint="name another output (-o)"
        ) from error


def _words(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(text).partition("\n")[0]
