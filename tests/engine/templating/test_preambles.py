"""What models say around a prompt, and quotes around all of a text or only around parts."""

from __future__ import annotations

import pytest

from promptwire.templating.parsing import Parse, parse_reply
from promptwire.templating.preambles import unquoted, without_preamble

DO = "Name the colour of the parcel."


@pytest.mark.parametrize(
    "reply",
    [
        f"Here is the refined prompt:\n\n{DO}",
        f"Here is the refined prompt: {DO}",
        f"Refined prompt: {DO}",
        f"Refined prompt:\n{DO}",
        f"**Refined prompt:**\n\n{DO}",
        f"**Refined Prompt**:\n{DO}",
        f"## Refined prompt\n\n{DO}",
        f"### Rewritten Prompt:\n{DO}",
        f"The refined prompt is: {DO}",
        f"Prompt: {DO}",
        f"New instruction: {DO}",
        f"Variation: {DO}",
        f"Sure! Here's a reworded version:\n\n{DO}",
        f"Certainly. Here is the rewritten prompt, with clearer words:\n{DO}",
        f"Sure, here is an improved version of the prompt:\n\n{DO}",
        f"Here\u2019s one possible rewording: {DO}",
        f"I have refined the prompt as follows:\n{DO}",
        f"Here is the refined prompt:\n\n```\n{DO}\n```",
        f'Here is the refined prompt:\n\n"{DO}"',
        f"Here is the refined prompt:\n\n{DO}\n\nThis version is clearer because it names the colour.",
        f"Here is the refined prompt:\n\n{DO}\n\nLet me know if it fits!",
        f"Based on the feedback, here is the refined prompt:\n\n{DO}",
        f"After analysing the errors, the new prompt is:\n\n{DO}",
        f"Okay, here you go:\n\n{DO}",
        f"Okay, here you go: {DO}",
        f"Okay, based on this, here is a better prompt: {DO}",
        f"Rewritten: {DO}",
        f"**Refined:** {DO}",
        f"Refined Prompt - {DO}",
        f"{DO}\n\nLet me know if you'd like any changes!",
        f"{DO}\n\nI hope this helps!",
        f"{DO}\n---\nThis prompt is clearer because it names the colour.",
        f"{DO}\n\n---\n\n**Explanation:** it names the colour.",
        f"```\n{DO}\n```",
    ],
)
def test_a_reply_without_marks_loses_what_stands_around_the_prompt(reply: str) -> None:
    rule = Parse(tag="refined_prompt", fallback="raw", strip_quotes=True)
    assert parse_reply(reply, rule) == ((DO,), False)


@pytest.mark.parametrize(
    "prompt",
    [
        DO,
        "Here is a list of words: sort it.",
        "Here are two texts:\nsay which one is longer.",
        "The following is a review: say whether it is final.",
        "I have a list of words, one a line: sort it.",
        "Okay, let's think step by step.",
        "Prompt the user for a colour.",
        "Text: name its language.",
        "Read the review.\n\nThis prompt is followed by an input.",
        "Input: a word\nOutput: its plural",
        "This is a new task: do x",
        "I have a new friend: name him",
        "This is the final exam: solve it.",
        "Here is the improved version of my essay: rate it.",
        "Here are the two possible answers: choose one.",
        "After reading the review, name its colour:\nred or blue.",
        "Read the review.\n\nLet me know if it is positive.",
        "Read the review.\n\nLet me know if the parcel is red.",
        "Read it.\n---\nThis is the review.",
        "Refined prompt:",
    ],
)
def test_a_prompt_that_only_looks_so_stays_whole(prompt: str) -> None:
    assert without_preamble(prompt) == prompt


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ('"Do it."', "Do it."),
        ("\u201cDo it.\u201d", "Do it."),
        ("\u201eTu es.\u201c", "Tu es."),
        ("\u00abFais-le.\u00bb", "Fais-le."),
        ("'Don't do it.'", "Don't do it."),
        ('"Say "yes" or "no" to it."', 'Say "yes" or "no" to it.'),
        ('"Say \\"yes\\" to it."', 'Say \\"yes\\" to it.'),
        ('"""\nDo it.\n"""', "Do it."),
        ("`Do it.`", "Do it."),
        ('"Yes" if it fits, otherwise "No"', '"Yes" if it fits, otherwise "No"'),
        ("'Yes' or 'No'", "'Yes' or 'No'"),
        ("`a` or `b`", "`a` or `b`"),
        ("\u201cYes\u201d or \u201cNo\u201d", "\u201cYes\u201d or \u201cNo\u201d"),
        ('"Yes", "No"', '"Yes", "No"'),
        ('"Choose "A" or "B""', 'Choose "A" or "B"'),
        ('"Choose "A" or "B"', '"Choose "A" or "B"'),
        ("\u300cA\u300d\u304b\u300cB\u300d", "\u300cA\u300d\u304b\u300cB\u300d"),
        ("\u300c\u300cA\u300d\u304b\u300cB\u300d\u300d", "\u300cA\u300d\u304b\u300cB\u300d"),
        ("\u201cA\u201dor\u201cB\u201d", "\u201cA\u201dor\u201cB\u201d"),
        ("'90s music or '80s'", "'90s music or '80s'"),
        ("'Music of the 90s'", "Music of the 90s"),
        ('"', '"'),
        ('""', ""),
        ('Say "yes"', 'Say "yes"'),
    ],
)
def test_only_a_pair_of_quotes_around_all_is_taken_off(text: str, bare: str) -> None:
    assert unquoted(text) == bare


@pytest.mark.parametrize("piece", ["\n", "\n\n", "#", "Sure! ", '"', "Here is ", "the new "])
def test_a_reply_of_a_megabyte_is_read_in_one_pass(piece: str) -> None:
    without_preamble("Refined prompt: " + piece * (1_000_000 // len(piece)))
