"""Answers of other machines: fetched before asking, asked for once under a lease, published after they are stored."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from promptwire.backend import Completion, Request
from promptwire.backends.scripted import ScriptedBackend
from promptwire.cache.disk import ResponseCache
from promptwire.cache.record import CacheRecord, RequestMeta
from promptwire.errors import CacheError, LimitReached, ModelError, RequestRefused
from promptwire.gateway.budget import Budget
from promptwire.gateway.gateway import Gateway
from promptwire.gateway.trace import Trace
from promptwire.limits import Limits
from promptwire.shared.redis_server import RedisServer
from promptwire.shared.redis_tier import RedisTier
from promptwire.shared.tier_scripts import LEASE, ROW
from tests.engine.gateway.gateway_bench import Latch, counter, failing, question, texts
from tests.redis_process import RedisProcess


class Machine:
    """One machine: a local cache, a connection to the server and a gateway."""

    def __init__(self, folder: Path, url: str, **more: Any) -> None:
        self.said: list[str] = []
        self.cache = ResponseCache(folder)
        self.tier = RedisTier(RedisServer(url), lease=more.pop("lease", 30.0))
        facts: dict[str, Any] = {"budget": Budget(more.pop("limits", None)), "trace": Trace.null(), **more}
        self.gateway = Gateway(cache=self.cache, tier=self.tier, say=self.said.append, **facts)

    @property
    def counts(self) -> tuple[int, int, int]:
        """Calls that were wanted, new and cached."""
        total = self.gateway.usage.total
        return total.wanted, total.new, total.cached

    async def close(self) -> None:
        await self.gateway.close()
        await self.tier.close()
        self.said += self.tier.take_notes()
        self.cache.close()


Make = Callable[..., Machine]


@pytest.fixture
async def machine(tmp_path: Path, redis_server: RedisProcess) -> AsyncIterator[Make]:
    made: list[Machine] = []

    def make(**more: Any) -> Machine:
        made.append(Machine(tmp_path / f"machine {len(made)}", redis_server.url, **more))
        return made[-1]

    yield make
    for one in made:
        await one.close()


def model(reply: Any = None, **more: Any) -> ScriptedBackend:
    return ScriptedBackend(reply or counter(), name="m", **more)


async def published(one: Machine) -> None:
    """Return when the server has what this machine has paid for."""
    await one.gateway.drain()
    if one.tier._pump is not None:
        await one.tier._pump


def key_of(request: Request) -> str:
    return request.keys(model().identity, "").key(0)


def row(text: str, finish: str = "stop") -> str:
    return CacheRecord(Completion(text, finish), RequestMeta(model().identity, "generate"), 1.0).write()


async def test_an_answer_of_another_machine_costs_nothing_counts_as_cached_and_lies_in_the_local_cache(machine: Make) -> None:
    first, second = machine(), machine()
    assert texts(await first.gateway.ask(model(), question(), n=3)) == ["0", "1", "2"]
    await published(first)
    other = model()
    assert texts(await second.gateway.ask(other, question(), n=3)) == ["0", "1", "2"]
    assert (other.requests, other.opened, second.counts) == ([], 0, (3, 0, 3))
    assert second.cache.get(key_of(question())) == first.cache.get(key_of(question())) is not None


async def test_a_wave_is_looked_up_with_one_command(machine: Make, redis_server: RedisProcess) -> None:
    one = machine()
    redis_server.ask("CONFIG", "RESETSTAT")
    await asyncio.gather(*(one.gateway.ask(model(), question(f"{number}")) for number in range(200)))
    stats = redis_server.ask("INFO", "commandstats")
    assert "cmdstat_mget:calls=1," in stats
    assert one.counts == (200, 200, 0)


async def test_two_machines_that_ask_the_same_at_once_pay_each_question_once(machine: Make) -> None:
    first, second = machine(), machine()
    asked: list[str] = []

    def reply(request: Request, key: str) -> str:
        asked.append(key)
        return f"answer to {request.prompt}"

    both = [one.gateway.ask(model(reply, latency=0.01), question(f"{n}")) for n in range(60) for one in (first, second)]
    found = await asyncio.gather(*both)
    assert len(asked) == len(set(asked)) == 60
    assert [texts(one)[0] for one in found[::2]] == [texts(one)[0] for one in found[1::2]]
    assert first.counts[1] + second.counts[1] == 60 and first.counts[0] == second.counts[0] == 60


async def test_samples_that_two_machines_want_in_part_are_paid_once(machine: Make) -> None:
    first, second = machine(), machine()
    slow = model(latency=0.05)
    few, more = await asyncio.gather(
        first.gateway.ask(slow, question(), n=4), second.gateway.ask(slow, question(), n=6, first=2)
    )
    assert texts(few)[2:] == texts(more)[:2]
    assert first.counts[1] + second.counts[1] == 8


async def test_the_other_machine_asks_when_the_first_one_fails(machine: Make) -> None:
    first, second = machine(), machine()
    latch = Latch()
    broken = model(failing([RequestRefused("no")]), latency=1.0, sleep=latch)
    asking = asyncio.create_task(first.gateway.ask(broken, question()))
    while not broken.requests:
        await asyncio.sleep(0.01)
    waiting = asyncio.create_task(second.gateway.ask(model(lambda *_: "mine"), question()))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    latch.event.set()
    with pytest.raises(ModelError):
        await asking
    assert texts(await waiting) == ["mine"]


async def test_a_lease_outlives_its_length_while_its_holder_lives_and_ends_when_it_has_died(machine: Make) -> None:
    first, second = machine(lease=0.3), machine(lease=0.3)
    latch = Latch()
    slow = model(lambda *_: "slow", latency=1.0, sleep=latch)
    asking = asyncio.create_task(first.gateway.ask(slow, question()))
    while not slow.requests:
        await asyncio.sleep(0.01)
    waiting = asyncio.create_task(second.gateway.ask(model(lambda *_: "taken over"), question()))
    await asyncio.sleep(0.9)
    assert not waiting.done(), "the lease was renewed"
    assert first.tier._renewal is not None
    first.tier._renewal.cancel()
    assert texts(await asyncio.wait_for(waiting, 10)) == ["taken over"]
    latch.event.set()
    assert texts(await asking) == ["slow"], "a machine gives the answer that its own disk holds"


async def test_a_request_that_is_cancelled_gives_its_lease_back(machine: Make, redis_server: RedisProcess) -> None:
    one = machine()
    latch = Latch()
    busy = model(latency=1.0, sleep=latch, parallel=1)
    asking = [asyncio.create_task(one.gateway.ask(busy, question(f"{n}"))) for n in range(2)]
    while not busy.requests:
        await asyncio.sleep(0.01)
    held = [n for n in range(2) if redis_server.ask("EXISTS", LEASE + key_of(question(f"{n}"))) == ":1\r\n"]
    assert held == [0, 1], "the second waits for a slot"
    asking[1].cancel()
    latch.event.set()
    await asking[0]
    await published(one)
    assert redis_server.ask("KEYS", LEASE + "*") == "*0\r\n"


@pytest.mark.parametrize(
    ("policy", "answer", "published"),
    [("use", "theirs", "theirs"), ("only", "theirs", "theirs"), ("refresh", "0", "0"), ("off", "0", "theirs")],
)
async def test_each_policy_reads_and_writes_as_with_the_local_cache(
    machine: Make, redis_server: RedisProcess, policy: Any, answer: str, published: str
) -> None:
    redis_server.ask("SET", ROW + key_of(question()), row("theirs"))
    one = machine(policy=policy)
    assert texts(await one.gateway.ask(model(), question())) == [answer]
    await one.close()
    assert f'"text":"{published}"' in redis_server.ask("GET", ROW + key_of(question()))


async def test_under_only_a_question_without_an_answer_is_an_error_and_nothing_is_leased(
    machine: Make, redis_server: RedisProcess
) -> None:
    with pytest.raises(CacheError, match="holds no answer"):
        await machine(policy="only").gateway.ask(model(), question())
    assert redis_server.ask("DBSIZE") == ":0\r\n"


@pytest.mark.parametrize("stored", ["", "{", '{"answer":1}', "\x00", row("x")[:-4], '{"answer":{"text":7}}'])
async def test_a_row_that_cant_be_read_is_counted_and_not_used_and_a_good_one_takes_its_place(
    machine: Make, redis_server: RedisProcess, stored: str
) -> None:
    redis_server.ask("SET", ROW + key_of(question()), stored)
    one, other = machine(), machine()
    assert texts(await one.gateway.ask(model(), question())) == ["0"]
    assert await one.gateway.take_notes() == ["warning: 1 answer of the shared cache can't be read, and was not used"]
    await published(one)
    assert texts(await other.gateway.ask(model(lambda *_: "not asked"), question())) == ["0"]
    assert await other.gateway.take_notes() == []


async def test_a_value_that_is_no_text_on_the_server_stops_nothing(machine: Make, redis_server: RedisProcess) -> None:
    redis_server.ask("LPUSH", ROW + key_of(question()), "x")
    one = machine()
    asked = [one.gateway.ask(model(), question(text)) for text in ("q", "another")]
    assert {texts(answers)[0] for answers in await asyncio.wait_for(asyncio.gather(*asked), 20)} <= {"0", "1"}


async def test_a_filtered_answer_is_asked_for_again_but_serves_under_only(machine: Make, redis_server: RedisProcess) -> None:
    redis_server.ask("SET", ROW + key_of(question()), row("blocked", "content_filter"))
    assert texts(await machine(policy="only").gateway.ask(model(), question())) == ["blocked"]
    one = machine()
    assert texts(await one.gateway.ask(model(lambda *_: "fine"), question())) == ["fine"]
    await one.close()
    assert "fine" in redis_server.ask("GET", ROW + key_of(question()))


async def test_a_limit_counts_only_what_this_machine_has_paid(machine: Make, redis_server: RedisProcess) -> None:
    for number in range(5):
        redis_server.ask("SET", ROW + key_of(question(f"{number}")), row("theirs"))
    one = machine(limits=Limits(calls=1))
    for number in range(6):
        await one.gateway.ask(model(), question(f"{number}"))
    with pytest.raises(LimitReached):
        await one.gateway.ask(model(), question("7"))
    assert one.gateway.budget.spent.calls == 1


async def test_what_another_machine_answers_meanwhile_is_not_charged(machine: Make) -> None:
    first, second = machine(), machine(limits=Limits(calls=1))
    slow = model(latency=0.1)
    asking = asyncio.create_task(first.gateway.ask(slow, question()))
    while not slow.requests:
        await asyncio.sleep(0.01)
    assert texts(await second.gateway.ask(model(), question())) == texts(await asking)
    assert second.gateway.budget.spent.calls == 0 and second.counts == (1, 0, 1)
    assert texts(await second.gateway.ask(model(lambda *_: "paid"), question("another"))) == ["paid"]


async def test_a_server_that_goes_away_and_comes_back_costs_no_answer(machine: Make, redis_server: RedisProcess) -> None:
    one = machine()
    await one.gateway.ask(model(), question("before"))
    redis_server.kill()
    assert texts(await one.gateway.ask(model(lambda *_: "alone"), question("during"))) == ["alone"]
    redis_server.start()
    one.tier._server._again = 0.0
    await one.gateway.ask(model(), question("after"))
    await one.close()
    assert "alone" in redis_server.ask("GET", ROW + key_of(question("during"))), "it was published later"
    assert any("goes on without it" in text for text in one.said) and any("is back" in text for text in one.said)


async def test_what_could_not_be_published_is_told_at_the_end(machine: Make, redis_server: RedisProcess) -> None:
    one = machine()
    await one.gateway.ask(model(), question("before"))
    await published(one)
    redis_server.kill()
    await one.gateway.ask(model(), question("during"))
    await one.close()
    assert any("1 answer is on this machine only" in text and "cache push" in text for text in one.said)


async def test_a_server_without_memory_left_is_told_once_and_stops_nothing(machine: Make, redis_server: RedisProcess) -> None:
    redis_server.ask("CONFIG", "SET", "maxmemory", "1")
    one = machine()
    for number in range(5):
        await one.gateway.ask(model(), question(f"{number}"))
    await one.close()
    assert one.counts == (5, 5, 0)
    assert sum("does not store answers" in text for text in one.said) == 1


async def test_equal_questions_in_one_machine_send_one_request(machine: Make) -> None:
    one, asked = machine(), model(latency=0.01)
    answers = await asyncio.gather(*(one.gateway.ask(asked, question()) for _ in range(20)))
    assert len(asked.requests) == 1 and len({texts(answer)[0] for answer in answers}) == 1
    assert one.counts == (20, 1, 19)


async def test_calls_that_were_looked_up_together_are_not_looked_up_again(machine: Make, redis_server: RedisProcess) -> None:
    redis_server.ask("SET", ROW + key_of(question("0")), row("theirs"))
    one, requests = machine(), [question(f"{number}") for number in range(5)]
    assert one.gateway.shared is not None
    assert await one.gateway.shared.prefetch([key_of(request) for request in requests])
    redis_server.ask("CONFIG", "RESETSTAT")
    answers = await asyncio.gather(*(one.gateway.ask(model(lambda *_: "mine"), request) for request in requests))
    assert [texts(answer)[0] for answer in answers] == ["theirs", *["mine"] * 4]
    assert "cmdstat_mget" not in redis_server.ask("INFO", "commandstats")


def test_without_an_address_nothing_of_it_is_loaded() -> None:
    code = "import sys, promptwire.api, promptwire.running.session_setup; sys.exit('redis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
