"""A template that is named without a step."""

from __future__ import annotations

import pytest

from promptwire.documents import resources
from promptwire.errors import UsageError
from promptwire.tasks.task import load_task
from promptwire.trying.template import try_template
from tests.sample_project import Project


def test_a_template_is_rendered_as_the_step_that_uses_it_would() -> None:
    (tried,) = try_template(resources.template_path("opro/meta.j2"), load_task("sums"))
    assert (tried.step, tried.node) == ("search.ideas", "generate")


def test_a_task_template_is_rendered_with_the_initial_prompt_and_an_example() -> None:
    (tried,) = try_template(resources.template_path("task/after.j2"), load_task("sums"), reply="x")
    assert (tried.step, tried.role, tried.real[1]) == ("", "task", "example")
    assert tried.read is not None
    assert tried.read.value == 0.0


def test_a_rubric_is_rendered_with_a_made_up_answer(project: Project) -> None:
    (tried,) = try_template(project.write("own.j2", "Grade {{ answer }} against {{ outputs | join }}."), None)
    assert (tried.role, tried.made_up) == ("judge", ("answer",))


def test_variables_of_no_known_step_are_an_error_that_names_them(project: Project) -> None:
    with pytest.raises(UsageError) as caught:
        try_template(project.write("own.j2", "{{ critique }} {{ extra }}"), None)
    assert "(critique, extra)" in caught.value.hint
