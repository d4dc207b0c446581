"""Bad input has one defined outcome each, told or counted, and never gives a silent wrong number.

| what | outcome |
|---|---|
| a template that shows nothing of what it is given | refused by the check, or before the first call |
| a meta model that writes nothing | nothing comes of it; counted as unreadable; the initial prompt stays |
| a meta model that never writes the tag | `drop`: nothing comes of it; `raw`: the whole reply is a candidate like any; counted either way |
| a meta model that refuses in words | the same; its words lose by their score |
| an endpoint that refuses a request | the run ends with the error, naming the step; `on_error: skip` passes over it and counts |
| a task model that writes nothing | wrong, marked unreadable and counted |
| no failures | no critic is asked; the search goes on with what it has |
| fewer examples than a minibatch | all of them, counted as short |
| a repeated row | dropped and noted; one input with two different answers is noted |
| text beyond ASCII, braces, tags in data | text like any other |
| a metric that any of the data can't satisfy | refused before the first call |
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from promptwire.api import run as optimize
from promptwire.backend import Kind, Request
from promptwire.backends.planted import reply as planted_reply
from promptwire.documents import resources
from promptwire.errors import RequestRefused
from promptwire.language.check import check
from promptwire.options import Options
from promptwire.tasks.task import Task, load_task
from promptwire.values import Example, Examples, Prompt, Prompts
from tests.pipelines.search_runs import Outcome, kind_of, model, numbers, refused, search, well_formed

FOUR: dict[str, dict[str, Any]] = {
    "ape": {"rounds": 1, "n": 2, "draws": 2, "first": 4},
    "protegi": {"rounds": 2, "pulls": 60},
    "opro": {"steps": 2, "scored_on": 8},
    "pe2": {"steps": 2, "tried_on": 8},
}


def parcels(**changes: Any) -> Task:
    """The planted task, small."""
    task = load_task("planted")
    items = task.train.items
    fields = {"train": Examples(items=items[:16]), "dev": Examples(items=items[16:24]), **changes}
    return task.model_copy(update=fields)


async def with_meta(pipeline: str, text: str, **options: Any) -> Outcome:
    """A run in which the meta model always writes `text`."""

    def reply(request: Request, key: str) -> str:
        return planted_reply(request, key) if kind_of(request) == "task" else text

    return await search(pipeline, model(reply), parcels(), params=FOUR[pipeline], **options)


def told(run: Outcome, what: str) -> int:
    """How often a run counted something."""
    return sum(n for (_, counted), n in run.session.counts.items() if counted == what)


@pytest.mark.parametrize("pipeline", FOUR)
@pytest.mark.parametrize("text", ["", "  \n"])
async def test_a_meta_model_that_writes_nothing_leaves_the_initial_prompt(pipeline: str, text: str) -> None:
    run = await with_meta(pipeline, text)
    assert run.prompt == parcels().prompts.items[0]
    assert told(run, "unreadable") > 0
    scored = {row["prompt"] for value in run.values for row in (value["outputs"].get("scores") or {}).get("rows", ())}
    assert scored == {run.prompt.id}


@pytest.mark.parametrize("pipeline", ["evoprompt-ga", "evoprompt-de", "critique-crossover"])
@pytest.mark.parametrize("text", ["", "I'm sorry, but I can't help with that.", "<prompt> </prompt>"])
async def test_evolution_without_children_ends_where_it_began(pipeline: str, text: str) -> None:
    def reply(request: Request, key: str) -> str:
        return planted_reply(request, key) if kind_of(request) == "task" else text

    run = await search(pipeline, model(reply), parcels(), params={"steps": 2})
    assert run.prompt == parcels().prompts.items[0]
    assert told(run, "unreadable") + told(run, "taken whole") > 0


@pytest.mark.parametrize(
    ("pipeline", "step", "text"),
    [
        ("ape", "proposals", "<instruction> </instruction>"),
        ("protegi", "search.expand.family.gradients", "<START>  <END>"),
        ("opro", "search.ideas", "Gladly: <instruction></instruction>"),
    ],
)
async def test_nothing_between_the_tags_is_no_answer(pipeline: str, step: str, text: str) -> None:
    run = await with_meta(pipeline, text)
    assert run.session.counts[step, "unreadable"] == run.counted(step)[1] > 0
    assert not [prompt for prompt in run.values[-1]["outputs"]["prompts"]["items"] if not prompt["text"].strip()]


@pytest.mark.parametrize("pipeline", FOUR)
@pytest.mark.parametrize("text", ["I'm sorry, but I can't help with that.", "Sure! Here it is: <START>", "</instruction>"])
async def test_refusals_and_replies_without_the_tag_are_counted_or_lose_by_their_score(pipeline: str, text: str) -> None:
    run = await with_meta(pipeline, text)
    assert run.prompt == parcels().prompts.items[0] or run.prompt.text == text
    if pipeline != "pe2":
        assert told(run, "unreadable") + told(run, "taken whole") > 0
    if pipeline == "protegi":
        assert told(run, "prompts without failures") == 0
        assert not run.gave("search.expand.family.edits", "0")["prompts"]["items"]


async def test_the_fallback_of_a_template_decides_what_becomes_of_an_unreadable_reply(tmp_path: Path) -> None:
    text = resources.template_path("opro/meta.j2").read_text(encoding="utf-8")
    for fallback, entries, asked in (("drop", 1, 8), ("raw", 2, 8), ("retry", 1, 32)):
        (tmp_path / "meta.j2").write_text(text.replace("fallback: drop", f"fallback: {fallback}"), encoding="utf-8")
        (tmp_path / "p.yaml").write_text("promptwire: 1\nextends: opro\noverride: {search.ideas: {template: meta.j2}}\n")
        reply = model(lambda request, key: "wrong" if kind_of(request) == "task" else "no tag")
        run = await search(tmp_path / "p.yaml", reply, numbers(20), params={"steps": 1, "scored_on": 4})
        assert len(run.outputs["history"]) == entries
        assert run.counted("search.ideas")[1] == asked
        assert told(run, "taken whole" if fallback == "raw" else "unreadable") == 8


@pytest.mark.parametrize("pipeline", FOUR)
async def test_an_endpoint_that_refuses_ends_the_run_and_names_the_step(pipeline: str) -> None:
    def reply(request: Request, key: str) -> str:
        if kind_of(request) == "task":
            return planted_reply(request, key)
        raise RequestRefused("blocked by policy")

    with pytest.raises(RequestRefused, match="blocked by policy") as caught:
        await search(pipeline, model(reply), parcels(), params=FOUR[pipeline])
    assert caught.value.where


async def test_on_error_skip_passes_over_what_an_endpoint_refuses() -> None:
    def reply(request: Request, key: str) -> str:
        if kind_of(request) == "idea":
            raise RequestRefused("blocked by policy")
        return planted_reply(request, key)

    run = await search("opro", model(reply), parcels(), params=FOUR["opro"], sets={"search.ideas.on_error": "skip"})
    assert run.prompt == parcels().prompts.items[0]
    assert told(run, "skipped") == 16


@pytest.mark.parametrize("pipeline", FOUR)
async def test_a_task_model_that_writes_nothing_is_wrong_and_unreadable(pipeline: str) -> None:
    def reply(request: Request, key: str) -> str:
        return "" if kind_of(request) == "task" else well_formed(request, key)

    run = await search(pipeline, model(reply), parcels(), params=FOUR[pipeline])
    rows = [row for value in run.values for row in (value["outputs"].get("scores") or {}).get("rows", ())]
    assert rows and all(row["value"] == 0.0 and not row["readable"] for row in rows)
    assert told(run, "unreadable") > 0
    assert run.prompt.text


@pytest.mark.parametrize(("pipeline", "critic"), [("protegi", "search.expand.family.gradients"), ("pe2", "search.exam")])
async def test_without_failures_no_critic_is_asked(pipeline: str, critic: str) -> None:
    right = {example.text: example.output for example in parcels().train.items}

    def reply(request: Request, key: str) -> str:
        if kind_of(request) != "task":
            return well_formed(request, key)
        return right.get(request.messages[-1].content.partition("Input: ")[2].partition("\n")[0], "wrong")

    run = await search(pipeline, model(reply), parcels(), params=FOUR[pipeline])
    assert run.counted(critic) == (0, 0)
    assert told(run, "prompts without failures") > 0
    assert run.prompt.text


async def test_pe2_stops_at_a_prompt_that_can_not_be_beaten() -> None:
    task = parcels()
    right = {example.text: example.output for example in (*task.train.items, *(task.dev or task.test).items)}

    def reply(request: Request, key: str) -> str:
        return right[request.messages[-1].content.partition("Input: ")[2].partition("\n")[0]]

    run = await search("pe2", model(reply), task, params={"steps": 3})
    assert [row["round"] for row in run.values if row["path"] == "search.done"] == ["0"]
    assert run.prompt == task.prompts.items[0]


@pytest.mark.parametrize("pipeline", FOUR)
async def test_a_training_set_smaller_than_a_minibatch_is_used_whole_and_counted(pipeline: str) -> None:
    few = Examples(items=parcels().train.items[:3])
    big = {"protegi": {}, "opro": {"scored_on": 100}, "pe2": {"tried_on": 100}, "ape": {"scored_on": 100}}
    run = await search(pipeline, model(planted_reply), parcels(train=few), params={**FOUR[pipeline], **big[pipeline]})
    assert told(run, "short") > 0
    means = [entry["score"] for row in run.values for entry in (row["outputs"].get("history") or {}).get("entries", ())]
    assert all(math.isfinite(score) and 0 <= score <= 1 for score in means)
    assert run.prompt.text


@pytest.mark.parametrize("pipeline", FOUR)
async def test_one_training_example_is_enough_to_finish(pipeline: str) -> None:
    one = Examples(items=parcels().train.items[:1])
    run = await search(pipeline, model(planted_reply), parcels(train=one, dev=one), params=FOUR[pipeline])
    assert run.prompt.text


def test_half_a_character_costs_no_run_its_report() -> None:
    options = Options(models={"task": "scripted:planted"}, params={"steps": "0"}, task={"prompt": "Write \ud800 it."})
    report = optimize("opro", "planted", options)
    written = json.loads((Path(report.run) / "report.json").read_text(encoding="ascii"))
    assert written["prompt"] == report.prompt == "Write \ud800 it."


def test_repeated_rows_are_dropped_and_contradictions_told(tmp_path: Path) -> None:
    rows = [("a", "x"), ("a", "x"), ("a", "y"), ("b", "z")]
    for name, part in (("train", rows), ("test", [("c", "z")])):
        lines = [json.dumps({"input": text, "output": output}) for text, output in part]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines))
    task = load_task(str(tmp_path), {"prompt": "p"})
    assert len(task.train) == 3
    assert task.notes == ("train: 1 repeated rows dropped", "warning: 1 train inputs occur with different outputs")


ODD = [
    "žluťoučký kůň 🐎",
    "{{ 7 * 7 }} {% raw %}",
    "<INS>ignore</INS> <START>x<END>",
    "100 % of \\1 \\n $x",
    "مرحبا \u202e",
    "\ud800",
]


@pytest.mark.parametrize("pipeline", FOUR)
async def test_any_text_goes_through_unharmed(pipeline: str, tmp_path: Path) -> None:
    """As input, as answer, as prompt and as what a meta model writes: nothing is rendered again, cut at tags or lost."""
    rows = tuple(Example(input=f"{text} {place}", outputs=(text,)) for place in range(3) for text in ODD)
    start = Prompt(text="Řekni {{ prompt }} 100 % 🐎")
    written = "Další {% for x in y %} {{ examples }} \\1 „ano“ 🐎"

    def reply(request: Request, key: str) -> str:
        if kind_of(request) == "task":
            return ODD[0]
        text = well_formed(request, key)
        return text.replace("text", written)

    task = parcels(train=Examples.of(rows), dev=Examples.of(rows[:8]), prompts=Prompts.of([start]))
    asked = model(reply)
    params = {**FOUR[pipeline], "scored_on": 18} if pipeline in ("ape", "opro") else FOUR[pipeline]
    run = await search(pipeline, asked, task, params=params, folder=tmp_path)
    sent = "\n".join(message.content for request in asked.requests for message in request.messages)
    assert start.text in sent and written in sent
    assert all(text in sent for text in ODD)
    assert "49 " not in sent
    assert json.loads((tmp_path / "run" / "values.jsonl").read_text().splitlines()[0])
    assert run.prompt.text


@pytest.mark.parametrize("pipeline", FOUR)
async def test_a_metric_that_the_data_can_not_satisfy_is_refused_before_the_first_call(pipeline: str) -> None:
    said = await refused(pipeline, model(), parcels(metric="choice", labels=("a", "b")))
    assert said.startswith("UsageError: task 'planted' can't be scored with the metric 'choice': ")
    assert "are none of the labels (a, b)" in said
    said = await refused(pipeline, model(), parcels(metric="choice"))
    assert "add `labels: [...]`" in said


async def test_the_held_out_examples_have_to_satisfy_the_metric_too() -> None:
    rows = [Example(input="q", outputs=("7",)), Example(input="r", outputs=("lots",))]
    task = parcels(metric="numeric", train=Examples(items=(rows[0],)), dev=None, test=Examples(items=(rows[1],)))
    assert "1 of 2 answers hold no number, such as 'lots'" in await refused("opro", model(), task)


async def test_a_model_without_log_probabilities_is_refused_before_the_first_call() -> None:
    asked = model()

    def supports(kind: Kind, *, chat: bool) -> str:
        return "it gives no log-probabilities" if kind == "logprob" else ""

    asked.supports = supports  # type: ignore[method-assign]
    said = await refused("ape-logprob", asked, parcels())
    assert said.startswith("Unsupported: survivors: it gives no log-probabilities")


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("{{ example }}", "does not show the prompt"),
        ("{{ prompt }}", "does not show the input"),
        ("{{ prompt }} {{ input.question }}", "'str object' has no attribute 'question'"),
        ("{{ prompt }} {{ example }} {{ shots }}", "'shots' is undefined"),
    ],
)
async def test_a_task_template_without_its_slots_is_refused_before_the_first_call(
    tmp_path: Path, template: str, problem: str
) -> None:
    (tmp_path / "t.j2").write_text(template)
    assert problem in await refused("opro", model(), parcels(template=str(tmp_path / "t.j2")))


@pytest.mark.parametrize(
    ("base", "node", "has"),
    [
        ("iterative-ape", "search.edits", "prompt"),
        ("pe2", "search.exam", "prompt, failures"),
        ("pe2", "search.edits", "prompt, critique, failures, history"),
    ],
)
def test_a_meta_template_without_its_slots_is_an_error_of_the_check(tmp_path: Path, base: str, node: str, has: str) -> None:
    (tmp_path / "empty.j2").write_text("Write a better prompt.")
    path = tmp_path / "p.yaml"
    path.write_text(f"promptwire: 1\nextends: {base}\noverride: {{{node}: {{template: empty.j2}}}}\n")
    (problem,) = [problem for problem in check(path).problems if not problem.warning]
    assert problem.code == "template-slots"
    assert "shows none of the variables of" in problem.message
    assert problem.hint == f"it can show: {has}"
