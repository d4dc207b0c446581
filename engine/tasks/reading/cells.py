"""Values of typed cells as text or JSON: one rule for Excel, Parquet, Arrow and data sets of Hugging Face.

| cell | text |
|---|---|
| text | itself, with leading zeros, `NA` and `null` |
| whole number | its digits; 1.0 of a column of floats stays `1.0`, but a workbook knows only numbers, so it is `1` there |
| true, false | `true`, `false` |
| date | `2026-11-27`; with a time of day `2026-11-27 09:30:00` |
| duration, decimal | as Python writes it |
| empty, missing, not a number | nothing: an error in an input, no accepted output |
"""

from __future__ import annotations

import datetime
from typing import Any

__all__ = ["plain"]


def plain(value: Any) -> Any:
    """`value` as JSON has it: text, numbers, booleans, None, lists and mappings. Raises ValueError for bytes that are no text.

    >>> plain(datetime.datetime(2026, 11, 27)), plain(datetime.datetime(2026, 11, 27, 9, 30)), plain(float("nan"))
    ('2026-11-27', '2026-11-27 09:30:00', None)
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if value == value else None
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time() and value.tzinfo is None
        return value.date().isoformat() if midnight else value.isoformat(sep=" ")
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if isinstance(value, dict):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return str(value)
