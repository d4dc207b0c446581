"""History: an append-only record of prompts and their scores."""

from __future__ import annotations

from promptwire.values.model import Model
from promptwire.values.prompts import Prompt

__all__ = ["Entry", "History"]


class Entry(Model):
    """One entry of a history: a prompt and its score."""

    prompt: Prompt
    """The prompt."""
    score: float
    """Its score; for most metrics the mean over the examples."""
    n: int
    """Number of examples that it was scored on."""
    scale: tuple[float, float] | None = (0.0, 1.0)
    """Lowest and highest score; None when it is not known."""
    round: int = 0
    """How often prompts had been added to the history before."""
    critique: str = ""
    """A critique of it; empty when there is none."""

    @property
    def shown(self) -> float:
        """The score as a meta-prompt shows it: a percentage, or the metric's own unit.

        It is a percentage when the scale is from 0 to 1.

        >>> Entry(prompt=Prompt(text="x"), score=0.5, n=1).shown
        50
        """
        return round(self.score * 100) if self.share else float(f"{self.score:.4g}")

    @property
    def share(self) -> bool:
        """Whether `shown` is a percentage: the share of right answers."""
        return self.scale == (0.0, 1.0)

    @property
    def range(self) -> str:
        """The scale in words, such as `from 0 to 5`; empty when it is not known."""
        return "" if self.scale is None else f"from {self.scale[0]:g} to {self.scale[1]:g}"


class History(Model):
    """An append-only record of prompts and their scores: one entry per prompt, unless `history-append` keeps repeated ones."""

    entries: tuple[Entry, ...] = ()
    """The entries, oldest first."""
    rounds: int = 0
    """How often prompts were added."""
    perfect: float | None = 1.0
    """The metric's value of a right answer; None when it has none."""
    scale: tuple[float, float] | None = (0.0, 1.0)
    """Lowest and highest score; None when it is not known."""

    def __len__(self) -> int:
        return len(self.entries)
