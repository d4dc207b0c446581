"""References in engine keys: settings, models, template, metric, model and parse."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptwire.backend import Request
from promptwire.errors import NodeError
from promptwire.graph.steps import CallStep
from promptwire.language.check import check, load_graph
from promptwire.planning.plan import make_plan
from tests.pipelines.search_runs import model, numbers, search, well_formed
from tests.sample_project import Project

VARY = "use: resample, prompts: $seed, n: 1, template: ape/paraphrase.j2"


def text(node: str = f"{{{VARY}}}", *, params: str = "{}", head: str = "", loop: str = "") -> str:
    body = f"  new: {node}\n"
    out = "$new"
    if loop:
        body = (
            f"  loop:\n    repeat: {loop}\n    carry: {{beam: {{start: $seed, next: $new}}}}\n    nodes:\n      new: {node}\n"
        )
        out = "$loop.beam"
    return f"promptwire: 1\ninputs: {{seed: Prompts, train: Examples}}\nparams: {params}\n{head}nodes:\n{body}outputs: {{prompt: {out}}}\n"


def errors(folder: Path, written: str) -> list[str]:
    (folder / "p.yaml").write_text(written)
    return [
        problem.message + (f" - {problem.hint}" if problem.hint else "")
        for problem in check(folder / "p.yaml").problems
        if not problem.warning
    ]


async def temperatures(folder: Path, written: str, **params: object) -> list[float | None]:
    """Temperatures of the requests of a run."""
    (folder / "p.yaml").write_text(written)
    asked: list[Request] = []

    def reply(request: Request, key: str) -> str:
        asked.append(request)
        return well_formed(request, key)

    await search(folder / "p.yaml", model(reply), numbers(2), params=params)
    return [request.settings.temperature for request in asked]


async def test_param_is_the_temperature_of_a_step_and_of_a_role(tmp_path: Path) -> None:
    step = text(f"{{{VARY}, settings: {{temperature: $heat}}}}", params="{heat: 0.25}")
    role = text(params="{heat: 0.25}", head="models: {meta: {temperature: $heat}}\n")
    for written in (step, role):
        assert await temperatures(tmp_path, written) == [0.25]
        assert await temperatures(tmp_path, written, heat=1) == [1.0]


async def test_loop_variable_and_value_of_the_run_change_the_temperature_from_round_to_round(tmp_path: Path) -> None:
    node = f"{{{VARY}, settings: {{temperature: $heat}}}}"
    assert await temperatures(tmp_path, text(node, loop="{heat: [1, 0.5]}")) == [1.0, 0.5]
    cooling = text(f"{{{VARY}, settings: {{temperature: $cool}}}}", loop="2")
    cooling = cooling.replace("      new:", "      cool: {use: calculate, template: cool.j2, with: {n: $round}}\n      new:")
    (tmp_path / "cool.j2").write_text("{{ 1 / n }}\n")
    assert await temperatures(tmp_path, cooling) == [1.0, 0.5]


async def test_value_of_the_run_that_is_no_temperature_names_the_step(tmp_path: Path) -> None:
    written = text(f"{{{VARY}, settings: {{temperature: $cool}}}}").replace(
        "  new:", "  cool: {use: calculate, template: cool.j2}\n  new:"
    )
    (tmp_path / "cool.j2").write_text("{{ -1 }}\n")
    with pytest.raises(NodeError, match=r"new .*temperature: Input should be greater than or equal to 0"):
        await temperatures(tmp_path, written)


async def test_inner_pipeline_samples_with_the_value_of_its_param(tmp_path: Path) -> None:
    inner = text(params="{heat: 0.1}", head="models: {meta: {temperature: $heat}}\n").replace(", train: Examples", "")
    (tmp_path / "inner.yaml").write_text(inner)
    outer = text("{use: ./inner.yaml, seed: $beam, heat: $hot}", loop="{hot: [0.75, 0.5]}")
    assert await temperatures(tmp_path, outer) == [0.75, 0.5]


@pytest.mark.parametrize(
    ("node", "params", "expected"),
    [
        ("settings: {temperature: $heat}", "{heat: -1}", "'temperature' is -1 (from $heat) - it must be at least 0"),
        ("settings: {temperature: $heat}", "{heat: warm}", "$heat is Text, but settings.temperature needs Float"),
        ("settings: {max_tokens: $seed}", "{}", "$seed is Prompts, but settings.max_tokens needs Int"),
        ("model: $role", "{role: metta}", "there is no role 'metta' (from $role) - did you mean 'meta'?"),
        ("parse: {line: $which}", "{which: middle}", "'line' can't be the text 'middle' (from $which) - one of: first, last"),
        ("parse: {tag: $mark, line: first}", "{mark: own}", "'parse': tag and line can't go together: choose one"),
        (
            "parse: {open: $mark, close: ']'}",
            "{mark: 3}",
            "'open' must be a text, not 3 (from $mark) - put it in quotes: \"3\"",
        ),
        ("parse: {open: $mrak, close: ']'}", "{}", "there is no 'mrak' here - names here: $new, $seed, $train"),
        ("parse: {open: $mark}", "{mark: '['}", "'parse': open and close go together"),
        ("template: $seed", "{}", "$seed is Prompts, but 'template' needs Text"),
    ],
)
def test_value_that_a_key_does_not_take_is_an_error(tmp_path: Path, node: str, params: str, expected: str) -> None:
    kept = VARY.replace(", template: ape/paraphrase.j2", "") if node.startswith("template") else VARY
    assert errors(tmp_path, text(f"{{{kept}, {node}}}", params=params)) == [expected]


def test_reply_length_that_only_the_run_knows_is_an_error(tmp_path: Path) -> None:
    written = text(f"{{{VARY}, settings: {{max_tokens: $long.whole}}}}").replace(
        "  new:", "  long: {use: calculate, template: long.j2}\n  new:"
    )
    (tmp_path / "long.j2").write_text("{{ 7 }}\n")
    (told,) = errors(tmp_path, written)
    assert told.startswith("settings.max_tokens is a setting, and $long.whole is known only during the run")


def test_every_template_that_a_loop_variable_names_is_checked(tmp_path: Path) -> None:
    (tmp_path / "odd.j2").write_text("{{ prompt }} {{ nothing }}\n")
    (told,) = errors(
        tmp_path, text("{use: resample, prompts: $beam, n: 1, template: $t}", loop="{t: [ape/paraphrase.j2, odd.j2]}")
    )
    assert "odd.j2 uses 'nothing', which node 'new' does not provide" in told


async def test_each_round_renders_the_template_that_its_variable_names(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.j2").write_text(f"This is {name}: {{{{ prompt }}}} Variation:\n")
    asked: list[str] = []

    def reply(request: Request, key: str) -> str:
        asked.append(request.messages[-1].content.partition(":")[0])
        return f"text {key}"

    (tmp_path / "p.yaml").write_text(text("{use: resample, prompts: $beam, n: 1, template: $t}", loop="{t: [one.j2, two.j2]}"))
    await search(tmp_path / "p.yaml", model(reply), numbers(2))
    assert asked == ["This is one", "This is two"]


@pytest.mark.parametrize(
    ("rule", "reply", "expected"),
    [
        ("{open: $mark, close: ']'}", "[one]", "one"),
        ("{open: $$(, close: ')'}", "$(two)", "two"),
        ("{open: $mark, close: $$}", "[three$", "three"),
    ],
)
async def test_marks_may_be_references_and_begin_with_a_dollar(tmp_path: Path, rule: str, reply: str, expected: str) -> None:
    (tmp_path / "p.yaml").write_text(text(f"{{{VARY}, parse: {rule}}}", params="{mark: '['}"))
    run = await search(tmp_path / "p.yaml", model(lambda request, key: reply), numbers(2))
    assert run.prompt.text == expected


async def test_rule_of_the_step_reads_the_reply_in_place_of_the_template_s(tmp_path: Path) -> None:
    for rule, expected in (("parse: {tag: own}", "mine"), ("parse: {tag: $mark}", "mine"), ("parse: {tag: other}", "yours")):
        (tmp_path / "p.yaml").write_text(text(f"{{{VARY}, {rule}}}", params="{mark: own}"))
        run = await search(tmp_path / "p.yaml", model(lambda request, key: "<own>mine</own> <other>yours</other>"), numbers(2))
        assert run.prompt.text == expected


def test_rule_that_takes_all_matches_makes_the_number_of_prompts_unknown(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(
        text(f"{{{VARY}, parse: {{tag: own, all: true}}}}")
        .replace("prompt: $new", "prompt: $next")
        .replace("outputs", "  next: {use: resample, prompts: $new, n: 1, template: ape/paraphrase.j2}\noutputs")
    )
    found = {step.path: step for step in make_plan(load_graph(tmp_path / "p.yaml"), numbers(2)).steps}
    assert (found["new"].most, found["next"].most) == (1, None)


def test_role_and_metric_of_a_param_are_those_of_the_step(project: Project) -> None:
    graph = project.graph(
        "promptwire: 1\ninputs: {seed: Prompts, train: Examples}\nparams: {role: judge, by: contains}\n"
        "nodes: {scores: {use: grade, prompts: $seed, on: $train, model: $role, metric: $by}}\noutputs: {a: $scores}\n"
    )
    step = graph.steps["scores"]
    assert isinstance(step, CallStep) and step.asking
    assert (step.asking.role, step.asking.metric) == ("judge", "contains")
