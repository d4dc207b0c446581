"""dedupe drops what is known and what breaks a rule, and says how much of each."""

from __future__ import annotations

import pytest

from promptwire.nodes.dedupe import Inputs, Params, dedupe
from promptwire.values import Entry, Example, Examples, History, Prompt
from tests.nodes.fake import FakeContext, prompts, texts

LOG = History(entries=(Entry(prompt=Prompt(text="old"), score=0.5, n=2),), rounds=1)


async def test_what_the_history_or_the_known_prompts_hold_is_dropped() -> None:
    context = FakeContext()
    found = await dedupe.run(Inputs(prompts=prompts("old", "seed", "new"), log=LOG, known=prompts("seed")), Params(), context)
    assert (texts(found.prompts), context.counts["duplicates"]) == (["new"], 2)


async def test_by_words_case_and_punctuation_make_no_difference() -> None:
    found = await dedupe.run(Inputs(prompts=prompts("Old!", "New.", "new")), Params(by="words"), FakeContext())
    assert texts(found.prompts) == ["Old!", "New."]


@pytest.mark.parametrize(
    ("params", "text", "reason"),
    [
        (Params(max_chars=3), "four", "too long"),
        (Params(max_words=2), "one two three", "too long"),
        (Params(digits=False), "take 5", "with digits"),
        (Params(without=("<INS>",)), "a <ins> b", "with forbidden text"),
        (Params(keeping=("o",)), "an O", "without a kept text"),
    ],
)
async def test_each_rule_drops_and_counts(params: Params, text: str, reason: str) -> None:
    context = FakeContext()
    found = await dedupe.run(Inputs(prompts=prompts(text, "ok")), params, context)
    assert (texts(found.prompts), dict(context.counts)) == (["ok"], {reason: 1})


async def test_a_prompt_that_copies_examples_is_dropped_and_counted() -> None:
    hot = Examples(items=(Example(input="hot", outputs=("cold",)),))
    given = prompts("Write the opposite, such as hot -> cold.", "Write the opposite.")
    context = FakeContext()
    found = await dedupe.run(Inputs(prompts=given, examples=hot), Params(), context)
    assert (texts(found.prompts), dict(context.counts)) == (["Write the opposite."], {"with copied examples": 1})
    assert len((await dedupe.run(Inputs(prompts=given), Params(), FakeContext())).prompts) == 2


async def test_an_empty_set_stays_empty() -> None:
    assert texts((await dedupe.run(Inputs(prompts=prompts()), Params(), FakeContext())).prompts) == []
