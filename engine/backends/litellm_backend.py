"""Backend for hosted providers, through litellm. The only module that imports litellm.

litellm is imported before the first request and not earlier: it takes 3.5 s of processor time and 165 MB. Two variables keep it
from downloading a price list and from loading a `.env`. Its own retries (1 to 5, by route) are off: the gateway retries. Its
errors are mapped by class name. A dropped connection and a missing key are both InternalServerError, so keys are checked
first.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from functools import partial
from importlib import import_module
from typing import Any, ClassVar, Final

from promptwire.backend import Completion, Kind, Quote, Request
from promptwire.backends import openai_format
from promptwire.backends.address import loopback
from promptwire.backends.litellm_environment import destination
from promptwire.backends.litellm_errors import refusal_of
from promptwire.backends.logprobs import with_label_weights
from promptwire.backends.prices import at_address, listed, server
from promptwire.backends.request_parameters import Parameters, unable
from promptwire.errors import ContextOverflow, ModelError, ModelUnavailable, RequestRefused, TransientError, Unsupported
from promptwire.security.secrets import redact, redact_error, secrets

__all__ = ["LiteLLMBackend"]

_BATCHING: Final = frozenset({"openai", "azure", "text-completion-openai"})
"""Providers whose requests may bring several samples."""
_EXTRAS: Final = frozenset(
    {
        "frequency_penalty",
        "presence_penalty",
        "repetition_penalty",
        "logit_bias",
        "seed",
        "response_format",
        "reasoning_effort",
        "top_k",
        "min_p",
        "typical_p",
        "thinking",
        "verbosity",
        "service_tier",
        "user",
    }
)
"""Extra settings that are passed on. litellm takes hundreds, and some decide where the key is sent: no file may set those."""
_GAPS: Final = frozenset({"openai", "text-completion-openai", "text-completion-codestral", "azure_text"})
"""Providers to which litellm sends the text after a gap."""
_TRANSIENT: Final = frozenset(
    {"RateLimitError", "Timeout", "APIConnectionError", "InternalServerError", "ServiceUnavailableError", "BadGatewayError"}
)


_SHOWN: Final = 600


class LiteLLMBackend:
    """One model by its litellm name, such as `anthropic/claude-sonnet-4-5`."""

    _open: ClassVar[int] = 0
    """Number of open backends. They share litellm's connections, and the last one closes them."""
    _session: ClassVar[Any] = None
    """Client that they share, unless litellm has another."""

    def __init__(
        self,
        model: str,
        *,
        api_base: str | None = None,
        key: str | None = None,
        parallel: int = 32,
        timeout: float = openai_format.TIMEOUT,
        name: str = "",
    ) -> None:
        self.model = model
        self.name = name or model
        self.parallel = parallel
        self.timeout = timeout
        self._provider = model.partition("/")[0] if "/" in model else "openai"
        self.batches = self._provider in _BATCHING
        self._api_base = api_base
        self._key = key
        self._destination = destination(server(model), api_base)
        """Address of the provider, given or from the environment."""
        self._parameters = Parameters()
        self._litellm: Any = None
        self._completion_client: Any = None

    @property
    def identity(self) -> str:
        """Model, with the address and API version that are given or from the environment."""
        return f"litellm {self.model}{self._destination.identity}"

    @property
    def _secrets(self) -> tuple[str, ...]:
        """Secrets that no error may show."""
        return (*self._destination.secrets, *secrets(), *([self._key] if self._key else []))

    def quote(self) -> Quote:
        """Price in litellm's list; unknown for a given address."""
        return listed(self.model) if self._api_base is None else at_address(self._api_base)

    def supports(self, kind: Kind, *, chat: bool) -> str:
        """Reason that is known without a request; see `Backend.supports`."""
        if kind == "logprob":
            return f"{self.name}: hosted models don't score a given answer; use a local model or an address that echoes"
        if kind == "infill" and chat:
            return f"{self.name}: a chat interface can't fill a gap; use a template with `mode: completion`"
        if kind == "infill" and self._provider not in _GAPS:
            return f"{self.name}: litellm drops the text after a gap for this provider; use a forward template"
        return ""

    async def open(self) -> None:
        """Import litellm and check for the key. Raises ModelUnavailable when one is missing."""
        self._destination.check()
        self._litellm = await asyncio.to_thread(_load, self._destination.host)
        self._share_client()
        LiteLLMBackend._open += 1
        if self._api_base is not None or self._key is not None:
            return
        found = await asyncio.to_thread(self._litellm.validate_environment, self.model)
        missing = found.get("missing_keys") or []
        if missing and not found.get("keys_in_environment"):
            raise ModelUnavailable(f"{self.name}: {' and '.join(missing)} not set", hint=f"export {missing[0]}=...")

    async def call(self, request: Request, *, keys: Sequence[str]) -> list[Completion]:
        """Return completions for `request`, fewer than keys when the provider returns fewer. Raises ModelError."""
        if self._litellm is None:
            raise ModelUnavailable(f"{self.name} got a request while it was closed")
        n = len(keys) if self.batches else 1
        body = openai_format.body(self.model, request, n=n)
        try:
            reply, without = await self._parameters.adapt(body, partial(self._send, request))
        except RequestRefused as error:
            if error.filtered:
                return [Completion(finish="content_filter") for _ in keys]
            if not isinstance(error, ContextOverflow) and unable(request.kind, error.endpoint_text):
                raise Unsupported(f"{self.name} refuses to do this: {error.problem}") from error
            raise
        data = self._destination.redact_json(reply.model_dump(warnings=False))
        usd = None if self._api_base is not None else getattr(reply, "_hidden_params", {}).get("response_cost")
        found = openai_format.read_completions(
            data, usd=usd, via=without or ("suffix" if request.kind == "infill" else ""), most=n
        )
        if request.kind == "choose" and found[0].finish != "content_filter":
            with openai_format.charged(data, usd=usd):
                return [with_label_weights(found[0], openai_format.choices(data)[0], request.options)]
        self.batches = self.batches and len(found) >= n
        return found

    async def close(self) -> None:
        """Close; the last open backend closes litellm's connections."""
        litellm, self._litellm = self._litellm, None
        if litellm is None:
            return
        if self._completion_client is not None:
            await self._completion_client.close()
            self._completion_client = None
        LiteLLMBackend._open -= 1
        if not LiteLLMBackend._open:
            await litellm.close_litellm_async_clients()
            ours, LiteLLMBackend._session = LiteLLMBackend._session, None
            if ours is not None:
                litellm.aclient_session = None
                await ours.aclose()
            litellm.in_memory_llm_clients_cache.flush_cache()  # litellm would reuse the closed clients

    def _share_client(self) -> None:
        """Give litellm's routes through OpenAI's library a client without cookies and redirects."""
        if self._litellm.aclient_session is None:
            make = import_module("litellm.llms.custom_httpx.http_handler").AsyncHTTPHandler
            LiteLLMBackend._session = make(timeout=self.timeout, follow_redirects=False).client
            self._litellm.aclient_session = LiteLLMBackend._session

    async def _send(self, request: Request, body: Mapping[str, Any]) -> Any:
        """Send `body` through litellm and return its reply. Raises ModelError."""
        unknown = request.settings.extra.keys() - _EXTRAS
        if unknown:
            hint = f"use one of: {', '.join(sorted(_EXTRAS))}"
            raise RequestRefused(f"the extra setting {min(unknown)!r} is not passed on to hosted models", hint=hint)
        ask = self._litellm.acompletion if request.messages else self._litellm.atext_completion
        own: dict[str, Any] = dict(self._destination.sent)
        # litellm requires a key even for a local address.
        key = self._key or ("none" if self._api_base and not os.environ.get("OPENAI_API_KEY") else None)
        if key:
            own["api_key"] = key
        if not request.messages and self._provider in ("openai", "text-completion-openai"):
            own["client"] = self._make_completion_client(key)
        try:
            return await ask(**body, **own, max_retries=0, num_retries=0, timeout=self.timeout)
        except Exception as error:
            raise self._to_error(error) from redact_error(error, self._secrets)

    def _make_completion_client(self, key: str | None) -> Any:
        """Client for all text completions at OpenAI: litellm makes one for each request and leaves its connection open.

        It uses litellm's aiohttp transport. Plain httpx would be quadratic in its connections.
        """
        if self._completion_client is None:
            http = import_module("litellm.llms.custom_httpx.http_handler").AsyncHTTPHandler(timeout=self.timeout).client
            make = import_module("openai").AsyncOpenAI
            self._completion_client = make(api_key=key, base_url=self._api_base, http_client=http, max_retries=0)
        return self._completion_client

    def _to_error(self, error: Exception) -> ModelError:
        """Convert an error of litellm."""
        classes, read = _classes(error), refusal_of(error, self._secrets)
        said = redact(str(getattr(error, "message", "") or error), self._secrets)[:_SHOWN]
        if "Cannot combine AUTHORIZATION" in said:
            hint = "give an OpenAI-compatible address with --api-base and a name without `litellm:`"
            return ModelUnavailable(f"{self.name}: litellm can't send the password of an address beside a key", hint=hint)
        if read.no_credit:
            return ModelUnavailable(said, hint=openai_format.NO_CREDIT)
        if read.barred:
            return ModelUnavailable(said, hint="check the key in the environment, and its account")
        refused: RequestRefused | None = None
        if "ContextWindowExceededError" in classes or read.overflow:
            refused = ContextOverflow(said, hint=openai_format.OVERFLOWN)
        elif "ContentPolicyViolationError" in classes or read.filtered:
            refused = RequestRefused(said, hint="change the prompt: the provider's content filter refuses it")
            refused.filtered = True
        elif "Missing credentials" in said or "api_key client option must be set" in said:
            return ModelUnavailable(f"{self.name}: no key", hint="set the provider's key, such as OPENAI_API_KEY")
        elif read.status == 403 or classes & {"AuthenticationError", "PermissionDeniedError"}:
            return ModelUnavailable(said, hint="check the key in the environment")
        elif "LLM Provider NOT provided" in said:
            hint = "names are PROVIDER/MODEL, such as openai/gpt-4o-mini or ollama/llama3; or give its address with --api-base"
            return ModelUnavailable(f"litellm knows no provider for {self.model!r}", hint=hint)
        elif read.absent or "NotFoundError" in classes:
            return ModelUnavailable(said, hint="check the model's name and the address")
        elif classes & {"BadRequestError", "UnprocessableEntityError", "UnsupportedParamsError"} or read.status in (400, 422):
            refused = RequestRefused(said)
        elif classes & _TRANSIENT or "APIError" in classes or isinstance(error, (OSError, asyncio.TimeoutError)):
            throttled = "RateLimitError" in classes or read.status in (429, 503, 529)
            return TransientError(said, retry_after=read.wait, throttled=throttled)
        if refused is None:
            return ModelError(f"{self.name} failed: {type(error).__name__}: {said}")
        refused.endpoint_text = f"{said} {read.text}"
        return refused


def _load(host: str = "") -> Any:
    """Import litellm with downloads, `.env` and debug output switched off. Raises ModelUnavailable.

    Requests to this machine, also under the name `host`, bypass the environment's proxy.
    """
    for name in ("NO_PROXY", "no_proxy"):
        told = os.environ.get(name)
        if told != "*" and (told or name.isupper()):
            wanted = ["localhost", "127.0.0.1", "::1", *([host] if loopback(host) else [])]
            os.environ[name] = ",".join(dict.fromkeys([*(told.split(",") if told else []), *wanted]))
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    os.environ["LITELLM_MODE"] = "PRODUCTION"
    try:
        import litellm  # noqa: PLC0415 - see the module's docstring
    except ImportError as error:
        raise ModelUnavailable(f"litellm can't be imported: {error}", hint="pip install litellm") from error
    litellm.suppress_debug_info = True
    return litellm


def _classes(error: BaseException) -> set[str]:
    return {kind.__name__ for kind in type(error).__mro__}
