"""The node `acme:shortest`."""

from __future__ import annotations

from pydantic import Field

from promptwire.authoring import Bound, Context, Extent, Model, Prompts, Sizes, node


class Inputs(Model):
    prompts: Prompts
    """The prompts to choose from."""


class Params(Model):
    keep: int = Field(default=1, ge=1)
    """How many to keep."""


class Outputs(Model):
    prompts: Prompts
    """The shortest, shortest first."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """It gives as many as it keeps, and asks nothing."""
    given = sizes.of("prompts")
    return Bound({"prompts": Extent(min(given.least, params.keep), min(given.most, params.keep))})


@node(bound=bound)
async def shortest(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Keep the `keep` shortest prompts."""
    ordered = sorted(inputs.prompts.items, key=lambda prompt: len(prompt.text))
    context.count("dropped", max(0, len(ordered) - params.keep))
    return Outputs(prompts=Prompts(items=tuple(ordered[: params.keep])))
