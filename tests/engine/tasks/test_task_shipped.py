"""The shipped tasks: sizes, duplicates, balance of labels, and answers that an input gives away."""

from __future__ import annotations

import re
from collections import Counter

import pytest

import promptwire
from promptwire.documents.resources import task_path, tasks
from promptwire.metrics.metric import find_metric
from promptwire.options import Options
from promptwire.tasks.task import Task, load_task
from promptwire.values import Example

WORLDS = tuple(name for name in tasks() if name.startswith("planted-"))
"""Tasks of scripted models, with the examples of `planted`."""
DRAWN = dict.fromkeys(("planted", *WORLDS), (96, 64))
"""Sizes of train and test where a program drew the examples; all other tasks have 120 and 120."""
LABELLED = {"queues": 4, "sentiment": 2, "topics": 4}
"""Number of labels, each of which is the answer to equally many examples of a split."""
HIDDEN = ("antonyms", "dates", "past-tense", "plural", "sums", *LABELLED)
"""Tasks whose answer never stands in the input as whole words."""
PAIRED = ("antonyms",)
"""Tasks whose output could be an input: there a pair that is turned round gives an answer away."""


def words(text: str) -> tuple[str, ...]:
    """The words of a text without case, marks and order: equal for pairs and lists that are turned round."""
    return tuple(sorted(re.findall(r"[\w'.:/-]+", text.lower().rstrip(".?!"))))


def examples(task: Task) -> tuple[Example, ...]:
    return (*task.train.items, *task.test.items)


def lines(name: str, split: str) -> list[str]:
    """The lines of a data file, before a loader could drop one of them."""
    return (
        (task_path(name).parent / ("planted" if name in WORLDS else name) / f"{split}.jsonl")
        .read_text(encoding="utf-8")
        .splitlines()
    )


@pytest.mark.parametrize("name", tasks())
def test_task_loads_all_its_lines_without_a_note_and_says_what_it_is(name: str) -> None:
    task = load_task(name)
    assert (len(task.train), len(task.test)) == DRAWN.get(name, (120, 120))
    assert (len(lines(name, "train")), len(lines(name, "test"))) == (len(task.train), len(task.test))
    assert task.notes == () or all(not example.outputs for example in examples(task))
    assert task.name == name and task.doc.endswith(".") and all(prompt.text for prompt in task.prompts.items)
    assert re.match(r"# data: .+ promptwire", task_path(name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", tasks())
def test_task_can_be_planned_and_its_outputs_score_as_right_answers(name: str) -> None:
    task = load_task(name)
    pipeline = "spo" if load_task(name).metric == "none" else "opro"
    plan = promptwire.plan(pipeline, name, Options(models={"task": "scripted:planted"}))
    assert plan.total.least > 0
    metric = task.load_metric()
    if metric.needs == "text":
        outputs = [(example, output) for example in examples(task) for output in example.outputs]
        assert [output for example, output in outputs if metric.measure(output, example, task.labels).value != 1] == []


@pytest.mark.parametrize("name", tasks())
def test_no_input_is_there_twice_in_other_case_or_order(name: str) -> None:
    found = Counter(words(example.text) for example in examples(load_task(name)))
    assert [text for text, times in found.items() if times > 1] == []


@pytest.mark.parametrize("name", PAIRED)
def test_no_pair_is_there_turned_round(name: str) -> None:
    pairs = {(example.text, output) for example in examples(load_task(name)) for output in example.outputs}
    assert [pair for pair in pairs if pair[::-1] in pairs] == []


@pytest.mark.parametrize("name", LABELLED)
def test_labels_of_a_task_are_equally_frequent_in_both_splits(name: str) -> None:
    task = load_task(name)
    for part in (task.train, task.test):
        found = Counter(example.outputs[0] for example in part.items)
        assert set(found.values()) == {120 // LABELLED[name]} and len(found) == LABELLED[name]
        assert not task.labels or set(found) == set(task.labels)


@pytest.mark.parametrize("name", HIDDEN)
def test_no_input_holds_its_answer(name: str) -> None:
    contains = find_metric("contains")
    leaks = [example.text for example in examples(load_task(name)) if contains.measure(example.text, example, ()).value]
    assert leaks == []
