"""Functions of templates: seeded draws, logarithm, exponential, square root."""

from __future__ import annotations

import math
from pathlib import Path
from random import Random
from statistics import fmean, pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.errors import PipelineError
from promptwire.templating.functions import FUNCTIONS, template_functions
from promptwire.templating.sandbox import compiled, pieces_of
from promptwire.templating.template import load_template
from promptwire.values import Critique, Example, Prompt


def written(text: str, seed: int = 0, **values: object) -> str:
    """The text of a template with draws of `seed`."""
    return "".join(pieces_of(compiled(text), template_functions(lambda: Random(seed)) | values))


DRAWING = (
    "{{ choice(xs) }} {{ shuffled(xs) }} {{ uniform(0, 2) }} {{ choice(xs | map('upper')) }} {{ normal() }} {{ beta(2, 3) }}"
)


@given(st.integers(), st.lists(st.text(st.characters(categories=["L"])), min_size=1, max_size=9))
def test_the_same_seed_draws_the_same(seed: int, xs: list[str]) -> None:
    assert written(DRAWING, seed, xs=xs) == written(DRAWING, seed, xs=xs)


@given(st.integers(), st.lists(st.integers(), min_size=1, max_size=9), st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_draws_come_from_what_is_given(seed: int, xs: list[int], low: float, high: float) -> None:
    functions = template_functions(lambda: Random(seed))
    assert functions["choice"](xs) in xs
    assert sorted(functions["shuffled"](xs)) == sorted(xs)
    assert min(low, high) <= functions["uniform"](low, high) <= max(low, high)


def test_another_seed_draws_others_and_each_draw_differs() -> None:
    xs = list(range(1000))
    assert len({written("{{ choice(xs) }}", seed, xs=xs) for seed in range(20)}) > 15
    assert len(set(written("{% for x in xs %}{{ choice(xs) }} {% endfor %}", xs=xs).split())) > 500


def test_every_element_is_drawn_about_equally_often() -> None:
    drawn = written("{% for i in range(800) %}{{ choice(xs) }} {% endfor %}", xs=list("abcdefgh")).split()
    assert all(60 <= drawn.count(letter) <= 140 for letter in "abcdefgh")


@pytest.mark.parametrize(
    ("drawing", "mean", "deviation"),
    [
        ("normal()", 0, 1),
        ("normal(5, 0.5)", 5, 0.5),
        ("normal(2, 0)", 2, 0),
        ("beta(1, 1)", 0.5, 0.289),
        ("beta(8, 2)", 0.8, 0.121),
        ("beta(1e9, 1e9)", 0.5, 0),
    ],
)
def test_draws_of_a_distribution_have_its_mean_and_deviation(drawing: str, mean: float, deviation: float) -> None:
    drawn = [float(one) for one in written("{% for i in range(2000) %}{{ " + drawing + " }} {% endfor %}").split()]
    assert fmean(drawn) == pytest.approx(mean, abs=0.08 * deviation + 1e-4)
    assert pstdev(drawn) == pytest.approx(deviation, rel=0.08, abs=1e-4)


def test_the_list_itself_keeps_its_order() -> None:
    assert written("{% set s = shuffled(xs) %}{{ xs }}", xs=[1, 2, 3]) == "[1, 2, 3]"


def test_logarithm_exponential_and_root_compute() -> None:
    assert written("{{ sqrt(log(n + 1) / v) | round(4) }}", n=7, v=2) == str(round(math.sqrt(math.log(8) / 2), 4))
    assert written("{{ exp(0) }}") == "1.0"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ log(0) }}", "'log' needs a number above 0, not 0"),
        ("{{ log('a') }}", "'log' needs a number, not the text 'a'"),
        ("{{ sqrt(-1) }}", "'sqrt' needs a number that is not negative, not -1"),
        ("{{ exp(1000) }}", "'exp' of 1000 is too large a number"),
        ("{{ exp([]) }}", "'exp' needs a number, not a value of type list"),
        ("{{ choice([]) }}", "'choice' needs at least one element, and the list is empty"),
        ("{{ choice('abc') }}", "'choice' needs a list, not the text 'abc'"),
        ("{{ shuffled(3) }}", "'shuffled' needs a list, not a value of type int"),
        ("{{ uniform(0, 'a') }}", "'uniform' needs a number, not the text 'a'"),
        ("{{ uniform(0, 1e308 * 10) }}", "'uniform' needs or gives a number that is not finite"),
        ("{{ normal(0, -1) }}", "'normal' needs a standard deviation that is not negative, not -1"),
        ("{{ normal('a') }}", "'normal' needs a number, not the text 'a'"),
        ("{{ beta(0, 1) }}", "'beta' needs numbers above 0, and at most 1e+09, not 0 and 1"),
        ("{{ beta(1e308, 1) }}", "'beta' needs numbers above 0, and at most 1e+09, not 1e+308 and 1"),
        ("{{ beta(1) }}", "'beta' can't be called like that"),
        ("{{ uniform(1) }}", "'uniform' can't be called like that"),
        ("{{ log }}", "'log' is a function, write log(...); a variable of that name is given under with:"),
        ("{% for x in log %}{% endfor %}", "'log' is a function"),
        ("{% if log %}{% endif %}", "'log' is a function"),
        ("{{ log | length }}", "'log' is a function"),
        ("{{ log._run }}", "access to attribute '_run'"),
        ("{{ shuffled(range(99999)) }}{% for x in shuffled(range(99999)) %}{% endfor %}" * 9, "more than 1,000,000 turns"),
    ],
)
def test_what_a_function_cannot_do_is_said_with_its_line(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "t.j2"
    path.write_text("first\n" + text)
    with pytest.raises(PipelineError) as caught:
        load_template(path).render({}, lambda: Random(0))
    (problem,) = caught.value.problems
    assert expected in problem.message
    assert problem.location.line == 2


def test_without_a_generator_a_draw_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "t.j2"
    path.write_text("{{ choice([1]) }}")
    with pytest.raises(PipelineError, match="scoring templates draw nothing"):
        load_template(path).render({})


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_variable_replaces_the_function_of_its_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / "t.j2"
    path.write_text(f"{{{{ {name} }}}}")
    assert load_template(path).render({name: "mine"}).messages[0].content == "mine"


@pytest.mark.parametrize(
    ("one", "other", "share"),
    [
        ("red apples", "Red, apples!", 1.0),
        ("red apples", "red pears", 1 / 3),
        ("red", "blue", 0.0),
        ("", "", 1.0),
        (Prompt(text="red apples"), Example(input="red pears"), 1 / 3),
        (Critique(text="too red", prompt=Prompt(text="x")), "red", 0.5),
        ("红苹果", "青苹果", 0.5),
    ],
)
def test_overlap_is_the_share_of_common_words(one: object, other: object, share: float) -> None:
    assert float(written("{{ overlap(a, b) }}", a=one, b=other)) == pytest.approx(share)


@pytest.mark.parametrize("other", [3, ["red"], None])
def test_overlap_refuses_what_is_no_text(other: object) -> None:
    with pytest.raises(ValueError, match="'overlap' needs a text, a prompt, an example or a critique"):
        written("{{ overlap('red', other) }}", other=other)
