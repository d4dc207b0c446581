"""compose: make prompts or a text in a template, without a model.

Some texts need no model: a prompt put together from parts, a list that a pipeline draws from, a page for a judge. The template
is rendered `n` times, for each of `prompts`, or with `together` over all of them. Its `parse` may read several texts. A line
`--- NAME ---` in the template starts a companion text of the new prompts. A template with companions alone leaves the text of
the prompt as it is. An empty companion is removed. A unit of PromptBreeder (Fernando et al. 2023) is a prompt with its mutation
prompt.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Literal

from pydantic import Field

from promptwire.bounds import ONE, Bound, Extent, Sizes
from promptwire.node import Context, node, require_wires
from promptwire.values import Model, Prompt, Prompts

__all__ = ["Inputs", "Outputs", "Params", "Slots", "compose"]


class Inputs(Model):
    prompts: Prompts | None = None
    """The prompts to make others from; they are the parents."""


class Params(Model):
    n: int = Field(default=1, ge=0, le=100_000)
    """How often the template is rendered: for each prompt, or over all, or when no prompts are wired."""
    together: bool = False
    """Whether the template is rendered over all prompts together, which are then all parents."""
    notes: bool = False
    """Whether the texts are notes for other templates, such as a list; the report does not count them as candidates."""
    equal: Literal["merge", "keep"] = "merge"
    """Equal new prompts: `merge` keeps the first; `keep` keeps each, told apart by a companion `member`."""


class Slots(Model):
    prompt: Prompt | None
    """The prompt of this rendering; without `together`."""
    prompts: Prompts
    """All prompts; empty when none are wired."""
    place: int
    """Number of the prompt among all, from 1; 0 without one."""
    number: int
    """Number of this rendering among `n`, from 1."""
    n: int
    """How often the template is rendered for each prompt, or over all."""


class Outputs(Model):
    prompts: Prompts
    """The new prompts, in the order of prompts and renderings."""
    text: str
    """All texts, each on lines of its own."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """No calls. `n` renderings of each prompt, or in all, with one text each unless `parse` takes all."""
    times = Extent.exactly(params.n)
    renderings = times if params.together or "prompts" not in sizes else sizes.of("prompts") * times
    return Bound({"prompts": (renderings * sizes.answers).perhaps(), "text": ONE})


def lacks(wired: Set[str], params: Params) -> tuple[str, str]:
    """The wire that is missing: prompts to render together."""
    if params.together and "prompts" not in wired:
        return "`together` needs `prompts`", "wire prompts, or remove together"
    return "", ""


@node(slots=Slots, renders=True, named=True, bound=bound, lacks=lacks)
async def compose(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Render the template and take its texts as prompts."""
    require_wires(lacks, inputs, params, context)
    prompts = inputs.prompts or Prompts()
    made: list[Prompt] = []
    texts: list[str] = []
    for parents, place in _groups(inputs.prompts, params):
        one = parents[0] if place else None
        for number in range(1, params.n + 1):
            slots = Slots(prompt=one, prompts=prompts, place=place, number=number, n=params.n)
            rendered = context.render_named(slots)
            given = rendered.get("", ())
            texts += given
            if params.notes:
                made += [Prompt(text=text, made_by=context.path, round=context.round) for text in given]
            else:
                made += _prompts(rendered, parents, context)
    unique = Prompts.of(made, equal=params.equal)
    context.count("duplicates", len(made) - len(unique))
    return Outputs(prompts=unique, text="\n".join(texts))


def _groups(prompts: Prompts | None, params: Params) -> list[tuple[tuple[Prompt, ...], int]]:
    """The prompts of each rendering, with the place of a single one among all; 0 otherwise."""
    if prompts is None:
        return [((), 0)]
    if params.together:
        return [(prompts.items, 0)]
    return [((one,), place) for place, one in enumerate(prompts.items, 1)]


def _prompts(rendered: Mapping[str, tuple[str, ...]], parents: tuple[Prompt, ...], context: Context) -> list[Prompt]:
    """The prompts of one rendering: its texts, or the first parent's when it gives companions alone."""
    own = (parents[0].text,) if parents else ()
    given = {name: "\n".join(texts) for name, texts in rendered.items() if name}
    before = parents[0].companions if parents else {}
    companions = {name: text for name, text in {**before, **given}.items() if text}
    return [context.new_prompt(text, *parents, companions=companions) for text in rendered.get("", own)]
