"""The part of nunjucks that is read, the rest that is refused, and values as text."""

from __future__ import annotations

import time

import pytest

from promptwire.tasks.promptfoo.nunjucks import Ref, Unsupported, parse, partial, text_of


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ()),
        ("plain { } % $ 100%", ("plain { } % $ 100%",)),
        ("{{x}}", (Ref(("x",)),)),
        ("a {{ x }} b{{y}}", ("a ", Ref(("x",)), " b", Ref(("y",)))),
        ("{{ item.q }} {{ a['b c'][0].d }}", (Ref(("item", "q")), " ", Ref(("a", "b c", "0", "d")))),
        ('{"a": {{x}}}', ('{"a": ', Ref(("x",)), "}")),
        ("a {{- x -}} \n b", ("a", Ref(("x",)), "b")),
        ("a {# no {{x}} #} b", ("a  b",)),
        ("{% raw %}{{x}} {% if %}{% endraw %}!", ("{{x}} {% if %}!",)),
        ("{{ '{{' }}x{{ \"}}\" }}", ("{{x}}",)),
        (r"{{ 'it\'s\n' }}", ("it's\n",)),
        ("\u2028{{ x }}\t漢", ("\u2028", Ref(("x",)), "\t漢")),
    ],
)
def test_a_text_has_these_parts(text: str, parts: tuple[str | Ref, ...]) -> None:
    assert parse(text) == parts


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a {{ x | upper }}", 2),
        ("{% if x %}a{% endif %}", 0),
        ("{% for a in b %}", 0),
        ("{% set a = 1 %}", 0),
        ("{{ x + 1 }}", 0),
        ("{{ f(x) }}", 0),
        ("{{ env.KEY }}", 0),
        ("{{ _conversation }}", 0),
        ("{{{ x }}}", 0),
        ("{{ x", 0),
        ("{{ }}", 0),
        ("{% raw %}{{x}}", 0),
    ],
)
def test_a_tag_that_is_not_known_is_refused_with_its_place(text: str, place: int) -> None:
    with pytest.raises(Unsupported) as caught:
        parse(text)
    assert caught.value.place == place
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "open_"),
    [
        ("{{ x }}", False), ("{{ x", True), ("{{\nx }}", True), ("{{ x }\n", False), ("{% x", True), ("{# x", True), ("a { b", False),
        ("{{x}} {{", True), ("{{x}}\u2028{{ y\u2028}}", True), ("{% raw %}{{ x{% endraw %}", False),
    ],
)  # fmt: skip
def test_a_tag_that_its_line_does_not_close_makes_the_text_no_template(text: str, open_: bool) -> None:
    assert partial(text) is open_


def test_a_hundred_thousand_openings_are_read_at_once() -> None:
    start = time.perf_counter()
    assert not partial("{{" * 100_000 + "}")
    with pytest.raises(Unsupported):
        parse("{{" * 100_000 + "}}")
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""), (True, "true"), (False, "false"), (7, "7"), (7.0, "7"), (0.5, "0.5"), (-0.0, "0"), (1e21, "1e+21"), (1e-7, "1e-7"),
        (2**60, "1152921504606846976"), ("a\n{{b}}", "a\n{{b}}"),
    ],
)  # fmt: skip
def test_values_become_text_as_javascript_writes_them(value: object, text: str) -> None:
    assert text_of(value) == text
