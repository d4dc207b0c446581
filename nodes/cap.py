"""cap: limit the number of children of each parent.

ProTeGi's limit on the successors of a beam prompt (Pryzant et al. 2023, section 3.2). `random` draws the children that stay.
`errors-only` draws twice as many and keeps those with the best scores on the parent's errors. A paraphrase of an edit is a
grandchild of the beam prompt and counts with its family.
"""

from __future__ import annotations

from collections.abc import Set
from typing import Literal

from pydantic import Field

from promptwire.bounds import NONE, Bound, Extent, Sizes
from promptwire.node import Context, node, require_wires
from promptwire.stats.ranking import ranked
from promptwire.values import Examples, Failures, Model, Prompt, Prompts
from promptwire.values.members import others

__all__ = ["Inputs", "Outputs", "Params", "cap"]


class Inputs(Model):
    prompts: Prompts
    """The children, and all prompts between them and the parents."""
    errors: Failures | None = None
    """What the parents got wrong; for `errors-only`."""


class Params(Model):
    per_parent: int = Field(default=8, ge=1)
    """Children that each parent keeps."""
    policy: Literal["random", "errors-only"] = "random"
    """`random`, or the best on the parent's errors."""
    max_errors: int = Field(default=16, ge=1)
    """Most errors of a parent that its children are scored on."""


class Outputs(Model):
    prompts: Prompts
    """The prompts kept, in the written order."""
    rest: Prompts
    """The other prompts, in the written order."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """All prompts at most, because families are unknown; only families that are too large are scored."""
    prompts, errors = sizes.of("prompts"), sizes.of("errors")
    shown = min(errors.most * errors.inside if errors.inside else 0, params.max_errors)
    crowded = params.policy == "errors-only" and prompts.most > params.per_parent
    kept = Extent(min(prompts.least, params.per_parent), prompts.most)
    return Bound({"prompts": kept, "rest": prompts.perhaps()}, scores=(prompts * shown).perhaps() if crowded else NONE)


def lacks(wired: Set[str], params: Params) -> tuple[str, str]:
    """`errors-only` needs the errors."""
    if params.policy == "errors-only" and "errors" not in wired:
        return "policy 'errors-only' needs `errors`", "wire the output of a failures node"
    return "", ""


@node(scores=True, bound=bound, lacks=lacks, values=True)
async def cap(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Keep at most `per_parent` children of each parent."""
    require_wires(lacks, inputs, params, context)
    families = _families(inputs.prompts)
    kept = await context.gather([_chosen(root, family, inputs, params, context) for root, family in families.items()])
    rest = others(inputs.prompts, (prompt for some in kept for prompt in some))
    return Outputs(prompts=others(inputs.prompts, rest.items), rest=rest)


def _families(prompts: Prompts) -> dict[str, list[Prompt]]:
    """The prompts by their nearest ancestor outside of the set."""
    pool = {prompt.id: prompt for prompt in prompts.items}
    families: dict[str, list[Prompt]] = {}
    for prompt in prompts.items:
        root, seen = prompt, {prompt.id}
        # Two prompts may be each other's parents when a paraphrase comes back to an earlier text.
        while root.parents and root.parents[0] in pool and root.parents[0] not in seen:
            root = pool[root.parents[0]]
            seen.add(root.id)
        families.setdefault(root.parents[0] if root.parents else root.id, []).append(prompt)
    return families


async def _chosen(root: str, family: list[Prompt], inputs: Inputs, params: Params, context: Context) -> tuple[Prompt, ...]:
    if len(family) <= params.per_parent:
        return tuple(family)
    rng = context.rng(root)
    if params.policy == "random" or inputs.errors is None:
        return tuple(rng.sample(family, params.per_parent))
    tried = rng.sample(family, min(len(family), 2 * params.per_parent))
    wrong = Examples.of(case.example for group in inputs.errors.groups if group.prompt.id == root for case in group.cases)
    if not len(wrong):
        return tuple(tried[: params.per_parent])
    shown = Examples(items=tuple(rng.sample(wrong.items, min(len(wrong), params.max_errors))))
    prompts = Prompts(items=tuple(tried))
    return ranked(prompts, await context.score(prompts, shown))[: params.per_parent]
