"""The form `prompty`. tests/test_real_exports.py reads its files with the real Prompty."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from promptwire.errors import RunError
from promptwire.exporting.exported import Exported
from promptwire.exporting.forms.prompty import PromptyForm
from promptwire.exporting.prompty_file import survives
from promptwire.values import Example, Prompt
from tests.sample_exports import NASTY, made_export, nasty_exports, nasty_fields, nasty_turns, unequal

LOST = [text for text in NASTY if not survives(text)]
"""Inputs that Prompty changes or refuses."""


def front(source: Exported) -> dict[str, Any]:
    (text,) = PromptyForm().write(source).files.values()
    found: dict[str, Any] = yaml.safe_load(text.split("\n---\n")[0].removeprefix("---\n"))
    return found


@pytest.mark.parametrize("template", ["chat.j2", "system.j2", "after.j2"])
def test_what_prompty_can_hold_is_sent_as_the_run_sent_it(tmp_path: Path, template: str) -> None:
    sources = [one for one in nasty_exports(tmp_path, template) if template == "system.j2" or survives(one.prompt.text)]
    for source in sources:
        assert [one.example.input for one in unequal(source, PromptyForm())] == LOST, source.prompt.text


def test_a_message_with_the_input_that_prompty_would_change_is_an_error(tmp_path: Path) -> None:
    refused = [one for one in nasty_exports(tmp_path) if not survives(one.prompt.text)]
    assert len(refused) == 3
    for source in refused:
        with pytest.raises(RunError, match="Prompty would change the message") as caught:
            PromptyForm().write(source)
        assert "--to messages" in caught.value.hint


def test_fields_get_names_that_prompty_knows_and_the_user_is_told(tmp_path: Path) -> None:
    source = nasty_fields(tmp_path)
    assert [one["name"] for one in front(source)["inputs"]] == ["question", "field_2"]
    assert any("field_2 is 'two words'" in one for one in PromptyForm().write(source).told)
    assert len(unequal(source, PromptyForm())) == len(LOST)


def test_a_conversation_is_an_input_of_its_own(tmp_path: Path) -> None:
    source = nasty_turns(tmp_path)
    assert front(source)["inputs"] == [{"name": "conversation", "kind": "thread", "required": True}]
    assert unequal(source, PromptyForm()) == ()


def test_a_prompt_before_the_first_message_of_a_conversation_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="before the first message of a conversation"):
        PromptyForm().write(nasty_turns(tmp_path, "conversation.j2"))


def test_settings_go_by_the_names_of_prompty_and_others_as_they_are(tmp_path: Path) -> None:
    settings = {"temperature": 0.5, "top_p": 0.9, "max_tokens": 7, "stop": ("\n",), "extra": {"seed": 1, "logit_bias": {}}}
    source = made_export(tmp_path, Prompt(text="Say it."), [Example(input="a", outputs=("a",))], settings=settings)
    assert front(source)["model"] == {
        "id": "gpt-4o-mini",
        "provider": "openai",
        "apiType": "chat",
        "options": {
            "temperature": 0.5,
            "topP": 0.9,
            "stopSequences": ["\n"],
            "seed": 1,
            "additionalProperties": {"max_tokens": 7, "logit_bias": {}},
        },
    }


def test_the_file_of_a_plain_prompt_reads_like_a_prompt(tmp_path: Path) -> None:
    demo = Example(input="Loved it.", outputs=("positive",))
    source = made_export(tmp_path, Prompt(text="Name the mood.", demos=(demo,)), [Example(input="Ugh.", outputs=("negative",))])
    (text,) = PromptyForm().write(source).files.values()
    body = "user:\nName the mood.\n\nInput: Loved it.\nOutput: positive\n\nInput: {{ input }}\nOutput:\n\n"
    assert text.endswith(f"\n---\n{body}")
    assert "Prompty refuses an input with a line such as 'user:'" in PromptyForm().write(source).told[0]
