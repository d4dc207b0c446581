"""Encodings of text files: byte order marks, and a guess for files that are not UTF-8.

A guess is only shown in an error. What is read is UTF-8, what a byte order mark says, or what the task file says.
"""

from __future__ import annotations

import codecs
import re
from typing import Final

__all__ = ["WIDE", "encoding_of_mark", "likely_encoding", "looks_wide"]

WIDE: Final = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be")
"""Encodings with several bytes for a line feed."""

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HIGH: Final = re.compile(rb"[\x80-\xff]+")
_CYRILLIC: Final = re.compile("[\u0430-\u044f\u0451]")
_HAN: Final = re.compile("[\u4e00-\u9fff\u3000-\u303f\uff00-\uffef]")
_KANA: Final = re.compile("[\u3040-\u30ff]")
_LONG_RUN: Final = 1.8
"""Mean length of runs of bytes above 127 from which the text is taken for another script than Latin."""
_MOST: Final = 0.8
"""Share of the characters above 127 that belong to the script of a guess."""
_NULS: Final = 0.2
"""Share of NUL bytes from which a file is taken for UTF-16."""


def encoding_of_mark(head: bytes) -> str:
    """Encoding by the byte order mark at the beginning of `head`; empty without one."""
    return next((name for mark, name in _MARKS if head.startswith(mark)), "")


def looks_wide(head: bytes) -> str:
    """The kind of UTF-16 that `head` seems to be, by its NUL bytes; empty when there are few."""
    if not head or head.count(0) < _NULS * len(head):
        return ""
    return "utf-16-le" if head[1::2].count(0) >= head[::2].count(0) else "utf-16-be"


def likely_encoding(data: bytes) -> str:
    """The likely encoding of a text that is not UTF-8, by the bytes of some lines.

    >>> likely_encoding("un café".encode("latin-1")), likely_encoding("“yes”".encode("cp1252"))
    ('cp1252', 'cp1252')
    """
    runs = _HIGH.findall(data)
    if runs and sum(map(len, runs)) / len(runs) >= _LONG_RUN:
        for name, script in (("cp932", _KANA), ("gb18030", _HAN), ("cp1251", _CYRILLIC), ("koi8-r", _CYRILLIC)):
            text = data.decode(name, "replace")
            high = [character for character in text if ord(character) > 127]
            needed = 0.3 if script is _KANA else _MOST
            if len(script.findall(text)) >= needed * len(high) and text.count("\ufffd") <= len(high) // 20:
                return name
    # Windows-1252 reads all of Latin-1 that occurs in texts, and the curly quotes beside it.
    return "cp1252"
