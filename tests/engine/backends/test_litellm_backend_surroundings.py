"""litellm backend: addresses from the environment, secrets, proxies, logins and cookies."""

from __future__ import annotations

import base64
import traceback
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from promptwire.backend import Request
from promptwire.backends.litellm_backend import LiteLLMBackend
from promptwire.cache.disk import ResponseCache
from promptwire.errors import ModelError, ModelUnavailable
from promptwire.gateway.budget import Budget
from promptwire.gateway.gateway import Gateway
from promptwire.gateway.trace import Trace
from promptwire.values import Message
from tests.openai_server import Server, refused

# litellm and what it brings along warn about themselves.
pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.asyncio(loop_scope="module")]

GENERATE = Request("generate", (Message(role="user", content="How are you?"),))
SECRET = "pw-planted-93aa71"
BASIC = base64.b64encode(f"me:{SECRET}".encode()).decode()


@pytest_asyncio.fixture(loop_scope="module")
async def servers() -> AsyncIterator[tuple[Server, Server]]:
    async with AsyncExitStack() as stack:
        one, other = [await stack.enter_async_context(Server().running()) for _ in range(2)]
        one.reply, other.reply = (lambda body, number: "one"), (lambda body, number: "other")
        yield one, other


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without proxies and addresses of the developer's environment."""
    for name in ("NO_PROXY", "no_proxy", "HTTP_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")


ROUTES = [
    ("openai/x", "OPENAI_BASE_URL", "OPENAI_API_KEY"),
    ("hosted_vllm/x", "HOSTED_VLLM_API_BASE", "HOSTED_VLLM_API_KEY"),
    ("lm_studio/x", "LM_STUDIO_API_BASE", "LM_STUDIO_API_KEY"),
]


@pytest.mark.parametrize(("model", "base", "key"), ROUTES)
async def test_two_addresses_in_the_environment_do_not_share_the_cache(
    servers: tuple[Server, Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str, base: str, key: str
) -> None:
    monkeypatch.setenv(key, "sk-0123456789")
    said = []
    for server in (*servers, *servers):
        monkeypatch.setenv(base, server.url)
        cache = ResponseCache(tmp_path / "cache")
        gateway = Gateway(cache=cache, budget=Budget(), trace=Trace.null())
        (answer,) = await gateway.ask(LiteLLMBackend(model), GENERATE)
        said.append(answer.text)
        await gateway.close()
        cache.close()
    assert said == ["one", "other", "one", "other"]
    assert [len(server.requests) for server in servers] == [1, 1]


@pytest.mark.parametrize("quoted", [SECRET, f"Basic {BASIC}", f"me:{SECRET}"])
async def test_a_quoted_password_is_in_no_error_or_traceback(
    servers: tuple[Server, Server], monkeypatch: pytest.MonkeyPatch, quoted: str
) -> None:
    server, _ = servers
    monkeypatch.setenv("GATEWAY", f"https://me:{SECRET}@gateway.example.invalid/v1")
    model = LiteLLMBackend("openai/x", api_base=server.url, key="sk-0123456789")
    await model.open()
    server.faults = [refused(f"{'x' * 580} {quoted} sk-0123456789 is wrong")]
    with pytest.raises(ModelError) as caught:
        await model.call(GENERATE, keys=["a"])
    await model.close()
    shown = "".join(traceback.format_exception(caught.value))
    assert SECRET not in shown and BASIC.rstrip("=") not in shown and "sk-0123456789" not in shown
    assert SECRET[:8] not in str(caught.value)


async def test_a_password_beside_a_key_is_one_error(servers: tuple[Server, Server]) -> None:
    model = LiteLLMBackend("hosted_vllm/x", api_base=servers[0].url.replace("http://", f"http://me:{SECRET}@"))
    await model.open()
    with pytest.raises(ModelUnavailable, match="password") as caught:
        await model.call(GENERATE, keys=["a"])
    await model.close()
    assert SECRET not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("given", [True, False])
async def test_azures_api_version_in_the_address_is_sent(
    servers: tuple[Server, Server], monkeypatch: pytest.MonkeyPatch, given: bool
) -> None:
    server, _ = servers
    monkeypatch.setenv("AZURE_API_KEY", "sk-0123456789")
    monkeypatch.setenv("AZURE_API_BASE", f"{server.url}?api-version=2024-10-21")
    monkeypatch.setenv("AZURE_API_VERSION", "2020-01-01")
    model = LiteLLMBackend("azure/x", api_base=f"{server.url}?api-version=2024-10-21" if given else None)
    await model.open()
    await model.call(GENERATE, keys=["a"])
    await model.close()
    assert server.queries == ["api-version=2024-10-21"]


@pytest.mark.parametrize("model", ["openai/x", "hosted_vllm/x", "lm_studio/x"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_this_machine_is_reached_without_proxy_login_or_cookie(
    servers: tuple[Server, Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str, host: str
) -> None:
    server, proxy = servers
    server.cookie = "session=1"
    (tmp_path / ".netrc").write_text(f"default login me password {SECRET}\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    hosted = LiteLLMBackend(model, api_base=server.url.replace("127.0.0.1", host), key="sk-0123456789")
    await hosted.open()
    for key in "abc":
        await hosted.call(GENERATE, keys=[key])
    await hosted.close()
    assert (len(server.requests), len(proxy.requests)) == (3, 0)
    assert [headers.get("Cookie") for headers in server.headers] == [None] * 3
    assert [headers["Authorization"] for headers in server.headers] == ["Bearer sk-0123456789"] * 3
