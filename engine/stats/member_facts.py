"""What a template reads of one member of a set: position, score, history and lineage.

The nodes that choose by a template, such as `rank` and `where`, render it once for each member.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

from promptwire.stats.prompt_score import score_of
from promptwire.values import Entry, Example, History, Members, Prompt, Prompts, Scores
from promptwire.values.members import length_of, members_of, prompt_of
from promptwire.values.model import Model, Needs

__all__ = ["MemberFacts", "MemberInputs", "facts_of"]


class MemberInputs(Model):
    """Inputs of a node that renders a template for each member of a set."""

    of: Members
    """The set."""
    scores: Scores | None = None
    """Scores, for the variables `score` and `n`."""
    log: History | None = None
    """A history, for the variable `entry`, and for `score` and `n` where no scores are wired."""
    among: Prompts | None = None
    """Prompts in which the variable `parents` is looked up; the set itself when not wired."""


class MemberFacts(Model):
    """Variables of a template that is rendered for each member of a set."""

    item: Any
    """The member, with its marks."""
    prompt: Prompt | None
    """The prompt that it is, or that it is about; none for examples, families and lists."""
    score: Annotated[float | None, Needs("scores", "log")]
    """Its score; of an example, the mean of its rows. None where it has none."""
    n: Annotated[int, Needs("scores", "log")]
    """Number of examples, or for an example of prompts, that the score is of."""
    entry: Annotated[Entry | None, Needs("log")]
    """Its entry in the history; none where it has none."""
    parents: tuple[Prompt, ...]
    """The parents of the prompt that are in `among`, or else in the set itself."""
    length: int
    """Length of its text in characters."""
    number: int
    """Its position, from 1."""
    round: int
    """Round of the innermost loop, from 1; 0 outside loops."""


def facts_of(inputs: MemberInputs, round: str) -> Iterator[Mapping[str, Any]]:
    """The variables of each member of the set, in order; `round` is that of the node's context."""
    found = _Sources(inputs)
    turn = int(round.rpartition(".")[2]) + 1 if round else 0
    for number, item in enumerate(members_of(inputs.of), 1):
        prompt = prompt_of(item)
        score, n = found.score(item, prompt)
        yield {
            "item": item,
            "prompt": prompt,
            "score": score,
            "n": n,
            "entry": found.entries.get(prompt.id) if prompt else None,
            "parents": tuple(found.family[one] for one in prompt.parents if one in found.family) if prompt else (),
            "length": length_of(item),
            "number": number,
            "round": turn,
        }


@dataclass(frozen=True)
class _Sources:
    """Where scores, entries and parents are looked up."""

    inputs: MemberInputs

    @cached_property
    def entries(self) -> Mapping[str, Entry]:
        """Entries of the history by the id of their prompt; those of the set itself when it is a history."""
        of = self.inputs.of
        log = self.inputs.log or (of if isinstance(of, History) else History())
        return {entry.prompt.id: entry for entry in log.entries}

    @cached_property
    def scores(self) -> Scores | None:
        """The given scores, or the set itself when it holds scores."""
        of = self.inputs.of
        return self.inputs.scores or (of if isinstance(of, Scores) else None)

    @cached_property
    def family(self) -> Mapping[str, Prompt]:
        """Prompts by id among which parents are looked up."""
        own, among = (prompt_of(item) for item in members_of(self.inputs.of)), self.inputs.among
        known = among.items if among is not None else [prompt for prompt in own if prompt is not None]
        return {prompt.id: prompt for prompt in known}

    @cached_property
    def _by_example(self) -> Mapping[str, list[float]]:
        found: dict[str, list[float]] = {}
        for row in self.scores.rows if self.scores else ():
            found.setdefault(row.example, []).append(row.value)
        return found

    def score(self, item: Any, prompt: Prompt | None) -> tuple[float | None, int]:
        """Score of a member, and the number of rows it is of."""
        if isinstance(item, Example):
            values = self._by_example.get(item.id, [])
            return (math.fsum(values) / len(values), len(values)) if values else (None, 0)
        if prompt is None:
            return None, 0
        if self.scores is not None:
            return score_of(prompt, self.scores), len(self.scores.fair(prompt))
        entry = self.entries.get(prompt.id)
        return (entry.score, entry.n) if entry else (None, 0)
