"""Copies of a local cache to and from a server: counts, repeats, unreadable rows, and a server that goes away."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from promptwire.backend import Completion
from promptwire.cache.disk import ResponseCache
from promptwire.cache.record import RequestMeta
from promptwire.cli.app import app
from promptwire.errors import CacheError
from promptwire.shared import transfer
from promptwire.shared.tier_scripts import ROW
from promptwire.shared.transfer import Copied, pull, push
from tests.redis_process import RedisProcess

META = RequestMeta("m", "generate")


def key(number: int) -> str:
    return f"{number:064x}"


def filled(folder: Path, numbers: range, text: str = "text {}") -> Path:
    cache = ResponseCache(folder)
    for number in numbers:
        cache.put(key(number), Completion(text.format(number)), meta=META)
    cache.close()
    return folder


def held(folder: Path, numbers: range) -> list[str]:
    cache = ResponseCache(folder)
    found = cache.find([key(number) for number in numbers])
    cache.close()
    return [found[key(number)].text for number in numbers]


async def test_what_one_machine_pushes_another_pulls_and_a_repeat_copies_nothing(
    tmp_path: Path, redis_server: RedisProcess
) -> None:
    here, there = filled(tmp_path / "here", range(1200)), tmp_path / "there"
    assert await push(here, redis_server.url) == Copied(1200, 1200, 0)
    assert await push(here, redis_server.url) == Copied(1200, 0, 0)
    assert await pull(there, redis_server.url) == Copied(1200, 1200, 0)
    assert await pull(there, redis_server.url) == Copied(1200, 0, 0)
    assert held(there, range(1200)) == [f"text {number}" for number in range(1200)]


async def test_no_answer_is_replaced_on_either_side(tmp_path: Path, redis_server: RedisProcess) -> None:
    first, second = filled(tmp_path / "first", range(3)), filled(tmp_path / "second", range(2, 5), "other {}")
    await push(first, redis_server.url)
    assert await push(second, redis_server.url) == Copied(3, 2, 0)
    assert await pull(second, redis_server.url) == Copied(5, 2, 0)
    assert held(second, range(5)) == ["text 0", "text 1", "other 2", "other 3", "other 4"]
    await pull(first, redis_server.url)
    assert held(first, range(5)) == ["text 0", "text 1", "text 2", "other 3", "other 4"]


async def test_rows_that_cant_be_read_are_counted_and_other_keys_of_the_server_are_left_alone(
    tmp_path: Path, redis_server: RedisProcess
) -> None:
    await push(filled(tmp_path / "here", range(2)), redis_server.url)
    for name, value in (
        (ROW + key(7), "{"),
        (ROW + "../evil", "x"),
        (ROW + key(8).upper().replace("0", "G"), "x"),
        ("mine", "1"),
    ):
        redis_server.ask("SET", name, value)
    redis_server.ask("LPUSH", ROW + key(9), "x")
    assert await pull(tmp_path / "there", redis_server.url) == Copied(2, 2, 4)
    assert held(tmp_path / "there", range(2)) == ["text 0", "text 1"]
    assert "1" in redis_server.ask("GET", "mine")


async def test_large_answers_go_in_several_messages(
    tmp_path: Path, redis_server: RedisProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "_MESSAGE", 1000)
    here = filled(tmp_path / "here", range(10), "long " * 100 + "{}")
    assert await push(here, redis_server.url) == Copied(10, 10, 0)
    assert (await pull(tmp_path / "there", redis_server.url)).new == 10


async def test_a_copy_that_a_full_server_stops_tells_how_much_is_there_and_goes_on_later(
    tmp_path: Path, redis_server: RedisProcess
) -> None:
    here = filled(tmp_path / "here", range(20))
    redis_server.ask("CONFIG", "SET", "maxmemory", "1")
    with pytest.raises(CacheError, match=r"only 0 new answers were copied.*maxmemory") as error:
        await push(here, redis_server.url)
    assert "the same command" in error.value.hint
    redis_server.ask("CONFIG", "SET", "maxmemory", "0")
    assert await push(here, redis_server.url) == Copied(20, 20, 0)


async def test_a_server_that_goes_away_on_the_way_is_one_error(
    tmp_path: Path, redis_server: RedisProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = filled(tmp_path / "here", range(10), "long " * 100 + "{}")
    monkeypatch.setattr(transfer, "_MESSAGE", 1000)
    messages = transfer._messages

    def dying(entries: list[object]) -> object:
        for number, part in enumerate(messages(entries)):  # type: ignore[arg-type]
            if number == 2:
                redis_server.kill()
            yield part

    monkeypatch.setattr(transfer, "_messages", dying)
    with pytest.raises(CacheError, match="only 2 new answers were copied"):
        await push(here, redis_server.url)


def test_the_commands_print_the_counts_and_need_a_server(redis_server: RedisProcess, tmp_path: Path) -> None:
    filled(tmp_path / "cache", range(3))
    run = CliRunner().invoke
    assert run(app, ["cache", "push", "--cache-url", redis_server.url]).stdout == "3 completions, 3 of them new\n"
    there = {"PROMPTWIRE_CACHE": str(tmp_path / "there"), "PROMPTWIRE_CACHE_URL": redis_server.url}
    assert run(app, ["cache", "pull"], env=there).stdout == "3 completions, 3 of them new\n"
    missing = run(app, ["cache", "pull"])
    assert missing.exit_code != 0 and "no server is named" in f"{missing.output}{missing.exception}"
