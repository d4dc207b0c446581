"""The form `python`: the module itself runs without promptwire, asks by the real client and reads replies as promptwire does."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from promptwire.exporting.exported import Exported
from promptwire.exporting.forms.python_module import PythonForm
from promptwire.templating.parsing import Parse, parse_reply
from promptwire.values import Example, Prompt
from tests.openai_server import Server
from tests.sample_exports import made_export, nasty_exports, nasty_fields, nasty_turns, unequal


def _module(source: Exported, folder: Path) -> ModuleType:
    """The written module, imported."""
    (text,) = PythonForm().write(source).files.values()
    assert "promptwire import" not in text
    path = folder / f"made_{len(list(folder.glob('made_*')))}.py"
    path.write_text(text, encoding="utf-8", newline="")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _sent(messages: list[dict[str, str]]) -> list[tuple[str, str]]:
    return [(one["role"], one["content"]) for one in messages]


@pytest.mark.parametrize("template", ["chat.j2", "system.j2", "after.j2"])
def test_the_functions_of_the_module_make_the_messages_of_the_run(tmp_path: Path, template: str) -> None:
    for source in nasty_exports(tmp_path / "runs", template):
        assert unequal(source, PythonForm()) == (), source.prompt.text
        module = _module(source, tmp_path)
        for example in source.tests:
            run: Any = source.pattern.sent(example)
            assert _sent(module.messages(example.input)) == [(one.role, one.content) for one in run]


@pytest.mark.parametrize(
    ("task", "module"),
    [("planted", "planted"), ("my task-2.1", "my_task_2_1"), ("20 news", "task_20_news"), ("情感", "prompt")],
)
def test_the_default_name_is_one_that_import_takes(tmp_path: Path, task: str, module: str) -> None:
    source = made_export(tmp_path / "run", Prompt(text="p"), [Example(input="a", outputs=("b",))])
    source = replace(source, record=source.record.model_copy(update={"task": task}))
    assert source.module == module
    assert f"{source.module}_prompt".isidentifier()


def test_fields_are_given_as_a_dict(tmp_path: Path) -> None:
    source = nasty_fields(tmp_path / "run")
    assert unequal(source, PythonForm()) == ()
    module = _module(source, tmp_path)
    for example in source.tests:
        run: Any = source.pattern.sent(example)
        assert _sent(module.messages(example.input)) == [(one.role, one.content) for one in run]


@pytest.mark.parametrize("template", ["conversation-system.j2", "conversation.j2"])
def test_a_conversation_is_given_as_its_messages(tmp_path: Path, template: str) -> None:
    source = nasty_turns(tmp_path / "run", template)
    assert unequal(source, PythonForm()) == ()
    module = _module(source, tmp_path)
    for example in source.tests:
        run: Any = source.pattern.sent(example)
        turns = [{"role": one.role, "content": one.content} for one in example.turns]
        assert _sent(module.messages(turns)) == [(one.role, one.content) for one in run]


def test_a_text_to_complete_stays_one(tmp_path: Path) -> None:
    for source in nasty_exports(tmp_path / "runs", "completion.j2"):
        assert unequal(source, PythonForm()) == ()
        module = _module(source, tmp_path)
        assert [module.prompt(one.input) for one in source.tests] == [source.pattern.sent(one) for one in source.tests]


@pytest.fixture
def env(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("OPENAI_API_KEY", "none-at-all")
    return monkeypatch


@pytest.mark.parametrize("template", ["chat.j2", "completion.j2"])
def test_the_real_client_sends_the_request_of_the_run(tmp_path: Path, env: pytest.MonkeyPatch, template: str) -> None:
    settings = {"temperature": 0.0, "max_tokens": 7, "stop": ["END"], "extra": {"top_k": 3}}
    source = made_export(
        tmp_path / "run",
        Prompt(text='Say "{it}".'),
        [Example(input="a {b}\u2028", outputs=("x",))],
        template=template,
        settings=settings,
    )
    module = _module(source, tmp_path)
    with Server().beside() as server:
        env.setenv("OPENAI_BASE_URL", server.url)
        server.reply = lambda body, number: " the answer "
        assert module.answer("a {b}\u2028") == "the answer"
        (body,) = server.requests
    sent: Any = source.pattern.sent(source.tests[0])
    if template == "chat.j2":
        assert body["messages"] == [{"role": "user", "content": sent[0].content}]
    else:
        assert body["prompt"] == sent
    assert {name: body[name] for name in ("model", "temperature", "max_tokens", "stop", "top_k")} == {
        "model": "gpt-4o-mini",
        "temperature": 0.0,
        "max_tokens": 7,
        "stop": ["END"],
        "top_k": 3,
    }


_REPLIES = (
    "plain",
    " padded \n",
    "",
    "<think>first <answer>no</answer></think>It is <answer>yes</answer>.",
    "<answer>one</answer> then <ANSWER>two</ANSWER>",
    "<answer>open end",
    "[START]a\nb[STOP] and [START]c[STOP]",
    "```\ncode\n```\nlater\n```py\nprint(1)\n```",
    "before [in [nested] brackets] after",
    "first line\n\nlast line\n",
    'Sure: {"label": "good", "n": 1} and {"label": "better"}',
    "A, then B and 12",
    '"quoted"',
)


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"tag": "answer"},
        {"open": "[START]", "close": "[STOP]"},
        {"fence": True},
        {"line": "first"},
        {"line": "last"},
        {"json": "label"},
        {"regex": "[AB]"},
        {"regex": r"(\d+)"},
        {"tag": "answer", "fallback": "raw"},
        {"line": "last", "strip_quotes": True},
    ],
    ids=str,
)
def test_the_module_reads_a_reply_as_the_run_does(tmp_path: Path, rule: dict[str, Any]) -> None:
    parse = Parse.model_validate(rule)
    source = made_export(tmp_path / "run", Prompt(text="p"), [Example(input="a", outputs=("x",))], parse=rule)
    module = _module(source, tmp_path)
    for reply in _REPLIES:
        answers, _ = parse_reply(reply, parse)
        assert module.read(reply) == (answers[-1] if answers else None), reply


def test_the_module_does_not_load_promptwire(tmp_path: Path) -> None:
    source = made_export(tmp_path / "run", Prompt(text="p"), [Example(input="a", outputs=("x",))])
    module = _module(source, tmp_path)
    assert not any(getattr(one, "__name__", "").startswith("promptwire") for one in vars(module).values())
    assert module.__doc__ is not None and "exact 0.5000 on 2 held-out examples" in module.__doc__
    assert module.__name__ not in sys.modules
