"""Compare the answers of the initial and the best prompt by a judge of pairs, for a task whose answers have no value.

The task names the judge's page under `rubric`. The judge sees one input with both answers and chooses a side, once in each
order, because judges prefer a side. The value of an answer is its share of these votes. Equal answers have half each, without a
call. A vote that names no side is not counted; an example without a vote is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from promptwire.errors import LimitReached, ReplyError, RequestRefused
from promptwire.graph.steps import ModelCallSpec
from promptwire.running.gather import gather
from promptwire.running.generation import request_for
from promptwire.running.heldout import HeldOutScores
from promptwire.tasks.task import Task
from promptwire.templating.parsing import parse_reply
from promptwire.templating.template import Template, load_template
from promptwire.values import Example, Pair
from promptwire.values.pairs import named_side

__all__ = ["VOTES", "judge_pairs", "pair_values"]

VOTES: Final = 2
"""Votes on each example, one in each order."""
_TOGETHER: Final = 32
"""Most examples that are judged at a time where a limit may be reached."""
_EVEN: Final = 0.5


def pair_values(task: Task, example: Example, a: str, b: str) -> Mapping[str, Any]:
    """The variables of the judge's page: `pairs`, and the task's description as `requirements`."""
    return {"pairs": (Pair(example=example, a=a, b=b),), "requirements": task.doc}


async def judge_pairs(found: HeldOutScores) -> None:
    """Give the answers of `found` their shares of the judge's votes.

    Raises LimitReached where a run may not end early, and ModelError.
    """
    session = found.scorer.session
    rubric = load_template(Path(session.task.rubric or ""))
    examples = {one.id: one for one in session.task.test.items}
    answered, found.pairs = found.pairs, []
    roomy = session.gateway.budget.surely_holds({"judge": VOTES * len(answered)})
    size = len(answered) if roomy else _TOGETHER
    for start in range(0, len(answered), size or 1):
        some = answered[start : start + size]
        shares = await gather([_share(found, rubric, examples[one.example], one.output, other.output) for one, other in some])
        for (one, other), share in zip(some, shares, strict=True):
            if isinstance(share, float):
                found.pairs.append((replace(one, value=1 - share), replace(other, value=share)))
            elif not isinstance(share, LimitReached):
                found.left_out.append((examples[one.example], share))
            elif session.anytime:
                found.stop(share)
            else:
                raise share


async def _share(
    found: HeldOutScores, rubric: Template, example: Example, initial: str, best: str
) -> float | LimitReached | ReplyError | RequestRefused:
    """The best prompt's share of the votes on one example; the error that left it without any."""
    if found.same_prompt or initial == best:
        return _EVEN
    try:
        first, second = await gather([_vote(found, rubric, example, *pair) for pair in ((initial, best), (best, initial))])
    except (LimitReached, RequestRefused) as error:
        return error
    votes = [chosen == side for chosen, side in ((first, "B"), (second, "A")) if chosen]
    found.scorer.session.count(found.scorer.path, "abstentions", VOTES - len(votes))
    if not votes:
        return ReplyError("the judge chose no side", where=found.scorer.path)
    return sum(votes) / len(votes)


async def _vote(found: HeldOutScores, rubric: Template, example: Example, a: str, b: str) -> str:
    """The side that the judge chooses, A or B; empty when it names none."""
    scorer = found.scorer
    settings = scorer.session.settings(ModelCallSpec(role="judge"), rubric, scorer.roles)
    request = request_for(rubric.render(pair_values(scorer.session.task, example, a, b)), settings)
    answer = await scorer.ask(request, "judge")
    return named_side(parse_reply(answer.text, rubric.front.parse, cut=answer.cut_off)[0])
