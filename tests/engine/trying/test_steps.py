"""The step of a path, and the step that uses a template."""

from __future__ import annotations

import pytest

from promptwire.documents import resources
from promptwire.errors import UsageError
from promptwire.language.check import load_graph
from promptwire.trying.steps import calling_step, steps_with_requests, template_file, user_of
from tests.sample_project import Project


def test_steps_inside_of_loops_and_pipelines_are_found_by_their_path() -> None:
    graph = load_graph("protegi")
    assert calling_step(graph, "search.expand.family.edits").type.name == "edit"
    assert "search.expand.family.edits" in steps_with_requests(graph)


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("search.edits", "did you mean"),
        ("search.expand", "steps with a request: search.expand."),
        ("search.expand.family.errors", "steps with a request"),
    ],
)
def test_a_path_without_a_request_is_an_error_that_lists_steps(path: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        calling_step(load_graph("protegi"), path)
    assert hint in caught.value.hint


def test_a_template_is_a_file_one_in_templates_or_a_shipped_one(project: Project) -> None:
    project.write("templates/own.j2", "Write. {{ n }}")
    own, shipped = template_file("own.j2"), template_file("ape/forward.j2")
    assert own is not None
    assert own.is_file()
    assert shipped == resources.template_path("ape/forward.j2")
    assert template_file("ape") is None
    with pytest.raises(UsageError, match="there is no shipped template"):
        template_file("ape/forwards.j2")


def test_the_step_that_uses_a_template_is_found_beside_it_or_among_the_shipped_pipelines(project: Project) -> None:
    template = project.write("templates/own.j2", "Write {{ n }}.\n{% for e in examples %}{{ e }}{% endfor %}")
    assert user_of(template) is None
    project.write(
        "own.yaml",
        "promptwire: 1\ninputs: {train: Examples}\nnodes:\n  ideas: {use: generate, examples: $train, template: own.j2}\n"
        "outputs: {prompts: $ideas}\n",
    )
    near, shipped = user_of(template), user_of(resources.template_path("opro/meta.j2"))
    assert near is not None
    assert near[1].path == "ideas"
    assert shipped is not None
    assert shipped[1].path == "search.ideas"
