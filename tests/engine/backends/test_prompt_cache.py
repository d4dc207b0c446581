"""The prompt cache is used only where it changes no digit, against a server that keeps its cache as llama.cpp does."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from promptwire.backends.prompt_cache import BATCH, PromptCache
from promptwire.errors import TransientError

LEAST = 8


class Server:
    """Keeps the tokens of the last request. Its answer is how the tokens of the prompt were computed."""

    def __init__(self) -> None:
        self.cache: list[tuple[str, bool]] = []
        self.sent: list[bool] = []
        self.fails = False

    async def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Compute what the cache lacks, in batches; a token is sound in a batch that is large enough."""
        if self.fails:
            raise TransientError("broken")
        words, self.sent = body["prompt"].split(), [*self.sent, body["cache_prompt"]]
        same = 0
        while body["cache_prompt"] and same < min(len(words) - 1, len(self.cache)) and self.cache[same][0] == words[same]:
            same += 1
        new = len(words) - same
        tail = new % BATCH
        sound = [tail >= LEAST or place < new - tail for place in range(new)]
        self.cache = self.cache[:same] + list(zip(words[same:], sound, strict=True))
        answer = "".join("x" if good else "o" for _, good in self.cache)
        self.cache += [("reply", False)] * 3
        return {"answer": answer, "tokens_evaluated": len(words), "timings": {"prompt_n": new}}


def text(*counts: int) -> str:
    """A prompt of tokens: so many of the first kind, of the second, ..."""
    return " ".join(f"w{kind}-{n}" for kind, count in enumerate(counts) for n in range(count))


async def ask(cache: PromptCache, prompt: str) -> str:
    return str((await cache.post("/completion", {"prompt": prompt, "cache_prompt": True}))["answer"])


async def fresh(prompt: str) -> str:
    """The answer of a server that was asked nothing before."""
    return await ask(PromptCache(Server().post, least=LEAST), prompt)


PROMPTS = [
    text(50),
    text(50, 10),
    text(50, 0, 9),
    text(50, 3),
    text(66),
    text(66, 12),
    text(63),
    text(63, 8),
    text(50) + " reply reply reply " + text(0, 0, 0, 9),
    text(3),
    text(140),
    text(130, 9),
]


@pytest.mark.parametrize("step", [1, 5, 7, 11])
async def test_answers_do_not_depend_on_the_order_of_requests(step: int) -> None:
    cache = PromptCache(Server().post, least=LEAST)
    for place in range(3 * len(PROMPTS)):
        prompt = PROMPTS[place * step % len(PROMPTS)]
        assert await ask(cache, prompt) == await fresh(prompt)


async def test_without_the_rule_they_would_depend_on_it() -> None:
    server = Server()
    answers = [(await server.post("", {"prompt": prompt, "cache_prompt": True}))["answer"] for prompt in PROMPTS]
    assert answers != [await fresh(prompt) for prompt in PROMPTS]


@pytest.mark.parametrize(
    ("second", "sent"),
    [(text(50, 10), [False, True]), (text(50, 3), [False, True, False]), (text(60), [False, True])],
    ids=["large rest", "small rest", "the reply is not reused"],
)
async def test_a_shared_beginning_is_computed_once_where_the_rest_is_large_enough(second: str, sent: list[bool]) -> None:
    server = Server()
    cache = PromptCache(server.post, least=LEAST)
    await ask(cache, text(50))
    await ask(cache, second)
    assert server.sent == sent


async def test_a_model_that_was_not_measured_never_uses_the_cache() -> None:
    server = Server()
    cache = PromptCache(server.post, least=0)
    for prompt in (text(50), text(50, 10)):
        await ask(cache, prompt)
    assert server.sent == [False, False]


async def test_after_an_error_the_cache_is_filled_again() -> None:
    server = Server()
    cache = PromptCache(server.post, least=LEAST)
    await ask(cache, text(50))
    server.fails = True
    with pytest.raises(TransientError):
        await ask(cache, text(50, 10))
    server.fails = False
    await ask(cache, text(50, 10))
    assert server.sent == [False, False]


async def test_a_reply_that_does_not_say_what_was_computed_is_asked_for_again() -> None:
    server = Server()

    async def silent(path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        reply = await server.post(path, body)
        return reply if not body["cache_prompt"] else {"answer": "unknown"}

    cache = PromptCache(silent, least=LEAST)
    for prompt in (text(50), text(50, 10)):
        assert await ask(cache, prompt) == await fresh(prompt)
    assert server.sent == [False, True, False]


async def test_requests_at_the_same_time_are_sent_one_after_the_other() -> None:
    cache = PromptCache(Server().post, least=LEAST)
    answers = await asyncio.gather(*(ask(cache, prompt) for prompt in PROMPTS))
    assert answers == [await fresh(prompt) for prompt in PROMPTS]


async def test_other_requests_go_through_unchanged() -> None:
    sent = []

    async def post(path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        sent.append((path, dict(body)))
        return {"tokens": []}

    assert await PromptCache(post, least=LEAST).post("/tokenize", {"content": "a"}) == {"tokens": []}
    assert sent == [("/tokenize", {"content": "a"})]
