"""The relay: what each stage asks, what it hands on, and that a stage that ends early hands on its best."""

from __future__ import annotations

from typing import Any

import pytest

from promptwire.backend import Request
from promptwire.backends.planted import reply as planted
from promptwire.backends.planted_meta import HINT
from promptwire.language.check import load_graph
from promptwire.limits import Limits
from promptwire.planning.plan import make_plan
from promptwire.planning.step_plan import Known
from tests.pipelines.planted_task import PLANTED, guess, parcels
from tests.pipelines.search_runs import Outcome, mixed, model, numbers, search, well_formed

EXPAND = "protegi.search.expand.family"
SMALL: dict[str, Any] = {"params": {"scored_on": 20, "pulls": 120}}
ONE_ROUND: dict[str, Any] = {"params": {**SMALL["params"], "rounds": 1, "steps": 2}}


def texts(run: Outcome, stage: str, port: str = "prompt") -> list[str]:
    """The prompts that a stage gave."""
    return [prompt["text"] for prompt in run.gave(stage, "")[port]["items"]]


async def test_without_a_limit_each_stage_asks_what_its_optimizer_asks() -> None:
    """APE 5 x 10 and its filter; ProTeGi with four parents, 2048 pulls made 120; OPRO 8 x n, and 2 x 8 x n."""
    run = await search("relay", model(), numbers(), **ONE_ROUND)
    assert run.counted("ape.proposals") == (5, 50)
    assert run.counted("ape.survivors")[1] == 51 * 10 + 26 * 10
    assert run.counted(f"{EXPAND}.graded")[1] == 4 * 64
    assert run.counted(f"{EXPAND}.gradients") == (4, 4)
    assert run.counted(f"{EXPAND}.edits") == (16, 16)
    assert run.counted("protegi.search.select")[1] <= 120
    assert run.counted("opro.first")[1] == 8 * 20
    assert run.counted("opro.search.ideas") == (2, 2 * 8)
    assert run.counted("opro.search.scores")[1] == 2 * 8 * 20
    assert run.session.stages_ended == {}


async def test_protegi_starts_from_the_best_four_of_ape_and_opro_from_all() -> None:
    run = await search("relay", model(planted), parcels(), **ONE_ROUND)
    best = texts(run, "ape")
    assert len(best) == 4
    graded = [row for row in run.values if row["path"] == f"{EXPAND}.graded"]
    assert [row["outputs"]["scores"]["prompts"]["items"][0]["text"] for row in graded] == best
    first = [prompt["text"] for prompt in run.gave("opro.first", "")["scores"]["prompts"]["items"]]
    assert first == list(dict.fromkeys([*texts(run, "protegi"), *best]))


@pytest.mark.parametrize("calls", [300, 700, 1500])
async def test_a_stage_that_ends_early_hands_on_its_best(calls: int) -> None:
    run = await search("relay", model(planted), parcels(), limits=Limits(calls=calls), **SMALL)
    steps = run.session.gateway.usage.steps
    spent = {
        stage: sum(count.new for path, count in steps.items() if path.startswith(f"{stage}."))
        for stage in ("ape", "protegi", "opro")
    }
    assert spent["ape"] <= 0.3 * calls
    assert spent["protegi"] <= 0.5 * (calls - spent["ape"])
    assert run.calls == sum(spent.values()) <= calls
    assert "ape" in run.session.stages_ended
    assert run.session.limits_hit == []
    known = run.session.scored_prompts
    for before, after in (("ape", "protegi"), ("protegi", "opro")):
        handed = texts(run, before)
        began = next(
            row for row in run.values if row["path"] in (f"{EXPAND}.graded", "opro.first") and row["path"].startswith(after)
        )
        assert set(handed) & {prompt["text"] for prompt in began["outputs"]["scores"]["prompts"]["items"]}
    initial = known.score(parcels().prompts.items[0])[0] or 0.0
    assert (known.score(run.prompt)[0] or 0.0) >= initial


async def test_no_reply_makes_it_ask_more_than_the_plan_says() -> None:
    limits = Limits(calls=400)
    plan = make_plan(load_graph("relay", params=SMALL["params"]), numbers(), Known(limits=limits))
    assert {stage.path: stage.calls for stage in plan.stages} == {"ape": 117, "protegi": 196, "opro": 392}
    for reply in (mixed, well_formed):
        run = await search("relay", model(reply), numbers(), limits=limits, **SMALL)
        for row in plan.steps[:-1]:
            assert run.session.gateway.usage.of(row.path).wanted <= (row.most or 0)


@pytest.mark.heavy
async def test_it_finds_the_planted_prompt_with_a_thousand_calls_and_guesses_do_not() -> None:
    def found(run: Outcome) -> bool:
        return set(HINT.findall(run.prompt.text.lower())) == PLANTED

    async def once(reply: Any, seed: int) -> Outcome:
        return await search("relay", model(reply), parcels(), seed=seed, limits=Limits(calls=1000), **SMALL)

    informed = [found(await once(planted, seed)) for seed in range(4)]
    guessed = [found(await once(guess, seed)) for seed in range(4)]
    assert sum(informed) >= 3
    assert sum(guessed) <= 1


async def test_useless_stages_pass_the_initial_prompt_through() -> None:
    def silent(request: Request, key: str) -> str:
        return ""

    run = await search("relay", model(silent), numbers(20), limits=Limits(calls=200), **SMALL)
    assert run.prompt.text == "Say it."
