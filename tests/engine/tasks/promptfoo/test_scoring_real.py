"""The real promptfoo and the imported metric, assert by assert and reply by reply: both say the same of each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from promptwire.documents.yaml_reader import dump_yaml
from promptwire.tasks.promptfoo.importer import import_promptfoo
from promptwire.tasks.task import load_task
from promptwire.values import Example
from tests.openai_server import Server
from tests.promptfoo_process import evaluated, require_promptfoo

pytestmark = pytest.mark.heavy

REPLIES = [
    "yes",
    "Yes, of course.",
    "no",
    "first line\nyes\nlast line",
    "a.b (c) [d] $5 ^ | \\ { } * + ?",
    'say "hi", then, commas',
    '{"a": 1, "b": [true, null]}',
    '{"a": "1"}',
    "STRASSE Straße İstanbul",
    "漢字\u2028next",
    "7",
]
ASSERTS: list[list[dict[str, Any]]] = [
    [{"type": "equals", "value": "yes"}],
    [{"type": "equals", "value": 7}],
    [{"type": "equals", "value": "{{reply}}"}],
    [{"type": "equals", "value": {"b": [True, None], "a": 1}}],
    [{"type": "contains", "value": "yes"}],
    [{"type": "contains", "value": "$5 ^ | \\ { }"}],
    [{"type": "icontains", "value": "YES"}],
    [{"type": "icontains", "value": "straße"}],
    [{"type": "contains-any", "value": ["no", "漢"]}],
    [{"type": "contains-any", "value": '"hi"", then", no'}],
    [{"type": "icontains-any", "value": "YES, NO"}],
    [{"type": "contains-all", "value": ["line", "yes"]}],
    [{"type": "icontains-all", "value": "LINE,YES"}],
    [{"type": "starts-with", "value": "first"}],
    [{"type": "starts-with", "value": "a.b (c)"}],
    [{"type": "regex", "value": "^yes$"}],
    [{"type": "regex", "value": "(?<word>y)es"}],
    [{"type": "regex", "value": r"\d+"}],
    [{"type": "regex", "value": r"[$] ?\^|\$5"}],
    [{"type": "regex", "value": r"l.st l"}],
    [{"type": "not-equals", "value": "yes"}],
    [{"type": "not-contains", "value": "yes"}],
    [{"type": "not-icontains", "value": "YES"}],
    [{"type": "not-contains-any", "value": ["yes", "no"]}],
    [{"type": "not-contains-all", "value": ["yes", "line"]}],
    [{"type": "not-starts-with", "value": "y"}],
    [{"type": "not-regex", "value": "^(yes|no)$"}],
    [{"type": "contains", "value": "yes"}, {"type": "not-contains", "value": ","}],
    [{"type": "regex", "value": "^(y|n)"}, {"type": "regex", "value": "(s|o)$"}],
    [{"type": "contains", "value": "yes", "weight": 3}, {"type": "contains", "value": "first"}, {"type": "cost", "threshold": 0}],
    [{"type": "assert-set", "threshold": 0.5, "assert": [{"type": "equals", "value": "no"}, {"type": "contains", "value": "a"}]}],
    [{"type": "is-json"}],
    [{"type": "is-json", "value": {"type": "object", "properties": {"a": {"type": "number"}}, "required": ["a"]}}],
    [{"type": "contains-json", "value": {"type": "object", "required": ["b"]}}],
]  # fmt: skip
THRESHOLDS = {29: 0.7}
"""Thresholds of tests, by the number of their asserts."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server().beside() as server:
        server.reply = lambda body, number: body["messages"][-1]["content"].removeprefix("Say: ")
        yield server


def test_each_assert_passes_for_the_same_replies(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require_promptfoo()
    monkeypatch.chdir(tmp_path)
    provider = {"id": "openai:chat:gpt-test", "config": {"temperature": 0}}
    pairs = [(number, reply) for number in range(len(ASSERTS)) for reply in REPLIES]
    tests: list[dict[str, Any]] = []
    for number, reply in pairs:
        kept = [one for one in ASSERTS[number] if one["type"] != "cost"]
        more = {"threshold": THRESHOLDS[number]} if number in THRESHOLDS else {}
        tests.append({"vars": {"reply": reply}, "assert": kept, **more})
    config = tmp_path / "all" / "promptfooconfig.yaml"
    config.parent.mkdir()
    config.write_text(dump_yaml({"prompts": ["Say: {{reply}}"], "providers": [provider], "tests": tests}), encoding="utf-8")
    results = sorted(evaluated(config, server.url, tmp_path), key=lambda one: one["testIdx"])
    assert len(results) == len(pairs)
    wrong = []
    for number in range(len(ASSERTS)):
        theirs = [result for result, (at, _) in zip(results, pairs, strict=True) if at == number]
        mine = [test for test, (at, _) in zip(tests, pairs, strict=True) if at == number]
        Path("one.yaml").write_text(dump_yaml({"prompts": ["Say: {{reply}}"], "tests": mine}), encoding="utf-8")
        imported = import_promptfoo("one.yaml")
        for file, text in imported.files.items():
            Path(file).write_text(text)
        Path("rows.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in imported.rows))
        Path("task.yaml").write_text(dump_yaml({**imported.task, "data": {"train": "rows.jsonl"}}))
        metric = load_task("task.yaml").load_metric()
        for result, row in zip(theirs, imported.rows, strict=True):
            given = row.get("output", [])
            outputs = tuple(
                one if isinstance(one, str) else json.dumps(one) for one in (given if isinstance(given, list) else [given])
            )
            value = metric.measure(row["reply"], Example(input=row["reply"], outputs=outputs)).value
            if (value == 1.0) is not result["success"]:
                wrong.append((ASSERTS[number], row["reply"], metric.name, outputs, value, result["success"]))
    assert not wrong, "\n".join(map(repr, wrong))
