"""Replay backend: has the properties of the recorded one and makes no call."""

from __future__ import annotations

import pytest

from promptwire.backend import Request
from promptwire.backends.openai_compatible import OpenAICompatible
from promptwire.backends.replay_backend import BackendSnapshot, ReplayBackend
from promptwire.errors import ModelUnavailable


async def test_a_replay_has_the_recorded_properties_and_refuses_calls() -> None:
    model = OpenAICompatible("m", "http://me:secret@127.0.0.1:1/v1")
    snapshot = BackendSnapshot.of(model)
    assert "secret" not in snapshot.model_dump_json()
    replayed = ReplayBackend(snapshot)
    assert (replayed.name, replayed.identity) == (model.name, model.identity)
    assert replayed.supports("logprob", chat=True) == model.supports("logprob", chat=True) != ""
    assert replayed.supports("generate", chat=True) == ""
    await replayed.open()
    with pytest.raises(ModelUnavailable, match="only its recorded completions"):
        await replayed.call(Request("generate", prompt="x"), keys=["k"])
    await replayed.close()
