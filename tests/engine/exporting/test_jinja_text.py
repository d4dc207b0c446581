"""Templates of Jinja that leave texts as they are; Jinja itself is the judge."""

from __future__ import annotations

import jinja2
import pytest

from promptwire.exporting.jinja_text import identifiers, jinja_fill, jinja_text, jinja_trimmed
from promptwire.results.request_pattern import Slot
from tests.sample_exports import NASTY

JINJA = jinja2.Environment(keep_trailing_newline=True, undefined=jinja2.StrictUndefined, autoescape=False)  # noqa: S701 - no HTML
INPUT = Slot(slot="input")
ENDS = ("{", "{{", "{{{", "{%", "{#", "}", "}}", "\n", "{\n", "\r", "{\r", '{{ "{" }}', "x{{ input }}", "#", "##", "-")


@pytest.mark.parametrize("text", [*NASTY, *ENDS])
def test_jinja_gives_the_text_and_the_value_as_they_are(text: str) -> None:
    for pieces in ((text,), (text, INPUT), (INPUT, text), (text, INPUT, text, INPUT, text)):
        template = jinja_text(pieces, {"input": "own"})
        wanted = "".join(piece if isinstance(piece, str) else text for piece in pieces)
        assert JINJA.from_string(template).render(own=text) == wanted
        assert jinja_fill(template, {"own": text}) == wanted


@pytest.mark.parametrize("text", ["\n\na\n\n", "a", "", "{{ x }}\n"])
def test_line_breaks_at_the_ends_of_a_message_are_left_out_of_texts_and_inputs(text: str) -> None:
    for pieces in ((text,), (INPUT,), (text, INPUT), (INPUT, text), (INPUT, text, INPUT)):
        template = jinja_trimmed(pieces, {"input": "own"}, inputs=True)
        wanted = "".join(piece if isinstance(piece, str) else f"<{text}>" for piece in pieces).strip("\n")
        assert JINJA.from_string(template).render(own=f"<{text}>") == wanted
        assert jinja_fill(template, {"own": f"<{text}>"}) == wanted
    template = jinja_trimmed((INPUT,), {"input": "own"}, inputs=True)
    assert JINJA.from_string(template).render(own=text) == jinja_fill(template, {"own": text}) == text.strip("\n")


def test_a_field_whose_name_no_template_can_hold_gets_a_number() -> None:
    names = identifiers(("question", "two words", "in", "日本", "target", "a-b", "a.b"), taken=("target",))
    assert names == {
        "question": "question",
        "two words": "field_2",
        "in": "field_3",
        "日本": "field_4",
        "target": "field_5",
        "a-b": "field_6",
        "a.b": "field_7",
    }


def test_a_name_that_is_a_number_already_is_not_given_twice() -> None:
    assert len(set(identifiers(("field_2", "two words")).values())) == 2
