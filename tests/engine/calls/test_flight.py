"""A request on its way: who wants it, and what has no outcome yet."""

from __future__ import annotations

from promptwire.calls.budget import Hold
from promptwire.calls.flight import Flight
from promptwire.models.scripted import Scripted
from promptwire.request import Answer, Request


def flight() -> Flight:
    made = Flight(Scripted(lambda request, key: "x"), Request("generate", prompt="p"), "node")
    made.load(["a", "b"], [Hold(1), Hold(1)])
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
    one.answers["a"].set_result(Answer("x"))
    assert one.open() == ["b"]
    one.answers["b"].set_exception(ValueError())
    assert one.open() == []
