"""The account of a sweep: exact for calls, usable to the last one, whichever run dies."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.gateway.limit_ledger import Ledger
from promptwire.gateway.limit_wave import Amount, Ask, Caps, Permit, Reply, Wave
from tests.limit_players import Player, moves, play


def three() -> list[Player]:
    return [Player("a"), Player("b"), Player("c")]


def said(ledger: Ledger, player: Player, *asks: Ask, now: int = 0, sends: tuple[Permit, ...] = ()) -> Reply:
    wave = player.wave(*asks, sends=sends)
    reply = ledger.exchange(wave, now)
    player.take(wave, reply)
    return reply


@given(moves(), st.integers(0, 12))
def test_calls_never_exceed_their_limit_and_can_be_used_to_the_last_one(played: list[Any], limit: int) -> None:
    ledger, players = Ledger(Caps(calls=limit), patience=100), three()
    now = 0

    async def exchange(wave: Wave) -> Reply:
        return ledger.exchange(wave, now)

    async def game() -> None:
        nonlocal now
        for move in played:
            await play(players, move, exchange)
            assert ledger.total.calls + ledger.held.calls + ledger.final.calls <= limit
            if move[0] == "wait":
                now += 10
        # All of them die. Who comes after can use what is left, to the last call.
        now += 1000
        last = Player("last")
        while (reply := said(ledger, last, Ask(1, 0), now=now)).asks == ("granted",):
            last.end(0, 0, paid=True)
        assert reply.asks == ("calls",) and ledger.total.calls == limit and not ledger.held.calls + ledger.final.calls

    asyncio.run(game())


@given(moves(), st.integers(1, 300), st.integers(1, 20_000))
def test_tokens_and_dollars_exceed_their_limit_by_at_most_what_was_in_flight(played: list[Any], tokens: int, nano: int) -> None:
    ledger, players = Ledger(Caps(tokens=tokens, nano=nano)), three()

    async def exchange(wave: Wave) -> Reply:
        before = ledger.total
        told = ledger.exchange(wave, 0)
        if "granted" in told.asks:
            assert before.tokens < tokens and before.nano < nano, "nothing is granted once a limit is used up"
            assert ledger.total.tokens + ledger.held.tokens + ledger.final.tokens <= max(tokens, before.tokens)
        return told

    async def game() -> None:
        for move in played:
            await play(players, move, exchange)

    asyncio.run(game())


def test_a_call_waits_for_calls_in_flight_and_is_refused_when_they_were_paid() -> None:
    ledger, one, other = Ledger(Caps(calls=2)), Player("one"), Player("other")
    assert said(ledger, one, Ask(2, 0)).asks == ("granted",)
    assert said(ledger, other, Ask(1, 0)).asks == ("wait",)
    one.end(5, 0, paid=True)
    said(ledger, one)
    assert said(ledger, other, Ask(1, 0), Ask(2, 0)).asks == ("wait", "calls")
    one.end(5, 0, paid=False)
    said(ledger, one)
    assert said(ledger, other, Ask(1, 0)).asks == ("granted",)


def test_a_search_does_not_wait_for_the_comparison_of_another_run_but_one_that_starts_does() -> None:
    ledger, one, other = Ledger(Caps(calls=10)), Player("one"), Player("other")
    assert said(ledger, one, Ask(8, 0, final=True)).asks == ("granted",)
    assert said(ledger, other, Ask(3, 0)).asks == ("calls",)
    assert said(ledger, other, Ask(3, 0, final=True)).asks == ("wait",)
    assert said(ledger, other, Ask(11, 0, final=True)).asks == ("calls",)
    ledger.exchange(Wave("one", life=one.life, leaves=True), 0)
    assert said(ledger, other, Ask(3, 0, final=True)).asks == ("granted",)


@pytest.mark.parametrize(
    ("caps", "spent", "asked", "answer"),
    [
        (Caps(tokens=100), Amount(1, 60), Ask(1, 40), "granted"),
        (Caps(tokens=100), Amount(1, 60), Ask(1, 41), "tokens"),
        (Caps(tokens=100), Amount(1, 100), Ask(1, 0), "tokens"),
        (Caps(nano=100), Amount(1, 0, 99), Ask(5, 0), "granted"),
        (Caps(nano=100), Amount(1, 0, 100), Ask(1, 0), "usd"),
        (Caps(nano=100), Amount(1, 0, 40), Ask(1, 0, final=True), "granted"),
        (Caps(nano=100), Amount(1, 0, 40), Ask(2, 0, final=True), "usd"),
        (Caps(), Amount(10**9, 10**9, 10**9), Ask(10**6, 10**6), "granted"),
    ],
)
def test_what_was_spent_before_counts_against_each_limit(caps: Caps, spent: Amount, asked: Ask, answer: str) -> None:
    assert said(Ledger(caps, spent), Player("a"), asked).asks == (answer,)


def test_a_limit_in_dollars_refuses_a_model_without_prices() -> None:
    ledger, player = Ledger(Caps(nano=100)), Player("a")
    assert said(ledger, player, Ask(1, 0)).asks == ("granted",)
    player.unpriced = True
    assert said(ledger, player, Ask(1, 0)).asks == ("price",)


def test_a_run_that_was_taken_for_dead_holds_nothing_and_what_it_paid_meanwhile_counts() -> None:
    ledger, frozen, other = Ledger(Caps(calls=3), patience=100), Player("frozen"), Player("other")
    said(ledger, frozen, Ask(2, 0))
    assert said(ledger, other, Ask(2, 0), now=99).asks == ("wait",)
    assert said(ledger, other, Ask(2, 0), now=101).asks == ("granted",)
    frozen.end(0, 0, paid=True)
    reply = said(ledger, frozen, Ask(1, 0), now=102)
    assert (reply.state, reply.asks, frozen.held.calls) == ("lapsed", ("wait",), 0)
    assert (ledger.total.calls, ledger.held.calls) == (1, 2)
    assert said(ledger, frozen, Ask(1, 0), now=103).asks == ("wait",)


def test_a_reply_that_is_lost_reserves_nothing_twice() -> None:
    ledger, player = Ledger(Caps(calls=3)), Player("a")
    said(ledger, player)
    wave = player.wave(Ask(2, 0))
    assert ledger.exchange(wave, 0).asks == ledger.exchange(wave, 0).asks == ("granted",)
    assert ledger.held.calls == 2


def test_in_no_minute_are_more_requests_or_tokens_sent_than_allowed() -> None:
    ledger, player = Ledger(Caps(requests_per_minute=2, tokens_per_minute=100)), Player("a")
    first = said(ledger, player, sends=(Permit("1", 30), Permit("2", 30), Permit("3", 1), Permit("4", 1)), now=1000)
    assert first.sends == (0, 0, 60_000, 60_000)
    player.settled = [Permit("1", 90)]
    assert said(ledger, player, sends=(Permit("3", 20),), now=61_000).sends == (0,)
    assert said(ledger, player, sends=(Permit("4", 90),), now=61_000).sends == (60_000,), "the tokens of 3 and 4 are too many"
    assert said(ledger, player, sends=(Permit("3", 20),), now=61_000).sends == (0,), "the reply was lost"
    assert said(ledger, player, sends=(Permit("5", 500),), now=121_000).sends == (0,), "alone in its minute"
