"""Each shipped pipeline asks as often as its paper says: requests and completions by kind and round, replies well-formed.

The numbers are those that the authors' code makes, counted by running it; see the docstring of each test for the formula.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from promptwire.backend import Request
from tests.pipelines.search_runs import Outcome, Waves, kind_of, model, numbers, search

EXPAND = "search.expand.family"
PROTEGI = ("graded", "gradients", "edits", "cousins", "variants")


async def rounds(pipeline: str, until: int, name: str = "rounds", **options: Any) -> list[Outcome]:
    """Runs of 0, 1, ... `until` rounds; the same seed makes each a continuation of the one before."""
    task = options.pop("task", None) or numbers()
    params = options.pop("params", {})
    return [await search(pipeline, model(), task, params={**params, name: number}, **options) for number in range(until + 1)]


def added(runs: list[Outcome], path: str, round: int) -> tuple[int, int]:
    """What the step at `path` asked in `round`, counted from 1: requests and completions."""
    before, after = runs[round - 1].counted(path), runs[round].counted(path)
    return after[0] - before[0], after[1] - before[1]


def protegi(runs: list[Outcome], round: int) -> dict[str, tuple[int, int]]:
    """The calls of one round of ProTeGi."""
    asked = {name: added(runs, f"{EXPAND}.{name}", round) for name in PROTEGI}
    near, far = asked.pop("cousins"), asked.pop("variants")
    asked["paraphrases"] = (near[0] + far[0], near[1] + far[1])
    return asked


def candidates(run: Outcome, round: int) -> int:
    """How many prompts the selection of a round chose from."""
    return len(run.gave("search.select", str(round - 1))["scores"]["prompts"]["items"])


@pytest.mark.heavy
async def test_protegi_as_its_code_runs_it() -> None:
    """64 / 4 / 4 / 5 requests and 9 candidates with one parent; 256 / 16 / 16 / 20 and 36 with a beam of four."""
    runs = await rounds("protegi-repo", 2)
    assert protegi(runs, 1) == {"graded": (64, 64), "gradients": (4, 4), "edits": (4, 4), "paraphrases": (5, 10)}
    assert candidates(runs[1], 1) == 9
    assert added(runs, "search.select", 1) == (9 * (2048 // 9),) * 2
    assert protegi(runs, 2) == {"graded": (256, 256), "gradients": (16, 16), "edits": (16, 16), "paraphrases": (20, 40)}
    assert candidates(runs[2], 2) == 36
    assert added(runs, "search.select", 2) == (36 * (2048 // 36),) * 2


@pytest.mark.heavy
async def test_protegi_as_its_paper_says() -> None:
    """One group of errors and four reasons from one request; the bandit spends its 2048 pulls and no more."""
    runs = await rounds("protegi", 2)
    assert protegi(runs, 1) == {"graded": (64, 64), "gradients": (1, 1), "edits": (4, 4), "paraphrases": (5, 10)}
    assert protegi(runs, 2) == {"graded": (256, 256), "gradients": (4, 4), "edits": (16, 16), "paraphrases": (20, 40)}
    assert (candidates(runs[1], 1), candidates(runs[2], 2)) == (9, 36)
    assert [added(runs, "search.select", round)[1] for round in (1, 2)] == [2048, 2048]


@pytest.mark.parametrize("policy", ["ucb", "ucb-e", "successive-rejects", "successive-halving", "uniform"])
async def test_every_selection_of_protegi_keeps_its_budget(policy: str) -> None:
    (_, one, two) = runs = await rounds("protegi", 2, params={"pulls": 360}, sets={"search.select.policy": policy})
    spent = [added(runs, "search.select", round)[1] for round in (1, 2)]
    assert all(300 <= pulls <= 360 for pulls in spent), spent
    assert (
        len(two.gave("search.select", "1")["prompts"]["items"]) == len(one.gave("search.select", "0")["prompts"]["items"]) == 4
    )


@pytest.mark.heavy
async def test_protegi_may_reject_children_on_the_errors_of_their_parents() -> None:
    """4 parents x 14 children x 16 errors, on top of everything else, where the pool of 14 is larger than the cap of 8."""
    runs = await rounds("protegi-repo", 2, sets={"search.expand.keep": "errors-only"})
    assert added(runs, f"{EXPAND}.children", 1)[1] == 14 * 16
    assert added(runs, f"{EXPAND}.children", 2)[1] == 896
    assert candidates(runs[2], 2) == 36


async def test_protegi_without_paraphrases() -> None:
    """p=0 and two groups: 64 / 2 / 2 / 0 requests and 3 candidates."""
    runs = await rounds("protegi-repo", 1, sets={"search.expand.paraphrases": 0, "search.expand.groups": 2})
    assert protegi(runs, 1) == {"graded": (64, 64), "gradients": (2, 2), "edits": (2, 2), "paraphrases": (0, 0)}
    assert candidates(runs[1], 1) == 3


@pytest.mark.parametrize(("batches", "requests"), [(True, 1), (False, 8)])
async def test_opro_asks_one_question_eight_times(batches: bool, requests: int) -> None:
    """K samples of one identical request a step; K x D calls to score them; the initial text once."""
    asked = model(batches=batches)
    run = await search("opro", asked, numbers(), params={"steps": 3, "scored_on": 50})
    ideas = [request for request in asked.requests if kind_of(request) == "idea"]
    assert len(ideas) == 3 * requests
    assert all(request == ideas[0] for request in ideas[:requests])
    assert run.counted("search.ideas") == (3 * requests, 24)
    assert run.counted("search.scores")[1] == 3 * 8 * 50
    assert run.counted("first")[1] == 50
    texts = [prompt["text"] for prompt in run.gave("search.ideas", "0")["prompts"]["items"]]
    assert len(set(texts)) == 8
    assert len(run.outputs["history"]) == 1 + 24


@pytest.mark.parametrize("batches", [True, False])
async def test_the_eight_samples_are_eight_answers_in_the_cache(batches: bool, tmp_path: Path) -> None:
    async def once() -> tuple[Outcome, int]:
        asked = model(batches=batches)
        run = await search("opro", asked, numbers(60), params={"steps": 2, "scored_on": 5}, folder=tmp_path)
        return run, asked.completions

    first, answers = await once()
    again, more = await once()
    assert (answers, more) == (2 * 8 + 17 * 5, 0)
    assert again.gave("search.ideas", "1") == first.gave("search.ideas", "1")
    assert again.prompt == first.prompt


async def test_opro_goes_on_through_all_steps_of_its_paper_although_nothing_gets_better() -> None:
    """T x K texts; `patience` ends it earlier for who asks for that."""
    run = await search("opro", model(), numbers(10), params={"scored_on": 1, "per_step": 1})
    assert run.counted("search.ideas") == (200, 200)
    run = await search("opro", model(), numbers(10), params={"scored_on": 1, "per_step": 1, "patience": 5})
    assert run.counted("search.ideas") == (5, 5)


async def test_opro_scores_no_text_twice() -> None:
    """K' is what is left of the eight when texts were seen before, the initial one included, or break a rule."""
    replies = iter(["Say it.", "a", "a", "b", "x" * 501, "take <INS> here", "", "c"] + ["a"] * 8)

    def reply(request: Request, key: str) -> str:
        return f"<instruction>{next(replies)}</instruction>" if kind_of(request) == "idea" else "wrong"

    run = await search("opro", model(reply), numbers(), params={"steps": 2, "scored_on": 10})
    assert run.counted("search.scores")[1] == 3 * 10
    assert [entry.prompt.text for entry in run.outputs["history"].entries] == ["Say it.", "a", "b", "c"]


