"""A request on its way: who wants it, and what has no outcome yet."""

from __future__ import annotations

from promptwire.backend import Completion, Request
from promptwire.backends.scripted import ScriptedBackend
from promptwire.gateway.budget import Reservation
from promptwire.gateway.in_flight import InFlightRequest


def flight() -> InFlightRequest:
    made = InFlightRequest(ScriptedBackend(lambda request, key: "x"), Request("generate", prompt="p"), "node")
    made.load(["a", "b"], [Reservation(1), Reservation(1)])
    return made


async def test_it_is_unwanted_when_nobody_waits_and_nothing_is_paid_for() -> None:
    one = flight()
    assert one.unwanted
    one.waiters = 1
    assert not one.unwanted
    one.waiters, one.paying = 0, 1
    assert not one.unwanted


async def test_keys_are_open_until_they_have_an_answer_or_an_error() -> None:
    one = flight()
    assert one.open() == ["a", "b"]
    one.answers["a"].set_result(Completion("x"))
    assert one.open() == ["b"]
    one.answers["b"].set_exception(ValueError())
    assert one.open() == []
