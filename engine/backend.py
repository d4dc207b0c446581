"""Request to a model, its completion, and the protocol of every backend.

A request is a value. It holds all that determines the completion and no more, because its canonical JSON is the cache key.
Four kinds cover the papers: `generate` (a reply), `infill` (the text between a prefix and a suffix, APE's reverse mode),
`choose` (how likely each of a few labels is as the answer) and `logprob` (how likely one given answer is).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Final, Literal, Protocol

from pydantic import Field, field_validator

from promptwire.values import Message, Model
from promptwire.values.hashing import canonical
from promptwire.values.request_key import RequestKeys

__all__ = ["FREE", "WITHOUT", "Backend", "Charge", "Completion", "Kind", "Quote", "Request", "Settings", "charge", "charges"]

WITHOUT: Final = "without: "
"""How an answer's `via` begins when a parameter that was asked for was left out, because the model refuses it."""
KEY_VERSION = 1
"""Part of every cache key. Raised when the meaning of a request changes, so that old completions are not reused."""

_CUT_OFF = frozenset(
    {"length", "max_tokens", "max_length", "model_length", "max_output_tokens", "max_completion_tokens", "token_limit"}
    | {"model_context_window_exceeded", "context_length_exceeded"}
)
"""Providers' finish reasons for a reply that was cut off at its maximum length."""

Kind = Literal["generate", "infill", "choose", "logprob"]


class Settings(Model):
    """Sampling settings of a request. A setting that is `null` is not sent."""

    called: ClassVar[str] = "'settings'"

    temperature: float | None = Field(default=None, ge=0)
    """Sampling temperature; 0 takes the likeliest token."""
    top_p: float | None = Field(default=None, gt=0, le=1)
    """Nucleus sampling: the share of probability that is sampled from."""
    max_tokens: int | None = Field(default=None, ge=1)
    """Longest reply, in tokens."""
    stop: tuple[str, ...] = Field(default=(), json_schema_extra={"type": ["array", "null"]})
    """Texts that end the reply and are not part of it."""
    extra: dict[str, Any] = {}
    """Further provider parameters, sent as they are and part of the cache key."""

    @field_validator("stop", mode="before")
    @classmethod
    def _none(cls, value: Any) -> Any:
        return () if value is None else value

    def over(self, base: Settings) -> Settings:
        """These settings, with those of `base` where they are not set. A setting of `null` is set: it is not sent."""
        own, below = self.model_dump(exclude_unset=True), base.model_dump(exclude_unset=True)
        extra = {**base.extra, **self.extra}
        return Settings(**{**below, **own, **({"extra": extra} if extra else {})})

    @cached_property
    def chosen(self) -> dict[str, Any]:
        """The settings that are not the default, as JSON values. Made once: all requests of a step share their settings."""
        return self.model_dump(mode="json", exclude_defaults=True)

    @cached_property
    def key_text(self) -> str:
        """The canonical JSON of `chosen`."""
        return canonical(self.chosen)

    @property
    def random(self) -> bool:
        """Whether two calls may return different replies: any temperature except an explicit 0."""
        return self.temperature is None or self.temperature > 0


@dataclass(frozen=True, slots=True)
class Request:
    """One request to a model, without its sample number."""

    kind: Kind
    """Kind of completion."""
    messages: tuple[Message, ...] = ()
    """Chat messages; empty when `prompt` is a plain text to complete."""
    prompt: str = ""
    """The text to complete; empty for a chat."""
    suffix: str = ""
    """Text after the gap (`infill` only)."""
    options: tuple[str, ...] = ()
    """The labels (`choose`) or the answer (`logprob`)."""
    settings: Settings = field(default_factory=Settings)
    """Sampling settings; only `generate` and `infill` use them."""

    @property
    def random(self) -> bool:
        """Whether samples of this request differ."""
        return self.kind in ("generate", "infill") and self.settings.random

    def key(self, identity: str, *, sample: int, stream: str) -> str:
        """The cache key of one sample: a SHA-256 in hexadecimal.

        `identity` is the backend's: model and endpoint. `stream` holds the run's seed and the rounds of the loops around. It
        counts only when the request is random. Otherwise the same request has the same completion in every run.
        """
        return self.keys(identity, stream).key(sample)

    def parts(self, identity: str, stream: str) -> dict[str, Any]:
        """The parts of its keys; see `RequestKeys.parts`."""
        return self.keys(identity, stream).parts()

    def keys(self, identity: str, stream: str) -> RequestKeys:
        """The keys of its samples; see `key`."""
        return RequestKeys(
            self.kind,
            self.messages,
            texts=(self.prompt, self.suffix),
            options=self.options,
            settings=(self.settings.key_text, self.settings.chosen),
            source=(identity, stream if self.random else "", KEY_VERSION),
        )


