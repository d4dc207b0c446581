"""combine: join texts of one set of prompts with the demonstrations of another.

MIPROv2 (Opsahl-Ong et al. 2024) searches over pairs of an instruction and a set of shots. `product` gives all pairs, `draw`
some of them by chance, and `tpe` those that a surrogate finds promising in view of `log`. The log holds one entry for each
time that a pair was scored, oldest first (`history-append` with `repeated: keep`). An entry of other texts or shots is left out
and counted. A surrogate may suggest a pair again; its next score is another trial.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from itertools import product
from typing import Literal, TypeVar

from pydantic import Field

from promptwire.bounds import Bound, Extent, Sizes
from promptwire.node import Context, MissingExtra, node, require_wires
from promptwire.stats.tpe import INSTALL, Trial, installed, suggest
from promptwire.values import Example, History, Model, Prompt, Prompts

__all__ = ["Inputs", "Outputs", "Params", "combine"]

K = TypeVar("K")


class Inputs(Model):
    prompts: Prompts
    """The prompts whose texts are taken."""
    shots: Prompts
    """The prompts whose demonstrations are taken; none at all are a choice too."""
    log: History | None = None
    """What was tried, oldest first; needed by `tpe`."""


class Params(Model):
    policy: Literal["product", "draw", "tpe"] = "product"
    """`product`: every text with every set of demonstrations; `draw`: `n` different pairs at random; `tpe`: `n` pairs by a
    tree-structured Parzen estimator, which needs `pip install 'promptwire[tpe]'`."""
    n: int = Field(default=1, ge=1)
    """Pairs of `draw` and `tpe`."""
    startup: int = Field(default=10, ge=1)
    """Trials in the log from which on `tpe` no longer draws at random."""


class Outputs(Model):
    prompts: Prompts
    """The pairs: `product` text by text, the others in the order of drawing; the first of equal ones."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """All pairs, or `n` of them; equal texts or demonstrations make fewer."""
    pairs = sizes.of("prompts") * sizes.of("shots")
    most = pairs.most if params.policy == "product" else min(pairs.most, params.n)
    return Bound({"prompts": Extent(min(1, pairs.least), most)})


def lacks(wired: Set[str], params: Params) -> tuple[str, str]:
    """What the surrogate needs: Optuna, and a log to learn from."""
    if params.policy == "tpe" and not installed():
        return MissingExtra("policy 'tpe' needs Optuna, which is not installed", INSTALL)
    if params.policy == "tpe" and "log" not in wired:
        return "policy 'tpe' needs `log`", "wire a history of what was tried"
    return "", ""


@node(bound=bound, lacks=lacks)
async def combine(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Join texts with the demonstrations of other prompts."""
    require_wires(lacks, inputs, params, context)
    texts = _firsts(inputs.prompts, lambda prompt: prompt.replaced(demos=()).id)
    shots = _firsts(inputs.shots, lambda prompt: _shown(prompt.demos))
    pairs = list(product(range(len(texts)), range(len(shots))))
    if params.policy == "draw":
        pairs = context.rng("pairs").sample(pairs, min(params.n, len(pairs)))
    elif params.policy == "tpe" and pairs:
        trials = _trials(inputs.log or History(), list(texts), list(shots), context)
        seed = context.rng("tpe").getrandbits(32)
        found = suggest((len(texts), len(shots)), trials, n=min(params.n, len(pairs)), seed=seed, startup=params.startup)
        pairs = [(text, shot) for text, shot in found]
        context.count("drawn at random" if len(trials) < params.startup else "suggested", len(pairs))
    owners, holders = list(texts.values()), list(shots.values())
    return Outputs(prompts=Prompts.of(_joined(owners[text], holders[shot], context) for text, shot in pairs))


def _firsts(prompts: Prompts, key: Callable[[Prompt], K]) -> dict[K, Prompt]:
    """The first prompt with each key, in order."""
    found: dict[K, Prompt] = {}
    for prompt in prompts.items:
        found.setdefault(key(prompt), prompt)
    return found


def _shown(demos: tuple[Example, ...]) -> tuple[str, ...]:
    return tuple(demo.id for demo in demos)


def _trials(log: History, texts: list[str], shots: list[tuple[str, ...]], context: Context) -> list[Trial]:
    """The entries of the log as trials, by the places of their text and of their demonstrations."""
    trials = []
    for entry in log.entries:
        text, shown = entry.prompt.replaced(demos=()).id, _shown(entry.prompt.demos)
        if text in texts and shown in shots:
            trials.append(Trial((texts.index(text), shots.index(shown)), entry.score))
    context.count("entries of no pair", len(log) - len(trials))
    return trials


def _joined(text: Prompt, shots: Prompt, context: Context) -> Prompt:
    """The text of one prompt with the demonstrations of the other; the first itself if it has them."""
    if text.demos == shots.demos:
        return text
    parents = [text] if text.id == shots.id else [text, shots]
    return context.new_prompt(text.text, *parents, demos=shots.demos)
