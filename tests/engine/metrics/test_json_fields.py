"""JSON answers by rules: a metric for each field, numbers that may be off, lists in any order."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.errors import PipelineError, UsageError
from promptwire.metrics.json_fields import FieldRule, adapted
from promptwire.metrics.metric import find_metric
from promptwire.tasks.given_task import make_task
from promptwire.values import Example

RIGHT = {"label": "pos", "price": 10.0, "tags": ["a", "b"], "note": "x"}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


def value(said: Any, wanted: Any = RIGHT, *, metric: str = "json-fields", tolerance: Any = None, **fields: Any) -> float:
    rules = {name: FieldRule.model_validate(rule) for name, rule in fields.items()}
    found = adapted(find_metric(metric), None, fields=rules, tolerance=tolerance)
    return found.measure(json.dumps(said), Example(input="", outputs=(json.dumps(wanted),))).value


@pytest.mark.parametrize(
    ("said", "keys", "expected"),
    [
        (RIGHT, {}, 1.0),
        ({**RIGHT, "price": 10.4}, {}, 4 / 5),
        ({**RIGHT, "price": 10.4}, {"tolerance": 0.5}, 1.0),
        ({**RIGHT, "price": 10.4}, {"tolerance": "5%"}, 1.0),
        ({**RIGHT, "price": 10.4}, {"tolerance": "1%"}, 4 / 5),
        ({**RIGHT, "price": "about 10.2 euros"}, {"price": {"metric": "numeric", "tolerance": 0.5}}, 1.0),
        ({**RIGHT, "label": "**Pos**"}, {}, 4 / 5),
        ({**RIGHT, "label": "**Pos**"}, {"label": "exact"}, 1.0),
        ({**RIGHT, "tags": ["b", "a"]}, {}, 3 / 5),
        ({**RIGHT, "tags": ["b", "a"]}, {"tags": {"ordered": False}}, 1.0),
        ({**RIGHT, "tags": ["b", "c"]}, {"tags": {"ordered": False}}, 3 / 4),
        ({**RIGHT, "tags": ["b", "c"]}, {"tags": {"metric": "json-fields", "ordered": False}}, 3.5 / 4),
        ({**RIGHT, "tags": ["b", "a", "a"]}, {"tags": {"ordered": False}}, 3 / 4),
        ({**RIGHT, "tags": ["b", "a"]}, {"tags": "set"}, 1.0),
        ({**RIGHT, "note": "other"}, {"note": "ignore"}, 1.0),
        ({name: RIGHT[name] for name in ("label", "price", "tags")}, {"note": "f1"}, 4 / 5),
        ({**RIGHT, "more": 1}, {"label": "exact"}, 5 / 6),
        ({**RIGHT, "label": ""}, {"label": "exact"}, 4 / 5),
    ],
)
def test_each_field_counts_by_its_rule_and_the_others_by_equality(said: Any, keys: Any, expected: float) -> None:
    assert value(said, **keys) == pytest.approx(expected)


def test_the_metric_json_is_one_only_when_all_fields_are_right_by_their_rules() -> None:
    said = {**RIGHT, "price": 10.4, "tags": ["b", "a"]}
    assert value(said, metric="json", tolerance=0.5, tags={"ordered": False}) == 1.0
    assert value(said, metric="json", tolerance=0.1, tags={"ordered": False}) == 0.0


@pytest.mark.parametrize(("said", "expected"), [("", 1.0), (None, 1.0), ("x", 0.0)])
def test_an_empty_field_is_right_when_it_is_empty_in_the_answer_too(said: Any, expected: float) -> None:
    assert value({"note": said}, {"note": ""}, note="f1") == expected


def test_a_field_inside_another_is_named_with_dots() -> None:
    wanted = {"items": [{"price": 1.0, "name": "a"}]}
    said = {"items": [{"price": 1.05, "name": "a"}]}
    assert value(said, wanted, **{"items.0.price": {"tolerance": 0.1}}) == 1.0
    assert value(said, wanted) == 0.5


def test_the_feedback_names_the_fields_that_are_wrong_by_their_rule() -> None:
    found = adapted(find_metric("json-fields"), None, fields={"label": FieldRule(metric="exact")}, tolerance=None)
    measured = found.measure(
        json.dumps({**RIGHT, "label": "neg", "note": "y"}), Example(input="", outputs=(json.dumps(RIGHT),))
    )
    assert measured.feedback == "by its rule: label; wrong: note"


@given(VALUES, VALUES)
def test_without_rules_a_tolerance_of_zero_changes_nothing_for_whole_numbers(said: Any, wanted: Any) -> None:
    said, wanted = {"x": said}, {"x": wanted}
    assert value(said, wanted, tolerance=0.0) == value(said, wanted)


@given(st.lists(st.integers(0, 3), max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_a_list_never_matters_where_the_task_says_so(members: list[int], random: Any) -> None:
    shuffled = [*members]
    random.shuffle(shuffled)
    assert value({"x": shuffled}, {"x": members}, x={"ordered": False}) == 1.0


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"fields": {"lable": "exact"}}, "which no accepted output has; did you mean 'label'?"),
        ({"fields": {"label": "numeric"}}, "the field 'label': 2 of 2 answers hold no number, such as 'pos'"),
        ({"fields": {"label": "judge"}}, "the metric 'judge' can't score a field"),
        ({"fields": {"label": "macro-f1"}}, "the metric 'macro-f1' can't score a field"),
        ({"fields": {"label": "exacct"}}, "did you mean 'exact'?"),
        ({"fields": {"label": {"metric": "exact", "tolerance": 1}}}, "takes no tolerance"),
    ],
)
def test_a_rule_that_would_score_nothing_is_refused_before_a_run(keys: Any, problem: str) -> None:
    task = make_task([("a", RIGHT), ("b", RIGHT), ("c", RIGHT), ("d", RIGHT)], prompt="P", metric="json-fields", **keys)
    with pytest.raises(UsageError) as refused:
        task.load_metric()
    assert problem in str(refused.value).replace("4 of 4", "2 of 2")


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"metric": "exact", "tolerance": 0.1}, "the metric 'exact' takes no tolerance; numeric, json, json-fields do"),
        ({"metric": "numeric", "fields": {"a": "exact"}}, "the metric 'numeric' takes no fields"),
        ({"metric": "numeric", "tolerance": "much"}, "write a number such as 0.01, or a share such as 1%"),
        ({"metric": "numeric", "tolerance": -1}, "write a number such as 0.01, or a share such as 1%"),
    ],
)
def test_a_key_that_the_metric_does_not_read_is_refused(keys: Any, problem: str) -> None:
    with pytest.raises(PipelineError) as refused:
        make_task([("a", 1), ("b", 2)], prompt="P", **keys)
    assert problem in str(refused.value)


@pytest.mark.parametrize(
    ("tolerance", "answer", "expected"),
    [
        (None, "3.15", 0.0),
        (0.01, "It is 3.15.", 1.0),
        (0.01, "3.16", 0.0),
        ("1%", "3.16", 1.0),
        (0, "3.14", 1.0),
        (0.01, "none", 0.0),
    ],
)
def test_numbers_may_be_off_by_the_tolerance_of_the_task(tolerance: Any, answer: str, expected: float) -> None:
    keys = {} if tolerance is None else {"tolerance": tolerance}
    task = make_task([("pi", 3.14), ("e", 2.72)], prompt="P", metric="numeric", **keys)
    assert task.load_metric().measure(answer, Example(input="", outputs=("3.14",))).value == expected


def test_a_list_in_the_list_of_outputs_is_one_answer_that_is_a_list() -> None:
    rows = [{"input": "a", "output": [["x", "y"]]}, {"input": "b", "output": [["z"]]}]
    task = make_task(rows, prompt="P", metric="json")
    found = {one.text: one.outputs for one in (*task.train.items, *task.test.items)}
    assert found == {"a": ('["x", "y"]',), "b": ('["z"]',)}
    assert task.load_metric().measure('["x", "y"]', Example(input="", outputs=found["a"])).value == 1.0
    flat = make_task([{"input": "a", "output": ["x", "y"]}, {"input": "b", "output": ["z", "w"]}], prompt="P", metric="json")
    with pytest.raises(UsageError, match=r"a list of outputs is several accepted ones: \[\[...\]\] is one that is a list"):
        flat.load_metric()
