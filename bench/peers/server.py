"""A fake OpenAI-compatible server with latencies, faults, limits and counters, in a process of its own.

It reads HTTP by hand, because a web framework takes more processor time a request than the fastest client does. The first line
printed is the port. `POST /settings` starts the counters anew, `GET /counters` reads them.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from .admission import Admission, Settings, Waiting
from .replies import reply

__all__ = ["Server"]

_HEAD = "HTTP/1.1 {} Reply\r\nContent-Type: application/json\r\n{}Content-Length: {}\r\n\r\n"
_FAILED = b'{"error": {"message": "The server had an error", "type": "server_error"}}'
_REFUSED = b'{"error": {"message": "Rate limit reached", "type": "rate_limit"}}'
_UNKNOWN = b'{"error": {"message": "Only chat completions are served"}}'


class Server:
    """The server, with what it decides by."""

    def __init__(self, answer: Callable[[bytes], bytes] = reply) -> None:
        self.admission = Admission(Settings())
        self.answer = answer
        """Function from the body of a request for completions to that of its reply."""
        self.pages: Mapping[bytes, Callable[[], bytes]] = {}
        """Further addresses that can be read, with what they show."""

    async def listen(self) -> int:
        """Start, and give the port."""
        made = await asyncio.get_running_loop().create_server(lambda: _Connection(self), "127.0.0.1", 0, backlog=2048)
        return int(made.sockets[0].getsockname()[1])


class _Connection(asyncio.Protocol):
    """One connection of a client, kept open."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.data = bytearray()
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back to the client."""
        self.transport = transport
        self.server.admission.counters.connections += 1

    def data_received(self, data: bytes) -> None:
        """Answer each request that is whole."""
        self.data += data
        while (end := self.data.find(b"\r\n\r\n")) >= 0:
            head = bytes(self.data[:end]).lower()
            if (found := _body(head, self.data, end + 4)) is None:
                return
            del self.data[: found[1]]
            self.answer(head.split(b" ", 2)[1], found[0])

    def answer(self, path: bytes, body: bytes) -> None:
        """Reply to one request, at once or later."""
        admission = self.server.admission
        if path.endswith(b"/chat/completions"):
            self.complete(admission, body)
        elif path == b"/settings":
            self.server.admission = Admission(Settings(**json.loads(body)))
            self.send(200, b"{}")
        elif path == b"/counters":
            self.send(200, json.dumps(asdict(admission.counters)).encode())
        elif path in self.server.pages:
            self.send(200, self.server.pages[path]())
        else:
            self.send(404, _UNKNOWN)

    def complete(self, admission: Admission, body: bytes) -> None:
        """Reply to a request for completions."""
        waiting = admission.admit(time.perf_counter())
        if waiting is None:
            wait = admission.settings.retry_after
            self.send(429, _REFUSED, f"Retry-After: {wait}\r\nRetry-After-Ms: {wait * 1000:.0f}\r\n")
            return
        text = self.server.answer(body) if waiting.fate == "good" else b""
        asyncio.get_running_loop().call_later(waiting.latency, self.finish, admission, waiting, text)

    def finish(self, admission: Admission, waiting: Waiting, text: bytes) -> None:
        """Send what a request gets."""
        admission.finish(waiting, time.perf_counter())
        if waiting.fate == "dropped":
            self.transport.abort()
        else:
            self.send(*((200, text) if waiting.fate == "good" else (500, _FAILED)))

    def send(self, status: int, body: bytes, headers: str = "") -> None:
        """Write one reply, where the client still listens."""
        if not self.transport.is_closing():
            self.transport.write(_HEAD.format(status, headers, len(body)).encode() + body)


def _body(head: bytes, data: bytearray, start: int) -> tuple[bytes, int] | None:
    """The body after `head` and where it ends; None where it is not whole yet."""
    if b"transfer-encoding: chunked" in head:
        return _chunks(data, start)
    length = head.partition(b"content-length:")[2].split(b"\r\n", 1)[0]
    end = start + int(length or 0)
    return (bytes(data[start:end]), end) if len(data) >= end else None


def _chunks(data: bytearray, start: int) -> tuple[bytes, int] | None:
    """The body that comes in chunks from `start` on, and where it ends; None where it is not whole yet."""
    body = b""
    while (end := data.find(b"\r\n", start)) >= 0:
        size = int(bytes(data[start:end]).split(b";")[0], 16)
        first, start = end + 2, end + 4 + size
        if len(data) < start:
            return None
        body += bytes(data[first : first + size])
        if not size:
            return body, start
    return None


async def _main() -> None:
    print(await Server().listen(), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main())
