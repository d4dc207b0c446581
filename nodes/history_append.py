"""history-append: add scored prompts to a history.

OPRO's trajectory (Yang et al. 2023, section 3) and PE2's pool of all timestamps. Each prompt has one entry. When a prompt is
scored again, the score over more examples stays; with equally many, the newer one. With `repeated: keep` each score is an entry
of its own, as a surrogate needs it. A prompt is not added without a score, or with a score on less than half of the examples
that it was asked. The history keeps the metric's perfect value and scale.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Literal

from promptwire.bounds import Bound, Sizes
from promptwire.node import Context, node
from promptwire.stats.prompt_score import rows_score, score_scale
from promptwire.values import Critiques, Entry, History, Model, Scores

__all__ = ["Inputs", "Outputs", "Params", "history_append"]


class Inputs(Model):
    scores: Scores
    """The scores to add."""
    log: History | None = None
    """The history to add to; an empty one when not wired."""
    critiques: Critiques | None = None
    """Critiques of the prompts, stored with their entries."""


class Params(Model):
    repeated: Literal["merge", "keep"] = "merge"
    """A prompt that is scored again. `merge`: it keeps one entry; `keep`: it gets one more."""


class Outputs(Model):
    history: History
    """The longer history."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """One entry a prompt; a prompt that is scored again keeps its entry."""
    return Bound({"history": sizes.of("log").joined(sizes.of("scores")).holding(0)})


@node(bound=bound, values=True)
async def history_append(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Add `scores` to the history `log`."""
    log = inputs.log or History()
    said = {critique.prompt.id: critique.text for critique in (inputs.critiques.items if inputs.critiques else ())}
    entries: dict[Hashable, Entry] = {
        place if params.repeated == "keep" else entry.prompt.id: entry for place, entry in enumerate(log.entries)
    }
    for prompt in inputs.scores.prompts.items:
        rows = inputs.scores.fair(prompt)
        if not rows:
            context.count("unscored")
            continue
        key = len(entries) if params.repeated == "keep" else prompt.id
        old = entries.get(key)
        if old is not None and old.n > len(rows):
            continue
        entries[key] = Entry(
            prompt=old.prompt if old else prompt,
            score=rows_score(rows, inputs.scores.metric),
            n=len(rows),
            round=old.round if old else log.rounds,
            critique=said.get(prompt.id, old.critique if old else ""),
        )
    known = log.model_copy(update={"entries": tuple(entries.values()), "rounds": log.rounds + 1})
    return Outputs(history=_on_scale(known, inputs.scores, new=not len(log)) if inputs.scores.rows else known)


def _on_scale(log: History, scores: Scores, *, new: bool) -> History:
    """`log` with the perfect value and the scale of `scores`; what an older entry left unknown stays unknown."""
    perfect = scores.perfect if new or log.perfect is not None else None
    scale = score_scale(scores) if new or log.scale is not None else None
    entries = tuple(entry.model_copy(update={"scale": scale}) for entry in log.entries)
    return log.model_copy(update={"entries": entries, "perfect": perfect, "scale": scale})
