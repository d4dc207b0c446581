"""The tier in Redis: exchanges, leases that end and are taken over, and what holds under any interleaving."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promptwire.gateway.answer_tier import ANY, Lease
from promptwire.shared.redis_server import RedisServer
from promptwire.shared.redis_tier import RedisTier, open_tier
from promptwire.shared.tier_scripts import LEASE, ROW
from tests.redis_process import RedisProcess, running_redis


@pytest.fixture
async def tiers(redis_server: RedisProcess) -> AsyncIterator[tuple[RedisTier, RedisTier]]:
    pair = RedisTier(RedisServer(redis_server.url)), RedisTier(RedisServer(redis_server.url))
    yield pair
    for one in pair:
        await one.close()


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisProcess]:
    with running_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


async def leased(tier: RedisTier, *keys: str, unusable: dict[str, str] | None = None) -> list[str]:
    done: asyncio.Future[Mapping[str, Lease]] = asyncio.get_running_loop().create_future()
    tier.lease(keys, unusable or {}, done)
    states = await done
    return [states[key] for key in keys]


async def idle(tier: RedisTier) -> None:
    """Return when all that was given to `tier` has been exchanged."""
    if tier._pump is not None:
        await tier._pump


async def test_a_key_is_leased_to_one_until_it_is_published_or_released(tiers: tuple[RedisTier, RedisTier]) -> None:
    one, two = tiers
    assert await leased(one, "a", "b") == ["granted", "granted"]
    assert await leased(two, "a", "b", "c") == ["held", "held", "granted"]
    assert await leased(one, "a") == ["granted"], "its own lease is no obstacle"
    one.publish("a", "row")
    one.release(["b", "never leased"])
    await idle(one)
    assert await leased(two, "a", "b") == ["answered", "granted"]
    assert await two.fetch(["a", "b"]) == {"a": b"row"}


async def test_the_first_published_row_stays_unless_it_is_the_unusable_one_or_any_may_be_replaced(
    tiers: tuple[RedisTier, RedisTier],
) -> None:
    one, two = tiers
    sha = hashlib.sha1(b"bad").hexdigest()  # noqa: S324 - as the server's scripts name a row
    rows = []
    for row, replaces in (("bad", ""), ("other", ""), ("good", sha), ("third", sha), ("new", ANY)):
        one.publish("a", row, replaces=replaces)
        await idle(one)
        rows.append((await two.fetch(["a"]))["a"].decode())
    assert rows == ["bad", "bad", "good", "good", "new"]


async def test_an_unusable_row_may_be_asked_for_again_but_not_one_that_took_its_place(
    tiers: tuple[RedisTier, RedisTier],
) -> None:
    one, two = tiers
    sha = hashlib.sha1(b"bad").hexdigest()  # noqa: S324 - as above
    one.publish("a", "bad")
    await idle(one)
    assert await leased(two, "a") == ["answered"]
    assert await leased(two, "a", unusable={"a": sha}) == ["granted"]
    two.publish("a", "good", replaces=sha)
    await idle(two)
    assert await leased(one, "a", unusable={"a": sha}) == ["answered"]


async def test_a_waiting_call_returns_when_the_answer_is_there_and_looks_seldom(
    tiers: tuple[RedisTier, RedisTier], redis_server: RedisProcess
) -> None:
    one, two = tiers
    await leased(one, *map(str, range(50)))
    redis_server.ask("CONFIG", "RESETSTAT")
    waiting = [asyncio.create_task(two.wait([str(number)], {})) for number in range(50)]
    await asyncio.sleep(0.5)
    for number in range(50):
        one.publish(str(number), "row")
    assert [await one for one in waiting] == [{str(number): "answered"} for number in range(50)]
    stats = redis_server.ask("INFO", "commandstats")
    looks = int(stats.split("cmdstat_eval:calls=")[1].split(",")[0])
    assert looks < 40, "all wait together, and longer each time"


async def test_a_lease_whose_holder_has_died_is_taken_over_at_its_end(redis_server: RedisProcess) -> None:
    dead, alive = RedisTier(RedisServer(redis_server.url), lease=0.3), RedisTier(RedisServer(redis_server.url))
    assert await leased(dead, "a") == ["granted"]
    assert dead._renewal is not None
    dead._renewal.cancel()
    assert await alive.wait(["a"], {}) == {"a": "granted"}
    await alive.close()
    await dead.close()
    assert redis_server.ask("DBSIZE") == ":0\r\n"


async def test_a_lease_that_a_restarted_server_has_lost_is_taken_again(redis_server: RedisProcess) -> None:
    one, two = RedisTier(RedisServer(redis_server.url), lease=0.3), RedisTier(RedisServer(redis_server.url))
    await leased(one, "a")
    redis_server.ask("FLUSHALL")
    for _ in range(200):
        if redis_server.ask("EXISTS", LEASE + "a") == ":1\r\n":
            break
        await asyncio.sleep(0.02)
    assert await leased(two, "a") == ["held"]
    await one.close()
    await two.close()


async def test_while_the_server_is_away_keys_are_granted_but_those_of_others_only_at_the_end_of_their_lease(
    redis_server: RedisProcess,
) -> None:
    now = [100.0]
    one = RedisTier(RedisServer(redis_server.url))
    two = RedisTier(RedisServer(redis_server.url), clock=lambda: now[0])
    await leased(one, "a")
    assert await leased(two, "a") == ["held"]
    redis_server.kill()
    assert await leased(two, "a", "b") == ["held", "granted"]
    now[0] += 31
    assert await leased(two, "a") == ["granted"]
    await one.close()
    await two.close()


async def test_rows_beyond_the_limit_are_counted_and_the_oldest_are_published(
    redis_server: RedisProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("promptwire.shared.unpublished._MOST", 100)
    one = RedisTier(RedisServer(redis_server.url))
    for number in range(5):
        one.publish(f"{number}", "x" * 40)
    await one.close()
    assert sorted(redis_server.ask("KEYS", ROW + "*").split()[2::2]) == [ROW + "0", ROW + "1"]
    assert one.take_notes() == [
        f"3 answers are on this machine only: `promptwire cache push` copies what {one._server.where} lacks"
    ]


async def test_a_server_that_can_lose_answers_is_warned_of_once_in_a_process(tmp_path: Path) -> None:
    with running_redis(tmp_path, "--maxmemory-policy", "allkeys-lru") as process:
        first, second = await open_tier(process.url), await open_tier(process.url)
        notes = first.take_notes()
        assert len(notes) == 2 and "allkeys-lru" in notes[0] and "nothing on disk" in notes[1]
        assert second.take_notes() == []
        await first.close()
        await second.close()


class Model:
    """Three machines that ask two questions. A machine that crashes loses all but its disk."""

    def __init__(self, server: RedisProcess) -> None:
        self.server = server
        self.keys = [secrets.token_hex(4) for _ in range(2)]
        self.tiers = [self.tier() for _ in range(3)]
        self.dead: list[RedisTier] = []
        self.asking: dict[tuple[int, str], int] = {}
        """Leases that a living machine has, by machine and key, and whether they have expired meanwhile."""
        self.disks: list[dict[str, str]] = [{} for _ in range(3)]
        self.excused = dict.fromkeys(self.keys, 0)
        """Leases of a key that ended without an answer: each allows one more payment."""
        self.paid = dict.fromkeys(self.keys, 0)

    def tier(self) -> RedisTier:
        return RedisTier(RedisServer(self.server.url))

    async def act(self, what: str, machine: int, key: str) -> None:
        tier, at = self.tiers[machine], (machine, key)
        if what == "ask" and at not in self.asking and key not in self.disks[machine]:
            row = (await tier.fetch([key])).get(key)
            state = "answered" if row is not None else (await leased(tier, key))[0]
            if row is not None:
                self.disks[machine][key] = row.decode()
            elif state == "granted":
                self.asking[at] = 1
        elif what == "publish" and at in self.asking:
            self.paid[key] += 1
            self.disks[machine][key] = f"answer of {machine}"
            del self.asking[at]
            tier.publish(key, self.disks[machine][key])
            await idle(tier)
        elif what == "fail" and self.asking.pop(at, None):
            self.excused[key] += 1
            tier.release([key])
            await idle(tier)
        elif what == "expire" and at in self.asking:
            self.excused[key] += 1
            self.server.ask("DEL", LEASE + key)
        elif what == "crash":
            for lost in [other for other in self.asking if other[0] == machine]:
                del self.asking[lost]
                self.excused[lost[1]] += 1
            self.dead.append(tier)
            self.tiers[machine] = self.tier()
        elif what == "end of dead":  # the lease of a machine that has crashed ends by itself
            held = {other[1] for other in self.asking}
            if key not in held:
                self.server.ask("DEL", LEASE + key)

    async def close(self) -> None:
        for tier in (*self.tiers, *self.dead):
            await tier.close()


ACTIONS = st.tuples(
    st.sampled_from(["ask", "ask", "publish", "fail", "expire", "crash", "end of dead"]), st.integers(0, 2), st.integers(0, 1)
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ACTIONS, max_size=40))
def test_any_interleaving_pays_a_question_once_for_each_lease_and_loses_no_answer(
    shared_server: RedisProcess, actions: list[tuple[str, int, int]]
) -> None:
    async def play() -> None:
        model = Model(shared_server)
        for what, machine, number in actions:
            await model.act(what, machine, model.keys[number])
        for key in model.keys:
            # One payment, and one more for each lease that ended without an answer while its holder still asked or had died.
            assert model.paid[key] <= 1 + model.excused[key]
            stored = await model.tiers[0].fetch([key])
            on_disk = [disk[key] for disk in model.disks if key in disk]
            assert bool(stored) == bool(model.paid[key]) and (not on_disk or stored[key].decode() in on_disk)
        await model.close()

    asyncio.run(play())
