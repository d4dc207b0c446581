"""A hub on 127.0.0.1 that speaks what huggingface_hub asks: resolve with HEAD and GET, a redirect to storage, ranges."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "a" * 40


@dataclass
class Hub:
    """What the hub has, what it does, and what it was asked."""

    files: dict[str, bytes] = field(default_factory=dict)
    """Content by `OWNER/REPO/FILE`."""
    asked: list[tuple[str, str, str, bool]] = field(default_factory=list)
    """Requests: method, path, range, whether a token came along."""
    cut: int = 0
    """When positive, each transfer ends after so many bytes."""
    status: int = 0
    """When positive, the status of every answer."""
    error: str = ""
    """Value of X-Error-Code with that status."""
    served: bytes | None = None
    """Bytes that are sent in place of the content."""
    url: str = ""

    @property
    def ranges(self) -> list[str]:
        """The ranges of the transfers."""
        return [asked for method, path, asked, _ in self.asked if method == "GET" and path.startswith("/storage/")]


@contextmanager
def hub_server() -> Iterator[Hub]:
    """Serve a hub while the block runs."""
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        """Answers of the hub and of its storage, which has another name for the same machine."""

        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._answer(body=False)

        def do_GET(self) -> None:
            self._answer(body=True)

        def _answer(self, *, body: bool) -> None:
            asked = self.headers.get("Range", "")
            hub.asked.append((self.command, self.path, asked, "Authorization" in self.headers))
            if hub.status:
                self._send(hub.status, {"X-Error-Code": hub.error} if hub.error else {})
            elif self.path.startswith("/storage/"):
                self._store(hub.files[self.path.removeprefix("/storage/")], asked, body=body)
            else:
                self._resolve()

        def _resolve(self) -> None:
            owner, repo, word, revision, *file = self.path.strip("/").split("/")
            name = "/".join((owner, repo, *file))
            if word != "resolve" or revision not in ("main", COMMIT):
                self._send(404, {"X-Error-Code": "RevisionNotFound"})
            elif name not in hub.files:
                self._send(404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT})
            else:
                content = hub.files[name]
                storage = f"http://localhost:{self.server.server_address[1]}/storage/{name}"  # type: ignore[attr-defined]
                told = {"X-Repo-Commit": COMMIT, "X-Linked-Size": str(len(content)), "Location": storage, "ETag": '"pointer"'}
                self._send(302, {**told, "X-Linked-ETag": f'"{hashlib.sha256(content).hexdigest()}"'})

        def _store(self, content: bytes, asked: str, *, body: bool) -> None:
            content = content if hub.served is None else hub.served
            start = int(asked.removeprefix("bytes=").partition("-")[0]) if asked else 0
            part = content[start:]
            told = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"} if asked else {}
            self._send(206 if asked else 200, told, part if body else b"", length=len(part))

        def _send(self, status: int, headers: dict[str, str], content: bytes = b"", *, length: int = 0) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(length)}.items():
                self.send_header(name, value)
            self.end_headers()
            if hub.cut and len(content) > hub.cut:
                content, self.close_connection = content[: hub.cut], True
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        hub.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield hub
        finally:
            server.shutdown()
            thread.join()
