"""Dispatcher: errors as the user sees them. How it sends requests is tested with the gateway."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from promptwire.backend import Completion, Request
from promptwire.backends.scripted import ScriptedBackend
from promptwire.cache.disk import ResponseCache
from promptwire.errors import ModelError, RequestRefused
from promptwire.gateway.budget import Budget
from promptwire.gateway.gateway import Gateway
from promptwire.gateway.in_flight import InFlightRequest, user_error
from promptwire.gateway.trace import Trace


def in_flight() -> InFlightRequest:
    return InFlightRequest(
        ScriptedBackend(lambda request, key: "x", name="m"), Request("generate", prompt="p"), "search.expand"
    )


def test_a_promptwire_error_names_the_step_before_its_address() -> None:
    error = RequestRefused("no", hint="h")
    assert user_error(error, in_flight()) is error
    assert str(error) == "search.expand: no\n  h"
    placed = RequestRefused("no", where="http://here")
    for _ in range(2):  # an error of a backend's opening reaches all that wait for it
        assert user_error(placed, in_flight()).where == "search.expand (http://here)"


def test_another_exception_becomes_a_model_error_with_its_cause() -> None:
    fault = KeyError("x")
    error = user_error(fault, in_flight())
    assert isinstance(error, ModelError) and error.__cause__ is fault
    assert "m failed: KeyError" in str(error)


def test_secrets_are_removed_from_every_part_of_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X_TOKEN", "planted-0123")
    error = user_error(RequestRefused("a planted-0123", where="b planted-0123", hint="c planted-0123"), in_flight())
    assert (error.problem, error.where, error.hint) == ("a ***", "search.expand (b ***)", "c ***")


async def test_an_api_key_quoted_in_a_reply_is_neither_used_nor_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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


@pytest.mark.parametrize(("prices", "usd"), [((0.25, 0.5), 0.75), ((0.25, None), None)])
async def test_the_event_of_a_request_has_its_tokens_and_dollars(prices: tuple[float | None, ...], usd: float | None) -> None:
    costs = iter(prices)
    model = ScriptedBackend(lambda request, _: Completion("x", tokens_in=3, tokens_out=2, usd=next(costs)), name="m")
    facts: list[Mapping[str, object]] = []
    trace = Trace(None, listener=lambda what, told: facts.append(told))
    gateway = Gateway(cache=None, budget=Budget(), trace=trace)
    await gateway.ask(model, Request("generate", prompt="p"), n=2)
    costs_told = [(told["tokens_in"], told["tokens_out"]) for told in facts]
    priced = [told["usd"] for told in facts]
    assert (sum(read for read, _ in costs_told), sum(written for _, written in costs_told)) == (6, 4)
    assert (None if None in priced else sum(priced)) == usd  # type: ignore[arg-type]
