"""history-append extends a history by one entry per prompt."""

from __future__ import annotations

from promptwire.nodes.history_append import Inputs, Params, history_append
from promptwire.values import Critique, Critiques, History, Prompt, Scores
from tests.nodes.fake import FakeContext, scores


async def add(log: History | None, table: Scores) -> History:
    found = await history_append.run(Inputs(scores=table, log=log), Params(), FakeContext())
    return found.history  # type: ignore[no-any-return]


async def test_rounds_count_and_entries_say_in_which_they_came() -> None:
    log = await add(await add(None, scores({"a": [0, 1]})), scores({"b": [1, 1]}))
    assert [(entry.prompt.text, entry.score, entry.n, entry.round) for entry in log.entries] == [
        ("a", 0.5, 2, 0),
        ("b", 1.0, 2, 1),
    ]
    assert log.rounds == 2


async def test_of_two_scores_the_one_over_more_examples_stays() -> None:
    log = await add(None, scores({"a": [1, 1, 0]}))
    assert (await add(log, scores({"a": [0]}))).entries == log.entries
    longer = await add(log, scores({"a": [1, 1, 0, 0]}))
    assert [(entry.score, entry.n, entry.round) for entry in longer.entries] == [(0.5, 4, 0)]


async def test_a_prompt_without_a_score_is_counted_and_not_added() -> None:
    context = FakeContext()
    table = Scores(prompts=scores({"a": [1]}).prompts)
    found = await history_append.run(Inputs(scores=table), Params(), context)
    assert (found.history.entries, found.history.rounds, context.counts["unscored"]) == ((), 1, 1)


async def test_the_critique_of_a_prompt_is_kept() -> None:
    said = Critiques(items=(Critique(text="too short", prompt=Prompt(text="a")),))
    found = await history_append.run(Inputs(scores=scores({"a": [1]}), critiques=said), Params(), FakeContext())
    assert found.history.entries[0].critique == "too short"


async def test_repeated_scores_are_entries_of_their_own_only_when_they_are_kept() -> None:
    first, again = scores({"a": [1.0], "b": [0.0]}), scores({"a": [0.0, 1.0]})
    for repeated, expected in (("merge", [("a", 0.5), ("b", 0.0)]), ("keep", [("a", 1.0), ("b", 0.0), ("a", 0.5)])):
        log = (await history_append.run(Inputs(scores=first), Params(repeated=repeated), FakeContext())).history
        found = await history_append.run(Inputs(scores=again, log=log), Params(repeated=repeated), FakeContext())
        assert [(entry.prompt.text, entry.score) for entry in found.history.entries] == expected
