"""`promptwire check` with the params, patches and task of a run."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from promptwire.cli.app import app


def checked(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["check", *words])
    return done.exit_code, done.output


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["-p", "steps=2"], 0, "opro: ok"),
        (["-p", "stepz=2"], 2, "did you mean 'steps'?"),
        (["-p", "steps=-1"], 2, "-p steps=-1"),
        (["--set", "search.ideas.n=0"], 2, "--set search.ideas.n=0"),
        (["--set", "search.ideas.n=4"], 0, "opro: ok"),
    ],
)
def test_params_and_patches_are_checked_as_in_a_run(words: list[str], code: int, said: str) -> None:
    found, output = checked("opro", *words)
    assert (found, said in output) == (code, True)


def test_a_task_is_bound_to_each_pipeline() -> None:
    code, output = checked("opro", "pe2", "--task", "planted")
    assert code == 0
    assert "opro on planted: ok\n  1 initial prompt; train " in output
    assert "pe2 on planted: ok\n  1 initial prompt; train " in output


def test_a_task_that_does_not_fit_is_an_error_with_a_code() -> None:
    code, output = checked("opro", "--task", "sums", "--metric", "choice", "--json")
    assert code == 2
    assert [problem["code"] for problem in json.loads(output)] == ["task-metric"]
