"""Outputs of steps as the trace records them: a large set without the members that an earlier line of the trace holds.

A step that draws from 200,000 examples gives the others as `rest`, and a history grows from round to round. Recorded whole in
each round, they would fill a disk, and a search of twice as many rounds would write four times as much.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, Final

from promptwire.graph.port_values import outputs_text, to_json
from promptwire.values import Entry, Example, Examples, History, Prompt, Prompts
from promptwire.values.members import chosen, members_of

__all__ = ["LARGE", "RecordedValues"]

LARGE: Final = 1_000
"""Members from which on a set is large."""
EARLIER: Final = "recorded_before"
"""Key of the number of members that earlier lines hold."""


class RecordedValues:
    """Converts outputs to JSON, and knows the members of the large sets so far."""

    def __init__(self) -> None:
        self._known: set[Hashable] = set()
        self._marks: dict[str, Hashable] = {}
        """Marks of each prompt as last recorded: a reader takes the last ones."""

    def to_json(self, outputs: Mapping[str, Any]) -> dict[str, Any]:
        """Convert `outputs` by port to JSON values."""
        return {name: to_json(self._recorded(value)) for name, value in outputs.items()}

    def to_text(self, outputs: Mapping[str, Any]) -> str:
        """Convert `outputs` by port to compact JSON text."""
        return outputs_text({name: self._recorded(value) for name, value in outputs.items()})

    def _recorded(self, value: Any) -> Any:
        """`value`, or the JSON value of a large set without the members so far."""
        if not isinstance(value, Prompts | Examples | History) or len(value) < LARGE:
            return value
        new = []
        for member in members_of(value):
            key, marked = _identity(member), self._marked(member)
            if marked or key not in self._known:
                self._known.add(key)
                new.append(member)
        if len(new) == len(value):
            return value
        return {**to_json(chosen(value, new)), EARLIER: len(value) - len(new)}

    def _marked(self, member: Prompt | Example | Entry) -> bool:
        """Whether the prompt in `member` has other marks than it had last."""
        prompt = member.prompt if isinstance(member, Entry) else member
        if not isinstance(prompt, Prompt) or not prompt.marks:
            return False
        before, marks = self._marks.get(prompt.id), tuple(sorted(prompt.marks.items()))
        self._marks[prompt.id] = marks
        return before != marks


def _identity(member: Prompt | Example | Entry) -> Hashable:
    """What of `member` a reader of the trace needs once."""
    if isinstance(member, Entry):
        return _identity(member.prompt), member.score, member.n, member.critique
    return (member.id, *sorted(member.marks.items())) if member.marks else member.id
