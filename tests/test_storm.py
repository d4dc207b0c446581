"""Pipelines through a storm: 30% of the requests fail, and the run ends as if none had, for the same number of answers.

The server's answer depends on the request alone, so two runs differ only by their faults. What fails, and how, depends on how
many requests there were before; nothing waits. A request is spared from its sixth try on, since six is what promptwire tries.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from promptwire.api import run_async
from promptwire.backend import Request
from promptwire.backends.planted import reply
from promptwire.errors import TransientError
from promptwire.gateway.retry import RetryPolicy
from promptwire.options import Options
from promptwire.results.report import Report
from promptwire.security import package_data
from promptwire.values import Message
from promptwire.values.hashing import digest
from tests.openai_server import Fault, Server, throttled

pytestmark = pytest.mark.heavy

SHARE = 0.3
TRIES = 6
FAULTS: tuple[Callable[[], Fault], ...] = (
    lambda: throttled(2),
    lambda: throttled(),
    lambda: Fault("status", 500),
    lambda: Fault("status", 503, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}),
    lambda: Fault("reset"),
    lambda: Fault("truncated"),
    lambda: Fault("empty"),
    lambda: Fault("type"),
    lambda: Fault("nothing"),
)
SMALL = {
    "ape": {"draws": "2", "n": "3", "shots": "4", "scored_on": "12", "first": "4", "width": "2"},
    "ape-paraphrase": {"n": "6", "scored_on": "12", "first": "4", "width": "2"},
    "protegi": {"rounds": "2", "pulls": "40", "width": "2"},
    "opro": {"steps": "4", "per_step": "3", "scored_on": "12"},
    "pe2": {"steps": "2", "width": "2", "expand": "2", "tried_on": "12"},
}


class Storm:
    """Decides what fails, and counts it."""

    def __init__(self) -> None:
        self.sent: Counter[str] = Counter()
        self.raged: Counter[str] = Counter()

    def __call__(self, number: int, body: dict[str, Any]) -> Fault | None:
        request = digest(body)
        self.sent[request] += 1
        # By the request's number and not by its text, which holds a seed made from the server's port: the share must not vary.
        draw = int(digest(["storm", self.sent.total()], 8), 16) % 1000
        if self.sent[request] >= TRIES or draw >= SHARE * 1000:
            return None
        fault = FAULTS[self.raged.total() % len(FAULTS)]()
        self.raged[f"{fault.kind} {fault.status}"] += 1
        return fault


def answer(body: dict[str, Any], number: int) -> str:
    """The planted world's answer; the request's seed and the choice's number make the samples differ."""
    messages = tuple(Message(**message) for message in body.get("messages", ()))
    request = Request("generate", messages, prompt=body.get("prompt", ""))
    return reply(request, digest([*map(str, messages), request.prompt, body.get("seed"), number]))


@pytest.fixture
def parcels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A small part of the task `planted`."""
    folder = tmp_path / "parcels"
    folder.mkdir()
    for name, rows in (("train", 32), ("test", 8)):
        lines = (package_data.package_folder("pipelines") / "tasks" / "planted" / f"{name}.jsonl").read_text().splitlines()
        (folder / f"{name}.jsonl").write_text("\n".join(lines[:rows]))
    monkeypatch.setattr("promptwire.gateway.gateway.RetryPolicy", lambda: RetryPolicy(sleep=lambda seconds: asyncio.sleep(0)))
    return str(folder)


async def ran(pipeline: str, task: str, server: Server, **options: Any) -> Report:
    """The report of a small run against `server`."""
    changes = {"prompt": "Write the label of the parcel.", **options.pop("task", {})}
    bases = {"task": server.url}
    told = Options(models={"task": "openai/planted"}, api_bases=bases, params=SMALL[pipeline], task=changes, **options)
    return await run_async(pipeline, task, told)


def outcome(report: Report) -> dict[str, Any]:
    """What a run says apart from its effort."""
    return report.model_dump(include={"prompt", "test", "train", "counts", "limit", "tokens_in", "tokens_out"})


@pytest.mark.parametrize("pipeline", SMALL)
async def test_a_storm_changes_neither_the_result_nor_what_is_paid(
    pipeline: str, parcels: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, storm = Server(), Storm()
    server.reply = answer
    async with server.running():
        calm = await ran(pipeline, parcels, server)
        paid, server.paid = server.paid, 0
        asked = len(server.requests)
        monkeypatch.setenv("PROMPTWIRE_CACHE", str(tmp_path / "another"))
        server.storm = storm
        rough = await ran(pipeline, parcels, server)
        stormy = len(server.requests) - asked
        again = await ran(pipeline, parcels, server)
    assert outcome(rough) == outcome(calm)
    assert (server.paid, rough.calls) == (paid, calm.calls)
    assert calm.calls.new == paid > 50
    assert storm.raged.total() == stormy - asked
    assert 0.2 < storm.raged.total() / stormy < 0.4
    assert len(storm.raged) == 8, "a kind of fault was never met"
    assert (again.calls.new, again.prompt, again.test) == (0, calm.prompt, calm.test)
    events = [json.loads(line) for line in Path(rough.run, "events.jsonl").read_text().splitlines()]
    assert sum(event["event"] == "retry" for event in events) == storm.raged.total()


async def test_more_tries_outlast_a_heavier_storm(parcels: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "promptwire.running.session_setup.RetryPolicy",
        lambda tries, timeout: RetryPolicy(tries=tries, timeout=timeout, sleep=lambda seconds: asyncio.sleep(0)),
    )
    server, sent = Server(), Counter[str]()

    def storm(number: int, body: dict[str, Any]) -> Fault | None:
        sent[digest(body)] += 1
        return None if sent[digest(body)] > 8 else Fault("status", 500)

    server.reply, server.storm = answer, storm
    async with server.running():
        with pytest.raises(TransientError):
            await ran("ape-paraphrase", parcels, server)
        rough = await ran("ape-paraphrase", parcels, server, tries=9)
        monkeypatch.setenv("PROMPTWIRE_CACHE", str(tmp_path / "another"))
        server.storm = lambda number, body: None
        calm = await ran("ape-paraphrase", parcels, server)
    assert outcome(rough) == outcome(calm)
