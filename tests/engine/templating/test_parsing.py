"""Answers are read out of replies by a few rules, in one pass, whatever is in the reply."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from promptwire.errors import ReplyError
from promptwire.templating.parsing import Parse, parse_reply, parse_text

TAG = {"tag": "A"}
START = {"open": "<START>", "close": "<END>"}
FENCE = {"fence": True}
BRACKETS = {"brackets": True}
JSON = {"json": "prompt"}


@pytest.mark.parametrize(
    ("rule", "reply", "answers"),
    [
        ({}, "  all of it \n", ["all of it"]),
        ({"whole": True}, "  all of it \n", ["all of it"]),
        (TAG, "x <A>one</A> y", ["one"]),
        (TAG, "x <a>one</A> y", ["one"]),
        (TAG, "<A>first</A> <A>last</A>", ["last"]),
        (TAG, "I shall use <A> as asked: <A>real</A>", ["real"]),
        (TAG, "<A>outer <A>inner</A> rest</A>", ["inner"]),
        (TAG, "<A>kept</A> <A>cut off", ["kept"]),
        (TAG, "</A><A>kept</A>", ["kept"]),
        (TAG, "<A>has {{ braces }} and {% x %} and 100%</A>", ["has {{ braces }} and {% x %} and 100%"]),
        (TAG, "<A>\n two\nlines \n</A>", ["two\nlines"]),
        ({"tag": "a.b"}, "<axb>no</axb><a.b>yes</a.b>", ["yes"]),
        (START, "<START>one<END><START>two<END>", ["two"]),
        ({**START, "all": True}, "<START>one<END> <START>  <END><START>two<END><START>", ["one", "two"]),
        ({"open": "***", "close": "***", "all": True}, "***a*** b ***c*** ***d", ["a", "c"]),
        (FENCE, "Here:\n```\nDo it.\n```\n", ["Do it."]),
        (FENCE, "```text\nDo it.\n\nNow.\n```", ["Do it.\n\nNow."]),
        (FENCE, "````\n```\ninner\n```\n````", ["```\ninner\n```"]),
        (FENCE, "```Do it.```", ["Do it."]),
        ({**FENCE, "all": True}, "```\na\n```\n```\nb\n```", ["a", "b"]),
        (BRACKETS, "so [first], no: [last]", ["last"]),
        (BRACKETS, "[w, [1, 2]]", ["w, [1, 2]"]),
        (BRACKETS, "] [ open [kept]", ["kept"]),
        ({"line": "first"}, "\n\n one\ntwo\n", ["one"]),
        ({"line": "last"}, "one\n two\n\n", ["two"]),
        ({"line": "first", "strip_quotes": True}, '""\n"one"\ntwo', ["one"]),
        ({"line": "first", "all": True}, "one\n\ntwo", ["one", "two"]),
        (JSON, 'Sure: {"prompt": "Do it.", "n": 1} ok', ["Do it."]),
        (JSON, '{"prompt": "a"} {"prompt": "b"} {"other": "c"}', ["b"]),
        (JSON, '{broken {"prompt": "a"}', ["a"]),
        (JSON, '{"prompt": "a\nb"}', ["a\nb"]),
        (JSON, '{"prompt": "a, }", "n": [1, ], }', ["a, }"]),
        (JSON, '{"Prompt": "a"}', ["a"]),
        (JSON, '{"Prompt": "a", "prompt": "b"}', ["b"]),
        (JSON, '{"result": {"list": [{"prompt": "a"}]}}', ["a"]),
        (JSON, '{"prompt": "a", "more": {"prompt": "b"}}', ["a"]),
        (JSON, '{"prompt": "find \\d \\"x\\""}', ['find \\d "x"']),
        (JSON, '{"prompt": 3}', ["3"]),
        ({**JSON, "all": True}, '{"prompt": ["a", "b", ["c"], {"d": 1}]}', ["a", "b"]),
        ({"regex": r"Answer: (\w+)"}, "Answer: a\nAnswer: b", ["b"]),
        ({"regex": r"\d+"}, "1 and 22", ["22"]),
        ({"strip_quotes": True}, "\u201cDo it.\u201d", ["Do it."]),
        ({"strip_quotes": True}, '"Do" and "see"', ['"Do" and "see"']),
        ({"strip_quotes": True}, '"Do it', ['"Do it']),
    ],
)
def test_an_answer_is_found(rule: dict[str, object], reply: str, answers: list[str]) -> None:
    assert parse_reply(reply, Parse.model_validate(rule)) == (tuple(answers), True)


@pytest.mark.parametrize(
    ("rule", "reply"),
    [
        ({}, "  \n"),
        (TAG, "no tag"),
        (TAG, "I use <A> here"),
        (TAG, "no start</A>"),
        (TAG, "<A>  </A>"),
        (FENCE, "no ``` fence"),
        (BRACKETS, "][ []"),
        ({"line": "last"}, "\n \n"),
        (JSON, '{"prompt": null} {"prompt": {"a": 1}}'),
        (JSON, '{"prompt": "cut off'),
        (JSON, '{"other": {"a": "prompt"},}'),
        (JSON, "{" * 5000),
        (JSON, '{"a":' * 5000),
        ({"regex": "x(y)?"}, "x"),
        ({"strip_quotes": True}, '""'),
    ],
)
@pytest.mark.parametrize("fallback", ["drop", "error", "retry"])
def test_an_empty_or_missing_answer_is_unreadable_and_never_an_empty_text(
    rule: dict[str, object], reply: str, fallback: str
) -> None:
    assert parse_reply(reply, Parse.model_validate({**rule, "fallback": fallback})) == ((), False)


@pytest.mark.parametrize(
    ("rule", "reply", "raw"),
    [
        (TAG, " no tag ", ["no tag"]),
        (TAG, "It is <A> cut off", ["cut off"]),
        (TAG, "no start</A> bye", ["no start"]),
        (BRACKETS, "see [cut off", ["cut off"]),
        (TAG, "  ", []),
        (TAG, "<A></A>", []),
        (TAG, "<A>  </A>", []),
        (TAG, "<other wording>Do it.</other wording>", ["Do it."]),
        (TAG, "Here is the new prompt:\n<B>Do it.</B>", ["Do it."]),
        (TAG, "<B>Do it.</C>", ["<B>Do it.</C>"]),
        (TAG, "<B>one</B> and <B>two</B>", ["<B>one</B> and <B>two</B>"]),
        (BRACKETS, "<B>Do it.</B>", ["<B>Do it.</B>"]),
    ],
)
def test_raw_takes_the_reply_without_stray_marks(rule: dict[str, object], reply: str, raw: list[str]) -> None:
    assert parse_reply(reply, Parse.model_validate({**rule, "fallback": "raw"})) == (tuple(raw), False)


@pytest.mark.parametrize(
    "rule",
    [
        {"tag": "A", "fence": True},
        {"open": "<"},
        {"close": ">"},
        {"regex": "("},
        {"tag": ""},
        {"fallback": "guess"},
        {"tags": "A"},
    ],
)
def test_rules_that_make_no_sense_are_refused(rule: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Parse.model_validate(rule)


@pytest.mark.parametrize("piece", ["<A>", "</A>", "<A", "[", "]", "[]", "{", '{"prompt":', "```\n", "`", '"', "\n", "a"])
@pytest.mark.parametrize("rule", [TAG, START, FENCE, BRACKETS, JSON, {"line": "last"}, {}])
def test_a_hostile_reply_of_a_third_of_a_megabyte_is_read_in_one_pass(rule: dict[str, object], piece: str) -> None:
    # No clock: a rule that takes quadratic time here takes minutes, and the test would never end.
    parse_reply(piece * (333_333 // len(piece)), Parse.model_validate({**rule, "fallback": "raw"}))


@given(st.text(), st.sampled_from([TAG, START, FENCE, BRACKETS, JSON, {"line": "first"}, {}]), st.booleans())
def test_answers_are_stripped_and_never_empty(reply: str, rule: dict[str, object], every: bool) -> None:
    answers, readable = parse_reply(reply, Parse.model_validate({**rule, "all": every}))
    assert readable == bool(answers)
    assert all(answer and answer == answer.strip() for answer in answers)


@given(st.text(alphabet=st.characters(blacklist_characters="<>")).filter(str.strip))
def test_what_stands_between_tags_comes_back(text: str) -> None:
    assert parse_reply(f"so <A>{text}</A>.", Parse(tag="A")) == ((text.strip(),), True)


RULES = st.fixed_dictionaries(
    {},
    optional={
        "tag": st.text(min_size=1, max_size=4),
        "open": st.text(min_size=1, max_size=4),
        "close": st.text(min_size=1, max_size=4),
        "fence": st.booleans(),
        "brackets": st.booleans(),
        "line": st.sampled_from(["first", "last"]),
        "json": st.text(min_size=1, max_size=4),
        "regex": st.text(st.sampled_from("ab()[]{}*+?|\\\\d^$.,1"), min_size=1, max_size=12),
        "all": st.booleans(),
        "strip_quotes": st.booleans(),
        "fallback": st.sampled_from(["drop", "raw", "error", "retry"]),
    },
)


@settings(max_examples=300, deadline=None)
@given(RULES, st.text(max_size=200) | st.text(st.sampled_from("<>[]{}`\"'ab\n:,"), max_size=200))
def test_any_rule_reads_any_reply_or_is_refused_as_a_rule(rule: dict[str, object], reply: str) -> None:
    try:
        parse = Parse.model_validate(rule)
    except ValidationError:
        return
    try:
        answers, readable = parse_reply(reply, parse)
    except ReplyError as error:
        assert parse.regex and "takes more than" in error.problem
        return
    assert readable <= bool(answers)
    assert parse.all or len(answers) <= 1


@pytest.mark.parametrize(
    ("text", "parse", "expected"),
    [
        (" Write the label. ", Parse(), ("Write the label.",)),
        ("<think>Hm.</think> a", Parse(), ("<think>Hm.</think> a",)),
        ("Here is the prompt: a", Parse(tag="P", fallback="raw"), ("Here is the prompt: a",)),
        ("<P>a</P> <P>b</P>", Parse(tag="P", all=True), ("a", "b")),
        ("<P>a</P> <P>b</P>", Parse(tag="P"), ("b",)),
        ("a\n\nb\n", Parse(line="last", all=True), ("a", "b")),
        ("nothing", Parse(tag="P"), ()),
        (" \n", Parse(), ()),
    ],
)
def test_a_text_that_no_model_wrote_is_read_without_mending(text: str, parse: Parse, expected: tuple[str, ...]) -> None:
    assert parse_text(text, parse) == expected
