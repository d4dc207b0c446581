"""critique-gradient: ask a model why a prompt failed.

The "textual gradient" of ProTeGi (Pryzant et al. 2023, section 3.1). Each group of failures is one request, which may give
several reasons. With PE2's template (Ye et al. 2024, section 3.2) this is the first turn of a conversation. `edit` writes the
new prompt in its second turn: a critique holds its conversation.
"""

from __future__ import annotations

from pydantic import Field

from promptwire.bounds import Bound, Sizes
from promptwire.node import Context, Reply, node
from promptwire.values import Critique, Critiques, Failure, FailureGroup, Failures, Model, Prompt
from promptwire.values.hashing import ordinals

__all__ = ["Inputs", "Outputs", "Params", "Slots", "critique_gradient"]


class Inputs(Model):
    of: Failures
    """What the prompts got wrong, in groups."""


class Params(Model):
    n: int = Field(default=1, ge=1)
    """Reasons to ask for about each group. Of more, the last are taken, because the first may repeat the request."""


class Slots(Model):
    prompt: Prompt
    """The prompt that failed."""
    failures: tuple[Failure, ...]
    """What it got wrong."""
    n: int
    """Reasons to ask for."""


class Outputs(Model):
    critiques: Critiques
    """The reasons, group by group; possibly fewer than asked for."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """One request a group, at most `n` reasons each."""
    groups = sizes.of("of")
    return Bound({"critiques": (groups * min(params.n, sizes.answers)).perhaps()}, asks=groups)


@node(slots=Slots, bound=bound)
async def critique_gradient(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Ask why each prompt failed on each group of its failures."""
    groups = inputs.of.groups
    # Equal groups give equal requests; sample numbers give each its own reason.
    numbers = ordinals((group.prompt.id, tuple(case.example.id for case in group.cases)) for group in groups)
    asked = await context.gather(
        [
            context.ask(Slots(prompt=group.prompt, failures=group.cases, n=params.n), first=number)
            for group, number in zip(groups, numbers, strict=True)
        ]
    )
    found = [
        critique
        for group, replies in zip(groups, asked, strict=True)
        for critique in _critiques(group, replies, params.n, context)
    ]
    return Outputs(critiques=Critiques(items=tuple(found)))


def _critiques(group: FailureGroup, replies: tuple[Reply, ...], n: int, context: Context) -> list[Critique]:
    """The reasons in the replies about one group."""
    found = [
        Critique(text=text, prompt=group.prompt, cases=group.cases, conversation=reply.conversation)
        for reply in replies
        for text in reply.answers
    ]
    context.count("surplus", max(0, len(found) - n))
    return found[-n:]
