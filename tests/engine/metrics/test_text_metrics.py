"""What counts as right, metric by metric."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.metrics import text_metrics
from promptwire.metrics.text_metrics import last_number, option_letter, option_named


@pytest.mark.parametrize(
    ("measure", "answer", "outputs", "value"),
    [
        ("exact", " Paris. ", ["paris"], 1),
        ("exact", '"Paris."', ["Paris"], 1),
        ("exact", '"Paris".', ["Paris"], 1),
        ("exact", "sea  lion", ["Sea lion"], 1),
        ("exact", "Gru\u0308nder", ["Gr\u00fcnder"], 1),
        ("exact", "STRASSE", ["Stra\u00dfe"], 1),
        ("exact", "involve drilling", ["involve drilling."], 1),
        ("exact", "b", ["a", "b"], 1),
        ("exact", "(A)", ["A"], 0),
        ("exact", "-3", ["3"], 0),
        ("exact", "3.5", ["35"], 0),
        ("exact", "Paris, France", ["Paris"], 0),
        ("exact", "", ["."], 0),
        ("induction", "Sea-lion!\nNext", ["sea lion"], 1),
        ("induction", "cats and dogs", ["cats dogs"], 1),
        ("induction", "yes. Because", ["Yes"], 1),
        ("induction", "...", ["."], 0),
        ("equals", "Yes", ["no", "Yes"], 1),
        ("equals", "Yes.", ["Yes"], 0),
        ("equals", "yes", ["Yes"], 0),
        ("includes", "restored", ["store"], 1),
        ("includes", "Restored \u2028{x}", ["\u2028{"], 1),
        ("includes", "Yes", ["yes"], 0),
        ("includes_any_case", "YES", ["yes"], 1),
        ("includes_any_case", "no", ["yes"], 0),
        ("contains", "They are kept in store.", ["store"], 1),
        ("contains", "restored", ["store"], 0),
        ("contains", "C++ is it", ["C++"], 1),
        ("contains", "anything", [""], 0),
        ("same_words", "Dog, cat and BIRD", ["bird, cat, dog"], 1),
        ("same_words", "cat, dog, dog", ["dog, cat"], 1),
        ("same_words", "cat", ["cat, dog"], 0),
        ("same_words", "1,000", ["1000"], 1),
        ("same_words", "1000 a", ["a, 1,000"], 1),
        ("same_words", "100,200", ["200,100"], 1),
        ("same_words", "100,200", ["200"], 0),
        ("same_words", "\u6771\u4eac\u30fb\u4eac\u90fd", ["\u4eac\u90fd\u30fb\u6771\u4eac"], 1),
        ("same_words", "Answer: a, b", ["b, a"], 1),
        ("same_words", "**Answer:** a, b", ["b, a"], 1),
        ("same_words", "dog/cat", ["cat/dog"], 1),
        ("same_words", "dog | cat", ["cat, dog"], 1),
        ("same_words", "3/4", ["4/3"], 0),
        ("same_words", "1. dog\n2. cat", ["cat, dog"], 1),
        ("f1", "x^2", ["x 2"], 0.5),
        ("f1", "x\u00b2", ["x^2"], 1),
        ("f1", "they involve drilling", ["involve drilling.", "x"], 0.8),
        ("f1", "no", ["yes"], 0),
        ("f1", "", ["yes"], 0),
        ("numeric", "The total is $1,234.50.", ["1234.5"], 1),
        ("numeric", "3/4", ["0.75"], 1),
        ("numeric", "25%", ["25"], 1),
        ("numeric", "25%", ["0.25"], 0),
        ("numeric", "10 - 4 = 6 apples", ["6"], 1),
        ("numeric", "\u2212 7 or \u22127", ["-7"], 1),
        ("numeric", "none", ["3"], 0),
        ("numeric", "42", ["42.0"], 1),
        ("numeric", "42.001", ["42"], 0),
        ("multiple_choice", "(B)", ["(B)"], 1),
        ("multiple_choice", "b.", ["(B)"], 1),
        ("multiple_choice", "B. Paris", ["B"], 1),
        ("multiple_choice", "The answer is (C) since (A) is not", ["(C)"], 1),
        ("multiple_choice", "**Answer:** D", ["(D)"], 1),
        ("multiple_choice", "A person", ["(A)"], 0),
        ("multiple_choice", "", ["(A)"], 0),
        ("pattern", "the colour grey", ["gr[ae]y"], 1),
        ("pattern", "green", ["gr[ae]y"], 0),
    ],
)
def test_values(measure: str, answer: str, outputs: list[str], value: float) -> None:
    assert getattr(text_metrics, measure)(answer, outputs) == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1 1/2 cups", 1.5),
        ("in 2 3/4 hours", 2.75),
        ("1,2,3", 3),
        ("1,234,567", 1234567),
        ("-0.5", -0.5),
        (".5", 0.5),
        ("5-3", 3),
        ("(7)", 7),
        ("1e3", 1000),
        ("\\boxed{42}", 42),
        ("3/0", None),
        ("no number", None),
        ("9" * 400, None),
        ("it is 7.", 7),
        ("-$5", -5),
        ("-\u20ac5", -5),
    ],
)
def test_the_last_number(text: str, number: float | None) -> None:
    assert last_number(text) == number


@pytest.mark.parametrize(
    ("answer", "letter"),
    [
        ("a", "A"),
        ("(d)", "D"),
        ("I think it is B.", "B"),
        ("Options (A) or (B)", None),
        ("Answer: a dog", None),
        ("The answer is a", None),
        ("the answer is B", "B"),
        ("Answer: (C)", "C"),
        ("I", "I"),
        ("What do you mean?", None),
        ("So I'd say D", "D"),
        ("Vitamin-rich", None),
    ],
)
def test_the_option_letter(answer: str, letter: str | None) -> None:
    assert option_letter(answer) == letter


@pytest.mark.parametrize(
    ("question", "answer", "letter"),
    [
        ("Where?\nOptions:\n(A) Paris\n(B) New York", "new york.", "B"),
        ("Where?\nOptions:\n(A) Paris\n(B) New York", "It is in New York", "B"),
        ("Where?\nOptions:\n(A) Paris\n(B) New York", "Paris or New York", None),
        ("Which? (A) cat (B) dog", "the dog", "B"),
        ("Where?", "Paris", None),
    ],
)
def test_the_text_of_an_option_names_it(question: str, answer: str, letter: str | None) -> None:
    assert option_named(answer, question) == letter


@given(st.text(min_size=1).filter(str.strip))
def test_every_answer_equals_itself(text: str) -> None:
    assert text_metrics.exact(text, [text]) == 1.0


@given(st.text(), st.text(min_size=1))
def test_every_value_is_a_share(answer: str, output: str) -> None:
    for measure in (
        text_metrics.exact,
        text_metrics.induction,
        text_metrics.contains,
        text_metrics.same_words,
        text_metrics.f1,
        text_metrics.numeric,
        text_metrics.multiple_choice,
    ):
        assert 0.0 <= measure(answer, [output]) <= 1.0


@pytest.mark.parametrize("piece", ["1,", "1", "1/", "(", "(A) ", "answer ", "- ", "word ", "."])
def test_a_hostile_answer_of_half_a_megabyte_is_measured(piece: str) -> None:
    # No clock: a rule that takes quadratic time here takes minutes, and the test would never end.
    text = piece * (500_000 // len(piece))
    for measure in (
        text_metrics.exact,
        text_metrics.contains,
        text_metrics.same_words,
        text_metrics.f1,
        text_metrics.numeric,
        text_metrics.multiple_choice,
    ):
        measure(text, ["(A)"])
