"""Scored prompts: compared on shared examples, so that one lucky row never wins."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.metrics.metric import find_metric
from promptwire.running.answer_rows import Said, measured_row
from promptwire.running.scored_prompts import ScoredPrompts
from promptwire.values import Example, Examples, Prompt, Row

A, B, C = (Prompt(text=text) for text in "abc")


def scored(*columns: tuple[Prompt, str], metric: str = "exact") -> ScoredPrompts:
    """Scored prompts with the values in the text, one digit an example; a blank means no row."""
    found = ScoredPrompts()
    for prompt, values in columns:
        found.add_prompts([prompt])
        for example, value in enumerate(values):
            if value != " ":
                found.add_row(metric, Row(prompt.id, str(example), "", "", float(value)))
    return found


@given(st.permutations(range(9)), st.permutations(range(9)))
def test_scores_do_not_depend_on_the_order_in_which_rows_arrive(one: list[int], other: list[int]) -> None:
    def filled(order: list[int]) -> ScoredPrompts:
        found = ScoredPrompts()
        found.add_prompts([A, B])
        for place in order:
            for prompt, share in ((A, 0.1), (B, 0.3)):
                found.add_row("f1", Row(prompt.id, str(place), "", "", share * place / 7))
        return found

    first, second = filled(one), filled(other)
    assert [first.score(each) for each in (A, B)] == [second.score(each) for each in (A, B)]
    assert (first.best(), dict(first.tables("f1"))) == (second.best(), dict(second.tables("f1")))
    assert first.new_leader("f1", [A, B]) == second.new_leader("f1", [A, B])


@pytest.mark.parametrize(
    ("columns", "leader", "score", "n"),
    [
        ([(A, "0110"), (B, "0111")], B, 0.75, 4),
        ([(A, "0110"), (B, "0110")], A, 0.5, 4),
        ([(A, "0110"), (B, "1   ")], A, 0.5, 4),  # one lucky row
        ([(A, "01  "), (B, "0110"), (C, "11  ")], C, 1.0, 2),
    ],
)
def test_the_leader_is_told_once_with_its_score(
    columns: list[tuple[Prompt, str]], leader: Prompt, score: float, n: int
) -> None:
    found = scored(*columns)
    assert found.new_leader("exact", [prompt for prompt, _ in columns]) == (leader, score, n)
    assert found.new_leader("exact", [prompt for prompt, _ in columns]) is None


def test_a_leader_is_told_again_when_it_was_scored_on_more() -> None:
    found = scored((A, "01"))
    assert found.new_leader("exact", [A]) == (A, 0.5, 2)
    found.add_row("exact", Row(A.id, "2", "", "", 1.0))
    told = found.new_leader("exact", [A])
    assert told is not None and told.n == 3
    assert found.new_leader("f1", [A]) is None


@pytest.mark.parametrize(
    ("columns", "best"),
    [
        ([], None),
        ([(A, "    ")], None),
        ([(A, "0000"), (B, "0110")], B),
        ([(A, "0110"), (B, "0110")], A),
        ([(A, "0110"), (B, "1   ")], A),  # one lucky row
        ([(A, "0011"), (B, "00  ")], A),  # equal on shared examples
        ([(A, "0011"), (B, "01  ")], B),  # half of the rows are enough
        ([(A, "  10"), (B, "  11"), (C, "")], B),
        ([(A, "000000001111"), (B, "0011        "), (C, "0100        ")], B),  # a bandit's late prompts have fewer rows
    ],
)
def test_the_best_prompt_leads_on_shared_examples(columns: list[tuple[Prompt, str]], best: Prompt | None) -> None:
    assert scored(*columns).best() == best


@pytest.mark.parametrize(
    ("known", "chosen", "last"),
    [
        (2, A, C),  # C comes from the round that the limit cut short, and leads
        (2, B, B),  # A leads B: the pipeline chose B by something other than the mean
        (3, A, A),  # C was known before the round: the pipeline could have chosen it
        (0, B, C),
    ],
)
def test_a_prompt_from_the_round_cut_short_wins_if_it_leads(known: int, chosen: Prompt, last: Prompt) -> None:
    found = scored((A, "0110"), (B, "0100"), (C, "1110"))
    found.cut(known)
    found.cut(9)
    assert found.after(chosen) == last


def test_a_choice_with_too_few_rows_yields_to_the_leader() -> None:
    assert scored((A, "0110"), (B, "1110"), (C, "1   ")).after(C) == B
    assert scored((A, ""), (B, "")).after(B) == B


def test_the_choice_of_a_finished_stage_stands_until_a_later_prompt_leads() -> None:
    found = scored((A, "0110"), (B, "0100"))
    found.choose(B)
    assert found.best() == B
    found.add_prompts([C])
    for example in range(4):
        found.add_row("exact", Row(C.id, str(example), "", "", 1.0))
    found.cut(2)
    assert found.best() == B  # A leads B as well, so B was chosen by something other than the mean
    found = scored((A, "0010"), (B, "0110"))
    found.choose(B)
    assert found.best() == B


def test_rows_of_two_metrics_are_not_compared() -> None:
    found = scored((A, "0110"), (B, "0100"))
    found.add_row("length", Row(C.id, "0", "", "", 40.0))
    found.add_prompts([C])
    assert found.best() == A


def test_a_row_takes_little_memory_beside_its_texts() -> None:
    prompts = [Prompt(text=f"prompt {number}") for number in range(4)]
    examples = Examples.of(Example(input=f"x{number}", outputs=("yes",)) for number in range(5_000))
    metric = find_metric("exact")
    pairs = [(prompt, example, Said("yes", "yes")) for prompt in prompts for example in examples.items if example.id]
    measured_row(metric, *pairs[0], ())
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        rows = tuple([measured_row(metric, *pair, ()) for pair in pairs])
        found = ScoredPrompts()
        for row in rows:
            found.add_row("exact", row)
        each = (tracemalloc.get_traced_memory()[0] - before) / len(rows)
    finally:
        tracemalloc.stop()
    assert found.score(prompts[0]) == (1.0, 5_000)
    assert each <= 200


def test_rows_come_back_with_what_a_score_needs() -> None:
    found = ScoredPrompts()
    rows = [
        Row(A.id, "0", "a long reply", "yes", 1.0),
        Row(A.id, "1", "a long reply", "", 0.0, readable=False),
        Row(A.id, "2", "a long reply", "yes", 1.0, likelihood=-0.5),
        Row(A.id, "3", "a long reply", "yes", 1.0, truth="no"),
    ]
    for row in rows:
        found.add_row("exact", row)
    assert list(found.tables("exact")[A.id]) == [
        Row(A.id, "0", "", "", 1.0),
        Row(A.id, "1", "", "", 0.0, readable=False),
        Row(A.id, "2", "", "", 1.0, likelihood=-0.5),
        Row(A.id, "3", "", "yes", 1.0, truth="no"),
    ]
