"""`--verify`: held-out scores through the exported form, from the cache where requests are equal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import promptwire
from promptwire.errors import ModelUnavailable, UsageError
from promptwire.exporting.export import export
from promptwire.exporting.exported import Exported
from promptwire.exporting.form import Form, Reader, Unsendable, Written
from promptwire.options import Options
from promptwire.planning.dry_run import NotApproved
from promptwire.planning.plan import Plan
from promptwire.values import Example, Message
from tests.openai_server import Fault, Server, refused

ROWS = [("a fox", "yes"), ("a cat", "yes"), ("an owl", "yes"), ("no bird", "no"), ("a stone", "no"), ("ice", "no")]


def _task(**keys: Any) -> str:
    Path("data.jsonl").write_text("".join(json.dumps({"input": one, "output": other}) + "\n" for one, other in ROWS))
    written = {"prompt": "Is it an animal?", "data": {"train": "data.jsonl", "test": "data.jsonl"}, **keys}
    Path("task.json.yaml").write_text(json.dumps(written))
    return "task.json.yaml"


def _run(rules: list[dict[str, Any]], judge: str = "", **keys: Any) -> str:
    Path("rules.json").write_text(json.dumps(rules))
    models: Any = {"task": "scripted:rules.json", **({"judge": judge} if judge else {})}
    report = promptwire.run("ape-paraphrase", _task(**keys), Options(models=models, params={"n": "2"}))
    return report.run


ANIMALS = [{"when": "fox|cat", "reply": ["yes"]}, {"reply": ["no"]}]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


class _Shouting(Form):
    """Sends the run's request in capitals, and refuses ice."""

    name = "text"
    doc = "for tests"
    target = "{task}.shout"

    def write(self, exported: Exported) -> Written:
        return Written({"shout": "SHOUT"})

    def reader(self, files: Mapping[str, str]) -> Reader:
        def sent(example: Example) -> tuple[Message, ...]:
            if example.input == "ice":
                raise Unsendable("it melts")
            return (Message(role="user", content=f"{files['shout']} {example.text.upper()}"),)

        return sent

    def taken(self, reply: str) -> str:
        return reply.removeprefix("[[ ").removesuffix(" ]]")


@pytest.fixture
def shouting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("promptwire.exporting.export.find_form", lambda name: _Shouting())


def test_equal_requests_come_from_the_cache_with_the_score_of_the_run() -> None:
    found = export(_run(ANIMALS), "messages", verify=True).verification
    assert found is not None
    assert (found.new, found.cached) == (0, 6)
    assert found.export == found.run
    assert found.run.score == pytest.approx(5 / 6)
    assert (found.changed, found.left_out, found.other_model) == ((), (), False)


@pytest.mark.parametrize(
    "keys",
    [
        {"metric": "macro-f1"},
        {"metric": "choice", "labels": ["yes", "no"], "template": "task/completion.j2"},
        {"metric": "logprob", "template": "task/completion.j2"},
        {"parse": {"regex": "(?i)yes|no"}, "settings": {"max_tokens": 3, "stop": ["\n"]}},
        {"metric": "judge"},
        {"metric": "contains", "watch": "f1"},
    ],
    ids=lambda keys: str(keys.get("metric", "parse")),
)
def test_scores_of_other_metrics_are_those_of_the_run(keys: dict[str, Any]) -> None:
    judged = {"when": "Grade one answer", "reply": ["Fine. <grade>0.75</grade>"]}
    likely = [{"kind": "logprob", "choose": "yes"}, {"kind": "choose", "choose": "yes"}]
    run = _run([judged, *likely, *ANIMALS], **keys)
    found = export(run, "text", verify=True).verification
    assert found is not None
    assert found.export == found.run
    assert found.new == 0


def test_other_requests_are_scored_by_new_calls_and_what_differs_is_said(shouting: None) -> None:
    plans: list[Plan] = []
    found = export(_run([{"when": "SHOUT", "reply": ["[[ yes ]]"]}, *ANIMALS]), "text", verify=True, approve=plans.append)
    assert found.verification is not None
    assert plans[0].total.new == 5
    assert found.verification.new == 5
    assert found.verification.export.n == 5
    assert found.verification.export.score == pytest.approx(3 / 5)
    assert len(found.verification.changed) == 3
    assert [one.why for one in found.verification.left_out] == ["it melts"]


def test_calls_that_are_not_approved_are_not_made(shouting: None) -> None:
    def refuse(plan: Plan) -> None:
        raise NotApproved("no")

    with pytest.raises(NotApproved):
        export(_run(ANIMALS), "text", verify=True, approve=refuse)


def test_a_refused_call_leaves_its_example_out_and_is_no_score_of_0(shouting: None) -> None:
    run = _run(ANIMALS)
    with Server().beside() as server:
        server.reply = lambda body, number: "yes"
        server.storm = lambda number, body: refused("too odd") if "FOX" in json.dumps(body) else None
        options = Options(models={"task": "m"}, api_bases={"task": server.url})
        found = export(run, "text", verify=True, options=options).verification
    assert found is not None
    assert found.other_model
    assert found.export.n == 4
    assert found.export.score == 0.5
    assert {one.text for one in found.left_out} == {"ice", "a fox"}


def test_an_endpoint_that_is_lost_is_an_error_and_no_score(shouting: None) -> None:
    run = _run(ANIMALS)
    with Server().beside() as server:
        server.storm = lambda number, body: Fault("status", 401)
        options = Options(models={"task": "m"}, api_bases={"task": server.url}, tries=1)
        with pytest.raises(ModelUnavailable):
            export(run, "text", verify=True, options=options)


def test_a_run_whose_model_is_gone_is_verified_from_the_cache_alone() -> None:
    run = _run(ANIMALS)
    Path("rules.json").write_text('[{"reply": ["other rules"]}]')
    found = export(run, "messages", verify=True).verification
    assert found is not None
    assert found.export == found.run


def test_a_model_that_is_gone_is_one_error_where_the_cache_lacks_an_answer(shouting: None) -> None:
    run = _run(ANIMALS)
    Path("rules.json").write_text('[{"reply": ["other rules"]}]')
    with pytest.raises(ModelUnavailable, match="can't be called") as found:
        export(run, "text", verify=True)
    assert "--api-base" in found.value.hint


def test_a_metric_given_in_python_can_be_exported_but_not_verified() -> None:
    Path("rules.json").write_text(json.dumps(ANIMALS))
    options = Options(models={"task": "scripted:rules.json"}, params={"n": "2"})

    def near(answer: str, outputs: tuple[str, ...]) -> float:
        return float(answer in outputs)

    report = promptwire.run("ape-paraphrase", _task(), options, metric=near)
    assert export(report, "messages").requests.equal == 6
    with pytest.raises(UsageError, match="given in Python"):
        export(report, "messages", force=True, verify=True)


def test_a_run_without_scores_has_nothing_to_verify() -> None:
    Path("rules.json").write_text(json.dumps(ANIMALS))
    options = Options(models={"task": "scripted:rules.json"}, params={"rounds": "0"})
    report = promptwire.run("spo", _task(metric="none"), options)
    assert export(report, "text").requests.n == 0
    with pytest.raises(UsageError, match="no held-out rows"):
        export(report, "text", force=True, verify=True)
