"""The nearest scoring of lm-eval; its filter and metric are played here as its source has them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from promptwire.exporting.lm_eval_scoring import lm_eval_scoring
from promptwire.values import Example, Prompt
from tests.sample_exports import made_export


def right(folder: Path, reply: str, *outputs: str, **record: Any) -> bool:
    """Whether lm-eval counts `reply` as right."""
    example = Example(input="x", outputs=outputs)
    scoring = lm_eval_scoring(made_export(folder, Prompt(text="p"), [example], **record))
    for step in scoring.filters:
        if step["function"] == "regex":
            found = re.compile(step["regex_pattern"]).findall(reply)
            chosen = found[step["group_select"]] if found else "[invalid]"
            reply = chosen if isinstance(chosen, str) else next(filter(None, chosen), "[invalid]")
        reply = reply.strip()

    def even(text: str) -> str:
        for pattern in scoring.metric.get("regexes_to_ignore", ()):
            text = re.sub(pattern, "", text)
        return text.lower() if scoring.metric.get("ignore_case") else text

    return even(reply) in map(even, scoring.targets(example))


@pytest.mark.parametrize(
    ("metric", "reply", "outputs", "record", "expected"),
    [
        ("exact", " **Positive**.\n", ("positive",), {}, True),
        ("exact", "It is positive", ("positive",), {}, False),
        ("exact", "b", ("a", "b"), {}, True),
        ("exact", "<answer>no</answer> <answer> yes </answer>", ("yes",), {"parse": {"tag": "answer"}}, True),
        ("exact", "so\nyes\n", ("yes",), {"parse": {"line": "last"}}, True),
        ("exact", '{"label": "yes", "why": "x"}', ("yes",), {"parse": {"json": "label"}}, True),
        ("exact", '{"label": 5}', ("5",), {"parse": {"json": "label"}}, True),
        ("exact", "Answer: yes", ("yes",), {"parse": {"regex": "Answer: (.*)"}}, True),
        ("exact", "it is [yes]", ("yes",), {"parse": {"brackets": True}}, True),
        ("exact", "a\n```\nyes\n```", ("yes",), {"parse": {"fence": True}}, True),
        ("equals", "yes", ("yes",), {}, True),
        ("equals", "Yes", ("yes",), {}, False),
        ("contains", "It is Positive, I think", ("positive",), {"seen_labels": ("positive", "negative")}, True),
        ("contains", "It is not entailment", ("entailment",), {"seen_labels": ("entailment", "not entailment")}, False),
        ("macro-f1/contains", "It is positive", ("positive",), {"seen_labels": ("positive", "negative")}, True),
        ("macro-f1", "positive", ("positive",), {"seen_labels": ("positive", "negative")}, True),
        ("numeric", "12 + 30 is 1,042.0", ("#### 1042",), {}, True),
        ("numeric", "42", ("43",), {}, False),
        ("multiple-choice", "The answer is (B).", ("(B)",), {}, True),
    ],
)
def test_an_answer_counts_as_right_by_the_nearest_metric(
    tmp_path: Path, metric: str, reply: str, outputs: tuple[str, ...], record: dict[str, Any], expected: bool
) -> None:
    assert right(tmp_path, reply, *outputs, metric=metric, **record) is expected


@pytest.mark.parametrize("metric", ["judge", "f1", "json", "regex", "spearman", "acme:brevity"])
def test_a_metric_without_counterpart_only_collects_answers_and_the_user_is_told(tmp_path: Path, metric: str) -> None:
    scoring = lm_eval_scoring(made_export(tmp_path, Prompt(text="p"), [Example(input="x", outputs=("1",))], metric=metric))
    assert scoring.metric["metric"] == "bypass"
    assert f"no metric like {metric}" in scoring.told[0]


def test_a_rule_that_no_filter_follows_is_told(tmp_path: Path) -> None:
    example = Example(input="x", outputs=("1",))
    scoring = lm_eval_scoring(made_export(tmp_path, Prompt(text="p"), [example], parse={"tag": "a", "all": True}))
    assert "can't read answers by the run's rule" in scoring.told[0]
