"""Task model of scripted:planted: right by hints only, and without state."""

from __future__ import annotations

import pytest

from promptwire.backend import Request
from promptwire.backends.factory import backend
from promptwire.backends.planted import planted, reply
from promptwire.errors import ModelError
from promptwire.tasks.task import load_task
from promptwire.values import Message

RIGHT = "Write it. " + " ".join(
    f"State the {hint}." for hint in ("colour", "weight", "contents", "sender", "deadline", "insurance")
)


def right(prompt: str) -> float:
    """Share of the task's training examples that are right with `prompt`."""
    train = load_task("planted").train.items
    said = [reply(Request("generate", prompt=f"{prompt}\n\nInput: {example}\nOutput:"), "") for example in train]
    return sum(answer == example.output for answer, example in zip(said, train, strict=True)) / len(train)


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        ("Write it.", "Oslo"),
        ("State the colour.", "Oslo; colour red"),
        ("please state the SHELF. State the colour.", "Oslo; colour red; shelf B4"),
        ("State the height.", "Oslo"),
    ],
)
def test_an_answer_has_the_fields_that_the_prompt_asks_for(prompt: str, answer: str) -> None:
    text = f"{prompt}\n\nInput: Parcel to Oslo: colour red; shelf B4.\nOutput:"
    assert reply(Request("generate", (Message(role="user", content=text),)), "any") == answer


def test_only_planted_hints_increase_the_score() -> None:
    hints = RIGHT.split(". ")
    shares = [right(". ".join(hints[: count + 1]) + ".") for count in range(len(hints))]
    assert shares == sorted(shares) and shares[0] < 0.2 and shares[-1] > 0.9
    assert right(RIGHT + " State the shelf.") < 0.9


def test_one_answer_in_24_is_wrong_for_any_wording() -> None:
    assert 0.9 < right(RIGHT) < 1.0
    assert right("Please: " + RIGHT) == right(RIGHT)


def test_a_request_of_another_task_is_an_error() -> None:
    with pytest.raises(ModelError, match=r"reply to this request: 'Classify: good'") as caught:
        reply(Request("choose", prompt="Classify: good", options=("a", "b")), "")
    assert "--task planted" in str(caught.value)


def test_the_name_is_scripted_planted() -> None:
    assert backend("scripted:planted").name == planted().name == "scripted:planted"
