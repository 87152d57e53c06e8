"""Files of ``torch.save``: a zip with a pickle and its storages, or before torch 1.6 one file."""

from __future__ import annotations

import struct
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable
from typing import IO, NoReturn, cast

from cocosurgeon.errors import FormatError
from cocosurgeon.text import byte_count, first_few, one_line
from cocosurgeon.weights.dtypes import DTYPES
from cocosurgeon.weights.inert import storage_type
from cocosurgeon.weights.tensor import AGAIN, OpenFile, Stored
from cocosurgeon.weights.unpickle import TruncatedError, Unpickled, unpickle
from cocosurgeon.weights.views import Refused, Storage

Content = tuple[object, dict[str, int]]
"""What the pickle holds, and the classes of objects that are not read."""

_LONGEST_PICKLE = 256 << 20
_FIRST_READ = 1 << 20
_LONGEST_KEY = 255
_LONGEST_LIST = 16 << 20
_MAGIC = 0x1950A86A20F9469CFC6C
_ENCRYPTED = 0x1
_LOCAL = struct.Struct("<4s5H3I2H")


def is_zip(file: OpenFile) -> bool:
    """Return whether a file is a zip, by its first bytes."""
    return file.read(0, 4) == b"PK\x03\x04"


def is_legacy(file: OpenFile) -> bool:
    """Return whether a file is a pickle, by its first byte.

    The length of the header of a .safetensors file may begin with the same byte.
    """
    head = file.read(0, 9)
    return head[:1] == b"\x80" and head[4:] != b"\0\0\0\0{"


def read_zip(file: OpenFile) -> Content:
    """Return what a zip of ``torch.save`` holds.

    Raises:
        FormatError: it is damaged, no checkpoint, or its pickle names code.
    """
    members = _members(file)
    pickles = [name for name in members if name.endswith("/data.pkl") and name.count("/") == 1]
    if len(pickles) != 1:
        _refuse(file, f"not a zip of torch.save: it has {len(pickles)} members */data.pkl")
    folder = pickles[0].removesuffix("data.pkl")
    order = members.get(f"{folder}byteorder")
    if order is not None and (order.size > 16 or file.read(order.offset, order.size) != b"little"):
        _refuse(file, "the numbers are big-endian, which is not read")
    pickle = members[pickles[0]]
    if pickle.size > _LONGEST_PICKLE:
        _refuse(
            file,
            f"the pickle has {byte_count(pickle.size)}, more than the limit of "
            f"{byte_count(_LONGEST_PICKLE)}",
        )

    def storage(identity: object) -> Storage:
        dtype, key, size = _storage_of(identity, 5)
        member = members.get(f"{folder}data/{key}")
        if member is None:
            raise Refused(f"the storage {one_line(key)!r} is missing in the zip")
        if member.size != size:
            raise Refused(
                f"the storage {one_line(key)!r} has {member.size:,} bytes, but the pickle says "
                f"{size:,}"
            )
        return Storage(dtype, member)

    try:
        done = unpickle(file.read(pickle.offset, pickle.size), str(file.path), storage)
    except TruncatedError:
        _refuse(file, "the pickle ends early")
    return done.value, done.not_read


def read_legacy(file: OpenFile) -> Content:
    """Return what ``torch.save`` of torch before 1.6 wrote: five pickles, then the storages.

    Raises:
        FormatError: it is damaged, another pickle, or it names code.
    """
    sizes: dict[str, int] = {}
    itemsizes: dict[str, int] = {}
    places: dict[str, Stored] = {}

    def storage(identity: object) -> Storage:
        dtype, key, size = _storage_of(identity, 6)
        if dtype is None or (sizes.setdefault(key, size), itemsizes.get(key)) not in (
            (size, None),
            (size, DTYPES[dtype].itemsize),
        ):
            raise Refused(f"the storage {one_line(key)!r} has two sizes")
        itemsizes[key] = DTYPES[dtype].itemsize
        return Storage(dtype, places.get(key) or Stored(file, 0, size))

    magic = _next_pickle(file, 0, storage)
    if magic.value != _MAGIC:
        raise FormatError(
            "a pickle that torch.save did not write",
            where=str(file.path),
            hint="if you trust the file, load it and save its tensors with torch.save or "
            "safetensors",
        )
    version = _next_pickle(file, magic.end, storage)
    system = _next_pickle(file, version.end, storage)
    if not (isinstance(system.value, dict) and system.value.get("little_endian") is True):
        _refuse(file, "the numbers are big-endian, which is not read")
    # The storages follow the pickle that refers to them: it is read again when they are found.
    first = _next_pickle(file, system.end, storage)
    keys = _next_pickle(file, first.end, storage)
    at = keys.end
    listed = keys.value if isinstance(keys.value, list) else []
    if not all(isinstance(key, str) for key in listed) or sorted(listed) != sorted(sizes):
        _refuse(file, "the list of storages differs from the pickle's")
    for key in listed:
        size, count = sizes[key], int.from_bytes(file.read(at, 8), "little")
        if size != count * itemsizes[key]:
            _refuse(file, f"the storage {one_line(key)!r} has another size than the pickle says")
        places[key] = Stored(file, at + 8, size)
        at += 8 + size
    if at > file.size:
        _refuse(file, f"the file has {file.size:,} bytes, and its storages end at {at:,}")
    done = _next_pickle(file, system.end, storage)
    return done.value, done.not_read


