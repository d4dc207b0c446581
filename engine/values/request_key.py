"""Cache keys of the samples of one request, and the parts that two keys are compared by.

The key is the hash of the canonical JSON of all parts. Only the sample number differs between the samples of a request, and the
trace wants the hash of each text as well. So the JSON of each text is made once, and the hash of all that stands before the
sample number is shared.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from promptwire.values.hashing import quoted
from promptwire.values.message import Message

__all__ = ["RequestKeys"]

_DIGITS: Final = 12
"""Hexadecimal digits of the hash of a text, where keys are compared."""
_NO_TEXT: Final = '""'
_NOTHING: Final = "[]"


class RequestKeys:
    """Keys of one request, as one backend answers it in one stream."""

    def __init__(
        self,
        kind: str,
        messages: Sequence[Message],
        *,
        texts: tuple[str, str],
        options: Sequence[str],
        settings: tuple[str, Mapping[str, Any]],
        source: tuple[str, str, int],
    ) -> None:
        """Take the prompt and the suffix as `texts`, the `settings` as canonical JSON and as values.

        `source` is the identity of the backend, the stream, and the version of the keys.
        """
        self._kind = kind
        self._identity, self._stream, version = source
        text, self._settings = settings
        form = (
            ("messages", f"[{','.join([f'[{quoted(one.role)},{quoted(one.content)}]' for one in messages])}]"),
            ("prompt", quoted(texts[0]) if texts[0] else _NO_TEXT),
            ("suffix", quoted(texts[1]) if texts[1] else _NO_TEXT),
            ("options", f"[{','.join([quoted(one) for one in options])}]" if options else _NOTHING),
        )
        # Only the hashes are kept: thousands of requests that wait for their turn would hold each text twice.
        self._hashes = {
            name: hashlib.sha256(one.encode("ascii")).hexdigest()[:_DIGITS]
            for name, one in form
            if one != _NO_TEXT and one != _NOTHING
        }
        (_, messages_text), (_, prompt), (_, suffix), (_, options_text) = form
        # Sorted, as canonical JSON is: the sample number comes after all texts but the suffix.
        start = _start(self._identity, kind)
        self._before = hashlib.sha256(
            f'{start}{messages_text},"options":{options_text},"prompt":{prompt},"sample":'.encode("ascii")
        )
        self._after = _end(text, self._stream, suffix, version)

    def key(self, sample: int) -> str:
        """The key of one sample: a SHA-256 in hexadecimal."""
        made = self._before.copy()
        made.update(b"%d" % sample)
        made.update(self._after)
        return made.hexdigest()

    def parts(self) -> dict[str, Any]:
        """Parts of the key, to compare two keys later. Short parts are in full, texts as the start of a hash."""
        return {
            "identity": self._identity,
            "kind": self._kind,
            "settings": self._settings,
            "stream": self._stream,
            **self._hashes,
        }

    def parts_text(self) -> str:
        """The JSON of `parts`."""
        hashes = "".join([f',"{name}":"{one}"' for name, one in self._hashes.items()])
        return f"{_common_parts(self._identity, self._kind, self._stream, _Settings(self._settings))}{hashes}}}"


class _Settings:
    """Settings as the key of a cache: by object, since equal settings may have another order."""

    __slots__ = ("values",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values

    def __hash__(self) -> int:
        return id(self.values)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Settings) and other.values is self.values


@lru_cache(maxsize=64)
def _common_parts(identity: str, kind: str, stream: str, settings: _Settings) -> str:
    """The JSON of the parts that requests of one step share, without its last brace."""
    parts = {"identity": identity, "kind": kind, "settings": settings.values, "stream": stream}
    return json.dumps(parts, separators=(",", ":"))[:-1]


@lru_cache(maxsize=64)
def _start(identity: str, kind: str) -> str:
    """The canonical JSON up to the messages."""
    return f'{{"identity":{quoted(identity)},"kind":{quoted(kind)},"messages":'


@lru_cache(maxsize=64)
def _end(settings: str, stream: str, suffix: str, version: int) -> bytes:
    """The canonical JSON from the settings on."""
    return f',"settings":{settings},"stream":{quoted(stream)},"suffix":{suffix},"version":{version}}}'.encode("ascii")
