"""Requests and completions: cache keys, settings and JSON."""

from __future__ import annotations

import asyncio

import pytest

from promptwire.backend import Charge, Completion, Request, Settings, charge, charges
from promptwire.values import Message

BASE = Request("generate", prompt="p")


@pytest.mark.parametrize(
    "other",
    [
        Request("infill", prompt="p"),
        Request("generate", prompt="q"),
        Request("generate", messages=(Message(role="user", content="p"),)),
        Request("generate", prompt="p", suffix="s"),
        Request("generate", prompt="p", options=("a",)),
        Request("generate", prompt="p", settings=Settings(temperature=0.5)),
    ],
)
def test_any_other_field_gives_another_cache_key(other: Request) -> None:
    assert other.key("m", sample=0, stream="") != BASE.key("m", sample=0, stream="")


def test_identity_sample_and_stream_are_part_of_the_key_of_a_random_request() -> None:
    keys = {BASE.key("m", sample=0, stream="0"), BASE.key("n", sample=0, stream="0")}
    keys |= {BASE.key("m", sample=1, stream="0"), BASE.key("m", sample=0, stream="1")}
    assert len(keys) == 4


@pytest.mark.parametrize("request_", [Request("choose", options=("a",)), Request("generate", settings=Settings(temperature=0))])
def test_the_stream_does_not_count_for_a_deterministic_request(request_: Request) -> None:
    assert not request_.random
    assert request_.key("m", sample=0, stream="0") == request_.key("m", sample=0, stream="1")


def test_parts_hold_short_values_and_hashes_of_texts() -> None:
    parts = BASE.keys("m", "0").parts()
    assert (parts["identity"], parts["kind"], parts["stream"]) == ("m", "generate", "0")
    assert len(parts["prompt"]) == 12 and "messages" not in parts


def test_own_settings_precede_those_of_the_base_and_extra_is_merged() -> None:
    own, base = Settings(temperature=0.2, extra={"a": 1}), Settings(temperature=1.0, max_tokens=9, extra={"a": 0, "b": 2})
    assert own.over(base) == Settings(temperature=0.2, max_tokens=9, extra={"a": 1, "b": 2})


def test_a_completion_is_read_back_from_its_json() -> None:
    completion = Completion("x", "length", (-0.5,), 3, 4, 0.25, "suffix")
    assert Completion.from_json(completion.to_json()) == completion
    with pytest.raises(TypeError):
        Completion.from_json({**completion.to_json(), "more": 1})


@pytest.mark.parametrize(
    ("finish", "cut"), [("length", True), (" MAX_TOKENS ", True), ("stop", False), ("content_filter", False)]
)
def test_a_completion_is_cut_off_by_the_finish_reasons_of_providers(finish: str, cut: bool) -> None:
    assert Completion("x", finish).cut_off is cut


async def test_charges_collects_those_of_tasks_and_ignores_free_replies() -> None:
    async def probe(cost: Charge) -> None:
        charge(cost)

    with charges() as found:
        await asyncio.gather(probe(Charge(tokens_in=3)), probe(Charge()))
    charge(Charge(tokens_in=5))
    assert found == [Charge(tokens_in=3)]
