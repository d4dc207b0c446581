"""The form `messages` sends what the run sent, for texts that break other formats too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from promptwire.exporting.forms.messages import MessagesForm
from promptwire.values import Example, Prompt
from tests.sample_exports import NASTY, made_export, nasty_exports, nasty_fields, nasty_turns, unequal


@pytest.mark.parametrize("template", ["chat.j2", "system.j2", "after.j2"])
def test_nasty_texts_arrive_as_the_run_sent_them(tmp_path: Path, template: str) -> None:
    for source in nasty_exports(tmp_path, template):
        differ = [one.example.input for one in unequal(source, MessagesForm())]
        # An input at the end of a message: the run leaves out line breaks there, and filling in keeps them.
        assert not differ if template == "chat.j2" else {*differ} <= {"", NASTY[4]}, source.prompt.text


def test_fields_are_filled_in_by_their_names(tmp_path: Path) -> None:
    source = nasty_fields(tmp_path)
    assert unequal(source, MessagesForm()) == ()
    (text,) = MessagesForm().write(source).files.values()
    assert "{{question}}" in json.loads(text)[0]["content"]


@pytest.mark.parametrize("template", ["conversation-system.j2", "conversation.j2"])
def test_a_conversation_has_its_place_in_the_list_and_the_user_is_told(tmp_path: Path, template: str) -> None:
    source = nasty_turns(tmp_path, template)
    assert unequal(source, MessagesForm()) == ()
    assert any("no message" in one for one in MessagesForm().write(source).told)


def test_a_text_to_complete_becomes_a_message_and_the_user_is_told(tmp_path: Path) -> None:
    source = nasty_exports(tmp_path, "completion.j2")[0]
    assert len(unequal(source, MessagesForm())) == len(source.tests)
    assert any("a text to complete" in one for one in MessagesForm().write(source).told)


def test_settings_that_the_list_can_not_hold_are_told(tmp_path: Path) -> None:
    source = made_export(
        tmp_path / "run", Prompt(text="p"), [Example(input="a", outputs=("b",))], settings={"temperature": 0.5, "stop": ["END"]}
    )
    assert any("temperature=0.5, stop=['END']" in one for one in MessagesForm().write(source).told)
