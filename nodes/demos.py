"""demos: give prompts demonstrations, or vary those that they have.

CAPO (Zehle et al. 2025) starts each prompt with a drawn number of shots. Its mutation adds one, drops one, or keeps all, with
equal chances, and shuffles them. A shot shows what the task model replied with the prompt's text alone, if that was right: so
reasoning is shown, as in bootstrapped demonstrations (Khattab et al. 2024). Otherwise it shows the example's own output. In the
code of CAPO's authors the branch that adds a shot continues into the one that keeps all, so the paid shot is lost.

`bootstrap` makes the sets of shots of MIPROv2 (Opsahl-Ong et al. 2024): one without any, one of drawn examples, and others with
replies that pass. There the model answers with drawn shots, never with the example itself among them. It is asked until enough
replies pass, and drawn examples fill the set up. The first such set takes the examples in their order and has `most` replies.
The others shuffle them and draw their number of replies. Shots with such a reply say so in `made_by`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from promptwire.bounds import NONE, Bound, Extent, Sizes
from promptwire.errors import NodeError
from promptwire.node import Context, node
from promptwire.values import Example, Examples, Model, Prompt, Prompts

__all__ = ["Inputs", "Outputs", "Params", "demos"]


class Inputs(Model):
    prompts: Prompts
    """The prompts."""
    examples: Examples
    """The examples to draw shots from; preferably none that prompts are scored on."""


class Params(Model):
    policy: Literal["draw", "vary", "given", "bootstrap"] = "draw"
    """`draw`: replace a prompt's shots by 0 to `most` drawn ones; `vary`: add one, drop one, or keep all, and shuffle; `given`:
    show exactly `examples`, as they are; `bootstrap`: each prompt once with each of `sets` sets."""
    most: int = Field(default=5, ge=0)
    """Most shots of a prompt; of `bootstrap` most shots with a reply that passed."""
    worked: bool = True
    """Whether a shot of `draw` and `vary` shows the task model's reply where that is right."""
    sets: int = Field(default=6, ge=1)
    """Sets of `bootstrap`: the first is empty, the second is of drawn examples, the others have replies that passed."""
    labelled: int = Field(default=4, ge=0)
    """Shots of `bootstrap` up to which drawn examples fill a set; 0 leaves out the set that holds nothing else."""
    threshold: float | None = None
    """Lowest value of a reply that passes `bootstrap`, in the metric's own unit; a right answer's when not set."""


class Outputs(Model):
    prompts: Prompts
    """The prompts with their shots, in the written order."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """At most `most` new shots a prompt, with `vary` one; each is tried once. A bootstrapped set tries each example once."""
    prompts, pool = sizes.of("prompts"), sizes.of("examples")
    kept = Extent(min(1, prompts.least), prompts.most)
    if params.policy == "bootstrap":
        made = _kinds(params).count("shuffled") + _kinds(params).count("written")
        return Bound({"prompts": kept * Extent(1, params.sets)}, scores=(prompts * pool * made).perhaps())
    if params.policy == "given":
        return Bound({"prompts": kept})
    shots = min(params.most, pool.most, 1 if params.policy == "vary" else params.most)
    return Bound({"prompts": kept}, scores=(prompts * shots).perhaps() if params.worked else NONE)


@node(scores=True, bound=bound)
async def demos(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Give each prompt demonstrations, or vary those that it has."""
    pool = inputs.examples
    if any(not example.outputs for example in pool.items):
        hint = "a shot shows an input with its output: `examples` needs data with outputs"
        raise NodeError("an example without an accepted output can't be a shot", where=context.path, hint=hint)
    if params.policy == "given":
        made = tuple(_with(prompt, pool.items, context) for prompt in inputs.prompts.items)
    elif params.policy == "bootstrap":
        kinds = _kinds(params)
        jobs = [
            _set(prompt, pool, kind, params, context, rng=context.rng("set", place, number))
            for place, prompt in enumerate(inputs.prompts.items)
            for number, kind in enumerate(kinds)
        ]
        made = await context.gather(jobs)
    else:
        jobs = [_shown(prompt, place, pool, params, context) for place, prompt in enumerate(inputs.prompts.items)]
        made = await context.gather(jobs)
    prompts = Prompts.of(made)
    context.count("duplicates", len(made) - len(prompts))
    return Outputs(prompts=prompts)


def _with(prompt: Prompt, shots: Sequence[Example], context: Context) -> Prompt:
    """`prompt` with these demonstrations; itself when it has them."""
    same = [demo.id for demo in shots] == [demo.id for demo in prompt.demos]
    return prompt if same else context.new_prompt(prompt.text, prompt, demos=shots)


def _kinds(params: Params) -> list[str]:
    """What each set of `bootstrap` is."""
    first = ["empty", "labelled", "written"] if params.labelled else ["empty", "written"]
    kinds = [*first, *["shuffled"] * params.sets][: params.sets]
    return kinds if params.most else ["labelled" if kind in ("written", "shuffled") else kind for kind in kinds]


async def _set(prompt: Prompt, pool: Examples, kind: str, params: Params, context: Context, *, rng: random.Random) -> Prompt:
    """`prompt` with a set of shots of this kind."""
    if kind == "empty":
        return _with(prompt, (), context)
    order, most = list(pool.items), params.most
    if kind == "shuffled":
        rng.shuffle(order)
        most = rng.randint(1, params.most)
    drawn = rng.sample(order, min(params.labelled, len(order)))
    if kind == "labelled":
        return _with(prompt, drawn, context)
    passed = await _passed(prompt, order, most, drawn, params=params, context=context)
    context.count("bootstrapped", len(passed))
    left = [example for example in order if example.id not in passed]
    more = rng.sample(left, min(len(left), max(0, params.labelled - len(passed))))
    return _with(prompt, [*passed.values(), *more], context)


async def _passed(
    prompt: Prompt, order: Sequence[Example], most: int, shots: Sequence[Example], *, params: Params, context: Context
) -> dict[str, Example]:
    """The first `most` examples whose reply passes, with that reply, by their id; the model answers with `shots`."""
    passed: dict[str, Example] = {}
    start = 0
    while len(passed) < most and start < len(order):
        # As many at once as are missing: no call is made that asking one by one would not make.
        wave = order[start : start + most - len(passed)]
        start += len(wave)
        found = await context.gather([_reply(prompt, example, shots, params, context) for example in wave])
        for example, output in zip(wave, found, strict=True):
            if output:
                passed[example.id] = Example(input=example.input, outputs=(output,), made_by=context.path)
    return passed


async def _reply(prompt: Prompt, example: Example, shots: Sequence[Example], params: Params, context: Context) -> str:
    """The reply to one example if it passes, else nothing."""
    others = tuple(shot for shot in shots if shot.id != example.id)
    asked = Prompts(items=(prompt.replaced(demos=others),))
    scores = await context.score(asked, Examples(items=(example,)), partial=not context.round)
    bar = scores.perfect if params.threshold is None else params.threshold
    return next((row.output.strip() for row in scores.rows if bar is not None and row.value >= bar), "")


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
    return born.replaced(demos=tuple(shots))


async def _worked(prompt: Prompt, drawn: Sequence[Example], params: Params, context: Context) -> list[Example]:
    """The drawn examples, with the task model's reply where that is right."""
    if not params.worked or not drawn:
        return list(drawn)
    bare = Prompts(items=(Prompt(text=prompt.text, companions=prompt.companions),))
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