async def test_pe2_expands_1_4_16_16_prompts_with_72_meta_calls() -> None:
    """Two calls a proposal, 36 proposals; every new prompt on all of dev."""
    run = await search("pe2", model(), numbers(100, dev=100))
    assert [len(run.gave("search.errors", str(round))["failures"]["groups"]) for round in range(3)] == [4, 16, 16]
    assert [len(run.gave("search.fresh", str(round))["prompts"]["items"]) for round in range(3)] == [4, 16, 16]
    assert (run.counted("search.exam"), run.counted("search.edits")) == ((36, 36), (36, 36))
    assert run.counted("first")[1] + run.counted("search.graded")[1] == 37 * 100


async def test_pe2_with_induction_starts_from_30_more() -> None:
    """30 requests; then 31 prompts on dev, and 3 x 16 proposals."""
    run = await search("pe2-induction", model(), numbers(20, dev=10))
    assert run.counted("starts") == (30, 30)
    assert run.counted("first")[1] == 31 * 10
    assert run.counted("search.exam") == (48, 48)
    assert run.counted("search.graded")[1] == 48 * 10


async def test_apo_asks_as_often_as_pe2() -> None:
    run = await search("apo", model(), numbers(20, dev=10))
    assert (run.counted("search.exam"), run.counted("search.edits")) == ((36, 36), (36, 36))