@dataclass(frozen=True, slots=True)
class Completion:
    """What a model returned for one call, as the cache stores it."""

    text: str = ""
    """The reply (`generate`, `infill`)."""
    finish: str = "stop"
    """Finish reason: `stop`, `length`, `content_filter`, or the provider's own word."""
    weights: tuple[float, ...] = ()
    """`choose`: log-probability of each option among the options. `logprob`: log-probability of each answer token."""
    tokens_in: int = 0
    """Tokens read; 0 when the endpoint does not report them."""
    tokens_out: int = 0
    """Tokens written; 0 when the endpoint does not report them."""
    usd: float | None = None
    """Price in US dollars; None when it is not known, which is not 0."""
    via: str = ""
    """How it was got where there is a choice: `suffix` or `template` for infill, `without: NAME` for refused parameters."""

    @property
    def cut_off(self) -> bool:
        """Whether it was cut off at its maximum length."""
        return self.finish != "stop" and self.finish.strip().lower() in _CUT_OFF

    def to_json(self) -> dict[str, Any]:
        """The completion as JSON values."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Completion:
        """The completion from the result of `to_json`. Raises TypeError or KeyError for other data."""
        return cls(**{**data, "weights": tuple(float(weight) for weight in data["weights"])})


@dataclass(frozen=True, slots=True)
class Charge:
    """Cost of a reply that brought no completion, such as a probe of an endpoint."""

    tokens_in: int = 0
    """Tokens read."""
    tokens_out: int = 0
    """Tokens written."""
    usd: float | None = None
    """Price in US dollars; None when it is not known."""


@dataclass(frozen=True, slots=True)
class Quote:
    """Price of a model, as far as it is known before a call."""

    read: float | None
    """US dollars per input token; None when unknown."""
    written: float | None
    """US dollars per output token; None when unknown."""
    source: str
    """Source of the price, or the reason why it is unknown."""
    hosted: bool = True
    """Whether a provider may charge for calls. An unknown price then needs the user's approval."""

    def usd(self, read: float, written: float) -> float | None:
        """Price of this many input and output tokens; None when unknown."""
        if self.read is None or self.written is None:
            return None
        return self.read * read + self.written * written

    @property
    def free(self) -> bool:
        """Whether the price is known to be 0."""
        return self.read == 0 and self.written == 0


FREE: Final = Quote(0.0, 0.0, "runs here, free of charge", hosted=False)
"""Price of a model that runs on this machine."""

_charges: ContextVar[list[Charge] | None] = ContextVar("charges", default=None)


def charge(cost: Charge) -> None:
    """Count the cost of a reply without a completion for the current call. Called by backends."""
    found = _charges.get()
    if found is not None and (cost.tokens_in or cost.tokens_out or cost.usd):
        found.append(cost)


class charges:
    """Collect charges while a backend is called, including those of tasks that it starts."""

    def __enter__(self) -> list[Charge]:
        found: list[Charge] = []
        self._token = _charges.set(found)
        return found

    def __exit__(self, *error: object) -> None:
        _charges.reset(self._token)


class Backend(Protocol):
    """Protocol of a model backend. Only the gateway calls it, and does cache, budget, retry and limits."""

    @property
    def name(self) -> str:
        """Name that the user gave, such as `local` or `openai/gpt-4o-mini`, for messages."""

    @property
    def identity(self) -> str:
        """All that determines completions beside the request: model, weights, endpoint. Part of the cache key."""

    @property
    def parallel(self) -> int:
        """Most requests that it can usefully have in flight."""

    @property
    def batches(self) -> bool:
        """Whether one request can bring several samples."""

    def quote(self) -> Quote:
        """Price of its tokens, or why it is unknown. Sends nothing."""

    def supports(self, kind: Kind, *, chat: bool) -> str:
        """Empty when it supports such requests, else one sentence with the reason and a remedy. Starts nothing."""

    async def open(self) -> None:
        """Start the server and probe it. Called once, before the first request. Raises ModelError."""

    async def call(self, request: Request, *, keys: Sequence[str]) -> list[Completion]:
        """Return one completion per key (one key unless `batches`). A backend that takes seeds makes them from the keys.

        Raises ModelError; TransientError when a retry may help. Never retries itself. Reports the cost of a reply without a
        completion with `charge`.
        """

    async def close(self) -> None:
        """End processes and close connections."""
