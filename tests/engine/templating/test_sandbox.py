"""What the sandbox hands out; what it holds back is shown in test_templating, where it is told with its place."""

from __future__ import annotations

import tracemalloc

import pytest

from promptwire.templating import render_limits
from promptwire.templating.sandbox import BadSyntax, compiled, nearest, pieces_of, variables_of
from promptwire.values import Prompt


def test_the_variables_of_a_text_are_those_that_it_does_not_set_itself() -> None:
    assert variables_of("{% set a = b %}{% for c in d | length %}{{ a }}{{ c.e }}{% endfor %}") == {"b", "d"}


def test_turns_are_counted_anew_for_each_rendering(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render_limits, "MAX_TURNS", 1000)
    template = compiled("{% for a in range(99) %}{% for b in range(6) %}{% endfor %}{% endfor %}x")
    assert ["".join(pieces_of(template, {})) for _ in range(3)] == ["x"] * 3


def test_what_is_no_template_says_where() -> None:
    with pytest.raises(BadSyntax) as caught:
        compiled("one\n{% for %}")
    assert caught.value.lineno == 2


DOUBLING = "{% set ns = namespace(x='a' * 1000) %}{% for i in range(40) %}BODY{% endfor %}{{ ns.x | length }}"

WRITING = "{% for a in range(99999) %}{{ 'x' * 1000 }}{% endfor %}"
NESTING = "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = BODY %}{% endfor %}{{ ns.x }}"


