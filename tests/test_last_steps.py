"""How a search that is paid for ends: its best prompt is kept and shown, whatever happens to the comparison after it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from promptwire.api import run
from promptwire.errors import ModelUnavailable, RequestRefused, RunError, UsageError
from promptwire.gateway.retry import RetryPolicy
from promptwire.options import Options
from tests.openai_server import Fault, Server, refused

SEARCH = """
promptwire: 1
inputs: {seed: Prompts, train: Examples}
models: {task: {max_tokens: 7}}
nodes:
  ideas: {use: resample, prompts: $seed, template: ape/resample.j2, n: 2}
  best:  {use: beam-select, prompts: [$seed, $ideas], on: $train, keep: 1}
outputs: {prompt: $best}
"""
TWICE = """
promptwire: 1
inputs: {seed: Prompts, train: Examples}
nodes:
  one: {use: ./search.yaml, seed: $seed, train: $train}
  two: {use: ./search.yaml, seed: $one, train: $train}
outputs: {prompt: $two}
"""
TASK = {"prompt": "Say it.", "metric": "contains"}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two pipelines and a task, of which a better prompt than the initial one gets all right."""
    folder = tmp_path / "here"
    (folder / "words").mkdir(parents=True)
    for name, start in (("train", 0), ("test", 100)):
        rows = [{"input": f"word {number}", "output": f"reply {number}"} for number in range(start, start + 12)]
        (folder / "words" / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (folder / "search.yaml").write_text(SEARCH)
    (folder / "twice.yaml").write_text(TWICE)
    monkeypatch.chdir(folder)
    monkeypatch.setattr("promptwire.gateway.gateway.RetryPolicy", lambda: RetryPolicy(tries=1))
    return folder


def asked(body: dict[str, Any]) -> str:
    return str(body["messages"][-1]["content"])


def answers(body: dict[str, Any], number: int) -> str:
    """A better prompt, or the reply to a word when the prompt is a better one."""
    if "Input: " not in asked(body) or "Variation" in asked(body):
        return "<variation>Better.</variation>"
    word = asked(body).rsplit("word ", 1)[1].split()[0]
    return f"reply {word}" if "Better." in asked(body) else "what?"


def options(server: Server, **more: Any) -> Options:
    return Options(models={"task": "openai/m"}, api_bases={"task": server.url}, task=TASK, **more)


def refusing(*words: int) -> Any:
    """A fault for the inputs with these numbers, once the search is over."""
    fault = refused("This model's maximum context length is 10 tokens")
    return lambda number, body: fault if any(asked(body).endswith(f"word {word}\nOutput:") for word in words) else None


def test_a_refused_example_costs_its_row_and_not_the_run(project: Path) -> None:
    server = Server()
    server.reply, server.storm = answers, refusing(103, 107)
    with server.beside():
        words = ["run", "search.yaml", "--task", "words", "--prompt", "Say it.", "--metric", "contains"]
        model = ["--model", "openai/m", "--api-base", server.url, "--yes"]
        done = subprocess.run(
            [sys.executable, "-m", "promptwire", *words, *model], capture_output=True, text=True, check=False, timeout=100
        )
    assert done.returncode == 0, done.stderr
    assert "best prompt: Better." in done.stderr
    assert "held-out (n=10)" in done.stdout
    assert "warning: 2 of 12 held-out examples left out for both prompts: 'word 10" in done.stdout
    (folder,) = Path(os.environ["PROMPTWIRE_RUNS"]).iterdir()
    report = json.loads((folder / "report.json").read_text())
    assert [report["test"][side]["n"] for side in ("initial", "best", "gain")] == [10, 10, 10]
    assert {one["text"] for one in report["test"]["left_out"]} == {"word 103", "word 107"}
    assert json.loads((folder / "best.json").read_text())["prompt"] == report["prompt"] == "Better."
    assert report["counts"]["report"] == {"left out": 2}


@pytest.mark.parametrize("fault", [refused("maximum context length is 10 tokens"), refused("no"), refused("no", 422)])
def test_a_refused_train_example_costs_its_rows_and_not_the_search(project: Path, fault: Fault) -> None:
    server = Server()
    server.reply = answers
    server.storm = lambda number, body: fault if asked(body).endswith("word 3\nOutput:") else None
    with server.beside():
        report = run("search.yaml", "words", options(server))
    assert (report.prompt, report.test.best.n, report.train.best.n) == ("Better.", 12, 11)
    assert report.counts["best"]["refused"] == 2
    assert any(note.startswith("warning: best: 2 calls were refused and left out") for note in report.notes)


def test_the_best_prompt_is_shown_even_when_the_run_folder_can_not_be_written(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, text: str) -> None:
        raise RunError("no space")

    seen: list[str] = []

    class Watch:
        def __call__(self, event: str, facts: Any) -> None:
            seen.extend([facts["prompt"]] if event == "best" else [])

        def follow(self, usage: Any) -> None: ...

        def say(self, text: str) -> None: ...

    monkeypatch.setattr("promptwire.running.incumbent.keep_file", full)
    server = Server()
    server.reply = answers
    with server.beside():
        report = run("search.yaml", "words", options(server), observer=Watch())
    assert (seen, report.prompt) == (["Better."], "Better.")
    assert any("the run folder is not whole: no space" in note for note in report.notes)


def test_a_search_that_fails_keeps_the_best_prompt_so_far(project: Path) -> None:
    server = Server()
    server.reply = answers
    ideas = lambda body: "Input: " not in asked(body)  # noqa: E731
    server.storm = lambda number, body: refused("no") if ideas(body) and sum(map(ideas, server.requests)) > 1 else None
    with server.beside(), pytest.raises(RequestRefused, match=r"HTTP 400: no\n.*the best prompt so far is kept in .*best.json"):
        run("twice.yaml", "words", options(server))
    (folder,) = Path(os.environ["PROMPTWIRE_RUNS"]).iterdir()
    assert json.loads((folder / "best.json").read_text())["prompt"] == "Better."


def test_a_lost_endpoint_leaves_the_best_prompt_and_the_same_command_goes_on(project: Path) -> None:
    server = Server()
    server.reply = answers
    server.storm = lambda number, body: refused("no", 401) if re.search(r"word 1\d\d\nOutput", asked(body)) else None
    with server.beside():
        with pytest.raises(ModelUnavailable, match=r"HTTP 401.*\n.*the best prompt is kept in .*best.json"):
            run("search.yaml", "words", options(server))
        (folder,) = Path(os.environ["PROMPTWIRE_RUNS"]).iterdir()
        assert json.loads((folder / "best.json").read_text())["prompt"] == "Better."
        server.storm = lambda number, body: None
        report = run("search.yaml", "words", options(server))
    assert (report.prompt, report.test.best.score, report.calls.new) == ("Better.", 1.0, 24)


def test_the_report_scores_with_the_settings_of_the_search(project: Path) -> None:
    server = Server()
    server.reply = answers
    with server.beside():
        report = run("search.yaml", "words", options(server))
    assert {body.get("max_tokens") for body in server.requests if "Input: " in asked(body)} == {7}
    assert report.calls.cached >= 24  # the train rows of both prompts are those of the search


@pytest.mark.parametrize("most", [1, 2, 3, 14, 24, 25, 26, 28, 40, 62, 63, 64, 66, 80])
def test_a_chain_of_pipelines_ends_at_any_limit_with_the_best_so_far(project: Path, most: int) -> None:
    server = Server()
    server.reply = answers
    with server.beside():
        report = run("twice.yaml", "words", options(server, limits={"calls": most}, cache="off"))
    assert report.limit is None or "the limit of" in report.limit
    assert report.prompt == ("Better." if most >= 62 else report.prompt)
    assert report.calls.new <= most


def test_a_working_folder_that_is_deleted_while_a_run_works_costs_nothing(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PROMPTWIRE_RUNS")
    server = Server()

    def vanish(number: int, body: dict[str, Any]) -> Fault | None:
        shutil.rmtree(project, ignore_errors=True)
        return None

    server.reply, server.storm = answers, vanish
    with server.beside():
        report = run("search.yaml", "words", options(server))
    assert (report.prompt, report.test.best.n) == ("Better.", 12)
    assert json.loads((project / report.run / "report.json").read_text())["prompt"] == "Better."


def test_a_working_folder_that_is_gone_before_is_one_clear_error(project: Path) -> None:
    shutil.rmtree(project)
    with pytest.raises(RunError, match="the working folder was deleted"):
        run("ape", "planted", Options(models={"task": "scripted:planted"}))


def test_a_pipeline_without_a_prompt_is_refused_before_it_spends(project: Path) -> None:
    scores = "  scores: {use: evaluate, prompts: $seed, on: $train}\n"
    head = "promptwire: 1\ninputs: {seed: Prompts, train: Examples}\nnodes:\n"
    (project / "none.yaml").write_text(f"{head}{scores}outputs: {{scores: $scores}}\n")
    with pytest.raises(UsageError, match="gives no prompt"):
        run("none.yaml", "words", Options(models={"task": "scripted:echo"}, task=TASK))


def test_a_pipeline_that_ends_without_a_prompt_gives_the_best_that_it_scored(project: Path) -> None:
    more = "  log: {use: history-append, scores: $scores}\n  top: {use: history-select, of: $log, threshold: 2.0}\noutputs: {prompt: $top.prompts}\n"
    head = "promptwire: 1\ninputs: {seed: Prompts, train: Examples}\nnodes:\n"
    (project / "none.yaml").write_text(f"{head}  scores: {{use: evaluate, prompts: $seed, on: $train}}\n{more}")
    report = run("none.yaml", "words", Options(models={"task": "scripted:echo"}, task=TASK))
    assert (report.prompt, report.limit) == ("Say it.", None)
    assert any("the pipeline gave no prompt" in note for note in report.notes)
