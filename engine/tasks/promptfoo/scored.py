"""How imported tests are scored: the metric, and the accepted outputs of each test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Scored"]


@dataclass(frozen=True, slots=True)
class Scored:
    """The metric of a task, and what it compares with."""

    metric: str
    """Its name."""
    outputs: tuple[tuple[Any, ...], ...]
    """The accepted outputs of each test; empty where the metric compares with none."""
    keys: Mapping[str, Any] = field(default_factory=dict)
    """More keys of the task file."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Files beside the task file."""
