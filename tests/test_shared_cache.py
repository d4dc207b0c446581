"""Whole runs in processes of their own with local caches of their own, which share answers through a real redis-server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cluster_parts import ModelServer, Parts

from tests.redis_process import RedisProcess, running_redis

PASSWORD = "Rb8rqvXu2kTn"
RUN = ["run", "ape", "--task", "planted", "--model", "openai/planted", "-p", "n=4", "--json", "--yes"]
SAME = ("prompt", "initial_prompt", "test", "train")


class Machines:
    """Processes that share one Redis server and one model server, each with folders of its own."""

    def __init__(self, model: ModelServer, redis: RedisProcess, folder: Path) -> None:
        self.model, self.redis, self.folder = model, redis, folder
        self.url = redis.url.replace("redis://", f"redis://:{PASSWORD}@")

    def answered(self) -> int:
        """Questions that the model server has answered."""
        return sum(self.model.questions().values())

    def start(self, name: str, *command: str, url: bool = True) -> subprocess.Popen[str]:
        home = self.folder / name
        home.mkdir(exist_ok=True)
        own = {"PROMPTWIRE_CACHE": str(home / "cache"), "PROMPTWIRE_RUNS": str(home / "runs"), "OPENAI_API_KEY": "none"}
        own |= {"PROMPTWIRE_CACHE_URL": self.url} if url else {}
        words = [sys.executable, "-m", "promptwire", *command]
        return subprocess.Popen(
            words, cwd=home, env={**os.environ, **own}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def run(self, name: str, *more: str, **how: Any) -> subprocess.Popen[str]:
        return self.start(name, *RUN, "--api-base", self.model.url, *more, **how)


def report(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, errors = process.communicate(timeout=170)
    assert process.returncode == 0, errors
    found: dict[str, Any] = json.loads(out)
    return found


def results(found: dict[str, Any]) -> list[Any]:
    return [found[name] for name in SAME]


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    with running_redis(tmp_path / "redis", "--requirepass", PASSWORD) as redis, Parts(tmp_path / "parts") as parts:
        yield Machines(parts.model_server(), redis, tmp_path)


def calls(found: dict[str, Any]) -> tuple[int, int]:
    """New and cached calls."""
    return found["calls"]["new"], found["calls"]["cached"]


def written(folder: Path) -> bytes:
    """All that stands in the files below a folder."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.heavy
def test_two_processes_that_run_the_same_at_once_pay_each_question_once_and_find_the_same(machines: Machines) -> None:
    machines.model.set(latency=0.02)
    both = [machines.run(name) for name in ("first", "second")]
    first, second = [report(one) for one in both]
    questions = machines.model.questions()
    assert set(questions.values()) == {1}
    assert first["requests"] + second["requests"] == len(questions)
    assert sum(calls(first)) == sum(calls(second))
    assert results(first) == results(second)
    bundle = machines.folder / "second.jsonl"
    machines.start("second", "bundle", second["run"], "--to", str(bundle), "--data").communicate(timeout=170)
    machines.redis.kill()
    replayed = machines.start("elsewhere", "replay", str(bundle), "--json", url=False)
    assert results(report(replayed)) == results(second), "what was fetched lies in the local cache"


@pytest.mark.heavy
def test_a_later_process_pays_nothing_its_plan_says_so_and_no_file_holds_the_password(machines: Machines) -> None:
    first = report(machines.run("first"))
    paid = machines.answered()
    plan = report(machines.start("second", "plan", *RUN[1:-1], "--api-base", machines.model.url))
    assert plan["total"]["new"] == 0
    second = report(machines.run("third", "--cache", "only"))
    assert machines.answered() == paid
    assert calls(second) == (0, sum(calls(first))) and results(first) == results(second)
    for name in ("first", "second", "third"):
        assert PASSWORD.encode() not in written(machines.folder / name)


@pytest.mark.heavy
def test_a_server_that_is_killed_in_the_middle_of_a_run_changes_no_result(machines: Machines) -> None:
    alone = report(machines.run("alone", url=False))
    machines.model.set(latency=0.05)
    running = machines.run("first", "--tries", "1")
    before = machines.answered()
    while machines.answered() == before and running.poll() is None:
        time.sleep(0.05)
    machines.redis.kill()
    found = report(running)
    assert results(found) == results(alone)
    assert calls(found)[0] == calls(alone)[0]


@pytest.mark.heavy
def test_a_server_that_can_lose_answers_is_warned_of_where_no_progress_is_shown(machines: Machines) -> None:
    process = machines.run("first")
    _, errors = process.communicate(timeout=170)
    assert process.returncode == 0
    assert errors.count("stores nothing on disk") == 1 and PASSWORD not in errors


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis://:wrong-Pw7x2@127.0.0.1:{port}", "refuses the login"),
        ("redis://:wrong-Pw7x2@127.0.0.1:9", "can't be reached"),
        ("http://:wrong-Pw7x2@127.0.0.1", "the address of the shared cache can't be read"),
    ],
)
def test_a_server_that_cant_be_used_is_one_error_before_anything_is_spent(machines: Machines, url: str, said: str) -> None:
    process = machines.run("first", "--cache-url", url.format(port=machines.redis.port))
    out, errors = process.communicate(timeout=170)
    assert process.returncode not in (0, 1) and said in errors and "Traceback" not in errors
    assert "wrong-Pw7x2" not in errors + out and b"wrong-Pw7x2" not in written(machines.folder / "first")
    assert machines.answered() == 0
