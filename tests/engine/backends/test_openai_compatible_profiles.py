"""A request with all parameters succeeds at each kind of endpoint, in both backends."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from promptwire.backend import Request, Settings
from promptwire.backends.litellm_backend import LiteLLMBackend
from promptwire.backends.openai_compatible import OpenAICompatible
from promptwire.errors import TransientError
from promptwire.values import Message
from tests.endpoint_profiles import PROFILES
from tests.openai_server import Fault, Server

# litellm and what it brings along warn about themselves.
pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.asyncio(loop_scope="module")]

CHAT = (Message(role="user", content="How are you?"),)
EXTRA = {"presence_penalty": 0.5, "seed": 7}
FULL = Request("generate", CHAT, settings=Settings(temperature=0, top_p=0.9, max_tokens=20, stop=("\n",), extra=EXTRA))
SENT = {"temperature", "top_p", "max_tokens", "stop", "presence_penalty", "seed", "n"}


@pytest_asyncio.fixture(loop_scope="module")
async def server() -> AsyncIterator[Server]:
    async with Server().running() as server:
        yield server


def route(name: str, server: Server) -> OpenAICompatible | LiteLLMBackend:
    return OpenAICompatible("m", server.url) if name == "lean" else LiteLLMBackend("openai/m", api_base=server.url)


@pytest.mark.parametrize("name", ["lean", "litellm"])
@pytest.mark.parametrize("profile", PROFILES)
async def test_refused_parameters_are_left_out_and_the_rest_is_sent(server: Server, name: str, profile: str) -> None:
    rule, refused, server.ignores = PROFILES[profile]
    server.storm = lambda number, body: rule(body)
    model = route(name, server)
    await model.open()
    answers = await model.call(FULL, keys=["a", "b"])
    assert answers[0].text == "reply 0"
    sent = server.requests[-1]
    assert {field for field in SENT if field in sent} == SENT - refused
    assert sent.get("max_completion_tokens") == (20 if "max_tokens" in refused else None)
    for field in refused - {"max_tokens"}:
        assert field in answers[0].via
    learned = len(server.requests)
    await model.call(FULL, keys=["c"])
    assert len(server.requests) == learned + 1
    await model.close()


@pytest.mark.parametrize(
    ("profile", "model", "path", "refused"),
    [
        ("anthropic", "anthropic/claude-3-5-haiku-20241022", "", {"top_p", "stop_sequences"}),
        ("gemini", "gemini/gemini-2.0-flash", "", {"seed", "presence_penalty"}),
        ("ollama", "ollama/llama3", "", set()),
        ("o-series", "openrouter/openai/o9", "/v1", {"temperature", "top_p", "stop"}),
        ("azure", "azure/gpt-4o", "", set()),
    ],
)
async def test_refusals_of_native_interfaces_are_learned(
    server: Server, monkeypatch: pytest.MonkeyPatch, profile: str, model: str, path: str, refused: set[str]
) -> None:
    monkeypatch.setenv("AZURE_API_VERSION", "2024-06-01")
    rule, _, server.ignores = PROFILES[profile]
    server.storm = lambda number, body: rule(body)
    extra = EXTRA if profile == "gemini" else {}
    full = Request("generate", CHAT, settings=Settings(temperature=0, top_p=0.9, max_tokens=20, stop=("\n",), extra=extra))
    hosted = LiteLLMBackend(model, api_base=server.url.removesuffix("/v1") + path, key="sk-0123456789")
    await hosted.open()
    for _ in range(2):
        (answer,) = await hosted.call(full, keys=["a"])
        assert answer.text == "reply 0"
    sent = server.requests[-1]
    assert not refused & {*sent, *sent.get("generationConfig", {})}
    assert len(server.requests) <= len(refused) + 3
    await hosted.close()


@pytest.mark.parametrize("name", ["lean", "litellm"])
async def test_a_filtered_label_is_a_filtered_completion(server: Server, name: str) -> None:
    choice = {"index": 0, "finish_reason": "content_filter", "message": {"role": "assistant", "content": ""}}
    server.faults = [
        Fault("status", 200, body={"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]})
    ]
    model = route(name, server)
    await model.open()
    (answer,) = await model.call(Request("choose", CHAT, options=("sports", "food")), keys=["a"])
    assert answer.finish == "content_filter"
    await model.close()


ELSEWHERE = [
    {"error": {"message": "Unsupported parameter", "param": "seed"}},
    {"error": {"message": "Provider returned error", "metadata": {"raw": '{"error": {"message": "no seed, please"}}'}}},
]


@pytest.mark.parametrize("name", ["lean", "litellm"])
@pytest.mark.parametrize("body", ELSEWHERE, ids=["field", "quoted"])
async def test_a_parameter_may_be_named_beside_the_message(server: Server, name: str, body: object) -> None:
    server.faults, server.ignores = [], set()
    server.storm = lambda number, asked: Fault("status", 400, body=body) if "seed" in asked else None
    model = route(name, server)
    await model.open()
    (answer, *_) = await model.call(FULL, keys=["a"])
    assert (answer.text, answer.via) == ("reply 0", "without: seed")
    await model.close()
    server.storm = lambda number, asked: None


MODERATED = {"error": {"code": 403, "message": 'Your input was flagged for "violence".', "metadata": {"reasons": ["violence"]}}}
QUOTA = [
    {
        "error": {
            "code": 429,
            "message": "You exceeded your current quota, please check your plan and billing details.\nPlease retry in 2.4s.",
            "status": "RESOURCE_EXHAUSTED",
        }
    }
]


@pytest.mark.parametrize("name", ["lean", "litellm"])
@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", 403, body=MODERATED),
        Fault(
            "status",
            400,
            body={"error": {"message": "filtered due to our content management policy", "code": "content_filter"}},
        ),
        Fault("status", 400, body={"type": "error", "error": {"message": "Output blocked by content filtering policy"}}),
    ],
)
async def test_a_refusal_by_a_moderator_is_a_filtered_completion(server: Server, name: str, fault: Fault) -> None:
    server.faults = [fault]
    model = route(name, server)
    await model.open()
    assert [answer.finish for answer in await model.call(FULL, keys=["a"])] == ["content_filter"]
    await model.close()


@pytest.mark.parametrize("name", ["lean", "litellm"])
async def test_a_quota_per_minute_that_mentions_billing_is_transient(server: Server, name: str) -> None:
    server.faults = [Fault("status", 429, body=QUOTA)]
    model = route(name, server)
    await model.open()
    with pytest.raises(TransientError) as caught:
        await model.call(FULL, keys=["a"])
    assert (caught.value.retry_after, caught.value.throttled) == (2.4, True)
    await model.close()
