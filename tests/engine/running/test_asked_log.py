"""The log of requests keeps what is worth reading and stays small."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from promptwire.backend import Completion, Request
from promptwire.backends.scripted import ScriptedBackend
from promptwire.gateway.trace import Trace
from promptwire.running.asked_log import AskedLog, Exchange
from promptwire.values import Row

READ, UNREAD = Row("p", "e", "4", "4", 1.0), Row("p", "e", "hm", "", 0.0, False)


@pytest.fixture
def log(tmp_path: Path) -> AskedLog:
    """A log into the test's folder."""
    return AskedLog(Trace(tmp_path), "score", "1", "/0")


def lines(log: AskedLog, folder: Path) -> list[dict[str, Any]]:
    log.trace.close()
    path = folder / "asked.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def exchange(prompt: str = "2 + 2 =") -> Exchange:
    backend = ScriptedBackend(lambda request: "4", name="scripted:x", identity="scripted:x")
    return Exchange(Request("generate", prompt=prompt), backend, "task", "", {"template": "t.j2"})


def test_the_first_two_requests_of_each_prompt_are_kept(log: AskedLog) -> None:
    assert [log.keeps(prompt) for prompt in "aabab"] == [True, True, True, False, True]


def test_beyond_these_only_unreadable_replies_are_kept_and_at_most_twenty(log: AskedLog, tmp_path: Path) -> None:
    for row in [READ, UNREAD, None] * 20:
        log.write_scored(exchange(), ("p", "e"), [Completion("x")], [row], kept=False)
    found = lines(log, tmp_path)
    assert len(found) == 20 and not any(line["replies"][0]["readable"] for line in found)


def test_a_line_holds_where_the_request_came_from_and_its_key(log: AskedLog, tmp_path: Path) -> None:
    asked = exchange()
    log.write_scored(asked, ("p", "e"), [Completion("4", finish="stop")], [READ], kept=True)
    (line,) = lines(log, tmp_path)
    key = asked.request.key("scripted:x", sample=0, stream="")
    reply = {"key": key, "sample": 0, "text": "4", "finish": "stop", "answers": ["4"], "readable": True, "value": 1.0}
    assert line["replies"] == [reply]
    where = ("score", "1", "/0", "task", "scripted:x", "t.j2", ["p", "e"], "2 + 2 =")
    assert tuple(line[name] for name in ("path", "round", "element", "role", "model", "template", "pair", "prompt")) == where


def test_a_refused_request_is_kept_with_its_error_and_one_that_was_not_sent_is_not(log: AskedLog, tmp_path: Path) -> None:
    log.write(exchange())
    refused = exchange("no")
    refused.error = "refused: too rude"
    log.write(refused)
    assert [(line["prompt"], line["error"], line["replies"]) for line in lines(log, tmp_path)] == [
        ("no", "refused: too rude", [])
    ]
