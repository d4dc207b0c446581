"""A file of Prompty 2: the messages with their roles, the inputs, the model and its settings.

Prompty's parser splits what it has rendered into lines. It makes one line break of every kind of them, and takes a line such as
`user:` for the start of a message. So a message that would not survive is kept as a list of messages in the front matter, which
is not parsed. One that also holds the input can't be written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import Any, ClassVar, Final

from promptwire.documents.yaml_reader import read_yaml_text
from promptwire.errors import RunError
from promptwire.exporting.exported import Exported
from promptwire.exporting.form import Form, Reader, Unsendable, Written
from promptwire.exporting.jinja_text import identifiers, jinja_fill, jinja_text
from promptwire.exporting.prompty_file import BOUNDARY, front_matter, survives
from promptwire.exporting.told import measured, told_of_chat
from promptwire.results.request_pattern import INPUT, Part, Sent
from promptwire.templating.marks import TURNS
from promptwire.values import Example, Message

__all__ = ["PromptyForm"]

_OPTIONS: Final = {"temperature": "temperature", "top_p": "topP", "stop": "stopSequences", "seed": "seed"}
"""Names of settings in Prompty. Its `maxOutputTokens` is sent under another name than the run's `max_tokens`."""
_FILE: Final = "prompt.prompty"


class PromptyForm(Form):
    """A `.prompty` file."""

    name: ClassVar[str] = "prompty"
    doc: ClassVar[str] = "a file for Prompty 2, with its messages, inputs and model"
    target: ClassVar[str] = "{task}.prompty"

    def write(self, exported: Exported) -> Written:
        """Make the file. Raises RunError for a message with the input that Prompty would change."""
        names = identifiers(exported.pattern.slots, taken=("conversation",))
        body, threads = _Body(names), []
        for kept, parts in groupby(exported.pattern.parts, partial(_is_kept, trims=exported.pattern.trims)):
            group = list(parts)
            if kept:
                threads.append(body.thread(group, trims=exported.pattern.trims))
            else:
                for part in group:
                    body.add(part)
        inputs = [{"name": name, "kind": "string", "required": True} for name in names.values()]
        if exported.pattern.takes_turns:
            inputs.append({"name": "conversation", "kind": "thread", "required": True})
        data = _front(exported, [*inputs, *threads])
        told = (*told_of_chat(exported), *_told(exported, names))
        return Written({_FILE: front_matter(data) + "".join(body.texts)}, told)

    def reader(self, files: Mapping[str, str]) -> Reader:
        """Render the written file and split it into messages, as Prompty does."""
        head, _, body = files[_FILE].removeprefix("---\n").partition("\n---\n")
        data = read_yaml_text(head, _FILE).data
        threads = {one["name"]: one["default"] for one in data["inputs"] if "default" in one}
        fields: dict[str, str] = data["metadata"]["fields"]

        def sent(example: Example) -> Sent:
            values = example.input if isinstance(example.input, dict) else {INPUT: example.input}
            given = {own: values[name] for name, own in fields.items()}
            turns = example.turns or (Message(role="user", content=example.text),)
            return tuple(_messages(body, given, {**threads, "conversation": [turn.model_dump() for turn in turns]}))

        return sent


def _is_kept(part: Part, *, trims: bool) -> bool:
    """Whether a message has to be kept in the front matter. Raises RunError for one that can't be kept there either."""
    text = "".join(piece if isinstance(piece, str) else "x" for piece in part.pieces)
    if part.role == TURNS and text.strip("\n"):
        hint = "use a task template that shows the prompt in a message of its own, such as conversation-system.j2"
        raise RunError("Prompty can't put a text before the first message of a conversation", where="--to prompty", hint=hint)
    if survives(text) and (trims or text == text.strip("\n")):
        return False
    if part.text is None:
        problem = (
            "Prompty would change the message with the input: it holds a line such as 'user:', or a line break other than \\n"
        )
        raise RunError(problem, where="--to prompty", hint="--to messages or --to python holds every text")
    return True


