"""Messages that DSPy 3.4 makes of a program with text fields, and the answer that it takes out of a reply (`ChatAdapter`).

DSPy puts the instructions into a system message of its own, and marks such as `[[ ## output ## ]]` before each field. So it
sends another prompt than the one that was measured, and what it sends can be scored without DSPy.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from promptwire.values import Message

__all__ = ["DspyProgram"]

_HEADER: Final = re.compile(r"\[\[ ## (\w+) ## \]\]")
_DONE: Final = "[[ ## completed ## ]]"
_LACKING: Final = "Not supplied for this particular example. "
_PARTIAL: Final = "This is an example of the task, though some input or output fields are not supplied."


@dataclass(frozen=True, slots=True)
class DspyProgram:
    """A `dspy.Predict` with text fields."""

    inputs: Mapping[str, str]
    """Input fields by name, with their descriptions; an empty description is not shown."""
    output: str
    """Name of the output field."""
    instructions: str
    """Instructions of the signature."""
    demos: Sequence[Mapping[str, str]]
    """Demonstrations: values by field."""

    def messages(self, values: Mapping[str, str]) -> tuple[Message, ...]:
        """What DSPy sends for one input."""
        shown = [*self._shown(whole=False), *self._shown(whole=True)]
        request = (
            f"Respond with the corresponding output fields, starting with the field `[[ ## {self.output} ## ]]`, and then "
        )
        request += f"ending with the marker for `{_DONE}`."
        asked = self._fields(values, after=(request,))
        return (Message(role="system", content=self._system()), *shown, Message(role="user", content=asked))

    def answer(self, reply: str) -> str | None:
        """The output field of a reply; None when it has none, and DSPy asks again in another format."""
        sections: list[tuple[str, list[str]]] = [("", [])]
        for line in reply.splitlines():
            if mark := _HEADER.match(line.strip()):
                rest = line[mark.end() :].strip()
                sections.append((mark[1], [rest] if rest else []))
            else:
                sections[-1][1].append(line)
        return next(("\n".join(lines).strip() for name, lines in sections if name == self.output), None)

    def _shown(self, *, whole: bool) -> Iterator[Message]:
        """The demonstrations with all fields, or those that lack some. Those without any input are left out."""
        for demo in self.demos:
            complete = self.inputs.keys() <= demo.keys()
            if complete is whole and self.inputs.keys() & demo.keys():
                answer = f"[[ ## {self.output} ## ]]\n{demo.get(self.output, _LACKING)}".strip()
                yield Message(role="user", content=self._fields(demo, before="" if whole else _PARTIAL))
                yield Message(role="assistant", content=f"{answer}\n\n{_DONE}\n")

    def _fields(self, values: Mapping[str, str], before: str = "", after: Sequence[str] = ()) -> str:
        fields = [f"[[ ## {name} ## ]]\n{values[name]}" for name in self.inputs if name in values]
        return "\n\n".join([before, *fields, *after, ""]).strip()

    def _system(self) -> str:
        """The system message."""
        described = "\n".join(f"{place}. `{name}` (str): {doc}" for place, (name, doc) in enumerate(self.inputs.items(), 1))
        marks = "\n\n".join(f"[[ ## {name} ## ]]\n{{{name}}}" for name in self.inputs)
        lines = textwrap.dedent(inspect.cleandoc(self.instructions)).splitlines()
        objective = ("\n" + " " * 8).join(["", *lines])
        structure = "All interactions will be structured in the following way, with the appropriate values filled in."
        form = "\n\n".join([structure, marks.strip(), f"[[ ## {self.output} ## ]]\n{{{self.output}}}", f"{_DONE}\n"]).strip()
        return (
            f"Your input fields are:\n{described.strip()}\nYour output fields are:\n1. `{self.output}` (str):\n{form}\n"
            f"In adhering to this structure, your objective is: {objective}"
        )
