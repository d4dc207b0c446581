"""Scripted models `scripted:planted-NAME`: worlds like `planted`, each with one difficulty that one mechanism overcomes.

`scripted:planted` shows whether a search uses a signal, and nearly every search that does reaches the best score. In a world, a
search that lacks the mechanism stays low:

planted-valley   a hint alone makes answers worse, two that belong together better: crossover, a wide beam
planted-order    a hint counts only after those before it, and a text gains one at a time: rounds instead of drafts
planted-noise    answers are often wrong by chance, and writers lose hints: more examples for each choice, races
planted-critic   three critiques in four are wrong: a score before a change is accepted
planted-shots    text and shots complete or cancel each other: both chosen together
planted-taste    no accepted outputs, and a judge who mostly takes the answer that comes first: several votes in drawn orders

Each world has a task of its name: the parcels and labels of `planted`, with other initial prompts in `planted-valley`. The
models have no state, and they know only what a request holds. A world is what the task model makes of hints
(`promptwire.backends.world_answers`), and what the meta model of `planted` writes, changed afterwards
(`promptwire.backends.world_writers`). The best prompt scores 1, and about 0.6 in `planted-noise`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from promptwire.backend import Request
from promptwire.backends import world_answers as answers
from promptwire.backends import world_writers as writers
from promptwire.backends.planted import written
from promptwire.backends.scripted import Reply, ScriptedBackend, request_text

__all__ = ["WORLDS", "World", "reply_in", "world"]


@dataclass(frozen=True, slots=True)
class World:
    """What differs from `scripted:planted`."""

    answer: answers.Answer = answers.plain
    """Task model: the fields that it states of a parcel."""
    write: writers.Change = writers.unchanged
    """What becomes of a reply of the meta model."""


WORLDS: Final[Mapping[str, World]] = MappingProxyType(
    {
        "planted-valley": World(answers.paired, writers.one_step),
        "planted-order": World(answers.chained, writers.one_step),
        "planted-noise": World(answers.noisy, writers.forgetful),
        "planted-critic": World(write=writers.misled),
        "planted-shots": World(answers.shots_or_text),
        "planted-taste": World(write=writers.first_side),
    }
)
"""The worlds by name, which is also the name of their task."""


def world(name: str) -> ScriptedBackend:
    """Make the backend of the world `name`."""
    return ScriptedBackend(reply_in(name), name=f"scripted:{name}", batches=True)


def reply_in(name: str) -> Reply:
    """The replies of the world `name`. They raise ModelError for a request of another task."""
    found = WORLDS[name]

    def reply(request: Request, key: str) -> str:
        text = written(request, key)
        if text is not None:
            return found.write(text, request_text(request), key)
        return answers.label(request_text(request), found.answer)

    return reply
