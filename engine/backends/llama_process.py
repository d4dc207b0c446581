"""One child process with a llama.cpp server: started, asked, restarted when it ended, and closed."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import sys
from collections.abc import Mapping
from typing import Any, Final

from promptwire.backends.http import HttpClient
from promptwire.errors import ContextOverflow, ModelError, ModelUnavailable, RequestRefused, TransientError

__all__ = ["LlamaProcess"]

_START: Final = 120.0
"""Time limit in seconds for the child to load the model."""
_RESTARTS: Final = 3
_TEMPLATE_ERROR: Final = re.compile(r"Jinja Exception: (.{1,200}?)(?: \d{3} \w+)?$", re.MULTILINE)
"""What llama.cpp says when the template raises an error, before its own status and error type."""


class LlamaProcess:
    """A llama.cpp server with `config`, the settings that `promptwire.backends.llama_server` takes."""

    def __init__(self, config: Mapping[str, Any], *, where: str, timeout: float) -> None:
        """`where` is the model's name, for errors; `timeout` the time limit of a request in seconds."""
        self.key = secrets.token_hex(16)
        """Key of the server, so that no other user of the machine can use it."""
        self.url = ""
        """Address of the server; empty until it is started."""
        self.child: asyncio.subprocess.Process | None = None
        """The running process."""
        self._config = {**config, "key": self.key}
        self._where = where
        self._timeout = timeout
        self._client: HttpClient | None = None
        self._starts = 0

    @property
    def ended(self) -> bool:
        """Whether the process was started and is gone."""
        return self.child is not None and self.child.returncode is not None

    async def start(self) -> None:
        """Start the server, or start it again. Raises ModelUnavailable."""
        if self._starts > _RESTARTS:
            raise ModelUnavailable("the embedded model's process keeps ending", where=self._where, hint="free some memory")
        self._starts += 1
        await self.close()
        self.child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # otherwise a file `random.py` in the working folder would be imported instead of Python's own
            "-m",
            "promptwire.backends.llama_server",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C must reach only the run, which finishes its requests; the server ends with the run
        )
        report = await self._read_report(self.child)
        if "url" not in report:
            raise self._refused(report)
        self.url = report["url"]
        self._client = HttpClient(self.url, key=self.key, timeout=self._timeout)

    async def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Post `body` to the server and return the reply. Raises ModelError."""
        if self._client is None:
            raise ModelUnavailable("the embedded model is not running", where=self._where)
        try:
            return await self._client.post(path, body)
        except ModelError as error:
            error.where = self._where  # the address is temporary and of no use in a message
            if isinstance(error, ContextOverflow):
                error.hint = "shorten the prompt or its examples, or give the model a longer context, such as context=8192"
            refused = _TEMPLATE_ERROR.search(error.endpoint_text) if isinstance(error, RequestRefused) else None
            if refused:
                problem = f"the model's chat template refuses these messages: {refused[1]}"
                hint = "use a task template with other messages, such as task/chat.j2, which sends no system message"
                raise RequestRefused(problem, where=self._where, hint=hint) from error
            raise

    async def restart_if_ended(self, error: TransientError) -> None:
        """Start the server again where it ended, and raise an error that makes the request be sent again."""
        if self.ended:
            await self.start()
            raise TransientError("the embedded model's process ended and was started again", retry_after=0.0) from error

    async def close(self) -> None:
        """End the server. Requests in flight are dropped."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()
        child, self.child = self.child, None
        if child is not None and child.returncode is None:
            if child.stdin is not None:
                child.stdin.close()
            try:
                await asyncio.wait_for(child.wait(), 5)
            except TimeoutError:
                child.kill()
                await child.wait()

    async def _read_report(self, child: asyncio.subprocess.Process) -> dict[str, Any]:
        """Read the one line that the child writes."""
        if child.stdin is None or child.stdout is None:
            raise ModelUnavailable("the embedded model's process has no pipes", where=self._where)
        try:
            child.stdin.write(f"{json.dumps(self._config)}\n".encode())
            await child.stdin.drain()
            line = await asyncio.wait_for(child.stdout.readline(), _START)
            report = json.loads(line or b"{}")
        except (TimeoutError, OSError, ValueError) as error:
            raise ModelUnavailable(f"the embedded model did not start: {error}", where=self._where) from error
        return report if isinstance(report, dict) else {}

    def _refused(self, report: Mapping[str, Any]) -> ModelUnavailable:
        if report.get("missing"):
            return ModelUnavailable(str(report["error"]), where=self._where, hint="pip install 'promptwire[local]'")
        hint = f"check that {self._config['path']} is a model for llama.cpp, and that there is enough memory"
        return ModelUnavailable(
            f"the embedded model did not start: {report.get('error', 'it ended')}", where=self._where, hint=hint
        )
