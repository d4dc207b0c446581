"""The form `text` sends what the run sent, for texts that break other formats too."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptwire.exporting.forms.text import TextForm
from tests.sample_exports import NASTY, nasty_exports, nasty_fields, nasty_turns, unequal


@pytest.mark.parametrize("template", ["chat.j2", "system.j2", "after.j2"])
def test_nasty_texts_arrive_as_the_run_sent_them(tmp_path: Path, template: str) -> None:
    for source in nasty_exports(tmp_path, template):
        differ = [one.example.input for one in unequal(source, TextForm())]
        # An input at the end of a message: the run leaves out line breaks there, and filling in keeps them.
        assert not differ if template == "chat.j2" else {*differ} <= {"", NASTY[4]}, source.prompt.text


def test_fields_are_filled_in_by_their_names(tmp_path: Path) -> None:
    source = nasty_fields(tmp_path)
    assert unequal(source, TextForm()) == ()
    (text,) = TextForm().write(source).files.values()
    assert "{{question}} and {{two words}}" in text


def test_a_conversation_has_its_place_among_the_marks(tmp_path: Path) -> None:
    assert unequal(nasty_turns(tmp_path), TextForm()) == ()


def test_a_text_to_complete_stays_one_and_the_user_is_told(tmp_path: Path) -> None:
    for source in nasty_exports(tmp_path, "completion.j2"):
        assert unequal(source, TextForm()) == (), source.prompt.text
        assert any("a text to complete" in one for one in TextForm().write(source).told)


def test_a_prompt_with_a_line_like_a_mark_gets_longer_marks(tmp_path: Path) -> None:
    (source,) = [one for one in nasty_exports(tmp_path) if one.prompt.text.startswith("--- user ---")]
    (text,) = TextForm().write(source).files.values()
    assert text.startswith("---- user ----\n--- user ---\n")
