"""TextGrad: ten calls an update, feedback for right and wrong responses alike, and a rewrite that is undone where it does worse."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from promptwire.backend import Request
from promptwire.backends.planted import reply as planted
from promptwire.backends.planted_meta import HINT
from promptwire.documents import resources
from promptwire.values import Prompt, Prompts
from tests.pipelines.planted_task import PLANTED, guess, parcels, variant
from tests.pipelines.search_runs import Waves, kind_of, model, numbers, search, well_formed

SAID, BLAMED = "search.backward.said", "search.backward.blamed"


def told(requests: list[Request], kind: str) -> list[str]:
    """The user's messages of the requests of a kind."""
    return [request.messages[-1].content for request in requests if kind_of(request) == kind]


async def test_an_update_of_three_examples_is_ten_calls() -> None:
    """B forward, 2B backward, one update: 3 + 6 + 1, twelve times; and dev for each new prompt."""
    run = await search("textgrad", model(), numbers(36, dev=10))
    assert run.counted("search.forward")[1] == 12 * 3
    assert (run.counted(SAID), run.counted(BLAMED)) == ((36, 36), (36, 36))
    assert run.counted("search.child") == (12, 12)
    assert run.counted("first")[1] + run.counted("search.tried")[1] == 13 * 10
    assert run.calls == 12 * 10 + 13 * 10


async def test_a_judge_is_asked_about_each_response_more() -> None:
    """3 forward, 3 of the judge, 6 backward, 1 update; and each dev answer is judged too."""

    def reply(request: Request, key: str) -> str:
        judged = "The answer to grade" in request.messages[-1].content
        return "<grade>0</grade>" if judged else well_formed(request, key)

    task = numbers(6, dev=2).model_copy(update={"metric": "judge", "rubric": str(resources.template_path("task/judge.j2"))})
    run = await search("textgrad", model(reply), task, params={"updates": 1})
    assert run.counted("search.forward")[1] == 3 + 3
    assert run.counted(SAID)[1] + run.counted(BLAMED)[1] + run.counted("search.child")[1] == 7
    assert run.counted("search.tried")[1] == 2 + 2


async def test_a_level_of_the_way_back_is_in_flight_together() -> None:
    """Depth 4, and the gate."""
    waves = Waves()
    await search("textgrad", waves.model(), numbers(9, dev=5), params={"updates": 2})
    update = [{"task": 3}, {"response feedback": 3}, {"prompt feedback": 3}, {"update": 1}, {"task": 5}]
    assert waves.waves == [{"task": 5}, *update, *update]


async def test_right_responses_have_feedback_too_and_the_update_sees_it_all() -> None:
    def reply(request: Request, key: str) -> str:
        kind = kind_of(request)
        if kind != "task":
            return well_formed(request, key)
        return request.messages[-1].content.rpartition("number ")[2].split()[0].join(("answer ", ""))

    used = model(reply)
    await search("textgrad", used, numbers(9, dev=2), params={"updates": 1})
    assert len(told(used.requests, "response feedback")) == 3
    (update,) = told(used.requests, "update")
    assert update.count("<feedback>") == update.count("<context>") == 3
    assert "<constraint>" not in update
    for text in told(used.requests, "prompt feedback"):
        assert "Say it." in text and "<objective>\ntext " in text


async def test_the_batches_of_an_epoch_are_all_of_train_and_another_seed_has_others() -> None:
    firsts = []
    for seed in (0, 1):
        run = await search("textgrad", model(), numbers(9, dev=2), params={"updates": 3}, seed=seed)
        batches = [run.gave("search.minibatch", str(round))["examples"]["items"] for round in range(3)]
        assert len({example["input"] for batch in batches for example in batch}) == 9
        firsts.append([example["input"] for example in batches[0]])
    assert firsts[0] != firsts[1]


async def test_the_update_is_told_the_constraints() -> None:
    used = model()
    await search("textgrad", used, numbers(9, dev=2), params={"updates": 1, "constraints": "At most ten words."})
    (update,) = told(used.requests, "update")
    assert "<constraint>\nAt most ten words.\n</constraint>" in update


