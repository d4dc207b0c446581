"""Fences within fences, and fences one after the other."""

from __future__ import annotations

import pytest

from promptwire.templating.fences import unfenced
from promptwire.templating.parsing import Parse, parse_reply

EXAMPLE = "Name the label. Example:\n```\nInput: x\n```\nAnswer in a word."
MARKED = "Return JSON:\n```json\n{}\n```\nand nothing else."


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        (f"Here:\n```\n{EXAMPLE}\n```", EXAMPLE),
        (f"```text\n{EXAMPLE}\n```\nThat is it.", EXAMPLE),
        (f"````\n{EXAMPLE}\n````", EXAMPLE),
        (f"```\n{MARKED}\n```", MARKED),
        (f"~~~\n{EXAMPLE}\n~~~", EXAMPLE),
        ("```\nClassify it.\n```\nInput: x\n```\nOne word.\n```", "Classify it.\n```\nInput: x\n```\nOne word."),
        (f"```\n{MARKED}\n\nOr so:\n\n```\nx\n```\n```", f"{MARKED}\n\nOr so:\n\n```\nx\n```"),
        ("The old one was:\n```\nold\n```\n\nThe new one:\n```\nnew\n```", "new"),
        ("```\nold\n```\nNew one:\n```\nnew\n```", "new"),
        ("```\nold\n```\n```\nnew\n```", "new"),
        ("```\nno end", "no end"),
        ("```\nkept\n```\n```\n", "kept"),
        ("- ```\n  Do it.\n  ```", "Do it."),
        ("1. ```\nDo it.\n```", "Do it."),
        ("a) ```\nDo it.\n```", "Do it."),
        ("Here: ```Do it.```", "Do it."),
        ("**Prompt:** ```Do it.```.", "Do it."),
        ("Here: ```text\nDo it.\n```", "Do it."),
    ],
)
def test_the_outermost_fence_is_the_answer(reply: str, answer: str) -> None:
    assert parse_reply(reply, Parse(fence=True)) == ((answer,), True)


def test_an_open_fence_of_a_reply_that_was_cut_off_is_no_answer() -> None:
    assert parse_reply("```\nno end", Parse(fence=True, fallback="raw"), cut=True) == ((), False)
    assert parse_reply("```\nkept\n```\nand", Parse(fence=True), cut=True) == (("kept",), True)


@pytest.mark.parametrize("reply", ["Use ```a``` or ```b``` so.", "Put it into: ``` marks, and go on", "no ``` fence"])
def test_a_sentence_about_fences_holds_no_block(reply: str) -> None:
    assert parse_reply(reply, Parse(fence=True)) == ((), False)


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("```\nx\n```", "x"),
        ("x\n```\ny\n```", "x\n```\ny\n```"),
        ("```\nx\n```\ny", "```\nx\n```\ny"),
        ("x", "x"),
        ("```", "```"),
    ],
)
def test_only_what_is_one_block_loses_its_fence(text: str, bare: str) -> None:
    assert unfenced(text) == bare
