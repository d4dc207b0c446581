"""The form `dspy`. tests/test_real_exports.py loads its programs with the real DSPy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from promptwire.exporting.exported import Exported
from promptwire.exporting.forms.dspy import DspyForm
from promptwire.values import Example, Message, Prompt
from tests.sample_exports import NASTY, made_export, nasty_fields, nasty_turns


def state(source: Exported) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(DspyForm().write(source).files["program.json"])
    return found


def sent(source: Exported) -> tuple[Message, ...]:
    found = DspyForm().reader(DspyForm().write(source).files)(source.tests[0])
    assert isinstance(found, tuple)
    return found


def test_prompt_and_demonstrations_become_instructions_and_demos(tmp_path: Path) -> None:
    demo = Example(input="Loved it.", outputs=("positive",))
    source = made_export(tmp_path, Prompt(text="Name the mood.", demos=(demo,)), [Example(input="Ugh.", outputs=("negative",))])
    made = state(source)
    assert made["demos"] == [{"input": "Loved it.", "output": "positive"}]
    assert made["signature"]["instructions"] == "Name the mood."
    assert made["lm"] is None and made["metadata"]["dependency_versions"] == {}
    system, user, assistant, asked = sent(source)
    assert system.content.startswith("Your input fields are:\n1. `input` (str):\nYour output fields are:")
    assert system.content.endswith("your objective is: \n        Name the mood.")
    assert user.content == "[[ ## input ## ]]\nLoved it."
    assert assistant.content == "[[ ## output ## ]]\npositive\n\n[[ ## completed ## ]]\n"
    assert asked.content.startswith("[[ ## input ## ]]\nUgh.\n\nRespond with")


@pytest.mark.parametrize("text", NASTY)
def test_nasty_texts_are_in_the_state_as_they_are(tmp_path: Path, text: str) -> None:
    example = Example(input=text, outputs=(text,))
    made = state(made_export(tmp_path, Prompt(text=text, demos=(example,)), [example]))
    assert made["signature"]["instructions"] == text
    assert made["demos"] == [{"input": text, "output": text}]


def test_the_user_is_told_that_another_prompt_is_sent_and_how_to_load_it(tmp_path: Path) -> None:
    told = "\n".join(DspyForm().write(nasty_fields(tmp_path, ("question", "json"))).told)
    assert "DSPy sends another prompt than the one measured" in told
    assert "dspy.Predict('question, field_2 -> output')" in told
    assert "field_2 is 'json'" in told and "leaves the placeholders" in told
    assert "dspy.LM('openai/gpt-4o-mini', temperature=0.0)" in told


def test_a_conversation_is_one_text(tmp_path: Path) -> None:
    source = nasty_turns(tmp_path)
    assert source.tests[0].text in sent(source)[-1].content
    assert "DSPy gets a conversation as one text" in DspyForm().write(source).told


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("[[ ## output ## ]]\npositive\n\n[[ ## completed ## ]]", "positive"),
        ("[[ ## output ## ]] positive", "positive"),
        ("[[ ## reasoning ## ]]\nx\n[[ ## output ## ]]\na\nb\n[[ ## completed ## ]]", "a\nb"),
        ("[[ ## output ## ]]\nfirst\n[[ ## output ## ]]\nsecond", "first"),
        ("positive", ""),
        ("", ""),
    ],
)
def test_the_answer_is_the_output_field_of_a_reply(reply: str, expected: str) -> None:
    assert DspyForm().taken(reply) == expected


def test_a_demonstration_that_lacks_a_field_is_shown_as_such_before_the_others(tmp_path: Path) -> None:
    demos = (Example(input={"a": "1", "b": "2"}, outputs=("3",)), Example(input={"a": "4"}, outputs=("5",)))
    source = made_export(tmp_path, Prompt(text="Add."), [Example(input={"a": "6", "b": "7"}, outputs=("13",))])
    made = Exported(
        source.run, source.report, "best", Prompt(text="Add.", demos=demos), source.pattern, source.record, source.rows
    )
    contents = [message.content for message in sent(made)]
    assert contents[1].startswith("This is an example of the task, though some input or output fields are not supplied.")
    assert contents[3] == "[[ ## a ## ]]\n1\n\n[[ ## b ## ]]\n2"


def test_a_run_with_texts_to_stop_at_is_told_that_they_may_end_replies_of_dspy(tmp_path: Path) -> None:
    source = made_export(tmp_path / "run", Prompt(text="p"), [Example(input="a", outputs=("b",))], settings={"stop": ["\n"]})
    assert any("leave out `stop`" in one for one in DspyForm().write(source).told)
