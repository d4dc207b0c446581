"""Counting calls by step."""

from __future__ import annotations

from promptwire.calls.tally import Count, Tally
from promptwire.request import Answer


def test_steps_are_counted_apart_and_together() -> None:
    tally = Tally()
    tally.of("a").book(Answer(tokens_in=3, tokens_out=4, usd=0.25))
    tally.of("b").book(Answer(tokens_in=1, usd=0.5))
    tally.of("b").cached += 2
    tally.of("b").requests += 1
    assert list(tally.steps) == ["a", "b"]
    assert tally.total == Count(requests=1, new=2, cached=2, tokens_in=4, tokens_out=4, priced=0.75)
    assert tally.total.usd == 0.75


def test_one_unknown_price_makes_the_sum_unknown_and_none_at_all_makes_it_zero() -> None:
    count = Count()
    assert count.usd == 0.0
    count.book(Answer(usd=0.25))
    count.book(Answer())
    assert count.usd is None
