"""failures: what each prompt got wrong, in groups that a critic can look at.

ProTeGi draws groups of errors from a minibatch, each group independently (Pryzant et al. 2023, section 3.1); PE2 draws a batch
of hard examples for every proposal (Ye et al. 2024, section 3). A prompt that got nothing wrong has no group: ProTeGi's code
asks a critic all the same, about an empty list. TextGrad's critic sees right answers too, and GEPA's unless all are right.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from promptwire.bounds import Bound, Sizes
from promptwire.node import Context, node
from promptwire.values import Example, Failure, FailureGroup, Failures, Model, Row, Scores

__all__ = ["Inputs", "Outputs", "Params", "failures"]


class Inputs(Model):
    of: Scores
    """How the prompts did."""


class Params(Model):
    groups: int = Field(default=1, ge=1)
    """Groups for each prompt."""
    size: int = Field(default=4, ge=1)
    """Failures in a group; fewer when there are not so many."""
    policy: Literal["random", "worst"] = "random"
    """`random`: drawn anew for each group; `worst`: the lowest values, shared out over the groups."""
    below: float | None = None
    """Values under this are failures; by default those under the metric's perfect value, or under the prompt's own mean
    where the metric has no such value."""
    right: Literal["never", "beside", "always"] = "never"
    """Whether right answers are drawn too: `never`; `beside` wrong ones, for a prompt that got any wrong; or `always`, so that
    a prompt that got all right has groups as well."""


class Outputs(Model):
    failures: Failures
    """The groups, prompt by prompt."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """At most `groups` groups a prompt; a prompt without failures has none."""
    scores = sizes.of("of")
    return Bound({"failures": (scores * params.groups).perhaps().holding(min(params.size, scores.inside))})


@node(bound=bound)
async def failures(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Group what each prompt got wrong."""
    examples = {example.id: example for example in inputs.of.examples.items}
    groups: list[FailureGroup] = []
    for prompt in inputs.of.prompts.items:
        rows = inputs.of.by_prompt.get(prompt.id, ())
        wrong = [row for row in rows if row.value < _bar(rows, inputs.of.perfect, params)]
        if not wrong:
            context.count("prompts without failures")
        shown = rows if params.right == "always" or (wrong and params.right == "beside") else wrong
        if not shown:
            continue
        for group in _groups(shown, params, context, prompt.id):
            cases = tuple(_failure(row, examples[row.example]) for row in group)
            groups.append(FailureGroup(prompt=prompt, cases=cases))
    return Outputs(failures=Failures(groups=tuple(groups)))


def _bar(rows: Sequence[Row], perfect: float | None, params: Params) -> float:
    """The value under which a row is a failure."""
    if params.below is not None:
        return params.below
    if perfect is not None:
        return perfect
    return sum(row.value for row in rows) / len(rows) if rows else 0.0


def _groups(rows: Sequence[Row], params: Params, context: Context, prompt: str) -> list[list[Row]]:
    if params.policy == "random":
        size = min(params.size, len(rows))
        return [context.rng(prompt, group).sample(rows, size) for group in range(params.groups)]
    worst = sorted(rows, key=lambda row: row.value)
    starts = range(0, min(len(worst), params.groups * params.size), params.size)
    return [worst[start : start + params.size] for start in starts]


def _failure(row: Row, example: Example) -> Failure:
    return Failure(example=example, output=row.output, answer=row.answer, value=row.value, feedback=row.feedback)
