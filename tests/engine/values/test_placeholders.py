"""Placeholders: what is one, how it is filled in, and when a text has lost one."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.values import Example
from promptwire.values.placeholders import Placeholders, mentions

NAMES = ("text", "input", "first name")
BRACED = st.sampled_from(["{text}", "{{text}}", "{{ text }}", "{input}", "{first name}", "{", "}", "$", "%s", "{other}", "\\1"])
TEXTS = st.lists(BRACED | st.text(max_size=4), max_size=12).map("".join)
VALUES = st.lists(BRACED | st.text(max_size=4), max_size=6).map("".join)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Label {text}.", ("{text}",)),
        ("Label {{text}}.", ("{{text}}",)),
        ("Label {{ text }} and {text}.", ("{{ text }}",)),
        ("{input}: {text}", ("{input}", "{text}")),
        ("${text}, 5% of {first name}", ("{text}", "{first name}")),
        ('Reply {"text": "..."} or {{"text": 1}}.', ()),
        ('Reply {"text": "{text}"}.', ("{text}",)),
        ("Label {Text} or { text } or {texts} or text.", ()),
        (r"\frac{a}{b} {text|upper}", ()),
        ("", ()),
    ],
)
def test_only_names_of_fields_in_one_or_two_braces_are_placeholders(text: str, kept: tuple[str, ...]) -> None:
    assert Placeholders.of(text, NAMES).kept == kept
    assert bool(Placeholders.of(text, NAMES)) is bool(kept)


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("<{text}>", "<{input} $1 \\g<0> {{text}}>"),
        ('{"a": {text}}', '{"a": {input} $1 \\g<0> {{text}}}'),
        ("{{{text}}}", "{{input} $1 \\g<0> {{text}}}"),
        ("100% of ${other} for {text}", "100% of ${other} for {input} $1 \\g<0> {{text}}"),
        ("{text", "{text"),
    ],
)
def test_a_value_is_filled_in_as_it_is_and_never_read_again(text: str, filled: str) -> None:
    found = Placeholders.of("{text}", NAMES)
    assert found.filled(text, Example(input="{input} $1 \\g<0> {{text}}")) == filled


def test_each_field_is_filled_into_its_own_place_and_the_whole_input_under_input() -> None:
    example = Example(input={"title": "A", "body": "B"})
    found = Placeholders.of("{title}{body}", ("title", "body", "input"))
    assert found.filled("{body}/{{title}}/{input}", example) == "B/A/title: A\nbody: B"
    assert found.filled("{title}", Example(input={"body": "B"})) == "{title}"


@given(TEXTS, VALUES)
def test_filling_changes_no_other_character(text: str, value: str) -> None:
    """What stands around the placeholders is the same before and after, and each placeholder is the value."""
    found = Placeholders.of("{text}{input}{first name}", NAMES)
    pieces = re.split(r"\{\{\s*(?:text|input|first name)\s*\}\}|\{(?:text|input|first name)\}", text)
    assert found.filled(text, Example(input=value)) == value.join(pieces)


@given(TEXTS, TEXTS)
def test_a_text_is_kept_if_and_only_if_it_has_all_placeholders(initial: str, text: str) -> None:
    found = Placeholders.of(initial, NAMES)
    there = set(Placeholders.of(text, NAMES).fields)
    assert {*found.fields} - there == {one.strip("{} ") for one in found.lacking(text)}
    assert found.lacking(initial) == ()


@given(TEXTS, TEXTS, VALUES)
def test_a_text_in_the_form_of_the_initial_prompts_is_filled_to_the_same(initial: str, text: str, value: str) -> None:
    found, example = Placeholders.of(initial, NAMES), Example(input=value)
    assert found.filled(found.as_written(text), example) == found.filled(text, example)


@pytest.mark.parametrize(
    ("initial", "text", "expected"),
    [
        ("{{text}}", "So: {text}!", "So: {{text}}!"),
        ("{text}", "So: {{ text }}!", "So: {text}!"),
        ("{text}", "{{{text}}}", "{{{text}}}"),
    ],
)
def test_a_placeholder_gets_the_form_of_the_initial_prompts(initial: str, text: str, expected: str) -> None:
    assert Placeholders.of(initial, NAMES).as_written(text) == expected


@pytest.mark.parametrize("written", ["{{ text | trim }}", "{{text|upper|trim}}", "{{- text -}}", "{text!r}"])
def test_a_name_with_a_filter_or_a_conversion_is_a_mention(written: str) -> None:
    assert list(mentions(f"Read {written}.")) == [("text", written)]


def test_names_in_braces_are_mentions_and_formulas_are_not() -> None:
    text = r'{txt} {{ foo bar }} { input } \frac{a}{b} x_{i} e^{x} ${p} {"a": {b: 1}} {1} {a, b} {{ a, b }}'
    assert list(mentions(text)) == [("txt", "{txt}"), ("foo bar", "{{ foo bar }}"), ("input", "{ input }")]
