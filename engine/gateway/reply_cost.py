"""Cost of the completions of one request, and how they ended: what the unused ones carry over, and the sums for the trace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from promptwire.backend import Completion

__all__ = ["at_most", "finishes", "spent"]


def at_most(completions: Sequence[Completion], n: int) -> list[Completion]:
    """The first `n` completions. The last of them also carries the cost of the others, since all were paid for."""
    used, rest = list(completions[:n]), completions[n:]
    if not rest:
        return used
    prices = [completion.usd for completion in (used[-1], *rest)]
    used[-1] = replace(
        used[-1],
        tokens_in=used[-1].tokens_in + sum(completion.tokens_in for completion in rest),
        tokens_out=used[-1].tokens_out + sum(completion.tokens_out for completion in rest),
        usd=None if None in prices else sum(price or 0.0 for price in prices),
    )
    return used


def spent(completions: Sequence[Completion]) -> dict[str, int | float | None]:
    """Tokens and price of one request, as the trace holds them. The price is None when one of its parts is unknown."""
    prices = [completion.usd for completion in completions]
    return {
        "tokens_in": sum(completion.tokens_in for completion in completions),
        "tokens_out": sum(completion.tokens_out for completion in completions),
        "usd": None if None in prices else sum(filter(None, prices)),
    }


def finishes(completions: Sequence[Completion]) -> dict[str, list[str]]:
    """Finish reasons of one request, as the trace holds them; nothing when all are `stop`."""
    found = [completion.finish for completion in completions]
    return {} if found.count("stop") == len(found) else {"finish": found}
