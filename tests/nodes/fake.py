"""A Context for tests of nodes: replies and values are functions, and all requests are recorded."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from promptwire.node import Reply
from promptwire.templating.parsing import Parse, parse_reply
from promptwire.values import Example, Examples, Message, Model, Prompt, Prompts, Row, Scores
from promptwire.values.hashing import stream

T = TypeVar("T")


class FakeContext:
    """Answers `ask` with `reply(slots, sample)` and scores with `value(prompt, example)`; None leaves a row out."""

    def __init__(
        self,
        *,
        reply: Callable[[Any, int], Sequence[str]] = lambda slots, sample: (),
        value: Callable[[Prompt, Example], float | None] = lambda prompt, example: 1.0,
        round: str = "",
        seed: int = 0,
        chat: bool = True,
        turn: int | None = None,
        unlimited: bool = True,
    ) -> None:
        self.path, self.round, self.seed, self.unlimited = "here", round, seed, unlimited
        self.counts: Counter[str] = Counter()
        self.asked: list[Any] = []
        self.named: dict[str, str] = {}
        self.samples: list[tuple[int, int]] = []
        self.conversations: list[tuple[Message, ...]] = []
        self.scored: list[tuple[int, int]] = []
        self.partial: list[bool] = []
        self.repeats: list[int] = []
        self.turn = int(round.rpartition(".")[2] or 0) if turn is None else turn
        self.scale: tuple[float, float] | None = (0.0, 1.0)
        self.perfect: float | None = 1.0
        self._reply, self._value, self._chat = reply, value, chat

    @property
    def pulls(self) -> int:
        """Pairs that were scored."""
        return sum(prompts * examples for prompts, examples in self.scored)

    def rng(self, *purpose: Any, steady: bool = False, shared: bool = False) -> random.Random:
        if shared:
            return stream(self.seed, "shared", *purpose)
        return stream(self.seed, self.path, "every" if steady else self.round, *purpose)

    async def ask(self, slots: Model, *, n: int = 1, first: int = 0, conversation: Sequence[Message] = ()) -> tuple[Reply, ...]:
        self.asked.append(slots)
        self.samples.append((first, n))
        self.conversations.append(tuple(conversation))
        spoken = (*conversation, Message(role="user", content="question"), Message(role="assistant", content="answer"))
        return tuple(
            Reply("reply", tuple(self._reply(slots, sample)), spoken if self._chat else ())
            for sample in range(first, first + n)
        )

    def render(self, slots: Model) -> tuple[str, ...]:
        self.asked.append(slots)
        return tuple(self._reply(slots, len(self.asked) - 1))

    def read(self, text: str, tag: str) -> tuple[str, ...]:
        return parse_reply(text, Parse(tag=tag, all=True))[0]

    def render_named(self, slots: Model) -> Mapping[str, tuple[str, ...]]:
        return {"": self.render(slots), **{name: (text,) for name, text in self.named.items()}}

    async def gather(self, jobs: Sequence[Awaitable[T]]) -> tuple[T, ...]:
        return tuple([await job for job in jobs])

    async def score(self, prompts: Prompts, examples: Examples, *, partial: bool = False, repeats: int = 1) -> Scores:
        self.scored.append((len(prompts), len(examples)))
        self.repeats.append(repeats)
        self.partial.append(partial)
        pairs = [(prompt, example, self._value(prompt, example)) for prompt in prompts.items for example in examples.items]
        rows = tuple(Row(prompt.id, example.id, "out", "out", value) for prompt, example, value in pairs if value is not None)
        missing = tuple((prompt.id, example.id) for prompt, example, value in pairs if value is None)
        return Scores(
            metric="fake",
            perfect=self.perfect,
            scale=self.scale,
            prompts=prompts,
            examples=examples,
            rows=rows,
            missing=missing,
        )

    def new_prompt(
        self,
        text: str,
        *parents: Prompt,
        demos: Sequence[Example] | None = None,
        companions: Mapping[str, str] | None = None,
    ) -> Prompt:
        return Prompt.child(text, *parents, made_by=self.path, round=self.round, demos=demos, companions=companions)

    def count(self, what: str, n: int = 1) -> None:
        if n:
            self.counts[what] += n


def examples(n: int) -> Examples:
    """`n` examples."""
    return Examples(items=tuple(Example(input=f"in {number}", outputs=(f"out {number}",)) for number in range(n)))


def prompts(*texts: str) -> Prompts:
    """Prompts with these texts."""
    return Prompts(items=tuple(Prompt(text=text) for text in texts))


def texts(found: Prompts) -> list[str]:
    """The texts of prompts."""
    return [prompt.text for prompt in found.items]


def scores(table: dict[str, list[float | None]] | dict[str, list[float]], *, n: int | None = None, **scale: Any) -> Scores:
    """Scores of prompts by text, on as many examples as there are values; None is a call that failed."""
    shown = examples(n or max(map(len, table.values())))
    asked = prompts(*table)
    rows = tuple(
        Row(prompt.id, example.id, "said", "said", value)
        for prompt in asked.items
        for example, value in zip(shown.items, table[prompt.text], strict=False)
        if value is not None
    )
    missing = tuple(
        (prompt.id, example.id)
        for prompt in asked.items
        for example, value in zip(shown.items, table[prompt.text], strict=False)
        if value is None
    )
    return Scores(metric="fake", prompts=asked, examples=shown, rows=rows, missing=missing, **scale)
