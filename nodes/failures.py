"""failures: collect what each prompt got wrong, in groups for a critique.

ProTeGi draws groups of errors from a minibatch, each group independently (Pryzant et al. 2023, section 3.1); PE2 draws a batch
of hard examples for every proposal (Ye et al. 2024, section 3). A prompt without wrong answers has no group, whereas ProTeGi's
code asks for a critique of an empty list. TextGrad's critic also sees right answers, and so does GEPA's unless all are right.
With `by` a group holds what went wrong in the same way: one group for each pair of expected and given answer, say. `each` over
the groups asks for the kinds that are there, and for no others. With `by: critique` the kind is what a critique says of the
failure. So a model names the kind of each failure through a template of one's own. Equal or similar names are one group.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from typing import Literal

from pydantic import Field

from promptwire.bounds import Bound, Sizes
from promptwire.node import Context, node, require_wires
from promptwire.stats.word_overlap import overlap, words_of
from promptwire.values import Critiques, Example, Failure, FailureGroup, Failures, Model, Row, Scores

__all__ = ["Inputs", "Outputs", "Params", "failures"]


class Inputs(Model):
    of: Scores
    """Scores of the prompts."""
    critiques: Critiques | None = None
    """Names of the kinds, each about some of the rows; needed by `by: critique`."""


class Params(Model):
    groups: int | None = Field(default=None, ge=1)
    """Groups for each prompt: 1 when not set, and with `by` all; of more, the largest."""
    by: Literal["pair", "label", "critique"] | None = None
    """What the failures of a group have in common: `pair`: expected and given answer; `label`: expected answer; `critique`:
    what `critiques` say of them, without failures that none is about. Each failure is in one group then. When not set, groups
    are drawn."""
    alike: float = Field(default=1.0, gt=0, le=1)
    """Share of common words from which two critiques name the same kind; at 1 the words are the same."""
    size: int = Field(default=4, ge=1)
    """Most failures in a group."""
    policy: Literal["random", "worst"] = "random"
    """`random`: drawn anew for each group; `worst`: the lowest values, distributed over the groups."""
    below: float | None = None
    """Values below this are failures. Default: the metric's perfect value, or the prompt's own mean where there is none."""
    right: Literal["never", "beside", "always", "instead", "only"] = "never"
    """When right answers are drawn too: `never`; `beside` wrong ones, for a prompt with a wrong answer; `always`, so that a
    prompt without wrong answers has groups too; `instead` of wrong ones, for a prompt that has none; or `only` right ones, such
    as for the strategies that led to them."""


class Outputs(Model):
    failures: Failures
    """The groups, prompt by prompt."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """At most `groups` groups a prompt, with `by` at most one for each example; a prompt without failures has none."""
    scores = sizes.of("of")
    groups = min(params.groups or math.inf, scores.inside) if params.by else params.groups or 1
    found = (scores * groups).perhaps()
    if params.by == "critique":
        found = found.upto(sizes.of("critiques").most)
    return Bound({"failures": found.holding(min(params.size, scores.inside))})


def lacks(wired: Set[str], params: Params) -> tuple[str, str]:
    """The wire that is missing: critiques, to group by them."""
    if params.by == "critique" and "critiques" not in wired:
        return "by: critique needs `critiques`", "wire a critique-gradient that names the kind of each failure"
    return "", ""


@node(bound=bound, values=True, lacks=lacks)
async def failures(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Group what each prompt got wrong."""
    require_wires(lacks, inputs, params, context)
    named = _named(inputs.critiques or Critiques(), params.alike)
    examples = {example.id: example for example in inputs.of.examples.items}
    groups: list[FailureGroup] = []
    for prompt in inputs.of.prompts.items:
        rows = inputs.of.by_prompt.get(prompt.id, ())
        bar = _bar(rows, inputs.of.perfect, params)
        wrong = [row for row in rows if row.value < bar]
        if not wrong:
            context.count("prompts without failures")
        shown = rows if params.right in ("always", "beside" if wrong else "instead") else wrong
        if params.right == "only":
            shown = [row for row in rows if row.value >= bar]
        if not shown:
            continue
        for name, kind in _kinds(shown, examples, params, named.get(prompt.id, {})):
            for group in _groups(kind, params, context, prompt.id, name):
                cases = tuple(_failure(row, examples[row.example]) for row in group)
                groups.append(FailureGroup(prompt=prompt, cases=cases, name=name))
    return Outputs(failures=Failures(groups=tuple(groups)))


def _bar(rows: Sequence[Row], perfect: float | None, params: Params) -> float:
    """The value under which a row is a failure."""
    if params.below is not None:
        return params.below
    if perfect is not None:
        return perfect
    return sum(row.value for row in rows) / len(rows) if rows else 0.0


def _named(critiques: Critiques, alike: float) -> dict[str, dict[str, str]]:
    """The kind of each row, by ids of prompt and example: the first critique of it, or the first one that is like that."""
    kinds: list[tuple[str, frozenset[str]]] = []
    named: dict[str, dict[str, str]] = {}
    for critique in critiques.items:
        text = _plain(critique.text)
        words = words_of(text)
        name = next((known for known, others in kinds if known == text or overlap(words, others) >= alike), None)
        if name is None:
            kinds.append((text, words))
        for case in critique.cases:
            named.setdefault(critique.prompt.id, {}).setdefault(case.example.id, text if name is None else name)
    return named


def _kinds(
    rows: Sequence[Row], examples: Mapping[str, Example], params: Params, named: Mapping[str, str]
) -> Sequence[tuple[str, Sequence[Row]]]:
    """Rows of each kind with its name, the most rows first; all rows without a name when no kind is asked for."""
    if params.by is None:
        return [("", rows)]
    kinds: dict[str, list[Row]] = {}
    for row in rows:
        if params.by == "critique":
            if row.example in named:
                kinds.setdefault(named[row.example], []).append(row)
            continue
        expected = _plain(examples[row.example].output)
        given = "" if params.by == "label" else f" -> {_plain(row.answer) or '(unreadable)'}"
        name = expected + given
        kinds.setdefault(name, []).append(row)
    found: list[tuple[str, Sequence[Row]]] = sorted(kinds.items(), key=lambda kind: -len(kind[1]))
    return found[: params.groups]


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _groups(rows: Sequence[Row], params: Params, context: Context, prompt: str, name: str) -> list[list[Row]]:
    count = 1 if params.by else params.groups or 1
    if params.policy == "random":
        size = min(params.size, len(rows))
        of = (prompt, name) if name else (prompt,)
        return [context.rng(*of, group).sample(rows, size) for group in range(count)]
    worst = sorted(rows, key=lambda row: row.value)
    starts = range(0, min(len(worst), count * params.size), params.size)
    return [worst[start : start + params.size] for start in starts]


def _failure(row: Row, example: Example) -> Failure:
    return Failure(example=example, output=row.output, answer=row.answer, value=row.value, feedback=row.feedback)
