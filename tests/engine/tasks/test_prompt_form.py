"""Placeholders of a task, templates that are lists of messages, and what a plan says of both."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from promptwire.errors import PipelineError, UsageError
from promptwire.results.provenance import fingerprint
from promptwire.tasks.given_task import make_task
from promptwire.tasks.task import Task, load_task
from promptwire.values.placeholders import Placeholders

ROWS = [{"text": f"t{n}", "kind": "x", "output": "a"} for n in range(4)]
FIELDS = [{"title": f"t{n}", "body": f"b{n}", "output": "a"} for n in range(4)]


def one(prompt: Any, **keys: Any) -> Task:
    return make_task(ROWS, prompt=prompt, **{"columns": {"input": "text"}, **keys})


def two(prompt: Any, **keys: Any) -> Task:
    return make_task(FIELDS, prompt=prompt, **{"columns": {"input": ["title", "body"]}, **keys})


def sent(task: Task) -> list[tuple[str, str]]:
    example = next(one for one in task.train.items)
    rendered = task.form.render(task.load_template(), task.prompts.items[0], example)
    shown = [(message.role, message.content) for message in rendered.messages] or [("", rendered.prompt)]
    number = example.text.partition("t")[2][:1] if isinstance(example.input, str) else example.input["title"][1:]
    return [(role, text.replace(f"t{number}", "T").replace(f"b{number}", "B")) for role, text in shown]


@pytest.mark.parametrize(
    ("task", "messages"),
    [
        (one("Label {text}."), [("user", "Label T.")]),
        (one("Label {{text}}, {input}."), [("user", "Label T, T.")]),
        (one("Label {text}.", template="task/system.j2"), [("user", "Label T.")]),
        (one("Label {text}.", template="task/after.j2"), [("user", "Label T.")]),
        (one("Label {text}.", template="task/completion.j2"), [("", "Label T.")]),
        (one("Label {text}.", template="task/answer.j2"), [("", "Label T.")]),
        (one("Label {text}.", placeholders=[]), [("user", "Label {text}.\n\nInput: T\nOutput:")]),
        (one("Label it: {label}."), [("user", "Label it: {label}.\n\nInput: T\nOutput:")]),
        (two("Is {body} about {title}?"), [("user", "Is B about T?")]),
        (two("Read: {input}"), [("user", "Read: title: T\nbody: B")]),
        (two("{title} {body}", placeholders=["title"]), [("user", "T {body}")]),
        (
            one("Label {text}.", template=[{"role": "system", "content": "S"}, {"role": "user", "content": "{{ prompt }}"}]),
            [("system", "S"), ("user", "Label T.")],
        ),
        (
            one("P", template=[{"role": "system", "content": "{{ prompt }}\n"}, "turns"]),
            [("system", "P"), ("user", "T")],
        ),
    ],
)
def test_the_request_is_the_filled_prompt_or_the_template_as_it_is(task: Task, messages: list[tuple[str, str]]) -> None:
    assert sent(task) == messages


@pytest.mark.parametrize(
    ("task", "note"),
    [
        (one("Label {text}."), "placeholders: {text}; the input is filled in there and not added to the prompt"),
        (one("Label {text}."), 'the task model gets, for the first example: "user: Label t'),
        (
            one("Label {txt}."),
            "warning: the prompt mentions {txt}, which is no field of the input and stays as it is; did you mean {text}?",
        ),
        (
            one("Label { text }."),
            "warning: the prompt mentions { text }, which is no field of the input and stays as it is; write {text}",
        ),
        (one("Label {text} as {kind}."), "'kind' is another column of the data: name it under `columns: {input: [...]}`"),
        (two("Is {title} new?"), "warning: no prompt has {body}: that field of the input is not sent"),
        (
            one("Label {text}.", template=[{"role": "user", "content": "{{ prompt }} {{ example }}"}]),
            "adds the input to a prompt that holds {text}: the model gets it twice",
        ),
    ],
)
def test_a_plan_says_what_is_filled_in_and_what_is_not(task: Task, note: str) -> None:
    assert any(note in found for found in task.notes), task.notes


def test_a_field_that_only_the_template_shows_is_neither_missing_nor_sent_twice() -> None:
    task = two(
        "About {title}.",
        template=[{"role": "system", "content": "{{ prompt }}"}, {"role": "user", "content": "{{ input.body }}"}],
    )
    assert sent(task) == [("system", "About T."), ("user", "B")]
    assert not any("warning" in note for note in task.notes), task.notes


@pytest.mark.parametrize("first", [{"a": "1"}, {"a": "1", "b": "2"}])
def test_examples_without_a_field_that_the_prompt_has_are_counted(first: dict[str, str]) -> None:
    inputs = [first, {"a": "2"}, {"a": "3", "b": "3"}, {"a": "4", "b": ""}]
    task = make_task([{"input": one, "output": "x"} for one in inputs], prompt="{a} or {b}")
    lacking = sum("b" not in one for one in inputs)
    assert task.placeholders.kept == ("{a}", "{b}")
    assert any(f"{lacking} of 4 examples have no field 'b': the model gets {{b}}" in note for note in task.notes), task.notes
    assert not any("no field 'a'" in note for note in task.notes)


@pytest.mark.parametrize("prompt", ["Label it.", 'Reply {"a": 1}.', r"Write \frac{a}{b}.", "Say {1}.", ""])
def test_a_task_without_names_in_braces_has_no_such_notes(prompt: str) -> None:
    task = one(prompt)
    assert task.told == () and not any("prompt" in note for note in task.notes)


@pytest.mark.parametrize(
    ("prompt", "keys", "problem"),
    [
        (["Label {text}.", "Label it."], {}, "initial prompt 2 has no placeholder {text}"),
        ("Label {text}.", {"placeholders": ["txt"]}, "the input has no field 'txt'"),
        ("Label it.", {"placeholders": ["text"]}, "no initial prompt has {text}"),
    ],
)
def test_placeholders_that_do_not_fit_the_prompts_are_refused(prompt: Any, keys: Any, problem: str) -> None:
    with pytest.raises(UsageError) as refused:
        one(prompt, **keys)
    assert problem in str(refused.value)


def test_placeholders_that_do_not_fit_name_their_line_in_the_task_file(tmp_path: Path) -> None:
    (tmp_path / "d.jsonl").write_text('{"input": "a", "output": "b"}\n{"input": "c", "output": "d"}\n')
    path = tmp_path / "t.yaml"
    path.write_text('data: {train: d.jsonl}\nprompt: ["Label {input}.", Label it.]\n')
    with pytest.raises(UsageError, match="initial prompt 2 has no placeholder") as refused:
        load_task(str(path))
    assert refused.value.where == f"{path}:2:9"


def test_conversations_with_different_system_messages_have_no_initial_prompt_and_the_error_says_why(tmp_path: Path) -> None:
    path = tmp_path / "chats.jsonl"
    chats = [[("system", first), ("user", "Hi"), ("assistant", "Yo")] for first in "ab"]
    rows = [{"messages": [{"role": role, "content": text} for role, text in chat]} for chat in chats]
    path.write_text("\n".join(map(json.dumps, rows)))
    with pytest.raises(UsageError, match="not all begin with the same"):
        load_task(str(path))


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ([{"role": "user", "content": "{{ prompt"}], "Jinja"),
        ([{"role": "user", "content": "a\n--- user ---\nb"}], "starts a message"),
        ([{"role": "tool", "content": "a"}], "role"),
        ([], "at least one message"),
        (["turns", "turns"], "two places"),
    ],
)
def test_a_list_of_messages_that_is_no_template_is_refused(template: Any, problem: str) -> None:
    with pytest.raises(PipelineError) as refused:
        one("P", template=template)
    assert problem in str(refused.value)


def test_a_list_of_messages_in_a_file_names_its_line(tmp_path: Path) -> None:
    (tmp_path / "d.jsonl").write_text('{"input": "a", "output": "b"}\n{"input": "c", "output": "d"}\n')
    path = tmp_path / "t.yaml"
    path.write_text('prompt: P\ndata: {train: d.jsonl}\ntemplate:\n- {role: user, content: "{% if %}"}\n')
    with pytest.raises(PipelineError) as refused:
        load_task(str(path))
    assert refused.value.problems[0].location.line == 4


def test_a_task_without_placeholders_is_the_same_task_as_in_a_bundle_of_earlier_versions() -> None:
    """Its fingerprint is that in a bundle of docs/results: no new key of a task counts where it is not used."""
    (path,) = (Path(__file__).parents[3] / "docs" / "results").glob("antonyms-ape-0.bundle.jsonl.gz")
    with gzip.open(path, "rt") as file:
        origin = json.loads(file.readline())["origin"]
    assert fingerprint(load_task(origin["task"], origin["changes"])) == origin["fingerprint"]
    assert one("Label it.").placeholders == Placeholders()
    assert fingerprint(one("Label it.")) != fingerprint(one("Label it {text}."))
