"""What is asked of a model and what comes back, and the protocol that every backend answers.

A request is a value: all that decides the answer is in it and nothing else, because its canonical JSON is the cache key.
Four kinds cover the papers: `generate` (a reply), `infill` (the text between a prefix and a suffix, APE's reverse mode),
`choose` (how likely each of a few labels is as the answer) and `logprob` (how likely one given answer is).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Final, Literal, Protocol

from pydantic import Field, field_validator

from promptwire.values import Message, Model
from promptwire.values.hashing import digest

__all__ = ["WITHOUT", "Backend", "Charge", "Completion", "Kind", "Request", "Settings", "charge", "charges"]

WITHOUT: Final = "without: "
"""How an answer's `via` begins when a parameter that was asked for was left out, because the model refuses it."""
KEY_VERSION = 1
"""Part of every cache key: raised when the meaning of a request changes, so that old answers are not taken for new ones."""

_CUT_OFF = frozenset(
    {"length", "max_tokens", "max_length", "model_length", "max_output_tokens", "max_completion_tokens", "token_limit"}
    | {"model_context_window_exceeded", "context_length_exceeded"}
)
"""Words of providers for a reply that was cut off at its longest length."""

Kind = Literal["generate", "infill", "choose", "logprob"]


class Settings(Model):
    """Sampling settings of a request. What is `null` is left to the model and is not sent."""

    called: ClassVar[str] = "'settings'"

    temperature: float | None = Field(default=None, ge=0)
    """Sampling temperature; 0 takes the likeliest token."""
    top_p: float | None = Field(default=None, gt=0, le=1)
    """Nucleus sampling: the share of probability that is sampled from."""
    max_tokens: int | None = Field(default=None, ge=1)
    """Longest reply, in tokens."""
    stop: tuple[str, ...] = Field(default=(), json_schema_extra={"type": ["array", "null"]})
    """Texts that end the reply; not part of it."""
    extra: dict[str, Any] = {}
    """Further provider parameters, sent as they are and part of the cache key."""

    @field_validator("stop", mode="before")
    @classmethod
    def _none(cls, value: Any) -> Any:
        return () if value is None else value

    def over(self, base: Settings) -> Settings:
        """These settings, with `base` where they say nothing. What is set to `null` says "do not send it"."""
        own, below = self.model_dump(exclude_unset=True), base.model_dump(exclude_unset=True)
        extra = {**base.extra, **self.extra}
        return Settings(**{**below, **own, **({"extra": extra} if extra else {})})

    @property
    def random(self) -> bool:
        """Whether asking twice may give two answers: every temperature but an explicit 0."""
        return self.temperature is None or self.temperature > 0


@dataclass(frozen=True, slots=True)
class Request:
    """One question to a model, without its sample number."""

    kind: Kind
    """What is wanted."""
    messages: tuple[Message, ...] = ()
    """The chat; empty when `prompt` holds a plain text to complete."""
    prompt: str = ""
    """The text to complete; empty for a chat."""
    suffix: str = ""
    """What follows the gap (`infill` only)."""
    options: tuple[str, ...] = ()
    """The labels (`choose`) or the one answer (`logprob`)."""
    settings: Settings = field(default_factory=Settings)
    """Sampling settings; only `generate` and `infill` use them."""

    @property
    def random(self) -> bool:
        """Whether samples of this request differ."""
        return self.kind in ("generate", "infill") and self.settings.random

    def key(self, identity: str, *, sample: int, stream: str) -> str:
        """The cache key of one sample: a SHA-256 in hexadecimal.

        `identity` is the backend's: model and endpoint. `stream` (the run's seed and the rounds of the loops around)
        counts only when the request is random; otherwise the same question has the same answer in every run.
        """
        parts = {
            "version": KEY_VERSION,
            "identity": identity,
            "kind": self.kind,
            "messages": [[message.role, message.content] for message in self.messages],
            "prompt": self.prompt,
            "suffix": self.suffix,
            "options": list(self.options),
            "settings": self.settings.model_dump(mode="json", exclude_defaults=True),
            "sample": sample,
            "stream": stream if self.random else "",
        }
        return digest(parts)

    def parts(self, identity: str, stream: str) -> dict[str, Any]:
        """What the key is made of, to tell later why two differ: short parts as they are, texts as the start of a hash."""
        texts: dict[str, Any] = {
            "messages": [[message.role, message.content] for message in self.messages],
            "prompt": self.prompt,
            "suffix": self.suffix,
            "options": list(self.options),
        }
        return {
            "identity": identity,
            "kind": self.kind,
            "settings": self.settings.model_dump(mode="json", exclude_defaults=True),
            "stream": stream if self.random else "",
            **{name: digest(text, 12) for name, text in texts.items() if text},
        }


