"""Cache policy: whether calls read the response cache, and whether they write to it."""

from __future__ import annotations

from typing import Literal

__all__ = ["CachePolicy"]

CachePolicy = Literal["use", "refresh", "only", "off"]
"""`use` what is stored, or ask; `refresh`: ask anew once in this run; `only` what is stored; `off`: neither read nor write."""
