"""The engine as a node sees it: its path, random draws, model replies, rendered templates, scores and new prompts."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from promptwire.values import Example, Examples, Message, Model, Prompt, Prompts, Scores

__all__ = ["Context", "Reply"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply of a model and the answers read out of it."""

    text: str
    """The reply, whole."""
    answers: tuple[str, ...]
    """What the template's parser read out of it; empty when it was unreadable and dropped."""
    conversation: tuple[Message, ...] = ()
    """The messages before it and the reply itself, to be continued; empty for plain text completions."""


class Context(Protocol):
    """The engine as a node sees it."""

    @property
    def path(self) -> str:
        """Path of the step, such as `search.expand.edits`."""

    @property
    def round(self) -> str:
        """The rounds of the loops around it, such as `2` or `2.0`; empty outside loops."""

    @property
    def turn(self) -> int:
        """How often the node ran before in this run, over all loops around it."""

    @property
    def unlimited(self) -> bool:
        """Whether no limit can end the run: calls that will be made in any case may then be made early."""

    def rng(self, *purpose: Any, steady: bool = False, shared: bool = False) -> random.Random:
        """A generator that depends only on the run's seed, the node's path, the round and `purpose`.

        A `steady` generator is the same in every round: for one order over all rounds of a loop. A `shared` generator depends
        on the seed and `purpose` alone: for one order over several nodes.
        """

    async def ask(self, slots: Model, *, n: int = 1, first: int = 0, conversation: Sequence[Message] = ()) -> tuple[Reply, ...]:
        """Render the node's template with `slots`, call its model for `n` samples and parse the replies.

        `first` numbers the first sample. A node that needs different completions for two equal requests gives them different
        numbers. `conversation` goes before the rendered messages. Unreadable replies are counted. Independent calls belong in
        one `gather`, so that they are in flight together.

        Raises LimitReached, ModelError or ReplyError.
        """

    def render(self, slots: Model) -> tuple[str, ...]:
        """Render the node's template with `slots`, without a model; return what the template's `parse` reads in the text.

        For a node declared with `renders=True`. Each rendering of a node has random draws of its own.
        Raises PipelineError or ReplyError.
        """

    def read(self, text: str, tag: str) -> tuple[str, ...]:
        """Each text between `<tag>` and `</tag>` in `text`, an answer of the model; read as a reply is."""

    def render_named(self, slots: Model) -> Mapping[str, tuple[str, ...]]:
        """Like `render`, for a node declared with `named=True`: a line `--- NAME ---` starts a text of that name.

        The text above the first such line has the empty name; it is missing when there is none. `parse` reads that text only.
        """

    async def gather(self, jobs: Sequence[Awaitable[T]]) -> tuple[T, ...]:
        """Run `jobs` at once; return their results in order. When one fails, paid completions of the others are stored."""

    async def score(self, prompts: Prompts, examples: Examples, *, partial: bool = False, repeats: int = 1) -> Scores:
        """Score every prompt on every example with the node's metric, all pairs in flight together.

        With `partial`, a used-up budget returns the rows so far instead of raising LimitReached. The model gives `repeats`
        answers to each pair, and the row's value is their mean.
        """

    def new_prompt(
        self,
        text: str,
        *parents: Prompt,
        demos: Sequence[Example] | None = None,
        companions: Mapping[str, str] | None = None,
    ) -> Prompt:
        """A new prompt with `text`, its parents' ids, this node's path and the current round.

        The demonstrations are `demos`, or those of its first parent, and likewise the companions: a node that writes text
        changes only the text.
        """

    def count(self, what: str, n: int = 1) -> None:
        """Add `n` to a named counter in the run's trace, such as `duplicates` or `empty`."""