@dataclass(slots=True)
class _Body:
    """The part of the file below the front matter."""

    names: Mapping[str, str]
    """Name of each slot in the file."""
    texts: list[str] = field(default_factory=list)
    """What was added."""
    threads: int = 0
    """Number of lists of messages."""

    def add(self, part: Part) -> None:
        """Add a message."""
        role, text = ("user", "{{ conversation }}") if part.role == TURNS else (part.role, jinja_text(part.pieces, self.names))
        self.texts.append(f"{role}:\n{text}\n\n")

    def thread(self, parts: Sequence[Part], *, trims: bool) -> dict[str, Any]:
        """Add the place of a list of messages, and return the input that holds them."""
        self.threads += 1
        name = f"messages_{self.threads}"
        self.texts.append(f"user:\n{{{{ {name} }}}}\n\n")
        texts = [part.text or "" for part in parts]
        messages = [
            {"role": part.role, "content": text.strip("\n") if trims else text} for part, text in zip(parts, texts, strict=True)
        ]
        return {"name": name, "kind": "thread", "default": messages}


def _front(exported: Exported, inputs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The front matter."""
    provider, _, model = exported.model.rpartition("/")
    settings = exported.request_settings
    options: dict[str, Any] = {_OPTIONS[name]: value for name, value in settings.items() if name in _OPTIONS}
    if other := {name: value for name, value in settings.items() if name not in _OPTIONS}:
        options["additionalProperties"] = other
    return {
        "name": exported.name,
        "description": exported.record.doc or f"Prompt for {exported.record.task}",
        "metadata": {
            "promptwire": {"run": exported.run.name, "prompt": exported.which, "measured": measured(exported)},
            "fields": identifiers(exported.pattern.slots, taken=("conversation",)),
        },
        "model": {
            "id": model if provider in ("", "openai", "anthropic") else exported.model,
            "provider": "anthropic" if provider == "anthropic" else "openai",
            "apiType": "chat",
            "options": options,
        },
        "inputs": list(inputs),
        "template": {"format": {"kind": "jinja2", "strict": True}, "parser": {"kind": "prompty"}},
    }


def _told(exported: Exported, names: Mapping[str, str]) -> Iterator[str]:
    """What differs, in sentences for the user."""
    yield (
        "Prompty refuses an input with a line such as 'user:', turns other line breaks, such as U+2028, into \\n, and drops "
        "those around a message"
    )
    yield "key and address come from OPENAI_API_KEY and OPENAI_BASE_URL; the file names neither"
    if renamed := {name: own for name, own in names.items() if name != own}:
        yield f"Prompty knows other names of inputs: {', '.join(f'{own} is {name!r}' for name, own in renamed.items())}"
    if exported.record.settings.temperature is not None and exported.model.startswith(("openai/o", "openai/gpt-5")):
        yield "Prompty leaves out temperature and top_p for models that reason"


def _messages(body: str, given: Mapping[str, str], threads: Mapping[str, Sequence[Mapping[str, str]]]) -> Iterator[Message]:
    """The messages that Prompty makes of a body. Raises Unsendable for an input that would start a message."""
    hidden = {name: f"\0{name}\0" for name in threads}
    found: list[tuple[str, list[str]]] = []
    for line in jinja_fill(body, {**given, **hidden}).splitlines():
        if mark := BOUNDARY.match(line.strip()):
            found.append((mark[1].lower(), []))
        else:
            found[-1][1].append(line)
    if len(found) != sum(bool(BOUNDARY.match(line.strip())) for line in body.split("\n")):
        raise Unsendable("Prompty refuses an input with a line that names a role, such as 'user:'")
    for role, lines in found:
        text = "\n".join(lines).strip("\n")
        if text in hidden.values():
            yield from (Message.model_validate(one) for one in threads[text.strip("\0")])
        else:
            yield Message.of(role, text)
