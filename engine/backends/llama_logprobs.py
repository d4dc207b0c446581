"""Log-probabilities of a given answer from llama.cpp, by forcing its tokens with a grammar.

The grammar names tokens by number. A grammar that spells the text would let the model split it into other tokens, which have
another, tiny probability; and llama.cpp ignores `echo` silently. A token that is only part of a character comes back without a
probability, or breaks the server's grammar. For an answer with such a token, a harmless token is forced instead and the list of
all candidates is read.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from promptwire.backend import Completion
from promptwire.errors import RequestRefused, Unsupported

__all__ = ["LlamaLogprobs", "label_shares"]

Post = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]

_LEAST: Final = 1e-30
"""Probability used for 0, because JSON can't hold the logarithm of 0."""
_ALL: Final = 1_000_000
"""More candidates than any vocabulary has."""
_OPENING: Final = "\"'([{<\u201c\u2018\u00ab"
"""Characters after which a word begins without a space."""


@dataclass(frozen=True, slots=True)
class _Tokens:
    """Tokens of a text; `whole` when each token is whole characters."""

    ids: tuple[int, ...]
    whole: bool


class LlamaLogprobs:
    """Scores answers with requests to a llama.cpp server through `post`."""

    def __init__(self, post: Post, *, where: str) -> None:
        """`where` is the model's name, for errors."""
        self._post = post
        self._where = where
        self._cached_tokens: dict[tuple[str, str], _Tokens] = {}

    async def choose(self, prompt: str, options: Sequence[str], *, running: bool) -> Completion:
        """Probability of each option among the options: by first tokens, or by all tokens when two share the first."""
        labels = [await self._tokens(prompt, option, running=running) for option in options]
        prompt = _cut(prompt, running=running)
        if len({label.ids for label in labels}) < len(labels):
            raise RequestRefused(
                "two labels have the same tokens", where=self._where, hint=f"use different labels than: {', '.join(options)}"
            )
        first = [label.ids[0] for label in labels]
        if len(set(first)) == len(first):
            raw, read = await (self._by_bias if all(label.whole for label in labels) else self._by_candidates)(prompt, first)
        else:
            found = [await self._forced(prompt, label) for label in labels]
            raw, read = (
                label_shares([label.ids for label in labels], [logs for logs, _ in found]),
                sum(count for _, count in found),
            )
        top = max(raw)
        total = top + math.log(sum(math.exp(weight - top) for weight in raw))
        return Completion(weights=tuple(weight - total for weight in raw), tokens_in=read, tokens_out=1, usd=0.0)

    async def likelihood(self, prompt: str, answer: str, *, running: bool) -> Completion:
        """Log-probability of each token of `answer`."""
        tokens = await self._tokens(prompt, answer, running=running)
        logs, read = await self._forced(_cut(prompt, running=running), tokens)
        return Completion(weights=tuple(logs), tokens_in=read, tokens_out=len(logs), usd=0.0)

    async def _forced(self, prompt: str, tokens: _Tokens) -> tuple[list[float], int]:
        if not tokens.whole:
            return await self._stepwise(prompt, tokens.ids)
        grammar = "root ::= " + " ".join(f"<[{token}]>" for token in tokens.ids)
        reply = await self._complete(prompt, n_predict=len(tokens.ids), n_probs=1, temperature=0.0, grammar=grammar)
        listed = self._listed(reply, "logprob")[: len(tokens.ids)]
        if [token for token, _ in listed] != list(tokens.ids):
            raise Unsupported("the embedded model scored other tokens than the answer's", where=self._where)
        return [weight for _, weight in listed], int(reply.get("tokens_evaluated", 0))

    async def _by_bias(self, prompt: str, tokens: Sequence[int]) -> tuple[list[float], int]:
        """Log-probabilities of `tokens` by logit bias: an equal bias excludes all other tokens and keeps the ratios."""
        bias = [[token, 100] for token in tokens]
        settings = {"samplers": ["temperature"], "temperature": 1.0, "post_sampling_probs": True, "seed": 0, "logit_bias": bias}
        reply = await self._complete(prompt, n_predict=1, n_probs=len(tokens), **settings)
        found = dict(self._listed(reply, "prob", within="top_probs"))
        return [math.log(max(self._pick(found, token), _LEAST)) for token in tokens], int(reply.get("tokens_evaluated", 0))

    async def _by_candidates(self, prompt: str | list[int], tokens: Sequence[int]) -> tuple[list[float], int]:
        """Log-probability of each of `tokens` as the next one, from the list of all tokens: 5 MB and 0.4 s."""
        filler = (await self._encode("a", special=False)).ids[0]
        grammar = f"root ::= <[{filler}]>"
        reply = await self._complete(prompt, n_predict=1, n_probs=_ALL, temperature=0.0, grammar=grammar)
        found = dict(self._listed(reply, "logprob", within="top_logprobs"))
        return [self._pick(found, token) for token in tokens], int(reply.get("tokens_evaluated", 0))

    async def _stepwise(self, prompt: str, ids: Sequence[int]) -> tuple[list[float], int]:
        before = list((await self._encode(prompt, special=True)).ids)
        logs = []
        for position, token in enumerate(ids):
            (weight,), _ = await self._by_candidates([*before, *ids[:position]], [token])
            logs.append(weight)
        return logs, len(before)

    async def _complete(self, prompt: str | list[int], **settings: Any) -> dict[str, Any]:
        return await self._post(
            "/completion", {"post_sampling_probs": False, "cache_prompt": True, "prompt": prompt, **settings}
        )

    def _listed(self, reply: Mapping[str, Any], what: str, *, within: str = "") -> list[tuple[int, float]]:
        """Tokens and probabilities in `reply`; with `within`, those of the candidates for the first token."""
        try:
            rows = reply["completion_probabilities"]
            found = [(one["id"], float(one[what])) for one in (rows[0][within] if within else rows)]
        except (KeyError, IndexError, TypeError, ValueError, OverflowError) as error:
            raise Unsupported("the embedded model returned no probabilities for this answer", where=self._where) from error
        if not all(math.isfinite(weight) for _, weight in found):
            raise Unsupported("the embedded model returned a probability that is not finite", where=self._where)
        return found

    def _pick(self, found: Mapping[int, float], token: int) -> float:
        if token not in found:
            raise Unsupported("the embedded model returned no probability of the answer", where=self._where)
        return found[token]

    async def _tokens(self, prompt: str, answer: str, *, running: bool) -> _Tokens:
        """Tokens of `answer` after `prompt`; in `running` text a word begins with its space.

        They depend on the last line only, so they are cached by last line and answer.
        """
        if not answer.strip():
            raise RequestRefused("an empty answer has no probability", where=self._where)
        kept = _cut(prompt, running=running)
        space = prompt[len(kept) :] or (" " if running and _wants_space(kept, answer) else "")
        tail, text = kept[kept.rfind("\n") :] if "\n" in kept else kept, space + answer
        if (tail, text) not in self._cached_tokens:
            alone, joined = await self._encode(tail, special=True), await self._encode(tail + text, special=True)
            size = len(alone.ids)
            # Where the answer melts into the text before it, it is scored as its own tokens.
            melts = joined.ids[:size] != alone.ids
            made = await self._encode(text, special=False) if melts else await self._encode_ids(joined.ids[size:], text)
            self._cached_tokens[tail, text] = made
        return self._cached_tokens[tail, text]

    async def _encode_ids(self, ids: tuple[int, ...], text: str) -> _Tokens:
        alone = await self._encode(text, special=False)
        return alone if alone.ids == ids else _Tokens(ids, whole=text.isascii())

    async def _encode(self, text: str, *, special: bool) -> _Tokens:
        body = {"content": text, "add_special": special, "parse_special": special, "with_pieces": True}
        found = (await self._post("/tokenize", body))["tokens"]
        # A piece that is not valid text comes as a list of bytes.
        return _Tokens(tuple(one["id"] for one in found), whole=all(isinstance(one["piece"], str) for one in found))