def _storage_of(identity: object, length: int) -> tuple[str | None, str, int]:
    """Return the type, the key and the bytes of a storage by its persistent id."""
    if not (isinstance(identity, tuple) and len(identity) == length and identity[0] == "storage"):
        raise Refused("the pickle refers to something else than storages")
    _, cls, key, _, count, *rest = identity
    dtype = storage_type(cls)
    if not (isinstance(key, str) and type(count) is int and 0 <= count < 1 << 62):
        raise Refused("the pickle has a storage without a key or a size")
    if len(key) > _LONGEST_KEY:
        raise Refused(f"the pickle has a storage with a key of {len(key):,} characters")
    if rest and rest[0] is not None:
        raise Refused("the pickle has a storage that is a part of another")
    return dtype, key, count * (1 if dtype is None else DTYPES[dtype].itemsize)


def _next_pickle(file: OpenFile, at: int, storage: Callable[[object], object]) -> Unpickled:
    """Read the pickle that begins at a byte; its end is not known before."""
    count = _FIRST_READ
    while True:
        data = file.read(at, count)
        try:
            done = unpickle(data, str(file.path), storage)
        except TruncatedError:
            if len(data) < count:
                _refuse(file, "a pickle ends early")
            if count > _LONGEST_PICKLE:
                _refuse(file, f"a pickle has more than {byte_count(_LONGEST_PICKLE)}")
            count *= 4
            continue
        return Unpickled(done.value, at + done.end, done.not_read)


def _members(file: OpenFile) -> dict[str, Stored]:
    """Return the members of a zip by name; each is stored as it is, and shares no bytes."""
    try:
        with zipfile.ZipFile(cast(IO[bytes], _Stream(file))) as archive:
            infos = archive.infolist()
    except (zipfile.BadZipFile, struct.error, ValueError, OSError, NotImplementedError) as error:
        _refuse(file, f"the zip cannot be read: {error}")
    twice = [name for name, n in Counter(info.filename for info in infos).items() if n > 1]
    if twice:
        _refuse(file, f"the zip has members twice: {first_few(twice, 3, show=one_line)}")
    if any(info.filename.endswith("/constants.pkl") for info in infos):
        raise FormatError(
            "a TorchScript archive: a program with its weights",
            where=str(file.path),
            hint="save the state dict of its model",
        )
    found = {}
    for info in infos:
        name = one_line(info.filename)
        if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
            _refuse(file, f"{name} is compressed, which torch.save never does")
        head = file.read(info.header_offset, _LOCAL.size)
        if info.flag_bits & _ENCRYPTED or len(head) < _LOCAL.size or head[:4] != b"PK\x03\x04":
            _refuse(file, f"{name} is encrypted, or not where the zip says")
        *_, name_length, extra_length = _LOCAL.unpack(head)
        start = info.header_offset + _LOCAL.size + name_length + extra_length
        found[info.filename] = Stored(file, start, info.file_size)
    _require_apart(file, found.values())
    return found


def _require_apart(file: OpenFile, members: Iterable[Stored]) -> None:
    end = 0
    for each in sorted(members, key=lambda member: (member.offset, member.size)):
        if each.offset < end or each.offset + each.size > file.size:
            _refuse(file, f"members of the zip share bytes, or end after it (byte {each.offset:,})")
        end = each.offset + each.size


class _Stream:
    """A file as what zipfile reads its list of members from."""

    def __init__(self, file: OpenFile) -> None:
        self._file, self._at = file, 0

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        base = (0, self._at, self._file.size)[whence]
        if base + offset < 0:
            raise OSError("a negative position")
        self._at = base + offset
        return self._at

    def read(self, count: int = -1) -> bytes:
        if count > _LONGEST_LIST:
            raise OSError("its list of members is too long")
        data = self._file.read(self._at, self._file.size - self._at if count < 0 else count)
        self._at += len(data)
        return data

    def close(self) -> None:
        pass


def _refuse(file: OpenFile, fault: str) -> NoReturn:
    raise FormatError(fault, where=str(file.path), hint=AGAIN)