async def test_protegi_small_asks_for_one_reason_of_each_of_four_groups() -> None:
    """24 / 4 / 4 requests with one parent and 48 / 8 / 8 with two; 70 pulls a selection, and no paraphrases."""
    runs = await rounds("protegi-small", 2)
    first = {"graded": (24, 24), "gradients": (4, 4), "edits": (4, 4), "paraphrases": (0, 0)}
    assert protegi(runs, 1) == first
    assert protegi(runs, 2) == {name: (2 * requests, 2 * made) for name, (requests, made) in first.items()}
    assert [added(runs, "search.select", round)[1] for round in (1, 2)] == [70, 70]


async def test_opro_small_asks_for_twelve_texts_and_scores_each_on_twenty_examples() -> None:
    run = await search("opro-small", model(), numbers())
    assert run.counted("search.ideas") == (3, 12)
    assert run.counted("first")[1] + run.counted("search.scores")[1] == 13 * 20


async def test_pe2_small_expands_the_best_prompt_twice_by_four_proposals() -> None:
    """8 examinations and 8 refinements; the initial prompt and 8 others on 24 dev examples, two prompts on 24 of train."""
    run = await search("pe2-small", model(), numbers(100, dev=100))
    assert (run.counted("search.exam"), run.counted("search.edits")) == ((8, 8), (8, 8))
    assert run.counted("first")[1] + run.counted("search.graded")[1] == 9 * 24
    assert run.counted("search.tried")[1] <= 2 * 24


@pytest.mark.parametrize("pipeline", ["protegi-small", "opro-small", "pe2-small"])
async def test_small_variants_score_no_prompt_that_copies_examples(pipeline: str) -> None:
    copied = "Say it, as in number 3 -> answer 3"
    replies = {"gradient": "<START>why<END>", "edit": f"<instruction>{copied}</instruction>", "examination": "It is wrong."}
    replies |= {"idea": f"<instruction>{copied}</instruction>", "refinement": f"<refined_prompt>{copied}</refined_prompt>"}
    run = await search(pipeline, model(lambda request, key: replies.get(kind_of(request), "wrong")), numbers(20, dev=4))
    assert run.session.counts["search.fresh", "with copied examples"] > 0
    assert run.prompt.text == "Say it."


@pytest.mark.parametrize(("batches", "requests"), [(True, 9), (False, 36)])
async def test_iterative_ape_asks_9_requests_for_36_completions(batches: bool, requests: int) -> None:
    run = await search("iterative-ape", model(batches=batches), numbers(20, dev=10))
    assert run.counted("search.edits") == (requests, 36)
    assert run.counted("first")[1] + run.counted("search.graded")[1] == 37 * 10


@pytest.mark.parametrize("pipeline", ["ape", "ape-reverse"])
async def test_ape_asks_s_requests_for_s_times_n_completions(pipeline: str) -> None:
    """And filters 51 candidates in stages of 10, 20, 40 and the remaining 30 examples, keeping half each time."""
    run = await search(pipeline, model(), numbers())
    assert run.counted("proposals") == (5, 50)
    assert run.counted("survivors")[1] == 51 * 10 + 26 * 20 + 13 * 40 + 7 * 30
    assert run.counted("best") == (0, 0), "the survivors' scores are known"


async def test_a_round_of_apes_search_varies_each_survivor() -> None:
    """ceil(k) requests of `variants` samples, and a filter over parents and variants."""
    run = await search("ape", model(), numbers(), params={"rounds": 1})
    assert run.counted("search.siblings") == (4, 16)
    assert run.counted("search.kept")[1] == 20 * 10 + 10 * 20 + 5 * 40 + 4 * 30


async def test_ape_by_log_probability_asks_for_no_text_of_the_task_model() -> None:
    asked = model()
    run = await search("ape-logprob", asked, numbers())
    assert run.counted("proposals") == (5, 50)
    assert {request.kind for request in asked.requests if kind_of(request) == "task"} == {"logprob"}


