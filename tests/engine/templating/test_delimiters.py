"""Marks as models write them: slashes, case, emphasis, fences, missing ends, echoes of the request."""

from __future__ import annotations

import pytest

from promptwire.templating.parsing import Parse, reading

START = {"open": "<START>", "close": "<END>"}
TAG = {"tag": "improved_variable"}


@pytest.mark.parametrize(
    ("rule", "reply"),
    [
        (START, "<START>Do it.</END>"),
        (START, "<START>Do it.</START>"),
        (START, "<START>Do it.<\\START>"),
        (START, "<START>Do it.<END/>"),
        (START, "<start>Do it.<end>"),
        (START, "< START >Do it.< / END >"),
        (START, "**<START>** Do it. **<END>**"),
        (START, "**<START>Do it.<END>**"[2:-2].replace("<END>", "</end>")),
        (START, "`<START>`Do it.`<END>`"),
        (START, "```\n<START>\nDo it.\n</END>\n```"),
        (START, "```\n<START>\nDo it.\n```"),
        (START, "[START] Do it. [END]"),
        (START, "&lt;START&gt;Do it.&lt;END&gt;"),
        (START, "\\<START\\>Do it.\\<END\\>"),
        (START, "<START 1>Do it.<END 1>"),
        (START, "<START>Do it.<START>"),
        (START, "Sure:\n<START>\nDo it.\n"),
        (START, "<START>Do it.<END"),
        (START, "<START>Do it.</"),
        (START, "<START>Do it.<EN"),
        (START, "<START>Do it.</STAR"),
        (START, "<START>Do it.\n</END\n\n"),
        (START, "<START>Do it.<END\nI hope it fits."),
        (START, "[START]Do it.[END"),
        (START, "<<START>>Do it.<<END>>"),
        (TAG, "<<improved_variable>>Do it.<</improved_variable>>"),
        (TAG, "<improved_variable>Do it.</improved_variable"),
        (TAG, "<improved_variable>Do it.</improved_variables>"),
        (TAG, "<improved_variable>Do it.</improved_variables> So."),
        (TAG, "<improved_variable>Do it.</improved_varable>"),
        ({"open": "***GO***", "close": "***END***"}, "***GO***Do it.***END"),
        (TAG, "<improved_variable>Do it."),
        (TAG, "<improved variable>Do it.</improved variable>"),
        (TAG, "<IMPROVED_VARIABLE>Do it.</improved_variable>"),
        (TAG, "<improved-variable>\nDo it.\n<\\improved-variable>"),
        (TAG, '<improved_variable id="1">Do it.</improved_variable>'),
        (TAG, "<improved_variable>Do it.<improved_variable/>"),
        (TAG, "[improved_variable]Do it.[/improved_variable]"),
    ],
)
def test_marks_are_read_as_a_person_would_and_counted_as_mended(rule: dict[str, object], reply: str) -> None:
    found = reading(reply, Parse.model_validate(rule))
    assert (found.answers, found.readable, found.mended) == (("Do it.",), True, True)


@pytest.mark.parametrize("text", ["Make it <b>bold</b>", "Use <br>", "List [1]", "if a < b", "Write [", "Close with </em>"])
def test_text_that_is_no_half_mark_stays(text: str) -> None:
    assert reading(f"<START>{text}", Parse.model_validate(START)).answers == (text,)


@pytest.mark.parametrize("reply", ["<START>Do it.<END>", "<START>\n```\nDo it.\n```\n<END>", "```\n<START>Do it.<END>\n```"])
def test_marks_as_asked_for_are_not_mended(reply: str) -> None:
    assert reading(reply, Parse.model_validate(START)) == (reply, ("Do it.",), True, False)


@pytest.mark.parametrize(
    ("reply", "answers"),
    [
        ("Each goes between <START> and <END>.\n<START>a<END>\n<START>b<END>", ("a", "b")),
        ("<START>a</START>\n<START>b</START>", ("a", "b")),
        ("1. <START>a\n2. <START>b\n3. <START>c", ("a", "b", "c")),
        ("<START>\na\n<START>\nb\n<END>", ("a", "b")),
        ("<START>a<END>\n<START>b", ("a", "b")),
        ("I use <START> as asked: <START>a<END>", ("a",)),
        ("<START>a<END> (between <START> and <END>)", ("a",)),
    ],
)
def test_every_passage_counts_and_a_mention_of_the_marks_does_not(reply: str, answers: tuple[str, ...]) -> None:
    assert reading(reply, Parse.model_validate({**START, "all": True})).answers == answers


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        ("All are opposites.\n\n**Sentence between <START> and <END>:**\nWrite the opposite.", "Write the opposite."),
        ("### Sentence between <START> and <END>\nWrite the opposite.", "Write the opposite."),
        ("The sentence between <START> and <END>: Write the opposite.", "Write the opposite."),
        ("Between <START> and <END>:\n<START>Write the opposite.", "Write the opposite."),
    ],
)
def test_heading_that_names_the_marks_stands_for_them(reply: str, answer: str) -> None:
    assert reading(reply, Parse.model_validate(START)) == (reply, (answer,), True, True)
    assert reading(reply, Parse.model_validate(START), cut=True).answers == ()


@pytest.mark.parametrize("reply", ["I write between <START> and <END> what is missing.", "Between <START> and <END>:"])
def test_marks_that_are_only_mentioned_leave_a_raw_reply_whole(reply: str) -> None:
    assert reading(reply, Parse.model_validate({**START, "fallback": "raw"})).answers == (reply,)
    assert reading(reply, Parse.model_validate(START)).answers == ()


@pytest.mark.parametrize(
    ("rule", "reply", "answers"),
    [
        (START, "<START>a<END> <START>b", ("a",)),
        (START, "<START>a", ()),
        ({**START, "all": True}, "<START>a<END>\n<START>b", ("a",)),
        ({**TAG, "fallback": "raw"}, "Do it, and", ()),
        ({"whole": True}, "Do it, and", ()),
        ({"line": "first"}, "Do it", ()),
        ({"line": "first"}, "Do it\nand", ("Do it",)),
        ({"line": "last"}, "a\nb", ()),
        ({"json": "p"}, '{"p": "a"} {"p": "b', ("a",)),
        ({"brackets": True}, "[a] [b", ("a",)),
        ({"regex": "Answer: (\\w+)"}, "Answer: po", ()),
        ({"regex": "Answer: (\\w+)"}, "Answer: yes, be", ("yes",)),
        ({"regex": "#### (\\d+)"}, "#### 12", ()),
        ({"regex": "[A-D]"}, "B", ("B",)),
    ],
)
def test_of_a_reply_that_was_cut_off_only_a_complete_answer_counts(
    rule: dict[str, object], reply: str, answers: tuple[str, ...]
) -> None:
    found = reading(reply, Parse.model_validate(rule), cut=True)
    assert (found.answers, found.readable) == (answers, bool(answers))


@pytest.mark.parametrize(
    ("reply", "text"),
    [("<A>0\\</A>", "0\\"), ("\\<A>0\\</A>", "0"), ("\\<A\\>0\\</A\\>", "0")],
)
def test_a_backslash_before_a_closing_mark_belongs_to_the_text_unless_marks_are_escaped(reply: str, text: str) -> None:
    assert reading(reply, Parse(tag="A")).answers == (text,)