def label_shares(ids: Sequence[Sequence[int]], logs: Sequence[Sequence[float]]) -> list[float]:
    """Log-probability of each option without the options that continue it: `no` does not include `no way`.

    >>> [round(math.exp(share), 2) for share in shares([[1], [1, 2]], [[math.log(0.5)], [math.log(0.5), math.log(0.8)]])]
    [0.1, 0.4]
    """
    whole = [sum(one) for one in logs]
    found = []
    for position, own in enumerate(ids):
        longer = [other for other in range(len(ids)) if _continues(ids[other], own)]
        nearest = [other for other in longer if not any(_continues(ids[other], ids[between]) for between in longer)]
        rest = 1.0 - sum(math.exp(sum(logs[other][len(own) :])) for other in nearest)
        found.append(whole[position] + math.log(max(rest, _LEAST)))
    return found


def _continues(long: Sequence[int], short: Sequence[int]) -> bool:
    return len(long) > len(short) and list(long[: len(short)]) == list(short)


def _cut(prompt: str, *, running: bool) -> str:
    """`prompt` without trailing spaces, which belong to the next word. A text of spaces is unchanged."""
    return (prompt.rstrip(" ") or prompt) if running else prompt


def _wants_space(prompt: str, answer: str) -> bool:
    return bool(prompt) and not prompt[-1].isspace() and prompt[-1] not in _OPENING and not answer[0].isspace()
