"""Cache policy: whether calls read the response cache, and whether they write to it."""

from __future__ import annotations

from typing import Literal

__all__ = ["CachePolicy"]

CachePolicy = Literal["use", "refresh", "only", "off"]
"""`use`: read, else call; `refresh`: call again once in this run; `only`: read only; `off`: neither read nor write."""
