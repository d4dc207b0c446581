"""duel: let a judge model compare what prompts make the task model write.

The selection of SPO (Xiang et al. 2025): no accepted outputs and no metric, only answers side by side. The judge sees inputs
and answers, and neither the prompts nor which of them is new. The order of both sides is drawn for each vote, because judges
prefer a side. A vote that names no side is an abstention. SPO's own code showed the judge more than the answers, compared
answers to different inputs, and counted unreadable votes; see `docs/algorithms.md`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal, NamedTuple

from pydantic import Field

from promptwire.bounds import NONE, Bound, Extent, Sizes
from promptwire.node import Context, node
from promptwire.values import Model, Pair, Prompt, Prompts, Scores
from promptwire.values.hashing import digest
from promptwire.values.pairs import named_side

__all__ = ["Inputs", "Outputs", "Params", "Slots", "duel"]


class Inputs(Model):
    one: Scores
    """Answers of the prompt that stays on a tie. Of several prompts the first stays, and the others challenge it in turn."""
    other: Scores | None = None
    """Answers of the prompts that challenge it, on the same examples."""


class Params(Model):
    votes: int = Field(default=4, ge=1)
    """Votes of the judge on each page."""
    swap: Literal["drawn", "balanced", "never"] = "drawn"
    """Which prompt is A: `drawn` for each vote; `balanced`: each in half of the votes; `never`: always the one that stays."""
    together: bool = True
    """Whether one page shows all inputs; otherwise each input has a page and votes of its own."""


class Slots(Model):
    pairs: tuple[Pair, ...]
    """Inputs, each with the answers of both sides."""


class Outputs(Model):
    winner: Prompts
    """The prompt that won, or stayed."""
    scores: Scores
    """Its answers."""
    loser: Prompts
    """The prompts that lost, or did not win."""
    won: bool
    """Whether another prompt than the first of `one` has won."""
    votes: int
    """Votes that named a side, over all challenges."""
    wins: int
    """Those of them for a challenger."""


class _Tally(NamedTuple):
    votes: int
    wins: int


def bound(sizes: Sizes, params: Params) -> Bound:
    """`votes` for each challenger, on one page or on one page for each input."""
    one, other = sizes.of("one"), sizes.of("other")
    rivals = Extent(max(one.least, other.least), one.most + other.most)
    inside = max(one.inside, other.inside)
    beaten = Extent(0, max(0, rivals.most - 1))
    pages = Extent.exactly(1 if params.together else inside)
    winner = rivals.upto(1)
    return Bound(
        {"winner": winner, "scores": winner.holding(inside), "loser": beaten},
        asks=beaten * pages * params.votes if inside else NONE,
        shown={} if params.together else {"pairs": 1},
    )


@node(slots=Slots, role="judge", bound=bound)
async def duel(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Let a judge choose between the answers of two prompts, with votes in a drawn order."""
    scores = inputs.one if inputs.other is None else inputs.one.merge(inputs.other)
    rivals = scores.prompts.items
    asked: Counter[str] = Counter()
    beaten: list[Prompt] = []
    votes = wins = 0
    winner, changed = rivals[:1], 0
    for number, challenger in enumerate(rivals[1:]):
        found = await _challenge(_shared(winner[0], challenger, scores), number, asked, params, context)
        votes, wins = votes + found.votes, wins + found.wins
        if 2 * found.wins > found.votes:
            beaten += winner
            winner, changed = (challenger,), changed + 1
        else:
            beaten.append(challenger)
    for what, n in (("votes", votes), ("votes for challengers", wins), ("won by challengers", changed)):
        context.count(what, n)
    best, won = Prompts(items=winner), changed > 0
    return Outputs(winner=best, scores=scores.only(best), loser=Prompts.of(beaten), won=won, votes=votes, wins=wins)


def _shared(one: Prompt, other: Prompt, scores: Scores) -> list[Pair]:
    """Inputs with the answers of both, of `one` as A; empty when a call failed on more than half of them."""
    mine, theirs = ({row.example: row.output for row in scores.by_prompt.get(each.id, ())} for each in (one, other))
    both = [example for example in scores.examples.items if example.id in mine and example.id in theirs]
    if len(both) * 2 < len(scores.asked(one) & scores.asked(other)):
        return []
    return [Pair(example=example, a=mine[example.id], b=theirs[example.id]) for example in both]


async def _challenge(pairs: Sequence[Pair], number: int, asked: Counter[str], params: Params, context: Context) -> _Tally:
    """The votes on the answers of the prompt that stays (A) and of the challenger (B)."""
    if not pairs:
        context.count("not compared")
        return _Tally(0, 0)
    jobs, challengers = [], []
    for place, page in enumerate([pairs] if params.together else [[pair] for pair in pairs]):
        swapped = _swaps(params, context, number, place)
        for side, shown in (("B", page), ("A", [Pair(example=one.example, a=one.b, b=one.a) for one in page])):
            n = sum(swapped) if side == "A" else len(swapped) - sum(swapped)
            if n:
                slots = Slots(pairs=tuple(shown))
                key = digest(slots.model_dump(mode="json"))
                jobs.append(context.ask(slots, n=n, first=asked[key]))
                challengers.append(side)
                asked[key] += n
    replies = await context.gather(jobs)
    votes = [(named_side(reply.answers), side) for side, page in zip(challengers, replies, strict=True) for reply in page]
    named = [chosen == side for chosen, side in votes if chosen]
    context.count("abstentions", len(votes) - len(named))
    return _Tally(len(named), sum(named))


def _swaps(params: Params, context: Context, number: int, place: int) -> list[bool]:
    """For each vote on one page, whether the challenger is A."""
    if params.swap == "never":
        return [False] * params.votes
    rng = context.rng("order", number, place)
    if params.swap == "drawn":
        return [rng.random() < 0.5 for _ in range(params.votes)]
    half, odd = divmod(params.votes, 2)
    return [True] * half + [False] * half + [rng.random() < 0.5] * odd
