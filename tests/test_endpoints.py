"""Runs on endpoints as they are: what is refused is left out and said, what is `null` is not sent, and errors name the step."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from promptwire.api import run
from promptwire.backend import Request
from promptwire.backends.openai_compatible import OpenAICompatible
from promptwire.errors import ModelError, ModelUnavailable
from promptwire.gateway.budget import Budget
from promptwire.gateway.gateway import Gateway
from promptwire.gateway.retry import RetryPolicy
from promptwire.gateway.trace import Trace
from promptwire.options import Options
from promptwire.results.report import Report
from tests.openai_server import Fault, Server, refused

PIPELINE = """\
promptwire: 1
inputs: {{seed: Prompts, train: Examples}}
{models}
nodes:
  ideas: {{use: resample, prompts: $seed, template: t.j2, n: 3{settings}}}
  scores: {{use: evaluate, prompts: [$seed, $ideas], on: $train}}
  log: {{use: history-append, scores: $scores}}
  best: {{use: history-select, of: $log, best: 1}}
outputs: {{prompt: $best.prompts}}
"""
TEMPLATE = "---\nsettings: {temperature: 0.9, max_tokens: 50}\n---\nParaphrase: {{ prompt.text }}\n"
ONLY_1 = "Unsupported value: 'temperature' does not support this with this model. Only the default (1) value is supported."


@pytest.fixture
def server() -> Iterator[Server]:
    with Server().beside() as server:
        yield server


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pipeline, its template and a task."""
    for name, start in (("train", 0), ("test", 100)):
        rows = [{"input": f"word {number}", "output": f"reply {number}"} for number in range(start, start + 6)]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    write(tmp_path)
    (tmp_path / "t.j2").write_text(TEMPLATE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, models: str = "", settings: str = "", task: str = "") -> None:
    (folder / "p.yaml").write_text(PIPELINE.format(models=models, settings=settings))
    (folder / "task.yaml").write_text(
        "prompt: Say it.\nmetric: contains\ndata: {train: train.jsonl, test: test.jsonl}\n" + task
    )


def ran(server: Server, *, model: str = "m", **options: Any) -> Report:
    return run("p.yaml", "task.yaml", Options(models={"task": model}, api_bases={"task": server.url}, **options))


def sent(server: Server, *, meta: bool) -> list[dict[str, Any]]:
    """The bodies that asked for ideas, or for answers."""
    return [body for body in server.requests if ("Paraphrase" in str(body["messages"])) is meta]


@pytest.mark.parametrize("model", ["m", "litellm:openai/m"])
@pytest.mark.filterwarnings("ignore")
def test_a_refused_setting_is_left_out_said_once_and_said_again_by_the_same_run_from_the_cache(
    server: Server, model: str
) -> None:
    server.storm = lambda number, body: refused(ONLY_1) if body.get("temperature", 1) != 1 else None
    reports = [ran(server, model=model) for _ in range(2)]
    for report in reports:
        (note,) = [note for note in report.notes if "temperature" in note]
        assert note.startswith(f"warning: {model} refuses temperature=0") and "temperature=0.9" in note
    assert (reports[1].calls.new, reports[1].notes) == (0, reports[0].notes)
    refusals = [json.loads(line) for line in Path(reports[0].run, "events.jsonl").read_text().splitlines()]
    assert [event["model"] for event in refusals if event["event"] == "refused"] == [model] * 2


@pytest.mark.parametrize(
    ("written", "told", "temperature", "length"),
    [
        ({}, {}, 0.9, 50),
        ({"models": "models: {meta: {temperature: 1}}"}, {}, 1, 50),
        ({"models": "models: {meta: {temperature: 1}}", "settings": ", settings: {temperature: 0.2}"}, {}, 0.2, 50),
        ({"models": "models: {meta: {temperature: null, max_tokens: null}}"}, {}, None, None),
        ({"settings": ", settings: {temperature: null}"}, {}, None, 50),
        ({"models": "models: {meta: {temperature: null}}", "settings": ", settings: {temperature: 0.3}"}, {}, 0.3, 50),
        ({}, {"models.meta.temperature": "null"}, None, 50),
        ({}, {"ideas.settings.max_tokens": "null"}, 0.9, None),
        ({"settings": ", settings: {temperature: 0.3}"}, {"ideas.settings.temperature": "null"}, None, 50),
        ({}, {"ideas.settings": "{temperature: null}"}, None, 50),
    ],
)
def test_the_step_goes_before_its_role_and_the_role_before_the_template_and_null_is_not_sent(
    server: Server, folder: Path, written: dict[str, str], told: dict[str, str], temperature: float | None, length: int | None
) -> None:
    write(folder, **written)
    ran(server, patches=told)
    (body,) = sent(server, meta=True)
    assert (body.get("temperature"), body.get("max_tokens")) == (temperature, length)


