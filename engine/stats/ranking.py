"""Ranking of scored prompts, with fixed rules for ties.

The published code breaks ties by the prompt's text or by a hash, so a winner can depend on the alphabet. Here the higher score
comes first. A tie goes to the higher log-probability of the right label, if known; then to more scored examples; then to the
written order. A prompt without a score comes last: one that was never scored, or on less than half of the requested examples.
"""

from __future__ import annotations

from collections.abc import Sequence

from promptwire.stats.prompt_score import rows_score
from promptwire.values import Prompt, Prompts, Row, Scores

__all__ = ["merit", "ranked"]


def merit(rows: Sequence[Row], metric: str = "") -> tuple[bool, float, float, int]:
    """Sort key of a prompt with these rows, scored by the metric called `metric`; larger is better.

    >>> merit(())
    (False, 0.0, 0.0, 0)
    """
    if not rows:
        return False, 0.0, 0.0, 0
    likelihoods = [row.likelihood for row in rows if row.likelihood is not None]
    likelihood = sum(likelihoods) / len(likelihoods) if likelihoods else 0.0
    return True, rows_score(rows, metric), likelihood, len(rows)


def ranked(prompts: Prompts, scores: Scores) -> tuple[Prompt, ...]:
    """The prompts, best first."""
    # `sorted` is stable, so ties stay in the written order.
    return tuple(sorted(prompts.items, key=lambda prompt: merit(scores.fair(prompt), scores.metric), reverse=True))