def improving(values: dict[str, int]) -> Callable[[Request, str], str]:
    """Updates write the texts of `values` in turn; each gets so many of the numbers right."""
    words = iter(values)

    def reply(request: Request, key: str) -> str:
        if kind_of(request) == "update":
            return f"<improved_variable>{next(words)}</improved_variable>"
        if kind_of(request) != "task":
            return well_formed(request, key)
        text = request.messages[-1].content
        number = int(text.rpartition("number ")[2].split()[0])
        return f"answer {number}" if number < 9 + values.get(text.partition("\n")[0], 0) else "wrong"

    return reply


async def test_a_rewrite_that_does_worse_on_dev_is_undone_and_one_that_does_as_well_is_kept() -> None:
    run = await search("textgrad", model(improving({"a": 3, "b": 2, "c": 3, "d": 1})), numbers(9, dev=5), params={"updates": 4})
    held = [run.gave("search.kept", str(round))["prompts"]["items"][0]["text"] for round in range(4)]
    assert held == ["a", "a", "c", "c"]
    assert run.prompt.text == "c"


@pytest.mark.parametrize("text", ["", "no tags at all"])
async def test_an_update_that_can_not_be_read_leaves_the_prompt(text: str) -> None:
    def reply(request: Request, key: str) -> str:
        return text if kind_of(request) == "update" else well_formed(request, key)

    run = await search("textgrad", model(reply), numbers(9, dev=5), params={"updates": 2})
    assert run.prompt.text == "Say it."
    assert run.session.counts["search.child", "unreadable"] == 2
    assert run.counted("search.tried")[1] == 0


async def test_of_several_initial_prompts_the_best_on_dev_is_improved() -> None:
    start = Prompts.of([Prompt(text="Say it."), Prompt(text="a")])
    task = numbers(9, dev=5).model_copy(update={"prompts": start})
    run = await search("textgrad", model(improving({"a": 3})), task, params={"updates": 0})
    assert run.prompt.text == "a"


async def test_it_finds_the_planted_prompt_by_its_feedback_and_not_without(tmp_path: Path) -> None:
    """And not when the feedback names any field, nor when the expected answer is hidden from the first critic."""
    seen = resources.template_path("textgrad/response.j2").read_text(encoding="utf-8")
    (tmp_path / "blind.j2").write_text(seen.replace("{{ case.example.output }}", "(hidden)"), encoding="utf-8")
    cut = variant(tmp_path, "textgrad", "{search.backward.said: {template: blind.j2}}")
    for pipeline, reply, finds in (("textgrad", planted, True), ("textgrad", guess, False), (cut, planted, False)):
        found = []
        for seed in range(3):
            run = await search(pipeline, model(reply), parcels(), seed=seed, params={"updates": 4})
            found.append(set(HINT.findall(run.prompt.text.lower())) == PLANTED)
        assert found == [finds] * 3


async def test_with_momentum_a_rewrite_sees_the_last_values_of_the_prompt_and_the_plain_one_does_not() -> None:
    """As in the paper's sum of past values: the present one is included, and a value that was undone is not."""
    asked, plain = model(planted), model(planted)
    params = {"updates": 8, "window": 3}
    run = await search("textgrad-momentum", asked, parcels(), params=params)
    await search("textgrad", plain, parcels(), params={"updates": 8})
    kept = [step["outputs"]["prompts"]["items"][0]["text"] for step in run.values if step["path"] == "search.kept"]
    values = list(dict.fromkeys([parcels().prompts.items[0].text, *kept]))
    seen = [re.findall(r"<past>\n(.*?)\n</past>", text) for text in told(asked.requests, "update")]
    assert seen[0] == values[:1] and len(seen) == 8
    assert max(map(len, seen)) == 3
    assert all(values[place : place + len(shown)] == shown for shown in seen for place in [values.index(shown[0])])
    assert not any("<past>" in text for text in told(plain.requests, "update"))
    assert run.calls == 8 * 10 + 9 * len(parcels().dev or ())
