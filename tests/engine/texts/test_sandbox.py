"""What the sandbox hands out; what it holds back is shown in test_templating, where it is told with its place."""

from __future__ import annotations

import pytest

from promptwire.texts.sandbox import BadSyntax, compiled, pieces_of, variables_of


def test_the_variables_of_a_text_are_those_that_it_does_not_set_itself() -> None:
    assert variables_of("{% set a = b %}{% for c in d | length %}{{ a }}{{ c.e }}{% endfor %}") == {"b", "d"}


def test_turns_are_counted_anew_for_each_rendering() -> None:
    template = compiled("{% for a in range(99999) %}{% for b in range(6) %}{% endfor %}{% endfor %}x")
    assert ["".join(pieces_of(template, {})) for _ in range(3)] == ["x"] * 3


def test_what_is_no_template_says_where() -> None:
    with pytest.raises(BadSyntax) as caught:
        compiled("one\n{% for %}")
    assert caught.value.lineno == 2
