"""In each planted world a mechanism shows: with it a shipped optimizer gets far, without it the same optimizer stays low.

All else is equal: pipeline, templates, seeds and model. The ablation removes the mechanism by a setting or a patch. Seeds and
models are fixed, so the scores are the same in every run; the bounds leave room for changes of wording in templates.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.pipelines.world_runs import reached

pytestmark = pytest.mark.heavy

GENERATIONS = {"induced": 0, "founders": 3, "population": 6, "steps": 4, "scored_on": 24}
PROTEGI = {"search.expand.batch_size": 16}
CAPO = {"steps": 6, "block": 12, "blocks": 3}
REWORDED: dict[str, Any] = {
    "search.children": {
        "use": "resample",
        "prompts": "$families.prompts",
        "template": "ape/resample.j2",
        "of": None,
        "best": None,
    }
}
"""EvoPrompt without crossover: a child is a paraphrase of its parent."""
UNCHECKED: dict[str, Any] = {
    "search.tried": None,
    "search.kept": None,
    "search.carry.known": None,
    "search.carry.prompt": {"start": "$start", "next": "$child"},
}
"""TextGrad without its gate."""


async def test_valley_crossover_joins_what_single_steps_cannot_reach() -> None:
    crossed = await reached("planted-valley", "evoprompt-de", GENERATIONS)
    reworded = await reached("planted-valley", "evoprompt-de", GENERATIONS, REWORDED)
    assert crossed > 0.9
    assert reworded < 0.35


async def test_valley_a_beam_crosses_it_and_a_single_best_prompt_does_not() -> None:
    beam = await reached("planted-valley", "protegi", {"rounds": 4, "width": 4, "pulls": 240}, PROTEGI)
    single = await reached("planted-valley", "protegi", {"rounds": 4, "width": 1, "pulls": 240}, PROTEGI)
    assert beam > 0.7
    assert single < 0.45


async def test_valley_a_gate_that_only_lets_better_prompts_pass_stays_in_it() -> None:
    assert await reached("planted-valley", "gepa", {"rounds": 24}) < 0.35


async def test_order_rounds_find_what_more_drafts_at_once_cannot() -> None:
    deep = await reached("planted-order", "pe2", {"steps": 7, "width": 2, "tried_on": 24}, {"search.graded.on": "$dev"})
    broad = await reached("planted-order", "pe2", {"steps": 2, "width": 7, "tried_on": 24})
    once = await reached("planted-order", "ape", {"scored_on": 40, "first": 10})
    assert deep > 0.9
    assert max(broad, once) < 0.35


async def test_noise_more_examples_for_a_choice_find_a_better_prompt() -> None:
    many = await reached("planted-noise", "critique-crossover", {"scored_on": 40, "tried_on": 12, "steps": 4})
    few = await reached("planted-noise", "critique-crossover", {"scored_on": 4, "tried_on": 12, "steps": 4})
    assert many > few + 0.1


async def test_noise_a_race_over_blocks_finds_a_better_prompt_than_one_block() -> None:
    race = await reached("planted-noise", "capo", {"steps": 6, "shots": 0, "block": 8, "blocks": 5})
    block = await reached("planted-noise", "capo", {"steps": 6, "shots": 0, "block": 8, "blocks": 1})
    assert race > block + 0.05


async def test_critic_a_score_before_acceptance_keeps_wrong_advice_out_and_no_critic_needs_none() -> None:
    checked = await reached("planted-critic", "textgrad", {"updates": 20})
    unchecked = await reached("planted-critic", "textgrad", {"updates": 20}, UNCHECKED)
    induced = await reached("planted-critic", "ape", {"scored_on": 24, "first": 8, "n": 3})
    assert checked > 0.45
    assert unchecked < 0.25
    assert induced > 0.9


async def test_shots_text_and_shots_that_are_chosen_together_find_the_right_combination() -> None:
    both = await reached("planted-shots", "capo", CAPO)
    text = await reached("planted-shots", "capo", {**CAPO, "shots": 0})
    assert both > 0.65
    assert text < 0.4


async def test_taste_many_votes_in_both_orders_overcome_a_judge_who_prefers_a_side() -> None:
    sizes = {"rounds": 30, "samples": 10, "votes": 8}
    balanced = await reached("planted-taste", "spo", sizes, {"search.judged.swap": "balanced"})
    never = await reached("planted-taste", "spo", sizes, {"search.judged.swap": "never"})
    once = await reached("planted-taste", "spo", {**sizes, "votes": 1})
    assert balanced > 0.6
    assert max(never, once) < 0.4


async def test_valley_a_tree_goes_on_from_worse_prompts_and_children_of_the_root_alone_do_not() -> None:
    sizes = {"iterations": 5, "batch": 4, "scored_on": 20}
    tree = await reached("planted-valley", "promptagent", {**sizes, "width": 2, "depth": 6}, seeds=3)
    shallow = await reached("planted-valley", "promptagent", {**sizes, "width": 8, "depth": 1}, seeds=3)
    assert tree > 0.9
    assert shallow < 0.4


async def test_shots_a_search_over_pairs_finds_what_neither_texts_nor_shots_alone_reach() -> None:
    sizes = {"instructions": 8, "sets": 10, "scored_on": 20, "minibatch": 8, "trials": [10, 10, 10, 10]}
    drawn = {"search.tries.pair.policy": "draw"}
    pairs = await reached("planted-shots", "miprov2", sizes, drawn, seeds=3)
    texts = await reached("planted-shots", "miprov2", {**sizes, "sets": 1}, drawn, seeds=3)
    shots = await reached("planted-shots", "miprov2", {**sizes, "instructions": 1}, drawn, seeds=3)
    assert pairs > 0.7
    assert max(texts, shots) < 0.5
