"""Conversations in a request: where the prompt goes, and that every message keeps its author and its text."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import promptwire
from promptwire.documents import resources
from promptwire.errors import PipelineError
from promptwire.options import Options
from promptwire.templating.conversation import spliced
from promptwire.templating.task_request import TaskForm
from promptwire.templating.template import load_template
from promptwire.values import Example, Message, Prompt
from promptwire.values.placeholders import Placeholders
from tests.openai_server import Server

Turns = list[tuple[str, str]]
TURNS = st.lists(st.tuples(st.sampled_from(["system", "user", "assistant"]), st.text(min_size=1, max_size=5)), max_size=5)


def messages(turns: Turns) -> tuple[Message, ...]:
    return tuple(Message.model_validate({"role": role, "content": content}) for role, content in turns)


def plain(found: tuple[Message, ...]) -> Turns:
    return [(message.role, message.content) for message in found]


@pytest.mark.parametrize(
    ("template", "turns", "expected"),
    [
        ("task/system.j2", [("user", "a")], [("system", "P"), ("user", "a")]),
        ("task/system.j2", [("system", "s"), ("user", "a")], [("system", "P\n\ns"), ("user", "a")]),
        (
            "task/system.j2",
            [("user", "a"), ("assistant", "b"), ("user", "c")],
            [("system", "P"), ("user", "a"), ("assistant", "b"), ("user", "c")],
        ),
        ("task/chat.j2", [("user", "a")], [("user", "P\n\na")]),
        (
            "task/chat.j2",
            [("system", "s"), ("assistant", "hi"), ("user", "a"), ("assistant", "b"), ("user", "c")],
            [("system", "s"), ("assistant", "hi"), ("user", "P\n\na"), ("assistant", "b"), ("user", "c")],
        ),
        (
            "task/after.j2",
            [("user", "a"), ("assistant", "b"), ("user", "c")],
            [("user", "User: a\n\nAssistant: b\n\nUser: c\n\nP")],
        ),
    ],
)
def test_the_prompt_is_the_system_message_or_goes_before_the_first_of_the_user(
    template: str, turns: Turns, expected: Turns
) -> None:
    example = Example.of_turns(messages(turns), ("x",), {})
    found = TaskForm().render(load_template(resources.template_path(template)), Prompt(text="P"), example)
    assert plain(found.messages) == expected


@pytest.mark.parametrize("template", ["task/system.j2", "task/chat.j2"])
def test_demonstrations_stand_with_the_prompt_and_an_empty_prompt_adds_nothing(template: str) -> None:
    example = Example.of_turns(messages([("user", "a")]), ("x",), {})
    loaded = load_template(resources.template_path(template))
    shown = TaskForm().render(loaded, Prompt(text="P", demos=(Example(input="i", outputs=("o",)),)), example).messages
    assert shown[0].content.startswith("P\n\nInput: i\nOutput: o") and shown[-1].content.endswith("a")
    assert plain(TaskForm().render(loaded, Prompt(text=""), example).messages) == [("user", "a")]


def test_a_filled_prompt_gets_the_conversation_as_text_and_demonstrations_above() -> None:
    example = Example.of_turns(messages([("user", "a"), ("assistant", "b"), ("user", "c")]), ("x",), {})
    form = TaskForm(placeholders=Placeholders.of("{input}", ("input",)))
    prompt = Prompt(text="Rate: {input}", demos=(Example(input="i", outputs=("o",)),))
    found = form.render(load_template(resources.template_path("task/system.j2")), prompt, example)
    assert plain(found.messages) == [("user", "Input: i\nOutput: o\n\nRate: User: a\n\nAssistant: b\n\nUser: c")]


@given(TURNS)
def test_no_message_changes_but_the_first_of_the_user_and_system_messages_in_a_row(turns: Turns) -> None:
    found = spliced([("turns", "P")], messages(turns))
    users = [content for role, content in turns if role == "user"]
    shown = [message.content for message in found if message.role == "user"]
    assert shown == [f"P\n\n{content}" if not place else content for place, content in enumerate(users)]
    assert [one for one in plain(found) if one[0] == "assistant"] == [one for one in turns if one[0] == "assistant"]
    roles = [message.role for message in found]
    assert all(pair != ("system", "system") for pair in pairwise(roles))


def test_a_text_input_takes_the_place_of_a_conversation(tmp_path: Path) -> None:
    (tmp_path / "t.j2").write_text("--- system ---\nS {{ prompt }}\n--- turns ---\n")
    found = TaskForm().render(load_template(tmp_path / "t.j2"), Prompt(text="P"), Example(input="a"))
    assert plain(found.messages) == [("system", "S P"), ("user", "a")]


@pytest.mark.parametrize("source", ["--- turns ---\n--- turns ---\n", "---\nmode: completion\n---\n--- turns ---\n"])
def test_a_template_has_one_place_for_a_conversation_and_is_a_chat(tmp_path: Path, source: str) -> None:
    (tmp_path / "t.j2").write_text(source)
    with pytest.raises(PipelineError):
        load_template(tmp_path / "t.j2")


def test_a_server_gets_the_messages_of_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The requests of a whole run: real messages, one system message, and the best prompt among them."""
    monkeypatch.chdir(tmp_path)
    talk = [("user", "hi"), ("assistant", "yes?"), ("user", "{0}")]
    rows = [
        {"messages": [{"role": role, "content": text.format(n)} for role, text in [*talk, ("assistant", "x")]]}
        for n in range(4)
    ]
    (tmp_path / "chats.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    server = Server()
    server.reply = lambda body, number: "<variation>New words.</variation>" if "variation" in str(body) else "x"
    with server.beside():
        models, bases = dict.fromkeys(("task", "meta"), "openai/m"), dict.fromkeys(("task", "meta"), server.url)
        options = Options.model_validate({"models": models, "api_bases": bases, "params": {"n": "1"}})
        promptwire.run("random-search", "chats.jsonl", options, prompt="Be kind.")
    asked = [body["messages"] for body in server.requests if "variation" not in str(body)]
    assert {request[0]["content"] for request in asked} == {"Be kind.", "New words."}
    for request in asked:
        assert [one["role"] for one in request] == ["system", "user", "assistant", "user"]
        assert [one["content"] for one in request[1:3]] == ["hi", "yes?"]
