"""Log-probabilities are right or refused, and never silently 0."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.backend import Completion
from promptwire.backends.logprobs import echoed_logprobs, label_weights, with_label_weights
from promptwire.errors import Unsupported


def chat(candidates: dict[str, float]) -> dict[str, Any]:
    listed = [{"token": token, "logprob": weight} for token, weight in candidates.items()]
    return {"logprobs": {"content": [{"token": "x", "logprob": -1.0, "top_logprobs": listed}]}}


def legacy(candidates: dict[str, float]) -> dict[str, Any]:
    return {"logprobs": {"tokens": ["x"], "token_logprobs": [-1.0], "top_logprobs": [candidates]}}


def shares(choice: dict[str, Any], *labels: str) -> list[float]:
    return [math.exp(weight) for weight in label_weights(choice, labels)]


@pytest.mark.parametrize("shape", [chat, legacy])
def test_label_probabilities_sum_to_one_in_both_formats(shape: Any) -> None:
    choice = shape({" yes": math.log(0.3), " no": math.log(0.1), " maybe": math.log(0.6)})
    assert shares(choice, "yes", "no") == pytest.approx([0.75, 0.25])


def test_spellings_of_a_label_are_summed() -> None:
    choice = chat({"yes": math.log(0.2), " Yes": math.log(0.2), "YES": math.log(0.2), "no": math.log(0.2)})
    assert shares(choice, "yes", "no") == pytest.approx([0.75, 0.25])


def test_a_long_label_has_the_weight_of_its_longest_beginning() -> None:
    choice = chat({" pos": math.log(0.4), " po": math.log(0.1), " neg": math.log(0.1), "p": math.log(0.3)})
    assert shares(choice, "positive", "negative") == pytest.approx([0.8, 0.2])


def test_a_label_of_one_letter_is_found_exactly() -> None:
    assert shares(chat({" A": -1.0, " B": -1.0}), "A", "B") == pytest.approx([0.5, 0.5])


def test_probabilities_too_small_for_a_float_are_compared() -> None:
    assert shares(chat({"yes": -1000.0, "no": -1000.0}), "yes", "no") == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize(
    ("choice", "problem"),
    [
        (chat({" yes": -1.0}), "'no' is not among the 1 likeliest"),
        (chat({" yes": -1.0, " n": -1.0}), "'no' is not among"),
        (chat({}), "no log-probabilities"),
        ({}, "no log-probabilities"),
        ({"logprobs": None}, "no log-probabilities"),
        ({"logprobs": {"content": []}}, "no log-probabilities"),
        ({"logprobs": {"content": [{"token": "x", "logprob": -1.0, "top_logprobs": []}]}}, "no log-probabilities"),
        (legacy({"yes": math.nan, "no": -math.inf}), "no log-probabilities"),
    ],
)
def test_missing_log_probabilities_are_unsupported(choice: dict[str, Any], problem: str) -> None:
    with pytest.raises(Unsupported, match=problem) as caught:
        label_weights(choice, ("yes", "no"))
    assert "exact match" in caught.value.hint


@pytest.mark.parametrize(
    ("candidates", "best"),
    [
        ({" yes": -0.1, " the": -3.0}, "yes"),
        ({" the": -0.1, " no": -3.0}, "no"),
        ({"{": -0.1, "```": -3.0}, None),
        ({" yes": -0.1, " n": -3.0}, None),
        ({" yes": -3.0, " n": -0.1}, None),
    ],
    ids=["likely", "unlikely", "no label", "first letter", "likely first letter"],
)
def test_unlisted_labels_get_a_low_weight_unless_ambiguous(candidates: dict[str, float], best: str | None) -> None:
    answer = with_label_weights(Completion(text="x", tokens_in=3), chat(candidates), ("yes", "no"))
    assert answer.tokens_in == 3
    if best is None:
        assert answer.weights == () and "likeliest tokens" in answer.text
    else:
        assert answer.text == ""
        assert max(zip(answer.weights, ("yes", "no"), strict=True))[1] == best
        assert sum(map(math.exp, answer.weights)) == pytest.approx(1)


def test_a_reply_without_candidates_is_unsupported() -> None:
    with pytest.raises(Unsupported, match="no log-probabilities"):
        with_label_weights(Completion(), chat({}), ("yes", "no"))


def test_labels_with_the_same_first_token_are_refused() -> None:
    with pytest.raises(Unsupported, match="begins with the same token"):
        label_weights(chat({" pos": -1.0, " neg": -1.0}), ("positive", "possible"))


@given(st.dictionaries(st.sampled_from(["yes", " no", "maybe", "Yes", "n"]), st.floats(-2000, 0), min_size=1))
def test_weights_sum_to_one_or_raise_unsupported(candidates: dict[str, float]) -> None:
    try:
        weights = label_weights(chat(candidates), ("yes", "no"))
    except Unsupported:
        return
    assert math.fsum(map(math.exp, weights)) == pytest.approx(1.0)


def echo(*tokens: str, weights: list[Any] | None = None) -> dict[str, Any]:
    given = weights if weights is not None else [None, *(-float(place) for place in range(1, len(tokens)))]
    return {"logprobs": {"tokens": list(tokens), "token_logprobs": given}}


@pytest.mark.parametrize(
    ("tokens", "prompt", "answer", "weights"),
    [
        (("The", " cat", " sat"), "The cat", " sat", (-2.0,)),
        (("The", " cat", " sat", " down"), "The cat", " sat down", (-2.0, -3.0)),
        (("<s>", "The", " cat", " sat"), "The cat", " sat", (-3.0,)),
        (("The", " cat", " sat", " more"), "The cat", " sat", (-2.0,)),
        (("In:", " x", "\nOut:", " dog"), "In: x\nOut: ", "dog", (-3.0,)),
        (("The", " c", "at", "s"), "The cat", "s", (-3.0,)),
    ],
)
def test_the_tokens_of_the_answer_are_found(
    tokens: tuple[str, ...], prompt: str, answer: str, weights: tuple[float, ...]
) -> None:
    assert echoed_logprobs(echo(*tokens), prompt, answer) == weights


@pytest.mark.parametrize(
    "choice",
    [
        {},
        {"logprobs": None},
        {"logprobs": {"content": []}},
        echo(),
        echo(" sat"),
        echo("something", " else"),
        echo("The", " cat"),
        echo("The", " cat", " sat", weights=[None, -1.0]),
        echo("The", " cat", " sat", weights=[None, -1.0, None]),
        echo("The", " cat", " sat", weights=[None, -1.0, math.nan]),
        echo("long beginning", " The", " cat", " sat"),
    ],
)
def test_a_reply_without_echo_is_unsupported(choice: dict[str, Any]) -> None:
    with pytest.raises(Unsupported):
        echoed_logprobs(choice, "The cat", " sat")


def test_without_a_prompt_the_first_token_has_no_probability() -> None:
    with pytest.raises(Unsupported, match="left out"):
        echoed_logprobs(echo("The", " cat"), "", "The cat")
