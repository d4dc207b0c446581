"""The rule of a template in words, and what it reads out of a reply."""

from __future__ import annotations

import pytest

from promptwire.metrics.metric import find_metric
from promptwire.templating.parsing import Parse
from promptwire.trying.reply import describe, read_answer, read_generated
from promptwire.values import Example, Prompt


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({}, "the whole reply"),
        ({"tag": "INS"}, "the text between <INS> and </INS>, the last one; an unreadable reply is dropped"),
        ({"open": "##", "close": "##", "all": True}, "the text between ## and ##, each of them; an unreadable reply is dropped"),
        ({"line": "first", "fallback": "raw"}, "the first line, without blank ones; an unreadable reply is taken whole"),
        ({"line": "last", "all": True}, "each line, without blank ones; an unreadable reply is dropped"),
        ({"json": "prompt", "fallback": "retry"}, "the field 'prompt' of a JSON object, the last one; an unreadable reply is asked for again"),
        ({"regex": "a+", "fallback": "error"}, "a match of the pattern 'a+', the last one; an unreadable reply ends the run with an error"),
        ({"fence": True}, "a block between lines of three backticks, the last one; an unreadable reply is dropped"),
        ({"brackets": True}, "the text in square brackets, the last one; an unreadable reply is dropped"),
    ],
)  # fmt: skip
def test_a_rule_in_words_says_what_is_taken_and_what_happens_otherwise(rule: dict[str, object], words: str) -> None:
    assert describe(Parse.model_validate(rule)) == words


def test_a_reply_without_the_tag_is_unreadable_and_the_fallback_decides() -> None:
    assert read_generated("<INS>Better.</INS>", Parse(tag="INS")).answers == ("Better.",)
    dropped, whole = read_generated("Better.", Parse(tag="INS")), read_generated("Better.", Parse(tag="INS", fallback="raw"))
    assert (dropped.readable, dropped.answers) == (False, ())
    assert (whole.readable, whole.answers) == (False, ("Better.",))


@pytest.mark.parametrize(("reply", "value"), [("The answer is 4.", 1.0), ("The answer is 5.", 0.0)])
def test_an_answer_has_the_value_of_the_metric(reply: str, value: float) -> None:
    example = Example(input="2 + 2", outputs=("4",))
    found = read_answer(reply, Parse(), find_metric("numeric"), prompt=Prompt(text="Add."), example=example, labels=())
    assert (found.value, found.answer) == (value, reply[-2])


def test_an_answer_that_a_judge_grades_has_no_value() -> None:
    example = Example(input="2 + 2", outputs=("4",))
    found = read_answer("4", Parse(), find_metric("judge"), prompt=Prompt(text="Add."), example=example, labels=())
    assert (found.answers, found.value) == (("4",), None)
