"""The request of a step: what a run sends, with real examples, and what is marked as made up."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from promptwire.documents import resources
from promptwire.errors import UsageError
from promptwire.language.check import load_graph
from promptwire.tasks.task import load_task
from promptwire.trying.request import Tried, bounds_of, try_step
from promptwire.trying.steps import steps_with_requests
from tests.sample_project import Project


def text_of(tried: Tried) -> str:
    return "".join(text for _, text in tried.parts)


@pytest.mark.parametrize("pipeline", resources.pipelines())
def test_every_step_of_a_shipped_pipeline_has_its_request(pipeline: str) -> None:
    graph, task = load_graph(pipeline), load_task("sums")
    bounds = bounds_of(graph, task)
    for path in steps_with_requests(graph):
        for tried in try_step(graph, path, task, bounds_by_path=bounds):
            assert text_of(tried), path
            assert tried.awaited


def test_variables_are_listed_as_real_or_made_up() -> None:
    (ideas,) = try_step(load_graph("opro"), "search.ideas", load_task("sums"))
    assert ideas.real == ("examples (3)",)
    assert ideas.made_up == ("history (20)",)
    assert "‹prompt 1›" in text_of(ideas)
    assert load_task("sums").prompts.items[0].text in text_of(ideas)


def test_params_change_the_request_as_in_a_run() -> None:
    graph = load_graph("opro", params={"shown": "2", "exemplars": "1"})
    (ideas,) = try_step(graph, "search.ideas", load_task("sums"))
    assert (ideas.real, ideas.made_up) == (("examples (1)",), ("history (2)",))


def test_the_settings_are_those_of_the_step_over_its_template() -> None:
    patched = load_graph("opro", patches={"search.ideas.settings": {"temperature": 0.25}})
    request = try_step(patched, "search.ideas", None)[0].request
    assert request is not None
    assert request.settings.temperature == 0.25


def test_a_scoring_step_shows_the_request_and_the_value_of_a_reply() -> None:
    task = load_task("sums")
    (asked,) = try_step(load_graph("opro"), "first", task)
    expected = next(one.output for one in task.train.items if one.text in text_of(asked))
    (read,) = try_step(load_graph("opro"), "first", task, reply=expected)
    assert read.read is not None
    assert read.read.value == 1.0
    assert f"compares it with {expected!r}" in asked.awaited


def test_another_seed_shows_other_examples() -> None:
    graph, task = load_graph("opro"), load_task("sums")
    assert len({text_of(try_step(graph, "first", task, seed=seed)[0]) for seed in range(4)}) > 1


def test_without_a_task_all_is_made_up_and_scoring_needs_one() -> None:
    (ideas,) = try_step(load_graph("opro"), "search.ideas", None)
    assert ideas.real == ()
    assert ideas.made_up == ("examples (3)", "history (20)")
    with pytest.raises(UsageError, match="no task is given"):
        try_step(load_graph("opro"), "first", None)


def test_a_label_task_asks_for_the_likeliest_label_and_a_judge_task_asks_the_judge_too(project: Project) -> None:
    (label,) = try_step(load_graph("opro"), "first", load_task("sentiment"))
    assert label.request is not None
    assert (label.request.kind, label.request.options) == ("choose", ("positive", "negative"))
    project.write("train.jsonl", '{"input": "a", "output": "b"}\n' * 1 + '{"input": "c", "output": "d"}\n')
    project.write("rubric.j2", "---\nparse: {tag: grade}\n---\nGrade {{ answer }} for {{ example }}: <grade>1</grade>")
    project.write(
        "task.yaml", "promptwire: 1\ntask: t\nprompt: Do.\ndata: {train: train.jsonl}\nmetric: judge\nrubric: rubric.j2\n"
    )
    scored, judged = try_step(load_graph("opro"), "first", load_task("task.yaml"))
    assert (scored.role, judged.role, judged.made_up) == ("task", "judge", ("answer",))
    assert "‹answer 1›" in text_of(judged)
    assert "Grade good for" in text_of(try_step(load_graph("opro"), "first", load_task("task.yaml"), reply="good")[1])


def test_a_second_turn_says_that_it_continues_a_conversation() -> None:
    (edit,) = try_step(load_graph("pe2"), "search.edits", None)
    assert "continues the conversation" in edit.notes[0]


def test_the_request_of_a_run_is_the_one_shown_where_nothing_is_made_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step whose values are all known: the first request of a real run has the same text but for the draw of examples."""
    import promptwire

    monkeypatch.chdir(tmp_path)
    options = promptwire.Options(models={"task": "scripted:planted"}, params={"draws": "1", "n": "1", "rounds": "0"})
    report = asyncio.run(promptwire.run_async("ape", "planted", options))
    run = promptwire.Run.open(Path(report.run))
    sent = "".join(content for _, content in run.asked("proposals")[0].messages)
    (shown,) = try_step(load_graph("ape"), "proposals", load_task("planted"))
    first, last = sent.split("Input:")[0], sent.split("\n")[-1]
    assert text_of(shown).startswith(first)
    assert text_of(shown).endswith(last)
    assert sent.count("Input:") == text_of(shown).count("Input:")


def test_a_text_without_a_model_is_shown_with_what_is_read_out_of_it_and_draws_are_repeatable(project: Project) -> None:
    project.write("templates/k.j2", "{{ (a | length) * 2 + choice([1, 2]) * 0 }}")
    project.write(
        "own.yaml",
        "promptwire: 1\ninputs: {seed: Prompts}\nnodes:\n  a: {use: resample, prompts: $seed, template: ape/paraphrase.j2, n: 2}\n"
        "  c: {use: calculate, template: k.j2, with: {a: $a}}\noutputs: {prompts: $a, value: $c}\n",
    )
    first, again = (try_step(load_graph("own.yaml"), "c", load_task("sums"))[0] for _ in range(2))
    assert (first.role, first.made_up, first) == ("", ("a (2)",), again)
    assert first.read is not None
    assert first.read.answers == ("4",)


def test_companions_and_marks_of_prompts_are_made_up_by_the_names_that_a_template_reads(project: Project) -> None:
    project.write("templates/k.j2", "{{ prompt.companions.mutation }}: {{ prompt }} {{ prompt.marks.visits }}")
    project.write(
        "own.yaml",
        "promptwire: 1\ninputs: {seed: Prompts}\nnodes:\n  a: {use: resample, prompts: $seed, template: k.j2, n: 2}\n"
        "outputs: {prompts: $a}\n",
    )
    (tried,) = try_step(load_graph("own.yaml"), "a", load_task("sums"))
    assert text_of(tried) == "‹companion mutation›: Work out the result. 1.0"
    assert tried.made_up == ("companion mutation", "mark visits")


def test_a_template_over_members_gets_a_member_of_the_wired_type() -> None:
    (yes,) = try_step(load_graph("promptagent"), "search.select.below", load_task("sums"))
    assert (yes.role, yes.request) == ("", None)
    assert "item" in yes.made_up
