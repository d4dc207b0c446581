"""The one door to Redis: replies, refusals, a server that goes away and comes back, and no secret in any message."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from promptwire.errors import CacheError, PromptwireError, UsageError
from promptwire.shared.redis_server import RedisServer, Refusal
from tests.redis_process import RedisProcess, running_redis


def told(error: BaseException | None) -> str:
    """All texts of an error and of its causes, which a traceback shows."""
    return "" if error is None else f"{error!s} {error!r} {told(error.__cause__ or error.__context__)}"


class Clock:
    """Time that passes only when a test says so."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_replies_come_in_the_order_of_the_commands_and_texts_are_bytes(redis_server: RedisProcess) -> None:
    server = RedisServer(redis_server.url)
    await server.open()
    assert await server.send([("SET", "a", "1"), ("MGET", "a", "b"), ("EVAL", "return {KEYS[1], ARGV[1]}", 1, "k", 7)]) == [
        b"OK",
        [b"1", None],
        [b"k", b"7"],
    ]
    assert await server.run_script("return #KEYS", ["x", "y"], []) == 2
    await server.close()


async def test_a_command_that_is_refused_does_not_stop_those_beside_it(redis_server: RedisProcess) -> None:
    server = RedisServer(redis_server.url)
    await server.open()
    replies = await server.send([("SET", "a", "text"), ("INCR", "a"), ("GET", "a")])
    assert replies is not None and isinstance(replies[1], Refusal) and replies[2] == b"text"
    assert "not an integer" in replies[1].text and not server.away
    await server.close()


@pytest.mark.parametrize("url", ["redis://:secret-pw@127.0.0.1:{port}/0", "valkey://u:secret-pw@127.0.0.1:{port}"])
async def test_a_login_that_is_refused_is_an_error_without_the_password(tmp_path: Path, url: str) -> None:
    with running_redis(tmp_path, "--requirepass", "another") as process, pytest.raises(CacheError, match="login") as error:
        await RedisServer(url.format(port=process.port)).open()
    assert "secret-pw" not in told(error.value)


async def test_a_login_that_is_right_opens(tmp_path: Path) -> None:
    with running_redis(tmp_path, "--requirepass", "p@ss/word") as process:
        server = RedisServer(f"redis://:p%40ss%2Fword@127.0.0.1:{process.port}")
        await server.open()
        assert await server.send([("PING",)]) == [b"PONG"] and "word" not in server.where
        await server.close()


async def test_an_unreachable_server_is_an_error_where_it_was_never_reached() -> None:
    with pytest.raises(CacheError, match="can't be reached") as error:
        await RedisServer("redis://:secret-pw@127.0.0.1:9").open()
    assert "secret-pw" not in told(error.value)
    assert "--cache-url" in error.value.hint


@pytest.mark.parametrize(
    "url",
    ["", "127.0.0.1:6379", "http://127.0.0.1", "redis://", "unix://", "redis://:secret/pw@host:1", "redis://h:99999999", "redis://secret:12/34@h:1",
     "redis://:secret-pw@h:1/0?max_connections=secret-pw", "redis://:secret-pw@h:1?nothing=1"],
)  # fmt: skip
async def test_an_address_that_cant_be_one_is_an_error_without_the_password(url: str) -> None:
    with pytest.raises(PromptwireError) as error:
        server = RedisServer(url)
        await server.open()
    assert isinstance(error.value, UsageError | CacheError)
    assert "secret" not in told(error.value)


async def test_a_server_that_goes_away_gives_none_and_comes_back_by_itself(redis_server: RedisProcess) -> None:
    clock = Clock()
    server = RedisServer(redis_server.url, clock=clock)
    await server.open()
    redis_server.kill()
    assert await server.send([("PING",)]) is None and server.away
    redis_server.start()
    assert await server.send([("PING",)]) is None, "it is not tried again at once"
    clock.now += 60
    assert await server.send([("PING",)]) == [b"PONG"] and not server.away
    gone, back = server.take_notes()
    assert "the run goes on without it" in gone and back.endswith("is back")
    assert server.take_notes() == []
    await server.close()


async def test_a_server_that_was_reached_before_may_be_away_at_the_next_opening(redis_server: RedisProcess) -> None:
    first, second = RedisServer(redis_server.url), RedisServer(redis_server.url)
    await first.open()
    await first.close()
    redis_server.kill()
    await second.open()
    assert second.away and await second.send([("PING",)]) is None
    await second.close()


async def test_a_server_that_hangs_counts_as_away() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    listening = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    server = RedisServer(f"redis://127.0.0.1:{port}", patience=0.2)
    assert await server.send([("PING",)]) is None
    assert "no answer within 0.2 seconds" in server.take_notes()[0]
    await server.close()
    listening.close()
    await asyncio.sleep(0.05)


@pytest.mark.parametrize("reply", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"*-5\r\n", b"$zz\r\n", b"\xff\xfe\r\n"])
async def test_a_server_that_is_no_redis_counts_as_away(reply: bytes) -> None:
    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(reply)
        writer.close()

    listening = await asyncio.start_server(other, "127.0.0.1", 0)
    server = RedisServer(f"redis://127.0.0.1:{listening.sockets[0].getsockname()[1]}", patience=1)
    assert await server.send([("PING",)]) is None and server.away
    await server.close()
    listening.close()
    await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--appendonly", "yes"), []),
        (("--save", "900", "1"), []),
        ((), ["stores nothing on disk"]),
        (("--appendonly", "yes", "--maxmemory-policy", "allkeys-lru"), ["allkeys-lru"]),
    ],
)
async def test_a_server_that_can_lose_answers_is_warned_of(tmp_path: Path, options: tuple[str, ...], said: list[str]) -> None:
    with running_redis(tmp_path, *options) as process:
        server = RedisServer(process.url)
        found = await server.warnings()
        await server.close()
    assert len(found) == len(said)
    assert all(part in text for part, text in zip(said, found, strict=True))
