"""Rows with a conversation: chat files, samples of Evals, and what can't be sent as text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from promptwire.errors import DataError, UsageError
from promptwire.tasks.given_task import make_task
from promptwire.tasks.task import Task, load_task
from promptwire.values import Example, Message

SYSTEM = {"role": "system", "content": "Be kind."}


def user(text: str = "hi") -> dict[str, Any]:
    return {"role": "user", "content": text}


def said(text: str = "hello") -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def loaded(folder: Path, *rows: Any, **keys: Any) -> Task:
    path = folder / "chats.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return load_task(str(path), {"prompt": "P.", **keys})


def examples(task: Task) -> dict[str, Example]:
    return {example.text: example for example in (*task.train.items, *task.test.items)}


def roles(example: Example) -> list[tuple[str, str]]:
    return [(turn.role, turn.content) for turn in example.turns]


@pytest.mark.parametrize(
    ("row", "turns", "outputs"),
    [
        ({"messages": [user(), said()]}, [("user", "hi")], ("hello",)),
        ({"messages": [SYSTEM, user(), said()], "tools": []}, [("system", "Be kind."), ("user", "hi")], ("hello",)),
        ({"messages": [user(), said("a"), user("b"), said("c")]}, [("user", "hi"), ("assistant", "a"), ("user", "b")], ("c",)),
        ({"messages": [user()], "output": "x"}, [("user", "hi")], ("x",)),
        ({"input": [user()], "ideal": ["x", "y"]}, [("user", "hi")], ("x", "y")),
        ({"input": [{"role": "developer", "content": "d"}, user()], "ideal": "x"}, [("system", "d"), ("user", "hi")], ("x",)),
        ({"input": [user()], "ideal": {"a": 1}}, [("user", "hi")], ('{"a": 1}',)),
        (
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}, said()]},
            [("user", "a\nb")],
            ("hello",),
        ),
    ],
)
def test_a_conversation_keeps_its_messages_and_its_answer(
    tmp_path: Path, row: dict[str, Any], turns: list[tuple[str, str]], outputs: tuple[str, ...]
) -> None:
    other = {"messages": [user("another"), said("b")]}
    task = loaded(tmp_path, row, other)
    (found,) = [example for example in examples(task).values() if example.text != "another"]
    assert (roles(found), found.outputs) == (turns, outputs)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"messages": [user(), {"role": "tool", "content": "5"}, said()]}, "message 2: a message of the role 'tool'"),
        ({"messages": [user(), {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]}]}, "with tool_calls"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}, said()]}, "type 'image_url'"),
        ({"messages": [{"role": "critic", "content": "x"}, said()]}, "the role 'critic' is unknown"),
        ({"messages": [{"role": "user", "content": 5}, said()]}, "the content is 5, not text"),
        ({"messages": [user()]}, "has no answer: its last message is not the assistant's"),
        ({"messages": [said()]}, "has one message, its answer"),
        ({"messages": [user(), said()], "output": "x"}, "ends with a message of the assistant"),
        ({"messages": []}, "holds a list, no messages"),
        ({"messages": "hi"}, "holds the text 'hi', no messages"),
        ({"messages": ["hi", "ho"]}, "a message is an object with role and content"),
    ],
)
def test_what_no_chat_model_can_be_sent_as_text_is_refused_with_its_line(tmp_path: Path, row: Any, problem: str) -> None:
    with pytest.raises(DataError) as refused:
        loaded(tmp_path, {"messages": [user(), said()]}, row)
    assert problem in str(refused.value) and "chats.jsonl:2" in str(refused.value)


def test_a_column_of_another_name_and_python_values_hold_conversations_too(tmp_path: Path) -> None:
    rows = [{"chat": [user(str(n))], "right": str(n)} for n in range(4)]
    task = make_task(rows, prompt="P.", columns={"input": "chat", "output": "right"})
    assert examples(task)["3"].turns == (Message(role="user", content="3"),)
    assert task.template.endswith("task/system.j2")


def test_the_system_message_that_all_share_gives_way_to_the_prompt(tmp_path: Path) -> None:
    rows = [{"messages": [SYSTEM, user(str(n)), said(str(n))]} for n in range(4)]
    task = loaded(tmp_path, *rows)
    assert all(roles(example) == [("user", text)] for text, example in examples(task).items())
    assert any("whose place the prompt takes" in note for note in task.notes)
    path = tmp_path / "chats.jsonl"
    assert [prompt.text for prompt in load_task(str(path)).prompts.items] == ["Be kind."]
    path.write_text(json.dumps(rows[0]) + "\n" + json.dumps({"messages": [user("x"), said("y")]}) + "\n")
    with pytest.raises(UsageError, match="no initial prompt"):
        load_task(str(path))


def test_two_conversations_with_one_text_are_two_examples() -> None:
    """The text of one shows what the messages of the other are."""
    turns = (Message(role="user", content="a"), Message(role="assistant", content="b"), Message(role="user", content="c"))
    one = Example.of_turns(turns, ("x",), {})
    other = Example.of_turns((Message(role="user", content=one.text),), ("x",), {})
    assert one.text == other.text and len({one.id, other.id, Example(input=one.text, outputs=("x",)).id}) == 3
    assert Example.model_validate(one.model_dump(mode="json")) == one
    assert "turns" not in Example(input="a").model_dump()


def test_a_conversation_needs_no_answer_for_a_judge(tmp_path: Path) -> None:
    task = loaded(tmp_path, {"messages": [user("a")]}, {"messages": [user("b"), said("c")]}, metric="judge")
    found = examples(task)
    assert (found["a"].outputs, found["b"].outputs) == ((), ("c",))
