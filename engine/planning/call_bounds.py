"""Call bounds of one step: its calls over a whole run, and the size of its requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from promptwire.backend import Settings
from promptwire.bounds import NONE, BoundWarning, Extent
from promptwire.graph.steps import CallStep
from promptwire.node import Role
from promptwire.planning.stage_bounds import Stage
from promptwire.values import Model
from promptwire.values.notes import warning

__all__ = ["BoundsByPath", "CallBounds"]


@dataclass(slots=True)
class CallBounds:
    """Bounds of one step over the whole run."""

    step: CallStep
    asks: Extent = NONE
    """Calls that generate text."""
    scores: Extent = NONE
    """Pairs of prompt and example that it scores."""
    known: bool = True
    """Whether its node type has a bound."""
    shown: dict[str, Extent] = field(default_factory=dict)
    """Size of what a request shows, by input and by key of `with:`. It covers all rounds."""
    given: dict[str, Any] = field(default_factory=dict)
    """Types of the keys of `with:`."""
    given_values: dict[str, Any] = field(default_factory=dict)
    """Values of the keys of `with:` that are known before the run, in the last round."""
    params: Model | None = None
    """Params in the last round; None when they are unknown before the run."""
    converses: bool = False
    """Whether its requests continue conversations."""
    roles: Mapping[Role, Settings] = field(default_factory=dict)
    """Sampling settings by role, from the enclosing pipelines."""
    warnings: tuple[BoundWarning, ...] = ()
    """Warnings of the last round that has some."""

    def follow(self, step: CallStep) -> None:
        """Take the step as it is in one more round: the one with the longest replies counts."""
        now, before = (one.asking.settings.max_tokens if one.asking else None for one in (step, self.step))
        if before is None or now is None or now >= before or self.step.varying:
            self.step = step

    def show(self, sizes: Mapping[str, Extent]) -> None:
        """Add the sizes that one more round shows."""
        for name, size in sizes.items():
            self.shown[name] = self.shown[name].hull(size) if name in self.shown else size


class BoundsByPath(dict[str, CallBounds]):
    """Bounds of each step by its path."""

    saved: float = 0
    """Calls in the sum of all steps that are never made: of steps that exclude each other, the dearer ones count."""
    stages: tuple[Stage, ...] = ()
    """Pipelines that are called with limits."""

    def notes(self) -> Iterator[str]:
        """The warnings of the steps, as notes."""
        for path, bounds in self.items():
            yield from (warning(f"{path}: {message}; {hint}") for _, message, hint in bounds.warnings)
