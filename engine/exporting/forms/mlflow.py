"""A prompt in MLflow's registry: chat messages or a text, with placeholders, and tags that name the run and its score.

MLflow fills in `{{ name }}` by replacing it. A prompt that holds such a text, or `{%` and `%}`, is written as a template of
Jinja, which MLflow renders if it finds `{%` and `%}` in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import Any, ClassVar, Final

from promptwire.errors import RunError, UsageError
from promptwire.exporting.exported import Exported
from promptwire.exporting.form import Form, Placed, Reader, Written
from promptwire.exporting.jinja_text import identifiers, jinja_text, jinja_trimmed
from promptwire.exporting.mlflow_registry import MlflowRegistry, filled
from promptwire.exporting.placeholders import values_of
from promptwire.exporting.told import measured
from promptwire.results.request_pattern import Part, Sent
from promptwire.templating.marks import TURNS
from promptwire.values import Example, Message

__all__ = ["MlflowForm"]

_FILE: Final = "prompt.json"
_VARIABLE: Final = re.compile(r"\{\{\s*[a-zA-Z_][a-zA-Z0-9_.]*\s*\}\}")
_ARGUMENTS: Final = ("allow_partial", "use_jinja_sandbox")
"""Names that `format` of MLflow keeps for itself."""
_RENDERED: Final = "{% raw %}{% endraw %}"
"""Nothing, by which MLflow knows a template of Jinja."""
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]+")
_CONFIG: Final = {"stop": "stop_sequences"}


class MlflowForm(Form):
    """A version of a prompt in the registry; `--out` is its name."""

    name: ClassVar[str] = "mlflow"
    doc: ClassVar[str] = "a new version of a prompt in the registry of MLflow"
    target: ClassVar[str] = "{task}"

    def write(self, exported: Exported) -> Written:
        """Make the template and its tags. Raises RunError for a text before the first message of a conversation."""
        pattern = exported.pattern
        names = identifiers(pattern.slots, taken=_ARGUMENTS)
        parts = list(takewhile(lambda part: part.role != TURNS, pattern.parts))
        rest = pattern.parts[len(parts) :]
        if len(rest) > 1 or any(part.text is None or part.text.strip("\n") for part in rest):
            hint = "use a task template that shows the prompt in a message of its own, such as conversation-system.j2"
            raise RunError("MLflow has no place for a conversation among messages", where="--to mlflow", hint=hint)
        rendered = _needs_jinja(exported, parts)
        texts = [_template(part, exported, names, rendered=rendered) for part in parts]
        if rendered and texts:
            texts[0] = _RENDERED + texts[0]
        chat = pattern.mode == "chat"
        template = [{"role": part.role, "content": text} for part, text in zip(parts, texts, strict=True)] if chat else texts[0]
        prompt = {"template": template, "model_config": _config(exported), "tags": _tags(exported, names)}
        return Written({_FILE: json.dumps(prompt, indent=1)}, tuple(_told(exported, names)))

    def reader(self, files: Mapping[str, str]) -> Reader:
        """Let MLflow fill in what was read back from the registry."""
        prompt = json.loads(files[_FILE])
        fields: dict[str, str] = json.loads(prompt["tags"]["promptwire_fields"])
        turns = prompt["tags"]["promptwire_conversation"] == "true"

        def sent(example: Example) -> Sent:
            values = values_of(example)
            made = filled(prompt["template"], {own: values[name] for name, own in fields.items()})
            if isinstance(made, str):
                return made
            messages = tuple(Message.model_validate(one) for one in made)
            return (*messages, *(example.turns or [Message(role="user", content=example.text)])) if turns else messages

        return sent

    def place(self, exported: Exported, written: Written, out: str | None, *, force: bool) -> Placed:
        """Register a version; a prompt that exists gets one more. Raises RunError when MLflow refuses."""
        name = out or self.target.format(task=exported.name)
        if not _NAME.fullmatch(name):
            hint = "use letters, digits, points, hyphens and underscores"
            raise UsageError(f"MLflow takes no prompt with the name {name!r}", where="--out", hint=hint)
        uri = MlflowRegistry(self.address).register(name, written.files[_FILE], measured(exported))
        return Placed(uri, (uri,))

    def placed(self, place: Placed, written: Written) -> Mapping[str, str]:
        """Load the version from the registry."""
        return {_FILE: MlflowRegistry(self.address).load(place.target)}


def _needs_jinja(exported: Exported, parts: list[Part]) -> bool:
    """Whether MLflow would take a text of the prompt, or of an input, for a placeholder or a template."""
    texts = ["".join(piece if isinstance(piece, str) else "x" for piece in part.pieces) for part in parts]
    several = len(exported.pattern.slots) > 1
    inputs = [value for one in exported.tests for value in values_of(one).values()] if several else []
    return any(_VARIABLE.search(text) for text in (*texts, *inputs)) or any("{%" in text and "%}" in text for text in texts)


def _template(part: Part, exported: Exported, names: Mapping[str, str], *, rendered: bool) -> str:
    trims = exported.pattern.trims
    if rendered:
        return jinja_trimmed(part.pieces, names, inputs=False) if trims else jinja_text(part.pieces, names)
    text = "".join(piece if isinstance(piece, str) else f"\0{names[piece.slot]}\0" for piece in part.pieces)
    text = text.strip("\n") if trims else text
    return re.sub("\0([^\0]+)\0", r"{{ \1 }}", text)


def _config(exported: Exported) -> dict[str, Any]:
    """Model and settings, by the names of MLflow."""
    provider, _, model = exported.model.rpartition("/")
    settings = {_CONFIG.get(name, name): value for name, value in exported.request_settings.items()}
    return {**({"provider": provider} if provider else {}), "model_name": model, **settings}


def _tags(exported: Exported, names: Mapping[str, str]) -> dict[str, str]:
    """Tags of the version. Their names hold no point, which the registry of Databricks does not take."""
    report, score = exported.report, exported.score
    facts = {
        "run": exported.run.name,
        "pipeline": report.pipeline,
        "task": exported.record.task,
        "prompt": exported.which,
        "metric": exported.record.metric,
        "model": exported.model,
        "score": "" if score.score is None else f"{score.score:.6g}",
        "examples": str(score.n),
        "fields": json.dumps(names),
        "conversation": str(exported.pattern.takes_turns).lower(),
    }
    return {f"promptwire_{name}": value for name, value in facts.items()}


def _told(exported: Exported, names: Mapping[str, str]) -> Iterator[str]:
    """What differs, in sentences for the user."""
    if exported.pattern.takes_turns:
        yield "the registered messages go before the conversation, which MLflow does not hold"
    if renamed := {name: own for name, own in names.items() if name != own}:
        yield f"MLflow knows other names of inputs: {', '.join(f'{own} is {name!r}' for name, own in renamed.items())}"
    if exported.pattern.mode == "completion":
        yield "it is a text to complete, and no message of a chat"
    elif exported.pattern.trims and any(_at_an_end(part) for part in exported.pattern.parts):
        yield "an input that begins or ends with a line break is sent with it; the run sent such a message without"


def _at_an_end(part: Part) -> bool:
    """Whether a message begins or ends with an input."""
    return any(not isinstance(piece, str) for piece in (*part.pieces[:1], *part.pieces[-1:]))
