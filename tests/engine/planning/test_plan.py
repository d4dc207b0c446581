"""Plan compared with its run: never fewer calls than were made, and equal where it is exact."""

from __future__ import annotations

from typing import Any

import pytest

from promptwire.documents import resources
from promptwire.language.check import load_graph
from promptwire.planning.plan import make_plan
from promptwire.planning.step_plan import Known
from tests.pipelines.search_runs import mixed, model, numbers, search, well_formed

WHOLE = [name for name in resources.pipelines() if not name.endswith("-expand")]
SMALL: dict[str, dict[str, Any]] = {
    "ape-protegi-opro": {"rounds": 2},
    "capo": {"steps": 6},
    "evoprompt-de": {"steps": 4},
    "evoprompt-ga": {"steps": 4},
    "opro": {"steps": 3},
    "opro-hard": {"steps": 3},
    "erm": {"rounds": 3},
    "promptagent": {"iterations": 4},
    "promptbreeder": {"population": 5, "generations": 3},
    "protegi": {"rounds": 2, "pulls": 300},
    "protegi-repo": {"rounds": 2},
    "relay": {"rounds": 1, "steps": 2, "pulls": 60},
    "textgrad": {"updates": 4},
    "textgrad-momentum": {"updates": 4},
}


@pytest.mark.parametrize("reply", [well_formed, mixed], ids=["distinct", "mixed"])
@pytest.mark.parametrize("name", WHOLE)
async def test_steps_of_shipped_pipelines_stay_within_the_plan(name: str, reply: Any) -> None:
    params, task = SMALL.get(name, {}), numbers(12, dev=12)
    found = make_plan(load_graph(name, params=params), task)
    run = await search(name, model(reply), task, params=params)
    planned = {step.path: step for step in found.steps}
    for path, count in run.session.gateway.usage.steps.items():
        asked = count.new + count.cached + count.failed
        assert planned[path].most is not None
        assert planned[path].least <= asked <= planned[path].most, path
    total, whole = found.total.most, sum(step.most or 0 for step in found.steps)
    assert total is not None
    assert total < whole if any("exclude each other" in note for note in found.notes) else total == whole
    assert run.calls <= total


@pytest.mark.parametrize("policy", ["top", "uniform", "ucb", "ucb-e", "successive-rejects", "successive-halving"])
@pytest.mark.parametrize("pulls", [1, 7, 50, 1000])
async def test_every_selection_policy_stays_within_its_plan(policy: str, pulls: int) -> None:
    params, sets = {"rounds": 1}, {"search.select.policy": policy, "search.select.pulls": str(pulls)}
    found = make_plan(load_graph("protegi", params=params, patches=sets), numbers(30))
    run = await search("protegi", model(mixed), numbers(30), params=params, sets=sets)
    (step,) = [step for step in found.steps if step.path == "search.select"]
    count = run.session.gateway.usage.of("search.select")
    assert step.most is not None
    assert step.least <= count.new + count.cached <= step.most


async def test_exact_bound_equals_the_number_of_calls() -> None:
    found = make_plan(load_graph("ape", params={"draws": 3, "n": 4}), numbers(40))
    run = await search("ape", model(mixed), numbers(40), params={"draws": 3, "n": 4})
    (proposals,) = [step for step in found.steps if step.path == "proposals"]
    assert proposals.exact
    assert run.counted("proposals")[1] == proposals.most == 12


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("copro", {"search.ideas": 29, "first": 40, "search.scores": 29 * 40}),
        ("evoprompt-ga", {"search.children": 100, "search.graded": 100 * 20}),
        ("evoprompt-de", {"search.children": 100, "search.graded": 100 * 20}),
        ("textgrad", {"search.forward": 36, "search.backward.said": 36, "search.backward.blamed": 36, "search.child": 12}),
        ("gepa", {"first": 20, "search.before": 72, "search.after": 72, "search.grown": 24 * 20}),
        (
            "capo",
            {
                "first": 10 * 4,
                "search.fittest": (10 + 20 * 4) * 36,
                "search.crossed": 80,
                "search.mutated": 80,
                "search.offspring": 80,
            },
        ),
        ("spo", {"first": 3, "search.idea": 9, "search.tried": 9 * 3, "search.judged": 9 * 4, "report": 2 * (4 + 40)}),
        ("ampo", {"first": 20, "search.graded": 5 * 40, "search.causes": 25, "search.found": 5, "search.tried": 5 * 3 * 20}),
        ("ape", {"proposals": 50, "survivors": 51 * 10 + 26 * 20 + 13 * 10}),
    ],
)
def test_upper_bound_equals_the_formula_of_the_paper(name: str, asked: dict[str, int]) -> None:
    """With 40 train examples, of which CAPO uses 4 as demonstrations, and 20 dev examples."""
    steps = {step.path: step.most for step in make_plan(load_graph(name), numbers(40, dev=20)).steps}
    assert {path: steps[path] for path in asked} == asked
    assert name != "ape" or "best" not in steps


def test_judge_may_be_called_for_every_answer() -> None:
    task = numbers(10)
    plain = make_plan(load_graph("opro", params={"steps": 1}), task).steps[0]
    rubric = str(resources.template_path("task/judge.j2"))
    judged = make_plan(
        load_graph("opro", params={"steps": 1}), task.model_copy(update={"metric": "judge", "rubric": rubric})
    ).steps[0]
    assert (plain.least, plain.most) == (2, 2)
    assert (judged.least, judged.most) == (2, 4)


def test_plan_includes_the_held_out_comparison() -> None:
    """Two prompts on 4 test and 10 train examples; one prompt when the initial one stays the best."""
    report = make_plan(load_graph("ape"), numbers(10)).steps[-1]
    assert (report.path, report.least, report.most) == ("report", 14, 28)


def test_plan_counts_several_answers_to_each_held_out_example() -> None:
    report = make_plan(load_graph("ape"), numbers(10), Known(repeats=3)).steps[-1]
    assert (report.least, report.most) == (3 * 4 + 10, 2 * (3 * 4 + 10))


def test_plan_shows_the_pipelines_own_limit() -> None:
    assert make_plan(load_graph("ape", patches={"limits": "{calls: 77}"}), numbers(10)).limit == 77
