"""beam-select: keep the best prompts, chosen by score or by a bandit.

ProTeGi's Select (Pryzant et al. 2023, section 3.3) and every paper's last step. A pull scores one prompt on one example. `top`
takes given scores, or scores all prompts on `on`. `uniform` shares the pulls equally. `ucb`, `ucb-e`, `successive-rejects` and
`successive-halving` spend more pulls on prompts that look good. All prompts use one shuffled order of the examples, so prompts
with equally many pulls are compared on the same examples. No pull repeats an example. `promptwire.stats.ranking` breaks ties.

`early_stop` saves calls where prompts are ranked by equally many examples. Each is first scored on a block, then the leaders on
all examples. The others go on block by block, until even the best values of the metric's scale could not bring them among the
kept prompts. The prompts kept, their order and their rows stay the same. It saves nothing for metrics over all answers, such as
macro-F1, and for those without a known scale.
"""

from __future__ import annotations

import math
from collections.abc import Sequence, Set
from typing import Literal

from pydantic import Field

from promptwire.bounds import Bound, BoundWarning, Extent, Sizes
from promptwire.errors import NodeError
from promptwire.node import Context, node, require_wires
from promptwire.stats.bandits import Phase, successive_halving, successive_rejects, ucb, ucb_e
from promptwire.stats.pull_table import PullTable
from promptwire.stats.ranking import ranked
from promptwire.values import Examples, Model, Prompt, Prompts, Scores
from promptwire.values.members import others

__all__ = ["Inputs", "Outputs", "Params", "beam_select"]

MOST_TRIED = 300
"""Most numbers of prompts that a bound tries; for more, the bound is the budget."""


class Inputs(Model):
    prompts: Prompts | None = None
    """The prompts to choose from; those of `scores` when not wired."""
    scores: Scores | None = None
    """Given scores: `top` compares them."""
    on: Examples | None = None
    """Examples to score on."""


class Params(Model):
    keep: int = Field(default=1, ge=1)
    """How many to keep."""
    policy: Literal["top", "uniform", "ucb", "ucb-e", "successive-rejects", "successive-halving"] = "top"
    """How the pulls are spent."""
    pulls: int = Field(default=2048, ge=1)
    """Most pairs of prompt and example to score; `top` has no budget."""
    c: float = Field(default=2.0, ge=0)
    """Exploration constant of `ucb` and `ucb-e`."""
    per_round: int = Field(default=8, ge=1)
    """Prompts that `ucb` and `ucb-e` pull at once."""
    batch: int = Field(default=32, ge=1)
    """Examples of each such pull, and of a block of `early_stop`. With fewer pulls than `batch` times the prompts, `ucb` and
    `ucb-e` never score some of them."""
    early_stop: bool = False
    """Whether a prompt that can't be among the best any more is scored no further. Not for `ucb` and `ucb-e`."""


