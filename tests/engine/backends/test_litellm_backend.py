"""Hosted providers through litellm, against a local server: same completions and errors as openai_compatible."""

from __future__ import annotations

import asyncio
import gc
import math
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from promptwire.backend import Request, Settings
from promptwire.backends.litellm_backend import LiteLLMBackend
from promptwire.backends.litellm_providers import providers
from promptwire.errors import ModelError, ModelUnavailable, RequestRefused, TransientError, Unsupported
from promptwire.values import Message
from tests.endpoint_failures import FAILURES
from tests.openai_server import Fault, Server, throttled

# litellm and what it brings along warn about themselves.
pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.asyncio(loop_scope="module")]

CHAT = (Message(role="user", content="How are you?"),)
GENERATE = Request("generate", CHAT)


@pytest.fixture(scope="module", autouse=True)
def imported() -> None:
    """Import litellm once, before timing and counting: it takes 4 s."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    os.environ["LITELLM_MODE"] = "PRODUCTION"
    import litellm  # noqa: F401


@pytest_asyncio.fixture(loop_scope="module")
async def server() -> AsyncIterator[Server]:
    async with Server().running() as server:
        yield server


@pytest_asyncio.fixture(loop_scope="module")
async def model(server: Server) -> AsyncIterator[LiteLLMBackend]:
    model = LiteLLMBackend("openai/gpt-4o-mini", api_base=server.url)
    await model.open()
    yield model
    await model.close()


def open_sessions() -> int:
    from aiohttp import ClientSession

    # Not isinstance, which would load what stands behind each lazy object.
    made = [one for one in gc.get_objects() if issubclass(type(one), ClientSession) and not one.closed]
    return len(made)


def said(answers: list[Any]) -> list[str]:
    return [answer.text for answer in answers]


async def test_a_chat_returns_one_completion_per_key(server: Server, model: LiteLLMBackend) -> None:
    request = Request("generate", CHAT, settings=Settings(temperature=0.5, max_tokens=9, stop=("\n",), extra={"seed": 3}))
    answers = await model.call(request, keys=["a", "b"])
    assert said(answers) == ["reply 0", "reply 1"]
    assert server.paths == ["/v1/chat/completions"]
    sent = server.requests[0]
    assert (sent["n"], sent["temperature"], sent["stop"], sent["seed"]) == (2, 0.5, ["\n"], 3)
    assert (answers[0].tokens_in, sum(answer.tokens_out for answer in answers)) == (3, 4)


async def test_the_price_is_from_the_list_and_unknown_at_an_address(
    server: Server, model: LiteLLMBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    (local,) = await model.call(GENERATE, keys=["a"])
    assert local.usd is None
    monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789")
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    listed = LiteLLMBackend("openai/gpt-4o-mini")
    await listed.open()
    (answer,) = await listed.call(GENERATE, keys=["a"])
    assert answer.usd is not None and 0 < answer.usd < 0.001
    unlisted = LiteLLMBackend("openai/unknown-model")
    await unlisted.open()
    assert (await unlisted.call(GENERATE, keys=["a"]))[0].usd is None
    await listed.close()
    await unlisted.close()


async def test_completions_and_gaps_use_the_completions_route(server: Server) -> None:
    before = open_sessions()  # other tests' own, such as the session-wide embedded model's
    model = LiteLLMBackend("text-completion-openai/gpt-3.5-turbo-instruct", api_base=server.url)
    await model.open()
    assert said(await model.call(Request("generate", prompt="Once"), keys=["a"])) == ["reply 0"]
    (answer,) = await model.call(Request("infill", prompt="I told him to ", suffix=" and he did."), keys=["a"])
    assert answer.via == "suffix"
    assert server.paths[0] == "/v1/completions"
    assert server.requests[-1]["suffix"] == " and he did."
    server.faults = [Fault("status", 500)]
    with pytest.raises(TransientError):
        await model.call(Request("generate", prompt="Once"), keys=["a"])
    assert len(server.requests) == 3
    await model.close()
    assert open_sessions() == before


async def test_label_probabilities_sum_to_one(server: Server, model: LiteLLMBackend) -> None:
    server.top = {"sports": math.log(0.2), "food": math.log(0.6)}
    (answer,) = await model.call(Request("choose", CHAT, options=("sports", "food")), keys=["a"])
    assert [math.exp(weight) for weight in answer.weights] == pytest.approx([0.25, 0.75])
    server.ignores = {"logprobs"}
    with pytest.raises(Unsupported, match="no log-probabilities"):
        await model.call(Request("choose", CHAT, options=("sports", "food")), keys=["a"])


async def test_an_ignored_n_is_not_sent_again(server: Server, model: LiteLLMBackend) -> None:
    server.ignores = {"n"}
    assert len(await model.call(GENERATE, keys=["a", "b", "c"])) == 1
    assert not model.batches


@pytest.mark.parametrize(("fault", "error"), FAILURES)
async def test_each_failure_raises_its_error_after_one_request(
    server: Server, model: LiteLLMBackend, fault: Fault, error: type[ModelError]
) -> None:
    server.faults = [fault]
    with pytest.raises(error) as caught:
        await model.call(GENERATE, keys=["a"])
    assert type(caught.value) is error
    assert len(server.requests) == 1


async def test_the_requested_wait_is_in_the_error(server: Server, model: LiteLLMBackend) -> None:
    server.faults = [throttled(17)]
    with pytest.raises(TransientError) as caught:
        await model.call(GENERATE, keys=["a"])
    assert (caught.value.retry_after, caught.value.throttled) == (17, True)


async def test_a_refusal_by_a_content_filter_is_a_completion(server: Server, model: LiteLLMBackend) -> None:
    server.faults = [Fault("status", 400, message="content management policy", code="content_policy_violation")]
    (answer,) = await model.call(GENERATE, keys=["a"])
    assert answer.finish == "content_filter"


async def test_a_missing_key_is_reported_before_the_first_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    model = LiteLLMBackend("anthropic/claude-3-5-haiku-20241022")
    with pytest.raises(ModelUnavailable, match="ANTHROPIC_API_KEY") as caught:
        await model.open()
    assert caught.value.hint == "export ANTHROPIC_API_KEY=..."
    await model.close()


async def test_a_name_without_a_provider_gets_examples() -> None:
    model = LiteLLMBackend("unknown-model")
    await model.open()
    with pytest.raises(ModelUnavailable, match="knows no provider") as caught:
        await model.call(GENERATE, keys=["a"])
    assert "openai/gpt-4o-mini" in caught.value.hint
    await model.close()


@pytest.mark.parametrize("name", ["api_base", "api_key", "base_url", "mock_response", "custom_llm_provider", "fallbacks"])
async def test_a_file_can_not_set_where_the_key_is_sent(server: Server, model: LiteLLMBackend, name: str) -> None:
    with pytest.raises(RequestRefused, match=f"{name}.*not passed on"):
        await model.call(Request("generate", CHAT, settings=Settings(extra={name: "x"})), keys=["a"])
    assert server.requests == []


async def test_parallel_requests_are_in_flight_together(server: Server, model: LiteLLMBackend) -> None:
    server.latency = 0.2
    await asyncio.gather(*(model.call(GENERATE, keys=[f"{number}"]) for number in range(8)))
    assert server.peak > 4


async def test_a_closed_backend_sends_nothing() -> None:
    with pytest.raises(ModelUnavailable, match="closed"):
        await LiteLLMBackend("openai/m").call(GENERATE, keys=["a"])


async def test_unsupported_kinds_are_known_without_a_request() -> None:
    model = LiteLLMBackend("openai/m")
    assert model.supports("logprob", chat=False)
    assert model.supports("infill", chat=True)
    assert not model.supports("infill", chat=False)
    assert "drops the text after a gap" in LiteLLMBackend("anthropic/m").supports("infill", chat=False)


@pytest.mark.parametrize(
    ("base", "identity"),
    [(None, "litellm openai/m"), ("http://user:secret@host:1/v1", "litellm openai/m at host:1/v1")],
)
async def test_the_identity_has_no_secret(base: str | None, identity: str) -> None:
    assert LiteLLMBackend("openai/m", api_base=base).identity == identity


IMPORT = """
import asyncio, os, socket, sys

reached = []
socket.socket.connect = lambda self, address: reached.append(address)
socket.getaddrinfo = lambda *args, **kwargs: reached.append(args) or []

from promptwire.backends.litellm_backend import LiteLLMBackend
from promptwire.backends.litellm_providers import providers

assert "litellm" not in sys.modules
open(".env", "w").write("PLANTED=1")
os.environ["OPENAI_API_KEY"] = "sk-0123456789"

async def main():
    model = LiteLLMBackend("openai/gpt-4o-mini")
    assert "litellm" not in sys.modules
    await model.open()
    assert "litellm" in sys.modules
    await model.close()

asyncio.run(main())
print(reached, "PLANTED" in os.environ)
"""


async def test_litellm_is_imported_late_without_network_and_dot_env(tmp_path: Any) -> None:
    done = subprocess.run([sys.executable, "-c", IMPORT], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "[] False"
    assert done.stderr == ""


async def test_the_list_of_providers_has_all_of_litellms() -> None:
    import litellm

    assert {str(getattr(one, "value", one)) for one in litellm.provider_list} <= providers()
