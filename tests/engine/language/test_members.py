"""Ports of type Members: their type is that of what is wired."""

from __future__ import annotations

import pytest

from promptwire.bounds import Extent
from promptwire.graph.port_types import fits, name_of, set_of, type_of
from promptwire.graph.steps import CallStep
from promptwire.language.check import check
from promptwire.planning.graph_walk import count_calls
from promptwire.values import Examples, Families, History, Members, Prompt, Prompts
from promptwire.values.members import MembersPort
from tests.sample_project import Project

FRAME = """
promptwire: 1
inputs: {seed: Prompts, train: Examples}
nodes:
"""
END = """
  best: {use: beam-select, prompts: $seed, on: $train, keep: 1}
outputs: {prompt: $best, other: $%s}
"""


def problems(project: Project, nodes: str, output: str = "some") -> list[str]:
    """The messages of a check of `nodes`."""
    project.write("p.yaml", FRAME + nodes + END % output)
    return [problem.message for problem in check("p.yaml").problems]


@pytest.fixture
def project(tmp_path, monkeypatch) -> Project:
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path)


def test_the_annotation_is_a_port_type_with_and_without_none() -> None:
    assert type_of(Members) is type_of(Members | None) is MembersPort
    assert name_of(Members) == "Members"
    assert [fits(kind, MembersPort) for kind in (Prompt, Families, History, list, int)] == [True, True, True, True, False]
    assert (set_of(Prompt), set_of(Examples), set_of(str)) == (Prompts, Examples, None)


@pytest.mark.parametrize(
    ("wire", "kind"), [("$seed", Prompts), ("$train", Examples), ("[$seed, $seed]", Prompts), ("[a, b]", list)]
)
def test_an_output_has_the_type_of_what_is_wired(project: Project, wire: str, kind: type) -> None:
    project.write("p.yaml", FRAME + f"  some: {{use: take, of: {wire}, n: 2}}\n" + END % "some.rest")
    checked = check("p.yaml")
    assert checked.graph is not None, checked.problems
    step = checked.graph.steps["some"]
    assert isinstance(step, CallStep)
    assert (step.members, step.outputs, checked.graph.types["other"]) == (kind, {"members": kind, "rest": kind}, kind)


def test_an_output_is_refused_where_its_type_does_not_fit(project: Project) -> None:
    nodes = "  some: {use: take, of: $train}\n  more: {use: resample, prompts: $some, template: ape/paraphrase.j2}\n"
    assert problems(project, nodes, "more") == ["$some is Examples, but 'prompts' of resample needs Prompts"]


@pytest.mark.parametrize(
    ("wire", "message"),
    [
        ("[$seed, $train]", "'of' of take takes a set of one type, but $seed is Prompts, $train is Examples"),
        ("3", "3 is Int, but 'of' of take needs Members"),
        ("seed", "'seed' is Text, but 'of' of take needs Members"),
    ],
)
def test_a_wire_without_one_type_of_set_is_refused(project: Project, wire: str, message: str) -> None:
    assert message in problems(project, f"  some: {{use: take, of: {wire}}}\n")


def test_a_faulty_wire_brings_no_second_error_about_its_outputs(project: Project) -> None:
    nodes = "  some: {use: take, of: $sed}\n  more: {use: resample, prompts: $some, template: ape/paraphrase.j2}\n"
    assert problems(project, nodes, "more") == ["there is no 'sed' here"]


def test_a_plan_knows_the_size_behind_it(project: Project) -> None:
    nodes = "  some: {use: take, of: $train, n: 3}\n  more: {use: evaluate, prompts: $seed, on: $some}\n"
    project.write("p.yaml", FRAME + nodes + END % "more")
    graph = check("p.yaml").graph
    assert graph is not None
    assert count_calls(graph, {"seed": Extent.exactly(2), "train": Extent.exactly(9)})["more"].scores == Extent.exactly(6)


FACTS = """
  some: {use: %s, of: %s, template: t.j2%s}
"""


@pytest.mark.parametrize(
    ("use", "of", "keys", "template", "found"),
    [
        ("rank", "$seed", "", "{{ item.marks.visits + length }}", []),
        ("rank", "$seed", "", "{{ score }}", ["template t.j2 reads 'score', which needs 'scores' or 'log'"]),
        ("where", "$train", "", "{{ item.output == 'x' }}", []),
        ("where", "$train", "", "{{ item.parents }}", ["Example has no 'parents' - it has:"]),
        ("where", "$train", "", "{{ prompt.text }}", ["'None' has no attribute 'text'"]),
        ("mark", "$seed", ", name: visits", "{{ mark + 1 }}", []),
        ("mark", "$seed", ", name: Visits", "{{ mark + 1 }}", ["'Visits' is no name"]),
        ("mark", "[a, b]", ", name: visits", "{{ mark }}", ["'of' of mark takes Prompts, Examples or Critiques, not List"]),
        ("rank", "$seed", ", with: {number: 3}", "{{ number }}", ["rank already gives its template 'number'"]),
    ],
)
def test_a_template_of_members_is_checked_with_a_member_of_the_right_type(
    project: Project, use: str, of: str, keys: str, template: str, found: list[str]
) -> None:
    project.write("t.j2", template)
    messages = [one for one in problems(project, FACTS % (use, of, keys)) if "never used" not in one]
    assert len(messages) == len(found), messages
    assert all(wanted in message for wanted, message in zip(found, messages, strict=True)), messages


@pytest.mark.parametrize(
    ("template", "warned"),
    [
        ("{{ item.marks.total / item.marks.visits }}", True),
        ("{{ item.marks.total / item.marks.visits if item.marks.visits else 0 }}", False),
        ("{{ 1 / (parents | map(attribute='marks.visits') | sum) if parents else 0 }}", True),
    ],
)
def test_a_template_that_fails_where_no_mark_is_set_is_warned_of(project: Project, template: str, warned: bool) -> None:
    project.write("t.j2", template)
    assert any("with no mark set" in one for one in problems(project, FACTS % ("rank", "$seed", ""))) == warned


def test_members_of_scores_have_scores_without_a_wire(project: Project) -> None:
    project.write("t.j2", "{{ score }}")
    nodes = "  graded: {use: evaluate, prompts: $seed, on: $train}\n" + FACTS % ("rank", "$graded", "")
    assert problems(project, nodes) == []
