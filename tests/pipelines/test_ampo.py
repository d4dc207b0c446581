"""AMPO gives each kind of error a branch of the prompt, takes important kinds first, and stops when a branch gains nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from promptwire.backend import Request
from promptwire.backends.planted import planted
from promptwire.backends.planted_meta import HINT
from promptwire.language.check import load_graph
from promptwire.planning.plan import make_plan
from promptwire.tasks.given_task import make_task
from promptwire.tasks.task import Task
from tests.pipelines.planted_task import PLANTED, parcels, variant
from tests.pipelines.search_runs import Outcome, model, search

KINDS = {"urgent": "{}!", "foreign": "({})"}
"""How the right answer to an input of a kind looks; a plain input is answered as it is."""
START = "Repeat the word."


def letters(*, urgent: int = 8, foreign: int = 4, plain: int = 8) -> Task:
    """Words of three kinds, the same kinds in train and dev."""
    made = [("plain", number) for number in range(plain)]
    made += [("urgent", number) for number in range(urgent)] + [("foreign", number) for number in range(foreign)]
    rows = [(f"{kind} w{number}", right(kind, f"w{number}")) for kind, number in made]
    return make_task(rows, prompt=START, dev=rows, test=rows[:2])


def right(kind: str, word: str) -> str:
    return KINDS.get(kind, "{}").format(word)


def answer(prompt: str, text: str) -> str:
    """What the task model answers: it knows a kind only from a branch of the prompt."""
    kind, word = text.split()
    return right(kind if f"If the input is {kind}:" in prompt else "plain", word)


def world(importance: Callable[[int], float] = float) -> tuple[Callable[[Request, str], str], Counter[str]]:
    """A model in all roles, and how often each was asked."""
    asked: Counter[str] = Counter()

    def reply(request: Request, key: str) -> str:
        text = request.messages[-1].content
        quoted = re.search(r'"""\n(.*?)\n"""', text, re.DOTALL)
        prompt = quoted[1] if quoted else ""
        if "wrote down its cause" in text:
            asked["summary"] += 1
            kinds = Counter(re.findall(r"inputs that are (\w+)", text)).most_common()
            return "".join(f"<pattern>{importance(n):g} | Inputs that are {kind}.</pattern>\n" for kind, n in kinds)
        if "answered this input wrongly" in text:
            asked["cause"] += 1
            return f"<START>With inputs that are {re.search(r'Input: (.*) w', text)[1]}, it says nothing.<END>"  # type: ignore[index]
        if "This pattern was found" in text:
            asked["revision"] += 1
            kind = re.search(r"Inputs that are (\w+)\.", text)[1]  # type: ignore[index]
            return f"<prompt>{prompt}\nIf the input is {kind}: mark it.\nIf the input is {kind}: mark it.</prompt>"
        if "Prune it" in text:
            asked["pruning"] += 1
            return f"<prompt>{chr(10).join(dict.fromkeys(prompt.splitlines()))}</prompt>"
        asked["task"] += 1
        return answer(text.partition("\n\nInput:")[0], text.partition("Input: ")[2].partition("\n")[0])

    return reply, asked


async def ampo(task: Task, pipeline: str | Path = "ampo", **options: Any) -> tuple[Outcome, Counter[str]]:
    reply, asked = world(options.pop("importance", float))
    return await search(pipeline, model(reply), task, **options), asked


def wrong_kinds(prompt: str, task: Task) -> set[str]:
    return {one.text.split()[0] for one in task.train.items if answer(prompt, one.text) != one.output}


async def test_two_kinds_of_error_give_two_branches_and_each_holds_exactly_its_kind() -> None:
    task = letters()
    run, _ = await ampo(task)
    lines = run.prompt.text.splitlines()
    assert lines == [START, "If the input is urgent: mark it.", "If the input is foreign: mark it."]
    assert wrong_kinds(run.prompt.text, task) == set()
    for kind in KINDS:
        rest = "\n".join(line for line in lines if kind not in line)
        assert wrong_kinds(rest, task) == {kind}


async def test_a_round_makes_as_many_calls_as_its_formula_and_plan_bounds_them() -> None:
    """K + 1 + 2M calls of the meta model; the minibatch and M |dev| of the task model, after |dev| for the initial prompt."""
    task = letters(urgent=8, foreign=8, plain=0)
    params = {"rounds": 1, "failures": 16, "patterns": 2, "batch": 16}
    run, asked = await ampo(task, params=params)
    assert asked == {"cause": 16, "summary": 1, "revision": 2, "pruning": 2, "task": 16 + 16 + 2 * 16}
    assert (run.counted("first")[1], run.counted("search.graded")[1], run.counted("search.tried")[1]) == (16, 16, 32)
    steps = {step.path: step.most for step in make_plan(load_graph("ampo", params=params), task).steps}
    assert [steps[f"search.{name}"] for name in ("causes", "found", "revised", "pruned.child")] == [16, 1, 2, 2]
    assert (steps["search.graded"], steps["search.tried"]) == (16, 32)


async def test_a_pattern_with_a_higher_number_is_revised_first(tmp_path: Path) -> None:
    task, params = letters(urgent=8, foreign=4), {"rounds": 1, "patterns": 1, "failures": 12}
    run, _ = await ampo(task, params=params)
    assert "urgent" in run.prompt.text and "foreign" not in run.prompt.text
    run, _ = await ampo(task, params=params, importance=lambda n: 1 / n)
    assert "foreign" in run.prompt.text and "urgent" not in run.prompt.text
    ignored = variant(tmp_path, "ampo", "{search.top: {order: ascending}}")
    run, _ = await ampo(task, ignored, params=params)
    assert "foreign" in run.prompt.text


async def test_the_best_of_the_children_is_the_only_next_prompt() -> None:
    run, _ = await ampo(letters(urgent=8, foreign=4), params={"failures": 12})
    first = run.gave("search.kept", "0")
    assert [prompt["text"] for prompt in first["prompts"]["items"]] == [f"{START}\nIf the input is urgent: mark it."]
    assert len(first["rest"]["items"]) == 1


@pytest.mark.parametrize(("gain", "branches"), [(0.01, 2), (0.2, 1), (0.5, 0)])
async def test_the_search_ends_when_no_branch_gains_enough(gain: float, branches: int) -> None:
    """The branches gain 0.4 and 0.15 on dev."""
    run, asked = await ampo(letters(urgent=8, foreign=3, plain=9), params={"gain": gain, "failures": 12})
    assert run.prompt.text.count("If the input is") == branches
    rounds = {row["round"] for row in run.values if row["path"] == "search.kept"}
    assert len(rounds) == branches + 1 <= 5
    assert asked["summary"] == (branches if branches == 2 else branches + 1)  # without failures nothing is asked


async def test_unreadable_patterns_change_nothing() -> None:
    reply, _ = world()

    def mute(request: Request, key: str) -> str:
        return "nothing" if "wrote down its cause" in request.messages[-1].content else reply(request, key)

    run = await search("ampo", model(mute), letters())
    assert (run.prompt.text, run.session.counts["search.found", "unreadable"]) == (START, 1)


@pytest.mark.heavy
async def test_it_finds_most_planted_hints() -> None:
    for seed in range(5):
        run = await search("ampo", planted(), parcels(), seed=seed)
        found = set(HINT.findall(run.prompt.text.lower()))
        assert found <= PLANTED and len(found) >= 4
