"""A request in flight: when it may be cancelled, and which keys are still open."""

from __future__ import annotations

import pytest

from promptwire.backend import Completion, Request
from promptwire.backends.scripted import ScriptedBackend
from promptwire.gateway.in_flight import InFlightRequest
from promptwire.gateway.stage_budget import Reservation


def in_flight() -> InFlightRequest:
    made = InFlightRequest(ScriptedBackend(lambda request, key: "x"), Request("generate", prompt="p"), "node")
    made.add(["a", "b"], [Reservation(1), Reservation(1)])
    return made


async def test_a_request_is_cancellable_without_waiters_and_unsettled_messages() -> None:
    request = in_flight()
    assert request.cancellable
    request.waiters = 1
    assert not request.cancellable
    request.waiters = 0
    with request.unsettled():
        assert not request.cancellable
    assert request.cancellable


async def test_two_messages_are_settled_apart_and_after_an_error_too() -> None:
    request = in_flight()
    with request.unsettled():
        with pytest.raises(ValueError, match="lost"), request.unsettled():
            raise ValueError("lost")
        assert not request.cancellable
    assert request.cancellable


async def test_keys_are_open_until_they_have_a_completion_or_an_error() -> None:
    request = in_flight()
    assert request.open_keys() == ["a", "b"]
    request.completions["a"].set_result(Completion("x"))
    assert request.open_keys() == ["b"]
    request.completions["b"].set_exception(ValueError())
    assert request.open_keys() == []
