"""The embedded model: llama.cpp in a child process, one slot, the same answer to the same question every time.

One slot, fixed threads, and batches below 64 tokens: with larger ones the last digits of an answer depend on how much of the
prompt was left from the request before (42 of 48 label probabilities differed, by up to 0.05; with 63 none did), and a run that
was killed and started again would not end the same. Sampled replies take nothing from the prompt cache at all, and their seeds
come from the cache key. Nothing is charged: the price is known, and is 0.
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
"""Seconds that the child may take to load the model."""
_LONGEST: Final = 512
"""Tokens of a reply when no `max_tokens` is said: a small model that repeats itself would go on to the end of its context."""
_RESTARTS: Final = 3
_CLOSE: Final = 1e-3


class LocalBackend:
    """The model called `local`, or with a `path` any GGUF file."""

    batches = False
    parallel = 1

    def __init__(
        self, path: Path | None = None, *, say: Callable[[str], None] | None = None, timeout: float = openai_format.TIMEOUT
    ) -> None:
        """`say` hears what the download of the model file is doing."""
        self.name = f"local:{path}" if path else "local"
        self.timeout = timeout
        self._path = path
        self._say = say
        self._process: asyncio.subprocess.Process | None = None
        self._wire: HttpClient | None = None
        self._starts = 0
        self._proof: asyncio.Future[None] | None = None
        self._forcing = LlamaLogprobs(self._post, where=self.name)
        self.url = ""
        """Address of the server, once open."""
        self.key = secrets.token_hex(16)
        """The server's key, so that nobody else on the machine uses it."""

    @property
    def identity(self) -> str:
        """The weights' SHA-256: the same file has the same answers wherever it lies."""
        own = self._path or (Path(os.environ["PROMPTWIRE_MODEL"]) if os.environ.get("PROMPTWIRE_MODEL") else None)
        return f"llama.cpp {fingerprint(own) if own else KNOWN['local'].sha256}"

    def quote(self) -> Quote:
        """Nothing is charged."""
        return FREE

    def supports(self, kind: Kind, *, chat: bool) -> str:
        """Everything but infill; see `Backend.supports`."""
        return f"{self.name} can't fill gaps: it was not trained to" if kind == "infill" else ""

    async def open(self) -> None:
        """Fetch the model file when it is not there, and start the server. Raises ModelUnavailable."""
        self._path = self._path or await asyncio.to_thread(locate, "local", self._say)
        await self._start()

    async def call(self, request: Request, *, keys: Sequence[str]) -> list[Completion]:
        """One answer; see `Backend.call`. A server that died is started again, up to three times."""
        try:
            return [await self._answer(request, keys[0])]
        except TransientError as error:
            if self._process is not None and self._process.returncode is not None:
                await self._start()
                raise TransientError("the embedded model's process ended and was started again", retry_after=0.0) from error
            raise

    async def close(self) -> None:
        """End the server; a request that is under way is dropped."""
        wire, self._wire = self._wire, None
        if wire is not None:
            await wire.close()
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
            raise ModelUnavailable("the embedded model's process keeps ending", where=self.name, hint="is there enough memory?")
        self._starts += 1
        await self.close()
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # else a file `random.py` where the user stands would be imported for Python's own
            "-m",
            "promptwire.backends.llama_server",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the run, which drains; the server goes when the run does
        )
        config = {"path": str(self._path), "threads": _threads(), "context": _CONTEXT, "key": self.key}
        said = await self._hello(self._process, json.dumps(config) + "\n")
        if "url" not in said:
            raise self._refused(said)
        self.url = said["url"]
        self._wire = HttpClient(self.url, key=self.key, timeout=self.timeout)

    async def _hello(self, process: asyncio.subprocess.Process, config: str) -> dict[str, Any]:
        """The child's one line."""
        if process.stdin is None or process.stdout is None:
            raise ModelUnavailable("the embedded model's process has no pipes", where=self.name)
        try:
            process.stdin.write(config.encode())
            await process.stdin.drain()
            line = await asyncio.wait_for(process.stdout.readline(), _START)
            said = json.loads(line or b"{}")
        except (TimeoutError, OSError, ValueError) as error:
            raise ModelUnavailable(f"the embedded model did not start: {error}", where=self.name) from error
        return said if isinstance(said, dict) else {}

    def _refused(self, said: dict[str, Any]) -> ModelUnavailable:
        if said.get("missing"):
            return ModelUnavailable(str(said["error"]), where=self.name, hint="pip install 'promptwire[local]'")
        hint = f"is {self._path} a model that llama.cpp can load, and is there enough memory?"
        return ModelUnavailable(
            f"the embedded model did not start: {said.get('error', 'it ended')}", where=self.name, hint=hint
        )

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        if self._wire is None:
            raise ModelUnavailable("the embedded model is not running", where=self.name)
        try:
            return await self._wire.post(path, body)
        except ModelError as error:
            error.where = self.name  # the address is a passing one, of no use to anybody
            raise

    async def _answer(self, request: Request, key: str) -> Completion:
        if request.kind in ("choose", "logprob"):
            await self._prove()
            prompt = await self._prompt(request)
            running = not request.messages or request.messages[-1].role == "assistant"
            if request.kind == "choose":
                return await self._forcing.choose(prompt, request.options, running=running)
            return await self._forcing.likelihood(prompt, request.options[0], running=running)
        body = {**openai_format.body("local", request), "cache_prompt": not request.random, "seed": openai_format.seed(key)}
        body.setdefault("max_tokens", _LONGEST)
        answer = openai_format.read_completions(await self._post("/v1" + openai_format.route(request), body), usd=0.0)[0]
        if (
            request.messages and request.messages[-1].role == "assistant"
        ):  # llama.cpp repeats the opening words that it was given
            return replace(answer, text=answer.text.removeprefix(request.messages[-1].content))
        return answer

    async def _prompt(self, request: Request) -> str:
        """The whole text that the model reads before the answer."""
        if not request.messages:
            return request.prompt
        messages = [{"role": message.role, "content": message.content} for message in request.messages]
        return str((await self._post("/apply-template", {"messages": messages}))["prompt"])

    async def _prove(self) -> None:
        """Once: see that scoring works, for a build that ignores the grammar would score nonsense without a word."""
        if self._proof is None:
            self._proof = asyncio.ensure_future(self._test())
        await asyncio.shield(self._proof)

    async def _test(self) -> None:
        start = "One two three four five"
        likely = await self._forcing.likelihood(start, "six seven", running=True)
        odd = await self._forcing.likelihood(start, "spoon violin", running=True)
        chosen = await self._forcing.choose(start, ("six", "violin"), running=True)
        if sum(likely.weights) <= sum(odd.weights) or abs(sum(map(math.exp, chosen.weights)) - 1) > _CLOSE:
            raise Unsupported(
                "the embedded model failed its self-test for scoring", where=self.name, hint="is the file a language model?"
            )


def _threads() -> int:
    """A fixed number, for the last digits of an answer depend on it; `PROMPTWIRE_THREADS` changes it."""
    said = os.environ.get("PROMPTWIRE_THREADS", "")
    return int(said) if said.isdigit() and int(said) else 2
