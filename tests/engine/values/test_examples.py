"""Examples and their sets: identity, text and order."""

from __future__ import annotations

from promptwire.values import Example, Examples


def test_input_and_outputs_make_the_identity_and_meta_does_not() -> None:
    assert Example(input="i", outputs=("o",), meta={"a": 1}).id == Example(input="i", outputs=("o",)).id
    assert Example(input="i", outputs=("o",)).id != Example(input="i", outputs=("o", "p")).id


def test_named_fields_become_lines_of_text() -> None:
    example = Example(input={"question": "q", "context": "c"}, outputs=("main", "other"))
    assert (example.text, example.output) == ("question: q\ncontext: c", "main")


def test_an_example_without_outputs_has_an_empty_output() -> None:
    assert (Example(input="i").output, Example(input="i").outputs) == ("", ())


def test_a_set_keeps_the_order_and_one_of_equal_examples() -> None:
    one, other = Example(input="b", outputs=("o",)), Example(input="a", outputs=("o",))
    assert Examples.of([one, other, one]).items == (one, other)