@pytest.mark.parametrize(
    "greedy",
    [
        DOUBLING.replace("BODY", "{% set ns.x = ns.x ~ ns.x %}"),
        DOUBLING.replace("BODY", "{% set ns.x = ns.x + ns.x %}"),
        DOUBLING.replace("BODY", "{% set ns.x = [ns.x, ns.x] | join %}"),
        DOUBLING.replace("BODY", "{% set ns.x = ns.x.replace('a', 'aa') %}"),
        DOUBLING.replace("BODY", "{% set ns.x = ns.x | replace('a', 'aa') %}"),
        DOUBLING.replace("BODY", "{% set x %}{{ ns.x }}{{ ns.x }}{% endset %}{% set ns.x = x %}"),
        DOUBLING.replace("BODY", "{% set x | upper %}{{ ns.x }}{{ ns.x }}{% endset %}{% set ns.x = x %}"),
        DOUBLING.replace("'a' * 1000", "[1]").replace("BODY", "{% set ns.x = ns.x + ns.x %}"),
        NESTING.replace("BODY", "[ns.x, ns.x]"),
        NESTING.replace("BODY", "(ns.x, ns.x)"),
        NESTING.replace("BODY", "{'a': ns.x, 'b': ns.x}"),
        NESTING.replace("BODY", "dict(a=ns.x, b=ns.x)"),
        NESTING.replace("BODY", "[ns.x] + [ns.x]"),
        NESTING.replace("BODY", "[ns.x] * 2"),
        "{% set ns = namespace(x=9) %}{% for i in range(60) %}{% set ns.x = ns.x * ns.x %}{% endfor %}{{ ns.x }}",
        "{{ ['a' * 1000] * 1000 * 1000 }}",
        "{{ (['a' * 1000] * 100 * 100) | join }}",
        "{{ ('b' * 1000).join(['a'] * 1000 * 10) }}",
        "{{ (['a'] * 1000 * 10) | join('b' * 1000) }}",
        "{{ [[1] * 1000] * 1000 | sum(start=[]) }}",
        "{{ ('a' * 1000).translate({97: 'b' * 1000}) }}",
        "{{ '\t'.expandtabs(1000) }}",
        "{% set x = 'b' * 1000 ~ 'b' * 1000 ~ 'b' * 1000 ~ 'b' * 1000 ~ 'b' * 1000 %}{{ ('%(a)s' * 1000) % {'a': x} }}",
        "{% set x = 'b' * 1000 ~ 'b' * 1000 ~ 'b' * 1000 ~ 'b' * 1000 ~ 'b' * 1000 %}{{ ('{0}' * 1000).format(x) }}",
        f"{{% macro m() %}}{WRITING}{{% endmacro %}}{{{{ m() }}}}",
        f"{{% set x %}}{WRITING}{{% endset %}}",
        f"{{% filter upper %}}{WRITING}{{% endfilter %}}",
        f"{{% macro m() %}}{{{{ caller() }}}}{{% endmacro %}}{{% call m() %}}{WRITING}{{% endcall %}}",
        f"{{% block b %}}{WRITING}{{% endblock %}}",
        "{% set x %}{% for a in range(99999) %}" + "x" * 1000 + "{% endfor %}{% endset %}",
        "{{ 'a'.center(3000000000) }}",
        "{{ 'a'.ljust(width=3000000000) }}",
        "{{ 'a' | center(3000000000) }}",
        "{{ ['a'] | batch(3000000000, 'x') | list }}",
        "{{ '{:>3000000000}'.format('a') }}",
        "{{ '{:{}}'.format('a', 3000000000) }}",
        "{{ '%3000000000d' | format(1) }}",
        "{{ '{0:{1}}'.format('a', 3000000000) }}",
        "{{ '%(n) 3000000000d' | format(n=1) }}",
        "{{ '%*d' | format(3000000000, 1) }}",
        "{{ '%3000000000d' % 1 }}",
    ],
)
def test_nothing_large_is_made_of_small_things(greedy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("promptwire.templating.render_limits.MAX_TURNS", 50_000)  # measuring memory makes each turn slow
    tracemalloc.start()
    try:
        with pytest.raises(OverflowError, match=r"not for templates|more than"):
            "".join(pieces_of(compiled(greedy), {}))
        assert tracemalloc.get_traced_memory()[1] < 100_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "slow",
    [
        "{% for a in range(99999) %}{% set x = range(99999) | list %}{% endfor %}",
        "{% for a in range(99999) %}{% set x = 99999 in (range(99999) | list) %}{% endfor %}",
        "{% set xs = range(99999) | list %}{{ xs | map('string') | select('in', xs) | list }}",
    ],
)
def test_a_template_whose_every_turn_is_long_is_stopped(slow: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("promptwire.templating.render_limits.SECONDS", 0.05)
    with pytest.raises(OverflowError, match=r"takes more than 0\.05 seconds"):
        "".join(pieces_of(compiled(slow), {}))


def test_a_loop_that_calls_itself_is_counted_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render_limits, "MAX_TURNS", 10_000)
    inner = "{% if loop.depth < 3 %}{{ loop(range(99999)) }}{% endif %}"
    with pytest.raises(OverflowError, match="turns"):
        "".join(pieces_of(compiled("{% for a in [0] recursive %}" + inner + "{% endfor %}"), {}))
    tree = "{% for a in [1, [2, [3]]] recursive %}{{ loop(a) if a is iterable else a }}{{ loop.length }}{% endfor %}"
    assert "".join(pieces_of(compiled(tree), {})) == "12223122"


@pytest.mark.parametrize(
    "usual",
    [
        "{{ text.replace('[INPUT]', text) == text }}",
        "{{ text | replace('[INPUT]', text) == text }}",
        "{{ text.startswith(text) and text.count(text) == 1 and text.split(text, 5000) | length == 2 }}",
    ],
)
def test_long_texts_are_looked_at_and_put_into_each_other(usual: str) -> None:
    assert "".join(pieces_of(compiled(usual), {"text": "word " * 1000})) == "True"


