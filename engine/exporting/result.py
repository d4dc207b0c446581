"""Result of an export: what was written, how its requests compare with the run's, and its verification."""

from __future__ import annotations

from dataclasses import dataclass

from promptwire.exporting.equality import Requests
from promptwire.exporting.exported import Exported, Which
from promptwire.exporting.form import Form, Reader
from promptwire.results.report import LeftOut, Score

__all__ = ["Export", "Verification"]


@dataclass(frozen=True, slots=True)
class Verification:
    """Held-out scores through the run's requests and through the exported form's."""

    metric: str
    """Name of the metric."""
    run: Score
    """Score that the run reported."""
    export: Score
    """Score through the exported form."""
    model: str
    """Name of the model that answered."""
    other_model: bool
    """Whether this is another model, or another address, than the run's."""
    changed: tuple[tuple[str, float, float], ...]
    """Id, value in the run and value now of each example whose value is another."""
    left_out: tuple[LeftOut, ...]
    """Examples without a score: the other tool refuses them, or their call failed."""
    new: int
    """Calls that a model completed."""
    cached: int
    """Calls that the cache held."""
    usd: float | None
    """Cost of the new calls in US dollars; None when a price is unknown."""


@dataclass(frozen=True, slots=True)
class Export:
    """A written export."""

    run: str
    """Name of the run."""
    to: str
    """Name of the form."""
    prompt: Which
    """Which prompt of the run it holds."""
    target: str
    """The file, the folder, or the name in a registry."""
    files: tuple[str, ...]
    """All that was written."""
    told: tuple[str, ...]
    """What the form can't hold, or does otherwise."""
    requests: Requests
    """Its requests beside those of the run, for the held-out examples."""
    source: Exported
    """What was exported."""
    form: Form
    """The form."""
    reader: Reader
    """What it sends for an example, made of what was written."""
    verification: Verification | None = None
    """The held-out examples scored through it; None when that was not asked for."""
