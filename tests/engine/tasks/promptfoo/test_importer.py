"""Configurations of promptfoo as tasks: what is taken over, what is said, and what is refused with its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from promptwire.documents.yaml_reader import dump_yaml
from promptwire.errors import PipelineError, PromptwireError, UsageError
from promptwire.tasks.promptfoo.importer import import_promptfoo
from promptwire.tasks.task import load_task

TEST = {"vars": {"q": "one"}, "assert": [{"type": "equals", "value": "1"}]}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def config(text: str | dict[str, Any], **files: str) -> Path:
    """A configuration in this folder, and files beside it; `_` of a name stands for the last dot."""
    for name, content in files.items():
        stem, _, suffix = name.rpartition("_")
        Path(f"{stem}.{suffix}").write_text(content, newline="")
    path = Path("promptfooconfig.yaml")
    path.write_text(text if isinstance(text, str) else dump_yaml(text))
    return path


def refusal(text: str | dict[str, Any], **files: str) -> str:
    with pytest.raises(PromptwireError) as caught:
        import_promptfoo(config(text, **files))
    return str(caught.value)


def test_a_config_becomes_a_task_file_that_loads(folder: Path) -> None:
    text = """\
description: Capitals
prompts: ['Name the capital of {{ country }}.']
providers: [{id: openai:chat:gpt-4o-mini, config: {temperature: 0, max_tokens: 9, seed: 3, apiKey: sk-x, tools: []}}]
tests:
- {vars: {country: France, note: large}, description: first, assert: [{type: contains-any, value: [Paris, paris]}]}
- vars: {country: Peru}
  assert: [{type: contains, value: Lima}, {type: cost, threshold: 1}]
