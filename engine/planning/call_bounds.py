"""What one step comes to over a whole run: how often it asks and scores, and how much its requests show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from promptwire.backend import Settings
from promptwire.bounds import NONE, Extent
from promptwire.graph.steps import CallStep
from promptwire.node import Role
from promptwire.values import Model

__all__ = ["CallBounds"]


@dataclass(slots=True)
class CallBounds:
    """What one step comes to over the whole run."""

    step: CallStep
    asks: Extent = NONE
    scores: Extent = NONE
    known: bool = True
    """Whether its node type says what it comes to."""
    shown: dict[str, Extent] = field(default_factory=dict)
    """How much a request shows, by input and by key of `with:`, at most in any round."""
    given: dict[str, Any] = field(default_factory=dict)
    """Types of the keys of `with:`."""
    params: Model | None = None
    """The params of the last round."""
    converses: bool = False
    """Whether its requests go on with conversations."""
    roles: Mapping[Role, Settings] = field(default_factory=dict)
    """What the pipelines around it say of sampling."""

    def show(self, sizes: Mapping[str, Extent]) -> None:
        """Take in how much one more round shows."""
        for name, size in sizes.items():
            self.shown[name] = self.shown[name].hull(size) if name in self.shown else size
