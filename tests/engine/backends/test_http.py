"""All failures of an address are promptwire errors whose class says whether a retry may help."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from aiohttp import web

from promptwire.backends.http import HttpClient
from promptwire.errors import ContextOverflow, ModelUnavailable, PromptwireError, RequestRefused, TransientError, UsageError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
KEY = "sk-secret-0123456789"


@asynccontextmanager
async def serving(handler: Handler, *, timeout: float = 10.0) -> AsyncIterator[HttpClient]:
    """Client of a server on this machine that answers all requests with `handler`."""
    app = web.Application(client_max_size=1 << 20)
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    wire = HttpClient(f"http://127.0.0.1:{runner.addresses[0][1]}/v1/", key=KEY, timeout=timeout)
    try:
        yield wire
    finally:
        await wire.close()
        await runner.cleanup()


def saying(status: int, text: str = "", **headers: str) -> Handler:
    """Handler with a fixed response."""

    async def handler(request: web.Request) -> web.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, text=text, headers=named, content_type="application/json")

    return handler


async def test_a_request_sends_json_with_the_key_and_returns_a_dict() -> None:
    seen: list[tuple[str, str, str, object]] = []

    async def echo(request: web.Request) -> web.Response:
        data = await request.json() if request.method == "POST" else None
        seen.append((request.method, request.path, request.headers["Authorization"], data))
        return web.json_response({"got": data})

    async with serving(echo) as wire:
        assert await wire.post("/completions", {"prompt": "é \ud83d"}) == {"got": {"prompt": "é \ud83d"}}
        assert await wire.get("/models") == {"got": None}
    assert seen == [
        ("POST", "/v1/completions", f"Bearer {KEY}", {"prompt": "é \ud83d"}),
        ("GET", "/v1/models", f"Bearer {KEY}", None),
    ]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, RequestRefused),
        (401, ModelUnavailable),
        (404, ModelUnavailable),
        (408, TransientError),
        (409, TransientError),
        (422, RequestRefused),
        (425, TransientError),
        (429, TransientError),
        (500, TransientError),
        (502, TransientError),
        (503, TransientError),
        (529, TransientError),
    ],
)
async def test_each_status_raises_its_error(status: int, error: type[PromptwireError]) -> None:
    async with serving(saying(status, '{"error": {"message": "so it is"}}')) as wire:
        with pytest.raises(PromptwireError, match="so it is") as caught:
            await wire.post("/x", {})
    assert type(caught.value) is error


@pytest.mark.parametrize(
    "message",
    [
        '{"error":{"code":400,"message":"request (6001 tokens) exceeds the available context size (2048 tokens)",'
        '"type":"exceed_context_size_error"}}',
        '{"error":{"message":"too many","code":"context_length_exceeded"}}',
        '{"message":"This model\'s maximum context length is 4096 tokens"}',
    ],
)
async def test_a_prompt_beyond_the_context_raises_context_overflow(message: str) -> None:
    async with serving(saying(400, message)) as wire:
        with pytest.raises(ContextOverflow) as caught:
            await wire.post("/x", {})
    assert caught.value.hint


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"message": "down", "code": 502}, TransientError),
        ({"message": "down", "code": "502"}, TransientError),
        ({"message": "blocked", "code": "content_filter"}, RequestRefused),
        ({"message": "too long", "code": "context_length_exceeded"}, ContextOverflow),
        ({"message": "pay first", "code": "insufficient_quota"}, ModelUnavailable),
        ("Your credit balance is too low", ModelUnavailable),
        ({"message": "no", "code": "invalid_api_key"}, ModelUnavailable),
    ],
)
async def test_an_error_under_status_200_is_read_by_its_code(error: Any, kind: type[PromptwireError]) -> None:
    async with serving(saying(200, json.dumps({"error": error}))) as wire:
        with pytest.raises(kind) as caught:
            await wire.post("/x", {})
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    "message", ["API key not valid. Please pass a valid API key.", "The model `x` has been decommissioned"]
)
async def test_a_refused_key_or_an_unknown_model_under_status_400_ends_the_run(message: str) -> None:
    async with serving(saying(400, json.dumps({"error": {"message": message}}))) as wire:
        with pytest.raises(ModelUnavailable):
            await wire.post("/x", {})


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry_After": "7"}, 7.0),
        ({"retry_after_ms": "1500", "Retry_After": "9"}, 1.5),
        ({"Retry_After": "soon"}, None),
        ({"Retry_After": "-1"}, None),
        ({"Retry_After": "nan"}, None),
        ({"Retry_After": "inf"}, None),
        ({"Retry_After": "Thu, 01 Jan 1970 00:01:00 GMT"}, 0.0),
        ({"Retry_After": "Thu, 01 Jan 99999999999999999999 00:01:00 GMT"}, None),
        ({}, None),
    ],
)
async def test_the_requested_wait_is_in_the_error(headers: dict[str, str], wait: float | None) -> None:
    async with serving(saying(429, "{}", **headers)) as wire:
        with pytest.raises(TransientError) as caught:
            await wire.post("/x", {})
    assert (caught.value.retry_after, caught.value.throttled) == (wait, True)


async def test_a_wait_may_be_given_as_a_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("promptwire.backends.retry_waits.time.time", lambda: 30.0)
    async with serving(saying(503, "{}", Retry_After="Thu, 01 Jan 1970 00:01:00 GMT")) as wire:
        with pytest.raises(TransientError) as caught:
            await wire.post("/x", {})
    assert caught.value.retry_after == 30.0


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_redirects_are_not_followed(status: int) -> None:
    async with serving(saying(status, "", Location="http://127.0.0.1:9/other")) as wire:
        with pytest.raises(ModelUnavailable, match=r"moved to http://127\.0\.0\.1:9/other"):
            await wire.post("/x", {"prompt": "secret"})


async def test_a_slow_body_ends_at_the_timeout_and_an_endless_one_at_the_size_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("promptwire.backends.http._LARGEST", 200_000)

    async def endless(request: web.Request) -> web.StreamResponse:
        reply = web.StreamResponse(headers={"Content-Type": "application/json"})
        await reply.prepare(request)
        with suppress(ConnectionError):
            while True:
                await reply.write(b" " if request.path.endswith("drips") else b" " * 10_000)
                await asyncio.sleep(0.01 if request.path.endswith("drips") else 0)
        return reply

    async with serving(endless, timeout=0.2) as wire:
        with pytest.raises(TransientError, match=r"within 0\.2 seconds"):
            await wire.post("/drips", {})
    async with serving(endless) as wire:
        with pytest.raises(TransientError, match="longer than"):
            await wire.post("/pours", {})


@pytest.mark.parametrize("text", ["", "<html>busy</html>", '{"cut": ', "[1, 2]", "null", "[" * 100_000])
async def test_a_reply_that_is_not_a_json_object_is_transient(text: str) -> None:
    async with serving(saying(200, text)) as wire:
        with pytest.raises(TransientError, match="JSON"):
            await wire.post("/x", {})


async def test_a_truncated_reply_is_transient() -> None:
    async def breaking(request: web.Request) -> web.StreamResponse:
        reply = web.StreamResponse(headers={"Content-Length": "1000"})
        await reply.prepare(request)
        await reply.write(b'{"half": ')
        assert request.transport is not None
        request.transport.close()
        return reply

    async with serving(breaking) as wire:
        with pytest.raises(TransientError, match="connection failed"):
            await wire.post("/x", {})


async def test_a_refused_connection_is_transient() -> None:
    with socket.socket() as taken:  # bound and not listening: refused for sure
        taken.bind(("127.0.0.1", 0))
        wire = HttpClient(f"http://127.0.0.1:{taken.getsockname()[1]}", key=KEY)
        with pytest.raises(TransientError, match="connection failed") as caught:
            await wire.get("/x")
        await wire.close()
    assert caught.value.hint


async def test_a_missing_reply_ends_at_the_timeout() -> None:
    over = asyncio.Event()

    async def silent(request: web.Request) -> web.Response:
        await over.wait()
        return web.Response()

    async with serving(silent, timeout=0.05) as wire:
        with pytest.raises(TransientError, match=r"within 0\.05 seconds"):
            await wire.post("/x", {})
        over.set()


async def test_a_reply_beyond_the_size_limit_is_transient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("promptwire.backends.http._LARGEST", 1000)
    async with serving(saying(200, json.dumps({"long": "x" * 100_000}))) as wire:
        with pytest.raises(PromptwireError, match="longer than"):
            await wire.post("/x", {})
    async with serving(saying(200, json.dumps({"long": "x" * 900}))) as wire:
        assert await wire.post("/x", {}) == {"long": "x" * 900}


@pytest.mark.parametrize("status", [200, 400, 401, 500])
async def test_no_message_shows_the_key(status: int) -> None:
    async with serving(saying(status, f"key {KEY} is wrong")) as wire:
        with pytest.raises(PromptwireError) as caught:
            await wire.post("/x", {})
    assert KEY not in str(caught.value)


def test_an_address_with_a_password_and_a_key_is_refused_and_neither_is_shown() -> None:
    with pytest.raises(UsageError, match="password") as caught:
        HttpClient("http://me:hunter2222@127.0.0.1:1/v1", key=KEY)
    assert "hunter2222" not in str(caught.value)
    assert KEY not in str(caught.value)
    HttpClient("http://me:hunter2222@127.0.0.1:1/v1")


async def test_a_key_that_is_invalid_in_a_header_is_one_clear_error() -> None:
    async with serving(saying(200, "{}")) as good:
        wire = HttpClient(good.base, key=KEY + "\n")
        with pytest.raises(ModelUnavailable, match="key can't be sent") as caught:
            await wire.get("/x")
        await wire.close()
    assert KEY not in str(caught.value)


async def test_a_key_at_the_cut_of_a_long_message_is_not_shown_in_part() -> None:
    async with serving(saying(400, "x" * 290 + KEY)) as wire:
        with pytest.raises(RequestRefused) as caught:
            await wire.post("/x", {})
    assert KEY[:6] not in str(caught.value)
