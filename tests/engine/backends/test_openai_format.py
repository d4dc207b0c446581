"""Request bodies in the OpenAI format, and checked replies."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.backend import Request, Settings
from promptwire.backends.openai_format import body, read_completions, route, seed
from promptwire.errors import RequestRefused, TransientError
from promptwire.values import Message

CHAT = (Message(role="system", content="s"), Message(role="user", content="u"))


def test_a_chat_body_has_only_the_settings_that_are_set() -> None:
    request = Request("generate", CHAT, settings=Settings(temperature=0.5, stop=("\n",), extra={"top_k": 3}))
    assert route(request) == "/chat/completions"
    assert body("m", request, n=3) == {
        "model": "m",
        "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}],
        "n": 3,
        "temperature": 0.5,
        "stop": ["\n"],
        "top_k": 3,
    }


def test_bodies_of_completion_and_infill() -> None:
    assert route(Request("generate", prompt="p")) == "/completions"
    assert body("m", Request("generate", prompt="p", settings=Settings(max_tokens=5))) == {
        "model": "m",
        "prompt": "p",
        "max_tokens": 5,
    }
    assert body("m", Request("infill", prompt="p", suffix="s")) == {"model": "m", "prompt": "p", "suffix": "s"}


def test_choose_requests_the_candidates_of_one_token() -> None:
    asked = body("m", Request("choose", CHAT, options=("a", "b")))
    assert (asked["logprobs"], asked["top_logprobs"], asked["max_tokens"]) == (True, 20, 1)
    asked = body("m", Request("choose", prompt="p", options=("a", "b")))
    assert (asked["logprobs"], "top_logprobs" in asked) == (20, False)


def test_logprob_requests_echo_and_zero_tokens() -> None:
    asked = body("m", Request("logprob", prompt="p ", options=("a",)))
    assert (asked["prompt"], asked["echo"], asked["max_tokens"]) == ("p a", True, 0)


@pytest.mark.parametrize("name", ["model", "messages", "stream", "n", "logprobs", "prompt"])
def test_an_extra_setting_can_not_change_the_request(name: str) -> None:
    with pytest.raises(RequestRefused, match=repr(name)):
        body("m", Request("generate", CHAT, settings=Settings(extra={name: "other"})))


def test_seeds_differ_by_key_and_have_31_bits() -> None:
    assert seed("a") == seed("a") != seed("b")
    assert all(0 <= seed(f"{number}") < 2**31 for number in range(1000))


def reply(*texts: str, **more: Any) -> dict[str, Any]:
    return {"choices": [{"index": place, "message": {"content": text}} for place, text in enumerate(texts)], **more}


def test_completions_are_in_the_order_of_their_index() -> None:
    data = reply("a", "b")
    data["choices"].reverse()
    assert [answer.text for answer in read_completions(data)] == ["a", "b"]


def test_tokens_and_price_of_completions_sum_to_those_of_the_reply() -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": 8, "cost": 0.3}
    answers = read_completions(reply("a", "b", "c", usage=usage))
    assert [answer.tokens_in for answer in answers] == [10, 0, 0]
    assert [answer.tokens_out for answer in answers] == [4, 2, 2]
    assert sum(answer.usd or 0 for answer in answers) == pytest.approx(0.3)


def test_unknown_price_is_none_and_unknown_tokens_are_zero() -> None:
    (answer,) = read_completions(reply("a", usage={"prompt_tokens": "many"}))
    assert (answer.usd, answer.tokens_in, answer.tokens_out) == (None, 0, 0)


@pytest.mark.parametrize(
    ("choice", "text", "finish"),
    [
        ({"message": {"content": None}, "finish_reason": "length"}, "", "length"),
        ({"message": {"content": None}, "finish_reason": "content_filter"}, "", "content_filter"),
        ({"message": {"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}}, "ab", "stop"),
        ({"text": " x", "finish_reason": None}, " x", "stop"),
        ({"message": {"content": "a", "reasoning_content": "x"}}, "a", "stop"),
        ({"message": {"content": "a", "reasoning": "x", "thinking": "x"}}, "a", "stop"),
        ({"message": {"content": None, "reasoning_content": "x"}, "finish_reason": "length"}, "", "length"),
        ({"message": {"content": [{"type": "thinking", "text": "x"}, {"type": "text", "text": "a"}]}}, "a", "stop"),
        ({"message": {"content": [{"type": "thinking", "thinking": [{"text": "x"}]}, {"text": "a"}]}}, "a", "stop"),
        ({"message": {"content": [{"type": "reasoning", "text": "x"}, {"type": "output_text", "text": "a"}]}}, "a", "stop"),
        ({"message": {"content": "é"}, "finish_reason": "tool_calls"}, "é", "tool_calls"),
    ],
)
def test_a_text_is_read_from_each_format(choice: dict[str, Any], text: str, finish: str) -> None:
    (answer,) = read_completions({"choices": [choice]})
    assert (answer.text, answer.finish) == (text, finish)


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        {"choices": []},
        {"choices": {}},
        {"choices": ["x"]},
        {"choices": [{}]},
        {"choices": [{"message": {"content": 5}}]},
        {"choices": [{"message": {"content": ["x"]}}]},
        {"choices": [{"message": {"content": ""}, "finish_reason": "error", "error": {"message": "upstream is gone"}}]},
        {"choices": [{"message": {"content": "half of an"}, "finish_reason": "error"}]},
        {"choices": [{"message": {"content": "half of an"}, "finish_reason": "abort"}]},
    ],
)
def test_an_invalid_reply_is_transient_and_no_empty_completion(data: Any) -> None:
    with pytest.raises(TransientError):
        read_completions(data)


def test_an_error_in_a_reply_with_status_200_is_raised() -> None:
    with pytest.raises(TransientError, match="provider is down"):
        read_completions({"error": {"message": "provider is down"}})


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["choices", "message", "content", "text", "index", "usage", "cost", "error"]), inner)
    ),
)


@given(json)
def test_any_reply_gives_completions_or_a_promptwire_error(data: Any) -> None:
    with contextlib.suppress(TransientError):
        read_completions({"choices": data} if isinstance(data, list) else data)
