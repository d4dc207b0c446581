"""Every selection policy that nodes offer, run by the nodes themselves on a scorer of bench/selection_scorers.py."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from selection_scorers import EXAMPLES, Scorer

from promptwire.nodes.beam_select import Inputs, Params, beam_select
from promptwire.nodes.evaluate import Inputs as EvaluateInputs
from promptwire.nodes.evaluate import Params as EvaluateParams
from promptwire.nodes.evaluate import evaluate
from promptwire.nodes.filter_subset import Inputs as FilterInputs
from promptwire.nodes.filter_subset import Params as FilterParams
from promptwire.nodes.filter_subset import filter_subset
from promptwire.nodes.race import Inputs as RaceInputs
from promptwire.nodes.race import Params as RaceParams
from promptwire.nodes.race import race
from promptwire.stats.ranking import ranked
from promptwire.values import Example, Examples, Prompt, Prompts, Row, Scores
from promptwire.values.hashing import stream

__all__ = ["EACH", "SETTINGS", "Setting", "Table", "choose"]

T = TypeVar("T")
EACH = (4, 7, 14, 28)
"""Pulls per prompt that a policy with a budget gets. With `EXAMPLES` pulls, all pairs are scored."""
SHOWN = Examples(items=tuple(Example(input=f"example {place}", outputs=("x",)) for place in range(EXAMPLES)))
AT = {example.id: place for place, example in enumerate(SHOWN.items)}


@dataclass(frozen=True, slots=True)
class Setting:
    """One point of a curve: a policy with its params."""

    policy: str
    """Name of the curve."""
    params: Mapping[str, Any]
    """Params of the node. `each` stands for `pulls`, as a number for each prompt."""
    defaults: bool = False
    """Whether the other params are the node's defaults."""

    @property
    def words(self) -> str:
        """The params as in YAML."""
        return ", ".join(f"{key}: {str(value).lower()}" for key, value in self.params.items() if key != "each")


def _settings() -> Iterator[Setting]:
    stop = {"early_stop": True, "batch": 4}
    for each in (*EACH, EXAMPLES):
        yield Setting("uniform", {"each": each}, True)
        yield Setting("uniform, early stop", {"each": each, **stop})
    for each in EACH:
        yield Setting("ucb", {"each": each}, True)
        yield Setting("ucb, small batches", {"each": each, "batch": 4, "c": 0.5})
        yield Setting("ucb-e", {"each": each}, True)
        yield Setting("ucb-e, small batches", {"each": each, "batch": 4, "c": 0.7})
        yield Setting("successive-rejects", {"each": each}, True)
        yield Setting("successive-halving", {"each": each}, True)
        yield Setting("successive-halving, early stop", {"each": each, **stop})
    for block in (5, 10, 20, 30):
        yield Setting("race", {"block": block, "blocks": EXAMPLES}, block == 30)
    for first in (3, 5, 10, 20):
        yield Setting("filter-subset", {"first": first}, first == 10)
    for wrong in (1, 2, 4):
        yield Setting("evaluate until_wrong", {"until_wrong": wrong, "order": "shared"})


SETTINGS = tuple(_settings())


class Table:
    """A scorer as rows: made once for all settings."""

    def __init__(self, scorer: Scorer) -> None:
        self.prompts = Prompts(items=tuple(Prompt(text=f"prompt {place}") for place in range(len(scorer.accuracy))))
        self.regret = {
            prompt.id: max(scorer.accuracy) - one for prompt, one in zip(self.prompts.items, scorer.accuracy, strict=True)
        }
        self.rows = {
            prompt.id: [Row(prompt.id, example.id, "", "", value) for example, value in zip(SHOWN.items, values, strict=True)]
            for prompt, values in zip(self.prompts.items, scorer.values, strict=True)
        }


async def choose(setting: Setting, table: Table, seed: int) -> tuple[float, int]:
    """The regret of the prompt that `setting` chooses, and the pairs that it scored."""
    prompts, context = table.prompts, SimulatedContext(table, seed)
    node = setting.policy.partition(" ")[0].rstrip(",")
    params = {key: value for key, value in setting.params.items() if key != "each"}
    if node == "race":
        found = (
            await race.run(RaceInputs(prompts=prompts, on=SHOWN), RaceParams(keep=1, penalty=0, **params), context)
        ).prompts
    elif node == "filter-subset":
        found = (await filter_subset.run(FilterInputs(prompts=prompts, on=SHOWN), FilterParams(**params), context)).prompts
    elif node == "evaluate":
        scores = (await evaluate.run(EvaluateInputs(prompts=prompts, on=SHOWN), EvaluateParams(**params), context)).scores
        found = Prompts(items=ranked(prompts, scores))
    else:
        made = Params(policy=node, pulls=setting.params["each"] * len(prompts), **params)  # type: ignore[arg-type]
        found = (await beam_select.run(Inputs(prompts=prompts, on=SHOWN), made, context)).prompts
    return table.regret[found.items[0].id], context.calls


class SimulatedContext:
    """What a selection node asks of the engine: scores out of a table, and draws by the seed."""

    path, round, turn, unlimited = "selection", "", 0, True

    def __init__(self, table: Table, seed: int) -> None:
        self.calls = 0
        self._rows, self._seed = table.rows, seed

    def rng(self, *purpose: Any, steady: bool = False, shared: bool = False) -> random.Random:
        """Draws by the seed and `purpose`."""
        return stream(self._seed, *purpose)

    async def gather(self, jobs: Sequence[Awaitable[T]]) -> tuple[T, ...]:
        """The results of `jobs`, one after the other."""
        return tuple([await job for job in jobs])

    async def score(self, prompts: Prompts, examples: Examples, *, partial: bool = False, repeats: int = 1) -> Scores:
        """The values of the table."""
        self.calls += len(prompts) * len(examples)
        columns = [AT[example.id] for example in examples.items]
        rows = []
        for prompt in prompts.items:
            known = self._rows[prompt.id]
            rows += [known[at] for at in columns]
        return Scores(metric="exact", prompts=prompts, examples=examples, rows=tuple(rows))

    def count(self, what: str, n: int = 1) -> None:
        """Counters of a trace are not kept."""
