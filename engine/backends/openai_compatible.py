"""Any OpenAI-compatible address, such as vLLM, Ollama or llama.cpp: a twentieth of litellm's processor time a call.

Addresses differ in what they take and in what they silently ignore. What one refuses by name (`n`, `seed`, `max_tokens`, many
candidates) is learned from its refusal, which costs nothing, and left out from then on; what can't be left out is Unsupported.
Ignored things are found out in the reply: `echo` must come back as tokens, and a `suffix` must show in the token count.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from promptwire.backend import Completion, Kind, Quote, Request, Settings, charge
from promptwire.backends import openai_format
from promptwire.backends.address import Address
from promptwire.backends.logprobs import echoed, weighed
from promptwire.backends.prices import at_address
from promptwire.backends.request_parameters import Parameters, unable
from promptwire.errors import ContextOverflow, ModelError, ModelUnavailable, RequestRefused, Unsupported

if TYPE_CHECKING:
    from promptwire.backends.http import HttpClient

__all__ = ["OpenAICompatible"]

_SUFFIX: Final = " word" * 40


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
        self._parameters = Parameters()
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

        self._wire = HttpClient(self.base, key=self._key, timeout=self.timeout, parallel=self.parallel, absent=self._absent)

    @property
    def _absent(self) -> str:
        """What to do when the address does not know the model."""
        provider, slash, rest = self.model.partition("/")
        if not slash:
            return "check the model's name, and that the address ends in /v1"
        sent = f"the id {self.model!r} was sent as given: check it (or is it {rest!r}?), and that the address ends in /v1"
        return f"{sent}; litellm:{self.model} speaks the own interface of {provider}, if litellm has one"

    async def call(self, request: Request, *, keys: Sequence[str]) -> list[Completion]:
        """Answer `request`; fewer answers than keys when the address gives fewer. ModelError names the address."""
        try:
            return await self._answers(request, keys)
        except ModelError as error:
            error.where = error.where or Address(self.base).identity
            raise

    async def _answers(self, request: Request, keys: Sequence[str]) -> list[Completion]:
        if request.kind == "infill":
            await self._check_suffix()
        try:
            reply, without = await self._post(request, keys if self.batches else keys[:1])
        except RequestRefused as error:
            if error.filtered:
                return [Completion(finish="content_filter") for _ in keys]
            raise
        found = openai_format.read_completions(
            reply, via=without or ("suffix" if request.kind == "infill" else ""), most=len(keys)
        )
        if request.kind in ("generate", "infill") or found[0].finish == "content_filter":
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

    async def _post(self, request: Request, keys: Sequence[str]) -> tuple[Any, str]:
        """The reply to `request`, asked again without whatever the address refuses by name, and what was left out."""
        if self._wire is None:
            raise ModelUnavailable(f"{self.name} was asked after it was closed")
        body = openai_format.body(self.model, request, n=len(keys) if self.batches else 1)
        if request.random and "seed" not in request.settings.extra:
            body["seed"] = openai_format.seed(keys[0])
        try:
            return await self._parameters.adapt(body, partial(self._wire.post, openai_format.route(request)))
        except RequestRefused as error:
            if not error.filtered and not isinstance(error, ContextOverflow) and unable(request.kind, error.endpoint_text):
                raise Unsupported(f"{self.name} refuses to do this: {error.problem}", where=error.where) from error
            raise

    async def _check_suffix(self) -> None:
        """See once that the address reads what follows a gap: several drop it without a word."""
        if self._suffix is None or (self._suffix.done() and self._suffix.exception() is not None):
            self._suffix = asyncio.ensure_future(self._try_suffix())
        await asyncio.shield(self._suffix)

    async def _try_suffix(self) -> None:
        request = Request("infill", prompt="A", suffix=_SUFFIX, settings=Settings(max_tokens=1, temperature=0))
        reply, _ = await self._post(request, [""])
        charge(openai_format.cost(reply))  # a test of the address brings no answer
        usage = reply.get("usage")
        count = usage.get("prompt_tokens") if isinstance(usage, dict) else None
        if not isinstance(count, int) or count < len(_SUFFIX.split()) // 2:
            why = "does not say how many tokens it reads" if count is None else f"read {count} tokens of 41"
            raise Unsupported(f"{self.name} ignores the text after a gap: it {why}", hint="use the forward template instead")
