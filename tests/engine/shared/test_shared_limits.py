"""The account of a sweep on a real Redis server: the same rules as in memory, and a server that is killed and forgets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promptwire.errors import CacheError
from promptwire.gateway.limit_ledger import Ledger
from promptwire.gateway.limit_wave import NOTHING, Amount, Ask, Caps, Permit, Reply, Wave
from promptwire.shared.redis_server import RedisServer
from promptwire.shared.shared_limits import RedisLimits
from tests.limit_players import Player, moves, play
from tests.redis_process import RedisProcess, running_redis


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisProcess]:
    with running_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


Connect = Callable[[RedisProcess], RedisServer]


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """Makes connections as of separate processes: one whose server was away tries again only after a while."""
    made: list[RedisServer] = []

    def connect(process: RedisProcess) -> RedisServer:
        made.append(RedisServer(process.url))
        return made[-1]

    yield connect
    for server in made:
        await server.close()


@pytest.fixture
def server(redis_server: RedisProcess, connect: Connect) -> RedisServer:
    return connect(redis_server)


class Clock:
    now = 1_000_000

    def __call__(self) -> int:
        return self.now


def account(server: RedisServer, caps: Caps, clock: Clock, *, opens: bool = True) -> RedisLimits:
    return RedisLimits(server, "s", caps, already=NOTHING if opens else None, patience=10, clock=clock)


async def said(limits: RedisLimits, player: Player, *asks: Ask, sends: tuple[Permit, ...] = ()) -> Reply:
    wave = player.wave(*asks, sends=sends)
    reply = await limits.exchange(wave)
    assert reply is not None
    player.take(wave, reply)
    return reply


_caps = st.builds(
    Caps,
    calls=st.none() | st.integers(0, 12),
    tokens=st.none() | st.integers(0, 400),
    nano=st.none() | st.integers(0, 20_000),
    requests_per_minute=st.none() | st.integers(1, 3),
    tokens_per_minute=st.none() | st.integers(1, 200),
)
_names = count()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(moves("freeze", "unpriced", "late", "later"), _caps)
def test_the_script_answers_as_the_account_in_memory_does(lasting: RedisProcess, played: list[Any], caps: Caps) -> None:
    async def game() -> None:
        clock, server = Clock(), RedisServer(lasting.url)
        limits = RedisLimits(server, f"g{next(_names)}", caps, already=NOTHING, patience=10, clock=clock)
        ledger = Ledger(caps, patience=10_000)
        players = [Player("a"), Player("b"), Player("c")]

        async def exchange(wave: Wave) -> Reply:
            reply, expected = await limits.exchange(wave), ledger.exchange(wave, clock.now)
            assert reply is not None
            assert (reply.state, reply.life, reply.total) == (expected.state, expected.life, expected.total)
            assert (reply.asks, reply.sends) == (expected.asks, expected.sends)
            return reply

        try:
            for move in played:
                if move[0] in ("late", "later", "freeze"):
                    clock.now += {"late": 4_000, "later": 25_000, "freeze": 10_000}[move[0]]
                elif move[0] == "unpriced":
                    players[move[1]].unpriced = True
                else:
                    await play(players, move, exchange)
        finally:
            await server.close()

    asyncio.run(game())


async def test_only_who_opens_a_sweep_makes_its_account_and_what_was_spent_before_stays(server: RedisServer) -> None:
    clock, caps = Clock(), Caps(calls=10)
    early = account(server, caps, clock, opens=False)
    assert await early.exchange(Player("early").wave()) == Reply("absent")
    first = Player("first")
    await said(account(server, caps, clock), first, Ask(4, 0))
    for _ in range(4):
        first.end(10, 0, paid=True)
    await said(early, first)
    # The same sweep goes on later, with a higher limit, after its runs have died.
    clock.now += 10**9
    again = RedisLimits(server, "s", Caps(calls=12), already=Amount(3, 1, 0), patience=10, clock=clock)
    last = Player("last")
    assert (await said(again, last, Ask(9, 0), Ask(8, 0))).asks == ("calls", "granted")
    assert last.seen == Amount(4, 40, 0)


async def test_a_server_that_forgot_all_grants_nothing_until_the_living_have_told_what_they_spent(
    redis_server: RedisProcess, server: RedisServer, connect: Connect
) -> None:
    clock, caps = Clock(), Caps(calls=100)
    limits = account(server, caps, clock)
    one, other, gone = Player("one"), Player("other"), Player("gone")
    for player, calls in ((gone, 40), (one, 20), (other, 10)):
        await said(limits, player, Ask(calls, 0))
        for _ in range(calls):
            player.end(1, 0, paid=True)
        await said(limits, player)
    await limits.exchange(gone.wave(leaves=True))
    await said(limits, one, Ask(5, 0))
    redis_server.kill()
    redis_server.start()
    limits = account(connect(redis_server), caps, clock, opens=False)
    one.end(1, 0, paid=True)
    reply = await said(limits, one, Ask(1, 0))
    assert (reply.state, reply.asks, one.held.calls) == ("grace", ("wait",), 4)
    clock.now += 9_000
    assert (await said(limits, other, Ask(30, 0))).asks == ("wait",)
    clock.now += 1_001
    # 40 of the one that left, 21 and 10 are spent, and 4 are in flight.
    assert (await said(limits, one)).total.calls == 71
    reply = await said(limits, other, Ask(26, 0), Ask(25, 0))
    assert reply.asks == ("wait", "granted")
    assert (await said(limits, one, Ask(1, 0))).asks == ("wait",)


async def test_a_run_that_tells_too_late_after_a_restart_holds_nothing_and_all_that_was_spent_counts(
    redis_server: RedisProcess, server: RedisServer, connect: Connect
) -> None:
    clock, caps = Clock(), Caps(calls=10)
    limits = account(server, caps, clock)
    one, late = Player("one"), Player("late")
    await said(limits, one)
    await said(limits, late, Ask(3, 0))
    late.end(0, 0, paid=True)
    await said(limits, late)
    redis_server.kill()
    redis_server.start()
    limits = account(connect(redis_server), caps, clock, opens=False)
    await said(limits, one)
    clock.now += 10_001
    assert (await said(limits, one, Ask(9, 0))).asks == ("granted",)
    late.end(0, 0, paid=True)
    reply = await said(limits, late)
    assert (reply.state, reply.total.calls, late.held.calls) == ("lapsed", 2, 0)


async def test_a_server_that_keeps_its_rows_gives_no_time_back_to_the_pace(tmp_path: Path, connect: Connect) -> None:
    with running_redis(tmp_path / "r", "--appendonly", "yes", "--appendfsync", "always") as process:
        clock, caps = Clock(), Caps(calls=10, requests_per_minute=2)
        limits, player = account(connect(process), caps, clock), Player("a")
        assert (await said(limits, player, Ask(3, 0), sends=(Permit("1", 1),))).sends == (0,)
        player.end(0, 0, paid=True)
        process.kill()
        process.start()
        limits = account(connect(process), caps, clock, opens=False)
        assert (await said(limits, player)).state == "grace"
        clock.now += 10_001
        reply = await said(limits, player, Ask(7, 0), Ask(10, 0), sends=(Permit("2", 1),))
        assert (reply.asks, reply.sends, reply.total.calls) == (("granted", "calls"), (49_999,), 1)


async def test_a_server_that_is_away_is_no_error_and_one_that_refuses_the_script_is(
    redis_server: RedisProcess, server: RedisServer
) -> None:
    limits = account(server, Caps(calls=1), Clock())
    await server.send([("SET", "promptwire:{s}:limits", "no hash")])
    with pytest.raises(CacheError, match="the shared limits can't be kept"):
        await limits.exchange(Player("a").wave())
    redis_server.kill()
    assert await limits.exchange(Player("a").wave()) is None