@dataclass(frozen=True, slots=True)
class Completion:
    """One answer, as the cache keeps it."""

    text: str = ""
    """The reply (`generate`, `infill`)."""
    finish: str = "stop"
    """Why it ended: `stop`, `length`, `content_filter`, or the provider's own word."""
    weights: tuple[float, ...] = ()
    """`choose`: log-probability of each option among the options. `logprob`: log-probability of each answer token."""
    tokens_in: int = 0
    """Tokens read; 0 when the endpoint does not say."""
    tokens_out: int = 0
    """Tokens written; 0 when the endpoint does not say."""
    usd: float | None = None
    """Price in US dollars; None when it is not known, which is not 0."""
    via: str = ""
    """How it was got where there is a choice: `suffix` or `template` for infill, `without: NAME` for refused parameters."""

    @property
    def cut_off(self) -> bool:
        """Whether it ended because it was as long as it may be."""
        return self.finish.strip().lower() in _CUT_OFF

    def to_json(self) -> dict[str, Any]:
        """The answer as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Completion:
        """The answer that `to_json` gave. Raises TypeError or KeyError for anything else."""
        return cls(**{**data, "weights": tuple(float(weight) for weight in data["weights"])})


@dataclass(frozen=True, slots=True)
class Charge:
    """What a reply cost that brought no answer, such as one without text or a test of what an endpoint can do."""

    tokens_in: int = 0
    """Tokens read."""
    tokens_out: int = 0
    """Tokens written."""
    usd: float | None = None
    """Price in US dollars; None when it is not known."""


_charges: ContextVar[list[Charge] | None] = ContextVar("charges", default=None)


def charge(cost: Charge) -> None:
    """Book what a reply without an answer cost, for the call that is being made. Called by backends."""
    found = _charges.get()
    if found is not None and (cost.tokens_in or cost.tokens_out or cost.usd):
        found.append(cost)


@contextmanager
def charges() -> Iterator[list[Charge]]:
    """Gather what is charged while a backend is called, in tasks that it starts too."""
    found: list[Charge] = []
    token = _charges.set(found)
    try:
        yield found
    finally:
        _charges.reset(token)


class Backend(Protocol):
    """A model behind one door. The gateway alone calls it: cache, budget, retry and limits are not its business."""

    @property
    def name(self) -> str:
        """What the user called it, such as `local` or `openai/gpt-4o-mini`: for messages."""

    @property
    def identity(self) -> str:
        """All that decides its answers beside the request: model, weights, endpoint. Part of the cache key."""

    @property
    def parallel(self) -> int:
        """How many requests it can usefully have in flight."""

    @property
    def batches(self) -> bool:
        """Whether one request can bring several samples."""

    def supports(self, kind: Kind, *, chat: bool) -> str:
        """Empty when it can answer such requests, else one sentence saying why not and what to do. Starts nothing."""

    async def open(self) -> None:
        """Get ready: start the server, test what it claims. Called once, before the first request. Raises ModelError."""

    async def call(self, request: Request, *, keys: Sequence[str]) -> list[Completion]:
        """Answer `request` once per key (one key unless `batches`); a backend that takes seeds makes them from the keys.

        Raises ModelError: TransientError when trying again may help. Never retries by itself. What a reply cost that
        brings no answer goes to `charge`.
        """

    async def close(self) -> None:
        """Let go of processes and connections."""
