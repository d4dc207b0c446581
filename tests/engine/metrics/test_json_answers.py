"""JSON in answers: where it is found, when it is equal, which share of its fields is right."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.metrics.json_answers import found_json
from promptwire.metrics.metric import find_metric
from promptwire.values import Example

WANTED = Example(input="x", outputs=('{"name": "Ann", "age": 31, "tags": ["a", "b"]}',))


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ('{"a": 1}', {"a": 1}),
        (' [1, 2]\n', [1, 2]),
        ('```json\n{"a": 1}\n```', {"a": 1}),
        ('Here:\n```\n{"a": 1}\n```\nDone {really}.', {"a": 1}),
        ('First:\n```json\n{"a": 1}\n```\nBetter:\n```json\n{"a": 2}\n```', {"a": 2}),
        ('~~~\n{"a": 1}', {"a": 1}),
        ('The answer is {"a": {"b": 1}}, I think.', {"a": {"b": 1}}),
        ('Like {"a": 0} or rather {"a": 1}.', {"a": 1}),
        ('As [1] says: {"a": 1} [2]', {"a": 1}),
        ("The list is [1, 2].", [1, 2]),
        ('{"a": 1,}', {"a": 1}),
        ('{"a": "x,}"}', {"a": "x,}"}),
        ('Draft: {"a": {"b": 2}, ...} Final: {"a": 1}', {"a": 1}),
        ('With a brace {like this}: {"a": 1}', {"a": 1}),
        ('{"a": 1, "b": [1, 2] and {"a": 3}} or "}" so {"a": 1}', {"a": 1}),
        ("```json\nnothing\n```\nbut {\"a\": 1}", {"a": 1}),
    ],
)  # fmt: skip
def test_json_is_found_alone_in_a_fence_and_in_prose(answer: str, found: object) -> None:
    assert found_json(answer) == (found,)


@pytest.mark.parametrize(
    "answer",
    [
        *('{"a": 1, // one\n "tags": ["a", "b"]}', '{"person": {"name": "Ann", "age": 31, "tags": ["a", "b"]}, "more": '),
        *('{"n": ' + "9" * 5000 + ', "tags": ["a"]}', '[{"name": "Ann", "age": 31, "tags": ["a", "b"]}; "x"]'),
        *("", "none", "5", '"text"', "{'a': 1}", '{"a": ', "{" * 5000, "[" * 5000, '{"a": NaN}', '{"a": 1' + "0" * 9999 + "}"),
    ],
)
def test_an_answer_without_json_is_unreadable(answer: str) -> None:
    found = find_metric("json").measure(answer, WANTED)
    assert (found.value, found.readable, found.read, found.feedback) == (0.0, False, "", "there is no JSON in the answer")


@pytest.mark.parametrize(
    ("answer", "equal", "share", "feedback"),
    [
        ('{"tags": ["a", "b"], "age": 31.0, "name": "Ann"}', 1.0, 1.0, ""),
        ('{"name": "Ann", "age": 30, "tags": ["a", "b"]}', 0.0, 3 / 4, "wrong: age"),
        ('{"name": "Ann", "age": "31", "tags": ["a", "b"]}', 0.0, 3 / 4, "wrong: age"),
        ('{"name": "ann", "age": 31, "tags": ["b", "a"]}', 0.0, 1 / 4, "wrong: name, tags.0, tags.1"),
        ('{"name": "Ann", "age": 31}', 0.0, 2 / 4, "missing: tags.0, tags.1"),
        ('{"name": "Ann", "age": 31, "tags": ["a", "b"], "city": "Ulm"}', 0.0, 4 / 5, "not wanted: city"),
        ("[]", 0.0, 0.0, "missing: name, age, tags.0, tags.1; not wanted: all"),
    ],
)
def test_equality_and_share_of_fields_with_feedback(answer: str, equal: float, share: float, feedback: str) -> None:
    whole, fields = (find_metric(name).measure(answer, WANTED) for name in ("json", "json-fields"))
    assert (whole.value, fields.value) == (equal, pytest.approx(share))
    assert whole.feedback == fields.feedback == feedback


@pytest.mark.parametrize(("said", "wanted"), [("true", "1"), ("false", "0"), ("null", "0"), ('""', "null"), ("{}", "[]")])
def test_values_of_different_kinds_differ(said: str, wanted: str) -> None:
    example = Example(input="x", outputs=(f'{{"a": {wanted}}}',))
    assert find_metric("json").measure(f'{{"a": {said}}}', example).value == 0.0


def test_the_best_of_several_accepted_outputs_counts() -> None:
    example = Example(input="x", outputs=('{"a": 1, "b": 1}', '{"a": 2, "b": 2}'))
    assert find_metric("json-fields").measure('{"a": 2, "b": 3}', example).value == 0.5


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
).filter(lambda value: isinstance(value, dict | list))


@given(JSON, st.randoms(use_true_random=False))
def test_json_equals_itself_in_any_order_of_keys(value: object, random: object) -> None:
    def shuffled(one: object) -> object:
        if isinstance(one, dict):
            keys = list(one)
            random.shuffle(keys)  # type: ignore[attr-defined]
            return {key: shuffled(one[key]) for key in keys}
        return [shuffled(inner) for inner in one] if isinstance(one, list) else one

    example = Example(input="x", outputs=(json.dumps(value),))
    for name in ("json", "json-fields"):
        assert find_metric(name).measure(json.dumps(shuffled(value)), example).value == 1.0


@pytest.mark.parametrize(("output", "words"), [("{a}", "is not JSON"), ("5", "neither an object nor a list")])
def test_accepted_outputs_that_hold_no_json_are_refused(output: str, words: str) -> None:
    assert words in find_metric("json").accepts([WANTED, Example(input="x", outputs=(output,))], ())
