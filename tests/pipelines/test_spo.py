"""SPO accepts what its judge prefers: always, never, by chance; and the judge sees answers alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from promptwire.backend import Request
from promptwire.backends.planted import planted
from promptwire.backends.planted_meta import HINT
from promptwire.language.check import load_graph
from promptwire.planning.plan import make_plan
from promptwire.tasks.given_task import make_task
from promptwire.tasks.task import Task
from promptwire.values.hashing import digest
from tests.pipelines.planted_task import PLANTED, accuracy, parcels
from tests.pipelines.search_runs import Outcome, kind_of, model, search

ROUNDS = 9
Vote = Callable[[str, str, int], str]
"""From the answers of A and of B, and the number of the vote, to what the judge says."""


def letters() -> Task:
    return make_task([f"letter {number}" for number in range(12)], prompt="version 0", metric="none")


def world(vote: Vote) -> tuple[Callable[[Request, str], str], list[str]]:
    """A model whose every new prompt has a higher version, and whose answers tell the version; and the judge's pages."""
    pages: list[str] = []

    def reply(request: Request, key: str) -> str:
        text = request.messages[-1].content
        if kind_of(request) == "proposal":
            return f"<prompt>version {int(digest(key, 12), 16)}</prompt>"
        if kind_of(request) == "vote":
            pages.append(text)
            sides = [text.split(f"### Answer of {side}\n")[1].split("\n")[0] for side in "AB"]
            return vote(*sides, len(pages))
        return f"said {text.split()[1]}"

    return reply, pages


async def spo(vote: Vote, **options: Any) -> tuple[Outcome, list[str], int]:
    """A run, the judge's pages, and how many prompts were accepted."""
    reply, pages = world(vote)
    run = await search("spo", model(reply), letters(), **options)
    won = [row["outputs"]["won"] for row in run.values if row["path"] == "search.judged"]
    return run, pages, sum(won)


async def test_it_makes_3_calls_and_8_a_round_and_plan_says_so() -> None:
    run, _, _ = await spo(lambda a, b, number: "<choose>A</choose>")
    assert run.calls == 3 + ROUNDS * (1 + 3 + 4) == 75
    assert make_plan(load_graph("spo"), letters()).total.most == 75
    assert run.counted("first")[1] == 3 and run.counted("search.tried")[1] == 27


async def test_a_judge_that_prefers_the_new_prompt_has_all_accepted() -> None:
    """The page names neither side new: the judge knows an answer that it has seen before."""
    seen: set[str] = {"said 0"}

    def vote(a: str, b: str, number: int) -> str:
        fresh = "A" if b in seen else "B"
        if number % 4 == 0:
            seen.update((a, b))
        return f"<choose>{fresh}</choose>"

    run, _, accepted = await spo(vote)
    assert accepted == ROUNDS
    assert run.prompt.text == run.gave("search.idea", "8")["prompts"]["items"][0]["text"]


async def test_a_judge_that_prefers_the_old_prompt_has_none_accepted() -> None:
    run, _, accepted = await spo(lambda a, b, number: f"<choose>{'A' if a == 'said 0' else 'B'}</choose>")
    assert (accepted, run.prompt.text) == (0, "version 0")


async def test_two_votes_against_two_keep_the_old_prompt() -> None:
    for_new = iter([True, False] * 2 * ROUNDS)
    run, _, accepted = await spo(lambda a, b, number: f"<choose>{'B' if (a == 'said 0') == next(for_new) else 'A'}</choose>")
    assert (accepted, run.prompt.text) == (0, "version 0")


async def test_a_judge_that_always_says_a_accepts_about_5_of_16() -> None:
    """The new prompt is A in three or four of four drawn orders with a chance of 5/16; a judge shown it first gives 0 or all."""
    accepted = [(await spo(lambda a, b, number: "<choose>A</choose>", seed=seed))[2] for seed in range(20)]
    share = sum(accepted) / (20 * ROUNDS)
    assert 0.2 < share < 0.43
    assert 0 not in (sum(accepted), 20 * ROUNDS - sum(accepted))


async def test_unreadable_votes_are_abstentions_and_keep_the_old_prompt() -> None:
    run, _, accepted = await spo(lambda a, b, number: "I can not say.")
    assert (accepted, run.prompt.text) == (0, "version 0")
    assert run.session.counts["search.judged", "abstentions"] == 36


async def test_the_judge_sees_neither_prompt_nor_round_nor_status() -> None:
    _, pages, _ = await spo(lambda a, b, number: "<choose>B</choose>")
    shown = {line for page in pages for line in page.splitlines() if line.startswith("letter")}
    assert len(shown) == 3  # the same inputs in every round, on both sides
    for page in pages:
        assert "version" not in page and "round" not in page.lower() and "succeed" not in page.lower()
        assert page.count("letter") == 3 and page.count("said") == 6


async def test_the_judge_sees_the_requirements() -> None:
    _, pages, _ = await spo(lambda a, b, number: "<choose>A</choose>", params={"requirements": "Be kind.", "rounds": 1})
    assert len(pages) == 4 and all("Be kind." in page for page in pages)


async def test_an_unreadable_new_prompt_is_neither_run_nor_judged() -> None:
    def reply(request: Request, key: str) -> str:
        return "no prompt" if kind_of(request) == "proposal" else "said"

    run = await search("spo", model(reply), letters())
    assert (run.calls, run.prompt.text) == (3 + ROUNDS, "version 0")


async def test_several_initial_prompts_are_judged_first() -> None:
    task = make_task([f"letter {number}" for number in range(12)], prompt=["version 0", "version 1"], metric="none")
    reply, _ = world(lambda a, b, number: f"<choose>{'A' if a == 'said 1' else 'B'}</choose>")
    run = await search("spo", model(reply), task, params={"rounds": 0})
    assert (run.calls, run.prompt.text) == (6 + 4, "version 1")


@pytest.mark.heavy
async def test_it_finds_planted_hints_without_seeing_a_label() -> None:
    """Of 16 kinds of fields, 6 are wanted; nine prompts by chance would keep about as many of the others."""
    runs = [await search("spo", planted(), parcels(), seed=seed) for seed in range(10)]
    hints = [set(HINT.findall(run.prompt.text.lower())) for run in runs]
    right = sum(len(found & PLANTED) for found in hints)
    assert right >= 2 * sum(len(found - PLANTED) for found in hints)
    assert sum(accuracy(run.prompt) for run in runs) / 10 > accuracy(parcels().prompts.items[0]) + 0.05
