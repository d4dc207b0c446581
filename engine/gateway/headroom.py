"""Whether calls surely fit into what is left of a budget, so that all of them may be in flight together."""

from __future__ import annotations

import math
from collections.abc import Mapping

from promptwire.gateway.call_count import CallCount
from promptwire.limits import Limits
from promptwire.node import Role

__all__ = ["fits"]

_MARGIN = 2
"""How much more than the mean so far a call may cost."""


def fits(calls: Mapping[Role, int], left: Limits, counts: Mapping[str, CallCount], seconds: float) -> bool:
    """Whether no limit in `left` will be reached by so many more `calls` of each role, at twice their mean cost so far.

    `counts` are the calls of each role so far; one took `seconds` on average. The cost of a role without a call is unknown.
    """
    if left.calls is not None and left.calls < sum(calls.values()):
        return False
    rest = (left.tokens, left.usd, left.seconds)
    if rest == (None, None, None):
        return True
    if not all(role in counts and counts[role].calls for role in calls):
        return False
    costs = (
        math.fsum(number * counts[role].mean_tokens() for role, number in calls.items()),
        math.fsum(number * counts[role].mean_usd() for role, number in calls.items()),
        sum(calls.values()) * seconds,
    )
    return all(most is None or most >= _MARGIN * cost for most, cost in zip(rest, costs, strict=True))
