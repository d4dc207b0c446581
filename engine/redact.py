"""Takes secrets out of text before it is shown or written down.

An endpoint may quote the key that it refused, and error texts end up in terminals, traces and bug reports. The secrets that a
process knows are in its environment, under names that say so; whatever of them turns up in a text is replaced.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

__all__ = ["redact", "secrets"]

_NAMES = re.compile(r"(?:^|_)(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)(?:_|$)", re.IGNORECASE)
_SHORTEST = 8
"""Shorter values are placeholders such as `none`: replacing those would maul ordinary words."""


def secrets() -> tuple[str, ...]:
    """The secrets in the environment."""
    found = {value for name, value in os.environ.items() if len(value) >= _SHORTEST and _NAMES.search(name)}
    # Longest first: a secret that begins with another one must go whole.
    return tuple(sorted(found, key=lambda secret: (-len(secret), secret)))


def redact(text: str, known: Iterable[str] | None = None) -> str:
    """`text` with the `known` secrets, those of the environment when not given, replaced by `***`."""
    for secret in secrets() if known is None else known:
        text = text.replace(secret, "***")
    return text
