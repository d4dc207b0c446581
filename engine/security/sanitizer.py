"""Terminal sanitizer: prints control characters of untrusted text as visible escapes.

Prompts, replies, server messages, addresses and file names may hold escape sequences that write the clipboard, set the window
title or reorder a line. `guard_streams` puts one filter on standard output and standard error, for terminals and pipes alike.
An escape has the form `\\u001b`, which means the same character in JSON and in a double-quoted YAML text.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from typing import Any, Final, TextIO, cast

__all__ = ["UNPRINTABLE", "SanitizedStream", "flattened", "guard_streams", "sanitize"]

UNPRINTABLE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 without tab and line feed, DEL, C1
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # invisible, bidirectional, line breaks
    "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u3164\uffa0"  # fillers and marks without a shape
    "\ud800-\udfff\U000e0000-\U000e0fff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a]"  # half a surrogate pair, tags, selectors
    "|(?<![\u0023\u002a\u0030-\u0039\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff])[\ufe00-\ufe0f]"  # not after an emoji
)
"""Characters that control a terminal, reorder a line, or are invisible. Joiners stay: Persian, Hindi and emoji need them."""


def sanitize(text: str) -> str:
    """`text` with every character of UNPRINTABLE as a visible escape; a Windows line end becomes a line feed.

    >>> sanitize("a\\x1b[2Jb")
    'a\\\\u001b[2Jb'
    """
    if text.isascii() and text.isprintable():
        return text
    return UNPRINTABLE.sub(_escape, text.replace("\r\n", "\n"))


def flattened(line: str) -> str:
    """`line` with one visible character for each, so that a caret below it marks the right column."""
    return UNPRINTABLE.sub("\ufffd", line.replace("\t", " "))


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x10000:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"


class SanitizedStream:
    """A text stream that sanitizes what is written to it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.rich_proxied_file = stream
        """Rich writes its own colours here; what it prints is sanitized in `promptwire.cli.console`."""

    def write(self, text: str) -> int:
        """Write `text`, sanitized."""
        self._stream.write(sanitize(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write `lines`, sanitized."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        if name == "buffer":  # bytes written there would bypass the filter
            raise AttributeError(name)
        return getattr(self._stream, name)


def guard_streams() -> None:
    """Sanitize everything that this process prints from now on."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is not None and not isinstance(stream, SanitizedStream):
            setattr(sys, name, cast(TextIO, SanitizedStream(stream)))
