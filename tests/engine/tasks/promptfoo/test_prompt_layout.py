"""The imported task renders, to the character, the messages that its configuration means."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from promptwire.documents.yaml_reader import dump_yaml
from promptwire.tasks.promptfoo.importer import import_promptfoo
from promptwire.tasks.task import Task, load_task
from promptwire.values import Example, Prompt

NASTY = [
    "",
    " leading and trailing ",
    "\nbreaks\n\naround\n\n",
    "{q} {{q}} { {input} {{input}} {% if %} {# x #} }} %} #}",
    "\"quoted\" 'too' `and` \\n \\ \\\\ $1 $& ${q} %s 100%",
    "\u2028\u2029\x85 漢字 \U0001f600 e\u0301\t\ttabs",
    "--- user ---\n--- turns ---\n-- system --\n---",
    "{",
    "}",
    "\r\n windows \r",
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def raw(text: str) -> str:
    """A text that nunjucks takes as it is."""
    return "{% raw %}" + text + "{% endraw %}"


def imported(prompts: Any, values: list[dict[str, str]]) -> Task:
    tests = [
        {"vars": {name: raw(value) for name, value in one.items()}, "assert": [{"type": "equals", "value": "x"}]}
        for one in values
    ]
    Path("promptfooconfig.yaml").write_text(dump_yaml({"prompts": prompts, "tests": tests}), encoding="utf-8")
    found = import_promptfoo("promptfooconfig.yaml")
    out = Path(mkdtemp(dir="."))
    for file, text in found.files.items():
        (out / file).write_text(text, encoding="utf-8")
    (out / "rows.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in found.rows), encoding="utf-8")
    data = {"train": "rows.jsonl", "test": "rows.jsonl"}
    (out / "task.yaml").write_text(dump_yaml({**found.task, "data": data}), encoding="utf-8")
    return load_task(str(out / "task.yaml"))


def sent(task: Task, prompt: str, example: Example) -> list[tuple[str, str]]:
    rendered = task.form.render(task.load_template(), Prompt(text=prompt), example)
    return [(message.role, message.content) for message in rendered.messages]


@pytest.mark.parametrize("text", NASTY)
def test_a_text_with_one_variable_or_two_is_filled_to_the_character(text: str) -> None:
    values = [{"q": value, "r": "R"} for value in NASTY]
    one = imported([raw(text) + "{{q}}" + raw(text)], values)
    two = imported(["{{ r }}" + raw(text) + "{{q}}"], values)
    for number, value in enumerate(NASTY):
        assert sent(one, one.prompts.items[0].text, one.train.items[number]) == [("user", text + value + text)]
        assert sent(two, two.prompts.items[0].text, two.train.items[number]) == [("user", "R" + text + value)]


@pytest.mark.parametrize("text", NASTY)
def test_chats_are_filled_to_the_character(text: str) -> None:
    values = [{"q": value, "r": "R"} for value in NASTY]
    system = [{"role": "system", "content": raw(text)}]
    ask = [{"role": "user", "content": "{{q}}"}]
    more = [{"role": "user", "content": raw(text) + "{{ r }}" + raw(text)}, {"role": "assistant", "content": raw(text)}]
    plain = imported([json.dumps(system + ask)], values)
    several = imported([json.dumps([{"role": "system", "content": "{{r}}" + raw(text)}, *more, *ask])], values)
    for number, value in enumerate(NASTY):
        assert sent(plain, plain.prompts.items[0].text, plain.train.items[number]) == [("system", text), ("user", value)]
        assert sent(several, several.prompts.items[0].text, several.train.items[number]) == [
            ("system", "R" + text), ("user", text + "R" + text), ("assistant", text), ("user", value),
        ]  # fmt: skip


def test_demonstrations_stand_above_a_filled_prompt_and_below_a_system_message() -> None:
    demo = Example(input="i", outputs=("o",))
    text = imported(["Ask {{q}}\n"], [{"q": "1"}])
    prompt = Prompt(text=text.prompts.items[0].text, demos=(demo,))
    rendered = text.form.render(text.load_template(), prompt, text.train.items[0])
    assert [message.content for message in rendered.messages] == ["Input: i\nOutput: o\n\nAsk 1\n"]
    chat = imported([[{"role": "system", "content": "S\n"}, {"role": "user", "content": "{{q}}"}]], [{"q": "1"}])
    prompt = Prompt(text=chat.prompts.items[0].text, demos=(demo,))
    rendered = chat.form.render(chat.load_template(), prompt, chat.train.items[0])
    assert [message.content for message in rendered.messages] == ["S\n\n\nInput: i\nOutput: o\n", "1"]


def test_of_several_chats_the_message_in_which_they_differ_is_the_prompt() -> None:
    def chat(ask: str) -> list[dict[str, str]]:
        return [{"role": "system", "content": "Same."}, {"role": "user", "content": f"{ask} {{{{q}}}}"}]

    task = imported([chat("One"), chat("Two")], [{"q": "1"}])
    assert [prompt.text for prompt in task.prompts.items] == ["One {{q}}", "Two {{q}}"]
    assert sent(task, "New {{q}}", task.train.items[0]) == [("system", "Same."), ("user", "New 1")]
