"""Backend of the embedded models: llama.cpp in child processes, with reproducible completions.

Each slot is a process of its own with one sequence, fixed threads, and batches whose sizes change no digit; see
`promptwire.backends.prompt_cache`. Otherwise a run that was killed and started again would end differently: 13 of 24
completions of a 1.5B model did, by up to 0.24 in a log-probability. Sampled replies don't use the prompt cache, and their seeds
come from the cache key. The price is known to be 0.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from promptwire.backend import FREE, Completion, Kind, Quote, Request
from promptwire.backends import openai_format
from promptwire.backends.known_models import least_batch
from promptwire.backends.llama_logprobs import LlamaLogprobs
from promptwire.backends.llama_process import LlamaProcess
from promptwire.backends.local_context import choose_context
from promptwire.backends.local_sources import LocalSource, find_source
from promptwire.backends.prompt_cache import BATCH, PromptCache
from promptwire.errors import ContextOverflow, ModelUnavailable, TransientError, Unsupported
from promptwire.local_settings import LocalSettings

__all__ = ["LocalBackend"]

_THREADS: Final = 2
"""Default number of threads: fixed, because the last digits of completions depend on it."""
_LONGEST: Final = 512
"""Longest reply without `max_tokens`. A small model that repeats itself would fill its context."""
_CLOSE: Final = 1e-3


class _Slot:
    """A process and the scoring that goes through it."""

    def __init__(self, process: LlamaProcess, where: str, least: int) -> None:
        """`least` is the smallest batch with sound digits; see `PromptCache`."""
        self.process = process
        self.post = PromptCache(process.post, least=least).post
        self.logprobs = LlamaLogprobs(self.post, where=where)
        self.busy = 0
        """Requests that it answers now."""


class LocalBackend:
    """A local model: `local`, or the one that `source` finds."""

    batches = False

    def __init__(
        self,
        source: LocalSource | Path | None = None,
        settings: LocalSettings | None = None,
        *,
        say: Callable[[str], None] | None = None,
        timeout: float = openai_format.TIMEOUT,
    ) -> None:
        """`source` may be a path; `say` gets progress messages of the model download. Raises UsageError."""
        self._source = _as_source(source)
        self._settings = (settings or LocalSettings()).over(LocalSettings.of_environment())
        self.name = self._source.name
        self.timeout = timeout
        self.parallel = self._settings.slots or 1
        self.context = 0
        """Context in tokens; 0 until it is open."""
        self._say = say
        self._slots: list[_Slot] = []
        self._self_test_result: asyncio.Future[None] | None = None

    @property
    def identity(self) -> str:
        """SHA-256 of the weights, and the settings that change answers: a file gives the same completions in any folder."""
        changes = {"threads": self._threads, "gpu_layers": self._settings.gpu_layers or 0}
        usual = {"threads": _THREADS, "gpu_layers": 0}
        told = [f"{name}={value}" for name, value in changes.items() if value != usual[name]]
        return " ".join(["llama.cpp", self._source.sha256, *told])

    @property
    def processes(self) -> list[LlamaProcess]:
        """The process of each slot."""
        return [slot.process for slot in self._slots]

    @property
    def url(self) -> str:
        """Address of the first slot's server; empty until it is open."""
        return self._slots[0].process.url if self._slots else ""

    @property
    def key(self) -> str:
        """Key of the first slot's server; empty until it is open."""
        return self._slots[0].process.key if self._slots else ""

    @property
    def _threads(self) -> int:
        return self._settings.threads or _THREADS

    def quote(self) -> Quote:
        """Free."""
        return FREE

    def supports(self, kind: Kind, *, chat: bool) -> str:
        """All kinds but infill, and no chat without a chat template; see `Backend.supports`."""
        if kind == "infill":
            return f"{self.name} can't fill gaps: it was not trained for it"
        header = self._source.header() if chat else None
        if header is not None and not header.template:
            return f"{self.name} has no chat template: use a template that completes text, such as task/completion.j2"
        return ""

    async def open(self) -> None:
        """Fetch the model file when it is missing, and start the servers. Raises ModelUnavailable."""
        path = await asyncio.to_thread(self._source.locate, self._say)
        header = self._source.header()
        if header is not None and not header.writes:
            problem = f"the model writes no text: it is an embedding model ({header.architecture})"
            raise ModelUnavailable(problem, where=self.name, hint="use a language model")
        if header is not None:
            self.context = choose_context(header, self._settings.context, slots=self.parallel, where=self.name)
        least = least_batch(self._source.sha256)
        config = {
            "path": str(path),
            "batch": BATCH,
            "repack": not least,
            "threads": self._threads,
            "context": self.context,
            "gpu_layers": self._settings.gpu_layers or 0,
        }
        self._slots = [
            _Slot(LlamaProcess(config, where=self.name, timeout=self.timeout), self.name, least) for _ in range(self.parallel)
        ]
        for slot in self._slots:
            await slot.process.start()

    async def call(self, request: Request, *, keys: Sequence[str]) -> list[Completion]:
        """Return one completion; see `Backend.call`. A server that ended is restarted, up to three times."""
        if not self._slots:
            raise ModelUnavailable("the embedded model is not running", where=self.name)
        slot = min(self._slots, key=lambda each: each.busy)
        slot.busy += 1
        try:
            return [await self._answer(slot, request, keys[0])]
        except TransientError as error:
            await slot.process.restart_if_ended(error)
            raise
        finally:
            slot.busy -= 1

    async def close(self) -> None:
        """End the servers. Requests in flight are dropped."""
        slots, self._slots = self._slots, []
        await asyncio.gather(*(slot.process.close() for slot in slots))

    async def _answer(self, slot: _Slot, request: Request, key: str) -> Completion:
        if request.kind in ("choose", "logprob"):
            await self._ensure_self_test(slot)
            prompt = await self._prompt(slot, request)
            running = not request.messages or request.messages[-1].role == "assistant"
            if request.kind == "choose":
                return await slot.logprobs.choose(prompt, request.options, running=running)
            return await slot.logprobs.likelihood(prompt, request.options[0], running=running)
        body = {**openai_format.body("local", request), "cache_prompt": not request.random, "seed": openai_format.seed(key)}
        body.setdefault("max_tokens", _LONGEST)
        reply = await slot.post("/v1" + openai_format.route(request), body)
        answer = openai_format.read_completions(reply, usd=0.0)[0]
        self._refuse_cut(answer, int(body["max_tokens"] or 0))
        if request.messages and request.messages[-1].role == "assistant":  # llama.cpp repeats the given beginning of the reply
            return replace(answer, text=answer.text.removeprefix(request.messages[-1].content))
        return answer

    def _refuse_cut(self, answer: Completion, most: int) -> None:
        """Raise ContextOverflow for a reply that the context cut off: in a longer context it would be another."""
        if answer.cut_off and answer.tokens_out < most:
            problem = (
                f"the prompt of {answer.tokens_in} tokens leaves room for {answer.tokens_out} of the {most} tokens of a reply: "
                f"the context has {self.context} tokens"
            )
            hint = "shorten the prompt or its examples, lower max_tokens, or give the model a longer context"
            raise ContextOverflow(problem, where=self.name, hint=hint)

    async def _prompt(self, slot: _Slot, request: Request) -> str:
        """Whole text that the model reads before the answer."""
        if not request.messages:
            return request.prompt
        messages = [{"role": message.role, "content": message.content} for message in request.messages]
        return str((await slot.process.post("/apply-template", {"messages": messages}))["prompt"])

    async def _ensure_self_test(self, slot: _Slot) -> None:
        """Test once that scoring works: a build that ignores the grammar would return wrong scores silently."""
        if self._self_test_result is None:
            self._self_test_result = asyncio.ensure_future(self._self_test(slot))
        await asyncio.shield(self._self_test_result)

    async def _self_test(self, slot: _Slot) -> None:
        start = "One two three four five"
        likely = await slot.logprobs.likelihood(start, "six seven", running=True)
        odd = await slot.logprobs.likelihood(start, "spoon violin", running=True)
        chosen = await slot.logprobs.choose(start, ("six", "violin"), running=True)
        if sum(likely.weights) <= sum(odd.weights) or abs(sum(map(math.exp, chosen.weights)) - 1) > _CLOSE:
            raise Unsupported(
                "the embedded model failed its self-test for scoring",
                where=self.name,
                hint="check that the file is a language model",
            )


def _as_source(given: LocalSource | Path | None) -> LocalSource:
    if given is None or isinstance(given, Path):
        return find_source(f"local:{given}" if given else "local")
    return given
