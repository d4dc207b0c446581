"""HTTP server on 127.0.0.1 in the OpenAI format, with faults on request, for tests of requests.

Each word counts as a token. Faults come from a list, one per request, or from a function.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any

from aiohttp import web

from tests.native_replies import native

Reply = Callable[[dict[str, Any], int], str]
"""Function from a request's body and a choice's number to the text."""


@dataclass
class Fault:
    """One kind of wrong response."""

    kind: str
    """status, reset, truncated, empty, type, nothing, json or hang."""
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    message: str = "the server says no"
    code: str = ""
    body: Any = None
    """The whole body that is sent, with the status; None sends the usual error."""


def throttled(retry_after: float | None = None) -> Fault:
    headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
    return Fault("status", 429, headers, "too many requests", "rate_limit_exceeded")


def saying(body: Any, status: int = 200) -> Fault:
    return Fault("json", status, body=body)


def refused(message: str, status: int = 400) -> Fault:
    return Fault("status", status, message=message)


class Server:
    """The server. Its attributes may change while it runs."""

    def __init__(self) -> None:
        self.reply: Reply = lambda body, number: f"reply {number}"
        self.faults: list[Fault | None] = []
        """Faults of the next requests, one each; None is no fault."""
        self.storm: Callable[[int, dict[str, Any]], Fault | None] = lambda number, body: None
        """Function from a request's number to its fault, used when the list is empty."""
        self.refuses: dict[str, str] = {}
        """Body fields that are refused with this message."""
        self.latency = 0.0
        self.ignores: set[str] = set()
        """Those of `n`, `echo`, `suffix`, `logprobs`, `usage` that are silently ignored or left out."""
        self.top: dict[str, float] = {}
        """Log-probabilities of the candidates for the first token."""
        self.legacy = True
        """Whether completions return log-probabilities in their own format or in that of chats."""
        self.key = ""
        """Required key; empty for none."""
        self.cookie = ""
        """Cookie in each reply, as NAME=VALUE."""
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.queries: list[str] = []
        self.paid = 0
        """Number of completions sent whole."""
        self.peak = 0
        self.url = ""
        self._busy = 0

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        number = len(self.requests)
        self.requests.append(body)
        self.headers.append(dict(request.headers))
        self.paths.append(request.path)
        self.queries.append(request.query_string)
        self._busy += 1
        self.peak = max(self.peak, self._busy)
        try:
            if self.latency:
                await asyncio.sleep(self.latency)
            if self.key and request.headers.get("Authorization") != f"Bearer {self.key}":
                return _error(Fault("status", 401, message=f"wrong key {request.headers.get('Authorization')}"))
            fault = self.faults.pop(0) if self.faults else self.storm(number, body)
            if fault is not None:
                return await self._misbehave(fault, request, body)
            for name, message in self.refuses.items():
                if name in body:
                    return _error(refused(message))
            made = self._made(body, "chat" in request.path) if request.path.startswith(("/v1/c", "/v1/openai/")) else None
            self.paid += len(made["choices"]) if made else 1
            cookie = {"Set-Cookie": self.cookie} if self.cookie else None
            return web.json_response(made or native(request.path, self.reply(body, 0), body), headers=cookie)
        finally:
            self._busy -= 1

    async def _misbehave(self, fault: Fault, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        if fault.kind == "status":
            return _error(fault)
        if fault.kind == "reset":
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if fault.kind == "truncated":
            return web.Response(text='{"choices": [{"mess', content_type="application/json")
        if fault.kind == "empty":
            return web.json_response({"choices": [], "usage": {}})
        if fault.kind == "type":
            return web.Response(text="<html>we are updating</html>", content_type="text/html")
        if fault.kind == "json":
            return web.json_response(fault.body, status=fault.status)
        if fault.kind == "nothing":
            return web.json_response({"choices": [{"index": 0, "finish_reason": "stop"}]})
        await asyncio.sleep(3600)
        return web.Response()

    def _made(self, body: dict[str, Any], chat: bool) -> dict[str, Any]:
        n = 1 if "n" in self.ignores else body.get("n", 1)
        texts = [self.reply(body, number) for number in range(n)]
        made = [self._choice(body, chat, number, text) for number, text in enumerate(texts)]
        asked = " ".join(message["content"] for message in body["messages"]) if chat else body["prompt"]
        if "suffix" not in self.ignores:
            asked += body.get("suffix", "")
        read, written = len(asked.split()), sum(len(text.split()) for text in texts)
        usage = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
        return {
            "id": "1",
            "object": "chat.completion" if chat else "text_completion",
            "created": 1,
            "model": body["model"],
            "choices": made,
            **({} if "usage" in self.ignores else {"usage": usage}),
        }

    def _choice(self, body: dict[str, Any], chat: bool, number: int, text: str) -> dict[str, Any]:
        choice: dict[str, Any] = {"index": number, "finish_reason": "stop"}
        if body.get("echo") and "echo" not in self.ignores:
            text = body["prompt"] + ("" if body["max_tokens"] == 0 else " more")
            tokens = re.findall(r"\s*\S+", text)
            weights = [None, *(-float(len(token)) for token in tokens[1:])]
            choice["logprobs"] = {"tokens": tokens, "token_logprobs": weights}
        elif body.get("logprobs") and "logprobs" not in self.ignores:
            listed = [{"token": token, "logprob": weight} for token, weight in self.top.items()]
            chatty = {"content": [{"token": text, "logprob": -0.1, "bytes": None, "top_logprobs": listed}]}
            old = {"tokens": [text], "token_logprobs": [-0.1], "top_logprobs": [self.top]}
            choice["logprobs"] = old if not chat and self.legacy else chatty
        return {**choice, **({"message": {"role": "assistant", "content": text}} if chat else {"text": text})}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Server]:
        """Serve from this event loop."""
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._handle)
        app.router.add_post("/v1/completions", self._handle)
        app.router.add_post("/{path:.*}", self._handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        try:
            yield self
        finally:
            await runner.cleanup()

    @contextmanager
    def beside(self) -> Iterator[Server]:
        """Serve from a thread of its own, for tests of synchronous code and of other processes."""
        ready, loop = Event(), asyncio.new_event_loop()
        stop = asyncio.Event()

        async def serve() -> None:
            async with self.running():
                ready.set()
                await stop.wait()

        thread = Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
        thread.start()
        if not ready.wait(30):
            raise TimeoutError("the test server did not start")
        try:
            yield self
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join(30)
            loop.close()


def _error(fault: Fault) -> web.Response:
    said = {"error": {"message": fault.message, "type": "error", "code": fault.code or None}}
    text = json.dumps(said if fault.body is None else fault.body)
    return web.Response(status=fault.status, text=text, headers=fault.headers, content_type="application/json")
