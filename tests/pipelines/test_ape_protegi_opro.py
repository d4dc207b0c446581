"""The hybrid of APE, ProTeGi and OPRO: what each part asks, that they go side by side, and that one beam takes from all."""

from __future__ import annotations

import pytest

from promptwire.backend import Request
from promptwire.backends.planted import reply as planted
from promptwire.backends.planted_meta import HINT
from tests.pipelines.planted_task import PLANTED, guess, parcels
from tests.pipelines.search_runs import Waves, kind_of, model, numbers, search

EXPAND = "search.expand.family"
SMALL = {"rounds": 3, "scored_on": 24}


async def test_a_round_asks_what_its_parts_ask() -> None:
    """b gradients of r reasons, b x r edits, one request of K ideas; what is new is scored on the set that all share."""
    run = await search("ape-protegi-opro", model(), numbers(), params={"rounds": 2})
    assert run.counted("induced") == (4, 16)
    assert run.counted("first")[1] == 17 * 64
    assert run.counted(f"{EXPAND}.graded")[1] == 2 * 4 * 24
    assert run.counted(f"{EXPAND}.gradients") == (2 * 4, 2 * 4)
    assert run.counted(f"{EXPAND}.edits") == (2 * 4 * 2, 2 * 4 * 2)
    assert run.counted("search.ideas") == (2, 2 * 8)
    assert run.counted("search.scores")[1] == 2 * (8 + 8) * 64
    assert len(run.outputs["history"]) == 17 + 2 * 16


async def test_opros_ideas_do_not_wait_for_protegis_edits() -> None:
    waves = Waves()
    params = {"rounds": 1, "scored_on": 24}
    used = waves.model()
    used.batches = False
    await search("ape-protegi-opro", used, numbers(), params=params)
    assert waves.waves == [
        {"induction": 16}, {"task": 17 * 24},
        {"task": 4 * 24, "idea": 8}, {"gradient": 4}, {"edit": 8}, {"task": 16 * 24},
    ]  # fmt: skip


@pytest.mark.heavy
async def test_it_finds_the_planted_prompt_and_guesses_do_not() -> None:
    found = guessed = 0
    for seed in range(4):
        for reply in (planted, guess):
            run = await search("ape-protegi-opro", model(reply), parcels(), seed=seed, params=SMALL)
            complete = set(HINT.findall(run.prompt.text.lower())) == PLANTED
            found, guessed = found + (complete and reply is planted), guessed + (complete and reply is guess)
    assert found == 4
    assert guessed <= 1


async def test_the_history_holds_what_all_three_wrote_and_the_beam_the_best_of_it() -> None:
    run = await search("ape-protegi-opro", model(planted), parcels(), params=SMALL)
    entries = run.outputs["history"].entries
    assert {entry.prompt.made_by for entry in entries} == {"", "induced", f"{EXPAND}.edits", "search.ideas"}
    beam = [prompt["text"] for prompt in run.gave("search.kept", "2")["prompts"]["items"]]
    scores = {entry.prompt.text: entry.score for entry in entries}
    assert [scores[text] for text in beam] == sorted(scores.values(), reverse=True)[:4]


async def test_what_one_part_wrote_and_the_other_writes_again_is_scored_once() -> None:
    def reply(request: Request, key: str) -> str:
        same = {"gradient": "<START>why<END>", "edit": "<START>Do it.<END>", "idea": "<instruction>Do it.</instruction>"}
        return same.get(kind_of(request), "wrong")

    run = await search("ape-protegi-opro", model(reply), numbers(20), params={"rounds": 2, "scored_on": 10, "draws": 0})
    assert run.counted("first")[1] == 10
    assert run.counted("search.scores")[1] == 10
