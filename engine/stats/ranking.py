"""The one order of scored prompts: who is better, and who wins a tie.

The originals break ties by the prompt's text or by a hash, so that a winner can depend on the alphabet. Here a prompt without a
score comes last: one that was never scored, or on less than half of the examples it was asked. Then the higher mean is first;
among equals the one under which the right label was likelier, where that is known; then the one that was scored on more
examples; then the one written first.
"""

from __future__ import annotations

from collections.abc import Sequence

from promptwire.values import Prompt, Prompts, Row, Scores

__all__ = ["merit", "ranked"]


def merit(rows: Sequence[Row]) -> tuple[bool, float, float, int]:
    """What a prompt with these rows is compared by; larger is better.

    >>> merit(())
    (False, 0.0, 0.0, 0)
    """
    if not rows:
        return False, 0.0, 0.0, 0
    likelihoods = [row.likelihood for row in rows if row.likelihood is not None]
    likelihood = sum(likelihoods) / len(likelihoods) if likelihoods else 0.0
    return True, sum(row.value for row in rows) / len(rows), likelihood, len(rows)


def ranked(prompts: Prompts, scores: Scores) -> tuple[Prompt, ...]:
    """The prompts, best first."""
    # `sorted` is stable, so equals stay in the written order.
    return tuple(sorted(prompts.items, key=lambda prompt: merit(scores.fair(prompt)), reverse=True))
