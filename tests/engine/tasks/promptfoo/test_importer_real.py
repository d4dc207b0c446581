"""The real promptfoo and promptwire on the imported task: the same messages reach a server, and as many answers are right."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from promptwire import Options, run
from promptwire.documents.yaml_reader import dump_yaml
from promptwire.tasks.promptfoo.importer import import_promptfoo
from tests.openai_server import Server
from tests.promptfoo_process import evaluated, require_promptfoo

pytestmark = pytest.mark.heavy

NASTY = [
    "He said \"hi\", 'yes' and `no`",
    "first\nsecond\n\n- third\t(tab)",
    "braces { {x} {{ not_there }} } {% no",
    "dollars $& $1 ${x} %s %d 100%",
    "line\u2028separator and \u0085 next",
    "漢字と仮名、안녕",
    "   leading and trailing   ",
    "back\\slash \\n \\u0041 </script>",
    "--- user ---\nignore --- system ---",
    "emoji \U0001f600 and e\u0301",
    "",
]
REPLIES = [
    "positive",
    "It is Positive.",
    "negative",
    "NEGATIVE, no doubt",
    '{"label": "positive"}',
    "posi-\ntive $",
    "a.b (c) [d]",
]

TEXT = {
    "prompts": ['Is it positive or negative? {"label": "{text}"} 100% $5\nText: "{{text}}"\nBy {{ who }}\n'],
    "defaultTest": {"vars": {"who": "Ann"}, "assert": [{"type": "icontains", "value": "{{label}}"}, {"type": "latency", "threshold": 60000}]},
    "tests": [
        "file://table.csv",
        "file://lines.jsonl",
        *({"vars": {"text": text, "label": "positive"}} for text in NASTY),
        {"vars": {"text": ["one of two", "two of two"], "label": "negative", "who": "{{label}} people"}},
        {"vars": {"text": "several", "label": "a"}, "assert": [{"type": "not-regex", "value": "^neg.*$"}, {"type": "contains-any", "value": ["(c)", "ti"]}]},
        {"vars": {"text": "share", "label": "e"}, "threshold": 0.5, "assert": [{"type": "starts-with", "value": "pos"}, {"type": "equals", "value": "negative"}]},
        {"vars": {"text": 7.0, "label": True}},
    ],
}  # fmt: skip
CHAT = {
    "prompts": ["file://chat.json"],
    "tests": [{"vars": {"q": {"text": text, "lang": "en"}, "rule": f"rule {number % 3}"}} for number, text in enumerate(NASTY)],
    "defaultTest": {"assert": [{"type": "contains", "value": "itive"}]},
}
MESSAGES = [
    {"role": "system", "content": "Follow {{rule}} and {q} in {{ q.lang }}."},
    {"role": "user", "content": 'An example: {% raw %}{{text}}{% endraw %} {"a": 1}\n--- user ---\n'},
    {"role": "assistant", "content": "positive"},
    {"role": "user", "content": "{{q.text}}"},
]
ASKED = "Positive or negative?"
SYSTEM = {
    "prompts": ["file://system.yaml"],
    "tests": [{"vars": {"question": text}, "assert": [{"type": "equals", "value": "{{question}}"}]} for text in NASTY],
}
CONFIGS: dict[str, dict[str, Any]] = {"text": TEXT, "chat": CHAT, "system": SYSTEM}

SCORE_ALL = """\
promptwire: 1
inputs: {seed: Prompts, train: Examples}
nodes:
  best: {use: beam-select, prompts: $seed, on: $train, keep: 1}
outputs: {prompt: $best}
"""


def reply(body: dict[str, Any], number: int) -> str:
    """One of the replies, by the messages; the question itself for some of those that are to be equal."""
    last = body["messages"][-1]["content"]
    if body["messages"][0]["content"] == ASKED and len(last) % 2 and last == last.strip():
        return str(last)
    return REPLIES[zlib.crc32(json.dumps(body["messages"]).encode()) % len(REPLIES)]


@pytest.fixture
def server() -> Iterator[Server]:
    with Server().beside() as server:
        server.reply = reply
        yield server


def written(folder: Path, name: str) -> Path:
    """The config called `name`, with the files that it names."""
    folder.mkdir()
    (folder / "table.csv").write_text(
        'text,label,__expected,__expected2,__description\r\n"a ""quoted"", cell\r\nof two lines",positive,,,first\r\n'
        'plain,tive,"icontains-any: ""(c)"", neg",,second\r\n  blanks  ,ti,regex: ti?ve,not-contains: $,\r\n',
        newline="",
    )
    lines = [{"vars": {"text": text, "label": "tive"}, "assert": [{"type": "contains", "value": "ti"}]} for text in NASTY[:4]]
    (folder / "lines.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    (folder / "chat.json").write_text(json.dumps(MESSAGES))
    (folder / "system.yaml").write_text(f"- role: system\n  content: {ASKED}\n- {{role: user, content: '{{{{question}}}}'}}\n")
    config = folder / "promptfooconfig.yaml"
    provider = {"id": "openai:chat:gpt-test", "config": {"temperature": 0}}
    config.write_text(dump_yaml({"providers": [provider], **CONFIGS[name]}), encoding="utf-8")
    return config


def messages(server: Server) -> list[str]:
    """The messages of all requests, each once."""
    found = sorted({json.dumps(body["messages"], ensure_ascii=False) for body in server.requests})
    server.requests.clear()
    return found


@pytest.mark.parametrize("name", CONFIGS)
def test_promptfoo_and_the_imported_task_send_the_same_messages_and_find_as_many_answers_right(
    name: str, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_promptfoo()
    config = written(tmp_path / name, name)
    results = evaluated(config, server.url, tmp_path)
    theirs = messages(server)
    imported = import_promptfoo(config)
    out = tmp_path / "imported"
    out.mkdir()
    for file, text in imported.files.items():
        (out / file).write_text(text, encoding="utf-8")
    (out / "rows.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in imported.rows), encoding="utf-8")
    data = {"train": "rows.jsonl", "test": "rows.jsonl"}
    (out / "task.yaml").write_text(dump_yaml({**imported.task, "data": data}), encoding="utf-8")
    (out / "score.yaml").write_text(SCORE_ALL)
    monkeypatch.chdir(out)
    report = run("score.yaml", "task.yaml", Options(models={"task": "gpt-test"}, api_bases={"task": server.url}))
    assert messages(server) == theirs
    assert len(results) == len(imported.rows) == report.test.initial.n
    assert all("error" not in one or not one["response"].get("error") for one in results)
    right = sum(one["success"] for one in results)
    assert 0 < right < len(results)
    assert report.test.initial.score == pytest.approx(right / len(results))
