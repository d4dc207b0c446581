"""A client of the YAML language server: opens files, requests completions, collects diagnostics.

The server is a child that speaks LSP over its standard streams. Everything it may ask back is answered so that it reaches for
no network: the schema of a file is the one that the file names.
"""

from __future__ import annotations

import json
import subprocess
import threading
from pathlib import Path
from typing import Any

SETTINGS = {
    "yaml": {"validate": True, "completion": True, "hover": True, "schemaStore": {"enable": False, "url": ""}, "schemas": {}}
}

LONGEST = 300.0
"""Lifetime of a server, in seconds."""


class Editor:
    """A running language server with one folder open."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self._child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        # A server that hangs is ended, so that the test fails and does not wait for ever.
        self._watch = threading.Timer(LONGEST, self._child.kill)
        self._watch.start()
        self._number = 0
        self._mistakes: dict[str, list[dict[str, Any]]] = {}
        can = {
            "textDocument": {
                "completion": {"completionItem": {"snippetSupport": False}},
                "publishDiagnostics": {},
                "hover": {},
            },
            "workspace": {"configuration": True, "didChangeConfiguration": {}},
        }
        self._ask("initialize", {"processId": None, "rootUri": folder.as_uri(), "capabilities": can})
        self._send({"method": "initialized", "params": {}})
        self._send({"method": "workspace/didChangeConfiguration", "params": {"settings": SETTINGS}})

    def close(self) -> None:
        """End the server."""
        self._ask("shutdown", None)
        self._send({"method": "exit"})
        self._child.communicate()
        self._watch.cancel()

    def mistakes(self, path: Path) -> list[tuple[int, str]]:
        """Line (from 1) and message of each diagnostic in the file."""
        uri = path.as_uri()
        self._mistakes.pop(uri, None)
        item = {"uri": uri, "languageId": "yaml", "version": 1, "text": path.read_text(encoding="utf-8")}
        self._send({"method": "textDocument/didOpen", "params": {"textDocument": item}})
        while uri not in self._mistakes:
            self._take(self._receive())
        return [(found["range"]["start"]["line"] + 1, found["message"]) for found in self._mistakes[uri]]

    def offers(self, path: Path, line: int, column: int) -> dict[str, str]:
        """Completions at a line and column, both from 1, with their documentation."""
        where = {"textDocument": {"uri": path.as_uri()}, "position": {"line": line - 1, "character": column - 1}}
        found = self._ask("textDocument/completion", where)
        items = found["items"] if isinstance(found, dict) else found or []
        return {item["label"]: _text(item.get("documentation")) for item in items}

    def manual(self, path: Path, line: int, column: int) -> str:
        """Hover text for the word at a line and column."""
        where = {"textDocument": {"uri": path.as_uri()}, "position": {"line": line - 1, "character": column - 1}}
        found = self._ask("textDocument/hover", where)
        return _text(found["contents"]) if found else ""

    def _ask(self, method: str, params: Any) -> Any:
        self._number += 1
        number = self._number
        self._send({"id": number, "method": method, "params": params})
        while True:
            message = self._receive()
            if message.get("id") == number and "method" not in message:
                assert "error" not in message, message["error"]
                return message["result"]
            self._take(message)

    def _take(self, message: dict[str, Any]) -> None:
        """Store diagnostics, and answer the requests of the server."""
        if message.get("method") == "textDocument/publishDiagnostics":
            self._mistakes[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif "method" in message and "id" in message:
            asked = message["params"].get("items", []) if message["method"] == "workspace/configuration" else None
            known: dict[str, Any] = SETTINGS
            answer = None if asked is None else [known.get(item.get("section"), {}) for item in asked]
            self._send({"id": message["id"], "result": answer})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._child.stdin is not None
        self._child.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._child.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        assert self._child.stdout is not None
        length = 0
        while (line := self._child.stdout.readline()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        body = self._child.stdout.read(length)
        assert body, "the language server ended"
        found: dict[str, Any] = json.loads(body)
        return found


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "\n".join(map(_text, value))
    return str(value.get("value", "")) if isinstance(value, dict) else str(value or "")
