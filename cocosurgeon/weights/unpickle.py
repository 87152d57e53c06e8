"""An interpreter of pickles that runs no code: tensors, numbers, text and containers, nothing else.

A pickle is a program for a small stack machine. It may name any function of any module, and have
it called. This interpreter imports nothing and calls nothing that a pickle names. A few names have
a meaning here (``inert``). With any other name the whole pickle is refused, and the error lists
them.

Time and memory are bounded by the size of the pickle: no value is larger than what it is written
with, and containers that refer to themselves or are nested too deeply are refused.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from cocosurgeon.errors import FormatError
from cocosurgeon.text import first_few, one_line
from cocosurgeon.weights.inert import (
    FUNCTIONS,
    Global,
    NamedCode,
    NotRead,
    NumpyType,
    is_known,
    is_scalar_key,
    made_by_new,
)
from cocosurgeon.weights.views import Refused

MOST_STEPS = 5_000_000
"""Opcodes of a pickle at most; a checkpoint of 2,000 tensors with its optimizer has 300,000."""
MOST_NESTED = 64
_MOST_VALUES = 2_000_000
_MOST_TEXT = 64 << 20
_MOST_DIGITS = 255
_MOST_ARGUMENTS = 64
_MOST_OF_A_KEY = 16
_LONGEST_NAME = 255


@dataclass(frozen=True)
class Unpickled:
    """The content of a pickle.

    Attributes:
        value: plain values, tensors and ``NotRead``.
        end: the byte after it.
        not_read: classes of objects that were not read, and how many of each.
    """

    value: object
    end: int
    not_read: dict[str, int]


class TruncatedError(Exception):
    """The pickle goes on after the last byte."""


def unpickle(
    data: bytes, where: str, persistent: Callable[[object], object], start: int = 0
) -> Unpickled:
    """Return what a pickle holds.

    Args:
        data: the pickle is in it.
        where: the file, for errors.
        persistent: returns what a persistent id stands for: a storage.
        start: the byte where it begins.

    Raises:
        FormatError: the pickle is broken, too large, or names code.
        TruncatedError: it goes on after the last byte.
    """
    machine = _Machine(data, start, persistent)
    fault = None
    try:
        value = machine.run()
        _require_flat(value)
    except TruncatedError:
        if not machine.refused:
            raise
    except Refused as error:
        fault = error
    except (IndexError, KeyError, TypeError, ValueError, AttributeError, struct.error) as error:
        fault = Refused(f"broken pickle, at byte {machine.at:,}: {type(error).__name__} {error}")
    if machine.refused:
        names = [f"{one_line(name)} ({n:,})" for name, n in machine.refused.most_common()]
        hint = (
            "if you trust the file, load it where its code is installed and save its state dict "
            "only: torch.save(model.state_dict(), 'weights.pth')"
        )
        if any(name.startswith("torch._utils._rebuild_") for name in machine.refused):
            hint = "only plain tensors are read: save the others after dequantize() or to_dense()"
        raise FormatError(
            f"the file's pickle names code, which is never run: {first_few(names, 20)}",
            where=where,
            hint=hint,
        )
    if fault is not None:
        raise FormatError(str(fault), where=where, hint=fault.hint)
    return Unpickled(value, machine.at, dict(machine.not_read))


class _Machine:
    """The stack machine: its stack, its marks, its memo, and the names it refuses."""

    def __init__(self, data: bytes, start: int, persistent: Callable[[object], object]) -> None:
        self.data, self.at = data, start
        self.persistent = persistent
        self.stack: list[Any] = []
        self.marked: list[list[Any]] = []
        self.memo: dict[int, Any] = {}
        self.refused: Counter[str] = Counter()
        self.not_read: Counter[str] = Counter()

    def run(self) -> object:
        """Run the pickle until it stops; return what it leaves on the stack."""
        for _ in range(MOST_STEPS):
            opcode = self.take(1)[0]
            if opcode == 0x2E:  # STOP
                return self.stack.pop()
            step = _STEPS.get(opcode)
            if step is None:
                raise Refused(f"the pickle has the opcode {chr(opcode)!r}, which is not read")
            step(self)
        raise Refused(f"the pickle has more than {MOST_STEPS:,} opcodes")

    def take(self, count: int) -> bytes:
        """Return the next bytes."""
        piece = self.data[self.at : self.at + count]
        if len(piece) < count:
            raise TruncatedError
        self.at += count
        return piece

    def number(self, count: int) -> int:
        """Return an unsigned number of so many bytes."""
        return int.from_bytes(self.take(count), "little")

    def line(self) -> str:
        """Return the text up to the next line break."""
        end = self.data.find(b"\n", self.at)
        if end < 0:
            raise TruncatedError
        return self.take(end + 1 - self.at)[:-1].decode()

    def push(self, value: object) -> None:
        """Push a value."""
        self.stack.append(value)

    def since_mark(self) -> list[Any]:
        """Return what was pushed since the last mark."""
        items, self.stack = self.stack, self.marked.pop()
        return items

    def name(self, module: object, attribute: object) -> None:
        """Push a name; note that it is refused, where it is not known."""
        if not (isinstance(module, str) and isinstance(attribute, str)):
            raise Refused("the pickle computes a name that it needs")
        if len(module) + len(attribute) > _LONGEST_NAME:
            raise Refused(f"the pickle has a name of more than {_LONGEST_NAME} characters")
        found = Global(f"{module}.{attribute}")
        if not is_known(module, attribute):
            self.refused[found.name] += 1
        self.push(found)

    def refuse(self, what: str, name: str) -> None:
        """Note a use of a name that is refused, unless the name itself is noted already."""
        if name not in self.refused:
            self.refused[f"{what} {name}"] += 1

    def call(self, function: object, args: object) -> object:
        """Return what a call stands for; nothing is called but a few functions of ours."""
        if not isinstance(function, Global):
            self.refuse("a call of", _shown(function))
            return NotRead("a call")
        if not isinstance(args, tuple) or len(args) > _MOST_ARGUMENTS:
            raise Refused("the pickle calls something without a tuple of arguments, or a long one")
        if function.name in FUNCTIONS:
            try:
                result = FUNCTIONS[function.name](*args)
            except NamedCode as reason:
                self.refused[f"{function.name}: {reason}"] += 1
                return NotRead(function.name)
            except (TypeError, ValueError, IndexError) as error:
                raise Refused(f"{function.name} with arguments that it cannot have") from error
        else:
            self.refuse("a call of", function.name)
            result = NotRead(function.name)
        if isinstance(result, NotRead):
            self.not_read[result.name] += 1
        return result

    def new(self, cls: object) -> object:
        """Return what stands for a new object of a class."""
        if not (isinstance(cls, Global) and made_by_new(cls.name)):
            self.refuse("an object of", _shown(cls))
            return NotRead("an object")
        self.not_read[cls.name] += 1
        return NotRead(cls.name)


def _require_flat(value: object) -> None:
    """Refuse containers that hold themselves, are nested too deeply, or are shared too often."""
    level, visited, text = [value], 0, 0
    for _ in range(MOST_NESTED):
        visited += sum(map(_length, level))
        text += sum(map(_characters, level))
        if visited > _MOST_VALUES or text > _MOST_TEXT:
            raise Refused(
                "the pickle has too many values, or shares them too often to be walked through: "
                f"at least {visited:,} in containers, and {text:,} characters"
            )
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return
    raise Refused("the pickle's containers are nested too deeply, or hold themselves")


def _inside(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, (list, tuple)) else ()


def _length(value: object) -> int:
    return len(value) if isinstance(value, (dict, list, tuple)) else 0


def _characters(value: object) -> int:
    if isinstance(value, (str, bytes)):
        return len(value)
    texts = value if isinstance(value, dict) else ()
    return sum(len(key) for key in texts if isinstance(key, (str, bytes)))


def _shown(value: object) -> str:
    if isinstance(value, (Global, NotRead)):
        return value.name
    return f"a {type(value).__name__}"


def _key(value: object) -> Any:
    """Return a value that may be a key.

    A hash of nested tuples would recurse without a bound, and that of a long one is computed each
    time that it is used.
    """
    parts = value if isinstance(value, tuple) else (value,)
    if len(parts) <= _MOST_OF_A_KEY and all(map(is_scalar_key, parts)):
        return value
    if isinstance(value, (Global, NotRead)):
        return value.name
    raise Refused(f"the pickle has a key that is too long or none: {type(value).__name__}")


def _set_items(m: _Machine, items: list[Any]) -> None:
    target = m.stack[-1]
    if len(items) % 2:
        raise Refused("the pickle has a key without a value")
    if isinstance(target, dict):
        target.update(zip(map(_key, items[::2]), items[1::2], strict=True))
    elif not isinstance(target, NotRead):
        raise Refused(f"the pickle sets items of a {type(target).__name__}")


def _append_items(m: _Machine, items: list[Any]) -> None:
    target = m.stack[-1]
    if isinstance(target, list):
        target.extend(items)
    elif not isinstance(target, NotRead):
        raise Refused(f"the pickle appends to a {type(target).__name__}")


def _add_items(m: _Machine) -> None:
    items, target = m.since_mark(), m.stack[-1]
    if not isinstance(target, set):
        raise Refused(f"the pickle adds to a {type(target).__name__}")
    target.update(map(_key, items))


def _build(m: _Machine) -> None:
    """Set the state of an object: of placeholders, and of ordered dicts, it is not read."""
    state, target = m.stack.pop(), m.stack[-1]
    if isinstance(target, NumpyType) and isinstance(state, tuple) and len(state) > 1:
        target.order = state[1]
    elif not isinstance(target, (NotRead, dict)):
        raise Refused(f"the pickle sets the state of a {type(target).__name__}")


def _setitem(m: _Machine) -> None:
    value, key = m.stack.pop(), m.stack.pop()
    _set_items(m, [key, value])


def _append(m: _Machine) -> None:
    _append_items(m, [m.stack.pop()])


def _dict(m: _Machine) -> None:
    items = m.since_mark()
    m.push({})
    _set_items(m, items)


def _mark(m: _Machine) -> None:
    m.marked.append(m.stack)
    m.stack = []


def _pop(m: _Machine) -> None:
    if m.stack:
        m.stack.pop()
    else:
        m.since_mark()


def _tuple(m: _Machine, count: int) -> None:
    if len(m.stack) < count:
        raise IndexError("the stack is empty")
    items = tuple(m.stack[-count:])
    del m.stack[-count:]
    m.push(items)


def _long(m: _Machine, count: int) -> None:
    if count > _MOST_DIGITS:
        raise Refused(f"the pickle has a number of {count:,} bytes")
    m.push(int.from_bytes(m.take(count), "little", signed=True))


def _text(m: _Machine, width: int) -> None:
    m.push(m.take(m.number(width)).decode("utf-8", "backslashreplace"))


def _bytes(m: _Machine, width: int) -> None:
    m.push(m.take(m.number(width)))


def _reduce(m: _Machine) -> None:
    args, function = m.stack.pop(), m.stack.pop()
    m.push(m.call(function, args))


def _newobj(m: _Machine, arguments: int) -> None:
    del m.stack[len(m.stack) - arguments :]
    m.push(m.new(m.stack.pop()))


def _stack_global(m: _Machine) -> None:
    attribute, module = m.stack.pop(), m.stack.pop()
    m.name(module, attribute)


def _inst(m: _Machine) -> None:
    m.name(m.line(), m.line())
    found = m.stack.pop()
    m.since_mark()
    m.refuse("a call of", found.name)
    m.push(NotRead(found.name))


def _obj(m: _Machine) -> None:
    items = m.since_mark()
    m.refuse("a call of", _shown(items[0]))
    m.push(NotRead("a call"))


def _put(m: _Machine, index: int) -> None:
    m.memo[index] = m.stack[-1]


def _persistent(m: _Machine) -> None:
    m.push(m.persistent(m.stack.pop()))


def _protocol(m: _Machine) -> None:
    version = m.number(1)
    if version > 5:
        raise Refused(f"the pickle is of protocol {version}")


_STEPS: dict[int, Callable[[_Machine], object]] = {
    0x80: _protocol,
    0x95: lambda m: m.take(8),  # FRAME
    ord("("): _mark,
    ord("0"): _pop,
    ord("1"): lambda m: m.since_mark(),
    ord("2"): lambda m: m.push(m.stack[-1]),
    ord("N"): lambda m: m.push(None),
    0x88: lambda m: m.push(True),
    0x89: lambda m: m.push(False),
    ord("J"): lambda m: m.push(int.from_bytes(m.take(4), "little", signed=True)),
    ord("K"): lambda m: m.push(m.number(1)),
    ord("M"): lambda m: m.push(m.number(2)),
    0x8A: lambda m: _long(m, m.number(1)),
    0x8B: lambda m: _long(m, m.number(4)),
    ord("G"): lambda m: m.push(struct.unpack(">d", m.take(8))[0]),
    ord("X"): lambda m: _text(m, 4),
    0x8C: lambda m: _text(m, 1),
    0x8D: lambda m: _text(m, 8),
    ord("U"): lambda m: m.push(m.take(m.number(1)).decode("latin-1")),
    ord("T"): lambda m: m.push(m.take(m.number(4)).decode("latin-1")),
    ord("C"): lambda m: _bytes(m, 1),
    ord("B"): lambda m: _bytes(m, 4),
    0x8E: lambda m: _bytes(m, 8),
    0x96: lambda m: _bytes(m, 8),
    ord("}"): lambda m: m.push({}),
    ord("]"): lambda m: m.push([]),
    ord(")"): lambda m: m.push(()),
    0x8F: lambda m: m.push(set()),
    ord("t"): lambda m: m.push(tuple(m.since_mark())),
    0x85: lambda m: _tuple(m, 1),
    0x86: lambda m: _tuple(m, 2),
    0x87: lambda m: _tuple(m, 3),
    ord("l"): lambda m: m.push(m.since_mark()),
    ord("d"): _dict,
    0x91: lambda m: m.push(frozenset(map(_key, m.since_mark()))),
    ord("s"): _setitem,
    ord("u"): lambda m: _set_items(m, m.since_mark()),
    ord("a"): _append,
    ord("e"): lambda m: _append_items(m, m.since_mark()),
    0x90: _add_items,
    ord("c"): lambda m: m.name(m.line(), m.line()),
    0x93: _stack_global,
    ord("R"): _reduce,
    ord("b"): _build,
    0x81: lambda m: _newobj(m, 1),
    0x92: lambda m: _newobj(m, 2),
    ord("i"): _inst,
    ord("o"): _obj,
    ord("Q"): _persistent,
    ord("q"): lambda m: _put(m, m.number(1)),
    ord("r"): lambda m: _put(m, m.number(4)),
    0x94: lambda m: _put(m, len(m.memo)),
    ord("h"): lambda m: m.push(m.memo[m.number(1)]),
    ord("j"): lambda m: m.push(m.memo[m.number(4)]),
}
"""What each opcode does. Those of protocol 0, and of the registry of extensions, are not read."""
