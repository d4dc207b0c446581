"""Tasks given in Python: examples as values, and a metric as a function."""

from __future__ import annotations

from typing import Any

import pytest

import promptwire
from promptwire.errors import DataError, PipelineError, UsageError
from promptwire.results.provenance import fingerprint
from promptwire.tasks.given_task import given_parts, make_task, task_of, with_metric
from promptwire.values import Example, Examples

ROWS = [{"input": f"{number} + 1", "output": str(number + 1)} for number in range(8)]


def inside(answer: str, outputs: tuple[str, ...]) -> bool:
    return answer in outputs


def frame(library: str, rows: Any) -> Any:
    return pytest.importorskip(library).DataFrame(rows)


@pytest.mark.parametrize(
    "examples",
    [
        ROWS,
        tuple(ROWS),
        (dict(row) for row in ROWS),
        [(row["input"], row["output"]) for row in ROWS],
        [Example(input=row["input"], outputs=(row["output"],)) for row in ROWS],
        Examples.of(Example(input=row["input"], outputs=(row["output"],)) for row in ROWS),
    ],
    ids=["dicts", "tuple", "generator", "pairs", "examples", "Examples"],
)
def test_examples_of_every_kind_make_the_same_task(examples: Any) -> None:
    task = make_task(examples, prompt="Add.")
    assert fingerprint(task) == fingerprint(make_task(ROWS, prompt="Add."))
    assert (len(task.train), len(task.test), task.name, task.metric) == (4, 4, "examples", "exact")
    assert task.notes == ("test: 4 examples held out of train, which keeps 4",)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_data_frame_is_a_list_of_examples_and_its_missing_cells_are_left_out(library: str) -> None:
    rows = [{"question": "one", "answer": 1, "note": "a"}, {"question": "two", "answer": 2, "note": None}]
    columns = {"input": "question", "output": "answer"}
    task = make_task(frame(library, rows), test=ROWS and frame(library, rows[:1]), prompt="", columns=columns)
    assert [(one.input, one.outputs, one.meta) for one in task.train.items] == [
        ("one", ("1",), {"note": "a"}),
        ("two", ("2",), {}),
    ]


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_missing_output_in_a_data_frame_names_the_row(library: str) -> None:
    rows = [{"input": "one", "output": "1"}, {"input": "two", "output": None}]
    with pytest.raises(DataError, match="examples, row 1: there is no column 'output'"):
        make_task(frame(library, rows), prompt="")


def test_numbers_of_numpy_are_read_as_numbers() -> None:
    numpy = pytest.importorskip("numpy")
    rows = [
        {"input": numpy.str_("x"), "output": numpy.int64(3), "weight": numpy.float64("nan")},
        ("y", numpy.array(["a", "b"])),
    ]
    examples = make_task(rows, test=ROWS, prompt="").train.items
    assert [(one.input, one.outputs, one.meta) for one in examples] == [("x", ("3",), {}), ("y", ("a", "b"), {})]


def test_several_input_columns_become_fields_and_dev_and_test_are_taken() -> None:
    rows = [{"q": "one", "hint": "h", "output": ["1", "eins"]}]
    task = make_task(
        rows, test=rows, dev=rows, prompt=["A", "B"], columns={"input": ["q", "hint"]}, name="n", labels=("1", "2")
    )
    assert task.train.items[0].input == {"q": "one", "hint": "h"}
    assert task.train.items[0].outputs == ("1", "eins")
    assert [prompt.text for prompt in task.prompts.items] == ["A", "B"]
    assert (task.name, task.labels, len(task.dev or ())) == ("n", ("1", "2"), 1)
    assert "1 of 1 test inputs are also in train or dev" in task.notes[0]


@pytest.mark.parametrize(
    ("examples", "words"),
    [
        ([], "examples: there are no examples"),
        ("rows.csv", "these examples are a str"),
        ({"a": 1}, "these examples are a dict"),
        (3, "these examples are a int"),
        ([("a", "b", "c")], "row 0: this example is a tuple"),
        ([{"input": "a"}], r"row 0: there is no column 'output'.*it has: 'input'.*\n.*make_task\(columns="),
        ([{"input": "a", "output": " "}], "row 0: the column 'output' is empty"),
        ([{"input": "a", "output": [None]}], "row 0: the column 'output' holds"),
    ],
)
def test_what_is_no_example_is_refused_with_its_row(examples: Any, words: str) -> None:
    with pytest.raises(DataError, match=words):
        make_task(examples, prompt="")


def test_a_key_that_no_task_has_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(PipelineError, match=r"given in Python.*unknown key 'lables'.*did you mean 'labels'"):
        make_task(ROWS, prompt="", lables=("a",))


def test_a_function_is_the_metric_and_part_of_the_fingerprint() -> None:
    task = make_task(ROWS, prompt="", metric=inside)
    assert task.metric.startswith("inside@") and task.load_metric().name == task.metric
    assert task.load_metric("exact").name == "exact"
    other = make_task(ROWS, prompt="", metric=lambda answer, outputs: answer in outputs or 0.5)
    assert len({fingerprint(one) for one in (task, other, make_task(ROWS, prompt=""))}) == 3
    assert fingerprint(make_task(ROWS, prompt="", metric=inside, metric_version="1")) != fingerprint(task)


def test_a_function_that_scores_accepted_outputs_with_0_is_refused() -> None:
    with pytest.raises(UsageError, match="gives 0 to the accepted outputs"):
        make_task(ROWS, prompt="", metric=lambda answer, outputs: answer == outputs)


def test_a_shipped_task_takes_a_function_and_other_keys() -> None:
    task = task_of("planted", {"prompt": "Mine.", "metric": inside})
    assert (task.prompts.items[0].text, task.metric) == ("Mine.", with_metric(task, inside).metric)
    assert given_parts(task) == ("metric",)
    assert given_parts(make_task(ROWS, prompt="", metric=inside)) == ("examples", "metric")
    assert given_parts(promptwire.load_task("planted")) == ()


def test_a_made_task_takes_another_metric_and_no_other_key() -> None:
    task = make_task(ROWS, prompt="")
    assert task_of(task, {}) is task
    assert task_of(task, {"metric": inside}).metric.startswith("inside@")
    with pytest.raises(UsageError, match="prompt: this task is made already"):
        task_of(task, {"prompt": "x"})


def test_examples_without_a_prompt_are_refused_with_what_to_write() -> None:
    with pytest.raises(UsageError, match=r'no initial prompt(?s:.*)prompt="..."'):
        task_of(ROWS, {})


def test_lists_are_read_by_the_numbers_of_their_cells() -> None:
    rows = [["a", 1, "x"], ("b", 2, "y")]
    task = make_task(rows, test=rows, prompt="", columns={"input": [0, 1], "output": 2})
    assert [(one.input, one.output) for one in task.train.items] == [({"0": "a", "1": "1"}, "x"), ({"0": "b", "1": "2"}, "y")]
