"""What meta-prompts show of the request to the task model."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptwire.documents import resources
from promptwire.templating.task_prompt import asked_by
from promptwire.templating.task_request import TaskForm, shows_nothing
from promptwire.templating.template import load_template
from promptwire.values import Example, Prompt

PLAIN = Example(input="two", outputs=("2",))
FIELDS = Example(input={"question": "q", "context": "c"}, outputs=("a",))


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("task/chat.j2", "<INS>\n\nInput: two\nOutput:"),
        ("task/after.j2", "two\n\n<INS>"),
        ("task/answer.j2", "Q: two\nA: <INS>"),
        ("task/system.j2", "[system]\n<INS>\n\n[user]\ntwo"),
    ],
)
def test_the_tasks_own_template_says_where_the_prompt_stands(template: str, expected: str) -> None:
    asked = asked_by(load_template(resources.template_path(template)), PLAIN, TaskForm())
    assert asked("<INS>", PLAIN) == expected


def test_a_text_stands_for_an_input_and_demonstrations_are_shown() -> None:
    asked = asked_by(load_template(resources.template_path("task/chat.j2")), PLAIN, TaskForm())
    assert asked(Prompt(text="Say it."), "<input>") == "Say it.\n\nInput: <input>\nOutput:"
    assert asked(Prompt(text="Say it.", demos=(PLAIN,)), "<input>").count("Input: ") == 2


def test_inputs_with_fields_have_a_place_for_each(tmp_path: Path) -> None:
    (tmp_path / "t.j2").write_text("{{ prompt }} {{ input.context }} | {{ input.question }}")
    asked = asked_by(load_template(tmp_path / "t.j2"), FIELDS, TaskForm())
    assert asked("<INS>", "<input>") == "<INS> <context> | <question>"
    assert asked("<INS>", FIELDS) == "<INS> c | q"


def test_a_text_is_shown_as_it_is() -> None:
    asked = asked_by(load_template(resources.template_path("task/chat.j2")), PLAIN, TaskForm())
    assert asked("{{ prompt }} <input>", "{% raw %}").startswith("{{ prompt }} <input>\n\nInput: {% raw %}")


@pytest.mark.parametrize(
    ("read", "missing"),
    [
        ({"prompt", "example"}, ""),
        ({"prompt", "input", "labels"}, ""),
        ({"example"}, "does not show the prompt"),
        ({"prompt", "demos"}, "does not show the input"),
    ],
)
def test_a_task_template_has_to_show_prompt_and_input(read: set[str], missing: str) -> None:
    assert shows_nothing(read) == missing
