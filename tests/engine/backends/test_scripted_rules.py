"""Scripts as data: the first matching rule replies, and an invalid rule is an error at once."""

from __future__ import annotations

import math
from typing import Any

import pytest

from promptwire.backend import Completion, Kind, Request
from promptwire.backends.scripted_rules import echo, scripted
from promptwire.errors import ContextOverflow, ModelError, ReplyError, RequestRefused, TransientError, UsageError
from promptwire.security import safe_regex
from promptwire.values import Message


async def ask(data: Any, text: str = "p", *, kind: Kind = "generate", keys: tuple[str, ...] = ("k",)) -> list[Completion]:
    model = scripted(data, name="s")
    await model.open()
    return [(await model.call(Request(kind, prompt=text, options=("yes", "no")), keys=[key]))[0] for key in keys]


async def test_the_first_matching_rule_replies() -> None:
    data = [{"when": "cat", "reply": "meow"}, {"when": "dog", "reply": "woof"}, {"reply": "?"}]
    assert [(await ask(data, text))[0].text for text in ("a dog", "a cat", "a cat and a dog", "a fish")] == [
        "woof",
        "meow",
        "meow",
        "?",
    ]


async def test_a_reply_may_use_the_groups_of_its_rule_over_several_lines() -> None:
    data = [{"when": r"plural.*Input: (\w+)", "expand": r"\1s"}, {"reply": r"\1s"}]
    assert (await ask(data, "Give the plural.\nInput: cat"))[0].text == "cats"
    assert (await ask(data, "else"))[0].text == r"\1s"


async def test_each_sample_always_gets_the_same_of_several_replies() -> None:
    keys = tuple(f"{number}" for number in range(40))
    data = [{"reply": ["a", "b", "c"]}]
    first, second = await ask(data, keys=keys), await ask(data, keys=keys)
    assert first == second
    assert {answer.text for answer in first} == {"a", "b", "c"}


async def test_a_rule_may_be_for_one_kind_of_request() -> None:
    data = [{"kind": "choose", "choose": "no"}, {"reply": "text"}]
    assert math.exp((await ask(data, kind="choose"))[0].weights[1]) == pytest.approx(0.9)
    assert (await ask(data))[0].text == "text"


@pytest.mark.parametrize(
    ("kind", "error"),
    [("throttled", TransientError), ("down", TransientError), ("refused", RequestRefused), ("overflow", ContextOverflow)],
)
async def test_a_rule_may_fail(kind: str, error: type[ModelError]) -> None:
    with pytest.raises(error) as caught:
        await ask([{"fail": kind}])
    assert getattr(caught.value, "throttled", False) == (kind == "throttled")


async def test_without_a_matching_rule_the_error_shows_the_request() -> None:
    with pytest.raises(ModelError, match="no rule of s matches: 'a fish'"):
        await ask([{"when": "cat", "reply": "meow"}], "a fish")


async def test_a_missing_group_is_an_error() -> None:
    with pytest.raises(UsageError, match="does not match its `when`"):
        await ask([{"when": "cat", "expand": r"\2"}], "cat")


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (None, "a list of rules"),
        ([], "a list of rules"),
        ({"rule": []}, "unknown key 'rule'"),
        ({"rules": [{"reply": "x"}], "latency": "fast"}, "number of seconds"),
        (["x"], "rule 1: a rule must be a mapping"),
        ([{"reply": "x"}, {"when": "x"}], "rule 2: .*this one has none"),
        ([{"reply": "x", "fail": "down"}], "has reply, fail"),
        ([{"reply": 5}], "`reply` must be a text"),
        ([{"reply": []}], "`reply` must be a text"),
        ([{"choose": ["a"]}], "`choose` must be a text"),
        ([{"fail": "dwn"}], "(?s)unknown failure 'dwn'.*did you mean 'down'"),
        ([{"replay": "x"}], "(?s)unknown key 'replay'.*did you mean 'reply'"),
        ([{"kind": "chose", "reply": "x"}], "(?s)unknown kind 'chose'.*did you mean 'choose'"),
        ([{"when": "(", "reply": "x"}], "not a regular expression"),
        ([{"when": 5, "reply": "x"}], "not a regular expression"),
    ],
)
def test_an_invalid_script_is_an_error_at_once(data: Any, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        scripted(data, name="s")


def test_another_script_has_another_identity() -> None:
    assert scripted([{"reply": "a"}], name="s").identity != scripted([{"reply": "b"}], name="s").identity
    assert scripted([{"reply": "a"}], name="s").identity == scripted([{"reply": "a"}], name="t").identity


async def test_echo_repeats_the_last_message() -> None:
    model = echo()
    await model.open()
    request = Request("generate", (Message(role="system", content="s"), Message(role="user", content="u")))
    assert (await model.call(request, keys=["k"]))[0].text == "u"


@pytest.mark.parametrize(
    ("when", "expand", "reply"),
    [
        (r"(\w+) (?P<last>\w+)", r"\2, \1", "b, a"),
        (r"(\w+) (?P<last>\w+)", r"\g<last>\n\g<1>\\", "b\na\\"),
        (r"(z)?a", r"[\1]\0", "[]a"),
    ],
)
async def test_groups_are_inserted_by_number_and_name(when: str, expand: str, reply: str) -> None:
    assert (await ask([{"when": when, "expand": expand}], "a b"))[0].text == reply


@pytest.mark.parametrize("expand", [r"\g<x>", r"\3", r"\q", "\\"])
async def test_an_invalid_reference_to_a_group_is_an_error(expand: str) -> None:
    with pytest.raises(UsageError, match=r"expand.*\n.*first group"):
        await ask([{"when": "(a)", "expand": expand}], "a")


async def test_a_rule_has_no_fuzzy_match_and_a_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safe_regex, "SECONDS", 0.05)
    assert (await ask([{"when": "cat{e}", "reply": "x"}, {"reply": "y"}], "cut"))[0].text == "y"
    with pytest.raises(ReplyError, match="takes more than"):
        await ask([{"when": "(a|aa)+$", "reply": "x"}], "a" * 100 + "!")
    with pytest.raises(ModelError, match="more than 4,000,000 characters"):
        await ask([{"when": "(.*)", "expand": r"\1" * 5000}], "a" * 1000)
