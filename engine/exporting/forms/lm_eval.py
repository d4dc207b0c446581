"""A task of lm-eval: a YAML file with the request as templates, and the held-out examples.

`lm_eval run --tasks NAME --include_path .` runs it against any address in OpenAI's format, without PyTorch. A system message
becomes the task's description, pairs of messages that hold no input become its examples, and the rest `doc_to_text`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from promptwire.documents.yaml_reader import dump_yaml, read_yaml_text
from promptwire.errors import RunError
from promptwire.exporting.exported import Exported
from promptwire.exporting.form import Form, Reader, Written
from promptwire.exporting.jinja_text import jinja_fill, jinja_text, jinja_trimmed
from promptwire.exporting.lm_eval_data import LmEvalData, lm_eval_data, read_rows
from promptwire.exporting.lm_eval_scoring import LmEvalScoring, lm_eval_scoring
from promptwire.exporting.placeholders import values_of
from promptwire.exporting.told import measured
from promptwire.exporting.yaml_text import yaml_field
from promptwire.results.request_pattern import Part, Sent
from promptwire.values import Example, Message

__all__ = ["LmEvalForm"]

_TASK, _DATA = "task.yaml", "test.jsonl"
_STOPS: Final = 4
"""Texts to stop at that lm-eval sends."""
_LENGTH: Final = 256
"""Tokens of a reply where no length is given."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """Messages of a request by the places that lm-eval has for them."""

    system: Part | None
    """The system message."""
    shots: tuple[tuple[str, str], ...]
    """Pairs of a user's and an assistant's message."""
    user: Part
    """The last message."""


class LmEvalForm(Form):
    """A folder with the task and its data."""

    name: ClassVar[str] = "lm-eval"
    doc: ClassVar[str] = "a task for lm-eval (lm-evaluation-harness) with the held-out examples"
    folder: ClassVar[bool] = True
    target: ClassVar[str] = "{task}-lm-eval"

    def write(self, exported: Exported) -> Written:
        """Make both files. Raises RunError for a run without held-out examples and for messages in another order."""
        if not exported.tests:
            hint = "give the task examples for `test`, and run it again"
            raise RunError("lm-eval needs examples, and this run kept no held-out ones", where="--to lm-eval", hint=hint)
        shape, scoring = _shape(exported), lm_eval_scoring(exported)
        data = lm_eval_data(exported.tests, exported.pattern.slots, [scoring.targets(one) or [""] for one in exported.tests])
        files = {_TASK: _task(exported, shape, scoring, data), _DATA: data.text()}
        return Written(files, (*scoring.told, *_told(exported)))

    def reader(self, files: Mapping[str, str]) -> Reader:
        """Render the written task for the row of an example, as lm-eval does."""
        task, rows = read_yaml_text(files[_TASK], _TASK).data, read_rows(files[_DATA])
        shots = task.get("fewshot_config", {}).get("samples", ())

        def sent(example: Example) -> Sent:
            row = rows[example.id]
            text = jinja_fill(task["doc_to_text"], row)
            if task["metadata"]["mode"] == "completion":
                return text
            system = jinja_fill(task.get("description", ""), row)
            opening = [Message(role="system", content=system)] if system else []
            for shot in shots:
                opening.append(Message(role="user", content=shot["question"]))
                opening.append(Message(role="assistant", content=shot["target"]))
            return (*opening, Message(role="user", content=text))

        return sent


def _shape(exported: Exported) -> _Shape:
    """Sort the messages. Raises RunError for an order that lm-eval can't send."""
    parts = list(exported.pattern.parts)
    system = parts.pop(0) if len(parts) > 1 and parts[0].role == "system" else None
    roles = [part.role for part in parts]
    fixed = [part.text for part in parts[:-1]]
    if roles != ["user", "assistant"] * (len(parts) // 2) + ["user"] or not all(fixed):
        hint = "--to promptfoo, messages and python hold messages in any order"
        if exported.pattern.takes_turns:
            hint = "--to messages and python hold conversations"
        order = ", ".join(part.role for part in exported.pattern.parts)
        raise RunError(f"lm-eval can't send messages in this order: {order}", where="--to lm-eval", hint=hint)
    texts = [str(text).strip("\n") if exported.pattern.trims else str(text) for text in fixed]
    return _Shape(system, tuple(zip(texts[::2], texts[1::2], strict=True)), parts[-1])


def _task(exported: Exported, shape: _Shape, scoring: LmEvalScoring, data: LmEvalData) -> str:
    """The YAML file."""
    head = {
        "task": f"promptwire_{exported.name}",
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": _DATA}},
        "test_split": "test",
        "output_type": "generate_until",
    }
    texts = {"description": shape.system} if shape.system else {}
    rest: dict[str, Any] = {"doc_to_target": data.target, "target_delimiter": "", "fewshot_delimiter": ""}
    if shape.shots:
        samples = [{"question": question, "target": answer} for question, answer in shape.shots]
        config = {"sampler": "first_n", "samples": samples, "doc_to_text": "{{ question }}", "doc_to_target": "target"}
        rest |= {"num_fewshot": len(samples), "fewshot_config": config}
    rest |= {
        "generation_kwargs": _generation(exported),
        "filter_list": [{"name": "promptwire", "filter": scoring.filters}],
        "metric_list": [scoring.metric],
        "metadata": {
            "version": 1,
            "mode": exported.pattern.mode,
            "run": exported.run.name,
            "measured": measured(exported),
        },
    }
    lines = [yaml_field(name, _template(part, exported, data)) for name, part in {**texts, "doc_to_text": shape.user}.items()]
    return dump_yaml(head) + "".join(lines) + dump_yaml(rest)


def _template(part: Part, exported: Exported, data: LmEvalData) -> str:
    """A part as a template; one that is only the name of a column would be taken for that column."""
    # Most inputs neither begin nor end with a line break, and then the template needs not say so.
    inputs = any(value != value.strip("\n") for one in exported.tests for value in values_of(one).values())
    trims = exported.pattern.trims
    text = jinja_trimmed(part.pieces, data.names, inputs=inputs) if trims else jinja_text(part.pieces, data.names)
    return f'{{{{ "{text}" }}}}' if text in data.rows[0] else text


def _generation(exported: Exported) -> dict[str, Any]:
    """Settings of the requests."""
    settings = {**exported.request_settings}
    found = {"until": settings.pop("stop", []), "do_sample": settings.get("temperature", 0) > 0}
    found["max_gen_toks"] = settings.pop("max_tokens", _LENGTH)
    return {**found, **settings}


def _told(exported: Exported) -> Iterator[str]:
    """What differs, in sentences for the user."""
    settings, name = exported.record.settings, f"promptwire_{exported.name}"
    address = "model=NAME,base_url=http://HOST/v1/"
    if exported.pattern.mode == "chat":
        how = f"--model local-chat-completions --model_args {address}chat/completions --apply_chat_template"
    else:
        how = f"--model local-completions --model_args {address}completions,tokenizer_backend=None"
    yield f"in the folder: lm_eval run --tasks {name} --include_path . {how}"
    if settings.temperature is None:
        yield "lm-eval sends temperature 0 where the run sent none"
    if settings.max_tokens is None:
        yield f"lm-eval ends replies at {_LENGTH} tokens where the run gave no length: see max_gen_toks in {_TASK}"
    if len(settings.stop) > _STOPS:
        yield f"lm-eval sends the first {_STOPS} of {len(settings.stop)} texts to stop at"
    yield "lm-eval sends `seed: 1234` and a list of texts to stop at with each request"
