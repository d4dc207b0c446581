"""Backend of the embedded model: llama.cpp in a child process, with reproducible completions.

It uses one slot, fixed threads, and batches below 64 tokens. With larger batches the last digits depend on what the request
before left in the prompt cache: 42 of 48 label probabilities differed, by up to 0.05; with 63 none did. A run that was killed
and started again would then end differently. Sampled replies don't use the prompt cache, and their seeds come from the cache
key. The price is known to be 0.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import secrets
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from promptwire.backend import FREE, Completion, Kind, Quote, Request
from promptwire.backends import openai_format
from promptwire.backends.http import HttpClient
from promptwire.backends.llama_logprobs import LlamaLogprobs
from promptwire.backends.model_files import KNOWN, fingerprint, locate
from promptwire.errors import ModelError, ModelUnavailable, TransientError, Unsupported

__all__ = ["LocalBackend"]

_CONTEXT: Final = 2048
_START: Final = 120.0
"""Time limit in seconds for the child to load the model."""
_LONGEST: Final = 512
"""Longest reply without `max_tokens`. A small model that repeats itself would fill its context."""
_RESTARTS: Final = 3
_CLOSE: Final = 1e-3


class LocalBackend:
    """The model `local`, or with `path` any GGUF file."""

    batches = False
    parallel = 1

    def __init__(
        self, path: Path | None = None, *, say: Callable[[str], None] | None = None, timeout: float = openai_format.TIMEOUT
    ) -> None:
        """`say` gets progress messages of the model download."""
        self.name = f"local:{path}" if path else "local"
        self.timeout = timeout
        self._path = path
        self._say = say
        self._process: asyncio.subprocess.Process | None = None
        self._client: HttpClient | None = None
        self._starts = 0
        self._self_test_result: asyncio.Future[None] | None = None
        self._logprobs = LlamaLogprobs(self._post, where=self.name)
        self.url = ""
        """Address of the server; empty until it is open."""
        self.key = secrets.token_hex(16)
        """Key of the server, so that no other user of the machine can use it."""

    @property
    def identity(self) -> str:
        """SHA-256 of the weights: a file gives the same completions in any folder."""
        own = self._path or (Path(os.environ["PROMPTWIRE_MODEL"]) if os.environ.get("PROMPTWIRE_MODEL") else None)
        return f"llama.cpp {fingerprint(own) if own else KNOWN['local'].sha256}"

    def quote(self) -> Quote:
        """Free."""
        return FREE

    def supports(self, kind: Kind, *, chat: bool) -> str:
        """All kinds but infill; see `Backend.supports`."""
        return f"{self.name} can't fill gaps: it was not trained for it" if kind == "infill" else ""

    async def open(self) -> None:
        """Download the model file when missing, and start the server. Raises ModelUnavailable."""
        self._path = self._path or await asyncio.to_thread(locate, "local", self._say)
        await self._start()

    async def call(self, request: Request, *, keys: Sequence[str]) -> list[Completion]:
        """Return one completion; see `Backend.call`. A server that ended is restarted, up to three times."""
        try:
            return [await self._answer(request, keys[0])]
        except TransientError as error:
            if self._process is not None and self._process.returncode is not None:
                await self._start()
                raise TransientError("the embedded model's process ended and was started again", retry_after=0.0) from error
            raise

    async def close(self) -> None:
        """End the server. Requests in flight are dropped."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            if process.stdin is not None:
                process.stdin.close()
            try:
                await asyncio.wait_for(process.wait(), 5)
            except TimeoutError:
                process.kill()
                await process.wait()

    async def _start(self) -> None:
        if self._starts > _RESTARTS:
            raise ModelUnavailable("the embedded model's process keeps ending", where=self.name, hint="free some memory")
        self._starts += 1
        await self.close()
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # otherwise a file `random.py` in the working folder would be imported instead of Python's own
            "-m",
            "promptwire.backends.llama_server",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C must reach only the run, which finishes its requests; the server ends with the run
        )
        config = {"path": str(self._path), "threads": _threads(), "context": _CONTEXT, "key": self.key}
        report = await self._read_report(self._process, json.dumps(config) + "\n")
        if "url" not in report:
            raise self._refused(report)
        self.url = report["url"]
        self._client = HttpClient(self.url, key=self.key, timeout=self.timeout)

    async def _read_report(self, process: asyncio.subprocess.Process, config: str) -> dict[str, Any]:
        """Read the one line that the child writes."""
        if process.stdin is None or process.stdout is None:
            raise ModelUnavailable("the embedded model's process has no pipes", where=self.name)
        try:
            process.stdin.write(config.encode())
            await process.stdin.drain()
            line = await asyncio.wait_for(process.stdout.readline(), _START)
            report = json.loads(line or b"{}")
        except (TimeoutError, OSError, ValueError) as error:
            raise ModelUnavailable(f"the embedded model did not start: {error}", where=self.name) from error
        return report if isinstance(report, dict) else {}

    def _refused(self, report: dict[str, Any]) -> ModelUnavailable:
        if report.get("missing"):
            return ModelUnavailable(str(report["error"]), where=self.name, hint="pip install 'promptwire[local]'")
        hint = f"check that {self._path} is a model for llama.cpp, and that there is enough memory"
        return ModelUnavailable(
            f"the embedded model did not start: {report.get('error', 'it ended')}", where=self.name, hint=hint
        )

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        if self._client is None:
            raise ModelUnavailable("the embedded model is not running", where=self.name)
        try:
            return await self._client.post(path, body)
        except ModelError as error:
            error.where = self.name  # the address is temporary and of no use in a message
            raise

    async def _answer(self, request: Request, key: str) -> Completion:
        if request.kind in ("choose", "logprob"):
            await self._ensure_self_test()
            prompt = await self._prompt(request)
            running = not request.messages or request.messages[-1].role == "assistant"
            if request.kind == "choose":
                return await self._logprobs.choose(prompt, request.options, running=running)
            return await self._logprobs.likelihood(prompt, request.options[0], running=running)
        body = {**openai_format.body("local", request), "cache_prompt": not request.random, "seed": openai_format.seed(key)}
        body.setdefault("max_tokens", _LONGEST)
        answer = openai_format.read_completions(await self._post("/v1" + openai_format.route(request), body), usd=0.0)[0]
        if request.messages and request.messages[-1].role == "assistant":  # llama.cpp repeats the given beginning of the reply
            return replace(answer, text=answer.text.removeprefix(request.messages[-1].content))
        return answer

    async def _prompt(self, request: Request) -> str:
        """Whole text that the model reads before the answer."""
        if not request.messages:
            return request.prompt
        messages = [{"role": message.role, "content": message.content} for message in request.messages]
        return str((await self._post("/apply-template", {"messages": messages}))["prompt"])

    async def _ensure_self_test(self) -> None:
        """Test once that scoring works: a build that ignores the grammar would return wrong scores silently."""
        if self._self_test_result is None:
            self._self_test_result = asyncio.ensure_future(self._self_test())
        await asyncio.shield(self._self_test_result)

    async def _self_test(self) -> None:
        start = "One two three four five"
        likely = await self._logprobs.likelihood(start, "six seven", running=True)
        odd = await self._logprobs.likelihood(start, "spoon violin", running=True)
        chosen = await self._logprobs.choose(start, ("six", "violin"), running=True)
        if sum(likely.weights) <= sum(odd.weights) or abs(sum(map(math.exp, chosen.weights)) - 1) > _CLOSE:
            raise Unsupported(
                "the embedded model failed its self-test for scoring",
                where=self.name,
                hint="check that the file is a language model",
            )


def _threads() -> int:
    """Fixed number of threads, because the last digits of scores depend on it; set by `PROMPTWIRE_THREADS`."""
    count = os.environ.get("PROMPTWIRE_THREADS", "")
    return int(count) if count.isdigit() and int(count) else 2
