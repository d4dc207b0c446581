"""Untrusted numbers: cache rows, replies, bundles and price lists.

A number is used when it is finite and in range; otherwise it is unknown. Numbers are compared before they are converted:
an integer of a thousand digits would raise OverflowError.
"""

from __future__ import annotations

import sys
from typing import Any, Final

__all__ = ["MOST_USD", "finite", "in_range", "log_probability", "price", "token_count", "unix_time"]

_MOST_TOKENS: Final = 10**9
"""Most tokens of one completion: a reply of 64 MB has fewer."""
MOST_USD: Final = 10**6
"""Highest price of one completion, in US dollars."""
_LAST: Final = 32_500_000_000
"""Latest Unix time, shortly before the year 3000. All systems can format it as a date."""


def finite(value: Any) -> float | None:
    """`value` as a float; None when it is not a number, infinite or too large for a float.

    >>> finite(3), finite(10**400), finite(float("nan")), finite(True)
    (3.0, None, None, None)
    """
    if type(value) not in (int, float) or not -sys.float_info.max <= value <= sys.float_info.max:
        return None
    return float(value)


def in_range(tokens_in: int, tokens_out: int, usd: Any, when: Any) -> bool:
    """Whether the numbers of one completion are known and in range, all at once; see `token_count`, `price` and `unix_time`.

    >>> in_range(3, 4, None, 0), in_range(3, -1, None, 0), in_range(3, 4, 0.5, float("nan"))
    (True, False, False)
    """
    return (
        0 <= tokens_in <= _MOST_TOKENS
        and 0 <= tokens_out <= _MOST_TOKENS
        and (usd is None or (type(usd) in (int, float) and 0 <= usd <= MOST_USD))
        and type(when) in (int, float)
        and 0 <= when <= _LAST
    )


def token_count(value: Any) -> int:
    """Number of tokens; 0, which means unknown, when not a whole number in range."""
    return value if type(value) is int and 0 <= value <= _MOST_TOKENS else 0


def price(value: Any) -> float | None:
    """Price in US dollars; None, which means unknown, when negative, too high or not a number."""
    number = finite(value)
    return number if number is not None and 0 <= number <= MOST_USD else None


def log_probability(value: Any) -> float | None:
    """Log-probability; None when not a number, or far out of range."""
    number = finite(value)
    return number if number is not None and -1e6 <= number <= 1 else None


def unix_time(value: Any) -> float:
    """Unix time; 0, which means unknown, when out of range."""
    number = finite(value)
    return number if number is not None and 0 <= number <= _LAST else 0.0
