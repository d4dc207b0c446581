"""Metrics given in Python: their names change with what they compute, and with nothing else."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from promptwire.errors import UsageError
from promptwire.metrics.function_metric import check_metric, function_metric
from promptwire.metrics.metric import metric
from promptwire.values import Example

PATTERN = re.compile("[a-z]+")
NAMES = {"two", "one"}
BAG = [object()]


def lower(text: str) -> str:
    return text.lower()


def near(answer: str, outputs: tuple[str, ...]) -> float:
    """How near it is.

    Not in the first line.
    """
    return float(any(lower(answer) == output and PATTERN.match(output) for output in outputs if output not in NAMES))


def made(text: str, **names: Any) -> Callable[..., Any]:
    """The function `f` that `text` defines, with the globals `names`."""
    scope: dict[str, Any] = {"__name__": "made", **names}
    exec(compile(text, "<made>", "exec"), scope)  # noqa: S102 - the text is the test's own
    return scope["f"]  # type: ignore[no-any-return]


def test_a_function_is_a_metric_with_a_hash_in_its_name_and_the_first_line_of_its_docstring() -> None:
    found = function_metric(near)
    assert re.fullmatch(r"near@[0-9a-f]{10}", found.name)
    assert found.doc == "How near it is."
    assert found.measure("A", Example(input="", outputs=("a",))).value == 1.0
    assert function_metric(near).name == found.name


def test_a_version_replaces_the_hash() -> None:
    assert function_metric(near, version="2").name == "near@2"


def test_a_decorated_function_keeps_its_scale() -> None:
    @metric(scale=(0, 100))
    def share_of(answer: str, outputs: tuple[str, ...]) -> float:
        return 100.0

    found = function_metric(share_of)
    assert found.name.startswith("share-of@") and found.scale == (0.0, 100.0)


BASE = "def f(answer, outputs, most=3):\n    return helper(answer) in outputs and LIMIT < most\n"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (BASE.replace("<", "<="), {}),
        (BASE.replace("3", "4"), {}),
        (BASE, {"LIMIT": 2}),
        (BASE, {"helper": str.upper}),
        ("def f(answer, outputs, most=3):\n    return any(helper(answer) == one for one in outputs) and LIMIT < most\n", {}),
    ],
    ids=["source", "default", "constant", "function", "structure"],
)
def test_what_changes_the_result_changes_the_name(text: str, names: dict[str, Any]) -> None:
    known = {"LIMIT": 1, "helper": str.lower, **names}
    assert function_metric(made(text, **known)).name != function_metric(made(BASE, LIMIT=1, helper=str.lower)).name


def test_a_helper_of_the_same_module_is_covered_also_inside_a_comprehension() -> None:
    text = "def helper(text):\n    return text.{}()\n\n\ndef f(answer, outputs):\n    return any(helper(answer) == one for one in outputs)\n"
    names = {function_metric(made(text.format(how))).name for how in ("lower", "upper", "lower")}
    assert len(names) == 2


def test_a_value_of_the_function_around_is_covered() -> None:
    def at_least(most: Any) -> Callable[..., Any]:
        def within(answer: str, outputs: tuple[str, ...]) -> float:
            return float(len(answer) <= most)

        return within

    assert function_metric(at_least(3)).name == function_metric(at_least(3)).name != function_metric(at_least(4)).name
    with pytest.raises(UsageError, match=r"the metric uses 'most', a object that its hash can't cover\n.*metric_version"):
        function_metric(at_least(object()))
    assert function_metric(at_least(object()), version="1").name == "within@1"


def test_a_comment_or_an_unused_name_changes_nothing() -> None:
    def one(answer: str, outputs: tuple[str, ...]) -> bool:
        return answer in outputs

    before = function_metric(one).name

    def one(answer: str, outputs: tuple[str, ...]) -> bool:  # type: ignore[no-redef]
        # a comment
        return answer in outputs

    assert function_metric(one).name == before


def test_two_lambdas_differ_and_one_is_the_same_on_another_line() -> None:
    first = function_metric(lambda answer, outputs: answer in outputs)
    again = function_metric(
        lambda answer, outputs: answer in outputs,
    )
    other = function_metric(lambda answer, outputs: answer == outputs[0])
    assert first.name == again.name != other.name
    assert first.name.startswith("lambda@")


def test_a_function_without_a_source_file_has_a_name_that_is_the_same_in_each_process() -> None:
    code = "from promptwire.metrics.function_metric import function_metric as m; print(m(lambda a, o: a in {'x', 'y'} or a in o).name)"
    said = {subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout for _ in range(2)}
    assert len(said) == 1


async def later(answer: str, outputs: tuple[str, ...]) -> float:
    return 1.0


class Grader:
    def __call__(self, answer: str, outputs: tuple[str, ...]) -> float:
        return 0.5


@pytest.mark.parametrize(
    ("given", "words"),
    [(later, "a coroutine function"), (3, "the metric is int, neither"), (Grader(), "a Grader, whose source can't be read")],
)
def test_what_is_no_plain_function_is_refused(given: Any, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        function_metric(given)


def test_a_callable_object_is_a_metric_under_a_version() -> None:
    found = function_metric(Grader(), version="7")
    assert (found.name, found.measure("x", Example(input="", outputs=("y",))).value) == ("Grader@7", 0.5)


EXAMPLES = [Example(input=text, outputs=(text, text.upper())) for text in ("red", "blue")]


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda answer, outputs: answer == outputs, "gives 0 to the accepted outputs themselves.*answer in outputs"),
        (
            lambda answer: 1.0,
            "failed on the answer 'red': TypeError.*; this answer is an accepted output.*tuple of accepted outputs",
        ),
        (lambda answer, outputs: float("nan"), "gave nan .*has to be a number"),
        (lambda answer, outputs: None, "TypeError"),
    ],
)
def test_a_function_that_fails_on_the_accepted_outputs_is_refused_before_a_call(function: Any, words: str) -> None:
    with pytest.raises(UsageError, match=f"(?s){words}"):
        check_metric(function_metric(function), EXAMPLES, ())


def test_a_function_that_is_right_on_an_accepted_output_passes() -> None:
    assert check_metric(function_metric(lambda answer, outputs: answer in outputs), EXAMPLES, ()) is None
    assert check_metric(function_metric(lambda answer, outputs: 0.0), [], ()) is None


@pytest.mark.parametrize("used", ["from rules import near", "import rules\nnear = rules.near", "import rules"])
def test_a_function_of_another_file_of_the_user_counts_by_its_source(
    used: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    marks = []
    call = "rules.near" if used == "import rules" else "near"
    for limit in ("1", "2", "2"):
        monkeypatch.delitem(sys.modules, "rules", raising=False)
        (tmp_path / f"rules{len(marks)}").mkdir()
        monkeypatch.syspath_prepend(str(tmp_path / f"rules{len(marks)}"))
        text = f"import json\nLIMIT = {limit}\ndef near(answer, outputs):\n    return len(json.dumps(answer)) < LIMIT\n"
        (tmp_path / f"rules{len(marks)}" / "rules.py").write_text(text)
        scope: dict[str, Any] = {}
        exec(used, scope)  # noqa: S102 - the text is the test's own
        marks.append(function_metric(made(f"def f(a, o):\n    return {call}(a, o)\n", **scope)).name)
    assert marks[0] != marks[1] == marks[2]
