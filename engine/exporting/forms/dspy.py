"""A program of DSPy as its saved state: the prompt as instructions, with its demonstrations.

The prompt is not the one that was measured: DSPy adds field marks, and reads answers by them. `--verify` scores what it sends.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

from promptwire.exporting.dspy_chat import DspyProgram
from promptwire.exporting.exported import Exported
from promptwire.exporting.form import Form, Reader, Written
from promptwire.exporting.jinja_text import identifiers
from promptwire.exporting.placeholders import values_of
from promptwire.exporting.told import measured
from promptwire.results.request_pattern import INPUT, Sent
from promptwire.values import Example

__all__ = ["DspyForm"]

_FILE: Final = "program.json"
_OUTPUT: Final = "output"
_TAKEN: Final = frozenset(
    {_OUTPUT, "config", "demos", "lm", "new_signature", "prediction", "signature"}
    | {"construct", "copy", "dict", "fields", "input_fields", "instructions", "json", "output_fields", "schema", "validate"}
)
"""Names that DSPy, or the models of pydantic behind it, keep for themselves."""


class DspyForm(Form):
    """The state of `dspy.Predict`."""

    name: ClassVar[str] = "dspy"
    doc: ClassVar[str] = "the saved state of a `dspy.Predict`, which sends another prompt than the one measured"
    target: ClassVar[str] = "{task}.dspy.json"

    def write(self, exported: Exported) -> Written:
        """Make the state."""
        names = identifiers(exported.pattern.slots or (INPUT,), taken=_TAKEN)
        # DSPy shows a description unless it is this one.
        described = {own: f"${{{own}}}" if own == name else name for name, own in names.items()}
        fields = [{"prefix": f"{own.capitalize()}:", "description": described[own]} for own in names.values()]
        prompt = exported.prompt
        demos = [
            {**{names[name]: value for name, value in values_of(demo).items() if name in names}, _OUTPUT: demo.output}
            for demo in prompt.demos
        ]
        state = {
            "traces": [],
            "train": [],
            "demos": demos,
            "signature": {
                "instructions": prompt.text,
                "fields": [*fields, {"prefix": "Output:", "description": f"${{{_OUTPUT}}}"}],
            },
            "lm": None,
            "metadata": {
                "dependency_versions": {},
                "promptwire": {
                    "run": exported.run.name,
                    "prompt": exported.which,
                    "measured": measured(exported),
                    "fields": names,
                },
            },
        }
        return Written({_FILE: json.dumps(state, indent=1, ensure_ascii=False) + "\n"}, tuple(_told(exported, names)))

    def reader(self, files: Mapping[str, str]) -> Reader:
        """Make the messages of the written program, as DSPy does."""
        state: dict[str, Any] = json.loads(files[_FILE])
        names: dict[str, str] = state["metadata"]["promptwire"]["fields"]
        described = [field["description"] for field in state["signature"]["fields"]]
        inputs = {own: "" if doc == f"${{{own}}}" else doc for own, doc in zip(names.values(), described, strict=False)}
        program = DspyProgram(inputs, _OUTPUT, state["signature"]["instructions"], state["demos"])

        def sent(example: Example) -> Sent:
            values = {INPUT: example.text, **values_of(example)}
            return program.messages({own: values[name] for name, own in names.items()})

        return sent

    def taken(self, reply: str) -> str:
        """The output field of a reply; nothing when its mark is missing."""
        return DspyProgram({}, _OUTPUT, "", ()).answer(reply) or ""


def _told(exported: Exported, names: Mapping[str, str]) -> Iterator[str]:
    """What differs, in sentences for the user."""
    settings = "".join(f", {name}={value!r}" for name, value in exported.request_settings.items())
    yield f"load it by program = dspy.Predict({', '.join(names.values()) + ' -> ' + _OUTPUT!r}); program.load(PATH)"
    yield f"the model and its settings are yours to give: dspy.configure(lm=dspy.LM({exported.model!r}{settings}))"
    yield (
        "DSPy sends another prompt than the one measured: the instructions in a system message of its own, with marks around "
        "the fields; --verify scores it, as ChatAdapter of DSPy 3.4 makes it"
    )
    yield "where a reply lacks the marks, DSPy asks again in JSON; --verify counts such a reply as unreadable"
    if exported.record.settings.stop:
        yield "texts to stop at may end a reply before the answer in the marks of DSPy: if so, leave out `stop`"
    if renamed := {name: own for name, own in names.items() if name != own}:
        yield f"DSPy knows other names of inputs: {', '.join(f'{own} is {name!r}' for name, own in renamed.items())}"
    if any(f"{{{name}}}" in exported.prompt.text for name in names):
        yield "DSPy leaves the placeholders in the prompt as they are, and gives the input in a field of its own"
    if exported.pattern.takes_turns:
        yield "DSPy gets a conversation as one text"
