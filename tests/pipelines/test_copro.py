"""COPRO: as many requests as its authors' code makes, attempts worst first, and no text paid for twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptwire.backend import Request
from promptwire.backends.planted import reply as planted
from promptwire.registry.node_types import Registry
from promptwire.values import Prompt, Prompts
from tests.pipelines.planted_task import accuracy, mix_up, parcels, variant, vocabulary
from tests.pipelines.search_runs import kind_of, model, numbers, search, well_formed


def asked_for(requests: list[Request]) -> list[str]:
    """The proposals asked for, in order."""
    return [request.messages[-1].content for request in requests if kind_of(request) == "induction"]


@pytest.mark.parametrize(("batches", "requests"), [(True, 3), (False, 29)])
async def test_three_depths_of_ten_are_one_request_each_and_30_instructions_on_all_of_train(
    batches: bool, requests: int
) -> None:
    """9 + 10 + 10 completions; breadth x depth x |train| task calls."""
    run = await search("copro", model(batches=batches), numbers(8))
    assert run.counted("search.ideas") == (requests, 29)
    assert run.counted("first")[1] + run.counted("search.scores")[1] == 30 * 8
    assert len(run.outputs["history"]) == 30


async def test_breadth_and_depth_are_the_numbers_of_one_list() -> None:
    run = await search("copro", model(), numbers(5), params={"breadths": [2, 3]})
    assert run.counted("search.ideas") == (2, 5)
    assert run.counted("first")[1] + run.counted("search.scores")[1] == 6 * 5


async def test_the_first_request_shows_the_original_and_the_later_ones_the_best_attempts_worst_first() -> None:
    """Of 10 attempts at depth 1 and 20 at depth 2, the best 10 are shown, and the original is never named apart."""
    right = {f"idea {place}": place for place in range(1, 30)}
    words = sorted(right, key=lambda word: right[word] * 7 % 30)

    def reply(request: Request, key: str) -> str:
        if kind_of(request) != "task":
            return f"<instruction>{words.pop()}</instruction>"
        text = request.messages[-1].content
        number = int(text.partition("number ")[2].partition("\n")[0])
        return f"answer {number}" if number < right.get(text.partition("\n")[0], 0) else "wrong"

    used = model(reply)
    run = await search("copro", used, numbers(30))
    first, *_, last = asked_for(used.requests)
    assert "Say it." in first and "score:" not in first
    scores = [int(part.partition("score:\n")[2].partition("\n")[0]) for part in last.split("text:\n")[1:]]
    assert len(scores) == 10 and scores == sorted(scores)
    assert "Say it." not in last
    assert run.prompt.text == "idea 29"


async def test_an_instruction_that_comes_again_is_scored_once() -> None:
    """What equals the original, a sibling or an attempt of an earlier depth costs nothing."""
    replies = iter(["Say it.", "a", "a", "b", "b", "a", "c"])

    def reply(request: Request, key: str) -> str:
        return "wrong" if kind_of(request) == "task" else f"<instruction>{next(replies)}</instruction>"

    run = await search("copro", model(reply), numbers(10), params={"breadths": [3, 4]})
    assert [entry.prompt.text for entry in run.outputs["history"].entries] == ["Say it.", "a", "b", "c"]
    assert run.counted("first")[1] + run.counted("search.scores")[1] == 4 * 10


async def test_a_reply_without_tags_is_an_instruction_all_the_same() -> None:
    def reply(request: Request, key: str) -> str:
        return "wrong" if kind_of(request) == "task" else well_formed(request, key).replace("instruction>", "other>")

    run = await search("copro", model(reply), numbers(4), params={"breadths": [2]})
    assert len(run.outputs["history"]) == 3
    assert run.session.counts["search.ideas", "taken whole"] == 2


@pytest.mark.heavy
async def test_it_learns_from_the_scores_of_its_attempts_and_from_nothing_else(tmp_path: Path) -> None:
    """From 16 instructions that name one field each it joins the good ones; with the scores dealt anew it does not."""
    start = [Prompt(text=f"Write the label of the parcel. State the {word}.") for word in vocabulary()]
    task = parcels().model_copy(update={"prompts": Prompts.of(start)})
    path = variant(tmp_path, "copro", "{search.mixed: {use: mix-up, of: $log}, search.top: {of: $mixed}}")
    seeds = range(4)
    kept = [accuracy((await search("copro", model(planted), task, seed=seed)).prompt) for seed in seeds]
    types = {**Registry(), "mix-up": mix_up}
    mixed = [accuracy((await search(path, model(planted), task, seed=seed, types=types)).prompt) for seed in seeds]
    assert max(map(accuracy, start)) < 0.3
    assert sum(kept) / len(kept) > 0.5
    assert sum(mixed) < sum(kept) - 0.5