@pytest.mark.parametrize(
    ("written", "told", "temperature"),
    [
        ({}, {}, 0),
        ({"task": "settings: {temperature: null}\n"}, {}, None),
        ({"models": "models: {task: {temperature: null}}"}, {}, None),
        ({"models": "models: {task: {temperature: 0.5}}", "task": "settings: {temperature: null}\n"}, {}, None),
        ({}, {"models.task.temperature": "null"}, None),
    ],
)
def test_null_takes_away_the_task_models_temperature_0(
    server: Server, folder: Path, written: dict[str, str], told: dict[str, str], temperature: float | None
) -> None:
    write(folder, **written)
    ran(server, patches=told)
    searched = [body for body in sent(server, meta=False) if "word 1\n" in str(body) or "word 1" in str(body)]
    assert searched[0].get("temperature") == temperature


def test_null_for_stop_and_extras_is_not_sent(server: Server, folder: Path) -> None:
    write(folder, settings=", settings: {stop: null, extra: {seed: null, top_k: 5}}")
    (folder / "t.j2").write_text(TEMPLATE.replace("max_tokens: 50", 'stop: ["x"]'))
    ran(server)
    (body,) = sent(server, meta=True)
    assert {"stop", "seed"} & body.keys() == set() and body["top_k"] == 5


ERRORS = {
    "a wrong key": Fault("status", 401, message="Incorrect API key"),
    "no access": Fault("status", 403, message="Country not supported"),
    "an unknown model": refused("no such model", 404),
    "a bad request": refused("that is no request"),
    "an overflow": refused("maximum context length is 9 tokens"),
    "no credit": Fault("status", 429, message="You exceeded your current quota", code="insufficient_quota"),
    "a reset": Fault("reset"),
    "a server error": Fault("status", 500),
    "no answer": Fault("empty"),
    "no JSON": Fault("type"),
}


@pytest.mark.parametrize("model", ["m", "litellm:openai/m"])
@pytest.mark.parametrize("fault", ERRORS.values(), ids=ERRORS.keys())
@pytest.mark.filterwarnings("ignore")
def test_every_error_of_an_endpoint_names_the_step_and_keeps_the_address(server: Server, model: str, fault: Fault) -> None:
    server.storm = lambda number, body: fault if "Paraphrase" in str(body) else None
    with pytest.raises(ModelError) as caught:
        ran(server, model=model, tries=1)
    assert str(caught.value).startswith("ideas")
    assert model != "m" or server.url in str(caught.value).splitlines()[0]


@pytest.mark.parametrize("model", ["m", "litellm:openai/m"])
@pytest.mark.filterwarnings("ignore")
def test_no_credit_and_a_wrong_key_end_a_run_that_skips_errors(server: Server, folder: Path, model: str) -> None:
    write(folder, settings=", on_error: skip")
    for fault in (ERRORS["no credit"], ERRORS["a wrong key"], Fault("status", 402)):
        server.storm = lambda number, body, fault=fault: fault if "Paraphrase" in str(body) else None  # type: ignore[misc]
        with pytest.raises(ModelUnavailable):
            ran(server, model=model)


def test_what_a_moderator_refuses_is_counted_as_filtered_and_is_no_row(server: Server) -> None:
    flagged = Fault("status", 403, body={"error": {"code": 403, "message": "Your input was flagged", "metadata": {}}})
    server.storm = lambda number, body: flagged if "word 2" in str(body) else None
    report = ran(server)
    assert report.counts["scores"]["filtered"] == 4
    assert "unreadable" not in report.counts["scores"]
    assert report.test.best.n == 6


def test_ideas_that_a_filter_stopped_are_counted_and_become_no_prompts(server: Server) -> None:
    server.storm = lambda number, body: refused("content management policy") if "Paraphrase" in str(body) else None
    report = ran(server)
    assert (report.counts["ideas"], report.prompt) == ({"filtered": 3}, "Say it.")


async def test_a_quota_a_minute_that_speaks_of_billing_is_waited_for() -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    words = "You exceeded your current quota, please check your plan and billing details.\nPlease retry in 2.4s."
    async with Server().running() as server:
        server.faults = [Fault("status", 429, body=[{"error": {"code": 429, "message": words}}])] * 2
        retry = RetryPolicy(rng=random.Random(1), sleep=sleep)
        gateway = Gateway(cache=None, budget=Budget(), trace=Trace.null(), retry=retry)
        (answer,) = await gateway.ask(OpenAICompatible("m", server.url), Request("generate", prompt="q"), node="ideas")
        await gateway.close()
    assert answer.text == "reply 0"
    assert len(waits) == 2 and all(2.4 <= wait <= 3.4 for wait in waits)


@pytest.mark.parametrize("model", ["openai/gpt-oss-20b", "anthropic/claude-x", "azure/gpt-4o", "meta-llama/Llama-3-8B"])
def test_with_an_address_the_id_is_sent_as_it_is_given(server: Server, model: str) -> None:
    ran(server, model=model)
    assert {body["model"] for body in server.requests} == {model}


def test_an_unknown_id_at_an_address_says_what_was_sent_and_how_to_force_a_route(server: Server) -> None:
    server.storm = lambda number, body: refused("no such model", 404)
    with pytest.raises(ModelUnavailable) as caught:
        ran(server, model="openai/gpt-4o-mini")
    assert "'openai/gpt-4o-mini' was sent as given" in caught.value.hint
    assert "'gpt-4o-mini'" in caught.value.hint and "litellm:openai/gpt-4o-mini" in caught.value.hint
