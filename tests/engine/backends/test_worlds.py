"""The planted worlds: what hints and shots are worth in each, and what writers lose, add or get wrong."""

from __future__ import annotations

import pytest
from world_scores import accuracy

from promptwire.backend import Request
from promptwire.backends import planted
from promptwire.backends.factory import backend
from promptwire.backends.planted_meta import HINT
from promptwire.backends.world_answers import CHAIN, PAIRS, READ
from promptwire.backends.world_writers import first_side, forgetful, misled, one_step
from promptwire.backends.worlds import WORLDS, reply_in
from promptwire.documents.resources import tasks
from promptwire.errors import ModelError, UsageError
from promptwire.tasks.task import load_task
from promptwire.values import Example, Message, Prompt

LABEL = "Write the label of the parcel."
KEYS = [f"key {number}" for number in range(200)]


def prompt(*hints: str, shots: tuple[Example, ...] = ()) -> Prompt:
    return Prompt(text=" ".join([LABEL, *(f"State the {hint}." for hint in hints)]), demos=shots)


def hints(text: str) -> set[str]:
    return {hint.lower() for hint in HINT.findall(text)}


@pytest.mark.parametrize("name", WORLDS)
def test_each_world_has_a_model_and_a_task_of_its_name(name: str) -> None:
    assert backend(f"scripted:{name}").name == f"scripted:{name}"
    assert name in tasks()
    assert f"--model scripted:{name}." in load_task(name).doc


@pytest.mark.parametrize("name", WORLDS)
def test_the_same_request_has_the_same_reply_and_another_task_an_error(name: str) -> None:
    request = Request("generate", (Message(role="user", content=f"{LABEL}\n\nInput: Parcel to Oslo: colour red.\nOutput:"),))
    assert reply_in(name)(request, "a") == reply_in(name)(request, "b")
    with pytest.raises(ModelError, match="can't reply to this request"):
        reply_in(name)(Request("generate", prompt="Classify: good"), "")


def test_an_unknown_world_is_refused_with_the_names_that_there_are() -> None:
    with pytest.raises(UsageError, match="no script 'planted-hill'") as caught:
        backend("scripted:planted-hill")
    assert "scripted:planted-order" in caught.value.hint


@pytest.mark.parametrize(("name", "best"), [("planted-valley", 1), ("planted-order", 1), ("planted-critic", 1)])
def test_all_hints_reach_the_best_score(name: str, best: float) -> None:
    assert accuracy(name, prompt(*CHAIN)) == best


def test_valley_half_a_pair_is_worse_than_none_and_the_whole_pair_better() -> None:
    for pair in PAIRS:
        for half in pair:
            assert accuracy("planted-valley", prompt(half)) < accuracy("planted-valley", prompt())
        assert accuracy("planted-valley", prompt(*pair)) > accuracy("planted-valley", prompt())


def test_order_a_hint_counts_only_after_those_before_it() -> None:
    steps = [accuracy("planted-order", prompt(*CHAIN[:count])) for count in range(len(CHAIN) + 1)]
    assert steps == sorted(set(steps))
    assert accuracy("planted-order", prompt(*CHAIN[1:])) == steps[0]
    assert accuracy("planted-order", prompt(*CHAIN[:2], *CHAIN[3:])) == steps[2]


def test_noise_even_the_best_prompt_is_often_wrong_and_another_wording_elsewhere() -> None:
    best = accuracy("planted-noise", prompt(*CHAIN))
    assert 0.5 < best < 0.8
    assert accuracy("planted-noise", prompt(*CHAIN[:3])) < best - 0.1
    assert accuracy("planted-noise", Prompt(text=f"Now: {prompt(*CHAIN).text}")) != best


def test_shots_complete_the_text_and_cancel_what_it_says_too() -> None:
    shot = Example(
        input="Parcel to Oslo: sender Ann; deadline May 2; insurance full.",
        outputs=("Oslo; sender Ann; deadline May 2; insurance full",),
    )
    told = ("colour", "weight", "contents")
    assert accuracy("planted-shots", prompt(*told, shots=(shot,))) == 1
    alone = [accuracy("planted-shots", one) for one in (prompt(*told), prompt(shots=(shot,)), prompt(*CHAIN))]
    assert max(alone) < 0.5
    assert accuracy("planted-shots", prompt("sender", "deadline", "insurance", shots=(shot,))) == accuracy(
        "planted-shots", prompt()
    )
    assert accuracy("planted-shots", prompt(*CHAIN)) == accuracy("planted-shots", prompt(*CHAIN[:READ]))


def test_a_writer_of_small_steps_adds_one_hint_that_no_prompt_shown_has() -> None:
    written, shown = (
        "Now: Write it. State the colour. State the weight. State the shelf.",
        "Text: State the shelf.\nstate the weight",
    )
    found = {frozenset(hints(one_step(written, shown, key))) for key in KEYS}
    assert found == {frozenset({"shelf", "colour"}), frozenset({"shelf", "weight"})}
    noted = "Text: State the shelf.\n\nThe data:\nState the colour. State the weight.\n\nA request"
    assert {frozenset(hints(one_step(written, noted, key))) for key in KEYS} == found
    each = one_step("<START>State the colour. State the weight.<END>\n<START>State the route.<END>", "", "k")
    assert len(hints(each.split("<END>")[0])) == 1 and "route" in hints(each)


def test_a_forgetful_writer_loses_a_quarter_of_the_hints() -> None:
    left = [len(hints(forgetful(prompt(*CHAIN).text, "", key))) for key in KEYS]
    assert 4.2 < sum(left) / len(left) < 4.8
    assert min(left) < 3 and max(left) == len(CHAIN)


REQUEST = 'Prompt:\n"""\nWrite it. State the colour.\n"""\nInput: Parcel to Cork: colour red; weight 2 kg; shelf B4.\nExpected: Cork; colour red; weight 2 kg\nGiven: Cork; colour red'


def test_three_critiques_in_four_are_wrong_and_name_only_what_the_request_shows() -> None:
    right, wrong = "It has to state the weight.", "It has to state the shelf, drop the colour."
    found = [misled(right, REQUEST, key) for key in KEYS]
    assert set(found) == {right, wrong}
    assert 0.65 < found.count(wrong) / len(found) < 0.85


def test_a_prompt_written_from_errors_is_misled_and_one_that_follows_a_critique_or_examples_is_not() -> None:
    written = "Now: Write it. State the colour. State the weight."
    found = {frozenset(hints(misled(written, REQUEST, key))) for key in KEYS}
    assert found == {frozenset({"colour", "weight"}), frozenset({"shelf"})}
    for request in (f"{REQUEST}\nIt has to state the weight.", "Input: Parcel to Cork: shelf B4.\nOutput: Cork"):
        assert {misled(written, request, key) for key in KEYS} == {written}


def test_a_judge_with_a_side_names_the_first_more_often() -> None:
    found = [first_side("<choose>B</choose>", "", key) for key in KEYS]
    assert set(found) == {"<choose>A</choose>", "<choose>B</choose>"}
    assert 0.5 < found.count("<choose>A</choose>") / len(found) < 0.7
    assert first_side("A prompt that mentions A.", "", "k") == "A prompt that mentions A."


def test_planted_itself_replies_as_before() -> None:
    """Its replies are in caches and in documented outputs; worlds change only copies of them."""
    text = f"{prompt('colour').text}\n\nInput: Parcel to Oslo: colour red; shelf B4.\nOutput:"
    assert planted.reply(Request("generate", prompt=text), "") == "Oslo; colour red"
