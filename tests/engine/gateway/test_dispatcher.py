"""What the courier tells: errors as the user may see them. How it delivers is shown in test_gateway."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptwire.backend import Request
from promptwire.backends.scripted import ScriptedBackend
from promptwire.cache.disk import ResponseCache
from promptwire.errors import ModelError, RequestRefused
from promptwire.gateway.budget import Budget
from promptwire.gateway.dispatcher import user_error
from promptwire.gateway.gateway import Gateway
from promptwire.gateway.in_flight import InFlightRequest
from promptwire.gateway.trace import Trace


def flight() -> InFlightRequest:
    return InFlightRequest(
        ScriptedBackend(lambda request, key: "x", name="m"), Request("generate", prompt="p"), "search.expand"
    )


def test_an_error_of_ours_stays_itself_and_names_the_step_before_its_address() -> None:
    error = RequestRefused("no", hint="h")
    assert user_error(error, flight()) is error
    assert str(error) == "search.expand: no\n  h"
    placed = RequestRefused("no", where="http://here")
    for _ in range(2):  # an error of a backend's opening reaches all that wait for it
        assert user_error(placed, flight()).where == "search.expand (http://here)"


def test_any_other_fault_becomes_one_of_ours_with_its_cause() -> None:
    fault = KeyError("x")
    error = user_error(fault, flight())
    assert isinstance(error, ModelError) and error.__cause__ is fault
    assert "m failed: KeyError" in str(error)


def test_secrets_are_taken_out_of_every_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X_TOKEN", "planted-0123")
    error = user_error(RequestRefused("a planted-0123", where="b planted-0123", hint="c planted-0123"), flight())
    assert (error.problem, error.where, error.hint) == ("a ***", "search.expand (b ***)", "c ***")


async def test_a_key_that_an_answer_quotes_is_neither_used_nor_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = "sk-planted-0123456789"
    monkeypatch.setenv("OPENAI_API_KEY", key)
    monkeypatch.setenv("MY_PASSWORD", "positive")
    said = []
    for model in (
        ScriptedBackend(lambda request, _: f"positive! {key} {key}", name="m"),
        ScriptedBackend(lambda request, _: "?", name="m"),
    ):
        cache = ResponseCache(tmp_path / "cache")
        gateway = Gateway(cache=cache, budget=Budget(), trace=Trace.null())
        (answer,) = await gateway.ask(model, Request("generate", prompt="p"))
        said.append(answer.text)
        await gateway.close()
        cache.close()
    assert said == ["positive! *** ***"] * 2
    assert key.encode() not in b"".join(path.read_bytes() for path in (tmp_path / "cache").iterdir())
