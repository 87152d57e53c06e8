"""XML files as elements with their line numbers, read without entities of their own."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn
from xml.parsers import expat

from cocosurgeon.errors import EncodingError, FormatError
from cocosurgeon.files import reading

_DECLARED = re.compile(rb"""\s*<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z][\w.-]*)["']""", re.ASCII)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(slots=True)
class Element:
    """An element.

    Attributes:
        tag: its name.
        line: line of the file where it begins, from 1.
        text: the text in it, without that of its children.
        children: the elements in it.
    """

    tag: str
    line: int
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def find(self, tag: str) -> Element | None:
        """Return the first child of a name; None where there is none."""
        return next((child for child in self.children if child.tag == tag), None)

    def text_of(self, tag: str) -> str:
        """Return the text of a child, without blanks around it; "" where there is none."""
        child = self.find(tag)
        return "" if child is None else child.text.strip()


def read_xml(path: str) -> Element:
    """Read an XML file.

    A file that declares an entity, or uses one from elsewhere, is refused: a small file could
    unpack to gigabytes, or have another file read.

    Raises:
        SourceUnavailableError: the system refuses.
        EncodingError: the text is not in the encoding that it declares, or in an unknown one.
        FormatError: it is broken; the error names the line.
    """
    with reading(path, "the XML file"):
        data = Path(path).read_bytes()
    text = _as_utf8(data, path)
    parser = expat.ParserCreate("utf-8")  # wins against the encoding that the file declares
    parser.buffer_text = True
    root = Element("", 0)
    inner = [root]

    def start(tag: str, _attributes: object) -> None:
        element = Element(tag, parser.CurrentLineNumber)
        inner[-1].children.append(element)
        inner.append(element)

    def end(_tag: str) -> None:
        inner.pop()

    def characters(text: str) -> None:
        inner[-1].text += text

    def refuse(*_: object) -> NoReturn:
        raise FormatError(
            "the XML file has entities of its own, which are not read",
            where=f"{path}, line {parser.CurrentLineNumber}",
            hint="remove its DOCTYPE, and replace the entities by their text",
        )

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    parser.EntityDeclHandler = refuse
    parser.SkippedEntityHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise FormatError(
            f"broken XML: {expat.ErrorString(error.code)}",
            where=f"{path}, line {error.lineno}",
            hint="fix the file at that line, or export it again",
        ) from error
    return root.children[0]


def _as_utf8(data: bytes, path: str) -> bytes:
    """Return the text in UTF-8; the parser itself knows a few encodings only."""
    match = _DECLARED.match(data)
    name = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    if name is None:
        declared = match[1].decode() if match else "utf-8"
        # A file whose declaration can be read as bytes is not in the wide encoding that it names.
        name = "utf-8" if declared.lower().startswith(("utf-16", "utf-32", "ucs")) else declared
    try:
        return data.decode(name).encode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        what = f"the text is not {name.upper()}: byte 0x{data[error.start]:02x}"
        raise EncodingError(
            what, where=f"{path}, line {line}", hint=_HINT, offset=error.start
        ) from error
    except LookupError as error:
        raise EncodingError(
            f"there is no encoding {name!r}", where=f"{path}, line 1", hint=_HINT
        ) from error


_HINT = """name its encoding in the first line: <?xml version="1.0" encoding="gbk"?>"""
