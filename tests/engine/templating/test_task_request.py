"""Requests of prompts with placeholders: the same rendered alone or once per prompt, in every shipped template."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promptwire.documents import resources
from promptwire.templating.pair_rendering import PairRenderer
from promptwire.templating.task_request import TaskForm, shows_nothing
from promptwire.templating.template import Template, load_template
from promptwire.values import Example, Prompt
from promptwire.values.placeholders import WHOLE, Placeholders

SHIPPED = [name for name in resources.templates() if name.startswith("task/") and name != "task/judge.j2"]
FORM = TaskForm(("a", "b"), Placeholders.of("{text}", ("text", "input")))
DEMOS = ((), (Example(input="{text} i", outputs=("o",)),))
OWN = (
    "{{ prompt }}",
    "A {{ prompt }} B {{ example }}",
    "{% if prompt.text %}{{ prompt.text }}{% endif %} {{ labels | join }}",
    "{{ prompt.text }}\n",
)
TEXTS = st.lists(st.sampled_from(["{text}", "{{ text }}", "{input}", "\n", "{", "}}", "{% if %}", "x"]), max_size=6).map(
    "".join
)


def shown(template: Template, prompt: Prompt, example: Example) -> str:
    found = FORM.render(template, prompt, example)
    assert PairRenderer(template, FORM).render(prompt, example) == found
    return "\n".join(message.content for message in found.messages) + found.prompt


@pytest.mark.parametrize("name", SHIPPED)
def test_a_filled_prompt_is_sent_once_and_no_input_is_added(name: str) -> None:
    template = load_template(resources.template_path(name))
    assert shown(template, Prompt(text="Say {text}."), Example(input="VALUE")).strip("\n") == "Say VALUE."
    with_demos = shown(template, Prompt(text="Say {text}.", demos=DEMOS[1]), Example(input="VALUE"))
    assert with_demos.count("VALUE") == 1 and "Input: {text} i\nOutput: o" in with_demos


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(text=TEXTS, value=TEXTS, name=st.sampled_from(SHIPPED), demos=st.sampled_from(DEMOS))
def test_rendering_once_per_prompt_gives_the_same_text(text: str, value: str, name: str, demos: tuple[Example, ...]) -> None:
    template = load_template(resources.template_path(name))
    shown(template, Prompt(text=text, demos=demos), Example(input=value))


@pytest.mark.parametrize("source", OWN)
def test_in_a_template_of_ones_own_the_prompt_is_filled_in(tmp_path: Path, source: str) -> None:
    (tmp_path / "t.j2").write_text(source)
    template = load_template(tmp_path / "t.j2")
    assert "Say {{ x }} VALUE." in shown(template, Prompt(text="Say {{ x }} {text}."), Example(input="VALUE"))
    assert FORM.added(template, Example(input="VALUE")) == ((WHOLE,) if "example" in source else ())


@pytest.mark.parametrize(
    ("source", "added"),
    [
        ("{{ prompt }} {{ example }}", ("a", "b")),
        ("{{ prompt }} {{ input['b'] }}", ("b",)),
        ("{{ prompt }} {% for name, value in input.items() %}{{ name }}: {{ value | upper }}{% endfor %}", ("a", "b")),
        ("{{ prompt }} {{ input['c'] | int + 1 }}", ("a", "b")),
        ("{{ prompt }}", ()),
    ],
    ids=["all", "one", "changed", "failed", "none"],
)
def test_the_fields_that_a_template_shows_are_found(tmp_path: Path, source: str, added: tuple[str, ...]) -> None:
    (tmp_path / "t.j2").write_text(source)
    assert FORM.added(load_template(tmp_path / "t.j2"), Example(input={"a": "1", "b": "2"})) == added


def test_a_template_without_the_input_is_fine_only_for_prompts_that_hold_it() -> None:
    assert shows_nothing({"prompt"}) == "does not show the input"
    assert shows_nothing({"prompt"}, FORM.placeholders) == ""
    assert shows_nothing({"example"}, FORM.placeholders) == "does not show the prompt"
