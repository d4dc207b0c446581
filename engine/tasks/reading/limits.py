"""Limits of data files. A file may be untrusted or far larger than an optimizer needs."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from promptwire.errors import DataError

__all__ = ["MAX_BYTES", "MAX_JSON", "MAX_LINE", "MAX_ROWS", "MAX_VALUES", "SMALLER", "check_size"]

MAX_BYTES = 256 * 2**20
"""Largest size of a data file that is read row by row."""
MAX_JSON = 64 * 2**20
"""Largest size of a JSON file, which is read whole."""
MAX_LINE = 4_000_000
"""Longest line in bytes, and longest cell in characters."""
MAX_ROWS = 1_000_000
MAX_VALUES = 10_000_000
"""Largest number of commas and brackets in a JSON Lines file."""
SMALLER: Final = "take a sample of it: an optimizer needs some hundred examples"


def check_size(size: int, most: int, path: Path | str) -> None:
    """Raise DataError when a file of `size` bytes is larger than `most`."""
    if size > most:
        raise DataError(f"the data file is larger than {most // 2**20} MB", where=str(path), hint=SMALLER)
