"""Usage by step and in total."""

from __future__ import annotations

from promptwire.backend import Completion
from promptwire.gateway.usage import StepUsage, Usage


def test_usage_is_counted_by_step_and_in_total() -> None:
    usage = Usage()
    usage.of("a").book(Completion(tokens_in=3, tokens_out=4, usd=0.25))
    usage.of("b").book(Completion(tokens_in=1, usd=0.5))
    usage.of("b").cached += 2
    usage.of("b").requests += 1
    assert list(usage.steps) == ["a", "b"]
    assert usage.total == StepUsage(requests=1, new=2, cached=2, tokens_in=4, tokens_out=4, priced=0.75)
    assert usage.total.usd == 0.75


def test_one_unknown_price_makes_the_sum_unknown() -> None:
    count = StepUsage()
    assert count.usd == 0.0
    count.book(Completion(usd=0.25))
    count.book(Completion())
    assert count.usd is None
