"""Proxies, logins and cookies of the machine, and secrets of an address, over real HTTP."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from promptwire.backends.http import HttpClient
from promptwire.errors import ModelUnavailable, PromptwireError

SECRET = "pw-planted-93aa71"
BASIC = base64.b64encode(f"me:{SECRET}".encode()).decode()


class Seen:
    """Server that records its requests and answers with `status` and `text`."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.status = 200
        self.text = "{}"
        self.port = 0

    async def handle(self, request: web.Request) -> web.Response:
        self.requests.append((request.method, str(request.url), dict(request.headers)))
        reply = web.Response(status=self.status, text=self.text, content_type="application/json")
        reply.set_cookie("session", "1")
        return reply


@asynccontextmanager
async def serving() -> AsyncIterator[Seen]:
    seen = Seen()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", seen.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    seen.port = runner.addresses[0][1]
    try:
        yield seen
    finally:
        await runner.cleanup()


async def ask(wire: HttpClient, times: int = 1) -> None:
    try:
        for _ in range(times):
            await wire.post("/chat", {})
    finally:
        await wire.close()


@pytest.fixture
async def server() -> AsyncIterator[Seen]:
    async with serving() as seen:
        yield seen


@pytest.fixture
async def proxy(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Seen]:
    """Proxy that the environment names for all addresses."""
    for name in ("no_proxy", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    async with serving() as seen:
        monkeypatch.setenv("HTTP_PROXY", f"http://me:{SECRET}@127.0.0.1:{seen.port}")
        yield seen


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "localhost."])
async def test_requests_to_this_machine_bypass_the_proxy(server: Seen, proxy: Seen, host: str) -> None:
    await ask(HttpClient(f"http://{host}:{server.port}/v1"))
    assert (len(server.requests), proxy.requests) == (1, [])


@pytest.mark.parametrize("host", ["127.0.0.2", "127.99.1.1", "[::1]", "LOCALHOST", "api.localhost", "[::ffff:127.0.0.1]"])
def test_other_names_of_this_machine_bypass_the_proxy(proxy: Seen, host: str) -> None:
    assert "proxy" not in HttpClient(f"http://{host}:8/v1")._request_options


async def test_requests_to_other_machines_use_the_proxy_with_its_login(proxy: Seen) -> None:
    await ask(HttpClient("http://example.invalid/v1?v=1", key="sk-0123456789"))
    ((_, url, headers),) = proxy.requests
    assert url == "http://example.invalid/v1/chat?v=1"
    assert headers["Authorization"] == "Bearer sk-0123456789"
    assert headers["Proxy-Authorization"] == f"Basic {BASIC}"


async def test_a_tunnelling_proxy_gets_its_login_and_not_the_key(proxy: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    heads: list[str] = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as tunnel:
        port = tunnel.sockets[0].getsockname()[1]
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:{SECRET}@127.0.0.1:{port}")
        with pytest.raises(PromptwireError, match="connection failed") as caught:
            await ask(HttpClient("https://example.invalid/v1", key="sk-0123456789"))
    assert heads[0].startswith("CONNECT example.invalid:443")
    assert f"Proxy-Authorization: Basic {BASIC}" in heads[0] and "sk-0123456789" not in heads[0]
    assert SECRET not in str(caught.value)


async def test_an_invalid_proxy_is_named_in_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://me:{SECRET}@[::1/")
    with pytest.raises(ModelUnavailable, match="HTTP_PROXY") as caught:
        await ask(HttpClient("http://example.invalid/v1"))
    assert SECRET not in str(caught.value)


async def test_no_proxy_variable_is_respected(proxy: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "example.invalid")
    assert "proxy" not in HttpClient("http://example.invalid/v1")._request_options


@pytest.mark.parametrize("host", ["127.0.0.1", "example.invalid"])
async def test_no_login_of_netrc_is_sent(
    server: Seen, proxy: Seen, host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text(f"machine {host} login me password {SECRET}\ndefault login me password {SECRET}\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
    await ask(HttpClient(f"http://{host}:{server.port}/v1"))
    await ask(HttpClient(f"http://{host}:{server.port}/v1", key="sk-0123456789"))
    found = [headers for _, _, headers in server.requests + proxy.requests]
    assert [headers.get("Authorization") for headers in found] == [None, "Bearer sk-0123456789"]
    assert not any("Proxy-Authorization" in headers for headers in found)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_no_cookie_is_sent_back(server: Seen, host: str) -> None:
    await ask(HttpClient(f"http://{host}:{server.port}/v1"), times=3)
    assert len(server.requests) == 3
    assert not any("Cookie" in headers for _, _, headers in server.requests)


async def test_login_and_query_of_the_address_are_sent(server: Seen) -> None:
    await ask(HttpClient(f"http://me:{SECRET}@127.0.0.1:{server.port}/v1/?api-version=2024-10-21"))
    ((_, url, headers),) = server.requests
    assert url == f"http://127.0.0.1:{server.port}/v1/chat?api-version=2024-10-21"
    assert headers["Authorization"] == f"Basic {BASIC}"


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 429, 500])
@pytest.mark.parametrize("quoted", [SECRET, f"Basic {BASIC}", BASIC.rstrip("="), f"me:{SECRET}", f'{{"error": "{SECRET}"}}'])
async def test_no_error_shows_a_password_that_the_endpoint_quotes(server: Seen, status: int, quoted: str) -> None:
    server.status, server.text = status, f"your login {quoted}" if status == 200 else quoted
    with pytest.raises(PromptwireError) as caught:
        await ask(HttpClient(f"http://me:{SECRET}@127.0.0.1:{server.port}/v1"))
    assert SECRET not in str(caught.value) and BASIC.rstrip("=") not in str(caught.value)
    assert "***" in str(caught.value) or status == 302


async def test_no_reply_holds_a_secret_of_the_address(server: Seen) -> None:
    server.text = f'{{"choices": [{{"text": "{BASIC} {SECRET} k3y-planted"}}]}}'
    wire = HttpClient(f"http://me:{SECRET}@127.0.0.1:{server.port}/v1?key=k3y-planted")
    assert await wire.get("/x") == {"choices": [{"text": "***= *** ***"}]}
    await wire.close()
    assert "key=k3y-planted" in server.requests[0][1]
