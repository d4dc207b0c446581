"""Speed and exactness of a local model: `python bench/local.py NAME [SETTINGS ...]`.

For each of the settings, such as `threads=1,slots=2`, it times short evaluations, label choices, scores of given answers and
longer replies. Then it starts the model again, asks the same in another order, and counts the completions that differ. About
two minutes for each of the settings.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time
from collections.abc import Iterator, Sequence

from promptwire.backend import Backend, Completion, Request, Settings
from promptwire.backends.factory import backend
from promptwire.values import Message

WORDS = ["hot", "tall", "rich", "early", "brave", "quiet", "clean", "empty", "sharp", "heavy"]
PROMPTS = ("Write the opposite of the given word.", "Write a word related to the input.")
KEY = "ab" * 32


def chat(text: str, *, tokens: int, temperature: float = 0.0) -> Request:
    """A request for a reply to one message."""
    return Request(
        "generate",
        messages=(Message(role="user", content=text),),
        settings=Settings(temperature=temperature, max_tokens=tokens),
    )


def critique(cases: int, temperature: float) -> Request:
    """A request like those to a meta model: about 35 tokens a case."""
    told = "\n".join(
        f"Case {n}: input '{WORDS[n % 10]}', the model wrote '{WORDS[(5 * n + 1) % 10]}', expected '{WORDS[(7 * n + 3) % 10]}'."
        for n in range(cases)
    )
    text = f"A prompt is '{PROMPTS[1]}'. It failed on these cases:\n{told}\nSay what is wrong with it."
    return chat(text, tokens=60, temperature=temperature)


def workload() -> Iterator[tuple[str, list[Request]]]:
    """Requests by kind."""
    yield "evaluation", [chat(f"{prompt}\n\nInput: {word}\nOutput:", tokens=8) for prompt in PROMPTS for word in WORDS]
    label = "Classify the word as positive or negative.\n\nInput: {}\nOutput:"
    yield "label", [Request("choose", prompt=label.format(word), options=("positive", "negative")) for word in WORDS]
    given = "Write the opposite.\n\nInput: {}\nOutput:"
    yield "given answer", [Request("logprob", prompt=given.format(word), options=("cold",)) for word in WORDS[:6]]
    yield "meta reply", [critique(4, 0.9), critique(12, 0.0), critique(12, 0.9)]


async def answers(model: Backend, requests: Sequence[Request]) -> list[Completion]:
    """Completions in the order of the requests, as many at once as the model takes."""
    free = asyncio.Semaphore(model.parallel)

    async def one(request: Request) -> Completion:
        async with free:
            return (await model.call(request, keys=[KEY]))[0]

    return await asyncio.gather(*map(one, requests))


async def measure(name: str) -> str:
    """One line of figures for the model `name` with its settings."""
    model = backend(name, say=print)
    await model.open()
    first: dict[str, Completion] = {}
    told = []
    for kind, requests in workload():
        began = time.monotonic()
        found = await answers(model, requests)
        told.append(f"{kind} {(time.monotonic() - began) / len(requests):.2f} s")
        first |= {request.key("", sample=0, stream=""): answer for request, answer in zip(requests, found, strict=True)}
    await model.close()
    again = backend(name)
    await again.open()
    shuffled = [request for _, requests in workload() for request in requests]
    random.Random(1).shuffle(shuffled)
    found = await answers(again, shuffled)
    await again.close()
    differ = sum(first[request.key("", sample=0, stream="")] != answer for request, answer in zip(shuffled, found, strict=True))
    return f"{name}: {', '.join(told)}; {differ} of {len(shuffled)} differ (load {os.getloadavg()[0]:.1f})"


def main() -> None:
    """Measure the model with each of the settings of the command line."""
    name, *settings = sys.argv[1:] or ["local"]
    for each in settings or [""]:
        print(asyncio.run(measure(f"{name},{each}" if each else name)), flush=True)


if __name__ == "__main__":
    main()