async def test_protegi_waits_for_nothing_that_its_data_flow_does_not_ask_for() -> None:
    """The parents' paraphrases start with the minibatch; all gradients, edits and paraphrases of a level go together."""
    waves = Waves()
    await search("protegi-repo", waves.model(), numbers(), params={"rounds": 2})
    first, second = waves.waves[:5], waves.waves[5:10]
    assert first == [{"task": 64, "paraphrase": 1}, {"gradient": 4}, {"edit": 4}, {"paraphrase": 4}, {"task": 2043}]
    assert second == [{"task": 256, "paraphrase": 4}, {"gradient": 16}, {"edit": 16}, {"paraphrase": 16}, {"task": 2016}]


class _OneSlow(Waves):
    """In ProTeGi's second round, the evaluation of one of the four parents takes four waves and not one."""

    def __init__(self) -> None:
        super().__init__()
        self.slow = ""
        self._turns = 1

    def _note(self, request: Request) -> float:
        seconds = super()._note(request)
        minibatch = self._last == "task" and len(self.waves) == (5 if self._gate is None else 6)
        prompt = request.messages[-1].content.partition("\n")[0]
        if minibatch and not self.slow:
            self.slow = prompt
        self._turns = 4 if minibatch and prompt == self.slow else 1
        return seconds

    async def _wait(self, seconds: float) -> None:
        kind, turns = self._last, self._turns
        for _ in range(turns):
            self._last = kind
            await super()._wait(seconds)


async def test_a_parent_of_protegi_does_not_wait_for_another() -> None:
    """While one is still evaluated, the other three are criticised, edited and paraphrased."""
    waves = _OneSlow()
    sets = {"search.select.pulls": 9, "search.expand.batch_size": 8}
    await search("protegi-repo", waves.model(), numbers(20), params={"rounds": 2}, sets=sets)
    assert waves.waves[5:12] == [
        {"task": 32, "paraphrase": 4},
        {"gradient": 12, "task": 8}, {"edit": 12, "task": 8}, {"paraphrase": 12, "task": 8},
        {"gradient": 4}, {"edit": 4}, {"paraphrase": 4},
    ]  # fmt: skip


async def test_opro_has_its_eight_and_then_their_scores_in_flight_together() -> None:
    waves = Waves()
    asked = waves.model()
    asked.batches = False
    await search("opro", asked, numbers(), params={"steps": 2, "scored_on": 50})
    assert waves.waves == [{"task": 50}, *[{"idea": 8}, {"task": 400}] * 2]


async def test_pe2_has_all_its_proposals_in_flight_together() -> None:
    waves = Waves()
    await search("pe2", waves.model(), numbers(100, dev=100), params={"steps": 2})
    assert waves.waves == [
        {"task": 100},
        {"task": 100}, {"examination": 4}, {"refinement": 4}, {"task": 400},
        {"task": 400}, {"examination": 16}, {"refinement": 16}, {"task": 1600},
    ]  # fmt: skip


async def test_ape_without_its_filter_has_depth_two_and_scores_each_candidate_once() -> None:
    """S requests, then N' x E task calls."""
    waves = Waves()
    await search("ape", waves.model(), numbers(20), sets={"survivors.until": 51})
    assert waves.waves == [{"induction": 5}, {"task": 51 * 20}]


async def test_random_search_shares_its_calls_equally_on_the_same_examples() -> None:
    """One request for n paraphrases; 280 calls over 11 prompts are 25 each, and no prompt is scored on other examples."""
    run = await search("random-search", model(), numbers(), params={"n": 10, "pulls": 280})
    assert run.counted("paraphrases") == (1, 10)
    assert run.counted("best")[1] == 11 * 25
    rows = run.gave("best", "")["scores"]["rows"]
    assert len({row["prompt"] for row in rows}) == 11
    assert len({row["example"] for row in rows}) == 25


async def test_random_search_spends_the_calls_that_copies_leave_on_more_examples() -> None:
    def reply(request: Request, key: str) -> str:
        return "<variation>Say it now.</variation>" if kind_of(request) == "paraphrase" else "wrong"

    run = await search("random-search", model(reply), numbers(), params={"n": 10, "pulls": 60})
    assert run.session.counts["paraphrases", "duplicates"] == 9
    assert run.counted("best")[1] == 2 * 30
    assert run.prompt.text == "Say it.", "of equal prompts the initial one stays"
