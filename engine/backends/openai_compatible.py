"""Any OpenAI-compatible address, such as vLLM, Ollama or llama.cpp: a twentieth of litellm's processor time a call.

Addresses differ in what they take and in what they silently ignore. What one refuses by name (`n`, `seed`, `max_tokens`, many
candidates) is learned from its refusal, which costs nothing, and left out from then on; what can't be left out is Unsupported.
Ignored things are found out in the reply: `echo` must come back as tokens, and a `suffix` must show in the token count.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from promptwire.backend import Completion, Kind, Request, Settings, charge
from promptwire.backends import openai_format
from promptwire.backends.address import Address
from promptwire.backends.logprobs import echoed, weighed
from promptwire.backends.prices import Quote, at_address
from promptwire.errors import ContextOverflow, ModelUnavailable, RequestRefused, TransientError, Unsupported

if TYPE_CHECKING:
    from promptwire.backends.http import HttpClient

__all__ = ["OpenAICompatible"]

_SUFFIX: Final = " word" * 40
_FEWEST: Final = 5
"""Candidates for the next token that OpenAI gives for completions: its most, and what is asked for when 20 are refused."""
_NOTHING: Final = re.compile(r"(?!)")
_UNABLE: Final = {
    "choose": re.compile("logprob"),
    "logprob": re.compile("logprob|echo"),
    "infill": re.compile("suffix"),
}


class OpenAICompatible:
    """One model at one address."""

    def __init__(
        self,
        model: str,
        base: str,
        *,
        key: str | None = None,
        parallel: int = 32,
        timeout: float = openai_format.TIMEOUT,
        name: str = "",
    ) -> None:
        self.model = model
        self.base = base.rstrip("/")
        self.name = name or model
        self.parallel = parallel
        self.timeout = timeout
        self.batches = True
        self._key = key
        self._wire: HttpClient | None = None
        self._without: set[str] = set()
        self._top = openai_format.TOP
        self._suffix: asyncio.Future[None] | None = None

    @property
    def identity(self) -> str:
        """Model and address with its query; a password or key in it is no part of that."""
        return f"{self.model} at {Address(self.base).identity}"

    def quote(self) -> Quote:
        """Addresses don't say what they charge."""
        return at_address(self.base)

    def supports(self, kind: Kind, *, chat: bool) -> str:
        """Why it can't answer such requests, as far as can be said without asking it."""
        if chat and kind == "logprob":
            return f"{self.name}: a chat interface can't score a given answer; use a template with `mode: completion`"
        if chat and kind == "infill":
            return f"{self.name}: a chat interface can't fill a gap; use a template with `mode: completion`"
        return ""

    async def open(self) -> None:
        """Make the connection pool; the address itself is first spoken to by the first request."""
        from promptwire.backends.http import HttpClient  # noqa: PLC0415 - aiohttp takes 0.2 s, and a run from the cache needs none

        self._wire = HttpClient(self.base, key=self._key, timeout=self.timeout, parallel=self.parallel)

    async def call(self, request: Request, *, keys: Sequence[str]) -> list[Completion]:
        """Answer `request`; fewer answers than keys when the address gives fewer. Raises ModelError."""
        if request.kind == "infill":
            await self._check_suffix()
        try:
            reply = await self._post(request, keys if self.batches else keys[:1])
        except ContextOverflow:
            raise
        except RequestRefused as error:
            if openai_format.FILTERED.search(error.problem):
                return [Completion(finish="content_filter") for _ in keys]
            raise
        found = openai_format.read_completions(reply, via="suffix" if request.kind == "infill" else "", most=len(keys))
        if request.kind in ("generate", "infill"):
            if len(found) < len(keys):
                self.batches = False
            return found
        with openai_format.charged(reply):
            choice = openai_format.choices(reply)[0]
            if request.kind == "choose":
                return [weighed(found[0], choice, request.options)]
            return [replace(found[0], text="", weights=echoed(choice, request.prompt, request.options[0]))]

    async def close(self) -> None:
        """Close the connections."""
        wire, self._wire = self._wire, None
        if wire is not None:
            await wire.close()

    async def _post(self, request: Request, keys: Sequence[str]) -> Any:
        """The reply to `request`, asked again without whatever the address refuses by name."""
        while True:
            body = self._fit(openai_format.body(self.model, request, n=len(keys) if self.batches else 1), request, keys[0])
            if self._wire is None:
                raise ModelUnavailable(f"{self.name} was asked after it was closed")
            try:
                return await self._wire.post(openai_format.route(request), body)
            except ContextOverflow:
                raise
            except RequestRefused as error:
                if not self._learn(error.problem, body, request):
                    raise
            except TransientError as error:
                if error.throttled and openai_format.BROKE.search(error.problem):
                    raise RequestRefused(
                        error.problem, hint="the account has no credit left: add some, then run again"
                    ) from error
                raise

    def _fit(self, body: dict[str, Any], request: Request, key: str) -> dict[str, Any]:
        """`body` as this address takes it."""
        if request.random and "seed" not in self._without:
            body.setdefault("seed", openai_format.seed(key))
        if "max_tokens" in self._without and body.get("max_tokens"):
            body["max_completion_tokens"] = body.pop("max_tokens")
        if request.kind == "choose":
            body["top_logprobs" if request.messages else "logprobs"] = self._top
        if request.kind == "logprob" and "no tokens" in self._without:
            body["max_tokens"] = 1
        return body

    def _learn(self, problem: str, body: dict[str, Any], request: Request) -> bool:
        """Whether the refusal names something that can be done without; it is from now on. Raises Unsupported."""
        # Judged by what was sent, not by what is known by now: many requests may be refused together.
        said = problem.lower()
        if "seed" in said and "seed" in body and "seed" not in request.settings.extra:
            self._without.add("seed")
        elif "max_completion_tokens" in said and body.get("max_tokens"):
            self._without.add("max_tokens")
        elif request.kind == "logprob" and "max_tokens" in said and not body["max_tokens"]:
            self._without.add("no tokens")
        elif request.kind == "choose" and "logprob" in said and self._most(body) > _FEWEST:
            self._top = _FEWEST
        elif body.get("n", 1) > 1 and openai_format.MANY.search(said):
            self.batches = False
        elif _UNABLE.get(request.kind, _NOTHING).search(said):
            raise Unsupported(f"{self.name} refuses to do this: {problem}")
        else:
            return False
        return True

    @staticmethod
    def _most(body: dict[str, Any]) -> int:
        return int(body.get("top_logprobs", body["logprobs"]))

    async def _check_suffix(self) -> None:
        """See once that the address reads what follows a gap: several drop it without a word."""
        if self._suffix is None or (self._suffix.done() and self._suffix.exception() is not None):
            self._suffix = asyncio.ensure_future(self._try_suffix())
        await asyncio.shield(self._suffix)

    async def _try_suffix(self) -> None:
        request = Request("infill", prompt="A", suffix=_SUFFIX, settings=Settings(max_tokens=1, temperature=0))
        reply = await self._post(request, [""])
        charge(openai_format.cost(reply))  # a test of the address brings no answer
        usage = reply.get("usage")
        count = usage.get("prompt_tokens") if isinstance(usage, dict) else None
        if not isinstance(count, int) or count < len(_SUFFIX.split()) // 2:
            why = "does not say how many tokens it reads" if count is None else f"read {count} tokens of 41"
            raise Unsupported(f"{self.name} ignores the text after a gap: it {why}", hint="use the forward template instead")
