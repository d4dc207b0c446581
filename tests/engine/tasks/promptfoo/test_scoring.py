"""Asserts of tests as a metric and accepted outputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from promptwire.documents.yaml_reader import dump_yaml
from promptwire.errors import PipelineError
from promptwire.tasks.promptfoo.imported import ImportedTask
from promptwire.tasks.promptfoo.importer import import_promptfoo
from promptwire.templating.template import read_template
from promptwire.values import Example

SCHEMA = {"type": "object", "required": ["a"]}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def scored(*tests: list[dict[str, Any]], **test: Any) -> ImportedTask:
    """The task of tests with these asserts."""
    made = [{"vars": {"q": str(number), "who": "Ann"}, "assert": asserts, **test} for number, asserts in enumerate(tests)]
    Path("c.yaml").write_text(dump_yaml({"prompts": ["{{q}}"], "tests": made}), encoding="utf-8")
    return import_promptfoo("c.yaml")


def one(kind: str, value: Any = None, **more: Any) -> dict[str, Any]:
    return {"type": kind, **({} if value is None else {"value": value}), **more}


@pytest.mark.parametrize(
    ("tests", "metric", "outputs"),
    [
        ([[one("equals", "a {{who}}")], [one("equals", 7)]], "equals", ["a Ann", "7"]),
        ([[one("contains", "a")], [one("contains-any", ["b", "c"])]], "includes", ["a", ["b", "c"]]),
        ([[one("icontains", "a")], [one("icontains-any", "b, c")]], "includes-any-case", ["a", ["b", "c"]]),
        ([[one("regex", "^a$")]], "regex", [r"^a\Z"]),
        ([[one("equals", " ")]], "regex", [r"\A(?=\ \Z)"]),
        ([[one("equals", "a")], [one("contains", "b")]], "regex", [r"\A(?=a\Z)", r"\A(?=[\s\S]*?b)"]),
        ([[one("not-contains-any", ["a", "b"])]], "regex", [r"\A(?!(?:(?=[\s\S]*?a)|(?=[\s\S]*?b)))"]),
        ([[one("equals", {"a": [1]})], [one("equals", [1, 2])]], "json", [{"a": [1]}, [[1, 2]]]),
        ([[one("is-json")], [one("is-json")]], "valid-json", [None, None]),
        ([[one("contains-json")]], "contains-json", [None]),
        ([[one("factuality", "It is {{who}}.")]], "judge", ["It is Ann."]),
        ([[one("similar", ["x", "y"], threshold=0.9)]], "judge", [["x", "y"]]),
        ([[one("rouge-n", "x y")], [one("levenshtein", "z")]], "f1", ["x y", "z"]),
    ],
)
def test_asserts_become_this_metric_and_these_outputs(
    tests: list[list[dict[str, Any]]], metric: str, outputs: list[Any]
) -> None:
    found = scored(*tests)
    assert (found.task["metric"], [row.get("output") for row in found.rows]) == (metric, outputs)


def test_a_schema_that_all_tests_share_is_that_of_the_task() -> None:
    assert scored([one("is-json", SCHEMA)], [one("is-json", SCHEMA)]).task["json_schema"] == SCHEMA
    both = scored([one("is-json", SCHEMA), one("equals", {"a": 1})])
    assert (both.task["metric"], both.task["json_schema"], both.rows[0]["output"]) == ("json", SCHEMA, {"a": 1})


def test_criteria_that_all_tests_share_stand_in_the_judges_template_and_others_are_outputs() -> None:
    nasty = 'Be kind. {{not_a_variable}} {% x\n--- user ---\n"quoted" \\ 漢'
    raw = "{% raw %}" + nasty + "{% endraw %}"
    shared = scored([one("llm-rubric", raw)], [one("llm-rubric", raw)])
    assert shared.task["rubric"] == "judge.j2"
    assert "output" not in shared.rows[0]
    example = Example(input="q", outputs=("a", "b"))
    slots = {"example": example, "outputs": example.outputs, "answer": "said"}
    assert (
        f'The criteria:\n"""\n{nasty}\n"""'
        in read_template("judge.j2", shared.files["judge.j2"]).render(slots).messages[0].content
    )
    own = scored([one("llm-rubric", "{{q}} is named")], [one("g-eval", ["kind", "short"])])
    assert [row["output"] for row in own.rows] == ["0 is named", ["kind", "short"]]
    assert '"""\na\n\nb\n"""' in read_template("judge.j2", own.files["judge.j2"]).render(slots).messages[0].content


REFUSED: dict[str, tuple[list[list[dict[str, Any]]], dict[str, Any], str]] = {
    "two metrics in one test": (
        [[one("icontains", "a"), one("llm-rubric", "b")]], {},
        r"c.yaml:5:5: a task has one metric, and these asserts need 2: icontains \(1 test: c.yaml:3\); llm-rubric \(1 test: c.yaml:3\)",
    ),
    "two metrics in two tests": ([[one("equals", "a")], [one("is-json")]], {}, r"equals \(1 test: c.yaml:3\); is-json \(1 test: c.yaml:\d\)"),
    "schemas that differ": ([[one("is-json", SCHEMA)], [one("is-json")]], {}, "the tests have different JSON Schemas"),
    "a schema that is none": ([[one("is-json", {"type": "thing"})]], {}, "this JSON Schema can't be used"),
    "is-json beside contains-json": ([[one("is-json")], [one("contains-json")]], {}, "some tests have is-json"),
    "JSON that only one test gives": ([[one("is-json")], [one("is-json"), one("equals", {"a": 1})]], {}, "some tests say which JSON is right"),
    "not- before a graded assert": ([[one("not-llm-rubric", "a")]], {}, "the assert 'not-llm-rubric' has no counterpart"),
    "a threshold over two graded asserts": ([[one("llm-rubric", "a"), one("llm-rubric", "b")]], {"threshold": 0.5}, "a threshold over several asserts"),
    "a pattern that is none": ([[one("regex", "(")]], {}, "the pattern of 'regex' is not a pattern"),
    "patterns with back references": ([[one("regex", r"(a)\1"), one("regex", "b")]], {}, r"a pattern with \\1 can't be joined"),
    "patterns that are too long": ([[one("contains", "a" * 3000), one("contains", "b")]], {}, "use fewer or shorter asserts"),
    "a rubric without text": ([[one("llm-rubric", {"a": 1})]], {}, "the value of 'llm-rubric' is a text"),
    "a weight that is no number": ([[one("equals", "a", weight="much")]], {}, "weights and thresholds are numbers"),
    "a transform of an assert": ([[one("equals", "a", transform="output")]], {}, "'transform' of an assert is a program"),
    "an empty list": ([[one("contains-any", [])]], {}, "the value of 'contains-any' is a list of texts"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_asserts_that_no_metric_holds_are_one_error_with_its_place(case: str) -> None:
    tests, more, words = REFUSED[case]
    with pytest.raises(PipelineError, match=words):
        scored(*tests, **more)
