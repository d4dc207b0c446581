"""Cache keys of the samples of one request, and the parts that two keys are compared by.

The key is the hash of the canonical JSON of all parts. Only the sample number differs between the samples of a request, and the
trace wants the hash of each text as well. So the JSON of each text is made once, and the hash of all that stands before the
sample number is shared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from promptwire.values.hashing import quoted
from promptwire.values.message import Message

__all__ = ["RequestKeys"]

_DIGITS: Final = 12
"""Hexadecimal digits of the hash of a text, where keys are compared."""
_EMPTY: Final = frozenset({"[]", '""'})


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
        form = {
            "messages": f"[{','.join([f'[{quoted(one.role)},{quoted(one.content)}]' for one in messages])}]",
            "prompt": quoted(texts[0]),
            "suffix": quoted(texts[1]),
            "options": f"[{','.join([quoted(one) for one in options])}]",
        }
        # Only the hashes are kept: thousands of requests that wait for their turn would hold each text twice.
        self._hashes = {
            name: hashlib.sha256(one.encode("ascii")).hexdigest()[:_DIGITS] for name, one in form.items() if one not in _EMPTY
        }
        # Sorted, as canonical JSON is: the sample number comes after all texts but the suffix.
        self._before = hashlib.sha256(
            f'{{"identity":{quoted(self._identity)},"kind":{quoted(kind)},"messages":{form["messages"]}'
            f',"options":{form["options"]},"prompt":{form["prompt"]},"sample":'.encode("ascii")
        )
        self._after = (
            f',"settings":{text},"stream":{quoted(self._stream)},"suffix":{form["suffix"]},"version":{version}}}'
        ).encode("ascii")

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