@pytest.mark.parametrize(
    ("usual", "expected"),
    [
        ("{{ '%.2f' % 0.5 }} {{ '%3d%%' | format(7) }}", "0.50   7%"),
        (
            "{{ 'In 2024, %d%% of 5000' % 7 }} {{ 'In 2024 {} of 5000: {a}'.format(1, a=12345) }}",
            "In 2024, 7% of 5000 In 2024 1 of 5000: 12345",
        ),
        ("{{ 'a' ~ 1 ~ 'b' }}{{ 'x' + 'y' }}{{ 1 + 2 }}{{ [1] + [2] }}", "a1bxy3[1, 2]"),
        ("{{ 'ab'.replace('a', 'c') }}{{ 'ab' | replace('b', 'd') }}{{ ['a', 'b'] | join(', ') }}", "cbada, b"),
        ("{{ 'a'.center(5) }}|{{ 'a' | center(3) }}|{{ 'a\nb' | indent(2) }}", "  a  | a |a\n  b"),
        (
            "{{ '{} and {:.1f}'.format(123456, 0.25) }} {{ 2.345 | round(1) }} {{ 7654321 | string }}",
            "123456 and 0.2 2.3 7654321",
        ),
        ("{% for row in [1, 2, 3] | batch(2, 0) %}{{ row }}{% endfor %}{% set x %}{{ 1 }}{% endset %}{{ x }}", "[1, 2][3, 0]1"),
        ("{% set x | upper %}a{{ 'b' }}{% endset %}{{ x }}{{ xs | map('upper') | join('-') }}", "ABA-B"),
    ],
)
def test_ordinary_expressions_are_what_they_always_were(usual: str, expected: str) -> None:
    assert "".join(pieces_of(compiled(usual), {"xs": ["a", "b"]})) == expected


def test_filler_text_is_not_on_offer() -> None:
    assert variables_of("{{ lipsum() }}") == {"lipsum"}


def test_what_would_be_another_text_every_time_is_not_on_offer() -> None:
    with pytest.raises(BadSyntax, match="random") as caught:
        compiled("{{ [1, 2] | random }}")
    assert nearest(caught.value) == "write choice(LIST): a draw by the run's seed"


def test_namespaces_that_hold_one_another_twice_are_shown_without_what_is_in_them() -> None:
    twice = "{% set ns.x = namespace(a=ns.x, b=ns.x) %}"
    text = "{% set ns = namespace(x=1) %}{% for i in range(60) %}" + twice + "{% endfor %}{{ ns.x }}"
    assert "".join(pieces_of(compiled(text), {})) == "<namespace>"


@pytest.mark.parametrize(
    "deep",
    [
        "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
        "{% if 1 %}" * 2000 + "{% endif %}" * 2000,
        "{% for a in [1] %}" * 60 + "{% endfor %}" * 60,
        "{{ " + "1+" * 20000 + "1 }}",
        "{{ " + "9" * 5000 + " }}",
    ],
)
def test_what_is_nested_too_deeply_for_python_is_no_template(deep: str) -> None:
    with pytest.raises(BadSyntax):
        compiled(deep)
        variables_of(deep)


def test_a_companion_that_is_not_there_is_named_with_those_that_are() -> None:
    prompt = Prompt(text="a", companions={"mutation": "shorter"})
    assert "".join(pieces_of(compiled("{{ prompt.companions.mutation }}"), {"prompt": prompt})) == "shorter"
    with pytest.raises(Exception, match="the prompt has no companion 'persona'"):
        "".join(pieces_of(compiled("{{ prompt.companions.persona }}"), {"prompt": prompt}))


def test_a_mark_that_is_not_set_reads_as_zero_and_marks_can_not_be_changed() -> None:
    prompt = Prompt(text="a", marks={"visits": 2})
    assert "".join(pieces_of(compiled("{{ prompt.marks.visits + prompt.marks.wins }}"), {"prompt": prompt})) == "2.0"
    with pytest.raises(Exception, match="update"):
        "".join(pieces_of(compiled("{{ prompt.marks.update({'visits': 3}) }}"), {"prompt": prompt}))
