"""Warnings about steps that follow from sizes and params."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import promptwire
from promptwire.cli.app import app
from promptwire.language.check import load_graph
from promptwire.planning.step_warnings import step_warnings

FEW = "70 pulls in batches of 32 reach 3 of up to 10 prompts, the others are never scored"
HINT = "write batch: 7 or pulls: 320"


def warned(*words: str) -> list[tuple[str, str]]:
    done = CliRunner().invoke(app, ["check", *words, "--json"])
    assert done.exit_code == 0
    return [(each["message"], each["hint"]) for each in json.loads(done.output) if each["code"] == "few-pulls"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["protegi-small"], [(FEW, HINT)]),
        (["protegi-small", "--set", "search.select.batch=7"], []),
        (["protegi-small", "-p", "pulls=320"], []),
        (["protegi-small", "--set", "search.select.policy=successive-rejects"], []),
        (["protegi"], []),
        (["protegi-small", "opro", "protegi-small"], [(FEW, HINT)]),
    ],
)
def test_check_warns_when_some_prompts_are_never_scored(words: list[str], expected: list[tuple[str, str]]) -> None:
    assert warned(*words) == expected


def test_with_a_task_check_and_plan_know_its_sizes() -> None:
    assert warned("protegi-small", "--task", "planted") == [(FEW, HINT)]
    plan = promptwire.plan("protegi-small", "planted", promptwire.Options(models={"task": "scripted:planted"}))
    assert f"warning: search.select: {FEW}; {HINT}" in plan.notes


def test_more_initial_prompts_or_fewer_examples_change_what_is_said() -> None:
    graph = load_graph("protegi-small", params={"pulls": "70"})
    assert step_warnings(graph, {"seed": 1, "train": 7}) == []  # a batch is no larger than the examples
    assert [each.message for each in step_warnings(graph, {"seed": 1, "train": 30})] == [FEW.replace("of 32", "of 30")]


def test_a_param_without_a_value_is_no_error_of_check_but_of_a_task_with_it(tmp_path: Path) -> None:
    text = (
        "promptwire: 1\ninputs: {seed: Prompts, train: Examples}\nparams: {n: {type: int}}\nnodes:\n"
        "  x: {repeat: $n, carry: {b: {start: $seed, next: $best.prompts}}, nodes: "
        "{best: {use: beam-select, prompts: $b, on: $train}}}\noutputs: {prompts: $x.b}\n"
    )
    (tmp_path / "p.yaml").write_text(text, encoding="utf-8")
    path = str(tmp_path / "p.yaml")
    assert CliRunner().invoke(app, ["check", path]).output == f"{path}: ok\n"
    done = CliRunner().invoke(app, ["check", path, "--task", "planted"])
    assert (done.exit_code, "the param 'n' is not set - give it: -p n=VALUE" in done.output) == (2, True)
    assert CliRunner().invoke(app, ["check", path, "--task", "planted", "-p", "n=2"]).exit_code == 0
