"""A model that is not there: it is taken for the one it stands for, and can't be asked."""

from __future__ import annotations

import pytest

from promptwire.backend import Request
from promptwire.backends.openai_compatible import OpenAICompatible
from promptwire.backends.replay_backend import BackendSnapshot, ReplayBackend
from promptwire.errors import ModelUnavailable


async def test_it_says_what_the_model_said_and_refuses_to_answer() -> None:
    model = OpenAICompatible("m", "http://me:secret@127.0.0.1:1/v1")
    portrait = BackendSnapshot.of(model)
    assert "secret" not in portrait.model_dump_json()
    stand_in = ReplayBackend(portrait)
    assert (stand_in.name, stand_in.identity) == (model.name, model.identity)
    assert stand_in.supports("logprob", chat=True) == model.supports("logprob", chat=True) != ""
    assert stand_in.supports("generate", chat=True) == ""
    await stand_in.open()
    with pytest.raises(ModelUnavailable, match="only its recorded answers"):
        await stand_in.call(Request("generate", prompt="x"), keys=["k"])
    await stand_in.close()
