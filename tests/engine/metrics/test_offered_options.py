"""The options that a question offers, in the ways that they are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.metrics.metric import find_metric
from promptwire.metrics.offered_options import offered, option_named
from promptwire.values import Example

TWO = {"A": "Paris", "B": "Rome"}


@pytest.mark.parametrize(
    "question",
    [
        "Where?\nOptions:\n(A) Paris\n(B) Rome",
        "Where?\n(a) Paris\n(b) Rome",
        "Where?\nA) Paris\nB) Rome",
        "Where?\na. Paris\nb. Rome",
        "Where?\nA: Paris\nB: Rome",
        "Where?\nA - Paris\nB - Rome",
        "Where?\n[A] Paris\n[B] Rome",
        "Where?\n- A. Paris\n- B. Rome",
        "Where?\n**A.** Paris\n**B.** Rome",
        "Option A: Paris\nOption B: Rome",
        "Where? (A) Paris (B) Rome",
        "Where? A) Paris B) Rome",
        "['A) Paris', 'B) Rome']",
        "Where?\n(A) Paris\n(B) Rome\nReply with (A) or (B).",
        "\uff08\uff21\uff09Paris\n\uff08\uff22\uff09Rome",
        "A\u3001Paris\nB\u3001Rome",
    ],
)
def test_options_are_found_however_they_are_marked(question: str) -> None:
    assert offered(question) == TWO


@pytest.mark.parametrize("question", ["(i) Paris (ii) Rome", "Where is it?", "", "A dog", "(A) alone"])
def test_a_question_without_options_offers_none(question: str) -> None:
    assert offered(question) == {}


@pytest.mark.parametrize(
    ("options", "answer", "letter"),
    [
        ("(A) positive\n(B) not positive", "not positive", "B"),
        ("(A) positive\n(B) not positive", "It is not positive.", "B"),
        ("(A) positive\n(B) not positive", "Positive.", "A"),
        ("(A) Paris\n(B) New York", "It is in New York", "B"),
        ("(A) Paris\n(B) Rome", "not Paris, it is Rome", "B"),
        ("(A) Paris\n(B) Rome", "Paris or Rome", None),
        ("(A) 5\n(B) 3.5", "It is 3.5.", "B"),
        ("(A) Paris\n(B) Rome", "Oslo", None),
        ("(A) Paris\n(B) Rome", "Rome is not the capital", None),
        ("(A) Paris\n(B) Rome", "Rome is the capital", "B"),
        ("(A) Paris\n(B) Rome", "Rome is wrong. It's Paris.", "A"),
        ("(A) Paris\n(B) Rome", "Is it Rome?", None),
        ("(A) Paris\n(B) Rome", "I doubt it's Rome", None),
        ("(A) Paris\n(B) Rome", "The wrong answer is Rome", None),
        ("(A) Paris\n(B) Rome", "Anything but Rome", None),
        ("(A) Paris\n(B) Rome", "All except Rome are wrong", "B"),
        ("(A) apple\n(B) pear", "apple isn't right", None),
        ("A) Yes B) No C) Maybe", "I have no idea", None),
        ("A) Yes B) No C) Maybe", "I am not sure, maybe", None),
        ("A) Yes B) No C) Maybe", "No.", "B"),
        ("(A) Yes\n(B) No\n(C) Maybe", "No, it is not.", "B"),
        ("(A) Yes\n(B) No\n(C) Maybe", "The answer is no", "B"),
        ("(A) Yes\n(B) No\n(C) Maybe", "There is no doubt that it is yes.", "A"),
    ],
)
def test_the_text_of_an_option_stands_for_its_letter(options: str, answer: str, letter: str | None) -> None:
    assert option_named(answer, f"Which?\n{options}") == letter


@pytest.mark.parametrize(
    ("answer", "read", "readable"),
    [("Rome", "B", True), ("(B) Rome", "B", True), ("It is E", "", False), ("A or B", "", False), ("Oslo", "", False)],
)
def test_the_metric_reads_letters_and_options_of_the_question(answer: str, read: str, readable: bool) -> None:
    question = Example(input={"question": "Where?", "A": "Paris", "B": "Rome"}, outputs=("(B)",))
    found = find_metric("multiple-choice").measure(answer, question)
    assert (found.read, found.readable, found.value) == (read, readable, float(read == "B"))


@given(st.text())
def test_any_question_has_options_or_none(question: str) -> None:
    offered(question)


@pytest.mark.parametrize("piece", ["(A) ", "A) ", "A. ", "\nA: ", "(A) (B) ", "(", " "])
def test_a_hostile_question_of_half_a_megabyte_is_read(piece: str) -> None:
    offered(piece * (500_000 // len(piece)))
