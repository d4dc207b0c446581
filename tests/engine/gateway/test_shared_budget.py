"""A run at the common account of a sweep: what its gateway sends, waits for and gives back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from promptwire.backends.scripted import ScriptedBackend
from promptwire.errors import CacheError, LimitReached, NotStarted, RequestRefused
from promptwire.gateway.budget import Budget
from promptwire.gateway.gateway import Gateway
from promptwire.gateway.limit_wave import Amount, Caps, Reply, Wave
from promptwire.gateway.memory_limits import MemoryLimits
from promptwire.gateway.shared_budget import SharedBudget
from promptwire.limits import Limits, SharedLimits
from tests.engine.gateway.gateway_bench import Bench, counter, failing, question, settle, texts


def account(limits: SharedLimits, already: Amount | None = None) -> MemoryLimits:
    return MemoryLimits(Caps.of(limits), already=already)


async def gateways(bench: Bench, limits: SharedLimits, store: MemoryLimits, number: int = 1) -> list[Gateway]:
    shared = [SharedBudget(store, limits) for _ in range(number)]
    for one in shared:
        await one.__aenter__()
    return [bench.gateway(cache=None, budget=Budget(shared=one)) for one in shared]


def shared_by(gateway: Gateway) -> SharedBudget:
    assert gateway.budget.shared is not None
    return gateway.budget.shared


async def leave(*gateways: Gateway) -> None:
    for gateway in gateways:
        await gateway.close()
        await shared_by(gateway).__aexit__(None)


async def test_runs_use_a_limit_together_up_to_the_last_call(bench: Bench) -> None:
    limits = SharedLimits(calls=25)
    store, model = account(limits), ScriptedBackend(counter(), latency=0.001)
    some = await gateways(bench, limits, store, 3)
    asked = [gateway.ask(model, question(f"{turn} {number}")) for turn in range(15) for number, gateway in enumerate(some)]
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(one, tuple) for one in found) == len(model.requests) == 25
    refused = [one for one in found if not isinstance(one, tuple)]
    assert all(isinstance(one, LimitReached) and "the sweep's limit of 25 calls is reached" in str(one) for one in refused)
    assert [bool(shared_by(gateway).refused) for gateway in some] == [False, True, True]
    await leave(*some)
    assert store.total.calls == 25


async def test_samples_that_belong_together_are_sent_all_or_none(bench: Bench) -> None:
    limits = SharedLimits(calls=5)
    store, model = account(limits), ScriptedBackend(counter())
    (gateway,) = await gateways(bench, limits, store)
    assert len(await gateway.ask(model, question("a"), n=3)) == 3
    with pytest.raises(LimitReached):
        await gateway.ask(model, question("b"), n=3)
    assert len(await gateway.ask(model, question("c"), n=2)) == 2
    await leave(gateway)


async def test_a_failed_call_gives_its_reservation_back(bench: Bench) -> None:
    limits = SharedLimits(calls=1)
    store, model = account(limits), ScriptedBackend(failing([RequestRefused("no")]))
    (gateway,) = await gateways(bench, limits, store)
    with pytest.raises(RequestRefused):
        await gateway.ask(model, question())
    assert texts(await gateway.ask(model, question())) == ["fine"]
    await leave(gateway)


async def test_a_call_waits_for_one_in_flight_elsewhere_and_goes_when_that_fails(bench: Bench) -> None:
    limits, opened = SharedLimits(calls=1), asyncio.Event()

    class Slow(ScriptedBackend):
        async def call(self, request: object, *, keys: object) -> list[object]:  # type: ignore[override]
            await opened.wait()
            raise RequestRefused("no")

    store, quick = account(limits), ScriptedBackend(counter())
    one, other = await gateways(bench, limits, store, 2)
    first = asyncio.create_task(one.ask(Slow(counter()), question()))
    await settle(lambda: bool(one.usage.total.requests))
    second = asyncio.create_task(other.ask(quick, question()))
    await settle()
    assert not second.done() and not quick.requests
    opened.set()
    assert texts(await second) == ["0"]
    assert isinstance(await asyncio.gather(first, return_exceptions=True), list)
    await leave(one, other)


async def test_a_cancelled_step_gives_back_what_it_waited_for(bench: Bench) -> None:
    limits = SharedLimits(calls=2)
    store, model = account(limits), ScriptedBackend(counter(), parallel=1, latency=0.02)
    (gateway,) = await gateways(bench, limits, store)
    first = asyncio.create_task(gateway.ask(model, question("a")))
    second = asyncio.create_task(gateway.ask(model, question("b")))
    await settle(lambda: bool(model.requests))
    second.cancel()
    await first
    assert texts(await gateway.ask(model, question("c"))) == ["1"]
    await leave(gateway)
    assert store.total.calls == 2


async def test_a_run_reserves_its_comparison_and_a_search_that_was_paid_for_always_ends_with_it(bench: Bench) -> None:
    limits = SharedLimits(calls=10)
    store, model = account(limits), ScriptedBackend(counter())
    one, other = await gateways(bench, limits, store, 2)
    for gateway in (one, other):
        gateway.budget.reserve_final({"task": 4})
        await gateway.budget.start()
    for number in range(2):
        await one.ask(model, question(f"search {number}"))
    with pytest.raises(LimitReached):
        await other.ask(model, question("search of the other"))
    for gateway in (one, other):
        gateway.budget.release()
        for number in range(4):
            await gateway.ask(model, question(f"comparison {number}"))
        with pytest.raises(LimitReached):
            await gateway.ask(model, question("more than that"))
    await leave(one, other)
    assert store.total.calls == 10


async def test_a_run_whose_comparison_does_not_fit_is_not_started_and_says_so(bench: Bench) -> None:
    limits = SharedLimits(calls=10)
    (gateway,) = await gateways(bench, limits, account(limits, Amount(7)))
    gateway.budget.reserve_final({"task": 4})
    with pytest.raises(NotStarted, match=r"limit of 10 calls is reached; this run was not started, as its .* 4 calls"):
        await gateway.budget.start()
    assert "limit of 10 calls" in shared_by(gateway).refused
    await leave(gateway)


async def test_a_run_that_waits_to_start_starts_when_another_gives_its_comparison_back(bench: Bench) -> None:
    limits = SharedLimits(calls=10)
    one, other = await gateways(bench, limits, account(limits), 2)
    for gateway in (one, other):
        gateway.budget.reserve_final({"task": 6})
    await one.budget.start()
    starting = asyncio.create_task(other.budget.start())
    await settle()
    assert not starting.done()
    await leave(one)
    await starting
    await leave(other)


async def test_a_limit_of_the_run_bounds_what_it_reserves_for_its_comparison(bench: Bench) -> None:
    limits = SharedLimits(calls=10)
    async with SharedBudget(account(limits), limits) as shared:
        budget = Budget(Limits(calls=6), shared=shared)
        budget.reserve_final({"task": 1000})
        await budget.start()


@pytest.mark.parametrize(
    ("limits", "cost", "words"),
    [(SharedLimits(tokens=30), 4, "30 tokens"), (SharedLimits(usd=0.5), 5, "0.5 dollars")],
)
async def test_tokens_and_dollars_end_with_the_call_that_reaches_them(
    bench: Bench, limits: SharedLimits, cost: int, words: str
) -> None:
    store = account(limits)
    async with SharedBudget(store, limits) as shared:
        budget = Budget(shared=shared)
        calls = 0
        with pytest.raises(LimitReached, match=words):
            while True:
                (reservation,) = budget.reserve(1, 5)
                assert reservation.hold is not None
                reservation.hold.want()
                await reservation.hold.granted()
                budget.settle(reservation, tokens=7, usd=0.1)
                calls += 1
        assert calls == cost
    assert store.total == Amount(calls, 7 * calls, calls * 10**8)


class Away(MemoryLimits):
    """An account that is away while a test says so."""

    beat = 0.01
    patience = 0.2
    away = False
    sent = 0

    async def exchange(self, wave: Wave) -> Reply | None:
        self.sent += 1
        return None if self.away else await super().exchange(wave)


async def test_without_the_account_nothing_is_sent_and_the_run_goes_on_when_it_is_back(bench: Bench) -> None:
    limits, model = SharedLimits(calls=5), ScriptedBackend(counter())
    store = Away(Caps.of(limits))
    (gateway,) = await gateways(bench, limits, store)
    await gateway.ask(model, question("a"))
    store.away = True
    waiting = asyncio.create_task(gateway.ask(model, question("b")))
    await until(lambda: store.sent > 5)
    assert not waiting.done() and len(model.requests) == 1
    store.away = False
    assert texts(await waiting) == ["1"]
    await leave(gateway)
    assert store.total.calls == 2


async def test_a_run_that_got_no_reply_for_long_does_not_send_what_it_had_reserved(bench: Bench) -> None:
    limits = SharedLimits(calls=5)
    store, now = Away(Caps.of(limits)), 0.0
    async with SharedBudget(store, limits, clock=lambda: now) as shared:
        (hold,) = shared.holds(1, 0)
        hold.want()
        await hold.granted()
        store.away, now = True, 0.15
        sending = asyncio.create_task(shared.may_send([hold], 0, lane="m"))
        await asyncio.sleep(0.05)
        assert not sending.done()
        store.away = False
        await sending
        hold.settle(0, 0.0)


async def test_an_account_that_stays_away_is_one_clear_error_in_the_end(bench: Bench) -> None:
    limits, model = SharedLimits(calls=5), ScriptedBackend(counter())
    store = Away(Caps.of(limits))
    shared = SharedBudget(store, limits, longest=0.05)
    await shared.__aenter__()
    gateway = bench.gateway(cache=None, budget=Budget(shared=shared))
    store.away = True
    with pytest.raises(CacheError, match=r"could not be checked for 0\.05 seconds"):
        await gateway.ask(model, question())
    await gateway.close()
    await shared.__aexit__(None)


async def test_an_account_that_cant_be_written_is_one_error_and_no_call_waits_for_ever(bench: Bench) -> None:
    def keep(total: Amount) -> None:
        raise OSError(28, "No space left on device")

    limits, model = SharedLimits(calls=5), ScriptedBackend(counter())
    shared = SharedBudget(MemoryLimits(Caps.of(limits), keep=keep), limits)
    await shared.__aenter__()
    gateway = bench.gateway(cache=None, budget=Budget(shared=shared))
    await gateway.ask(model, question("a"))
    with pytest.raises(CacheError, match="can't be kept: OSError"):
        async with asyncio.timeout(5):
            while True:
                await gateway.ask(model, question("b"))
    await gateway.close()
    with pytest.raises(CacheError, match="can't be kept"):
        await shared.__aexit__(None)


async def test_the_common_pace_holds_a_request_back_and_a_run_without_budgets_reserves_nothing(bench: Bench) -> None:
    limits, model = SharedLimits(requests_per_minute=2), ScriptedBackend(counter())
    now = 0.0
    store = MemoryLimits(Caps.of(limits), clock=lambda: now)
    one, other = await gateways(bench, limits, store, 2)
    await one.ask(model, question("a"))
    await other.ask(model, question("b"))
    waiting = asyncio.create_task(one.ask(model, question("c")))
    await settle()
    assert len(model.requests) == 2
    now = 60.0
    await waiting
    assert not shared_by(one).budgeted
    await leave(one, other)


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not done():
            await asyncio.sleep(0.01)
