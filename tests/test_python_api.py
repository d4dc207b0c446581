"""`promptwire.run` with examples and a metric given in Python, from any place: a script, a coroutine, a notebook's loop."""

from __future__ import annotations

import asyncio
import json
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

import promptwire
from promptwire.bundles.writer import write_bundle
from promptwire.errors import DataError, RunError, UsageError
from promptwire.options import cache_folder

OPTIONS = promptwire.Options(models={"task": "scripted:planted"}, params={"draws": "1", "n": "2"}, limits={"calls": 300})
PROMPT = "Write the label of the parcel."


def parcels() -> list[dict[str, str]]:
    return [{"input": one.text, "output": one.output} for one in promptwire.load_task("planted").train.items[:24]]


def near(answer: str, outputs: tuple[str, ...]) -> bool:
    """Equality but for case."""
    return any(answer.strip().lower() == output.lower() for output in outputs)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_examples_and_a_function_are_enough_for_a_run_that_names_both() -> None:
    report = promptwire.run("ape", parcels(), OPTIONS, prompt=PROMPT, metric=near)
    assert (report.task, report.initial_prompt, report.test.best.n) == ("examples", PROMPT, 12)
    assert report.metric.startswith("near@")
    run = promptwire.Run.open(report.run)
    assert (run.settings.task, run.settings.metric) == ("examples", report.metric)
    origin = json.loads(Path(report.run, "run.json").read_text())
    assert origin["given"] == ["examples", "metric"] and origin["changes"] == {"prompt": PROMPT, "metric": report.metric}
    assert len(promptwire.to_records(run.rows())) == 12
    with pytest.raises(RunError, match="examples and metric of this run were given in Python"):
        write_bundle(Path(report.run), cache_folder(), Path("b.jsonl"))


def test_a_changed_metric_asks_no_model_again_and_has_another_fingerprint() -> None:
    reports = [
        promptwire.run("ape", parcels(), OPTIONS, prompt=PROMPT, metric=metric)
        for metric in (near, lambda answer, outputs: 0.5 + 0.5 * near(answer, outputs))
    ]
    marks = {promptwire.Run.open(report.run).settings.fingerprint for report in reports}
    assert len(marks) == 2
    assert reports[1].calls.new < reports[0].calls.new
    assert reports[1].test.initial.score == pytest.approx(0.5 + 0.5 * (reports[0].test.initial.score or 0))


def test_a_shipped_task_takes_prompt_and_metric_as_well_and_they_win_over_the_options() -> None:
    options = OPTIONS.model_copy(update={"task": {"prompt": "Other.", "metric": "f1"}})
    report = promptwire.run("ape", "planted", options, prompt=PROMPT, metric=near)
    assert report.initial_prompt == PROMPT and report.metric.startswith("near@")


def test_a_made_task_runs_as_it_is() -> None:
    task = promptwire.make_task(parcels(), prompt=PROMPT, metric=near, name="parcels")
    assert promptwire.run("ape", task, OPTIONS).task == "parcels"


async def test_run_works_inside_a_running_loop_as_run_async_does() -> None:
    task = promptwire.make_task(parcels(), prompt=PROMPT)
    inside = promptwire.run("ape", task, OPTIONS)
    awaited = await promptwire.run_async("ape", task, OPTIONS)
    assert (inside.prompt, inside.test) == (awaited.prompt, awaited.test)
    assert awaited.calls.new == 0
    assert promptwire.plan("ape", task, OPTIONS).total.new == 0


async def test_an_error_of_a_run_inside_a_running_loop_is_the_callers() -> None:
    with pytest.raises(UsageError, match="no initial prompt"):
        promptwire.run("ape", parcels(), OPTIONS)
    with pytest.raises(DataError, match="row 0"):
        promptwire.run("ape", [{"x": 1}], OPTIONS, prompt="")


async def test_an_interrupt_inside_a_running_loop_ends_the_run_and_leaves_no_thread() -> None:
    class Interrupt:
        events: list[str] = []

        def say(self, text: str) -> None:
            self.events.append(text)

        def follow(self, usage: Any) -> None: ...

        def __call__(self, event: str, facts: Any) -> None:
            self.events.append(event)
            if self.events == ["run"]:
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    before, handler = set(threading.enumerate()), signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            promptwire.run("ape", parcels(), OPTIONS, prompt=PROMPT, observer=Interrupt())
    finally:
        signal.signal(signal.SIGINT, handler)
    left = [one for one in threading.enumerate() if one not in before and one.name == "promptwire run"]
    for one in left:
        one.join(timeout=30)
    assert not any(one.is_alive() for one in left)
    assert any(text.startswith("stopping") for text in Interrupt.events)


def test_every_public_name_is_listed_before_its_first_use() -> None:
    public = {name for name in dir(promptwire) if not name.startswith("_")}
    assert public == {*promptwire.__all__, "authoring", "errors"} - {"__version__"} and "__version__" in dir(promptwire)


def test_two_runs_in_two_loops_do_not_meet() -> None:
    async def both() -> list[promptwire.Report]:
        jobs = [asyncio.to_thread(promptwire.run, "ape", parcels(), OPTIONS, prompt=PROMPT) for _ in range(2)]
        return list(await asyncio.gather(*jobs))

    first, second = asyncio.run(both())
    assert first.prompt == second.prompt
