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
from pathlib import Path
from typing import Any, Final

from promptwire.errors import ModelError, ModelUnavailable, TransientError, Unsupported
from promptwire.models import dialect
from promptwire.models.weights import KNOWN, fingerprint, locate
from promptwire.models.wire import Wire
from promptwire.request import Answer, Kind, Request

__all__ = ["Embedded"]

_CONTEXT: Final = 2048
_START: Final = 120.0
"""Seconds that the child may take to load the model."""
_RESTARTS: Final = 3
_LEAST: Final = 1e-30
"""Probability that stands for 0, whose logarithm JSON can't hold."""
_CLOSE: Final = 1e-3


class Embedded:
    """The model called `local`, or with a `path` any GGUF file."""

    batches = False
    parallel = 1

    def __init__(self, path: Path | None = None, *, say: Callable[[str], None] | None = None) -> None:
        """`say` hears what the download of the model file is doing."""
        self.name = f"local:{path}" if path else "local"
        self._path = path
        self._say = say
        self._process: asyncio.subprocess.Process | None = None
        self._wire: Wire | None = None
        self._starts = 0
        self._proof: asyncio.Future[None] | None = None
        self._tokens: dict[str, list[int]] = {}
        self.url = ""
        """Address of the server, once open."""
        self.key = secrets.token_hex(16)
        """The server's key, so that nobody else on the machine uses it."""

    @property
    def identity(self) -> str:
        """The weights' SHA-256: the same file has the same answers wherever it lies."""
        own = self._path or (Path(os.environ["PROMPTWIRE_MODEL"]) if os.environ.get("PROMPTWIRE_MODEL") else None)
        return f"llama.cpp {fingerprint(own) if own else KNOWN['local'].sha256}"

    def supports(self, kind: Kind, *, chat: bool) -> str:
        """Everything but infill; see `Backend.supports`."""
        return f"{self.name} can't fill gaps: it was not trained to" if kind == "infill" else ""

    async def open(self) -> None:
        """Fetch the model file when it is not there, and start the server. Raises ModelUnavailable."""
        self._path = self._path or await asyncio.to_thread(locate, "local", self._say)
        await self._start()

    async def call(self, request: Request, *, keys: Sequence[str]) -> list[Answer]:
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
            "-m",
            "promptwire.models.llama_child",
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
        self._wire = Wire(self.url, key=self.key)

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

    async def _answer(self, request: Request, key: str) -> Answer:
        if request.kind in ("choose", "logprob"):
            await self._prove()
            score = self._choose if request.kind == "choose" else self._likelihood
            return await score(request)
        body = {**dialect.body("local", request), "cache_prompt": not request.random, "seed": dialect.seed(key)}
        return dialect.read(await self._post("/v1" + dialect.route(request), body), usd=0.0)[0]

    async def _choose(self, request: Request) -> Answer:
        """How likely each label is, exactly: by its first token, or by all of them when two begin alike."""
        prompt = await self._prompt(request)
        labels = [await self._ids(prompt, option, chat=bool(request.messages)) for option in request.options]
        first = [ids[0] for ids in labels]
        if len(set(first)) < len(first):
            answers = [await self._forced(prompt, ids) for ids in labels]
            raw = [sum(answer.weights) for answer in answers]
            return _normalised(raw, sum(answer.tokens_in for answer in answers))
        # Lifted by the same bias, the labels crowd out all other tokens and keep their ratios.
        body = {
            "prompt": prompt,
            "n_predict": 1,
            "n_probs": len(first),
            "logit_bias": [[token, 100] for token in first],
            "post_sampling_probs": True,
            "samplers": ["temperature"],
            "temperature": 1.0,
            "cache_prompt": True,
            "seed": 0,
        }
        reply = await self._post("/completion", body)
        try:
            listed = {one["id"]: float(one["prob"]) for one in reply["completion_probabilities"][0]["top_probs"]}
            raw = [math.log(max(listed[token], _LEAST)) for token in first]
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise Unsupported("the embedded model did not say how likely the labels are", where=self.name) from error
        return _normalised(raw, int(reply.get("tokens_evaluated", 0)))

    async def _likelihood(self, request: Request) -> Answer:
        prompt = await self._prompt(request)
        return await self._forced(prompt, await self._ids(prompt, request.options[0], chat=bool(request.messages)))

    async def _forced(self, prompt: str, ids: Sequence[int]) -> Answer:
        """Log-probability of each token of an answer.

        The grammar names token ids: one that names the text lets the model spell it in pieces, which is another, tiny number.
        """
        body = {
            "prompt": prompt,
            "n_predict": len(ids),
            "n_probs": 1,
            "temperature": 0.0,
            "post_sampling_probs": False,
            "cache_prompt": True,
            "grammar": "root ::= " + " ".join(f"<[{token}]>" for token in ids),
        }
        reply = await self._post("/completion", body)
        try:
            found = [(one["id"], float(one["logprob"])) for one in reply["completion_probabilities"]][: len(ids)]
        except (KeyError, TypeError, ValueError) as error:
            raise Unsupported("the embedded model gave no log-probabilities for this answer", where=self.name) from error
        if [token for token, _ in found] != list(ids) or not all(math.isfinite(weight) for _, weight in found):
            raise Unsupported("the embedded model scored other tokens than the answer's", where=self.name)
        weights = tuple(weight for _, weight in found)
        return Answer(weights=weights, tokens_in=int(reply.get("tokens_evaluated", 0)), tokens_out=len(ids), usd=0.0)

    async def _prompt(self, request: Request) -> str:
        """The whole text that the model reads before the answer."""
        if not request.messages:
            return request.prompt
        messages = [{"role": message.role, "content": message.content} for message in request.messages]
        return str((await self._post("/apply-template", {"messages": messages}))["prompt"])

    async def _ids(self, prompt: str, answer: str, *, chat: bool) -> list[int]:
        """The tokens of `answer` after `prompt`: in running text a word begins with its space."""
        text = answer if chat or not prompt or prompt[-1].isspace() else f" {answer}"
        if text not in self._tokens:
            reply = await self._post("/tokenize", {"content": text, "add_special": False, "parse_special": False})
            self._tokens[text] = [int(token) for token in reply["tokens"]]
        if not self._tokens[text]:
            raise Unsupported("an empty answer has no probability", where=self.name)
        return self._tokens[text]

    async def _prove(self) -> None:
        """Once: see that scoring works, for a build that ignores the grammar would score nonsense without a word."""
        if self._proof is None:
            self._proof = asyncio.ensure_future(self._test())
        await asyncio.shield(self._proof)

    async def _test(self) -> None:
        likely = await self._likelihood(Request("logprob", prompt="One two three four five", options=("six seven",)))
        odd = await self._likelihood(Request("logprob", prompt="One two three four five", options=("spoon violin",)))
        chosen = await self._choose(Request("choose", prompt="One two three four five", options=("six", "violin")))
        if sum(likely.weights) <= sum(odd.weights) or abs(sum(map(math.exp, chosen.weights)) - 1) > _CLOSE:
            raise Unsupported(
                "the embedded model failed its self-test for scoring", where=self.name, hint="is the file a language model?"
            )


def _threads() -> int:
    """A fixed number, for the last digits of an answer depend on it; `PROMPTWIRE_THREADS` changes it."""
    said = os.environ.get("PROMPTWIRE_THREADS", "")
    return int(said) if said.isdigit() and int(said) else 2


def _normalised(raw: Sequence[float], tokens: int) -> Answer:
    """Log-probabilities among the options, from any that differ from them by a constant."""
    top = max(raw)
    total = top + math.log(sum(math.exp(weight - top) for weight in raw))
    return Answer(weights=tuple(weight - total for weight in raw), tokens_in=tokens, tokens_out=1, usd=0.0)