class Outputs(Model):
    prompts: Prompts
    """The best prompts, best first."""
    scores: Scores
    """All rows that the choice was made by."""
    kept: Scores
    """The rows of the best prompts only, for the next round."""
    rest: Prompts
    """The other prompts, in the written order."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """The pulls of the policy, for every number of prompts that there may be."""
    prompts = sizes.of("prompts") if "prompts" in sizes else sizes.of("scores")
    known, on = sizes.of("scores"), sizes.of("on")
    best, every = prompts.upto(params.keep), prompts.joined(known).holding(on.most + known.inside)
    outputs = {"prompts": best, "scores": every, "kept": best.holding(every.inside), "rest": prompts.above(params.keep)}
    whole = (prompts * on).upto(math.inf if params.policy == "top" else params.pulls)
    if "on" not in sizes or params.policy == "top":
        return Bound(outputs, scores=whole.perhaps() if params.early_stop else whole)
    warnings = _few_pulls(prompts.most, on.most, params)
    if prompts.most - prompts.least > MOST_TRIED or math.isinf(on.most):
        return Bound(outputs, scores=whole.perhaps(), warnings=warnings)
    tried = range(int(prompts.least), int(prompts.most) + 1)
    least = 0 if params.early_stop else min(_pulled(count, int(on.least), params) for count in tried)
    most = max(_pulled(count, int(on.most), params) for count in tried)
    return Bound(outputs, scores=Extent(least, most), warnings=warnings)


def _few_pulls(prompts: float, examples: float, params: Params) -> tuple[BoundWarning, ...]:
    """A warning if `ucb` or `ucb-e` has too few pulls to score each prompt on a batch."""
    batch = min(params.batch, examples)
    if params.policy not in ("ucb", "ucb-e") or math.isinf(prompts) or not batch or params.pulls >= batch * prompts:
        return ()
    reached = math.ceil(params.pulls / batch)
    less = params.pulls // int(prompts)
    hint = " or ".join([*([f"batch: {less}"] if less else []), f"pulls: {int(batch * prompts)}"])
    never = "the others are never scored" if reached < prompts else "the last one gets less than a batch"
    message = f"{params.pulls} pulls in batches of {int(batch)} reach {reached} of up to {int(prompts)} prompts, {never}"
    return (BoundWarning("few-pulls", message, f"write {hint}"),)


def _pulled(prompts: int, examples: int, params: Params) -> int:
    """Pairs that the policy scores with so many prompts and examples."""
    if not prompts or not examples:
        return 0
    if params.policy in ("ucb", "ucb-e"):
        return min(params.pulls, prompts * examples)
    rule = {"successive-rejects": successive_rejects, "successive-halving": successive_halving}.get(params.policy)
    phases = rule(prompts, params.keep, params.pulls) if rule else [Phase(max(1, params.pulls // prompts), params.keep)]
    asked, spent, left = 0, 0, prompts
    for phase in phases or [Phase(params.pulls // prompts, params.keep)]:
        upto = min(phase.pulls, examples)
        if phase.pulls:
            spent, asked, left = spent + max(0, upto - asked) * left, max(asked, upto), min(left, phase.left)
    return min(spent, params.pulls)


def lacks(wired: Set[str], params: Params) -> tuple[str, str]:
    """The wires that are missing: prompts, scores or examples; policies with a budget need examples."""
    if not wired & {"on", "scores"} or not wired & {"prompts", "scores"}:
        return "nothing to choose by", "wire `prompts` and `on`, or `scores`"
    if params.policy != "top" and "on" not in wired:
        return f"policy {params.policy!r} needs examples", "wire `on`"
    if params.early_stop and "on" not in wired:
        return "early_stop needs examples", "wire `on` in place of given scores, or remove early_stop"
    if params.early_stop and params.policy in ("ucb", "ucb-e"):
        return f"early_stop has no effect with policy {params.policy!r}", "remove it, or take another policy"
    return "", ""


@node(scores=True, bound=bound, lacks=lacks, values=True)
async def beam_select(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Keep the `keep` best prompts."""
    require_wires(lacks, inputs, params, context)
    given = (inputs.scores or Scores()).prompts
    prompts = inputs.prompts if inputs.prompts is not None else given
    if inputs.on is not None and len(prompts) and not len(inputs.on):
        raise NodeError("there are no examples to score on", where=context.path, hint="`on` is an empty set: check the data")
    scores, left = inputs.scores or Scores(prompts=prompts), prompts
    if inputs.on is not None:
        budget = len(prompts) * len(inputs.on) if params.policy == "top" else params.pulls
        before = scores if params.policy in ("top", "uniform") else Scores(prompts=prompts)  # phases rank by their own rows
        table = PullTable(prompts, inputs.on, budget, context, given=before)
        left = await _spend(table, params)
        scores = scores.merge(table.scores())
    best = Prompts(items=ranked(left, scores)[: params.keep])
    return Outputs(prompts=best, scores=scores, kept=scores.only(best), rest=others(prompts, best.items))


async def _spend(table: PullTable, params: Params) -> Prompts:
    """Spend the budget by the policy; gives the prompts that are still to be chosen from."""
    prompts = table.prompts.items
    if params.policy in ("ucb", "ucb-e"):
        await _bounds(table, params)
    elif params.policy == "successive-rejects":
        return await _eliminate(table, params, successive_rejects(len(prompts), params.keep, params.pulls))
    elif params.policy == "successive-halving":
        return await _eliminate(table, params, successive_halving(len(prompts), params.keep, params.pulls))
    elif prompts:
        return Prompts(items=await _score(table, prompts, max(1, table.budget // len(prompts)), params.keep, params))
    return table.prompts


async def _bounds(table: PullTable, params: Params) -> None:
    """Score the prompts with the highest upper bounds, round by round; unknown prompts come first, in a drawn order."""
    rule = ucb if params.policy == "ucb" else ucb_e
    drawn = table.shuffled()
    # While whole rounds of unknown prompts are left, what is pulled next depends neither on the scores nor on failed calls.
    whole = len(drawn) - len(drawn) % params.per_round
    await table.pull_unknown(drawn[:whole], params.batch, size=params.per_round)
    while table.budget:
        bounds = rule([table.arm(prompt) for prompt in drawn], params.c)
        order = sorted(range(len(drawn)), key=bounds.__getitem__, reverse=True)
        chosen = [drawn[place] for place in order if table.open(drawn[place])][: params.per_round]
        if not chosen:
            return
        await table.pull(chosen, [table.asked(prompt) + params.batch for prompt in chosen])


async def _eliminate(table: PullTable, params: Params, phases: Sequence[Phase]) -> Prompts:
    """Score all prompts left and drop the worst, phase by phase; without phases, score all."""
    left: Sequence[Prompt] = table.prompts.items
    for phase in phases or [Phase(table.budget // max(1, len(left)), params.keep)]:
        if not phase.pulls:
            continue  # nothing is known yet, so no prompt can be dropped
        left = table.best(await _score(table, left, phase.pulls, phase.left, params), phase.left)
    return Prompts(items=tuple(left))


async def _score(table: PullTable, prompts: Sequence[Prompt], upto: int, keep: int, params: Params) -> tuple[Prompt, ...]:
    """Score each prompt until it was asked `upto` examples. With `early_stop`, leave out those that can't be among the best."""
    if params.early_stop:
        return await table.pull_contenders(prompts, min(upto, table.size), keep=keep, block=params.batch)
    await table.pull(prompts, [upto] * len(prompts))
    return tuple(prompts)
