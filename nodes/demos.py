"""demos: give prompts demonstrations, or vary those that they have.

CAPO (Zehle et al. 2025) starts each prompt with a drawn number of shots. Its mutation adds one, drops one, or keeps all, with
equal chances, and shuffles them. A shot shows what the task model replied with the prompt's text alone, if that was right: so
reasoning is shown, as in bootstrapped demonstrations (Khattab et al. 2024). Otherwise it shows the example's own output. In the
code of CAPO's authors the branch that adds a shot continues into the one that keeps all, so the paid shot is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from promptwire.bounds import NONE, Bound, Extent, Sizes
from promptwire.node import Context, node
from promptwire.values import Example, Examples, Model, Prompt, Prompts

__all__ = ["Inputs", "Outputs", "Params", "demos"]


class Inputs(Model):
    prompts: Prompts
    """The prompts."""
    examples: Examples
    """The examples to draw shots from; preferably none that prompts are scored on."""


class Params(Model):
    policy: Literal["draw", "vary"] = "draw"
    """`draw`: replace a prompt's shots by 0 to `most` drawn ones; `vary`: add one, drop one, or keep all, and shuffle."""
    most: int = Field(default=5, ge=0)
    """Most shots of a prompt."""
    worked: bool = True
    """Whether a shot shows the task model's reply where that is right."""


class Outputs(Model):
    prompts: Prompts
    """The prompts with their shots, in the written order."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """At most `most` new shots a prompt, with `vary` one; each is tried once."""
    prompts, pool = sizes.of("prompts"), sizes.of("examples")
    shots = min(params.most, pool.most, 1 if params.policy == "vary" else params.most)
    kept = Extent(min(1, prompts.least), prompts.most)
    return Bound({"prompts": kept}, scores=(prompts * shots).perhaps() if params.worked else NONE)


@node(scores=True, bound=bound)
async def demos(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Give each prompt demonstrations, or vary those that it has."""
    jobs = [_shown(prompt, place, inputs.examples, params, context) for place, prompt in enumerate(inputs.prompts.items)]
    made = await context.gather(jobs)
    prompts = Prompts.of(made)
    context.count("duplicates", len(made) - len(prompts))
    return Outputs(prompts=prompts)


async def _shown(prompt: Prompt, place: int, pool: Examples, params: Params, context: Context) -> Prompt:
    """`prompt` with its new demonstrations; itself when they are the same."""
    rng = context.rng("shots", place)
    if params.policy == "draw":
        count = min(rng.randint(0, params.most), len(pool))
        shots = await _worked(prompt, rng.sample(pool.items, count), params, context)
    else:
        shots = list(prompt.demos)
        shown = {demo.text for demo in shots}
        left = [example for example in pool.items if example.text not in shown]
        move = rng.choice(("add", "drop", "keep"))
        if move == "add" and left and len(shots) < params.most:
            shots += await _worked(prompt, [rng.choice(left)], params, context)
        elif move == "drop" and shots:
            shots.pop(rng.randrange(len(shots)))
        rng.shuffle(shots)
    if tuple(shots) == prompt.demos:
        return prompt
    born = context.new_prompt(prompt.text, prompt)
    return Prompt(text=born.text, demos=tuple(shots), parents=born.parents, made_by=born.made_by, round=born.round)


async def _worked(prompt: Prompt, drawn: Sequence[Example], params: Params, context: Context) -> list[Example]:
    """The drawn examples, with the task model's reply where that is right."""
    if not params.worked or not drawn:
        return list(drawn)
    bare = Prompts(items=(Prompt(text=prompt.text),))
    scores = await context.score(bare, Examples(items=tuple(drawn)), partial=not context.round)
    right = {
        row.example: row.output.strip()
        for row in scores.rows
        if scores.perfect is not None and row.value >= scores.perfect and row.output.strip()
    }
    context.count("worked", len(right))
    shots = [(example, right.get(example.id, example.output)) for example in drawn]
    return [
        example if output == example.output else Example(input=example.input, outputs=(output,)) for example, output in shots
    ]
