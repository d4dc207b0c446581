"""Backend for OpenAI-compatible addresses, such as vLLM, Ollama or llama.cpp.

It takes a twentieth of litellm's processor time per call. Addresses differ in the parameters that they accept and silently
ignore. A parameter that is refused by name (`n`, `seed`, `max_tokens`, many candidates) is left out from then on; the refusal
costs nothing. A parameter that can't be left out raises Unsupported. An ignored parameter is detected in the
reply: `echo` must come back as tokens, and a `suffix` must show in the token count.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final

from promptwire.backend import Completion, Kind, Quote, Request, Settings, charge
from promptwire.backends import openai_format
from promptwire.backends.address import Address
from promptwire.backends.logprobs import echoed_logprobs, with_label_weights
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
        self._client: HttpClient | None = None
        self._parameters = Parameters()
        self._suffix: asyncio.Future[None] | None = None

    @cached_property
    def identity(self) -> str:
        """Model and address with its query, without passwords and keys."""
        return f"{self.model} at {Address(self.base).identity}"

    def quote(self) -> Quote:
        """Price unknown: addresses publish none."""
        return at_address(self.base)

    def supports(self, kind: Kind, *, chat: bool) -> str:
        """Reason that is known without a request; see `Backend.supports`."""
        if chat and kind == "logprob":
            return f"{self.name}: a chat interface can't score a given answer; use a template with `mode: completion`"
        if chat and kind == "infill":
            return f"{self.name}: a chat interface can't fill a gap; use a template with `mode: completion`"
        return ""

    async def open(self) -> None:
        """Make the connection pool. Nothing is sent before the first request."""
        from promptwire.backends.http import HttpClient  # noqa: PLC0415 - aiohttp takes 0.2 s, and a run from the cache needs none

        self._client = HttpClient(self.base, key=self._key, timeout=self.timeout, parallel=self.parallel, absent=self._absent)

    @property
    def _absent(self) -> str:
        """Hint for an unknown model."""
        provider, slash, rest = self.model.partition("/")
        if not slash:
            return "check the model's name, and that the address ends in /v1"
        sent = f"the id {self.model!r} was sent as given: check it (or is it {rest!r}?), and that the address ends in /v1"
        return f"{sent}; litellm:{self.model} speaks the own interface of {provider}, if litellm has one"

    async def call(self, request: Request, *, keys: Sequence[str]) -> list[Completion]:
        """Return completions for `request`, fewer than keys when the address returns fewer. ModelError names the address."""
        try:
            return await self._answers(request, keys)
        except ModelError as error:
            error.where = error.where or Address(self.base).identity
            raise

    async def _answers(self, request: Request, keys: Sequence[str]) -> list[Completion]:
        if request.kind == "infill":
            await self._ensure_suffix()
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
                return [with_label_weights(found[0], choice, request.options)]
            return [replace(found[0], text="", weights=echoed_logprobs(choice, request.prompt, request.options[0]))]

    async def close(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _post(self, request: Request, keys: Sequence[str]) -> tuple[Any, str]:
        """Send `request`, again without parameters that the address refuses. Returns the reply and what was left out."""
        if self._client is None:
            raise ModelUnavailable(f"{self.name} got a request while it was closed")
        body = openai_format.body(self.model, request, n=len(keys) if self.batches else 1)
        if request.random and "seed" not in request.settings.extra:
            body["seed"] = openai_format.seed(keys[0])
        try:
            return await self._parameters.adapt(body, partial(self._client.post, openai_format.route(request)))
        except RequestRefused as error:
            if not error.filtered and not isinstance(error, ContextOverflow) and unable(request.kind, error.endpoint_text):
                raise Unsupported(f"{self.name} refuses to do this: {error.problem}", where=error.where) from error
            raise

    async def _ensure_suffix(self) -> None:
        """Test once that the address reads the text after a gap: several drop it silently."""
        if self._suffix is None or (self._suffix.done() and self._suffix.exception() is not None):
            self._suffix = asyncio.ensure_future(self._try_suffix())
        await asyncio.shield(self._suffix)

    async def _try_suffix(self) -> None:
        request = Request("infill", prompt="A", suffix=_SUFFIX, settings=Settings(max_tokens=1, temperature=0))
        reply, _ = await self._post(request, [""])
        charge(openai_format.cost(reply))  # the test gives no completion
        usage = reply.get("usage")
        count = usage.get("prompt_tokens") if isinstance(usage, dict) else None
        if not isinstance(count, int) or count < len(_SUFFIX.split()) // 2:
            why = "does not report how many tokens it reads" if count is None else f"read {count} tokens of 41"
            raise Unsupported(f"{self.name} ignores the text after a gap: it {why}", hint="use the forward template instead")
