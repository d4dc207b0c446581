"""The parts with which sweeps on clusters are tested do what a cluster's do."""

from __future__ import annotations

import json
import os
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from cluster_parts import Parts

from tests.cluster.shown import NEEDS_CLUSTER

pytestmark = NEEDS_CLUSTER


def ask(url: str, text: str, **settings: Any) -> list[str]:
    """The texts that the model server returns for a chat of one message."""
    body = {"model": "planted", "messages": [{"role": "user", "content": text}], **settings}
    with urllib.request.urlopen(f"{url}/chat/completions", json.dumps(body).encode(), timeout=10) as reply:  # noqa: S310 - http://127.0.0.1
        return [choice["message"]["content"] for choice in json.load(reply)["choices"]]


PARCEL = "State the colour.\n\nInput: Parcel to Oslo: colour red; shelf B4.\nOutput:"


def test_the_model_server_counts_equal_questions_together_and_answers_them_alike(parts: Parts) -> None:
    server = parts.model_server()
    assert ask(server.url, PARCEL, temperature=0) == ask(server.url, PARCEL, temperature=0)
    assert len(ask(server.url, PARCEL, temperature=1, seed=3, n=2)) == 2
    assert sorted(server.questions().values()) == [1, 2]
    server.set(latency=0.001)
    assert sum(server.questions().values()) == 3, "settings keep the counts of questions"
    server.forget()
    assert server.questions() == {}


def test_a_killed_redis_server_has_its_data_when_it_is_started_again_on_its_port(parts: Parts) -> None:
    import redis

    first = parts.redis("--appendfsync", "always")
    with redis.Redis(port=first.port) as door:
        door.set("question", "answer")
    first.kill()
    again = parts.redis("--appendfsync", "always", port=first.port)
    with redis.Redis(port=again.port) as door:
        assert (again.url, door.get("question")) == (first.url, b"answer")


@pytest.mark.heavy
def test_workers_are_processes_with_caches_of_their_own_and_end_with_the_block(tmp_path: Path) -> None:
    import distributed

    with Parts(tmp_path / "parts") as parts:
        scheduler = parts.scheduler()
        workers = parts.workers(scheduler, ["a", "b"], resources=["gpu=1", "gpu=1"])
        with distributed.Client(scheduler_file=str(scheduler.file), set_as_default=False) as client:
            found = client.run(os.getenv, "PROMPTWIRE_CACHE")
            known = client.scheduler_info()["workers"]
        assert sorted(found.values()) == [str(tmp_path / "parts" / name / "cache") for name in ("a", "b")]
        assert [one["resources"] for one in known.values()] == [{"gpu": 1.0}] * 2
        assert all(process.popen.poll() is None for process in (scheduler, *workers))
    assert all(process.popen.poll() is not None for process in (scheduler, *workers))