"""
    found = import_promptfoo(config(text))
    assert found.task == {
        "doc": "Capitals",
        "prompt": "Name the capital of {{country}}.",
        "columns": {"input": "country", "output": "output"},
        "metric": "includes",
        "settings": {"temperature": 0, "max_tokens": 9, "extra": {"seed": 3}},
    }
    assert found.rows == (
        {"country": "France", "output": ["Paris", "paris"], "note": "large", "description": "first"},
        {"country": "Peru", "output": "Lima"},
    )
    assert (found.name, found.model, found.api_base, found.files) == (folder.name, "openai/gpt-4o-mini", "", {})
    assert found.notes == (
        "promptfooconfig.yaml:7:43: cost is no score and is left out; the report shows calls, tokens and cost",
        "promptfooconfig.yaml:3:106: the setting 'tools' of the provider is left out",
    )
    Path("rows.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in found.rows))
    Path("task.yaml").write_text(dump_yaml({**found.task, "data": {"train": "rows.jsonl"}}))
    task = load_task("task.yaml")
    assert (task.load_metric().name, task.placeholders.kept) == ("includes", ("{{country}}",))


def test_a_config_named_as_a_task_is_an_error_that_names_task_init() -> None:
    path = config({"prompts": ["{{q}}"], "tests": [TEST]})
    with pytest.raises(UsageError, match=r"no task file|not a task file(.|\n)*promptwire task init promptfooconfig.yaml"):
        load_task(str(path))


def test_lists_of_values_stand_for_one_test_a_combination_and_lists_of_numbers_do_not() -> None:
    vars_ = {"q": ["a", "b"], "by": ["x", "y"], "n": [1, 2]}
    found = import_promptfoo(config({"prompts": ["{{q}} {{by}}"], "tests": [{**TEST, "vars": vars_}]}))
    assert [(row["q"], row["by"], row["n"]) for row in found.rows] == [(q, by, [1, 2]) for q in "ab" for by in "xy"]


def test_tests_are_read_from_files_of_each_kind_with_the_defaults_before_them() -> None:
    found = import_promptfoo(
        config(
            {
                "prompts": ["{{q}} {{by}}"],
                "defaultTest": {"vars": {"by": "all"}, "assert": [{"$ref": "#/assertionTemplates/right"}]},
                "assertionTemplates": {"right": {"type": "icontains", "value": "{{right}}"}},
                "tests": ["file://*.csv", "a.jsonl", {"path": "file://b.json"}, "file://{c,d}.yaml"],
            },
            a_csv='q,right,by\n"1\n2",r,me\n\n3,s,\n',
            a_jsonl='{"vars": {"q": "4", "right": "t"}}\n\n{"vars": {"q": "5", "right": "u"}}\n',
            b_json='[{"vars": {"q": "6", "right": "v"}}]',
            c_yaml="- vars: {q: 7, right: w}\n",
            d_yaml="vars: {q: 8, right: file://e.txt}\n",
            e_txt="\n x \n",
        )
    )
    assert [(row["q"], row["by"], row["output"]) for row in found.rows] == [
        ("1\n2", "me", "r"), ("3", "", "s"), ("4", "all", "t"), ("5", "all", "u"), ("6", "all", "v"), ("7", "all", "w"), ("8", "all", "x"),
    ]  # fmt: skip
    assert found.task["metric"] == "includes-any-case"


def test_tests_without_an_assert_are_left_out_with_a_note_and_without_any_the_metric_is_none() -> None:
    some = import_promptfoo(config({"prompts": ["{{q}}"], "tests": [TEST, {"vars": {"q": "2"}}]}))
    assert len(some.rows) == 1
    assert "1 test has no assert and is left out; promptfoo counts such tests as passed: line 6 of" in some.notes[0]
    none = import_promptfoo(config({"prompts": ["{{q}}"], "tests": [{"vars": {"q": "2"}}]}))
    assert (none.task["metric"], none.task["columns"], none.rows) == ("none", {"input": "q"}, ({"q": "2"},))


def test_a_value_that_a_test_lacks_is_empty_and_said() -> None:
    found = import_promptfoo(config({"prompts": ["{{q}} {{r.s}}"], "tests": [TEST]}))
    assert found.rows[0] == {"q": "one", "r.s": "", "output": "1"}
    assert found.task["columns"]["input"] == ["q", "r.s"]
    assert "the test has no 'r.s'" in found.notes[0]


def test_options_that_are_not_taken_over_and_messages_of_the_developer_are_said() -> None:
    chat = [{"role": "developer", "content": "Answer."}, {"role": "user", "content": "{{item.q}}"}]
    item = {"vars": {"item": {"q": "one", "right": "1"}}, "assert": [{"type": "equals", "value": "{{item.right}}"}]}
    options = {"provider": "openai:gpt-4o", "rubricPrompt": "Grade.", "repeat": 2}
    found = import_promptfoo(
        config(
            {"prompts": [chat], "defaultTest": {"options": options}, "tests": [item], "evaluateOptions": {"maxConcurrency": 2}}
        )
    )
    assert found.task["template"] == "task/system.j2"
    assert found.rows == ({"item.q": "one", "output": "1"},)
    assert [note.partition(": ")[2] for note in found.notes] == [
        "'evaluateOptions' is left out",
        "a message of the developer is sent as one of the system",
        "'rubricPrompt' is not taken over: the judge has a template of its own, under `rubric`",
        "'provider' is not taken over: --model judge=NAME names the judge",
        "'repeat' is left out: a request is sent once",
    ]


def test_columns_that_other_names_would_shadow_are_called_otherwise() -> None:
    test = {**TEST, "vars": {"output": "a", "messages": "b"}}
    found = import_promptfoo(config({"prompts": ["{{output}} {output} {{messages}} {input}"], "tests": [test]}))
    assert found.task["prompt"] == "{{output_}} {output} {{messages_}} {input}"
    assert found.task["columns"] == {"input": ["output_", "messages_"], "output": "output__"}
    assert found.task["placeholders"] == ["output_", "messages_"]


REFUSED = {
    "no prompts": ("tests: []\n", "promptfooconfig.yaml:1:1: there are no prompts"),
    "no tests": ("prompts: ['{{q}}']\n", "1:1: there are no tests"),
    "a test that is a number": ("prompts: ['{{q}}']\ntests: [1]\n", "2:9: a test is a mapping or the name of a file"),
    "no variable": ("prompts: [Hi.]\ntests: [{vars: {q: 1}}]\n", "1:11: no prompt has a {{variable}}"),
    "a filter": ("prompts: ['{{ q | upper }}']\ntests: [{vars: {q: 1}}]\n", "1:11: {{ q | upper }} has no counterpart"),
    "a loop in the third line": (
        "prompts:\n- |\n  Hi\n  {% if q %}yes{% endif %}\ntests: [{vars: {q: 1}}]\n", "promptfooconfig.yaml:4:1: {% if q %} has no counterpart",
    ),
    "the environment": ("prompts: ['{{env.KEY}} {{q}}']\ntests: [{vars: {q: 1}}]\n", "1:11: {{env.KEY}} has no counterpart"),
    "an unclosed tag": ("prompts: ['{{q}} {{']\ntests: [{vars: {q: 1}}]\n", "1:11: a tag of the prompt is not closed"),
    "a program as prompt": ("prompts: [file://p.py]\ntests: [{vars: {q: 1}}]\n", "1:11: 'p.py' is a program"),
    "a generator of tests": ("prompts: ['{{q}}']\ntests: file://t.js:make\n", "2:8: 't.js:make' is a program"),
    "an address": ("prompts: ['{{q}}']\ntests: https://docs.google.com/x\n", "2:8: 'https://docs.google.com/x' is read from another machine"),
    "a missing file": ("prompts: ['{{q}}']\ntests: file://t.csv\n", "2:8: there is no file 't.csv'"),
    "a file elsewhere": ("prompts: ['{{q}}']\ntests: file:///etc/passwd\n", "2:8: '/etc/passwd' leads out of the config's folder"),
    "scenarios": ("prompts: ['{{q}}']\nscenarios: []\n", "2:1: scenarios have no counterpart"),
    "redteam": ("prompts: ['{{q}}']\nredteam: {}\n", "2:1: 'redteam' has no counterpart"),
    "a transform": ("prompts: ['{{q}}']\ntests: [{vars: {q: 1}, options: {transform: output}}]\n", "2:34: 'transform' has no counterpart"),
    "a misspelt key": ("prompts: ['{{q}}']\ntests: [{vars: {q: 1}, asserts: []}]\n", "2:24: a test has no key 'asserts' - did you mean 'assert'?"),
    "an object as text": ("prompts: ['{{q}}']\ntests: [{vars: {q: {a: 1}}}]\n", "2:9: the variable 'q' is a mapping"),
    "JavaScript": ("prompts: ['{{q}}']\ntests: [{vars: {q: 1}, assert: [{type: javascript, value: '1'}]}]\n", "2:40: the assert 'javascript' has no counterpart"),
    "Python": ("prompts: ['{{q}}']\ntests: [{vars: {q: 1}, assert: [{type: python, value: '1'}]}]\n", "2:40: the assert 'python' has no counterpart"),
    "an unknown assert": ("prompts: ['{{q}}']\ntests: [{vars: {q: 1}, assert: [{type: equal, value: '1'}]}]\n", "2:40: the assert 'equal' has no counterpart in promptwire - did you mean 'equals'?"),
    "an assert without value": ("prompts: ['{{q}}']\ntests: [{vars: {q: 1}, assert: [{type: equals}]}]\n", "2:9: the assert 'equals' has no value"),
    "a wrong $ref": ("prompts: ['{{q}}']\ntests: [{vars: {q: 1}, assert: [{$ref: '#/a/b'}]}]\n", "2:40: there is no '#/a/b' in the config"),
    "a variable that is a template": ("prompts: ['{{q}}']\ntests: [{vars: {q: '{{ q | upper }}'}}]\n", "2:9: the variable 'q' holds {{ q | upper }}"),
    "different forms of prompts": (
        "prompts: ['{{q}}', '[{\"role\": \"system\", \"content\": \"x\"}, {\"role\": \"user\", \"content\": \"{{q}}\"}]']\ntests: [{vars: {q: 1}}]\n",
        "1:20: this prompt has other messages than the first",
    ),
    "different variables in prompts": ("prompts: ['{{q}}', '{{q}} {{r}}']\ntests: [{vars: {q: 1}}]\n", "1:20: one of the prompts has {{r}}"),
    "an image": ("prompts: ['[{\"role\": \"user\", \"content\": [{\"type\": \"image_url\"}]}]']\ntests: [{vars: {q: 1}}]\n", "the content of a message is a list, not text"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_has_no_counterpart_is_one_error_with_its_place(case: str) -> None:
    text, wanted = REFUSED[case]
    found = refusal(text)
    assert wanted in found
    assert "Traceback" not in found


def test_different_prefixes_are_refused_and_equal_ones_become_part_of_the_prompt() -> None:
    table = "q,__prefix,__suffix,__expected\n1,A: ,!,x\n2,{},!,y\n"
    same = import_promptfoo(config({"prompts": ["{{q}}"], "tests": "t.csv"}, t_csv=table.format("A: ")))
    assert same.task["prompt"] == "A: {{q}}!"
    assert "t.csv:3:1: the tests have different prefixes" in refusal(
        {"prompts": ["{{q}}"], "tests": "t.csv"}, t_csv=table.format("B: ")
    )


def test_an_error_in_a_file_of_tests_names_that_file_and_its_line() -> None:
    base = {"prompts": ["{{q}}"]}
    assert "t.csv:3: the row has 1 cells, and the header 2" in refusal({**base, "tests": "t.csv"}, t_csv="q,r\n1,2\n3\n")
    assert "t.csv:1: the header names the column 'q' twice" in refusal({**base, "tests": "t.csv"}, t_csv="q,q\n1,2\n")
    assert "t.jsonl:2: this is not JSON" in refusal({**base, "tests": "t.jsonl"}, t_jsonl='{"vars": {"q": 1}}\n{\n')
    cell = refusal({**base, "tests": "t.csv"}, t_csv="q,__expected\n1,javascript: true\n")
    assert "t.csv:2:1: the assert 'javascript' has no counterpart" in cell


def test_a_config_is_read_whole_before_anything_is_returned_and_an_empty_file_is_an_error() -> None:
    with pytest.raises(PipelineError, match="a configuration is a mapping, not"):
        import_promptfoo(config("- a\n"))
